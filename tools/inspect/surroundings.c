/* SPDX-License-Identifier: MIT */
/* --machine: would a license run here? */
#include <stdlib.h>

#include "inspect/inspect.h"
#include "state/state.h"

enum carnet_err inspect_surroundings(struct cli *cli, const struct inspect_trust *trust, int64_t at,
                                     struct carnet_surroundings **out)
{
    const size_t count = trust->anchors.count;
    struct carnet_machine *machine = malloc(sizeof *machine);
    struct carnet_surroundings *list = calloc(count > 0 ? count : 1, sizeof *list);
    struct carnet_state *state = NULL;
    char *path = NULL;
    enum carnet_err err = machine == NULL || list == NULL ? CARNET_NO_MEMORY : CARNET_OK;
    if (err == CARNET_OK)
        err = carnet_machine_read(machine, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_default(NULL, &path, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_open(path, false, &state, cli_diag(cli));
    for (size_t i = 0; i < count && err == CARNET_OK; i++)
        err = carnet_surroundings_read(state, &trust->anchors.list[i].vendor, machine, at, &list[i], cli_diag(cli));
    carnet_state_close(state);
    free(path);
    free(machine);
    if (err == CARNET_OK)
        *out = list;
    else
        free(list);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include "state/inbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/install.h"
#include "state/private.h"

#define INBOX "inbox"

/* The first file that stays is told. */
static void leave(struct carnet_inbox *inbox, const char *file, const struct carnet_diag *diag)
{
    if (inbox->left++ > 0)
        return;
    (void)carnet_text_escape(file, strlen(file), inbox->name, sizeof inbox->name);
    inbox->diag = *diag;
}

/* Under the lock: judged against the state as it is then, kept, and taken out of the inbox. */
static enum carnet_err install(const char *path, const char *name, const struct carnet_reading *reading, int64_t now,
                               struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_install *install = malloc(sizeof(*install));
    if (install == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to install a license.");
    enum carnet_err err = carnet_state_open(path, true, &state, diag);
    if (err == CARNET_OK)
        err = carnet_install_judge(state, carnet_reading_judged(reading), now, install, diag);
    if (err == CARNET_OK)
        err = carnet_install_keep(state, reading, install, now, diag);
    if (err == CARNET_OK && unlinkat(state->folder, name, 0) != 0 && errno != ENOENT)
        err = carnet_fail_errno(diag, errno, "The license is installed, but its file can't be taken out of the inbox");
    if (err == CARNET_OK)
        carnet_install_tell(state, reading, install);
    carnet_state_close(state);
    free(install);
    return err;
}

static void take(const struct carnet_state *state, const char *file, const struct carnet_ask *ask, int64_t now,
                 struct carnet_inbox *inbox)
{
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE),
    };
    char name[CARNET_STATE_NAME_SIZE];
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    struct carnet_diag diag = {0};
    if (snprintf(name, sizeof name, INBOX "/%s", file) >= (int)sizeof name)
        return;
    enum carnet_err err = carnet_state_read(state, name, CARNET_ARMOUR_MOST, &bytes, &diag);
    if (err == CARNET_OK)
        err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, &diag);
    if (err == CARNET_OK) {
        const struct carnet_license *l = carnet_document_license(carnet_reading_document(reading));
        if (!carnet_digest_equal(&l->vendor, ask->vendor) || strcmp(l->product, ask->product) != 0)
            goto out;
        err = install(carnet_state_path(state), name, reading, now, &diag);
        inbox->taken += err == CARNET_OK;
    }
    if (err != CARNET_OK)
        leave(inbox, file, &diag);
out:
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
}

void carnet_inbox_take(const struct carnet_state *state, const struct carnet_ask *ask, int64_t now,
                       struct carnet_inbox *inbox)
{
    struct carnet_state_names names = {0};
    struct carnet_diag diag = {0};
    if (carnet_state_list(state, INBOX, &names, &diag) != CARNET_OK)
        leave(inbox, INBOX, &diag);
    for (size_t i = 0; i < names.count && i < CARNET_INBOX_MOST; i++)
        take(state, names.list[i], ask, now, inbox);
    carnet_state_names_clear(&names);
}

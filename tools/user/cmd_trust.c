/* SPDX-License-Identifier: MIT */
#include "common/io.h"
#include "common/pin.h"
#include "user.h"

enum carnet_err user_trust_add(struct cli *cli)
{
    struct carnet_state *state = NULL;
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id, vendor;
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err = cli_pin_read(cli, cli_argument(cli, 0), key, &id);
    if (err == CARNET_OK)
        err = cli_pin_confirm(cli, &id);
    if (err != CARNET_OK)
        return err;
    carnet_digest_hex(&id, hex);
    cli_set(cli, "vendor", json_string(hex));
    if (cli_dry_run(cli)) {
        cli_note(cli, "Would trust the vendor %s.\n", hex);
        return CARNET_OK;
    }
    err = user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = carnet_state_pin(state, key, &vendor, cli_diag(cli));
    if (err == CARNET_OK)
        cli_data(cli, "Trusted: vendor %s\n", hex);
    carnet_state_close(state);
    return err;
}

enum carnet_err user_trust_list(struct cli *cli)
{
    struct carnet_state *state = NULL;
    enum carnet_err err = user_state_open(cli, false, &state);
    if (err != CARNET_OK)
        return err;
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    json_t *vendors = json_array();
    for (size_t i = 0; i < anchors->count; i++) {
        char vendor[CARNET_HEX_SIZE], root[CARNET_HEX_SIZE], grouped[CLI_GROUPED_SIZE];
        carnet_digest_hex(&anchors->list[i].vendor, vendor);
        carnet_digest_hex(&anchors->list[i].root, root);
        cli_id_grouped(&anchors->list[i].vendor, grouped);
        cli_data(cli, "%s\n", grouped);
        if (vendors != NULL)
            (void)json_array_append_new(vendors, json_pack("{s:s,s:s}", "vendor", vendor, "root", root));
    }
    cli_set(cli, "vendors", vendors);
    if (anchors->count == 0)
        cli_note(cli, "No vendor is trusted yet. Add one with 'carnet-user trust add root.pem'.\n");
    carnet_state_close(state);
    return CARNET_OK;
}

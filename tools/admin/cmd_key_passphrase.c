/* SPDX-License-Identifier: MIT */
/* key passphrase: the same key, sealed anew. */
#include <string.h>

#include "admin.h"
#include "key_place.h"

const struct cli_option admin_key_passphrase_options[] = {
    CLI_NEW_PASSPHRASE_OPTIONS,
    {"no-passphrase", 0, NULL, false, "protect the key by the rights of its files alone"},
    {NULL, 0, NULL, false, NULL}};

/* Opens the key before the new passphrase is asked for: who does not know the old one changes nothing. */
static enum carnet_err change(struct cli *cli, struct home *h, const struct ledger_key *which)
{
    const char *role = carnet_role_name(which->role);
    const struct carnet_key *key = NULL;
    char *passphrase = NULL, what[64];
    enum carnet_err err = home_open_own(cli, h, which, &key);

    (void)snprintf(what, sizeof what, "the %s key", role);
    if (!err)
        err = key_place_passphrase(cli, what, &passphrase);
    if (!err) {
        cli_hold_signals();
        err = carnet_key_reseal(key, h->folder, which->file, passphrase, cli_diag(cli));
        cli_free_signals();
        if (err)
            cli_place(cli, h->path);
    }
    if (!err)
        key_place_tell(cli, which, passphrase != NULL);
    carnet_secret_free(passphrase);
    return err;
}

enum carnet_err admin_key_passphrase(struct cli *cli)
{
    struct home h = {0};
    const struct ledger_key *which = NULL;
    enum carnet_err err = key_place_options(cli);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = key_place_in_file(cli, &h, cli_argument(cli, 0), &which);
    if (!err && cli_dry_run(cli))
        err = home_key_look(cli, &h, which);
    else if (!err)
        err = change(cli, &h, which);
    if (!err && cli_dry_run(cli))
        cli_note(cli, "Would seal the %s key anew.\n", carnet_role_name(which->role));
    else if (!err)
        cli_note(cli, "The %s key is sealed anew. Copies of its old file open as before: destroy them.\n",
                 carnet_role_name(which->role));
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include "key_place.h"

#include <string.h>

enum carnet_err key_place_which(struct cli *cli, const struct home *h, const char *name, const struct ledger_key **out)
{
    const bool root = name ? strcmp(name, "root") == 0 : h->has_root;
    struct ledger_key unused;

    if (name && !root && strcmp(name, "issuer") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has the keys 'root' and 'issuer'; say which.");
    if (!name && h->has_root && h->has_issuer)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "This home has two keys: say 'root' or 'issuer'.");
    if (root ? !h->has_root : !h->has_issuer)
        return ledger_key_own(h->ledger, root ? CARNET_ROLE_ROOT : CARNET_ROLE_ISSUER, &unused, cli_diag(cli));
    *out = root ? &h->root : &h->issuer;
    return CARNET_OK;
}

enum carnet_err key_place_options(struct cli *cli)
{
    if (cli_flag(cli, "no-passphrase") &&
        (cli_value(cli, "new-passphrase-file") || cli_value(cli, "new-passphrase-fd")))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A new passphrase was given, and --no-passphrase as well.");
    return CARNET_OK;
}

enum carnet_err key_place_passphrase(struct cli *cli, const char *what_for, char **out)
{
    return cli_flag(cli, "no-passphrase") ? CARNET_OK : cli_new_passphrase(cli, what_for, out);
}

void key_place_tell(struct cli *cli, const struct ledger_key *key, bool passphrase)
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(&key->id, hex);
    cli_set(cli, "role", json_string(carnet_role_name(key->role)));
    cli_set(cli, "id", json_string(hex));
    cli_set(cli, "passphrase", json_boolean(passphrase));
    if (!passphrase)
        cli_warn(cli, "the key has no passphrase: whoever can read its files can sign in your name.");
}

/* SPDX-License-Identifier: MIT */
/* key save, key load: a sealed copy of a key goes out, and comes back. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "core/file.h"
#include "issue/key_text.h"
#include "key_place.h"

const struct cli_option admin_key_save_options[] = {
    {"output", 'o', "FILE", false, "write to FILE, which must not be there"},
    {"paper", 0, NULL, false, "as numbered lines to print, each with a checksum"},
    CLI_NEW_PASSPHRASE_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

const struct cli_option admin_key_load_options[] = {
    CLI_NEW_PASSPHRASE_OPTIONS,
    {"no-passphrase", 0, NULL, false, "protect the key by the rights of its files alone"},
    {NULL, 0, NULL, false, NULL}};

static bool new_one(const struct cli *cli)
{
    return cli_value(cli, "new-passphrase-file") || cli_value(cli, "new-passphrase-fd");
}

/* A copy has a passphrase: that of the key, or where it has none, or another is wanted, its own. */
static enum carnet_err copy_of(struct cli *cli, struct home *h, const struct ledger_key *which,
                               struct carnet_key_file *out)
{
    const char *role = carnet_role_name(which->role);
    const struct carnet_key *key = NULL;
    char *passphrase = NULL, what[64];
    enum carnet_err err = home_open_own(cli, h, which, &key); /* it opens: it is worth a copy */

    if (!err && which->passphrase && !new_one(cli))
        return carnet_key_file_load(h->folder, which->file, out, cli_diag(cli));
    (void)snprintf(what, sizeof what, "the copy of the %s key", role);
    if (!err)
        err = cli_new_passphrase(cli, what, &passphrase);
    if (!err)
        err = carnet_key_seal(key, passphrase, out, cli_diag(cli));
    carnet_secret_free(passphrase);
    return err;
}

static enum carnet_err save(struct cli *cli, struct home *h, const struct ledger_key *which)
{
    const char *file = cli_value(cli, "output");
    const bool paper = cli_flag(cli, "paper");
    struct carnet_key_file copy;
    struct carnet_buffer text = {0};
    enum carnet_err err = cli_dry_run(cli) ? home_key_look(cli, h, which) : copy_of(cli, h, which, &copy);

    if (!err && !cli_dry_run(cli))
        err = paper ? carnet_key_text_write(&copy, &text) : carnet_key_file_write(&copy, &text);
    if (!err && file)
        err = key_place_write(cli, file, text.bytes, text.size);
    if (err)
        goto out;
    key_place_tell(cli, which, true);
    if (file) {
        cli_data(cli, "%s\n", file);
        cli_set(cli, "file", cli_json_text(file));
    } else if (!cli_dry_run(cli)) {
        cli_data(cli, "%s", (const char *)text.bytes);
        cli_set(cli, "text", json_string((const char *)text.bytes));
    }
    cli_note(cli, "%s opens with %s passphrase, and 'carnet-admin key load' puts it back: try it in another home.\n",
             cli_dry_run(cli) ? "The copy" : "This copy", which->passphrase && !new_one(cli) ? "the key's" : "its own");
out:
    carnet_buffer_clear(&text);
    return err;
}

enum carnet_err admin_key_save(struct cli *cli)
{
    struct home h = {0};
    const struct ledger_key *which = NULL;
    enum carnet_err err = CARNET_OK;

    if (!cli_value(cli, "output") && !cli_flag(cli, "paper"))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "Say where the copy goes: -o FILE, or --paper to print it.");
    err = home_open(cli, &h);
    if (!err)
        err = key_place_in_file(cli, &h, cli_argument(cli, 0), &which);
    if (!err)
        err = save(cli, &h, which);
    home_close(&h);
    return err;
}

/* As it is sealed, or sealed anew where that is asked for. */
static enum carnet_err put_back(struct cli *cli, const struct home *h, const struct carnet_key_file *file,
                                const struct carnet_key *key, const struct ledger_key *which)
{
    struct carnet_buffer text = {0};
    char *passphrase = NULL, name[LEDGER_KEY_FILE_SIZE + 8];
    enum carnet_err err;

    if (new_one(cli) || cli_flag(cli, "no-passphrase")) {
        err = key_place_passphrase(cli, "the key", &passphrase);
        if (!err)
            err = carnet_key_store(key, h->folder, which->file, passphrase, cli_diag(cli));
    } else {
        (void)snprintf(name, sizeof name, "%s.key", which->file);
        err = carnet_key_file_write(file, &text);
        if (!err)
            err = carnet_file_create(h->folder, name, 0600, text.bytes, text.size, cli_diag(cli));
    }
    carnet_buffer_clear(&text);
    carnet_secret_free(passphrase);
    return err;
}

enum carnet_err admin_key_load(struct cli *cli)
{
    struct home h = {0};
    struct carnet_key_file file;
    const struct ledger_key *which = NULL;
    struct carnet_key *key = NULL;
    enum carnet_err err = key_place_options(cli);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = key_place_read(cli, cli_argument(cli, 0), &file);
    if (!err)
        err = key_place_free(cli, &h, &file.info, &which);
    if (!err && !cli_dry_run(cli)) {
        err = key_place_unseal(cli, &file, &key, NULL);
        if (!err)
            err = put_back(cli, &h, &file, key, which);
    }
    if (!err) {
        key_place_tell(cli, which, !cli_flag(cli, "no-passphrase"));
        cli_note(cli, "%s the %s key into the home.\n", cli_dry_run(cli) ? "Would put" : "Put",
                 carnet_role_name(which->role));
    }
    carnet_key_free(key);
    home_close(&h);
    return err;
}

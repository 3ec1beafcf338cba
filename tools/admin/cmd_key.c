/* SPDX-License-Identifier: MIT */
/* key list, key export: the home's own keys. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "admin.h"
#include "bundle/key_private.h"
#include "core/file.h"
#include "home.h"

const struct cli_option admin_key_export_options[] = {
    {"output", 'o', "FILE", false, "write to FILE, which must not be there"}, {NULL, 0, NULL, false, NULL}};

static void tell_key(struct cli *cli, const struct home *h, const struct ledger_key *key, json_t *keys)
{
    char hex[CARNET_HEX_SIZE], created[CARNET_UTC_SIZE], used[CARNET_UTC_SIZE] = "never";
    const char *role = carnet_role_name(key->role), *state = ledger_key_state_word(key->state);
    char shown[512];
    struct carnet_key_file file = {.uri = ""};

    (void)carnet_text_escape(h->path, strlen(h->path), shown, sizeof shown);
    carnet_digest_hex(&key->id, hex);
    carnet_utc_format(key->created, created);
    if (key->last_used != INT64_MIN)
        carnet_utc_format(key->last_used, used);
    if (key->token && carnet_key_file_load(h->folder, key->file, &file, NULL) == CARNET_OK)
        cli_data(cli, "%-6s  %s  %s  made %s  used %s  token  %s\n", role, hex, state, created, used, file.uri);
    else
        cli_data(cli, "%-6s  %s  %s  made %s  used %s  %s  %s/%s.key\n", role, hex, state, created, used,
                 key->passphrase ? "passphrase" : "no passphrase", shown, key->file);
    (void)json_array_append_new(keys,
                                json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:s, s:s*}", "role", role, "id", hex,
                                          "state", state, "created", created, "last_used",
                                          key->last_used == INT64_MIN ? NULL : used, "passphrase", (int)key->passphrase,
                                          "where", key->token ? "token" : "file", "uri", key->token ? file.uri : NULL));
}

enum carnet_err admin_key_list(struct cli *cli)
{
    struct home h = {0};
    json_t *keys = json_array();
    enum carnet_err err = home_open(cli, &h);

    for (size_t i = 0; !err && i < h.own_count; i++)
        tell_key(cli, &h, &h.own[i], keys);
    if (!err)
        cli_set(cli, "keys", json_incref(keys));
    json_decref(keys);
    home_close(&h);
    return err;
}

static enum carnet_err write_pem(struct cli *cli, const char *pem)
{
    const char *file = cli_value(cli, "output");
    struct stat st;
    enum carnet_err err = CARNET_OK;

    if (!file) {
        cli_data(cli, "%s", pem);
        return CARNET_OK;
    }
    if (!cli_dry_run(cli))
        err = carnet_file_create(AT_FDCWD, file, 0644, pem, CARNET_PEM_SIZE, cli_diag(cli));
    else if (lstat(file, &st) == 0)
        err = carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "There is a file of that name already.");
    if (err) {
        cli_place(cli, file);
        if (err == CARNET_EXISTS)
            (void)carnet_fail_next(cli_diag(cli), "Name another file: this command writes over none.");
        return err;
    }
    cli_data(cli, "%s\n", file);
    cli_set(cli, "file", cli_json_text(file));
    return CARNET_OK;
}

enum carnet_err admin_key_export(struct cli *cli)
{
    const char *which = cli_argument(cli, 0);
    struct home h = {0};
    const struct ledger_key *key;
    char pem[CARNET_PEM_SIZE + 1], hex[CARNET_HEX_SIZE];
    bool has;
    enum carnet_err err;

    if (strcmp(which, "root") != 0 && strcmp(which, "issuer") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has the keys 'root' and 'issuer'; say which.");
    err = home_open(cli, &h);
    key = *which == 'r' ? &h.root : &h.issuer;
    has = *which == 'r' ? h.has_root : h.has_issuer;
    if (!err && !has)
        err = ledger_key_own(h.ledger, *which == 'r' ? CARNET_ROLE_ROOT : CARNET_ROLE_ISSUER, &h.root, cli_diag(cli));
    if (!err) {
        carnet_pem_write(key->public_key, pem);
        carnet_digest_hex(&key->id, hex);
        cli_set(cli, "role", json_string(which));
        cli_set(cli, "id", json_string(hex));
        cli_set(cli, "pem", json_string(pem));
        err = write_pem(cli, pem);
    }
    if (!err)
        cli_note(cli, "Its id is %s: tell it over another channel.\n", hex);
    home_close(&h);
    return err;
}

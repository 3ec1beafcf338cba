/* SPDX-License-Identifier: MIT */
#include "key_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"
#include "core/file.h"
#include "issue/key_text.h"

#define TRIES 3

enum carnet_err key_place_which(struct cli *cli, const struct home *h, const char *name, const struct ledger_key **out)
{
    const bool root = name ? strcmp(name, "root") == 0 : h->has_root;
    struct ledger_key unused;

    /* One that was replaced, or is announced, has a name of its own; the first ones have their role's. */
    for (size_t i = 0; name && !root && strcmp(name, "issuer") != 0 && i < h->own_count; i++)
        if (strcmp(name, h->own[i].file) == 0) {
            *out = &h->own[i];
            return CARNET_OK;
        }
    if (name && !root && strcmp(name, "issuer") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has the keys 'root' and 'issuer'; say which.");
    if (!name && h->has_root && h->has_issuer)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "This home has two keys: say 'root' or 'issuer'.");
    if (root ? !h->has_root : !h->has_issuer)
        return ledger_key_own(h->ledger, root ? CARNET_ROLE_ROOT : CARNET_ROLE_ISSUER, &unused, cli_diag(cli));
    *out = root ? &h->root : &h->issuer;
    return CARNET_OK;
}

enum carnet_err key_place_in_file(struct cli *cli, const struct home *h, const char *name,
                                  const struct ledger_key **out)
{
    enum carnet_err err = key_place_which(cli, h, name, out);

    if (err || !(*out)->token)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "The %s key is on a token, and never leaves it.",
                      carnet_role_name((*out)->role));
    return carnet_fail_next(cli_diag(cli), "The token's own programs change its PIN and make copies, where it can.");
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

enum carnet_err key_place_unseal(struct cli *cli, const struct carnet_key_file *file, struct carnet_key **out,
                                 char **passphrase)
{
    const bool asked = !cli_value(cli, "passphrase-file") && !cli_value(cli, "passphrase-fd");
    char what[64];
    enum carnet_err err = CARNET_OK;

    if (!file->info.passphrase) {
        (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                          "The key in this file has no passphrase: it is opened by "
                          "another file, which lies beside it.");
        return carnet_fail_next(cli_diag(cli), "Copy both files, %s.key and %s.kek, into the home.",
                                carnet_role_name(file->info.role), carnet_role_name(file->info.role));
    }
    (void)snprintf(what, sizeof what, "the saved %s key", carnet_role_name(file->info.role));
    for (int i = 0; i < TRIES; i++) {
        char *given = NULL;
        err = cli_passphrase(cli, what, false, &given);
        if (!err)
            err = carnet_key_unseal(file, given, out, cli_diag(cli));
        if (!err && passphrase)
            *passphrase = given;
        else
            carnet_secret_free(given);
        if (err != CARNET_WRONG_PASSPHRASE || !asked || i + 1 == TRIES)
            break;
        cli_note(cli, "That passphrase does not open the key; try again.\n");
    }
    return err;
}

enum carnet_err key_place_read(struct cli *cli, const char *path, struct carnet_key_file *out)
{
    struct carnet_buffer bytes = {0};
    enum carnet_err err = cli_file_read(cli, path, CARNET_KEY_TEXT_MOST, &bytes);

    if (!err && carnet_key_text_is_one(bytes.bytes, bytes.size))
        err = carnet_key_text_read(bytes.bytes, bytes.size, out, cli_diag(cli));
    else if (!err)
        err = carnet_key_file_parse(bytes.bytes, bytes.size, out, cli_diag(cli));
    if (err)
        cli_place(cli, path);
    carnet_buffer_clear(&bytes);
    return err;
}

enum carnet_err key_place_free(struct cli *cli, const struct home *h, const struct carnet_key_info *info,
                               const struct ledger_key **out)
{
    const char *role = carnet_role_name(info->role);
    const struct ledger_key *key = home_own(h, &info->id);
    struct stat st;
    char name[LEDGER_KEY_FILE_SIZE + 8];

    if (!key || key->role != info->role) {
        (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "", "It is the %s key of another home.", role);
        return carnet_fail_next(cli_diag(cli),
                                "'carnet-admin key list' says which keys this home has; 'init --key FILE' makes a home "
                                "around a key.");
    }
    (void)snprintf(name, sizeof name, "%s.key", key->file);
    if (fstatat(h->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "The home has a file %s already.", name);
        cli_place(cli, h->path);
        return carnet_fail_next(cli_diag(cli), "If it is damaged, move it away first; else nothing needs to be done.");
    }
    *out = key;
    return CARNET_OK;
}

enum carnet_err key_place_write(struct cli *cli, const char *path, const void *bytes, size_t size)
{
    struct stat st;
    enum carnet_err err = CARNET_OK;

    if (!cli_dry_run(cli))
        err = carnet_file_create(AT_FDCWD, path, 0600, bytes, size, cli_diag(cli));
    else if (lstat(path, &st) == 0)
        err = carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "There is a file of that name already.");
    if (err == CARNET_EXISTS)
        (void)carnet_fail_next(cli_diag(cli), "Name another file: this command writes over none.");
    if (err)
        cli_place(cli, path);
    return err;
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

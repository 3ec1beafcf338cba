/* SPDX-License-Identifier: MIT */
/* key split, key join: a key as shares, of which some give it back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "core/file.h"
#include "issue/key_text.h"
#include "key_place.h"

const struct cli_option admin_key_split_options[] = {
    {"shares", 0, "N", false, "how many shares are made, 2 to 16"},
    {"threshold", 0, "K", false, "how many of them give the key back, 2 or more"},
    {"to", 0, "DIR", false, "write them into this folder"},
    {NULL, 0, NULL, false, NULL}};

const struct cli_option admin_key_join_options[] = {
    {"output", 'o', "FILE", false, "write a saved key to FILE, and nothing into the home"},
    CLI_NEW_PASSPHRASE_OPTIONS,
    {"no-passphrase", 0, NULL, false, "protect the key by the rights of its files alone"},
    {NULL, 0, NULL, false, NULL}};

#define NAME_SIZE 64

static void share_name(const struct carnet_key_share *share, char out[NAME_SIZE])
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(&share->info.id, hex);
    (void)snprintf(out, NAME_SIZE, "%s-%.8s-share-%u-of-%u.txt", carnet_role_name(share->info.role), hex, share->index,
                   share->shares);
}

/* All of them, or none. */
static enum carnet_err write_shares(struct cli *cli, int folder, const struct carnet_key_share *shares, uint8_t count)
{
    char *text = carnet_secret_alloc(CARNET_KEY_SHARE_TEXT), name[NAME_SIZE];
    enum carnet_err err = text ? CARNET_OK : CARNET_NO_MEMORY;
    uint8_t written = 0;

    while (!err && written < count) {
        size_t size = carnet_key_share_write(&shares[written], text);
        share_name(&shares[written], name);
        err = carnet_file_create(folder, name, 0600, text, size, cli_diag(cli));
        if (!err)
            written++;
    }
    while (err && written > 0) {
        share_name(&shares[--written], name);
        (void)unlinkat(folder, name, 0);
    }
    carnet_secret_free(text);
    return err;
}

static enum carnet_err split(struct cli *cli, struct home *h, const struct ledger_key *which, uint8_t count,
                             uint8_t threshold)
{
    const char *to = cli_value(cli, "to");
    struct carnet_key_share *shares = NULL;
    const struct carnet_key *key = NULL;
    json_t *files = json_array();
    int folder = -1;
    enum carnet_err err = carnet_folder_open(to, &folder, cli_diag(cli));

    if (err)
        cli_place(cli, to);
    if (!err)
        err = cli_dry_run(cli) ? home_key_look(cli, h, which) : home_open_own(cli, h, which, &key);
    if (!err && key) {
        shares = carnet_secret_alloc(count * sizeof *shares);
        err = shares ? carnet_key_split(key, count, threshold, shares, cli_diag(cli)) : CARNET_NO_MEMORY;
        if (!err) {
            cli_hold_signals();
            err = write_shares(cli, folder, shares, count);
            cli_free_signals();
            if (err)
                cli_place(cli, to);
        }
    }
    for (uint8_t i = 0; !err && key && i < count; i++) {
        char name[NAME_SIZE];
        share_name(&shares[i], name);
        cli_data(cli, "%s/%s\n", to, name);
        (void)json_array_append_new(files, json_string(name));
    }
    if (!err) {
        key_place_tell(cli, which, which->passphrase);
        cli_set(cli, "shares", json_integer(count));
        cli_set(cli, "threshold", json_integer(threshold));
        cli_set(cli, "files", json_incref(files));
        cli_note(cli,
                 "%s the %s key into %u shares: any %u of them give it back, fewer say nothing about it. Keep each in "
                 "another place; they have no passphrase.\n%s",
                 key ? "Split" : "Would split", carnet_role_name(which->role), count, threshold,
                 key ? "The key is in the home as before. Join the shares once before you delete its files there.\n"
                     : "");
    }
    json_decref(files);
    carnet_secret_free(shares);
    if (folder >= 0)
        (void)close(folder);
    return err;
}

enum carnet_err admin_key_split(struct cli *cli)
{
    struct home h = {0};
    const struct ledger_key *which = NULL;
    uint32_t count = 0, threshold = 0;
    enum carnet_err err = cli_number(cli, "shares", 2, CARNET_SHARES_MOST, 0, &count);

    if (!err)
        err = cli_number(cli, "threshold", 2, CARNET_SHARES_MOST, 0, &threshold);
    if (!err && (!count || !threshold || !cli_value(cli, "to")))
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--shares, --threshold and --to are needed.");
    if (!err && threshold > count)
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "Y-17",
                          "%u shares can't give the key back when only %u are made.", threshold, count);
    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = key_place_in_file(cli, &h, cli_argument(cli, 0), &which);
    if (!err)
        err = split(cli, &h, which, (uint8_t)count, (uint8_t)threshold);
    home_close(&h);
    return err;
}

/* ---- joining ---- */

/* A share's file, straight into locked memory. */
static enum carnet_err read_share(struct cli *cli, const char *path, char *text, struct carnet_key_share *out)
{
    size_t size = 0;
    ssize_t more = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum carnet_err err = fd < 0 ? carnet_fail_errno(cli_diag(cli), errno, "The share can't be opened") : CARNET_OK;

    while (!err && more != 0 && size <= CARNET_KEY_TEXT_MOST) {
        more = read(fd, text + size, CARNET_KEY_TEXT_MOST + 1 - size);
        if (more > 0)
            size += (size_t)more;
        else if (more < 0 && errno != EINTR)
            err = carnet_fail_errno(cli_diag(cli), errno, "The share can't be read");
    }
    if (fd >= 0)
        (void)close(fd);
    return err ? err : carnet_key_share_read((const uint8_t *)text, size, out, cli_diag(cli));
}

static enum carnet_err read_shares(struct cli *cli, struct carnet_key_share *shares, size_t count)
{
    char *text = carnet_secret_alloc(CARNET_KEY_TEXT_MOST + 1);
    enum carnet_err err = text ? CARNET_OK : CARNET_NO_MEMORY;

    for (unsigned i = 0; !err && i < count; i++) {
        err = read_share(cli, cli_argument(cli, i), text, &shares[i]);
        if (!err)
            err = carnet_key_share_fits(shares, i, &shares[i], cli_diag(cli));
        if (err)
            cli_place(cli, cli_argument(cli, i));
    }
    carnet_secret_free(text);
    return err;
}

/* A saved key, which is for 'key load' and 'init --key'. */
static enum carnet_err into_file(struct cli *cli, const struct carnet_key *key, const char *file)
{
    struct carnet_key_file sealed;
    struct carnet_buffer text = {0};
    char *passphrase = NULL;
    enum carnet_err err = cli_new_passphrase(cli, "the joined key", &passphrase);

    if (!err)
        err = carnet_key_seal(key, passphrase, &sealed, cli_diag(cli));
    if (!err)
        err = carnet_key_file_write(&sealed, &text);
    if (!err)
        err = key_place_write(cli, file, text.bytes, text.size);
    if (!err) {
        cli_data(cli, "%s\n", file);
        cli_set(cli, "file", cli_json_text(file));
    }
    carnet_buffer_clear(&text);
    carnet_secret_free(passphrase);
    return err;
}

static enum carnet_err into_home(struct cli *cli, const struct carnet_key *key)
{
    const char *role = carnet_role_name(carnet_key_info(key)->role);
    const struct ledger_key *which = NULL;
    struct home h = {0};
    char *passphrase = NULL;
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = key_place_free(cli, &h, carnet_key_info(key), &which);
    if (!err && !cli_dry_run(cli)) {
        err = key_place_passphrase(cli, "the joined key", &passphrase);
        if (!err)
            err = carnet_key_store(key, h.folder, which->file, passphrase, cli_diag(cli));
    }
    if (!err)
        cli_note(cli, "%s the %s key into the home.\n", cli_dry_run(cli) ? "Would put" : "Put", role);
    carnet_secret_free(passphrase);
    home_close(&h);
    return err;
}

enum carnet_err admin_key_join(struct cli *cli)
{
    size_t count = 0;
    const char *file = cli_value(cli, "output");
    struct carnet_key_share *shares = NULL;
    struct carnet_key *key = NULL;
    enum carnet_err err = key_place_options(cli);

    while (cli_argument(cli, count))
        count++;
    if (!err && file && cli_flag(cli, "no-passphrase"))
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                          "A saved key has a passphrase: -o and --no-passphrase exclude "
                          "each other.");
    if (!err && count > CARNET_SHARES_MOST)
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A key has at most %u shares.", CARNET_SHARES_MOST);
    if (!err)
        err = carnet_secrets_start(cli_diag(cli));
    if (!err) {
        shares = carnet_secret_alloc(count * sizeof *shares);
        err = shares ? read_shares(cli, shares, count) : CARNET_NO_MEMORY;
    }
    if (!err)
        err = carnet_key_join(shares, count, &key, cli_diag(cli));
    if (!err && (!file || cli_dry_run(cli)))
        err = file ? key_place_write(cli, file, "", 0) : into_home(cli, key);
    else if (!err)
        err = into_file(cli, key, file);
    if (!err) {
        const struct ledger_key told = {.id = carnet_key_info(key)->id, .role = carnet_key_info(key)->role};
        key_place_tell(cli, &told, !cli_flag(cli, "no-passphrase"));
    }
    carnet_key_free(key);
    carnet_secret_free(shares);
    return err;
}

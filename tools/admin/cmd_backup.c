/* SPDX-License-Identifier: MIT */
/*
 * backup and retire: the ledger as one file, with the keys that a passphrase protects. A key without one is never
 * carried: whoever finds the copy could sign with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "core/file.h"
#include "home.h"

#define KEY_FILE_MOST ((size_t)64 * 1024)
#define KEY_NAME_SIZE (LEDGER_KEY_FILE_SIZE + 8)

const struct cli_option admin_backup_options[] = {{"no-keys", 0, NULL, false, "leave the key files out"},
                                                  {NULL, 0, NULL, false, NULL}};

/* What goes along. */
struct luggage {
    struct carnet_buffer *bytes;
    struct ledger_carried *list;
    char (*names)[KEY_NAME_SIZE];
    size_t count;
    bool left_out; /* a key without a passphrase */
};

static void luggage_clear(struct luggage *l)
{
    for (size_t i = 0; l->bytes && i < l->count; i++)
        carnet_buffer_clear(&l->bytes[i]);
    free(l->bytes);
    free(l->list);
    free(l->names);
}

static enum carnet_err pack_key(struct cli *cli, const struct home *h, const struct ledger_key *key, struct luggage *l)
{
    struct carnet_buffer *bytes = &l->bytes[l->count];
    char *name = l->names[l->count];
    enum carnet_err err = CARNET_OK;

    if (!key->passphrase && !key->token) {
        l->left_out = true;
        return CARNET_OK;
    }
    (void)snprintf(name, KEY_NAME_SIZE, "%s.key", key->file);
    /* What was replaced may have been moved to a safer place; what signs, now or next, may not be missing. */
    if (key->state == LEDGER_KEY_ACTIVE || key->state == LEDGER_KEY_NEXT)
        err = home_key_look(cli, h, key);
    if (!err)
        err = carnet_file_read(h->folder, name, KEY_FILE_MOST, true, bytes, cli_diag(cli));
    if (err == CARNET_NO_INPUT && key->state != LEDGER_KEY_ACTIVE && key->state != LEDGER_KEY_NEXT)
        return CARNET_OK;
    l->list[l->count] = (struct ledger_carried){.name = name, .bytes = bytes->bytes, .size = bytes->size};
    l->count++;
    return err;
}

static enum carnet_err pack(struct cli *cli, const struct home *h, struct luggage *l)
{
    enum carnet_err err = CARNET_OK;

    l->bytes = calloc(h->own_count + 1, sizeof *l->bytes);
    l->list = calloc(h->own_count + 1, sizeof *l->list);
    l->names = calloc(h->own_count + 1, sizeof *l->names);
    if (!l->bytes || !l->list || !l->names)
        return carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.");
    for (size_t i = 0; !err && !cli_flag(cli, "no-keys") && i < h->own_count; i++)
        err = pack_key(cli, h, &h->own[i], l);
    return err;
}

/* The folder of FILE, and that no file has its name. */
static enum carnet_err look_at_place(struct cli *cli, const char *file)
{
    struct stat st;
    char *copy = strdup(file);
    const char *folder = copy ? dirname(copy) : NULL;
    enum carnet_err err = copy ? CARNET_OK : CARNET_NO_MEMORY;

    if (!err && lstat(file, &st) == 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "There is a file of that name already.");
        err = carnet_fail_next(cli_diag(cli), "Name another file: a copy is never written over another one.");
    } else if (!err && access(folder, W_OK | X_OK) < 0) {
        err = carnet_fail_errno(cli_diag(cli), errno, "The copy can't be written there");
    }
    if (err)
        cli_place(cli, file);
    free(copy);
    return err;
}

/* Under a name of its own first, so that FILE is there whole or not at all. */
static enum carnet_err write_copy(struct cli *cli, struct home *h, const char *file, const struct luggage *l)
{
    char *beside = carnet_file_beside(file);
    enum carnet_err err = beside ? CARNET_OK : CARNET_NO_MEMORY;

    if (!err)
        err = ledger_backup(h->ledger, beside, l->list, l->count, carnet_utc_now(), cli_diag(cli));
    if (!err)
        err = carnet_file_settle(AT_FDCWD, beside, file, false, cli_diag(cli));
    if (err)
        cli_place(cli, file);
    free(beside);
    return err;
}

static void tell(struct cli *cli, const char *file, const struct luggage *l)
{
    json_t *keys = json_array();

    for (size_t i = 0; keys && i < l->count; i++)
        (void)json_array_append_new(keys, json_string(l->list[i].name));
    cli_data(cli, "%s\n", file);
    cli_set(cli, "file", cli_json_text(file));
    cli_set(cli, "keys", keys);
    if (l->left_out)
        cli_warn(cli, "a key of this home has no passphrase and is not in the copy: keep its two files in a safe place "
                      "of their own, for without them nothing can be signed any more.");
}

enum carnet_err admin_backup(struct cli *cli)
{
    const char *file = cli_argument(cli, 0);
    struct home h = {0};
    struct luggage l = {.count = 0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = look_at_place(cli, file);
    if (!err)
        err = pack(cli, &h, &l);
    if (!err && !cli_dry_run(cli))
        err = write_copy(cli, &h, file, &l);
    if (!err)
        tell(cli, file, &l);
    luggage_clear(&l);
    home_close(&h);
    return err;
}

/* ---- retire ---- */

static enum carnet_err retire(struct cli *cli, struct home *h)
{
    const struct ledger_event event = {.what = "retire"};
    const int64_t now = carnet_utc_now();
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));

    if (!err && ledger_about(h->ledger)->state == LEDGER_RETIRED) {
        ledger_rollback(h->ledger);
        return CARNET_OK; /* its file once more */
    }
    if (!err)
        err = ledger_event_each_chain(h->ledger, now, &event, cli_diag(cli));
    if (!err)
        err = ledger_retire(h->ledger, cli_diag(cli));
    if (!err)
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err hold_state(struct cli *cli, const struct home *h)
{
    if (ledger_about(h->ledger)->state != LEDGER_RECOVERING)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_RECOVER_FIRST, "",
                      "This ledger was put back from a copy and is not reconciled yet.");
    return carnet_fail_next(cli_diag(cli), "Finish 'carnet-admin recover' first, then retire it.");
}

enum carnet_err admin_retire(struct cli *cli)
{
    const char *file = cli_argument(cli, 0);
    struct home h = {0};
    struct luggage l = {.count = 0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = hold_state(cli, &h);
    if (!err)
        err = look_at_place(cli, file);
    if (!err)
        err = pack(cli, &h, &l);
    if (!err && ledger_about(h.ledger)->state != LEDGER_RETIRED)
        err =
            cli_confirm(cli, "This home ends here for good: no seat is given or freed in it any more. It goes on where "
                             "the file is restored.");
    if (err || cli_dry_run(cli))
        goto out;
    cli_hold_signals();
    err = retire(cli, &h);
    if (!err) {
        err = write_copy(cli, &h, file, &l);
        if (err)
            (void)carnet_fail_next(cli_diag(cli),
                                   "The home is retired, and that is recorded; run 'carnet-admin retire' "
                                   "again to have its file written.");
    }
    cli_free_signals();
out:
    if (!err) {
        tell(cli, file, &l);
        cli_note(cli, "Restore it on the other machine with 'carnet-admin restore FILE'; it goes on there at once.\n");
    }
    luggage_clear(&l);
    home_close(&h);
    return err;
}

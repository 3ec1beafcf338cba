/* SPDX-License-Identifier: MIT */
/* restore: a home out of the file that backup or retire wrote. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "core/file.h"
#include "making.h"

#define COPY_AT_ONCE ((size_t)256 * 1024)

struct restoring {
    const char *file;
    bool retired;
    struct ledger_recovery copy;
    json_t *keys; /* those that it carried */
};

/* Byte for byte, so that a copy on a stick is read once and stays as it is. */
static enum carnet_err copy_file(struct cli *cli, const char *from, const char *to)
{
    static const char what[] = "The file can't be copied into the home";
    uint8_t *block = malloc(COPY_AT_ONCE);
    int in = open(from, O_RDONLY | O_CLOEXEC),
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = 0;
    enum carnet_err err = CARNET_OK;

    if (!block)
        err = CARNET_NO_MEMORY;
    else if (in < 0 || out < 0)
        err = carnet_fail_errno(cli_diag(cli), errno, what);
    while (!err && (n = read(in, block, COPY_AT_ONCE)) > 0) {
        for (ssize_t done = 0, one = 0; !err && done < n; done += one) {
            one = write(out, block + done, (size_t)(n - done));
            if (one < 0)
                err = carnet_fail_errno(cli_diag(cli), errno, what);
        }
    }
    if (!err && (n < 0 || fsync(out) < 0))
        err = carnet_fail_errno(cli_diag(cli), errno, what);
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    free(block);
    return err;
}

static enum carnet_err unpack_keys(struct cli *cli, const struct making *m, struct ledger *l, struct restoring *r)
{
    struct ledger_key *keys = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_keys_own(l, &keys, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++) {
        struct carnet_buffer bytes = {0};
        char name[LEDGER_KEY_FILE_SIZE + 8];
        (void)snprintf(name, sizeof name, "%s.key", keys[i].file);
        err = ledger_carried_bytes(l, name, &bytes, cli_diag(cli));
        if (!err) {
            err = carnet_file_create(m->inner, name, 0600, bytes.bytes, bytes.size, cli_diag(cli));
            (void)json_array_append_new(r->keys, json_string(name));
        } else if (err == CARNET_NOT_FOUND) {
            err = CARNET_OK;
        }
        carnet_buffer_clear(&bytes);
    }
    free(keys);
    return err;
}

static enum carnet_err settle(struct cli *cli, struct ledger *l)
{
    const struct ledger_event event = {.what = "restore"};
    const int64_t now = carnet_utc_now();
    enum carnet_err err = ledger_begin(l, cli_diag(cli));

    if (!err)
        err = ledger_settle(l, now, cli_diag(cli));
    if (!err)
        err = ledger_event_each_chain(l, now, &event, cli_diag(cli));
    if (!err)
        err = ledger_commit(l, cli_diag(cli));
    ledger_rollback(l);
    return err;
}

static enum carnet_err fill(struct cli *cli, const struct making *m, const char *ledger, void *context)
{
    struct restoring *r = context;
    char who[LEDGER_WHO_SIZE];
    struct ledger *l = NULL;
    enum carnet_err err = copy_file(cli, r->file, ledger);

    home_who(who);
    if (!err)
        err = ledger_open(ledger, who, &l, cli_diag(cli));
    if (!err)
        err = unpack_keys(cli, m, l, r);
    if (!err)
        err = settle(cli, l);
    /* The file alone is moved up: nothing of it may be in the log still. */
    if (!err)
        err = ledger_checkpoint(l, cli_diag(cli));
    ledger_close(l);
    return err;
}

/* Is it a whole copy, and of what kind? */
static enum carnet_err look(struct cli *cli, struct restoring *r)
{
    struct ledger *l = NULL;
    struct stat st;
    char who[LEDGER_WHO_SIZE];
    enum carnet_err err;

    if (stat(r->file, &st) < 0)
        err = carnet_fail_errno(cli_diag(cli), errno, "The copy can't be read");
    else if (!S_ISREG(st.st_mode))
        err = carnet_fail(cli_diag(cli), CARNET_NO_INPUT, "", "That is no file.");
    else
        err = CARNET_OK;
    home_who(who);
    if (!err)
        err = ledger_open_copy(r->file, who, &l, cli_diag(cli));
    if (err == CARNET_LEDGER_DAMAGED)
        (void)carnet_fail_next(cli_diag(cli), "Take another copy, the newest that is whole.");
    else if (err == CARNET_MALFORMED)
        (void)carnet_fail_next(cli_diag(cli), "Name the file that 'carnet-admin backup FILE' or 'retire FILE' wrote.");
    if (!err) {
        r->retired = ledger_about(l)->state == LEDGER_RETIRED;
        err = ledger_recovery_get(l, &r->copy, cli_diag(cli));
    }
    ledger_close(l);
    if (err)
        cli_place(cli, r->file);
    return err;
}

static void tell(struct cli *cli, const struct making *m, const struct restoring *r)
{
    char shown[512], when[CARNET_UTC_SIZE];

    (void)carnet_text_escape(m->path, strlen(m->path), shown, sizeof shown);
    carnet_utc_format(r->copy.made, when);
    cli_data(cli, "%-10s %s\n%-10s %s\n%-10s %s\n", "home", shown, "copied", when, "state",
             r->retired ? "open" : "recovering");
    cli_set(cli, "home", cli_json_text(m->path));
    cli_set(cli, "copied", json_string(when));
    cli_set(cli, "state", json_string(r->retired ? "open" : "recovering"));
    cli_set(cli, "keys", json_incref(r->keys));
    if (json_array_size(r->keys) == 0)
        cli_warn(cli, "the copy carries no key files: put them into the home yourself, or nothing can be signed.");
    if (!r->retired)
        cli_note(cli,
                 "Seats may have been given after this copy was made, so none is given now: go on with 'carnet-admin "
                 "recover'.\n");
}

enum carnet_err admin_restore(struct cli *cli)
{
    struct making m = MAKING_NONE;
    struct restoring r = {.file = cli_argument(cli, 0), .keys = json_array()};
    char when[CARNET_UTC_SIZE];
    enum carnet_err err = look(cli, &r);

    if (!err)
        err = making_begin(cli, &m);
    if (err)
        goto out;
    carnet_utc_format(r.copy.made, when);
    err =
        r.retired
            ? cli_confirm(cli,
                          "The home that was retired on %s goes on here. Restore it in one place only: two would give "
                          "the same seats twice.",
                          when)
            : cli_confirm(cli,
                          "The home becomes what it was on %s. What was done since is not in it; it has to be "
                          "recovered before a seat can be given.",
                          when);
    if (!err && !cli_dry_run(cli))
        err = making_home(cli, &m, fill, &r);
    if (!err && cli_dry_run(cli))
        cli_note(cli, "Would make a home of the copy of %s.\n", when);
    else if (!err)
        tell(cli, &m, &r);
out:
    json_decref(r.keys);
    making_end(&m);
    return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * recover: a ledger that was put back from a copy, or showed to be one of two, is reconciled with what is out. The
 * epoch is raised first, so that everything given from now on is newer than all that was given before; then licenses
 * that come back (alone, or in releases and activations) are learned again, and receipts end grants again; then, when
 * the administrator says so, seats are given again.
 */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admin.h"
#include "common/io.h"
#include "relearn.h"

const struct cli_option admin_recover_options[] = {
    {"done", 0, NULL, false, "all that is out has come back: give seats again"}, {NULL, 0, NULL, false, NULL}};

/* Receipts of grants that the ledger knows come first: they say how a grant ended whose seat went on. Then what holds a
 * license; then the receipts of grants that were learned on the way. */
enum round { ENDS_KNOWN, LICENSES, ENDS_LEARNED };

struct recovering {
    struct cli *cli;
    struct home *home;
    enum round round;
    char **later; /* files for the last round */
    size_t later_count, failed, files;
    enum carnet_err worst;
};

/* ---- the files ---- */

static void tell_file(struct recovering *r, const char *file, const struct relearn_found *f, enum relearn_fate fate)
{
    const struct carnet_grant *g = relearn_grant(f);
    char shown[512], label[300];

    (void)carnet_text_escape(file, strlen(file), shown, sizeof shown);
    (void)carnet_text_escape(relearn_label(f), strlen(relearn_label(f)), label, sizeof label);
    cli_data(r->cli, "%-18s  %s seat %lu%s%s%s  %s\n", relearn_word(fate), g->license, (unsigned long)g->seat,
             *label ? " (" : "", label, *label ? ")" : "", shown);
    cli_json_line(r->cli, json_pack("{s:o, s:s, s:i, s:s, s:s, s:I, s:I}", "source", cli_json_text(file), "outcome",
                                    carnet_outcome_name(CARNET_OK), "exit", carnet_outcome_exit(CARNET_OK), "fate",
                                    relearn_word(fate), "license", g->license, "seat", (json_int_t)g->seat, "serial",
                                    (json_int_t)g->serial));
}

/* The license in a bundle (itself, or what a machine's bundle embeds), or the receipt. */
static void find(const struct carnet_reading *outer, struct relearn_found *f)
{
    const enum carnet_kind_id kind = carnet_reading_kind(outer)->id;
    const bool inner = kind != CARNET_KIND_LICENSE && kind != CARNET_KIND_RECEIPT;
    const struct carnet_reading *reading = inner ? carnet_reading_embedded(outer) : outer;
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_document *document = carnet_judged_document(judged);

    f->reading = reading;
    f->license = kind == CARNET_KIND_RECEIPT ? NULL : carnet_document_license(document);
    f->receipt = kind == CARNET_KIND_RECEIPT ? carnet_document_receipt(document) : NULL;
    f->id = carnet_judged_id(judged);
    f->entitlement = carnet_judged_entitlement(judged);
    f->entitlement_reading = carnet_reading_embedded(reading);
}

static enum carnet_err put_off(struct recovering *r, const char *file)
{
    char **grown = reallocarray(r->later, r->later_count + 1, sizeof *grown);

    if (!grown)
        return CARNET_NO_MEMORY;
    r->later = grown;
    r->later[r->later_count] = strdup(file);
    return r->later[r->later_count++] ? CARNET_OK : CARNET_NO_MEMORY;
}

static bool stops_everything(enum carnet_err err)
{
    return err == CARNET_IO || err == CARNET_BUSY || err == CARNET_NO_MEMORY || err == CARNET_LEDGER_DAMAGED;
}

static enum carnet_err settle(struct recovering *r, const char *file, const struct relearn_found *f,
                              enum carnet_err err, enum relearn_fate fate)
{
    r->files++;
    if (!err) {
        tell_file(r, file, f, fate);
        return CARNET_OK;
    }
    r->failed++;
    cli_refuse_one(r->cli, file, err, cli_diag(r->cli), NULL);
    if (carnet_outcome_exit(err) > carnet_outcome_exit(r->worst))
        r->worst = err;
    return stops_everything(err) ? err : CARNET_OK;
}

/* Whose turn is it in another round? What can't be read is told of in the round of the licenses; files of other kinds
 * in a folder are nobody's mistake. */
static bool passes_over(const struct recovering *r, const char *file, bool from_folder, enum carnet_err err,
                        const struct relearn_found *f)
{
    if (r->round != LICENSES)
        return r->round == ENDS_KNOWN && (err || f->receipt == NULL);
    if (err)
        return from_folder && (err == CARNET_WRONG_KIND || err == CARNET_MALFORMED);
    return f->receipt != NULL && strcmp(file, "-") != 0;
}

static enum carnet_err take_file(struct recovering *r, const char *file, bool from_folder)
{
    struct carnet_read_options options =
        home_reading(r->home, CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RELEASE) |
                                  CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT));
    struct cli_bundle bundle = {0};
    struct relearn_found found = {.license = NULL};
    enum relearn_fate fate = RELEARN_KNOWN;
    enum carnet_err err;

    if (r->round == ENDS_KNOWN && strcmp(file, "-") == 0)
        return CARNET_OK; /* it can be read once */
    err = cli_bundle_read(r->cli, file, &options, &bundle);
    if (!err)
        find(bundle.reading, &found);
    if (!passes_over(r, file, from_folder, err, &found)) {
        if (!err)
            err = relearn(r->cli, r->home, &found, &fate);
        err =
            r->round == ENDS_KNOWN && err == CARNET_NOT_VOUCHED ? put_off(r, file) : settle(r, file, &found, err, fate);
    } else {
        err = CARNET_OK;
        cli_place(r->cli, NULL);
    }
    cli_bundle_clear(&bundle);
    return err;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum carnet_err take_folder(struct recovering *r, const char *folder)
{
    char *copy = strdup(folder), *roots[] = {copy, NULL};
    FTS *tree = copy ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
    FTSENT *entry;
    enum carnet_err err = tree ? CARNET_OK : CARNET_NO_MEMORY;

    while (!err && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F && entry->fts_name[0] != '.')
            err = take_file(r, entry->fts_path, true);
    }
    if (tree)
        (void)fts_close(tree);
    free(copy);
    return err;
}

static enum carnet_err take_round(struct recovering *r, enum round round)
{
    enum carnet_err err = CARNET_OK;

    r->round = round;
    for (size_t i = 0; !err && i < cli_count(r->cli); i++) {
        const char *path = cli_argument(r->cli, i);
        struct stat st;
        err = strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? take_folder(r, path)
                                                                                    : take_file(r, path, false);
    }
    return err;
}

static enum carnet_err take_rounds(struct recovering *r)
{
    enum carnet_err err = take_round(r, ENDS_KNOWN);

    if (!err)
        err = take_round(r, LICENSES);
    r->round = ENDS_LEARNED;
    for (size_t i = 0; i < r->later_count; i++) {
        if (!err)
            err = take_file(r, r->later[i], true);
        free(r->later[i]);
    }
    free(r->later);
    return err;
}

static enum carnet_err take_all(struct recovering *r)
{
    /* A dry run is one transaction, so that what comes later finds what came before. */
    enum carnet_err err = cli_dry_run(r->cli) ? ledger_begin(r->home->ledger, cli_diag(r->cli)) : CARNET_OK;

    if (!err)
        err = take_rounds(r);
    if (cli_dry_run(r->cli))
        ledger_rollback(r->home->ledger);
    if (err)
        return err;
    cli_place(r->cli, NULL);
    if (r->files == 0) {
        (void)carnet_fail(cli_diag(r->cli), CARNET_NOT_FOUND, "",
                          "There is no license, release, activation or receipt in the folder.");
        return carnet_fail_next(cli_diag(r->cli), "Name the folder or stick on which they were collected.");
    }
    if (r->failed == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(r->cli), r->failed < r->files ? CARNET_PARTLY_DONE : r->worst, "",
                      "%zu of %zu files could not be learned from.", r->failed, r->files);
    return carnet_fail_next(cli_diag(r->cli), "Do what is said with each file that was refused.");
}

/* ---- the ledger ---- */

static enum carnet_err count_forked(struct home *h, size_t *forked, struct carnet_diag *diag)
{
    struct ledger_license *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_licenses(h->ledger, NULL, NULL, &list, &count, diag);

    *forked = 0;
    for (size_t i = 0; !err && i < count; i++)
        *forked += list[i].forked != LEDGER_NOT_FORKED;
    free(list);
    return err;
}

static enum carnet_err set_state(struct cli *cli, struct home *h, bool begin)
{
    const struct ledger_event event = {.what = begin ? "recover" : "recovered"};
    const int64_t now = carnet_utc_now();
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));

    if (!err)
        err = begin ? ledger_recovery_begin(h->ledger, now, cli_diag(cli))
                    : ledger_recovery_end(h->ledger, now, cli_diag(cli));
    if (!err)
        err = ledger_event_each_chain(h->ledger, now, &event, cli_diag(cli));
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

/* Raises the epoch, once. */
static enum carnet_err begin(struct cli *cli, struct home *h)
{
    struct ledger_recovery recovery = {.raised = false};
    char when[CARNET_UTC_SIZE];
    size_t forked = 0;
    enum carnet_err err = ledger_recovery_get(h->ledger, &recovery, cli_diag(cli));
    const bool copied = !err;

    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (copied && recovery.raised)
        return CARNET_OK;
    err = count_forked(h, &forked, cli_diag(cli));
    if (err)
        return err;
    if (!copied && forked == 0) {
        (void)carnet_fail(
            cli_diag(cli), CARNET_WRONG_MODE, "",
            "This ledger was not put back from a copy, and nothing that came back contradicts it: there is "
            "nothing to recover.");
        return carnet_fail_next(cli_diag(cli), "Use it as it is.");
    }
    carnet_utc_format(recovery.made, when);
    err = copied ? cli_confirm(cli,
                               "The ledger is that of %s. Its epoch is raised, and no seat is given until you say that "
                               "what was given since has come back.",
                               when)
                 : cli_confirm(cli,
                               "The epoch of the ledger is raised, and no seat is given until you say that what is out "
                               "has come back.");
    return err ? err : set_state(cli, h, true);
}

static enum carnet_err tell_state(struct cli *cli, struct home *h)
{
    struct ledger_license *list = NULL;
    struct ledger_recovery recovery = {.seen = 0};
    size_t count = 0;
    const struct ledger_about *about = ledger_about(h->ledger);
    json_t *told = json_array();
    enum carnet_err err = ledger_recovery_get(h->ledger, &recovery, cli_diag(cli));

    if (err == CARNET_NOT_FOUND)
        err = CARNET_OK;
    if (!err)
        err = ledger_licenses(h->ledger, NULL, NULL, &list, &count, cli_diag(cli));
    cli_note(cli, "Epoch %lu; the ledger is %s.\n", (unsigned long)about->epoch,
             about->state == LEDGER_OPEN ? "open" : "recovering");
    for (size_t i = 0; !err && i < count; i++) {
        cli_note(cli, "%-20s  %lu of %lu seats are out by this ledger\n", list[i].id, (unsigned long)list[i].in_use,
                 (unsigned long)list[i].seats);
        (void)json_array_append_new(told, json_pack("{s:s, s:I, s:I, s:b}", "license", list[i].id, "seats",
                                                    (json_int_t)list[i].seats, "in-use", (json_int_t)list[i].in_use,
                                                    "forked", (int)(list[i].forked != LEDGER_NOT_FORKED)));
    }
    free(list);
    cli_set(cli, "licenses", told);
    cli_set(cli, "epoch", json_integer((json_int_t)about->epoch));
    cli_set(cli, "state", json_string(about->state == LEDGER_OPEN ? "open" : "recovering"));
    if (!err && about->state != LEDGER_OPEN)
        cli_note(cli, "Collect the license files, releases, activations and receipts that are out, and run "
                      "'carnet-admin recover FILE...'; "
                      "then 'carnet-admin recover --done'.\n");
    return err;
}

static enum carnet_err finish(struct cli *cli, struct home *h)
{
    struct ledger_recovery recovery = {.raised = false};
    enum carnet_err err = ledger_recovery_get(h->ledger, &recovery, cli_diag(cli));

    if ((err && err != CARNET_NOT_FOUND))
        return err;
    if (err || !recovery.raised) {
        (void)carnet_fail(cli_diag(cli), CARNET_WRONG_MODE, "", "No recovery has begun here.");
        return carnet_fail_next(cli_diag(cli), "Begin with 'carnet-admin recover'.");
    }
    err = cli_confirm(cli,
                      "Every seat that this ledger does not know to be out is given again from now on. If a license "
                      "that was given since the copy is still in use and was not brought here, its seat will be in use "
                      "twice.");
    return err ? err : set_state(cli, h, false);
}

enum carnet_err admin_recover(struct cli *cli)
{
    struct home h = {0};
    struct recovering r = {.cli = cli, .home = &h};
    enum carnet_err err;

    if (cli_flag(cli, "done") && cli_count(cli) > 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--done takes no files: give them first, without it.");
    err = home_open(cli, &h);
    /* A vendor's home was put back, too: it has no seats to learn of, and goes on when its newest trust file was taken.
     */
    if (!err)
        err = cli_count(cli) > 0 ? home_holds_seats(cli, &h) : home_may_change(cli, &h);
    if (!err)
        err = cli_flag(cli, "done") ? finish(cli, &h) : begin(cli, &h);
    if (!err && cli_count(cli) > 0)
        err = take_all(&r);
    if (!err || err == CARNET_PARTLY_DONE) {
        const enum carnet_err told = tell_state(cli, &h);
        err = err ? err : told;
    }
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "common/progress.h"
#include "paths.h"

/* Of each file the bar shows two steps: it was read, and it was told what became of it. */
#define STEPS 2u
/* As many files as one transaction takes: it holds the ledger for well under a second or two. */
#define CHUNK 250u

/* ---- items ---- */

struct batch_item *batch_item(struct batch *b, const struct batch_source *source, const char *license)
{
    struct batch_item *grown = reallocarray(b->items, b->item_count + 1, sizeof *grown), *item;

    if (!grown)
        return NULL;
    b->items = grown;
    item = &grown[b->item_count++];
    memset(item, 0, sizeof *item);
    item->file = source->file;
    item->seat = source->seat;
    item->number = source->number;
    item->done = b->done;
    item->out = b->out;
    item->held_until = LEDGER_LIVES;
    (void)snprintf(item->license, sizeof item->license, "%s", license);
    return item;
}

void batch_item_settle(struct batch_item *item, const struct ledger_grant *grant)
{
    item->seat = grant->seat;
    item->serial = grant->serial;
    item->grant = grant->number;
    item->machine_key = grant->machine_key;
    item->fingerprint = grant->fingerprint;
    (void)snprintf(item->label, sizeof item->label, "%s", grant->label);
}

static void clear_items(struct batch *b)
{
    for (size_t i = 0; i < b->item_count; i++) {
        for (size_t k = 0; k < b->items[i].written_count; k++)
            json_decref(b->items[i].written[k].told);
    }
    b->item_count = 0;
}

void batch_clear(struct batch *b)
{
    clear_items(b);
    free(b->items);
    b->items = NULL;
}

bool batch_may_sign(struct batch *b, struct batch_item *item)
{
    if (b->output_err) {
        item->err = b->output_err;
        item->diag = b->output_diag;
        return false;
    }
    if (!b->key && !b->dry) {
        b->needs_key = true;
        return false;
    }
    /* A dry run finds out what it can without asking for a passphrase. */
    if (b->dry) {
        item->err = home_signer_look(b->cli, b->home, CARNET_ROLE_ISSUER);
        item->diag = *cli_diag(b->cli);
        return item->err == CARNET_OK;
    }
    return true;
}

/* ---- one transaction ---- */

/* Does it concern the ledger or the machine, and not the one file? */
static bool stops_all(enum carnet_err err)
{
    return err == CARNET_IO || err == CARNET_BUSY || err == CARNET_NO_MEMORY || err == CARNET_LEDGER_DAMAGED ||
           err == CARNET_PERMISSION || err == CARNET_BUG;
}

enum carnet_err batch_change(struct batch *b, struct batch_item *item, batch_change_fn *change, void *context)
{
    enum carnet_err err = ledger_item_begin(b->home->ledger, cli_diag(b->cli));

    if (err)
        return err;
    err = change(b, context);
    if (stops_all(err))
        return err;
    if (err) {
        item->err = err;
        item->diag = *cli_diag(b->cli);
    }
    return ledger_item_end(b->home->ledger, !err, cli_diag(b->cli));
}

static enum carnet_err apply_one(struct batch *b, const struct batch_source *source)
{
    struct batch_item *item;

    if (!source->err)
        return b->apply(b, source);
    item = batch_item(b, source, "");
    if (!item)
        return CARNET_NO_MEMORY;
    item->err = source->err;
    item->diag = source->diag;
    return CARNET_OK;
}

static enum carnet_err pass(struct batch *b, const struct batch_source *sources, size_t count)
{
    enum carnet_err err = CARNET_OK;

    clear_items(b);
    b->needs_key = false;
    if (!b->dry_began)
        err = ledger_begin(b->home->ledger, cli_diag(b->cli));
    b->dry_began = b->dry && !err;
    /* Only now: while this waited for the ledger, others may have put later times into the journal. */
    b->now = carnet_utc_now();
    if (!err && b->begin)
        b->begin(b);
    for (size_t i = 0; !err && !b->needs_key && i < count; i++)
        err = apply_one(b, &sources[i]);
    return err;
}

static enum carnet_err refuse_one_output(struct batch *b)
{
    size_t results = b->item_count;

    for (size_t i = 0; i < b->item_count; i++)
        results += b->items[i].old_grant != 0;
    if (!cli_value(b->cli, "output") || results < 2)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(b->cli), CARNET_USAGE, "", "There are several results, and -o takes one.");
    (void)carnet_fail_next(cli_diag(b->cli), "Use --to with a folder; nothing was changed.");
    return CARNET_USAGE;
}

/* ---- out ---- */

static enum carnet_err write_one(struct batch *b, struct batch_item *item, int64_t grant, enum carnet_kind_id kind)
{
    struct carnet_buffer bytes = {0};
    char hex[CARNET_HEX_SIZE];
    struct cli_output output = {
        .kind = carnet_kind_get(kind), .label = *item->label ? item->label : item->license, .told = json_object()};
    enum carnet_err err =
        output.told ? ledger_bundle_of_grant(b->home->ledger, grant, kind, &output.id, &bytes, cli_diag(b->cli))
                    : CARNET_NO_MEMORY;

    output.bytes = bytes.bytes;
    output.size = bytes.size;
    if (!err)
        err = cli_output_write(b->cli, &output);
    if (!err) {
        carnet_digest_hex(&output.id, hex);
        (void)json_object_set_new(output.told, "bundle", json_string(hex));
        item->written[item->written_count++] =
            (struct batch_written){.id = output.id, .told = json_incref(output.told)};
    }
    json_decref(output.told);
    carnet_buffer_clear(&bytes);
    return err;
}

static void write_item(struct batch *b, struct batch_item *item)
{
    enum carnet_err err = CARNET_OK;

    if (item->old_grant)
        err = write_one(b, item, item->old_grant, CARNET_KIND_RECEIPT);
    if (!err)
        err = write_one(b, item, item->grant, item->out);
    if (!err)
        return;
    item->err = err;
    item->diag = *cli_diag(b->cli);
    (void)carnet_fail_next(
        &item->diag, "Seat %lu of %s is %s and recorded; run the same command again to have the same file written.",
        (unsigned long)item->seat, item->license, item->done);
}

/* Only a note: a bundle that is not marked can be given again at any time. */
static void mark_delivered(struct batch *b)
{
    struct carnet_diag unused;
    enum carnet_err err = ledger_begin(b->home->ledger, &unused);

    for (size_t i = 0; !err && i < b->item_count; i++) {
        for (size_t k = 0; !err && k < b->items[i].written_count; k++)
            err = ledger_bundle_delivered(b->home->ledger, &b->items[i].written[k].id, b->now, &unused);
    }
    if (!err)
        err = ledger_commit(b->home->ledger, &unused);
    ledger_rollback(b->home->ledger);
    if (err)
        cli_warn(b->cli, "the files are written, but the ledger could not note their delivery (%s).",
                 carnet_outcome_name(err));
}

static json_t *item_json(const struct batch_item *item)
{
    char machine[CARNET_HEX_SIZE], fingerprint[CARNET_HEX_SIZE];
    json_t *object = json_pack("{s:s*}", "license", *item->license ? item->license : NULL);

    if (!object)
        return NULL;
    if (item->file)
        (void)json_object_set_new(object, "source", cli_json_text(item->file));
    else
        (void)json_object_set_new(object, "seat", json_integer((json_int_t)item->seat));
    /* The receipt of a grant that was replaced comes first, and may be all that could be written. */
    if (item->written_count > 0 && item->old_grant)
        (void)json_object_set(object, "receipt", item->written[0].told);
    if (item->err)
        return object;
    carnet_digest_hex(&item->machine_key, machine);
    carnet_digest_hex(&item->fingerprint, fingerprint);
    (void)json_object_update_new(object, json_pack("{s:s, s:I, s:I, s:b, s:s, s:s, s:s?}", "done", item->done, "seat",
                                                   (json_int_t)item->seat, "serial", (json_int_t)item->serial, "again",
                                                   (int)item->again, "machine", machine, "fingerprint", fingerprint,
                                                   "label", *item->label ? item->label : NULL));
    if (item->held_until != LEDGER_LIVES) {
        char until[CARNET_UTC_SIZE];
        carnet_utc_format(item->held_until, until);
        (void)json_object_set_new(object, "held_until", json_string(until));
    }
    if (item->transfer)
        (void)json_object_set_new(object, "transfer", json_true());
    if (item->written_count > 0)
        (void)json_object_update(object, item->written[item->written_count - 1].told);
    return object;
}

static void say_item(struct batch *b, const struct batch_item *item)
{
    const bool dry = b->dry;
    char shown[120];

    if (*item->words) {
        cli_note(b->cli, "%s\n", item->words);
        return;
    }
    (void)carnet_text_escape(item->label, strlen(item->label), shown, sizeof shown);
    cli_note(b->cli, "Seat %lu of %s%s%s%s %s %s%s.\n", (unsigned long)item->seat, item->license, *shown ? " (" : "",
             shown, *shown ? ")" : "",
             item->again ? "was already"
             : dry       ? "would be"
                         : "is",
             item->done,
             !item->again ? ""
             : dry        ? "; the same bytes would be given again"
                          : "; the same bytes are given again");
}

static void tell_item(struct batch *b, const struct batch_item *item, bool many)
{
    const char *key;
    char seat[CARNET_ID_TEXT_SIZE + 24];
    json_t *object = item_json(item), *value;

    (void)snprintf(seat, sizeof seat, "%s seat %lu", item->license, (unsigned long)item->seat);
    if (many && item->err) {
        cli_refuse_one(b->cli, item->file ? item->file : seat, item->err, &item->diag, object);
    } else if (many) {
        if (object)
            (void)json_object_update_new(object, json_pack("{s:s, s:i}", "outcome", carnet_outcome_name(CARNET_OK),
                                                           "exit", carnet_outcome_exit(CARNET_OK)));
        cli_json_line(b->cli, object);
    } else {
        json_object_foreach(object, key, value) cli_set(b->cli, key, json_incref(value));
        json_decref(object);
    }
    if (!item->err)
        say_item(b, item);
}

/* One item is written and told as a whole, and between two of them an interruption may come: all of them are recorded,
 * and the same command gives those that were not written. */
static void finish_item(struct batch *b, struct batch_item *item, bool many)
{
    cli_hold_signals();
    if (!item->err && !b->dry)
        write_item(b, item);
    tell_item(b, item, many);
    cli_free_signals();
    if (!item->err) {
        b->done_count++;
        b->again_count += item->again;
    } else {
        b->failed_count++;
    }
    if (carnet_outcome_exit(item->err) > carnet_outcome_exit(b->worst))
        b->worst = item->err;
}

static enum carnet_err finish_chunk(struct batch *b, bool many)
{
    enum carnet_err err = refuse_one_output(b);

    if (!err && !b->dry) {
        cli_hold_signals();
        err = ledger_commit(b->home->ledger, cli_diag(b->cli));
        cli_free_signals();
    }
    if (err)
        return err;
    for (size_t i = 0; i < b->item_count; i++) {
        finish_item(b, &b->items[i], many || b->item_count > 1);
        /* Several items may be of one file; a seat is one. */
        if (i + 1 == b->item_count || !b->items[i].file || b->items[i + 1].file != b->items[i].file)
            cli_progress_add(b->cli, 1);
    }
    if (!b->dry)
        mark_delivered(b);
    return CARNET_OK;
}

enum carnet_err batch_apply(struct batch *b, const struct batch_source *sources, size_t count)
{
    enum carnet_err err = pass(b, sources, count);

    if (err || !b->needs_key)
        return err;
    ledger_rollback(b->home->ledger);
    err = home_signer(b->cli, b->home, CARNET_ROLE_ISSUER, &b->key);
    return err ? err : pass(b, sources, count);
}

static enum carnet_err chunk(struct batch *b, const struct batch_source *sources, size_t count, bool many)
{
    enum carnet_err err = batch_apply(b, sources, count);

    if (!err)
        err = finish_chunk(b, many);
    /* A dry run keeps what it would have done until its end: the next files find those seats taken. */
    if (err || !b->dry_began)
        ledger_rollback(b->home->ledger);
    return err;
}

static size_t take_seats(const struct batch *b, size_t from, struct batch_source *sources)
{
    size_t count = 0;

    for (size_t i = from; i < b->seat_count && count < CHUNK; i++)
        sources[count++] = (struct batch_source){.seat = b->seats[i]};
    cli_progress_add(b->cli, count);
    return count;
}

/* Reads up to CHUNK files. Files of other kinds in a folder are nobody's mistake and are passed over; only there is
 * what comes before taken, too. */
static size_t read_sources(struct batch *b, const struct paths *paths, size_t from, struct batch_source *sources)
{
    size_t count = 0;

    if (b->seats)
        return take_seats(b, from, sources);
    for (size_t i = from; i < paths->count && i < from + CHUNK; i++) {
        struct batch_source *source = &sources[count];
        struct carnet_read_options options;
        memset(source, 0, sizeof *source);
        source->file = paths->list[i];
        options = home_reading(b->home, CARNET_KIND_BIT(b->in));
        if (b->before && paths->from_folder[i])
            options.expected |= CARNET_KIND_BIT(b->before->id);
        source->err = cli_bundle_read(b->cli, source->file, &options, &source->bundle);
        source->diag = *cli_diag(b->cli);
        if (source->err == CARNET_WRONG_KIND && paths->from_folder[i]) {
            cli_bundle_clear(&source->bundle);
            cli_progress_add(b->cli, STEPS);
            continue;
        }
        cli_progress_add(b->cli, 1);
        count++;
    }
    return count;
}

/* What stopped it did so in the middle: what was told before stays done. */
static void say_before(struct batch *b, enum carnet_err err)
{
    struct carnet_diag *diag = cli_diag(b->cli);
    char next[sizeof diag->next];

    if (b->done_count == 0)
        return;
    cli_set(b->cli, "done", json_integer((json_int_t)b->done_count));
    if (b->failed_count > 0)
        cli_set(b->cli, "failed", json_integer((json_int_t)b->failed_count));
    (void)snprintf(next, sizeof next, "%s", diag->err == err && *diag->next ? diag->next : carnet_outcome_next(err));
    (void)carnet_fail_next(diag, "%s (%zu were %s before that; the same command goes on with the rest.)", next,
                           b->done_count, b->done);
}

static void say_all(const struct batch *b)
{
    const bool dry = b->dry;
    const size_t changed = b->done_count - b->again_count;

    if (b->again_count == 0)
        cli_note(b->cli, "All %zu %s %s.\n", b->done_count, dry ? "would be" : "are", b->done);
    else if (changed == 0)
        cli_note(b->cli, "Nothing changes: all %zu stay as they are.\n", b->done_count);
    else
        cli_note(b->cli, "%zu %s %s, and %zu %s.\n", changed,
                 dry            ? "would be"
                 : changed == 1 ? "is"
                                : "are",
                 b->done, b->again_count, b->again_count == 1 ? "stays as it is" : "stay as they are");
}

static enum carnet_err outcome(struct batch *b)
{
    enum carnet_err err;

    if (b->failed_count == 0 && b->done_count == 1)
        return CARNET_OK;
    if (b->failed_count == 0 && b->done_count > 1) {
        cli_set(b->cli, "done", json_integer((json_int_t)b->done_count));
        say_all(b);
        return CARNET_OK;
    }
    if (b->failed_count == 0) {
        (void)carnet_fail(cli_diag(b->cli), CARNET_NOT_FOUND, "", "There is no %s in the folder.",
                          carnet_kind_get(b->in)->name);
        (void)carnet_fail_next(cli_diag(b->cli), "Name the folder or stick that holds the %ss.",
                               carnet_kind_get(b->in)->name);
        return CARNET_NOT_FOUND;
    }
    if (b->failed_count + b->done_count == 1) {
        *cli_diag(b->cli) = b->items[0].diag;
        cli_place(b->cli, b->items[0].file);
        return b->worst;
    }
    cli_place(b->cli, NULL);
    cli_set(b->cli, "done", json_integer((json_int_t)b->done_count));
    cli_set(b->cli, "failed", json_integer((json_int_t)b->failed_count));
    if (b->done_count > 0)
        err = carnet_fail(cli_diag(b->cli), CARNET_PARTLY_DONE, "", "%zu of %zu were %s.", b->done_count,
                          b->done_count + b->failed_count, b->done);
    else
        err = carnet_fail(cli_diag(b->cli), b->worst, "", "None of %zu was %s; the worst reason was %s.",
                          b->failed_count, b->done, carnet_outcome_name(b->worst));
    (void)carnet_fail_next(cli_diag(b->cli), "Do what is said with each %s that was refused.",
                           b->seats ? "seat" : "file");
    return err;
}

enum carnet_err batch_run(struct batch *b)
{
    struct paths paths = {0};
    struct batch_source *sources = calloc(CHUNK, sizeof *sources);
    enum carnet_err err = !sources   ? CARNET_NO_MEMORY
                          : b->seats ? CARNET_OK
                                     : paths_find(b->cli, b->first, b->before, &paths);
    const size_t total = b->seats ? b->seat_count : paths.count;

    b->dry = cli_dry_run(b->cli);
    if (!err && cli_value(b->cli, "output") && (total > 1 || b->two_results)) {
        (void)carnet_fail(cli_diag(b->cli), CARNET_USAGE, "", "There are several results, and -o takes one.");
        (void)carnet_fail_next(cli_diag(b->cli), "Use --to with a folder.");
        err = CARNET_USAGE;
    }
    /* A place that is taken is told only when something new is to be written there: the same bytes may be there. */
    if (!err) {
        b->output_err = cli_output_check(b->cli);
        b->output_diag = *cli_diag(b->cli);
        if (b->output_err && b->output_err != CARNET_EXISTS)
            err = b->output_err;
        if (!err)
            cli_place(b->cli, NULL);
    }
    if (!err)
        cli_progress_begin(b->cli, b->done, total, STEPS);
    for (size_t from = 0; !err && from < total; from += CHUNK) {
        const size_t count = read_sources(b, &paths, from, sources);
        if (count > 0)
            err = chunk(b, sources, count, total > 1);
        for (size_t i = 0; i < count; i++)
            cli_bundle_clear(&sources[i].bundle);
    }
    cli_progress_end(b->cli);
    ledger_rollback(b->home->ledger);
    if (!err)
        err = outcome(b);
    else
        say_before(b, err);
    batch_clear(b);
    free(sources);
    paths_clear(&paths);
    return err;
}

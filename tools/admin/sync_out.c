/* SPDX-License-Identifier: MIT */
/* What goes out onto a stick: what was just signed, and what never arrived on one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "core/file.h"
#include "sync.h"
#include "words.h"

enum carnet_err sync_out_add(struct syncing *s, const struct carnet_digest *id)
{
    if (s->out_count == s->out_room) {
        const size_t room = s->out_room ? s->out_room * 2 : 64;
        struct carnet_digest *grown = reallocarray(s->out, room, sizeof *grown);
        if (!grown)
            return carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.");
        s->out = grown;
        s->out_room = room;
    }
    s->out[s->out_count++] = *id;
    return CARNET_OK;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct carnet_digest));
}

enum carnet_err sync_out_waiting(struct syncing *s)
{
    struct carnet_digest *list = NULL;
    size_t count = 0, kept = 0;
    enum carnet_err err = ledger_bundles_waiting(s->home->ledger, &list, &count, cli_diag(s->cli));

    for (size_t i = 0; !err && i < count; i++)
        err = sync_out_add(s, &list[i]);
    free(list);
    if (s->out_count > 1)
        qsort(s->out, s->out_count, sizeof *s->out, compare);
    for (size_t i = 0; !err && i < s->out_count; i++) {
        if (kept == 0 || compare(&s->out[kept - 1], &s->out[i]) != 0)
            s->out[kept++] = s->out[i];
    }
    if (!err)
        s->out_count = kept;
    return err;
}

enum carnet_err sync_out_plan(struct syncing *s)
{
    enum carnet_err err = sync_out_waiting(s);

    for (size_t i = 0; !err && i < s->out_count; i++) {
        struct ledger_outgoing o;
        char words[CARNET_ID_TEXT_SIZE + 64], day[WORDS_DAY_SIZE];
        err = ledger_bundle_get(s->home->ledger, &s->out[i], &o, NULL, cli_diag(s->cli));
        if (err)
            break;
        words_day(o.made, day);
        (void)snprintf(words, sizeof words, "seat %lu of %s, of %s", (unsigned long)o.seat, o.license, day);
        stick_plan_write(s->stick, carnet_kind_get(o.kind)->name, o.label, words);
        s->bytes += o.size;
    }
    return err;
}

/* ---- writing ---- */

static enum carnet_err put(struct syncing *s, const struct carnet_digest *id)
{
    struct carnet_buffer bytes = {0};
    struct ledger_outgoing o;
    enum carnet_err err = ledger_bundle_get(s->home->ledger, id, &o, &bytes, cli_diag(s->cli));

    if (!err) {
        const struct cli_output output = {.kind = carnet_kind_get(o.kind),
                                          .label = *o.label ? o.label : o.license,
                                          .id = *id,
                                          .bytes = bytes.bytes,
                                          .size = bytes.size};
        err = stick_put(s->stick, &output, NULL);
    }
    carnet_buffer_clear(&bytes);
    return err;
}

/* What is known of each vendor, published here or taken, is for everyone. */
static enum carnet_err put_trust(struct syncing *s)
{
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < s->home->trust_count; i++) {
        const struct home_trust *t = &s->home->trust[i];
        char label[32];
        const struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_TRUST),
                                          .label = label,
                                          .id = t->id,
                                          .bytes = t->bytes.bytes,
                                          .size = t->bytes.size};
        (void)snprintf(label, sizeof label, "%u-%u", t->kept.generation, t->kept.number);
        err = stick_put(s->stick, &output, NULL);
    }
    return err;
}

/* Only a note: a bundle that is not marked goes out once more, and the stick finds the same bytes there. */
static void mark(struct syncing *s)
{
    struct carnet_diag unused;
    enum carnet_err err = ledger_begin(s->home->ledger, &unused);
    const int64_t now = carnet_utc_now();

    for (size_t i = 0; !err && i < s->out_count; i++)
        err = ledger_bundle_delivered(s->home->ledger, &s->out[i], now, &unused);
    if (!err)
        err = ledger_commit(s->home->ledger, &unused);
    ledger_rollback(s->home->ledger);
    if (err)
        cli_warn(s->cli, "the files are on the stick, but the ledger could not note their delivery (%s).",
                 carnet_outcome_name(err));
}

enum carnet_err sync_out_write(struct syncing *s)
{
    enum carnet_err err = sync_out_waiting(s);

    if (!err)
        cli_progress_begin(s->cli, "writing", s->out_count, 1);
    for (size_t i = 0; !err && i < s->out_count; i++) {
        err = put(s, &s->out[i]);
        cli_progress_add(s->cli, 1);
    }
    cli_progress_end(s->cli);
    if (!err)
        err = put_trust(s);
    if (!err)
        err = stick_settle(s->stick);
    if (!err)
        mark(s);
    return err;
}

/* ---- done/ ---- */

/* A license is seen when its machine said so, or its grant has ended; what a user took of the rest, he has. */
bool sync_out_seen(void *context, const struct carnet_kind *kind, const uint8_t *bytes, size_t size)
{
    struct syncing *s = context;
    const struct carnet_read_options options = home_reading(s->home, CARNET_KIND_BIT(kind->id));
    struct carnet_diag unused;
    struct carnet_reading *reading = NULL;
    struct ledger_license license;
    struct ledger_grant grant;
    const struct carnet_document *d;
    const struct carnet_license *l;
    bool seen = false;

    if (carnet_reading_open(bytes, size, &options, &reading, &unused) == CARNET_OK) {
        d = carnet_judged_document(carnet_reading_judged(reading));
        l = carnet_document_license(d);
        const struct carnet_grant *name = l                            ? &l->grant
                                          : carnet_document_receipt(d) ? &carnet_document_receipt(d)->grant
                                                                       : &carnet_document_clock(d)->grant;
        seen = ledger_license_get(s->home->ledger, carnet_document_vendor(d), name->license, &license, &unused) ==
                   CARNET_OK &&
               ledger_grant_of_fingerprint(s->home->ledger, license.number, &name->fingerprint, &grant, &unused) ==
                   CARNET_OK &&
               (!l || grant.ended != LEDGER_LIVES || grant.activated != LEDGER_LIVES);
    }
    carnet_reading_free(reading);
    return seen;
}

/* SPDX-License-Identifier: MIT */
#include "inspect/report/model.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool report_grow(void **list, size_t *room, size_t size)
{
    const size_t more = *room == 0 ? 64 : 2 * *room;
    void *grown = reallocarray(*list, more, size);
    if (grown == NULL)
        return false;
    *list = grown;
    *room = more;
    return true;
}

/* ---- files and bundles ---- */

static int by_bytes(const void *a, const void *b)
{
    const struct report_bundle *x = a, *y = b;
    return memcmp(&x->values.bytes, &y->values.bytes, sizeof x->values.bytes);
}

static void bundle_free(struct report_bundle *b)
{
    if (b == NULL)
        return;
    free(b->licensee);
    free(b->vendor);
    free(b->label);
    free(b->note);
    free(b->summary);
    free(b);
}

static struct report_bundle *bundle_new(const struct facts_sheet *sheet)
{
    struct report_bundle *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->values = sheet->values;
    b->licensee = strdup(sheet->texts.licensee);
    b->vendor = strdup(sheet->texts.vendor);
    b->label = strdup(sheet->texts.label);
    b->note = strdup(sheet->texts.note);
    b->summary = strdup(sheet->texts.summary);
    if (b->licensee != NULL && b->vendor != NULL && b->label != NULL && b->note != NULL && b->summary != NULL)
        return b;
    bundle_free(b);
    return NULL;
}

/* Adds what a bundle says was done. */
static enum carnet_err add_happening(struct report *r, const struct report_bundle *b, enum facts_word word)
{
    const struct facts_values *v = &b->values;
    if (!REPORT_ROOM(r->happenings))
        return CARNET_NO_MEMORY;
    struct report_happening *h = &r->happenings.list[r->happenings.count++];
    *h = (struct report_happening){.at = v->at,
                                   .until = v->until,
                                   .what = b->values.kind,
                                   .vendor = v->vendor,
                                   .grant = v->fingerprint,
                                   .key = strcmp(v->kind, "entitlement") == 0 ? (struct carnet_digest){{0}} : v->key,
                                   .seat = v->seat,
                                   .epoch = v->epoch,
                                   .serial = v->serial,
                                   .revision = v->revision,
                                   .word = word,
                                   .bundle = b->place};
    memcpy(h->license, v->license, sizeof h->license);
    return CARNET_OK;
}

/* A verified bundle counts. */
static enum carnet_err happen(struct report *r, const struct report_bundle *b)
{
    const struct facts_values *v = &b->values;
    if (v->status == FACTS_UNVERIFIED || v->at == FACTS_NO_TIME || strcmp(v->kind, "journal") == 0)
        return CARNET_OK;
    return add_happening(r, b, (enum facts_word)v->word);
}

/* A license that the vendor revoked is shown where its seat would be, as void. */
static enum carnet_err happen_void(struct report *r, const struct report_bundle *b)
{
    const struct facts_values *v = &b->values;
    if (v->status != FACTS_UNVERIFIED || v->has_document == 0 || v->at == FACTS_NO_TIME ||
        strcmp(v->kind, "license") != 0)
        return CARNET_OK;
    return add_happening(r, b, FACTS_REVOKED);
}

/* The same bytes are the same bundle, wherever they are, and hold wherever they hold. */
static enum carnet_err take_bundle(struct report *r, const struct facts_sheet *sheet, size_t file, size_t *place)
{
    struct report_bundle *b = bundle_new(sheet);
    if (b == NULL || (r->bundles.count == r->bundles.room &&
                      !report_grow((void **)&r->bundles.list, &r->bundles.room, REPORT_POINTER))) {
        bundle_free(b);
        return CARNET_NO_MEMORY;
    }
    struct report_bundle **node = tsearch(b, &r->by_digest, by_bytes);
    if (node == NULL) {
        bundle_free(b);
        return CARNET_NO_MEMORY;
    }
    if (*node != b) {
        struct report_bundle *known = *node;
        const bool better = known->values.status < sheet->values.status;
        bundle_free(b);
        *place = known->place;
        if (!better)
            return CARNET_OK;
        known->values.status = sheet->values.status;
        return happen(r, known);
    }
    b->place = r->bundles.count;
    b->inner = REPORT_NONE;
    b->file = file;
    r->bundles.list[r->bundles.count++] = b;
    *place = b->place;
    return happen(r, b);
}

static enum carnet_err take_event(struct report *r, const struct facts_values *of, const struct carnet_event *e)
{
    if (!REPORT_ROOM(r->happenings))
        return CARNET_NO_MEMORY;
    struct report_happening *h = &r->happenings.list[r->happenings.count++];
    *h = (struct report_happening){.at = e->at,
                                   .until = e->until,
                                   .vendor = of->vendor,
                                   .grant = e->grant,
                                   .key = e->machine,
                                   .seat = e->seat,
                                   .epoch = e->epoch,
                                   .serial = e->serial,
                                   .revision = e->revision,
                                   .bundle = REPORT_NONE,
                                   .position = e->position,
                                   .signer = of->signer};
    memcpy(h->license, e->license, sizeof h->license);
    memcpy(h->journal_word, e->what, sizeof h->journal_word);
    memcpy(h->note, e->note, sizeof h->note);
    return CARNET_OK;
}

static enum carnet_err take_journal(struct report *r, const struct inspect_facts *facts)
{
    enum carnet_err err = r->journal == NULL ? inspect_journal_new(&r->journal) : CARNET_OK;
    if (err == CARNET_OK)
        err = inspect_journal_take(r->journal, facts);
    for (size_t i = 0; i < facts->events && err == CARNET_OK; i++)
        err = take_event(r, &facts->layer[0].values, &facts->event[i].event);
    return err;
}

static bool is_good(const struct report *r, size_t file)
{
    return r->files.list[file].err == CARNET_OK;
}

/* Whoever wants to see a bundle is best sent to a file that is it, else to a good one that holds it. */
static void point_to_file(struct report *r, size_t outermost)
{
    const size_t file = r->files.count - 1;
    if (r->bundles.list[outermost]->copies == 0)
        r->bundles.list[outermost]->file = file;
    for (size_t i = r->bundles.list[outermost]->inner; i != REPORT_NONE; i = r->bundles.list[i]->inner) {
        struct report_bundle *b = r->bundles.list[i];
        if (b->copies == 0 && !is_good(r, b->file) && is_good(r, file))
            b->file = file;
    }
}

enum carnet_err report_take(struct report *r, const char *file, const struct examine_found *found,
                            const struct carnet_diag *diag, const struct inspect_facts *facts)
{
    size_t inner = REPORT_NONE, place = REPORT_NONE;
    enum carnet_err err = CARNET_OK;
    if (!REPORT_ROOM(r->files))
        return CARNET_NO_MEMORY;
    struct report_file *f = &r->files.list[r->files.count];
    *f = (struct report_file){.path = strdup(strcmp(file, "-") == 0 ? "standard input" : file),
                              .err = found->err,
                              .why = found->err == CARNET_OK ? NULL : malloc(sizeof *f->why),
                              .bundle = REPORT_NONE};
    r->files.count++;
    if (f->path == NULL || (found->err != CARNET_OK && f->why == NULL))
        return CARNET_NO_MEMORY;
    if (f->why != NULL)
        *f->why = *diag;
    if (facts == NULL)
        return CARNET_OK;
    f->digest = facts->file;
    for (size_t i = facts->layers; i-- > 0 && err == CARNET_OK;) {
        err = take_bundle(r, &facts->layer[i], r->files.count - 1, &place);
        if (err == CARNET_OK && r->bundles.list[place]->inner == REPORT_NONE && inner != place)
            r->bundles.list[place]->inner = inner;
        inner = place;
    }
    if (err != CARNET_OK || place == REPORT_NONE)
        return err;
    f->bundle = place;
    point_to_file(r, place);
    if (r->bundles.list[place]->copies++ > 0)
        return CARNET_OK;
    if (facts->events > 0)
        return take_journal(r, facts);
    return found->err == CARNET_REVOKED ? happen_void(r, r->bundles.list[place]) : CARNET_OK;
}

void report_clear(struct report *r)
{
    while (r->by_digest != NULL)
        (void)tdelete(*(void **)r->by_digest, &r->by_digest, by_bytes);
    for (size_t i = 0; i < r->files.count; i++)
        free(r->files.list[i].path), free(r->files.list[i].why);
    for (size_t i = 0; i < r->bundles.count; i++)
        bundle_free(r->bundles.list[i]);
    for (size_t i = 0; i < r->anomalies.count; i++)
        free(r->anomalies.list[i].text);
    free(r->files.list);
    free(r->bundles.list);
    free(r->happenings.list);
    free(r->grants.list);
    free(r->licenses.list);
    free(r->anomalies.list);
    inspect_journal_free(r->journal);
    *r = (struct report){0};
}

/* ---- words ---- */

const char *report_state_name(enum report_state state)
{
    static const char *const names[REPORT_STATES] = {"assigned", "active", "returned", "expired", "ended", "void"};
    return names[state];
}

const char *report_message(const struct report_file *f)
{
    if (f->why == NULL)
        return "";
    return f->why->detail[0] != '\0' ? f->why->detail : carnet_outcome_meaning(f->err);
}

const char *report_grade_name(enum report_grade grade)
{
    static const char *const names[] = {"note", "look", "serious"};
    return names[grade];
}

const char *report_time(int64_t time, char out[CARNET_UTC_SIZE])
{
    out[0] = '\0';
    if (time != FACTS_NO_TIME)
        carnet_utc_format(time, out);
    return out;
}

const char *report_day(int64_t time, char out[CARNET_UTC_SIZE])
{
    if (report_time(time, out)[0] != '\0' && time != CARNET_NEVER)
        out[10] = '\0';
    return out;
}

const char *report_status(const struct report *r, size_t bundle)
{
    static const char *const names[] = {"unverified", "self-asserted", "verified"};
    return bundle == REPORT_NONE ? "" : names[r->bundles.list[bundle]->values.status];
}

bool report_lives(const struct report_grant *g)
{
    return g->state != REPORT_ENDED && g->state != REPORT_EXPIRED && g->state != REPORT_VOID;
}

const char *report_counts(const struct report *r, char out[REPORT_COUNTS_SIZE])
{
    size_t counts[REPORT_SERIOUS + 1] = {0};
    for (size_t i = 0; i < r->anomalies.count; i++)
        counts[r->anomalies.list[i].grade]++;
    (void)snprintf(out, REPORT_COUNTS_SIZE, "%zu serious, %zu to look at, %zu noted", counts[REPORT_SERIOUS],
                   counts[REPORT_LOOK], counts[REPORT_NOTE]);
    return out;
}

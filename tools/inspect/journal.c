/* SPDX-License-Identifier: MIT */
/* Does the administrator's journal know this license or receipt? (spec/format.md, W-9) */
#include "inspect/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "inspect/pool.h"

struct segment {
    struct carnet_digest vendor, signer, previous;
    uint32_t first, last;
    struct carnet_digest *digests; /* of each position */
};

struct inspect_journal {
    struct segment *list; /* by vendor, signer and first position */
    size_t count;
    struct carnet_digest *issued; /* ids of bundles, sorted */
    size_t issued_count, issued_room;
};

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct carnet_digest));
}

static int by_place(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    int order = memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    if (order == 0)
        order = memcmp(&x->signer, &y->signer, sizeof x->signer);
    if (order == 0)
        order = x->first < y->first ? -1 : x->first > y->first;
    return order != 0 ? order : x->last < y->last ? -1 : x->last > y->last;
}

static bool same_chain(const struct segment *a, const struct segment *b)
{
    return carnet_digest_equal(&a->vendor, &b->vendor) && carnet_digest_equal(&a->signer, &b->signer);
}

void inspect_journal_free(struct inspect_journal *j)
{
    if (j == NULL)
        return;
    for (size_t i = 0; i < j->count; i++)
        free(j->list[i].digests);
    free(j->list);
    free(j->issued);
    free(j);
}

static enum carnet_err remember_issued(struct inspect_journal *j, const struct carnet_digest *id)
{
    if (j->issued_count == j->issued_room) {
        const size_t room = j->issued_room == 0 ? 256 : 2 * j->issued_room;
        struct carnet_digest *grown = reallocarray(j->issued, room, sizeof *grown);
        if (grown == NULL)
            return CARNET_NO_MEMORY;
        j->issued = grown;
        j->issued_room = room;
    }
    j->issued[j->issued_count++] = *id;
    return CARNET_OK;
}

enum carnet_err inspect_journal_new(struct inspect_journal **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? CARNET_NO_MEMORY : CARNET_OK;
}

/* The links were judged when the segment was read (W-2 to W-7). */
enum carnet_err inspect_journal_take(struct inspect_journal *j, const struct inspect_facts *facts)
{
    const struct facts_values *v = &facts->layer[0].values;
    if (facts->events == 0 || v->first == 0)
        return CARNET_OK; /* nothing that a cage would say */
    struct segment *grown = reallocarray(j->list, j->count + 1, sizeof *grown);
    if (grown == NULL)
        return CARNET_NO_MEMORY;
    j->list = grown;
    struct segment *s = &j->list[j->count];
    *s = (struct segment){.vendor = v->vendor,
                          .signer = v->signer,
                          .previous = v->previous,
                          .first = v->first,
                          .last = v->first + (uint32_t)facts->events - 1,
                          .digests = calloc(facts->events, sizeof *s->digests)};
    if (s->digests == NULL)
        return CARNET_NO_MEMORY;
    j->count++;
    for (size_t i = 0; i < facts->events; i++) {
        s->digests[i] = facts->event[i].link;
        if (strcmp(facts->event[i].event.what, "issued") == 0 &&
            remember_issued(j, &facts->event[i].event.bundle) != CARNET_OK)
            return CARNET_NO_MEMORY;
    }
    return CARNET_OK;
}

void inspect_journal_order(struct inspect_journal *j)
{
    if (j->count > 0)
        qsort(j->list, j->count, sizeof *j->list, by_place);
    if (j->issued_count > 0)
        qsort(j->issued, j->issued_count, sizeof *j->issued, by_digest);
}

/* The digest at a position of a segment, or of the link before it. */
static const struct carnet_digest *digest_at(const struct segment *s, uint32_t position)
{
    return position < s->first ? &s->previous : &s->digests[position - s->first];
}

uint32_t inspect_journal_fork(const struct inspect_journal *j)
{
    for (size_t i = 1; i < j->count; i++) {
        const struct segment *a = &j->list[i - 1], *b = &j->list[i];
        if (!same_chain(a, b) || b->first > a->last + 1)
            continue;
        const uint32_t end = a->last < b->last ? a->last : b->last;
        for (uint32_t position = b->first - 1; position <= end; position++) {
            if (!carnet_digest_equal(digest_at(a, position), digest_at(b, position)))
                return position;
        }
    }
    return 0;
}

void inspect_journal_gaps(const struct inspect_journal *j, inspect_journal_gap_fn *tell, void *context)
{
    uint32_t next = 1;
    for (size_t i = 0; i < j->count; i++) {
        const struct segment *s = &j->list[i];
        if (i == 0 || !same_chain(s, &j->list[i - 1]))
            next = 1;
        if (s->first > next)
            tell(context, &s->signer, next, s->first - 1);
        if (s->last + 1 > next)
            next = s->last + 1;
    }
}

size_t inspect_journal_count(const struct inspect_journal *j)
{
    return j->count;
}

/* ---- --journal ---- */

struct loading {
    struct cli *cli;
    struct inspect_journal *journal;
};

static enum carnet_err take_told(void *context, const char *file, const struct examine_found *found,
                                 const struct inspect_facts *facts)
{
    const struct loading *l = context;
    if (found->err == CARNET_OK && facts != NULL && facts->layers > 0)
        return inspect_journal_take(l->journal, facts);
    *cli_diag(l->cli) = found->diag;
    cli_place(l->cli, file);
    return found->err != CARNET_OK ? found->err : CARNET_BUG;
}

static enum carnet_err load_files(struct loading *l, struct pool *pool)
{
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < cli_values(l->cli, "journal") && err == CARNET_OK; i++) {
        const char *file = cli_value_at(l->cli, "journal", i);
        struct cli_bundle bundle = {0};
        err = cli_bundle_load(l->cli, file, &bundle);
        if (err == CARNET_OK)
            err = pool_look(pool, file, bundle.bytes.bytes, bundle.bytes.size, cli_diag(l->cli));
        cli_bundle_clear(&bundle);
    }
    return err == CARNET_OK ? pool_finish(pool, cli_diag(l->cli)) : err;
}

struct gaps {
    struct cli *cli;
    json_t *list;
    int bad;
};

static void tell_gap(void *context, const struct carnet_digest *signer, uint32_t first, uint32_t last)
{
    struct gaps *g = context;
    (void)signer;
    cli_warn(g->cli, "the journal has a gap: the events %" PRIu32 " to %" PRIu32 " were not given.", first, last);
    g->bad |=
        json_array_append_new(g->list, json_pack("{s:I, s:I}", "first", (json_int_t)first, "last", (json_int_t)last));
}

/* What lies between the segments of a chain, and before the first. */
static void tell_gaps(struct cli *cli, const struct inspect_journal *j)
{
    struct gaps gaps = {.cli = cli, .list = json_array()};
    gaps.bad = gaps.list == NULL;
    inspect_journal_gaps(j, tell_gap, &gaps);
    if (gaps.bad != 0) {
        json_decref(gaps.list);
        gaps.list = NULL; /* json_pack makes nothing of it then */
    }
    cli_set(cli, "journal", json_pack("{s:I, s:o}", "segments", (json_int_t)j->count, "gaps", gaps.list));
}

/* W-9: two segments that touch or overlap have one history. */
static enum carnet_err hold_together(struct cli *cli, const struct inspect_journal *j)
{
    const uint32_t position = inspect_journal_fork(j);
    if (position == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_FORKED, "W-9",
                      "The journals given tell two histories: they differ at position %" PRIu32 ".", position);
    return carnet_fail_next(cli_diag(cli), "Ask the administrator which one is true; one of them was rewritten, "
                                           "or comes from a restored ledger.");
}

enum carnet_err inspect_journal_load(struct cli *cli, const struct carnet_anchors *anchors,
                                     struct inspect_journal **out)
{
    const struct examine_terms terms = {
        .anchors = anchors, .expected = CARNET_KIND_BIT(CARNET_KIND_JOURNAL), .at = carnet_utc_now(), .facts = true};
    const struct worker_setting setting = {&terms, cli_flag(cli, "no-cage")};
    struct loading l = {.cli = cli};
    struct pool *pool = NULL;
    if (cli_values(cli, "journal") == 0)
        return CARNET_OK;
    enum carnet_err err = inspect_journal_new(&l.journal);
    if (err == CARNET_OK)
        err = pool_new(1, &setting, take_told, &l, &pool);
    if (err == CARNET_OK)
        err = load_files(&l, pool);
    pool_free(pool);
    if (err == CARNET_OK) {
        inspect_journal_order(l.journal);
        err = hold_together(cli, l.journal);
    }
    if (err == CARNET_OK) {
        tell_gaps(cli, l.journal);
        *out = l.journal;
        return CARNET_OK;
    }
    inspect_journal_free(l.journal);
    return err;
}

/* ---- judging ---- */

/* The segment of that chain with that position, or NULL. *any: is there one of that chain? */
static const struct segment *find(const struct inspect_journal *j, const struct segment *chain, uint32_t position,
                                  bool *any)
{
    const struct segment *found = NULL;
    for (size_t i = 0; i < j->count && found == NULL; i++) {
        const struct segment *s = &j->list[i];
        if (!same_chain(s, chain))
            continue;
        *any = true;
        if (position >= s->first && position <= s->last)
            found = s;
    }
    return found;
}

bool inspect_journal_has(const struct inspect_journal *j, const struct carnet_digest *vendor,
                         const struct carnet_digest *signer)
{
    const struct segment chain = {.vendor = *vendor, .signer = *signer};
    bool any = false;
    (void)find(j, &chain, 0, &any);
    return any;
}

enum carnet_err inspect_journal_knows(const struct inspect_journal *j, const struct journal_question *q,
                                      struct carnet_diag *diag)
{
    const char *kind = q->kind;
    const struct segment chain = {.vendor = q->vendor, .signer = q->signer};
    const struct carnet_journal_position *at = &q->at;
    bool any = false;
    const struct segment *s = find(j, &chain, at->position, &any);
    if (!any) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9", "No journal of the issuer of this %s was given.", kind);
        return carnet_fail_next(diag, "Give the journal of that issuer with --journal.");
    }
    if (s == NULL) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9",
                          "The %s names position %" PRIu32 " of the journal, which the segments given do not have.",
                          kind, at->position);
        return carnet_fail_next(diag, "Ask the administrator for the segment with that position.");
    }
    if (!carnet_digest_equal(digest_at(s, at->position), &at->digest)) {
        (void)carnet_fail(diag, CARNET_FORKED, "W-9",
                          "The %s names position %" PRIu32 " of another history than the journal tells.", kind,
                          at->position);
        return carnet_fail_next(diag,
                                "Ask the administrator: it was issued by another ledger with the same key, or the "
                                "journal was rewritten.");
    }
    if (j->issued_count > 0 && bsearch(&q->id, j->issued, j->issued_count, sizeof q->id, by_digest) != NULL)
        return CARNET_OK;
    any = false;
    if (find(j, &chain, at->position + 1, &any) == NULL) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9", "The journal ends before the event that issued this %s.",
                          kind);
        return carnet_fail_next(diag, "Ask the administrator for the segment that begins at position %" PRIu32 ".",
                                at->position + 1);
    }
    (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9", "The journal does not know this %s: no event issued it.", kind);
    return carnet_fail_next(diag, "Ask the administrator where it comes from; it is signed with the issuer's key, and "
                                  "not in the journal.");
}

static enum carnet_err judge_one(const struct inspect_journal *j, const struct carnet_judged *judged,
                                 const struct carnet_journal_position *at, struct carnet_diag *diag)
{
    const struct carnet_document *d = carnet_judged_document(judged);
    const struct journal_question q = {.kind = carnet_document_kind(d)->name,
                                       .vendor = *carnet_document_vendor(d),
                                       .signer = *carnet_judged_signer(judged),
                                       .id = *carnet_judged_id(judged),
                                       .at = *at};
    return inspect_journal_knows(j, &q, diag);
}

enum carnet_err inspect_journal_judge(const struct inspect_journal *j, const struct carnet_judged *judged,
                                      struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;
    for (; j != NULL && judged != NULL && err == CARNET_OK; judged = carnet_judged_embedded(judged)) {
        const struct carnet_document *d = carnet_judged_document(judged);
        const struct carnet_license *license = carnet_document_license(d);
        const struct carnet_receipt *receipt = carnet_document_receipt(d);
        if (license != NULL)
            err = judge_one(j, judged, &license->journal, diag);
        else if (receipt != NULL)
            err = judge_one(j, judged, &receipt->journal, diag);
    }
    return err;
}

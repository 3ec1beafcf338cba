/* SPDX-License-Identifier: MIT */
/* Does the administrator's journal know this license or receipt? (spec/format.md, W-9) */
#include "inspect/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "inspect/pool.h"

struct inspect_journal {
    struct carnet_chains chains;
    struct carnet_digest *issued; /* ids of bundles, sorted */
    size_t issued_count, issued_room;
};

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct carnet_digest));
}

void inspect_journal_free(struct inspect_journal *j)
{
    if (j == NULL)
        return;
    carnet_chains_clear(&j->chains);
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
    if (facts->events == 0 || v->first == 0 || v->first > UINT32_MAX - CARNET_EVENTS_MOST)
        return CARNET_OK; /* nothing that a cage would say */
    struct carnet_digest digests[CARNET_EVENTS_MOST];
    const struct carnet_segment s = {.vendor = v->vendor,
                                     .signer = v->signer,
                                     .previous = v->previous,
                                     .first = v->first,
                                     .last = v->first + (uint32_t)facts->events - 1,
                                     .digests = digests};
    for (size_t i = 0; i < facts->events; i++) {
        digests[i] = facts->event[i].link;
        if (strcmp(facts->event[i].event.what, "issued") == 0 &&
            remember_issued(j, &facts->event[i].event.bundle) != CARNET_OK)
            return CARNET_NO_MEMORY;
    }
    return carnet_chains_take(&j->chains, &s);
}

void inspect_journal_order(struct inspect_journal *j)
{
    carnet_chains_order(&j->chains);
    if (j->issued_count > 0)
        qsort(j->issued, j->issued_count, sizeof *j->issued, by_digest);
}

const struct carnet_chains *inspect_journal_chains(const struct inspect_journal *j)
{
    return &j->chains;
}

size_t inspect_journal_count(const struct inspect_journal *j)
{
    return j->chains.count;
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
    inspect_kind_advise(found->kind, "--journal", cli_diag(l->cli));
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
    carnet_chains_gaps(&j->chains, tell_gap, &gaps);
    if (gaps.bad != 0) {
        json_decref(gaps.list);
        gaps.list = NULL; /* json_pack makes nothing of it then */
    }
    cli_set(cli, "journal", json_pack("{s:I, s:o}", "segments", (json_int_t)j->chains.count, "gaps", gaps.list));
}

/* W-9: two segments that touch or overlap have one history. */
static enum carnet_err hold_together(struct cli *cli, const struct inspect_journal *j)
{
    const uint32_t position = carnet_chains_fork(&j->chains);
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

bool inspect_journal_has(const struct inspect_journal *j, const struct carnet_digest *vendor,
                         const struct carnet_digest *signer)
{
    bool any = false;
    (void)carnet_chains_find(&j->chains, vendor, signer, 0, &any);
    return any;
}

enum carnet_err inspect_journal_knows(const struct inspect_journal *j, const struct journal_question *q,
                                      struct carnet_diag *diag)
{
    const char *kind = q->kind;
    const struct carnet_journal_position *at = &q->at;
    bool any = false;
    const struct carnet_digest *known = carnet_chains_find(&j->chains, &q->vendor, &q->signer, at->position, &any);
    if (!any) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9", "No journal of the issuer of this %s was given.", kind);
        return carnet_fail_next(diag, "Give the journal of that issuer with --journal.");
    }
    if (known == NULL) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "W-9",
                          "The %s names position %" PRIu32 " of the journal, which the segments given do not have.",
                          kind, at->position);
        return carnet_fail_next(diag, "Ask the administrator for the segment with that position.");
    }
    if (!carnet_digest_equal(known, &at->digest)) {
        (void)carnet_fail(diag, CARNET_FORKED, "W-9",
                          "The %s names position %" PRIu32 " of another history than the journal tells.", kind,
                          at->position);
        return carnet_fail_next(diag,
                                "Ask the administrator: it was issued by another ledger with the same key, or the "
                                "journal was rewritten.");
    }
    if (j->issued_count > 0 && bsearch(&q->id, j->issued, j->issued_count, sizeof q->id, by_digest) != NULL)
        return CARNET_OK;
    if (carnet_chains_find(&j->chains, &q->vendor, &q->signer, at->position + 1, &any) == NULL) {
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

/* SPDX-License-Identifier: MIT */
/* verify --journal: does the administrator's journal know this license or receipt? (spec/format.md, W-9) */
#include "inspect/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "document/event.h"

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

/* The links were judged when the segment was read (W-2 to W-7). */
static enum carnet_err take_segment(struct inspect_journal *j, const struct carnet_journal *journal)
{
    struct segment *s = &j->list[j->count];
    struct carnet_digest link = journal->previous;
    const char *line = journal->lines;
    *s = (struct segment){.vendor = journal->vendor,
                          .signer = journal->signer,
                          .previous = journal->previous,
                          .first = journal->first,
                          .last = journal->last,
                          .digests = calloc(journal->count, sizeof *s->digests)};
    if (s->digests == NULL)
        return CARNET_NO_MEMORY;
    j->count++;
    for (uint32_t i = 0; i < journal->count; i++) {
        const size_t size = strcspn(line, "\n");
        struct carnet_event e = {0};
        enum carnet_err err = carnet_event_parse(line, size, &e);
        if (err == CARNET_OK && strcmp(e.what, "issued") == 0)
            err = remember_issued(j, &e.bundle);
        if (err != CARNET_OK)
            return err;
        carnet_event_link(&link, line, size, &link);
        s->digests[i] = link;
        line += size + 1;
    }
    return CARNET_OK;
}

/* The digest at a position of a segment, or of the link before it. */
static const struct carnet_digest *digest_at(const struct segment *s, uint32_t position)
{
    return position < s->first ? &s->previous : &s->digests[position - s->first];
}

/* W-9: two segments that touch or overlap have one history. */
static enum carnet_err hold_together(struct cli *cli, const struct inspect_journal *j)
{
    for (size_t i = 1; i < j->count; i++) {
        const struct segment *a = &j->list[i - 1], *b = &j->list[i];
        if (!same_chain(a, b) || b->first > a->last + 1)
            continue;
        const uint32_t end = a->last < b->last ? a->last : b->last;
        for (uint32_t position = b->first - 1; position <= end; position++) {
            if (carnet_digest_equal(digest_at(a, position), digest_at(b, position)))
                continue;
            (void)carnet_fail(cli_diag(cli), CARNET_FORKED, "W-9",
                              "The journals given tell two histories: they differ at position %" PRIu32 ".", position);
            return carnet_fail_next(cli_diag(cli),
                                    "Ask the administrator which one is true; one of them was rewritten, "
                                    "or comes from a restored ledger.");
        }
    }
    return CARNET_OK;
}

/* What lies between the segments of a chain, and before the first. */
static void tell_gaps(struct cli *cli, const struct inspect_journal *j)
{
    json_t *gaps = json_array();
    int bad = gaps == NULL;
    uint32_t next = 1;
    for (size_t i = 0; i < j->count; i++) {
        const struct segment *s = &j->list[i];
        if (i == 0 || !same_chain(s, &j->list[i - 1]))
            next = 1;
        if (s->first > next) {
            cli_warn(cli, "the journal has a gap: the events %" PRIu32 " to %" PRIu32 " were not given.", next,
                     s->first - 1);
            bad |= json_array_append_new(
                gaps, json_pack("{s:I, s:I}", "first", (json_int_t)next, "last", (json_int_t)s->first - 1));
        }
        if (s->last + 1 > next)
            next = s->last + 1;
    }
    if (bad != 0) {
        json_decref(gaps);
        gaps = NULL; /* json_pack makes nothing of it then */
    }
    cli_set(cli, "journal", json_pack("{s:I, s:o}", "segments", (json_int_t)j->count, "gaps", gaps));
}

enum carnet_err inspect_journal_load(struct cli *cli, const struct carnet_read_options *options,
                                     struct inspect_journal **out)
{
    const size_t count = cli_values(cli, "journal");
    struct carnet_read_options expected = *options;
    struct inspect_journal *j;
    enum carnet_err err = CARNET_OK;
    if (count == 0)
        return CARNET_OK;
    expected.expected = CARNET_KIND_BIT(CARNET_KIND_JOURNAL);
    j = calloc(1, sizeof *j);
    if (j == NULL || (j->list = calloc(count, sizeof *j->list)) == NULL)
        err = CARNET_NO_MEMORY;
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        struct cli_bundle bundle = {0};
        err = cli_bundle_read(cli, cli_value_at(cli, "journal", i), &expected, &bundle);
        if (err == CARNET_OK)
            err = take_segment(j, carnet_document_journal(carnet_reading_document(bundle.reading)));
        cli_bundle_clear(&bundle);
    }
    if (err == CARNET_OK) {
        qsort(j->list, j->count, sizeof *j->list, by_place);
        if (j->issued_count > 0)
            qsort(j->issued, j->issued_count, sizeof *j->issued, by_digest);
        err = hold_together(cli, j);
    }
    if (err == CARNET_OK) {
        tell_gaps(cli, j);
        *out = j;
        return CARNET_OK;
    }
    inspect_journal_free(j);
    return err;
}

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

static enum carnet_err judge_one(const struct inspect_journal *j, const struct carnet_judged *judged,
                                 const struct carnet_journal_position *at, struct carnet_diag *diag)
{
    const struct carnet_document *d = carnet_judged_document(judged);
    const char *kind = carnet_document_kind(d)->name;
    const struct segment chain = {.vendor = *carnet_document_vendor(d), .signer = *carnet_judged_signer(judged)};
    const struct carnet_digest *id = carnet_judged_id(judged);
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
    if (j->issued_count > 0 && bsearch(id, j->issued, j->issued_count, sizeof *id, by_digest) != NULL)
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

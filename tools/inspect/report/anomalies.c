/* SPDX-License-Identifier: MIT */
/* What is odd about all of it together, though each file by itself may be right. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/report/model.h"

#define SOON_DAYS 30

/* What a script is told of a serious one. */
static enum carnet_err outcome_of(const char *name)
{
    static const struct {
        const char *name;
        enum carnet_err err;
    } others[] = {{"key-of-two-roles", CARNET_UNTRUSTED_KEY},
                  {"machine-twice", CARNET_ALREADY_ASSIGNED},
                  {"not-in-journal", CARNET_NOT_VOUCHED},
                  {"revoked-key", CARNET_REVOKED},
                  {"too-many-seats", CARNET_BEYOND_ENTITLEMENT}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].name, name) == 0)
            return others[i].err;
    }
    return CARNET_FORKED;
}

struct found {
    enum report_grade grade;
    const char *name, *license;
    uint32_t seat;
    size_t bundles[2];
};

static size_t file_of(const struct report *r, size_t bundle)
{
    return bundle == REPORT_NONE ? REPORT_NONE : r->bundles.list[bundle]->file;
}

static void mark(struct report *r, size_t file)
{
    if (file != REPORT_NONE)
        r->files.list[file].anomalies++;
}

CARNET_PRINTF(3, 4)
static enum carnet_err add(struct report *r, const struct found *f, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    const int size = vasprintf(&text, format, args);
    va_end(args);
    if (size < 0 || !REPORT_ROOM(r->anomalies)) {
        if (size >= 0)
            free(text);
        return CARNET_NO_MEMORY;
    }
    struct report_anomaly *a = &r->anomalies.list[r->anomalies.count++];
    *a = (struct report_anomaly){.grade = f->grade,
                                 .name = f->name,
                                 .err = f->grade == REPORT_SERIOUS ? outcome_of(f->name) : CARNET_OK,
                                 .seat = f->seat,
                                 .text = text,
                                 .files = {file_of(r, f->bundles[0]), file_of(r, f->bundles[1])}};
    (void)snprintf(a->license, sizeof a->license, "%s", f->license);
    mark(r, a->files[0]);
    if (a->files[1] != a->files[0])
        mark(r, a->files[1]);
    return CARNET_OK;
}

static const char *label_of(const struct report_grant *g, char out[40])
{
    char hex[CARNET_HEX_SIZE];
    if (g->label[0] != '\0')
        return g->label;
    carnet_digest_hex(&g->key, hex);
    (void)snprintf(out, 40, "machine %.16s", hex);
    return out;
}

/* ---- seats ---- */

/* The grants of a license are in the order of their seats. */
static enum carnet_err judge_seats(struct report *r, const struct report_license *l)
{
    enum carnet_err err = CARNET_OK;
    char a_words[40], b_words[40];
    struct report_grant *last = NULL; /* the one before that lives */
    for (size_t i = l->first; i < l->first + l->count && err == CARNET_OK; i++) {
        struct report_grant *g = &r->grants.list[i];
        if (!report_lives(g) || g->seat == 0)
            continue;
        if (last != NULL && last->seat == g->seat && last->state != REPORT_RETURNED) {
            const struct found f = {REPORT_SERIOUS, "seat-twice", l->id, g->seat, {last->bundle, g->bundle}};
            last->disputed = g->disputed = true;
            err = add(r, &f, "Two grants hold seat %" PRIu32 " at once: %s and %s.", g->seat, label_of(last, a_words),
                      label_of(g, b_words));
        }
        last = g;
    }
    return err;
}

static int by_key(const void *a, const void *b)
{
    const struct report_grant *x = *(struct report_grant *const *)a, *y = *(struct report_grant *const *)b;
    const int order = memcmp(&x->key, &y->key, sizeof x->key);
    return order != 0 ? order : (x->seat > y->seat) - (x->seat < y->seat);
}

static int by_system(const void *a, const void *b)
{
    const struct report_grant *x = *(struct report_grant *const *)a, *y = *(struct report_grant *const *)b;
    const int order = memcmp(&x->system, &y->system, sizeof x->system);
    return order != 0 ? order : by_key(a, b);
}

static enum carnet_err same_machine(struct report *r, const struct report_license *l, struct report_grant *const *list,
                                    size_t count, bool system)
{
    enum carnet_err err = CARNET_OK;
    char words[40];
    for (size_t i = 1; i < count && err == CARNET_OK; i++) {
        const struct report_grant *a = list[i - 1], *b = list[i];
        const struct found f = {system ? REPORT_LOOK : REPORT_SERIOUS,
                                system ? "system-twice" : "machine-twice",
                                l->id,
                                b->seat,
                                {a->bundle, b->bundle}};
        const bool same_key = carnet_digest_equal(&a->key, &b->key);
        if (!system && same_key && !carnet_digest_is_zero(&a->key))
            err = add(r, &f, "One machine, %s, holds seats %" PRIu32 " and %" PRIu32 " at once.", label_of(b, words),
                      a->seat, b->seat);
        else if (system && !same_key && !carnet_digest_is_zero(&a->system) &&
                 carnet_digest_equal(&a->system, &b->system))
            err = add(r, &f,
                      "Seats %" PRIu32 " and %" PRIu32
                      " are held under two keys by systems with one UUID: one machine with two states, or a clone.",
                      a->seat, b->seat);
    }
    return err;
}

static enum carnet_err judge_machines(struct report *r, const struct report_license *l)
{
    struct report_grant **list = calloc(l->count + 1, REPORT_POINTER);
    size_t count = 0;
    if (list == NULL)
        return CARNET_NO_MEMORY;
    for (size_t i = l->first; i < l->first + l->count; i++) {
        struct report_grant *g = &r->grants.list[i];
        if (report_lives(g) && g->state != REPORT_RETURNED)
            list[count++] = g;
    }
    qsort(list, count, REPORT_POINTER, by_key);
    enum carnet_err err = same_machine(r, l, list, count, false);
    qsort(list, count, REPORT_POINTER, by_system);
    if (err == CARNET_OK)
        err = same_machine(r, l, list, count, true);
    free(list);
    return err;
}

static enum carnet_err judge_end(struct report *r, const struct report_license *l, const struct report_grant *g)
{
    char day[CARNET_UTC_SIZE], words[40];
    struct found f = {REPORT_LOOK, "expiring-soon", l->id, g->seat, {g->bundle, REPORT_NONE}};
    if (report_lives(g) && g->until != CARNET_NEVER && g->until != FACTS_NO_TIME &&
        g->until < r->at + SOON_DAYS * CARNET_DAY)
        return add(r, &f, "The license of %s ends on %s.", label_of(g, words), report_day(g->until, day));
    f.name = "not-freed";
    f.grade = REPORT_NOTE;
    if (g->state == REPORT_RETURNED)
        return add(r, &f, "%s has given its seat back, and nothing examined says that the administrator freed it.",
                   label_of(g, words));
    f.name = "no-license";
    if (report_lives(g) && g->bundle == REPORT_NONE)
        return add(r, &f, "The grant of %s lives, and its license was not among what was examined.",
                   label_of(g, words));
    return CARNET_OK;
}

static enum carnet_err judge_license(struct report *r, const struct report_license *l)
{
    const struct found f = {REPORT_SERIOUS, "too-many-seats", l->id, 0, {l->entitlement, REPORT_NONE}};
    enum carnet_err err = judge_seats(r, l);
    if (err == CARNET_OK)
        err = judge_machines(r, l);
    if (err == CARNET_OK && l->entitlement != REPORT_NONE && l->living > r->bundles.list[l->entitlement]->values.seats)
        err = add(r, &f, "%zu grants live, and the newest entitlement has %" PRIu32 " seats.", l->living,
                  r->bundles.list[l->entitlement]->values.seats);
    for (size_t i = l->first; i < l->first + l->count && err == CARNET_OK; i++)
        err = judge_end(r, l, &r->grants.list[i]);
    return err;
}

/* ---- histories that fork ---- */

static int by_signed(const void *a, const void *b)
{
    const struct facts_values *x = &(*(struct report_bundle *const *)a)->values,
                              *y = &(*(struct report_bundle *const *)b)->values;
    int order = memcmp(&x->signer, &y->signer, sizeof x->signer);
    if (order == 0)
        order = memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    if (order == 0)
        order = (x->sequence > y->sequence) - (x->sequence < y->sequence);
    return order != 0 ? order : memcmp(&x->id, &y->id, sizeof x->id);
}

static int by_place_in_journal(const void *a, const void *b)
{
    const struct facts_values *x = &(*(struct report_bundle *const *)a)->values,
                              *y = &(*(struct report_bundle *const *)b)->values;
    int order = memcmp(&x->signer, &y->signer, sizeof x->signer);
    if (order == 0)
        order = memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    if (order == 0)
        order = (x->position > y->position) - (x->position < y->position);
    return order != 0 ? order : memcmp(&x->journal, &y->journal, sizeof x->journal);
}

static int by_grant_license(const void *a, const void *b)
{
    const struct facts_values *x = &(*(struct report_bundle *const *)a)->values,
                              *y = &(*(struct report_bundle *const *)b)->values;
    int order = memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    if (order == 0)
        order = memcmp(&x->fingerprint, &y->fingerprint, sizeof x->fingerprint);
    if (order == 0)
        order = strcmp(x->license, y->license);
    if (order == 0)
        order = (x->epoch > y->epoch) - (x->epoch < y->epoch);
    if (order == 0)
        order = (x->serial > y->serial) - (x->serial < y->serial);
    return order != 0 ? order : memcmp(&x->id, &y->id, sizeof x->id);
}

static bool same_key_and_vendor(const struct facts_values *x, const struct facts_values *y)
{
    return carnet_digest_equal(&x->signer, &y->signer) && carnet_digest_equal(&x->vendor, &y->vendor);
}

static enum carnet_err judge_sequence(struct report *r, const struct report_bundle *a, const struct report_bundle *b)
{
    const struct facts_values *x = &a->values, *y = &b->values;
    const struct found f = {REPORT_SERIOUS, "clone", y->license, y->seat, {a->place, b->place}};
    char hex[CARNET_HEX_SIZE];
    if (x->sequence == 0 || !same_key_and_vendor(x, y) || carnet_digest_equal(&x->id, &y->id))
        return CARNET_OK;
    carnet_digest_hex(&y->signer, hex);
    if (x->sequence == y->sequence)
        return add(r, &f,
                   "The machine key %.16s signed two files with number %" PRIu32
                   ": its state was copied to another machine, or put back.",
                   hex, y->sequence);
    if (x->sequence + 1 == y->sequence && !carnet_digest_equal(&y->previous, &x->id))
        return add(r, &f,
                   "The machine key %.16s signed number %" PRIu32 " after another file than the number %" PRIu32
                   " that was examined: its state was copied, or put back.",
                   hex, y->sequence, x->sequence);
    return CARNET_OK;
}

static enum carnet_err judge_position(struct report *r, const struct report_bundle *a, const struct report_bundle *b)
{
    const struct facts_values *x = &a->values, *y = &b->values;
    const struct found f = {REPORT_SERIOUS, "journal-forked", y->license, y->seat, {a->place, b->place}};
    if (x->position == 0 || x->position != y->position || !same_key_and_vendor(x, y) ||
        carnet_digest_equal(&x->journal, &y->journal))
        return CARNET_OK;
    return add(r, &f,
               "Two files name position %" PRIu32
               " of the administrator's journal with different digests: two ledgers signed with one key.",
               y->position);
}

static enum carnet_err judge_serial(struct report *r, const struct report_bundle *a, const struct report_bundle *b)
{
    const struct facts_values *x = &a->values, *y = &b->values;
    const struct found f = {REPORT_SERIOUS, "grant-forked", y->license, y->seat, {a->place, b->place}};
    if (strcmp(x->kind, "license") != 0 || strcmp(y->kind, "license") != 0 || x->epoch != y->epoch ||
        x->serial != y->serial || !carnet_digest_equal(&x->vendor, &y->vendor) ||
        !carnet_digest_equal(&x->fingerprint, &y->fingerprint) || strcmp(x->license, y->license) != 0 ||
        carnet_digest_equal(&x->id, &y->id))
        return CARNET_OK;
    return add(r, &f,
               "Two different licenses are the one numbered epoch %" PRIu32 ", serial %" PRIu32 " of their grant.",
               y->epoch, y->serial);
}

typedef int order_fn(const void *, const void *);
typedef enum carnet_err pair_fn(struct report *, const struct report_bundle *, const struct report_bundle *);
typedef bool take_fn(const struct facts_values *);

static bool by_machine(const struct facts_values *v)
{
    return v->sequence > 0;
}
static bool by_issuer(const struct facts_values *v)
{
    return v->sequence == 0 && v->position > 0 && strcmp(v->kind, "journal") != 0;
}
static bool is_license(const struct facts_values *v)
{
    return strcmp(v->kind, "license") == 0;
}

/* Holds each against its neighbour in an order in which those that could contradict each other are neighbours. */
static enum carnet_err judge_pairs(struct report *r, take_fn *take, order_fn *order, pair_fn *judge)
{
    struct report_bundle **list = calloc(r->bundles.count + 1, REPORT_POINTER);
    enum carnet_err err = list == NULL ? CARNET_NO_MEMORY : CARNET_OK;
    size_t count = 0;
    for (size_t i = 0; i < r->bundles.count && err == CARNET_OK; i++) {
        struct report_bundle *b = r->bundles.list[i];
        if (b->values.status != FACTS_UNVERIFIED && take(&b->values))
            list[count++] = b;
    }
    if (count > 0)
        qsort(list, count, REPORT_POINTER, order);
    for (size_t i = 1; i < count && err == CARNET_OK; i++)
        err = judge(r, list[i - 1], list[i]);
    free(list);
    return err;
}

/* ---- the journal ---- */

struct gap_context {
    struct report *r;
    enum carnet_err err;
};

static void tell_gap(void *context, const struct carnet_digest *signer, uint32_t first, uint32_t last)
{
    struct gap_context *g = context;
    const struct found f = {REPORT_LOOK, "journal-gap", "", 0, {REPORT_NONE, REPORT_NONE}};
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(signer, hex);
    if (g->err == CARNET_OK)
        g->err = add(g->r, &f, "The events %" PRIu32 " to %" PRIu32 " of the journal of issuer %.16s were not given.",
                     first, last, hex);
}

static bool is_issued(const struct facts_values *v)
{
    return strcmp(v->kind, "license") == 0 || strcmp(v->kind, "receipt") == 0;
}

static bool same_issuer(const struct report_bundle *a, const struct report_bundle *b)
{
    return carnet_digest_equal(&a->values.signer, &b->values.signer) &&
           carnet_digest_equal(&a->values.vendor, &b->values.vendor);
}

/* One anomaly for each issuer of whom there is no journal, and not one for each of its files. */
static enum carnet_err tell_without_journal(struct report *r, struct report_bundle *const *list, size_t count)
{
    enum carnet_err err = CARNET_OK;
    char hex[CARNET_HEX_SIZE];
    for (size_t i = 0, end; i < count && err == CARNET_OK; i = end) {
        const struct found f = {REPORT_LOOK, "not-in-journal", "", 0, {list[i]->place, REPORT_NONE}};
        for (end = i + 1; end < count && same_issuer(list[i], list[end]);)
            end++;
        carnet_digest_hex(&list[i]->values.signer, hex);
        err = add(r, &f,
                  "No journal of issuer %.16s was given: %zu of its licenses and receipts %s not held against one.",
                  hex, end - i, end - i == 1 ? "was" : "were");
    }
    return err;
}

static enum carnet_err judge_without_journal(struct report *r)
{
    struct report_bundle **list = calloc(r->bundles.count + 1, REPORT_POINTER);
    size_t count = 0;
    if (list == NULL)
        return CARNET_NO_MEMORY;
    for (size_t i = 0; i < r->bundles.count; i++) {
        const struct facts_values *v = &r->bundles.list[i]->values;
        if (v->status == FACTS_VERIFIED && is_issued(v) && !inspect_journal_has(r->journal, &v->vendor, &v->signer))
            list[count++] = r->bundles.list[i];
    }
    qsort(list, count, REPORT_POINTER, by_place_in_journal);
    const enum carnet_err err = tell_without_journal(r, list, count);
    free(list);
    return err;
}

static enum carnet_err judge_bundle_by_journal(struct report *r, const struct report_bundle *b)
{
    const struct facts_values *v = &b->values;
    const struct journal_question q = {v->kind, v->vendor, v->signer, v->id, {v->position, v->journal}};
    struct found f = {REPORT_SERIOUS, "not-in-journal", v->license, v->seat, {b->place, REPORT_NONE}};
    struct carnet_diag diag = {0};
    if (v->status != FACTS_VERIFIED || !is_issued(v) || r->journal == NULL ||
        !inspect_journal_has(r->journal, &v->vendor, &v->signer))
        return CARNET_OK;
    const enum carnet_err err = inspect_journal_knows(r->journal, &q, &diag);
    if (err == CARNET_OK)
        return CARNET_OK;
    if (err == CARNET_FORKED)
        f.name = "journal-forked";
    else if (strstr(diag.detail, "does not know") == NULL)
        f.grade = REPORT_LOOK; /* the segments do not reach that far */
    return add(r, &f, "%s", diag.detail);
}

static enum carnet_err judge_revision(struct report *r, const struct report_bundle *b)
{
    const struct facts_values *v = &b->values;
    const struct found f = {REPORT_LOOK, "older-revision", v->license, v->seat, {b->place, REPORT_NONE}};
    struct report_license key = {.vendor = v->vendor};
    if (v->status != FACTS_VERIFIED || strcmp(v->kind, "entitlement") != 0 || b->copies == 0)
        return CARNET_OK;
    (void)snprintf(key.id, sizeof key.id, "%s", v->license);
    for (size_t i = 0; i < r->licenses.count; i++) {
        const struct report_license *l = &r->licenses.list[i];
        if (strcmp(l->id, key.id) != 0 || !carnet_digest_equal(&l->vendor, &key.vendor) || l->known <= v->revision)
            continue;
        return add(r, &f, "Revision %" PRIu32 " of the entitlement; the journal has taken revision %" PRIu32 ".",
                   v->revision, l->known);
    }
    return CARNET_OK;
}

static enum carnet_err judge_journal(struct report *r)
{
    const struct found f = {REPORT_SERIOUS, "journal-forked", "", 0, {REPORT_NONE, REPORT_NONE}};
    struct gap_context gaps = {r, CARNET_OK};
    if (r->journal == NULL || inspect_journal_count(r->journal) == 0)
        return CARNET_OK;
    carnet_chains_gaps(inspect_journal_chains(r->journal), tell_gap, &gaps);
    if (gaps.err == CARNET_OK)
        gaps.err = judge_without_journal(r);
    const uint32_t fork = carnet_chains_fork(inspect_journal_chains(r->journal));
    if (gaps.err == CARNET_OK && fork != 0)
        gaps.err = add(r, &f, "The journals given tell two histories: they differ at position %" PRIu32 ".", fork);
    return gaps.err;
}

/* A living license whose entitlement is older than the newest one. */
static enum carnet_err judge_age(struct report *r, const struct report_license *l)
{
    const uint32_t examined = l->entitlement == REPORT_NONE ? 0 : r->bundles.list[l->entitlement]->values.revision;
    const uint32_t newest = l->known > examined ? l->known : examined;
    enum carnet_err err = CARNET_OK;
    for (size_t i = l->first; i < l->first + l->count && err == CARNET_OK; i++) {
        const struct report_grant *g = &r->grants.list[i];
        const struct found f = {REPORT_NOTE, "older-revision", l->id, g->seat, {g->bundle, REPORT_NONE}};
        if (!report_lives(g) || g->bundle == REPORT_NONE || r->bundles.list[g->bundle]->values.revision >= newest)
            continue;
        err = add(r, &f, "The license rests on revision %" PRIu32 "; %s revision %" PRIu32 ".",
                  r->bundles.list[g->bundle]->values.revision,
                  newest == l->known ? "the journal has taken" : "there is", newest);
    }
    return err;
}

/* ---- all of it ---- */

/* A key has one role for life. */
static enum carnet_err judge_roles(struct report *r)
{
    const struct found none = {REPORT_SERIOUS, "key-of-two-roles", "", 0, {REPORT_NONE, REPORT_NONE}};
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < r->bundles.count && err == CARNET_OK; i++) {
        const struct report_bundle *b = r->bundles.list[i];
        struct found f = none;
        f.license = b->values.license;
        f.seat = b->values.seat;
        f.bundles[0] = b->place;
        const struct carnet_kind *kind = carnet_kind_find(b->values.kind);
        if (b->values.status == FACTS_UNVERIFIED || kind == NULL || kind->signer != CARNET_ROLE_MACHINE)
            continue;
        for (size_t k = 0; k < r->licenses.count && err == CARNET_OK; k++) {
            const size_t e = r->licenses.list[k].entitlement;
            if (e == REPORT_NONE || (!carnet_digest_equal(&r->bundles.list[e]->values.key, &b->values.signer) &&
                                     !carnet_digest_equal(&r->bundles.list[e]->values.signer, &b->values.signer)))
                continue;
            err = add(r, &f, "A machine signs with a key that is also the vendor's or the administrator's.");
            break;
        }
    }
    return err;
}

static bool was_given(const struct report *r, const struct report_bundle *b)
{
    const struct inspect_trust *trust = &r->survey->trust;
    for (size_t i = 0; i < trust->anchors.trust_count; i++) {
        struct carnet_digest whole;
        size_t size = 0;
        const uint8_t *bytes = carnet_reading_bytes(trust->information[i].reading, &size);
        carnet_sha256(bytes, size, &whole);
        if (carnet_digest_equal(&whole, &b->values.bytes))
            return true;
    }
    return false;
}

/* Trust information revokes nothing here unless the auditor gives it: a stick says whom it likes. */
static enum carnet_err judge_trust(struct report *r)
{
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < r->bundles.count && err == CARNET_OK; i++) {
        const struct report_bundle *b = r->bundles.list[i];
        const struct found f = {REPORT_LOOK, "trust-not-given", "", 0, {i, REPORT_NONE}};
        if (b->copies > 0 && b->values.status == FACTS_VERIFIED && strcmp(b->values.kind, "trust") == 0 &&
            !was_given(r, b))
            err = add(r, &f,
                      "The vendor's trust information is among the files, and what it revokes was not looked "
                      "at: give the newest one with --trust.");
    }
    return err;
}

static enum carnet_err judge_files(struct report *r)
{
    const struct found copies = {REPORT_NOTE, "many-copies", "", 0, {REPORT_NONE, REPORT_NONE}};
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < r->files.count && err == CARNET_OK; i++) {
        const struct report_file *file = &r->files.list[i];
        struct found f = copies;
        f.bundles[0] = file->bundle;
        if (file->err == CARNET_REVOKED) {
            f.grade = REPORT_SERIOUS;
            f.name = "revoked-key";
            if (file->bundle != REPORT_NONE) {
                f.license = r->bundles.list[file->bundle]->values.license;
                f.seat = r->bundles.list[file->bundle]->values.seat;
            }
            err = add(r, &f, "%s", report_message(file));
        }
    }
    for (size_t i = 0; i < r->bundles.count && err == CARNET_OK; i++) {
        struct found f = copies;
        f.bundles[0] = i;
        f.license = r->bundles.list[i]->values.license;
        f.seat = r->bundles.list[i]->values.seat;
        if (r->bundles.list[i]->copies > 1)
            err = add(r, &f, "%zu files are the same bundle, byte for byte.", r->bundles.list[i]->copies);
    }
    return err;
}

/* The most serious first; else as they were found. */
static int by_grade(const void *a, const void *b)
{
    const struct report_anomaly *x = a, *y = b;
    int order = (y->grade > x->grade) - (y->grade < x->grade);
    if (order == 0)
        order = strcmp(x->name, y->name);
    if (order == 0)
        order = strcmp(x->license, y->license);
    if (order == 0)
        order = (x->seat > y->seat) - (x->seat < y->seat);
    return order != 0 ? order : strcmp(x->text, y->text);
}

enum carnet_err report_find_anomalies(struct report *r)
{
    enum carnet_err err = judge_pairs(r, by_machine, by_signed, judge_sequence);
    if (err == CARNET_OK)
        err = judge_pairs(r, by_issuer, by_place_in_journal, judge_position);
    if (err == CARNET_OK)
        err = judge_pairs(r, is_license, by_grant_license, judge_serial);
    if (err == CARNET_OK)
        err = judge_journal(r);
    for (size_t i = 0; i < r->bundles.count && err == CARNET_OK; i++) {
        err = judge_bundle_by_journal(r, r->bundles.list[i]);
        if (err == CARNET_OK)
            err = judge_revision(r, r->bundles.list[i]);
    }
    for (size_t i = 0; i < r->licenses.count && err == CARNET_OK; i++) {
        err = judge_license(r, &r->licenses.list[i]);
        if (err == CARNET_OK)
            err = judge_age(r, &r->licenses.list[i]);
    }
    if (err == CARNET_OK)
        err = judge_roles(r);
    if (err == CARNET_OK)
        err = judge_trust(r);
    if (err == CARNET_OK)
        err = judge_files(r);
    if (err == CARNET_OK && r->anomalies.count > 0)
        qsort(r->anomalies.list, r->anomalies.count, sizeof *r->anomalies.list, by_grade);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* Who has which seat: grants, pieced together from licenses, what came back, and the journal. */
#include <stdlib.h>
#include <string.h>

#include "inspect/report/model.h"

static int compare(const void *a, const void *b, size_t size, int before)
{
    return before != 0 ? before : memcmp(a, b, size);
}

static int by_number(int64_t a, int64_t b, int before)
{
    return before != 0 ? before : (a > b) - (a < b);
}

/* By what they are about, in the order in which they happened. */
static int by_grant(const void *a, const void *b)
{
    const struct report_happening *x = a, *y = b;
    int order = compare(&x->vendor, &y->vendor, sizeof x->vendor, 0);
    if (order == 0)
        order = strcmp(x->license, y->license);
    order = compare(&x->grant, &y->grant, sizeof x->grant, order);
    order = by_number(x->at, y->at, order);
    order = by_number(x->position, y->position, order);
    return by_number((int64_t)x->bundle, (int64_t)y->bundle, order);
}

static int by_time(const void *a, const void *b)
{
    const struct report_happening *x = a, *y = b;
    int order = by_number(x->at, y->at, 0);
    order = by_number(x->position, y->position, order);
    return by_number((int64_t)x->bundle, (int64_t)y->bundle, order);
}

static int by_seat(const void *a, const void *b)
{
    const struct report_grant *x = a, *y = b;
    int order = compare(&x->vendor, &y->vendor, sizeof x->vendor, 0);
    if (order == 0)
        order = strcmp(x->license, y->license);
    order = by_number(x->seat, y->seat, order);
    order = by_number(x->since, y->since, order);
    return compare(&x->id, &y->id, sizeof x->id, order);
}

static bool same_event(const struct report_happening *a, const struct report_happening *b)
{
    return a->position != 0 && a->position == b->position && carnet_digest_equal(&a->signer, &b->signer) &&
           carnet_digest_equal(&a->vendor, &b->vendor) && a->at == b->at &&
           strcmp(a->journal_word, b->journal_word) == 0 && carnet_digest_equal(&a->grant, &b->grant);
}

/* Segments may overlap: each event counts once. */
static void drop_repeated(struct report *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->happenings.count; i++) {
        if (kept == 0 || !same_event(&r->happenings.list[kept - 1], &r->happenings.list[i]))
            r->happenings.list[kept++] = r->happenings.list[i];
    }
    r->happenings.count = kept;
}

static bool is(const struct report_happening *h, const char *kind, const char *event)
{
    return h->position == 0 ? strcmp(h->what, kind) == 0 : strcmp(h->journal_word, event) == 0;
}

static void end_grant(struct report_grant *g, const struct report_happening *h, enum facts_word how)
{
    if (g->state != REPORT_ENDED || h->at < g->ended)
        g->ended = h->at;
    g->state = REPORT_ENDED;
    if (g->end == FACTS_NONE || h->position == 0)
        g->end = how;
}

static bool is_newer(const struct report_grant *g, const struct report_happening *h)
{
    return h->epoch > g->epoch || (h->epoch == g->epoch && h->serial >= g->serial);
}

static void begin_or_renew(const struct report *r, struct report_grant *g, const struct report_happening *h)
{
    if (g->since == FACTS_NO_TIME || h->at < g->since)
        g->since = h->at;
    if (!is_newer(g, h))
        return;
    g->epoch = h->epoch;
    g->serial = h->serial;
    if (h->until != FACTS_NO_TIME)
        g->until = h->until;
    if (h->bundle != REPORT_NONE) {
        g->bundle = h->bundle;
        g->system = r->bundles.list[h->bundle]->values.system;
    }
}

static bool is_void(const struct report_happening *h)
{
    return h->word == FACTS_REVOKED && is(h, "license", "");
}

/* What a void license claims, as long as nothing that counts is known of the grant. */
static void apply_void(const struct report *r, struct report_grant *g, const struct report_happening *h)
{
    if (g->state != REPORT_VOID && (g->seat != 0 || g->since != FACTS_NO_TIME))
        return;
    *g = (struct report_grant){.vendor = g->vendor,
                               .id = g->id,
                               .key = h->key,
                               .seat = h->seat,
                               .epoch = h->epoch,
                               .serial = h->serial,
                               .since = h->at,
                               .until = h->until,
                               .ended = FACTS_NO_TIME,
                               .state = REPORT_VOID,
                               .bundle = h->bundle,
                               .label = r->bundles.list[h->bundle]->label};
    memcpy(g->license, h->license, sizeof g->license);
}

/* Something that counts, after a void license. */
static void forget_void(struct report_grant *g)
{
    g->state = REPORT_ASSIGNED;
    g->seat = g->epoch = g->serial = 0;
    g->since = g->until = FACTS_NO_TIME;
    g->bundle = REPORT_NONE;
    g->label = "";
}

static void apply(const struct report *r, struct report_grant *g, const struct report_happening *h)
{
    if (is_void(h)) {
        apply_void(r, g, h);
        return;
    }
    if (g->state == REPORT_VOID)
        forget_void(g);
    if (h->seat != 0 && g->seat == 0)
        g->seat = h->seat;
    if (!carnet_digest_is_zero(&h->key))
        g->key = h->key;
    if (h->bundle != REPORT_NONE && r->bundles.list[h->bundle]->label[0] != '\0')
        g->label = r->bundles.list[h->bundle]->label;
    if (is(h, "license", "assign") || is(h, "", "renew") || is(h, "", "relearned"))
        begin_or_renew(r, g, h);
    else if (is(h, "activation", "activated") && g->state == REPORT_ASSIGNED)
        g->state = REPORT_ACTIVE;
    else if (is(h, "release", "") && g->state != REPORT_ENDED)
        g->state = REPORT_RETURNED;
    else if (is(h, "receipt", "free"))
        end_grant(g, h, h->position == 0 ? h->word : FACTS_FREED);
    else if (is(h, "", "replace") || is(h, "", "replace-lost"))
        end_grant(g, h, FACTS_REPLACED);
    else if (is(h, "", "revoke"))
        end_grant(g, h, FACTS_REVOKED);
    g->lost = g->lost || is(h, "", "replace-lost");
}

static bool same_grant(const struct report_happening *a, const struct report_happening *b)
{
    return carnet_digest_equal(&a->vendor, &b->vendor) && strcmp(a->license, b->license) == 0 &&
           carnet_digest_equal(&a->grant, &b->grant);
}

static enum carnet_err make_grants(struct report *r)
{
    for (size_t i = 0, end; i < r->happenings.count; i = end) {
        const struct report_happening *h = &r->happenings.list[i];
        for (end = i + 1; end < r->happenings.count && same_grant(h, &r->happenings.list[end]);)
            end++;
        if (carnet_digest_is_zero(&h->grant) || h->license[0] == '\0')
            continue;
        if (!REPORT_ROOM(r->grants))
            return CARNET_NO_MEMORY;
        struct report_grant *g = &r->grants.list[r->grants.count++];
        *g = (struct report_grant){.vendor = h->vendor,
                                   .id = h->grant,
                                   .since = FACTS_NO_TIME,
                                   .until = FACTS_NO_TIME,
                                   .ended = FACTS_NO_TIME,
                                   .bundle = REPORT_NONE,
                                   .label = ""};
        memcpy(g->license, h->license, sizeof g->license);
        for (size_t k = i; k < end; k++)
            apply(r, g, &r->happenings.list[k]);
        if (report_lives(g) && g->until != FACTS_NO_TIME && g->until < r->at)
            g->state = REPORT_EXPIRED;
    }
    if (r->grants.count > 0)
        qsort(r->grants.list, r->grants.count, sizeof *r->grants.list, by_seat);
    return CARNET_OK;
}

/* ---- licenses ---- */

static int by_license(const void *a, const void *b)
{
    const struct report_license *x = a, *y = b;
    const int order = memcmp(&x->vendor, &y->vendor, sizeof x->vendor);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static enum carnet_err add_license(struct report *r, const struct carnet_digest *vendor, const char *id)
{
    if (!REPORT_ROOM(r->licenses))
        return CARNET_NO_MEMORY;
    struct report_license *l = &r->licenses.list[r->licenses.count++];
    *l = (struct report_license){.vendor = *vendor, .entitlement = REPORT_NONE};
    (void)snprintf(l->id, sizeof l->id, "%s", id);
    return CARNET_OK;
}

static struct report_license *find_license(const struct report *r, const struct report_happening *h)
{
    struct report_license key = {.vendor = h->vendor};
    memcpy(key.id, h->license, sizeof key.id);
    return r->licenses.count == 0
               ? NULL
               : bsearch(&key, r->licenses.list, r->licenses.count, sizeof *r->licenses.list, by_license);
}

/* Every license of which anything was examined, once. The happenings are by license still. */
static enum carnet_err name_licenses(struct report *r)
{
    const struct report_happening *last = NULL;
    for (size_t i = 0; i < r->happenings.count; i++) {
        const struct report_happening *h = &r->happenings.list[i];
        if (h->license[0] == '\0' ||
            (last != NULL && carnet_digest_equal(&last->vendor, &h->vendor) && strcmp(last->license, h->license) == 0))
            continue;
        last = h;
        if (add_license(r, &h->vendor, h->license) != CARNET_OK)
            return CARNET_NO_MEMORY;
    }
    return CARNET_OK; /* in order, since the happenings are */
}

static void learn_revisions(struct report *r)
{
    for (size_t i = 0; i < r->happenings.count; i++) {
        const struct report_happening *h = &r->happenings.list[i];
        struct report_license *l = h->license[0] != '\0' ? find_license(r, h) : NULL;
        if (l == NULL)
            continue;
        if (h->position != 0 && strcmp(h->journal_word, "import") == 0 && h->revision > l->known)
            l->known = h->revision;
        if (h->position == 0 && strcmp(h->what, "entitlement") == 0 &&
            (l->entitlement == REPORT_NONE ||
             r->bundles.list[l->entitlement]->values.revision < r->bundles.list[h->bundle]->values.revision))
            l->entitlement = h->bundle;
    }
}

static void share_grants(struct report *r)
{
    for (size_t i = 0, k = 0; i < r->licenses.count; i++) {
        struct report_license *l = &r->licenses.list[i];
        l->first = k;
        for (; k < r->grants.count && carnet_digest_equal(&r->grants.list[k].vendor, &l->vendor) &&
               strcmp(r->grants.list[k].license, l->id) == 0;
             k++) {
            l->living += report_lives(&r->grants.list[k]);
            l->count++;
        }
    }
}

enum carnet_err report_order(struct report *r)
{
    if (r->journal != NULL)
        inspect_journal_order(r->journal);
    if (r->happenings.count > 0)
        qsort(r->happenings.list, r->happenings.count, sizeof *r->happenings.list, by_grant);
    drop_repeated(r);
    enum carnet_err err = make_grants(r);
    if (err == CARNET_OK)
        err = name_licenses(r);
    if (err != CARNET_OK)
        return err;
    learn_revisions(r);
    share_grants(r);
    if (r->happenings.count > 0)
        qsort(r->happenings.list, r->happenings.count, sizeof *r->happenings.list, by_time);
    return CARNET_OK;
}

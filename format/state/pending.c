/* SPDX-License-Identifier: MIT */
#include "state/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/private.h"

#define HANDED "at"

static bool is_file(const char *file, struct carnet_sent_name *sent, enum carnet_kind_id *kind)
{
    static const enum carnet_kind_id kinds[] = {CARNET_KIND_FINGERPRINT, CARNET_KIND_ACTIVATION, CARNET_KIND_RELEASE,
                                                CARNET_KIND_CLOCKREQUEST};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && carnet_sent_parse(file, sent); i++) {
        *kind = kinds[i];
        if (strcmp(carnet_kind_get(kinds[i])->name, sent->kind) == 0)
            return true;
    }
    return false;
}

static void name_of_note(const struct carnet_digest *vendor, uint32_t sequence, char out[CARNET_STATE_NAME_SIZE])
{
    char rest[64];
    (void)snprintf(rest, sizeof rest, "sent/%08u.handed", sequence);
    carnet_state_name(out, vendor, rest);
}

static const struct carnet_sequence *sequence_of(const struct carnet_document *d)
{
    const struct carnet_fingerprint *f = carnet_document_fingerprint(d);
    const struct carnet_activation *a = carnet_document_activation(d);
    const struct carnet_release *r = carnet_document_release(d);
    const struct carnet_clockrequest *q = carnet_document_clockrequest(d);
    return f != NULL   ? &f->sequence
           : a != NULL ? &a->sequence
           : r != NULL ? &r->sequence
           : q != NULL ? &q->sequence
                       : NULL;
}

void carnet_state_handed(const struct carnet_state *state, const struct carnet_reading *reading, int64_t now)
{
    const struct carnet_document *d = carnet_reading_document(reading);
    const struct carnet_sequence *sequence = d == NULL ? NULL : sequence_of(d);
    char name[CARNET_STATE_NAME_SIZE];
    if (sequence == NULL)
        return;
    name_of_note(carnet_document_vendor(d), sequence->sequence, name);
    carnet_state_set_note(state, name, HANDED, now);
}

/* The license that a bundle rests on, or NULL. */
static const struct carnet_license *license_of(const struct carnet_reading *reading)
{
    const struct carnet_reading *embedded = carnet_reading_embedded(reading);
    const struct carnet_document *d = embedded == NULL ? NULL : carnet_reading_document(embedded);
    return d == NULL ? NULL : carnet_document_license(d);
}

void carnet_sent_label(const struct carnet_reading *reading, char out[CARNET_SENT_LABEL_SIZE])
{
    const struct carnet_document *d = carnet_reading_document(reading);
    const struct carnet_fingerprint *f = d == NULL ? NULL : carnet_document_fingerprint(d);
    const struct carnet_license *l = license_of(reading);
    out[0] = '\0';
    if (f != NULL)
        (void)snprintf(out, CARNET_SENT_LABEL_SIZE, "%s",
                       f->label[0] != '\0'    ? f->label
                       : f->product_count > 0 ? f->products[0].id
                       : f->renew_count > 0   ? f->renews[0].license
                                              : "machine");
    else if (l != NULL && l->machine_label[0] != '\0')
        (void)snprintf(out, CARNET_SENT_LABEL_SIZE, "%s", l->machine_label);
    else if (l != NULL)
        (void)snprintf(out, CARNET_SENT_LABEL_SIZE, "%s-%u", l->grant.license, l->grant.seat);
}

/* ---- what is answered ---- */

static bool is_grant(const struct carnet_grant_name *a, const struct carnet_grant_name *b)
{
    return strcmp(a->license, b->license) == 0 && carnet_digest_equal(&a->fingerprint, &b->fingerprint);
}

static void grant_name(const struct carnet_grant *grant, struct carnet_grant_name *out)
{
    memcpy(out->license, grant->license, sizeof out->license);
    out->fingerprint = grant->fingerprint;
}

/* One vendor, while it is looked through. */
struct looking {
    const struct carnet_state *state;
    const struct carnet_digest *vendor;
    struct carnet_state_grant *grants;
    size_t grant_count;
    struct carnet_floors floors;
    int64_t now;
    struct carnet_pending *list; /* of the vendors before, and of this one from the newest on */
    size_t count, first;
};

static const struct carnet_state_grant *find_grant(const struct looking *l, const struct carnet_grant_name *name)
{
    for (size_t i = 0; i < l->grant_count; i++)
        if (is_grant(&l->grants[i].name, name))
            return &l->grants[i];
    return NULL;
}

static const struct carnet_license *installed(const struct carnet_state_grant *grant)
{
    const struct carnet_document *d = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    return d == NULL ? NULL : carnet_document_license(d);
}

/* Did a license come for the grant that was made after the fingerprint, and from it? */
static bool is_renewed(const struct looking *l, const struct carnet_grant_name *name,
                       const struct carnet_fingerprint *f)
{
    const struct carnet_state_grant *grant = find_grant(l, name);
    if (grant == NULL || grant->released || grant->ended)
        return true;
    const struct carnet_license *now = installed(grant);
    return now != NULL && now->journal.position > f->journal.position && carnet_facts_equal(&now->facts, &f->facts);
}

static bool is_answered(const struct looking *l, const struct carnet_pending *p)
{
    bool answered = p->fingerprint->renew;
    for (uint32_t i = 0; i < p->fingerprint->renew_count; i++)
        answered = answered && is_renewed(l, &p->fingerprint->renews[i], p->fingerprint);
    for (size_t i = 0; i < l->grant_count; i++)
        answered = answered || carnet_digest_equal(&l->grants[i].name.fingerprint, &p->id);
    return answered;
}

static bool has_renewal(const struct carnet_fingerprint *f, const struct carnet_grant_name *name)
{
    for (uint32_t i = 0; i < f->renew_count; i++)
        if (is_grant(&f->renews[i], name))
            return true;
    return false;
}

/* Does the later fingerprint ask for all that this one asks for? */
static bool is_superseded(const struct carnet_fingerprint *f, const struct carnet_fingerprint *later)
{
    bool all = f->renew == later->renew && f->has_user == later->has_user &&
               (!f->has_user || carnet_digest_equal(&f->user, &later->user));
    for (uint32_t i = 0; all && i < f->product_count; i++)
        all = carnet_fingerprint_asks_for(later, f->products[i].id);
    for (uint32_t i = 0; all && i < f->renew_count; i++)
        all = has_renewal(later, &f->renews[i]);
    return all;
}

/* ---- one file ---- */

static void clear(struct carnet_pending *p)
{
    carnet_reading_free(p->reading);
    carnet_buffer_clear(&p->bytes);
}

/* Reads what the file says, as far as it can be read. */
static enum carnet_err read_file(const struct looking *l, const char *file, struct carnet_pending *p)
{
    const struct carnet_read_options options = {.anchors = &l->state->view};
    p->err = carnet_sent_read(l->state, l->vendor, file, &p->id, &p->bytes, &p->diag);
    if (p->err != CARNET_OK)
        return p->err == CARNET_NO_MEMORY ? p->err : CARNET_OK;
    enum carnet_err err = carnet_reading_open(p->bytes.bytes, p->bytes.size, &options, &p->reading, NULL);
    if (p->reading == NULL)
        return err;
    const struct carnet_document *d = carnet_reading_document(p->reading);
    p->fingerprint = d == NULL ? NULL : carnet_document_fingerprint(d);
    p->license = license_of(p->reading);
    if (d != NULL && carnet_document_clockrequest(d) != NULL)
        grant_name(&carnet_document_clockrequest(d)->grant, &p->grant);
    return CARNET_OK;
}

/* May it still be pending, by its name alone? */
static bool may_wait(const struct looking *l, const struct carnet_sent_name *sent, struct carnet_pending *p)
{
    const struct carnet_state_grant *grant = NULL;
    if (p->kind == CARNET_KIND_FINGERPRINT)
        return true;
    if (p->kind == CARNET_KIND_CLOCKREQUEST) {
        for (size_t i = l->first; i < l->count; i++)
            if (l->list[i].kind == p->kind)
                return false;
        return sent->sequence > l->floors.answered && l->floors.local_floor > l->now;
    }
    if (!carnet_state_grant_parse(sent->name, sent->name_length, &p->grant))
        return false;
    for (size_t i = l->first; i < l->count; i++)
        if (l->list[i].kind == p->kind && is_grant(&l->list[i].grant, &p->grant))
            return false;
    grant = find_grant(l, &p->grant);
    return grant == NULL || (!grant->ended && (p->kind == CARNET_KIND_RELEASE || !grant->released));
}

/* And by what it says? */
static bool waits(const struct looking *l, const struct carnet_pending *p)
{
    if (p->kind == CARNET_KIND_ACTIVATION && p->reading != NULL) {
        const struct carnet_state_grant *grant = find_grant(l, &p->grant);
        const struct carnet_document *d = carnet_reading_document(p->reading);
        const struct carnet_judged *judged =
            grant == NULL || grant->reading == NULL ? NULL : carnet_reading_judged(grant->reading);
        return d == NULL || judged == NULL ||
               carnet_digest_equal(&carnet_document_activation(d)->license, carnet_judged_id(judged));
    }
    return p->fingerprint == NULL || !is_answered(l, p);
}

static enum carnet_err add(struct looking *l, struct carnet_pending *p)
{
    struct carnet_pending *grown = realloc(l->list, (l->count + 1) * sizeof *grown);
    if (grown == NULL)
        return CARNET_NO_MEMORY;
    l->list = grown;
    grown[l->count++] = *p;
    *p = (struct carnet_pending){0};
    return CARNET_OK;
}

/* What the later fingerprints ask for. */
struct later {
    struct carnet_fingerprint *list;
    size_t count;
};

static bool asks_again(const struct later *later, const struct carnet_fingerprint *f)
{
    for (size_t i = 0; i < later->count; i++)
        if (is_superseded(f, &later->list[i]))
            return true;
    return false;
}

static enum carnet_err remember(struct later *later, const struct carnet_fingerprint *f)
{
    struct carnet_fingerprint *grown = realloc(later->list, (later->count + 1) * sizeof *grown);
    if (grown == NULL)
        return CARNET_NO_MEMORY;
    later->list = grown;
    grown[later->count++] = *f;
    return CARNET_OK;
}

static enum carnet_err look_at_file(struct looking *l, const char *file, struct later *later)
{
    struct carnet_sent_name sent;
    struct carnet_pending p = {.vendor = *l->vendor};
    char rest[CARNET_STATE_NAME_SIZE], note[CARNET_STATE_NAME_SIZE];
    bool again = false;
    if (!is_file(file, &sent, &p.kind) || !may_wait(l, &sent, &p))
        return CARNET_OK;
    p.sequence = sent.sequence;
    (void)snprintf(rest, sizeof rest, "sent/%s", file);
    carnet_state_name(p.name, l->vendor, rest);
    name_of_note(l->vendor, p.sequence, note);
    p.handed = carnet_state_note(l->state, note, HANDED);
    enum carnet_err err = read_file(l, file, &p);
    if (err == CARNET_OK && p.fingerprint != NULL) {
        again = asks_again(later, p.fingerprint);
        err = again ? CARNET_OK : remember(later, p.fingerprint);
    }
    if (err == CARNET_OK && !again && waits(l, &p))
        err = add(l, &p);
    clear(&p);
    return err;
}

/* From the newest on: what a later fingerprint asks for too is not asked for twice, answered or not. */
static enum carnet_err look_at_vendor(struct looking *l, struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    struct later later = {0};
    enum carnet_err err = carnet_state_floors(l->state, l->vendor, &l->floors, diag);
    if (err == CARNET_OK)
        err = carnet_state_grants(l->state, l->vendor, &l->grants, &l->grant_count, diag);
    if (err == CARNET_OK)
        err = carnet_sent_list(l->state, l->vendor, &names, diag);
    for (size_t i = names.count; err == CARNET_OK && i > 0; i--) {
        err = look_at_file(l, names.list[i - 1], &later);
        if (err == CARNET_NO_MEMORY)
            err = carnet_fail(diag, err, "", "There is not enough memory to read what was signed.");
    }
    carnet_state_grants_free(l->grants, l->grant_count);
    carnet_state_names_clear(&names);
    free(later.list);
    return err;
}

void carnet_state_pending_free(struct carnet_pending *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        clear(&list[i]);
    free(list);
}

static int compare(const void *a, const void *b)
{
    const struct carnet_pending *left = a, *right = b;
    const int order = memcmp(left->vendor.bytes, right->vendor.bytes, CARNET_DIGEST_SIZE);
    return order != 0 ? order : (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

enum carnet_err carnet_state_pending(const struct carnet_state *state, const struct carnet_digest *vendor, int64_t now,
                                     struct carnet_pending **out, size_t *count, struct carnet_diag *diag)
{
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    struct carnet_pending *list = NULL;
    size_t found = 0;
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; err == CARNET_OK && i < anchors->count; i++) {
        struct looking l = {.state = state,
                            .vendor = &anchors->list[i].vendor,
                            .now = now,
                            .list = list,
                            .count = found,
                            .first = found};
        if (vendor != NULL && !carnet_digest_equal(vendor, l.vendor))
            continue;
        err = look_at_vendor(&l, diag);
        list = l.list;
        found = l.count;
    }
    if (err != CARNET_OK) {
        carnet_state_pending_free(list, found);
        return err;
    }
    if (found > 1)
        qsort(list, found, sizeof *list, compare);
    *out = list;
    *count = found;
    return CARNET_OK;
}

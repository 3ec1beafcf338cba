/* SPDX-License-Identifier: MIT */
#include "rules/judge.h"

#include <stdlib.h>
#include <string.h>

struct carnet_judged {
    const struct carnet_document *document;
    const struct carnet_judged *embedded;
};

static const struct carnet_digest *signer_of(const struct carnet_document *d)
{
    return carnet_signed_signer(carnet_intact_signed(carnet_trusted_intact(carnet_document_trusted(d))));
}

#define BEYOND(clause, ...) carnet_fail(diag, CARNET_BEYOND_ENTITLEMENT, clause, __VA_ARGS__)

/* J-5. */
static enum carnet_err judge_features(const struct carnet_features *given, const struct carnet_features *entitled,
                                      struct carnet_diag *diag)
{
    for (uint32_t i = 0; i < given->count; i++) {
        const struct carnet_feature *feature = &given->list[i], *found = NULL;
        for (uint32_t k = 0; k < entitled->count && found == NULL; k++)
            if (strcmp(entitled->list[k].name, feature->name) == 0)
                found = &entitled->list[k];
        if (found == NULL)
            return BEYOND("J-5", "The license gives the feature '%s', which the entitlement does not.", feature->name);
        if (strcmp(found->value, feature->value) != 0)
            return BEYOND("J-5", "The license gives the feature '%s' with the value '%s', the entitlement with '%s'.",
                          feature->name, feature->value, found->value);
    }
    return CARNET_OK;
}

/* J-6 to J-8 and J-10. */
static enum carnet_err judge_times(const struct carnet_license *l, const struct carnet_entitlement *e,
                                   struct carnet_diag *diag)
{
    char given[CARNET_UTC_SIZE], most[CARNET_UTC_SIZE];
    if (l->not_after > e->not_after) {
        carnet_utc_format(l->not_after, given);
        carnet_utc_format(e->not_after, most);
        return BEYOND("J-6", "The license is valid to %s, the entitlement only to %s.", given, most);
    }
    if (e->lease_days != CARNET_NO_LEASE) {
        int64_t last = carnet_utc_add_days(l->issued, e->lease_days);
        if (l->lease_until > last) {
            carnet_utc_format(l->lease_until, given);
            carnet_utc_format(last, most);
            return BEYOND("J-7", "The license's lease runs to %s; the entitlement's %u days from its issue end at %s.",
                          given, e->lease_days, most);
        }
    }
    int64_t last = carnet_utc_add_days(l->issued, e->activate_within_days);
    if (l->activate_by > last) {
        carnet_utc_format(l->activate_by, given);
        carnet_utc_format(last, most);
        return BEYOND("J-8",
                      "The license may be activated until %s; the entitlement's %u days from its issue end at %s.",
                      given, e->activate_within_days, most);
    }
    if (l->issued < e->issued) {
        carnet_utc_format(l->issued, given);
        carnet_utc_format(e->issued, most);
        return BEYOND("J-10", "The license was issued at %s, before its entitlement of %s.", given, most);
    }
    return CARNET_OK;
}

/* J-9. */
static enum carnet_err judge_matching(const struct carnet_matching *given, const struct carnet_matching *entitled,
                                      struct carnet_diag *diag)
{
    if (given->threshold != entitled->threshold)
        return BEYOND("J-9", "The license's threshold is %u %%, the entitlement's %u %%.", given->threshold,
                      entitled->threshold);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        if (given->points[i] != entitled->points[i])
            return BEYOND("J-9", "The license weighs the fact '%s' with %u points, the entitlement with %u.",
                          carnet_fact_name((enum carnet_fact_name)i), given->points[i], entitled->points[i]);
    return CARNET_OK;
}

enum carnet_err carnet_judge_license(const struct carnet_license *l, const struct carnet_entitlement *e,
                                     struct carnet_diag *diag)
{
    if (strcmp(l->grant.license, e->license) != 0)
        return BEYOND("J-2", "The license is of '%s', its entitlement of '%s'.", l->grant.license, e->license);
    if (strcmp(l->product, e->product) != 0)
        return BEYOND("J-2", "The license is for the product '%s', its entitlement for '%s'.", l->product, e->product);
    if (strcmp(l->edition, e->edition) != 0)
        return BEYOND("J-2", "The license is for the edition '%s', its entitlement for '%s'.", l->edition, e->edition);
    if (strcmp(l->licensee, e->licensee) != 0)
        return BEYOND("J-2", "The license names another licensee than its entitlement.");
    if (!e->offline_allowed)
        return BEYOND("J-3", "The entitlement does not allow '%s' to be used offline.", e->license);
    if (l->grant.seat > e->seats)
        return BEYOND("J-4", "The license is for seat %u, but there are only %u.", l->grant.seat, e->seats);
    enum carnet_err err = judge_features(&l->features, &e->features, diag);
    if (err == CARNET_OK)
        err = judge_times(l, e, diag);
    if (err == CARNET_OK)
        err = judge_matching(&l->matching, &e->matching, diag);
    return err;
}

/* J-1. */
static enum carnet_err judge_reference(const struct carnet_digest *id, uint32_t revision,
                                       const struct carnet_judged *embedded, struct carnet_diag *diag)
{
    const struct carnet_entitlement *e = carnet_judged_entitlement(embedded);
    if (!carnet_digest_equal(id, carnet_judged_id(embedded)))
        return BEYOND("J-1",
                      "The file rests on another entitlement than the one it holds (revision %u named, %u held).",
                      revision, e->revision);
    if (revision != e->revision)
        return BEYOND("J-1", "The file names revision %u of the entitlement, but the one it holds is revision %u.",
                      revision, e->revision);
    return CARNET_OK;
}

/* T-5, for the machine key that a license or a receipt names: it is neither the issuer's nor the root's. */
static enum carnet_err judge_machine_key(const struct carnet_digest *machine_key, const struct carnet_document *d,
                                         const struct carnet_anchors *anchors, const struct carnet_judged *embedded,
                                         struct carnet_diag *diag)
{
    const char *whose = NULL;
    if (carnet_digest_equal(machine_key, signer_of(d)))
        whose = "the administrator's issuer key";
    else if (carnet_digest_equal(machine_key, carnet_judged_signer(embedded)) ||
             carnet_digest_equal(machine_key, carnet_document_vendor(d)))
        whose = "the vendor's root key";
    if (whose == NULL)
        return carnet_trust_one_role(machine_key, CARNET_ROLE_MACHINE, anchors, diag);
    return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5", "The %s names %s as the key of a machine.",
                       carnet_document_kind(d)->name, whose);
}

/* J-2, as far as it holds for a receipt and a clock. */
static enum carnet_err judge_license_id(const struct carnet_document *d, const struct carnet_grant *grant,
                                        const struct carnet_judged *embedded, struct carnet_diag *diag)
{
    const struct carnet_entitlement *e = carnet_judged_entitlement(embedded);
    if (strcmp(grant->license, e->license) != 0)
        return BEYOND("J-2", "The %s is of '%s', its entitlement of '%s'.", carnet_document_kind(d)->name,
                      grant->license, e->license);
    return CARNET_OK;
}

static enum carnet_err judge_receipt(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                     const struct carnet_judged *embedded, struct carnet_diag *diag)
{
    const struct carnet_receipt *r = carnet_document_receipt(d);
    enum carnet_err err = judge_machine_key(&r->machine_key, d, anchors, embedded, diag);
    if (err == CARNET_OK)
        err = judge_reference(&r->entitlement, r->revision, embedded, diag);
    return err == CARNET_OK ? judge_license_id(d, &r->grant, embedded, diag) : err;
}

static enum carnet_err judge_clock(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                   const struct carnet_judged *embedded, struct carnet_diag *diag)
{
    const struct carnet_clock *c = carnet_document_clock(d);
    enum carnet_err err = judge_machine_key(&c->machine_key, d, anchors, embedded, diag);
    if (err == CARNET_OK)
        err = judge_reference(&c->entitlement, c->revision, embedded, diag);
    return err == CARNET_OK ? judge_license_id(d, &c->grant, embedded, diag) : err;
}

/* J-11 and J-12: what a machine says of a license names the license that it holds, and that one's grant. */
static enum carnet_err judge_repeats(const struct carnet_document *d, const char *clause, const struct carnet_grant *a,
                                     const struct carnet_digest *license, const struct carnet_judged *embedded,
                                     struct carnet_diag *diag)
{
    const struct carnet_grant *b = &carnet_document_license(carnet_judged_document(embedded))->grant;
    const char *kind = carnet_document_kind(d)->name;
    if (!carnet_digest_equal(license, carnet_judged_id(embedded)))
        return carnet_fail(diag, CARNET_MALFORMED, clause, "The %s names another license than the one it holds.", kind);
    if (strcmp(a->license, b->license) != 0 || !carnet_digest_equal(&a->fingerprint, &b->fingerprint) ||
        a->epoch != b->epoch || a->serial != b->serial || a->seat != b->seat)
        return carnet_fail(diag, CARNET_MALFORMED, clause, "The %s names another grant than the license that it holds.",
                           kind);
    return CARNET_OK;
}

/* J-12 and J-13. */
static enum carnet_err judge_activation(const struct carnet_document *d, const struct carnet_judged *embedded,
                                        struct carnet_diag *diag)
{
    const struct carnet_activation *a = carnet_document_activation(d);
    const struct carnet_facts *facts = &carnet_document_license(carnet_judged_document(embedded))->facts;
    bool held[CARNET_FACT_COUNT] = {false};
    enum carnet_err err = judge_repeats(d, "J-12", &a->grant, &a->license, embedded, diag);
    if (err != CARNET_OK)
        return err;
    for (uint32_t i = 0; i < facts->count; i++)
        held[facts->list[i].name] = true;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        if (held[i] != (a->match[i] != CARNET_FACT_NOT_HELD))
            return carnet_fail(diag, CARNET_MALFORMED, "J-13",
                               held[i] ? "The activation does not say how the fact '%s' of its license stood."
                                       : "The activation speaks of the fact '%s', which its license does not hold.",
                               carnet_fact_name((enum carnet_fact_name)i));
    return CARNET_OK;
}

/* J-1 and W-8. */
static enum carnet_err judge_journal(const struct carnet_document *d, const struct carnet_judged *embedded,
                                     struct carnet_diag *diag)
{
    const struct carnet_journal *j = carnet_document_journal(d);
    enum carnet_err err = judge_reference(&j->entitlement, j->revision, embedded, diag);
    if (err == CARNET_OK && !carnet_digest_equal(&j->signer, signer_of(d)))
        err = carnet_fail(diag, CARNET_MALFORMED, "W-8",
                          "The journal is of the chain of another key than the one that signed it.");
    return err;
}

/* T-5, for the keys that an entitlement names: the issuer is not a root. */
static enum carnet_err judge_entitlement(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                         struct carnet_diag *diag)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(d);
    const struct carnet_digest *root = signer_of(d);
    if (carnet_digest_equal(&e->issuer, root) || carnet_digest_equal(&e->issuer, &e->vendor))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                           "The entitlement names the vendor's root key as its issuer.");
    return carnet_trust_one_role(&e->issuer, CARNET_ROLE_ISSUER, anchors, diag);
}

/* T-5, for a key that asks to be an issuer: it is not the vendor's root, and follows on no root. */
static enum carnet_err judge_keyrequest(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                        struct carnet_diag *diag)
{
    const struct carnet_keyrequest *k = carnet_document_keyrequest(d);
    if (carnet_digest_equal(signer_of(d), &k->vendor))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                           "The key that asks to be an issuer is the vendor's root.");
    if (!k->has_replaced)
        return CARNET_OK;
    if (carnet_digest_equal(signer_of(d), &k->replaced))
        return carnet_fail(diag, CARNET_MALFORMED, "B-1", "The key request names its own key as the one it replaces.");
    if (carnet_digest_equal(&k->replaced, &k->vendor))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                           "The key request names the vendor's root as the issuer key it replaces.");
    return carnet_trust_one_role(&k->replaced, CARNET_ROLE_ISSUER, anchors, diag);
}

/* T-5, for the roots that trust information and links name. */
static enum carnet_err judge_trust(const struct carnet_document *d, const struct carnet_anchors *anchors,
                                   struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_document_trust(d);
    const uint32_t count = t->is_link ? 0 : t->generation;
    enum carnet_err err = CARNET_OK;
    for (uint32_t i = 0; err == CARNET_OK && i < count; i++)
        err = carnet_trust_one_role(&t->roots[i], CARNET_ROLE_ROOT, anchors, diag);
    return err == CARNET_OK && t->has_next ? carnet_trust_one_role(&t->next, CARNET_ROLE_ROOT, anchors, diag) : err;
}

/* U-13: an entitlement may ask for trust information that is new enough; whoever has none knows the first root: 1.0. */
static enum carnet_err judge_least_trust(const struct carnet_entitlement *e, const struct carnet_anchors *anchors,
                                         struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_trust_of(anchors, &e->vendor);
    const uint32_t generation = t == NULL ? 1 : t->generation, number = t == NULL ? 0 : t->number;
    if (!e->has_least_trust || generation > e->least_trust_generation ||
        (generation == e->least_trust_generation && number >= e->least_trust_number))
        return CARNET_OK;
    carnet_fail(diag, CARNET_NOT_VOUCHED, "U-13",
                "The entitlement asks for trust information of version %u.%u or later; known here is %u.%u.",
                e->least_trust_generation, e->least_trust_number, generation, number);
    return carnet_fail_next(diag, "Get the vendor's newest trust file and take it with 'trust add FILE'.");
}

/* U-11 and U-12, for a license. */
static enum carnet_err judge_revoked_grant(const struct carnet_license *l, const struct carnet_anchors *anchors,
                                           struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_trust_of(anchors, &l->vendor);
    for (uint32_t i = 0; t != NULL && i < t->lists->grant_count; i++)
        if (strcmp(t->lists->grants[i].license, l->grant.license) == 0 &&
            carnet_digest_equal(&t->lists->grants[i].fingerprint, &l->grant.fingerprint))
            return carnet_fail(diag, CARNET_REVOKED, "U-11", "The vendor has revoked this grant of %s.",
                               l->grant.license);
    for (uint32_t i = 0; t != NULL && i < t->lists->revision_count; i++)
        if (strcmp(t->lists->revisions[i].license, l->grant.license) == 0 && l->revision < t->lists->revisions[i].least)
            return carnet_fail(diag, CARNET_SUPERSEDED, "U-12",
                               "The license rests on revision %u of %s, and the vendor accepts none before %u.",
                               l->revision, l->grant.license, t->lists->revisions[i].least);
    return CARNET_OK;
}

enum carnet_err carnet_judge(const struct carnet_document *d, const struct carnet_anchors *anchors,
                             struct carnet_judged **out, struct carnet_diag *diag)
{
    const struct carnet_trusted *trusted = carnet_document_trusted(d);
    if (trusted == NULL)
        return carnet_fail(diag, CARNET_BUG, "", "A document that nobody verified was to be judged.");
    const struct carnet_judged *embedded = carnet_trusted_embedded(trusted);
    const struct carnet_digest *vendor = carnet_trusted_vendor(trusted);
    if (vendor != NULL && !carnet_digest_equal(vendor, carnet_document_vendor(d))) {
        char named[CARNET_HEX_SIZE], anchor[CARNET_HEX_SIZE];
        carnet_digest_hex(carnet_document_vendor(d), named);
        carnet_digest_hex(vendor, anchor);
        return carnet_fail(diag, CARNET_WRONG_VENDOR, "T-6",
                           "The %s names the vendor %s, but it is signed for the vendor %s.",
                           carnet_document_kind(d)->name, named, anchor);
    }

    enum carnet_err err = CARNET_OK;
    switch (carnet_document_kind(d)->id) {
    case CARNET_KIND_ENTITLEMENT:
        err = judge_entitlement(d, anchors, diag);
        if (err == CARNET_OK)
            err = judge_least_trust(carnet_document_entitlement(d), anchors, diag);
        break;
    case CARNET_KIND_LICENSE: {
        const struct carnet_license *l = carnet_document_license(d);
        err = judge_machine_key(&l->machine_key, d, anchors, embedded, diag);
        if (err == CARNET_OK)
            err = judge_reference(&l->entitlement, l->revision, embedded, diag);
        if (err == CARNET_OK)
            err = carnet_judge_license(l, carnet_judged_entitlement(embedded), diag);
        if (err == CARNET_OK)
            err = judge_revoked_grant(l, anchors, diag);
        break;
    }
    case CARNET_KIND_RELEASE:
        err = judge_repeats(d, "J-11", &carnet_document_release(d)->grant, &carnet_document_release(d)->license,
                            embedded, diag);
        break;
    case CARNET_KIND_ACTIVATION:
        err = judge_activation(d, embedded, diag);
        break;
    case CARNET_KIND_CLOCKREQUEST:
        err = judge_repeats(d, "J-12", &carnet_document_clockrequest(d)->grant,
                            &carnet_document_clockrequest(d)->license, embedded, diag);
        break;
    case CARNET_KIND_CLOCK:
        err = judge_clock(d, anchors, embedded, diag);
        break;
    case CARNET_KIND_RECEIPT:
        err = judge_receipt(d, anchors, embedded, diag);
        break;
    case CARNET_KIND_JOURNAL:
        err = judge_journal(d, embedded, diag);
        break;
    case CARNET_KIND_KEYREQUEST:
        err = judge_keyrequest(d, anchors, diag);
        break;
    case CARNET_KIND_TRUST:
        err = judge_trust(d, anchors, diag);
        break;
    case CARNET_KIND_FINGERPRINT:
    case CARNET_KIND_COUNT:
        break;
    }
    if (err != CARNET_OK)
        return err;

    struct carnet_judged *j = malloc(sizeof(*j));
    if (j == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
    *j = (struct carnet_judged){.document = d, .embedded = embedded};
    *out = j;
    return CARNET_OK;
}

void carnet_judged_free(struct carnet_judged *j)
{
    free(j);
}

const struct carnet_document *carnet_judged_document(const struct carnet_judged *j)
{
    return j->document;
}

const struct carnet_intact *carnet_judged_intact(const struct carnet_judged *j)
{
    return carnet_trusted_intact(carnet_document_trusted(j->document));
}

const struct carnet_digest *carnet_judged_id(const struct carnet_judged *j)
{
    return carnet_intact_id(carnet_judged_intact(j));
}

const struct carnet_digest *carnet_judged_signer(const struct carnet_judged *j)
{
    return carnet_signed_signer(carnet_intact_signed(carnet_judged_intact(j)));
}

const struct carnet_judged *carnet_judged_embedded(const struct carnet_judged *j)
{
    return j->embedded;
}

const struct carnet_entitlement *carnet_judged_entitlement(const struct carnet_judged *j)
{
    while (j->embedded != NULL)
        j = j->embedded;
    return carnet_document_entitlement(j->document);
}

/* SPDX-License-Identifier: MIT */
#include "rules/trust.h"

#include <stdlib.h>

#include "document/document.h"
#include "rules/judge.h"

struct carnet_trusted {
    const struct carnet_intact *intact;
    const struct carnet_kind *kind;
    const struct carnet_judged *embedded;
    bool has_vendor;
    struct carnet_digest vendor;
};

static const struct carnet_digest *signer_of(const struct carnet_intact *intact)
{
    return carnet_signed_signer(carnet_intact_signed(intact));
}

/* What to do about a key in the wrong place: never to trust it. */
static enum carnet_err advise_wrong_key(struct carnet_diag *diag)
{
    (void)carnet_fail_next(diag, "Do not use it; ask who sent it, and do not add the key with 'trust add'.");
    return CARNET_UNTRUSTED_KEY;
}

/* The vendor whose root that is by the trust information that is known, or NULL. */
static const struct carnet_digest *later_root_of(const struct carnet_anchors *anchors, const struct carnet_digest *key)
{
    for (size_t i = 0; i < anchors->trust_count; i++)
        for (uint32_t k = 0; k < anchors->trust[i]->generation; k++)
            if (carnet_digest_equal(key, &anchors->trust[i]->roots[k]))
                return &anchors->trust[i]->vendor;
    return NULL;
}

enum carnet_err carnet_trust_one_role(const struct carnet_digest *key, enum carnet_role role,
                                      const struct carnet_anchors *anchors, struct carnet_diag *diag)
{
    if (anchors == NULL)
        return CARNET_OK;
    enum carnet_role other = role;
    for (size_t i = 0; i < anchors->count && other == role; i++)
        if (carnet_digest_equal(key, &anchors->list[i].root))
            other = CARNET_ROLE_ROOT;
    if (role != CARNET_ROLE_ROOT && later_root_of(anchors, key) != NULL)
        other = CARNET_ROLE_ROOT;
    for (size_t i = 0; i < anchors->known_count && other == role; i++)
        if (carnet_digest_equal(key, &anchors->known[i].id))
            other = anchors->known[i].role;
    if (other == role)
        return CARNET_OK;
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(key, hex);
    carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                "The key %s is used here as the key of %s, but it is known as the key of %s.", hex,
                carnet_role_holder(role), carnet_role_holder(other));
    return advise_wrong_key(diag);
}

/* T-5, within the chain of bundles: the signer, and the issuer that an entitlement names, differ from every key of
 * another role. */
static enum carnet_err one_role_in_chain(const struct carnet_digest *signer, enum carnet_role role,
                                         const struct carnet_judged *embedded, struct carnet_diag *diag)
{
    for (const struct carnet_judged *j = embedded; j != NULL; j = carnet_judged_embedded(j)) {
        enum carnet_role other = carnet_document_kind(carnet_judged_document(j))->signer;
        if (other != role && carnet_digest_equal(signer, carnet_judged_signer(j))) {
            char hex[CARNET_HEX_SIZE];
            carnet_digest_hex(signer, hex);
            carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5",
                        "The key %s signs this file as the key of %s, and a file inside it as the key of %s.", hex,
                        carnet_role_holder(role), carnet_role_holder(other));
            return advise_wrong_key(diag);
        }
    }
    return CARNET_OK;
}

const struct carnet_trust *carnet_trust_of(const struct carnet_anchors *anchors, const struct carnet_digest *vendor)
{
    for (size_t i = 0; anchors != NULL && i < anchors->trust_count; i++)
        if (carnet_digest_equal(&anchors->trust[i]->vendor, vendor))
            return anchors->trust[i];
    return NULL;
}

/* U-10: nothing of a revoked key counts but what is listed. Links are no more than steps: U-8 orders what they lead to.
 */
static enum carnet_err check_revoked(const struct carnet_trusted *t, const struct carnet_anchors *anchors,
                                     struct carnet_diag *diag)
{
    const struct carnet_trust *trust = t->has_vendor ? carnet_trust_of(anchors, &t->vendor) : NULL;
    const struct carnet_digest *signer = signer_of(t->intact), *id = carnet_intact_id(t->intact);
    if (trust == NULL || t->kind->id == CARNET_KIND_TRUST)
        return CARNET_OK;
    for (uint32_t i = 0; i < trust->lists->key_count; i++) {
        const struct carnet_revoked_key *key = &trust->lists->keys[i];
        if (!carnet_digest_equal(&key->key, signer))
            continue;
        for (uint32_t k = 0; k < key->count; k++)
            if (carnet_digest_equal(&trust->lists->valid[key->first + k], id))
                return CARNET_OK;
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(signer, hex);
        carnet_fail(diag, CARNET_REVOKED, "U-10",
                    "The %s is signed by the key %s, which the vendor has revoked, and is not among what stays valid.",
                    t->kind->name, hex);
        return carnet_fail_next(diag, "Ask for a new file, signed with the key that followed.");
    }
    return CARNET_OK;
}

/* T-2. */
static enum carnet_err trust_root(struct carnet_trusted *t, const struct carnet_anchors *anchors,
                                  struct carnet_diag *diag)
{
    const struct carnet_digest *signer = signer_of(t->intact);
    for (size_t i = 0; i < anchors->count; i++) {
        if (carnet_digest_equal(signer, &anchors->list[i].root)) {
            t->vendor = anchors->list[i].vendor;
            t->has_vendor = true;
            return CARNET_OK;
        }
    }
    const struct carnet_digest *vendor = later_root_of(anchors, signer);
    if (vendor != NULL) {
        t->vendor = *vendor;
        t->has_vendor = true;
        return CARNET_OK;
    }
    enum carnet_err err = carnet_trust_one_role(signer, CARNET_ROLE_ROOT, anchors, diag);
    if (err != CARNET_OK)
        return err;
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(signer, hex);
    if (anchors->count == 0)
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-2",
                           "The %s is signed by the root key %s, and no vendor is trusted here yet.", t->kind->name,
                           hex);
    carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-2",
                "The %s is signed by the key %s, which is not the root key of any vendor trusted here.", t->kind->name,
                hex);
    return carnet_fail_next(diag,
                            "If the vendor has another root since, his newest trust file is missing here: take it "
                            "with 'trust add'. Otherwise it is a stranger's; do not use it.");
}

/* T-3 and T-4: the key that the embedded document names. */
static enum carnet_err trust_named(struct carnet_trusted *t, struct carnet_diag *diag)
{
    const struct carnet_document *inner = carnet_judged_document(t->embedded);
    const struct carnet_digest *signer = signer_of(t->intact);
    bool by_issuer = t->kind->signer == CARNET_ROLE_ISSUER;
    const struct carnet_digest *named =
        by_issuer ? &carnet_document_entitlement(inner)->issuer : &carnet_document_license(inner)->machine_key;
    t->vendor = *carnet_trusted_vendor(carnet_document_trusted(inner));
    t->has_vendor = true;
    if (carnet_digest_equal(signer, named))
        return CARNET_OK;
    char signer_hex[CARNET_HEX_SIZE], named_hex[CARNET_HEX_SIZE];
    carnet_digest_hex(signer, signer_hex);
    carnet_digest_hex(named, named_hex);
    if (by_issuer)
        carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-3",
                    "The %s is signed by the key %s, but the vendor's entitlement names the issuer %s.", t->kind->name,
                    signer_hex, named_hex);
    else
        carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-4",
                    "The %s is signed by the key %s, but the license in it is for the machine with the key %s.",
                    t->kind->name, signer_hex, named_hex);
    return advise_wrong_key(diag);
}

enum carnet_err carnet_trust_decide(const struct carnet_intact *intact, const struct carnet_kind *kind,
                                    const struct carnet_anchors *anchors, const struct carnet_judged *embedded,
                                    struct carnet_trusted **out, struct carnet_diag *diag)
{
    static const struct carnet_anchors nobody;
    if (anchors == NULL)
        anchors = &nobody;
    const struct carnet_digest *signer = signer_of(intact);
    struct carnet_trusted *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
    t->intact = intact;
    t->kind = kind;
    t->embedded = embedded;

    enum carnet_err err = CARNET_OK;
    if (kind->embeds != CARNET_KIND_NONE &&
        (embedded == NULL || carnet_document_kind(carnet_judged_document(embedded))->id != kind->embeds))
        err = carnet_fail(diag, CARNET_NOT_VOUCHED, "R-3", "The %s holds no %s to vouch for it.", kind->name,
                          carnet_kind_get(kind->embeds)->name);
    else if (kind->signer == CARNET_ROLE_ROOT)
        err = trust_root(t, anchors, diag);
    else if (!kind->self_asserted)
        err = trust_named(t, diag);
    if (err == CARNET_OK)
        err = carnet_trust_one_role(signer, kind->signer, anchors, diag);
    if (err == CARNET_OK)
        err = check_revoked(t, anchors, diag);
    if (err == CARNET_OK)
        err = one_role_in_chain(signer, kind->signer, embedded, diag);
    if (err == CARNET_OK)
        *out = t;
    else
        free(t);
    return err;
}

void carnet_trusted_free(struct carnet_trusted *t)
{
    free(t);
}

const struct carnet_intact *carnet_trusted_intact(const struct carnet_trusted *t)
{
    return t->intact;
}

const struct carnet_kind *carnet_trusted_kind(const struct carnet_trusted *t)
{
    return t->kind;
}

const struct carnet_judged *carnet_trusted_embedded(const struct carnet_trusted *t)
{
    return t->embedded;
}

const struct carnet_digest *carnet_trusted_vendor(const struct carnet_trusted *t)
{
    return t->has_vendor ? &t->vendor : NULL;
}

/* SPDX-License-Identifier: MIT */
#include "state/sign.h"

#include <string.h>

#include "bundle/seal.h"
#include "state/private.h"

/* The proof as a reader takes it, before it is kept: what can't be read would stop the license for nothing. */
static enum carnet_err read_again(const struct carnet_state *state, const struct carnet_buffer *bundle,
                                  enum carnet_kind_id kind, struct carnet_diag *diag)
{
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(kind),
    };
    struct carnet_reading *reading = NULL;
    enum carnet_err err = carnet_reading_open(bundle->bytes, bundle->size, &options, &reading, diag);
    carnet_reading_free(reading);
    return err;
}

static enum carnet_err sign_release(struct carnet_state *state, struct carnet_release *release,
                                    const struct carnet_embed *license, const struct carnet_grant_name *name,
                                    struct carnet_buffer *out, struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    struct carnet_buffer document = {0}, bundle = {0};
    struct carnet_digest id;
    char text[CARNET_STATE_GRANT_SIZE];
    enum carnet_err err = carnet_state_machine_key(state, &release->vendor, false, 0, &key, diag);
    if (err == CARNET_OK)
        err = carnet_state_next(state, &release->vendor, &release->sequence, &release->journal, diag);
    if (err != CARNET_OK)
        goto out;
    release->sequence.made = carnet_utc_now();
    err = carnet_release_compose(release, &document);
    if (err == CARNET_OK)
        err = carnet_machine_seal(key, CARNET_KIND_RELEASE, document.bytes, document.size, license, &bundle, &id, diag);
    if (err == CARNET_OK)
        err = read_again(state, &bundle, CARNET_KIND_RELEASE, diag);
    /* Room first: once it is kept, the license has stopped. */
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, bundle.bytes, bundle.size);
    if (err != CARNET_OK)
        goto out;
    carnet_state_grant_text(name, text);
    err = carnet_state_send(state, &release->vendor, release->sequence.sequence, carnet_kind_get(CARNET_KIND_RELEASE),
                            text, bundle.bytes, bundle.size, diag);
    if (err != CARNET_OK)
        carnet_buffer_clear(out);
out:
    carnet_buffer_clear(&bundle);
    carnet_buffer_clear(&document);
    carnet_key_free(key);
    return err;
}

enum carnet_err carnet_sign_release(struct carnet_state *state, const struct carnet_judged *judged,
                                    const uint8_t *bytes, size_t size, bool declined, struct carnet_buffer *out,
                                    struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    const struct carnet_embed embed = {.bytes = bytes, .size = size, .id = *carnet_judged_id(judged)};
    struct carnet_grant_name name = {.fingerprint = l->grant.fingerprint};
    struct carnet_release release = {
        .vendor = l->vendor,
        .grant = l->grant,
        .license = embed.id,
        .declined = declined,
    };
    memcpy(name.license, l->grant.license, sizeof(name.license));
    enum carnet_err err = carnet_state_sent_release(state, &l->vendor, &name, out, diag);
    if (err == CARNET_NOT_FOUND)
        err = sign_release(state, &release, &embed, &name, out, diag);
    return err;
}

static bool renews_same(const struct carnet_fingerprint *a, const struct carnet_fingerprint *b)
{
    for (uint32_t i = 0; i < a->renew_count && i < b->renew_count; i++)
        if (strcmp(a->renews[i].license, b->renews[i].license) != 0 ||
            !carnet_digest_equal(&a->renews[i].fingerprint, &b->renews[i].fingerprint))
            return false;
    return a->renew_count == b->renew_count;
}

/* Do two fingerprints ask the same of the same machine, whatever their number, time, nonce and journal position? */
static bool is_same(const struct carnet_fingerprint *a, const struct carnet_fingerprint *b)
{
    if (!carnet_digest_equal(&a->vendor, &b->vendor) || a->renew != b->renew || strcmp(a->label, b->label) != 0 ||
        strcmp(a->virtual_system, b->virtual_system) != 0 || strcmp(a->container_system, b->container_system) != 0 ||
        a->has_user != b->has_user || (a->has_user && !carnet_digest_equal(&a->user, &b->user)) ||
        a->product_count != b->product_count || a->facts.count != b->facts.count || !renews_same(a, b))
        return false;
    for (uint32_t i = 0; i < a->product_count; i++)
        if (strcmp(a->products[i].id, b->products[i].id) != 0 ||
            strcmp(a->products[i].version, b->products[i].version) != 0)
            return false;
    for (uint32_t i = 0; i < a->facts.count; i++)
        if (a->facts.list[i].name != b->facts.list[i].name ||
            !carnet_digest_equal(&a->facts.list[i].digest, &b->facts.list[i].digest))
            return false;
    return true;
}

/* Has a receipt or a release ended what this fingerprint asked for, or has anything newer come for its licenses since
 * it asked to renew them? Then it is spent, and a new one is needed. */
static enum carnet_err is_spent(const struct carnet_state *state, const struct carnet_fingerprint *last,
                                const struct carnet_digest *id, bool *spent, struct carnet_diag *diag)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    struct carnet_sequence ignored;
    struct carnet_journal_position seen = {0};
    enum carnet_err err = last->renew ? carnet_state_next(state, &last->vendor, &ignored, &seen, diag) : CARNET_OK;
    *spent = err == CARNET_OK && seen.position > last->journal.position;
    if (err == CARNET_OK)
        err = carnet_state_grants(state, &last->vendor, &grants, &count, diag);
    for (size_t i = 0; err == CARNET_OK && i < count; i++)
        if (carnet_digest_equal(&grants[i].name.fingerprint, id) && (grants[i].released || grants[i].ended))
            *spent = true;
    carnet_state_grants_free(grants, count);
    return err;
}

/* The fingerprint that was made last, when it says the same and is not spent; CARNET_NOT_FOUND when there is none such.
 */
static enum carnet_err find_same(const struct carnet_state *state, const struct carnet_fingerprint *wanted,
                                 struct carnet_buffer *bytes, struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_reading *reading = NULL;
    bool spent = false;
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_FINGERPRINT),
    };
    enum carnet_err err = carnet_state_sent_fingerprint(state, &wanted->vendor, bytes, diag);
    if (err == CARNET_OK)
        err = carnet_reading_open(bytes->bytes, bytes->size, &options, &reading, diag);
    if (err != CARNET_OK)
        goto out;
    *id = *carnet_judged_id(carnet_reading_judged(reading));
    const struct carnet_fingerprint *last = carnet_document_fingerprint(carnet_reading_document(reading));
    if (!is_same(last, wanted)) {
        err = CARNET_NOT_FOUND;
        goto out;
    }
    err = is_spent(state, last, id, &spent, diag);
    if (err == CARNET_OK && spent)
        err = CARNET_NOT_FOUND;
out:
    carnet_reading_free(reading);
    if (err != CARNET_OK)
        carnet_buffer_clear(bytes);
    return err;
}

enum carnet_err carnet_sign_fingerprint(struct carnet_state *state, const struct carnet_key *key,
                                        struct carnet_fingerprint *f, bool anew, struct carnet_buffer *out,
                                        struct carnet_digest *id, bool *again, struct carnet_diag *diag)
{
    struct carnet_buffer document = {0};
    enum carnet_err err = anew ? CARNET_NOT_FOUND : find_same(state, f, out, id, diag);
    *again = err == CARNET_OK;
    if (err != CARNET_NOT_FOUND)
        return err;
    err = carnet_state_next(state, &f->vendor, &f->sequence, &f->journal, diag);
    if (err != CARNET_OK)
        goto out;
    f->sequence.made = carnet_utc_now();
    carnet_random(f->nonce, sizeof(f->nonce));
    err = carnet_fingerprint_compose(f, &document);
    if (err == CARNET_OK)
        err = carnet_machine_seal(key, CARNET_KIND_FINGERPRINT, document.bytes, document.size, NULL, out, id, diag);
    if (err == CARNET_OK)
        err = read_again(state, out, CARNET_KIND_FINGERPRINT, diag);
    if (err == CARNET_OK)
        err = carnet_state_send(state, &f->vendor, f->sequence.sequence, carnet_kind_get(CARNET_KIND_FINGERPRINT), "",
                                out->bytes, out->size, diag);
out:
    if (err != CARNET_OK)
        carnet_buffer_clear(out);
    carnet_buffer_clear(&document);
    return err;
}

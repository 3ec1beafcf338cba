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

/* Seals what rests on a license, reads it again, and keeps it. `out` is empty before, and on failure. */
static enum carnet_err seal_and_keep(struct carnet_state *state, const struct carnet_digest *vendor,
                                     enum carnet_kind_id kind, uint32_t sequence, const char *name,
                                     const struct carnet_buffer *document, const struct carnet_embed *license,
                                     struct carnet_buffer *out, struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    struct carnet_buffer bundle = {0};
    enum carnet_err err = carnet_state_machine_key(state, vendor, false, 0, &key, diag);
    if (err == CARNET_OK)
        err = carnet_machine_seal(key, kind, document->bytes, document->size, license, &bundle, id, diag);
    if (err == CARNET_OK)
        err = read_again(state, &bundle, kind, diag);
    /* Room first: once it is kept, it counts. */
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, bundle.bytes, bundle.size);
    if (err == CARNET_OK)
        err = carnet_state_send(state, vendor, sequence, carnet_kind_get(kind), name, bundle.bytes, bundle.size, diag);
    if (err != CARNET_OK)
        carnet_buffer_clear(out);
    carnet_buffer_clear(&bundle);
    carnet_key_free(key);
    return err;
}

static enum carnet_err sign_release(struct carnet_state *state, struct carnet_release *release,
                                    const struct carnet_embed *license, const struct carnet_grant_name *name,
                                    struct carnet_buffer *out, struct carnet_diag *diag)
{
    struct carnet_buffer document = {0};
    struct carnet_digest id;
    char text[CARNET_STATE_GRANT_SIZE];
    enum carnet_err err = carnet_state_next(state, &release->vendor, &release->sequence, &release->journal, diag);
    if (err != CARNET_OK)
        return err;
    carnet_state_grant_text(name, text);
    release->sequence.made = carnet_utc_now();
    err = carnet_release_compose(release, &document);
    if (err == CARNET_OK)
        err = seal_and_keep(state, &release->vendor, CARNET_KIND_RELEASE, release->sequence.sequence, text, &document,
                            license, out, &id, diag);
    carnet_buffer_clear(&document);
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

/* What was kept before, read: its document, and its id. CARNET_NOT_FOUND when it can't be read as such. */
static enum carnet_err read_kept(const struct carnet_state *state, const struct carnet_buffer *bytes,
                                 enum carnet_kind_id kind, struct carnet_reading **reading, struct carnet_digest *id)
{
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(kind),
    };
    enum carnet_err err = carnet_reading_open(bytes->bytes, bytes->size, &options, reading, NULL);
    if (err == CARNET_OK)
        *id = *carnet_judged_id(carnet_reading_judged(*reading));
    return err == CARNET_OK || err == CARNET_NO_MEMORY ? err : CARNET_NOT_FOUND;
}

/* The activation of that very license, made before; CARNET_NOT_FOUND. */
static enum carnet_err find_activation(const struct carnet_state *state, const struct carnet_activation *a,
                                       const struct carnet_grant_name *name, struct carnet_buffer *out,
                                       struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_reading *reading = NULL;
    enum carnet_err err = carnet_state_sent_activation(state, &a->vendor, name, out, diag);
    if (err == CARNET_OK)
        err = read_kept(state, out, CARNET_KIND_ACTIVATION, &reading, id);
    if (err == CARNET_OK &&
        !carnet_digest_equal(&carnet_document_activation(carnet_reading_document(reading))->license, &a->license))
        err = CARNET_NOT_FOUND;
    carnet_reading_free(reading);
    if (err != CARNET_OK)
        carnet_buffer_clear(out);
    return err;
}

enum carnet_err carnet_sign_activation(struct carnet_state *state, const struct carnet_judged *judged,
                                       const uint8_t *bytes, size_t size, const struct carnet_match *match,
                                       struct carnet_buffer *out, struct carnet_digest *id, struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    const struct carnet_embed embed = {.bytes = bytes, .size = size, .id = *carnet_judged_id(judged)};
    struct carnet_activation a = {.vendor = l->vendor, .grant = l->grant, .license = embed.id};
    struct carnet_grant_name name = {.fingerprint = l->grant.fingerprint};
    struct carnet_buffer document = {0};
    char text[CARNET_STATE_GRANT_SIZE];
    memcpy(a.match, match->verdict, sizeof(a.match));
    memcpy(name.license, l->grant.license, sizeof(name.license));
    enum carnet_err err = find_activation(state, &a, &name, out, id, diag);
    if (err != CARNET_NOT_FOUND)
        return err;
    err = carnet_state_next(state, &l->vendor, &a.sequence, &a.journal, diag);
    if (err != CARNET_OK)
        return err;
    carnet_state_grant_text(&name, text);
    a.sequence.made = carnet_utc_now();
    err = carnet_activation_compose(&a, &document);
    if (err == CARNET_OK)
        err = seal_and_keep(state, &l->vendor, CARNET_KIND_ACTIVATION, a.sequence.sequence, text, &document, &embed,
                            out, id, diag);
    carnet_buffer_clear(&document);
    return err;
}

/* Dated so near, one request is as good as another. */
#define REQUEST_NEAR (48 * CARNET_HOUR)

/* The last clock request, when it was not answered and says the same; CARNET_NOT_FOUND. */
static enum carnet_err find_request(const struct carnet_state *state, const struct carnet_clockrequest *wanted,
                                    uint32_t answered, struct carnet_buffer *out, struct carnet_digest *id,
                                    struct carnet_diag *diag)
{
    struct carnet_reading *reading = NULL;
    enum carnet_err err = carnet_state_sent_clockrequest(state, &wanted->vendor, out, diag);
    if (err == CARNET_OK)
        err = read_kept(state, out, CARNET_KIND_CLOCKREQUEST, &reading, id);
    if (err == CARNET_OK) {
        const struct carnet_clockrequest *last = carnet_document_clockrequest(carnet_reading_document(reading));
        int64_t apart = wanted->sequence.made - last->sequence.made;
        if (last->sequence.sequence <= answered || last->local_floor != wanted->local_floor || apart > REQUEST_NEAR ||
            apart < -REQUEST_NEAR || !carnet_digest_equal(&last->license, &wanted->license))
            err = CARNET_NOT_FOUND;
    }
    carnet_reading_free(reading);
    if (err != CARNET_OK)
        carnet_buffer_clear(out);
    return err;
}

enum carnet_err carnet_sign_clockrequest(struct carnet_state *state, const struct carnet_judged *judged,
                                         const uint8_t *bytes, size_t size, int64_t now, struct carnet_buffer *out,
                                         struct carnet_digest *id, bool *again, struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    const struct carnet_embed embed = {.bytes = bytes, .size = size, .id = *carnet_judged_id(judged)};
    struct carnet_clockrequest c = {.vendor = l->vendor, .grant = l->grant, .license = embed.id};
    struct carnet_buffer document = {0};
    struct carnet_floors floors;
    enum carnet_err err = carnet_state_floors(state, &l->vendor, &floors, diag);
    if (err != CARNET_OK)
        return err;
    if (floors.local_floor <= now)
        return carnet_fail(diag, CARNET_BUG, "D-1", "A clock request was to be made although no floor is in the way.");
    c.sequence.made = now;
    c.local_floor = floors.local_floor;
    c.has_signed_floor = floors.signed_floor != INT64_MIN;
    if (c.has_signed_floor)
        c.signed_floor = floors.signed_floor;
    err = find_request(state, &c, floors.answered, out, id, diag);
    *again = err == CARNET_OK;
    if (err != CARNET_NOT_FOUND)
        return err;
    err = carnet_state_next(state, &l->vendor, &c.sequence, &c.journal, diag);
    if (err != CARNET_OK)
        return err;
    carnet_random(c.nonce, sizeof(c.nonce));
    err = carnet_clockrequest_compose(&c, &document);
    if (err == CARNET_OK)
        err = seal_and_keep(state, &l->vendor, CARNET_KIND_CLOCKREQUEST, c.sequence.sequence, "", &document, &embed,
                            out, id, diag);
    carnet_buffer_clear(&document);
    return err;
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

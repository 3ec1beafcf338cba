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

/* SPDX-License-Identifier: MIT */
/* The newest trust information of each vendor (spec/format.md, section 10.1). */
#include <stdlib.h>

#include "core/file.h"
#include "rules/dates.h"
#include "rules/links.h"
#include "state/private.h"

#define TRUST "trust.carnet"
#define NEXT_TRUST "Move that file away and take the vendor's newest trust file again with 'carnet-user trust add'."

enum carnet_err carnet_state_load_trust(struct carnet_state *state, const struct carnet_anchor *anchor,
                                        struct carnet_diag *diag)
{
    const struct carnet_anchors anchors = {.list = anchor, .count = 1};
    const struct carnet_read_options options = {.anchors = &anchors, .expected = CARNET_KIND_BIT(CARNET_KIND_TRUST)};
    struct carnet_state_trust *t = &state->trust[state->view.trust_count];
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, &anchor->vendor, TRUST);
    enum carnet_err err = carnet_state_read(state, name, CARNET_BUNDLE_MOST, &t->bytes, diag);
    if (err == CARNET_NOT_FOUND)
        return CARNET_OK;
    if (err == CARNET_OK)
        err = carnet_reading_open(t->bytes.bytes, t->bytes.size, &options, &t->reading, NULL);
    const struct carnet_trust *trust =
        err == CARNET_OK ? carnet_document_trust(carnet_reading_document(t->reading)) : NULL;
    if (trust == NULL || trust->is_link) {
        carnet_reading_free(t->reading);
        t->reading = NULL;
        carnet_buffer_clear(&t->bytes);
        return err == CARNET_NO_MEMORY || err == CARNET_STATE_DAMAGED
                   ? err
                   : carnet_state_damaged(state, name, "is not the vendor's trust information", NEXT_TRUST, diag);
    }
    state->trusts[state->view.trust_count++] = trust;
    return CARNET_OK;
}

void carnet_state_forget_trust(struct carnet_state *state)
{
    for (size_t i = 0; i < state->view.trust_count; i++) {
        carnet_reading_free(state->trust[i].reading);
        carnet_buffer_clear(&state->trust[i].bytes);
    }
    free(state->trust);
    free(state->trusts);
    state->trust = NULL;
    state->trusts = NULL;
    state->view.trust = NULL;
    state->view.trust_count = 0;
}

enum carnet_err carnet_state_trust(struct carnet_state *state, const struct carnet_judged *judged, const uint8_t *bytes,
                                   size_t size, int64_t now, bool write, bool *same, struct carnet_diag *diag)
{
    const struct carnet_trust *given = carnet_document_trust(carnet_judged_document(judged)), *known = NULL;
    const struct carnet_digest *id = NULL;
    char name[CARNET_STATE_NAME_SIZE];
    for (size_t i = 0; i < state->view.trust_count; i++)
        if (carnet_digest_equal(&state->trusts[i]->vendor, &given->vendor)) {
            known = state->trusts[i];
            id = carnet_judged_id(carnet_reading_judged(state->trust[i].reading));
        }
    enum carnet_err err = carnet_state_must_pinned(state, &given->vendor, diag);
    if (err == CARNET_OK)
        err = carnet_dates_check(judged, now, diag);
    if (err == CARNET_OK)
        err = carnet_trust_accept(known, id, judged, now, same, diag);
    if (err != CARNET_OK || *same || !write)
        return err;
    const struct carnet_digest vendor = given->vendor;
    const int64_t created = given->created;
    carnet_state_name(name, &vendor, TRUST);
    err = carnet_state_must_write(state, diag);
    if (err == CARNET_OK)
        err = carnet_file_replace(state->folder, name, carnet_state_file_mode(state), bytes, size, diag);
    if (err == CARNET_OK)
        err = carnet_state_raise(state, &vendor, created, INT64_MIN, diag);
    return err == CARNET_OK ? carnet_state_load(state, diag) : err;
}

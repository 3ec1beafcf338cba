/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "product/private.h"
#include "state/sign.h"

/* The product's one living license; without one the license that was released last, for the same proof again. */
static enum carnet_err find(const struct carnet *carnet, const struct carnet_state_grant *grants, size_t count,
                            const struct carnet_state_grant **out, struct carnet_diag *diag)
{
    size_t living = 0, ended = 0;
    for (size_t i = 0; i < count; i++) {
        const struct carnet_judged *judged =
            grants[i].reading == NULL ? NULL : carnet_reading_judged(grants[i].reading);
        const struct carnet_license *l =
            judged == NULL ? NULL : carnet_document_license(carnet_judged_document(judged));
        if (l == NULL || grants[i].ended || strcmp(l->product, carnet->product) != 0)
            continue;
        if (!grants[i].released || living == 0)
            *out = &grants[i];
        living += !grants[i].released;
        ended += grants[i].released;
    }
    if (living > 1 || (living == 0 && ended > 1)) {
        (void)carnet_fail(diag, CARNET_USAGE, "", "Several licenses on this machine are for '%s'.", carnet->product);
        return carnet_fail_next(diag, "Release one by its id: 'carnet-user release LICENSE'.");
    }
    if (living + ended == 0)
        return carnet_fail(diag, CARNET_NO_LICENSE, "Q-1", "There is no license for '%s' to be released here.",
                           carnet->product);
    return CARNET_OK;
}

static enum carnet_err release(const struct carnet *carnet, char *text, size_t room, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_state_grant *grants = NULL;
    const struct carnet_state_grant *grant = NULL;
    struct carnet_buffer bundle = {0};
    size_t count = 0;
    enum carnet_err err = carnet_open_state(carnet, &state, diag);
    if (err == CARNET_OK)
        err = carnet_state_grants(state, &carnet->vendor, &grants, &count, diag);
    if (err == CARNET_OK)
        err = find(carnet, grants, count, &grant, diag);
    if (err == CARNET_OK)
        err = carnet_sign_release(state, carnet_reading_judged(grant->reading), grant->bytes.bytes, grant->bytes.size,
                                  false, &bundle, diag);
    if (err == CARNET_OK)
        err = carnet_give_text(CARNET_KIND_RELEASE, &bundle, text, room, diag);
    carnet_buffer_clear(&bundle);
    carnet_state_grants_free(grants, count);
    carnet_state_close(state);
    return err;
}

enum carnet_outcome carnet_release(const struct carnet *carnet, char *text, size_t room, struct carnet_result *result)
{
    struct carnet_diag diag = {0};
    if (carnet == NULL || text == NULL || room < CARNET_FILE_ROOM || (result != NULL && !carnet_result_begin(result)))
        return CARNET_OUTCOME_USAGE;
    enum carnet_err err = release(carnet, text, room, &diag);
    return carnet_tell(carnet, err, &diag, result);
}

/* SPDX-License-Identifier: MIT */
/* What changes the state on a product's behalf. */
#include <stdlib.h>
#include <string.h>

#include "product/private.h"
#include "state/install.h"

enum carnet_err carnet_open_state(const struct carnet *carnet, struct carnet_state **out, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_digest vendor;
    char *path = NULL;
    enum carnet_err err = carnet_state_default(carnet->state, &path, diag);
    if (err == CARNET_OK)
        err = carnet_state_open(path, true, &state, diag);
    if (err == CARNET_OK && carnet->has_root)
        err = carnet_state_pin(state, carnet->root, &vendor, diag);
    free(path);
    if (err != CARNET_OK) {
        carnet_state_close(state);
        return err;
    }
    *out = state;
    return CARNET_OK;
}

/* A product installs its own licenses alone. */
static enum carnet_err check_is_ours(const struct carnet *carnet, const struct carnet_document *document,
                                     struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(document);
    if (!carnet_digest_equal(carnet_document_vendor(document), &carnet->vendor))
        return carnet_fail(diag, CARNET_WRONG_VENDOR, "T-6", "The file is from another vendor than the product's.");
    if (l != NULL && strcmp(l->product, carnet->product) != 0)
        return carnet_fail(diag, CARNET_NOT_COVERED, "Q-1", "The license is for the product '%s'.", l->product);
    return CARNET_OK;
}

static enum carnet_err activate(const struct carnet *carnet, const void *bytes, size_t size,
                                struct carnet_install *install, struct carnet_result *result, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_reading *reading = NULL;
    int64_t now = carnet_utc_now();
    enum carnet_err err = carnet_open_state(carnet, &state, diag);
    if (err != CARNET_OK)
        return err;
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT),
    };
    err = carnet_reading_open(bytes, size, &options, &reading, diag);
    if (err != CARNET_OK)
        goto out;
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_document *document = carnet_judged_document(judged);
    err = check_is_ours(carnet, document, diag);
    if (err == CARNET_OK)
        err = carnet_install_judge(state, judged, now, install, diag);
    if (install->has_check)
        carnet_result_license(result, carnet_document_license(document), &install->check, CARNET_NO_DRIFT, now);
    if (err == CARNET_OK)
        err = carnet_install_keep(state, reading, install, now, diag);
    if (err == CARNET_OK)
        carnet_install_tell(state, reading, install);
out:
    carnet_reading_free(reading);
    carnet_state_close(state);
    return err;
}

enum carnet_outcome carnet_activate(const struct carnet *carnet, const void *bytes, size_t size,
                                    struct carnet_result *result)
{
    struct carnet_diag diag = {0};
    if (carnet == NULL || (bytes == NULL && size > 0) || (result != NULL && !carnet_result_begin(result)))
        return CARNET_OUTCOME_USAGE;
    struct carnet_install *install = calloc(1, sizeof(*install));
    enum carnet_err err = CARNET_OK;
    if (install == NULL)
        err = carnet_fail(&diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    else if (size > CARNET_ARMOUR_MOST)
        err = carnet_fail(&diag, CARNET_MALFORMED, "C-1", "The file is larger than any carnet file.");
    else
        err = activate(carnet, bytes, size, install, result, &diag);
    free(install);
    return carnet_tell(carnet, err, &diag, result);
}

/* SPDX-License-Identifier: MIT */
/* What the files of product/ share: carnet.h's handle, and how a diagnosis becomes a result. */
#ifndef CARNET_PRODUCT_PRIVATE_H
#define CARNET_PRODUCT_PRIVATE_H

#include "carnet.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "rules/reading.h"
#include "state/drift.h"

struct carnet {
    struct carnet_digest vendor;
    char product[CARNET_ID_TEXT_SIZE];
    char version[CARNET_VERSION_SIZE]; /* "" for none */
    char edition[CARNET_ID_TEXT_SIZE]; /* "" for none */
    bool has_root;
    uint8_t root[CARNET_PUBLIC_KEY_SIZE];
    char *state; /* NULL for the usual ones */
    const char *(*translate)(void *context, const char *english);
    void *context;
};

/* The outcome of an error. */
enum carnet_outcome carnet_outcome_of(enum carnet_err err);
/* Fills in outcome and words, and returns the outcome. `carnet` may be NULL. The rest of the result is left as it is;
 * a result that is NULL, or too small to be one, is left alone. */
enum carnet_outcome carnet_tell(const struct carnet *carnet, enum carnet_err err, const struct carnet_diag *diag,
                                struct carnet_result *result);
/* Is its size one that this library knows? */
bool carnet_result_is_known(const struct carnet_result *result);
/* Empties a result; false when it is NULL or its size is not known to this library. */
bool carnet_result_begin(struct carnet_result *result);
/* What the license says, how well the machine matches, and since when it has changed (carnet_drift_since). `result` was
 * begun, or is NULL. */
void carnet_result_license(struct carnet_result *result, const struct carnet_license *license,
                           const struct carnet_check *check, int64_t since, int64_t now);
/* Opens the state that is written, and trusts the vendor there when the product brought its root key. */
CARNET_MUST_USE enum carnet_err carnet_open_state(const struct carnet *carnet, struct carnet_state **out,
                                                  struct carnet_diag *diag);
/* The text form of a bundle, with NUL, into the caller's room; on failure `text` is unchanged. */
CARNET_MUST_USE enum carnet_err carnet_give_text(enum carnet_kind_id kind, const struct carnet_buffer *bundle,
                                                 char *text, size_t room, struct carnet_diag *diag);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A fingerprint is described, shown and made: one function fills what will be written together with what each digest in
 * it stands for, so that what is written is what was shown (spec/format.md, F-3; spec/privacy.md).
 */
#ifndef CARNET_STATE_FINGERPRINT_H
#define CARNET_STATE_FINGERPRINT_H

#include "machine/policy.h"
#include "state/state.h"

/* What is wished of a fingerprint. */
struct carnet_fingerprint_wish {
    struct carnet_digest vendor;
    const char *label;    /* NULL for none */
    const char *for_user; /* a login; NULL: who runs this */
    bool omit[CARNET_FACT_COUNT];
    bool omit_user;
    bool system; /* facts as the caller reads them, even if the user who checks can't */
    bool renew;  /* of the grants that this machine holds */
    uint32_t product_count;
    struct carnet_product_request products[CARNET_PRODUCTS_MOST];
};

/* What becomes of a value. */
enum carnet_fate {
    CARNET_FATE_LEAVES,
    CARNET_FATE_OMITTED,  /* it was wished so */
    CARNET_FATE_FORBIDDEN /* the site's policy keeps it here */
};
struct carnet_fingerprint_view {
    struct carnet_machine machine; /* as the user sees it who will check */
    struct carnet_policy policy;
    struct carnet_fingerprint fingerprint; /* as it will be written, but for number, time, nonce, journal position */
    bool has_secret; /* the machine has a secret; before that only digests keyed by the vendor id are known */
    struct {
        enum carnet_fate fate;
        bool has_digest;
        struct carnet_digest digest;
    } facts[CARNET_FACTS_MOST]; /* of machine.values, in their order */
    char user[CARNET_MACHINE_VALUE_SIZE];
    enum carnet_fate user_fate;
    char checker[CARNET_MACHINE_VALUE_SIZE]; /* whose reading it is: a login, "any user", or "" for the caller's own */
};

/* Describes a request for new grants. CARNET_CONFIGURATION when no fact is left,
 * CARNET_POLICY_FORBIDS. A view is large: allocate it. */
CARNET_MUST_USE enum carnet_err carnet_fingerprint_describe(const struct carnet_state *state,
                                                            const struct carnet_fingerprint_wish *wish,
                                                            struct carnet_fingerprint_view *out,
                                                            struct carnet_diag *diag);

/*
 * Makes what was described, in a state that is open for writing and whose key the machine has, and keeps it: from here
 * on it exists. Unless `new`, a fingerprint that says the same and is not spent is given again (*again). Fills number,
 * time, nonce and journal position of the view's fingerprint.
 */
CARNET_MUST_USE enum carnet_err carnet_fingerprint_make(struct carnet_state *state, const struct carnet_key *key,
                                                        struct carnet_fingerprint_view *view, bool new, bool *again,
                                                        struct carnet_buffer *bytes, struct carnet_digest *id,
                                                        struct carnet_diag *diag);

#endif

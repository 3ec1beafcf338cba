/* SPDX-License-Identifier: MIT */
/*
 * May this product run here? One license held against the machine, the user, the clock and what is asked, in the order
 * of spec/format.md, R-5. Every step is judged, so that all can be shown; the first that fails sets the outcome.
 */
#ifndef CARNET_STATE_CHECK_H
#define CARNET_STATE_CHECK_H

#include "state/state.h"

/* X(SYMBOL, name): the steps of R-5. */
#define CARNET_CHECK_STEPS(X) \
    X(FORMAT, "format") \
    X(SIGNATURE, "signature") \
    X(KIND, "kind") \
    X(TRUST, "trust") \
    X(VENDOR, "vendor") \
    X(ENTITLEMENT, "entitlement") \
    X(GRANT, "grant") \
    X(MACHINE, "machine") \
    X(USER, "user") \
    X(TIME, "time") \
    X(FEATURE, "feature")
enum carnet_check_step {
#define CARNET_CHECK_ENUM(symbol, name) CARNET_CHECK_##symbol,
    CARNET_CHECK_STEPS(CARNET_CHECK_ENUM)
#undef CARNET_CHECK_ENUM
        CARNET_CHECK_COUNT
};
const char *carnet_check_step_name(enum carnet_check_step step);

/* The machine at hand as one vendor's licenses see it. */
struct carnet_surroundings {
    int64_t now;
    bool has_key; /* the machine has a key for this vendor */
    struct carnet_digest machine_key;
    struct carnet_machine_facts facts;
    struct carnet_digest user;
    struct carnet_floors floors;
    bool is_virtual, is_container;
    char label[CARNET_TEXT_SIZE]; /* of the container (M-9) */
};
/* Reads them for a vendor. A machine without a key for the vendor is CARNET_OK, and matches no license. */
CARNET_MUST_USE enum carnet_err carnet_surroundings_read(const struct carnet_state *state,
                                                         const struct carnet_digest *vendor,
                                                         const struct carnet_machine *machine, int64_t now,
                                                         struct carnet_surroundings *out, struct carnet_diag *diag);

/*
 * The same in parts, for who reads no more of the machine than he needs. First what the state holds; `secret` is wiped
 * by the caller. Then the facts as far as they were read, as often as there are more of them; and the user. Who is left
 * out is nobody, whom no license is fixed to.
 */
CARNET_MUST_USE enum carnet_err carnet_surroundings_begin(const struct carnet_state *state,
                                                          const struct carnet_digest *vendor, int64_t now,
                                                          uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                          struct carnet_surroundings *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err carnet_surroundings_machine(const struct carnet_digest *vendor,
                                                            const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                            const struct carnet_machine *machine,
                                                            struct carnet_surroundings *surroundings);
CARNET_MUST_USE enum carnet_err carnet_surroundings_user(const struct carnet_digest *vendor,
                                                         const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                         struct carnet_surroundings *surroundings,
                                                         struct carnet_diag *diag);

/* What is asked of a license; NULL members ask nothing. */
struct carnet_ask {
    const struct carnet_digest *vendor; /* the product's vendor */
    const char *product;
    const char *feature;
    const char *edition;
    const char *version;
    bool brief; /* only the outcome is wanted: facts are read until they are enough for a yes */
};

struct carnet_check {
    enum carnet_err err;                          /* the outcome */
    enum carnet_check_step failed;                /* the first step that failed, or CARNET_CHECK_COUNT */
    struct carnet_diag steps[CARNET_CHECK_COUNT]; /* err is CARNET_OK where the step holds */
    bool judged[CARNET_CHECK_COUNT];              /* false for steps that an earlier failure made pointless */
    bool has_match;
    struct carnet_match match;
    bool pinned;     /* a container that is told by key and label: the match is for information (M-9) */
    int64_t expires; /* the earlier of lease-until and not-after; CARNET_NEVER; 0 when the license can't be read */
};

/* Judges a license that was read and judged as a document. `grant` is what the state knows of its grant, NULL when
 * nothing. */
void carnet_check_license(const struct carnet_judged *license, const struct carnet_state_grant *grant,
                          const struct carnet_surroundings *surroundings, const struct carnet_ask *ask,
                          struct carnet_check *out);
/* The same for a grant of the state, whose license may not even be readable. */
void carnet_check_grant(const struct carnet_state_grant *grant, const struct carnet_surroundings *surroundings,
                        const struct carnet_ask *ask, struct carnet_check *out);
/* M-9: is the machine at hand a container which a license of that entitlement tells by its label? */
bool carnet_check_pinned(const struct carnet_entitlement *entitlement, bool is_container);
/* M-9: is its label, cleaned, the one that was found here? */
bool carnet_check_label(const struct carnet_license *l, const char *here);
/* Is `a` nearer to yes than `b`? */
bool carnet_check_better(const struct carnet_check *a, const struct carnet_check *b);

#endif

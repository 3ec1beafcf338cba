/* SPDX-License-Identifier: MIT */
/* What the machine signs of its licenses, and keeps before it is handed out (spec/state.md). */
#ifndef CARNET_STATE_SIGN_H
#define CARNET_STATE_SIGN_H

#include "rules/match.h"
#include "state/state.h"

/*
 * Stops a license: signs its release and keeps it in sent/, where the file is both the proof and the stop, so that
 * neither is without the other. `judged` is the license, `bytes` its whole bundle; `declined` says that it was never
 * activated. The state is open for writing. A grant that was released before gives the same bytes again. `out` is
 * empty before, and holds the release's bundle afterwards.
 * What carnet_state_machine_key and carnet_state_send say.
 */
CARNET_MUST_USE enum carnet_err carnet_sign_release(struct carnet_state *state, const struct carnet_judged *judged,
                                                    const uint8_t *bytes, size_t size, bool declined,
                                                    struct carnet_buffer *out, struct carnet_diag *diag);

/*
 * Says that a license was installed here, and how its facts stood (`match`): signs the activation and keeps it in
 * sent/. The same license gives the same bytes again. The state is open for writing; `out` is empty before.
 */
CARNET_MUST_USE enum carnet_err carnet_sign_activation(struct carnet_state *state, const struct carnet_judged *judged,
                                                       const uint8_t *bytes, size_t size,
                                                       const struct carnet_match *match, struct carnet_buffer *out,
                                                       struct carnet_digest *id, struct carnet_diag *diag);

/*
 * Asks for the local floor to be lowered, resting on an installed license of the vendor; kept in sent/. As long as the
 * last request is not answered and says the same, its bytes are given again (*again). CARNET_BUG when the local floor
 * is not ahead of `now` (D-1). The state is open for writing; `out` is empty before.
 */
CARNET_MUST_USE enum carnet_err carnet_sign_clockrequest(struct carnet_state *state, const struct carnet_judged *judged,
                                                         const uint8_t *bytes, size_t size, int64_t now,
                                                         struct carnet_buffer *out, struct carnet_digest *id,
                                                         bool *again, struct carnet_diag *diag);

/*
 * Signs a fingerprint that says what `f` says (sequence, nonce and journal position are filled in here), and keeps it
 * in sent/. Where the one made last says the same and is not spent, its bytes are given again (*again), so that a retry
 * asks for no second seat; not with `anew`. `out` is empty before.
 */
CARNET_MUST_USE enum carnet_err carnet_sign_fingerprint(struct carnet_state *state, const struct carnet_key *key,
                                                        struct carnet_fingerprint *f, bool anew,
                                                        struct carnet_buffer *out, struct carnet_digest *id,
                                                        bool *again, struct carnet_diag *diag);

#endif

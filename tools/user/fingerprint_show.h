/* SPDX-License-Identifier: MIT */
/* What a fingerprint tells, shown on the user's machine before anything is written (F-3). */
#ifndef CARNET_TOOLS_FINGERPRINT_SHOW_H
#define CARNET_TOOLS_FINGERPRINT_SHOW_H

#include "state/fingerprint.h"
#include "user.h"

/*
 * Shows every value that will leave, its clear value (on this screen alone), where it was read, and its digest; what
 * stays here, too, and what is left for matching by those weights. On standard output for --preview, else on standard
 * error; as the member "preview" with --json.
 */
void fingerprint_show(struct cli *cli, const struct carnet_fingerprint_view *view,
                      const struct carnet_matching *matching, bool usual_weights);
/* --explain FILE: the clear values behind the digests of a fingerprint that this machine made. CARNET_WRONG_MACHINE
 * where it did not. */
CARNET_MUST_USE enum carnet_err fingerprint_explain(struct cli *cli, const char *file);
/* CARNET_NOT_FOUND with words unless the vendor is trusted here. */
CARNET_MUST_USE enum carnet_err fingerprint_vendor_pinned(struct cli *cli, const struct carnet_state *state,
                                                          const struct carnet_digest *vendor);

#endif

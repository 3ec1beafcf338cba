/* SPDX-License-Identifier: MIT */
/* What a fingerprint tells, shown on the user's machine before anything is written (F-3). */
#ifndef CARNET_TOOLS_FINGERPRINT_SHOW_H
#define CARNET_TOOLS_FINGERPRINT_SHOW_H

#include "user.h"

struct fingerprint_view {
    const struct carnet_machine *machine;
    struct carnet_fingerprint *fingerprint;          /* as it will be written, but for number, time and nonce */
    char user[CARNET_MACHINE_VALUE_SIZE];            /* the user's value in the clear */
    bool has_digests;                                /* false before the machine has a secret */
    struct carnet_digest digests[CARNET_FACTS_MOST]; /* of the machine's values, in their order */
};

/* Shows every value that will leave, its clear value (on this screen alone), where it was read, and its digest; what
 * stays here, too. On standard output for --preview, else on standard error; as the member "preview" with --json. */
void fingerprint_show(struct cli *cli, const struct fingerprint_view *view);
/* CARNET_NOT_FOUND with words unless the vendor is trusted here. */
CARNET_MUST_USE enum carnet_err fingerprint_vendor_pinned(struct cli *cli, const struct carnet_state *state,
                                                          const struct carnet_digest *vendor);

#endif

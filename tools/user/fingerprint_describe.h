/* SPDX-License-Identifier: MIT */
/* A fingerprint before it is made, the same for 'fingerprint' and 'sync'. */
#ifndef CARNET_USER_FINGERPRINT_DESCRIBE_H
#define CARNET_USER_FINGERPRINT_DESCRIBE_H

#include "common/cli.h"
#include "state/fingerprint.h"

/* carnet_fingerprint_describe, with the grants that --renew means. */
CARNET_MUST_USE enum carnet_err user_fingerprint_describe(struct cli *cli, const struct carnet_state *state,
                                                          const struct carnet_fingerprint_wish *wish,
                                                          struct carnet_fingerprint_view *view);
/* Describes it and shows it (fingerprint_show): one function for what is shown and what is written. */
CARNET_MUST_USE enum carnet_err user_fingerprint_show(struct cli *cli, const struct carnet_state *state,
                                                      const struct carnet_fingerprint_wish *wish,
                                                      struct carnet_fingerprint_view *view);
/* The key of this very machine, made where there is none: a copied state gets another, with a warning. */
CARNET_MUST_USE enum carnet_err user_fingerprint_key(struct cli *cli, struct carnet_state *state,
                                                     const struct carnet_digest *vendor, struct carnet_key **key);

#endif

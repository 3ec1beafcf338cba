/* SPDX-License-Identifier: MIT */
/* What waits to be carried to the administrator, in words; and the one way in which it leaves. */
#ifndef CARNET_USER_PENDING_H
#define CARNET_USER_PENDING_H

#include "common/cli.h"
#include "state/pending.h"

/*
 * Writes a bundle that this machine signed where OUT says, under its proper name, and notes in the state that it was
 * handed out. Sets "id" in `told`, which takes the place too; in the command's document where it is NULL.
 */
CARNET_MUST_USE enum carnet_err user_hand_out(struct cli *cli, const struct carnet_state *state,
                                              const struct carnet_buffer *bundle, json_t *told);

/* What to do with one of them: "Take the release of CAD-1 to your administrator (...)". False where nothing has to be
 * done any more: an activation that was handed out. */
bool user_pending_words(const struct carnet_state *state, const struct carnet_pending *p, char *out, size_t room);
/* As JSON; NULL without memory. */
json_t *user_pending_json(const struct carnet_state *state, const struct carnet_pending *p);

#endif

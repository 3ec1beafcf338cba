/* SPDX-License-Identifier: MIT */
#include "state/drift.h"

#include <stdio.h>
#include <string.h>

#include "state/private.h"

#define SINCE "since"

/* Does the license speak of this machine at all? That of another key says nothing about how this one changes. */
static bool is_ours(const struct carnet_check *check)
{
    return check->has_match && !check->pinned && strcmp(check->steps[CARNET_CHECK_MACHINE].clause, "M-6") != 0 &&
           check->steps[CARNET_CHECK_GRANT].err == CARNET_OK;
}

int64_t carnet_drift_since(const struct carnet_state *state, const struct carnet_digest *vendor,
                           const struct carnet_grant_name *grant, const struct carnet_check *check, int64_t now)
{
    char text[CARNET_STATE_GRANT_SIZE], rest[CARNET_STATE_NAME_SIZE], name[CARNET_STATE_NAME_SIZE];
    if (!is_ours(check))
        return CARNET_NO_DRIFT;
    carnet_state_grant_text(grant, text);
    (void)snprintf(rest, sizeof rest, "grants/%s.drift", text);
    carnet_state_name(name, vendor, rest);
    int64_t since = carnet_state_note(state, name, SINCE);
    if (check->match.drifts && since == CARNET_NO_DRIFT) {
        carnet_state_set_note(state, name, SINCE, now);
        since = now;
    } else if (!check->match.drifts && carnet_state_has(state, name)) {
        carnet_state_set_note(state, name, SINCE, CARNET_NO_NOTE);
        since = CARNET_NO_DRIFT;
    }
    return since;
}

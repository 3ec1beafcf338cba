/* SPDX-License-Identifier: MIT */
#include "state/drift.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/settings.h"
#include "state/private.h"

static enum carnet_err take(void *context, unsigned long line, const char *key, const char *value,
                            struct carnet_diag *diag)
{
    (void)line;
    (void)diag;
    int64_t *since = context;
    return strcmp(key, "since") == 0 && *since == CARNET_NO_DRIFT ? carnet_utc_parse(value, since)
                                                                  : CARNET_CONFIGURATION;
}

static int64_t read_note(const struct carnet_state *state, const char *name)
{
    struct carnet_buffer text = {0};
    int64_t since = CARNET_NO_DRIFT;
    if (carnet_state_read(state, name, 256, &text, NULL) != CARNET_OK ||
        carnet_settings_parse(text.bytes, text.size, take, &since, NULL) != CARNET_OK)
        since = CARNET_NO_DRIFT;
    carnet_buffer_clear(&text);
    return since;
}

/* Best effort: a license that holds is not stopped by a note that can't be kept. */
static void change_note(const struct carnet_state *state, const char *name, bool drifts, int64_t now)
{
    char text[64], time[CARNET_UTC_SIZE];
    int lock = -1;
    enum carnet_err err = CARNET_OK;
    if (!state->write)
        err = carnet_file_lock(state->folder, "lock", 0600, true, 0, &lock, NULL);
    if (err == CARNET_OK && drifts) {
        carnet_utc_format(now, time);
        int length = snprintf(text, sizeof text, "since = %s\n", time);
        err = carnet_file_replace(state->folder, name, carnet_state_file_mode(state), text, (size_t)length, NULL);
    } else if (err == CARNET_OK) {
        (void)unlinkat(state->folder, name, 0);
    }
    (void)err;
    if (lock >= 0)
        (void)close(lock);
}

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
    int64_t since = read_note(state, name);
    if (check->match.drifts && since == CARNET_NO_DRIFT) {
        change_note(state, name, true, now);
        since = now;
    } else if (!check->match.drifts && carnet_state_has(state, name)) {
        change_note(state, name, false, now);
        since = CARNET_NO_DRIFT;
    }
    return since;
}

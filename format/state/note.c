/* SPDX-License-Identifier: MIT */
/* Notes: a file of one line, "KEY = TIME", that is told and decides nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/settings.h"
#include "state/private.h"

struct note {
    const char *key;
    int64_t time;
};

static enum carnet_err take(void *context, unsigned long line, const char *key, const char *value,
                            struct carnet_diag *diag)
{
    (void)line;
    (void)diag;
    struct note *note = context;
    return strcmp(key, note->key) == 0 && note->time == CARNET_NO_NOTE ? carnet_utc_parse(value, &note->time)
                                                                       : CARNET_CONFIGURATION;
}

int64_t carnet_state_note(const struct carnet_state *state, const char *name, const char *key)
{
    struct carnet_buffer text = {0};
    struct note note = {key, CARNET_NO_NOTE};
    if (carnet_state_read(state, name, 256, &text, NULL) != CARNET_OK ||
        carnet_settings_parse(text.bytes, text.size, take, &note, NULL) != CARNET_OK)
        note.time = CARNET_NO_NOTE;
    carnet_buffer_clear(&text);
    return note.time;
}

void carnet_state_set_note(const struct carnet_state *state, const char *name, const char *key, int64_t at)
{
    char text[64], time[CARNET_UTC_SIZE];
    int lock = -1;
    enum carnet_err err = state->folder < 0 ? CARNET_NOT_FOUND : CARNET_OK;
    if (err == CARNET_OK && !state->write)
        err = carnet_file_lock(state->folder, "lock", 0600, true, 0, &lock, NULL);
    if (lock >= 0)
        carnet_state_sweep(state);
    if (err == CARNET_OK && at != CARNET_NO_NOTE) {
        carnet_utc_format(at, time);
        int length = snprintf(text, sizeof text, "%s = %s\n", key, time);
        err = carnet_file_replace(state->folder, name, carnet_state_file_mode(state), text, (size_t)length, NULL);
    } else if (err == CARNET_OK) {
        (void)unlinkat(state->folder, name, 0);
    }
    (void)err;
    if (lock >= 0)
        (void)close(lock);
}

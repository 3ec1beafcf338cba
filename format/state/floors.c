/* SPDX-License-Identifier: MIT */
/* The clock floors of a vendor (O-3), and which clock request was answered last (D-3): up to three lines of text,
 * written only when one of them rises, or a clock lowers the local one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/settings.h"
#include "state/private.h"

#define FLOORS "floors"
#define NEXT_FLOORS "Move that file away; the floors begin anew with the next check."

static enum carnet_err take(void *context, unsigned long line, const char *key, const char *value,
                            struct carnet_diag *diag)
{
    (void)line;
    (void)diag;
    struct carnet_floors *floors = context;
    if (strcmp(key, "answered") == 0)
        return floors->answered != 0 ? CARNET_CONFIGURATION
                                     : carnet_text_number(value, 1, CARNET_COUNT_MOST, &floors->answered);
    int64_t *floor = strcmp(key, "signed") == 0  ? &floors->signed_floor
                     : strcmp(key, "local") == 0 ? &floors->local_floor
                                                 : NULL;
    if (floor == NULL || *floor != INT64_MIN)
        return CARNET_CONFIGURATION;
    return carnet_utc_parse(value, floor);
}

enum carnet_err carnet_state_floors(const struct carnet_state *state, const struct carnet_digest *vendor,
                                    struct carnet_floors *out, struct carnet_diag *diag)
{
    struct carnet_floors floors = {INT64_MIN, INT64_MIN, 0};
    struct carnet_buffer text = {0};
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, FLOORS);
    enum carnet_err err = carnet_state_read(state, name, 4096, &text, diag);
    if (err == CARNET_OK && carnet_settings_parse(text.bytes, text.size, take, &floors, NULL) != CARNET_OK)
        err = carnet_state_damaged(state, name, "does not hold clock floors", NEXT_FLOORS, diag);
    else if (err == CARNET_NOT_FOUND)
        err = CARNET_OK;
    carnet_buffer_clear(&text);
    if (err == CARNET_OK)
        *out = floors;
    return err;
}

/* What the floors become; true when that differs. */
static bool raised(struct carnet_floors *floors, int64_t signed_floor, int64_t local_floor)
{
    bool rises = false;
    if (signed_floor > floors->signed_floor) {
        floors->signed_floor = signed_floor;
        rises = true;
    }
    /* The disk is spared: less than an hour is not written. */
    if (local_floor > floors->local_floor &&
        (floors->local_floor == INT64_MIN || local_floor - floors->local_floor >= CARNET_HOUR)) {
        floors->local_floor = local_floor;
        rises = true;
    }
    return rises;
}

bool carnet_floors_rise(const struct carnet_floors *floors, int64_t signed_floor, int64_t local_floor)
{
    struct carnet_floors copy = *floors;
    return raised(&copy, signed_floor, local_floor);
}

static enum carnet_err write_floors(const struct carnet_state *state, const struct carnet_digest *vendor,
                                    const struct carnet_floors *floors, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE], text[160], time[CARNET_UTC_SIZE];
    size_t length = 0;
    if (floors->signed_floor != INT64_MIN) {
        carnet_utc_format(floors->signed_floor, time);
        length += (size_t)snprintf(text, sizeof text, "signed = %s\n", time);
    }
    if (floors->local_floor != INT64_MIN) {
        carnet_utc_format(floors->local_floor, time);
        length += (size_t)snprintf(text + length, sizeof text - length, "local = %s\n", time);
    }
    if (floors->answered != 0)
        length += (size_t)snprintf(text + length, sizeof text - length, "answered = %u\n", floors->answered);
    carnet_state_name(name, vendor, FLOORS);
    return carnet_file_replace(state->folder, name, carnet_state_file_mode(state), text, length, diag);
}

enum carnet_err carnet_state_lower(struct carnet_state *state, const struct carnet_digest *vendor, uint32_t answered,
                                   int64_t at, int64_t signed_floor, struct carnet_diag *diag)
{
    struct carnet_floors floors;
    enum carnet_err err = carnet_state_must_write(state, diag);
    if (err == CARNET_OK)
        err = carnet_state_must_pinned(state, vendor, diag);
    if (err == CARNET_OK)
        err = carnet_state_floors(state, vendor, &floors, diag);
    if (err != CARNET_OK)
        return err;
    if (answered <= floors.answered)
        return carnet_fail(diag, CARNET_BUG, "D-3", "A clock was to be taken twice.");
    (void)raised(&floors, signed_floor, INT64_MIN);
    if (at < floors.local_floor)
        floors.local_floor = at;
    floors.answered = answered;
    return write_floors(state, vendor, &floors, diag);
}

/* Not ours to write: then nothing is kept. */
static bool is_not_ours(enum carnet_err err, const struct carnet_diag *diag)
{
    return err == CARNET_PERMISSION || (err == CARNET_IO && diag->sys_errno == EROFS);
}

enum carnet_err carnet_state_raise(struct carnet_state *state, const struct carnet_digest *vendor, int64_t signed_floor,
                                   int64_t local_floor, struct carnet_diag *diag)
{
    struct carnet_floors floors;
    struct carnet_diag inner = {0};
    int lock = -1;
    if (carnet_state_must_pinned(state, vendor, NULL) != CARNET_OK)
        return CARNET_OK;
    enum carnet_err err = carnet_state_floors(state, vendor, &floors, &inner);
    if (err != CARNET_OK || !raised(&floors, signed_floor, local_floor))
        goto out;
    if (!state->write) {
        err = carnet_file_lock(state->folder, "lock", 0600, true, 0, &lock, &inner);
        if (err == CARNET_BUSY)
            err = CARNET_OK; /* the next check raises them */
        /* Another may have raised them before the lock. */
        if (lock < 0 || (err = carnet_state_floors(state, vendor, &floors, &inner)) != CARNET_OK ||
            !raised(&floors, signed_floor, local_floor))
            goto out;
    }
    err = write_floors(state, vendor, &floors, &inner);
out:
    if (lock >= 0)
        (void)close(lock);
    if (is_not_ours(err, &inner))
        err = CARNET_OK;
    if (err != CARNET_OK && diag != NULL)
        *diag = inner;
    return err;
}

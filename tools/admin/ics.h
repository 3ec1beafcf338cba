/* SPDX-License-Identifier: MIT */
/* An iCalendar of whole days (RFC 5545). */
#ifndef CARNET_ADMIN_ICS_H
#define CARNET_ADMIN_ICS_H

#include <stdint.h>

#include "core/buffer.h"

struct ics_event {
    const char *
        uid; /* the same for the same thing in every calendar that is written; no other characters than text may have */
    int64_t day;         /* any time of that day, UTC */
    const char *summary; /* any text */
    const char *description;
};

/* Each appends whole lines to `out`, folded at 75 bytes (3.1), never within a character. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err ics_begin(struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err ics_add(struct carnet_buffer *out, const struct ics_event *event, int64_t now);
CARNET_MUST_USE enum carnet_err ics_end(struct carnet_buffer *out);

#endif

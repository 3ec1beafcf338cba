/* SPDX-License-Identifier: MIT */
/* The events of the administrator's journal: their lines, and the digests that link them (spec/format.md, W-1 to W-3).
 */
#ifndef CARNET_DOCUMENT_EVENT_H
#define CARNET_DOCUMENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/text.h"
#include "core/utc.h"

#define CARNET_WORD_SIZE 33        /* what happened, or a note, and NUL */
#define CARNET_EVENT_LINE_SIZE 834 /* the longest line, and NUL */

/* One event. What its line does not have is "", 0, a digest of zeros, or for `until` CARNET_EVENT_NO_TIME. */
struct carnet_event {
    uint32_t position;
    int64_t at;
    uint32_t epoch;
    char what[CARNET_WORD_SIZE];
    struct carnet_digest by;
    char license[CARNET_ID_TEXT_SIZE];
    uint32_t revision, seat, serial;
    int64_t until; /* CARNET_NEVER is possible */
    struct carnet_digest grant, entitlement, machine, key, release, bundle, name;
    char note[CARNET_WORD_SIZE];
};
#define CARNET_EVENT_NO_TIME INT64_MIN

/* W-1: the digest before the first event of a chain. */
void carnet_event_origin(const struct carnet_digest *vendor, const struct carnet_digest *signer,
                         struct carnet_digest *out);
/* W-2: the digest of an event with that line (`size` bytes, no line end). `out` may be `previous`. */
void carnet_event_link(const struct carnet_digest *previous, const char *line, size_t size, struct carnet_digest *out);
/* W-3: takes a line (`size` bytes, no line end) apart. CARNET_MALFORMED when it is none; out is then unchanged. */
CARNET_MUST_USE enum carnet_err carnet_event_parse(const char *line, size_t size, struct carnet_event *out);

#endif

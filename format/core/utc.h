/* SPDX-License-Identifier: MIT */
/* Times: UTC seconds since 1970-01-01T00:00:00Z, and their one text form (spec/format.md, X-10). */
#ifndef CARNET_CORE_UTC_H
#define CARNET_CORE_UTC_H

#include <stdint.h>

#include "core/error.h"

#define CARNET_UTC_SIZE 21 /* "YYYY-MM-DDThh:mm:ssZ" and NUL */
#define CARNET_NEVER INT64_MAX
#define CARNET_DAY INT64_C(86400)
#define CARNET_HOUR INT64_C(3600)
#define CARNET_MINUTE INT64_C(60)

/* The local clock, in UTC. */
int64_t carnet_utc_now(void);
/* Writes the text form, or "never". Times outside the years 1 to 9999 are clamped to them. */
void carnet_utc_format(int64_t time, char text[CARNET_UTC_SIZE]);
/* Parses the exact text form of a real date; CARNET_MALFORMED otherwise. "never" is not taken. */
CARNET_MUST_USE enum carnet_err carnet_utc_parse(const char *text, int64_t *out);
/* The same, and "never" gives CARNET_NEVER. */
CARNET_MUST_USE enum carnet_err carnet_utc_parse_or_never(const char *text, int64_t *out);
/* For command lines: YYYY-MM-DD (its last second), the full form, or "never"; CARNET_USAGE otherwise. */
CARNET_MUST_USE enum carnet_err carnet_utc_parse_date(const char *text, int64_t *out);
/* time + days * 86400, CARNET_NEVER when time is, or when it would overflow. */
int64_t carnet_utc_add_days(int64_t time, uint32_t days);

#endif

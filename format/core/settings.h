/* SPDX-License-Identifier: MIT */
/* Small settings files ("key = value" lines, # comments): manifests, and what else people write by hand. */
#ifndef CARNET_CORE_SETTINGS_H
#define CARNET_CORE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_SETTINGS_MOST ((size_t)64 * 1024)

/* Called for each setting; a refusal stops the parse and gets the line number. Key and value are trimmed,
 * NUL-terminated and borrowed. */
typedef enum carnet_err carnet_setting_fn(void *context, unsigned long line, const char *key, const char *value,
                                          struct carnet_diag *diag);

/* Parses text: valid UTF-8 without NUL or control characters but tab and line ends (LF or CRLF); CARNET_CONFIGURATION
 * with the line otherwise. */
CARNET_MUST_USE enum carnet_err carnet_settings_parse(const uint8_t *text, size_t size, carnet_setting_fn *setting,
                                                      void *context, struct carnet_diag *diag);

#endif

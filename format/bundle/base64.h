/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648, section 4), in its one canonical form. */
#ifndef CARNET_BUNDLE_BASE64_H
#define CARNET_BUNDLE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Number of characters for that many bytes, padding included. */
#define CARNET_BASE64_SIZE(size) (((size_t)(size) + 2) / 3 * 4)

/* Writes CARNET_BASE64_SIZE(size) characters, without NUL. */
void carnet_base64_encode(const uint8_t *bytes, size_t size, char *text);
/* Decodes exactly `size` characters; `bytes` holds size / 4 * 3. CARNET_MALFORMED when it is not the canonical form
 * (length, alphabet, padding, unused bits). */
CARNET_MUST_USE enum carnet_err carnet_base64_decode(const char *text, size_t size, uint8_t *bytes, size_t *count);

#endif

/* SPDX-License-Identifier: MIT */
/* 32-byte digests and their hexadecimal form. */
#ifndef CARNET_CORE_DIGEST_H
#define CARNET_CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_DIGEST_SIZE 32
#define CARNET_HEX_SIZE 65 /* 64 digits and NUL */

/* A SHA-256 digest, an HMAC, or an id made of one. */
struct carnet_digest {
    uint8_t bytes[CARNET_DIGEST_SIZE];
};

bool carnet_digest_equal(const struct carnet_digest *a, const struct carnet_digest *b);
bool carnet_digest_is_zero(const struct carnet_digest *d);
/* Writes 64 lower-case hex digits and NUL. */
void carnet_digest_hex(const struct carnet_digest *d, char hex[CARNET_HEX_SIZE]);
/* Exactly 64 lower-case hex digits; CARNET_MALFORMED otherwise (out unchanged). */
CARNET_MUST_USE enum carnet_err carnet_digest_parse(const char *hex, struct carnet_digest *out);

/* Writes 2 * size lower-case hex digits and NUL; `hex` holds 2 * size + 1 bytes. */
void carnet_hex(const uint8_t *bytes, size_t size, char *hex);
/* Exactly 2 * size lower-case hex digits; CARNET_MALFORMED otherwise (bytes unchanged). */
CARNET_MUST_USE enum carnet_err carnet_unhex(const char *hex, uint8_t *bytes, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#include "core/digest.h"

#include <string.h>

bool carnet_digest_equal(const struct carnet_digest *a, const struct carnet_digest *b)
{
    return memcmp(a->bytes, b->bytes, CARNET_DIGEST_SIZE) == 0;
}

bool carnet_digest_is_zero(const struct carnet_digest *d)
{
    static const struct carnet_digest zero;
    return carnet_digest_equal(d, &zero);
}

void carnet_hex(const uint8_t *bytes, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * size] = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

enum carnet_err carnet_unhex(const char *hex, uint8_t *bytes, size_t size)
{
    size_t digits = 0;
    while (digits < 2 * size && digit_value(hex[digits]) >= 0)
        digits++;
    if (digits != 2 * size || hex[digits] != '\0')
        return CARNET_MALFORMED;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(digit_value(hex[2 * i]) << 4 | digit_value(hex[2 * i + 1]));
    return CARNET_OK;
}

void carnet_digest_hex(const struct carnet_digest *d, char hex[CARNET_HEX_SIZE])
{
    carnet_hex(d->bytes, CARNET_DIGEST_SIZE, hex);
}

enum carnet_err carnet_digest_parse(const char *hex, struct carnet_digest *out)
{
    return carnet_unhex(hex, out->bytes, CARNET_DIGEST_SIZE);
}

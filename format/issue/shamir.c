/* SPDX-License-Identifier: MIT */
#include "issue/shamir.h"

#include <string.h>

/* The product modulo x^8 + x^4 + x^3 + x + 1: neither branches nor tables, whose times and places would tell. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0, left = a;

    for (unsigned bit = 0; bit < 8; bit++) {
        product ^= left & (0U - ((unsigned)b >> bit & 1U));
        left = (left << 1) ^ (0x11bU & (0U - (left >> 7 & 1U)));
    }
    return (uint8_t)product;
}

/* a^254: the inverse, and 0 for 0. */
static uint8_t invert(uint8_t a)
{
    uint8_t power = a, out = 1;

    for (unsigned i = 0; i < 7; i++) {
        power = multiply(power, power);
        out = multiply(out, power);
    }
    return out;
}

void carnet_shamir_value(const uint8_t secret[CARNET_SHAMIR_SIZE], const uint8_t *coefficients, size_t degree,
                         uint8_t x, uint8_t out[CARNET_SHAMIR_SIZE])
{
    for (size_t i = 0; i < CARNET_SHAMIR_SIZE; i++) {
        uint8_t sum = 0;

        for (size_t k = degree; k > 0; k--)
            sum = multiply(sum ^ coefficients[(k - 1) * CARNET_SHAMIR_SIZE + i], x);
        out[i] = sum ^ secret[i];
    }
}

void carnet_shamir_secret(const uint8_t *places, const uint8_t *const *values, size_t count,
                          uint8_t out[CARNET_SHAMIR_SIZE])
{
    memset(out, 0, CARNET_SHAMIR_SIZE);
    for (size_t j = 0; j < count; j++) {
        uint8_t weight = 1;

        for (size_t m = 0; m < count; m++) {
            if (m != j)
                weight = multiply(weight, multiply(places[m], invert(places[m] ^ places[j])));
        }
        for (size_t i = 0; i < CARNET_SHAMIR_SIZE; i++)
            out[i] ^= multiply(weight, values[j][i]);
    }
}

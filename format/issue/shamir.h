/* SPDX-License-Identifier: MIT */
/* Shamir's secret sharing over GF(2^8) (spec/keyfile.md, Y-18): byte by byte, in time that does not depend on secrets.
 */
#ifndef CARNET_ISSUE_SHAMIR_H
#define CARNET_ISSUE_SHAMIR_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_SHAMIR_SIZE 32

/* The value of the share at x (not 0): secret + coefficients[0] * x + coefficients[1] * x^2 ... */
void carnet_shamir_value(const uint8_t secret[CARNET_SHAMIR_SIZE], const uint8_t *coefficients, size_t degree,
                         uint8_t x, uint8_t out[CARNET_SHAMIR_SIZE]);
/* The secret, from `count` values at as many different places that are not 0. */
void carnet_shamir_secret(const uint8_t *places, const uint8_t *const *values, size_t count,
                          uint8_t out[CARNET_SHAMIR_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/* The endorsement key of a TPM 2 chip, as its answer to TPM2_ReadPublic gives it. */
#ifndef CARNET_MACHINE_TPM_H
#define CARNET_MACHINE_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/digest.h"

/* Asks the chip behind a descriptor for the public part of the key at handle 0x81010001, and waits at most three
 * seconds. False when there is none, or no answer that can be understood. */
bool carnet_tpm_ask(int fd, struct carnet_digest *out);
/* The digest of the key in a response: of the modulus of an RSA key, of x and y of one on a curve. */
bool carnet_tpm_parse(const uint8_t *response, size_t size, struct carnet_digest *out);

#endif

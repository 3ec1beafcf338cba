/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 of reading: the signature over the checksum lines (spec/format.md, section 5), and the project's only
 * door to digests, HMACs, random numbers (libgcrypt) and Ed25519 verification (libsodium: a twelfth of the time).
 */
#ifndef CARNET_BUNDLE_SIGNATURE_H
#define CARNET_BUNDLE_SIGNATURE_H

#include <stdbool.h>

#include "bundle/unpack.h"
#include "core/digest.h"

#define CARNET_PUBLIC_KEY_SIZE 32
#define CARNET_SIGNATURE_SIZE 64
#define CARNET_PEM_SIZE 113 /* K-1 */
#define CARNET_NONCE_SIZE 16

/* Starts libgcrypt and libsodium, once a process; thread-safe, idempotent. CARNET_CONFIGURATION where libgcrypt is too
 * old or runs in FIPS mode (no Ed25519 there). Every function of this header calls it by itself. */
CARNET_MUST_USE enum carnet_err carnet_crypto_start(struct carnet_diag *diag);

void carnet_sha256(const void *bytes, size_t size, struct carnet_digest *out);
/* SHA-256 of several pieces one after the other, at most CARNET_PIECES_MOST. */
#define CARNET_PIECES_MOST 15
struct carnet_piece {
    const void *bytes;
    size_t size;
};
void carnet_sha256_pieces(const struct carnet_piece *pieces, size_t count, struct carnet_digest *out);
CARNET_MUST_USE enum carnet_err carnet_hmac_sha256(const uint8_t *key, size_t key_size,
                                                   const struct carnet_piece *pieces, size_t count,
                                                   struct carnet_digest *out);
/* Random bytes fit for nonces and secrets. */
void carnet_random(void *bytes, size_t size);

/* The one PEM form of a key (K-1); `pem` receives 113 bytes and a NUL. */
void carnet_pem_write(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], char pem[CARNET_PEM_SIZE + 1]);
/* K-1 only; CARNET_MALFORMED otherwise. */
CARNET_MUST_USE enum carnet_err carnet_pem_read(const uint8_t *pem, size_t size, uint8_t key[CARNET_PUBLIC_KEY_SIZE],
                                                struct carnet_diag *diag);
/* The id of a key (I-2). */
void carnet_key_id(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], struct carnet_digest *id);
/* K-2 to K-5: is this a sound public key? Never aborts. CARNET_MALFORMED with its clause otherwise. Costs some 0.1 ms.
 */
CARNET_MUST_USE enum carnet_err carnet_key_gate(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], struct carnet_diag *diag);
/* Verifies: S-1 to S-3, the gate unless `gated`, then S-4. CARNET_MALFORMED or CARNET_ALTERED. */
CARNET_MUST_USE enum carnet_err carnet_verify(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], bool gated,
                                              const uint8_t *signature, size_t signature_size, const void *bytes,
                                              size_t size, struct carnet_diag *diag);

/* Keys whose gate was passed already, so that each is gated once. NULL is allowed everywhere: nothing is kept then.
 * Not shared between threads. */
struct carnet_gated_keys;
CARNET_MUST_USE enum carnet_err carnet_gated_keys_new(struct carnet_gated_keys **out);
void carnet_gated_keys_free(struct carnet_gated_keys *keys);

/* An unpacked bundle whose checksum lines are signed by the key in signer.pem. Made by carnet_signature_check alone. */
struct carnet_signed;

/* `u` is borrowed and must outlive *out. *out changes only on success. */
CARNET_MUST_USE enum carnet_err carnet_signature_check(const struct carnet_unpacked *u, struct carnet_gated_keys *keys,
                                                       struct carnet_signed **out, struct carnet_diag *diag);
/* The same for a bundle that was checked here before, byte for byte: the signature is verified, but its key, which
 * passed the gate then, is not put through it again. */
CARNET_MUST_USE enum carnet_err carnet_signature_check_again(const struct carnet_unpacked *u,
                                                             struct carnet_signed **out, struct carnet_diag *diag);
void carnet_signed_free(struct carnet_signed *s);
const struct carnet_unpacked *carnet_signed_unpacked(const struct carnet_signed *s);
const struct carnet_digest *carnet_signed_signer(const struct carnet_signed *s); /* the key's id */
const uint8_t *carnet_signed_public_key(const struct carnet_signed *s);          /* 32 bytes */

#endif

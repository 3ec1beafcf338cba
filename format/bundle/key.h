/* SPDX-License-Identifier: MIT */
/*
 * Private keys: made, kept at rest, opened into locked memory (spec/keyfile.md). libcarnet signs with machine keys and
 * for machine kinds alone: carnet_machine_sign is its one signing entry. Signing for root and issuer is in
 * libcarnet-issue.
 */
#ifndef CARNET_BUNDLE_KEY_H
#define CARNET_BUNDLE_KEY_H

#include "bundle/kind.h"
#include "bundle/signature.h"
#include "core/buffer.h"

#define CARNET_PASSPHRASE_MOST 1024

/* An open private key; its secret is in locked memory and wiped on free. */
struct carnet_key;

/* What a key file says in the clear. */
struct carnet_key_info {
    enum carnet_role role;
    struct carnet_digest id;
    uint8_t public_key[CARNET_PUBLIC_KEY_SIZE];
    int64_t created;
    bool passphrase; /* sealed by a passphrase, else by the key-encryption key beside it */
    bool token;      /* neither: a PKCS#11 token holds it */
};

/* Makes the pool of locked memory and proves it is locked: CARNET_MEMORY_NOT_LOCKED otherwise. Idempotent, thread-safe;
 * the kernel is asked each time, as a child does not inherit the locks of its parent. */
CARNET_MUST_USE enum carnet_err carnet_secrets_start(struct carnet_diag *diag);
/* Memory from that pool, zeroed, or NULL; carnet_secret_free wipes it. */
void *carnet_secret_alloc(size_t size);
void carnet_secret_free(void *secret);

/* A new key. */
CARNET_MUST_USE enum carnet_err carnet_key_generate(enum carnet_role role, int64_t now, struct carnet_key **out,
                                                    struct carnet_diag *diag);
/* A key from its 32-byte seed (RFC 8032), for tests and samples; `seed` should be in locked memory. */
CARNET_MUST_USE enum carnet_err carnet_key_from_seed(enum carnet_role role, int64_t created, const uint8_t seed[32],
                                                     struct carnet_key **out, struct carnet_diag *diag);
void carnet_key_free(struct carnet_key *key);
const struct carnet_key_info *carnet_key_info(const struct carnet_key *key);

/*
 * Writes NAME.key (XML, AES-256-GCM-SIV over the seed, the header as additional data) into the folder. With a
 * passphrase (locked memory, NUL-terminated) the key-encryption key comes from it by Argon2id; with NULL it is 32
 * random bytes in NAME.kek. All files 0600, durable, never over an old one (CARNET_EXISTS).
 */
CARNET_MUST_USE enum carnet_err carnet_key_store(const struct carnet_key *key, int dirfd, const char *name,
                                                 const char *passphrase, struct carnet_diag *diag);
/*
 * Seals the same key anew, with that passphrase or with NULL. NAME.key is replaced in one step: at every moment the old
 * file or the new one is there, and the one that is there opens. NAME.kek of a key that has a passphrase now goes after
 * it.
 */
CARNET_MUST_USE enum carnet_err carnet_key_reseal(const struct carnet_key *key, int dirfd, const char *name,
                                                  const char *passphrase, struct carnet_diag *diag);
/* Reads what NAME.key says in the clear; CARNET_NOT_FOUND when it is not there. */
CARNET_MUST_USE enum carnet_err carnet_key_peek(int dirfd, const char *name, struct carnet_key_info *out,
                                                struct carnet_diag *diag);
/*
 * Opens NAME.key. `passphrase` may be NULL for a key without one. Refuses files others can read (CARNET_PERMISSION), a
 * role other than `role` (CARNET_UNTRUSTED_KEY), parameters below the floor or above the ceiling (CARNET_MALFORMED), a
 * newer version (CARNET_CONFIGURATION); CARNET_WRONG_PASSPHRASE, also when one is needed and NULL is given;
 * CARNET_ALTERED when the tag does not hold without one; CARNET_NOT_FOUND without NAME.key, CARNET_NO_INPUT when
 * NAME.kek alone is missing.
 */
CARNET_MUST_USE enum carnet_err carnet_key_open(int dirfd, const char *name, enum carnet_role role,
                                                const char *passphrase, struct carnet_key **out,
                                                struct carnet_diag *diag);

/* libcarnet's one signing entry: signs checksum lines whose first line is that of a machine kind, with a machine key;
 * CARNET_BUG otherwise. */
CARNET_MUST_USE enum carnet_err carnet_machine_sign(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                                    uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag);

#endif

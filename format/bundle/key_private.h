/* SPDX-License-Identifier: MIT */
/* What the sealers and the files of keys share with the keys; no part of what products see. */
#ifndef CARNET_BUNDLE_KEY_PRIVATE_H
#define CARNET_BUNDLE_KEY_PRIVATE_H

#include "bundle/key.h"
#include "bundle/key_file.h"

#define CARNET_SEED_SIZE 32
#define CARNET_KEK_SIZE 32

/* How a key signs: from its seed, or by the device that holds it. `close` frees what the signer put into the key. */
struct carnet_key_signer {
    enum carnet_err (*sign)(const struct carnet_key *key, const uint8_t *bytes, size_t size,
                            uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag);
    void (*close)(struct carnet_key *key);
};

struct carnet_key {
    struct carnet_key_info info;
    const struct carnet_key_signer *signer;
    uint8_t *seed; /* locked memory, CARNET_SEED_SIZE; NULL where a device holds the key */
    void *device;  /* the signer's */
};

/* A key whose secret a device holds. The key takes `device` over only on CARNET_OK. */
CARNET_MUST_USE enum carnet_err carnet_key_of_device(const struct carnet_key_info *info,
                                                     const struct carnet_key_signer *signer, void *device,
                                                     struct carnet_key **out, struct carnet_diag *diag);

/* Writes NAME.key for a key that a token holds: where it is, and nothing secret (Y-20). */
CARNET_MUST_USE enum carnet_err carnet_key_store_token(const struct carnet_key_info *info, const char *uri, int dirfd,
                                                       const char *name, struct carnet_diag *diag);

/* A key sealed with a passphrase, for a file in another place than its home; and the reverse, with the outcomes of
 * carnet_key_open. */
CARNET_MUST_USE enum carnet_err carnet_key_seal(const struct carnet_key *key, const char *passphrase,
                                                struct carnet_key_file *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err carnet_key_unseal(const struct carnet_key_file *file, const char *passphrase,
                                                  struct carnet_key **out, struct carnet_diag *diag);
/* NAME.key as it is sealed, closed to others (Y-9). */
CARNET_MUST_USE enum carnet_err carnet_key_file_load(int dirfd, const char *name, struct carnet_key_file *out,
                                                     struct carnet_diag *diag);

/* Signs checksum lines for that kind. CARNET_BUG unless the key's role is the kind's signer and the lines begin with
 * the kind's line for `mimetype`, which is what tells the signatures of kinds apart (spec/format.md, section 4). */
CARNET_MUST_USE enum carnet_err carnet_key_sign(const struct carnet_key *key, const struct carnet_kind *kind,
                                                const uint8_t *sums, size_t size,
                                                uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag);

/* The key-encryption key from a passphrase, with the file's parameters (Y-6). `kek` is locked memory. */
CARNET_MUST_USE enum carnet_err carnet_key_stretch(const struct carnet_key_file *file, const char *passphrase,
                                                   uint8_t kek[CARNET_KEK_SIZE], struct carnet_diag *diag);
/* Fills ciphertext and tag of the file, whose other fields are set (Y-8). */
CARNET_MUST_USE enum carnet_err carnet_key_wrap(struct carnet_key_file *file, const uint8_t kek[CARNET_KEK_SIZE],
                                                const uint8_t seed[CARNET_SEED_SIZE], struct carnet_diag *diag);
/* The reverse, into locked memory; CARNET_ALTERED when the tag does not hold. */
CARNET_MUST_USE enum carnet_err carnet_key_unwrap(const struct carnet_key_file *file,
                                                  const uint8_t kek[CARNET_KEK_SIZE], uint8_t seed[CARNET_SEED_SIZE],
                                                  struct carnet_diag *diag);

#endif

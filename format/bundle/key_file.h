/* SPDX-License-Identifier: MIT */
/* The form of a key file: NAME.key (spec/keyfile.md). */
#ifndef CARNET_BUNDLE_KEY_FILE_H
#define CARNET_BUNDLE_KEY_FILE_H

#include "bundle/key.h"

#define CARNET_KEY_FILE_MOST 4096u /* Y-1 */
#define CARNET_KEY_SALT_SIZE 16
#define CARNET_KEY_NONCE_SIZE 12
#define CARNET_KEY_TAG_SIZE 16
#define CARNET_KEY_URI_SIZE 513 /* Y-20, and NUL */

/* Argon2id (Y-6). */
#define CARNET_KEY_PASSES_LEAST 3u
#define CARNET_KEY_PASSES_MOST 16u
#define CARNET_KEY_MEMORY_LEAST (64u * 1024u)  /* KiB */
#define CARNET_KEY_MEMORY_MOST (1024u * 1024u) /* KiB */

struct carnet_key_file {
    struct carnet_key_info info;
    char uri[CARNET_KEY_URI_SIZE]; /* with a token only, and then nothing of the below */
    uint32_t passes, memory;       /* with a passphrase only */
    uint8_t salt[CARNET_KEY_SALT_SIZE];
    uint8_t nonce[CARNET_KEY_NONCE_SIZE];
    uint8_t ciphertext[32];
    uint8_t tag[CARNET_KEY_TAG_SIZE];
};

/* Y-20: a PKCS#11 URI that a key file may hold. */
bool carnet_key_uri_is_one(const char *uri);
/* Appends the header: all bytes before the element `secret`, which are the additional data of the cipher (Y-8). */
CARNET_MUST_USE enum carnet_err carnet_key_file_header(const struct carnet_key_file *file, struct carnet_buffer *out);
/* Appends the whole file. */
CARNET_MUST_USE enum carnet_err carnet_key_file_write(const struct carnet_key_file *file, struct carnet_buffer *out);
/* The reverse. Only the one form is taken: CARNET_MALFORMED with the line, CARNET_CONFIGURATION for another version. */
CARNET_MUST_USE enum carnet_err carnet_key_file_parse(const uint8_t *bytes, size_t size, struct carnet_key_file *out,
                                                      struct carnet_diag *diag);

#endif

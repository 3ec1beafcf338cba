/* SPDX-License-Identifier: MIT */
/*
 * Keys as lines to print and to type (spec/keyfile.md, Y-13 to Y-19): a sealed key, and a share of a key. Nothing here
 * is read or written but text.
 */
#ifndef CARNET_ISSUE_KEY_TEXT_H
#define CARNET_ISSUE_KEY_TEXT_H

#include "bundle/key_file.h"
#include "issue/shamir.h"

#define CARNET_KEY_TEXT_MOST 8192u /* Y-13 */
#define CARNET_KEY_SHARE_TEXT 1024 /* a share's text, and NUL */
#define CARNET_SHARES_MOST 16u
#define CARNET_SHARE_SET_SIZE 8

struct carnet_key_share {
    struct carnet_key_info info;
    uint8_t set[CARNET_SHARE_SET_SIZE]; /* the same in all shares of one split */
    uint8_t index, threshold, shares;
    uint8_t value[CARNET_SHAMIR_SIZE];
};

/* What does the text hold? A title is looked for, nothing else. */
bool carnet_key_text_is_one(const uint8_t *text, size_t size);

/* Appends a sealed key, which has a passphrase, as text. */
CARNET_MUST_USE enum carnet_err carnet_key_text_write(const struct carnet_key_file *file, struct carnet_buffer *out);
/* The reverse. CARNET_MALFORMED with the line that does not hold, CARNET_CONFIGURATION for a newer version,
 * CARNET_WRONG_KIND for a share. */
CARNET_MUST_USE enum carnet_err carnet_key_text_read(const uint8_t *text, size_t size, struct carnet_key_file *out,
                                                     struct carnet_diag *diag);

/* The text of a share. Share and text belong into locked memory. Returns the text's length. */
size_t carnet_key_share_write(const struct carnet_key_share *share, char out[CARNET_KEY_SHARE_TEXT]);
/* The reverse, with the same refusals; CARNET_WRONG_KIND for a sealed key. */
CARNET_MUST_USE enum carnet_err carnet_key_share_read(const uint8_t *text, size_t size, struct carnet_key_share *out,
                                                      struct carnet_diag *diag);

/* Splits an open key into `shares` shares (2 to 16), in locked memory, of which any `threshold` (2 to shares) give it
 * back. CARNET_USAGE for other numbers. */
CARNET_MUST_USE enum carnet_err carnet_key_split(const struct carnet_key *key, uint8_t shares, uint8_t threshold,
                                                 struct carnet_key_share *out, struct carnet_diag *diag);
/* May this share be joined with those before it? CARNET_USAGE for one that is there already, CARNET_UNTRUSTED_KEY for
 * one of another key or another split. */
CARNET_MUST_USE enum carnet_err carnet_key_share_fits(const struct carnet_key_share *shares, size_t count,
                                                      const struct carnet_key_share *share, struct carnet_diag *diag);
/* The key of these shares, which fit. CARNET_NO_INPUT when they are too few, CARNET_ALTERED when what they give is not
 * the key that they name. */
CARNET_MUST_USE enum carnet_err carnet_key_join(const struct carnet_key_share *shares, size_t count,
                                                struct carnet_key **out, struct carnet_diag *diag);

#endif

/* SPDX-License-Identifier: MIT */
/* Text from strangers: the value types of spec/format.md section 9, and escaping for display. */
#ifndef CARNET_CORE_TEXT_H
#define CARNET_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_ID_TEXT_SIZE 65 /* an id and NUL */
#define CARNET_TEXT_SIZE 801   /* 200 characters of at most 4 bytes, and NUL */
#define CARNET_VERSION_SIZE 28 /* 4 numbers of 6 digits, 3 dots, NUL */
#define CARNET_LABEL_SIZE 25   /* the LABEL of a file name (N-1) and NUL */

/* Well-formed UTF-8 (no surrogates, no overlong forms). */
bool carnet_utf8_valid(const uint8_t *bytes, size_t size);
/* The type "id": 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit. */
bool carnet_text_is_id(const char *text);
/* The type "text": 1 to 200 characters, none invisible or directional, no space at the ends. */
bool carnet_text_is_text(const char *text);
/* The type "version". */
bool carnet_text_is_version(const char *text);
/* The value of a feature. */
bool carnet_text_is_feature_value(const char *text);
/* A decimal number without sign or leading zeros, from least to most; CARNET_USAGE otherwise (out unchanged). */
CARNET_MUST_USE enum carnet_err carnet_text_number(const char *text, uint32_t least, uint32_t most, uint32_t *out);
/* Compares versions number by number, absent numbers as 0: negative, 0, positive. */
int carnet_version_compare(const char *a, const char *b);
/*
 * Copies text for a terminal or a message into out (room bytes, NUL included): control, directional, invisible and
 * undecodable characters become \xNN or \u{N}; cut with "..." when it does not fit. Returns out.
 */
char *carnet_text_escape(const char *text, size_t size, char *out, size_t room);
/* Makes the LABEL of a file name: lower case, other characters than a-z 0-9 become single hyphens, at most 24;
 * "x" when nothing is left or it is a DOS device name's (it then gets "x-" in front). */
void carnet_text_label(const char *text, char out[CARNET_LABEL_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/* How much room text takes on a terminal, whatever the locale is: a program that is one file may find none. */
#ifndef COMMON_COLUMNS_H
#define COMMON_COLUMNS_H

#include <stddef.h>

/* Columns of UTF-8 text: 2 for what East Asian Width calls wide or fullwidth, 0 for marks that stand on the character
 * before them, else 1. */
size_t cli_columns(const char *text);
/* What "%-*s" needs so that text fills that many columns: printf counts bytes. */
int cli_width(const char *text, unsigned columns);

#endif

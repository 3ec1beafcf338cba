/* SPDX-License-Identifier: MIT */
#include "common/columns.h"

#include <stdint.h>
#include <string.h>

struct span {
    uint32_t first, last;
};

/* Unicode's East Asian Width W and F; unassigned characters between such are taken with them. */
static const struct span wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
    {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
/* Combining marks of the scripts that use them most, and what is never seen. */
static const struct span none[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
    {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};

static int within(const struct span *list, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= list[i].first && c <= list[i].last)
            return 1;
    return 0;
}

/* The character at *text, which moves behind it. Text of ours is well-formed; a stray byte is a character of its own.
 */
static uint32_t next(const unsigned char **text)
{
    const unsigned char *p = *text;
    const size_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
    uint32_t c = more == 3 ? *p & 7u : more == 2 ? *p & 15u : more == 1 ? *p & 31u : *p;
    size_t i = 0;
    for (p++; i < more && (*p & 0xc0) == 0x80; i++)
        c = c << 6 | (*p++ & 63u);
    *text = p;
    return c;
}

size_t cli_columns(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t columns = 0;
    while (*p != '\0') {
        const uint32_t c = next(&p);
        if (!within(none, sizeof none / sizeof *none, c))
            columns += within(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
    }
    return columns;
}

int cli_width(const char *text, unsigned columns)
{
    const size_t bytes = strlen(text), shown = cli_columns(text);
    return shown < columns ? (int)(bytes + (columns - shown)) : 0;
}

/* SPDX-License-Identifier: MIT */
#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define NO_CHARACTER UINT32_MAX

/* Decodes one character at bytes[0..size); *length is how many bytes it takes, 1 when it can't be decoded. */
static uint32_t decode(const uint8_t *bytes, size_t size, size_t *length)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t need = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    *length = 1;
    if (need == 1)
        return first;
    if (first < 0xC2 || first > 0xF4 || need > size)
        return NO_CHARACTER;
    uint32_t character = first & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return NO_CHARACTER;
        character = character << 6 | (bytes[i] & 0x3FU);
    }
    if (character < least[need] || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        return NO_CHARACTER;
    *length = need;
    return character;
}

bool carnet_utf8_valid(const uint8_t *bytes, size_t size)
{
    size_t length;
    for (size_t i = 0; i < size; i += length)
        if (decode(bytes + i, size - i, &length) == NO_CHARACTER)
            return false;
    return true;
}

/* Characters that are never shown as they are: controls, directions, formats, private ones, white space that looks like
 * something else (spec/format.md, section 21). The space itself is not among them. */
static bool is_hidden(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x0, 0x1F},        {0x7F, 0xA0},        {0xAD, 0xAD},       {0x34F, 0x34F},     {0x600, 0x605},
        {0x61C, 0x61C},     {0x6DD, 0x6DD},      {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
        {0x115F, 0x1160},   {0x1680, 0x1680},    {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x2000, 0x200F},
        {0x2028, 0x202F},   {0x205F, 0x206F},    {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},
        {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
        {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD},  {0x110CD, 0x110CD}, {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3},
        {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF},
    };
    if (character > 0x1F && character < 0x7F)
        return false; /* as nearly all are */
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && character >= hidden[i].first; i++)
        if (character <= hidden[i].last)
            return true;
    return false;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* 1 to 64 letters, digits and characters of `also`. */
static bool is_token(const char *text, const char *also)
{
    size_t length = strnlen(text, CARNET_ID_TEXT_SIZE);
    if (length == 0 || length == CARNET_ID_TEXT_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_alphanumeric(text[i]) && strchr(also, text[i]) == NULL)
            return false;
    return true;
}

bool carnet_text_is_id(const char *text)
{
    return is_token(text, "._-") && is_alphanumeric(text[0]);
}

bool carnet_text_is_feature_value(const char *text)
{
    return is_token(text, "._:+-");
}

bool carnet_text_is_text(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t size = strlen(text), characters = 0, length;
    if (size == 0 || size >= CARNET_TEXT_SIZE || text[0] == ' ' || text[size - 1] == ' ')
        return false;
    for (size_t i = 0; i < size; i += length, characters++) {
        uint32_t character = decode(bytes + i, size - i, &length);
        if (character == NO_CHARACTER || is_hidden(character))
            return false;
    }
    return characters <= 200;
}

bool carnet_text_is_version(const char *text)
{
    unsigned numbers = 0, digits = 0;
    for (const char *c = text;; c++) {
        if (*c >= '0' && *c <= '9') {
            if (digits == 1 && c[-1] == '0')
                return false;
            if (++digits > 6)
                return false;
        } else if (*c == '.' || *c == '\0') {
            if (digits == 0 || ++numbers > 4)
                return false;
            digits = 0;
            if (*c == '\0')
                return true;
        } else {
            return false;
        }
    }
}

enum carnet_err carnet_text_number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    size_t length = strnlen(text, 11);
    if (length == 0 || length > 10 || (text[0] == '0' && length > 1))
        return CARNET_USAGE;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return CARNET_USAGE;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (value < least || value > most)
        return CARNET_USAGE;
    *out = (uint32_t)value;
    return CARNET_OK;
}

/* Takes the next number off a version; absent numbers are 0. */
static unsigned long version_number(const char **text)
{
    unsigned long value = 0;
    while (**text >= '0' && **text <= '9')
        value = value * 10 + (unsigned long)(*(*text)++ - '0');
    if (**text == '.')
        (*text)++;
    return value;
}

int carnet_version_compare(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        unsigned long left = version_number(&a), right = version_number(&b);
        if (left != right)
            return left < right ? -1 : 1;
    }
    return 0;
}

#define ESCAPED_SIZE 16
static const char *escape(uint32_t character, uint8_t byte, char out[ESCAPED_SIZE])
{
    if (character == NO_CHARACTER || character < 0x20 || character == 0x7F)
        snprintf(out, ESCAPED_SIZE, "\\x%02x", byte);
    else
        snprintf(out, ESCAPED_SIZE, "\\u{%x}", character);
    return out;
}

char *carnet_text_escape(const char *text, size_t size, char *out, size_t room)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t used = 0, length;
    size_t last_safe = 0; /* where "..." still fits */
    for (size_t i = 0; i < size; i += length) {
        char escaped[ESCAPED_SIZE];
        uint32_t character = decode(bytes + i, size - i, &length);
        bool as_it_is = character != NO_CHARACTER && !is_hidden(character);
        const char *piece = as_it_is ? text + i : escape(character, bytes[i], escaped);
        size_t need = as_it_is ? length : strlen(piece);
        if (used + need + 1 > room) {
            if (room > 3) {
                memcpy(out + last_safe, "...", 3);
                used = last_safe + 3;
            }
            break;
        }
        memcpy(out + used, piece, need);
        used += need;
        if (used + 4 <= room)
            last_safe = used;
    }
    if (room > 0)
        out[used] = '\0';
    return out;
}

/* The names that DOS keeps for devices, with or without an ending. */
static bool is_device_name(const char *label)
{
    static const char *const names[] = {"con", "prn", "aux", "nul"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(label, names[i]) == 0)
            return true;
    return (strncmp(label, "com", 3) == 0 || strncmp(label, "lpt", 3) == 0) && label[3] >= '0' && label[3] <= '9' &&
           label[4] == '\0';
}

void carnet_text_label(const char *text, char out[CARNET_LABEL_SIZE])
{
    char label[CARNET_LABEL_SIZE];
    size_t used = 0;
    for (const char *c = text; *c != '\0' && used < CARNET_LABEL_SIZE - 1; c++) {
        char lower = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        if (is_alphanumeric(lower))
            label[used++] = lower;
        else if (used > 0 && label[used - 1] != '-')
            label[used++] = '-';
    }
    while (used > 0 && label[used - 1] == '-')
        used--;
    label[used] = '\0';
    /* A device's name is short, so the two characters in front fit. */
    snprintf(out, CARNET_LABEL_SIZE, "%s%.*s",
             used == 0               ? "x"
             : is_device_name(label) ? "x-"
                                     : "",
             (int)(is_device_name(label) ? CARNET_LABEL_SIZE - 3 : CARNET_LABEL_SIZE - 1), label);
}

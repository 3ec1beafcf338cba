/* SPDX-License-Identifier: MIT */
#include "bundle/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void carnet_base64_encode(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i += 3, text += 4) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;

        if (left > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        text[0] = alphabet[group >> 18 & 63];
        text[1] = alphabet[group >> 12 & 63];
        text[2] = alphabet[group >> 6 & 63];
        text[3] = alphabet[group & 63];
        if (left < 3)
            text[3] = '=';
        if (left < 2)
            text[2] = '=';
    }
}

/* The value of a character, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

enum carnet_err carnet_base64_decode(const char *text, size_t size, uint8_t *bytes, size_t *count)
{
    size_t padding = 0;
    size_t written = 0;
    uint32_t group = 0;

    if (size % 4 != 0)
        return CARNET_MALFORMED;
    if (size > 0 && text[size - 1] == '=')
        padding = text[size - 2] == '=' ? 2 : 1;
    for (size_t i = 0; i < size - padding; i++) {
        int value = value_of(text[i]);

        if (value < 0)
            return CARNET_MALFORMED;
        group = group << 6 | (uint32_t)value;
        if (i % 4 == 3) {
            bytes[written++] = (uint8_t)(group >> 16 & 255);
            bytes[written++] = (uint8_t)(group >> 8 & 255);
            bytes[written++] = (uint8_t)(group & 255);
            group = 0;
        }
    }
    if (padding == 1) {
        if ((group & 3) != 0)
            return CARNET_MALFORMED;
        bytes[written++] = (uint8_t)(group >> 10 & 255);
        bytes[written++] = (uint8_t)(group >> 2 & 255);
    } else if (padding == 2) {
        if ((group & 15) != 0)
            return CARNET_MALFORMED;
        bytes[written++] = (uint8_t)(group >> 4 & 255);
    }
    *count = written;
    return CARNET_OK;
}

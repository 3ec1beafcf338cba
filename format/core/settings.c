/* SPDX-License-Identifier: MIT */
#include "core/settings.h"

#include <stdbool.h>
#include <string.h>

#include "core/buffer.h"
#include "core/text.h"

static const uint8_t byte_order_mark[] = {0xEF, 0xBB, 0xBF};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Trims in place; the text ends at `end`. */
static char *trim(char *start, char *end)
{
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    *end = '\0';
    return start;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

static enum carnet_err fail_line(struct carnet_diag *diag, unsigned long line, const char *what)
{
    enum carnet_err err = carnet_fail(diag, CARNET_CONFIGURATION, "", "Line %lu %s.", line, what);
    if (diag != NULL)
        diag->line = line;
    return err;
}

/* One line, without its end; `end` may be written to. */
static enum carnet_err parse_line(char *start, char *end, unsigned long line, carnet_setting_fn *setting, void *context,
                                  struct carnet_diag *diag)
{
    for (const char *c = start; c < end; c++)
        if (is_control(*c))
            return fail_line(diag, line, "holds a control character");
    start = trim(start, end);
    if (start[0] == '\0' || start[0] == '#')
        return CARNET_OK;
    char *equals = strchr(start, '=');
    if (equals == NULL)
        return fail_line(diag, line, "is not of the form 'key = value'");
    char *value = trim(equals + 1, equals + 1 + strlen(equals + 1));
    char *key = trim(start, equals);
    if (key[0] == '\0')
        return fail_line(diag, line, "has no key before its '='");
    enum carnet_err err = setting(context, line, key, value, diag);
    if (err != CARNET_OK && diag != NULL)
        diag->line = line;
    return err;
}

enum carnet_err carnet_settings_parse(const uint8_t *text, size_t size, carnet_setting_fn *setting, void *context,
                                      struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_BUG;
    struct carnet_buffer copy = {0};
    unsigned long line = 1;

    if (size > CARNET_SETTINGS_MOST) {
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "It is larger than %zu KiB.", CARNET_SETTINGS_MOST / 1024);
        goto out;
    }
    /* Editors of other systems put it there; it is no part of the first key. */
    if (size >= sizeof byte_order_mark && memcmp(text, byte_order_mark, sizeof byte_order_mark) == 0) {
        text += sizeof byte_order_mark;
        size -= sizeof byte_order_mark;
    }
    err = CARNET_OK;
    if (size == 0)
        goto out;
    if (carnet_buffer_append(&copy, text, size) != CARNET_OK) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the settings.");
        goto out;
    }
    char *start = (char *)copy.bytes, *const end = start + size;
    while (err == CARNET_OK && start < end) {
        char *stop = memchr(start, '\n', (size_t)(end - start));
        char *next = stop == NULL ? end : stop + 1;
        if (stop == NULL)
            stop = end;
        if (stop > start && next > stop && stop[-1] == '\r')
            stop--;
        err = carnet_utf8_valid((const uint8_t *)start, (size_t)(stop - start))
                  ? parse_line(start, stop, line, setting, context, diag)
                  : fail_line(diag, line, "is not valid UTF-8");
        start = next;
        line++;
    }
out:
    carnet_buffer_clear(&copy);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* show --entry, --bytes: what stands in a bundle, as it stands there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/inspect.h"

#define BLOCK 512u
#define ROW 16u

/* The entry of that name, or the only one whose name begins so. */
static const struct carnet_entry *find(const struct carnet_unpacked *unpacked, const char *name)
{
    const struct carnet_entry *found = NULL;
    for (size_t i = 0; i < carnet_unpacked_count(unpacked); i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(unpacked, i);
        if (strcmp(entry->name, name) == 0)
            return entry;
        if (strncmp(entry->name, name, strlen(name)) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = entry;
    }
    return found;
}

/* On a terminal nothing raw: each line escaped. */
static enum carnet_err tell_lines(struct cli *cli, const struct carnet_entry *entry)
{
    const char *text = (const char *)entry->bytes;
    const size_t room = entry->size * 10 + 1; /* \u{10FFFF} is the longest form */
    char *shown = malloc(room);
    if (shown == NULL)
        return CARNET_NO_MEMORY;
    for (size_t at = 0, size; at < entry->size; at += size + 1) {
        const char *end = memchr(text + at, '\n', entry->size - at);
        size = end != NULL ? (size_t)(end - text) - at : entry->size - at;
        carnet_text_escape(text + at, size, shown, room);
        cli_write(cli, shown, strlen(shown));
        cli_write(cli, "\n", 1);
    }
    free(shown);
    return CARNET_OK;
}

enum carnet_err inspect_raw_entry(struct cli *cli, const struct carnet_unpacked *unpacked, const char *name,
                                  bool terminal)
{
    const struct carnet_entry *entry = find(unpacked, name);
    char shown[80];
    if (entry == NULL) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "The file has no entry '%s', or several that begin so.",
                          carnet_text_escape(name, strlen(name), shown, sizeof shown));
        return carnet_fail_next(cli_diag(cli), "'carnet-inspect show FILE' lists the entries.");
    }
    if (cli_json(cli)) {
        char *text = malloc(entry->size + 1);
        if (text == NULL)
            return CARNET_NO_MEMORY;
        memcpy(text, entry->bytes, entry->size);
        text[entry->size] = '\0';
        cli_set(cli, "entry-name", json_string(entry->name));
        cli_set(cli, "entry-text", cli_json_text(text));
        free(text);
        return CARNET_OK;
    }
    if (terminal)
        return tell_lines(cli, entry);
    cli_write(cli, entry->bytes, entry->size);
    return CARNET_OK;
}

/* A row of bytes in hex and in letters. */
static void tell_row(struct cli *cli, size_t at, const uint8_t *row)
{
    char letters[ROW + 1] = "", hex[3 * ROW + 1] = "";
    for (size_t i = 0; i < ROW; i++) {
        (void)snprintf(hex + 3 * i, 4, "%02x ", row[i]);
        letters[i] = (char)(row[i] >= ' ' && row[i] < 0x7f ? row[i] : '.');
    }
    cli_data(cli, "  %06zx  %s %s\n", at, hex, letters);
}

void inspect_raw_headers(struct cli *cli, const struct carnet_reading *reading)
{
    static const uint8_t zeros[ROW];
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(reading);
    size_t size = 0, at = 0;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    for (size_t i = 0; i < carnet_unpacked_count(unpacked); i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(unpacked, i);
        cli_data(cli, "\n%sHeader of %s%s (%zu bytes follow it; rows of zeros are left out)\n", cli_style(cli, "bold"),
                 entry->name, cli_style(cli, "off"), entry->size);
        for (size_t row = at; row < at + BLOCK && row + ROW <= size; row += ROW) {
            if (memcmp(bytes + row, zeros, ROW) != 0)
                tell_row(cli, row, bytes + row);
        }
        at += BLOCK + (entry->size + BLOCK - 1) / BLOCK * BLOCK;
    }
    cli_data(cli, "\n%sEnd%s at %06zx: %zu bytes\n", cli_style(cli, "bold"), cli_style(cli, "off"), at,
             size > at ? size - at : 0);
}

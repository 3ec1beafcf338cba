/* SPDX-License-Identifier: MIT */
#include "bundle/pack.h"

#include <assert.h>
#include <string.h>

#include "bundle/pack_private.h"
#include "bundle/signature.h"

/* The table of C-5. What is not given is zero bytes. */
#define SIZE_OFFSET 124
#define SIZE_DIGITS 11
#define CHECKSUM_OFFSET 148
#define CHECKSUM_SIZE 8
#define CHECKSUM_DIGITS 6

static const struct {
    size_t offset;
    const char *name;
    const char *content;
} fields[] = {
    {0, "name", ""},
    {100, "mode", "0000644"},
    {108, "uid", "0000000"},
    {116, "gid", "0000000"},
    {SIZE_OFFSET, "size", ""},
    {136, "mtime", "00000000000"},
    {CHECKSUM_OFFSET, "chksum", "        "},
    {156, "typeflag", "0"},
    {157, "linkname", ""},
    {257, "magic", "ustar"},
    {263, "version", "00"},
    {265, "uname", ""},
    {297, "gname", ""},
    {329, "devmajor", "0000000"},
    {337, "devminor", "0000000"},
    {345, "prefix", ""},
    {500, "padding", ""},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static void octal(size_t value, size_t digits, uint8_t *out)
{
    for (size_t i = digits; i > 0; i--) {
        out[i - 1] = (uint8_t)('0' + (value & 7));
        value >>= 3;
    }
}

void carnet_pack_header(const char *name, size_t size, uint8_t header[BLOCK_SIZE])
{
    size_t sum = 0;

    assert(name[0] != '\0' && strlen(name) < 100);
    memset(header, 0, BLOCK_SIZE);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        memcpy(header + fields[i].offset, fields[i].content, strlen(fields[i].content));
    memcpy(header, name, strlen(name));
    octal(size, SIZE_DIGITS, header + SIZE_OFFSET);
    for (size_t i = 0; i < BLOCK_SIZE; i++)
        sum += header[i];
    octal(sum, CHECKSUM_DIGITS, header + CHECKSUM_OFFSET);
    header[CHECKSUM_OFFSET + CHECKSUM_DIGITS] = 0;
}

const char *carnet_pack_field(size_t offset)
{
    size_t i = 0;

    assert(offset < BLOCK_SIZE);
    while (i + 1 < FIELD_COUNT && fields[i + 1].offset <= offset)
        i++;
    return fields[i].name;
}

enum carnet_err carnet_pack(const struct carnet_entry *entries, size_t count, struct carnet_buffer *out,
                            struct carnet_diag *diag)
{
    static const uint8_t zeros[TRAILER_SIZE];
    struct carnet_buffer archive = {0};
    enum carnet_err err = CARNET_BUG;
    size_t total = TRAILER_SIZE;

    for (size_t i = 0; i < count; i++) {
        if (entries[i].size > CARNET_BUNDLE_MOST || total > CARNET_BUNDLE_MOST)
            break;
        total += BLOCK_SIZE + carnet_pack_padded(entries[i].size);
    }
    if (total > CARNET_BUNDLE_MOST) {
        err = carnet_fail(diag, CARNET_MALFORMED, "C-1", "The bundle would be larger than 1 MiB.");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t header[BLOCK_SIZE];

        carnet_pack_header(entries[i].name, entries[i].size, header);
        err = carnet_buffer_append(&archive, header, sizeof header);
        if (err == CARNET_OK)
            err = carnet_buffer_append(&archive, entries[i].bytes, entries[i].size);
        if (err == CARNET_OK)
            err = carnet_buffer_append(&archive, zeros, carnet_pack_padded(entries[i].size) - entries[i].size);
        if (err != CARNET_OK)
            goto out;
    }
    err = carnet_buffer_append(&archive, zeros, sizeof zeros);
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, archive.bytes, archive.size);
out:
    if (err == CARNET_NO_MEMORY)
        err = carnet_fail(diag, err, "", "There is not enough memory to pack the bundle.");
    carnet_buffer_clear(&archive);
    return err;
}

enum carnet_err carnet_sums_write(const struct carnet_entry *entries, size_t count, struct carnet_buffer *out)
{
    struct carnet_buffer lines = {0};
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; i < count && err == CARNET_OK; i++) {
        struct carnet_digest digest;
        char hex[CARNET_HEX_SIZE];

        if (i == CARNET_ENTRY_SUMS || i == CARNET_ENTRY_SIGNATURE)
            continue;
        carnet_sha256(entries[i].bytes, entries[i].size, &digest);
        carnet_digest_hex(&digest, hex);
        err = carnet_buffer_printf(&lines, "%s  %s\n", hex, entries[i].name);
    }
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, lines.bytes, lines.size);
    carnet_buffer_clear(&lines);
    return err;
}

void carnet_embedded_name(const struct carnet_digest *id, char name[CARNET_EMBEDDED_NAME_SIZE])
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(id, hex);
    memcpy(name, hex, sizeof hex - 1);
    memcpy(name + sizeof hex - 1, ".carnet", sizeof ".carnet");
}

/* SPDX-License-Identifier: MIT */
#include "bundle/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "bundle/kind.h"
#include "bundle/pack_private.h"
#include "core/text.h"

#define SHOWN_NAME_SIZE 80
#define HEX_DIGITS (CARNET_HEX_SIZE - 1)
#define DOCUMENT_SUFFIX ".xml"
#define EMBEDDED_SUFFIX ".carnet"
#define TYPE_OFFSET 156 /* C-5 */
#define MAJOR_MOST 9999 /* C-7 */

static const char *const fixed_names[] = {
    [CARNET_ENTRY_MIMETYPE] = "mimetype",
    [CARNET_ENTRY_SUMS] = "SHA256SUMS",
    [CARNET_ENTRY_SIGNATURE] = "SHA256SUMS.sig",
    [CARNET_ENTRY_SIGNER] = "signer.pem",
};

struct carnet_unpacked {
    char kind_name[CARNET_KIND_NAME_MOST + 1];
    unsigned major;
    size_t count;
    struct carnet_entry entries[];
};

/* A walk through the archive: what was read so far, and where the next header has to be. */
struct walk {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    size_t count;
    struct carnet_entry entries[CARNET_ENTRIES_MOST];
};

/* "KIND.xml" gives KIND; 0 when the name is another. */
static size_t document_kind(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz");

    if (length < 1 || length > CARNET_KIND_NAME_MOST || strcmp(name + length, DOCUMENT_SUFFIX) != 0)
        return 0;
    return length;
}

static bool is_embedded(const char *name)
{
    return strspn(name, "0123456789abcdef") == HEX_DIGITS && strcmp(name + HEX_DIGITS, EMBEDDED_SUFFIX) == 0;
}

/* Could an entry of this name stand in some place of a bundle? */
static bool is_known(const char *name)
{
    for (size_t i = 0; i < sizeof fixed_names / sizeof fixed_names[0]; i++)
        if (strcmp(name, fixed_names[i]) == 0)
            return true;
    return document_kind(name) > 0 || is_embedded(name);
}

static enum carnet_err refuse_entry(struct carnet_diag *diag, const char *entry, enum carnet_err err)
{
    if (diag != NULL)
        carnet_text_escape(entry, strlen(entry), diag->entry, sizeof diag->entry);
    return err;
}

/* C-2: could an entry of this name stand in that place? */
static bool has_place(size_t place, const char *name)
{
    if (place < CARNET_ENTRY_DOCUMENT)
        return strcmp(name, fixed_names[place]) == 0;
    return place == CARNET_ENTRY_DOCUMENT ? document_kind(name) > 0 : is_embedded(name);
}

/* C-2 and C-3: may this name come next? */
static enum carnet_err check_name(const struct walk *w, const char *name, struct carnet_diag *diag)
{
    const bool fits = has_place(w->count, name);
    char shown[SHOWN_NAME_SIZE];

    if (fits && w->count <= CARNET_ENTRY_EMBEDDED)
        return CARNET_OK;
    carnet_text_escape(name, strlen(name), shown, sizeof shown);
    if (fits && w->count > CARNET_ENTRY_EMBEDDED && strcmp(w->entries[w->count - 1].name, name) >= 0)
        return refuse_entry(diag, name,
                            carnet_fail(diag, CARNET_MALFORMED, "C-3",
                                        "The embedded bundles are not in rising order: '%s' stands after '%s'.", shown,
                                        w->entries[w->count - 1].name));
    if (fits && w->count == CARNET_ENTRIES_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "C-3", "The file embeds more than %u bundles.",
                           CARNET_EMBEDDED_MOST);
    if (fits)
        return CARNET_OK;
    if (w->count == 0 && !is_known(name))
        return carnet_fail(diag, CARNET_MALFORMED, "C-2",
                           "The file is an archive, but not a bundle: its first entry is '%s' and not 'mimetype'.",
                           shown);
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->entries[i].name, name) == 0)
            return refuse_entry(diag, name,
                                carnet_fail(diag, CARNET_MALFORMED, "C-2", "The entry '%s' is there twice.", shown));
    if (!is_known(name))
        return refuse_entry(
            diag, name,
            carnet_fail(diag, CARNET_MALFORMED, "C-2", "The entry '%s' does not belong in a bundle.", shown));
    if (w->count >= CARNET_ENTRY_EMBEDDED)
        return refuse_entry(diag, name,
                            carnet_fail(diag, CARNET_MALFORMED, "C-2",
                                        "The entry '%s' is one too many: only embedded bundles may follow '%s'.", shown,
                                        w->entries[CARNET_ENTRY_DOCUMENT].name));
    return refuse_entry(diag, name,
                        carnet_fail(diag, CARNET_MALFORMED, "C-2",
                                    "The entries are not in order: '%s' stands where '%s' has to be.", shown,
                                    w->count < CARNET_ENTRY_DOCUMENT ? fixed_names[w->count] : "KIND.xml"));
}

/* C-8, and that the content is there at all. */
static enum carnet_err check_size(const struct walk *w, const char *name, int64_t size, struct carnet_diag *diag)
{
    if (size == 0)
        return carnet_fail(diag, CARNET_MALFORMED, "C-8", "The entry '%s' is empty.", name);
    if (w->count == CARNET_ENTRY_DOCUMENT && size > (int64_t)CARNET_DOCUMENT_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "C-8", "The document '%s' is larger than 256 KiB.", name);
    if (w->count == CARNET_ENTRY_SUMS && size > (int64_t)CARNET_SUMS_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "C-8", "The entry '%s' is larger than 16 KiB.", name);
    if (size < 0 || size > (int64_t)CARNET_BUNDLE_MOST ||
        carnet_pack_padded((size_t)size) > w->size - w->at - BLOCK_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is truncated: it ends inside the entry '%s'.",
                           name);
    return CARNET_OK;
}

/* The first byte in which two headers differ: outside the checksum if there is one, as the checksum only follows. */
static size_t first_difference(const uint8_t *found, const uint8_t *header)
{
    size_t checksum = BLOCK_SIZE;

    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        if (found[i] == header[i])
            continue;
        if (strcmp(carnet_pack_field(i), "chksum") != 0)
            return i;
        if (checksum == BLOCK_SIZE)
            checksum = i;
    }
    return checksum;
}

/* C-4 and C-5 for one entry: packs it again, block by block, and compares with what is in the file. */
static enum carnet_err check_encoding(const struct walk *w, const char *name, size_t size, struct carnet_diag *diag)
{
    uint8_t header[BLOCK_SIZE];
    const uint8_t *found = w->bytes + w->at;
    const uint8_t *content = found + BLOCK_SIZE;

    carnet_pack_header(name, size, header);
    if (memcmp(found, header, sizeof header) != 0) {
        size_t i = first_difference(found, header);

        return carnet_fail(diag, CARNET_MALFORMED, "C-5",
                           "The header of '%s' is not the one encoding: its field '%s' is different at byte %zu of the "
                           "file.",
                           name, carnet_pack_field(i), w->at + i);
    }
    for (size_t i = size; i < carnet_pack_padded(size); i++)
        if (content[i] != 0)
            return carnet_fail(diag, CARNET_MALFORMED, "C-4",
                               "The padding after '%s' is not zero bytes, at byte %zu of the file.", name,
                               w->at + BLOCK_SIZE + i);
    return CARNET_OK;
}

/* C-5: libarchive follows links, folders and extended headers; here they are told by the header that has to be next. */
static enum carnet_err check_type(const struct walk *w, struct carnet_diag *diag)
{
    char shown[SHOWN_NAME_SIZE];

    if (w->size - w->at < BLOCK_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is truncated: it ends inside a header.");
    if (w->bytes[w->at + TYPE_OFFSET] == '0')
        return CARNET_OK;
    carnet_text_escape((const char *)w->bytes + w->at + TYPE_OFFSET, 1, shown, sizeof shown);
    return carnet_fail(
        diag, CARNET_MALFORMED, "C-5",
        "Entry %zu is not an ordinary file: its field 'typeflag' is '%s' and not '0', at byte %zu of the "
        "file.",
        w->count + 1, shown, w->at + TYPE_OFFSET);
}

/* Takes the entry that libarchive found into the walk. */
static enum carnet_err take_entry(struct walk *w, struct archive_entry *found, struct carnet_diag *diag)
{
    const char *name = archive_entry_pathname(found);
    enum carnet_err err = CARNET_OK;

    if (name == NULL)
        return carnet_fail(diag, CARNET_MALFORMED, "C-2", "Entry %zu has a name that can't be read.", w->count + 1);
    if (w->count > 0 || is_known(name))
        err = check_type(w, diag);
    if (err == CARNET_OK)
        err = check_name(w, name, diag);
    if (err != CARNET_OK)
        return err;
    err = check_size(w, name, archive_entry_size(found), diag);
    if (err == CARNET_OK)
        err = check_encoding(w, name, (size_t)archive_entry_size(found), diag);
    if (err != CARNET_OK)
        return refuse_entry(diag, name, err);
    /* The header was compared, so its name field holds this name and ends with a zero byte. */
    w->entries[w->count].name = (const char *)(w->bytes + w->at);
    w->entries[w->count].bytes = w->bytes + w->at + BLOCK_SIZE;
    w->entries[w->count].size = (size_t)archive_entry_size(found);
    w->at += BLOCK_SIZE + carnet_pack_padded(w->entries[w->count].size);
    w->count++;
    return CARNET_OK;
}

/* What follows the last entry (C-2, C-4). */
static enum carnet_err check_end(const struct walk *w, struct carnet_diag *diag)
{
    size_t left = w->size - w->at;

    if (w->count == 0)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is not a bundle at all: it holds no entries.");
    if (left < TRAILER_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4",
                           "The file is truncated: it ends after '%s', without the zero bytes at the end.",
                           w->entries[w->count - 1].name);
    if (w->count < CARNET_ENTRY_EMBEDDED)
        return carnet_fail(diag, CARNET_MALFORMED, "C-2", "The entry '%s' is missing.",
                           w->count < CARNET_ENTRY_DOCUMENT ? fixed_names[w->count] : "KIND.xml");
    for (size_t i = 0; i < TRAILER_SIZE; i++)
        if (w->bytes[w->at + i] != 0)
            return carnet_fail(diag, CARNET_MALFORMED, "C-4",
                               "The end of the archive is not zero bytes, at byte %zu of the file.", w->at + i);
    if (left > TRAILER_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "%zu bytes follow the end of the archive.",
                           left - TRAILER_SIZE);
    return CARNET_OK;
}

/* libarchive could not read on. */
static enum carnet_err refuse_header(const struct walk *w, struct archive *reader, struct carnet_diag *diag)
{
    const char *words = archive_error_string(reader);
    char shown[SHOWN_NAME_SIZE];

    if (w->count == 0 && memcmp(w->bytes, "mimetype", sizeof "mimetype") != 0)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is not a bundle at all.");
    if (w->size - w->at < BLOCK_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is truncated: it ends inside a header.");
    if (w->count == 0)
        return carnet_fail(diag, CARNET_MALFORMED, "C-5", "The first header is damaged.");
    if (words == NULL)
        words = "no reason given";
    carnet_text_escape(words, strlen(words), shown, sizeof shown);
    return carnet_fail(diag, CARNET_MALFORMED, "C-5", "The header after '%s' is damaged (%s).",
                       w->entries[w->count - 1].name, shown);
}

static enum carnet_err walk_archive(struct walk *w, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;
    struct archive *reader = archive_read_new();
    struct archive_entry *entry = NULL;
    bool more = true;

    if (reader == NULL || archive_read_support_format_tar(reader) != ARCHIVE_OK) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to unpack the bundle.");
        goto out;
    }
    if (archive_read_open_memory(reader, w->bytes, w->size) != ARCHIVE_OK) {
        err = refuse_header(w, reader, diag);
        goto out;
    }
    while (err == CARNET_OK && more) {
        int got = archive_read_next_header(reader, &entry);

        if (got == ARCHIVE_EOF)
            more = false;
        else if (got == ARCHIVE_OK || got == ARCHIVE_WARN)
            err = take_entry(w, entry, diag);
        else
            err = refuse_header(w, reader, diag);
    }
    if (err == CARNET_OK)
        err = check_end(w, diag);
out:
    archive_read_free(reader);
    return err;
}

/* What can be told before any header is read: C-1, and what people take for a bundle. */
static enum carnet_err check_outside(const uint8_t *bytes, size_t size, struct carnet_diag *diag)
{
    if (size == 0)
        return carnet_fail(diag, CARNET_MALFORMED, "C-1", "The file is empty.");
    if (size > CARNET_BUNDLE_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "C-1", "The file has %zu bytes; a bundle has at most 1 MiB.", size);
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
        carnet_fail(diag, CARNET_MALFORMED, "C-4", "The file is compressed with gzip; a bundle is not compressed.");
        carnet_fail_next(diag, "Uncompress it with 'gunzip', or get the file again from where it came from.");
        return CARNET_MALFORMED;
    }
    if (size < BLOCK_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "C-1",
                           "The file is not a bundle: it has only %zu bytes, and a bundle has at least 512.", size);
    return CARNET_OK;
}

/* C-7 */
static enum carnet_err check_mimetype(const struct carnet_entry *mimetype, const char *kind, size_t kind_length,
                                      unsigned *major, struct carnet_diag *diag)
{
    static const char prefix[] = CARNET_MIMETYPE_PREFIX;
    static const char version[] = ";version=";
    const char *text = (const char *)mimetype->bytes;
    size_t at = sizeof prefix - 1;
    unsigned number = 0;

    if (mimetype->size <= at || memcmp(text, prefix, at) != 0)
        goto refuse;
    if (mimetype->size - at < kind_length + sizeof version || memcmp(text + at, kind, kind_length) != 0 ||
        memcmp(text + at + kind_length, version, sizeof version - 1) != 0)
        goto refuse;
    at += kind_length + sizeof version - 1;
    if (mimetype->size - at > 4 || text[at] == '0')
        goto refuse;
    for (; at < mimetype->size; at++) {
        if (text[at] < '0' || text[at] > '9')
            goto refuse;
        number = number * 10 + (unsigned)(text[at] - '0');
    }
    *major = number;
    return CARNET_OK;
refuse:
    return refuse_entry(diag, "mimetype",
                        carnet_fail(diag, CARNET_MALFORMED, "C-7",
                                    "The entry 'mimetype' is not 'application/vnd.carnet.%.*s;version=' and a number "
                                    "from 1 to %d.",
                                    (int)kind_length, kind, MAJOR_MOST));
}

enum carnet_err carnet_unpack(const uint8_t *bytes, size_t size, struct carnet_unpacked **out, struct carnet_diag *diag)
{
    struct walk w = {.bytes = bytes, .size = size};
    struct carnet_unpacked *u = NULL;
    const char *document;
    size_t kind_length;
    unsigned major = 0;
    enum carnet_err err = check_outside(bytes, size, diag);

    if (err == CARNET_OK)
        err = walk_archive(&w, diag);
    if (err != CARNET_OK)
        return err;
    document = w.entries[CARNET_ENTRY_DOCUMENT].name;
    kind_length = document_kind(document);
    err = check_mimetype(&w.entries[CARNET_ENTRY_MIMETYPE], document, kind_length, &major, diag);
    if (err != CARNET_OK)
        return err;
    u = calloc(1, sizeof *u + w.count * sizeof u->entries[0]);
    if (u == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to unpack the bundle.");
    memcpy(u->kind_name, document, kind_length);
    u->major = major;
    u->count = w.count;
    memcpy(u->entries, w.entries, w.count * sizeof u->entries[0]);
    *out = u;
    return CARNET_OK;
}

void carnet_unpacked_free(struct carnet_unpacked *u)
{
    free(u);
}

size_t carnet_unpacked_count(const struct carnet_unpacked *u)
{
    return u->count;
}

const struct carnet_entry *carnet_unpacked_entry(const struct carnet_unpacked *u, size_t i)
{
    return i < u->count ? &u->entries[i] : NULL;
}

const char *carnet_unpacked_kind_name(const struct carnet_unpacked *u)
{
    return u->kind_name;
}

unsigned carnet_unpacked_major(const struct carnet_unpacked *u)
{
    return u->major;
}

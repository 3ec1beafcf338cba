/* SPDX-License-Identifier: MIT */
#include "bundle/armour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZLIB_CONST
#include <zlib.h>

#include "bundle/base64.h"
#include "bundle/pack.h"

#define LINE_SIZE 64 /* */
#define BEGIN "-----BEGIN CARNET "
#define END "-----END CARNET "
#define DASHES "-----"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define GZIP_HEADER_SIZE 10
#define GZIP_TRAILER_SIZE 8
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib: exactly the gzip format */
#define GZIP_OS_UNKNOWN 255          /* */
#define READ_SIZE 65536

/* ---- writing ---- */

/* Compresses into one gzip member, appended to out. */
static enum carnet_err compress_member(const uint8_t *bytes, size_t size, struct carnet_buffer *out)
{
    gz_header header = {.time = 0, .os = GZIP_OS_UNKNOWN};
    z_stream stream = {0};
    enum carnet_err err = CARNET_NO_MEMORY;
    uint8_t *room = NULL;
    uLong bound;

    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return err;
    if (deflateSetHeader(&stream, &header) != Z_OK)
        goto out;
    bound = deflateBound(&stream, (uLong)size);
    room = malloc(bound);
    if (room == NULL)
        goto out;
    stream.next_in = bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = room;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        goto out;
    err = carnet_buffer_append(out, room, bound - stream.avail_out);
out:
    free(room);
    deflateEnd(&stream);
    return err;
}

enum carnet_err carnet_armour_write(const char *kind_name, const uint8_t *bundle, size_t size,
                                    struct carnet_buffer *out)
{
    struct carnet_buffer member = {0};
    struct carnet_buffer text = {0};
    char label[CARNET_KIND_NAME_MOST + 1] = {0};
    char *base64 = NULL;
    size_t length;
    enum carnet_err err = CARNET_BUG;

    if (size > CARNET_BUNDLE_MOST || strlen(kind_name) > CARNET_KIND_NAME_MOST)
        return err;
    for (size_t i = 0; kind_name[i] != '\0'; i++)
        label[i] = (char)(kind_name[i] - 'a' + 'A');
    err = compress_member(bundle, size, &member);
    if (err != CARNET_OK)
        goto out;
    length = CARNET_BASE64_SIZE(member.size);
    base64 = malloc(length);
    if (base64 == NULL) {
        err = CARNET_NO_MEMORY;
        goto out;
    }
    carnet_base64_encode(member.bytes, member.size, base64);
    err = carnet_buffer_printf(&text, BEGIN "%s" DASHES "\n", label);
    for (size_t at = 0; at < length && err == CARNET_OK; at += LINE_SIZE) {
        err = carnet_buffer_append(&text, base64 + at, length - at < LINE_SIZE ? length - at : LINE_SIZE);
        if (err == CARNET_OK)
            err = carnet_buffer_text(&text, "\n");
    }
    if (err == CARNET_OK)
        err = carnet_buffer_printf(&text, END "%s" DASHES "\n", label);
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, text.bytes, text.size);
out:
    free(base64);
    carnet_buffer_clear(&text);
    carnet_buffer_clear(&member);
    return err;
}

/* ---- lines ---- */

struct line {
    const char *text;
    size_t size;
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* The line at *at, without its end, quoting marks, and white space around it; *at moves behind it. */
static struct line next_line(const uint8_t *text, size_t size, size_t *at)
{
    struct line line = {.text = (const char *)text + *at};

    if (*at == 0 && size >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
        line.text += 3;
        *at += 3;
    }
    while (*at < size && text[*at] != '\n' && text[*at] != '\r') {
        line.size++;
        ++*at;
    }
    if (*at < size)
        ++*at;
    while (line.size > 0 && (is_white(line.text[0]) || line.text[0] == '>')) {
        line.text++;
        line.size--;
    }
    while (line.size > 0 && is_white(line.text[line.size - 1]))
        line.size--;
    return line;
}

/* Is it a line of A-1 with that opening? The kind, in lower case, goes to `kind`. */
static bool is_mark(const struct line *line, const char *opening, char kind[CARNET_KIND_NAME_MOST + 1])
{
    size_t before = strlen(opening);
    size_t after = sizeof DASHES - 1;
    size_t length;
    char found[CARNET_KIND_NAME_MOST + 1] = {0};

    if (line->size <= before + after || memcmp(line->text, opening, before) != 0 ||
        memcmp(line->text + line->size - after, DASHES, after) != 0)
        return false;
    length = line->size - before - after;
    if (length > CARNET_KIND_NAME_MOST)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = line->text[before + i];

        if (c < 'A' || c > 'Z')
            return false;
        found[i] = (char)(c - 'A' + 'a');
    }
    memcpy(kind, found, sizeof found);
    return true;
}

/* ---- reading ---- */

bool carnet_armour_is_bundle(const uint8_t *bytes, size_t size)
{
    return size >= sizeof "mimetype" && memcmp(bytes, "mimetype", sizeof "mimetype") == 0;
}

static enum carnet_err refuse_at(struct carnet_diag *diag, unsigned long line, enum carnet_err err)
{
    if (diag != NULL)
        diag->line = line;
    return err;
}

/* The text between the two lines, white space taken out, appended to base64. */
static enum carnet_err collect_block(const uint8_t *text, size_t size, struct carnet_buffer *base64,
                                     struct carnet_armour_notes *notes, struct carnet_diag *diag)
{
    enum { BEFORE, INSIDE, AFTER } where = BEFORE;
    unsigned long number = 0;
    unsigned long begun = 0;
    enum carnet_err err = CARNET_OK;

    for (size_t at = 0; at < size && err == CARNET_OK;) {
        char kind[CARNET_KIND_NAME_MOST + 1];
        size_t start = at;
        struct line line = next_line(text, size, &at);

        /* CR LF is one end of line for the count. */
        if (start == 0 || text[start] != '\n' || text[start - 1] != '\r')
            number++;
        if (line.size == 0)
            continue;
        if (is_mark(&line, BEGIN, kind)) {
            if (where != BEFORE)
                return refuse_at(diag, number,
                                 carnet_fail(diag, CARNET_MALFORMED, "A-5",
                                             "Line %lu begins another block; there may be only one at a time.",
                                             number));
            memcpy(notes->kind_name, kind, sizeof kind);
            where = INSIDE;
            begun = number;
        } else if (where == INSIDE && is_mark(&line, END, kind)) {
            if (strcmp(kind, notes->kind_name) != 0)
                return refuse_at(diag, number,
                                 carnet_fail(diag, CARNET_MALFORMED, "A-5",
                                             "The block begins as '%s' and ends, in line %lu, as '%s'.",
                                             notes->kind_name, number, kind));
            where = AFTER;
        } else if (where == INSIDE) {
            for (size_t i = 0; i < line.size && err == CARNET_OK; i++)
                if (!is_white(line.text[i]))
                    err = carnet_buffer_append(base64, line.text + i, 1);
        } else if (where == BEFORE) {
            notes->ignored_before++;
        } else {
            notes->ignored_after++;
        }
    }
    if (err != CARNET_OK)
        return carnet_fail(diag, err, "", "There is not enough memory to read the text.");
    if (where == BEFORE)
        return carnet_fail(diag, CARNET_MALFORMED, "A-6",
                           "The file is neither a bundle nor a text with a line '" BEGIN "KIND" DASHES "'.");
    if (where == INSIDE)
        return refuse_at(diag, begun,
                         carnet_fail(diag, CARNET_MALFORMED, "A-1",
                                     "The text is truncated: the block that begins in line %lu has no END line.",
                                     begun));
    return CARNET_OK;
}

static enum carnet_err refuse_member(struct carnet_diag *diag, const char *why)
{
    return carnet_fail(diag, CARNET_MALFORMED, "A-2", "The text between the BEGIN and the END line %s.", why);
}

/* the one gzip member, whole; what it holds is appended to out. */
static enum carnet_err expand_member(const uint8_t *member, size_t size, struct carnet_buffer *out,
                                     struct carnet_diag *diag)
{
    static const uint8_t start[] = {0x1f, 0x8b, Z_DEFLATED, 0 /* no optional fields */};
    z_stream stream = {0};
    uint8_t *room = NULL;
    const uint8_t *tail;
    size_t expected;
    enum carnet_err err;
    int got;

    if (size < GZIP_HEADER_SIZE + GZIP_TRAILER_SIZE || memcmp(member, start, sizeof start) != 0)
        return refuse_member(diag, "is not one plain gzip member");
    tail = member + size - 4;
    expected = (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (expected > CARNET_BUNDLE_MOST)
        return refuse_member(diag, "holds more than 1 MiB, or is damaged");
    room = malloc(expected + 1);
    if (room == NULL || inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        free(room);
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the text.");
    }
    stream.next_in = member;
    stream.avail_in = (uInt)size;
    stream.next_out = room;
    stream.avail_out = (uInt)(expected + 1);
    got = inflate(&stream, Z_FINISH);
    if (got == Z_MEM_ERROR) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the text.");
    } else if (got != Z_STREAM_END) {
        err = refuse_member(diag, "is damaged: some of it is missing or was changed");
    } else if (stream.avail_in != 0) {
        err = refuse_member(diag, "holds something after its end");
    } else {
        err = carnet_buffer_append(out, room, stream.total_out);
        if (err != CARNET_OK)
            carnet_fail(diag, err, "", "There is not enough memory to read the text.");
    }
    inflateEnd(&stream);
    free(room);
    return err;
}

enum carnet_err carnet_armour_read(const uint8_t *text, size_t size, struct carnet_buffer *out,
                                   struct carnet_armour_notes *notes, struct carnet_diag *diag)
{
    struct carnet_armour_notes said = {0};
    struct carnet_buffer base64 = {0};
    uint8_t *member = NULL;
    size_t member_size = 0;
    enum carnet_err err;

    if (size > CARNET_ARMOUR_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "A-2", "The text is larger than 4 MiB.");
    err = collect_block(text, size, &base64, &said, diag);
    if (err != CARNET_OK)
        goto out;
    if (base64.size == 0) {
        err = refuse_member(diag, "is empty");
        goto out;
    }
    member = malloc(base64.size);
    if (member == NULL) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the text.");
        goto out;
    }
    if (carnet_base64_decode((const char *)base64.bytes, base64.size, member, &member_size) != CARNET_OK) {
        err = carnet_fail(diag, CARNET_MALFORMED, "A-1",
                          "The text between the BEGIN and the END line is not whole base64: some of it is missing or "
                          "was changed.");
        goto out;
    }
    err = expand_member(member, member_size, out, diag);
    if (err == CARNET_OK)
        *notes = said;
out:
    free(member);
    carnet_buffer_clear(&base64);
    return err;
}

/* Does the text hold a whole END line after a BEGIN line? *at is where to look on, *inside what was found before. */
static bool find_end(const struct carnet_buffer *b, size_t *at, bool *inside)
{
    char kind[CARNET_KIND_NAME_MOST + 1];
    size_t next = *at;

    while (next < b->size) {
        struct line line = next_line(b->bytes, b->size, &next);

        if (b->bytes[next - 1] != '\n' && b->bytes[next - 1] != '\r')
            return false; /* the line is not whole yet */
        if (*inside && is_mark(&line, END, kind))
            return true;
        if (is_mark(&line, BEGIN, kind))
            *inside = true;
        *at = next;
    }
    return false;
}

enum carnet_err carnet_armour_read_fd(int fd, struct carnet_buffer *out, struct carnet_diag *diag)
{
    struct carnet_buffer raw = {0};
    struct stat status;
    uint8_t *chunk = malloc(READ_SIZE);
    enum carnet_err err = CARNET_OK;
    size_t looked = 0;
    bool inside = false;
    bool whole;
    bool more = true;

    if (chunk == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the input.");
    /* A file has an end, so that a second block in it is seen; a terminal or a pipe may have none. */
    whole = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    while (more && err == CARNET_OK) {
        ssize_t got = read(fd, chunk, READ_SIZE);

        if (got < 0 && errno != EINTR) {
            err = carnet_fail_errno(diag, errno, "The input can't be read");
        } else if (got == 0) {
            more = false;
        } else if (got > 0) {
            if ((size_t)got > CARNET_ARMOUR_MOST - raw.size)
                err = carnet_fail(diag, CARNET_MALFORMED, "A-2", "The input is larger than 4 MiB.");
            else
                err = carnet_buffer_append(&raw, chunk, (size_t)got);
            if (err == CARNET_NO_MEMORY)
                carnet_fail(diag, err, "", "There is not enough memory to read the input.");
            if (err == CARNET_OK && !whole && !carnet_armour_is_bundle(raw.bytes, raw.size))
                more = !find_end(&raw, &looked, &inside);
        }
    }
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, raw.bytes, raw.size);
    carnet_buffer_clear(&raw);
    free(chunk);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include "bundle/intact.h"

#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS (CARNET_HEX_SIZE - 1)
#define SEPARATOR "  "

struct carnet_intact {
    const struct carnet_signed *s;
    struct carnet_digest id;
    struct carnet_digest listed[CARNET_ENTRIES_MOST];
};

static bool is_listed(size_t place)
{
    return place != CARNET_ENTRY_SUMS && place != CARNET_ENTRY_SIGNATURE;
}

static enum carnet_err refuse_line(struct carnet_diag *diag, unsigned long line, const char *why)
{
    enum carnet_err err = carnet_fail(diag, CARNET_MALFORMED, "H-1", "Line %lu of SHA256SUMS %s.", line, why);

    if (diag != NULL) {
        diag->line = line;
        memcpy(diag->entry, "SHA256SUMS", sizeof "SHA256SUMS");
    }
    return err;
}

/* H-1 for one line; *at moves behind it. */
static enum carnet_err parse_line(const struct carnet_entry *sums, size_t *at, const char *name, unsigned long line,
                                  struct carnet_digest *digest, struct carnet_diag *diag)
{
    const char *text = (const char *)sums->bytes + *at;
    size_t left = sums->size - *at;
    size_t name_length = strlen(name);
    char hex[CARNET_HEX_SIZE] = {0};

    if (left == 0)
        return refuse_line(diag, line, "is missing");
    if (left < HEX_DIGITS + sizeof SEPARATOR - 1)
        return refuse_line(diag, line, "is too short");
    memcpy(hex, text, HEX_DIGITS);
    if (carnet_digest_parse(hex, digest) != CARNET_OK)
        return refuse_line(diag, line, "does not begin with 64 hex digits in lower case");
    text += HEX_DIGITS;
    left -= HEX_DIGITS;
    if (memcmp(text, SEPARATOR, sizeof SEPARATOR - 1) != 0)
        return refuse_line(diag, line, "does not have two spaces after the digest");
    text += sizeof SEPARATOR - 1;
    left -= sizeof SEPARATOR - 1;
    if (left <= name_length || memcmp(text, name, name_length) != 0 || text[name_length] != '\n')
        return refuse_line(diag, line, "does not name the entry that stands there in the archive");
    *at += HEX_DIGITS + sizeof SEPARATOR - 1 + name_length + 1;
    return CARNET_OK;
}

enum carnet_err carnet_digests_check(const struct carnet_signed *s, struct carnet_intact **out,
                                     struct carnet_diag *diag)
{
    const struct carnet_unpacked *u = carnet_signed_unpacked(s);
    const struct carnet_entry *sums = carnet_unpacked_entry(u, CARNET_ENTRY_SUMS);
    struct carnet_digest listed[CARNET_ENTRIES_MOST] = {0};
    struct carnet_intact *i;
    size_t count = carnet_unpacked_count(u);
    unsigned long line = 0;
    size_t at = 0;

    for (size_t place = 0; place < count; place++) {
        enum carnet_err err;

        if (!is_listed(place))
            continue;
        err = parse_line(sums, &at, carnet_unpacked_entry(u, place)->name, ++line, &listed[place], diag);
        if (err != CARNET_OK)
            return err;
    }
    if (at != sums->size)
        return refuse_line(diag, line + 1, "is one too many");
    for (size_t place = 0; place < count; place++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(u, place);
        struct carnet_digest found;

        if (!is_listed(place))
            continue;
        carnet_sha256(entry->bytes, entry->size, &found);
        if (!carnet_digest_equal(&found, &listed[place])) {
            enum carnet_err err =
                carnet_fail(diag, CARNET_ALTERED, "H-2", "The entry '%s' was altered after signing.", entry->name);

            if (diag != NULL)
                memcpy(diag->entry, entry->name, strlen(entry->name) + 1);
            return err;
        }
    }
    i = calloc(1, sizeof *i);
    if (i == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to check the bundle.");
    i->s = s;
    memcpy(i->listed, listed, count * sizeof listed[0]);
    carnet_sha256(sums->bytes, sums->size, &i->id);
    *out = i;
    return CARNET_OK;
}

void carnet_intact_free(struct carnet_intact *i)
{
    free(i);
}

const struct carnet_signed *carnet_intact_signed(const struct carnet_intact *i)
{
    return i->s;
}

const struct carnet_digest *carnet_intact_id(const struct carnet_intact *i)
{
    return &i->id;
}

const struct carnet_digest *carnet_intact_digest(const struct carnet_intact *i, size_t place)
{
    return &i->listed[place];
}

static const char *article(const char *word)
{
    return strchr("aeiou", word[0]) != NULL ? "an" : "a";
}

static enum carnet_err refuse_kind(const struct carnet_kind *kind, struct carnet_diag *diag)
{
    const char *program = kind->user_command != NULL ? "carnet-user" : "carnet-admin";
    const char *command = kind->user_command != NULL ? kind->user_command : kind->admin_command;

    carnet_fail(diag, CARNET_WRONG_KIND, "R-4", "This is %s %s; use '%s %s'.", article(kind->name), kind->name, program,
                command);
    carnet_fail_next(diag, "Use '%s %s' for it.", program, command);
    return CARNET_WRONG_KIND;
}

enum carnet_err carnet_kind_check(const struct carnet_intact *i, unsigned expected, const struct carnet_kind **out,
                                  struct carnet_diag *diag)
{
    const struct carnet_unpacked *u = carnet_signed_unpacked(i->s);
    const char *name = carnet_unpacked_kind_name(u);
    const struct carnet_kind *kind = carnet_kind_find(name);

    if (carnet_unpacked_major(u) != CARNET_FORMAT_MAJOR)
        return carnet_fail(diag, CARNET_NEWER_FORMAT, "V-1",
                           "The file has version %u of the format; this carnet knows %d.", carnet_unpacked_major(u),
                           CARNET_FORMAT_MAJOR);
    if (kind == NULL)
        return carnet_fail(diag, CARNET_NEWER_FORMAT, "V-1",
                           "The file is of the kind '%s', which this carnet does not know.", name);
    if ((expected & CARNET_KIND_BIT(kind->id)) == 0)
        return refuse_kind(kind, diag);
    *out = kind;
    return CARNET_OK;
}

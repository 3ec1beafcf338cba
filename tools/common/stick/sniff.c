/* SPDX-License-Identifier: MIT */
/* What a file's first bytes say it is, and what its name would be if it were a proper one. */
#include <ctype.h>
#include <string.h>

#include "common/stick/private.h"

#define HEADER 512u /* of a ustar entry */

/* A word of lower-case letters up to `end`, as a kind. */
static const struct carnet_kind *kind_of(const char *word, size_t size, char end)
{
    char name[CARNET_KIND_NAME_MOST + 1];
    size_t length = 0;
    while (length < size && length < CARNET_KIND_NAME_MOST && isalpha((unsigned char)word[length])) {
        name[length] = (char)tolower((unsigned char)word[length]);
        length++;
    }
    name[length] = '\0';
    return length < size && word[length] == end ? carnet_kind_find(name) : NULL;
}

static const struct carnet_kind *sniff_armour(const char *text, size_t size, const char **why)
{
    static const char begin[] = "-----BEGIN CARNET ";
    const char *at = memmem(text, size, begin, sizeof begin - 1);
    if (at == NULL) {
        *why = "no bundle";
        return NULL;
    }
    at += sizeof begin - 1;
    *why = "of a kind that is not known here";
    return kind_of(at, size - (size_t)(at - text), '-');
}

const struct carnet_kind *stick_sniff(const uint8_t *head, size_t size, const char **why)
{
    static const char entry[] = "mimetype", prefix[] = CARNET_MIMETYPE_PREFIX;
    const char *text = (const char *)head;
    if (size < sizeof entry || memcmp(text, entry, sizeof entry) != 0)
        return sniff_armour(text, size, why);
    if (size < HEADER + sizeof prefix) {
        *why = "a bundle that is cut off";
        return NULL;
    }
    if (memcmp(text + HEADER, prefix, sizeof prefix - 1) != 0) {
        *why = "no bundle";
        return NULL;
    }
    *why = "of a kind that is not known here";
    return kind_of(text + HEADER + sizeof prefix - 1, size - HEADER - (sizeof prefix - 1), ';');
}

static bool is_digest_part(const char *text, size_t size)
{
    return (size == 8 || size == 16 || size == 64) && strspn(text, "0123456789abcdef") >= size;
}

const struct carnet_kind *stick_name_parse(const char *name, char label[CARNET_LABEL_SIZE])
{
    static const char end[] = ".carnet";
    const size_t size = strlen(name);
    const char *dash = strchr(name, '-');
    if (dash == NULL || size < sizeof end || strcmp(name + size - (sizeof end - 1), end) != 0)
        return NULL;
    const struct carnet_kind *kind = kind_of(name, (size_t)(dash - name) + 1, '-');
    const char *stop = name + size - (sizeof end - 1), *last = stop;
    while (last > dash && last[-1] != '-')
        last--;
    /* "license-LABEL-8HEX": the label is between the first dash and the last. */
    if (kind == NULL || last <= dash + 1 || !is_digest_part(last, (size_t)(stop - last)))
        return NULL;
    const size_t length = (size_t)(last - 1 - (dash + 1));
    if (length == 0 || length >= CARNET_LABEL_SIZE ||
        strspn(dash + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") < length)
        return NULL;
    memcpy(label, dash + 1, length);
    label[length] = '\0';
    return kind;
}

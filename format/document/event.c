/* SPDX-License-Identifier: MIT */
#include "document/event.h"

#include <string.h>

#include "bundle/signature.h"
#include "document/document.h"

void carnet_event_origin(const struct carnet_digest *vendor, const struct carnet_digest *signer,
                         struct carnet_digest *out)
{
    static const char prefix[] = "carnet:1:journal:";
    const struct carnet_piece pieces[] = {
        {prefix, sizeof(prefix) - 1}, {vendor->bytes, CARNET_DIGEST_SIZE}, {signer->bytes, CARNET_DIGEST_SIZE}};
    carnet_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), out);
}

void carnet_event_link(const struct carnet_digest *previous, const char *line, size_t size, struct carnet_digest *out)
{
    const struct carnet_digest before = *previous;
    const struct carnet_piece pieces[] = {{before.bytes, CARNET_DIGEST_SIZE}, {line, size}};
    carnet_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), out);
}

/* The text up to the next space, cut out of the line; NULL when nothing is left. */
static char *next_word(char **rest)
{
    char *word = *rest;
    if (word == NULL)
        return NULL;
    char *space = strchr(word, ' ');
    *rest = space == NULL ? NULL : space + 1;
    if (space != NULL)
        *space = '\0';
    return word;
}

static bool take_number(const char *text, uint32_t most, uint32_t *out)
{
    return text != NULL && carnet_text_number(text, 1, most, out) == CARNET_OK;
}

static bool take_time(const char *text, int64_t *out)
{
    return text != NULL && carnet_utc_parse(text, out) == CARNET_OK;
}

/* What happened, and notes: a small letter, then small letters, hyphens, and in notes digits. */
static bool take_word(const char *text, bool digits, char out[CARNET_WORD_SIZE])
{
    const char *allowed = digits ? "abcdefghijklmnopqrstuvwxyz-0123456789" : "abcdefghijklmnopqrstuvwxyz-";
    if (text == NULL || text[0] < 'a' || text[0] > 'z' || text[strspn(text, allowed)] != '\0' ||
        strlen(text) >= CARNET_WORD_SIZE)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* The value of the member `key=`, when the word is that; then the next word takes its place. */
static const char *member(char **word, char **rest, const char *key)
{
    const size_t size = strlen(key);
    if (*word == NULL || strncmp(*word, key, size) != 0 || (*word)[size] != '=')
        return NULL;
    const char *value = *word + size + 1;
    *word = next_word(rest);
    return value;
}

static bool digest_member(char **word, char **rest, const char *key, struct carnet_digest *out)
{
    const char *value = member(word, rest, key);
    return value == NULL || carnet_digest_parse(value, out) == CARNET_OK;
}

static bool number_member(char **word, char **rest, const char *key, uint32_t most, uint32_t *out)
{
    const char *value = member(word, rest, key);
    return value == NULL || take_number(value, most, out);
}

/* The members, in their one order. */
static bool take_members(char *word, char *rest, struct carnet_event *e)
{
    const char *value = member(&word, &rest, "by");
    bool good = value != NULL && carnet_digest_parse(value, &e->by) == CARNET_OK;
    value = member(&word, &rest, "license");
    if (value != NULL && carnet_text_is_id(value))
        memcpy(e->license, value, strlen(value) + 1);
    good = good && (value == NULL || e->license[0] != '\0') &&
           number_member(&word, &rest, "revision", CARNET_COUNT_MOST, &e->revision) &&
           number_member(&word, &rest, "seat", CARNET_SEATS_MOST, &e->seat) &&
           number_member(&word, &rest, "serial", CARNET_COUNT_MOST, &e->serial);
    value = good ? member(&word, &rest, "until") : NULL;
    good = good && (value == NULL || carnet_utc_parse_or_never(value, &e->until) == CARNET_OK) &&
           digest_member(&word, &rest, "grant", &e->grant) &&
           digest_member(&word, &rest, "entitlement", &e->entitlement) &&
           digest_member(&word, &rest, "machine", &e->machine) && digest_member(&word, &rest, "key", &e->key) &&
           digest_member(&word, &rest, "release", &e->release) && digest_member(&word, &rest, "bundle", &e->bundle) &&
           digest_member(&word, &rest, "name", &e->name);
    value = good ? member(&word, &rest, "note") : NULL;
    return good && (value == NULL || take_word(value, true, e->note)) && word == NULL;
}

enum carnet_err carnet_event_parse(const char *line, size_t size, struct carnet_event *out)
{
    struct carnet_event e = {.until = CARNET_EVENT_NO_TIME};
    char copy[CARNET_EVENT_LINE_SIZE], *rest = copy;
    if (size >= sizeof(copy) || memchr(line, '\0', size) != NULL)
        return CARNET_MALFORMED;
    memcpy(copy, line, size);
    copy[size] = '\0';
    if (!take_number(next_word(&rest), CARNET_COUNT_MOST, &e.position) || !take_time(next_word(&rest), &e.at) ||
        !take_number(next_word(&rest), CARNET_COUNT_MOST, &e.epoch) || !take_word(next_word(&rest), false, e.what))
        return CARNET_MALFORMED;
    char *word = next_word(&rest);
    if (!take_members(word, rest, &e))
        return CARNET_MALFORMED;
    *out = e;
    return CARNET_OK;
}

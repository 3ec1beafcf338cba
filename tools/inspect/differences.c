/* SPDX-License-Identifier: MIT */
#include "inspect/differences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define PATH_SIZE 256
#define SHOWN_SIZE 240

/* What an auditor asks about first; a name that ends in a dot stands for all below it. */
static const char *const weighty[] = {
    "status",
    "kind",
    "license.seats",
    "license.offline",
    "license.not-after",
    "grant.seat",
    "machine.label",
    "end.how",
    "declaration.how",
    "license.lease-until",
    "license.edition",
    "license.product",
    "license.licensee",
    "license.lease-days",
    "license.newest-version",
    "features.",
};
#define WEIGHTY_COUNT (sizeof weighty / sizeof weighty[0])
/* What differs between any two, and says nothing by itself. */
static const char *const weightless[] = {"license.revision", "license.issued",   "license.activate-by", "grant.serial",
                                         "grant.epoch",      "journal.position", "rests-on.revision"};

/* ---- one object, flat: "section.key" to text ---- */

static int put(json_t *flat, const char *path, const char *value)
{
    char both[1024];
    const char *before = json_string_value(json_object_get(flat, path));
    if (before == NULL)
        return json_object_set_new(flat, path, json_string(value));
    (void)snprintf(both, sizeof both, "%s, %s", before, value); /* several of one name: facts */
    return json_object_set_new(flat, path, json_string(both));
}

static int flatten(json_t *flat, const char *path, json_t *value);

/* An entry of a list: its first member is its name, the second its value. */
static int flatten_entry(json_t *flat, const char *path, json_t *entry)
{
    char inner[PATH_SIZE];
    const char *key, *name = NULL, *text = NULL;
    json_t *member;
    json_object_foreach(entry, key, member)
    {
        if (name == NULL)
            name = json_string_value(member);
        else if (text == NULL)
            text = json_string_value(member);
    }
    (void)snprintf(inner, sizeof inner, "%s.%s", path, name != NULL ? name : "");
    return put(flat, inner, text != NULL ? text : "yes");
}

static int flatten_all(json_t *flat, const char *path, json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    int bad = 0;
    json_array_foreach(value, i, member) bad |= flatten_entry(flat, path, member);
    json_object_foreach(value, key, member)
    {
        char inner[PATH_SIZE];
        (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
        bad |= flatten(flat, inner, member);
    }
    return bad;
}

static int flatten(json_t *flat, const char *path, json_t *value)
{
    char number[32];
    if (json_is_object(value) || json_is_array(value))
        return flatten_all(flat, path, value);
    if (json_is_string(value))
        return put(flat, path, json_string_value(value));
    (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return put(flat, path, json_is_null(value) ? "none" : number);
}

/* ---- the list ---- */

static size_t weight(const char *member)
{
    for (size_t i = 0; i < WEIGHTY_COUNT; i++) {
        const size_t size = strlen(weighty[i]);
        if (weighty[i][size - 1] == '.' ? strncmp(member, weighty[i], size) == 0 : strcmp(member, weighty[i]) == 0)
            return i;
    }
    return WEIGHTY_COUNT;
}

static int add(json_t *lists[WEIGHTY_COUNT + 1], const char *member, const char *from, const char *to)
{
    return json_array_append_new(lists[weight(member)],
                                 json_pack("{s:s, s:s?, s:s?}", "member", member, "from", from, "to", to));
}

static int compare(json_t *a, json_t *b, json_t *lists[WEIGHTY_COUNT + 1])
{
    const char *key;
    json_t *value;
    int bad = 0;
    json_object_foreach(a, key, value)
    {
        const char *from = json_string_value(value), *to = json_string_value(json_object_get(b, key));
        if (to == NULL || strcmp(from, to) != 0)
            bad |= add(lists, key, from, to);
    }
    json_object_foreach(b, key, value)
    {
        if (json_object_get(a, key) == NULL)
            bad |= add(lists, key, NULL, json_string_value(value));
    }
    return bad;
}

json_t *inspect_differences(json_t *a, json_t *b)
{
    json_t *lists[WEIGHTY_COUNT + 1], *flat_a = json_object(), *flat_b = json_object(), *all = json_array();
    int bad = flat_a == NULL || flat_b == NULL || all == NULL;
    for (size_t i = 0; i <= WEIGHTY_COUNT; i++) {
        lists[i] = json_array();
        bad |= lists[i] == NULL;
    }
    if (bad == 0)
        bad = flatten(flat_a, "", a) | flatten(flat_b, "", b);
    if (bad == 0)
        bad = compare(flat_a, flat_b, lists);
    for (size_t i = 0; i <= WEIGHTY_COUNT; i++) {
        bad |= json_array_extend(all, lists[i]);
        json_decref(lists[i]);
    }
    json_decref(flat_a);
    json_decref(flat_b);
    if (bad != 0) {
        json_decref(all);
        return NULL;
    }
    return all;
}

/* ---- for people ---- */

static const char *arrow(void)
{
    return cli_utf8() ? "\u2192" : "->";
}

static bool is_digest(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static const char *shown(const char *text, char out[SHOWN_SIZE])
{
    if (text == NULL)
        return "";
    if (is_digest(text))
        (void)snprintf(out, SHOWN_SIZE, "%.16s...", text);
    else
        (void)carnet_text_escape(text, strlen(text), out, SHOWN_SIZE);
    return out;
}

static bool says_something(const char *member, const char *from, const char *to)
{
    if (is_digest(from) || is_digest(to) || strncmp(member, "facts.", 6) == 0 || strchr(member, '/') != NULL)
        return false;
    for (size_t i = 0; i < sizeof weightless / sizeof weightless[0]; i++) {
        if (strcmp(member, weightless[i]) == 0)
            return false;
    }
    return true;
}

/* "license.not-after" is "not after"; "features.export" is "feature export". */
static void name_words(const char *member, char *out, size_t room)
{
    const char *last = strchr(member, '.');
    (void)snprintf(out, room, "%s%s", strncmp(member, "features.", 9) == 0 ? "feature " : "",
                   last != NULL ? last + 1 : member);
    for (char *c = out; last != NULL && *c != '\0' && strncmp(member, "features.", 9) != 0; c++) {
        if (*c == '-')
            *c = ' ';
    }
}

void inspect_differences_words(const json_t *differences, char *out, size_t room)
{
    size_t used = 0, i;
    json_t *one;
    out[0] = '\0';
    json_array_foreach(differences, i, one)
    {
        const char *member = json_string_value(json_object_get(one, "member"));
        const char *from = json_string_value(json_object_get(one, "from"));
        const char *to = json_string_value(json_object_get(one, "to"));
        char name[PATH_SIZE], a[SHOWN_SIZE], b[SHOWN_SIZE], words[3 * SHOWN_SIZE];
        if (!says_something(member, from, to))
            continue;
        name_words(member, name, sizeof name);
        if (from == NULL || to == NULL)
            (void)snprintf(words, sizeof words, "%s %s", name, from == NULL ? "is new" : "is gone");
        else
            (void)snprintf(words, sizeof words, "%s %s %s %s", name, shown(from, a), arrow(), shown(to, b));
        const size_t size = strlen(words) + (used > 0 ? 2 : 0);
        if (used + size + 5 > room) {
            (void)snprintf(out + used, room - used, " ...");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%s", used > 0 ? ", " : "", words);
    }
}

void inspect_differences_tell(struct cli *cli, const json_t *differences)
{
    size_t i;
    json_t *one;
    json_array_foreach(differences, i, one)
    {
        char a[SHOWN_SIZE], b[SHOWN_SIZE];
        const char *from = json_string_value(json_object_get(one, "from"));
        const char *to = json_string_value(json_object_get(one, "to"));
        cli_data(cli, "  %-26s %s %s %s\n", json_string_value(json_object_get(one, "member")),
                 from != NULL ? shown(from, a) : "(none)", arrow(), to != NULL ? shown(to, b) : "(none)");
    }
}

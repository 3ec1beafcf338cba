/* SPDX-License-Identifier: MIT */
#include "rule_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "document/document.h"

#define NEXT_RULES "Mend that line; carnet-rules(5) says what may stand in a rule file."

/* What a key may stand in: before the first rule, in a rule. */
#define GLOBAL 1u
#define IN_RULE 2u

enum key { PRODUCT, LICENSE, VENDOR, LABEL, MOST, OUT, LEASE, NOTE, ANSWER_CLOCKS, KEY_COUNT };
static const struct {
    const char *name;
    unsigned where;
} keys[KEY_COUNT] = {[PRODUCT] = {"product", GLOBAL | IN_RULE}, /* begins the next one */
                     [LICENSE] = {"license", IN_RULE},
                     [VENDOR] = {"vendor", IN_RULE},
                     [LABEL] = {"label", IN_RULE},
                     [MOST] = {"most", GLOBAL | IN_RULE},
                     [OUT] = {"out", IN_RULE},
                     [LEASE] = {"lease", IN_RULE},
                     [NOTE] = {"note", IN_RULE},
                     [ANSWER_CLOCKS] = {"answer-clocks", GLOBAL}};

struct parsing {
    struct rule_file file;
    bool seen[KEY_COUNT]; /* in this rule, or before the first */
};

/* ---- refusals ---- */

static enum carnet_err refuse(struct carnet_diag *diag, unsigned long line, const char *what)
{
    (void)carnet_fail(diag, CARNET_CONFIGURATION, "", "Line %lu %s.", line, what);
    if (diag)
        diag->line = line;
    (void)carnet_fail_next(diag, NEXT_RULES);
    return CARNET_CONFIGURATION;
}

static enum carnet_err refuse_value(struct carnet_diag *diag, unsigned long line, enum key key, const char *value,
                                    const char *wanted)
{
    char shown[96];

    (void)carnet_fail(diag, CARNET_CONFIGURATION, "", "Line %lu: '%s' for '%s' is not %s.", line,
                      carnet_text_escape(value, strlen(value), shown, sizeof shown), keys[key].name, wanted);
    (void)carnet_fail_next(diag, NEXT_RULES);
    return CARNET_CONFIGURATION;
}

static enum carnet_err refuse_key(struct carnet_diag *diag, unsigned long line, const char *key)
{
    char shown[96];

    (void)carnet_fail(
        diag, CARNET_CONFIGURATION, "",
        "Line %lu: '%s' is no word of a rule file; these are: product, license, vendor, label, most, out, lease, note, "
        "answer-clocks.",
        line, carnet_text_escape(key, strlen(key), shown, sizeof shown));
    (void)carnet_fail_next(diag, NEXT_RULES);
    return CARNET_CONFIGURATION;
}

/* ---- one setting ---- */

static enum carnet_err take_number(struct carnet_diag *diag, unsigned long line, enum key key, const char *value,
                                   uint32_t most, uint32_t *out)
{
    char wanted[64];

    if (carnet_text_number(value, 1, most, out) == CARNET_OK)
        return CARNET_OK;
    (void)snprintf(wanted, sizeof wanted, "a number from 1 to %lu", (unsigned long)most);
    return refuse_value(diag, line, key, value, wanted);
}

static enum carnet_err take_id(struct carnet_diag *diag, unsigned long line, enum key key, const char *value,
                               char out[CARNET_ID_TEXT_SIZE])
{
    if (!carnet_text_is_id(value))
        return refuse_value(diag, line, key, value, "an id: 1 to 64 letters, digits and . _ -");
    (void)snprintf(out, CARNET_ID_TEXT_SIZE, "%s", value);
    return CARNET_OK;
}

static enum carnet_err take_text(struct carnet_diag *diag, unsigned long line, enum key key, const char *value,
                                 char out[CARNET_TEXT_SIZE])
{
    if (!carnet_text_is_text(value))
        return refuse_value(diag, line, key, value, "1 to 200 printable characters");
    (void)snprintf(out, CARNET_TEXT_SIZE, "%s", value);
    return CARNET_OK;
}

/* Brackets and backslashes mean something in other programs' patterns; here they would silently fit nothing. */
static enum carnet_err take_label(struct carnet_diag *diag, unsigned long line, const char *value,
                                  char out[CARNET_TEXT_SIZE])
{
    if (strpbrk(value, "[]\\"))
        return refuse_value(diag, line, LABEL, value, "a pattern of characters, * (any) and ? (one)");
    return take_text(diag, line, LABEL, value, out);
}

static enum carnet_err take_vendor(struct carnet_diag *diag, unsigned long line, const char *value,
                                   char out[RULE_VENDOR_SIZE])
{
    const size_t length = strlen(value);

    if (length < 8 || length >= RULE_VENDOR_SIZE || strspn(value, "0123456789abcdef") != length)
        return refuse_value(diag, line, VENDOR, value, "what a vendor's id begins with: 8 to 64 of 0-9 a-f");
    memcpy(out, value, length + 1);
    return CARNET_OK;
}

static enum carnet_err begin_rule(struct parsing *p, unsigned long line, const char *value, struct carnet_diag *diag)
{
    struct rule_file *f = &p->file;
    struct rule *rule;
    enum carnet_err err;

    if (f->count == RULES_MOST)
        return refuse(diag, line, "begins the 201st rule, and 200 are the most");
    rule = &f->list[f->count];
    memset(rule, 0, sizeof *rule);
    rule->line = line;
    rule->most = RULE_NO_LIMIT;
    rule->out = RULE_NO_LIMIT;
    (void)snprintf(rule->label, sizeof rule->label, "*");
    memset(p->seen, 0, sizeof p->seen);
    err = take_id(diag, line, PRODUCT, value, rule->product);
    if (!err)
        f->count++;
    return err;
}

static enum carnet_err take_global(struct parsing *p, enum key key, unsigned long line, const char *value,
                                   struct carnet_diag *diag)
{
    if (key == MOST)
        return take_number(diag, line, key, value, CARNET_SEATS_MOST, &p->file.most);
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return refuse_value(diag, line, key, value, "yes or no");
    p->file.answers_clocks = strcmp(value, "yes") == 0;
    return CARNET_OK;
}

static enum carnet_err take_in_rule(struct rule *rule, enum key key, unsigned long line, const char *value,
                                    struct carnet_diag *diag)
{
    switch (key) {
    case LICENSE:
        rule->license_line = line;
        return take_id(diag, line, key, value, rule->license);
    case VENDOR:
        return take_vendor(diag, line, value, rule->vendor);
    case LABEL:
        return take_label(diag, line, value, rule->label);
    case MOST:
        return take_number(diag, line, key, value, CARNET_SEATS_MOST, &rule->most);
    case OUT:
        return take_number(diag, line, key, value, CARNET_SEATS_MOST, &rule->out);
    case LEASE:
        rule->lease_line = line;
        return take_number(diag, line, key, value, CARNET_DAYS_MOST, &rule->lease_days);
    case NOTE:
        return take_text(diag, line, key, value, rule->note);
    case PRODUCT:
    case ANSWER_CLOCKS:
    case KEY_COUNT:
        break;
    }
    return CARNET_BUG;
}

static enum carnet_err take_setting(void *context, unsigned long line, const char *key, const char *value,
                                    struct carnet_diag *diag)
{
    struct parsing *p = context;
    const unsigned here = p->file.count > 0 ? IN_RULE : GLOBAL;
    unsigned which = 0;
    char what[96];

    while (which < KEY_COUNT && strcmp(keys[which].name, key) != 0)
        which++;
    if (which == KEY_COUNT)
        return refuse_key(diag, line, key);
    if (which == PRODUCT)
        return begin_rule(p, line, value, diag);
    if (!(keys[which].where & here)) {
        (void)snprintf(what, sizeof what,
                       here == GLOBAL ? "says '%s' before the first rule, which begins with 'product'"
                                      : "says '%s' inside a rule; it stands before the first one",
                       keys[which].name);
        return refuse(diag, line, what);
    }
    if (p->seen[which]) {
        (void)snprintf(what, sizeof what, "says '%s' once more%s", keys[which].name,
                       here == IN_RULE ? " in the same rule" : "");
        return refuse(diag, line, what);
    }
    p->seen[which] = true;
    return here == GLOBAL ? take_global(p, (enum key)which, line, value, diag)
                          : take_in_rule(&p->file.list[p->file.count - 1], (enum key)which, line, value, diag);
}

/* ---- which rule ---- */

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The next character of UTF-8. */
static const char *after(const char *text)
{
    text++;
    while (((unsigned char)*text & 0xC0) == 0x80)
        text++;
    return text;
}

/* Not fnmatch(3): what that takes hangs on the locale, and many asterisks keep it busy for a long time. Here a mismatch
 * goes back to the last asterisk alone. Where the label is a pattern itself, its asterisk stands for more than one
 * character. */
static bool fits(const char *pattern, const char *label, bool is_pattern)
{
    const char *star = NULL, *from = NULL;

    while (*label) {
        if (*pattern == '*') {
            star = ++pattern;
            from = label;
        } else if ((*pattern == '?' && !(is_pattern && *label == '*')) ||
                   (*pattern && lower(*pattern) == lower(*label))) {
            label = *pattern == '?' ? after(label) : label + 1;
            pattern++;
        } else if (star) {
            pattern = star;
            from = after(from);
            label = from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool rule_label_fits(const char *pattern, const char *label)
{
    return fits(pattern, label, false);
}

const struct rule *rule_file_find(const struct rule_file *f, const char *vendor, const char *product, const char *label)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct rule *rule = &f->list[i];
        if (strcmp(rule->product, product) == 0 && strncmp(rule->vendor, vendor, strlen(rule->vendor)) == 0 &&
            rule_label_fits(rule->label, label))
            return rule;
    }
    return NULL;
}

/* ---- the whole ---- */

static enum carnet_err hold_whole(const struct rule_file *f, struct carnet_diag *diag)
{
    for (size_t i = 0; i < f->count; i++) {
        if (!*f->list[i].license)
            return refuse(diag, f->list[i].line, "begins a rule that names no license");
    }
    return CARNET_OK;
}

/* A rule of which an earlier one takes every machine would silently never be used (RU-7). */
static enum carnet_err hold_reached(const struct rule_file *f, struct carnet_diag *diag)
{
    char what[128];

    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct rule *later = &f->list[i], *earlier = &f->list[k];
            if (strcmp(earlier->product, later->product) != 0 ||
                strncmp(earlier->vendor, later->vendor, strlen(earlier->vendor)) != 0 ||
                !fits(earlier->label, later->label, true))
                continue;
            (void)snprintf(what, sizeof what, "begins a rule that is never reached: that of line %lu takes all of it",
                           earlier->line);
            return refuse(diag, later->line, what);
        }
    }
    return CARNET_OK;
}

enum carnet_err rule_file_parse(const uint8_t *text, size_t size, struct rule_file *out, struct carnet_diag *diag)
{
    struct parsing p = {.file = {.list = calloc(RULES_MOST, sizeof(struct rule)), .most = RULE_NO_LIMIT}};
    enum carnet_err err =
        p.file.list ? carnet_settings_parse(text, size, take_setting, &p, diag)
                    : carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the rules.");

    if (err == CARNET_CONFIGURATION && diag && !*diag->next)
        (void)carnet_fail_next(diag, NEXT_RULES);
    if (!err)
        err = hold_whole(&p.file, diag);
    if (!err && p.file.count == 0) {
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "It holds no rule.");
        (void)carnet_fail_next(diag, "Begin one with 'product = ID' and 'license = ID'; see carnet-rules(5).");
    }
    if (!err)
        err = hold_reached(&p.file, diag);
    if (err)
        rule_file_clear(&p.file);
    else
        *out = p.file;
    return err;
}

void rule_file_clear(struct rule_file *f)
{
    free(f->list);
    *f = (struct rule_file){0};
}

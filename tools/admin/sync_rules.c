/* SPDX-License-Identifier: MIT */
/* Which license a fingerprint on a stick gets a seat of: by --license, by the rules, or by what there is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync.h"

/* ---- limits (RU-8) ---- */

void sync_rules_begin(struct batch *b)
{
    struct syncing *s = b->context;

    s->given = s->given_before;
    if (s->has_rules)
        memcpy(s->used, s->used_before, s->rules.count * sizeof *s->used);
}

void sync_rules_keep(struct syncing *s)
{
    s->given_before = s->given;
    if (s->has_rules)
        memcpy(s->used_before, s->used, s->rules.count * sizeof *s->used);
}

void sync_rules_freed(struct syncing *s, const struct batch_item *item)
{
    for (size_t i = 0; s->has_rules && i < s->rules.count; i++) {
        const struct rule *rule = &s->rules.list[i];
        if (s->used[i].counted && s->used[i].out > 0 && strcmp(rule->license, item->license) == 0 &&
            rule_label_fits(rule->label, item->label))
            s->used[i].out--;
    }
}

/* Others may give seats between two transactions; within a run of this length that is let be. */
static enum carnet_err count_out(struct syncing *s, const struct rule *rule, const struct ledger_license *license,
                                 struct sync_rule_use *use)
{
    struct ledger_grant *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_grants(s->home->ledger, license->number, &list, &count, cli_diag(s->cli));

    use->out = 0;
    for (size_t i = 0; !err && i < count; i++)
        use->out += rule_label_fits(rule->label, list[i].label);
    use->counted = !err;
    free(list);
    return err;
}

/* An item that leaves the fingerprint where it is; no failure. */
static enum carnet_err leave(struct batch *b, const struct asking *a, const char *license, enum carnet_err outcome,
                             const char *words)
{
    enum carnet_err err = asking_refuse(b, a, license, outcome, words, NULL);

    if (!err)
        b->items[b->item_count - 1].left = true;
    return err;
}

/* Is there room under the rule for one more? `words` says why not. */
static enum carnet_err hold_limits(struct syncing *s, const struct rule *rule, const struct ledger_license *license,
                                   char *words, size_t room)
{
    struct sync_rule_use *use = &s->used[rule - s->rules.list];
    enum carnet_err err = rule->out != RULE_NO_LIMIT && !use->counted ? count_out(s, rule, license, use) : CARNET_OK;

    *words = '\0';
    if (err)
        return err;
    if (s->given >= s->rules.most)
        (void)snprintf(words, room, "The rules give %lu seats in one run, and these are given.",
                       (unsigned long)s->rules.most);
    else if (use->given >= rule->most)
        (void)snprintf(words, room, "The rule of line %lu gives %lu seats in one run, and these are given.", rule->line,
                       (unsigned long)rule->most);
    else if (rule->out != RULE_NO_LIMIT && use->out >= rule->out)
        (void)snprintf(words, room, "The rule of line %lu lets %lu seats of %s be out, and so many are.", rule->line,
                       (unsigned long)rule->out, rule->license);
    return CARNET_OK;
}

static void count_given(struct syncing *s, const struct rule *rule, const struct batch_item *item)
{
    if (item->err || item->again || s->batch.needs_key)
        return;
    s->given++;
    s->used[rule - s->rules.list].given++;
    s->used[rule - s->rules.list].out++;
}

/* ---- which license ---- */

static enum carnet_err by_rule(struct batch *b, const struct asking *a, const char *product)
{
    struct syncing *s = b->context;
    const struct carnet_fingerprint *f = a->fingerprint;
    struct asking asking = *a;
    struct ledger_license license;
    const struct rule *rule;
    char words[400], vendor[CARNET_HEX_SIZE], label[160];
    enum carnet_err err;

    carnet_digest_hex(&f->vendor, vendor);
    (void)carnet_text_escape(f->label, strlen(f->label), label, sizeof label);
    if (!product)
        return leave(b, a, "", CARNET_NOT_FOUND, "It names no product, and rules go by products.");
    rule = rule_file_find(&s->rules, vendor, product, f->label);
    if (!rule) {
        (void)snprintf(words, sizeof words, "No rule gives %s to '%s'.", product, label);
        return leave(b, a, "", CARNET_NOT_FOUND, words);
    }
    err = rules_license(s->home, rule, &f->vendor, &license, cli_diag(b->cli));
    if (err == CARNET_NOT_FOUND) {
        (void)snprintf(words, sizeof words, "The license %s of the rule of line %lu is of another vendor.",
                       rule->license, rule->line);
        return leave(b, a, "", CARNET_NOT_FOUND, words);
    }
    if (!err)
        err = hold_limits(s, rule, &license, words, sizeof words);
    if (err)
        return err;
    if (*words)
        return leave(b, a, license.id, CARNET_CAP_REACHED, words);
    asking.wishes.note = *rule->note ? rule->note : NULL;
    asking.wishes.lease_days = rule->lease_days;
    err = assign_seat(b, &asking, &license);
    if (!err)
        count_given(s, rule, &b->items[b->item_count - 1]);
    return err;
}

static enum carnet_err by_license(struct batch *b, const struct asking *a, const char *product)
{
    struct syncing *s = b->context;
    struct ledger_license license;
    char words[200];
    enum carnet_err err;

    if ((product && strcmp(product, s->license.product) != 0) ||
        !carnet_digest_equal(&a->fingerprint->vendor, &s->license.vendor)) {
        (void)snprintf(words, sizeof words, "It asks for %s, and %s is for %s.", product ? product : "another vendor's",
                       s->license.id, s->license.product);
        return leave(b, a, s->license.id, CARNET_NOT_COVERED, words);
    }
    err = ledger_license_get(s->home->ledger, &s->license.vendor, s->license.id, &license, cli_diag(b->cli));
    return err ? err : assign_seat(b, a, &license);
}

/* As 'assign' does with a folder: the only license of the product. Where that is not clear, it is left. */
static enum carnet_err by_what_there_is(struct batch *b, const struct asking *a, const char *product)
{
    enum carnet_err err = asking_only_license(b, a, product);
    struct batch_item *item = err ? NULL : &b->items[b->item_count - 1];

    if (item && (item->err == CARNET_NOT_FOUND || item->err == CARNET_USAGE) && !*item->license)
        item->left = true;
    return err;
}

enum carnet_err sync_decide(struct batch *b, const struct asking *a, const char *product)
{
    const struct syncing *s = b->context;

    return s->has_rules     ? by_rule(b, a, product)
           : s->has_license ? by_license(b, a, product)
                            : by_what_there_is(b, a, product);
}

bool sync_may_renew(const struct syncing *s, const struct ledger_license *license)
{
    bool named = !s->has_rules && !s->has_license;

    if (s->has_license)
        named = license->number == s->license.number;
    for (size_t i = 0; !named && i < s->rules.count; i++)
        named = strcmp(s->rules.list[i].license, license->id) == 0;
    return named;
}

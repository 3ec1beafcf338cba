/* SPDX-License-Identifier: MIT */
#include "rules_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/columns.h"
#include "common/io.h"
#include "core/settings.h"

static bool is_of_vendor(const struct ledger_license *license, const char *prefix)
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(&license->vendor, hex);
    return strncmp(hex, prefix, strlen(prefix)) == 0;
}

enum carnet_err rules_license(struct home *h, const struct rule *rule, const struct carnet_digest *vendor,
                              struct ledger_license *out, struct carnet_diag *diag)
{
    struct ledger_license *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_licenses(h->ledger, vendor, rule->product, &list, &count, diag);

    if (err)
        return err;
    err = CARNET_NOT_FOUND;
    for (size_t i = 0; err && i < count; i++) {
        if (strcmp(list[i].id, rule->license) != 0 || !is_of_vendor(&list[i], rule->vendor))
            continue;
        *out = list[i];
        err = CARNET_OK;
    }
    free(list);
    return err;
}

/* ---- against the ledger ---- */

static enum carnet_err refuse(struct cli *cli, unsigned long line, const char *next)
{
    cli_diag(cli)->line = line;
    (void)carnet_fail_next(cli_diag(cli), "%s", next);
    return CARNET_CONFIGURATION;
}

/* It is not there for that product: is it there at all? */
static enum carnet_err refuse_license(struct cli *cli, struct home *h, const struct rule *rule)
{
    struct ledger_license *list = NULL;
    const struct ledger_license *other = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_licenses(h->ledger, NULL, NULL, &list, &count, cli_diag(cli));

    if (err)
        return err;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].id, rule->license) == 0 && is_of_vendor(&list[i], rule->vendor))
            other = &list[i];
    }
    if (other)
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                          "Line %lu: the license %s is for the product %s, not for %s.", rule->license_line,
                          rule->license, other->product, rule->product);
    else
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "Line %lu: no license %s%s%s is in this ledger.",
                          rule->license_line, rule->license, *rule->vendor ? " of a vendor " : "", rule->vendor);
    free(list);
    return refuse(
        cli, rule->license_line,
        "Mend that line, or 'carnet-admin import' the vendor's entitlement first; 'carnet-admin license list' "
        "shows what there is.");
}

static enum carnet_err hold_rule(struct cli *cli, struct home *h, const struct rule *rule)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct ledger_license license;
    enum carnet_err err = rules_license(h, rule, NULL, &license, cli_diag(cli));

    if (err == CARNET_NOT_FOUND)
        return refuse_license(cli, h, rule);
    if (!err && rule->lease_days > 0)
        err = home_entitlement(h, &license.entitlement, &e, &embed, cli_diag(cli));
    if (err || !e || e->lease_days == CARNET_NO_LEASE || rule->lease_days <= e->lease_days)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                      "Line %lu: a lease of %lu days is longer than %s allows, %lu days.", rule->lease_line,
                      (unsigned long)rule->lease_days, license.id, (unsigned long)e->lease_days);
    return refuse(cli, rule->lease_line, "Say fewer days there, or leave the line out.");
}

enum carnet_err rules_load(struct cli *cli, struct home *h, const char *file, struct rule_file *out)
{
    struct carnet_buffer text = {0};
    struct rule_file f = {.list = NULL};
    enum carnet_err err = cli_file_read(cli, file, CARNET_SETTINGS_MOST, &text);

    if (err == CARNET_MALFORMED) {
        err = carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "The rule file is larger than %zu KiB.",
                          CARNET_SETTINGS_MOST / 1024);
        (void)carnet_fail_next(cli_diag(cli), "Name a rule file; carnet-rules(5) says what may stand in it.");
    }
    if (!err)
        err = rule_file_parse(text.bytes, text.size, &f, cli_diag(cli));
    for (size_t i = 0; !err && i < f.count; i++)
        err = hold_rule(cli, h, &f.list[i]);
    carnet_buffer_clear(&text);
    if (err) {
        cli_place(cli, file);
        rule_file_clear(&f);
        return err;
    }
    *out = f;
    return CARNET_OK;
}

/* ---- in words ---- */

static const char *limit(uint32_t n, char *out, size_t room)
{
    if (n == RULE_NO_LIMIT)
        (void)snprintf(out, room, "no limit");
    else
        (void)snprintf(out, room, "%lu", (unsigned long)n);
    return out;
}

static void show_rule(struct cli *cli, const struct rule *rule, const struct ledger_license *license)
{
    char most[16], out[16], free_seats[48], label[240];
    const uint32_t taken = license->in_use + license->held;

    if (!license->offline)
        (void)snprintf(free_seats, sizeof free_seats, "online: convert it first");
    else
        (void)snprintf(free_seats, sizeof free_seats, "%lu of %lu seats free",
                       (unsigned long)(taken < license->seats ? license->seats - taken : 0),
                       (unsigned long)license->seats);
    (void)carnet_text_escape(rule->label, strlen(rule->label), label, sizeof label);
    cli_data(cli, "line %-4lu %-16s %-20s <- %-*s  a run: %s, out: %s  (%s)\n", rule->line, rule->product,
             rule->license, cli_width(label, 20), label, limit(rule->most, most, sizeof most),
             limit(rule->out, out, sizeof out), free_seats);
    if (rule->lease_days > 0)
        cli_data(cli, "          each for %lu days\n", (unsigned long)rule->lease_days);
}

static json_t *number(uint32_t n)
{
    return n == RULE_NO_LIMIT ? json_null() : json_integer((json_int_t)n);
}

static json_t *rule_json(const struct rule *rule, const struct ledger_license *license)
{
    char vendor[CARNET_HEX_SIZE];

    carnet_digest_hex(&license->vendor, vendor);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s?}", "line", (json_int_t)rule->line, "product",
                     rule->product, "license", rule->license, "vendor", vendor, "label", rule->label, "most",
                     number(rule->most), "out", number(rule->out), "lease",
                     rule->lease_days > 0 ? json_integer((json_int_t)rule->lease_days) : json_null(), "note",
                     *rule->note ? rule->note : NULL);
}

enum carnet_err rules_show(struct cli *cli, struct home *h, const struct rule_file *f)
{
    json_t *rules = json_array();
    char most[16];
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < f->count; i++) {
        struct ledger_license license;
        err = rules_license(h, &f->list[i], NULL, &license, cli_diag(cli));
        if (err)
            break;
        show_rule(cli, &f->list[i], &license);
        (void)json_array_append_new(rules, rule_json(&f->list[i], &license));
    }
    if (!err) {
        cli_note(cli, "Seats in a run: %s. Clock requests are %s.\n", limit(f->most, most, sizeof most),
                 f->answers_clocks ? "answered" : "left for 'carnet-admin clock'");
        cli_set(cli, "rules", json_incref(rules));
        cli_set(cli, "most", number(f->most));
        cli_set(cli, "answer_clocks", json_boolean(f->answers_clocks));
    }
    json_decref(rules);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "give.h"
#include "machine/machine.h"
#include "rules/judge.h"
#include "sign.h"
#include "words.h"

/* ---- may it? ---- */

/* G-3, L-11. */
static void refuse_forked(struct batch_item *item, const struct ledger_license *license)
{
    static const struct {
        const char *before, *after, *next;
    } words[] = {
        [LEDGER_FORK_LICENSE] = {"A license of ", " came back that this ledger never gave",
                                 "Find out who else uses this issuer key; then 'carnet-admin recover'."},
        [LEDGER_FORK_CLONE] =
            {"A machine of ", " sent two files with one number, so its disk was copied or put back",
             "Find the machine in 'carnet-admin journal show', and see whether it is two: then replace "
             "or revoke its seat. After that, 'carnet-admin recover'."},
        [LEDGER_FORK_JOURNAL] = {"A machine of ", " has seen a part of the journal that this ledger lacks",
                                 "Find out whether this ledger was put back from a copy; then 'carnet-admin recover'."},
    };

    item->err = carnet_fail(&item->diag, CARNET_FORKED, "G-3", "%s%s%s: no seat is given before that is settled.",
                            words[license->forked].before, license->id, words[license->forked].after);
    (void)carnet_fail_next(&item->diag, "%s", words[license->forked].next);
}

enum carnet_err give_hold_license(struct batch_item *item, const struct ledger_license *license,
                                  const struct carnet_entitlement *e, int64_t now)
{
    char time[CARNET_UTC_SIZE], whom[320];

    if (license->forked) {
        refuse_forked(item, license);
    } else if (!license->offline) {
        item->err = carnet_fail(&item->diag, CARNET_WRONG_MODE, "",
                                "The license %s is online: its seats belong to users.", license->id);
        (void)carnet_fail_next(&item->diag, "Convert it first with 'carnet-admin convert %s offline'.", license->id);
    } else if (!e->offline_allowed) {
        (void)carnet_text_escape(*e->contact ? e->contact : e->vendor_name,
                                 strlen(*e->contact ? e->contact : e->vendor_name), whom, sizeof whom);
        item->err = carnet_fail(&item->diag, CARNET_CONVERSION_NOT_ALLOWED, "J-3",
                                "Revision %lu of the entitlement of %s no longer allows offline use.",
                                (unsigned long)license->revision, license->id);
        (void)carnet_fail_next(&item->diag, "Ask the vendor (%s) for a revision that allows it.", whom);
    } else if (now > e->not_after) {
        carnet_utc_format(e->not_after, time);
        item->err = carnet_fail(&item->diag, CARNET_EXPIRED, "O-1", "The license %s ended on %s.", license->id, time);
        (void)carnet_fail_next(&item->diag, "Ask the vendor for a revision that lasts longer, and import it.");
    }
    return item->err;
}

bool give_is_container(const struct carnet_fingerprint *f)
{
    return strcmp(f->container_system, "none") != 0;
}

enum carnet_err give_hold_machine(struct batch_item *item, const struct ledger_license *license,
                                  const struct carnet_entitlement *e, const struct carnet_fingerprint *f,
                                  const char *label)
{
    if (e->virtual_refused && strcmp(f->virtual_system, "none") != 0)
        item->err = carnet_fail(&item->diag, CARNET_VIRTUAL_REFUSED, "M-7",
                                "The machine is virtual (%s), and the license %s refuses that.", f->virtual_system,
                                license->id);
    else if (e->container == CARNET_CONTAINER_REFUSED && give_is_container(f))
        item->err = carnet_fail(&item->diag, CARNET_VIRTUAL_REFUSED, "M-7",
                                "The machine is a container (%s), and the license %s refuses that.",
                                f->container_system, license->id);
    else if (e->container == CARNET_CONTAINER_PINNED && give_is_container(f) && *label == '\0') {
        item->err = carnet_fail(&item->diag, CARNET_NEEDS_ANSWER, "M-9",
                                "The machine is a container (%s): by the license %s it is told by a label, and it has "
                                "none.",
                                f->container_system, license->id);
        (void)carnet_fail_next(&item->diag, "Assign it with --label, and put the same label into " CARNET_MACHINE_LABEL
                                            " of that container.");
    }
    return item->err;
}

/* ---- terms ---- */

static const struct carnet_feature *find_feature(const struct carnet_features *features, const char *name,
                                                 size_t length)
{
    for (uint32_t i = 0; i < features->count; i++) {
        if (strlen(features->list[i].name) == length && memcmp(features->list[i].name, name, length) == 0)
            return &features->list[i];
    }
    return NULL;
}

/* Of the entitled features those for which `keep` is true, in the entitlement's order. */
static void keep_features(const struct carnet_features *entitled, const bool keep[CARNET_FEATURES_MOST],
                          struct carnet_features *out)
{
    out->count = 0;
    for (uint32_t i = 0; i < entitled->count; i++) {
        if (keep[i])
            out->list[out->count++] = entitled->list[i];
    }
}

static enum carnet_err no_feature(struct batch_item *item, const char *option, const char *value,
                                  const struct carnet_features *entitled)
{
    char shown[160], names[300] = "";

    for (uint32_t i = 0; i < entitled->count && strlen(names) < sizeof names / 2; i++) {
        const struct carnet_feature *f = &entitled->list[i];
        const size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s%s%s", used ? ", " : "", f->name, *f->value ? "=" : "",
                       f->value);
    }
    (void)carnet_text_escape(value, strlen(value), shown, sizeof shown);
    item->err = carnet_fail(&item->diag, CARNET_BEYOND_ENTITLEMENT, "J-5",
                            "--%s names %s, which the entitlement of %s does not give.", option, shown, item->license);
    (void)carnet_fail_next(&item->diag, "It gives %s.", *names ? names : "no features");
    return item->err;
}

/* NAME, or NAME=VALUE with the entitlement's value. */
static const struct carnet_feature *entitled_feature(const struct carnet_features *entitled, const char *value)
{
    const char *equals = strchr(value, '=');
    const struct carnet_feature *f = find_feature(entitled, value, equals ? (size_t)(equals - value) : strlen(value));

    return f && equals && strcmp(f->value, equals + 1) != 0 ? NULL : f;
}

static enum carnet_err take_features(struct cli *cli, struct batch_item *item, const struct carnet_features *entitled,
                                     bool keep[CARNET_FEATURES_MOST])
{
    const struct carnet_feature *f;

    if (cli_values(cli, "feature") > 0)
        memset(keep, 0, CARNET_FEATURES_MOST * sizeof *keep);
    for (size_t i = 0; i < cli_values(cli, "feature"); i++) {
        f = entitled_feature(entitled, cli_value_at(cli, "feature", i));
        if (!f)
            return no_feature(item, "feature", cli_value_at(cli, "feature", i), entitled);
        keep[f - entitled->list] = true;
    }
    for (size_t i = 0; i < cli_values(cli, "drop-feature"); i++) {
        f = entitled_feature(entitled, cli_value_at(cli, "drop-feature", i));
        if (!f)
            return no_feature(item, "drop-feature", cli_value_at(cli, "drop-feature", i), entitled);
        keep[f - entitled->list] = false;
    }
    return CARNET_OK;
}

static enum carnet_err take_not_after(struct cli *cli, struct batch_item *item, const struct carnet_entitlement *e,
                                      int64_t now, int64_t *out)
{
    const char *value = cli_value(cli, "not-after");
    char day[WORDS_DAY_SIZE];
    int64_t time = 0;

    if (!value)
        return CARNET_OK;
    if (carnet_utc_parse_date(value, &time) != CARNET_OK) {
        item->err =
            carnet_fail(&item->diag, CARNET_USAGE, "", "--not-after takes a date such as 2027-12-31, or 'never'.");
    } else if (time > e->not_after) {
        words_day(e->not_after, day);
        item->err = carnet_fail(&item->diag, CARNET_BEYOND_ENTITLEMENT, "J-6",
                                "--not-after %s is later than the last day of %s, %s.", value, item->license, day);
        (void)carnet_fail_next(&item->diag, "Give an earlier day, or leave --not-after out.");
    } else if (time < now) {
        item->err = carnet_fail(&item->diag, CARNET_USAGE, "", "--not-after %s is past.", value);
    } else {
        *out = time;
    }
    return item->err;
}

static enum carnet_err take_lease(struct cli *cli, struct batch_item *item, const struct carnet_entitlement *e,
                                  uint32_t without, uint32_t *out)
{
    uint32_t days = 0;

    item->err = cli_number(cli, "lease", 1, CARNET_DAYS_MOST, without, &days);
    item->diag = *cli_diag(cli);
    if (item->err || days == 0)
        return item->err;
    if (e->lease_days != CARNET_NO_LEASE && days > e->lease_days) {
        item->err = carnet_fail(&item->diag, CARNET_BEYOND_ENTITLEMENT, "J-7",
                                "%s%lu%s is longer than the %lu days that %s allows.",
                                cli_value(cli, "lease") ? "--lease " : "A lease of ", (unsigned long)days,
                                cli_value(cli, "lease") ? "" : " days", (unsigned long)e->lease_days, item->license);
        (void)carnet_fail_next(&item->diag, "Give fewer days, or leave the lease as it is entitled.");
        return item->err;
    }
    *out = days;
    return CARNET_OK;
}

/* What was left out of the seat's license before is left out again. */
static void inherit(const struct carnet_judged *before, const struct carnet_entitlement *e,
                    bool keep[CARNET_FEATURES_MOST], struct give_terms *out)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(before));
    const struct carnet_entitlement *old = carnet_judged_entitlement(before);
    const struct give_terms full = {.not_after = l->not_after, .lease_days = old->lease_days};
    uint32_t days;

    for (uint32_t i = 0; l->features.count < old->features.count && i < e->features.count; i++) {
        const char *name = e->features.list[i].name;
        /* What the old entitlement did not have was not left out. */
        keep[i] = find_feature(&l->features, name, strlen(name)) || !find_feature(&old->features, name, strlen(name));
    }
    if (l->not_after < old->not_after && l->not_after < e->not_after)
        out->not_after = l->not_after;
    if (l->lease_until >= give_lease_until(&full, l->issued))
        return;
    days = (uint32_t)((l->lease_until - l->issued) / CARNET_DAY);
    if (days > 0 && (e->lease_days == CARNET_NO_LEASE || days < e->lease_days))
        out->lease_days = days;
}

enum carnet_err give_settle(struct cli *cli, struct batch_item *item, const struct carnet_entitlement *e,
                            const struct carnet_judged *before, uint32_t lease_days, int64_t now,
                            struct give_terms *out)
{
    bool keep[CARNET_FEATURES_MOST];

    out->not_after = e->not_after;
    out->lease_days = e->lease_days;
    for (uint32_t i = 0; i < CARNET_FEATURES_MOST; i++)
        keep[i] = true;
    if (before)
        inherit(before, e, keep, out);
    if (take_features(cli, item, &e->features, keep) || take_not_after(cli, item, e, now, &out->not_after) ||
        take_lease(cli, item, e, lease_days, &out->lease_days))
        return item->err;
    keep_features(&e->features, keep, &out->features);
    return CARNET_OK;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t give_lease_until(const struct give_terms *terms, int64_t issued)
{
    return terms->lease_days == CARNET_NO_LEASE
               ? CARNET_NEVER
               : earlier(carnet_utc_add_days(issued, terms->lease_days), terms->not_after);
}

int64_t give_end(const struct give_terms *terms, int64_t issued)
{
    return earlier(give_lease_until(terms, issued), terms->not_after);
}

/* ---- the license ---- */

void give_fill(const struct give_license *g, const struct carnet_entitlement *e, struct carnet_license *out)
{
    memset(out, 0, sizeof *out);
    out->vendor = e->vendor;
    (void)snprintf(out->grant.license, sizeof out->grant.license, "%s", e->license);
    out->grant.fingerprint = g->grant->fingerprint;
    out->grant.epoch = g->grant->epoch;
    out->grant.serial = g->grant->serial;
    out->grant.seat = g->grant->seat;
    out->entitlement = g->entitlement;
    out->revision = e->revision;
    (void)snprintf(out->product, sizeof out->product, "%s", e->product);
    (void)snprintf(out->edition, sizeof out->edition, "%s", e->edition);
    (void)snprintf(out->licensee, sizeof out->licensee, "%s", e->licensee);
    out->machine_key = g->grant->machine_key;
    (void)snprintf(out->machine_label, sizeof out->machine_label, "%s", g->grant->label);
    out->has_user = g->grant->has_user;
    out->user = g->grant->user;
    out->features = g->terms->features;
    out->matching = e->matching;
    out->facts = *g->facts;
    out->issued = g->issued;
    out->not_after = g->terms->not_after;
    out->lease_until = give_lease_until(g->terms, g->issued);
    out->activate_by = earlier(carnet_utc_add_days(g->issued, e->activate_within_days), g->terms->not_after);
}

enum carnet_err give_sign(struct batch *b, const struct give_license *g, const struct carnet_journal_position *at)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_license *l = malloc(sizeof *l);
    struct carnet_buffer document = {0};
    struct carnet_embed embed;
    struct carnet_digest id;
    const struct sign_grant s = {.license = g->license,
                                 .grant = g->grant,
                                 .document = &document,
                                 .entitlement = &embed,
                                 .kind = CARNET_KIND_LICENSE,
                                 .now = b->now};
    enum carnet_err err =
        l ? home_entitlement(b->home, &g->entitlement, &e, &embed, cli_diag(b->cli)) : CARNET_NO_MEMORY;

    if (!err) {
        give_fill(g, e, l);
        l->journal = *at;
        err = carnet_judge_license(l, e, cli_diag(b->cli));
    }
    if (!err)
        err = carnet_issue_compose_license(l, &document);
    if (!err)
        err = sign_for_grant(b->home, &s, &id, cli_diag(b->cli));
    carnet_buffer_clear(&document);
    free(l);
    return err;
}

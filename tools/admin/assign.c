/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assign.h"
#include "give.h"
#include "holds.h"
#include "rules/match.h"
#include "sign.h"

struct giving {
    const struct asking *asking;
    const struct ledger_license *license;
    const struct carnet_entitlement *entitlement;
    struct carnet_embed embed;
    struct ledger_grant grant; /* to be */
    bool replaces;
    struct ledger_grant old; /* when it replaces */
    struct give_terms terms;
    bool loss;        /* the old machine is nowhere to be seen in the new one */
    bool same_system; /* taken although the system UUID is that of another grant */
};

/* ---- may it? The order is that in which an administrator would want to know. ---- */

static void refuse_machine(struct batch_item *item, const struct giving *g, const struct ledger_grant *other,
                           bool same_key)
{
    const char *why = same_key ? "This machine, for the same user, holds"
                               : "A machine with the same system UUID, under another key, holds";
    char since[CARNET_UTC_SIZE], label[120];

    carnet_utc_format(other->since, since);
    (void)carnet_text_escape(other->label, strlen(other->label), label, sizeof label);
    item->err = carnet_fail(
        &item->diag, CARNET_ALREADY_ASSIGNED, "G-6", "%s seat %lu of %s%s%s%s, since %s, by another fingerprint.", why,
        (unsigned long)other->seat, g->license->id, *label ? " (" : "", label, *label ? ")" : "", since);
    if (same_key)
        (void)carnet_fail_next(&item->diag,
                               "Use the license file it has, or start again on the same seat with '--replace %lu'.",
                               (unsigned long)other->seat);
    else
        (void)carnet_fail_next(&item->diag,
                               "If it is the same machine, use '--replace %lu'; if it is a clone of an image, confirm "
                               "with -y.",
                               (unsigned long)other->seat);
}

/* Does the machine hold a seat already? A grant that is being replaced does not count. */
static enum carnet_err hold_machine(struct batch *b, struct batch_item *item, struct giving *g)
{
    const struct carnet_fingerprint *f = g->asking->fingerprint;
    struct ledger_grant other;
    enum carnet_err err = ledger_grant_of_machine(b->home->ledger, g->license->number, &g->asking->machine_key,
                                                  f->has_user ? &f->user : NULL, &other, cli_diag(b->cli));

    if (!err && !(g->replaces && other.number == g->old.number)) {
        refuse_machine(item, g, &other, true);
        return CARNET_OK;
    }
    if (err && err != CARNET_NOT_FOUND)
        return err;
    for (uint32_t i = 0; i < f->facts.count; i++) {
        if (f->facts.list[i].name != CARNET_FACT_SYSTEM_UUID)
            continue;
        err = ledger_grant_of_system(b->home->ledger, g->license->number, &f->facts.list[i].digest, &other,
                                     cli_diag(b->cli));
        if (err && err != CARNET_NOT_FOUND)
            return err;
        /* Another user of the same machine key is another grant by right (G-6). */
        if (err || carnet_digest_equal(&other.machine_key, &g->asking->machine_key) ||
            (g->replaces && other.number == g->old.number))
            continue;
        g->same_system = true;
        if (!g->asking->wishes.clone_confirmed) {
            refuse_machine(item, g, &other, false);
            return CARNET_OK;
        }
    }
    return CARNET_OK;
}

/* ---- --replace ---- */

/* The facts of the old grant's license, held against the new fingerprint. What the old machine secret keyed can't be
 * compared under another key: it is unreadable, not changed. */
static enum carnet_err bears_out(struct batch *b, const struct giving *g, bool *out)
{
    struct carnet_read_options options = home_reading_kept(b->home, CARNET_KIND_BIT(CARNET_KIND_LICENSE));
    const bool same_key = carnet_digest_equal(&g->old.machine_key, &g->asking->machine_key);
    const struct carnet_license *held;
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    struct carnet_digest id;
    struct carnet_match match;
    enum carnet_err err =
        ledger_bundle_of_grant(b->home->ledger, g->old.number, CARNET_KIND_LICENSE, &id, &bytes, cli_diag(b->cli));

    if (!err)
        err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, cli_diag(b->cli));
    if (!err) {
        held = carnet_document_license(carnet_reading_document(reading));
        carnet_match_told(&held->facts, &held->matching, &g->asking->fingerprint->facts, same_key, &match);
        *out = match.matches;
    }
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
    return err;
}

static enum carnet_err hold_loss(struct batch *b, struct batch_item *item, struct giving *g)
{
    bool borne_out = false;
    enum carnet_err err = bears_out(b, g, &borne_out);

    g->loss = !err && !borne_out;
    if (err || borne_out)
        return err;
    return caps_hold_loss(b, item, g->license, g->entitlement,
                          "The facts do not show the machine of that seat, so this counts as a loss");
}

static enum carnet_err find_replaced(struct batch *b, struct batch_item *item, struct giving *g)
{
    const uint32_t seat = g->asking->wishes.replace;
    enum carnet_err err;

    if (seat == 0)
        return CARNET_OK;
    err = ledger_grant_on_seat(b->home->ledger, g->license->number, seat, &g->old, cli_diag(b->cli));
    g->replaces = !err;
    return err == CARNET_NOT_FOUND ? holds_refuse_seat(b, item, g->license, seat) : err;
}

/* ---- the change ---- */

static enum carnet_err end_old(struct batch *b, struct giving *g)
{
    const struct sign_ending ending = {.what = g->loss ? "replace-lost" : "replace",
                                       .license = g->license,
                                       .grant = &g->old,
                                       .how = CARNET_END_REPLACED,
                                       .until = LEDGER_LIVES,
                                       .now = b->now};
    enum carnet_err err = sign_end(b->home, b->key, &ending, cli_diag(b->cli));

    if (!err && g->loss)
        err = ledger_loss_add(b->home->ledger, &g->old, b->now, cli_diag(b->cli));
    return err;
}

static enum carnet_err give(struct batch *b, void *context)
{
    struct giving *g = context;
    struct carnet_diag *diag = cli_diag(b->cli);
    const struct carnet_fingerprint *f = g->asking->fingerprint;
    const struct ledger_received received = {.id = g->asking->id,
                                             .machine_key = g->asking->machine_key,
                                             .kind = CARNET_KIND_FINGERPRINT,
                                             .sequence = f->sequence};
    const struct ledger_event event = {.what = "assign",
                                       .license = g->license->id,
                                       .revision = g->license->revision,
                                       .seat = g->grant.seat,
                                       .serial = g->grant.serial,
                                       .grant = &g->asking->id,
                                       .entitlement = &g->license->entitlement,
                                       .machine = &g->asking->machine_key,
                                       .name = *g->grant.label ? g->grant.label : NULL,
                                       .note = g->same_system ? "same-system" : NULL};
    const struct give_license license = {.license = g->license,
                                         .grant = &g->grant,
                                         .entitlement = g->license->entitlement,
                                         .terms = &g->terms,
                                         .facts = &f->facts,
                                         .issued = g->grant.since};
    struct carnet_journal_position at;
    enum carnet_err err = ledger_key_see(b->home->ledger, &g->asking->machine_key, CARNET_ROLE_MACHINE, b->now, diag);

    if (!err)
        err = ledger_received_add(b->home->ledger, &received, b->now, diag);
    if (!err && g->replaces)
        err = end_old(b, g);
    if (!err)
        err = ledger_event_add(b->home->ledger, &g->license->vendor, &g->license->issuer, b->now, &event, &at, diag);
    if (!err)
        err = ledger_grant_add(b->home->ledger, &g->grant, &f->facts, diag);
    if (!err && b->key)
        err = give_sign(b, &license, &at);
    return err;
}

/* The administrator's word, else the fingerprint's. */
static const char *label_of(const struct giving *g)
{
    return g->asking->wishes.label ? g->asking->wishes.label : g->asking->fingerprint->label;
}

static void settle_grant(struct batch *b, struct giving *g)
{
    const char *given = g->asking->wishes.note, *note = given ? given : g->replaces ? g->old.note : "";
    const struct carnet_entitlement *e = g->entitlement;

    g->grant.license = g->license->number;
    g->grant.fingerprint = g->asking->id;
    g->grant.machine_key = g->asking->machine_key;
    g->grant.has_user = g->asking->fingerprint->has_user;
    g->grant.user = g->asking->fingerprint->user;
    g->grant.container = give_is_container(g->asking->fingerprint);
    g->grant.entitlement = g->license->entitlement;
    g->grant.epoch = ledger_about(b->home->ledger)->epoch;
    g->grant.serial = 1;
    g->grant.replaces = g->replaces ? g->old.number : 0;
    /* The vendor's clock may be a little ahead of this one (J-10). */
    g->grant.since = b->now > e->issued ? b->now : e->issued;
    g->grant.lease_until = give_end(&g->terms, g->grant.since);
    (void)snprintf(g->grant.note, sizeof g->grant.note, "%s", note);
    (void)snprintf(g->grant.label, sizeof g->grant.label, "%s", label_of(g));
}

static void settle_item(struct batch_item *item, const struct ledger_grant *grant)
{
    batch_item_settle(item, grant);
    item->old_grant = grant->replaces;
}

/* The same fingerprint once more: the same bytes (with --replace, both files), or nothing more. */
static enum carnet_err answer_again(struct batch_item *item, const struct ledger_grant *grant)
{
    char when[CARNET_UTC_SIZE];

    if (grant->ended == LEDGER_LIVES) {
        settle_item(item, grant);
        item->again = true;
        return CARNET_OK;
    }
    carnet_utc_format(grant->ended, when);
    item->err = carnet_fail(&item->diag, CARNET_FINGERPRINT_SPENT, "G-1",
                            "This fingerprint had seat %lu of %s, and that grant ended on %s.",
                            (unsigned long)grant->seat, item->license, when);
    (void)carnet_fail_next(&item->diag, "Make a new fingerprint on the machine with 'carnet-user fingerprint'.");
    return CARNET_OK;
}

static enum carnet_err find_seat(struct batch *b, struct batch_item *item, struct giving *g)
{
    if (g->replaces) {
        g->grant.seat = g->old.seat;
        return hold_loss(b, item, g);
    }
    return holds_find_seat(b, item, g->license, &g->grant.seat);
}

static enum carnet_err check_all(struct batch *b, struct batch_item *item, struct giving *g)
{
    enum carnet_err err =
        home_entitlement(b->home, &g->license->entitlement, &g->entitlement, &g->embed, cli_diag(b->cli));

    if (err || give_hold_license(item, g->license, g->entitlement, b->now) ||
        give_hold_machine(item, g->license, g->entitlement, g->asking->fingerprint, label_of(g)) ||
        give_settle(b->cli, item, g->entitlement, NULL, g->asking->wishes.lease_days, b->now, &g->terms))
        return err;
    err = find_replaced(b, item, g);
    if (!err && !item->err)
        err = hold_machine(b, item, g);
    if (!err && !item->err)
        err = find_seat(b, item, g);
    return err;
}

struct asking asking_of(const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);

    return (struct asking){.source = source,
                           .fingerprint = carnet_document_fingerprint(carnet_judged_document(judged)),
                           .id = *carnet_judged_id(judged),
                           .machine_key = *carnet_judged_signer(judged)};
}

enum carnet_err assign_seat(struct batch *b, const struct asking *a, const struct ledger_license *license)
{
    struct giving g = {.asking = a, .license = license};
    struct ledger_grant known;
    struct batch_item *item = batch_item(b, a->source, license->id);
    enum carnet_err err;

    if (!item)
        return CARNET_NO_MEMORY;
    err = ledger_grant_of_fingerprint(b->home->ledger, license->number, &a->id, &known, cli_diag(b->cli));
    if (!err)
        return answer_again(item, &known);
    if (err != CARNET_NOT_FOUND)
        return err;
    err = check_all(b, item, &g);
    if (err || item->err || !batch_may_sign(b, item))
        return err;
    settle_grant(b, &g);
    err = batch_change(b, item, give, &g);
    if (!err && !item->err)
        settle_item(item, &g.grant);
    return err;
}

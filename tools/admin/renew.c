/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "give.h"
#include "holds.h"
#include "renew.h"
#include "rules/match.h"
#include "sign.h"
#include "words.h"

struct renewing {
    const struct asking *asking; /* or NULL */
    const struct ledger_license *license;
    const struct ledger_grant *grant; /* as it is */
    struct carnet_buffer bytes;       /* of its newest license */
    struct carnet_reading *reading;
    const struct carnet_license *before;
    struct ledger_grant next; /* as it is to be */
    struct give_terms terms;
    struct give_license give;
    bool transfer; /* the machine is no longer the one that the license tells of */
};

static enum carnet_err read_before(struct batch *b, struct renewing *r)
{
    struct carnet_read_options options = home_reading_kept(b->home, CARNET_KIND_BIT(CARNET_KIND_LICENSE));
    struct carnet_digest id;
    enum carnet_err err = ledger_bundle_of_grant(b->home->ledger, r->grant->number, CARNET_KIND_LICENSE, &id, &r->bytes,
                                                 cli_diag(b->cli));

    if (!err)
        err = carnet_reading_open(r->bytes.bytes, r->bytes.size, &options, &r->reading, cli_diag(b->cli));
    if (!err)
        r->before = carnet_document_license(carnet_reading_document(r->reading));
    return err;
}

/* ---- what the fingerprint has to be ---- */

static enum carnet_err hold_key(struct batch_item *item, const struct renewing *r)
{
    char key[CARNET_HEX_SIZE];

    if (carnet_digest_equal(&r->asking->machine_key, &r->grant->machine_key))
        return CARNET_OK;
    carnet_digest_hex(&r->asking->machine_key, key);
    item->err = carnet_fail(&item->diag, CARNET_UNTRUSTED_KEY, "G-1",
                            "The fingerprint is signed by the machine key %s, and seat %lu of %s belongs to another.",
                            key, (unsigned long)r->grant->seat, r->license->id);
    (void)carnet_fail_next(&item->diag,
                           "A machine with a new key makes a fingerprint for a new seat; give it the old one's with "
                           "'carnet-admin assign --replace %lu'.",
                           (unsigned long)r->grant->seat);
    return item->err;
}

/* The user is part of what tells one grant from another (G-6): it stays. */
static enum carnet_err hold_user(struct batch_item *item, const struct renewing *r)
{
    const struct carnet_fingerprint *f = r->asking->fingerprint;

    if (!r->grant->has_user || (f->has_user && carnet_digest_equal(&f->user, &r->grant->user)))
        return CARNET_OK;
    item->err = carnet_fail(&item->diag, CARNET_WRONG_USER, "M-6",
                            "Seat %lu of %s is fixed to one user, and the fingerprint was made for %s.",
                            (unsigned long)r->grant->seat, r->license->id, f->has_user ? "another" : "any");
    (void)carnet_fail_next(&item->diag,
                           "Make it as that user, or with 'carnet-user fingerprint --renew --for-user NAME'.");
    return item->err;
}

/* What arrives late does not bring old facts back. */
static enum carnet_err hold_newest(struct batch *b, struct batch_item *item, const struct renewing *r)
{
    const uint32_t number = r->asking->fingerprint->sequence.sequence;
    uint32_t latest = 0;
    enum carnet_err err = ledger_received_latest(b->home->ledger, r->grant, &latest, cli_diag(b->cli));

    if (err || latest <= number)
        return err;
    item->err =
        carnet_fail(&item->diag, CARNET_SUPERSEDED, "F-2",
                    "Seat %lu of %s was renewed by a later fingerprint of its machine (number %lu, and this is "
                    "%lu).",
                    (unsigned long)r->grant->seat, r->license->id, (unsigned long)latest, (unsigned long)number);
    (void)carnet_fail_next(&item->diag, "Nothing has to be done with this one; where the machine changed since, make "
                                        "another with 'carnet-user fingerprint --renew'.");
    return CARNET_OK;
}

/* A machine that no longer matches what the grant's license tells of is another one, by the license's own rules. */
static enum carnet_err hold_facts(struct batch *b, struct batch_item *item, struct renewing *r,
                                  const struct carnet_entitlement *e)
{
    struct carnet_match match;

    carnet_match_told(&r->before->facts, &r->before->matching, &r->asking->fingerprint->facts, true, &match);
    /* M-10: what a container is told by under M-9, its key and its label, stays. What the grant was given to decides;
     * what asks now could say of itself whatever helps. */
    r->transfer = !match.matches && !(e->container == CARNET_CONTAINER_PINNED && r->grant->container &&
                                      give_is_container(r->asking->fingerprint));
    return r->transfer ? caps_hold_transfer(b, item, r->license, e,
                                            "The machine has changed too much, so this counts as a transfer")
                       : CARNET_OK;
}

static enum carnet_err hold_all(struct batch *b, struct batch_item *item, struct renewing *r, bool full)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    enum carnet_err err = home_entitlement(b->home, &r->license->entitlement, &e, &embed, cli_diag(b->cli));

    if (err || give_hold_license(item, r->license, e, b->now))
        return err;
    if (r->grant->seat > e->seats) {
        item->err =
            carnet_fail(&item->diag, CARNET_NO_SEAT, "J-4", "The license %s has %lu seats by now: seat %lu is none.",
                        r->license->id, (unsigned long)e->seats, (unsigned long)r->grant->seat);
        (void)carnet_fail_next(&item->diag, "Release the seat on its machine and free it, or buy more seats.");
        return CARNET_OK;
    }
    if (r->asking && (hold_key(item, r) || hold_user(item, r) ||
                      give_hold_machine(item, r->license, e, r->asking->fingerprint, r->grant->label)))
        return CARNET_OK;
    if (r->asking && ((err = hold_newest(b, item, r)) != CARNET_OK || item->err))
        return err;
    if (give_settle(b->cli, item, e, full ? NULL : carnet_reading_judged(r->reading), 0, b->now, &r->terms))
        return CARNET_OK;
    /* The vendor's clock may be a little ahead of this one (J-10). */
    r->give.issued = b->now > e->issued ? b->now : e->issued;
    return r->asking ? hold_facts(b, item, r, e) : CARNET_OK;
}

/* ---- does anything differ? ---- */

static bool same_features(const struct carnet_features *a, const struct carnet_features *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->list[i].name, b->list[i].name) != 0 || strcmp(a->list[i].value, b->list[i].value) != 0)
            return false;
    }
    return a->count == b->count;
}

/* Less than a day is no difference: it is the time between a command and its repetition. */
static bool same_time(int64_t a, int64_t b)
{
    return a > b ? a - b < CARNET_DAY : b - a < CARNET_DAY;
}

/* What the newest license says already is not said again. */
static bool is_same(const struct renewing *r, const struct carnet_license *next)
{
    const struct carnet_license *before = r->before;

    return carnet_digest_equal(&before->entitlement, &next->entitlement) && before->not_after == next->not_after &&
           same_time(before->lease_until, next->lease_until) && same_time(before->activate_by, next->activate_by) &&
           same_features(&before->features, &next->features) && carnet_facts_equal(&before->facts, &next->facts);
}

static enum carnet_err compare(struct batch *b, const struct renewing *r, bool *same)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct carnet_license *next = malloc(sizeof *next);
    enum carnet_err err =
        next ? home_entitlement(b->home, &r->give.entitlement, &e, &embed, cli_diag(b->cli)) : CARNET_NO_MEMORY;

    if (!err) {
        give_fill(&r->give, e, next);
        *same = is_same(r, next);
    }
    free(next);
    return err;
}

/* ---- the change ---- */

static enum carnet_err give_next(struct batch *b, void *context)
{
    struct renewing *r = context;
    struct carnet_diag *diag = cli_diag(b->cli);
    struct ledger *ledger = b->home->ledger;
    const struct ledger_event event = {.what = "renew",
                                       .license = r->license->id,
                                       .revision = r->license->revision,
                                       .seat = r->next.seat,
                                       .serial = r->next.serial,
                                       .grant = &r->next.fingerprint,
                                       .entitlement = &r->next.entitlement,
                                       .machine = &r->next.machine_key,
                                       .release = r->asking ? &r->asking->id : NULL,
                                       .note = r->transfer ? "facts-changed" : NULL};
    struct carnet_journal_position at;
    enum carnet_err err = CARNET_OK;

    if (r->asking) {
        const struct ledger_received received = {.id = r->asking->id,
                                                 .machine_key = r->asking->machine_key,
                                                 .kind = CARNET_KIND_FINGERPRINT,
                                                 .sequence = r->asking->fingerprint->sequence,
                                                 .grant = r->grant};
        err = ledger_received_add(ledger, &received, b->now, diag);
    }
    if (!err)
        err = ledger_event_add(ledger, &r->license->vendor, &r->license->issuer, b->now, &event, &at, diag);
    if (!err)
        err = ledger_grant_renew(ledger, &r->next, r->asking ? &r->asking->fingerprint->facts : NULL, diag);
    if (!err && r->transfer)
        err = ledger_transfer_add(ledger, r->grant, b->now, diag);
    if (!err && b->key)
        err = give_sign(b, &r->give, &at);
    return err;
}

static void settle_next(struct batch *b, struct renewing *r)
{
    r->next = *r->grant;
    r->next.epoch = ledger_about(b->home->ledger)->epoch;
    r->next.serial = r->grant->serial + 1;
    r->next.entitlement = r->license->entitlement;
    r->next.lease_until = give_end(&r->terms, r->give.issued);
    /* Only what the cap counts changes it, or two renewals would do what one may not. */
    if (r->transfer)
        r->next.container = give_is_container(r->asking->fingerprint);
    r->give.license = r->license;
    r->give.grant = &r->next;
    r->give.entitlement = r->license->entitlement;
    r->give.terms = &r->terms;
    r->give.facts = r->asking ? &r->asking->fingerprint->facts : &r->before->facts;
}

static void say(const struct batch *b, struct batch_item *item, const struct renewing *r)
{
    const struct ledger_grant *g = item->again ? r->grant : &r->next;
    char label[120], day[WORDS_DAY_SIZE];

    (void)carnet_text_escape(g->label, strlen(g->label), label, sizeof label);
    words_day(g->lease_until, day);
    (void)snprintf(item->words, sizeof item->words, "Seat %lu of %s%s%s%s %s: serial %lu, revision %lu, until %s.%s",
                   (unsigned long)g->seat, r->license->id, *label ? " (" : "", label, *label ? ")" : "",
                   item->again ? "needs no renewal"
                   : b->dry    ? "would be renewed"
                               : "is renewed",
                   (unsigned long)g->serial, (unsigned long)(item->again ? r->before->revision : r->license->revision),
                   day, item->again ? " The same bytes are given again." : "");
    item->serial = g->serial;
    item->transfer = r->transfer && !item->again;
    if (item->transfer)
        cli_warn(b->cli, "the machine of seat %lu of %s has changed so much that this counts as a transfer.",
                 (unsigned long)g->seat, r->license->id);
}

enum carnet_err renew_grant(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                            const struct ledger_grant *grant, const struct asking *a, bool full)
{
    struct renewing r = {.asking = a, .license = license, .grant = grant};
    enum carnet_err err = read_before(b, &r);

    batch_item_settle(item, grant);
    if (!err)
        err = hold_all(b, item, &r, full);
    if (err || item->err)
        goto out;
    settle_next(b, &r);
    err = compare(b, &r, &item->again);
    if (!err && !item->again && batch_may_sign(b, item))
        err = batch_change(b, item, give_next, &r);
    if (!err && !item->err && !b->needs_key)
        say(b, item, &r);
out:
    carnet_reading_free(r.reading);
    carnet_buffer_clear(&r.bytes);
    return err;
}

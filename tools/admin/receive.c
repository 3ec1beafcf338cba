/* SPDX-License-Identifier: MIT */
#include "receive.h"

#include <string.h>

#include "rules/dates.h"
#include "words.h"

/* ---- entitlements ---- */

enum carnet_err receive_hold_issuer(struct cli *cli, const struct home *h, const struct carnet_entitlement *e)
{
    const struct ledger_key *key = home_own(h, &e->issuer);
    struct carnet_digest known;
    struct carnet_diag unused;
    char named[CARNET_HEX_SIZE], own[CARNET_HEX_SIZE];

    /* An issuer key from before may be named by what is known already, and by nothing new. */
    if (carnet_digest_equal(&e->issuer, &h->issuer.id) ||
        (key && ledger_taken_revision(h->ledger, &e->vendor, e->license, e->revision, &known, &unused) == CARNET_OK))
        return CARNET_OK;
    carnet_digest_hex(&e->issuer, named);
    if (key) {
        (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-3",
                          "The entitlement names the issuer key %s, which this home has %s.", named,
                          key->state == LEDGER_KEY_REVOKED ? "revoked" : "replaced by another");
        return carnet_fail_next(cli_diag(cli),
                                "Send the vendor the file of 'carnet-admin key request': it names the key "
                                "that followed.");
    }
    carnet_digest_hex(&h->issuer.id, own);
    (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-3",
                      "The entitlement names the issuer key %s, and this home's is %s.", named, own);
    (void)carnet_fail_next(cli_diag(cli), "Send the vendor the PEM of 'carnet-admin key export issuer', or import the "
                                          "file at the administrator it is for.");
    return CARNET_UNTRUSTED_KEY;
}

/* Shows what differs from the revision that the ledger goes by, if it has one. */
static enum carnet_err show_changes(struct cli *cli, struct home *h, const struct ledger_license *known,
                                    const struct carnet_entitlement *e)
{
    const struct carnet_entitlement *before = NULL;
    struct carnet_embed embed;
    char heading[WORDS_HEADING_SIZE];
    size_t changes = 0;
    enum carnet_err err = CARNET_OK;

    if (known)
        err = home_entitlement(h, &known->entitlement, &before, &embed, cli_diag(cli));
    if (err)
        return err;
    words_heading(before, e, e->revision, heading);
    return words_difference(cli, heading, before, e, true, &changes);
}

/* Newer, known, older, or the same revision with other content. */
static enum carnet_err compare(struct cli *cli, struct home *h, const struct ledger_license *known,
                               const struct carnet_entitlement *e, const struct carnet_digest *id, bool show,
                               enum receive_fate *fate)
{
    struct carnet_digest same;
    enum carnet_err err = ledger_taken_revision(h->ledger, &e->vendor, e->license, e->revision, &same, cli_diag(cli));

    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (!err && !carnet_digest_equal(&same, id)) {
        err = show ? show_changes(cli, h, known, e) : CARNET_OK;
        return err ? err
                   : carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                                 "Revision %lu of %s is known here with other content.", (unsigned long)e->revision,
                                 e->license);
    }
    if (!err)
        *fate = known && known->revision > e->revision ? RECEIVE_OLDER : RECEIVE_KNOWN;
    else
        *fate = known && known->revision > e->revision ? RECEIVE_OLDER : RECEIVE_TAKEN;
    return CARNET_OK;
}

/* Seats that are out were given for the product: the same fingerprint has to give the same license again. */
static enum carnet_err hold_product(struct cli *cli, const struct ledger_license *known,
                                    const struct carnet_entitlement *e)
{
    if (!known || strcmp(known->product, e->product) == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                      "The license %s is for the product %s here, and its revision %lu is for %s; a license keeps its "
                      "product.",
                      known->id, known->product, (unsigned long)e->revision, e->product);
    (void)carnet_fail_next(cli_diag(cli), "Ask the vendor for a license with an id of its own for %s.", e->product);
    return CARNET_REVISION_CONFLICT;
}

static void say_consequences(struct cli *cli, const struct ledger_license *known, const struct carnet_entitlement *e)
{
    words_warn_over(cli, e->license, e->not_after);
    if (!known)
        return;
    if (known->offline && !e->offline_allowed)
        cli_warn(cli,
                 "offline use of %s is no longer allowed: no seat is assigned any more; what is out runs on, and "
                 "'free' and 'convert online' stay possible.",
                 e->license);
    if (known->in_use > e->seats)
        cli_warn(cli, "%lu seats of %s are in use and it has %lu now: nothing is assigned before enough are freed.",
                 (unsigned long)known->in_use, e->license, (unsigned long)e->seats);
    if (known->users > e->seats)
        cli_warn(cli,
                 "%lu users are assigned to %s and it has %lu seats now: no user is added before enough are "
                 "removed.",
                 (unsigned long)known->users, e->license, (unsigned long)e->seats);
}

enum carnet_err receive_entitlement(struct cli *cli, struct home *h, const struct carnet_reading *reading, int64_t now,
                                    bool show, enum receive_fate *fate)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(carnet_reading_document(reading));
    const struct carnet_digest *id = carnet_intact_id(carnet_reading_intact(reading));
    const struct carnet_digest *signer = carnet_signed_signer(carnet_reading_signed(reading));
    const struct ledger_event event = {
        .what = "import", .license = e->license, .revision = e->revision, .entitlement = id, .key = signer};
    struct carnet_diag unused, *diag = cli_diag(cli);
    struct ledger_license known;
    size_t size = 0;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    enum carnet_err err = carnet_dates_check(carnet_reading_judged(reading), now, diag);
    bool is_known;

    if (err)
        return err;
    err = ledger_license_get(h->ledger, &e->vendor, e->license, &known, &unused);
    is_known = !err;
    if (err && err != CARNET_NOT_FOUND)
        return carnet_fail(diag, err, "", "%s", unused.detail);
    err = ledger_key_see(h->ledger, signer, CARNET_ROLE_ROOT, now, diag);
    if (!err)
        err = ledger_key_see(h->ledger, &e->issuer, CARNET_ROLE_ISSUER, now, diag);
    if (!err)
        err = compare(cli, h, is_known ? &known : NULL, e, id, show, fate);
    if (err || *fate != RECEIVE_TAKEN)
        return err;
    err = hold_product(cli, is_known ? &known : NULL, e);
    if (!err && show)
        err = show_changes(cli, h, is_known ? &known : NULL, e);
    if (!err)
        err = ledger_taken_add(h->ledger, e, id, bytes, size, now, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &e->vendor, &e->issuer, now, &event, NULL, diag);
    if (!err)
        say_consequences(cli, is_known ? &known : NULL, e);
    return err;
}

/* ---- what a machine says of its license ---- */

struct receive_saying receive_saying_of(const struct carnet_document *d)
{
    const struct carnet_activation *a = carnet_document_activation(d);
    const struct carnet_release *r = carnet_document_release(d);

    return a ? (struct receive_saying){CARNET_KIND_ACTIVATION, &a->sequence, &a->journal, a->grant.serial, a}
             : (struct receive_saying){CARNET_KIND_RELEASE, &r->sequence, &r->journal, r->grant.serial, NULL};
}

enum carnet_err receive_saying(struct cli *cli, struct home *h, const struct carnet_judged *judged,
                               const struct receive_saying *s, int64_t now, struct came_back *c, bool *known)
{
    enum carnet_err err = carnet_dates_check(judged, now, cli_diag(cli));

    if (!err)
        err = came_back_find(h, judged, c, cli_diag(cli));
    if (!err)
        err = came_back_remember(cli, h, c, s->kind, s->sequence, s->journal, now, known);
    if (err || *known || c->grant.ended != LEDGER_LIVES)
        return err;
    const struct ledger_event event = {.what = s->activation ? "activated" : "declared",
                                       .license = c->license.id,
                                       .seat = c->grant.seat,
                                       .serial = s->serial,
                                       .grant = &c->grant.fingerprint,
                                       .machine = &c->grant.machine_key,
                                       .release = s->activation ? NULL : &c->id,
                                       .bundle = s->activation ? &c->id : NULL};
    err = s->activation ? ledger_grant_activated(h->ledger, &c->grant, now, cli_diag(cli))
                        : ledger_grant_declared(h->ledger, &c->grant, now, cli_diag(cli));
    return err ? err
               : ledger_event_add(h->ledger, &c->license.vendor, &c->license.issuer, now, &event, NULL, cli_diag(cli));
}

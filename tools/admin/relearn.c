/* SPDX-License-Identifier: MIT */
#include "relearn.h"

#include <stdio.h>
#include <string.h>

#include "sign.h"

/* What the ledger has of it. */
struct known {
    struct ledger_license license;
    bool has_license, has_grant, has_holder;
    struct ledger_grant grant;  /* of the same fingerprint */
    struct ledger_grant holder; /* another one that lives on the seat */
};

const char *relearn_word(enum relearn_fate fate)
{
    static const char *const words[] = {[RELEARN_KNOWN] = "known",
                                        [RELEARN_NEW] = "learned again",
                                        [RELEARN_NEWER] = "brought up to date",
                                        [RELEARN_ENDED] = "ended before"};
    return words[fate];
}

static enum carnet_err absent_is_fine(enum carnet_err err, bool *there)
{
    *there = !err;
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

static enum carnet_err look(struct home *h, const struct carnet_license *l, struct known *k, struct carnet_diag *diag)
{
    enum carnet_err err =
        absent_is_fine(ledger_license_get(h->ledger, &l->vendor, l->grant.license, &k->license, diag), &k->has_license);

    if (err || !k->has_license)
        return err;
    err = absent_is_fine(
        ledger_grant_of_fingerprint(h->ledger, k->license.number, &l->grant.fingerprint, &k->grant, diag),
        &k->has_grant);
    if (!err)
        err = absent_is_fine(ledger_grant_on_seat(h->ledger, k->license.number, l->grant.seat, &k->holder, diag),
                             &k->has_holder);
    if (k->has_holder && k->has_grant && k->holder.number == k->grant.number)
        k->has_holder = false;
    return err;
}

static bool is_newer(const struct carnet_license *l, const struct ledger_grant *g)
{
    return l->grant.epoch > g->epoch || (l->grant.epoch == g->epoch && l->grant.serial > g->serial);
}

/* The entitlement that it rests on: the newest of its license, or one more of those it had. */
static enum carnet_err take_entitlement(struct home *h, const struct relearn_found *f, const struct known *k,
                                        int64_t now, struct carnet_diag *diag)
{
    const struct carnet_entitlement *e = f->entitlement;
    const struct carnet_digest *id = carnet_intact_id(carnet_reading_intact(f->entitlement_reading));
    const struct carnet_digest *signer = carnet_signed_signer(carnet_reading_signed(f->entitlement_reading));
    const struct ledger_event event = {
        .what = "import", .license = e->license, .revision = e->revision, .entitlement = id, .key = signer};
    size_t size = 0;
    const uint8_t *bytes = carnet_reading_bytes(f->entitlement_reading, &size);
    struct carnet_digest same;
    struct carnet_diag unused;
    enum carnet_err err = ledger_taken_revision(h->ledger, &e->vendor, e->license, e->revision, &same, &unused);

    if (!err && carnet_digest_equal(&same, id))
        return CARNET_OK;
    if (!err)
        return carnet_fail(diag, CARNET_REVISION_CONFLICT, "", "Revision %lu of %s is known here with other content.",
                           (unsigned long)e->revision, e->license);
    if (err != CARNET_NOT_FOUND)
        return carnet_fail(diag, err, "", "%s", unused.detail);
    err = ledger_key_see(h->ledger, signer, CARNET_ROLE_ROOT, now, diag);
    if (!err && k->has_license && k->license.revision > e->revision)
        err = ledger_taken_keep(h->ledger, e, id, bytes, size, now, diag);
    else if (!err)
        err = ledger_taken_add(h->ledger, e, id, bytes, size, now, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &e->vendor, &h->issuer.id, now, &event, NULL, diag);
    return err;
}

static enum carnet_err add_grant(struct home *h, const struct carnet_license *l, const struct ledger_license *license,
                                 int64_t now, struct ledger_grant *g, struct carnet_diag *diag)
{
    enum carnet_err err = ledger_key_see(h->ledger, &l->machine_key, CARNET_ROLE_MACHINE, now, diag);

    *g = (struct ledger_grant){.license = license->number,
                               .fingerprint = l->grant.fingerprint,
                               .seat = l->grant.seat,
                               .epoch = l->grant.epoch,
                               .serial = l->grant.serial,
                               .machine_key = l->machine_key,
                               .entitlement = l->entitlement,
                               .has_user = l->has_user,
                               .user = l->user,
                               .since = l->issued,
                               .lease_until = l->lease_until};
    (void)snprintf(g->label, sizeof g->label, "%s", l->machine_label);
    return err ? err : ledger_grant_add(h->ledger, g, &l->facts, diag);
}

/* The bytes, so that they can be given again; and what the journal says of it. */
static enum carnet_err record(struct home *h, const struct relearn_found *f, const struct ledger_license *license,
                              const struct ledger_grant *g, int64_t now, struct carnet_diag *diag)
{
    const struct carnet_license *l = f->license;
    size_t size = 0;
    const uint8_t *bytes = carnet_reading_bytes(f->reading, &size);
    const struct ledger_bundle bundle = {.id = *f->id,
                                         .kind = CARNET_KIND_LICENSE,
                                         .license = license->number,
                                         .grant = g->number,
                                         .serial = l->grant.serial,
                                         .bytes = bytes,
                                         .size = size};
    const struct ledger_event event = {.what = "relearned",
                                       .license = l->grant.license,
                                       .revision = l->revision,
                                       .seat = l->grant.seat,
                                       .serial = l->grant.serial,
                                       .grant = &l->grant.fingerprint,
                                       .entitlement = &l->entitlement,
                                       .machine = &l->machine_key,
                                       .key = &h->issuer.id,
                                       .bundle = f->id,
                                       .name = *l->machine_label ? l->machine_label : NULL};
    enum carnet_err err = ledger_bundle_add(h->ledger, &bundle, now, diag);

    if (!err)
        err = ledger_bundle_delivered(h->ledger, f->id, now, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &l->vendor, &h->issuer.id, now, &event, NULL, diag);
    return err ? err : ledger_recovery_saw(h->ledger, l->journal.position, diag);
}

/* The one that the copy has on the seat had come back before this one was given. */
static enum carnet_err end_holder(struct home *h, const struct carnet_key *key, const struct known *k, int64_t now,
                                  struct carnet_diag *diag)
{
    const struct sign_ending ending = {.what = "replace",
                                       .license = &k->license,
                                       .grant = &k->holder,
                                       .how = CARNET_END_REPLACED,
                                       .until = LEDGER_LIVES,
                                       .now = now};

    return sign_end(h, key, &ending, diag);
}

static enum carnet_err change(struct cli *cli, struct home *h, const struct carnet_key *key,
                              const struct relearn_found *f, enum relearn_fate *fate, struct carnet_diag *diag)
{
    const struct carnet_license *l = f->license;
    const int64_t now = carnet_utc_now();
    struct known k = {.has_license = false};
    struct ledger_grant grant;
    enum carnet_err err = look(h, l, &k, diag);

    if (!err)
        err = take_entitlement(h, f, &k, now, diag);
    if (!err)
        err = look(h, l, &k, diag);
    if (!err && k.has_grant && k.grant.ended != LEDGER_LIVES) {
        *fate = RELEARN_ENDED;
        return CARNET_OK;
    }
    if (!err && k.has_grant && !is_newer(l, &k.grant)) {
        *fate = RELEARN_KNOWN;
        return CARNET_OK;
    }
    if (!err && k.has_grant) {
        *fate = RELEARN_NEWER;
        grant = k.grant;
        grant.epoch = l->grant.epoch;
        grant.serial = l->grant.serial;
        grant.entitlement = l->entitlement;
        grant.lease_until = l->lease_until;
        err = ledger_grant_relearn(h->ledger, &grant, diag);
        return err ? err : record(h, f, &k.license, &grant, now, diag);
    }
    if (!err && k.has_holder && k.holder.since > l->issued) {
        *fate = RELEARN_ENDED; /* the ledger knows who had the seat after it */
        return CARNET_OK;
    }
    /* Somebody else had a seat given since the look that the key was opened after. */
    if (!err && k.has_holder && key == NULL && !cli_dry_run(cli))
        return carnet_fail(diag, CARNET_BUSY, "", "The seat was given by another run just now.");
    if (!err && k.has_holder)
        err = end_holder(h, key, &k, now, diag);
    *fate = RELEARN_NEW;
    if (!err)
        err = ledger_license_relearn_mode(h->ledger, k.license.number, diag);
    if (!err)
        err = add_grant(h, l, &k.license, now, &grant, diag);
    return err ? err : record(h, f, &k.license, &grant, now, diag);
}

enum carnet_err relearn(struct cli *cli, struct home *h, const struct relearn_found *f, enum relearn_fate *fate)
{
    struct carnet_diag *diag = cli_diag(cli);
    const struct carnet_key *key = NULL;
    struct known k = {.has_license = false};
    enum carnet_err err;

    if (!carnet_digest_equal(&f->entitlement->issuer, &h->issuer.id)) {
        (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-3", "The license is of another issuer than this home's.");
        return carnet_fail_next(diag, "Give it to the administrator who signed it.");
    }
    /* The passphrase is asked for before the ledger is held. */
    err = look(h, f->license, &k, diag);
    if (!err && k.has_holder && !k.has_grant && k.holder.since <= f->license->issued && !cli_dry_run(cli))
        err = home_signer(cli, h, CARNET_ROLE_ISSUER, &key);
    if (!err)
        err = ledger_begin(h->ledger, diag);
    if (!err)
        err = change(cli, h, key, f, fate, diag);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include "relearn.h"

#include <stdio.h>
#include <string.h>

#include "holds.h"
#include "rules/match.h"
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
                                        [RELEARN_ENDED] = "ended before",
                                        [RELEARN_ENDS] = "ended again"};
    return words[fate];
}

const struct carnet_grant *relearn_grant(const struct relearn_found *f)
{
    return f->license ? &f->license->grant : &f->receipt->grant;
}

const char *relearn_label(const struct relearn_found *f)
{
    return f->license ? f->license->machine_label : f->receipt->machine_label;
}

static enum carnet_err absent_is_fine(enum carnet_err err, bool *there)
{
    *there = !err;
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

static enum carnet_err look(struct home *h, const struct relearn_found *f, struct known *k, struct carnet_diag *diag)
{
    const struct carnet_grant *g = relearn_grant(f);
    enum carnet_err err = absent_is_fine(
        ledger_license_get(h->ledger, &f->entitlement->vendor, g->license, &k->license, diag), &k->has_license);

    if (err || !k->has_license)
        return err;
    err = absent_is_fine(ledger_grant_of_fingerprint(h->ledger, k->license.number, &g->fingerprint, &k->grant, diag),
                         &k->has_grant);
    if (!err)
        err = absent_is_fine(ledger_grant_on_seat(h->ledger, k->license.number, g->seat, &k->holder, diag),
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
        err = ledger_event_add(h->ledger, &e->vendor, &e->issuer, now, &event, NULL, diag);
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
static enum carnet_err keep_bytes(struct home *h, const struct relearn_found *f, const struct ledger_license *license,
                                  const struct ledger_grant *g, int64_t now, struct carnet_diag *diag)
{
    struct ledger_bundle bundle = {.id = *f->id,
                                   .kind = f->license ? CARNET_KIND_LICENSE : CARNET_KIND_RECEIPT,
                                   .license = license->number,
                                   .grant = g->number,
                                   .serial = relearn_grant(f)->serial};
    const uint32_t position = f->license ? f->license->journal.position : f->receipt->journal.position;
    enum carnet_err err;

    bundle.bytes = carnet_reading_bytes(f->reading, &bundle.size);
    err = ledger_bundle_add(h->ledger, &bundle, now, diag);
    if (!err)
        err = ledger_bundle_delivered(h->ledger, f->id, now, diag);
    return err ? err : ledger_recovery_saw(h->ledger, position, diag);
}

static enum carnet_err record(struct home *h, const struct relearn_found *f, const struct ledger_license *license,
                              const struct ledger_grant *g, bool transfer, int64_t now, struct carnet_diag *diag)
{
    const struct carnet_license *l = f->license;
    const struct ledger_event event = {.what = "relearned",
                                       .license = l->grant.license,
                                       .revision = l->revision,
                                       .seat = l->grant.seat,
                                       .serial = l->grant.serial,
                                       .grant = &l->grant.fingerprint,
                                       .entitlement = &l->entitlement,
                                       .machine = &l->machine_key,
                                       .key = &license->issuer,
                                       .bundle = f->id,
                                       .name = *l->machine_label ? l->machine_label : NULL,
                                       .note = transfer ? "facts-changed" : NULL};
    enum carnet_err err = keep_bytes(h, f, license, g, now, diag);

    if (!err)
        err = ledger_event_add(h->ledger, &l->vendor, &license->issuer, now, &event, NULL, diag);
    return err || !transfer ? err : ledger_transfer_add(h->ledger, g, now, diag);
}

/* A grant whose license tells of another machine than the one before it was transferred by the renewal in between.
 * Of a container's grant under M-9 the facts say nothing (M-10). */
static enum carnet_err is_transfer(struct home *h, const struct relearn_found *f, const struct ledger_grant *g,
                                   bool *out, struct carnet_diag *diag)
{
    struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_LICENSE));
    const struct carnet_license *before;
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    struct carnet_digest id;
    struct carnet_match match;
    enum carnet_err err = ledger_bundle_of_grant(h->ledger, g->number, CARNET_KIND_LICENSE, &id, &bytes, diag);

    *out = false;
    if (!err)
        err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, diag);
    if (!err && !(f->entitlement->container == CARNET_CONTAINER_PINNED && g->container)) {
        before = carnet_document_license(carnet_reading_document(reading));
        carnet_match_told(&before->facts, &before->matching, &f->license->facts, true, &match);
        *out = !match.matches;
    }
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
    return err;
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

/* A grant that the ledger has, with a newer license than it has. */
static enum carnet_err bring_up_to_date(struct home *h, const struct relearn_found *f, const struct known *k,
                                        int64_t now, struct carnet_diag *diag)
{
    const struct carnet_license *l = f->license;
    struct ledger_grant grant = k->grant;
    bool transfer = false;
    enum carnet_err err = is_transfer(h, f, &k->grant, &transfer, diag);

    grant.epoch = l->grant.epoch;
    grant.serial = l->grant.serial;
    grant.entitlement = l->entitlement;
    grant.lease_until = l->lease_until;
    if (!err)
        err = ledger_grant_renew(h->ledger, &grant, &l->facts, diag);
    return err ? err : record(h, f, &k->license, &grant, transfer, now, diag);
}

/* ---- a receipt ---- */

static enum carnet_err end_again(struct home *h, const struct relearn_found *f, const struct known *k, int64_t now,
                                 struct carnet_diag *diag)
{
    static const char *const words[] = {
        [CARNET_END_FREED] = "free", [CARNET_END_REVOKED] = "revoke", [CARNET_END_REPLACED] = "replace"};
    const struct carnet_receipt *r = f->receipt;
    const bool lost = r->end == CARNET_END_REVOKED;
    const struct carnet_digest *release = r->end == CARNET_END_FREED ? &r->release : NULL;
    int64_t until = LEDGER_LIVES;
    struct ledger_event event = {.what = words[r->end],
                                 .license = k->license.id,
                                 .seat = k->grant.seat,
                                 .serial = r->grant.serial,
                                 .grant = &k->grant.fingerprint,
                                 .machine = &k->grant.machine_key,
                                 .release = release,
                                 .bundle = f->id,
                                 .name = *r->reason ? r->reason : NULL};
    enum carnet_err err = lost ? holds_after_loss(h, &k->grant, f->entitlement, now, &until, diag) : CARNET_OK;

    event.until = until == LEDGER_LIVES ? NULL : &until;
    if (!err)
        err = ledger_event_add(h->ledger, &r->vendor, &k->license.issuer, now, &event, NULL, diag);
    if (!err)
        err = ledger_grant_end(h->ledger, &k->grant, r->end, release, now, diag);
    if (!err && event.until)
        err = ledger_hold_add(h->ledger, &k->grant, until, diag);
    if (!err && lost)
        err = ledger_loss_add(h->ledger, &k->grant, now, diag);
    return err ? err : keep_bytes(h, f, &k->license, &k->grant, now, diag);
}

static enum carnet_err change_by_receipt(struct home *h, const struct relearn_found *f, enum relearn_fate *fate,
                                         struct carnet_diag *diag)
{
    const int64_t now = carnet_utc_now();
    struct known k = {.has_license = false};
    bool mine = false;
    enum carnet_err err = look(h, f, &k, diag);

    if (!err && !k.has_grant) {
        (void)carnet_fail(diag, CARNET_NOT_VOUCHED, "",
                          "The receipt ends a grant of seat %lu of %s that this ledger "
                          "does not know.",
                          (unsigned long)f->receipt->grant.seat, f->receipt->grant.license);
        return carnet_fail_next(diag,
                                "Give the license, or a release or activation that holds it, and then this again.");
    }
    if (!err && k.grant.ended != LEDGER_LIVES) {
        err = ledger_bundle_known(h->ledger, k.grant.number, f->id, &mine, diag);
        *fate = mine ? RELEARN_KNOWN : RELEARN_ENDED;
        return err;
    }
    *fate = RELEARN_ENDS;
    if (!err)
        err = take_entitlement(h, f, &k, now, diag);
    return err ? err : end_again(h, f, &k, now, diag);
}

/* ---- a license ---- */

static enum carnet_err change(struct cli *cli, struct home *h, const struct carnet_key *key,
                              const struct relearn_found *f, enum relearn_fate *fate, struct carnet_diag *diag)
{
    const struct carnet_license *l = f->license;
    const int64_t now = carnet_utc_now();
    struct known k = {.has_license = false};
    struct ledger_grant grant;
    enum carnet_err err = look(h, f, &k, diag);

    if (!err)
        err = take_entitlement(h, f, &k, now, diag);
    if (!err)
        err = look(h, f, &k, diag);
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
        return bring_up_to_date(h, f, &k, now, diag);
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
    return err ? err : record(h, f, &k.license, &grant, false, now, diag);
}

enum carnet_err relearn(struct cli *cli, struct home *h, const struct relearn_found *f, enum relearn_fate *fate)
{
    struct carnet_diag *diag = cli_diag(cli);
    const struct carnet_key *key = NULL;
    struct known k = {.has_license = false};
    enum carnet_err err;

    if (!home_own(h, &f->entitlement->issuer)) {
        (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-3", "The file is of another issuer than this home's.");
        return carnet_fail_next(diag, "Give it to the administrator who signed it.");
    }
    /* The passphrase is asked for before the ledger is held. */
    err = look(h, f, &k, diag);
    if (!err && f->license && k.has_holder && !k.has_grant && k.holder.since <= f->license->issued && !cli_dry_run(cli))
        err = home_signer(cli, h, CARNET_ROLE_ISSUER, &key);
    if (!err && !cli_dry_run(cli))
        err = ledger_begin(h->ledger, diag);
    if (!err)
        err = f->license ? change(cli, h, key, f, fate, diag) : change_by_receipt(h, f, fate, diag);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, diag);
    if (!cli_dry_run(cli))
        ledger_rollback(h->ledger);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include "came_back.h"

#include <string.h>

static enum carnet_err not_ours(const char *kind, const char *what, struct carnet_diag *diag)
{
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "D-5", "The %s is of a %s that is not in this ledger.", kind, what);
    (void)carnet_fail_next(diag, "Take it to the administrator whose ledger gave the seat.");
    return CARNET_NOT_FOUND;
}

enum carnet_err came_back_find(struct home *h, const struct carnet_judged *judged, struct came_back *out,
                               struct carnet_diag *diag)
{
    const struct carnet_judged *license = carnet_judged_embedded(judged);
    const char *kind = carnet_document_kind(carnet_judged_document(judged))->name;
    bool known = false, in_journal = false;
    enum carnet_err err;

    memset(out, 0, sizeof *out);
    out->id = *carnet_judged_id(judged);
    out->signer = *carnet_judged_signer(judged);
    out->held = carnet_document_license(carnet_judged_document(license));
    err = ledger_license_get(h->ledger, &out->held->vendor, out->held->grant.license, &out->license, diag);
    if (err == CARNET_NOT_FOUND)
        return not_ours(kind, "license", diag);
    if (!err)
        err = ledger_grant_of_fingerprint(h->ledger, out->license.number, &out->held->grant.fingerprint, &out->grant,
                                          diag);
    if (err == CARNET_NOT_FOUND)
        return not_ours(kind, "grant", diag);
    if (!err)
        err = ledger_bundle_known(h->ledger, out->grant.number, carnet_judged_id(license), &known, diag);
    if (!err)
        err =
            ledger_journal_has(h->ledger, &out->license.vendor, &h->issuer.id, &out->held->journal, &in_journal, diag);
    if (err)
        return err;
    if (!carnet_digest_equal(&out->signer, &out->grant.machine_key))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-4",
                           "The %s is signed by another machine key than the grant's.", kind);
    /* In an epoch of before a recovery the journal may lack what was learned again. */
    if (!known || (!in_journal && out->held->grant.epoch == ledger_about(h->ledger)->epoch))
        return carnet_fail(diag, CARNET_FORKED, "G-3",
                           "The license in the %s is signed by this issuer, but this ledger never gave it out: another "
                           "ledger uses the same key, or this one was put back from a copy.",
                           kind);
    return CARNET_OK;
}

static enum carnet_err tell_fork(struct home *h, const struct came_back *c, const char *note, int64_t now,
                                 struct carnet_diag *diag)
{
    const struct ledger_event event = {.what = "forked",
                                       .license = c->license.id,
                                       .seat = c->grant.seat,
                                       .grant = &c->grant.fingerprint,
                                       .machine = &c->grant.machine_key,
                                       .bundle = &c->id,
                                       .note = note};

    return ledger_event_add(h->ledger, &c->license.vendor, &h->issuer.id, now, &event, NULL, diag);
}

enum carnet_err came_back_remember(struct cli *cli, struct home *h, const struct came_back *c, enum carnet_kind_id kind,
                                   const struct carnet_sequence *sequence, const struct carnet_journal_position *seen,
                                   int64_t now, bool *known)
{
    struct carnet_diag *diag = cli_diag(cli);
    const struct ledger_received received = {
        .id = c->id, .machine_key = c->signer, .kind = kind, .sequence = *sequence};
    bool twin = false, in_journal = true;
    enum carnet_err err = ledger_received_look(h->ledger, &received, known, &twin, diag);

    if (err || *known)
        return err;
    /* What was seen before a recovery may be lacking, and was told then. */
    if (seen->position > 0 && c->held->grant.epoch == ledger_about(h->ledger)->epoch)
        err = ledger_journal_has(h->ledger, &c->license.vendor, &h->issuer.id, seen, &in_journal, diag);
    if (!err)
        err = ledger_received_add(h->ledger, &received, now, diag);
    if (!err && twin) {
        cli_warn(cli,
                 "the machine of seat %lu of %s has sent another file with the number %lu before: its disk was copied "
                 "or put back, and two machines may use this seat.",
                 (unsigned long)c->grant.seat, c->license.id, (unsigned long)sequence->sequence);
        err = tell_fork(h, c, "clone", now, diag);
    }
    if (!err && !in_journal) {
        cli_warn(cli,
                 "the machine of seat %lu of %s has seen position %lu of the journal, which this ledger does not have: "
                 "the ledger was put back from a copy; see 'carnet-admin recover'.",
                 (unsigned long)c->grant.seat, c->license.id, (unsigned long)seen->position);
        err = tell_fork(h, c, "ledger", now, diag);
    }
    return err;
}

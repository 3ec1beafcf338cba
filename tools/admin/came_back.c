/* SPDX-License-Identifier: MIT */
#include "came_back.h"

#include <string.h>

static enum carnet_err not_ours(const char *kind, const char *what, struct carnet_diag *diag)
{
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "D-5", "The %s is of a %s that is not in this ledger.", kind, what);
    (void)carnet_fail_next(diag, "Take it to the administrator whose ledger gave the seat.");
    return CARNET_NOT_FOUND;
}

enum carnet_err came_back_never_gave(const char *kind, struct carnet_diag *diag)
{
    (void)carnet_fail(diag, CARNET_FORKED, "G-3",
                      "The license in the %s is signed by this issuer, but this ledger never gave it out: another "
                      "ledger uses the same key, or this one was put back from a copy.",
                      kind);
    (void)carnet_fail_next(diag, "No seat of the license is given before that is settled: find out who else uses this "
                                 "issuer key; then 'carnet-admin recover'.");
    return CARNET_FORKED;
}

bool came_back_contradicts(const struct home *h, const struct carnet_judged *license)
{
    const struct carnet_license *held = carnet_document_license(carnet_judged_document(license));
    const struct ledger_about *about = ledger_about(h->ledger);

    return about->state == LEDGER_OPEN && held->grant.epoch == about->epoch &&
           home_own(h, carnet_judged_signer(license)) != NULL;
}

enum carnet_err came_back_stop(struct home *h, const struct came_back_fork *fork, int64_t now, struct carnet_diag *diag)
{
    const struct ledger_event event = {.what = "forked",
                                       .license = fork->license->id,
                                       .seat = fork->held->grant.seat,
                                       .serial = fork->held->grant.serial,
                                       .grant = &fork->held->grant.fingerprint,
                                       .machine = fork->machine,
                                       .bundle = fork->bundle,
                                       .release = fork->release,
                                       .note = ledger_fork_word(fork->how)};
    enum carnet_err err;

    if (fork->license->forked == fork->how && fork->how == LEDGER_FORK_LICENSE)
        return CARNET_OK; /* the same file may come again and again */
    err = ledger_license_forked(h->ledger, fork->license->number, fork->how, diag);
    return err ? err
               : ledger_event_add(h->ledger, &fork->license->vendor, &fork->license->issuer, now, &event, NULL, diag);
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
    if (err == CARNET_NOT_FOUND && came_back_contradicts(h, license))
        return came_back_never_gave(kind, diag);
    if (err == CARNET_NOT_FOUND)
        return not_ours(kind, "grant", diag);
    if (!err)
        err = ledger_bundle_known(h->ledger, out->grant.number, carnet_judged_id(license), &known, diag);
    if (!err)
        err = ledger_journal_has(h->ledger, &out->license.vendor, &out->held->journal, &in_journal, diag);
    if (err)
        return err;
    if (!carnet_digest_equal(&out->signer, &out->grant.machine_key))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-4",
                           "The %s is signed by another machine key than the grant's.", kind);
    /* In an epoch of before a recovery the journal may lack what was learned again. */
    if (!known || (!in_journal && out->held->grant.epoch == ledger_about(h->ledger)->epoch))
        return came_back_never_gave(kind, diag);
    return CARNET_OK;
}

enum carnet_err came_back_refuse(struct cli *cli, struct home *h, const struct came_back *c,
                                 const struct carnet_judged *judged, int64_t now)
{
    const struct came_back_fork fork = {.license = &c->license,
                                        .held = c->held,
                                        .machine = &c->signer,
                                        .bundle = carnet_judged_id(carnet_judged_embedded(judged)),
                                        .how = LEDGER_FORK_LICENSE};
    struct carnet_diag failure = {.err = CARNET_OK};
    enum carnet_err err = came_back_stop(h, &fork, now, &failure);

    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, &failure);
    if (!err)
        return CARNET_FORKED;
    *cli_diag(cli) = failure;
    return err;
}

enum carnet_err came_back_remember(struct cli *cli, struct home *h, const struct came_back *c, enum carnet_kind_id kind,
                                   const struct carnet_sequence *sequence, const struct carnet_journal_position *seen,
                                   int64_t now, bool *known)
{
    struct carnet_diag *diag = cli_diag(cli);
    const struct ledger_received received = {
        .id = c->id, .machine_key = c->signer, .kind = kind, .sequence = *sequence};
    struct came_back_fork fork = {.license = &c->license, .held = c->held, .machine = &c->signer, .bundle = &c->id};
    bool twin = false, in_journal = true;
    enum carnet_err err = ledger_received_look(h->ledger, &received, known, &twin, diag);

    if (err || *known)
        return err;
    /* What was seen before a recovery may be lacking, and was told then. */
    if (seen->position > 0 && c->held->grant.epoch == ledger_about(h->ledger)->epoch)
        err = ledger_journal_has(h->ledger, &c->license.vendor, seen, &in_journal, diag);
    if (!err)
        err = ledger_received_add(h->ledger, &received, now, diag);
    if (!err && twin) {
        cli_warn(
            cli,
            "the machine of seat %lu of %s has sent another file with the number %lu before: its disk was copied "
            "or put back, and two machines may use this seat. No seat of the license is given before that is settled.",
            (unsigned long)c->grant.seat, c->license.id, (unsigned long)sequence->sequence);
        fork.how = LEDGER_FORK_CLONE;
        err = came_back_stop(h, &fork, now, diag);
    }
    if (!err && !in_journal) {
        cli_warn(cli,
                 "the machine of seat %lu of %s has seen position %lu of the journal, which this ledger does not have: "
                 "the ledger was put back from a copy; no seat of the license is given before 'carnet-admin recover'.",
                 (unsigned long)c->grant.seat, c->license.id, (unsigned long)seen->position);
        fork.how = LEDGER_FORK_JOURNAL;
        err = came_back_stop(h, &fork, now, diag);
    }
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sign.h"

enum carnet_err sign_bundle(const struct home *h, const struct carnet_key *key, enum carnet_kind_id kind,
                            const struct carnet_buffer *document, const struct carnet_embed *embed,
                            struct carnet_buffer *out, struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(kind));
    struct carnet_reading *reading = NULL;
    struct carnet_buffer made = {0};
    struct carnet_digest made_id;
    enum carnet_err err = carnet_issue_seal(key, kind, document->bytes, document->size, embed, &made, &made_id, diag);

    if (!err)
        err = carnet_reading_open(made.bytes, made.size, &options, &reading, diag);
    if (!err)
        err = carnet_buffer_append(out, made.bytes, made.size);
    if (!err)
        *id = made_id;
    carnet_reading_free(reading);
    carnet_buffer_clear(&made);
    return err;
}

enum carnet_err sign_for_grant(struct home *h, const struct sign_grant *s, struct carnet_digest *id,
                               struct carnet_diag *diag)
{
    const struct carnet_key *key = NULL;
    struct carnet_buffer bytes = {0};
    struct ledger_bundle bundle = {
        .kind = s->kind, .license = s->license->number, .grant = s->grant->number, .serial = s->grant->serial};
    const struct ledger_event issued = {.what = "issued",
                                        .license = s->license->id,
                                        .seat = s->grant->seat,
                                        .serial = s->grant->serial,
                                        .grant = &s->grant->fingerprint,
                                        .bundle = &bundle.id,
                                        .note = carnet_kind_get(s->kind)->name};
    enum carnet_err err = home_signer_of(h, &s->license->issuer, &key, diag);

    if (!err)
        err = sign_bundle(h, key, s->kind, s->document, s->entitlement, &bytes, &bundle.id, diag);
    if (!err) {
        bundle.bytes = bytes.bytes;
        bundle.size = bytes.size;
        err = ledger_bundle_add(h->ledger, &bundle, s->now, diag);
    }
    if (!err)
        err = ledger_event_add(h->ledger, &s->license->vendor, &s->license->issuer, s->now, &issued, NULL, diag);
    if (!err)
        err = ledger_key_used(h->ledger, &s->license->issuer, s->now, diag);
    if (!err)
        *id = bundle.id;
    carnet_buffer_clear(&bytes);
    return err;
}

/* The entitlement that the grant's last license rests on: a later one may have fewer seats (J-4). But one that names an
 * issuer key from before vouches for nothing that is signed now. */
enum carnet_err sign_vouching(struct home *h, const struct ledger_license *license,
                              const struct carnet_digest *preferred, const struct carnet_entitlement **e,
                              struct carnet_embed *embed, struct carnet_diag *diag)
{
    enum carnet_err err = home_entitlement(h, preferred, e, embed, diag);

    return err || carnet_digest_equal(&(*e)->issuer, &license->issuer)
               ? err
               : home_entitlement(h, &license->entitlement, e, embed, diag);
}

static enum carnet_err sign_receipt(struct home *h, const struct sign_ending *ending,
                                    const struct carnet_journal_position *at, struct carnet_diag *diag)
{
    const struct ledger_grant *grant = ending->grant;
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct carnet_buffer document = {0};
    struct carnet_digest id;
    struct carnet_receipt r = {.vendor = ending->license->vendor,
                               .grant = {.fingerprint = grant->fingerprint,
                                         .epoch = grant->epoch,
                                         .serial = grant->serial,
                                         .seat = grant->seat},
                               .machine_key = grant->machine_key,
                               .end = ending->how,
                               .journal = *at};
    struct sign_grant s = {.license = ending->license,
                           .grant = grant,
                           .document = &document,
                           .kind = CARNET_KIND_RECEIPT,
                           .now = ending->now};
    enum carnet_err err = sign_vouching(h, ending->license, &grant->entitlement, &e, &embed, diag);

    if (err)
        return err;
    (void)snprintf(r.grant.license, sizeof r.grant.license, "%s", ending->license->id);
    (void)snprintf(r.machine_label, sizeof r.machine_label, "%s", grant->label);
    (void)snprintf(r.reason, sizeof r.reason, "%s", ending->reason ? ending->reason : "");
    r.entitlement = embed.id;
    r.revision = e->revision;
    r.at = ending->now > e->issued ? ending->now : e->issued;
    if (ending->release)
        r.release = *ending->release;
    s.entitlement = &embed;
    err = carnet_issue_compose_receipt(&r, &document);
    if (!err)
        err = sign_for_grant(h, &s, &id, diag);
    carnet_buffer_clear(&document);
    return err;
}

enum carnet_err sign_end(struct home *h, const struct carnet_key *key, const struct sign_ending *ending,
                         struct carnet_diag *diag)
{
    const struct ledger_grant *grant = ending->grant;
    const bool held = ending->until != LEDGER_LIVES;
    const struct ledger_event event = {.what = ending->what,
                                       .license = ending->license->id,
                                       .seat = grant->seat,
                                       .serial = grant->serial,
                                       .until = held ? &ending->until : NULL,
                                       .grant = &grant->fingerprint,
                                       .machine = &grant->machine_key,
                                       .release = ending->release,
                                       .name = ending->name};
    struct carnet_journal_position at;
    enum carnet_err err =
        ledger_event_add(h->ledger, &ending->license->vendor, &ending->license->issuer, ending->now, &event, &at, diag);

    if (!err)
        err = ledger_grant_end(h->ledger, grant, ending->how, ending->release, ending->now, diag);
    if (!err && held)
        err = ledger_hold_add(h->ledger, grant, ending->until, diag);
    return err || !key ? err : sign_receipt(h, ending, &at, diag);
}

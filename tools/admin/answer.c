/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "rules/dates.h"
#include "sign.h"

static enum carnet_err hold_living(const struct answering *a, struct carnet_diag *diag)
{
    const struct ledger_grant *grant = &a->came.grant;
    char when[CARNET_UTC_SIZE];

    if (grant->ended == LEDGER_LIVES)
        return CARNET_OK;
    carnet_utc_format(grant->ended, when);
    return carnet_fail(diag, grant->how == CARNET_END_REVOKED ? CARNET_REVOKED : CARNET_RELEASED, "D-5",
                       "The grant on seat %lu of %s ended on %s; its machine needs no clock any more.",
                       (unsigned long)grant->seat, a->came.license.id, when);
}

static enum carnet_err sign(struct home *h, struct answering *a, const struct carnet_journal_position *at,
                            struct carnet_diag *diag)
{
    const struct ledger_grant *grant = &a->came.grant;
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct carnet_buffer document = {0};
    struct carnet_clock c = {.vendor = a->came.license.vendor,
                             .grant = a->request->grant,
                             .machine_key = grant->machine_key,
                             .request = a->came.id,
                             .at = a->now,
                             .journal = *at};
    const struct sign_grant s = {.license = &a->came.license,
                                 .grant = grant,
                                 .document = &document,
                                 .entitlement = &embed,
                                 .kind = CARNET_KIND_CLOCK,
                                 .now = a->now};
    enum carnet_err err = sign_vouching(h, &a->came.license, &grant->entitlement, &e, &embed, diag);

    if (err)
        return err;
    memcpy(c.nonce, a->request->nonce, sizeof c.nonce);
    (void)snprintf(c.machine_label, sizeof c.machine_label, "%s", grant->label);
    c.entitlement = embed.id;
    c.revision = e->revision;
    err = carnet_issue_compose_clock(&c, &document);
    if (!err)
        err = sign_for_grant(h, &s, &a->id, diag);
    if (!err)
        err = ledger_clock_answer(h->ledger, grant->number, &a->came.id, &a->id, &a->bytes, diag);
    carnet_buffer_clear(&document);
    return err;
}

enum carnet_err answer_look(struct home *h, const struct carnet_judged *judged, struct answering *a,
                            struct carnet_diag *diag)
{
    struct carnet_diag inner = {0};
    enum carnet_err err = carnet_dates_check(judged, a->now, diag);

    if (!err)
        err = came_back_find(h, judged, &a->came, diag);
    if (err)
        return err;
    err = ledger_clock_answer(h->ledger, a->came.grant.number, &a->came.id, &a->id, &a->bytes, &inner);
    a->again = !err;
    if (err == CARNET_NOT_FOUND)
        return hold_living(a, diag);
    if (err)
        *diag = inner;
    return err;
}

enum carnet_err answer_make(struct cli *cli, struct home *h, const struct carnet_key *key, struct answering *a)
{
    const struct ledger_event event = {.what = "clock",
                                       .license = a->came.license.id,
                                       .seat = a->came.grant.seat,
                                       .serial = a->came.grant.serial,
                                       .grant = &a->came.grant.fingerprint,
                                       .machine = &a->came.grant.machine_key,
                                       .bundle = &a->came.id};
    struct carnet_journal_position at;
    bool known = false;
    enum carnet_err err = came_back_remember(cli, h, &a->came, CARNET_KIND_CLOCKREQUEST, &a->request->sequence,
                                             &a->request->journal, a->now, &known);

    if (!err)
        err = ledger_event_add(h->ledger, &a->came.license.vendor, &a->came.license.issuer, a->now, &event, &at,
                               cli_diag(cli));
    return err || !key ? err : sign(h, a, &at, cli_diag(cli));
}

/* SPDX-License-Identifier: MIT */
/* revoke: a machine is lost. Its grant ends, and its seat waits until the lost license has run out. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "holds.h"
#include "sign.h"

const struct cli_option admin_revoke_options[] = {
    {"reason", 0, "TEXT", false, "why; the machine's receipt says it too"},
    {"declared-by", 0, "NAME", false, "who declared the machine lost, for the journal"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

struct revoking {
    const char *reason, *declared_by;
    char name[2 * CARNET_TEXT_SIZE + 16]; /* both, for the journal */
    struct ledger_license license;
    uint32_t seat;
    struct ledger_grant grant;
    bool was_revoked;
    int64_t until; /* LEDGER_LIVES: the seat is free at once */
};

/* ---- the grant ---- */

/* The living grant, or the one that this command ended before. CARNET_NOT_FOUND with words when there is neither. */
static enum carnet_err find_grant(struct cli *cli, struct home *h, struct revoking *r)
{
    struct ledger_hold hold;
    enum carnet_err err = ledger_grant_on_seat(h->ledger, r->license.number, r->seat, &r->grant, cli_diag(cli));

    r->was_revoked = false;
    if (err != CARNET_NOT_FOUND)
        return err;
    err = ledger_grant_last_on_seat(h->ledger, r->license.number, r->seat, &r->grant, cli_diag(cli));
    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (err || r->grant.how != CARNET_END_REVOKED) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "Seat %lu of %s is not out on any machine.",
                          (unsigned long)r->seat, r->license.id);
        (void)carnet_fail_next(cli_diag(cli), "Look at 'carnet-admin license show %s'.", r->license.id);
        return CARNET_NOT_FOUND;
    }
    r->was_revoked = true;
    r->until = LEDGER_LIVES;
    err = ledger_hold_on_seat(h->ledger, r->license.number, r->seat, &hold, cli_diag(cli));
    if (!err && hold.grant == r->grant.number)
        r->until = hold.until;
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

static enum carnet_err look(struct cli *cli, struct home *h, struct revoking *r, int64_t now)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    enum carnet_err err =
        ledger_license_named(h->ledger, cli_argument(cli, 0), cli_value(cli, "vendor"), &r->license, cli_diag(cli));

    if (!err)
        err = find_grant(cli, h, r);
    if (err || r->was_revoked)
        return err;
    err = home_entitlement(h, &r->license.entitlement, &e, &embed, cli_diag(cli));
    return err ? err : holds_after_loss(h, &r->grant, e, now, &r->until, cli_diag(cli));
}

/* ---- words ---- */

static void machine_words(const struct ledger_grant *g, char *out, size_t room)
{
    char key[CARNET_HEX_SIZE];

    carnet_digest_hex(&g->machine_key, key);
    (void)carnet_text_escape(*g->label ? g->label : key, *g->label ? strlen(g->label) : 16, out, room);
}

static void seat_words(const struct revoking *r, char *out, size_t room)
{
    char words[HOLDS_WORDS_SIZE];

    holds_words(r->until, words);
    if (r->until == LEDGER_LIVES)
        (void)snprintf(out, room, "free at once");
    else
        (void)snprintf(out, room, "held %s", words);
}

static void say(struct cli *cli, const struct revoking *r, struct batch_item *item)
{
    char seat[96], machine[120];

    machine_words(&r->grant, machine, sizeof machine);
    seat_words(r, seat, sizeof seat);
    if (item->again)
        (void)snprintf(item->words, sizeof item->words,
                       "Seat %lu of %s (%s) had been revoked before; the same receipt %s given again.",
                       (unsigned long)r->seat, r->license.id, machine, cli_dry_run(cli) ? "would be" : "is");
    else
        (void)snprintf(item->words, sizeof item->words, "Seat %lu of %s (%s) %s revoked; the seat %s %s.",
                       (unsigned long)r->seat, r->license.id, machine, cli_dry_run(cli) ? "would be" : "is",
                       cli_dry_run(cli) ? "would be" : "is", seat);
    item->held_until = r->until;
}

/* Before anything is begun: the effect, and the question. */
static enum carnet_err ask(struct cli *cli, const struct revoking *r)
{
    char seat[96], machine[120];

    if (r->was_revoked || cli_dry_run(cli))
        return CARNET_OK;
    machine_words(&r->grant, machine, sizeof machine);
    seat_words(r, seat, sizeof seat);
    return cli_confirm(
        cli,
        "The grant of seat %lu of %s (%s) ends for ever, and the machine counts as lost. The seat is %s; "
        "the license on the machine runs on until its receipt or its end reaches it.",
        (unsigned long)r->seat, r->license.id, machine, seat);
}

/* ---- the change ---- */

static enum carnet_err end_grant(struct batch *b, void *context)
{
    struct revoking *r = context;
    const struct sign_ending ending = {.what = "revoke",
                                       .license = &r->license,
                                       .grant = &r->grant,
                                       .how = CARNET_END_REVOKED,
                                       .reason = r->reason,
                                       .name = r->name,
                                       .until = r->until,
                                       .now = b->now};
    enum carnet_err err = sign_end(b->home, b->key, &ending, cli_diag(b->cli));

    return err ? err : ledger_loss_add(b->home->ledger, &r->grant, b->now, cli_diag(b->cli));
}

/* Everything is looked at again: the answer to the question may have taken long. */
static enum carnet_err revoke_seat(struct batch *b, const struct batch_source *source)
{
    struct revoking *r = b->context;
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct batch_item *item = batch_item(b, source, r->license.id);
    enum carnet_err err = item ? look(b->cli, b->home, r, b->now) : CARNET_NO_MEMORY;

    if (err == CARNET_NOT_FOUND) {
        item->err = err;
        item->diag = *cli_diag(b->cli);
        return CARNET_OK;
    }
    if (err)
        return err;
    item->seat = r->grant.seat;
    item->serial = r->grant.serial;
    item->grant = r->grant.number;
    item->machine_key = r->grant.machine_key;
    item->fingerprint = r->grant.fingerprint;
    (void)snprintf(item->label, sizeof item->label, "%s", r->grant.label);
    item->again = r->was_revoked;
    if (!item->again) {
        err = home_entitlement(b->home, &r->license.entitlement, &e, &embed, cli_diag(b->cli));
        if (!err)
            err = caps_hold_loss(b, item, &r->license, e, "A machine that is revoked counts as lost");
        if (!err && !item->err && batch_may_sign(b, item))
            err = batch_change(b, item, end_grant, r);
    }
    if (!err && !item->err && !b->needs_key)
        say(b->cli, r, item);
    return err;
}

static enum carnet_err read_options(struct cli *cli, struct revoking *r)
{
    r->reason = cli_value(cli, "reason");
    r->declared_by = cli_value(cli, "declared-by");
    if (!r->reason)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--reason says why the machine is given up.");
    if (!carnet_text_is_text(r->reason) || (r->declared_by && !carnet_text_is_text(r->declared_by)))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--reason and --declared-by take 1 to 200 printable characters, no space at the ends.");
    if (carnet_text_number(cli_argument(cli, 1), 1, CARNET_SEATS_MOST, &r->seat) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "SEAT is the number of a seat, from 1 to %u.",
                           CARNET_SEATS_MOST);
    (void)snprintf(r->name, sizeof r->name, "%s%s%s", r->reason, r->declared_by ? "; declared by " : "",
                   r->declared_by ? r->declared_by : "");
    return CARNET_OK;
}

enum carnet_err admin_revoke(struct cli *cli)
{
    struct home h = {0};
    struct revoking r = {.until = LEDGER_LIVES};
    struct batch b = {.cli = cli,
                      .home = &h,
                      .out = CARNET_KIND_RECEIPT,
                      .done = "revoked",
                      .apply = revoke_seat,
                      .context = &r,
                      .seats = &r.seat,
                      .seat_count = 1};
    enum carnet_err err = read_options(cli, &r);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = look(cli, &h, &r, carnet_utc_now());
    if (!err)
        err = ask(cli, &r);
    if (!err)
        err = batch_run(&b);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "holds.h"
#include "rules/dates.h"

#define YEAR_DAYS 365u

/* ---- caps ---- */

typedef enum carnet_err nth_fn(struct ledger *l, int64_t license, uint32_t nth, int64_t *at, struct carnet_diag *diag);

/* With a cap of N, one more is allowed when the Nth newest is a year ago. */
static enum carnet_err hold_cap(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                                uint32_t cap, nth_fn *nth, const char *why)
{
    char next[CARNET_UTC_SIZE];
    int64_t at = b->now;
    enum carnet_err err = CARNET_OK;

    if (cap == CARNET_NO_CAP)
        return CARNET_OK;
    if (cap > 0)
        err = nth(b->home->ledger, license->number, cap, &at, cli_diag(b->cli));
    if (err || at <= b->now - YEAR_DAYS * CARNET_DAY)
        return err;
    item->err = carnet_fail(&item->diag, CARNET_CAP_REACHED, "", "%s; %s allows %lu in a year, and %s.", why,
                            license->id, (unsigned long)cap, cap > 0 ? "they were used" : "so none");
    if (cap == 0) {
        (void)carnet_fail_next(&item->diag, "Ask the vendor.");
    } else {
        carnet_utc_format(carnet_utc_add_days(at, YEAR_DAYS), next);
        (void)carnet_fail_next(&item->diag, "Wait until %s, or ask the vendor for a higher cap.", next);
    }
    return CARNET_OK;
}

enum carnet_err caps_hold_loss(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                               const struct carnet_entitlement *e, const char *why)
{
    return hold_cap(b, item, license, e->losses_per_year, ledger_loss_nth, why);
}

enum carnet_err caps_hold_transfer(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                                   const struct carnet_entitlement *e, const char *why)
{
    return hold_cap(b, item, license, e->transfers_per_year, ledger_transfer_nth, why);
}

/* ---- holds ---- */

static int64_t end_of(const struct carnet_reading *reading)
{
    return carnet_license_end(carnet_document_license(carnet_reading_document(reading)));
}

/* A lost machine need not have installed its newest license: the latest end of all that were given counts. */
static enum carnet_err latest_end(struct home *h, const struct ledger_grant *g, int64_t *out, struct carnet_diag *diag)
{
    struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_LICENSE));
    enum carnet_err err = CARNET_OK;

    *out = g->lease_until;
    for (uint32_t serial = 1; !err && serial <= g->serial; serial++) {
        struct carnet_buffer bytes = {0};
        struct carnet_reading *reading = NULL;
        err = ledger_bundle_of_serial(h->ledger, g->number, CARNET_KIND_LICENSE, serial, &bytes, diag);
        if (!err)
            err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, diag);
        if (!err && (serial == 1 || end_of(reading) > *out))
            *out = end_of(reading);
        /* A ledger that was put back from a copy may lack what was given since. */
        if (err == CARNET_NOT_FOUND)
            err = CARNET_OK;
        carnet_reading_free(reading);
        carnet_buffer_clear(&bytes);
    }
    return err;
}

enum carnet_err holds_after_loss(struct home *h, const struct ledger_grant *g, const struct carnet_entitlement *e,
                                 int64_t now, int64_t *until, struct carnet_diag *diag)
{
    int64_t end = 0;
    enum carnet_err err = e->held_after_loss ? latest_end(h, g, &end, diag) : CARNET_OK;

    if (!err)
        *until = e->held_after_loss && end >= now ? end : LEDGER_LIVES;
    return err;
}

void holds_words(int64_t until, char out[HOLDS_WORDS_SIZE])
{
    char time[CARNET_UTC_SIZE];

    carnet_utc_format(until, time);
    if (until == CARNET_NEVER)
        (void)snprintf(out, HOLDS_WORDS_SIZE, "for good: the lost license never runs out");
    else
        (void)snprintf(out, HOLDS_WORDS_SIZE, "until %s", time);
}

static enum carnet_err lapse_one(struct home *h, const struct ledger_license *license, const struct ledger_hold *hold,
                                 int64_t now, struct carnet_diag *diag)
{
    struct ledger_grant lost;
    struct ledger_event event = {
        .what = "unhold", .license = license->id, .seat = hold->seat, .grant = &lost.fingerprint};
    enum carnet_err err = ledger_grant_get(h->ledger, hold->grant, &lost, diag);

    if (!err)
        err = ledger_event_add(h->ledger, &license->vendor, &license->issuer, now, &event, NULL, diag);
    return err ? err : ledger_hold_end(h->ledger, license->number, hold->seat, diag);
}

enum carnet_err holds_lapse(struct home *h, const struct ledger_license *license, int64_t now, struct carnet_diag *diag)
{
    struct ledger_hold *list = NULL;
    size_t count = 0;
    enum carnet_err err = license->held > 0 ? ledger_holds(h->ledger, license->number, &list, &count, diag) : CARNET_OK;

    for (size_t i = 0; !err && i < count && list[i].until < now; i++)
        err = lapse_one(h, license, &list[i], now, diag);
    free(list);
    return err;
}

/* How many seats are held, and when the first of them comes free. */
static enum carnet_err first_hold(struct batch *b, const struct ledger_license *license, size_t *count, int64_t *until)
{
    struct ledger_hold *list = NULL;
    enum carnet_err err = ledger_holds(b->home->ledger, license->number, &list, count, cli_diag(b->cli));

    if (!err && *count > 0)
        *until = list[0].until;
    free(list);
    return err;
}

enum carnet_err holds_find_seat(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                                uint32_t *seat)
{
    char words[HOLDS_WORDS_SIZE];
    int64_t until = 0;
    size_t held = 0;
    enum carnet_err err = holds_lapse(b->home, license, b->now, cli_diag(b->cli));

    if (err)
        return err;
    err = ledger_seat_lowest(b->home->ledger, license->number, seat, &item->diag);
    if (err != CARNET_NO_SEAT)
        return err;
    err = first_hold(b, license, &held, &until);
    if (err)
        return err;
    if (held == 0) {
        item->err = carnet_fail(&item->diag, CARNET_NO_SEAT, "G-5", "All %lu seats of %s are taken.",
                                (unsigned long)license->seats, license->id);
        return CARNET_OK;
    }
    holds_words(until, words);
    item->err = carnet_fail(&item->diag, CARNET_HELD, "G-5",
                            "No seat of %s is free: of its %lu, %zu %s held for lost machines, the first %s.",
                            license->id, (unsigned long)license->seats, held, held == 1 ? "is" : "are", words);
    (void)carnet_fail_next(&item->diag, until == CARNET_NEVER
                                            ? "Release a seat on another machine and free it, or buy more seats."
                                            : "Wait until then, or release a seat on another machine and free it.");
    return CARNET_OK;
}

enum carnet_err holds_refuse_seat(struct batch *b, struct batch_item *item, const struct ledger_license *license,
                                  uint32_t seat)
{
    struct ledger_hold hold;
    char words[HOLDS_WORDS_SIZE];
    enum carnet_err err = ledger_hold_on_seat(b->home->ledger, license->number, seat, &hold, cli_diag(b->cli));

    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (!err && hold.until >= b->now) {
        holds_words(hold.until, words);
        item->err = carnet_fail(&item->diag, CARNET_HELD, "", "Seat %lu of %s is held for a lost machine %s.",
                                (unsigned long)seat, license->id, words);
        return CARNET_OK;
    }
    item->err = carnet_fail(&item->diag, CARNET_NOT_FOUND, "", "Seat %lu of %s is not out on any machine.",
                            (unsigned long)seat, license->id);
    (void)carnet_fail_next(&item->diag, "Look at 'carnet-admin license show %s'.", license->id);
    return CARNET_OK;
}

/* SPDX-License-Identifier: MIT */
/* renew: the seats of a license go on, on its newest revision, and their machines need not come back. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "give.h"
#include "holds.h"
#include "renew.h"

const struct cli_option admin_renew_options[] = {
    GIVE_OPTIONS,
    {"full", 0, NULL, false, "give all that is entitled, whatever the seat had less of before"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

struct wish {
    struct ledger_license license; /* as it was found; read again in each transaction */
    uint32_t seat;                 /* 0: all */
};

static enum carnet_err read_license(struct batch *b, struct ledger_license *out)
{
    const struct wish *w = b->context;

    return ledger_license_get(b->home->ledger, &w->license.vendor, w->license.id, out, cli_diag(b->cli));
}

static enum carnet_err renew_seat(struct batch *b, const struct batch_source *source)
{
    const struct wish *w = b->context;
    struct batch_item *item = batch_item(b, source, w->license.id);
    struct ledger_license license;
    struct ledger_grant grant;
    enum carnet_err err = item ? read_license(b, &license) : CARNET_NO_MEMORY;

    if (err)
        return err;
    err = ledger_grant_on_seat(b->home->ledger, license.number, source->seat, &grant, cli_diag(b->cli));
    if (err == CARNET_NOT_FOUND)
        return holds_refuse_seat(b, item, &license, source->seat);
    return err ? err : renew_grant(b, item, &license, &grant, NULL, cli_flag(b->cli, "full"));
}

/* ---- with a fingerprint ---- */

static enum carnet_err refuse(struct batch_item *item, enum carnet_err outcome, const char *words, const char *next)
{
    item->err = carnet_fail(&item->diag, outcome, "", "%s", words);
    (void)carnet_fail_next(&item->diag, "%s", next);
    return CARNET_OK;
}

/* One of the grants that the fingerprint names. */
static enum carnet_err renew_named(struct batch *b, const struct asking *a, const struct ledger_license *license,
                                   const struct carnet_digest *fingerprint)
{
    const struct wish *w = b->context;
    struct batch_item *item = batch_item(b, a->source, license->id);
    struct ledger_grant grant;
    char when[CARNET_UTC_SIZE];
    enum carnet_err err =
        item ? ledger_grant_of_fingerprint(b->home->ledger, license->number, fingerprint, &grant, cli_diag(b->cli))
             : CARNET_NO_MEMORY;

    if (err == CARNET_NOT_FOUND)
        return refuse(item, CARNET_NOT_FOUND, "The fingerprint asks to renew a grant that is not in this ledger.",
                      "Renew it at the administrator whose ledger gave the seat.");
    if (err)
        return err;
    if (grant.ended != LEDGER_LIVES) {
        carnet_utc_format(grant.ended, when);
        item->err = carnet_fail(&item->diag, CARNET_FINGERPRINT_SPENT, "G-1",
                                "The fingerprint asks to renew seat %lu of %s, and that grant ended on %s.",
                                (unsigned long)grant.seat, license->id, when);
        (void)carnet_fail_next(&item->diag, "Make one for a new seat with 'carnet-user fingerprint'.");
        return CARNET_OK;
    }
    if (w->seat && grant.seat != w->seat)
        return refuse(item, CARNET_WRONG_MACHINE, "The fingerprint is of the machine of another seat.",
                      "Name that seat, or leave it out.");
    return renew_grant(b, item, license, &grant, a, cli_flag(b->cli, "full"));
}

static enum carnet_err renew_source(struct batch *b, const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(carnet_judged_document(judged));
    const struct asking a = {.source = source,
                             .fingerprint = f,
                             .id = *carnet_judged_id(judged),
                             .machine_key = *carnet_judged_signer(judged)};
    struct ledger_license license;
    struct batch_item *item;
    bool named = false;
    enum carnet_err err = read_license(b, &license);

    for (uint32_t i = 0; !err && !b->needs_key && i < f->renew_count; i++) {
        if (strcmp(f->renews[i].license, license.id) != 0 || !carnet_digest_equal(&f->vendor, &license.vendor))
            continue;
        named = true;
        err = renew_named(b, &a, &license, &f->renews[i].fingerprint);
    }
    if (err || named || b->needs_key)
        return err;
    item = batch_item(b, source, license.id);
    if (!item)
        return CARNET_NO_MEMORY;
    if (!f->renew)
        return refuse(item, CARNET_WRONG_KIND, "The fingerprint asks for a new seat, not to renew one.",
                      "Give it a seat with 'carnet-admin assign'.");
    return refuse(item, CARNET_NOT_FOUND, "The fingerprint asks to renew nothing of that license.",
                  "Look with 'carnet-inspect show' which licenses it names.");
}

/* ---- which seats ---- */

static enum carnet_err all_seats(struct cli *cli, struct home *h, const struct wish *w, uint32_t **out, size_t *count)
{
    struct ledger_grant *list = NULL;
    enum carnet_err err = ledger_grants(h->ledger, w->license.number, &list, count, cli_diag(cli));

    if (!err && *count == 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No seat of %s is out on a machine.", w->license.id);
        (void)carnet_fail_next(cli_diag(cli), "Give one with 'carnet-admin assign' and a machine's fingerprint.");
        err = CARNET_NOT_FOUND;
    }
    if (!err) {
        *out = calloc(*count, sizeof **out);
        err = *out ? CARNET_OK : CARNET_NO_MEMORY;
    }
    for (size_t i = 0; !err && i < *count; i++)
        (*out)[i] = list[i].seat;
    free(list);
    return err;
}

/* The second argument is a seat when it is a number; else files begin there. */
static size_t first_file(struct cli *cli, uint32_t *seat)
{
    const char *second = cli_argument(cli, 1);

    return second && carnet_text_number(second, 1, CARNET_SEATS_MOST, seat) == CARNET_OK ? 2 : 1;
}

enum carnet_err admin_renew(struct cli *cli)
{
    struct home h = {0};
    struct wish w = {.seat = 0};
    struct batch b = {.cli = cli,
                      .home = &h,
                      .in = CARNET_KIND_FINGERPRINT,
                      .out = CARNET_KIND_LICENSE,
                      .done = "renewed",
                      .context = &w};
    uint32_t *seats = NULL;
    enum carnet_err err;

    b.first = first_file(cli, &w.seat);
    b.apply = cli_count(cli) > b.first ? renew_source : renew_seat;
    err = home_open(cli, &h);
    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = ledger_license_named(h.ledger, cli_argument(cli, 0), cli_value(cli, "vendor"), &w.license, cli_diag(cli));
    if (!err && cli_count(cli) == b.first && w.seat) {
        b.seats = &w.seat;
        b.seat_count = 1;
    } else if (!err && cli_count(cli) == b.first) {
        err = all_seats(cli, &h, &w, &seats, &b.seat_count);
        b.seats = seats;
    }
    if (!err)
        err = batch_run(&b);
    free(seats);
    home_close(&h);
    return err;
}

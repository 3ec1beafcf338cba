/* SPDX-License-Identifier: MIT */
/* clock: a clock request comes in, and the clock that answers it goes out (spec/format.md, D-5). */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "answer.h"
#include "common/io.h"

/* Further apart than this, the machine's clock is still wrong. */
#define NEAR (48 * CARNET_HOUR)

static void show(struct cli *cli, const struct answering *a)
{
    const struct carnet_clockrequest *q = a->request;
    char label[120], here[CARNET_UTC_SIZE], floor[CARNET_UTC_SIZE], mine[CARNET_UTC_SIZE];

    (void)carnet_text_escape(a->came.grant.label, strlen(a->came.grant.label), label, sizeof label);
    carnet_utc_format(q->sequence.made, here);
    carnet_utc_format(q->local_floor, floor);
    carnet_utc_format(a->now, mine);
    cli_note(cli, "Seat %lu of %s%s%s%s: its clock said %s when it asked, and had said %s before.\n",
             (unsigned long)a->came.grant.seat, a->came.license.id, *label ? " (" : "", label, *label ? ")" : "", here,
             floor);
    if (a->again)
        cli_note(cli, "The request was answered before; the same bytes are given again.\n");
    else
        cli_note(cli, "It may go back to %s, once.\n", mine);
    if (q->sequence.made > a->now + NEAR || q->sequence.made < a->now - NEAR)
        cli_warn(
            cli,
            "the machine's clock said %s when it asked, and it is %s here: the clock there has to be set first, or "
            "the answer helps only for as long as it is right.",
            here, mine);
    cli_set(cli, "license", json_string(a->came.license.id));
    cli_set(cli, "seat", json_integer((json_int_t)a->came.grant.seat));
    cli_set(cli, "asked", json_string(here));
    cli_set(cli, "floor", json_string(floor));
    cli_set(cli, "again", json_boolean(a->again));
}

/* The first pass finds out whether a key is needed at all, so that nobody waits for a passphrase with the ledger held.
 */
static enum carnet_err run(struct cli *cli, struct home *h, const struct carnet_judged *judged, struct answering *a)
{
    const struct carnet_key *key = NULL;
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));

    a->now = carnet_utc_now();
    if (!err)
        err = answer_look(h, judged, a, cli_diag(cli));
    if (err == CARNET_FORKED)
        err = came_back_refuse(cli, h, &a->came, judged, a->now);
    ledger_rollback(h->ledger);
    if (err)
        return err;
    show(cli, a);
    if (a->again)
        return CARNET_OK;
    if (cli_dry_run(cli))
        return home_signer_look(cli, h, CARNET_ROLE_ISSUER);
    err = home_signer(cli, h, CARNET_ROLE_ISSUER, &key);
    if (!err)
        err = ledger_begin(h->ledger, cli_diag(cli));
    a->now = carnet_utc_now();
    if (!err)
        err = answer_look(h, judged, a, cli_diag(cli));
    if (!err && !a->again)
        err = answer_make(cli, h, key, a);
    if (!err)
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err deliver(struct cli *cli, struct home *h, const struct answering *a)
{
    const struct ledger_grant *grant = &a->came.grant;
    struct carnet_diag unused;
    char hex[CARNET_HEX_SIZE];
    const struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_CLOCK),
                                      .label = *grant->label ? grant->label : a->came.license.id,
                                      .id = a->id,
                                      .bytes = a->bytes.bytes,
                                      .size = a->bytes.size};
    enum carnet_err err = cli_output_write(cli, &output);

    if (err) {
        (void)carnet_fail_next(cli_diag(cli), "The answer is recorded; run the same command again to have it written.");
        return err;
    }
    carnet_digest_hex(&a->id, hex);
    cli_set(cli, "bundle", json_string(hex));
    /* Only a note: it can be given again at any time. */
    if (!ledger_begin(h->ledger, &unused) && !ledger_bundle_delivered(h->ledger, &a->id, a->now, &unused))
        (void)!ledger_commit(h->ledger, &unused);
    ledger_rollback(h->ledger);
    return CARNET_OK;
}

enum carnet_err admin_clock(struct cli *cli)
{
    struct home h = {0};
    struct answering a = {0};
    struct cli_bundle bundle = {0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = cli_output_check(cli);
    if (!err) {
        struct carnet_read_options options = home_reading(&h, CARNET_KIND_BIT(CARNET_KIND_CLOCKREQUEST));
        err = cli_bundle_read(cli, cli_argument(cli, 0), &options, &bundle);
    }
    if (!err) {
        const struct carnet_judged *judged = carnet_reading_judged(bundle.reading);
        a.request = carnet_document_clockrequest(carnet_judged_document(judged));
        err = run(cli, &h, judged, &a);
    }
    if (!err && a.bytes.size > 0 && !cli_dry_run(cli))
        err = deliver(cli, &h, &a);
    carnet_buffer_clear(&a.bytes);
    cli_bundle_clear(&bundle);
    home_close(&h);
    return err;
}

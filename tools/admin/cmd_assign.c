/* SPDX-License-Identifier: MIT */
/* assign: a fingerprint gets a seat, and its machine a license file (the rules of the license, 3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "assign.h"

const struct cli_option admin_assign_options[] = {
    {"license", 0, "L", false, "the license to take the seat from, where the product does not say it"},
    {"replace", 0, "SEAT", false, "end the grant on that seat and give the seat to this fingerprint"},
    {"expect", 0, "KEYID", false, "refuse a fingerprint of another machine key"},
    {"label", 0, "TEXT", false, "the machine's name, in place of the fingerprint's label"},
    {NULL, 0, NULL, false, NULL}};

static enum carnet_err refuse(struct batch *b, const struct batch_source *source, const char *license,
                              enum carnet_err outcome, const char *words, const char *next)
{
    struct batch_item *item = batch_item(b, source, license);

    if (!item)
        return CARNET_NO_MEMORY;
    item->err = carnet_fail(&item->diag, outcome, "", "%s", words);
    if (next)
        (void)carnet_fail_next(&item->diag, "%s", next);
    return CARNET_OK;
}

/* ---- which license ---- */

/* Of several licenses that would do: the one this fingerprint has a grant of, else the only one that is offline. */
static enum carnet_err choose(struct batch *b, const struct asking *a, struct ledger_license *list, size_t count,
                              size_t *chosen)
{
    size_t offline = 0, last = 0;

    for (size_t i = 0; i < count; i++) {
        struct ledger_grant grant;
        enum carnet_err err =
            ledger_grant_of_fingerprint(b->home->ledger, list[i].number, &a->id, &grant, cli_diag(b->cli));
        if (err && err != CARNET_NOT_FOUND)
            return err;
        if (!err) {
            *chosen = i;
            return CARNET_OK;
        }
        if (list[i].offline) {
            offline++;
            last = i;
        }
    }
    *chosen = count == 1 ? 0 : offline == 1 ? last : count;
    return CARNET_OK;
}

/* One product of the fingerprint, or NULL when it names none. */
static enum carnet_err by_product(struct batch *b, const struct asking *a, const char *product)
{
    struct ledger_license *list = NULL;
    size_t count = 0, chosen = 0;
    char words[300];
    enum carnet_err err =
        ledger_licenses(b->home->ledger, &a->fingerprint->vendor, product, &list, &count, cli_diag(b->cli));

    if (!err && count == 0) {
        (void)snprintf(words, sizeof words, "There is no license of %s here.", product ? product : "that vendor");
        err = refuse(b, a->source, "", CARNET_NOT_FOUND, words,
                     "Look at 'carnet-admin license list', and 'import' the vendor's entitlement.");
    } else if (!err) {
        err = choose(b, a, list, count, &chosen);
        if (!err && chosen == count) {
            (void)snprintf(words, sizeof words, "%zu licenses would do for %s, among them %s and %s.", count,
                           product ? product : "this fingerprint", list[0].id, list[1].id);
            err = refuse(b, a->source, "", CARNET_USAGE, words, "Say which with --license.");
        } else if (!err) {
            err = assign_seat(b, a, &list[chosen]);
        }
    }
    free(list);
    return err;
}

static enum carnet_err by_option(struct batch *b, const struct asking *a)
{
    const struct carnet_fingerprint *f = a->fingerprint;
    struct ledger_license license;
    bool asked = f->product_count == 0;
    enum carnet_err err =
        ledger_license_find(b->home->ledger, cli_value(b->cli, "license"), &license, cli_diag(b->cli));

    if (err)
        return err;
    if (!carnet_digest_equal(&license.vendor, &f->vendor))
        return refuse(b, a->source, license.id, CARNET_WRONG_VENDOR,
                      "The license is of another vendor than the fingerprint.",
                      "Make a fingerprint for that vendor with 'carnet-user fingerprint --vendor'.");
    for (uint32_t i = 0; i < f->product_count; i++)
        asked = asked || strcmp(f->products[i].id, license.product) == 0;
    if (!asked)
        return refuse(b, a->source, license.id, CARNET_NOT_COVERED,
                      "The fingerprint does not ask for the product of that license.",
                      "Make a fingerprint with 'carnet-user fingerprint --product', or leave --license out.");
    return assign_seat(b, a, &license);
}

/* ---- one fingerprint ---- */

/* What has to hold of the file itself, whatever the license. */
static enum carnet_err hold_source(struct batch *b, const struct asking *a, bool *holds)
{
    const struct carnet_digest *expected = b->context;
    char words[200], key[CARNET_HEX_SIZE];

    *holds = false;
    if (expected && !carnet_digest_equal(expected, &a->machine_key)) {
        carnet_digest_hex(&a->machine_key, key);
        (void)snprintf(words, sizeof words, "The fingerprint is signed by the machine key %s, not by the one expected.",
                       key);
        return refuse(b, a->source, "", CARNET_UNTRUSTED_KEY, words,
                      "Ask for the fingerprint again, over a channel that you trust.");
    }
    if (!home_knows_vendor(b->home, &a->fingerprint->vendor)) {
        carnet_digest_hex(&a->fingerprint->vendor, key);
        (void)snprintf(words, sizeof words, "The fingerprint is for the vendor %s, who is not pinned here.", key);
        return refuse(b, a->source, "", CARNET_WRONG_VENDOR, words,
                      "Look at 'carnet-admin trust list'; the user chooses the vendor with 'fingerprint --vendor'.");
    }
    if (a->fingerprint->renew)
        return refuse(b, a->source, "", CARNET_WRONG_KIND,
                      "The fingerprint asks to renew grants that the machine has, not for a new seat.",
                      "Make one for a new seat with 'carnet-user fingerprint'.");
    *holds = true;
    return CARNET_OK;
}

static enum carnet_err assign_source(struct batch *b, const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);
    const struct asking a = {.source = source,
                             .fingerprint = carnet_document_fingerprint(carnet_judged_document(judged)),
                             .id = *carnet_judged_id(judged),
                             .machine_key = *carnet_judged_signer(judged)};
    bool holds = false;
    enum carnet_err err = hold_source(b, &a, &holds);

    if (err || !holds)
        return err;
    if (cli_value(b->cli, "license"))
        return by_option(b, &a);
    if (a.fingerprint->product_count == 0)
        return by_product(b, &a, NULL);
    for (uint32_t i = 0; !err && !b->needs_key && i < a.fingerprint->product_count; i++)
        err = by_product(b, &a, a.fingerprint->products[i].id);
    return err;
}

static enum carnet_err read_options(struct cli *cli, struct batch *b, struct carnet_digest *expected)
{
    const char *label = cli_value(cli, "label"), *expect = cli_value(cli, "expect");

    if (label && !carnet_text_is_text(label))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--label takes 1 to 200 printable characters.");
    if (expect && carnet_digest_parse(expect, expected) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--expect takes a key's id, 64 hex digits.");
    if (expect)
        b->context = expected;
    b->two_results = cli_value(cli, "replace") != NULL;
    if (cli_count(cli) > 1 && (label || expect || b->two_results))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--label, --expect and --replace take one fingerprint.");
    return CARNET_OK;
}

enum carnet_err admin_assign(struct cli *cli)
{
    struct home h = {0};
    struct carnet_digest expected;
    struct batch b = {.cli = cli,
                      .home = &h,
                      .in = CARNET_KIND_FINGERPRINT,
                      .out = CARNET_KIND_LICENSE,
                      .done = "assigned",
                      .apply = assign_source};
    enum carnet_err err = read_options(cli, &b, &expected);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = batch_run(&b);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* assign: a fingerprint gets a seat, and its machine a license file (the rules of the license, 3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "assign.h"
#include "free.h"
#include "give.h"

const struct cli_option admin_assign_options[] = {
    {"license", 0, "L", false, "the license to take the seat from, where the product does not say it"},
    ADMIN_VENDOR_OPTION,
    {"replace", 0, "SEAT", false, "end the grant on that seat and give the seat to this fingerprint"},
    {"expect", 0, "KEYID", false, "refuse a fingerprint of another machine key"},
    {"label", 0, "TEXT", false, "the machine's name, in place of the fingerprint's label"},
    {"note", 0, "TEXT", false, "your own note on the seat; it stays in the ledger"},
    GIVE_OPTIONS,
    {NULL, 0, NULL, false, NULL}};

/* What the options ask of each fingerprint. */
struct wanted {
    bool has_key, has_vendor;
    struct carnet_digest key, vendor;
};

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

/* Of several licenses that would do, the only one that is offline; `count` when there is no such. */
static size_t choose(const struct ledger_license *list, size_t count)
{
    size_t offline = 0, last = 0;

    for (size_t i = 0; i < count; i++) {
        if (list[i].offline) {
            offline++;
            last = i;
        }
    }
    return count == 1 ? 0 : offline == 1 ? last : count;
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
        chosen = choose(list, count);
        if (chosen == count) {
            (void)snprintf(words, sizeof words, "%zu licenses would do for %s, among them %s and %s.", count,
                           product ? product : "this fingerprint", list[0].id, list[1].id);
            err = refuse(b, a->source, "", CARNET_USAGE, words, "Say which with --license.");
        } else {
            err = assign_seat(b, a, &list[chosen]);
        }
    }
    free(list);
    return err;
}

static enum carnet_err by_option(struct batch *b, const struct asking *a)
{
    const struct carnet_fingerprint *f = a->fingerprint;
    const char *id = cli_value(b->cli, "license");
    struct ledger_license license;
    struct ledger_grant known;
    bool asked = f->product_count == 0;
    enum carnet_err err = ledger_license_get(b->home->ledger, &f->vendor, id, &license, cli_diag(b->cli));

    if (err == CARNET_NOT_FOUND) {
        err = ledger_license_named(b->home->ledger, id, NULL, &license, cli_diag(b->cli));
        return err ? err
                   : refuse(b, a->source, license.id, CARNET_WRONG_VENDOR,
                            "The license is of another vendor than the fingerprint.",
                            "Make a fingerprint for that vendor with 'carnet-user fingerprint --vendor'.");
    }
    if (!err)
        err = ledger_grant_of_fingerprint(b->home->ledger, license.number, &a->id, &known, cli_diag(b->cli));
    if (!err)
        return assign_seat(b, a, &license); /* what it has it gets again, whatever the product is by now */
    if (err != CARNET_NOT_FOUND)
        return err;
    for (uint32_t i = 0; i < f->product_count; i++)
        asked = asked || strcmp(f->products[i].id, license.product) == 0;
    if (!asked)
        return refuse(b, a->source, license.id, CARNET_NOT_COVERED,
                      "The fingerprint does not ask for the product of that license.",
                      "Make a fingerprint with 'carnet-user fingerprint --product', or leave --license out.");
    return assign_seat(b, a, &license);
}

/* ---- what the fingerprint has already ---- */

/* The license whose grant was given to the fingerprint for that product (NULL: any), when the entitlement of then named
 * it: a later revision may say otherwise, and the same fingerprint gets the same bytes all the same. */
static enum carnet_err find_given(struct batch *b, const struct asking *a, const struct ledger_license *list,
                                  size_t count, const char *product, const struct ledger_license **out)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct ledger_grant grant;
    enum carnet_err err = CARNET_OK;

    *out = NULL;
    for (size_t i = 0; !err && !*out && i < count; i++) {
        err = ledger_grant_of_fingerprint(b->home->ledger, list[i].number, &a->id, &grant, cli_diag(b->cli));
        if (!err)
            err = home_entitlement(b->home, &grant.entitlement, &e, &embed, cli_diag(b->cli));
        if (!err && (!product || strcmp(e->product, product) == 0))
            *out = &list[i];
    }
    return err;
}

static enum carnet_err given_or_new(struct batch *b, const struct asking *a, const struct ledger_license *list,
                                    size_t count, const char *product)
{
    const struct ledger_license *given = NULL;
    enum carnet_err err = find_given(b, a, list, count, product, &given);

    if (err)
        return err;
    return given ? assign_seat(b, a, given) : by_product(b, a, product);
}

static enum carnet_err by_products(struct batch *b, const struct asking *a)
{
    const struct carnet_fingerprint *f = a->fingerprint;
    struct ledger_license *list = NULL;
    size_t count = 0;
    enum carnet_err err =
        ledger_licenses_of_fingerprint(b->home->ledger, &f->vendor, &a->id, &list, &count, cli_diag(b->cli));

    if (!err && f->product_count == 0)
        err = given_or_new(b, a, list, count, NULL);
    for (uint32_t i = 0; !err && !b->needs_key && i < f->product_count; i++)
        err = given_or_new(b, a, list, count, f->products[i].id);
    free(list);
    return err;
}

/* ---- one fingerprint ---- */

/* What has to hold of the file itself, whatever the license. */
static enum carnet_err hold_source(struct batch *b, const struct asking *a, bool *holds)
{
    const struct wanted *wanted = b->context;
    char words[200], key[CARNET_HEX_SIZE];

    *holds = false;
    if (wanted->has_key && !carnet_digest_equal(&wanted->key, &a->machine_key)) {
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
    if (wanted->has_vendor && !carnet_digest_equal(&wanted->vendor, &a->fingerprint->vendor)) {
        carnet_digest_hex(&a->fingerprint->vendor, key);
        (void)snprintf(words, sizeof words, "The fingerprint is for the vendor %s, not for that of --vendor.", key);
        return refuse(b, a->source, "", CARNET_WRONG_VENDOR, words,
                      "Leave --vendor out, or make a fingerprint with 'carnet-user fingerprint --vendor'.");
    }
    if (a->fingerprint->renew)
        return refuse(b, a->source, "", CARNET_WRONG_KIND,
                      "The fingerprint asks to renew grants that the machine has, not for a new seat.",
                      "Renew them with 'carnet-admin renew LICENSE FILE', or make one for a new seat with "
                      "'carnet-user fingerprint'.");
    *holds = true;
    return CARNET_OK;
}

/* A release that lies with the fingerprints frees its seat first: the machine moves on in one trip. */
static enum carnet_err assign_source(struct batch *b, const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);
    const struct asking a = {.source = source,
                             .fingerprint = carnet_document_fingerprint(carnet_judged_document(judged)),
                             .id = *carnet_judged_id(judged),
                             .machine_key = *carnet_judged_signer(judged)};
    bool holds = false;
    enum carnet_err err;

    if (!a.fingerprint)
        return free_release(b, source);
    err = hold_source(b, &a, &holds);
    if (err || !holds)
        return err;
    return cli_value(b->cli, "license") ? by_option(b, &a) : by_products(b, &a);
}

static enum carnet_err read_options(struct cli *cli, struct batch *b, struct wanted *wanted)
{
    const char *label = cli_value(cli, "label"), *expect = cli_value(cli, "expect"), *note = cli_value(cli, "note");

    if ((label && !carnet_text_is_text(label)) || (note && !carnet_text_is_text(note)))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--%s takes 1 to 200 printable characters.",
                           label && !carnet_text_is_text(label) ? "label" : "note");
    if (expect && carnet_digest_parse(expect, &wanted->key) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--expect takes a key's id, 64 hex digits.");
    wanted->has_key = expect != NULL;
    b->two_results = cli_value(cli, "replace") != NULL;
    if (cli_count(cli) > 1 && (label || note || expect || b->two_results))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--label, --note, --expect and --replace take one fingerprint.");
    return CARNET_OK;
}

enum carnet_err admin_assign(struct cli *cli)
{
    struct home h = {0};
    struct wanted wanted = {.has_vendor = cli_value(cli, "vendor") != NULL};
    struct batch b = {.cli = cli,
                      .home = &h,
                      .in = CARNET_KIND_FINGERPRINT,
                      .out = CARNET_KIND_LICENSE,
                      .before = carnet_kind_get(CARNET_KIND_RELEASE),
                      .done = "assigned",
                      .apply = assign_source,
                      .context = &wanted};
    enum carnet_err err = read_options(cli, &b, &wanted);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = home_seats_open(cli, &h);
    if (!err && wanted.has_vendor)
        err = ledger_vendor_find(h.ledger, cli_value(cli, "vendor"), &wanted.vendor, cli_diag(cli));
    if (!err)
        err = batch_run(&b);
    home_close(&h);
    return err;
}

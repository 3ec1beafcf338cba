/* SPDX-License-Identifier: MIT */
/* assign: a fingerprint gets a seat, and its machine a license file (the rules of the license, 3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "asking.h"
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
    struct assign_wishes wishes;
};

static enum carnet_err by_option(struct batch *b, const struct asking *a)
{
    const struct carnet_fingerprint *f = a->fingerprint;
    const char *id = cli_value(b->cli, "license");
    struct ledger_license license;
    struct ledger_grant known;
    enum carnet_err err = ledger_license_get(b->home->ledger, &f->vendor, id, &license, cli_diag(b->cli));

    if (err == CARNET_NOT_FOUND) {
        err = ledger_license_named(b->home->ledger, id, NULL, &license, cli_diag(b->cli));
        return err ? err
                   : asking_refuse(b, a, license.id, CARNET_WRONG_VENDOR,
                                   "The license is of another vendor than the fingerprint.",
                                   "Make a fingerprint for that vendor with 'carnet-user fingerprint --vendor'.");
    }
    if (!err)
        err = ledger_grant_of_fingerprint(b->home->ledger, license.number, &a->id, &known, cli_diag(b->cli));
    if (!err)
        return assign_seat(b, a, &license); /* what it has it gets again, whatever the product is by now */
    if (err != CARNET_NOT_FOUND)
        return err;
    if (f->product_count > 0 && !carnet_fingerprint_asks_for(f, license.product))
        return asking_refuse(b, a, license.id, CARNET_NOT_COVERED,
                             "The fingerprint does not ask for the product of that license.",
                             "Make a fingerprint with 'carnet-user fingerprint --product', or leave --license out.");
    return assign_seat(b, a, &license);
}

/* ---- one fingerprint ---- */

/* What has to hold of the file itself, whatever the license. */
static enum carnet_err hold_source(struct batch *b, const struct asking *a, bool *holds)
{
    const struct wanted *wanted = b->context;
    char words[200], key[CARNET_HEX_SIZE];
    enum carnet_err err;

    *holds = false;
    if (wanted->has_key && !carnet_digest_equal(&wanted->key, &a->machine_key)) {
        carnet_digest_hex(&a->machine_key, key);
        (void)snprintf(words, sizeof words, "The fingerprint is signed by the machine key %s, not by the one expected.",
                       key);
        return asking_refuse(b, a, "", CARNET_UNTRUSTED_KEY, words,
                             "Ask for the fingerprint again, over a channel that you trust.");
    }
    err = asking_hold_vendor(b, a, holds);
    if (err || !*holds)
        return err;
    *holds = false;
    if (wanted->has_vendor && !carnet_digest_equal(&wanted->vendor, &a->fingerprint->vendor)) {
        carnet_digest_hex(&a->fingerprint->vendor, key);
        (void)snprintf(words, sizeof words, "The fingerprint is for the vendor %s, not for that of --vendor.", key);
        return asking_refuse(b, a, "", CARNET_WRONG_VENDOR, words,
                             "Leave --vendor out, or make a fingerprint with 'carnet-user fingerprint --vendor'.");
    }
    if (a->fingerprint->renew)
        return asking_refuse(b, a, "", CARNET_WRONG_KIND,
                             "The fingerprint asks to renew grants that the machine has, not for a new seat.",
                             "Renew them with 'carnet-admin renew LICENSE FILE', or make one for a new seat with "
                             "'carnet-user fingerprint'.");
    *holds = true;
    return CARNET_OK;
}

/* A release that lies with the fingerprints frees its seat first: the machine moves on in one trip. */
static enum carnet_err assign_source(struct batch *b, const struct batch_source *source)
{
    const struct wanted *wanted = b->context;
    struct asking a = asking_of(source);
    bool holds = false;
    enum carnet_err err;

    if (!a.fingerprint)
        return free_release(b, source);
    a.wishes = wanted->wishes;
    err = hold_source(b, &a, &holds);
    if (err || !holds)
        return err;
    return cli_value(b->cli, "license") ? by_option(b, &a) : asking_each(b, &a, asking_only_license);
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
    wanted->wishes.label = label;
    wanted->wishes.note = note;
    wanted->wishes.clone_confirmed = cli_flag(cli, "yes");
    b->two_results = cli_value(cli, "replace") != NULL;
    if (cli_count(cli) > 1 && (label || note || expect || b->two_results))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--label, --note, --expect and --replace take one fingerprint.");
    return cli_number(cli, "replace", 1, CARNET_SEATS_MOST, 0, &wanted->wishes.replace);
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

/* SPDX-License-Identifier: MIT */
/* entitle: the vendor says what was bought. A license that is known gets its next revision. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "home.h"
#include "key_request.h"
#include "sign.h"
#include "taken.h"
#include "terms.h"
#include "words.h"

const struct cli_option admin_entitle_options[] = {
    {"license", 0, "ID", false, "the license; a known one gets its next revision and keeps what is not given"},
    {"product", 0, "ID", false, "the product"},
    {"licensee", 0, "NAME", false, "who bought it"},
    {"seats", 0, "N", false, "how many seats"},
    {"offline", 0, "WORD", false, "allowed or denied (the default): may it be converted to offline"},
    {"edition", 0, "E", false, "the edition; '' for none"},
    {"newest-version", 0, "V", false, "the newest product version covered, or any (the default)"},
    {"feature", 0, "NAME[=VALUE]", true, "adds or changes a feature"},
    {"drop-feature", 0, "NAME", true, "takes a feature away"},
    {"not-after", 0, "DATE", false, "the last day, or never (the default)"},
    {"lease-days", 0, "N", false, "how long a license file runs before it must be renewed, or none (the default)"},
    {"activate-within", 0, "DAYS", false, "how long a license file may wait for its activation (90)"},
    {"transfer-cap", 0, "N", false, "transfers to changed machines in a year, or none (no cap, the default)"},
    {"loss-cap", 0, "N", false, "lost machines in a year, or none (no cap, the default)"},
    {"hold-after-loss", 0, "WORD", false, "lease (the default): a lost seat waits for its lease to run out; or no"},
    {"threshold", 0, "PERCENT", false, "how much of a machine must still match (60)"},
    {"weight", 0, "FACT=POINTS", true, "what a fact counts"},
    {"clock-tolerance", 0, "HOURS", false, "how far a clock may be behind (24)"},
    {"virtual", 0, "WORD", false, "accepted (the default) or refused: virtual machines"},
    {"container", 0, "WORD", false, "accepted (the default), refused or pinned: containers"},
    {"least-trust", 0, "G.N", false, "the least version of trust information that a user needs, or none (the default)"},
    {"contact", 0, "TEXT", false, "whom to ask; '' for none"},
    {"issuer", 0, "FILE", false,
     "the administrator's key request, or the PEM of his issuer key; your own with role both"},
    {"journal", 0, "FILE", true,
     "the administrator's exported journal: has the revision been taken, are its seats back?"},
    {NULL, 0, NULL, false, NULL}};

/* The revision before, read again with all checks. */
struct before {
    struct carnet_digest id;
    struct carnet_buffer bytes;
    struct carnet_reading *reading;
    const struct carnet_entitlement *entitlement; /* NULL for a new license */
};

static enum carnet_err read_before(struct cli *cli, struct home *h, const char *license, struct before *out)
{
    struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT));
    enum carnet_err err = ledger_made_newest(h->ledger, &h->vendor, license, &out->id, &out->bytes, cli_diag(cli));

    if (err)
        return err == CARNET_NOT_FOUND ? CARNET_OK : err;
    err = carnet_reading_open(out->bytes.bytes, out->bytes.size, &options, &out->reading, cli_diag(cli));
    if (!err)
        out->entitlement = carnet_document_entitlement(carnet_reading_document(out->reading));
    return err;
}

static enum carnet_err read_issuer(struct cli *cli, const struct home *h, const char *license,
                                   struct key_request_issuer *out)
{
    const char *file = cli_value(cli, "issuer");

    if (!file && h->has_issuer) {
        *out = (struct key_request_issuer){.key = h->issuer.id};
        return CARNET_OK;
    }
    if (!file) {
        (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--issuer says whose key gives the license's seats away.");
        (void)carnet_fail_next(cli_diag(cli), "Ask the administrator for the file of 'carnet-admin key request'.");
        return CARNET_USAGE;
    }
    return key_request_take(cli, h, file, license, out);
}

/* Another administrator takes the whole license over: nothing of it may be out, and the first one must be known to give
 * nothing any more. */
static enum carnet_err hold_transfer(struct cli *cli, const struct home *h, const struct before *before)
{
    const struct carnet_entitlement *e = before->entitlement;
    struct taken t = {0};
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err;

    carnet_digest_hex(&e->issuer, hex);
    if (cli_values(cli, "journal") == 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-3",
                          "The license %s is issued by the key %s, and a license has one issuer.", e->license, hex);
        return carnet_fail_next(cli_diag(cli),
                                "Give the other administrator a license id of its own, with its own seats; "
                                "or show with the first one's --journal that the whole license is back.");
    }
    err = taken_read(cli, h, e->license, &e->issuer, &t);
    if (err)
        return err;
    if (e->offline_allowed || t.revision < e->revision) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_VOUCHED, "W-9",
                          "The journal does not show that the administrator with the key %s took a revision of %s that "
                          "forbids offline use: he may go on giving seats.",
                          hex, e->license);
        return carnet_fail_next(cli_diag(cli),
                                "Entitle it with '--offline denied', have him import that and free all seats, "
                                "and give his 'journal export' after that.");
    }
    if (t.out + t.held > 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_SEATS_IN_USE, "G-5",
                          "%lu seats of %s are out or held at the administrator with the key %s.",
                          (unsigned long)t.out + t.held, e->license, hex);
        return carnet_fail_next(cli_diag(cli), "Wait until all are back, and give a later 'journal export'.");
    }
    return CARNET_OK;
}

/* One license has one issuer: with two of them, nobody would know how many seats are out. The same administrator may go
 * on with another key: his request says which it follows. */
static enum carnet_err hold_issuer(struct cli *cli, const struct home *h, const struct before *before,
                                   const struct key_request_issuer *issuer)
{
    const struct carnet_digest *now = &before->entitlement->issuer;

    if (carnet_digest_equal(now, &issuer->key) || (issuer->has_replaced && carnet_digest_equal(now, &issuer->replaced)))
        return CARNET_OK;
    if (home_own(h, now) && home_own(h, &issuer->key))
        return CARNET_OK;
    return hold_transfer(cli, h, before);
}

/* Seats that are out were given for the product: the same fingerprint has to give the same license again. */
static enum carnet_err hold_product(struct cli *cli, const struct carnet_entitlement *before,
                                    const struct carnet_entitlement *e)
{
    if (strcmp(before->product, e->product) == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                      "The license %s is for the product %s, and a license keeps its product.", before->license,
                      before->product);
    (void)carnet_fail_next(cli_diag(cli), "Give the product %s a license id of its own, with its own seats.",
                           e->product);
    return CARNET_REVISION_CONFLICT;
}

static enum carnet_err missing(struct cli *cli, const char *option)
{
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                       "A new license needs --product, --licensee and --seats; --%s is missing.", option);
}

static enum carnet_err settle(struct cli *cli, struct home *h, const struct before *before, const char *license,
                              struct carnet_entitlement *e)
{
    const struct ledger_about *about = ledger_about(h->ledger);
    struct key_request_issuer issuer = {.has_replaced = false};
    const struct ledger_key *own = NULL;
    enum carnet_err err;

    if (before->entitlement) {
        *e = *before->entitlement;
        issuer.key = e->issuer;
        own = home_own(h, &e->issuer);
    } else {
        e->vendor = h->vendor;
        (void)snprintf(e->license, sizeof e->license, "%s", license);
        (void)snprintf(e->contact, sizeof e->contact, "%s", about->contact);
        terms_default(e);
    }
    (void)snprintf(e->vendor_name, sizeof e->vendor_name, "%s", about->name);
    err = terms_apply(cli, e);
    if (!err && before->entitlement)
        err = hold_product(cli, before->entitlement, e);
    if (!err && !*e->product)
        err = missing(cli, "product");
    if (!err && !*e->licensee)
        err = missing(cli, "licensee");
    if (!err && e->seats == 0)
        err = missing(cli, "seats");
    /* This home's own issuer key was followed by another: the next revision names that. */
    if (!err && (!before->entitlement || cli_value(cli, "issuer") || (own && own->state != LEDGER_KEY_ACTIVE)))
        err = read_issuer(cli, h, license, &issuer);
    if (!err && before->entitlement)
        err = hold_issuer(cli, h, before, &issuer);
    if (!err)
        e->issuer = issuer.key;
    return err;
}

/* Another entitle may have signed a revision while this one waited for a passphrase or for the ledger. */
static enum carnet_err still_newest(struct cli *cli, struct home *h, const struct before *before, const char *license)
{
    struct carnet_digest id;
    struct carnet_buffer bytes = {0};
    enum carnet_err err = ledger_made_newest(h->ledger, &h->vendor, license, &id, &bytes, cli_diag(cli));
    const bool same = err == CARNET_NOT_FOUND ? !before->entitlement
                                              : !err && before->entitlement && carnet_digest_equal(&id, &before->id);

    carnet_buffer_clear(&bytes);
    if (same || (err && err != CARNET_NOT_FOUND))
        return same ? CARNET_OK : err;
    (void)carnet_fail(cli_diag(cli), CARNET_BUSY, "",
                      "Another entitle has signed a revision of %s meanwhile; nothing was changed.", license);
    (void)carnet_fail_next(cli_diag(cli), "Run it again: it shows what differs from that revision.");
    return CARNET_BUSY;
}

/* The time is taken when nobody else can write any more: while this waited, others may have written later ones. */
static enum carnet_err sign(struct cli *cli, struct home *h, const struct carnet_key *key, const struct before *before,
                            struct carnet_entitlement *e, struct carnet_buffer *bytes, struct carnet_digest *id)
{
    const struct ledger_event event = {
        .what = "entitle", .license = e->license, .revision = e->revision, .entitlement = id, .key = &e->issuer};
    struct carnet_diag *diag = cli_diag(cli);
    struct carnet_buffer document = {0};
    int64_t now = 0;
    enum carnet_err err = ledger_begin(h->ledger, diag);

    if (!err)
        err = still_newest(cli, h, before, e->license);
    if (!err) {
        now = carnet_utc_now();
        e->issued = before->entitlement && before->entitlement->issued > now ? before->entitlement->issued : now;
        err = carnet_issue_compose_entitlement(e, &document);
    }
    if (!err)
        err = ledger_key_see(h->ledger, &e->issuer, CARNET_ROLE_ISSUER, now, diag);
    if (!err)
        err = sign_bundle(h, key, CARNET_KIND_ENTITLEMENT, &document, NULL, bytes, id, diag);
    if (!err)
        err = ledger_made_add(h->ledger, e, id, bytes->bytes, bytes->size, now, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, &h->root.id, now, &event, NULL, diag);
    if (!err)
        err = ledger_key_used(h->ledger, &h->root.id, now, diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    carnet_buffer_clear(&document);
    return err;
}

/* What the revision before says already is not said again: the same bytes are given out once more. */
static enum carnet_err say(struct cli *cli, const struct before *before, const struct carnet_entitlement *e,
                           bool *differs)
{
    const struct carnet_entitlement *old = before->entitlement;
    char heading[WORDS_HEADING_SIZE];
    size_t changes = 0;
    enum carnet_err err;

    words_heading(old, e, old ? old->revision + 1 : 1, heading);
    err = words_difference(cli, heading, old, e, false, &changes);
    if (err)
        return err;
    *differs = changes > 0;
    if (changes == 0)
        cli_note(cli, "License %s: nothing differs from revision %lu, whose file is given out again.\n", e->license,
                 (unsigned long)e->revision);
    words_warn_over(cli, e->license, e->not_after);
    return CARNET_OK;
}

/* What the journals say, and with a revision that differs in nothing: may the vendor rely on it? */
static enum carnet_err look_at_journal(struct cli *cli, const struct home *h, const struct before *before,
                                       const struct carnet_entitlement *e, bool differs)
{
    const struct carnet_entitlement *newest = before->entitlement;
    struct taken t;
    char until[CARNET_UTC_SIZE], since[CARNET_UTC_SIZE] = "";
    enum carnet_err err;

    if (cli_values(cli, "journal") == 0)
        return CARNET_OK;
    if (!newest)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A new license is in no journal yet; leave --journal out.");
    err = taken_read(cli, h, e->license, &newest->issuer, &t);
    if (err)
        return err;
    carnet_utc_format(t.at, until);
    if (t.revision > 0)
        carnet_utc_format(t.since, since);
    if (t.revision > 0)
        cli_note(cli,
                 "By the journal up to position %lu (%s), revision %lu was taken on %s; %lu seats are out, %lu held.\n",
                 (unsigned long)t.last, until, (unsigned long)t.revision, since, (unsigned long)t.out,
                 (unsigned long)t.held);
    else
        cli_note(cli, "By the journal up to position %lu (%s), %s was not taken at all.\n", (unsigned long)t.last,
                 until, e->license);
    cli_set(cli, "journal",
            json_pack("{s:I, s:s, s:I, s:I, s:I}", "position", (json_int_t)t.last, "at", until, "revision",
                      (json_int_t)t.revision, "out", (json_int_t)t.out, "held", (json_int_t)t.held));
    if (differs && t.out + t.held > e->seats)
        cli_warn(cli,
                 "%lu seats of %s are out or held, and it will have %lu: rely on fewer only when a later journal "
                 "shows them back.",
                 (unsigned long)t.out + t.held, e->license, (unsigned long)e->seats);
    if (differs)
        return CARNET_OK;
    if (t.revision < newest->revision) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_VOUCHED, "W-9",
                          "The journal does not show that revision %lu of %s was taken.",
                          (unsigned long)newest->revision, e->license);
        return carnet_fail_next(cli_diag(cli),
                                "Grant nothing elsewhere that rests on it; have the administrator import "
                                "it, and ask for a later 'journal export'.");
    }
    if (t.out + t.held > newest->seats) {
        (void)carnet_fail(cli_diag(cli), CARNET_SEATS_IN_USE, "G-5",
                          "%lu seats of %s are out or held, and revision %lu has %lu.", (unsigned long)t.out + t.held,
                          e->license, (unsigned long)newest->revision, (unsigned long)newest->seats);
        return carnet_fail_next(cli_diag(cli),
                                "Grant nothing elsewhere that rests on it before they are back; ask for a "
                                "later 'journal export' then.");
    }
    return CARNET_OK;
}

static enum carnet_err entitle(struct cli *cli, struct home *h, const char *license)
{
    const struct carnet_key *key = NULL;
    struct before before = {0};
    struct carnet_entitlement *e = calloc(1, sizeof *e);
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_ENTITLEMENT), .label = license};
    bool differs = true;
    enum carnet_err err = e ? read_before(cli, h, license, &before) : CARNET_NO_MEMORY;

    if (!err)
        err = settle(cli, h, &before, license, e);
    if (!err)
        err = say(cli, &before, e, &differs);
    if (!err)
        err = look_at_journal(cli, h, &before, e, differs);
    if (err)
        goto out;
    if (differs) {
        e->revision = before.entitlement ? before.entitlement->revision + 1 : 1;
        err = cli_output_check(cli);
    }
    cli_set(cli, "license", json_string(license));
    cli_set(cli, "revision", json_integer((json_int_t)e->revision));
    if (!err && differs && cli_dry_run(cli))
        err = home_signer_look(cli, h, CARNET_ROLE_ROOT);
    if (err || cli_dry_run(cli))
        goto out;
    if (differs)
        err = home_signer(cli, h, CARNET_ROLE_ROOT, &key);
    if (err)
        goto out;
    /* From here on, what is begun is brought to its end; the question for the passphrase could still be left. */
    cli_hold_signals();
    if (differs)
        err = sign(cli, h, key, &before, e, &bytes, &id);
    output.id = differs ? id : before.id;
    output.bytes = differs ? bytes.bytes : before.bytes.bytes;
    output.size = differs ? bytes.size : before.bytes.size;
    if (!err) {
        err = cli_output_write(cli, &output);
        if (err)
            (void)carnet_fail_next(cli_diag(cli),
                                   "Revision %lu is signed and recorded; run the same command again to "
                                   "have its file written.",
                                   (unsigned long)e->revision);
    }
    cli_free_signals();
    if (!err) {
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&output.id, hex);
        cli_set(cli, "entitlement", json_string(hex));
        carnet_digest_hex(&e->issuer, hex);
        cli_set(cli, "issuer", json_string(hex));
        cli_note(cli, "For the administrator whose issuer key is %s: 'carnet-admin import FILE'.\n", hex);
    }
out:
    carnet_reading_free(before.reading);
    carnet_buffer_clear(&before.bytes);
    carnet_buffer_clear(&bytes);
    free(e);
    return err;
}

enum carnet_err admin_entitle(struct cli *cli)
{
    const char *license = cli_value(cli, "license");
    struct home h = {0};
    enum carnet_err err;

    if (!license || !carnet_text_is_id(license))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--license gives the license's id: 1 to 64 letters, digits, '.', '_' or '-'.");
    err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err && !h.has_root) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "This home has no root key: it can't entitle.");
        (void)carnet_fail_next(cli_diag(cli), "Use the home of the vendor, made with 'init --role vendor' or 'both'.");
        err = CARNET_CONFIGURATION;
    }
    if (!err)
        err = entitle(cli, &h, license);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* import: the administrator takes what the vendor entitled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "came_back.h"
#include "common/io.h"
#include "home.h"
#include "rules/dates.h"
#include "words.h"

enum fate { TAKEN, KNOWN, OLDER };
static const char *const fates[] = {[TAKEN] = "taken", [KNOWN] = "known", [OLDER] = "older"};

static enum carnet_err hold_issuer(struct cli *cli, const struct home *h, const struct carnet_entitlement *e)
{
    char named[CARNET_HEX_SIZE], own[CARNET_HEX_SIZE];

    if (carnet_digest_equal(&e->issuer, &h->issuer.id))
        return CARNET_OK;
    carnet_digest_hex(&e->issuer, named);
    carnet_digest_hex(&h->issuer.id, own);
    (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-3",
                      "The entitlement names the issuer key %s, and this home's is %s.", named, own);
    (void)carnet_fail_next(cli_diag(cli), "Send the vendor the PEM of 'carnet-admin key export issuer', or import the "
                                          "file at the administrator it is for.");
    return CARNET_UNTRUSTED_KEY;
}

/* Shows what differs from the revision that the ledger goes by, if it has one. */
static enum carnet_err show_changes(struct cli *cli, struct home *h, const struct ledger_license *known,
                                    const struct carnet_entitlement *e)
{
    const struct carnet_entitlement *before = NULL;
    struct carnet_embed embed;
    char heading[WORDS_HEADING_SIZE];
    size_t changes = 0;
    enum carnet_err err = CARNET_OK;

    if (known)
        err = home_entitlement(h, &known->entitlement, &before, &embed, cli_diag(cli));
    if (err)
        return err;
    words_heading(before, e, e->revision, heading);
    return words_difference(cli, heading, before, e, true, &changes);
}

/* Newer, known, older, or the same revision with other content. */
static enum carnet_err compare(struct cli *cli, struct home *h, const struct ledger_license *known,
                               const struct carnet_entitlement *e, const struct carnet_digest *id, enum fate *fate)
{
    struct carnet_digest same;
    enum carnet_err err = ledger_taken_revision(h->ledger, &e->vendor, e->license, e->revision, &same, cli_diag(cli));

    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (!err && !carnet_digest_equal(&same, id)) {
        err = show_changes(cli, h, known, e);
        return err ? err
                   : carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                                 "Revision %lu of %s is known here with other content.", (unsigned long)e->revision,
                                 e->license);
    }
    if (!err)
        *fate = known && known->revision > e->revision ? OLDER : KNOWN;
    else
        *fate = known && known->revision > e->revision ? OLDER : TAKEN;
    return CARNET_OK;
}

/* Seats that are out were given for the product: the same fingerprint has to give the same license again. */
static enum carnet_err hold_product(struct cli *cli, const struct ledger_license *known,
                                    const struct carnet_entitlement *e)
{
    if (!known || strcmp(known->product, e->product) == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                      "The license %s is for the product %s here, and its revision %lu is for %s; a license keeps its "
                      "product.",
                      known->id, known->product, (unsigned long)e->revision, e->product);
    (void)carnet_fail_next(cli_diag(cli), "Ask the vendor for a license with an id of its own for %s.", e->product);
    return CARNET_REVISION_CONFLICT;
}

static void say_consequences(struct cli *cli, const struct ledger_license *known, const struct carnet_entitlement *e)
{
    words_warn_over(cli, e->license, e->not_after);
    if (!known)
        return;
    if (known->offline && !e->offline_allowed)
        cli_warn(cli,
                 "offline use of %s is no longer allowed: no seat is assigned any more; what is out runs on, and "
                 "'free' and 'convert online' stay possible.",
                 e->license);
    if (known->in_use > e->seats)
        cli_warn(cli, "%lu seats of %s are in use and it has %lu now: nothing is assigned before enough are freed.",
                 (unsigned long)known->in_use, e->license, (unsigned long)e->seats);
    if (known->users > e->seats)
        cli_warn(cli,
                 "%lu users are assigned to %s and it has %lu seats now: no user is added before enough are "
                 "removed.",
                 (unsigned long)known->users, e->license, (unsigned long)e->seats);
}

static enum carnet_err take(struct cli *cli, struct home *h, const struct cli_bundle *bundle,
                            const struct carnet_entitlement *e, int64_t now, enum fate *fate)
{
    const struct carnet_digest *id = carnet_intact_id(carnet_reading_intact(bundle->reading));
    const struct carnet_digest *signer = carnet_signed_signer(carnet_reading_signed(bundle->reading));
    const struct ledger_event event = {
        .what = "import", .license = e->license, .revision = e->revision, .entitlement = id, .key = signer};
    struct carnet_diag unused, *diag = cli_diag(cli);
    struct ledger_license known;
    size_t size = 0;
    const uint8_t *bytes = carnet_reading_bytes(bundle->reading, &size);
    enum carnet_err err = ledger_license_get(h->ledger, &e->vendor, e->license, &known, &unused);
    const bool is_known = !err;

    if (err && err != CARNET_NOT_FOUND)
        return carnet_fail(diag, err, "", "%s", unused.detail);
    err = ledger_key_see(h->ledger, signer, CARNET_ROLE_ROOT, now, diag);
    if (!err)
        err = ledger_key_see(h->ledger, &e->issuer, CARNET_ROLE_ISSUER, now, diag);
    if (!err)
        err = compare(cli, h, is_known ? &known : NULL, e, id, fate);
    if (err || *fate != TAKEN)
        return err;
    err = hold_product(cli, is_known ? &known : NULL, e);
    if (!err)
        err = show_changes(cli, h, is_known ? &known : NULL, e);
    if (!err)
        err = ledger_taken_add(h->ledger, e, id, bytes, size, now, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &e->vendor, &h->issuer.id, now, &event, NULL, diag);
    if (!err)
        say_consequences(cli, is_known ? &known : NULL, e);
    return err;
}

static void say(struct cli *cli, const struct carnet_entitlement *e, enum fate fate)
{
    static const char *const words[] = {[TAKEN] = "taken",
                                        [KNOWN] = "known already; nothing to do",
                                        [OLDER] = "older than what is known here; nothing was changed"};

    cli_data(cli, "%s: revision %lu %s%s\n", e->license, (unsigned long)e->revision,
             fate == TAKEN && cli_dry_run(cli) ? "would be " : "", words[fate]);
}

/* The members of one file, in a line of their own where there are many. */
static void tell(struct cli *cli, const char *file, const struct carnet_entitlement *e, enum fate fate, bool many)
{
    const char *key;
    json_t *value, *line = json_pack("{s:o, s:s, s:I, s:s}", "source", cli_json_text(file), "license", e->license,
                                     "revision", (json_int_t)e->revision, "fate", fates[fate]);

    say(cli, e, fate);
    if (many) {
        (void)json_object_update_new(line, json_pack("{s:s, s:i}", "outcome", carnet_outcome_name(CARNET_OK), "exit",
                                                     carnet_outcome_exit(CARNET_OK)));
        cli_json_line(cli, line);
        return;
    }
    json_object_foreach(line, key, value)
    {
        cli_set(cli, key, json_incref(value));
    }
    json_decref(line);
}

/* ---- what a machine says of its license ---- */

/* It was activated, or given up. The second is only noted: 'free' ends the grant, and signs. */
struct saying {
    enum carnet_kind_id kind;
    const struct carnet_sequence *sequence;
    const struct carnet_journal_position *journal;
    uint32_t serial;
    const struct carnet_activation *activation; /* NULL for a release */
};

static struct saying saying_of(const struct carnet_document *d)
{
    const struct carnet_activation *a = carnet_document_activation(d);
    const struct carnet_release *r = carnet_document_release(d);

    return a ? (struct saying){CARNET_KIND_ACTIVATION, &a->sequence, &a->journal, a->grant.serial, a}
             : (struct saying){CARNET_KIND_RELEASE, &r->sequence, &r->journal, r->grant.serial, NULL};
}

/* Marks the seat, once for each bundle. */
static enum carnet_err take_saying(struct cli *cli, struct home *h, const struct carnet_judged *judged,
                                   const struct saying *s, int64_t now, struct came_back *c, bool *known)
{
    enum carnet_err err = carnet_dates_check(judged, now, cli_diag(cli));

    if (!err)
        err = came_back_find(h, judged, c, cli_diag(cli));
    if (!err)
        err = came_back_remember(cli, h, c, s->kind, s->sequence, s->journal, now, known);
    if (err || *known || c->grant.ended != LEDGER_LIVES)
        return err;
    const struct ledger_event event = {.what = s->activation ? "activated" : "declared",
                                       .license = c->license.id,
                                       .seat = c->grant.seat,
                                       .serial = s->serial,
                                       .grant = &c->grant.fingerprint,
                                       .machine = &c->grant.machine_key,
                                       .release = s->activation ? NULL : &c->id,
                                       .bundle = s->activation ? &c->id : NULL};
    err = s->activation ? ledger_grant_activated(h->ledger, &c->grant, now, cli_diag(cli))
                        : ledger_grant_declared(h->ledger, &c->grant, now, cli_diag(cli));
    return err ? err : ledger_event_add(h->ledger, &c->license.vendor, &h->issuer.id, now, &event, NULL, cli_diag(cli));
}

static void say_changed(struct cli *cli, const struct carnet_activation *a)
{
    unsigned changed = 0;

    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        changed += a->match[i] == CARNET_FACT_CHANGED || a->match[i] == CARNET_FACT_IS_MISSING;
    if (changed > 0)
        cli_note(cli, "%u of the facts in its license are no longer as they were.\n", changed);
}

static const char *saying_words(const struct cli *cli, const struct saying *s, bool known, bool ended)
{
    if (known)
        return s->activation ? "was known to be activated; nothing to do" : "was known to be released; nothing to do";
    if (ended)
        return s->activation ? "was activated, but its grant has ended" : "was released, and its grant has ended";
    if (cli_dry_run(cli))
        return s->activation ? "would be marked as activated" : "would be marked as declared released";
    return s->activation ? "is activated" : "is declared released; 'carnet-admin free' with the same file frees it";
}

static void tell_saying(struct cli *cli, const char *file, const struct came_back *c, const struct saying *s,
                        bool known, bool many)
{
    const bool ended = c->grant.ended != LEDGER_LIVES;
    const char *fate = known ? "known" : ended ? "ended" : s->activation ? "activated" : "declared", *key;
    json_t *value,
        *line = json_pack("{s:o, s:s, s:I, s:I, s:s}", "source", cli_json_text(file), "license", c->license.id, "seat",
                          (json_int_t)c->grant.seat, "serial", (json_int_t)s->serial, "fate", fate);

    cli_data(cli, "%s: seat %lu, serial %lu %s\n", c->license.id, (unsigned long)c->grant.seat,
             (unsigned long)s->serial, saying_words(cli, s, known, ended));
    if (s->activation && !known)
        say_changed(cli, s->activation);
    if (many) {
        (void)json_object_update_new(line, json_pack("{s:s, s:i}", "outcome", carnet_outcome_name(CARNET_OK), "exit",
                                                     carnet_outcome_exit(CARNET_OK)));
        cli_json_line(cli, line);
        return;
    }
    json_object_foreach(line, key, value)
    {
        cli_set(cli, key, json_incref(value));
    }
    json_decref(line);
}

static enum carnet_err import_saying(struct cli *cli, struct home *h, const char *file, const struct cli_bundle *bundle,
                                     bool many)
{
    const struct carnet_judged *judged = carnet_reading_judged(bundle->reading);
    const struct saying s = saying_of(carnet_judged_document(judged));
    struct came_back c = {0};
    bool known = false;
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));
    const int64_t now = carnet_utc_now();

    if (!err)
        err = take_saying(cli, h, judged, &s, now, &c, &known);
    if (err == CARNET_FORKED)
        err = came_back_refuse(cli, h, &c, judged, now);
    else if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    if (!err)
        tell_saying(cli, file, &c, &s, known, many);
    return err;
}

/* The time is taken when nobody else can write any more: reading the file may have taken long. */
static enum carnet_err take_now(struct cli *cli, struct home *h, const struct cli_bundle *bundle,
                                const struct carnet_entitlement *e, enum fate *fate)
{
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));
    const int64_t now = carnet_utc_now();

    if (!err)
        err = carnet_dates_check(carnet_reading_judged(bundle->reading), now, cli_diag(cli));
    if (!err)
        err = take(cli, h, bundle, e, now, fate);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err import_one(struct cli *cli, struct home *h, const char *file, bool many)
{
    struct carnet_read_options options =
        home_reading(h, CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT) | CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) |
                            CARNET_KIND_BIT(CARNET_KIND_RELEASE));
    const struct carnet_entitlement *e = NULL;
    struct cli_bundle bundle = {0};
    enum fate fate = TAKEN;
    enum carnet_err err = cli_bundle_read(cli, file, &options, &bundle);

    if (!err)
        e = carnet_document_entitlement(carnet_reading_document(bundle.reading));
    if (!err && !e) {
        err = import_saying(cli, h, file, &bundle, many);
    } else if (!err) {
        err = hold_issuer(cli, h, e);
        if (!err)
            err = take_now(cli, h, &bundle, e, &fate);
        if (!err)
            tell(cli, file, e, fate, many);
    }
    if (err)
        cli_place(cli, file);
    cli_bundle_clear(&bundle);
    return err;
}

/* Of many, each is told; the worst is the outcome, or that some were done. */
static enum carnet_err import_many(struct cli *cli, struct home *h)
{
    const size_t count = cli_count(cli);
    enum carnet_err worst = CARNET_OK;
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        enum carnet_err err = import_one(cli, h, cli_argument(cli, i), true);
        if (!err)
            continue;
        failed++;
        cli_refuse_one(cli, cli_argument(cli, i), err, cli_diag(cli), NULL);
        if (carnet_outcome_exit(err) > carnet_outcome_exit(worst))
            worst = err;
    }
    if (failed == 0)
        return CARNET_OK;
    cli_place(cli, NULL);
    cli_set(cli, "done", json_integer((json_int_t)(count - failed)));
    cli_set(cli, "failed", json_integer((json_int_t)failed));
    if (failed < count) {
        worst = CARNET_PARTLY_DONE;
        (void)carnet_fail(cli_diag(cli), worst, "", "%zu of %zu files were taken.", count - failed, count);
    } else {
        (void)carnet_fail(cli_diag(cli), worst, "", "None of the %zu files was taken.", failed);
    }
    (void)carnet_fail_next(cli_diag(cli), "Do what is said with each file that was refused.");
    return worst;
}

enum carnet_err admin_import(struct cli *cli)
{
    struct home h = {0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_holds_seats(cli, &h);
    if (!err)
        err = cli_count(cli) == 1 ? import_one(cli, &h, cli_argument(cli, 0), false) : import_many(cli, &h);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* import: the administrator takes what the vendor entitled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "receive.h"
#include "trust_take.h"

static const char *const fates[] = {[RECEIVE_TAKEN] = "taken", [RECEIVE_KNOWN] = "known", [RECEIVE_OLDER] = "older"};

static void say(struct cli *cli, const struct carnet_entitlement *e, enum receive_fate fate)
{
    static const char *const words[] = {[RECEIVE_TAKEN] = "taken",
                                        [RECEIVE_KNOWN] = "known already; nothing to do",
                                        [RECEIVE_OLDER] = "older than what is known here; nothing was changed"};

    cli_data(cli, "%s: revision %lu %s%s\n", e->license, (unsigned long)e->revision,
             fate == RECEIVE_TAKEN && cli_dry_run(cli) ? "would be " : "", words[fate]);
}

/* The members of one file, in a line of their own where there are many. */
static void tell_members(struct cli *cli, json_t *line, bool many)
{
    const char *key;
    json_t *value;

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

static void tell(struct cli *cli, const char *file, const struct carnet_entitlement *e, enum receive_fate fate,
                 bool many)
{
    json_t *line = json_pack("{s:o, s:s, s:I, s:s}", "source", cli_json_text(file), "license", e->license, "revision",
                             (json_int_t)e->revision, "fate", fates[fate]);

    say(cli, e, fate);
    tell_members(cli, line, many);
}

/* ---- what a machine says of its license ---- */

static void say_changed(struct cli *cli, const struct carnet_activation *a)
{
    unsigned changed = 0;

    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        changed += a->match[i] == CARNET_FACT_CHANGED || a->match[i] == CARNET_FACT_IS_MISSING;
    if (changed > 0)
        cli_note(cli, "%u of the facts in its license are no longer as they were.\n", changed);
}

static const char *saying_words(const struct cli *cli, const struct receive_saying *s, bool known, bool ended)
{
    if (known)
        return s->activation ? "was known to be activated; nothing to do" : "was known to be released; nothing to do";
    if (ended)
        return s->activation ? "was activated, but its grant has ended" : "was released, and its grant has ended";
    if (cli_dry_run(cli))
        return s->activation ? "would be marked as activated" : "would be marked as declared released";
    return s->activation ? "is activated" : "is declared released; 'carnet-admin free' with the same file frees it";
}

static void tell_saying(struct cli *cli, const char *file, const struct came_back *c, const struct receive_saying *s,
                        bool known, bool many)
{
    const bool ended = c->grant.ended != LEDGER_LIVES;
    const char *fate = known ? "known" : ended ? "ended" : s->activation ? "activated" : "declared";
    json_t *line = json_pack("{s:o, s:s, s:I, s:I, s:s}", "source", cli_json_text(file), "license", c->license.id,
                             "seat", (json_int_t)c->grant.seat, "serial", (json_int_t)s->serial, "fate", fate);

    cli_data(cli, "%s: seat %lu, serial %lu %s\n", c->license.id, (unsigned long)c->grant.seat,
             (unsigned long)s->serial, saying_words(cli, s, known, ended));
    if (s->activation && !known)
        say_changed(cli, s->activation);
    tell_members(cli, line, many);
}

static enum carnet_err import_saying(struct cli *cli, struct home *h, const char *file, const struct cli_bundle *bundle,
                                     bool many)
{
    const struct carnet_judged *judged = carnet_reading_judged(bundle->reading);
    const struct receive_saying s = receive_saying_of(carnet_judged_document(judged));
    struct came_back c = {0};
    bool known = false;
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));
    const int64_t now = carnet_utc_now();

    if (!err)
        err = receive_saying(cli, h, judged, &s, now, &c, &known);
    if (err == CARNET_FORKED)
        err = came_back_refuse(cli, h, &c, judged, now);
    else if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    if (!err)
        tell_saying(cli, file, &c, &s, known, many);
    return err;
}

static enum carnet_err import_trust(struct cli *cli, struct home *h, const char *file, const struct cli_bundle *bundle,
                                    bool many)
{
    const struct carnet_trust *t = carnet_document_trust(carnet_reading_document(bundle->reading));
    char version[32];
    bool same = false;
    enum carnet_err err = trust_take(cli, h, bundle->reading, NULL, &same);

    if (err)
        return err;
    (void)snprintf(version, sizeof version, "%u.%u", t->generation, t->number);
    trust_take_tell(cli, h, t, same);
    tell_members(cli,
                 json_pack("{s:o, s:s, s:s}", "source", cli_json_text(file), "version", version, "fate",
                           fates[same ? RECEIVE_KNOWN : RECEIVE_TAKEN]),
                 many);
    return CARNET_OK;
}

/* The time is taken when nobody else can write any more: reading the file may have taken long. */
static enum carnet_err take_now(struct cli *cli, struct home *h, const struct cli_bundle *bundle,
                                enum receive_fate *fate)
{
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));
    const int64_t now = carnet_utc_now();

    if (!err)
        err = receive_entitlement(cli, h, bundle->reading, now, true, fate);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err import_one(struct cli *cli, struct home *h, const char *file, bool many)
{
    struct carnet_read_options options =
        home_reading(h, CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT) | CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) |
                            CARNET_KIND_BIT(CARNET_KIND_RELEASE) | CARNET_KIND_BIT(CARNET_KIND_TRUST));
    const struct carnet_entitlement *e = NULL;
    struct cli_bundle bundle = {0};
    enum receive_fate fate = RECEIVE_TAKEN;
    enum carnet_err err = cli_bundle_read(cli, file, &options, &bundle);

    if (!err)
        e = carnet_document_entitlement(carnet_reading_document(bundle.reading));
    if (!err && carnet_document_trust(carnet_reading_document(bundle.reading))) {
        err = import_trust(cli, h, file, &bundle, many);
    } else if (!err && !e) {
        err = import_saying(cli, h, file, &bundle, many);
    } else if (!err) {
        err = receive_hold_issuer(cli, h, e);
        if (!err)
            err = take_now(cli, h, &bundle, &fate);
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

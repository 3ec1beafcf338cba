/* SPDX-License-Identifier: MIT */
/* journal export: signed segments of the journal, one after the other, or a table for a spreadsheet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "home.h"
#include "ledger/audit.h"
#include "sign.h"

const struct cli_option admin_journal_export_options[] = {
    {"since", 0, "POSITION", false, "begin with that position (1)"},
    {"csv", 0, NULL, false, "a table of comma-separated values on standard output, unsigned"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

struct exporting {
    struct cli *cli;
    struct home *h;
    const struct carnet_key *key;
    struct carnet_embed embed;
    struct carnet_buffer lines;
    struct carnet_journal segment; /* being filled; `lines` is set when it is whole */
    json_t *segments;
    uint32_t events, files, chains, vouched;
};

/* ---- segments ---- */

static enum carnet_err write_segment(struct exporting *x, struct carnet_diag *diag)
{
    struct carnet_journal *j = &x->segment;
    struct carnet_buffer document = {0}, bytes = {0};
    char label[40];
    struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_JOURNAL), .label = label};
    enum carnet_err err;

    j->lines = (char *)x->lines.bytes;
    j->last = j->first + j->count - 1;
    (void)snprintf(label, sizeof label, "%lu-%lu", (unsigned long)j->first, (unsigned long)j->last);
    err = carnet_issue_compose_journal(j, &document);
    if (!err)
        err = sign_bundle(x->h, x->key, CARNET_KIND_JOURNAL, &document, &x->embed, &bytes, &output.id, diag);
    if (!err) {
        output.bytes = bytes.bytes;
        output.size = bytes.size;
        output.told = json_pack("{s:I, s:I}", "first", (json_int_t)j->first, "last", (json_int_t)j->last);
        err = output.told ? cli_output_write(x->cli, &output) : CARNET_NO_MEMORY;
        (void)json_array_append_new(x->segments, output.told);
    }
    if (!err)
        x->files++;
    carnet_buffer_clear(&document);
    carnet_buffer_clear(&bytes);
    carnet_buffer_clear(&x->lines);
    j->previous = j->digest;
    j->first = j->last + 1;
    j->count = 0;
    return err;
}

static enum carnet_err add_event(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct exporting *x = context;
    struct carnet_journal *j = &x->segment;
    enum carnet_err err = carnet_buffer_printf(&x->lines, "%s\n", entry->line);

    j->digest = entry->digest;
    j->at = entry->event.at;
    j->count++;
    x->events++;
    if (!err && j->count == CARNET_EVENTS_MOST)
        err = write_segment(x, diag);
    return err;
}

struct position {
    uint32_t position;
    struct carnet_digest digest;
};

/* Stops at the event of that position, whose digest is taken. */
static enum carnet_err find_position(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct position *p = context;

    (void)diag;
    if (entry->event.position == p->position)
        p->digest = entry->digest;
    return entry->event.position == p->position ? CARNET_EXISTS : CARNET_OK;
}

/* The link before the first event that is exported. */
static enum carnet_err previous(struct exporting *x, const struct ledger_chain *chain, uint32_t since,
                                struct carnet_digest *out)
{
    struct position p = {.position = since - 1};
    enum carnet_err err;

    if (since == 1) {
        carnet_event_origin(&chain->vendor, &chain->signer, out);
        return CARNET_OK;
    }
    err = ledger_events(x->h->ledger, chain, since - 2, find_position, &p, cli_diag(x->cli));
    if (err == CARNET_EXISTS) {
        *out = p.digest;
        return CARNET_OK;
    }
    return err ? err : CARNET_LEDGER_DAMAGED;
}

static enum carnet_err refuse_unentitled(struct cli *cli)
{
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "",
                      "No entitlement here names this home's issuer key, so nothing would vouch for the journal.");
    (void)carnet_fail_next(cli_diag(cli), "Import the vendor's entitlement first, or use --csv.");
    return CARNET_NOT_FOUND;
}

/* The newest entitlement that names the key; of one that was replaced no license's newest does. */
static enum carnet_err find_vouching(struct exporting *x, const struct ledger_chain *chain,
                                     const struct carnet_entitlement **e)
{
    struct carnet_digest id, *list = NULL;
    size_t count = 0;
    bool found = false;
    enum carnet_err err = ledger_taken_for_issuer(x->h->ledger, &chain->vendor, &chain->signer, &id, cli_diag(x->cli));

    if (err != CARNET_NOT_FOUND)
        return err ? err : home_entitlement(x->h, &id, e, &x->embed, cli_diag(x->cli));
    err = ledger_taken_of(x->h->ledger, &chain->vendor, &list, &count, cli_diag(x->cli));
    for (size_t i = 0; !err && !found && i < count; i++) {
        err = home_entitlement(x->h, &list[i], e, &x->embed, cli_diag(x->cli));
        found = !err && carnet_digest_equal(&(*e)->issuer, &chain->signer);
    }
    free(list);
    return err || found ? err : CARNET_NOT_FOUND;
}

static enum carnet_err prepare(struct exporting *x, const struct ledger_chain *chain, uint32_t since)
{
    const struct carnet_entitlement *e = NULL;
    enum carnet_err err = find_vouching(x, chain, &e);

    if (err)
        return err;
    memset(&x->segment, 0, sizeof x->segment);
    x->segment.vendor = chain->vendor;
    x->segment.signer = chain->signer;
    x->segment.entitlement = x->embed.id;
    x->segment.revision = e->revision;
    x->segment.first = since;
    return previous(x, chain, since, &x->segment.previous);
}

/* When the key was used last. No event says so: the journal that is exported would never be the whole one. */
static void note_use(const struct exporting *x, const struct carnet_digest *key)
{
    struct carnet_diag unused;

    if (!ledger_begin(x->h->ledger, &unused) && !ledger_key_used(x->h->ledger, key, carnet_utc_now(), &unused))
        (void)!ledger_commit(x->h->ledger, &unused);
    ledger_rollback(x->h->ledger);
}

static enum carnet_err export_chain(struct exporting *x, const struct ledger_chain *chain, uint32_t since)
{
    const uint32_t events = chain->head.position < since ? 0 : chain->head.position - since + 1;
    const uint32_t files = (events + CARNET_EVENTS_MOST - 1) / CARNET_EVENTS_MOST;
    const struct ledger_key *key = home_own(x->h, &chain->signer);
    enum carnet_err err = events > 0 ? prepare(x, chain, since) : CARNET_OK;

    /* A key that follows another has a chain before an entitlement names it; it waits for that. */
    if (err == CARNET_NOT_FOUND)
        return CARNET_OK;
    x->vouched++;
    if (err || events == 0)
        return err;
    if (files > 1 && (cli_value(x->cli, "output") || cli_flag(x->cli, "text")))
        return carnet_fail(cli_diag(x->cli), CARNET_USAGE, "",
                           "%lu events take %lu files: name a folder with --to, or a later position with --since.",
                           (unsigned long)events, (unsigned long)files);
    if (cli_dry_run(x->cli)) {
        cli_note(x->cli, "Would write %lu events in %lu file%s.\n", (unsigned long)events, (unsigned long)files,
                 files == 1 ? "" : "s");
        return home_key_look(x->cli, x->h, key);
    }
    err = home_open_own(x->cli, x->h, key, &x->key);
    if (!err)
        err = ledger_events(x->h->ledger, chain, since - 1, add_event, x, cli_diag(x->cli));
    if (!err && x->segment.count > 0)
        err = write_segment(x, cli_diag(x->cli));
    if (!err)
        note_use(x, &chain->signer);
    return err;
}

/* ---- the table ---- */

static void cell(struct cli *cli, const struct carnet_digest *d)
{
    char hex[CARNET_HEX_SIZE] = "";

    if (!carnet_digest_is_zero(d))
        carnet_digest_hex(d, hex);
    cli_data(cli, ",%s", hex);
}

static void number(struct cli *cli, uint32_t n)
{
    if (n > 0)
        cli_data(cli, ",%lu", (unsigned long)n);
    else
        cli_data(cli, ",");
}

/* No value of a line holds a comma, a quote or a line end (W-3), so none is quoted. */
static enum carnet_err add_row(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct exporting *x = context;
    const struct carnet_event *e = &entry->event;
    char at[CARNET_UTC_SIZE], until[CARNET_UTC_SIZE] = "";

    (void)diag;
    carnet_utc_format(e->at, at);
    if (e->until != CARNET_EVENT_NO_TIME)
        carnet_utc_format(e->until, until);
    cli_data(x->cli, "%lu,%s,%lu,%s", (unsigned long)e->position, at, (unsigned long)e->epoch, e->what);
    cell(x->cli, &e->by);
    cli_data(x->cli, ",%s", e->license);
    number(x->cli, e->revision);
    number(x->cli, e->seat);
    number(x->cli, e->serial);
    cli_data(x->cli, ",%s", until);
    cell(x->cli, &e->grant);
    cell(x->cli, &e->entitlement);
    cell(x->cli, &e->machine);
    cell(x->cli, &e->key);
    cell(x->cli, &e->release);
    cell(x->cli, &e->bundle);
    cell(x->cli, &e->name);
    cli_data(x->cli, ",%s", e->note);
    cell(x->cli, &entry->chain->vendor);
    cell(x->cli, &entry->digest);
    cli_data(x->cli, "\n");
    x->events++;
    return CARNET_OK;
}

static enum carnet_err run(struct exporting *x, const struct ledger_chain *chains, size_t count, uint32_t since)
{
    const char *vendor = cli_value(x->cli, "vendor");
    const bool csv = cli_flag(x->cli, "csv");
    struct carnet_digest whose;
    enum carnet_err err = vendor ? ledger_vendor_find(x->h->ledger, vendor, &whose, cli_diag(x->cli)) : CARNET_OK;

    if (!err && csv)
        cli_data(x->cli, "position,time,epoch,what,by,license,revision,seat,serial,until,grant,entitlement,machine,"
                         "key,release,bundle,name,note,vendor,digest\n");
    for (size_t i = 0; !err && i < count; i++) {
        const struct ledger_key *key = home_own(x->h, &chains[i].signer);
        if (!key || key->role != CARNET_ROLE_ISSUER || (vendor && !carnet_digest_equal(&chains[i].vendor, &whose)))
            continue;
        /* What a revoked key signs counts nowhere; the table has its events. */
        if (key->state == LEDGER_KEY_REVOKED && !csv) {
            cli_warn(x->cli, "the events under the issuer key %s.key, which is revoked, are not exported.", key->file);
            continue;
        }
        x->chains++;
        err = csv ? ledger_events(x->h->ledger, &chains[i], since - 1, add_row, x, cli_diag(x->cli))
                  : export_chain(x, &chains[i], since);
    }
    if (!err && (csv ? x->chains : x->vouched) == 0)
        err = refuse_unentitled(x->cli);
    return err;
}

static void say_files(const struct exporting *x)
{
    char since[32] = "";

    /* Each vendor's chain has positions of its own. */
    if (x->chains == 1)
        (void)snprintf(since, sizeof since, " %lu", (unsigned long)x->segment.first);
    cli_note(x->cli, "%lu event%s in %lu file%s; the next export goes on with --since%s.\n", (unsigned long)x->events,
             x->events == 1 ? "" : "s", (unsigned long)x->files, x->files == 1 ? "" : "s", since);
}

/* The table is for standard output alone. */
static enum carnet_err check_csv(struct cli *cli)
{
    if (!cli_flag(cli, "csv"))
        return CARNET_OK;
    if (cli_json(cli))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--csv and --json do not go together.");
    if (!cli_value(cli, "output") && !cli_value(cli, "to") && !cli_flag(cli, "text"))
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--csv prints its table on standard output.");
    return carnet_fail_next(cli_diag(cli), "Give it the name of a file with '>FILE'.");
}

enum carnet_err admin_journal_export(struct cli *cli)
{
    struct home h = {0};
    struct exporting x = {.cli = cli, .h = &h, .segments = json_array()};
    struct ledger_chain *chains = NULL;
    size_t count = 0;
    uint32_t since = 1;
    enum carnet_err err = cli_number(cli, "since", 1, CARNET_COUNT_MOST, 1, &since);

    if (!err)
        err = check_csv(cli);
    if (!err)
        err = home_open(cli, &h);
    if (!err && !h.has_issuer) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                          "This home has no issuer key: it has no journal to "
                          "sign.");
        (void)carnet_fail_next(cli_diag(cli), "Use the home of the administrator.");
        err = CARNET_CONFIGURATION;
    }
    if (!err && !cli_flag(cli, "csv"))
        err = cli_output_check(cli);
    if (!err)
        err = ledger_chains(h.ledger, &chains, &count, cli_diag(cli));
    if (!err)
        err = run(&x, chains, count, since);
    if (!err) {
        cli_set(cli, "events", json_integer((json_int_t)x.events));
        cli_set(cli, "segments", json_incref(x.segments));
        if (x.files > 0)
            say_files(&x);
    }
    json_decref(x.segments);
    carnet_buffer_clear(&x.lines);
    free(chains);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* journal show: what was done, when, and by whom, as long as names are not erased. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin.h"
#include "home.h"
#include "ledger/audit.h"
#include "words.h"

const struct cli_option admin_journal_show_options[] = {
    {"license", 0, "ID", false, "events of that license alone"},
    {"seat", 0, "N", false, "events of that seat alone"},
    {"machine", 0, "WHICH", false, "events of that machine alone: its label, or what its key id begins with"},
    {"since", 0, "TIME", false, "not before TIME (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)"},
    {"until", 0, "TIME", false, "not after TIME"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

#define KEY_BEGINNING_LEAST 4u

struct filter {
    const char *license, *machine;
    uint32_t seat;
    int64_t since, until;
    bool has_vendor;
    struct carnet_digest vendor;
};

struct showing {
    struct cli *cli;
    struct home *h;
    struct filter filter;
    bool many_chains;
    /* Grants of the machine that is asked for: later events name the grant, and not the machine. */
    struct carnet_digest *grants;
    size_t grant_count;
    size_t shown;
};

static enum carnet_err take_time(struct cli *cli, const char *option, bool first, int64_t absent, int64_t *out)
{
    const char *given = cli_value(cli, option);

    *out = absent;
    if (!given)
        return CARNET_OK;
    if (carnet_utc_parse_date(given, out) || *out == CARNET_NEVER)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--%s takes a real date, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.", option);
    /* A day alone is read as its last second. */
    if (first && strchr(given, 'T') == NULL)
        *out -= CARNET_DAY - 1;
    return CARNET_OK;
}

static enum carnet_err take_filter(struct cli *cli, struct home *h, struct filter *f)
{
    const char *vendor = cli_value(cli, "vendor");
    enum carnet_err err = cli_number(cli, "seat", 1, CARNET_SEATS_MOST, 0, &f->seat);

    f->license = cli_value(cli, "license");
    f->machine = cli_value(cli, "machine");
    if (!err)
        err = take_time(cli, "since", true, INT64_MIN, &f->since);
    if (!err)
        err = take_time(cli, "until", false, CARNET_NEVER, &f->until);
    if (!err && vendor) {
        f->has_vendor = true;
        err = ledger_vendor_find(h->ledger, vendor, &f->vendor, cli_diag(cli));
    }
    return err;
}

/* Is it about the machine that is asked for? Remembers its grant. */
static enum carnet_err of_machine(struct showing *s, const struct carnet_event *e, const char *name, bool *out)
{
    const char *machine = s->filter.machine;
    char hex[CARNET_HEX_SIZE] = "";
    bool known = false;

    for (size_t i = 0; i < s->grant_count && !known; i++)
        known = carnet_digest_equal(&s->grants[i], &e->grant);
    if (!carnet_digest_is_zero(&e->machine))
        carnet_digest_hex(&e->machine, hex);
    *out = known || (strlen(machine) >= KEY_BEGINNING_LEAST && strncasecmp(hex, machine, strlen(machine)) == 0) ||
           (*name && !carnet_digest_is_zero(&e->machine) && strcasecmp(name, machine) == 0);
    if (!*out || known || carnet_digest_is_zero(&e->grant))
        return CARNET_OK;
    struct carnet_digest *grown = reallocarray(s->grants, s->grant_count + 1, sizeof *grown);
    if (!grown)
        return CARNET_NO_MEMORY;
    s->grants = grown;
    s->grants[s->grant_count++] = e->grant;
    return CARNET_OK;
}

static void add_digest(json_t *object, const char *member, const struct carnet_digest *d)
{
    char hex[CARNET_HEX_SIZE];

    if (carnet_digest_is_zero(d))
        return;
    carnet_digest_hex(d, hex);
    (void)json_object_set_new(object, member, json_string(hex));
}

static void add_number(json_t *object, const char *member, uint32_t n)
{
    if (n > 0)
        (void)json_object_set_new(object, member, json_integer((json_int_t)n));
}

static void tell_json(struct showing *s, const struct ledger_entry *entry, const char *by, const char *name)
{
    const struct carnet_event *e = &entry->event;
    char time[CARNET_UTC_SIZE], until[CARNET_UTC_SIZE];
    json_t *object;

    carnet_utc_format(e->at, time);
    object = json_pack("{s:I, s:s, s:I, s:s}", "position", (json_int_t)e->position, "at", time, "epoch",
                       (json_int_t)e->epoch, "what", e->what);
    add_digest(object, "vendor", &entry->chain->vendor);
    add_digest(object, "signer", &entry->chain->signer);
    add_digest(object, "digest", &entry->digest);
    if (*by)
        (void)json_object_set_new(object, "by", cli_json_text(by));
    if (*e->license)
        (void)json_object_set_new(object, "license", json_string(e->license));
    add_number(object, "revision", e->revision);
    add_number(object, "seat", e->seat);
    add_number(object, "serial", e->serial);
    if (e->until != CARNET_EVENT_NO_TIME) {
        carnet_utc_format(e->until, until);
        (void)json_object_set_new(object, "until", json_string(until));
    }
    add_digest(object, "grant", &e->grant);
    add_digest(object, "entitlement", &e->entitlement);
    add_digest(object, "machine", &e->machine);
    add_digest(object, "key", &e->key);
    add_digest(object, "release", &e->release);
    add_digest(object, "bundle", &e->bundle);
    if (*name)
        (void)json_object_set_new(object, "name", cli_json_text(name));
    if (*e->note)
        (void)json_object_set_new(object, "note", json_string(e->note));
    cli_json_line(s->cli, object);
}

static void tell_text(struct showing *s, const struct ledger_entry *entry, const char *by, const char *name)
{
    const struct carnet_event *e = &entry->event;
    char time[CARNET_UTC_SIZE], until[CARNET_UTC_SIZE], shown[CARNET_TEXT_SIZE], hex[CARNET_HEX_SIZE];

    carnet_utc_format(e->at, time);
    if (s->many_chains) {
        carnet_digest_hex(&entry->chain->vendor, hex);
        cli_data(s->cli, "%.8s  ", hex);
    }
    cli_data(s->cli, "%6lu  %s  %s%-12s%s", (unsigned long)e->position, time, cli_style(s->cli, "bold"), e->what,
             cli_style(s->cli, "off"));
    if (*e->license)
        cli_data(s->cli, "  %s", e->license);
    if (e->revision > 0)
        cli_data(s->cli, " revision %lu", (unsigned long)e->revision);
    if (e->seat > 0)
        cli_data(s->cli, " seat %lu", (unsigned long)e->seat);
    if (e->serial > 1)
        cli_data(s->cli, " serial %lu", (unsigned long)e->serial);
    if (e->until != CARNET_EVENT_NO_TIME) {
        carnet_utc_format(e->until, until);
        cli_data(s->cli, " held until %s", until);
    }
    if (*name)
        cli_data(s->cli, "  \"%s\"", carnet_text_escape(name, strlen(name), shown, sizeof shown));
    else if (!carnet_digest_is_zero(&e->name))
        cli_data(s->cli, "  (name erased)");
    if (*e->note)
        cli_data(s->cli, "  %s", e->note);
    if (*by)
        cli_data(s->cli, "  by %s", carnet_text_escape(by, strlen(by), shown, sizeof shown));
    cli_data(s->cli, "\n");
}

static enum carnet_err show_one(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    struct showing *s = context;
    const struct filter *f = &s->filter;
    const struct carnet_event *e = &entry->event;
    char by[CARNET_TEXT_SIZE], name[CARNET_TEXT_SIZE];
    bool wanted = true;
    enum carnet_err err = ledger_name(s->h->ledger, &e->by, by, diag);

    if (!err)
        err = ledger_name(s->h->ledger, &e->name, name, diag);
    if (!err && f->machine)
        err = of_machine(s, e, name, &wanted);
    if (err || !wanted || (f->license && strcmp(f->license, e->license) != 0) || (f->seat > 0 && f->seat != e->seat) ||
        e->at < f->since || e->at > f->until)
        return err;
    s->shown++;
    if (cli_json(s->cli))
        tell_json(s, entry, by, name);
    else
        tell_text(s, entry, by, name);
    return CARNET_OK;
}

enum carnet_err admin_journal_show(struct cli *cli)
{
    struct home h = {0};
    struct showing s = {.cli = cli, .h = &h};
    struct ledger_chain *chains = NULL;
    size_t count = 0;
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = take_filter(cli, &h, &s.filter);
    if (!err)
        err = ledger_chains(h.ledger, &chains, &count, cli_diag(cli));
    s.many_chains = count > 1;
    for (size_t i = 0; !err && i < count; i++) {
        if (!s.filter.has_vendor || carnet_digest_equal(&chains[i].vendor, &s.filter.vendor))
            err = ledger_events(h.ledger, &chains[i], 0, show_one, &s, cli_diag(cli));
    }
    if (!err && s.shown == 0)
        cli_note(cli, "No event is as asked for.\n");
    if (!err)
        cli_set(cli, "events", json_integer((json_int_t)s.shown));
    free(s.grants);
    free(chains);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* convert: online to offline and back (the rules of the license, 2 and 6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "holds.h"
#include "home.h"
#include "words.h"

#define NAMED_MOST 8

/* Appends another name to a list in words. */
static void name_one(char *list, size_t room, const char *name)
{
    char shown[120];
    const size_t used = strlen(list);

    (void)carnet_text_escape(name, strlen(name), shown, sizeof shown);
    (void)snprintf(list + used, room - used, "%s%s", used ? ", " : "", shown);
}

static enum carnet_err refuse_users(struct cli *cli, struct home *h, const struct ledger_license *license)
{
    struct ledger_user *list = NULL;
    size_t count = 0;
    char names[300] = "";
    enum carnet_err err = ledger_users(h->ledger, license->number, &list, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count && i < NAMED_MOST; i++)
        name_one(names, sizeof names, list[i].name);
    free(list);
    if (err)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_USERS_ASSIGNED, "", "%lu user%s still assigned to %s: %s%s.",
                      (unsigned long)license->users, license->users == 1 ? " is" : "s are", license->id, names,
                      count > NAMED_MOST ? ", and more" : "");
    (void)carnet_fail_next(cli_diag(cli),
                           "Remove them with 'carnet-admin user remove %s --all', or one by one; then "
                           "convert.",
                           license->id);
    return CARNET_USERS_ASSIGNED;
}

/* `until`: held till then, or LEDGER_LIVES for a seat that is out. */
static void name_seat(char *names, size_t room, const struct ledger_grant *g, int64_t until)
{
    char seat[CARNET_TEXT_SIZE + 2 * HOLDS_WORDS_SIZE], key[CARNET_HEX_SIZE], words[HOLDS_WORDS_SIZE] = "";

    carnet_digest_hex(&g->machine_key, key);
    if (until != LEDGER_LIVES)
        holds_words(until, words);
    (void)snprintf(seat, sizeof seat, "seat %lu (%.*s%s%s)", (unsigned long)g->seat, *g->label ? 60 : 8,
                   *g->label ? g->label : key, *words ? ", held " : "", words);
    name_one(names, room, seat);
}

/* The seats in the way, the first of them by name: those out on machines, then those held for lost ones. */
static enum carnet_err name_seats(struct cli *cli, struct home *h, const struct ledger_license *license, char *names,
                                  size_t room)
{
    struct ledger_grant *list = NULL, lost;
    struct ledger_hold *holds = NULL;
    size_t count = 0, held = 0, named = 0;
    enum carnet_err err = ledger_grants(h->ledger, license->number, &list, &count, cli_diag(cli));

    if (!err)
        err = ledger_holds(h->ledger, license->number, &holds, &held, cli_diag(cli));
    for (size_t i = 0; !err && i < count && named < NAMED_MOST; i++, named++)
        name_seat(names, room, &list[i], LEDGER_LIVES);
    for (size_t i = 0; !err && i < held && named < NAMED_MOST; i++, named++) {
        err = ledger_grant_get(h->ledger, holds[i].grant, &lost, cli_diag(cli));
        if (!err)
            name_seat(names, room, &lost, holds[i].until);
    }
    if (count + held > named)
        name_one(names, room, "and more");
    free(holds);
    free(list);
    return err;
}

static enum carnet_err refuse_seats(struct cli *cli, struct home *h, const struct ledger_license *license)
{
    const unsigned long out = license->in_use, held = license->held;
    char names[700] = "";
    enum carnet_err err = name_seats(cli, h, license, names, sizeof names);

    if (err)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_SEATS_IN_USE, "", "%lu seat%s of %s %s not free: %s.", out + held,
                      out + held == 1 ? "" : "s", license->id, out + held == 1 ? "is" : "are", names);
    if (out > 0)
        (void)carnet_fail_next(cli_diag(cli),
                               "Release them on their machines with 'carnet-user release', and free each "
                               "with 'carnet-admin free FILE'; then convert.%s",
                               held > 0 ? " What is held comes free at its time." : "");
    else
        (void)carnet_fail_next(cli_diag(cli), "Wait until what is held for lost machines has come free, then convert.");
    return CARNET_SEATS_IN_USE;
}

static enum carnet_err refuse_permission(struct cli *cli, struct home *h, const struct ledger_license *license)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    char whom[320];
    enum carnet_err err = home_entitlement(h, &license->entitlement, &e, &embed, cli_diag(cli));

    if (err)
        return err;
    (void)carnet_text_escape(*e->contact ? e->contact : e->vendor_name,
                             strlen(*e->contact ? e->contact : e->vendor_name), whom, sizeof whom);
    (void)carnet_fail(cli_diag(cli), CARNET_CONVERSION_NOT_ALLOWED, "",
                      "Revision %lu of the entitlement of %s does not allow offline use.",
                      (unsigned long)license->revision, license->id);
    (void)carnet_fail_next(cli_diag(cli), "Ask the vendor (%s) for a newer revision that allows it, and import it.",
                           whom);
    return CARNET_CONVERSION_NOT_ALLOWED;
}

static enum carnet_err check(struct cli *cli, struct home *h, bool offline, struct ledger_license *license)
{
    enum carnet_err err =
        ledger_license_named(h->ledger, cli_argument(cli, 0), cli_value(cli, "vendor"), license, cli_diag(cli));

    if (err || license->offline == offline)
        return err;
    if (offline && !license->offline_allowed)
        return refuse_permission(cli, h, license);
    if (offline && license->users > 0)
        return refuse_users(cli, h, license);
    if (!offline && license->in_use + license->held > 0)
        return refuse_seats(cli, h, license);
    return CARNET_OK;
}

static enum carnet_err change(struct cli *cli, struct home *h, const struct ledger_license *license, bool offline)
{
    const struct ledger_event event = {
        .what = "convert", .license = license->id, .note = offline ? "offline" : "online"};
    enum carnet_err err = ledger_license_convert(h->ledger, license->number, offline, cli_diag(cli));

    if (!err)
        err = ledger_event_add(h->ledger, &license->vendor, &license->issuer, carnet_utc_now(), &event, NULL,
                               cli_diag(cli));
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, cli_diag(cli));
    return err;
}

/* The rules are held twice: before the question, and again under the lock, as the answer may take long. */
static enum carnet_err convert(struct cli *cli, struct home *h, bool offline, struct ledger_license *license,
                               bool *already)
{
    enum carnet_err err = check(cli, h, offline, license);

    *already = !err && license->offline == offline;
    if (err || *already)
        return err;
    words_warn_over(cli, license->id, license->not_after);
    err = offline ? cli_confirm(cli,
                                "%s becomes offline: its %lu seats are given to machines by fingerprint, and it comes "
                                "back online only when every seat is free again.",
                                license->id, (unsigned long)license->seats)
                  : cli_confirm(cli, "%s becomes online: its %lu seats are given to users by name again.", license->id,
                                (unsigned long)license->seats);
    if (!err)
        err = ledger_begin(h->ledger, cli_diag(cli));
    if (!err)
        err = check(cli, h, offline, license);
    *already = !err && license->offline == offline;
    if (!err && !*already)
        err = change(cli, h, license, offline);
    ledger_rollback(h->ledger);
    return err;
}

enum carnet_err admin_convert(struct cli *cli)
{
    const char *mode = cli_argument(cli, 1);
    struct home h = {0};
    struct ledger_license license;
    bool already = false;
    enum carnet_err err;

    if (strcmp(mode, "offline") != 0 && strcmp(mode, "online") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A license is converted to 'offline' or to 'online'.");
    err = home_open(cli, &h);
    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = convert(cli, &h, strcmp(mode, "offline") == 0, &license, &already);
    if (!err) {
        cli_data(cli, "%s %s %s\n", license.id,
                 already            ? "is already"
                 : cli_dry_run(cli) ? "would become"
                                    : "is now",
                 mode);
        cli_set(cli, "license", json_string(license.id));
        cli_set(cli, "mode", json_string(mode));
        cli_set(cli, "already", json_boolean(already));
    }
    home_close(&h);
    return err;
}

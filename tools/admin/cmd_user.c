/* SPDX-License-Identifier: MIT */
/* user add, user remove: who uses an online license. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin.h"
#include "home.h"

const struct cli_option admin_user_remove_options[] = {
    {"all", 0, NULL, false, "all users of the license"}, ADMIN_VENDOR_OPTION, {NULL, 0, NULL, false, NULL}};

static enum carnet_err find_online(struct cli *cli, struct home *h, struct ledger_license *license)
{
    enum carnet_err err =
        ledger_license_named(h->ledger, cli_argument(cli, 0), cli_value(cli, "vendor"), license, cli_diag(cli));

    if (err || !license->offline)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_WRONG_MODE, "",
                      "The license %s is offline: its seats belong to machines, not to users.", license->id);
    (void)carnet_fail_next(cli_diag(cli),
                           "Use 'carnet-admin assign' with a machine's fingerprint, or 'convert %s "
                           "online' first.",
                           license->id);
    return CARNET_WRONG_MODE;
}

static enum carnet_err check_name(struct cli *cli, const char *name)
{
    return carnet_text_is_text(name)
               ? CARNET_OK
               : carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                             "A user's name has 1 to 200 printable characters, no space at the ends.");
}

static void tell(struct cli *cli, const struct ledger_license *license, size_t users)
{
    cli_set(cli, "license", json_string(license->id));
    cli_set(cli, "users", json_integer((json_int_t)users));
    cli_set(cli, "seats", json_integer((json_int_t)license->seats));
}

static enum carnet_err finish(struct cli *cli, struct home *h)
{
    return cli_dry_run(cli) ? CARNET_OK : ledger_commit(h->ledger, cli_diag(cli));
}

/* Is `part` the address of the user, or the name before it? */
static bool is_part(const char *user, const char *part)
{
    const char *address = strstr(user, " <");
    const size_t size = strlen(part), all = strlen(user);

    if (!address || user[all - 1] != '>')
        return false;
    return (size == (size_t)(address - user) && strncasecmp(user, part, size) == 0) ||
           (size + 3 == all - (size_t)(address - user) && strncasecmp(address + 2, part, size) == 0);
}

static enum carnet_err add(struct cli *cli, struct home *h, struct ledger_license *license, const char *name,
                           bool *known)
{
    const struct ledger_event event = {.what = "user-add", .license = license->id, .name = name};
    const int64_t now = carnet_utc_now();
    char twin[CARNET_TEXT_SIZE];
    enum carnet_err err = ledger_user_add(h->ledger, license->number, name, now, known, cli_diag(cli));

    if (!err && !*known) {
        err = ledger_user_twin(h->ledger, license->number, name, twin, cli_diag(cli));
        if (!err)
            cli_warn(cli, "\"%s\" has a seat of %s as well, and looks like the same person.", twin, license->id);
        if (err == CARNET_NOT_FOUND)
            err = CARNET_OK;
    }
    if (err == CARNET_NO_SEAT) {
        (void)carnet_fail(cli_diag(cli), CARNET_NO_SEAT, "", "All %lu seats of the license %s have users.",
                          (unsigned long)license->seats, license->id);
        (void)carnet_fail_next(cli_diag(cli), "Remove one with 'carnet-admin user remove', or buy more seats.");
    }
    if (!err && !*known)
        err = ledger_event_add(h->ledger, &license->vendor, &license->issuer, now, &event, NULL, cli_diag(cli));
    return err;
}

enum carnet_err admin_user_add(struct cli *cli)
{
    const char *name = cli_argument(cli, 1);
    struct home h = {0};
    struct ledger_license license;
    bool known = false;
    enum carnet_err err = check_name(cli, name);

    if (!err)
        err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = ledger_begin(h.ledger, cli_diag(cli));
    if (!err)
        err = find_online(cli, &h, &license);
    if (!err)
        err = add(cli, &h, &license, name, &known);
    if (!err)
        err = finish(cli, &h);
    if (!err) {
        const size_t users = license.users + (known ? 0u : 1u);
        cli_data(cli, "%s: %s%s, %zu of %lu seats have users\n", license.id, name,
                 known              ? " is assigned already"
                 : cli_dry_run(cli) ? " would be assigned"
                                    : " assigned",
                 users, (unsigned long)license.seats);
        tell(cli, &license, users);
    }
    home_close(&h);
    return err;
}

/* The one user whom a name means that no user has whole: by the address of "Ada Byron <ada@example.org>", or by what
 * stands before it. Leaves the name as it is where there is none, and refuses where there are several. */
static enum carnet_err find_user(struct cli *cli, struct home *h, const struct ledger_license *license,
                                 char name[CARNET_TEXT_SIZE])
{
    struct ledger_user *list = NULL;
    const struct ledger_user *meant = NULL;
    size_t count = 0, found = 0;
    bool whole = false;
    enum carnet_err err = ledger_users(h->ledger, license->number, &list, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++) {
        whole = whole || strcmp(list[i].name, name) == 0;
        if (is_part(list[i].name, name)) {
            found++;
            meant = &list[i];
        }
    }
    if (!err && !whole && found == 1)
        (void)snprintf(name, CARNET_TEXT_SIZE, "%s", meant->name);
    if (!err && !whole && found > 1) {
        err = carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "%zu users of %s have that in their names.", found,
                          license->id);
        (void)carnet_fail_next(cli_diag(cli), "Give the whole name, as 'carnet-admin license show %s' does.",
                               license->id);
    }
    free(list);
    return err;
}

static enum carnet_err remove_one(struct cli *cli, struct home *h, const struct ledger_license *license,
                                  const char *name)
{
    const struct ledger_event event = {.what = "user-remove", .license = license->id, .name = name};
    enum carnet_err err = ledger_user_remove(h->ledger, license->number, name, cli_diag(cli));

    return err ? err
               : ledger_event_add(h->ledger, &license->vendor, &license->issuer, carnet_utc_now(), &event, NULL,
                                  cli_diag(cli));
}

static enum carnet_err remove_named(struct cli *cli, struct home *h, const struct ledger_license *license,
                                    const char *given)
{
    char name[CARNET_TEXT_SIZE];
    enum carnet_err err = check_name(cli, given);

    (void)snprintf(name, sizeof name, "%s", given);
    if (!err)
        err = find_user(cli, h, license, name);
    return err ? err : remove_one(cli, h, license, name);
}

static enum carnet_err remove_all(struct cli *cli, struct home *h, const struct ledger_license *license,
                                  size_t *removed)
{
    struct ledger_user *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_users(h->ledger, license->number, &list, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++)
        err = remove_one(cli, h, license, list[i].name);
    free(list);
    if (!err)
        *removed = count;
    return err;
}

enum carnet_err admin_user_remove(struct cli *cli)
{
    const char *given = cli_argument(cli, 1);
    struct home h = {0};
    struct ledger_license license;
    size_t removed = 1;
    enum carnet_err err;

    if ((given != NULL) == cli_flag(cli, "all"))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Say which user to remove: a name, or --all.");
    err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = ledger_begin(h.ledger, cli_diag(cli));
    if (!err)
        err = find_online(cli, &h, &license);
    if (!err)
        err = given ? remove_named(cli, &h, &license, given) : remove_all(cli, &h, &license, &removed);
    if (!err)
        err = finish(cli, &h);
    if (!err) {
        cli_data(cli, "%s: %zu user%s %s, %zu of %lu seats have users\n", license.id, removed, removed == 1 ? "" : "s",
                 cli_dry_run(cli) ? "would be removed" : "removed", license.users - removed,
                 (unsigned long)license.seats);
        tell(cli, &license, license.users - removed);
    }
    home_close(&h);
    return err;
}

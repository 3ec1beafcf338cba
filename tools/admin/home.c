/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "home_parts.h"
#include "machine/machine.h"

enum carnet_err home_path(struct cli *cli, char path[HOME_PATH_SIZE])
{
    const char *given = cli_value(cli, "home"), *below = "";
    int length;

    if (!given || !*given)
        given = getenv("CARNET_HOME");
    if (!given || !*given) {
        given = getenv("XDG_DATA_HOME");
        below = "/carnet-admin";
    }
    if (!given || !*given) {
        given = getenv("HOME");
        below = "/.local/share/carnet-admin";
    }
    if (!given || !*given)
        return carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "Neither --home nor $HOME says where the home is.");
    length = snprintf(path, HOME_PATH_SIZE, "%s%s", given, below);
    if (length < 0 || length >= HOME_PATH_SIZE - 64)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The name of the home is too long.");
    return CARNET_OK;
}

void home_who(char who[LEDGER_WHO_SIZE])
{
    char user[CARNET_MACHINE_VALUE_SIZE];

    if (carnet_machine_user(NULL, user, NULL) != CARNET_OK)
        (void)snprintf(user, sizeof user, "uid:%lu", (unsigned long)geteuid());
    (void)snprintf(who, LEDGER_WHO_SIZE, "%.*s", LEDGER_WHO_SIZE - 1, user);
}

/* Only the owner may look into a home, and only the owner uses it. */
static enum carnet_err open_folder(struct cli *cli, struct home *h)
{
    struct stat st;
    int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "There is no home at this place.");
        (void)carnet_fail_next(cli_diag(cli), "Make one with 'carnet-admin init', or name yours with --home.");
        return CARNET_CONFIGURATION;
    }
    if (fd < 0)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be opened");
    if (fstat(fd, &st) < 0 || (st.st_mode & 077) != 0) {
        (void)close(fd);
        (void)carnet_fail(cli_diag(cli), CARNET_PERMISSION, "", "Other users may look into the home.");
        (void)carnet_fail_next(cli_diag(cli), "Close it with 'chmod 700', then run it again.");
        return CARNET_PERMISSION;
    }
    h->folder = fd;
    h->open = true;
    return CARNET_OK;
}

bool home_is_unfinished(int folder)
{
    struct stat st;

    return fstatat(folder, HOME_UNFINISHED "/" LEDGER_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

enum carnet_err home_lost_ledger(struct cli *cli)
{
    (void)carnet_fail(cli_diag(cli), CARNET_LEDGER_DAMAGED, "",
                      "The keys of a home are here, and its ledger (%s) is gone.", LEDGER_FILE);
    (void)carnet_fail_next(cli_diag(cli), "Put %s back from your newest copy, and leave the key files as they are.",
                           LEDGER_FILE);
    return CARNET_LEDGER_DAMAGED;
}

/* There is no ledger: lost, not made to the end, or never there. */
static enum carnet_err refuse_without_ledger(struct cli *cli, const struct home *h)
{
    struct stat st;

    if (home_is_unfinished(h->folder)) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "An init did not come to its end here.");
        (void)carnet_fail_next(cli_diag(cli), "Run 'carnet-admin init' again: it begins anew.");
        return CARNET_CONFIGURATION;
    }
    if (fstatat(h->folder, "root.key", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
        fstatat(h->folder, "issuer.key", &st, AT_SYMLINK_NOFOLLOW) == 0)
        return home_lost_ledger(cli);
    (void)carnet_fail_next(cli_diag(cli), "Make a home with 'carnet-admin init', or name yours with --home.");
    return CARNET_CONFIGURATION;
}

enum carnet_err home_open(struct cli *cli, struct home *out)
{
    struct carnet_diag *diag = cli_diag(cli);
    char file[HOME_PATH_SIZE], who[LEDGER_WHO_SIZE];
    enum carnet_err err = home_path(cli, out->path);

    out->cli = cli;
    if (!err)
        err = open_folder(cli, out);
    if (!err) {
        home_who(who);
        (void)snprintf(file, sizeof file, "%.*s/%s", HOME_PATH_SIZE - 64, out->path, LEDGER_FILE);
        err = ledger_open(file, who, &out->ledger, diag);
        if (err == CARNET_CONFIGURATION && faccessat(out->folder, LEDGER_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
            err = refuse_without_ledger(cli, out);
    }
    /* An init that was killed at its very end left its folder, empty: rmdir takes no other. */
    if (!err && !cli_dry_run(cli))
        (void)unlinkat(out->folder, HOME_UNFINISHED, AT_REMOVEDIR);
    if (err) {
        cli_place(cli, out->path);
        return err;
    }
    err = home_keys_load(out, diag);
    if (!err)
        err = carnet_gated_keys_new(&out->gated);
    return err ? err : home_trust_load(out, diag);
}

/* What was done stays done. */
static void settle(struct home *h)
{
    struct carnet_diag why;

    if (h->ledger && h->cli && ledger_checkpoint(h->ledger, &why) != CARNET_OK)
        cli_warn(h->cli,
                 "all is recorded, but the ledger's log could not be moved into %s (%s): copy both or neither, and see "
                 "to the disk.",
                 LEDGER_FILE, why.detail);
}

void home_close(struct home *h)
{
    settle(h);
    carnet_reading_free(h->entitlement);
    carnet_buffer_clear(&h->entitlement_bytes);
    home_keys_clear(h);
    home_trust_clear(h);
    carnet_gated_keys_free(h->gated);
    ledger_close(h->ledger);
    if (h->open)
        (void)close(h->folder);
    memset(h, 0, sizeof *h);
}

enum carnet_err home_may_change(struct cli *cli, const struct home *h)
{
    if (ledger_about(h->ledger)->state != LEDGER_RETIRED)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_RETIRED, "", "This ledger was retired; it goes on in another place.");
    return carnet_fail_next(cli_diag(cli), "Use the home that was restored from its file.");
}

enum carnet_err home_has_root(struct cli *cli, const struct home *h)
{
    if (h->has_root)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                      "This home has no root key: it can't say whom to trust.");
    return carnet_fail_next(cli_diag(cli), "Use the home of the vendor, made with 'init --role vendor' or 'both'.");
}

enum carnet_err home_holds_seats(struct cli *cli, const struct home *h)
{
    enum carnet_err err = home_may_change(cli, h);

    if (err || h->has_issuer)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                      "This home is a vendor's alone and has no issuer key: it holds no seats.");
    return carnet_fail_next(cli_diag(cli), "Use the home of an administrator, made with 'init --role admin'.");
}

enum carnet_err home_seats_open(struct cli *cli, const struct home *h)
{
    enum carnet_err err = home_holds_seats(cli, h);

    if (err || ledger_about(h->ledger)->state != LEDGER_RECOVERING)
        return err;
    (void)carnet_fail(cli_diag(cli), CARNET_RECOVER_FIRST, "",
                      "This ledger was put back from a copy, and seats may have been given since it was made.");
    return carnet_fail_next(cli_diag(cli), "Go on with 'carnet-admin recover'.");
}

const struct carnet_digest *home_chain(const struct home *h)
{
    return h->has_issuer ? &h->issuer.id : &h->root.id;
}

enum carnet_err home_entitlement(struct home *h, const struct carnet_digest *id, const struct carnet_entitlement **out,
                                 struct carnet_embed *embed, struct carnet_diag *diag)
{
    struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT));
    enum carnet_err err = CARNET_OK;

    if (!h->entitlement || !carnet_digest_equal(&h->entitlement_id, id)) {
        carnet_reading_free(h->entitlement);
        h->entitlement = NULL;
        carnet_buffer_clear(&h->entitlement_bytes);
        err = ledger_taken_bytes(h->ledger, id, &h->entitlement_bytes, diag);
        if (!err)
            err = carnet_reading_open(h->entitlement_bytes.bytes, h->entitlement_bytes.size, &options, &h->entitlement,
                                      diag);
        h->entitlement_id = *id;
    }
    if (err) {
        carnet_reading_free(h->entitlement);
        h->entitlement = NULL;
        return err;
    }
    *out = carnet_document_entitlement(carnet_reading_document(h->entitlement));
    *embed = (struct carnet_embed){.bytes = h->entitlement_bytes.bytes, .size = h->entitlement_bytes.size, .id = *id};
    return CARNET_OK;
}

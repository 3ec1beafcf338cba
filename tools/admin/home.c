/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/key_private.h"
#include "core/file.h"
#include "home.h"
#include "issue/token.h"
#include "machine/machine.h"

#define TRIES 3

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

static enum carnet_err load_key(struct home *h, enum carnet_role role, struct ledger_key *key, bool *has,
                                struct carnet_diag *diag)
{
    struct carnet_diag unused;
    struct carnet_key_info info;
    enum carnet_err err = ledger_key_own(h->ledger, role, key, &unused);

    *has = !err;
    /* The ledger knows how the key was made; how it is sealed now, its file says. */
    if (!err && carnet_key_peek(h->folder, carnet_role_name(role), &info, NULL) == CARNET_OK &&
        carnet_digest_equal(&info.id, &key->id)) {
        key->passphrase = info.passphrase;
        key->token = info.token;
    }
    if (err && err != CARNET_NOT_FOUND) {
        *diag = unused;
        return err;
    }
    return CARNET_OK;
}

static enum carnet_err load_anchors(struct home *h, struct carnet_diag *diag)
{
    struct ledger_anchor *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_anchors(h->ledger, &list, &count, diag);

    if (!err && count > 0) {
        h->anchor_list = calloc(count, sizeof *h->anchor_list);
        if (!h->anchor_list)
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    }
    for (size_t i = 0; !err && i < count; i++) {
        h->anchor_list[i].vendor = list[i].vendor;
        h->anchor_list[i].root = list[i].root;
    }
    free(list);
    if (!err)
        err = ledger_keys_known(h->ledger, &h->known_list, &h->anchors.known_count, diag);
    if (err)
        return err;
    h->anchors.list = h->anchor_list;
    h->anchors.count = count;
    h->anchors.known = h->known_list;
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
    err = load_key(out, CARNET_ROLE_ROOT, &out->root, &out->has_root, diag);
    if (!err)
        err = load_key(out, CARNET_ROLE_ISSUER, &out->issuer, &out->has_issuer, diag);
    if (!err)
        err = load_anchors(out, diag);
    if (!err)
        err = carnet_gated_keys_new(&out->gated);
    return err;
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
    carnet_key_free(h->signer);
    carnet_gated_keys_free(h->gated);
    ledger_close(h->ledger);
    free(h->anchor_list);
    free(h->known_list);
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

/* What is wrong with the files of a key is mended from a copy, whatever it is. */
static enum carnet_err refuse_key(struct cli *cli, const struct home *h, const struct ledger_key *key,
                                  enum carnet_err err)
{
    const char *role = carnet_role_name(key->role);
    struct carnet_diag *diag = cli_diag(cli);
    const struct carnet_diag why = *diag;

    if (err == CARNET_NOT_FOUND)
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "", "The file of the %s key is missing from the home.", role);
    else if (err == CARNET_NO_INPUT || err == CARNET_UNTRUSTED_KEY || err == CARNET_ALTERED || err == CARNET_MALFORMED)
        (void)carnet_fail(diag, CARNET_CONFIGURATION, why.clause, "%s", why.detail);
    if (diag->err == CARNET_CONFIGURATION && why.err != CARNET_CONFIGURATION) {
        if (key->passphrase || key->token)
            (void)carnet_fail_next(diag, "Put back %s.key from your copy, or use 'key load' or 'key join'.", role);
        else
            (void)carnet_fail_next(diag, "Put back %s.key and %s.kek from your copy, or use 'key load' or 'key join'.",
                                   role, role);
    }
    cli_place(cli, h->path);
    return diag->err;
}

/* A token counts wrong PINs and locks itself, so that it is asked once. What it refuses is no matter of the home's
 * files, and says itself what to do. */
static enum carnet_err open_on_token(struct cli *cli, struct home *h, const struct ledger_key *key)
{
    const char *role = carnet_role_name(key->role);
    struct carnet_key_file file;
    char *pin = NULL, what[64];
    enum carnet_err err = carnet_key_file_load(h->folder, role, &file, cli_diag(cli));

    if (err)
        return refuse_key(cli, h, key, err);
    (void)snprintf(what, sizeof what, "the token with the %s key (its PIN)", role);
    err = cli_passphrase(cli, what, false, &pin);
    if (!err) {
        err = carnet_token_open(file.uri, pin, &file.info, key->role, 0, &h->signer, cli_diag(cli));
        if (err)
            cli_place(cli, file.uri);
    }
    carnet_secret_free(pin);
    return err;
}

/* Asks for the passphrase, at most three times when on a terminal. What is wrong with the passphrase's source is told
 * by cli_passphrase itself, with its place. */
static enum carnet_err open_key(struct cli *cli, struct home *h, const struct ledger_key *key)
{
    const char *role = carnet_role_name(key->role);
    const bool asked = !cli_value(cli, "passphrase-file") && !cli_value(cli, "passphrase-fd");
    char what[64];
    enum carnet_err err = carnet_secrets_start(cli_diag(cli));

    if (!err && key->token)
        return open_on_token(cli, h, key);
    if (!err && !key->passphrase) {
        err = carnet_key_open(h->folder, role, key->role, NULL, &h->signer, cli_diag(cli));
        return err ? refuse_key(cli, h, key, err) : CARNET_OK;
    }
    (void)snprintf(what, sizeof what, "the %s key", role);
    for (int i = 0; !err && i < TRIES; i++) {
        char *passphrase = NULL;
        err = cli_passphrase(cli, what, false, &passphrase);
        if (err)
            return err;
        err = carnet_key_open(h->folder, role, key->role, passphrase, &h->signer, cli_diag(cli));
        carnet_secret_free(passphrase);
        if (err != CARNET_WRONG_PASSPHRASE || !asked || i + 1 == TRIES)
            break;
        cli_note(cli, "That passphrase does not open the key; try again.\n");
        err = CARNET_OK;
    }
    return err ? refuse_key(cli, h, key, err) : CARNET_OK;
}

static enum carnet_err refuse_other(struct cli *cli, const struct home *h, const struct ledger_key *key)
{
    return refuse_key(cli, h, key,
                      carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "",
                                  "The file of the %s key holds another key than the ledger says.",
                                  carnet_role_name(key->role)));
}

enum carnet_err home_signer(struct cli *cli, struct home *h, enum carnet_role role, const struct carnet_key **out)
{
    const struct ledger_key *key = role == CARNET_ROLE_ROOT ? &h->root : &h->issuer;
    enum carnet_err err = CARNET_OK;

    if (!(role == CARNET_ROLE_ROOT ? h->has_root : h->has_issuer))
        return ledger_key_own(h->ledger, role, &h->root, cli_diag(cli));
    if (h->signer && carnet_key_info(h->signer)->role != role) {
        carnet_key_free(h->signer);
        h->signer = NULL;
    }
    if (!h->signer)
        err = open_key(cli, h, key);
    if (!err && !carnet_digest_equal(&carnet_key_info(h->signer)->id, &key->id)) {
        carnet_key_free(h->signer);
        h->signer = NULL;
        err = refuse_other(cli, h, key);
    }
    if (!err)
        *out = h->signer;
    return err;
}

enum carnet_err home_signer_look(struct cli *cli, const struct home *h, enum carnet_role role)
{
    static const char *const suffixes[] = {"key", "kek"};
    const struct ledger_key *key = role == CARNET_ROLE_ROOT ? &h->root : &h->issuer;
    struct carnet_key_info info;
    enum carnet_err err = carnet_key_peek(h->folder, carnet_role_name(role), &info, cli_diag(cli));

    if (err)
        return refuse_key(cli, h, key, err);
    if (!carnet_digest_equal(&info.id, &key->id))
        return refuse_other(cli, h, key);
    for (size_t i = 0; i < (key->passphrase || key->token ? 1U : 2U); i++) {
        char name[32];
        struct stat st;
        (void)snprintf(name, sizeof name, "%s.%s", carnet_role_name(role), suffixes[i]);
        if (fstatat(h->folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return refuse_key(
                cli, h, key,
                carnet_fail(cli_diag(cli), CARNET_NO_INPUT, "", "The key's file '%s' is not there.", name));
        if ((st.st_mode & 077) != 0) {
            (void)carnet_fail(cli_diag(cli), CARNET_PERMISSION, "Y-9",
                              "Others than its owner have access to the key's file '%s'.", name);
            (void)carnet_fail_next(cli_diag(cli),
                                   "Make a new key if others may have read it; else run 'chmod 600 %s' in its folder.",
                                   name);
            return refuse_key(cli, h, key, CARNET_PERMISSION);
        }
    }
    return CARNET_OK;
}

struct carnet_read_options home_reading(const struct home *h, unsigned expected)
{
    return (struct carnet_read_options){.anchors = &h->anchors, .expected = expected, .keys = h->gated};
}

bool home_knows_vendor(const struct home *h, const struct carnet_digest *vendor)
{
    for (size_t i = 0; i < h->anchors.count; i++) {
        if (carnet_digest_equal(&h->anchors.list[i].vendor, vendor))
            return true;
    }
    return false;
}

const struct carnet_digest *home_chain(const struct home *h)
{
    return h->has_issuer ? &h->issuer.id : &h->root.id;
}

enum carnet_err home_entitlement(struct home *h, const struct carnet_digest *id, const struct carnet_entitlement **out,
                                 struct carnet_embed *embed, struct carnet_diag *diag)
{
    struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT));
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

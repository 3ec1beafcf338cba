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

/* The ledger knows how a key was made; how it is sealed now, its file says. */
static enum carnet_err load_keys(struct home *h, struct carnet_diag *diag)
{
    enum carnet_err err = ledger_keys_own(h->ledger, &h->own, &h->own_count, diag);

    if (!err && h->own_count > 0 && !(h->signers = calloc(h->own_count, sizeof(struct carnet_key *))))
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    for (size_t i = 0; !err && i < h->own_count; i++) {
        struct ledger_key *key = &h->own[i];
        struct carnet_key_info info;
        if (carnet_key_peek(h->folder, key->file, &info, NULL) == CARNET_OK &&
            carnet_digest_equal(&info.id, &key->id)) {
            key->passphrase = info.passphrase;
            key->token = info.token;
        }
        if (key->state != LEDGER_KEY_ACTIVE)
            continue;
        *(key->role == CARNET_ROLE_ROOT ? &h->root : &h->issuer) = *key;
        *(key->role == CARNET_ROLE_ROOT ? &h->has_root : &h->has_issuer) = true;
    }
    return err;
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
        if (h->has_root && carnet_digest_equal(&h->root.id, &list[i].root))
            h->vendor = list[i].vendor;
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

/* T-2: a trust bundle is read from the vendor's first root on, whatever else is known. */
static enum carnet_err load_trust(struct home *h, const struct carnet_digest *vendor, struct home_trust *t,
                                  struct carnet_diag *diag)
{
    static struct carnet_trust_lists nothing;
    const struct carnet_anchor first = {.vendor = *vendor, .root = *vendor};
    const struct carnet_anchors anchors = {.list = &first, .count = 1};
    const struct carnet_read_options options = {
        .anchors = &anchors, .expected = CARNET_KIND_BIT(CARNET_KIND_TRUST), .keys = h->gated};
    enum carnet_err err = ledger_trust_get(h->ledger, vendor, &t->id, &t->waits, &t->bytes, diag);

    if (!err)
        err = carnet_reading_open(t->bytes.bytes, t->bytes.size, &options, &t->reading, diag);
    if (err && err != CARNET_NO_MEMORY && err != CARNET_CONFIGURATION) {
        (void)carnet_fail(diag, CARNET_LEDGER_DAMAGED, "", "The trust information in the ledger does not hold.");
        return carnet_fail_next(diag, "Put the ledger back from your newest copy.");
    }
    if (err)
        return err;
    t->kept = *carnet_document_trust(carnet_reading_document(t->reading));
    t->kept.lists = &nothing;
    return CARNET_OK;
}

static enum carnet_err load_trusts(struct home *h, struct carnet_diag *diag)
{
    struct carnet_digest *vendors = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_trust_vendors(h->ledger, &vendors, &count, diag);

    if (!err && count > 0) {
        h->trust = calloc(count, sizeof *h->trust);
        h->trust_list = calloc(count, sizeof(const struct carnet_trust *));
        h->kept_list = calloc(count, sizeof(const struct carnet_trust *));
        if (!h->trust || !h->trust_list || !h->kept_list)
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    }
    for (size_t i = 0; !err && i < count; i++) {
        h->trust_count = i + 1;
        err = load_trust(h, &vendors[i], &h->trust[i], diag);
        if (!err) {
            h->trust_list[i] = carnet_document_trust(carnet_reading_document(h->trust[i].reading));
            h->kept_list[i] = &h->trust[i].kept;
        }
    }
    free(vendors);
    if (err)
        return err;
    h->anchors.trust = h->trust_list;
    h->anchors.trust_count = h->trust_count;
    h->kept = h->anchors;
    h->kept.trust = h->kept_list;
    return CARNET_OK;
}

static void forget_trusts(struct home *h)
{
    for (size_t i = 0; i < h->trust_count; i++) {
        carnet_reading_free(h->trust[i].reading);
        carnet_buffer_clear(&h->trust[i].bytes);
    }
    free(h->trust);
    free(h->trust_list);
    free(h->kept_list);
    h->trust = NULL;
    h->trust_list = h->kept_list = NULL;
    h->trust_count = 0;
    h->anchors.trust = NULL;
    h->anchors.trust_count = 0;
}

enum carnet_err home_trust_again(struct home *h, struct carnet_diag *diag)
{
    forget_trusts(h);
    free(h->anchor_list);
    free(h->known_list);
    h->anchor_list = NULL;
    h->known_list = NULL;
    const enum carnet_err err = load_anchors(h, diag);
    return err ? err : load_trusts(h, diag);
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
    err = load_keys(out, diag);
    if (!err)
        err = load_anchors(out, diag);
    if (!err)
        err = carnet_gated_keys_new(&out->gated);
    if (!err)
        err = load_trusts(out, diag);
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
    for (size_t i = 0; h->signers && i < h->own_count; i++)
        carnet_key_free(h->signers[i]);
    forget_trusts(h);
    carnet_secret_free(h->passphrase);
    carnet_gated_keys_free(h->gated);
    ledger_close(h->ledger);
    free(h->signers);
    free(h->own);
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
            (void)carnet_fail_next(diag, "Put back %s.key from your copy, or use 'key load' or 'key join'.", key->file);
        else
            (void)carnet_fail_next(diag, "Put back %s.key and %s.kek from your copy, or use 'key load' or 'key join'.",
                                   key->file, key->file);
    }
    cli_place(cli, h->path);
    return diag->err;
}

/* A token counts wrong PINs and locks itself, so that it is asked once. What it refuses is no matter of the home's
 * files, and says itself what to do. */
static enum carnet_err open_on_token(struct cli *cli, struct home *h, const struct ledger_key *key,
                                     struct carnet_key **out)
{
    struct carnet_key_file file;
    char *pin = NULL, what[64];
    enum carnet_err err = carnet_key_file_load(h->folder, key->file, &file, cli_diag(cli));

    if (err)
        return refuse_key(cli, h, key, err);
    (void)snprintf(what, sizeof what, "the token with the %s key (its PIN)", carnet_role_name(key->role));
    err = cli_passphrase(cli, what, false, &pin);
    if (!err) {
        err = carnet_token_open(file.uri, pin, &file.info, key->role, 0, out, cli_diag(cli));
        if (err)
            cli_place(cli, file.uri);
    }
    carnet_secret_free(pin);
    return err;
}

/* The passphrase that opened another key of the home is tried before one is asked for. */
static enum carnet_err try_passphrase(struct home *h, const struct ledger_key *key, struct carnet_key **out,
                                      struct carnet_diag *diag)
{
    return h->passphrase ? carnet_key_open(h->folder, key->file, key->role, h->passphrase, out, diag)
                         : CARNET_WRONG_PASSPHRASE;
}

/* Asks for the passphrase, at most three times when on a terminal. What is wrong with the passphrase's source is told
 * by cli_passphrase itself, with its place. */
static enum carnet_err open_key(struct cli *cli, struct home *h, const struct ledger_key *key, struct carnet_key **out)
{
    const bool asked = !cli_value(cli, "passphrase-file") && !cli_value(cli, "passphrase-fd");
    char what[96];
    enum carnet_err err = carnet_secrets_start(cli_diag(cli));

    if (!err && key->token)
        return open_on_token(cli, h, key, out);
    if (!err && !key->passphrase) {
        err = carnet_key_open(h->folder, key->file, key->role, NULL, out, cli_diag(cli));
        return err ? refuse_key(cli, h, key, err) : CARNET_OK;
    }
    (void)snprintf(what, sizeof what, "the %s key%s%s", carnet_role_name(key->role),
                   key->state == LEDGER_KEY_ACTIVE ? "" : " ", key->state == LEDGER_KEY_ACTIVE ? "" : key->file);
    err = err ? err : try_passphrase(h, key, out, cli_diag(cli));
    if (err != CARNET_WRONG_PASSPHRASE)
        return err ? refuse_key(cli, h, key, err) : CARNET_OK;
    for (int i = 0; i < TRIES; i++) {
        char *passphrase = NULL;
        err = cli_passphrase(cli, what, false, &passphrase);
        if (err)
            return err;
        err = carnet_key_open(h->folder, key->file, key->role, passphrase, out, cli_diag(cli));
        if (!err) {
            if (h->passphrase)
                carnet_secret_free(passphrase);
            else
                h->passphrase = passphrase;
            return CARNET_OK;
        }
        carnet_secret_free(passphrase);
        if (err != CARNET_WRONG_PASSPHRASE || !asked || i + 1 == TRIES)
            break;
        cli_note(cli, "That passphrase does not open the key; try again.\n");
    }
    return refuse_key(cli, h, key, err);
}

static enum carnet_err refuse_other(struct cli *cli, const struct home *h, const struct ledger_key *key)
{
    return refuse_key(cli, h, key,
                      carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "",
                                  "The file of the %s key holds another key than the ledger says.",
                                  carnet_role_name(key->role)));
}

static size_t own_index(const struct home *h, const struct carnet_digest *id)
{
    size_t i = 0;

    while (i < h->own_count && !carnet_digest_equal(&h->own[i].id, id))
        i++;
    return i;
}

const struct ledger_key *home_own(const struct home *h, const struct carnet_digest *id)
{
    const size_t i = own_index(h, id);

    return i < h->own_count ? &h->own[i] : NULL;
}

enum carnet_err home_open_own(struct cli *cli, struct home *h, const struct ledger_key *key,
                              const struct carnet_key **out)
{
    const size_t i = own_index(h, &key->id);
    enum carnet_err err = CARNET_OK;

    if (!h->signers[i])
        err = open_key(cli, h, key, &h->signers[i]);
    if (!err && !carnet_digest_equal(&carnet_key_info(h->signers[i])->id, &key->id)) {
        carnet_key_free(h->signers[i]);
        h->signers[i] = NULL;
        err = refuse_other(cli, h, key);
    }
    if (!err)
        *out = h->signers[i];
    return err;
}

enum carnet_err home_adopt(struct home *h, const struct ledger_key *key, struct carnet_key *open,
                           struct carnet_diag *diag)
{
    struct ledger_key *own = reallocarray(h->own, h->own_count + 1, sizeof *own);
    struct carnet_key **signers;

    if (own)
        h->own = own;
    signers = own ? reallocarray(h->signers, h->own_count + 1, sizeof(struct carnet_key *)) : NULL;
    if (signers)
        h->signers = signers;
    if (!own || !signers) {
        carnet_key_free(open);
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    }
    for (size_t i = 0; key->state == LEDGER_KEY_ACTIVE && i < h->own_count; i++)
        if (own[i].role == key->role && own[i].state == LEDGER_KEY_ACTIVE)
            own[i].state = LEDGER_KEY_REPLACED;
    own[h->own_count] = *key;
    signers[h->own_count++] = open;
    if (key->state == LEDGER_KEY_ACTIVE)
        *(key->role == CARNET_ROLE_ROOT ? &h->root : &h->issuer) = *key;
    return CARNET_OK;
}

/* Those that were replaced sign for the licenses whose newest entitlement still names them. */
static enum carnet_err open_before(struct cli *cli, struct home *h)
{
    const struct carnet_key *unused = NULL;
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < h->own_count; i++) {
        bool named = false;
        if (h->own[i].role != CARNET_ROLE_ISSUER || h->own[i].state != LEDGER_KEY_REPLACED)
            continue;
        err = ledger_issuer_named(h->ledger, &h->own[i].id, &named, cli_diag(cli));
        if (!err && named)
            err = home_open_own(cli, h, &h->own[i], &unused);
    }
    return err;
}

enum carnet_err home_signer(struct cli *cli, struct home *h, enum carnet_role role, const struct carnet_key **out)
{
    struct ledger_key unused;
    enum carnet_err err;

    if (!(role == CARNET_ROLE_ROOT ? h->has_root : h->has_issuer))
        return ledger_key_own(h->ledger, role, &unused, cli_diag(cli));
    err = home_open_own(cli, h, role == CARNET_ROLE_ROOT ? &h->root : &h->issuer, out);
    return err || role == CARNET_ROLE_ROOT ? err : open_before(cli, h);
}

enum carnet_err home_signer_of(const struct home *h, const struct carnet_digest *id, const struct carnet_key **out,
                               struct carnet_diag *diag)
{
    const size_t i = own_index(h, id);
    char hex[CARNET_HEX_SIZE];

    if (i < h->own_count && h->signers[i]) {
        *out = h->signers[i];
        return CARNET_OK;
    }
    carnet_digest_hex(id, hex);
    if (i < h->own_count && h->own[i].state == LEDGER_KEY_REVOKED)
        (void)carnet_fail(diag, CARNET_REVOKED, "U-10", "The license is issued by the key %s, which is revoked.", hex);
    else
        (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-3",
                          "The license is issued by the key %s, which is not this home's.", hex);
    return carnet_fail_next(diag, "Send the vendor a 'carnet-admin key request', and import the entitlement that names "
                                  "the new key.");
}

enum carnet_err home_signer_look(struct cli *cli, const struct home *h, enum carnet_role role)
{
    return home_key_look(cli, h, role == CARNET_ROLE_ROOT ? &h->root : &h->issuer);
}

enum carnet_err home_key_look(struct cli *cli, const struct home *h, const struct ledger_key *key)
{
    static const char *const suffixes[] = {"key", "kek"};
    struct carnet_key_info info;
    enum carnet_err err = carnet_key_peek(h->folder, key->file, &info, cli_diag(cli));

    if (err)
        return refuse_key(cli, h, key, err);
    if (!carnet_digest_equal(&info.id, &key->id))
        return refuse_other(cli, h, key);
    for (size_t i = 0; i < (key->passphrase || key->token ? 1U : 2U); i++) {
        char name[LEDGER_KEY_FILE_SIZE + 8];
        struct stat st;
        (void)snprintf(name, sizeof name, "%.*s.%s", LEDGER_KEY_FILE_SIZE, key->file, suffixes[i]);
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

struct carnet_read_options home_reading_kept(const struct home *h, unsigned expected)
{
    return (struct carnet_read_options){.anchors = &h->kept, .expected = expected, .keys = h->gated};
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

/* SPDX-License-Identifier: MIT */
/* The home's own keys: what the ledger and their files say of them, and opening them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/key_private.h"
#include "home_parts.h"
#include "issue/token.h"

#define TRIES 3

/* The ledger knows how a key was made; how it is sealed now, its file says. */
enum carnet_err home_keys_load(struct home *h, struct carnet_diag *diag)
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

void home_keys_clear(struct home *h)
{
    for (size_t i = 0; h->signers && i < h->own_count; i++)
        carnet_key_free(h->signers[i]);
    carnet_secret_free(h->passphrase);
    free(h->signers);
    free(h->own);
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

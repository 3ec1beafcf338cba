/* SPDX-License-Identifier: MIT */
/* init: makes a home with new keys and an empty ledger. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "issue/token.h"
#include "key_place.h"
#include "making.h"

const struct cli_option admin_init_options[] = {
    {"role", 0, "ROLE", false, "vendor (holds the root key), admin (holds an issuer key) or both"},
    {"name", 0, "NAME", false, "your name or that of your company, as it stands in entitlements"},
    {"contact", 0, "TEXT", false, "whom to ask, as it stands in entitlements"},
    {"key", 0, "FILE", false, "take the saved key in FILE and make none of its role"},
    {"root-token", 0, "URI", false, "the root key is the one on a PKCS#11 token that this URI names"},
    {"issuer-token", 0, "URI", false, "the same for the issuer key"},
    {"pin-file", 0, "FILE", false, "the PIN of the token is FILE's first line"},
    {"pin-fd", 0, "N", false, "the same, from descriptor N"},
    {"no-passphrase", 0, NULL, false, "protect the keys by the rights of their files alone"},
    {NULL, 0, NULL, false, NULL}};

struct founding {
    struct ledger_about about;
    int64_t now;
    char *passphrase;
    struct carnet_key *saved;       /* --key */
    struct carnet_key *token[2];    /* --root-token, --issuer-token */
    struct ledger_key root, issuer; /* those that were made */
};

/* The home's roles, with the options of their tokens. */
static const struct {
    enum carnet_role role;
    unsigned ledger;
    const char *option;
} key_roles[] = {{CARNET_ROLE_ROOT, LEDGER_VENDOR, "root-token"}, {CARNET_ROLE_ISSUER, LEDGER_ADMIN, "issuer-token"}};
#define KEY_ROLES (sizeof key_roles / sizeof key_roles[0])

static enum carnet_err read_options(struct cli *cli, struct founding *f)
{
    static const struct {
        const char *name;
        unsigned roles;
    } roles[] = {{"vendor", LEDGER_VENDOR}, {"admin", LEDGER_ADMIN}, {"both", LEDGER_VENDOR | LEDGER_ADMIN}};
    const char *role = cli_value(cli, "role"), *name = cli_value(cli, "name"), *contact = cli_value(cli, "contact");

    for (size_t i = 0; role && i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(role, roles[i].name) == 0)
            f->about.roles = roles[i].roles;
    }
    if (!f->about.roles)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--role says what the home is for: vendor, admin or both.");
    if (!name || !carnet_text_is_text(name))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--name is needed: 1 to 200 printable characters, no space at the ends.");
    if (contact && !carnet_text_is_text(contact))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--contact takes 1 to 200 printable characters, no space at the ends.");
    if (cli_flag(cli, "no-passphrase") && (cli_value(cli, "passphrase-file") || cli_value(cli, "passphrase-fd")))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A passphrase was given, and --no-passphrase as well.");
    for (size_t i = 0; i < KEY_ROLES; i++) {
        const char *uri = cli_value(cli, key_roles[i].option);
        if (uri && !(f->about.roles & key_roles[i].ledger))
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--%s is given, and the home would have no %s key.",
                               key_roles[i].option, carnet_role_name(key_roles[i].role));
        if (uri && !carnet_key_uri_is_one(uri)) {
            (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "Y-20", "--%s takes a PKCS#11 URI without a query.",
                              key_roles[i].option);
            return carnet_fail_next(cli_diag(cli), "Such as 'pkcs11:token=safe;object=root'; the PIN is asked for, or "
                                                   "comes by --pin-file.");
        }
    }
    if (cli_flag(cli, "no-passphrase") && cli_value(cli, "key"))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "A saved key keeps its passphrase; 'key passphrase' changes it afterwards.");
    (void)snprintf(f->about.name, sizeof f->about.name, "%s", name);
    (void)snprintf(f->about.contact, sizeof f->about.contact, "%s", contact ? contact : "");
    f->about.epoch = 1;
    f->about.created = f->now;
    return CARNET_OK;
}

/* A key that was there already, from its file or on its token; NULL for one that is to be made. */
static const struct carnet_key *given_key(const struct founding *f, enum carnet_role role)
{
    if (f->saved && carnet_key_info(f->saved)->role == role)
        return f->saved;
    return f->token[role == CARNET_ROLE_ROOT ? 0 : 1];
}

static enum carnet_err make_key(struct cli *cli, const struct founding *f, int inner, struct ledger *l,
                                enum carnet_role role, struct ledger_key *out)
{
    const char *name = carnet_role_name(role);
    struct carnet_key *made = NULL;
    const struct carnet_key *key = given_key(f, role);
    const struct carnet_key_info *info;
    enum carnet_err err = key ? CARNET_OK : carnet_key_generate(role, f->now, &made, cli_diag(cli));

    if (!err) {
        key = key ? key : made;
        info = carnet_key_info(key);
        if (info->token)
            err = carnet_key_store_token(info, cli_value(cli, key_roles[role == CARNET_ROLE_ROOT ? 0 : 1].option),
                                         inner, name, cli_diag(cli));
        else
            err = carnet_key_store(key, inner, name, f->passphrase, cli_diag(cli));
    }
    if (!err) {
        *out = (struct ledger_key){.id = info->id,
                                   .role = role,
                                   .created = info->created,
                                   .passphrase = !info->token && f->passphrase,
                                   .token = info->token};
        memcpy(out->public_key, info->public_key, sizeof out->public_key);
        (void)snprintf(out->file, sizeof out->file, "%s", carnet_role_name(role));
        err = ledger_key_add_own(l, out, cli_diag(cli));
    }
    carnet_key_free(made);
    return err;
}

static enum carnet_err fill(struct cli *cli, struct founding *f, int inner, struct ledger *l)
{
    const struct ledger_event made_root = {.what = "key-made", .key = &f->root.id, .note = "root"};
    const struct ledger_event made_issuer = {.what = "key-made", .key = &f->issuer.id, .note = "issuer"};
    struct carnet_diag *diag = cli_diag(cli);
    bool known = false;
    enum carnet_err err = ledger_begin(l, diag);

    if (!err && (f->about.roles & LEDGER_VENDOR)) {
        struct ledger_anchor anchor = {.pinned = f->now};
        err = make_key(cli, f, inner, l, CARNET_ROLE_ROOT, &f->root);
        anchor.vendor = anchor.root = f->root.id;
        if (!err)
            err = ledger_anchor_add(l, &anchor, &known, diag);
        if (!err)
            err = ledger_event_add(l, &f->root.id, &f->root.id, f->now, &made_root, NULL, diag);
    }
    if (!err && (f->about.roles & LEDGER_ADMIN))
        err = make_key(cli, f, inner, l, CARNET_ROLE_ISSUER, &f->issuer);
    if (!err && f->about.roles == (LEDGER_VENDOR | LEDGER_ADMIN))
        err = ledger_event_add(l, &f->root.id, &f->issuer.id, f->now, &made_issuer, NULL, diag);
    return err ? err : ledger_commit(l, diag);
}

static enum carnet_err make_inside(struct cli *cli, const struct making *m, const char *ledger, void *context)
{
    struct founding *f = context;
    char who[LEDGER_WHO_SIZE];
    struct ledger *l = NULL;
    enum carnet_err err;

    home_who(who);
    err = ledger_create(ledger, &f->about, who, &l, cli_diag(cli));
    if (!err)
        err = fill(cli, f, m->inner, l);
    /* The file alone is moved up: nothing of it may be in the log still. */
    if (!err)
        err = ledger_checkpoint(l, cli_diag(cli));
    ledger_close(l);
    return err;
}

static void tell_key(struct cli *cli, const struct ledger_key *key, const char *what)
{
    char hex[CARNET_HEX_SIZE], member[24];

    carnet_digest_hex(&key->id, hex);
    cli_data(cli, "%-10s %s\n", what, hex);
    (void)snprintf(member, sizeof member, "%s", what);
    cli_set(cli, member, json_string(hex));
}

/* Is there a key that no token holds? */
static bool in_files(const struct founding *f)
{
    for (size_t i = 0; i < KEY_ROLES; i++) {
        if ((f->about.roles & key_roles[i].ledger) && !f->token[i])
            return true;
    }
    return false;
}

/* The tokens are opened before anything is made. */
static enum carnet_err open_tokens(struct cli *cli, struct founding *f)
{
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < KEY_ROLES; i++) {
        const char *uri = cli_value(cli, key_roles[i].option);
        char *pin = NULL, what[64];
        if (!uri)
            continue;
        (void)snprintf(what, sizeof what, "the token with the %s key", carnet_role_name(key_roles[i].role));
        err = cli_pin(cli, what, &pin);
        if (!err) {
            err = carnet_token_open(uri, pin, NULL, key_roles[i].role, f->now, &f->token[i], cli_diag(cli));
            if (err)
                cli_place(cli, uri);
        }
        carnet_secret_free(pin);
    }
    return err;
}

static void tell(struct cli *cli, const struct making *m, const struct founding *f)
{
    char shown[512];

    (void)carnet_text_escape(m->path, strlen(m->path), shown, sizeof shown);
    cli_data(cli, "%-10s %s\n", "home", shown);
    cli_set(cli, "home", cli_json_text(m->path));
    if (f->about.roles & LEDGER_VENDOR)
        tell_key(cli, &f->root, "root");
    if (f->about.roles & LEDGER_ADMIN)
        tell_key(cli, &f->issuer, "issuer");
    cli_set(cli, "passphrase", json_boolean(f->passphrase != NULL));
    if (!f->passphrase && in_files(f))
        cli_warn(cli, "the keys have no passphrase: whoever can read the files of the home can sign in your name.");
    if (f->about.roles == (LEDGER_VENDOR | LEDGER_ADMIN))
        cli_note(cli, "Your own root is pinned here, and your own issuer is the default of 'entitle'.\n");
    else if (f->about.roles == LEDGER_ADMIN)
        cli_note(cli, "Next: pin the vendor's root with 'carnet-admin trust add FILE', and send the vendor the PEM of "
                      "'carnet-admin key export issuer'.\n");
}

/* A saved key of one of the home's roles; its passphrase becomes that of the home's keys. */
static enum carnet_err look_at_saved(struct cli *cli, const struct founding *f, struct carnet_key_file *out)
{
    const char *path = cli_value(cli, "key");
    enum carnet_err err = key_place_read(cli, path, out);

    if (!err && cli_value(cli, out->info.role == CARNET_ROLE_ROOT ? "root-token" : "issuer-token"))
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The %s key is given twice, as a file and on a token.",
                          carnet_role_name(out->info.role));
    if (!err && !(out->info.role == CARNET_ROLE_ROOT     ? f->about.roles & LEDGER_VENDOR
                  : out->info.role == CARNET_ROLE_ISSUER ? f->about.roles & LEDGER_ADMIN
                                                         : 0)) {
        err = carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-5",
                          "It is a key of the role '%s', which this home "
                          "would not have.",
                          carnet_role_name(out->info.role));
        cli_place(cli, path);
    }
    return err;
}

enum carnet_err admin_init(struct cli *cli)
{
    struct making m = MAKING_NONE;
    struct founding f = {.now = carnet_utc_now()};
    struct carnet_key_file saved;
    enum carnet_err err = read_options(cli, &f);

    if (!err)
        err = carnet_secrets_start(cli_diag(cli));
    if (!err)
        err = making_begin(cli, &m);
    if (!err && cli_value(cli, "key"))
        err = look_at_saved(cli, &f, &saved);
    if (err)
        goto out;
    if (cli_dry_run(cli)) {
        cli_note(cli, "Would make a home with the keys of its role.\n");
        goto out;
    }
    /* Nothing is made before the question is answered. */
    err = open_tokens(cli, &f);
    if (!err && cli_value(cli, "key"))
        err = key_place_unseal(cli, &saved, &f.saved, &f.passphrase);
    else if (!err && in_files(&f) && !cli_flag(cli, "no-passphrase"))
        err = cli_passphrase(cli, "the keys of this home", true, &f.passphrase);
    if (!err)
        err = making_home(cli, &m, make_inside, &f);
    if (!err)
        tell(cli, &m, &f);
out:
    making_end(&m);
    carnet_key_free(f.saved);
    for (size_t i = 0; i < KEY_ROLES; i++)
        carnet_key_free(f.token[i]);
    carnet_secret_free(f.passphrase);
    return err;
}

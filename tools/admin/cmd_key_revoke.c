/* SPDX-License-Identifier: MIT */
/*
 * key revoke: nothing counts any more that a key signed, but what is named (U-10). Never by a date: who has a stolen
 * key can write any. The vendor publishes it; an administrator gives his own key up, and tells the vendor what stays
 * valid.
 */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "publishing.h"
#include "still_valid.h"

const struct cli_option admin_key_revoke_options[] = {
    {"valid", 0, "ID|FILE", true, "a bundle of it that stays valid, beside those of the ledger; or a file of such ids"},
    {"journal", 0, "FILE", true, "the administrator's exported journal: what it says is out stays valid"},
    {NULL, 0, NULL, false, NULL}};

struct revoking {
    enum carnet_role role;
    struct carnet_digest key;
    const struct ledger_key *own; /* NULL for another's */
    struct still_valid valid;
    struct publishing p;
};

static enum carnet_err refuse_unknown(struct cli *cli, const char *what)
{
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "%s", what);
    return carnet_fail_next(cli_diag(cli), "'carnet-admin key list' says which keys this home has; name another one by "
                                           "its id.");
}

static bool is_known_issuer(const struct home *h, const struct carnet_digest *key)
{
    for (size_t i = 0; i < h->anchors.known_count; i++)
        if (h->anchors.known[i].role == CARNET_ROLE_ISSUER && carnet_digest_equal(key, &h->anchors.known[i].id))
            return true;
    return false;
}

/* The home's own of that role that was replaced last; else the one revoked last, whose file is given out once more. */
static const struct ledger_key *last_own(const struct home *h, enum carnet_role role)
{
    const struct ledger_key *revoked = NULL;

    for (size_t i = 0; i < h->own_count; i++) {
        if (h->own[i].role == role && h->own[i].state == LEDGER_KEY_REPLACED)
            return &h->own[i];
        if (h->own[i].role == role && h->own[i].state == LEDGER_KEY_REVOKED && !revoked)
            revoked = &h->own[i];
    }
    return revoked;
}

/* Of the keys of that role the one that is named, else the home's own. */
static enum carnet_err find_key(struct cli *cli, const struct home *h, struct revoking *r)
{
    const char *text = cli_argument(cli, 1);

    if (text && carnet_digest_parse(text, &r->key) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A key is named by its id: 64 hexadecimal digits.");
    if (!text)
        r->own = last_own(h, r->role);
    if (!text && !r->own)
        return refuse_unknown(cli, "No key of that role was replaced in this home.");
    if (r->own)
        r->key = r->own->id;
    else
        r->own = home_own(h, &r->key);
    if (r->own && r->own->role != r->role)
        return refuse_unknown(cli, "The key is of another role.");
    if (r->own && (r->own->state == LEDGER_KEY_ACTIVE || r->own->state == LEDGER_KEY_NEXT)) {
        (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "U-6", "The key is the one that signs now, or the next one.");
        return carnet_fail_next(cli_diag(cli), "Let another follow first: 'carnet-admin key rotate %s'.",
                                carnet_role_name(r->role));
    }
    if (!r->own && (!h->has_root || r->role == CARNET_ROLE_ROOT || !is_known_issuer(h, &r->key)))
        return refuse_unknown(cli, r->role == CARNET_ROLE_ROOT ? "The key was no root of this home."
                                                               : "No entitlement of this home names that issuer key.");
    return CARNET_OK;
}

static void tell(struct cli *cli, const struct revoking *r)
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(&r->key, hex);
    cli_set(cli, "role", json_string(carnet_role_name(r->role)));
    cli_set(cli, "key", json_string(hex));
    cli_set(cli, "valid", json_integer((json_int_t)r->valid.count));
    cli_note(cli,
             "%s the %s key %s: %zu of the files that it signed stay%s valid, all others count nowhere any more.\n",
             cli_dry_run(cli) ? "Would revoke" : "Revokes", carnet_role_name(r->role), hex, r->valid.count,
             r->valid.count == 1 ? "s" : "");
    if (cli_values(cli, "journal") > 0)
        cli_warn(cli,
                 "a journal that the key signed may be of whoever stole it: ask the administrator how many seats are "
                 "out.");
}

static enum carnet_err record(struct cli *cli, struct home *h, struct revoking *r, const struct carnet_key *key)
{
    const struct ledger_event event = {.what = "revoke-key", .key = &r->key, .note = carnet_role_name(r->role)};
    struct carnet_diag *diag = cli_diag(cli);
    enum carnet_err err = ledger_begin(h->ledger, diag);
    const int64_t now = carnet_utc_now();

    if (!err && r->own)
        err = ledger_key_turn(h->ledger, &r->key, LEDGER_KEY_REVOKED, diag);
    if (!err && key)
        err = ledger_event_add(h->ledger, &h->vendor, &h->root.id, now, &event, NULL, diag);
    if (!err && key)
        err = publishing_sign(h, key, &r->p, now, diag);
    if (!err && !key)
        err = ledger_event_each_of(h->ledger, &h->issuer.id, now, &event, diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

/* ---- the vendor says so ---- */

static enum carnet_err publish(struct cli *cli, struct home *h, struct revoking *r)
{
    const struct carnet_key *key = NULL;
    char version[32];
    enum carnet_err err = publishing_begin(cli, h, &r->p);

    if (!err)
        err = publishing_revoke_key(cli, &r->p, &r->key);
    if (!err && r->p.news > 0)
        err = publishing_keep(cli, &r->p, &r->key, r->valid.ids, r->valid.count);
    if (!err && r->p.news > 0)
        err = cli_output_check(cli);
    if (err)
        return err;
    if (r->p.news == 0)
        publishing_again(&r->p);
    (void)snprintf(version, sizeof version, "%u.%u", r->p.t.generation, r->p.t.number);
    cli_set(cli, "version", json_string(version));
    if (r->p.again)
        cli_note(cli, "The key is revoked already: trust information %s is given out once more.\n", version);
    else
        tell(cli, r);
    if (cli_dry_run(cli))
        return home_signer_look(cli, h, CARNET_ROLE_ROOT);
    if (!r->p.again)
        err = cli_confirm(cli,
                          "What is revoked can't be taken back: machines that take the file refuse what the key signed "
                          "from then on, whatever date it bears, but what stays valid.");
    if (!err && !r->p.again)
        err = home_signer(cli, h, CARNET_ROLE_ROOT, &key);
    cli_hold_signals();
    if (!err && !r->p.again)
        err = record(cli, h, r, key);
    if (!err)
        err = publishing_write(cli, h, &r->p);
    cli_free_signals();
    if (!err)
        cli_note(cli, "For every machine: 'carnet-user trust add FILE'; for administrators: 'carnet-admin trust add "
                      "FILE'.\n");
    return err;
}

/* ---- the administrator gives his key up ---- */

static enum carnet_err give_up(struct cli *cli, struct home *h, struct revoking *r)
{
    const bool again = r->own && r->own->state == LEDGER_KEY_REVOKED;
    enum carnet_err err = CARNET_OK;

    tell(cli, r);
    if (!cli_dry_run(cli) && !again)
        err = cli_confirm(cli,
                          "This home signs nothing with the key any more. Licenses that still go by it get no renewal "
                          "before an entitlement names the key that followed.");
    if (!err && !cli_dry_run(cli) && !again)
        err = record(cli, h, r, NULL);
    if (err)
        return err;
    for (size_t i = 0; i < r->valid.count; i++) {
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&r->valid.ids[i], hex);
        cli_data(cli, "%s\n", hex);
    }
    cli_note(cli, "Only the vendor can revoke it for others: send him these ids, over another channel than the key's: "
                  "'carnet-admin key revoke issuer KEYID --valid FILE' takes them.\n");
    return CARNET_OK;
}

enum carnet_err admin_key_revoke(struct cli *cli)
{
    const char *which = cli_argument(cli, 0);
    struct revoking r = {.role = strcmp(which, "root") == 0 ? CARNET_ROLE_ROOT : CARNET_ROLE_ISSUER};
    struct home h = {0};
    enum carnet_err err;

    if (r.role != CARNET_ROLE_ROOT && strcmp(which, "issuer") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has the keys 'root' and 'issuer'; say which.");
    err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err && r.role == CARNET_ROLE_ROOT)
        err = home_has_root(cli, &h);
    if (!err)
        err = find_key(cli, &h, &r);
    if (!err)
        err = still_valid_find(cli, &h, &r.key, r.role, &r.valid);
    if (!err)
        err = h.has_root ? publish(cli, &h, &r) : give_up(cli, &h, &r);
    still_valid_clear(&r.valid);
    publishing_end(&r.p);
    home_close(&h);
    return err;
}

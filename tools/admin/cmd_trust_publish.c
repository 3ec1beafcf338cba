/* SPDX-License-Identifier: MIT */
/* trust publish: the vendor says what is revoked. Each version says all that the one before it said, and more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "publishing.h"

const struct cli_option admin_trust_publish_options[] = {
    {"revoke-key", 0, "KEYID", true, "nothing counts any more that this issuer key signed, but what --valid names"},
    {"valid", 0, "ID|FILE", true, "a bundle of the key revoked that stays valid: its id, or the bundle"},
    {"revoke-grant", 0, "LICENSE/FINGERPRINT", true, "a grant that ends: license id and id of the fingerprint"},
    {"least", 0, "LICENSE=REVISION", true, "licenses of an earlier revision no longer count"},
    {"expires", 0, "DATE", false, "the last day on which it is taken, or never; a year from now without it"},
    {NULL, 0, NULL, false, NULL}};

static enum carnet_err usage(struct cli *cli, const char *option, const char *words)
{
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--%s takes %s.", option, words);
}

/* ---- what is added ---- */

static bool is_known_issuer(const struct home *h, const struct carnet_digest *key)
{
    for (size_t i = 0; i < h->anchors.known_count; i++)
        if (h->anchors.known[i].role == CARNET_ROLE_ISSUER && carnet_digest_equal(key, &h->anchors.known[i].id))
            return true;
    return false;
}

static enum carnet_err add_key(struct cli *cli, const struct home *h, struct publishing *p, const char *text)
{
    struct carnet_digest key;

    if (carnet_digest_parse(text, &key) != CARNET_OK)
        return usage(cli, "revoke-key", "a key id: 64 hexadecimal digits");
    if (!is_known_issuer(h, &key)) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No entitlement of this home names the issuer key %s.",
                          text);
        return carnet_fail_next(cli_diag(cli), "Look for the key's id in the entitlement: 'carnet-inspect show FILE'.");
    }
    return publishing_revoke_key(cli, p, &key);
}

/* The id that --valid gives, of a bundle that the key signed where it is given as a file. */
static enum carnet_err read_valid(struct cli *cli, struct home *h, const char *text, const struct carnet_digest *key,
                                  struct carnet_digest *out)
{
    const struct carnet_read_options options = home_reading(h, 0);
    struct cli_bundle bundle = {0};
    enum carnet_err err;

    if (carnet_digest_parse(text, out) == CARNET_OK)
        return CARNET_OK;
    err = cli_bundle_read(cli, text, &options, &bundle);
    if (!err && !carnet_digest_equal(carnet_signed_signer(carnet_reading_signed(bundle.reading)), key)) {
        (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "",
                          "The file is not signed by the key that is revoked.");
        err = carnet_fail_next(cli_diag(cli), "Name the licenses that this key signed, or their ids.");
    }
    if (!err)
        *out = *carnet_intact_id(carnet_reading_intact(bundle.reading));
    else
        cli_place(cli, text);
    cli_bundle_clear(&bundle);
    return err;
}

static enum carnet_err add_valid(struct cli *cli, struct home *h, struct publishing *p)
{
    const size_t count = cli_values(cli, "valid");
    struct carnet_digest key, *ids;
    enum carnet_err err = CARNET_OK;

    if (count == 0)
        return CARNET_OK;
    if (cli_values(cli, "revoke-key") != 1 ||
        carnet_digest_parse(cli_value_at(cli, "revoke-key", 0), &key) != CARNET_OK)
        return usage(cli, "valid", "bundles of one key: give exactly one --revoke-key with it");
    ids = calloc(count, sizeof *ids);
    if (!ids)
        return CARNET_NO_MEMORY;
    for (size_t i = 0; !err && i < count; i++)
        err = read_valid(cli, h, cli_value_at(cli, "valid", i), &key, &ids[i]);
    if (!err)
        err = publishing_keep(cli, p, &key, ids, count);
    free(ids);
    return err;
}

/* "LEFT" of "LEFTcRIGHT" as a license id; the right part, or NULL. */
static const char *license_before(const char *text, char c, char license[CARNET_ID_TEXT_SIZE])
{
    const char *at = strchr(text, c);

    if (!at || (size_t)(at - text) >= CARNET_ID_TEXT_SIZE)
        return NULL;
    memcpy(license, text, (size_t)(at - text));
    license[at - text] = '\0';
    return carnet_text_is_id(license) ? at + 1 : NULL;
}

static enum carnet_err add_grant(struct cli *cli, struct publishing *p, const char *text)
{
    struct carnet_trust_lists *l = p->lists;
    struct carnet_grant_name grant = {0};
    const char *right = license_before(text, '/', grant.license);
    uint32_t at = 0;
    int order = 1;

    if (!right || carnet_digest_parse(right, &grant.fingerprint) != CARNET_OK)
        return usage(cli, "revoke-grant", "a license id, '/', and the id of the fingerprint that made the grant");
    for (; at < l->grant_count; at++) {
        order = strcmp(grant.license, l->grants[at].license);
        if (order == 0)
            order = publishing_order(&grant.fingerprint, &l->grants[at].fingerprint);
        if (order <= 0)
            break;
    }
    if (at < l->grant_count && order == 0)
        return CARNET_OK;
    if (l->grant_count == CARNET_REVOKED_GRANTS_MOST)
        return publishing_too_many(cli, "grants");
    memmove(&l->grants[at + 1], &l->grants[at], (l->grant_count - at) * sizeof *l->grants);
    l->grants[at] = grant;
    l->grant_count++;
    p->news++;
    return CARNET_OK;
}

static enum carnet_err add_least(struct cli *cli, struct publishing *p, const char *text)
{
    struct carnet_trust_lists *l = p->lists;
    struct carnet_least_revision least = {0};
    const char *right = license_before(text, '=', least.license);
    uint32_t at = 0;

    if (!right || carnet_text_number(right, 1, CARNET_COUNT_MOST, &least.least) != CARNET_OK)
        return usage(cli, "least", "a license id, '=', and the least revision");
    while (at < l->revision_count && strcmp(l->revisions[at].license, least.license) < 0)
        at++;
    if (at < l->revision_count && strcmp(l->revisions[at].license, least.license) == 0) {
        p->news += least.least > l->revisions[at].least;
        if (least.least > l->revisions[at].least)
            l->revisions[at] = least;
        return CARNET_OK;
    }
    if (l->revision_count == CARNET_REVISIONS_MOST)
        return publishing_too_many(cli, "licenses");
    memmove(&l->revisions[at + 1], &l->revisions[at], (l->revision_count - at) * sizeof *l->revisions);
    l->revisions[at] = least;
    l->revision_count++;
    p->news++;
    return CARNET_OK;
}

static enum carnet_err settle(struct cli *cli, struct home *h, struct publishing *p)
{
    const char *expires = cli_value(cli, "expires");
    enum carnet_err err = publishing_begin(cli, h, p);

    for (size_t i = 0; !err && i < cli_values(cli, "revoke-key"); i++)
        err = add_key(cli, h, p, cli_value_at(cli, "revoke-key", i));
    if (!err)
        err = add_valid(cli, h, p);
    for (size_t i = 0; !err && i < cli_values(cli, "revoke-grant"); i++)
        err = add_grant(cli, p, cli_value_at(cli, "revoke-grant", i));
    for (size_t i = 0; !err && i < cli_values(cli, "least"); i++)
        err = add_least(cli, p, cli_value_at(cli, "least", i));
    if (err)
        return err;
    if (expires && carnet_utc_parse_date(expires, &p->t.expires) != CARNET_OK)
        return usage(cli, "expires", "a date such as 2027-12-31, or 'never'");
    if (p->t.expires < carnet_utc_now())
        return usage(cli, "expires", "a day that is not past");
    /* Nothing new, and the one before was perhaps never written: the same bytes. */
    if (p->news == 0 && !expires && publishing_waits(p))
        publishing_again(p);
    return CARNET_OK;
}

static enum carnet_err record(struct cli *cli, struct home *h, const struct carnet_key *key, struct publishing *p)
{
    struct carnet_diag *diag = cli_diag(cli);
    enum carnet_err err = ledger_begin(h->ledger, diag);

    if (!err)
        err = publishing_sign(h, key, p, carnet_utc_now(), diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err publish(struct cli *cli, struct home *h, struct publishing *p)
{
    const struct carnet_key *key = NULL;
    char version[32];
    enum carnet_err err = settle(cli, h, p);

    if (!err && !p->again)
        err = cli_output_check(cli);
    if (err)
        return err;
    (void)snprintf(version, sizeof version, "%u.%u", p->t.generation, p->t.number);
    cli_set(cli, "version", json_string(version));
    cli_set(cli, "news", json_integer((json_int_t)p->news));
    publishing_say(cli, p);
    if (cli_dry_run(cli))
        return home_signer_look(cli, h, CARNET_ROLE_ROOT);
    if (p->news > 0 && !cli_flag(cli, "yes"))
        err = cli_confirm(cli,
                          "What is revoked can't be taken back: machines that take this file refuse it from then on.");
    if (!err && !p->again)
        err = home_signer(cli, h, CARNET_ROLE_ROOT, &key);
    if (err)
        return err;
    cli_hold_signals();
    if (!p->again)
        err = record(cli, h, key, p);
    if (!err)
        err = publishing_write(cli, h, p);
    cli_free_signals();
    if (!err)
        cli_note(cli, "For every machine: 'carnet-user trust add FILE'; for administrators: 'carnet-admin trust add "
                      "FILE'.\n");
    return err;
}

enum carnet_err admin_trust_publish(struct cli *cli)
{
    struct home h = {0};
    struct publishing p = {.before = NULL};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = home_has_root(cli, &h);
    if (!err)
        err = publish(cli, &h, &p);
    publishing_end(&p);
    home_close(&h);
    return err;
}

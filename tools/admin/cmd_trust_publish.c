/* SPDX-License-Identifier: MIT */
/* trust publish: the vendor says what is revoked. Each version says all that the one before it said, and more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "core/file.h"
#include "home.h"
#include "rules/links.h"
#include "sign.h"

const struct cli_option admin_trust_publish_options[] = {
    {"revoke-key", 0, "KEYID", true, "nothing counts any more that this issuer key signed, but what --valid names"},
    {"valid", 0, "ID|FILE", true, "a bundle of the key revoked that stays valid: its id, or the bundle"},
    {"revoke-grant", 0, "LICENSE/FINGERPRINT", true, "a grant that ends: license id and id of the fingerprint"},
    {"least", 0, "LICENSE=REVISION", true, "licenses of an earlier revision no longer count"},
    {"expires", 0, "DATE", false, "the last day on which it is taken, or never; a year from now without it"},
    {NULL, 0, NULL, false, NULL}};

struct publishing {
    struct carnet_trust t;
    struct carnet_trust_lists *lists;
    struct carnet_buffer before;    /* the file that was published last */
    struct carnet_reading *reading; /* of it */
    size_t news;                    /* what is revoked now and was not before */
};

static int compare(const struct carnet_digest *a, const struct carnet_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static enum carnet_err too_many(struct cli *cli, const char *what)
{
    (void)carnet_fail(cli_diag(cli), CARNET_CAP_REACHED, "U-5", "Trust information can't name more %s.", what);
    return carnet_fail_next(cli_diag(cli),
                            "Issue the licenses anew, under a new issuer key; then the old list can go.");
}

static enum carnet_err usage(struct cli *cli, const char *option, const char *words)
{
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--%s takes %s.", option, words);
}

/* ---- what was said before ---- */

static enum carnet_err read_before(struct cli *cli, struct home *h, struct publishing *p)
{
    const struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_TRUST));
    struct carnet_diag unused;
    uint32_t published = 0;
    enum carnet_err err = ledger_published(h->ledger, &h->root.id, &published, cli_diag(cli));

    if (err)
        return err;
    err = carnet_file_read(h->folder, HOME_TRUST_FILE, CARNET_BUNDLE_MOST, true, &p->before, &unused);
    if (err == CARNET_NO_INPUT && published == 0) {
        p->t = (struct carnet_trust){.vendor = h->root.id, .generation = 1, .roots = {h->root.id}};
        return CARNET_OK;
    }
    if (!err)
        err = carnet_reading_open(p->before.bytes, p->before.size, &options, &p->reading, &unused);
    if (err) {
        (void)carnet_fail(cli_diag(cli), CARNET_LEDGER_DAMAGED, "",
                          "The trust information that was published last (%s in the home) is gone or damaged.",
                          HOME_TRUST_FILE);
        return carnet_fail_next(cli_diag(cli),
                                "Put it back: every copy of the newest one that you gave out is that file.");
    }
    p->t = *carnet_document_trust(carnet_reading_document(p->reading));
    *p->lists = *p->t.lists;
    if (p->t.number < published)
        p->t.number = published;
    return CARNET_OK;
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
    struct carnet_trust_lists *l = p->lists;
    struct carnet_digest key;
    uint32_t at = 0;

    if (carnet_digest_parse(text, &key) != CARNET_OK)
        return usage(cli, "revoke-key", "a key id: 64 hexadecimal digits");
    if (!is_known_issuer(h, &key)) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No entitlement of this home names the issuer key %s.",
                          text);
        return carnet_fail_next(cli_diag(cli), "Look for the key's id in the entitlement: 'carnet-inspect show FILE'.");
    }
    while (at < l->key_count && compare(&l->keys[at].key, &key) < 0)
        at++;
    if (at < l->key_count && compare(&l->keys[at].key, &key) == 0)
        return CARNET_OK;
    if (l->key_count == CARNET_REVOKED_KEYS_MOST)
        return too_many(cli, "keys");
    memmove(&l->keys[at + 1], &l->keys[at], (l->key_count - at) * sizeof *l->keys);
    l->keys[at] = (struct carnet_revoked_key){.key = key, .first = l->valid_count};
    l->key_count++;
    p->news++;
    return CARNET_OK;
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

static int by_bytes(const void *a, const void *b)
{
    return compare(a, b);
}

/* The ids lie key after key; those of the one key that is revoked now are put behind all others. */
static enum carnet_err add_valid(struct cli *cli, struct home *h, struct publishing *p)
{
    struct carnet_trust_lists *l = p->lists;
    const size_t count = cli_values(cli, "valid");
    struct carnet_digest key;
    uint32_t at = 0, kept = 0;

    if (count == 0)
        return CARNET_OK;
    if (cli_values(cli, "revoke-key") != 1 ||
        carnet_digest_parse(cli_value_at(cli, "revoke-key", 0), &key) != CARNET_OK)
        return usage(cli, "valid", "bundles of one key: give exactly one --revoke-key with it");
    while (at < l->key_count && !carnet_digest_equal(&l->keys[at].key, &key))
        at++;
    if (at == l->key_count || l->keys[at].count > 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                          "What stays valid of this key was said before, and is not said anew.");
        return carnet_fail_next(cli_diag(cli), "Have the licenses that were forgotten issued again by another key.");
    }
    l->keys[at].first = l->valid_count;
    for (size_t i = 0; i < count; i++) {
        struct carnet_digest id;
        enum carnet_err err = read_valid(cli, h, cli_value_at(cli, "valid", i), &key, &id);
        if (err)
            return err;
        if (l->valid_count == CARNET_STILL_VALID_MOST)
            return too_many(cli, "bundles that stay valid");
        l->valid[l->valid_count++] = id;
    }
    qsort(&l->valid[l->keys[at].first], count, sizeof *l->valid, by_bytes);
    for (uint32_t i = l->keys[at].first; i < l->valid_count; i++)
        if (kept == 0 || compare(&l->valid[i], &l->valid[l->keys[at].first + kept - 1]) != 0)
            l->valid[l->keys[at].first + kept++] = l->valid[i];
    l->keys[at].count = kept;
    l->valid_count = l->keys[at].first + kept;
    return CARNET_OK;
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
            order = compare(&grant.fingerprint, &l->grants[at].fingerprint);
        if (order <= 0)
            break;
    }
    if (at < l->grant_count && order == 0)
        return CARNET_OK;
    if (l->grant_count == CARNET_REVOKED_GRANTS_MOST)
        return too_many(cli, "grants");
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
        return too_many(cli, "licenses");
    memmove(&l->revisions[at + 1], &l->revisions[at], (l->revision_count - at) * sizeof *l->revisions);
    l->revisions[at] = least;
    l->revision_count++;
    p->news++;
    return CARNET_OK;
}

static enum carnet_err settle(struct cli *cli, struct home *h, struct publishing *p)
{
    const char *expires = cli_value(cli, "expires");
    enum carnet_err err = read_before(cli, h, p);

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
    p->t.lists = p->lists;
    p->t.number++;
    p->t.expires = carnet_utc_add_days(carnet_utc_now(), 365);
    if (expires && carnet_utc_parse_date(expires, &p->t.expires) != CARNET_OK)
        return usage(cli, "expires", "a date such as 2027-12-31, or 'never'");
    if (p->t.expires < carnet_utc_now())
        return usage(cli, "expires", "a day that is not past");
    return CARNET_OK;
}

/* ---- and signed ---- */

static enum carnet_err sign(struct cli *cli, struct home *h, const struct carnet_key *key, struct publishing *p,
                            struct carnet_buffer *bytes, struct carnet_digest *id)
{
    const struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_TRUST));
    const struct ledger_event event = {.what = "publish", .key = &h->root.id, .bundle = id};
    struct carnet_diag *diag = cli_diag(cli);
    struct carnet_buffer document = {0};
    struct carnet_reading *reading = NULL;
    bool same = false;
    enum carnet_err err = ledger_begin(h->ledger, diag);

    p->t.created = carnet_utc_now(); /* under the lock (spec/ledger.md, L-6) */
    if (!err)
        err = carnet_issue_compose_trust(&p->t, &document);
    if (!err)
        err = carnet_issue_seal_trust(key, document.bytes, document.size, NULL, 0, bytes, id, diag);
    if (!err)
        err = carnet_reading_open(bytes->bytes, bytes->size, &options, &reading, diag);
    if (!err)
        err = carnet_trust_accept(p->reading ? carnet_document_trust(carnet_reading_document(p->reading)) : NULL,
                                  p->reading ? carnet_judged_id(carnet_reading_judged(p->reading)) : NULL,
                                  carnet_reading_judged(reading), p->t.created, &same, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->root.id, &h->root.id, p->t.created, &event, NULL, diag);
    if (!err)
        err = ledger_key_used(h->ledger, &h->root.id, p->t.created, diag);
    /* The file first: with a number that the journal does not know, the next one is higher all the same. */
    if (!err)
        err = carnet_file_replace(h->folder, HOME_TRUST_FILE, 0600, bytes->bytes, bytes->size, diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    carnet_reading_free(reading);
    carnet_buffer_clear(&document);
    return err;
}

static void say(struct cli *cli, const struct publishing *p)
{
    char hex[CARNET_HEX_SIZE], expires[CARNET_UTC_SIZE];

    carnet_utc_format(p->t.expires, expires);
    cli_note(cli, "Trust information %u.%u: %u keys, %u grants and %u least revisions; taken until %s.\n",
             p->t.generation, p->t.number, p->lists->key_count, p->lists->grant_count, p->lists->revision_count,
             expires);
    for (uint32_t i = 0; i < p->lists->key_count; i++) {
        carnet_digest_hex(&p->lists->keys[i].key, hex);
        cli_note(cli, "  key %s: void, but for %u files\n", hex, p->lists->keys[i].count);
    }
}

static enum carnet_err publish(struct cli *cli, struct home *h, struct publishing *p)
{
    const struct carnet_key *key = NULL;
    struct carnet_buffer bytes = {0};
    struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_TRUST)};
    char label[32], version[32];
    enum carnet_err err = settle(cli, h, p);

    if (!err)
        err = cli_output_check(cli);
    if (err)
        return err;
    (void)snprintf(version, sizeof version, "%u.%u", p->t.generation, p->t.number);
    (void)snprintf(label, sizeof label, "%u-%u", p->t.generation, p->t.number);
    cli_set(cli, "version", json_string(version));
    cli_set(cli, "news", json_integer((json_int_t)p->news));
    say(cli, p);
    if (cli_dry_run(cli))
        return home_signer_look(cli, h, CARNET_ROLE_ROOT);
    if (p->news > 0 && !cli_flag(cli, "yes"))
        err = cli_confirm(cli,
                          "What is revoked can't be taken back: machines that take this file refuse it from then on.");
    if (!err)
        err = home_signer(cli, h, CARNET_ROLE_ROOT, &key);
    if (err)
        return err;
    cli_hold_signals();
    err = sign(cli, h, key, p, &bytes, &output.id);
    output.label = label;
    output.bytes = bytes.bytes;
    output.size = bytes.size;
    if (!err)
        err = cli_output_write(cli, &output);
    cli_free_signals();
    if (!err)
        cli_note(cli, "For every machine: 'carnet-user trust add FILE'.\n");
    carnet_buffer_clear(&bytes);
    return err;
}

enum carnet_err admin_trust_publish(struct cli *cli)
{
    struct home h = {0};
    struct publishing p = {.lists = calloc(1, sizeof *p.lists)};
    enum carnet_err err = p.lists ? home_open(cli, &h) : CARNET_NO_MEMORY;

    if (!err)
        err = home_may_change(cli, &h);
    if (!err && !h.has_root) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "This home has no root key: it can't publish.");
        err = carnet_fail_next(cli_diag(cli), "Use the home of the vendor, made with 'init --role vendor' or 'both'.");
    }
    if (!err)
        err = publish(cli, &h, &p);
    carnet_reading_free(p.reading);
    carnet_buffer_clear(&p.before);
    free(p.lists);
    home_close(&h);
    return err;
}

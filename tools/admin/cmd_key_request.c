/* SPDX-License-Identifier: MIT */
/* key request: the administrator asks a vendor to name his issuer key. And the other side of it: which key entitle's
 * --issuer names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "bundle/armour.h"
#include "common/io.h"
#include "common/pin.h"
#include "home.h"
#include "key_request.h"
#include "sign.h"

const struct cli_option admin_key_request_options[] = {
    ADMIN_VENDOR_OPTION,
    {"license", 0, "ID", false, "the license it is for; without it, for any"},
    {"offline", 0, "WORD", false, "wished (the default) or not-wished: is conversion to offline wished"},
    {NULL, 0, NULL, false, NULL}};

/* Whom it is for: --vendor, else the only vendor that is pinned. */
static enum carnet_err find_vendor(struct cli *cli, const struct home *h, struct carnet_digest *out)
{
    const char *vendor = cli_value(cli, "vendor");
    const struct carnet_anchors *anchors = &h->anchors;

    if (vendor)
        return ledger_vendor_find(h->ledger, vendor, out, cli_diag(cli));
    for (size_t i = 1; i < anchors->count; i++) {
        if (carnet_digest_equal(&anchors->list[i].vendor, &anchors->list[0].vendor))
            continue;
        (void)carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Several vendors are pinned here, and it is for one.");
        (void)carnet_fail_next(cli_diag(cli), "Say which with --vendor; 'carnet-admin trust list' lists them.");
        return CARNET_USAGE;
    }
    if (anchors->count == 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "",
                          "No vendor is pinned here, whom the request could be for.");
        (void)carnet_fail_next(cli_diag(cli), "Pin the vendor's root key first: 'carnet-admin trust add FILE'.");
        return CARNET_NOT_FOUND;
    }
    *out = anchors->list[0].vendor;
    return CARNET_OK;
}

/* The key that the vendor's entitlements still name, else the one before this. */
static enum carnet_err find_replaced(struct cli *cli, const struct home *h, struct carnet_keyrequest *k)
{
    struct ledger_license *list = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_licenses(h->ledger, &k->vendor, NULL, &list, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++) {
        if ((*k->license && strcmp(k->license, list[i].id) != 0) || k->has_replaced || !home_own(h, &list[i].issuer) ||
            carnet_digest_equal(&list[i].issuer, &h->issuer.id))
            continue;
        k->has_replaced = true;
        k->replaced = list[i].issuer;
    }
    for (size_t i = 0; !err && !k->has_replaced && i < h->own_count; i++) {
        if (h->own[i].role != CARNET_ROLE_ISSUER || h->own[i].state == LEDGER_KEY_ACTIVE)
            continue;
        k->has_replaced = true;
        k->replaced = h->own[i].id;
    }
    free(list);
    return err;
}

static enum carnet_err settle(struct cli *cli, const struct home *h, struct carnet_keyrequest *k)
{
    enum carnet_err err;

    const struct ledger_about *about = ledger_about(h->ledger);
    const char *offline = cli_value(cli, "offline"), *license = cli_value(cli, "license");

    if (offline && strcmp(offline, "wished") != 0 && strcmp(offline, "not-wished") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--offline is 'wished' or 'not-wished'.");
    if (license && !carnet_text_is_id(license))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--license gives the license's id: 1 to 64 letters, digits, '.', '_' or '-'.");
    k->offline_wished = !offline || strcmp(offline, "wished") == 0;
    (void)snprintf(k->license, sizeof k->license, "%s", license ? license : "");
    (void)snprintf(k->name, sizeof k->name, "%s", about->name);
    (void)snprintf(k->contact, sizeof k->contact, "%s", about->contact);
    err = find_vendor(cli, h, &k->vendor);
    return err ? err : find_replaced(cli, h, k);
}

/* The journal knows it before it is written: every use of the key is an event. */
static enum carnet_err sign(struct cli *cli, struct home *h, const struct carnet_key *key, struct carnet_keyrequest *k,
                            struct carnet_buffer *bytes, struct carnet_digest *id)
{
    const struct ledger_event event = {
        .what = "key-request", .license = *k->license ? k->license : NULL, .key = &h->issuer.id, .bundle = id};
    struct carnet_diag *diag = cli_diag(cli);
    struct carnet_buffer document = {0};
    enum carnet_err err = ledger_begin(h->ledger, diag);

    k->made = carnet_utc_now(); /* under the lock (spec/ledger.md, L-6) */
    carnet_random(k->nonce, sizeof k->nonce);
    if (!err)
        err = carnet_issue_compose_keyrequest(k, &document);
    if (!err)
        err = sign_bundle(h, key, CARNET_KIND_KEYREQUEST, &document, NULL, bytes, id, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &k->vendor, &h->issuer.id, k->made, &event, NULL, diag);
    if (!err)
        err = ledger_key_used(h->ledger, &h->issuer.id, k->made, diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    carnet_buffer_clear(&document);
    return err;
}

enum carnet_err key_request_write(struct cli *cli, struct home *h)
{
    const struct carnet_key *key = NULL;
    struct carnet_keyrequest k = {0};
    struct carnet_buffer bytes = {0};
    struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_KEYREQUEST)};
    char grouped[CLI_GROUPED_SIZE], hex[CARNET_HEX_SIZE];
    enum carnet_err err = settle(cli, h, &k);

    if (!err)
        err = cli_output_check(cli);
    if (err)
        return err;
    carnet_digest_hex(&h->issuer.id, hex);
    cli_set(cli, "key", json_string(hex));
    carnet_digest_hex(&k.vendor, hex);
    cli_set(cli, "vendor", json_string(hex));
    if (cli_dry_run(cli))
        err = home_signer_look(cli, h, CARNET_ROLE_ISSUER);
    else
        err = home_signer(cli, h, CARNET_ROLE_ISSUER, &key);
    if (!err && !cli_dry_run(cli)) {
        cli_hold_signals();
        err = sign(cli, h, key, &k, &bytes, &output.id);
        output.label = *k.license ? k.license : k.name;
        output.bytes = bytes.bytes;
        output.size = bytes.size;
        if (!err)
            err = cli_output_write(cli, &output);
        cli_free_signals();
        if (!err) {
            carnet_digest_hex(&output.id, hex);
            cli_set(cli, "keyrequest", json_string(hex));
        }
    }
    if (!err) {
        cli_id_grouped(&h->issuer.id, grouped);
        cli_note(cli,
                 "%s the vendor with this home's issuer key\n\n    %s\n\n"
                 "Tell the vendor this id over another channel; 'carnet-admin entitle --issuer FILE' takes the file.\n",
                 cli_dry_run(cli) ? "Would ask" : "It asks", grouped);
    }
    carnet_buffer_clear(&bytes);
    return err;
}

enum carnet_err admin_key_request(struct cli *cli)
{
    struct home h = {0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_holds_seats(cli, &h);
    if (!err)
        err = key_request_write(cli, &h);
    home_close(&h);
    return err;
}

/* ---- the vendor's side ---- */

#define PEM_MOST 4096

static enum carnet_err take_pem(struct cli *cli, const struct carnet_buffer *bytes, struct key_request_issuer *out)
{
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    enum carnet_err err = cli_pin_refuse_private(cli, bytes->bytes, bytes->size, CARNET_WRONG_KIND);

    if (err)
        return err;
    err = carnet_pem_read(bytes->bytes, bytes->size < PEM_MOST ? bytes->size : PEM_MOST, key, cli_diag(cli));
    if (!err)
        err = carnet_key_gate(key, cli_diag(cli));
    if (err)
        (void)carnet_fail_next(cli_diag(cli), "--issuer takes the PEM of 'carnet-admin key export issuer', or the file "
                                              "of 'carnet-admin key request'.");
    else
        carnet_key_id(key, &out->key);
    return err;
}

/* B-2. */
static enum carnet_err hold_request(struct cli *cli, const struct home *h, const struct carnet_keyrequest *k,
                                    const char *license)
{
    char hex[CARNET_HEX_SIZE];

    if (!carnet_digest_equal(&k->vendor, &h->vendor)) {
        carnet_digest_hex(&k->vendor, hex);
        (void)carnet_fail(cli_diag(cli), CARNET_WRONG_VENDOR, "B-2", "The key request is for the vendor %s.", hex);
        (void)carnet_fail_next(cli_diag(cli), "Ask the administrator for one that is made for you: "
                                              "'carnet-admin key request --vendor ID'.");
        return CARNET_WRONG_VENDOR;
    }
    if (!*k->license || strcmp(k->license, license) == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "B-2", "The key request is for the license %s, and not for %s.",
                      k->license, license);
    return carnet_fail_next(cli_diag(cli), "Entitle the license it is for, or ask for one without --license.");
}

/* Has this key been seen as an issuer's before? Then a person has confirmed it once. */
static bool known_issuer(const struct home *h, const struct carnet_digest *id)
{
    for (size_t i = 0; i < h->anchors.known_count; i++)
        if (h->anchors.known[i].role == CARNET_ROLE_ISSUER && carnet_digest_equal(id, &h->anchors.known[i].id))
            return true;
    return false;
}

/* B-3. */
static enum carnet_err confirm(struct cli *cli, const struct carnet_keyrequest *k, const struct carnet_digest *id)
{
    char grouped[CLI_GROUPED_SIZE], name[CARNET_TEXT_SIZE * 4], made[CARNET_UTC_SIZE];

    cli_id_grouped(id, grouped);
    carnet_utc_format(k->made, made);
    cli_note(cli, "%s asks, on %s, to be named as issuer (offline use %s) with the key\n\n    %s\n\n",
             carnet_text_escape(k->name, strlen(k->name), name, sizeof name), made,
             k->offline_wished ? "wished" : "not wished", grouped);
    if (k->has_replaced) {
        cli_id_grouped(&k->replaced, grouped);
        cli_note(
            cli,
            "It says that this key follows his key\n\n    %s\n\nand goes on with the licenses of that. Ask him: of "
            "anybody else it would be a second issuer, and seats could be given twice.\n\n",
            grouped);
    }
    if (cli_dry_run(cli))
        return CARNET_OK;
    if (cli_flag(cli, "yes")) {
        cli_warn(cli, "The key is named on your word alone; compare it with the administrator over another channel.");
        return CARNET_OK;
    }
    return cli_confirm(cli, "Whoever holds this key gives out the seats. Compare the id above with the one that the "
                            "administrator gave you over another channel (telephone, paper, a person).");
}

static enum carnet_err take_request(struct cli *cli, const struct home *h, struct cli_bundle *bundle, const char *file,
                                    const char *license, struct key_request_issuer *out)
{
    const struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_KEYREQUEST));
    enum carnet_err err = cli_bundle_open(cli, file, &options, bundle);

    if (err)
        return err;
    const struct carnet_keyrequest *k = carnet_document_keyrequest(carnet_reading_document(bundle->reading));
    const struct carnet_digest *signer = carnet_signed_signer(carnet_reading_signed(bundle->reading));
    err = hold_request(cli, h, k, license);
    /* Who says that his key follows another one takes over licenses, and is asked about each time. */
    if (!err && (k->has_replaced || !known_issuer(h, signer)))
        err = confirm(cli, k, signer);
    if (!err)
        *out = (struct key_request_issuer){.key = *signer, .has_replaced = k->has_replaced, .replaced = k->replaced};
    return err;
}

enum carnet_err key_request_take(struct cli *cli, const struct home *h, const char *file, const char *license,
                                 struct key_request_issuer *out)
{
    struct cli_bundle bundle = {0};
    enum carnet_err err = cli_bundle_load(cli, file, &bundle);

    if (!err && (carnet_armour_is_bundle(bundle.bytes.bytes, bundle.bytes.size) ||
                 (bundle.bytes.size > 0 && memmem(bundle.bytes.bytes, bundle.bytes.size, "-----BEGIN CARNET ", 18))))
        err = take_request(cli, h, &bundle, file, license, out);
    else if (!err)
        err = take_pem(cli, &bundle.bytes, out);
    if (err)
        cli_place(cli, file);
    cli_bundle_clear(&bundle);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* trust add, trust list: whose entitlements count here. A root key becomes an anchor by a person's word alone (T-1). */
#include <stdio.h>
#include <stdlib.h>

#include "admin.h"
#include "common/pin.h"
#include "home.h"
#include "trust_take.h"

const struct cli_option admin_trust_add_options[] = {CLI_PIN_OPTION, CLI_PIN_ROOT_OPTION, {NULL, 0, NULL, false, NULL}};

static enum carnet_err pin(struct cli *cli, struct home *h, const struct carnet_digest *id, bool *known)
{
    struct carnet_diag *diag = cli_diag(cli);
    struct ledger_anchor anchor = {.vendor = *id, .root = *id};
    const struct ledger_event event = {.what = "trust", .key = id};
    enum carnet_err err = ledger_begin(h->ledger, diag);

    anchor.pinned = carnet_utc_now(); /* under the lock (spec/ledger.md, L-6) */
    if (!err)
        err = ledger_anchor_add(h->ledger, &anchor, known, diag);
    if (!err && !*known)
        err = ledger_event_add(h->ledger, id, home_chain(h), anchor.pinned, &event, NULL, diag);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err add_root(struct cli *cli, struct home *h, const struct carnet_buffer *pem, const char *file)
{
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE];
    bool known = false;
    enum carnet_err err = cli_pin_take(cli, file, pem, key, &id);

    if (!err) {
        known = home_knows_vendor(h, &id);
        if (!known)
            err = cli_pin_confirm(cli, &id);
    }
    if (!err && !known)
        err = pin(cli, h, &id, &known);
    if (!err) {
        carnet_digest_hex(&id, hex);
        cli_data(cli, "%s\n", hex);
        cli_set(cli, "vendor", json_string(hex));
        cli_set(cli, "known", json_boolean(known));
        cli_note(cli, "%s\n",
                 known              ? "This root is pinned here already."
                 : cli_dry_run(cli) ? "Would pin this root."
                                    : "This root is pinned: its entitlements are taken from now on.");
    }
    return err;
}

/* Of a vendor of whom no root is pinned here: vendor id and present root are confirmed, both. */
static enum carnet_err pin_by_information(struct cli *cli, const struct home *h, const char *file,
                                          struct cli_bundle *bundle, struct cli_pin_trust *pin, bool *pins)
{
    const struct carnet_diag why = *cli_diag(cli);
    enum carnet_err err = cli_pin_open_trust(cli, file, bundle, pin);

    if (err || home_knows_vendor(h, &pin->vendor)) {
        *cli_diag(cli) = why;
        return why.err;
    }
    *pins = true;
    return cli_pin_confirm_trust(cli, pin);
}

static enum carnet_err add_information(struct cli *cli, struct home *h, struct cli_bundle *bundle, const char *file)
{
    const struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_TRUST));
    struct cli_pin_trust pin = {.vendor = {{0}}};
    const struct carnet_trust *t;
    char hex[CARNET_HEX_SIZE], version[32];
    bool pins = false, same = false;
    enum carnet_err err = cli_bundle_open(cli, file, &options, bundle);

    if (err == CARNET_UNTRUSTED_KEY || err == CARNET_NOT_VOUCHED)
        err = pin_by_information(cli, h, file, bundle, &pin, &pins);
    if (!err)
        err = trust_take(cli, h, bundle->reading, pins ? &pin.vendor : NULL, &same);
    if (err) {
        cli_place(cli, file);
        return err;
    }
    t = carnet_document_trust(carnet_reading_document(bundle->reading));
    carnet_digest_hex(&t->vendor, hex);
    (void)snprintf(version, sizeof version, "%u.%u", t->generation, t->number);
    cli_set(cli, "vendor", json_string(hex));
    cli_set(cli, "version", json_string(version));
    cli_set(cli, "known", json_boolean(same));
    trust_take_tell(cli, h, t, same);
    return CARNET_OK;
}

enum carnet_err admin_trust_add(struct cli *cli)
{
    const char *file = cli_argument(cli, 0);
    struct home h = {0};
    struct cli_bundle bundle = {0};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = cli_bundle_load(cli, file, &bundle);
    if (!err && cli_pin_is_bundle(&bundle.bytes))
        err = add_information(cli, &h, &bundle, file);
    else if (!err)
        err = add_root(cli, &h, &bundle.bytes, file);
    cli_bundle_clear(&bundle);
    home_close(&h);
    return err;
}

enum carnet_err admin_trust_list(struct cli *cli)
{
    struct home h = {0};
    struct ledger_anchor *list = NULL;
    size_t count = 0;
    json_t *anchors = json_array();
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = ledger_anchors(h.ledger, &list, &count, cli_diag(cli));
    for (size_t i = 0; !err && i < count; i++) {
        const bool own = h.has_root && carnet_digest_equal(&h.root.id, &list[i].root);
        const struct carnet_trust *t = carnet_trust_of(&h.anchors, &list[i].vendor);
        char vendor[CARNET_HEX_SIZE], root[CARNET_HEX_SIZE], time[CARNET_UTC_SIZE], version[32] = "";
        carnet_digest_hex(&list[i].vendor, vendor);
        carnet_digest_hex(&list[i].root, root);
        carnet_utc_format(list[i].pinned, time);
        if (t)
            (void)snprintf(version, sizeof version, "%u.%u", t->generation, t->number);
        cli_data(cli, "%s  pinned %s%s%s%s%s%s\n", vendor, time, own ? "  your own" : "",
                 list[i].generation > 1 ? "  root " : "", list[i].generation > 1 ? root : "", t ? "  trust " : "",
                 version);
        (void)json_array_append_new(anchors, json_pack("{s:s, s:s, s:s, s:b, s:s*}", "vendor", vendor, "root", root,
                                                       "pinned", time, "own", (int)own, "version", t ? version : NULL));
    }
    if (!err && count == 0)
        cli_note(cli, "No root is pinned here; 'carnet-admin trust add FILE' does it.\n");
    if (!err)
        cli_set(cli, "anchors", json_incref(anchors));
    json_decref(anchors);
    free(list);
    home_close(&h);
    return err;
}

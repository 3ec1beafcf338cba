/* SPDX-License-Identifier: MIT */
/* trust add, trust list: whose entitlements count here. A root key becomes an anchor by a person's word alone (T-1). */
#include <stdlib.h>

#include "admin.h"
#include "common/pin.h"
#include "home.h"

const struct cli_option admin_trust_add_options[] = {CLI_PIN_OPTION, {NULL, 0, NULL, false, NULL}};

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

enum carnet_err admin_trust_add(struct cli *cli)
{
    struct home h = {0};
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE];
    bool known = false;
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = cli_pin_read(cli, cli_argument(cli, 0), key, &id);
    if (!err) {
        known = home_knows_vendor(&h, &id);
        if (!known)
            err = cli_pin_confirm(cli, &id);
    }
    if (!err && !known)
        err = pin(cli, &h, &id, &known);
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
        char vendor[CARNET_HEX_SIZE], root[CARNET_HEX_SIZE], time[CARNET_UTC_SIZE];
        carnet_digest_hex(&list[i].vendor, vendor);
        carnet_digest_hex(&list[i].root, root);
        carnet_utc_format(list[i].pinned, time);
        cli_data(cli, "%s  pinned %s%s\n", vendor, time, own ? "  your own" : "");
        (void)json_array_append_new(anchors, json_pack("{s:s, s:s, s:s, s:b}", "vendor", vendor, "root", root, "pinned",
                                                       time, "own", (int)own));
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

/* SPDX-License-Identifier: MIT */
/* trust add, trust list: whose entitlements count here. A root key becomes an anchor by a person's word alone (T-1). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/io.h"
#include "home.h"

#define PEM_MOST 4096

const struct cli_option admin_trust_add_options[] = {
    {"id", 0, "KEYID", false, "the key's id as the vendor told it: confirms without a question"},
    {NULL, 0, NULL, false, NULL}};

/* An id as people type it: spaces, colons and upper case do not matter. */
static enum carnet_err read_id(struct cli *cli, const char *typed, struct carnet_digest *out)
{
    char hex[CARNET_HEX_SIZE];
    size_t n = 0;

    for (; *typed; typed++) {
        if (*typed == ' ' || *typed == ':')
            continue;
        if (n == sizeof hex - 1)
            break;
        hex[n++] = (char)tolower((unsigned char)*typed);
    }
    hex[n] = '\0';
    if (*typed || carnet_digest_parse(hex, out) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A key's id is 64 hex digits.");
    return CARNET_OK;
}

static enum carnet_err read_root(struct cli *cli, struct carnet_digest *id)
{
    struct carnet_buffer pem = {0};
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    enum carnet_err err = cli_file_read(cli, cli_argument(cli, 0), PEM_MOST, &pem);

    if (!err) {
        err = carnet_pem_read(pem.bytes, pem.size, key, cli_diag(cli));
        if (!err)
            err = carnet_key_gate(key, cli_diag(cli));
        if (err) {
            cli_place(cli, cli_argument(cli, 0));
            (void)carnet_fail_next(cli_diag(cli), "'trust add' takes the vendor's root key as a PEM file; ask for "
                                                  "what 'carnet-admin key export root' writes there.");
        }
    }
    if (!err)
        carnet_key_id(key, id);
    carnet_buffer_clear(&pem);
    return err;
}

static enum carnet_err confirm(struct cli *cli, const struct carnet_digest *id)
{
    const char *typed = cli_value(cli, "id");
    struct carnet_digest wanted;
    char grouped[CLI_GROUPED_SIZE];
    enum carnet_err err;

    cli_id_grouped(id, grouped);
    if (typed) {
        err = read_id(cli, typed, &wanted);
        if (err || carnet_digest_equal(id, &wanted))
            return err;
        (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-1", "The file holds another key, whose id is %s.",
                          grouped);
        (void)carnet_fail_next(cli_diag(cli), "Do not use it before the vendor has told you its id.");
        return CARNET_UNTRUSTED_KEY;
    }
    if (cli_flag(cli, "yes"))
        cli_warn(cli, "the key %s was not compared with anything: -y took it as it is.", grouped);
    return cli_confirm(
        cli,
        "The key's id is %s. Whoever holds it can entitle licenses here: compare it with what the vendor "
        "tells you over another channel.",
        grouped);
}

static enum carnet_err pin(struct cli *cli, struct home *h, const struct carnet_digest *id, bool *known)
{
    struct carnet_diag *diag = cli_diag(cli);
    const int64_t now = carnet_utc_now();
    const struct ledger_anchor anchor = {.vendor = *id, .root = *id, .pinned = now};
    const struct ledger_event event = {.what = "trust", .key = id};
    enum carnet_err err = ledger_begin(h->ledger, diag);

    if (!err)
        err = ledger_anchor_add(h->ledger, &anchor, known, diag);
    if (!err && !*known)
        err = ledger_event_add(h->ledger, id, home_chain(h), now, &event, NULL, diag);
    if (!err && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

enum carnet_err admin_trust_add(struct cli *cli)
{
    struct home h = {0};
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE];
    bool known = false;
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = read_root(cli, &id);
    if (!err) {
        known = home_knows_vendor(&h, &id);
        if (!known)
            err = confirm(cli, &id);
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

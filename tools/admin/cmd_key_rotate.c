/* SPDX-License-Identifier: MIT */
/*
 * key rotate: another key follows. A root is announced by a link that the one before it signs, and the first
 * announcement holds for ever (U-9); then it takes over, and its trust information leads every machine from the first
 * root to it. An issuer key takes over license by license, as the vendor's entitlements name it.
 *
 * The new key's file is on the disk before anything is recorded; all else is one transaction; the file that goes out
 * comes last. So whatever cuts it off, the same command goes on: with the same key, and once recorded, with the same
 * bytes.
 */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "key_next.h"
#include "key_request.h"
#include "publishing.h"

const struct cli_option admin_key_rotate_options[] = {
    {"announce", 0, NULL, false, "root: only say which root will follow; run it again without, to let it take over"},
    ADMIN_VENDOR_OPTION,
    {NULL, 0, NULL, false, NULL}};

/* ---- the root ---- */

struct rotating {
    struct publishing p;
    bool announce;          /* only that */
    struct ledger_key next; /* which follows */
    struct carnet_key *made;
    const struct carnet_key *present, *signer;
};

static const struct ledger_key *own_next(const struct home *h)
{
    for (size_t i = 0; i < h->own_count; i++)
        if (h->own[i].state == LEDGER_KEY_NEXT)
            return &h->own[i];
    return NULL;
}

/* Is the home the present root's? An older copy of it would announce a second successor. */
static enum carnet_err hold_present(struct cli *cli, const struct home *h, const struct rotating *r)
{
    const struct carnet_trust *t = &r->p.t;

    if (!carnet_digest_equal(&t->roots[t->generation - 1], &h->root.id)) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "U-9",
                          "The present root by the newest trust information is not the one of this home.");
        return carnet_fail_next(cli_diag(cli), "Put back the newest copy of the home.");
    }
    if (t->generation < CARNET_ROOTS_MOST || r->p.again)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_CAP_REACHED, "U-1", "A vendor can't have more than %d roots.",
                      CARNET_ROOTS_MOST);
    return carnet_fail_next(cli_diag(cli), "Begin as a new vendor, whose first root every machine pins.");
}

/* Was it done already, and perhaps never written? Then the same bytes are given out once more. */
static bool is_again(const struct rotating *r)
{
    const struct home_trust *before = r->p.before;

    if (!before)
        return false;
    if (r->announce)
        return before->kept.has_next;
    return before->waits && before->kept.generation > 1 && before->kept.number == 1 && !before->kept.has_next;
}

static void tell_root(struct cli *cli, const struct home *h, const struct rotating *r)
{
    const struct carnet_trust *t = &r->p.t;
    char grouped[CLI_GROUPED_SIZE], hex[CARNET_HEX_SIZE], version[32];
    const struct carnet_digest *next = t->has_next ? &t->next : &t->roots[t->generation - 1];

    (void)snprintf(version, sizeof version, "%u.%u", t->generation, t->number);
    cli_set(cli, "role", json_string("root"));
    cli_set(cli, "version", json_string(version));
    cli_set(cli, "again", json_boolean(r->p.again));
    carnet_digest_hex(&h->vendor, hex);
    cli_set(cli, "vendor", json_string(hex));
    if (cli_dry_run(cli) && !r->p.again && carnet_digest_is_zero(&r->next.id)) {
        cli_note(cli, "%s\n",
                 r->announce ? "Would make the root that will follow, and announce it."
                             : "Would make another root, which takes over.");
        return;
    }
    carnet_digest_hex(next, hex);
    cli_set(cli, "key", json_string(hex));
    cli_id_grouped(next, grouped);
    if (r->p.again)
        cli_note(cli, "This was done already: trust information %s is given out once more.\n", version);
    cli_note(cli, "%s root %u of the vendor:\n\n    %s\n\nTrust information %s says so.\n",
             t->has_next        ? cli_dry_run(cli) ? "Would announce" : "Announced is"
             : cli_dry_run(cli) ? "Would let take over"
                                : "Took over:",
             t->generation + (t->has_next ? 1U : 0U), grouped, version);
}

static enum carnet_err ask_root(struct cli *cli, const struct rotating *r)
{
    if (r->announce)
        return cli_confirm(cli,
                           "Which root follows can be said once and never changed: machines that take the file take no "
                           "other root after this one. If the new key is lost, no root can ever follow.");
    return cli_confirm(cli, "Another root takes over, for good: entitlements are signed by it from now on, and each "
                            "administrator and machine needs the new trust file before it takes one. What is installed "
                            "works as before. Make a new copy of the home afterwards.");
}

/* The key that follows: the one that was announced, or another. */
static enum carnet_err find_next(struct cli *cli, struct home *h, struct rotating *r)
{
    const struct carnet_trust *t = &r->p.t;
    const struct ledger_key *known = own_next(h);
    enum carnet_err err = home_signer(cli, h, CARNET_ROLE_ROOT, &r->present);

    if (err)
        return err;
    if (!known)
        return key_next_make(cli, h, CARNET_ROLE_ROOT, t->has_next ? &t->next : NULL, &r->next, &r->made);
    r->next = *known;
    if (t->has_next && !carnet_digest_equal(&known->id, &t->next))
        return carnet_fail(cli_diag(cli), CARNET_LEDGER_DAMAGED, "U-9",
                           "The ledger and the trust information name two different next roots.");
    return home_open_own(cli, h, known, &r->signer);
}

/* The present root names the next one, in a link and in the journal. */
static enum carnet_err announce(struct cli *cli, struct home *h, struct rotating *r, int64_t now)
{
    const struct ledger_event event = {.what = "announce", .key = &r->next.id, .note = "root"};
    enum carnet_err err = CARNET_OK;

    if (!home_own(h, &r->next.id)) {
        r->next.state = LEDGER_KEY_NEXT;
        err = ledger_key_add_own(h->ledger, &r->next, cli_diag(cli));
    }
    if (err || r->p.t.has_next)
        return err;
    err = publishing_announce(cli, h, r->present, &r->next.id, &r->p);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, &h->root.id, now, &event, NULL, cli_diag(cli));
    return err ? err : ledger_key_used(h->ledger, &h->root.id, now, cli_diag(cli));
}

static enum carnet_err take_over(struct cli *cli, struct home *h, struct rotating *r, int64_t now)
{
    const struct ledger_event ends = {.what = "rotate", .key = &r->next.id, .note = "root"},
                              begins = {.what = "key-made", .key = &r->next.id, .note = "root"};
    const struct ledger_anchor anchor = {
        .vendor = h->vendor, .root = r->next.id, .pinned = now, .generation = r->p.t.generation + 1};
    struct carnet_diag *diag = cli_diag(cli);
    bool known = false;
    enum carnet_err err = ledger_key_turn(h->ledger, &h->root.id, LEDGER_KEY_REPLACED, diag);

    if (!err)
        err = ledger_key_turn(h->ledger, &r->next.id, LEDGER_KEY_ACTIVE, diag);
    if (!err)
        err = ledger_anchor_add(h->ledger, &anchor, &known, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, &h->root.id, now, &ends, NULL, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, &r->next.id, now, &begins, NULL, diag);
    publishing_succeed(&r->p);
    return err;
}

static enum carnet_err record_root(struct cli *cli, struct home *h, struct rotating *r)
{
    const struct carnet_key *next = r->signer ? r->signer : r->made;
    enum carnet_err err = ledger_begin(h->ledger, cli_diag(cli));
    const int64_t now = carnet_utc_now();

    if (!err)
        err = announce(cli, h, r, now);
    if (!err && !r->announce)
        err = take_over(cli, h, r, now);
    if (!err)
        err = publishing_sign(h, r->announce ? r->present : next, &r->p, now, cli_diag(cli));
    if (!err)
        err = ledger_commit(h->ledger, cli_diag(cli));
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err run_root(struct cli *cli, struct home *h, struct rotating *r)
{
    enum carnet_err err = publishing_begin(cli, h, &r->p);

    if (!err && is_again(r))
        publishing_again(&r->p);
    if (!err)
        err = hold_present(cli, h, r);
    if (!err && !r->p.again)
        err = cli_output_check(cli);
    if (!err && !r->p.again)
        err = cli_dry_run(cli) ? home_signer_look(cli, h, CARNET_ROLE_ROOT) : ask_root(cli, r);
    if (!err && cli_dry_run(cli)) {
        if (r->p.t.has_next)
            r->next.id = r->p.t.next;
        tell_root(cli, h, r);
    }
    if (err || cli_dry_run(cli))
        return err;
    if (!r->p.again)
        err = find_next(cli, h, r);
    cli_hold_signals();
    if (!err && !r->p.again)
        err = record_root(cli, h, r);
    if (!err)
        err = publishing_write(cli, h, &r->p);
    cli_free_signals();
    if (!err)
        tell_root(cli, h, r);
    return err;
}

static enum carnet_err rotate_root(struct cli *cli, struct home *h)
{
    struct rotating r = {.announce = cli_flag(cli, "announce")};
    enum carnet_err err = home_has_root(cli, h);

    if (!err && cli_value(cli, "vendor"))
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has one root, and --vendor is for issuer keys.");
    if (!err)
        err = run_root(cli, h, &r);
    if (!err && !cli_dry_run(cli))
        cli_note(cli,
                 "For every machine: 'carnet-user trust add FILE'; for administrators: 'carnet-admin trust add FILE'. "
                 "Now make a new copy of this home: 'carnet-admin backup'.\n");
    carnet_key_free(r.made);
    publishing_end(&r.p);
    return err;
}

/* ---- the issuer ---- */

/* One that is made and that no license goes by yet waits for the vendor's answer. */
static enum carnet_err is_under_way(struct cli *cli, const struct home *h, bool *out)
{
    bool named = false, before = false;
    enum carnet_err err = ledger_issuer_named(h->ledger, &h->issuer.id, &named, cli_diag(cli));

    for (size_t i = 0; i < h->own_count; i++)
        before = before || (h->own[i].role == CARNET_ROLE_ISSUER && h->own[i].state == LEDGER_KEY_REPLACED);
    *out = before && !named;
    return err;
}

/* In every chain that the key before it signed, and, as at init, in the vendor's own. */
static enum carnet_err record_issuer(struct cli *cli, struct home *h, struct ledger_key *next)
{
    const struct ledger_event ends = {.what = "rotate", .key = &next->id, .note = "issuer"},
                              begins = {.what = "key-made", .key = &next->id, .note = "issuer"};
    struct carnet_diag *diag = cli_diag(cli);
    enum carnet_err err = ledger_begin(h->ledger, diag);
    const int64_t now = carnet_utc_now();

    next->state = LEDGER_KEY_ACTIVE;
    if (!err)
        err = ledger_key_turn(h->ledger, &h->issuer.id, LEDGER_KEY_REPLACED, diag);
    if (!err)
        err = ledger_key_add_own(h->ledger, next, diag);
    if (!err)
        err = ledger_event_each_of(h->ledger, &h->issuer.id, now, &ends, diag);
    if (!err && h->has_root)
        err = ledger_event_add(h->ledger, &h->vendor, &next->id, now, &begins, NULL, diag);
    if (!err)
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err;
}

static enum carnet_err make_issuer(struct cli *cli, struct home *h)
{
    const struct carnet_key *present = NULL;
    struct ledger_key next = {.role = CARNET_ROLE_ISSUER};
    struct carnet_key *made = NULL;
    enum carnet_err err = home_signer(cli, h, CARNET_ROLE_ISSUER, &present);

    if (!err)
        err = key_next_make(cli, h, CARNET_ROLE_ISSUER, NULL, &next, &made);
    if (!err) {
        cli_hold_signals();
        err = record_issuer(cli, h, &next);
        cli_free_signals();
    }
    if (err) {
        carnet_key_free(made);
        return err;
    }
    return home_adopt(h, &next, made, cli_diag(cli));
}

static enum carnet_err rotate_issuer(struct cli *cli, struct home *h)
{
    bool again = false;
    enum carnet_err err = home_holds_seats(cli, h);

    if (!err && cli_flag(cli, "announce"))
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--announce is for a root.");
    if (!err)
        err = is_under_way(cli, h, &again);
    if (!err)
        err = cli_output_check(cli);
    if (err)
        return err;
    cli_set(cli, "role", json_string("issuer"));
    cli_set(cli, "again", json_boolean(again));
    if (again)
        cli_note(cli,
                 "The issuer key was replaced already, and no license goes by the new one yet: its request is given "
                 "out once more.\n");
    else if (cli_dry_run(cli))
        cli_note(cli, "Would make another issuer key, and ask the vendor to name it.\n");
    else
        err = cli_confirm(cli, "Another issuer key takes over, for good: license by license, as the vendor's next "
                               "entitlements name it. Licenses that are out work until their lease ends.");
    if (err || (cli_dry_run(cli) && !again))
        return err ? err : home_signer_look(cli, h, CARNET_ROLE_ISSUER);
    if (!again)
        err = make_issuer(cli, h);
    return err ? err : key_request_write(cli, h);
}

enum carnet_err admin_key_rotate(struct cli *cli)
{
    const char *which = cli_argument(cli, 0);
    struct home h = {0};
    enum carnet_err err;

    if (strcmp(which, "root") != 0 && strcmp(which, "issuer") != 0)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A home has the keys 'root' and 'issuer'; say which.");
    err = home_open(cli, &h);
    if (!err)
        err = home_may_change(cli, &h);
    if (!err)
        err = *which == 'r' ? rotate_root(cli, &h) : rotate_issuer(cli, &h);
    home_close(&h);
    return err;
}

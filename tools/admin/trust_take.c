/* SPDX-License-Identifier: MIT */
#include "trust_take.h"

#include <stdio.h>

#include "key_next.h"
#include "rules/dates.h"
#include "rules/links.h"

static const struct home_trust *known_of(const struct home *h, const struct carnet_digest *vendor)
{
    for (size_t i = 0; i < h->trust_count; i++)
        if (carnet_digest_equal(&h->trust_list[i]->vendor, vendor))
            return &h->trust[i];
    return NULL;
}

/* T-5: the roots are roots for life, also the one that is announced. */
static enum carnet_err see_roots(struct home *h, const struct carnet_trust *t, int64_t now, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;

    for (uint32_t i = 0; !err && i < t->generation; i++)
        err = ledger_key_see(h->ledger, &t->roots[i], CARNET_ROLE_ROOT, now, diag);
    return err || !t->has_next ? err : ledger_key_see(h->ledger, &t->next, CARNET_ROLE_ROOT, now, diag);
}

/* What was known when the home was opened is still what the ledger has. */
static enum carnet_err still_known(struct home *h, const struct carnet_digest *vendor, const struct home_trust *known,
                                   struct carnet_diag *diag)
{
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    bool waits = false;
    enum carnet_err err = ledger_trust_get(h->ledger, vendor, &id, &waits, &bytes, diag);
    const bool same = err == CARNET_NOT_FOUND ? !known : !err && known && carnet_digest_equal(&id, &known->id);

    carnet_buffer_clear(&bytes);
    if (same || (err && err != CARNET_NOT_FOUND))
        return same ? CARNET_OK : err;
    (void)carnet_fail(diag, CARNET_BUSY, "", "Another command has taken trust information of this vendor meanwhile.");
    return carnet_fail_next(diag, "Run it again.");
}

/*
 * The vendor's own home, put back from a copy that is older than a rotation: the root that took over is known again
 * where its key file is in the home. Without it nothing could ever be signed that machines take.
 */
static enum carnet_err catch_up(struct cli *cli, struct home *h, const struct carnet_trust *t, int64_t now,
                                bool *caught)
{
    const struct carnet_digest *present = &t->roots[t->generation - 1];
    const struct ledger_event ends = {.what = "rotate", .key = present, .note = "root"},
                              begins = {.what = "key-made", .key = present, .note = "root"};
    const struct ledger_anchor anchor = {
        .vendor = t->vendor, .root = *present, .pinned = now, .generation = t->generation};
    struct carnet_diag *diag = cli_diag(cli);
    struct ledger_key key = {.role = CARNET_ROLE_ROOT};
    bool found = false, known = false;
    enum carnet_err err;

    if (!h->has_root || !carnet_digest_equal(&h->vendor, &t->vendor) || carnet_digest_equal(&h->root.id, present))
        return CARNET_OK;
    if (home_own(h, present)) {
        key = *home_own(h, present);
        found = key.state == LEDGER_KEY_NEXT;
    } else {
        err = key_next_find(cli, h, CARNET_ROLE_ROOT, present, &found, &key);
        if (err)
            return err;
    }
    if (!found)
        return CARNET_OK;
    err = ledger_key_turn(h->ledger, &h->root.id, LEDGER_KEY_REPLACED, diag);
    key.state = LEDGER_KEY_ACTIVE;
    if (!err)
        err = ledger_key_add_own(h->ledger, &key, diag);
    if (!err)
        err = ledger_anchor_add(h->ledger, &anchor, &known, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, &h->root.id, now, &ends, NULL, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, present, now, &begins, NULL, diag);
    if (!err) {
        cli_note(cli, "The root that took over is in the home (%s.key)%s.\n", key.file,
                 cli_dry_run(cli) ? "" : ", and signs from now on");
        h->root = key;
        *caught = true;
    }
    return err;
}

static enum carnet_err keep(struct home *h, const struct carnet_reading *reading, const struct carnet_digest *pins,
                            int64_t now, struct carnet_diag *diag)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_trust *t = carnet_document_trust(carnet_judged_document(judged));
    const struct ledger_event event = {
        .what = "trust", .key = carnet_judged_signer(judged), .bundle = carnet_judged_id(judged)};
    size_t size = 0;
    const uint8_t *bytes = carnet_reading_bytes(reading, &size);
    bool known = false;
    enum carnet_err err = see_roots(h, t, now, diag);

    if (!err && pins) {
        const struct ledger_anchor anchor = {.vendor = *pins, .root = *pins, .pinned = now};
        err = ledger_anchor_add(h->ledger, &anchor, &known, diag);
    }
    if (!err)
        err = ledger_trust_put(h->ledger, &t->vendor, carnet_judged_id(judged), bytes, size, now, false, diag);
    return err ? err : ledger_event_add(h->ledger, &t->vendor, home_chain(h), now, &event, NULL, diag);
}

enum carnet_err trust_take(struct cli *cli, struct home *h, const struct carnet_reading *reading,
                           const struct carnet_digest *pins, bool *same)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_trust *t = carnet_document_trust(carnet_judged_document(judged));
    const struct home_trust *known = known_of(h, &t->vendor);
    struct carnet_diag *diag = cli_diag(cli);
    bool caught = false;
    enum carnet_err err = ledger_begin(h->ledger, diag);
    const int64_t now = carnet_utc_now();

    if (!err)
        err = still_known(h, &t->vendor, known, diag);
    if (!err)
        err = carnet_dates_check(judged, now, diag);
    if (!err)
        err = carnet_trust_accept(known ? carnet_document_trust(carnet_reading_document(known->reading)) : NULL,
                                  known ? &known->id : NULL, judged, now, same, diag);
    if (!err && !*same)
        err = keep(h, reading, pins, now, diag);
    if (!err)
        err = catch_up(cli, h, t, now, &caught);
    if (!err && (!*same || caught) && !cli_dry_run(cli))
        err = ledger_commit(h->ledger, diag);
    ledger_rollback(h->ledger);
    return err || *same || cli_dry_run(cli) ? err : home_trust_again(h, diag);
}

static bool revokes(const struct carnet_trust *t, const struct carnet_digest *key)
{
    for (uint32_t i = 0; i < t->lists->key_count; i++)
        if (carnet_digest_equal(&t->lists->keys[i].key, key))
            return true;
    return false;
}

void trust_take_tell(struct cli *cli, const struct home *h, const struct carnet_trust *t, bool same)
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(&t->vendor, hex);
    cli_data(cli, "%s trust information %u.%u of the vendor %s\n",
             same               ? "Known already:"
             : cli_dry_run(cli) ? "Would take"
                                : "Taken:",
             t->generation, t->number, hex);
    if (!same)
        cli_note(cli, "%u root key%s; revoked are %u keys and %u grants.\n", t->generation,
                 t->generation == 1 ? "" : "s", t->lists->key_count, t->lists->grant_count);
    for (size_t i = 0; !same && i < h->own_count; i++) {
        const struct ledger_key *key = &h->own[i];
        if (key->role != CARNET_ROLE_ISSUER || !revokes(t, &key->id))
            continue;
        carnet_digest_hex(&key->id, hex);
        cli_warn(cli,
                 "the vendor has revoked this home's issuer key %.16s...: what it signed counts no longer, but what "
                 "the vendor names.%s",
                 hex,
                 key->state == LEDGER_KEY_ACTIVE ? " Make the next one with 'carnet-admin key rotate issuer'." : "");
    }
    if (!same && h->has_root && carnet_digest_equal(&h->vendor, &t->vendor) &&
        !carnet_digest_equal(&h->root.id, &t->roots[t->generation - 1]))
        cli_warn(cli,
                 "the present root by this file is not one of this home: put its key file back into the home and take "
                 "this file again, or ask who else has a root key of yours.");
}

/* SPDX-License-Identifier: MIT */
#include "publishing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/links.h"
#include "sign.h"

int publishing_order(const struct carnet_digest *a, const struct carnet_digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

enum carnet_err publishing_too_many(struct cli *cli, const char *what)
{
    (void)carnet_fail(cli_diag(cli), CARNET_CAP_REACHED, "U-5", "Trust information can't name more %s.", what);
    return carnet_fail_next(cli_diag(cli),
                            "Issue the licenses anew, under a new issuer key; then the old list can go.");
}

/* ---- what was said before ---- */

/* An older copy of the ledger would say less than was said, under a number that was used, or announce a second
 * successor: machines refuse that, for ever (U-8, U-9). */
static enum carnet_err hold_recovered(struct cli *cli, const struct home *h)
{
    if (ledger_about(h->ledger)->state != LEDGER_RECOVERING)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_RECOVER_FIRST, "L-13",
                      "This ledger was put back from a copy, and trust information may have been published since.");
    return carnet_fail_next(cli_diag(cli), "Take your newest trust file with 'carnet-admin trust add FILE', then go on "
                                           "with 'carnet-admin recover', and 'recover --done'.");
}

enum carnet_err publishing_begin(struct cli *cli, struct home *h, struct publishing *p)
{
    uint32_t published = 0;
    enum carnet_err err = hold_recovered(cli, h);

    if (!err)
        err = ledger_published(h->ledger, &h->root.id, &published, cli_diag(cli));

    p->lists = calloc(1, sizeof *p->lists);
    if (!err && !p->lists)
        err = carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.");
    if (err)
        return err;
    for (size_t i = 0; i < h->trust_count; i++)
        if (carnet_digest_equal(&h->trust_list[i]->vendor, &h->vendor))
            p->before = &h->trust[i];
    if (p->before) {
        p->t = *carnet_document_trust(carnet_reading_document(p->before->reading));
        *p->lists = *p->t.lists;
    } else if (published == 0) {
        p->t = (struct carnet_trust){.vendor = h->vendor, .generation = 1, .roots = {h->root.id}};
    } else {
        (void)carnet_fail(cli_diag(cli), CARNET_LEDGER_DAMAGED, "",
                          "The trust information that was published last is not in the ledger.");
        return carnet_fail_next(cli_diag(cli), "Take it back with 'carnet-admin trust add FILE': every copy of the "
                                               "newest one that you gave out is that file.");
    }
    if (p->t.number < published && carnet_digest_equal(&p->t.roots[p->t.generation - 1], &h->root.id))
        p->t.number = published;
    p->t.lists = p->lists;
    p->t.number++;
    p->expires = carnet_utc_add_days(carnet_utc_now(), PUBLISHING_DAYS);
    if (p->before && p->t.expires > p->expires)
        p->expires = p->t.expires;
    p->t.expires = p->expires;
    return CARNET_OK;
}

void publishing_end(struct publishing *p)
{
    free(p->lists);
    carnet_buffer_clear(&p->link);
    carnet_buffer_clear(&p->bytes);
    *p = (struct publishing){.before = NULL};
}

/* ---- what is revoked ---- */

enum carnet_err publishing_revoke_key(struct cli *cli, struct publishing *p, const struct carnet_digest *key)
{
    struct carnet_trust_lists *l = p->lists;
    uint32_t at = 0;

    while (at < l->key_count && publishing_order(&l->keys[at].key, key) < 0)
        at++;
    if (at < l->key_count && publishing_order(&l->keys[at].key, key) == 0)
        return CARNET_OK;
    if (l->key_count == CARNET_REVOKED_KEYS_MOST)
        return publishing_too_many(cli, "keys");
    memmove(&l->keys[at + 1], &l->keys[at], (l->key_count - at) * sizeof *l->keys);
    l->keys[at] = (struct carnet_revoked_key){.key = *key, .first = l->valid_count};
    l->key_count++;
    p->news++;
    return CARNET_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return publishing_order(a, b);
}

/* The ids lie key after key; those of the one key that is revoked now are put behind all others. */
enum carnet_err publishing_keep(struct cli *cli, struct publishing *p, const struct carnet_digest *key,
                                const struct carnet_digest *ids, size_t count)
{
    struct carnet_trust_lists *l = p->lists;
    uint32_t at = 0, kept = 0;

    if (count == 0)
        return CARNET_OK;
    while (at < l->key_count && !carnet_digest_equal(&l->keys[at].key, key))
        at++;
    if (at == l->key_count || l->keys[at].count > 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_REVISION_CONFLICT, "",
                          "What stays valid of this key was said before, and is not said anew.");
        return carnet_fail_next(cli_diag(cli), "Have the licenses that were forgotten issued again by another key.");
    }
    if (count > CARNET_STILL_VALID_MOST - l->valid_count)
        return publishing_too_many(cli, "bundles that stay valid");
    l->keys[at].first = l->valid_count;
    memcpy(&l->valid[l->valid_count], ids, count * sizeof *ids);
    l->valid_count += (uint32_t)count;
    qsort(&l->valid[l->keys[at].first], count, sizeof *l->valid, by_bytes);
    for (uint32_t i = l->keys[at].first; i < l->valid_count; i++)
        if (kept == 0 || publishing_order(&l->valid[i], &l->valid[l->keys[at].first + kept - 1]) != 0)
            l->valid[l->keys[at].first + kept++] = l->valid[i];
    l->keys[at].count = kept;
    l->valid_count = l->keys[at].first + kept;
    return CARNET_OK;
}

/* ---- the next root ---- */

enum carnet_err publishing_announce(struct cli *cli, const struct home *h, const struct carnet_key *key,
                                    const struct carnet_digest *next, struct publishing *p)
{
    const struct carnet_trust link = {
        .vendor = h->vendor, .is_link = true, .has_next = true, .generation = p->t.generation, .next = *next};
    struct carnet_buffer document = {0};
    enum carnet_err err = carnet_issue_compose_trust(&link, &document);

    if (!err)
        err =
            carnet_issue_seal_trust(key, document.bytes, document.size, NULL, 0, &p->link, &p->link_id, cli_diag(cli));
    carnet_buffer_clear(&document);
    p->t.has_next = true;
    p->t.next = *next;
    return err;
}

void publishing_succeed(struct publishing *p)
{
    p->t.roots[p->t.generation++] = p->t.next;
    p->t.has_next = false;
    p->t.next = (struct carnet_digest){{0}};
    p->t.number = 1;
}

/* ---- and signed ---- */

/* The links so far, out of what was published last, and the new one. */
static enum carnet_err collect_links(const struct publishing *p, struct carnet_embed links[CARNET_ROOTS_MOST],
                                     size_t *count, struct carnet_diag *diag)
{
    const struct carnet_unpacked *last = p->before ? carnet_reading_unpacked(p->before->reading) : NULL;
    const size_t end = last ? carnet_unpacked_count(last) : 0;

    *count = 0;
    for (size_t i = CARNET_ENTRY_EMBEDDED; i < end && *count < CARNET_ROOTS_MOST; i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(last, i);
        struct carnet_embed *link = &links[(*count)++];
        char hex[CARNET_HEX_SIZE];
        (void)snprintf(hex, sizeof hex, "%.64s", entry->name);
        *link = (struct carnet_embed){.bytes = entry->bytes, .size = entry->size};
        if (carnet_digest_parse(hex, &link->id) != CARNET_OK)
            return carnet_fail(diag, CARNET_BUG, "I-4", "A link of the trust information has no id.");
    }
    if (p->link.size > 0 && *count < CARNET_ROOTS_MOST)
        links[(*count)++] = (struct carnet_embed){.bytes = p->link.bytes, .size = p->link.size, .id = p->link_id};
    return CARNET_OK;
}

static enum carnet_err seal(struct home *h, const struct carnet_key *key, struct publishing *p,
                            struct carnet_diag *diag)
{
    const struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_TRUST));
    struct carnet_embed links[CARNET_ROOTS_MOST];
    struct carnet_buffer document = {0};
    struct carnet_reading *reading = NULL;
    size_t count = 0;
    bool same = false;
    enum carnet_err err = collect_links(p, links, &count, diag);

    if (!err)
        err = carnet_issue_compose_trust(&p->t, &document);
    if (!err)
        err = carnet_issue_seal_trust(key, document.bytes, document.size, links, count, &p->bytes, &p->id, diag);
    if (!err)
        err = carnet_reading_open(p->bytes.bytes, p->bytes.size, &options, &reading, diag);
    if (!err)
        err = carnet_trust_accept(p->before ? carnet_document_trust(carnet_reading_document(p->before->reading)) : NULL,
                                  p->before ? &p->before->id : NULL, carnet_reading_judged(reading), p->t.created,
                                  &same, diag);
    carnet_reading_free(reading);
    carnet_buffer_clear(&document);
    return err;
}

/* Did another process publish in the meantime? */
static enum carnet_err still_last(struct home *h, const struct publishing *p, struct carnet_diag *diag)
{
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    bool waits = false;
    enum carnet_err err = ledger_trust_get(h->ledger, &h->vendor, &id, &waits, &bytes, diag);
    const bool same =
        err == CARNET_NOT_FOUND ? !p->before : !err && p->before && carnet_digest_equal(&id, &p->before->id);

    carnet_buffer_clear(&bytes);
    if (same || (err && err != CARNET_NOT_FOUND))
        return same ? CARNET_OK : err;
    (void)carnet_fail(diag, CARNET_BUSY, "",
                      "Another command has published trust information meanwhile; nothing was "
                      "changed.");
    return carnet_fail_next(diag, "Run it again.");
}

enum carnet_err publishing_sign(struct home *h, const struct carnet_key *key, struct publishing *p, int64_t now,
                                struct carnet_diag *diag)
{
    const struct carnet_digest *signer = &carnet_key_info(key)->id;
    const struct ledger_event event = {.what = "publish", .key = signer, .bundle = &p->id};
    enum carnet_err err = still_last(h, p, diag);

    p->t.created = now;
    if (!err)
        err = seal(h, key, p, diag);
    if (!err)
        err = ledger_event_add(h->ledger, &h->vendor, signer, now, &event, NULL, diag);
    if (!err)
        err = ledger_key_used(h->ledger, signer, now, diag);
    if (!err)
        err = ledger_trust_put(h->ledger, &h->vendor, &p->id, p->bytes.bytes, p->bytes.size, now, true, diag);
    return err;
}

void publishing_again(struct publishing *p)
{
    p->t = *carnet_document_trust(carnet_reading_document(p->before->reading));
    p->id = p->before->id;
    p->again = true;
}

bool publishing_waits(const struct publishing *p)
{
    return p->before && p->before->waits;
}

/* Whatever the file was called, which version it is, it says. */
enum carnet_err publishing_write(struct cli *cli, struct home *h, const struct publishing *p)
{
    const struct carnet_buffer *bytes = p->again ? &p->before->bytes : &p->bytes;
    struct carnet_diag unused;
    char label[32];
    const struct cli_output output = {.kind = carnet_kind_get(CARNET_KIND_TRUST),
                                      .label = label,
                                      .id = p->id,
                                      .bytes = bytes->bytes,
                                      .size = bytes->size};
    enum carnet_err err;

    (void)snprintf(label, sizeof label, "%u-%u", p->t.generation, p->t.number);
    err = cli_output_write(cli, &output);
    if (err) {
        (void)carnet_fail_next(cli_diag(cli), "It is recorded; run the same command again to have it written.");
        return err;
    }
    /* Only a note: it can be given again at any time. */
    if (!ledger_begin(h->ledger, &unused) && !ledger_trust_delivered(h->ledger, &p->id, carnet_utc_now(), &unused))
        (void)!ledger_commit(h->ledger, &unused);
    ledger_rollback(h->ledger);
    return CARNET_OK;
}

void publishing_say(struct cli *cli, const struct publishing *p)
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

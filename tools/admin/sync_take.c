/* SPDX-License-Identifier: MIT */
/* One file of a stick: what is done with it, and what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "free.h"
#include "receive.h"
#include "renew.h"
#include "sync.h"

static const struct carnet_document *document_of(const struct batch_source *source)
{
    return carnet_judged_document(carnet_reading_judged(source->bundle.reading));
}

static enum carnet_err leave(struct batch *b, const struct batch_source *source, const char *license,
                             enum carnet_err outcome, const char *words)
{
    struct batch_item *item = batch_item(b, source, license);

    if (!item)
        return CARNET_NO_MEMORY;
    item->err = carnet_fail(&item->diag, outcome, "", "%s", words);
    item->left = true;
    return CARNET_OK;
}

/* ---- entitlements ---- */

struct importing {
    const struct carnet_reading *reading;
    enum receive_fate fate;
};

static enum carnet_err import(struct batch *b, void *context)
{
    struct importing *i = context;

    return receive_entitlement(b->cli, b->home, i->reading, b->now, false, &i->fate);
}

static enum carnet_err take_entitlement(struct batch *b, const struct batch_source *source)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(document_of(source));
    struct batch_item *item = batch_item(b, source, e->license);
    struct importing i = {.reading = source->bundle.reading};
    enum carnet_err err = CARNET_OK;

    if (!item)
        return CARNET_NO_MEMORY;
    item->done = "imported";
    item->serial = e->revision;
    if (!home_own(b->home, &e->issuer))
        item->err = carnet_fail(&item->diag, CARNET_NOT_FOUND, "", "It is for another administrator.");
    else
        err = batch_change(b, item, import, &i);
    item->again = i.fate != RECEIVE_TAKEN;
    return err;
}

/* ---- activations ---- */

struct hearing {
    const struct carnet_judged *judged;
    struct receive_saying saying;
    struct came_back came;
    bool known;
};

static enum carnet_err hear(struct batch *b, void *context)
{
    struct hearing *h = context;

    return receive_saying(b->cli, b->home, h->judged, &h->saying, b->now, &h->came, &h->known);
}

/* That this ledger never gave the license is recorded, while the file itself is refused. */
static enum carnet_err record_fork(struct batch *b, const struct came_back *came, const struct carnet_judged *judged)
{
    const struct came_back_fork fork = {.license = &came->license,
                                        .held = came->held,
                                        .machine = &came->signer,
                                        .bundle = carnet_judged_id(carnet_judged_embedded(judged)),
                                        .how = LEDGER_FORK_LICENSE};

    return came_back_stop(b->home, &fork, b->now, cli_diag(b->cli));
}

static enum carnet_err take_activation(struct batch *b, const struct batch_source *source)
{
    struct hearing h = {.judged = carnet_reading_judged(source->bundle.reading),
                        .saying = receive_saying_of(document_of(source))};
    struct batch_item *item = batch_item(b, source, h.saying.activation->grant.license);
    enum carnet_err err = item ? batch_change(b, item, hear, &h) : CARNET_NO_MEMORY;

    if (err)
        return err;
    item->done = "activated";
    if (!item->err)
        batch_item_settle(item, &h.came.grant);
    item->grant = 0; /* nothing comes out */
    item->again = h.known || h.came.grant.ended != LEDGER_LIVES;
    return item->err == CARNET_FORKED ? record_fork(b, &h.came, h.judged) : CARNET_OK;
}

/* ---- clock requests ---- */

static enum carnet_err answer(struct batch *b, void *context)
{
    return answer_make(b->cli, b->home, b->key, context);
}

static void say_answer(struct batch_item *item, const struct answering *a)
{
    char asked[CARNET_UTC_SIZE], floor[CARNET_UTC_SIZE];

    carnet_utc_format(a->request->sequence.made, asked);
    carnet_utc_format(a->request->local_floor, floor);
    (void)snprintf(item->words, sizeof item->words, "its clock said %s when it asked, and had said %s before", asked,
                   floor);
}

static enum carnet_err answer_request(struct batch *b, struct batch_item *item, struct answering *a)
{
    const struct syncing *s = b->context;
    enum carnet_err err = CARNET_OK;

    batch_item_settle(item, &a->came.grant);
    say_answer(item, a);
    item->again = a->again;
    if (!a->again && !s->answers_clocks) {
        item->err =
            carnet_fail(&item->diag, CARNET_NEEDS_ANSWER, "",
                        "A clock request is answered by 'carnet-admin clock', with --clocks, or where the rules "
                        "say so.");
        item->left = true;
        return CARNET_OK;
    }
    if (!a->again && batch_may_sign(b, item))
        err = batch_change(b, item, answer, a);
    item->bundle = a->id;
    return err;
}

static enum carnet_err take_request(struct batch *b, const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);
    struct answering a = {.request = carnet_document_clockrequest(document_of(source)), .now = b->now};
    struct batch_item *item = batch_item(b, source, a.request->grant.license);
    enum carnet_err err = item ? answer_look(b->home, judged, &a, cli_diag(b->cli)) : CARNET_NO_MEMORY;

    if (!item)
        return err;
    item->done = "answered";
    item->out = CARNET_KIND_CLOCK;
    if (!err) {
        err = answer_request(b, item, &a);
    } else if (err != CARNET_IO && err != CARNET_BUSY && err != CARNET_NO_MEMORY && err != CARNET_LEDGER_DAMAGED) {
        item->err = err;
        item->diag = *cli_diag(b->cli);
        err = err == CARNET_FORKED ? record_fork(b, &a.came, judged) : CARNET_OK;
    }
    carnet_buffer_clear(&a.bytes);
    return err;
}

/* ---- fingerprints ---- */

/* One of the grants that it asks to renew. */
static enum carnet_err renew(struct batch *b, const struct asking *a, const struct carnet_grant_name *name)
{
    const struct syncing *s = b->context;
    struct ledger_license license;
    struct ledger_grant grant;
    struct batch_item *item;
    char words[200];
    enum carnet_err err =
        ledger_license_get(b->home->ledger, &a->fingerprint->vendor, name->license, &license, cli_diag(b->cli));

    if (!err && !sync_may_renew(s, &license)) {
        (void)snprintf(words, sizeof words, "It asks to renew a seat of %s, which %s.", license.id,
                       s->has_rules ? "no rule names" : "is not that of --license");
        return leave(b, a->source, license.id, CARNET_NOT_FOUND, words);
    }
    if (!err)
        err =
            ledger_grant_of_fingerprint(b->home->ledger, license.number, &name->fingerprint, &grant, cli_diag(b->cli));
    if (err && err != CARNET_NOT_FOUND)
        return err;
    item = batch_item(b, a->source, name->license);
    if (!item)
        return CARNET_NO_MEMORY;
    item->done = "renewed";
    if (err) {
        item->err =
            carnet_fail(&item->diag, CARNET_NOT_FOUND, "G-5", "It asks to renew a seat that another ledger gave.");
        return CARNET_OK;
    }
    if (grant.ended == LEDGER_LIVES)
        return renew_grant(b, item, &license, &grant, a, false);
    item->err = carnet_fail(&item->diag, CARNET_FINGERPRINT_SPENT, "G-1", "The grant that it asks to renew has ended.");
    return CARNET_OK;
}

static enum carnet_err take_fingerprint(struct batch *b, const struct batch_source *source)
{
    const struct asking a = asking_of(source);
    bool holds = false;
    enum carnet_err err = asking_hold_vendor(b, &a, &holds);

    if (err || !holds)
        return err;
    if (!a.fingerprint->renew)
        return asking_each(b, &a, sync_decide);
    for (uint32_t i = 0; !err && !b->needs_key && i < a.fingerprint->renew_count; i++)
        err = renew(b, &a, &a.fingerprint->renews[i]);
    return err;
}

enum carnet_err sync_take(struct batch *b, const struct batch_source *source)
{
    struct syncing *s = b->context;
    enum carnet_err err;

    switch (carnet_reading_kind(source->bundle.reading)->id) {
    case CARNET_KIND_ENTITLEMENT:
        return take_entitlement(b, source);
    case CARNET_KIND_RELEASE:
        err = free_release(b, source);
        if (!err && !b->needs_key && !b->items[b->item_count - 1].err && !b->items[b->item_count - 1].again)
            sync_rules_freed(s, &b->items[b->item_count - 1]);
        return err;
    case CARNET_KIND_ACTIVATION:
        return take_activation(b, source);
    case CARNET_KIND_CLOCKREQUEST:
        return take_request(b, source);
    case CARNET_KIND_FINGERPRINT:
        return take_fingerprint(b, source);
    case CARNET_KIND_KEYREQUEST:
        return leave(b, source, "", CARNET_WRONG_KIND, "A key request is for 'carnet-admin entitle --issuer FILE'.");
    case CARNET_KIND_LICENSE:
    case CARNET_KIND_RECEIPT:
    case CARNET_KIND_JOURNAL:
    case CARNET_KIND_CLOCK:
    case CARNET_KIND_TRUST:
    case CARNET_KIND_COUNT:
        break;
    }
    return CARNET_BUG;
}

/* ---- what became of it ---- */

static enum stick_fate fate_of(const struct batch_item *item)
{
    /* An old request: its machine has given the license up since. */
    if ((item->err == CARNET_RELEASED || item->err == CARNET_REVOKED) && item->out == CARNET_KIND_CLOCK)
        return STICK_KNOWN;
    switch ((unsigned)item->err) {
    case CARNET_OK:
        return item->again ? STICK_KNOWN : STICK_TAKEN;
    case CARNET_FINGERPRINT_SPENT:
    case CARNET_SUPERSEDED:
        return STICK_KNOWN;
    case CARNET_NOT_FOUND:
        return item->left ? STICK_LEFT : STICK_ELSEWHERE;
    case CARNET_WRONG_VENDOR:
        return STICK_OTHER_VENDOR;
    default:
        return item->left ? STICK_LEFT : STICK_REFUSED;
    }
}

/* Of several items of one file, the one that matters most is the file's fate. */
static bool outweighs(enum stick_fate a, enum stick_fate b)
{
    static const unsigned weights[STICK_FATE_COUNT] = {
        [STICK_KNOWN] = 1, [STICK_ELSEWHERE] = 2, [STICK_OTHER_VENDOR] = 3,
        [STICK_TAKEN] = 4, [STICK_LEFT] = 5,      [STICK_REFUSED] = 6};

    return weights[a] > weights[b];
}

static enum sync_done what_done(const struct batch_item *item)
{
    static const struct {
        const char *done;
        enum sync_done what;
    } list[] = {{"freed", SYNC_FREED},       {"renewed", SYNC_RENEWED},   {"activated", SYNC_ACTIVATED},
                {"answered", SYNC_ANSWERED}, {"imported", SYNC_IMPORTED}, {"assigned", SYNC_ASSIGNED}};

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (strcmp(list[i].done, item->done) == 0)
            return list[i].what;
    }
    return SYNC_FREED; /* a release of a grant that had ended in another way; it is `again` */
}

/* The same for a plan and for a report. */
static void words_of(const struct batch_item *item, char *out, size_t room)
{
    static const char *const verbs[SYNC_DONE_COUNT] = {[SYNC_ASSIGNED] = "gets",
                                                       [SYNC_FREED] = "frees",
                                                       [SYNC_RENEWED] = "renews",
                                                       [SYNC_ACTIVATED] = "has activated",
                                                       [SYNC_ANSWERED] = "may set the clock back on"};
    const enum sync_done what = what_done(item);

    if (item->err)
        (void)snprintf(out, room, "%s", *item->diag.detail ? item->diag.detail : carnet_outcome_meaning(item->err));
    else if (what == SYNC_IMPORTED)
        (void)snprintf(out, room, "revision %lu of %s%s", (unsigned long)item->serial, item->license,
                       item->again ? ", not newer than what is known here" : "");
    else
        (void)snprintf(out, room, "%s seat %lu of %s%s%s", item->again ? "taken before:" : verbs[what],
                       (unsigned long)item->seat, item->license, what == SYNC_ANSWERED ? "; " : "",
                       what == SYNC_ANSWERED ? item->words : "");
}

static enum carnet_err add_out(struct syncing *s, int64_t grant, enum carnet_kind_id kind)
{
    struct carnet_digest id;
    uint64_t size = 0;
    enum carnet_err err = ledger_bundle_newest(s->home->ledger, grant, kind, &id, &size, cli_diag(s->cli));

    return err == CARNET_NOT_FOUND ? CARNET_OK : err ? err : sync_out_add(s, &id);
}

/* What is not signed yet is estimated: the document and what is around it, and the entitlement that it rests on. */
#define DOCUMENT_MOST 20480u

static enum carnet_err remember_out(struct syncing *s, const struct batch_item *item)
{
    char words[CARNET_ID_TEXT_SIZE + 32];
    enum carnet_err err = CARNET_OK;

    if (item->err || item->grant == 0)
        return CARNET_OK;
    if (s->batch.dry && !item->again) {
        s->new_count++;
        s->bytes += s->home->entitlement_bytes.size + DOCUMENT_MOST;
        (void)snprintf(words, sizeof words, "seat %lu of %s", (unsigned long)item->seat, item->license);
        stick_plan_write(s->stick, carnet_kind_get(item->out)->name, item->label, words);
        return CARNET_OK;
    }
    if (!carnet_digest_is_zero(&item->bundle))
        return sync_out_add(s, &item->bundle);
    if (item->old_grant)
        err = add_out(s, item->old_grant, CARNET_KIND_RECEIPT);
    return err ? err : add_out(s, item->grant, item->out);
}

static void decide(struct syncing *s, const struct batch_item *item)
{
    struct stick_file *file = stick_file(s->stick, item->number);
    const enum stick_fate fate = fate_of(item);
    char words[700];

    words_of(item, words, sizeof words);
    if (file->fate == STICK_UNDECIDED || outweighs(fate, file->fate))
        stick_decide(s->stick, file, fate, item->err, "%s", words);
}

enum carnet_err sync_settle(struct syncing *s)
{
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < s->batch.item_count; i++) {
        const struct batch_item *item = &s->batch.items[i];
        decide(s, item);
        if (!item->err && !item->again)
            s->done[what_done(item)]++;
        err = remember_out(s, item);
    }
    return err;
}

/* SPDX-License-Identifier: MIT */
/* What the files of 'sync' share: cmd_sync.c goes through the phases, sync_take.c takes one file, sync_rules.c decides
 * on a fingerprint, sync_out.c writes. */
#ifndef CARNET_ADMIN_SYNC_H
#define CARNET_ADMIN_SYNC_H

#include "asking.h"
#include "common/stick/stick.h"
#include "rules_load.h"

/* What was done, for the summary. */
enum sync_done {
    SYNC_ASSIGNED,
    SYNC_FREED,
    SYNC_RENEWED,
    SYNC_ACTIVATED,
    SYNC_ANSWERED,
    SYNC_IMPORTED,
    SYNC_DONE_COUNT
};

/* How much of its limits a rule has used. */
struct sync_rule_use {
    uint32_t given; /* in this run */
    bool counted;
    uint32_t out; /* seats that are out under it, once counted */
};

struct syncing {
    struct cli *cli;
    struct home *home;
    struct stick *stick;
    struct batch batch;
    struct carnet_known *known;

    bool has_rules, has_license;
    struct rule_file rules;
    struct ledger_license license; /* --license */
    bool answers_clocks;
    /* As it was when the last transaction was committed, and in the one at hand. */
    uint32_t given_before, given;
    struct sync_rule_use *used_before, *used; /* one a rule */

    /* Bundles that go out. */
    struct carnet_digest *out;
    size_t out_count, out_room;
    size_t new_count; /* of a plan: those that are not signed yet */
    uint64_t bytes;   /* of all, as far as is known before they are signed */
    uint32_t done[SYNC_DONE_COUNT];
    unsigned char *planned; /* the fates of the files in the plan */
};

/* ---- sync_take.c ---- */
/* Takes one file: batch_apply_fn, with the syncing as the batch's context. */
enum carnet_err sync_take(struct batch *b, const struct batch_source *source);
/* Gives each file of the transaction its fate, and remembers what goes out for it. */
CARNET_MUST_USE enum carnet_err sync_settle(struct syncing *s);

/* ---- sync_rules.c ---- */
/* Begins a transaction: limits count from where the last one was committed. */
void sync_rules_begin(struct batch *b);
/* It was committed. */
void sync_rules_keep(struct syncing *s);
/* A seat of that grant came back. */
void sync_rules_freed(struct syncing *s, const struct batch_item *item);
/* Decides on a product that a fingerprint asks for: asking_decide_fn. */
enum carnet_err sync_decide(struct batch *b, const struct asking *a, const char *product);
/* May a grant of that license be renewed on a fingerprint's word? */
bool sync_may_renew(const struct syncing *s, const struct ledger_license *license);

/* ---- sync_out.c ---- */
/* That bundle goes out. */
CARNET_MUST_USE enum carnet_err sync_out_add(struct syncing *s, const struct carnet_digest *id);
/* So does what was never delivered. Each bundle once. */
CARNET_MUST_USE enum carnet_err sync_out_waiting(struct syncing *s);
/* The lines of the plan. */
CARNET_MUST_USE enum carnet_err sync_out_plan(struct syncing *s);
/* Writes all of it, makes sure that the stick has it, and marks it delivered. */
CARNET_MUST_USE enum carnet_err sync_out_write(struct syncing *s);
/* What lies in done/ and is of no use any more: stick_seen_fn, with the syncing as its context. */
bool sync_out_seen(void *context, const struct carnet_kind *kind, const uint8_t *bytes, size_t size);

#endif

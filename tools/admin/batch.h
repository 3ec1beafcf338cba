/* SPDX-License-Identifier: MIT */
/*
 * What assign, free, renew, revoke and sync have in common: many files or seats in, each judged by itself, one
 * transaction for many of them, and the bundles out of the outbox. A transaction is tried without the key first, so
 * that a passphrase is asked for only when something has to be signed, and never while others wait for the ledger.
 */
#ifndef CARNET_ADMIN_BATCH_H
#define CARNET_ADMIN_BATCH_H

#include "common/io.h"
#include "home.h"

/* One file, read; or one seat. */
struct batch_source {
    const char *file; /* NULL: a seat */
    uint32_t seat;
    size_t number; /* the caller's own, of a file */
    struct cli_bundle bundle;
    enum carnet_err err;
    struct carnet_diag diag;
};

/* What became of one file for one license. */
struct batch_item {
    const char *file;    /* NULL: a seat */
    size_t number;       /* of its source */
    enum carnet_err err; /* and why */
    struct carnet_diag diag;
    char license[CARNET_ID_TEXT_SIZE];
    uint32_t seat, serial;
    char label[CARNET_TEXT_SIZE];
    struct carnet_digest machine_key, fingerprint;
    enum carnet_kind_id out;     /* what comes out for it */
    const char *done;            /* that of the batch, or how else it had ended */
    char words[512];             /* the sentence for it, where it is not the usual one */
    bool left;                   /* err says why it is left alone, and that is no failure */
    bool again;                  /* nothing was changed: the same bytes once more */
    bool transfer;               /* a renewal that counted as one */
    int64_t held_until;          /* the seat is held (revoke), or LEDGER_LIVES */
    int64_t grant;               /* row; 0: nothing comes out */
    struct carnet_digest bundle; /* what comes out, where it is not the newest of its kind; else zero */
    int64_t old_grant;           /* row, or 0: the grant that it replaced, whose receipt goes out as well */
    /* The bundles that were delivered, the item's own last: bundle, and file or text. */
    struct batch_written {
        struct carnet_digest id;
        json_t *told;
    } written[2];
    size_t written_count;
};

struct batch;
/* Adds the items of one source (batch_item). Returns only what stops everything. When b->key is needed and missing,
 * sets b->needs_key and returns CARNET_OK. Runs in a transaction. */
typedef enum carnet_err batch_apply_fn(struct batch *b, const struct batch_source *source);

struct batch {
    struct cli *cli;
    struct home *home;
    enum carnet_kind_id in, out;      /* what is taken, what comes out */
    const char *done;                 /* "assigned", "freed" */
    const struct carnet_kind *before; /* what is taken from folders as well, first; or NULL */
    batch_apply_fn *apply;
    void *context;
    const uint32_t *seats; /* in place of files; NULL: the command's arguments from `first` on are files and folders */
    size_t seat_count;
    size_t first;
    bool two_results; /* each file gives two bundles: -o can't take them */
    /* Begins a pass, in its transaction; NULL for nothing to do. A pass without the key may be followed by another. */
    void (*begin)(struct batch *b);
    bool dry; /* nothing is signed and nothing kept: a dry run, or a plan */

    int64_t now;
    const struct carnet_key *key; /* NULL until it is needed; NULL in a dry run */
    bool needs_key;
    bool dry_began;             /* the one transaction of a dry run has begun */
    enum carnet_err output_err; /* why nothing new could be written */
    struct carnet_diag output_diag;
    struct batch_item *items;
    size_t item_count;
    size_t done_count, failed_count;
    size_t again_count; /* of those done, nothing was changed */
    enum carnet_err worst;
};

/* One transaction over these, which is left open: the items say what came of each, and the caller commits or rolls
 * back. The key is asked for when it turns out to be needed. With `dry` all transactions are one, which the caller
 * ends. */
CARNET_MUST_USE enum carnet_err batch_apply(struct batch *b, const struct batch_source *sources, size_t count);
/* Takes the items away. */
void batch_clear(struct batch *b);
/* The grant whose seat the item is about. */
void batch_item_settle(struct batch_item *item, const struct ledger_grant *grant);

/* Runs it over the command's arguments. */
CARNET_MUST_USE enum carnet_err batch_run(struct batch *b);
/* A new item, or NULL (CARNET_NO_MEMORY). */
struct batch_item *batch_item(struct batch *b, const struct batch_source *source, const char *license);
/* May something new be signed now? False when the key is missing (b->needs_key is set) or there is no place to write
 * (item->err is set). In a dry run nothing is signed, and it is true. */
bool batch_may_sign(struct batch *b, struct batch_item *item);

/* The change for one item, kept whole or undone alone: what concerns the item becomes its outcome, what concerns the
 * ledger stops everything. */
typedef enum carnet_err batch_change_fn(struct batch *b, void *context);
CARNET_MUST_USE enum carnet_err batch_change(struct batch *b, struct batch_item *item, batch_change_fn *change,
                                             void *context);

#endif

/* SPDX-License-Identifier: MIT */
/* Reading the journal, and holding the ledger against it (spec/ledger.md, "journal verify"). */
#ifndef CARNET_ADMIN_LEDGER_AUDIT_H
#define CARNET_ADMIN_LEDGER_AUDIT_H

#include "document/event.h"
#include "ledger.h"
#include "rules/reading.h"

/* ---- reading ---- */
struct ledger_chain {
    int64_t number; /* of the row */
    struct carnet_digest vendor, signer;
    struct carnet_journal_position head;
    int64_t last; /* time of its last event */
};
/* All chains, oldest first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_chains(struct ledger *l, struct ledger_chain **out, size_t *count,
                                              struct carnet_diag *diag);
/* One event as the ledger keeps it; borrowed for the call. */
struct ledger_entry {
    const struct ledger_chain *chain;
    struct carnet_event event;
    struct carnet_digest digest; /* as kept */
    const char *line;
};
/* Calls `each` for every event of the chain after that position, in order; stops at its first failure, which is given
 * back. CARNET_LEDGER_DAMAGED for a line that is none (W-3). */
CARNET_MUST_USE enum carnet_err ledger_events(struct ledger *l, const struct ledger_chain *chain, uint32_t after,
                                              enum carnet_err (*each)(void *context, const struct ledger_entry *entry,
                                                                      struct carnet_diag *diag),
                                              void *context, struct carnet_diag *diag);
/* The name that a digest stands for (L-5); "" when it was erased, or the digest is of zeros. */
CARNET_MUST_USE enum carnet_err ledger_name(struct ledger *l, const struct carnet_digest *digest,
                                            char out[CARNET_TEXT_SIZE], struct carnet_diag *diag);
/* Erases a name beside the chain and as the label of grants; *erased says how many places there were. In a
 * transaction; after it ledger_erase_traces. */
CARNET_MUST_USE enum carnet_err ledger_name_erase(struct ledger *l, const char *name, uint32_t *erased,
                                                  struct carnet_diag *diag);
/* Writes the log of changes into the ledger and empties it, so that nothing erased stays in it. */
CARNET_MUST_USE enum carnet_err ledger_erase_traces(struct ledger *l, struct carnet_diag *diag);
/* The entitlement taken last that names `issuer`, of that vendor: its id. CARNET_NOT_FOUND (diag is unchanged). */
/* The entitlements of a vendor that were taken, the newest first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_taken_of(struct ledger *l, const struct carnet_digest *vendor,
                                                struct carnet_digest **out, size_t *count, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_taken_for_issuer(struct ledger *l, const struct carnet_digest *vendor,
                                                        const struct carnet_digest *issuer, struct carnet_digest *id,
                                                        struct carnet_diag *diag);

/* ---- verifying ---- */
#define LEDGER_CHECK_PAGES 1u    /* SQLite's integrity and foreign keys */
#define LEDGER_CHECK_LINKS 2u    /* every link of every chain */
#define LEDGER_CHECK_EVENTS 4u   /* the events replayed, and compared with the tables */
#define LEDGER_CHECK_NAMES 8u    /* the digest of every name */
#define LEDGER_CHECK_BUNDLES 16u /* every bundle kept: signature, id, and what the tables say of it */
#define LEDGER_CHECK_SEALS 32u   /* the tables, and the seal of each */
#define LEDGER_CHECK_ALL 63u

struct ledger_audit {
    unsigned checks;
    const struct carnet_read_options *reading; /* for LEDGER_CHECK_BUNDLES */
    /* One sentence for each thing that does not hold. */
    void (*tell)(void *context, const char *words);
    void *context;
    /* What was looked at; zero-initialised by the caller. */
    uint32_t chains, events, grants, bundles, names, found;
};
/* Looks at everything and tells what does not hold; fails only where it can't go on (CARNET_LEDGER_DAMAGED where the
 * file itself can't be read). */
CARNET_MUST_USE enum carnet_err ledger_verify(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag);

/* ---- for the files of this folder ---- */
void audit_tell(struct ledger_audit *a, const char *format, ...) CARNET_PRINTF(2, 3);
/* Replays all events into tables of their own, and tells where the ledger's differ. */
CARNET_MUST_USE enum carnet_err project_compare(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag);
/* LEDGER_CHECK_BUNDLES. */
CARNET_MUST_USE enum carnet_err audit_bundles(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag);

#endif

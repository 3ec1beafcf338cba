/* SPDX-License-Identifier: MIT */
/*
 * The ledger: what a vendor or an administrator knows, in one SQLite file (spec/ledger.md). Only this folder names
 * SQLite. A change is a transaction: ledger_begin, any number of calls, ledger_commit; what is not committed did not
 * happen. Reading needs none. All functions fill diag on failure; outputs change only on success.
 */
#ifndef CARNET_ADMIN_LEDGER_H
#define CARNET_ADMIN_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/digest.h"
#include "document/document.h"
#include "rules/trust.h"

#define LEDGER_FILE "ledger.db"
#define LEDGER_VENDOR 1u
#define LEDGER_ADMIN 2u
#define LEDGER_WHO_SIZE 128

struct ledger;

struct ledger_about {
    unsigned roles; /* LEDGER_VENDOR | LEDGER_ADMIN */
    char name[CARNET_TEXT_SIZE];
    char contact[CARNET_TEXT_SIZE];
    uint32_t epoch; /* of the ledger, from 1; raised when a backup is restored */
    int64_t created;
    enum ledger_state { LEDGER_OPEN, LEDGER_RECOVERING, LEDGER_RETIRED } state;
};

/* Makes the file of that path, which must not be there, mode 0600, with its schema, and opens it. */
CARNET_MUST_USE enum carnet_err ledger_create(const char *path, const struct ledger_about *about, const char *who,
                                              struct ledger **out, struct carnet_diag *diag);
/*
 * Opens it. `who` (the OS user) goes into the journal. CARNET_CONFIGURATION when it is not there or of a newer carnet,
 * CARNET_LEDGER_DAMAGED when it does not hold together, CARNET_PERMISSION, CARNET_BUSY after ten seconds.
 */
CARNET_MUST_USE enum carnet_err ledger_open(const char *path, const char *who, struct ledger **out,
                                            struct carnet_diag *diag);
/* Moves what was committed from the log (ledger.db-wal) into the ledger's file itself. When it fails nothing is lost:
 * the log has it, and the next one to close the ledger tries again; but the file alone is not the whole ledger then.
 * Nothing when nothing was committed, or when others are at it. */
CARNET_MUST_USE enum carnet_err ledger_checkpoint(struct ledger *l, struct carnet_diag *diag);
/* Rolls back what is not committed. NULL is allowed. */
void ledger_close(struct ledger *l);
const struct ledger_about *ledger_about(const struct ledger *l);

/* A transaction for writing; waits at most ten seconds for others, then CARNET_BUSY. */
CARNET_MUST_USE enum carnet_err ledger_begin(struct ledger *l, struct carnet_diag *diag);
/* After CARNET_IO nobody knows whether the change is recorded, and the words say so; every command may be run again. */
CARNET_MUST_USE enum carnet_err ledger_commit(struct ledger *l, struct carnet_diag *diag);
void ledger_rollback(struct ledger *l); /* nothing when there is none */
/* One item of many inside a transaction: kept, or undone alone. */
CARNET_MUST_USE enum carnet_err ledger_item_begin(struct ledger *l, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_item_end(struct ledger *l, bool keep, struct carnet_diag *diag);

/* ---- keys and anchors ---- */
#define LEDGER_KEY_FILE_SIZE 32
struct ledger_key {
    struct carnet_digest id;
    enum carnet_role role;
    enum ledger_key_state {
        LEDGER_KEY_ACTIVE,
        LEDGER_KEY_NEXT,     /* announced to follow the active one; signs nothing yet */
        LEDGER_KEY_REPLACED, /* another followed */
        LEDGER_KEY_REVOKED,
    } state;
    uint8_t public_key[32]; /* meaningful for own keys */
    int64_t created;
    int64_t last_used; /* INT64_MIN when never */
    bool passphrase;
    bool token;                      /* its file in the home says so; the ledger does not know */
    char file[LEDGER_KEY_FILE_SIZE]; /* the name of its files, without an ending */
};
/* "active", "next", "replaced" or "revoked". */
const char *ledger_key_state_word(enum ledger_key_state state);
/* Remembers a key's role for life; CARNET_UNTRUSTED_KEY (T-5) when it is known in another one. */
CARNET_MUST_USE enum carnet_err ledger_key_see(struct ledger *l, const struct carnet_digest *id, enum carnet_role role,
                                               int64_t now, struct carnet_diag *diag);
/* The home's own key, remembered at init. */
CARNET_MUST_USE enum carnet_err ledger_key_add_own(struct ledger *l, const struct ledger_key *key,
                                                   struct carnet_diag *diag);
/* All keys that the home made, the active ones first, then the newest (of one second: which signed first); freed with
 * free(). */
CARNET_MUST_USE enum carnet_err ledger_keys_own(struct ledger *l, struct ledger_key **out, size_t *count,
                                                struct carnet_diag *diag);
/* The active key is replaced, or one is revoked; the next one becomes active. Only one of a role is active. */
CARNET_MUST_USE enum carnet_err ledger_key_turn(struct ledger *l, const struct carnet_digest *id,
                                                enum ledger_key_state state, struct carnet_diag *diag);
/* CARNET_NOT_FOUND when the home has no active key of that role. */
CARNET_MUST_USE enum carnet_err ledger_key_own(struct ledger *l, enum carnet_role role, struct ledger_key *out,
                                               struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_key_used(struct ledger *l, const struct carnet_digest *id, int64_t now,
                                                struct carnet_diag *diag);
/* Does a license's newest entitlement name that issuer key? */
CARNET_MUST_USE enum carnet_err ledger_issuer_named(struct ledger *l, const struct carnet_digest *issuer, bool *out,
                                                    struct carnet_diag *diag);
/* How often that root published trust information: the number of the last one is no lower. */
CARNET_MUST_USE enum carnet_err ledger_published(struct ledger *l, const struct carnet_digest *root, uint32_t *out,
                                                 struct carnet_diag *diag);
/* Root and issuer keys whose role is known, for carnet_anchors; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_keys_known(struct ledger *l, struct carnet_known_key **out, size_t *count,
                                                  struct carnet_diag *diag);

struct ledger_anchor {
    struct carnet_digest vendor, root;
    int64_t pinned;
    uint32_t generation; /* of the root; 0 counts as 1 */
};
/* Pins a root key as an anchor of the vendor; the same again changes nothing and gives *known. */
CARNET_MUST_USE enum carnet_err ledger_anchor_add(struct ledger *l, const struct ledger_anchor *anchor, bool *known,
                                                  struct carnet_diag *diag);
/* All of them, oldest first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_anchors(struct ledger *l, struct ledger_anchor **out, size_t *count,
                                               struct carnet_diag *diag);

/* ---- the newest trust information of each vendor ---- */
/* Its id and bundle; CARNET_NOT_FOUND (diag is then unchanged). Appends to out. *waits: this home signed it, and nobody
 * knows that its file was written. */
CARNET_MUST_USE enum carnet_err ledger_trust_get(struct ledger *l, const struct carnet_digest *vendor,
                                                 struct carnet_digest *id, bool *waits, struct carnet_buffer *out,
                                                 struct carnet_diag *diag);
/* Takes the place of the one before. */
CARNET_MUST_USE enum carnet_err ledger_trust_put(struct ledger *l, const struct carnet_digest *vendor,
                                                 const struct carnet_digest *id, const uint8_t *bytes, size_t size,
                                                 int64_t now, bool waits, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_trust_delivered(struct ledger *l, const struct carnet_digest *id, int64_t now,
                                                       struct carnet_diag *diag);
/* Of whom there is some; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_trust_vendors(struct ledger *l, struct carnet_digest **out, size_t *count,
                                                     struct carnet_diag *diag);

/* ---- entitlements ---- */
/* What the vendor signed: the newest revision of a license of this home; CARNET_NOT_FOUND. Appends the bundle. */
CARNET_MUST_USE enum carnet_err ledger_made_newest(struct ledger *l, const struct carnet_digest *vendor,
                                                   const char *license, struct carnet_digest *id,
                                                   struct carnet_buffer *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_made_add(struct ledger *l, const struct carnet_entitlement *e,
                                                const struct carnet_digest *id, const uint8_t *bytes, size_t size,
                                                int64_t now, struct carnet_diag *diag);
/* What the administrator took: the id of that revision; CARNET_NOT_FOUND. */
CARNET_MUST_USE enum carnet_err ledger_taken_revision(struct ledger *l, const struct carnet_digest *vendor,
                                                      const char *license, uint32_t revision, struct carnet_digest *id,
                                                      struct carnet_diag *diag);
/* Its bundle, by id; CARNET_NOT_FOUND. Appends to out. */
CARNET_MUST_USE enum carnet_err ledger_taken_bytes(struct ledger *l, const struct carnet_digest *id,
                                                   struct carnet_buffer *out, struct carnet_diag *diag);
/* Takes a newer revision, or a new license, which is online then. */
CARNET_MUST_USE enum carnet_err ledger_taken_add(struct ledger *l, const struct carnet_entitlement *e,
                                                 const struct carnet_digest *id, const uint8_t *bytes, size_t size,
                                                 int64_t now, struct carnet_diag *diag);

/* ---- licenses ---- */
/* What came back that contradicts this ledger (L-11). */
enum ledger_fork {
    LEDGER_NOT_FORKED,
    LEDGER_FORK_LICENSE, /* a license that it never gave */
    LEDGER_FORK_CLONE,   /* two bundles of one machine key with one number */
    LEDGER_FORK_JOURNAL, /* a machine has seen a position that its journal lacks */
};
/* As the tables and the journal name it. */
const char *ledger_fork_word(enum ledger_fork fork);

struct ledger_license {
    int64_t number; /* of the row */
    struct carnet_digest vendor, issuer, entitlement;
    char id[CARNET_ID_TEXT_SIZE];
    uint32_t revision;
    char product[CARNET_ID_TEXT_SIZE], edition[CARNET_ID_TEXT_SIZE], licensee[CARNET_TEXT_SIZE];
    uint32_t seats, in_use, held, users;
    bool offline_allowed, offline;
    enum ledger_fork forked;
    int64_t not_after;
};
/* All, or those of one vendor, or of one product; sorted by id and vendor; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_licenses(struct ledger *l, const struct carnet_digest *vendor,
                                                const char *product, struct ledger_license **out, size_t *count,
                                                struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_license_get(struct ledger *l, const struct carnet_digest *vendor, const char *id,
                                                   struct ledger_license *out, struct carnet_diag *diag);
/* Those of a vendor that the fingerprint has or had a grant of, by id; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_licenses_of_fingerprint(struct ledger *l, const struct carnet_digest *vendor,
                                                               const struct carnet_digest *fingerprint,
                                                               struct ledger_license **out, size_t *count,
                                                               struct carnet_diag *diag);
/* The vendor, pinned or with a license, whose id is `text` or alone begins with it. CARNET_NOT_FOUND, or CARNET_USAGE
 * when several do. */
CARNET_MUST_USE enum carnet_err ledger_vendor_find(struct ledger *l, const char *text, struct carnet_digest *out,
                                                   struct carnet_diag *diag);
/* To look at, by what a person types: the id, else what only one license's id, product or licensee begins with;
 * `vendor` (as for ledger_vendor_find, or NULL) says whose. CARNET_NOT_FOUND, or CARNET_USAGE when several do. */
CARNET_MUST_USE enum carnet_err ledger_license_find(struct ledger *l, const char *text, const char *vendor,
                                                    struct ledger_license *out, struct carnet_diag *diag);
/* To change something: by the whole id alone. Otherwise the same. */
CARNET_MUST_USE enum carnet_err ledger_license_named(struct ledger *l, const char *id, const char *vendor,
                                                     struct ledger_license *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_license_convert(struct ledger *l, int64_t license, bool offline,
                                                       struct carnet_diag *diag);

/* ---- users of an online license ---- */
struct ledger_user {
    char name[CARNET_TEXT_SIZE];
    int64_t since;
};
CARNET_MUST_USE enum carnet_err ledger_user_add(struct ledger *l, int64_t license, const char *name, int64_t now,
                                                bool *known, struct carnet_diag *diag);
/* Another user of the license with the same name or address, be it in other capitals; CARNET_NOT_FOUND when there is
 * none (diag is then unchanged). */
CARNET_MUST_USE enum carnet_err ledger_user_twin(struct ledger *l, int64_t license, const char *name,
                                                 char twin[CARNET_TEXT_SIZE], struct carnet_diag *diag);
/* CARNET_NOT_FOUND when there is no such user. */
CARNET_MUST_USE enum carnet_err ledger_user_remove(struct ledger *l, int64_t license, const char *name,
                                                   struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_users(struct ledger *l, int64_t license, struct ledger_user **out, size_t *count,
                                             struct carnet_diag *diag);

/* ---- grants and seats ---- */
struct ledger_grant {
    int64_t number, license; /* of the rows */
    struct carnet_digest fingerprint;
    uint32_t seat, epoch, serial; /* of its newest license */
    struct carnet_digest machine_key, entitlement;
    bool has_user;
    struct carnet_digest user;
    char label[CARNET_TEXT_SIZE];
    char note[CARNET_TEXT_SIZE]; /* the administrator's own */
    bool container;              /* it was given to a container, or moved into one by the last transfer (M-10) */
    int64_t since;
    int64_t lease_until; /* the last second of its newest license, by lease and not-after */
    int64_t activated;   /* when its machine said so; LEDGER_LIVES: not yet */
    int64_t declared;    /* when its release was declared, before it was freed; LEDGER_LIVES: not at all */
    int64_t ended;       /* INT64_MIN while it lives */
    enum carnet_end how;
    bool has_release;
    struct carnet_digest release; /* meaningful when has_release: what freed it */
    int64_t replaces; /* the grant that ended for it (row), or 0: its receipt goes wherever this one's license goes */
};
#define LEDGER_LIVES INT64_MIN
/* CARNET_NOT_FOUND when there is none (diag is then unchanged: it is a question, not a refusal). */
CARNET_MUST_USE enum carnet_err ledger_grant_of_fingerprint(struct ledger *l, int64_t license,
                                                            const struct carnet_digest *fingerprint,
                                                            struct ledger_grant *out, struct carnet_diag *diag);
/* The living grant of that machine key and user (NULL: none), G-6. CARNET_NOT_FOUND as above. */
CARNET_MUST_USE enum carnet_err ledger_grant_of_machine(struct ledger *l, int64_t license,
                                                        const struct carnet_digest *machine_key,
                                                        const struct carnet_digest *user, struct ledger_grant *out,
                                                        struct carnet_diag *diag);
/* A living grant whose machine has that system-uuid fact. CARNET_NOT_FOUND as above. */
CARNET_MUST_USE enum carnet_err ledger_grant_of_system(struct ledger *l, int64_t license,
                                                       const struct carnet_digest *system, struct ledger_grant *out,
                                                       struct carnet_diag *diag);
/* The grant of that row. CARNET_NOT_FOUND as above. */
CARNET_MUST_USE enum carnet_err ledger_grant_get(struct ledger *l, int64_t number, struct ledger_grant *out,
                                                 struct carnet_diag *diag);
/* The living grant on a seat. CARNET_NOT_FOUND as above. */
CARNET_MUST_USE enum carnet_err ledger_grant_on_seat(struct ledger *l, int64_t license, uint32_t seat,
                                                     struct ledger_grant *out, struct carnet_diag *diag);
/* The newest grant that a seat had, living or ended. CARNET_NOT_FOUND as above. */
CARNET_MUST_USE enum carnet_err ledger_grant_last_on_seat(struct ledger *l, int64_t license, uint32_t seat,
                                                          struct ledger_grant *out, struct carnet_diag *diag);
/* All living grants by seat; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_grants(struct ledger *l, int64_t license, struct ledger_grant **out,
                                              size_t *count, struct carnet_diag *diag);
/* Living grants of offline licenses whose newest license ends by then, the earliest first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_grants_due(struct ledger *l, int64_t by, struct ledger_grant **out,
                                                  size_t *count, struct carnet_diag *diag);
/* The lowest free seat; CARNET_NO_SEAT. */
CARNET_MUST_USE enum carnet_err ledger_seat_lowest(struct ledger *l, int64_t license, uint32_t *seat,
                                                   struct carnet_diag *diag);
struct ledger_freed {
    uint32_t seat;
    int64_t since;
};
/* The seats that were given once and are free again, and the highest seat ever given; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_seats_freed(struct ledger *l, int64_t license, struct ledger_freed **out,
                                                   size_t *count, uint32_t *highest, struct carnet_diag *diag);
/* A new grant on a free seat; `facts` gives its system-uuid. Sets g->number. The schema itself refuses a seat beyond
 * the license's (CARNET_NO_SEAT). */
CARNET_MUST_USE enum carnet_err ledger_grant_add(struct ledger *l, struct ledger_grant *g,
                                                 const struct carnet_facts *facts, struct carnet_diag *diag);
/* Ends it, and its seat is free. `release` may be NULL. */
CARNET_MUST_USE enum carnet_err ledger_grant_end(struct ledger *l, const struct ledger_grant *g, enum carnet_end how,
                                                 const struct carnet_digest *release, int64_t now,
                                                 struct carnet_diag *diag);
/* Keeps the state of its next license: epoch, serial, entitlement, lease. `facts` of the machine replace those known
 * (its system UUID); NULL leaves them. */
CARNET_MUST_USE enum carnet_err ledger_grant_renew(struct ledger *l, const struct ledger_grant *g,
                                                   const struct carnet_facts *facts, struct carnet_diag *diag);

/* ---- seats of lost machines, and what the caps count ---- */
/* Notes that its release was declared; the first time counts. */
CARNET_MUST_USE enum carnet_err ledger_grant_declared(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                                      struct carnet_diag *diag);
/* Notes that it was activated; the first time counts. */
CARNET_MUST_USE enum carnet_err ledger_grant_activated(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                                       struct carnet_diag *diag);
struct ledger_hold {
    uint32_t seat;
    int64_t grant; /* row: the grant that was lost */
    int64_t until; /* the last second of the lost lease; CARNET_NEVER: it has none */
};
/* The seat of a grant that has ended is not given again before that time has passed. */
CARNET_MUST_USE enum carnet_err ledger_hold_add(struct ledger *l, const struct ledger_grant *g, int64_t until,
                                                struct carnet_diag *diag);
/* CARNET_NOT_FOUND when the seat is not held (diag is then unchanged). */
CARNET_MUST_USE enum carnet_err ledger_hold_on_seat(struct ledger *l, int64_t license, uint32_t seat,
                                                    struct ledger_hold *out, struct carnet_diag *diag);
/* All of a license, the earliest to end first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_holds(struct ledger *l, int64_t license, struct ledger_hold **out, size_t *count,
                                             struct carnet_diag *diag);
/* The seat is free again. */
CARNET_MUST_USE enum carnet_err ledger_hold_end(struct ledger *l, int64_t license, uint32_t seat,
                                                struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_loss_add(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                                struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_transfer_add(struct ledger *l, const struct ledger_grant *g, int64_t now,
                                                    struct carnet_diag *diag);
/* When the nth newest loss or transfer of a license was counted, from 1; INT64_MIN when there were fewer. */
CARNET_MUST_USE enum carnet_err ledger_loss_nth(struct ledger *l, int64_t license, uint32_t nth, int64_t *at,
                                                struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_transfer_nth(struct ledger *l, int64_t license, uint32_t nth, int64_t *at,
                                                    struct carnet_diag *diag);

/* ---- outbox: the exact bytes of what was signed ---- */
struct ledger_bundle {
    struct carnet_digest id;
    enum carnet_kind_id kind;
    int64_t license, grant; /* rows */
    uint32_t serial;
    const uint8_t *bytes;
    size_t size;
};
CARNET_MUST_USE enum carnet_err ledger_bundle_add(struct ledger *l, const struct ledger_bundle *b, int64_t now,
                                                  struct carnet_diag *diag);
/* The bundle of that kind and serial of a grant; CARNET_NOT_FOUND (diag is then unchanged). Appends to out. */
CARNET_MUST_USE enum carnet_err ledger_bundle_of_serial(struct ledger *l, int64_t grant, enum carnet_kind_id kind,
                                                        uint32_t serial, struct carnet_buffer *out,
                                                        struct carnet_diag *diag);
/* The newest bundle of that kind of a grant; CARNET_NOT_FOUND. Appends to out. */
CARNET_MUST_USE enum carnet_err ledger_bundle_of_grant(struct ledger *l, int64_t grant, enum carnet_kind_id kind,
                                                       struct carnet_digest *id, struct carnet_buffer *out,
                                                       struct carnet_diag *diag);
/* The id and size of the newest bundle of that kind of a grant; CARNET_NOT_FOUND (diag is then unchanged). */
CARNET_MUST_USE enum carnet_err ledger_bundle_newest(struct ledger *l, int64_t grant, enum carnet_kind_id kind,
                                                     struct carnet_digest *id, uint64_t *size,
                                                     struct carnet_diag *diag);
/* A bundle that goes out, and the machine that it is for. */
struct ledger_outgoing {
    struct carnet_digest id;
    enum carnet_kind_id kind;
    uint32_t seat;
    int64_t made;
    uint64_t size;
    char license[CARNET_ID_TEXT_SIZE];
    char label[CARNET_TEXT_SIZE];
};
/* The bundle of that id; CARNET_NOT_FOUND. Its bytes are appended to `bytes`, unless that is NULL. */
CARNET_MUST_USE enum carnet_err ledger_bundle_get(struct ledger *l, const struct carnet_digest *id,
                                                  struct ledger_outgoing *out, struct carnet_buffer *bytes,
                                                  struct carnet_diag *diag);
/* What was never delivered and still counts: the newest license of a grant that lives, a clock for one, the receipt of
 * one that ended. The oldest first; freed with free(). */
CARNET_MUST_USE enum carnet_err ledger_bundles_waiting(struct ledger *l, struct carnet_digest **out, size_t *count,
                                                       struct carnet_diag *diag);
/* Did this ledger sign the bundle of that id for that grant? */
CARNET_MUST_USE enum carnet_err ledger_bundle_known(struct ledger *l, int64_t grant, const struct carnet_digest *id,
                                                    bool *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_bundle_delivered(struct ledger *l, const struct carnet_digest *id, int64_t now,
                                                        struct carnet_diag *diag);
/* Remembers a bundle that a machine signed. The same again changes nothing. */
struct ledger_received {
    struct carnet_digest id, machine_key;
    enum carnet_kind_id kind;
    struct carnet_sequence sequence;
    const struct ledger_grant *grant; /* the living one that it is about, or NULL */
};
/* The highest number of a fingerprint that was taken for the grant; 0 for none (known since version 4 of the tables).
 */
CARNET_MUST_USE enum carnet_err ledger_received_latest(struct ledger *l, const struct ledger_grant *grant,
                                                       uint32_t *sequence, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_received_add(struct ledger *l, const struct ledger_received *r, int64_t now,
                                                    struct carnet_diag *diag);

/* Was it here before? And is there another one of the same machine key and number (a clone, or a state put back)? */
CARNET_MUST_USE enum carnet_err ledger_received_look(struct ledger *l, const struct ledger_received *r, bool *known,
                                                     bool *twin, struct carnet_diag *diag);
/* The clock that answers that request of the grant; CARNET_NOT_FOUND. Appends to out. */
CARNET_MUST_USE enum carnet_err ledger_clock_answer(struct ledger *l, int64_t grant,
                                                    const struct carnet_digest *request, struct carnet_digest *id,
                                                    struct carnet_buffer *out, struct carnet_diag *diag);

/* ---- journal ---- */
/* An event; absent members are NULL or 0. Names and reasons go into the chain as salted digests alone. */
struct ledger_event {
    const char *what;    /* "assign", one word */
    const char *license; /* its id */
    uint32_t revision, seat, serial;
    const int64_t *until;              /* a time */
    const struct carnet_digest *grant; /* id of its fingerprint */
    const struct carnet_digest *entitlement, *machine, *key, *release, *bundle;
    const char *name; /* a person's or machine's name */
    const char *note; /* one word */
};
/*
 * Appends to the chain of that vendor and signer (opening it first when new). CARNET_CONFIGURATION when the clock is
 * before the journal's last time. *at may be NULL.
 */
CARNET_MUST_USE enum carnet_err ledger_event_add(struct ledger *l, const struct carnet_digest *vendor,
                                                 const struct carnet_digest *signer, int64_t now,
                                                 const struct ledger_event *event, struct carnet_journal_position *at,
                                                 struct carnet_diag *diag);
/* The same event in every chain there is: what concerns the ledger as a whole. */
CARNET_MUST_USE enum carnet_err ledger_event_each_chain(struct ledger *l, int64_t now, const struct ledger_event *event,
                                                        struct carnet_diag *diag);
/* The same event in every chain of that signer. */
CARNET_MUST_USE enum carnet_err ledger_event_each_of(struct ledger *l, const struct carnet_digest *signer, int64_t now,
                                                     const struct ledger_event *event, struct carnet_diag *diag);
/* The last position of a chain; position 0 when it is empty. */
CARNET_MUST_USE enum carnet_err ledger_journal_head(struct ledger *l, const struct carnet_digest *vendor,
                                                    const struct carnet_digest *signer,
                                                    struct carnet_journal_position *out, struct carnet_diag *diag);
/* Is that position, with that digest, in a chain of that vendor? (Each issuer key has one.) */
CARNET_MUST_USE enum carnet_err ledger_journal_has(struct ledger *l, const struct carnet_digest *vendor,
                                                   const struct carnet_journal_position *at, bool *out,
                                                   struct carnet_diag *diag);
/* Holds the chains against their digests: all events, or the last of each. CARNET_LEDGER_DAMAGED. */
CARNET_MUST_USE enum carnet_err ledger_journal_check(struct ledger *l, bool whole, struct carnet_diag *diag);

/* ---- copies (backup, retire) and what becomes of them ---- */
/* A file of the home that goes with the copy. */
struct ledger_carried {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};
/* Copies the ledger, as it is between two transactions, to a file that must not be there (CARNET_EXISTS), mode 0600:
 * durable, and opened and checked once more. While others change the ledger it waits, at most ten seconds. */
CARNET_MUST_USE enum carnet_err ledger_backup(struct ledger *l, const char *path, const struct ledger_carried *carried,
                                              size_t count, int64_t now, struct carnet_diag *diag);
/* Opens a copy to look at, whole checked; CARNET_MALFORMED for a ledger that is no copy. */
CARNET_MUST_USE enum carnet_err ledger_open_copy(const char *path, const char *who, struct ledger **out,
                                                 struct carnet_diag *diag);
/* A carried file; CARNET_NOT_FOUND (diag is then unchanged). Appends to out. */
CARNET_MUST_USE enum carnet_err ledger_carried_bytes(struct ledger *l, const char *name, struct carnet_buffer *out,
                                                     struct carnet_diag *diag);
/* The copy becomes the ledger of a home: what it carried is dropped; one that was retired elsewhere is open again, in
 * the next epoch. In a transaction, like all that follow. */
CARNET_MUST_USE enum carnet_err ledger_settle(struct ledger *l, int64_t now, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_retire(struct ledger *l, struct carnet_diag *diag);

/* ---- a ledger that was put back ---- */
struct ledger_recovery {
    int64_t made, restored; /* the copy; and when it became this home */
    bool raised;            /* 'recover' has begun */
    uint32_t seen;          /* the highest journal position that a bundle spoke of and this ledger lacked, or 0 */
};
/* CARNET_NOT_FOUND when it was never put back (diag is then unchanged). */
CARNET_MUST_USE enum carnet_err ledger_recovery_get(struct ledger *l, struct ledger_recovery *out,
                                                    struct carnet_diag *diag);
/* Raises the epoch: whatever is given from now on is newer than all that was given before. */
CARNET_MUST_USE enum carnet_err ledger_recovery_begin(struct ledger *l, int64_t now, struct carnet_diag *diag);
/* Open again; forks are settled, and every seat that nobody is known to have is free. */
CARNET_MUST_USE enum carnet_err ledger_recovery_end(struct ledger *l, int64_t now, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err ledger_recovery_saw(struct ledger *l, uint32_t position, struct carnet_diag *diag);
/* Keeps an older revision that a bundle rests on; the license goes by its own. */
CARNET_MUST_USE enum carnet_err ledger_taken_keep(struct ledger *l, const struct carnet_entitlement *e,
                                                  const struct carnet_digest *id, const uint8_t *bytes, size_t size,
                                                  int64_t now, struct carnet_diag *diag);
/* Its seats are out, so it is offline, whatever the copy says. */
CARNET_MUST_USE enum carnet_err ledger_license_relearn_mode(struct ledger *l, int64_t license,
                                                            struct carnet_diag *diag);
/* A known grant's newer license: epoch, serial, entitlement, lease. */
/* Something came back that contradicts this ledger: no seat of the license is given until 'recover'. */
CARNET_MUST_USE enum carnet_err ledger_license_forked(struct ledger *l, int64_t license, enum ledger_fork fork,
                                                      struct carnet_diag *diag);

#endif

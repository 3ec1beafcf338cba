/* SPDX-License-Identifier: MIT */
/*
 * The user's state: what a machine keeps between trips (spec/state.md). A folder:
 *
 *   lock                                            held by who writes
 *   vendors/VENDORID/root.pem                       the pinned root key (its key id is the vendor id until a rotation)
 *   vendors/VENDORID/trust.carnet                   the newest trust information (U-7)
 *   vendors/VENDORID/machine.key, machine.kek       the machine's key for this vendor, 0600
 *   vendors/VENDORID/born                           the facts of the machine that the key was made on
 *   vendors/VENDORID/facts.secret                   the machine secret, 32 bytes, readable by all who check
 *   vendors/VENDORID/floors                         the clock floors
 *   vendors/VENDORID/sent/00000001-KIND-NAME.carnet every bundle this machine signed, by sequence
 *   vendors/VENDORID/sent/00000001.handed           when it was last written out
 *   vendors/VENDORID/grants/LICENSE.FINGERPRINT.license  the highest license of a grant
 *   vendors/VENDORID/grants/LICENSE.FINGERPRINT.receipt  the end of a grant
 *
 * Nothing is kept twice: sequence and previous are those of the last file in sent/, a grant is released when sent/
 * holds its release. All writes are durable or absent. Reading takes no lock and works on a read-only folder.
 */
#ifndef CARNET_STATE_STATE_H
#define CARNET_STATE_STATE_H

#include "bundle/key.h"
#include "machine/machine.h"
#include "rules/reading.h"

struct carnet_state;

/* --state, else $CARNET_STATE, else /var/lib/carnet for root and $XDG_DATA_HOME/carnet (or ~/.local/share/carnet) for
 * others. `given` may be NULL. The result is freed with free(). */
CARNET_MUST_USE enum carnet_err carnet_state_default(const char *given, char **path, struct carnet_diag *diag);

/* Opens the folder; with `write` it is made when absent (0755), and locked (CARNET_BUSY after 10 s, CARNET_PERMISSION
 * when not writable). Without `write` an absent folder is an empty state. */
CARNET_MUST_USE enum carnet_err carnet_state_open(const char *path, bool write, struct carnet_state **out,
                                                  struct carnet_diag *diag);
void carnet_state_close(struct carnet_state *state);
const char *carnet_state_path(const struct carnet_state *state);

/* ---- vendors ---- */
/* The anchors of all pinned vendors, and the own keys as known keys; borrowed, valid until the next pin or close. */
const struct carnet_anchors *carnet_state_anchors(const struct carnet_state *state);
/* Pins a root key: its id becomes the vendor id. The same again is CARNET_OK. CARNET_UNTRUSTED_KEY for a key that the
 * state knows in another role: a machine key, or the issuer of a license that is installed (T-5). */
CARNET_MUST_USE enum carnet_err carnet_state_pin(struct carnet_state *state,
                                                 const uint8_t public_key[CARNET_PUBLIC_KEY_SIZE],
                                                 struct carnet_digest *vendor, struct carnet_diag *diag);

/* Takes trust information of a pinned vendor, read with the state's anchors: CARNET_NOT_VOUCHED, CARNET_TRUST_EXPIRED,
 * CARNET_ROLLED_BACK, CARNET_FORKED (U-7 to U-9), CARNET_NOT_YET_VALID (O-2). *same: it is the one that is kept
 * already. With `write` it is kept, and the signed floor raised. */
CARNET_MUST_USE enum carnet_err carnet_state_trust(struct carnet_state *state, const struct carnet_judged *judged,
                                                   const uint8_t *bytes, size_t size, int64_t now, bool write,
                                                   bool *same, struct carnet_diag *diag);

/* ---- the machine's key and secret, for one vendor ---- */
/* Opens the machine key, making key and secret when absent and `make`; CARNET_NOT_FOUND otherwise. */
CARNET_MUST_USE enum carnet_err carnet_state_machine_key(struct carnet_state *state, const struct carnet_digest *vendor,
                                                         bool make, int64_t now, struct carnet_key **out,
                                                         struct carnet_diag *diag);
/*
 * The same with `make`, for this very machine: `machine` is what the caller reads of it. A key remembers the facts of
 * the machine it was made on (the file "born"). Where neither they nor a license that is installed match any more, the
 * state was copied here with a disk: key, secret, licenses and what was signed are set aside in a folder "former-8HEX"
 * (*set_aside), and a new key is made. Those facts are noted where they were not yet.
 */
CARNET_MUST_USE enum carnet_err carnet_state_own_key(struct carnet_state *state, const struct carnet_digest *vendor,
                                                     const struct carnet_machine *machine, int64_t now, bool *set_aside,
                                                     struct carnet_key **out, struct carnet_diag *diag);
/* The id of the machine key, without opening it: works for those who may not read the private part (machine.pem lies
 * beside it). */
CARNET_MUST_USE enum carnet_err carnet_state_machine_id(const struct carnet_state *state,
                                                        const struct carnet_digest *vendor, struct carnet_digest *out,
                                                        struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err carnet_state_secret(const struct carnet_state *state,
                                                    const struct carnet_digest *vendor,
                                                    uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                    struct carnet_diag *diag);

/* ---- what this machine signed ---- */
/* Sequence and previous for the next bundle, and the last journal position seen in the vendor's licenses and receipts.
 */
CARNET_MUST_USE enum carnet_err carnet_state_next(const struct carnet_state *state, const struct carnet_digest *vendor,
                                                  struct carnet_sequence *sequence,
                                                  struct carnet_journal_position *journal, struct carnet_diag *diag);
/* Keeps a bundle durably; `name` tells it apart: the grant's "LICENSE.FINGERPRINT" for a release and an activation, ""
 * for a fingerprint and a clock request. */
CARNET_MUST_USE enum carnet_err carnet_state_send(struct carnet_state *state, const struct carnet_digest *vendor,
                                                  uint32_t sequence, const struct carnet_kind *kind, const char *name,
                                                  const uint8_t *bytes, size_t size, struct carnet_diag *diag);
/* The newest fingerprint, or the release of that grant; CARNET_NOT_FOUND when there is none. Appends to out. */
CARNET_MUST_USE enum carnet_err carnet_state_sent_fingerprint(const struct carnet_state *state,
                                                              const struct carnet_digest *vendor,
                                                              struct carnet_buffer *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err carnet_state_sent_release(const struct carnet_state *state,
                                                          const struct carnet_digest *vendor,
                                                          const struct carnet_grant_name *grant,
                                                          struct carnet_buffer *out, struct carnet_diag *diag);
/* The newest activation of that grant, or the newest clock request; likewise. */
CARNET_MUST_USE enum carnet_err carnet_state_sent_activation(const struct carnet_state *state,
                                                             const struct carnet_digest *vendor,
                                                             const struct carnet_grant_name *grant,
                                                             struct carnet_buffer *out, struct carnet_diag *diag);
CARNET_MUST_USE enum carnet_err carnet_state_sent_clockrequest(const struct carnet_state *state,
                                                               const struct carnet_digest *vendor,
                                                               struct carnet_buffer *out, struct carnet_diag *diag);
/* The clock request of that id; CARNET_NOT_FOUND when this machine made none such. Appends to out. */
CARNET_MUST_USE enum carnet_err carnet_state_sent_request(const struct carnet_state *state,
                                                          const struct carnet_digest *vendor,
                                                          const struct carnet_digest *id, struct carnet_buffer *out,
                                                          struct carnet_diag *diag);
/* Did this machine make the fingerprint of that id? */
CARNET_MUST_USE enum carnet_err carnet_state_sent_has(const struct carnet_state *state,
                                                      const struct carnet_digest *vendor,
                                                      const struct carnet_digest *fingerprint, bool *out,
                                                      struct carnet_diag *diag);

/* ---- grants ---- */
/* What the state holds of one grant, for reading. */
struct carnet_state_grant {
    struct carnet_digest vendor;
    struct carnet_grant_name name;
    struct carnet_buffer bytes;     /* the license's bundle; empty when only the end is known */
    struct carnet_reading *reading; /* of it; judged unless `err` */
    enum carnet_err err;            /* outcome of that reading */
    struct carnet_diag diag;
    bool released; /* sent/ holds its release */
    bool ended;    /* a receipt came */
    struct carnet_buffer receipt_bytes;
    struct carnet_reading *receipt; /* NULL when none */
};
/* All grants of all vendors (or one, when `vendor` is not NULL), sorted by vendor, license and fingerprint. */
CARNET_MUST_USE enum carnet_err carnet_state_grants(const struct carnet_state *state,
                                                    const struct carnet_digest *vendor, struct carnet_state_grant **out,
                                                    size_t *count, struct carnet_diag *diag);
void carnet_state_grants_free(struct carnet_state_grant *grants, size_t count);
/* Records anew, where that is missing or of another schema, that the installed license with these bytes holds the
 * schema; the caller has just read it. */
CARNET_MUST_USE enum carnet_err carnet_state_revalidate(struct carnet_state *state, const struct carnet_judged *judged,
                                                        const uint8_t *bytes, size_t size, struct carnet_diag *diag);
/* Puts a license (replacing a lower one of the grant) or a receipt; the caller has judged it and held G-2 to G-4. */
CARNET_MUST_USE enum carnet_err carnet_state_put(struct carnet_state *state, const struct carnet_judged *judged,
                                                 const uint8_t *bytes, size_t size, struct carnet_diag *diag);

/* ---- clock floors (O-3) ---- */
struct carnet_floors {
    int64_t signed_floor, local_floor; /* INT64_MIN when none */
    uint32_t answered;                 /* sequence of the last clock request that was answered (D-3); 0 when none */
};
CARNET_MUST_USE enum carnet_err carnet_state_floors(const struct carnet_state *state,
                                                    const struct carnet_digest *vendor, struct carnet_floors *out,
                                                    struct carnet_diag *diag);
/* D-4: lowers the local floor to `at`, raises the signed one, and notes that the clock request of that sequence is
 * answered, in one durable step. */
CARNET_MUST_USE enum carnet_err carnet_state_lower(struct carnet_state *state, const struct carnet_digest *vendor,
                                                   uint32_t answered, int64_t at, int64_t signed_floor,
                                                   struct carnet_diag *diag);
/* Would carnet_state_raise write these? */
bool carnet_floors_rise(const struct carnet_floors *floors, int64_t signed_floor, int64_t local_floor);
/* Raises them (never lowers); the local one is written only when it rises by an hour or more. A read-only state is
 * CARNET_OK: nothing is kept then. */
CARNET_MUST_USE enum carnet_err carnet_state_raise(struct carnet_state *state, const struct carnet_digest *vendor,
                                                   int64_t signed_floor, int64_t local_floor, struct carnet_diag *diag);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The documents, as structs: one a kind (spec/format.md, section 9, tells what each member means). Plain values without
 * pointers (a journal's lines and the lists of trust information apart), so that they can be copied and need no
 * clearing. Optional text is "" when absent.
 */
#ifndef CARNET_DOCUMENT_DOCUMENT_H
#define CARNET_DOCUMENT_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bundle/kind.h"
#include "core/buffer.h"
#include "core/digest.h"
#include "core/text.h"
#include "core/utc.h"

#define CARNET_FEATURES_MOST 64u
#define CARNET_FACTS_MOST 48u
#define CARNET_PRODUCTS_MOST 32u
#define CARNET_RENEWS_MOST 64u
#define CARNET_SEATS_MOST 1000000u
#define CARNET_COUNT_MOST 999999999u
#define CARNET_DAYS_MOST 36500u
#define CARNET_HOURS_MOST 8760u
#define CARNET_FORMAT_MINOR 0 /* what is written */
#define CARNET_MINOR_MOST 9999u
#define CARNET_NO_CAP UINT32_MAX
#define CARNET_NO_LEASE 0u
#define CARNET_SYSTEM_SIZE 33
#define CARNET_EVENTS_MOST 300u
#define CARNET_ROOTS_MOST 32u
#define CARNET_REVOKED_KEYS_MOST 64u
#define CARNET_STILL_VALID_MOST 2000u
#define CARNET_REVOKED_GRANTS_MOST 200u
#define CARNET_REVISIONS_MOST 200u

/* The facts, in the order of the table in section 13. */
#define CARNET_FACTS(X) \
    X(MACHINE_ID, "machine-id", true, 30) \
    X(SYSTEM_UUID, "system-uuid", true, 20) \
    X(TPM, "tpm", true, 20) \
    X(BOARD_SERIAL, "board-serial", false, 10) \
    X(DISK, "disk", false, 20) \
    X(ADAPTER, "adapter", false, 15) \
    X(CPU, "cpu", false, 5) \
    X(HOST, "host", false, 5) \
    X(OS, "os", false, 5)
/* X(SYMBOL, name, keyed by the vendor id (else by the machine secret), default points) */
enum carnet_fact_name {
#define CARNET_FACT_ENUM(symbol, name, by_vendor, points) CARNET_FACT_##symbol,
    CARNET_FACTS(CARNET_FACT_ENUM)
#undef CARNET_FACT_ENUM
        CARNET_FACT_COUNT
};
/* How one fact of a license stands on a machine (M-3, M-4). */
enum carnet_fact_verdict {
    CARNET_FACT_NOT_HELD,
    CARNET_FACT_MATCHES,
    CARNET_FACT_CHANGED,
    CARNET_FACT_IS_MISSING,
    CARNET_FACT_IS_UNREADABLE
};
const char *carnet_fact_name(enum carnet_fact_name fact);
bool carnet_fact_by_vendor(enum carnet_fact_name fact);
uint8_t carnet_fact_default_points(enum carnet_fact_name fact);
/* The fact of that name; CARNET_NOT_FOUND when there is none. */
CARNET_MUST_USE enum carnet_err carnet_fact_find(const char *name, enum carnet_fact_name *out);
#define CARNET_THRESHOLD_DEFAULT 60

struct carnet_feature {
    char name[CARNET_ID_TEXT_SIZE];
    char value[CARNET_ID_TEXT_SIZE]; /* "" when it has none */
};
struct carnet_features {
    uint32_t count;
    struct carnet_feature list[CARNET_FEATURES_MOST];
};
struct carnet_matching {
    uint8_t threshold; /* per cent */
    uint8_t points[CARNET_FACT_COUNT];
};
struct carnet_fact {
    enum carnet_fact_name name;
    struct carnet_digest digest;
};
struct carnet_facts {
    uint32_t count;
    struct carnet_fact list[CARNET_FACTS_MOST];
};
/* The same facts, in any order. */
bool carnet_facts_equal(const struct carnet_facts *a, const struct carnet_facts *b);
struct carnet_journal_position {
    uint32_t position; /* from 1; 0 when absent */
    struct carnet_digest digest;
};
struct carnet_grant {
    char license[CARNET_ID_TEXT_SIZE];
    struct carnet_digest fingerprint;
    uint32_t epoch, serial, seat;
};
/* What every machine-signed document carries. */
struct carnet_sequence {
    int64_t made;
    uint32_t sequence;             /* from 1 */
    struct carnet_digest previous; /* meaningful when sequence > 1 */
};

struct carnet_entitlement {
    struct carnet_digest vendor;
    char vendor_name[CARNET_TEXT_SIZE];
    char contact[CARNET_TEXT_SIZE];
    char license[CARNET_ID_TEXT_SIZE];
    uint32_t revision;
    int64_t issued;
    char product[CARNET_ID_TEXT_SIZE];
    char edition[CARNET_ID_TEXT_SIZE];
    char newest_version[CARNET_VERSION_SIZE]; /* "" for any */
    char licensee[CARNET_TEXT_SIZE];
    uint32_t seats;
    bool offline_allowed;
    struct carnet_features features;
    int64_t not_after;
    uint32_t lease_days; /* CARNET_NO_LEASE for none */
    uint32_t activate_within_days;
    uint32_t transfers_per_year, losses_per_year; /* CARNET_NO_CAP for none */
    bool held_after_loss;
    struct carnet_matching matching;
    uint32_t clock_tolerance_hours;
    bool virtual_refused;
    enum carnet_container_rule {
        CARNET_CONTAINER_ACCEPTED,
        CARNET_CONTAINER_REFUSED,
        CARNET_CONTAINER_PINNED
    } container;
    struct carnet_digest issuer;
    bool has_least_trust;
    uint32_t least_trust_generation, least_trust_number;
};

struct carnet_product_request {
    char id[CARNET_ID_TEXT_SIZE];
    char version[CARNET_VERSION_SIZE];
};
struct carnet_grant_name {
    char license[CARNET_ID_TEXT_SIZE];
    struct carnet_digest fingerprint;
};
struct carnet_fingerprint {
    struct carnet_digest vendor;
    bool renew;
    struct carnet_sequence sequence;
    uint8_t nonce[16];
    char label[CARNET_TEXT_SIZE];
    char virtual_system[CARNET_SYSTEM_SIZE];   /* "none" or the hypervisor */
    char container_system[CARNET_SYSTEM_SIZE]; /* "none" or the container system */
    bool has_user;
    struct carnet_digest user;
    uint32_t product_count;
    struct carnet_product_request products[CARNET_PRODUCTS_MOST];
    uint32_t renew_count;
    struct carnet_grant_name renews[CARNET_RENEWS_MOST];
    struct carnet_facts facts;
    struct carnet_journal_position journal;
};

struct carnet_license {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest entitlement;
    uint32_t revision;
    char product[CARNET_ID_TEXT_SIZE];
    char edition[CARNET_ID_TEXT_SIZE];
    char licensee[CARNET_TEXT_SIZE];
    struct carnet_digest machine_key;
    char machine_label[CARNET_TEXT_SIZE];
    bool has_user;
    struct carnet_digest user;
    struct carnet_features features;
    int64_t issued, activate_by, lease_until, not_after;
    struct carnet_matching matching;
    struct carnet_facts facts;
    struct carnet_journal_position journal;
};

struct carnet_release {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest license;
    bool declined;
    struct carnet_sequence sequence;
    struct carnet_journal_position journal;
};

enum carnet_end { CARNET_END_FREED, CARNET_END_REVOKED, CARNET_END_REPLACED };
struct carnet_receipt {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest entitlement;
    uint32_t revision;
    struct carnet_digest machine_key;
    char machine_label[CARNET_TEXT_SIZE];
    enum carnet_end end;
    int64_t at;
    char reason[CARNET_TEXT_SIZE];
    struct carnet_digest release; /* meaningful when freed */
    struct carnet_journal_position journal;
};

/*
 * A segment of the administrator's journal (spec/format.md, section 9.6). The one document with a pointer: `lines` are
 * `count` lines of section 9.6, each ended by LF, and a NUL after the last. What was read belongs to its document; what
 * is composed is borrowed.
 */
struct carnet_journal {
    struct carnet_digest vendor, signer;
    struct carnet_digest entitlement;
    uint32_t revision;
    uint32_t first, last;                  /* positions */
    struct carnet_digest previous, digest; /* of the link before the first event, and of the last event */
    int64_t at;                            /* of the last event */
    uint32_t count;                        /* of events: last - first + 1 */
    char *lines;
};

/* It was installed, and how each fact of the license stood then. */
struct carnet_activation {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest license;
    struct carnet_sequence sequence;
    enum carnet_fact_verdict match[CARNET_FACT_COUNT];
    struct carnet_journal_position journal;
};

/* The local floor stands in the way of a clock that was put right. */
struct carnet_clockrequest {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest license;
    struct carnet_sequence sequence; /* `made` is the local clock */
    uint8_t nonce[16];
    int64_t local_floor;
    bool has_signed_floor;
    int64_t signed_floor;
    struct carnet_journal_position journal;
};

struct carnet_clock {
    struct carnet_digest vendor;
    struct carnet_grant grant;
    struct carnet_digest entitlement;
    uint32_t revision;
    struct carnet_digest machine_key;
    char machine_label[CARNET_TEXT_SIZE];
    struct carnet_digest request; /* the clockrequest it answers */
    uint8_t nonce[16];            /* of that */
    int64_t at;                   /* the administrator's clock */
    struct carnet_journal_position journal;
};

/* An administrator asks to be named as issuer. The signer is the key it asks for. */
struct carnet_keyrequest {
    struct carnet_digest vendor;
    char name[CARNET_TEXT_SIZE];
    char contact[CARNET_TEXT_SIZE];
    int64_t made;
    uint8_t nonce[16];
    bool offline_wished;
    char license[CARNET_ID_TEXT_SIZE]; /* "" for any */
    bool has_replaced;
    struct carnet_digest replaced; /* the issuer key that this one follows */
};

/* What is revoked, each list in rising order (U-5). */
struct carnet_trust_lists {
    uint32_t key_count;
    struct carnet_revoked_key {
        struct carnet_digest key;
        uint32_t first, count; /* of its bundles in `valid` */
    } keys[CARNET_REVOKED_KEYS_MOST];
    uint32_t valid_count;
    struct carnet_digest valid[CARNET_STILL_VALID_MOST]; /* ids of bundles that stay valid */
    uint32_t grant_count;
    struct carnet_grant_name grants[CARNET_REVOKED_GRANTS_MOST];
    uint32_t revision_count;
    struct carnet_least_revision {
        char license[CARNET_ID_TEXT_SIZE];
        uint32_t least;
    } revisions[CARNET_REVISIONS_MOST];
};
/* Trust information, or a link: "this root is followed by that one". */
struct carnet_trust {
    struct carnet_digest vendor;
    bool is_link;
    uint32_t generation; /* of the root that signed it, from 1 */
    bool has_next;       /* always in a link */
    struct carnet_digest next;
    /* Of information alone. roots[generation - 1] is the signer. */
    uint32_t number;
    int64_t created, expires;
    struct carnet_digest roots[CARNET_ROOTS_MOST];
    struct carnet_trust_lists *lists; /* NULL in a link. What was read belongs to its document. */
};

struct carnet_trusted; /* rules/trust.h */
struct carnet_unpacked;

/* A document that was read: its signer is trusted for it. Made by carnet_document_read alone. */
struct carnet_document;

/* Compiles the schema, once a process; thread-safe, idempotent. Reading does so by itself: called before threads or
 * workers start, it spares each of them the work. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err carnet_document_start(void);

/*
 * Stage 5 of reading, V-1 to V-5, E-1, F-1, F-2, P-1, W-1 to W-7. CARNET_MALFORMED or CARNET_NEWER_FORMAT
 * with clause and line. `t` is borrowed and must outlive *out. *out changes only on success.
 */
CARNET_MUST_USE enum carnet_err carnet_document_read(const struct carnet_trusted *t, struct carnet_document **out,
                                                     struct carnet_diag *diag);
/* The same without the schema, for a bundle whose bytes carnet_document_read has taken before under the schema of
 * carnet_document_schema: what the schema says of them was found then. All else is held again. */
CARNET_MUST_USE enum carnet_err carnet_document_read_again(const struct carnet_trusted *t, struct carnet_document **out,
                                                           struct carnet_diag *diag);
/* The SHA-256 of the schema, as 64 hex digits. */
const char *carnet_document_schema(void);
/* For the inspector alone: parses the document of a bundle nobody has verified. Show it under UNVERIFIED and
 * believe nothing. */
CARNET_MUST_USE enum carnet_err carnet_document_read_unverified(const struct carnet_unpacked *u,
                                                                struct carnet_document **out, struct carnet_diag *diag);
/*
 * For the inspector: every element and attribute of a document that was read, in their order, and what the schema says
 * that it means. `element` is "license/validity"; `attribute` and `value` are NULL for the element itself. `again`: it
 * follows on another one of that name, of which the same was told.
 */
typedef void carnet_meaning_fn(void *context, const char *element, const char *attribute, const char *value,
                               const char *meaning, bool again);
CARNET_MUST_USE enum carnet_err carnet_document_meanings(const struct carnet_unpacked *u, carnet_meaning_fn *tell,
                                                         void *context, struct carnet_diag *diag);
void carnet_document_free(struct carnet_document *d);
const struct carnet_trusted *carnet_document_trusted(const struct carnet_document *d); /* NULL when unverified */
const struct carnet_kind *carnet_document_kind(const struct carnet_document *d);
unsigned carnet_document_minor(const struct carnet_document *d);
bool carnet_document_has_extensions(const struct carnet_document *d);
/* Does the fingerprint ask for that product? */
bool carnet_fingerprint_asks_for(const struct carnet_fingerprint *f, const char *product);
/* The document as its kind's struct, or NULL when it is of another kind. Borrowed. */
const struct carnet_entitlement *carnet_document_entitlement(const struct carnet_document *d);
const struct carnet_fingerprint *carnet_document_fingerprint(const struct carnet_document *d);
const struct carnet_license *carnet_document_license(const struct carnet_document *d);
const struct carnet_release *carnet_document_release(const struct carnet_document *d);
const struct carnet_receipt *carnet_document_receipt(const struct carnet_document *d);
const struct carnet_journal *carnet_document_journal(const struct carnet_document *d);
const struct carnet_activation *carnet_document_activation(const struct carnet_document *d);
const struct carnet_clockrequest *carnet_document_clockrequest(const struct carnet_document *d);
const struct carnet_clock *carnet_document_clock(const struct carnet_document *d);
const struct carnet_keyrequest *carnet_document_keyrequest(const struct carnet_document *d);
const struct carnet_trust *carnet_document_trust(const struct carnet_document *d);
/* The vendor id that any document names. */
const struct carnet_digest *carnet_document_vendor(const struct carnet_document *d);

/* Writing, for what machines sign: appends the XML of the struct to out (see issue/issue.h for the others). CARNET_BUG
 * when the struct holds what no such document may (callers check what people type beforehand). On failure out is
 * unchanged. */
CARNET_MUST_USE enum carnet_err carnet_fingerprint_compose(const struct carnet_fingerprint *f,
                                                           struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_release_compose(const struct carnet_release *r, struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_activation_compose(const struct carnet_activation *a, struct carnet_buffer *out);
CARNET_MUST_USE enum carnet_err carnet_clockrequest_compose(const struct carnet_clockrequest *c,
                                                            struct carnet_buffer *out);

#endif

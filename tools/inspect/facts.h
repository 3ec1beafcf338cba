/* SPDX-License-Identifier: MIT */
/* What bundles say, as plain values that can cross from a caged process to its parent. */
#ifndef CARNET_INSPECT_FACTS_H
#define CARNET_INSPECT_FACTS_H

#include "document/event.h"
#include "inspect/inspect.h"

#define FACTS_SUMMARY_SIZE 600
#define FACTS_NO_TIME CARNET_EVENT_NO_TIME

enum facts_status { FACTS_UNVERIFIED, FACTS_SELF_ASSERTED, FACTS_VERIFIED };

/* The word of a document: what was allowed, asked for, declared or done. */
#define FACTS_WORDS(X) \
    X(NONE, "") \
    X(ALLOWED, "allowed") \
    X(DENIED, "denied") \
    X(NEW, "new") \
    X(RENEW, "renew") \
    X(RELEASED, "released") \
    X(DECLINED, "declined") \
    X(FREED, "freed") \
    X(REVOKED, "revoked") \
    X(REPLACED, "replaced")
enum facts_word {
#define FACTS_WORD_ENUM(symbol, word) FACTS_##symbol,
    FACTS_WORDS(FACTS_WORD_ENUM)
#undef FACTS_WORD_ENUM
        FACTS_WORD_COUNT
};
const char *facts_word_name(enum facts_word word);

/* One bundle, or one embedded in it. What its kind does not have is "", 0, zeros or FACTS_NO_TIME. */
struct facts_values {
    char kind[CARNET_KIND_NAME_MOST + 1];
    unsigned char status, word;                     /* of the enumerations above; no enum, since any byte may come */
    unsigned char has_id, has_signer, has_document; /* 0 or 1 */
    struct carnet_digest bytes;                     /* SHA-256 of the whole bundle */
    struct carnet_digest id, signer, vendor;
    char license[CARNET_ID_TEXT_SIZE], product[CARNET_ID_TEXT_SIZE], edition[CARNET_ID_TEXT_SIZE];
    struct carnet_digest fingerprint; /* that made the grant */
    struct carnet_digest rests_on;    /* id of the embedded bundle */
    struct carnet_digest key;         /* of the machine; of an entitlement, the issuer's */
    struct carnet_digest answers;     /* the release or clock request */
    struct carnet_digest previous;    /* bundle of that machine key; of a journal, the digest before it */
    struct carnet_digest journal;     /* digest at `position` */
    struct carnet_digest system;      /* the system UUID's, keyed by the vendor id */
    uint32_t revision, seats, seat, epoch, serial, sequence, position, first, lease_days;
    int64_t at, until, not_after, activate_by;
};
struct facts_texts {
    char licensee[CARNET_TEXT_SIZE], vendor[CARNET_TEXT_SIZE], label[CARNET_TEXT_SIZE], note[CARNET_TEXT_SIZE];
    char summary[FACTS_SUMMARY_SIZE]; /* in few words, escaped */
};
struct facts_sheet {
    struct facts_values values;
    struct facts_texts texts;
};
/* An event of a verified journal, and the digest that links it. */
struct facts_event {
    struct carnet_event event;
    struct carnet_digest link;
};

/* One file: its bundles from the outermost inwards, and the events of the outermost. */
struct inspect_facts {
    struct carnet_digest file; /* SHA-256 of its bytes */
    size_t layers, events;
    struct facts_sheet layer[INSPECT_LAYERS_MOST];
    struct facts_event event[CARNET_EVENTS_MOST];
};

/* `reading` may be NULL, where the file can't be read. */
void facts_gather(const uint8_t *bytes, size_t size, const struct carnet_reading *reading,
                  const struct carnet_read_options *options, struct inspect_facts *out);

/* Gathered by somebody who can't be believed: every value is brought into its range, all text into display form. */
void facts_sheet_tame(struct facts_sheet *sheet);
void facts_event_tame(struct facts_event *event);

#endif

/* SPDX-License-Identifier: MIT */
/* Matching a license's facts with the machine at hand (spec/format.md, section 13). */
#ifndef CARNET_RULES_MATCH_H
#define CARNET_RULES_MATCH_H

#include "document/document.h"

/* What the machine at hand has of one fact. */
enum carnet_fact_presence { CARNET_FACT_MISSING, CARNET_FACT_PRESENT, CARNET_FACT_UNREADABLE };
/* The machine at hand, for one vendor: every fact's presence, and the digests of those present. */
struct carnet_machine_facts {
    enum carnet_fact_presence presence[CARNET_FACT_COUNT];
    bool disk_in_image; /* the disk fact is a file system's UUID, which goes with every copy of the disk (M-8) */
    struct carnet_facts facts;
};

struct carnet_match {
    bool matches;    /* M-5 and M-8 */
    bool image_only; /* M-8: what matches is copied with a disk; no part of the machine itself is the same */
    bool drifts;     /* a fact that counts has changed or is missing */
    enum carnet_fact_verdict verdict[CARNET_FACT_COUNT];
    uint32_t held, unreadable, matched; /* points H, U, Q */
    uint32_t threshold;                 /* per cent */
    uint32_t percent;                   /* 100 * Q / (H - U), rounded down; 0 when nothing is readable */
    uint32_t needed;                    /* points that Q has to reach, threshold * (H - U) / 100 rounded up */
    uint32_t spare;                     /* points that may still be lost before it fails; 0 where it does not match */
};
/* "matches", "changed", "missing", "unreadable", "not held". */
const char *carnet_fact_verdict_name(enum carnet_fact_verdict verdict);
/* M-3 to M-5, M-8. */
void carnet_match(const struct carnet_facts *held, const struct carnet_matching *matching,
                  const struct carnet_machine_facts *machine, struct carnet_match *out);
/* The same with the facts that another bundle tells of that machine in place of the machine at hand: what it does not
 * have is missing. Under another machine key only the facts keyed by the vendor id compare (format.md, section 13); the
 * others are unreadable. */
void carnet_match_told(const struct carnet_facts *held, const struct carnet_matching *matching,
                       const struct carnet_facts *told, bool same_key, struct carnet_match *out);
/* One line for people: "matched machine-id, adapter; changed disk; 45 of 80 points, 56 %, 60 % needed". */
void carnet_match_words(const struct carnet_match *match, const struct carnet_matching *matching, char *out,
                        size_t room);

#endif

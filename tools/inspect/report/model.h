/* SPDX-License-Identifier: MIT */
/* What a report knows: every file, every distinct bundle once, what happened when, and who has which seat. */
#ifndef CARNET_INSPECT_REPORT_MODEL_H
#define CARNET_INSPECT_REPORT_MODEL_H

#include "inspect/survey.h"

#define REPORT_NONE SIZE_MAX
#define REPORT_POINTER sizeof(void *) /* of one in a list of bundles or grants */

/* A distinct bundle: by the SHA-256 of its whole bytes, and never by its id. */
struct report_bundle {
    size_t place; /* in the model's list */
    struct facts_values values;
    char *licensee, *vendor, *label, *note, *summary;
    size_t inner;  /* the bundle it rests on, or REPORT_NONE */
    size_t copies; /* files that are it */
    size_t file;   /* the first of them, or of those that hold it */
};

struct report_file {
    char *path;
    enum carnet_err err;
    struct carnet_diag *why;     /* NULL where nothing is wrong: most files are right, and this is large */
    struct carnet_digest digest; /* SHA-256 of the file; zeros where it could not be read */
    size_t bundle;               /* or REPORT_NONE */
    size_t anomalies;
};

/* Something that a verified bundle says was done, or an event of a verified journal. */
struct report_happening {
    int64_t at, until;
    const char *what; /* "license", or the journal's word */
    struct carnet_digest vendor;
    char license[CARNET_ID_TEXT_SIZE];
    struct carnet_digest grant; /* the fingerprint that made it; zeros where it is about no grant */
    struct carnet_digest key;   /* of the machine */
    uint32_t seat, epoch, serial, revision;
    enum facts_word word;
    size_t bundle;               /* or REPORT_NONE */
    uint32_t position;           /* in the journal; 0 for a bundle */
    struct carnet_digest signer; /* of the journal */
    char journal_word[CARNET_WORD_SIZE], note[CARNET_WORD_SIZE];
};

/* A seat given to a machine, pieced together from all that is verified. */
enum report_state {
    REPORT_ASSIGNED,
    REPORT_ACTIVE,
    REPORT_RETURNED,
    REPORT_EXPIRED,
    REPORT_ENDED,
    REPORT_VOID, /* all that is known of it is a license that the vendor revoked */
    REPORT_STATES
};
struct report_grant {
    struct carnet_digest vendor, id, key, system;
    char license[CARNET_ID_TEXT_SIZE];
    uint32_t seat, epoch, serial;
    int64_t since, until, ended;
    enum report_state state;
    enum facts_word end; /* FACTS_FREED, FACTS_REVOKED, FACTS_REPLACED, or FACTS_NONE */
    bool lost;           /* declared lost, by the journal */
    bool disputed;       /* another living grant has the seat */
    size_t bundle;       /* its newest license, or REPORT_NONE */
    const char *label;   /* borrowed; "" */
};

struct report_license {
    struct carnet_digest vendor;
    char id[CARNET_ID_TEXT_SIZE];
    size_t entitlement;  /* the newest verified one, or REPORT_NONE */
    uint32_t known;      /* revision that the journal knows, or 0 */
    size_t first, count; /* of the grants, by seat and time */
    size_t living;       /* grants that have not ended */
};

enum report_grade { REPORT_NOTE, REPORT_LOOK, REPORT_SERIOUS };
struct report_anomaly {
    enum report_grade grade;
    const char *name;
    enum carnet_err err; /* as a script is told it; CARNET_OK where it is not serious */
    char license[CARNET_ID_TEXT_SIZE];
    uint32_t seat;
    char *text;      /* for people */
    size_t files[2]; /* to look at, or REPORT_NONE */
};

#define REPORT_LIST(type, name) \
    struct { \
        type *list; \
        size_t count, room; \
    } name

struct report {
    int64_t at, made;
    const struct survey *survey;
    REPORT_LIST(struct report_file, files);
    REPORT_LIST(struct report_bundle *, bundles);
    REPORT_LIST(struct report_happening, happenings); /* by time, once it is put in order */
    REPORT_LIST(struct report_grant, grants);
    REPORT_LIST(struct report_license, licenses);
    REPORT_LIST(struct report_anomaly, anomalies); /* the most serious first */
    void *by_digest;                               /* of the bundles: a tree of tsearch */
    struct inspect_journal *journal;
};

/* One file of the survey. CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err report_take(struct report *r, const char *file, const struct examine_found *found,
                                            const struct carnet_diag *diag, const struct inspect_facts *facts);
/* After the last file: who has which seat, and what is odd. */
CARNET_MUST_USE enum carnet_err report_order(struct report *r);
CARNET_MUST_USE enum carnet_err report_find_anomalies(struct report *r);
void report_clear(struct report *r);

/* Makes room for one more in a REPORT_LIST. */
#define REPORT_ROOM(l) ((l).count < (l).room || report_grow((void **)&(l).list, &(l).room, sizeof((l).list[0])))
bool report_grow(void **list, size_t *room, size_t size);

const char *report_state_name(enum report_state state);
/* What is wrong with it; "" for nothing. */
const char *report_message(const struct report_file *f);
const char *report_grade_name(enum report_grade grade);
/* "2026-03-01", "never", or "" for FACTS_NO_TIME. */
const char *report_day(int64_t time, char out[CARNET_UTC_SIZE]);
const char *report_time(int64_t time, char out[CARNET_UTC_SIZE]);
/* "verified", as show says it; "" for REPORT_NONE. */
const char *report_status(const struct report *r, size_t bundle);
bool report_lives(const struct report_grant *g);
/* The lists of anomalies in words: "1 serious, 0 to look at, 2 noted". */
#define REPORT_COUNTS_SIZE 100
const char *report_counts(const struct report *r, char out[REPORT_COUNTS_SIZE]);

/* ---- how it is told ---- */
/* All of it as JSON, piece by piece: members of an object that has some already. Nonzero when it could not. */
CARNET_MUST_USE int report_json_members(const struct report *r, json_dump_callback_t put, void *context);
/* What the page's script needs, as an object. */
CARNET_MUST_USE int report_json_of_page(const struct report *r, json_dump_callback_t put, void *context);
/* The page; CARNET_IO where it can't be written. */
CARNET_MUST_USE enum carnet_err report_page(const struct report *r, FILE *out);
/* Prints a line a file, RFC 4180. */
CARNET_MUST_USE enum carnet_err report_csv(const struct report *r, struct cli *cli);

#endif

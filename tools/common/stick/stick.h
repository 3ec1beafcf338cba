/* SPDX-License-Identifier: MIT */
/*
 * A stick: found, looked through, taken from and written to, the same on both sides (spec/stick.md).
 *
 * A sync goes: stick_open, stick_look, then for each file that may be mine stick_read and a fate, stick_plan_show, a
 * question, stick_prepare; what is taken is made durable here; stick_put for what goes out, stick_settle, and only then
 * delivery is marked here. At last stick_done for what was taken, stick_prune, stick_round, stick_leave, stick_report.
 */
#ifndef CARNET_TOOLS_STICK_H
#define CARNET_TOOLS_STICK_H

#include "common/io.h"

struct stick;

/* ---- finding and opening ---- */

/*
 * Opens the folder `dir`, which is taken as it is, or where it is NULL the one stick that is plugged in:
 * CARNET_NO_STICK, or with several the question which one; CARNET_SEVERAL_STICKS without a terminal. With `write`, one
 * that can't be written is CARNET_STICK_READ_ONLY at once. Changes nothing on it.
 */
CARNET_MUST_USE enum carnet_err stick_open(struct cli *cli, const char *dir, bool write, struct stick **out);
void stick_close(struct stick *stick); /* NULL is nothing */
/* As it was given or found; its bytes are the system's. */
const char *stick_path(const struct stick *stick);

/* ---- what lies on it ---- */

/* What became of a file. Each file that a stick holds gets one; the table's words are those of reports and JSON. */
#define STICK_FATES(X) \
    X(UNDECIDED, "undecided") \
    X(TAKEN, "taken")               /* something was done with it here */ \
    X(KNOWN, "known")               /* taken before: nothing to do */ \
    X(ELSEWHERE, "elsewhere")       /* for another machine, or another administrator */ \
    X(OTHER_VENDOR, "other-vendor") /* of a vendor who is not trusted here */ \
    X(OTHER_SIDE, "other-side")     /* for the other side of the gap */ \
    X(LEFT, "left")                 /* could be taken, and is not: `why` */ \
    X(REFUSED, "refused")           /* mine, and not right: `outcome` */ \
    X(IGNORED, "ignored")           /* no bundle: `why` */
enum stick_fate {
#define STICK_FATE_ENUM(symbol, name) STICK_##symbol,
    STICK_FATES(STICK_FATE_ENUM)
#undef STICK_FATE_ENUM
        STICK_FATE_COUNT
};
const char *stick_fate_name(enum stick_fate fate);

/* A file that looks like a bundle of a kind that this side takes. */
struct stick_file {
    char *path;                     /* below the stick's folder: a stranger's bytes, never shown raw */
    const struct carnet_kind *kind; /* what it says it is */
    struct carnet_digest whole;     /* SHA-256 of its bytes, once it was read; zero before */
    struct carnet_digest id;        /* the bundle's, once stick_name was called; zero before */
    enum stick_fate fate;
    enum carnet_err outcome; /* why, where it was refused */
    char *why;               /* in words, or NULL */
    char *label;             /* the machine's, for people, or NULL */
    bool stays;              /* it is not moved to done/: the next sync has to see it again */
    bool unread;             /* the system could not read it the last time */
    bool moved;              /* it is in done/ */
};

/*
 * Looks through the folders to-user and to-admin, carnet/ itself and the stick's top folder, never following what is no
 * file or folder, and lists those files that say they are of a kind in `mine` (a set of kinds). Every other file gets
 * its fate by itself: other-side, or ignored and why. Trust comes first, then releases, then the rest; within that by
 * path, so that two runs do the same. At most STICK_FILES_MOST are listed; those beyond wait for the next sync
 * ("left").
 */
#define STICK_FILES_MOST 20000u
CARNET_MUST_USE enum carnet_err stick_look(struct stick *stick, unsigned mine);
size_t stick_count(const struct stick *stick);
struct stick_file *stick_file(const struct stick *stick, size_t i);
/* Reads it (armour as it is: carnet_reading_open takes both); out is empty before. A file whose bytes are no longer
 * those that were read first is CARNET_ALTERED: it changes while it is read. Never hangs, never follows a link. */
CARNET_MUST_USE enum carnet_err stick_read(struct stick *stick, struct stick_file *file, struct carnet_buffer *out,
                                           struct carnet_diag *diag);
/* The first of the files listed before it that has the very same bytes (both were read), or NULL: "x (1).carnet". */
const struct stick_file *stick_twin(struct stick *stick, const struct stick_file *file);
/* Gives it its fate; `why` is a sentence or NULL. It may be given anew until stick_report. */
void stick_decide(struct stick *stick, struct stick_file *file, enum stick_fate fate, enum carnet_err outcome,
                  const char *why, ...) CARNET_PRINTF(5, 6);
/* Gives it what its name in done/ is made of: the bundle's id, and the machine's label (may be ""). */
void stick_name(struct stick *stick, struct stick_file *file, const struct carnet_digest *id, const char *label);
/* The fate for what reading it said: other-vendor where no root that is known here leads to it, else refused, with the
 * diagnosis' words. */
void stick_refuse(struct stick *stick, struct stick_file *file, enum carnet_err err, const struct carnet_diag *diag);
/* CARNET_PARTLY_DONE, with words, where a file or folder of the stick could not be read: what lies there may be mine.
 */
CARNET_MUST_USE enum carnet_err stick_was_read(const struct stick *stick);
/* How many files have that fate, those that were never listed among them. */
size_t stick_fates(const struct stick *stick, enum stick_fate fate);

/* ---- the plan and the report ---- */

/* What goes out, or is kept here though it could go out (`why` then says so): a line of the plan. Copied. */
void stick_plan_write(struct stick *stick, const char *kind, const char *label, const char *what);
void stick_plan_keep(struct stick *stick, const char *kind, const char *label, const char *why);
/* Is there nothing to take and nothing to write? */
bool stick_plan_empty(const struct stick *stick);
/* The plan as a table on standard output: taken, written, left, and why. Files with the fate TAKEN are those that will
 * be. Nothing with --json. */
void stick_plan_show(struct stick *stick);
/* What became of each file, once: with --json a line each, else those that need a word, and how many the others are. */
void stick_report(struct stick *stick);

/* ---- writing ---- */

/*
 * Before anything is changed anywhere: makes the layout and README.TXT where they are missing, and finds out whether so
 * many bundles of so many bytes will fit: CARNET_STICK_FULL with how much is missing. With --dry-run it only looks.
 */
CARNET_MUST_USE enum carnet_err stick_prepare(struct stick *stick, size_t count, uint64_t bytes);
/*
 * Writes a bundle under a new name of its folder (to-user what the administrator or the vendor signed, to-admin the
 * machine's; a journal into carnet/ itself), or finds the same bytes there. `*name`, where wanted, is its path below
 * the stick's folder, to be freed. It is not delivered before stick_settle.
 */
CARNET_MUST_USE enum carnet_err stick_put(struct stick *stick, const struct cli_output *output, char **name);
/* Does this very bundle lie in done/? Then the other side has taken it from this stick. */
bool stick_was_taken(struct stick *stick, const struct cli_output *output);
/* Reads everything back once more, past the cache: CARNET_STICK_FAILED when the device gives anything else than what
 * was put. What was put is delivered when this is CARNET_OK. */
CARNET_MUST_USE enum carnet_err stick_settle(struct stick *stick);

/* ---- tidying up: only after what was taken is durable here. None of it decides anything; what fails is left. ---- */

/* Moves a file that was taken, or known, into done/. */
void stick_done(struct stick *stick, struct stick_file *file);
/* Takes those files of done/ away that are older than half a year, and those of `kinds` of which `seen` (may be NULL)
 * knows that the other side has them, or is done with them. */
typedef bool stick_seen_fn(void *context, const struct carnet_kind *kind, const uint8_t *bytes, size_t size);
void stick_prune(struct stick *stick, unsigned kinds, stick_seen_fn *seen, void *context);
/* Writes ROUND.TXT as the stick now stands. */
void stick_round(struct stick *stick);
/* Flushes the stick, says that it is safe to pull, with --eject after unmounting it, and what to carry where next. */
CARNET_MUST_USE enum carnet_err stick_leave(struct stick *stick, bool eject);

#endif

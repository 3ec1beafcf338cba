/* SPDX-License-Identifier: MIT */
/*
 * libcarnet: may this product run here, and if not, why and what next?
 *
 * A product opens a handle with its vendor's id and its own product id, and asks at each start:
 *
 *     static const struct carnet_setup setup = {
 *         .size = sizeof(setup), .vendor = "77c6...64 hexadecimal digits", .product = "cad",
 *     };
 *     struct carnet_result result = {.size = sizeof(result)};
 *     struct carnet *carnet;
 *     if (carnet_open(&setup, &carnet, &result) != CARNET_OUTCOME_OK || carnet_check(carnet, NULL, &result) !=
 * CARNET_OUTCOME_OK) show(result.words.meaning, result.detail, result.words.advice); carnet_close(carnet);
 *
 * Rules for all functions:
 *
 * - They print nothing, never end the process, open no network connection, change no locale, signal or working folder.
 * - There are no globals for the caller to care about. A handle may be used by several threads at once; closing it ends
 *   its use. Different handles don't know each other.
 * - The caller gives all buffers; pointers in results point to text that lives as long as the program, or to what the
 *   caller's own `translate` returned. Text is UTF-8 and ends with NUL; text from files has no control characters.
 * - Structs whose first member is `size` are filled in by the caller with their sizeof, so that they can grow: members
 *   are added at their end, and a library takes the sizes that older headers gave.
 * - Each function returns an outcome. Its name and number stay the same for ever; it is also what the command line
 *   programs exit with. Every refusal fills `result` (where one is given) with words for a person.
 * - A check verifies signatures and reads the machine again each time, which takes a few milliseconds. Nothing is
 * cached that could go stale.
 *
 * Link with pkg-config --cflags --libs carnet, or find_package(carnet) and carnet::carnet.
 */
#ifndef CARNET_H
#define CARNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARNET_API __attribute__((visibility("default")))

/* The outcomes. A program may meet ones that are newer than its header: take an unknown one for a refusal. */
enum carnet_outcome {
    CARNET_OUTCOME_OK = 0,
    CARNET_OUTCOME_DIFFERS = 1,
    /* the license says no */
    CARNET_OUTCOME_NO_LICENSE = 10,
    CARNET_OUTCOME_EXPIRED = 11,
    CARNET_OUTCOME_NOT_YET_VALID = 12,
    CARNET_OUTCOME_WRONG_MACHINE = 13,
    CARNET_OUTCOME_WRONG_USER = 14,
    CARNET_OUTCOME_NOT_COVERED = 15,
    CARNET_OUTCOME_RELEASED = 16,
    CARNET_OUTCOME_REVOKED = 17,
    CARNET_OUTCOME_SUPERSEDED = 18,
    CARNET_OUTCOME_CLOCK_SET_BACK = 19,
    CARNET_OUTCOME_TOO_LATE_TO_ACTIVATE = 20,
    CARNET_OUTCOME_VIRTUAL_REFUSED = 21,
    /* the file is not right */
    CARNET_OUTCOME_MALFORMED = 30,
    CARNET_OUTCOME_ALTERED = 31,
    CARNET_OUTCOME_UNTRUSTED_KEY = 32,
    CARNET_OUTCOME_WRONG_KIND = 33,
    CARNET_OUTCOME_NEWER_FORMAT = 34,
    CARNET_OUTCOME_NOT_VOUCHED = 35,
    CARNET_OUTCOME_WRONG_VENDOR = 36,
    CARNET_OUTCOME_ROLLED_BACK = 37,
    CARNET_OUTCOME_TRUST_EXPIRED = 38,
    CARNET_OUTCOME_BEYOND_ENTITLEMENT = 39,
    /* the rules say no: outcomes of the administrator's program, but for policy-forbids and forked */
    CARNET_OUTCOME_NO_SEAT = 40,
    CARNET_OUTCOME_ALREADY_ASSIGNED = 41,
    CARNET_OUTCOME_CONVERSION_NOT_ALLOWED = 42,
    CARNET_OUTCOME_USERS_ASSIGNED = 43,
    CARNET_OUTCOME_SEATS_IN_USE = 44,
    CARNET_OUTCOME_WRONG_MODE = 45,
    CARNET_OUTCOME_NOT_FOUND = 46,
    CARNET_OUTCOME_CAP_REACHED = 47,
    CARNET_OUTCOME_HELD = 48,
    CARNET_OUTCOME_FINGERPRINT_SPENT = 49,
    CARNET_OUTCOME_REVISION_CONFLICT = 50,
    CARNET_OUTCOME_RETIRED = 51,
    CARNET_OUTCOME_RECOVER_FIRST = 52,
    CARNET_OUTCOME_FORKED = 53,
    CARNET_OUTCOME_PARTLY_DONE = 54,
    CARNET_OUTCOME_NEEDS_ANSWER = 55,
    CARNET_OUTCOME_POLICY_FORBIDS = 56,
    /* the call or the system */
    CARNET_OUTCOME_USAGE = 64, /* an argument is not what this header asks for */
    CARNET_OUTCOME_NO_INPUT = 66,
    CARNET_OUTCOME_BUG = 70,
    CARNET_OUTCOME_NO_MEMORY = 71,
    CARNET_OUTCOME_EXISTS = 73,
    CARNET_OUTCOME_IO = 74,
    CARNET_OUTCOME_BUSY = 75, /* another carnet is at work in the state; it was waited for in vain for 10 s */
    CARNET_OUTCOME_PERMISSION = 77,
    CARNET_OUTCOME_CONFIGURATION = 78,
    /* the stick: outcomes of the programs alone */
    CARNET_OUTCOME_NO_STICK = 80,
    CARNET_OUTCOME_SEVERAL_STICKS = 81,
    CARNET_OUTCOME_STICK_FULL = 82,
    CARNET_OUTCOME_STICK_READ_ONLY = 83,
    CARNET_OUTCOME_STICK_FAILED = 84,
    /* keys, ledger, state */
    CARNET_OUTCOME_WRONG_PASSPHRASE = 90,
    CARNET_OUTCOME_MEMORY_NOT_LOCKED = 91,
    CARNET_OUTCOME_LEDGER_DAMAGED = 92,
    CARNET_OUTCOME_STATE_DAMAGED = 93,
    CARNET_OUTCOME_INTERRUPTED = 130
};

/* What is said of one outcome, in general. */
struct carnet_explanation {
    const char *name;    /* "wrong-machine": never translated; for logs and scripts */
    const char *meaning; /* one sentence for a dialog */
    const char *advice;  /* one sentence: what to do next */
};

#define CARNET_NEVER_EXPIRES INT64_MAX
#define CARNET_ID_ROOM 65      /* an id of at most 64 characters, and NUL */
#define CARNET_NAME_ROOM 801   /* at most 200 characters of at most 4 bytes, and NUL */
#define CARNET_DETAIL_ROOM 512 /* one sentence, and NUL */

/* What came of a call. Members that could not be found out are "" or 0. */
struct carnet_result {
    size_t size; /* sizeof(struct carnet_result); the caller fills it in */
    enum carnet_outcome outcome;
    struct carnet_explanation words; /* translated by the caller's `translate` */
    char
        detail[CARNET_DETAIL_ROOM]; /* this case: which seat, since when, which fact; in English; "" when all is well */
    char next[CARNET_DETAIL_ROOM];  /* advice for this case, in English; "" where words.advice says it all */

    /* the license that decides; also where it says no */
    char license[CARNET_ID_ROOM];
    char edition[CARNET_ID_ROOM];
    char licensee[CARNET_NAME_ROOM];
    char label[CARNET_NAME_ROOM]; /* the name that the machine was given */
    uint32_t seat;                /* from 1 */
    int64_t issued, expires;      /* seconds since 1970, UTC; CARNET_NEVER_EXPIRES */
    int32_t days_left;            /* whole days until `expires`, 0 on the last day; INT32_MAX when it never expires,
                                     negative when it has expired */

    /* how well this machine is the one licensed */
    uint32_t match_percent, match_threshold; /* below the threshold it is another machine */
    uint32_t match_changed;                  /* facts that changed or went missing: renew before it is too many */
    char match[CARNET_DETAIL_ROOM];          /* "matched machine-id, adapter; changed disk; ..." in English */
    /* of carnet_check alone: since when some have been seen to have changed, seconds since 1970, UTC; 0 when none has
     */
    int64_t match_since;
};

/* Who asks. Strings are copied. */
struct carnet_setup {
    size_t size;         /* sizeof(struct carnet_setup) */
    const char *vendor;  /* the vendor id, 64 hexadecimal digits in lower case: compile it in */
    const char *product; /* the product id that licenses name */
    const char *version; /* NULL, or the product's version ("12.3.1"): the license has to cover it */
    const char *edition; /* NULL, or the edition that the license has to be for */
    /* The vendor's root key as PEM text, or NULL. Its id has to be `vendor`. With it, fingerprint and activate trust
     * the vendor by themselves; without it somebody has to run 'carnet-user trust add' first. */
    const char *root;
    const char *state; /* NULL, or the one folder that holds the state; NULL is where carnet-user keeps it */
    /* NULL, or what turns an English sentence (a meaning or an advice) into the user's language, as gettext does.
     * Called in the thread that called; what it returns has to live as long as the results that hold it. */
    const char *(*translate)(void *context, const char *english);
    void *context;
};

struct carnet;

/*
 * Makes a handle: no file is read yet. `result` may be NULL. On failure *out is unchanged.
 * CARNET_OUTCOME_USAGE: a member of setup is not what it has to be; UNTRUSTED_KEY: `root` is not the vendor's key;
 * NO_MEMORY.
 */
CARNET_API enum carnet_outcome carnet_open(const struct carnet_setup *setup, struct carnet **out,
                                           struct carnet_result *result);
/* Ends it. NULL is allowed. */
CARNET_API void carnet_close(struct carnet *carnet);

/*
 * Is the product licensed, here and now? With `feature` (or NULL) that feature has to be in the license too. The best
 * of several licenses decides. Where none holds, one that lies in the state's inbox is
 * installed first. `result` may be NULL. Needs no right to write: where the state may be written, the
 * highest time seen is kept (at most once an hour), so that setting the clock back is noticed. CARNET_OUTCOME_OK, 10 to
 * 21 (no), 30 to 39 (the license's file is damaged or not trusted), STATE_DAMAGED, CONFIGURATION, IO, PERMISSION,
 * NO_MEMORY, USAGE.
 */
CARNET_API enum carnet_outcome carnet_check(const struct carnet *carnet, const char *feature,
                                            struct carnet_result *result);
/*
 * The same, and the feature's value: the license's features are names with or without a value. The value ("" without
 * one) is written to `value`, which holds `room` bytes; 65 are always enough, fewer than needed is USAGE.
 */
CARNET_API enum carnet_outcome carnet_feature(const struct carnet *carnet, const char *feature, char *value,
                                              size_t room);

#define CARNET_FILE_ROOM ((size_t)256 * 1024) /* enough for the text form of what a product writes, and NUL */

enum carnet_step { CARNET_PREVIEW, CARNET_MAKE };
/*
 * Asks the administrator for a seat on this machine, fixed to the user who calls. With CARNET_PREVIEW `text` tells
 * every value that would leave the machine, for the user's eyes alone, and nothing is written; show it first. With
 * CARNET_MAKE `text` is the fingerprint as text, for a file or a message. `label` (NULL, or at most 200 visible
 * characters) is a name for the machine that is sent in the clear. `room` is at least CARNET_FILE_ROOM. While nothing
 * changes, the same text is given again, so that nobody asks for two seats. NOT_FOUND: the vendor is not trusted here,
 * and the product brought no root key. CONFIGURATION: the machine has no fact to tell it by. MEMORY_NOT_LOCKED, BUSY,
 * PERMISSION, IO, STATE_DAMAGED, NO_MEMORY, USAGE.
 */
CARNET_API enum carnet_outcome carnet_fingerprint(const struct carnet *carnet, enum carnet_step step, const char *label,
                                                  char *text, size_t room, struct carnet_result *result);

/*
 * Installs what came back from the administrator: a license, or the receipt that ended one. `bytes` is the file as it
 * is, or its text form with whatever stands around it. The same file again is CARNET_OUTCOME_OK. Needs the right to
 * write the state, where the activation is kept too that tells the administrator of it. 12 to 20, 30 to 39: the file is
 * refused, and nothing was changed. NOT_COVERED: it is for another product. BUSY, PERMISSION, IO, CONFIGURATION,
 * STATE_DAMAGED, NO_MEMORY.
 */
CARNET_API enum carnet_outcome carnet_activate(const struct carnet *carnet, const void *bytes, size_t size,
                                               struct carnet_result *result);

/*
 * Stops the product's license on this machine, for good, and gives the release file for the administrator, as text with
 * NUL in `text`; `room` is at least CARNET_FILE_ROOM. Ask the user first. Until the receipt has been activated, the
 * same text is given again and again, so that it can't be lost; carnet-user release writes it, too. NO_LICENSE: there
 * is none in the state that this caller writes. USAGE: the room is too small, or several licenses answer (then
 * carnet-user release LICENSE). MEMORY_NOT_LOCKED, BUSY, PERMISSION, IO, CONFIGURATION, STATE_DAMAGED, NO_MEMORY: the
 * license goes on.
 */
CARNET_API enum carnet_outcome carnet_release(const struct carnet *carnet, char *text, size_t room,
                                              struct carnet_result *result);

/* Says what an outcome means, in the handle's language; `carnet` may be NULL (English). For a number that is no
 * outcome: "unknown". */
CARNET_API void carnet_explain(const struct carnet *carnet, enum carnet_outcome outcome,
                               struct carnet_explanation *out);

/* The library's version, "0.1.0". */
CARNET_API const char *carnet_version(void);

#ifdef __cplusplus
}
#endif

#endif

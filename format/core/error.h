/* SPDX-License-Identifier: MIT */
/*
 * Outcomes and diagnoses: the one table of everything that can be said of a file, a license, a rule
 * or a stick. Names and exit codes are stable for ever (spec/format.md, section 20).
 */
#ifndef CARNET_CORE_ERROR_H
#define CARNET_CORE_ERROR_H

#include <stddef.h>

#define CARNET_MUST_USE __attribute__((warn_unused_result))
#define CARNET_PRINTF(f, a) __attribute__((format(printf, f, a)))

/*
 * X(SYMBOL, name, exit code, what it means, what to do next)
 * The sentences are in the user's words, begin in upper case and end with a full stop.
 */
#define CARNET_OUTCOMES(X) \
    X(OK, "ok", 0, "Yes, done, or nothing to do.", "Nothing.") \
    X(DIFFERS, "differs", 1, "The two things compared differ.", "Look at the differences listed.") \
    X(NO_LICENSE, "no-license", 10, "There is no license for this product on this machine.", \
      "Make a fingerprint with 'carnet-user fingerprint', take it to your administrator, and activate the license " \
      "file that comes back.") \
    X(EXPIRED, "expired", 11, "The license has run out.", \
      "Ask your administrator to renew it, and activate the file that comes back.") \
    X(NOT_YET_VALID, "not-yet-valid", 12, "The file is dated more than 48 hours ahead of this machine's clock.", \
      "Set the clock right, then try again.") \
    X(WRONG_MACHINE, "wrong-machine", 13, "The license is for another machine, or this one has changed too much.", \
      "Use the license file made for this machine; if its parts were changed, make a new fingerprint for your " \
      "administrator.") \
    X(WRONG_USER, "wrong-user", 14, "The license is fixed to another user of this machine.", \
      "Run as that user, or make a fingerprint of your own.") \
    X(NOT_COVERED, "not-covered", 15, "The license does not cover what was asked for.", \
      "Ask your administrator for a license with that product, edition, version or feature.") \
    X(RELEASED, "released", 16, "The license was released on this machine.", \
      "To use the product here again, make a new fingerprint for your administrator.") \
    X(REVOKED, "revoked", 17, "The license or the key that signed it was revoked.", "Ask your administrator why.") \
    X(SUPERSEDED, "superseded", 18, "A newer license of the same grant is installed.", \
      "Keep the newer one; nothing needs to be done.") \
    X(CLOCK_SET_BACK, "clock-set-back", 19, "The clock of this machine was set back.", \
      "Set the clock right, then try again.") \
    X(TOO_LATE_TO_ACTIVATE, "too-late-to-activate", 20, "The license was not activated in time.", \
      "Release it with 'carnet-user release FILE', and ask your administrator for a new one.") \
    X(VIRTUAL_REFUSED, "virtual-refused", 21, "The license does not allow virtual machines or containers.", \
      "Use a physical machine, or ask the vendor for an entitlement that allows this one.") \
    X(MALFORMED, "malformed", 30, "The file is not a well-formed carnet file.", \
      "Get the file again from where it came from.") \
    X(ALTERED, "altered", 31, "The file was altered after it was signed.", \
      "Do not use it; get the file again from where it came from.") \
    X(UNTRUSTED_KEY, "untrusted-key", 32, "The file is signed by a key that is not trusted for it.", \
      "If you expected this signer, compare the key's id with the vendor over another channel, then add it with " \
      "'trust add'.") \
    X(WRONG_KIND, "wrong-kind", 33, "This kind of file is not expected here.", "Use the command for this kind.") \
    X(NEWER_FORMAT, "newer-format", 34, "The file was made by a newer carnet.", "Update carnet on this machine.") \
    X(NOT_VOUCHED, "not-vouched", 35, "The file does not hold what it rests on, so nothing vouches for it.", \
      "Get the complete file from where it came from.") \
    X(WRONG_VENDOR, "wrong-vendor", 36, "The file is from another vendor.", "Use a file from the product's vendor.") \
    X(ROLLED_BACK, "rolled-back", 37, "The file is older than what is already known here.", "Get the newest one.") \
    X(TRUST_EXPIRED, "trust-expired", 38, "The trust information has expired.", \
      "Get the newest trust file from the vendor.") \
    X(BEYOND_ENTITLEMENT, "beyond-entitlement", 39, "The license gives more than the vendor's entitlement allows.", \
      "Do not use it; ask your administrator for a correct one.") \
    X(NO_SEAT, "no-seat", 40, "All seats of the license are taken.", \
      "Free a seat with a release file, or buy more seats.") \
    X(ALREADY_ASSIGNED, "already-assigned", 41, "This machine already has a seat of this license.", \
      "Use the license it has; to start again on the same seat, use 'assign --replace SEAT'.") \
    X(CONVERSION_NOT_ALLOWED, "conversion-not-allowed", 42, \
      "The vendor does not allow this license to be used offline.", \
      "Ask the vendor for a newer revision of the entitlement that allows it.") \
    X(USERS_ASSIGNED, "users-assigned", 43, "Users are still assigned to the license.", \
      "Remove them with 'user remove', then convert.") \
    X(SEATS_IN_USE, "seats-in-use", 44, "Seats of the license are still out on machines.", \
      "Release them on their machines, free them with the release files, then convert.") \
    X(WRONG_MODE, "wrong-mode", 45, "The license is in the other mode.", "Convert it first.") \
    X(NOT_FOUND, "not-found", 46, "There is no such thing here.", "Look at the list of what there is.") \
    X(CAP_REACHED, "cap-reached", 47, "The vendor's cap is reached.", "Wait until it allows more, or ask the vendor.") \
    X(HELD, "held", 48, "The seat is held until the lost license has run out.", \
      "Wait until the date given, or use another seat.") \
    X(FINGERPRINT_SPENT, "fingerprint-spent", 49, "This fingerprint was used once already, and its grant has ended.", \
      "Make a new fingerprint on the machine.") \
    X(REVISION_CONFLICT, "revision-conflict", 50, "The same revision is known with other content.", \
      "Ask the vendor which one is right.") \
    X(RETIRED, "retired", 51, "This ledger was retired; it goes on in another place.", \
      "Use the ledger that was restored from it.") \
    X(RECOVER_FIRST, "recover-first", 52, "This ledger was restored and has to be reconciled first.", \
      "Run 'carnet-admin recover'.") \
    X(FORKED, "forked", 53, "Two different histories of the same thing were found.", \
      "Keep both files and ask your administrator.") \
    X(PARTLY_DONE, "partly-done", 54, "Some were done, others not.", \
      "Look at the lines of those that failed, and run it again for them.") \
    X(NEEDS_ANSWER, "needs-answer", 55, "A question has to be answered, and there is no terminal to ask on.", \
      "Run it on a terminal, or answer yes in advance with -y.") \
    X(POLICY_FORBIDS, "policy-forbids", 56, "The policy of this site forbids it.", \
      "Ask who keeps /etc/carnet/policy.") \
    X(USAGE, "usage", 64, "The command line is wrong.", "See --help.") \
    X(NO_INPUT, "no-input", 66, "The input can't be opened.", "Check the name of the file.") \
    X(BUG, "bug", 70, "carnet made a mistake.", "Please report this with the exact words above.") \
    X(NO_MEMORY, "no-memory", 71, "There is not enough memory.", "Close other programs and try again.") \
    X(EXISTS, "exists", 73, "There is something of that name already, and nothing is overwritten.", \
      "Choose another name, or use --force.") \
    X(IO, "io-error", 74, "Reading or writing failed.", "Check the disk or the stick, then run it again.") \
    X(BUSY, "busy", 75, "Another carnet is at work here.", "Wait until it has ended, then run it again.") \
    X(PERMISSION, "permission", 77, "Access was denied.", "Check who owns the file or folder, and as whom you run.") \
    X(CONFIGURATION, "configuration", 78, "Something is set up wrongly.", "Mend what is named, then run it again.") \
    X(NO_STICK, "no-stick", 80, "No stick was found.", "Plug it in and mount it, or name its folder.") \
    X(SEVERAL_STICKS, "several-sticks", 81, "Several sticks were found.", "Name the folder of the one to use.") \
    X(STICK_FULL, "stick-full", 82, "The stick has not enough room.", "Make room, or use another stick.") \
    X(STICK_READ_ONLY, "stick-read-only", 83, "The stick can't be written.", \
      "Move its write-protect switch, or use another stick.") \
    X(STICK_FAILED, "stick-failed", 84, "The stick did not keep what was written.", \
      "Do not trust this stick; use another one.") \
    X(WRONG_PASSPHRASE, "wrong-passphrase", 90, "The passphrase does not open the key.", "Try again.") \
    X(MEMORY_NOT_LOCKED, "memory-not-locked", 91, "The memory for secrets can't be kept out of swap.", \
      "Raise the limit: 'ulimit -l 1024', or LimitMEMLOCK in the service, or run as root.") \
    X(LEDGER_DAMAGED, "ledger-damaged", 92, "The ledger is damaged.", "Restore it from a backup.") \
    X(STATE_DAMAGED, "state-damaged", 93, "The license state of this machine is damaged.", \
      "Move the damaged file away, and activate the license file again.") \
    X(INTERRUPTED, "interrupted", 130, "It was interrupted.", "Run it again.")

enum carnet_err {
#define CARNET_OUTCOME_ENUM(symbol, name, code, meaning, next) CARNET_##symbol,
    CARNET_OUTCOMES(CARNET_OUTCOME_ENUM)
#undef CARNET_OUTCOME_ENUM
        CARNET_OUTCOME_COUNT
};

/*
 * Where and why something was refused. Optional everywhere: pass NULL when it is not wanted. Filled
 * only on failure. Strings are UTF-8, escaped for display (carnet_text_escape), NUL-terminated.
 */
struct carnet_diag {
    enum carnet_err err;
    int sys_errno;      /* errno of a failed system call, or 0 */
    unsigned long line; /* line in a text or XML file, from 1, or 0 */
    char clause[8];     /* the requirement of spec/format.md that does not hold ("C-4"), or "" */
    char entry[96];     /* the entry or embedded bundle inside the file, or "" */
    char detail[512];   /* one sentence: what is wrong */
    char next[384];     /* what to do, where the table's advice is not the best, or "" */
};

/* The stable name ("wrong-machine"); never NULL. */
const char *carnet_outcome_name(enum carnet_err err);
/* The exit code, 0 to 130. */
int carnet_outcome_exit(enum carnet_err err);
/* One sentence that says what it means. */
const char *carnet_outcome_meaning(enum carnet_err err);
/* One sentence that says what to do next. */
const char *carnet_outcome_next(enum carnet_err err);
/* The outcome of that name; CARNET_NOT_FOUND when there is none (out is then unchanged). */
CARNET_MUST_USE enum carnet_err carnet_outcome_find(const char *name, enum carnet_err *out);

/*
 * Fills diag (when not NULL) with err, the clause (may be "") and a formatted sentence, and returns
 * err, so that a refusal is one line: return carnet_fail(diag, CARNET_MALFORMED, "C-4", "...", ...);
 * Text from files must be escaped by the caller (carnet_text_escape).
 */
enum carnet_err carnet_fail(struct carnet_diag *diag, enum carnet_err err, const char *clause, const char *format, ...)
    CARNET_PRINTF(4, 5);
/* The same for a failed system call: appends the system's words for `sys_errno`; picks PERMISSION for EACCES
 * and EPERM, NO_INPUT for ENOENT, NO_MEMORY for ENOMEM, IO for the rest. */
enum carnet_err carnet_fail_errno(struct carnet_diag *diag, int sys_errno, const char *format, ...) CARNET_PRINTF(3, 4);
/* Sets what to do next, in place of the table's advice. Returns diag->err (CARNET_BUG when diag is NULL). */
enum carnet_err carnet_fail_next(struct carnet_diag *diag, const char *format, ...) CARNET_PRINTF(2, 3);

#ifdef __clang_analyzer__
/* The analyzer does not follow calls with "..." and would take a refusal for a success; here it is told. */
static inline enum carnet_err carnet_refused(enum carnet_err err)
{
    return err != CARNET_OK ? err : CARNET_BUG;
}
#define carnet_fail(diag, err, ...) carnet_refused(((void)carnet_fail(diag, err, __VA_ARGS__), (err)))
#define carnet_fail_errno(...) carnet_refused(carnet_fail_errno(__VA_ARGS__))
#endif

#endif

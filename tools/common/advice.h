/* SPDX-License-Identifier: MIT */
/*
 * What else there is to say of an outcome, beyond its meaning and the next step (core/error.h): why it is likely to
 * have come, and what the user, the administrator and the vendor can do. 'explain', carnet-outcomes(7) and
 * spec/outcomes.md are made of this table. "": nothing.
 */
#ifndef CARNET_COMMON_ADVICE_H
#define CARNET_COMMON_ADVICE_H

/* X(SYMBOL, likely causes, the user, the administrator, the vendor) */
#define CLI_ADVICE(X) \
    X(OK, "", "", "", "") \
    X(DIFFERS, "One file was made after the other, or for another seat or machine.", "", "", "") \
    X(NO_LICENSE, "Nothing was activated yet, another user activated it, or the state folder is another one.", \
      "Look with 'carnet-user license list', and activate the file.", "Assign a seat to the fingerprint.", "") \
    X(EXPIRED, "The lease or the term is over, or the clock runs ahead.", \
      "Look at the clock; else take a renewing fingerprint to the administrator.", \
      "Renew it; 'license due' says which ones come next.", "Issue a newer revision with a later end.") \
    X(NOT_YET_VALID, "The clock of this machine is behind, or the clock where the file was signed was ahead.", \
      "Set the clock right.", "Look at the clock of your machine, and issue the file again.", \
      "The same, where the file is an entitlement or trust information.") \
    X(WRONG_MACHINE, "The file was taken to another machine, or parts of this one were changed.", \
      "Read which facts differ; put the part back, or make a renewing fingerprint.", \
      "Renew for the changed machine, or replace the seat.", \
      "A lower threshold, or other points, forgive more changes.") \
    X(WRONG_USER, "Another account runs the product than the one that made the fingerprint.", "Run it as that user.", \
      "Assign a seat to a fingerprint of this user.", "") \
    X(NOT_COVERED, "The product asks for a feature, an edition or a version that was not bought.", \
      "Ask for it, or use what is covered.", "Import the newer entitlement, and renew.", \
      "Sell it: a newer revision of the entitlement.") \
    X(RELEASED, "It was given back from this machine.", "Make a new fingerprint to have it again.", \
      "Free the seat with the release file.", "") \
    X(REVOKED, "The key was stolen or given up, a grant was taken back, or the machine was reported lost.", \
      "Ask for a license that is signed with the new key.", \
      "Import the entitlement that names your new key, and issue again.", \
      "Name in the trust information what stays valid.") \
    X(SUPERSEDED, "A renewal arrived before, or the vendor demands a newer revision.", "Use the newer one.", \
      "Renew with the newest revision.", "") \
    X(CLOCK_SET_BACK, "The clock was set back, its battery is empty, or it once ran far ahead.", \
      "Set it right; where it ran ahead, make a clock request.", "Answer the clock request with 'clock'.", \
      "The tolerance is in the entitlement.") \
    X(TOO_LATE_TO_ACTIVATE, "The file lay around longer than the entitlement allows.", \
      "Release it unused, and ask for another.", "Free the seat with that release, and assign again.", \
      "More days to activate in the entitlement.") \
    X(VIRTUAL_REFUSED, "The product runs in a virtual machine or a container.", "Use a physical machine.", "", \
      "Allow it in a newer revision, or pin it.") \
    X(MALFORMED, "A transfer cut it off, an editor or mail program changed it, or it is something else.", \
      "Copy it again, with all of it.", "Write the file again; the same bytes come.", "") \
    X(ALTERED, "Somebody changed it, or the stick gave other bytes back.", "Do not use it; tell the administrator.", \
      "Write the file again, on another stick.", "") \
    X(UNTRUSTED_KEY, "The root key is another vendor's or was followed by a new one, or the file is a forgery.", \
      "Compare the id with the vendor; take his newest trust file.", \
      "See that the entitlement names your issuer key.", "Publish the trust file that follows the rotation.") \
    X(WRONG_KIND, "Two files were mistaken for each other.", "Look at it with 'carnet-inspect show'.", \
      "Look at it with 'carnet-inspect show'.", "") \
    X(NEWER_FORMAT, "It was made with a newer version.", "Update carnet.", \
      "Update carnet, or issue it with the older one.", "") \
    X(NOT_VOUCHED, "What it rests on was taken out, a segment of the journal is missing, or a link between roots is.", \
      "Get the whole file.", "Write it again; export the journal from its first event on.", \
      "Publish trust information, which holds every link.") \
    X(WRONG_VENDOR, "Files of two vendors lie on one stick.", "Take the one of the product's vendor.", \
      "Choose with --vendor.", "") \
    X(ROLLED_BACK, "An older file arrived after a newer one, or was put back.", "Use the newest.", "Use the newest.", \
      "") \
    X(TRUST_EXPIRED, "No newer trust file came for a long time. Installed licenses run on.", "Ask for the newest.", \
      "Hand the newest on with the licenses.", "Publish it again with a later end.") \
    X(BEYOND_ENTITLEMENT, "The issuer signed more than was bought, or there are more grants than seats.", \
      "Do not use it.", "Issue it again; look for a second ledger with your key.", \
      "Ask the administrator for his journal.") \
    X(NO_SEAT, "All are out, or held for a lost machine.", "", "Free, replace or revoke one; or buy more.", \
      "Entitle more seats in a newer revision.") \
    X(ALREADY_ASSIGNED, "The machine asked twice, or was installed again.", "Use the license that it has.", \
      "Replace the seat.", "") \
    X(CONVERSION_NOT_ALLOWED, "The entitlement denies offline use, which is the default.", "", \
      "Import a revision that allows it.", "Entitle with offline use allowed.") \
    X(USERS_ASSIGNED, "Users hold seats by name.", "", "Remove the users that are named.", "") \
    X(SEATS_IN_USE, "Machines still hold seats.", "Release the license.", "Free each with its release file.", "") \
    X(WRONG_MODE, "The command is for the other mode.", "", "Look with 'license show', and convert.", "") \
    X(NOT_FOUND, "A name was mistyped, or it was never here.", "Look at the list.", "Look at the list.", "") \
    X(CAP_REACHED, "More transfers or losses in a year than the entitlement allows.", "", \
      "Wait; an ordinary release is not counted.", "A higher cap in a newer revision.") \
    X(HELD, "The machine was reported lost while its license still runs.", "", "Wait, or use another seat.", \
      "Whether a seat is held is in the entitlement.") \
    X(FINGERPRINT_SPENT, "An old fingerprint was taken again after a release.", "Make a new fingerprint.", \
      "Ask for a new one.", "") \
    X(REVISION_CONFLICT, "Two different entitlements have one revision.", "", "Keep both, and ask the vendor.", \
      "Issue the right one with the next revision.") \
    X(RETIRED, "The ledger has moved to another computer.", "", "Work there; or restore it here again.", "") \
    X(RECOVER_FIRST, "It comes from a backup, and may not know what was given since.", "", \
      "Give 'recover' the files that came back since.", "") \
    X(FORKED, "A machine's state or a ledger was copied or put back, or two ledgers sign with one key.", \
      "Keep both files, and tell the administrator.", "Find the copy; 'recover' after a restore.", \
      "Ask for the journals; revoke the issuer key where there is a second ledger.") \
    X(PARTLY_DONE, "Some of many files were refused, each for its own reason.", "", "Mend those, and run it again.", \
      "") \
    X(NEEDS_ANSWER, "A script asked for something that wants a person's word.", "Answer, or add -y.", \
      "Answer, or add -y.", "Answer, or add -y.") \
    X(POLICY_FORBIDS, "This site's rules are stricter than the program's.", "Ask who keeps the policy.", \
      "Ask who keeps the policy.", "") \
    X(USAGE, "An option or an argument is wrong or missing.", "", "", "") \
    X(NO_INPUT, "A name was mistyped, the stick is not mounted, or it is a folder or a device.", "Look at the name.", \
      "Look at the name.", "") \
    X(BUG, "A mistake in carnet, or a file made to break it.", "Report it, with the file.", \
      "Report it, with the file.", "") \
    X(NO_MEMORY, "The machine or its limits are small.", "Close programs, or raise the limit.", \
      "Do it in smaller parts.", "") \
    X(EXISTS, "It was written before.", "Choose another name.", "Choose another name.", "") \
    X(IO, "A disk is full, a stick was pulled, or a reader went away.", "Try another stick.", "Try another stick.", \
      "") \
    X(BUSY, "Another command of carnet runs on the same state or ledger.", "Wait.", "Wait.", "") \
    X(PERMISSION, "The file or folder belongs to another user.", "Run it as its owner.", "Run it as its owner.", "") \
    X(CONFIGURATION, "A trust file is none, a version is too old or too new, or the kernel offers no cage.", \
      "Mend what is named.", "Mend what is named.", "") \
    X(NO_STICK, "It is not plugged in, or not mounted.", "Plug it in, or name its folder.", \
      "Plug it in, or name its folder.", "") \
    X(SEVERAL_STICKS, "More than one is plugged in.", "Name one, or pull the others.", \
      "Name one, or pull the others.", "") \
    X(STICK_FULL, "Other files take its room.", "Make room.", "Make room.", "") \
    X(STICK_READ_ONLY, "A switch, or a file system with errors.", "Move the switch; check the stick.", \
      "Move the switch; check the stick.", "") \
    X(STICK_FAILED, "The stick is broken, or smaller than it claims.", "Use another.", "Use another.", "") \
    X(WRONG_PASSPHRASE, "It was mistyped, or is another key's.", "Try again.", "Try again.", "Try again.") \
    X(MEMORY_NOT_LOCKED, "The limit for locked memory is too low.", "Raise the limit.", "Raise the limit.", \
      "Raise the limit.") \
    X(LEDGER_DAMAGED, "A disk failed, or somebody changed the database.", "", \
      "Restore the newest backup, then recover.", "Ask for the journal, which shows up to where it was right.") \
    X(STATE_DAMAGED, "A disk failed, or somebody changed the state.", "Activate the license file again.", \
      "Write the license file again.", "") \
    X(INTERRUPTED, "Ctrl-C, a signal, or a shutdown.", "Run it again.", "Run it again.", "")

#endif

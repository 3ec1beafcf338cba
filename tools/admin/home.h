/* SPDX-License-Identifier: MIT */
/* The home of a vendor or an administrator: a folder with the ledger and the keys, readable by its owner alone. */
#ifndef CARNET_ADMIN_HOME_H
#define CARNET_ADMIN_HOME_H

#include "bundle/seal.h"
#include "common/cli.h"
#include "ledger/ledger.h"
#include "rules/reading.h"

#define HOME_PATH_SIZE 4096
/* The folder inside the home in which init makes everything. */
#define HOME_UNFINISHED "unfinished-init"

/* A vendor's newest trust information, and the same without what it revokes. */
struct home_trust {
    struct carnet_buffer bytes;
    struct carnet_reading *reading;
    struct carnet_digest id;
    bool waits; /* signed here, and perhaps not written */
    struct carnet_trust kept;
};

/* Zero-initialised is closed. */
struct home {
    char path[HOME_PATH_SIZE];
    struct cli *cli; /* who opened it: hears of what goes wrong at the end */
    int folder;      /* -1 when closed; 0 in a zero-initialised one, see `open` */
    bool open;
    struct ledger *ledger;
    bool has_root, has_issuer;
    struct ledger_key root, issuer; /* the active ones */
    struct carnet_digest vendor;    /* with has_root: whose root it is */
    struct ledger_key *own;         /* all that the home made */
    size_t own_count;
    struct carnet_key **signers; /* those of `own` that were opened, else NULL */
    char *passphrase;            /* that opened the first one, or NULL; in locked memory */
    struct carnet_anchor *anchor_list;
    struct carnet_known_key *known_list;
    struct home_trust *trust; /* of each vendor of whom there is some */
    size_t trust_count;
    const struct carnet_trust **trust_list, **kept_list;
    struct carnet_anchors anchors; /* who is trusted, and what is revoked */
    struct carnet_anchors kept;    /* the same with nothing revoked */
    struct carnet_gated_keys *gated;
    /* The entitlement that home_entitlement read last. */
    struct carnet_digest entitlement_id;
    struct carnet_buffer entitlement_bytes;
    struct carnet_reading *entitlement;
};

/* --home, else $CARNET_HOME, else $XDG_DATA_HOME/carnet-admin, else ~/.local/share/carnet-admin. */
CARNET_MUST_USE enum carnet_err home_path(struct cli *cli, char path[HOME_PATH_SIZE]);
/* The OS user, for the journal. */
void home_who(char who[LEDGER_WHO_SIZE]);
/* Opens it: CARNET_CONFIGURATION when there is none, CARNET_PERMISSION when others may read it, CARNET_LEDGER_DAMAGED
 * when its keys are there without the ledger. */
CARNET_MUST_USE enum carnet_err home_open(struct cli *cli, struct home *out);
void home_close(struct home *h);
/* Did an init not come to its end there? Its ledger still lies inside, so no key there was ever used. */
bool home_is_unfinished(int folder);
/* The refusal of a folder that holds keys and no ledger: CARNET_LEDGER_DAMAGED. */
enum carnet_err home_lost_ledger(struct cli *cli);

/* Refuses a home that was retired: CARNET_RETIRED. */
CARNET_MUST_USE enum carnet_err home_may_change(struct cli *cli, const struct home *h);
/* Refuses a home without a root key: CARNET_CONFIGURATION. */
CARNET_MUST_USE enum carnet_err home_has_root(struct cli *cli, const struct home *h);
/* The same as home_may_change, and one without an issuer key. */
CARNET_MUST_USE enum carnet_err home_holds_seats(struct cli *cli, const struct home *h);
/* The same, and one whose ledger was put back from a copy and is not reconciled yet: CARNET_RECOVER_FIRST. */
CARNET_MUST_USE enum carnet_err home_seats_open(struct cli *cli, const struct home *h);
/* Opens the home's own active key of that role (root or issuer), asking for its passphrase, once a run; borrowed. With
 * the issuer's, those before it that licenses still go by are opened, too. */
CARNET_MUST_USE enum carnet_err home_signer(struct cli *cli, struct home *h, enum carnet_role role,
                                            const struct carnet_key **out);
/* The same for a dry run: is the file of that key there, and closed to others? Nothing is asked. */
CARNET_MUST_USE enum carnet_err home_signer_look(struct cli *cli, const struct home *h, enum carnet_role role);
/* home_signer_look for any own key. */
CARNET_MUST_USE enum carnet_err home_key_look(struct cli *cli, const struct home *h, const struct ledger_key *key);
/* Opens that own key, which need not be the active one; borrowed. */
CARNET_MUST_USE enum carnet_err home_open_own(struct cli *cli, struct home *h, const struct ledger_key *key,
                                              const struct carnet_key **out);
/* A key that was made just now, and is in the ledger: it is among the home's own from here on, and opened. `open` is
 * the home's then. The active one of its role, where it is active. */
CARNET_MUST_USE enum carnet_err home_adopt(struct home *h, const struct ledger_key *key, struct carnet_key *open,
                                           struct carnet_diag *diag);
/* The opened key of that id, of those that home_signer opened. CARNET_REVOKED, CARNET_UNTRUSTED_KEY. */
CARNET_MUST_USE enum carnet_err home_signer_of(const struct home *h, const struct carnet_digest *id,
                                               const struct carnet_key **out, struct carnet_diag *diag);
/* The own key of that id, or NULL. */
const struct ledger_key *home_own(const struct home *h, const struct carnet_digest *id);
/* Reads anchors and trust information again, after a change of them. */
CARNET_MUST_USE enum carnet_err home_trust_again(struct home *h, struct carnet_diag *diag);
/* How to read with this home's anchors. */
struct carnet_read_options home_reading(const struct home *h, unsigned expected);
/* The same for what the ledger keeps: it counts here whatever was revoked since. */
struct carnet_read_options home_reading_kept(const struct home *h, unsigned expected);
/* Is a root key of that vendor pinned here? */
bool home_knows_vendor(const struct home *h, const struct carnet_digest *vendor);
/* Whose chain of the journal an event of this home goes into. */
const struct carnet_digest *home_chain(const struct home *h);
/* A taken entitlement, read again with all checks; borrowed until the next call or home_close. `embed` is it as a
 * bundle to embed. */
CARNET_MUST_USE enum carnet_err home_entitlement(struct home *h, const struct carnet_digest *id,
                                                 const struct carnet_entitlement **out, struct carnet_embed *embed,
                                                 struct carnet_diag *diag);

#endif

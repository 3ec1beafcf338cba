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
/* What its root published last. */
#define HOME_TRUST_FILE "trust.carnet"

/* Zero-initialised is closed. */
struct home {
    char path[HOME_PATH_SIZE];
    struct cli *cli; /* who opened it: hears of what goes wrong at the end */
    int folder;      /* -1 when closed; 0 in a zero-initialised one, see `open` */
    bool open;
    struct ledger *ledger;
    bool has_root, has_issuer;
    struct ledger_key root, issuer;
    struct carnet_anchor *anchor_list;
    struct carnet_known_key *known_list;
    struct carnet_anchors anchors;
    struct carnet_gated_keys *gated;
    struct carnet_key *signer; /* the key that home_signer opened */
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
/* The same, and one without an issuer key. */
CARNET_MUST_USE enum carnet_err home_holds_seats(struct cli *cli, const struct home *h);
/* The same, and one whose ledger was put back from a copy and is not reconciled yet: CARNET_RECOVER_FIRST. */
CARNET_MUST_USE enum carnet_err home_seats_open(struct cli *cli, const struct home *h);
/* Opens the home's own key of that role (root or issuer), asking for its passphrase, once a run; borrowed. */
CARNET_MUST_USE enum carnet_err home_signer(struct cli *cli, struct home *h, enum carnet_role role,
                                            const struct carnet_key **out);
/* The same for a dry run: is the file of that key there, and closed to others? Nothing is asked. */
CARNET_MUST_USE enum carnet_err home_signer_look(struct cli *cli, const struct home *h, enum carnet_role role);
/* How to read with this home's anchors. */
struct carnet_read_options home_reading(const struct home *h, unsigned expected);
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

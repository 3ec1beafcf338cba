/* SPDX-License-Identifier: MIT */
/* A number for each table, kept up by triggers, by which a byte that changed by itself is found (spec/ledger.md, L-12).
 */
#ifndef CARNET_ADMIN_LEDGER_SEAL_H
#define CARNET_ADMIN_LEDGER_SEAL_H

#include "audit.h"
#include "database.h"

/* The two functions that the triggers and the check call; for every connection. SQLite's code. */
int seal_functions(sqlite3 *db);
/* Makes the triggers of all tables anew, and the seals of what is in them. In a transaction. SQLite's code. */
int seal_make(sqlite3 *db);
/* Tells the tables that are not as their seals say, and a schema that is not this version's. */
CARNET_MUST_USE enum carnet_err seal_check(struct ledger *l, struct ledger_audit *a, struct carnet_diag *diag);

#endif

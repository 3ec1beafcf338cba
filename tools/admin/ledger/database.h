/* SPDX-License-Identifier: MIT */
/* SQLite, for the files of this folder alone: prepared statements kept by their text, errors in the project's terms. */
#ifndef CARNET_ADMIN_LEDGER_DATABASE_H
#define CARNET_ADMIN_LEDGER_DATABASE_H

#include <sqlite3.h>

#include "ledger.h"

#define LEDGER_APPLICATION_ID 0x6361726e /* "carn" */
#define LEDGER_SCHEMA_VERSION 6
#define LEDGER_STATEMENTS_MOST 192

struct ledger {
    sqlite3 *db;
    struct ledger_about about;
    char who[LEDGER_WHO_SIZE];
    bool in_transaction, changed;
    size_t statement_count;
    struct {
        const char *sql; /* literals: told apart by address */
        sqlite3_stmt *statement;
    } statements[LEDGER_STATEMENTS_MOST];
};

/* "process 1234 (carnet-admin, of ada)": who writes to the ledger now; false (and unchanged) when nobody or unknown. */
#define DATABASE_HOLDER_SIZE 192
bool database_holder(sqlite3 *db, char holder[DATABASE_HOLDER_SIZE]);
/* What every connection needs: a schema that can't be written and calls nothing but what is said to be harmless, and
 * the functions of the seals. SQLite's code. */
int database_ready(struct ledger *l);
/* The failure that SQLite reports for `doing`, as an outcome. */
enum carnet_err database_fail(sqlite3 *db, int code, const char *doing, struct carnet_diag *diag);
/* The same where a statement can't be prepared: its words are fixed, so the tables are not those of the version. */
enum carnet_err database_fail_prepare(sqlite3 *db, int code, const char *doing, struct carnet_diag *diag);
/*
 * A kept statement with its values bound. `sql` must be a literal. One letter of `types` for each value: i int64_t,
 * t text, T text or NULL when "", d const struct carnet_digest *, D the same or NULL, b bytes and size_t.
 */
CARNET_MUST_USE enum carnet_err database_query(struct ledger *l, sqlite3_stmt **out, struct carnet_diag *diag,
                                               const char *sql, const char *types, ...);
/* The next row of it; *row false at the end, when the statement is done with. */
CARNET_MUST_USE enum carnet_err database_step(struct ledger *l, sqlite3_stmt *s, bool *row, struct carnet_diag *diag);
/* Done with a statement that may have more rows. */
void database_done(sqlite3_stmt *s);
/* Runs a statement that gives no rows. */
CARNET_MUST_USE enum carnet_err database_run(struct ledger *l, struct carnet_diag *diag, const char *sql,
                                             const char *types, ...);
/* One number; `absent` when there is no row or it is NULL. */
CARNET_MUST_USE enum carnet_err database_number(struct ledger *l, int64_t absent, int64_t *out,
                                                struct carnet_diag *diag, const char *sql, const char *types, ...);

/* Columns. A digest of another size than 32 bytes is zero, which no digest is. */
/* The digests that a question gives, in its order; freed with free(). */
CARNET_MUST_USE enum carnet_err database_digests(struct ledger *l, struct carnet_digest **out, size_t *count,
                                                 struct carnet_diag *diag, const char *sql, const char *types, ...);
/* The one digest that it gives; CARNET_NOT_FOUND (diag is then unchanged). */
CARNET_MUST_USE enum carnet_err database_digest(struct ledger *l, struct carnet_digest *out, struct carnet_diag *diag,
                                                const char *sql, const char *types, ...);

void column_digest(sqlite3_stmt *s, int column, struct carnet_digest *out);
void column_text(sqlite3_stmt *s, int column, char *out, size_t room);
uint32_t column_count(sqlite3_stmt *s, int column);
CARNET_MUST_USE enum carnet_err column_bytes(sqlite3_stmt *s, int column, struct carnet_buffer *out);

/* Makes room for one more element in an array that grows by doubling; CARNET_NO_MEMORY. */
CARNET_MUST_USE enum carnet_err database_room(void **list, size_t count, size_t size);

/* Makes the tables of a new ledger, in the transaction at hand. */
CARNET_MUST_USE enum carnet_err schema_make(struct ledger *l, struct carnet_diag *diag);
/* Is the file a ledger of this version or older? An older one is brought up to date, in one transaction. */
CARNET_MUST_USE enum carnet_err schema_check(struct ledger *l, struct carnet_diag *diag);
/* The same to look at: nothing is brought up to date. */
CARNET_MUST_USE enum carnet_err schema_look(struct ledger *l, struct carnet_diag *diag);
/* Pages, links of the journal (all, or the ends of the chains), and whose ledger it is, into l->about. */
CARNET_MUST_USE enum carnet_err ledger_check(struct ledger *l, bool whole, struct carnet_diag *diag);
/* Reads l->about again, after a change of it. */
CARNET_MUST_USE enum carnet_err ledger_about_read(struct ledger *l, struct carnet_diag *diag);

#endif

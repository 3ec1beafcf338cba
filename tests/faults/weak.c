/* SPDX-License-Identifier: MIT */
/*
 * Loaded before SQLite (LD_PRELOAD), takes one of the ledger's guards away, for the controls: a fault test that does
 * not fail with it proves nothing. CARNET_WEAK=transaction: no statement begins or ends a transaction, each is its own;
 * CARNET_WEAK=synchronous: the ledger is opened with synchronous = OFF.
 */
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static int weakened(const char *what)
{
    const char *wish = getenv("CARNET_WEAK");

    return wish && strcmp(wish, what) == 0;
}

static int is_bracket(const char *sql)
{
    static const char *const words[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(sql, words[i], strlen(words[i])) == 0)
            return 1;
    }
    return 0;
}

__attribute__((visibility("default"))) int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size,
                                                              unsigned int flags, sqlite3_stmt **out, const char **tail)
{
    int (*real)(sqlite3 *, const char *, int, unsigned int, sqlite3_stmt **, const char **);

    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
    if (weakened("transaction") && is_bracket(sql))
        return real(db, "SELECT 1 WHERE 0", -1, flags, out, tail);
    return real(db, sql, size, flags, out, tail);
}

__attribute__((visibility("default"))) int
sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **words)
{
    int (*real)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    int code;

    *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_exec");
    code = real(db, sql, row, context, words);
    if (code == SQLITE_OK && weakened("synchronous") && strstr(sql, "synchronous"))
        code = real(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return code;
}

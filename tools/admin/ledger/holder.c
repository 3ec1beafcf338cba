/* SPDX-License-Identifier: MIT */
/* Who holds the ledger. SQLite's writer locks one byte of the file -shm, and the kernel tells whose lock that is. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/text.h"
#include "database.h"

/* Where the writer's lock lies in that file: fixed by SQLite's WAL-index format, "WAL-Index Locks". */
#define WRITER_BYTE 120

/* The process with a lock for writing on that byte of that inode, or 0. Asking through /proc and not through a
 * descriptor of our own: closing one would drop the locks that SQLite holds on the same file. */
static long find_process(unsigned long inode)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    long found = 0;

    while (locks && found == 0 && fgets(line, sizeof line, locks)) {
        /* "5: POSIX  ADVISORY  WRITE 1234 fe:00:5678 120 120": process, device and inode, first and last byte */
        char process[24], file[48], first[24], last[24];
        const char *of;
        if (sscanf(line, "%*s POSIX %*s WRITE %23s %47s %23s %23s", process, file, first, last) != 4)
            continue;
        of = strrchr(file, ':');
        if (of && strtoul(of + 1, NULL, 10) == inode && strtoul(first, NULL, 10) <= WRITER_BYTE &&
            (strcmp(last, "EOF") == 0 || strtoul(last, NULL, 10) >= WRITER_BYTE))
            found = strtol(process, NULL, 10);
    }
    if (locks)
        (void)fclose(locks);
    return found > 0 ? found : 0;
}

static void read_name(long process, char *name, size_t room)
{
    char path[64], line[64] = "";
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%ld/comm", process);
    file = fopen(path, "re");
    if (file) {
        if (!fgets(line, sizeof line, file))
            line[0] = '\0';
        (void)fclose(file);
    }
    line[strcspn(line, "\n")] = '\0';
    (void)carnet_text_escape(line, strlen(line), name, room);
}

bool database_holder(sqlite3 *db, char holder[DATABASE_HOLDER_SIZE])
{
    const char *ledger = db ? sqlite3_db_filename(db, "main") : NULL;
    char file[4096], name[80] = "", path[64];
    const struct passwd *user;
    struct stat st;
    long process;

    if (!ledger || snprintf(file, sizeof file, "%s-shm", ledger) >= (int)sizeof file || stat(file, &st) < 0)
        return false;
    process = find_process((unsigned long)st.st_ino);
    (void)snprintf(path, sizeof path, "/proc/%ld", process);
    if (process == 0 || stat(path, &st) < 0)
        return false;
    read_name(process, name, sizeof name);
    user = getpwuid(st.st_uid);
    if (user)
        (void)snprintf(holder, DATABASE_HOLDER_SIZE, "process %ld (%s, of %.60s)", process, name, user->pw_name);
    else
        (void)snprintf(holder, DATABASE_HOLDER_SIZE, "process %ld (%s, of user %lu)", process, name,
                       (unsigned long)st.st_uid);
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "making.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

/* root.key, issuer-1a2b3c4d.kek: the keys of a home, and no machine's. */
static bool is_key_file(const char *name)
{
    const char *end = strrchr(name, '.');

    return end && (strcmp(end, ".key") == 0 || strcmp(end, ".kek") == 0) &&
           (strncmp(name, "root", 4) == 0 || strncmp(name, "issuer", 6) == 0);
}

/* Does `act` with each key file of the folder, while it says CARNET_OK. */
static enum carnet_err each_key_file(int folder,
                                     enum carnet_err (*act)(struct cli *cli, const struct making *m, const char *name),
                                     struct cli *cli, const struct making *m)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    enum carnet_err err = CARNET_OK;

    if (!dir) {
        const int saved = errno;
        if (fd >= 0)
            (void)close(fd);
        return carnet_fail_errno(cli_diag(cli), saved, "The folder of the home can't be read");
    }
    while (!err && (entry = readdir(dir)) != NULL) {
        if (is_key_file(entry->d_name))
            err = act(cli, m, entry->d_name);
    }
    (void)closedir(dir);
    return err;
}

/* Removes all files of the folder that an interrupted making left. */
static void empty_unfinished(int folder)
{
    int fd = openat(folder, HOME_UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}

static enum carnet_err remove_one(struct cli *cli, const struct making *m, const char *file)
{
    (void)cli;
    (void)unlinkat(m->folder, file, 0);
    return CARNET_OK;
}

/* The keys first: as long as the ledger is inside, it is the proof that they may go. */
static void take_away(struct cli *cli, const struct making *m)
{
    const struct carnet_diag why = *cli_diag(cli);

    if (home_is_unfinished(m->folder))
        (void)!each_key_file(m->folder, remove_one, cli, m);
    *cli_diag(cli) = why;
    (void)fsync(m->folder);
    empty_unfinished(m->folder);
    (void)unlinkat(m->folder, HOME_UNFINISHED, AT_REMOVEDIR);
    (void)fsync(m->folder);
}

static enum carnet_err taken(struct cli *cli, const char *what)
{
    (void)carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "%s; nothing was changed.", what);
    (void)carnet_fail_next(cli_diag(cli), "Use the home that is there, or name another folder with --home.");
    return CARNET_EXISTS;
}

/* A home may be made in an empty folder, or where an earlier making did not come to its end. */
static enum carnet_err look_around(struct cli *cli, struct making *m)
{
    int fd = dup(m->folder);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool other = false, keys = false, whole = false;

    if (!dir) {
        int saved = errno;
        if (fd >= 0)
            (void)close(fd);
        return carnet_fail_errno(cli_diag(cli), saved, "The folder of the home can't be read");
    }
    rewinddir(dir);
    m->unfinished = false;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, HOME_UNFINISHED) == 0)
            m->unfinished = true;
        else if (strcmp(entry->d_name, LEDGER_FILE) == 0)
            whole = true;
        else if (is_key_file(entry->d_name))
            keys = true;
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            other = true;
    }
    (void)closedir(dir);
    if (whole)
        return taken(cli, "There is a home at this place already");
    if (keys && !home_is_unfinished(m->folder))
        return home_lost_ledger(cli);
    if (other)
        return taken(cli, "The folder is not empty, and is no home");
    return CARNET_OK;
}

static enum carnet_err move_one(struct cli *cli, const struct making *m, const char *file)
{
    if (renameat(m->inner, file, m->folder, file) < 0 && errno != ENOENT)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    return CARNET_OK;
}

static enum carnet_err settle_disk(struct cli *cli, int folder)
{
    return fsync(folder) < 0 ? carnet_fail_errno(cli_diag(cli), errno, "The home can't be made") : CARNET_OK;
}

/* The key files first, the ledger last. */
static enum carnet_err move_up(struct cli *cli, const struct making *m)
{
    enum carnet_err err = settle_disk(cli, m->inner);

    if (!err)
        err = each_key_file(m->inner, move_one, cli, m);
    if (!err)
        err = settle_disk(cli, m->folder);
    if (!err)
        err = move_one(cli, m, LEDGER_FILE);
    if (err)
        return err;
    (void)unlinkat(m->folder, HOME_UNFINISHED, AT_REMOVEDIR);
    return settle_disk(cli, m->folder);
}

/* Everything is made inside. */
static enum carnet_err make_inside(struct cli *cli, struct making *m, making_fill_fn *fill, void *context)
{
    char ledger[HOME_PATH_SIZE];

    if (mkdirat(m->folder, HOME_UNFINISHED, 0700) < 0)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    m->inner = openat(m->folder, HOME_UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (m->inner < 0)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    (void)snprintf(ledger, sizeof ledger, "%.*s/" HOME_UNFINISHED "/%s", HOME_PATH_SIZE - 64, m->path, LEDGER_FILE);
    return fill(cli, m, ledger, context);
}

static enum carnet_err make(struct cli *cli, struct making *m, making_fill_fn *fill, void *context)
{
    struct stat st;
    enum carnet_err err;

    if (m->unfinished) {
        take_away(cli, m);
        cli_note(cli, "An earlier init or restore was interrupted here; what it left was taken away.\n");
    }
    if (m->was_there && (fstat(m->folder, &st) < 0 || fchmod(m->folder, st.st_mode & 0700) < 0))
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be closed to others");
    err = make_inside(cli, m, fill, context);
    if (!err)
        err = move_up(cli, m);
    if (err)
        take_away(cli, m);
    return err;
}

/* How much of the path is there already, so that no folder made for nothing stays behind. */
static size_t part_there(const char *path)
{
    char part[HOME_PATH_SIZE];
    struct stat st;
    size_t length = strlen(path);

    memcpy(part, path, length + 1);
    while (length > 0 && (part[length - 1] == '/' || (lstat(part, &st) < 0 && errno == ENOENT)))
        part[--length] = '\0';
    return length;
}

/* Empty ones only: rmdir takes no others. */
static void remove_folders(const struct making *m)
{
    char part[HOME_PATH_SIZE];
    size_t length = strlen(m->path);

    memcpy(part, m->path, length + 1);
    while (length > m->above) {
        if (part[length - 1] != '/' && (part[length] == '\0' || part[length] == '/')) {
            part[length] = '\0';
            if (rmdir(part) < 0)
                return;
        }
        length--;
    }
}

/* Opens the folder, for this one alone, and looks whether it may be used. */
static enum carnet_err occupy(struct cli *cli, struct making *m)
{
    enum carnet_err err = carnet_folder_open(m->path, &m->folder, cli_diag(cli));

    if (!err && flock(m->folder, LOCK_EX | LOCK_NB) < 0)
        err = carnet_fail(cli_diag(cli), CARNET_BUSY, "", "Another init or restore is at work in this folder.");
    return err ? err : look_around(cli, m);
}

enum carnet_err making_begin(struct cli *cli, struct making *m)
{
    enum carnet_err err = home_path(cli, m->path);

    if (err)
        return err;
    m->above = part_there(m->path);
    m->was_there = m->path[m->above] == '\0' || m->path[m->above + strspn(m->path + m->above, "/")] == '\0';
    if (!m->was_there)
        return CARNET_OK;
    err = occupy(cli, m);
    cli_place(cli, err ? m->path : NULL);
    return err;
}

enum carnet_err making_home(struct cli *cli, struct making *m, making_fill_fn *fill, void *context)
{
    enum carnet_err err = CARNET_OK;

    cli_hold_signals();
    if (!m->was_there)
        err = carnet_folder_make(m->path, 0700, cli_diag(cli));
    if (!err && !m->was_there)
        err = occupy(cli, m);
    if (!err)
        err = make(cli, m, fill, context);
    if (err && !m->was_there)
        remove_folders(m);
    cli_free_signals();
    if (err)
        cli_place(cli, m->path);
    return err;
}

void making_end(struct making *m)
{
    if (m->inner >= 0)
        (void)close(m->inner);
    if (m->folder >= 0)
        (void)close(m->folder);
    *m = MAKING_NONE;
}

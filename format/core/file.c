/* SPDX-License-Identifier: MIT */
#include "core/file.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY_SIZE 32
#define SHOWN_SIZE 256
#define BLOCK 4096 /* alignment that O_DIRECT asks for at most */

/* A path as messages show it. */
static const char *shown(const char *path, char out[SHOWN_SIZE])
{
    return carnet_text_escape(path, strlen(path), out, SHOWN_SIZE);
}

#define GUESS 4096u

/* Appends at most `most` bytes; `guess` is how many there may be. */
static enum carnet_err read_on(int fd, const char *path, size_t most, size_t guess, struct carnet_buffer *out,
                               struct carnet_diag *diag)
{
    const size_t before = out->size;
    char name[SHOWN_SIZE];
    for (size_t want = guess + 1;; want = 1) { /* where there is no room left, a buffer takes twice as much */
        enum carnet_err err = carnet_buffer_reserve(out, want);
        if (err != CARNET_OK)
            return carnet_fail(diag, err, "", "There is not enough memory to read %s.", shown(path, name));
        ssize_t got;
        while ((got = read(fd, out->bytes + out->size, out->room - out->size - 1)) < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return carnet_fail_errno(diag, errno, "Reading %s failed", shown(path, name));
        out->size += (size_t)got;
        out->bytes[out->size] = '\0';
        if (out->size - before > most)
            return carnet_fail(diag, CARNET_MALFORMED, "", "%s is larger than %zu bytes, the most that is read.",
                               shown(path, name), most);
        if (got == 0)
            return CARNET_OK;
    }
}

/* All of it or nothing. */
static enum carnet_err read_all(int fd, const char *path, size_t most, size_t guess, struct carnet_buffer *out,
                                struct carnet_diag *diag)
{
    const size_t before = out->size;
    const enum carnet_err err = read_on(fd, path, most, guess, out, diag);
    if (err != CARNET_OK && out->size > before) {
        explicit_bzero(out->bytes + before, out->size - before);
        out->size = before;
    }
    return err;
}

enum carnet_err carnet_file_read_fd(int fd, size_t most, struct carnet_buffer *out, struct carnet_diag *diag)
{
    return read_all(fd, "the input", most, GUESS, out, diag);
}

static enum carnet_err refuse_type(const char *path, mode_t mode, struct carnet_diag *diag)
{
    char name[SHOWN_SIZE];
    const char *what = S_ISDIR(mode) ? "a folder" : S_ISLNK(mode) ? "a link" : "not a regular file";
    return carnet_fail(diag, CARNET_NO_INPUT, "", "%s is %s.", shown(path, name), what);
}

enum carnet_err carnet_file_read(int dirfd, const char *path, size_t most, bool no_links, struct carnet_buffer *out,
                                 struct carnet_diag *diag)
{
    enum carnet_err err;
    struct stat status;
    char name[SHOWN_SIZE];
    int fd = -1;

    /* Looked at before it is opened, since opening alone can move a tape or wake a device. */
    if (fstatat(dirfd, path, &status, no_links ? AT_SYMLINK_NOFOLLOW : 0) != 0)
        return carnet_fail_errno(diag, errno, "%s can't be read", shown(path, name));
    if (!S_ISREG(status.st_mode))
        return refuse_type(path, status.st_mode, diag);
    fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (no_links ? O_NOFOLLOW : 0));
    if (fd < 0)
        return carnet_fail_errno(diag, errno, "%s can't be opened", shown(path, name));
    if (fstat(fd, &status) != 0)
        err = carnet_fail_errno(diag, errno, "%s can't be read", shown(path, name));
    else if (!S_ISREG(status.st_mode))
        err = refuse_type(path, status.st_mode, diag);
    else if (status.st_size > 0 && (uint64_t)status.st_size > most)
        err = carnet_fail(diag, CARNET_MALFORMED, "", "%s is larger than %zu bytes, the most that is read.",
                          shown(path, name), most);
    else
        err = read_all(fd, path, most, status.st_size > 0 ? (size_t)status.st_size : GUESS, out, diag);
    close(fd);
    return err;
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

/* fsync of the folder that holds `name`. */
static int sync_parent(int dirfd, const char *name)
{
    char *parent = strdup(name);
    if (parent == NULL)
        return -1;
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        memcpy(parent, ".", strlen(parent) > 0 ? 2 : 1);
    else
        slash[slash == parent ? 1 : 0] = '\0';
    int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    if (fd < 0)
        return -1;
    int result = fsync(fd);
    int kept = errno;
    close(fd);
    errno = kept;
    return result;
}

char *carnet_file_beside(const char *name)
{
    uint32_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return NULL;
    const char *slash = strrchr(name, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    char *temporary = malloc(folder + TEMPORARY_SIZE);
    if (temporary == NULL)
        return NULL;
    memcpy(temporary, name, folder);
    snprintf(temporary + folder, TEMPORARY_SIZE, ".carnet-%08x.tmp", number);
    return temporary;
}

/* rename that never replaces; a file system without that flag takes the road over a hard link. */
static int rename_new(int dirfd, const char *from, const char *to)
{
    if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(dirfd, from, dirfd, to, 0) != 0)
        return -1;
    return unlinkat(dirfd, from, 0);
}

/* Makes the temporary file with its content on the disk. On failure it is gone again. */
static enum carnet_err write_temporary(int dirfd, const char *temporary, const char *name, mode_t mode,
                                       const void *bytes, size_t size, struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return carnet_fail_errno(diag, errno, "%s can't be written", shown(name, shown_name));
    enum carnet_err err = CARNET_OK;
    if (write_all(fd, bytes, size) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        err = carnet_fail_errno(diag, errno, "Writing %s failed", shown(name, shown_name));
    if (close(fd) != 0 && err == CARNET_OK)
        err = carnet_fail_errno(diag, errno, "Writing %s failed", shown(name, shown_name));
    if (err != CARNET_OK)
        (void)unlinkat(dirfd, temporary, 0);
    return err;
}

enum carnet_err carnet_file_settle(int dirfd, const char *temporary, const char *name, bool replace,
                                   struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    if ((replace ? renameat(dirfd, temporary, dirfd, name) : rename_new(dirfd, temporary, name)) != 0) {
        enum carnet_err err =
            errno == EEXIST ? carnet_fail(diag, CARNET_EXISTS, "", "%s is there already.", shown(name, shown_name))
                            : carnet_fail_errno(diag, errno, "%s can't be written", shown(name, shown_name));
        (void)unlinkat(dirfd, temporary, 0);
        return err;
    }
    if (sync_parent(dirfd, name) != 0) {
        enum carnet_err err =
            carnet_fail_errno(diag, errno, "%s was written, but the disk does not confirm it", shown(name, shown_name));
        carnet_fail_next(diag, "Run it again; nothing is done twice.");
        return err;
    }
    return CARNET_OK;
}

static enum carnet_err write_file(int dirfd, const char *name, mode_t mode, const void *bytes, size_t size,
                                  bool replace, struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    char *temporary = carnet_file_beside(name);
    if (temporary == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to write %s.",
                           shown(name, shown_name));
    enum carnet_err err = write_temporary(dirfd, temporary, name, mode, bytes, size, diag);
    if (err == CARNET_OK)
        err = carnet_file_settle(dirfd, temporary, name, replace, diag);
    free(temporary);
    return err;
}

enum carnet_err carnet_file_create(int dirfd, const char *name, mode_t mode, const void *bytes, size_t size,
                                   struct carnet_diag *diag)
{
    return write_file(dirfd, name, mode, bytes, size, false, diag);
}

enum carnet_err carnet_file_replace(int dirfd, const char *name, mode_t mode, const void *bytes, size_t size,
                                    struct carnet_diag *diag)
{
    return write_file(dirfd, name, mode, bytes, size, true, diag);
}

/* An error while writing to a stick, in words that tell full, read-only and failed apart. */
static enum carnet_err fail_stick(struct carnet_diag *diag, int sys_errno, const char *name)
{
    char shown_name[SHOWN_SIZE];
    enum carnet_err err = carnet_fail_errno(diag, sys_errno, "%s can't be written", shown(name, shown_name));
    if (sys_errno == ENOSPC || sys_errno == EDQUOT)
        err = CARNET_STICK_FULL;
    else if (sys_errno == EROFS)
        err = CARNET_STICK_READ_ONLY;
    else if (sys_errno == EIO)
        err = CARNET_STICK_FAILED;
    if (diag != NULL)
        diag->err = err;
    return err;
}

/* Reads at most `size` bytes into the aligned block, restarting after signals; how many came, or -1. */
static ssize_t read_block(int fd, uint8_t *block)
{
    size_t have = 0;
    while (have < BLOCK) {
        ssize_t got = read(fd, block + have, BLOCK - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* Reads past the page cache, appending at most `most` bytes and one more (which tells a file that is longer). 0, or -1
 * with errno. */
static int read_device(int dirfd, const char *name, size_t most, struct carnet_buffer *out)
{
    int result = -1;
    uint8_t *block = NULL;
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_DIRECT);
    if (fd < 0 && errno == EINVAL)
        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -1;
    /* Where O_DIRECT is not to be had, this drops the clean pages that fsync left; elsewhere it does no harm. */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (posix_memalign((void **)&block, BLOCK, BLOCK) != 0) {
        errno = ENOMEM;
        goto out;
    }
    ssize_t got = BLOCK;
    while (got == BLOCK && out->size <= most) {
        got = read_block(fd, block);
        if (got < 0)
            goto out;
        const size_t left = most + 1 - out->size;
        if (carnet_buffer_append(out, block, (size_t)got < left ? (size_t)got : left) != CARNET_OK) {
            errno = ENOMEM;
            goto out;
        }
    }
    result = 0;
out:
    free(block);
    close(fd);
    return result;
}

enum carnet_err carnet_file_read_device(int dirfd, const char *name, size_t most, struct carnet_buffer *out,
                                        struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    if (read_device(dirfd, name, most, out) != 0)
        return carnet_fail_errno(diag, errno, "%s can't be read back", shown(name, shown_name));
    return CARNET_OK;
}

/* Does the device itself give these bytes back? 1 yes, 0 other bytes, -1 with errno. */
static int device_holds(int dirfd, const char *name, const uint8_t *bytes, size_t size)
{
    struct carnet_buffer there = {0};
    int result = read_device(dirfd, name, size, &there);
    if (result == 0)
        result = there.size == size && (size == 0 || memcmp(there.bytes, bytes, size) == 0) ? 1 : 0;
    const int kept = errno;
    carnet_buffer_clear(&there);
    errno = kept;
    return result;
}

enum carnet_err carnet_file_deliver(int dirfd, const char *name, const void *bytes, size_t size,
                                    struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    enum carnet_err err = CARNET_OK;
    int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 && errno == EEXIST)
        return carnet_fail(diag, CARNET_EXISTS, "", "%s is there already.", shown(name, shown_name));
    if (fd < 0)
        return fail_stick(diag, errno, name);
    if (write_all(fd, bytes, size) != 0 || fsync(fd) != 0)
        err = fail_stick(diag, errno, name);
    if (close(fd) != 0 && err == CARNET_OK)
        err = fail_stick(diag, errno, name);
    if (err == CARNET_OK && sync_parent(dirfd, name) != 0)
        err = fail_stick(diag, errno, name);
    if (err == CARNET_OK) {
        int holds = device_holds(dirfd, name, bytes, size);
        if (holds < 0)
            err = fail_stick(diag, errno, name);
        else if (holds == 0)
            err = carnet_fail(diag, CARNET_STICK_FAILED, "", "%s was written, but reading it back gives other bytes.",
                              shown(name, shown_name));
    }
    if (err != CARNET_OK)
        (void)unlinkat(dirfd, name, 0);
    return err;
}

enum carnet_err carnet_folder_make(const char *path, mode_t mode, struct carnet_diag *diag)
{
    char name[SHOWN_SIZE];
    enum carnet_err err = CARNET_OK;
    struct stat status;
    char *partial = strdup(path);
    if (partial == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to make %s.", shown(path, name));
    for (char *c = partial + 1; err == CARNET_OK; c++) {
        if (*c != '/' && *c != '\0')
            continue;
        char kept = *c;
        *c = '\0';
        const int cause = mkdir(partial, mode) == 0 ? 0 : errno;
        if (cause == 0) {
            if (sync_parent(AT_FDCWD, partial) != 0)
                err = carnet_fail_errno(diag, errno, "The folder %s can't be made", shown(partial, name));
        } else if (cause != EEXIST && stat(partial, &status) != 0) {
            /* A folder above may refuse mkdir (read-only, not ours) and yet be there. */
            err = carnet_fail_errno(diag, cause, "The folder %s can't be made", shown(partial, name));
        }
        *c = kept;
        if (kept == '\0')
            break;
    }
    if (err == CARNET_OK && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)))
        err = carnet_fail(diag, CARNET_EXISTS, "", "%s is there already, and is not a folder.", shown(path, name));
    free(partial);
    return err;
}

enum carnet_err carnet_folder_open(const char *path, int *fd, struct carnet_diag *diag)
{
    char name[SHOWN_SIZE];
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return carnet_fail_errno(diag, errno, "The folder %s can't be opened", shown(path, name));
    *fd = folder;
    return CARNET_OK;
}

enum carnet_err carnet_file_lock(int dirfd, const char *name, mode_t mode, bool exclusive, unsigned seconds, int *fd,
                                 struct carnet_diag *diag)
{
    char shown_name[SHOWN_SIZE];
    const struct timespec pause = {.tv_nsec = 20L * 1000 * 1000};
    int file = openat(dirfd, name, (exclusive ? O_RDWR : O_RDONLY) | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0)
        return carnet_fail_errno(diag, errno, "%s can't be opened", shown(name, shown_name));
    for (unsigned tries = 0; flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            enum carnet_err err = carnet_fail_errno(diag, errno, "%s can't be locked", shown(name, shown_name));
            close(file);
            return err;
        }
        if (tries >= seconds * 50) {
            close(file);
            return carnet_fail(diag, CARNET_BUSY, "", "Another carnet is at work here (%s is locked).",
                               shown(name, shown_name));
        }
        (void)nanosleep(&pause, NULL);
    }
    *fd = file;
    return CARNET_OK;
}

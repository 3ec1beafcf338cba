/* SPDX-License-Identifier: MIT */
#include "machine/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef CARNET_TEST_SYSROOT
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

const char *carnet_machine_root(void)
{
#ifdef CARNET_TEST_SYSROOT
    const char *root = secure_getenv("CARNET_SYSROOT");
    if (root != NULL && root[0] == '/' && root[1] != '\0')
        return root;
#endif
    return "";
}

/* Opens below the root. Links of a made-up machine stay inside it. */
static int open_below(const char *path, int flags)
{
#ifdef CARNET_TEST_SYSROOT
    const char *root = carnet_machine_root();
    if (root[0] != '\0') {
        int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            return -1;
        struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT};
        long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
        int saved = errno;
        (void)close(folder);
        errno = saved;
        return (int)fd;
    }
#endif
    return open(path, flags | O_CLOEXEC);
}

/* What lies there, without opening it. */
static int look_at(const char *path, struct stat *status)
{
    if (carnet_machine_root()[0] == '\0')
        return stat(path, status);
    int fd = open_below(path, O_PATH);
    if (fd < 0)
        return -1;
    int looked = fstat(fd, status);
    (void)close(fd);
    return looked;
}

static enum carnet_fact_presence presence_of(int error)
{
    /* A caller that has run out of descriptors or memory, or finds the device in another's hands, may not read either:
     * nothing is known of the fact. */
    switch (error) {
    case EACCES:
    case EPERM:
    case EBUSY:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return CARNET_FACT_UNREADABLE;
    default:
        return CARNET_FACT_MISSING;
    }
}

/* Opens what is of that type alone. */
static int open_checked(const char *path, mode_t type, int flags, enum carnet_fact_presence *presence)
{
    struct stat status;
    if (look_at(path, &status) != 0) {
        *presence = presence_of(errno);
        return -1;
    }
    /* Looked at before it is opened: opening a device can have effects, and a FIFO waits. */
    bool wanted = (status.st_mode & S_IFMT) == type;
    int fd = -1;
    *presence = CARNET_FACT_MISSING;
    if (wanted) {
        fd = open_below(path, flags | O_NOCTTY);
        if (fd < 0) {
            *presence = presence_of(errno);
        } else if (fstat(fd, &status) != 0 || (status.st_mode & S_IFMT) != type) {
            (void)close(fd);
            fd = -1;
        } else {
            *presence = CARNET_FACT_PRESENT;
        }
    }
    return fd;
}

int carnet_source_open(const char *path, enum carnet_fact_presence *presence)
{
    return open_checked(path, S_IFREG, O_RDONLY | O_NONBLOCK, presence);
}

int carnet_source_open_device(const char *path, enum carnet_fact_presence *presence)
{
    return open_checked(path, S_IFCHR, O_RDWR, presence);
}

enum carnet_fact_presence carnet_source_read(const char *path, void *bytes, size_t room, size_t *size)
{
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    int fd = carnet_source_open(path, &presence);
    if (fd < 0)
        return presence;
    size_t have = 0;
    ssize_t got = 1;
    while (have < room && got > 0) {
        got = read(fd, (char *)bytes + have, room - have);
        if (got > 0)
            have += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0)
        presence = presence_of(errno);
    else
        *size = have;
    (void)close(fd);
    return presence;
}

bool carnet_source_clean(const char *text, size_t size, char *out, size_t room)
{
    size_t length = 0;
    bool space = false;
    while (size > 0 && text[size - 1] == '\0') /* device trees end strings with it */
        size--;
    if (size >= room || !carnet_utf8_valid((const uint8_t *)text, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            space = length > 0;
        } else if ((unsigned char)c < 0x20 || c == 0x7F) {
            return false;
        } else {
            if (space)
                out[length++] = ' ';
            space = false;
            out[length++] = c;
        }
    }
    out[length] = '\0';
    return length > 0;
}

enum carnet_fact_presence carnet_source_text(const char *path, char *out, size_t room)
{
    char bytes[4097];
    size_t size = 0, most = room < sizeof bytes ? room : sizeof bytes;
    enum carnet_fact_presence presence = carnet_source_read(path, bytes, most, &size);
    if (presence == CARNET_FACT_PRESENT && !carnet_source_clean(bytes, size, out, most))
        presence = CARNET_FACT_MISSING;
    return presence;
}

bool carnet_source_exists(const char *path)
{
    struct stat status;
    return look_at(path, &status) == 0;
}

/* As readlink. EINVAL for what is no link. */
static ssize_t read_link(const char *path, char *target, size_t room)
{
    if (carnet_machine_root()[0] == '\0')
        return readlink(path, target, room);
    int fd = open_below(path, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    ssize_t size = readlinkat(fd, "", target, room);
    int saved = errno == ENOENT ? EINVAL : errno; /* an empty path is ENOENT where the descriptor is no link's */
    (void)close(fd);
    errno = saved;
    return size;
}

/* Takes "." and ".." out of an absolute path, in place. */
static void flatten(char *path)
{
    size_t length = 0;
    const char *from = path;
    while (*from != '\0') {
        size_t piece = strcspn(from, "/");
        const char *next = from + piece + (from[piece] == '/');
        if (piece == 2 && from[0] == '.' && from[1] == '.') {
            while (length > 0 && path[--length] != '/')
                ;
        } else if (piece > 0 && !(piece == 1 && from[0] == '.')) {
            path[length++] = '/';
            memmove(path + length, from, piece);
            length += piece;
        }
        from = next;
    }
    path[length] = '\0';
}

enum carnet_fact_presence carnet_source_resolve(const char *path, char out[CARNET_SOURCE_PATH_SIZE])
{
    char target[CARNET_SOURCE_PATH_SIZE], joined[2 * CARNET_SOURCE_PATH_SIZE];
    ssize_t size = read_link(path, target, sizeof target);
    int length;
    if (size < 0 && errno != EINVAL)
        return presence_of(errno);
    if (size < 0) {
        length = snprintf(joined, sizeof joined, "%s", path);
    } else if ((size_t)size >= sizeof target) {
        return CARNET_FACT_MISSING;
    } else {
        target[size] = '\0';
        int folder = target[0] == '/' ? 0 : (int)(carnet_source_base(path) - path);
        length = snprintf(joined, sizeof joined, "%.*s%s", folder, path, target);
    }
    if (length < 0 || (size_t)length >= CARNET_SOURCE_PATH_SIZE || joined[0] != '/')
        return CARNET_FACT_MISSING;
    flatten(joined);
    memcpy(out, joined, strlen(joined) + 1);
    return CARNET_FACT_PRESENT;
}

enum carnet_fact_presence carnet_source_each(const char *folder, carnet_source_visit *visit, void *context)
{
    int fd = open_below(folder, O_RDONLY | O_DIRECTORY);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL) {
        enum carnet_fact_presence presence = presence_of(errno);
        if (fd >= 0)
            (void)close(fd);
        return presence;
    }
    const struct dirent *entry = readdir(stream);
    for (unsigned seen = 0; entry != NULL && seen < CARNET_SOURCE_ENTRIES_MOST; seen++) {
        bool more = entry->d_name[0] == '.' || visit(context, folder, entry->d_name);
        entry = more ? readdir(stream) : NULL;
    }
    (void)closedir(stream);
    return CARNET_FACT_PRESENT;
}

const char *carnet_source_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool carnet_source_join(char out[CARNET_SOURCE_PATH_SIZE], const char *folder, const char *name)
{
    int length = snprintf(out, CARNET_SOURCE_PATH_SIZE, "%s/%s", folder, name);
    return length > 0 && length < CARNET_SOURCE_PATH_SIZE;
}

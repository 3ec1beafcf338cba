/* SPDX-License-Identifier: MIT */
/*
 * A stick that lies, loaded before libc (LD_PRELOAD). CARNET_LYING=flip: what is read back past the cache has a bit
 * turned; CARNET_LYING=late: only from the second time on, as a stick of a false size does; CARNET_LYING=changing: a
 * file whose name ends in ".changing" is another one each time that it is read.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
#define LATE 2

static int direct_fd = -1, changing_fd = -1, directs;
static unsigned char turn;

static int lies(const char *how)
{
    const char *wish = getenv("CARNET_LYING");
    return wish != NULL && strcmp(wish, how) == 0;
}

static int opened(int fd, const char *path, int flags)
{
    const size_t size = strlen(path);
    if (fd < 0)
        return fd;
    if ((flags & O_DIRECT) != 0) {
        direct_fd = fd;
        directs++;
    } else if (fd == direct_fd) {
        direct_fd = -1;
    }
    changing_fd = size > 9 && strcmp(path + size - 9, ".changing") == 0 ? fd : fd == changing_fd ? -1 : changing_fd;
    return fd;
}

/* Under names of our own, which the linker knows by those of libc. */
SHOWN int lying_openat(int folder, const char *path, int flags, ...) __asm__("openat");
SHOWN int lying_openat_2(int folder, const char *path, int flags) __asm__("__openat_2");
SHOWN ssize_t lying_read(int fd, void *bytes, size_t room) __asm__("read");

int lying_openat(int folder, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    mode_t mode = 0;
    va_list args;
    *(void **)&real = dlsym(RTLD_NEXT, "openat");
    va_start(args, flags);
    if ((flags & (O_CREAT | O_TMPFILE)) != 0)
        mode = va_arg(args, mode_t);
    va_end(args);
    return opened(real(folder, path, flags, mode), path, flags);
}

int lying_openat_2(int folder, const char *path, int flags)
{
    int (*real)(int, const char *, int, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "openat");
    return opened(real(folder, path, flags), path, flags);
}

ssize_t lying_read(int fd, void *bytes, size_t room)
{
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "read");
    const ssize_t got = real(fd, bytes, room);
    if (got > 100 && fd == direct_fd && (lies("flip") || (lies("late") && directs >= LATE)))
        ((unsigned char *)bytes)[99] ^= 1;
    if (got > 100 && fd == changing_fd && lies("changing"))
        ((unsigned char *)bytes)[99] ^= ++turn;
    return got;
}

/* SPDX-License-Identifier: MIT */
/* Which files in a folder are looked at. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "inspect/inspect.h"

/* Enough of a file's beginning to tell whether it is one of ours. */
#define GLANCE 4096u
#define ARMOUR_BEGIN "-----BEGIN CARNET "

static bool ends_in_carnet(const char *name)
{
    const size_t size = strlen(name);
    return size > 7 && strcmp(name + size - 7, ".carnet") == 0;
}

/* In a folder only what looks like ours is verified: by its name, or by how it begins. */
bool inspect_is_ours(int folder, const char *name)
{
    uint8_t start[GLANCE];
    if (ends_in_carnet(name))
        return true;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    const ssize_t size = read(fd, start, sizeof start);
    (void)close(fd);
    if (size <= 0)
        return false;
    return carnet_armour_is_bundle(start, (size_t)size) ||
           memmem(start, (size_t)size, ARMOUR_BEGIN, sizeof ARMOUR_BEGIN - 1) != NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * The disk under /: from the mount table to the device, through partitions, device mapper (LVM, dm-crypt, multipath),
 * RAID and btrfs down to whole disks. Each gives its WWN or serial number; where none does, the file system's UUID.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/collect.h"
#include "machine/source.h"

#define MOUNTS "/proc/self/mountinfo"
#define MOUNTS_MOST 100000u /* lines looked at */
#define LINE_SIZE 4096
#define DEPTH_MOST 10u /* devices stacked on each other */
#define NODES_MOST 512u

/* The mount on /. */
struct root_mount {
    char device[32]; /* "254:0" */
    char type[32];
    char source[256]; /* "/dev/vda" */
};

struct walk {
    struct carnet_machine *machine;
    unsigned nodes; /* devices seen so far */
    unsigned depth;
    unsigned disks;
    bool any; /* the folder at hand had devices in it */
};

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
            from[3] <= '7') {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Takes a line of the mount table if it is of a mount on / that a disk can be under. */
static void take_mount(const char *line, struct root_mount *mount)
{
    struct root_mount found = {0};
    char point[256];
    if (sscanf(line, "%*s %*s %31s %*s %255s", found.device, point) != 2 || strcmp(point, "/") != 0)
        return;
    const char *dash = strstr(line, " - ");
    if (dash == NULL || sscanf(dash, " - %31s %255s", found.type, found.source) != 2)
        return;
    unescape(found.source);
    *mount = found;
}

/* The last mount on / is the one that is seen. */
static enum carnet_fact_presence find_mount(struct root_mount *mount)
{
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    int fd = carnet_source_open(MOUNTS, &presence);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return presence;
    }
    char line[LINE_SIZE];
    bool begins = true;
    for (unsigned count = 0; count < MOUNTS_MOST && fgets(line, sizeof line, file) != NULL; count++) {
        if (begins)
            take_mount(line, mount);
        /* The rest of an overlong line (overlays name many folders) holds nothing that is asked for. */
        begins = strchr(line, '\n') != NULL;
    }
    (void)fclose(file);
    return mount->device[0] == '\0' ? CARNET_FACT_MISSING : CARNET_FACT_PRESENT;
}

/* The number of one whole disk. Where a better source may not be read, a worse one is not taken: it would differ from
 * what another user of the machine reads. */
static enum carnet_fact_presence read_identity(struct carnet_machine *machine, const char *disk)
{
    static const char *const attributes[] = {"device/wwid", "wwid", "device/cid", "serial", "device/serial"};
    char path[CARNET_SOURCE_PATH_SIZE], value[CARNET_MACHINE_VALUE_SIZE];
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (!carnet_source_join(path, disk, attributes[i]))
            continue;
        enum carnet_fact_presence presence = carnet_source_text(path, value, sizeof value);
        if (presence == CARNET_FACT_UNREADABLE) {
            carnet_machine_lacks(machine, CARNET_FACT_DISK, presence, path);
            return presence;
        }
        if (presence == CARNET_FACT_PRESENT && carnet_machine_add(machine, CARNET_FACT_DISK, value, path))
            return presence;
    }
    return CARNET_FACT_MISSING;
}

static void descend(struct walk *walk, const char *device);

/* An entry of a folder whose links lead to block devices. */
static bool follow(void *context, const char *folder, const char *name)
{
    struct walk *walk = context;
    char path[CARNET_SOURCE_PATH_SIZE], device[CARNET_SOURCE_PATH_SIZE];
    if (carnet_source_join(path, folder, name) && carnet_source_resolve(path, device) == CARNET_FACT_PRESENT) {
        walk->any = true;
        descend(walk, device);
    }
    return walk->nodes < NODES_MOST;
}

/* Goes from a device, given by its path in sysfs, down to the disks below it. */
static void descend(struct walk *walk, const char *device)
{
    char path[CARNET_SOURCE_PATH_SIZE], whole[CARNET_SOURCE_PATH_SIZE];
    if (walk->depth == DEPTH_MOST || walk->nodes == NODES_MOST || strncmp(device, "/sys/", 5) != 0)
        return;
    walk->nodes++;
    (void)snprintf(whole, sizeof whole, "%s", device);
    if (carnet_source_join(path, whole, "partition") && carnet_source_exists(path))
        *strrchr(whole, '/') = '\0';
    bool had_any = walk->any;
    walk->any = false;
    walk->depth++;
    if (carnet_source_join(path, whole, "slaves"))
        (void)carnet_source_each(path, follow, walk);
    walk->depth--;
    if (!walk->any && walk->disks < CARNET_DISKS_MOST && read_identity(walk->machine, whole) == CARNET_FACT_PRESENT)
        walk->disks++;
    walk->any = had_any;
}

/* Looks for a device-mapper device by its name, where /dev/mapper holds no links. */
struct mapper_search {
    const char *name;
    char device[CARNET_SOURCE_PATH_SIZE];
};
static bool match_mapper(void *context, const char *folder, const char *name)
{
    struct mapper_search *search = context;
    char path[CARNET_SOURCE_PATH_SIZE], held[256];
    if (strncmp(name, "dm-", 3) != 0 || !carnet_source_join(path, folder, name))
        return true;
    char attribute[CARNET_SOURCE_PATH_SIZE];
    if (!carnet_source_join(attribute, path, "dm/name") ||
        carnet_source_text(attribute, held, sizeof held) != CARNET_FACT_PRESENT || strcmp(held, search->name) != 0)
        return true;
    return carnet_source_resolve(path, search->device) != CARNET_FACT_PRESENT;
}

/* The device in sysfs that a mount source ("/dev/mapper/vg-root", "/dev/sda2") names. */
static bool device_of_source(const char *source, char device[CARNET_SOURCE_PATH_SIZE])
{
    char node[CARNET_SOURCE_PATH_SIZE], path[CARNET_SOURCE_PATH_SIZE];
    if (strncmp(source, "/dev/", 5) != 0)
        return false;
    if (carnet_source_resolve(source, node) != CARNET_FACT_PRESENT)
        (void)snprintf(node, sizeof node, "%s", source);
    if (carnet_source_join(path, "/sys/class/block", carnet_source_base(node)) &&
        carnet_source_resolve(path, device) == CARNET_FACT_PRESENT)
        return true;
    struct mapper_search search = {.name = carnet_source_base(source)};
    (void)carnet_source_each("/sys/class/block", match_mapper, &search);
    if (search.device[0] == '\0')
        return false;
    memcpy(device, search.device, sizeof search.device);
    return true;
}

/* btrfs lies on several devices and shows a number that is no device's; sysfs lists them by the file system's UUID. */
struct btrfs_search {
    const char *device; /* "sda2" */
    char uuid[64];
    char folder[CARNET_SOURCE_PATH_SIZE];
};
static bool match_btrfs(void *context, const char *folder, const char *name)
{
    struct btrfs_search *search = context;
    char path[CARNET_SOURCE_PATH_SIZE], entry[CARNET_SOURCE_PATH_SIZE];
    if (!carnet_source_join(path, folder, name) || !carnet_source_join(entry, path, "devices") ||
        !carnet_source_join(path, entry, search->device) || !carnet_source_exists(path) ||
        strlen(name) >= sizeof search->uuid)
        return true;
    memcpy(search->uuid, name, strlen(name) + 1);
    memcpy(search->folder, entry, sizeof entry);
    return false;
}

/* The UUID whose link in /dev/disk/by-uuid leads to the device; of several the first in order. */
struct uuid_search {
    const char *device;
    char uuid[64];
    char source[CARNET_SOURCE_PATH_SIZE];
};
static bool match_uuid(void *context, const char *folder, const char *name)
{
    struct uuid_search *search = context;
    char path[CARNET_SOURCE_PATH_SIZE], node[CARNET_SOURCE_PATH_SIZE];
    if (strlen(name) < sizeof search->uuid && carnet_source_join(path, folder, name) &&
        carnet_source_resolve(path, node) == CARNET_FACT_PRESENT &&
        strcmp(carnet_source_base(node), search->device) == 0 &&
        (search->uuid[0] == '\0' || strcmp(name, search->uuid) < 0)) {
        memcpy(search->uuid, name, strlen(name) + 1);
        memcpy(search->source, path, sizeof path);
    }
    return true;
}

static void read_file_system(struct carnet_machine *machine, const char *device, const struct btrfs_search *btrfs)
{
    struct uuid_search search = {.device = device};
    machine->disk_in_image = true;
    if (btrfs->uuid[0] != '\0' && carnet_machine_add(machine, CARNET_FACT_DISK, btrfs->uuid, btrfs->folder))
        return;
    enum carnet_fact_presence presence = carnet_source_each("/dev/disk/by-uuid", match_uuid, &search);
    if (search.uuid[0] == '\0' || !carnet_machine_add(machine, CARNET_FACT_DISK, search.uuid, search.source))
        carnet_machine_lacks(machine, CARNET_FACT_DISK, presence, "/dev/disk/by-uuid");
}

void carnet_machine_read_disk(struct carnet_machine *machine)
{
    struct root_mount mount = {0};
    struct walk walk = {.machine = machine};
    struct btrfs_search btrfs = {0};
    char path[CARNET_SOURCE_PATH_SIZE], device[CARNET_SOURCE_PATH_SIZE];

    enum carnet_fact_presence presence = find_mount(&mount);
    carnet_machine_lacks(machine, CARNET_FACT_DISK, presence, MOUNTS);
    if (presence != CARNET_FACT_PRESENT)
        return;
    bool found = carnet_source_join(path, "/sys/dev/block", mount.device) &&
                 carnet_source_resolve(path, device) == CARNET_FACT_PRESENT;
    /* Major number 0 is no device's. */
    if (!found && strncmp(mount.device, "0:", 2) == 0)
        found = device_of_source(mount.source, device);
    if (!found)
        return;
    if (strcmp(mount.type, "btrfs") == 0) {
        btrfs.device = carnet_source_base(device);
        (void)carnet_source_each("/sys/fs/btrfs", match_btrfs, &btrfs);
    }
    if (btrfs.uuid[0] != '\0')
        (void)carnet_source_each(btrfs.folder, follow, &walk);
    else
        descend(&walk, device);
    if (machine->presence[CARNET_FACT_DISK] == CARNET_FACT_MISSING)
        read_file_system(machine, carnet_source_base(device), &btrfs);
}

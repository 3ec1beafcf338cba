/* SPDX-License-Identifier: MIT */
/*
 * The mount table says what is mounted where, sysfs what it hangs on. A stick is a file system on a disk that is
 * removable, hangs on USB, or is an SD card, and that does not carry the system itself.
 */
#include "common/stick/find.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/source.h"

#define MOUNTS "/proc/self/mountinfo"
#define MOUNTS_MOST 20000u /* lines looked at */
#define LINE_SIZE 4096
#define DEPTH_MOST 10u /* devices stacked on each other: a partition in LUKS in LVM */
#define DISKS_MOST 16u /* below one file system, or below the system's */

struct mount {
    char number[32]; /* "8:17" */
    char point[1024];
    char type[32];
    char source[256];
};

/* Whole disks, as paths in sysfs. */
struct disks {
    char list[DISKS_MOST][CARNET_SOURCE_PATH_SIZE];
    size_t count;
    unsigned depth;
};

struct search {
    struct disks system; /* what / and the like lie on */
    struct stick_place *places;
    size_t count;
};

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

static bool parse(const char *line, struct mount *mount)
{
    const char *dash = strstr(line, " - ");
    if (dash == NULL || sscanf(line, "%*s %*s %31s %*s %1023s", mount->number, mount->point) != 2 ||
        sscanf(dash, " - %31s %255s", mount->type, mount->source) != 2)
        return false;
    unescape(mount->point);
    unescape(mount->source);
    return true;
}

/* The device of a mount, as a path in sysfs. FUSE and btrfs have no number of their own: they name what they lie on. */
static bool device_of(const struct mount *mount, char out[CARNET_SOURCE_PATH_SIZE])
{
    char path[CARNET_SOURCE_PATH_SIZE];
    const bool is_named = strncmp(mount->number, "0:", 2) == 0;
    if (is_named && strncmp(mount->source, "/dev/", 5) != 0)
        return false;
    return carnet_source_join(path, is_named ? "/sys/class/block" : "/sys/dev/block",
                              is_named ? carnet_source_base(mount->source) : mount->number) &&
           carnet_source_exists(path) && carnet_source_resolve(path, out) == CARNET_FACT_PRESENT;
}

static void add_disks(struct disks *disks, const char *device);

static bool follow(void *context, const char *folder, const char *name)
{
    char path[CARNET_SOURCE_PATH_SIZE], device[CARNET_SOURCE_PATH_SIZE];
    if (carnet_source_join(path, folder, name) && carnet_source_resolve(path, device) == CARNET_FACT_PRESENT)
        add_disks(context, device);
    return true;
}

/* Goes from a device through partitions and what is stacked (LUKS, LVM, RAID) down to whole disks. */
static void add_disks(struct disks *disks, const char *device)
{
    char whole[CARNET_SOURCE_PATH_SIZE], path[CARNET_SOURCE_PATH_SIZE];
    if (disks->depth == DEPTH_MOST || disks->count == DISKS_MOST || strncmp(device, "/sys/", 5) != 0)
        return;
    (void)snprintf(whole, sizeof whole, "%s", device);
    if (carnet_source_join(path, whole, "partition") && carnet_source_exists(path))
        *strrchr(whole, '/') = '\0';
    const size_t before = disks->count;
    disks->depth++;
    if (carnet_source_join(path, whole, "slaves"))
        (void)carnet_source_each(path, follow, disks);
    disks->depth--;
    if (disks->count == before && disks->count < DISKS_MOST)
        memcpy(disks->list[disks->count++], whole, sizeof whole);
}

/* A part "usb1" of the path is the host controller that the device hangs on, through however many hubs. */
static bool hangs_on_usb(const char *disk)
{
    for (const char *at = strstr(disk, "/usb"); at != NULL; at = strstr(at + 1, "/usb")) {
        const size_t digits = strspn(at + 4, "0123456789");
        if (digits > 0 && (at[4 + digits] == '/' || at[4 + digits] == '\0'))
            return true;
    }
    return false;
}

static bool says(const char *disk, const char *attribute, const char *value)
{
    char path[CARNET_SOURCE_PATH_SIZE], text[16];
    return carnet_source_join(path, disk, attribute) &&
           carnet_source_text(path, text, sizeof text) == CARNET_FACT_PRESENT && strcmp(text, value) == 0;
}

static bool is_portable(const char *disk)
{
    return hangs_on_usb(disk) || says(disk, "removable", "1") || says(disk, "device/type", "SD");
}

static bool has(const struct disks *disks, const char *disk)
{
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->list[i], disk) == 0)
            return true;
    return false;
}

typedef enum carnet_err take_fn(struct search *search, const struct mount *mount);

/* A system that runs from a stick has no stick yet. */
static enum carnet_err take_system(struct search *search, const struct mount *mount)
{
    static const char *const points[] = {"/", "/usr", "/var", "/home", "/boot", "/boot/efi", "/boot/firmware"};
    char device[CARNET_SOURCE_PATH_SIZE];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strcmp(mount->point, points[i]) == 0 && device_of(mount, device))
            add_disks(&search->system, device);
    return CARNET_OK;
}

/* A disc is nothing that files come back on. */
static bool is_disc(const char *type)
{
    return strcmp(type, "iso9660") == 0 || strcmp(type, "udf") == 0 || strcmp(type, "squashfs") == 0;
}

static bool is_stick(const struct search *search, const struct mount *mount, char device[CARNET_SOURCE_PATH_SIZE])
{
    struct disks below = {0};
    if (is_disc(mount->type) || !device_of(mount, device))
        return false;
    add_disks(&below, device);
    for (size_t i = 0; i < below.count; i++)
        if (!is_portable(below.list[i]) || has(&search->system, below.list[i]))
            return false;
    return below.count > 0;
}

static enum carnet_err take_stick(struct search *search, const struct mount *mount)
{
    char device[CARNET_SOURCE_PATH_SIZE];
    if (search->count == STICK_PLACES_MOST || !is_stick(search, mount, device))
        return CARNET_OK;
    struct stick_place *place = &search->places[search->count];
    (void)snprintf(place->device, sizeof place->device, "%.63s", carnet_source_base(device));
    for (size_t i = 0; i < search->count; i++)
        if (strcmp(search->places[i].device, place->device) == 0)
            return CARNET_OK;
    memcpy(place->type, mount->type, sizeof place->type);
    if (asprintf(&place->path, "%s%s", carnet_machine_root(), mount->point) < 0) {
        place->path = NULL;
        return CARNET_NO_MEMORY;
    }
    search->count++;
    return CARNET_OK;
}

static enum carnet_err each_mount(struct search *search, take_fn *take, struct carnet_diag *diag)
{
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    char line[LINE_SIZE];
    bool begins = true;
    enum carnet_err err = CARNET_OK;
    const int fd = carnet_source_open(MOUNTS, &presence);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        if (fd >= 0)
            (void)close(fd);
        err = carnet_fail(diag, CARNET_NO_STICK, "", "What is mounted here can't be found out: %s can't be read.",
                          MOUNTS);
        (void)carnet_fail_next(diag, "Name the folder of the stick.");
        return err;
    }
    for (unsigned count = 0; err == CARNET_OK && count < MOUNTS_MOST && fgets(line, sizeof line, file) != NULL;
         count++) {
        struct mount mount;
        if (begins && parse(line, &mount))
            err = take(search, &mount);
        /* The rest of an overlong line (overlays name many folders) holds nothing that is asked for. */
        begins = strchr(line, '\n') != NULL;
    }
    (void)fclose(file);
    return err;
}

enum carnet_err stick_places(struct stick_place **out, size_t *count, struct carnet_diag *diag)
{
    struct search *search = calloc(1, sizeof *search);
    struct stick_place *places = calloc(STICK_PLACES_MOST, sizeof *places);
    enum carnet_err err = CARNET_NO_MEMORY;
    if (search != NULL && places != NULL) {
        search->places = places;
        err = each_mount(search, take_system, diag);
        if (err == CARNET_OK)
            err = each_mount(search, take_stick, diag);
    }
    if (err == CARNET_OK) {
        *out = places;
        *count = search->count;
    } else {
        stick_places_free(places, search == NULL ? 0 : search->count);
        if (err == CARNET_NO_MEMORY)
            err = carnet_fail(diag, err, "", "There is not enough memory to look for a stick.");
    }
    free(search);
    return err;
}

void stick_places_free(struct stick_place *places, size_t count)
{
    for (size_t i = 0; places != NULL && i < count; i++)
        free(places[i].path);
    free(places);
}

/* SPDX-License-Identifier: MIT */
#include "bundle/locked.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The mapping that holds an address. */
struct mapping {
    uintptr_t start, end;
    bool found, locked;
};

/* Is "lo" among the flags of a VmFlags line? */
static bool says_locked(char *flags)
{
    char *rest = NULL;

    for (char *flag = strtok_r(flags, " \n", &rest); flag != NULL; flag = strtok_r(NULL, " \n", &rest))
        if (strcmp(flag, "lo") == 0)
            return true;
    return false;
}

/* "START-END ", in hexadecimal, begins the lines of a mapping. */
static bool parse_range(const char *line, uintptr_t *start, uintptr_t *end)
{
    char *minus = NULL, *space = NULL;
    uintmax_t first = strtoumax(line, &minus, 16), last;

    if (minus == line || *minus != '-')
        return false;
    last = strtoumax(minus + 1, &space, 16);
    if (space == minus + 1 || *space != ' ')
        return false;
    *start = (uintptr_t)first;
    *end = (uintptr_t)last;
    return true;
}

static struct mapping find_mapping(uintptr_t address)
{
    static const char flags[] = "VmFlags:";
    FILE *smaps = fopen("/proc/self/smaps", "re");
    struct mapping mapping = {0};
    char *line = NULL;
    size_t room = 0;
    bool inside = false;

    while (smaps != NULL && !mapping.found && getline(&line, &room, smaps) > 0) {
        if (parse_range(line, &mapping.start, &mapping.end))
            inside = address >= mapping.start && address < mapping.end;
        else if (inside && strncmp(line, flags, sizeof flags - 1) == 0) {
            mapping.locked = says_locked(line + sizeof flags - 1);
            mapping.found = true;
        }
    }
    free(line);
    if (smaps != NULL)
        fclose(smaps);
    return mapping;
}

/* Other threads map and unmap memory beside it, so that what was seen may be gone when it is to be locked. */
#define ATTEMPTS 8

enum carnet_err carnet_memory_lock(const void *memory, struct carnet_diag *diag)
{
    struct mapping mapping = find_mapping((uintptr_t)memory);
    struct rlimit limit;

    for (int i = 0; i < ATTEMPTS && !mapping.locked; i++) {
        /* The system call itself: sanitizers make the library's mlock do nothing, and say that it was done. */
        if (mapping.found)
            syscall(SYS_mlock, mapping.start, mapping.end - mapping.start);
        mapping = find_mapping((uintptr_t)memory);
    }
    if (!mapping.found) {
        carnet_fail(diag, CARNET_MEMORY_NOT_LOCKED, "",
                    "It can't be seen whether the memory for secrets is kept out of swap: /proc is not there.");
        carnet_fail_next(diag, "Mount /proc, then run it again.");
        return CARNET_MEMORY_NOT_LOCKED;
    }
    if (mapping.locked)
        return CARNET_OK;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return carnet_fail(diag, CARNET_MEMORY_NOT_LOCKED, "",
                           "The memory for secrets can't be kept out of swap: this process may lock %llu KiB, and %llu "
                           "KiB are needed.",
                           (unsigned long long)limit.rlim_cur / 1024,
                           (unsigned long long)(mapping.end - mapping.start) / 1024);
    return carnet_fail(diag, CARNET_MEMORY_NOT_LOCKED, "",
                       "The memory for secrets can't be kept out of swap: the system does not lock it.");
}

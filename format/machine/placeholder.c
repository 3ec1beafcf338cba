/* SPDX-License-Identifier: MIT */
/* Values that are no values (spec/format.md, M-2 and section 21), and the list that real ones are collected in. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "machine/collect.h"

/* In lower case; compared without regard to case, against the whole value, or the last word of a disk's. */
static const char *const hardware_fillers[] = {
    "to be filled by o.e.m.",
    "to be filled by o.e.m",
    "to be filled by oem",
    "to be filled",
    "filled by oem",
    "fill by oem",
    "o.e.m.",
    "oem",
    "oem default",
    "default",
    "default string",
    "system serial number",
    "base board serial number",
    "board serial number",
    "chassis serial number",
    "type2 - board serial number",
    "serial number",
    "serial",
    "sernum",
    "not specified",
    "not available",
    "not applicable",
    "not defined",
    "not present",
    "not settable",
    "none",
    "n/a",
    "na",
    "null",
    "nil",
    "empty",
    "unknown",
    "undefined",
    "unspecified",
    "uninitialized",
    "invalid",
    "standard",
    "test",
    "sample",
    "dummy",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0123456",
    "01234567",
    "012345678",
    "0123456789",
    "0123456789abcdef",
    "123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz",
    "bsn12345678901234567",
    "bss-0123456789",
    "mb-1234567890",
    "empty serial number",
    "qm00001",
    "qm00002",
    "qm00003",
    "qm00004",
    "03000200-0400-0500-0006-000700080009",
    "00020003-0004-0005-0006-000700080009",
    "12345678-1234-5678-90ab-cddeefaabbcc",
    "00:01:02:03:04:05",
    "00:11:22:33:44:55",
    "00:12:34:56:78:9a",
    "01:23:45:67:89:ab",
    "02:80:37:ec:02:00",
    "12:34:56:78:9a:bc",
    "b08dfa6083e7567a1921a715000001fb",
};
static const char *const host_fillers[] = {
    "localhost", "localhost.localdomain", "localhost.local", "localhost4", "localhost6", "(none)", "none", "unknown",
};

static bool listed(const char *const *list, size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(list[i], value) == 0)
            return true;
    return false;
}

/* All letters and digits the same, or none. */
static bool all_alike(const char *value)
{
    char first = '\0';
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x80 && !isalnum((unsigned char)*c))
            continue;
        if (first == '\0')
            first = *c;
        else if (*c != first)
            return false;
    }
    return true;
}

static bool is_hardware_filler(const char *value)
{
    return all_alike(value) || listed(hardware_fillers, sizeof hardware_fillers / sizeof *hardware_fillers, value);
}

bool carnet_machine_is_placeholder(enum carnet_fact_name fact, const char *value)
{
    switch (fact) {
    case CARNET_FACT_CPU:
    case CARNET_FACT_OS:
        return value[0] == '\0';
    case CARNET_FACT_HOST:
        return all_alike(value) || listed(host_fillers, sizeof host_fillers / sizeof *host_fillers, value);
    case CARNET_FACT_DISK: {
        /* "naa.0000000000000000", "t10.ATA QEMU HARDDISK QM00001": the name before is no part of the number. */
        const char *dot = strchr(value, '.'), *space = strrchr(value, ' ');
        return is_hardware_filler(value) || (dot != NULL && is_hardware_filler(dot + 1)) ||
               (space != NULL && is_hardware_filler(space + 1));
    }
    case CARNET_FACT_ADAPTER: {
        /* Six like bytes, not only like digits: 0a:0a:0a:0a:0a:0a. */
        bool like = strlen(value) == 17;
        for (size_t i = 3; like && i < 17; i++)
            like = value[i] == value[i - 3];
        return like || is_hardware_filler(value);
    }
    case CARNET_FACT_MACHINE_ID:
    case CARNET_FACT_SYSTEM_UUID:
    case CARNET_FACT_TPM:
    case CARNET_FACT_BOARD_SERIAL:
    case CARNET_FACT_COUNT:
        break;
    }
    return is_hardware_filler(value);
}

bool carnet_machine_add(struct carnet_machine *machine, enum carnet_fact_name fact, const char *value,
                        const char *source)
{
    if (carnet_machine_is_placeholder(fact, value) || strlen(value) >= CARNET_MACHINE_VALUE_SIZE)
        return false;
    for (uint32_t i = 0; i < machine->count; i++)
        if (machine->values[i].name == fact && strcmp(machine->values[i].value, value) == 0)
            return true;
    if (machine->count == CARNET_FACTS_MOST)
        return false;
    struct carnet_machine_value *new = &machine->values[machine->count++];
    new->name = fact;
    (void)snprintf(new->value, sizeof new->value, "%s", value);
    (void)snprintf(new->source, sizeof new->source, "%s", source);
    if (machine->presence[fact] != CARNET_FACT_PRESENT)
        (void)snprintf(machine->source[fact], sizeof machine->source[fact], "%s", source);
    machine->presence[fact] = CARNET_FACT_PRESENT;
    return true;
}

void carnet_machine_lacks(struct carnet_machine *machine, enum carnet_fact_name fact,
                          enum carnet_fact_presence presence, const char *source)
{
    if (machine->presence[fact] == CARNET_FACT_PRESENT)
        return;
    /* Unreadable once is unreadable: what it holds may be what the license holds. */
    if (presence == CARNET_FACT_UNREADABLE || machine->source[fact][0] == '\0')
        (void)snprintf(machine->source[fact], sizeof machine->source[fact], "%s", source);
    if (presence == CARNET_FACT_UNREADABLE)
        machine->presence[fact] = CARNET_FACT_UNREADABLE;
}

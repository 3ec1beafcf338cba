/* SPDX-License-Identifier: MIT */
/*
 * Permanent addresses of physical, built-in network adapters. What comes and goes with a dock, a VPN, a container or a
 * stick is left out: virtual interfaces, and all that hangs on USB or Thunderbolt.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "machine/collect.h"
#include "machine/source.h"

#define NET "/sys/class/net"
#define ADDRESS_SIZE 18 /* "00:00:5e:00:53:01" and NUL */

struct adapters {
    unsigned count;
    struct {
        char address[ADDRESS_SIZE];
        char source[CARNET_SOURCE_PATH_SIZE];
    } list[CARNET_ADAPTERS_MOST];
    bool unreadable;
    char unreadable_source[CARNET_SOURCE_PATH_SIZE];
};

/* PCI bridges of Thunderbolt controllers that are chips of their own; systems before Linux 5.14 do not say which
 * devices are removable. */
static const char *const thunderbolt_bridges[] = {
    "0x1513", "0x151a", "0x151b", "0x1547", "0x1548", "0x1549", "0x1567", "0x1569", "0x156b", "0x156d", "0x1576",
    "0x1578", "0x157e", "0x15c0", "0x15d3", "0x15da", "0x15e7", "0x15ea", "0x15ef", "0x1136", "0x0b26",
};

static bool attribute_is(const char *device, const char *name, const char *wanted)
{
    char path[CARNET_SOURCE_PATH_SIZE], value[64];
    return carnet_source_join(path, device, name) &&
           carnet_source_text(path, value, sizeof value) == CARNET_FACT_PRESENT && strcmp(value, wanted) == 0;
}

static bool is_thunderbolt_bridge(const char *device)
{
    char path[CARNET_SOURCE_PATH_SIZE], value[16];
    if (!attribute_is(device, "vendor", "0x8086") || !carnet_source_join(path, device, "device") ||
        carnet_source_text(path, value, sizeof value) != CARNET_FACT_PRESENT)
        return false;
    for (size_t i = 0; i < sizeof thunderbolt_bridges / sizeof *thunderbolt_bridges; i++)
        if (strcmp(value, thunderbolt_bridges[i]) == 0)
            return true;
    return false;
}

/* A component of a device's path that is a bus of things to be plugged in: "usb1", "domain0" (Thunderbolt). */
static bool is_plug_bus(const char *component)
{
    static const char *const buses[] = {"usb", "domain"};
    for (size_t i = 0; i < sizeof buses / sizeof *buses; i++) {
        size_t length = strlen(buses[i]);
        if (strncmp(component, buses[i], length) == 0 && isdigit((unsigned char)component[length]))
            return true;
    }
    return false;
}

/* Does the device, or one that it hangs on, come off without a tool? */
static bool is_removable(const char *device)
{
    char above[CARNET_SOURCE_PATH_SIZE];
    (void)snprintf(above, sizeof above, "%s", device);
    char *slash = strrchr(above, '/');
    while (slash != NULL && slash > above + strlen("/sys/devices")) {
        if (is_plug_bus(slash + 1) || attribute_is(above, "removable", "removable") || is_thunderbolt_bridge(above))
            return true;
        *slash = '\0';
        slash = strrchr(above, '/');
    }
    return false;
}

/* Six bytes in hex, of one device: not the address of a group. */
static bool is_address(char *text)
{
    if (strlen(text) != ADDRESS_SIZE - 1)
        return false;
    for (size_t i = 0; i < ADDRESS_SIZE - 1; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return false;
        text[i] = (char)tolower((unsigned char)text[i]);
    }
    return strchr("13579bdf", text[1]) == NULL;
}

/* The address that was given to the adapter by its maker, wherever sysfs tells it. */
static enum carnet_fact_presence permanent_address(const char *interface, char address[ADDRESS_SIZE], char *source)
{
    /* The first holds while the adapter is part of a bond and shows the bond's; the second is a radio's own. */
    static const char *const sources[] = {"bonding_slave/perm_hwaddr", "phy80211/macaddress", "address"};
    const size_t count = sizeof sources / sizeof *sources;
    char text[64];
    for (size_t i = 0; i < count; i++) {
        if (!carnet_source_join(source, interface, sources[i]))
            continue;
        /* 0: permanent; others were drawn, borrowed or set. */
        if (i + 1 == count && !attribute_is(interface, "addr_assign_type", "0"))
            continue;
        enum carnet_fact_presence presence = carnet_source_text(source, text, sizeof text);
        if (presence == CARNET_FACT_UNREADABLE)
            return presence;
        if (presence == CARNET_FACT_PRESENT && is_address(text) &&
            !carnet_machine_is_placeholder(CARNET_FACT_ADAPTER, text)) {
            memcpy(address, text, ADDRESS_SIZE);
            return presence;
        }
    }
    return CARNET_FACT_MISSING;
}

/* Keeps the lowest addresses in order, each once. */
static void keep(struct adapters *adapters, const char address[ADDRESS_SIZE], const char *source)
{
    unsigned at = 0;
    while (at < adapters->count && strcmp(adapters->list[at].address, address) < 0)
        at++;
    if (at == CARNET_ADAPTERS_MOST || (at < adapters->count && strcmp(adapters->list[at].address, address) == 0))
        return;
    if (adapters->count < CARNET_ADAPTERS_MOST)
        adapters->count++;
    for (unsigned i = adapters->count - 1; i > at; i--)
        adapters->list[i] = adapters->list[i - 1];
    memcpy(adapters->list[at].address, address, ADDRESS_SIZE);
    (void)snprintf(adapters->list[at].source, sizeof adapters->list[at].source, "%s", source);
}

static bool look(void *context, const char *folder, const char *name)
{
    static const char devices[] = "/sys/devices/", virtuals[] = "/sys/devices/virtual/";
    struct adapters *adapters = context;
    char path[CARNET_SOURCE_PATH_SIZE], interface[CARNET_SOURCE_PATH_SIZE], source[CARNET_SOURCE_PATH_SIZE];
    char address[ADDRESS_SIZE];

    if (!carnet_source_join(path, folder, name) || carnet_source_resolve(path, interface) != CARNET_FACT_PRESENT ||
        strncmp(interface, devices, sizeof devices - 1) != 0 || strncmp(interface, virtuals, sizeof virtuals - 1) == 0)
        return true;
    /* Without a device it is made by software; with a physfn it is a share of another adapter. */
    if (!carnet_source_join(path, interface, "device") || !carnet_source_exists(path) ||
        !carnet_source_join(path, interface, "device/physfn") || carnet_source_exists(path))
        return true;
    /* 1: Ethernet and what looks like it. */
    if (!attribute_is(interface, "type", "1"))
        return true;
    enum carnet_fact_presence presence = permanent_address(interface, address, source);
    if (presence == CARNET_FACT_MISSING || is_removable(interface))
        return true;
    if (presence == CARNET_FACT_PRESENT) {
        keep(adapters, address, source);
    } else {
        adapters->unreadable = true;
        memcpy(adapters->unreadable_source, source, sizeof source);
    }
    return true;
}

void carnet_machine_read_adapters(struct carnet_machine *machine)
{
    struct adapters adapters = {0};
    enum carnet_fact_presence presence = carnet_source_each(NET, look, &adapters);
    carnet_machine_lacks(machine, CARNET_FACT_ADAPTER, presence, NET);
    for (unsigned i = 0; i < adapters.count; i++)
        (void)carnet_machine_add(machine, CARNET_FACT_ADAPTER, adapters.list[i].address, adapters.list[i].source);
    if (adapters.unreadable)
        carnet_machine_lacks(machine, CARNET_FACT_ADAPTER, CARNET_FACT_UNREADABLE, adapters.unreadable_source);
}

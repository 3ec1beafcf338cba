/* SPDX-License-Identifier: MIT */
/* Lines of made-up machines (tests/machines/README.md) for network adapters. */
#ifndef CARNET_TESTS_ADAPTERS_H
#define CARNET_TESTS_ADAPTERS_H

#define NET(name, device, address, assign) \
    "link /sys/class/net/" name " ../../devices/" device "/net/" name "\n" \
    "file /sys/devices/" device "/net/" name "/address " address "\\n\n" \
    "file /sys/devices/" device "/net/" name "/addr_assign_type " assign "\\n\n" \
    "file /sys/devices/" device "/net/" name "/type 1\\n\n"
#define NET_DEVICE(name, device, address, assign) \
    NET(name, device, address, assign) "link /sys/devices/" device "/net/" name "/device ../../.\n"

#endif

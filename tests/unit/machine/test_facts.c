/* SPDX-License-Identifier: MIT */
/* What machines say of themselves: values, changes that must and must not matter, sources that are odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "../../machines/sysroot.h"
#include "machine/machine.h"
#include "rules/match.h"

#define NOBODY 65534

static const struct carnet_digest vendor = {{0x11, 0x22, 0x33}};
static const uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0x44, 0x55, 0x66};

/* All values as lines "name=value", and what virtual machine and container were seen. */
static void describe(const struct carnet_machine *machine, char *out, size_t room)
{
    size_t length = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < machine->count; i++)
        length += (size_t)snprintf(out + length, room - length, "%s=%s\n", carnet_fact_name(machine->values[i].name),
                                   machine->values[i].value);
    (void)snprintf(out + length, room - length, "virtual=%s container=%s\n", machine->virtual_system,
                   machine->container_system);
}

/* ---- whole machines ---- */

static const struct whole {
    const char *machine, *values;
} wholes[] = {
    {"laptop", "machine-id=9f86d081884c7d659a2feaa0c55ad015\n"
               "system-uuid=4c4c4544-0043-5a10-8057-b7c04f595931\n"
               "board-serial=L1HF92B01XY\n"
               "disk=eui.0025385991b1a2c3\n"
               "adapter=04:ea:56:20:30:40\n"
               "adapter=8c:16:45:aa:bb:01\n"
               "cpu=GenuineIntel/6/142/11/Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz\n"
               "host=halle3-messplatz\n"
               "os=debian\n"
               "virtual=none container=none\n"},
    {"server", "machine-id=1b2c3d4e5f60718293a4b5c6d7e8f901\n"
               "system-uuid=00000000-0000-0000-0000-ac1f6bd01234\n"
               "board-serial=OM19CS012345\n"
               "disk=naa.5000c500a1b2c3d4\n"
               "disk=t10.ATA ST2000NM0055-1V4104 ZC20ABCD\n"
               "adapter=ac:1f:6b:d0:12:34\n"
               "adapter=ac:1f:6b:d0:12:35\n"
               "cpu=AuthenticAMD/25/1/1/AMD EPYC 7313 16-Core Processor\n"
               "host=build01.example.com\n"
               "os=rhel\n"
               "virtual=none container=none\n"},
    {"nas", "machine-id=00112233445566778899aabbccddeeff\n"
            "disk=WD-WCC7K1234567\n"
            "disk=naa.50014ee2b1234567\n"
            "adapter=00:11:32:c0:ff:ee\n"
            "cpu=GenuineIntel/6/122/8/Intel(R) Celeron(R) J4125 CPU @ 2.00GHz\n"
            "host=nas\n"
            "os=opensuse-leap\n"
            "virtual=none container=none\n"},
    {"board", "machine-id=abcdef0123456789abcdef0123456789\n"
              "board-serial=10000000abcd1234\n"
              "disk=03534453433136478012345678015100\n"
              "adapter=dc:a6:32:01:02:03\n"
              "cpu=0x41/8/0xd08/3.0x0/\n"
              "host=plc2\n"
              "os=raspbian\n"
              "virtual=none container=none\n"},
    {"guest", "machine-id=5d41402abc4b2a76b9719d911017c592\n"
              "system-uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8\n"
              "disk=e9f8a7b6-0000-4111-8222-333344445555\n"
              "adapter=52:54:00:12:34:56\n"
              "cpu=GenuineIntel/6/85/6/Intel Xeon Processor (Cascadelake)\n"
              "host=guest\n"
              "os=ubuntu\n"
              "virtual=qemu container=none\n"},
};

static void test_whole_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        char root[64], values[8192];
        struct carnet_machine machine;
        sysroot_new(root);
        sysroot_make(root, wholes[i].machine);
        assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
        describe(&machine, values, sizeof values);
        assert_string_equal(values, wholes[i].values);
        sysroot_remove(root);
    }
}

/* The shell's maker and the one of these tests agree, so that the tests of the programs use the same machines. */
static void test_makers_agree(void **state)
{
    (void)state;
    char root[64], other[80], command[512];
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        sysroot_new(root);
        (void)snprintf(other, sizeof other, "%s/c", root);
        assert_int_equal(mkdir(other, 0755), 0);
        sysroot_make(other, wholes[i].machine);
        (void)snprintf(command, sizeof command, "%s/make.sh %s %s/sh && diff -r --no-dereference %s/sh %s",
                       SYSROOT_MACHINES, wholes[i].machine, root, root, other);
        assert_int_equal(system(command), 0);
        sysroot_remove(root);
    }
}

/* ---- changes ---- */

#define NET(name, device, address, assign) \
    "link /sys/class/net/" name " ../../devices/" device "/net/" name "\n" \
    "file /sys/devices/" device "/net/" name "/address " address "\\n\n" \
    "file /sys/devices/" device "/net/" name "/addr_assign_type " assign "\\n\n" \
    "file /sys/devices/" device "/net/" name "/type 1\\n\n"
#define NET_DEVICE(name, device, address, assign) \
    NET(name, device, address, assign) "link /sys/devices/" device "/net/" name "/device ../../.\n"
#define PCI "pci0000:00/"
#define NVME "/sys/devices/pci0000:00/0000:00:1d.4/0000:3d:00.0/nvme/nvme0/nvme0n1"
#define WIRED "/sys/devices/pci0000:00/0000:00:1f.6/net/enp0s31f6"
#define SDA "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
#define SDB "/sys/devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0"

/* One letter a fact, in the order of the table (machine-id system-uuid tpm board-serial disk adapter cpu host os):
 * m matches, c changed, - missing, u unreadable, . not held. */
static const struct change {
    const char *what, *machine, *lines;
    bool nobody;
    const char *verdicts;
    unsigned percent;
    bool matches;
} changes[] = {
    {"nothing", "laptop", "", false, "mm.mmmmmm", 100, true},
    {"dock with an adapter on USB", "laptop",
     NET_DEVICE("enx00e04c680001", PCI "0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0", "00:e0:4c:68:00:01", "0"), false,
     "mm.mmmmmm", 100, true},
    {"dock on Thunderbolt", "laptop",
     NET_DEVICE("enp11s0", PCI "0000:00:07.0/0000:05:00.0/0000:06:01.0/0000:0b:00.0", "64:4b:f0:11:22:33",
                "0") "file /sys/devices/pci0000:00/0000:00:07.0/0000:05:00.0/removable removable\\n",
     false, "mm.mmmmmm", 100, true},
    {"VPN", "laptop", NET("tun0", "virtual", "00:00:00:00:00:00", "0"), false, "mm.mmmmmm", 100, true},
    {"docker's bridge and its ends", "laptop",
     NET("docker0", "virtual", "02:42:ac:11:00:01", "1") NET("veth1a2b3c4", "virtual", "9e:09:f2:57:bc:94", "1"), false,
     "mm.mmmmmm", 100, true},
    {"adapter on USB alone, own one gone", "laptop",
     "remove /sys/class/net/enp0s31f6\nremove /sys/class/net/wlp0s20f3\n" NET_DEVICE(
         "eth5", PCI "0000:00:14.0/usb1/1-2/1-2:1.0", "00:e0:4c:68:00:02", "0"),
     false, "mm.mm-mmm", 86, true},
    {"radio gone, wire there", "laptop", "remove /sys/class/net/wlp0s20f3", false, "mm.mmmmmm", 100, true},
    {"address of the wire set by hand", "laptop",
     "file " WIRED "/address 02:11:22:33:44:66\\n\nfile " WIRED "/addr_assign_type 3\\n", false, "mm.mmmmmm", 100,
     true},
    {"other main board adapter and radio", "laptop",
     "file " WIRED "/address 8c:16:45:00:00:99\\n\nfile "
     "/sys/devices/pci0000:00/0000:00:14.3/ieee80211/phy0/macaddress 04:ea:56:00:00:99\\n",
     false, "mm.mmcmmm", 86, true},
    {"bond", "laptop",
     NET("bond0", "virtual", "8c:16:45:aa:bb:01", "1") "file " WIRED "/bonding_slave/perm_hwaddr 8c:16:45:aa:bb:01\\n"
                                                       "\nfile " WIRED "/addr_assign_type 3\\n\nfile " WIRED
                                                       "/address 04:ea:56:20:30:40\\n",
     false, "mm.mmmmmm", 100, true},
    {"renamed host", "laptop", "file /proc/sys/kernel/hostname halle4\\n", false, "mm.mmmmcm", 95, true},
    {"host in capitals", "laptop", "file /proc/sys/kernel/hostname HALLE3-MESSPLATZ\\n", false, "mm.mmmmmm", 100, true},
    {"new disk", "laptop", "file " NVME "/wwid eui.0025385991ffffff\\n", false, "mm.mcmmmm", 81, true},
    {"disk moved to another slot", "laptop",
     "link /sys/dev/block/259:2 ../../devices/pci0000:00/0000:00:1b.0/nvme1n1/nvme1n1p2\n"
     "file /sys/devices/pci0000:00/0000:00:1b.0/nvme1n1/nvme1n1p2/partition 2\\n\n"
     "file /sys/devices/pci0000:00/0000:00:1b.0/nvme1n1/wwid eui.0025385991b1a2c3\\n",
     false, "mm.mmmmmm", 100, true},
    {"disk under / unpartitioned", "laptop",
     "remove " NVME "/nvme0n1p2/partition\nfile " NVME "/nvme0n1p2/wwid "
     "eui.0025385991b1a2c3\\n",
     false, "mm.mmmmmm", 100, true},
    {"USB disk plugged in", "laptop",
     "link /sys/class/block/sdz ../../devices/pci0000:00/0000:00:14.0/usb2/2-3/host6/block/sdz\n"
     "file /sys/devices/pci0000:00/0000:00:14.0/usb2/2-3/host6/block/sdz/device/wwid naa.1\\n",
     false, "mm.mmmmmm", 100, true},
    {"reinstalled: new machine-id, same machine", "laptop", "file /etc/machine-id 11111111222222223333333344444444\\n",
     false, "cm.mmmmmm", 72, true},
    {"OS upgrade", "laptop", "file /etc/os-release VERSION_ID=\"13\"\\nID=debian\\n", false, "mm.mmmmmm", 100, true},
    {"another OS", "laptop",
     "file /etc/os-release ID=fedora\\n\nfile /etc/machine-id 11111111222222223333333344444444\\n\n"
     "file /proc/sys/kernel/hostname fedora\\n",
     false, "cm.mmmmcc", 63, true},
    {"processor's clock, microcode and cores", "laptop",
     "file /proc/cpuinfo processor\\t: 0\\nvendor_id\\t: GenuineIntel\\ncpu family\\t: 6\\nmodel\\t\\t: 142\\nmodel "
     "name\\t: Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz\\nstepping\\t: 11\\nmicrocode\\t: 0xf0\\ncpu MHz\\t\\t: "
     "3900.000\\ncpu cores\\t: 2\\n\\n",
     false, "mm.mmmmmm", 100, true},
    {"another processor", "laptop",
     "file /proc/cpuinfo processor\\t: 0\\nvendor_id\\t: GenuineIntel\\ncpu family\\t: 6\\nmodel\\t\\t: 158\\nmodel "
     "name\\t: Intel(R) Core(TM) i9\\nstepping\\t: 10\\n\\n",
     false, "mm.mmmcmm", 95, true},
    {"BIOS reset to fillers", "laptop",
     "file /sys/class/dmi/id/board_serial Default string\\n\n"
     "file /sys/class/dmi/id/product_uuid FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\\n",
     false, "m-.-mmmmm", 72, true},
    {"new main board", "laptop",
     "file /sys/class/dmi/id/board_serial L1HF00000ZZ\\n\n"
     "file /sys/class/dmi/id/product_uuid 4C4C4544-0000-0000-8057-B7C04F595931\\n\nfile " WIRED
     "/address 8c:16:45:00:00:99\\n",
     false, "mc.cmmmmm", 72, true},
    {"system's disk in another machine of the kind", "laptop",
     "file /sys/class/dmi/id/board_serial L1HF00000ZZ\\n\n"
     "file /sys/class/dmi/id/product_uuid 4C4C4544-0000-0000-8057-B7C04F595931\\n\nfile " WIRED
     "/address 8c:16:45:00:00:99\\n\nfile "
     "/sys/devices/pci0000:00/0000:00:14.3/ieee80211/phy0/macaddress 04:ea:56:00:00:99\\n\n"
     "file " NVME "/wwid eui.0025385991ffffff\\n",
     false, "mc.cccmmm", 40, false},
    {"another machine", "server", "include laptop\nremove /sys/devices/pci0000:40\n", false, "cc.cccccc", 0, false},
    {"no sudo: firmware's numbers unreadable", "laptop",
     "mode /sys/class/dmi/id/product_uuid 0000\nmode /sys/class/dmi/id/board_serial 0000", true, "mu.ummmmm", 100,
     true},
    {"no sudo, and new disk", "laptop",
     "mode /sys/class/dmi/id/product_uuid 0000\nmode /sys/class/dmi/id/board_serial 0000\nfile " NVME
     "/wwid eui.0025385991ffffff\\n",
     true, "mu.ucmmmm", 75, true},
    {"disk's number unreadable, its UUID is not taken instead", "laptop", "mode " NVME "/wwid 0000", true, "mm.mummmm",
     100, true},
    {"address unreadable, the other one matches", "laptop", "mode " WIRED "/address 0000", true, "mm.mmmmmm", 100,
     true},
    {"all addresses unreadable", "laptop",
     "mode " WIRED "/address 0000\nmode "
     "/sys/devices/pci0000:00/0000:00:14.3/ieee80211/phy0/macaddress 0000",
     true, "mm.mmummm", 100, true},
    {"too much unreadable", "laptop", "mode /etc/machine-id 0000\nmode /sys/class/dmi/id 0000\nmode " NVME "/wwid 0000",
     true, "uu.uummmm", 100, false},
    {"RAID lost one disk", "server", "remove /sys/devices/virtual/block/md127/slaves/sda2", false, "mm.mmmmmm", 100,
     true},
    {"RAID with one new disk", "server", "file " SDA "/wwid naa.5000c500ffffffff\\n", false, "mm.mmmmmm", 100, true},
    {"RAID with both disks new", "server",
     "file " SDA "/wwid naa.5000c500ffffffff\\n\nfile " SDB "/wwid naa.5000c500fffffffe\\n", false, "mm.mcmmmm", 81,
     true},
    {"logical volume grown on a third disk", "server",
     "link /sys/devices/virtual/block/dm-1/slaves/sdc "
     "../../../../pci0000:00/0000:00:17.0/ata3/block/sdc\n"
     "file /sys/devices/pci0000:00/0000:00:17.0/ata3/block/sdc/device/wwid naa.5000c500cccccccc\\n",
     false, "mm.mmmmmm", 100, true},
    {"bond leads with the other adapter", "server",
     "file /sys/devices/pci0000:40/0000:41:00.0/net/eno1/address ac:1f:6b:d0:12:35\\n", false, "mm.mmmmmm", 100, true},
    {"btrfs mounted from its other disk", "nas", "file /proc/self/mountinfo 26 1 0:31 /@ / rw - btrfs /dev/sda2 rw\\n",
     false, "m...mmmmm", 100, true},
    {"fillers mended by the maker: more than is held", "nas", "file /sys/class/dmi/id/board_serial T80-99A1\\n", false,
     "m...mmmmm", 100, true},
    {"file system made anew", "guest",
     "remove /dev/disk/by-uuid/e9f8a7b6-0000-4111-8222-333344445555\n"
     "link /dev/disk/by-uuid/aaaaaaaa-0000-4111-8222-333344445555 ../../vda1",
     false, "mm..cmmmm", 80, true},
    {"cloned virtual machine", "guest",
     "file /sys/class/dmi/id/product_uuid 6ba7b811-9dad-11d1-80b4-00c04fd430c8\\n\n"
     "file /sys/devices/pci0000:00/0000:00:03.0/virtio0/net/ens3/address 52:54:00:99:99:99\\n\n"
     "file /etc/machine-id 77777777666666665555555544444444\\n",
     false, "cc..mcmmm", 35, false},
    {"card changed in the board", "board",
     "file /sys/devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/cid 03534453433136478099999999015100\\n",
     false, "m..mcmmmm", 77, true},
    {"a huge file instead of the machine-id", "laptop", "big /etc/machine-id 3000000", false, "-m.mmmmmm", 72, true},
    {"a binary file instead of the serial", "laptop", "file /sys/class/dmi/id/board_serial \\0001\\0377\\0002\\0000x",
     false, "mm.-mmmmm", 90, true},
    {"a FIFO instead of the host name", "laptop", "fifo /proc/sys/kernel/hostname", false, "mm.mmmm-m", 95, true},
    {"a folder instead of os-release", "laptop", "remove /etc/os-release\ndir /etc/os-release", false, "mm.mmmmm-", 95,
     true},
    {"a huge mount table and processor list", "laptop", "big /proc/self/mountinfo 9000000\nbig /proc/cpuinfo 9000000",
     false, "mm.m-m-mm", 77, true},
    {"links in a circle", "laptop",
     "link /sys/devices/virtual/block/dm-0/slaves/dm-1 ../../dm-1\n"
     "link /sys/devices/virtual/block/dm-1/slaves/dm-0 ../../dm-0\n"
     "link /sys/dev/block/259:2 ../../devices/virtual/block/dm-0\nlink /etc/machine-id machine-id",
     false, "-m.m-mmmm", 54, false},
    {"nothing at all", "laptop", "remove /sys\nremove /proc\nremove /etc\nremove /dev", false, "--.------", 0, false},
};

struct outcome {
    enum carnet_err err;
    struct carnet_machine_facts facts;
};

static struct outcome read_here(void)
{
    struct outcome outcome = {0};
    struct carnet_machine *machine = calloc(1, sizeof *machine);
    assert_non_null(machine);
    outcome.err = carnet_machine_read(machine, NULL);
    if (outcome.err == CARNET_OK)
        outcome.err = carnet_machine_facts(machine, &vendor, secret, &outcome.facts);
    free(machine);
    return outcome;
}

/* Reads as a user without privileges, in a child. */
static struct outcome read_as_nobody(void)
{
    struct outcome outcome = {.err = CARNET_BUG};
    int ends[2], status = -1;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(9);
        outcome = read_here();
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 8);
    }
    (void)close(ends[1]);
    size_t have = 0;
    ssize_t got = 1;
    while (have < sizeof outcome && (got = read(ends[0], (char *)&outcome + have, sizeof outcome - have)) > 0)
        have += (size_t)got;
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(have, sizeof outcome);
    return outcome;
}

static void test_changes(void **state)
{
    (void)state;
    static const char letters[] = {[CARNET_FACT_NOT_HELD] = '.',
                                   [CARNET_FACT_MATCHES] = 'm',
                                   [CARNET_FACT_CHANGED] = 'c',
                                   [CARNET_FACT_IS_MISSING] = '-',
                                   [CARNET_FACT_IS_UNREADABLE] = 'u'};
    struct carnet_matching matching = {.threshold = CARNET_THRESHOLD_DEFAULT};
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *change = &changes[i];
        char root[64], line[256], expected[256], verdicts[CARNET_FACT_COUNT + 1] = "";
        struct carnet_match match;
        sysroot_new(root);
        sysroot_make(root, change->machine);
        struct outcome before = read_here();
        assert_int_equal(before.err, CARNET_OK);
        sysroot_apply(root, change->lines);
        struct outcome after = change->nobody ? read_as_nobody() : read_here();
        assert_int_equal(after.err, CARNET_OK);
        carnet_match(&before.facts.facts, &matching, &after.facts, &match);
        for (unsigned j = 0; j < CARNET_FACT_COUNT; j++)
            verdicts[j] = letters[match.verdict[j]];
        (void)snprintf(line, sizeof line, "%s: %s %u %d", change->what, verdicts, match.percent, match.matches);
        (void)snprintf(expected, sizeof expected, "%s: %s %u %d", change->what, change->verdicts, change->percent,
                       change->matches);
        assert_string_equal(line, expected);
        sysroot_remove(root);
    }
}

/* ---- one source at a time ---- */

/* So long that the line is read in two pieces, the second of which looks like a mount. */
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define LONG \
    X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 \
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
        "xxxxxxxxxx" X16 X16 X16 X16 "xxxxxxx"

static const struct single {
    const char *what, *lines, *values;
} singles[] = {
    {"empty root", "", "virtual=none container=none\n"},
    {"machine-id: fillers and damage", "file /etc/machine-id 00000000000000000000000000000000\\n",
     "virtual=none container=none\n"},
    {"machine-id: not yet", "file /etc/machine-id uninitialized\\n", "virtual=none container=none\n"},
    {"machine-id: one digit short", "file /etc/machine-id 9f86d081884c7d659a2feaa0c55ad01\\n",
     "virtual=none container=none\n"},
    {"machine-id: shared by design", "file /etc/machine-id b08dfa6083e7567a1921a715000001fb\\n",
     "virtual=none container=none\n"},
    {"machine-id: capitals, no line end", "file /etc/machine-id 9F86D081884C7D659A2FEAA0C55AD015",
     "machine-id=9f86d081884c7d659a2feaa0c55ad015\nvirtual=none container=none\n"},
    {"uuid: no UUID", "file /sys/class/dmi/id/product_uuid Not Settable\\n", "virtual=none container=none\n"},
    {"uuid: of Xen",
     "file /sys/hypervisor/uuid 7a1b9b0c-2f4e-4d3c-9a8b-7c6d5e4f3a2b\\n\n"
     "file /sys/hypervisor/type xen\\n",
     "system-uuid=7a1b9b0c-2f4e-4d3c-9a8b-7c6d5e4f3a2b\nvirtual=xen container=none\n"},
    {"Xen's control domain", "file /sys/hypervisor/type xen\\n\nfile /proc/xen/capabilities control_d\\n",
     "virtual=none container=none\n"},
    {"serial: fillers", "file /sys/class/dmi/id/board_serial Default string\\n", "virtual=none container=none\n"},
    {"serial: all alike", "file /sys/class/dmi/id/board_serial 0000-0000-00\\n", "virtual=none container=none\n"},
    {"serial: dots", "file /sys/class/dmi/id/board_serial ......\\n", "virtual=none container=none\n"},
    {"serial: counting", "file /sys/class/dmi/id/board_serial 0123456789\\n", "virtual=none container=none\n"},
    {"serial: filler in firmware, number in device tree",
     "file /sys/class/dmi/id/board_serial None\\n\nfile /sys/firmware/devicetree/base/serial-number F4K31\\0000",
     "board-serial=F4K31\nvirtual=none container=none\n"},
    {"serial: white space", "file /sys/class/dmi/id/board_serial   AB \\t 12  \\n",
     "board-serial=AB 12\nvirtual=none container=none\n"},
    {"serial: not UTF-8", "file /sys/class/dmi/id/board_serial AB\\0377CD\\n", "virtual=none container=none\n"},
    {"host: fillers", "file /proc/sys/kernel/hostname localhost\\n", "virtual=none container=none\n"},
    {"host: none yet, file has it", "file /proc/sys/kernel/hostname (none)\\n\nfile /etc/hostname pc7\\n",
     "host=pc7\nvirtual=none container=none\n"},
    {"os: no ID", "file /etc/os-release NAME=x\\nVERSION_ID=1\\n", "virtual=none container=none\n"},
    {"os: not an ID", "file /etc/os-release ID=a b\\n", "virtual=none container=none\n"},
    {"cpu: PowerPC",
     "file /proc/cpuinfo processor\\t: 0\\ncpu\\t\\t: POWER9, altivec supported\\nrevision\\t: 2.2 "
     "(pvr 004e 1202)\\n\\n",
     "cpu=///2.2 (pvr 004e 1202)/POWER9, altivec supported\nvirtual=none container=none\n"},
    {"cpu: nothing in it", "file /proc/cpuinfo hello\\n", "virtual=none container=none\n"},
    {"tpm 1.2",
     "file /sys/class/tpm/tpm0/device/pubek Algorithm: 00 00 00 01\\nModulus length: 256\\nModulus:\\n"
     "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\\n10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F\\n"
     "20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F\\n30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F\\n",
     /* sha256sum of the bytes 0 to 63 */
     "tpm=fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108\nvirtual=none container=none\n"},
    {"tpm: damage", "file /sys/class/tpm/tpm0/pubek Modulus:\\n00 01 zz\\n", "virtual=none container=none\n"},
    {"tpm: too short", "file /sys/class/tpm/tpm0/pubek Modulus:\\n00 01\\n", "virtual=none container=none\n"},
    {"disk: no mount on /", "file /proc/self/mountinfo 21 26 8:1 / /boot rw - ext4 /dev/sda1 rw\\n",
     "virtual=none container=none\n"},
    {"disk: overlay of a container",
     "file /proc/self/mountinfo 21 26 0:55 / / rw - overlay overlay rw\\n\n"
     "file /run/.containerenv engine=podman",
     "virtual=none container=podman\n"},
    {"disk: line without an end", "file /proc/self/mountinfo 21 26 8:1 / / rw", "virtual=none container=none\n"},
    {"disk: the last mount on / counts",
     "file /proc/self/mountinfo 1 1 8:1 / / rw - ext4 /dev/a rw\\n2 1 8:2 / / rw - ext4 /dev/b rw\\n\n"
     "link /sys/dev/block/8:1 ../../devices/x/sda\nfile /sys/devices/x/sda/serial FIRST1\n"
     "link /sys/dev/block/8:2 ../../devices/x/sdb\nfile /sys/devices/x/sdb/serial SECOND2",
     "disk=SECOND2\nvirtual=none container=none\n"},
    {"disk: QEMU's number is no number",
     "file /proc/self/mountinfo 1 1 8:0 / / rw - ext4 /dev/sda rw\\n\nlink /sys/dev/block/8:0 ../../devices/x/sda\n"
     "file /sys/devices/x/sda/device/wwid t10.ATA     QEMU HARDDISK                           QM00001 \\n\n"
     "link /dev/disk/by-uuid/5555-AAAA ../../sda",
     "disk=5555-AAAA\nvirtual=none container=none\n"},
    {"disk: mapper without links",
     "file /proc/self/mountinfo 1 1 0:40 / / rw - btrfs /dev/mapper/my\\\\040root rw\\n\n"
     "link /sys/class/block/dm-3 ../../devices/virtual/block/dm-3\n"
     "file /sys/devices/virtual/block/dm-3/dm/name my root\\n\n"
     "link /sys/devices/virtual/block/dm-3/slaves/sda ../../../../x/sda\nfile /sys/devices/x/sda/serial S1N2\n",
     "disk=S1N2\nvirtual=none container=none\n"},
    {"disk: btrfs without numbers gives its own UUID",
     "file /proc/self/mountinfo 1 1 0:40 / / rw - btrfs /dev/vda rw\\n\n"
     "link /sys/class/block/vda ../../devices/x/vda\ndir /sys/devices/x/vda\n"
     "link /sys/fs/btrfs/12121212-aaaa-4bbb-8ccc-343434343434/devices/vda ../../../../devices/x/vda",
     "disk=12121212-aaaa-4bbb-8ccc-343434343434\nvirtual=none container=none\n"},
    {"disk: link out of sysfs",
     "file /proc/self/mountinfo 1 1 8:0 / / rw - ext4 /dev/sda rw\\n\nlink /sys/dev/block/8:0 "
     "../../../../../../etc\nfile /etc/serial EVIL99",
     "virtual=none container=none\n"},
    {"disk: words like a mount in an overlong line",
     "file /proc/self/mountinfo 1 1 8:1 / / rw - ext4 /dev/a rw\\n2 1 0:9 / /x rw - overlay overlay " LONG
     " 3 1 8:2 / / rw - ext4 /dev/b rw\\n\n"
     "link /sys/dev/block/8:1 ../../devices/x/sda\nfile /sys/devices/x/sda/serial FIRST1\n"
     "link /sys/dev/block/8:2 ../../devices/x/sdb\nfile /sys/devices/x/sdb/serial SECOND2",
     "disk=FIRST1\nvirtual=none container=none\n"},
    {"disk: what is stacked has a number too, and is not the disk",
     "file /proc/self/mountinfo 1 1 9:1 / / rw - ext4 /dev/md1 rw\\n\n"
     "link /sys/dev/block/9:1 ../../devices/virtual/md1\nfile /sys/devices/virtual/md1/serial STACK1\n"
     "link /sys/devices/virtual/md1/slaves/sda ../../../x/sda\nfile /sys/devices/x/sda/serial FIRST1\n"
     "dir /sys/devices/x/sda/slaves",
     "disk=FIRST1\nvirtual=none container=none\n"},
    {"disk: of two UUIDs the first in order",
     "file /proc/self/mountinfo 1 1 8:0 / / rw - ext4 /dev/sda rw\\n\nlink /sys/dev/block/8:0 ../../devices/x/sda\n"
     "dir /sys/devices/x/sda\nlink /dev/disk/by-uuid/bbbb-1 ../../sda\nlink /dev/disk/by-uuid/aaaa-1 ../../sda\n"
     "link /dev/disk/by-uuid/cccc-1 ../../sda",
     "disk=aaaa-1\nvirtual=none container=none\n"},
    {"adapter: on USB", NET_DEVICE("eth0", "pci0/0000:00:14.0/usb2/2-1/2-1:1.0", "ac:1f:6b:00:00:01", "0"),
     "virtual=none container=none\n"},
    {"adapter: in what can be taken off",
     NET_DEVICE("eth0", "pci0/0000:05:00.0/0000:06:00.0", "ac:1f:6b:00:00:01",
                "0") "file /sys/devices/pci0/0000:05:00.0/removable removable\\n",
     "virtual=none container=none\n"},
    {"adapter: in what can't be taken off",
     NET_DEVICE("eth0", "pci0/0000:05:00.0/0000:06:00.0", "ac:1f:6b:00:00:01",
                "0") "file /sys/devices/pci0/0000:05:00.0/removable fixed\\n",
     "adapter=ac:1f:6b:00:00:01\nvirtual=none container=none\n"},
    {"adapter: VPN, docker and a pair's end",
     NET("tun0", "virtual", "ac:1f:6b:00:00:02", "0") NET_DEVICE("docker0", "virtual", "ac:1f:6b:00:00:03", "0"),
     "virtual=none container=none\n"},
    {"adapter: group address", NET_DEVICE("eth0", "pci0", "01:00:5e:00:00:01", "0"), "virtual=none container=none\n"},
    {"adapter: filler", NET_DEVICE("eth0", "pci0", "00:11:22:33:44:55", "0"), "virtual=none container=none\n"},
    {"adapter: like bytes", NET_DEVICE("eth0", "pci0", "0a:0a:0a:0a:0a:0a", "0"), "virtual=none container=none\n"},
    {"adapter: drawn at random", NET_DEVICE("eth0", "pci0", "8e:11:22:33:44:66", "1"), "virtual=none container=none\n"},
    {"adapter: local but permanent", NET_DEVICE("eth0", "pci0", "02:fc:00:00:00:01", "0"),
     "adapter=02:fc:00:00:00:01\nvirtual=none container=none\n"},
    {"adapter: InfiniBand",
     NET_DEVICE("ib0", "pci0", "00:00:10:29:fe:80:00:00:00:00:00:00:f4:52:14:03:00:01:02:03", "0"),
     "virtual=none container=none\n"},
    {"adapter: share of another", NET_DEVICE("eth0", "pci0", "ac:1f:6b:00:00:01", "0") "dir /sys/devices/pci0/physfn",
     "virtual=none container=none\n"},
    {"adapter: made by software", NET("eth0", "pci0", "ac:1f:6b:00:00:01", "0"), "virtual=none container=none\n"},
    {"adapter: behind an old Thunderbolt bridge",
     NET_DEVICE("eth0", "pci0/0000:05:00.0/0000:06:00.0", "ac:1f:6b:00:00:01",
                "0") "file /sys/devices/pci0/0000:05:00.0/vendor 0x8086\\n\nfile /sys/devices/pci0/0000:05:00.0/device "
                     "0x1578\\n",
     "virtual=none container=none\n"},
    {"adapter: over a Thunderbolt cable", NET_DEVICE("thunderbolt0", "pci0/domain0/0-0/0-1", "ac:1f:6b:00:00:01", "0"),
     "virtual=none container=none\n"},
    {"virtual: VMware", "file /sys/class/dmi/id/sys_vendor VMware, Inc.\\n", "virtual=vmware container=none\n"},
    {"virtual: VirtualBox", "file /sys/class/dmi/id/product_name VirtualBox\\n", "virtual=virtualbox container=none\n"},
    {"virtual: Hyper-V",
     "file /sys/class/dmi/id/sys_vendor Microsoft Corporation\\n\nfile /sys/class/dmi/id/product_name Virtual "
     "Machine\\n",
     "virtual=hyperv container=none\n"},
    {"virtual: a real machine of that maker",
     "file /sys/class/dmi/id/sys_vendor Microsoft Corporation\\n\nfile /sys/class/dmi/id/product_name Surface Pro\\n",
     "virtual=none container=none\n"},
    {"virtual: cloud",
     "file /sys/class/dmi/id/sys_vendor Amazon EC2\\n\nfile /sys/class/dmi/id/product_name "
     "m5.large\\n",
     "virtual=amazon container=none\n"},
    {"virtual: a whole machine of a cloud",
     "file /sys/class/dmi/id/sys_vendor Amazon EC2\\n\nfile /sys/class/dmi/id/product_name m5.metal\\n",
     "virtual=none container=none\n"},
    {"virtual: by the processor's list alone", "file /proc/cpuinfo processor\\t: 0\\nflags\\t\\t: fpu hypervisor\\n\\n",
     "virtual=vm container=none\n"},
    {"virtual: a flag that only begins like it",
     "file /proc/cpuinfo processor\\t: 0\\nflags\\t\\t: fpu hypervisorx\\n\\n", "virtual=none container=none\n"},
    {"virtual: ARM", "file /sys/firmware/devicetree/base/hypervisor/compatible linux,kvm\\0000",
     "virtual=kvm container=none\n"},
    {"container: systemd's word", "file /run/systemd/container systemd-nspawn\\n\nfile /.dockerenv ",
     "virtual=none container=systemd-nspawn\n"},
    {"container: docker", "file /.dockerenv ", "virtual=none container=docker\n"},
    {"container: first process", "file /proc/1/environ PATH=/bin\\0000container=LXC Libvirt\\0000",
     "virtual=none container=lxc-libvirt\n"},
    {"container: variable of a like name", "file /proc/1/environ mycontainer=lxc\\0000container=\\0000",
     "virtual=none container=none\n"},
    {"container: a word that can't be told", "file /run/systemd/container !!!\\n",
     "virtual=none container=container\n"},
};

static void test_single_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        char root[64], values[8192], line[8400], expected[8400];
        struct carnet_machine machine;
        sysroot_new(root);
        sysroot_apply(root, singles[i].lines);
        assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
        describe(&machine, values, sizeof values);
        (void)snprintf(line, sizeof line, "%s:\n%s", singles[i].what, values);
        (void)snprintf(expected, sizeof expected, "%s:\n%s", singles[i].what, singles[i].values);
        assert_string_equal(line, expected);
        sysroot_remove(root);
    }
}

/* A thousand adapters: the sixteen lowest addresses, in order. */
static void test_thousand_adapters(void **state)
{
    (void)state;
    char root[64], lines[1024];
    struct carnet_machine machine;
    sysroot_new(root);
    for (unsigned i = 0; i < 1000; i++) {
        unsigned mixed = (i * 617u) % 1000u;
        (void)snprintf(lines, sizeof lines,
                       "link /sys/class/net/e%u ../../devices/pci0/net/e%u\n"
                       "file /sys/devices/pci0/net/e%u/address ac:1f:6b:01:%02x:%02x\n"
                       "file /sys/devices/pci0/net/e%u/addr_assign_type 0\nfile /sys/devices/pci0/net/e%u/type 1\n"
                       "dir /sys/devices/pci0/net/e%u/device",
                       i, i, i, mixed / 256u, mixed % 256u, i, i, i);
        sysroot_apply(root, lines);
    }
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_int_equal(machine.count, 16);
    for (unsigned i = 0; i < 16; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "ac:1f:6b:01:00:%02x", i);
        assert_string_equal(machine.values[i].value, address);
        assert_int_equal(machine.values[i].name, CARNET_FACT_ADAPTER);
    }
    sysroot_remove(root);
}

/* Links that leave the made-up machine end inside it. */
static void test_sysroot_is_a_root(void **state)
{
    (void)state;
    char root[64], lines[512];
    struct carnet_machine machine;
    sysroot_new(root);
    (void)snprintf(lines, sizeof lines, "link /etc/machine-id ../../../../../../../../etc/machine-id-of-%s", root + 5);
    sysroot_apply(root, lines);
    sysroot_apply(root, "link /etc/hostname /etc/passwd\nfile /etc/passwd inside");
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_int_equal(machine.count, 1);
    assert_string_equal(machine.values[0].value, "inside");
    sysroot_remove(root);
}

/* Where each fact was looked for is told, also where there is none. */
static void test_sources_are_told(void **state)
{
    (void)state;
    char root[64];
    struct carnet_machine machine;
    sysroot_new(root);
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        assert_int_equal(machine.presence[i], CARNET_FACT_MISSING);
        assert_int_equal(machine.source[i][0], '/');
    }
    assert_string_equal(machine.source[CARNET_FACT_MACHINE_ID], "/etc/machine-id");
    assert_string_equal(machine.source[CARNET_FACT_DISK], "/proc/self/mountinfo");
    sysroot_make(root, "laptop");
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_string_equal(machine.source[CARNET_FACT_DISK],
                        "/sys/devices/pci0000:00/0000:00:1d.4/0000:3d:00.0/nvme/nvme0/nvme0n1/wwid");
    assert_string_equal(machine.source[CARNET_FACT_SYSTEM_UUID], "/sys/class/dmi/id/product_uuid");
    sysroot_remove(root);
}

/* This very machine, whatever it is, can be read. */
static void test_real_machine(void **state)
{
    (void)state;
    struct carnet_machine machine;
    (void)unsetenv("CARNET_SYSROOT");
    assert_string_equal(carnet_machine_root(), "");
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_int_equal(machine.presence[CARNET_FACT_CPU], CARNET_FACT_PRESENT);
    assert_true(machine.virtual_system[0] != '\0' && machine.container_system[0] != '\0');
    for (uint32_t i = 1; i < machine.count; i++)
        assert_true(machine.values[i - 1].name <= machine.values[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_machines),    cmocka_unit_test(test_makers_agree),
        cmocka_unit_test(test_changes),           cmocka_unit_test(test_single_sources),
        cmocka_unit_test(test_thousand_adapters), cmocka_unit_test(test_sysroot_is_a_root),
        cmocka_unit_test(test_sources_are_told),  cmocka_unit_test(test_real_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

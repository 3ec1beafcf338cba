/* SPDX-License-Identifier: MIT */
/* What machines say of themselves: their values, and sources that are odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../machines/sysroot.h"
#include "adapters.h"
#include "machine/machine.h"

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
    {"workstation", "machine-id=77aa52b1c0de4e5f8a6b7c8d9e0f1a2b\n"
                    "system-uuid=5c8f1e20-7a3b-11ec-9d64-04421a0b3c77\n"
                    "tpm=fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108\n"
                    "board-serial=211093847500123\n"
                    "disk=naa.5002538f41a2b3c4\n"
                    "adapter=04:42:1a:0b:3c:77\n"
                    "adapter=04:42:1a:0b:3c:78\n"
                    "cpu=AuthenticAMD/25/33/0/AMD Ryzen 9 5900X 12-Core Processor\n"
                    "host=cad-07\n"
                    "os=ubuntu\n"
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
        cmocka_unit_test(test_single_sources),    cmocka_unit_test(test_thousand_adapters),
        cmocka_unit_test(test_sysroot_is_a_root), cmocka_unit_test(test_sources_are_told),
        cmocka_unit_test(test_real_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

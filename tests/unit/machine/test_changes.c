/* SPDX-License-Identifier: MIT */
/* Changes that happen to machines: which still match, with the numbers (M-3, M-4, M-5, M-8), by the default weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "../../machines/sysroot.h"
#include "adapters.h"
#include "machine/machine.h"
#include "rules/match.h"

#define NOBODY 65534

static const struct carnet_digest vendor = {{0x11, 0x22, 0x33}};
static const uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0x44, 0x55, 0x66};

#define PCI "pci0000:00/"
#define NVME "/sys/devices/pci0000:00/0000:00:1d.4/0000:3d:00.0/nvme/nvme0/nvme0n1"
#define WIRED "/sys/devices/pci0000:00/0000:00:1f.6/net/enp0s31f6"
#define SDA "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
#define SDB "/sys/devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0"
#define ENS3 "/sys/devices/pci0000:00/0000:00:03.0/virtio0/net/ens3"

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
    /* ---- what comes and goes ---- */
    {"memory doubled", "workstation", "file /proc/meminfo MemTotal: 65536000 kB\\n", false, "mmmmmmmmm", 100, true},
    {"adapter on a PCI card added", "workstation", NET_DEVICE("enp9s0", PCI "0000:09:00.0", "68:05:ca:11:22:33", "0"),
     false, "mmmmmmmmm", 100, true},
    {"one of two adapters taken out", "workstation", "remove /sys/class/net/eno2", false, "mmmmmmmmm", 100, true},
    {"both adapters taken out", "workstation", "remove /sys/class/net/eno1\nremove /sys/class/net/eno2", false,
     "mmmmm-mmm", 88, true},
    {"adapters in another order", "workstation",
     "link /sys/class/net/eno1 ../../devices/pci0000:00/0000:06:00.0/net/eno2\n"
     "link /sys/class/net/eno2 ../../devices/pci0000:00/0000:05:00.0/net/eno1",
     false, "mmmmmmmmm", 100, true},
    {"bridge with the wire's address", "workstation", NET("br0", "virtual", "04:42:1a:0b:3c:77", "3"), false,
     "mmmmmmmmm", 100, true},
    {"VLAN, WireGuard and a tap of a virtual machine", "workstation",
     NET("eno1.7", "virtual", "04:42:1a:0b:3c:77", "2") NET("wg0", "virtual", "", "0")
         NET("vnet0", "virtual", "fe:54:00:01:02:03", "3"),
     false, "mmmmmmmmm", 100, true},
    {"shares of an adapter (SR-IOV)", "workstation",
     NET_DEVICE("eno1v0", PCI "0000:05:10.0", "8a:42:1a:0b:3c:99", "0") "link /sys/devices/" PCI
                                                                        "0000:05:10.0/physfn ../0000:05:00.0",
     false, "mmmmmmmmm", 100, true},
    {"modem on USB", "laptop", NET_DEVICE("wwan0", PCI "0000:00:14.0/usb1/1-6/1-6:1.12", "02:1e:10:1f:00:00", "0"),
     false, "mm.mmmmmm", 100, true},
    {"radio draws a new address for each net", "laptop",
     "file /sys/devices/pci0000:00/0000:00:14.3/net/wlp0s20f3/address 7e:01:02:03:04:05\\n", false, "mm.mmmmmm", 100,
     true},
    {"radio card replaced", "laptop",
     "file /sys/devices/pci0000:00/0000:00:14.3/ieee80211/phy0/macaddress 04:ea:56:99:99:99\\n", false, "mm.mmmmmm",
     100, true},
    /* ---- firmware and chips ---- */
    {"BIOS updated", "workstation", "file /sys/class/dmi/id/bios_version 4021\\n", false, "mmmmmmmmm", 100, true},
    {"TPM switched off", "workstation", "remove /sys/class/tpm", false, "mm-mmmmmm", 84, true},
    {"TPM replaced", "workstation",
     "file /sys/class/tpm/tpm0/device/pubek Modulus:\\n"
     "40 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\\n10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F\\n"
     "20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F\\n30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F\\n",
     false, "mmcmmmmmm", 84, true},
    {"main board replaced, TPM on it, disk kept", "workstation",
     "file /sys/class/dmi/id/board_serial 219999999900001\\n\n"
     "file /sys/class/dmi/id/product_uuid 99999999-7a3b-11ec-9d64-04421a990000\\n\nremove /sys/class/tpm\n"
     "file /sys/devices/pci0000:00/0000:05:00.0/net/eno1/address 04:42:1a:99:00:01\\n\n"
     "file /sys/devices/pci0000:00/0000:06:00.0/net/eno2/address 04:42:1a:99:00:02\\n",
     false, "mc-cmcmmm", 50, false},
    /* ---- disks ---- */
    {"volume moved to the machine's other disk", "workstation",
     "remove /sys/devices/virtual/block/dm-0/slaves/sda3\n"
     "link /sys/devices/virtual/block/dm-0/slaves/sdb ../../../../pci0000:00/0000:01:00.1/ata2/block/sdb",
     false, "mmmmcmmmm", 84, true},
    {"volume moved to a new disk, step by step: both are under it", "workstation",
     "link /sys/devices/virtual/block/dm-0/slaves/sdb ../../../../pci0000:00/0000:01:00.1/ata2/block/sdb", false,
     "mmmmmmmmm", 100, true},
    {"disk encrypted in place", "laptop",
     "file /proc/self/mountinfo 26 1 253:0 / / rw - ext4 /dev/mapper/cr rw\\n\n"
     "link /sys/dev/block/253:0 ../../devices/virtual/block/dm-0\n"
     "link /sys/devices/virtual/block/dm-0/slaves/nvme0n1p2 "
     "../../../../pci0000:00/0000:00:1d.4/0000:3d:00.0/nvme/nvme0/nvme0n1/nvme0n1p2",
     false, "mm.mmmmmm", 100, true},
    {"system moved to another partition of the disk", "laptop",
     "file /proc/self/mountinfo 26 1 259:3 / / rw - ext4 /dev/nvme0n1p3 rw\\n\n"
     "link /sys/dev/block/259:3 ../../devices/pci0000:00/0000:00:1d.4/0000:3d:00.0/nvme/nvme0/nvme0n1/nvme0n1p3\n"
     "file " NVME "/nvme0n1p3/partition 3\\n",
     false, "mm.mmmmmm", 100, true},
    {"system started from a stick", "laptop",
     "file /proc/self/mountinfo 26 1 8:17 / / rw - ext4 /dev/sdb1 rw\\n\n"
     "link /sys/dev/block/8:17 ../../devices/pci0000:00/0000:00:14.0/usb2/2-3/host6/block/sdb\n"
     "file /sys/devices/pci0000:00/0000:00:14.0/usb2/2-3/host6/block/sdb/serial 4C530001\\n\n"
     "file /etc/machine-id 22222222222222223333333344444444\\n\nfile /proc/sys/kernel/hostname live\\n",
     false, "cm.mcmmcm", 50, false},
    {"/ comes over the network", "laptop", "file /proc/self/mountinfo 26 1 0:50 / / rw - nfs4 srv:/root rw\\n", false,
     "mm.m-mmmm", 81, true},
    {"btrfs grown on a third disk", "nas",
     "link /sys/fs/btrfs/7c0d9bb4-4a52-4c9e-8f5b-0f1e2d3c4b5a/devices/sdc ../../../../devices/x/sdc\n"
     "file /sys/devices/x/sdc/serial WD-THIRD\\n",
     false, "m...mmmmm", 100, true},
    {"btrfs: one of two disks removed", "nas", "remove /sys/fs/btrfs/7c0d9bb4-4a52-4c9e-8f5b-0f1e2d3c4b5a/devices/sda2",
     false, "m...mmmmm", 100, true},
    {"btrfs: both disks replaced", "nas",
     "file /sys/devices/pci0000:00/0000:00:12.0/ata1/host0/target0:0:0/0:0:0:0/block/sda/device/wwid "
     "naa.50014ee2bffffff1\\n\n"
     "file /sys/devices/pci0000:00/0000:00:12.0/ata2/host1/target1:0:0/1:0:0:0/block/sdb/serial WD-NEW0001\\n",
     false, "m...cmmmm", 75, true},
    /* ---- virtual machines ---- */
    {"virtual machine with more processors and memory", "guest",
     "file /proc/meminfo MemTotal: 1 kB\\n\nfile /sys/class/dmi/id/chassis_type 1\\n", false, "mm..mmmmm", 100, true},
    {"virtual machine moved to a host with another processor", "guest",
     "file /proc/cpuinfo processor\\t: 0\\nvendor_id\\t: AuthenticAMD\\ncpu family\\t: 23\\nmodel\\t\\t: 49\\nmodel "
     "name\\t: AMD EPYC\\nstepping\\t: 0\\nflags\\t\\t: fpu hypervisor\\n\\n",
     false, "mm..mmcmm", 95, true},
    {"virtual machine with a new adapter", "guest", "file " ENS3 "/address 52:54:00:99:99:99\\n", false, "mm..mcmmm",
     85, true},
    {"virtual machine with a new adapter, no sudo: nothing of its own is left to be read", "guest",
     "file " ENS3 "/address 52:54:00:99:99:99\\n\nmode /sys/class/dmi/id/product_uuid 0000", true, "mu..mcmmm", 81,
     false},
    {"cloned virtual machine, same machine-id", "guest",
     "file /sys/class/dmi/id/product_uuid 6ba7b811-9dad-11d1-80b4-00c04fd430c8\\n\n"
     "file " ENS3 "/address 52:54:00:99:99:99\\n",
     false, "mc..mcmmm", 65, false},
    {"cloned virtual machine, same machine-id, no sudo", "guest",
     "file /sys/class/dmi/id/product_uuid 6ba7b811-9dad-11d1-80b4-00c04fd430c8\\n\n"
     "file " ENS3 "/address 52:54:00:99:99:99\\n\nmode /sys/class/dmi/id/product_uuid 0000",
     true, "mu..mcmmm", 81, false},
    {"cloned disk in another machine of the kind", "workstation",
     "file /sys/class/dmi/id/board_serial 211093847500999\\n\n"
     "file /sys/class/dmi/id/product_uuid 5c8f1e20-7a3b-11ec-9d64-04421a0bffff\\n\nremove /sys/class/tpm\n"
     "file /sys/devices/pci0000:00/0000:05:00.0/net/eno1/address 04:42:1a:0b:ff:01\\n\n"
     "file /sys/devices/pci0000:00/0000:06:00.0/net/eno2/address 04:42:1a:0b:ff:02\\n\n"
     "file /sys/devices/pci0000:00/0000:01:00.1/ata1/block/sda/device/wwid naa.5002538f41aaaaaa\\n",
     false, "mc-cccmmm", 34, false},
    {"same machine in a container", "workstation",
     "file /run/systemd/container docker\\n\nremove /sys/class/net/eno1\nremove /sys/class/net/eno2\nremove "
     "/etc/machine-id\n"
     "file /proc/self/mountinfo 26 1 0:50 / / rw - overlay overlay rw\\n\nfile /proc/sys/kernel/hostname 3f2a1b\\n",
     false, "-mmm--mcm", 46, false},
    /* ---- odd sources ---- */
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
    _Static_assert(sizeof changes / sizeof *changes >= 50, "as many changes as are promised");
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
        print_message("%-62s %s  %3u of %3u points %3u %%  %s, %u more may change\n", change->what, verdicts,
                      match.matched, match.held - match.unreadable, match.percent,
                      match.matches ? "matches" : "DOES NOT MATCH", match.spare);
        assert_string_equal(line, expected);
        sysroot_remove(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

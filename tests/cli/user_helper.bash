# SPDX-License-Identifier: MIT
# What the scenarios of carnet-user share: made-up machines, and a vendor who is his own administrator.

load helper

# machine NAME [MACHINE-ID-DIGIT]: a made-up root with facts of its own.
machine() {
    local root=$BATS_TEST_TMPDIR/machines/$1 digit=${2:-a}
    mkdir -p "$root/etc/carnet/products.d" "$root/proc/sys/kernel" "$root/sys/class/dmi/id" "$root/sys/class/net" \
        "$root/sys/devices/pci0000:00/0000:00:1f.6/net/eth0"
    printf '%s0123456789abcdef0123456789abcde\n' "$digit" >"$root/etc/machine-id"
    printf '%s\n' "$1" >"$root/proc/sys/kernel/hostname"
    printf 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\nmodel name\t: Made Up\nstepping\t: 10\n' >"$root/proc/cpuinfo"
    printf 'ID=debian\n' >"$root/etc/os-release"
    cp /etc/passwd "$root/etc/passwd"
    printf '4c4c4544-0042-3510-8051-%s4c04f423533\n' "$digit" >"$root/sys/class/dmi/id/product_uuid"
    printf 'SER%s77881\n' "$digit" >"$root/sys/class/dmi/id/board_serial"
    printf '00:1b:21:3%s:44:55\n' "$digit" >"$root/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/address"
    echo 0 >"$root/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/addr_assign_type"
    echo 1 >"$root/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/type"
    mkdir -p "$root/sys/bus/pci"
    ln -sfn ../../bus/pci "$root/sys/devices/pci0000:00/0000:00:1f.6/subsystem" 2>/dev/null || :
    ln -sfn ../../../0000:00:1f.6 "$root/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/device"
    ln -sfn ../../devices/pci0000:00/0000:00:1f.6/net/eth0 "$root/sys/class/net/eth0"
    export CARNET_SYSROOT=$root CARNET_STATE=$BATS_TEST_TMPDIR/states/$1
}

# A vendor who is his own administrator, with an offline license CAD-1 of some seats.
vendor() {
    local seats=${1:-2}
    shift || :
    carnet-admin --quiet init --role both --name 'Example Vendor' --no-passphrase
    carnet-admin key export root -o root.pem >/dev/null
    root_id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
    carnet-admin --quiet entitle --license CAD-1 --product cad --licensee 'Hall 3' --seats "$seats" --offline allowed --feature export \
        -o e1.carnet "$@"
    carnet-admin --quiet import e1.carnet
    carnet-admin --quiet convert CAD-1 offline -y
}

trust() {
    carnet-user trust add root.pem --id "$root_id" >/dev/null
}

# licensed NAME DIGIT: a machine with an activated license in NAME.license.
licensed() {
    machine "$@"
    trust
    carnet-user fingerprint --product cad --label "$1" -o "$1.fingerprint" --quiet
    carnet-admin --quiet assign "$1.fingerprint" -o "$1.license" >/dev/null
    carnet-user activate "$1.license" >/dev/null
}

# Opens the test's folder to other users.
open_to_others() {
    local folder=$BATS_TEST_TMPDIR
    while [ "${#folder}" -gt 4 ]; do
        chmod a+rx "$folder"
        folder=${folder%/*}
    done
    chmod -R a+rX "$BATS_TEST_TMPDIR/machines"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-user sync: one command and a stick (spec/stick.md).

load user_helper
bats_require_minimum_version 1.5.0

setup() {
    fresh
    mkdir stick
}

# manifest PRODUCT: it is installed on the machine at hand, and asks for a license.
manifest() {
    printf 'product = %s\nvendor = %s\n' "$1" "$root_id" >"$CARNET_SYSROOT/etc/carnet/products.d/$1.conf"
}

# names FOLDER: what lies in a folder of the stick, without the digits.
names() {
    ls "stick/carnet/$1" | sed 's/-[0-9a-f]*\.carnet$//' | paste -sd ' '
}

# office: the administrator takes what is on the stick, by hand.
office() {
    local file
    for file in stick/carnet/to-admin/*.carnet; do
        case $file in
        */fingerprint-*) carnet-admin --quiet assign "$file" --to stick >/dev/null ;;
        */release-*) carnet-admin --quiet free "$file" --to stick >/dev/null ;;
        *) carnet-admin --quiet import "$file" ;;
        esac
        mkdir -p stick/carnet/done
        mv "$file" stick/carnet/done/
    done
}

@test "the whole trip of one machine, with nothing but sync on its side (spec/stick.md, N-3)" {
    vendor
    machine one
    trust
    manifest cad
    expect ok 0 carnet-user sync stick --label HALL3-PLC1 -y
    says "write  fingerprint" "asks for a license for cad" "Leaves as keyed digests" "Written to it: 1" "can be pulled"
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    grep -q "HALL3-PLC1\|hall3-plc1" stick/carnet/ROUND.TXT
    # Again, and nothing is made twice.
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    office
    rm stick/carnet/README.TXT
    expect ok 0 carnet-user sync stick -y
    says "take   license" "write  activation"
    grep -q . stick/carnet/README.TXT
    [ "$(names to-user)" = "" ]
    [ "$(names to-admin)" = activation-hall3-plc1 ]
    [ "$(names done)" = license-hall3-plc1 ]
    expect ok 0 carnet-user check cad
    office
    expect ok 0 carnet-user --json sync stick -y
    [ "$(json '.taken, .written' | paste -sd ' ')" = "0 0" ]
    carnet-user release cad -y -o r.carnet >/dev/null
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = release-hall3-plc1 ]
    office
    expect ok 0 carnet-user sync stick -y
    says "take   receipt"
    expect released 16 carnet-user check cad
}

# licenses for two machines on one stick, that of the machine at hand among them
prepared() {
    vendor 4
    machine two b
    trust
    manifest cad
    carnet-user --quiet sync stick --label TWO -y
    machine one
    trust
    manifest cad
    carnet-user --quiet sync stick --label ONE -y
    office
}

fate() {
    jq -rs --arg source "$1" '.[] | select(.source == $source) | "\(.fate) \(.why // .message // "")"' "$BATS_TEST_TMPDIR/out"
}

@test "one stick, two machines: each takes its own, and ROUND.TXT says who is left (spec/stick.md, N-17)" {
    prepared
    expect ok 0 carnet-user --json sync stick -y

        "activation one written,fingerprint null other-side" ] ||
    [ "$(jq -rs '[.[] | select(.fate == "taken").label] | join(" ")' "$BATS_TEST_TMPDIR/out")" = ONE ]
    [ "$(jq -rs '[.[] | select(.fate == "elsewhere").label] | join(" ")' "$BATS_TEST_TMPDIR/out")" = TWO ]
    [ "$(names to-user)" = license-two ]
    grep -q "^1 of 2 machines are done" stick/carnet/ROUND.TXT
    grep -A1 "^To visit" stick/carnet/ROUND.TXT | grep -q "  two"
    machine two b
    expect ok 0 carnet-user sync stick -y
    grep -q "^2 of 2 machines are done" stick/carnet/ROUND.TXT
    expect ok 0 carnet-user check cad
    LC_ALL=C awk '!/^[ -~]*\r$/ { exit 1 }' stick/carnet/ROUND.TXT
}

@test "a messy stick: every file has a fate, nothing is followed, nothing hangs, nothing is shown raw (spec/stick.md, N-9 to N-11)" {
    prepared
    file=$(ls stick/carnet/to-user/license-one-*.carnet)
    theirs=$(ls stick/carnet/to-user/license-two-*.carnet)
    user=stick/carnet/to-user
    mkdir "$user/license-one-00000000.carnet" "stick/System Volume Information" stick/.Trashes
    deep=$user
    for i in 1 2 3 4 5 6 7 8 9 10; do deep=$deep/d; done
    mkdir -p "$deep"
    cp "$file" "$deep/too-deep.carnet"
    cp "$theirs" stick/carnet/to-user/d/d/inside.carnet
    ln -s "$PWD/$file" "$user/link.carnet"
    ln -s / "$user/linked"
    mkfifo "$user/pipe.carnet"
    printf 'x' >"$user/._license.carnet"
    printf 'x' >"$user/.DS_Store"
    : >"$user/empty.carnet"
    head -c 700 "$theirs" >"$user/license-torn-1.carnet"
    head -c 300 "$theirs" >"$user/license-torn-2.carnet"
    head -c 5000000 /dev/zero >"$user/large.carnet"
    echo "hello" >"$user/letter.txt"
    printf '\033[31mred' >"$user/$(printf 'a\033[31m\342\200\256b').carnet"
    cp "$theirs" "$user/license-two (1).carnet"
    # An editor's armour: a mark at its beginning, CRLF, and another name. It is this machine's own.
    { printf '\357\273\277'; python3 -c 'import base64,gzip,sys,textwrap
b=open(sys.argv[1],"rb").read()
print("-----BEGIN CARNET LICENSE-----"); print("\n".join(textwrap.wrap(base64.b64encode(gzip.compress(b,mtime=0)).decode(),64))); print("-----END CARNET LICENSE-----")' "$file" |
        sed 's/$/\r/'; } >"stick/LICENSE.CARNET.TXT"
    rm "$file"
    cp "$CARNET_SOURCE/samples/valid/license-smallest.carnet" stick/other.carnet
    cp "$CARNET_SOURCE/samples/valid/trust-rich.carnet" "$user/trust-x-11111111.carnet"
    head -c 100 /dev/zero >stick/photo.jpg
    timeout 60 carnet-user --json sync stick -n >"$BATS_TEST_TMPDIR/out"
    [ "$(fate LICENSE.CARNET.TXT)" = "taken " ]
    expect ok 0 timeout 60 carnet-user --json sync stick -y
    [ "$(fate LICENSE.CARNET.TXT)" = "taken " ]
    [ "$(fate photo.jpg)" = "ignored not named like a bundle, and not looked into" ]
    [ "$(fate carnet/to-user/link.carnet)" = "ignored a link, never followed" ]
    [ "$(fate carnet/to-user/linked)" = "ignored a link, never followed" ]
    [ "$(fate carnet/to-user/pipe.carnet)" = "ignored a device, pipe or socket, never opened" ]
    [ "$(fate carnet/to-user/._license.carnet)" = "ignored of the system that the stick was in" ]
    [ "$(fate carnet/to-user/.DS_Store)" = "ignored of the system that the stick was in" ]
    [ "$(fate "System Volume Information")" = "ignored of the system that the stick was in" ]
    [ "$(fate carnet/to-user/empty.carnet)" = "ignored empty" ]
    [ "$(fate carnet/to-user/license-torn-2.carnet)" = "ignored a bundle that is cut off" ]
    [[ "$(fate carnet/to-user/license-torn-1.carnet)" = refused* ]]
    [ "$(fate carnet/to-user/large.carnet)" = "ignored too large for a bundle" ]
    [ "$(fate carnet/to-user/letter.txt)" = "ignored no bundle" ]
    [ "$(fate carnet/to-user/d/d/d/d/d/d/d/d/d)" = "ignored a folder too deep" ]
    [[ "$(fate other.carnet)" = other-vendor* ]]
    [[ "$(fate carnet/to-user/trust-x-11111111.carnet)" = other-vendor* ]]
    [[ "$(fate "carnet/to-user/license-two (1).carnet")" = elsewhere* ]]
    [[ "$(fate "carnet/to-user/d/d/inside.carnet")" = elsewhere* ]]
    expect ok 0 carnet-user check cad
    # In words: no byte of a name reaches the terminal as it is.
    expect ok 0 timeout 60 carnet-user sync stick -y
    ! LC_ALL=C grep -q "$(printf '\033')" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    ! grep -q "$(printf '\342\200\256')" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    says "skip +1 file: empty" "skip +[0-9]+ files?: a link, never followed"
}

# plugged FOLDER DISK [removable]: on the machine at hand a file system of that disk is mounted on FOLDER. Disks are given as
# the path of their device: "pci0/usb1/1-1/host6/block/sdb" hangs on USB.
plugged() {
    local device=$CARNET_SYSROOT/sys/devices/$2 name=${2##*/} number
    number=8:$((16 * ($(ls "$CARNET_SYSROOT/sys/dev/block" 2>/dev/null | wc -l) + 1) + 1))
    mkdir -p "$device/${name}1" "$CARNET_SYSROOT/sys/dev/block" "$CARNET_SYSROOT/sys/class/block" "$CARNET_SYSROOT$1"
    echo "${3:-0}" >"$device/removable"
    echo 1 >"$device/${name}1/partition"
    ln -sfn "../../devices/$2/${name}1" "$CARNET_SYSROOT/sys/dev/block/$number"
    ln -sfn "../../devices/$2/${name}1" "$CARNET_SYSROOT/sys/class/block/${name}1"
    printf '40 28 %s / %s rw - %s /dev/%s rw\n' "$number" "${1// /\\040}" "${4:-vfat}" "${name}1" >>"$CARNET_SYSROOT/proc/self/mountinfo"
}

@test "finding the stick: USB, removable, SD; never the system's disk, an internal one, a disc (spec/stick.md, N-7, N-8)" {
    vendor
    machine one
    trust
    manifest cad
    mkdir -p "$CARNET_SYSROOT/proc/self"
    : >"$CARNET_SYSROOT/proc/self/mountinfo"
    plugged / pci0/ata1/host0/block/sda 0 ext4
    plugged /data pci0/ata2/host1/block/sdq
    plugged /cd pci0/usb2/2-1/host4/block/sr0 1 iso9660
    expect no-stick 80 carnet-user sync -y
    says "No stick is plugged in"
    plugged "/media/My Stick" pci0/usb1/1-1/1-1:1.0/host6/block/sdb
    expect ok 0 carnet-user sync -y
    [ -d "$CARNET_SYSROOT/media/My Stick/carnet/to-admin" ]
    # A second file system on it, and another stick: one is asked for.
    plugged /media/card pci0/mmc_host/mmc0/mmc0:0001/block/mmcblk0
    expect ok 0 carnet-user sync -y
    mkdir -p "$CARNET_SYSROOT/sys/devices/pci0/mmc_host/mmc0/mmc0:0001/block/mmcblk0/device"
    echo SD >"$CARNET_SYSROOT/sys/devices/pci0/mmc_host/mmc0/mmc0:0001/block/mmcblk0/device/type"
    expect several-sticks 81 without_terminal carnet-user sync -y
    says "/media/My Stick" "/media/card"
    expect several-sticks 81 without_terminal carnet-user --json sync -y
    [ "$(json '.sticks | length')" = 2 ]
    on_terminal '2\n' carnet-user sync -y
    [ "$status" -eq 0 ]
    [ -d "$CARNET_SYSROOT/media/card/carnet/to-admin" ]
    # A system that runs from a USB disk has no stick in it.
    : >"$CARNET_SYSROOT/proc/self/mountinfo"
    plugged / pci0/usb1/1-1/1-1:1.0/host6/block/sdb
    plugged /media/rest pci0/usb1/1-1/1-1:1.0/host6/block/sdb
    expect no-stick 80 carnet-user sync -y
    # LUKS on a stick, and FUSE, which names the device that it lies on.
    : >"$CARNET_SYSROOT/proc/self/mountinfo"
    plugged /media/removable pci0/ata9/host9/block/sdx 1
    expect ok 0 carnet-user sync -y
    mkdir -p "$CARNET_SYSROOT/sys/devices/virtual/block/dm-0/slaves" "$CARNET_SYSROOT/media/luks"
    ln -sfn ../../../../pci0/usb1/1-1/1-1:1.0/host6/block/sdb/sdb1 "$CARNET_SYSROOT/sys/devices/virtual/block/dm-0/slaves/sdb1"
    ln -sfn ../../devices/virtual/block/dm-0 "$CARNET_SYSROOT/sys/dev/block/254:0"
    printf '41 28 254:0 / /media/luks rw - ext4 /dev/mapper/luks rw\n' >"$CARNET_SYSROOT/proc/self/mountinfo"
    expect ok 0 carnet-user sync -y
    [ -d "$CARNET_SYSROOT/media/luks/carnet" ]
    mkdir "$CARNET_SYSROOT/media/fuse"
    printf '42 28 0:99 / /media/fuse rw - fuseblk /dev/sdb1 rw\n' >"$CARNET_SYSROOT/proc/self/mountinfo"
    expect ok 0 carnet-user sync -y
    [ -d "$CARNET_SYSROOT/media/fuse/carnet" ]
    printf '43 28 0:98 / /media/nfs rw - nfs4 server:/x rw\n' >"$CARNET_SYSROOT/proc/self/mountinfo"
    expect no-stick 80 carnet-user sync -y
}

@test "sync --eject: udisksctl unmounts the stick, and what is no stick is not ejected" {
    vendor
    machine one
    trust
    mkdir -p "$CARNET_SYSROOT/proc/self" "$CARNET_SYSROOT/usr/bin"
    : >"$CARNET_SYSROOT/proc/self/mountinfo"
    plugged /media/stick pci0/usb1/1-1/1-1:1.0/host6/block/sdb
    printf '#!/bin/sh\necho "$*" >>%s\n' "$PWD/ejected" >"$CARNET_SYSROOT/usr/bin/udisksctl"
    chmod +x "$CARNET_SYSROOT/usr/bin/udisksctl"
    expect ok 0 carnet-user sync --eject -y
    says "can be pulled"
    [ "$(cat ejected)" = "unmount --no-user-interaction -b /dev/sdb1
power-off --no-user-interaction -b /dev/sdb1" ]
    rm ejected
    : >"$CARNET_SYSROOT/proc/self/mountinfo"
    expect no-stick 80 carnet-user sync stick --eject -y
    says "All is written"
    [ ! -e ejected ]
}

@test "what leaves is shown and agreed to, or the site's policy says so; what it forbids stays here (spec/stick.md, N-20)" {
    vendor
    machine one
    trust
    manifest cad
    remember "$CARNET_STATE"
    expect needs-answer 55 without_terminal carnet-user sync stick
    says "Leaves as keyed digests" "machine-id" "write  fingerprint"
    unchanged "$CARNET_STATE"
    [ -z "$(ls stick)" ]
    expect ok 0 carnet-user sync stick -n
    says "write  fingerprint"
    unchanged "$CARNET_STATE"
    [ -z "$(ls stick)" ]
    printf 'sync-makes-fingerprints = no\n' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect ok 0 without_terminal carnet-user sync stick
    says "keep   fingerprint +cad +.*policy"
    [ -z "$(ls stick/carnet/to-admin 2>/dev/null)" ]
    printf 'sync-makes-fingerprints = maybe\n' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect configuration 78 without_terminal carnet-user sync stick
    printf 'facts-may-leave = none\n' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect ok 0 without_terminal carnet-user sync stick
    says "keep   fingerprint +cad"
    printf 'facts-may-leave = machine-id, cpu\n' >"$CARNET_SYSROOT/etc/carnet/policy"
    expect ok 0 without_terminal carnet-user sync stick
    not_says "Leaves as keyed"
    [ "$(names to-admin)" = fingerprint-cad ]
    ! carnet-inspect show stick/carnet/to-admin/*.carnet 2>&1 | grep -q board-serial
    # A product of a vendor who is not trusted here, and one that asks for nothing.
    printf 'product = lab\nvendor = %064d\n' 0 >"$CARNET_SYSROOT/etc/carnet/products.d/lab.conf"
    printf 'product = sim\nvendor = %s\nlicense-wanted = no\n' "$root_id" >"$CARNET_SYSROOT/etc/carnet/products.d/sim.conf"
    expect ok 0 without_terminal carnet-user sync stick
    says "keep   fingerprint +lab +its vendor is not trusted"
    not_says "sim"
    [ "$(names to-admin)" = fingerprint-cad ]
}

@test "twice, two sticks, and an old one from a drawer: nothing is applied twice, nothing newer is undone (spec/stick.md, N-18)" {
    vendor 4
    machine one
    trust
    manifest cad
    expect ok 0 carnet-user sync stick --label ONE -y
    mkdir second
    expect ok 0 carnet-user sync second -y
    cmp stick/carnet/to-admin/*.carnet second/carnet/to-admin/*.carnet
    office
    cp -r stick drawer
    expect ok 0 carnet-user sync stick -y
    carnet-admin --quiet entitle --license CAD-1 --feature more -o e2.carnet
    carnet-admin --quiet import e2.carnet
    carnet-admin --quiet renew CAD-1 --to second >/dev/null
    # The newer license came on the other stick, with the fingerprint from before still on it.
    expect ok 0 carnet-user sync second -y
    says "take   license"
    serial=$(carnet-user --json status | jq -r '.licenses[0].serial')
    expect ok 0 carnet-user sync drawer -y
    says "Nothing was to be done"
    [ "$(carnet-user --json status | jq -r '.licenses[0].serial')" = "$serial" ]
    carnet-user release cad -y -o r.carnet >/dev/null 2>&1
    cp second/carnet/done/license-*.carnet drawer/carnet/to-user/
    cp drawer/carnet/done/license-*.carnet drawer/carnet/to-user/
    expect ok 0 carnet-user sync drawer -y
    expect released 16 carnet-user check cad
    [ "$(ls drawer/carnet/to-admin | grep -c release-)" = 1 ]
}

@test "carried once, and again when a stick was lost (spec/stick.md, N-16)" {
    vendor
    machine one
    trust
    manifest cad
    carnet-user --quiet sync stick --label ONE -y
    mkdir -p stick/carnet/done
    mv stick/carnet/to-admin/* stick/carnet/done/
    expect ok 0 carnet-user sync stick -y
    [ -z "$(ls stick/carnet/to-admin)" ]
    [ "$(names done)" = fingerprint-one ]
    expect ok 0 carnet-user sync stick --again -y
    [ "$(names to-admin)" = fingerprint-one ]
    office
    expect ok 0 carnet-user sync stick -y
    # The license has come, so the fingerprint arrived: it goes from done/ (N-15).
    [ "$(names done)" = license-one ]
    rm -r stick
    mkdir stick
    expect ok 0 carnet-user sync stick -y
    [ -z "$(ls stick/carnet/to-admin)" ]
    expect ok 0 carnet-user sync stick -y --again
    [ "$(names to-admin)" = activation-one ]
    touch -d 2021-01-01 stick/carnet/to-admin/*
    mv stick/carnet/to-admin/* stick/carnet/done/
    echo x >stick/carnet/done/mine.txt
    touch -d 2021-01-01 stick/carnet/done/mine.txt
    expect ok 0 carnet-user sync stick -y
    [ "$(ls stick/carnet/done)" = mine.txt ]
}

@test "no vendor is trusted by a stick; a pinned one's trust information comes with it, before the rest (spec/stick.md, N-13, N-19)" {
    machine one
    mkdir -p stick/carnet/to-user
    cp "$CARNET_SOURCE/samples/valid/trust-rich.carnet" stick/carnet/to-user/trust-x-1a2b3c4d.carnet
    cp "$CARNET_SOURCE/samples/keys/root.pem" stick/
    expect ok 0 carnet-user sync stick -y
    says "of a vendor who is not trusted here"
    expect ok 0 carnet-user --json trust list
    [ "$(json '.vendors | length')" = 0 ]
    carnet-user --quiet trust add "$CARNET_SOURCE/samples/keys/root.pem" -y >/dev/null 2>&1
    expect ok 0 carnet-user sync stick -y
    says "take   trust"
    [ -e stick/carnet/to-user/trust-x-1a2b3c4d.carnet ]
    expect ok 0 carnet-user sync stick -y
    says "1 file: taken before"
}

# lying HOW COMMAND...: with a stick that lies.
lying() {
    local how=$1
    shift
    CARNET_LYING=$how LD_PRELOAD=$(dirname "$(command -v carnet-probe)")/liblying.so "$@"
}

@test "a stick that does not keep what is written: stick-failed, nothing counts as carried, the next one has all (spec/stick.md, N-4, N-5)" {
    vendor
    machine one
    trust
    manifest cad
    expect ok 0 carnet-user sync stick --label ONE -y
    office
    mkdir good
    for how in flip late; do
        cp -r stick bad
        expect stick-failed 84 lying "$how" carnet-user sync bad -y
        says "use another one"
        [ -z "$(find "$CARNET_STATE" -name '*2.handed')" ]
        rm -r bad
    done
    # The license was taken, and is in its first place: a stick like that is not tidied up.
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user sync good -y
    [ "$(ls good/carnet/to-admin | sed 's/-[0-9a-f]*\.carnet$//')" = activation-one ]
}

@test "a file that is another one each time it is read is not taken (spec/stick.md, N-12)" {
    prepared
    mv stick/carnet/to-user/license-one-*.carnet stick/carnet/to-user/license.changing
    expect ok 0 lying changing carnet-user --json sync stick -y
    [[ "$(fate carnet/to-user/license.changing)" = refused* ]]
    expect no-license 10 carnet-user check cad
    expect ok 0 carnet-user sync stick -y
    expect ok 0 carnet-user check cad
}

# in_namespace SCRIPT: as the owner of a mount namespace of its own.
in_namespace() {
    local space=(unshare -m)
    [ "$(id -u)" -eq 0 ] || space=(unshare -r -m)
    "${space[@]}" sh -c "$1"
}

@test "a stick that is full, or can't be written: said before anything is changed (spec/stick.md, N-6)" {
    prepared
    remember "$CARNET_STATE" stick
    expect stick-read-only 83 in_namespace "mount --bind stick stick && mount -o remount,bind,ro stick && carnet-user sync stick -y"
    unchanged "$CARNET_STATE" stick
    remember "$CARNET_STATE"
    mkdir small
    expect ok 0 in_namespace '
        set -e
        mount -t tmpfs -o size=120k none small
        cp -r stick/carnet small/
        dd if=/dev/zero of=small/filler bs=4k status=none 2>filled || true
        find small -type f -exec sha256sum {} + >before
        code=0; carnet-user sync small -y 2>refused || code=$?
        cat refused
        [ "$code" -eq 82 ]
        find small -type f -exec sha256sum {} + | cmp - before'
    says "stick-full: The stick has [0-9]+ KiB of room, and [0-9]+ KiB are needed. \[small, N-6\]"
    unchanged "$CARNET_STATE"
    # A name of the layout that is another thing.
    mkdir other
    echo x >other/carnet
    expect exists 73 carnet-user sync other -y
    [ "$(cat other/carnet)" = x ]
}

@test "a machine that drifts from its license is told so, and the renewal that is made goes with the next stick" {
    vendor
    machine one
    trust
    manifest cad
    carnet-user --quiet sync stick --label ONE -y
    office
    carnet-user --quiet sync stick -y
    rm stick/carnet/to-admin/*
    echo SERz99999 >"$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    expect ok 0 carnet-user sync stick -y
    says "keep   fingerprint +cad +the machine differs"
    carnet-user --quiet fingerprint --renew -o renew.carnet
    expect ok 0 carnet-user sync stick -y
    [ "$(ls stick/carnet/to-admin | grep -c fingerprint-)" = 1 ]
}

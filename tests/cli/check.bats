#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-user check as scripts and monitoring use it, and the inbox that it takes licenses from.

load helper
bats_require_minimum_version 1.5.0

machine() { # NAME DIGIT
    local root=$BATS_TEST_TMPDIR/machines/$1
    mkdir -p "$root/etc" "$root/proc/sys/kernel" "$root/sys/class/dmi/id"
    printf '%s0123456789abcdef0123456789abcde\n' "$2" >"$root/etc/machine-id"
    printf '%s\n' "$1" >"$root/proc/sys/kernel/hostname"
    printf '4c4c4544-0042-3510-8051-%s4c04f423533\n' "$2" >"$root/sys/class/dmi/id/product_uuid"
    printf 'SER%s77881\n' "$2" >"$root/sys/class/dmi/id/board_serial"
    cp /etc/passwd "$root/etc/passwd"
    export CARNET_SYSROOT=$root
}

# A vendor, a license CAD-1 that ends in 60 days, and one of its seats in cad.license.
setup() {
    fresh
    machine one a
    carnet-admin --quiet init --role both --name 'Example Vendor' --no-passphrase
    carnet-admin key export root -o root.pem >/dev/null
    carnet-admin --quiet entitle --license CAD-1 --product cad --licensee 'Hall 3' --seats 3 --offline allowed \
        --not-after "$(date -u -d '+60 days' +%Y-%m-%dT%H:%M:%SZ)" -o e.carnet
    carnet-admin --quiet import e.carnet
    carnet-admin --quiet convert CAD-1 offline -y
    carnet-user --quiet trust add root.pem -y
    carnet-user --quiet fingerprint --product cad -o f.carnet
    carnet-admin --quiet assign f.carnet -o cad.license
}

# monitored CODE PATTERN OPTION...: one line on standard output, nothing else, and the code.
monitored() {
    local code=$1 pattern=$2 got=0
    shift 2
    carnet-user check cad --monitoring "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
    [ "$got" -eq "$code" ] || complain "exit code $got, not $code" || return 1
    [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 1 ] || complain "not one line" || return 1
    [ ! -s "$BATS_TEST_TMPDIR/err" ] || complain "something on standard error" || return 1
    grep -Eq -- "$pattern" "$BATS_TEST_TMPDIR/out" || complain "it does not say: $pattern"
}

@test "check --monitoring: 0 to 3, one line, and figures" {
    monitored 2 '^CARNET CRITICAL - no-license: There is no license for .cad. on this machine\.$'
    carnet-user --quiet activate cad.license
    monitored 0 '^CARNET OK - cad, seat 1 of CAD-1, until .* \| days=(59|60);30:;0: match=100%;75:;60:;0;100$'
    monitored 1 '^CARNET WARNING - cad, seat 1 of CAD-1, until .* \| days=(59|60);90:;0: ' --warn 90
    rm "$CARNET_SYSROOT/proc/sys/kernel/hostname"
    monitored 0 '^CARNET OK - .* match=92%;75:;60:;0;100$'
    # Little is left until it is another machine.
    rm "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid"
    monitored 1 '^CARNET WARNING - .*changed nearly too much since .* \| days=(59|60);30:;0: match=61%;75:;60:;0;100$'
    machine two b
    monitored 2 '^CARNET CRITICAL - wrong-machine: .* \| days=(59|60);30:;0: match=0%;75:;60:;0;100$'
    monitored 2 '^CARNET CRITICAL - wrong-vendor: ' --vendor "$(printf '0%.0s' {1..64})"
    printf '9\n' >"$CARNET_STATE/version"
    monitored 3 '^CARNET UNKNOWN - configuration: '
    expect usage 64 carnet-user check cad --monitoring --json
    expect usage 64 carnet-user check cad --monitoring --quiet
    expect usage 64 carnet-user check cad --monitoring --warn never
}

@test "check --warn: so many days before the end" {
    carnet-user --quiet activate cad.license
    expect ok 0 carnet-user check cad
    not_says "license ends in"
    expect ok 0 carnet-user check cad --warn 61
    says "The license ends in (59|60) days: ask your administrator to renew it"
    expect ok 0 carnet-user check cad --warn 61 --json
    [ "$(json '.warnings | length')" -eq 1 ]
    expect ok 0 carnet-user check cad --quiet --warn 61
    [ -z "$out$err" ]
    expect ok 0 faketime -f +40d carnet-user check cad
    says "The license ends in (19|20) days"
    expect ok 0 faketime -f +40d carnet-user check cad --warn 0
    not_says "license ends in"
}

# both CODE OUTCOME: the short way says what the long one says.
both() {
    expect "$2" "$1" carnet-user check cad
    expect "$2" "$1" carnet-user check cad --quiet
}

@test "check --quiet: the same answer, from no more of the machine than it takes" {
    carnet-admin --quiet entitle --license CAD-2 --product cad --licensee 'Hall 3' --seats 3 --offline allowed \
        --container refused -o e2.carnet
    carnet-admin --quiet import e2.carnet
    carnet-admin --quiet convert CAD-2 offline -y
    carnet-admin --quiet assign f.carnet --license CAD-2 -o two.license
    both 10 no-license
    carnet-user --quiet activate cad.license
    both 0 ok
    strace -o trace -e trace=openat,openat2 carnet-user check cad --quiet
    grep -q product_uuid trace
    [ "$(grep -c -e cpuinfo -e /sys/class/net -e mountinfo -e systemd/container trace)" -eq 0 ]
    rm "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid" "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    both 13 wrong-machine
    printf '4c4c4544-0042-3510-8051-a4c04f423533\n' >"$CARNET_SYSROOT/sys/class/dmi/id/product_uuid"
    both 0 ok
    touch "$CARNET_SYSROOT/.dockerenv"
    both 0 ok
    carnet-user --quiet release CAD-1 -y -o r.carnet
    both 16 released
    rm "$CARNET_SYSROOT/.dockerenv"
    carnet-user --quiet activate two.license
    both 0 ok
    touch "$CARNET_SYSROOT/.dockerenv"
    both 21 virtual-refused
}

@test "a license for a product that no manifest names works; a wrong manifest is told, and nothing is written" {
    local folder=$CARNET_SYSROOT/etc/carnet/products.d
    mkdir -p "$folder"
    printf 'product = cam\nvendor = %064d\n' 0 >"$folder/cam.conf"
    expect ok 0 carnet-user activate cad.license
    expect ok 0 carnet-user check cad
    printf 'product = cad\nvendor = nobody\n' >"$folder/cad.conf"
    remember "$CARNET_STATE"
    expect configuration 78 carnet-user check cad
    says "cad.conf, line 2" "vendor id"
    unchanged "$CARNET_STATE"
}

# ago SECONDS: a time in the notation of carnet.
ago() { date -u -d "-$1 seconds" +%Y-%m-%dT%H:%M:%SZ; }

@test "drift: its first day is kept, and told by check, status, doctor and monitoring, until it is over" {
    local note first
    carnet-user --quiet activate cad.license
    expect ok 0 carnet-user check cad --explain
    says "machine-id +matches +30 points" "65 of 65 points match \\(100 %\\), 39 are needed \\(60 %\\): 26 may still change"
    not_says "differ"
    note=$(echo "$CARNET_STATE"/vendors/*/grants)/$(basename "$(echo "$CARNET_STATE"/vendors/*/grants/*.license)" .license).drift
    [ ! -e "$note" ]
    mv "$CARNET_SYSROOT/proc/sys/kernel/hostname" hostname
    # Who reads no more than it takes for a yes keeps nothing.
    expect ok 0 carnet-user check cad --quiet
    [ ! -e "$note" ]
    expect ok 0 faketime -f -3h carnet-user check cad --explain
    says "host +missing +5 points" "60 of 65 points match \\(92 %\\), 39 are needed \\(60 %\\): 21 may still change" \
        "differ from its license since .*fingerprint --renew"
    first=$(sed -n 's/^since = //p' "$note")
    [[ $first < $(ago 10000) ]]
    for command in "check cad" status doctor; do
        # shellcheck disable=SC2086  # words
        expect ok 0 carnet-user $command --json
        [ "$(json '[.. | .match? // empty][0].since')" = "$first" ]
    done
    expect ok 0 carnet-user status
    says "host +missing" "since $first"
    expect ok 0 carnet-user doctor
    says "host +missing" "since $first"
    monitored 0 "the machine has changed since $first \\|"
    # It is not begun anew, nor by who can't write; and it is over when all is as it was.
    remember "$CARNET_STATE"
    expect ok 0 flock "$CARNET_STATE/lock" carnet-user check cad
    unchanged "$CARNET_STATE"
    mv hostname "$CARNET_SYSROOT/proc/sys/kernel/hostname"
    expect ok 0 carnet-user check cad --json
    [ "$(json .match.since)" = null ]
    [ ! -e "$note" ]
    # Changed too much at once.
    rm "$CARNET_SYSROOT/sys/class/dmi/id/product_uuid" "$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    expect wrong-machine 13 carnet-user check cad
    says "system-uuid +missing +20 points" "board-serial +missing +10 points" "35 of 65 points match \\(53 %\\), 39 are needed \\(60 %\\): the machine is not recognised"
    # Why it is not is told beside, unless it was asked for; then it is the data, whatever the outcome is.
    [ -z "$out" ]
    expect wrong-machine 13 carnet-user check cad --explain
    [ "$(grep -c 'points' <<<"$out")" -gt 3 ]
    [ "$(wc -l <<<"$err")" -eq 2 ]
    [ -s "$note" ]
    # A damaged note is begun anew.
    printf 'since = soon\n' >"$note"
    expect wrong-machine 13 carnet-user check cad
    expect wrong-machine 13 carnet-user check cad --json
    [ "$(json .match.since)" != null ]
    # A license of another key says nothing about this machine's changes.
    machine two b
    export CARNET_STATE=$BATS_TEST_TMPDIR/two
    carnet-user --quiet trust add root.pem -y
    carnet-user --quiet fingerprint --product cad -o f2.carnet
    expect wrong-machine 13 carnet-user activate cad.license
    says "machine-id +changed +30 points" "0 of 65 points match"
    [ -z "$(find "$CARNET_STATE" -name '*.drift')" ]
}

@test "the inbox: a check that needs a license installs it, and leaves what is not right with a word" {
    mkdir -p "$CARNET_STATE/inbox"
    cp cad.license "$CARNET_STATE/inbox/b.carnet"
    cp e.carnet "$CARNET_STATE/inbox/c-other-kind.carnet"
    printf 'words\n' >"$CARNET_STATE/inbox/a-no-bundle.txt"
    expect no-license 10 carnet-user check cam
    says "The file a-no-bundle.txt in the inbox was not taken"
    [ -e "$CARNET_STATE/inbox/b.carnet" ]
    expect ok 0 carnet-user check cad
    says "Activated from the inbox: 1" "Licensed: cad, seat 1 of CAD-1" "a-no-bundle.txt in the inbox was not taken"
    [ "$(ls "$CARNET_STATE/inbox")" = "a-no-bundle.txt
c-other-kind.carnet" ]
    # What tells the administrator is made, too; whoever has the license file hands it out.
    local sent
    sent=$(echo "$CARNET_STATE"/vendors/*/sent/*-activation-*)
    [ -s "$sent" ]
    expect ok 0 carnet-user activate cad.license -o a.carnet
    cmp "$sent" a.carnet
    expect ok 0 carnet-admin import "$sent"
    # A license that holds is not kept waiting: nothing is looked at, nor written, nor waited for.
    remember "$CARNET_STATE"
    expect ok 0 flock "$CARNET_STATE/lock" carnet-user check cad
    not_says inbox
    unchanged "$CARNET_STATE"
}

@test "the inbox: nothing is taken for another machine" {
    machine two b
    export CARNET_STATE=$BATS_TEST_TMPDIR/two
    carnet-user --quiet trust add root.pem -y
    carnet-user --quiet fingerprint --product cad -o f2.carnet
    mkdir "$CARNET_STATE/inbox"
    cp cad.license "$CARNET_STATE/inbox/cad.carnet"
    remember "$CARNET_STATE"
    expect no-license 10 carnet-user check cad
    says "cad.carnet in the inbox was not taken: The license is for a machine with another key"
    unchanged "$CARNET_STATE"
}

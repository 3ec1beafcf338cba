#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The life of a license between the administrator and the machine: renewed, revoked, freed, given on; and what is due.

load user_helper

setup() {
    fresh
}

later() {
    faketime -f "+$1d" "${@:2}"
}

@test "renewals come in any order: the highest holds, and each works until its own lease ends" {
    vendor 2 --lease-days 30
    licensed one a
    expect ok 0 later 10 carnet-admin renew CAD-1 1 -o two.license
    expect ok 0 later 20 carnet-admin renew CAD-1 1 -o three.license
    # Nothing newer has come: the first holds until its lease is over.
    expect ok 0 later 29 carnet-user check cad
    expect expired 11 later 31 carnet-user check cad
    says "lease"
    expect ok 0 later 31 carnet-user activate three.license
    expect ok 0 later 49 carnet-user check cad
    expect superseded 18 later 49 carnet-user activate two.license
    expect superseded 18 later 49 carnet-user activate one.license
    expect ok 0 later 49 carnet-user check cad
    expect expired 11 later 51 carnet-user check cad
}

@test "a renewal that arrives after the release is dead" {
    vendor 2 --lease-days 30
    licensed one a
    expect ok 0 later 5 carnet-admin renew CAD-1 1 -o two.license
    expect ok 0 later 5 carnet-user release cad -o r.carnet -y
    expect released 16 later 5 carnet-user activate two.license
    expect ok 0 later 5 carnet-admin free r.carnet -o receipt.carnet
    says "The release is of serial 1 and the grant is at 2"
    expect ok 0 later 5 carnet-user activate receipt.carnet
    expect released 16 later 5 carnet-user activate two.license
    expect released 16 later 5 carnet-user check cad
}

@test "fingerprint --renew names what the machine has; the license that comes fits the changed machine" {
    vendor 2 --lease-days 30 --transfer-cap 1 --threshold 90
    licensed one a
    machine nobody b
    trust
    remember "$CARNET_STATE"
    expect no-license 10 carnet-user fingerprint --renew -o never.carnet
    says "no license on this machine to be renewed" "status"
    unchanged "$CARNET_STATE"
    machine one a
    expect ok 0 carnet-user fingerprint --renew --preview
    says "renews +CAD-1 [0-9a-f]{64}"
    expect no-license 10 carnet-user fingerprint --renew --product mesh -o never.carnet
    expect ok 0 carnet-user fingerprint --renew -o renew.carnet --json
    [ "$(json '.preview.user.leaves, .renews[0]' | paste -sd ' ')" = "true CAD-1" ]
    tar -xOf renew.carnet fingerprint.xml | grep -q 'purpose="renew"'
    expect ok 0 carnet-user fingerprint --renew -o again.carnet
    cmp renew.carnet again.carnet
    expect wrong-kind 33 carnet-admin assign renew.carnet -o never.carnet
    says "carnet-admin renew LICENSE FILE"
    [ ! -e never.carnet ]
    # Another main board and another network card: too much for this license, though it is the same machine still.
    echo SERc77881 >"$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    echo 00:1b:21:3c:44:55 >"$CARNET_SYSROOT/sys/devices/pci0000:00/0000:00:1f.6/net/eth0/address"
    expect wrong-machine 13 carnet-user check cad
    expect ok 0 carnet-user fingerprint --renew -o changed.carnet
    expect ok 0 carnet-admin renew CAD-1 changed.carnet -o two.license
    says "counts as a transfer"
    expect ok 0 carnet-user activate two.license
    expect ok 0 carnet-user check cad
    # What was asked for has come, so the next question is a new one.
    expect ok 0 carnet-user fingerprint --renew -o next.carnet
    [ "$(sha256sum <next.carnet)" != "$(sha256sum <changed.carnet)" ]
    machine one a
    expect ok 0 carnet-user fingerprint --renew -o back.carnet
    expect cap-reached 47 carnet-admin renew CAD-1 back.carnet -o never.carnet
    [ ! -e never.carnet ]
}

@test "a machine that was lost and turns up again: its receipt says revoked, and nothing revives the license" {
    vendor 1 --lease-days 30
    licensed one a
    expect ok 0 carnet-admin revoke CAD-1 1 --reason "stolen from the ward" -y -o receipt.carnet
    expect ok 0 carnet-user check cad
    # The release of a copy of its state gets the same receipt, and the seat stays held.
    cp -r "$CARNET_STATE" copy
    expect ok 0 carnet-user --state copy release cad -o r.carnet -y
    expect ok 0 carnet-admin free r.carnet -o same.carnet
    says "had been revoked on" "the same receipt"
    cmp receipt.carnet same.carnet
    expect ok 0 carnet-user activate receipt.carnet
    expect revoked 17 carnet-user check cad
    says "was revoked on" "stolen from the ward"
    expect revoked 17 carnet-user activate one.license
    expect revoked 17 carnet-user check cad
    machine two b
    trust
    carnet-user fingerprint --product cad --label two -o two.fingerprint --quiet
    expect held 48 carnet-admin assign two.fingerprint -o two.license
    expect ok 0 later 31 carnet-admin assign two.fingerprint -o two.license
    expect ok 0 later 31 carnet-user activate two.license
    expect ok 0 later 31 carnet-user check cad
}

@test "license list and show: seats, who has them, since when, until when, and what is held" {
    vendor 5 --lease-days 30 --not-after 2040-01-01
    licensed one a
    licensed two b
    machine three c
    trust
    carnet-user fingerprint --product cad --label three --omit user -o three.fingerprint --quiet
    expect ok 0 carnet-admin assign three.fingerprint --note "behind the third door" -o three.license
    expect usage 64 carnet-admin assign three.fingerprint --note " x"
    expect ok 0 carnet-admin revoke CAD-1 2 --reason lost -y -o receipt.carnet
    expect ok 0 carnet-admin license list
    says "CAD-1 +offline +2/5 seats, 1 held +cad +Hall 3 +until 2040-01-01, [0-9]+ days left"
    expect ok 0 carnet-admin license show CAD-1
    says "2 of 5 seats out on machines, 1 held for lost ones" \
        "seat 1 +assigned +one +key [0-9a-f]{16} +one user +since 20[0-9T:Z-]+ +until 20" \
        "seat 3 +assigned +three +key [0-9a-f]{16} +any user .* behind the third door" \
        "seat 2 +held +two +key [0-9a-f]{16} +lost 20[0-9-]+ +until 20" "seats 4 to 5 free"
    expect ok 0 carnet-admin license show CAD-1 --json
    [ "$(json '.seat_map | map(.state) | join(" ")')" = "assigned held assigned" ]
    [ "$(json '.seat_map[] | select(.seat == 2) | (.lost, .held_until) | length' | paste -sd ' ')" = "20 20" ]
    [ "$(json '.seat_map[] | select(.seat == 3) | .note')" = "behind the third door" ]
    expect ok 0 later 31 carnet-admin license show CAD-1 --json
    [ "$(json '.license.held, (.seat_map[] | select(.seat == 2) | .state)' | paste -sd ' ')" = "0 freed" ]
}

@test "license due: who has to be visited by when, and as a calendar that others read" {
    vendor 5 --lease-days 30
    licensed one a
    licensed two b
    expect ok 0 later 10 carnet-admin renew CAD-1 2 -o two-2.license
    expect ok 0 later 10 carnet-admin license due --within 15d
    says "No machine's license ends within 15 days"
    expect ok 0 later 10 carnet-admin license due --within 20d
    says "^20[0-9-]+ +one +CAD-1 +seat 1 +cad, (19|20) days left"
    not_says "two"
    expect ok 0 later 10 carnet-admin license due --within 5w --json
    [ "$(json '.due | map([.label, .seat, .reason, .renewable]) | tostring')" = '[["one",1,"lease",true],["two",2,"lease",true]]' ]
    expect ok 0 later 10 carnet-admin renew CAD-1 2 -o two-2.license --json
    expect exists 73 later 12 carnet-admin renew CAD-1 2 -o two-2.license --json
    mkdir stick
    expect ok 0 later 12 carnet-admin renew CAD-1 --to stick --json
    expect not-found 46 later 12 carnet-admin revoke CAD-1 4 --reason x -y --json
    expect ok 0 later 12 carnet-admin revoke CAD-1 2 --reason x -y -n --json
    expect not-found 46 later 12 carnet-admin license due X --json
    expect ok 0 later 45 carnet-admin license due --within 1
    says "one .* [23] days ago"
    expect usage 64 carnet-admin license due --within soon
    expect not-found 46 carnet-admin license due X
    expect ok 0 later 12 carnet-admin license due CAD-1 --ics due.ics
    says "The calendar is due.ics"
    expect exists 73 later 12 carnet-admin license due --ics due.ics
    expect ok 0 later 12 carnet-admin license due --ics due.ics --force
    expect ok 0 later 12 carnet-admin license due --ics -
    diff <(grep -v DTSTAMP "$BATS_TEST_TMPDIR/out") <(grep -v DTSTAMP due.ics)
    python3 "$CARNET_SOURCE/tests/cli/check_ics.py" due.ics 2
}

@test "a long name in every script: the calendar is folded between characters, and its text escaped" {
    vendor 5 --lease-days 30
    expect ok 0 carnet-admin entitle --license CAD-1 --licensee "Krankenhaus; Haus 3, Süd\\Ost" -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    machine one a
    trust
    carnet-user fingerprint --product cad --label "Prüfstand – 検査室 ラボ検査室ラボ検査室ラボ検査室ラボ, Tür 7; links" -o f.carnet --quiet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    expect ok 0 carnet-admin license due --ics due.ics
    python3 "$CARNET_SOURCE/tests/cli/check_ics.py" due.ics 1
    python3 "$CARNET_SOURCE/tests/cli/check_ics.py" due.ics 1 | grep -F 'Prüfstand – 検査室 ラボ検査室ラボ検査室ラボ検査室ラボ, Tür 7; links: license of cad ends (CAD-1, seat 1)'
    python3 "$CARNET_SOURCE/tests/cli/check_ics.py" due.ics 1 | grep -F 'License CAD-1 for Krankenhaus; Haus 3, Süd\Ost, seat 1'
}

@test "an end that only the vendor can move is told as such" {
    vendor 2 --not-after "$(date -u -d '+40 days' +%F)"
    licensed one a
    expect ok 0 carnet-admin license due
    says "one .*the vendor has to make the license longer first"
    expect ok 0 carnet-admin license due --json
    [ "$(json '.due[0].reason, .due[0].renewable' | paste -sd ' ')" = "not-after false" ]
}

@test "a release and a new fingerprint on one stick: freed and given on, in that order, in one run" {
    vendor 1
    licensed one a
    mkdir stick
    expect ok 0 carnet-user release cad --to stick -y
    machine two b
    trust
    expect ok 0 carnet-user fingerprint --product cad --label two --to stick
    # The names are in the other order.
    [ "$(ls stick/carnet/to-admin | head -n 1 | cut -d- -f1)" = fingerprint ]
    remember "$CARNET_HOME" stick
    expect ok 0 carnet-admin assign stick --to stick -n
    unchanged "$CARNET_HOME" stick
    expect ok 0 carnet-admin assign stick --to stick --json
    [ "$(head -n 2 "$BATS_TEST_TMPDIR/out" | jq -r '[.done, .seat] | join(" ")' | paste -sd ,)" = "freed 1,assigned 1" ]
    ls stick/carnet/to-user | grep -q '^license-two-'
    expect ok 0 carnet-user activate stick/carnet/to-user/license-two-*
    expect ok 0 carnet-user check cad
    machine one a
    expect ok 0 carnet-user activate stick/carnet/to-user/receipt-one-*
    expect ok 0 carnet-admin assign stick --to stick
    says "had been freed on" "was already assigned; the same bytes"
    # Named by itself, a release is not for this command.
    expect wrong-kind 33 carnet-admin assign stick/carnet/to-admin/release-* --to stick
    says "carnet-admin free"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin renew: seats go on, on the newest revision, and no fingerprint has to travel.

load admin_helper

setup() {
    fresh
    home_of_both
}

grant_of() {
    carnet-admin license show "$1" --json | jq -r ".seat_map[] | select(.seat == $2) | .fingerprint"
}

@test "renew gives a seat's next license: the newest revision, the lease counted anew, the seat never free" {
    offline_license L-1 3 --lease-days 30 --edition basic --feature mesh
    fingerprint_of 1 f.carnet --label "Lab 3" --user 4
    expect ok 0 carnet-admin assign f.carnet -o l1.carnet
    entitled L-1 --edition pro --feature cores=8 --lease-days 40
    expect ok 0 later 20 carnet-admin renew L-1 1 -o l2.carnet --json
    [ "$(json '.seat, .serial, .again, .done, .label' | paste -sd ' ')" = "1 2 false renewed Lab 3" ]
    [ "$(of l2.carnet serial seat revision edition)" = "2 1 2 pro" ]
    tar -xOf l1.carnet license.xml >before.xml
    tar -xOf l2.carnet license.xml >after.xml
    # Machine, user and facts are the same; the lease runs for the new revision's days from now on.
    diff <(grep -E '<(machine|user|fact) ' before.xml) <(grep -E '<(machine|user|fact) ' after.xml)
    grep -q '<feature name="cores" value="8"/>' after.xml
    days=$((($(date -d "$(of l2.carnet lease-until)" +%s) - $(date -d "$(of l1.carnet issued)" +%s)) / 86400))
    [ "$days" -eq 60 ]
    [ "$(events '% renew %seat=1 serial=2 grant=%')" = 1 ]
    [ "$(events '% free %')" = 0 ]
    [ "$(carnet-admin license show L-1 --json | jq '.license.in_use')" = 1 ]
    carnet-admin key export root -o root.pem
    expect ok 0 later 20 carnet-inspect verify --trust root.pem l1.carnet l2.carnet
    # The fingerprint gives what the grant has now.
    expect ok 0 later 20 carnet-admin assign f.carnet -o again.carnet
    cmp l2.carnet again.carnet
}

@test "renewed again where nothing differs: the same bytes; a day later the lease goes on" {
    offline_license L-1 2 --lease-days 30
    offline_license L-2 2
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet --license L-1 -o l1.carnet
    expect ok 0 carnet-admin assign f.carnet --license L-2 -o m1.carnet
    expect ok 0 carnet-admin renew L-1 1 -o again.carnet
    says "needs no renewal: serial 1, revision 1" "same bytes"
    cmp l1.carnet again.carnet
    expect ok 0 later 2 carnet-admin renew L-1 1 -o l2.carnet
    says "is renewed: serial 2"
    expect ok 0 later 2 carnet-admin renew L-1 1 -o again2.carnet
    cmp l2.carnet again2.carnet
    [ "$(of l2.carnet serial)" = 2 ]
    [ "$(events '% renew %')" = 1 ]
}

@test "renew takes all seats of a license in one transaction, and refuses nothing that it could do" {
    offline_license L-1 5 --lease-days 30
    mkdir in stick
    make-machine fingerprint --vendor "$vendor" --product cad --count 4 --machine 1 --dir in
    expect ok 0 carnet-admin assign in --to stick
    entitled L-1 --seats 3
    remember "$CARNET_HOME" .
    expect ok 0 later 5 carnet-admin renew L-1 1 -n
    says "Seat 1 of L-1 would be renewed"
    expect usage 64 later 5 carnet-admin renew L-1 -o one.carnet
    unchanged "$CARNET_HOME" .
    expect partly-done 54 later 5 carnet-admin renew L-1 --to stick --json
    [ "$(head -n 4 "$BATS_TEST_TMPDIR/out" | jq -r '[.seat, .serial // "-", .outcome] | @tsv' | tr '\t' ' ' | paste -sd ,)" = \
        "1 2 ok,2 2 ok,3 2 ok,4 - no-seat" ]
    head -n 4 "$BATS_TEST_TMPDIR/out" | grep -q "The license L-1 has 3 seats by now: seat 4 is none"
    [ "$(ls stick/carnet/to-user/license-* | wc -l)" = 7 ]
    [ "$(events '% renew %')" = 3 ]
}

@test "renew refuses, and nothing changes" {
    offline_license L-1 3 --lease-days 30
    fingerprint_of 1 f.carnet
    expect not-found 46 carnet-admin renew L-1
    says "No seat of L-1 is out"
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    remember "$CARNET_HOME" .
    expect not-found 46 carnet-admin renew L-1 2
    says "Seat 2 of L-1 is not out on any machine"
    expect not-found 46 carnet-admin renew L-9
    expect usage 64 carnet-admin renew
    unchanged "$CARNET_HOME" .
    entitled L-1 --offline denied
    remember "$CARNET_HOME" .
    expect conversion-not-allowed 42 later 3 carnet-admin renew L-1 1
    says "no longer allows offline use"
    unchanged "$CARNET_HOME" .
    entitled L-1 --offline allowed --not-after 2027-06-30
    remember "$CARNET_HOME" .
    expect beyond-entitlement 39 carnet-admin renew L-1 1 --not-after 2027-07-01
    says "later than the last day of L-1, 2027-06-30" "J-6"
    expect expired 11 faketime '2027-07-02 00:00:00' carnet-admin renew L-1
    says "ended on 2027-06-30T23:59:59Z"
    unchanged "$CARNET_HOME" .
}

@test "a seat has less than entitled, as it was assigned, until --full" {
    offline_license L-1 3 --lease-days 30 --feature mesh --feature cores=8 --feature cloud
    fingerprint_of 1 f.carnet
    remember "$CARNET_HOME" .
    expect beyond-entitlement 39 carnet-admin assign f.carnet --feature nix
    says "--feature names nix, which the entitlement of L-1 does not give" "It gives mesh, cores=8, cloud" "J-5"
    expect beyond-entitlement 39 carnet-admin assign f.carnet --feature cores=9
    expect beyond-entitlement 39 carnet-admin assign f.carnet --drop-feature nix
    expect beyond-entitlement 39 carnet-admin assign f.carnet --lease 31
    says "longer than the 30 days" "J-7"
    expect usage 64 carnet-admin assign f.carnet --lease 0
    expect usage 64 carnet-admin assign f.carnet --not-after 2020-01-01
    says "is past"
    expect usage 64 carnet-admin assign f.carnet --not-after soon
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin assign f.carnet --feature mesh --feature cores=8 --drop-feature mesh --lease 10 \
        --not-after 2030-01-31 -o l1.carnet
    [ "$(of l1.carnet value not-after)" = "8 2030-01-31T23:59:59Z" ]
    [ "$(tar -xOf l1.carnet license.xml | grep -cE 'mesh|cloud')" = 0 ]
    # What is new in a revision was not left out before.
    entitled L-1 --feature render --feature cores=16
    expect ok 0 later 3 carnet-admin renew L-1 1 -o l2.carnet
    [ "$(tar -xOf l2.carnet license.xml | grep -c '<feature ')" = 2 ]
    [ "$(of l2.carnet value not-after)" = "16 2030-01-31T23:59:59Z" ]
    lease=$(date -d "$(of l2.carnet lease-until)" +%s) issued=$(date -d "$(of l2.carnet issued | cut -d' ' -f1)" +%s)
    [ $((lease - issued)) -eq $((10 * 86400)) ]
    expect ok 0 later 3 carnet-admin renew L-1 1 --drop-feature render -o l3.carnet
    [ "$(tar -xOf l3.carnet license.xml | grep -c '<feature ')" = 1 ]
    expect ok 0 later 3 carnet-admin renew L-1 1 --full -o l4.carnet
    [ "$(tar -xOf l4.carnet license.xml | grep -c '<feature ')" = 4 ]
    [ "$(of l4.carnet serial not-after)" = "4 never" ]
}

@test "with a renewal fingerprint the facts are new; changed too much, it is a transfer, and capped" {
    offline_license L-1 3 --lease-days 30 --transfer-cap 1
    offline_license L-2 3
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet --license L-1 -o l1.carnet
    grant=$(grant_of L-1 1)
    fingerprint_of 1 same.carnet --nonce 2 --system 7 --renew L-1 --grant "$grant"
    fingerprint_of 1 changed.carnet --nonce 3 --facts 8 --renew L-1 --grant "$grant"
    fingerprint_of 1 once-more.carnet --nonce 4 --facts 9 --renew L-1 --grant "$grant"
    fingerprint_of 2 stranger.carnet --renew L-1 --grant "$grant"
    fingerprint_of 1 unknown.carnet --renew L-1 --grant "$vendor"
    remember "$CARNET_HOME" .
    expect untrusted-key 32 carnet-admin renew L-1 stranger.carnet
    says "seat 1 of L-1 belongs to another"
    expect not-found 46 carnet-admin renew L-1 unknown.carnet
    says "a grant that is not in this ledger"
    expect not-found 46 carnet-admin renew L-2 same.carnet
    says "asks to renew nothing of that license"
    expect wrong-kind 33 carnet-admin renew L-1 f.carnet
    says "asks for a new seat"
    expect wrong-kind 33 carnet-admin renew L-1 l1.carnet
    expect wrong-machine 13 carnet-admin renew L-1 2 same.carnet
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin renew L-1 1 same.carnet -o l2.carnet --json
    [ "$(json '.serial, .transfer' | paste -sd ' ')" = "2 null" ]
    [ "$(tar -xOf l2.carnet license.xml | grep 'name="system-uuid"')" != "$(tar -xOf l1.carnet license.xml | grep 'name="system-uuid"')" ]
    expect ok 0 carnet-admin renew L-1 same.carnet -o again.carnet
    cmp l2.carnet again.carnet
    expect ok 0 carnet-admin renew L-1 changed.carnet -o l3.carnet
    says "seat 1 of L-1 has changed so much that this counts as a transfer"
    [ "$(events '% renew %serial=3 %note=facts-changed')" = 1 ]
    remember "$CARNET_HOME" .
    expect cap-reached 47 carnet-admin renew L-1 once-more.carnet
    says "counts as a transfer; L-1 allows 1 in a year, and they were used" "Wait until 20[0-9-]*T"
    unchanged "$CARNET_HOME" .
    expect ok 0 later 366 carnet-admin renew L-1 once-more.carnet -o l4.carnet --json
    [ "$(json '.serial, .transfer' | paste -sd ' ')" = "4 true" ]
    # Another machine with the system UUID that this one has now is told.
    fingerprint_of 5 clone.carnet --system 9
    expect already-assigned 41 later 366 carnet-admin assign clone.carnet --license L-1
    fingerprint_of 6 old.carnet --system 1
    expect ok 0 later 366 carnet-admin assign old.carnet --license L-1 -o l5.carnet
}

# F-2
@test "a renewal fingerprint that was made before another one which arrived first is superseded" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l1.carnet
    grant=$(grant_of L-1 1)
    fingerprint_of 1 earlier.carnet --nonce 2 --sequence 4 --system 7 --renew L-1 --grant "$grant"
    fingerprint_of 1 later.carnet --nonce 3 --sequence 6 --system 8 --renew L-1 --grant "$grant"
    fingerprint_of 1 latest.carnet --nonce 4 --sequence 9 --system 9 --renew L-1 --grant "$grant"
    expect ok 0 carnet-admin renew L-1 later.carnet -o l2.carnet
    remember "$CARNET_HOME" .
    expect superseded 18 carnet-admin renew L-1 earlier.carnet -o l3.carnet
    says "renewed by a later fingerprint of its machine \(number 6, and this is 4\)" "Nothing has to be done with this one"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin renew L-1 later.carnet -o again.carnet
    cmp l2.carnet again.carnet
    expect ok 0 carnet-admin renew L-1 latest.carnet -o l3.carnet
    [ "$(of l3.carnet serial)" = 3 ]
}

@test "a grant fixed to a user stays fixed to that user" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet --user 4
    expect ok 0 carnet-admin assign f.carnet -o l1.carnet
    grant=$(grant_of L-1 1)
    fingerprint_of 1 other.carnet --nonce 2 --user 5 --renew L-1 --grant "$grant"
    fingerprint_of 1 any.carnet --nonce 2 --renew L-1 --grant "$grant"
    fingerprint_of 1 right.carnet --nonce 2 --user 4 --system 3 --renew L-1 --grant "$grant"
    remember "$CARNET_HOME" .
    expect wrong-user 14 carnet-admin renew L-1 other.carnet
    expect wrong-user 14 carnet-admin renew L-1 any.carnet
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin renew L-1 right.carnet -o l2.carnet
}

@test "a grant that has ended is not renewed, and a renewal that came after the release is dead" {
    offline_license L-1 2 --lease-days 30
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l1.carnet
    grant=$(grant_of L-1 1)
    fingerprint_of 1 renew.carnet --nonce 2 --renew L-1 --grant "$grant"
    expect ok 0 later 2 carnet-admin renew L-1 1 -o l2.carnet
    # The release is of the older license; it ends the grant all the same.
    make-machine release l1.carnet --machine 1 -o r.carnet
    expect ok 0 later 2 carnet-admin free r.carnet -o receipt.carnet
    says "The release is of serial 1 and the grant is at 2"
    expect fingerprint-spent 49 later 2 carnet-admin renew L-1 renew.carnet
    says "that grant ended on"
    expect not-found 46 later 2 carnet-admin renew L-1 1
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin revoke: a lost machine's grant ends, its seat waits for the lost lease, and caps count.

load admin_helper

setup() {
    fresh
    home_of_both
}

@test "revoke asks, holds the seat until the lease has run out, and gives the machine's receipt" {
    offline_license L-1 2 --lease-days 30
    for n in 1 2 3; do fingerprint_of $n f$n.carnet --label "lab $n"; done
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect ok 0 carnet-admin assign f2.carnet -o l2.carnet
    until=$(of l1.carnet lease-until)
    remember "$CARNET_HOME" .
    expect needs-answer 55 without_terminal carnet-admin revoke L-1 1 --reason "stolen on the train"
    says "seat 1 of L-1 \(lab 1\) ends for ever" "counts as lost" "held until $until"
    expect usage 64 carnet-admin revoke L-1 1
    says "--reason"
    expect usage 64 carnet-admin revoke L-1 one --reason x -y
    expect usage 64 carnet-admin revoke L-1 1 --reason " x" -y
    expect not-found 46 carnet-admin revoke L-1 3 --reason x -y
    says "Seat 3 of L-1 is not out"
    expect ok 0 carnet-admin revoke L-1 1 --reason x -n
    says "would be revoked; the seat would be held until $until"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin revoke L-1 1 --reason "stolen on the train" --declared-by "Ada Byron" -y -o receipt.carnet --json
    [ "$(json '.seat, .done, .held_until' | paste -sd ' ')" = "1 revoked $until" ]
    [ "$(of receipt.carnet how reason)" = "revoked stolen on the train" ]
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem receipt.carnet
    [ "$(events "% revoke %seat=1 serial=1 until=$until grant=%name=%")" = 1 ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM name WHERE text = 'stolen on the train; declared by Ada Byron'")" = 1 ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT in_use, held FROM license")" = "1|1" ]
    remember "$CARNET_HOME"
    expect seats-in-use 44 carnet-admin convert L-1 online -y
    says "2 seats of L-1 are not free: seat 2 \(.*\), seat 1 \(lab 1, held until $until\)" "held comes free at its time"
    unchanged "$CARNET_HOME"
    # Once more: the same receipt, and no question.
    expect ok 0 without_terminal carnet-admin revoke L-1 1 --reason "another word" -o again.carnet
    says "had been revoked before; the same receipt"
    cmp receipt.carnet again.carnet
    # The seat is nobody's until then, whatever is tried.
    remember "$CARNET_HOME" .
    expect held 48 carnet-admin assign f3.carnet
    says "of its 2, 1 is held for lost machines, the first until $until" "Wait until then"
    expect held 48 carnet-admin assign f3.carnet --replace 1
    says "Seat 1 of L-1 is held for a lost machine until $until"
    expect held 48 carnet-admin renew L-1 1
    expect seats-in-use 44 carnet-admin convert L-1 online -y
    expect fingerprint-spent 49 carnet-admin assign f1.carnet
    unchanged "$CARNET_HOME" .
    expect held 48 later 29 carnet-admin assign f3.carnet
    expect ok 0 later 31 carnet-admin assign f3.carnet -o l3.carnet --json
    [ "$(json .seat)" = 1 ]
    [ "$(events '% unhold %license=L-1 seat=1 grant=%')" = 1 ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT in_use, held FROM license")" = "2|0" ]
}

@test "the hold is as long as the longest license that the machine may have" {
    offline_license L-1 2 --lease-days 300
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l1.carnet
    expect ok 0 later 2 carnet-admin renew L-1 1 --lease 10 -o l2.carnet
    expect ok 0 later 2 carnet-admin revoke L-1 1 --reason lost -y -o r.carnet --json
    [ "$(json .held_until)" = "$(of l1.carnet lease-until)" ]
}

@test "no hold where the vendor says so, nor where the lease is over; for good where there is none" {
    offline_license L-1 3 --lease-days 30 --hold-after-loss no
    for n in 1 2 3; do fingerprint_of $n f$n.carnet; done
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect ok 0 carnet-admin assign f2.carnet -o l2.carnet
    expect ok 0 carnet-admin revoke L-1 1 --reason lost -y -o r1.carnet
    says "the seat is free at once"
    [ "$(events '% revoke %until=%')" = 0 ]
    expect ok 0 carnet-admin assign f3.carnet -o l3.carnet --json
    [ "$(json .seat)" = 1 ]
    # The seat is another machine's now: that grant is not the one to be revoked again by mistake.
    expect ok 0 carnet-admin revoke L-1 1 --reason lost -n
    says "Seat 1 of L-1 .* would be revoked"
    entitled L-1 --hold-after-loss lease
    offline_license L-2 1
    expect ok 0 later 40 carnet-admin revoke L-1 2 --reason lost -y -o r2.carnet
    says "the seat is free at once"
    expect ok 0 later 40 carnet-admin assign f1.carnet --license L-2 -o m.carnet
    expect ok 0 later 40 carnet-admin revoke L-2 1 --reason lost -y -o r3.carnet
    says "held for good"
    expect held 48 later 40 carnet-admin assign f2.carnet --license L-2
    says "for good: the lost license never runs out" "buy more seats"
}

@test "losses are capped within a year" {
    offline_license L-1 5 --lease-days 5 --loss-cap 2
    offline_license L-2 5 --loss-cap 0
    mkdir stick
    for n in 1 2 3; do
        fingerprint_of $n f$n.carnet
        expect ok 0 carnet-admin assign f$n.carnet --license L-1 --to stick
    done
    expect ok 0 carnet-admin assign f1.carnet --license L-2 --to stick
    expect ok 0 carnet-admin revoke L-1 1 --reason lost -y --to stick
    expect ok 0 later 10 carnet-admin revoke L-1 2 --reason lost -y --to stick
    remember "$CARNET_HOME" stick
    expect cap-reached 47 later 10 carnet-admin revoke L-1 3 --reason lost -y --to stick
    says "counts as lost; L-1 allows 2 in a year" "Wait until 20"
    expect cap-reached 47 later 10 carnet-admin revoke L-2 1 --reason lost -y --to stick
    says "allows 0 in a year, and so none" "Ask the vendor"
    unchanged "$CARNET_HOME" stick
    expect ok 0 later 366 carnet-admin revoke L-1 3 --reason lost -y --to stick
}

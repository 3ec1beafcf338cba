#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# trust add of trust information: which is taken, and that the others change nothing (U-7 to U-9).

load user_helper

setup() {
    fresh
    samples=$CARNET_SOURCE/samples
    machine one
    carnet-user trust add "$samples/keys/root.pem" -y >/dev/null 2>&1
}

@test "trust add: three rotations later, one stick brings the machine up to date; nothing older is taken" {
    remember "$CARNET_STATE"
    expect ok 0 carnet-user trust add "$samples/valid/trust-rich.carnet" -n
    says "Would take trust information 3.7"
    expect untrusted-key 32 carnet-user trust add "$samples/invalid/links-none.carnet"
    expect untrusted-key 32 carnet-user trust add "$samples/invalid/links-last-missing.carnet"
    says "the link from there is missing"
    expect not-vouched 35 carnet-user trust add "$samples/invalid/links-first-missing.carnet"
    says "from the first root to the second is missing"
    expect not-vouched 35 carnet-user trust add "$samples/valid/trust-link.carnet"
    says "a link alone" "newest trust file"
    expect forked 53 carnet-user trust add "$samples/invalid/links-two-successors.carnet"
    expect untrusted-key 32 carnet-user trust add "$samples/invalid/trust-trust-by-a-stranger.carnet"
    expect trust-expired 38 faketime '2100-01-02' carnet-user trust add "$samples/valid/trust-rich.carnet"
    says "What is installed works as before"
    expect wrong-kind 33 carnet-user trust add "$samples/valid/license-smallest.carnet"
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user trust add "$samples/valid/trust-announcing.carnet" --json
    [ "$(json '.version, .known' | paste -sd ' ')" = "1.2 false" ]
    expect rolled-back 37 carnet-user trust add "$samples/valid/trust-smallest.carnet"
    expect ok 0 carnet-user trust add "$samples/valid/trust-rich.carnet"
    says "Taken: trust information 3.7" "revoked are 3 keys and 3 grants"
    remember "$CARNET_STATE"
    expect ok 0 carnet-user trust add - <"$samples/valid/trust-rich.carnet"
    says "Known already"
    expect rolled-back 37 carnet-user trust add "$samples/valid/trust-after-a-rotation.carnet"
    says "version 2.1, and 3.7 is known"
    unchanged "$CARNET_STATE"
}

@test "trust add: what was announced first holds, and a damaged file is named" {
    expect ok 0 carnet-user trust add "$samples/valid/trust-announcing.carnet"
    remember "$CARNET_STATE"
    expect forked 53 carnet-user trust add "$samples/valid/trust-other-successor.carnet"
    says "has two successors" "someone else may have"
    unchanged "$CARNET_STATE"
    printf x >>"$(echo "$CARNET_STATE"/vendors/*/trust.carnet)"
    expect state-damaged 93 carnet-user status
    says "trust.carnet" "Move that file away"
}

@test "trust add: trust information of a vendor that is not pinned" {
    export CARNET_STATE=$BATS_TEST_TMPDIR/empty
    expect needs-answer 55 without_terminal carnet-user trust add "$samples/valid/trust-rich.carnet"
    says "The vendor id is" "the id of the present root"
    expect needs-answer 55 without_terminal carnet-user trust add "$samples/valid/trust-smallest.carnet"
    [ ! -d "$CARNET_STATE/vendors" ] || [ -z "$(ls "$CARNET_STATE/vendors")" ]
}

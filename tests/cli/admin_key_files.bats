#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# How the home's own keys are kept: passphrases, copies, shares.

load admin_helper

setup() {
    fresh
    umask 077
    echo "correct horse" >good
    echo "battery staple" >other
}

# opens root|issuer [OPTION]...: can the key sign?
opens() {
    local role=$1
    shift
    case $role in
    root) carnet-admin trust publish -o "t$RANDOM.carnet" "$@" ;;
    issuer) carnet-admin key request -o "k$RANDOM.carnet" "$@" ;;
    esac
}

@test "key passphrase: the same key with another passphrase, with none, with one again" {
    expect ok 0 carnet-admin init --role vendor --name Acme --passphrase-file good
    id=$(carnet-admin key list --json | jq -r '.keys[0].id')
    cp "$CARNET_HOME/root.key" before
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key passphrase -n
    expect wrong-passphrase 90 carnet-admin key passphrase --passphrase-file other --new-passphrase-file good
    expect usage 64 carnet-admin key passphrase --no-passphrase --new-passphrase-file other
    expect usage 64 carnet-admin key passphrase king
    expect not-found 46 carnet-admin key passphrase issuer
    expect needs-answer 55 without_terminal carnet-admin key passphrase --passphrase-file good
    says "--new-passphrase-file"
    : >empty
    expect usage 64 carnet-admin key passphrase --passphrase-file good --new-passphrase-file empty
    says "\[empty\]"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin key passphrase --passphrase-file good --new-passphrase-fd 4 4<other --json
    [ "$(json '.role, .id, .passphrase' | paste -sd ' ')" = "root $id true" ]
    expect wrong-passphrase 90 opens root --passphrase-file good
    expect ok 0 opens root --passphrase-file other
    [ "$(stat -c %a "$CARNET_HOME/root.key")" = 600 ]
    expect ok 0 carnet-admin key passphrase --passphrase-file other --no-passphrase
    says "no passphrase: whoever can read"
    expect ok 0 opens root
    expect ok 0 carnet-admin key list
    says "no passphrase"
    expect ok 0 carnet-admin key passphrase root --new-passphrase-file good
    [ ! -e "$CARNET_HOME/root.kek" ]
    expect ok 0 opens root --passphrase-file good
    # Nothing of one file is in the other.
    [ "$(grep -cFf <(grep -oE '(salt|nonce|ciphertext|tag)="[^"]*' before) "$CARNET_HOME/root.key" || :)" -eq 0 ]
    [ "$(carnet-admin key list --json | jq -r '.keys[0] | .id, .passphrase' | paste -sd ' ')" = "$id true" ]
    # By hand.
    on_terminal 'correct horse\nbattery staple\nbattery stable\n' carnet-admin key passphrase
    [ "$status" -eq 90 ]
    says "two passphrases differ"
    expect ok 0 opens root --passphrase-file good
    on_terminal 'wrong\ncorrect horse\nbattery staple\nbattery staple\n' carnet-admin key passphrase
    [ "$status" -eq 0 ]
    says "New passphrase for the root key" "try again"
    expect ok 0 opens root --passphrase-file other
}

@test "key passphrase: of two keys one is said" {
    expect ok 0 carnet-admin init --role both --name Acme --passphrase-file good
    expect usage 64 carnet-admin key passphrase --passphrase-file good --no-passphrase
    says "two keys"
    expect ok 0 carnet-admin key passphrase issuer --passphrase-file good --no-passphrase
    expect ok 0 opens issuer
    expect ok 0 opens root --passphrase-file good
    # What the copy of a home carries follows.
    expect ok 0 carnet-admin backup copy
    says "a key of this home has no passphrase"
}

@test "key passphrase, killed at every step: one of the two files is there and opens" {
    expect ok 0 carnet-admin init --role vendor --name Acme --no-passphrase
    expect ok 0 carnet-admin trust list
    cp -a "$CARNET_HOME" kept
    local steps=0 call at
    for call in openat write fsync rename renameat2 unlinkat; do
        for at in $(seq 1 12); do
            rm -rf "$CARNET_HOME" && cp -a kept "$CARNET_HOME"
            strace -f -qq -o trace -P "$CARNET_HOME" -P "$CARNET_HOME/root.key" -P "$CARNET_HOME/root.kek" \
                -e "inject=$call:signal=KILL:when=$at" carnet-admin key passphrase --new-passphrase-file good >/dev/null 2>&1 && break
            steps=$((steps + 1))
            opens root >/dev/null 2>&1 || opens root --passphrase-file good >/dev/null 2>&1 || complain "killed at $call $at"
            # And it goes on from there.
            carnet-admin key passphrase --passphrase-file good --new-passphrase-file other >/dev/null 2>&1
            opens root --passphrase-file other >/dev/null 2>&1
        done
    done
    [ "$steps" -ge 4 ]
}

@test "a key file of a newer version, cut off, or with absurd parameters" {
    expect ok 0 carnet-admin init --role vendor --name Acme --passphrase-file good
    cp "$CARNET_HOME/root.key" kept
    # refused OUTCOME CODE WORDS...: whoever opens it, and whoever only looks, and at no cost.
    refused() {
        local outcome=$1 code=$2
        shift 2
        remember "$CARNET_HOME"
        for dry in "" -n; do
            expect "$outcome" "$code" prlimit --as=400000000 carnet-admin trust publish -o e.carnet \
                --passphrase-file good $dry
            says "$@"
        done
        [ ! -e e.carnet ]
        unchanged "$CARNET_HOME"
        cp kept "$CARNET_HOME/root.key"
    }
    sed -i 's/urn:carnet:key:1/urn:carnet:key:2/' "$CARNET_HOME/root.key"
    refused configuration 78 "newer carnet" "Use that carnet"
    truncate -s -20 "$CARNET_HOME/root.key"
    refused configuration 78 "one form" "Put back root.key"
    for absurd in passes=2 passes=17 passes=4294967295 memory-kib=65535 memory-kib=1048577 memory-kib=4294967295; do
        sed -i "s/${absurd%=*}=\"[0-9]*\"/${absurd%=*}=\"${absurd#*=}\"/" "$CARNET_HOME/root.key"
        refused configuration 78 "key file says ${absurd#*=}"
    done
    for absurd in memory-kib=99999999999 passes=-3 lanes=2 lanes=4294967295; do
        sed -i "s/${absurd%=*}=\"[0-9]*\"/${absurd%=*}=\"${absurd#*=}\"/" "$CARNET_HOME/root.key"
        refused configuration 78 "one form"
    done
}

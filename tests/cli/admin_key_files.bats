#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# How the home's own keys are kept: passphrases (spec/keyfile.md, Y-12), copies, shares.

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

# ---- copies ----

@test "key save and key load: as a file, with the key's passphrase" {
    expect ok 0 carnet-admin init --role vendor --name Acme --passphrase-file good
    id=$(carnet-admin key list --json | jq -r '.keys[0].id')
    expect usage 64 carnet-admin key save --passphrase-file good
    says "-o FILE, or --paper"
    expect wrong-passphrase 90 carnet-admin key save -o copy --passphrase-file other
    expect ok 0 carnet-admin key save -o copy --passphrase-file good -n
    [ ! -e copy ]
    expect ok 0 carnet-admin key save -o copy --passphrase-file good --json
    [ "$(json '.role, .id, .file' | paste -sd ' ')" = "root $id copy" ]
    cmp copy "$CARNET_HOME/root.key"
    [ "$(stat -c %a copy)" = 600 ]
    expect exists 73 carnet-admin key save -o copy --passphrase-file good
    expect exists 73 carnet-admin key load copy --passphrase-file good
    says "root.key already"
    rm "$CARNET_HOME/root.key"
    expect configuration 78 opens root --passphrase-file good
    says "missing from the home" "key load"
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key load copy -n
    expect wrong-passphrase 90 carnet-admin key load copy --passphrase-file other
    expect needs-answer 55 without_terminal carnet-admin key load copy
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin key load copy --passphrase-file good --json
    expect ok 0 opens root --passphrase-file good
    # Of another home.
    expect ok 0 carnet-admin --home w init --role both --name W --no-passphrase
    rm w/root.key
    remember w
    expect untrusted-key 32 carnet-admin --home w key load copy --passphrase-file good
    says "another home" "init --key"
    unchanged w
    # A key that is opened by a file beside it is not one file.
    expect ok 0 carnet-admin --home w key save issuer -o w.key --new-passphrase-file other
    mv w/issuer.key alone.key
    rm w/issuer.kek
    expect usage 64 carnet-admin --home w key load alone.key --passphrase-file other
    says "Copy both files"
    expect ok 0 carnet-admin --home w key load w.key --passphrase-file other --no-passphrase
    expect ok 0 carnet-admin --home w trust list
    expect no-input 66 carnet-admin --home w key load absent
}

@test "key save --paper and key load: typed from paper, with mistakes that are named by their line" {
    expect ok 0 carnet-admin init --role vendor --name Acme --passphrase-file good
    expect ok 0 carnet-admin key save --paper --passphrase-file good
    printf '%s\n' "$out" >paper
    [ "$(grep -vc '^#' paper)" -eq 10 ]
    # Another program reads in it what the key file says.
    fields=$(python3 -B "$CARNET_SOURCE/tests/independent/carnet_key_text.py" saved paper)
    for field in $fields; do
        grep -qF "${field%%=*}=\"${field#*=}\"" "$CARNET_HOME/root.key" || complain "$field"
    done
    mv "$CARNET_HOME/root.key" gone
    remember "$CARNET_HOME"
    for line in 1 4 9; do
        # One character of that line.
        sed -E "s/^( $line .*)([0-9A-HJKMNP-TV-Z])( [0-9A-Z]{4}  )/\1@\2\3/; s/@0/1/; s/@./0/" paper >typo
        expect malformed 30 carnet-admin key load typo --passphrase-file good
        says "Line $line has a typing mistake" "Compare line $line with the paper"
        grep -v "^ $line " paper >short
        expect malformed 30 carnet-admin key load short --passphrase-file good
        says "line $line|Line $line"
    done
    unchanged "$CARNET_HOME"
    # As people type: small letters, other spaces, O for 0.
    sed -E '/^ [0-9]/ { s/0/O/g; y/ABCDEFGHJKMNPQRSTVWXYZ/abcdefghjkmnpqrstvwxyz/; s/  +/ - /g }' paper | sed 's/$/\r/' >typed
    expect ok 0 carnet-admin key load - --passphrase-file good <typed
    cmp gone "$CARNET_HOME/root.key"
    expect ok 0 opens root --passphrase-file good
}

@test "init --key: a new home around a saved key" {
    expect ok 0 carnet-admin --home v init --role vendor --name Acme --passphrase-file good
    id=$(carnet-admin --home v key list --json | jq -r '.keys[0].id')
    expect ok 0 carnet-admin --home v key save --paper -o paper --passphrase-file good
    expect usage 64 carnet-admin init --role both --name B --key paper --no-passphrase
    expect untrusted-key 32 carnet-admin init --role admin --name B --key paper --passphrase-file good
    says "role 'root'"
    expect wrong-passphrase 90 carnet-admin init --role both --name B --key paper --passphrase-file other
    [ ! -e "$CARNET_HOME" ]
    expect ok 0 carnet-admin init --role both --name B --key paper --passphrase-file good
    says "^root +$id"
    expect ok 0 opens root --passphrase-file good
    expect ok 0 opens issuer --passphrase-file good
}

# ---- shares ----

@test "key split and key join: any three of five, into a file or the home" {
    expect ok 0 carnet-admin init --role vendor --name Acme --passphrase-file good
    id=$(carnet-admin key list --json | jq -r '.keys[0].id')
    mkdir shares again
    expect usage 64 carnet-admin key split --shares 5 --to shares
    expect usage 64 carnet-admin key split --shares 5 --threshold 6 --to shares
    says "Y-17|only 5 are made"
    expect usage 64 carnet-admin key split --shares 17 --threshold 6 --to shares
    expect no-input 66 carnet-admin key split --shares 5 --threshold 3 --to absent
    expect ok 0 carnet-admin key split --shares 5 --threshold 3 --to shares -n
    expect wrong-passphrase 90 carnet-admin key split --shares 5 --threshold 3 --to shares --passphrase-file other
    [ -z "$(ls shares)" ]
    expect ok 0 carnet-admin key split --shares 5 --threshold 3 --to shares --passphrase-file good --json
    [ "$(json '.shares, .threshold, (.files | length)' | paste -sd ' ')" = "5 3 5" ]
    [ "$(stat -c %a shares/* | sort -u)" = 600 ]
    share=(shares/*)
    expect exists 73 carnet-admin key split --shares 5 --threshold 3 --to shares --passphrase-file good
    [ "$(ls shares | wc -l)" -eq 5 ]
    # Another program joins them by the specification alone, to one seed whichever it takes.
    join() { python3 -B "$CARNET_SOURCE/tests/independent/carnet_key_text.py" join "$@"; }
    [ "$(join "${share[0]}" "${share[2]}" "${share[4]}")" = "$(join "${share[3]}" "${share[1]}" "${share[2]}")" ]
    mv "$CARNET_HOME/root.key" gone
    remember "$CARNET_HOME"
    expect no-input 66 carnet-admin key join "${share[1]}" "${share[3]}"
    says "3 shares are needed, and 2 were given"
    expect usage 64 carnet-admin key join "${share[1]}" "${share[3]}" "${share[1]}"
    says "Share 2 was given twice"
    expect ok 0 carnet-admin --home v init --role vendor --name Other --no-passphrase
    expect ok 0 carnet-admin --home v key split --shares 2 --threshold 2 --to again
    expect untrusted-key 32 carnet-admin key join "${share[1]}" again/*
    says "of another key"
    rm again/*
    cp gone "$CARNET_HOME/root.key"
    expect ok 0 carnet-admin key split --shares 5 --threshold 3 --to again --passphrase-file good
    rm "$CARNET_HOME/root.key"
    expect untrusted-key 32 carnet-admin key join "${share[1]}" again/*
    says "another time"
    sed -E 's/^( 3  .)./\1!/' "${share[0]}" >damaged
    expect malformed 30 carnet-admin key join damaged "${share[1]}" "${share[2]}"
    says "Line 3" "\[damaged"
    head -n 7 "${share[0]}" >cut
    expect malformed 30 carnet-admin key join cut "${share[1]}" "${share[2]}"
    says "ends before line"
    sed 's/carnet-key 1/carnet-key 2/' "${share[0]}" >newer
    expect configuration 78 carnet-admin key join newer "${share[1]}" "${share[2]}"
    expect wrong-kind 33 carnet-admin key load "${share[0]}"
    says "key join"
    expect needs-answer 55 without_terminal carnet-admin key join "${share[0]}" "${share[1]}" "${share[2]}"
    expect ok 0 carnet-admin key join "${share[0]}" "${share[1]}" "${share[2]}" -n
    expect usage 64 carnet-admin key join "${share[0]}" "${share[1]}" "${share[2]}" -o f --no-passphrase
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin key join "${share[4]}" "${share[0]}" "${share[2]}" -o joined --new-passphrase-file other --json
    [ "$(json .id)" = "$id" ]
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin key join "${share[4]}" "${share[1]}" "${share[2]}" "${share[0]}" --new-passphrase-file other
    expect ok 0 opens root --passphrase-file other
    rm "$CARNET_HOME/root.key"
    expect ok 0 carnet-admin key load joined --passphrase-file other
    expect ok 0 opens root --passphrase-file other
}

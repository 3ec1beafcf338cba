#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Keys on a PKCS#11 token (spec/keyfile.md, Y-20 to Y-22): SoftHSM, through p11-kit.

load admin_helper

setup() {
    fresh
    umask 077
    mkdir tokens
    printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$PWD" >softhsm2.conf
    export SOFTHSM2_CONF="$PWD/softhsm2.conf"
    echo 1234 >pin
    echo 9999 >wrong
    echo "correct horse" >good
}

tool() {
    pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so "$@" >/dev/null 2>&1
}

# token LABEL: a token with the PIN 1234.
token() {
    softhsm2-util --init-token --free --label "$1" --pin 1234 --so-pin 5678 >/dev/null
}

# key LABEL ID NAME [TYPE]: a key on it.
key() {
    tool --token-label "$1" --login --pin 1234 --keypairgen --key-type "${4:-EC:edwards25519}" --id "$2" --label "$3"
}

issuer='pkcs11:token=safe;object=issuer'

# home [OPTION]...: a home of both whose issuer is on the token.
home() {
    expect ok 0 carnet-admin init --role both --name Acme --no-passphrase --issuer-token "$issuer" --pin-file pin "$@"
    vendor=$(carnet-admin trust list --json | jq -r '.anchors[0].vendor')
}

@test "the whole round trip with the issuer key on a token" {
    token safe
    key safe 01 issuer
    home
    [ ! -e "$CARNET_HOME/issuer.kek" ]
    grep -qF "uri=\"$issuer\"" "$CARNET_HOME/issuer.key"
    xmllint --noout --nonet --schema "$CARNET_SOURCE/spec/carnet-key-1.xsd" "$CARNET_HOME/issuer.key"
    expect ok 0 carnet-admin key list
    says "^issuer .* token  $issuer"
    expect ok 0 carnet-admin key list --json
    [ "$(json '.keys[1] | .where, .uri' | paste -sd ' ')" = "token $issuer" ]
    [ "$(json '.keys[0].where')" = file ]
    # The public half is what the token says.
    point=$(pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label safe -O --type pubkey 2>/dev/null | awk '/EC_POINT:/ { print $2 }')
    [ "0420$(carnet-admin key export issuer | openssl pkey -pubin -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')" = "$point" ]
    expect ok 0 carnet-admin entitle --license CAD --product cad --licensee x --seats 2 --offline allowed -o e.carnet
    expect ok 0 carnet-admin import e.carnet
    expect ok 0 carnet-admin convert CAD offline -y
    carnet-admin key export root -o root.pem
    carnet-user trust add root.pem -y
    expect ok 0 carnet-user fingerprint --product cad -o f.carnet
    expect needs-answer 55 without_terminal carnet-admin assign f.carnet -o l.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet --passphrase-file pin
    expect ok 0 carnet-user activate l.carnet -o a.carnet
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-admin import a.carnet
    expect ok 0 carnet-user release cad -y -o r.carnet
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet --passphrase-fd 3 3<pin
    expect ok 0 carnet-inspect verify --trust root.pem e.carnet f.carnet l.carnet a.carnet r.carnet receipt.carnet
    on_terminal '1234\n' carnet-admin key request -o k.carnet
    [ "$status" -eq 0 ]
    says "PIN"
    expect ok 0 carnet-admin journal verify
    # A copy of the home has no secret of the token, and goes on where the token is.
    expect ok 0 carnet-admin backup copy
    expect ok 0 carnet-admin --home other restore copy -y
    cmp other/issuer.key "$CARNET_HOME/issuer.key"
    # Nothing of it is in a file of ours.
    for command in "key passphrase issuer --no-passphrase" "key save issuer -o copy.key" "key split issuer --shares 2 --threshold 2 --to ."; do
        # shellcheck disable=SC2086  # words
        expect configuration 78 carnet-admin $command
        says "on a token, and never leaves it"
    done
}

@test "a vendor's root on a token, and both keys" {
    token safe
    key safe 01 root
    key safe 02 issuer
    expect ok 0 carnet-admin init --role vendor --name Acme --root-token 'pkcs11:token=safe;object=root' --pin-file pin
    not_says "passphrase"
    expect ok 0 carnet-admin trust publish -o t.carnet --passphrase-file pin
    expect ok 0 carnet-admin --home b init --role both --name Acme --root-token 'pkcs11:token=safe;id=%01' --issuer-token 'pkcs11:token=safe;id=%02' --pin-file pin
    expect ok 0 carnet-admin --home b entitle --license L --product cad --licensee x --seats 1 -o e.carnet --passphrase-file pin
}

@test "a token that is absent, locked, of another kind, or has another key: each in its own words, and nothing is made" {
    token safe
    key safe 01 issuer
    key safe 02 twin
    key safe 03 twin
    key safe 04 curve EC:prime256v1
    # init_refused OUTCOME CODE URI WORDS...
    init_refused() {
        local outcome=$1 code=$2 uri=$3
        shift 3
        expect "$outcome" "$code" carnet-admin init --role admin --name A --issuer-token "$uri" --pin-file "${pin:-pin}"
        says "$@"
        [ ! -e "$CARNET_HOME" ]
    }
    init_refused no-input 66 'pkcs11:token=drawer;object=issuer' "is not there" "Plug it in"
    init_refused not-found 46 'pkcs11:token=safe;object=nobody' "no private key that matches"
    init_refused configuration 78 'pkcs11:token=safe;object=twin' "Several keys" "'id'"
    init_refused configuration 78 'pkcs11:token=safe;object=curve' "none for Ed25519"
    init_refused usage 64 'pkcs11:token=safe?pin-value=1234' "without a query" "pin-file"
    init_refused usage 64 'https://example.org' "PKCS#11 URI"
    init_refused usage 64 'pkcs11:wrong' "PKCS#11 URI"
    pin=wrong init_refused wrong-passphrase 90 "$issuer" "PIN does not open the token"
    expect usage 64 carnet-admin init --role vendor --name A --issuer-token "$issuer"
    says "no issuer key"
    token safe
    init_refused configuration 78 "$issuer" "2 tokens match" "serial"
    rm -rf tokens/*
    token safe
    key safe 01 issuer
    home
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key request -n -o k.carnet
    expect wrong-passphrase 90 carnet-admin key request -o k.carnet --passphrase-file wrong
    says "right PIN" "\[pkcs11:token=safe"
    # Another key where this one was.
    rm -rf tokens/*
    token safe
    key safe 01 issuer
    expect untrusted-key 32 carnet-admin key request -o k.carnet --passphrase-file pin
    says "another key than" "right token"
    mv tokens gone
    mkdir tokens
    expect no-input 66 carnet-admin key request -o k.carnet --passphrase-file pin
    says "is not there"
    unchanged "$CARNET_HOME"
    [ ! -e k.carnet ]
    # What needs no signature needs no token.
    expect ok 0 carnet-admin license list
}

@test "a token without Ed25519, and one that has locked itself" {
    token safe
    key safe 01 issuer
    # What no software token does by itself, a module between says: a token that lacks the mechanism, one that is locked.
    for lacks in mechanism:configuration:78:"can't sign with Ed25519" locked:permission:77:"locked itself" forged:configuration:78:"does not hold with the key"; do
        IFS=: read -r fault outcome code words <<<"$lacks"
        expect "$outcome" "$code" env CARNET_TOKEN_FAULT="$fault" LD_PRELOAD="${CARNET_BIN##*:}/libcarnet-token.so" \
            carnet-admin init --role admin --name A --issuer-token "$issuer" --pin-file pin
        says "$words"
        [ ! -e "$CARNET_HOME" ]
    done
}

@test "without p11-kit the program runs, and says what is missing when a key is on a token" {
    token safe
    key safe 01 issuer
    home
    # p11-kit is not among what the program is linked with.
    ! ldd "$(command -v carnet-admin)" | grep -q p11-kit
    expect ok 0 strace -f -o trace -e trace=openat carnet-admin trust publish -o t.carnet
    ! grep -q p11-kit trace
    expect configuration 78 strace -f -o trace -e trace=openat -e inject=openat:error=ENOENT -P /lib/x86_64-linux-gnu/libp11-kit.so.0 \
        -P /usr/lib/x86_64-linux-gnu/libp11-kit.so.0 carnet-admin key request -o k.carnet --passphrase-file pin
    says "p11-kit, which reaches tokens, is not here" "libp11-kit0"
}

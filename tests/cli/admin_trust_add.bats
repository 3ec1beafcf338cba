#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Trust information on the administrator's side: which is taken, what it does there, and pinning by it alone.

load admin_helper

setup() {
    fresh
    samples=$CARNET_SOURCE/samples
    vendor=$(openssl pkey -pubin -in "$samples/keys/root.pem" -outform DER | sha256sum | cut -d' ' -f1)
}

admin_home() {
    carnet-admin --quiet init --role admin --name "City Hospital" --no-passphrase >/dev/null
}

# The present root by a file of trust information.
present() {
    tar -xOf "$1" trust.xml | grep -o '<root [^>]*' | tail -1 | grep -oE '[0-9a-f]{64}'
}

@test "trust add and import: the newest is taken, others are refused, and nothing is written" {
    admin_home
    carnet-admin trust add "$samples/keys/root.pem" -y
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin trust add "$samples/valid/trust-rich.carnet" -n
    says "Would take trust information 3.7"
    expect untrusted-key 32 carnet-admin trust add "$samples/invalid/links-none.carnet"
    expect untrusted-key 32 carnet-admin trust add "$samples/invalid/links-last-missing.carnet"
    expect not-vouched 35 carnet-admin trust add "$samples/invalid/links-first-missing.carnet"
    expect not-vouched 35 carnet-admin trust add "$samples/valid/trust-link.carnet"
    expect forked 53 carnet-admin trust add "$samples/invalid/links-two-successors.carnet"
    expect untrusted-key 32 carnet-admin trust add "$samples/invalid/trust-trust-by-a-stranger.carnet"
    expect untrusted-key 32 carnet-admin import "$samples/invalid/trust-trust-by-a-stranger.carnet"
    expect trust-expired 38 faketime '2100-01-02' carnet-admin trust add "$samples/valid/trust-rich.carnet"
    expect wrong-kind 33 carnet-admin trust add "$samples/valid/license-smallest.carnet"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin import "$samples/valid/trust-announcing.carnet" --json
    [ "$(json '.version, .fate' | paste -sd ' ')" = "1.2 taken" ]
    remember "$CARNET_HOME"
    expect rolled-back 37 carnet-admin import "$samples/valid/trust-smallest.carnet"
    expect forked 53 carnet-admin trust add "$samples/valid/trust-other-successor.carnet"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin trust add "$samples/valid/trust-rich.carnet" --json
    [ "$(json '.version, .known' | paste -sd ' ')" = "3.7 false" ]
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin trust add - <"$samples/valid/trust-rich.carnet"
    says "Known already"
    expect rolled-back 37 carnet-admin trust add "$samples/valid/trust-after-a-rotation.carnet"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin trust list --json
    [ "$(json '.anchors[0].version')" = 3.7 ]
    expect ok 0 carnet-admin journal verify
    # It goes along with the ledger.
    expect ok 0 carnet-admin backup copy
    expect ok 0 carnet-admin --home again restore copy -y
    expect ok 0 carnet-admin --home again trust list --json
    [ "$(json '.anchors[0].version')" = 3.7 ]
}

@test "trust add: by trust information alone, vendor id and present root confirmed both, on either side" {
    admin_home
    export CARNET_STATE=$BATS_TEST_TMPDIR/state
    root=$(present "$samples/valid/trust-rich.carnet")
    remember "$CARNET_HOME"
    for program in carnet-admin carnet-user; do
        expect needs-answer 55 without_terminal $program trust add "$samples/valid/trust-rich.carnet"
        says "$(echo "$vendor" | sed 's/..../& /g; s/ $//')" "$(echo "$root" | sed 's/..../& /g; s/ $//')"
        expect usage 64 $program trust add "$samples/valid/trust-rich.carnet" --id "$vendor"
        expect untrusted-key 32 $program trust add "$samples/valid/trust-rich.carnet" --id "$vendor" --root "$vendor"
        says "present root"
        expect untrusted-key 32 $program trust add "$samples/valid/trust-rich.carnet" --id "$root" --root "$root"
        expect untrusted-key 32 $program trust add "$samples/valid/trust-link.carnet" -y
        expect untrusted-key 32 $program trust add "$samples/invalid/links-first-missing.carnet" -y
        expect untrusted-key 32 $program trust add "$samples/invalid/links-none.carnet" -y
        expect ok 0 $program trust add "$samples/valid/trust-rich.carnet" --id "$vendor" --root "$root" -n
    done
    unchanged "$CARNET_HOME"
    [ ! -d "$CARNET_STATE/vendors" ] || [ -z "$(ls "$CARNET_STATE/vendors")" ]
    for program in carnet-admin carnet-user; do
        expect ok 0 $program trust add "$samples/valid/trust-rich.carnet" --id "$vendor" --root "$root"
        expect ok 0 $program trust list
        [[ "${out//[ ]/}" == *"$vendor"* ]]
        expect rolled-back 37 $program trust add "$samples/valid/trust-announcing.carnet"
    done
    expect ok 0 carnet-admin journal verify
}

@test "two vendors and two administrators: what one vendor revokes or demands concerns nobody else" {
    admin_home
    carnet-admin --home second --quiet init --role admin --name Second --no-passphrase
    issuer=$(carnet-admin key list --json | jq -r '.keys[0].id')
    for v in v w; do
        carnet-admin --home $v --quiet init --role vendor --name "Vendor $v" --no-passphrase
        carnet-admin --home $v key export root -o $v.pem
        carnet-admin --quiet trust add $v.pem -y
        eval "id_$v=$(carnet-admin --home $v trust list --json | jq -r '.anchors[0].vendor')"
    done
    carnet-admin --home second --quiet trust add v.pem -y
    carnet-admin --quiet key request --vendor "$id_v" -o for-v.carnet
    carnet-admin --quiet key request --vendor "$id_w" -o for-w.carnet
    carnet-admin --home second --quiet key request -o second.carnet
    e() { carnet-admin --home "$1" entitle --license "$2" --product cad --licensee x --seats 2 --offline allowed --issuer "$3" -y -o "$4" "${@:5}"; }
    # One license id at two vendors is two licenses; two administrators have a license each.
    expect ok 0 e v L for-v.carnet v1.carnet
    expect ok 0 e w L for-w.carnet w1.carnet
    expect ok 0 e v M second.carnet m1.carnet
    expect wrong-vendor 36 e w L for-v.carnet no.carnet
    expect ok 0 carnet-admin import v1.carnet w1.carnet
    expect untrusted-key 32 carnet-admin import m1.carnet
    expect ok 0 carnet-admin --home second import m1.carnet
    expect ok 0 carnet-admin convert L offline --vendor "$id_v" -y
    expect ok 0 carnet-admin convert L offline --vendor "$id_w" -y
    # v revokes the first administrator's key.
    expect ok 0 carnet-admin --home v trust publish --revoke-key "$issuer" -y -o v-trust.carnet
    expect ok 0 carnet-admin trust add v-trust.carnet
    says "has revoked this home's issuer key" "key rotate issuer"
    make-machine fingerprint --vendor "$id_v" --product cad -o fv.carnet
    make-machine fingerprint --vendor "$id_w" --product cad -o fw.carnet
    remember "$CARNET_HOME"
    expect revoked 17 carnet-admin assign fv.carnet -o v.license
    says "U-10"
    unchanged "$CARNET_HOME"
    [ ! -e v.license ]
    expect ok 0 carnet-admin assign fw.carnet -o w.license
    expect ok 0 carnet-inspect verify --trust w.pem w.license
    expect ok 0 carnet-admin --home second trust add v-trust.carnet
    expect ok 0 carnet-admin --home second convert M offline -y
    expect ok 0 carnet-admin --home second assign fv.carnet -o m.license
    expect ok 0 carnet-inspect verify --trust v-trust.carnet m.license
    # An entitlement that demands newer trust information than is known is not taken before that has come (U-13).
    expect ok 0 carnet-admin --home w trust publish -o w-trust.carnet
    expect ok 0 carnet-admin --home w entitle --license L --seats 3 --least-trust 1.1 -o w2.carnet
    remember "$CARNET_HOME"
    expect not-vouched 35 carnet-admin import w2.carnet
    says "U-13"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin import w-trust.carnet w2.carnet
    expect ok 0 carnet-admin journal verify
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# How keys come to be named: key request, and entitle's --issuer.

load admin_helper

setup() {
    fresh
}

# The vendor in the folder v, the administrator in the home at hand.
vendor_and_admin() {
    expect ok 0 carnet-admin --home v init --role vendor --name "Acme Tools" --no-passphrase
    carnet-admin --home v key export root -o root.pem
    vendor=$(carnet-admin --home v key list --json | jq -r '.keys[0].id')
    expect ok 0 carnet-admin init --role admin --name "City Hospital" --contact desk@city.example --no-passphrase
    issuer=$(carnet-admin key list --json | jq -r '.keys[0].id')
}

entitle() {
    carnet-admin --home v entitle --license L --product cad --licensee "City Hospital" --seats 2 --issuer "$@"
}

@test "key request: it names the key, is taken by entitle after its id was shown, and the license works" {
    vendor_and_admin
    remember "$CARNET_HOME"
    expect not-found 46 carnet-admin key request -o k.carnet
    says "No vendor is pinned" "trust add"
    expect ok 0 carnet-admin trust add root.pem -y
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key request -n -o k.carnet
    expect usage 64 carnet-admin key request --offline perhaps -o k.carnet
    expect usage 64 carnet-admin key request --license "a b" -o k.carnet
    [ ! -e k.carnet ]
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin key request -o k.carnet
    says "$(echo "$issuer" | sed 's/..../& /g; s/ $//')" "entitle --issuer"
    [ "$(events '% key-request %')" -eq 1 ]
    [ "$(carnet-inspect show k.carnet --json | jq -r '.chain[0].document | [.administrator.name, .administrator.contact, .request.offline] | join(" ")')" = "City Hospital desk@city.example wished" ]
    expect ok 0 carnet-inspect verify k.carnet
    # It is for entitle, and for nothing else.
    remember "$CARNET_HOME" v
    expect wrong-kind 33 carnet-admin import k.carnet
    says "carnet-admin entitle --issuer"
    expect needs-answer 55 without_terminal carnet-admin --home v entitle --license L --product cad --licensee x --seats 2 --issuer k.carnet -o e.carnet
    says "$(echo "$issuer" | sed 's/..../& /g; s/ $//')"
    expect ok 0 entitle k.carnet -n
    unchanged "$CARNET_HOME" v
    [ ! -e e.carnet ]
    expect ok 0 entitle k.carnet -o e.carnet -y --json
    [ "$(json .issuer)" = "$issuer" ]
    expect ok 0 carnet-admin import e.carnet
    # Given once more it names the same key, and nobody is asked.
    expect ok 0 without_terminal carnet-admin --home v entitle --license M --product cad --licensee x --seats 1 --issuer k.carnet -o m.carnet
}

@test "key request (B-2, B-3): as text, for one license, by its terminal" {
    vendor_and_admin
    carnet-admin trust add root.pem -y
    expect ok 0 carnet-admin key request --license L --offline not-wished --text
    printf '%s\n' "$out" >k.txt
    remember v
    expect not-found 46 carnet-admin --home v entitle --license M --product cad --licensee x --seats 1 --issuer k.txt -y -o m.carnet
    says "for the license L, and not for M"
    unchanged v
    [ ! -e m.carnet ]
    on_terminal 'n\n' carnet-admin --home v entitle --license L --product cad --licensee x --seats 1 --issuer k.txt -o e.carnet
    [ "$status" -eq 130 ]
    unchanged v
    on_terminal 'y\n' carnet-admin --home v entitle --license L --product cad --licensee x --seats 1 --issuer k.txt -o e.carnet
    [ "$status" -eq 0 ]
    says "City Hospital asks, on " "offline use not wished"
    [ -e e.carnet ]
}

@test "key request: for another vendor, of a root, altered" {
    vendor_and_admin
    carnet-admin --home w init --role both --name "Other" --no-passphrase
    carnet-admin --home w key export root -o other.pem
    carnet-admin trust add root.pem -y
    carnet-admin trust add other.pem -y
    expect usage 64 carnet-admin key request -o k.carnet
    says "--vendor"
    expect ok 0 carnet-admin key request --vendor "$(carnet-admin --home w trust list --json | jq -r '.anchors[0].vendor')" -o k.carnet
    remember v
    expect wrong-vendor 36 entitle k.carnet -y -o e.carnet
    says "B-2" "key request --vendor"
    expect untrusted-key 32 entitle "$CARNET_SOURCE/samples/invalid/trust-keyrequest-by-the-root.carnet" -y -o e.carnet
    expect malformed 30 entitle "$CARNET_SOURCE/samples/invalid/semantic-keyrequest-replaces-itself.carnet" -y -o e.carnet
    expect wrong-kind 33 entitle "$CARNET_SOURCE/samples/valid/license-smallest.carnet" -y -o e.carnet
    printf '~' | dd of=k.carnet bs=1 seek=4700 conv=notrunc 2>/dev/null
    expect altered 31 entitle k.carnet -y -o e.carnet
    unchanged v
    [ ! -e e.carnet ]
}

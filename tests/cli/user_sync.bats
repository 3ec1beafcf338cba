#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-user sync: one command and a stick (spec/stick.md).

load user_helper
bats_require_minimum_version 1.5.0

setup() {
    fresh
    mkdir stick
}

# manifest PRODUCT: it is installed on the machine at hand, and asks for a license.
manifest() {
    printf 'product = %s\nvendor = %s\n' "$1" "$root_id" >"$CARNET_SYSROOT/etc/carnet/products.d/$1.conf"
}

# names FOLDER: what lies in a folder of the stick, without the digits.
names() {
    ls "stick/carnet/$1" | sed 's/-[0-9a-f]*\.carnet$//' | paste -sd ' '
}

# office: the administrator takes what is on the stick, by hand.
office() {
    local file
    for file in stick/carnet/to-admin/*.carnet; do
        case $file in
        */fingerprint-*) carnet-admin --quiet assign "$file" --to stick >/dev/null ;;
        */release-*) carnet-admin --quiet free "$file" --to stick >/dev/null ;;
        *) carnet-admin --quiet import "$file" ;;
        esac
        mkdir -p stick/carnet/done
        mv "$file" stick/carnet/done/
    done
}

@test "the whole trip of one machine, with nothing but sync on its side" {
    vendor
    machine one
    trust
    manifest cad
    expect ok 0 carnet-user sync stick --label HALL3-PLC1 -y
    says "write  fingerprint" "asks for a license for cad" "Leaves as keyed digests" "Written to it: 1" "can be pulled"
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    grep -q "HALL3-PLC1\|hall3-plc1" stick/carnet/ROUND.TXT
    # Again, and nothing is made twice.
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    office
    expect ok 0 carnet-user sync stick -y
    says "take   license" "write  activation"
    [ "$(names to-user)" = "" ]
    [ "$(names to-admin)" = activation-hall3-plc1 ]
    [ "$(names done)" = license-hall3-plc1 ]
    expect ok 0 carnet-user check cad
    office
    expect ok 0 carnet-user --json sync stick -y
    [ "$(json '.taken, .written' | paste -sd ' ')" = "0 0" ]
    carnet-user release cad -y -o r.carnet >/dev/null
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = release-hall3-plc1 ]
    office
    expect ok 0 carnet-user sync stick -y
    says "take   receipt"
    expect released 16 carnet-user check cad
}

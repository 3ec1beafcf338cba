#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The rule file of sync (spec/rules.md): how it is understood, and what is refused of it, with file and line.

load admin_helper

setup() {
    fresh
    home_of_both
    entitled CAD-2026 --product cad --licensee "City Hospital" --seats 40 --offline allowed --lease-days 300
    expect ok 0 carnet-admin convert CAD-2026 offline -y
    entitled CAD-2026-LAB --product cad --licensee "City Hospital" --seats 3
}

# refused FILE LINE PATTERN: 'configuration' with file and line, and nothing changed.
refused() {
    remember "$CARNET_HOME"
    expect configuration 78 carnet-admin rules check "$1"
    says "$3" "\[$1(, line $2)?\]"
    unchanged "$CARNET_HOME"
    expect configuration 78 carnet-admin rules check "$1" --json
    [ "$(json '.file, .line' | paste -sd ' ')" = "$1 $2" ]
}

@test "RU-6: rules check says how each rule is understood" {
    printf '%s\r\n' '# hall 3' 'most = 50' 'answer-clocks = yes' '' 'product = cad' 'license = CAD-2026' 'label = HALL3-*' \
        'out = 40' 'lease = 90' 'note = hall 3' 'product = cad' 'license = CAD-2026-LAB' >hall3.rules
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin rules check hall3.rules
    says 'line 5 +cad +CAD-2026 +<- HALL3-\* +a run: no limit, out: 40 +\(40 of 40 seats free\)' 'each for 90 days' \
        'line 11 +cad +CAD-2026-LAB +<- \* .*\(online: convert it first\)' 'Seats in a run: 50. Clock requests are answered'
    expect ok 0 carnet-admin rules check hall3.rules --json
    [ "$(json '.rules[0] | .line, .license, .label, .most, .out, .lease, .note' | paste -sd ' ')" = "5 CAD-2026 HALL3-* null 40 90 hall 3" ]
    [ "$(json '.most, .answer_clocks' | paste -sd ' ')" = "50 true" ]
    [ "$(json '.rules[1].vendor')" = "$vendor" ]
    unchanged "$CARNET_HOME"
}

@test "RU-2, RU-3, RU-7: what is wrong in the file is refused with file and line" {
    printf 'product = cad\nlicense = CAD-2026\nprodukt = x\n' >a
    refused a 3 "'produkt' is no word of a rule file"
    printf 'product = cad\nlabel = x\n' >a
    refused a 1 'names no license'
    printf 'product = cad\nlicense = CAD-2026\nlabel = HALL[0-9]\n' >a
    refused a 3 'is not a pattern'
    printf 'product = cad\nlicense = CAD-2026\n\nproduct = cad\nlicense = CAD-2026-LAB\n' >a
    refused a 4 'never reached: that of line 1'
    : >a
    refused a null 'It holds no rule'
    head -c 70000 /dev/zero >a
    refused a null 'larger than 64 KiB'
    expect no-input 66 carnet-admin rules check absent
}

@test "RU-4: a license that is not there, or not for the product, and a lease that is too long" {
    printf 'product = cad\nlicense = CAD-2027\n' >a
    refused a 2 'no license CAD-2027 is in this ledger'
    printf 'product = mesh\nlicense = CAD-2026\n' >a
    refused a 2 'the license CAD-2026 is for the product cad, not for mesh'
    printf 'product = cad\nlicense = CAD-2026\nvendor = 00000000\n' >a
    refused a 2 'no license CAD-2026 of a vendor 00000000'
    printf 'product = cad\nlicense = CAD-2026\nvendor = %s\nlease = 301\n' "${vendor:0:8}" >a
    refused a 4 'a lease of 301 days is longer than CAD-2026 allows, 300 days'
    printf 'product = cad\nlicense = CAD-2026\nvendor = %s\nlease = 300\n' "$vendor" >a
    expect ok 0 carnet-admin rules check a
}

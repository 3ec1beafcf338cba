#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin sync: all that a stick brings, in one go; twice, late, beside others, and with a stick that fails.

load admin_helper

setup() {
    fresh
    home_of_both
    to_admin=stick/carnet/to-admin
    to_user=stick/carnet/to-user
    mkdir -p $to_admin
}

# prints N FILE [OPTION]...: the fingerprint of machine N, labelled mN, under that name on the stick.
prints() {
    fingerprint_of "$1" "$to_admin/$2" --label "m$1" "${@:3}"
}

# releases N [OPTION]...: the machine's release of the license that lies on the stick.
releases() {
    make-machine release $to_user/license-m"$1"-*.carnet --machine "$1" -o "$to_admin/release-$1.carnet" "${@:2}"
}

count() {
    find "$1" -type f -name "$2" 2>/dev/null | wc -l
}

in_use() {
    carnet-admin license show "${1:-L-1}" --json | jq .license.in_use
}

waiting() {
    sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM bundle WHERE delivered IS NULL"
}

@test "sync shows a plan, changes nothing with -n, and asks" {
    offline_license L-1 2
    prints 1 a.carnet
    prints 2 b.carnet
    prints 3 c.carnet
    remember "$CARNET_HOME"
    expect partly-done 54 carnet-admin sync stick -n
    says 'take +fingerprint +m1 +carnet/to-admin/a.carnet: gets seat 1 of L-1' 'take .* gets seat 2 of L-1' \
        'refuse +fingerprint +m3 .*no-seat: All 2 seats of L-1 are taken' 'write +license +m1 +seat 1 of L-1' \
        'Would be: 2 seats assigned, 2 files for machines'
    expect partly-done 54 carnet-admin sync stick -n --json
    [ "$(json '.assigned, .written, .refused, ."dry-run"' | paste -sd ' ')" = "2 2 1 true" ]
    expect needs-answer 55 without_terminal carnet-admin sync stick
    on_terminal 'n\n' carnet-admin sync stick
    [ "$status" -eq 130 ]
    unchanged "$CARNET_HOME"
    [ "$(in_use)" = 0 ]
    on_terminal 'y\n' carnet-admin sync stick
    [ "$status" -eq 54 ]
    [ "$(in_use)" = 2 ]
    [ "$(count $to_user 'license-*')" -eq 2 ]
    [ "$(count stick/carnet/done 'fingerprint-*')" -eq 2 ]
    [ "$(ls $to_admin)" = c.carnet ]
    grep -q 'm1' stick/carnet/ROUND.TXT
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem $to_user
    expect ok 0 carnet-admin journal verify
}

@test "release and new fingerprint on one stick: freed, then assigned; the seats are right to the last" {
    offline_license L-1 2
    prints 1 a.carnet
    prints 2 b.carnet
    expect ok 0 carnet-admin sync stick -y
    releases 1
    # Named so that it comes before the release.
    prints 1 a-new.carnet --nonce 2 --sequence 3
    expect ok 0 carnet-admin sync stick -y --json
    [ "$(json '.freed, .assigned, .written' | paste -sd ' ')" = "1 1 2" ]
    [ "$(in_use)" = 2 ]
    [ "$(count $to_user 'receipt-m1-*')" -eq 1 ]
    [ "$(count $to_user 'license-m1-*')" -eq 2 ]
    [ "$(count $to_admin '*')" -eq 0 ]
    [ "$(carnet-admin license show L-1 --json | jq -c '[.grants[]?.seat] | sort')" != null ]
    expect ok 0 carnet-admin journal verify
}

@test "the same stick twice, the same fingerprint again, an old stick from a drawer: nothing twice, nothing undone" {
    offline_license L-1 3
    prints 1 a.carnet
    prints 2 b.carnet
    cp -r stick drawer
    expect ok 0 carnet-admin sync stick -y
    remember stick
    before=$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event")
    expect ok 0 carnet-admin sync stick -y
    says "Nothing had to be done"
    unchanged stick
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event")" -eq "$before" ]
    # The same fingerprints on another stick: the same bytes.
    cp -r drawer other
    expect ok 0 carnet-admin sync other -y
    [ "$(sha256sum other/carnet/to-user/* | cut -c -64 | sort)" = "$(sha256sum $to_user/* | cut -c -64 | sort)" ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event")" -eq "$before" ]
    # Machine 1 gives its seat up, and machine 3 gets it; then the first stick comes once more.
    releases 1
    cp $to_admin/release-1.carnet old-release.carnet
    prints 3 c.carnet
    expect ok 0 carnet-admin sync stick -y
    cp old-release.carnet drawer/carnet/to-admin
    before=$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event")
    expect ok 0 carnet-admin sync drawer -y
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event")" -eq "$before" ]
    [ "$(in_use)" = 2 ]
    [ "$(count drawer/carnet/to-user 'license-m1-*')" -eq 0 ]
    [ "$(count drawer/carnet/to-user 'license-m2-*')" -eq 1 ]
    [ "$(count drawer/carnet/to-user 'receipt-m1-*')" -eq 1 ]
    [ "$(count drawer/carnet/to-admin '*')" -eq 0 ]
    expect ok 0 carnet-admin journal verify
}

@test "what never reached a stick goes onto the next one, and only what still counts" {
    offline_license L-1 3
    prints 1 a.carnet
    prints 2 b.carnet
    mv stick lost
    # The machine at the desk dies between ledger and stick: here, the stick is what can't be written.
    mkdir -p stick
    expect ok 0 carnet-admin sync lost -y
    meddle "UPDATE bundle SET delivered = NULL"
    expect ok 0 carnet-admin sync stick -n
    says 'write +license +m1 +seat 1 of L-1, of 20' 'write +license +m2 '
    expect ok 0 carnet-admin sync stick -y
    [ "$(sha256sum lost/carnet/to-user/* | cut -c -64 | sort)" = "$(sha256sum $to_user/* | cut -c -64 | sort)" ]
    [ "$(waiting)" -eq 0 ]
    # A license whose grant has ended is of no use to anybody; its receipt is.
    releases 1
    expect ok 0 carnet-admin sync stick -y
    meddle "UPDATE bundle SET delivered = NULL"
    mkdir third
    expect ok 0 carnet-admin sync third -y --json
    [ "$(json .written)" = 2 ]
    [ "$(ls third/carnet/to-user | sed 's/-[0-9a-f]*\.carnet//' | paste -sd ' ')" = "license-m2 receipt-m1" ]
}

@test "RU-6, RU-8, RU-9: by a rule file; what no rule allows is left, and is no failure" {
    offline_license L-1 9 --lease-days 300
    offline_license L-2 9
    printf '%s\n' 'most = 4' 'product = cad' 'license = L-2' 'label = m1' 'note = the first' 'lease = 9' \
        'product = cad' 'license = L-1' 'label = m?' 'most = 3' 'out = 2' >rules
    for n in 1 2 3 4 12; do prints $n $n.carnet; done
    make-machine fingerprint --vendor "$vendor" --machine 20 --label m5 -o $to_admin/any.carnet
    expect ok 0 carnet-admin sync stick --rules rules -y
    says 'leave +fingerprint +m4 .*: The rule of line 7 lets 2 seats of L-1 be out, and so many are' \
        "leave +fingerprint +m12 .*: No rule gives cad to 'm12'" 'leave .*m5 .*It names no product'
    [ "$(in_use L-1) $(in_use L-2)" = "2 1" ]
    [ "$(ls $to_admin | paste -sd ' ')" = "12.carnet 4.carnet any.carnet" ]
    expect ok 0 carnet-admin license show L-2
    says 'the first'
    days=$(of $to_user/license-m1-*.carnet issued lease-until)
    [ $(( ($(date -d "${days#* }" +%s) - $(date -d "${days% *}" +%s)) / 86400 )) -eq 9 ]
    # What it has it gets again, whatever the rules say by now; a seat that comes back makes room under `out`.
    cp stick/carnet/done/fingerprint-m2-*.carnet $to_admin/again.carnet
    releases 3
    printf '%s\n' 'most = 1' 'product = cad' 'license = L-1' 'label = m4' 'product = cad' 'license = L-1' 'label = *' 'out = 2' >rules
    expect ok 0 carnet-admin sync stick --rules rules -y
    says "leave +fingerprint +m4 .*: The rules give 1 seats in one run, and these are given" 'take +fingerprint +m12 .*gets seat 2'
    [ "$(in_use L-1)" = 2 ]
    : >empty
    expect configuration 78 carnet-admin sync stick --rules empty -y
    expect usage 64 carnet-admin sync stick --rules rules --license L-1
}

@test "--license, several licenses of a product, products without one, vendors who are not pinned" {
    offline_license L-1 2
    offline_license L-2 2
    entitled M-1 --product mesh --licensee x --seats 1 --offline allowed
    prints 1 a.carnet
    make-machine fingerprint --vendor "$vendor" --machine 2 --product mesh -o $to_admin/mesh.carnet
    make-machine fingerprint --vendor "$(printf '%064d' 7)" --machine 3 --product cad -o $to_admin/stranger.carnet
    make-machine fingerprint --vendor "$vendor" --machine 4 --product pro -o $to_admin/none.carnet
    expect wrong-mode 45 carnet-admin sync stick -n
    says 'a.carnet: 2 licenses would do for cad' 'wrong-mode: The license M-1 is online' 'There is no license of pro here' \
        '1 file: of a vendor who is not trusted here'
    expect ok 0 carnet-admin sync stick --license L-2 -y
    says 'leave .*mesh.carnet' 'none.carnet: It asks for pro, and L-2 is for cad'
    [ "$(in_use L-1) $(in_use L-2)" = "0 1" ]
    expect not-found 46 carnet-admin sync stick --license L-3 -y
}

@test "entitlements come first: a license that lies on the stick serves the fingerprints beside it" {
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 2 --offline allowed -o e.carnet
    expect ok 0 carnet-admin import e.carnet
    expect ok 0 carnet-admin convert L-1 offline -y
    expect ok 0 carnet-admin entitle --license L-1 --seats 3 -o $to_admin/z.carnet
    for n in 1 2 3; do prints $n $n.carnet; done
    # Another administrator's, and one of which an older revision is known.
    expect ok 0 carnet-admin --home elsewhere init --role admin --name Other --no-passphrase
    expect ok 0 carnet-admin --home elsewhere key export issuer -o other.pem
    expect ok 0 carnet-admin entitle --license L-9 --product cad --licensee x --seats 2 --issuer other.pem -o $to_admin/other.carnet
    cp e.carnet $to_admin/older.carnet
    expect ok 0 carnet-admin sync stick -y --json
    [ "$(json '.imported, .assigned' | paste -sd ' ')" = "1 3" ]
    [ "$(jq -r 'select(.source == "carnet/to-admin/other.carnet") | .fate' "$BATS_TEST_TMPDIR/out")" = elsewhere ]
    [ "$(jq -r 'select(.source == "carnet/to-admin/older.carnet") | .fate' "$BATS_TEST_TMPDIR/out")" = known ]
    [ "$(ls $to_admin)" = other.carnet ]
}

@test "what is not right is refused and stays; what is for another ledger stays; a forked one stops the license" {
    offline_license L-1 3
    prints 1 a.carnet
    cp -r "$CARNET_HOME" "$BATS_TEST_TMPDIR/twin"
    expect ok 0 carnet-admin sync stick -y
    make-machine release $to_user/license-m1-*.carnet --machine 2 -o $to_admin/stranger.carnet
    tail -c +2 stick/carnet/done/fingerprint-m1-*.carnet >$to_admin/shifted.carnet
    sed 's/machine-id/machine-ID/' stick/carnet/done/fingerprint-m1-*.carnet >$to_admin/altered.carnet
    head -c 2000 stick/carnet/done/fingerprint-m1-*.carnet >$to_admin/torn.carnet
    : >$to_admin/empty.carnet
    remember $to_admin
    expect untrusted-key 32 carnet-admin sync stick -y --json
    [ "$(jq -r 'select(.source) | [.source, .fate, .outcome] | join(" ")' "$BATS_TEST_TMPDIR/out" | grep to-admin | sed 's,.*/,,' | sort | paste -sd ,)" = \
        "altered.carnet refused altered,empty.carnet ignored ,shifted.carnet ignored ,stranger.carnet refused untrusted-key,torn.carnet refused malformed" ] ||
        [ "$(json .refused)" = 3 ]
    unchanged $to_admin
    rm $to_admin/*
    # The twin never gave that license, and its own key signed it.
    releases 1
    expect forked 53 carnet-admin --home "$BATS_TEST_TMPDIR/twin" sync stick -y
    expect forked 53 carnet-admin --home "$BATS_TEST_TMPDIR/twin" assign stick/carnet/done/fingerprint-m1-*.carnet
    # A ledger that knows nothing of it leaves it.
    expect ok 0 carnet-admin --home third init --role both --name Third --no-passphrase
    expect ok 0 carnet-admin trust list --json
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-admin --home third trust add root.pem --id "$vendor"
    expect ok 0 carnet-admin --home third sync stick -y
    says 'for another machine or administrator'
    [ -e $to_admin/release-1.carnet ]
}

@test "a stick that can't be written, or is not there, is told at once, and nothing is changed" {
    offline_license L-1 3
    prints 1 a.carnet
    remember stick
    expect no-stick 80 carnet-admin sync nowhere -y
    : >$to_user
    expect exists 73 carnet-admin sync stick -y
    rm $to_user
    unchanged stick
    [ "$(in_use)" = 0 ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM seat_grant")" -eq 0 ]
}

@test "a passphrase is asked for once, and only when something is to be signed" {
    rm -rf "$CARNET_HOME"
    printf 'a long passphrase\n' >pass
    expect ok 0 carnet-admin init --role both --name Acme --passphrase-file pass
    vendor=$(carnet-admin trust list --json | jq -r '.anchors[0].vendor')
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 99 --offline allowed --passphrase-file pass -o e.carnet
    expect ok 0 carnet-admin import e.carnet
    expect ok 0 carnet-admin convert L-1 offline -y
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 70 --dir $to_admin
    expect ok 0 carnet-admin sync stick -n
    on_terminal 'y\na long passphrase\n' carnet-admin --quiet sync stick
    [ "$status" -eq 0 ]
    [ "$(grep -c 'assphrase' "$BATS_TEST_TMPDIR/out")" -le 2 ]
    [ "$(in_use)" = 70 ]
    expect ok 0 carnet-admin sync stick -y
}

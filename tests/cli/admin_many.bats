#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin with many files, and many of it at once: never more licenses than seats, none lost.

load admin_helper

setup() {
    fresh
    home_of_both
}

# The ledger's own words for what must never break.
invariants_hold() {
    local db="$CARNET_HOME/ledger.db"
    [ "$(sqlite3 "$db" "SELECT count(*) FROM license l WHERE in_use <> (SELECT count(*) FROM seat_grant g
        WHERE g.license = l.number AND g.ended IS NULL) OR in_use > seats")" = 0 ]
    [ "$(sqlite3 "$db" "SELECT count(*) FROM (SELECT 1 FROM seat_grant WHERE ended IS NULL
        GROUP BY license, seat HAVING count(*) > 1)")" = 0 ]
    [ "$(sqlite3 "$db" "SELECT count(*) FROM seat_grant g WHERE NOT EXISTS
        (SELECT 1 FROM bundle b WHERE b.seat_grant = g.number AND b.kind = 'license')")" = 0 ]
    expect ok 0 carnet-admin license list
}

@test "200 assigns for 25 seats from 8 processes at once: exactly 25 licenses, 175 no-seat" {
    offline_license L-1 25
    mkdir fingerprints licenses codes
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 200 --dir fingerprints
    [ "$(ls fingerprints | wc -l)" -eq 200 ]
    for process in 0 1 2 3 4 5 6 7; do
        (
            for n in $(seq $((process * 25 + 1)) $((process * 25 + 25))); do
                code=0
                carnet-admin assign "fingerprints/$n.carnet" -o "licenses/$n.carnet" >/dev/null 2>&1 || code=$?
                echo $code >"codes/$n"
            done
        ) &
    done
    wait
    [ "$(cat codes/* | sort | uniq -c | awk '{print $2 "x" $1}' | paste -sd ' ')" = "0x25 40x175" ]
    [ "$(ls licenses | wc -l)" -eq 25 ]
    # Each license has a seat of its own, 1 to 25.
    for file in licenses/*; do
        tar -xOf "$file" license.xml | grep -o ' seat="[0-9]*"'
    done | sort -u | wc -l | grep -qx 25
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem licenses
    invariants_hold
}

@test "who waited for the ledger is dated by when it got it, and not by when it began to wait" {
    offline_license L-1 2
    make-machine fingerprint --vendor "$vendor" --product cad -o f.carnet
    # Another process commits, at the end of the wait, an event of that second. (A dry run has but one transaction.)
    : >held
    { printf 'BEGIN IMMEDIATE;\n.shell echo held >held\n'; sleep 2.5; echo "UPDATE chain SET last = unixepoch(); COMMIT;"; } |
        sqlite3 "$CARNET_HOME/ledger.db" &
    comes held held
    expect ok 0 carnet-admin assign f.carnet -n
    wait
    invariants_hold
}

@test "many in one go: each is told, the rest done; again: nothing changes" {
    offline_license L-1 4
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 6 --dir in
    echo rubbish >in/rubbish.carnet
    cp L-1-*.carnet in/entitlement.carnet
    expect partly-done 54 carnet-admin assign in --to out
    says "4 of 7 were assigned" "in/5.carnet: no-seat:" "in/6.carnet: no-seat:" "in/rubbish.carnet: malformed:"
    not_says "entitlement.carnet"
    [ "$(ls out/carnet/to-user | wc -l)" -eq 4 ]
    remember out
    expect partly-done 54 carnet-admin assign in --to out --json
    [ "$(grep -c '"schema":"carnet.assign/1"' "$BATS_TEST_TMPDIR/out")" -eq 8 ]
    [ "$(head -n 7 "$BATS_TEST_TMPDIR/out" | jq -r 'select(.again) | .seat' | sort -n | paste -sd ' ')" = "1 2 3 4" ]
    unchanged out
    invariants_hold
}

@test "many in one go: each refused file's line says what to do, and no file name steers the terminal" {
    offline_license L-1 1
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 2 --dir in
    echo rubbish >"in/"$'x\e[2J\ncarnet-admin: ok: forged.carnet'
    expect partly-done 54 carnet-admin assign in --to out
    not_says $'\e' "^carnet-admin: ok"
    says 'in/x.x1b\[2J.x0acarnet-admin: ok: forged.carnet: malformed: ' 'in/2.carnet: no-seat: .*\[G-5\]'
    [ "$(grep -c '^  What to do: ..*' "$BATS_TEST_TMPDIR/err")" -eq 2 ]
    says '^  What to do: Free a seat' '^What to do: Do what is said with each file'
    rm in/1.carnet
    expect no-seat 40 carnet-admin assign in --to out
    says "None of 2 was assigned" '^What to do: Do what is said with each file'
}

@test "many in one go: with --json each line has all there is to know of its file" {
    offline_license L-1 2
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 3 --dir in
    expect partly-done 54 carnet-admin assign in --to out --json
    [ "$(jq -r 'select(.outcome == "ok") | .file' "$BATS_TEST_TMPDIR/out" | sort)" = "$(ls -d out/carnet/to-user/*)" ]
    [ "$(jq -r 'select(.outcome == "no-seat") | .source, .exit, .clause, .license, .next' "$BATS_TEST_TMPDIR/out" |
        paste -sd '|')" = "in/3.carnet|40|G-5|L-1|Free a seat with a release file, or buy more seats." ]
    [ "$(json 'has("file"), .done, .failed' | paste -sd ' ')" = "false 2 1" ]
    expect ok 0 carnet-admin assign in/1.carnet in/2.carnet --text --json
    for n in 1 2; do
        jq -r "select(.source == \"in/$n.carnet\") | .text" "$BATS_TEST_TMPDIR/out" | sed '1d;$d' | base64 -d | gunzip >"$n.bundle"
    done
    [ "$(sha256sum 1.bundle 2.bundle | cut -c -64 | sort)" = "$(sha256sum out/carnet/to-user/* | cut -c -64 | sort)" ]
    [ "$(json 'has("text")')" = false ]
    expect ok 0 carnet-admin assign in/1.carnet -o one.carnet --json
    [ "$(json '.file, .source, .license' | paste -sd ' ')" = "one.carnet in/1.carnet L-1" ]
}

@test "many in one go: the whole stick, and -o is refused for many" {
    offline_license L-1 9
    mkdir -p stick/carnet/to-admin
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 3 --dir stick/carnet/to-admin
    remember "$CARNET_HOME" stick
    expect usage 64 carnet-admin assign stick -o one.carnet
    unchanged "$CARNET_HOME" stick
    expect ok 0 carnet-admin assign stick --to stick
    [ "$(ls stick/carnet/to-user | wc -l)" -eq 3 ]
    # And back: the machine of each license releases it, and one go frees them all.
    for file in stick/carnet/to-user/license-*.carnet; do
        for n in 1 2 3; do
            make-machine release "$file" --machine $n -o "stick/carnet/to-admin/r$n-${file##*-}"
        done
    done
    rm stick/carnet/to-admin/[123].carnet
    expect partly-done 54 carnet-admin free stick --to stick
    says "3 of 9 were freed" "untrusted-key"
    [ "$(ls stick/carnet/to-user/receipt-*.carnet | wc -l)" -eq 3 ]
    [ "$(carnet-admin license show L-1 --json | jq .license.in_use)" = 0 ]
    mkdir empty
    expect not-found 46 carnet-admin assign empty --to stick
    says "There is no fingerprint in the folder"
    expect not-found 46 carnet-admin free empty --to stick
    invariants_hold
}

@test "a fingerprint for two products gets a license of each" {
    offline_license L-1 1
    entitled M-1 --product mesh --licensee x --seats 1 --offline allowed
    expect ok 0 carnet-admin convert M-1 offline -y
    make-machine fingerprint --vendor "$vendor" --product cad --product mesh -o f.carnet
    mkdir out
    expect usage 64 carnet-admin assign f.carnet -o one.carnet
    [ ! -e one.carnet ]
    expect ok 0 carnet-admin assign f.carnet --to out
    [ "$(ls out/carnet/to-user | wc -l)" -eq 2 ]
    make-machine fingerprint --vendor "$vendor" --machine 2 --product cad --product none -o g.carnet
    expect not-found 46 carnet-admin assign g.carnet --to out
    says "no-seat" "no license of none"
    invariants_hold
}

@test "killed at each step of an assign, then run again: one seat, and the same license" {
    offline_license L-1 3
    make-machine fingerprint --vendor "$vendor" --product cad -o f.carnet
    carnet-admin key export root -o root.pem
    cp -a "$CARNET_HOME" before
    for call in pwrite64 fdatasync fsync renameat2; do
        for when in 1 2 3 5 8; do
            rm -rf "$CARNET_HOME" l.carnet .carnet* && cp -a before "$CARNET_HOME"
            strace -f -o /dev/null -e "inject=$call:signal=KILL:when=$when" \
                carnet-admin assign f.carnet -o l.carnet >/dev/null 2>&1 || true
            expect ok 0 carnet-admin assign f.carnet -o l.carnet
            expect ok 0 carnet-inspect verify --trust root.pem l.carnet
            [ "$(carnet-admin license show L-1 --json | jq -r '.license.in_use')" = 1 ]
        done
    done
    invariants_hold
}

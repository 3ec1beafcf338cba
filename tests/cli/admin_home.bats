#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin when the disk, the home or the others don't do what they should, and with very many files in one go.

load admin_helper

setup() {
    fresh
    home_of_both
}

# in_namespace SCRIPT: as the owner of a mount namespace of its own.
in_namespace() {
    local space=(unshare -m)
    [ "$(id -u)" -eq 0 ] || space=(unshare -r -m)
    "${space[@]}" sh -c "$1"
}

in_use() {
    carnet-admin license show "$1" --json | jq .license.in_use
}

@test "a home on a disk that is read-only: permission, with what to look at" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    remember "$CARNET_HOME" .
    for command in "license list" "assign f.carnet -o l.carnet"; do
        expect permission 77 in_namespace "mount --bind '$CARNET_HOME' '$CARNET_HOME' &&
            mount -o remount,bind,ro '$CARNET_HOME' && carnet-admin $command"
        says "findmnt"
    done
    unchanged "$CARNET_HOME" .
}

@test "a home on a disk that is full: nothing is changed; with room again the same command does it" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    carnet-admin key export root -o root.pem
    export small="$BATS_TEST_TMPDIR/small"
    mkdir "$small"
    # All in one namespace: the disk is gone with it.
    expect ok 0 in_namespace '
        set -e
        mount -t tmpfs -o size=1m none "$small"
        cp -a "$CARNET_HOME" "$small/home"
        dd if=/dev/zero of="$small/filler" bs=4k status=none 2>filled || true
        grep -q "No space" filled
        # No room at all; room to open it; and for a little of the change.
        for room in 0 40960 40960; do
            truncate -s -$room "$small/filler"
            code=0; carnet-admin --home "$small/home" assign f.carnet -o l.carnet 2>refused || code=$?
            cat refused
            [ "$code" -eq 74 ]
            [ ! -e l.carnet ]
        done
        rm "$small/filler"
        carnet-admin --home "$small/home" assign f.carnet -o l.carnet
        carnet-inspect verify --trust root.pem l.carnet
        [ "$(sqlite3 "$small/home/ledger.db" "SELECT in_use FROM license")" = 1 ]'
    [ "$(grep -c 'io-error: .*Nothing was changed' "$BATS_TEST_TMPDIR/out")" -eq 3 ]
}

@test "a disk that fails while the change is recorded: it says that it is unknown, and again is safe" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    # The log's fdatasync is that of the commit.
    expect io-error 74 strace -f -o trace -e inject=fdatasync:error=EIO:when=1 carnet-admin assign f.carnet -o l.carnet
    says "may be recorded or not" "run the same command again: nothing is done twice"
    [ ! -e l.carnet ]
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    [ "$(in_use L-1)" = 1 ]
}

@test "a log that can't be moved into the ledger: a warning, and nothing is lost" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    # Only the ledger's own file is refused, not its log.
    expect ok 0 strace -f -o trace -P "$CARNET_HOME/ledger.db" -e inject=pwrite64:error=ENOSPC \
        carnet-admin assign f.carnet -o l.carnet
    says "warning.*log could not be moved into ledger.db" "copy both or neither"
    [ -s "$CARNET_HOME/ledger.db-wal" ]
    expect ok 0 carnet-admin license show L-1
    [ "$(in_use L-1)" = 1 ]
    [ ! -s "$CARNET_HOME/ledger.db-wal" ]
}

@test "many on a terminal: a bar with rate and time left, and no trace of it elsewhere" {
    offline_license L-1 40
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 40 --dir in
    TERM=xterm on_terminal "" carnet-admin assign in --to out
    [ "$status" -eq 0 ]
    says 'assigned  .* of 40' $'\e\[KSeat 40 of L-1 is assigned|Seat 40 of L-1 is assigned' 'All 40 are assigned'
    [ "$(ls out/carnet/to-user | wc -l)" -eq 40 ]
    TERM=xterm expect ok 0 carnet-admin assign in --to out
    not_says ' of 40,' $'\e' $'\r'
    TERM=xterm on_terminal "" carnet-admin assign in --to out --json
    not_says 'assigned  '
}

@test "more than one transaction: a dry run counts on, and what is done is what it said" {
    offline_license L-1 260
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 280 --dir in
    remember "$CARNET_HOME" .
    expect partly-done 54 carnet-admin assign in --to out -n --json
    [ "$(json '.done, .failed' | paste -sd ' ')" = "260 20" ]
    unchanged "$CARNET_HOME" .
    expect partly-done 54 carnet-admin assign in --to out --json
    [ "$(json '.done, .failed' | paste -sd ' ')" = "260 20" ]
    [ "$(grep -c '"outcome":"no-seat"' "$BATS_TEST_TMPDIR/out")" -eq 20 ]
    [ "$(ls out/carnet/to-user | wc -l)" -eq 260 ]
}

@test "many, interrupted and run again: each has its one license, and each line that was printed is whole and true" {
    offline_license L-1 300
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 300 --dir in
    env --default-signal=INT carnet-admin assign in --to out --json >lines 2>err &
    pid=$!
    # In the middle of the files of its first transaction.
    comes '"outcome":"ok"' lines
    kill -INT "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 130 ]
    jq -e . lines >/dev/null
    [ "$(tail -n 1 lines | jq -r .outcome)" = interrupted ]
    written=$(ls out/carnet/to-user | wc -l)
    [ "$written" -lt 300 ]
    jq -r 'select(.file) | .file' lines | while IFS= read -r file; do [ -s "$file" ]; done
    [ "$(jq -r 'select(.file) | .file' lines | wc -l)" -le "$written" ]
    expect ok 0 carnet-admin assign in --to out --json
    [ "$(json '.done, has("failed")' | paste -sd ' ')" = "300 false" ]
    [ "$(jq -r 'select(.seat) | .seat' "$BATS_TEST_TMPDIR/out" | sort -n | uniq | wc -l)" -eq 300 ]
    [ "$(ls out/carnet/to-user | wc -l)" -eq 300 ]
    [ "$(in_use L-1)" = 300 ]
    # What was told before the interruption is what is told now.
    jq -r 'select(.seat) | "\(.source) \(.seat) \(.bundle)"' lines | sort >before
    jq -r 'select(.seat) | "\(.source) \(.seat) \(.bundle)"' "$BATS_TEST_TMPDIR/out" | sort >after
    [ -s before ]
    [ -z "$(comm -23 before after)" ]
}

@test "many, and the ledger fails in the middle: what was done is told, and the same command goes on" {
    offline_license L-1 260
    mkdir in out
    make-machine fingerprint --vendor "$vendor" --product cad --machine 1 --count 260 --dir in
    # The log's first two are its head and the first commit; the next one to note the deliveries does not, nor any after it.
    expect io-error 74 strace -f -o trace -P "$CARNET_HOME/ledger.db-wal" -e inject=fdatasync:error=EIO:when=3+ \
        carnet-admin assign in --to out
    says "250 were assigned before that; the same command goes on"
    [ "$(ls out/carnet/to-user | wc -l)" -eq 250 ]
    expect ok 0 carnet-admin assign in --to out
    [ "$(ls out/carnet/to-user | wc -l)" -eq 260 ]
    [ "$(in_use L-1)" = 260 ]
}

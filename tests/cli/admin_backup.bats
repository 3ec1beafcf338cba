#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin: copies of the ledger, and moving it to another machine (spec/ledger.md, L-7 to L-9).

load admin_helper

setup() {
    fresh
}

# The JSON of the last command is what its schema says.
validate() {
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <"$BATS_TEST_TMPDIR/out"
}

# A home of both whose keys have a passphrase (in the file pw), with one offline license of three seats.
home_with_passphrase() {
    (umask 077 && echo secret >pw)
    expect ok 0 carnet-admin init --role both --name "Acme Tools" --passphrase-file pw
    vendor=$(carnet-admin trust list --json | jq -r '.anchors[0].vendor')
    offline_license CAD-1 3 --passphrase-file pw
}

# L-7, L-8
@test "backup: one file, whole, closed to others, with the keys that have a passphrase" {
    home_with_passphrase
    expect ok 0 carnet-admin backup copy --json
    validate
    [ "$(json '.file + " " + (.keys | join(" "))')" = "copy root.key issuer.key" ]
    [ "$(stat -c %a copy)" = 600 ]
    [ "$(ls)" = "$(printf '%s\n' CAD-1-*.carnet copy pw)" ]
    ! grep -q -a secret copy
    [ "$(sqlite3 copy 'PRAGMA integrity_check; SELECT state FROM ledger' | paste -sd ' ')" = "ok recovering" ]
    expect ok 0 carnet-admin backup --no-keys bare --json
    [ "$(json '.keys | length')" = 0 ]
    # The ledger itself goes on.
    expect ok 0 carnet-admin license show CAD-1
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" 'SELECT state FROM ledger')" = open ]
}

# L-8
@test "backup writes over nothing, and a key without a passphrase stays at home" {
    home_of_both
    echo mine >copy
    expect exists 73 carnet-admin backup copy
    [ "$(cat copy)" = mine ]
    expect ok 0 carnet-admin backup other
    says "a key of this home has no passphrase and is not in the copy"
    [ "$(sqlite3 other 'SELECT count(*) FROM carried')" = 0 ]
    expect no-input 66 carnet-admin backup no/such/folder
    expect ok 0 carnet-admin backup -n third
    [ ! -e third ]
}

@test "backup while others write: the copy is a state that was" {
    home_with_passphrase
    for n in 1 2 3; do
        fingerprint_of "$n" "f$n.carnet"
    done
    mkdir stick
    (for n in 1 2 3; do carnet-admin assign "f$n.carnet" --to stick --passphrase-file pw -q || echo bad >>failed; done) &
    for n in 1 2 3 4 5 6; do
        carnet-admin backup "copy$n" -q
    done
    wait
    [ ! -e failed ]
    for n in 1 2 3 4 5 6; do
        [ "$(sqlite3 "copy$n" 'SELECT (SELECT in_use FROM license) = (SELECT count(*) FROM seat_grant)
            AND (SELECT count(*) FROM bundle) = (SELECT in_use FROM license)')" = 1 ]
    done
}

@test "restore: a home that gives no seat before it is recovered" {
    home_with_passphrase
    fingerprint_of 1 f1.carnet
    expect ok 0 carnet-admin backup copy
    expect needs-answer 55 carnet-admin --home new restore copy
    says "What was done since is not in it"
    [ ! -e new ]
    expect ok 0 carnet-admin --home new restore -n copy
    [ ! -e new ]
    expect ok 0 carnet-admin --home new restore -y copy --json
    validate
    [ "$(json .state)" = recovering ]
    [ "$(ls new)" = "$(printf '%s\n' issuer.key ledger.db root.key)" ]
    [ -z "$(find new -type f ! -perm 600)" ]
    [ "$(sqlite3 new/ledger.db 'SELECT count(*) FROM carried')" = 0 ]
    expect recover-first 52 carnet-admin --home new assign f1.carnet --passphrase-file pw -o l.carnet
    says "carnet-admin recover"
    [ ! -e l.carnet ]
    expect recover-first 52 carnet-admin --home new convert CAD-1 online -y
    expect recover-first 52 carnet-admin --home new retire elsewhere -y
    # What is there already stays.
    expect exists 73 carnet-admin restore -y copy
    # The file is only read.
    cp copy before && expect ok 0 carnet-admin --home newer restore -y copy && cmp copy before
}

@test "restore takes copies only, and whole ones" {
    home_with_passphrase
    expect ok 0 carnet-admin backup copy
    head -c 100000 copy >short
    expect ledger-damaged 92 carnet-admin --home new restore -y short
    says "Take another copy"
    echo text >text
    expect ledger-damaged 92 carnet-admin --home new restore -y text
    expect malformed 30 carnet-admin --home new restore -y "$CARNET_HOME/ledger.db"
    says "not one that 'carnet-admin backup'"
    meddle "DROP TRIGGER event_is_final; UPDATE event SET line = replace(line, 'convert', 'xonvert')" copy
    expect ledger-damaged 92 carnet-admin --home new restore -y copy
    expect no-input 66 carnet-admin --home new restore -y absent
    expect no-input 66 carnet-admin --home new restore -y .
    [ ! -e new ]
}

# L-9
@test "retire and restore: the ledger goes on elsewhere at once, and here no more" {
    home_with_passphrase
    fingerprint_of 1 f1.carnet
    fingerprint_of 2 f2.carnet
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet --passphrase-file pw
    expect needs-answer 55 carnet-admin retire moved
    [ ! -e moved ]
    expect ok 0 carnet-admin license list --json
    expect ok 0 carnet-admin retire -y moved --json
    validate
    expect retired 51 carnet-admin assign f2.carnet -o l2.carnet --passphrase-file pw
    says "restored from its file"
    for words in "convert CAD-1 online -y" "user add CAD-1 ada" "entitle --license CAD-1 --seats 9" "import CAD-1-0.carnet" \
        "free f1.carnet" "trust add $CARNET_SOURCE/samples/keys/root.pem -y"; do
        # shellcheck disable=SC2086
        expect retired 51 carnet-admin $words
    done
    [ ! -e l2.carnet ]
    # To look is allowed, and its file can be had again.
    expect ok 0 carnet-admin license show CAD-1
    expect ok 0 carnet-admin retire again
    expect ok 0 carnet-admin --home new restore -y moved --json
    [ "$(json .state)" = open ]
    export CARNET_HOME=$PWD/new
    expect ok 0 carnet-admin assign f2.carnet -o l2.carnet --passphrase-file pw --json
    [ "$(json .seat)" = 2 ]
    expect ok 0 carnet-admin assign f1.carnet -o l1-again.carnet --passphrase-file pw
    cmp l1.carnet l1-again.carnet
    # The new place gives in a later epoch, so its licenses are newer than any of the old one.
    expect untrusted-key 32 carnet-inspect show l2.carnet --json
    [ "$(json '.chain[0].document.grant.epoch')" = 2 ]
}

@test "a copy takes its name or nothing, whoever comes in between" {
    home_with_passphrase
    mkdir place
    echo mine >place/copy.part
    expect ok 0 carnet-admin backup place/copy
    [ "$(cat place/copy.part)" = mine ]
    # Its name is taken while the copy is made.
    expect exists 73 strace -o /dev/null -f -e trace=renameat2 -e inject=renameat2:error=EEXIST \
        carnet-admin backup place/other
    says "is there already"
    [ "$(ls -A place | paste -sd ' ')" = "copy copy.part" ]
}

@test "a copy that can't be written whole leaves nothing, and a retired home gives its file again" {
    home_with_passphrase
    # The copy needs more room than files may have here; what the ledger itself writes fits.
    mkdir full
    small() { (trap '' XFSZ && ulimit -f 160 && exec "$@"); }
    expect io-error 74 small carnet-admin backup full/copy
    [ -z "$(ls full)" ]
    expect io-error 74 small carnet-admin retire -y full/copy
    says "The home is retired" "again to have its file written"
    [ -z "$(ls full)" ]
    expect ok 0 carnet-admin retire -y copy
    expect ok 0 carnet-admin --home new restore -y copy
}

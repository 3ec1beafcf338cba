#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin journal show, verify, export, erase; carnet-inspect verify --journal; entitle --journal.

load admin_helper

setup() {
    fresh
    home_of_both
}

# A ledger with some history: users, a conversion, two seats, one freed, one renewed, one lost.
history() {
    entitled L-1 --product cad --licensee "City Hospital" --seats 5 --offline allowed --lease-days 30
    expect ok 0 carnet-admin user add L-1 "Ada Byron"
    expect ok 0 carnet-admin user remove L-1 "Ada Byron"
    expect ok 0 carnet-admin convert L-1 offline -y
    for machine in 1 2 3 4; do
        fingerprint_of $machine f$machine.carnet --label "Lab $machine"
        expect ok 0 carnet-admin assign f$machine.carnet -o l$machine.carnet
    done
    make-machine release --machine 1 -o r1.carnet l1.carnet
    expect ok 0 carnet-admin free r1.carnet -o receipt1.carnet
    entitled L-1 --seats 6
    expect ok 0 carnet-admin renew L-1 2 -o renewed2.carnet
    expect ok 0 carnet-admin revoke L-1 3 --reason "stolen, says Mallory" -y -o receipt3.carnet
}

@test "journal show: what, when and by whom; filters; lines of JSON" {
    history
    expect ok 0 carnet-admin journal show
    says "user-add +L-1 +\"Ada Byron\" +by name:" "assign +L-1 .*seat 1 .*\"Lab 1\"" "free +L-1 seat 1" "revoke +L-1 seat 3"
    all=$(wc -l <<<"$out")
    expect ok 0 carnet-admin journal show --json
    [ "$(tail -1 <<<"$out" | jq .events)" = "$all" ]
    [ "$(head -1 <<<"$out" | jq -r '.what, .position' | paste -sd ' ')" = "open 1" ]
    # One seat, one machine (its later events name only the grant), one license, a time.
    expect ok 0 carnet-admin journal show --seat 1 --json
    [ "$(head -n -1 <<<"$out" | jq -r .what | paste -sd ' ')" = "assign issued free issued" ]
    expect ok 0 carnet-admin journal show --machine "lab 2" --json
    [ "$(head -n -1 <<<"$out" | jq -r .what | paste -sd ' ')" = "assign issued renew issued" ]
    key=$(head -1 <<<"$out" | jq -r .machine)
    expect ok 0 carnet-admin journal show --machine "${key:0:10}" --json
    [ "$(head -n -1 <<<"$out" | jq -r .what | paste -sd ' ')" = "assign issued renew issued" ]
    expect ok 0 carnet-admin journal show --license L-2
    [ -z "$out" ]
    expect ok 0 carnet-admin journal show --since 2100-01-01
    [ -z "$out" ]
    expect ok 0 carnet-admin journal show --since "$(date -u +%F)" --until "$(date -u -d tomorrow +%F)"
    [ "$(wc -l <<<"$out")" -ge $((all - 1)) ]
    expect usage 64 carnet-admin journal show --since yesterday
}

@test "journal verify: the home of an administrator alone, before its first vendor and after it" {
    expect ok 0 carnet-admin --home admin init --role admin --name "City Hospital" --no-passphrase
    expect ok 0 carnet-admin --home admin journal verify
    expect ok 0 carnet-admin --quiet key export root -o theirs.pem
    expect ok 0 carnet-admin --home admin trust add theirs.pem -y
    expect ok 0 carnet-admin --home admin journal verify
    [ "$(carnet-admin --home admin journal show --json | head -1 | jq -r .what)" = open ]
}

@test "journal verify: a ledger with a history is what its journal says" {
    history
    expect ok 0 carnet-admin journal verify
    says "The ledger is what its journal says"
    expect ok 0 carnet-admin journal verify --json
    [ "$(json '.differences | length')" = 0 ]
    [ "$(json .events)" -gt 20 ]
    [ "$(json .grants)" = 4 ]
}

@test "journal verify: what differs is told" {
    history
    cp -r "$CARNET_HOME" kept
    # what is changed | what is told
    while IFS='|' read -r change told; do
        rm -rf "$CARNET_HOME"
        cp -r kept "$CARNET_HOME"
        meddle "$change"
        expect ledger-damaged 92 carnet-admin journal verify --json
        [[ "$(json '.differences | join(" ")') $(json .message)" =~ $told ]] || { echo "$change: $out"; false; }
    done <<'END'
UPDATE seat_grant SET serial = 7 WHERE seat = 2|grant of seat 2 .*serial 7
UPDATE seat_grant SET machine_key = (SELECT machine_key FROM seat_grant WHERE seat = 4) WHERE seat = 3|grant of seat 3
UPDATE seat_grant SET lease_until = lease_until + 86400 WHERE seat = 4|otherwise than the license
UPDATE seat_grant SET how = 'replaced' WHERE seat = 1|grant of seat 1
DROP TRIGGER grant_is_kept; DELETE FROM bundle WHERE seat_grant = 4; DELETE FROM grant_system WHERE seat_grant = 4; DELETE FROM seat_grant WHERE number = 4|grant of seat 4 of L-1 is in the journal
DELETE FROM hold|Seat 3 of L-1, held is in the journal
DELETE FROM loss|A loss of L-1, counted is in the journal
DROP TRIGGER license_converts; UPDATE license SET mode = 'online'|L-1 is not what the journal says
UPDATE license SET seats = 500|otherwise than the entitlement
UPDATE license SET in_use = in_use + 1|counters of license L-1
INSERT INTO free_seat VALUES (1, 5, 0)|listed as free and is not
DELETE FROM free_seat|free and not listed
UPDATE bundle SET bytes = zeroblob(length(bytes)) WHERE serial = 2|license .*does not hold
DELETE FROM bundle WHERE serial = 2|is in the journal and not in the ledger
UPDATE name SET text = 'Eve' WHERE text = 'Ada Byron'|name with the digest
DROP TRIGGER event_is_final; UPDATE event SET line = replace(line, 'seat=4', 'seat=5') WHERE line LIKE '% assign %seat=4%'|does not (link|hold together)
DROP TRIGGER event_is_kept; DELETE FROM event WHERE position = 9|journal
UPDATE chain SET last = last + 1|another time
END
}

# L-12
@test "journal verify: a byte that changed by itself is found wherever it is, or holds nothing" {
    history
    expect ok 0 carnet-admin journal erase "Lab 4" -y
    expect ok 0 carnet-admin journal verify
    python3 -B "$CARNET_SOURCE/tests/ledger/flipped.py" --seals "$CARNET_HOME/ledger.db"
    # A column that no event speaks of, under triggers that are as they have to be.
    cp -r "$CARNET_HOME" kept
    meddle "UPDATE bundle SET delivered = delivered + 1 WHERE serial = 2"
    expect ledger-damaged 92 carnet-admin journal verify
    says "The table 'bundle' is not as it was written" "The tables and their rules are not those of this version"
    rm -rf "$CARNET_HOME"
    mv kept "$CARNET_HOME"
    python3 -B "$CARNET_SOURCE/tests/ledger/flipped.py" "$(command -v carnet-admin)" "$CARNET_HOME" \
        --every "${CARNET_FLIP_EVERY:-997}"
}

@test "journal verify: a change that the chain vouches for is still found in the tables" {
    history
    # Who can write the file can link a new chain as well; then the tables, and the bundles that were signed, say otherwise.
    meddle "DROP TRIGGER event_is_final"
    python3 - "$CARNET_HOME/ledger.db" <<'END'
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
(chain, vendor, signer), = db.execute("SELECT number, vendor, signer FROM chain WHERE position > 8")
link = hashlib.sha256(b"carnet:1:journal:" + vendor + signer).digest()
for position, line in db.execute("SELECT position, line FROM event WHERE chain = ? ORDER BY position", (chain,)).fetchall():
    line = line.replace(" seat=4 ", " seat=5 ")
    link = hashlib.sha256(link + line.encode()).digest()
    db.execute("UPDATE event SET line = ?, digest = ? WHERE chain = ? AND position = ?", (line, link, chain, position))
db.execute("UPDATE chain SET digest = ? WHERE number = ?", (link, chain))
db.commit()
END
    expect ledger-damaged 92 carnet-admin journal verify
    says "grant of seat 4 of L-1 is not what the journal says"
}

@test "journal export: linked segments that anyone can verify, CSV, and again" {
    history
    carnet-admin key export root -o root.pem
    mkdir audit
    expect ok 0 carnet-admin journal export --to audit --json
    [ "$(json '.segments | length')" = 1 ]
    file=$(json '.segments[0].file')
    [[ "$file" == audit/journal-1-*.carnet ]]
    [ "$(stat -c %a audit/*.carnet | sort -u)" = 644 ] || [ -s "$file" ]
    expect ok 0 carnet-inspect verify --trust root.pem audit
    before=$(sha256sum audit/*)
    expect ok 0 carnet-admin journal export --to audit
    [ "$(sha256sum audit/*)" = "$before" ]
    events=$(tar -xOf "$file" journal.xml | grep -c "<event ")
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT max(event.position) FROM event JOIN chain ON number = chain WHERE
        signer = (SELECT id FROM key WHERE role = 'issuer' AND own = 1)")" = "$events" ]
    # A part of it.
    expect ok 0 carnet-admin journal export --since 5 -o part.carnet
    says "goes on with --since $((events + 1))\."
    expect ok 0 carnet-inspect verify --trust root.pem part.carnet
    [ "$(of part.carnet first last)" = "5 $events" ]
    expect usage 64 carnet-admin journal export --csv -o table.csv
    says "on standard output" ">FILE"
    expect usage 64 carnet-admin journal export --csv --to .
    [ ! -e table.csv ]
    expect usage 64 carnet-admin journal export --csv --json
    expect ok 0 carnet-admin journal export --csv
    [ "$(wc -l <<<"$out")" = $((events + 1)) ]
    [ "$(head -2 <<<"$out" | tail -1 | cut -d, -f1,4)" = 1,open ]
    ! grep -q "Ada Byron\|Lab [1-4]\|Mallory" <<<"$out"
    # Nothing in the signed files, either.
    ! grep -aq "Ada Byron\|Lab [1-4]\|Mallory" "$file"
}

@test "journal export: many events in linked segments; one file can't hold them" {
    entitled L-1 --product cad --licensee "City Hospital" --seats 1000 --offline allowed
    expect ok 0 carnet-admin convert L-1 offline -y
    mkdir many audit
    make-machine fingerprint --vendor "$vendor" --machine 1 --count 170 --product cad --dir many
    expect ok 0 carnet-admin assign many --to audit
    expect usage 64 carnet-admin journal export -o one.carnet
    [ ! -e one.carnet ]
    carnet-admin key export root -o root.pem
    mkdir segments
    expect ok 0 carnet-admin journal export --to segments --json
    [ "$(json '.segments | length')" = 2 ]
    [ "$(json '.segments[0].first, .segments[0].last, .segments[1].first' | paste -sd ' ')" = "1 300 301" ]
    expect ok 0 carnet-inspect verify --trust root.pem segments
}

@test "journal export: without an entitlement that names the issuer nothing vouches for it" {
    expect not-found 46 carnet-admin journal export
    says "vouch"
    [ -z "$(ls ./*.carnet 2>/dev/null)" ]
}

@test "journal erase: the name is gone, the chain holds" {
    history
    expect not-found 46 carnet-admin journal erase "Nobody" -y
    expect needs-answer 55 carnet-admin journal erase "Ada Byron"
    expect ok 0 carnet-admin journal erase -n "Ada Byron"
    expect ok 0 carnet-admin journal show
    says "Ada Byron"
    expect ok 0 carnet-admin journal erase "Ada Byron" -y
    expect ok 0 carnet-admin journal erase "Lab 4" -y --json
    [ "$(json .erased)" = 2 ]
    expect ok 0 carnet-admin journal show
    says "user-add +L-1 +\(name erased\)"
    ! grep -q "Ada\|Lab 4" <<<"$out"
    ! grep -aq "Ada Byron" "$CARNET_HOME"/ledger.db*
    expect ok 0 carnet-admin journal verify
}

@test "inspect verify --journal: what the journal knows, does not know, and was not given" {
    history
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-admin journal export -o all.carnet
    expect ok 0 carnet-inspect verify --trust root.pem --journal all.carnet l1.carnet l2.carnet renewed2.carnet receipt1.carnet
    # A license that was given out with the same key, by a ledger that the journal says nothing of.
    cp -r "$CARNET_HOME" shadow
    fingerprint_of 9 f9.carnet
    expect ok 0 carnet-admin --home shadow assign f9.carnet -o l9.carnet
    expect ok 0 carnet-inspect verify --trust root.pem l9.carnet
    expect not-vouched 35 carnet-inspect verify --trust root.pem --journal all.carnet l9.carnet l1.carnet
    says "which the segments given do not have" "2 files: 1 ok, 1 not-vouched"
    # Both ledgers go on: two histories.
    fingerprint_of 8 f8.carnet
    expect ok 0 carnet-admin assign f8.carnet -o l8.carnet
    expect ok 0 carnet-admin journal export -o longer.carnet
    expect forked 53 carnet-inspect verify --trust root.pem --journal longer.carnet l9.carnet --json
    [ "$(head -1 <<<"$out" | jq -r .clause)" = W-9 ]
    expect ok 0 carnet-admin --home shadow journal export -o shadow.carnet
    expect forked 53 carnet-inspect verify --trust root.pem --journal longer.carnet --journal shadow.carnet l1.carnet
    says "two histories"
    # Segments: a gap is told, and what lies in it is not vouched for.
    last=$(of longer.carnet last)
    expect ok 0 carnet-admin journal export --since "$last" -o end.carnet
    expect not-vouched 35 carnet-inspect verify --trust root.pem --journal end.carnet l1.carnet
    says "gap: the events 1 to $((last - 1)) were not given"
    expect ok 0 carnet-inspect verify --trust root.pem --journal all.carnet --journal longer.carnet l1.carnet l8.carnet
    # A journal that does not hold is refused before anything else.
    head -c 5000 all.carnet >cut.carnet
    expect malformed 30 carnet-inspect verify --trust root.pem --journal cut.carnet l1.carnet
    expect wrong-kind 33 carnet-inspect verify --trust root.pem --journal l1.carnet l1.carnet
}

# entitle --journal
@test "entitle --journal: has the reduction been taken, and are its seats back?" {
    entitled L-1 --product cad --licensee x --seats 3 --offline allowed
    expect ok 0 carnet-admin convert L-1 offline -y
    for machine in 1 2 3; do
        fingerprint_of $machine f$machine.carnet
        expect ok 0 carnet-admin assign f$machine.carnet -o l$machine.carnet
    done
    expect ok 0 carnet-admin journal export -o j1.carnet
    expect ok 0 carnet-admin entitle --license L-1 --journal j1.carnet --json -o same.carnet
    [ "$(json '.journal | [.revision, .out, .held] | join(" ")')" = "1 3 0" ]
    # Fewer: signed, with what is still out.
    expect ok 0 carnet-admin entitle --license L-1 --seats 2 --journal j1.carnet -o less.carnet
    says "revision 1 was taken on .*; 3 seats are out, 0 held" "warning: 3 seats of L-1 are out or held, and it will have 2"
    remember "$CARNET_HOME"
    expect not-vouched 35 carnet-admin entitle --license L-1 --journal j1.carnet -o again.carnet
    says "does not show that revision 2 of L-1 was taken" "Grant nothing elsewhere"
    [ ! -e again.carnet ]
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin import less.carnet
    expect ok 0 carnet-admin journal export -o j2.carnet
    expect seats-in-use 44 carnet-admin entitle --license L-1 --journal j2.carnet -o again.carnet
    says "3 seats of L-1 are out or held, and revision 2 has 2"
    make-machine release --machine 1 -o r1.carnet l1.carnet
    expect ok 0 carnet-admin free r1.carnet -o receipt1.carnet
    # The later part alone says nothing; any order, and any part twice.
    last=$(carnet-admin --json entitle -n --license L-1 --journal j2.carnet | jq .journal.position)
    expect ok 0 carnet-admin journal export --since $((last + 1)) -o j3.carnet
    expect not-vouched 35 carnet-admin entitle --license L-1 --journal j3.carnet
    says "positions 1 to $last of the journal are in no file"
    expect ok 0 carnet-admin entitle --license L-1 --journal j3.carnet --journal j2.carnet --journal j1.carnet --journal j3.carnet \
        -o again.carnet
    says "revision 2 was taken on .*; 2 seats are out, 0 held"
    cmp less.carnet again.carnet
    # A lost seat is held until its lease has run out.
    expect ok 0 carnet-admin revoke L-1 2 --reason lost -y -o receipt2.carnet
    expect ok 0 carnet-admin journal export -o j4.carnet
    expect ok 0 carnet-admin entitle -n --license L-1 --journal j4.carnet --json
    [ "$(json '.journal | [.out, .held] | join(" ")')" = "1 1" ]
}

@test "entitle --journal: another issuer's, another history, no journal, a new license" {
    entitled L-1 --product cad --licensee x --seats 3 --offline allowed
    expect ok 0 carnet-admin convert L-1 offline -y
    cp -r "$CARNET_HOME" twin
    fingerprint_of 1 f1.carnet
    fingerprint_of 2 f2.carnet
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect ok 0 carnet-admin --home twin assign f2.carnet -o l2.carnet
    expect ok 0 carnet-admin journal export -o one.carnet
    expect ok 0 carnet-admin --home twin journal export -o two.carnet
    expect forked 53 carnet-admin entitle --license L-1 --journal one.carnet --journal two.carnet
    says "contradict each other at position"
    expect usage 64 carnet-admin entitle --license L-2 --product cad --licensee x --seats 1 --journal one.carnet
    expect wrong-kind 33 carnet-admin entitle --license L-1 --journal l1.carnet
    CARNET_HOME=$PWD/elsewhere expect ok 0 carnet-admin init --role admin --name Elsewhere --no-passphrase
    CARNET_HOME=$PWD/elsewhere expect ok 0 carnet-admin key export issuer -o other.pem
    expect ok 0 carnet-admin entitle --license L-9 --product cad --licensee y --seats 1 --issuer other.pem -y -o other.carnet
    expect untrusted-key 32 carnet-admin entitle --license L-9 --journal one.carnet
    says "and the license is issued by"
}

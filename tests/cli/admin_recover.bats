#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin recover: a ledger that was put back from a copy doubles no seat and loses none (spec/ledger.md, L-10, L-11).

load admin_helper

setup() {
    fresh
}

# Machine 1 has seat 1 when the copy is made; machine 2 gets seat 2 after it. Then the disk is lost.
lost_after_copy() {
    home_of_both
    offline_license CAD-1 3
    cp "$CARNET_HOME"/*.k* .
    give 1
    expect ok 0 carnet-admin backup copy
    give 2
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
}

# give N: the license of machine N, in lN.carnet.
give() {
    [ -e "f$1.carnet" ] || fingerprint_of "$1" "f$1.carnet"
    expect ok 0 carnet-admin assign "f$1.carnet" -o "l$1.carnet"
}

# released N: machine N gives its license back, in rN.carnet.
released() {
    make-machine release --machine "$1" -o "r$1.carnet" "l$1.carnet"
}

of_ledger() {
    sqlite3 "$CARNET_HOME/ledger.db" "$1"
}

@test "nothing to recover, nothing begun" {
    home_of_both
    expect wrong-mode 45 carnet-admin recover
    says "nothing to recover"
    expect wrong-mode 45 carnet-admin recover --done -y
    says "No recovery has begun here"
    expect usage 64 carnet-admin recover --done file
}

# L-10
@test "a seat that was given after the copy is learned again, and not given twice" {
    lost_after_copy
    fingerprint_of 3 f3.carnet
    expect recover-first 52 carnet-admin assign f3.carnet -o l3.carnet
    expect needs-answer 55 carnet-admin recover
    says "The ledger is that of"
    [ "$(of_ledger 'SELECT epoch FROM ledger')" = 1 ]
    expect ok 0 carnet-admin recover -y --json
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <"$BATS_TEST_TMPDIR/out"
    [ "$(json '[.state, .epoch, .licenses[0]."in-use"] | map(tostring) | join(" ")')" = "recovering 2 1" ]
    expect recover-first 52 carnet-admin assign f3.carnet -o l3.carnet
    expect ok 0 carnet-admin recover l2.carnet
    says "learned again +CAD-1 seat 2" "2 of 3 seats"
    expect ok 0 carnet-admin recover l2.carnet l1.carnet
    says "known +CAD-1 seat 2" "known +CAD-1 seat 1"
    expect needs-answer 55 carnet-admin recover --done
    expect ok 0 carnet-admin recover --done -y
    expect ok 0 carnet-admin assign f3.carnet -o l3.carnet --json
    [ "$(json .seat)" = 3 ]
    [ ! -e l4.carnet ]
    fingerprint_of 4 f4.carnet
    expect no-seat 40 carnet-admin assign f4.carnet -o l4.carnet
    # The machine that was learned gets its bytes again, and its seat comes back as any other.
    expect ok 0 carnet-admin assign f2.carnet -o l2-again.carnet
    cmp l2.carnet l2-again.carnet
    released 2
    expect ok 0 carnet-admin free r2.carnet -o receipt2.carnet
    expect ok 0 carnet-admin assign f4.carnet -o l4.carnet --json
    [ "$(json .seat)" = 2 ]
}

@test "a release teaches what it embeds, and frees while recovering" {
    lost_after_copy
    released 2
    expect ok 0 carnet-admin recover -y
    expect not-found 46 carnet-admin free r2.carnet -o receipt.carnet
    expect ok 0 carnet-admin recover r2.carnet
    says "learned again +CAD-1 seat 2"
    expect ok 0 carnet-admin free r2.carnet -o receipt.carnet
    [ "$(of_ledger 'SELECT in_use FROM license')" = 1 ]
    expect ok 0 carnet-admin recover l2.carnet
    says "ended before +CAD-1 seat 2"
    expect ok 0 carnet-admin recover --done -y
    [ "$(of_ledger 'SELECT in_use FROM license')" = 1 ]
}

@test "the seat went on to another machine after the copy: the older grant ends with a receipt" {
    home_of_both
    offline_license CAD-1 1
    cp "$CARNET_HOME"/*.k* .
    give 1
    expect ok 0 carnet-admin backup copy
    released 1
    expect ok 0 carnet-admin free r1.carnet -o receipt1.carnet
    sleep 1
    give 2
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
    expect ok 0 carnet-admin recover -y
    expect ok 0 carnet-admin recover l2.carnet
    expect ok 0 carnet-admin recover l1.carnet
    says "ended before"
    [ "$(of_ledger 'SELECT count(*), min(seat) FROM seat_grant WHERE ended IS NULL')" = "1|1" ]
    # The old machine's release still gets a receipt.
    expect ok 0 carnet-admin free r1.carnet -o receipt.carnet
    expect ok 0 carnet-admin recover --done -y
    fingerprint_of 3 f3.carnet
    expect no-seat 40 carnet-admin assign f3.carnet -o l3.carnet
}

@test "a folder of all that was collected; gaps below what was learned are free again" {
    home_of_both
    offline_license CAD-1 5
    cp "$CARNET_HOME"/*.k* .
    expect ok 0 carnet-admin backup copy
    for n in 1 2 3 4; do give "$n"; done
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
    mkdir -p found/deep && cp l2.carnet found && cp l4.carnet f1.carnet found/deep && echo junk >found/junk.carnet
    expect ok 0 carnet-admin recover -y found --json
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <"$BATS_TEST_TMPDIR/out"
    [ "$(grep -c '"fate":"learned again"' "$BATS_TEST_TMPDIR/out")" = 2 ]
    expect ok 0 carnet-admin journal verify
    expect ok 0 carnet-admin recover --done -y
    expect ok 0 carnet-admin journal verify
    for n in 5 6 7; do give "$n"; done
    expect ok 0 carnet-admin journal verify
    [ "$(of_ledger 'SELECT group_concat(seat) FROM (SELECT seat FROM seat_grant WHERE ended IS NULL ORDER BY seat)')" = 1,2,3,4,5 ]
}

@test "of another issuer, or altered: refused, and nothing is learned" {
    lost_after_copy
    expect ok 0 carnet-admin recover -y
    CARNET_HOME=$PWD/other expect ok 0 carnet-admin init --role both --name Other --no-passphrase
    cp l2.carnet bad.carnet && printf x | dd of=bad.carnet bs=1 seek=3000 conv=notrunc 2>/dev/null
    local code=0
    carnet-admin recover bad.carnet >out 2>err || code=$?
    [ "$code" -ge 30 ] && [ "$code" -le 31 ]
    expect untrusted-key 32 carnet-admin recover "$CARNET_SOURCE/samples/valid/license-smallest.carnet"
    [ "$(of_ledger 'SELECT count(*) FROM seat_grant')" = 1 ]
}

# L-11
@test "two ledgers with one key: told when it shows, and the license gives no seat until it is settled" {
    home_of_both
    offline_license CAD-1 3
    cp -a "$CARNET_HOME" twin
    give 1
    fingerprint_of 2 f2.carnet
    expect ok 0 carnet-admin --home twin assign f2.carnet -o l2.carnet
    fingerprint_of 1 f1.carnet
    released 2
    # The same machine at both: here the license in the release was never given.
    expect ok 0 carnet-admin assign f2.carnet -o l2-here.carnet
    expect forked 53 carnet-admin free r2.carnet -o receipt.carnet
    [ ! -e receipt.carnet ]
    fingerprint_of 3 f3.carnet
    expect forked 53 carnet-admin assign f3.carnet -o l3.carnet
    says "came back that this ledger never gave"
    expect ok 0 carnet-admin license list --json
    expect ok 0 carnet-admin recover -y
    expect ok 0 carnet-admin recover --done -y
    expect ok 0 carnet-admin assign f3.carnet -o l3.carnet
}

# L-10: receipts, and what the caps count.
@test "a receipt ends its grant again, in whatever order the files come; a loss counts again and its seat is held again" {
    home_of_both
    offline_license CAD-1 2 --lease-days 300 --loss-cap 1
    cp "$CARNET_HOME"/*.k* .
    give 1
    expect ok 0 carnet-admin backup copy
    give 2
    expect ok 0 carnet-admin revoke CAD-1 1 --reason stolen -y -o gone1.carnet
    released 2
    expect ok 0 carnet-admin free r2.carnet -o back2.carnet
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
    expect ok 0 carnet-admin recover -y
    # Alone, the receipt of a grant that nobody knows vouches for nothing.
    expect not-vouched 35 carnet-admin recover back2.carnet
    says "does not know" "Give the license"
    [ "$(of_ledger 'SELECT count(*) FROM seat_grant')" = 1 ]
    # A receipt comes before the license that it needs: the name begins with a letter before it.
    mkdir found && cp back2.carnet gone1.carnet l1.carnet l2.carnet found
    expect ok 0 carnet-admin recover -n found
    [ "$(of_ledger 'SELECT count(*) FROM seat_grant')" = 1 ]
    expect ok 0 carnet-admin recover found --json
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <"$BATS_TEST_TMPDIR/out"
    grep -q 'back2.carnet.*"fate":"ended again"' "$BATS_TEST_TMPDIR/out"
    grep -q 'gone1.carnet.*"fate":"ended again"' "$BATS_TEST_TMPDIR/out"
    grep -q '/l1.carnet.*"fate":"ended before"' "$BATS_TEST_TMPDIR/out"
    expect ok 0 carnet-admin recover found
    says "known +CAD-1 seat 1" "known +CAD-1 seat 2"
    [ "$(of_ledger "SELECT group_concat(how) FROM (SELECT how FROM seat_grant ORDER BY seat)")" = revoked,freed ]
    [ "$(of_ledger 'SELECT (SELECT count(*) FROM loss) || (SELECT group_concat(seat) FROM hold)')" = 11 ]
    expect ok 0 carnet-admin journal verify
    expect ok 0 carnet-admin recover --done -y
    # The receipt is the ledger's own again, the held seat stays out of use, and the cap is used up.
    expect ok 0 carnet-admin free r2.carnet -o again2.carnet
    cmp back2.carnet again2.carnet
    expect ok 0 carnet-admin revoke CAD-1 1 --reason stolen -y -o again1.carnet
    cmp gone1.carnet again1.carnet
    give 3
    [ "$(of_ledger 'SELECT seat FROM seat_grant WHERE ended IS NULL')" = 2 ]
    fingerprint_of 4 f4.carnet
    expect held 48 carnet-admin assign f4.carnet -o l4.carnet
    expect cap-reached 47 carnet-admin revoke CAD-1 2 --reason stolen -y -o gone2.carnet
    expect ok 0 carnet-admin journal verify
}

@test "a seat whose grant was revoked went on to another machine: the receipt is heard first, and the loss counts" {
    home_of_both
    offline_license CAD-1 1 --hold-after-loss no --loss-cap 1
    cp "$CARNET_HOME"/*.k* .
    give 1
    expect ok 0 carnet-admin backup copy
    expect ok 0 carnet-admin revoke CAD-1 1 --reason stolen -y -o gone1.carnet
    sleep 1
    give 2
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
    expect ok 0 carnet-admin recover -y
    expect ok 0 carnet-admin recover l2.carnet gone1.carnet
    [ "$(of_ledger 'SELECT how FROM seat_grant ORDER BY number LIMIT 1')" = revoked ]
    [ "$(of_ledger 'SELECT count(*) FROM loss')" = 1 ]
    expect ok 0 carnet-admin journal verify
}

@test "a renewal that was a transfer counts again" {
    home_of_both
    offline_license CAD-1 2 --transfer-cap 1
    cp "$CARNET_HOME"/*.k* .
    give 1
    expect ok 0 carnet-admin backup copy
    fingerprint_of 1 changed.carnet --nonce 3 --facts 8 --renew CAD-1 --grant "$(of_ledger 'SELECT lower(hex(fingerprint)) FROM seat_grant')"
    expect ok 0 carnet-admin renew CAD-1 changed.carnet -o l1b.carnet
    rm -r "$CARNET_HOME"
    expect ok 0 carnet-admin restore -y copy
    cp root.k* issuer.k* "$CARNET_HOME"
    expect ok 0 carnet-admin recover -y
    expect ok 0 carnet-admin recover l1b.carnet
    says "brought up to date"
    [ "$(of_ledger 'SELECT count(*) FROM transfer')" = 1 ]
    expect ok 0 carnet-admin journal verify
}

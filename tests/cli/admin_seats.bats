#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin assign and free: seats out and back, and every refusal with nothing changed.

load admin_helper

setup() {
    fresh
    home_of_both
}

in_use() {
    carnet-admin license show "$1" --json | jq .license.in_use
}

@test "assign gives a license that holds by the vendor's root" {
    offline_license L-1 3 --lease-days 30 --activate-within 10 --feature mesh --feature cores=8
    fingerprint_of 1 f.carnet --label "Lab 3" --user 7
    expect ok 0 carnet-admin assign f.carnet --json
    [ "$(json '.seat, .serial, .again, .license' | paste -sd ' ')" = "1 1 false L-1" ]
    file=$(json .file)
    [[ "$file" == license-lab-3-*.carnet ]]
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem "$file"
    mkdir x && tar -xf "$file" -C x
    issued=$(date -u -d "$(grep -o ' issued="[^"]*"' x/license.xml | head -1 | cut -d'"' -f2)" +%s)
    until=$(date -u -d "$(grep -o 'lease-until="[^"]*"' x/license.xml | cut -d'"' -f2)" +%s)
    by=$(date -u -d "$(grep -o 'activate-by="[^"]*"' x/license.xml | cut -d'"' -f2)" +%s)
    [ $((until - issued)) -eq $((30 * 86400)) ]
    [ $((by - issued)) -eq $((10 * 86400)) ]
    grep -q '<feature name="cores" value="8"/>' x/license.xml
    # The journal's position and digest are in the license, and in the ledger.
    position=$(grep -o '<journal position="[0-9]*"' x/license.xml | cut -d'"' -f2)
    digest=$(grep -o '<journal.*digest="[0-9a-f]*"' x/license.xml | sed 's/.*digest="//; s/"//')
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT lower(hex(event.digest)) FROM event JOIN chain ON number = chain
        WHERE event.position = $position AND line LIKE '% assign %'")" = "$digest" ]
    expect ok 0 carnet-admin license show L-1
    says "seat 1 +assigned +Lab 3 +key [0-9a-f]{16} +one user" "seats 2 to 3 free"
}

@test "the same fingerprint again: 0 and the same bytes, whatever the form" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    cp l.carnet kept
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    says "was already assigned; the same bytes"
    expect ok 0 carnet-admin assign f.carnet -o again.carnet
    cmp l.carnet again.carnet
    expect no-stick 80 carnet-admin assign f.carnet --to stick
    mkdir stick
    expect ok 0 carnet-admin assign f.carnet --to stick
    cmp l.carnet stick/carnet/to-user/license-*.carnet
    expect ok 0 carnet-admin assign f.carnet --text
    printf '%s\n' "$out" | sed '1d;$d' | base64 -d | gunzip | cmp l.carnet
    [ "$(in_use L-1)" = 1 ]
    cmp l.carnet kept
}

@test "assign takes pasted text on standard input" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    { echo "-----BEGIN CARNET FINGERPRINT-----"; gzip -nc f.carnet | base64 -w 64; echo "-----END CARNET FINGERPRINT-----"; } >text
    # gzip names another system in its header than the format's writer does; the reader takes both.
    { echo "Dear administrator,"; cat text; echo "thanks"; } >mail
    expect ok 0 carnet-admin assign - -o l.carnet <mail
    says "ignored"
    [ -e l.carnet ]
}

@test "lowest seat first, never more than there are" {
    offline_license L-1 2
    for n in 1 2 3; do fingerprint_of $n f$n.carnet; done
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect ok 0 carnet-admin assign f2.carnet -o l2.carnet
    remember "$CARNET_HOME" .
    expect no-seat 40 carnet-admin assign f3.carnet -o l3.carnet
    says "All 2 seats of L-1 are taken" "G-5"
    unchanged "$CARNET_HOME" .
    make-machine release l1.carnet --machine 1 -o r1.carnet
    expect ok 0 carnet-admin free r1.carnet -o receipt.carnet
    expect ok 0 carnet-admin license show L-1
    says "seat 1 +freed"
    expect ok 0 carnet-admin assign f3.carnet -o l3.carnet --json
    [ "$(json .seat)" = 1 ]
}

@test "assign refuses by the license, and nothing changes" {
    entitled L-1 --product cad --licensee x --seats 3 --offline allowed
    fingerprint_of 1 f.carnet
    remember "$CARNET_HOME" .
    expect wrong-mode 45 carnet-admin assign f.carnet
    says "L-1 is online" "convert L-1 offline"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin convert L-1 offline -y
    entitled L-1 --offline denied
    remember "$CARNET_HOME" .
    expect conversion-not-allowed 42 carnet-admin assign f.carnet
    says "no longer allows offline use" "sales@acme.example"
    unchanged "$CARNET_HOME" .
    entitled L-1 --offline allowed --not-after 2030-01-01 --virtual refused --container refused
    fingerprint_of 1 kvm.carnet --virtual kvm
    fingerprint_of 1 podman.carnet --container podman
    remember "$CARNET_HOME" .
    expect virtual-refused 21 carnet-admin assign kvm.carnet
    says "virtual \(kvm\)"
    expect virtual-refused 21 carnet-admin assign podman.carnet
    says "container \(podman\)"
    unchanged "$CARNET_HOME" .
    remember .
    expect expired 11 faketime '2030-06-01 00:00:00' carnet-admin assign f.carnet
    says "ended on 2030-01-01T23:59:59Z"
    unchanged .
    [ "$(in_use L-1)" = 0 ]
}

@test "assign refuses by the fingerprint, and nothing changes" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    make-machine fingerprint --vendor "${vendor//[0-9]/0}" --product cad -o stranger.carnet
    make-machine fingerprint --vendor "$vendor" --product mesh -o mesh.carnet
    fingerprint_of 1 renew.carnet --renew L-1 --grant "$vendor"
    cp f.carnet altered.carnet
    printf x | dd of=altered.carnet bs=1 seek=4700 conv=notrunc status=none
    remember "$CARNET_HOME" .
    expect wrong-vendor 36 carnet-admin assign stranger.carnet
    expect not-found 46 carnet-admin assign mesh.carnet
    says "no license of mesh"
    expect not-covered 15 carnet-admin assign mesh.carnet --license L-1
    expect wrong-kind 33 carnet-admin assign renew.carnet
    says "asks to renew"
    expect untrusted-key 32 carnet-admin assign f.carnet --expect "$vendor"
    expect not-found 46 carnet-admin assign f.carnet --license Z
    expect not-found 46 carnet-admin assign f.carnet --replace 2
    says "Seat 2 of L-1 is not out"
    expect altered 31 carnet-admin assign altered.carnet
    expect no-input 66 carnet-admin assign missing.carnet
    expect usage 64 carnet-admin assign f.carnet --label " x"
    expect exists 73 carnet-admin assign f.carnet -o altered.carnet
    expect no-input 66 carnet-admin assign f.carnet -o nowhere/l.carnet
    expect ok 0 carnet-admin assign f.carnet -n
    says "would be assigned"
    unchanged "$CARNET_HOME" .
    expect wrong-kind 33 carnet-admin assign L-1-*.carnet
    says "carnet-admin import"
    unchanged "$CARNET_HOME" .
}

@test "one machine and user, one seat; another user of it, another seat; a clone asks for -y" {
    offline_license L-1 5
    fingerprint_of 1 f1.carnet --label lab
    fingerprint_of 1 f1b.carnet --nonce 2
    fingerprint_of 1 f1u.carnet --user 5
    fingerprint_of 2 clone.carnet --system 1
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    remember "$CARNET_HOME" .
    expect already-assigned 41 carnet-admin assign f1b.carnet
    says "holds seat 1 of L-1 \(lab\), since" "--replace 1" "G-6"
    expect already-assigned 41 carnet-admin assign clone.carnet
    says "same system UUID, under another key, holds seat 1"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin assign f1u.carnet -o l2.carnet
    expect ok 0 carnet-admin assign clone.carnet -y -o l3.carnet
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% assign %note=same-system'")" = 1 ]
    [ "$(in_use L-1)" = 3 ]
}

@test "several licenses of a product: --license, or the one that is offline" {
    offline_license L-1 1
    offline_license L-2 1
    fingerprint_of 1 f1.carnet
    fingerprint_of 2 f2.carnet
    expect usage 64 carnet-admin assign f1.carnet
    says "2 licenses would do for cad, among them L-1 and L-2" "--license"
    expect ok 0 carnet-admin assign f1.carnet --license L-2 -o l1.carnet
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect ok 0 carnet-admin convert L-1 online -y
    expect no-seat 40 carnet-admin assign f2.carnet
    says "seats of L-2"
}

@test "two vendors with the same license id: --vendor says whose, and a fingerprint says it by itself" {
    entitled L-1 --product cad --licensee x --seats 2 --offline allowed
    expect ok 0 carnet-admin --home v2 init --role vendor --name Other --no-passphrase
    expect ok 0 carnet-admin --home v2 key export root -o other.pem
    expect ok 0 carnet-admin trust add other.pem -y
    expect ok 0 carnet-admin key export issuer -o issuer.pem
    expect ok 0 carnet-admin --home v2 entitle --license L-1 --product mesh --licensee x --seats 2 --offline allowed \
        --issuer issuer.pem -o other.carnet
    expect ok 0 carnet-admin import other.carnet
    other=$(carnet-admin license list --json | jq -r --arg v "$vendor" '.licenses[].vendor | select(. != $v)')
    remember "$CARNET_HOME"
    for words in "convert L-1 offline -y" "user add L-1 ada" "user remove L-1 ada" "license show L-1"; do
        expect usage 64 carnet-admin $words
        says "fits several licenses: L-1 \(vendor [0-9a-f]{8}\), L-1 \(vendor [0-9a-f]{8}\)" "--vendor"
        says "${vendor:0:8}" "${other:0:8}"
        expect not-found 46 carnet-admin $words --vendor zz
        says "No vendor's id here begins with \"zz\""
    done
    expect not-found 46 carnet-admin license list --vendor zz
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin convert L-1 offline -y --vendor "$other"
    expect ok 0 carnet-admin user add L-1 ada --vendor "${vendor:0:12}"
    expect ok 0 carnet-admin license show L-1 --vendor "${other:0:12}" --json
    [ "$(json '.license.mode, .license.product' | paste -sd ' ')" = "offline mesh" ]
    expect ok 0 carnet-admin license list --vendor "$vendor" --json
    [ "$(json '.licenses[] | .vendor, .users' | paste -sd ' ')" = "$vendor 1" ]
    make-machine fingerprint --vendor "$other" --product mesh -o f.carnet
    remember "$CARNET_HOME" .
    expect wrong-vendor 36 carnet-admin assign f.carnet --license L-1 --vendor "$vendor"
    says "not for that of --vendor"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin assign f.carnet --license L-1 -o l.carnet
    expect ok 0 carnet-admin assign f.carnet --vendor "$other" -o l.carnet
    says "was already assigned"
    expect ok 0 carnet-admin user remove L-1 --all --vendor "$vendor"
}

@test "what changes something takes the whole license id" {
    entitled L-1 --product cad --licensee "City Hospital" --seats 2 --offline allowed
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin license show cad
    expect ok 0 carnet-admin license show "city hosp"
    remember "$CARNET_HOME" .
    for name in L cad City l-1; do
        expect not-found 46 carnet-admin convert "$name" offline -y
        says "There is no license \"$name\" here" "takes the whole license id. Did you mean L-1 "
        expect not-found 46 carnet-admin user add "$name" ada
        expect not-found 46 carnet-admin user remove "$name" --all
        expect not-found 46 carnet-admin assign f.carnet --license "$name"
    done
    unchanged "$CARNET_HOME" .
}

@test "the same fingerprint gets the same bytes, whatever product the license has by now" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    fingerprint_of 2 g.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    # No revision that this program takes does that; the ledger's own row is what counts here.
    meddle "UPDATE license SET product = 'mesh'"
    expect ok 0 carnet-admin assign f.carnet -o again.carnet
    expect ok 0 carnet-admin assign f.carnet --license L-1 -o third.carnet
    cmp l.carnet again.carnet && cmp l.carnet third.carnet
    expect not-found 46 carnet-admin assign g.carnet
    expect not-covered 15 carnet-admin assign g.carnet --license L-1
    [ "$(in_use L-1)" = 1 ]
}

@test "a key that signed as a machine can't be an issuer, nor the other way round" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    mkdir x && tar -xf f.carnet -C x
    expect untrusted-key 32 carnet-admin entitle --license L-9 --product p --licensee x --seats 1 --issuer x/signer.pem
    says "known here as a machine key"
    expect untrusted-key 32 carnet-admin trust add x/signer.pem -y
    says "T-5"
}

@test "free: once, again, and what is not ours" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet --label lab
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    make-machine release l.carnet --machine 1 -o r.carnet
    make-machine release l.carnet --machine 2 -o other.carnet
    remember "$CARNET_HOME" .
    expect untrusted-key 32 carnet-admin free other.carnet
    expect wrong-kind 33 carnet-admin free f.carnet
    expect ok 0 carnet-admin free r.carnet -n
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    says "Seat 1 of L-1 \(lab\) is freed"
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem receipt.carnet
    expect ok 0 carnet-admin free r.carnet -o again.carnet
    says "The grant on seat 1 of L-1 \(lab\) had been freed on [0-9TZ:-]+; the same receipt is given again"
    cmp receipt.carnet again.carnet
    make-machine release l.carnet --machine 1 --nonce 5 --declined -o second.carnet
    expect ok 0 carnet-admin free second.carnet -o third.carnet
    says "another release of the same machine"
    cmp receipt.carnet third.carnet
    remember "$CARNET_HOME"
    expect fingerprint-spent 49 carnet-admin assign f.carnet
    says "that grant ended on" "G-1"
    unchanged "$CARNET_HOME"
    [ "$(in_use L-1)" = 0 ]
}

@test "free: a release that comes after its grant was replaced does not free the seat, and says whose it is" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet --label lab
    fingerprint_of 2 g.carnet --label office
    mkdir stick
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    make-machine release l.carnet --machine 1 -o r.carnet
    expect ok 0 carnet-admin assign g.carnet --replace 1 --to stick
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    says "The grant on seat 1 of L-1 \(lab\) had been replaced on [0-9TZ:-]+, and the seat now belongs to office; the same"
    not_says "freed"
    cmp receipt.carnet stick/carnet/to-user/receipt-*.carnet
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet --json
    [ "$(json '.done, .again' | paste -sd ' ')" = "replaced true" ]
    [ "$(in_use L-1)" = 1 ]
}

@test "a dry run of what is done already says so" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet --label lab
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    make-machine release l.carnet --machine 1 -o r.carnet
    remember "$CARNET_HOME" .
    expect ok 0 carnet-admin assign f.carnet -n
    says "Seat 1 of L-1 \(lab\) was already assigned; the same bytes would be given again"
    expect ok 0 carnet-admin free r.carnet -n
    says "Seat 1 of L-1 \(lab\) would be freed"
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    remember "$CARNET_HOME" .
    expect ok 0 carnet-admin free r.carnet -n
    says "had been freed on .*; the same receipt would be given again"
    unchanged "$CARNET_HOME" .
}

@test "a user who looks like another one takes a seat, and that is told" {
    entitled L-1 --product cad --licensee x --seats 7
    expect ok 0 carnet-admin user add L-1 ada
    not_says "same person"
    expect ok 0 carnet-admin user add L-1 ADA
    says "warning: \"ada\" has a seat of L-1 as well, and looks like the same person" "2 of 7 seats"
    expect ok 0 carnet-admin user add L-1 ada
    not_says "same person"
    expect ok 0 carnet-admin user add L-1 Ada --json
    [ "$(json '.warnings | length')" = 1 ]
    expect ok 0 carnet-admin user add L-1 "Grace Hopper <grace@navy.example>"
    not_says "same person"
    expect ok 0 carnet-admin user add L-1 Grace@navy.example
    says '"Grace Hopper <grace@navy.example>" has a seat of L-1 as well'
    expect ok 0 carnet-admin user add L-1 "G. Hopper <GRACE@navy.example>"
    says "same person"
}

@test "user remove: by the whole name, or by the address or the name that one user has in it" {
    entitled L-1 --product cad --licensee x --seats 5
    for user in "Ada Byron <ada@one.example>" "Ada Byron <ada@two.example>" "Grace Hopper <grace@navy.example>"; do
        expect ok 0 carnet-admin user add L-1 "$user"
    done
    remember "$CARNET_HOME"
    expect not-found 46 carnet-admin user remove L-1 "Ada Byron"
    says "2 users of L-1 have that in their names" "Give the whole name"
    expect not-found 46 carnet-admin user remove L-1 Ada
    says "no user .Ada. of that license"
    expect not-found 46 carnet-admin user remove L-1 one.example
    expect usage 64 carnet-admin user remove L-1 " x"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin user remove L-1 ada@two.example
    expect ok 0 carnet-admin user remove L-1 "Ada Byron"
    expect ok 0 carnet-admin user remove L-1 "grace hopper"
    says "0 of 5 seats"
    expect ok 0 carnet-admin journal verify
}

@test "a seat that is replaced keeps its note; what stays as it is is counted apart" {
    offline_license L-1 3 --lease-days 90
    fingerprint_of 1 f1.carnet
    fingerprint_of 1 f1b.carnet --nonce 2
    mkdir stick
    expect ok 0 carnet-admin assign f1.carnet --note "rack 4" -o l1.carnet
    expect ok 0 carnet-admin assign f1b.carnet --replace 1 --to stick
    [ "$(carnet-admin license show L-1 --json | jq -r '.seat_map[0].note')" = "rack 4" ]
    fingerprint_of 2 f2.carnet
    expect ok 0 carnet-admin assign f2.carnet --to stick
    expect ok 0 carnet-admin renew L-1 -n
    says "Nothing changes: all 2 stay as they are"
    expect ok 0 later 3 carnet-admin renew L-1 1 --to stick
    expect ok 0 later 3 carnet-admin renew L-1 --to stick
    says "^1 is renewed, and 1 stays as it is\.$"
}

@test "import notes that a machine gave its license up; free frees the seat" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    make-machine release l.carnet --machine 1 -o r.carnet
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin import r.carnet -n
    says "L-1: seat 1, serial 1 would be marked as declared released"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin import r.carnet --json
    [ "$(json '.seat, .fate' | paste -sd ' ')" = "1 declared" ]
    expect ok 0 carnet-admin license show L-1 --json
    [ "$(json '.seat_map[0].state')" = "declared released" ]
    [ "$(json '.license.in_use')" = 1 ]
    expect ok 0 carnet-admin import r.carnet
    says "was known to be released; nothing to do"
    expect ok 0 carnet-admin journal verify
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    expect ok 0 carnet-admin license show L-1 --json
    [ "$(json '.license.in_use')" = 0 ]
    expect ok 0 carnet-admin import r.carnet
    expect ok 0 carnet-admin journal verify
}

@test "free: a grant of another ledger, and of a ledger that was put back from a copy" {
    offline_license L-1 2
    cp -a "$CARNET_HOME" copy
    fingerprint_of 1 f.carnet
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    make-machine release l.carnet --machine 1 -o r.carnet
    cp -a copy second
    # Signed by this very issuer, and a machine that is not in the ledger at all.
    expect forked 53 carnet-admin --home second free r.carnet -o receipt.carnet
    says "this ledger never gave it out" "who else uses this issuer key"
    [ "$(sqlite3 second/ledger.db 'SELECT in_use, forked FROM license')" = "0|unknown-license" ]
    # The same fingerprint gets another license there, and the release is of the first one.
    expect ok 0 faketime '+1 day' carnet-admin --home copy assign f.carnet -o l-copy.carnet
    expect forked 53 faketime '+1 day' carnet-admin --home copy free r.carnet -o receipt.carnet
    says "never gave it out"
    [ ! -e receipt.carnet ]
    # Nothing but the fork itself is recorded (L-11).
    [ "$(sqlite3 copy/ledger.db 'SELECT in_use, forked FROM license' 'SELECT count(*) FROM seat_grant WHERE ended IS NOT NULL' |
        paste -sd ' ')" = "1|unknown-license 0" ]
    [ "$(sqlite3 copy/ledger.db 'SELECT line FROM event WHERE chain = (SELECT max(number) FROM chain) ORDER BY position DESC LIMIT 1' |
        cut -d ' ' -f 4)" = forked ]
}

@test "a revision with fewer seats than are out: taken, and nothing assigned before it fits" {
    offline_license L-1 3
    for n in 1 2 3 4; do fingerprint_of $n f$n.carnet; done
    for n in 1 2 3; do expect ok 0 carnet-admin assign f$n.carnet -o l$n.carnet; done
    expect ok 0 carnet-admin entitle --license L-1 --seats 2 -o less.carnet
    expect ok 0 carnet-admin import less.carnet
    says "3 seats of L-1 are in use and it has 2 now"
    make-machine release l1.carnet --machine 1 -o r1.carnet
    expect ok 0 carnet-admin free r1.carnet -o receipt1.carnet
    expect no-seat 40 carnet-admin assign f4.carnet
    # Seat 3 is above what the license has now; its receipt rests on the revision that its license rests on.
    make-machine release l3.carnet --machine 3 -o r3.carnet
    expect ok 0 carnet-admin free r3.carnet -o receipt3.carnet
    expect ok 0 carnet-admin assign f4.carnet -o l4.carnet --json
    [ "$(json .seat)" = 1 ]
}

@test "--replace: a receipt for the old grant, a new one on the same seat; a loss counts where nothing bears it out" {
    offline_license L-1 2 --loss-cap 1
    fingerprint_of 1 f1.carnet
    fingerprint_of 1 f1new.carnet --nonce 9
    fingerprint_of 2 f2.carnet
    fingerprint_of 3 f3.carnet
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    expect usage 64 carnet-admin assign f1new.carnet --replace 1 -o x.carnet
    mkdir stick
    expect ok 0 carnet-admin assign f1new.carnet --replace 1 --to stick
    [ "$(ls stick/carnet/to-user | wc -l)" -eq 2 ]
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem stick/carnet/to-user/*
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" 'SELECT count(*) FROM loss')" = 0 ]
    expect fingerprint-spent 49 carnet-admin assign f1.carnet
    expect ok 0 carnet-admin assign f2.carnet --replace 1 --to stick
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" 'SELECT count(*) FROM loss')" = 1 ]
    remember "$CARNET_HOME" .
    expect cap-reached 47 carnet-admin assign f3.carnet --replace 1 --to stick
    says "counts as a loss; L-1 allows 1 in a year"
    unchanged "$CARNET_HOME" .
    [ "$(in_use L-1)" = 1 ]
}

@test "--replace: as often as it is repeated, the receipt of the old grant comes with the license" {
    offline_license L-1 2
    fingerprint_of 1 f1.carnet
    fingerprint_of 1 f1new.carnet --nonce 9
    expect ok 0 carnet-admin assign f1.carnet -o l1.carnet
    mkdir -p first/carnet second third && touch first/carnet/to-user
    # The first file, the receipt, can't be delivered: all is in the ledger, and nothing on the stick.
    expect exists 73 carnet-admin assign f1new.carnet --replace 1 --to first
    says "is assigned and recorded; run the same command again"
    expect ok 0 carnet-admin assign f1new.carnet --replace 1 --to second
    says "was already assigned"
    [ "$(ls second/carnet/to-user | cut -d- -f1 | paste -sd ' ')" = "license receipt" ]
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem second/carnet/to-user/*
    expect ok 0 carnet-admin assign f1new.carnet --to third --json
    [ -e "$(json .file)" ]
    [ -e "$(json .receipt.file)" ]
    diff -r second/carnet/to-user third/carnet/to-user
    remember "$CARNET_HOME" .
    expect usage 64 carnet-admin assign f1new.carnet -o one.carnet
    says "several results"
    unchanged "$CARNET_HOME" .
}

@test "a clock that was set back signs nothing" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    remember "$CARNET_HOME" .
    expect configuration 78 faketime '-3 days' carnet-admin assign f.carnet
    says "the journal's last event is of" "L-6"
    unchanged "$CARNET_HOME" .
}

@test "a disk that is full when the license is written: it is in the ledger, and the same bytes come out later" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    mkdir stick
    expect io-error 74 env ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS" strace -f -o trace -e inject=renameat2:error=EIO carnet-admin assign f.carnet -o l.carnet
    says "is assigned and recorded; run the same command again"
    [ ! -e l.carnet ]
    [ "$(in_use L-1)" = 1 ]
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    [ "$(in_use L-1)" = 1 ]
    carnet-admin key export root -o root.pem
    expect ok 0 carnet-inspect verify --trust root.pem l.carnet
}

@test "another process holds the ledger: busy after ten seconds, saying which, with nothing changed" {
    offline_license L-1 2
    fingerprint_of 1 f.carnet
    sqlite3 "$CARNET_HOME/ledger.db" "BEGIN IMMEDIATE" ".shell echo held >held; sleep 14" "ROLLBACK" &
    holder=$!
    comes held held
    expect busy 75 carnet-admin assign f.carnet -o l.carnet
    says "held for ten seconds by process $holder \(sqlite3, of $(id -un)\)" "Wait until it has ended"
    [ ! -e l.carnet ]
    wait
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
}

@test "a dry run finds a key that the real run would refuse" {
    offline_license L-1 3
    fingerprint_of 1 f.carnet
    chmod 644 "$CARNET_HOME/issuer.key"
    remember "$CARNET_HOME"
    expect permission 77 carnet-admin assign -n f.carnet -o l.carnet
    expect permission 77 carnet-admin assign f.carnet -o l.carnet
    unchanged "$CARNET_HOME"
    [ ! -e l.carnet ]
}

@test "license show: columns hold whatever script a label is in" {
    entitled L-1 --product cad --licensee "City Hospital" --seats 3 --offline allowed
    expect ok 0 carnet-admin convert L-1 offline -y
    fingerprint_of 1 f1.carnet --label "Prüfstand"
    fingerprint_of 2 f2.carnet --label "三号车间"
    fingerprint_of 3 f3.carnet --label "HALL3-PLC1"
    mkdir out
    expect ok 0 carnet-admin assign f1.carnet f2.carnet f3.carnet --to out
    expect ok 0 carnet-admin license show L-1
    export LC_ALL=C.UTF-8
    # A wide character stands for two.
    [ "$(grep -o '^  seat .*  key' <<<"$out" | sed 's/[三号车间]/&&/g; s/./x/g' | sort -u | wc -l)" -eq 1 ]
    [ "$(grep -c '^  seat .*  key' <<<"$out")" -eq 3 ]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Activations on their way back, clocks that were wrong and are put right (spec/format.md, D-2 to D-5), and 'doctor'.

load user_helper
bats_require_minimum_version 1.5.0

setup() {
    fresh
}

# ask [FILE]: the machine's clock request.
ask() {
    carnet-user doctor --clock -o "${1:-q.carnet}" >/dev/null
}

@test "activate writes an activation, the same one again, and import marks the seat once" {
    vendor
    machine one a
    trust
    carnet-user fingerprint --product cad --label one -o one.fingerprint --quiet
    carnet-admin --quiet assign one.fingerprint -o one.license >/dev/null
    expect ok 0 carnet-user activate -n one.license -o none.carnet
    [ ! -e none.carnet ]
    expect ok 0 carnet-user activate one.license -o a.carnet
    [ "$out" = a.carnet ]
    says "^Activated: cad, seat 1 of CAD-1" "^a\.carnet$" "says that the license arrived"
    expect ok 0 carnet-user activate one.license -o b.carnet
    says "^Already activated"
    cmp a.carnet b.carnet
    mkdir stick
    expect ok 0 carnet-user activate one.license --to stick --json
    cmp a.carnet "$(json .activation.file)"
    expect ok 0 carnet-inspect verify --trust root.pem a.carnet
    says "activation CAD-1 seat 1 serial 1, 9 of 9 facts matching|activation CAD-1 seat 1 serial 1, [0-9]+ of [0-9]+ facts"
    expect ok 0 carnet-admin license show CAD-1
    not_says "activated"
    expect ok 0 carnet-admin import -n a.carnet
    says "seat 1, serial 1 would be marked as activated"
    expect ok 0 carnet-admin import a.carnet
    says "^CAD-1: seat 1, serial 1 is activated$"
    expect ok 0 carnet-admin import a.carnet --json
    [ "$(json '.fate + " " + (.seat | tostring)')" = "known 1" ]
    expect ok 0 carnet-admin license show CAD-1
    says "seat 1 +activated +one "
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% activated by=%'")" -eq 1 ]
    # A folder that can't be written costs the activation, not the license.
    expect no-stick 80 carnet-user activate one.license --to nowhere
    expect exists 73 carnet-user activate one.license -o one.fingerprint
}

@test "an activation of a machine that is not in the ledger, or by another key, is refused and changes nothing" {
    vendor
    licensed one a
    carnet-user activate one.license -o a.carnet >/dev/null
    cp -r "$CARNET_HOME" "$BATS_TEST_TMPDIR/twin"
    licensed two b
    carnet-user activate two.license -o two.activation >/dev/null
    # Two ledgers with one key: nothing but that is recorded, and no seat is given until it is settled (L-11).
    twin=$BATS_TEST_TMPDIR/twin
    remember "$twin"
    expect forked 53 carnet-admin --home "$twin" import two.activation -n
    unchanged "$twin"
    expect forked 53 carnet-admin --home "$twin" import two.activation
    says "this ledger never gave it out" "who else uses this issuer key"
    expect forked 53 carnet-admin --home "$twin" import two.activation
    [ "$(sqlite3 "$twin/ledger.db" "SELECT count(*) FROM received WHERE kind <> 'fingerprint'")" -eq 0 ]
    [ "$(sqlite3 "$twin/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% forked by=%note=unknown-license'")" -eq 1 ]
    expect forked 53 carnet-admin --home "$twin" assign two.fingerprint
    says "came back that this ledger never gave" "carnet-admin recover"
    expect ok 0 carnet-admin --home "$twin" journal verify
    expect ok 0 carnet-admin --home "$twin" recover -y
    expect ok 0 carnet-admin --home "$twin" recover two.license
    expect ok 0 carnet-admin --home "$twin" recover --done -y
    expect ok 0 carnet-admin --home "$twin" import two.activation
    expect ok 0 carnet-admin --home "$twin" journal verify
    expect wrong-kind 33 carnet-user activate a.carnet
    says "carnet-admin import"
}

@test "two files of one number are told as a clone, and stand in the journal" {
    vendor
    machine one a
    trust
    carnet-user fingerprint --product cad --label one -o one.fingerprint --quiet
    carnet-admin --quiet assign one.fingerprint -o one.license >/dev/null
    cp -r "$CARNET_STATE" "$BATS_TEST_TMPDIR/copy"
    carnet-user activate one.license -o a.carnet >/dev/null
    sleep 1.1
    CARNET_STATE=$BATS_TEST_TMPDIR/copy carnet-user activate one.license -o b.carnet >/dev/null
    ! cmp -s a.carnet b.carnet
    expect ok 0 carnet-admin import a.carnet
    not_says "copied"
    expect ok 0 carnet-admin import b.carnet
    says "sent another file with the number 2 before: its disk was copied or put back"
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% forked by=%note=clone'")" -eq 1 ]
    expect ok 0 carnet-admin import b.carnet
    not_says "copied"
    # No seat is given until it is settled; what came back again is no new finding.
    machine two b
    CARNET_STATE=$BATS_TEST_TMPDIR/other
    trust
    carnet-user fingerprint --product cad -o two.fingerprint --quiet
    remember "$CARNET_HOME"
    expect forked 53 carnet-admin assign two.fingerprint -o two.license
    unchanged "$CARNET_HOME"
    says "sent two files with one number" "replace or revoke its seat"
    [ ! -e two.license ]
    expect ok 0 carnet-admin recover -y
    expect ok 0 carnet-admin recover --done -y
    expect ok 0 carnet-admin assign two.fingerprint -o two.license
}

@test "a clock ten years ahead is repaired by a file that works once; its replay is refused" {
    vendor
    licensed one a
    expect ok 0 faketime '+3652 days' carnet-user check cad
    expect clock-set-back 19 carnet-user check cad
    expect clock-set-back 19 carnet-user doctor
    says "doctor --clock"
    expect ok 0 carnet-user doctor --clock -o q.carnet
    says "^q\.carnet$" "carnet-admin clock"
    expect ok 0 carnet-user doctor --clock -o again.carnet
    says "same file again"
    cmp q.carnet again.carnet
    expect ok 0 carnet-admin clock -n q.carnet --json
    expect ok 0 carnet-admin clock -n q.carnet
    says "Seat 1 of CAD-1 \(one\): its clock said" "It may go back to"
    [ ! -e clock-one-*.carnet ]
    expect ok 0 carnet-admin clock q.carnet -o c.carnet
    expect ok 0 carnet-admin clock q.carnet -o d.carnet
    says "the same bytes are given again"
    cmp c.carnet d.carnet
    expect ok 0 carnet-inspect verify --trust root.pem c.carnet
    expect ok 0 carnet-user activate -n c.carnet
    says "^Would put right"
    expect clock-set-back 19 carnet-user check cad
    expect ok 0 carnet-user activate c.carnet
    says "^Put right: the latest time seen here goes back from 20[0-9-]+T.* to 20"
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user doctor
    says "Nothing is wrong"
    # Replayed at once, and after the clock was ahead again: refused, and nothing changes (D-3).
    remember "$CARNET_STATE"
    expect rolled-back 37 carnet-user activate c.carnet
    says "taken already" "D-3"
    unchanged "$CARNET_STATE"
    expect ok 0 faketime '+400 days' carnet-user check cad
    remember "$CARNET_STATE"
    expect rolled-back 37 carnet-user activate c.carnet
    unchanged "$CARNET_STATE"
    expect clock-set-back 19 carnet-user check cad
    # A new request is another one, and the answer to the older one stays refused.
    ask q2.carnet
    ! cmp -s q.carnet q2.carnet
    carnet-admin --quiet clock q2.carnet -o c2.carnet >/dev/null
    expect ok 0 carnet-user activate c2.carnet
    expect ok 0 carnet-user check cad
    expect rolled-back 37 carnet-user activate c.carnet
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% clock by=%'")" -eq 2 ]
}

@test "a clock set back a day is within the tolerance, a year is not; a signed date in the way is no floor to lower" {
    vendor
    licensed one a
    expect ok 0 carnet-user check cad
    expect ok 0 faketime '-23 hours' carnet-user check cad
    expect clock-set-back 19 faketime '-366 days' carnet-user check cad
    expect clock-set-back 19 faketime '-366 days' carnet-user doctor
    says "Set this machine's clock to the right time" "a signed file is dated"
    remember "$CARNET_STATE"
    expect ok 0 faketime '-366 days' carnet-user doctor --clock -o q.carnet
    says "nothing to ask for"
    [ ! -e q.carnet ]
    unchanged "$CARNET_STATE"
    expect clock-set-back 19 faketime '2019-06-01 12:00:00' carnet-user doctor
    says "can't be right" "battery"
    expect clock-set-back 19 faketime '2019-06-01 12:00:00' carnet-user doctor --clock -o q.carnet
    says "before 2020"
    [ ! -e q.carnet ]
}

@test "a clock is for the machine that asked, and for its own request (D-2); none for a grant that has ended (D-5)" {
    vendor
    licensed one a
    faketime '+400 days' carnet-user check cad >/dev/null
    ask
    carnet-admin --quiet clock q.carnet -o c.carnet >/dev/null
    one=$CARNET_STATE
    licensed two b
    remember "$CARNET_STATE"
    expect wrong-machine 13 carnet-user activate c.carnet
    says "another machine" "D-2"
    unchanged "$CARNET_STATE"
    machine one a
    # A state that was put back to before the request does not know it.
    rm "$one"/vendors/*/sent/*-clockrequest.carnet
    remember "$one"
    expect not-found 46 carnet-user activate c.carnet
    says "not in this machine's state" "D-2"
    unchanged "$one"
    ask q2.carnet
    carnet-user release cad -y -o r.carnet >/dev/null
    carnet-admin --quiet free r.carnet -o receipt.carnet >/dev/null
    remember "$CARNET_HOME"
    expect released 16 carnet-admin clock q2.carnet -o c2.carnet
    says "needs no clock any more" "D-5"
    [ ! -e c2.carnet ]
    # The first request was answered while the grant lived: the same bytes again.
    expect ok 0 carnet-admin clock q.carnet -o again.carnet
    cmp c.carnet again.carnet
}

@test "doctor: says what is licensed, what changed fact by fact, and what to carry where" {
    machine one a
    expect ok 0 carnet-user doctor
    says "Trust your vendor first"
    vendor
    trust
    expect ok 0 carnet-user doctor
    says "Make a fingerprint"
    carnet-user fingerprint --product cad --label one -o one.fingerprint --quiet
    expect ok 0 carnet-user doctor
    says "Take the fingerprint for cad to your administrator"
    carnet-admin --quiet assign one.fingerprint -o one.license >/dev/null
    carnet-user activate one.license --quiet >/dev/null
    expect ok 0 carnet-user doctor
    says "cad, seat 1 of CAD-1: ok" "machine-id +matches" "points match \([0-9]+ %\), [0-9]+ are needed \([0-9]+ %\): [0-9]+ may still change" "Nothing is wrong"
    echo SERx99 >"$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    expect ok 0 carnet-user doctor --json
    [ "$(json '.licenses[0].match.facts[] | select(.fact == "board-serial").state')" = changed ]
    machine other b
    export CARNET_STATE=$BATS_TEST_TMPDIR/states/one
    expect wrong-machine 13 carnet-user doctor
    says "the machine is not recognised" "machine-id +changed"
    machine one a
    carnet-user release cad -y -o r.carnet >/dev/null
    expect ok 0 carnet-user doctor
    says "Take the release of CAD-1, seat 1 to your administrator"
}

@test "doctor: where the state lies, who may read it, and what is damaged" {
    vendor
    licensed one a
    vendor_folder=$(echo "$CARNET_STATE"/vendors/*)
    chmod 644 "$vendor_folder/machine.key"
    expect permission 77 carnet-user doctor
    says "may be read by others: whoever has it can sign as this machine"
    chmod 600 "$vendor_folder/machine.key"
    echo 'local = yesterday' >"$vendor_folder/floors"
    expect state-damaged 93 carnet-user doctor
    says "does not hold clock floors" "Move that file away"
    rm "$vendor_folder/floors"
    last=$(ls "$vendor_folder"/sent/*.carnet | tail -n 1)
    cp "$last" kept
    printf x | dd of="$last" bs=1 seek=2000 conv=notrunc status=none
    expect state-damaged 93 carnet-user doctor
    cp kept "$last"
    expect ok 0 carnet-user doctor
    echo 2 >"$CARNET_STATE/version"
    expect configuration 78 carnet-user doctor
    says "newer carnet"
    echo 1 >"$CARNET_STATE/version"
    memory=$(mktemp -d /dev/shm/carnet.XXXXXX)
    cp -r "$CARNET_STATE/." "$memory"
    CARNET_STATE=$memory expect ok 0 carnet-user doctor
    rm -r "$memory"
    says "lies on tmpfs: it may be gone after the next start"
}

@test "doctor --bundle: lists what goes in, asks, and holds no secret" {
    vendor
    licensed one a
    expect needs-answer 55 carnet-user --no-input doctor --bundle s.tar
    says "The archive holds:" "report\.json" "license-1\.carnet"
    [ ! -e s.tar ]
    expect ok 0 carnet-user doctor --bundle s.tar -n
    [ ! -e s.tar ]
    expect ok 0 carnet-user doctor --bundle s.tar -y
    [ "$(stat -c %a s.tar)" = 600 ]
    mkdir out
    tar -xf s.tar -C out
    cmp out/license-1.carnet one.license
    [ "$(jq -r .schema out/report.json)" = carnet.doctor/1 ]
    secret=$(od -An -v -tx1 "$CARNET_STATE"/vendors/*/facts.secret | tr -d ' \n')
    ! od -An -v -tx1 s.tar | tr -d ' \n' | grep -q "$secret"
    ! grep -aq "SERa77881\|00:1b:21:3a:44:55\|a0123456789abcdef" s.tar
    ! grep -aq "CARNET PRIVATE\|machine.kek" s.tar
    expect exists 73 carnet-user doctor --bundle s.tar -y
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What waits to be carried to the administrator (spec/state.md): named by doctor and status until it is answered, and
# written again by the command that they name.

load user_helper

setup() {
    fresh
    machine one a
    vendor 3
    trust
}

# waits KIND...: these are pending, in this order, says doctor; status says the same.
waits() {
    expect ok 0 carnet-user doctor --json
    [ "$(json '[.pending[].kind] | join(" ")')" = "$*" ] || complain "not what waits: $*" || return 1
    json .pending >doctor.json
    expect ok 0 carnet-user status --json
    json .pending >status.json
    cmp doctor.json status.json
}

@test "pending: a fingerprint waits for its license, and --again writes its very bytes" {
    waits
    expect not-found 46 carnet-user fingerprint --again
    says "No fingerprint waits" "Without --again a new one is made"
    carnet-user fingerprint --product cad --label one --omit host -o f.carnet --quiet
    waits fingerprint
    [ "$(json '.pending[0].products[0], .pending[0].command' | paste -sd ' ')" = "cad carnet-user fingerprint --again" ]
    [ "$(json '.pending[0].handed')" != null ]
    for command in doctor status; do
        expect ok 0 carnet-user $command
        says "Take the fingerprint for cad to your administrator, and activate the license that comes back \(written on ....-..-..; 'carnet-user fingerprint --again' writes it again\)\."
    done
    expect ok 0 carnet-user fingerprint --again -o again.carnet
    cmp f.carnet again.carnet
    expect ok 0 carnet-user fingerprint --again --product cad --json -o again2.carnet
    cmp f.carnet again2.carnet
    remember "$CARNET_STATE" .
    expect not-found 46 carnet-user fingerprint --again --product cam -o no.carnet
    expect usage 64 carnet-user fingerprint --again --omit host -o no.carnet
    says "--omit can't change it"
    expect ok 0 carnet-user fingerprint --again -n -o no.carnet
    unchanged "$CARNET_STATE" .
    # Asked for once more, with less left out: one waits, the later one.
    carnet-user fingerprint --product cad --label one -o g.carnet --quiet
    waits fingerprint
    [ "$(json '.pending[0].sequence')" = 2 ]
    # Another product is another thing to wait for.
    carnet-user fingerprint --product cam -o cam.carnet --quiet
    waits fingerprint fingerprint
    carnet-admin --quiet assign g.carnet -o one.license >/dev/null
    carnet-user --quiet activate one.license
    waits fingerprint activation
    [ "$(json '.pending[0].products[0]')" = cam ]
}

@test "pending: an activation that the inbox made is told of until it is written out" {
    carnet-user fingerprint --product cad --label one -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o one.license >/dev/null
    mkdir "$CARNET_STATE/inbox"
    mv one.license "$CARNET_STATE/inbox"
    expect ok 0 carnet-user check cad
    waits activation
    [ "$(json '.pending[0] | .license, .product, .seat, .command, .handed' | paste -sd ' ')" = "CAD-1 cad 1 carnet-user activate CAD-1 null" ]
    for command in doctor status; do
        expect ok 0 carnet-user $command
        says "Take the activation of CAD-1, seat 1 to your administrator: it says that the license arrived \(was not written out yet; 'carnet-user activate CAD-1' writes it\)"
    done
    remember "$CARNET_STATE" .
    expect ok 0 carnet-user activate CAD-1 -n
    unchanged "$CARNET_STATE" .
    expect no-input 66 carnet-user activate CAD-2 -o a.carnet
    expect ok 0 carnet-user activate CAD-1 -o a.carnet
    says "Already activated: cad, seat 1 of CAD-1"
    cmp a.carnet "$CARNET_STATE"/vendors/*/sent/*-activation-*
    expect ok 0 carnet-admin import a.carnet
    expect ok 0 carnet-user doctor
    not_says activation
    waits activation
    [ "$(json '.pending[0].handed')" != null ]
    # A file of that name is meant before a license.
    cp a.carnet CAD-1
    expect wrong-kind 33 carnet-user activate CAD-1 -o b.carnet
    rm CAD-1
    # A note that is lost or damaged tells of it once more.
    printf 'at = soon\n' | tee "$CARNET_STATE"/vendors/*/sent/*.handed >/dev/null
    expect ok 0 carnet-user doctor
    says "Take the activation"
    # With a renewal in place the old activation says nothing new.
    carnet-admin --quiet entitle --license CAD-1 --seats 4 -o e2.carnet
    carnet-admin --quiet import e2.carnet
    carnet-admin --quiet renew CAD-1 1 -o two.license
    mv two.license "$CARNET_STATE/inbox"
    remember "$CARNET_STATE/inbox"
    expect ok 0 carnet-user check cad
    unchanged "$CARNET_STATE/inbox"
    mv "$CARNET_STATE/inbox/two.license" .
    expect ok 0 carnet-user activate two.license --json -o c.carnet
    waits activation
    [ "$(json '.pending[0].id')" = "$(carnet-inspect show --json c.carnet | jq -r .id)" ]
}

@test "pending: a release waits for its receipt, a renewal for its facts" {
    carnet-user fingerprint --product cad --label one -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o one.license >/dev/null
    carnet-user --quiet activate one.license -o a.carnet
    # Asked to renew, with another board: answered by a license that holds its facts, and by no other.
    echo SERx99 >"$CARNET_SYSROOT/sys/class/dmi/id/board_serial"
    carnet-user --quiet fingerprint --renew -o r.carnet
    waits activation fingerprint
    [ "$(json '.pending[1].renews[0]')" = CAD-1 ]
    expect ok 0 carnet-user doctor
    says "Take the fingerprint that renews CAD-1 to your administrator"
    carnet-admin --quiet entitle --license CAD-1 --seats 4 -o e2.carnet
    carnet-admin --quiet import e2.carnet
    carnet-admin --quiet renew CAD-1 1 -o two.license
    carnet-user --quiet activate two.license -o a2.carnet
    waits fingerprint activation
    expect ok 0 carnet-user fingerprint --again -o r2.carnet
    cmp r.carnet r2.carnet
    carnet-admin --quiet renew CAD-1 r.carnet -o three.license
    carnet-user --quiet activate three.license -o a3.carnet
    waits activation
    carnet-user --quiet release cad -y -o release.carnet
    waits release
    expect ok 0 carnet-user status
    says "Take the release of CAD-1, seat 1 to your administrator, and activate the receipt that comes back \(written on .*; 'carnet-user release CAD-1' writes it again\)"
    carnet-admin --quiet free release.carnet -o receipt.carnet
    carnet-user --quiet activate receipt.carnet
    waits
}

@test "pending: what can't be read any more is told, and the rest goes on" {
    carnet-user fingerprint --product cad --label one -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o one.license >/dev/null
    carnet-user --quiet activate one.license -o a.carnet
    carnet-user fingerprint --product cam -o cam.carnet --quiet
    printf 'x' | tee "$CARNET_STATE"/vendors/*/sent/*-activation-* >/dev/null
    expect state-damaged 93 carnet-user doctor --json
    [ "$(json '[.pending[] | .kind, .outcome] | join(" ")')" = "activation state-damaged fingerprint ok" ]
    [ "$(json '[.findings[] | select(.message | test("activation"))] | length')" = 1 ]
    expect ok 0 carnet-user status
    says "activation-CAD-1.* is damaged" "Take the fingerprint for cam"
}

@test "pending: a clock request waits for its clock; with two vendors the commands tell them apart" {
    carnet-user fingerprint --product cad --label one -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o one.license >/dev/null
    carnet-user --quiet activate one.license -o a.carnet
    faketime '+10 days' carnet-user --quiet check cad
    carnet-user --quiet doctor --clock -o q.carnet
    expect clock-set-back 19 carnet-user doctor --json
    [ "$(json '.pending[1] | .kind, .license, .command' | paste -sd ' ')" = "clockrequest CAD-1 carnet-user doctor --clock" ]
    expect clock-set-back 19 carnet-user doctor
    says "Take the clock request of CAD-1, seat 1 to your administrator, and activate the clock that comes back"
    CARNET_HOME=$BATS_TEST_TMPDIR/second carnet-admin --quiet init --role both --name 'Second' --no-passphrase
    CARNET_HOME=$BATS_TEST_TMPDIR/second carnet-admin key export root -o root2.pem >/dev/null
    carnet-user --quiet trust add root2.pem -y
    expect clock-set-back 19 carnet-user doctor --json
    [ "$(json '.pending[1].command')" = "carnet-user doctor --clock --vendor ${root_id:0:8}" ]
    expect ok 0 carnet-user activate CAD-1 --vendor "${root_id:0:8}" -n
    # The clock caught up: nobody has to be asked any more.
    expect ok 0 faketime '+11 days' carnet-user doctor --json
    [ "$(json '[.pending[].kind] | join(" ")')" = activation ]
    carnet-admin --quiet clock q.carnet -o c.carnet
    carnet-user --quiet activate c.carnet
    waits activation
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# trust publish, and what its files do on machines (U-7 to U-12).

load user_helper

setup() {
    fresh
    vendor 3
    issuer=$(carnet-admin key list --json | jq -r '.keys[] | select(.role == "issuer").id')
}

id_of() {
    tar -xOf "$1" SHA256SUMS | sha256sum | cut -d' ' -f1
}

@test "a revoked issuer key: a thief who backdates gains nothing, what is named stays valid" {
    licensed one a
    licensed two b
    cp -a "$CARNET_HOME" stolen
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin trust publish --revoke-key "$issuer" --valid one.license -n -o t.carnet
    says "Trust information 1.1" "void, but for 1 files"
    expect needs-answer 55 without_terminal carnet-admin trust publish --revoke-key "$issuer" -o t.carnet
    unchanged "$CARNET_HOME"
    [ ! -e t.carnet ]
    expect ok 0 carnet-admin trust publish --revoke-key "$issuer" --valid one.license -y -o t.carnet --json
    [ "$(json '.version, .news' | paste -sd ' ')" = "1.1 1" ]
    expect ok 0 carnet-inspect verify --trust root.pem t.carnet
    # The thief: the key, and a clock that he set back. The file is not judged by its time.
    machine three c
    trust
    carnet-user fingerprint --product cad --label three -o three.fingerprint --quiet
    expect revoked 17 carnet-admin assign three.fingerprint -o three.license
    carnet-admin --home stolen --quiet assign three.fingerprint -o three.license
    expect ok 0 carnet-user trust add t.carnet
    says "Taken: trust information 1.1"
    remember "$CARNET_STATE"
    expect revoked 17 carnet-user activate three.license
    says "U-10" "signed with the key that followed"
    unchanged "$CARNET_STATE"
    machine one a
    expect ok 0 carnet-user trust add t.carnet
    expect ok 0 carnet-user check cad
    machine two b
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user trust add t.carnet
    expect revoked 17 carnet-user check cad
}

@test "an auditor with the vendor's trust file sees what it revokes" {
    licensed one a
    expect ok 0 carnet-inspect verify --trust root.pem one.license
    expect ok 0 carnet-admin trust publish --revoke-key "$issuer" -y -o t.carnet
    expect revoked 17 carnet-inspect verify --trust t.carnet one.license
    says "U-10"
    expect ok 0 carnet-inspect verify --trust t.carnet e1.carnet
    mkdir trusted
    cp t.carnet root.pem trusted
    CARNET_TRUST=trusted expect revoked 17 carnet-inspect verify one.license
    expect ok 0 carnet-inspect show --trust t.carnet t.carnet --json
    [ "$(json '.chain[0].document.revoked.keys[0].id')" = "$issuer" ]
    expect configuration 78 carnet-inspect verify --trust "$CARNET_SOURCE/samples/valid/trust-link.carnet" one.license
    says "a link alone"
    expect configuration 78 carnet-inspect verify --trust one.license one.license
    says "no sound trust information"
}

@test "each version says all of the one before; grants and least revisions" {
    licensed one a
    licensed two b
    expect ok 0 carnet-admin trust publish -o t1.carnet
    expect ok 0 carnet-admin trust publish --revoke-grant "CAD-1/$(id_of one.fingerprint)" -y -o t2.carnet
    expect ok 0 carnet-admin trust publish --least CAD-1=2 -y -o t3.carnet
    says "Trust information 1.3: 0 keys, 1 grants and 1 least revisions"
    expect ok 0 carnet-admin trust publish --least CAD-1=1 -o t4.carnet
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '% publish %'")" -eq 4 ]
    machine one a
    expect ok 0 carnet-user trust add t2.carnet
    expect revoked 17 carnet-user check cad
    says "U-11"
    expect rolled-back 37 carnet-user trust add t1.carnet
    machine two b
    expect ok 0 carnet-user trust add t2.carnet
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user trust add t4.carnet
    expect superseded 18 carnet-user check cad
    says "U-12"
}

@test "trust publish refuses, and nothing is signed" {
    remember "$CARNET_HOME"
    expect usage 64 carnet-admin trust publish --revoke-key 1234 -y -o t.carnet
    expect not-found 46 carnet-admin trust publish --revoke-key "$root_id" -y -o t.carnet
    expect usage 64 carnet-admin trust publish --revoke-grant CAD-1 -y -o t.carnet
    expect usage 64 carnet-admin trust publish --least CAD-1 -y -o t.carnet
    expect usage 64 carnet-admin trust publish --expires 2001-01-01 -y -o t.carnet
    expect usage 64 carnet-admin trust publish --valid e1.carnet -y -o t.carnet
    expect untrusted-key 32 carnet-admin trust publish --revoke-key "$issuer" --valid e1.carnet -y -o t.carnet
    unchanged "$CARNET_HOME"
    [ ! -e t.carnet ]
    expect ok 0 carnet-admin trust publish --revoke-key "$issuer" -y -o t.carnet
    cp "$CARNET_HOME/ledger.db" kept.db
    source "$CARNET_SOURCE/tests/cli/admin_helper.bash"
    meddle "DELETE FROM trust"
    expect ledger-damaged 92 carnet-admin trust publish -o t3.carnet
    says "is not in the ledger" "carnet-admin trust add FILE"
    cp kept.db "$CARNET_HOME/ledger.db"
    expect ok 0 carnet-admin trust publish -o t3.carnet
    says "Trust information 1.2: 1 keys"
}

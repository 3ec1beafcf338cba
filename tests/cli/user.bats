#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-user: every refusal leaves the state as it was and says what to do; the license comes, works, and goes.

load user_helper
bats_require_minimum_version 1.5.0

setup() {
    fresh
}

@test "no vendor is trusted: every command says what to do first, and writes nothing" {
    machine one
    remember "$CARNET_STATE"
    expect no-license 10 carnet-user check cad
    expect not-found 46 carnet-user fingerprint --product cad
    says "trust add"
    expect untrusted-key 32 carnet-user activate "$CARNET_SOURCE/samples/valid/license-smallest.carnet"
    says "no vendor is trusted here yet"
    expect no-license 10 carnet-user release cad
    expect ok 0 carnet-user status
    says "trust add"
    unchanged "$CARNET_STATE"
    [ -z "$(ls -A)" ]
}

@test "trust add: the id is given, asked for, or taken with a warning; others are refused" {
    machine one
    cp "$CARNET_SOURCE/samples/keys/root.pem" .
    id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
    remember "$CARNET_STATE"
    expect needs-answer 55 without_terminal carnet-user trust add root.pem
    expect untrusted-key 32 carnet-user trust add root.pem --id "$(printf '0%.0s' {1..64})"
    says "not the one you gave"
    expect usage 64 carnet-user trust add root.pem --id 12
    expect malformed 30 carnet-user trust add "$CARNET_SOURCE/README.md" -y
    expect wrong-kind 33 carnet-user trust add "$CARNET_SOURCE/samples/valid/license-smallest.carnet" -y
    expect no-input 66 carnet-user trust add absent.pem -y
    expect ok 0 carnet-user trust add root.pem --id "$id" --dry-run
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user trust add root.pem -y
    says "on your word alone"
    expect ok 0 carnet-user trust add root.pem --id "$(echo "$id" | sed 's/..../& /g' | tr a-f A-F)"
    expect ok 0 carnet-user --json trust list
    [ "$(json '.vendors | length')" -eq 1 ]
    [ "$(json '.vendors[0].vendor')" = "$id" ]
}

@test "the round trip of one seat" {
    vendor
    machine one
    expect ok 0 carnet-user trust add root.pem --id "$root_id"
    expect no-license 10 carnet-user check cad
    expect ok 0 carnet-user fingerprint --preview --product cad
    says "a0123456789abcdef0123456789abcde" "/etc/machine-id" "SERa77881" "name:"
    [ ! -e "$CARNET_STATE/vendors/$root_id/sent" ] || [ -z "$(ls "$CARNET_STATE/vendors/$root_id/sent")" ]
    mkdir stick
    expect ok 0 carnet-user fingerprint --product cad=12.3 --label HALL3-PLC1 --to stick
    says "Leaves as keyed digests only"
    fingerprint=$(ls stick/carnet/to-admin/fingerprint-hall3-plc1-????????.carnet)
    # what identifies the machine is not in the file
    run ! grep -aqE '0123456789abcdef0123456789abcde|SERa77881|00:1b:21' "$fingerprint"
    expect ok 0 carnet-admin assign "$fingerprint" --to stick
    license=$(ls stick/carnet/to-user/license-*.carnet)
    expect ok 0 carnet-user activate --dry-run "$license"
    says "Would activate"
    expect no-license 10 carnet-user check cad
    expect ok 0 carnet-user activate "$license"
    says "Activated: cad, seat 1 of CAD-1"
    expect ok 0 carnet-user activate "$license"
    says "Already activated"
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user --json check cad --feature export
    [ "$(json .schema)" = carnet.check/1 ]
    [ "$(json .license.seat)" -eq 1 ]
    [ "$(json '[.checks[].outcome] | unique | join(" ")')" = ok ]
    expect not-covered 15 carnet-user check cad --feature render
    [ -z "$out" ]
    expect not-covered 15 carnet-user check cad --feature render --explain
    grep -q "points match" <<<"$out"
    expect not-covered 15 carnet-user check cad --edition pro
    says "Q-1"
    expect no-license 10 carnet-user check cam
    expect ok 0 carnet-user status
    says "CAD-1, seat 1: ok"

    remember "$CARNET_STATE" stick
    expect needs-answer 55 without_terminal carnet-user release cad --to stick
    expect ok 0 carnet-user release cad --to stick --dry-run
    unchanged "$CARNET_STATE" stick
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user release cad --to stick -y
    release=$(ls stick/carnet/to-admin/release-*.carnet)
    cp "$release" first
    expect released 16 carnet-user check cad
    says "release file"
    rm "$release"
    expect ok 0 carnet-user release cad --to stick
    cmp "$release" first
    expect released 16 carnet-user activate "$license"
    expect ok 0 carnet-admin free "$release" --to stick
    receipt=$(ls stick/carnet/to-user/receipt-*.carnet)
    expect ok 0 carnet-user activate "$receipt"
    says "is freed"
    expect ok 0 carnet-user activate "$receipt"
    says "Already known"
    expect released 16 carnet-user activate "$license"
    expect released 16 carnet-user check cad
    expect ok 0 carnet-user fingerprint --product cad=12.3 --label HALL3-PLC1 --to stick
    [ "$(ls stick/carnet/to-admin/fingerprint-*.carnet | wc -l)" -eq 2 ]
}

@test "the same fingerprint again gives the same bytes; a change or --new gives another" {
    vendor
    machine one
    trust
    expect ok 0 carnet-user fingerprint --product cad -o a.carnet
    expect ok 0 carnet-user fingerprint --product cad -o b.carnet
    cmp a.carnet b.carnet
    expect exists 73 carnet-user fingerprint --product cad --label x -o a.carnet
    expect ok 0 carnet-user fingerprint --product cad --label x -o c.carnet
    run ! cmp -s a.carnet c.carnet
    expect ok 0 carnet-user fingerprint --product cad --label x --new -o d.carnet
    run ! cmp -s c.carnet d.carnet
    tar -xOf d.carnet fingerprint.xml | grep -q 'sequence="3"'
    expect ok 0 carnet-user fingerprint --product cad --label x --text
    says "BEGIN CARNET FINGERPRINT"
}

@test "fingerprint: bad options are refused, and what is left out is left out" {
    vendor
    machine one
    trust
    remember "$CARNET_STATE"
    expect usage 64 carnet-user fingerprint --product 'a b'
    expect usage 64 carnet-user fingerprint --product cad --product cad
    expect usage 64 carnet-user fingerprint --product cad --omit shoe-size
    expect usage 64 carnet-user fingerprint --label "$(printf 'a\033[31m')"
    expect usage 64 carnet-user fingerprint --vendor 12
    expect not-found 46 carnet-user fingerprint --vendor "$(printf '0%.0s' {1..64})"
    expect not-found 46 carnet-user fingerprint --for-user no-such-user-here
    expect usage 64 carnet-user fingerprint extra
    expect no-input 66 carnet-user fingerprint -o absent/folder/f.carnet
    [ -z "$(find "$CARNET_STATE" -path '*sent/*')" ]
    expect ok 0 carnet-user fingerprint --omit host --omit user -o f.carnet
    run ! grep -qa 'name="host"\|<user' <(tar -xOf f.carnet fingerprint.xml)
}

@test "a license is for one machine: the message says which facts match" {
    vendor
    licensed one a
    machine two b
    trust
    remember "$CARNET_STATE"
    expect wrong-machine 13 carnet-user activate one.license
    says "machine-id" "M-6"
    unchanged "$CARNET_STATE"
    # the state folder itself, copied to another machine, does not carry the license
    cp -a "$BATS_TEST_TMPDIR/states/one/." "$CARNET_STATE/"
    expect wrong-machine 13 carnet-user check cad
    says "changed: machine-id" "matching: cpu" "M-5"
    # one part changed is still the same machine
    machine one a
    expect ok 0 carnet-user check cad
    echo renamed >"$CARNET_SYSROOT/proc/sys/kernel/hostname"
    expect ok 0 carnet-user check cad
    says "changed: host"
}

@test "a license is fixed to its user" {
    vendor
    machine one
    trust
    expect ok 0 carnet-user fingerprint --product cad --for-user nobody -o f.carnet
    carnet-admin --quiet assign f.carnet -o l.carnet
    if [ "$(id -u)" -eq 0 ]; then
        expect ok 0 carnet-user activate l.carnet
        says "another user"
    else
        remember "$CARNET_STATE"
        expect wrong-user 14 carnet-user activate l.carnet
        unchanged "$CARNET_STATE"
        return 0
    fi
    expect wrong-user 14 carnet-user check cad
    says "M-6"
    open_to_others
    install -m 755 "$(command -v carnet-user)" "$BATS_TEST_TMPDIR/carnet-user"
    chmod -R a+rX "$BATS_TEST_TMPDIR/states"
    expect ok 0 setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/carnet-user" check cad
}

@test "altered, strange and wrong files are refused on the user's side, and nothing is written" {
    vendor
    licensed one a
    rm -rf "$CARNET_STATE" && trust
    remember "$CARNET_STATE"
    cp one.license altered.carnet
    offset=$(grep -abo 'seat="1"' altered.carnet | tail -1 | cut -d: -f1)
    printf 2 | dd of=altered.carnet bs=1 seek=$((offset + 6)) conv=notrunc status=none
    expect altered 31 carnet-user activate altered.carnet
    : >empty
    expect malformed 30 carnet-user activate empty
    head -c 2000 one.license >torn
    expect malformed 30 carnet-user activate torn
    (cat one.license && echo x) >longer
    expect malformed 30 carnet-user activate longer
    expect malformed 30 carnet-user activate "$CARNET_SOURCE/README.md"
    expect no-input 66 carnet-user activate absent
    expect no-input 66 carnet-user activate .
    expect wrong-kind 33 carnet-user activate one.fingerprint
    says "carnet-admin assign"
    expect wrong-kind 33 carnet-user activate e1.carnet
    says "carnet-admin import"
    expect untrusted-key 32 carnet-user activate "$CARNET_SOURCE/samples/valid/license-rich.carnet"
    expect newer-format 34 carnet-user activate "$CARNET_SOURCE/samples/future/$(ls "$CARNET_SOURCE/samples/future" | grep -m1 'major.*carnet$')"
    unchanged "$CARNET_STATE"
}

@test "an issuer who gives more than the entitlement allows is refused" {
    machine one
    carnet-user trust add "$CARNET_SOURCE/samples/keys/root.pem" -y >/dev/null 2>&1
    remember "$CARNET_STATE"
    count=0
    for file in "$CARNET_SOURCE"/samples/invalid/judge-*.carnet; do
        grep -q '^outcome: beyond-entitlement' "$file.expect" || continue
        head -c 600 "$file" | grep -aq 'carnet.license;' || continue
        expect beyond-entitlement 39 carnet-user activate "$file" || complain "$file"
        count=$((count + 1))
    done
    [ "$count" -ge 10 ]
    unchanged "$CARNET_STATE"
}

@test "who makes a vendor of his own licenses only his own products" {
    vendor
    machine one
    real=$root_id
    printf 'product = cad\nvendor = %s\n' "$real" >"$CARNET_SYSROOT/etc/carnet/products.d/cad.conf"
    export CARNET_HOME=$BATS_TEST_TMPDIR/forger
    rm -f root.pem e1.carnet
    vendor 99
    trust
    carnet-user fingerprint --vendor "$root_id" --product cad -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o l.carnet >/dev/null
    expect ok 0 carnet-user activate l.carnet
    expect wrong-vendor 36 carnet-user check cad
    says "another vendor"
    expect wrong-vendor 36 carnet-user check cad --vendor "$real"
    expect ok 0 carnet-user check cad --vendor "$root_id"
}

@test "time: expired, set back, not yet valid, too late to activate" {
    vendor 2 --lease-days 30 --activate-within 10
    licensed one a
    expect ok 0 carnet-user check cad
    expect ok 0 faketime '+29 days' carnet-user check cad
    expect expired 11 faketime '+31 days' carnet-user check cad
    says "lease" "O-1"
    # O-3: a check that succeeds raises the local floor, one that fails does not, and activation raises the signed floor.
    expect clock-set-back 19 carnet-user check cad
    says "24 hours" "O-4"
    expect ok 0 faketime '+28 days +1 hour' carnet-user check cad
    rm -rf "$CARNET_STATE"
    machine two b
    trust
    carnet-user fingerprint --product cad -o two.fingerprint --quiet
    carnet-admin --quiet assign two.fingerprint -o two.license >/dev/null
    remember "$CARNET_STATE"
    expect not-yet-valid 12 faketime '-4 days' carnet-user activate two.license
    expect too-late-to-activate 20 faketime '+11 days' carnet-user activate two.license
    says "O-5"
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user activate two.license
}

@test "a license that was never activated is declined" {
    vendor 1
    machine one
    trust
    carnet-user fingerprint --product cad -o f.carnet --quiet
    carnet-admin --quiet assign f.carnet -o l.carnet >/dev/null
    expect ok 0 carnet-user release l.carnet -o r.carnet -y
    tar -xOf r.carnet release.xml | grep -q 'how="declined"'
    expect released 16 carnet-user activate l.carnet
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    machine two b
    trust
    expect wrong-machine 13 carnet-user release l.carnet -o r2.carnet -y
    [ ! -e r2.carnet ]
    carnet-user fingerprint --product cad -o f2.carnet --quiet
    expect ok 0 carnet-admin assign f2.carnet -o l2.carnet
}

@test "the state: read-only, locked, damaged, of a newer version" {
    vendor
    licensed one a
    expect ok 0 carnet-user check cad
    exec 9>"$CARNET_STATE/lock"
    flock 9
    expect ok 0 carnet-user check cad
    exec 9>&-
    license=$(find "$CARNET_STATE" -name '*.license')
    cp "$license" kept
    printf 2 | dd of="$license" bs=1 seek=$(($(grep -abo 'seat="1"' "$license" | tail -1 | cut -d: -f1) + 6)) conv=notrunc status=none
    expect altered 31 carnet-user check cad
    cp kept "$license"
    expect ok 0 carnet-user check cad
    printf '2\n' >"$CARNET_STATE/version"
    expect configuration 78 carnet-user check cad
    says "newer"
    printf '1\n' >"$CARNET_STATE/version"
    if [ "$(id -u)" -eq 0 ]; then
        open_to_others
        install -m 755 "$(command -v carnet-user)" "$BATS_TEST_TMPDIR/carnet-user"
        chmod a+rx "$BATS_TEST_TMPDIR/states"
        remember "$CARNET_STATE"
        expect permission 77 setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/carnet-user" --state "$CARNET_STATE" release cad -y -o /dev/null --force
        unchanged "$CARNET_STATE"
    fi
}

# Runs a script as root of a machine whose /var/lib is empty; `as_nobody` in it is an ordinary user with a home of its own.
on_system() {
    local space=(unshare -m)
    [ "$(id -u)" -eq 0 ] || space=(unshare -r -m)
    open_to_others
    mkdir -p -m 777 "$BATS_TEST_TMPDIR/nobody"
    install -m 755 "$(command -v carnet-user)" "$BATS_TEST_TMPDIR/carnet-user"
    cat >"$BATS_TEST_TMPDIR/script" <<SCRIPT
set -eu
mount -t tmpfs none /var/lib
unset CARNET_STATE
as_nobody() {
    HOME=$BATS_TEST_TMPDIR/nobody setpriv --reuid 65534 --clear-groups "\$@"
}
user=$BATS_TEST_TMPDIR/carnet-user
SCRIPT
    cat >>"$BATS_TEST_TMPDIR/script"
    "${space[@]}" bash "$BATS_TEST_TMPDIR/script"
}

@test "another user's own state neither widens the machine's vendors nor revives what ended there" {
    [ "$(id -u)" -eq 0 ] || return 0 # an ordinary user can't be two users
    vendor
    machine one
    real=$root_id
    carnet-admin --quiet --home "$BATS_TEST_TMPDIR/forger" init --role both --name Me --no-passphrase
    carnet-admin --home "$BATS_TEST_TMPDIR/forger" key export root -o forged.pem >/dev/null
    forged=$(openssl pkey -pubin -in forged.pem -outform DER | sha256sum | cut -d' ' -f1)
    carnet-admin --quiet --home "$BATS_TEST_TMPDIR/forger" entitle --license CAD-1 --product cad --licensee Me --seats 9 --offline allowed -o fe.carnet
    carnet-admin --quiet --home "$BATS_TEST_TMPDIR/forger" import fe.carnet
    carnet-admin --quiet --home "$BATS_TEST_TMPDIR/forger" convert CAD-1 offline -y
    chmod 777 .
    expect ok 0 on_system <<SCRIPT
\$user trust add root.pem --id $real
\$user fingerprint --product cad --omit user -o f.carnet --quiet
carnet-admin --quiet assign f.carnet -o l.carnet
\$user activate l.carnet
as_nobody \$user check cad

as_nobody \$user trust add forged.pem --id $forged
as_nobody \$user fingerprint --vendor $forged --product cad -o ff.carnet --quiet
carnet-admin --quiet --home $BATS_TEST_TMPDIR/forger assign ff.carnet -o fl.carnet
as_nobody \$user activate fl.carnet
own=$BATS_TEST_TMPDIR/nobody/.local/share/carnet/vendors/$real
cp -r /var/lib/carnet/vendors/$real \$own
rm \$own/machine.k*
chown -R 65534 \$own
\$user release cad -y -o r.carnet --quiet
code=0; \$user check cad --quiet || code=\$?
echo "root: \$code"
code=0; as_nobody \$user check cad --quiet || code=\$?
echo "nobody: \$code"
echo 2 >/var/lib/carnet/version
code=0; as_nobody \$user check cad --vendor $forged || code=\$?
echo "own, with a damaged machine's: \$code"
SCRIPT
    says '^root: 16$' '^nobody: 16$' "^own, with a damaged machine's: 0$" "Not all of this machine"
}

@test "check takes a whole vendor id alone" {
    vendor
    licensed one a
    expect ok 0 carnet-user check cad --vendor "$root_id"
    expect usage 64 carnet-user check cad --vendor "${root_id:0:8}"
    says "whole vendor id"
}

@test "damage never revives a license: a receipt that can't be read has ended it, and is put again" {
    vendor
    licensed one a
    carnet-user release cad -y -o r.carnet --quiet
    carnet-admin --quiet free r.carnet -o receipt.carnet
    expect ok 0 carnet-user activate receipt.carnet
    rm "$CARNET_STATE"/vendors/*/sent/*release*
    expect released 16 carnet-user check cad
    : >"$(echo "$CARNET_STATE"/vendors/*/grants/*.receipt)"
    expect state-damaged 93 carnet-user check cad
    says "G-4"
    expect ok 0 carnet-user activate receipt.carnet
    says "Noted"
    expect released 16 carnet-user check cad
}

@test "O-3: a receipt raises the signed floor alone, O-2 holds for it" {
    vendor
    licensed one a
    carnet-user fingerprint --product cad --new -o two.fingerprint --quiet
    carnet-user release cad -y -o r.carnet --quiet
    carnet-admin --quiet free r.carnet -o receipt.carnet
    expect not-yet-valid 12 faketime '-4 days' carnet-user activate receipt.carnet
    says "O-2"
    expect ok 0 faketime '+10 years' carnet-user activate receipt.carnet
    carnet-admin --quiet assign two.fingerprint -o two.license
    expect ok 0 carnet-user activate two.license
    expect ok 0 carnet-user check cad
}

@test "T-5: the administrator's issuer key is no root, and nothing advises to trust it" {
    vendor
    licensed one a
    carnet-admin key export issuer -o issuer.pem >/dev/null
    remember "$CARNET_STATE"
    expect untrusted-key 32 carnet-user trust add issuer.pem -y
    says "T-5" "one role"
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user check cad
}

@test "a refused fingerprint makes no key" {
    vendor
    machine one
    trust
    remember "$CARNET_STATE"
    expect usage 64 carnet-user fingerprint --product 'bad id!' -o f.carnet
    expect usage 64 carnet-user fingerprint --label "$(printf 'a\tb')" -o f.carnet
    expect not-found 46 carnet-user fingerprint --for-user no-such-user-here -o f.carnet
    unchanged "$CARNET_STATE"
    [ ! -e f.carnet ]
}

@test "a private state stays private, and a strict umask too" {
    vendor
    machine one
    mkdir -m 700 "${CARNET_STATE%/*}" && mkdir -m 700 "$CARNET_STATE"
    trust
    (umask 077 && carnet-user fingerprint --product cad -o f.carnet --quiet)
    [ -z "$(find "$CARNET_STATE" f.carnet -perm /077)" ]
}

@test "a link on the stick is not followed" {
    vendor
    machine one
    trust
    mkdir stick victim
    ln -s ../victim stick/carnet
    expect exists 73 carnet-user fingerprint --product cad --to stick
    says "not a folder of the stick"
    [ -z "$(ls victim)" ]
}

@test "a stick that is not there is told as such; a torn file of a run that was cut off is cleared away" {
    vendor
    machine one
    trust
    remember "$CARNET_STATE"
    expect no-stick 80 carnet-user fingerprint --product cad --to absent
    says "findmnt"
    unchanged "$CARNET_STATE"
    mkdir stick
    expect ok 0 carnet-user fingerprint --product cad --to stick
    name=$(ls stick/carnet/to-admin)
    cp "stick/carnet/to-admin/$name" whole
    head -c 700 whole >"stick/carnet/to-admin/$name"
    expect ok 0 carnet-user fingerprint --product cad --to stick
    [ ! -e "stick/carnet/to-admin/$name" ]
    cmp whole stick/carnet/to-admin/fingerprint-cad-????????????????.carnet
    # and a run that was cut off just after that finds it there
    expect ok 0 carnet-user fingerprint --product cad --to stick
    says "carnet/to-admin/fingerprint-cad-[0-9a-f]{16}\.carnet$"
    [ ! -e "stick/carnet/to-admin/$name" ]
    # both shorter ones torn, by two runs that were cut off
    long=$(basename stick/carnet/to-admin/fingerprint-cad-????????????????.carnet)
    head -c 700 whole >"stick/carnet/to-admin/$name"
    head -c 900 whole >"stick/carnet/to-admin/$long"
    expect ok 0 carnet-user fingerprint --product cad --to stick
    [ "$(ls stick/carnet/to-admin | wc -l)" -eq 1 ]
    cmp whole stick/carnet/to-admin/fingerprint-cad-*.carnet
    mv stick/carnet/to-admin/fingerprint-cad-*.carnet "stick/carnet/to-admin/$long"
    # what another put there under that name stays
    echo planted >"stick/carnet/to-admin/$name"
    expect ok 0 carnet-user fingerprint --product cad --to stick
    [ "$(cat "stick/carnet/to-admin/$name")" = planted ]
}

@test "activated again, what spares the check the schema is recorded anew" {
    vendor
    licensed one a
    valid=$(find "$CARNET_STATE" -name '*.valid')
    cp "$valid" kept
    rm "$valid"
    remember "$CARNET_STATE"
    expect ok 0 carnet-user activate one.license --dry-run
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user activate one.license
    cmp kept "$valid"
    echo "of another schema" >"$valid"
    expect ok 0 carnet-user activate one.license
    cmp kept "$valid"
}

@test "what is installed comes before a file of the same name" {
    vendor
    licensed one a
    touch cad
    expect ok 0 carnet-user release cad -y -o r.carnet
}

@test "a state's path never reaches the terminal raw" {
    vendor
    machine one
    CARNET_STATE=$BATS_TEST_TMPDIR/$'odd\033[31m'
    trust
    echo 9 >"$CARNET_STATE/version"
    expect configuration 78 carnet-user status
    not_says $'\033'
    echo 1 >"$CARNET_STATE/version"
    expect ok 0 carnet-user status
    not_says $'\033'
}

@test "M-6: in a user namespace nobody is the user that a license is fixed to" {
    vendor
    licensed one a
    expect ok 0 carnet-user check cad
    mkdir -p "$CARNET_SYSROOT/proc/self"
    echo "0 65534 1" >"$CARNET_SYSROOT/proc/self/uid_map"
    expect wrong-user 14 carnet-user check cad
}

@test "G-3: two licenses of one grant with the same number show a forked ledger; the installed one stays" {
    vendor
    machine one
    trust
    carnet-user fingerprint --product cad -o f.carnet --quiet
    cp -a "$CARNET_HOME" "$BATS_TEST_TMPDIR/copy"
    carnet-admin --quiet assign f.carnet -o a.carnet
    sleep 1
    carnet-admin --quiet --home "$BATS_TEST_TMPDIR/copy" assign f.carnet -o b.carnet
    run ! cmp -s a.carnet b.carnet
    expect ok 0 carnet-user activate a.carnet
    remember "$CARNET_STATE"
    expect forked 53 carnet-user activate b.carnet
    says "it stays" "G-3"
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user check cad
}

@test "M-7: virtual machines and containers are refused where the entitlement says so" {
    vendor 2 --virtual refused
    machine one
    trust
    expect ok 0 carnet-user fingerprint --product cad -o f.carnet
    carnet-admin --quiet assign f.carnet -o l.carnet
    expect ok 0 carnet-user activate l.carnet
    # the same machine, seen from inside a hypervisor
    echo 'flags : fpu hypervisor' >>"$CARNET_SYSROOT/proc/cpuinfo"
    expect virtual-refused 21 carnet-user check cad
    says "virtual machine" "M-7"
    expect ok 0 carnet-user fingerprint --product cad --new -o g.carnet
    expect virtual-refused 21 carnet-admin assign g.carnet -o m.carnet
    [ ! -e m.carnet ]
}

# started NAME DIGIT LABEL [VOLUME]: another start of a container: its facts are new, its state is in the volume.
started() {
    machine "$1" "$2"
    export CARNET_STATE=$BATS_TEST_TMPDIR/${4:-volume}
    touch "$CARNET_SYSROOT/.dockerenv"
    mkdir -p "$CARNET_SYSROOT/etc/carnet"
    printf '%s\n' "$3" >"$CARNET_SYSROOT/etc/carnet/label"
}

@test "M-9: a pinned container is told by its key in a volume and its label, whatever its facts" {
    vendor 2 --container pinned --transfer-cap 0
    started run1 a "Worker 7"
    trust
    expect ok 0 carnet-user fingerprint --product cad -o f.carnet
    remember "$CARNET_HOME" .
    expect needs-answer 55 carnet-admin assign f.carnet -o l.carnet
    says "told by a label, and it has none" "M-9" "assign it with --label|Assign it with --label" "/etc/carnet/label"
    unchanged "$CARNET_HOME" .
    carnet-admin --quiet assign f.carnet --label "Worker  7" -o l.carnet
    expect ok 0 carnet-user activate l.carnet
    expect ok 0 carnet-user check cad
    # It starts again: none of its facts is the same.
    started run2 b "Worker 7"
    for option in --quiet --explain --json; do
        expect ok 0 carnet-user check cad $option
    done
    [ "$(json .match.matches)" = false ]
    [ "$(json .match.pinned)" = true ]
    [ "$(json .match.since)" = null ]
    expect ok 0 carnet-user check cad --monitoring
    # A new fingerprint keeps the key, and a renewal is no transfer, of which there may be none.
    expect ok 0 carnet-user fingerprint --renew -o r.carnet
    expect ok 0 carnet-admin renew CAD-1 r.carnet -o l2.carnet
    not_says transfer
    expect ok 0 carnet-user activate l2.carnet
    started run3 c "Worker 7"
    expect ok 0 carnet-user fingerprint --product cad --new -o g.carnet
    [ -z "$(find "$CARNET_STATE" -name 'former-*')" ]
    expect ok 0 carnet-user check cad --quiet
    # Another label, none, or no container.
    remember "$CARNET_STATE"
    started run3 c "Worker 8"
    expect wrong-machine 13 carnet-user check cad
    says "label 'Worker  7'; this one has 'Worker 8' in /etc/carnet/label" "M-9"
    expect wrong-machine 13 carnet-user check cad --quiet
    expect wrong-machine 13 carnet-user activate l2.carnet
    rm "$CARNET_SYSROOT/etc/carnet/label"
    expect wrong-machine 13 carnet-user check cad
    says "this one has none in /etc/carnet/label" "not by these facts"
    unchanged "$CARNET_STATE"
    rm "$CARNET_SYSROOT/.dockerenv"
    printf 'Worker 7\n' >"$CARNET_SYSROOT/etc/carnet/label"
    expect wrong-machine 13 carnet-user check cad
    says "M-5|M-8"
    # The same label over another key.
    started run4 d "Worker 7" other-volume
    trust
    expect ok 0 carnet-user fingerprint --product cad -o h.carnet
    expect wrong-machine 13 carnet-user activate l2.carnet
    says "another key" "M-6"
}

# renewed OUTCOME CODE: what comes of a renewal of CAD-1 from the machine at hand.
renewed() {
    rm -f r.carnet
    carnet-user --quiet fingerprint --renew -o r.carnet
    expect "$1" "$2" carnet-admin renew CAD-1 r.carnet -o "l$((++number)).carnet"
}

@test "M-10: to say that one is a container is no way around the cap on transfers" {
    number=0
    vendor 3 --container pinned --transfer-cap 0
    # A machine with a label; another one that has its state, and says that it is a container.
    machine desk a
    trust
    carnet-user --quiet fingerprint --product cad --label Desk -o f.carnet
    carnet-admin --quiet assign f.carnet -o l0.carnet
    carnet-user --quiet activate l0.carnet -o a.carnet
    cp -a "$CARNET_STATE" volume
    started other b Desk
    export CARNET_STATE=$PWD/volume
    remember "$CARNET_HOME"
    renewed cap-reached 47
    says "transfer"
    unchanged "$CARNET_HOME"
    # Not in two steps either: first the machine itself says so, with its own facts, which is no transfer.
    machine desk a
    export CARNET_STATE=$PWD/volume
    touch "$CARNET_SYSROOT/.dockerenv"
    carnet-admin --quiet entitle --license CAD-1 --feature extra -o e2.carnet
    carnet-admin --quiet import e2.carnet
    renewed ok 0
    not_says transfer
    started other b Desk
    export CARNET_STATE=$PWD/volume
    renewed cap-reached 47
    # Where a transfer is allowed, it counts once, and the grant is a container's from then on.
    carnet-admin --quiet entitle --license CAD-1 --transfer-cap 1 -o e3.carnet
    carnet-admin --quiet import e3.carnet
    renewed ok 0
    says "counts as a transfer"
    started third c Desk
    export CARNET_STATE=$PWD/volume
    renewed ok 0
    not_says transfer
    # Back on a machine is another one.
    machine desk a
    export CARNET_STATE=$PWD/volume
    rm -f "$CARNET_SYSROOT/.dockerenv"
    renewed cap-reached 47
    expect ok 0 carnet-admin journal verify
}

@test "M-9: a license without a label is for no pinned container" {
    vendor 2 --container pinned
    machine one a
    trust
    carnet-user --quiet fingerprint --product cad -o f.carnet
    carnet-admin --quiet assign f.carnet -o l.carnet
    expect ok 0 carnet-user activate l.carnet
    expect ok 0 carnet-user check cad
    touch "$CARNET_SYSROOT/.dockerenv"
    expect wrong-machine 13 carnet-user check cad
    says "no label that one could be told by" "M-9"
    expect wrong-machine 13 carnet-user check cad --quiet
}

@test "stock tar builds every bundle again, byte for byte" {
    vendor
    licensed one a
    mkdir stick
    carnet-user release cad --to stick -y --quiet
    carnet-admin --quiet free stick/carnet/to-admin/release-*.carnet --to stick
    count=0
    for bundle in e1.carnet one.fingerprint one.license stick/carnet/*/*.carnet; do
        rm -rf again && mkdir again
        tar -xf "$bundle" -C again
        (cd again && tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -cf ../again.tar $(tar -tf "../$bundle"))
        cmp again.tar "$bundle"
        count=$((count + 1))
    done
    [ "$count" -eq 5 ]
}

@test "pasted text works through every accident of a message" {
    vendor
    machine one
    trust
    expect ok 0 carnet-user fingerprint --product cad --text --quiet
    { printf '\357\273\277Hello,\r\n\r\n'; sed 's/^/> /; s/$/\r/' <<<"$out"; printf '\r\nRegards\r\n'; } >message.txt
    expect ok 0 carnet-admin assign message.txt -o l.carnet
    expect ok 0 carnet-admin assign message.txt --text
    text=$out
    expect ok 0 carnet-user activate - <<<"$text"
    expect ok 0 carnet-user check cad
}

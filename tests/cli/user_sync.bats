#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-user sync: one command and a stick (spec/stick.md).

load user_helper
bats_require_minimum_version 1.5.0

setup() {
    fresh
    mkdir stick
}

# manifest PRODUCT: it is installed on the machine at hand, and asks for a license.
manifest() {
    printf 'product = %s\nvendor = %s\n' "$1" "$root_id" >"$CARNET_SYSROOT/etc/carnet/products.d/$1.conf"
}

# names FOLDER: what lies in a folder of the stick, without the digits.
names() {
    ls "stick/carnet/$1" | sed 's/-[0-9a-f]*\.carnet$//' | paste -sd ' '
}

# office: the administrator takes what is on the stick, by hand.
office() {
    local file
    for file in stick/carnet/to-admin/*.carnet; do
        case $file in
        */fingerprint-*) carnet-admin --quiet assign "$file" --to stick >/dev/null ;;
        */release-*) carnet-admin --quiet free "$file" --to stick >/dev/null ;;
        *) carnet-admin --quiet import "$file" ;;
        esac
        mkdir -p stick/carnet/done
        mv "$file" stick/carnet/done/
    done
}

@test "the whole trip of one machine, with nothing but sync on its side" {
    vendor
    machine one
    trust
    manifest cad
    expect ok 0 carnet-user sync stick --label HALL3-PLC1 -y
    says "write  fingerprint" "asks for a license for cad" "Leaves as keyed digests" "Written to it: 1" "can be pulled"
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    grep -q "HALL3-PLC1\|hall3-plc1" stick/carnet/ROUND.TXT
    # Again, and nothing is made twice.
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = fingerprint-hall3-plc1 ]
    office
    expect ok 0 carnet-user sync stick -y
    says "take   license" "write  activation"
    [ "$(names to-user)" = "" ]
    [ "$(names to-admin)" = activation-hall3-plc1 ]
    [ "$(names done)" = license-hall3-plc1 ]
    expect ok 0 carnet-user check cad
    office
    expect ok 0 carnet-user --json sync stick -y
    [ "$(json '.taken, .written' | paste -sd ' ')" = "0 0" ]
    carnet-user release cad -y -o r.carnet >/dev/null
    expect ok 0 carnet-user sync stick -y
    [ "$(names to-admin)" = release-hall3-plc1 ]
    office
    expect ok 0 carnet-user sync stick -y
    says "take   receipt"
    expect released 16 carnet-user check cad
}

# licenses for two machines on one stick, that of the machine at hand among them
prepared() {
    vendor 4
    machine two b
    trust
    manifest cad
    carnet-user --quiet sync stick --label TWO -y
    machine one
    trust
    manifest cad
    carnet-user --quiet sync stick --label ONE -y
    office
}

fate() {
    jq -rs --arg source "$1" '.[] | select(.source == $source) | "\(.fate) \(.why // .message // "")"' "$BATS_TEST_TMPDIR/out"
}

@test "one stick, two machines: each takes its own, and ROUND.TXT says who is left" {
    prepared
    expect ok 0 carnet-user --json sync stick -y

        "activation one written,fingerprint null other-side" ] ||
    [ "$(jq -rs '[.[] | select(.fate == "taken").label] | join(" ")' "$BATS_TEST_TMPDIR/out")" = ONE ]
    [ "$(jq -rs '[.[] | select(.fate == "elsewhere").label] | join(" ")' "$BATS_TEST_TMPDIR/out")" = TWO ]
    [ "$(names to-user)" = license-two ]
    grep -q "^1 of 2 machines are done" stick/carnet/ROUND.TXT
    grep -A1 "^To visit" stick/carnet/ROUND.TXT | grep -q "  two"
    machine two b
    expect ok 0 carnet-user sync stick -y
    grep -q "^2 of 2 machines are done" stick/carnet/ROUND.TXT
    expect ok 0 carnet-user check cad
    LC_ALL=C awk '!/^[ -~]*\r$/ { exit 1 }' stick/carnet/ROUND.TXT
}

@test "a messy stick: every file has a fate, nothing is followed, nothing hangs, nothing is shown raw" {
    prepared
    file=$(ls stick/carnet/to-user/license-one-*.carnet)
    theirs=$(ls stick/carnet/to-user/license-two-*.carnet)
    user=stick/carnet/to-user
    mkdir "$user/license-one-00000000.carnet" "stick/System Volume Information" stick/.Trashes
    deep=$user
    for i in 1 2 3 4 5 6 7 8 9 10; do deep=$deep/d; done
    mkdir -p "$deep"
    cp "$file" "$deep/too-deep.carnet"
    cp "$theirs" stick/carnet/to-user/d/d/inside.carnet
    ln -s "$PWD/$file" "$user/link.carnet"
    ln -s / "$user/linked"
    mkfifo "$user/pipe.carnet"
    printf 'x' >"$user/._license.carnet"
    printf 'x' >"$user/.DS_Store"
    : >"$user/empty.carnet"
    head -c 700 "$theirs" >"$user/license-torn-1.carnet"
    head -c 300 "$theirs" >"$user/license-torn-2.carnet"
    head -c 5000000 /dev/zero >"$user/large.carnet"
    echo "hello" >"$user/letter.txt"
    printf '\033[31mred' >"$user/$(printf 'a\033[31m\342\200\256b').carnet"
    cp "$theirs" "$user/license-two (1).carnet"
    # An editor's armour: a mark at its beginning, CRLF, and another name. It is this machine's own.
    { printf '\357\273\277'; python3 -c 'import base64,gzip,sys,textwrap
b=open(sys.argv[1],"rb").read()
print("-----BEGIN CARNET LICENSE-----"); print("\n".join(textwrap.wrap(base64.b64encode(gzip.compress(b,mtime=0)).decode(),64))); print("-----END CARNET LICENSE-----")' "$file" |
        sed 's/$/\r/'; } >"stick/LICENSE.CARNET.TXT"
    rm "$file"
    cp "$CARNET_SOURCE/samples/valid/license-smallest.carnet" stick/other.carnet
    cp "$CARNET_SOURCE/samples/valid/trust-rich.carnet" "$user/trust-x-11111111.carnet"
    head -c 100 /dev/zero >stick/photo.jpg
    timeout 60 carnet-user --json sync stick -n >"$BATS_TEST_TMPDIR/out"
    [ "$(fate LICENSE.CARNET.TXT)" = "taken " ]
    expect ok 0 timeout 60 carnet-user --json sync stick -y
    [ "$(fate LICENSE.CARNET.TXT)" = "taken " ]
    [ "$(fate photo.jpg)" = "ignored not named like a bundle, and not looked into" ]
    [ "$(fate carnet/to-user/link.carnet)" = "ignored a link, never followed" ]
    [ "$(fate carnet/to-user/linked)" = "ignored a link, never followed" ]
    [ "$(fate carnet/to-user/pipe.carnet)" = "ignored a device, pipe or socket, never opened" ]
    [ "$(fate carnet/to-user/._license.carnet)" = "ignored of the system that the stick was in" ]
    [ "$(fate carnet/to-user/.DS_Store)" = "ignored of the system that the stick was in" ]
    [ "$(fate "System Volume Information")" = "ignored of the system that the stick was in" ]
    [ "$(fate carnet/to-user/empty.carnet)" = "ignored empty" ]
    [ "$(fate carnet/to-user/license-torn-2.carnet)" = "ignored a bundle that is cut off" ]
    [[ "$(fate carnet/to-user/license-torn-1.carnet)" = refused* ]]
    [ "$(fate carnet/to-user/large.carnet)" = "ignored too large for a bundle" ]
    [ "$(fate carnet/to-user/letter.txt)" = "ignored no bundle" ]
    [ "$(fate carnet/to-user/d/d/d/d/d/d/d/d/d)" = "ignored a folder too deep" ]
    [[ "$(fate other.carnet)" = other-vendor* ]]
    [[ "$(fate carnet/to-user/trust-x-11111111.carnet)" = other-vendor* ]]
    [[ "$(fate "carnet/to-user/license-two (1).carnet")" = elsewhere* ]]
    [[ "$(fate "carnet/to-user/d/d/inside.carnet")" = elsewhere* ]]
    expect ok 0 carnet-user check cad
    # In words: no byte of a name reaches the terminal as it is.
    expect ok 0 timeout 60 carnet-user sync stick -y
    ! LC_ALL=C grep -q "$(printf '\033')" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    ! grep -q "$(printf '\342\200\256')" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
    says "skip +1 file: empty" "skip +[0-9]+ files?: a link, never followed"
}

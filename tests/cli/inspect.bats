#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-inspect on the samples: what is verified, what is not, and that both are said.

load helper

setup() {
    fresh
    samples=$CARNET_SOURCE/samples
    root=$samples/keys/root.pem
}

# conforms: each line of what the last `expect` printed is valid by the JSON Schema that it names.
conforms() {
    python3 "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <"$BATS_TEST_TMPDIR/out" >&2
}

# A bundle whose document is altered by one letter, and nothing else.
altered() {
    LC_ALL=C sed 's/seat="7"/seat="8"/' "$samples/valid/license-rich.carnet" >altered.carnet
    cmp -s altered.carnet "$samples/valid/license-rich.carnet" && return 1
    return 0
}

@test "show: a license says who says what to whom, the chain, and every field" {
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/license-rich.carnet"
    [ -z "$err" ]
    says "^verified  .*license-rich\.carnet$" \
        '^The administrator says to the machine "Setzerei „Nord“ 7": seat 7 of PRESS-2024\.7_b \(press, for ' \
        "^  vendor root 379e7f86f10bf637\.\.\.  trusted \(.*root\.pem\)$" \
        "^  └─ entitlement PRESS-2024\.7_b revision 2, 25 seats, offline allowed  verified$" \
        "^     └─ license PRESS-2024\.7_b seat 7 .*  verified$" \
        "^        └─ machine c082d58e4d1fc515\.\.\.  named in the license$"
    says "^  Seat +7$" "^  Serial of the grant +1$" "^  Edition +workshop$" "^  export +pdf\+svg$" \
        "^  Issued +2024-03-02T08:00:00Z \([0-9]+ days ago\)$" "^  Ends +2099-12-31T23:59:59Z \(in [0-9]+ days\)$" \
        "^  adapter +f5634b5c87a6ab91\.\.\. keyed by the machine's secret$" "^  Threshold +55 per cent" \
        "^  Contact +license desk" "^  Key id +d4f22c7f0efa657b57c50de04709f4815ee5cf1a71ff6d4110a39db0d21fe5fb$" \
        "^ +113  [0-9a-f]{64}  signer\.pem$"
    not_says "UNVERIFIED" "valid on" " +$"
}

@test "show: --explain says what each field means, in the words of the schema" {
    expect ok 0 carnet-inspect show --explain --trust "$root" "$samples/valid/license-rich.carnet"
    says '^license/grant  The grant: with the vendor id' '^  seat="7"$' '^      Number of the seat, from 1\.$' \
        '^--- what the fields mean: entitlement \(verified\) ---$' '^entitlement/caps  ' "^      Vendor id: the id of the vendor's first root key"
    [ "$(grep -c '^      Number of the seat' <<<"$out")" -eq 1 ]
    # a list is explained once
    [ "$(grep -c 'HMAC-SHA-256 of its value' <<<"$out")" -eq 1 ]
    # every element and attribute of every valid sample has a meaning
    for file in "$samples"/valid/*.carnet; do
        expect ok 0 carnet-inspect show --explain --json --trust "$root" "$file"
        jq -e '.meanings | length > 3 and all(.meaning != "")' "$BATS_TEST_TMPDIR/out" >/dev/null ||
            { echo "$file"; jq -c '[.meanings[] | select(.meaning == "")] | .[:3]' "$BATS_TEST_TMPDIR/out"; false; }
    done
    # and of what is not verified, too
    expect untrusted-key 32 carnet-inspect show --explain "$samples/valid/license-rich.carnet"
    says "^UNVERIFIED  " '^--- what the fields mean: license \(unverified\) ---$'
}

@test "show: days are counted from --at" {
    expect ok 0 carnet-inspect show --trust "$root" --at 2099-12-30T23:59:59Z "$samples/valid/license-rich.carnet"
    says "^  Ends +2099-12-31T23:59:59Z \(in 1 day\)$" "^expired: The lease of PRESS-2024.7_b ran out on 2099-06-30T00:00:00Z\.$"
    expect usage 64 carnet-inspect show --at 2099-02-29 "$samples/valid/license-rich.carnet"
    says "--at takes a real date"
    expect usage 64 carnet-inspect show --at never "$samples/valid/license-rich.carnet"
}

@test "show: every valid sample, as text and as JSON" {
    for file in "$samples"/valid/*.carnet "$samples"/valid/*.txt; do
        expect ok 0 carnet-inspect show --trust "$root" "$file"
        says "^(verified|self-asserted)  "
        expect ok 0 carnet-inspect show --json --trust "$root" "$file"
        cat "$BATS_TEST_TMPDIR/out" >>all
    done
    cp all "$BATS_TEST_TMPDIR/out"
    conforms
    [ "$(wc -l <all)" -gt 20 ]
}

@test "show: a self-asserted kind is said to be, and needs no trust" {
    expect ok 0 carnet-inspect show "$samples/valid/fingerprint-rich.carnet"
    says "^self-asserted  " "nobody vouches for it" "^  machine [0-9a-f]{16}\.\.\.  self-asserted$" "^  Nonce +[0-9a-f]{32}$"
    not_says "UNVERIFIED" "^verified"
}

@test "show: release and receipt" {
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/release-released.carnet"
    says "^The machine says to the administrator: seat 7 of PRESS-2024\.7_b is given back\.$" \
        "^           └─ release .*  verified$" "^  How +released$"
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/receipt-revoked.carnet"
    says "was revoked: " "^  Reason +.+"
}

@test "show: activation, clock request and clock" {
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/activation-rich.carnet"
    says "license of seat 7 of PRESS-2024\.7_b \(serial 1\) is installed, 4 of 9 facts matching" "^  disk +changed$" "^  tpm +missing$" \
        "└─ activation .*  verified$"
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/clockrequest-rich.carnet"
    says "my clock says 2024-11-20T09:30:00Z, but it had said 2034-11-20T09:31:07Z before" "^  Of its own clock +2034-" "^  In signed files +2024-03-02"
    expect ok 0 carnet-inspect show --trust "$root" "$samples/valid/clock-rich.carnet"
    says "it is 2024-11-21T08:00:00Z; your clock may go back to that, once" "^  Nonce +5f0e1d2c3b4a59687786950413223145$"
    for file in activation-smallest activation-rich clockrequest-smallest clockrequest-rich clock-smallest clock-rich; do
        expect ok 0 carnet-inspect show --json --trust "$root" "$samples/valid/$file.carnet"
        conforms
        [ "$(json '.chain[0].kind')" = "${file%%-*}" ]
    done
}

@test "show: without trust everything is under UNVERIFIED, with the advice to give --trust" {
    expect untrusted-key 32 carnet-inspect show "$samples/valid/license-rich.carnet"
    says "^UNVERIFIED  " "Nothing below is proved" "^  vendor root 379e7f86f10bf637\.\.\.  not trusted$" \
        "└─ license .*  unverified$" "^  Seat +7$" "^What to do: Give the vendor's root key with --trust root\.pem"
    expect untrusted-key 32 carnet-inspect show --trust "$samples/keys/stranger.pem" "$samples/valid/license-rich.carnet"
    says "^UNVERIFIED  " "^What to do: If you expected this signer, compare the key's id"
    expect untrusted-key 32 carnet-inspect show --json "$samples/valid/license-rich.carnet"
    conforms
    [ "$(json '.status + " " + .chain[1].status + " " + .chain[0].document.license.product')" = "unverified unverified press" ]
    [ "$(json '.stages | map(.outcome) | join(" ")')" = "ok ok ok untrusted-key not-checked not-checked not-checked not-checked not-checked" ]
}

@test "show: an altered bundle is parsed all the same, under UNVERIFIED" {
    altered
    expect altered 31 carnet-inspect show --trust "$root" altered.carnet
    says "^UNVERIFIED  altered\.carnet$" "^altered: " "^  Seat +8$" "└─ license .*  unverified$" \
        "└─ entitlement PRESS-2024\.7_b .*  verified$" "entry license\.xml, H-2"
    expect altered 31 carnet-inspect show --json --trust "$root" altered.carnet
    conforms
    [ "$(json '.chain | map(.status) | join(" ")')" = "unverified verified" ]
}

@test "show: what can't be shown is refused, and nothing is on standard output" {
    : >empty
    printf 'no bundle at all\n' >text
    head -c 1000 "$samples/valid/license-rich.carnet" >cut
    for file in empty text cut; do
        expect malformed 30 carnet-inspect show --trust "$root" "$file"
        [ -z "$out" ]
        says "\[$file, "
    done
    expect no-input 66 carnet-inspect show nothing
    says "^carnet-inspect: no-input: .*\[nothing\]$"
    expect no-input 66 carnet-inspect show .
    mkfifo pipe
    expect no-input 66 timeout 10 carnet-inspect show pipe
    head -c 5000000 /dev/zero >large
    expect malformed 30 carnet-inspect show large
}

@test "show: armour on standard input, up to its END line, with what was ignored" {
    expect ok 0 carnet-inspect show --trust "$root" - <"$samples/valid/license-text-in-a-letter.txt"
    says "^verified  -$" "^standard input: [0-9]+ lines? before the block and [0-9]+ after it were ignored\.$"
    # a paste needs no end of file
    { cat "$samples/valid/license-text.txt"; exec sleep 60; } | timeout 30 carnet-inspect show --trust "$root" - >out
    grep -q "^verified  -" out
    expect ok 0 carnet-inspect show --trust "$root" - <"$samples/valid/license-rich.carnet"
}

@test "nothing raw reaches the terminal" {
    cp "$samples/valid/license-rich.carnet" $'\033[2J\xff.carnet'
    expect ok 0 carnet-inspect show --trust "$root" $'\033[2J\xff.carnet'
    not_says $'\033'
    expect ok 0 carnet-inspect verify --trust "$root" --json .
    conforms
    LC_ALL=C grep -q '[^ -~]' "$BATS_TEST_TMPDIR/out" && return 1
    expect ok 0 carnet-inspect verify --trust "$root" .
    not_says $'\033'
    says '^ok +\./\\x1[bB]\[2J'
    for file in "$samples"/invalid/xml-*.carnet "$samples"/invalid/container-entry-escape.carnet; do
        carnet-inspect show --trust "$root" "$file" >>seen 2>&1 || true
    done
    LC_ALL=C grep -q $'[\001-\010\013-\037\177]' seen && return 1
    return 0
}

@test "trust: files, folders, the environment, and what is refused" {
    mkdir roots
    cp "$root" roots/a.pem
    cp "$samples/keys/stranger.pem" roots/b.pem
    echo "not a key" >roots/readme.txt
    file=$samples/valid/entitlement-rich.carnet
    expect ok 0 carnet-inspect verify --trust roots "$file"
    expect ok 0 carnet-inspect verify --trust "$samples/keys/stranger.pem" --trust "$root" "$file"
    CARNET_TRUST=roots expect ok 0 carnet-inspect verify "$file"
    CARNET_TRUST=$root expect ok 0 carnet-inspect verify "$file"
    # --trust stands in place of the environment
    CARNET_TRUST=$root expect untrusted-key 32 carnet-inspect verify --trust "$samples/keys/stranger.pem" "$file"
    expect configuration 78 carnet-inspect verify --trust roots/readme.txt "$file"
    says "\[roots/readme\.txt, K-1\]" "Give the vendor's root key as a PEM file"
    expect configuration 78 carnet-inspect show --trust "$file" "$file"
    expect no-input 66 carnet-inspect show --trust nowhere.pem "$file"
    CARNET_TRUST=nowhere expect no-input 66 carnet-inspect show "$file"
    says "CARNET_TRUST names it"
    printf -- '-----BEGIN PRIVATE KEY-----\n' >secret.pem
    expect configuration 78 carnet-inspect show --trust secret.pem "$file"
    says "This is a private key" "secret.pem"
}

@test "trust: an issuer's key is no root" {
    expect untrusted-key 32 carnet-inspect verify --trust "$samples/keys/issuer.pem" "$samples/valid/license-rich.carnet"
}

@test "verify: a line a file, a summary, the worst outcome" {
    mkdir -p tree/b
    cp "$samples/valid/license-rich.carnet" tree/a.carnet
    cp "$samples/valid/fingerprint-text.txt" tree/b/paste.txt
    cp "$samples/valid/entitlement-rich.carnet" tree/b/no-suffix
    echo "something else" >tree/notes.txt
    : >tree/empty.txt
    ln -s ../a.carnet tree/b/link.carnet
    ln -s .. tree/b/loop
    mkfifo tree/fifo
    remember tree
    expect ok 0 carnet-inspect verify --trust "$root" tree
    unchanged tree
    says "^ok +tree/a\.carnet  license PRESS-2024\.7_b seat 7 for Setzerei „Nord“ 7, until 2099-06-30$" \
        "^ok +tree/b/no-suffix  entitlement PRESS-2024\.7_b revision 2, 25 seats, offline allowed$" \
        "^ok +tree/b/paste\.txt  fingerprint of .*, self-asserted$" \
        "^3 files: 3 ok \(1 self-asserted\); 5 others not looked into$"
    [ -z "$err" ]
    altered
    mv altered.carnet tree/z.carnet
    expect altered 31 carnet-inspect verify --trust "$root" tree
    says "^altered +tree/z\.carnet  .*\(H-2\)$" "^4 files: 3 ok \(1 self-asserted\), 1 altered; 5 others" \
        "^carnet-inspect: altered: .*\[tree/z\.carnet, entry license\.xml, H-2\]$"
    : >tree/b/y.carnet
    expect altered 31 carnet-inspect verify --trust "$root" tree
    says "^malformed +tree/b/y\.carnet"
}

@test "verify: JSON has every stage of every file" {
    mkdir tree
    cp "$samples/valid/license-rich.carnet" tree/a.carnet
    altered
    mv altered.carnet tree/b.carnet
    expect no-input 66 carnet-inspect verify --json --trust "$root" tree nothing.carnet
    conforms
    [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 4 ]
    jq -s -e '.[0].outcome == "ok" and .[0].status == "verified" and (.[0].stages | map(.stage) | join(" ")) ==
        "format signature kind trust document entitlement machine user time" and
        (.[0].stages | map(.outcome) | join(" ")) == "ok ok ok ok ok ok not-checked not-checked ok" and
        .[1].outcome == "altered" and .[1].clause == "H-2" and .[1].stages[1].outcome == "altered" and
        .[2].outcome == "no-input" and .[2].stages == null and
        .[3].summary == {"files": 3, "others": 0, "self-asserted": 0, "cage": .[3].summary.cage,
            "outcomes": {"ok": 1, "altered": 1, "no-input": 1}}' "$BATS_TEST_TMPDIR/out"
}

@test "verify: times are judged, without a machine" {
    file=$samples/valid/license-rich.carnet
    expect ok 0 carnet-inspect verify --trust "$root" --at 2099-06-30T00:00:00Z "$file"
    expect expired 11 carnet-inspect verify --trust "$root" --at 2099-06-30T00:00:01Z "$file"
    says "^expired +.*The lease of PRESS-2024.7_b ran out on 2099-06-30T00:00:00Z\. \(O-1\)$"
    expect expired 11 carnet-inspect verify --trust "$root" --at 9000-01-01 "$samples/valid/license-as-wide-as-entitled.carnet"
    expect ok 0 carnet-inspect verify --trust "$root" --at 9000-01-01 "$samples/valid/license-smallest.carnet"
    # issued 2024-03-02T08:00:00Z: 48 hours ahead is still taken
    expect ok 0 carnet-inspect verify --trust "$root" --at 2024-02-29T08:00:00Z "$file"
    expect not-yet-valid 12 carnet-inspect verify --trust "$root" --at 2024-02-29T07:59:59Z "$file"
    says "dated 2024-03-02T08:00:00Z, more than 48 hours ahead of the clock.*\(O-2\)"
    expect not-yet-valid 12 carnet-inspect verify --trust "$root" --json --at 2000-01-01 "$file"
    conforms
    jq -s -e '.[0].stages[8] == {"stage": "time", "outcome": "not-yet-valid"} and .[0].status == "verified"' \
        "$BATS_TEST_TMPDIR/out"
}

@test "verify: many paths, standard input, names that look like options, nothing there" {
    cp "$samples/valid/license-rich.carnet" ./--json
    expect ok 0 carnet-inspect verify --trust "$root" -- --json
    says "^ok +--json  license"
    expect ok 0 carnet-inspect verify --trust "$root" "$samples/valid/receipt-freed.carnet" - <./--json
    says "^2 files: 2 ok"
    mkdir none
    expect no-input 66 carnet-inspect verify --trust "$root" none
    says "There is no carnet file there"
    expect no-input 66 carnet-inspect verify --trust "$root" ""
    expect usage 64 carnet-inspect verify
    mkdir one
    cp ./--json one/a.carnet
    ln -s one link
    expect ok 0 carnet-inspect verify --trust "$root" link
}

@test "verify: a folder that can't be read is told" {
    if [ "$(id -u)" -eq 0 ]; then
        as=(setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all)
    else
        as=()
    fi
    mkdir -m 755 open
    mkdir -m 000 open/closed
    cp "$(command -v carnet-inspect)" "$root" open/
    chmod 755 "$BATS_TEST_TMPDIR" .
    expect permission 77 "${as[@]}" open/carnet-inspect verify --trust open/root.pem open
    says "^permission +open/closed"
    chmod 755 open/closed
}

@test "verify: --quiet leaves the refusal alone" {
    expect ok 0 carnet-inspect verify --quiet --trust "$root" "$samples/valid/license-rich.carnet"
    [ -z "$out$err" ]
    expect untrusted-key 32 carnet-inspect verify -q "$samples/valid/license-rich.carnet"
    [ -z "$out" ]
}

@test "verify: what is verified is never called valid on a machine" {
    expect ok 0 carnet-inspect verify --trust "$root" "$samples/valid"
    not_says "valid on" "this machine"
}

@test "verify: lists of names, one kind alone, nothing named" {
    cp "$samples/valid/license-rich.carnet" $'a\nb.carnet'
    cp "$samples/valid/entitlement-rich.carnet" c.carnet
    mkdir folder
    cp c.carnet folder/
    find . -name '*b.carnet' -print0 >names
    printf 'folder\0' >>names
    expect ok 0 carnet-inspect verify --trust "$root" --files0-from names
    says '^ok +\./a\\x0ab\.carnet  license' '^ok +folder/c\.carnet  entitlement' "^2 files: 2 ok; 0 others"
    expect ok 0 carnet-inspect verify --trust "$root" --files0-from - c.carnet <names
    says "^3 files: 3 ok"
    printf '\0nowhere\0' >names
    expect no-input 66 carnet-inspect verify --trust "$root" --files0-from - <names
    says "^2 files: 2 no-input"
    printf -- '-\0' >names
    expect usage 64 carnet-inspect verify --trust "$root" --files0-from - <names
    expect no-input 66 carnet-inspect verify --trust "$root" --files0-from nowhere
    says "The list of files can't be read.*\[nowhere\]"
    expect wrong-kind 33 carnet-inspect verify --trust "$root" --require-kind license c.carnet $'a\nb.carnet'
    says "^wrong-kind +c\.carnet  The file is of the kind entitlement, and --require-kind asks for another\. \(R-4\)$" "^ok +a"
    expect wrong-kind 33 carnet-inspect verify --trust "$root" --journal c.carnet c.carnet
    says "The file is of the kind entitlement, and --journal asks for another\. \[c\.carnet, R-4\]$"
    expect ok 0 carnet-inspect verify --trust "$root" --require-kind license --require-kind entitlement folder c.carnet
    expect usage 64 carnet-inspect verify --require-kind nonsense c.carnet
    says "There is no kind 'nonsense'"
    expect usage 64 carnet-inspect verify --json
    expect usage 64 carnet-inspect verify --jobs 0 c.carnet
    expect usage 64 carnet-inspect verify --jobs 65 c.carnet
}

@test "verify: is it for this machine, and for this user?" {
    fake=$BATS_TEST_TMPDIR/machine
    mkdir -p "$fake/etc"
    printf '0123456789abcdef0123456789abcdef\n' >"$fake/etc/machine-id"
    export CARNET_SYSROOT=$fake
    carnet-admin init --role both --name "Acme" --no-passphrase 2>/dev/null
    carnet-admin key export root -o acme.pem >/dev/null 2>&1
    carnet-admin entitle --license L-1 --product cad --licensee "City Hospital" --seats 2 --offline allowed -o e.carnet >/dev/null 2>&1
    carnet-admin import e.carnet >/dev/null 2>&1
    carnet-admin convert L-1 offline -y >/dev/null 2>&1
    carnet-user trust add -y acme.pem >/dev/null 2>&1
    carnet-user fingerprint --product cad -o f.carnet >/dev/null 2>&1
    carnet-admin assign f.carnet -o l.carnet >/dev/null 2>&1
    expect ok 0 carnet-inspect verify --trust acme.pem --machine --json l.carnet e.carnet
    jq -s -e '(.[0].stages[6:8] | map(.outcome) | join(" ")) == "ok ok" and
        (.[1].stages[6:8] | map(.outcome) | join(" ")) == "not-checked not-checked"' "$BATS_TEST_TMPDIR/out"
    printf 'ffffffffffffffffffffffffffffffff\n' >"$fake/etc/machine-id"
    expect wrong-machine 13 carnet-inspect verify --trust acme.pem --machine l.carnet
    says "^wrong-machine +l\.carnet  This machine has changed too much.*\(M-5\)$"
    expect ok 0 carnet-inspect verify --trust acme.pem l.carnet
    # where nobody has asked for a license, none is for this machine
    CARNET_STATE=$BATS_TEST_TMPDIR/another expect wrong-machine 13 carnet-inspect verify --trust acme.pem --machine --json l.carnet
    jq -s -e '.[0].stages[6].outcome == "wrong-machine" and .[0].stages[8].outcome == "ok" and .[0].clause == "M-6"' "$BATS_TEST_TMPDIR/out"
}

@test "verify: a parser that breaks out is killed, each time, and the run goes on" {
    mkdir tree
    for try in open connect fork exec code write kill; do
        cp "$samples/valid/license-rich.carnet" "tree/$try-before.carnet"
        echo "carnet-test-try $try" >"tree/$try.carnet"
        cp "$samples/valid/entitlement-rich.carnet" "tree/$try.last.carnet"
    done
    for jobs in 1 2; do
        expect bug 70 carnet-inspect verify --trust "$root" --jobs "$jobs" tree
        [ "$(grep -c '^bug .* Reading the file tried what the cage forbids, and was stopped\.$' <<<"$out")" -eq 7 ]
        says "^21 files: 14 ok, 7 bug; 0 others" "^What to do: Open the file with nothing else, keep it, and report this"
        cut -d' ' -f1 <<<"$out" | head -n 21 | sort | uniq -c | sed 's/^ *//' >counts
        diff counts - <<<$'7 bug\n14 ok'
        # told in the order of their names, whoever looked at them
        [ "$(sed -n 's/.*\(tree[^ ]*\)  .*/\1/p' <<<"$out")" = "$(LC_ALL=C ls -1d tree/*)" ]
    done
    expect bug 70 carnet-inspect verify --json --trust "$root" tree/open.carnet tree/exec.last.carnet
    jq -s -e '.[0].outcome == "bug" and .[1].outcome == "ok" and (.[2].summary.cage | startswith("seccomp"))' "$BATS_TEST_TMPDIR/out"
}

@test "verify: a journal is read in a cage, too" {
    echo "carnet-test-try open" >journal.carnet
    expect bug 70 carnet-inspect verify --trust "$root" --journal journal.carnet "$samples/valid/license-rich.carnet"
    says "Reading the file tried what the cage forbids, and was stopped\. \[journal\.carnet\]$"
    [ -z "$out" ]
    expect ok 0 carnet-inspect verify --trust "$root" --json --journal "$samples/valid/journal-segment-6-to-12.carnet" \
        --journal - "$samples/valid/entitlement-rich.carnet" <"$samples/valid/journal-segment-1-to-5.carnet"
    jq -s -e '.[-1].journal == {"segments": 2, "gaps": []}' "$BATS_TEST_TMPDIR/out"
}

@test "verify: a parser that crashes is that file's outcome" {
    echo "carnet-test-try crash" >a.carnet
    cp "$samples/valid/license-rich.carnet" b.carnet
    expect bug 70 carnet-inspect verify --trust "$root" a.carnet b.carnet a.carnet
    says "^bug +a\.carnet  Reading the file crashed \(signal [0-9]+\)\.$" "^ok +b\.carnet" "^3 files: 1 ok, 2 bug"
}

@test "verify: a parser that never ends is stopped" {
    echo "carnet-test-try spin" >a.carnet
    cp "$samples/valid/license-rich.carnet" b.carnet
    expect bug 70 carnet-inspect verify --trust "$root" a.carnet b.carnet
    says "^bug +a\.carnet  Reading the file took more than 10 seconds, and was stopped\.$" "^ok +b\.carnet"
}

@test "verify: a parser that waits for ever is stopped, and reaches no other's memory" {
    for file in a b; do echo "carnet-test-try hang" >$file.carnet; done
    cp "$samples/valid/license-rich.carnet" c.carnet
    CARNET_TEST_PATIENCE=3 carnet-inspect verify --trust "$root" --jobs 2 a.carnet a.carnet c.carnet c.carnet c.carnet c.carnet c.carnet \
        c.carnet c.carnet c.carnet c.carnet c.carnet c.carnet c.carnet c.carnet c.carnet b.carnet >told 2>err &
    local parent=$! workers=""
    for _ in {1..100}; do
        workers=$(pgrep -P "$parent") && [ "$(wc -w <<<"$workers")" -eq 2 ] && break
        sleep 0.05
    done
    for worker in $workers; do
        # what is shared, and may be written to: the room for its own answers, and never the files
        [ "$(grep -c ' rw-s .*/dev/zero' "/proc/$worker/maps")" -eq 1 ]
        [ "$(grep -c ' r--s .*/dev/zero' "/proc/$worker/maps")" -eq 1 ]
    done
    local code=0
    wait "$parent" || code=$?
    [ "$code" -eq 70 ]
    [ "$(grep -c '^bug .*\.carnet  Reading the file gave no answer for 3 seconds, and was stopped\.$' told)" -eq 3 ]
    grep -q '^17 files: 14 ok, 3 bug; 0 others' told
}

@test "verify: a file whose reading was ended from outside is looked at once more" {
    # by the machine, for all one knows: its second end is the file's own
    echo "carnet-test-try hang" >a.carnet
    cp "$samples/valid/license-rich.carnet" b.carnet
    CARNET_TEST_PATIENCE=2 carnet-inspect verify --trust "$root" a.carnet b.carnet >told 2>err &
    local parent=$! worker=""
    for _ in {1..100}; do worker=$(pgrep -P "$parent") && break; sleep 0.05; done
    sleep 0.2
    kill -KILL "$worker"
    local code=0
    wait "$parent" || code=$?
    [ "$code" -eq 70 ]
    # what it says is what the second look found
    grep -q '^bug  *a\.carnet  Reading the file gave no answer for 2 seconds, and was stopped\.$' told
    grep -q '^ok  *b\.carnet' told
}

@test "verify: a kernel without a cage is told, and --no-cage goes on" {
    file=$samples/valid/license-rich.carnet
    export CARNET_TEST_NO_CAGE=1
    expect configuration 78 carnet-inspect verify --trust "$root" "$file"
    says "This kernel offers no cage" "^What to do: .*--no-cage"
    [ -z "$out" ]
    expect ok 0 carnet-inspect verify --trust "$root" --no-cage --json "$file"
    [ "$(json .summary.cage)" = none ]
    # and outside of it nothing holds a parser
    echo "carnet-test-try open" >open.carnet
    expect malformed 30 carnet-inspect verify --no-cage open.carnet
}

@test "verify: trees that are deep, in a circle, and hold what is no file" {
    path=tree
    for i in {1..70}; do path=$path/d; done
    mkdir -p "$path"
    cp "$samples/valid/license-rich.carnet" tree/d/a.carnet
    cp "$samples/valid/license-rich.carnet" "$path/never.carnet"
    ln -s .. tree/d/up
    mkfifo tree/d/fifo.carnet
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket.carnet")'
    expect io-error 74 timeout 20 carnet-inspect verify --trust "$root" tree
    says "^ok +tree/d/a\.carnet" "^io-error +tree(/d)+  More than 64 folders are inside each other here\.$" \
        "^2 files: 1 ok, 1 io-error; 3 others"
}

@test "show: a parser that breaks out is killed, and nothing it made is told" {
    if grep -q libasan <(ldd "$(command -v carnet-inspect)"); then
        # The leak checker has to attach, so there is no cage; the file is refused for what it is.
        echo "carnet-test-try open" >try.carnet
        expect malformed 30 carnet-inspect show --trust "$root" try.carnet
        return
    fi
    for try in open connect fork exec code kill; do
        echo "carnet-test-try $try" >try.carnet
        expect bug 70 carnet-inspect show --trust "$root" try.carnet
        [ -z "$out" ]
        says "Reading the file tried what the cage forbids, and was stopped\. \[try\.carnet\]$" "^What to do: Open the file with nothing else"
    done
    echo "carnet-test-try crash" >try.carnet
    expect bug 70 carnet-inspect show --json try.carnet
    CARNET_TEST_NO_CAGE=1 expect configuration 78 carnet-inspect show "$samples/valid/fingerprint-rich.carnet"
    says "This kernel offers no cage" "--no-cage"
    CARNET_TEST_NO_CAGE=1 expect ok 0 carnet-inspect show --no-cage "$samples/valid/fingerprint-rich.carnet"
}

@test "show: one entry as it is, and the headers as bytes" {
    file=$samples/valid/license-rich.carnet
    mkdir unpacked
    tar -xf "$file" -C unpacked
    for entry in unpacked/*; do
        carnet-inspect show --trust "$root" --entry "${entry##*/}" "$file" | cmp - "$entry"
    done
    expect ok 0 carnet-inspect show --trust "$root" --entry license "$file"
    says '^<\?xml' '</license>$'
    not_says "^verified"
    expect ok 0 carnet-inspect show --trust "$root" --json --entry license.xml "$file"
    jq -j '.["entry-text"]' "$BATS_TEST_TMPDIR/out" | cmp - unpacked/license.xml
    # of two that begin so, neither
    expect not-found 46 carnet-inspect show --trust "$root" --entry SHA "$file"
    says "no entry 'SHA', or several that begin so"
    expect untrusted-key 32 carnet-inspect show --entry license.xml "$file"
    says '</license>$'
    on_terminal "" carnet-inspect show --trust "$root" --entry signer.pem "$file"
    says "-----BEGIN PUBLIC KEY-----"
    on_terminal "" carnet-inspect show --trust "$root" --entry SHA256SUMS.sig "$file"
    printf '%s' "$out" | LC_ALL=C grep -q $'[\001-\010\016-\037\177]' && return 1
    expect ok 0 carnet-inspect show --trust "$root" --bytes "$file"
    says "^Header of mimetype \(40 bytes follow it" "^  000000  6d 69 6d 65 74 79 70 65 .* mimetype" "^End at [0-9a-f]{6}: 1024 bytes$"
}

@test "diff: terms that matter first, then all that differs" {
    valid=$samples/valid
    expect differs 1 carnet-inspect diff --trust "$root" "$valid/entitlement-online-only.carnet" "$valid/entitlement-rich.carnet"
    [ "$(sed -n 1,2p <<<"$out" | cut -d' ' -f1 | paste -sd' ')" = "verified verified" ]
    says "(^|, )offline denied → allowed(,|$)" "^  license\.offline +denied → allowed$"
    # the same the other way round
    expect differs 1 carnet-inspect diff --trust "$root" --json "$valid/entitlement-rich.carnet" "$valid/entitlement-online-only.carnet"
    jq -e '.differences | map(select(.member == "license.offline")) == [{"member": "license.offline", "from": "allowed", "to": "denied"}]' \
        "$BATS_TEST_TMPDIR/out"
    jq -e '.words | test("offline allowed (→|->) denied")' "$BATS_TEST_TMPDIR/out"
}

@test "diff: the same, the same words signed again, another kind, what is not verified" {
    valid=$samples/valid
    expect ok 0 carnet-inspect diff --trust "$root" "$valid/license-rich.carnet" "$valid/license-text.txt"
    says "^they say the same$"
    cp "$valid/license-rich.carnet" copy.carnet
    expect ok 0 carnet-inspect diff --trust "$root" "$valid/license-rich.carnet" copy.carnet
    says "^the same, byte for byte$"
    expect differs 1 carnet-inspect diff --trust "$root" "$valid/license-rich.carnet" "$valid/entitlement-rich.carnet"
    says "kind license → entitlement"
    altered
    expect differs 1 carnet-inspect diff --trust "$root" "$valid/license-rich.carnet" altered.carnet
    says "^UNVERIFIED  altered\.carnet" "^  altered: " "^status verified → unverified, seat 7 → 8$"
    expect differs 1 carnet-inspect diff --json --trust "$root" "$valid/license-rich.carnet" altered.carnet
    [ "$(json '.from.status + " " + .to.status + " " + .to.outcome')" = "verified unverified altered" ]
    # a renewal, and the entitlement that it rests on
    expect differs 1 carnet-inspect diff --trust "$root" "$valid/license-rich.carnet" "$valid/license-renewed-by-newer-revision.carnet"
    says "^  entitlement/license\.revision +[0-9]+ → [0-9]+$" "^  grant\.serial +1 → [0-9]+$"
}

@test "diff: what can't be compared is refused" {
    echo "no bundle" >text
    expect malformed 30 carnet-inspect diff --trust "$root" "$samples/valid/license-rich.carnet" text
    [ -z "$out" ]
    says "\[text, "
    expect no-input 66 carnet-inspect diff nothing text
    expect usage 64 carnet-inspect diff "$samples/valid/license-rich.carnet"
    echo "carnet-test-try open" >try.carnet
    expect malformed 30 carnet-inspect diff try.carnet try.carnet
}

@test "diff: two folders, paired by what the files are about" {
    valid=$samples/valid
    mkdir -p a/x b/y
    cp "$valid/license-rich.carnet" a/x/license.carnet
    cp "$valid/license-renewed-by-newer-revision.carnet" b/y/other-name.carnet
    cp "$valid/entitlement-online-only.carnet" a/e.carnet
    cp "$valid/fingerprint-rich.carnet" a/f.carnet
    cp "$valid/fingerprint-rich.carnet" b/f.carnet
    cp "$valid/license-smallest.carnet" b/new.carnet
    echo "not ours" >a/notes.txt
    echo "not a bundle" >a/broken.carnet
    cp a/broken.carnet b/
    remember a b
    expect differs 1 carnet-inspect diff --trust "$root" a b
    unchanged a b
    says "^changed  b/y/other-name\.carnet  license PRESS-2024\.7_b seat 7" "^gone     a/e\.carnet  entitlement " \
        "^new      b/new\.carnet  license L-1 seat 1" "^2 the same, 1 changed, 1 gone, 1 new$"
    expect differs 1 carnet-inspect diff --trust "$root" --json a b
    jq -s -e 'length == 4 and (map(select(.from))[0].differences | map(.member) | index("grant.serial") != null) and
        .[3].summary == {"same": 2, "changed": 1, "gone": 1, "new": 1}' "$BATS_TEST_TMPDIR/out"
    expect ok 0 carnet-inspect diff --trust "$root" a a
    says "^4 the same, 0 changed, 0 gone, 0 new$"
    # the same without a root: what is about the same is still paired
    expect differs 1 carnet-inspect diff a b
    says "^changed  b/y/other-name\.carnet" "^2 the same, 1 changed, 1 gone, 1 new$"
    # of several about one thing the newest counts
    cp "$valid/license-rich.carnet" b/older.carnet
    expect differs 1 carnet-inspect diff --trust "$root" a b
    says "^2 the same, 1 changed, 1 gone, 1 new$"
    expect usage 64 carnet-inspect diff a a/e.carnet
    says "Name two files, or two folders"
}

@test "schema: all are listed, each is printed as it is" {
    expect ok 0 carnet-inspect schema
    [ "$(wc -l <<<"$out")" -eq "$(ls "$CARNET_SOURCE"/spec/*.xsd "$CARNET_SOURCE"/spec/json/*.json | wc -l)" ]
    says "^carnet-1\.xsd +the documents in bundles$" "^verify\.json +carnet-inspect verify"
    for file in "$CARNET_SOURCE"/spec/*.xsd "$CARNET_SOURCE"/spec/json/*.json; do
        carnet-inspect schema "${file##*/}" | cmp - "$file"
    done
    carnet-inspect schema carnet.check/1 | cmp - "$CARNET_SOURCE/spec/json/check.json"
    carnet-inspect schema check | cmp - "$CARNET_SOURCE/spec/json/check.json"
    expect ok 0 carnet-inspect schema --json
    expect ok 0 carnet-inspect schema --json carnet-key-1.xsd
    jq -j .text "$BATS_TEST_TMPDIR/out" | cmp - "$CARNET_SOURCE/spec/carnet-key-1.xsd"
    expect not-found 46 carnet-inspect schema nonsense
    says "There is no schema 'nonsense'" "lists them"
}

@test "explain: what it means, why it came, and what the user, the administrator and the vendor can do" {
    expect ok 0 carnet-inspect explain forked
    says '^forked \(exit code 53\)$' "^What to do$" "^Likely causes$" "^  A machine's state or a ledger was copied" "^The user can$" \
        "^The administrator can$" "^The vendor can$" "^  Ask for the journals; revoke"
    expect ok 0 carnet-inspect explain 31
    says '^altered \(exit code 31\)$'
    not_says "^The vendor can$"
    expect ok 0 carnet-inspect explain --json
    jq -e '.outcomes | length > 50 and all(.outcome == "ok" or .causes != null) and all(.meaning != "" and .next != "")' "$BATS_TEST_TMPDIR/out"
    # the other two say the same
    for program in carnet-user carnet-admin; do
        $program explain forked | cmp - <(carnet-inspect explain forked)
    done
}

@test "the JSON of help, version, explain and refusals" {
    expect ok 0 carnet-inspect --help --json && conforms
    expect ok 0 carnet-inspect --version --json && conforms
    expect ok 0 carnet-inspect explain --json && conforms
    expect ok 0 carnet-inspect explain altered --json && conforms
    expect not-found 46 carnet-inspect explain nonsense --json && conforms
    expect usage 64 carnet-inspect --json && conforms
    expect usage 64 carnet-inspect show --json && conforms
    expect no-input 66 carnet-inspect show --json nothing && conforms
    expect malformed 30 carnet-inspect show --json "$samples/invalid/container-cut-in-header.carnet" && conforms
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# key rotate: the roots of a vendor follow one another, and so do the issuer keys of an administrator.

load user_helper

setup() {
    fresh
    source "$CARNET_SOURCE/tests/cli/admin_helper.bash"
}

key_of() {
    carnet-admin key list --json | jq -r ".keys[] | select(.role == \"$1\" and .state == \"${2:-active}\").id"
}

@test "three root rotations while a machine lies in a drawer: one file brings it up to date, and its license holds" {
    vendor 3
    licensed drawer a
    for i in 1 2 3; do
        expect ok 0 carnet-admin key rotate root --announce -y -o "next-$i.carnet"
        says "Announced is root $((i + 1))"
        expect ok 0 carnet-admin trust publish -o "old-$i.carnet"
        expect ok 0 carnet-admin key rotate root -y -o "root-$((i + 1)).carnet" --json
        [ "$(json '.version, .vendor' | paste -sd ' ')" = "$((i + 1)).1 $root_id" ]
        [ "$(key_of root)" = "$(json .key)" ]
    done
    expect ok 0 carnet-admin journal verify
    # Under the fourth root: the next revision, and a renewal that rests on it.
    expect ok 0 carnet-admin entitle --license CAD-1 --seats 4 -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin renew CAD-1 1 -o renewed.license
    says "renewed.license"
    # Only the oldest, and what was signed since: refused, and nothing is written.
    expect ok 0 carnet-user check cad
    remember "$CARNET_STATE"
    expect untrusted-key 32 carnet-user activate renewed.license
    says "newest trust file is missing here"
    unchanged "$CARNET_STATE"
    expect ok 0 carnet-user trust add old-1.carnet
    expect untrusted-key 32 carnet-user activate renewed.license
    says "newest trust file is missing here"
    # Only the newest link is no file that holds: what is missing is said.
    mkdir links
    tar -xf root-4.carnet -C links --wildcards '*.carnet'
    remember "$CARNET_STATE"
    for link in links/*.carnet; do
        expect_refused_link "$link"
    done
    unchanged "$CARNET_STATE"
    # One file, and all is well, without the two in between.
    expect ok 0 carnet-user trust add root-4.carnet
    says "Taken: trust information 4.1" "4 root keys"
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user activate renewed.license
    expect ok 0 carnet-user check cad
    expect rolled-back 37 carnet-user trust add root-3.carnet
    # A new machine, by that file alone.
    machine fresh b
    expect ok 0 carnet-user trust add root-4.carnet --id "$root_id" --root "$(key_of root)"
    carnet-user fingerprint --product cad --label fresh -o fresh.fingerprint --quiet
    expect ok 0 carnet-admin assign fresh.fingerprint -o fresh.license
    expect ok 0 carnet-user activate fresh.license
    expect ok 0 carnet-inspect verify --trust root-4.carnet fresh.license
}

# A link alone says what is missing.
expect_refused_link() {
    status=0
    out=$(carnet-user trust add "$1" 2>err.txt) || status=$?
    [ "$status" -eq 35 ] || [ "$status" -eq 32 ] || complain "exit code $status for a link alone" || return 1
    grep -q "newest trust file" err.txt
}

@test "key rotate root: a dry run and a no change nothing, the question is asked, and what is announced is final" {
    vendor 1
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key rotate root -n -o t.carnet
    says "Would make another root"
    expect ok 0 carnet-admin key rotate root --announce -n -o t.carnet
    expect needs-answer 55 without_terminal carnet-admin key rotate root -o t.carnet
    says "for good"
    expect usage 64 carnet-admin key rotate machine -y -o t.carnet
    expect usage 64 carnet-admin key rotate root --vendor "$root_id" -y -o t.carnet
    unchanged "$CARNET_HOME"
    [ ! -e t.carnet ]
    expect ok 0 carnet-admin key rotate root --announce -y -o t1.carnet
    next=$(key_of root next)
    cp "$CARNET_HOME/ledger.db" kept.db
    # Said once: the same bytes, the same root.
    expect ok 0 carnet-admin key rotate root --announce -y -o t2.carnet
    says "done already"
    cmp t1.carnet t2.carnet
    mv "$CARNET_HOME/root-${next:0:8}.key" "$CARNET_HOME/root-${next:0:8}.kek" .
    expect configuration 78 carnet-admin key rotate root -y -o t3.carnet
    says "root-${next:0:8}.key" "copy"
    [ ! -e t3.carnet ]
    cmp kept.db "$CARNET_HOME/ledger.db"
    mv "root-${next:0:8}.key" "root-${next:0:8}.kek" "$CARNET_HOME"
    expect ok 0 carnet-admin key rotate root -y -o t3.carnet
    [ "$(key_of root)" = "$next" ]
    expect ok 0 carnet-admin key list --json
    [ "$(json '[.keys[] | select(.role == "root") | .state] | join(" ")')" = "active replaced" ]
    expect ok 0 carnet-admin journal verify
}

@test "key rotate root: an older copy of the ledger announces no second successor" {
    vendor 1
    expect ok 0 carnet-admin backup copy
    expect ok 0 carnet-admin key rotate root --announce -y -o t1.carnet
    next=$(key_of root next)
    expect ok 0 carnet-admin --home again restore copy -y
    cp "$CARNET_HOME"/*.k?? again
    expect recover-first 52 carnet-admin --home again key rotate root -y -o t2.carnet
    [ ! -e t2.carnet ]
    expect ok 0 carnet-admin --home again trust add t1.carnet
    expect ok 0 carnet-admin --home again recover -y
    expect ok 0 carnet-admin --home again recover --done -y
    # The announced root's key file is there, and no other one is taken.
    expect ok 0 carnet-admin --home again key rotate root -y -o t2.carnet
    says "is in the home already"
    [ "$(carnet-admin --home again key list --json | jq -r '.keys[] | select(.role == "root" and .state == "active").id')" = "$next" ]
    machine one a
    trust
    expect ok 0 carnet-user trust add t1.carnet
    expect ok 0 carnet-user trust add t2.carnet
    # A home that did not hear of it, and has the key file, catches up.
    expect ok 0 carnet-admin trust add t2.carnet
    says "signs from now on"
    [ "$(key_of root)" = "$next" ]
    expect ok 0 carnet-admin journal verify
}

# spec/ledger.md, L-13
@test "a vendor's home that was put back from a copy publishes nothing before it heard what was published" {
    carnet-admin --home v --quiet init --role vendor --name Vendor --no-passphrase
    expect ok 0 carnet-admin --home v backup copy
    expect ok 0 carnet-admin --home v trust publish -o t1.carnet
    expect ok 0 carnet-admin --home v key rotate root -y -o t2.carnet
    expect ok 0 carnet-admin --home u restore copy -y
    cp v/root.k?? u
    remember u
    expect recover-first 52 carnet-admin --home u trust publish -o no.carnet
    says "L-13" "trust add"
    expect recover-first 52 carnet-admin --home u key rotate root -y -o no.carnet
    unchanged u
    expect ok 0 carnet-admin --home u trust add t2.carnet
    says "not one of this home"
    expect configuration 78 carnet-admin --home u recover x.carnet
    expect ok 0 carnet-admin --home u recover -y
    expect ok 0 carnet-admin --home u recover --done -y
    # That root 2 took over it has heard; its own root is the first, and says nothing to machines that know better.
    expect configuration 78 carnet-admin --home u key rotate root -y -o no.carnet
    expect untrusted-key 32 carnet-admin --home u trust publish -o no.carnet
    [ ! -e no.carnet ]
    # With the key file of that root the home goes on.
    cp v/root-*.k?? u
    expect ok 0 carnet-admin --home u trust add t2.carnet -n
    expect untrusted-key 32 carnet-admin --home u trust publish -o no.carnet
    expect ok 0 carnet-admin --home u trust add t2.carnet
    says "signs from now on"
    expect ok 0 carnet-admin --home u trust publish -o t3.carnet
    says "Trust information 2.2"
    expect ok 0 carnet-admin --home u key rotate root -y -o t4.carnet
    expect ok 0 carnet-admin --home u journal verify
    carnet-admin --home u key export root >/dev/null
    carnet-admin --home v key list --json >/dev/null
    machine one a
    first=$(carnet-admin --home u trust list --json | jq -r '.anchors[0].vendor')
    expect ok 0 carnet-user trust add t1.carnet --id "$first" --root "$first"
    for file in t2 t3 t4; do
        expect ok 0 carnet-user trust add $file.carnet
    done
}

@test "key rotate issuer: license by license, and what is out works" {
    vendor 3
    licensed one a
    licensed two b
    old=$(key_of issuer)
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key rotate issuer -n -o k.carnet
    expect needs-answer 55 without_terminal carnet-admin key rotate issuer -o k.carnet
    unchanged "$CARNET_HOME"
    [ ! -e k.carnet ]
    expect ok 0 carnet-admin key rotate issuer -y -o k.carnet --json
    new=$(json .key)
    [ "$new" = "$(key_of issuer)" ]
    [ "$old" = "$(key_of issuer replaced)" ]
    [ "$(of k.carnet replaces)" = "$old" ]
    mkdir early
    expect ok 0 carnet-admin journal export --to early
    [ "$(find early -name '*.carnet' | wc -l)" -eq 1 ]
    # The vendor has not answered: the same key, and the license goes on under the old one.
    expect ok 0 carnet-admin key rotate issuer -y -o k2.carnet --json
    [ "$(json '.key, .again' | paste -sd ' ')" = "$new true" ]
    machine three c
    trust
    carnet-user fingerprint --product cad --label three -o three.fingerprint --quiet
    expect ok 0 carnet-admin assign three.fingerprint -o three.license
    expect ok 0 carnet-user activate three.license
    # He names the new one.
    expect ok 0 carnet-admin entitle --license CAD-1 --issuer k.carnet -y -o e2.carnet
    [ "$(of e2.carnet key)" = "$new" ]
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin renew CAD-1 3 -o three-2.license
    expect ok 0 carnet-inspect verify --trust root.pem three-2.license
    expect ok 0 carnet-user activate three-2.license
    expect ok 0 carnet-user check cad
    # What is under the old one works, is given up, and its receipt is signed by the new one.
    machine one a
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-user release cad -o one.release -y
    expect ok 0 carnet-admin free one.release -o one.receipt
    expect ok 0 carnet-inspect verify --trust root.pem one.receipt
    expect ok 0 carnet-user activate one.receipt
    expect ok 0 carnet-admin journal verify
    expect ok 0 carnet-admin import e1.carnet
    says "older than what is known"
    expect ok 0 carnet-admin key rotate issuer -n -o k3.carnet
    says "Would make another issuer key"
    # The journal of either key can be exported, and read.
    mkdir audit
    expect ok 0 carnet-admin journal export --to audit
    [ "$(find audit -name '*.carnet' | wc -l)" -eq 2 ]
    expect ok 0 carnet-inspect verify --trust root.pem audit
}

@test "a license goes to a second administrator whole, and only when the first one's journal shows it" {
    carnet-admin --quiet init --role admin --name First --no-passphrase
    carnet-admin --home v --quiet init --role vendor --name Vendor --no-passphrase
    carnet-admin --home second --quiet init --role admin --name Second --no-passphrase
    carnet-admin --home v key export root -o root.pem
    for home in "$CARNET_HOME" second; do
        carnet-admin --home "$home" --quiet trust add root.pem -y
        carnet-admin --home "$home" --quiet key request -o "$(basename "$home").request"
    done
    first=$(basename "$CARNET_HOME").request
    v() { carnet-admin --home v entitle --license L "$@"; }
    expect ok 0 v --product cad --licensee x --seats 2 --offline allowed --issuer "$first" -y -o e1.carnet
    expect ok 0 carnet-admin import e1.carnet
    expect ok 0 carnet-admin convert L offline -y
    root_id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
    licensed one a
    remember v
    expect untrusted-key 32 v --issuer second.request -y -o e2.carnet
    says "a license has one issuer" "--journal"
    expect ok 0 carnet-admin journal export -o j1.carnet
    expect not-vouched 35 v --issuer second.request --journal j1.carnet -y -o e2.carnet
    says "--offline denied"
    unchanged v
    [ ! -e e2.carnet ]
    expect ok 0 v --offline denied -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin journal export -o j2.carnet
    remember v
    expect seats-in-use 44 v --issuer second.request --journal j2.carnet -y -o e3.carnet
    unchanged v
    [ ! -e e3.carnet ]
    expect ok 0 carnet-user release cad -o one.release -y
    expect ok 0 carnet-admin free one.release -o one.receipt
    expect ok 0 carnet-admin journal export -o j3.carnet
    expect ok 0 v --issuer second.request --journal j3.carnet --offline allowed -y -o e3.carnet
    expect ok 0 carnet-admin --home second import e3.carnet
    expect untrusted-key 32 carnet-admin import e3.carnet
}

@test "key revoke issuer: what is out stays valid, and the thief's backdated license does not" {
    vendor 3
    licensed one a
    licensed two b
    cp -a "$CARNET_HOME" thief
    old=$(key_of issuer)
    remember "$CARNET_HOME"
    expect not-found 46 carnet-admin key revoke issuer -y -o t.carnet
    expect usage 64 carnet-admin key revoke issuer "$old" -y -o t.carnet
    says "key rotate issuer"
    expect not-found 46 carnet-admin key revoke issuer "$root_id" -y -o t.carnet
    expect not-found 46 carnet-admin key revoke root -y -o t.carnet
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-user release cad -o two.release -y
    expect ok 0 carnet-admin free two.release -o two.receipt
    expect ok 0 carnet-admin key rotate issuer -y -o k.carnet
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin key revoke issuer -n -o t.carnet
    says "1 of the files that it signed stays valid"
    expect needs-answer 55 without_terminal carnet-admin key revoke issuer -o t.carnet
    unchanged "$CARNET_HOME"
    [ ! -e t.carnet ]
    expect ok 0 carnet-admin key revoke issuer -y -o t.carnet --json
    [ "$(json '.key, .valid, .version' | paste -sd ' ')" = "$old 1 1.1" ]
    [ "$(key_of issuer revoked)" = "$old" ]
    expect ok 0 carnet-admin key revoke issuer "$old" -y -o again.carnet
    cmp t.carnet again.carnet
    expect ok 0 carnet-admin key revoke issuer -y -o again.carnet
    says "revoked already"
    expect ok 0 carnet-inspect verify --trust t.carnet one.license
    # The thief has the key, the ledger, and a clock of his own.
    machine three c
    trust
    carnet-user fingerprint --product cad --label three -o three.fingerprint --quiet
    carnet-admin --home thief --quiet assign three.fingerprint -o three.license
    expect revoked 17 carnet-inspect verify --trust t.carnet three.license
    expect ok 0 carnet-user trust add t.carnet
    remember "$CARNET_STATE"
    expect revoked 17 carnet-user activate three.license
    says "U-10"
    unchanged "$CARNET_STATE"
    # Nothing is signed with it here either, until an entitlement names the other.
    expect revoked 17 carnet-admin assign three.fingerprint -o three-2.license
    says "key request"
    expect ok 0 carnet-admin entitle --license CAD-1 -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin assign three.fingerprint -o three-2.license
    expect ok 0 carnet-user activate three-2.license
    machine one a
    expect ok 0 carnet-user trust add t.carnet
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-admin journal verify
}

@test "key revoke root: what it entitled stays valid, what it signs later does not" {
    vendor 2
    licensed one a
    cp -a "$CARNET_HOME" thief
    expect ok 0 carnet-admin key rotate root -y -o t2.carnet
    expect ok 0 carnet-admin key revoke root -y -o t3.carnet --json
    [ "$(json '.key, .valid, .version' | paste -sd ' ')" = "$root_id 1 2.2" ]
    expect ok 0 carnet-user trust add t3.carnet
    expect ok 0 carnet-user check cad
    # Who has the old root: no entitlement, no number and no other successor help him.
    carnet-admin --home thief --quiet entitle --license CAD-1 --seats 900 -o forged.carnet
    expect ok 0 carnet-inspect verify --trust root.pem forged.carnet
    expect revoked 17 carnet-inspect verify --trust t3.carnet forged.carnet
    expect revoked 17 carnet-admin import forged.carnet
    carnet-admin --home thief --quiet trust publish -o forged-1.carnet
    carnet-admin --home thief --quiet key rotate root -y -o forged-2.carnet
    remember "$CARNET_STATE" "$CARNET_HOME"
    expect rolled-back 37 carnet-user trust add forged-1.carnet
    expect forked 53 carnet-user trust add forged-2.carnet
    expect rolled-back 37 carnet-admin import forged-1.carnet
    expect forked 53 carnet-admin import forged-2.carnet
    unchanged "$CARNET_STATE" "$CARNET_HOME"
    expect ok 0 carnet-admin entitle --license CAD-1 --seats 3 -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin renew CAD-1 1 -o r.license
    expect ok 0 carnet-user activate r.license
    expect ok 0 carnet-admin journal verify
}

@test "key revoke issuer: an administrator gives his key up, and the vendor hears which licenses are out" {
    carnet-admin --quiet init --role admin --name First --no-passphrase
    carnet-admin --home v --quiet init --role vendor --name Vendor --no-passphrase
    carnet-admin --home v key export root -o root.pem
    root_id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
    carnet-admin --quiet trust add root.pem -y
    carnet-admin --quiet key request -o k1.carnet
    expect ok 0 carnet-admin --home v entitle --license CAD-1 --product cad --licensee x --seats 2 --offline allowed --issuer k1.carnet -y -o e1.carnet
    expect ok 0 carnet-admin import e1.carnet
    expect ok 0 carnet-admin convert CAD-1 offline -y
    licensed one a
    old=$(key_of issuer)
    expect ok 0 carnet-admin journal export -o j.carnet
    expect ok 0 carnet-admin key rotate issuer -y -o k2.carnet
    expect ok 0 carnet-admin key revoke issuer -y
    [ "$(wc -l <<<"$out")" -eq 1 ]
    printf '%s\n' "$out" >ids.txt
    [ "$out" = "$(tar -xOf one.license SHA256SUMS | sha256sum | cut -d' ' -f1)" ]
    expect ok 0 carnet-admin --home v key revoke issuer "$old" -n --journal j.carnet
    says "1 of the files" "whoever stole it"
    expect usage 64 carnet-admin --home v key revoke issuer "$old" -y --valid e1.carnet -o t.carnet
    [ ! -e t.carnet ]
    expect ok 0 carnet-admin --home v key revoke issuer "$old" -y --valid ids.txt -o t.carnet
    expect ok 0 carnet-inspect verify --trust t.carnet one.license
    expect ok 0 carnet-admin import t.carnet
    says "has revoked this home's issuer key"
    expect needs-answer 55 without_terminal carnet-admin --home v entitle --license CAD-1 --issuer k2.carnet -o e2.carnet
    says "follows his key"
    expect ok 0 carnet-admin --home v entitle --license CAD-1 --issuer k2.carnet -y -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
    expect ok 0 carnet-admin renew CAD-1 1 -o r.license
    expect ok 0 carnet-user trust add t.carnet
    expect ok 0 carnet-user activate r.license
    expect ok 0 carnet-user check cad
    expect ok 0 carnet-admin journal verify
    expect ok 0 carnet-admin --home v journal verify
}

# killed KIND...: a rotation of that kind, killed at its system calls and run again, is done once, with one file.
killed() {
    local call when adopted=0 again=0
    cp -a "$CARNET_HOME" before
    for call in pwrite64 fdatasync renameat2 fsync; do
        for when in 1 2 3 5 8 13; do
            rm -rf "$CARNET_HOME" out.carnet .carnet* && cp -a before "$CARNET_HOME"
            strace -f -o /dev/null -e "inject=$call:signal=KILL:when=$when" \
                carnet-admin key rotate "$@" -y -o out.carnet >/dev/null 2>&1 || true
            first=$(sha256sum <out.carnet 2>/dev/null) || first=
            # A file that is there is whole, and then there is nothing to run again; else it is given out now.
            if [ -n "$first" ]; then
                expect ok 0 carnet-inspect verify --trust root.pem out.carnet
            fi
            status=0
            carnet-admin key rotate "$@" -y -o out.carnet >/dev/null 2>err.txt || status=$?
            [ "$status" -eq 0 ] || { [ "$status" -eq 73 ] && [ -n "$first" ]; } || complain "$call $when: $status: $(cat err.txt)" || return 1
            [ -z "$first" ] || [ "$1" = issuer ] || [ "$(sha256sum <out.carnet)" = "$first" ] || complain "$call $when: other bytes" || return 1
            expect ok 0 carnet-inspect verify --trust root.pem out.carnet
            [ "$(key_of "$1" replaced | wc -l)" -eq 1 ] || complain "$call $when: rotated more than once" || return 1
            [ "$(find "$CARNET_HOME" -name "$1-*.key" | wc -l)" -eq 1 ] || complain "$call $when: keys left behind" || return 1
            expect ok 0 carnet-admin journal verify
            grep -q "is in the home already" err.txt && adopted=$((adopted + 1))
            grep -qE "already" err.txt && again=$((again + 1))
        done
    done
    # Both ways of going on were gone.
    [ "$adopted" -gt 0 ]
    [ "$again" -gt "$adopted" ]
}

@test "key rotate root, killed at each step and run again: one rotation, one key, the same file" {
    vendor 1
    killed root
    machine one a
    trust
    expect ok 0 carnet-user trust add out.carnet
    says "trust information 2.1"
}

@test "key rotate issuer, killed at each step and run again: one rotation, one key" {
    vendor 1
    killed issuer
    expect ok 0 carnet-admin entitle --license CAD-1 --issuer out.carnet -y -o e2.carnet
    expect ok 0 carnet-admin import e2.carnet
}

@test "key rotate: keys with a passphrase get the same one, and a copy of the home carries them all" {
    echo "open sesame" >pass
    with() { "$@" --passphrase-file pass; }
    expect ok 0 with carnet-admin init --role both --name Vendor
    expect ok 0 with carnet-admin key rotate root -y -o t2.carnet
    expect ok 0 with carnet-admin key rotate root --announce -y -o t3.carnet
    expect ok 0 with carnet-admin key rotate issuer -y -o k.carnet
    [ -z "$(find "$CARNET_HOME" -name '*.kek')" ]
    expect ok 0 carnet-admin key list --json
    [ "$(json '[.keys[] | select(.passphrase | not)] | length')" = 0 ]
    echo wrong >other
    remember "$CARNET_HOME"
    expect wrong-passphrase 90 carnet-admin key rotate root -y -o no.carnet --passphrase-file other
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin retire away -y
    expect ok 0 carnet-admin --home again restore away -y --json
    [ "$(json '.keys | length')" = 5 ]
    # One descriptor is read once, and opens all.
    expect ok 0 carnet-admin --home again key rotate root -y -o t4.carnet --passphrase-fd 3 3<pass
    says "Trust information 3.1"
    expect ok 0 carnet-admin --home again journal verify
    # A key of which the file is gone is asked for.
    rm again/root-*.key
    expect configuration 78 with carnet-admin --home again trust publish -o t5.carnet
    says "from your copy"
}

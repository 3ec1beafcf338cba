#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole story on this machine: one seat crosses the air gap and comes back. A folder stands for the stick.
#
#   samples/demo.sh [FOLDER]     installs what is missing, builds, plays; leaves every bundle in FOLDER
#
# Exits 0 only if every step did exactly what it should.
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'
else
    bold='' dim='' off=''
fi
unset CARNET_TRUST CARNET_SYSROOT

# ---- build ----
tools/packages.sh build demo
mkdir -p build
quietly() { # LOG COMMAND...
    local log=$1
    shift
    "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
}
echo "Building carnet (build/release), and a test build whose machine can be made up (build/demo-second) ..."
quietly build/release.log cmake --preset release -G Ninja
quietly build/release.log cmake --build --preset release
quietly build/demo-second.log cmake -S . -B build/demo-second -G Ninja -DCMAKE_BUILD_TYPE=Release -DCARNET_TEST_SYSROOT=ON
quietly build/demo-second.log cmake --build build/demo-second --target carnet-user
PATH=$source/build/release/tools/user:$source/build/release/tools/admin:$source/build/release/tools/inspect:$PATH
second_machine_program=$source/build/demo-second/tools/user/carnet-user

# ---- the place ----
place=${1:-$(mktemp -d "${TMPDIR:-/tmp}/carnet-demo.XXXXXX")}
mkdir -p "$place"
cd "$place"
place=$PWD
[ -z "$(ls -A)" ] || { echo "demo.sh: $place is not empty; name an empty folder" >&2; exit 73; }
mkdir stick
(umask 077 && echo 'correct horse battery staple' >passphrase)
export CARNET_STATE=$place/user CARNET_HOME=$place/admin

# ---- how a step is played ----
steps=0
step() {
    steps=$((steps + 1))
    printf '\n%s%2d. %s%s\n' "$bold" "$steps" "$*" "$off"
}
wrong() {
    printf '\ndemo.sh: step %d went wrong: %s\n' "$steps" "$*" >&2
    exit 1
}
output=
run() { # EXPECTED-EXIT COMMAND...
    local expected=$1 code=0 shown
    shift
    shown=$(printf '%q ' "$@")
    shown=${shown//"$place/"/}
    printf '%s$ %s%s\n' "$dim" "${shown//"$second_machine_program"/carnet-user}" "$off"
    output=$("$@" 2>&1) || code=$?
    [ -z "$output" ] || printf '%s\n' "${output//"$place/"/}" | sed 's/^/  /'
    [ "$code" -eq "$expected" ] || wrong "exit $code, not $expected"
}
says() { # TEXT: the last output holds it
    case $output in *"$1"*) ;; *) wrong "the output does not say '$1'" ;; esac
}
newest() { # KIND: the newest bundle of that kind on the stick
    local found
    found=$(find stick -name "$1-*.carnet" -printf '%T@ %p\n' | sort -n | tail -1)
    [ -n "$found" ] || wrong "there is no $1 on the stick"
    printf '%s' "${found#* }"
}
seal=(--passphrase-file "$place/passphrase")

step "The vendor makes a root key, and is its own administrator here (two keys, one home)."
run 0 carnet-admin init --role both --name 'Example Vendor' --contact licenses@vendor.example "${seal[@]}"
run 0 carnet-admin key export root -o root.pem

step "The vendor sells two seats; offline use is not allowed yet. The administrator takes the entitlement."
run 0 carnet-admin entitle --license CAD-2026 --product cad --edition pro --licensee 'Hall 3 GmbH' --seats 2 \
    --feature export --feature layers=64 --lease-days 365 --not-after 2099-12-31 "${seal[@]}" -o entitlement-1.carnet
run 0 carnet-admin import entitlement-1.carnet

step "Converting to offline is refused, and the refusal says whom to ask."
run 42 carnet-admin convert CAD-2026 offline --yes
says licenses@vendor.example

step "The vendor allows it with a new revision; the difference is shown."
run 0 carnet-admin entitle --license CAD-2026 --offline allowed "${seal[@]}" -o entitlement-2.carnet
run 0 carnet-admin import entitlement-2.carnet

step "Users are assigned by name, so converting is refused again: it names them."
run 0 carnet-admin user add CAD-2026 alice@hall3.example
run 0 carnet-admin user add CAD-2026 bob@hall3.example
run 43 carnet-admin convert CAD-2026 offline --yes
says alice@hall3.example

step "Without users the license becomes an offline license."
run 0 carnet-admin user remove CAD-2026 --all
run 0 carnet-admin convert CAD-2026 offline --yes
run 0 carnet-admin license list

step "On the user's machine (this one, its real hardware): the vendor is trusted by hand, by an id that came over another channel."
root_id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
run 0 carnet-user trust add root.pem --id "$root_id"
run 10 carnet-user check cad

step "What would leave this machine? Nothing is written."
run 0 carnet-user fingerprint --product cad --label HALL3-PLC1 --preview
[ ! -e user/vendors/"$root_id"/sent ] || [ -z "$(ls user/vendors/"$root_id"/sent)" ] || wrong "the preview wrote something"

step "The fingerprint, as text that can be pasted into a message."
run 0 carnet-user fingerprint --product cad --label HALL3-PLC1 --text --quiet
printf 'Hello, here it is:\r\n\r\n%s\r\n\r\nRegards\r\n' "$output" >request.txt

step "The administrator assigns a seat to the pasted text, and puts the license on the stick."
run 0 carnet-admin assign request.txt --to stick "${seal[@]}"
license=$(newest license)
run 0 carnet-admin license show CAD-2026

step "The user activates it, and the product may run."
run 0 carnet-user activate "$license"
run 0 carnet-user check cad --feature export
run 15 carnet-user check cad --feature render

step "Converting back to online is refused while the seat is out."
run 44 carnet-admin convert CAD-2026 online --yes
says HALL3-PLC1

step "A second machine (a test build with a made-up root) can't use the license; the message says which facts match."
mkdir -p second/root/etc second/root/proc/sys/kernel second/root/sys/class/net
echo 0123456789abcdef0123456789abcdee >second/root/etc/machine-id
echo hall3-plc2 >second/root/proc/sys/kernel/hostname
cp /proc/cpuinfo second/root/proc/cpuinfo
cp -L /etc/os-release second/root/etc/os-release
cp -L /etc/passwd second/root/etc/passwd
second() { # EXPECTED-EXIT ARGUMENT...
    local expected=$1
    shift
    run "$expected" env CARNET_SYSROOT="$place/second/root" CARNET_STATE="$place/second/state" "$second_machine_program" "$@"
}
second 0 trust add root.pem --id "$root_id"
second 0 fingerprint --product cad --label HALL3-PLC2 --to stick --quiet
second_request=$(newest fingerprint)
second 13 activate "$license"
says "Facts: "

step "The second machine gets the second seat; a third machine gets none."
run 0 carnet-admin assign "$second_request" --to stick "${seal[@]}"
echo fedcba9876543210fedcba9876543211 >second/root/etc/machine-id
echo hall3-plc3 >second/root/proc/sys/kernel/hostname
run 0 env CARNET_SYSROOT="$place/second/root" CARNET_STATE="$place/second/state3" "$second_machine_program" trust add root.pem --id "$root_id"
run 0 env CARNET_SYSROOT="$place/second/root" CARNET_STATE="$place/second/state3" "$second_machine_program" fingerprint --product cad \
    --label HALL3-PLC3 -o third.carnet --quiet
run 40 carnet-admin assign third.carnet --to stick "${seal[@]}"

step "One byte of a license is changed on the way."
cp "$license" altered.carnet
offset=$(grep -abo 'seat="1"' altered.carnet | tail -1 | cut -d: -f1)
printf '2' | dd of=altered.carnet bs=1 seek=$((offset + 6)) conv=notrunc status=none
run 31 carnet-user activate altered.carnet

step "Somebody makes his own vendor and licenses himself: the product's vendor is another one, so the answer is no."
mkdir forger
run 0 carnet-admin --home forger/home init --role both --name 'Example Vendor' --no-passphrase
run 0 carnet-admin --home forger/home key export root -o forger/root.pem
run 0 carnet-admin --home forger/home --quiet entitle --license CAD-2026 --product cad --licensee Me --seats 99 --offline allowed -o forger/entitlement.carnet
run 32 carnet-admin import forger/entitlement.carnet
run 0 carnet-admin --home forger/home --quiet import forger/entitlement.carnet
run 0 carnet-admin --home forger/home convert CAD-2026 offline --yes
forger_id=$(openssl pkey -pubin -in forger/root.pem -outform DER | sha256sum | cut -d' ' -f1)
run 0 carnet-user --state forger/state trust add forger/root.pem --id "$forger_id"
run 0 carnet-user --state forger/state fingerprint --product cad -o forger/fingerprint.carnet --quiet
run 0 carnet-admin --home forger/home assign forger/fingerprint.carnet -o forger/license.carnet
run 32 carnet-user activate forger/license.carnet
run 0 carnet-user --state forger/state activate forger/license.carnet
run 36 carnet-user --state forger/state check cad --vendor "$root_id"

step "The user releases the seat: the license stops first, then the proof is written."
run 55 carnet-user release cad --to stick --no-input
run 0 carnet-user release cad --to stick --yes
release=$(newest release)
run 16 carnet-user check cad

step "The administrator frees the seat with it; the receipt goes back to the user."
run 0 carnet-admin free "$release" --to stick "${seal[@]}"
receipt=$(newest receipt)
run 0 carnet-user activate "$receipt"

step "The old license is refused on this machine for good, and so is the old fingerprint."
run 16 carnet-user activate "$license"
run 49 carnet-admin assign request.txt --to stick "${seal[@]}"

step "A new fingerprint gets the free seat again."
run 0 carnet-user fingerprint --product cad --label HALL3-PLC1 --to stick --quiet
run 0 carnet-admin assign "$(newest fingerprint)" --to stick "${seal[@]}"
run 0 carnet-user activate "$(newest license)"
run 0 carnet-user check cad

step "Both machines release; the license goes back to online."
run 0 carnet-user release CAD-2026 --to stick --yes
run 0 carnet-admin free "$(newest release)" --to stick "${seal[@]}"
echo 0123456789abcdef0123456789abcdee >second/root/etc/machine-id
echo hall3-plc2 >second/root/proc/sys/kernel/hostname
second_license=$(grep -l 'label="HALL3-PLC2"' stick/carnet/to-user/license-*.carnet | tail -1)
second 0 release "$second_license" --to stick --yes
run 0 carnet-admin free "$(newest release)" --to stick "${seal[@]}"
run 0 carnet-admin convert CAD-2026 online --yes
run 0 carnet-admin license show CAD-2026

step "An auditor looks at everything that crossed the gap."
run 0 carnet-inspect verify --trust root.pem stick

step "And needs none of our programs: stock tools do it, from the vendor's root key down."
mkdir audit
cp "$license" audit/x.carnet
cd audit
run 0 tar -tf x.carnet
run 0 sh -c 'tar -xf x.carnet && sha256sum -c --strict SHA256SUMS'
run 0 openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
run 0 sh -c 'openssl pkey -pubin -in signer.pem -outform DER | sha256sum'
run 0 xmllint --noout --nonet --schema "$source/spec/carnet-1.xsd" license.xml
run 0 tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -cf again.carnet \
    mimetype SHA256SUMS SHA256SUMS.sig signer.pem license.xml ????????????????????????????????????????????????????????????????.carnet
run 0 cmp x.carnet again.carnet
cd ..
run 0 sh "$source/spec/verify.sh" --root root.pem "$license"
run 31 sh "$source/spec/verify.sh" --root root.pem altered.carnet

printf '\n%sAll %d steps did what they should.%s The bundles are in %s\n' "$bold" "$steps" "$off" "$place"

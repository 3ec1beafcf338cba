#!/bin/bash
# SPDX-License-Identifier: MIT
# The single files run where there is nothing else: in a root that holds the program, and what it is asked about. They load
# no library, know no network, and read no character sets or users of the machine's libc.
#
#   run.sh CARNET-USER-STATIC CARNET-INSPECT-STATIC CARNET-ADMIN SOURCE
set -euo pipefail
user=$1 inspect=$2 admin=$3 source=$4
# Without root's rights a user namespace gives them inside.
if [ "$(id -u)" -ne 0 ] && [ -z "${CARNET_INSIDE:-}" ]; then
    exec env CARNET_INSIDE=1 unshare --user --map-root-user "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
chroot=$(command -v chroot)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir "$root"
failed=0

# expect CODE WORDS COMMAND...: the exit code, and words in what is printed.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$("$@" 2>&1) || got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$words" <<<"$said"; then
        printf 'static: %s: exit %s (not %s), or without "%s":\n%s\n' "$*" "$got" "$code" "$words" "$said"
        failed=1
    fi
}
inside() {
    env -i LC_ALL="${locale:-C.UTF-8}" "${facts[@]}" "$chroot" "$root" "$@"
}

for file in "$user" "$inspect"; do
    headers=$(readelf -Wld "$file")
    if grep -qE 'INTERP|\(NEEDED\)' <<<"$headers"; then
        echo "static: $file needs other files: $(grep -E 'INTERP|NEEDED' <<<"$headers")"
        failed=1
    fi
    found=$(nm --defined-only "$file" | grep -wE 'getaddrinfo|gethostbyname|xmlNanoHTTPConnectHost|__nss_lookup|ucnv_getVersion_[0-9]*|icudt[0-9]*_dat' || :)
    if [ -n "$found" ]; then
        echo "static: $file holds $found"
        failed=1
    fi
done

# A machine, and a license for it, made with the same program.
export CARNET_HOME=$work/home CARNET_STATE=$root/state CARNET_SYSROOT=$root/machine
mkdir -p "$root/machine/etc"
echo a0123456789abcdef0123456789abcde >"$root/machine/etc/machine-id"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/machine/etc/passwd"
cd "$work"
"$admin" --quiet init --role both --name 'Example Vendor' --no-passphrase
"$admin" key export root -o root.pem >/dev/null 2>&1
"$admin" --quiet entitle --license CAD-1 --product cad --licensee 'Hall 3' --seats 2 --offline allowed -o e.carnet
"$admin" --quiet import e.carnet
"$admin" --quiet convert CAD-1 offline -y
cp root.pem "$root/"
cp "$user" "$root/carnet-user"
cp "$inspect" "$root/carnet-inspect"
cp "$source/samples/valid/license-smallest.carnet" root.pem "$root/"
cp "$source/samples/keys/root.pem" "$root/sample-root.pem"

facts=(CARNET_SYSROOT=/machine CARNET_STATE=/state)
expect 0 'Trusted' inside /carnet-user trust add root.pem -y
expect 10 'no-license' inside /carnet-user check cad
# A key is made where it can be seen that it stays out of swap, and with a /proc that can be.
expect 91 'Mount /proc' inside /carnet-user fingerprint --product cad -o /f.carnet
expect 0 'as keyed digests' "$user" fingerprint --product cad -o f.carnet
"$admin" --quiet assign f.carnet -o l.carnet
expect 0 'Activated' "$user" activate l.carnet
cp l.carnet "$root/"
expect 0 'Licensed: cad' inside /carnet-user check cad
locale=de_DE.ISO-8859-1 expect 0 'Licensed: cad' inside /carnet-user check cad
expect 0 '"outcome": *"ok"' inside /carnet-user check cad --json
expect 0 'CAD-1' inside /carnet-user status
expect 0 'carnet' inside /carnet-user --version
expect 0 'wrong-machine' inside /carnet-user explain 13
expect 0 'ok' inside /carnet-inspect verify --trust /root.pem /l.carnet
expect 0 'ok' inside /carnet-inspect verify --trust /sample-root.pem /license-smallest.carnet
expect 32 'untrusted-key' inside /carnet-inspect verify --trust /sample-root.pem /l.carnet
# With none of its facts it is another machine.
facts=(CARNET_STATE=/state CARNET_SYSROOT=/nowhere)
expect 13 'wrong-machine' inside /carnet-user check cad

[ $failed -eq 0 ] || exit 1
for file in "$user" "$inspect"; do
    strip -o "$work/stripped" "$file"
    echo "static: $(basename "$file"): $(stat -c %s "$work/stripped") bytes"
done

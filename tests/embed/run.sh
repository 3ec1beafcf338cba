#!/bin/bash
# SPDX-License-Identifier: MIT
# What products embed: carnet is installed, its folder moved, each example built against it and run through a product's life:
# first start, licensed, soon over, expired, another machine, released.
#
#   run.sh BUILD SOURCE CARNET-ADMIN        with CARNET_LONG set, Java too
set -euo pipefail
build=$1 source=$2 admin=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# expect CODE WORDS COMMAND...: the exit code, and words in what is printed.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$("$@" 2>&1) || got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$words" <<<"$said"; then
        printf 'embed: %s: exit %s (not %s), or without "%s":\n%s\n' "$*" "$got" "$code" "$words" "$said"
        failed=1
    fi
}

# Installed in one place, used in another.
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
moved=$work/moved
libdir=$(dirname "$(find "$moved" -name libcarnet.so.1)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir PATH=$moved/bin:$PATH
! grep -rqI "$build\|$work/first" "$libdir" || { echo "embed: what was installed knows where it was built"; failed=1; }
[ "$(nm -D --defined-only "$libdir/libcarnet.so.1" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort)" = \
    "$(grep -oE '\bcarnet_[a-z]+\(' "$moved/include/carnet.h" | tr -d '(' | sort -u)" ] ||
    { echo "embed: the library and carnet.h name different functions"; failed=1; }

# A vendor, and machines.
machine() { # NAME DIGIT
    mkdir -p "$work/machines/$1/etc"
    echo "${2}0123456789abcdef0123456789abcde" >"$work/machines/$1/etc/machine-id"
    cp /etc/passwd "$work/machines/$1/etc/passwd"
    echo "ID=${3:-debian}" >"$work/machines/$1/etc/os-release"
    export CARNET_SYSROOT=$work/machines/$1
}
export CARNET_HOME=$work/home CARNET_STATE=$work/state
cd "$work"
"$admin" --quiet init --role both --name 'Example Vendor' --no-passphrase
"$admin" key export root -o root.pem >/dev/null 2>&1
id=$(openssl pkey -pubin -in root.pem -outform DER | sha256sum | cut -d' ' -f1)
"$admin" --quiet entitle --license CAD-1 --product cad --licensee 'Hall 3' --seats 2 --offline allowed --not-after "$(date -u -d "+60 days" +%Y-%m-%dT%H:%M:%SZ)" --feature export -o e.carnet
"$admin" --quiet import e.carnet
"$admin" --quiet convert CAD-1 offline -y

"$source/samples/embed/c/build.sh" "$id" root.pem "$work/product"
cmake -S "$source/samples/embed/c" -B "$work/cmake" -DVENDOR_ID="$id" -DVENDOR_ROOT="$work/root.pem" -DCMAKE_PREFIX_PATH="$moved" >/dev/null
cmake --build "$work/cmake" >/dev/null
# The header alone is enough, in C++ too.
printf '#include <carnet.h>\nint main() { return carnet_version() == nullptr; }\n' >header.cpp
# shellcheck disable=SC2046  # words on purpose
c++ -Wall -Wextra -Werror header.cpp -o header $(pkg-config --cflags --libs carnet)
expect 0 '' ./header

machine one a
for product in ./product ./cmake/product; do
    expect 10 'Welcome' $product
done
expect 10 'no-license: There is no license' "$source/samples/embed/python/licensed.py" "$id" cad
expect 10 'Welcome' "$source/samples/embed/shell/licensed.sh" "$id" cad
expect 0 'machine-id: a0123456789abcdef0123456789abcde (/etc/machine-id)' ./product ask f.txt 'Hall 3'
expect 74 'f.txt' ./product ask f.txt 'Hall 3'
"$admin" --quiet assign f.txt -o l.carnet
expect 30 'not a well-formed carnet file' ./product activate root.pem
expect 0 'Activated' ./product activate l.carnet
expect 0 'Activated' ./cmake/product activate l.carnet
for product in ./product ./cmake/product; do
    expect 0 'Licensed to Hall 3, seat 1 of CAD-1' $product
    expect 0 'Export: yes' $product
done
expect 0 'Licensed to Hall 3, seat 1 of CAD-1' "$source/samples/embed/python/licensed.py" "$id" cad export
expect 15 'not-covered' "$source/samples/embed/python/licensed.py" "$id" cad print
expect 36 'wrong-vendor' "$source/samples/embed/python/licensed.py" "${id//[0-9]/0}" cad
expect 64 'usage' "$source/samples/embed/python/licensed.py" nonsense cad
expect 0 'Working' "$source/samples/embed/shell/licensed.sh" "$id" cad
# The state on another machine.
machine two b
expect 13 'The license is for another machine' ./product
expect 13 'wrong-machine' "$source/samples/embed/python/licensed.py" "$id" cad
machine one a
if [ -n "${CARNET_LONG:-}" ]; then
    expect 0 'Working' java "$source/samples/embed/java/Licensed.java" "$id" cad
    expect 10 'no-license' java "$source/samples/embed/java/Licensed.java" "$id" cam
fi
# It has changed a little: told, and since when.
machine one a other
expect 0 'changed: os\|changed os' ./product
expect 0 "first seen on $(date -u +%F)" ./product
machine one a
# Time goes by.
expect 0 'The license ends in 19 days' faketime -f +40d ./product
expect 11 'The license has run out' faketime -f +61d ./product
expect 11 'The license has run out' faketime -f +61d "$source/samples/embed/shell/licensed.sh" "$id" cad
expect 11 'expired' faketime -f +61d "$source/samples/embed/python/licensed.py" "$id" cad
# It moves on, and the proof comes again.
expect 0 '' ./product release r1.txt
expect 0 '' ./product release r2.txt
cmp -s r1.txt r2.txt || { echo "embed: the second release differs"; failed=1; }
expect 16 'was released' ./product
"$admin" --quiet free r1.txt -o receipt.carnet >/dev/null
expect 0 'Activated' ./product activate receipt.carnet

[ $failed -eq 0 ] && echo "embed: C with pkg-config and CMake, Python, shell${CARNET_LONG:+, Java}"
exit $failed

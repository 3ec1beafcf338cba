#!/bin/bash
# SPDX-License-Identifier: MIT
# libcarnet.so.1 keeps what products were built against: its functions and structs are those recorded here.
#
#   run.sh LIBRARY SOURCE            compares; the library is one with debug information
#   run.sh --record LIBRARY SOURCE   records what was added; what would break products is never recorded
set -euo pipefail
record=
if [ "${1:-}" = --record ]; then
    record=yes
    shift
fi
library=$1 source=$2
recorded=$source/tests/abi/libcarnet.so.1.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
abidw --exported-interfaces-only --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --out-file "$work/now.abi" "$library"
sed -i "s| path='[^']*/format/| path='format/|" "$work/now.abi"

# Bits of abidiff's exit code: 1 and 2 it failed, 4 something changed, 8 for certain a break. Outcomes may be added.
compare() {
    local code=0
    abidiff --no-show-locs "$1" "$2" >"$work/report" || code=$?
    [ $((code & 3)) -eq 0 ] || { cat "$work/report"; exit 70; }
    return $code
}

# The control: a library that lost a function is told from this one.
grep -q "name='carnet_release'" "$work/now.abi" || { echo "abi: no functions found in $library: has it debug information?"; exit 1; }
sed "/elf-symbol name='carnet_release'/d; /<function-decl name='carnet_release'/,/<\/function-decl>/d" "$work/now.abi" >"$work/less.abi"
code=0
compare "$work/now.abi" "$work/less.abi" || code=$?
[ $((code & 8)) -ne 0 ] || { echo "abi: a missing function was not noticed"; exit 1; }

code=0
: >"$work/report"
[ ! -e "$recorded" ] || compare "$recorded" "$work/now.abi" || code=$?
if [ $((code & 8)) -ne 0 ] || grep -qE 'offset changed|deletion|type changed|changed from [^0-9]' "$work/report"; then
    cat "$work/report"
    echo "abi: this breaks products: give structs members at their end only, and keep functions, or raise SOVERSION"
    exit 1
fi
if [ -n "$record" ]; then
    cp "$work/now.abi" "$recorded"
elif [ $code -ne 0 ] || [ ! -e "$recorded" ]; then
    cat "$work/report"
    echo "abi: what was added is not recorded yet: tests/abi/run.sh --record LIBRARY SOURCE"
    exit 1
fi
echo "abi: $(grep -c '<elf-symbol .*type=.func-type' "$work/now.abi") functions, as recorded"

#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what the tests need, builds with warnings as errors (gcc, clang, sanitizers), and runs all suites.
#
#   tests/run.sh          everything, in the short form
#   tests/run.sh quick    one build with gcc, for work in between
#   tests/run.sh long     everything, with the long form of the random tests
set -euo pipefail
cd "$(dirname "$0")/.."
form=${1:-all}
case $form in
all | quick) ;;
long) export CARNET_MUTATIONS=1000000 CARNET_LONG=1 ;;
*) echo "usage: tests/run.sh [quick|long]" >&2; exit 64 ;;
esac

tools/packages.sh build static tests
[ "$form" != long ] || tools/packages.sh long
jobs=$(nproc)
# A test that takes its result from the machine's own settings would pass here and fail elsewhere.
unset CARNET_STATE CARNET_HOME CARNET_TRUST CARNET_SYSROOT

heading() {
    printf '\n=== %s\n' "$*"
}

build() { # PRESET [TARGET]
    cmake --preset "$1" -G Ninja >"build/$1.log" 2>&1 || { cat "build/$1.log"; exit 1; }
    cmake --build --preset "$1" -j "$jobs" ${2:+--target "$2"}
}

mkdir -p build
if [ "$form" != quick ]; then
    heading "format and analysis"
    tests/style.sh
    heading "clang, warnings as errors"
    build test-clang
    ctest --preset test-clang -L unit -j "$jobs" --quiet
    heading "AddressSanitizer and UndefinedBehaviorSanitizer: every unit, the command line, every sample"
    build sanitizers
    ctest --preset sanitizers -R '^unit/|^cli/(common|inspect)|^conformance/inspect' -j "$jobs"
fi
if [ "$form" = long ]; then
    heading "ThreadSanitizer: several threads with one handle"
    build tsan unit_product_carnet
    ctest --preset tsan -R '^unit/product'
fi
heading "gcc, warnings as errors: all suites"
build test
ctest --preset test -j "$jobs" --output-junit results.xml
if [ "$form" = long ]; then
    heading "what products load is what it was; Debian packages in clean roots of Debian 12 and 13"
    tests/abi/run.sh build/test/format/libcarnet.so.1 "$PWD"
    if [ "$(id -u)" -eq 0 ]; then tests/packages/run.sh; else sudo tests/packages/run.sh; fi
fi

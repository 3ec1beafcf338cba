#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the fuzz harnesses with clang, AddressSanitizer and UndefinedBehaviorSanitizer, and runs each.
#
#   tests/fuzz/run.sh short              some seconds each, from the samples
#   tests/fuzz/run.sh long [SECONDS]     each for so long (120), on all cores, the corpus kept in build/fuzz/corpus
#
# A finding fails the run, and its input is in build/fuzz/findings: mend the parser, then put the input into
# tests/fuzz/found/HARNESS (or make a sample of it), where every later run begins with it.
set -euo pipefail
cd "$(dirname "$0")/../.."
form=${1:-short} seconds=${2:-120}
case $form in
short) seconds=${2:-3} jobs=1 ;;
long) jobs=$(nproc) ;;
*) echo "usage: tests/fuzz/run.sh [short|long] [SECONDS]" >&2; exit 64 ;;
esac
build=build/fuzz
mkdir -p $build
cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" -DCARNET_FUZZ=ON -DCARNET_TEST_SYSROOT=ON \
    -DCARNET_SANITIZE=fuzzer-no-link,address,undefined >$build/cmake.log 2>&1 || { cat $build/cmake.log; exit 1; }
cmake --build $build --target fuzzers >$build/build.log 2>&1 || { cat $build/build.log; exit 1; }

corpus=$build/corpus
[ "$form" = long ] || rm -rf $corpus
mkdir -p $corpus $build/findings
python3 -B tests/fuzz/seeds.py . $corpus $([ "$form" = long ] && echo 1048576 || echo 32768)
CARNET_SYSROOT=$(mktemp -d)
trap 'rm -rf "$CARNET_SYSROOT"' EXIT
mkdir -p "$CARNET_SYSROOT/etc/carnet/products.d"
export CARNET_SYSROOT
CARNET_FUZZ_ROOT=$(openssl pkey -pubin -in samples/keys/root.pem -outform DER | sha256sum | cut -d' ' -f1)
export CARNET_FUZZ_ROOT

failed=0 total=0
for harness in $build/tests/fuzz/fuzz_*; do
    [ -x "$harness" ] && [ -f "$harness" ] || continue
    name=${harness##*/fuzz_}
    log=$build/$name.log
    # With several jobs each has its own process, and one manifest must not be written by two.
    workers=$jobs
    [ "$name" != manifest ] || workers=1
    code=0
    if [ "$workers" -gt 1 ]; then
        "$harness" -fork="$workers" -ignore_crashes=0 -max_total_time="$seconds" -dict=tests/fuzz/carnet.dict -timeout=20 \
            -rss_limit_mb=2048 -artifact_prefix=$build/findings/"$name"- $corpus/"$name" >"$log" 2>&1 || code=$?
        runs=$(grep -oE '^#[0-9]+' "$log" | tail -1 | tr -d '#')
    else
        "$harness" -max_total_time="$seconds" -dict=tests/fuzz/carnet.dict -timeout=20 -rss_limit_mb=2048 -seed=1 \
            -print_final_stats=1 -artifact_prefix=$build/findings/"$name"- $corpus/"$name" >"$log" 2>&1 || code=$?
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    fi
    covered=$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)
    printf '%-10s %9s executions, %5s edges%s\n' "$name" "${runs:-0}" "${covered:-?}" "$([ $code -eq 0 ] || echo ", FINDING (exit $code)")"
    total=$((total + ${runs:-0}))
    if [ $code -ne 0 ] || [ "${runs:-0}" -eq 0 ]; then
        failed=1
        grep -E 'fuzz: |ERROR|SUMMARY|runtime error|Test unit' "$log" | head -20 || tail -20 "$log"
    fi
done
echo "fuzz: $total executions under the sanitizers in the $form form"
exit $failed

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A stick full of files that were made to do harm: the right outcome for each, little memory, and nothing raw on the
# terminal. Memory is asserted; times are told (in the output of bats), and asserted nowhere.

load helper

setup_file() {
    mkdir "$BATS_FILE_TMPDIR/stick"
    python3 -B "$CARNET_SOURCE/tests/cli/hostile.py" "$CARNET_SOURCE" "$BATS_FILE_TMPDIR/stick"
}

setup() {
    fresh
    stick=$BATS_FILE_TMPDIR/stick
    root=$CARNET_SOURCE/samples/keys/root.pem
    within=(python3 -B "$CARNET_SOURCE/tests/cli/within.py" 64)
}

# plain FILE: it holds printable characters and line ends alone, none of them hidden or directional.
plain() {
    LC_ALL=C grep -n $'[\001-\010\013-\037\177]' "$1" >&2 && return 1
    python3 - "$1" <<'END'
import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8").read()
bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and c != "\n"}
sys.exit(f"hidden characters: {bad}" if bad else 0)
END
}

@test "verify: all of it in one run, within 64 MiB, each with its outcome" {
    local code=0
    "${within[@]}" carnet-inspect verify --trust "$root" "$stick" >told 2>err || code=$?
    sed -n 's/^# /# verify: /p' err >&3
    [ "$code" -eq 30 ] || { cat err; false; }
    plain told
    # nothing but what was meant to be good is
    grep -c '^bug ' told && return 1
    [ "$(grep -c '^ok ' told)" -eq 7 ]
    [ "$(grep -c '^ok .*  license PRESS' told)" -eq 6 ]
    [ "$(grep -c '^ok .*  fingerprint of <script>alert(1)</script>, self-asserted$' told)" -eq 1 ] # plain text, and no more here
    for file in bomb.txt bomb-in-bomb.txt bomb-raw.carnet sparse.carnet sparse.txt.carnet one-line.txt.carnet \
        no-end.txt.carnet archives.carnet numbers.carnet deep.carnet deep-extension.carnet wide-attributes.carnet \
        wide-elements.carnet entities.carnet escape-00.carnet bidi-05.carnet; do
        grep -q "^malformed  .*/$file  " told || { grep "$file" told; false; }
    done
    grep -q '^ok  .*/\\x1b\[31m\.carnet  ' told
    grep -q '^ok  .*/line\\x0afeed\.carnet  ' told
    grep -q '^ok  .*/\\u{202e}\.carnet  ' told
}

@test "verify: the same as JSON, in ASCII" {
    local code=0
    "${within[@]}" carnet-inspect verify --json --trust "$root" "$stick" >told 2>err || code=$?
    [ "$code" -eq 30 ] || { cat err; false; }
    LC_ALL=C grep -n '[^ -~]' told && return 1
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <told
}

@test "show: each of the worst, within 64 MiB, and nothing raw" {
    for name in bomb.txt bomb-in-bomb.txt sparse.carnet no-end.txt.carnet archives.carnet deep.carnet deep-extension.carnet \
        wide-attributes.carnet wide-elements.carnet entities.carnet; do
        local code=0
        "${within[@]}" carnet-inspect show --trust "$root" "$stick/$name" >told 2>err || code=$?
        sed -n "s/^# /# show $name: /p" err >&3
        [ "$code" -eq 30 ] || { echo "$name: $code"; cat err; false; }
        plain told
        plain err
    done
}

@test "show: escape sequences in every field, and nothing raw" {
    for name in escape return bidi hidden c1 script delete; do
        for file in "$stick/$name"-0[0-4].carnet; do
            carnet-inspect show --trust "$root" "$file" >>told 2>>err || true
        done
    done
    plain told
    plain err
    [ "$(grep -c '^UNVERIFIED' told)" -gt 25 ]
}

@test "verify: a forged embedded bundle that is seen first does not condemn the genuine one of its id, nor the reverse" {
    mkdir "$BATS_TEST_TMPDIR/both"
    cd "$BATS_TEST_TMPDIR/both"
    for i in 1 3 5; do cp "$CARNET_SOURCE/samples/invalid/signature-of-embedded-altered.carnet" "$i.carnet"; done
    for i in 2 4 6; do cp "$CARNET_SOURCE/samples/valid/license-smallest.carnet" "$i.carnet"; done
    # both hold an entitlement of that one id
    inner() { tar -tf "$1" | grep '\.carnet$'; }
    [ "$(inner 1.carnet)" = "$(inner 2.carnet)" ]
    for files in "1 2 3 4 5 6" "6 5 4 3 2 1"; do
        local code=0
        # shellcheck disable=SC2086  # a list of names
        (for i in $files; do printf '%s.carnet\0' "$i"; done) | carnet-inspect verify --jobs 1 --trust "$root" --files0-from - >told 2>err || code=$?
        [ "$code" -eq 31 ]
        [ "$(sed -n 's/^\([a-z]*\) *\([0-9]\)\.carnet .*/\2 \1/p' told | sort | paste -sd ' ')" = \
            "1 altered 2 ok 3 altered 4 ok 5 altered 6 ok" ]
    done
}

@test "verify and report: the same bundle 10,000 times" {
    mkdir "$BATS_TEST_TMPDIR/same"
    cp "$CARNET_SOURCE/samples/valid/license-rich.carnet" "$BATS_TEST_TMPDIR/same/00000.carnet"
    (cd "$BATS_TEST_TMPDIR/same" && python3 -c 'import os
for i in range(1, 10000): os.link("00000.carnet", "%05d.carnet" % i)')
    "${within[@]}" carnet-inspect verify --trust "$root" "$BATS_TEST_TMPDIR/same" | tail -n 1 | grep '^10000 files: 10000 ok'
    "${within[@]}" carnet-inspect report --trust "$root" --json -o "$BATS_TEST_TMPDIR/same.html" "$BATS_TEST_TMPDIR/same" |
        jq -e '(.bundles | length) == 2 and .bundles[1].copies == 10000 and ([.anomalies[].name] == ["many-copies"]) and
            .anomalies[0].text == "10000 files are the same bundle, byte for byte."'
}

@test "verify: a million files (in the long form; else 30,000), most of them something else, in memory that stays flat" {
    mkdir "$BATS_TEST_TMPDIR/many"
    python3 - "$CARNET_SOURCE/samples/valid/license-rich.carnet" "$BATS_TEST_TMPDIR/many" "${CARNET_LONG:+1000000}" <<'END'
import os, sys
data = open(sys.argv[1], "rb").read()
count, links = int(sys.argv[3] or 30000), 30000  # a file system has a limit on the links of one file
os.chdir(sys.argv[2])
for i in range(count):
    ours, name = i % 10 == 0, "%07d" % i
    kind = ".carnet" if ours else ".txt"
    last = f"{i // links}{kind}-first"
    if not os.path.exists(last):
        with open(last, "wb") as file:
            file.write(data if ours else b"x")
    os.link(last, name + kind)
for name in os.listdir("."):
    if name.endswith("-first"):
        os.unlink(name)
END
    "${within[@]}" carnet-inspect verify --quiet --trust "$root" "$BATS_TEST_TMPDIR/many" 2>err
    sed -n 's/^# /# verify: /p' err >&3
    local count=${CARNET_LONG:+1000000}
    carnet-inspect verify --json --trust "$root" "$BATS_TEST_TMPDIR/many" | tail -n 1 |
        jq -e --argjson count "${count:-30000}" '.summary.files == $count / 10 and .summary.others == $count * 9 / 10 and .summary.outcomes.ok == $count / 10'
}

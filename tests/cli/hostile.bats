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

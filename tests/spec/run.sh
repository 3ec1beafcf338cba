#!/bin/bash
# SPDX-License-Identifier: MIT
# The examples of spec/format.md are true: each command of section 22 and of appendix A is typed in a fresh folder, and what
# it prints is compared with the lines that follow it. Then the claims of section 22 about forgeries are tried, and
# threats.md is held against the tests that exist.
#
#   run.sh            prints what differs; exits with 1 when something does
set -uo pipefail
export LC_ALL=C TZ=UTC
unset TAR_OPTIONS POSIXLY_CORRECT XMLLINT_INDENT
top=$(cd "$(dirname "$0")/../.." && pwd)
spec=$top/spec
samples=$top/samples
work=$(mktemp -d) || exit 74
trap 'rm -rf "$work"' EXIT
failed=0

for tool in tar sha256sum openssl xmllint cmp od awk stat; do
    command -v "$tool" >/dev/null || { echo "spec: $tool is not installed; this test needs it"; exit 1; }
done

fail() {
    echo "spec: $*"
    failed=1
}

# section FILE HEADING: the lines from that heading to the next one of its level.
section() {
    awk -v heading="$2" '
        index($0, heading) == 1 { inside = 1; print; next }
        inside && /^## / { exit }
        inside { print }' "$1"
}

# prepare FOLDER SAMPLE: a folder as the text describes it.
prepare() {
    mkdir "$1" && cp "$samples/$2" "$1/x.carnet" && cp "$spec/carnet-1.xsd" "$samples/keys/machine-private.pem" "$1/"
}

# type_commands DOCUMENT HEADING SAMPLE FOLDER: types the commands of a section; prints what differs, and their number.
# Commands share one shell, since one of them changes the folder.
type_commands() {
    prepare "$4" "$3" || return 1
    section "$1" "$2" | awk '
        /^    \$ / { count++; print substr($0, 7) >(folder "/" count ".command"); printf "" >(folder "/" count ".shown"); inside = 1; next }
        /^    / && inside { print substr($0, 5) >(folder "/" count ".shown"); next }
        { inside = 0 }
        END { print count + 0 }' folder="$work/typed" >"$work/count"
    read -r count <"$work/count"
    (
        cd "$4" || exit 1
        for number in $(seq "$count"); do
            # The colon keeps bash from running the last command in place of this shell.
            eval "$(cat "$work/typed/$number.command")"$'\n:' >"$work/typed/$number.printed" 2>&1
        done
    )
    for number in $(seq "$count"); do
        cmp -s "$work/typed/$number.shown" "$work/typed/$number.printed" && continue
        echo "this command prints something else than is shown: $(cat "$work/typed/$number.command")"
        diff "$work/typed/$number.shown" "$work/typed/$number.printed"
    done
    echo "commands: $count"
}

# examples HEADING SAMPLE LEAST: all commands of a section are true, and there are at least that many.
examples() {
    local said
    mkdir "$work/typed"
    said=$(type_commands "$spec/format.md" "$1" "$2" "$work/folder")
    rm -rf "$work/typed" "$work/folder"
    [ "${said##*commands: }" -ge "$3" ] || fail "$1 has only ${said##*commands: } commands"
    [ "${said%%commands: *}" = "" ] || fail "$1: ${said%commands: *}"
}
examples '## 22. ' valid/license-smallest.carnet 14
examples '## Appendix A' valid/fingerprint-smallest.carnet 24

# The control: with one digit changed, in a digest or in the dump, the comparison fails.
control() {
    local said
    mkdir "$work/typed"
    sed "$1" "$spec/format.md" >"$work/changed.md"
    cmp -s "$spec/format.md" "$work/changed.md" && fail "the control '$1' changes nothing"
    said=$(type_commands "$work/changed.md" '## Appendix A' valid/fingerprint-smallest.carnet "$work/folder")
    rm -rf "$work/typed" "$work/folder"
    [ "${said%%commands: *}" != "" ] || fail "the control '$1' is not noticed"
}
control 's/^    2aa6451e/    2aa6451f/'
control 's/^    0000112 30/    0000112 31/'
control 's/^    010760/    010761/'
control 's/^    d91db15f/    d91db15e/'

# Every digest that appendix A speaks of in its prose or tables is one that its commands show.
section "$spec/format.md" '## Appendix A' | grep -v '^    ' | grep -oE '\b[0-9a-f]{64}\b' | sort -u | while read -r digest; do
    section "$spec/format.md" '## Appendix A' | grep '^    ' | grep -q "$digest" || echo "$digest"
done >"$work/stray"
[ -s "$work/stray" ] && fail "digests that no command shows: $(tr '\n' ' ' <"$work/stray")"

# The annotated header: the bytes of each row of the table stand at its offset.
prepare "$work/header" valid/fingerprint-smallest.carnet
section "$spec/format.md" '### A.2' | grep -E '^\| `[0-9a-f]{2}' >"$work/rows"
[ "$(wc -l <"$work/rows")" -ge 12 ] || fail "the table of A.2 has only $(wc -l <"$work/rows") rows of bytes"
while IFS='|' read -r _ bytes at _; do
    bytes=$(grep -oE '\b[0-9a-f]{2}\b' <<<"${bytes%%,*}" | tr -d '\n')
    found=$(od -An -v -t x1 -j $((at)) -N $((${#bytes} / 2)) "$work/header/x.carnet" | tr -d ' \n')
    [ "$bytes" = "$found" ] || fail "A.2 says $bytes at $((at)); the file has $found"
done <"$work/rows"

# --- What section 22 says of forgeries.

# steps_2_3_5 FOLDER DOCUMENT: do the steps that a forgery passes hold?
steps_2_3_5() {
    (cd "$1" && tar -xf x.carnet && sha256sum -c --strict SHA256SUMS &&
        openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig &&
        xmllint --noout --nonet --schema carnet-1.xsd "$2") >/dev/null 2>&1
}
# is_complete FOLDER: step 1, as it is compared by hand.
is_complete() {
    { printf 'mimetype\nSHA256SUMS\nSHA256SUMS.sig\n' && tail -n +2 "$1/SHA256SUMS" | cut -c67-; } | cmp -s - <(tar -tf "$1/x.carnet")
}
# is_of_issuer FOLDER: step 4, for a license.
is_of_issuer() {
    local key issuer
    key=$(openssl pkey -pubin -in "$1/signer.pem" -outform DER | sha256sum | cut -c1-64)
    mkdir "$1/inner" && tar -C "$1/inner" -xf "$1"/????????????????????????????????????????????????????????????????.carnet
    issuer=$(grep -o 'issuer key="[0-9a-f]*"' "$1/inner/entitlement.xml" | cut -d'"' -f2)
    [ "$key" = "$issuer" ]
}
prepare "$work/genuine" valid/license-rich.carnet
steps_2_3_5 "$work/genuine" license.xml && is_complete "$work/genuine" && is_of_issuer "$work/genuine" ||
    fail "the genuine license does not pass the steps"
prepare "$work/unlisted" invalid/container-second-document-unlisted.carnet
steps_2_3_5 "$work/unlisted" license.xml || fail "the forgery with an unlisted document does not pass steps 2, 3 and 5"
is_complete "$work/unlisted" && fail "step 1 does not catch the unlisted document"
prepare "$work/stranger" invalid/trust-license-by-a-stranger-on-genuine-rich-entitlement.carnet
steps_2_3_5 "$work/stranger" license.xml && is_complete "$work/stranger" || fail "the stranger's license does not pass steps 1, 2, 3 and 5"
is_of_issuer "$work/stranger" && fail "step 4 does not catch the stranger's license"

# The text form by hand (section 17), with the command as it stands there.
by_hand=$(section "$spec/format.md" '## 17. ' | sed -n 's/^By hand: `\(.*\)`\.$/\1/p')
prepare "$work/text" valid/license-rich.carnet
cp "$samples/valid/license-text.txt" "$work/text/x.txt"
mv "$work/text/x.carnet" "$work/text/wanted"
(cd "$work/text" && eval "$by_hand"$'\n:' && cmp x.carnet wanted) >/dev/null 2>&1 || fail "the command of section 17 does not give the bundle"

# --- Every requirement is one item of a list, its id is given once, and they have no holes.
grep -oE '^- \*\*[A-Z]-[0-9]+\*\*' "$spec/format.md" | grep -oE '[A-Z]-[0-9]+' | sort >"$work/ids"
twice=$(uniq -d "$work/ids")
[ -z "$twice" ] || fail "ids given twice: $twice"
for letter in $(cut -d- -f1 "$work/ids" | sort -u); do
    most=$(grep "^$letter-" "$work/ids" | cut -d- -f2 | sort -n | tail -1)
    [ "$(grep -c "^$letter-" "$work/ids")" -eq "$most" ] || fail "the ids of $letter have holes"
done
for id in $(grep -hoE '\b[A-Z]-[0-9]+\b' "$spec/format.md" "$spec/threats.md" "$spec/privacy.md" | grep -vE '^(SHA|A-Z|UTF|FIPS|SPKI|L|Y)-' | sort -u); do
    grep -qx "$id" "$work/ids" || fail "$id is spoken of, and is no requirement"
done

# --- threats.md: every promise names tests that exist, as FILE:WORDS or FOLDER:WORDS.
section "$spec/threats.md" '## Promises' | grep -E '^\| P[0-9]+ ' >"$work/promises"
[ "$(wc -l <"$work/promises")" -ge 15 ] || fail "threats.md has only $(wc -l <"$work/promises") promises"
while IFS='|' read -r _ promise _ tests _; do
    named=0
    while read -r test; do
        named=$((named + 1))
        file=${test%%:*} name=${test#*:}
        if [ ! -e "$top/$file" ]; then
            fail "threats.md,$promise: there is no $file"
        elif [ "$name" != "$test" ] && ! grep -rqF -- "$name" "$top/$file"; then
            fail "threats.md,$promise: $file holds no '$name'"
        fi
    done < <(grep -oE '`[^`]+`' <<<"$tests" | tr -d '`')
    [ "$named" -gt 0 ] || fail "threats.md,$promise names no test"
done <"$work/promises"

[ $failed -eq 0 ] && echo "spec: $(wc -l <"$work/ids") requirements, $(wc -l <"$work/promises") promises; the examples are true"
exit $failed

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-inspect report: what many files say together.

load helper
load report_helper

@test "report: who has which seat, what came back, and the page says so without its script" {
    story
    expect ok 0 carnet-inspect report --trust acme.pem --journal j.carnet -o r.html --json s
    jq -e '.licenses[0].license == "CAD-1" and .licenses[0].seats == 5 and .page == "r.html" and
        ([.licenses[0].grants[] | .label + " " + .state] | sort) == ["ward-1 active", "ward-2 ended", "ward-3 returned"] and
        ([.licenses[0].grants[] | select(.label == "ward-2") | .end] == ["freed"]) and
        ([.anomalies[].name] == ["not-freed"]) and .examined.files == (.files | length) and
        (.timeline | map(.at)) == (.timeline | map(.at) | sort)' "$BATS_TEST_TMPDIR/out"
    sed 's/<script.*//' r.html >static
    for words in 'Seats of CAD-1' 'ward-1' '<span class="b good">active</span>' 'journal, position 1<' 'default-src .none.' \
        'Acme sold cad to City Hospital: 5 seats, offline use allowed, without an end' 'sha256sum -c --strict SHA256SUMS'; do
        grep -q -- "$words" static || { echo "no $words"; false; }
    done
    grep -Eq '(src|href)="[^#"]' r.html && return 1
    # the lines of digests are what sha256sum takes
    sed -n '/Show the lines/,/<\/code>/p' r.html | sed 's/.*<code>//; s/<\/code>.*//' | grep -v '^#' | sha256sum -c --quiet -
    expect exists 73 carnet-inspect report --trust acme.pem -o r.html s
    expect ok 0 carnet-inspect report --trust acme.pem -o r.html --force s
    says '^r\.html$' "13 files, 1 license; anomalies: 0 serious, 0 to look at, 1 noted\."
}

@test "report: what is odd about all of it together" {
    story
    # a copied machine state signs two files with one number
    CARNET_SYSROOT=$PWD/m1 CARNET_STATE=$PWD/m1/copy carnet-user release cad/nothing -y >/dev/null 2>&1 || true
    CARNET_SYSROOT=$PWD/m1 CARNET_STATE=$PWD/m1/copy carnet-user fingerprint --product cad --label twin -o s/twin.carnet >/dev/null 2>&1
    cp s/l1.carnet s/again.carnet
    expect ok 0 carnet-inspect report --trust acme.pem --json s
    jq -e '[.anomalies[] | .grade + " " + .name] | unique == ["note many-copies", "note not-freed", "serious clone"]' "$BATS_TEST_TMPDIR/out"
    # a ledger that was put back gives a seat once more, with the same key
    cp -r "$CARNET_HOME" before
    CARNET_SYSROOT=$PWD/m1 CARNET_STATE=$PWD/other carnet-user trust add -y acme.pem >/dev/null 2>&1
    mkdir -p m8/etc m9/etc
    printf '%032x\n' 88 >m8/etc/machine-id
    printf '%032x\n' 99 >m9/etc/machine-id
    for i in 8 9; do
        export CARNET_SYSROOT=$PWD/m$i CARNET_STATE=$PWD/m$i/state
        carnet-user trust add -y acme.pem >/dev/null 2>&1
        carnet-user fingerprint --product cad --label "ward-$i" -o "s/f$i.carnet" >/dev/null 2>&1
    done
    carnet-admin assign s/f8.carnet -o s/l8.carnet >/dev/null 2>&1
    carnet-admin journal export -o s/j8.carnet >/dev/null 2>&1
    CARNET_HOME=$PWD/before carnet-admin assign s/f9.carnet -o s/l9.carnet >/dev/null 2>&1
    expect ok 0 carnet-inspect report --trust acme.pem --json s
    jq -e '[.anomalies[] | select(.grade == "serious") | .name] | unique == ["clone", "journal-forked", "seat-twice"]' "$BATS_TEST_TMPDIR/out"
    expect ok 0 carnet-inspect report --trust acme.pem --json --at 2026-12-20 s
}

@test "verify --anomalies: files that are right one by one, and contradict each other" {
    story
    expect ok 0 carnet-inspect verify --trust acme.pem --anomalies s
    says "^anomaly \(note\)      not-freed  .*\[s/" "; anomalies: 0 serious, 0 to look at, 1 noted$"
    # one by one nothing is wrong; a copied machine state and a seat given twice show together alone
    CARNET_SYSROOT=$PWD/m1 CARNET_STATE=$PWD/m1/copy carnet-user fingerprint --product cad --label twin -o s/twin.carnet >/dev/null 2>&1
    expect ok 0 carnet-inspect verify --trust acme.pem s
    not_says "anomaly"
    expect forked 53 carnet-inspect verify --trust acme.pem --anomalies s
    says "^anomaly \(serious\)   clone  The machine key [0-9a-f]{16} signed two files with number" \
        "; anomalies: 1 serious, 0 to look at, 1 noted$" "^carnet-inspect: forked: The machine key .*\[s/"
    expect forked 53 carnet-inspect verify --trust acme.pem --anomalies --json s
    jq -s -e '.[-1] | .outcome == "forked" and .exit == 53 and (.anomalies | map(.name)) == ["clone", "not-freed"] and
        .anomalies[0].outcome == "forked" and .anomalies[0].grade == "serious" and (.anomalies[0].files | length) == 2 and
        (.anomalies[0].files[0] | startswith("s/")) and .anomalies[1].outcome == null' "$BATS_TEST_TMPDIR/out"
    # a file that is worse by itself is what the run ends with
    head -c 1000 s/l1.carnet >s/cut.carnet
    expect forked 53 carnet-inspect verify --trust acme.pem --anomalies s
    expect no-input 66 carnet-inspect verify --trust acme.pem --anomalies s nothing.carnet
    says "; anomalies: 1 serious"
}

@test "report: what the vendor revokes is void, and trust information that was not given is told" {
    story
    cp -r "$CARNET_HOME" again
    issuer=$(carnet-admin key list --json | jq -r '.keys[] | select(.role == "issuer").id')
    carnet-admin trust publish --revoke-key "$issuer" --valid s/l1.carnet -y -o t.carnet >/dev/null 2>&1
    cp t.carnet s/
    expect ok 0 carnet-inspect report --trust acme.pem --json s
    jq -e '[.anomalies[] | select(.name == "trust-not-given") | .grade + " " + .text] | length == 1 and
        (.[0] | startswith("look The vendor") and endswith("give the newest one with --trust."))' "$BATS_TEST_TMPDIR/out"
    expect revoked 17 carnet-inspect report --trust s/t.carnet --json -o r.html s
    jq -e '([.anomalies[].name] | index("trust-not-given") == null) and
        ([.anomalies[] | select(.name == "revoked-key") | .grade] | unique == ["serious"]) and
        ([.licenses[0].grants[] | .label + " " + .state] | sort) == ["ward-1 active", "ward-2 void", "ward-3 void"] and
        ([.files[] | select(.outcome == "revoked") | .file] | index("s/l2.carnet") != null and index("s/l1.carnet") == null)' "$BATS_TEST_TMPDIR/out"
    grep -q '<span class="b bad">void</span></td><td class="w">ward-2' r.html
    expect revoked 17 carnet-inspect verify --trust s/t.carnet --anomalies --json s
    jq -s -e '.[-1].anomalies | map(select(.name == "revoked-key" and .outcome == "revoked")) | length >= 2' "$BATS_TEST_TMPDIR/out"
}

@test "a journal segment missing in the middle is told, by verify and by report" {
    story
    last=$(carnet-inspect show --trust acme.pem --json j.carnet | jq '.chain[0].document.segment.last | tonumber')
    for i in 4 5 6; do
        mkdir -p "m$i/etc"
        printf '%032x\n' "$i$i" >"m$i/etc/machine-id"
        export CARNET_SYSROOT=$PWD/m$i CARNET_STATE=$PWD/m$i/state
        carnet-user trust add -y acme.pem
        carnet-user fingerprint --product cad --label "ward-$i" -o "f$i.carnet"
        carnet-admin assign "f$i.carnet" -o "l$i.carnet"
    done >/dev/null 2>&1
    carnet-admin journal export --since "$((last + 3))" -o after.carnet >/dev/null 2>&1
    words="events $((last + 1)) to $((last + 2))"
    expect ok 0 carnet-inspect verify --trust acme.pem --journal j.carnet --journal after.carnet s/l1.carnet
    says "the journal has a gap: the $words were not given\.$"
    expect ok 0 carnet-inspect verify --trust acme.pem --json --journal after.carnet --journal j.carnet s/l1.carnet
    jq -s -e --argjson last "$last" '.[-1].journal == {"segments": 2, "gaps": [{"first": ($last + 1), "last": ($last + 2)}]}' "$BATS_TEST_TMPDIR/out"
    expect ok 0 carnet-inspect report --trust acme.pem --json s j.carnet after.carnet
    jq -e --arg words "$words" '[.anomalies[] | select(.name == "journal-gap") | .text] | length == 1 and (.[0] | contains($words))' "$BATS_TEST_TMPDIR/out"
}

@test "report: a journal segment missing at the beginning is told" {
    expect ok 0 carnet-inspect report --trust "$root" --json --journal "$samples/valid/journal-segment-6-to-12.carnet" "$samples/valid/license-rich.carnet"
    jq -e '[.anomalies[] | select(.name == "journal-gap") | .text] | length == 1 and (.[0] | test("events 1 to 5 "))' "$BATS_TEST_TMPDIR/out"
}

@test "report: every sample, valid or not; a line a file as CSV" {
    expect ok 0 carnet-inspect report --trust "$root" --json "$samples/valid"
    local code=0
    carnet-inspect report --trust "$root" --csv "$samples" >table 2>err || code=$?
    [ "$code" -gt 1 ]
    python3 -c '
import csv, sys
rows = list(csv.reader(open("table", newline="")))
assert len({len(r) for r in rows}) == 1 and len(rows) > 500, len(rows)
assert not any(c[:1] in ("=", "+", "-", "@") for r in rows for c in r)'
}

@test "report: script injection in every field, and in the names of files" {
    mkdir stick
    python3 -B "$CARNET_SOURCE/tests/cli/hostile.py" "$CARNET_SOURCE" stick
    rm -f stick/sparse* stick/bomb* # others try them
    cp "$samples/valid/license-rich.carnet" 'stick/<script>owned=1<|script>.carnet'
    cp "$samples/valid/license-rich.carnet" 'stick/" onmouseover="owned=1.carnet'
    cp "$samples/valid/license-rich.carnet" 'stick/--><img src=x onerror=owned=1>.carnet'
    cp "$samples/valid/license-rich.carnet" $'stick/\033[2J\xff\u202e.carnet'
    # what verifies is shown in more places
    mkdir stick/vouched
    python3 -B "$CARNET_SOURCE/tests/cli/hostile.py" "$CARNET_SOURCE" stick/vouched vouched
    expect ok 0 carnet-inspect verify --trust "$root" stick/vouched
    says "^4 files: 4 ok"
    local code=0
    carnet-inspect report --trust "$root" -o r.html --json stick >told 2>err || code=$?
    [ "$code" -eq 30 ]
    expect ok 0 carnet-inspect report --trust "$root" -o v.html --json stick/vouched
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" <told
    LC_ALL=C grep -n $'[\001-\010\013-\037\177]' r.html && return 1
    python3 - <<'PY'
import html.parser
allowed = set("html head meta title style body a svg defs path marker header p h1 dl div dt dd nav ul li main section h2 h3 b em rect use article g "
              "text table caption thead tr th tbody td span code pre details summary footer script".split())
class Held(html.parser.HTMLParser):
    def handle_starttag(self, tag, attrs):
        assert tag in allowed, tag
        assert not any(name.startswith("on") or name in ("src", "style") for name, _ in attrs), attrs
        assert all((value or "").startswith("#") for name, value in attrs if name == "href"), attrs
        self.seen = getattr(self, "seen", []) + ([tag] if tag == "script" else [])
held = Held()
text = open("r.html", encoding="utf-8").read()
held.feed(text)
assert held.seen == ["script", "script"], held.seen
assert "\u202e" not in text and "&lt;script&gt;" in text
text = open("v.html", encoding="utf-8").read()
held = Held()
held.feed(text)
assert held.seen == ["script", "script"], held.seen
for words in (" sold press workshop to &lt;script&gt;owned=1&lt;/script&gt;&lt;img ", '<td class="w">&lt;script&gt;owned=1&lt;/script&gt;'):
    assert words in text, words
PY
}

@test "report: refusals, and nothing is written" {
    expect usage 64 carnet-inspect report "$samples/valid"
    says "Say where the report goes"
    expect usage 64 carnet-inspect report --csv --json "$samples/valid"
    expect usage 64 carnet-inspect report -o r.html
    mkdir none
    expect no-input 66 carnet-inspect report -o r.html none
    [ ! -e r.html ]
    expect configuration 78 carnet-inspect report -o r.html --trust "$samples/valid/license-rich.carnet" "$samples/valid"
    [ ! -e r.html ]
    ln -s nowhere link.html
    expect exists 73 carnet-inspect report -o link.html --trust "$root" "$samples/valid/license-rich.carnet"
    [ ! -e nowhere ]
    expect ok 0 carnet-inspect report -n -o r.html --trust "$root" "$samples/valid/license-rich.carnet"
    [ ! -e r.html ]
    # where it can't be written, or what is printed can't be
    expect no-input 66 carnet-inspect report -o nowhere/r.html --trust "$root" "$samples/valid/license-rich.carnet"
    says "The report can't be written: No such file or directory\. \[nowhere/r\.html\]$"
    mkdir folder
    expect io-error 74 carnet-inspect report -o folder --force --trust "$root" "$samples/valid/license-rich.carnet"
    for how in --json --csv; do
        local code=0
        carnet-inspect report $how --trust "$root" "$samples/valid/license-rich.carnet" >/dev/full 2>err || code=$?
        [ "$code" -eq 74 ]
        grep -q "^carnet-inspect: io-error: The result can't be written: " err
    done
    [ -z "$(find . -name '.carnet-*' -not -name '.carnet-*.bash')" ]
    # what is in the cage stays there
    echo "carnet-test-try open" >open.carnet
    expect bug 70 carnet-inspect report -o r.html --trust "$root" open.carnet "$samples/valid/license-rich.carnet"
    grep -q 'tried what the cage forbids' r.html
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# Verifies a carnet bundle, or its text form, with stock tools only, from your own root key down through everything it
# embeds. Prints each step with its command, so that you can do the same by hand.
#
#   verify.sh --root ROOT.pem FILE
#
# The last line is "OUTCOME CLAUSE sentence"; the exit status is the outcome's (format.md, section 20).
# Needs tar, sha256sum, openssl, xmllint, cmp, od, awk, grep, base64, gzip. What only arithmetic on the curve can tell (K-3,
# K-5 for keys of mixed order, K-4 for a short x) it cannot see.
# Nothing of the file is ever run, used as a path or written anywhere but under fixed names in a fresh folder.
set -u
umask 077
LC_ALL=C
XML_CATALOG_FILES=
export LC_ALL XML_CATALOG_FILES
unset TAR_OPTIONS GZIP POSIXLY_CORRECT XMLLINT_INDENT
ulimit -f 8192 # no file above 4 MiB, whatever an archive claims to hold

usage() {
    echo "usage: verify.sh --root ROOT.pem FILE" >&2
    exit 64
}
root=
if [ $# -ge 2 ] && [ "$1" = --root ]; then
    root=$2
    shift 2
fi
[ "${1-}" != -- ] || shift
if [ -z "$root" ] || [ $# -ne 1 ]; then
    usage
fi
file=$1
case $0 in
*/*) schema=${0%/*}/carnet-1.xsd ;;
*) schema=./carnet-1.xsd ;;
esac

for tool in tar sha256sum openssl xmllint cmp od awk grep base64 gzip; do
    command -v "$tool" >/dev/null || { echo "verify.sh: $tool is not installed" >&2; exit 78; }
done
for needed in "$schema" "$root" "$file"; do
    if [ ! -f "$needed" ] || [ ! -r "$needed" ]; then
        printf 'verify.sh: cannot read %s\n' "$needed" >&2
        exit 66
    fi
done
work=$(mktemp -d) || exit 74
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# step SENTENCE COMMAND: what is done, and how to do it by hand.
step() {
    printf '%s\n    $ %s\n' "$1" "$2"
}

# finish OUTCOME CLAUSE SENTENCE
finish() {
    case $1 in
    ok) code=0 ;; expired) code=11 ;; not-yet-valid) code=12 ;; malformed) code=30 ;; altered) code=31 ;;
    untrusted-key) code=32 ;; newer-format) code=34 ;; not-vouched) code=35 ;; wrong-vendor) code=36 ;;
    beyond-entitlement) code=39 ;; forked) code=53 ;; *) code=70 ;;
    esac
    printf '%s %s %s\n' "$1" "$2" "$3"
    exit "$code"
}

# awk_verdict FILE: what an awk program found wrong, as "OUTCOME CLAUSE sentence"; nothing when all holds.
awk_verdict() {
    if [ -s "$1" ]; then
        read -r outcome clause sentence <"$1"
        finish "$outcome" "$clause" "$sentence"
    fi
}

# --- the text form (section 17)

# unarmour: $work/input holds text; leaves the bundle in $work/bundle and the label in $work/label.
unarmour() {
    step "The file is no archive: it is searched for a block of text." "sed -n '/BEGIN CARNET/,/END CARNET/p' FILE | base64 -d | gzip -dc >bundle"
    tr '\r' '\n' <"$work/input" >"$work/lines"
    awk -v label="$work/label" -v text="$work/base64" '
        function bad(clause, why) { print "malformed " clause " " why; failed = 1; exit }
        NR == 1 { sub(/^\357\273\277/, "") }
        { sub(/^[> \t\v\f]+/, ""); sub(/[ \t\v\f]+$/, "") }
        /^-----BEGIN CARNET [A-Z]+-----$/ && length($0) <= 55 { if (begun++) bad("A-5", "more than one block"); kind = substr($0, 19, length($0) - 23); next }
        begun && !ended && /^-----END CARNET [A-Z]+-----$/ && length($0) <= 53 {
            if (substr($0, 17, length($0) - 21) != kind) bad("A-5", "the two labels differ")
            ended = 1
            next
        }
        begun && !ended { gsub(/[ \t\v\f]/, ""); printf "%s", $0 >text }
        END {
            if (failed) exit
            if (!begun) bad("A-6", "neither a bundle nor its text form")
            if (!ended) bad("A-1", "the block does not end")
            printf "" >text
            print tolower(kind) >label
        }' "$work/lines" >"$work/verdict"
    awk_verdict "$work/verdict"
    base64 -d "$work/base64" >"$work/member" 2>/dev/null || finish malformed A-1 "The block is not base64."
    base64 -w0 "$work/member" | cmp -s - "$work/base64" || finish malformed A-1 "The base64 has stray bits."
    [ "$(od -An -v -tx1 -N4 "$work/member")" = " 1f 8b 08 00" ] || finish malformed A-2 "Not a gzip member without optional fields."
    gzip -dc <"$work/member" >"$work/bundle" 2>/dev/null || finish malformed A-2 "The gzip member is damaged, too large, or not alone."
    size=$(wc -c <"$work/bundle")
    [ "$size" -le 1048576 ] || finish malformed A-2 "The content is larger than 1 MiB."
    said=$(tail -c 4 "$work/member" | od -An -v -tu1 | awk '{ print $1 + 256 * ($2 + 256 * ($3 + 256 * $4)) }')
    [ "$said" = "$size" ] || finish malformed A-2 "The gzip member is not alone, or says another size."
}

# --- container, signature, digests (sections 3 to 6)

# unpack: takes apart $bundle into $d/e; sets kind, major, embedded (how many) and named (the first).
unpack() {
    step "Level $level: the bundle has to hold the allowed entries, in order, each a plain file." "tar -tvf bundle"
    TZ=UTC0 tar -tvf - <"$bundle" >"$d/listing" 2>"$d/errors" || finish malformed C-4 "tar cannot list the archive."
    [ ! -s "$d/errors" ] || finish malformed C-4 "tar finds fault with the archive."
    # The names are written out only when all of them are harmless, and all entries plain files of a bounded size.
    awk -v names="$d/names" '
        function bad(clause, why) { print "malformed " clause " " why; failed = 1; exit }
        BEGIN { split("mimetype SHA256SUMS SHA256SUMS.sig signer.pem", fixed, " ") }
        {
            if (!match($0, /^-rw-r--r-- 0\/0 +[0-9]+ 1970-01-01 00:00 /)) bad("C-5", "entry " NR " is not a plain file with the one header")
            name = substr($0, RLENGTH + 1)
            size = $3 + 0
        }
        NR < 5 && name != fixed[NR] { bad("C-2", "entry " NR " is not " fixed[NR]) }
        NR == 5 && (name !~ /^[a-z]+[.]xml$/ || length(name) > 36) { bad("C-2", "entry 5 is not a document") }
        NR > 5 && (name !~ /^[0-9a-f]+[.]carnet$/ || length(name) != 71) { bad("C-3", "entry " NR " has a name that is not allowed") }
        NR > 6 && (name "") <= (before "") { bad("C-3", "embedded bundles are not in order") }
        NR == 70 { bad("C-3", "more than 64 embedded bundles") }
        size == 0 { bad("C-8", "an entry is empty") }
        NR == 1 { list = size "\n" }
        NR == 3 && size != 64 { bad("S-1", "the signature is not 64 bytes") }
        NR == 4 && size != 113 { bad("K-1", "signer.pem is not 113 bytes") }
        size > 1048576 { bad("C-4", "an entry is larger than the file") }
        NR == 2 && size > 16384 { bad("C-8", "SHA256SUMS is too large") }
        NR == 5 && size > 262144 { bad("C-8", "the document is too large") }
        { before = name; list = list name "\n" }
        END {
            if (failed) exit
            if (NR < 5) bad("C-2", "entries are missing")
            printf "%s", list >names
        }' "$d/listing" >"$d/verdict"
    awk_verdict "$d/verdict"
    tar -xf - -C "$d/e" <"$bundle" 2>/dev/null || finish malformed C-4 "tar cannot read the archive."
    set --
    {
        read -r size
        while read -r name; do
            set -- "$@" "$name"
        done
    } <"$d/names"
    kind=${5%.xml}
    embedded=$(($# - 5))
    named=${6-}
    step "Packed again from names and contents alone, it has to be the same file." \
        "tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -cf again NAMES && cmp again bundle"
    tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -C "$d/e" -cf - "$@" 2>/dev/null |
        cmp -s - "$bundle" || finish malformed C-5 "The archive is not in its one form."
    if IFS= read -r type <"$d/e/mimetype" || [ "${#type}" -ne "$size" ]; then
        finish malformed C-7 "The media type is not alone in its entry."
    fi
    major=${type#"application/vnd.carnet.$kind;version="}
    case $major in '' | 0* | *[!0-9]* | ?????*) finish malformed C-7 "The media type is not that of the document." ;; esac
}

# key_bytes PEM DER: takes the bytes out of a key that is in its one form (of 113 bytes): 59 characters of base64 without
# stray bits, then one =.
key_bytes() {
    { IFS= read -r head && IFS= read -r body && IFS= read -r foot; } <"$1" || return 1
    [ "$head" = '-----BEGIN PUBLIC KEY-----' ] && [ "$foot" = '-----END PUBLIC KEY-----' ] && [ "${#body}" -eq 60 ] || return 1
    case $body in
    *[!A-Za-z0-9+/=]* | *=?*) return 1 ;;
    *[AEIMQUYcgkosw048]=) ;;
    *) return 1 ;;
    esac
    base64 -d >"$2" 2>/dev/null <<END
$body
END
}

# signature: the forms of signature and key, then the signature itself.
signature() {
    step "The signer's key, in its one form." "openssl pkey -pubin -in signer.pem -outform DER -out der"
    key_bytes "$d/e/signer.pem" "$d/der" || finish malformed K-1 "signer.pem is not in its one form."
    step "Signature and key have to be of honest form: S below the order, R not the identity, y below the prime." \
        "od -An -v -tx1 SHA256SUMS.sig der"
    od -An -v -tx1 "$d/e/SHA256SUMS.sig" "$d/der" | awk '
        function bad(clause, why) { print "malformed " clause " " why; exit }
        # Bytes the other way round, as a number reads.
        function number(hex,   i, out) { for (i = 1; i < length(hex); i += 2) out = substr(hex, i, 2) out; return out }
        function masked(hex) { return substr("0123456701234567", index("0123456789abcdef", substr(hex, 1, 1)), 1) substr(hex, 2) }
        { gsub(/ /, ""); all = all $0 }
        END {
            sig = substr(all, 1, 128)
            der = substr(all, 129)
            if ("x" number(substr(sig, 65)) >= "x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed") bad("S-2", "S is not below the order")
            if ("x" masked(number(substr(sig, 1, 64))) == "x0000000000000000000000000000000000000000000000000000000000000001") bad("S-3", "R is the identity")
            if (length(der) != 88 || substr(der, 1, 24) != "302a300506032b6570032100") bad("K-1", "not an Ed25519 key")
            y = "x" masked(number(substr(der, 25)))
            if (y >= "x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec") bad("K-2", "y is not below p - 1")
            if (substr(y, 2, 16) == "0000000000000000") bad("K-4", "y is short")
            if (y == "x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7" ||
                y == "x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826") bad("K-5", "the key is of small order")
        }' >"$d/verdict"
    awk_verdict "$d/verdict"
    step "The signature has to be the signer's, over the exact bytes of SHA256SUMS." \
        "openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig"
    openssl pkeyutl -verify -pubin -inkey "$d/e/signer.pem" -rawin -in "$d/e/SHA256SUMS" -sigfile "$d/e/SHA256SUMS.sig" >/dev/null 2>&1 ||
        finish altered S-4 "The signature is not of these checksum lines."
}

# digests: SHA256SUMS has to be what sha256sum writes, and nothing else; sets id and key.
digests() {
    step "SHA256SUMS has to be exactly what sha256sum writes for the other entries." "sha256sum mimetype signer.pem $kind.xml ... | cmp - SHA256SUMS"
    set -- mimetype signer.pem "$kind.xml"
    while read -r name; do
        case $name in *.carnet) set -- "$@" "$name" ;; esac
    done <"$d/names"
    (cd "$d/e" && exec sha256sum SHA256SUMS ../der "$@") >"$d/digests"
    {
        read -r id rest
        read -r key rest
        while IFS= read -r line; do
            printf '%s\n' "$line"
        done >"$d/sums"
    } <"$d/digests"
    printf '%s %s\n' "$id" "$key" >"$d/ids"
    if ! cmp -s "$d/sums" "$d/e/SHA256SUMS"; then
        sed 's/^[0-9a-f]\{64\}  /  /' "$d/sums" >"$d/lines"
        sed 's/^[0-9a-f]\{64\}  /  /' "$d/e/SHA256SUMS" | cmp -s - "$d/lines" || finish malformed H-1 "SHA256SUMS is not one line for every entry, in order."
        finish altered H-2 "An entry is not what was signed."
    fi
    printf '    %s, id %s\n    signed by %s\n' "$kind" "$id" "$key"
}

# --- documents (section 9)

# document KIND: reads $d/e/KIND.xml into $d/fields and $d/lists.
document() {
    xml=$d/e/$1.xml
    step "The document of level $level: its bytes, before a parser sees them." "grep -n '<[!?]' $1.xml"
    ! grep -qa '[[:cntrl:]]' "$xml" || finish malformed X-2 "A control character."
    awk '
        function bad(clause, why) { print "malformed " clause " " why; failed = 1; exit }
        NR == 1 { if ($0 != "<?xml version=\"1.0\" encoding=\"UTF-8\"?>") bad("X-1", "the XML declaration is not the one allowed"); next }
        /<[?]/ { bad("X-1", "a processing instruction") }
        /<!/ { bad("X-3", "a document type, comment or CDATA section") }
        {
            pieces = split($0, piece, "&")
            for (i = 2; i <= pieces; i++) if (piece[i] !~ /^(amp|lt|gt|quot|apos);/) bad("X-4", "an ampersand that begins no known entity")
            pieces = split($0, piece, "<")
            if (piece[1] ~ />/) bad("X-5", "a > outside a tag")
            for (i = 2; i <= pieces; i++) {
                end = index(piece[i], ">")
                if (!end || index(substr(piece[i], end + 1), ">")) bad("X-5", "a tag that does not end in its line")
                if (end + 1 > 4096) bad("X-5", "a tag of more than 4,096 bytes")
                if (substr(piece[i], 1, 1) == "/") depth--
                else if (++depth > 16) bad("X-6", "elements nested deeper than 16")
                else if (substr(piece[i], end - 1, 1) == "/") depth--
                rest = substr(piece[i], end + 1)
            }
            if (pieces < 2) rest = rest $0
        }
        END { if (!failed && rest != "") bad("X-7", "something after the root element") }' "$xml" >"$d/verdict"
    awk_verdict "$d/verdict"
    step "It has to be well-formed and valid by the schema beside this script; what it says is read by exact path." \
        "xmllint --noout --nonet --pedantic --schema carnet-1.xsd --xpath 'string(/*/*[local-name()=\"vendor\"]/@id)' $1.xml"
    xmllint --noout --nonet --pedantic --schema "$schema" --xpath "$query" "$xml" >"$d/fields" 2>"$d/said"
    valid=$?
    # xmllint exits with 0 on faults of namespaces, which it only says; so it may say nothing but this.
    {
        IFS= read -r said && [ "$said" = "$xml validates" ] && ! IFS= read -r said || [ "$valid" -ne 0 ] || valid=1
    } <"$d/said"
    case $valid in
    0) ;;
    1) finish malformed X-7 "The document is not well-formed." ;;
    *) finish malformed X-9 "The document is not valid by the schema." ;;
    esac
    case $1 in
    release | receipt | journal | clockrequest | clock | keyrequest | trust) : >"$d/lists" ;; # these have none
    *) xmllint --nonet --xpath "$list_query" "$xml" >"$d/lists" 2>/dev/null || finish malformed X-7 "The document cannot be read." ;;
    esac
    awk -v kind="$1" "$real_days"'
        function bad(outcome, clause, why) { print outcome " " clause " " why; failed = 1; exit }
        function attribute(name,   at) {
            if (!match($0, " " name "=\"[^\"]*\"")) return "\001"
            at = RSTART + length(name) + 3
            return substr($0, at, RSTART + RLENGTH - at - 1)
        }
        FILENAME == ARGV[1] { at = index($0, " "); f[substr($0, 1, at - 1)] = substr($0, at + 1); next }
        {
            element = $1
            sub(/^</, "", element); sub(/^[^:]*:/, "", element); sub(/[\/>].*$/, "", element)
            if (element == "fact") entry = attribute("name") " " attribute("digest")
            else if (element == "weight") { entry = attribute("fact"); if (attribute("points") != "0") counts = 1 }
            else if (element == "feature") entry = attribute("name")
            else if (element == "product") entry = attribute("id")
            else next
            if (seen[element " " entry]++) { repeated = 1 }
        }
        END {
            if (failed) exit
            if (f["root"] != kind || f["namespace"] != "urn:carnet:1") bad("malformed", "X-8", "the root element is not " kind)
            if (f["inside"] != 0) bad("malformed", "V-5", "an element of carnet in extensions or critical")
            if (f["of_xml"] != 0) bad("malformed", "X-7", "an attribute with the prefix xml")
            if (f["qualified"] != 0) bad("malformed", "X-9", "an attribute with a namespace")
            if (repeated) bad("malformed", "X-11", "a list repeats a name")
            if (f["critical"] != 0) bad("newer-format", "V-4", "something critical that is not understood")
            n = split("license/issued validity/issued validity/activate-by validity/lease-until validity/not-after request/made declaration/made end/at installed/made floor/local floor/signed answer/at version/created version/expires", t, " ")
            for (i = 1; i <= n; i++) if (f[t[i]] != "" && f[t[i]] != "never" && !real(f[t[i]])) bad("malformed", "X-10", f[t[i]] " is no real time")
            if (kind == "entitlement" && !counts) bad("malformed", "E-1", "no weight is above 0")
            if (kind == "fingerprint" && (f["request/purpose"] == "renew") != (f["renews"] != 0)) bad("malformed", "F-1", "renews does not go with the purpose")
            for (i in f) if (i == "request/sequence" || i == "declaration/sequence" || i == "installed/sequence") {
                before = i; sub(/sequence/, "previous", before)
                if (f[i] != "" && (f[i] + 0 > 1) != (f[before] != "")) bad("malformed", "F-2", "previous does not go with sequence")
            }
            if (kind == "receipt" && (f["end/how"] == "freed") != (f["release/id"] != "")) bad("malformed", "P-1", "release does not go with how")
            if (kind == "receipt" && f["end/how"] == "revoked" && f["end/reason"] == "") bad("malformed", "P-1", "a revocation without a reason")
            if (kind == "clockrequest" && (f["floor/local"] "") <= (f["request/made"] "")) bad("malformed", "D-1", "no floor stands in the way")
        }' "$d/fields" "$d/lists" >"$d/verdict"
    awk_verdict "$d/verdict"
    [ "$1" != journal ] || events
    [ "$1" != trust ] || trust_lists
}

# values PATH ATTRIBUTE: the values of that attribute of the elements, one a line; none where there are none.
values() {
    xmllint --nonet --xpath "$1/@$2" "$d/e/trust.xml" 2>/dev/null | sed 's/^[^"]*"//; s/"$//'
}

# rising FILE: its lines rise strictly, in byte order (U-5).
rising() {
    LC_ALL=C sort -cu "$1" 2>/dev/null || finish malformed U-5 "The entries of a list do not rise."
}

# trust_lists: what trust information says of roots and of what is revoked (U-1, U-3 to U-6).
trust_lists() {
    step "The roots have to be those up to the version's; every list has to rise." "xmllint --xpath '//*[local-name()=\"root\"]/@key' trust.xml"
    generation=$(field link/generation)
    if [ -n "$generation" ]; then
        [ "$generation" -lt 32 ] || finish malformed U-1 "No root can follow."
        return
    fi
    generation=$(field version/generation)
    # shellcheck disable=SC3012
    [ ! "$(field version/created)" \> "$(field version/expires)" ] || finish malformed U-3 "It had expired before it was made."
    values '/*/*[local-name()="roots"]/*' generation >"$d/generations"
    values '/*/*[local-name()="roots"]/*' key >"$d/roots"
    seq "$generation" | cmp -s - "$d/generations" || finish malformed U-3 "The roots are not those up to the version's."
    [ "$(head -n 1 "$d/roots")" = "$(field vendor/id)" ] || finish malformed U-3 "The first root is not the vendor's."
    { cat "$d/roots" && field next/key | grep .; } >"$d/wanted"
    [ "$(sort -u "$d/wanted" | wc -l)" = "$(wc -l <"$d/wanted")" ] || finish malformed U-4 "A root follows itself."
    values '/*/*[local-name()="revoked"]/*[local-name()="key"]' id >"$d/revoked"
    rising "$d/revoked"
    i=0 valid=0
    while read -r revoked; do
        i=$((i + 1))
        values "(/*/*[local-name()='revoked']/*[local-name()='key'])[$i]/*" id >"$d/valid"
        rising "$d/valid"
        valid=$((valid + $(wc -l <"$d/valid")))
        tail -n "+$generation" "$d/wanted" | grep -qx "$revoked" && finish malformed U-6 "It revokes its own signer, or the next root."
    done <"$d/revoked"
    [ "$valid" -le 2000 ] || finish malformed U-5 "Too many bundles stay valid."
    values '/*/*[local-name()="revoked"]/*[local-name()="grant"]' license >"$d/licenses"
    values '/*/*[local-name()="revoked"]/*[local-name()="grant"]' fingerprint | paste -d ' ' "$d/licenses" - | grep -v '^ *$' >"$d/grants"
    rising "$d/grants"
    values '/*/*[local-name()="revoked"]/*[local-name()="least"]' license >"$d/least"
    rising "$d/least"
}

# link FOLDER: an embedded link, signature and digests verified, nothing believed yet.
open_link() {
    d=$1
    mkdir "$d" "$d/e"
    bundle=$outer/e/$2
    unpack
    signature
    digests
    [ "$major" = 1 ] || finish newer-format V-1 "Major version $major is not known."
    case $kind in trust) ;; entitlement | fingerprint | license | receipt | journal | clock | release | activation | clockrequest | keyrequest) finish malformed R-3 "A link has to be embedded." ;;
    *) finish newer-format V-1 "The kind $kind is not known." ;; esac
    [ "$embedded" = 0 ] || finish malformed U-2 "A link embeds nothing."
    [ "$id.carnet" = "$2" ] || finish malformed I-4 "An embedded bundle is not named by its id."
}

# next_link: the folder of a link that the last root of the chain signed, in $d; fails where there is none.
next_link() {
    for d in "$work"/link*; do
        [ ! -e "$d/taken" ] || continue
        read -r id key <"$d/ids"
        [ "$key" != "$(tail -n 1 "$work/chain")" ] || return 0
    done
    return 1
}

# take_links: from the first root on, each link once the one before it has named its signer (U-2 to U-4).
take_links() {
    step "The links have to lead from your root to the next, one after the other." "openssl pkey -pubin -in signer.pem -outform DER | sha256sum    # of each link"
    taken=0
    while [ "$taken" -lt "$1" ]; do
        if ! next_link; then
            for d in "$work"/link*; do [ -e "$d/taken" ] || break; done
            read -r id key <"$d/ids"
            sed '$d' "$work/chain" | grep -qx "$key" && finish forked U-9 "A root has two successors."
            finish not-vouched U-2 "The link from root $(wc -l <"$work/chain") is missing."
        fi
        : >"$d/taken"
        role "$key" root
        document trust
        [ "$(field vendor/id)" = "$root_id" ] || finish wrong-vendor T-6 "The document is another vendor's."
        following=$(field link/next)
        [ -z "$following" ] || role "$following" root
        [ -n "$following" ] || finish malformed U-2 "What is embedded is no link."
        [ "$(field link/generation)" = "$(wc -l <"$work/chain")" ] || finish malformed U-3 "The link is of another generation."
        ! grep -qx "$following" "$work/chain" || finish malformed U-4 "A link leads back."
        echo "$following" >>"$work/chain"
        taken=$((taken + 1))
    done
}

# trust_bundle: trust information with its links, or a link alone.
trust_bundle() {
    outer=$d
    read -r trust_id trust_key <"$d/ids"
    links=$embedded
    [ "$links" -le 32 ] || finish malformed U-2 "There are more links than roots."
    echo "$root_id" >"$work/chain"
    i=0
    while read -r name; do
        case $name in *.carnet) i=$((i + 1)) && open_link "$work/link$i" "$name" ;; esac
    done <"$outer/names"
    [ "$links" = 0 ] || take_links "$links"
    d=$outer kind=trust id=$trust_id key=$trust_key
    grep -qx "$key" "$work/chain" || finish untrusted-key T-2 "Signed by a root that you do not trust, and that no link leads to."
    role "$key" root
    document trust
    [ "$(field vendor/id)" = "$root_id" ] || finish wrong-vendor T-6 "The document is another vendor's."
    following=$(field link/next)
    if [ -n "$following" ]; then
        role "$following" root
        [ "$links" = 0 ] || finish malformed U-2 "A link embeds nothing."
        return
    fi
    while read -r root; do role "$root" root; done <"$d/wanted"
    [ "$((links + 1))" -ge "$(wc -l <"$d/wanted")" ] || finish not-vouched U-2 "A link is missing."
    [ "$((links + 1))" -le "$(wc -l <"$d/wanted")" ] || finish malformed U-2 "There are more links than roots."
    cmp -s "$d/wanted" "$work/chain" || finish malformed U-3 "The roots are not those that the links lead to."
    [ "$(tail -n 1 "$d/roots")" = "$key" ] || finish untrusted-key U-3 "Not signed by the root of its generation."
    latest=$(field version/created)
}

# linked: prints the bytes of the digest $1, given in hex, by way of its octal escapes, then the line $2.
linked() {
    hex=$1 octal=
    while [ -n "$hex" ]; do
        byte=$((0x${hex%"${hex#??}"}))
        hex=${hex#??}
        octal=$octal\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))
    done
    # shellcheck disable=SC2059
    printf "$octal"
    printf '%s' "${2-}"
}

# field NAME: a value of this level's document.
field() {
    sed -n "s|^$1 ||p" "$d/fields"
}

# events: the lines of a journal follow on each other and link to its digest (W-1 to W-7).
events() {
    step "The events have to follow on each other, each linked to the one before it by a digest." \
        "d=\$({ printf %s \$d | xxd -r -p; printf %s LINE; } | sha256sum)    # from previous to digest"
    xmllint --nonet --xpath '/*/*[local-name()="events"]/*[local-name()="event"]/@line' "$d/e/journal.xml" 2>/dev/null |
        sed 's/^[^"]*"//; s/"$//' >"$d/lines"
    first=$(field segment/first)
    awk -v first="$first" -v last="$(field segment/last)" "$real_days"'
        function bad(clause, why) { print "malformed " clause " " why; failed = 1; exit }
        { for (i = 1; i <= NF; i++) { t = $i; sub(/^until=/, "", t); if (t ~ /^[0-9][0-9][0-9][0-9]-.*Z$/ && !real(t)) bad("X-10", t " is no real time") } }
        $1 + 0 != first + NR - 1 { bad("W-4", "position " $1 " where " first + NR - 1 " has to be") }
        ($2 "") < (at "") || $3 + 0 < epoch + 0 { bad("W-5", "event " $1 " is before the one before it") }
        { at = $2; epoch = $3 }
        END { if (!failed && last + 0 != first + NR - 1) bad("W-4", "the segment ends at another position") }' "$d/lines" >"$d/verdict"
    awk_verdict "$d/verdict"
    link=$(field segment/previous)
    if [ "$first" = 1 ]; then
        { printf 'carnet:1:journal:' && linked "$(field vendor/id)" && linked "$(field segment/signer)"; } | sha256sum >"$d/link"
        read -r origin rest <"$d/link"
        [ "$link" = "$origin" ] || finish malformed W-6 "The chain begins with another digest than its vendor's and signer's."
    fi
    while IFS= read -r line; do
        linked "$link" "$line" | sha256sum >"$d/link"
        read -r link rest <"$d/link"
        at=${line#* } && at=${at%% *}
    done <"$d/lines"
    [ "$link" = "$(field segment/digest)" ] || finish malformed W-7 "The events link to another digest than the segment ends with."
}

# Days of months, for awk.
# shellcheck disable=SC2016
real_days='
    function leap(y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) }
    function days_in(y, m) { return m == 2 ? 28 + leap(y) : 30 + (m == 1 || m == 3 || m == 5 || m == 7 || m == 8 || m == 10 || m == 12) }
    function real(t) { return substr(t, 1, 4) != "0000" && substr(t, 9, 2) + 0 <= days_in(substr(t, 1, 4) + 0, substr(t, 6, 2) + 0) }
'
lf='
'
query='concat("root ",local-name(/*)'
add_field() {
    query="$query,\"$lf$1 \",$2"
}
add_field namespace 'namespace-uri(/*)'
add_field inside 'count(/*/*[local-name()="critical" or local-name()="extensions"]//*[starts-with(namespace-uri(),"urn:carnet:")])'
add_field of_xml 'count(//@xml:*)'
add_field qualified 'count(//*[namespace-uri()="urn:carnet:1"]/@*[namespace-uri()!=""])'
add_field critical 'count(/*/*[local-name()="critical"])'
add_field renews 'count(/*/*[local-name()="renews"])'
for field in vendor/id grant/license grant/fingerprint grant/epoch grant/serial grant/seat entitlement/id entitlement/revision \
    license/id license/revision license/issued product/id product/edition licensee/name machine/key issuer/key seats/count \
    seats/offline validity/issued validity/activate-by validity/lease-until validity/not-after validity/lease-days \
    validity/activate-within-days matching/threshold request/purpose request/made request/sequence request/previous \
    declaration/made declaration/sequence declaration/previous end/how end/at end/reason release/id installed/made installed/sequence \
    installed/previous request/replaces link/generation link/next version/generation version/number version/created version/expires next/key floor/local floor/signed answer/at segment/signer segment/first \
    segment/previous segment/last segment/digest; do
    add_field "$field" "string(/*/*[local-name()=\"${field%/*}\"]/@${field#*/})"
done
query="$query,\"$lf\")"
list_query='/*/*[local-name()="features" or local-name()="matching" or local-name()="facts" or local-name()="products" or local-name()="match"]/*'

# fields: takes what this level's document says into variables; a value it has not is an empty line there.
fields() {
    while IFS=' ' read -r name value; do
        case $name in
        vendor/id) f_vendor_id=$value ;; issuer/key) f_issuer_key=$value ;; machine/key) f_machine_key=$value ;; request/replaces) f_replaces=$value ;;
        license/issued) f_license_issued=$value ;; validity/issued) f_validity_issued=$value ;; end/at) f_end_at=$value ;; answer/at) f_answer_at=$value ;;
        validity/lease-until) f_validity_lease_until=$value ;; validity/not-after) f_validity_not_after=$value ;;
        esac
    done <"$d/fields"
}

# --- trust and judgement (sections 10, 11)

# role KEY ROLE: a key has one role for life.
role() {
    case $roles in
    *" $1:$2 "*) ;; # seen in that role before
    *" $1:"*) finish untrusted-key T-5 "One key is $2 and something else." ;;
    *) roles="$roles$1:$2 " ;;
    esac
}

# trust KIND: is the signer the one that what was verified before names?
trust() {
    case $1 in
    entitlement)
        step "The entitlement has to be signed by your root key." "openssl pkey -pubin -in ROOT.pem -outform DER | sha256sum    # $root_id"
        [ "$key" = "$root_id" ] || finish untrusted-key T-2 "Signed by a root that you do not trust."
        role "$key" root
        ;;
    license | receipt | journal | clock)
        step "The $1 has to be signed by the issuer that the entitlement names." "xmllint --xpath 'string(/*/*[local-name()=\"issuer\"]/@key)' entitlement.xml    # $issuer"
        [ "$key" = "$issuer" ] || finish untrusted-key T-3 "Not signed by the issuer that the entitlement names."
        role "$key" issuer
        ;;
    release | activation | clockrequest)
        step "The $1 has to be signed by the machine that the license names." "xmllint --xpath 'string(/*/*[local-name()=\"machine\"]/@key)' license.xml    # $machine"
        [ "$key" = "$machine" ] || finish untrusted-key T-4 "Not signed by the machine that the license names."
        role "$key" machine
        ;;
    fingerprint)
        role "$key" machine
        ;;
    keyrequest)
        role "$key" issuer
        ;;
    esac
}

# judge KIND: no license wider than its entitlement; $below is the folder of what it embeds.
judge() {
    step "The $1 is compared with what it embeds." "diff of the two documents"
    awk -v kind="$1" -v below_id="$below_id" -v key="$key" "$real_days"'
        function bad(clause, why) { print (clause ~ /^J-1[1-3]$/ || clause == "W-8" ? "malformed " : "beyond-entitlement ") clause " " why; failed = 1; exit }
        # The time n days of 86,400 seconds after t; beyond the year 9999 it is never.
        function after(t, n,   y, m, d) {
            y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + n
            while (d > days_in(y, m)) { d -= days_in(y, m); if (++m > 12) { m = 1; y++ } }
            return y > 9999 ? "never" : sprintf("%04d-%02d-%02d%s", y, m, d, substr(t, 11))
        }
        function later(a, b) { return (a "") > (b "") } # "never" sorts after every digit
        function attribute(name,   at) {
            if (!match($0, " " name "=\"[^\"]*\"")) return "\001"
            at = RSTART + length(name) + 3
            return substr($0, at, RSTART + RLENGTH - at - 1)
        }
        FNR == 1 { part++ }
        FILENAME == ARGV[1] { at = index($0, " "); u[substr($0, 1, at - 1)] = substr($0, at + 1); next }
        FILENAME == ARGV[2] { at = index($0, " "); v[substr($0, 1, at - 1)] = substr($0, at + 1); next }
        kind == "activation" && (/ digest="/ || / state="/) { entry = attribute("name"); if (FILENAME == ARGV[3]) held[entry]; else told[entry]; next }
        / fact="/ && /weight/ && attribute("points") != "0" { entry = attribute("fact") " " attribute("points"); if (FILENAME == ARGV[3]) { weight[entry]; least++ } else { most++; if (!(entry in weight)) other = 1 } }
        /feature/ { entry = attribute("name") " " attribute("value"); if (FILENAME == ARGV[3]) feature[entry]; else if (!(entry in feature)) beyond = 1 }
        END {
            if (failed) exit
            if (kind == "release" || kind == "activation" || kind == "clockrequest") {
                clause = kind == "release" ? "J-11" : "J-12"
                n = split("license fingerprint epoch serial seat", name, " ")
                for (i = 1; i <= n; i++) if (v["grant/" name[i]] "" != u["grant/" name[i]] "") bad(clause, "another " name[i] " than the license")
                if (v["license/id"] "" != below_id "") bad(clause, "another license than the embedded one")
                for (i in held) if (!(i in told)) bad("J-13", "nothing is said of the fact " i)
                for (i in told) if (!(i in held)) bad("J-13", "the license does not hold the fact " i)
                exit
            }
            if (v["entitlement/id"] "" != below_id "" || v["entitlement/revision"] + 0 != u["license/revision"] + 0) bad("J-1", "names another entitlement")
            if (kind == "journal") { if (v["segment/signer"] "" != key "") bad("W-8", "the chain of another key"); exit }
            if (v["grant/license"] "" != u["license/id"] "") bad("J-2", "another license id")
            if (kind == "receipt" || kind == "clock") exit
            if (v["grant/seat"] + 0 > u["seats/count"] + 0) bad("J-4", "a seat that was not bought")
            if (v["product/id"] "" != u["product/id"] "" || v["product/edition"] "" != u["product/edition"] "") bad("J-2", "another product or edition")
            if (v["licensee/name"] "" != u["licensee/name"] "") bad("J-2", "another licensee")
            if (u["seats/offline"] != "allowed") bad("J-3", "offline is not allowed")
            if (beyond) bad("J-5", "a feature that is not entitled")
            if (later(v["validity/not-after"], u["validity/not-after"])) bad("J-6", "valid for too long")
            issued = v["validity/issued"]
            if (u["validity/lease-days"] != "none" && later(v["validity/lease-until"], after(issued, u["validity/lease-days"] + 0))) bad("J-7", "too long a lease")
            if (later(v["validity/activate-by"], after(issued, u["validity/activate-within-days"] + 0))) bad("J-8", "activation allowed for too long")
            if (v["matching/threshold"] + 0 != u["matching/threshold"] + 0 || other || least != most) bad("J-9", "other weights or another threshold")
            if (later(u["license/issued"], issued)) bad("J-10", "issued before its entitlement")
        }' "$below/fields" "$d/fields" "$below/lists" "$d/lists" >"$d/verdict"
    awk_verdict "$d/verdict"
}

# --- the way through (R-1)

# is_bundle FILE (A-6)
is_bundle() {
    [ "$(od -An -v -tx1 -N9 "$1")" = " 6d 69 6d 65 74 79 70 65 00" ]
}

key_bytes "$root" "$work/root.der" || { printf 'verify.sh: %s is no public key\n' "$root" >&2; exit 78; }
sha256sum "$work/root.der" >"$work/ids"
read -r root_id rest <"$work/ids"
roles=" $root_id:root "
bundle=$work/bundle
mkdir "$work/1" "$work/1/e" "$work/2" "$work/2/e" "$work/3" "$work/3/e"
label=
if is_bundle "$file"; then
    head -c 1048577 <"$file" >"$bundle"
    size=$(wc -c <"$bundle")
    if [ "$size" -lt 512 ] || [ "$size" -gt 1048576 ]; then
        finish malformed C-1 "The size is not between 512 bytes and 1 MiB."
    fi
else
    head -c 4194305 <"$file" >"$work/input"
    size=$(wc -c <"$work/input")
    [ "$size" -le 4194304 ] || finish malformed A-2 "The text is larger than 4 MiB."
    unarmour
    read -r label <"$work/label"
    is_bundle "$bundle" || finish malformed C-2 "The block holds no bundle."
fi

# Down: each bundle unpacked, its signature and digests verified, its kind known.
level=1
expected=
awaited=
while :; do
    d=$work/$level
    unpack
    [ "$level" -gt 1 ] || [ -z "$label" ] || [ "$label" = "$kind" ] || finish malformed A-5 "The block is labelled $label."
    signature
    digests
    [ "$major" = 1 ] || finish newer-format V-1 "Major version $major is not known."
    case $kind in
    entitlement | fingerprint | keyrequest) inner= ;; trust) ;; license | receipt | journal | clock) inner=entitlement ;;
    release | activation | clockrequest) inner=license ;;
    *) finish newer-format V-1 "The kind $kind is not known." ;;
    esac
    [ -z "$expected" ] || [ "$expected" = "$kind" ] || finish malformed R-3 "A $kind is embedded where a $expected has to be."
    [ -z "$awaited" ] || [ "$awaited" = "$id.carnet" ] || finish malformed I-4 "An embedded bundle is not named by its id."
    echo "$kind" >"$d/kind"
    [ "$kind" != trust ] || break
    [ -z "$inner" ] || [ "$embedded" -gt 0 ] || finish not-vouched R-3 "The $inner is missing."
    [ -n "$inner" ] || [ "$embedded" -eq 0 ] || finish malformed R-3 "A bundle is embedded where none has to be."
    [ "$embedded" -le 1 ] || finish malformed R-3 "More than one bundle is embedded."
    [ -n "$inner" ] || break
    [ "$level" -lt 3 ] || finish malformed R-7 "Bundles are embedded too deep."
    awaited=$named
    expected=$inner
    level=$((level + 1))
    bundle=$d/e/$named
done

# And up again: innermost first, the signer trusted, then the document read and judged.
latest=
if [ "$kind" = trust ]; then
    trust_bundle
    level=0
fi
below=
below_id=
while [ "$level" -ge 1 ]; do
    d=$work/$level
    read -r kind <"$d/kind"
    read -r id key <"$d/ids"
    trust "$kind"
    document "$kind"
    fields
    [ "$kind" = fingerprint ] || [ "$kind" = keyrequest ] || [ "$f_vendor_id" = "$root_id" ] || finish wrong-vendor T-6 "The document is another vendor's."
    made=
    case $kind in
    entitlement)
        issuer=$f_issuer_key
        role "$issuer" issuer
        made=$f_license_issued
        ;;
    license)
        machine=$f_machine_key
        role "$machine" machine
        made=$f_validity_issued
        ;;
    receipt)
        role "$f_machine_key" machine
        made=$f_end_at
        ;;
    clock)
        role "$f_machine_key" machine
        made=$f_answer_at
        ;;
    journal)
        made=$at
        ;;
    keyrequest)
        role "$f_vendor_id" root
        [ -z "$f_replaces" ] || role "$f_replaces" issuer
        [ "$f_replaces" != "$key" ] || finish malformed B-1 "It replaces itself."
        ;;
    esac
    [ -z "$below" ] || judge "$kind"
    # shellcheck disable=SC3012
    [ ! "$made" \> "$latest" ] || latest=$made
    below=$d
    below_id=$id
    level=$((level - 1))
done

step "The times are compared with the clock of this machine." "date -u"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
soon=$(date -u -d '48 hours' +%Y-%m-%dT%H:%M:%SZ)
# shellcheck disable=SC3012
[ ! "$latest" \> "$soon" ] || finish not-yet-valid O-2 "Dated $latest, more than 48 hours ahead."
if [ "$kind" = license ]; then
    for end in "$f_validity_lease_until" "$f_validity_not_after"; do
        # shellcheck disable=SC3012
        [ ! "$now" \> "$end" ] || finish expired O-1 "The license has run out at $end."
    done
fi
[ "$kind" != fingerprint ] && [ "$kind" != keyrequest ] || finish ok - "The $kind $id is whole; its signer vouches for itself alone."
finish ok - "The $kind $id is whole, and rests on your root key."

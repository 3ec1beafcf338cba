#!/bin/bash
# SPDX-License-Identifier: MIT
# The user's machine never gets code that can sign a license: nothing that composes or signs what root and issuer sign is in
# libcarnet, carnet-user or carnet-inspect, and libcarnet has one signing entry, for machine kinds.
#
#   run.sh LIBCARNET LIBCARNET-ISSUE CARNET-USER CARNET-INSPECT CARNET-ADMIN SOURCE
set -euo pipefail
library=$1 issue=$2 user=$3 inspect=$4 admin=$5 source=$6
failed=0
fail() {
    echo "symbols: $*"
    failed=1
}
names=$(mktemp -d)
trap 'rm -rf "$names"' EXIT
for file in "$library" "$issue" "$user" "$inspect" "$admin"; do
    nm --defined-only "$file" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$names/$(basename "$file")"
done
holds() { # FILE NAME
    grep -qx -- "$2" "$names/$(basename "$1")"
}

# The control: the names that must not be elsewhere are really in the issuing library and its one program.
mapfile -t issuing < <(grep '^carnet_issue_' "$names/$(basename "$issue")")
[ "${#issuing[@]}" -ge 4 ] || fail "libcarnet-issue defines only ${#issuing[@]} functions named carnet_issue_*"
for name in carnet_issue_seal carnet_issue_compose_entitlement carnet_issue_compose_license carnet_issue_compose_receipt carnet_issue_compose_journal carnet_issue_compose_clock carnet_issue_compose_keyrequest carnet_issue_compose_trust carnet_issue_seal_trust; do
    holds "$issue" $name || fail "libcarnet-issue lacks $name"
    holds "$admin" $name || fail "carnet-admin lacks $name"
done

for file in "$library" "$user" "$inspect"; do
    found=$(grep -E '^carnet_issue_|(entitlement|license|receipt|journal|clock|keyrequest|trust)_compose|compose_(entitlement|license|receipt|journal|clock|keyrequest|trust)' \
        "$names/$(basename "$file")" || :)
    [ -z "$found" ] || fail "$(basename "$file") holds what belongs to the issuer: $found"
done

# Public headers: one entry that signs.
entries=$(grep -hoE '\bcarnet_[a-z_]*sign\(' "$source"/format/{core,bundle,document,rules,machine,state}/*.h | grep -v _private | sort -u |
    grep -v 'carnet_key_sign' || :)
[ "$entries" = 'carnet_machine_sign(' ] || fail "libcarnet's signing entries are: $entries"

# No program can open a network connection.
for file in "$user" "$inspect" "$admin"; do
    found=$(nm -D --undefined-only "$file" | grep -wE 'socket|connect|bind|listen|accept|getaddrinfo|gethostbyname' || :)
    [ -z "$found" ] || fail "$(basename "$file") calls $found"
done
[ $failed -eq 0 ] && echo "symbols: ${#issuing[@]} issuing functions, in libcarnet-issue and carnet-admin alone"
exit $failed

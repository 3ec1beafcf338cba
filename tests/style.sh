#!/bin/bash
# SPDX-License-Identifier: MIT
# The tree is formatted, analysed, and keeps the rules of its own layout. Prints what does not hold, one a line.
set -euo pipefail
cd "$(dirname "$0")/.."
findings=()
note() { # reads lines
    while IFS= read -r line; do findings+=("$line"); done
}

mapfile -t sources < <(git ls-files --deduplicate '*.c' '*.h')
note < <(clang-format --dry-run --Werror "${sources[@]}" 2>&1 | grep 'error:')
note < <(awk 'FNR == 1 && !/SPDX-License-Identifier: MIT/ { print FILENAME ": no license header" }' "${sources[@]}")

# A library is named in few files, so that it can be judged, and replaced, in one sitting.
named() { # HEADER FILE...
    header=$1
    shift
    found=$(git grep -l "#include <$header" -- format tools | sort | tr '\n' ' ')
    wanted=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] || note <<<"$header is named in: $found(should be: $wanted)"
}
nowhere() { # WHAT PATTERN PATH...
    note < <(git grep -nE "$2" -- "${@:3}" | sed "s|\$|  ($1)|")
}
named archive.h format/bundle/unpack.c
named gcrypt.h format/bundle/key.c format/bundle/signature.c
named libxml/ format/document/xml_read.c
named zlib.h format/bundle/armour.c
nowhere 'sqlite3.h outside the ledger' '#include <sqlite3' format tools ':!tools/admin/ledger'
nowhere 'format/ includes from tools/' '#include "(common|admin|user|inspect)/' format
nowhere 'format/ prints or exits' '\b(printf|puts|fprintf|exit|abort)\(' 'format/*.c'
# But the inspector's: a worker's channel is a socketpair, and the cage is tested by trying to break out of it.
nowhere "a socket's header" '#include <(sys/socket|netinet|arpa|netdb)' format tools ':!tools/inspect/cage.c' ':!tools/inspect/worker.c'

# clang-tidy runs beside the compiler, so that only what changed since the last run is analysed again.
tidy=build/tidy
log=$(cmake --preset tidy -G Ninja 2>&1) || note <<<"$log"
[ ! -e $tidy/checked ] || [ $tidy/checked -nt .clang-tidy ] || ninja -C $tidy -t clean >/dev/null
touch $tidy/checked
if ! log=$(ninja -C $tidy -j2 -k 0 2>/dev/null); then
    found=$(grep -E '(warning|error): ' <<<"$log" | sed "s|$PWD/||; s|,-warnings-as-errors||" | sort -u || :)
    note <<<"${found:-$(tail -5 <<<"$log")}"
fi

if [ ${#findings[@]} -gt 0 ]; then
    printf '%s\n' "${findings[@]:0:59}"
    [ ${#findings[@]} -le 59 ] || echo "and $((${#findings[@]} - 59)) more"
    exit 1
fi
echo "style: ${#sources[@]} files are in order"

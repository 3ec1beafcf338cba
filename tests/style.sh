#!/bin/bash
# SPDX-License-Identifier: MIT
# The tree is formatted, analysed, and keeps the rules of its own layout.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

mapfile -t sources < <(git ls-files '*.c' '*.h')
if ! clang-format --dry-run --Werror "${sources[@]}" 2>/tmp/carnet-format.$$; then
    grep 'error:' /tmp/carnet-format.$$ | head -20
    failed=1
fi
rm -f /tmp/carnet-format.$$

for file in "${sources[@]}"; do
    head -1 "$file" | grep -q 'SPDX-License-Identifier: MIT' || { echo "$file: no license header"; failed=1; }
done

# A library is named in few files, so that it can be judged, and replaced, in one sitting.
named() { # HEADER FILE...
    header=$1
    shift
    found=$(git grep -l "#include <$header" -- format tools | sort | tr '\n' ' ')
    wanted=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] || { echo "$header is named in: $found (should be: $wanted)"; failed=1; }
}
named archive.h format/bundle/unpack.c
named gcrypt.h format/bundle/key.c format/bundle/signature.c
named libxml/ format/document/xml_read.c
named zlib.h format/bundle/armour.c
outside=$(git grep -l '#include <sqlite3' -- format tools | grep -v '^tools/admin/ledger/' || :)
[ -z "$outside" ] || { echo "sqlite3.h is named outside the ledger: $outside"; failed=1; }
outside=$(git grep -l '#include "\(common\|admin\|user\|inspect\)/' -- format || :)
[ -z "$outside" ] || { echo "format/ includes from tools/: $outside"; failed=1; }
printers=$(git grep -lE '\b(printf|puts|fprintf|exit|abort)\(' -- 'format/*.c' || :)
[ -z "$printers" ] || { echo "format/ prints or exits in: $printers"; failed=1; }
sockets=$(git grep -lE '#include <(sys/socket|netinet|arpa|netdb)' -- format tools || :)
[ -z "$sockets" ] || { echo "a socket's header is included in: $sockets"; failed=1; }

# clang-tidy needs the compile commands of a build.
cmake --preset debug -G Ninja -DCMAKE_C_COMPILER=clang >/dev/null
ninja -C build/debug carnet_document >/dev/null # makes the compiled-in schema
mapfile -t compiled < <(git ls-files 'format/*.c' 'tools/*.c')
printf '%s\n' "${compiled[@]}" | xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p build/debug 2>/dev/null >build/tidy.log || failed=1
grep -E '(warning|error):' build/tidy.log | head -40 || :

[ $failed -eq 0 ] && echo "style: ${#sources[@]} files are in order"
exit $failed

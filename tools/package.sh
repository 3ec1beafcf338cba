#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the Debian packages of this tree, as it lies here: what git knows is copied, and the tree itself stays as it was.
# The same tree gives the same bytes, wherever and whenever it is built.
#
#   tools/package.sh FOLDER         the packages, and what dpkg says of them, go into FOLDER
set -eu
[ $# -eq 1 ] || { echo "usage: tools/package.sh FOLDER" >&2; exit 64; }
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$here"

# They are built with libraries of Debian's own, as they are where the packages will be.
tools/packages.sh build packages
version=$(dpkg-parsechangelog -l tools/debian/changelog -S Version)
release=$(sed -n 's/^project(carnet VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ "$version" = "$release" ] || {
    echo "package.sh: tools/debian/changelog says $version, CMakeLists.txt $release: make them one" >&2
    exit 78
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
staging=$work/carnet-$version
umask 022
mkdir "$staging"
git ls-files -z --deduplicate -- ':!tests' ':!samples/valid' ':!samples/invalid' ':!samples/future' |
    xargs -0 cp --parents -t "$staging"
mv "$staging/tools/debian" "$staging/debian"
chmod -R u=rwX,go=rX "$staging"

cd "$staging"
if ! env -i PATH="$PATH" HOME="$work" LC_ALL=C.UTF-8 TZ=UTC0 \
    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 70
fi
cd "$work"
mv -f -- *.deb *.buildinfo *.changes "$out"
for file in "$out"/*_"$version"_*.deb; do
    printf '%s\n' "${file##*/}"
done

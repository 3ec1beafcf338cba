#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs carnet-user from this stick, and trusts the vendor whose root key lies beside it:
#
#   sh install.sh [--id KEYID] [--prefix FOLDER]     as root for all users, else for yourself alone
#   sh install.sh --remove [--prefix FOLDER]         takes it away again; the licenses' state stays
#
# Nothing on the stick is run but this script, and that by sh: such file systems cannot mark programs, and many sites forbid
# running what lies on a stick. Everything is copied first; what was copied is compared with SHA256SUMS, and used.
# KEYID is the root key's id on the printed page that came apart from the stick. Without --id you are asked to type it.
set -eu
umask 022
say() { printf '%s\n' "$*"; }
refuse() { # CODE SENTENCE WHAT-TO-DO
    printf 'install.sh: %s\nWhat to do: %s\n' "$2" "$3" >&2
    exit "$1"
}

id='' remove='' prefix=''
while [ $# -gt 0 ]; do
    case $1 in
    --id | --prefix) [ $# -ge 2 ] || refuse 64 "$1 needs a value." "Read the first lines of install.sh." ;;
    esac
    case $1 in
    --id) id=$2; shift 2 ;;
    --prefix) prefix=$2; shift 2 ;;
    --remove) remove=yes; shift ;;
    *) refuse 64 "'$1' is no option." "Read the first lines of install.sh." ;;
    esac
done
if [ -z "$prefix" ]; then
    if [ "$(id -u)" -eq 0 ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
fi
products=${CARNET_INSTALL_PRODUCTS:-/etc/carnet/products.d}
pages=$prefix/share/doc/carnet-user
list=$pages/installed # what was installed, one path a line

if [ -n "$remove" ]; then
    [ -f "$list" ] || refuse 66 "Nothing that this script installed is in $prefix." "Name the folder of then with --prefix."
    while IFS= read -r file; do
        rm -f -- "$file"
    done <"$list"
    rm -f -- "$list"
    rmdir -- "$pages" 2>/dev/null || :
    say "Removed. The licenses' state stays where it is; installed again, carnet-user finds it."
    exit 0
fi

from=$(cd "$(dirname "$0")" && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' HUP INT TERM
[ -f "$from/SHA256SUMS" ] || refuse 66 "$from/SHA256SUMS is not there." "Run install.sh where it lies on the stick."
cp "$from/SHA256SUMS" "$copy/"
# Names are those of a plain file beside it, whatever the list says.
! grep -qv '^[0-9a-f]\{64\}  [A-Za-z0-9][A-Za-z0-9._-]*$' "$copy/SHA256SUMS" ||
    refuse 30 "SHA256SUMS is not a list of checksums." "Get the stick again from where it came from."
while read -r _ name; do
    cp "$from/$name" "$copy/$name" || refuse 66 "$name is missing on the stick." "Get the stick again from where it came from."
done <"$copy/SHA256SUMS"
(cd "$copy" && sha256sum -c --strict --quiet SHA256SUMS >&2) ||
    refuse 31 "A file of the stick is not what it was made as." "Do not use it; get the stick again from where it came from."

if [ -z "$id" ]; then
    say "Type the root key's id from the printed page that came apart from this stick (spaces do not matter)."
    printf 'id: '
    read -r id || refuse 55 "The root key's id is needed." "Give it with --id."
fi
id=$(printf '%s' "$id" | tr -d ' ' | tr A-F a-f)
# The key is compared before anything is installed: with a wrong one, all else on the stick is as doubtful.
found=$(sed -n '2p' "$copy/root.pem" | base64 -d | sha256sum | cut -d' ' -f1)
[ "$found" = "$id" ] || refuse 32 "The root key on the stick has the id $found, and not the one given." \
    "Do not use this stick; ask the vendor."

mkdir -p "$prefix/bin" "$pages"
installed=$copy/installed
: >"$installed"
put() { # MODE FROM TO: never half a file under its name
    cp "$2" "$3.new"
    chmod "$1" "$3.new"
    mv -f "$3.new" "$3"
    printf '%s\n' "$3" >>"$installed"
}
put 755 "$copy/carnet-user" "$prefix/bin/carnet-user"
put 644 "$copy/install.sh" "$pages/install.sh"
for file in "$copy"/*.txt; do
    put 644 "$file" "$pages/${file##*/}"
done
for file in "$copy"/*.conf; do
    if [ -w "$products" ] || mkdir -p "$products" 2>/dev/null; then
        put 644 "$file" "$products/${file##*/}"
    else
        say "${file##*/} needs root's rights and is left out; name the product to carnet-user yourself."
    fi
done
cp "$installed" "$list"

"$prefix/bin/carnet-user" --quiet trust add "$copy/root.pem" --id "$id" >/dev/null
say "Installed: $prefix/bin/carnet-user, its manual in $pages."
say "Trusted: the vendor with the id $id."
case :$PATH: in
*":$prefix/bin:"*) next=carnet-user ;;
*) next=$prefix/bin/carnet-user ;;
esac
say "Next: $next fingerprint --preview"

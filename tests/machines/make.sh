#!/bin/sh
# SPDX-License-Identifier: MIT
# make.sh NAME|FILE|- DIR: makes a machine (see README.md) below DIR.
set -eu
here=$(dirname "$0")

make() { # lines on standard input
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in '' | '#'*) continue ;; esac
        kind=${line%% *} rest=${line#* }
        path=${rest%% *} text=
        [ "$path" = "$rest" ] || text=${rest#* }
        case $kind in
        include) make <"$here/$path.txt"; continue ;;
        esac
        mkdir -p "$(dirname "$root$path")"
        case $kind in
        file) rm -f "$root$path"; printf '%b' "$text" >"$root$path" ;;
        link) rm -f "$root$path"; ln -s "$text" "$root$path" ;;
        dir) mkdir -p "$root$path" ;;
        fifo) rm -f "$root$path"; mkfifo "$root$path" ;;
        big) head -c "$text" /dev/zero | tr '\0' A >"$root$path" ;;
        mode) chmod "$text" "$root$path" ;;
        remove) rm -rf "${root:?}$path" ;;
        *) echo "make.sh: unknown line: $line" >&2; exit 1 ;;
        esac
    done
}

[ $# -eq 2 ] || { echo "usage: make.sh NAME|FILE|- DIR" >&2; exit 64; }
root=$2
mkdir -p "$root"
case $1 in
-) make ;;
*/*) make <"$1" ;;
*) make <"$here/$1.txt" ;;
esac

#!/bin/sh
# SPDX-License-Identifier: MIT
# A product that is a script: licensed.sh VENDOR-ID PRODUCT. The exit code says what came of it; the words come from carnet-user.
set -u
said=$(carnet-user check "$2" --vendor "$1" 2>&1)
code=$?
case $code in
0) echo "Working." ;;
10) echo "Welcome. Run 'carnet-user fingerprint --product $2', and take that file to your administrator." >&2 ;;
11) echo "The license has run out: $said" >&2 ;;
*) echo "$said" >&2 ;;
esac
exit $code

#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the product with pkg-config: build.sh VENDOR-ID ROOT.pem OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(sed 's/$/\\n/' "$2" | tr -d '\n')
# shellcheck disable=SC2046  # words on purpose
${CC:-cc} -std=c11 -Wall -Wextra -Werror -DVENDOR_ID="\"$1\"" -DVENDOR_ROOT="\"$root\"" "$here/product.c" -o "$3" \
    $(pkg-config --cflags --libs carnet)

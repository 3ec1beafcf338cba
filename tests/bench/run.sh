#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD: every measurement of this folder, one after the other. They print and assert nothing.
set -eu
for bench in "$(dirname "$0")"/*.py; do
    echo "== $(basename "$bench" .py)"
    python3 -B "$bench" "$1"
done

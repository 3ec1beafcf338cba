#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The JSON Schemas in spec/json: one for every command, and none for nothing. (That outputs conform is held by `expect`.)

load helper

setup() {
    fresh
}

# What the command tables of the three programs name, and what every program can say besides.
named() {
    for program in carnet-user carnet-admin carnet-inspect; do
        "$program" --help --json | jq -r '.commands[].schema'
    done
    printf 'carnet.%s/1\n' help version refusal
}

@test "every command's schema is there, and every schema is a command's" {
    named | sed 's/^carnet\.\(.*\)\/1$/\1.json/' | LC_ALL=C sort -u >named
    ls "$CARNET_SOURCE/spec/json" | grep -vx 'common\.json' | LC_ALL=C sort >there
    diff named there
    [ "$(wc -l <named)" -gt 20 ]
}

@test "a schema is closed: an unknown member, or one of another type, does not conform" {
    validate() {
        python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json"
    }
    for program in carnet-user carnet-admin carnet-inspect; do
        for schema in $("$program" --help --json | jq -r '.commands[].schema' | sort -u); do
            refusal="{\"schema\":\"$schema\",\"outcome\":\"usage\",\"exit\":64,\"message\":\"m\",\"next\":\"n\"}"
            echo "$refusal" >>good
            jq -c '.nonsense = 1' <<<"$refusal" >>bad
            jq -c 'del(.next)' <<<"$refusal" >>bad
        done
    done
    validate <good
    validate <bad >told && return 1
    # each bad line is told at least once
    [ "$(sed -n 's/^standard input, line \([0-9]*\),.*/\1/p' told | sort -u | wc -l)" -eq "$(wc -l <bad)" ]
}

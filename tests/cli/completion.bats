#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the shells complete, asked of the shells themselves.

load admin_helper

completions="$BATS_TEST_DIRNAME/../../tools/completions"

setup() {
    fresh
}

# in_bash WORD...: what bash offers for the last word.
in_bash() {
    bash -c 'source "$0/bash/$1"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
        "_${1//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' "$completions" "$@"
}

# in_fish LINE: what fish offers at its end.
in_fish() {
    fish --no-config -c "source $completions/fish/${1%% *}.fish; complete -C'$1'" | cut -f1
}

@test "commands, families, options" {
    in_bash carnet-admin '' | grep -qx assign
    in_bash carnet-admin lic | grep -qx license
    [ "$(in_bash carnet-admin license s)" = show ]
    in_bash carnet-admin assign --rep | grep -qx -- --replace
    [ -z "$(in_bash carnet-admin free --replace)" ]
    in_bash carnet-user --state /x check --fea | grep -qx -- --feature
    [ "$(in_fish 'carnet-admin assi')" = assign ]
    [ "$(in_fish 'carnet-admin license s')" = show ]
    in_fish 'carnet-inspect verify --tru' | grep -qx -- --trust
}

@test "values: words, files, outcomes, facts" {
    [ "$(in_bash carnet-user check --color ne)" = never ]
    [ "$(in_bash carnet-admin init --role bo)" = both ]
    [ "$(in_bash carnet-admin explain no-s | paste -sd ' ')" = "no-seat no-stick" ]
    [ "$(in_bash carnet-user fingerprint --omit sys)" = system-uuid ]
    : >release-x.carnet
    [ "$(in_bash carnet-admin free rel)" = release-x.carnet ]
    [ "$(in_fish 'carnet-admin free rel')" = release-x.carnet ]
    [ "$(in_fish 'carnet-user explain no-se')" = no-seat ]
}

@test "licenses come from the ledger, and mode words after one" {
    home_of_both
    entitled L-1 --product cad --licensee Clinic --seats 2
    entitled M-1 --product cad --licensee Clinic --seats 2
    [ "$(in_bash carnet-admin convert '' | paste -sd ' ')" = "L-1 M-1" ]
    [ "$(in_bash carnet-admin assign --license M)" = M-1 ]
    [ "$(in_bash carnet-admin convert L-1 on)" = online ]
    [ "$(in_fish 'carnet-admin license show L')" = L-1 ]
}

@test "without a ledger nothing is offered, said or made" {
    [ -z "$(in_bash carnet-admin convert '' 2>&1)" ]
    [ ! -e "$CARNET_HOME" ]
}

@test "each shell takes its files without a word" {
    for program in carnet-user carnet-admin carnet-inspect; do
        [ -z "$(bash -n "$completions/bash/$program" 2>&1)" ]
        [ -z "$(zsh -n "$completions/zsh/_$program" 2>&1)" ]
        [ -z "$(fish --no-config -n "$completions/fish/$program.fish" 2>&1)" ]
    done
}

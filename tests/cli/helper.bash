# SPDX-License-Identifier: MIT
# What every scenario loads: the programs in PATH, folders of its own, and a few words to say what is expected.

bats_require_minimum_version 1.5.0

: "${CARNET_SOURCE:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
if [ -n "${CARNET_BIN:-}" ]; then
    PATH="$CARNET_BIN:$PATH"
fi

# Gives the test empty folders for everything that the programs would look for elsewhere, and stands in one of them.
fresh() {
    export HOME="$BATS_TEST_TMPDIR/home" CARNET_STATE="$BATS_TEST_TMPDIR/state" CARNET_HOME="$BATS_TEST_TMPDIR/admin"
    export CARNET_TRUST="$BATS_TEST_TMPDIR/no-trust" LC_ALL=C.UTF-8 TERM=dumb
    # Under AddressSanitizer faketime's library comes before that of the sanitizer, which does no harm.
    export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
    unset XDG_DATA_HOME NO_COLOR CARNET_SYSROOT
    mkdir -p "$HOME" "$CARNET_TRUST" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
}

# Says what went wrong and fails the test.
complain() {
    printf '%s\n' "$@" >&2
    printf -- '--- standard output\n%s\n--- standard error\n%s\n' "$(cat "$BATS_TEST_TMPDIR/out")" \
        "$(cat "$BATS_TEST_TMPDIR/err")" >&2
    return 1
}

# Every JSON output that an `expect` saw in this file of tests conforms to the schema that it names.
teardown_file() {
    local seen=("$BATS_FILE_TMPDIR"/json/*)
    [ -e "${seen[0]}" ] || return 0
    python3 -B "$CARNET_SOURCE/tests/cli/validate.py" "$CARNET_SOURCE/spec/json" "${seen[@]}" >&2
}

# expect OUTCOME CODE COMMAND...: the exit code, and for a refusal that it was said once, with what to do next. What was
# printed is in $out and $err. With --json among the words, the one document (or the last line) says the same.
expect() {
    local outcome=$1 code=$2 got=0
    shift 2
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || got=$?
    out=$(cat "$BATS_TEST_TMPDIR/out")
    err=$(cat "$BATS_TEST_TMPDIR/err")
    [ "$got" -eq "$code" ] || complain "exit code $got, not $code ($outcome): $*" || return 1
    local words=" $* "
    case "${words%% -- *} " in
    *" --json "*)
        [ "$(tail -n 1 "$BATS_TEST_TMPDIR/out" | jq -r '.outcome, .exit' | paste -sd ' ')" = "$outcome $code" ] ||
            complain "the JSON does not say $outcome $code: $*" || return 1
        [ -z "$err" ] || complain "--json, and still something on standard error: $*" || return 1
        mkdir -p "$BATS_FILE_TMPDIR/json"
        cat "$BATS_TEST_TMPDIR/out" >>"$BATS_FILE_TMPDIR/json/test $BATS_TEST_NUMBER: ${BATS_TEST_DESCRIPTION//\//_}"
        ;;
    *)
        if [ "$code" -ne 0 ]; then
            [ "$(grep -c "^[a-z-]*: $outcome: " "$BATS_TEST_TMPDIR/err")" -eq 1 ] ||
                complain "the refusal '$outcome' was not said exactly once: $*" || return 1
            [ "$(grep -c '^What to do: ..*' "$BATS_TEST_TMPDIR/err")" -eq 1 ] ||
                complain "what to do next was not said exactly once: $*" || return 1
        fi
        ;;
    esac
}

# says PATTERN...: each occurs in what the last `expect` printed (extended regular expressions, a line at a time).
says() {
    local pattern
    for pattern in "$@"; do
        printf '%s\n%s\n' "$out" "$err" | grep -Eq -- "$pattern" || complain "it does not say: $pattern" || return 1
    done
}

# not_says PATTERN...: none occurs.
not_says() {
    local pattern
    for pattern in "$@"; do
        if printf '%s\n%s\n' "$out" "$err" | grep -Eq -- "$pattern"; then
            complain "it says: $pattern" || return 1
        fi
    done
}

# json FILTER: the last line's value, by jq.
json() {
    tail -n 1 "$BATS_TEST_TMPDIR/out" | jq -r "$1"
}

# Names, kinds, modes and contents of all that is in the folders (a folder that is not there is told as such).
tree_hash() {
    local folder
    for folder in "$@"; do
        if [ -e "$folder" ]; then
            find "$folder" -printf '%P %y %m %l\n' | LC_ALL=C sort
            find "$folder" -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
        else
            echo "no $folder"
        fi
    done | sha256sum
}

# remember FOLDER... ... unchanged FOLDER...: nothing was written, removed or renamed in between.
remember() {
    remembered=$(tree_hash "$@")
}
unchanged() {
    [ "$(tree_hash "$@")" = "$remembered" ] || complain "something has changed in: $*" || return 1
}

# on_terminal INPUT COMMAND...: runs it on a terminal of its own where the lines of INPUT are typed; what is seen goes to
# $out, the exit code to $status.
on_terminal() {
    : >"$BATS_TEST_TMPDIR/err"
    status=0
    python3 "$CARNET_SOURCE/tests/cli/on_terminal.py" "$@" >"$BATS_TEST_TMPDIR/out" || status=$?
    out=$(cat "$BATS_TEST_TMPDIR/out")
    err=
}

# without_terminal COMMAND...: runs it where there is no terminal to ask on.
without_terminal() {
    setsid -w "$@" </dev/null
}

# comes PATTERN FILE: waits, at most ten seconds, until it is there.
comes() {
    local i
    for i in {1..200}; do
        grep -q -- "$1" "$2" 2>/dev/null && return 0
        sleep 0.05
    done
    echo "'$1' did not come into $2" >&2
    return 1
}

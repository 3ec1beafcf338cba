#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the three programs have in common, by way of carnet-probe and carnet-inspect.

load helper

setup() {
    fresh
}

@test "with no arguments it says what to do first" {
    expect usage 64 carnet-probe
    says "^carnet-probe: usage: No command was given" "^What to do: Begin with 'carnet-probe ask'"
    [ -z "$out" ]
}

@test "help is data, grouped, at most 80 columns, one screen, ends with two examples" {
    for program in carnet-probe carnet-inspect; do
        expect ok 0 "$program" --help
        [ -z "$err" ]
        says "^Usage: $program " "^Options of every command"
        awk 'length > 80 { exit 1 }' "$BATS_TEST_TMPDIR/out"
        [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -le 50 ]
        [ "$(tail -n 4 "$BATS_TEST_TMPDIR/out" | grep -c "^  $program ")" -eq 2 ]
    done
    says "^Look at a file" "show FILE" "verify \[PATH\]\.\.\." "explain \[OUTCOME\]"
}

@test "help of a command, and of a family of commands" {
    expect ok 0 carnet-probe cake count --help
    says "^Usage: carnet-probe cake count \[OPTION\]... \[WORD\]..." "-c, --count N" "--many WORD \.\.\." "--oven DIR"
    expect ok 0 carnet-probe --help write
    says "-o, --output FILE" "--to DIR" "--text" "--force"
    expect ok 0 carnet-probe cake --help
    says "cake count" "cake process"
    not_says "confirm"
}

@test "help and version as JSON" {
    expect ok 0 carnet-probe --help --json
    [ "$(json .schema)" = carnet.help/1 ]
    json .text | grep -q '^Usage: carnet-probe'
    expect ok 0 carnet-inspect --json --version
    [ "$(json '.schema + " " + .program')" = "carnet.version/1 carnet-inspect" ]
    expect ok 0 carnet-inspect --version
    says "^carnet-inspect [0-9]+\.[0-9]+\.[0-9]+$"
}

@test "a mistyped command suggests the nearest" {
    expect usage 64 carnet-probe confrim
    says "There is no command 'confrim'" "Did you mean 'carnet-probe confirm'"
    expect usage 64 carnet-probe cake cuont
    says "There is no command 'cake cuont'" "Did you mean 'carnet-probe cake count'"
    expect usage 64 carnet-probe cakes count
    says "Did you mean 'carnet-probe cake count'"
    expect usage 64 carnet-probe zzz
    says "There is no command 'zzz'"
    not_says "Did you mean"
    expect usage 64 carnet-probe cake
    says "'cake' needs a second word" "'carnet-probe cake count', 'carnet-probe cake process'"
}

@test "a mistyped option suggests the nearest; abbreviations are not taken" {
    expect usage 64 carnet-probe cake count --cuont 3
    says "has no option --cuont" "Did you mean --count"
    expect usage 64 carnet-probe cake count --coun 3
    says "has no option --coun"
    expect usage 64 carnet-probe cake count -x
    says "has no option -x"
    expect usage 64 carnet-probe --count 3 cake count
    says "no option --count that may stand before the command"
}

@test "usage errors honour --json wherever it stands" {
    expect usage 64 carnet-probe --json
    expect usage 64 carnet-probe confrim --json
    [ "$(json .schema)" = carnet.refusal/1 ]
    expect usage 64 carnet-probe cake count --coun 3 --json
    [ "$(json .schema)" = carnet.probe/1 ]
    [ "$(json .message)" = "The command 'cake count' has no option --coun." ]
    # after "--" it is an argument like any other
    expect usage 64 carnet-probe confirm -- x y
}

@test "options: values, letters, clusters, repetition, the end of options" {
    expect usage 64 carnet-probe --json=x cake count
    says "json takes no value"
    expect ok 0 carnet-probe --oven here cake count -fc3 --many a -m b -mc --many=d e -- --f -
    says "^count=3 many=4$" "many\[0\]=a" "many\[1\]=b" "many\[2\]=c" "many\[3\]=d" "argument\[0\]=e" \
        "argument\[1\]=--f" "argument\[2\]=-$"
    expect ok 0 carnet-probe cake count
    says "^count=5 many=0$"
    expect usage 64 carnet-probe cake count --count
    says "--count needs a value: --count N"
    expect usage 64 carnet-probe cake count --count 1 --count 2
    says "--count may be given once only"
    for bad in 0 11 07 x -1 "" 99999999999; do
        expect usage 64 carnet-probe cake count --count "$bad"
        says "--count takes a whole number from 1 to 10, not '$bad'"
    done
    expect usage 64 carnet-probe write one
    says "'write' needs more arguments: carnet-probe write CONTENT LABEL"
    expect usage 64 carnet-probe write one two three
    says "no use for the argument 'three'"
    expect usage 64 carnet-probe --color=blue confirm
    says "--color takes auto, always or never"
}

@test "what is typed reaches the terminal only escaped" {
    expect usage 64 carnet-probe $'\033[2J'
    not_says $'\033'
    says 'x1[bB]'
    expect usage 64 carnet-probe confirm $'--\033[2J'
    not_says $'\033'
    expect wrong-machine 13 carnet-probe fail
    not_says $'\033'
}

@test "a refusal: outcome, sentence, place, what to do" {
    expect wrong-machine 13 carnet-probe fail
    [ -z "$out" ]
    says '^carnet-probe: warning: the oven is hot$' \
        '^carnet-probe: wrong-machine: Too little of the machine is the same\. \[cake.*\.carnet, entry license\.xml, line 7, M-5\]$' \
        '^What to do: Use the license file made for this machine'
    expect wrong-machine 13 carnet-probe fail --quiet
    not_says "oven"
}

@test "a refusal as JSON: schema, outcome, exit come first" {
    expect wrong-machine 13 carnet-probe fail --json
    [ "$(json 'keys_unsorted | join(" ")')" = "schema outcome exit message next clause file entry line warnings temperature" ]
    [ "$(json '.warnings[0]')" = "the oven is hot" ]
    [ "$(json .entry)" = license.xml ]
    [ "$(json .temperature)" = 220 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 1 ]
}

@test "an earlier diagnosis is not told with another outcome" {
    expect no-seat 40 carnet-probe stale
    says "All seats of the license are taken"
    not_says "got over" "H-2" "old"
}

@test "standard output that can't be written is io-error" {
    run -74 bash -c 'carnet-probe --help >/dev/full'
    [[ "$output" == *"carnet-probe: io-error: The result can't be written: No space left on device."* ]]
    run -74 bash -c 'carnet-probe cake process --json >/dev/full'
    [[ "$output" == *"io-error"* ]]
    run bash -c '{ sleep 0.3; carnet-probe explain; echo "code $?" >&2; } | true'
    [[ "$output" == *"Broken pipe"*"code 74"* ]]
    # a refusal keeps its outcome
    run -13 bash -c 'carnet-probe fail --json >/dev/full'
    [[ "$output" == *"wrong-machine"* ]]
}

@test "closed descriptors do no harm" {
    run -0 bash -c 'carnet-probe cake process >&- 2>&- <&-'
    run -64 bash -c 'carnet-probe >&- 2>&- <&-'
}

@test "the process leaves no core, can't be dumped, and writes for its owner alone" {
    (
        umask 000
        expect ok 0 carnet-probe cake process
        says "core=0 " "umask=022"
        # under a sanitizer the leak checker has to attach
        grep -q libasan <(ldd "$(command -v carnet-probe)") || says "dumpable=0"
    )
    expect ok 0 carnet-probe cake process --quiet
    [ -z "$out$err" ]
    LC_ALL=xx_XX.NONE expect ok 0 carnet-probe cake process
}

@test "colour: --color, NO_COLOR, and none in a pipe" {
    expect ok 0 carnet-probe explain expired
    not_says $'\033'
    expect ok 0 carnet-probe explain expired --color=always
    says $'\033'"\[1mexpired"
    export TERM=xterm
    on_terminal "" carnet-probe explain expired
    says $'\033'"\[1mexpired"
    NO_COLOR=1 on_terminal "" carnet-probe explain expired
    not_says $'\033'
    on_terminal "" carnet-probe explain expired --color=never
    not_says $'\033'
}

@test "confirm: yes, no, -y, -n, no terminal" {
    on_terminal 'y\n' carnet-probe confirm
    [ "$status" -eq 0 ]
    says "The cake will be eaten\." "Go on\? \[y/N\]" "^eaten$"
    for answer in 'n\n' '\n' 'yep\n' 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n'; do
        on_terminal "$answer" carnet-probe confirm
        [ "$status" -eq 130 ]
        says "interrupted: The answer was no; nothing was changed"
        not_says "^eaten$"
    done
    expect ok 0 without_terminal carnet-probe confirm -y
    says "^eaten"
    expect ok 0 without_terminal carnet-probe confirm -n
    expect needs-answer 55 without_terminal carnet-probe confirm
    says "The cake will be eaten" "there is no terminal to ask on" "give -y"
    expect needs-answer 55 carnet-probe confirm --no-input
    says "--no-input forbids to ask"
    expect needs-answer 55 without_terminal carnet-probe confirm --json
    # standard input may be the pasted file: it never answers
    run -55 bash -c 'echo y | setsid -w carnet-probe confirm'
}

@test "ask: an answer, none, too long, no terminal" {
    on_terminal 'apple\n' carnet-probe ask
    [ "$status" -eq 0 ]
    says "Which cake\?" "^answer=apple$"
    on_terminal '\n' carnet-probe ask
    [ "$status" -eq 130 ]
    on_terminal 'aaaaaaaaaaaaaaaa\n' carnet-probe ask
    [ "$status" -eq 64 ]
    expect needs-answer 55 without_terminal carnet-probe ask -y
    says "give the answer as an option"
}

@test "passphrase: from a file, a descriptor, the terminal" {
    printf 'open sesame\nsecond line\n' >p
    chmod 600 p
    expect ok 0 carnet-probe passphrase --passphrase-file p
    says "^passphrase=open sesame$"
    [ -z "$err" ]
    chmod 644 p
    expect ok 0 carnet-probe passphrase --passphrase-file p
    says "other users can read the passphrase file"
    expect ok 0 carnet-probe passphrase --passphrase-fd 7 7<<<"fd words"
    says "^passphrase=fd words$"
    printf 'no newline' >p
    expect ok 0 carnet-probe passphrase --passphrase-file p
    says "^passphrase=no newline$"
    on_terminal 'typed\n' carnet-probe passphrase
    says "Passphrase for the cake:" "^passphrase=typed$"
    not_says "^typed" "cake: typed"
    on_terminal 'typed\ntyped\n' carnet-probe passphrase --twice
    [ "$status" -eq 0 ]
    says "The same again:" "^passphrase=typed$"
    on_terminal 'typed\nother\n' carnet-probe passphrase --twice
    [ "$status" -eq 90 ]
    says "The two passphrases differ"
}

@test "passphrase: what is refused" {
    : >empty
    expect usage 64 carnet-probe passphrase --passphrase-file empty
    says "The passphrase is empty"
    head -c 1024 /dev/zero | tr '\0' a >longest
    expect ok 0 carnet-probe passphrase --passphrase-file longest
    head -c 1025 /dev/zero | tr '\0' a >long
    expect usage 64 carnet-probe passphrase --passphrase-file long
    says "longer than 1024 bytes"
    printf 'a\0b\n' >nul
    expect usage 64 carnet-probe passphrase --passphrase-file nul
    says "NUL"
    expect no-input 66 carnet-probe passphrase --passphrase-file none
    expect usage 64 carnet-probe passphrase --passphrase-fd 9
    says "descriptor 9 is not open"
    expect usage 64 carnet-probe passphrase --passphrase-fd 9 9>/dev/null
    expect usage 64 carnet-probe passphrase --passphrase-fd 9 --passphrase-file empty
    says "not both"
    expect needs-answer 55 without_terminal carnet-probe passphrase
    says "use --passphrase-file or --passphrase-fd"
    expect needs-answer 55 carnet-probe passphrase --no-input
}

@test "interrupted: it says so and dies of the signal" {
    carnet-probe sleep 2>err >out &
    pid=$!
    comes ready err
    kill -TERM "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 143 ]
    grep -q '^carnet-probe: interrupted: ' err
    grep -q '^What to do: ' err
    [ ! -s out ]
}

@test "interrupted while a change is made whole: only afterwards" {
    carnet-probe sleep --hold 2>err >out &
    pid=$!
    comes ready err
    kill -TERM "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" -eq 143 ]
    grep -q '^carnet-probe: interrupted: ' err
}

@test "what was ignored at the start stays ignored" {
    (
        trap '' HUP
        carnet-probe sleep --hold 2>err >out &
        pid=$!
        comes ready err
        kill -HUP "$pid"
        wait "$pid"
    )
    grep -q 'made whole' out
}

@test "write: its proper name in the current folder, and the same again" {
    expect ok 0 carnet-probe write content "Müller's Lab #7"
    [ "$out" = license-m-ller-s-lab-7-abababab.carnet ]
    [ "$(cat "$out")" = content ]
    remember .
    expect ok 0 carnet-probe write content "Müller's Lab #7"
    [ "$out" = license-m-ller-s-lab-7-abababab.carnet ]
    unchanged .
}

@test "write: a planted name makes the name longer, never overwrites" {
    expect ok 0 carnet-probe write one x
    expect ok 0 carnet-probe write two x
    [ "$out" = license-x-abababababababab.carnet ]
    expect ok 0 carnet-probe write three x
    [ "${#out}" -eq $((10 + 64 + 7)) ]
    remember .
    expect exists 73 carnet-probe write four x
    says "N-1"
    unchanged .
    expect ok 0 carnet-probe write two x
    [ "$out" = license-x-abababababababab.carnet ]
}

@test "write -o: a file, never over another without --force" {
    expect ok 0 carnet-probe write one x -o f
    [ "$out" = f ]
    [ "$(stat -c %a f)" = 644 ]
    remember .
    expect exists 73 carnet-probe write two x -o f
    says "There is a file of that name already" "\[f\]" "--force"
    unchanged .
    expect ok 0 carnet-probe write two x -o f --force
    [ "$(cat f)" = two ]
    [ "$(ls | wc -l)" -eq 1 ]
    mkdir d
    expect exists 73 carnet-probe write two x -o d --force
    expect usage 64 carnet-probe write two x -o d/
    expect usage 64 carnet-probe write two x -o -
    says "--text"
    expect usage 64 carnet-probe write two x -o a --to d
    says "not several"
    expect no-input 66 carnet-probe write two x -o nowhere/f
    expect usage 64 carnet-probe write two x -o once --again
    says "more than one result"
    ln -s /nowhere link
    expect exists 73 carnet-probe write two x -o link
}

@test "write -o: a folder that can't be written" {
    mkdir closed
    chmod 555 closed
    if [ "$(id -u)" -eq 0 ]; then
        chmod 777 . "$BATS_TEST_TMPDIR" "$BATS_TMPDIR" 2>/dev/null || true
        expect permission 77 setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
            "$(command -v carnet-probe)" write two x -o closed/f
    else
        expect permission 77 carnet-probe write two x -o closed/f
    fi
    [ -z "$(ls closed)" ]
}

@test "write --to: the stick's layout, delivered, with words for people" {
    mkdir stick
    expect ok 0 carnet-probe write one lab --to stick
    [ "$out" = stick/carnet/to-user/license-lab-abababab.carnet ]
    [ "$(cat "$out")" = one ]
    expect ok 0 carnet-probe write one lab --to stick/ --from-machine --json
    [ "$(json .file)" = stick/carnet/to-admin/fingerprint-lab-abababab.carnet ]
    grep -q "license administrator" stick/carnet/README.TXT
    LC_ALL=C awk '!/^[ -~]*\r$/ { exit 1 }' stick/carnet/README.TXT
    echo mine >stick/carnet/README.TXT
    expect ok 0 carnet-probe write two lab --to stick --force
    [ "$out" = stick/carnet/to-user/license-lab-abababababababab.carnet ]
    [ "$(cat stick/carnet/README.TXT)" = mine ]
    expect no-stick 80 carnet-probe write one lab --to nowhere
    [ ! -e nowhere ]
}

@test "write --text and --dry-run leave no file" {
    remember .
    expect ok 0 carnet-probe write content lab --text
    says "^-----BEGIN CARNET LICENSE-----$" "^-----END CARNET LICENSE-----$"
    printf '%s\n' "$out" | sed '1d;$d' | base64 -d | gzip -d | grep -qx content
    expect ok 0 carnet-probe write content lab --text --json
    json .text | grep -q 'BEGIN CARNET LICENSE'
    expect ok 0 carnet-probe write content lab -n
    says "Would write license-lab-abababab.carnet"
    mkdir -p "$BATS_TEST_TMPDIR/stick"
    expect ok 0 carnet-probe write content lab -n --to "$BATS_TEST_TMPDIR/stick" --json
    [ "$(json '."dry-run"')" = true ]
    [ -z "$(ls "$BATS_TEST_TMPDIR/stick")" ]
    expect ok 0 carnet-probe write content lab -n -o f
    unchanged .
}

@test "explain: by name, by code, all, and none" {
    expect ok 0 carnet-inspect explain wrong-machine
    says "^wrong-machine \(exit code 13\)" "^What to do"
    expect ok 0 carnet-inspect explain 13 --json
    [ "$(json '.schema + " " + .explained.outcome')" = "carnet.explain/1 wrong-machine" ]
    expect ok 0 carnet-inspect explain
    says "^ +0  ok " "^ 39  beyond-entitlement " "^130  interrupted "
    expect ok 0 carnet-inspect explain --json
    [ "$(json '.outcomes | length')" -gt 50 ]
    expect not-found 46 carnet-inspect explain wrong-machin
    says "Did you mean 'wrong-machine'"
    expect not-found 46 carnet-inspect explain 2
}

@test "a bar on a terminal: drawn over, gone before anything else is said, and nowhere else" {
    TERM=xterm on_terminal "" carnet-probe progress
    [ "$status" -eq 0 ]
    says 'baking  ' ' of 40' '40 of 40'
    # Each line that is said begins where the bar was erased, or where there was none.
    [ "$(grep -c $'\\(^\\|\e\\[K\\)\\(cake [0-9]*\\|baked\\)$' "$BATS_TEST_TMPDIR/out")" -eq 5 ]
    grep -q $'\e\\[Kcake' "$BATS_TEST_TMPDIR/out"
    not_says $'[^K]cake' $'[^K]baked'
    # With a refusal at the end, too.
    TERM=xterm on_terminal "" carnet-probe progress --fail
    [ "$status" -eq 82 ]
    [ "$(grep -c $'\e\\[Kcarnet-probe: .*stick-full' "$BATS_TEST_TMPDIR/out")" -eq 1 ]
    # No colour, but still a bar.
    NO_COLOR=1 TERM=xterm on_terminal "" carnet-probe progress
    says ' of 40'
    not_says $'\e\\[32m'
    for arguments in "--quiet" "--json" "-c 19"; do
        TERM=xterm on_terminal "" carnet-probe progress $arguments
        not_says "baking"
    done
    TERM=dumb on_terminal "" carnet-probe progress
    not_says "baking"
    expect ok 0 env TERM=xterm carnet-probe progress
    [ "$out" = "$(printf 'cake %d\n' 10 20 30 40)" ]
    [ "$err" = baked ]
}

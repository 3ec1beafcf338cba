#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# carnet-admin: homes, trust, keys, entitlements, licenses, users, conversion.

load admin_helper

setup() {
    fresh
}

@test "help obeys the house's form" {
    expect ok 0 carnet-admin --help
    awk 'length > 80 { exit 1 }' "$BATS_TEST_TMPDIR/out"
    expect usage 64 carnet-admin
    says "Begin with 'carnet-admin init"
    expect ok 0 carnet-admin explain no-seat
    says "All seats"
}

# ---- init ----

@test "init makes a home that only its owner can read" {
    home_of_both
    says "^home " "^root +[0-9a-f]{64}$" "^issuer +[0-9a-f]{64}$" "keys have no passphrase" "own root is pinned here"
    [ "$(stat -c %a "$CARNET_HOME")" = 700 ]
    [ -z "$(find "$CARNET_HOME" -type f ! -perm 600)" ]
    [ "$(ls "$CARNET_HOME")" = "$(printf '%s\n' issuer.kek issuer.key ledger.db root.kek root.key)" ]
}

@test "init: each role has its own keys" {
    expect ok 0 carnet-admin --home v init --role vendor --name V --no-passphrase
    [ -e v/root.key ] && [ ! -e v/issuer.key ]
    expect ok 0 carnet-admin --home a init --role admin --name A --no-passphrase --json
    [ "$(json '.passphrase')" = false ]
    [ -e a/issuer.key ] && [ ! -e a/root.key ]
    expect not-found 46 carnet-admin --home a key export root
    says "This home has no root key"
    expect configuration 78 carnet-admin --home a entitle --license L --product p --licensee x --seats 1
    says "it can't entitle"
    touch f
    expect configuration 78 carnet-admin --home v assign f
    says "holds no seats"
}

@test "init writes nothing where something is" {
    home_of_both
    remember "$CARNET_HOME"
    expect exists 73 carnet-admin init --role admin --name X --no-passphrase
    says "There is a home at this place already"
    unchanged "$CARNET_HOME"
    mkdir full && echo hello >full/file
    remember full
    expect exists 73 carnet-admin --home full init --role admin --name X --no-passphrase
    says "not empty"
    unchanged full
}

@test "init refuses what it can't use, and leaves nothing" {
    expect usage 64 carnet-admin init --role king --name X --no-passphrase
    says "vendor, admin or both"
    expect usage 64 carnet-admin init --role admin --no-passphrase
    says "--name is needed"
    expect usage 64 carnet-admin init --role admin --name " a" --no-passphrase
    echo secret >p
    expect usage 64 carnet-admin init --role admin --name X --no-passphrase --passphrase-file p
    expect needs-answer 55 without_terminal carnet-admin init --role admin --name X
    says "--passphrase-file"
    expect ok 0 carnet-admin init --role admin --name X --no-passphrase -n
    [ ! -e "$CARNET_HOME" ]
}

@test "an init that was killed is mended by the next" {
    mkdir -m 700 "$CARNET_HOME" "$CARNET_HOME/unfinished-init"
    echo half >"$CARNET_HOME/root.key"
    echo half >"$CARNET_HOME/unfinished-init/ledger.db"
    echo half >"$CARNET_HOME/unfinished-init/issuer.key"
    expect ok 0 carnet-admin init --role both --name X --no-passphrase
    says "An earlier init or restore was interrupted here"
    [ "$(ls "$CARNET_HOME" | wc -l)" -eq 5 ]
    expect ok 0 carnet-admin key list
}

@test "a lost ledger: the keys that are left are never taken for leftovers" {
    command -v strace >/dev/null
    # Killed after the last move: a whole home, and the empty folder beside it.
    strace -f -o /dev/null -e trace=unlinkat -e inject=unlinkat:signal=KILL:when=1 \
        carnet-admin init --role both --name X --no-passphrase >/dev/null 2>&1 || true
    [ -e "$CARNET_HOME/ledger.db" ] && [ -d "$CARNET_HOME/unfinished-init" ]
    mkdir kept && mv "$CARNET_HOME"/ledger.db* kept
    remember "$CARNET_HOME"
    expect ledger-damaged 92 carnet-admin key list
    says "its ledger \(ledger.db\) is gone" "Put ledger.db back"
    not_says "carnet-admin init"
    expect ledger-damaged 92 carnet-admin init --role both --name X --no-passphrase
    expect ledger-damaged 92 carnet-admin init --role both --name X --no-passphrase -n
    unchanged "$CARNET_HOME"
    mv kept/* "$CARNET_HOME"
    expect ok 0 carnet-admin key list
    [ ! -e "$CARNET_HOME/unfinished-init" ]
    rm "$CARNET_HOME"/ledger.db*
    expect ledger-damaged 92 carnet-admin init --role both --name X --no-passphrase
    [ -e "$CARNET_HOME/root.key" ]
}

@test "an init that was killed before its ledger moved up is told as such" {
    command -v strace >/dev/null
    strace -f -o /dev/null -e trace=renameat -e inject=renameat:signal=KILL:when=5 \
        carnet-admin init --role both --name X --no-passphrase >/dev/null 2>&1 || true
    [ -e "$CARNET_HOME/root.key" ] && [ ! -e "$CARNET_HOME/ledger.db" ]
    expect configuration 78 carnet-admin key list
    says "did not come to its end" "it begins anew"
    expect ok 0 carnet-admin init --role both --name X --no-passphrase
    says "An earlier init or restore was interrupted here"
}

@test "init leaves no folder behind, and takes an empty one" {
    expect needs-answer 55 without_terminal carnet-admin --home a/b/c init --role admin --name X
    [ ! -e a ]
    mkdir empty
    expect ok 0 carnet-admin --home empty init --role admin --name X --no-passphrase -n
    says "Would make a home"
    [ -z "$(ls -A empty)" ]
    chmod 755 empty
    expect ok 0 carnet-admin --home empty init --role admin --name X --no-passphrase
    [ "$(stat -c %a empty)" = 700 ]
    expect io-error 74 env ASAN_OPTIONS="detect_leaks=0:$ASAN_OPTIONS" strace -f -o /dev/null -e trace=renameat -e inject=renameat:error=EIO:when=2 \
        carnet-admin --home d/e init --role admin --name X --no-passphrase
    [ ! -e d ]
}

@test "init killed at each of its moves: the next one gives a whole home" {
    command -v strace >/dev/null
    for call in mkdirat renameat fsync unlinkat; do
        for when in 1 2 3 4 5; do
            rm -rf "$CARNET_HOME"
            strace -f -o /dev/null -e "inject=$call:signal=KILL:when=$when" \
                carnet-admin init --role both --name X --no-passphrase >/dev/null 2>&1 || true
            if [ -e "$CARNET_HOME/ledger.db" ]; then
                expect exists 73 carnet-admin init --role both --name X --no-passphrase
            else
                expect ok 0 carnet-admin init --role both --name X --no-passphrase
            fi
            expect ok 0 carnet-admin entitle --license L --product p --licensee x --seats 1 -o e.carnet
            expect ok 0 carnet-admin import e.carnet
            rm e.carnet
        done
    done
}

# ---- passphrases ----

@test "a passphrase is asked for only when something is signed, and three times" {
    echo "correct horse" >good && echo wrong >bad && chmod 600 good bad
    expect ok 0 carnet-admin init --role both --name Acme --passphrase-file good
    not_says "no passphrase"
    expect ok 0 carnet-admin key list --json
    [ "$(json '.keys | map(.passphrase) | all')" = true ]
    remember "$CARNET_HOME"
    entitle=(carnet-admin entitle --license L --product cad --licensee x --seats 1 --offline allowed -o e.carnet)
    expect needs-answer 55 without_terminal "${entitle[@]}"
    expect wrong-passphrase 90 "${entitle[@]}" --passphrase-file bad
    [ ! -e e.carnet ]
    unchanged "$CARNET_HOME"
    on_terminal 'no\nnever\ncorrect horse\n' "${entitle[@]}"
    [ "$status" -eq 0 ]
    [ -e e.carnet ]
    says "does not open the key; try again"
    expect ok 0 without_terminal carnet-admin import e.carnet
    expect ok 0 without_terminal carnet-admin user add L ada
    on_terminal 'no\nno\nno\n' carnet-admin entitle --license L --seats 2 -o f.carnet
    [ "$status" -eq 90 ]
}

# ---- trust ----

@test "trust add: by the id, by -y, by a question, or not" {
    expect ok 0 carnet-admin --home v init --role vendor --name V --no-passphrase
    expect ok 0 carnet-admin --home v key export root -o root.pem
    id=$(carnet-admin --home v key list --json | jq -r '.keys[0].id')
    expect ok 0 carnet-admin init --role admin --name A --no-passphrase
    remember "$CARNET_HOME"
    expect needs-answer 55 without_terminal carnet-admin trust add root.pem
    says "$(echo "$id" | sed 's/..../& /g; s/ $//')"
    expect untrusted-key 32 carnet-admin trust add root.pem --id "${id//[0-9]/a}"
    says "not the one you gave" "T-1"
    expect usage 64 carnet-admin trust add root.pem --id 1234
    unchanged "$CARNET_HOME"
    on_terminal 'n\n' carnet-admin trust add root.pem
    [ "$status" -eq 130 ]
    expect ok 0 carnet-admin trust list
    [ -z "$out" ]
    expect ok 0 carnet-admin trust add root.pem --id "$(echo "${id^^}" | sed 's/..../& /g')"
    [ "$out" = "$id" ]
    expect ok 0 carnet-admin trust add root.pem -y
    says "pinned here already"
    expect ok 0 carnet-admin trust list
    says "^$id  pinned "
    expect ok 0 carnet-admin --home b init --role admin --name B --no-passphrase
    expect ok 0 carnet-admin --home b trust add root.pem -y
    says "on your word alone"
}

@test "trust add: what is no root key" {
    home_of_both
    carnet-admin key export issuer -o issuer.pem
    remember "$CARNET_HOME"
    expect untrusted-key 32 carnet-admin trust add issuer.pem -y
    says "one role for life" "T-5"
    echo nonsense >x.pem
    expect malformed 30 carnet-admin trust add x.pem -y
    says "K-1" "x.pem"
    expect wrong-kind 33 carnet-admin trust add "$CARNET_HOME/root.key" -y
    says "This is a private key" "Never hand this file on" "key export root"
    expect wrong-kind 33 carnet-admin entitle --license L --product p --licensee x --seats 1 --issuer "$CARNET_HOME/issuer.key"
    says "This is a private key"
    openssl genpkey -algorithm ed25519 -out secret.pem
    expect wrong-kind 33 carnet-admin trust add secret.pem -y
    expect no-input 66 carnet-admin trust add missing.pem -y
    unchanged "$CARNET_HOME"
}

# ---- keys ----

@test "key export: on standard output, into a file, and never over one" {
    home_of_both
    expect ok 0 carnet-admin key export root
    [ "$(printf '%s\n' "$out" | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)" = "$vendor" ]
    expect ok 0 carnet-admin key export root -o r.pem
    expect exists 73 carnet-admin key export issuer -o r.pem
    says "Name another file"
    not_says "--force"
    [ "$(openssl pkey -pubin -in r.pem -outform DER | sha256sum | cut -d' ' -f1)" = "$vendor" ]
    expect usage 64 carnet-admin key export house
}

@test "a home that others can read, or that is not there" {
    home_of_both
    chmod 750 "$CARNET_HOME"
    expect permission 77 carnet-admin license list
    says "chmod 700"
    chmod 700 "$CARNET_HOME"
    chmod 640 "$CARNET_HOME/root.key"
    expect permission 77 carnet-admin entitle --license L --product p --licensee x --seats 1
    expect configuration 78 carnet-admin --home nowhere license list
    says "carnet-admin init"
    [ ! -e nowhere ]
}

@test "a ledger of a newer carnet, a damaged one, a key file that is missing" {
    home_of_both
    cp -a "$CARNET_HOME" newer && sqlite3 newer/ledger.db 'PRAGMA user_version = 99'
    expect configuration 78 carnet-admin --home newer license list
    says "newer carnet" "Update carnet"
    cp -a "$CARNET_HOME" damaged
    head -c 4096 /dev/urandom | dd of=damaged/ledger.db bs=1 seek=12288 conv=notrunc status=none
    expect ledger-damaged 92 carnet-admin --home damaged license list
    rm "$CARNET_HOME/root.key"
    expect configuration 78 carnet-admin entitle --license L --product p --licensee x --seats 1 -o e.carnet
    says "file of the root key is missing"
    [ ! -e e.carnet ]
}

@test "a key whose files are not as they were" {
    home_of_both
    entitle=(carnet-admin entitle --license L --product p --licensee x --seats 1 -o e.carnet)
    cp -a "$CARNET_HOME" kept
    cp "$CARNET_HOME/issuer.key" "$CARNET_HOME/root.key"
    for dry in "" -n; do
        expect configuration 78 "${entitle[@]}" $dry
        says "Put back root.key and root.kek from your copy"
    done
    cp kept/root.key "$CARNET_HOME" && rm "$CARNET_HOME/root.kek"
    for dry in "" -n; do
        expect configuration 78 "${entitle[@]}" $dry
        says "'root.kek' is not there" "Put back root.key and root.kek"
    done
    cp kept/issuer.kek "$CARNET_HOME/root.kek"
    expect configuration 78 "${entitle[@]}"
    says "Put back root.key and root.kek"
    cp kept/root.kek "$CARNET_HOME" && chmod 644 "$CARNET_HOME/root.key"
    for dry in "" -n; do
        expect permission 77 "${entitle[@]}" $dry
        says "chmod 600 root.key"
    done
    [ ! -e e.carnet ]
}

@test "what is wrong with a passphrase's source is said of that source" {
    echo "correct horse" >good && chmod 600 good
    expect ok 0 carnet-admin init --role both --name Acme --passphrase-file good
    entitle=(carnet-admin entitle --license L --product p --licensee x --seats 1 -o e.carnet)
    expect no-input 66 "${entitle[@]}" --passphrase-file absent
    says "\[absent\]"
    expect usage 64 "${entitle[@]}" --passphrase-fd 77
    says "descriptor 77 is not open"
    : >empty && chmod 600 empty
    expect usage 64 "${entitle[@]}" --passphrase-file empty
    says "\[empty\]"
    [ ! -e e.carnet ]
}

# ---- entitle ----

@test "entitle: the defaults, and every flag" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee "City Hospital" --seats 25 -o e.carnet --json
    for word in "not-after never" "offline denied" "virtual accepted" "container accepted" "transfers-per-year none" \
        "losses-per-year none" "threshold 60" "lease-days none" "activate-within-days 90" "clock-tolerance-hours 24" \
        "contact sales@acme.example" "held-after-loss lease" "newest-version any"; do
        [ "$(json ".changes[] | select(.member == \"${word%% *}\") | .to")" = "${word#* }" ]
    done
    expect ok 0 carnet-admin entitle --license L-1 --offline allowed --edition pro --newest-version 4.2 --seats 30 \
        --feature mesh --feature cores=8 --not-after 2031-12-31 --lease-days 90 --activate-within 30 --transfer-cap 2 \
        --loss-cap 1 --hold-after-loss no --threshold 70 --weight disk=0 --weight tpm=50 --clock-tolerance 12 \
        --virtual refused --container pinned --contact "" -o e2.carnet
    says "revision 2; against revision 1" "offline +denied → allowed" "edition +\(none\) → pro" "seats +25 → 30" "feature cores +\(none\) → 8" \
        "not-after +never → 2031-12-31T23:59:59Z" "weight disk +20 → \(none\)" "contact .*→ \(none\)" "virtual .*refused"
    expect ok 0 carnet-admin entitle --license L-1 --drop-feature cores --feature mesh=x -o e3.carnet
    says "revision 3; against revision 2" "feature cores +8 → \(none\)" "feature mesh +yes → x"
    not_says "seats"
}

@test "entitle: nothing differs: the same bytes again" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 -o e.carnet
    expect ok 0 carnet-admin entitle --license L-1 --seats 5 -o again.carnet
    says "^License L-1: nothing differs from revision 1"
    not_says "revision 2"
    cmp e.carnet again.carnet
}

@test "entitle refuses, and nothing is signed" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 --feature a -o e.carnet
    remember "$CARNET_HOME" .
    expect usage 64 carnet-admin entitle --product cad
    expect usage 64 carnet-admin entitle --license L-2 --product cad --licensee x
    says "--seats is missing"
    expect usage 64 carnet-admin entitle --license L-1 --seats 1000001
    expect usage 64 carnet-admin entitle --license L-1 --offline maybe
    says "'denied' or 'allowed'"
    expect usage 64 carnet-admin entitle --license L-1 --weight shoe=3
    expect usage 64 carnet-admin entitle --license L-1 --not-after 2031-02-30
    expect usage 64 carnet-admin entitle --license L-1 --threshold 0
    expect usage 64 carnet-admin entitle --license L-1 --weight machine-id=0 --weight system-uuid=0 --weight tpm=0 \
        --weight board-serial=0 --weight disk=0 --weight adapter=0 --weight cpu=0 --weight host=0 --weight os=0
    says "E-1"
    expect not-found 46 carnet-admin entitle --license L-1 --drop-feature b
    says "Drop one that it has: a\."
    expect exists 73 carnet-admin entitle --license L-1 --seats 6 -o e.carnet
    expect ok 0 carnet-admin entitle --license L-1 --seats 6 -n
    unchanged "$CARNET_HOME" .
    expect ok 0 carnet-admin --home other init --role admin --name O --no-passphrase
    carnet-admin --home other key export issuer -o other.pem
    carnet-admin key export root -o root.pem
    expect untrusted-key 32 carnet-admin entitle --license L-1 --issuer other.pem
    says "a license has one issuer"
    expect untrusted-key 32 carnet-admin entitle --license L-3 --product p --licensee x --seats 1 --issuer root.pem
    says "one role for life"
}

# waiting COMMAND...: starts an entitle that asks a pipe for its passphrase, and returns when it has said what it will
# do; its process is $waiting. `answer` types the passphrase and gives what it says and its exit code as `expect` does.
waiting() {
    rm -f pipe && mkfifo pipe
    "$@" --passphrase-fd 7 7<>pipe >waiting.out 2>waiting.err 3>&- &
    waiting=$!
    comes "revision" waiting.err
    sleep 1.1 # whatever is written now is dated later than what it has seen
}
answer() {
    cat good >pipe
    local got=0
    wait "$waiting" || got=$?
    cat waiting.out && cat waiting.err >&2
    return "$got"
}

@test "entitle waits for a passphrase: others may go on, and it can be interrupted" {
    echo "correct horse" >good && chmod 600 good
    expect ok 0 carnet-admin init --role both --name Acme --passphrase-file good
    entitle=(carnet-admin entitle --product cad --licensee x)
    waiting "${entitle[@]}" --license L-1 --seats 1 -o slow.carnet
    expect ok 0 "${entitle[@]}" --license M-1 --seats 1 -o quick.carnet --passphrase-file good
    expect ok 0 answer
    [ -e slow.carnet ]

    # Another revision of the same license in between.
    waiting "${entitle[@]}" --license L-1 --seats 5 -o five.carnet
    expect ok 0 "${entitle[@]}" --license L-1 --seats 6 -o six.carnet --passphrase-file good
    held=$(sqlite3 "$CARNET_HOME/ledger.db" .dump)
    expect busy 75 answer
    says "Another entitle has signed a revision of L-1 meanwhile; nothing was changed" "Run it again"
    [ ! -e five.carnet ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" .dump)" = "$held" ]

    waiting "${entitle[@]}" --license L-1 --seats 7 -o seven.carnet
    kill -TERM "$waiting"
    for _ in {1..50}; do
        kill -0 "$waiting" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$waiting" 2>/dev/null && return 1
    grep -q "interrupted" waiting.err
    [ ! -e seven.carnet ]
    [ "$(sqlite3 "$CARNET_HOME/ledger.db" .dump)" = "$held" ]
}

@test "a license keeps its product" {
    home_of_both
    cp -a "$CARNET_HOME" twin
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 -o e.carnet
    expect ok 0 carnet-admin import e.carnet
    expect ok 0 carnet-admin --home twin entitle --license L-1 --product mesh --licensee x --seats 5 -o t1.carnet
    expect ok 0 carnet-admin --home twin entitle --license L-1 --seats 6 -o t2.carnet
    remember "$CARNET_HOME" .
    expect revision-conflict 50 carnet-admin entitle --license L-1 --product mesh -o other.carnet
    says "L-1 is for the product cad, and a license keeps its product" "a license id of its own"
    expect revision-conflict 50 carnet-admin import t2.carnet
    says "L-1 is for the product cad here, and its revision 2 is for mesh"
    unchanged "$CARNET_HOME" .
}

@test "a license that is over is signed, taken and converted with a warning" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 --offline allowed \
        --not-after 2020-01-01 -o e.carnet
    says "warning: the license L-1 is over: its last day was 2020-01-01"
    expect ok 0 carnet-admin import e.carnet
    says "L-1 is over"
    expect ok 0 carnet-admin convert L-1 offline -y
    says "L-1 is over"
    expect ok 0 carnet-admin entitle --license L-1 --not-after never -o f.carnet
    not_says "is over"
}

# ---- import ----

@test "import: what is read slowly is dated when it is taken" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 -o e.carnet
    { sleep 2.5 && cat e.carnet; } | carnet-admin import - >slow.out 2>&1 3>&- &
    slow=$!
    sleep 1.2
    expect ok 0 carnet-admin entitle --license M-1 --product cad --licensee x --seats 5 -o m.carnet
    wait "$slow" || complain "$(cat slow.out)"
    grep -q "L-1: revision 1 taken" slow.out
}

@test "import of many: each file with what to do, in words and in JSON" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 -o good.carnet
    bad=$'bad\e[31m\nroot: ok.carnet'
    head -c 3000 good.carnet >"$bad"
    expect partly-done 54 carnet-admin import "$bad" good.carnet
    says "^bad.*root: ok.carnet: malformed" "^  What to do: ."
    not_says $'\e' "^root"
    expect partly-done 54 carnet-admin import "$bad" good.carnet --json
    printf '%s\n' "$out" | head -n 1 | jq -e '.source and .outcome == "malformed" and .exit == 30 and .message and .next'
    printf '%s\n' "$out" | sed -n 2p | jq -e '.source == "good.carnet" and .outcome == "ok" and .exit == 0 and .license == "L-1" and .revision == 1 and .fate == "known"'
    [ "$(json '[.done, .failed] | join(" ")')" = "1 1" ]
}

@test "import: newer, older, known, and in conflict" {
    home_of_both
    expect ok 0 carnet-admin entitle --license L-1 --product cad --licensee x --seats 5 -o e1.carnet
    cp -a "$CARNET_HOME" twin
    expect ok 0 carnet-admin entitle --license L-1 --seats 6 -o e2.carnet
    expect ok 0 carnet-admin --home twin entitle --license L-1 --seats 7 -o e2-other.carnet
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin import -n e1.carnet
    says "would be taken" "seats +5"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin import e1.carnet
    expect ok 0 carnet-admin import e2.carnet
    says "seats +5 → 6" "revision 2 taken"
    remember "$CARNET_HOME"
    expect ok 0 carnet-admin import e2.carnet
    says "known already"
    expect ok 0 carnet-admin import e1.carnet --json
    [ "$(json '.fate + " " + .source')" = "older e1.carnet" ]
    expect revision-conflict 50 carnet-admin import e2-other.carnet
    says "known here with other content" "seats +6 → 7"
    unchanged "$CARNET_HOME"
}

@test "import refuses what is not for this home" {
    expect ok 0 carnet-admin --home v init --role vendor --name V --no-passphrase
    expect ok 0 carnet-admin --home other init --role admin --name O --no-passphrase
    expect ok 0 carnet-admin init --role admin --name A --no-passphrase
    carnet-admin --home v key export root -o root.pem
    carnet-admin --home other key export issuer -o other.pem
    carnet-admin key export issuer -o issuer.pem
    carnet-admin --home v entitle --license L --product p --licensee x --seats 1 --issuer issuer.pem -o mine.carnet
    carnet-admin --home v entitle --license M --product p --licensee x --seats 1 --issuer other.pem -o theirs.carnet
    remember "$CARNET_HOME"
    expect untrusted-key 32 carnet-admin import mine.carnet
    expect ok 0 carnet-admin trust add root.pem -y
    remember "$CARNET_HOME"
    expect untrusted-key 32 carnet-admin import theirs.carnet
    says "names the issuer key .* and this home's is" "key export issuer"
    head -c 3000 mine.carnet >short.carnet
    expect malformed 30 carnet-admin import short.carnet
    make-machine fingerprint --vendor "$(carnet-admin trust list --json | jq -r '.anchors[0].vendor')" -o f.carnet
    expect wrong-kind 33 carnet-admin import f.carnet
    says "of the kind 'fingerprint', which 'import' does not take" "Use 'carnet-admin assign FILE' for it"
    [ "$(grep -o "carnet-admin assign" <<<"$err" | wc -l)" -eq 1 ]
    unchanged "$CARNET_HOME"
    expect partly-done 54 carnet-admin import theirs.carnet mine.carnet
    says "theirs.carnet: untrusted-key" "1 of 2 files"
    expect untrusted-key 32 carnet-admin import theirs.carnet theirs.carnet
}

@test "import: dated ahead of the clock" {
    home_of_both
    expect ok 0 faketime '+3 days' carnet-admin entitle --license L --product p --licensee x --seats 1 -o e.carnet
    expect not-yet-valid 12 carnet-admin import e.carnet
    says "48 hours ahead" "O-2"
}

# ---- licenses ----

@test "license list and show" {
    home_of_both
    expect ok 0 carnet-admin license list
    says "There is no license here"
    entitled L-1 --product cad --licensee "City Hospital" --seats 5 --not-after 2031-12-31
    entitled M-1 --product mesh --licensee "County Clinic" --seats 2
    expect ok 0 carnet-admin license list
    says "^L-1 +online +0/5 seats +cad +City Hospital +until 2031-12-31, [0-9]+ days left" "^M-1 .*never ends"
    expect ok 0 carnet-admin license list --json
    [ "$(json '.licenses[0].days_left > 1000')" = true ]
    for word in M-1 m mesh "county"; do
        expect ok 0 carnet-admin license show "$word" --json
        [ "$(json .license.license)" = M-1 ]
    done
    expect usage 64 carnet-admin license show c
    says "fits several licenses: L-1.*, M-1"
    expect not-found 46 carnet-admin license show Z
    says "license list"
    expect ok 0 faketime '2032-03-01 00:00:00' carnet-admin license list
    says "^L-1 .*ended 2031-12-31"
}

# ---- users and conversion ----

@test "users are assigned to an online license, up to its seats" {
    home_of_both
    entitled L-1 --product cad --licensee x --seats 2 --offline allowed
    expect ok 0 carnet-admin user add L-1 "Ada Byron <ada@example.org>"
    says "1 of 2 seats"
    expect ok 0 carnet-admin user add L-1 "Ada Byron <ada@example.org>"
    says "assigned already, 1 of 2"
    expect ok 0 carnet-admin user add L-1 ben -n
    expect ok 0 carnet-admin user add L-1 ben
    remember "$CARNET_HOME"
    expect no-seat 40 carnet-admin user add L-1 cy
    says "All 2 seats of the license L-1 have users"
    expect usage 64 carnet-admin user add L-1 "bad name "
    expect not-found 46 carnet-admin user remove L-1 cy
    expect usage 64 carnet-admin user remove L-1
    expect usage 64 carnet-admin user remove L-1 ben --all
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin license show L-1
    says "Ada Byron <ada@example.org>" "user  ben"
    expect ok 0 carnet-admin user remove L-1 ben
    expect ok 0 carnet-admin user remove L-1 --all
    expect ok 0 carnet-admin convert L-1 offline -y
    remember "$CARNET_HOME"
    expect wrong-mode 45 carnet-admin user add L-1 ada
    says "is offline"
    expect wrong-mode 45 carnet-admin user remove L-1 --all
    unchanged "$CARNET_HOME"
}

@test "convert: permission, users, seats, a question" {
    home_of_both
    entitled L-1 --product cad --licensee x --seats 2
    remember "$CARNET_HOME"
    expect conversion-not-allowed 42 carnet-admin convert L-1 offline -y
    says "Revision 1" "sales@acme.example"
    expect ok 0 carnet-admin convert L-1 online
    says "L-1 is already online"
    expect usage 64 carnet-admin convert L-1 sideways
    for beginning in L cad x; do # what changes something takes the whole id
        expect not-found 46 carnet-admin convert "$beginning" online
    done
    unchanged "$CARNET_HOME"
    entitled L-1 --offline allowed
    expect ok 0 carnet-admin user add L-1 ada
    remember "$CARNET_HOME"
    expect users-assigned 43 carnet-admin convert L-1 offline -y
    says "1 user is still assigned to L-1: ada" "user remove L-1 --all"
    unchanged "$CARNET_HOME"
    expect ok 0 carnet-admin user remove L-1 ada
    remember "$CARNET_HOME"
    expect needs-answer 55 without_terminal carnet-admin convert L-1 offline
    says "becomes offline: its 2 seats"
    expect ok 0 carnet-admin convert L-1 offline -n
    says "would become"
    on_terminal 'n\n' carnet-admin convert L-1 offline
    [ "$status" -eq 130 ]
    unchanged "$CARNET_HOME"
    on_terminal 'y\n' carnet-admin convert L-1 offline
    [ "$status" -eq 0 ]
    fingerprint_of 1 f.carnet --label lab-3
    expect ok 0 carnet-admin assign f.carnet -o l.carnet
    remember "$CARNET_HOME"
    expect seats-in-use 44 carnet-admin convert L-1 online -y
    says "1 seat of L-1 is not free: seat 1 \(lab-3\)\."
    unchanged "$CARNET_HOME"
    make-machine release l.carnet -o r.carnet
    expect ok 0 carnet-admin free r.carnet -o receipt.carnet
    expect ok 0 carnet-admin convert L-1 online -y
}

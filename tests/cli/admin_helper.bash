# SPDX-License-Identifier: MIT
# What the scenarios of carnet-admin share: homes and licenses in one line.

load helper

# A home with role both, without a passphrase; $vendor is its root's id.
home_of_both() {
    expect ok 0 carnet-admin init --role both --name "Acme Tools" --contact "sales@acme.example" --no-passphrase
    vendor=$(carnet-admin trust list --json | jq -r '.anchors[0].vendor')
}

# entitled ID [OPTION]...: entitles and imports, in the home at hand.
entitled() {
    local id=$1
    shift
    expect ok 0 carnet-admin entitle --license "$id" -o "$id-$RANDOM.carnet" "$@"
    expect ok 0 carnet-admin import "$out"
}

# offline_license ID SEATS [OPTION]...: a license of the product "cad" that is offline.
offline_license() {
    local id=$1 seats=$2
    shift 2
    entitled "$id" --product cad --licensee "City Hospital" --seats "$seats" --offline allowed "$@"
    expect ok 0 carnet-admin convert "$id" offline -y
}

# fingerprint_of N FILE [OPTION]...: that of machine N.
fingerprint_of() {
    make-machine fingerprint --vendor "$vendor" --machine "$1" --product cad -o "$2" "${@:3}"
}

# later DAYS COMMAND...: runs it that many days from now. What it writes into the ledger is dated so, and what follows has
# to be as late.
later() {
    faketime -f "+$1d" "${@:2}"
}

# of FILE WORD...: of a bundle's document the attributes of those names, in the order in which they stand there.
of() {
    local file=$1 kind
    shift
    kind=$(tar -tf "$file" | grep '\.xml$')
    tar -xOf "$file" "$kind" | grep -oE " ($(IFS='|'; echo "$*"))=\"[^\"]*\"" | cut -d'"' -f2 | paste -sd ' '
}

# events PATTERN: how many events of the journal are like it (SQL's LIKE).
events() {
    sqlite3 "$CARNET_HOME/ledger.db" "SELECT count(*) FROM event WHERE line LIKE '$1'"
}

# meddle SQL [LEDGER]: changes the ledger behind its back. Triggers do not stop who has the file; those that keep the seals
# go first, so that the rows are no longer what they say.
meddle() {
    local ledger=${2:-$CARNET_HOME/ledger.db}
    sqlite3 "$ledger" "$(sqlite3 "$ledger" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'
        AND substr(name, 1, 5) = 'seal_'")" "$1"
}

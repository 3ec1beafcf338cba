#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian packages: made twice with the same bytes, clean for lintian, and in clean roots of Debian 12 and 13 installed,
# used for a round trip between two machines (one with carnet-user alone), removed with nothing left but state, and
# installed again on that state. In the roots no program has a network.
#
#   run.sh [FOLDER]     FOLDER keeps the roots that debootstrap makes, for the next run. Needs root's rights.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "packages: debootstrap and chroot need root's rights" >&2; exit 77; }
# Mounts in the roots are this script's alone, and end with it.
if [ -z "${CARNET_INSIDE:-}" ]; then
    exec env CARNET_INSIDE=1 unshare --mount --propagation private "$0" "$@"
fi
work=$(mktemp -d)
roots=${1:-$work/roots}
mkdir -p "$roots"
roots=$(cd "$roots" && pwd)
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    awk -v under="$work/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
failed=0
fail() {
    printf 'packages: %s\n' "$*"
    failed=1
}
# expect CODE WORDS COMMAND...: the exit code, and words in what is printed.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$("$@" 2>&1) || got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$words" <<<"$said"; then
        fail "$(printf '%s: exit %s (not %s), or without "%s":\n%s' "$*" "$got" "$code" "$words" "$said")"
    fi
}
seconds() { # SINCE
    printf '%d s' $((SECONDS - $1))
}

# ---- made twice ----
since=$SECONDS
"$source/tools/package.sh" "$work/first" >/dev/null
echo "packages: made in $(seconds $since)"
(umask 077 && TZ=Asia/Shanghai LC_ALL=C TMPDIR=$work "$source/tools/package.sh" "$work/second" >/dev/null)
for file in "$work"/first/*.deb; do
    cmp "$file" "$work/second/${file##*/}" || fail "${file##*/} differs when it is made again"
done
lintian --allow-root --display-info --pedantic --fail-on error,warning,info,pedantic "$work"/first/*.changes ||
    fail "lintian has something to say"
packages=$work/first
for name in carnet-user carnet-admin carnet-inspect libcarnet1 libcarnet-dev carnet-doc; do
    file=$(echo "$packages/${name}"_*.deb)
    echo "packages: $name: $(stat -c %s "$file") bytes, $(dpkg-deb -f "$file" Installed-Size) KiB installed"
done

# ---- clean roots ----
# as ROOT COMMAND...: as root of that machine
as() {
    local root=$1
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
# alone ROOT COMMAND...: the same, without a network
alone() {
    unshare --net -- env -i PATH=/usr/sbin:/usr/bin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$@"
}
fresh() { # RELEASE NAME: a machine of its own
    local root=$work/$1/$2
    mkdir -p "$work/$1"
    cp -a "$roots/$1" "$root"
    cp /etc/hosts /etc/resolv.conf "$root/etc/"
    apt-config dump | grep -E '^(Acquire::(Check-|http|https)|Apt::Install-Recommends)' >"$root/etc/apt/apt.conf.d/99host" || :
    # What came along goes again, even where another package would welcome it.
    printf 'Apt::%s "false";\n' Install-Recommends AutoRemove::RecommendsImportant AutoRemove::SuggestsImportant >>"$root/etc/apt/apt.conf.d/99host"
    # Two machines on one kernel have their own ids and keep the rest.
    tr -d - <"/proc/sys/kernel/random/uuid" >"$root/etc/machine-id"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mkdir -p "$root/media/stick" "$root/tmp/packages"
    mount --bind "$work/$1/stick" "$root/media/stick"
    mount --bind "$packages" "$root/tmp/packages"
    as "$root" apt-get -qq update
}
install() { # ROOT PACKAGE...
    local root=$1 name files=()
    shift
    for name in "$@"; do
        files+=("/tmp/packages/$(cd "$packages" && echo "${name}"_*.deb)")
    done
    as "$root" apt-get -qq -o Dpkg::Use-Pty=0 install -y "${files[@]}" >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; exit 1; }
}
carnets() { # ROOT: what of carnet is installed
    # shellcheck disable=SC2016  # dpkg's own words
    as "$1" dpkg-query -W -f '${db:Status-Status} ${Package}\n' '*carnet*' | sed -n 's/^installed //p'
}
remove() { # ROOT: and what came with them
    local ours
    mapfile -t ours < <(carnets "$1")
    as "$1" apt-get -qq -o Dpkg::Use-Pty=0 purge -y --auto-remove "${ours[@]}" >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; exit 1; }
}
# Every name in a root, but those of dpkg, of apt and of logs, which remember what was.
names() { # ROOT
    (cd "$1" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log -o -path ./tmp \
        -o -path ./etc/ld.so.cache -o -path ./media/stick \) -prune -o -print | sort)
}
left() { # ROOT BEFORE: names that were not there before
    names "$1" | comm -13 "$2" -
}
newest() { # KIND
    find "$stick" -name "$1-*.carnet" -printf '%T@ /media/stick/%P\n' | sort -n | tail -1 | cut -d' ' -f2
}

round_trip() { # RELEASE
    local user=$work/$1/user admin=$work/$1/admin id license
    stick=$work/$1/stick
    mkdir -p "$stick"
    fresh "$1" user
    fresh "$1" admin
    names "$user" >"$work/$1/user.before"
    names "$admin" >"$work/$1/admin.before"
    install "$user" carnet-user
    install "$admin" carnet-admin carnet-inspect carnet-doc
    [ "$(carnets "$user")" = carnet-user ] || fail "$1: the user's machine has more than carnet-user"
    ! as "$user" sh -c 'ls /usr/bin' | grep -v '^carnet-user$' | grep carnet || fail "$1: the user's machine holds another program of carnet's"
    [ -z "$(as "$user" sh -c 'ls /etc | grep carnet')" ] || fail "$1: installing writes settings"

    # The vendor and administrator.
    alone "$admin" carnet-admin --quiet init --role both --name 'Example Vendor' --no-passphrase
    alone "$admin" carnet-admin --quiet key export root -o /media/stick/root.pem >/dev/null
    id=$(openssl pkey -pubin -in "$stick/root.pem" -outform DER | sha256sum | cut -d' ' -f1)
    alone "$admin" carnet-admin --quiet entitle --license CAD-1 --product cad --licensee 'Hall 3' --seats 1 --offline allowed -o /root/e.carnet
    alone "$admin" carnet-admin --quiet import /root/e.carnet
    alone "$admin" carnet-admin --quiet convert CAD-1 offline -y

    # A seat goes over.
    alone "$user" carnet-user --quiet trust add /media/stick/root.pem --id "$id"
    expect 10 'no-license' alone "$user" carnet-user check cad
    expect 0 'as keyed digests' alone "$user" carnet-user fingerprint --product cad --label HALL3-PLC1 --to /media/stick
    expect 0 'Seat 1 of CAD-1' alone "$admin" carnet-admin assign "$(newest fingerprint)" --to /media/stick
    license=$(newest license)
    expect 0 'Activated' alone "$user" carnet-user activate "$license" --to /media/stick
    expect 0 'Licensed: cad' alone "$user" carnet-user check cad
    expect 0 'ok' alone "$admin" carnet-inspect verify --trust /media/stick/root.pem "$license"
    expect 0 '"outcome": *"ok"' alone "$admin" carnet-inspect verify --json --trust /media/stick/root.pem "$license"
    # The stock-tool verifier of carnet-doc, on the machine that made this run, for its tools.
    expect 0 '^ok ' sh "$admin/usr/share/doc/carnet/spec/verify.sh" --root "$stick/root.pem" "$work/$1${license/#\/media/}"

    # Removed: nothing is left but state, and the state is enough when it is installed again.
    remove "$user"
    found=$(left "$user" "$work/$1/user.before" | grep -vE '^\./var/lib/carnet(/|$)' || :)
    [ -z "$found" ] || fail "$1: left on the user's machine: $found"
    [ -d "$user/var/lib/carnet" ] || fail "$1: removing took the state"
    install "$user" carnet-user
    expect 0 'Licensed: cad' alone "$user" carnet-user check cad

    # It comes back.
    expect 0 'Stopped: cad' alone "$user" carnet-user release cad --to /media/stick --yes
    expect 16 'released' alone "$user" carnet-user check cad
    expect 0 'is freed' alone "$admin" carnet-admin free "$(newest release)" --to /media/stick
    expect 0 '' alone "$user" carnet-user activate "$(newest receipt)"
    expect 0 '' alone "$admin" carnet-admin --quiet convert CAD-1 online -y
    remove "$user"
    remove "$admin"
    found=$(left "$user" "$work/$1/user.before" | grep -vE '^\./var/lib/carnet(/|$)' || :)
    [ -z "$found" ] || fail "$1: left on the user's machine: $found"
    found=$(left "$admin" "$work/$1/admin.before" | grep -vE '^\./root/(e\.carnet$|\.local(/share(/carnet-admin(/|$)|$)|$))' || :)
    [ -z "$found" ] || fail "$1: left on the administrator's machine: $found"
}

# A maker's machine: what libcarnet-dev brings is enough to build and run a product.
maker() { # RELEASE
    local root=$work/$1/maker
    fresh "$1" maker
    install "$root" libcarnet1 libcarnet-dev
    as "$root" apt-get -qq -o Dpkg::Use-Pty=0 install -y gcc libc6-dev pkg-config >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; exit 1; }
    cp "$work/$1/stick/root.pem" "$root/root/"
    id=$(openssl pkey -pubin -in "$root/root/root.pem" -outform DER | sha256sum | cut -d' ' -f1)
    expect 0 '' as "$root" sh -c "cd /root && sh /usr/share/doc/libcarnet-dev/examples/embed/c/build.sh $id root.pem product"
    expect 10 'Welcome' alone "$root" /root/product
    expect 0 'libcarnet.so.1' as "$root" readelf -d /root/product
}

for release in bookworm trixie; do
    since=$SECONDS
    if [ ! -e "$roots/$release/etc/debian_version" ]; then
        rm -rf "${roots:?}/$release"
        debootstrap --variant=minbase $release "$roots/$release" >"$work/debootstrap.log" 2>&1 || { tail "$work/debootstrap.log"; exit 1; }
        echo "packages: $release: a clean root in $(seconds $since)"
    fi
    since=$SECONDS
    round_trip $release
    maker $release
    echo "packages: $release: installed, a round trip, removed, a product built, in $(seconds $since)"
done
[ $failed -eq 0 ] && echo "packages: two Debian releases, nothing left but state"
exit $failed

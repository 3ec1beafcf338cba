#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages of the named groups, those alone that are missing: tools/packages.sh build demo tests
set -eu

packages_of() {
    case $1 in
    # what compiles the programs
    build) echo build-essential cmake ninja-build pkg-config libarchive-dev libgcrypt20-dev libsodium-dev libxml2-dev zlib1g-dev \
        libsqlite3-dev libjansson-dev libbsd-dev libseccomp-dev libp11-kit-dev ;;
    # what CARNET_STATIC needs beside: the libraries that the static forms of the above rest on
    static) echo nettle-dev libbz2-dev liblzma-dev libmd-dev libgpg-error-dev ;;
    # what tools/package.sh calls
    packages) echo debhelper dpkg-dev ;;
    # what checks bundles by hand
    demo) echo openssl libxml2-utils ;;
    # what the test suites call
    tests) echo clang libclang-rt-14-dev clang-format clang-tidy libcmocka-dev bats python3 python3-jsonschema openssl libxml2-utils \
        libcap2-bin faketime util-linux jq git strace mandoc zsh fish softhsm2 opensc \
        desktop-file-utils libglib2.0-bin shared-mime-info ;;
    # what the long forms call beside
    long) echo chromium default-jdk-headless minisign gpgv gpg xmlsec1 debootstrap lintian abigail-tools \
        user-mode-linux busybox dosfstools mtools ;;
    *) echo "packages.sh: there is no group '$1'; the groups are build, static, packages, demo, tests, long" >&2; exit 64 ;;
    esac
}

wanted=
for group in "$@"; do
    wanted="$wanted $(packages_of "$group")"
done

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || :) in
    *' installed') ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "packages.sh: this needs Debian's apt-get; install by other means:$missing" >&2
    exit 78
}
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "packages.sh: run as root, or install sudo; missing:$missing" >&2
        exit 77
    }
    as_root=sudo
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
# shellcheck disable=SC2086  # a list of names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null

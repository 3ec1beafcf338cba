#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the build asks for, the Debian packages ask for: the libraries of CMakeLists.txt, of carnet.pc and of tools/packages.sh are
in tools/debian/control.

    depends.py SOURCE
"""
import os
import re
import sys

SOURCE = sys.argv[1]
# pkg-config's name: Debian's package
PACKAGE = {"libarchive": "libarchive-dev", "libgcrypt": "libgcrypt20-dev", "libsodium": "libsodium-dev", "libxml-2.0": "libxml2-dev",
           "zlib": "zlib1g-dev", "jansson": "libjansson-dev", "sqlite3": "libsqlite3-dev", "libbsd": "libbsd-dev", "libseccomp": "libseccomp-dev",
           "p11-kit-1": "libp11-kit-dev"}


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def names(field):
    return {re.match(r"[a-z0-9.+-]+", one.strip())[0]: (re.search(r">= ([0-9.]+)", one) or [None, None])[1]
            for one in field.replace("\n", " ").split(",") if re.match(r"[a-z]", one.strip())}


control = read("tools", "debian", "control")
build = names(re.search(r"^Build-Depends: (.*?)\n(?=\S)", control, re.M | re.S)[1])
dev = names(re.search(r"^Package: libcarnet-dev\n.*?^Depends: (.*?)\n(?=\S)", control, re.M | re.S)[1])
bad = 0
for name, version in re.findall(r"^pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET ([a-z0-9.-]+?)(?:>=([0-9.]+))?\)", read("CMakeLists.txt"), re.M):
    package = PACKAGE.get(name, name + "?")
    if package not in build or (version or None) != build[package]:
        print("control: Build-Depends lacks %s (>= %s), for %s" % (package, version, name))
        bad = 1
for name in re.search(r"^Requires\.private: (.*)$", read("format", "carnet.pc.in"), re.M)[1].split():
    if PACKAGE.get(name) not in dev:
        print("control: libcarnet-dev does not depend on what brings %s.pc" % name)
        bad = 1
group = re.search(r"^    build\) echo (.*?);;", read("tools", "packages.sh"), re.M | re.S)[1].replace("\\", " ").split()
for package in sorted(set(group) - set(build) - {"build-essential"}):
    print("control: Build-Depends lacks %s, of tools/packages.sh" % package)
    bad = 1
print("control: %d libraries, as the build asks for them" % len(PACKAGE) if not bad else "control: see above")
sys.exit(bad)

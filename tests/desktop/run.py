#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""File managers know carnet's files: each valid sample gets the type of its kind, by its content under any name, other archives do
not; the desktop entry's command writes the inspector's report and opens it; icon and entry are well-formed.

    run.py CARNET-INSPECT SOURCE
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

INSPECT, SOURCE = (os.path.abspath(p) for p in sys.argv[1:3])
DESKTOP = os.path.join(SOURCE, "tools", "desktop")
SAMPLES = os.path.join(SOURCE, "samples", "valid")
TYPE = "application/vnd.carnet"
failed = 0


def fail(words):
    global failed
    failed += 1
    print("desktop: " + words)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def types(folder):
    data = os.path.join(folder, "share")
    os.makedirs(os.path.join(data, "mime", "packages"))
    shutil.copy(os.path.join(DESKTOP, "carnet.xml"), os.path.join(data, "mime", "packages", "carnet.xml"))
    shutil.copy("/usr/share/mime/packages/freedesktop.org.xml", os.path.join(data, "mime", "packages"))
    subprocess.run(["update-mime-database", os.path.join(data, "mime")], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # What glib's programs, and so most file managers, ask; no other database is looked into.
    environment = dict(os.environ, XDG_DATA_DIRS=data, XDG_DATA_HOME=os.path.join(folder, "none"))

    def ask(path):
        out = subprocess.run(["gio", "info", "-a", "standard::content-type", path], env=environment, check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return re.search(r"standard::content-type: (\S+)", out)[1]

    kinds = set()
    for path in sorted(glob.glob(os.path.join(SAMPLES, "*.carnet"))):
        with open(path, "rb") as file:
            kind = re.match(rb"application/vnd\.carnet\.([a-z]+);", file.read(700)[512:])[1].decode()
        if kind in kinds:
            continue
        kinds.add(kind)
        for name in ("x.carnet", "renamed", "x.dat"):
            copy = os.path.join(folder, name)
            shutil.copy(path, copy)
            if ask(copy) != "%s.%s" % (TYPE, kind):
                fail("a %s named %s is taken for %s" % (kind, name, ask(copy)))
    described = set(re.findall(r'type="%s\.([a-z]+)"' % re.escape(TYPE), read(os.path.join(DESKTOP, "carnet.xml"))))
    spec = read(os.path.join(SOURCE, "spec", "format.md"))
    spec = spec[spec.index("| kind | signed by | embeds |"):]
    wanted = set(re.findall(r"^\| `([a-z]+)` \|", spec[:spec.index("\n\n")], re.M))
    entry = set(re.findall(r"%s\.([a-z]+);" % re.escape(TYPE), read(os.path.join(DESKTOP, "carnet-inspect.desktop"))))
    for what, have in (("carnet.xml", described), ("carnet-inspect.desktop", entry)):
        if have != wanted:
            fail("%s: kinds differ from the specification's: %s" % (what, sorted(have ^ wanted)))
    other = os.path.join(folder, "other")
    subprocess.run(["tar", "--format=ustar", "-C", DESKTOP, "-cf", other, "carnet.xml"], check=True)
    if ask(other) != "application/x-tar":
        fail("another archive is taken for %s" % ask(other))


def entry_opens(folder):
    lines = read(os.path.join(DESKTOP, "carnet-inspect.desktop"))
    command = re.search(r"^Exec=(.*)$", lines, re.M)[1]
    # The two layers of the specification of desktop entries: strings, then arguments.
    words = [re.sub(r"\\([$`])", r"\1", word) for word in shlex.split(command.replace("\\\\", "\\"))]
    tools = os.path.join(folder, "bin")
    os.mkdir(tools)
    with open(os.path.join(tools, "xdg-open"), "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\ncp "$1" "%s/opened.html"\n' % folder)
    os.chmod(os.path.join(tools, "xdg-open"), 0o755)
    sample = os.path.join(folder, "with 'quotes' and $(spaces).carnet")
    shutil.copy(os.path.join(SAMPLES, "license-smallest.carnet"), sample)
    environment = dict(os.environ, PATH=":".join((tools, os.path.dirname(INSPECT), os.environ["PATH"])), XDG_RUNTIME_DIR=folder)
    subprocess.run([sample if word == "%f" else word for word in words], env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    page = os.path.join(folder, "opened.html")
    if not os.path.exists(page) or "<html" not in read(page):
        fail("the desktop entry opens no report")


def well_formed():
    for words in (["xmllint", "--noout", os.path.join(DESKTOP, "carnet.xml"), os.path.join(DESKTOP, "application-vnd.carnet.svg")],
                  ["desktop-file-validate", os.path.join(DESKTOP, "carnet-inspect.desktop")]):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0 or done.stdout:
            fail(done.stdout)


with tempfile.TemporaryDirectory() as place:
    types(place)
    entry_opens(place)
    well_formed()
print("desktop: %d findings" % failed if failed else "desktop: types, entry and icon are in order")
sys.exit(1 if failed else 0)

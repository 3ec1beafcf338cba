#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""flipped.py CARNET-ADMIN HOME [--every N] [--jobs N]: flips one bit of every N-th byte of the home's ledger, each time in
a copy, and has `journal verify` look at it. It has to be found, or the byte holds nothing: then SQLite reads the same
content as before. Prints how many of each; exits 1 when a change was not found, or the program ended in a way of its own.

flipped.py --seals LEDGER: computes the seals (spec/ledger.md, L-12) once more, from the words of the specification."""
import argparse
import concurrent.futures
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import random

FOUND = (92, 78)  # ledger-damaged; of a version that does not exist


def encoded(value):
    if value is None:
        return b"n", b""
    if isinstance(value, int):
        return b"i", value.to_bytes(8, "big", signed=True)
    if isinstance(value, str):
        return b"t", value.encode()
    return b"b", value


def row_number(row):
    digest = bytes(32)
    for value in row:
        kind, content = encoded(value)
        digest = hashlib.sha256(digest + kind + len(content).to_bytes(8, "big") + content).digest()
    return int.from_bytes(digest[:8], "big")


def tables(db):
    return [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                                         " ORDER BY name")]


def seals(path):
    db = sqlite3.connect(path)
    kept = dict(db.execute("SELECT name, sum FROM seal"))
    bad = [name for name in kept if name not in tables(db)]
    for name in tables(db):
        if name == "seal":
            continue
        number = 0
        for row in db.execute(f"SELECT * FROM {name}"):
            number ^= row_number(row)
        if number.to_bytes(8, "big") != kept.get(name, -1).to_bytes(8, "big", signed=True):
            bad.append(name)
    for name in bad:
        print(f"the seal of {name} is not that of its rows")
    return 1 if bad else 0


def content(path):
    """All that the file says, or None where it can't be read."""
    try:
        db = sqlite3.connect(path)
        said = [db.execute(f"PRAGMA {pragma}").fetchall() for pragma in
                ("application_id", "user_version", "encoding", "page_size", "auto_vacuum", "integrity_check")]
        said.append(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name, type").fetchall())
        for name in tables(db):
            said.append(sorted(map(repr, db.execute(f"SELECT * FROM {name}"))))
        db.close()
        return said
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def flip(options, place, before):
    """'found', 'holds nothing', or what is wrong."""
    folder = tempfile.mkdtemp(prefix="carnet-flip-")
    try:
        home = os.path.join(folder, "home")
        shutil.copytree(options.home, home)
        ledger = os.path.join(home, "ledger.db")
        with open(ledger, "r+b") as f:
            f.seek(place)
            byte = f.read(1)[0]
            f.seek(place)
            f.write(bytes([byte ^ 1 << random.Random(place).randrange(8)]))
        done = subprocess.run([options.program, "--home", home, "--json", "journal", "verify"], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        code = done.returncode
        if code in FOUND:
            return "found"
        if code != 0:
            return f"byte {place}: exit {code}: {(done.stdout + done.stderr).decode(errors='replace')[-400:]}"
        return "holds nothing" if content(ledger) == before else f"byte {place}: not found, and the content differs"
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("home")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    if sys.argv[1:2] == ["--seals"]:
        return seals(sys.argv[2])
    options = parser.parse_args()
    ledger = os.path.join(options.home, "ledger.db")
    before = content(ledger)
    size = os.path.getsize(ledger)
    for rest in ("ledger.db-wal", "ledger.db-shm"):
        if os.path.exists(ledger[:-9] + rest) and os.path.getsize(ledger[:-9] + rest) > 0 and rest.endswith("wal"):
            print("the log is not empty: run a command that ends first")
            return 1
    # The header and the first page whole, since every byte of them is another case.
    places = sorted(set(range(0, min(size, 100))) | set(range(0, size, options.every)))
    count = {"found": 0, "holds nothing": 0}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for word in pool.map(lambda place: flip(options, place, before), places):
            if word not in count:
                print(word)
            count[word] = count.get(word, 0) + 1
    bad = len(places) - count["found"] - count["holds nothing"]
    print(f"{len(places)} of {size} bytes flipped: {count['found']} found, {count['holds nothing']} in bytes that hold"
          f" nothing, {bad} not found")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

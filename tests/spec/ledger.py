#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""spec/ledger.md, L-1 to L-6: a ledger that carnet-admin kept is read with SQLite and SHA-256 alone, as an auditor would.

    ledger.py CARNET-ADMIN
"""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "independent"), os.path.join(TOP, "samples", "generator")]
import cast  # noqa: E402
from carnet_reader import Bundle, check_document  # noqa: E402
from carnet_writer import bundle  # noqa: E402

DIGEST, COUNT = "[0-9a-f]{64}", "[1-9][0-9]*"
MEMBERS = (("license", "[A-Za-z0-9][A-Za-z0-9._-]*"), ("revision", COUNT), ("seat", COUNT), ("serial", COUNT),
           ("until", "never|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"), ("grant", DIGEST),
           ("entitlement", DIGEST), ("machine", DIGEST), ("key", DIGEST), ("release", DIGEST), ("bundle", DIGEST), ("name", DIGEST),
           ("note", "[a-z-]+"))
# L-4
LINE = re.compile("(?P<position>%s) [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z %s (?P<what>[a-z-]+) by=(?P<by>%s)%s" %
                  (COUNT, COUNT, DIGEST, "".join("(?: %s=(?P<%s>%s))?" % (name, name, form) for name, form in MEMBERS)))
differences = []


def demand(condition, words):
    if not condition:
        differences.append(words)


def run(expected, program, *arguments):
    done = subprocess.run([program, "--json", *arguments], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout.splitlines()[-1])
    if said["outcome"] != expected:
        sys.exit("ledger: %s: %s%s" % (" ".join(arguments), done.stdout, done.stderr))
    return said


def rows(home, question):
    with sqlite3.connect(os.path.join(home, "ledger.db")) as ledger:
        return ledger.execute(question).fetchall()


def meddle(home, *orders):
    with sqlite3.connect(os.path.join(home, "ledger.db")) as ledger:
        # What keeps the seals (L-12), which nothing here asks about afterwards.
        ledger.create_function("seal_with", -1, lambda seal, *row: seal)
        for order in orders:
            ledger.execute(order)


def chains(home):
    """L-2 to L-4: every chain links to its head; all lines."""
    lines = []
    for number, vendor, signer, position, head in rows(home, "SELECT number, vendor, signer, position, digest FROM chain"):
        link = hashlib.sha256(b"carnet:1:journal:" + vendor + signer).digest()
        events = rows(home, "SELECT position, line, digest FROM event WHERE chain = %d ORDER BY position" % number)
        for count, (at, line, digest) in enumerate(events, 1):
            link = hashlib.sha256(link + line.encode()).digest()
            match = LINE.fullmatch(line)
            demand(match and at == count == int(match["position"]), "L-4: this is no line at position %d: %s" % (count, line))
            demand(link == digest, "L-3: the link at position %d is another" % count)
            lines.append(line)
        demand(len(events) == position and link == head, "L-3: the chain ends elsewhere than it says")
        demand(" open by=" in events[0][1] and " key=%s " % signer.hex() in events[0][1] + " ", "the first event is not open")
    return lines


def names(home, lines, clear):
    """L-5: names stand in no line; each digest of one is that of its salt and text."""
    told = {match[key] for match in map(LINE.fullmatch, lines) if match for key in ("by", "name") if match[key]}
    kept = {digest.hex(): (salt, text) for digest, salt, text in rows(home, "SELECT digest, salt, text FROM name")}
    demand(told and told <= set(kept), "L-5: a line has a digest of no name")
    for digest, (salt, text) in kept.items():
        demand(len(salt) == 16, "L-5: a salt has %d bytes" % len(salt))
        demand(hashlib.sha256(b"carnet:1:name:" + salt + text.encode()).hexdigest() == digest, "L-5: the digest of %s is another" % text)
    for word in clear:
        demand(not any(word in line for line in lines), "L-5: %s stands in a line" % word)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        home, at = os.path.join(folder, "home"), lambda name: os.path.join(folder, name)
        os.environ["CARNET_HOME"] = home
        run("ok", program, "init", "--role", "both", "--name", "Acme Tools", "--no-passphrase")
        vendor = run("ok", program, "trust", "list")["anchors"][0]["vendor"]
        run("ok", program, "entitle", "--license", "mill", "--product", "cad", "--licensee", "City Hospital", "--seats", "2",
            "--offline", "allowed", "-o", at("e.carnet"))
        run("ok", program, "import", at("e.carnet"))
        run("ok", program, "user", "add", "mill", "Ada")
        run("ok", program, "user", "remove", "mill", "Ada")
        run("ok", program, "convert", "mill", "offline", "-y")
        text = cast.fingerprint_smallest().replace(cast.VENDOR.encode(), vendor.encode())
        text = cast.edit(cast.edit(text, "<products/>", '<products>\n    <product id="cad"/>\n  </products>'), "/>\n  <environment",
                         ' label="Ward 7"/>\n  <environment')
        with open(at("f.carnet"), "wb") as file:
            file.write(bundle("fingerprint", text, cast.MACHINE))
        run("ok", program, "assign", at("f.carnet"), "-o", at("l.carnet"))
        run("ok", program, "renew", "mill", "1", "--not-after", "2050-01-01", "-o", at("l2.carnet"))
        run("ok", program, "revoke", "mill", "1", "--reason", "Stolen from Ward 7", "-y", "-o", at("r.carnet"))
        # L-1
        demand(rows(home, "PRAGMA application_id") == [(0x6361726e,)], "L-1: another application id")
        demand(rows(home, "PRAGMA user_version") == [(6,)], "L-1: another version of the schema")
        # L-12
        seals = os.path.join(os.path.dirname(__file__), "..", "ledger", "flipped.py")
        demand(subprocess.run([sys.executable, "-B", seals, "--seals", os.path.join(home, "ledger.db")], check=False).returncode == 0,
               "L-12: another seal")
        lines = chains(home)
        names(home, lines, ("Acme", "City Hospital", "Ada", "Ward 7", "Stolen"))
        said = [LINE.fullmatch(line)["what"] for line in lines if LINE.fullmatch(line)]
        for what in ("open", "key-made", "entitle", "import", "user-add", "user-remove", "convert", "assign", "renew", "revoke", "issued"):
            demand(what in said, "no event says %s" % what)
        # The license names the position and the digest of its assign.
        with open(at("l.carnet"), "rb") as file:
            license_ = Bundle(file.read())
        journal = check_document("license", license_.document).find("journal").attributes
        where = "position = %s AND lower(hex(digest)) = '%s'" % (journal["position"], journal["digest"])
        named = rows(home, "SELECT line FROM event WHERE %s" % where)
        demand(len(named) == 1 and " assign by=" in named[0][0], "the license does not name its event")
        demand(any(line.endswith(" bundle=%s note=license" % license_.id) for line in lines), "no event says that the license was issued")
        # L-1: a newer ledger is refused. L-6: a clock that was set back is, and nothing is changed.
        shutil.copytree(home, at("newer"))
        meddle(at("newer"), "PRAGMA user_version = 999")
        run("configuration", program, "--home", at("newer"), "license", "show", "mill")
        shutil.copytree(home, at("ahead"))
        meddle(at("ahead"), "UPDATE chain SET last = last + 864000")
        before = chains(at("ahead"))
        said = run("configuration", program, "--home", at("ahead"), "entitle", "--license", "mill", "--product", "cad", "--licensee",
                   "City Hospital", "--seats", "3", "--offline", "allowed", "-o", at("never.carnet"))
        demand(said.get("clause") == "L-6", "L-6: a clock that was set back is refused by %s" % said.get("clause"))
        demand(chains(at("ahead")) == before and not os.path.exists(at("never.carnet")), "L-6: a refused change was written")
    for difference in differences:
        print(difference)
    print("ledger: %d differences" % len(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

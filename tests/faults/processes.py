#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many processes work on one ledger at once: assign, free, users, conversions, renewals, questions.

  processes.py --programs DIR:DIR:... --source DIR [--processes N] [--operations N]

The short form (CTest) is 8 processes with 200 operations in all; the long one --processes 40 --operations 10000. Each process has
machines of its own, and what the program acknowledged to it must be in the ledger at the end: no seat doubled, none lost, no
acknowledged grant gone, the journal whole."""
import argparse
import json
import os
import random
import sys
import threading
import time

import ledger_rules
from lab import Lab
from ledger_rules import Broken, hold
from scenarios import fingerprint

SEATS = 60
# Outcomes that the rules of a license allow here; 75 is a ledger that others held for ten seconds.
FINE = {"assign": (0, 40, 49), "free": (0,), "renew": (0, 46), "user": (0, 40, 45, 46), "convert": (0, 43, 44), "license": (0,)}


class Worker(threading.Thread):
    """Starts one command after the other; what it was told it remembers."""

    def __init__(self, world, number, operations):
        super().__init__()
        self.world, self.number, self.left = world, number, operations
        self.lot = random.Random(number)
        self.out, self.counts, self.wrong, self.nonce = {}, {}, [], 0

    def command(self, *words):
        result = self.world.run(["carnet-admin", "--json", "--no-input", *words])
        self.left -= 1
        key = (words[0], result.code)
        self.counts[key] = self.counts.get(key, 0) + 1
        if result.code not in FINE[words[0]] + (75,):
            self.wrong.append(f"{' '.join(words)}: exit {result.code}: {result.out}{result.err}")
        return result

    def assign(self):
        self.nonce += 1
        machine, path = self.number * 100000 + self.nonce, f"f{self.number}-{self.nonce}.carnet"
        license_ = f"l{self.number}-{self.nonce}.carnet"
        self.world.must("make-machine", "fingerprint", "--vendor", self.world.vendor, "--machine", str(machine), "--product", "cad",
                        "-o", path)
        result = self.command("assign", path, "-o", license_)
        if result.code == 0:
            self.out[license_] = (machine, json.loads(result.out.splitlines()[-1])["seat"])

    def free(self):
        if not self.out:
            return self.assign()
        license_ = self.lot.choice(list(self.out))
        machine, _ = self.out[license_]
        release = license_.replace("l", "r", 1)
        if not os.path.exists(self.world.at("in", release)):
            self.world.must("make-machine", "release", license_, "--machine", str(machine), "-o", release)
        if self.command("free", release, "-o", license_.replace("l", "x", 1)).code == 0:
            del self.out[license_]
        return None

    def run(self):
        while self.left > 0 and not self.wrong:
            what = self.lot.random()
            if what < 0.35:
                self.assign()
            elif what < 0.65:
                self.free()
            elif what < 0.75 and self.out:
                self.command("renew", "CAD", str(self.lot.choice(list(self.out.values()))[1]), "-o",
                             f"n{self.number}-{self.left}.carnet")
            elif what < 0.85:
                self.command("user", self.lot.choice(["add", "remove"]), "LAB", f"user{self.lot.randint(1, 30)}")
            elif what < 0.9:
                self.command("convert", "LAB", self.lot.choice(["offline", "online"]), "-y")
            else:
                self.command("license", "show", "CAD")


def world_of(lab):
    w = lab.new().make()
    w.must("carnet-admin", "init", "--role", "both", "--name", "Example Vendor", "--no-passphrase")
    for name, product in (("CAD", "cad"), ("LAB", "lab")):
        w.must("carnet-admin", "entitle", "--license", name, "--product", product, "--licensee", "X", "--seats", str(SEATS),
               "--offline", "allowed", "-o", f"{name}.carnet")
        w.must("carnet-admin", "import", f"{name}.carnet")
    w.must("carnet-admin", "convert", "CAD", "offline", "-y")
    w.vendor = json.loads(w.run(["carnet-admin", "--json", "trust", "list"]).out)["anchors"][0]["vendor"]
    fingerprint(w, 1, "first.carnet")
    w.must("carnet-admin", "assign", "first.carnet", "-o", "first-license.carnet")
    return w


def acknowledged(world, workers):
    """Each seat that a process was told is out, on the machine it was told for, and no others are."""
    told = sorted([seat for w in workers for _, seat in w.out.values()] + [1])
    with ledger_rules.Ledger(world.at("home")) as l:
        out = [r[0] for r in l.all("SELECT seat FROM seat_grant JOIN license ON license.number = seat_grant.license"
                                   " WHERE id = 'CAD' AND ended IS NULL ORDER BY seat")]
    busy = sum(n for w in workers for (_, code), n in w.counts.items() if code == 75)
    hold(out == told, f"told are the seats {told}, out are {out}")
    ledger_rules.check(world.at("home"))
    return busy


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--operations", type=int, default=200)
    options = parser.parse_args()
    lab = Lab(options.programs.split(":"), options.source)
    try:
        world = world_of(lab)
        began = time.monotonic()
        workers = [Worker(world, n + 1, options.operations // options.processes) for n in range(options.processes)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        wrong = [words for w in workers for words in w.wrong]
        try:
            busy = acknowledged(world, workers)
        except Broken as broken:
            busy, wrong = 0, wrong + [str(broken)]
        verified = world.run(["carnet-admin", "--json", "journal", "verify"])
        if verified.code != 0:
            wrong.append(f"journal verify: {verified.out}{verified.err}")
    finally:
        lab.close()
    counts = {}
    for w in workers:
        for key, n in w.counts.items():
            counts[key] = counts.get(key, 0) + n
    for (command, code), n in sorted(counts.items()):
        print(f"  {command} → {code}: {n}")
    for words in wrong[:10]:
        print(f"BROKEN {words}")
    print(f"processes: {options.processes} at once, {sum(counts.values())} operations in {time.monotonic() - began:.1f} s, "
          f"{busy} found the ledger busy, {len(wrong)} broken")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

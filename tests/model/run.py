#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random histories of one vendor with several licenses and machines: every outcome of the programs is held against model.py.

  run.py --programs DIR:DIR:... --source DIR [--seed N] [--operations N] [--histories N]

The short form (CTest) is one history of a fixed seed. The long one: --histories 40 --operations 400."""
import argparse
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
import ledger_rules  # noqa: E402
from lab import Lab  # noqa: E402
from ledger_rules import Broken, hold  # noqa: E402
from model import OK, License  # noqa: E402
from scenarios import vendor_of  # noqa: E402

MACHINES = 4
# How often each operation is tried, out of their sum.
WEIGHTS = {"user_add": 4, "user_remove": 4, "convert": 5, "assign": 18, "again": 3, "free": 8, "free_again": 2, "renew": 6, "revoke": 3,
           "replace": 4, "entitle": 4, "late": 2}


class History:
    def __init__(self, lab, seed):
        self.lot, self.seed, self.log, self.covered = random.Random(seed), seed, [], {}
        self.world = lab.new().make()
        w = self.world
        w.must("carnet-admin", "init", "--role", "both", "--name", "Example Vendor", "--no-passphrase")
        self.vendor, self.nonce, self.files, self.receipts = vendor_of(w), 0, {}, {}
        self.licenses, self.older, self.fingerprints = {}, [], []
        for number in range(3):
            seats, held, losses = self.lot.randint(1, 4), bool(number % 2), (2, 9, 9)[number]
            name = f"LIC-{number}"
            w.must("carnet-admin", "entitle", "--license", name, "--product", f"prod{number}", "--licensee", "X", "--seats",
                   str(seats), "--offline", "allowed", "--hold-after-loss", "lease" if held else "no", "--loss-cap",
                   str(losses), "-o", f"{name}-1.carnet")
            w.must("carnet-admin", "import", f"{name}-1.carnet")
            self.licenses[name] = License(name, seats, True, held, losses)
            if number < 2:  # most histories are about seats on machines
                w.must("carnet-admin", "convert", name, "offline", "-y")
                self.licenses[name].offline = True
            self.older.append((name, 1))
        self.revisions = {name: (1, l.seats, l.allowed) for name, l in self.licenses.items()}

    # ---- the two sides ----

    def run(self, expected, *words):
        result = self.world.run(["carnet-admin", "--json", "--no-input", *words])
        self.log.append(" ".join(words) + f" → {result.code}")
        hold(result.code == expected, f"exit {result.code}, and the model says {expected}: {' '.join(words)}\n{result.out}")
        self.covered[(words[0], expected)] = self.covered.get((words[0], expected), 0) + 1
        return json.loads(result.out.splitlines()[-1])

    def license(self):
        return self.lot.choice(list(self.licenses.values()))

    def seat(self, license_):
        """Mostly one that is out; else any, held and free ones among them."""
        if license_.out and self.lot.random() < 0.7:
            return self.lot.choice(sorted(license_.out))
        return self.lot.randint(1, max(license_.seats, 2))

    def make_fingerprint(self, license_):
        self.nonce += 1
        machine, path = self.lot.randint(1, MACHINES), f"f{self.nonce}.carnet"
        self.world.must("make-machine", "fingerprint", "--vendor", self.vendor, "--machine", str(machine), "--nonce",
                        str(self.nonce), "--product", "prod" + license_.name[-1], "-o", path)
        self.fingerprints.append((license_, machine, path))
        return machine, path

    # ---- operations ----

    def user_add(self):
        l, name = self.license(), f"user{self.lot.randint(1, 4)}"
        self.run(l.user_add(name), "user", "add", l.name, name)

    def user_remove(self):
        l, name = self.license(), f"user{self.lot.randint(1, 4)}"
        self.run(l.user_remove(name), "user", "remove", l.name, name)

    def convert(self):
        l, offline = self.license(), self.lot.random() < 0.85
        self.run(l.convert(offline), "convert", l.name, "offline" if offline else "online", "-y")

    def give(self, l, expected, machine, path, *more):
        """The license file is the grant's: the same bytes each time, and the seat that the model says."""
        out = f"out{len(self.log)}.carnet"
        told = self.run(expected, "assign", path, "--license", l.name, "-o", out, *more)
        if expected != OK:
            hold(not os.path.exists(self.world.at("in", out)), "a refusal wrote a file")
            return
        grant = l.grants[path]
        hold(told["seat"] == grant.seat and told["serial"] == grant.serial,
             f"seat {told['seat']} serial {told['serial']}, and the model says {grant.seat} and {grant.serial}")
        self.keep(grant, out)

    def keep(self, grant, out):
        with open(self.world.at("in", out), "rb") as f:
            content = f.read()
        known = self.files.setdefault((grant.fingerprint, grant.serial), content)
        hold(known == content, "the same license has other bytes now")
        if out not in grant.licenses:
            grant.licenses.append(out)

    def assign(self):
        l = self.license()
        machine, path = self.make_fingerprint(l)
        self.give(l, l.assign(machine, path), machine, path)

    def again(self):
        if self.fingerprints:
            l, machine, path = self.lot.choice(self.fingerprints)
            self.give(l, l.assign(machine, path), machine, path)

    def replace(self):
        l = self.license()
        machine, path = self.make_fingerprint(l)
        seat = self.lot.choice(sorted(l.out) or [1])
        out = f"out{len(self.log)}"
        expected = l.replace(seat, machine, path)
        os.mkdir(self.world.at("in", out))
        self.run(expected, "assign", path, "--license", l.name, "--replace", str(seat), "--to", out)
        if expected == OK:
            to_user = self.world.at("in", out, "carnet", "to-user")
            name = [n for n in os.listdir(to_user) if n.startswith("license-")][0]
            self.keep(l.grants[path], f"{out}/carnet/to-user/{name}")

    def release(self, l, grant):
        """Of any license that the grant had, not only the newest."""
        path = f"release{len(self.log)}.carnet"
        self.world.must("make-machine", "release", self.lot.choice(grant.licenses), "--machine", str(grant.machine), "-o", path)
        out = f"receipt{len(self.log)}.carnet"
        self.run(l.free(grant.fingerprint), "free", path, "-o", out)
        with open(self.world.at("in", out), "rb") as f:
            content = f.read()
        hold(self.receipts.setdefault((l.name, grant.fingerprint), content) == content, "the receipt has other bytes now")

    def pick(self, wanted):
        found = [(l, g) for l in self.licenses.values() for g in l.grants.values() if wanted(g)]
        return self.lot.choice(found) if found else None

    def free(self):
        found = self.pick(lambda g: not g.ended)
        if found:
            self.release(*found)

    def free_again(self):
        found = self.pick(lambda g: g.ended)
        if found:
            self.release(*found)

    def renew(self):
        l = self.license()
        seat, out = self.seat(l), f"out{len(self.log)}.carnet"
        expected = l.renew(seat)
        told = self.run(expected, "renew", l.name, str(seat), "-o", out)
        if expected == OK:
            hold(told["serial"] == l.out[seat].serial, f"serial {told['serial']}, and the model says {l.out[seat].serial}")
            self.keep(l.out[seat], out)

    def revoke(self):
        l = self.license()
        seat, out = self.seat(l), f"receipt{len(self.log)}.carnet"
        self.run(l.revoke(seat), "revoke", l.name, str(seat), "--reason", "stolen", "-y", "-o", out)

    def entitle(self):
        """The next revision, imported at once or kept for later."""
        l = self.license()
        revision, seats, allowed = self.revisions[l.name]
        seats, allowed = self.lot.choice([s for s in range(1, 7) if s != seats]), self.lot.random() < 0.8
        revision += 1
        self.revisions[l.name] = (revision, seats, allowed)
        path = f"{l.name}-{revision}.carnet"
        self.run(OK, "entitle", "--license", l.name, "--seats", str(seats), "--offline", "allowed" if allowed else "denied", "-o",
                 path)
        self.older.append((l.name, revision))
        self.kept = getattr(self, "kept", {})
        self.kept[(l.name, revision)] = (seats, allowed)
        if self.lot.random() < 0.7:
            self.run(l.revise(revision, seats, allowed), "import", path)

    def late(self):
        """Any revision again, in any order."""
        name, revision = self.lot.choice(self.older)
        l = self.licenses[name]
        seats, allowed = getattr(self, "kept", {}).get((name, revision), (l.seats, l.allowed))
        self.run(l.revise(revision, seats, allowed), "import", f"{name}-{revision}.carnet")

    # ---- after each ----

    def compare(self):
        """The program's own words about the license, and the rows, against the model."""
        with ledger_rules.Ledger(self.world.at("home")) as ledger:
            for l in self.licenses.values():
                row = ledger.all("SELECT number, seats, revision, mode, in_use, held, users FROM license WHERE id = ?", l.name)[0]
                expected = (l.seats, l.revision, "offline" if l.offline else "online", len(l.out), len(l.held), len(l.users))
                hold(row[1:] == expected, f"{l.name}: the ledger says {row[1:]}, the model {expected}")
                out = dict(ledger.all("SELECT seat, serial FROM seat_grant WHERE license = ? AND ended IS NULL", row[0]))
                hold(out == {s: g.serial for s, g in l.out.items()}, f"{l.name}: seats out {out}")
        ledger_rules.check(self.world.at("home"), fits=False)

    def play(self, operations):
        names, weights = zip(*WEIGHTS.items())
        for count in range(operations):
            name = self.lot.choices(names, weights)[0]
            try:
                getattr(self, name)()
                if count % 5 == 0 or count == operations - 1:
                    self.compare()
            except Broken as broken:
                print(f"BROKEN seed {self.seed}, operation {count} ({name}): {broken}\n  before it:\n    " +
                      "\n    ".join(self.log[-12:]))
                return False
        for l in self.licenses.values():
            shown = self.run(OK, "license", "show", l.name)
            hold(shown["outcome"] == "ok", "the license can't be shown")
        verified = self.world.run(["carnet-admin", "--json", "journal", "verify"])
        if verified.code != 0:
            print(f"BROKEN seed {self.seed}, journal verify: {verified.out}{verified.err}")
            return False
        return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", type=int, default=110)
    parser.add_argument("--histories", type=int, default=1)
    options = parser.parse_args()
    lab, wrong, outcomes = Lab(options.programs.split(":"), options.source), 0, {}
    try:
        for seed in range(options.seed, options.seed + options.histories):
            history = History(lab, seed)
            wrong += not history.play(options.operations)
            for key, n in history.covered.items():
                outcomes[key] = outcomes.get(key, 0) + n
            history.world.remove()
    finally:
        lab.close()
    for (command, code), n in sorted(outcomes.items()):
        print(f"  {command} → {code}: {n}")
    print(f"model: {options.histories} histories of {options.operations} operations, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ledger.py BUILD [SEATS [MANY]]: what an assignment costs in a ledger of SEATS seats that are out (1,000,000), against an
empty one; and MANY fingerprints (1,000) in one run against as many runs. Whole processes, from start to end, one beside
the other in turn, so that what else the machine does falls on both; on a busy machine their computing time says more than that on
the wall. Prints the ratios; asserts nothing."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 60


def main():
    build = os.path.abspath(sys.argv[1])
    seats = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    admin, machine = f"{build}/tools/admin/carnet-admin", f"{build}/tests/cli/make-machine"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        os.chdir(folder)

        def run(home, *arguments):
            """Seconds that the command took on the wall and computing, and what it printed."""
            began = time.monotonic()
            with open("printed", "w+", encoding="utf-8") as printed:
                child = subprocess.Popen([admin, "--home", home, *arguments], stdout=printed, stderr=subprocess.STDOUT)
                _, status, usage = os.wait4(child.pid, 0)
                took = time.monotonic() - began
                printed.seek(0)
                text = printed.read()
            if status != 0:
                sys.exit(f"{arguments}: {text}")
            return took, usage.ru_utime + usage.ru_stime, text

        def fingerprints(first, count, into):
            os.makedirs(into, exist_ok=True)
            subprocess.run([machine, "fingerprint", "--vendor", vendor, "--product", "cad", "--machine", str(first),
                            "--count", str(count), "--dir", into], check=True)

        run("empty", "init", "--role", "both", "--name", "Bench", "--no-passphrase")
        vendor = json.loads(run("empty", "trust", "list", "--json")[2])["anchors"][0]["vendor"]
        run("empty", "entitle", "--license", "L-1", "--product", "cad", "--licensee", "Bench", "--seats", "1000000",
            "--offline", "allowed", "-o", "e.carnet")
        run("empty", "import", "e.carnet")
        run("empty", "convert", "L-1", "offline", "-y")
        shutil.copytree("empty", "full")
        shutil.copytree("empty", "runs")
        shutil.copytree("empty", "one")

        # 1,000 runs against one run.
        fingerprints(1, many, "in")
        os.makedirs("out-runs")
        os.makedirs("out-one")
        runs, one = [0.0, 0.0], [1.0, 1.0]
        for n in range(1, many + 1):
            if n == many // 2:  # in the middle of the others
                one = run("one", "assign", "in", "--to", "out-one")
            took = run("runs", "assign", f"in/{n}.carnet", "--to", "out-runs")
            runs = [runs[0] + took[0], runs[1] + took[1]]
        print(f"{many} fingerprints: {runs[0]:.1f} s in as many runs, {one[0]:.1f} s in one: {runs[0] / one[0]:.1f} times "
              f"as fast (wanted: at least 4); computing {runs[1]:.1f} s and {one[1]:.1f} s: {runs[1] / one[1]:.1f} times",
              flush=True)

        # A full ledger against an empty one.
        given = seats - 2 * ROUNDS
        began = time.monotonic()
        subprocess.run([f"{build}/tests/bench/bench-fill-ledger", "full/ledger.db", "L-1", str(given)], check=True)
        size = os.path.getsize("full/ledger.db") / 1e6
        print(f"{given} seats given in {time.monotonic() - began:.0f} s; the ledger has {size:.0f} MB", flush=True)
        took = {"empty": [], "full": []}
        fingerprints(5000000, ROUNDS, "late")
        for i in range(ROUNDS):
            for home in ("empty", "full") if i % 2 == 0 else ("full", "empty"):
                os.makedirs(f"out-{home}", exist_ok=True)
                took[home].append(run(home, "assign", f"late/{5000000 + i}.carnet", "--to", f"out-{home}")[:2])
        for i, what in enumerate(("on the wall", "computing")):
            empty, full = (statistics.median(times[i] for times in took[home]) * 1000 for home in ("empty", "full"))
            print(f"assign, {what}: {empty:.1f} ms into an empty ledger, {full:.1f} ms into one of {given} seats: "
                  f"{full / empty:.2f} times (wanted: at most 1.3)")


main()

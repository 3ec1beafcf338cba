#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""verify.py BUILD [COUNT [ROUNDS]]: how fast carnet-inspect verifies COUNT licenses of one issuer (100,000), against COUNT
verifications of one signature and nothing else, by libgcrypt (the limit that the design names) and by libsodium (what
carnet uses). Then what it costs that an embedded entitlement is verified once a worker, and not once a run: the licenses
rest on one entitlement, on 1,000, and each on its own. Computing time, time on the wall, and the most memory; the best of
ROUNDS (3), run in turn. On a busy machine computing time alone says something. Nothing is asserted."""

import os
import subprocess
import sys
import tempfile
import time


def run(*command):
    """Time on the wall, computing time, and the most memory (MiB) of one of its processes."""
    began = time.monotonic()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    # wait4 counts the workers too, which the program has waited for.
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    build, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    bench, inspect = f"{build}/tests/bench/bench-licenses", f"{build}/tools/inspect/carnet-inspect"
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        kinds = {"one entitlement": 1, "1,000 entitlements": min(1000, count), "each its own": count}
        commands = {"libgcrypt": [bench, "measure", count, "libgcrypt"], "libsodium": [bench, "measure", count]}
        for i, (name, entitlements) in enumerate(kinds.items()):
            subprocess.run([bench, "make", f"{folder}/{i}", str(count), str(entitlements)], check=True)
            for jobs in (1, 2):
                commands[f"{name}, {jobs} job{'s' if jobs > 1 else ''}"] = [
                    inspect, "verify", "--trust", f"{folder}/{i}/root.pem", "--jobs", jobs, f"{folder}/{i}"]
        for turn in range(rounds + 1):
            for name, command in commands.items():
                measured = run(*command)
                if turn > 0 or rounds == 0:  # in the first round the files come into memory
                    best[name] = tuple(map(min, best.get(name, measured), measured))
    print(f"{'':28}{'seconds':>10}{'computing':>11}{'per file':>12}{'memory':>11}")
    for name, (wall, computing, memory) in best.items():
        print(f"{name:28}{wall:10.2f}{computing:11.2f}{computing / count * 1e6:9.0f} us{memory:7.1f} MiB")
    one, two = best["one entitlement, 1 job"], best["one entitlement, 2 jobs"]
    for name in ("libgcrypt", "libsodium"):
        print(f"one job: {100 * best[name][1] / one[1]:.0f} % of the limit of {name} by computing time, "
              f"{100 * best[name][0] / one[0]:.0f} % by the wall")
    print(f"two jobs: {one[0] / two[0]:.2f} times one by the wall")
    print(f"load: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")


main()

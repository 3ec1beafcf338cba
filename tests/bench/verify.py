#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""verify.py BUILD [COUNT]: how fast carnet-inspect verifies COUNT licenses of one issuer (100,000), against COUNT
verifications of one signature and nothing else. Computing time and time on the wall, and the most memory. Measured with
one job and with two; on a busy machine computing time alone says something. Nothing is asserted."""

import os
import resource
import subprocess
import sys
import tempfile
import time


def run(*command):
    """Time on the wall, computing time, and the most memory (KiB) of one of its processes."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    # wait4 counts the workers too, which the program has waited for.
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    build, count = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "100000"
    bench, inspect = f"{build}/tests/bench/bench-licenses", f"{build}/tools/inspect/carnet-inspect"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([bench, "make", f"{folder}/l", count], check=True)
        verify = [inspect, "verify", "--trust", f"{folder}/l/root.pem"]
        run(*verify, f"{folder}/l")  # the files are in memory from here on
        one = run(*verify, "--jobs", "1", f"{folder}/l")
        limit = run(bench, "measure", count)
        two = run(*verify, "--jobs", "2", f"{folder}/l")
    files = int(count)
    print(f"{'':12}{'seconds':>10}{'computing':>11}{'per file':>12}{'memory':>10}")
    for name, (wall, computing, memory) in (("signatures", limit), ("one job", one), ("two jobs", two)):
        print(f"{name:12}{wall:10.2f}{computing:11.2f}{computing / files * 1e6:9.0f} us{memory / 1024:7.1f} MiB")
    print(f"one job: {100 * limit[1] / one[1]:.0f} % of the limit by computing time, {100 * limit[0] / one[0]:.0f} % "
          f"by the wall; two jobs: {one[0] / two[0]:.2f} times one")
    print(f"load: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors; "
          f"largest so far: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.1f} MiB")


main()

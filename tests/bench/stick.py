#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a messy stick costs 'carnet-user sync': the whole process, by the clock and in processor time, and its peak of memory.

    stick.py BUILD [COUNT]

BUILD is one with tests. The stick holds COUNT (100,000) files of others, and this machine's license among them. Nothing is
asserted: the targets stand beside.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS, KIB = 20, 64 * 1024


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"stick.py: {' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def measure(what, *command):
    began = time.monotonic()
    with open("out", "wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    with open("out", encoding="utf-8", errors="replace") as out:
        last = out.read().splitlines()[-1:]
    busy = usage.ru_utime + usage.ru_stime
    print(f"{what}: {seconds:.1f} s (target {SECONDS}), of them {busy:.1f} s at work, {usage.ru_maxrss / 1024:.1f} MiB (target {KIB // 1024}), exit "
          f"{os.waitstatus_to_exitcode(status)}: {''.join(last)[:60]}", flush=True)


def scene(build):
    """A machine that has asked by a stick, and whose license lies there."""
    admin, user = f"{build}/tools/admin/carnet-admin", f"{build}/tools/user/carnet-user"
    os.environ.update(CARNET_HOME=os.path.abspath("home"), CARNET_STATE=os.path.abspath("state"))
    run(admin, "--quiet", "init", "--role", "both", "--name", "Vendor", "--no-passphrase")
    run(admin, "key", "export", "root", "-o", "root.pem")
    run(admin, "--quiet", "entitle", "--license", "CAD", "--product", "cad", "--licensee", "Hall 3", "--seats", "9", "--offline",
        "allowed", "-o", "cad.carnet")
    run(admin, "--quiet", "import", "cad.carnet")
    run(admin, "--quiet", "convert", "CAD", "offline", "-y")
    run(user, "--quiet", "trust", "add", "root.pem", "-y")
    os.mkdir("stick")
    run(user, "--quiet", "fingerprint", "--product", "cad", "--to", "stick")
    run(admin, "--quiet", "assign", glob.glob("stick/carnet/to-admin/*")[0], "--to", "stick")
    return user, glob.glob("stick/carnet/to-user/*")[0]


def litter(folder, count, content):
    for i in range(count):
        with open(os.path.join(folder, "file-%06d.carnet" % i), "wb") as file:
            file.write(content(i))


def main():
    build, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    folder = tempfile.mkdtemp(prefix="carnet-bench-")
    os.chdir(folder)
    try:
        user, license_file = scene(build)
        with open(license_file, "rb") as file:
            good = file.read()
        kinds = (("junk", lambda i: b"x" * (i % 3000)),
                 ("torn licenses", lambda i: good[:600 + i % (len(good) - 600)]),
                 ("copies of the license", lambda i: good))
        for name, content in kinds:
            shutil.copytree("stick", "messy")
            litter("messy/carnet/to-user", count, content)
            shutil.copytree("state", "kept")
            measure(f"{count} {name}, plan", user, "sync", "messy", "-n")
            measure(f"{count} {name}", user, "sync", "messy", "-y")
            shutil.rmtree("messy")
            shutil.rmtree("state")
            os.rename("kept", "state")
    finally:
        os.chdir("/")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""verifiers.py BUILD [COUNT]: carnet-inspect verify over COUNT licenses (300) beside other verifiers over as many signed
files of the same size: gpg --verify-files and minisign with Ed25519, openssl with Ed25519, xmlsec1 with RSA. Where a tool
takes many files in one process it gets them so; else it is a process a file. Nothing is asserted."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TEMPLATE = """<?xml version="1.0"?>
<license><seat number="{number}">{filling}</seat><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>
<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/></Signature></license>
"""


def run(*command):
    subprocess.run([str(c) for c in command], check=True, **QUIET)


def prepare(folder, count, size):
    """The same content, signed in four ways."""
    os.environ["GNUPGHOME"] = str(folder / "gnupg")
    (folder / "gnupg").mkdir(mode=0o700)
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "bench", "ed25519", "sign", "never")
    run("minisign", "-G", "-W", "-p", folder / "m.pub", "-s", folder / "m.key")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / "o.key")
    run("openssl", "pkey", "-in", folder / "o.key", "-pubout", "-out", folder / "o.pub")
    run("openssl", "genrsa", "-out", folder / "x.key", "2048")
    run("openssl", "pkey", "-in", folder / "x.key", "-pubout", "-out", folder / "x.pub")
    for i in range(count):
        plain = folder / f"{i}.bin"
        plain.write_bytes(f"{i:08}".encode() * (size // 8))
        run("gpg", "--batch", "--sign", "-o", folder / f"{i}.gpg", plain)
        run("minisign", "-S", "-W", "-s", folder / "m.key", "-m", plain, "-x", folder / f"{i}.min")
        run("openssl", "pkeyutl", "-sign", "-inkey", folder / "o.key", "-rawin", "-in", plain, "-out", folder / f"{i}.ssl")
        (folder / f"{i}.tmp").write_text(TEMPLATE.format(number=i, filling="x" * (size - 900)))
        run("xmlsec1", "--sign", "--privkey-pem", folder / "x.key", "--output", folder / f"{i}.xml", folder / f"{i}.tmp")


def measure(name, count, commands):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        run(*command)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    computing = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name:32}{wall:9.2f} s{computing:9.2f} s of computing{computing / count * 1e6:10.0f} us a file")


def main():
    build, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(f"{build}/tests/bench/bench-licenses", "make", folder / "l", count)
        prepare(folder, count, next((folder / "l").glob("*.carnet")).stat().st_size)
        each = range(count)
        measure("carnet-inspect verify --jobs 1", count,
                [[f"{build}/tools/inspect/carnet-inspect", "verify", "--jobs", 1, "--trust", folder / "l/root.pem", folder / "l"]])
        measure("gpg --verify-files", count, [["gpg", "--verify-files", *(folder / f"{i}.gpg" for i in each)]])
        measure("minisign, a process a file", count,
                [["minisign", "-V", "-p", folder / "m.pub", "-m", folder / f"{i}.bin", "-x", folder / f"{i}.min"] for i in each])
        measure("openssl, a process a file", count, [["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", folder / "o.pub", "-rawin",
                                                       "-in", folder / f"{i}.bin", "-sigfile", folder / f"{i}.ssl"] for i in each])
        measure("xmlsec1 (RSA), one process", count,
                [["xmlsec1", "--verify", "--pubkey-pem", folder / "x.pub", *(folder / f"{i}.xml" for i in each)]])
    print(f"load: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")


main()

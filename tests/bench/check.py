#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a product's start pays for 'carnet-user check': the whole process, side by side with what verifies one signature.

    check.py BUILD [ROUNDS]

BUILD is one with tests, where carnet-user and carnet-user-static lie side by side. The commands are run in turn, so that
a machine whose speed drifts drifts for all; figures are medians of processor time (user and system) of the whole process,
and of ratios pair by pair. Nothing is asserted: the targets stand beside.
"""
import os
import statistics
import subprocess
import sys
import tempfile

TARGETS = {"dynamic": 0.40, "minisign -V": 1.25, "gpgv": 0.70, "xmlsec1 --verify": 0.12}
TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<envelope xmlns="urn:envelope"><data>%s</data>
<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>
<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
<Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms>
<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/></Signature></envelope>
"""


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **more)
    if done.returncode != 0:
        sys.exit(f"check.py: {' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def scene(build):
    """A license on this machine, and its like for the others; the commands that verify them."""
    admin, user = f"{build}/tools/admin/carnet-admin", f"{build}/tools/user/carnet-user"
    os.environ.update(CARNET_HOME=os.path.abspath("home"), CARNET_STATE=os.path.abspath("state"), GNUPGHOME=os.path.abspath("gpg"))
    run(admin, "--quiet", "init", "--role", "both", "--name", "Vendor", "--no-passphrase")
    run(admin, "key", "export", "root", "-o", "root.pem")
    run(admin, "--quiet", "entitle", "--license", "CAD-1", "--product", "cad", "--licensee", "Hall 3", "--seats", "2", "--offline",
        "allowed", "-o", "e.carnet")
    run(admin, "--quiet", "import", "e.carnet")
    run(admin, "--quiet", "convert", "CAD-1", "offline", "-y")
    run(user, "trust", "add", "root.pem", "-y")
    run(user, "--quiet", "fingerprint", "--product", "cad", "-o", "f.carnet")
    run(admin, "--quiet", "assign", "f.carnet", "-o", "l.carnet")
    run(user, "activate", "l.carnet")
    run("minisign", "-G", "-f", "-W", "-p", "m.pub", "-s", "m.key")
    run("minisign", "-S", "-s", "m.key", "-m", "l.carnet")
    os.mkdir("gpg", 0o700)
    run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "vendor@example.org", "ed25519", "sign")
    run("gpg", "--batch", "-o", "ring.gpg", "--export")
    run("gpg", "--batch", "-o", "l.sig", "--detach-sign", "l.carnet")
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem")
    run("openssl", "pkey", "-in", "ec.pem", "-pubout", "-out", "ec.pub")
    with open("template.xml", "w", encoding="utf-8") as file:
        file.write(TEMPLATE % ("word " * 1000))
    run("xmlsec1", "--sign", "--privkey-pem", "ec.pem", "--output", "signed.xml", "template.xml")
    return {
        "static": [f"{user}-static", "check", "cad", "--quiet"],
        "dynamic": [user, "check", "cad", "--quiet"],
        "minisign -V": ["minisign", "-V", "-q", "-p", "m.pub", "-m", "l.carnet"],
        "gpgv": ["gpgv", "-q", "--keyring", "./ring.gpg", "l.sig", "l.carnet"],
        "xmlsec1 --verify": ["xmlsec1", "--verify", "--pubkey-pem", "ec.pub", "signed.xml"],
    }


def cost(command):
    """Processor time of one run of it, in ms."""
    null = os.open(os.devnull, os.O_RDWR)
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
    _, status, usage = os.wait4(child, 0)
    os.close(null)
    if status != 0:
        sys.exit(f"check.py: {' '.join(command)} failed")
    return 1000 * (usage.ru_utime + usage.ru_stime)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) == 3 else 60
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        commands = scene(build)
        costs = {name: [] for name in commands}
        for command in commands.values():
            cost(command)
        for _ in range(rounds):
            for name, command in commands.items():
                costs[name].append(cost(command))
        subprocess.run(["gpgconf", "--kill", "all"], check=False)
        os.chdir("/")
    print(f"{'':18} {'ms':>7} {'static is':>10} {'target':>7}   ({rounds} rounds in turn)")
    for name, each in costs.items():
        ratio = statistics.median(a / b for a, b in zip(costs["static"], each) if b > 0)
        print(f"{name:18} {statistics.median(each):7.2f} {ratio:9.2f}x {TARGETS.get(name, 1):7.2f}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""spec/privacy.md and F-3, tried on a made-up machine: what --preview shows is what is written, each digest is that of the
clear value shown under the key that section 13 names, no clear value is in the file, and every field of every kind is
in the tables of privacy.md.

    privacy.py CARNET-USER
"""
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "independent"))
from carnet_documents import KINDS  # noqa: E402
from carnet_reader import Bundle, check_document  # noqa: E402

BY_VENDOR = ("machine-id", "system-uuid", "tpm")
ROOT = os.path.join(TOP, "samples", "keys", "root.pem")
differences = []


def demand(condition, words):
    if not condition:
        differences.append(words)


def read(path, mode="rb"):
    with open(path, mode) as file:
        return file.read()


def digest(name, value, vendor, secret):
    key = bytes.fromhex(vendor) if name in BY_VENDOR else secret
    return hmac.new(key, b"carnet:1:fact:" + name.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("privacy: %s: %s%s" % (" ".join(arguments), done.stdout, done.stderr))
    return done.stdout


def held_against_preview(shown, data, vendor, secret):
    """F-3: the file says what the preview said, and nothing of it in clear that was said to be a digest."""
    bundle = Bundle(data)
    root = check_document("fingerprint", bundle.document)
    facts = sorted((f.attributes["name"], f.attributes["digest"]) for f in root.find("facts").children)
    leaving = [f for f in shown["facts"] if f["leaves"]]
    demand(facts == sorted((f["fact"], f["digest"]) for f in leaving), "F-3: the facts written are not those shown")
    for fact in leaving:
        demand(fact["digest"] == digest(fact["fact"], fact["value"], vendor, secret), "the digest of %s is another" % fact["fact"])
    user = root.find("user")
    demand((user is not None) == shown["user"]["leaves"], "F-3: the user is written though it was not shown, or the reverse")
    if user is not None:
        demand(user.attributes["digest"] == digest("user", shown["user"]["value"], vendor, secret), "the digest of the user is another")
        demand(user.attributes["digest"] == shown["user"]["digest"], "F-3: another digest of the user is written than was shown")
    demand(root.get("request", "label") == shown.get("label"), "F-3: another label is written")
    for system in ("virtual", "container"):
        demand(root.get("environment", system) == shown[system], "F-3: another %s is written" % system)
    for value in [f["value"] for f in shown["facts"]] + [shown["user"]["value"], shown["user"]["value"].partition(":")[2]]:
        for form in {value, value.upper(), value.replace(":", ""), value.replace("-", "")}:
            demand(form.encode() not in bundle.document, "the clear value %s is in the document" % form)
    return root


def elements(kind):
    """The elements of a kind that have attributes."""
    found = set()

    def walk(children):
        for name, table, _, _ in children:
            if isinstance(table, tuple):
                found.update([name] if table[0] else [])
                walk(table[1])

    walk(KINDS[kind])
    return found


def spoken_of():
    """Every element that has a value is named in the part of privacy.md on its kind."""
    text = read(os.path.join(TOP, "spec", "privacy.md"), "r")
    parts = {"fingerprint": "## Fingerprint", "release": "## Release", "license": "## License, receipt and clock", "receipt": "## License, receipt and clock",
             "journal": "## Journal", "activation": "## Activation", "clockrequest": "## Clock request", "clock": "## License, receipt and clock",
             "keyrequest": "## Key request", "trust": "## Trust information"}
    for kind, heading in parts.items():
        part = re.search(r"^%s.*?(?=^## )" % heading, text, re.M | re.S).group(0)
        words = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`([^`]+)`", part))))
        for element in sorted(elements(kind)):
            demand(words & {element, element + "s"}, "privacy.md does not speak of %s in a %s" % (element, kind))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        machine, state = os.path.join(folder, "machine"), os.path.join(folder, "state")
        os.mkdir(machine)
        subprocess.run(["/bin/sh", os.path.join(TOP, "tests", "machines", "make.sh"), "laptop", machine], check=True)
        os.environ.update(CARNET_SYSROOT=machine, CARNET_STATE=state)
        run(program, "trust", "add", ROOT, "-y")
        vendor = os.listdir(os.path.join(state, "vendors"))[0]
        first = json.loads(run(program, "--json", "fingerprint", "--preview", "--product", "press"))["preview"]
        demand(not os.path.exists(os.path.join(state, "vendors", vendor, "facts.secret")), "the preview wrote something")
        demand(all(("digest" in f) == (f["fact"] in BY_VENDOR) for f in first["facts"]), "before there is a secret, other digests are shown than those keyed by the vendor id")
        demand("digest" not in first["user"], "the user's digest is shown before there is a secret")
        run(program, "fingerprint", "--product", "press", "-o", os.path.join(folder, "first.carnet"), "--quiet")
        secret = read(os.path.join(state, "vendors", vendor, "facts.secret"))
        demand(len(secret) == 32, "the secret is not 32 bytes (M-1)")
        for number, options in enumerate((["--label", "HALL 3"], ["--omit", "host", "--omit", "user"], ["--omit", "machine-id", "--omit", "system-uuid"])):
            asked = ["--product", "press"] + options
            shown = json.loads(run(program, "--json", "fingerprint", "--preview", *asked))["preview"]
            demand(len(shown["facts"]) >= 9, "only %d values are shown" % len(shown["facts"]))
            file = os.path.join(folder, "%d.carnet" % number)
            run(program, "fingerprint", *asked, "-o", file, "--quiet")
            data = read(file)
            demand(secret not in data and secret.hex().encode() not in data, "the secret is in the file (M-1)")
            root = held_against_preview(shown, data, vendor, secret)
            explained = json.loads(run(program, "--json", "fingerprint", "--explain", file))["explained"]
            demand(sorted((f["fact"], f["digest"], f.get("value")) for f in explained["facts"]) == sorted((f["fact"], f["digest"], f["value"]) for f in shown["facts"] if f["leaves"]), "--explain tells other values than the preview")
            demand((explained.get("user") or {}).get("value") == (shown["user"]["value"] if shown["user"]["leaves"] else None), "--explain tells another user")
            omitted = options[1::2] if "--omit" in options else []
            demand(not any(f.attributes["name"] in omitted for f in root.find("facts").children), "a fact that was left out is written")
    spoken_of()
    for difference in differences:
        print(difference)
    print("privacy: %d differences" % len(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

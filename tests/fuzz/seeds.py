#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the first corpus of every harness from the samples: seeds.py SOURCE FOLDER [LARGEST]"""
import glob
import hashlib
import io
import os
import re
import sys
import tarfile


def entries(content):
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            return {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
    except (tarfile.TarError, ValueError, OverflowError, AttributeError):
        return {}


def kinds(source):
    """The rows of the table of kinds, in order."""
    with open(os.path.join(source, "format/bundle/kind.h"), encoding="utf-8") as f:
        listed = re.search(r"enum carnet_kind_id \{(.*?)CARNET_KIND_COUNT", f.read(), re.S).group(1)
    return [name.lower() for name in re.findall(r"CARNET_KIND_(\w+),", listed)]


def key_files(pem):
    """Both forms of a key file, around a public key of the samples (spec/keyfile.md)."""
    import base64
    der = base64.b64decode("".join(pem.splitlines()[1:-1]))
    for protection in ('  <argon2id\n      passes="3"\n      memory-kib="65536"\n      lanes="1"\n      salt="' + "5a" * 16 +
                       '"/>\n', "  <keyfile/>\n"):
        yield ('<?xml version="1.0" encoding="UTF-8"?>\n<key xmlns="urn:carnet:key:1"\n    role="machine"\n'
               f'    id="{hashlib.sha256(der).hexdigest()}"\n    public="{der[-32:].hex()}"\n'
               '    created="2026-01-01T00:00:00Z">\n' + protection +
               '  <sealed\n      cipher="AES-256-GCM-SIV"\n      nonce="' + "11" * 12 + '"/>\n  <secret\n      ciphertext="' +
               "22" * 32 + '"\n      tag="' + "33" * 16 + '"/>\n</key>\n').encode()


MANIFESTS = (b"product = cad\nvendor = " + b"ab" * 32 + b"\n",
             b"# a product\r\nproduct = cad\r\nvendor = " + b"01" * 32 + b"\r\nname = CAD, the program\r\nversion = 3.1\r\n"
             b"license-wanted = no\r\n", b"product=x\nproduct=y\n", b"vendor = short\n")

RULES = (b"product = cad\nlicense = L-1\n",
         b"# hall 3\r\nmost = 50\r\nanswer-clocks = yes\r\n\r\nproduct = cad\r\nlicense = CAD-2026\r\nvendor = 0123456789ab\r\n"
         b"label = HALL?-*\r\nmost = 9\r\nout = 40\r\nlease = 90\r\nnote = hall 3\r\n",
         b"product = a\nlicense = b\nlabel = x*\nproduct = a\nlicense = c\n", b"product=a\nlicense=b\nproduct=a\nlicense=c\n")


def main():
    source, folder = sys.argv[1:3]
    largest = int(sys.argv[3]) if len(sys.argv) > 3 else 65536
    rows = kinds(source)

    def seed(harness, content):
        if len(content) <= largest:
            os.makedirs(os.path.join(folder, harness), exist_ok=True)
            with open(os.path.join(folder, harness, hashlib.sha256(content).hexdigest()[:24]), "wb") as f:
                f.write(content)

    for path in sorted(glob.glob(os.path.join(source, "samples/*/*"))):
        if path.endswith(".expect") or not os.path.isfile(path):
            continue
        with open(path, "rb") as f:
            content = f.read()
        if path.endswith(".pem"):
            seed("key", content)
            continue
        seed("reader", content)
        if not path.endswith(".carnet"):
            seed("armour", content)
            continue
        seed("container", content)
        for name, inner in entries(content).items():
            if name == "SHA256SUMS":
                seed("sums", inner)
            elif name == "signer.pem":
                seed("key", inner)
            elif name.endswith(".xml") and name[:-4] in rows:
                seed("document", bytes([rows.index(name[:-4])]) + inner)
    with open(os.path.join(source, "samples/keys/machine.pem"), encoding="ascii") as f:
        for content in key_files(f.read()):
            seed("keyfile", content)
    mimetype, document = b"application/vnd.carnet.license;version=1", b"document"
    seed("sums", b"".join(hashlib.sha256(c).hexdigest().encode() + b"  " + n + b"\n" for n, c in (
        (b"mimetype", mimetype), (b"signer.pem", b"key"), (b"license.xml", document))))
    for content in MANIFESTS:
        seed("manifest", content)
    for content in RULES:
        seed("rules", content)
    for path in glob.glob(os.path.join(source, "tests/fuzz/found/*/*")):
        with open(path, "rb") as f:
            seed(os.path.basename(os.path.dirname(path)), f.read())


if __name__ == "__main__":
    main()

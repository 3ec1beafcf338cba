#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile.py SOURCE FOLDER [vouched]: files that a stick from a stranger might hold, written into FOLDER: bombs, deep, wide
and large ones, and bundles that are signed and have escape sequences in every field. `vouched`: instead, bundles that the
vendor and the administrator signed, with a script in every field that takes text."""
import gzip
import io
import os
import pathlib
import re
import sys
import tarfile
import zlib

source, folder = map(pathlib.Path, sys.argv[1:3])
sys.path[:0] = [str(source / "samples" / "generator"), str(source / "tests" / "independent")]
sys.dont_write_bytecode = True

import cast  # noqa: E402
from carnet_writer import block, bundle  # noqa: E402

NASTY = {
    "escape": "\x1b]0;owned\x07\x1b[2J",
    "return": "good\r\x1b[1Abad",
    "bidi": "\u202egnp.exe",
    "hidden": "a\u200b\u2060\u00ad\U000e0041",
    "c1": "\u009b2J\u0085",
    "script": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "delete": "a\x7f\x08\x08b",
}


def put(name, data):
    (folder / name).write_bytes(data)


def nested(depth):
    data = b"the end"
    for _ in range(depth):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            info = tarfile.TarInfo("inner.carnet")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        data = out.getvalue()
    return data


def bombs():
    member = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(member.compress(b"\0" * (1 << 20)) for _ in range(1024)) + member.flush()
    put("bomb.txt", block(packed, b"LICENSE"))
    for _ in range(2):
        packed = gzip.compress(packed)
    put("bomb-in-bomb.txt", block(packed, b"LICENSE"))
    put("bomb-raw.carnet", packed)


def large():
    for name, size in (("sparse.carnet", 1 << 30), ("sparse.txt.carnet", (4 << 20) - 1)):
        with open(folder / name, "wb") as file:
            file.truncate(size)
    put("one-line.txt.carnet", b"-----BEGIN CARNET LICENSE-----" + b"A" * (4 << 20 - 1))
    put("no-end.txt.carnet", b"-----BEGIN CARNET LICENSE-----\n" + b"QUFB\n" * (800 << 10))
    put("archives.carnet", nested(40))
    put("numbers.carnet", b"".join(b"%09d\n" % i for i in range(100_000)))


def documents():
    good = cast.fingerprint_rich()
    text = good if isinstance(good, str) else good.decode()

    def signed(name, document):
        put(name + ".carnet", bundle("fingerprint", document if isinstance(document, bytes) else document.encode(), cast.MACHINE))

    signed("deep", text.replace("<request", "<a>" * 15000 + "<request", 1))
    signed("deep-extension", re.sub("</fingerprint>", "<extensions><x:a xmlns:x='urn:x'>" + "<x:b>" * 5000, text))
    signed("wide-attributes", text.replace("<request", "<request " + " ".join(f"a{i}=''" for i in range(20000)), 1))
    signed("wide-elements", text.replace("<request", "<a/>" * 60000 + "<request", 1))
    signed("entities", text.replace("?>\n", "?>\n<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>\n", 1))
    values = sorted(set(re.findall(r'[a-z-]+="([^"]+)"', text)))
    for nasty, value in NASTY.items():
        for i, old in enumerate(values):
            signed(f"{nasty}-{i:02}", text.replace(f'"{old}"', f'"{value}"', 1))


def names():
    data = (source / "samples" / "valid" / "license-rich.carnet").read_bytes()
    for name in (b"\x1b[31m.carnet", b"-rf.carnet", b"--json.carnet", b"\xff\xfe.carnet", b"line\nfeed.carnet", "\u202e.carnet".encode()):
        with open(os.path.join(bytes(folder), name), "wb") as file:
            file.write(data)


def vouched():
    """entitlement, license, activation and receipt that verify, so that a report shows all that they say."""
    from carnet_reader import Bundle
    evil = "&lt;script&gt;owned=1&lt;/script&gt;&lt;img src=x onerror=owned=1&gt; &quot; onload=&quot;owned=1"

    def poison(document):
        text = document if isinstance(document, str) else document.decode()
        for field in (r'<vendor id="[^"]*" name', r" contact", r"<licensee name", r" label", r" reason"):
            text = re.sub("(%s)=\"[^\"]*\"" % field, lambda m: '%s="%s"' % (m[1], evil), text)
        return text.encode()

    entitled = bundle("entitlement", poison(cast.entitlement_rich()), cast.ROOT)
    fingerprint = bundle("fingerprint", poison(cast.fingerprint_rich()), cast.MACHINE)
    ids = [Bundle(data).id for data in (entitled, fingerprint)]
    licensed = bundle("license", poison(cast.license_rich(*ids)), cast.ISSUER, [entitled])
    grant = cast.grant_of_rich(ids[1])
    receipt = bundle("receipt", poison(cast.receipt(grant, ids[0], "revoked", reason="why")), cast.ISSUER, [entitled])
    for name, data in (("e", entitled), ("f", fingerprint), ("l", licensed), ("t", receipt)):
        put(name + ".carnet", data)


if sys.argv[3:] == ["vouched"]:
    vouched()
else:
    bombs()
    large()
    documents()
    names()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An independent writer of carnet bundles, written from spec/format.md; Python's standard library only.

    carnet_writer.py key SEED-FILE                          prints the public key
    carnet_writer.py bundle KIND DOCUMENT SEED-FILE [EMBEDDED]... -o FILE
    carnet_writer.py license ENTITLEMENT FINGERPRINT SEED-FILE [--seat N] [--serial N] [--epoch N] --issued TIME -o FILE

A seed file holds an Ed25519 seed as 64 hex digits, or a private key in PEM (PKCS #8) as openssl writes it. As a library
it makes any bundle, the wrong ones too.
"""
import argparse
import base64
import hashlib
import hmac
import sys
import time
import zlib

import ed25519
from carnet_documents import NAMESPACE, PROLOG, check_document
from carnet_reader import PREFIX, Bundle, seconds

MEDIA_TYPE = "application/vnd.carnet.%s;version=%d"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def pem(der, label="PUBLIC KEY"):
    return b"-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label.encode(), base64.b64encode(der), label.encode())


class Key:
    def __init__(self, seed):
        self.seed = seed
        self.raw = ed25519.public(seed)
        self.pem = pem(PREFIX + self.raw)
        self.id = sha256(PREFIX + self.raw)
        self.private_pem = pem(bytes.fromhex("302e020100300506032b657004220420") + seed, "PRIVATE KEY")

    def sign(self, message):
        return ed25519.sign(self.seed, message)


# --- documents

def escape(value):
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        value = value.replace(char, entity)
    return value


def element(tag, children=None, /, **attributes):
    """An element as text; attributes that are None are left out, _ in their names is -."""
    listed = "".join(' %s="%s"' % (k.replace("_", "-"), escape(str(v))) for k, v in attributes.items() if v is not None)
    if not children:
        return "  <%s%s/>\n" % (tag, listed)
    inner = "".join("  " + line + "\n" for child in children for line in child.splitlines())
    return "  <%s%s>\n%s  </%s>\n" % (tag, listed, inner, tag)


def document(kind, elements, minor=0, namespace=NAMESPACE):
    body = "".join(e for e in elements if e)
    return PROLOG + ('<%s xmlns="%s" minor="%s">\n%s</%s>\n' % (kind, namespace, minor, body, kind)).encode()


def fact_digest(key, name, value):
    """Section 13; key is the vendor id's or the machine secret's 32 bytes."""
    return hmac.new(key, b"carnet:1:fact:" + name.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()


def named(parent, child, rows, /, **attributes):
    """A list element: rows of (attribute, value) pairs each."""
    return element(parent, [element(child, **row) for row in rows], **attributes)


# --- container

def header(name, size, /, **other):
    """A header of 512 bytes (C-5); `other` replaces fields by their bytes, chksum by how it is written."""
    fields = [("name", 100, name.encode()), ("mode", 8, b"0000644\0"), ("uid", 8, b"0000000\0"), ("gid", 8, b"0000000\0"),
              ("size", 12, b"%011o\0" % size), ("mtime", 12, b"00000000000\0"), ("chksum", 8, b" " * 8),
              ("typeflag", 1, b"0"), ("linkname", 100, b""), ("magic", 6, b"ustar\0"), ("version", 2, b"00"),
              ("uname", 32, b""), ("gname", 32, b""), ("devmajor", 8, b"0000000\0"), ("devminor", 8, b"0000000\0"),
              ("prefix", 155, b""), ("padding", 12, b"")]
    chksum = other.pop("chksum", b"%06o\0 ")
    parts = {field: other.get(field, value).ljust(width, b"\0") for field, width, value in fields}
    parts["chksum"] = chksum % sum(b"".join(parts.values()))
    return b"".join(parts.values())


def archive(entries, end=b"\0" * 1024, headers=None):
    """The ustar archive of (name, content) pairs; `headers` maps an index to fields to replace."""
    out = b""
    for index, (name, content) in enumerate(entries):
        out += header(name, len(content), **(headers or {}).get(index, {})) + content + b"\0" * (-len(content) % 512)
    return out + end


def checksums(entries):
    return b"".join(b"%s  %s\n" % (sha256(content).encode(), name.encode()) for name, content in entries)


def embedded_name(bundle):
    return Bundle(bundle).id + ".carnet"


def entries(kind, text, key, embedded=(), major=1, media_type=None, name=None, sums=None, signature=None, signer=None,
            sign=None, names=None):
    """The entries of a bundle. `sums` changes the checksum lines before they are signed, `signature` the signature after."""
    rest = [(n, e) for n, e in zip(names, embedded)] if names else sorted((embedded_name(e), e) for e in embedded)
    listed = [("mimetype", media_type if media_type is not None else (MEDIA_TYPE % (kind, major)).encode()),
              ("signer.pem", signer if signer is not None else key.pem), (name or kind + ".xml", text)] + rest
    lines = checksums(listed)
    lines = sums(lines) if sums else lines
    signed = (sign or key.sign)(lines)
    return [listed[0], ("SHA256SUMS", lines), ("SHA256SUMS.sig", signature(signed) if signature else signed)] + listed[1:]


def bundle(kind, text, key, embedded=(), **other):
    return archive(entries(kind, text, key, embedded, **other))


# --- text form

def gzip_member(content):
    """A-2 and A-3: no optional fields, MTIME 0, OS 255."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(content) + deflate.flush()
    return b"\x1f\x8b\x08\x00" + b"\0" * 4 + b"\x02\xff" + packed + zlib.crc32(content).to_bytes(4, "little") \
        + (len(content) & 0xffffffff).to_bytes(4, "little")


def block(packed, label, end_label=None, width=64):
    text = base64.b64encode(packed)
    lines = [text[i:i + width] for i in range(0, len(text), width)]
    return b"-----BEGIN CARNET %s-----\n%s\n-----END CARNET %s-----\n" % (label, b"\n".join(lines), end_label or label)


def armour(content, kind):
    return block(gzip_member(content), kind.upper().encode())


# --- a license from an entitlement and a fingerprint

def license_document(entitlement, fingerprint, seat, serial, epoch, issued, journal):
    """The widest license that the entitlement allows, for the machine of the fingerprint; both are Bundles."""
    bought = check_document("entitlement", entitlement.document)
    asked = check_document("fingerprint", fingerprint.document)
    days = bought.get("validity", "lease-days")

    def after(number):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds(issued) + 86400 * int(number)))

    user = asked.find("user")
    return document("license", [
        element("vendor", id=bought.get("vendor", "id")),
        element("grant", license=bought.get("license", "id"), fingerprint=fingerprint.id, epoch=epoch, serial=serial, seat=seat),
        element("entitlement", id=entitlement.id, revision=bought.get("license", "revision")),
        element("product", id=bought.get("product", "id"), edition=bought.get("product", "edition")),
        element("licensee", name=bought.get("licensee", "name")),
        element("machine", key=fingerprint.key, label=asked.get("request", "label")),
        element("user", digest=user.attributes["digest"]) if user else "",
        named("features", "feature", [c.attributes for c in bought.find("features").children]),
        element("validity", issued=issued, activate_by=after(bought.get("validity", "activate-within-days")),
                lease_until="never" if days == "none" else after(days), not_after=bought.get("validity", "not-after")),
        named("matching", "weight", [c.attributes for c in bought.find("matching").children],
              threshold=bought.get("matching", "threshold")),
        named("facts", "fact", [c.attributes for c in asked.find("facts").children]),
        element("journal", position=journal, digest=sha256(b"journal %d" % journal)),
    ])


def read_key(name):
    text = read(name)
    if text.startswith(b"-----BEGIN PRIVATE KEY-----"):
        return Key(base64.b64decode(b"".join(text.splitlines()[1:-1]))[-32:])
    return Key(bytes.fromhex(text.decode().strip()))


def read(name):
    with open(name, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description="Writes carnet bundles.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("key")
    verb.add_argument("seed")
    verb = verbs.add_parser("bundle")
    verb.add_argument("kind")
    verb.add_argument("document")
    verb.add_argument("seed")
    verb.add_argument("embedded", nargs="*")
    verb.add_argument("-o", dest="output", required=True)
    verb = verbs.add_parser("license")
    verb.add_argument("entitlement")
    verb.add_argument("fingerprint")
    verb.add_argument("seed")
    for name in ("seat", "serial", "epoch", "journal"):
        verb.add_argument("--" + name, type=int, default=1)
    verb.add_argument("--issued", required=True)
    verb.add_argument("-o", dest="output", required=True)
    options = parser.parse_args()
    key = read_key(options.seed)
    if options.verb == "key":
        sys.stdout.write(key.pem.decode())
        return
    if options.verb == "bundle":
        made = bundle(options.kind, read(options.document), key, [read(name) for name in options.embedded])
    else:
        entitlement = read(options.entitlement)
        text = license_document(Bundle(entitlement), Bundle(read(options.fingerprint)), options.seat, options.serial,
                                options.epoch, options.issued, options.journal)
        made = bundle("license", text, key, [entitlement])
    with open(options.output, "xb") as file:
        file.write(made)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An independent reader of carnet bundles, written from spec/format.md; Python's standard library only.

    carnet_reader.py --root ROOT.pem [--root ...] [--expect KIND] [--now TIME] FILE...

Prints "OUTCOME CLAUSE FILE: sentence" for each file; the exit status is that of the worst outcome.
"""
import argparse
import base64
import calendar
import hashlib
import re
import sys
import time
import zlib

import ed25519
from carnet_documents import Refusal, check_document, demand

EXIT = {"ok": 0, "expired": 11, "not-yet-valid": 12, "malformed": 30, "altered": 31, "untrusted-key": 32, "wrong-kind": 33,
        "newer-format": 34, "not-vouched": 35, "wrong-vendor": 36, "forked": 53, "beyond-entitlement": 39}
MIB = 1 << 20
MOST_DEPTH = 3
MOST_EMBEDDED = 64
FIXED = ["mimetype", "SHA256SUMS", "SHA256SUMS.sig", "signer.pem"]
EMBEDS = {"entitlement": None, "fingerprint": None, "license": "entitlement", "release": "license", "receipt": "entitlement",
          "journal": "entitlement", "activation": "license", "clockrequest": "license", "clock": "entitlement",
          "keyrequest": None, "trust": None}
SELF_ASSERTED = ("fingerprint", "keyrequest")
PREFIX = bytes.fromhex("302a300506032b6570032100")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- text form (section 17)

def unarmour(data):
    """The label and the bytes of the one block in a text."""
    demand(len(data) <= 4 * MIB, "A-2", "a text of more than 4 MiB")
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").split(b"\n")
    lines = [re.sub(rb"^[> \t\v\f]+", b"", line).strip(b" \t\v\f") for line in lines]
    begins = [i for i, line in enumerate(lines) if re.fullmatch(rb"-----BEGIN CARNET [A-Z]{1,32}-----", line)]
    demand(begins, "A-6", "neither a bundle nor its text form")
    demand(len(begins) == 1, "A-5", "more than one block")
    begin = begins[0]
    end = next((i for i in range(begin, len(lines)) if re.fullmatch(rb"-----END CARNET [A-Z]{1,32}-----", lines[i])), None)
    demand(end is not None, "A-1", "the block does not end")
    label = lines[begin][18:-5]
    demand(lines[end][16:-5] == label, "A-5", "two labels")
    text = re.sub(rb"[ \t\v\f]", b"", b"".join(lines[begin + 1:end]))
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refusal("malformed", "A-1", "not base64") from None
    demand(base64.b64encode(packed) == text, "A-1", "base64 with stray bits")
    demand(packed[:4] == b"\x1f\x8b\x08\x00" and len(packed) >= 18, "A-2", "not a gzip member without optional fields")
    inflate = zlib.decompressobj(-15)
    try:
        content = inflate.decompress(packed[10:], MIB + 1)
    except zlib.error as error:
        raise Refusal("malformed", "A-2", str(error)) from None
    demand(len(content) <= MIB, "A-2", "a content of more than 1 MiB")
    demand(inflate.eof and len(inflate.unused_data) == 8, "A-2", "the gzip member does not end with the block")
    trailer = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    demand(inflate.unused_data == trailer, "A-2", "CRC or size of the gzip member differ")
    return label.decode().lower(), content


# --- container (section 3)

def header(name, size):
    """The one header of an entry (C-5)."""
    head = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"0" * 11 + b"\0"
    tail = b"0" + b"\0" * 100 + b"ustar\0" + b"00" + b"\0" * 64 + b"0000000\0" * 2 + b"\0" * 167
    return head + b"%06o\0 " % (sum(head) + sum(tail) + 8 * 32) + tail


def unpack(data):
    """The entries of a bundle as (name, content), in order."""
    demand(512 <= len(data) <= MIB, "C-1", "a size of %d bytes" % len(data))
    entries, at = [], 0
    while True:
        head = data[at:at + 512]
        demand(len(head) == 512, "C-4", "the archive does not end")
        if not any(head):
            break
        name = head[:100].rstrip(b"\0")
        demand(re.fullmatch(rb"[!-~]+", name), "C-2", "a name that is not allowed")
        demand(re.fullmatch(rb"[0-7]{11}\0", head[124:136]), "C-5", "the size is not in the one form")
        size = int(head[124:135], 8)
        demand(head == header(name.decode(), size), "C-5", "a header is not in the one form")
        content = data[at + 512:at + 512 + size]
        padding = data[at + 512 + size:at + 512 + (size + 511) // 512 * 512]
        demand(len(content) == size and len(padding) == -size % 512, "C-4", "the content of an entry is cut off")
        demand(not any(padding), "C-4", "padding that is not zero")
        entries.append((name.decode(), content))
        at += 512 + size + len(padding)
    demand(data[at:] == b"\0" * 1024, "C-4", "the end is not 1,024 zero bytes")
    check_names(entries)
    return entries


def check_names(entries):
    names = [name for name, _ in entries]
    demand(names[:4] == FIXED and len(names) >= 5, "C-2", "the first entries are not the fixed ones")
    demand(re.fullmatch("[a-z]{1,32}[.]xml", names[4]), "C-2", "no document where it has to be")
    embedded = names[5:]
    for name in embedded:
        demand(not re.fullmatch("[a-z]{1,32}[.]xml", name) and name not in FIXED, "C-2", "an entry that is not allowed: %s" % name)
        demand(re.fullmatch("[0-9a-f]{64}[.]carnet", name), "C-3", "a name that is not allowed: %s" % name)
    demand(all(a < b for a, b in zip(embedded, embedded[1:])), "C-3", "embedded bundles are not in order")
    demand(len(embedded) <= MOST_EMBEDDED, "C-3", "more than %d embedded bundles" % MOST_EMBEDDED)
    contents = dict(entries)
    demand(all(contents.values()), "C-8", "an empty entry")
    demand(len(contents["SHA256SUMS"]) <= 16 << 10, "C-8", "SHA256SUMS is too large")
    demand(len(contents[names[4]]) <= 256 << 10, "C-8", "the document is too large")
    kind = names[4][:-4].encode()
    demand(re.fullmatch(rb"application/vnd[.]carnet[.]" + kind + rb";version=[1-9][0-9]{0,3}", contents["mimetype"]), "C-7",
           "the media type is not that of %s" % names[4])


# --- signature and digests (sections 4 to 6)

GATED = {}


def gate(pem):
    """The 32 bytes of the key in a PEM file, once they passed K-1 to K-5."""
    lines = pem.split(b"\n")
    demand(len(pem) == 113 and len(lines) == 4 and len(lines[1]) == 60, "K-1", "not the one form of a key")
    try:
        der = base64.b64decode(lines[1], validate=True)
    except ValueError:
        raise Refusal("malformed", "K-1", "not base64") from None
    one = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    demand(pem == one and der.startswith(PREFIX) and len(der) == 44, "K-1", "not the one form of an Ed25519 key")
    key = der[12:]
    if key not in GATED:
        GATED[key] = ed25519.key_fault(key)
    demand(GATED[key] is None, GATED[key], "a key of no honest origin")
    return key


class Bundle:
    """A bundle whose signature and digests hold: nothing of it is trusted yet."""

    def __init__(self, data, label=None):
        self.entries = unpack(data)
        demand(label in (None, self.entries[4][0][:-4]), "A-5", "the block is labelled %s" % label)
        contents = dict(self.entries)
        sums, signature = contents["SHA256SUMS"], contents["SHA256SUMS.sig"]
        fault = ed25519.signature_fault(signature)
        demand(fault is None, fault, "the signature has not the one form")
        key = gate(contents["signer.pem"])
        demand(ed25519.verify(key, sums, signature), "S-4", "the signature is not of these checksum lines", "altered")
        listed = [(name, content) for name, content in self.entries if name not in FIXED[1:3]]
        names = b"".join(b"X  %s\n" % name.encode() for name, _ in listed)
        demand(re.sub(rb"^[0-9a-f]{64}  ", b"X  ", sums, flags=re.M) == names, "H-1", "SHA256SUMS does not list the entries")
        for line, (name, content) in zip(sums.split(b"\n"), listed):
            demand(line[:64].decode() == sha256(content), "H-2", "%s is not what was signed" % name, "altered")
        self.id, self.key = sha256(sums), sha256(PREFIX + key)
        self.kind = self.entries[4][0][:-4]
        self.major = int(contents["mimetype"].rpartition(b"=")[2])
        self.document = self.entries[4][1]
        self.inner = self.root = self.vendor = None


# --- trust and judgement (sections 10, 11, 14)

class Reader:
    def __init__(self, roots, now):
        self.now = now
        self.anchors = {}
        for pem in roots:
            key = sha256(PREFIX + gate(pem))
            self.anchors[key] = key

    def read(self, data, expected=None):
        """Takes a file through all steps of R-1; the bundle, or Refusal."""
        label = None
        if not data.startswith(b"mimetype\0"):
            label, data = unarmour(data)
        bundle = self.read_bundle(data, 1, expected, label, dict.fromkeys(self.anchors, "root"))
        self.check_time(bundle, True)
        return bundle

    def read_bundle(self, data, depth, expected, label, roles):
        demand(depth <= MOST_DEPTH, "R-7", "bundles are embedded too deep")
        bundle = Bundle(data, label)
        demand(bundle.major == 1 and bundle.kind in EMBEDS, "V-1", "%s of major version %d is not known" %
               (bundle.kind, bundle.major), "newer-format")
        demand(expected in (None, bundle.kind), "R-4" if depth == 1 else "R-3", "a %s is not expected here" % bundle.kind,
               "wrong-kind" if depth == 1 else "malformed")
        inner, embedded = EMBEDS[bundle.kind], bundle.entries[5:]
        if bundle.kind == "trust":
            return self.read_trust(bundle, depth, embedded, roles)
        demand(embedded or not inner, "R-3", "the %s is missing" % inner, "not-vouched")
        demand(len(embedded) == (1 if inner else 0), "R-3", "%d bundles are embedded" % len(embedded))
        for name, content in embedded:
            bundle.inner = self.read_bundle(content, depth + 1, inner, None, roles)
            demand(name == bundle.inner.id + ".carnet", "I-4", "an embedded bundle is not named by its id")
        self.check_signer(bundle, roles)
        bundle.root = check_document(bundle.kind, bundle.document)
        self.check_vendor(bundle)
        self.check_roles(bundle, roles)
        if EMBEDS[bundle.kind] == "entitlement":
            judge(bundle)
        if EMBEDS[bundle.kind] == "license":
            same = bundle.root.find("grant").attributes == bundle.inner.root.find("grant").attributes
            demand(same and bundle.root.get("license", "id") == bundle.inner.id, "J-11" if bundle.kind == "release" else "J-12",
                   "it does not repeat its license")
        if bundle.kind == "activation":
            names = [{c.attributes["name"] for c in r.find(path).children} for r, path in ((bundle.root, "match"), (bundle.inner.root, "facts"))]
            demand(names[0] == names[1], "J-13", "the facts are not those of its license")
        return bundle

    def read_trust(self, bundle, depth, embedded, roles):
        """U-2 to U-4: the links, from the vendor's first root on, then what they lead to."""
        demand(depth == 1 and len(embedded) <= 32, "U-2", "there are more links than roots")
        links = []
        for name, content in embedded:
            link = Bundle(content)
            demand(link.major == 1 and link.kind in EMBEDS, "V-1", "not known", "newer-format")
            demand(link.kind == "trust", "R-3", "it holds another kind than links")
            demand(not link.entries[5:], "U-2", "a link embeds nothing")
            demand(name == link.id + ".carnet", "I-4", "an embedded bundle is not named by its id")
            links.append(link)
        chain, vendor = [], None
        while links:
            awaited = [l for l in links if l.key == chain[-1]] if chain else [l for l in links if l.key in self.anchors.values()]
            if not awaited:
                demand(links[0].key not in chain[:-1], "U-9", "a root has two successors", "forked")
                demand(self.anchors, "T-2", "no root is trusted", "untrusted-key")
                raise Refusal("not-vouched", "U-2", "the link from root %d is missing" % max(len(chain), 1))
            link = awaited[0]
            links.remove(link)
            vendor = vendor or link.key
            seen(roles, link.key, "root")
            link.root = check_document("trust", link.document)
            demand(link.root.get("vendor", "id") == vendor, "T-6", "another vendor's document", "wrong-vendor")
            demand(link.root.find("link"), "U-2", "what is embedded is no link")
            chain = chain or [vendor]
            demand(int(link.root.get("link", "generation")) == len(chain), "U-3", "the link is of another generation")
            following = link.root.get("link", "next")
            demand(following not in chain, "U-4", "a link leads back")
            seen(roles, following, "root")
            chain.append(following)
        trusted = dict.fromkeys(chain, vendor)
        trusted.update(self.anchors)
        demand(bundle.key in trusted, "T-2", "signed by a root that is not trusted", "untrusted-key")
        seen(roles, bundle.key, "root")
        bundle.vendor, bundle.root = trusted[bundle.key], check_document("trust", bundle.document)
        demand(bundle.root.get("vendor", "id") == bundle.vendor, "T-6", "another vendor's document", "wrong-vendor")
        following = bundle.root.find("next")
        if bundle.root.find("link"):
            seen(roles, bundle.root.get("link", "next"), "root")
            demand(not chain, "U-2", "a link embeds nothing")
            return bundle
        roots = [c.attributes["key"] for c in bundle.root.find("roots").children]
        wanted = roots + ([following.attributes["key"]] if following else [])
        for key in wanted:
            seen(roles, key, "root")
        demand(max(len(chain), 1) >= len(wanted), "U-2", "a link is missing", "not-vouched")
        demand(max(len(chain), 1) <= len(wanted), "U-2", "there are more links than roots")
        demand(not chain or chain == wanted, "U-3", "the roots are not those of the links")
        demand(bundle.key == roots[-1], "U-3", "not signed by the root of its generation", "untrusted-key")
        return bundle

    def check_signer(self, bundle, roles):
        """T-2 to T-5."""
        if bundle.kind == "entitlement":
            demand(bundle.key in self.anchors, "T-2", "signed by a root that is not trusted", "untrusted-key")
            role = "root"
        elif bundle.kind == "keyrequest":
            role = "issuer"
        elif EMBEDS[bundle.kind] == "entitlement":
            named = bundle.inner.root.get("issuer", "key")
            demand(bundle.key == named, "T-3", "not signed by the issuer that is entitled", "untrusted-key")
            role = "issuer"
        else:
            if EMBEDS[bundle.kind] == "license":
                named = bundle.inner.root.get("machine", "key")
                demand(bundle.key == named, "T-4", "not signed by the machine that is licensed", "untrusted-key")
            role = "machine"
        seen(roles, bundle.key, role)

    def check_vendor(self, bundle):
        """T-6; what is self-asserted ends at no anchor."""
        if bundle.kind not in SELF_ASSERTED:
            bundle.vendor = bundle.inner.vendor if bundle.inner else self.anchors[bundle.key]
            demand(bundle.root.get("vendor", "id") == bundle.vendor, "T-6", "another vendor's document", "wrong-vendor")

    def check_roles(self, bundle, roles):
        """T-5, for the keys that a document names."""
        if bundle.kind == "entitlement":
            seen(roles, bundle.root.get("issuer", "key"), "issuer")
        if bundle.kind == "keyrequest":
            seen(roles, bundle.root.get("vendor", "id"), "root")
            replaced = bundle.root.get("request", "replaces")
            if replaced:
                demand(replaced != bundle.key, "B-1", "it replaces itself")
                seen(roles, replaced, "issuer")
        if bundle.kind in ("license", "receipt", "clock"):
            seen(roles, bundle.root.get("machine", "key"), "machine")

    def check_time(self, bundle, outermost):
        """O-1 and O-2."""
        dated = {"entitlement": ("license", "issued"), "license": ("validity", "issued"), "receipt": ("end", "at"),
                 "clock": ("answer", "at")}
        if bundle.kind == "trust" and bundle.root.find("version"):
            dated["trust"] = ("version", "created")
        if bundle.inner:
            self.check_time(bundle.inner, False)
        if bundle.kind in dated:
            made = seconds(bundle.root.get(*dated[bundle.kind]))
        if bundle.kind == "journal":
            made = seconds(bundle.root.find("events").children[-1].attributes["line"].split(" ")[1])
        if bundle.kind in dated or bundle.kind == "journal":
            demand(made <= self.now + 48 * 3600, "O-2", "dated more than 48 hours ahead", "not-yet-valid")
        if bundle.kind == "license" and outermost:
            validity = bundle.root.find("validity").attributes
            end = min(moment(validity["lease-until"]), moment(validity["not-after"]))
            demand(self.now <= end, "O-1", "the license has run out", "expired")


def seen(roles, key, role):
    demand(roles.setdefault(key, role) == role, "T-5", "one key as %s and as %s" % (roles[key], role), "untrusted-key")


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def moment(text):
    return float("inf") if text == "never" else seconds(text)


def after(start, days):
    """Days of 86,400 seconds later; beyond the year 9999 it is never."""
    end = start + 86400 * int(days)
    return end if end <= seconds("9999-12-31T23:59:59Z") else float("inf")


def judge(bundle):
    """J-1 to J-10 (section 11)."""
    this, other = bundle.root, bundle.inner.root

    def within(condition, clause, detail):
        demand(condition, clause, detail, "beyond-entitlement")

    within(this.get("entitlement", "id") == bundle.inner.id, "J-1", "names another entitlement")
    within(this.get("entitlement", "revision") == other.get("license", "revision"), "J-1", "names another revision")
    if bundle.kind == "journal":
        demand(this.get("segment", "signer") == bundle.key, "W-8", "another key's chain")
        return
    within(this.get("grant", "license") == other.get("license", "id"), "J-2", "another license id")
    if bundle.kind in ("receipt", "clock"):
        return
    within(int(this.get("grant", "seat")) <= int(other.get("seats", "count")), "J-4", "a seat that was not bought")
    for name, attribute in (("product", "id"), ("product", "edition"), ("licensee", "name")):
        within(this.get(name, attribute) == other.get(name, attribute), "J-2", "another %s %s" % (name, attribute))
    within(other.get("seats", "offline") == "allowed", "J-3", "offline is not allowed")
    features = {c.attributes["name"]: c.attributes.get("value") for c in other.find("features").children}
    for feature in this.find("features").children:
        name = feature.attributes["name"]
        within(name in features and features[name] == feature.attributes.get("value"), "J-5", "feature %s" % name)
    validity, entitled = this.find("validity").attributes, other.find("validity").attributes
    issued = seconds(validity["issued"])
    within(moment(validity["not-after"]) <= moment(entitled["not-after"]), "J-6", "valid for too long")
    if entitled["lease-days"] != "none":
        within(moment(validity["lease-until"]) <= after(issued, entitled["lease-days"]), "J-7", "too long a lease")
    within(seconds(validity["activate-by"]) <= after(issued, entitled["activate-within-days"]), "J-8",
           "activation allowed for too long")
    weights = [{c.attributes["fact"]: c.attributes["points"] for c in r.find("matching").children if c.attributes["points"] != "0"}
               for r in (this, other)]
    same = this.get("matching", "threshold") == other.get("matching", "threshold")
    within(same and weights[0] == weights[1], "J-9", "other weights or another threshold")
    within(issued >= seconds(other.get("license", "issued")), "J-10", "issued before its entitlement")


def main():
    parser = argparse.ArgumentParser(description="Reads, verifies and judges carnet bundles.")
    parser.add_argument("--root", action="append", default=[], metavar="PEM", help="a root key to trust")
    parser.add_argument("--expect", choices=sorted(EMBEDS), help="the kind that is expected")
    parser.add_argument("--now", metavar="TIME", help="judge as at this time, YYYY-MM-DDThh:mm:ssZ")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    roots = []
    for name in options.root:
        with open(name, "rb") as file:
            roots.append(file.read())
    reader = Reader(roots, seconds(options.now) if options.now else time.time())
    worst = 0
    for name in options.files:
        with open(name, "rb") as file:
            data = file.read()
        try:
            bundle = reader.read(data, options.expect)
            self_asserted = bundle.kind in SELF_ASSERTED
            print("ok - %s: %s %s%s" % (name, bundle.kind, bundle.id, ", self-asserted" if self_asserted else ""))
        except Refusal as refusal:
            print("%s %s %s: %s" % (refusal.outcome, refusal.clause, name, refusal.detail))
            worst = max(worst, EXIT[refusal.outcome])
    return worst


if __name__ == "__main__":
    sys.exit(main())

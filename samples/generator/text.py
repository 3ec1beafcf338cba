# SPDX-License-Identifier: MIT
"""samples/invalid: the text form, and files that are no bundle at all."""
import zlib

from carnet_writer import armour, block, bundle, gzip_member

from cast import ISSUER, ROOT


def add_text(add, base):
    def bad(name, data, clauses, outcome="malformed"):
        add("invalid", "text-%s.txt" % name, data, outcome, clauses)

    good = armour(base.license, "license")
    member = gzip_member(base.license)
    lines = good.splitlines(keepends=True)
    begin, end = lines[0], lines[-1]
    bad("not-base64", good.replace(lines[3], b"*" + lines[3][1:]), "A-1")
    bad("url-safe-base64", block(member, b"LICENSE").replace(b"+", b"-").replace(b"/", b"_").replace(b"_____", b"-----"), "A-1, A-5, A-6")
    bad("padding-missing", block(padded(base), b"LICENSE").replace(b"=\n", b"\n").replace(b"=\n", b"\n"), "A-1")
    bad("padding-in-the-middle", good.replace(lines[3], lines[3][:-2] + b"=\n"), "A-1")
    bad("line-missing", good.replace(lines[3], b""), "A-2")
    bad("a-character-missing", good.replace(lines[3], lines[3][1:]), "A-1")
    bad("empty-block", begin + end, "A-1, A-2")
    bad("end-missing", b"".join(lines[:-1]), "A-1")
    bad("end-before-begin", end + b"".join(lines[:-1]), "A-1")
    bad("begin-in-the-block", begin + good, "A-5")
    bad("begin-after-the-block", good + begin, "A-5")
    bad("label-of-33-letters", block(member, b"K" * 33), "A-6")
    bad("end-label-of-33-letters", block(member, b"LICENSE", b"K" * 33), "A-1")
    bad("pem-headers", begin + b"Version: 1\n\n" + b"".join(lines[1:]), "A-1")
    bad("base64-not-gzip", block(base.license, b"LICENSE"), "A-2")
    bad("zlib-not-gzip", block(zlib.compress(base.license), b"LICENSE"), "A-2")
    bad("gzip-cut", block(member[:-9], b"LICENSE"), "A-2")
    bad("gzip-without-trailer", block(member[:-8], b"LICENSE"), "A-2")
    bad("gzip-crc", block(member[:-8] + bytes([member[-8] ^ 1]) + member[-7:], b"LICENSE"), "A-2")
    bad("gzip-size", block(member[:-4] + bytes([member[-4] ^ 1]) + member[-3:], b"LICENSE"), "A-2")
    bad("gzip-method", block(member[:2] + b"\7" + member[3:], b"LICENSE"), "A-2")
    bad("gzip-two-members", block(member + gzip_member(b""), b"LICENSE"), "A-2")
    # What the trailer of the last member says of the size is true of the first one too.
    bad("gzip-twice", block(member + member, b"LICENSE"), "A-2")
    bad("gzip-byte-after", block(member + b"\0", b"LICENSE"), "A-2")
    bad("gzip-with-name", block(member[:3] + b"\x08" + member[4:10] + b"license.carnet\0" + member[10:], b"LICENSE"), "A-2")
    bad("gzip-with-comment", block(member[:3] + b"\x10" + member[4:10] + b"hello\0" + member[10:], b"LICENSE"), "A-2")
    bad("gzip-with-header-crc", block(header_crc(member), b"LICENSE"), "A-2")
    bad("gzip-reserved-flag", block(member[:3] + b"\x80" + member[4:], b"LICENSE"), "A-2")
    bad("gzip-of-2-mib", block(gzip_member(base.license + bytes(2 << 20)), b"LICENSE"), "A-2, C-1")
    bad("gzip-of-4-mib", block(gzip_member(bytes(4 << 20)), b"LICENSE"), "A-2, C-1")
    bad("label-of-another-kind", armour(base.license, "fingerprint"), "A-5")
    # The label is held against the kind before the signature is looked at; what is no archive has no kind.
    altered = bundle("license", base.license_text, ISSUER, [base.entitlement], signature=lambda s: bytes([s[0] ^ 1]) + s[1:])
    bad("altered", armour(altered, "license"), "S-4", "altered")
    bad("label-of-another-kind-and-altered", armour(altered, "fingerprint"), "A-5")
    bad("label-of-another-kind-and-major-2", armour(bundle("license", base.license_text, ROOT, [base.entitlement], major=2), "fingerprint"), "A-5")
    bad("label-of-another-kind-and-unknown", armour(bundle("voucher", b"?", ROOT), "license"), "A-5")
    bad("label-of-another-kind-and-no-archive", armour(base.license[:-512], "fingerprint"), "C-4")
    bad("labels-differ", block(member, b"LICENSE", b"RELEASE"), "A-5, A-1")
    bad("two-blocks", good + armour(base.fingerprint, "fingerprint"), "A-5")
    bad("the-same-twice", good + good, "A-5")
    bad("label-in-lower-case", good.replace(b"LICENSE", b"license"), "A-6")
    bad("four-dashes", good.replace(b"-----BEGIN", b"----BEGIN"), "A-6")
    bad("pgp", good.replace(b"CARNET LICENSE", b"PGP MESSAGE"), "A-6")
    bad("words", b"There is no license here.\n", "A-6")
    bad("empty", b"", "A-6")
    bad("one-line-end", b"\n", "A-6")
    bad("document-alone", base.license_text, "A-6")
    bad("key-alone", ROOT.pem, "A-6")
    bad("gzip-alone", member, "A-6")
    bad("utf-16", good.decode().encode("utf-16"), "A-6")
    bad("bundle-after-a-byte", b"\n" + base.license, "A-6")
    bad("bundle-in-zip", b"PK\3\4" + base.license, "A-6")
    bad("of-text-form", armour(good, "license"), "A-2, C-1, C-2, C-4, C-5, A-6")
    data = bundle("license", base.small_license_text.replace(b'seat="1"', b'seat="2"'), ROOT, [base.small_entitlement])
    bad("of-a-forgery", armour(data, "license"), "T-3, T-5", "untrusted-key")


def padded(base):
    """A gzip member whose base64 ends in padding."""
    for content in (base.license, base.fingerprint, base.release, base.receipt, base.entitlement):
        if len(gzip_member(content)) % 3:
            return gzip_member(content)
    raise ValueError("no member needs padding")


def header_crc(member):
    head = member[:3] + b"\x02" + member[4:10]
    return head + (zlib.crc32(head) & 0xffff).to_bytes(2, "little") + member[10:]

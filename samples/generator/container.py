# SPDX-License-Identifier: MIT
"""samples/invalid: container, checksum lines, signature, key, ids, embedding."""
import base64

import ed25519
from carnet_reader import PREFIX, Bundle, sha256
from carnet_writer import archive, bundle, checksums, entries, header, pem

import cast
from cast import ISSUER, MACHINE, ROOT, STRANGER

LICENSE = "application/vnd.carnet.license;version=1"


def add_container(add, base):
    def bad(name, data, clauses, outcome="malformed"):
        add("invalid", "container-%s.carnet" % name, data, outcome, clauses)

    good = entries("license", base.small_license_text, ISSUER, [base.small_entitlement])
    whole = base.small_license
    junk = (sha256(b"junk") + ".carnet", b"\0" * (1 << 20))
    bad("smaller-than-a-block", whole[:511], "C-1")
    bad("larger-than-a-mebibyte", archive(good[:5] + [junk]), "C-1")

    def rearranged(name, listed, clauses="C-2", **other):
        bad(name, archive(resigned(listed, ISSUER), **other), clauses)

    mime, sums, sig, signer, text, inner = good
    rearranged("no-checksum-lines", [mime, sig, signer, text, inner])
    rearranged("no-signature", [mime, sums, signer, text, inner])
    rearranged("no-signer", [mime, sums, sig, text, inner])
    rearranged("no-document", [mime, sums, sig, signer, inner])
    rearranged("ends-after-mimetype", [mime])
    rearranged("ends-after-signer", [mime, sums, sig, signer])
    rearranged("signature-before-checksum-lines", [mime, sig, sums, signer, text, inner])
    rearranged("document-before-signer", [mime, sums, sig, text, signer, inner])
    rearranged("document-last", [mime, sums, sig, signer, inner, text])
    rearranged("mimetype-twice", [mime, mime, sums, sig, signer, text, inner])
    rearranged("document-twice", [mime, sums, sig, signer, text, text, inner])
    rearranged("checksum-lines-twice", [mime, sums, sums, sig, signer, text, inner])
    rearranged("second-document", [mime, sums, sig, signer, text, ("receipt.xml", base.receipt_text), inner])
    bad("second-document-unlisted", archive(good[:5] + [("entitlement.xml", base.small_entitlement_text)] + good[5:]), "C-2")
    bad("document-twice-unlisted", archive(good + [text]), "C-2, C-3")
    rearranged("document-in-capitals", [(mime[0], b"application/vnd.carnet.LICENSE;version=1"), sums, sig, signer,
                                        ("LICENSE.xml", text[1]), inner])
    long = "k" * 33
    rearranged("kind-of-33-letters", [(mime[0], b"application/vnd.carnet.%s;version=1" % long.encode()), sums, sig, signer,
                                      (long + ".xml", text[1]), inner])
    for name, entry in (("readme", "README"), ("parent-folder", "../root.pem"), ("absolute-path", "/tmp/root.pem"),
                        ("folder", "keys/root.pem"), ("schema", "carnet-1.xsd"), ("root-key", "root.pem"),
                        ("option", "--checkpoint-action=exec=sh"), ("line-feed", "a\nb"), ("escape", "\x1b[2Jlicense.xml")):
        rearranged("entry-" + name, good + [(entry, ROOT.pem)], "C-2, C-3")
        if name in ("schema", "root-key", "parent-folder"):
            bad("entry-%s-unlisted" % name, archive(good + [(entry, STRANGER.pem)]), "C-2, C-3")
    identity = inner[0][:64]
    for name, entry in (("in-capitals", identity.upper() + ".carnet"), ("of-63-digits", identity[:63] + ".carnet"),
                        ("without-suffix", identity), ("of-65-digits", identity + "0.carnet"), ("with-point", "./" + inner[0])):
        rearranged("embedded-name-" + name, good[:5] + [(entry, inner[1])], "C-2, C-3")
    two = sorted([inner, (base.entitlement_id + ".carnet", base.entitlement)])
    rearranged("embedded-in-falling-order", good[:5] + two[::-1], "C-3")
    rearranged("embedded-twice", good[:5] + [inner, inner], "C-2, C-3")
    many = sorted((sha256(b"%d" % n) + ".carnet", b"x") for n in range(65))
    rearranged("embedded-65", good[:5] + many, "C-3")

    bad("cut-in-header", whole[:len(whole) - 1024 - 4608 + 100], "C-4")
    bad("cut-in-content", whole[:-3000], "C-4")
    bad("no-end", whole[:-1024], "C-4")
    bad("half-an-end", whole[:-512], "C-4")
    bad("three-blocks-at-end", whole + b"\0" * 512, "C-4")
    bad("blocking-factor-20", whole + b"\0" * (-len(whole) % 10240), "C-4")
    bad("bytes-after-end", whole + b"\n", "C-4")
    bad("block-after-end", whole + b"A" * 512, "C-4")
    bad("second-archive-after-end", whole + whole, "C-4")
    bad("end-not-zero", whole[:-1] + b"\1", "C-4")
    bad("padding-not-zero", whole[:1023] + b"\1" + whole[1024:], "C-4, C-5")
    bad("size-beyond-end", archive(good[:5], b"") + header(inner[0], 1 << 20) + inner[1] + b"\0" * 1024, "C-4")

    for name, fields in (
            ("mode-0755", {"mode": b"0000755"}), ("mode-with-spaces", {"mode": b"000644 "}), ("uid-1000", {"uid": b"0001750"}),
            ("gid-1000", {"gid": b"0001750"}), ("mtime-1", {"mtime": b"00000000001"}), ("mtime-with-space", {"mtime": b"0000000000 "}),
            ("size-with-space", {"size": b"%10o \0" % len(text[1])}), ("size-base-256", {"size": b"\x80" + len(text[1]).to_bytes(11, "big")}),
            ("chksum-with-spaces", {"chksum": b"%07o\0"}), ("chksum-wrong", {"chksum": b"1%05o\0 "}),
            ("type-nul", {"typeflag": b"\0"}), ("type-hard-link", {"typeflag": b"1", "linkname": b"mimetype"}),
            ("type-symbolic-link", {"typeflag": b"2", "linkname": b"/etc/passwd"}), ("type-device", {"typeflag": b"3"}),
            ("type-folder", {"typeflag": b"5"}), ("type-contiguous", {"typeflag": b"7"}), ("type-volume", {"typeflag": b"V"}),
            ("type-sparse", {"typeflag": b"S"}), ("type-long-name", {"typeflag": b"L"}), ("type-pax", {"typeflag": b"x"}),
            ("type-pax-global", {"typeflag": b"g"}), ("linkname", {"linkname": b"mimetype"}), ("magic-gnu", {"magic": b"ustar ", "version": b" \0"}),
            ("magic-missing", {"magic": b"\0", "version": b"\0"}), ("version-1", {"version": b"01"}), ("uname", {"uname": b"root"}),
            ("gname", {"gname": b"root"}), ("devmajor", {"devmajor": b"0000001"}), ("devmajor-empty", {"devmajor": b"\0"}),
            ("devminor", {"devminor": b"0000001"}), ("prefix", {"prefix": b"keys"}), ("padding", {"padding": b"x"}),
            ("bytes-after-name", {"name": b"license.xml\0x"})):
        bad("header-" + name, archive(good, headers={4: fields}), "C-5, C-2, C-4")

    for name, content in (("line-end", LICENSE + "\n"), ("version-0", LICENSE[:-1] + "0"), ("version-leading-zero", LICENSE[:-1] + "01"),
                          ("version-10000", LICENSE[:-1] + "10000"), ("version-missing", LICENSE[:-10]), ("other-kind", LICENSE.replace("license", "receipt")),
                          ("other-type", LICENSE.replace("application", "text")), ("capitals", LICENSE.capitalize()),
                          ("space", LICENSE.replace(";", "; ")), ("version-empty", LICENSE[:-1]), ("version-with-letter", LICENSE + "a"),
                          ("version-in-capitals", LICENSE.replace("version", "VERSION"))):
        rearranged("mimetype-" + name, [(mime[0], content.encode())] + good[1:], "C-7")
    large = good[:4] + [(text[0], text[1] + b"\n" * (256 * 1024 + 1 - len(text[1]))), inner]
    rearranged("document-too-large", large, "C-8")
    # The sizes are judged before the digests.
    bad("document-too-large-and-altered", archive(large), "C-8")
    rearranged("document-empty", good[:4] + [(text[0], b""), inner], "C-8")
    rearranged("signer-empty", good[:3] + [("signer.pem", b""), text, inner], "C-8")
    rearranged("embedded-empty", good[:5] + [(inner[0], b"")], "C-8")
    bad("signature-empty", archive([mime, sums, (sig[0], b""), signer, text, inner]), "C-8")
    bad("checksum-lines-empty", archive([mime, (sums[0], b""), (sig[0], ISSUER.sign(b"")), signer, text, inner]), "C-8")
    large = sums[1] + b"\n" * ((16 << 10) + 1 - len(sums[1]))
    bad("checksum-lines-too-large", archive([mime, (sums[0], large), (sig[0], ISSUER.sign(large)), signer, text, inner]), "C-8")


def resigned(listed, key):
    """Entries with the checksum lines and the signature that fit, where there are such."""
    lines = checksums([e for e in listed if e[0] not in ("SHA256SUMS", "SHA256SUMS.sig")])
    fit = {"SHA256SUMS": lines, "SHA256SUMS.sig": key.sign(lines)}
    return [(name, fit.get(name, content)) for name, content in listed]


def add_checksums(add, base):
    def bad(name, change, clauses="H-1", outcome="malformed"):
        data = bundle("license", base.small_license_text, ISSUER, [base.small_entitlement], sums=change)
        add("invalid", "sums-%s.carnet" % name, data, outcome, clauses)

    def lines(change):
        return lambda sums: b"".join(change(sums.splitlines(keepends=True)))

    bad("garbage-line", lambda s: s + b"this line is skipped by sha256sum -c\n")
    bad("garbage-line-first", lambda s: b"garbage\n" + s)
    bad("comment", lambda s: b"# checked\n" + s)
    bad("empty-line", lambda s: s + b"\n")
    bad("of-16-kib", lambda s: s + b"\n" * ((16 << 10) - len(s)))
    bad("no-last-line-end", lambda s: s[:-1])
    bad("crlf", lambda s: s.replace(b"\n", b"\r\n"))
    bad("capitals", lambda s: s[:64].upper() + s[64:])
    bad("one-space", lambda s: s.replace(b"  ", b" ", 1))
    bad("binary-mark", lambda s: s.replace(b"  ", b" *"))
    bad("tagged", lambda s: b"SHA256 (mimetype) = " + s[:64] + b"\n" + s.partition(b"\n")[2])
    bad("backslash", lambda s: b"\\" + s)
    bad("document-unlisted", lines(lambda x: x[:2] + x[3:]))
    bad("signer-unlisted", lines(lambda x: x[:1] + x[2:]))
    bad("embedded-unlisted", lines(lambda x: x[:3]))
    bad("mimetype-unlisted", lines(lambda x: x[1:]))
    bad("mimetype-second", lines(lambda x: [x[1], x[0]] + x[2:]))
    bad("order", lines(lambda x: x[:2] + [x[3], x[2]]))
    bad("line-twice", lines(lambda x: x + x[-1:]))
    bad("lists-what-is-not-there", lambda s: s + b"%s  notes.txt\n" % sha256(b"").encode())
    bad("lists-itself", lambda s: s + b"%s  SHA256SUMS\n" % sha256(b"").encode())
    bad("name-with-point", lambda s: s.replace(b"  license.xml", b"  ./license.xml"))
    bad("name-of-another-entry", lambda s: s.replace(b"  license.xml", b"  receipt.xml"))
    bad("space-for-line-end", lambda s: s.replace(b"\n", b" ", 1))
    bad("name-with-space", lambda s: s.replace(b"  license.xml", b"  license.xml "))
    bad("nul", lambda s: s + b"\0")
    bad("digest-63-digits", lambda s: s[1:])
    bad("digest-sha-1", lambda s: s[:40] + s[64:])

    good = entries("license", base.small_license_text, ISSUER, [base.small_entitlement])

    def altered(name, index, change):
        listed = list(good)
        listed[index] = (listed[index][0], change(listed[index][1]))
        add("invalid", "sums-%s.carnet" % name, archive(listed), "altered", "H-2")

    altered("document-altered", 4, lambda c: c.replace(b'seat="1"', b'seat="2"'))
    altered("document-longer", 4, lambda c: c + b"\n")
    altered("embedded-altered", 5, lambda c: c.replace(b'count="1"', b'count="9"'))
    altered("mimetype-altered", 0, lambda c: c[:-1] + b"2")
    for name, index in (("mimetype", 0), ("signer", 1), ("document", 2), ("embedded", 3)):
        def swap(sums, index=index):
            rows = sums.splitlines(keepends=True)
            rows[index] = sha256(b"other").encode() + rows[index][64:]
            return b"".join(rows)
        data = bundle("license", base.small_license_text, ISSUER, [base.small_entitlement], sums=swap)
        add("invalid", "sums-digest-of-%s.carnet" % name, data, "altered", "H-2")


def forge(key, torsion=ed25519.IDENTITY, scalar=0):
    """A signer for a public key scalar*B + torsion: its signatures satisfy the cofactorless equation."""
    eighth = small_order_points()[-1]
    multiples = [ed25519.multiply(n, eighth) for n in range(8)]

    def sign(message):
        for number in range(1, 4096):
            nonce = int(sha256(b"forge %d" % number + message), 16)
            for tail in multiples:
                r = ed25519.encode(ed25519.add(ed25519.multiply(nonce, ed25519.BASE), tail))
                k = ed25519.challenge(r, key, message)
                if ed25519.equal(ed25519.multiply(k, torsion), ed25519.negate(tail)):
                    return r + ((nonce + k * scalar) % ed25519.L).to_bytes(32, "little")
        raise ValueError("no signature found")
    return sign


def small_order_points():
    """The points of order 2, 4, 8 (one of each), found from any point of the curve."""
    for y in range(3, 100):
        x = ed25519.recover_x(y, 0)
        if x is not None:
            point = ed25519.multiply(ed25519.L, ed25519.from_affine(x, y))
            four = ed25519.multiply(4, point)
            if not ed25519.equal(four, ed25519.IDENTITY):
                return [four, ed25519.multiply(2, point), point]
    raise ValueError("no point of order 8 found")


def add_signatures(add, base):
    def bad(name, clauses, outcome="malformed", verify=None, **other):
        data = bundle("fingerprint", base.small_fingerprint_text, MACHINE, **other)
        add("invalid", "signature-%s.carnet" % name, data, outcome, clauses, verify)

    order = ed25519.L
    bad("of-63-bytes", "S-1", signature=lambda s: s[:63])
    bad("of-65-bytes", "S-1", signature=lambda s: s + b"\0")
    bad("in-base64", "S-1", signature=lambda s: base64.b64encode(s) + b"\n")
    bad("twice", "S-1", signature=lambda s: s + s)

    def add_order(times):
        return lambda s: s[:32] + (int.from_bytes(s[32:], "little") + times * order).to_bytes(32, "little")
    bad("s-plus-order", "S-2", signature=add_order(1))
    bad("s-plus-8-orders", "S-2", signature=add_order(8))
    bad("s-is-order", "S-2", signature=lambda s: s[:32] + order.to_bytes(32, "little"))
    bad("s-all-ones", "S-2", signature=lambda s: s[:32] + b"\xff" * 32)

    def identity(message):
        r = ed25519.encode(ed25519.IDENTITY)
        scalar = ed25519.expand(MACHINE.seed)[0]
        return r + (ed25519.challenge(r, MACHINE.raw, message) * scalar % order).to_bytes(32, "little")
    bad("r-is-identity", "S-3", sign=identity)
    bad("r-is-identity-top-bit", "S-3", sign=identity, signature=lambda s: s[:31] + b"\x80" + s[32:])

    def flip(at):
        return lambda s: s[:at] + bytes([s[at] ^ 1]) + s[at + 1:]
    bad("r-altered", "S-4", "altered", signature=flip(3))
    bad("s-altered", "S-4", "altered", signature=flip(32))
    bad("zero", "S-4", "altered", signature=lambda s: bytes(64))
    bad("by-another-key", "S-4", "altered", sign=STRANGER.sign)
    bad("over-the-digest", "S-4", "altered", sign=lambda lines: MACHINE.sign(bytes.fromhex(sha256(lines))))
    bad("of-another-bundle", "S-4", "altered", signature=lambda s: MACHINE.sign(checksums([("mimetype", b"other")])))
    bad("over-the-document", "S-4", "altered", sign=lambda lines: MACHINE.sign(base.small_fingerprint_text))
    listed = entries("fingerprint", base.small_fingerprint_text, MACHINE)
    lines = listed[1][1]
    listed[1] = (listed[1][0], sha256(b"x").encode() + lines[64:])
    add("invalid", "signature-checksum-lines-altered.carnet", archive(listed), "altered", "S-4")
    listed = entries("license", base.small_license_text, ISSUER,
                     [archive(entries("entitlement", base.small_entitlement_text, ROOT, signature=flip(5)))],
                     names=[base.small_entitlement_id + ".carnet"])
    add("invalid", "signature-of-embedded-altered.carnet", archive(listed), "altered", "S-4")


def add_keys(add, base):
    def bad(name, signer, clauses="K-1", verify=None, sign=None):
        data = bundle("fingerprint", base.small_fingerprint_text, MACHINE, signer=signer, sign=sign)
        add("invalid", "key-%s.carnet" % name, data, "malformed", clauses, verify)

    good, der = MACHINE.pem, PREFIX + MACHINE.raw
    bad("crlf", good.replace(b"\n", b"\r\n"))
    bad("der", der)
    bad("without-last-line-end", good[:-1])
    bad("with-empty-line", good + b"\n")
    bad("with-text-before", b"signer:\n" + good)
    bad("twice", good + good)
    bad("and-another", STRANGER.pem + good)
    bad("two-lines-of-base64", good[:60] + b"\n" + good[60:])
    bad("stray-bits-in-base64", good[:27 + 58] + bytes([good[27 + 58] + 1]) + good[27 + 59:])
    bad("private", MACHINE.private_pem)
    bad("other-label", pem(der, "ED25519 PUBLIC KEY"))
    bad("x25519", pem(PREFIX.replace(b"\x2b\x65\x70", b"\x2b\x65\x6e") + MACHINE.raw))
    bad("ed448-prefix", pem(PREFIX.replace(b"\x2b\x65\x70", b"\x2b\x65\x71") + MACHINE.raw))
    bad("p-256", pem(bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a1"
                                   "3945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")))
    bad("raw-in-base64", b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(MACHINE.raw) + b"\n-----END PUBLIC KEY-----\n")

    def raw(name, key, clauses, verify=None, torsion=None, scalar=0):
        bad(name, pem(PREFIX + key), clauses, verify, forge(key, torsion, scalar) if torsion else None)

    field = ed25519.P
    two, four, eight = small_order_points()
    little = lambda n: n.to_bytes(32, "little")
    raw("y-is-p-plus-1", little(field + 1), "K-2", torsion=ed25519.IDENTITY)
    raw("y-is-p", little(field), "K-2", torsion=ed25519.decode(bytes(32)))
    raw("y-is-p-minus-1", little(field - 1), "K-2", torsion=two)
    raw("y-is-p-plus-18", little(field + 18), "K-2")
    raw("y-all-ones", b"\xff" * 32, "K-2")
    off = next(y for y in range(1 << 250, 1 << 251) if ed25519.recover_x(y, 0) is None)
    raw("not-on-the-curve", little(off), "K-3", "altered")
    raw("identity", ed25519.encode(ed25519.IDENTITY), "K-4, K-5", torsion=ed25519.IDENTITY)
    raw("order-4", ed25519.encode(four), "K-4, K-5", torsion=four)
    small = next(y for y in range(1 << 191, 1 << 192) if ed25519.recover_x(y, 0) is not None)
    raw("y-of-192-bits", little(small), "K-4")
    raw("small-x", bytes.fromhex("3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a"), "K-4", "altered")
    for negative in (0, 1):
        point = ed25519.negate(eight) if negative else eight
        raw("order-8-%s" % "ab"[negative], ed25519.encode(point), "K-5", torsion=point)
        other = ed25519.multiply(3, point)
        raw("order-8-%s" % "cd"[negative], ed25519.encode(other), "K-5", torsion=other)
    scalar = ed25519.expand(MACHINE.seed)[0]
    for name, torsion in (("2", two), ("4", four), ("8", eight)):
        point = ed25519.add(ed25519.multiply(scalar, ed25519.BASE), torsion)
        raw("mixed-order-%s" % name, ed25519.encode(point), "K-5", "ok", torsion, scalar)
    inner = bundle("entitlement", base.small_entitlement_text, ROOT, signer=pem(PREFIX + ed25519.encode(eight)),
                   sign=forge(ed25519.encode(eight), eight))
    data = bundle("license", base.small_license_text, ISSUER, [inner], names=[base.small_entitlement_id + ".carnet"])
    add("invalid", "key-of-embedded-order-8.carnet", data, "malformed", "K-5")


def add_embedding(add, base):
    def bad(name, data, clauses, outcome="malformed", verify=None):
        add("invalid", "embedded-%s.carnet" % name, data, outcome, clauses, verify)

    def names(*identities):
        return [i + ".carnet" for i in identities]

    text = base.small_license_text
    bad("named-by-another-id", bundle("license", text, ISSUER, [base.small_entitlement], names=names(base.entitlement_id)), "I-4")
    bad("named-by-digest-of-file", bundle("license", text, ISSUER, [base.small_entitlement], names=names(sha256(base.small_entitlement))), "I-4")
    bad("named-by-key-id", bundle("license", text, ISSUER, [base.small_entitlement], names=names(ROOT.id)), "I-4")
    bad("in-license-missing", bundle("license", text, ISSUER), "R-3", "not-vouched")
    bad("in-release-missing", bundle("release", base.release_text, MACHINE), "R-3", "not-vouched")
    bad("in-receipt-missing", bundle("receipt", base.receipt_text, ISSUER), "R-3", "not-vouched")
    alone = bundle("license", base.license_text, ISSUER)
    bad("in-embedded-license-missing", bundle("release", cast.release(base.grant, Bundle(alone).id, sequence=1), MACHINE, [alone]), "R-3",
        "not-vouched")
    bad("in-license-two", bundle("license", text, ISSUER, [base.small_entitlement, base.entitlement]), "R-3")
    bad("in-license-a-fingerprint", bundle("license", text, ISSUER, [base.small_fingerprint]), "R-3")
    bad("in-license-a-release", bundle("license", text, ISSUER, [base.release]), "R-3, R-7")
    bad("in-license-a-license", bundle("license", text, ISSUER, [base.small_license]), "R-3")
    bad("in-entitlement-an-entitlement", bundle("entitlement", base.small_entitlement_text, ROOT, [base.entitlement]), "R-3")
    bad("in-fingerprint-a-license", bundle("fingerprint", base.small_fingerprint_text, MACHINE, [base.small_license]), "R-3")
    bad("in-release-an-entitlement", bundle("release", base.release_text, MACHINE, [base.entitlement]), "R-3")
    bad("in-release-license-and-entitlement", bundle("release", base.release_text, MACHINE, [base.license, base.entitlement]), "R-3")
    bad("in-receipt-a-license", bundle("receipt", base.receipt_text, ISSUER, [base.license]), "R-3")
    nested = bundle("license", text, ISSUER, [base.small_license])
    bad("four-deep", bundle("release", base.release_text, MACHINE, [nested]), "R-7, R-3")
    garbage = b"mimetype" + b"\0" * 504 + b"garbage" * 100
    bad("garbage", bundle("license", text, ISSUER, [garbage], names=names(sha256(garbage))), "C-4, C-5")
    bad("text-form", bundle("license", text, ISSUER, [cast_text(base)], names=names(base.small_entitlement_id)), "C-4, C-5, C-2, C-1")


def cast_text(base):
    from carnet_writer import armour
    return armour(base.small_entitlement, "entitlement")

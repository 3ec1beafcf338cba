# SPDX-License-Identifier: MIT
"""Samples of the kind trust."""
from carnet_reader import Bundle
from carnet_writer import armour, bundle, sha256

import cast
from cast import ISSUER, ROOT, STRANGER_ROOT, VENDOR, edit, extended
from documents import replaced

SECOND, THIRD, FOURTH = (cast.test_key(name) for name in ("second-root", "third-root", "fourth-root"))
ROOTS = [ROOT, SECOND, THIRD]
STAYS = sorted(sha256(b"stays %d" % n) for n in range(3))
KEYS = sorted([(ISSUER.id, STAYS), (ROOT.id, STAYS[:1]), (cast.STRANGER.id, [])])
GRANTS = sorted([("L-1", sha256(b"one")), ("L-1", sha256(b"two")), ("PRESS", sha256(b"one"))])
LEAST = [("L-1", 2), ("PRESS", 999999999)]

FAULTS = [
    ("version-missing", "  <version ", None), ("version-twice", "  <version ", 2), ("generation-0", '<version generation="3"', '<version generation="0"'),
    ("generation-33", '<version generation="3"', '<version generation="33"'), ("number-0", 'number="7"', 'number="0"'), ("created-never", 'created="2024-05-01T08:00:00Z"', 'created="never"'),
    ("expires-missing", ' expires="2099-12-31T23:59:59Z"', ""), ("root-key-short", 'generation="2" key="%s"' % SECOND.id, 'generation="2" key="%s"' % SECOND.id[:60]),
    ("next-twice", "  <next ", 2), ("revoked-unknown", '    <least license="L-1"', '    <user name="x"/>\n    <least license="L-1"'),
    ("grant-without-license", '<grant license="PRESS" ', "<grant "), ("least-0", 'revision="2"', 'revision="0"'), ("valid-short", STAYS[2], STAYS[2][:10]),
]


def add_trusts(add, base):
    links = [bundle("trust", cast.link(n + 1, following), root) for n, (root, following) in enumerate(zip(ROOTS, ROOTS[1:] + [FOURTH]))]
    ordered = lambda some: sorted(some, key=lambda content: Bundle(content).id)
    rich = cast.trust(ROOTS, 7, FOURTH, KEYS, GRANTS, LEAST)
    text = cast.trust(ROOTS, 2)

    def valid(name, document, clauses, key, embedded=()):
        add("valid", name + ".carnet", bundle("trust", document, key, ordered(embedded)), "ok", clauses)

    def bad(name, document, clauses, outcome="malformed", key=THIRD, embedded=links[:2]):
        add("invalid", name + ".carnet", bundle("trust", document, key, ordered(embedded)), outcome, clauses)

    valid("trust-smallest", cast.trust([ROOT], expires="never"), "U-1, U-3", ROOT)
    valid("trust-announcing", cast.trust([ROOT], 2, SECOND), "U-2", ROOT, links[:1])
    valid("trust-after-a-rotation", cast.trust([ROOT, SECOND]), "U-2, U-3", SECOND, links[:1])
    valid("trust-rich", rich, "U-2, U-3, U-5, U-6", THIRD, links)
    valid("trust-link", cast.link(1, SECOND), "U-1", ROOT)
    add("valid", "trust-text.txt", armour(bundle("trust", cast.trust([ROOT], expires="never"), ROOT), "trust"), "ok", "A-5")
    many = [sha256(b"many %d" % n) for n in range(2001)]
    valid("trust-largest", cast.trust([ROOT], keys=[(ISSUER.id, sorted(many[:2000]))]), "U-5", ROOT)

    for name, old, new in FAULTS:
        bad("schema-trust-" + name, replaced(rich, old, new), "X-9", embedded=links)
    bad("schema-trust-link-and-version", edit(text, "  <version ", '  <link generation="1" next="%s"/>\n  <version ' % SECOND.id), "X-9")
    bad("schema-trust-link-next-missing", edit(cast.link(1, SECOND), ' next="%s"' % SECOND.id, ""), "X-9", key=ROOT, embedded=())
    bad("schema-trust-critical-empty", extended(text, "trust", "  <critical/>\n"), "X-9, V-4")
    bad("schema-trust-extensions-carnet-element", extended(text, "trust", '  <extensions>\n    <vendor id="%s"/>\n  </extensions>\n' % ROOT.id), "X-9, V-5")
    bad("semantic-trust-february-30", edit(text, 'created="2024-05-01', 'created="2024-02-30'), "X-10")
    bad("semantic-trust-expired-before-it-was-made", edit(text, "2099-12-31", "2024-04-30"), "U-3")
    bad("semantic-trust-root-left-out", edit(text, '    <root generation="2" key="%s"/>\n' % SECOND.id, ""), "U-3")
    bad("semantic-trust-root-too-many", edit(text, '<version generation="3"', '<version generation="2"'), "U-3")
    bad("semantic-trust-first-root-another", edit(text, 'generation="1" key="%s"' % ROOT.id, 'generation="1" key="%s"' % STRANGER_ROOT.id), "U-3")
    bad("semantic-trust-root-twice", edit(text, 'generation="2" key="%s"' % SECOND.id, 'generation="2" key="%s"' % ROOT.id), "U-4")
    bad("semantic-trust-next-was-root", edit(rich, FOURTH.id, SECOND.id), "U-4", embedded=links)
    bad("semantic-trust-keys-in-another-order", cast.trust(ROOTS, keys=list(reversed(KEYS))), "U-5")
    bad("semantic-trust-key-twice", cast.trust(ROOTS, keys=KEYS[:1] * 2), "U-5")
    bad("semantic-trust-valid-twice", cast.trust(ROOTS, keys=[(ISSUER.id, STAYS[:1] * 2)]), "U-5")
    bad("semantic-trust-grants-in-another-order", cast.trust(ROOTS, grants=list(reversed(GRANTS))), "U-5")
    bad("semantic-trust-least-twice", cast.trust(ROOTS, least=LEAST[:1] * 2), "U-5")
    bad("semantic-trust-too-many-valid", cast.trust([ROOT], keys=sorted([(ISSUER.id, sorted(many[:1001])), (cast.STRANGER.id, sorted(many[1001:]))])), "U-5",
        key=ROOT, embedded=())
    bad("semantic-trust-revokes-its-signer", cast.trust(ROOTS, keys=[(THIRD.id, [])]), "U-6")
    bad("semantic-trust-revokes-the-next", cast.trust(ROOTS, following=FOURTH, keys=[(FOURTH.id, [])]), "U-6", embedded=links)

    bad("links-last-missing", text, "T-2", "untrusted-key", embedded=links[:1])
    bad("links-first-missing", text, "U-2", "not-vouched", embedded=links[1:2])
    bad("links-none", text, "T-2", "untrusted-key", embedded=())
    bad("links-announced-missing", cast.trust([ROOT], following=SECOND), "U-2", "not-vouched", key=ROOT, embedded=())
    bad("links-too-many", text, "U-2", embedded=links)
    bad("links-two-successors", text, "U-9", "forked", embedded=links[:2] + [bundle("trust", cast.link(1, FOURTH), ROOT)])
    bad("links-to-another-root", text, "U-3", "untrusted-key", key=SECOND, embedded=links[:2])
    bad("links-roots-another", edit(text, 'generation="2" key="%s"' % SECOND.id, 'generation="2" key="%s"' % FOURTH.id), "U-3")
    bad("links-of-another-generation", text, "U-3", embedded=[bundle("trust", cast.link(2, SECOND), ROOT), links[1]])
    bad("links-back", text, "U-4", embedded=[links[0], bundle("trust", cast.link(2, ROOT), SECOND)])
    bad("links-information-embedded", text, "U-2", embedded=[bundle("trust", cast.trust([ROOT]), ROOT), links[1]])
    bad("links-embedding", text, "U-2", embedded=[links[0], bundle("trust", cast.link(2, THIRD), SECOND, [links[0]])])
    bad("links-of-another-vendor", text, "T-6", "wrong-vendor", embedded=[bundle("trust", cast.link(1, SECOND, STRANGER_ROOT.id), ROOT), links[1]])
    bad("links-another-kind", text, "R-3", embedded=[links[0], base.entitlement])
    bad("links-in-a-link", cast.link(2, THIRD), "U-2", key=SECOND, embedded=links[:1])
    bad("trust-trust-by-a-stranger", cast.trust([ROOT]), "T-2", "untrusted-key", key=cast.STRANGER, embedded=())
    bad("vendor-in-trust", edit(cast.trust([ROOT]), '<vendor id="%s"' % VENDOR, '<vendor id="%s"' % STRANGER_ROOT.id), "U-3", key=ROOT, embedded=())
    bad("vendor-in-trust-link", cast.link(1, SECOND, STRANGER_ROOT.id), "T-6", "wrong-vendor", key=ROOT, embedded=())
    bad("time-trust-of-2098", cast.trust([ROOT], created="2098-01-01T00:00:00Z"), "O-2", "not-yet-valid", key=ROOT, embedded=())
    # Whole by itself: it is refused where the genuine successor was announced before (U-9), and taken where it was not.
    other = bundle("trust", cast.link(1, FOURTH), ROOT)
    add("valid", "trust-other-successor.carnet", bundle("trust", cast.trust([ROOT, FOURTH], 999999999), FOURTH, [other]), "ok", "U-9")
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter" unit="sheet"/>\n  </critical>\n'
    add("future", "trust-critical.carnet", bundle("trust", extended(edit(text, 'minor="0"', 'minor="1"'), "trust", critical), THIRD, ordered(links[:2])), "newer-format", "V-4")
    add("future", "trust-major-2.carnet", bundle("trust", edit(text, "urn:carnet:1", "urn:carnet:2"), ROOT, major=2), "newer-format", "V-1")

# SPDX-License-Identifier: MIT
"""Samples of the kind keyrequest."""
from carnet_writer import armour, bundle

import cast
from cast import ISSUER, ROOT, STRANGER_ROOT, edit, extended
from documents import replaced

FAULTS = [
    ("administrator-missing", "  <administrator ", None), ("administrator-twice", "  <administrator ", 2), ("request-missing", "  <request ", None), ("request-twice", "  <request ", 2),
    ("name-missing", ' name="', ' named="'), ("made-missing", ' made="2024-01-10T08:00:00Z"', ""), ("made-never", 'made="2024-01-10T08:00:00Z"', 'made="never"'),
    ("nonce-missing", ' nonce="0f1e2d3c4b5a69788796a5b4c3d2e1f0"', ""), ("nonce-31", "b4c3d2e1f0", "b4c3d2e1f"), ("offline-missing", ' offline="wished"', ""),
    ("offline-allowed", 'offline="wished"', 'offline="allowed"'), ("license-empty", 'license="PRESS-2024.7_b"', 'license=""'),
    ("replaces-none", 'replaces="%s"' % cast.STRANGER_ISSUER.id, 'replaces="none"'), ("key-named", "<request ", '<request key="%s" ' % ISSUER.id),
]


def add_keyrequests(add, base):
    text = base.keyrequest_text
    smallest = bundle("keyrequest", cast.keyrequest(offline="not-wished"), ISSUER)
    add("valid", "keyrequest-smallest.carnet", smallest, "ok", "R-2, B-1")
    add("valid", "keyrequest-rich.carnet", base.keyrequest, "ok", "R-2, B-1")
    add("valid", "keyrequest-text.txt", armour(smallest, "keyrequest"), "ok", "A-5")

    def bad(name, document, clauses, outcome="malformed", key=ISSUER, embedded=()):
        add("invalid", name + ".carnet", bundle("keyrequest", document, key, list(embedded)), outcome, clauses)

    for name, old, new in FAULTS:
        bad("schema-keyrequest-" + name, replaced(text, old, new), "X-9")
    bad("schema-keyrequest-critical-empty", extended(text, "keyrequest", "  <critical/>\n"), "X-9, V-4")
    bad("schema-keyrequest-extensions-carnet-element", extended(text, "keyrequest", '  <extensions>\n    <vendor id="%s"/>\n  </extensions>\n' % ROOT.id), "X-9, V-5")
    bad("schema-keyrequest-extensions-twice", extended(text, "keyrequest", "  <extensions/>\n  <extensions/>\n"), "X-9")
    bad("semantic-keyrequest-february-30", edit(text, 'made="2024-01-10', 'made="2024-02-30'), "X-10")
    bad("semantic-keyrequest-replaces-itself", edit(text, cast.STRANGER_ISSUER.id, ISSUER.id), "B-1")
    bad("embedded-in-keyrequest", text, "R-3", embedded=[base.entitlement])
    bad("trust-keyrequest-by-the-root", text, "T-5", "untrusted-key", ROOT)
    bad("trust-keyrequest-by-the-root-it-names", edit(text, '<vendor id="%s"' % ROOT.id, '<vendor id="%s"' % STRANGER_ROOT.id), "T-5", "untrusted-key", STRANGER_ROOT)
    bad("trust-keyrequest-replaces-the-root", edit(text, cast.STRANGER_ISSUER.id, ROOT.id), "T-5", "untrusted-key")
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter" unit="sheet"/>\n  </critical>\n'
    add("future", "keyrequest-critical.carnet", bundle("keyrequest", extended(edit(text, 'minor="0"', 'minor="1"'), "keyrequest", critical), ISSUER), "newer-format", "V-4")
    add("future", "keyrequest-major-2.carnet", bundle("keyrequest", edit(text, "urn:carnet:1", "urn:carnet:2"), ISSUER, major=2), "newer-format", "V-1")

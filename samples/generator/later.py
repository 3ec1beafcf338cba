# SPDX-License-Identifier: MIT
"""samples/invalid and samples/future of the kinds activation, clockrequest and clock."""
from carnet_reader import Bundle
from carnet_writer import bundle

import cast
from cast import ISSUER, MACHINE, ROOT, STRANGER, STRANGER_ROOT, edit, extended
from documents import replaced

ACTIVATION = [
    ("grant-missing", "  <grant ", None), ("license-missing", "  <license ", None), ("installed-missing", "  <installed ", None),
    ("installed-how", "<installed ", '<installed how="by-hand" '), ("made-missing", ' made="2024-03-03T12:00:00Z"', ""), ("sequence-0", 'sequence="3"', 'sequence="0"'),
    ("fact-state-missing", '<fact name="os" state="matches"/>', '<fact name="os"/>'), ("fact-state-other", 'name="os" state="matches"', 'name="os" state="same"'),
    ("fact-not-held", 'name="os" state="matches"', 'name="os" state="not held"'), ("fact-unknown", 'name="os"', 'name="gpu"'),
    ("fact-digest", 'name="os" state="matches"', 'name="os" state="matches" digest="%s"' % ("0" * 64)), ("journal-twice", "  <journal ", 2),
    ("journal-position-0", 'position="412"', 'position="0"'), ("facts-none", cast.match(cast.STATES), "  <match/>\n"), ("match-missing", cast.match(cast.STATES), ""),
]
CLOCKREQUEST = [
    ("grant-missing", "  <grant ", None), ("license-missing", "  <license ", None), ("request-missing", "  <request ", None), ("purpose", "<request ", '<request purpose="new" '),
    ("nonce-missing", ' nonce="5f0e1d2c3b4a59687786950413223145"', ""), ("nonce-31", "413223145", "41322314"), ("floor-missing", "  <floor ", None),
    ("floor-twice", "  <floor ", 2), ("local-missing", ' local="2034-11-20T09:31:07Z"', ""), ("local-never", 'local="2034-11-20T09:31:07Z"', 'local="never"'),
    ("signed-none", 'signed="2024-03-02T08:00:00Z"', 'signed="none"'), ("sequence-missing", ' sequence="4"', ""),
]
CLOCK = [
    ("grant-missing", "  <grant ", None), ("entitlement-missing", "  <entitlement ", None), ("machine-missing", "  <machine ", None), ("answer-missing", "  <answer ", None),
    ("answer-twice", "  <answer ", 2), ("request-missing", ' request="', ' requested="'), ("nonce-missing", ' nonce="5f0e1d2c3b4a59687786950413223145"', ""),
    ("at-missing", ' at="2024-11-21T08:00:00Z"', ""), ("at-never", 'at="2024-11-21T08:00:00Z"', 'at="never"'), ("journal-missing", "  <journal ", None),
]


def add_later(add, base):
    kinds = {"activation": (base.activation_text, MACHINE, base.license, ACTIVATION), "clockrequest": (base.clockrequest_text, MACHINE, base.license, CLOCKREQUEST),
             "clock": (base.clock_text, ISSUER, base.entitlement, CLOCK)}
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter" unit="sheet"/>\n  </critical>\n'

    def bad(name, kind, text, clauses, outcome="malformed", key=None, inner=None):
        key, inner = key or kinds[kind][1], inner or kinds[kind][2]
        add("invalid", name + ".carnet", bundle(kind, text, key, [inner]), outcome, clauses)

    for kind, (text, key, inner, rows) in kinds.items():
        for name, old, new in rows:
            bad("schema-%s-%s" % (kind, name), kind, replaced(text, old, new), "X-9")
        bad("schema-%s-critical-empty" % kind, kind, extended(text, kind, "  <critical/>\n"), "X-9, V-4")
        bad("schema-%s-extensions-carnet-element" % kind, kind, extended(text, kind, '  <extensions>\n    <vendor id="%s"/>\n  </extensions>\n' % ROOT.id), "X-9, V-5")
        bad("schema-%s-extensions-twice" % kind, kind, extended(text, kind, "  <extensions/>\n  <extensions/>\n"), "X-9")
        add("invalid", "embedded-in-%s-missing.carnet" % kind, bundle(kind, text, key), "not-vouched", "R-3")
        other = base.entitlement if inner is base.license else base.license
        bad("embedded-in-%s-another-kind" % kind, kind, text, "R-3", inner=other)
        bad("trust-%s-by-a-stranger" % kind, kind, text, "T-4" if key is MACHINE else "T-3", "untrusted-key", STRANGER)
        bad("trust-%s-by-the-%s" % (kind, "issuer" if key is MACHINE else "machine"), kind, text, "T-4, T-5" if key is MACHINE else "T-3, T-5", "untrusted-key",
            ISSUER if key is MACHINE else MACHINE)
        bad("vendor-in-%s" % kind, kind, edit(text, '<vendor id="%s"' % ROOT.id, '<vendor id="%s"' % STRANGER_ROOT.id), "T-6", "wrong-vendor")
        add("future", "%s-critical.carnet" % kind, bundle(kind, extended(edit(text, 'minor="0"', 'minor="1"'), kind, critical), key, [inner]), "newer-format", "V-4")
        add("future", "%s-major-2.carnet" % kind, bundle(kind, edit(text, "urn:carnet:1", "urn:carnet:2"), key, [inner], major=2), "newer-format", "V-1")

    add_meaning(bad, base)
    add_judge(bad, base)
    text = edit(base.clock_text, 'at="2024-11-21T08:00:00Z"', 'at="2098-11-21T08:00:00Z"')
    bad("time-clock-of-2098", "clock", text, "O-2", "not-yet-valid")


def add_meaning(bad, base):
    text = base.activation_text
    bad("semantic-activation-february-30", "activation", edit(text, 'made="2024-03-03', 'made="2024-02-30'), "X-10")
    bad("semantic-activation-fact-twice", "activation", edit(text, 'name="os"', 'name="host"'), "X-11")
    bad("semantic-activation-previous-missing", "activation", edit(text, ' previous="%s"' % base.fingerprint_id, ""), "F-2")
    bad("semantic-activation-previous-of-first", "activation", edit(text, 'sequence="3"', 'sequence="1"'), "F-2")
    text = base.clockrequest_text
    bad("semantic-clockrequest-june-31", "clockrequest", edit(text, 'made="2024-11-20', 'made="2024-06-31'), "X-10")
    bad("semantic-clockrequest-local-june-31", "clockrequest", edit(text, 'local="2034-11-20', 'local="2034-06-31'), "X-10")
    bad("semantic-clockrequest-signed-february-30", "clockrequest", edit(text, 'signed="2024-03-02', 'signed="2024-02-30'), "X-10")
    bad("semantic-clockrequest-previous-of-first", "clockrequest", edit(text, 'sequence="4"', 'sequence="1"'), "F-2")
    bad("semantic-clockrequest-floor-is-the-clock", "clockrequest", edit(text, "2034-11-20T09:31:07Z", "2024-11-20T09:30:00Z"), "D-1")
    bad("semantic-clockrequest-floor-behind-the-clock", "clockrequest", edit(text, "2034-11-20T09:31:07Z", "2023-11-20T09:31:07Z"), "D-1")
    bad("semantic-clock-april-31", "clock", edit(base.clock_text, 'at="2024-11-21', 'at="2024-04-31'), "X-10")


def add_judge(bad, base):
    for kind, text in (("activation", base.activation_text), ("clockrequest", base.clockrequest_text)):
        for name, old, new in (("license-of-grant", 'license="PRESS-2024.7_b"', 'license="PRESS"'), ("epoch", 'epoch="1"', 'epoch="2"'), ("serial", 'serial="1"', 'serial="2"'),
                               ("seat", 'seat="7"', 'seat="8"'), ("fingerprint", 'fingerprint="%s"' % base.fingerprint_id, 'fingerprint="%s"' % base.small_fingerprint_id),
                               ("license-id", base.license_id, Bundle(base.small_license).id)):
            bad("judge-%s-%s" % (kind, name), kind, edit(text, old, new), "J-12")
    line = '    <fact name="tpm" state="missing"/>\n'
    bad("judge-activation-fact-missing", "activation", edit(base.activation_text, line, ""), "J-13")
    small = Bundle(base.small_license).id
    grant = cast.element("grant", license="L-1", fingerprint=base.small_fingerprint_id, epoch=1, serial=1, seat=1)
    bad("judge-activation-fact-not-held", "activation", cast.activation(grant, small, cast.STATES[:2], sequence=1), "J-13", inner=base.small_license)
    text = base.clock_text
    bad("judge-clock-entitlement-id", "clock", edit(text, base.entitlement_id, base.small_entitlement_id), "J-1", "beyond-entitlement")
    bad("judge-clock-entitlement-revision", "clock", edit(text, 'revision="2"', 'revision="3"'), "J-1", "beyond-entitlement")
    bad("judge-clock-license-id", "clock", edit(text, 'license="PRESS-2024.7_b"', 'license="PRESS"'), "J-2", "beyond-entitlement")
    bad("trust-clock-issuer-is-machine", "clock", edit(text, MACHINE.id, ISSUER.id), "T-5", "untrusted-key")
    bad("trust-clock-root-is-machine", "clock", edit(text, MACHINE.id, ROOT.id), "T-5", "untrusted-key")

# SPDX-License-Identifier: MIT
"""samples/invalid: trust, vendor, the judge, time."""
from carnet_reader import Bundle
from carnet_writer import archive, bundle, element, entries

import cast
from cast import ISSUER, MACHINE, ROOT, STRANGER, STRANGER_ISSUER, STRANGER_ROOT, edit, extended


def license_on(entitlement_text, base, change=lambda text: text, root=ROOT, issuer=ISSUER, machine=MACHINE):
    """A smallest license resting on that entitlement."""
    inner = bundle("entitlement", entitlement_text, root)
    text = cast.license_smallest(Bundle(inner).id, base.small_fingerprint_id, machine=machine)
    return bundle("license", change(text), issuer, [inner])


def add_trust(add, base):
    def bad(name, data, clauses, outcome="untrusted-key"):
        add("invalid", "trust-%s.carnet" % name, data, outcome, clauses)

    theirs = cast.entitlement_smallest(STRANGER_ROOT.id, STRANGER_ISSUER)
    ours = base.small_entitlement_text
    bad("entitlement-of-a-stranger", bundle("entitlement", theirs, STRANGER_ROOT), "T-2")
    bad("entitlement-of-a-stranger-for-this-vendor", bundle("entitlement", ours, STRANGER_ROOT), "T-2")
    bad("entitlement-by-the-issuer", bundle("entitlement", ours, ISSUER), "T-2")
    bad("entitlement-by-a-stranger-not-even-xml", bundle("entitlement", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", STRANGER), "T-2")
    bad("license-of-a-stranger", license_on(theirs, base, root=STRANGER_ROOT, issuer=STRANGER_ISSUER), "T-2")
    bad("license-entitled-by-the-issuer", license_on(ours, base, root=ISSUER), "T-2")
    bad("license-by-a-stranger", license_on(ours, base, issuer=STRANGER), "T-3")
    bad("license-by-a-stranger-on-genuine-rich-entitlement", bundle("license", base.license_text, STRANGER, [base.entitlement]), "T-3")
    bad("license-by-the-root", license_on(ours, base, issuer=ROOT), "T-3, T-5")
    bad("license-by-the-machine", license_on(ours, base, issuer=MACHINE), "T-3, T-5")
    bad("license-of-another-issuer", license_on(cast.entitlement_smallest(issuer=STRANGER_ISSUER), base), "T-3")
    bad("license-by-a-stranger-not-even-xml", bundle("license", b"\0\0\0", STRANGER, [base.small_entitlement]), "T-3")
    bad("receipt-by-a-stranger", bundle("receipt", base.receipt_text, STRANGER, [base.entitlement]), "T-3")
    bad("receipt-by-the-machine", bundle("receipt", base.receipt_text, MACHINE, [base.entitlement]), "T-3, T-5")
    bad("release-by-a-stranger", bundle("release", base.release_text, STRANGER, [base.license]), "T-4")
    bad("release-by-the-issuer", bundle("release", base.release_text, ISSUER, [base.license]), "T-4, T-5")
    bad("release-of-a-strangers-license", bundle("release", base.release_text, MACHINE, [bundle("license", base.license_text, STRANGER, [base.entitlement])]), "T-3")
    # One key in two roles.
    bad("root-is-issuer", license_on(cast.entitlement_smallest(issuer=ROOT), base, issuer=ROOT), "T-5")
    bad("root-is-named-as-issuer", bundle("entitlement", cast.entitlement_smallest(issuer=ROOT), ROOT), "T-5")
    bad("issuer-is-machine", license_on(ours, base, machine=ISSUER), "T-5")
    bad("root-is-machine", license_on(ours, base, machine=ROOT), "T-5")
    bad("fingerprint-by-the-root", bundle("fingerprint", base.small_fingerprint_text, ROOT), "T-5")
    text = edit(base.license_text, MACHINE.id, ISSUER.id)
    inner = bundle("license", text, ISSUER, [base.entitlement])
    text = cast.release(base.grant, Bundle(inner).id, sequence=1)
    bad("release-issuer-is-machine", bundle("release", text, ISSUER, [inner]), "T-5")
    text = edit(base.receipt_text, MACHINE.id, ISSUER.id)
    bad("receipt-issuer-is-machine", bundle("receipt", text, ISSUER, [base.entitlement]), "T-5")
    # Another vendor's id in a document that this vendor's chain carries.
    other = STRANGER_ROOT.id

    def vendor(text):
        return edit(text, '<vendor id="%s"' % ROOT.id, '<vendor id="%s"' % other)
    bad("vendor-in-entitlement", bundle("entitlement", vendor(ours), ROOT), "T-6", "wrong-vendor")
    bad("vendor-in-embedded-entitlement", license_on(vendor(ours), base), "T-6", "wrong-vendor")
    bad("vendor-in-license", license_on(ours, base, vendor), "T-6", "wrong-vendor")
    bad("vendor-in-receipt", bundle("receipt", vendor(base.receipt_text), ISSUER, [base.entitlement]), "T-6", "wrong-vendor")
    bad("vendor-in-release", bundle("release", vendor(base.release_text), MACHINE, [base.license]), "T-6", "wrong-vendor")


def add_judge(add, base):
    def bad(name, clause, old, new, text=base.license_text, inner=base.entitlement):
        data = bundle("license", edit(text, old, new), ISSUER, [inner])
        add("invalid", "judge-%s.carnet" % name, data, "beyond-entitlement", clause)

    bad("entitlement-id", "J-1", '<entitlement id="%s"' % base.entitlement_id, '<entitlement id="%s"' % base.small_entitlement_id)
    bad("entitlement-revision-higher", "J-1", 'revision="2"', 'revision="3"')
    bad("entitlement-revision-lower", "J-1", 'revision="2"', 'revision="1"')
    bad("license-id", "J-2", 'license="PRESS-2024.7_b"', 'license="PRESS-2024.7_c"')
    bad("license-id-in-capitals", "J-2", 'license="PRESS-2024.7_b"', 'license="PRESS-2024.7_B"')
    bad("product", "J-2", '<product id="press"', '<product id="plates"')
    bad("edition", "J-2", 'edition="workshop"', 'edition="factory"')
    bad("edition-missing", "J-2", ' edition="workshop"', '')
    bad("edition-added", "J-2", '<product id="press"/>', '<product id="press" edition="workshop"/>', base.small_license_text,
        base.small_entitlement)
    bad("licensee", "J-2", "印刷", "印書")
    online = bundle("entitlement", cast.entitlement_rich(1, "denied"), ROOT)
    text = cast.license_rich(Bundle(online).id, base.fingerprint_id, revision=1)
    bad("offline-denied", "J-3", 'seat="7"', 'seat="8"', text, online)
    small = edit(base.small_entitlement_text, 'offline="allowed"', 'offline="denied"')
    inner = bundle("entitlement", small, ROOT)
    text = cast.license_smallest(Bundle(inner).id, base.small_fingerprint_id)
    bad("offline-denied-smallest", "J-3", 'position="1"', 'position="2"', text, inner)
    bad("seat-26-of-25", "J-4", 'seat="7"', 'seat="26"')
    bad("seat-1000000-of-25", "J-4", 'seat="7"', 'seat="1000000"')
    bad("seat-2-of-1", "J-4", 'seat="1"', 'seat="2"', base.small_license_text, base.small_entitlement)
    bad("feature-not-entitled", "J-5", 'name="colour"', 'name="color"')
    bad("feature-other-value", "J-5", 'value="8"', 'value="9"')
    bad("feature-value-added", "J-5", 'name="colour"', 'name="colour" value="cmyk"')
    bad("feature-value-missing", "J-5", ' value="8"', '')
    bad("feature-of-smallest", "J-5", "<features/>", '<features>\n    <feature name="colour"/>\n  </features>', base.small_license_text,
        base.small_entitlement)
    after = 'not-after="2099-12-31T23:59:59Z"'
    bad("not-after-a-second-later", "J-6", after, 'not-after="2100-01-01T00:00:00Z"')
    bad("not-after-never", "J-6", after, 'not-after="never"')
    lease = 'lease-until="2099-06-30T00:00:00Z"'
    bad("lease-a-second-longer", "J-7", lease, 'lease-until="2124-02-07T08:00:01Z"')
    bad("lease-never", "J-7", lease, 'lease-until="never"')
    bad("lease-until-9999", "J-7", lease, 'lease-until="9999-12-31T23:59:59Z"')
    by = 'activate-by="2099-12-31T23:59:59Z"'
    bad("activate-by-a-second-later", "J-8", by, 'activate-by="2124-02-07T08:00:01Z"')
    bad("activate-by-9999", "J-8", by, 'activate-by="9999-12-31T23:59:59Z"')
    bad("threshold-lower", "J-9", 'threshold="55"', 'threshold="54"')
    bad("threshold-higher", "J-9", 'threshold="55"', 'threshold="56"')
    bad("weight-other", "J-9", 'fact="cpu" points="5"', 'fact="cpu" points="50"')
    bad("weight-missing", "J-9", '    <weight fact="tpm" points="40"/>\n', '')
    bad("weight-added", "J-9", '<weight fact="machine-id" points="40"/>\n', '<weight fact="machine-id" points="40"/>\n    <weight fact="host" points="40"/>\n',
        base.small_license_text, base.small_entitlement)
    bad("issued-before-entitlement", "J-10", 'issued="2024-03-02T08:00:00Z"', 'issued="2024-02-01T08:29:59Z"')

    def bad_receipt(name, clause, old, new):
        data = bundle("receipt", edit(base.receipt_text, old, new), ISSUER, [base.entitlement])
        add("invalid", "judge-receipt-%s.carnet" % name, data, "beyond-entitlement", clause)
    bad_receipt("entitlement-id", "J-1", base.entitlement_id, base.small_entitlement_id)
    bad_receipt("entitlement-revision", "J-1", 'revision="2"', 'revision="3"')
    bad_receipt("license-id", "J-2", 'license="PRESS-2024.7_b"', 'license="PRESS"')

    def bad_release(name, old, new):
        data = bundle("release", edit(base.release_text, old, new), MACHINE, [base.license])
        add("invalid", "judge-release-%s.carnet" % name, data, "malformed", "J-11")
    bad_release("license-of-grant", 'license="PRESS-2024.7_b"', 'license="PRESS"')
    bad_release("fingerprint", 'fingerprint="%s"' % base.fingerprint_id, 'fingerprint="%s"' % base.small_fingerprint_id)
    bad_release("epoch", 'epoch="1"', 'epoch="2"')
    bad_release("serial", 'serial="1"', 'serial="2"')
    bad_release("seat", 'seat="7"', 'seat="8"')
    bad_release("license-id", base.license_id, Bundle(base.small_license).id)
    # A license beyond its entitlement is no better inside a release.
    text = edit(base.license_text, 'seat="7"', 'seat="26"')
    inner = bundle("license", text, ISSUER, [base.entitlement])
    text = cast.release(element("grant", license="PRESS-2024.7_b", fingerprint=base.fingerprint_id, epoch=1, serial=1, seat=26),
                        Bundle(inner).id, sequence=1)
    add("invalid", "judge-embedded-license-seat.carnet", bundle("release", text, MACHINE, [inner]), "beyond-entitlement", "J-4")


def add_time(add, base):
    """Samples are judged by the clock of the day: 2024 is past, and from 2098 on lies ahead."""
    text = edit(base.license_text, 'not-after="2099-12-31T23:59:59Z"', 'not-after="2024-03-31T23:59:59Z"')
    add("invalid", "time-not-after-is-past.carnet", bundle("license", text, ISSUER, [base.entitlement]), "expired", "O-1")
    text = edit(base.license_text, 'lease-until="2099-06-30T00:00:00Z"', 'lease-until="2024-03-31T23:59:59Z"')
    add("invalid", "time-lease-is-past.carnet", bundle("license", text, ISSUER, [base.entitlement]), "expired", "O-1")
    text = edit(base.small_license_text, 'issued="2024-02-11T08:00:00Z"', 'issued="2098-02-11T08:00:00Z"')
    add("invalid", "time-issued-in-2098.carnet", bundle("license", text, ISSUER, [base.small_entitlement]), "not-yet-valid", "O-2")
    text = edit(base.small_entitlement_text, 'issued="2024-01-15T09:00:00Z"', 'issued="2098-01-15T09:00:00Z"')
    add("invalid", "time-entitlement-of-2098.carnet", bundle("entitlement", text, ROOT), "not-yet-valid", "O-2")
    text = edit(base.receipt_text, 'at="2024-10-06T08:00:00Z"', 'at="2098-10-06T08:00:00Z"')
    add("invalid", "time-receipt-of-2098.carnet", bundle("receipt", text, ISSUER, [base.entitlement]), "not-yet-valid", "O-2")
    # What a bundle rests on is dated, too.
    late = bundle("entitlement", edit(base.entitlement_text, 'issued="2024-02-01T08:30:00Z"', 'issued="2098-02-01T08:30:00Z"'), ROOT)
    text = cast.receipt(base.grant, Bundle(late).id, "replaced")
    add("invalid", "time-receipt-on-entitlement-of-2098.carnet", bundle("receipt", text, ISSUER, [late]), "not-yet-valid", "O-2")
    text = edit(base.license_text, 'issued="2024-03-02T08:00:00Z"', 'issued="2098-03-02T08:00:00Z"')
    inner = bundle("license", text, ISSUER, [base.entitlement])
    text = cast.release(base.grant, Bundle(inner).id, sequence=1)
    add("invalid", "time-release-of-license-of-2098.carnet", bundle("release", text, MACHINE, [inner]), "not-yet-valid", "O-2")
    text = cast.license_rich(Bundle(late).id, base.fingerprint_id, issued="2098-03-02T08:00:00Z")
    inner = bundle("license", text, ISSUER, [late])
    add("invalid", "time-license-on-entitlement-of-2098.carnet", inner, "not-yet-valid", "O-2")
    text = cast.release(base.grant, Bundle(inner).id, sequence=1)
    add("invalid", "time-release-of-all-of-2098.carnet", bundle("release", text, MACHINE, [inner]), "not-yet-valid", "O-2")


def add_order(add, base):
    """Two faults in one file: the first in the order of reading and judging sets the outcome."""
    def bad(name, data, outcome, clauses):
        add("invalid", "order-%s.carnet" % name, data, outcome, clauses)

    def flipped(signature):
        return bytes([signature[0] ^ 1]) + signature[1:]

    listed = entries("license", base.license_text, ISSUER, [base.entitlement], signature=flipped)
    listed[4] = (listed[4][0], listed[4][1].replace(b'seat="7"', b'seat="8"'))
    bad("signature-before-digests", archive(listed), "altered", "S-4, R-1, Z-1")
    data = bundle("license", base.license_text, ISSUER, [base.entitlement], sums=lambda s: s + b"garbage\n", signature=flipped)
    bad("signature-before-checksum-lines", data, "altered", "S-4, R-1, Z-1")
    bad("signature-before-kind", bundle("voucher", b"?", ISSUER, signature=flipped), "altered", "S-4, R-1, V-1, Z-1")
    data = bundle("license", base.license_text, ISSUER, [base.entitlement], major=2, signature=flipped)
    bad("signature-before-version", data, "altered", "S-4, R-1, V-1, Z-1")
    bad("version-before-embedding", bundle("license", base.license_text, ISSUER, major=2), "newer-format", "V-1, R-1, Z-1")
    bad("embedding-before-trust", bundle("license", base.license_text, STRANGER), "not-vouched", "R-3, R-1, Z-1")
    data = bundle("license", edit(base.license_text, 'seat="7"', 'seat="0"'), STRANGER, [base.entitlement])
    bad("trust-before-document", data, "untrusted-key", "T-3, R-1, Z-1")
    text = edit(edit(base.license_text, '<vendor id="%s"' % ROOT.id, '<vendor id="%s"' % STRANGER_ROOT.id), 'seat="7"', 'seat="26"')
    bad("vendor-before-entitlement", bundle("license", text, ISSUER, [base.entitlement]), "wrong-vendor", "T-6, R-5, Z-1")
    text = edit(base.license_text, 'seat="7"', 'seat="26"')
    expired = edit(text, 'not-after="2099-12-31T23:59:59Z"', 'not-after="2024-03-31T23:59:59Z"')
    bad("entitlement-before-time", bundle("license", expired, ISSUER, [base.entitlement]), "beyond-entitlement", "J-4, R-5, Z-1")
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter"/>\n  </critical>\n'
    twice = extended(edit(base.entitlement_text, '"plates"', '"colour"'), "entitlement", critical)
    bad("repeated-name-before-critical", bundle("entitlement", twice, ROOT), "malformed", "X-11, Z-1")
    unreal = extended(edit(base.entitlement_text, 'issued="2024-02-01', 'issued="2024-02-30'), "entitlement", critical)
    bad("critical-before-real-time", bundle("entitlement", unreal, ROOT), "newer-format", "V-4, Z-1")
    inner = bundle("license", text, ISSUER, [base.entitlement])
    bad("inner-before-outer", bundle("release", base.release_text, STRANGER, [inner]), "beyond-entitlement", "J-4, R-1, Z-1")

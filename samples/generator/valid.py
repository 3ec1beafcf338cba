# SPDX-License-Identifier: MIT
"""samples/valid and samples/future."""
import ed25519
from carnet_reader import Bundle
from carnet_writer import armour, block, bundle, element, gzip_member, sha256

import cast
from cast import ISSUER, MACHINE, ROOT, edit, extended

FOREIGN = '  <extensions>\n    <x:note xmlns:x="urn:example:notes" x:kind="%s">free text</x:note>\n  </extensions>\n'


def add_valid(add, base):
    def valid(name, data, clauses):
        add("valid", name, data, "ok", clauses)

    valid("entitlement-smallest.carnet", base.small_entitlement, "C-4, C-5, H-1, S-4, K-1, T-2")
    valid("entitlement-rich.carnet", base.entitlement, "X-9, E-1, N-2")
    valid("entitlement-online-only.carnet", bundle("entitlement", cast.entitlement_rich(1, "denied"), ROOT), "X-9")
    valid("fingerprint-smallest.carnet", base.small_fingerprint, "R-2, F-1, F-2, I-3")
    valid("fingerprint-rich.carnet", base.fingerprint, "M-1, M-3, F-2")
    valid("fingerprint-renewal.carnet", bundle("fingerprint", cast.fingerprint_renewal(base.fingerprint_id), MACHINE), "F-1")
    valid("license-smallest.carnet", base.small_license, "R-1, R-3, R-6, I-1, I-2, T-1, T-3")
    valid("license-rich.carnet", base.license, "I-4, J-5, J-9")
    renewed = cast.license_rich(base.entitlement_id, base.fingerprint_id, serial=2, issued="2024-09-02T08:00:00Z",
                                lease_until="2099-12-31T23:59:59Z", position=531)
    valid("license-renewed.carnet", bundle("license", renewed, ISSUER, [base.entitlement]), "G-2")
    newer = bundle("entitlement", cast.entitlement_rich(3), ROOT)
    renewed = cast.license_rich(Bundle(newer).id, base.fingerprint_id, serial=3, revision=3, issued="2024-11-02T08:00:00Z", position=540)
    valid("license-renewed-by-newer-revision.carnet", bundle("license", renewed, ISSUER, [newer]), "G-2, J-1")
    valid("release-released.carnet", base.release, "T-4, J-11, R-7")
    declined = cast.release(element("grant", license="L-1", fingerprint=base.small_fingerprint_id, epoch=1, serial=1, seat=1),
                            Bundle(base.small_license).id, "declined", sequence=1)
    valid("release-declined.carnet", bundle("release", declined, MACHINE, [base.small_license]), "F-2")
    valid("receipt-freed.carnet", base.receipt, "P-1, G-4")
    revoked = cast.receipt(base.grant, base.entitlement_id, "revoked", "machine lost at sea; dossier 12/7")
    valid("receipt-revoked.carnet", bundle("receipt", revoked, ISSUER, [base.entitlement]), "P-1")
    replaced = cast.receipt(base.grant, base.entitlement_id, "replaced")
    valid("receipt-replaced.carnet", bundle("receipt", replaced, ISSUER, [base.entitlement]), "P-1")
    add_containers(valid, base)
    add_later_kinds(valid, base)
    add_limits(valid, base)
    add_armour(valid, base)


def add_containers(valid, base):
    """M-9 and M-10: no reader of files knows which machine is at hand, so that none refuses one of these."""
    entitled, asked, given = cast.pinned(base)
    valid("entitlement-containers-pinned.carnet", entitled, "M-7, M-9")
    valid("fingerprint-of-a-container.carnet", asked, "M-9, M-10")
    valid("license-of-a-container.carnet", bundle("license", given, ISSUER, [entitled]), "M-9")
    # Fit for a machine, and for no container.
    unnamed = edit(given, ' label="Worker 7"', "")
    valid("license-of-a-container-without-label.carnet", bundle("license", unnamed, ISSUER, [entitled]), "M-9")
    again = edit(edit(given, 'serial="1"', 'serial="2"'), cast.facts(cast.FACTS[:1]), cast.facts([("machine-id", "0" * 31 + "7")]))
    valid("license-of-a-container-renewed-with-other-facts.carnet", bundle("license", again, ISSUER, [entitled]), "M-10, G-2")


def add_later_kinds(valid, base):
    small = element("grant", license="L-1", fingerprint=base.small_fingerprint_id, epoch=1, serial=1, seat=1)
    small_license_id = Bundle(base.small_license).id
    valid("activation-smallest.carnet", bundle("activation", cast.activation(small, small_license_id, cast.STATES[:1], sequence=2, previous=base.small_fingerprint_id),
                                               MACHINE, [base.small_license]), "J-12, J-13, F-2")
    valid("activation-rich.carnet", base.activation, "T-4, J-13, R-7")
    backwards = cast.activation(base.grant, base.license_id, list(reversed(cast.STATES)), sequence=1)
    valid("activation-facts-in-another-order.carnet", bundle("activation", backwards, MACHINE, [base.license]), "J-13")
    smallest = cast.clockrequest(small, small_license_id, "2024-11-20T09:30:01Z", sequence=1)
    smallest = bundle("clockrequest", smallest, MACHINE, [base.small_license])
    valid("clockrequest-smallest.carnet", smallest, "D-1, J-12")
    valid("clockrequest-rich.carnet", base.clockrequest, "D-1, F-2")
    valid("clock-smallest.carnet", bundle("clock", cast.clock(small, base.small_entitlement_id, Bundle(smallest).id, revision=1), ISSUER,
                                          [base.small_entitlement]), "T-3, J-1, J-2")
    valid("clock-rich.carnet", base.clock, "T-3")
    valid("activation-text.txt", armour(base.activation, "activation"), "A-5")


def add_limits(valid, base):
    """What lies exactly on a limit."""
    text = edit(base.entitlement_text, cast.features(cast.FEATURES),
                cast.features([("f%d" % n if n else "F" * 64, "v" * 64 if n % 2 else None) for n in range(64)]))
    text = edit(text, 'count="25"', 'count="1000000"')
    text = edit(text, 'revision="2"', 'revision="999999999"')
    text = edit(text, 'name="Druckerei-Bedarf Müller &amp; Söhne"', 'name="%s"' % ("ö" * 200))
    text = edit(text, 'newest-version="4.12"', 'newest-version="999999.0.999999.7"')
    text = edit(text, 'transfers-per-year="4" losses-per-year="0"', 'transfers-per-year="999999999" losses-per-year="none"')
    text = edit(text, 'tolerance-hours="48"', 'tolerance-hours="8760"')
    text = edit(text, 'threshold="55"', 'threshold="100"')
    valid("entitlement-at-the-limits.carnet", bundle("entitlement", text, ROOT), "X-9")
    facts = [("adapter", "02:00:00:00:00:%02x" % n) for n in range(48)]
    text = edit(base.fingerprint_text, cast.facts(cast.FACTS), cast.facts(facts))
    products = "".join('    <product id="p%d"/>\n' % n for n in range(32))
    start = text.index(b"  <products>\n") + len(b"  <products>\n")
    text = text[:start] + products.encode() + text[text.index(b"  </products>"):]
    valid("fingerprint-at-the-limits.carnet", bundle("fingerprint", text, MACHINE), "X-9, X-11, M-3")
    deep = "<d>" * 12 + "<d/>" + "</d>" * 12
    wide = '<w a="%s"/>' % ("x" * (4096 - len('<w a=""/>')))
    text = extended(base.small_entitlement_text, "entitlement",
                    '  <extensions><d xmlns="urn:example:depth">%s%s</d></extensions>\n' % (deep, wide))
    valid("entitlement-deepest-and-widest.carnet", bundle("entitlement", text, ROOT), "X-5, X-6, V-3")
    filler = 256 * 1024 - len(extended(base.small_entitlement_text, "entitlement", "  <extensions>\n</extensions>\n"))
    text = extended(base.small_entitlement_text, "entitlement", "  <extensions>\n%s</extensions>\n" % (" " * filler))
    valid("entitlement-largest.carnet", bundle("entitlement", text, ROOT), "C-8")
    text = edit(base.small_entitlement_text, '<license id="L-1"', "<license   id='L-1'")
    text = edit(text, 'name="Example Works"/>', 'name="&lt;&amp;&gt;&quot;&apos;" ></licensee >')
    valid("entitlement-other-spelling.carnet", bundle("entitlement", text, ROOT), "X-4, X-7")
    text = base.small_entitlement_text.replace(b"<", b"<c:").replace(b"<c:/", b"</c:").replace(b"<c:?", b"<?").replace(b"xmlns=", b"xmlns:c=")
    valid("entitlement-with-prefix.carnet", bundle("entitlement", text, ROOT), "X-8")
    valid("entitlement-without-last-line-end.carnet", bundle("entitlement", base.small_entitlement_text[:-1], ROOT), "X-7")
    valid("entitlement-with-empty-lines-at-the-end.carnet", bundle("entitlement", base.small_entitlement_text + b"\n\n\n", ROOT), "X-7")
    spaces = ("urn:example:a", "tag:carnet.example,2024:b", "http://c@[2001:db8::1]:80/c//d?e=/?#f/?", "https://carnet.example", "x-d.1+2:", "d:/", "e:f%20g")
    text = "".join('    <n xmlns="%s">a<n:m xmlns:n="%s" n:a="1"/>b</n>\n' % (space, space) for space in spaces)
    text = extended(base.small_entitlement_text, "entitlement", "  <extensions>\n%s  </extensions>\n" % text)
    valid("entitlement-extension-of-many-namespaces.carnet", bundle("entitlement", text, ROOT), "V-3, X-7")
    # What steers a validator steers none where it is ignored.
    text = ('  <extensions><n xmlns="urn:example:n" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="n" i:nil="true" '
            'i:schemaLocation="urn:example:n n.xsd urn:carnet:1 file:///none.xsd" i:noNamespaceSchemaLocation="n.xsd"/></extensions>\n')
    text = extended(base.small_entitlement_text, "entitlement", text)
    valid("entitlement-extension-schema-instance.carnet", bundle("entitlement", text, ROOT), "V-3")
    text = edit(base.small_entitlement_text, 'issued="2024-01-15T09:00:00Z"', 'issued="0001-01-01T00:00:00Z"')
    valid("entitlement-of-the-year-1.carnet", bundle("entitlement", text, ROOT), "X-10")
    again = bundle("entitlement", base.entitlement_text, ROOT, sign=signed_again)
    valid("entitlement-rich-signed-again.carnet", again, "I-1, I-5")
    valid("license-on-entitlement-signed-again.carnet", bundle("license", base.license_text, ISSUER, [again]), "I-1, I-5")
    # The last seat, as long as entitled, issued in the same second.
    text = edit(base.license_text, 'seat="7"', 'seat="25"')
    text = edit(text, 'issued="2024-03-02T08:00:00Z" activate-by="2099-12-31T23:59:59Z" lease-until="2099-06-30T00:00:00Z"',
                'issued="2024-02-01T08:30:00Z" activate-by="2124-01-08T08:30:00Z" lease-until="2124-01-08T08:30:00Z"')
    valid("license-as-wide-as-entitled.carnet", bundle("license", text, ISSUER, [base.entitlement]), "J-4, J-6, J-7, J-8, J-10")
    text = edit(base.license_text, cast.features(cast.FEATURES[:3]), cast.features([]))
    text = edit(text, '<user digest="%s"/>\n' % cast.fact_digest(cast.SECRET, "user", "name:mara"), "")
    text = edit(text, 'not-after="2099-12-31T23:59:59Z"', 'not-after="2096-02-29T23:59:59Z"')
    text = edit(text, '    <weight fact="os" points="0"/>\n', "")
    valid("license-narrower.carnet", bundle("license", text, ISSUER, [base.entitlement]), "J-5, J-6, J-9, X-10")
    text = cast.receipt(edit(base.grant.encode(), 'seat="7"', 'seat="26"').decode(), base.entitlement_id, "replaced")
    valid("receipt-of-a-seat-no-longer-bought.carnet", bundle("receipt", text, ISSUER, [base.entitlement]), "J-1, J-2, J-4")


def signed_again(message):
    """Another signature by the root: it is as good, and the bundle keeps its id."""
    scalar, nonce = ed25519.expand(ROOT.seed)[0], int(sha256(b"another nonce" + message), 16)
    r = ed25519.encode(ed25519.multiply(nonce, ed25519.BASE))
    return r + ((nonce + ed25519.challenge(r, ROOT.raw, message) * scalar) % ed25519.L).to_bytes(32, "little")


def add_armour(valid, base):
    text = armour(base.license, "license")
    lines = text.splitlines(keepends=True)
    valid("license-text.txt", text, "A-1, A-2, A-3, A-5, A-6")
    valid("license-text-crlf.txt", text.replace(b"\n", b"\r\n"), "A-4")
    valid("license-text-cr.txt", text.replace(b"\n", b"\r"), "A-4")
    valid("license-text-form-feeds.txt", lines[0] + b"".join(b"\f" + line[:-1] + b"\v\n" for line in lines[1:-1]) + b" \v" + lines[-1], "A-4")
    valid("license-text-quoted.txt", b"".join(b"> > " + line for line in lines), "A-4")
    valid("license-text-byte-order-mark.txt", b"\xef\xbb\xbf" + text, "A-4")
    valid("license-text-rewrapped.txt", block(gzip_member(base.license), b"LICENSE", width=76), "A-4")
    valid("license-text-one-line.txt", block(gzip_member(base.license), b"LICENSE", width=1 << 20), "A-4")
    valid("license-text-white-space.txt", lines[0] + b"".join(b" \t" + line[:9] + b" " + line[9:-1] + b"  \n\n" for line in lines[1:-1]) + lines[-1],
          "A-4")
    letter = b"Hello Mara,\r\n\r\nhere is your license; paste it whole.\r\n\r\n>" + text.replace(b"\n", b"\r\n>") + b"\r\n-- \r\nThe desk\r\n"
    valid("license-text-in-a-letter.txt", letter, "A-4")
    valid("license-text-between-end-lines.txt", lines[-1] + text + b"-----END CARNET RECEIPT-----\n", "A-1, A-5")
    valid("fingerprint-text.txt", armour(base.fingerprint, "fingerprint"), "A-1")
    valid("release-text.txt", armour(base.release, "release"), "A-1")


def add_future(add, base):
    text = extended(cast.entitlement_smallest(minor=1), "entitlement", FOREIGN % "any")
    add("future", "entitlement-minor-1-extension.carnet", bundle("entitlement", text, ROOT), "ok", "V-2, V-3")
    text = extended(edit(base.small_fingerprint_text, 'minor="0"', 'minor="9999"'), "fingerprint", FOREIGN % "any")
    add("future", "fingerprint-minor-9999-extension.carnet", bundle("fingerprint", text, MACHINE), "ok", "V-2, V-3")
    text = extended(edit(base.license_text, 'minor="0"', 'minor="1"'), "license", FOREIGN % "any")
    add("future", "license-minor-1-extension.carnet", bundle("license", text, ISSUER, [base.entitlement]), "ok", "V-2, V-3")
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter" unit="sheet"/>\n  </critical>\n'
    for kind, before, key, embedded in (("entitlement", base.entitlement_text, ROOT, []),
                                        ("fingerprint", base.fingerprint_text, MACHINE, []),
                                        ("license", base.license_text, ISSUER, [base.entitlement]),
                                        ("release", base.release_text, MACHINE, [base.license]),
                                        ("receipt", base.receipt_text, ISSUER, [base.entitlement])):
        text = extended(edit(before, 'minor="0"', 'minor="1"'), kind, critical)
        add("future", "%s-critical.carnet" % kind, bundle(kind, text, key, embedded), "newer-format", "V-4")
        text = before.replace(b"urn:carnet:1", b"urn:carnet:2")
        add("future", "%s-major-2.carnet" % kind, bundle(kind, text, key, embedded, major=2), "newer-format", "V-1")
    inner = bundle("entitlement", extended(base.entitlement_text, "entitlement", critical), ROOT)
    text = cast.license_rich(Bundle(inner).id, base.fingerprint_id)
    add("future", "license-of-critical-entitlement.carnet", bundle("license", text, ISSUER, [inner]), "newer-format", "V-4")
    inner = bundle("entitlement", b"not even XML in that major version", ROOT, major=2)
    text = cast.license_rich(Bundle(inner).id, base.fingerprint_id)
    add("future", "license-of-major-2-entitlement.carnet", bundle("license", text, ISSUER, [inner]), "newer-format", "V-1")
    text = b"\x00\x01 what a later version means by this is its own affair"
    add("future", "unknown-kind.carnet", bundle("voucher", text, ROOT), "newer-format", "V-1")
    add("future", "unknown-kind-embedding.carnet", bundle("voucher", text, ROOT, [base.entitlement, base.small_entitlement]),
        "newer-format", "V-1")
    many = sorted((sha256(b"%d" % n), b"x") for n in range(64))
    add("future", "unknown-kind-embedding-64.carnet", bundle("voucher", text, ROOT, [content for _, content in many], names=[name + ".carnet" for name, _ in many]),
        "newer-format", "V-1, C-3, C-8")
    add("future", "unknown-kind-longest-name.carnet", bundle("k" * 32, text, ROOT, major=9999), "newer-format", "V-1, C-2, C-7")
    add("future", "unknown-kind-text.txt", armour(bundle("voucher", text, ROOT), "voucher"), "newer-format", "V-1")

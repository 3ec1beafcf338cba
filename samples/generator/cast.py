# SPDX-License-Identifier: MIT
"""Who takes part in the samples: keys from fixed seeds, and the documents that the samples begin from."""
import hashlib

from carnet_writer import Key, bundle, document, element, fact_digest, named, sha256


def test_key(name):
    return Key(hashlib.sha256(b"carnet test key " + name.encode()).digest())


ROOT, ISSUER, MACHINE, RENEWING = (test_key(n) for n in ("root", "issuer", "machine", "second-machine"))
STRANGER_ROOT, STRANGER_ISSUER, STRANGER = (test_key(n) for n in ("stranger-root", "stranger-issuer", "stranger"))
VENDOR = ROOT.id
SECRET = hashlib.sha256(b"carnet test machine secret").digest()

# Every fact that there is, in the order of the specification; the last adapter makes a second fact of one name.
FACTS = [("machine-id", "3f2b8c1d9e4a5f60718293a4b5c6d7e8"), ("system-uuid", "4c4c4544-0042-3510-8052-b4c04f564432"),
         ("tpm", sha256(b"endorsement key")), ("board-serial", "PF2K9X41"), ("disk", "0x5002538e40b2f7a1"),
         ("adapter", "3c:52:82:6b:10:af"), ("adapter", "3c:52:82:6b:10:b0"), ("cpu", "GenuineIntel/6/142/12/Intel(R) Core(TM) i7-10510U"),
         ("host", "press-07"), ("os", "debian")]
WEIGHTS = [("machine-id", 40), ("system-uuid", 30), ("tpm", 40), ("board-serial", 20), ("disk", 20), ("adapter", 15),
           ("cpu", 5), ("host", 3), ("os", 0)]
FEATURES = [("colour", None), ("export", "pdf+svg"), ("plates", "8"), ("support", "2024:gold")]


def facts(rows):
    vendor_keyed = ("machine-id", "system-uuid", "tpm")
    return named("facts", "fact", [dict(name=n, digest=fact_digest(bytes.fromhex(VENDOR) if n in vendor_keyed else SECRET, n, v))
                                   for n, v in rows])


def weights(rows, threshold=60):
    return named("matching", "weight", [dict(fact=n, points=p) for n, p in rows], threshold=threshold)


def features(rows):
    return named("features", "feature", [dict(name=n, value=v) for n, v in rows])


def journal(position):
    return element("journal", position=position, digest=sha256(b"journal %d" % position))


def entitlement_smallest(vendor=VENDOR, issuer=ISSUER, minor=0):
    return document("entitlement", [
        element("vendor", id=vendor, name="Example Vendor"),
        element("license", id="L-1", revision=1, issued="2024-01-15T09:00:00Z"),
        element("product", id="press", newest_version="any"),
        element("licensee", name="Example Works"),
        element("seats", count=1, offline="allowed"),
        features([]),
        element("validity", not_after="never", lease_days="none", activate_within_days=36500),
        element("caps", transfers_per_year="none", losses_per_year="none", held_after_loss="no"),
        weights([("machine-id", 40)]),
        element("clock", tolerance_hours=24),
        element("environment", virtual="accepted", container="accepted"),
        element("issuer", key=issuer.id),
    ], minor)


def entitlement_rich(revision=2, offline="allowed"):
    return document("entitlement", [
        element("vendor", id=VENDOR, name="Druckerei-Bedarf Müller & Söhne", contact="license desk, +00 555 0100"),
        element("license", id="PRESS-2024.7_b", revision=revision, issued="2024-02-01T08:30:00Z"),
        element("product", id="press", edition="workshop", newest_version="4.12"),
        element("licensee", name="Imprimerie « Côte d'Azur » 印刷 <Łódź>"),
        element("seats", count=25, offline=offline),
        features(FEATURES),
        element("validity", not_after="2099-12-31T23:59:59Z", lease_days=36500, activate_within_days=36500),
        element("caps", transfers_per_year=4, losses_per_year=0, held_after_loss="lease"),
        weights(WEIGHTS, 55),
        element("clock", tolerance_hours=48),
        element("environment", virtual="refused", container="pinned"),
        element("issuer", key=ISSUER.id),
        element("trust", least_version="1.0"),
    ])


def fingerprint_smallest():
    return document("fingerprint", [
        element("vendor", id=VENDOR),
        element("request", purpose="new", made="2024-02-10T10:00:00Z", sequence=1, nonce="00112233445566778899aabbccddeeff"),
        element("environment", virtual="none", container="none"),
        element("products"),
        facts(FACTS[:1]),
    ])


def fingerprint_rich():
    return document("fingerprint", [
        element("vendor", id=VENDOR),
        element("request", purpose="new", made="2024-03-01T07:15:30Z", sequence=2, previous=sha256(b"the one before"),
                nonce="8f0e1d2c3b4a59687786950413223140", label="Setzerei „Nord“ 7"),
        element("environment", virtual="none", container="lxc"),
        element("user", digest=fact_digest(SECRET, "user", "name:mara")),
        named("products", "product", [dict(id="press", version="4.2.0.17"), dict(id="plates"), dict(id="proof_2", version="0")]),
        facts(FACTS),
        journal(411),
    ])


def fingerprint_renewal(fingerprint_id):
    return document("fingerprint", [
        element("vendor", id=VENDOR),
        element("request", purpose="renew", made="2024-09-01T07:15:30Z", sequence=3, previous=fingerprint_id,
                nonce="1f0e1d2c3b4a59687786950413223141", label="Setzerei „Nord“ 7"),
        element("environment", virtual="none", container="lxc"),
        element("user", digest=fact_digest(SECRET, "user", "name:mara")),
        named("products", "product", [dict(id="press", version="4.2.0.17")]),
        named("renews", "grant", [dict(license="PRESS-2024.7_b", fingerprint=fingerprint_id)]),
        facts(FACTS),
        journal(530),
    ])


def license_smallest(entitlement_id, fingerprint_id, vendor=VENDOR, machine=MACHINE):
    return document("license", [
        element("vendor", id=vendor),
        element("grant", license="L-1", fingerprint=fingerprint_id, epoch=1, serial=1, seat=1),
        element("entitlement", id=entitlement_id, revision=1),
        element("product", id="press"),
        element("licensee", name="Example Works"),
        element("machine", key=machine.id),
        features([]),
        element("validity", issued="2024-02-11T08:00:00Z", activate_by="2099-12-31T23:59:59Z", lease_until="never",
                not_after="never"),
        weights([("machine-id", 40)]),
        facts(FACTS[:1]),
        journal(1),
    ])


def license_rich(entitlement_id, fingerprint_id, serial=1, revision=2, issued="2024-03-02T08:00:00Z",
                 lease_until="2099-06-30T00:00:00Z", position=412):
    return document("license", [
        element("vendor", id=VENDOR),
        element("grant", license="PRESS-2024.7_b", fingerprint=fingerprint_id, epoch=1, serial=serial, seat=7),
        element("entitlement", id=entitlement_id, revision=revision),
        element("product", id="press", edition="workshop"),
        element("licensee", name="Imprimerie « Côte d'Azur » 印刷 <Łódź>"),
        element("machine", key=MACHINE.id, label="Setzerei „Nord“ 7"),
        element("user", digest=fact_digest(SECRET, "user", "name:mara")),
        features(FEATURES[:3]),
        element("validity", issued=issued, activate_by="2099-12-31T23:59:59Z", lease_until=lease_until,
                not_after="2099-12-31T23:59:59Z"),
        weights(list(reversed(WEIGHTS)), 55),
        facts(FACTS),
        journal(position),
    ])


def pinned(base):
    """Containers that are told by key and label: an entitlement, a container's fingerprint, and the text of its license."""
    from carnet_reader import Bundle
    entitlement = bundle("entitlement", edit(entitlement_smallest(), 'container="accepted"', 'container="pinned"'), ROOT)
    fingerprint = edit(fingerprint_smallest(), 'container="none"', 'container="docker"')
    fingerprint = bundle("fingerprint", edit(fingerprint, '778899aabbccddeeff"', '778899aabbccddee00" label="Worker 7"'), MACHINE)
    ids = [Bundle(data).id for data in (entitlement, fingerprint)]
    return entitlement, fingerprint, edit(license_smallest(*ids), 'key="%s"' % MACHINE.id, 'key="%s" label="Worker 7"' % MACHINE.id)


def grant_of_rich(fingerprint_id, serial=1):
    return element("grant", license="PRESS-2024.7_b", fingerprint=fingerprint_id, epoch=1, serial=serial, seat=7)


def release(grant, license_id, how="released", position=None, **signed):
    return document("release", [
        element("vendor", id=VENDOR),
        grant,
        element("license", id=license_id),
        element("declaration", how=how, made="2024-10-05T16:20:00Z", **signed),
        journal(position) if position else "",
    ])


def receipt(grant, entitlement_id, how, reason=None, release_id=None, revision=2):
    return document("receipt", [
        element("vendor", id=VENDOR),
        grant,
        element("entitlement", id=entitlement_id, revision=revision),
        element("machine", key=MACHINE.id),
        element("end", how=how, at="2024-10-06T08:00:00Z", reason=reason),
        element("release", id=release_id) if release_id else "",
        journal(600),
    ])


STATES = [("machine-id", "matches"), ("system-uuid", "unreadable"), ("tpm", "missing"), ("board-serial", "unreadable"), ("disk", "changed"),
          ("adapter", "matches"), ("cpu", "matches"), ("host", "changed"), ("os", "matches")]


def match(rows):
    return named("match", "fact", [dict(name=n, state=s) for n, s in rows])


def activation(grant, license_id, states, position=None, **signed):
    return document("activation", [
        element("vendor", id=VENDOR),
        grant,
        element("license", id=license_id),
        element("installed", made="2024-03-03T12:00:00Z", **signed),
        match(states),
        journal(position) if position else "",
    ])


def clockrequest(grant, license_id, local, signed=None, position=None, **numbered):
    return document("clockrequest", [
        element("vendor", id=VENDOR),
        grant,
        element("license", id=license_id),
        element("request", made="2024-11-20T09:30:00Z", **numbered, nonce="5f0e1d2c3b4a59687786950413223145"),
        element("floor", local=local, signed=signed),
        journal(position) if position else "",
    ])


def clock(grant, entitlement_id, request_id, revision=2, label=None):
    return document("clock", [
        element("vendor", id=VENDOR),
        grant,
        element("entitlement", id=entitlement_id, revision=revision),
        element("machine", key=MACHINE.id, label=label),
        element("answer", request=request_id, nonce="5f0e1d2c3b4a59687786950413223145", at="2024-11-21T08:00:00Z"),
        journal(610),
    ])


def keyrequest(license_id=None, replaces=None, contact=None, offline="wished", vendor=VENDOR):
    return document("keyrequest", [
        element("vendor", id=vendor),
        element("administrator", name="Imprimerie « Côte d'Azur »", contact=contact),
        element("request", made="2024-01-10T08:00:00Z", nonce="0f1e2d3c4b5a69788796a5b4c3d2e1f0", offline=offline, license=license_id, replaces=replaces),
    ])


def link(generation, following, vendor=VENDOR):
    return document("trust", [element("vendor", id=vendor), element("link", generation=generation, next=following.id)])


def trust(roots, number=1, following=None, keys=(), grants=(), least=(), created="2024-05-01T08:00:00Z", expires="2099-12-31T23:59:59Z", vendor=VENDOR):
    """keys: (key id, ids that stay valid)."""
    lists = "".join('    <key id="%s"%s\n' % (key, "/>" if not valid else ">" + "".join('\n      <valid id="%s"/>' % v for v in valid) + "\n    </key>") for key, valid in keys)
    lists += "".join('    <grant license="%s" fingerprint="%s"/>\n' % g for g in grants) + "".join('    <least license="%s" revision="%d"/>\n' % g for g in least)
    return document("trust", [
        element("vendor", id=vendor),
        element("version", generation=len(roots), number=number, created=created, expires=expires),
        named("roots", "root", [dict(generation=n + 1, key=root.id) for n, root in enumerate(roots)]),
        element("next", key=following.id) if following else "",
        "  <revoked>\n%s  </revoked>\n" % lists if lists else element("revoked"),
    ])


def edit(text, old, new):
    """Replaces what stands in a document exactly once."""
    old, new = (s.encode() if isinstance(s, str) else s for s in (old, new))
    if text.count(old) != 1:
        raise ValueError("%r occurs %d times" % (old, text.count(old)))
    return text.replace(old, new)


def extended(text, kind, extra):
    """A document with something before its last tag."""
    return edit(text, "</%s>" % kind, extra + "</%s>" % kind)


class Base:
    """The bundles that other samples are changed from."""

    def __init__(self):
        from carnet_reader import Bundle
        self.small_entitlement_text = entitlement_smallest()
        self.small_entitlement = bundle("entitlement", self.small_entitlement_text, ROOT)
        self.small_fingerprint_text = fingerprint_smallest()
        self.small_fingerprint = bundle("fingerprint", self.small_fingerprint_text, MACHINE)
        self.small_entitlement_id = Bundle(self.small_entitlement).id
        self.small_fingerprint_id = Bundle(self.small_fingerprint).id
        self.small_license_text = license_smallest(self.small_entitlement_id, self.small_fingerprint_id)
        self.small_license = bundle("license", self.small_license_text, ISSUER, [self.small_entitlement])
        self.entitlement_text = entitlement_rich()
        self.entitlement = bundle("entitlement", self.entitlement_text, ROOT)
        self.entitlement_id = Bundle(self.entitlement).id
        self.fingerprint_text = fingerprint_rich()
        self.fingerprint = bundle("fingerprint", self.fingerprint_text, MACHINE)
        self.fingerprint_id = Bundle(self.fingerprint).id
        self.license_text = license_rich(self.entitlement_id, self.fingerprint_id)
        self.license = bundle("license", self.license_text, ISSUER, [self.entitlement])
        self.license_id = Bundle(self.license).id
        self.grant = grant_of_rich(self.fingerprint_id)
        self.release_text = release(self.grant, self.license_id, sequence=3, previous=self.fingerprint_id, position=412)
        self.release = bundle("release", self.release_text, MACHINE, [self.license])
        self.release_id = Bundle(self.release).id
        self.receipt_text = receipt(self.grant, self.entitlement_id, "freed", release_id=self.release_id)
        self.receipt = bundle("receipt", self.receipt_text, ISSUER, [self.entitlement])
        self.activation_text = activation(self.grant, self.license_id, STATES, sequence=3, previous=self.fingerprint_id, position=412)
        self.activation = bundle("activation", self.activation_text, MACHINE, [self.license])
        self.clockrequest_text = clockrequest(self.grant, self.license_id, "2034-11-20T09:31:07Z", "2024-03-02T08:00:00Z", 412,
                                              sequence=4, previous=Bundle(self.activation).id)
        self.clockrequest = bundle("clockrequest", self.clockrequest_text, MACHINE, [self.license])
        self.clockrequest_id = Bundle(self.clockrequest).id
        self.clock_text = clock(self.grant, self.entitlement_id, self.clockrequest_id, label="Setzerei „Nord“ 7")
        self.keyrequest_text = keyrequest("PRESS-2024.7_b", STRANGER_ISSUER.id, "license desk, +00 555 0199")
        self.keyrequest = bundle("keyrequest", self.keyrequest_text, ISSUER)
        self.clock = bundle("clock", self.clock_text, ISSUER, [self.entitlement])

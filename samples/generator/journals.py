# SPDX-License-Identifier: MIT
"""The samples of the kind journal, valid and invalid."""
import hashlib

from carnet_reader import Bundle
from carnet_writer import bundle, document, element, named, sha256

import cast
from cast import ISSUER, MACHINE, ROOT, STRANGER, STRANGER_ISSUER, STRANGER_ROOT, VENDOR, edit, extended


def name(text):
    return sha256(b"carnet:1:name:" + hashlib.sha256(text.encode()).digest()[:16] + text.encode())


BY = name("root")


def origin(vendor=VENDOR, signer=ISSUER.id):
    """W-1."""
    return sha256(b"carnet:1:journal:" + bytes.fromhex(vendor + signer))


def linked(lines, previous):
    """W-2."""
    link = bytes.fromhex(previous)
    for line in lines:
        link = hashlib.sha256(link + line.encode()).digest()
    return link.hex()


def segment(lines, entitlement_id, revision, first=1, previous=None, signer=ISSUER.id, **said):
    previous = previous or origin(signer=signer)
    said = dict(dict(first=first, previous=previous, last=first + len(lines) - 1, digest=linked(lines, previous)), **said)
    return document("journal", [
        element("vendor", id=VENDOR),
        element("entitlement", id=entitlement_id, revision=revision),
        element("segment", signer=signer, **said),
        named("events", "event", [dict(line=line) for line in lines]),
    ])


OPEN = "1 2024-02-01T09:00:00Z 1 open by=%s key=%s name=%s" % (BY, ISSUER.id, name("Example Works"))


def rich_lines(base):
    """An event of every word, with every member there is."""
    license_, grant = "license=PRESS-2024.7_b", "grant=" + base.fingerprint_id
    return [
        OPEN,
        "2 2024-02-01T09:00:00Z 1 key-made by=%s key=%s note=issuer" % (BY, ISSUER.id),
        "3 2024-02-01T09:05:00Z 1 trust by=%s key=%s" % (BY, ROOT.id),
        "4 2024-02-01T09:06:00Z 1 import by=%s %s revision=2 entitlement=%s key=%s" % (BY, license_, base.entitlement_id, ROOT.id),
        "5 2024-02-02T10:00:00Z 1 user-add by=%s %s name=%s" % (BY, license_, name("Mara")),
        "6 2024-02-03T10:00:00Z 1 user-remove by=%s %s name=%s" % (BY, license_, name("Mara")),
        "7 2024-02-03T10:00:01Z 1 convert by=%s %s note=offline" % (BY, license_),
        "8 2024-03-02T08:00:00Z 1 assign by=%s %s seat=7 serial=1 %s entitlement=%s machine=%s name=%s note=same-system" %
        (BY, license_, grant, base.entitlement_id, MACHINE.id, name("Setzerei 7")),
        "9 2024-03-02T08:00:00Z 1 issued by=%s %s seat=7 serial=1 %s bundle=%s note=license" % (BY, license_, grant, base.license_id),
        "10 2024-10-06T08:00:00Z 2 free by=%s %s seat=7 serial=1 %s machine=%s release=%s" % (BY, license_, grant, MACHINE.id, base.release_id),
        "11 2024-10-06T08:00:00Z 2 revoke by=%s %s seat=1000000 serial=999999999 until=2025-10-06T08:00:00Z %s name=%s" %
        (BY, license_, grant, name("lost at sea")),
        "12 2024-10-07T08:00:00Z 2 a-word-that-is-not-known-yet by=%s until=never note=also-2-of-3" % BY,
    ]


def add_valid(add, base):
    def valid(file, text, clauses):
        add("valid", "journal-%s.carnet" % file, bundle("journal", text, ISSUER, [base.entitlement]), "ok", clauses)

    small = segment([OPEN], base.small_entitlement_id, 1)
    add("valid", "journal-smallest.carnet", bundle("journal", small, ISSUER, [base.small_entitlement]), "ok", "W-1, W-2, W-6, W-8, T-3")
    lines = rich_lines(base)
    valid("rich", segment(lines, base.entitlement_id, 2), "W-2, W-3, W-4, W-5, W-7")
    valid("segment-1-to-5", segment(lines[:5], base.entitlement_id, 2), "W-9")
    valid("segment-6-to-12", segment(lines[5:], base.entitlement_id, 2, 6, linked(lines[:5], origin())), "W-9, W-7")
    long = "999999700 9999-12-31T23:59:59Z 999999999 %s by=%s license=%s revision=999999999 seat=1000000 serial=999999999" \
           " until=9999-12-31T23:59:59Z" % ("w" * 32, BY, "L" * 64)
    long += "".join(" %s=%s" % (key, BY) for key in ("grant", "entitlement", "machine", "key", "release", "bundle", "name"))
    long += " note=" + "n" * 32
    lines = [long.replace("999999700", str(999999700 + n), 1).replace("9999-", "2024-", 1) for n in range(300)]
    valid("largest", segment(lines, base.entitlement_id, 2, 999999700, sha256(b"the events before")), "C-8, W-3, X-9")


def add_invalid(add, base):
    lines = rich_lines(base)
    good = segment(lines, base.entitlement_id, 2)

    def bad(file, text, clauses, outcome="malformed", key=ISSUER, inner=base.entitlement):
        add("invalid", "journal-%s.carnet" % file, bundle("journal", text, key, [inner] if inner else []), outcome, clauses)

    def of(changed, **said):
        return segment(changed, base.entitlement_id, 2, **said)

    def line(number, old, new):
        """The lines with one changed, and linked as changed."""
        return of([text.replace(old, new) if n == number else text for n, text in enumerate(lines, 1)])

    # The links: what stands there is not what was linked.
    bad("line-altered", edit(good, " note=also-2-of-3", " note=also-2-of-4"), "W-7")
    bad("line-taken-out", of(lines[:4] + lines[5:], digest=linked(lines, origin()), last=12), "W-4")
    bad("line-taken-out-at-the-end", of(lines[:-1], digest=linked(lines, origin())), "W-7")
    bad("line-added-at-the-end", of(lines + [lines[11].replace("12 ", "13 ", 1)], digest=linked(lines, origin())), "W-7")
    bad("lines-swapped", of(lines[:8] + [lines[9], lines[8]] + lines[10:], digest=linked(lines, origin())), "W-4")
    swapped = lines[:10] + [lines[11].replace("12 ", "11 ", 1), lines[10].replace("11 ", "12 ", 1)]
    bad("lines-swapped-and-numbered", of(swapped, digest=linked(lines, origin())), "W-5, W-7")
    bad("digest-of-the-end", of(lines, digest=linked(lines[:-1], origin())), "W-7")
    bad("previous-of-a-later-segment", edit(of(lines[5:], first=6, previous=linked(lines[:5], origin())), linked(lines[:5], origin()),
                                            linked(lines[:4], origin())), "W-7")
    # The beginning: another vendor's or signer's chain.
    bad("beginning-of-another-vendor", of(lines, previous=origin(STRANGER_ROOT.id)), "W-6, W-1")
    bad("beginning-of-another-signer", of(lines, previous=origin(signer=STRANGER.id)), "W-6, W-1")
    bad("beginning-of-zeros", of(lines, previous="0" * 64), "W-6")
    bad("chain-of-another-signer", of(lines, signer=STRANGER_ISSUER.id), "W-8")
    # Positions, times, epochs.
    bad("first-is-2", edit(good, 'first="1"', 'first="2"'), "W-4")
    bad("first-is-another", of(lines[5:], first=7, previous=linked(lines[:5], origin()), last=12), "W-4")
    bad("last-is-13", of(lines, last=13), "W-4")
    bad("last-is-11", of(lines, last=11), "W-4")
    bad("position-twice", line(6, "6 2024", "5 2024"), "W-4")
    bad("position-left-out", of(lines[:6] + [text.replace(text.split(" ")[0], str(int(text.split(" ")[0]) + 1), 1) for text in lines[6:]], last=13), "W-4")
    bad("time-before", line(9, "2024-03-02T08:00:00Z", "2024-03-02T07:59:59Z"), "W-5")
    bad("epoch-before", line(12, "Z 2 ", "Z 1 "), "W-5")
    bad("february-30", line(8, "2024-03-02", "2024-02-30"), "X-10, W-3")
    bad("until-of-february-29", line(11, "until=2025-10-06", "until=2025-02-29"), "X-10, W-3")
    bad("year-0", of([OPEN.replace("2024-", "0000-")]), "X-10, W-3")
    # The form of lines.
    for file, number, old, new in (
            ("member-unknown", 5, " name=", " person="), ("members-swapped", 8, "seat=7 serial=1", "serial=1 seat=7"),
            ("member-twice", 8, "seat=7", "seat=7 seat=7"), ("member-empty", 4, "revision=2", "revision="), ("by-missing", 2, "by=%s " % BY, ""),
            ("by-short", 2, BY, BY[:63]), ("digest-in-capitals", 2, ISSUER.id, ISSUER.id.upper()), ("seat-0", 8, "seat=7", "seat=0"),
            ("seat-1000001", 8, "seat=7", "seat=1000001"), ("serial-leading-zero", 8, "serial=1", "serial=01"),
            ("word-in-capitals", 8, " assign ", " Assign "), ("word-with-digit", 8, " assign ", " assign2 "), ("word-empty", 8, " assign ", "  "),
            ("word-of-33", 8, " assign ", " %s " % ("a" * 33)), ("note-of-33", 8, "note=same-system", "note=" + "a" * 33),
            ("two-spaces", 8, "seat=7 ", "seat=7  "), ("space-at-the-end", 8, "same-system", "same-system "), ("epoch-0", 1, "Z 1 ", "Z 0 "),
            ("position-leading-zero", 8, "8 2024", "08 2024"), ("license-of-65", 5, "PRESS-2024.7_b", "P" * 65), ("time-of-hour-24", 8, "T08:", "T24:"),
            ("until-of-a-day", 11, "until=2025-10-06T08:00:00Z", "until=2025-10-06")):
        bad("line-" + file, line(number, old, new), "X-9, W-3")
    bad("line-with-a-second-line", edit(good, " note=also-2-of-3", " note=also-2-of-3&#10;"), "X-4, X-9")
    bad("events-none", edit(segment(["x"], base.entitlement_id, 2), '  <events>\n    <event line="x"/>\n  </events>\n', "  <events/>\n"), "X-9")
    many = ["%d 2024-02-01T09:00:00Z 1 tick by=%s" % (n, BY) for n in range(1, 302)]
    bad("events-301", of(many), "X-9")
    bad("segment-missing", edit(good, good[good.index(b"  <segment "):good.index(b"  <events>")], b""), "X-9")
    bad("event-with-another-attribute", edit(good, '="1 2024', '="1 2024', ).replace(b"<event line=", b'<event at="1" line=', 1), "X-9")
    # Who signed it, and what it rests on.
    bad("by-a-stranger", good, "T-3", "untrusted-key", STRANGER)
    bad("by-the-root", good, "T-3, T-5", "untrusted-key", ROOT)
    bad("by-the-machine", good, "T-3, T-5", "untrusted-key", MACHINE)
    bad("entitlement-missing", good, "R-3", "not-vouched", inner=None)
    bad("entitlement-is-a-license", good, "R-3", inner=base.license)
    bad("entitlement-of-a-stranger", good, "T-2", "untrusted-key", STRANGER_ISSUER,
        bundle("entitlement", cast.entitlement_smallest(STRANGER_ROOT.id, STRANGER_ISSUER), STRANGER_ROOT))
    other = bundle("entitlement", cast.entitlement_smallest(issuer=STRANGER_ISSUER), ROOT)
    bad("entitlement-of-another-issuer", segment(lines, Bundle(other).id, 1), "T-3", "untrusted-key", inner=other)
    bad("entitlement-id", edit(good, '<entitlement id="%s"' % base.entitlement_id, '<entitlement id="%s"' % base.small_entitlement_id), "J-1",
        "beyond-entitlement")
    bad("entitlement-revision", edit(good, 'revision="2"/>', 'revision="1"/>'), "J-1", "beyond-entitlement")
    text = edit(good, '<vendor id="%s"' % VENDOR, '<vendor id="%s"' % STRANGER_ROOT.id)
    bad("vendor", text.replace(origin().encode(), origin(STRANGER_ROOT.id).encode()).replace(
        linked(lines, origin()).encode(), linked(lines, origin(STRANGER_ROOT.id)).encode()), "T-6", "wrong-vendor")
    ahead = [text.replace(" 2024-", " 2098-", 1) for text in lines]
    bad("of-2098", of(ahead), "O-2", "not-yet-valid")
    critical = '  <critical>\n    <m:meter xmlns:m="urn:example:meter" unit="sheet"/>\n  </critical>\n'
    add("future", "journal-critical.carnet", bundle("journal", extended(edit(good, 'minor="0"', 'minor="1"'), "journal", critical), ISSUER,
                                                    [base.entitlement]), "newer-format", "V-4")
    add("future", "journal-major-2.carnet", bundle("journal", good.replace(b"urn:carnet:1", b"urn:carnet:2"), ISSUER, [base.entitlement],
                                                   major=2), "newer-format", "V-1")
    add("future", "journal-minor-1-extension.carnet", bundle("journal", extended(
        edit(good, 'minor="0"', 'minor="1"'), "journal", '  <extensions>\n    <x:note xmlns:x="urn:example:notes"/>\n  </extensions>\n'), ISSUER,
        [base.entitlement]), "ok", "V-2, V-3")

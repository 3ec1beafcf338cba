#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of spec/format.md are those of the code and of the schema: the fields of each kind (section 9), outcomes (section
20), facts and their keys (section 13), hidden characters (section 21.1), placeholders (section 21.2, M-2), limits (section
19). Prints the differences.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "independent"))
from carnet_documents import HIDDEN, KINDS  # noqa: E402


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


SPEC = read("spec", "format.md")
differences = []


def section(heading, level="##"):
    found = re.search(r"^%s %s.*?(?=^#{1,%d} |\Z)" % (level, re.escape(heading), len(level)), SPEC, re.M | re.S)
    return found.group(0) if found else ""


def differ(what, spec, code):
    if not spec or not code:
        differences.append("%s: nothing was found (%d, %d)" % (what, len(spec), len(code)))
    for value in sorted(set(map(str, spec)) ^ set(map(str, code))):
        differences.append("%s: %s stands only in the %s" % (what, value, "specification" if value in set(map(str, spec)) else "code"))


def outcomes():
    listed = re.findall(r"^\| `([a-z-]+)` \| ([0-9]+) \| ([^|]*?) \|", section("20. "), re.M)
    coded = re.findall(r'X\([A-Z_]+, "([a-z-]+)", ([0-9]+),\s*\\?\s*"([^"]+)"', read("format", "core", "error.h"))
    differ("outcomes", listed, coded)


def facts():
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|\n]*\| (vendor id|machine secret) \|", section("13. "), re.M)
    coded = re.findall(r'X\([A-Z_]+, "([a-z-]+)", (true|false), [0-9]+\)', read("format", "document", "document.h"))
    differ("facts", rows, [(name, "vendor id" if by_vendor == "true" else "machine secret") for name, by_vendor in coded])


def spans(pairs):
    """All characters of ranges of hex numbers; the upper planes only by the ends of their ranges."""
    return {(int(first, 16), int(last or first, 16)) for first, last in pairs}


def hidden_characters():
    listed = spans(re.findall(r"\b([0-9A-F]{4,6})(?:–([0-9A-F]{4,6}))?(?=[,.\s])", section("21.1 ", "###").split("either end:")[1]))
    coded = spans(re.findall(r"\{0x([0-9A-F]+), 0x([0-9A-F]+)\}", read("format", "core", "text.c")))
    differ("hidden characters", listed, coded)
    # The schema writes the same characters, but those that XML itself does not have, as a negated class.
    pattern = re.search(r'<xs:simpleType name="text">.*?value="\[\^(.*?)\]\+', read("spec", "carnet-1.xsd"), re.S).group(1)
    refused = set()
    for first, last in re.findall(r"&#x([0-9A-F]+);(?:-&#x([0-9A-F]+);)?", pattern):
        refused |= set(range(int(first, 16), int(last or first, 16) + 1))
    wanted = {c for first, last in listed for c in range(first, last + 1)}
    in_xml = {c for c in wanted if c in (9, 10, 13) or 0x20 <= c <= 0xD7FF or 0xE000 <= c <= 0xFFFD or c >= 0x10000}
    differ("hidden characters of the schema", {hex(c) for c in in_xml}, {hex(c) for c in refused - {0x20}})
    found = {hex(c) for c in range(0x110000) if HIDDEN.search(chr(c))}
    differ("hidden characters of the independent reader", {hex(c) for c in wanted if not 0xD800 <= c <= 0xDFFF}, found)


def placeholders():
    text = section("21.2 ", "###")
    hardware, host = text.split("For `host`")
    source = read("format", "machine", "placeholder.c")
    for what, part, array in (("placeholders", hardware, "hardware_fillers"), ("placeholders of host", host.split("`cpu`")[0], "host_fillers")):
        coded = re.findall(r'"([^"]+)"', re.search(array + r"\[\] = \{(.*?)\};", source, re.S).group(1))
        differ(what, re.findall(r"`([^`]+)`", part), coded)


def limits():
    """Rows of section 19 against the constants that the code refuses by."""
    table = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", section("19. "), re.M))
    headers = "".join(read("format", *path) for path in (
        ("bundle", "pack.h"), ("bundle", "armour.h"), ("bundle", "kind.h"), ("bundle", "signature.h"), ("document", "document.h"),
        ("document", "prescan.h"), ("rules", "reading.h"), ("machine", "collect.h"), ("machine", "machine.h")))
    headers += read("format", "document", "xml_read.h")
    constants = {}
    for name, value in re.findall(r"^#define (CARNET_[A-Z_]+) \(?(?:\(size_t\))?([0-9u* ]+)\)?(?:\s|$)", headers, re.M):
        number = 1
        for factor in value.replace("u", "").split("*"):
            number *= int(factor)
        constants[name] = number
    unit = {"": 1, "KiB": 1024, "MiB": 1024 * 1024}
    for row, constant in (("text form, with all that stands around the block", "CARNET_ARMOUR_MOST"), ("document", "CARNET_DOCUMENT_MOST"),
                          ("`SHA256SUMS`", "CARNET_SUMS_MOST"), ("`SHA256SUMS.sig`", "CARNET_SIGNATURE_SIZE"), ("`signer.pem`", "CARNET_PEM_SIZE"),
                          ("depth of embedding", "CARNET_EMBEDDING_DEPTH"), ("embedded bundles, in one bundle", "CARNET_EMBEDDED_MOST"),
                          ("name of a kind", "CARNET_KIND_NAME_MOST"), ("tag", "CARNET_TAG_MOST"), ("depth of elements", "CARNET_DEPTH_MOST"),
                          ("seats, number of a seat", "CARNET_SEATS_MOST"), ("days", "CARNET_DAYS_MOST"), ("hours of tolerance", "CARNET_HOURS_MOST"),
                          ("features", "CARNET_FEATURES_MOST"), ("facts in a document", "CARNET_FACTS_MOST"),
                          ("products in a fingerprint", "CARNET_PRODUCTS_MOST"), ("grants to renew", "CARNET_RENEWS_MOST"),
                          ("*count*: revision, epoch, serial, sequence, position, caps", "CARNET_COUNT_MOST"),
                          ("adapters and disks that become facts", "CARNET_ADAPTERS_MOST"), ("adapters and disks that become facts", "CARNET_DISKS_MOST")):
        said = re.match(r"([0-9,]+) ?(KiB|MiB|)", table.get(row, ""))
        if not said or constant not in constants:
            differences.append("limits: %s or %s was not found" % (row, constant))
        elif int(said.group(1).replace(",", "")) * unit[said.group(2)] != constants[constant]:
            differences.append("limits: %s is %s, and %s is %d" % (row, said.group(0), constant, constants[constant]))


def fields():
    """Each attribute stands in the table of its kind, the elements in their order; lists are told in full where they come first."""
    told = set()
    for number, kind in enumerate(KINDS, 1):
        listed, order, element = set(), [], ""
        for cells in re.findall(r"^\| (.*) \|$", section("9.%d " % number, "###"), re.M):
            cells = re.split(r" ?\| ", cells)
            element = "".join(re.findall(r"^`([a-z-]+)`$", cells[0])) or element
            order += [element] if element in [name for name, *_ in KINDS[kind]] and element not in order else []
            listed |= {(element, attribute) for attribute in re.findall(r"`([a-z-]+)`", cells[1])}
        wanted = set()

        def walk(children, inside):
            for name, table, _, _ in children:
                if isinstance(table, tuple):
                    if not (inside and (name, tuple(table[0])) in told):
                        wanted.update((name, attribute) for attribute in table[0])
                    if inside:
                        told.add((name, tuple(table[0])))
                    walk(table[1], True)

        walk(KINDS[kind], False)
        # The threshold is told with the weights: "as in the entitlement".
        if kind == "license":
            wanted.discard(("matching", "threshold"))
        differ("fields of " + kind, listed, wanted)
        if order != [name for name, *_ in KINDS[kind]]:
            differences.append("fields of %s: the elements stand as %s" % (kind, " ".join(order)))


for check in (fields, outcomes, facts, hidden_characters, placeholders, limits):
    check()
for difference in differences:
    print(difference)
print("tables: %d differences" % len(differences))
sys.exit(1 if differences else 0)

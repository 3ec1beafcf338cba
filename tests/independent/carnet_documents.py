# SPDX-License-Identifier: MIT
"""The documents of spec/format.md, section 9: the scan of the raw bytes (X-1 to X-6), well-formedness (X-7), and a
table for each kind (X-8 to X-11, E-1, F-1, F-2, P-1, D-1, V-4, V-5, W-1 to W-7), written by hand and in agreement with carnet-1.xsd.
"""
import datetime
import hashlib
import re
import xml.parsers.expat

NAMESPACE = "urn:carnet:1"
PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>\n'
MOST_TAG, MOST_DEPTH = 4096, 16


class Refusal(Exception):
    """An outcome with the clause it rests on and a sentence."""

    def __init__(self, outcome, clause, detail):
        super().__init__(detail)
        self.outcome, self.clause, self.detail = outcome, clause, detail


def demand(condition, clause, detail, outcome="malformed"):
    if not condition:
        raise Refusal(outcome, clause, detail)


# --- the raw bytes

def scan(data):
    """X-1 to X-6, before any XML parser sees the bytes."""
    demand(data.startswith(PROLOG), "X-1", "the XML declaration is not the one allowed")
    body = data[len(PROLOG):]
    demand(b"<?" not in body, "X-1", "a processing instruction")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("malformed", "X-1", "not UTF-8 at byte %d" % error.start) from None
    control = re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data)
    demand(control is None, "X-2", "a control character")
    demand(b"<!" not in body, "X-3", "a document type, comment or CDATA section")
    demand(not re.search(rb"&(?!(?:amp|lt|gt|quot|apos);)", body), "X-4", "an ampersand that begins no known entity")
    at = depth = 0
    while True:
        start = body.find(b"<", at)
        between = body[at:] if start < 0 else body[at:start]
        demand(b">" not in between, "X-5", "a > outside a tag")
        if start < 0:
            return
        end = body.find(b">", start)
        tag = body[start:end + 1]
        demand(end >= 0 and b"<" not in tag[1:] and b"\n" not in tag, "X-5", "a tag that does not end in its line")
        demand(len(tag) <= MOST_TAG, "X-5", "a tag of more than %d bytes" % MOST_TAG)
        if tag.startswith(b"</"):
            depth -= 1
        else:
            demand(depth < MOST_DEPTH, "X-6", "elements nested deeper than %d" % MOST_DEPTH)
            depth += not tag.endswith(b"/>")
        at = end + 1


# --- the tree

class Node:
    def __init__(self, name, attributes):
        self.space, _, self.name = name.rpartition("}")
        self.attributes, self.children, self.text = attributes, [], ""

    def find(self, name):
        for child in self.children:
            if child.space == NAMESPACE and child.name == name:
                return child
        return None

    def get(self, path, attribute):
        """The value of an attribute by exact path ("license", "id"), or None."""
        node = self.find(path)
        return None if node is None else node.attributes.get(attribute)


QNAME = re.compile(r"[^:\s]+(:[^:\s]+)?\Z")
XML = "http://www.w3.org/XML/1998/namespace}"
# An absolute URI with or without a fragment (RFC 3986, section 3); what stands in the brackets of an address is not looked into.
CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
ADDRESS = r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:\[[^\]]*\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://%s(?:/%s*)*|/?(?:%s+(?:/%s*)*)?)(?:\?(?:%s|[/?])*)?(?:#(?:%s|[/?])*)?" %
                 (ADDRESS, CHAR, CHAR, CHAR, CHAR, CHAR))


def parse(data):
    """The root of a well-formed document (X-7)."""
    parser = xml.parsers.expat.ParserCreate(namespace_separator="}")
    stack, roots = [], []

    def start(name, attributes):
        demand(not any(attribute.startswith(XML) for attribute in attributes), "X-7", "an attribute with the prefix xml")
        node = Node(name, attributes)
        (stack[-1].children if stack else roots).append(node)
        stack.append(node)

    def text(value):
        stack[-1].text += value

    def space(_, uri):
        demand(uri is None or URI.fullmatch(uri), "X-7", "a namespace that is no absolute URI")  # expat does not look

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartNamespaceDeclHandler = space
    for tag in re.findall(rb"<[^<>]*>", data[len(PROLOG):]):
        bare = re.sub(rb"\"[^\"]*\"|'[^']*'", b"", tag).decode().strip("</>")
        demand(all(QNAME.match(name.strip("=")) for name in bare.split()), "X-7", "a name with two colons")
    try:
        parser.Parse(data, True)
    except xml.parsers.expat.ExpatError as error:
        raise Refusal("malformed", "X-7", str(error)) from None
    demand(data.rstrip(b"\n").endswith(b">"), "X-7", "something after the root element")
    return roots[0]


# --- values

# Section 21.1, as the ranges that carnet-1.xsd writes out; no table of Unicode's is asked.
HIDDEN = re.compile("[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4"
                    "\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uffa0"
                    "\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
                    "\U000e0000-\U0010ffff]")


def is_text(value):
    return 1 <= len(value) <= 200 and value == value.strip(" ") and not HIDDEN.search(value)


def between(low, high, *words):
    """A number from low to high without leading zeros, or one of the words."""
    return lambda v: v in words or bool(re.fullmatch("0|[1-9][0-9]{0,8}", v)) and low <= int(v) <= high


def like(pattern):
    return lambda v: bool(re.fullmatch(pattern, v))


TIME = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
TIME_ALONE = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
VERSION = r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){0,3}"
digest = like("[0-9a-f]{64}")
nonce = like("[0-9a-f]{32}")
ident = like("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
time = like(TIME)
time_or_never = like("never|" + TIME)
count = between(1, 999999999)
count_or_none = between(0, 999999999, "none")
seat = between(1, 1000000)
days = between(1, 36500)
days_or_none = between(1, 36500, "none")
hours = between(0, 8760)
percent = between(1, 100)
points = between(0, 100)
version = like(VERSION)
fact_state = like("matches|changed|missing|unreadable")
version_or_any = like("any|" + VERSION)
trust_version = like(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
feature_value = like("[A-Za-z0-9._:+-]{1,64}")
system = like("[a-z0-9-]{1,32}")
minor = between(0, 9999)
DIGEST, COUNT, WORD = "[0-9a-f]{64}", "[1-9][0-9]{0,8}", "[a-z][a-z0-9-]{0,31}"
EVENT = re.compile("(%s) (%s) (%s) [a-z][a-z-]{0,31} by=%s%s" % (COUNT, TIME, COUNT, DIGEST, "".join("( %s=(%s))?" % member for member in (
    ("license", "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), ("revision", COUNT), ("seat", "[1-9][0-9]{0,5}|1000000"), ("serial", COUNT),
    ("until", "never|" + TIME), ("grant", DIGEST), ("entitlement", DIGEST), ("machine", DIGEST), ("key", DIGEST), ("release", DIGEST),
    ("bundle", DIGEST), ("name", DIGEST), ("note", WORD)))))
fact_name = like("machine-id|system-uuid|tpm|board-serial|disk|adapter|cpu|host|os")


# --- tables: (attributes, children); an attribute with ? is optional; children are (name, table, least, most)

def element(children=(), **attributes):
    table = {}
    for name, check in attributes.items():
        optional = name.endswith("_opt")
        table[name.removesuffix("_opt").replace("_", "-")] = (check, not optional)
    return table, list(children)


generation = between(1, 32)
ANY = object()  # foreign elements
FEATURES = element([("feature", element(name=ident, value_opt=feature_value), 0, 64)])
MATCHING = element([("weight", element(fact=fact_name, points=points), 1, 9)], threshold=percent)
FACTS = element([("fact", element(name=fact_name, digest=digest), 1, 48)])
JOURNAL = element(position=count, digest=digest)
VENDOR = element(id=digest)
GRANT = element(license=ident, fingerprint=digest, epoch=count, serial=count, seat=seat)
LICENSEE = element(name=is_text)
MACHINE = element(key=digest, label_opt=is_text)
USER = element(digest=digest)
REFERENCE = element(id=digest)
ENTITLEMENT = element(id=digest, revision=count)
ENDS = [("critical", ANY, 0, 1), ("extensions", ANY, 0, 1)]

KINDS = {
    "entitlement": [
        ("vendor", element(id=digest, name=is_text, contact_opt=is_text), 1, 1),
        ("license", element(id=ident, revision=count, issued=time), 1, 1),
        ("product", element(id=ident, edition_opt=ident, newest_version=version_or_any), 1, 1),
        ("licensee", LICENSEE, 1, 1),
        ("seats", element(count=seat, offline=like("allowed|denied")), 1, 1),
        ("features", FEATURES, 1, 1),
        ("validity", element(not_after=time_or_never, lease_days=days_or_none, activate_within_days=days), 1, 1),
        ("caps", element(transfers_per_year=count_or_none, losses_per_year=count_or_none,
                         held_after_loss=like("lease|no")), 1, 1),
        ("matching", MATCHING, 1, 1),
        ("clock", element(tolerance_hours=hours), 1, 1),
        ("environment", element(virtual=like("accepted|refused"), container=like("accepted|refused|pinned")), 1, 1),
        ("issuer", element(key=digest), 1, 1),
        ("trust", element(least_version=trust_version), 0, 1),
    ],
    "fingerprint": [
        ("vendor", VENDOR, 1, 1),
        ("request", element(purpose=like("new|renew"), made=time, sequence=count, previous_opt=digest, nonce=nonce,
                            label_opt=is_text), 1, 1),
        ("environment", element(virtual=system, container=system), 1, 1),
        ("user", USER, 0, 1),
        ("products", element([("product", element(id=ident, version_opt=version), 0, 32)]), 1, 1),
        ("renews", element([("grant", element(license=ident, fingerprint=digest), 1, 64)]), 0, 1),
        ("facts", FACTS, 1, 1),
        ("journal", JOURNAL, 0, 1),
    ],
    "license": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("entitlement", ENTITLEMENT, 1, 1),
        ("product", element(id=ident, edition_opt=ident), 1, 1),
        ("licensee", LICENSEE, 1, 1),
        ("machine", MACHINE, 1, 1),
        ("user", USER, 0, 1),
        ("features", FEATURES, 1, 1),
        ("validity", element(issued=time, activate_by=time, lease_until=time_or_never, not_after=time_or_never), 1, 1),
        ("matching", MATCHING, 1, 1),
        ("facts", FACTS, 1, 1),
        ("journal", JOURNAL, 1, 1),
    ],
    "release": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("license", REFERENCE, 1, 1),
        ("declaration", element(how=like("released|declined"), made=time, sequence=count, previous_opt=digest), 1, 1),
        ("journal", JOURNAL, 0, 1),
    ],
    "receipt": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("entitlement", ENTITLEMENT, 1, 1),
        ("machine", MACHINE, 1, 1),
        ("end", element(how=like("freed|revoked|replaced"), at=time, reason_opt=is_text), 1, 1),
        ("release", REFERENCE, 0, 1),
        ("journal", JOURNAL, 1, 1),
    ],
    "journal": [
        ("vendor", VENDOR, 1, 1),
        ("entitlement", ENTITLEMENT, 1, 1),
        ("segment", element(signer=digest, first=count, previous=digest, last=count, digest=digest), 1, 1),
        ("events", element([("event", element(line=lambda v: bool(EVENT.fullmatch(v))), 1, 300)]), 1, 1),
    ],
    "activation": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("license", REFERENCE, 1, 1),
        ("installed", element(made=time, sequence=count, previous_opt=digest), 1, 1),
        ("match", element([("fact", element(name=fact_name, state=fact_state), 1, 9)]), 1, 1),
        ("journal", JOURNAL, 0, 1),
    ],
    "clockrequest": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("license", REFERENCE, 1, 1),
        ("request", element(made=time, sequence=count, previous_opt=digest, nonce=nonce), 1, 1),
        ("floor", element(local=time, signed_opt=time), 1, 1),
        ("journal", JOURNAL, 0, 1),
    ],
    "clock": [
        ("vendor", VENDOR, 1, 1),
        ("grant", GRANT, 1, 1),
        ("entitlement", ENTITLEMENT, 1, 1),
        ("machine", MACHINE, 1, 1),
        ("answer", element(request=digest, nonce=nonce, at=time), 1, 1),
        ("journal", JOURNAL, 1, 1),
    ],
    "keyrequest": [
        ("vendor", VENDOR, 1, 1),
        ("administrator", element(name=is_text, contact_opt=is_text), 1, 1),
        ("request", element(made=time, nonce=nonce, offline=like("wished|not-wished"), license_opt=ident, replaces_opt=digest), 1, 1),
    ],
    "trust": [
        ("vendor", VENDOR, 1, 1),
        ("link", element(generation=generation, next=digest), 0, 1),
        ("version", element(generation=generation, number=count, created=time, expires=time_or_never), 0, 1),
        ("roots", element([("root", element(generation=generation, key=digest), 1, 32)]), 0, 1),
        ("next", element(key=digest), 0, 1),
        ("revoked", element([("key", element([("valid", REFERENCE, 0, 2000)], id=digest), 0, 64),
                             ("grant", element(license=ident, fingerprint=digest), 0, 200),
                             ("least", element(license=ident, revision=count), 0, 200)]), 0, 1),
    ],
}
# Where a kind that a machine signs has its number, and the id of the one before.
SEQUENCES = {"fingerprint": "request", "release": "declaration", "activation": "installed", "clockrequest": "request"}


def check_element(node, table, where):
    """X-9 for one element and all in it."""
    if table is ANY:
        demand(not node.attributes and not node.text.strip(" \n"), "X-9", "%s holds foreign elements only" % where)
        demand(all(c.space for c in node.children), "X-9", "%s: an element without a namespace" % where)
        demand(node.children or node.name != "critical", "X-9", "%s is empty" % where)
        return
    attributes, children = table
    for name, value in node.attributes.items():
        demand(name in attributes, "X-9", "%s: attribute %s is not known" % (where, name))
        demand(attributes[name][0](value), "X-9", "%s: %s is not what it has to be: %r" % (where, name, value))
    for name, (_, required) in attributes.items():
        demand(not required or name in node.attributes, "X-9", "%s: %s is missing" % (where, name))
    demand(not (node.text.strip(" \n") if children else node.text), "X-9", "%s holds text" % where)
    rest = list(node.children)
    for name, inner, least, most in children:
        number = 0
        while rest and number < most and rest[0].space == NAMESPACE and rest[0].name == name:
            check_element(rest.pop(0), inner, where + "/" + name)
            number += 1
        demand(number >= least, "X-9", "%s: %s is missing" % (where, name))
    demand(not rest, "X-9", "%s: %s is not expected" % (where, rest[0].name if rest else ""))
    demand(not (node.children and not children), "X-9", "%s holds elements" % where)


def check_foreign(node, foreign=False):
    """V-5: none of ours in what is foreign, at whatever depth."""
    for child in node.children:
        demand(not (foreign and child.space.startswith("urn:carnet:")), "V-5", "%s stands where foreign elements do" % child.name)
        check_foreign(child, foreign or child.name in ("critical", "extensions"))


def check_real(node):
    """X-10, for the attributes that are times, on carnet elements; years begin with 1 for datetime too."""
    for name, value in node.attributes.items():
        if name in ("issued", "made", "at", "activate-by", "lease-until", "not-after", "local", "signed", "created", "expires") and value != "never":
            check_day(value)
    for child in node.children:
        if child.space == NAMESPACE:
            check_real(child)


def check_day(value):
    try:
        datetime.date(int(value[:4]), int(value[5:7]), int(value[8:10]))
    except ValueError:
        raise Refusal("malformed", "X-10", "%s is no real time" % value) from None


def check_journal(root):
    """W-1 to W-7: the lines, and the digests that link them."""
    segment = {name: root.get("segment", name) for name in ("signer", "first", "previous", "last", "digest")}
    link, position, before = bytes.fromhex(segment["previous"]), int(segment["first"]), ("", 0)
    for event in root.find("events").children:
        line = event.attributes["line"]
        for moment in re.findall(TIME_ALONE, line):
            check_day(moment)
        at, when, epoch = line.split(" ")[:3]
        demand(int(at) == position, "W-4", "position %s where %d has to be" % (at, position))
        demand((when, int(epoch)) >= before and int(epoch) >= before[1], "W-5", "an event is before the one before it")
        before, position = (when, int(epoch)), position + 1
        link = hashlib.sha256(link + line.encode()).digest()
    demand(int(segment["last"]) == position - 1, "W-4", "the segment ends at another position")
    if segment["first"] == "1":
        ids = bytes.fromhex(root.get("vendor", "id") + segment["signer"])
        demand(hashlib.sha256(b"carnet:1:journal:" + ids).hexdigest() == segment["previous"], "W-6", "the chain begins elsewhere")
    demand(link.hex() == segment["digest"], "W-7", "the events link to another digest")


def check_trust(root):
    """U-1 to U-6, as far as the document tells."""
    link = root.find("link")
    rest = [root.find(name) for name in ("version", "roots", "revoked")]
    demand(all(r is None for r in rest + [root.find("next")]) if link else all(rest), "X-9", "it is neither a link nor trust information")
    if link:
        demand(int(link.attributes["generation"]) < 32, "U-1", "no root can follow")
        return
    version = root.find("version").attributes
    roots = [(int(c.attributes["generation"]), c.attributes["key"]) for c in root.find("roots").children]
    keys = [key for _, key in roots]
    demand(version["expires"] >= version["created"], "U-3", "it had expired before it was made")
    demand([g for g, _ in roots] == list(range(1, int(version["generation"]) + 1)), "U-3", "the roots are not those up to the version's")
    demand(keys[0] == root.get("vendor", "id"), "U-3", "the first root is not the vendor's")
    following = keys + ([root.get("next", "key")] if root.find("next") else [])
    demand(len(set(following)) == len(following), "U-4", "a root follows itself")
    revoked = {name: [c for c in root.find("revoked").children if c.name == name] for name in ("key", "grant", "least")}
    valid = [[v.attributes["id"] for v in c.children] for c in revoked["key"]]
    demand(sum(map(len, valid)) <= 2000, "U-5", "too many bundles stay valid")
    orders = valid + [[c.attributes["id"] for c in revoked["key"]], [c.attributes["license"] for c in revoked["least"]],
                      [(c.attributes["license"], c.attributes["fingerprint"]) for c in revoked["grant"]]]
    for order in orders:
        demand(all(a < b for a, b in zip(order, order[1:])), "U-5", "the entries of a list do not rise")
    for key in revoked["key"]:
        demand(key.attributes["id"] not in following[len(keys) - 1:], "U-6", "it revokes its own signer, or the next")


def unique(root, path, key):
    node = root.find(path)
    keys = [key(child) for child in node.children] if node else []
    demand(len(keys) == len(set(keys)), "X-11", "%s repeats a name" % path)


def check_document(kind, data):
    """The root of the document of a bundle of that kind; Refusal otherwise."""
    scan(data)
    root = parse(data)
    demand(root.name == kind and root.space == NAMESPACE, "X-8", "the root element is not %s" % kind)
    check_element(root, ({"minor": (minor, True)}, KINDS[kind] + ENDS), kind)
    check_foreign(root)
    unique(root, "features", lambda c: c.attributes["name"])
    unique(root, "matching", lambda c: c.attributes["fact"])
    unique(root, "facts", lambda c: (c.attributes["name"], c.attributes["digest"]))
    unique(root, "match", lambda c: c.attributes["name"])
    if kind == "fingerprint":
        unique(root, "products", lambda c: c.attributes["id"])
        unique(root, "renews", lambda c: (c.attributes["license"], c.attributes["fingerprint"]))
    demand(root.find("critical") is None, "V-4", "something critical that is not understood", "newer-format")
    check_real(root)
    if kind == "entitlement":
        demand(any(c.attributes["points"] != "0" for c in root.find("matching").children), "E-1", "no weight is above 0")
    if kind == "fingerprint":
        demand((root.get("request", "purpose") == "renew") == (root.find("renews") is not None), "F-1",
               "renews does not go with the purpose")
    if kind in SEQUENCES:
        signed = root.find(SEQUENCES[kind]).attributes
        demand((int(signed["sequence"]) > 1) == ("previous" in signed), "F-2", "previous does not go with sequence")
    if kind == "trust":
        check_trust(root)
    if kind == "journal":
        check_journal(root)
    if kind == "receipt":
        how, reason = root.get("end", "how"), root.get("end", "reason")
        demand((how == "freed") == (root.find("release") is not None), "P-1", "release does not go with %s" % how)
        demand(how != "revoked" or reason is not None, "P-1", "a revocation without a reason")
    if kind == "clockrequest":
        demand(root.get("floor", "local") > root.get("request", "made"), "D-1", "no floor stands in the way")
    return root

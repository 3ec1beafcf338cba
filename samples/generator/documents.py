# SPDX-License-Identifier: MIT
"""samples/invalid: the documents. Every one is signed by the right key, so that only its document is at fault."""
from carnet_reader import Bundle
from carnet_writer import bundle

import cast
from cast import ISSUER, MACHINE, ROOT, edit, extended

PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'


def add_xml(add, base):
    text = base.fingerprint_text

    def bad(name, data, clauses):
        add("invalid", "xml-%s.carnet" % name, bundle("fingerprint", data, MACHINE), "malformed", clauses)

    def change(name, clauses, old, new, before=text):
        bad(name, edit(before, old, new), clauses)

    bad("byte-order-mark", b"\xef\xbb\xbf" + text, "X-1")
    bad("utf-16", text.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "X-1")
    bad("latin-1", text.decode().replace("„", "").replace("“", "").replace("UTF-8", "ISO-8859-1").encode("latin-1"), "X-1")
    bad("no-declaration", text[len(PROLOG):], "X-1")
    bad("empty-line-first", b"\n" + text, "X-1")
    change("declaration-single-quotes", "X-1", PROLOG, PROLOG.replace('"', "'"))
    change("declaration-lower-case", "X-1", "UTF-8", "utf-8")
    change("declaration-standalone", "X-1", '"UTF-8"?>', '"UTF-8" standalone="yes"?>')
    change("declaration-version-1.1", "X-1", 'version="1.0"', 'version="1.1"')
    change("declaration-without-line-end", "X-1", '"UTF-8"?>\n', '"UTF-8"?>')
    change("processing-instruction", "X-1", "  <request", '  <?php echo 1 ?>\n  <request')
    change("stylesheet", "X-1", "<fingerprint ", '<?xml-stylesheet href="http://carnet.example/x.xsl"?>\n<fingerprint ')
    change("utf-8-truncated", "X-1", "„".encode(), b"\xe2\x80")
    change("utf-8-overlong", "X-1", "„".encode(), b"\xc0\xaf")
    change("utf-8-surrogate", "X-1", "„".encode(), b"\xed\xa0\x80")
    change("utf-8-beyond-unicode", "X-1", "„".encode(), b"\xf4\x90\x80\x80")
    change("tab", "X-2", "  <request", "\t<request")
    change("carriage-return", "X-2", "  <request", "\r\n  <request")
    change("nul", "X-2", "  <request", "\0  <request")
    change("nul-then-more", "X-2, X-7", "</fingerprint>\n", "</fingerprint>\n\0<more/>")
    change("escape", "X-2", "Setzerei", "\x1b[31mSetzerei")
    change("delete", "X-2", "Setzerei", "Setzerei\x7f")
    change("document-type", "X-3", "<fingerprint ", "<!DOCTYPE fingerprint>\n<fingerprint ")
    change("entity-from-file", "X-3", "<fingerprint ", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n<fingerprint ')
    change("comment", "X-3", "  <request", "  <!-- request -->\n  <request")
    change("cdata", "X-3", "  <request", "  <![CDATA[ ]]>\n  <request")
    change("character-reference", "X-4", "Setzerei", "&#83;etzerei")
    change("character-reference-hex", "X-4", "Setzerei", "&#x53;etzerei")
    change("character-reference-line-feed", "X-4", "Setzerei", "Setzerei&#10;")
    change("unknown-entity", "X-4", "Setzerei", "&nbsp;Setzerei")
    change("bare-ampersand", "X-4", "Setzerei", "A & B")
    change("entity-without-end", "X-4", "Setzerei", "A &amp B")
    change("tag-in-two-lines", "X-5", ' purpose="new"', '\n    purpose="new"')
    change("greater-in-value", "X-5", "Setzerei", "a > b")
    change("greater-in-text", "X-5", "  <request", "  >\n  <request")
    change("less-in-value", "X-5", "Setzerei", "a < b")
    change("tag-never-ends", "X-5", "</fingerprint>\n", "</fingerprint")
    wide = '<w xmlns="urn:example:w" a="%s"/>' % ("x" * (4097 - len('<w xmlns="urn:example:w" a=""/>')))
    bad("tag-of-4097-bytes", extended(text, "fingerprint", "  <extensions>\n    %s\n  </extensions>\n" % wide), "X-5")
    many = '<w xmlns="urn:example:w"%s/>' % "".join(' a%d="%d"' % (n, n) for n in range(600))
    bad("tag-of-600-attributes", extended(text, "fingerprint", "  <extensions>\n    %s\n  </extensions>\n" % many), "X-5")
    deep = '<d xmlns="urn:example:d">' + "<d>" * 13 + "<d/>" + "</d>" * 14
    bad("depth-17", extended(text, "fingerprint", "  <extensions>%s</extensions>\n" % deep), "X-6")
    deep = '<d xmlns="urn:example:d">' + "<d>" * 1000 + "</d>" * 1001
    bad("depth-1002", extended(text, "fingerprint", "  <extensions>%s</extensions>\n" % deep), "X-6")
    change("end-tag-missing", "X-7", "  </products>\n", "")
    change("root-not-ended", "X-7", "</fingerprint>\n", "")
    change("end-tag-of-another", "X-7", "</products>", "</product>")
    change("end-tag-too-many", "X-7", "</fingerprint>\n", "</fingerprint>\n</fingerprint>\n")
    change("attribute-twice", "X-7", ' purpose="new"', ' purpose="new" purpose="new"')
    change("attribute-without-quotes", "X-7", ' purpose="new"', " purpose=new")
    change("attribute-without-value", "X-7", ' purpose="new"', ' purpose')
    change("attribute-quote-not-ended", "X-7", ' purpose="new"', ' purpose="new')
    change("attributes-without-space", "X-7", ' purpose="new" made', ' purpose="new"made')
    change("prefix-not-declared", "X-7", "<request ", "<c:request ")
    change("prefix-of-attribute-not-declared", "X-7", ' purpose="new"', ' c:purpose="new"')
    change("space-before-name", "X-7", "<request ", "< request ")
    change("two-roots", "X-7", "</fingerprint>\n", "</fingerprint>\n<fingerprint/>\n")
    change("text-after-root", "X-7", "</fingerprint>\n", "</fingerprint>\nmore\n")
    change("spaces-after-root", "X-7", "</fingerprint>\n", "</fingerprint>  \n")
    change("non-character", "X-7", "Setzerei", "Setzerei\ufffe")
    bad("empty-of-elements", PROLOG.encode(), "X-7")
    for name, space in (("no-uri", "my notes"), ("relative", "notes"), ("relative-path", "/notes"), ("relative-network", "//carnet.example/notes"),
                        ("fragment", "#notes"), ("no-ascii", "urn:example:nötes"), ("per-cent", "urn:example:%7"), ("brackets", "urn:example:[n]"),
                        ("scheme-digit-first", "1urn:example:n"), ("two-fragments", "urn:example:n#a#b")):
        extension = '  <extensions>\n    <x:n xmlns:x="%s"/>\n  </extensions>\n'
        bad("namespace-" + name, extended(text, "fingerprint", extension % space), "X-7")
    bad("namespace-relative-by-default", extended(text, "fingerprint", '  <extensions>\n    <n xmlns="notes">a<m/>b</n>\n  </extensions>\n'), "X-7")
    for name, attribute in (("lang", 'lang="en"'), ("lang-no-tag", 'lang="e n"'), ("space", 'space="preserve"'), ("space-other", 'space="keep"'),
                            ("id", 'id="a"'), ("id-no-name", 'id="1"'), ("base", 'base="http://carnet.example/"'), ("other", 'more="1"')):
        extension = '  <extensions>\n    <x:n xmlns:x="urn:example:x"><x:m xml:%s/></x:n>\n  </extensions>\n'
        bad("attribute-xml-%s-in-foreign" % name, extended(text, "fingerprint", extension % attribute), "X-7")
    change("prefix-inside-foreign-not-declared", "X-7", "</fingerprint>",
           '  <extensions>\n    <x:n xmlns:x="urn:example:x"><y:m/></x:n>\n  </extensions>\n</fingerprint>')
    change("name-with-two-colons", "X-7", "</fingerprint>", '  <extensions>\n    <x:n:m xmlns:x="urn:example:x"/>\n  </extensions>\n</fingerprint>')
    bad("not-xml", (PROLOG + "kind: fingerprint\n").encode(), "X-7")
    change("namespace-of-prefix-empty", "X-7", "<fingerprint ", '<fingerprint xmlns:p="" ')
    for name, old, new in (("of-another-kind", "fingerprint ", "license "), ("in-capitals", "fingerprint ", "Fingerprint ")):
        data = edit(edit(text, "<" + old, "<" + new), "</fingerprint>", "</%s>" % new.strip())
        bad("root-" + name, data, "X-8")
    bad("document-of-another-kind", base.license_text, "X-8")
    change("namespace-missing", "X-8", ' xmlns="urn:carnet:1"', "")
    change("namespace-of-major-2", "X-8", "urn:carnet:1", "urn:carnet:2")
    change("namespace-with-capitals", "X-8", "urn:carnet:1", "urn:Carnet:1")
    inside = '  <extensions>\n    <x:a xmlns:x="urn:example:x"><%s/></x:a>\n  </extensions>\n'
    bad("carnet-inside-foreign", extended(text, "fingerprint", inside % 'user digest="%s"' % ("0" * 64)), "V-5")
    bad("carnet-2-inside-foreign", extended(text, "fingerprint", inside % 'c:user xmlns:c="urn:carnet:2"'), "V-5")
    bad("carnet-deep-inside-foreign", extended(text, "fingerprint", inside % 'x:b><x:c><grant/></x:c></x:b><x:d'), "V-5")
    bad("carnet-inside-critical", extended(text, "fingerprint", (inside % "facts").replace("extensions", "critical")), "V-5, V-4")


# One row for each rule of the schema: name, what to replace, by what.
ENTITLEMENT = [
    ("minor-missing", ' minor="0"', ""), ("minor-word", 'minor="0"', 'minor="zero"'), ("minor-leading-zero", 'minor="0"', 'minor="00"'),
    ("minor-10000", 'minor="0"', 'minor="10000"'), ("root-attribute", 'minor="0"', 'minor="0" version="1"'),
    ("schema-instance-location", 'minor="0"', 'minor="0" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:carnet:1 x.xsd"'),
    ("schema-instance-type", 'count="25"', 'count="25" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="seats"'),
    ("schema-instance-nil", 'count="25"', 'count="25" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="false"'),
        ("space-in-empty-element", 'offline="allowed"/>', 'offline="allowed"> </seats>'),
    ("text-language-tag", "license desk", "license \U000e0001desk"), ("text-interlinear", "license desk", "license\ufff9desk"),
    ("foreign-attribute", 'minor="0"', 'minor="0" xmlns:x="urn:example:x" x:a="1"'),
    ("vendor-missing", "  <vendor ", None), ("vendor-id-missing", '<vendor id="%s" ' % ROOT.id, "<vendor "),
    ("vendor-id-capitals", ROOT.id, ROOT.id.upper()), ("vendor-id-63", ROOT.id, ROOT.id[:63]), ("vendor-id-65", ROOT.id, ROOT.id + "0"),
    ("vendor-name-missing", ' name="Druckerei-Bedarf Müller &amp; Söhne"', ""),
    ("text-empty", "license desk, +00 555 0100", ""), ("text-space-first", "license desk", " license desk"),
    ("text-space-last", "555 0100", "555 0100 "), ("text-only-space", "license desk, +00 555 0100", " "),
    ("text-201-characters", "license desk, +00 555 0100", "ö" * 201), ("text-no-break-space", "license desk", "license\u00a0desk"),
    ("text-line-separator", "license desk", "license\u2028desk"), ("text-ideographic-space", "license desk", "license\u3000desk"),
    ("text-zero-width", "license desk", "license\u200bdesk"), ("text-soft-hyphen", "license desk", "license\u00addesk"),
    ("text-right-to-left-override", "license desk", "\u202elicense desk"), ("text-isolate", "license desk", "\u2066license desk"),
    ("text-byte-order-mark", "license desk", "license\ufeff desk"), ("text-c1-control", "license desk", "license\u0085desk"),
    ("text-grapheme-joiner", "license desk", "li\u034fcense desk"), ("text-hangul-filler", "license desk", "license\u3164desk"),
    ("text-braille-blank", "license desk", "license\u2800desk"), ("text-private-use", "license desk", "license\ue000desk"),
    ("text-word-joiner", "license desk", "license\u2060desk"), ("text-tag-character", "license desk", "license\U000e0041desk"),
    ("license-missing", "  <license ", None), ("license-twice", "  <license ", 2), ("license-id-empty", 'id="PRESS-2024.7_b"', 'id=""'),
    ("license-id-dot-first", 'id="PRESS', 'id=".PRESS'), ("license-id-space", 'id="PRESS-', 'id="PRESS '), ("license-id-65", 'id="PRESS-2024.7_b"', 'id="%s"' % ("a" * 65)),
    ("license-id-letter", 'id="PRESS', 'id="PRÉSS'), ("license-id-slash", 'id="PRESS-', 'id="../PRESS-'),
    ("revision-0", 'revision="2"', 'revision="0"'), ("revision-negative", 'revision="2"', 'revision="-2"'), ("revision-plus", 'revision="2"', 'revision="+2"'),
    ("revision-leading-zero", 'revision="2"', 'revision="02"'), ("revision-space", 'revision="2"', 'revision=" 2"'), ("revision-10-digits", 'revision="2"', 'revision="1000000000"'),
    ("revision-other-digits", 'revision="2"', 'revision="٢"'),
    ("issued-missing", ' issued="2024-02-01T08:30:00Z"', ""), ("time-without-z", "08:30:00Z", "08:30:00"), ("time-offset", "08:30:00Z", "08:30:00+00:00"),
    ("time-fraction", "08:30:00Z", "08:30:00.5Z"), ("time-24", "T08:30:00Z", "T24:00:00Z"), ("time-second-60", "08:30:00Z", "08:30:60Z"), ("time-minute-60", "08:30:00Z", "08:60:00Z"),
    ("time-lower-case", "T08:30:00Z", "t08:30:00z"), ("time-month-13", "2024-02-01", "2024-13-01"), ("time-month-0", "2024-02-01", "2024-00-01"), ("time-day-0", "2024-02-01", "2024-02-00"),
    ("time-day-32", "2024-02-01", "2024-01-32"), ("time-date-only", "2024-02-01T08:30:00Z", "2024-02-01"), ("time-year-5-digits", "2024-02-01", "12024-02-01"), ("time-never", "2024-02-01T08:30:00Z", "never"),
    ("product-missing", "  <product ", None), ("edition-empty", 'edition="workshop"', 'edition=""'), ("newest-version-missing", ' newest-version="4.12"', ""),
    ("version-5-numbers", '"4.12"', '"4.12.0.0.1"'), ("version-leading-zero", '"4.12"', '"4.012"'), ("version-dot-last", '"4.12"', '"4.12."'), ("version-7-digits", '"4.12"', '"4.1200000"'),
    ("version-letter", '"4.12"', '"4.12b"'), ("version-any-capitals", '"4.12"', '"Any"'),
    ("licensee-missing", "  <licensee ", None), ("seats-missing", "  <seats ", None), ("seats-0", 'count="25"', 'count="0"'), ("seats-1000001", 'count="25"', 'count="1000001"'),
    ("seats-unlimited", 'count="25"', 'count="unlimited"'), ("offline-missing", ' offline="allowed"', ""), ("offline-yes", 'offline="allowed"', 'offline="yes"'), ("offline-capitals", '"allowed"', '"ALLOWED"'),
    ("feature-without-name", '<feature name="colour"/>', "<feature/>"), ("feature-name-space", '"colour"', '"full colour"'), ("feature-value-empty", 'value="8"', 'value=""'),
    ("feature-value-65", 'value="8"', 'value="%s"' % ("8" * 65)), ("feature-value-slash", 'value="8"', 'value="8/9"'), ("feature-other-element", '<feature name="colour"/>', '<option name="colour"/>'),
    ("feature-text", '<feature name="colour"/>', '<feature name="colour">yes</feature>'), ("feature-inside-feature", '<feature name="colour"/>', '<feature name="colour"><feature name="x"/></feature>'),
    ("validity-missing", "  <validity ", None), ("not-after-missing", ' not-after="2099-12-31T23:59:59Z"', ""), ("not-after-forever", 'not-after="2099-12-31T23:59:59Z"', 'not-after="forever"'),
    ("lease-days-0", 'lease-days="36500"', 'lease-days="0"'), ("lease-days-36501", 'lease-days="36500"', 'lease-days="36501"'), ("lease-days-never", 'lease-days="36500"', 'lease-days="never"'),
    ("activate-within-none", 'activate-within-days="36500"', 'activate-within-days="none"'), ("activate-within-0", 'activate-within-days="36500"', 'activate-within-days="0"'),
    ("caps-missing", "  <caps ", None), ("transfers-many", 'transfers-per-year="4"', 'transfers-per-year="many"'), ("losses-missing", ' losses-per-year="0"', ""), ("losses-10-digits", 'losses-per-year="0"', 'losses-per-year="1000000000"'),
    ("held-yes", 'held-after-loss="lease"', 'held-after-loss="yes"'), ("threshold-0", 'threshold="55"', 'threshold="0"'), ("threshold-101", 'threshold="55"', 'threshold="101"'), ("threshold-per-cent", 'threshold="55"', 'threshold="55%"'),
    ("weight-unknown-fact", 'fact="cpu"', 'fact="gpu"'), ("weight-101", 'fact="cpu" points="5"', 'fact="cpu" points="101"'), ("weight-negative", 'fact="cpu" points="5"', 'fact="cpu" points="-5"'),
    ("weight-without-points", 'fact="cpu" points="5"', 'fact="cpu"'), ("clock-missing", "  <clock ", None), ("tolerance-8761", 'tolerance-hours="48"', 'tolerance-hours="8761"'),
    ("environment-missing", "  <environment ", None), ("virtual-pinned", 'virtual="refused"', 'virtual="pinned"'), ("container-maybe", 'container="pinned"', 'container="maybe"'),
    ("issuer-missing", "  <issuer ", None), ("issuer-twice", "  <issuer ", 2), ("issuer-key-short", 'key="%s"' % ISSUER.id, 'key="%s"' % ISSUER.id[:16]), ("trust-three-numbers", 'least-version="1.0"', 'least-version="1.0.0"'),
    ("trust-one-number", 'least-version="1.0"', 'least-version="1"'), ("text-between", "  <seats ", "seats:\n  <seats "), ("unknown-element", "  <seats ", "  <discount percent=\"10\"/>\n  <seats "),
    ("foreign-element-outside-extensions", "  <seats ", '  <x:s xmlns:x="urn:example:x"/>\n  <seats '), ("unknown-attribute", 'count="25"', 'count="25" used="3"'), ("attribute-in-other-case", 'count="25"', 'Count="25"'),
    ("element-in-other-case", "  <clock ", "  <Clock "), ("element-without-namespace", "  <clock ", '  <clock xmlns="" '),
]
FINGERPRINT = [
    ("request-missing", "  <request ", None), ("purpose-missing", ' purpose="new"', ""), ("purpose-other", 'purpose="new"', 'purpose="steal"'), ("made-missing", ' made="2024-03-01T07:15:30Z"', ""),
    ("sequence-0", 'sequence="2"', 'sequence="0"'), ("sequence-missing", ' sequence="2"', ""), ("previous-short", 'previous="', 'previous="0'), ("nonce-missing", ' nonce="8f0e1d2c3b4a59687786950413223140"', ""),
    ("nonce-31", "413223140", "41322314"), ("nonce-capitals", "8f0e1d2c", "8F0E1D2C"), ("label-empty", "Setzerei „Nord“ 7", ""), ("environment-missing", "  <environment ", None), ("virtual-missing", ' virtual="none"', ""),
    ("virtual-empty", 'virtual="none"', 'virtual=""'), ("virtual-capitals", 'virtual="none"', 'virtual="KVM"'), ("container-33", 'container="lxc"', 'container="%s"' % ("x" * 33)), ("user-without-digest", '<user digest="%s"/>' % cast.fact_digest(cast.SECRET, "user", "name:mara"), "<user/>"),
    ("user-name-in-clear", '<user digest="', '<user name="mara" digest="'), ("product-version-any", '"4.2.0.17"', '"any"'), ("product-without-id", '<product id="plates"/>', "<product/>"),
    ("fact-unknown", 'name="tpm"', 'name="ssn"'), ("fact-value-in-clear", 'name="tpm"', 'name="tpm" value="x"'), ("fact-without-name", ' name="tpm"', ""), ("journal-position-0", 'position="411"', 'position="0"'),
    ("journal-without-position", ' position="411"', ""), ("vendor-name", '<vendor id="%s"' % ROOT.id, '<vendor id="%s" name="Example"' % ROOT.id),
]
LICENSE = [
    ("vendor-missing", "  <vendor ", None), ("grant-missing", "  <grant ", None), ("grant-license-missing", ' license="PRESS-2024.7_b"', ""), ("epoch-0", 'epoch="1"', 'epoch="0"'), ("epoch-missing", ' epoch="1"', ""),
    ("serial-0", 'serial="1"', 'serial="0"'), ("serial-missing", ' serial="1"', ""), ("seat-0", 'seat="7"', 'seat="0"'), ("seat-1000001", 'seat="7"', 'seat="1000001"'), ("seat-missing", ' seat="7"', ""),
    ("entitlement-missing", "  <entitlement ", None), ("product-missing", "  <product ", None), ("product-newest-version", 'edition="workshop"', 'edition="workshop" newest-version="any"'), ("licensee-missing", "  <licensee ", None),
    ("machine-missing", "  <machine ", None), ("machine-key-missing", ' key="%s"' % MACHINE.id, ""), ("user-twice", "  <user ", 2), ("validity-missing", "  <validity ", None), ("issued-never", 'issued="2024-03-02T08:00:00Z"', 'issued="never"'),
    ("activate-by-missing", ' activate-by="2099-12-31T23:59:59Z"', ""), ("activate-by-never", 'activate-by="2099-12-31T23:59:59Z"', 'activate-by="never"'), ("lease-until-missing", ' lease-until="2099-06-30T00:00:00Z"', ""),
    ("lease-until-none", 'lease-until="2099-06-30T00:00:00Z"', 'lease-until="none"'), ("not-after-missing", ' not-after="2099-12-31T23:59:59Z"', ""), ("journal-missing", "  <journal ", None), ("journal-digest-short", 'position="412" digest="', 'position="412" digest="0'),
]
RELEASE = [
    ("grant-missing", "  <grant ", None), ("license-missing", "  <license ", None), ("declaration-missing", "  <declaration ", None), ("how-lost", 'how="released"', 'how="lost"'), ("made-missing", ' made="2024-10-05T16:20:00Z"', ""),
    ("sequence-word", 'sequence="3"', 'sequence="three"'), ("reason", 'how="released"', 'how="released" reason="sold"'),
]
RECEIPT = [
    ("machine-missing", "  <machine ", None), ("end-missing", "  <end ", None), ("how-lost", 'how="freed"', 'how="lost"'), ("at-missing", ' at="2024-10-06T08:00:00Z"', ""), ("at-never", 'at="2024-10-06T08:00:00Z"', 'at="never"'),
    ("reason-empty", 'how="freed"', 'how="freed" reason=""'), ("release-twice", "  <release ", 2), ("journal-missing", "  <journal ", None), ("entitlement-missing", "  <entitlement ", None),
]


def replaced(text, old, new):
    """new None leaves out the line of an element, 2 doubles it."""
    if new not in (None, 2):
        return edit(text, old, new)
    start = text.index(old.encode())
    end = text.index(b"\n", start) + 1
    return text[:start] + text[start:end] * (new or 0) + text[end:]


def add_schema(add, base):
    for kind, text, key, embedded, rows in (
            ("entitlement", base.entitlement_text, ROOT, [], ENTITLEMENT), ("fingerprint", base.fingerprint_text, MACHINE, [], FINGERPRINT),
            ("license", base.license_text, ISSUER, [base.entitlement], LICENSE), ("release", base.release_text, MACHINE, [base.license], RELEASE),
            ("receipt", base.receipt_text, ISSUER, [base.entitlement], RECEIPT)):

        def bad(name, data, clauses="X-9", kind=kind, key=key, embedded=embedded):
            add("invalid", "schema-%s-%s.carnet" % (kind, name), bundle(kind, data, key, embedded), "malformed", clauses)

        for name, old, new in rows:
            bad(name, replaced(text, old, new))
        if kind == "entitlement":
            bad("xml-lang", edit(text, 'count="25"', 'count="25" xml:lang="en"'), "X-9, X-7")
            bad("xml-base", edit(text, 'minor="0"', 'minor="0" xml:base="http://carnet.example/"'), "X-9, X-7")
        bad("critical-empty", extended(text, kind, "  <critical/>\n"), "X-9, V-4")
        bad("extensions-carnet-element", extended(text, kind, '  <extensions>\n    <vendor id="%s"/>\n  </extensions>\n' % ROOT.id), "X-9, V-5")
        bad("extensions-carnet-2-element", extended(text, kind, '  <extensions>\n    <vendor xmlns="urn:carnet:2"/>\n  </extensions>\n'), "V-5")
        bad("extensions-without-namespace", extended(text, kind, '  <extensions>\n    <note xmlns=""/>\n  </extensions>\n'))
        bad("extensions-text", extended(text, kind, "  <extensions>note</extensions>\n"))
        bad("extensions-twice", extended(text, kind, "  <extensions/>\n  <extensions/>\n"))

    add_lists(add, base)


def add_lists(add, base):
    """Lists with too few or too many, and an order of elements that is not the one."""
    def bad(kind, name, text, key, embedded=()):
        add("invalid", "schema-%s-%s.carnet" % (kind, name), bundle(kind, text, key, embedded), "malformed", "X-9")

    text = base.entitlement_text
    bad("entitlement", "features-65", edit(text, cast.features(cast.FEATURES), cast.features([("f%d" % n, None) for n in range(65)])), ROOT)
    bad("entitlement", "features-missing", edit(text, cast.features(cast.FEATURES), ""), ROOT)
    bad("entitlement", "matching-missing", edit(text, cast.weights(cast.WEIGHTS, 55), ""), ROOT)
    bad("entitlement", "weights-none", edit(text, cast.weights(cast.WEIGHTS, 55), '  <matching threshold="55"/>\n'), ROOT)
    bad("entitlement", "weights-10", edit(text, cast.weights(cast.WEIGHTS, 55), cast.weights(cast.WEIGHTS + [("os", 1)], 55)), ROOT)
    clock, environment = '  <clock tolerance-hours="48"/>\n', '  <environment virtual="refused" container="pinned"/>\n'
    bad("entitlement", "order", edit(text, clock + environment, environment + clock), ROOT)
    bad("entitlement", "extensions-before-critical", extended(text, "entitlement", '  <extensions/>\n  <critical><x xmlns="urn:example:x"/></critical>\n'), ROOT)
    text = base.fingerprint_text
    bad("fingerprint", "facts-none", edit(text, cast.facts(cast.FACTS), "  <facts/>\n"), MACHINE)
    bad("fingerprint", "facts-missing", edit(text, cast.facts(cast.FACTS), ""), MACHINE)
    bad("fingerprint", "facts-49", edit(text, cast.facts(cast.FACTS), cast.facts([("adapter", str(n)) for n in range(49)])), MACHINE)
    products = "".join('    <product id="p%d"/>\n' % n for n in range(33))
    bad("fingerprint", "products-33", edit(text, '    <product id="plates"/>\n', products), MACHINE)
    renewal = cast.fingerprint_renewal(base.fingerprint_id)
    grant = '    <grant license="PRESS-2024.7_b" fingerprint="%s"/>\n' % base.fingerprint_id
    bad("fingerprint", "renews-none", edit(renewal, grant, ""), MACHINE)
    bad("fingerprint", "renews-65", edit(renewal, grant, "".join(grant.replace("PRESS-2024.7_b", "L%d" % n) for n in range(65))), MACHINE)
    bad("fingerprint", "renews-without-fingerprint", edit(renewal, '_b" fingerprint="%s"' % base.fingerprint_id, '_b"'), MACHINE)
    bad("license", "features-missing", edit(base.license_text, cast.features(cast.FEATURES[:3]), ""), ISSUER, [base.entitlement])
    bad("license", "facts-none", edit(base.license_text, cast.facts(cast.FACTS), "  <facts/>\n"), ISSUER, [base.entitlement])


def add_containers(add, base):
    """What M-9 needs, in a form that it can't have."""
    entitled, asked, given = cast.pinned(base)
    for name, old, new in (("label-empty", "Worker 7", ""), ("label-space-at-the-end", "Worker 7", "Worker 7 "), ("label-tab", "Worker 7", "Worker&#9;7")):
        clauses = "X-4, M-9" if name == "label-tab" else "X-9, M-9"
        add("invalid", "pinned-license-%s.carnet" % name, bundle("license", edit(given, old, new), ISSUER, [entitled]), "malformed", clauses)
    text = edit(cast.fingerprint_smallest(), 'container="none"', 'container="Docker"')
    add("invalid", "pinned-fingerprint-in-capitals.carnet", bundle("fingerprint", text, MACHINE), "malformed", "X-9, M-9")
    text = edit(cast.entitlement_smallest(), 'container="accepted"', 'container="pinned refused"')
    add("invalid", "pinned-entitlement-two-rules.carnet", bundle("entitlement", text, ROOT), "malformed", "X-9, M-9")


def add_semantic(add, base):
    def bad(kind, name, clauses, old, new, text=None):
        text = text or {"entitlement": base.entitlement_text, "fingerprint": base.fingerprint_text, "license": base.license_text,
                        "release": base.release_text, "receipt": base.receipt_text}[kind]
        key = {"entitlement": ROOT, "fingerprint": MACHINE, "license": ISSUER, "release": MACHINE, "receipt": ISSUER}[kind]
        embedded = {"license": [base.entitlement], "receipt": [base.entitlement], "release": [base.license]}.get(kind, [])
        add("invalid", "semantic-%s-%s.carnet" % (kind, name), bundle(kind, edit(text, old, new), key, embedded), "malformed", clauses)

    bad("entitlement", "february-30", "X-10", 'issued="2024-02-01', 'issued="2024-02-30')
    bad("entitlement", "february-29-of-2023", "X-10", 'issued="2024-02-01', 'issued="2023-02-29')
    bad("entitlement", "february-29-of-2100", "X-10", 'not-after="2099-12-31', 'not-after="2100-02-29')
    bad("fingerprint", "april-31", "X-10", 'made="2024-03-01', 'made="2024-04-31')
    bad("license", "june-31", "X-10", 'lease-until="2099-06-30', 'lease-until="2099-06-31')
    bad("license", "november-31", "X-10", 'activate-by="2099-12-31', 'activate-by="2099-11-31')
    bad("release", "september-31", "X-10", 'made="2024-10-05', 'made="2024-09-31')
    bad("entitlement", "year-0", "X-10", 'issued="2024-02-01', 'issued="0000-02-01')
    bad("license", "year-0-of-lease", "X-10", 'lease-until="2099-06-30', 'lease-until="0000-06-30')
    bad("receipt", "february-31", "X-10", 'at="2024-10-06', 'at="2024-02-31')
    bad("entitlement", "feature-twice", "X-11", '"plates"', '"colour"')
    bad("entitlement", "feature-twice-with-another-value", "X-11", 'name="plates"', 'name="export"')
    bad("entitlement", "weight-twice", "X-11", 'fact="cpu"', 'fact="host"')
    bad("license", "feature-twice", "X-11", '"plates"', '"colour"')
    bad("license", "weight-twice", "X-11", 'fact="cpu"', 'fact="host"')
    bad("fingerprint", "product-twice", "X-11", '"plates"', '"press"')
    fact = cast.facts(cast.FACTS[5:6]).splitlines(keepends=True)[1]
    bad("fingerprint", "fact-twice", "X-11", fact, fact + fact)
    bad("license", "fact-twice", "X-11", fact, fact + fact)
    no_points = cast.weights([(name, 0) for name, _ in cast.WEIGHTS], 55)
    bad("entitlement", "no-weight-above-0", "E-1", cast.weights(cast.WEIGHTS, 55), no_points)
    bad("fingerprint", "renew-without-renews", "F-1", 'purpose="new"', 'purpose="renew"')
    bad("fingerprint", "new-with-renews", "F-1", 'purpose="renew"', 'purpose="new"', cast.fingerprint_renewal(base.fingerprint_id))
    grant = '    <grant license="PRESS-2024.7_b" fingerprint="%s"/>\n' % base.fingerprint_id
    bad("fingerprint", "renews-twice", "X-11, X-9", grant, grant + grant, cast.fingerprint_renewal(base.fingerprint_id))
    bad("fingerprint", "previous-missing", "F-2", 'sequence="2" previous="%s"' % cast.sha256(b"the one before"), 'sequence="2"')
    bad("fingerprint", "previous-of-first", "F-2", 'sequence="2"', 'sequence="1"')
    bad("release", "previous-missing", "F-2", ' previous="%s"' % base.fingerprint_id, "")
    bad("release", "previous-of-first", "F-2", 'sequence="3"', 'sequence="1"')
    bad("receipt", "freed-without-release", "P-1", '  <release id="%s"/>\n' % base.release_id, "")
    bad("receipt", "replaced-with-release", "P-1", 'how="freed"', 'how="replaced"')
    bad("receipt", "revoked-with-release", "P-1", 'how="freed" at="2024-10-06T08:00:00Z"', 'how="revoked" at="2024-10-06T08:00:00Z" reason="lost"')
    revoked = cast.receipt(base.grant, base.entitlement_id, "revoked", "lost")
    bad("receipt", "revoked-without-reason", "P-1", ' reason="lost"', "", revoked)
    # The same faults count in what is embedded.
    inner = bundle("entitlement", edit(base.entitlement_text, 'issued="2024-02-01', 'issued="2024-02-30'), ROOT)
    text = cast.license_rich(Bundle(inner).id, base.fingerprint_id)
    add("invalid", "semantic-embedded-entitlement-february-30.carnet", bundle("license", text, ISSUER, [inner]), "malformed", "X-10")

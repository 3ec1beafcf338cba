/* SPDX-License-Identifier: MIT */
/* V-1 to V-5, F-1 and F-2 through the parser and the schema, by fingerprints. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "document_fixture.h"

#define FOREIGN "<x:y xmlns:x=\"urn:example:x\"/>"

static void test_good(void **state)
{
    (void)state;
    struct read r;
    read_bytes(&r, "fingerprint", 1, FP_GOOD, strlen(FP_GOOD));
    assert_int_equal(r.err, CARNET_OK);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(r.document);
    assert_non_null(f);
    assert_string_equal(f->label, "Hall 3");
    assert_int_equal(f->sequence.made, at("2026-02-28T23:59:59Z"));
    assert_int_equal(f->sequence.sequence, 1);
    assert_false(f->renew);
    assert_int_equal(f->facts.count, 1);
    assert_int_equal(f->journal.position, 0);
    assert_null(carnet_document_trusted(r.document));
    assert_string_equal(carnet_document_kind(r.document)->name, "fingerprint");
    assert_int_equal(carnet_document_minor(r.document), 0);
    assert_false(carnet_document_has_extensions(r.document));
    assert_ptr_equal(carnet_document_vendor(r.document), &f->vendor);
    assert_null(carnet_document_license(r.document));
    assert_null(carnet_document_entitlement(r.document));
    assert_null(carnet_document_release(r.document));
    assert_null(carnet_document_receipt(r.document));
    read_clear(&r);
    carnet_document_free(NULL);
}

static void test_form(void **state)
{
    (void)state;
    malformed(PROLOG "<fingerprint xmlns=\"urn:carnet:1\" minor=\"0\">\n", "X-7", 3, "not well-formed");
    malformed(FP_FIRST FP_MIDDLE "</license>\n", "X-7", 10, "mismatch");
    malformed(PROLOG "<fingerprint xmlns=\"urn:carnet:1\" minor=\"0\" minor=\"0\"/>\n", "X-7", 2, "minor redefined");
    malformed(FP_WITH("  <extensions><x:y/></extensions>\n"), "X-7", 10, "prefix x");
    malformed(FP_WITH("  <extensions><y xmlns=\"relative\"/></extensions>\n"), "X-7", 10, "not absolute");
    malformed(FP_WITH("  <extensions><a:y xmlns:a=\"urn:e\" xmlns:b=\"urn:e\" a:z=\"1\" b:z=\"2\"/></extensions>\n"),
              "X-7", 10, "redefined");
    malformed(PROLOG "<a b=\"\xEF\xBF\xBE\"/>\n", "X-7", 2, "not well-formed");
    malformed(PROLOG "words\n", "X-7", 2, "not well-formed");
    malformed(PROLOG, "X-7", 2, "not well-formed");
}

static void test_root(void **state)
{
    (void)state;
    malformed(PROLOG "<license xmlns=\"urn:carnet:1\" minor=\"0\"/>\n", "X-8", 2, "<license>");
    malformed(PROLOG "<fingerprint minor=\"0\"/>\n", "X-8", 2, "namespace");
    malformed(PROLOG "<fingerprint xmlns=\"urn:carnet:2\" minor=\"0\"/>\n", "X-8", 2, "urn:carnet:2");
    malformed(PROLOG "<fingerprint xmlns=\"URN:carnet:1\" minor=\"0\"/>\n", "X-8", 2, "URN:carnet:1");
}

static void test_prefixes_are_names_only(void **state)
{
    (void)state;
    accept("fingerprint",
           PROLOG "<c:fingerprint xmlns:c=\"urn:carnet:1\" minor=\"0\">\n  <c:vendor id=\"" DIGEST "\"/>\n"
                  "  <d:request xmlns:d=\"urn:carnet:1\" purpose=\"new\" made=\"2026-02-28T23:59:59Z\" sequence=\"1\" "
                  "nonce=\"" D0 "\"/>\n"
                  "  <environment xmlns=\"urn:carnet:1\" virtual=\"none\" container=\"none\"/>\n  <c:products/>\n"
                  "  <c:facts><c:fact name=\"os\" digest=\"" DIGEST "\"/></c:facts>\n</c:fingerprint>\n");
    malformed(PROLOG "<c:fingerprint xmlns:c=\"urn:carnet:1\" c:minor=\"0\"/>\n", "X-9", 2, "prefix");
}

/* Attributes that steer other software. */
static void test_foreign_attributes(void **state)
{
    (void)state;
#define XSI "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
    static const char *const attributes[] = {XSI "xsi:schemaLocation=\"urn:carnet:1 file:///etc/hostname\"",
                                             XSI "xsi:noNamespaceSchemaLocation=\"file:///etc/hostname\"",
                                             XSI "xsi:type=\"license\"",
                                             XSI "xsi:nil=\"true\"",
                                             "xml:base=\"http://localhost/\"",
                                             "xml:lang=\"de\"",
                                             "xml:space=\"preserve\"",
                                             "xmlns:x=\"urn:example:x\" x:y=\"z\""};
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        char text[2048];
        snprintf(text, sizeof(text),
                 PROLOG "<fingerprint xmlns=\"urn:carnet:1\" minor=\"0\" %s>\n" FP_VENDOR FP_MIDDLE FP_END,
                 attributes[i]);
        malformed(text, "X-9", 2, "attribute with a prefix");
        snprintf(text, sizeof(text), FP_FIRST FP_REQUEST FP_ENVIRONMENT "  <products %s/>\n" FP_FACTS FP_END,
                 attributes[i]);
        malformed(text, "X-9", 6, "attribute with a prefix");
    }
    /* On a foreign element they mean nothing to carnet. */
    accept("fingerprint", FP_WITH("  <extensions><x:y xmlns:x=\"urn:example:x\" " XSI
                                  "xsi:type=\"x:z\" xsi:nil=\"true\" xsi:schemaLocation=\"urn:e file:///none\""
                                  "/></extensions>\n"));
    static const char *const of_xml[] = {"lang=\"de\"", "space=\"preserve\"", "id=\"a\"", "base=\"urn:e\"",
                                         "more=\"\""};
    for (size_t i = 0; i < sizeof(of_xml) / sizeof(of_xml[0]); i++) {
        char text[2048];
        snprintf(text, sizeof(text), FP_WITH("  <extensions><x:y xmlns:x=\"urn:example:x\" xml:%s/></extensions>\n"),
                 of_xml[i]);
        malformed(text, "X-7", 10, "<y> has an attribute with the prefix xml");
    }
    malformed(FP_WITH("  <extensions><x:y xmlns:x=\"notes\"/></extensions>\n"), "X-7", 10, "not absolute");
    malformed(FP_WITH("  <extensions><y xmlns=\"notes\"/></extensions>\n"), "X-7", 10, "not absolute");
}

static void test_schema_words(void **state)
{
    (void)state;
    malformed(FP_FIRST "  <request purpose=\"newer\" made=\"2026-02-28T23:59:59Z\" sequence=\"1\" nonce=\"" D0
                       "\"/>\n" FP_ENVIRONMENT FP_PRODUCTS FP_FACTS FP_END,
              "X-9", 4, "purpose=\"newer\" in <request> is not allowed; it must be new or renew.");
    malformed(FP_FIRST "  <request purpose=\"new\" made=\"2026-02-28T23:59:59Z\" sequence=\"01\" nonce=\"" D0
                       "\"/>\n" FP_ENVIRONMENT FP_PRODUCTS FP_FACTS FP_END,
              "X-9", 4, "sequence=\"01\" in <request> is not allowed; it must be a number from 1 to 999,999,999");
    malformed(PROLOG FP_ROOT "  <vendor id=\" " DIGEST "\"/>\n" FP_MIDDLE FP_END, "X-9", 3, "64 lower-case");
    malformed(PROLOG FP_ROOT "  <vendor id=\"" DIGEST " \"/>\n" FP_MIDDLE FP_END, "X-9", 3, "64 lower-case");
    malformed(PROLOG FP_ROOT "  <vendor id=\"\"/>\n" FP_MIDDLE FP_END, "X-9", 3, "id=\"\" in <vendor>");
    malformed(PROLOG FP_ROOT "  <vendor/>\n" FP_MIDDLE FP_END, "X-9", 3, "<vendor> lacks its attribute id: Vendor id");
    malformed(PROLOG FP_ROOT "  <vendor id=\"" DIGEST "\" name=\"x\"/>\n" FP_MIDDLE FP_END, "X-9", 3,
              "<vendor> has an attribute name, which is not allowed; its attributes are: id.");
    malformed(PROLOG "<fingerprint xmlns=\"urn:carnet:1\">\n" FP_VENDOR FP_MIDDLE FP_END, "X-9", 2,
              "<fingerprint> lacks its attribute minor");
    malformed(PROLOG FP_ROOT FP_MIDDLE FP_END, "X-9", 3, "<request> is not allowed at this place in <fingerprint>");
    malformed(FP_FIRST FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS FP_END, "X-9", 2, "<fingerprint> lacks <facts>");
    malformed(FP_FIRST FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS "  <facts/>\n" FP_END, "X-9", 7, "<facts> lacks <fact>");
    malformed(FP_WITH("  <more/>\n"), "X-9", 10, "<more> is not allowed at this place in <fingerprint>");
    malformed(FP_WITH("  words\n"), "X-9", 2, "<fingerprint> holds text");
    malformed(FP_FIRST FP_REQUEST FP_ENVIRONMENT "  <products>words</products>\n" FP_FACTS FP_END, "X-9", 6,
              "<products> holds text");
    malformed(PROLOG FP_ROOT "  <vendor id=\"" DIGEST "\">x</vendor>\n" FP_MIDDLE FP_END, "X-9", 3,
              "<vendor> holds text");
    malformed(PROLOG FP_ROOT "  <vendor id=\"" DIGEST "\"><vendor/></vendor>\n" FP_MIDDLE FP_END, "X-9", 3, "<vendor>");
}

static void with_label(const char *label, bool good)
{
    char text[4096];
    snprintf(text, sizeof(text),
             FP_FIRST "  <request purpose=\"new\" made=\"2026-02-28T23:59:59Z\" sequence=\"1\" nonce=\"" D0
                      "\" label=\"%s\"/>\n" FP_ENVIRONMENT FP_PRODUCTS FP_FACTS FP_END,
             label);
    if (good)
        accept("fingerprint", text);
    else
        malformed(text, "X-9", 4, "label=\"");
}

static void test_text(void **state)
{
    (void)state;
    static const char *const good[] = {"a",
                                       "a b",
                                       "a  b",
                                       "&amp;&lt;&gt;&quot;&apos;",
                                       "Gr\xC3\xBC\xC3\x9F, M\xC3\xBCnchen",
                                       "\xE4\xB8\xAD\xE6\x96\x87 \xE6\x9C\xBA\xE5\x99\xA8",
                                       "\xD8\xA2\xD9\x84\xD8\xA9 \xD8\xB1\xD9\x82\xD9\x85",
                                       "\xE0\xA4\xB9\xE0\xA4\xBF\xE0\xA4\xA8\xE0\xA5\x8D\xE0\xA4\xA6\xE0\xA5\x80",
                                       "e\xCC\x81",
                                       "\xF0\x9F\x94\x91",
                                       "\xE2\x9C\x94\xEF\xB8\x8F",
                                       "\xF0\x9F\xAB\xA0"};
    static const char *const bad[] = {"",
                                      " a",
                                      "a ",
                                      "\xC2\xA0",
                                      "a\xC2\xA0"
                                      "b",
                                      "a\xE2\x80\xAE"
                                      "b",
                                      "a\xE2\x80\x8B"
                                      "b",
                                      "\xEF\xBB\xBF"
                                      "a",
                                      "a\xE2\x81\xA6"
                                      "b",
                                      "a\xD8\x9C"
                                      "b",
                                      "a\xC2\xAD"
                                      "b",
                                      "a\xE3\x85\xA4"
                                      "b",
                                      "a\xEE\x80\x80"
                                      "b",
                                      "a\xEE\x80\x81"
                                      "b",
                                      "a\xF3\xA0\x81\x81"
                                      "b",
                                      "a\xC2\x85"
                                      "b",
                                      "a\xE2\x80\xA8"
                                      "b",
                                      "a\xE1\xA0\x8E"
                                      "b",
                                      "a\xE3\x80\x80"
                                      "b",
                                      "a\xE2\x80\x8D"
                                      "b",
                                      "a\xEF\xB7\x90"
                                      "b",
                                      "a\xF4\x8F\xBF\xBD"
                                      "b"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        with_label(good[i], true);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        with_label(bad[i], false);
    char words[CARNET_TEXT_SIZE + 4] = "";
    for (int i = 0; i < 200; i++)
        strcat(words, "\xF0\x9F\x94\x91");
    with_label(words, true);
    strcat(words, "\xF0\x9F\x94\x91");
    with_label(words, false);
}

static size_t utf8(uint32_t c, char out[5])
{
    size_t n = 0;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xC0 | c >> 6);
        out[n++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out[n++] = (char)(0xE0 | c >> 12);
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        out[n++] = (char)(0x80 | (c & 0x3F));
    } else {
        out[n++] = (char)(0xF0 | c >> 18);
        out[n++] = (char)(0x80 | (c >> 12 & 0x3F));
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        out[n++] = (char)(0x80 | (c & 0x3F));
    }
    out[n] = '\0';
    return n;
}

/* What carnet_text_is_text takes (and so what is composed), the schema takes, and the other way round: at both sides of
 * each border between the two for each character, and for everything taken. */
static void test_text_agrees_with_the_schema(void **state)
{
    (void)state;
    char batch[CARNET_TEXT_SIZE] = "", one[8], name[5];
    size_t used = 0, count = 0;
    bool last = false;
    for (uint32_t c = 0x20; c <= 0x10FFFF; c++) {
        if ((c >= 0xD800 && c <= 0xDFFF) || (c & 0xFFFE) == 0xFFFE ||
            strchr(" \"&<>\x7F", (int)(c < 0x80 ? c : 'a')) != NULL)
            continue;
        size_t length = utf8(c, name);
        snprintf(one, sizeof(one), "a%sb", name);
        bool good = carnet_text_is_text(one);
        if (good) {
            memcpy(batch + used, name, length + 1);
            used += length;
            count++;
        }
        /* Every refused one below the private planes, and the borders of all. */
        if (good != last || (!good && c < 0xE000))
            with_label(one, good);
        last = good;
        if (count == 200) {
            with_label(batch, true);
            used = count = 0;
        }
    }
    with_label(batch, true);
}

static void test_times(void **state)
{
    (void)state;
    static const char *const bad[] = {"2026-02-29", "2025-02-30", "2024-04-31",
                                      "1900-02-29", "2026-06-31", "2026-11-31"};
    static const char *const good[] = {"2024-02-29", "2000-02-29", "0001-12-31", "9999-12-31", "1970-01-01"};
    static const char *const shape[] = {"2026-13-01T00:00:00Z",
                                        "2026-00-01T00:00:00Z",
                                        "2026-01-32T00:00:00Z",
                                        "2026-01-01T24:00:00Z",
                                        "2026-01-01T00:60:00Z",
                                        "2026-01-01T00:00:60Z",
                                        "2026-01-01T00:00:00z",
                                        "2026-01-01T00:00:00+00:00",
                                        "2026-01-01 00:00:00Z",
                                        "2026-01-01T00:00:00.0Z",
                                        "-2026-01-01T00:00:00Z",
                                        "never",
                                        "2026-01-01"};
    char text[2048];
#define MADE(format) \
    FP_FIRST "  <request purpose=\"new\" made=\"" format "\" sequence=\"1\" nonce=\"" D0 \
             "\"/>\n" FP_ENVIRONMENT FP_PRODUCTS FP_FACTS FP_END
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), MADE("%sT00:00:00Z"), bad[i]);
        malformed(text, "X-10", 4, "no such day");
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(text, sizeof(text), MADE("%sT23:59:59Z"), good[i]);
        accept("fingerprint", text);
    }
    for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
        snprintf(text, sizeof(text), MADE("%s"), shape[i]);
        malformed(text, "X-9", 4, "a UTC time, YYYY-MM-DDThh:mm:ssZ");
    }
}

static void test_repeats(void **state)
{
    (void)state;
#define PRODUCTS(list) FP_FIRST FP_REQUEST FP_ENVIRONMENT "  <products>\n" list "  </products>\n" FP_FACTS FP_END
#define FACTS(list) FP_FIRST FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS "  <facts>\n" list "  </facts>\n" FP_END
    accept("fingerprint", PRODUCTS("<product id=\"a\"/>\n<product id=\"A\"/>\n<product id=\"b\" version=\"1.0\"/>\n"));
    malformed(PRODUCTS("<product id=\"a\"/>\n<product id=\"b\"/>\n<product id=\"a\" version=\"1\"/>\n"), "X-11", 9,
              "<product> repeats");
    accept("fingerprint", FACTS("<fact name=\"adapter\" digest=\"" DIGEST_A "\"/>\n"
                                "<fact name=\"adapter\" digest=\"" DIGEST_B "\"/>\n"
                                "<fact name=\"disk\" digest=\"" DIGEST_A "\"/>\n"));
    malformed(
        FACTS("<fact name=\"adapter\" digest=\"" DIGEST_A "\"/>\n<fact name=\"adapter\" digest=\"" DIGEST_A "\"/>\n"),
        "X-11", 9, "<fact> repeats");
    malformed(FACTS("<fact name=\"mac\" digest=\"" DIGEST_A "\"/>\n"), "X-9", 8, "machine-id, system-uuid");
#define RENEWING(sequence, list) \
    FP_FIRST "  <request purpose=\"renew\" made=\"2026-01-01T00:00:00Z\" " sequence " nonce=\"" D0 \
             "\"/>\n" FP_ENVIRONMENT FP_PRODUCTS list FP_FACTS FP_END
#define GRANT(license, fingerprint) "<grant license=\"" license "\" fingerprint=\"" fingerprint "\"/>\n"
    accept("fingerprint", RENEWING("sequence=\"1\"", "<renews>\n" GRANT("A", DIGEST_A) GRANT("A", DIGEST_B)
                                                         GRANT("B", DIGEST_A) "</renews>\n"));
    malformed(RENEWING("sequence=\"1\"", "<renews>\n" GRANT("A", DIGEST_A) GRANT("A", DIGEST_A) "</renews>\n"), "X-11",
              9, "<grant> repeats");
}

static void test_renewal_and_sequence(void **state)
{
    (void)state;
    malformed(RENEWING("sequence=\"1\"", ""), "F-1", 4, "of which grants");
    malformed(FP_FIRST FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS
              "<renews>\n" GRANT("A", DIGEST_A) "</renews>\n" FP_FACTS FP_END,
              "F-1", 7, "new grant but names");
    accept("fingerprint",
           RENEWING("sequence=\"2\" previous=\"" DIGEST_A "\"", "<renews>\n" GRANT("A", DIGEST_A) "</renews>\n"));
    malformed(RENEWING("sequence=\"2\"", "<renews>\n" GRANT("A", DIGEST_A) "</renews>\n"), "F-2", 4, "previous one");
    malformed(RENEWING("sequence=\"1\" previous=\"" DIGEST_A "\"", "<renews>\n" GRANT("A", DIGEST_A) "</renews>\n"),
              "F-2", 4, "first bundle");
}

static void test_versions_and_extensions(void **state)
{
    (void)state;
    struct read r;
    const char *text =
        PROLOG "<fingerprint xmlns=\"urn:carnet:1\" minor=\"7\">\n" FP_VENDOR FP_MIDDLE
               "  <extensions><x:y xmlns:x=\"urn:example:x\" a=\"b\">words<z xmlns=\"\"/></x:y></extensions>\n" FP_END;
    read_bytes(&r, "fingerprint", 1, text, strlen(text));
    assert_int_equal(r.err, CARNET_OK);
    assert_int_equal(carnet_document_minor(r.document), 7);
    assert_true(carnet_document_has_extensions(r.document));
    read_clear(&r);
    accept("fingerprint", FP_WITH("  <extensions/>\n"));

    refuse("fingerprint", FP_WITH("  <critical>\n" FOREIGN "</critical>\n"), CARNET_NEWER_FORMAT, "V-4", 11,
           "<y> of urn:example:x");
    refuse("fingerprint", FP_WITH("  <critical>" FOREIGN "</critical>\n  <extensions>" FOREIGN "</extensions>\n"),
           CARNET_NEWER_FORMAT, "V-4", 10, "<y> of urn:example:x");
    malformed(FP_WITH("  <critical/>\n"), "X-9", 10, "<critical> is empty");
    malformed(FP_WITH("  <extensions>\n<vendor id=\"" DIGEST "\"/></extensions>\n"), "X-9", 11, "<vendor>");
    malformed(FP_WITH("  <extensions>\n<y xmlns=\"\"/></extensions>\n"), "X-9", 11, "<y>");
    malformed(FP_WITH("  <critical>\n<vendor id=\"" DIGEST "\"/></critical>\n"), "X-9", 11, "<vendor>");
    malformed(
        FP_WITH("  <extensions>\n<x:y xmlns:x=\"urn:example:x\">\n<vendor id=\"" DIGEST "\"/></x:y></extensions>\n"),
        "V-5", 12, "inside a foreign one");
    malformed(
        FP_WITH("  <extensions>\n<x:y xmlns:x=\"urn:example:x\"><c:z xmlns:c=\"urn:carnet:7\"/></x:y></extensions>\n"),
        "V-5", 11, "inside a foreign one");
    malformed(FP_WITH("  <extensions>\n<c:z xmlns:c=\"urn:carnet:2\"/></extensions>\n"), "V-5", 11, "another version");
    malformed(FP_FIRST FP_REQUEST FP_ENVIRONMENT FP_PRODUCTS FP_FACTS "  <facts xmlns=\"urn:example:x\"/>\n" FP_END,
              "X-9", 10, "<facts>");

    read_bytes(&r, "fingerprint", 2, FP_GOOD, strlen(FP_GOOD));
    assert_int_equal(r.err, CARNET_NEWER_FORMAT);
    assert_string_equal(r.diag.clause, "V-1");
    assert_non_null(strstr(r.diag.detail, "version 2"));
    read_clear(&r);
    read_bytes(&r, "voucher", 1, FP_GOOD, strlen(FP_GOOD));
    assert_int_equal(r.err, CARNET_NEWER_FORMAT);
    assert_string_equal(r.diag.clause, "V-1");
    assert_non_null(strstr(r.diag.detail, "voucher"));
    read_clear(&r);
}

/* A file's words must not reach a document, whatever it says. */
static void test_external_entities(void **state)
{
    (void)state;
    char path[] = "/tmp/carnet-secret-XXXXXX", text[2048];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "SECRETWORDS", 11), 11);
    close(fd);
    static const char *const tries[][2] = {
        {PROLOG "<!DOCTYPE fingerprint [<!ENTITY x SYSTEM \"file://", "\">]>\n" FP_ROOT "&x;" FP_END},
        {PROLOG "<!DOCTYPE fingerprint SYSTEM \"file://", "\">\n" FP_ROOT FP_END},
        {PROLOG "<!DOCTYPE a [<!ENTITY % p SYSTEM \"file://", "\"> %p;]>\n" FP_ROOT FP_END},
    };
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct read r;
        snprintf(text, sizeof(text), "%s%s%s", tries[i][0], path, tries[i][1]);
        malformed(text, "X-3", 2, "document type");
        read_bytes(&r, "fingerprint", 1, text, strlen(text));
        assert_null(strstr(r.diag.detail, "SECRET"));
        read_clear(&r);
    }
    snprintf(text, sizeof(text),
             FP_WITH("  <extensions><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" "
                     "href=\"file://%s\" parse=\"text\"/></extensions>\n"),
             path);
    accept("fingerprint", text);
    unlink(path);
}

static void test_laughs(void **state)
{
    (void)state;
    malformed(PROLOG "<!DOCTYPE a [\n<!ENTITY a \"ha\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\n]>\n<a>&b;</a>\n",
              "X-3", 2, "document type");
    malformed(FP_WITH("  <extensions><x:y xmlns:x=\"urn:e\">&lol;</x:y></extensions>\n"), "X-4", 10, "&amp;");
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Documents of the largest size that give a parser or a validator the most to do. */
static void test_costly(void **state)
{
    (void)state;
    size_t most = 256 * 1024, size;
    char *text = malloc(most + 4096);
    assert_non_null(text);
    double begun = seconds();

    size = (size_t)sprintf(text, FP_FIRST FP_REQUEST FP_ENVIRONMENT "<products>\n");
    for (unsigned i = 0; size < most - 100; i++)
        size += (size_t)sprintf(text + size, "<product id=\"%u\"/>\n", i);
    size += (size_t)sprintf(text + size, "</products>\n" FP_END);
    refuse_bytes("fingerprint", text, size, CARNET_MALFORMED, "X-9", 307, "<products> holds more elements");

    size = (size_t)sprintf(text, FP_FIRST FP_MIDDLE "<extensions>\n");
    while (size < most - 100)
        size += (size_t)sprintf(text + size, "<a xmlns=\"b:\"/>");
    size += (size_t)sprintf(text + size, "</extensions>" FP_END);
    accept_bytes("fingerprint", text, size);

    size = (size_t)sprintf(text, FP_FIRST FP_MIDDLE "<extensions>");
    for (unsigned depth = 0; depth < 12; depth++) {
        size += (size_t)sprintf(text + size, "<n xmlns=\"u:\"");
        for (unsigned i = 0; i < 200; i++)
            size += (size_t)sprintf(text + size, " xmlns:a%u=\"u:\"", depth * 1000 + i);
        size += (size_t)sprintf(text + size, ">");
    }
    while (size < most - 100)
        size += (size_t)sprintf(text + size, "<a0:a/>");
    for (unsigned depth = 0; depth < 12; depth++)
        size += (size_t)sprintf(text + size, "</n>");
    size += (size_t)sprintf(text + size, "</extensions>" FP_END);
    accept_bytes("fingerprint", text, size);

    size = (size_t)sprintf(text, FP_FIRST FP_MIDDLE "<extensions>");
    while (size < most - 5000) {
        size += (size_t)sprintf(text + size, "<a xmlns=\"u:\"");
        for (unsigned i = 0; i < 450; i++)
            size += (size_t)sprintf(text + size, " a%u=\"\"", i);
        size += (size_t)sprintf(text + size, "/>");
    }
    size += (size_t)sprintf(text + size, "</extensions>" FP_END);
    accept_bytes("fingerprint", text, size);
    free(text);
    double took = seconds() - begun;
    print_message("costly documents: %.2f s\n", took);
    assert_true(took < 10.0);
}

/* Nothing may reach standard error: libraries are silent. */
static void test_silence(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    struct read r[4];
    read_bytes(&r[0], "fingerprint", 1, PROLOG "<a>", strlen(PROLOG) + 3);
    read_bytes(&r[1], "fingerprint", 1, FP_WITH("<b/>\n"), strlen(FP_WITH("<b/>\n")));
    read_bytes(&r[2], "fingerprint", 1, PROLOG "<a xmlns=\"b\"/>", strlen(PROLOG "<a xmlns=\"b\"/>"));
    read_bytes(&r[3], "fingerprint", 1, PROLOG "<b:a/>", strlen(PROLOG "<b:a/>"));
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_int_equal(lseek(fileno(file), 0, SEEK_END), 0);
    fclose(file);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(r[i].err, CARNET_MALFORMED);
        read_clear(&r[i]);
    }
}

static void test_facts(void **state)
{
    (void)state;
    enum carnet_fact_name fact = CARNET_FACT_OS;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        assert_int_equal(carnet_fact_find(carnet_fact_name((enum carnet_fact_name)i), &fact), CARNET_OK);
        assert_int_equal(fact, i);
    }
    assert_int_equal(carnet_fact_find("user", &fact), CARNET_NOT_FOUND);
    assert_int_equal(fact, CARNET_FACT_OS);
    assert_true(carnet_fact_by_vendor(CARNET_FACT_TPM));
    assert_false(carnet_fact_by_vendor(CARNET_FACT_CPU));
    assert_int_equal(carnet_fact_default_points(CARNET_FACT_MACHINE_ID), 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_prefixes_are_names_only),
        cmocka_unit_test(test_foreign_attributes),
        cmocka_unit_test(test_schema_words),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_agrees_with_the_schema),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_renewal_and_sequence),
        cmocka_unit_test(test_versions_and_extensions),
        cmocka_unit_test(test_external_entities),
        cmocka_unit_test(test_laughs),
        cmocka_unit_test(test_costly),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

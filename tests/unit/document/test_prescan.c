/* SPDX-License-Identifier: MIT */
/* on raw bytes, before any parser. */
#include "document/prescan.h"

#include "document_fixture.h"

static void scan(const void *bytes, size_t size, const char *clause, unsigned long line, const char *part)
{
    struct carnet_diag diag = {0};
    enum carnet_err err = carnet_prescan(bytes, size, &diag);
    if (clause == NULL) {
        assert_int_equal(err, CARNET_OK);
        return;
    }
    if (strcmp(diag.clause, clause) != 0 || diag.line != line || strstr(diag.detail, part) == NULL)
        print_error("got %s line %lu: %s\n", diag.clause, diag.line, diag.detail);
    assert_int_equal(err, CARNET_MALFORMED);
    assert_int_equal(diag.err, CARNET_MALFORMED);
    assert_string_equal(diag.clause, clause);
    assert_int_equal(diag.line, line);
    assert_non_null(strstr(diag.detail, part));
    assert_int_equal(carnet_prescan(bytes, size, NULL), CARNET_MALFORMED);
}

static void scan_text(const char *text, const char *clause, unsigned long line, const char *part)
{
    scan(text, strlen(text), clause, line, part);
}

static void test_prolog(void **state)
{
    (void)state;
    scan_text(FP_GOOD, NULL, 0, NULL);
    scan_text("", "X-1", 1, "first line");
    scan_text("<a/>\n", "X-1", 1, "first line");
    scan_text("\xEF\xBB\xBF" PROLOG "<a/>\n", "X-1", 1, "byte order mark");
    scan_text("<?xml version='1.0' encoding='UTF-8'?>\n<a/>\n", "X-1", 1, "first line");
    scan_text("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>\n", "X-1", 1, "first line");
    scan_text("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a/>\n", "X-1", 1, "first line");
    scan_text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a/>\n", "X-1", 1, "first line");
    scan_text("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>\n", "X-1", 1, "first line");
    scan("\xFF\xFE<\0?\0x\0m\0l\0", 12, "X-1", 1, "first line");
    scan("\0\0\0<\0\0\0?", 8, "X-1", 1, "first line");
    scan_text(PROLOG "<a>\n<?pi x?>\n</a>\n", "X-1", 3, "processing instruction");
}

static void test_utf8(void **state)
{
    (void)state;
    scan_text(PROLOG "<a b=\"Gr\xC3\xBC\xC3\x9F \xE4\xB8\xAD \xF0\x9F\x94\x91\"/>\n", NULL, 0, NULL);
    scan_text(PROLOG "<a>\n\n<b c=\"\xFC\"/>\n</a>\n", "X-1", 4, "UTF-8");
    scan_text(PROLOG "<a b=\"\xC0\x80\"/>\n", "X-1", 2, "UTF-8");
    scan_text(PROLOG "<a b=\"\xED\xA0\x80\"/>\n", "X-1", 2, "UTF-8");
    scan_text(PROLOG "<a b=\"\xF4\x90\x80\x80\"/>\n", "X-1", 2, "UTF-8");
    scan_text(PROLOG "<a b=\"\xE4\xB8", "X-1", 2, "UTF-8");
}

static void test_control_characters(void **state)
{
    (void)state;
    for (int c = 0; c < 0x21; c++) {
        char text[128];
        size_t size = (size_t)snprintf(text, sizeof(text), PROLOG "<a>\n@</a>\n");
        char *place = strchr(text, '@');
        *place = (char)c;
        char named[8];
        snprintf(named, sizeof(named), "0x%02x", (unsigned)c);
        scan(text, size, c == '\n' || c == ' ' ? NULL : "X-2", 3, named);
    }
    scan_text(PROLOG "<a b=\"\x7F\"/>\n", "X-2", 2, "0x7f");
    scan_text(PROLOG "<a\tb=\"c\"/>\n", "X-2", 2, "0x09");
    scan(PROLOG "<a/>\n\0<b/>\n", strlen(PROLOG) + 11, "X-7", 3, "follows the root");
    scan(PROLOG "<a>\0</a>\n", strlen(PROLOG) + 9, "X-2", 2, "0x00");
}

static void test_declarations(void **state)
{
    (void)state;
    scan_text(PROLOG "<!DOCTYPE a>\n<a/>\n", "X-3", 2, "document type");
    scan_text(PROLOG "<a>\n<!-- x -->\n</a>\n", "X-3", 3, "comment");
    scan_text(PROLOG "<a><![CDATA[x]]></a>\n", "X-3", 2, "CDATA");
}

static void test_references(void **state)
{
    (void)state;
    scan_text(PROLOG "<a b=\"&amp;&lt;&gt;&quot;&apos;\">&amp;</a>\n", NULL, 0, NULL);
    scan_text(PROLOG "<a b=\"&#65;\"/>\n", "X-4", 2, "by number");
    scan_text(PROLOG "<a>&#x41;</a>\n", "X-4", 2, "by number");
    scan_text(PROLOG "<a>\n&nbsp;</a>\n", "X-4", 3, "&amp;");
    scan_text(PROLOG "<a b=\"&amp\"/>\n", "X-4", 2, "&amp;");
    scan_text(PROLOG "<a b=\"&AMP;\"/>\n", "X-4", 2, "&amp;");
    scan_text(PROLOG "<a>&", "X-4", 2, "&amp;");
}

static void test_tags(void **state)
{
    (void)state;
    char text[8192];
    for (size_t length = 4095; length <= 4097; length++) {
        size_t used = strlen(PROLOG);
        memcpy(text, PROLOG "<a b=\"", used + 6);
        memset(text + used + 6, 'x', length - 9);
        memcpy(text + used + length - 3, "\"/>\n", 4);
        scan(text, used + length + 1, length <= 4096 ? NULL : "X-5", 2, "4096 bytes");
    }
    scan_text(PROLOG "<a b=\">\"/>\n", "X-5", 2, "&gt;");
    scan_text(PROLOG "<a><b c=\">\"/></a>\n", "X-5", 2, "&gt;");
    scan_text(PROLOG "<a>\n></a>\n", "X-5", 3, "&gt;");
    scan_text(PROLOG "<a b=\"<\"/>\n", "X-5", 2, "&lt;");
    scan_text(PROLOG "<a>\n<b\nc=\"d\"/></a>\n", "X-5", 3, "line");
    scan_text(PROLOG "<a b=\"c\nd\"/>\n", "X-5", 2, "line");
    scan_text(PROLOG "<a", "X-5", 2, "ends inside");
    scan_text(PROLOG "<", "X-5", 2, "ends inside");
}

static void test_depth(void **state)
{
    (void)state;
    for (unsigned depth = 15; depth <= 17; depth++) {
        char text[512] = PROLOG;
        for (unsigned i = 1; i < depth; i++)
            strcat(text, "<a>\n");
        strcat(text, "<a/>");
        for (unsigned i = 1; i < depth; i++)
            strcat(text, "</a>");
        strcat(text, "\n");
        scan_text(text, depth <= 16 ? NULL : "X-6", 18, "deeper than 16");
    }
    static char deep[80000] = PROLOG;
    size_t used = strlen(PROLOG);
    for (int i = 0; i < 10000; i++, used += 4)
        memcpy(deep + used, "<a>\n", 4);
    scan(deep, used, "X-6", 18, "deeper than 16");
}

static void test_after_the_root(void **state)
{
    (void)state;
    scan_text(PROLOG "<a/>", NULL, 0, NULL);
    scan_text(PROLOG "<a/>\n\n\n", NULL, 0, NULL);
    scan_text(PROLOG "<a/>\n ", "X-7", 3, "follows the root");
    scan_text(PROLOG "<a></a><b/>\n", "X-7", 2, "follows the root");
    scan_text(PROLOG "</a>\n", "X-7", 2, "no element to close");
}

static void test_size(void **state)
{
    (void)state;
    size_t most = 256 * 1024, begin = strlen(PROLOG "<a/>");
    char *text = malloc(most + 1);
    assert_non_null(text);
    memcpy(text, PROLOG "<a/>", begin);
    memset(text + begin, '\n', most + 1 - begin);
    scan(text, most, NULL, 0, NULL);
    scan(text, most + 1, "C-8", 0, "256 KiB");
    free(text);
}

/* 23 s in a parser; here it ends at the 4,097th byte. */
static void test_many_attributes(void **state)
{
    (void)state;
    size_t size = strlen(PROLOG "<a"), room = 1200000;
    char *text = malloc(room);
    assert_non_null(text);
    memcpy(text, PROLOG "<a", size);
    for (int i = 0; i < 100000; i++)
        size += (size_t)snprintf(text + size, room - size, " a%d=''", i);
    size += (size_t)snprintf(text + size, room - size, "/>\n");
    scan(text, size, "C-8", 0, "256 KiB");
    scan(text, 200000, "X-5", 2, "4096 bytes");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prolog),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_after_the_root),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_many_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

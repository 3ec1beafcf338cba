/* SPDX-License-Identifier: MIT */
/* The parser by itself: what the prescan keeps from it must be harmless all the same. */
#include "document/xml_read.h"

#include <pthread.h>
#include <unistd.h>

#include "document_fixture.h"

static void refuses(const char *text, size_t size, const char *part)
{
    struct carnet_xml *xml = NULL;
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_xml_read((const uint8_t *)text, size, "fingerprint", &xml, &diag), CARNET_MALFORMED);
    assert_null(xml);
    assert_string_equal(diag.clause, "X-7");
    if (strstr(diag.detail, part) == NULL)
        print_error("got %s\n", diag.detail);
    assert_non_null(strstr(diag.detail, part));
    assert_null(strstr(diag.detail, "SECRET"));
    assert_int_equal(carnet_xml_read((const uint8_t *)text, size, "fingerprint", &xml, NULL), CARNET_MALFORMED);
}

static void test_document_types(void **state)
{
    (void)state;
    char path[] = "/tmp/carnet-secret-XXXXXX", text[2048];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "SECRETWORDS", 11), 11);
    close(fd);
    snprintf(text, sizeof(text), PROLOG "<!DOCTYPE fingerprint SYSTEM \"file://%s\">\n" FP_ROOT FP_END, path);
    refuses(text, strlen(text), "document type");
    snprintf(text, sizeof(text),
             PROLOG "<!DOCTYPE fingerprint [<!ENTITY x SYSTEM \"file://%s\">]>\n" FP_ROOT FP_VENDOR "&x;" FP_END, path);
    refuses(text, strlen(text), "document type");
    snprintf(text, sizeof(text),
             PROLOG "<!DOCTYPE fingerprint [<!ENTITY %% x SYSTEM \"file://%s\"> %%x;]>\n" FP_ROOT FP_VENDOR FP_END,
             path);
    refuses(text, strlen(text), "document type");
    unlink(path);
}

static void test_laughs(void **state)
{
    (void)state;
    char text[4096] = PROLOG "<!DOCTYPE fingerprint [\n<!ENTITY l0 \"ha\">\n";
    for (int i = 1; i < 30; i++)
        sprintf(text + strlen(text), "<!ENTITY l%d \"&l%d;&l%d;&l%d;\">\n", i, i - 1, i - 1, i - 1);
    strcat(text, "]>\n<fingerprint xmlns=\"urn:carnet:1\" minor=\"&l29;\"/>\n");
    refuses(text, strlen(text), "document type");
    refuses(PROLOG "<a b=\"&x;\"/>", strlen(PROLOG) + 12, "Entity 'x' not defined");
}

static void test_after_a_nul(void **state)
{
    (void)state;
    static const char text[] = FP_GOOD "\0<more/>";
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_xml_read((const uint8_t *)"", 0, "fingerprint", &(struct carnet_xml *){0}, &diag),
                     CARNET_MALFORMED);
    assert_string_equal(diag.clause, "X-7");
    /* The parser may stop there, or not; the prescan refuses it in any case. */
    refuse_bytes("fingerprint", text, sizeof(text) - 1, CARNET_MALFORMED, "X-7", 11, "follows the root");
}

static void test_cursor(void **state)
{
    (void)state;
    const char *text = FP_FIRST FP_REQUEST FP_ENVIRONMENT
        "  <products>\n<product id=\"a\"/>\n<product id=\"b\" version=\"1\"/>\n</products>\n" FP_FACTS
        "<extensions>\n<product xmlns=\"urn:x\"/><x:y xmlns:x=\"urn:x\">words</x:y></extensions>\n" FP_END;
    struct carnet_xml *xml = NULL;
    assert_int_equal(carnet_xml_read((const uint8_t *)text, strlen(text), "fingerprint", &xml, NULL), CARNET_OK);
    const struct carnet_xml_node *root = carnet_xml_root(xml), *products = carnet_xml_child(root, "products"), *n;
    assert_string_equal(carnet_xml_name(root), "fingerprint");
    assert_null(carnet_xml_parent(root));
    assert_null(carnet_xml_child(root, "product")); /* by exact path, never by search */
    n = carnet_xml_child(products, "product");
    assert_string_equal(carnet_xml_attribute(n, "id"), "a");
    assert_null(carnet_xml_attribute(n, "version"));
    assert_int_equal(carnet_xml_line(n), 7);
    assert_ptr_equal(carnet_xml_parent(n), products);
    n = carnet_xml_next(n);
    assert_string_equal(carnet_xml_attribute(n, "version"), "1");
    assert_null(carnet_xml_next(n));
    n = carnet_xml_child(root, "extensions");
    assert_null(carnet_xml_child(n, "product")); /* of another namespace */
    n = carnet_xml_any_child(n);
    assert_string_equal(carnet_xml_namespace(n), "urn:x");
    n = carnet_xml_any_next(n);
    assert_string_equal(carnet_xml_text(n), "words");
    assert_null(carnet_xml_any_next(n));
    assert_null(carnet_xml_child(NULL, "x"));
    assert_null(carnet_xml_attribute(NULL, "x"));
    carnet_xml_free(xml);
    carnet_xml_free(NULL);
}

static char read_often_failed;

static void *read_often(void *unused)
{
    size_t failed = 0;
    for (int i = 0; i < 200; i++) {
        struct carnet_xml *xml = NULL;
        failed += carnet_xml_read((const uint8_t *)FP_GOOD, strlen(FP_GOOD), "fingerprint", &xml, NULL) != CARNET_OK;
        carnet_xml_free(xml);
        const char *bad = FP_WITH("<more/>");
        failed += carnet_xml_read((const uint8_t *)bad, strlen(bad), "fingerprint", &xml, NULL) != CARNET_MALFORMED;
    }
    (void)unused;
    return failed == 0 ? NULL : &read_often_failed;
}

/* One schema serves all threads. */
static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    assert_int_equal(carnet_document_start(), CARNET_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_types), cmocka_unit_test(test_laughs),  cmocka_unit_test(test_after_a_nul),
        cmocka_unit_test(test_cursor),         cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Settings, and product manifests made of them: good ones, and each refusal with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "../../machines/sysroot.h"
#include "core/settings.h"
#include "machine/machine.h"
#include "machine/product.h"

#define V "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define V2 "11112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FOLDER "/etc/carnet/products.d/"

/* ---- settings ---- */

static enum carnet_err note(void *context, unsigned long line, const char *key, const char *value,
                            struct carnet_diag *diag)
{
    char *out = context;
    size_t length = strlen(out);
    (void)snprintf(out + length, 512 - length, "%lu[%s|%s]", line, key, value);
    return strcmp(key, "refuse") == 0 ? carnet_fail(diag, CARNET_POLICY_FORBIDS, "", "No.") : CARNET_OK;
}

static const struct parse {
    const char *text, *seen;
    enum carnet_err err;
    unsigned long line;
    const char *detail;
} parses[] = {
    {"", "", CARNET_OK, 0, ""},
    {"a = b", "1[a|b]", CARNET_OK, 0, ""},
    {"# c\r\n\r\n \t a=b \t\r\n  # = \nkey =  two words = 2 # no comment \n", "3[a|b]5[key|two words = 2 # no comment]",
     CARNET_OK, 0, ""},
    {"\xef\xbb\xbf"
     "a=1\n",
     "1[a|1]", CARNET_OK, 0, ""},
    {"a =\n", "1[a|]", CARNET_OK, 0, ""},
    {"n = \xc3\xbc\n", "1[n|\xc3\xbc]", CARNET_OK, 0, ""},
    {"a=1\nb\nc=3\n", "1[a|1]", CARNET_CONFIGURATION, 2, "Line 2 is not of the form 'key = value'."},
    {"a=1\n\n=2\n", "1[a|1]", CARNET_CONFIGURATION, 3, "Line 3 has no key before its '='."},
    {"a=\xff\n", "", CARNET_CONFIGURATION, 1, "Line 1 is not valid UTF-8."},
    {"x=1\na=\x01\n", "1[x|1]", CARNET_CONFIGURATION, 2, "Line 2 holds a control character."},
    {"a=\x7f\n", "", CARNET_CONFIGURATION, 1, "Line 1 holds a control character."},
    {"a=b\rc=d\n", "", CARNET_CONFIGURATION, 1, "Line 1 holds a control character."},
    {"a=1\nrefuse=2\nc=3", "1[a|1]2[refuse|2]", CARNET_POLICY_FORBIDS, 2, "No."},
};

static void test_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parses / sizeof *parses; i++) {
        char seen[512] = "";
        struct carnet_diag diag = {0};
        /* Exactly the bytes, so that a sanitizer sees a step too far. */
        size_t size = strlen(parses[i].text);
        uint8_t *bytes = malloc(size + (size == 0));
        assert_non_null(bytes);
        memcpy(bytes, parses[i].text, size);
        assert_int_equal(carnet_settings_parse(bytes, size, note, seen, &diag), parses[i].err);
        assert_string_equal(seen, parses[i].seen);
        assert_string_equal(diag.detail, parses[i].detail);
        assert_int_equal(diag.line, parses[i].line);
        memset(seen, 0, sizeof seen);
        assert_int_equal(carnet_settings_parse(bytes, size, note, seen, NULL), parses[i].err);
        free(bytes);
    }
    /* A zero byte; a text that is too large. */
    char seen[512] = "";
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_settings_parse((const uint8_t *)"a=b\0c\n", 6, note, seen, &diag), CARNET_CONFIGURATION);
    assert_string_equal(diag.detail, "Line 1 holds a control character.");
    uint8_t *large = calloc(1, CARNET_SETTINGS_MOST + 1);
    assert_non_null(large);
    memset(large, '\n', CARNET_SETTINGS_MOST + 1);
    assert_int_equal(carnet_settings_parse(large, CARNET_SETTINGS_MOST, note, seen, &diag), CARNET_OK);
    assert_int_equal(carnet_settings_parse(large, CARNET_SETTINGS_MOST + 1, note, seen, &diag), CARNET_CONFIGURATION);
    assert_string_equal(diag.detail, "It is larger than 64 KiB.");
    assert_string_equal(seen, "");
    free(large);
}

/* ---- manifests ---- */

static void test_good_manifests(void **state)
{
    (void)state;
    char root[64];
    struct carnet_product *products = NULL;
    size_t count = 99;
    sysroot_new(root);
    assert_int_equal(carnet_products_read(&products, &count, NULL), CARNET_OK);
    assert_null(products);
    assert_int_equal(count, 0);
    sysroot_apply(root, "dir " FOLDER "\n"
                        "file " FOLDER "b.conf # made by the installer\\nproduct = osci\\nvendor = " V "\\n\n"
                        "file " FOLDER "a.conf vendor=" V2 "\\r\\nproduct=osci\\r\\nname = Oszi \303\274ber\\r\\n"
                        "version = 7.2\\r\\nlicense-wanted = no\n"
                        "file " FOLDER "c.conf.bak product = x\\nproduct = y\\n\n"
                        "file " FOLDER ".hidden.conf nonsense\nfile " FOLDER ".conf nonsense\nfile " FOLDER "README x");
    assert_int_equal(carnet_products_read(&products, &count, NULL), CARNET_OK);
    assert_int_equal(count, 2);
    assert_string_equal(products[0].id, "osci");
    assert_int_equal(products[0].vendor.bytes[0], 0x11);
    assert_string_equal(products[0].name, "Oszi \303\274ber");
    assert_string_equal(products[0].version, "7.2");
    assert_false(products[0].wanted);
    assert_string_equal(products[1].id, "osci");
    assert_int_equal(products[1].vendor.bytes[0], 0x00);
    assert_string_equal(products[1].name, "");
    assert_string_equal(products[1].version, "");
    assert_true(products[1].wanted);
    free(products);
    sysroot_remove(root);
}

static const struct bad {
    const char *lines;
    enum carnet_err err;
    unsigned long line;
    const char *detail;
} bads[] = {
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\ncolour = red\\n", CARNET_CONFIGURATION, 3,
     FOLDER "x.conf, line 3: 'colour' is not a key of a product manifest; these are: product, vendor, name, version, "
            "license-wanted."},
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\n\\nproduct = a\\n", CARNET_CONFIGURATION, 4,
     FOLDER "x.conf, line 4: 'product' is there twice."},
    {"file " FOLDER "x.conf product = -a\\nvendor = " V "\\n", CARNET_CONFIGURATION, 1,
     FOLDER "x.conf, line 1: '-a' for 'product' is not a product id (1 to 64 of A-Z a-z 0-9 . _ -)."},
    {"file " FOLDER "x.conf product =\\nvendor = " V "\\n", CARNET_CONFIGURATION, 1,
     FOLDER "x.conf, line 1: '' for 'product' is not a product id (1 to 64 of A-Z a-z 0-9 . _ -)."},
    {"file " FOLDER "x.conf product = a\\nvendor = ABCD\\n", CARNET_CONFIGURATION, 2,
     FOLDER "x.conf, line 2: 'ABCD' for 'vendor' is not a vendor id (64 digits 0-9 a-f)."},
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\nname = a\342\200\256b\\n", CARNET_CONFIGURATION, 3,
     FOLDER "x.conf, line 3: 'a\\u{202e}b' for 'name' is not a name of 1 to 200 visible characters."},
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\nversion = v7\\n", CARNET_CONFIGURATION, 3,
     FOLDER "x.conf, line 3: 'v7' for 'version' is not a version (1 to 4 numbers joined by dots)."},
    {"file " FOLDER "x.conf license-wanted = true\\n", CARNET_CONFIGURATION, 1,
     FOLDER "x.conf, line 1: 'true' for 'license-wanted' is not yes or no."},
    {"file " FOLDER "x.conf vendor = " V "\\n", CARNET_CONFIGURATION, 0, FOLDER "x.conf has no line 'product = ...'."},
    {"file " FOLDER "x.conf product = a\\n", CARNET_CONFIGURATION, 0, FOLDER "x.conf has no line 'vendor = ...'."},
    {"file " FOLDER "x.conf", CARNET_CONFIGURATION, 0, FOLDER "x.conf has no line 'product = ...'."},
    {"file " FOLDER "x.conf product = a\\nhello\\n", CARNET_CONFIGURATION, 2,
     FOLDER "x.conf: Line 2 is not of the form 'key = value'."},
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\nname = \\0001\\n", CARNET_CONFIGURATION, 3,
     FOLDER "x.conf: Line 3 holds a control character."},
    {"big " FOLDER "x.conf 70000", CARNET_CONFIGURATION, 0, FOLDER "x.conf: It is larger than 64 KiB."},
    {"fifo " FOLDER "x.conf", CARNET_CONFIGURATION, 0, FOLDER "x.conf is not a file that can be read."},
    {"dir " FOLDER "x.conf", CARNET_CONFIGURATION, 0, FOLDER "x.conf is not a file that can be read."},
    {"link " FOLDER "x.conf ../nowhere", CARNET_CONFIGURATION, 0, FOLDER "x.conf is not a file that can be read."},
    {"file " FOLDER "x.conf product = a\\nvendor = " V "\\n\nfile " FOLDER "y.conf vendor = " V "\\nproduct = a\\n",
     CARNET_CONFIGURATION, 0,
     FOLDER "y.conf is a second manifest for the product 'a' of that vendor; the first is x.conf."},
};

static void test_bad_manifests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        char root[64];
        struct carnet_product *products = (struct carnet_product *)(void *)root;
        size_t count = 99;
        struct carnet_diag diag = {0};
        sysroot_new(root);
        sysroot_apply(root, bads[i].lines);
        assert_int_equal(carnet_products_read(&products, &count, &diag), bads[i].err);
        assert_string_equal(diag.detail, bads[i].detail);
        assert_int_equal(diag.err, bads[i].err);
        assert_int_equal(diag.line, bads[i].line);
        assert_int_equal(count, 99);
        assert_ptr_equal(products, root);
        assert_int_equal(carnet_products_read(&products, &count, NULL), bads[i].err);
        sysroot_remove(root);
    }
}

static void test_many_manifests(void **state)
{
    (void)state;
    char root[64], lines[256];
    struct carnet_product *products = NULL;
    struct carnet_diag diag = {0};
    size_t count = 0;
    sysroot_new(root);
    for (unsigned i = 0; i < CARNET_MANIFESTS_MOST; i++) {
        (void)snprintf(lines, sizeof lines, "file " FOLDER "%03u.conf product = p%u\\nvendor = " V "\\n", i, i);
        sysroot_apply(root, lines);
    }
    assert_int_equal(carnet_products_read(&products, &count, &diag), CARNET_OK);
    assert_int_equal(count, CARNET_MANIFESTS_MOST);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(lines, sizeof lines, "p%u", i);
        assert_string_equal(products[i].id, lines);
    }
    free(products);
    sysroot_apply(root, "file " FOLDER "one-more.conf product = more\\nvendor = " V "\\n");
    assert_int_equal(carnet_products_read(&products, &count, &diag), CARNET_CONFIGURATION);
    assert_string_equal(diag.detail, "/etc/carnet/products.d holds more than 256 product manifests.");
    sysroot_remove(root);
}

/* Runs the reading as a user without privileges; gives the outcome. */
static int read_as_nobody(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        struct carnet_product *products = NULL;
        size_t count = 0;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit((int)carnet_products_read(&products, &count, NULL));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_unreadable_manifests(void **state)
{
    (void)state;
    char root[64];
    sysroot_new(root);
    sysroot_apply(root, "file " FOLDER "x.conf product = a\\nvendor = " V "\\n");
    assert_int_equal(read_as_nobody(), CARNET_OK);
    sysroot_apply(root, "mode " FOLDER "x.conf 0000");
    assert_int_equal(read_as_nobody(), CARNET_PERMISSION);
    sysroot_apply(root, "mode " FOLDER "x.conf 0644\nmode /etc/carnet/products.d 0000");
    assert_int_equal(read_as_nobody(), CARNET_PERMISSION);
    sysroot_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_good_manifests),
        cmocka_unit_test(test_bad_manifests),
        cmocka_unit_test(test_many_manifests),
        cmocka_unit_test(test_unreadable_manifests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

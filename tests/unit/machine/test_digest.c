/* SPDX-License-Identifier: MIT */
/* Digests of facts against known answers, and the value of the user. The answers were computed with Python's hmac, key
 * and message as in spec/format.md section 13; with openssl:
 *   printf 'carnet:1:fact:host\0halle3-messplatz' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "../../machines/sysroot.h"
#include "machine/machine.h"

static const struct carnet_digest vendor = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                             0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
                                             0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
static const uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                           11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                           22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static const struct known {
    const char *name, *value, *hex;
} knowns[] = {
    {"machine-id", "9f86d081884c7d659a2feaa0c55ad015",
     "efe94faf36d0b73af78a51bcc3acb329a5af28dd6170159587a27af00d480652"},
    {"system-uuid", "4c4c4544-0043-5a10-8057-b7c04f595931",
     "c2c8f6ad9b5ef547a748b8bd52ed5a5681e40f0159589bc4ae17298d592e64c1"},
    {"tpm", "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108",
     "4c8f2398e074abbfb5a35a9c2028a7bffccb5ac3bccb21ff13d8903cf51e879a"},
    {"board-serial", "L1HF92B01XY", "767f8b7976228d0e9404a134d1b14c5e05dded5966cf18f3cc7c19c22a171bd1"},
    {"disk", "eui.0025385991b1a2c3", "a64a03e91d4418cc8db5f385d3042f98fba3d62685f841457bd217f59500c666"},
    {"adapter", "8c:16:45:aa:bb:01", "d91db15f56b78ae4376d4fa0cf6c23e6bcdc0c0f1f5d85bd33cc9cdce2b02042"},
    {"cpu", "GenuineIntel/6/142/11/Intel(R) Core(TM) i7-8565U CPU @ 1.80GHz",
     "570e817b0753f8e5b38ffb74fb73b0c0b4de250a5cb27af95a509644c5e97b79"},
    {"host", "halle3-messplatz", "ca12aa517fbd5397258d61f9ac8b7fd7e8d8158b0104364f949166f0295a17ea"},
    {"host",
     "\xc3\xbc"
     "bung",
     "25467f196f26867f997d9887e2d317994d56a15f4d675fb5ecc616227a00c057"},
    {"os", "debian", "e206a241ca90c7cc53c420dfef394132ea4bb9e2bb7a606466ec1a9d95552ddf"},
    {"user", "name:meier", "f49249efaf697d1cde9c232102c4dae9aebbe2e3d4ba2eb21e5f447ef0e836d7"},
    {"user", "uid:1000", "a0c880baec8c0f5fc3eea5f03fb43a5e0e229b75c98b9d8c6411777257ade00f"},
};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof knowns / sizeof *knowns; i++) {
        struct carnet_digest digest;
        char hex[CARNET_HEX_SIZE];
        assert_int_equal(carnet_machine_digest(knowns[i].name, knowns[i].value, &vendor, secret, &digest), CARNET_OK);
        carnet_digest_hex(&digest, hex);
        assert_string_equal(hex, knowns[i].hex);
    }
    struct carnet_digest untouched = {{7}};
    assert_int_equal(carnet_machine_digest("shoe-size", "44", &vendor, secret, &untouched), CARNET_BUG);
    assert_int_equal(untouched.bytes[0], 7);
}

/* The digests of a whole machine: in the order of the table, those of one name in the order of their bytes. */
static void test_machine_facts(void **state)
{
    (void)state;
    char root[64];
    struct carnet_machine machine;
    struct carnet_machine_facts facts;
    sysroot_new(root);
    sysroot_make(root, "laptop");
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_int_equal(carnet_machine_facts(&machine, &vendor, secret, &facts), CARNET_OK);
    assert_int_equal(facts.facts.count, 9);
    unsigned seen = 0;
    for (uint32_t i = 0; i < facts.facts.count; i++) {
        const struct carnet_fact *fact = &facts.facts.list[i];
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&fact->digest, hex);
        for (size_t j = 0; j < sizeof knowns / sizeof *knowns; j++)
            if (strcmp(knowns[j].hex, hex) == 0) {
                assert_string_equal(knowns[j].name, carnet_fact_name(fact->name));
                seen++;
            }
        if (i > 0) {
            const struct carnet_fact *before = &facts.facts.list[i - 1];
            assert_true(before->name < fact->name ||
                        (before->name == fact->name &&
                         memcmp(before->digest.bytes, fact->digest.bytes, CARNET_DIGEST_SIZE) < 0));
        }
    }
    assert_int_equal(seen, 8); /* all but the radio's address */
    assert_int_equal(facts.presence[CARNET_FACT_TPM], CARNET_FACT_MISSING);
    assert_int_equal(facts.presence[CARNET_FACT_DISK], CARNET_FACT_PRESENT);
    sysroot_remove(root);
}

static void test_user(void **state)
{
    (void)state;
    char root[64], line[256], value[CARNET_MACHINE_VALUE_SIZE] = "untouched", expected[64];
    struct carnet_diag diag = {0};
    sysroot_new(root);
    sysroot_make(root, "laptop");
    assert_int_equal(carnet_machine_user("meier", value, NULL), CARNET_OK);
    assert_string_equal(value, "name:meier");
    (void)snprintf(value, sizeof value, "untouched");
    assert_int_equal(carnet_machine_user("me\x1bier", value, &diag), CARNET_NOT_FOUND);
    assert_string_equal(value, "untouched");
    assert_string_equal(diag.detail, "There is no user 'me\\x1bier' in /etc/passwd.");
    assert_true(diag.next[0] != '\0');

    (void)snprintf(line, sizeof line, "file /etc/passwd %s", "+::::::\\n#x:x:1:\\nbad:x\\nworse:x:12a:1:\\n");
    sysroot_apply(root, line);
    (void)snprintf(expected, sizeof expected, "uid:%lu", (unsigned long)geteuid());
    assert_int_equal(carnet_machine_user(NULL, value, NULL), CARNET_OK);
    assert_string_equal(value, expected);
    assert_int_equal(carnet_machine_user("worse", value, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_machine_user("+", value, NULL), CARNET_NOT_FOUND);
    /* The first of several names of one number; no line end behind the last line. */
    (void)snprintf(line, sizeof line,
                   "file /etc/passwd a:x:%lu1:0:::\\nfirst:x:%lu:0:::\\nsecond:x:%lu:0:::", (unsigned long)geteuid(),
                   (unsigned long)geteuid(), (unsigned long)geteuid());
    sysroot_apply(root, line);
    assert_int_equal(carnet_machine_user(NULL, value, NULL), CARNET_OK);
    assert_string_equal(value, "name:first");
    assert_int_equal(carnet_machine_user("second", value, NULL), CARNET_OK);
    assert_string_equal(value, "name:second");
    sysroot_apply(root, "big /etc/passwd 20000000");
    assert_int_equal(carnet_machine_user(NULL, value, NULL), CARNET_OK);
    assert_string_equal(value, expected);
    sysroot_apply(root, "fifo /etc/passwd");
    assert_int_equal(carnet_machine_user(NULL, value, NULL), CARNET_OK);
    assert_string_equal(value, expected);
    sysroot_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_machine_facts),
        cmocka_unit_test(test_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

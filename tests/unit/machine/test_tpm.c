/* SPDX-License-Identifier: MIT */
/* The endorsement key of a TPM 2 chip: answers that are sound, cut, torn and refused; a chip that is spoken to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "../../machines/sysroot.h"
#include "machine/machine.h"
#include "machine/people.h"
#include "machine/tpm.h"

/* TPM_ST_NO_SESSIONS, size, TPM_RC_SUCCESS, then the public area with its size before it. */
#define HEAD(total, area) 0x80, 0x01, 0, 0, 0, (total), 0, 0, 0, 0, 0, (area)
/* Type, SHA-256, attributes, an empty policy, AES-128-CFB, no scheme. */
#define AREA(type) 0, (type), 0, 0x0B, 0, 3, 0, 0xB2, 0, 0, 0, 6, 0, 0x80, 0, 0x43, 0, 0x10
#define X8(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
#define X32(n) X8(n), X8((n) + 8), X8((n) + 16), X8((n) + 24)

static const uint8_t rsa[] = {HEAD(102, 90), AREA(0x01), 2, 0, 0, 0, 0, 0, 0, 0x40, X32(0), X32(32)};
static const uint8_t ecc[] = {HEAD(102, 90), AREA(0x23), 0, 3, 0, 0x10, 0, 0x20, X32(0), 0, 0x20, X32(32)};

static void assert_digest(const struct carnet_digest *digest)
{
    /* sha256sum of the bytes 0 to 63: the modulus, or x and y */
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    assert_string_equal(hex, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108");
}

static void answers_are_parsed(void **state)
{
    (void)state;
    struct carnet_digest digest;
    assert_int_equal(sizeof rsa, 12 + rsa[11]);
    assert_int_equal(sizeof ecc, 12 + ecc[11]);
    assert_true(carnet_tpm_parse(rsa, sizeof rsa, &digest));
    assert_digest(&digest);
    memset(&digest, 0, sizeof digest);
    assert_true(carnet_tpm_parse(ecc, sizeof ecc, &digest));
    assert_digest(&digest);
}

static void torn_answers_are_none(void **state)
{
    (void)state;
    struct carnet_digest digest = {{7}};
    for (size_t size = 0; size < sizeof rsa; size++)
        assert_false(carnet_tpm_parse(rsa, size, &digest));
    for (size_t size = 0; size < sizeof ecc; size++)
        assert_false(carnet_tpm_parse(ecc, size, &digest));
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        {1, 0x02},  /* sessions */
        {9, 0x8B},  /* TPM_RC_HANDLE: no key there */
        {13, 0x08}, /* a keyed hash */
        {20, 0xFF}, /* a policy that runs beyond the end */
        {11, 0x10}, /* an area that ends before the key */
        {37, 0x10}, /* a key of 16 bytes */
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint8_t copy[sizeof rsa];
        memcpy(copy, rsa, sizeof rsa);
        copy[changes[i].at] = changes[i].value;
        assert_false(carnet_tpm_parse(copy, sizeof copy, &digest));
    }
    assert_int_equal(digest.bytes[0], 7);
}

/* A chip on the other end of a pair of sockets. */
static void a_chip_is_asked(void **state)
{
    (void)state;
    static const uint8_t asked[] = {0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x73, 0x81, 0x01, 0x00, 0x01};
    uint8_t got[64];
    int ends[2];
    struct carnet_digest digest;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(write(ends[1], rsa, sizeof rsa), sizeof rsa);
    assert_true(carnet_tpm_ask(ends[0], &digest));
    assert_digest(&digest);
    assert_int_equal(read(ends[1], got, sizeof got), sizeof asked);
    assert_memory_equal(got, asked, sizeof asked);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* A device that answers nothing has no key; a file in its place is no device; one that may not be opened is unreadable.
 */
static void odd_devices(void **state)
{
    (void)state;
    char root[64], path[96];
    struct carnet_machine machine;
    sysroot_new(root);
    sysroot_apply(root, "file /dev/tpmrm0 hello");
    assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
    assert_int_equal(machine.presence[CARNET_FACT_TPM], CARNET_FACT_MISSING);
    (void)snprintf(path, sizeof path, "%s/dev/tpmrm0", root);
    (void)unlink(path);
    /* Like /dev/null; who may not make devices has seen the rest. */
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0) {
        assert_int_equal(carnet_machine_read(&machine, NULL), CARNET_OK);
        assert_int_equal(machine.presence[CARNET_FACT_TPM], CARNET_FACT_MISSING);
        assert_int_equal(carnet_machine_read_for(NULL, &machine, NULL), CARNET_OK);
        assert_int_equal(machine.presence[CARNET_FACT_TPM], CARNET_FACT_UNREADABLE);
        assert_string_equal(machine.source[CARNET_FACT_TPM], "/dev/tpmrm0");
    }
    sysroot_remove(root);
}

/* Groups as /etc/group has them. */
static void people_and_groups(void **state)
{
    (void)state;
    char root[64];
    struct carnet_person person;
    unsigned long groups[CARNET_GROUPS_MOST];
    sysroot_new(root);
    sysroot_apply(root,
                  "file /etc/passwd a:x:5:50:::\\nab:x:6:60:::\\n\n"
                  "file /etc/group #x:x:1:a\\nown:x:50:\\none:x:7:b,a\\ntwo:x:8:ab\\nthree:x:9:ab,a,c\\nodd:x:z:a\\n");
    assert_int_equal(carnet_person_find("a", &person, NULL), CARNET_OK);
    assert_int_equal(person.uid, 5);
    assert_int_equal(carnet_person_groups(&person, groups), 3);
    assert_int_equal(groups[0], 50);
    assert_int_equal(groups[1], 7);
    assert_int_equal(groups[2], 9);
    assert_true(carnet_person_is_in(&person, "own"));
    assert_true(carnet_person_is_in(&person, "three"));
    assert_false(carnet_person_is_in(&person, "two"));
    assert_false(carnet_person_is_in(&person, "odd"));
    assert_int_equal(carnet_person_find("b", &person, NULL), CARNET_NOT_FOUND);
    sysroot_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_parsed), cmocka_unit_test(torn_answers_are_none),
        cmocka_unit_test(a_chip_is_asked),    cmocka_unit_test(odd_devices),
        cmocka_unit_test(people_and_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What keys sign, and what they refuse to. */
#include "vectors.h"

/* The signatures are those of RFC 8032's mathematics, byte for byte. */
static void check_lines_vector(char *field[VECTOR_FIELDS])
{
    uint8_t seed[VECTOR_BYTES], key[VECTOR_BYTES], expected[VECTOR_BYTES], message[VECTOR_BYTES];
    uint8_t made[CARNET_SIGNATURE_SIZE] = {0};
    struct carnet_key *machine = NULL;
    size_t size;

    assert_int_equal(vector_bytes(field[1], seed), CARNET_SEED_SIZE);
    vector_bytes(field[2], key);
    vector_bytes(field[3], expected);
    size = vector_bytes(field[4], message);
    assert_int_equal(carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, &machine, NULL), CARNET_OK);
    assert_memory_equal(carnet_key_info(machine)->public_key, key, CARNET_PUBLIC_KEY_SIZE);
    assert_int_equal(carnet_machine_sign(machine, message, size, made, NULL), CARNET_OK);
    assert_memory_equal(made, expected, sizeof made);
    assert_int_equal(carnet_verify(key, false, made, sizeof made, message, size, NULL), CARNET_OK);
    carnet_key_free(machine);
}

static void signs_as_rfc8032(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("signed-lines.txt", 5, check_lines_vector), 40);
}

static void machine_signs_machine_kinds_alone(void **state)
{
    struct carnet_key *keys[] = {fixture_key(CARNET_ROLE_ROOT, 1), fixture_key(CARNET_ROLE_ISSUER, 2),
                                 fixture_key(CARNET_ROLE_MACHINE, 3)};
    struct carnet_diag diag = {0};

    (void)state;
    for (int id = 0; id < CARNET_KIND_COUNT; id++) {
        const struct carnet_kind *kind = carnet_kind_get((enum carnet_kind_id)id);
        struct carnet_buffer sums = fixture_sums(kind->mimetype);

        for (int role = CARNET_ROLE_ROOT; role <= CARNET_ROLE_MACHINE; role++) {
            uint8_t signature[CARNET_SIGNATURE_SIZE] = {0}, private_signature[CARNET_SIGNATURE_SIZE] = {0};
            enum carnet_err err = carnet_machine_sign(keys[role], sums.bytes, sums.size, signature, &diag);

            if (kind->signer == CARNET_ROLE_MACHINE && role == CARNET_ROLE_MACHINE) {
                assert_int_equal(err, CARNET_OK);
                assert_int_equal(carnet_verify(carnet_key_info(keys[role])->public_key, false, signature,
                                               sizeof signature, sums.bytes, sums.size, NULL),
                                 CARNET_OK);
            } else {
                fixture_refused(&diag, err, CARNET_BUG, "", kind->signer == CARNET_ROLE_MACHINE ? "role" : "no kind");
                assert_int_equal(signature[0] | signature[63], 0);
            }
            err = carnet_key_sign(keys[role], kind, sums.bytes, sums.size, private_signature, NULL);
            assert_int_equal(err, (int)kind->signer == role ? CARNET_OK : CARNET_BUG);
        }
        carnet_buffer_clear(&sums);
    }
    for (size_t i = 0; i < 3; i++)
        carnet_key_free(keys[i]);
}

static void signs_no_other_lines(void **state)
{
    struct carnet_key *key = fixture_key(CARNET_ROLE_MACHINE, 3);
    uint8_t signature[CARNET_SIGNATURE_SIZE];
    struct carnet_diag diag = {0};
    struct carnet_buffer sums = fixture_sums("application/vnd.carnet.release;version=1");

    (void)state;
    fixture_refused(&diag, carnet_machine_sign(key, sums.bytes, 20, signature, &diag), CARNET_BUG, "", "no kind");
    fixture_refused(&diag, carnet_machine_sign(key, (const uint8_t *)"", 0, signature, &diag), CARNET_BUG, "",
                    "no kind");
    sums.bytes[0] ^= 1;
    fixture_refused(&diag, carnet_machine_sign(key, sums.bytes, sums.size, signature, &diag), CARNET_BUG, "",
                    "no kind");
    sums.bytes[0] ^= 1;
    fixture_refused(
        &diag, carnet_key_sign(key, carnet_kind_get(CARNET_KIND_FINGERPRINT), sums.bytes, sums.size, signature, &diag),
        CARNET_BUG, "", "not those of the kind 'fingerprint'");
    carnet_buffer_clear(&sums);
    carnet_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_rfc8032),
        cmocka_unit_test(machine_signs_machine_kinds_alone),
        cmocka_unit_test(signs_no_other_lines),
    };

    return cmocka_run_group_tests_name("key_sign", tests, NULL, NULL);
}

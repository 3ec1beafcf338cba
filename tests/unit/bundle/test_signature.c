/* SPDX-License-Identifier: MIT */
/* S-1 to S-4, K-1 to K-5, I-2, and the digests behind them. */
#include "vectors.h"

#include <unistd.h>

/* ---- vectors ---- */

static void check_signature_vector(char *field[VECTOR_FIELDS])
{
    uint8_t key[VECTOR_BYTES], signature[VECTOR_BYTES] = {0}, message[VECTOR_BYTES];
    size_t signature_size, size;
    struct carnet_diag diag = {0};
    enum carnet_err err;

    assert_int_equal(vector_bytes(field[1], key), CARNET_PUBLIC_KEY_SIZE);
    signature_size = vector_bytes(field[2], signature);
    size = vector_bytes(field[3], message);
    err = carnet_verify(key, false, signature, signature_size, message, size, &diag);
    if (strcmp(field[4], "-") == 0) {
        if (err != CARNET_OK)
            fail_msg("%s is refused: %s", field[0], diag.detail);
        return;
    }
    if (err == CARNET_OK || strcmp(diag.clause, field[4]) != 0)
        fail_msg("%s is '%s' by \"%s\" and not by %s", field[0], carnet_outcome_name(err), diag.clause, field[4]);
    assert_int_equal(err, strcmp(field[4], "S-4") == 0 ? CARNET_ALTERED : CARNET_MALFORMED);
}

static void check_key_vector(char *field[VECTOR_FIELDS])
{
    uint8_t key[VECTOR_BYTES];
    uint8_t signature[CARNET_SIGNATURE_SIZE] = {9};
    struct carnet_diag diag = {0};
    enum carnet_err err;

    assert_int_equal(vector_bytes(field[1], key), CARNET_PUBLIC_KEY_SIZE);
    err = carnet_key_gate(key, &diag);
    if (err != CARNET_MALFORMED || strcmp(diag.clause, field[2]) != 0)
        fail_msg("%s is '%s' by \"%s\" and not by %s", field[0], carnet_outcome_name(err), diag.clause, field[2]);
    assert_int_equal(carnet_verify(key, false, signature, sizeof signature, "x", 1, &diag), CARNET_MALFORMED);
    assert_string_equal(diag.clause, field[2]);
}

static void check_rfc_vector(char *field[VECTOR_FIELDS])
{
    uint8_t seed[VECTOR_BYTES], key[VECTOR_BYTES], signature[VECTOR_BYTES], message[VECTOR_BYTES];
    struct carnet_key *made = NULL;
    size_t size;

    assert_int_equal(vector_bytes(field[1], seed), CARNET_SEED_SIZE);
    assert_int_equal(vector_bytes(field[2], key), CARNET_PUBLIC_KEY_SIZE);
    assert_int_equal(vector_bytes(field[3], signature), CARNET_SIGNATURE_SIZE);
    size = vector_bytes(field[4], message);
    assert_int_equal(carnet_verify(key, false, signature, CARNET_SIGNATURE_SIZE, message, size, NULL), CARNET_OK);
    assert_int_equal(carnet_verify(key, true, signature, CARNET_SIGNATURE_SIZE, message, size, NULL), CARNET_OK);
    assert_int_equal(carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, &made, NULL), CARNET_OK);
    assert_memory_equal(carnet_key_info(made)->public_key, key, CARNET_PUBLIC_KEY_SIZE);
    carnet_key_free(made);
}

static void rfc8032(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("rfc8032.txt", 5, check_rfc_vector), 5);
}

static void wycheproof(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("wycheproof.txt", 5, check_signature_vector), 151);
}

static void speccheck(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("speccheck.txt", 5, check_signature_vector), 12);
}

static void generated_signatures(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("bad-signatures.txt", 5, check_signature_vector), 116);
}

/* Keys of small x, small y, small and mixed order, without a point, not canonical: refused, and the process lives. */
static void generated_keys(void **state)
{
    (void)state;
    assert_int_equal(vectors_read("bad-keys.txt", 3, check_key_vector), 797);
}

/* What a stranger may send, by the thousand: none may abort the process. */
static void random_keys(void **state)
{
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    unsigned sound = 0;

    (void)state;
    for (unsigned n = 0; n < 4000; n++) {
        enum carnet_err err;

        carnet_random(key, sizeof key);
        /* Of any length, from either end. */
        if (n % 4 == 1)
            memset(key + n / 4 % 32, 0, 32 - n / 4 % 32);
        if (n % 4 == 2)
            memset(key, 0, n / 4 % 32);
        if (n % 4 == 3)
            memset(key + n / 4 % 32, 0xff, 32 - n / 4 % 32);
        err = carnet_key_gate(key, NULL);
        assert_true(err == CARNET_OK || err == CARNET_MALFORMED);
        sound += err == CARNET_OK;
    }
    assert_true(sound > 0); /* an eighth of what decodes has the order of the group */
}

/* ---- keys as text ---- */

static void k1_pem(void **state)
{
    struct carnet_key *key = fixture_key(CARNET_ROLE_ROOT, 5);
    uint8_t read[CARNET_PUBLIC_KEY_SIZE] = {0};
    char pem[CARNET_PEM_SIZE + 2] = "", changed[CARNET_PEM_SIZE + 2];
    struct carnet_diag diag = {0};

    (void)state;
    carnet_pem_write(carnet_key_info(key)->public_key, pem);
    assert_int_equal(strlen(pem), CARNET_PEM_SIZE);
    assert_int_equal(carnet_pem_read((const uint8_t *)pem, CARNET_PEM_SIZE, read, NULL), CARNET_OK);
    assert_memory_equal(read, carnet_key_info(key)->public_key, sizeof read);
    /* Each of the 113 bytes changed, but for those of the key itself. */
    for (size_t i = 0; i < CARNET_PEM_SIZE; i++)
        for (int bit = 0; bit < 8; bit++) {
            enum carnet_err err;

            memcpy(changed, pem, sizeof changed);
            changed[i] = (char)(changed[i] ^ 1 << bit);
            memset(read, 0xee, sizeof read);
            err = carnet_pem_read((const uint8_t *)changed, CARNET_PEM_SIZE, read, &diag);
            if (err == CARNET_OK) {
                char again[CARNET_PEM_SIZE + 1];

                assert_true(i >= 27 + 16 && i < 27 + 59);
                carnet_pem_write(read, again);
                assert_memory_equal(again, changed, CARNET_PEM_SIZE);
            } else {
                fixture_refused(&diag, err, CARNET_MALFORMED, "K-1", "public key");
                assert_int_equal(read[0], 0xee);
            }
        }
    fixture_refused(&diag, carnet_pem_read((const uint8_t *)pem, CARNET_PEM_SIZE - 1, read, &diag), CARNET_MALFORMED,
                    "K-1", "112 bytes");
    fixture_refused(&diag, carnet_pem_read((const uint8_t *)pem, CARNET_PEM_SIZE + 1, read, &diag), CARNET_MALFORMED,
                    "K-1", "114 bytes");
    carnet_key_free(key);
}

/* I-2, as 'openssl pkey -pubin -outform DER | sha256sum' gives it for RFC 8032's first key. */
static void i2_key_id(void **state)
{
    uint8_t key[VECTOR_BYTES];
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE];

    (void)state;
    vector_bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", key);
    carnet_key_id(key, &id);
    carnet_digest_hex(&id, hex);
    assert_string_equal(hex, "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
}

/* ---- the stage ---- */

struct context {
    struct carnet_key *key;
    struct parts parts;
};

static int set_up(void **state)
{
    struct context *c = calloc(1, sizeof *c);

    c->key = fixture_key(CARNET_ROLE_ISSUER, 7);
    fixture_license(&c->parts, c->key);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct context *c = *state;

    carnet_buffer_clear(&c->parts.sums);
    carnet_key_free(c->key);
    free(c);
    return 0;
}

static enum carnet_err check_parts(const struct parts *p, struct carnet_gated_keys *keys, struct carnet_diag *diag)
{
    struct carnet_buffer bundle = fixture_pack(p);
    struct carnet_unpacked *u = NULL;
    struct carnet_signed *s = NULL;
    enum carnet_err err;

    assert_int_equal(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), CARNET_OK);
    err = carnet_signature_check(u, keys, &s, diag);
    if (err == CARNET_OK) {
        struct carnet_digest id;

        assert_ptr_equal(carnet_signed_unpacked(s), u);
        carnet_key_id(carnet_signed_public_key(s), &id);
        assert_true(carnet_digest_equal(&id, carnet_signed_signer(s)));
    } else {
        assert_null(s);
    }
    carnet_signed_free(s);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    return err;
}

static void stage_accepts(void **state)
{
    struct context *c = *state;
    struct carnet_gated_keys *keys = NULL;

    assert_int_equal(check_parts(&c->parts, NULL, NULL), CARNET_OK);
    assert_int_equal(carnet_gated_keys_new(&keys), CARNET_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(check_parts(&c->parts, keys, NULL), CARNET_OK);
    carnet_gated_keys_free(keys);
    carnet_gated_keys_free(NULL);
}

static void stage_refuses(void **state)
{
    struct context *c = *state;
    struct parts p = c->parts;
    struct carnet_diag diag = {0};
    struct carnet_gated_keys *keys = NULL;
    uint8_t sums[CARNET_SUMS_MOST], bad[VECTOR_BYTES];
    char pem[CARNET_PEM_SIZE + 1];

    assert_int_equal(carnet_gated_keys_new(&keys), CARNET_OK);
    assert_int_equal(check_parts(&c->parts, keys, NULL), CARNET_OK);
    p.entries[CARNET_ENTRY_SIGNATURE].size = 63;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "S-1", "63 bytes and not 64");
    assert_string_equal(diag.entry, "SHA256SUMS.sig");
    /* A byte of the checksum lines, of the signature, and another key. */
    p = c->parts;
    memcpy(sums, p.entries[CARNET_ENTRY_SUMS].bytes, p.entries[CARNET_ENTRY_SUMS].size);
    sums[0] ^= 1;
    p.entries[CARNET_ENTRY_SUMS].bytes = sums;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_ALTERED, "S-4", "does not hold");
    p = c->parts;
    memcpy(sums, p.entries[CARNET_ENTRY_SIGNATURE].bytes, CARNET_SIGNATURE_SIZE);
    sums[5] ^= 1;
    p.entries[CARNET_ENTRY_SIGNATURE].bytes = sums;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_ALTERED, "S-4", "does not hold");
    memcpy(sums, c->parts.entries[CARNET_ENTRY_SIGNATURE].bytes, CARNET_SIGNATURE_SIZE);
    memset(sums + 32, 0xff, 32);
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "S-2", "order of the group");
    memset(sums, 0, CARNET_SIGNATURE_SIZE);
    sums[0] = 1;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "S-3", "identity");
    sums[31] = 0x80;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "S-3", "identity");
    /* A key that libgcrypt aborts on. */
    p = c->parts;
    vector_bytes("3126711e11ef574692935381d2cd2bbab5dd113c4010f91fd7c4dd7b12bf431a", bad);
    carnet_pem_write(bad, pem);
    p.entries[CARNET_ENTRY_SIGNER].bytes = (const uint8_t *)pem;
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "K-4", "192 bits");
    assert_string_equal(diag.entry, "signer.pem");
    pem[0] = '_';
    fixture_refused(&diag, check_parts(&p, keys, &diag), CARNET_MALFORMED, "K-1", "PEM");
    carnet_gated_keys_free(keys);
}

/* ---- digests ---- */

static void digests(void **state)
{
    static const struct carnet_piece pieces[] = {{"what do ya ", 11}, {"want for ", 9}, {"nothing?", 8}};
    static const struct carnet_piece letters[] = {{"a", 1}, {"", 0}, {"bc", 2}};
    struct carnet_digest digest, whole;
    char hex[CARNET_HEX_SIZE];

    (void)state;
    carnet_sha256("abc", 3, &digest);
    carnet_digest_hex(&digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    carnet_sha256_pieces(letters, 3, &whole);
    assert_true(carnet_digest_equal(&digest, &whole));
    /* RFC 4231, test case 2, and an empty key by FIPS 198. */
    assert_int_equal(carnet_hmac_sha256((const uint8_t *)"Jefe", 4, pieces, 3, &digest), CARNET_OK);
    carnet_digest_hex(&digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_int_equal(carnet_hmac_sha256((const uint8_t *)"", 0, pieces, 0, &digest), CARNET_OK);
    carnet_digest_hex(&digest, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void random_bytes(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    carnet_random(a, sizeof a);
    carnet_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8032),
        cmocka_unit_test(wycheproof),
        cmocka_unit_test(speccheck),
        cmocka_unit_test(generated_signatures),
        cmocka_unit_test(generated_keys),
        cmocka_unit_test(random_keys),
        cmocka_unit_test(k1_pem),
        cmocka_unit_test(i2_key_id),
        cmocka_unit_test_setup_teardown(stage_accepts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stage_refuses, set_up, tear_down),
        cmocka_unit_test(digests),
        cmocka_unit_test(random_bytes),
    };

    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "bundle/signature.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gcrypt.h>
#include <sodium.h>

#include "bundle/base64.h"

#define GCRYPT_LEAST "1.10.0"
#define FIELD_TOP_BIT 0x80
#define COORDINATE_BITS 192 /* K-4 */

/* ---- starting ---- */

/* Room for the secrets of several open keys and for what signing needs beside them. */
#define SECRET_POOL_SIZE 32768

static void drop_log(void *context, int level, const char *format, va_list arguments)
{
    (void)context, (void)level, (void)format, (void)arguments;
}

/* The once-guard of this process and what starting gave. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum {
    STARTED,
    TOO_OLD,
    NO_VERIFIER,
    IN_FIPS_MODE,
} started;

static void start(void)
{
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        if (gcry_check_version(GCRYPT_LEAST) == NULL) {
            started = TOO_OLD;
            return;
        }
        gcry_set_log_handler(drop_log, NULL);
        gcry_control(GCRYCTL_DISABLE_PRIV_DROP);
        gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
        /* Secure memory can't be had later once it is disabled, so its pool is always made. Whether it could be locked
         * matters only to those who keep secrets: carnet_secrets_start proves it. */
        gcry_control(GCRYCTL_USE_SECURE_RNDPOOL);
        gcry_control(GCRYCTL_INIT_SECMEM, SECRET_POOL_SIZE, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    if (gcry_fips_mode_active())
        started = IN_FIPS_MODE;
    else if (sodium_init() < 0)
        started = NO_VERIFIER;
}

static void ensure_started(void)
{
    int failed = pthread_once(&once, start);

    assert(failed == 0);
    (void)failed;
}

enum carnet_err carnet_crypto_start(struct carnet_diag *diag)
{
    ensure_started();
    if (started == TOO_OLD) {
        carnet_fail(diag, CARNET_CONFIGURATION, "", "libgcrypt is older than %s.", GCRYPT_LEAST);
        carnet_fail_next(diag, "Install libgcrypt %s or newer.", GCRYPT_LEAST);
        return CARNET_CONFIGURATION;
    }
    if (started == IN_FIPS_MODE) {
        carnet_fail(diag, CARNET_CONFIGURATION, "", "libgcrypt runs in FIPS mode, where it does not verify Ed25519.");
        carnet_fail_next(diag, "Run carnet on a machine, or in a container, without FIPS mode.");
        return CARNET_CONFIGURATION;
    }
    if (started == NO_VERIFIER)
        return carnet_fail(diag, CARNET_CONFIGURATION, "", "libsodium can't be started.");
    return CARNET_OK;
}

/* ---- digests and random bytes ---- */

void carnet_sha256(const void *bytes, size_t size, struct carnet_digest *out)
{
    ensure_started();
    gcry_md_hash_buffer(GCRY_MD_SHA256, out->bytes, bytes, size);
}

/* libgcrypt takes the pieces without const; it only reads them. */
static gcry_buffer_t borrow(const void *bytes, size_t size)
{
    union {
        const void *in;
        void *out;
    } pointer = {.in = bytes};

    return (gcry_buffer_t){.size = size, .len = size, .data = pointer.out};
}

static gcry_error_t hash_pieces(unsigned flags, const gcry_buffer_t *key, const struct carnet_piece *pieces,
                                size_t count, struct carnet_digest *out)
{
    gcry_buffer_t list[CARNET_PIECES_MOST + 1];
    int used = 0;

    assert(count <= CARNET_PIECES_MOST);
    ensure_started();
    if (key != NULL)
        list[used++] = *key;
    for (size_t i = 0; i < count; i++)
        list[used++] = borrow(pieces[i].bytes, pieces[i].size);
    return gcry_md_hash_buffers(GCRY_MD_SHA256, flags, out->bytes, list, used);
}

void carnet_sha256_pieces(const struct carnet_piece *pieces, size_t count, struct carnet_digest *out)
{
    gcry_error_t failed = hash_pieces(0, NULL, pieces, count, out);

    assert(failed == 0);
    (void)failed;
}

enum carnet_err carnet_hmac_sha256(const uint8_t *key, size_t key_size, const struct carnet_piece *pieces, size_t count,
                                   struct carnet_digest *out)
{
    gcry_buffer_t key_piece = borrow(key, key_size);
    struct carnet_digest made;
    gcry_error_t failed = hash_pieces(GCRY_MD_FLAG_HMAC, &key_piece, pieces, count, &made);

    if (failed != 0)
        return gcry_err_code(failed) == GPG_ERR_ENOMEM ? CARNET_NO_MEMORY : CARNET_CONFIGURATION;
    *out = made;
    return CARNET_OK;
}

void carnet_random(void *bytes, size_t size)
{
    ensure_started();
    gcry_randomize(bytes, size, GCRY_STRONG_RANDOM);
}

/* ---- public keys ---- */

#define DER_PREFIX_SIZE 12
#define DER_SIZE (DER_PREFIX_SIZE + CARNET_PUBLIC_KEY_SIZE)
#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define PEM_END "\n-----END PUBLIC KEY-----\n"

static void der_write(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], uint8_t der[DER_SIZE])
{
    static const uint8_t prefix[DER_PREFIX_SIZE] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

    memcpy(der, prefix, sizeof prefix);
    memcpy(der + sizeof prefix, key, CARNET_PUBLIC_KEY_SIZE);
}

void carnet_pem_write(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], char pem[CARNET_PEM_SIZE + 1])
{
    uint8_t der[DER_SIZE];

    der_write(key, der);
    memcpy(pem, PEM_BEGIN, sizeof PEM_BEGIN - 1);
    pem += sizeof PEM_BEGIN - 1;
    carnet_base64_encode(der, sizeof der, pem);
    pem += CARNET_BASE64_SIZE(DER_SIZE);
    memcpy(pem, PEM_END, sizeof PEM_END);
}

enum carnet_err carnet_pem_read(const uint8_t *pem, size_t size, uint8_t key[CARNET_PUBLIC_KEY_SIZE],
                                struct carnet_diag *diag)
{
    uint8_t der[CARNET_BASE64_SIZE(DER_SIZE)];
    char again[CARNET_PEM_SIZE + 1];
    size_t got;

    if (size != CARNET_PEM_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "K-1", "The public key has %zu bytes of PEM and not 113.", size);
    if (carnet_base64_decode((const char *)pem + sizeof PEM_BEGIN - 1, CARNET_BASE64_SIZE(DER_SIZE), der, &got) !=
            CARNET_OK ||
        got != DER_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "K-1", "The public key is not the base64 of 44 bytes.");
    carnet_pem_write(der + DER_PREFIX_SIZE, again);
    if (memcmp(again, pem, CARNET_PEM_SIZE) != 0)
        return carnet_fail(diag, CARNET_MALFORMED, "K-1", "The public key is not the one PEM form of an Ed25519 key.");
    memcpy(key, der + DER_PREFIX_SIZE, CARNET_PUBLIC_KEY_SIZE);
    return CARNET_OK;
}

void carnet_key_id(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], struct carnet_digest *id)
{
    uint8_t der[DER_SIZE];

    der_write(key, der);
    carnet_sha256(der, sizeof der, id);
}

/* K-2: y < p = 2^255 - 19, and not p - 1. */
static bool y_is_sound(const uint8_t key[CARNET_PUBLIC_KEY_SIZE])
{
    if ((key[31] & ~FIELD_TOP_BIT) != 0x7f || key[0] < 0xec)
        return true;
    for (size_t i = 1; i < 31; i++)
        if (key[i] != 0xff)
            return true;
    return false;
}

/* K-4, what can be told from the bytes. */
static bool y_is_long(const uint8_t key[CARNET_PUBLIC_KEY_SIZE])
{
    uint8_t any = key[31] & (uint8_t)~FIELD_TOP_BIT;

    for (size_t i = 24; i < 31; i++)
        any |= key[i];
    return any != 0;
}

/* K-3, the rest of K-4, K-5. libsodium multiplies by the order of the group, and does not show the point's x; libgcrypt
 * decodes it, and would abort the process in a multiplication where a coordinate is short. */
static enum carnet_err check_point(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], gcry_ctx_t curve, gcry_mpi_t value,
                                   struct carnet_diag *diag)
{
    gcry_mpi_point_t point = gcry_mpi_point_new(0);
    gcry_mpi_t x = gcry_mpi_new(0);
    gcry_mpi_t y = gcry_mpi_new(0);
    enum carnet_err err = CARNET_MALFORMED;

    if (gcry_mpi_ec_decode_point(point, value, curve) != 0 || gcry_mpi_ec_get_affine(x, y, point, curve) != 0) {
        carnet_fail(diag, err, "K-3", "The public key is not a point of the curve.");
        goto out;
    }
    if (gcry_mpi_get_nbits(x) <= COORDINATE_BITS || gcry_mpi_get_nbits(y) <= COORDINATE_BITS) {
        carnet_fail(diag, err, "K-4", "The public key has a coordinate of 192 bits or fewer; no honest key has.");
        goto out;
    }
    if (!gcry_mpi_ec_curve_point(point, curve)) {
        carnet_fail(diag, err, "K-3", "The public key is not a point of the curve.");
        goto out;
    }
    if (crypto_core_ed25519_is_valid_point(key) != 1) {
        carnet_fail(diag, err, "K-5", "The public key is not of the order of the group.");
        goto out;
    }
    err = CARNET_OK;
out:
    gcry_mpi_release(y);
    gcry_mpi_release(x);
    gcry_mpi_point_release(point);
    return err;
}

enum carnet_err carnet_key_gate(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], struct carnet_diag *diag)
{
    gcry_ctx_t curve = NULL;
    gcry_mpi_t value = NULL;
    enum carnet_err err = carnet_crypto_start(diag);

    if (err != CARNET_OK)
        return err;
    if (!y_is_sound(key))
        return carnet_fail(diag, CARNET_MALFORMED, "K-2", "The public key's y is p - 1, p or more.");
    if (!y_is_long(key))
        return carnet_fail(diag, CARNET_MALFORMED, "K-4",
                           "The public key has a coordinate of 192 bits or fewer; no honest key has.");
    if (gcry_mpi_ec_new(&curve, NULL, "Ed25519") != 0)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to check a public key.");
    value = gcry_mpi_set_opaque_copy(NULL, key, 8 * CARNET_PUBLIC_KEY_SIZE);
    err = check_point(key, curve, value, diag);
    gcry_mpi_release(value);
    gcry_ctx_release(curve);
    return err;
}

/* ---- signatures ---- */

/* S-1 to S-3. */
static enum carnet_err check_form(const uint8_t *signature, size_t size, struct carnet_diag *diag)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    const uint8_t *s = signature + 32;
    uint8_t any = 0;
    size_t i = 31;

    if (size != CARNET_SIGNATURE_SIZE)
        return carnet_fail(diag, CARNET_MALFORMED, "S-1", "The signature has %zu bytes and not 64.", size);
    while (i > 0 && s[i] == order[i])
        i--;
    if (s[i] >= order[i])
        return carnet_fail(diag, CARNET_MALFORMED, "S-2", "The signature's S is not below the order of the group.");
    for (i = 1; i < 31; i++)
        any |= signature[i];
    any |= signature[31] & (uint8_t)~FIELD_TOP_BIT;
    if (signature[0] == 1 && any == 0)
        return carnet_fail(diag, CARNET_MALFORMED, "S-3", "The signature's R is the identity.");
    return CARNET_OK;
}

/* S-4, for a key that passed the gate and a signature of sound form. With these, all libraries agree on what holds. */
static enum carnet_err check_signature(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], const uint8_t *signature,
                                       const void *bytes, size_t size, struct carnet_diag *diag)
{
    if (crypto_sign_verify_detached(signature, bytes, size, key) == 0)
        return CARNET_OK;
    return carnet_fail(diag, CARNET_ALTERED, "S-4",
                       "The signature does not hold: the checksum lines or the signature were altered.");
}

enum carnet_err carnet_verify(const uint8_t key[CARNET_PUBLIC_KEY_SIZE], bool gated, const uint8_t *signature,
                              size_t signature_size, const void *bytes, size_t size, struct carnet_diag *diag)
{
    enum carnet_err err = carnet_crypto_start(diag);

    if (err == CARNET_OK)
        err = check_form(signature, signature_size, diag);
    if (err == CARNET_OK && !gated)
        err = carnet_key_gate(key, diag);
    if (err == CARNET_OK)
        err = check_signature(key, signature, bytes, size, diag);
    return err;
}

/* ---- keys that passed the gate ---- */

/* Each id has one slot, and takes it from the one before: memory stays flat however many keys come. */
#define SLOT_COUNT 4096u

struct carnet_gated_keys {
    struct carnet_digest slots[SLOT_COUNT];
};

static struct carnet_digest *slot_of(struct carnet_gated_keys *keys, const struct carnet_digest *id)
{
    return &keys->slots[((unsigned)id->bytes[0] << 8 | id->bytes[1]) % SLOT_COUNT];
}

enum carnet_err carnet_gated_keys_new(struct carnet_gated_keys **out)
{
    struct carnet_gated_keys *keys = calloc(1, sizeof *keys);

    if (keys == NULL)
        return CARNET_NO_MEMORY;
    *out = keys;
    return CARNET_OK;
}

void carnet_gated_keys_free(struct carnet_gated_keys *keys)
{
    free(keys);
}

/* ---- the stage ---- */

struct carnet_signed {
    const struct carnet_unpacked *u;
    struct carnet_digest signer;
    uint8_t public_key[CARNET_PUBLIC_KEY_SIZE];
};

static enum carnet_err refuse_in(struct carnet_diag *diag, const struct carnet_entry *entry, enum carnet_err err)
{
    if (diag != NULL && (err == CARNET_MALFORMED || err == CARNET_ALTERED))
        memcpy(diag->entry, entry->name, strlen(entry->name) + 1);
    return err;
}

static enum carnet_err check(const struct carnet_unpacked *u, bool gated, struct carnet_gated_keys *keys,
                             struct carnet_signed **out, struct carnet_diag *diag)
{
    const struct carnet_entry *sums = carnet_unpacked_entry(u, CARNET_ENTRY_SUMS);
    const struct carnet_entry *signature = carnet_unpacked_entry(u, CARNET_ENTRY_SIGNATURE);
    const struct carnet_entry *signer = carnet_unpacked_entry(u, CARNET_ENTRY_SIGNER);
    struct carnet_signed *s = NULL;
    struct carnet_signed made = {.u = u};
    enum carnet_err err = carnet_crypto_start(diag);

    if (err != CARNET_OK)
        return err;
    err = check_form(signature->bytes, signature->size, diag);
    if (err != CARNET_OK)
        return refuse_in(diag, signature, err);
    err = carnet_pem_read(signer->bytes, signer->size, made.public_key, diag);
    if (err != CARNET_OK)
        return refuse_in(diag, signer, err);
    carnet_key_id(made.public_key, &made.signer);
    if (!gated && (keys == NULL || !carnet_digest_equal(slot_of(keys, &made.signer), &made.signer))) {
        err = carnet_key_gate(made.public_key, diag);
        if (err != CARNET_OK)
            return refuse_in(diag, signer, err);
        if (keys != NULL)
            *slot_of(keys, &made.signer) = made.signer;
    }
    err = check_signature(made.public_key, signature->bytes, sums->bytes, sums->size, diag);
    if (err != CARNET_OK)
        return refuse_in(diag, signature, err);
    s = malloc(sizeof *s);
    if (s == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to verify a signature.");
    *s = made;
    *out = s;
    return CARNET_OK;
}

enum carnet_err carnet_signature_check(const struct carnet_unpacked *u, struct carnet_gated_keys *keys,
                                       struct carnet_signed **out, struct carnet_diag *diag)
{
    return check(u, false, keys, out, diag);
}

enum carnet_err carnet_signature_check_again(const struct carnet_unpacked *u, struct carnet_signed **out,
                                             struct carnet_diag *diag)
{
    return check(u, true, NULL, out, diag);
}

void carnet_signed_free(struct carnet_signed *s)
{
    free(s);
}

const struct carnet_unpacked *carnet_signed_unpacked(const struct carnet_signed *s)
{
    return s->u;
}

const struct carnet_digest *carnet_signed_signer(const struct carnet_signed *s)
{
    return &s->signer;
}

const uint8_t *carnet_signed_public_key(const struct carnet_signed *s)
{
    return s->public_key;
}

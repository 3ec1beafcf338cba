/* SPDX-License-Identifier: MIT */
#include "bundle/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <gcrypt.h>

#include "bundle/key_private.h"
#include "bundle/locked.h"

#define HASH_SIZE 64 /* SHA-512 */

/* What failed inside libgcrypt, in our terms. */
static enum carnet_err refuse(struct carnet_diag *diag, gcry_error_t failed, const char *what)
{
    if (gcry_err_code(failed) == GPG_ERR_ENOMEM)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to %s.", what);
    return carnet_fail(diag, CARNET_BUG, "", "libgcrypt can't %s: %s.", what, gcry_strerror(failed));
}

/* ---- locked memory ---- */

enum carnet_err carnet_secrets_start(struct carnet_diag *diag)
{
    enum carnet_err err = carnet_crypto_start(diag);
    void *probe;

    if (err != CARNET_OK)
        return err;
    probe = gcry_malloc_secure(CARNET_SEED_SIZE);
    if (probe == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "The pool of memory for secrets is used up.");
    /* libgcrypt calls its pool secure also where it could not lock it, so the kernel is asked, each time. */
    if (gcry_is_secure(probe))
        err = carnet_memory_lock(probe, diag);
    else
        err = carnet_fail(diag, CARNET_MEMORY_NOT_LOCKED, "",
                          "The program that uses carnet started libgcrypt without memory for secrets.");
    gcry_free(probe);
    return err;
}

void *carnet_secret_alloc(size_t size)
{
    return carnet_secrets_start(NULL) == CARNET_OK ? gcry_calloc_secure(1, size) : NULL;
}

void carnet_secret_free(void *secret)
{
    gcry_free(secret); /* libgcrypt wipes what comes back to its pool */
}

/* ---- Ed25519 (RFC 8032, section 5.1) ---- */

/*
 * gcry_pk_sign leaves copies of the seed in ordinary memory (libgcrypt 1.10 looks it up in the S-expression through
 * a copy), so the scalars are computed here, in locked memory, with the same arithmetic.
 */

/* The curve, and what is secret of a key: the scalar a and the prefix. */
struct signer {
    gcry_ctx_t curve;
    gcry_mpi_point_t base;
    gcry_mpi_t order;
    uint8_t *hash; /* locked memory: SHA-512 of the seed; the first half becomes a, the second is the prefix */
    gcry_mpi_t a;  /* locked memory */
};

static void signer_clear(struct signer *s)
{
    gcry_mpi_release(s->a);
    gcry_free(s->hash);
    gcry_mpi_release(s->order);
    gcry_mpi_point_release(s->base);
    gcry_ctx_release(s->curve);
    memset(s, 0, sizeof *s);
}

/* SHA-512 of up to three pieces, in locked memory throughout. */
static gcry_error_t hash_secret(const struct carnet_piece pieces[3], uint8_t out[HASH_SIZE])
{
    gcry_md_hd_t hash;
    gcry_error_t failed = gcry_md_open(&hash, GCRY_MD_SHA512, GCRY_MD_FLAG_SECURE);

    if (failed != 0)
        return failed;
    for (size_t i = 0; i < 3; i++)
        if (pieces[i].size > 0)
            gcry_md_write(hash, pieces[i].bytes, pieces[i].size);
    memcpy(out, gcry_md_read(hash, GCRY_MD_SHA512), HASH_SIZE);
    gcry_md_close(hash);
    return 0;
}

static void reverse(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t held = bytes[i];

        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = held;
    }
}

/* A little-endian number becomes an MPI in locked memory; `bytes` (locked too) is used up. */
static gcry_error_t scan_secret(uint8_t *bytes, size_t size, gcry_mpi_t *out)
{
    gcry_mpi_t number = NULL;
    gcry_error_t failed;

    reverse(bytes, size);
    failed = gcry_mpi_scan(&number, GCRYMPI_FMT_USG, bytes, size, NULL);
    if (failed == 0 && !gcry_mpi_get_flag(number, GCRYMPI_FLAG_SECURE))
        gcry_mpi_set_flag(number, GCRYMPI_FLAG_SECURE);
    *out = number;
    return failed;
}

/* Writes a number below 2^256 as 32 little-endian bytes. */
static gcry_error_t print_number(gcry_mpi_t number, uint8_t out[32])
{
    size_t used = 0;
    gcry_error_t failed = gcry_mpi_print(GCRYMPI_FMT_USG, out, 32, &used, number);

    if (failed != 0)
        return failed;
    reverse(out, used);
    memset(out + used, 0, 32 - used);
    return 0;
}

/* scalar * base, encoded. */
static gcry_error_t multiply_base(const struct signer *s, gcry_mpi_t scalar, uint8_t out[32])
{
    gcry_mpi_point_t point = gcry_mpi_point_new(0);
    gcry_mpi_t x = gcry_mpi_new(0);
    gcry_mpi_t y = gcry_mpi_new(0);
    gcry_error_t failed = gcry_error(GPG_ERR_INTERNAL);

    gcry_mpi_ec_mul(point, scalar, s->base, s->curve);
    if (gcry_mpi_ec_get_affine(x, y, point, s->curve) == 0)
        failed = print_number(y, out);
    if (failed == 0 && gcry_mpi_test_bit(x, 0))
        out[31] |= 0x80;
    gcry_mpi_release(y);
    gcry_mpi_release(x);
    gcry_mpi_point_release(point);
    return failed;
}

static gcry_error_t signer_init(const uint8_t seed[CARNET_SEED_SIZE], struct signer *s)
{
    const struct carnet_piece pieces[3] = {{seed, CARNET_SEED_SIZE}};
    gcry_error_t failed = gcry_mpi_ec_new(&s->curve, NULL, "Ed25519");

    if (failed != 0)
        return failed;
    s->base = gcry_mpi_ec_get_point("g", s->curve, 1);
    s->order = gcry_mpi_ec_get_mpi("n", s->curve, 1);
    s->hash = gcry_malloc_secure(HASH_SIZE);
    if (s->base == NULL || s->order == NULL || s->hash == NULL)
        return gcry_error(GPG_ERR_ENOMEM);
    failed = hash_secret(pieces, s->hash);
    if (failed != 0)
        return failed;
    s->hash[0] &= 248;
    s->hash[31] &= 127;
    s->hash[31] |= 64;
    return scan_secret(s->hash, 32, &s->a);
}

static enum carnet_err sign_with_seed(const struct carnet_key *key, const uint8_t *bytes, size_t size,
                                      uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    struct signer s = {0};
    uint8_t made[CARNET_SIGNATURE_SIZE] = {0};
    uint8_t *hash = NULL;
    gcry_mpi_t r = NULL, k = NULL, sum = gcry_mpi_snew(0);
    gcry_error_t failed = signer_init(key->seed, &s);

    if (failed != 0)
        goto out;
    hash = gcry_malloc_secure(HASH_SIZE);
    if (hash == NULL) {
        failed = gcry_error(GPG_ERR_ENOMEM);
        goto out;
    }
    failed = hash_secret((struct carnet_piece[3]){{s.hash + 32, 32}, {bytes, size}}, hash);
    if (failed == 0)
        failed = scan_secret(hash, HASH_SIZE, &r);
    /* r stays 512 bits long: a shorter one would show, by the time it takes, how long it is modulo the order. */
    if (failed == 0)
        failed = multiply_base(&s, r, made);
    if (failed == 0)
        failed = hash_secret(
            (struct carnet_piece[3]){{made, 32}, {key->info.public_key, CARNET_PUBLIC_KEY_SIZE}, {bytes, size}}, hash);
    if (failed == 0)
        failed = scan_secret(hash, HASH_SIZE, &k);
    if (failed != 0)
        goto out;
    gcry_mpi_mulm(sum, k, s.a, s.order);
    gcry_mpi_addm(sum, sum, r, s.order);
    failed = print_number(sum, made + 32);
    if (failed == 0)
        memcpy(signature, made, sizeof made);
out:
    gcry_mpi_release(sum);
    gcry_mpi_release(k);
    gcry_mpi_release(r);
    gcry_free(hash);
    signer_clear(&s);
    return failed == 0 ? CARNET_OK : refuse(diag, failed, "sign");
}

/* ---- keys ---- */

static void close_seed(struct carnet_key *key)
{
    gcry_free(key->seed); /* libgcrypt wipes it */
}

static const struct carnet_key_signer seed_signer = {sign_with_seed, close_seed};

/* A key with room for its seed. */
static enum carnet_err make_key(enum carnet_role role, int64_t created, struct carnet_key **out,
                                struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    enum carnet_err err = carnet_secrets_start(diag);

    if (err != CARNET_OK)
        return err;
    key = calloc(1, sizeof *key);
    if (key != NULL) {
        key->signer = &seed_signer;
        key->seed = gcry_calloc_secure(1, CARNET_SEED_SIZE);
    }
    if (key == NULL || key->seed == NULL) {
        carnet_key_free(key);
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
    }
    key->info.role = role;
    key->info.created = created;
    *out = key;
    return CARNET_OK;
}

/* The public half, from the seed. */
static enum carnet_err complete_key(struct carnet_key *key, struct carnet_diag *diag)
{
    struct signer s = {0};
    gcry_error_t failed = signer_init(key->seed, &s);

    if (failed == 0)
        failed = multiply_base(&s, s.a, key->info.public_key);
    signer_clear(&s);
    if (failed != 0)
        return refuse(diag, failed, "make a key");
    carnet_key_id(key->info.public_key, &key->info.id);
    return CARNET_OK;
}

/* The kernel writes the seed into locked memory, and nothing else of this process ever holds it. */
static enum carnet_err fill_seed(uint8_t seed[CARNET_SEED_SIZE], struct carnet_diag *diag)
{
    size_t got = 0;

    while (got < CARNET_SEED_SIZE) {
        ssize_t more = getrandom(seed + got, CARNET_SEED_SIZE - got, 0);

        if (more > 0)
            got += (size_t)more;
        else if (errno != EINTR)
            return carnet_fail_errno(diag, errno, "The system gives no random bytes for a key");
    }
    return CARNET_OK;
}

enum carnet_err carnet_key_generate(enum carnet_role role, int64_t now, struct carnet_key **out,
                                    struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    enum carnet_err err = make_key(role, now, &key, diag);

    if (err != CARNET_OK)
        return err;
    err = fill_seed(key->seed, diag);
    if (err == CARNET_OK)
        err = complete_key(key, diag);
    if (err == CARNET_OK)
        *out = key;
    else
        carnet_key_free(key);
    return err;
}

enum carnet_err carnet_key_from_seed(enum carnet_role role, int64_t created, const uint8_t seed[32],
                                     struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    enum carnet_err err = make_key(role, created, &key, diag);

    if (err != CARNET_OK)
        return err;
    memcpy(key->seed, seed, CARNET_SEED_SIZE);
    err = complete_key(key, diag);
    if (err == CARNET_OK)
        *out = key;
    else
        carnet_key_free(key);
    return err;
}

void carnet_key_free(struct carnet_key *key)
{
    if (key != NULL)
        key->signer->close(key);
    free(key);
}

enum carnet_err carnet_key_of_device(const struct carnet_key_info *info, const struct carnet_key_signer *signer,
                                     void *device, struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_key *key = calloc(1, sizeof *key);

    if (key == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
    *key = (struct carnet_key){.info = *info, .signer = signer, .device = device};
    *out = key;
    return CARNET_OK;
}

const struct carnet_key_info *carnet_key_info(const struct carnet_key *key)
{
    return &key->info;
}

/* ---- signing ---- */

static bool begins_with_kind(const struct carnet_kind *kind, const uint8_t *sums, size_t size)
{
    static const char rest[] = "  mimetype\n";
    struct carnet_digest digest;
    char line[CARNET_HEX_SIZE + sizeof rest];

    carnet_sha256(kind->mimetype, strlen(kind->mimetype), &digest);
    carnet_digest_hex(&digest, line);
    memcpy(line + CARNET_HEX_SIZE - 1, rest, sizeof rest);
    return size >= strlen(line) && memcmp(sums, line, strlen(line)) == 0;
}

enum carnet_err carnet_key_sign(const struct carnet_key *key, const struct carnet_kind *kind, const uint8_t *sums,
                                size_t size, uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    if (key->info.role != kind->signer)
        return carnet_fail(diag, CARNET_BUG, "", "A key of the role '%s' was asked to sign '%s', which '%s' signs.",
                           carnet_role_name(key->info.role), kind->name, carnet_role_name(kind->signer));
    if (!begins_with_kind(kind, sums, size))
        return carnet_fail(diag, CARNET_BUG, "", "The checksum lines to be signed are not those of the kind '%s'.",
                           kind->name);
    return key->signer->sign(key, sums, size, signature, diag);
}

enum carnet_err carnet_machine_sign(const struct carnet_key *key, const uint8_t *sums, size_t size,
                                    uint8_t signature[CARNET_SIGNATURE_SIZE], struct carnet_diag *diag)
{
    for (int id = 0; id < CARNET_KIND_COUNT; id++) {
        const struct carnet_kind *kind = carnet_kind_get((enum carnet_kind_id)id);

        if (kind->signer == CARNET_ROLE_MACHINE && begins_with_kind(kind, sums, size))
            return carnet_key_sign(key, kind, sums, size, signature, diag);
    }
    return carnet_fail(diag, CARNET_BUG, "", "The checksum lines to be signed are of no kind that machines sign.");
}

/* ---- keys at rest ---- */

enum carnet_err carnet_key_stretch(const struct carnet_key_file *file, const char *passphrase,
                                   uint8_t kek[CARNET_KEK_SIZE], struct carnet_diag *diag)
{
    const unsigned long parameters[4] = {CARNET_KEK_SIZE, file->passes, file->memory, 1};
    gcry_kdf_hd_t kdf = NULL;
    gcry_error_t failed;

    failed = gcry_kdf_open(&kdf, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, parameters, 4, passphrase, strlen(passphrase),
                           file->salt, sizeof file->salt, NULL, 0, NULL, 0);
    if (failed == 0)
        failed = gcry_kdf_compute(kdf, NULL);
    if (failed == 0)
        failed = gcry_kdf_final(kdf, CARNET_KEK_SIZE, kek);
    if (kdf != NULL)
        gcry_kdf_close(kdf);
    return failed == 0 ? CARNET_OK : refuse(diag, failed, "stretch the passphrase");
}

/* The cipher, ready for the secret: key, nonce and the header as additional data (Y-8). */
static gcry_error_t open_cipher(const struct carnet_key_file *file, const uint8_t kek[CARNET_KEK_SIZE],
                                gcry_cipher_hd_t *out)
{
    struct carnet_buffer header = {0};
    gcry_cipher_hd_t cipher = NULL;
    gcry_error_t failed;

    if (carnet_key_file_header(file, &header) != CARNET_OK)
        return gcry_error(GPG_ERR_ENOMEM);
    failed = gcry_cipher_open(&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM_SIV, GCRY_CIPHER_SECURE);
    if (failed == 0)
        failed = gcry_cipher_setkey(cipher, kek, CARNET_KEK_SIZE);
    if (failed == 0)
        failed = gcry_cipher_setiv(cipher, file->nonce, sizeof file->nonce);
    if (failed == 0)
        failed = gcry_cipher_authenticate(cipher, header.bytes, header.size);
    carnet_buffer_clear(&header);
    if (failed == 0)
        *out = cipher;
    else
        gcry_cipher_close(cipher);
    return failed;
}

enum carnet_err carnet_key_wrap(struct carnet_key_file *file, const uint8_t kek[CARNET_KEK_SIZE],
                                const uint8_t seed[CARNET_SEED_SIZE], struct carnet_diag *diag)
{
    struct carnet_key_file made = *file;
    gcry_cipher_hd_t cipher = NULL;
    gcry_error_t failed = open_cipher(file, kek, &cipher);

    if (failed == 0)
        failed = gcry_cipher_final(cipher);
    if (failed == 0)
        failed = gcry_cipher_encrypt(cipher, made.ciphertext, sizeof made.ciphertext, seed, CARNET_SEED_SIZE);
    if (failed == 0)
        failed = gcry_cipher_gettag(cipher, made.tag, sizeof made.tag);
    gcry_cipher_close(cipher);
    if (failed != 0)
        return refuse(diag, failed, "seal the key");
    *file = made;
    return CARNET_OK;
}

enum carnet_err carnet_key_unwrap(const struct carnet_key_file *file, const uint8_t kek[CARNET_KEK_SIZE],
                                  uint8_t seed[CARNET_SEED_SIZE], struct carnet_diag *diag)
{
    gcry_cipher_hd_t cipher = NULL;
    uint8_t tag[CARNET_KEY_TAG_SIZE];
    gcry_error_t failed = open_cipher(file, kek, &cipher);

    memcpy(tag, file->tag, sizeof tag);
    if (failed == 0)
        failed = gcry_cipher_set_decryption_tag(cipher, tag, sizeof tag);
    if (failed == 0)
        failed = gcry_cipher_final(cipher);
    if (failed == 0)
        failed = gcry_cipher_decrypt(cipher, seed, CARNET_SEED_SIZE, file->ciphertext, sizeof file->ciphertext);
    gcry_cipher_close(cipher);
    if (gcry_err_code(failed) == GPG_ERR_CHECKSUM)
        return carnet_fail(diag, CARNET_ALTERED, "Y-8", "The key file or the key beside it was altered.");
    return failed == 0 ? CARNET_OK : refuse(diag, failed, "open the key");
}

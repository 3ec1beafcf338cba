/* SPDX-License-Identifier: MIT */
/* Random mutations of a bundle: not one is accepted. CARNET_MUTATIONS sets how many are tried. */
#include "fixture.h"

#define DEFAULT_COUNT 20000ul
#define BLOCK ((size_t)512)

/* xorshift64*: the same mutations each time. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *seed, size_t limit)
{
    return (size_t)(next(seed) % limit);
}

/* A bundle like a license: issuer, with an entitlement inside. */
static struct carnet_buffer license(void)
{
    struct carnet_key *key = fixture_key(CARNET_ROLE_ISSUER, 3);
    struct parts inner, outer;
    struct carnet_buffer entitlement, bundle;

    fixture_parts(&inner, key, "application/vnd.carnet.entitlement;version=1", "entitlement.xml");
    inner.count = CARNET_ENTRY_EMBEDDED;
    fixture_finish(&inner, key);
    entitlement = fixture_pack(&inner);
    fixture_license(&outer, key);
    outer.entries[CARNET_ENTRY_EMBEDDED].bytes = entitlement.bytes;
    outer.entries[CARNET_ENTRY_EMBEDDED].size = entitlement.size;
    fixture_finish(&outer, key);
    bundle = fixture_pack(&outer);
    carnet_buffer_clear(&entitlement);
    carnet_buffer_clear(&inner.sums);
    carnet_buffer_clear(&outer.sums);
    carnet_key_free(key);
    return bundle;
}

static void change_bytes(uint64_t *seed, uint8_t *bytes, size_t size)
{
    for (size_t left = 1 + below(seed, 4); left > 0; left--)
        bytes[below(seed, size)] ^= (uint8_t)(1u << below(seed, 8));
}

/* Changes a field of a random header and repairs its checksum. */
static void change_header(uint64_t *seed, uint8_t *bytes, size_t size)
{
    size_t block = below(seed, size / BLOCK);
    uint8_t *header;

    while (block > 0 && memcmp(bytes + block * BLOCK + 257, "ustar", 5) != 0)
        block--;
    header = bytes + block * BLOCK;
    for (size_t left = 1 + below(seed, 3); left > 0; left--) {
        size_t i = below(seed, BLOCK);

        header[i] = below(seed, 2) != 0 ? (uint8_t)('0' + below(seed, 8)) : (uint8_t)next(seed);
    }
    fixture_repair(header);
}

static size_t change_blocks(uint64_t *seed, uint8_t *bytes, size_t size)
{
    uint8_t held[512];
    size_t count = size / BLOCK;
    size_t a = below(seed, count), b = below(seed, count);

    switch (below(seed, 4)) {
    case 0: /* swapped */
        memcpy(held, bytes + a * BLOCK, BLOCK);
        memmove(bytes + a * BLOCK, bytes + b * BLOCK, BLOCK);
        memcpy(bytes + b * BLOCK, held, BLOCK);
        return size;
    case 1: /* dropped */
        memmove(bytes + a * BLOCK, bytes + (a + 1) * BLOCK, size - (a + 1) * BLOCK);
        return size - BLOCK;
    case 2: /* doubled */
        memmove(bytes + (a + 1) * BLOCK, bytes + a * BLOCK, size - a * BLOCK);
        return size + BLOCK;
    default: /* cut or lengthened anywhere */
        return below(seed, 2) != 0 ? below(seed, size) : size + 1 + below(seed, BLOCK);
    }
}

static size_t mutate(uint64_t *seed, uint8_t *bytes, size_t size)
{
    for (size_t left = 1 + below(seed, 2); left > 0; left--)
        switch (below(seed, 3)) {
        case 0:
            change_bytes(seed, bytes, size);
            break;
        case 1:
            if (size >= BLOCK)
                change_header(seed, bytes, size);
            break;
        default:
            if (size >= BLOCK && left == 1)
                size = change_blocks(seed, bytes, size);
        }
    return size;
}

static bool accepted(const uint8_t *bytes, size_t size, struct carnet_gated_keys *keys, enum carnet_err *why)
{
    struct carnet_unpacked *u = NULL;
    struct carnet_signed *s = NULL;
    struct carnet_intact *i = NULL;

    *why = carnet_unpack(bytes, size, &u, NULL);
    if (*why == CARNET_OK)
        *why = carnet_signature_check(u, keys, &s, NULL);
    if (*why == CARNET_OK)
        *why = carnet_digests_check(s, &i, NULL);
    carnet_intact_free(i);
    carnet_signed_free(s);
    carnet_unpacked_free(u);
    return *why == CARNET_OK;
}

static void none_is_accepted(void **state)
{
    const char *wanted = getenv("CARNET_MUTATIONS");
    unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : DEFAULT_COUNT;
    unsigned long malformed = 0, altered = 0, same = 0;
    struct carnet_buffer bundle = license();
    struct carnet_gated_keys *keys = NULL;
    uint8_t *bytes = malloc(bundle.size + 2 * BLOCK);
    uint64_t seed = UINT64_C(0x6361726e6574);
    enum carnet_err why;

    (void)state;
    assert_true(count > 0);
    assert_int_equal(carnet_gated_keys_new(&keys), CARNET_OK);
    assert_true(accepted(bundle.bytes, bundle.size, keys, &why));
    for (unsigned long n = 0; n < count; n++) {
        size_t size;

        memset(bytes, 0, bundle.size + 2 * BLOCK);
        memcpy(bytes, bundle.bytes, bundle.size);
        size = mutate(&seed, bytes, bundle.size);
        if (size == bundle.size && memcmp(bytes, bundle.bytes, size) == 0) {
            same++;
            continue;
        }
        if (accepted(bytes, size, keys, &why))
            fail_msg("mutation %lu was accepted", n);
        if (why != CARNET_MALFORMED && why != CARNET_ALTERED)
            fail_msg("mutation %lu is '%s'", n, carnet_outcome_name(why));
        malformed += why == CARNET_MALFORMED;
        altered += why == CARNET_ALTERED;
    }
    printf("%lu mutations, none accepted: %lu malformed, %lu altered; %lu more changed nothing\n", count - same,
           malformed, altered, same);
    assert_true(malformed > 0 && altered > 0);
    free(bytes);
    carnet_gated_keys_free(keys);
    carnet_buffer_clear(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_is_accepted)};

    return cmocka_run_group_tests_name("mutation", tests, NULL, NULL);
}

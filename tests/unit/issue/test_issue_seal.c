/* SPDX-License-Identifier: MIT */
/* Sealing what root and issuer sign: the key's role, the kind and what it embeds have to fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/intact.h"
#include "issue/issue.h"

static const uint8_t document[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x/>\n";

static struct carnet_key *make_key(enum carnet_role role)
{
    uint8_t seed[32];
    struct carnet_key *key = NULL;

    memset(seed, 40 + (int)role, sizeof seed);
    assert_int_equal(carnet_key_from_seed(role, 0, seed, &key, NULL), CARNET_OK);
    return key;
}

static void reads_back(const struct carnet_buffer *bundle, enum carnet_kind_id kind, const struct carnet_digest *id,
                       const struct carnet_key *signer)
{
    struct carnet_unpacked *u = NULL;
    struct carnet_signed *s = NULL;
    struct carnet_intact *i = NULL;
    const struct carnet_kind *row = NULL;

    assert_int_equal(carnet_unpack(bundle->bytes, bundle->size, &u, NULL), CARNET_OK);
    assert_int_equal(carnet_signature_check(u, NULL, &s, NULL), CARNET_OK);
    assert_true(carnet_digest_equal(carnet_signed_signer(s), &carnet_key_info(signer)->id));
    assert_int_equal(carnet_digests_check(s, &i, NULL), CARNET_OK);
    assert_true(carnet_digest_equal(carnet_intact_id(i), id));
    assert_int_equal(carnet_kind_check(i, CARNET_KIND_BIT(kind), &row, NULL), CARNET_OK);
    carnet_intact_free(i);
    carnet_signed_free(s);
    carnet_unpacked_free(u);
}

/* Every kind with a key of every role, with and without an embedded bundle: sealed exactly where all fits. */
static void seals_what_fits(void **state)
{
    struct carnet_embed embed = {.bytes = document, .size = sizeof document - 1, .id = {{5}}};
    unsigned sealed = 0;

    (void)state;
    for (int role = CARNET_ROLE_ROOT; role <= CARNET_ROLE_MACHINE; role++) {
        struct carnet_key *key = make_key((enum carnet_role)role);

        for (int kind = 0; kind < CARNET_KIND_COUNT; kind++)
            for (int with = 0; with < 2; with++) {
                const struct carnet_kind *row = carnet_kind_get((enum carnet_kind_id)kind);
                struct carnet_buffer out = {0};
                struct carnet_digest id = {{7}};
                struct carnet_diag diag = {0};
                enum carnet_err err = carnet_issue_seal(key, row->id, document, sizeof document - 1,
                                                        with == 1 ? &embed : NULL, &out, &id, &diag);

                if (row->signer != CARNET_ROLE_MACHINE && row->id != CARNET_KIND_TRUST && (int)row->signer == role &&
                    (with == 1) == (row->embeds != CARNET_KIND_NONE)) {
                    assert_int_equal(err, CARNET_OK);
                    reads_back(&out, row->id, &id, key);
                    sealed++;
                } else {
                    assert_int_equal(err, CARNET_BUG);
                    assert_true(diag.detail[0] != '\0');
                    assert_int_equal(out.size, 0);
                    assert_int_equal(id.bytes[0], 7);
                }
                carnet_buffer_clear(&out);
            }
        carnet_key_free(key);
    }
    assert_int_equal(sealed, 6);
}

static void refuses_sizes(void **state)
{
    static uint8_t large[CARNET_DOCUMENT_MOST + 1];
    struct carnet_key *key = make_key(CARNET_ROLE_ROOT);
    struct carnet_buffer out = {0};
    struct carnet_digest id;
    struct carnet_diag diag = {0};

    (void)state;
    assert_int_equal(carnet_issue_seal(key, CARNET_KIND_ENTITLEMENT, large, sizeof large, NULL, &out, &id, &diag),
                     CARNET_MALFORMED);
    assert_string_equal(diag.clause, "C-8");
    assert_int_equal(out.size, 0);
    carnet_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seals_what_fits), cmocka_unit_test(refuses_sizes)};

    return cmocka_run_group_tests_name("issue_seal", tests, NULL, NULL);
}

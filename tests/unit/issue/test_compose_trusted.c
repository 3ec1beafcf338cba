/* SPDX-License-Identifier: MIT */
/* A document read in its place of the walk in: after signature, digests, kind and trust. */
#include "../document/document_fixture.h"

#include "issue/issue.h"
#include "rules/trust.h"

static void test_trusted(void **state)
{
    (void)state;
    static const uint8_t seed[32] = {7};
    struct carnet_fingerprint f;
    struct carnet_buffer text = {0}, bundle = {0};
    struct carnet_key *key = NULL;
    struct carnet_unpacked *u = NULL;
    struct carnet_signed *s = NULL;
    struct carnet_intact *i = NULL;
    const struct carnet_kind *kind = NULL;
    struct carnet_trusted *t = NULL;
    struct carnet_document *d = NULL;
    struct carnet_digest id;
    const struct carnet_anchors nobody = {0};
    fullest_fingerprint(&f);
    assert_int_equal(carnet_fingerprint_compose(&f, &text), CARNET_OK);
    assert_int_equal(carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, &key, NULL), CARNET_OK);
    assert_int_equal(carnet_machine_seal(key, CARNET_KIND_FINGERPRINT, text.bytes, text.size, NULL, &bundle, &id, NULL),
                     CARNET_OK);
    assert_int_equal(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), CARNET_OK);
    assert_int_equal(carnet_signature_check(u, NULL, &s, NULL), CARNET_OK);
    assert_int_equal(carnet_digests_check(s, &i, NULL), CARNET_OK);
    assert_int_equal(carnet_kind_check(i, CARNET_KIND_ANY, &kind, NULL), CARNET_OK);
    assert_int_equal(carnet_trust_decide(i, kind, &nobody, NULL, &t, NULL), CARNET_OK);
    assert_int_equal(carnet_document_read(t, &d, NULL), CARNET_OK);
    assert_ptr_equal(carnet_document_trusted(d), t);
    assert_ptr_equal(carnet_document_kind(d), kind);
    assert_memory_equal(carnet_document_fingerprint(d), &f, sizeof(f));
    carnet_document_free(d);
    carnet_trusted_free(t);
    carnet_intact_free(i);
    carnet_signed_free(s);
    carnet_unpacked_free(u);
    carnet_key_free(key);
    carnet_buffer_clear(&bundle);
    carnet_buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trusted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

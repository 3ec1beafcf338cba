/* SPDX-License-Identifier: MIT */
/* Sealing what machines sign, and reading it back. */
#include "fixture.h"

#define DOCUMENT "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<fingerprint xmlns=\"urn:carnet:1\"/>\n"

/* All stages of what was sealed; the id has to be the one that sealing gave. */
static void reads_back(const struct carnet_buffer *bundle, enum carnet_kind_id kind, const struct carnet_digest *id,
                       const struct carnet_key *signer, size_t entries)
{
    struct carnet_unpacked *u = NULL;
    struct carnet_signed *s = NULL;
    struct carnet_intact *i = NULL;
    const struct carnet_kind *row = NULL;

    assert_int_equal(carnet_unpack(bundle->bytes, bundle->size, &u, NULL), CARNET_OK);
    assert_int_equal(carnet_unpacked_count(u), entries);
    assert_int_equal(carnet_signature_check(u, NULL, &s, NULL), CARNET_OK);
    assert_true(carnet_digest_equal(carnet_signed_signer(s), &carnet_key_info(signer)->id));
    assert_int_equal(carnet_digests_check(s, &i, NULL), CARNET_OK);
    assert_true(carnet_digest_equal(carnet_intact_id(i), id));
    assert_int_equal(carnet_kind_check(i, CARNET_KIND_BIT(kind), &row, NULL), CARNET_OK);
    carnet_intact_free(i);
    carnet_signed_free(s);
    carnet_unpacked_free(u);
}

static void machine_seals(void **state)
{
    struct carnet_key *machine = fixture_key(CARNET_ROLE_MACHINE, 21);
    struct carnet_buffer first = {0}, again = {0}, release = {0};
    struct carnet_embed embed = {.bytes = (const uint8_t *)"a license", .size = 9};
    struct carnet_digest id, same, release_id;
    struct carnet_unpacked *u = NULL;
    char name[CARNET_EMBEDDED_NAME_SIZE];

    (void)state;
    assert_int_equal(carnet_machine_seal(machine, CARNET_KIND_FINGERPRINT, (const uint8_t *)DOCUMENT,
                                         sizeof DOCUMENT - 1, NULL, &first, &id, NULL),
                     CARNET_OK);
    reads_back(&first, CARNET_KIND_FINGERPRINT, &id, machine, CARNET_ENTRY_EMBEDDED);
    /* The same again is the same bytes, appended. */
    assert_int_equal(carnet_buffer_text(&again, "kept"), CARNET_OK);
    assert_int_equal(carnet_machine_seal(machine, CARNET_KIND_FINGERPRINT, (const uint8_t *)DOCUMENT,
                                         sizeof DOCUMENT - 1, NULL, &again, &same, NULL),
                     CARNET_OK);
    assert_int_equal(again.size, first.size + 4);
    assert_memory_equal(again.bytes + 4, first.bytes, first.size);
    assert_true(carnet_digest_equal(&id, &same));
    /* With what it embeds, named by its id (I-4). */
    memset(&embed.id, 0xab, sizeof embed.id);
    assert_int_equal(carnet_machine_seal(machine, CARNET_KIND_RELEASE, (const uint8_t *)DOCUMENT, sizeof DOCUMENT - 1,
                                         &embed, &release, &release_id, NULL),
                     CARNET_OK);
    reads_back(&release, CARNET_KIND_RELEASE, &release_id, machine, CARNET_ENTRY_EMBEDDED + 1);
    assert_int_equal(carnet_unpack(release.bytes, release.size, &u, NULL), CARNET_OK);
    carnet_embedded_name(&embed.id, name);
    assert_string_equal(carnet_unpacked_entry(u, CARNET_ENTRY_EMBEDDED)->name, name);
    assert_int_equal(strlen(name), 71);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&first);
    carnet_buffer_clear(&again);
    carnet_buffer_clear(&release);
    carnet_key_free(machine);
}

static void refuse(const struct carnet_key *key, enum carnet_kind_id kind, size_t size, bool with_embed,
                   size_t embed_size, enum carnet_err err, const char *clause, const char *words)
{
    uint8_t *bytes = calloc(1, CARNET_BUNDLE_MOST);
    struct carnet_embed embed = {.bytes = bytes, .size = embed_size};
    struct carnet_buffer out = {0};
    struct carnet_digest id = {{7}};
    struct carnet_diag diag = {0};

    fixture_refused(&diag, carnet_machine_seal(key, kind, bytes, size, with_embed ? &embed : NULL, &out, &id, &diag),
                    err, clause, words);
    assert_int_equal(out.size, 0);
    assert_int_equal(id.bytes[0], 7);
    free(bytes);
}

static void machine_refuses(void **state)
{
    struct carnet_key *machine = fixture_key(CARNET_ROLE_MACHINE, 21);
    struct carnet_key *issuer = fixture_key(CARNET_ROLE_ISSUER, 22);

    (void)state;
    refuse(machine, CARNET_KIND_LICENSE, 10, true, 10, CARNET_BUG, "", "asked to make a bundle of the kind 'license'");
    refuse(machine, CARNET_KIND_ENTITLEMENT, 10, false, 0, CARNET_BUG, "", "'entitlement'");
    refuse(machine, CARNET_KIND_RECEIPT, 10, true, 10, CARNET_BUG, "", "'receipt'");
    refuse(machine, CARNET_KIND_CLOCK, 10, true, 10, CARNET_BUG, "", "'clock'");
    refuse(machine, CARNET_KIND_ACTIVATION, 10, false, 0, CARNET_BUG, "R-3", "without what it embeds");
    refuse(issuer, CARNET_KIND_CLOCKREQUEST, 10, true, 10, CARNET_BUG, "", "role 'issuer'");
    refuse(issuer, CARNET_KIND_FINGERPRINT, 10, false, 0, CARNET_BUG, "", "role 'issuer'");
    refuse(machine, CARNET_KIND_FINGERPRINT, 10, true, 10, CARNET_BUG, "R-3", "takes none");
    refuse(machine, CARNET_KIND_RELEASE, 10, false, 0, CARNET_BUG, "R-3", "without what it embeds");
    refuse(machine, CARNET_KIND_FINGERPRINT, 0, false, 0, CARNET_MALFORMED, "C-8", "empty or larger than 256 KiB");
    refuse(machine, CARNET_KIND_FINGERPRINT, CARNET_DOCUMENT_MOST + 1, false, 0, CARNET_MALFORMED, "C-8",
           "empty or larger than 256 KiB");
    refuse(machine, CARNET_KIND_RELEASE, 10, true, CARNET_BUNDLE_MOST - 4096, CARNET_MALFORMED, "C-1",
           "larger than 1 MiB");
    carnet_key_free(issuer);
    carnet_key_free(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(machine_seals), cmocka_unit_test(machine_refuses)};

    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}

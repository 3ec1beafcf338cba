/* SPDX-License-Identifier: MIT */
/* H-1, H-2, I-1, V-1, R-4. */
#include "fixture.h"

/* All stages made of one bundle. */
struct walk {
    struct carnet_buffer bundle;
    struct carnet_unpacked *u;
    struct carnet_signed *s;
    struct carnet_intact *i;
};

static enum carnet_err walk(const struct parts *p, struct walk *w, struct carnet_diag *diag)
{
    memset(w, 0, sizeof *w);
    w->bundle = fixture_pack(p);
    assert_int_equal(carnet_unpack(w->bundle.bytes, w->bundle.size, &w->u, NULL), CARNET_OK);
    assert_int_equal(carnet_signature_check(w->u, NULL, &w->s, NULL), CARNET_OK);
    return carnet_digests_check(w->s, &w->i, diag);
}

static void walk_clear(struct walk *w)
{
    carnet_intact_free(w->i);
    carnet_signed_free(w->s);
    carnet_unpacked_free(w->u);
    carnet_buffer_clear(&w->bundle);
}

static struct carnet_key *key;

static int set_up(void **state)
{
    (void)state;
    key = fixture_key(CARNET_ROLE_ISSUER, 9);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    carnet_key_free(key);
    return 0;
}

static void accepts_and_has_an_id(void **state)
{
    struct parts p;
    struct walk w;
    struct carnet_digest id;

    (void)state;
    fixture_license(&p, key);
    assert_int_equal(walk(&p, &w, NULL), CARNET_OK);
    carnet_sha256(p.sums.bytes, p.sums.size, &id);
    assert_true(carnet_digest_equal(carnet_intact_id(w.i), &id));
    assert_ptr_equal(carnet_intact_signed(w.i), w.s);
    walk_clear(&w);
    carnet_buffer_clear(&p.sums);
}

/* Signs these checksum lines, whatever they are, and expects H-1. */
static void refuse_lines(struct parts *p, const char *lines, size_t size, const char *words)
{
    struct carnet_diag diag = {0};
    struct walk w;

    carnet_buffer_clear(&p->sums);
    assert_int_equal(carnet_buffer_append(&p->sums, lines, size), CARNET_OK);
    /* The helper for signing holds the first line as well, so it may only be changed behind it. */
    fixture_sign(p, key);
    fixture_refused(&diag, walk(p, &w, &diag), CARNET_MALFORMED, "H-1", words);
    assert_string_equal(diag.entry, "SHA256SUMS");
    assert_true(diag.line > 0);
    assert_null(w.i);
    walk_clear(&w);
}

static void h1_lines(void **state)
{
    struct parts p;
    char good[2048], changed[4096];
    size_t size, line;

    (void)state;
    fixture_license(&p, key);
    size = p.sums.size;
    memcpy(good, p.sums.bytes, size);
    line = (size_t)((const char *)memchr(good, '\n', size) - good) + 1; /* where the second one begins */
    assert_int_equal(p.count, 5 + 1);

    refuse_lines(&p, good, line, "Line 2 of SHA256SUMS is missing");
    refuse_lines(&p, good, size - 1, "Line 4 of SHA256SUMS does not name");
    refuse_lines(&p, good, line + 30, "Line 2 of SHA256SUMS is too short");
    memcpy(changed, good, size);
    memcpy(changed + size, good, line);
    refuse_lines(&p, changed, size + line, "Line 5 of SHA256SUMS is one too many");
    changed[size] = '\n';
    refuse_lines(&p, changed, size + 1, "Line 5 of SHA256SUMS is one too many");
    memcpy(changed, good, size);
    changed[line] = (char)(changed[line] >= 'a' ? changed[line] - 32 : 'A');
    refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not begin with 64 hex digits");
    changed[line] = '\\';
    refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not begin with 64 hex digits");
    memcpy(changed, good, size);
    changed[line + 65] = '*';
    refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not have two spaces");
    memcpy(changed, good, size);
    changed[line + 66] = 'S';
    refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not name");
    memcpy(changed, good, size);
    changed[line + 66 + strlen("signer.pem")] = ' ';
    refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not name");
    /* Lines of the archive in another order; the line of SHA256SUMS.sig; CR LF. */
    {
        const char *third = (const char *)memchr(good + line, '\n', size - line) + 1;
        const char *fourth = (const char *)memchr(third, '\n', size) + 1;
        size_t second_size = (size_t)(third - good) - line, third_size = (size_t)(fourth - third);

        memcpy(changed, good, size);
        memcpy(changed + line, third, third_size);
        memcpy(changed + line + third_size, good + line, second_size);
        refuse_lines(&p, changed, size, "Line 2 of SHA256SUMS does not name");
    }
    memcpy(changed, good, line);
    snprintf(changed + line, sizeof changed - line, "%064d  SHA256SUMS.sig\n", 0);
    memcpy(changed + strlen(changed), good + line, size - line);
    refuse_lines(&p, changed, size + 82, "Line 2 of SHA256SUMS does not name");
    carnet_buffer_clear(&p.sums);
}

/* The first line is constant for a kind and a major version. */
static void h1_first_line(void **state)
{
    struct parts p;
    struct carnet_digest digest;
    char hex[CARNET_HEX_SIZE], line[100];

    (void)state;
    fixture_license(&p, key);
    carnet_sha256(carnet_kind_get(CARNET_KIND_LICENSE)->mimetype,
                  strlen(carnet_kind_get(CARNET_KIND_LICENSE)->mimetype), &digest);
    carnet_digest_hex(&digest, hex);
    snprintf(line, sizeof line, "%s  mimetype\n", hex);
    assert_memory_equal(p.sums.bytes, line, strlen(line));
    carnet_buffer_clear(&p.sums);
}

static void h2_digests(void **state)
{
    static const uint8_t other[] = "<license/>\n";
    struct parts p;

    (void)state;
    fixture_license(&p, key);
    for (size_t i = 0; i < p.count; i++) {
        struct carnet_diag diag = {0};
        struct parts changed = p;
        struct walk w;

        if (i == CARNET_ENTRY_SUMS || i == CARNET_ENTRY_SIGNATURE || i == CARNET_ENTRY_SIGNER)
            continue;
        changed.entries[i].bytes = other;
        changed.entries[i].size = sizeof other - 1;
        if (i == CARNET_ENTRY_MIMETYPE)
            changed.entries[i] = TEXT_ENTRY("mimetype", "application/vnd.carnet.license;version=2");
        fixture_refused(&diag, walk(&changed, &w, &diag), CARNET_ALTERED, "H-2", p.entries[i].name);
        assert_string_equal(diag.entry, p.entries[i].name);
        assert_null(w.i);
        walk_clear(&w);
    }
    carnet_buffer_clear(&p.sums);
}

/* The signer's entry is covered too: the same key's signature under lines that list another PEM. */
static void h2_signer(void **state)
{
    struct carnet_key *other = fixture_key(CARNET_ROLE_ISSUER, 10);
    struct carnet_diag diag = {0};
    struct parts p;
    struct walk w;

    (void)state;
    fixture_license(&p, key);
    fixture_sign(&p, other);
    carnet_pem_write(carnet_key_info(other)->public_key, p.pem);
    fixture_refused(&diag, walk(&p, &w, &diag), CARNET_ALTERED, "H-2", "signer.pem");
    walk_clear(&w);
    carnet_buffer_clear(&p.sums);
    carnet_key_free(other);
}

static void kind_of(const char *mimetype, const char *document, unsigned expected, enum carnet_err outcome,
                    const char *clause, const char *words, const char *next)
{
    const struct carnet_kind *kind = NULL;
    struct carnet_diag diag = {0};
    struct parts p;
    struct walk w;
    enum carnet_err err;

    fixture_parts(&p, key, mimetype, document);
    assert_int_equal(walk(&p, &w, NULL), CARNET_OK);
    err = carnet_kind_check(w.i, expected, &kind, &diag);
    if (outcome == CARNET_OK) {
        assert_int_equal(err, CARNET_OK);
        assert_string_equal(kind->mimetype, mimetype);
    } else {
        fixture_refused(&diag, err, outcome, clause, words);
        assert_string_equal(diag.next, next);
        assert_null(kind);
    }
    walk_clear(&w);
    carnet_buffer_clear(&p.sums);
}

static void v1_newer_format(void **state)
{
    (void)state;
    kind_of("application/vnd.carnet.license;version=2", "license.xml", CARNET_KIND_ANY, CARNET_NEWER_FORMAT, "V-1",
            "version 2", "");
    kind_of("application/vnd.carnet.voucher;version=1", "voucher.xml", CARNET_KIND_ANY, CARNET_NEWER_FORMAT, "V-1",
            "the kind 'voucher'", "");
    /* Newer comes before not expected. */
    kind_of("application/vnd.carnet.license;version=9999", "license.xml", 0, CARNET_NEWER_FORMAT, "V-1", "version 9999",
            "");
}

static void r4_kinds(void **state)
{
    static const char *const words[] = {
        [CARNET_KIND_ENTITLEMENT] = "This is an entitlement; use 'carnet-admin import'.",
        [CARNET_KIND_FINGERPRINT] = "This is a fingerprint; use 'carnet-admin assign'.",
        [CARNET_KIND_LICENSE] = "This is a license; use 'carnet-user activate'.",
        [CARNET_KIND_RELEASE] = "This is a release; use 'carnet-admin free'.",
        [CARNET_KIND_RECEIPT] = "This is a receipt; use 'carnet-user activate'.",
        [CARNET_KIND_JOURNAL] = "This is a journal; use 'carnet-admin entitle --journal'.",
        [CARNET_KIND_ACTIVATION] = "This is an activation; use 'carnet-admin import'.",
        [CARNET_KIND_CLOCKREQUEST] = "This is a clockrequest; use 'carnet-admin clock'.",
        [CARNET_KIND_CLOCK] = "This is a clock; use 'carnet-user activate'.",
        [CARNET_KIND_KEYREQUEST] = "This is a keyrequest; use 'carnet-admin entitle --issuer'.",
        [CARNET_KIND_TRUST] = "This is a trust; use 'carnet-user trust add'.",
    };
    static const char *const next[] = {
        "Use 'carnet-admin import' for it.",   "Use 'carnet-admin assign' for it.",
        "Use 'carnet-user activate' for it.",  "Use 'carnet-admin free' for it.",
        "Use 'carnet-user activate' for it.",  "Use 'carnet-admin entitle --journal' for it.",
        "Use 'carnet-admin import' for it.",   "Use 'carnet-admin clock' for it.",
        "Use 'carnet-user activate' for it.",  "Use 'carnet-admin entitle --issuer' for it.",
        "Use 'carnet-user trust add' for it.",
    };

    (void)state;
    for (int id = 0; id < CARNET_KIND_COUNT; id++) {
        const struct carnet_kind *kind = carnet_kind_get((enum carnet_kind_id)id);
        char document[64];

        assert_ptr_equal(carnet_kind_find(kind->name), kind);
        snprintf(document, sizeof document, "%s.xml", kind->name);
        kind_of(kind->mimetype, document, CARNET_KIND_ANY, CARNET_OK, "", "", "");
        kind_of(kind->mimetype, document, CARNET_KIND_BIT(kind->id), CARNET_OK, "", "", "");
        kind_of(kind->mimetype, document, CARNET_KIND_ANY & ~CARNET_KIND_BIT(kind->id), CARNET_WRONG_KIND, "R-4",
                words[id], next[id]);
    }
    assert_null(carnet_kind_find("voucher"));
    assert_null(carnet_kind_find(""));
    assert_string_equal(carnet_role_name(CARNET_ROLE_ROOT), "root");
    assert_string_equal(carnet_role_name(CARNET_ROLE_ISSUER), "issuer");
    assert_string_equal(carnet_role_name(CARNET_ROLE_MACHINE), "machine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_has_an_id),
        cmocka_unit_test(h1_lines),
        cmocka_unit_test(h1_first_line),
        cmocka_unit_test(h2_digests),
        cmocka_unit_test(h2_signer),
        cmocka_unit_test(v1_newer_format),
        cmocka_unit_test(r4_kinds),
    };

    return cmocka_run_group_tests_name("intact", tests, set_up, tear_down);
}

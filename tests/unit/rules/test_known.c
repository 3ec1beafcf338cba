/* SPDX-License-Identifier: MIT */
/* Embedded bundles that are remembered: what is spared, and that no forgery is taken, or condemns another, by it. */
#include "../state/fixture.h"
#include "rules/known.h"
#include "rules/reading.h"

struct fixture {
    struct world world;
    struct carnet_anchor anchor;
    struct carnet_anchors anchors;
    struct carnet_known *known;
    struct sealed genuine[2]; /* licenses on the genuine entitlement */
    struct sealed forged;     /* one on an entitlement of the same id, whose signature is not the root's */
};

/* The same SHA256SUMS, so the same id, and another signature. */
static void forge(const struct sealed *from, struct sealed *out)
{
    static const char name[] = "SHA256SUMS.sig";
    OK(carnet_buffer_append(&out->bytes, from->bytes.bytes, from->bytes.size));
    out->id = from->id;
    uint8_t *header = memmem(out->bytes.bytes, out->bytes.size, name, sizeof name);
    assert_non_null(header);
    header[512 + 40] ^= 1;
}

static int start(void **state)
{
    static struct fixture f;
    struct carnet_digest machine = {{9}};
    struct sealed entitled, forged = {0};
    memset(&f, 0, sizeof f);
    world_start(&f.world);
    f.anchor = (struct carnet_anchor){.vendor = f.world.vendor, .root = f.world.vendor};
    f.anchors = (struct carnet_anchors){.list = &f.anchor, .count = 1};
    OK(carnet_known_new(&f.known));
    make_license(&f.world, 1, 1, &machine, 1, &f.genuine[0]);
    make_license(&f.world, 2, 1, &machine, 2, &f.genuine[1]);
    forge(&f.world.entitled, &forged);
    entitled = f.world.entitled;
    f.world.entitled = forged;
    make_license(&f.world, 3, 1, &machine, 3, &f.forged);
    f.world.entitled = entitled;
    carnet_buffer_clear(&forged.bytes);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    carnet_known_free(f->known);
    carnet_buffer_clear(&f->genuine[0].bytes);
    carnet_buffer_clear(&f->genuine[1].bytes);
    carnet_buffer_clear(&f->forged.bytes);
    world_stop(&f->world);
    return 0;
}

static struct carnet_reading *reading_of(const struct fixture *f, const struct sealed *bundle, enum carnet_err expected)
{
    const struct carnet_read_options options = {.anchors = &f->anchors, .known = f->known};
    struct carnet_reading *reading = NULL;
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_reading_open(bundle->bytes.bytes, bundle->bytes.size, &options, &reading, &diag), expected);
    if (expected != CARNET_OK) {
        assert_string_equal(diag.clause, "S-4");
        assert_string_equal(diag.entry, "entitlement/SHA256SUMS.sig");
        assert_null(carnet_reading_judged(reading));
    }
    return reading;
}

static void expect(const struct fixture *f, const struct sealed *bundle, enum carnet_err expected, unsigned long hits)
{
    carnet_reading_free(reading_of(f, bundle, expected));
    assert_int_equal(carnet_known_hits(f->known), hits);
}

static void genuine_first(void **state)
{
    const struct fixture *f = *state;
    expect(f, &f->genuine[0], CARNET_OK, 0);
    expect(f, &f->forged, CARNET_ALTERED, 0);
    expect(f, &f->genuine[1], CARNET_OK, 1);
    expect(f, &f->forged, CARNET_ALTERED, 1);
}

static void forged_first(void **state)
{
    const struct fixture *f = *state;
    expect(f, &f->forged, CARNET_ALTERED, 0);
    expect(f, &f->genuine[0], CARNET_OK, 0);
    expect(f, &f->genuine[1], CARNET_OK, 1);
    expect(f, &f->forged, CARNET_ALTERED, 1);
}

/* More entitlements than are remembered: all are read, and the readings live on when what was known is gone. */
static void many(void **state)
{
    struct fixture *f = *state;
    struct carnet_reading *last = NULL;
    struct carnet_digest machine = {{9}};
    const struct sealed entitled = f->world.entitled;
    for (uint32_t i = 0; i < CARNET_KNOWN_MOST + 8; i++) {
        struct carnet_buffer document = {0};
        struct sealed license;
        f->world.entitled = (struct sealed){0};
        f->world.entitlement.issued = NOW - (int64_t)i;
        OK(carnet_issue_compose_entitlement(&f->world.entitlement, &document));
        seal_issued(f->world.root, CARNET_KIND_ENTITLEMENT, &document, NULL, &f->world.entitled);
        make_license(&f->world, (uint8_t)i, 1, &machine, 1, &license);
        carnet_reading_free(last);
        last = reading_of(f, &license, CARNET_OK);
        expect(f, &license, CARNET_OK, i + 1);
        carnet_buffer_clear(&document);
        carnet_buffer_clear(&f->world.entitled.bytes);
        if (i < CARNET_KNOWN_MOST + 7)
            carnet_buffer_clear(&license.bytes);
        else
            f->forged.bytes = (carnet_buffer_clear(&f->forged.bytes), license.bytes);
    }
    f->world.entitled = entitled;
    carnet_known_free(f->known);
    f->known = NULL;
    const struct carnet_reading *embedded = carnet_reading_embedded(last);
    assert_string_equal(carnet_document_entitlement(carnet_reading_document(embedded))->license, "L-1");
    carnet_reading_free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(genuine_first, start, stop),
        cmocka_unit_test_setup_teardown(forged_first, start, stop),
        cmocka_unit_test_setup_teardown(many, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Trust information: which is taken (U-7 to U-9), and what it revokes (U-10 to U-13). */
#include "fixture.h"
#include "rules/links.h"
#include "rules/reading.h"

struct fixture {
    struct world world;
    struct carnet_key *roots[3];
    struct sealed links[3]; /* from each to the next; the third leads to `stranger` */
    struct carnet_key *stranger;
    struct sealed license;
};

static struct sealed link_of(const struct fixture *f, uint32_t generation, const struct carnet_key *key,
                             const struct carnet_key *next)
{
    struct carnet_trust t = {.vendor = f->world.vendor, .is_link = true, .generation = generation, .has_next = true};
    struct carnet_buffer document = {0};
    struct sealed out = {0};
    t.next = carnet_key_info(next)->id;
    OK(carnet_issue_compose_trust(&t, &document));
    OK(carnet_issue_seal_trust(key, document.bytes, document.size, NULL, 0, &out.bytes, &out.id, NULL));
    carnet_buffer_clear(&document);
    return out;
}

static int start(void **state)
{
    static struct fixture f;
    struct carnet_digest machine = {{9}};
    memset(&f, 0, sizeof f);
    world_start(&f.world);
    f.roots[0] = f.world.root;
    f.roots[1] = make_key(CARNET_ROLE_ROOT, 11);
    f.roots[2] = make_key(CARNET_ROLE_ROOT, 12);
    f.stranger = make_key(CARNET_ROLE_ROOT, 13);
    for (uint32_t i = 0; i < 3; i++)
        f.links[i] = link_of(&f, i + 1, f.roots[i], i < 2 ? f.roots[i + 1] : f.stranger);
    make_license(&f.world, 1, 1, &machine, 1, &f.license);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 3; i++)
        carnet_buffer_clear(&f->links[i].bytes);
    carnet_buffer_clear(&f->license.bytes);
    carnet_key_free(f->roots[1]);
    carnet_key_free(f->roots[2]);
    carnet_key_free(f->stranger);
    world_stop(&f->world);
    return 0;
}

/* Trust information of that version, with the links it needs; `next`: the third link announces the stranger. */
static struct carnet_reading *trust_of(const struct fixture *f, uint32_t generation, uint32_t number, bool next,
                                       struct carnet_trust_lists *lists, int64_t expires, struct sealed *out)
{
    struct carnet_trust t = {.vendor = f->world.vendor, .generation = generation, .number = number, .created = NOW};
    struct carnet_anchor anchor = {f->world.vendor, f->world.vendor};
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};
    const struct carnet_read_options options = {.anchors = &anchors};
    struct carnet_buffer document = {0};
    struct carnet_embed embed[3];
    struct carnet_reading *reading = NULL;
    t.expires = expires;
    t.lists = lists;
    t.has_next = next;
    for (uint32_t i = 0; i < 3; i++) {
        if (i < generation)
            t.roots[i] = carnet_key_info(f->roots[i])->id;
        embed[i] = (struct carnet_embed){f->links[i].bytes.bytes, f->links[i].bytes.size, f->links[i].id};
    }
    if (next)
        t.next = carnet_key_info(generation < 3 ? f->roots[generation] : f->stranger)->id;
    memset(out, 0, sizeof *out);
    OK(carnet_issue_compose_trust(&t, &document));
    OK(carnet_issue_seal_trust(f->roots[generation - 1], document.bytes, document.size, embed,
                               generation - 1 + (next ? 1 : 0), &out->bytes, &out->id, NULL));
    OK(carnet_reading_open(out->bytes.bytes, out->bytes.size, &options, &reading, NULL));
    carnet_buffer_clear(&document);
    return reading;
}

static enum carnet_err accept(const struct carnet_reading *known, const struct carnet_reading *given, int64_t now,
                              bool *same, struct carnet_diag *diag)
{
    const struct carnet_judged *before = known == NULL ? NULL : carnet_reading_judged(known);
    memset(diag, 0, sizeof *diag);
    return carnet_trust_accept(before == NULL ? NULL : carnet_document_trust(carnet_judged_document(before)),
                               before == NULL ? NULL : carnet_judged_id(before), carnet_reading_judged(given), now,
                               same, diag);
}

static void which_is_taken(void **state)
{
    const struct fixture *f = *state;
    struct sealed sealed[6];
    struct carnet_reading *r[6];
    struct carnet_diag diag;
    bool same = true;
    r[0] = trust_of(f, 1, 1, false, NULL, CARNET_NEVER, &sealed[0]);
    r[1] = trust_of(f, 1, 999999999, true, NULL, CARNET_NEVER, &sealed[1]);
    r[2] = trust_of(f, 3, 1, false, NULL, CARNET_NEVER, &sealed[2]);
    r[3] = trust_of(f, 3, 2, true, NULL, NOW + 1, &sealed[3]);
    r[4] = trust_of(f, 3, 3, false, NULL, CARNET_NEVER, &sealed[4]);
    r[5] = trust_of(f, 3, 1, true, NULL, CARNET_NEVER, &sealed[5]);
    /* Two rotations at once, and the same again. */
    OK(accept(NULL, r[0], NOW, &same, &diag));
    assert_false(same);
    OK(accept(r[0], r[2], NOW, &same, &diag));
    OK(accept(r[2], r[2], NOW, &same, &diag));
    assert_true(same);
    /* U-8: a root of before does not come back, however high its number is. */
    assert_int_equal(accept(r[2], r[1], NOW, &same, &diag), CARNET_ROLLED_BACK);
    assert_string_equal(diag.clause, "U-8");
    assert_int_equal(accept(r[4], r[2], NOW, &same, &diag), CARNET_ROLLED_BACK);
    /* U-7: expired; a second before, it is taken. */
    OK(accept(r[2], r[3], NOW + 1, &same, &diag));
    assert_int_equal(accept(r[2], r[3], NOW + 2, &same, &diag), CARNET_TRUST_EXPIRED);
    assert_string_equal(diag.clause, "U-7");
    /* U-9: what was announced is not taken back, and one version says one thing. */
    assert_int_equal(accept(r[3], r[4], NOW, &same, &diag), CARNET_FORKED);
    assert_string_equal(diag.clause, "U-9");
    assert_int_equal(accept(r[2], r[5], NOW, &same, &diag), CARNET_FORKED);
    assert_non_null(strstr(diag.detail, "other content"));
    for (size_t i = 0; i < 6; i++) {
        carnet_reading_free(r[i]);
        carnet_buffer_clear(&sealed[i].bytes);
    }
}

/* U-9: a stolen first root names another successor. */
static void another_successor(void **state)
{
    struct fixture *f = *state;
    struct sealed genuine, forged, other = link_of(f, 1, f->roots[0], f->stranger), kept = f->links[0];
    struct carnet_key *second = f->roots[1];
    struct carnet_diag diag;
    bool same;
    struct carnet_reading *known = trust_of(f, 1, 1, true, NULL, CARNET_NEVER, &genuine), *given;
    f->links[0] = other;
    f->roots[1] = f->stranger;
    given = trust_of(f, 2, 999999999, false, NULL, CARNET_NEVER, &forged);
    f->links[0] = kept;
    f->roots[1] = second;
    assert_int_equal(accept(known, given, NOW, &same, &diag), CARNET_FORKED);
    assert_non_null(strstr(diag.detail, "two successors"));
    carnet_reading_free(known);
    carnet_reading_free(given);
    carnet_buffer_clear(&genuine.bytes);
    carnet_buffer_clear(&forged.bytes);
    carnet_buffer_clear(&other.bytes);
}

static void a_link_alone(void **state)
{
    const struct fixture *f = *state;
    struct carnet_anchor anchor = {f->world.vendor, f->world.vendor};
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};
    const struct carnet_read_options options = {.anchors = &anchors};
    struct carnet_reading *reading = NULL;
    struct carnet_diag diag;
    bool same;
    OK(carnet_reading_open(f->links[0].bytes.bytes, f->links[0].bytes.size, &options, &reading, NULL));
    assert_int_equal(accept(NULL, reading, NOW, &same, &diag), CARNET_NOT_VOUCHED);
    assert_string_equal(diag.clause, "U-7");
    carnet_reading_free(reading);
}

/* How the license is read with that trust information. */
static enum carnet_err license_under(const struct fixture *f, const struct sealed *license,
                                     struct carnet_trust_lists *lists, uint32_t number, struct carnet_diag *diag)
{
    struct sealed sealed;
    struct carnet_reading *trust = trust_of(f, 2, number, false, lists, CARNET_NEVER, &sealed), *reading = NULL;
    const struct carnet_trust *t = carnet_document_trust(carnet_reading_document(trust));
    struct carnet_anchor list[1] = {{f->world.vendor, t->roots[0]}};
    const struct carnet_anchors anchors = {.list = list, .count = 1, .trust = &t, .trust_count = 1};
    const struct carnet_read_options options = {.anchors = &anchors};
    memset(diag, 0, sizeof *diag);
    enum carnet_err err = carnet_reading_open(license->bytes.bytes, license->bytes.size, &options, &reading, diag);
    assert_true((err == CARNET_OK) == (carnet_reading_judged(reading) != NULL));
    carnet_reading_free(reading);
    carnet_reading_free(trust);
    carnet_buffer_clear(&sealed.bytes);
    return err;
}

static void what_is_revoked(void **state)
{
    const struct fixture *f = *state;
    struct carnet_trust_lists *lists = calloc(1, sizeof *lists);
    struct carnet_diag diag;
    assert_non_null(lists);
    OK(license_under(f, &f->license, NULL, 1, &diag));
    /* U-10: the issuer's; a thief's backdating helps nothing, since no date is looked at. */
    lists->key_count = 1;
    lists->keys[0].key = carnet_key_info(f->world.issuer)->id;
    assert_int_equal(license_under(f, &f->license, lists, 1, &diag), CARNET_REVOKED);
    assert_string_equal(diag.clause, "U-10");
    lists->keys[0].count = lists->valid_count = 1;
    lists->valid[0] = f->license.id;
    OK(license_under(f, &f->license, lists, 1, &diag));
    lists->valid[0].bytes[31] ^= 1;
    assert_int_equal(license_under(f, &f->license, lists, 1, &diag), CARNET_REVOKED);
    /* The root's: its entitlements, and what rests on them. */
    lists->keys[0].key = f->world.vendor;
    assert_int_equal(license_under(f, &f->license, lists, 1, &diag), CARNET_REVOKED);
    assert_non_null(strstr(diag.entry, "entitlement"));
    lists->valid[0] = f->world.entitled.id;
    OK(license_under(f, &f->license, lists, 1, &diag));
    /* U-11. */
    lists->key_count = lists->valid_count = 0;
    lists->grant_count = 1;
    lists->grants[0] = grant_of("L-1", 2);
    OK(license_under(f, &f->license, lists, 1, &diag));
    lists->grants[0] = grant_of("L-1", 1);
    assert_int_equal(license_under(f, &f->license, lists, 1, &diag), CARNET_REVOKED);
    assert_string_equal(diag.clause, "U-11");
    /* U-12. */
    lists->grant_count = 0;
    lists->revision_count = 1;
    strcpy(lists->revisions[0].license, "L-1");
    lists->revisions[0].least = 1;
    OK(license_under(f, &f->license, lists, 1, &diag));
    lists->revisions[0].least = 2;
    assert_int_equal(license_under(f, &f->license, lists, 1, &diag), CARNET_SUPERSEDED);
    assert_string_equal(diag.clause, "U-12");
    free(lists);
}

/* U-13. */
static void least_version(void **state)
{
    struct fixture *f = *state;
    struct carnet_entitlement e = f->world.entitlement;
    struct carnet_buffer document = {0};
    struct sealed entitled = {0}, kept = f->world.entitled, license;
    struct carnet_digest machine = {{9}};
    struct carnet_diag diag;
    e.has_least_trust = true;
    e.least_trust_generation = 2;
    e.least_trust_number = 5;
    OK(carnet_issue_compose_entitlement(&e, &document));
    seal_issued(f->world.root, CARNET_KIND_ENTITLEMENT, &document, NULL, &entitled);
    f->world.entitled = entitled;
    make_license(&f->world, 3, 1, &machine, 3, &license);
    f->world.entitled = kept;
    assert_int_equal(license_under(f, &license, NULL, 4, &diag), CARNET_NOT_VOUCHED);
    assert_string_equal(diag.clause, "U-13");
    assert_non_null(strstr(diag.detail, "2.5"));
    OK(license_under(f, &license, NULL, 5, &diag));
    carnet_buffer_clear(&document);
    carnet_buffer_clear(&entitled.bytes);
    carnet_buffer_clear(&license.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(which_is_taken, start, stop),
        cmocka_unit_test_setup_teardown(another_successor, start, stop),
        cmocka_unit_test_setup_teardown(a_link_alone, start, stop),
        cmocka_unit_test_setup_teardown(what_is_revoked, start, stop),
        cmocka_unit_test_setup_teardown(least_version, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

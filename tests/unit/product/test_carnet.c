/* SPDX-License-Identifier: MIT */
/* carnet.h as a product calls it: what it refuses, what it says, and several threads with one handle. */
#include "../state/fixture.h"

#include <carnet.h>
#include <pthread.h>

#define THREADS 4
#define ROUNDS 8

static struct carnet_setup setup_of(const struct world *w, char vendor[CARNET_HEX_SIZE])
{
    carnet_digest_hex(&w->vendor, vendor);
    return (struct carnet_setup){
        .size = sizeof(struct carnet_setup), .vendor = vendor, .product = "osci", .state = w->path};
}

static struct carnet *open_carnet(const struct carnet_setup *setup)
{
    struct carnet *carnet = NULL;
    assert_int_equal(carnet_open(setup, &carnet, NULL), CARNET_OUTCOME_OK);
    assert_non_null(carnet);
    return carnet;
}

static void test_open_refuses(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE], pem[CARNET_PEM_SIZE + 1] = {0};
    struct carnet *carnet = NULL;
    world_start(&w);
    const struct carnet_setup good = setup_of(&w, vendor);
    struct carnet_result result = {.size = sizeof(result)};
    struct carnet_setup bad[8];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        bad[i] = good;
    bad[0].size--;
    bad[1].vendor = NULL;
    bad[2].vendor = "12";
    bad[3].product = NULL;
    bad[4].product = "no id";
    bad[5].version = "twelve";
    bad[6].edition = "no id";
    bad[7].root = "no key";
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(carnet_open(&bad[i], &carnet, &result), CARNET_OUTCOME_USAGE);
        assert_int_equal(result.outcome, CARNET_OUTCOME_USAGE);
        assert_string_equal(result.words.name, "usage");
        assert_true(strlen(result.detail) > 0);
        assert_null(carnet);
    }
    assert_int_equal(carnet_open(NULL, &carnet, NULL), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_open(&good, NULL, NULL), CARNET_OUTCOME_USAGE);
    /* A root key that is another vendor's. */
    struct carnet_setup strange = good;
    carnet_pem_write(carnet_key_info(w.issuer)->public_key, pem);
    strange.root = pem;
    assert_int_equal(carnet_open(&strange, &carnet, &result), CARNET_OUTCOME_UNTRUSTED_KEY);
    assert_null(carnet);
    carnet_close(NULL);
    world_stop(&w);
}

static void test_calls_refuse(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE], value[8], *text = calloc(1, CARNET_FILE_ROOM);
    world_start(&w);
    const struct carnet_setup setup = setup_of(&w, vendor);
    struct carnet *carnet = open_carnet(&setup);
    struct carnet_result small = {.size = 3};
    assert_int_equal(carnet_check(NULL, NULL, NULL), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_check(carnet, NULL, &small), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_feature(carnet, NULL, value, sizeof(value)), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_feature(carnet, "export", value, 0), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_activate(carnet, NULL, 1, NULL), CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_fingerprint(carnet, CARNET_MAKE, NULL, text, CARNET_FILE_ROOM - 1, NULL),
                     CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_fingerprint(carnet, (enum carnet_step)7, NULL, text, CARNET_FILE_ROOM, NULL),
                     CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_fingerprint(carnet, CARNET_PREVIEW, "a\nb", text, CARNET_FILE_ROOM, NULL),
                     CARNET_OUTCOME_USAGE);
    assert_int_equal(carnet_release(carnet, text, 10, NULL), CARNET_OUTCOME_USAGE);
    assert_int_equal(access(w.path, F_OK), -1); /* nothing was written */
    carnet_close(carnet);
    free(text);
    world_stop(&w);
}

/* A product that was built before match_since came: the library goes by the size that it was built with. */
static void test_older_result(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE];
    world_start(&w);
    const struct carnet_setup setup = setup_of(&w, vendor);
    struct carnet *carnet = open_carnet(&setup);
    struct carnet_result result = {.size = offsetof(struct carnet_result, match_since), .match_since = 77};
    assert_int_equal(carnet_check(carnet, NULL, &result), CARNET_OUTCOME_NO_LICENSE);
    assert_string_equal(result.words.name, "no-license");
    assert_int_equal(result.size, offsetof(struct carnet_result, match_since));
    assert_int_equal(result.match_since, 77);
    result.size = sizeof(result);
    assert_int_equal(carnet_check(carnet, NULL, &result), CARNET_OUTCOME_NO_LICENSE);
    assert_int_equal(result.match_since, 0);
    result.size = sizeof(result) + 8;
    assert_int_equal(carnet_check(carnet, NULL, &result), CARNET_OUTCOME_USAGE);
    carnet_close(carnet);
    world_stop(&w);
}

static const char *in_capitals(void *context, const char *english)
{
    *(const char **)context = english;
    return "IN ANOTHER LANGUAGE";
}

static void test_words(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE];
    const char *asked = NULL;
    struct carnet_explanation words;
    world_start(&w);
    struct carnet_setup setup = setup_of(&w, vendor);
    setup.translate = in_capitals;
    setup.context = &asked;
    struct carnet *carnet = open_carnet(&setup);
    struct carnet_result result = {.size = sizeof(result)};
    assert_int_equal(carnet_check(carnet, NULL, &result), CARNET_OUTCOME_NO_LICENSE);
    assert_string_equal(result.words.name, "no-license");
    assert_string_equal(result.words.meaning, "IN ANOTHER LANGUAGE");
    assert_string_equal(asked, carnet_outcome_next(CARNET_NO_LICENSE));
    assert_string_equal(result.license, "");
    carnet_explain(NULL, CARNET_OUTCOME_WRONG_MACHINE, &words);
    assert_string_equal(words.name, "wrong-machine");
    assert_string_equal(words.meaning, carnet_outcome_meaning(CARNET_WRONG_MACHINE));
    carnet_explain(NULL, (enum carnet_outcome)29, &words);
    assert_string_equal(words.name, "unknown");
    assert_string_equal(carnet_version(), CARNET_VERSION);
    carnet_close(carnet);
    world_stop(&w);
}

/* A state with a license that is for this key, but whose one fact is another machine's. */
static void install(const struct world *w)
{
    struct carnet_state *state = open_state(w, true);
    struct carnet_key *machine = NULL;
    struct sealed license;
    pin_root(w, state);
    OK(carnet_state_machine_key(state, &w->vendor, true, NOW, &machine, NULL));
    make_license(w, 1, 1, &carnet_key_info(machine)->id, 1, &license);
    OK(put(state, &license, NULL));
    carnet_buffer_clear(&license.bytes);
    carnet_key_free(machine);
    carnet_state_close(state);
}

static void test_activate_refuses(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE], path[512];
    struct sealed license;
    world_start(&w);
    install(&w);
    struct carnet_setup setup = setup_of(&w, vendor);
    struct carnet *carnet = open_carnet(&setup);
    struct carnet_result result = {.size = sizeof(result)};
    assert_int_equal(carnet_activate(carnet, "words", 5, &result), CARNET_OUTCOME_MALFORMED);
    assert_int_equal(carnet_activate(carnet, "", 0, &result), CARNET_OUTCOME_MALFORMED);
    /* For another key than the machine's. */
    const struct carnet_digest other = {{9}};
    make_license(&w, 2, 1, &other, 1, &license);
    assert_int_equal(carnet_activate(carnet, license.bytes.bytes, license.bytes.size, &result),
                     CARNET_OUTCOME_WRONG_MACHINE);
    assert_string_equal(result.license, "L-1");
    assert_true(strlen(result.detail) > 0);
    carnet_close(carnet);
    /* The same for another product. */
    setup.product = "other";
    carnet = open_carnet(&setup);
    assert_int_equal(carnet_activate(carnet, license.bytes.bytes, license.bytes.size, &result),
                     CARNET_OUTCOME_NOT_COVERED);
    carnet_close(carnet);
    license.bytes.bytes[license.bytes.size / 2] ^= 1;
    carnet = open_carnet(&setup);
    assert_int_not_equal(carnet_activate(carnet, license.bytes.bytes, license.bytes.size, NULL), CARNET_OUTCOME_OK);
    carnet_close(carnet);
    struct carnet_state *state = open_state(&w, false);
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    OK(carnet_state_grants(state, NULL, &grants, &count, NULL));
    assert_int_equal(count, 1);
    assert_int_equal(grants[0].name.fingerprint.bytes[0], 1);
    carnet_state_grants_free(grants, count);
    carnet_state_close(state);
    assert_int_equal(access(in_vendor(&w, "floors", path), F_OK), -1);
    carnet_buffer_clear(&license.bytes);
    world_stop(&w);
}

static void *ask_often(void *handle)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct carnet_result result = {.size = sizeof(result)};
        struct carnet_explanation words;
        if (carnet_check(handle, i % 2 == 0 ? NULL : "export", &result) != CARNET_OUTCOME_WRONG_MACHINE ||
            strcmp(result.license, "L-1") != 0)
            return handle;
        carnet_explain(handle, result.outcome, &words);
    }
    return NULL;
}

static void test_threads(void **s)
{
    (void)s;
    struct world w;
    char vendor[CARNET_HEX_SIZE];
    pthread_t threads[THREADS];
    world_start(&w);
    install(&w);
    const struct carnet_setup setup = setup_of(&w, vendor);
    struct carnet *carnet = open_carnet(&setup);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, carnet), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = carnet;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    carnet_close(carnet);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_refuses),     cmocka_unit_test(test_calls_refuse),
        cmocka_unit_test(test_older_result),     cmocka_unit_test(test_words),
        cmocka_unit_test(test_activate_refuses), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

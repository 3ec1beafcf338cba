/* SPDX-License-Identifier: MIT */
/* The state folder: where it is, opened, locked, pinned; keys and secret; what is damaged is told. */
#include "fixture.h"

static struct world w;

static int setup(void **state)
{
    (void)state;
    world_start(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop(&w);
    return 0;
}

/* ---- where it is ---- */

static const struct place {
    const char *given, *state, *data, *home;
    enum carnet_err err;
    const char *path;
} places[] = {
    {"/x/y", "/s", "/d", "/h", CARNET_OK, "/x/y"},
    {NULL, "/s", "/d", "/h", CARNET_OK, "/s"},
    {NULL, "", "/d", "/h", CARNET_OK, "/d/carnet"},
    {NULL, NULL, "/d", NULL, CARNET_OK, "/d/carnet"},
    {NULL, NULL, "relative", "/h", CARNET_OK, "/h/.local/share/carnet"},
    {NULL, NULL, NULL, "/h", CARNET_OK, "/h/.local/share/carnet"},
    {NULL, NULL, NULL, "relative", CARNET_CONFIGURATION, ""},
    {NULL, NULL, NULL, NULL, CARNET_CONFIGURATION, ""},
    {"", "/s", NULL, "/h", CARNET_USAGE, ""},
};

static void set_or_unset(const char *name, const char *value)
{
    (void)(value == NULL ? unsetenv(name) : setenv(name, value, 1));
}

/* The number of the first place that is not as expected, from 1. */
static int check_places(const struct world *ignored)
{
    (void)ignored;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = NULL;
        struct carnet_diag diag = {0};
        set_or_unset("CARNET_STATE", places[i].state);
        set_or_unset("XDG_DATA_HOME", places[i].data);
        set_or_unset("HOME", places[i].home);
        enum carnet_err err = carnet_state_default(places[i].given, &path, &diag);
        bool right = err == places[i].err && diag.err == places[i].err;
        if (err == CARNET_OK)
            right = right && strcmp(path, places[i].path) == 0;
        else
            right = right && path == NULL && diag.detail[0] != '\0';
        free(path);
        if (!right)
            return (int)i + 1;
    }
    return 0;
}

static void test_default(void **state)
{
    (void)state;
    assert_int_equal(as_nobody(check_places, &w), 0);
    if (geteuid() != 0)
        return; /* the rest is root's own place */
    char *path = NULL;
    set_or_unset("CARNET_STATE", NULL);
    OK(carnet_state_default(NULL, &path, NULL));
    assert_string_equal(path, "/var/lib/carnet");
    free(path);
}

/* ---- opening ---- */

static void test_absent_is_empty(void **state)
{
    (void)state;
    struct carnet_state *s = open_state(&w, false);
    struct carnet_digest id;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    struct carnet_key *key = NULL;
    struct carnet_sequence sequence = {0};
    struct carnet_journal_position journal = {9, {{9}}};
    struct carnet_buffer out = {0};
    struct carnet_floors floors;
    struct carnet_state_grant *grants = NULL;
    struct carnet_grant_name name = grant_of("L-1", 1);
    size_t count = 9;
    bool has = true;
    assert_string_equal(carnet_state_path(s), w.path);
    assert_int_equal(carnet_state_anchors(s)->count, 0);
    assert_int_equal(carnet_state_machine_id(s, &w.vendor, &id, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_state_secret(s, &w.vendor, secret, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_state_machine_key(s, &w.vendor, false, NOW, &key, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, NULL), CARNET_BUG);
    OK(carnet_state_next(s, &w.vendor, &sequence, &journal, NULL));
    assert_int_equal(sequence.sequence, 1);
    assert_int_equal(journal.position, 0);
    assert_int_equal(carnet_state_sent_fingerprint(s, &w.vendor, &out, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_state_sent_release(s, &w.vendor, &name, &out, NULL), CARNET_NOT_FOUND);
    OK(carnet_state_sent_has(s, &w.vendor, &id, &has, NULL));
    assert_false(has);
    OK(carnet_state_grants(s, NULL, &grants, &count, NULL));
    assert_int_equal(count, 0);
    carnet_state_grants_free(grants, count);
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_true(floors.local_floor == INT64_MIN && floors.signed_floor == INT64_MIN);
    OK(carnet_state_raise(s, &w.vendor, NOW, NOW, NULL));
    carnet_state_close(s);
    assert_int_equal(access(w.path, F_OK), -1); /* reading made nothing */
}

static void test_made_and_readable(void **state)
{
    (void)state;
    char path[512];
    mode_t mask = umask(077);
    struct carnet_state *s = open_state(&w, true);
    pin_root(&w, s);
    carnet_state_close(s);
    (void)umask(mask);
    assert_int_equal(mode_of(w.path), 0755);
    (void)snprintf(path, sizeof path, "%s/version", w.path);
    assert_int_equal(mode_of(path), 0644);
    (void)snprintf(path, sizeof path, "%s/lock", w.path);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(in_vendor(&w, "", path)), 0755);
    assert_int_equal(mode_of(in_vendor(&w, "root.pem", path)), 0644);
    (void)snprintf(path, sizeof path, "%s/vendors", w.path);
    assert_int_equal(mode_of(path), 0755);
}

static void test_not_a_folder(void **state)
{
    (void)state;
    struct carnet_state *s = NULL;
    struct carnet_diag diag = {0};
    write_file(w.path, "x", 1);
    assert_int_equal(carnet_state_open(w.path, true, &s, &diag), CARNET_EXISTS);
    assert_non_null(strstr(diag.detail, "not a folder"));
    assert_int_equal(carnet_state_open(w.path, false, &s, &diag), CARNET_NO_INPUT);
    assert_non_null(strstr(diag.detail, w.path));
    assert_null(s);
}

static const struct version {
    const char *text;
    enum carnet_err err;
    const char *detail, *next;
} versions[] = {
    {"1\n", CARNET_OK, "", ""},
    {"1", CARNET_OK, "", ""},
    {"2\n", CARNET_CONFIGURATION, "was written by a newer carnet (version 2 of the state; this one knows 1).",
     "Update carnet on this machine."},
    {"4294967295\n", CARNET_CONFIGURATION, "newer carnet", "Update carnet on this machine."},
    {"", CARNET_STATE_DAMAGED, "/version does not hold a version number.", "Write the line '1' into it"},
    {"one\n", CARNET_STATE_DAMAGED, "/version does not hold a version number.", "Write the line '1' into it"},
    {"0\n", CARNET_STATE_DAMAGED, "/version does not hold a version number.", "Write the line '1' into it"},
    {"1\n\n", CARNET_STATE_DAMAGED, "/version does not hold a version number.", "Write the line '1' into it"},
    {"111111111111111111111111111111111111111111111111111111111111111111111111", CARNET_STATE_DAMAGED,
     "/version is larger than carnet ever writes it.", "Move it away"},
};

static void test_versions(void **state)
{
    (void)state;
    char path[512], vendors[512];
    assert_int_equal(mkdir(w.path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/version", w.path);
    (void)snprintf(vendors, sizeof vendors, "%s/lock", w.path);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        write_file(path, versions[i].text, strlen(versions[i].text));
        for (int write = 0; write < 2; write++) {
            struct carnet_state *s = NULL;
            struct carnet_diag diag = {0};
            (void)unlink(vendors);
            assert_int_equal(carnet_state_open(w.path, write == 1, &s, &diag), versions[i].err);
            assert_non_null(strstr(diag.detail, versions[i].detail));
            assert_non_null(strstr(diag.next, versions[i].next));
            if (versions[i].err != CARNET_OK) {
                assert_null(s);
                assert_int_equal(access(vendors, F_OK), -1); /* nothing was touched */
            }
            carnet_state_close(s);
        }
    }
}

static int open_outcome(const struct world *world, bool write)
{
    struct carnet_state *s = NULL;
    enum carnet_err err = carnet_state_open(world->path, write, &s, NULL);
    carnet_state_close(s);
    return (int)err;
}

static int nobody_writes(const struct world *world)
{
    return open_outcome(world, true);
}

static int nobody_reads(const struct world *world)
{
    return open_outcome(world, false);
}

static void test_not_ours(void **state)
{
    (void)state;
    struct carnet_state *s = open_state(&w, true);
    carnet_state_close(s);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/lock", w.path);
    assert_int_equal(chmod(w.path, 0555), 0);
    assert_int_equal(chmod(path, 0000), 0);
    assert_int_equal(as_nobody(nobody_writes, &w), CARNET_PERMISSION);
    assert_int_equal(as_nobody(nobody_reads, &w), CARNET_OK);
    assert_int_equal(chmod(w.path, 0000), 0);
    assert_int_equal(as_nobody(nobody_reads, &w), CARNET_PERMISSION);
    assert_int_equal(chmod(w.path, 0755), 0);
}

static void test_locked(void **state)
{
    (void)state;
    int ready[2], status = 0;
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    struct carnet_state *s = open_state(&w, true);
    pin_root(&w, s);
    carnet_state_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!write(ready[1], carnet_state_open(w.path, true, &s, NULL) == CARNET_OK ? "y" : "n", 1);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    /* Reading needs no lock; raising does not wait for one, and keeps nothing. */
    s = open_state(&w, false);
    struct carnet_floors floors;
    OK(carnet_state_raise(s, &w.vendor, NOW, NOW, NULL));
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_true(floors.local_floor == INT64_MIN && floors.signed_floor == INT64_MIN);
    struct carnet_state *second = NULL;
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_state_open(w.path, true, &second, &diag), CARNET_BUSY);
    assert_non_null(strstr(diag.detail, "lock"));
    assert_null(second);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    OK(carnet_state_raise(s, &w.vendor, NOW, NOW, NULL));
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_true(floors.local_floor == NOW && floors.signed_floor == NOW);
    carnet_state_close(s);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* ---- vendors ---- */

static void test_pin(void **state)
{
    (void)state;
    char path[512], pem[CARNET_PEM_SIZE + 1], held[256] = "";
    struct carnet_state *s = open_state(&w, true);
    struct carnet_digest vendor = {{1}};
    pin_root(&w, s);
    pin_root(&w, s);
    const struct carnet_anchors *anchors = carnet_state_anchors(s);
    assert_int_equal(anchors->count, 1);
    assert_true(carnet_digest_equal(&anchors->list[0].vendor, &w.vendor));
    assert_true(carnet_digest_equal(&anchors->list[0].root, &w.vendor));
    assert_int_equal(anchors->known_count, 1);
    assert_int_equal(anchors->known[0].role, CARNET_ROLE_ROOT);
    FILE *file = fopen(in_vendor(&w, "root.pem", path), "r");
    assert_non_null(file);
    assert_int_equal(fread(held, 1, sizeof held, file), CARNET_PEM_SIZE);
    (void)fclose(file);
    carnet_pem_write(carnet_key_info(w.root)->public_key, pem);
    assert_string_equal(held, pem);

    /* A key of small order is none. */
    const uint8_t small[32] = {1};
    struct carnet_diag diag = {0};
    assert_int_equal(carnet_state_pin(s, small, &vendor, &diag), CARNET_MALFORMED);
    assert_int_equal(diag.clause[0], 'K');
    assert_int_equal(vendor.bytes[0], 1);
    /* Nor is the machine's own key a vendor's (T-5). */
    struct carnet_key *machine = NULL;
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &machine, NULL));
    assert_int_equal(carnet_state_pin(s, carnet_key_info(machine)->public_key, &vendor, &diag), CARNET_UNTRUSTED_KEY);
    assert_string_equal(diag.clause, "T-5");
    assert_int_equal(carnet_state_anchors(s)->count, 1);
    /* A second vendor; sorted by id; the first one's machine key is known. */
    struct carnet_key *other = make_key(CARNET_ROLE_ROOT, 9);
    OK(carnet_state_pin(s, carnet_key_info(other)->public_key, &vendor, NULL));
    anchors = carnet_state_anchors(s);
    assert_int_equal(anchors->count, 2);
    assert_true(memcmp(anchors->list[0].vendor.bytes, anchors->list[1].vendor.bytes, 32) < 0);
    assert_int_equal(anchors->known_count, 3);
    bool known = false;
    for (size_t i = 0; i < anchors->known_count; i++)
        known = known || (anchors->known[i].role == CARNET_ROLE_MACHINE &&
                          carnet_digest_equal(&anchors->known[i].id, &carnet_key_info(machine)->id));
    assert_true(known);
    carnet_key_free(other);
    carnet_key_free(machine);
    carnet_state_close(s);
    s = open_state(&w, false);
    assert_int_equal(carnet_state_anchors(s)->count, 2);
    assert_int_equal(carnet_state_pin(s, small, &vendor, NULL), CARNET_BUG);
    carnet_state_close(s);
}

static void test_damaged_root(void **state)
{
    (void)state;
    char path[512], pem[CARNET_PEM_SIZE + 1];
    struct carnet_state *s = open_state(&w, true);
    struct carnet_diag diag = {0};
    pin_root(&w, s);
    carnet_state_close(s);
    s = NULL;
    (void)in_vendor(&w, "root.pem", path);
    write_file(path, "x", 1);
    assert_int_equal(carnet_state_open(w.path, false, &s, &diag), CARNET_STATE_DAMAGED);
    assert_non_null(strstr(diag.detail, "root.pem does not hold a public key."));
    assert_non_null(strstr(diag.next, "'carnet-user trust add'"));
    carnet_pem_write(carnet_key_info(w.issuer)->public_key, pem);
    write_file(path, pem, CARNET_PEM_SIZE);
    assert_int_equal(carnet_state_open(w.path, true, &s, &diag), CARNET_STATE_DAMAGED);
    assert_non_null(strstr(diag.detail, "root.pem holds another key than the vendor's."));
    /* What the advice says works. */
    assert_int_equal(unlink(path), 0);
    s = open_state(&w, true);
    assert_int_equal(carnet_state_anchors(s)->count, 0);
    pin_root(&w, s);
    assert_int_equal(carnet_state_anchors(s)->count, 1);
    carnet_state_close(s);
}

/* ---- key and secret ---- */

static void test_keys(void **state)
{
    (void)state;
    char path[512];
    struct carnet_state *s = open_state(&w, true);
    struct carnet_key *key = NULL, *again = NULL;
    struct carnet_digest id, second;
    struct carnet_diag diag = {0};
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE], repeated[CARNET_MACHINE_SECRET_SIZE];
    const uint8_t zeros[CARNET_MACHINE_SECRET_SIZE] = {0};
    assert_int_equal(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, &diag), CARNET_NOT_FOUND);
    assert_non_null(strstr(diag.next, "trust add"));
    pin_root(&w, s);
    assert_int_equal(carnet_state_machine_key(s, &w.vendor, false, NOW, &key, NULL), CARNET_NOT_FOUND);
    assert_int_equal(carnet_state_machine_id(s, &w.vendor, &id, &diag), CARNET_NOT_FOUND);
    assert_string_equal(diag.detail, "This machine has no key for this vendor yet.");
    assert_int_equal(access(in_vendor(&w, "facts.secret", path), F_OK), -1);
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, NULL));
    OK(carnet_state_machine_id(s, &w.vendor, &id, NULL));
    assert_true(carnet_digest_equal(&id, &carnet_key_info(key)->id));
    assert_int_equal(carnet_key_info(key)->role, CARNET_ROLE_MACHINE);
    OK(carnet_state_secret(s, &w.vendor, secret, NULL));
    assert_memory_not_equal(secret, zeros, sizeof secret);
    assert_int_equal(mode_of(in_vendor(&w, "machine.key", path)), 0600);
    assert_int_equal(mode_of(in_vendor(&w, "machine.kek", path)), 0600);
    assert_int_equal(mode_of(in_vendor(&w, "machine.pem", path)), 0644);
    assert_int_equal(mode_of(in_vendor(&w, "facts.secret", path)), 0644);
    carnet_state_close(s);

    s = open_state(&w, true);
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW + 5, &again, NULL));
    assert_true(carnet_digest_equal(&carnet_key_info(again)->id, &id));
    OK(carnet_state_secret(s, &w.vendor, repeated, NULL));
    assert_memory_equal(secret, repeated, sizeof secret);
    /* The public part is mended when it is lost, and when it is damaged. */
    (void)in_vendor(&w, "machine.pem", path);
    assert_int_equal(unlink(path), 0);
    OK(carnet_state_machine_id(s, &w.vendor, &second, NULL));
    assert_true(carnet_digest_equal(&second, &id));
    carnet_key_free(again);
    again = NULL;
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &again, NULL));
    assert_int_equal(mode_of(path), 0644);
    write_file(path, "x", 1);
    assert_int_equal(carnet_state_machine_id(s, &w.vendor, &second, &diag), CARNET_STATE_DAMAGED);
    assert_non_null(strstr(diag.detail, "machine.pem does not hold a public key."));
    carnet_key_free(again);
    again = NULL;
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &again, NULL));
    OK(carnet_state_machine_id(s, &w.vendor, &second, NULL));
    assert_true(carnet_digest_equal(&second, &id));
    carnet_key_free(key);
    carnet_key_free(again);
    carnet_state_close(s);
}

/* What one who checks needs works without access to the key, and the rest is refused. */
static int nobody_checks(const struct world *world)
{
    struct carnet_state *s = NULL;
    struct carnet_digest id;
    struct carnet_key *key = NULL;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    if (carnet_state_open(world->path, false, &s, NULL) != CARNET_OK)
        return 1;
    int result = carnet_state_machine_id(s, &world->vendor, &id, NULL) != CARNET_OK                         ? 2
                 : carnet_state_secret(s, &world->vendor, secret, NULL) != CARNET_OK                        ? 3
                 : carnet_state_machine_key(s, &world->vendor, false, NOW, &key, NULL) != CARNET_PERMISSION ? 4
                 : carnet_state_anchors(s)->known_count != 2                                                ? 5
                                                                                                            : 0;
    carnet_state_close(s);
    return result;
}

static void test_check_without_key(void **state)
{
    (void)state;
    char path[512];
    struct carnet_key *key = NULL;
    struct carnet_state *s = open_state(&w, true);
    pin_root(&w, s);
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, NULL));
    carnet_key_free(key);
    carnet_state_close(s);
    assert_int_equal(chmod(in_vendor(&w, "machine.key", path), 0000), 0);
    assert_int_equal(as_nobody(nobody_checks, &w), 0);
}

static const struct damage {
    const char *file, *content; /* content NULL: removed */
    bool sent;                  /* something was signed before */
    enum carnet_err err;
    const char *detail;
} damages[] = {
    {"facts.secret", NULL, false, CARNET_STATE_DAMAGED, "facts.secret is lost, although the machine's key is there."},
    {"facts.secret", "short", false, CARNET_STATE_DAMAGED, "facts.secret is not 32 bytes long."},
    {"facts.secret", "0123456789abcdef0123456789abcdef!", false, CARNET_STATE_DAMAGED,
     "facts.secret is not 32 bytes long."},
    {"machine.key", NULL, true, CARNET_STATE_DAMAGED, "machine.key is lost, although it has signed files."},
    {"machine.key", NULL, false, CARNET_OK, ""}, /* nothing rests on it: a new one is made */
    {"machine.key", "x", false, CARNET_STATE_DAMAGED, "machine.key or machine.kek beside it is damaged."},
    {"machine.key", "x", true, CARNET_STATE_DAMAGED, "machine.key or machine.kek beside it is damaged."},
    {"machine.kek", NULL, false, CARNET_STATE_DAMAGED, "machine.key can't be opened: machine.kek beside it is lost."},
    {"machine.kek", "0123456789abcdef0123456789abcdef", false, CARNET_STATE_DAMAGED,
     "machine.key or machine.kek beside it is damaged."},
    {"machine.kek", "short", false, CARNET_STATE_DAMAGED, "machine.key or machine.kek beside it is damaged."},
};

static void test_damaged_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char path[512];
        struct carnet_key *key = NULL;
        struct carnet_diag diag = {0};
        struct carnet_state *s = open_state(&w, true);
        pin_root(&w, s);
        OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, NULL));
        if (damages[i].sent) {
            struct sealed bundle;
            const struct carnet_sequence sequence = {.sequence = 1};
            make_fingerprint(&w, key, &sequence, &bundle);
            OK(carnet_state_send(s, &w.vendor, 1, carnet_kind_get(CARNET_KIND_FINGERPRINT), "", bundle.bytes.bytes,
                                 bundle.bytes.size, NULL));
            carnet_buffer_clear(&bundle.bytes);
        }
        carnet_key_free(key);
        key = NULL;
        (void)in_vendor(&w, damages[i].file, path);
        if (damages[i].content == NULL) {
            assert_int_equal(unlink(path), 0);
        } else {
            write_file(path, damages[i].content, strlen(damages[i].content));
            assert_int_equal(chmod(path, 0600), 0);
        }
        assert_int_equal(carnet_state_machine_key(s, &w.vendor, true, NOW, &key, &diag), damages[i].err);
        assert_non_null(strstr(diag.detail, damages[i].detail));
        if (damages[i].err != CARNET_OK) {
            assert_null(key);
            assert_non_null(strstr(diag.next, "backup"));
            if (damages[i].content == NULL)
                assert_int_equal(access(path, F_OK), -1); /* nothing was made in its place */
        }
        carnet_key_free(key);
        carnet_state_close(s);
        remove_all(w.path);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_default),
        T(test_absent_is_empty),
        T(test_made_and_readable),
        T(test_not_a_folder),
        T(test_versions),
        T(test_not_ours),
        T(test_locked),
        T(test_pin),
        T(test_damaged_root),
        T(test_keys),
        T(test_check_without_key),
        T(test_damaged_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

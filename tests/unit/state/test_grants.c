/* SPDX-License-Identifier: MIT */
/* What the state keeps of the exchange: sent bundles, grants, floors; and that a kill at any step leaves it sound. */
#include <sys/syscall.h>

#include "fixture.h"

/* ---- a kill at the n-th fsync: every durable step has one before and one after its rename ---- */

static int kill_after = -1;

int fsync(int fd)
{
    if (kill_after == 0)
        _exit(9);
    if (kill_after > 0)
        kill_after--;
    return (int)syscall(SYS_fsync, fd);
}

static struct world w;
static struct carnet_state *s;
static struct carnet_key *machine;

static int setup(void **state)
{
    (void)state;
    world_start(&w);
    s = open_state(&w, true);
    pin_root(&w, s);
    OK(carnet_state_machine_key(s, &w.vendor, true, NOW, &machine, NULL));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    carnet_key_free(machine);
    machine = NULL;
    carnet_state_close(s);
    world_stop(&w);
    return 0;
}

static enum carnet_err send(const struct sealed *bundle, uint32_t sequence, enum carnet_kind_id kind, const char *name,
                            struct carnet_diag *diag)
{
    return carnet_state_send(s, &w.vendor, sequence, carnet_kind_get(kind), name, bundle->bytes.bytes,
                             bundle->bytes.size, diag);
}

/* The number and the previous id of the next bundle are these. */
static void expect_next(uint32_t number, const struct carnet_digest *previous, uint32_t position)
{
    struct carnet_sequence sequence = {.made = 77};
    struct carnet_journal_position journal = {99, {{9}}};
    OK(carnet_state_next(s, &w.vendor, &sequence, &journal, NULL));
    assert_int_equal(sequence.sequence, number);
    assert_int_equal(sequence.made, 77);
    if (previous != NULL)
        assert_true(carnet_digest_equal(&sequence.previous, previous));
    assert_int_equal(journal.position, position);
    assert_int_equal(journal.digest.bytes[0], position);
}

static const struct carnet_digest *machine_id(void)
{
    return &carnet_key_info(machine)->id;
}

/* ---- sent ---- */

static void test_sent(void **state)
{
    (void)state;
    struct sealed first, second, license, release;
    struct carnet_buffer out = {0};
    struct carnet_diag diag = {0};
    struct carnet_sequence sequence = {.sequence = 1};
    struct carnet_grant_name grant = grant_of("L-1", 3), stranger = grant_of("L-1", 4);
    char name[256], hex[CARNET_HEX_SIZE], path[512];
    bool has = false;

    expect_next(1, NULL, 0);
    make_fingerprint(&w, machine, &sequence, &first);
    assert_int_equal(send(&first, 2, CARNET_KIND_FINGERPRINT, "", &diag), CARNET_BUG);
    assert_string_equal(diag.detail, "The number 2 does not follow 0, the last one this machine signed.");
    OK(send(&first, 1, CARNET_KIND_FINGERPRINT, "", NULL));
    assert_int_equal(mode_of(in_vendor(&w, "sent/00000001-fingerprint.carnet", path)), 0644);
    OK(send(&first, 1, CARNET_KIND_FINGERPRINT, "", NULL)); /* once more is done already */
    expect_next(2, &first.id, 0);

    sequence = (struct carnet_sequence){.sequence = 2, .previous = first.id};
    make_fingerprint(&w, machine, &sequence, &second);
    assert_int_equal(send(&second, 1, CARNET_KIND_FINGERPRINT, "", &diag), CARNET_EXISTS);
    OK(send(&second, 2, CARNET_KIND_FINGERPRINT, "", NULL));
    expect_next(3, &second.id, 0);
    OK(carnet_state_sent_fingerprint(s, &w.vendor, &out, NULL));
    assert_int_equal(out.size, second.bytes.size);
    assert_memory_equal(out.bytes, second.bytes.bytes, out.size);
    carnet_buffer_clear(&out);

    /* A release after it: the newest fingerprint is still the second. */
    make_license(&w, 3, 1, machine_id(), 5, &license);
    sequence = (struct carnet_sequence){.sequence = 3, .previous = second.id};
    make_release(&w, machine, &sequence, 3, &license, &release);
    carnet_digest_hex(&grant.fingerprint, hex);
    (void)snprintf(name, sizeof name, "L-1.%s", hex);
    OK(send(&release, 3, CARNET_KIND_RELEASE, name, NULL));
    expect_next(4, &release.id, 0);
    OK(carnet_state_sent_fingerprint(s, &w.vendor, &out, NULL));
    assert_int_equal(out.size, second.bytes.size);
    carnet_buffer_clear(&out);
    OK(carnet_state_sent_release(s, &w.vendor, &grant, &out, NULL));
    assert_int_equal(out.size, release.bytes.size);
    assert_memory_equal(out.bytes, release.bytes.bytes, out.size);
    assert_int_equal(carnet_state_sent_release(s, &w.vendor, &stranger, &out, &diag), CARNET_NOT_FOUND);
    assert_int_equal(out.size, release.bytes.size);
    carnet_buffer_clear(&out);

    OK(carnet_state_sent_has(s, &w.vendor, &first.id, &has, NULL));
    assert_true(has);
    OK(carnet_state_sent_has(s, &w.vendor, &second.id, &has, NULL));
    assert_true(has);
    OK(carnet_state_sent_has(s, &w.vendor, &release.id, &has, NULL));
    assert_false(has);

    /* Strangers among the files are no bundles of ours. */
    write_file(in_vendor(&w, "sent/notes.txt", path), "x", 1);
    write_file(in_vendor(&w, "sent/99999999-.carnet", path), "x", 1);
    write_file(in_vendor(&w, "sent/00000000-fingerprint.carnet", path), "x", 1);
    write_file(in_vendor(&w, "sent/9999-fingerprint.carnet", path), "x", 1);
    write_file(in_vendor(&w, "sent/00000009-fingerprint.carnet.bak", path), "x", 1);
    expect_next(4, &release.id, 0);

    /* A damaged file is told, where it matters. */
    write_file(in_vendor(&w, "sent/00000001-fingerprint.carnet", path), "x", 1);
    expect_next(4, &release.id, 0);
    OK(carnet_state_sent_has(s, &w.vendor, &second.id, &has, NULL));
    assert_true(has);
    assert_int_equal(carnet_state_sent_has(s, &w.vendor, &first.id, &has, &diag), CARNET_STATE_DAMAGED);
    assert_non_null(strstr(diag.detail, "sent/00000001-fingerprint.carnet is damaged."));
    (void)snprintf(hex, sizeof hex, "x");
    char last[300];
    (void)snprintf(last, sizeof last, "sent/00000003-release-%s.carnet", name);
    write_file(in_vendor(&w, last, path), release.bytes.bytes, release.bytes.size - 512);
    struct carnet_journal_position journal = {8, {{8}}};
    sequence.sequence = 8;
    assert_int_equal(carnet_state_next(s, &w.vendor, &sequence, &journal, &diag), CARNET_STATE_DAMAGED);
    assert_non_null(strstr(diag.detail, "sent/00000003-release-L-1."));
    assert_non_null(strstr(diag.next, "backup"));
    assert_true(sequence.sequence == 8 && journal.position == 8);
    carnet_buffer_clear(&first.bytes);
    carnet_buffer_clear(&second.bytes);
    carnet_buffer_clear(&license.bytes);
    carnet_buffer_clear(&release.bytes);
}

/* ---- grants ---- */

static struct carnet_state_grant *list(size_t expected)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 99;
    OK(carnet_state_grants(s, NULL, &grants, &count, NULL));
    assert_int_equal(count, expected);
    return grants;
}

static uint32_t serial_of(const struct carnet_state_grant *grant)
{
    assert_int_equal(grant->err, CARNET_OK);
    assert_non_null(grant->reading);
    return carnet_document_license(carnet_reading_document(grant->reading))->grant.serial;
}

static void test_grants(void **state)
{
    (void)state;
    struct sealed one, renewed, two, receipt, release;
    struct carnet_sequence sequence = {.sequence = 1};
    make_license(&w, 1, 1, machine_id(), 5, &one);
    make_license(&w, 1, 2, machine_id(), 9, &renewed);
    make_license(&w, 2, 1, machine_id(), 7, &two);
    make_receipt(&w, 2, machine_id(), 12, &receipt);
    carnet_state_grants_free(list(0), 0);

    OK(put(s, &two, NULL));
    OK(put(s, &one, NULL));
    struct carnet_state_grant *grants = list(2);
    assert_int_equal(grants[0].name.fingerprint.bytes[0], 1);
    assert_int_equal(grants[1].name.fingerprint.bytes[0], 2);
    assert_string_equal(grants[0].name.license, "L-1");
    assert_true(carnet_digest_equal(&grants[0].vendor, &w.vendor));
    assert_int_equal(serial_of(&grants[0]), 1);
    assert_false(grants[0].released || grants[0].ended || grants[0].receipt != NULL);
    assert_int_equal(grants[0].bytes.size, one.bytes.size);
    carnet_state_grants_free(grants, 2);
    expect_next(1, NULL, 7);

    OK(put(s, &renewed, NULL));
    OK(put(s, &receipt, NULL));
    grants = list(2);
    assert_int_equal(serial_of(&grants[0]), 2);
    assert_int_equal(serial_of(&grants[1]), 1);
    assert_true(grants[1].ended && grants[1].receipt != NULL && !grants[1].released);
    assert_int_equal(carnet_document_receipt(carnet_reading_document(grants[1].receipt))->end, CARNET_END_REVOKED);
    carnet_state_grants_free(grants, 2);
    expect_next(1, NULL, 12);

    /* A release, of a license that is here and of one that never was (declined). */
    char hex[CARNET_HEX_SIZE], name[200];
    struct carnet_grant_name grant = grant_of("L-1", 1), declined = grant_of("L-1", 0);
    make_release(&w, machine, &sequence, 1, &one, &release);
    carnet_digest_hex(&grant.fingerprint, hex);
    (void)snprintf(name, sizeof name, "L-1.%s", hex);
    OK(send(&release, 1, CARNET_KIND_RELEASE, name, NULL));
    carnet_digest_hex(&declined.fingerprint, hex);
    (void)snprintf(name, sizeof name, "L-1.%s", hex);
    OK(send(&release, 2, CARNET_KIND_RELEASE, name, NULL));
    grants = list(3);
    assert_true(grants[0].released && grants[0].reading == NULL && grants[0].bytes.size == 0);
    assert_true(grants[1].released && !grants[1].ended);
    assert_int_equal(serial_of(&grants[1]), 2);
    assert_false(grants[2].released);
    carnet_state_grants_free(grants, 3);

    /* Another vendor has none of them. */
    struct carnet_state_grant *none = NULL;
    size_t count = 9;
    const struct carnet_digest other = {{4}};
    OK(carnet_state_grants(s, &other, &none, &count, NULL));
    assert_int_equal(count, 0);
    carnet_state_grants_free(none, count);
    carnet_buffer_clear(&one.bytes);
    carnet_buffer_clear(&renewed.bytes);
    carnet_buffer_clear(&two.bytes);
    carnet_buffer_clear(&receipt.bytes);
    carnet_buffer_clear(&release.bytes);
}

/* The file of a grant. */
static const char *grant_file(uint8_t number, const char *ending, char path[512])
{
    char hex[CARNET_HEX_SIZE], rest[256];
    struct carnet_grant_name grant = grant_of("L-1", number);
    carnet_digest_hex(&grant.fingerprint, hex);
    (void)snprintf(rest, sizeof rest, "grants/L-1.%s.%s", hex, ending);
    return in_vendor(&w, rest, path);
}

/* One damaged file does not hide the others. */
static void test_damaged_grants(void **state)
{
    (void)state;
    struct sealed one, two, receipt;
    char path[512], other[512];
    make_license(&w, 1, 1, machine_id(), 5, &one);
    make_license(&w, 2, 1, machine_id(), 6, &two);
    make_receipt(&w, 2, machine_id(), 12, &receipt);
    OK(put(s, &one, NULL));
    OK(put(s, &two, NULL));
    OK(put(s, &receipt, NULL));

    /* Altered. */
    struct carnet_buffer bent = {0};
    OK(carnet_buffer_append(&bent, one.bytes.bytes, one.bytes.size));
    bent.bytes[512] = bent.bytes[512] == 'a' ? 'b' : 'a';
    write_file(grant_file(1, "license", path), bent.bytes, bent.size);
    struct carnet_state_grant *grants = list(2);
    assert_true(grants[0].err == CARNET_ALTERED || grants[0].err == CARNET_MALFORMED);
    assert_int_equal(grants[0].diag.err, grants[0].err);
    assert_non_null(strstr(grants[0].diag.next, path));
    assert_int_equal(grants[0].bytes.size, one.bytes.size);
    assert_int_equal(serial_of(&grants[1]), 1);
    carnet_state_grants_free(grants, 2);
    expect_next(1, NULL, 12);

    /* Another grant's license under this name; a folder; nothing in it; far too large. */
    write_file(path, two.bytes.bytes, two.bytes.size);
    grants = list(2);
    assert_int_equal(grants[0].err, CARNET_STATE_DAMAGED);
    assert_non_null(strstr(grants[0].diag.detail, "holds another grant than its name says."));
    assert_null(grants[0].reading);
    carnet_state_grants_free(grants, 2);
    write_file(path, receipt.bytes.bytes, receipt.bytes.size);
    grants = list(2);
    assert_int_equal(grants[0].err, CARNET_WRONG_KIND);
    carnet_state_grants_free(grants, 2);
    write_file(path, "", 0);
    grants = list(2);
    assert_int_equal(grants[0].err, CARNET_MALFORMED);
    carnet_state_grants_free(grants, 2);
    assert_int_equal(truncate(path, 5 * 1024 * 1024), 0);
    grants = list(2);
    assert_int_equal(grants[0].err, CARNET_STATE_DAMAGED);
    carnet_state_grants_free(grants, 2);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    grants = list(2);
    assert_int_equal(grants[0].err, CARNET_STATE_DAMAGED);
    assert_non_null(strstr(grants[0].diag.detail, "is not a file."));
    carnet_state_grants_free(grants, 2);
    assert_int_equal(rmdir(path), 0);

    /* A receipt that can't be read any more ends its grant all the same. */
    write_file(grant_file(2, "receipt", other), "x", 1);
    grants = list(1);
    assert_true(grants[0].ended && grants[0].receipt == NULL && grants[0].receipt_bytes.size == 0);
    assert_int_equal(serial_of(&grants[0]), 1);
    carnet_state_grants_free(grants, 1);

    /* Without the root nothing vouches for the license; it is listed with that outcome. */
    assert_int_equal(unlink(in_vendor(&w, "root.pem", path)), 0);
    carnet_state_close(s);
    s = open_state(&w, true);
    grants = list(1);
    assert_int_equal(grants[0].err, CARNET_UNTRUSTED_KEY);
    carnet_state_grants_free(grants, 1);
    struct carnet_reading *reading = NULL;
    struct carnet_diag diag = {0};
    const struct carnet_anchor anchor = {w.vendor, w.vendor};
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};
    const struct carnet_read_options options = {.anchors = &anchors};
    OK(carnet_reading_open(two.bytes.bytes, two.bytes.size, &options, &reading, NULL));
    assert_int_equal(carnet_state_put(s, carnet_reading_judged(reading), two.bytes.bytes, two.bytes.size, &diag),
                     CARNET_NOT_FOUND);
    carnet_reading_free(reading);
    carnet_buffer_clear(&bent);
    carnet_buffer_clear(&one.bytes);
    carnet_buffer_clear(&two.bytes);
    carnet_buffer_clear(&receipt.bytes);
}

/* ---- floors ---- */

static void expect_floors(int64_t signed_floor, int64_t local_floor)
{
    struct carnet_floors floors = {1, 1, 0};
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_true(floors.signed_floor == signed_floor);
    assert_true(floors.local_floor == local_floor);
}

/* D-3 and D-4: lowered once for each request, kept with it; the signed floor only rises. */
static void test_floors_lowered(void **state)
{
    (void)state;
    struct carnet_floors floors;
    struct carnet_diag diag = {0};
    char path[512];
    OK(carnet_state_raise(s, &w.vendor, NOW, NOW + 100 * CARNET_DAY, NULL));
    OK(carnet_state_lower(s, &w.vendor, 4, NOW + CARNET_DAY, NOW + CARNET_HOUR, NULL));
    expect_floors(NOW + CARNET_HOUR, NOW + CARNET_DAY);
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_int_equal(floors.answered, 4);
    assert_int_equal(carnet_state_lower(s, &w.vendor, 4, NOW, NOW, &diag), CARNET_BUG);
    assert_int_equal(carnet_state_lower(s, &w.vendor, 3, NOW, NOW, &diag), CARNET_BUG);
    expect_floors(NOW + CARNET_HOUR, NOW + CARNET_DAY);
    /* Raising keeps what was answered; an answer that lowers nothing is noted all the same. */
    OK(carnet_state_raise(s, &w.vendor, INT64_MIN, NOW + 2 * CARNET_DAY, NULL));
    OK(carnet_state_lower(s, &w.vendor, 9, NOW + 3 * CARNET_DAY, NOW, NULL));
    expect_floors(NOW + CARNET_HOUR, NOW + 2 * CARNET_DAY);
    OK(carnet_state_floors(s, &w.vendor, &floors, NULL));
    assert_int_equal(floors.answered, 9);
    static const char twice[] = "answered = 1\nanswered = 2\n";
    write_file(in_vendor(&w, "floors", path), twice, sizeof twice - 1);
    assert_int_equal(carnet_state_floors(s, &w.vendor, &floors, &diag), CARNET_STATE_DAMAGED);
}

static void test_floors(void **state)
{
    (void)state;
    char path[512];
    struct carnet_floors floors = {1, 1, 0};
    struct carnet_diag diag = {0};
    expect_floors(INT64_MIN, INT64_MIN);
    OK(carnet_state_raise(s, &w.vendor, INT64_MIN, INT64_MIN, NULL));
    assert_int_equal(access(in_vendor(&w, "floors", path), F_OK), -1);
    OK(carnet_state_raise(s, &w.vendor, INT64_MIN, NOW, NULL));
    expect_floors(INT64_MIN, NOW);
    OK(carnet_state_raise(s, &w.vendor, INT64_MIN, NOW + CARNET_HOUR - 1, NULL));
    expect_floors(INT64_MIN, NOW);
    OK(carnet_state_raise(s, &w.vendor, INT64_MIN, NOW + CARNET_HOUR, NULL));
    expect_floors(INT64_MIN, NOW + CARNET_HOUR);
    OK(carnet_state_raise(s, &w.vendor, NOW - 5, NOW, NULL)); /* never lower */
    expect_floors(NOW - 5, NOW + CARNET_HOUR);
    OK(carnet_state_raise(s, &w.vendor, NOW - 4, INT64_MIN, NULL));
    expect_floors(NOW - 4, NOW + CARNET_HOUR);
    assert_int_equal(mode_of(path), 0644);
    /* By one who only reads, too. */
    carnet_state_close(s);
    s = open_state(&w, false);
    OK(carnet_state_raise(s, &w.vendor, NOW + 1, NOW + 3 * CARNET_HOUR, NULL));
    expect_floors(NOW + 1, NOW + 3 * CARNET_HOUR);
    /* A vendor that is not pinned has none. */
    const struct carnet_digest other = {{4}};
    OK(carnet_state_raise(s, &other, NOW, NOW, NULL));

    static const char *const damaged[] = {"x", "signed = 2026-01-01\n", "signed = 2026-13-01T00:00:00Z\n",
                                          "local = 2026-01-01T00:00:00Z\nlocal = 2026-01-01T00:00:00Z\n",
                                          "moon = 2026-01-01T00:00:00Z\n"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        write_file(path, damaged[i], strlen(damaged[i]));
        assert_int_equal(carnet_state_floors(s, &w.vendor, &floors, &diag), CARNET_STATE_DAMAGED);
        assert_non_null(strstr(diag.detail, "floors does not hold clock floors."));
        assert_non_null(strstr(diag.next, "Move that file away"));
        assert_true(floors.signed_floor == 1);
        assert_int_equal(carnet_state_raise(s, &w.vendor, NOW, NOW, &diag), CARNET_STATE_DAMAGED);
    }
}

static int nobody_raises(const struct world *world)
{
    struct carnet_state *mine = NULL;
    struct carnet_floors floors = {0};
    if (carnet_state_open(world->path, false, &mine, NULL) != CARNET_OK)
        return 1;
    enum carnet_err err = carnet_state_raise(mine, &world->vendor, NOW, NOW, NULL);
    int result = err != CARNET_OK                                                        ? 2
                 : carnet_state_floors(mine, &world->vendor, &floors, NULL) != CARNET_OK ? 3
                 : floors.local_floor != INT64_MIN || floors.signed_floor != INT64_MIN   ? 4
                                                                                         : 0;
    carnet_state_close(mine);
    return result;
}

static void test_floors_not_ours(void **state)
{
    (void)state;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/lock", w.path);
    assert_int_equal(chmod(path, 0000), 0);
    assert_int_equal(chmod(in_vendor(&w, "", path), 0555), 0);
    assert_int_equal(as_nobody(nobody_raises, &w), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* ---- killed between the steps ---- */

/* A whole first life: pin, key, fingerprint, license, floors. Can be begun again at any point. */
static void live(const struct world *world)
{
    struct carnet_state *mine = NULL;
    struct carnet_key *key = NULL;
    struct carnet_digest vendor;
    struct carnet_sequence sequence = {0};
    struct carnet_journal_position journal;
    struct sealed bundle, license;
    OK(carnet_state_open(world->path, true, &mine, NULL));
    OK(carnet_state_pin(mine, carnet_key_info(world->root)->public_key, &vendor, NULL));
    OK(carnet_state_machine_key(mine, &vendor, true, NOW, &key, NULL));
    OK(carnet_state_next(mine, &vendor, &sequence, &journal, NULL));
    if (sequence.sequence == 1) {
        make_fingerprint(world, key, &sequence, &bundle);
        OK(carnet_state_send(mine, &vendor, 1, carnet_kind_get(CARNET_KIND_FINGERPRINT), "", bundle.bytes.bytes,
                             bundle.bytes.size, NULL));
        carnet_buffer_clear(&bundle.bytes);
    }
    make_license(world, 1, 1, &carnet_key_info(key)->id, 5, &license);
    OK(put(mine, &license, NULL));
    OK(carnet_state_raise(mine, &vendor, NOW, NOW, NULL));
    carnet_buffer_clear(&license.bytes);
    carnet_key_free(key);
    carnet_state_close(mine);
}

/* What holds at every moment, and is all that a reader may see. */
static void check_sound(const struct world *world)
{
    struct carnet_state *mine = NULL;
    struct carnet_digest id;
    struct carnet_key *key = NULL;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    struct carnet_sequence sequence;
    struct carnet_journal_position journal;
    struct carnet_floors floors;
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    OK(carnet_state_open(world->path, false, &mine, NULL));
    enum carnet_err err = carnet_state_machine_key(mine, &world->vendor, false, NOW, &key, NULL);
    if (err == CARNET_OK) {
        /* Never a key without its secret, nor a public part that is another's. */
        OK(carnet_state_secret(mine, &world->vendor, secret, NULL));
        OK(carnet_state_machine_id(mine, &world->vendor, &id, NULL));
        assert_true(carnet_digest_equal(&id, &carnet_key_info(key)->id));
    } else {
        assert_int_equal(err, CARNET_NOT_FOUND);
        assert_int_equal(carnet_state_machine_id(mine, &world->vendor, &id, NULL), CARNET_NOT_FOUND);
    }
    OK(carnet_state_next(mine, &world->vendor, &sequence, &journal, NULL));
    assert_true(sequence.sequence <= (err == CARNET_OK ? 2u : 1u));
    OK(carnet_state_grants(mine, NULL, &grants, &count, NULL));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(grants[i].err, CARNET_OK);
    carnet_state_grants_free(grants, count);
    OK(carnet_state_floors(mine, &world->vendor, &floors, NULL));
    carnet_key_free(key);
    carnet_state_close(mine);
}

static int count_leftovers(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    return strstr(path + at->base, ".tmp") != NULL ? 1 : 0;
}

/* What the schema refuses in a license that is signed and trusted. */
static void make_unlawful(struct sealed *out)
{
    const struct carnet_read_options options = {.expected = 0};
    struct sealed lawful;
    struct carnet_reading *reading = NULL;
    struct carnet_buffer document = {0};
    make_license(&w, 1, 1, machine_id(), 1, &lawful);
    assert_int_equal(carnet_reading_open(lawful.bytes.bytes, lawful.bytes.size, &options, &reading, NULL),
                     CARNET_UNTRUSTED_KEY);
    const struct carnet_entry *entry = carnet_unpacked_entry(carnet_reading_unpacked(reading), CARNET_ENTRY_DOCUMENT);
    const char *at = memmem(entry->bytes, entry->size, " minor=", 7);
    assert_non_null(at);
    size_t before = (size_t)(at - (const char *)entry->bytes);
    OK(carnet_buffer_append(&document, entry->bytes, before));
    OK(carnet_buffer_text(&document, " unknown=\"1\""));
    OK(carnet_buffer_append(&document, at, entry->size - before));
    memset(out, 0, sizeof *out);
    seal_issued(w.issuer, CARNET_KIND_LICENSE, &document, &w.entitled, out);
    carnet_buffer_clear(&document);
    carnet_reading_free(reading);
    carnet_buffer_clear(&lawful.bytes);
}

static enum carnet_err outcome_of_one(void)
{
    struct carnet_state_grant *grants = list(1);
    enum carnet_err err = grants[0].err;
    carnet_state_grants_free(grants, 1);
    return err;
}

/* The schema is held again for whatever is not exactly what was validated. */
static void test_validated_once(void **state)
{
    (void)state;
    struct sealed lawful, unlawful;
    struct carnet_digest whole;
    char license[512], valid[512], hex[CARNET_HEX_SIZE], text[160], name[160];
    make_license(&w, 1, 1, machine_id(), 1, &lawful);
    make_unlawful(&unlawful);
    OK(put(s, &lawful, NULL));
    const struct carnet_grant_name grant = grant_of("L-1", 1);
    carnet_digest_hex(&grant.fingerprint, hex);
    (void)snprintf(name, sizeof name, "grants/L-1.%s.license", hex);
    in_vendor(&w, name, license);
    (void)snprintf(name, sizeof name, "grants/L-1.%s.valid", hex);
    in_vendor(&w, name, valid);
    assert_int_equal(mode_of(valid), mode_of(license));
    assert_int_equal(outcome_of_one(), CARNET_OK);

    /* Of other bytes. */
    write_file(license, unlawful.bytes.bytes, unlawful.bytes.size);
    assert_int_equal(outcome_of_one(), CARNET_MALFORMED);
    /* Of these bytes and another schema. */
    carnet_sha256(unlawful.bytes.bytes, unlawful.bytes.size, &whole);
    carnet_digest_hex(&whole, hex);
    (void)snprintf(text, sizeof text, "%s %s\n", hex, hex);
    write_file(valid, text, strlen(text));
    assert_int_equal(outcome_of_one(), CARNET_MALFORMED);
    /* Cut off. */
    write_file(valid, text, 64);
    assert_int_equal(outcome_of_one(), CARNET_MALFORMED);
    assert_int_equal(unlink(valid), 0);
    assert_int_equal(outcome_of_one(), CARNET_MALFORMED);
    /* Of exactly these bytes and this schema: then it isn't asked again, and all else is. */
    (void)snprintf(text, sizeof text, "%s %s\n", hex, carnet_document_schema());
    write_file(valid, text, strlen(text));
    assert_int_equal(outcome_of_one(), CARNET_OK);
    unlawful.bytes.bytes[3 * 512 + 70] ^= 1;
    write_file(license, unlawful.bytes.bytes, unlawful.bytes.size);
    assert_int_not_equal(outcome_of_one(), CARNET_OK);

    carnet_buffer_clear(&lawful.bytes);
    carnet_buffer_clear(&unlawful.bytes);
}

static void test_killed(void **state)
{
    (void)state;
    int status = 0, step = 0;
    bool finished = false;
    while (!finished && step < 100) {
        remove_all(w.path);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            kill_after = step;
            live(&w);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        finished = WEXITSTATUS(status) == 0;
        assert_true(finished || WEXITSTATUS(status) == 9);
        check_sound(&w);
        live(&w);
        check_sound(&w);
        assert_int_equal(nftw(w.path, count_leftovers, 8, FTW_PHYS), 0);
        live(&w);
        step++;
    }
    assert_true(finished);
    assert_true(step > 15); /* there were that many steps to be killed at */
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_sent),           T(test_grants),          T(test_damaged_grants), T(test_floors),
        T(test_floors_lowered), T(test_floors_not_ours), T(test_validated_once), T(test_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

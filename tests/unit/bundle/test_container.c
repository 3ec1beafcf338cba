/* SPDX-License-Identifier: MIT */
/* C-1 to C-8: what is a container, and what is not. */
#include "fixture.h"

#include <unistd.h>

struct context {
    struct carnet_key *key;
    struct parts parts;
    struct carnet_buffer bundle;
};

static int set_up(void **state)
{
    struct context *c = calloc(1, sizeof *c);

    c->key = fixture_key(CARNET_ROLE_ISSUER, 7);
    fixture_license(&c->parts, c->key);
    c->bundle = fixture_pack(&c->parts);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct context *c = *state;

    carnet_buffer_clear(&c->bundle);
    carnet_buffer_clear(&c->parts.sums);
    carnet_key_free(c->key);
    free(c);
    return 0;
}

static void refuse_bytes(const uint8_t *bytes, size_t size, const char *clause, const char *words)
{
    struct carnet_unpacked *u = NULL;
    struct carnet_diag diag = {0};
    enum carnet_err err = carnet_unpack(bytes, size, &u, &diag);

    fixture_refused(&diag, err, CARNET_MALFORMED, clause, words);
    assert_null(u);
    assert_int_equal(carnet_unpack(bytes, size, &u, NULL), CARNET_MALFORMED);
}

static void refuse_parts(const struct parts *p, const char *clause, const char *words)
{
    struct carnet_buffer bundle = fixture_pack(p);

    refuse_bytes(bundle.bytes, bundle.size, clause, words);
    carnet_buffer_clear(&bundle);
}

static void accepts_and_borrows(void **state)
{
    struct context *c = *state;
    struct carnet_unpacked *u = NULL;

    assert_int_equal(carnet_unpack(c->bundle.bytes, c->bundle.size, &u, NULL), CARNET_OK);
    assert_int_equal(carnet_unpacked_count(u), c->parts.count);
    assert_string_equal(carnet_unpacked_kind_name(u), "license");
    assert_int_equal(carnet_unpacked_major(u), 1);
    for (size_t i = 0; i < c->parts.count; i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(u, i);

        assert_string_equal(entry->name, c->parts.entries[i].name);
        assert_int_equal(entry->size, c->parts.entries[i].size);
        assert_memory_equal(entry->bytes, c->parts.entries[i].bytes, entry->size);
        assert_ptr_equal(entry->bytes, c->bundle.bytes + fixture_offset(&c->parts, i) + 512);
    }
    assert_null(carnet_unpacked_entry(u, c->parts.count));
    carnet_unpacked_free(u);
}

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* GNU tar, with the options of section 3, makes the same bytes. */
static void gnu_tar_makes_the_same(void **state)
{
    struct context *c = *state;
    char folder[] = "/tmp/carnet-test-XXXXXX";
    char command[1024];
    int used;

    assert_non_null(mkdtemp(folder));
    write_file(folder, "ours.tar", c->bundle.bytes, c->bundle.size);
    used = snprintf(command, sizeof command,
                    "cd %s && tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 -cf "
                    "theirs.tar",
                    folder);
    for (size_t i = 0; i < c->parts.count; i++) {
        const struct carnet_entry *entry = &c->parts.entries[i];

        write_file(folder, entry->name, entry->bytes, entry->size);
        used += snprintf(command + used, sizeof command - (size_t)used, " %s", entry->name);
    }
    snprintf(command + used, sizeof command - (size_t)used, " && cmp ours.tar theirs.tar && rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void c1_sizes(void **state)
{
    struct context *c = *state;
    struct parts p = c->parts;
    struct carnet_buffer out = {0};
    struct carnet_diag diag = {0};
    uint8_t *large = calloc(1, CARNET_BUNDLE_MOST + 512);
    size_t room;

    refuse_bytes((const uint8_t *)"", 0, "C-1", "empty");
    refuse_bytes((const uint8_t *)"mimetype", 8, "C-1", "only 8 bytes");
    memcpy(large, c->bundle.bytes, c->bundle.size);
    refuse_bytes(large, CARNET_BUNDLE_MOST + 512, "C-1", "at most 1 MiB");
    /* The largest bundle there can be, and one that is a block larger. */
    room = CARNET_BUNDLE_MOST - 1024 - fixture_offset(&p, CARNET_ENTRY_EMBEDDED) - 512;
    p.entries[CARNET_ENTRY_EMBEDDED].bytes = large;
    p.entries[CARNET_ENTRY_EMBEDDED].size = room;
    assert_int_equal(carnet_pack(p.entries, p.count, &out, NULL), CARNET_OK);
    assert_int_equal(out.size, CARNET_BUNDLE_MOST);
    {
        struct carnet_unpacked *u = NULL;

        assert_int_equal(carnet_unpack(out.bytes, out.size, &u, NULL), CARNET_OK);
        carnet_unpacked_free(u);
    }
    p.entries[CARNET_ENTRY_EMBEDDED].size = room + 1;
    fixture_refused(&diag, carnet_pack(p.entries, p.count, &out, &diag), CARNET_MALFORMED, "C-1", "larger than 1 MiB");
    assert_int_equal(out.size, CARNET_BUNDLE_MOST);
    carnet_buffer_clear(&out);
    free(large);
}

static void no_bundle_at_all(void **state)
{
    struct context *c = *state;
    uint8_t text[2048];
    uint8_t *changed = malloc(c->bundle.size);

    memset(text, 'x', sizeof text);
    refuse_bytes(text, sizeof text, "C-4", "not a bundle at all");
    memset(text, 0, sizeof text);
    refuse_bytes(text, sizeof text, "C-4", "holds no entries");
    refuse_bytes(text, 512, "C-4", "holds no entries");
    text[0] = 0x1f;
    text[1] = 0x8b;
    refuse_bytes(text, sizeof text, "C-4", "compressed with gzip");
    refuse_bytes(text, 20, "C-4", "compressed with gzip");
    memcpy(changed, c->bundle.bytes, c->bundle.size);
    changed[148]++;
    refuse_bytes(changed, c->bundle.size, "C-5", "first header is damaged");
    free(changed);
}

static void c2_names(void **state)
{
    static const char *const strange[] = {"../root.pem", "/etc/passwd",  "Mimetype", "license.XML",   "License.xml",
                                          "a.txt",       "licen.se.xml", ".xml",     "mimetype.xml/", "signer.pem "};
    struct context *c = *state;
    struct parts p = c->parts;

    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        for (size_t place = 1; place < p.count; place++) {
            p = c->parts;
            p.entries[place].name = strange[i];
            refuse_parts(&p, "C-2", "does not belong in a bundle");
        }
    p = c->parts;
    p.entries[0].name = "readme";
    refuse_parts(&p, "C-2", "its first entry is 'readme' and not 'mimetype'");
    /* A kind's name of 32 letters, and one of 33. */
    p = c->parts;
    p.entries[CARNET_ENTRY_DOCUMENT].name = "abcdefghijklmnopqrstuvwxyzabcdef.xml";
    refuse_parts(&p, "C-7", "version=");
    p.entries[CARNET_ENTRY_DOCUMENT].name = "abcdefghijklmnopqrstuvwxyzabcdefg.xml";
    refuse_parts(&p, "C-2", "does not belong");
}

static void c2_order(void **state)
{
    struct context *c = *state;
    struct parts p;

    for (size_t i = 0; i + 1 < c->parts.count; i++) {
        struct carnet_entry held;

        p = c->parts;
        held = p.entries[i];
        p.entries[i] = p.entries[i + 1];
        p.entries[i + 1] = held;
        refuse_parts(&p, "C-2", "not in order");
    }
    for (size_t i = 0; i < CARNET_ENTRY_EMBEDDED; i++) {
        /* missing from the middle, and at the end */
        p = c->parts;
        memmove(&p.entries[i], &p.entries[i + 1], (p.count - i - 1) * sizeof p.entries[0]);
        p.count--;
        refuse_parts(&p, "C-2", "not in order");
        p = c->parts;
        p.count = i;
        if (i > 0)
            refuse_parts(&p, "C-2", "is missing");
        /* twice, and one too many */
        p = c->parts;
        memmove(&p.entries[i + 1], &p.entries[i], (p.count - i) * sizeof p.entries[0]);
        p.count++;
        refuse_parts(&p, "C-2", "is there twice");
        p = c->parts;
        p.entries[p.count] = p.entries[i];
        p.count++;
        refuse_parts(&p, "C-2", "is there twice");
    }
    p = c->parts;
    p.entries[p.count] = p.entries[CARNET_ENTRY_DOCUMENT];
    p.entries[p.count].name = "release.xml";
    p.count++;
    refuse_parts(&p, "C-2", "one too many");
    p.entries[p.count - 1].name = "notes";
    refuse_parts(&p, "C-2", "does not belong");
}

static void c3_embedded(void **state)
{
    struct context *c = *state;
    struct parts p = c->parts;
    struct carnet_unpacked *u = NULL;
    struct carnet_buffer bundle;
    char names[CARNET_EMBEDDED_MOST + 1][CARNET_EMBEDDED_NAME_SIZE];

    for (size_t i = 0; i <= CARNET_EMBEDDED_MOST; i++) {
        struct carnet_digest id = {{(uint8_t)(2 * i)}};

        carnet_embedded_name(&id, names[i]);
        p.entries[CARNET_ENTRY_EMBEDDED + i] = c->parts.entries[CARNET_ENTRY_EMBEDDED];
        p.entries[CARNET_ENTRY_EMBEDDED + i].name = names[i];
    }
    p.count = CARNET_ENTRIES_MOST;
    bundle = fixture_pack(&p);
    assert_int_equal(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), CARNET_OK);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    p.count++;
    refuse_parts(&p, "C-3", "more than 64");
    p.count = CARNET_ENTRY_EMBEDDED + 2;
    p.entries[CARNET_ENTRY_EMBEDDED + 1].name = names[0];
    refuse_parts(&p, "C-3", "not in rising order");
    p.entries[CARNET_ENTRY_EMBEDDED].name = names[1];
    refuse_parts(&p, "C-3", "not in rising order");
    /* Not 64 digits, upper case, another suffix (I-4's form). */
    p.count = CARNET_ENTRY_EMBEDDED + 1;
    p.entries[CARNET_ENTRY_EMBEDDED].name = names[1] + 1;
    refuse_parts(&p, "C-2", "does not belong");
    names[1][5] = 'A';
    p.entries[CARNET_ENTRY_EMBEDDED].name = names[1];
    refuse_parts(&p, "C-2", "does not belong");
    p.entries[CARNET_ENTRY_EMBEDDED].name = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff.tar";
    refuse_parts(&p, "C-2", "does not belong");
}

static void c4_ends(void **state)
{
    struct context *c = *state;
    uint8_t *bytes = calloc(1, c->bundle.size + 10240);
    size_t size = c->bundle.size;
    size_t last = fixture_offset(&c->parts, c->parts.count - 1);

    memcpy(bytes, c->bundle.bytes, size);
    /* Every truncation that leaves a first header is told as one. */
    for (size_t cut = 512; cut < size; cut += cut < 2048 ? 1 : 97)
        refuse_bytes(bytes, cut, "C-4", "truncated");
    refuse_bytes(bytes, size - 1, "C-4", "truncated");
    refuse_bytes(bytes, size - 512, "C-4", "truncated");
    refuse_bytes(bytes, size + 1, "C-4", "1 bytes follow");
    refuse_bytes(bytes, size + 512, "C-4", "512 bytes follow");
    refuse_bytes(bytes, size + 10240, "C-4", "10240 bytes follow");
    bytes[size] = 'x';
    refuse_bytes(bytes, size + 1, "C-4", "1 bytes follow");
    bytes[size - 1] = 'x';
    refuse_bytes(bytes, size, "C-4", "end of the archive is not zero");
    bytes[size - 1] = 0;
    /* Padding: the byte behind the content and the last one of the block. */
    bytes[last + 512 + c->parts.entries[c->parts.count - 1].size] = 1;
    refuse_bytes(bytes, size, "C-4", "padding after '0011");
    bytes[last + 512 + c->parts.entries[c->parts.count - 1].size] = 0;
    bytes[last + 1023] = 1;
    refuse_bytes(bytes, size, "C-4", "padding after '0011");
    free(bytes);
}

/* What was unpacked, packed again, has to be the whole file. */
static bool packs_again(const uint8_t *bytes, size_t size, const struct carnet_unpacked *u)
{
    struct carnet_entry entries[ENTRIES_ROOM];
    struct carnet_buffer again = {0};
    bool same;

    for (size_t i = 0; i < carnet_unpacked_count(u); i++)
        entries[i] = *carnet_unpacked_entry(u, i);
    assert_int_equal(carnet_pack(entries, carnet_unpacked_count(u), &again, NULL), CARNET_OK);
    same = again.size == size && memcmp(again.bytes, bytes, size) == 0;
    carnet_buffer_clear(&again);
    return same;
}

/* Every header byte of every entry, changed to several others, with the checksum left and repaired. Only name and size
 * can make another sound container: another embedded name, or content that takes in some of its padding. */
static void c5_header_bytes(void **state)
{
    static const uint8_t values[] = {0, ' ', '0', '1', '5', '7', 'L', 'x', 0x80, 0xff};
    struct context *c = *state;
    uint8_t *bytes = malloc(c->bundle.size);
    size_t refused = 0;

    for (size_t entry = 0; entry < c->parts.count; entry++)
        for (size_t i = 0; i < 512; i++)
            for (size_t v = 0; v < 2 * sizeof values; v++) {
                struct carnet_unpacked *u = NULL;
                size_t at = fixture_offset(&c->parts, entry);
                enum carnet_err err;

                memcpy(bytes, c->bundle.bytes, c->bundle.size);
                bytes[at + i] = values[v / 2];
                if (v % 2 == 1)
                    fixture_repair(bytes + at);
                if (memcmp(bytes, c->bundle.bytes, c->bundle.size) == 0)
                    continue;
                err = carnet_unpack(bytes, c->bundle.size, &u, NULL);
                if (err == CARNET_OK) {
                    assert_true(v % 2 == 1 && (i < 64 || (i >= 124 && i < 136)));
                    assert_true(packs_again(bytes, c->bundle.size, u));
                } else {
                    assert_int_equal(err, CARNET_MALFORMED);
                    assert_null(u);
                    refused++;
                }
                carnet_unpacked_free(u);
            }
    assert_true(refused > 50000);
    free(bytes);
}

static void c5_fields(void **state)
{
    static const struct {
        size_t offset;
        const char *bytes;
        const char *words;
    } faults[] = {
        {100, "0000755", "'mode'"},      {108, "0000001", "'uid'"},      {116, "0000001", "'gid'"},
        {136, "00000000001", "'mtime'"}, {157, "x", "'linkname'"},       {265, "root", "'uname'"},
        {297, "root", "'gname'"},        {329, "0000001", "'devmajor'"}, {337, "0000001", "'devminor'"},
        {500, "x", "'padding'"},         {154, " ", "'chksum'"},         {124, "     ", "'size'"},
        {157 + 99, "x", "'linkname'"},   {116, "      0", "'gid'"},      {263, " ", "'version'"},
    };
    struct context *c = *state;
    size_t at = fixture_offset(&c->parts, CARNET_ENTRY_DOCUMENT);
    uint8_t *bytes = malloc(c->bundle.size);

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        memcpy(bytes, c->bundle.bytes, c->bundle.size);
        memcpy(bytes + at + faults[i].offset, faults[i].bytes, strlen(faults[i].bytes));
        if (faults[i].offset != 154)
            fixture_repair(bytes + at);
        refuse_bytes(bytes, c->bundle.size, "C-5", faults[i].words);
    }
    /* Links, folders, and the extensions of other tar formats. */
    for (const char *type = "12345678gxLKSND\x1b"; *type != '\0'; type++) {
        memcpy(bytes, c->bundle.bytes, c->bundle.size);
        bytes[at + 156] = (uint8_t)*type;
        fixture_repair(bytes + at);
        refuse_bytes(bytes, c->bundle.size, "C-5", "Entry 5 is not an ordinary file");
    }
    /* A name through the prefix field. */
    memcpy(bytes, c->bundle.bytes, c->bundle.size);
    memcpy(bytes + at + 345, "..", 2);
    fixture_repair(bytes + at);
    refuse_bytes(bytes, c->bundle.size, "C-2", "'../license.xml' does not belong");
    /* Bytes behind the name's end. */
    memcpy(bytes, c->bundle.bytes, c->bundle.size);
    bytes[at + 50] = 'x';
    fixture_repair(bytes + at);
    refuse_bytes(bytes, c->bundle.size, "C-5", "'name'");
    free(bytes);
}

/* Sizes that lie: near and far beyond the end, negative and base-256. */
static void sizes_that_lie(void **state)
{
    static const char *const sizes[] = {"77777777777", "00000200001", "37777777777", "10000000000"};
    struct context *c = *state;
    size_t at = fixture_offset(&c->parts, CARNET_ENTRY_EMBEDDED);
    uint8_t *bytes = malloc(c->bundle.size);
    struct carnet_unpacked *u = NULL;

    memcpy(bytes, c->bundle.bytes, c->bundle.size);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memcpy(bytes + at + 124, sizes[i], 11);
        fixture_repair(bytes + at);
        refuse_bytes(bytes, c->bundle.size, "C-4", "truncated");
    }
    memset(bytes + at + 124, 0xff, 12);
    fixture_repair(bytes + at);
    assert_int_equal(carnet_unpack(bytes, c->bundle.size, &u, NULL), CARNET_MALFORMED);
    memset(bytes + at + 124, 0, 12);
    bytes[at + 124] = 0x80;
    bytes[at + 128] = 0x7f;
    fixture_repair(bytes + at);
    assert_int_equal(carnet_unpack(bytes, c->bundle.size, &u, NULL), CARNET_MALFORMED);
    free(bytes);
}

static void c7_mimetype(void **state)
{
    static const char *const wrong[] = {
        "application/vnd.carnet.license;version=0",
        "application/vnd.carnet.license;version=01",
        "application/vnd.carnet.license;version=10000",
        "application/vnd.carnet.license;version=",
        "application/vnd.carnet.license;version=1\n",
        "application/vnd.carnet.license;version=1 ",
        "application/vnd.carnet.license;version=-1",
        "application/vnd.carnet.license; version=1",
        "application/vnd.carnet.licenses;version=1",
        "application/vnd.carnet.release;version=1",
        "application/vnd.carnet.licens;version=1",
        "application/vnd.carnet.LICENSE;version=1",
        "Application/vnd.carnet.license;version=1",
        "text/plain",
        "x",
        "application/vnd.carnet.",
    };
    struct context *c = *state;
    struct parts p = c->parts;
    struct carnet_unpacked *u = NULL;
    struct carnet_buffer bundle;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p.entries[0].bytes = (const uint8_t *)wrong[i];
        p.entries[0].size = strlen(wrong[i]);
        refuse_parts(&p, "C-7", "'application/vnd.carnet.license;version=' and a number from 1 to 9999");
    }
    p.entries[0] = TEXT_ENTRY("mimetype", "application/vnd.carnet.license;version=9999");
    bundle = fixture_pack(&p);
    assert_int_equal(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), CARNET_OK);
    assert_int_equal(carnet_unpacked_major(u), 9999);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
}

static void c8_sizes(void **state)
{
    struct context *c = *state;
    struct parts p;
    uint8_t *large = calloc(1, CARNET_DOCUMENT_MOST + 1);
    struct carnet_unpacked *u = NULL;
    struct carnet_buffer bundle;

    for (size_t i = 0; i < c->parts.count; i++) {
        p = c->parts;
        p.entries[i].size = 0;
        refuse_parts(&p, "C-8", "is empty");
    }
    p = c->parts;
    p.entries[CARNET_ENTRY_DOCUMENT].bytes = large;
    p.entries[CARNET_ENTRY_DOCUMENT].size = CARNET_DOCUMENT_MOST + 1;
    refuse_parts(&p, "C-8", "larger than 256 KiB");
    p.entries[CARNET_ENTRY_DOCUMENT].size = CARNET_DOCUMENT_MOST;
    p.entries[CARNET_ENTRY_SUMS].bytes = large;
    p.entries[CARNET_ENTRY_SUMS].size = CARNET_SUMS_MOST + 1;
    refuse_parts(&p, "C-8", "larger than 16 KiB");
    p.entries[CARNET_ENTRY_SUMS].size = CARNET_SUMS_MOST;
    bundle = fixture_pack(&p);
    assert_int_equal(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), CARNET_OK);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_borrows),
        cmocka_unit_test(gnu_tar_makes_the_same),
        cmocka_unit_test(c1_sizes),
        cmocka_unit_test(no_bundle_at_all),
        cmocka_unit_test(c2_names),
        cmocka_unit_test(c2_order),
        cmocka_unit_test(c3_embedded),
        cmocka_unit_test(c4_ends),
        cmocka_unit_test(c5_header_bytes),
        cmocka_unit_test(c5_fields),
        cmocka_unit_test(sizes_that_lie),
        cmocka_unit_test(c7_mimetype),
        cmocka_unit_test(c8_sizes),
    };

    return cmocka_run_group_tests_name("container", tests, set_up, tear_down);
}

/* SPDX-License-Identifier: MIT */
/* bundles as text. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/armour.h"
#include "bundle/base64.h"

struct context {
    struct carnet_buffer bundle;
    struct carnet_buffer text;
};

static int set_up(void **state)
{
    struct context *c = calloc(1, sizeof *c);
    struct carnet_key *key = fixture_key(CARNET_ROLE_ISSUER, 7);
    struct parts p;

    fixture_license(&p, key);
    c->bundle = fixture_pack(&p);
    assert_int_equal(carnet_armour_write("license", c->bundle.bytes, c->bundle.size, &c->text), CARNET_OK);
    carnet_buffer_clear(&p.sums);
    carnet_key_free(key);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct context *c = *state;

    carnet_buffer_clear(&c->bundle);
    carnet_buffer_clear(&c->text);
    free(c);
    return 0;
}

/* The text gives the bundle, with that many lines ignored. */
static void reads(const struct context *c, const char *text, size_t size, unsigned long before, unsigned long after)
{
    struct carnet_armour_notes notes = {0};
    struct carnet_buffer out = {0};
    struct carnet_diag diag = {0};

    assert_int_equal(carnet_buffer_text(&out, "kept"), CARNET_OK);
    if (carnet_armour_read((const uint8_t *)text, size, &out, &notes, &diag) != CARNET_OK)
        fail_msg("refused: %s", diag.detail);
    assert_string_equal(notes.kind_name, "license");
    assert_int_equal(notes.ignored_before, before);
    assert_int_equal(notes.ignored_after, after);
    assert_int_equal(out.size, c->bundle.size + 4);
    assert_memory_equal(out.bytes + 4, c->bundle.bytes, c->bundle.size);
    carnet_buffer_clear(&out);
}

static void refuses(const void *text, size_t size, const char *clause, const char *words)
{
    struct carnet_armour_notes notes = {.ignored_before = 77};
    struct carnet_buffer out = {0};
    struct carnet_diag diag = {0};

    fixture_refused(&diag, carnet_armour_read(text, size, &out, &notes, &diag), CARNET_MALFORMED, clause, words);
    assert_int_equal(out.size, 0);
    assert_int_equal(notes.ignored_before, 77);
}

static void a1_form(void **state)
{
    const struct context *c = *state;
    const char *text = (const char *)c->text.bytes;
    const char *line = text, *end;
    size_t lines = 0;

    assert_memory_equal(text, "-----BEGIN CARNET LICENSE-----\n", 31);
    assert_memory_equal(text + c->text.size - 29, "-----END CARNET LICENSE-----\n", 29);
    for (line = text + 31; line < text + c->text.size - 29; line = end + 1, lines++) {
        end = strchr(line, '\n');
        assert_true(end - line == 64 || (end + 1 == text + c->text.size - 29 && end - line < 64));
    }
    assert_true(lines > 5);
    reads(c, text, c->text.size, 0, 0);
}

/* checked with stock tools: base64 -d, the header's bytes, gunzip. */
static void a3_header(void **state)
{
    static const uint8_t header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0};
    const struct context *c = *state;
    char folder[] = "/tmp/carnet-test-XXXXXX";
    char path[64], command[512];
    uint8_t first[10];
    FILE *file;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/text", folder);
    file = fopen(path, "wb");
    assert_int_equal(fwrite(c->text.bytes, 1, c->text.size, file), c->text.size);
    fclose(file);
    snprintf(path, sizeof path, "%s/bundle", folder);
    file = fopen(path, "wb");
    assert_int_equal(fwrite(c->bundle.bytes, 1, c->bundle.size, file), c->bundle.size);
    fclose(file);
    snprintf(command, sizeof command,
             "cd %s && sed '/^-/d' text | base64 -d > member && gunzip -t < member && gunzip < member | cmp - bundle",
             folder);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/member", folder);
    file = fopen(path, "rb");
    assert_int_equal(fread(first, 1, sizeof first, file), sizeof first);
    fclose(file);
    assert_memory_equal(first, header, sizeof header);
    assert_int_equal(first[9], 255);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Builds a text out of the armour: each line with something before and after, in lines of that length. */
static size_t rewrap(const struct context *c, const char *before, const char *after, size_t length, char *out)
{
    const char *text = (const char *)c->text.bytes;
    const char *rest = text + c->text.size;
    size_t used = 0, column = 0;

    used += (size_t)sprintf(out + used, "%s-----BEGIN CARNET LICENSE-----%s%s", before, after, before);
    for (text = strchr(text, '\n') + 1; text < rest && *text != '-'; text++) {
        if (*text == '\n')
            continue;
        out[used++] = *text;
        if (++column == length) {
            used += (size_t)sprintf(out + used, "%s%s", after, before);
            column = 0;
        }
    }
    used += (size_t)sprintf(out + used, "%s%s-----END CARNET LICENSE-----%s", after, before, after);
    return used;
}

static void a4_survives(void **state)
{
    static const struct {
        const char *before, *after;
    } styles[] = {
        {"", "\n"},      {"", "\r\n"},  {"", "\r"},   {"> ", "\n"},  {">> ", "\r\n"},
        {" > > ", "\n"}, {"\t", " \n"}, {"", "\n\n"}, {">", "\t\n"}, {"    ", "  \r\n\r\n"},
    };
    const struct context *c = *state;
    char *text = malloc(c->text.size * 20);

    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++)
        for (size_t length = 1; length < 100; length += 7) {
            size_t size = rewrap(c, styles[i].before, styles[i].after, length, text);

            reads(c, text, size, 0, 0);
        }
    free(text);
}

static void a4_ignores(void **state)
{
    const struct context *c = *state;
    char *text = malloc(c->text.size + 1000);
    int size;

    size = sprintf(text, "\xef\xbb\xbf%.*s", (int)c->text.size, (const char *)c->text.bytes);
    reads(c, text, (size_t)size, 0, 0);
    size = sprintf(text, "\xef\xbb\xbfHello,\n\n here it is:\r\n%.*s\nRegards\n-- \nA. N. Other", (int)c->text.size,
                   (const char *)c->text.bytes);
    reads(c, text, (size_t)size, 2, 3);
    /* Without the last line end. */
    reads(c, (const char *)c->text.bytes, c->text.size - 1, 0, 0);
    /* What looks like a mark but is none. */
    size = sprintf(text, "-----BEGIN CARNET -----\n-----BEGIN PGP MESSAGE-----\n----BEGIN CARNET LICENSE----\n%.*s",
                   (int)c->text.size, (const char *)c->text.bytes);
    reads(c, text, (size_t)size, 3, 0);
    /* White space inside a line. */
    {
        size_t at = 100;

        memcpy(text, c->text.bytes, at);
        text[at] = ' ';
        text[at + 1] = '\t';
        memcpy(text + at + 2, c->text.bytes + at, c->text.size - at);
        reads(c, text, c->text.size + 2, 0, 0);
    }
    free(text);
}

static void a1_damage(void **state)
{
    const struct context *c = *state;
    char *text = malloc(c->text.size + 100);
    size_t end = c->text.size - 29;

    refuses(c->text.bytes, end, "A-1", "has no END line");
    refuses(c->text.bytes, 31, "A-1", "has no END line");
    for (const char *bad = "!_-*.=\x01\xc3"; *bad != '\0'; bad++) {
        memcpy(text, c->text.bytes, c->text.size);
        text[100] = *bad;
        refuses(text, c->text.size, "A-1", "not whole base64");
    }
    /* One character missing. */
    memcpy(text, c->text.bytes, 100);
    memcpy(text + 100, c->text.bytes + 101, c->text.size - 101);
    refuses(text, c->text.size - 1, "A-1", "not whole base64");
    free(text);
}

static void a2_member(void **state)
{
    const struct context *c = *state;
    char *text = malloc(c->text.size + 200);
    size_t refused = 0;

    /* Every character of the base64 changed: never another bundle. MTIME, XFL and OS alone do not matter to a reader.
     */
    for (size_t i = 31; i < c->text.size - 30; i++) {
        struct carnet_armour_notes notes;
        struct carnet_buffer out = {0};

        memcpy(text, c->text.bytes, c->text.size);
        if (text[i] == '\n')
            continue;
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (carnet_armour_read((uint8_t *)text, c->text.size, &out, &notes, NULL) == CARNET_OK) {
            assert_true(i >= 31 + 5 && i <= 31 + 13);
            assert_int_equal(out.size, c->bundle.size);
            assert_memory_equal(out.bytes, c->bundle.bytes, out.size);
        } else {
            assert_null(out.bytes);
            refused++;
        }
        carnet_buffer_clear(&out);
    }
    assert_true(refused > 400);
    free(text);
}

/* A block around these bytes. */
static void refuse_member(const uint8_t *member, size_t size, const char *words)
{
    struct carnet_buffer text = {0};
    char *base64 = calloc(1, CARNET_BASE64_SIZE(size) + 1);

    carnet_base64_encode(member, size, base64);
    assert_int_equal(
        carnet_buffer_printf(&text, "-----BEGIN CARNET LICENSE-----\n%s\n-----END CARNET LICENSE-----\n", base64),
        CARNET_OK);
    refuses(text.bytes, text.size, "A-2", words);
    carnet_buffer_clear(&text);
    free(base64);
}

/* What the shell makes of a command. */
static size_t output_of(const char *command, uint8_t *out, size_t room)
{
    FILE *file = popen(command, "r");
    size_t got;

    assert_non_null(file);
    got = fread(out, 1, room, file);
    assert_int_equal(pclose(file), 0);
    return got;
}

static void a2_members(void **state)
{
    uint8_t *member = calloc(1, 65536);
    size_t size;

    (void)state;
    refuse_member(member, 0, "is empty");
    size = output_of("printf hello | gzip -n", member, 65536);
    refuse_member(member, 17, "not one plain gzip member");
    /* Something after its end that repeats the size, so that only the end itself tells. */
    memcpy(member + size, member + size - 8, 8);
    refuse_member(member, size + 8, "after its end");
    member[3] = 1; /* FTEXT */
    refuse_member(member, size, "not one plain gzip member");
    member[3] = 0;
    member[size - 8] ^= 1; /* CRC-32 */
    refuse_member(member, size, "damaged");
    member[size - 8] ^= 1;
    member[size - 4] ^= 1; /* the size */
    refuse_member(member, size, "damaged");
    /* A file name, two members, more than 1 MiB, and more than the trailer admits. */
    size = output_of("cd /tmp && d=$(mktemp -d) && printf hello > $d/a && gzip -c $d/a && rm -r $d", member, 65536);
    refuse_member(member, size, "not one plain gzip member");
    size = output_of("(printf hello | gzip -n; printf hello | gzip -n)", member, 65536);
    refuse_member(member, size, "after its end");
    size = output_of("head -c 1048577 /dev/zero | gzip -n", member, 65536);
    refuse_member(member, size, "more than 1 MiB");
    memset(member + size - 4, 0, 4);
    refuse_member(member, size, "damaged");
    memset(member, 'x', 100);
    refuse_member(member, 100, "not one plain gzip member");
    free(member);
}

static void a2_largest(void **state)
{
    struct carnet_buffer text = {0}, out = {0};
    struct carnet_armour_notes notes;
    uint8_t *large = malloc(CARNET_BUNDLE_MOST + 1);

    (void)state;
    /* Random bytes do not compress: the largest text there can be. */
    carnet_random(large, CARNET_BUNDLE_MOST);
    assert_int_equal(carnet_armour_write("license", large, CARNET_BUNDLE_MOST, &text), CARNET_OK);
    assert_true(text.size < CARNET_ARMOUR_MOST);
    assert_int_equal(carnet_armour_read(text.bytes, text.size, &out, &notes, NULL), CARNET_OK);
    assert_int_equal(out.size, CARNET_BUNDLE_MOST);
    assert_memory_equal(out.bytes, large, CARNET_BUNDLE_MOST);
    assert_int_equal(carnet_armour_write("license", large, CARNET_BUNDLE_MOST + 1, &text), CARNET_BUG);
    carnet_buffer_clear(&text);
    carnet_buffer_clear(&out);
    free(large);
    large = calloc(1, CARNET_ARMOUR_MOST + 1);
    refuses(large, CARNET_ARMOUR_MOST + 1, "A-2", "larger than 4 MiB");
    free(large);
}

static void a5_blocks(void **state)
{
    const struct context *c = *state;
    char *text = malloc(2 * c->text.size + 100);

    memcpy(text, c->text.bytes, c->text.size);
    memcpy(text + c->text.size, c->text.bytes, c->text.size);
    refuses(text, 2 * c->text.size, "A-5", "begins another block");
    memcpy(text + 31 + 3 * 65, c->text.bytes, 31); /* at the start of a line */
    refuses(text, c->text.size, "A-5", "begins another block");
    sprintf(text + c->text.size - 29, "-----END CARNET RELEASE-----\n");
    memcpy(text, c->text.bytes, c->text.size - 29);
    refuses(text, c->text.size, "A-5", "begins as 'license' and ends");
    free(text);
}

static void a6_which(void **state)
{
    const struct context *c = *state;

    assert_true(carnet_armour_is_bundle(c->bundle.bytes, c->bundle.size));
    assert_true(carnet_armour_is_bundle((const uint8_t *)"mimetype", 9));
    assert_false(carnet_armour_is_bundle((const uint8_t *)"mimetype", 8));
    assert_false(carnet_armour_is_bundle((const uint8_t *)"mimetypes", 10));
    assert_false(carnet_armour_is_bundle(c->text.bytes, c->text.size));
    assert_false(carnet_armour_is_bundle(NULL, 0));
    refuses("hello\nworld\n", 12, "A-6", "neither a bundle nor a text with a line '-----BEGIN CARNET KIND-----'");
    refuses("", 0, "A-6", "neither");
    refuses("-----END CARNET LICENSE-----\n", 29, "A-6", "neither");
}

/* ---- from a descriptor ---- */

/* Feeds a pipe that is never closed while the reader reads; the reader has to stop by itself. */
static void feed(const void *bytes, size_t size, size_t step, struct carnet_buffer *out)
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t at = 0; at < size; at += step)
            if (write(ends[1], (const char *)bytes + at, size - at < step ? size - at : step) < 0)
                _exit(1);
        pause();
        _exit(0);
    }
    alarm(20);
    assert_int_equal(carnet_armour_read_fd(ends[0], out, NULL), CARNET_OK);
    alarm(0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

static void fd_stops_at_end(void **state)
{
    const struct context *c = *state;
    struct carnet_buffer out = {0};
    char *text = malloc(c->text.size * 20);
    size_t size;

    for (size_t step = 1; step < 2000; step = step * 7 + 1) {
        feed(c->text.bytes, c->text.size, step, &out);
        assert_int_equal(out.size, c->text.size);
        assert_memory_equal(out.bytes, c->text.bytes, out.size);
        carnet_buffer_clear(&out);
    }
    size = rewrap(c, "> ", "\r\n", 50, text);
    feed(text, size, 64, &out);
    reads(c, (const char *)out.bytes, out.size, 0, 0);
    carnet_buffer_clear(&out);
    free(text);
}

static int temporary(const void *bytes, size_t size)
{
    char path[] = "/tmp/carnet-test-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void fd_files(void **state)
{
    const struct context *c = *state;
    struct carnet_buffer out = {0};
    struct carnet_diag diag = {0};
    char *large = malloc(CARNET_ARMOUR_MOST + 1);
    int fd;

    /* A bundle, whole; and a text to its end, so that a second block is seen. */
    fd = temporary(c->bundle.bytes, c->bundle.size);
    assert_int_equal(carnet_armour_read_fd(fd, &out, NULL), CARNET_OK);
    assert_int_equal(out.size, c->bundle.size);
    carnet_buffer_clear(&out);
    close(fd);
    memcpy(large, c->text.bytes, c->text.size);
    memcpy(large + c->text.size, c->text.bytes, c->text.size);
    fd = temporary(large, 2 * c->text.size);
    assert_int_equal(carnet_armour_read_fd(fd, &out, NULL), CARNET_OK);
    refuses(out.bytes, out.size, "A-5", "begins another block");
    carnet_buffer_clear(&out);
    close(fd);
    memset(large, 'x', CARNET_ARMOUR_MOST + 1);
    fd = temporary(large, CARNET_ARMOUR_MOST + 1);
    fixture_refused(&diag, carnet_armour_read_fd(fd, &out, &diag), CARNET_MALFORMED, "A-2", "larger than 4 MiB");
    assert_int_equal(out.size, 0);
    close(fd);
    fd = open("/tmp", O_RDONLY | O_DIRECTORY);
    assert_int_equal(carnet_armour_read_fd(fd, &out, &diag), CARNET_IO);
    assert_int_equal(out.size, 0);
    close(fd);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a1_form),    cmocka_unit_test(a3_header),       cmocka_unit_test(a4_survives),
        cmocka_unit_test(a4_ignores), cmocka_unit_test(a1_damage),       cmocka_unit_test(a2_member),
        cmocka_unit_test(a2_members), cmocka_unit_test(a2_largest),      cmocka_unit_test(a5_blocks),
        cmocka_unit_test(a6_which),   cmocka_unit_test(fd_stops_at_end), cmocka_unit_test(fd_files),
    };

    return cmocka_run_group_tests_name("armour", tests, set_up, tear_down);
}

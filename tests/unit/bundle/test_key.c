/* SPDX-License-Identifier: MIT */
/* Keys: made, kept and opened (spec/keyfile.md, Y-1 to Y-11). */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

#define CREATED 1700000000

struct context {
    char folder[32];
    int dirfd;
    struct carnet_key *key;
};

static int set_up(void **state)
{
    struct context *c = calloc(1, sizeof *c);

    strcpy(c->folder, "/tmp/carnet-test-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    c->dirfd = open(c->folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(carnet_key_generate(CARNET_ROLE_ISSUER, CREATED, &c->key, NULL), CARNET_OK);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct context *c = *state;
    char command[64];

    snprintf(command, sizeof command, "rm -r %s", c->folder);
    assert_int_equal(system(command), 0);
    close(c->dirfd);
    carnet_key_free(c->key);
    free(c);
    return 0;
}

static struct carnet_buffer content(const struct context *c, const char *name)
{
    struct carnet_buffer out = {0};

    assert_int_equal(carnet_file_read(c->dirfd, name, 65536, true, &out, NULL), CARNET_OK);
    return out;
}

static void overwrite(const struct context *c, const char *name, const void *bytes, size_t size)
{
    int fd = openat(c->dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static bool exists(const struct context *c, const char *name)
{
    return faccessat(c->dirfd, name, F_OK, 0) == 0;
}

static void opens_the_same(const struct context *c, const char *name, const char *passphrase)
{
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};

    if (carnet_key_open(c->dirfd, name, CARNET_ROLE_ISSUER, passphrase, &key, &diag) != CARNET_OK)
        fail_msg("%s", diag.detail);
    assert_true(carnet_digest_equal(&carnet_key_info(key)->id, &carnet_key_info(c->key)->id));
    assert_memory_equal(key->seed, c->key->seed, CARNET_SEED_SIZE);
    assert_int_equal(carnet_key_info(key)->created, CREATED);
    assert_int_equal(carnet_key_info(key)->passphrase, passphrase != NULL);
    carnet_key_free(key);
}

static void open_refused(const struct context *c, const char *passphrase, enum carnet_err err, const char *clause,
                         const char *words)
{
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};

    fixture_refused(&diag, carnet_key_open(c->dirfd, "k", CARNET_ROLE_ISSUER, passphrase, &key, &diag), err, clause,
                    words);
    assert_null(key);
}

static void generates(void **state)
{
    struct context *c = *state;
    struct carnet_key *other = NULL;
    struct carnet_digest id;

    assert_int_equal(carnet_key_gate(carnet_key_info(c->key)->public_key, NULL), CARNET_OK);
    carnet_key_id(carnet_key_info(c->key)->public_key, &id);
    assert_true(carnet_digest_equal(&id, &carnet_key_info(c->key)->id));
    assert_int_equal(carnet_key_info(c->key)->role, CARNET_ROLE_ISSUER);
    assert_int_equal(carnet_key_info(c->key)->created, CREATED);
    assert_int_equal(carnet_key_generate(CARNET_ROLE_ROOT, CREATED, &other, NULL), CARNET_OK);
    assert_memory_not_equal(other->seed, c->key->seed, CARNET_SEED_SIZE);
    carnet_key_free(other);
    carnet_key_free(NULL);
}

static void stores_with_file(void **state)
{
    struct context *c = *state;
    struct carnet_key_info info;
    struct stat status;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    assert_int_equal(fstatat(c->dirfd, "k.key", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(fstatat(c->dirfd, "k.kek", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, 32);
    assert_int_equal(carnet_key_peek(c->dirfd, "k", &info, NULL), CARNET_OK);
    assert_int_equal(info.role, CARNET_ROLE_ISSUER);
    assert_int_equal(info.created, CREATED);
    assert_false(info.passphrase);
    assert_true(carnet_digest_equal(&info.id, &carnet_key_info(c->key)->id));
    assert_memory_equal(info.public_key, carnet_key_info(c->key)->public_key, CARNET_PUBLIC_KEY_SIZE);
    opens_the_same(c, "k", NULL);
}

static void stores_with_passphrase(void **state)
{
    struct context *c = *state;
    struct carnet_key_info info;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", "correct horse", NULL), CARNET_OK);
    assert_false(exists(c, "k.kek"));
    assert_int_equal(carnet_key_peek(c->dirfd, "k", &info, NULL), CARNET_OK);
    assert_true(info.passphrase);
    opens_the_same(c, "k", "correct horse");
    open_refused(c, "correct house", CARNET_WRONG_PASSPHRASE, "Y-8", "does not open the key 'k'");
    open_refused(c, "correct hors", CARNET_WRONG_PASSPHRASE, "Y-8", "does not open the key 'k'");
    open_refused(c, "", CARNET_WRONG_PASSPHRASE, "Y-6", "is empty");
    open_refused(c, NULL, CARNET_WRONG_PASSPHRASE, "Y-6", "none was given");
}

static void store_refuses(void **state)
{
    struct context *c = *state;
    struct carnet_diag diag = {0};
    char name[300], passphrase[CARNET_PASSPHRASE_MOST + 2];
    struct carnet_buffer key, kek;

    memset(passphrase, 'p', sizeof passphrase);
    passphrase[sizeof passphrase - 1] = '\0';
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, "k", "", &diag), CARNET_USAGE, "Y-6", "is empty");
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, "k", passphrase, &diag), CARNET_USAGE, "Y-6",
                    "longer than 1024 bytes");
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, name, NULL, &diag), CARNET_USAGE, "", "too long");
    assert_false(exists(c, "k.key") || exists(c, "k.kek"));
    /* Never over an old one. */
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    key = content(c, "k.key");
    kek = content(c, "k.kek");
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, "k", NULL, &diag), CARNET_EXISTS, "", "'k.key'");
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, "k", "x", &diag), CARNET_EXISTS, "", "'k.key'");
    {
        struct carnet_buffer again = content(c, "k.key"), kek_again = content(c, "k.kek");

        assert_int_equal(again.size, key.size);
        assert_memory_equal(again.bytes, key.bytes, key.size);
        assert_memory_equal(kek_again.bytes, kek.bytes, 32);
        carnet_buffer_clear(&again);
        carnet_buffer_clear(&kek_again);
    }
    carnet_buffer_clear(&key);
    carnet_buffer_clear(&kek);
}

/* A key-encryption key that an interrupted attempt left behind is taken. */
static void store_goes_on(void **state)
{
    struct context *c = *state;
    uint8_t kek[32] = {1, 2, 3};
    struct carnet_diag diag = {0};
    struct carnet_buffer left;

    overwrite(c, "k.kek", kek, sizeof kek);
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    left = content(c, "k.kek");
    assert_memory_equal(left.bytes, kek, sizeof kek);
    carnet_buffer_clear(&left);
    opens_the_same(c, "k", NULL);
    overwrite(c, "half.kek", kek, 16);
    fixture_refused(&diag, carnet_key_store(c->key, c->dirfd, "half", NULL, &diag), CARNET_MALFORMED, "Y-7",
                    "has not 32 bytes");
    assert_false(exists(c, "half.key"));
}

static void open_refuses_absent(void **state)
{
    struct context *c = *state;
    struct carnet_key_info info;
    struct carnet_diag diag = {0};

    open_refused(c, NULL, CARNET_NOT_FOUND, "", "'k.key' is not there");
    fixture_refused(&diag, carnet_key_peek(c->dirfd, "k", &info, &diag), CARNET_NOT_FOUND, "", "'k.key' is not there");
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    assert_int_equal(unlinkat(c->dirfd, "k.kek", 0), 0);
    open_refused(c, NULL, CARNET_NO_INPUT, "", "'k.kek' is not there");
    overwrite(c, "k.kek", "0123456789012345678901234567890", 31);
    open_refused(c, NULL, CARNET_MALFORMED, "Y-7", "has not 32 bytes");
    overwrite(c, "k.kek", "012345678901234567890123456789012", 33);
    open_refused(c, NULL, CARNET_MALFORMED, "Y-7", "has not 32 bytes");
    overwrite(c, "k.kek", "01234567890123456789012345678901", 32);
    open_refused(c, NULL, CARNET_ALTERED, "Y-8", "altered");
    /* Neither a link nor a FIFO, which could hang. */
    assert_int_equal(unlinkat(c->dirfd, "k.kek", 0), 0);
    assert_int_equal(mkfifoat(c->dirfd, "k.kek", 0600), 0);
    open_refused(c, NULL, CARNET_NO_INPUT, "", "not an ordinary file");
    assert_int_equal(renameat(c->dirfd, "k.key", c->dirfd, "other"), 0);
    assert_int_equal(symlinkat("other", c->dirfd, "k.key"), 0);
    open_refused(c, NULL, CARNET_IO, "", "can't be opened");
}

static void y9_permissions(void **state)
{
    static const mode_t open_modes[] = {0640, 0604, 0620, 0601, 0777};
    struct context *c = *state;
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_int_equal(fchmodat(c->dirfd, "k.key", open_modes[i], 0), 0);
        open_refused(c, NULL, CARNET_PERMISSION, "Y-9", "'k.key'");
        assert_int_equal(fchmodat(c->dirfd, "k.key", 0600, 0), 0);
        assert_int_equal(fchmodat(c->dirfd, "k.kek", open_modes[i], 0), 0);
        open_refused(c, NULL, CARNET_PERMISSION, "Y-9", "'k.kek'");
        assert_int_equal(carnet_key_open(c->dirfd, "k", CARNET_ROLE_ISSUER, NULL, &key, &diag), CARNET_PERMISSION);
        assert_non_null(strstr(diag.next, "chmod 600 k.kek"));
        assert_int_equal(fchmodat(c->dirfd, "k.kek", 0600, 0), 0);
    }
    assert_int_equal(fchmodat(c->dirfd, "k.key", 0400, 0), 0);
    opens_the_same(c, "k", NULL);
}

static void t5_role(void **state)
{
    struct context *c = *state;
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    fixture_refused(&diag, carnet_key_open(c->dirfd, "k", CARNET_ROLE_ROOT, NULL, &key, &diag), CARNET_UNTRUSTED_KEY,
                    "T-5", "of the role 'issuer' and not 'root'");
    fixture_refused(&diag, carnet_key_open(c->dirfd, "k", CARNET_ROLE_MACHINE, NULL, &key, &diag), CARNET_UNTRUSTED_KEY,
                    "T-5", "of the role 'issuer' and not 'machine'");
    assert_null(key);
}

/* Replaces one text in the key file by another. */
static void edit(const struct context *c, const struct carnet_buffer *good, const char *from, const char *to)
{
    const char *text = (const char *)good->bytes;
    const char *at = strstr(text, from);
    char *changed = calloc(1, good->size + strlen(to) + 1);

    assert_non_null(at);
    memcpy(changed, text, (size_t)(at - text));
    strcat(changed, to);
    strcat(changed, at + strlen(from));
    overwrite(c, "k.key", changed, strlen(changed));
    free(changed);
}

static void y3_one_form(void **state)
{
    struct context *c = *state;
    struct carnet_buffer good;
    uint8_t *bytes;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    good = content(c, "k.key");
    edit(c, &good, "<key", "<key ");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    edit(c, &good, "UTF-8", "utf-8");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line 1");
    edit(c, &good, "role=\"issuer\"", "role='issuer'");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line 3");
    edit(c, &good, "role=\"issuer\"", "role=\"owner\"");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line 3");
    edit(c, &good, "</key>\n", "</key>");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    edit(c, &good, "</key>\n", "</key>\n\n");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    edit(c, &good, "<keyfile/>", "<nothing/>");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line 7");
    edit(c, &good, "AES-256-GCM-SIV", "AES-256-GCM");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line");
    edit(c, &good, "2023-11-14T22:13:20Z", "2023-02-30T22:13:20Z");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line");
    overwrite(c, "k.key", "", 0);
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    bytes = calloc(1, CARNET_KEY_FILE_MOST + 1);
    overwrite(c, "k.key", bytes, CARNET_KEY_FILE_MOST + 1);
    open_refused(c, NULL, CARNET_MALFORMED, "Y-1", "'k.key' is larger than 4 KiB");
    free(bytes);
    /* Every truncation. */
    for (size_t size = 0; size < good.size; size += 5) {
        overwrite(c, "k.key", good.bytes, size);
        open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    }
    carnet_buffer_clear(&good);
}

/* Who holds the key-encryption key can seal another secret into the file; the id tells it. */
static void y4_secret_of_another_key(void **state)
{
    struct context *c = *state;
    struct carnet_key *other = NULL;
    struct carnet_key_file file;
    struct carnet_buffer text, kek, changed = {0};

    assert_int_equal(carnet_key_generate(CARNET_ROLE_ISSUER, CREATED, &other, NULL), CARNET_OK);
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    text = content(c, "k.key");
    kek = content(c, "k.kek");
    assert_int_equal(carnet_key_file_parse(text.bytes, text.size, &file, NULL), CARNET_OK);
    assert_int_equal(carnet_key_wrap(&file, kek.bytes, other->seed, NULL), CARNET_OK);
    assert_int_equal(carnet_key_file_write(&file, &changed), CARNET_OK);
    overwrite(c, "k.key", changed.bytes, changed.size);
    open_refused(c, NULL, CARNET_ALTERED, "Y-4", "another key's");
    carnet_buffer_clear(&changed);
    carnet_buffer_clear(&kek);
    carnet_buffer_clear(&text);
    carnet_key_free(other);
}

static void y2_version(void **state)
{
    struct context *c = *state;
    struct carnet_buffer good;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    good = content(c, "k.key");
    edit(c, &good, "urn:carnet:key:1", "urn:carnet:key:2");
    open_refused(c, NULL, CARNET_CONFIGURATION, "Y-2", "newer carnet");
    edit(c, &good, "urn:carnet:key:1", "urn:carnet:key:10");
    open_refused(c, NULL, CARNET_CONFIGURATION, "Y-2", "newer carnet");
    edit(c, &good, "urn:carnet:key:1", "urn:carnet:key:0");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    carnet_buffer_clear(&good);
}

static void y6_parameters(void **state)
{
    struct context *c = *state;
    struct carnet_buffer good;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", "p", NULL), CARNET_OK);
    good = content(c, "k.key");
    edit(c, &good, "passes=\"3\"", "passes=\"2\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-6", "passes");
    edit(c, &good, "passes=\"3\"", "passes=\"17\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-6", "passes");
    edit(c, &good, "passes=\"3\"", "passes=\"03\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-3", "one form");
    edit(c, &good, "memory-kib=\"65536\"", "memory-kib=\"65535\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-6", "memory");
    edit(c, &good, "memory-kib=\"65536\"", "memory-kib=\"1048577\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-6", "memory");
    edit(c, &good, "memory-kib=\"65536\"", "memory-kib=\"4294967296\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-3", "one form");
    edit(c, &good, "lanes=\"1\"", "lanes=\"2\"");
    open_refused(c, "p", CARNET_MALFORMED, "Y-3", "one form");
    /* Within the limits, but not what it was sealed with. */
    edit(c, &good, "passes=\"3\"", "passes=\"4\"");
    open_refused(c, "p", CARNET_WRONG_PASSPHRASE, "Y-8", "does not open");
    carnet_buffer_clear(&good);
}

/* The header is sealed too: another role, date or key in it, and the secret does not come out. */
static void y8_header_is_sealed(void **state)
{
    struct context *c = *state;
    struct carnet_key *other = fixture_key(CARNET_ROLE_ISSUER, 77);
    struct carnet_buffer good;
    char from[2 * CARNET_PUBLIC_KEY_SIZE + 1], to[2 * CARNET_PUBLIC_KEY_SIZE + 1];

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    good = content(c, "k.key");
    edit(c, &good, "2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z");
    open_refused(c, NULL, CARNET_ALTERED, "Y-8", "altered");
    /* A key in the role of another. */
    carnet_key_free(c->key);
    c->key = NULL;
    assert_int_equal(carnet_key_generate(CARNET_ROLE_ROOT, CREATED, &c->key, NULL), CARNET_OK);
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "r", NULL, NULL), CARNET_OK);
    carnet_buffer_clear(&good);
    good = content(c, "r.key");
    edit(c, &good, "role=\"root\"", "role=\"issuer\"");
    assert_int_equal(renameat(c->dirfd, "r.kek", c->dirfd, "k.kek"), 0);
    open_refused(c, NULL, CARNET_ALTERED, "Y-8", "altered");
    /* The public half of another. */
    carnet_hex(carnet_key_info(c->key)->public_key, CARNET_PUBLIC_KEY_SIZE, from);
    carnet_hex(carnet_key_info(other)->public_key, CARNET_PUBLIC_KEY_SIZE, to);
    edit(c, &good, from, to);
    open_refused(c, NULL, CARNET_MALFORMED, "Y-4", "not that of its public key");
    carnet_buffer_clear(&good);
    carnet_key_free(other);
}

/* Each bit of ciphertext, tag and nonce. */
static void y8_every_digit(void **state)
{
    struct context *c = *state;
    struct carnet_buffer good;
    size_t count = 0;

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    good = content(c, "k.key");
    for (size_t at = (size_t)(strstr((char *)good.bytes, "nonce=") - (char *)good.bytes) + 7; at < good.size; at++) {
        struct carnet_buffer changed = {0};
        uint8_t digit = good.bytes[at];

        if (strchr("0123456789", digit) == NULL || digit == '\0')
            continue;
        assert_int_equal(carnet_buffer_append(&changed, good.bytes, good.size), CARNET_OK);
        changed.bytes[at] = digit == '9' ? '8' : (uint8_t)(digit + 1);
        overwrite(c, "k.key", changed.bytes, changed.size);
        open_refused(c, NULL, CARNET_ALTERED, "Y-8", "altered");
        carnet_buffer_clear(&changed);
        count++;
    }
    assert_true(count > 50);
    carnet_buffer_clear(&good);
}

/* The worked example of spec/keyfile.md: the indented block is the file, byte for byte. */
static void worked_example(void **state)
{
    struct context *c = *state;
    uint8_t seed[CARNET_SEED_SIZE];
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};
    char command[512];

    snprintf(command, sizeof command,
             "cd %s && (umask 077; sed -n '/^    <?xml/,/^    <.key>/{s/^    //p;/^<.key>/q}' %s/spec/keyfile.md > "
             "example.key)",
             c->folder, CARNET_SOURCE_DIR);
    assert_int_equal(system(command), 0);
    if (carnet_key_open(c->dirfd, "example", CARNET_ROLE_ISSUER, "correct horse", &key, &diag) != CARNET_OK)
        fail_msg("%s", diag.detail);
    assert_int_equal(
        carnet_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, sizeof seed), CARNET_OK);
    assert_memory_equal(key->seed, seed, sizeof seed);
    carnet_key_free(key);
}

/* A key on a token: its file says where, and has nothing to open. */
static void y20_token(void **state)
{
    static const char *const wrong[] = {"pkcs11:",   "pkcs11:a?pin-value=1", "pkcs11:a\"", "pkcs11:<a>", "https://a",
                                        "pkcs11:a b"};
    struct context *c = *state;
    struct carnet_key *key = NULL;
    struct carnet_key_info info;
    struct carnet_key_file file;
    struct carnet_buffer good;
    struct carnet_diag diag = {0};
    char command[512], uri[CARNET_KEY_URI_SIZE + 1] = "pkcs11:";

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        fixture_refused(&diag, carnet_key_store_token(carnet_key_info(c->key), wrong[i], c->dirfd, "k", &diag),
                        CARNET_USAGE, "Y-20", "no PKCS#11 URI");
    memset(uri + 7, 'a', sizeof uri - 8);
    fixture_refused(&diag, carnet_key_store_token(carnet_key_info(c->key), uri, c->dirfd, "k", &diag), CARNET_USAGE,
                    "Y-20", "no PKCS#11 URI");
    assert_false(exists(c, "k.key"));
    uri[CARNET_KEY_URI_SIZE - 1] = '\0';
    assert_int_equal(carnet_key_store_token(carnet_key_info(c->key), uri, c->dirfd, "k", NULL), CARNET_OK);
    assert_int_equal(carnet_key_file_load(c->dirfd, "k", &file, NULL), CARNET_OK);
    assert_string_equal(file.uri, uri);
    assert_int_equal(carnet_key_peek(c->dirfd, "k", &info, NULL), CARNET_OK);
    assert_true(info.token && !info.passphrase);
    fixture_refused(&diag, carnet_key_open(c->dirfd, "k", CARNET_ROLE_ISSUER, NULL, &key, &diag), CARNET_CONFIGURATION,
                    "Y-20", "held by a token");
    good = content(c, "k.key");
    edit(c, &good, "pkcs11:a", "pkcs11:?");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "line 8");
    edit(c, &good, "</key>", "  <sealed/>\n</key>");
    open_refused(c, NULL, CARNET_MALFORMED, "Y-3", "one form");
    overwrite(c, "k.key", good.bytes, good.size);
    snprintf(command, sizeof command, "xmllint --noout --nonet --schema %s/spec/carnet-key-1.xsd %s/k.key 2> %s/said",
             CARNET_SOURCE_DIR, c->folder, c->folder);
    assert_int_equal(system(command), 0);
    carnet_buffer_clear(&good);
}

/* The key file is XML, valid by its schema, in both forms. */
static void schema_takes_it(void **state)
{
    struct context *c = *state;
    char command[512];

    assert_int_equal(carnet_key_store(c->key, c->dirfd, "k", NULL, NULL), CARNET_OK);
    assert_int_equal(carnet_key_store(c->key, c->dirfd, "p", "p", NULL), CARNET_OK);
    snprintf(command, sizeof command,
             "xmllint --noout --nonet --schema %s/spec/carnet-key-1.xsd %s/k.key %s/p.key 2> %s/said",
             CARNET_SOURCE_DIR, c->folder, c->folder, c->folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command,
             "sed -i s/passes=.3./passes=\\\"2\\\"/ %s/p.key && ! xmllint --noout --nonet --schema "
             "%s/spec/carnet-key-1.xsd %s/p.key 2> %s/said",
             c->folder, CARNET_SOURCE_DIR, c->folder, c->folder);
    assert_int_equal(system(command), 0);
}

/* ---- secrets stay in locked memory ---- */

/* Counts where in the process's memory the secret stands, by whether the place is locked. The needle is never in
 * memory as a whole: each of its bytes is held with all bits turned. */
static void count_copies(const uint8_t turned[16], unsigned *locked, unsigned *loose)
{
    FILE *smaps = fopen("/proc/self/smaps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    size_t room = 0, got = 0;
    uint8_t *copy = NULL;
    char *line = NULL;
    size_t line_room = 0;
    unsigned long start = 0, end = 0;
    char rights[5] = "";
    unsigned found = 0;

    *locked = *loose = 0;
    assert_non_null(smaps);
    assert_true(memory >= 0);
    while (getline(&line, &line_room, smaps) > 0) {
        unsigned long a, b;
        char r[5];

        if (sscanf(line, "%lx-%lx %4s", &a, &b, r) == 3) {
            start = a;
            end = b;
            memcpy(rights, r, sizeof rights);
        } else if (strncmp(line, "VmFlags:", 8) == 0 && strncmp(rights, "rw", 2) == 0 && end - start <= 256ul << 20) {
            /* A place of its own, so that the copies made here are not seen by the next round. */
            room = end - start;
            copy = malloc(room);
            assert_non_null(copy);
            got = 0;
            found = 0;
            for (ssize_t more = 1; got < room && more > 0; got += more > 0 ? (size_t)more : 0)
                more = pread(memory, copy + got, room - got, (off_t)(start + got));
            for (size_t i = 0; i + 16 <= got; i++) {
                size_t k = 0;

                while (k < 16 && (copy[i + k] ^ turned[k]) == 0xff)
                    k++;
                found += k == 16;
            }
            explicit_bzero(copy, room);
            free(copy);
            *(strstr(line, " lo") != NULL ? locked : loose) += found;
        }
    }
    free(line);
    fclose(smaps);
    close(memory);
}

static void turn(const uint8_t *secret, uint8_t turned[16])
{
    for (size_t i = 0; i < 16; i++)
        turned[i] = secret[i] ^ 0xff;
}

static void secrets_stay_locked(void **state)
{
    struct context *c = *state;
    struct carnet_buffer sums = fixture_sums("application/vnd.carnet.release;version=1");
    uint8_t signature[CARNET_SIGNATURE_SIZE], turned[2][16];
    struct carnet_key *key = NULL, *again = NULL;
    char *passphrase = carnet_secret_alloc(64);
    unsigned locked, loose;

    assert_non_null(passphrase);
    for (size_t i = 0; i < 40; i++)
        passphrase[i] = (char)('a' + i * 7 % 26);
    turn((uint8_t *)passphrase, turned[1]);
    assert_int_equal(carnet_key_generate(CARNET_ROLE_MACHINE, CREATED, &key, NULL), CARNET_OK);
    turn(key->seed, turned[0]);
    assert_int_equal(carnet_machine_sign(key, sums.bytes, sums.size, signature, NULL), CARNET_OK);
    assert_int_equal(carnet_key_store(key, c->dirfd, "m", NULL, NULL), CARNET_OK);
    assert_int_equal(carnet_key_store(key, c->dirfd, "n", passphrase, NULL), CARNET_OK);
    assert_int_equal(carnet_key_open(c->dirfd, "n", CARNET_ROLE_MACHINE, passphrase, &again, NULL), CARNET_OK);
    assert_int_equal(carnet_machine_sign(again, sums.bytes, sums.size, signature, NULL), CARNET_OK);
    count_copies(turned[0], &locked, &loose);
    assert_true(locked >= 2); /* the control: the search does find it */
    assert_int_equal(loose, 0);
    count_copies(turned[1], &locked, &loose);
    assert_true(locked >= 1);
    assert_int_equal(loose, 0);
    /* And nowhere once it is free. */
    carnet_key_free(key);
    carnet_key_free(again);
    carnet_secret_free(passphrase);
    for (size_t i = 0; i < 2; i++) {
        count_copies(turned[i], &locked, &loose);
        assert_int_equal(locked + loose, 0);
    }
    carnet_buffer_clear(&sums);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(generates),
        STORE_TEST(stores_with_file),
        STORE_TEST(stores_with_passphrase),
        STORE_TEST(store_refuses),
        STORE_TEST(store_goes_on),
        STORE_TEST(open_refuses_absent),
        STORE_TEST(y9_permissions),
        STORE_TEST(t5_role),
        STORE_TEST(y3_one_form),
        STORE_TEST(y2_version),
        STORE_TEST(y4_secret_of_another_key),
        STORE_TEST(y6_parameters),
        STORE_TEST(y8_header_is_sealed),
        STORE_TEST(y8_every_digit),
        STORE_TEST(y20_token),
        STORE_TEST(schema_takes_it),
        STORE_TEST(worked_example),

        STORE_TEST(secrets_stay_locked),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}

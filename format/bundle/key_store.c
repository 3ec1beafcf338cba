/* SPDX-License-Identifier: MIT */
/* Keys as files: NAME.key and NAME.kek (spec/keyfile.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/key_private.h"
#include "core/file.h"

#define FILE_NAME_SIZE 256
#define KEY_MODE 0600

static enum carnet_err file_name(const char *name, const char *suffix, char out[FILE_NAME_SIZE],
                                 struct carnet_diag *diag)
{
    int length = snprintf(out, FILE_NAME_SIZE, "%s%s", name, suffix);

    if (length < 0 || length >= FILE_NAME_SIZE)
        return carnet_fail(diag, CARNET_USAGE, "", "The name of the key is too long.");
    return CARNET_OK;
}

/* Opens a file of a key; with `closed`, others must not be able to read it (Y-9). */
static enum carnet_err open_file(int dirfd, const char *path, bool closed, enum carnet_err absent, int *out,
                                 struct carnet_diag *diag)
{
    struct stat status;
    enum carnet_err err;
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        return carnet_fail(diag, absent, "", "The key's file '%s' is not there.", path);
    if (fd < 0)
        return carnet_fail_errno(diag, errno, "The key's file '%s' can't be opened", path);
    if (fstat(fd, &status) != 0) {
        err = carnet_fail_errno(diag, errno, "The key's file '%s' can't be read", path);
    } else if (!S_ISREG(status.st_mode)) {
        err = carnet_fail(diag, CARNET_NO_INPUT, "", "The key's file '%s' is not an ordinary file.", path);
    } else if (closed && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = carnet_fail(diag, CARNET_PERMISSION, "Y-9", "Others than its owner have access to the key's file '%s'.",
                          path);
        carnet_fail_next(diag, "Make a new key if others may have read it; else run 'chmod 600 %s' in its folder.",
                         path);
    } else {
        *out = fd;
        return CARNET_OK;
    }
    close(fd);
    return err;
}

static enum carnet_err read_key_file(int dirfd, const char *name, bool closed, struct carnet_key_file *out,
                                     struct carnet_diag *diag)
{
    struct carnet_buffer text = {0};
    char path[FILE_NAME_SIZE];
    int fd = -1;
    enum carnet_err err = file_name(name, ".key", path, diag);

    if (err == CARNET_OK)
        err = open_file(dirfd, path, closed, CARNET_NOT_FOUND, &fd, diag);
    if (err != CARNET_OK)
        return err;
    err = carnet_file_read_fd(fd, CARNET_KEY_FILE_MOST, &text, diag);
    if (err == CARNET_MALFORMED)
        err = carnet_fail(diag, err, "Y-1", "The key file '%s' is larger than 4 KiB.", path);
    else if (err == CARNET_OK)
        err = carnet_key_file_parse(text.bytes, text.size, out, diag);
    carnet_buffer_clear(&text);
    close(fd);
    return err;
}

/* Reads NAME.kek straight into locked memory. */
static enum carnet_err read_kek(int dirfd, const char *path, uint8_t *kek, struct carnet_diag *diag)
{
    size_t got = 0;
    ssize_t more = 1;
    int fd = -1;
    struct stat status;
    enum carnet_err err = open_file(dirfd, path, true, CARNET_NO_INPUT, &fd, diag);

    if (err != CARNET_OK)
        return err;
    while (got < CARNET_KEK_SIZE && more != 0) {
        more = read(fd, kek + got, CARNET_KEK_SIZE - got);
        if (more > 0) {
            got += (size_t)more;
        } else if (more < 0 && errno != EINTR) {
            err = carnet_fail_errno(diag, errno, "The key's file '%s' can't be read", path);
            more = 0;
        }
    }
    if (err == CARNET_OK && (got != CARNET_KEK_SIZE || fstat(fd, &status) != 0 || status.st_size != CARNET_KEK_SIZE))
        err = carnet_fail(diag, CARNET_MALFORMED, "Y-7", "The key's file '%s' has not 32 bytes.", path);
    close(fd);
    return err;
}

static enum carnet_err check_passphrase(const char *passphrase, enum carnet_err err, struct carnet_diag *diag)
{
    if (passphrase[0] == '\0')
        return carnet_fail(diag, err, "Y-6", "The passphrase is empty.");
    if (strlen(passphrase) > CARNET_PASSPHRASE_MOST)
        return carnet_fail(diag, err, "Y-6", "The passphrase is longer than %d bytes.", CARNET_PASSPHRASE_MOST);
    return CARNET_OK;
}

/* A key-encryption key in NAME.kek. One that is there already was left by an attempt that did not come to write
 * NAME.key, so it has sealed nothing yet and is used; two attempts at once then use the same one. */
static enum carnet_err make_kek(int dirfd, const char *name, uint8_t *kek, struct carnet_diag *diag)
{
    char path[FILE_NAME_SIZE];
    enum carnet_err err = file_name(name, ".kek", path, diag);

    if (err != CARNET_OK)
        return err;
    carnet_random(kek, CARNET_KEK_SIZE);
    err = carnet_file_create(dirfd, path, KEY_MODE, kek, CARNET_KEK_SIZE, diag);
    return err == CARNET_EXISTS ? read_kek(dirfd, path, kek, diag) : err;
}

/* Seals the key; without a passphrase NAME.kek is there before the file that needs it. */
static enum carnet_err seal(const struct carnet_key *key, int dirfd, const char *name, const char *passphrase,
                            struct carnet_key_file *out, struct carnet_diag *diag)
{
    struct carnet_key_file file = {
        .info = key->info, .passes = CARNET_KEY_PASSES_LEAST, .memory = CARNET_KEY_MEMORY_LEAST};
    uint8_t *kek = NULL;
    enum carnet_err err = passphrase != NULL ? check_passphrase(passphrase, CARNET_USAGE, diag) : CARNET_OK;

    if (err == CARNET_OK && key->seed == NULL)
        err = carnet_fail(diag, CARNET_BUG, "", "A key that a device holds was to be written into a file.");
    if (err == CARNET_OK)
        err = carnet_secrets_start(diag);
    if (err != CARNET_OK)
        return err;
    kek = carnet_secret_alloc(CARNET_KEK_SIZE);
    if (kek == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
    file.info.passphrase = passphrase != NULL;
    carnet_random(file.nonce, sizeof file.nonce);
    if (passphrase != NULL) {
        carnet_random(file.salt, sizeof file.salt);
        err = carnet_key_stretch(&file, passphrase, kek, diag);
    } else {
        err = make_kek(dirfd, name, kek, diag);
    }
    if (err == CARNET_OK)
        err = carnet_key_wrap(&file, kek, key->seed, diag);
    carnet_secret_free(kek);
    if (err == CARNET_OK)
        *out = file;
    return err;
}

enum carnet_err carnet_key_seal(const struct carnet_key *key, const char *passphrase, struct carnet_key_file *out,
                                struct carnet_diag *diag)
{
    return seal(key, -1, "", passphrase, out, diag);
}

/* The same as the text of NAME.key. */
static enum carnet_err seal_text(const struct carnet_key *key, int dirfd, const char *name, const char *passphrase,
                                 struct carnet_buffer *out, struct carnet_diag *diag)
{
    struct carnet_key_file file;
    enum carnet_err err = seal(key, dirfd, name, passphrase, &file, diag);

    if (err != CARNET_OK)
        return err;
    err = carnet_key_file_write(&file, out);
    return err == CARNET_OK ? err : carnet_fail(diag, err, "", "There is not enough memory for a key.");
}

enum carnet_err carnet_key_store(const struct carnet_key *key, int dirfd, const char *name, const char *passphrase,
                                 struct carnet_diag *diag)
{
    struct carnet_buffer text = {0};
    char path[FILE_NAME_SIZE];
    struct stat status;
    enum carnet_err err = file_name(name, ".key", path, diag);

    if (err != CARNET_OK)
        return err;
    if (fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return carnet_fail(diag, CARNET_EXISTS, "", "There is a key of that name already: '%s'.", path);
    err = seal_text(key, dirfd, name, passphrase, &text, diag);
    if (err == CARNET_OK)
        err = carnet_file_create(dirfd, path, KEY_MODE, text.bytes, text.size, diag);
    carnet_buffer_clear(&text);
    return err;
}

enum carnet_err carnet_key_store_token(const struct carnet_key_info *info, const char *uri, int dirfd, const char *name,
                                       struct carnet_diag *diag)
{
    struct carnet_key_file file = {.info = *info};
    struct carnet_buffer text = {0};
    char path[FILE_NAME_SIZE];
    enum carnet_err err = file_name(name, ".key", path, diag);

    if (err == CARNET_OK && !carnet_key_uri_is_one(uri))
        err = carnet_fail(diag, CARNET_USAGE, "Y-20", "It is no PKCS#11 URI, or it has a query.");
    if (err != CARNET_OK)
        return err;
    file.info.token = true;
    memcpy(file.uri, uri, strlen(uri) + 1);
    err = carnet_key_file_write(&file, &text);
    if (err == CARNET_OK)
        err = carnet_file_create(dirfd, path, KEY_MODE, text.bytes, text.size, diag);
    carnet_buffer_clear(&text);
    return err;
}

/* Takes NAME.kek away where it is there. */
static enum carnet_err remove_kek(int dirfd, const char *name, struct carnet_diag *diag)
{
    char path[FILE_NAME_SIZE];
    enum carnet_err err = file_name(name, ".kek", path, diag);

    if (err != CARNET_OK)
        return err;
    if (unlinkat(dirfd, path, 0) != 0)
        return errno == ENOENT ? CARNET_OK : carnet_fail_errno(diag, errno, "The old file '%s' can't be removed", path);
    return fsync(dirfd) == 0 ? CARNET_OK
                             : carnet_fail_errno(diag, errno, "The folder of the file '%s' can't be written", path);
}

enum carnet_err carnet_key_reseal(const struct carnet_key *key, int dirfd, const char *name, const char *passphrase,
                                  struct carnet_diag *diag)
{
    struct carnet_buffer text = {0};
    struct carnet_key_info old;
    char path[FILE_NAME_SIZE];
    enum carnet_err err = file_name(name, ".key", path, diag);

    if (err == CARNET_OK)
        err = carnet_key_peek(dirfd, name, &old, diag);
    /* One that lies beside a key with a passphrase is what an earlier change left behind; it may have been copied. */
    if (err == CARNET_OK && passphrase == NULL && old.passphrase)
        err = remove_kek(dirfd, name, diag);
    if (err == CARNET_OK)
        err = seal_text(key, dirfd, name, passphrase, &text, diag);
    if (err == CARNET_OK)
        err = carnet_file_replace(dirfd, path, KEY_MODE, text.bytes, text.size, diag);
    if (err == CARNET_OK && passphrase != NULL)
        err = remove_kek(dirfd, name, diag);
    carnet_buffer_clear(&text);
    return err;
}

enum carnet_err carnet_key_peek(int dirfd, const char *name, struct carnet_key_info *out, struct carnet_diag *diag)
{
    struct carnet_key_file file;
    enum carnet_err err = read_key_file(dirfd, name, false, &file, diag);

    if (err == CARNET_OK)
        *out = file.info;
    return err;
}

/* The key-encryption key of that file, into locked memory. */
static enum carnet_err find_kek(int dirfd, const char *name, const struct carnet_key_file *file, const char *passphrase,
                                uint8_t *kek, struct carnet_diag *diag)
{
    char path[FILE_NAME_SIZE];
    enum carnet_err err;

    if (!file->info.passphrase) {
        err = file_name(name, ".kek", path, diag);
        return err == CARNET_OK ? read_kek(dirfd, path, kek, diag) : err;
    }
    if (passphrase == NULL)
        return carnet_fail(diag, CARNET_WRONG_PASSPHRASE, "Y-6", "The key '%s' has a passphrase, and none was given.",
                           name);
    err = check_passphrase(passphrase, CARNET_WRONG_PASSPHRASE, diag);
    return err == CARNET_OK ? carnet_key_stretch(file, passphrase, kek, diag) : err;
}

/* The key of a sealed file, whose NAME.kek lies in the folder where it has no passphrase. */
static enum carnet_err unseal(const struct carnet_key_file *file, int dirfd, const char *name, const char *passphrase,
                              struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    uint8_t *kek = NULL, *seed = NULL;
    enum carnet_err err =
        file->info.token ? carnet_fail(diag, CARNET_CONFIGURATION, "Y-20", "The key '%s' is held by a token.", name)
                         : carnet_secrets_start(diag);

    if (err != CARNET_OK)
        return err;
    kek = carnet_secret_alloc(CARNET_KEK_SIZE);
    seed = carnet_secret_alloc(CARNET_SEED_SIZE);
    if (kek == NULL || seed == NULL) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
        goto out;
    }
    err = find_kek(dirfd, name, file, passphrase, kek, diag);
    if (err == CARNET_OK)
        err = carnet_key_unwrap(file, kek, seed, diag);
    if (err == CARNET_ALTERED && file->info.passphrase)
        err = carnet_fail(diag, CARNET_WRONG_PASSPHRASE, "Y-8",
                          "The passphrase does not open the key '%s', or its file was altered.", name);
    if (err == CARNET_OK)
        err = carnet_key_from_seed(file->info.role, file->info.created, seed, &key, diag);
    if (err != CARNET_OK)
        goto out;
    key->info.passphrase = file->info.passphrase;
    if (!carnet_digest_equal(&key->info.id, &file->info.id)) {
        carnet_key_free(key);
        err =
            carnet_fail(diag, CARNET_ALTERED, "Y-4", "The secret in the file of the key '%s' is another key's.", name);
        goto out;
    }
    *out = key;
out:
    carnet_secret_free(seed);
    carnet_secret_free(kek);
    return err;
}

enum carnet_err carnet_key_unseal(const struct carnet_key_file *file, const char *passphrase, struct carnet_key **out,
                                  struct carnet_diag *diag)
{
    return unseal(file, -1, carnet_role_name(file->info.role), passphrase, out, diag);
}

enum carnet_err carnet_key_file_load(int dirfd, const char *name, struct carnet_key_file *out, struct carnet_diag *diag)
{
    return read_key_file(dirfd, name, true, out, diag);
}

enum carnet_err carnet_key_open(int dirfd, const char *name, enum carnet_role role, const char *passphrase,
                                struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_key_file file;
    enum carnet_err err = read_key_file(dirfd, name, true, &file, diag);

    if (err != CARNET_OK)
        return err;
    if (file.info.role != role)
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5", "The key '%s' is of the role '%s' and not '%s'.", name,
                           carnet_role_name(file.info.role), carnet_role_name(role));
    return unseal(&file, dirfd, name, passphrase, out, diag);
}

/* SPDX-License-Identifier: MIT */
/* The machine's key and secret, for one vendor: made in the order secret, key-encryption key, key, public key. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "state/private.h"

#define KEY "machine" /* machine.key, machine.kek */
#define PEM "machine.pem"
#define SECRET "facts.secret"

#define NEXT_BACKUP \
    "Bring it back from a backup of the state folder. Without one, move the vendor's folder away, pin its root key " \
    "again, and make a new fingerprint: the licenses here end with the old key."
#define NEXT_PEM "Delete that file; it is made again by the next command that writes here, such as 'fingerprint'."

/* Opens the vendor's folder; the caller closes. */
static enum carnet_err open_vendor(const struct carnet_state *state, const struct carnet_digest *vendor, int *fd,
                                   struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, "");
    int folder = state->folder < 0 ? -1 : openat(state->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0 && (state->folder < 0 || errno == ENOENT))
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no state of this vendor in %s.", state->shown);
    if (folder < 0)
        return carnet_fail_errno(diag, errno, "The folder %s/%s can't be opened", state->shown, name);
    *fd = folder;
    return CARNET_OK;
}

static bool vendor_has(const struct carnet_state *state, const struct carnet_digest *vendor, const char *file)
{
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, file);
    return carnet_state_has(state, name);
}

/* What carnet_state_load read. A state that is open for writing may have changed since. */
static bool find_loaded(const struct carnet_state *state, const struct carnet_digest *vendor, struct carnet_digest *out)
{
    for (size_t i = 0; !state->write && i + 1 < state->view.known_count; i++) {
        if (state->known[i].role != CARNET_ROLE_ROOT || !carnet_digest_equal(&state->known[i].id, vendor) ||
            state->known[i + 1].role != CARNET_ROLE_MACHINE)
            continue;
        *out = state->known[i + 1].id;
        return true;
    }
    return false;
}

enum carnet_err carnet_state_machine_id(const struct carnet_state *state, const struct carnet_digest *vendor,
                                        struct carnet_digest *out, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE];
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_key_info info;
    int fd = -1;

    if (find_loaded(state, vendor, out))
        return CARNET_OK;
    carnet_state_name(name, vendor, PEM);
    enum carnet_err err = carnet_state_read_pem(state, name, NEXT_PEM, key, diag);
    if (err == CARNET_OK) {
        carnet_key_id(key, out);
        return CARNET_OK;
    }
    /* Killed between the key and its public part: who may read the key needs no other. */
    if (err != CARNET_NOT_FOUND || (err = open_vendor(state, vendor, &fd, diag)) != CARNET_OK)
        return err;
    err = carnet_key_peek(fd, KEY, &info, diag);
    (void)close(fd);
    if (err == CARNET_OK)
        *out = info.id;
    else if (err == CARNET_NOT_FOUND)
        (void)carnet_fail(diag, err, "", "This machine has no key for this vendor yet.");
    return err;
}

enum carnet_err carnet_state_secret(const struct carnet_state *state, const struct carnet_digest *vendor,
                                    uint8_t secret[CARNET_MACHINE_SECRET_SIZE], struct carnet_diag *diag)
{
    struct carnet_buffer bytes = {0};
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, SECRET);
    enum carnet_err err = carnet_state_read(state, name, CARNET_MACHINE_SECRET_SIZE, &bytes, diag);
    if (err == CARNET_NOT_FOUND && vendor_has(state, vendor, KEY ".key"))
        err = carnet_state_damaged(state, name, "is lost, although the machine's key is there", NEXT_BACKUP, diag);
    else if (err == CARNET_NOT_FOUND)
        (void)carnet_fail(diag, err, "", "This machine has no secret for this vendor yet.");
    else if (err == CARNET_STATE_DAMAGED || (err == CARNET_OK && bytes.size != CARNET_MACHINE_SECRET_SIZE))
        err = carnet_state_damaged(state, name, "is not 32 bytes long", NEXT_BACKUP, diag);
    else if (err == CARNET_OK)
        memcpy(secret, bytes.bytes, CARNET_MACHINE_SECRET_SIZE);
    carnet_buffer_clear(&bytes);
    return err;
}

static enum carnet_err make_secret(const struct carnet_state *state, const struct carnet_digest *vendor,
                                   struct carnet_diag *diag)
{
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, SECRET);
    carnet_random(secret, sizeof secret);
    enum carnet_err err =
        carnet_file_create(state->folder, name, carnet_state_file_mode(state), secret, sizeof secret, diag);
    explicit_bzero(secret, sizeof secret);
    return err;
}

/* A new key. A key-encryption key that a killed run left without its key is used by carnet_key_store. */
static enum carnet_err make_key(const struct carnet_state *state, const struct carnet_digest *vendor, int fd,
                                int64_t now, struct carnet_diag *diag)
{
    struct carnet_key *key = NULL;
    struct carnet_state_names sent = {0};
    char name[CARNET_STATE_NAME_SIZE];

    carnet_state_name(name, vendor, "sent");
    enum carnet_err err = carnet_state_list(state, name, &sent, diag);
    if (err != CARNET_OK)
        goto out;
    if (sent.count > 0) {
        carnet_state_name(name, vendor, KEY ".key");
        err = carnet_state_damaged(state, name, "is lost, although it has signed files", NEXT_BACKUP, diag);
        goto out;
    }
    err = carnet_key_generate(CARNET_ROLE_MACHINE, now, &key, diag);
    if (err == CARNET_OK)
        err = carnet_key_store(key, fd, KEY, NULL, diag);
out:
    carnet_key_free(key);
    carnet_state_names_clear(&sent);
    return err;
}

/* Opens the key, with damage told as the state's. */
static enum carnet_err open_key(const struct carnet_state *state, const struct carnet_digest *vendor, int fd,
                                struct carnet_key **out, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE];
    struct carnet_diag inner = {0};
    enum carnet_err err = carnet_key_open(fd, KEY, CARNET_ROLE_MACHINE, NULL, out, &inner);
    carnet_state_name(name, vendor, KEY ".key");
    switch ((int)err) {
    case CARNET_OK:
        return CARNET_OK;
    case CARNET_NOT_FOUND:
    case CARNET_NO_INPUT:
        if (!carnet_state_has(state, name))
            return carnet_fail(diag, CARNET_NOT_FOUND, "", "This machine has no key for this vendor yet.");
        return carnet_state_damaged(state, name, "can't be opened: machine.kek beside it is lost", NEXT_BACKUP, diag);
    case CARNET_MALFORMED:
    case CARNET_ALTERED:
    case CARNET_WRONG_PASSPHRASE:
    case CARNET_UNTRUSTED_KEY:
        return carnet_state_damaged(state, name, "or machine.kek beside it is damaged", NEXT_BACKUP, diag);
    default:
        if (diag != NULL)
            *diag = inner;
        return err;
    }
}

/* Writes machine.pem unless it says so already. */
static enum carnet_err show_key(struct carnet_state *state, const struct carnet_digest *vendor,
                                const struct carnet_key *key, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE], pem[CARNET_PEM_SIZE + 1];
    uint8_t held[CARNET_PUBLIC_KEY_SIZE];
    const uint8_t *public_key = carnet_key_info(key)->public_key;
    carnet_state_name(name, vendor, PEM);
    if (carnet_state_read_pem(state, name, NEXT_PEM, held, NULL) == CARNET_OK &&
        memcmp(held, public_key, sizeof held) == 0)
        return CARNET_OK;
    carnet_pem_write(public_key, pem);
    return carnet_file_replace(state->folder, name, carnet_state_file_mode(state), pem, CARNET_PEM_SIZE, diag);
}

enum carnet_err carnet_state_machine_key(struct carnet_state *state, const struct carnet_digest *vendor, bool make,
                                         int64_t now, struct carnet_key **out, struct carnet_diag *diag)
{
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    struct carnet_key *key = NULL;
    int fd = -1;

    enum carnet_err err = make ? carnet_state_must_write(state, diag) : CARNET_OK;
    if (err == CARNET_OK && make)
        err = carnet_state_must_pinned(state, vendor, diag);
    if (err != CARNET_OK || (err = open_vendor(state, vendor, &fd, diag)) != CARNET_OK)
        goto out;
    if (make) {
        err = carnet_state_secret(state, vendor, secret, diag);
        explicit_bzero(secret, sizeof secret);
        if (err == CARNET_NOT_FOUND)
            err = make_secret(state, vendor, diag);
        if (err == CARNET_OK && !vendor_has(state, vendor, KEY ".key"))
            err = make_key(state, vendor, fd, now, diag);
        if (err != CARNET_OK)
            goto out;
    }
    err = open_key(state, vendor, fd, &key, diag);
    if (err == CARNET_OK && make)
        err = show_key(state, vendor, key, diag);
    if (err == CARNET_OK && make)
        err = carnet_state_load(state, diag);
    if (err != CARNET_OK)
        goto out;
    *out = key;
    key = NULL;
out:
    carnet_key_free(key);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* The folder: found, opened, locked; which vendors are pinned in it. */
#include "state/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "state/private.h"

#define VERSION "version"
#define VERSION_HERE 1u
#define LOCK "lock"
#define LOCK_MODE 0600 /* who can't write the state can't hold it up either */
#define LOCK_SECONDS 10
#define TEMPORARY_START ".carnet-"
#define TEMPORARY_END ".tmp"

#define NEXT_ROOT "Move that file away, and pin the vendor's root key again with 'carnet-user trust add'."

static char *join(const char *folder, const char *rest)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, rest) < 0 ? NULL : path;
}

enum carnet_err carnet_state_default(const char *given, char **path, struct carnet_diag *diag)
{
    char *found = NULL;
    if (given == NULL)
        given = secure_getenv("CARNET_STATE");
    else if (given[0] == '\0')
        return carnet_fail(diag, CARNET_USAGE, "", "The name of the state folder is empty.");
    if (given != NULL && given[0] != '\0') {
        found = strdup(given);
    } else if (geteuid() == 0) {
        found = strdup("/var/lib/carnet");
    } else {
        const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");
        /* A relative one is to be ignored, by the rules of those who named it. */
        if (data != NULL && data[0] == '/') {
            found = join(data, "carnet");
        } else if (home != NULL && home[0] == '/') {
            found = join(home, ".local/share/carnet");
        } else {
            (void)carnet_fail(diag, CARNET_CONFIGURATION, "",
                              "The home folder is not known: HOME is not set to an absolute path.");
            (void)carnet_fail_next(diag, "Set HOME, or name the state folder with --state DIR.");
            return CARNET_CONFIGURATION;
        }
    }
    if (found == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to name the state folder.");
    *path = found;
    return CARNET_OK;
}

void carnet_state_name(char out[CARNET_STATE_NAME_SIZE], const struct carnet_digest *vendor, const char *rest)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(vendor, hex);
    (void)snprintf(out, CARNET_STATE_NAME_SIZE, "vendors/%s%s%s", hex, rest[0] == '\0' ? "" : "/", rest);
}

enum carnet_err carnet_state_damaged(const struct carnet_state *state, const char *name, const char *what,
                                     const char *next, struct carnet_diag *diag)
{
    (void)carnet_fail(diag, CARNET_STATE_DAMAGED, "", "%s/%s %s.", state->shown, name, what);
    (void)carnet_fail_next(diag, "%s", next);
    return CARNET_STATE_DAMAGED;
}

mode_t carnet_state_file_mode(const struct carnet_state *state)
{
    return state->shared ? 0644 : 0600;
}

mode_t carnet_state_folder_mode(const struct carnet_state *state)
{
    return state->shared ? 0755 : 0700;
}

bool carnet_state_has(const struct carnet_state *state, const char *name)
{
    struct stat status;
    return state->folder >= 0 && fstatat(state->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

enum carnet_err carnet_state_read(const struct carnet_state *state, const char *name, size_t most,
                                  struct carnet_buffer *out, struct carnet_diag *diag)
{
    static const char next[] = "Move it away, or bring it back from a backup of the state folder.";
    struct carnet_diag inner = {0};
    if (state->folder < 0)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no state in %s.", state->shown);
    enum carnet_err err = carnet_file_read(state->folder, name, most, true, out, &inner);
    if (err == CARNET_NO_INPUT && inner.sys_errno == ENOENT)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "%s/%s is not there.", state->shown, name);
    if (err == CARNET_NO_INPUT)
        return carnet_state_damaged(state, name, "is not a file", next, diag);
    if (err == CARNET_MALFORMED)
        return carnet_state_damaged(state, name, "is larger than carnet ever writes it", next, diag);
    if (err != CARNET_OK && diag != NULL)
        *diag = inner;
    return err;
}

/* Makes one folder. A narrow umask must not keep those who check out of the system's state. */
static enum carnet_err make_folder(const struct carnet_state *state, const char *name, struct carnet_diag *diag)
{
    if (carnet_state_has(state, name))
        return CARNET_OK;
    char *path = join(state->path, name);
    if (path == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to make a folder.");
    enum carnet_err err = carnet_folder_make(path, carnet_state_folder_mode(state), diag);
    if (err == CARNET_OK && fchmodat(state->folder, name, carnet_state_folder_mode(state), 0) != 0)
        err = carnet_fail_errno(diag, errno, "The folder %s can't be opened for those who check", path);
    free(path);
    return err;
}

enum carnet_err carnet_state_folder(const struct carnet_state *state, const char *name, struct carnet_diag *diag)
{
    char part[CARNET_STATE_NAME_SIZE];
    enum carnet_err err = CARNET_OK;
    for (const char *slash = strchr(name, '/'); slash != NULL && err == CARNET_OK; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        err = make_folder(state, part, diag);
    }
    return err == CARNET_OK ? make_folder(state, name, diag) : err;
}

enum carnet_err carnet_state_must_write(const struct carnet_state *state, struct carnet_diag *diag)
{
    if (state->write)
        return CARNET_OK;
    return carnet_fail(diag, CARNET_BUG, "", "The state was not opened for writing.");
}

enum carnet_err carnet_state_must_pinned(const struct carnet_state *state, const struct carnet_digest *vendor,
                                         struct carnet_diag *diag)
{
    for (size_t i = 0; i < state->view.count; i++)
        if (carnet_digest_equal(&state->anchors[i].vendor, vendor))
            return CARNET_OK;
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(vendor, hex);
    (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "No root key of the vendor %s is pinned here.", hex);
    (void)carnet_fail_next(diag, "Pin the vendor's root key with 'carnet-user trust add'.");
    return CARNET_NOT_FOUND;
}

/* CARNET_OK also where there is none: an older or a new state. */
static enum carnet_err check_version(const struct carnet_state *state, struct carnet_diag *diag)
{
    struct carnet_buffer bytes = {0};
    uint32_t version = 0;
    enum carnet_err err = carnet_state_read(state, VERSION, 64, &bytes, diag);
    if (err == CARNET_NOT_FOUND) {
        err = CARNET_OK;
    } else if (err == CARNET_OK) {
        char *text = (char *)bytes.bytes;
        if (bytes.size > 1 && text[bytes.size - 1] == '\n')
            text[bytes.size - 1] = '\0';
        if (bytes.size == 0 || carnet_text_number(text, 1, UINT32_MAX, &version) != CARNET_OK) {
            err = carnet_state_damaged(state, VERSION, "does not hold a version number",
                                       "Write the line '1' into it, or bring it back from a backup.", diag);
        } else if (version > VERSION_HERE) {
            err = carnet_fail(
                diag, CARNET_CONFIGURATION, "",
                "The state in %s was written by a newer carnet (version %u of the state; this one knows %u).",
                state->shown, version, VERSION_HERE);
            (void)carnet_fail_next(diag, "Update carnet on this machine.");
        }
    }
    carnet_buffer_clear(&bytes);
    return err;
}

/* What a run that was killed left behind while it wrote. */
static void sweep(const struct carnet_state *state, const char *name)
{
    DIR *stream = NULL;
    int fd = openat(state->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (stream = fdopendir(fd)) == NULL)
        (void)close(fd);
    if (stream == NULL)
        return;
    for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        size_t length = strlen(entry->d_name), end = strlen(TEMPORARY_END);
        if (strncmp(entry->d_name, TEMPORARY_START, strlen(TEMPORARY_START)) == 0 && length > end &&
            strcmp(entry->d_name + length - end, TEMPORARY_END) == 0)
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
    }
    (void)closedir(stream);
}

void carnet_state_sweep(const struct carnet_state *state)
{
    static const char *const folders[] = {"", "sent", "grants"};
    struct carnet_state_names vendors = {0};
    char name[CARNET_STATE_NAME_SIZE];
    sweep(state, ".");
    if (carnet_state_list(state, "vendors", &vendors, NULL) != CARNET_OK)
        return;
    for (size_t i = 0; i < vendors.count; i++) {
        struct carnet_digest vendor;
        if (carnet_digest_parse(vendors.list[i], &vendor) != CARNET_OK)
            continue;
        for (size_t j = 0; j < sizeof folders / sizeof *folders; j++) {
            carnet_state_name(name, &vendor, folders[j]);
            sweep(state, name);
        }
    }
    carnet_state_names_clear(&vendors);
}

/* Makes what is not there, and takes the lock. */
static enum carnet_err open_for_writing(struct carnet_state *state, bool existed, struct carnet_diag *diag)
{
    enum carnet_err err = check_version(state, diag);
    if (err != CARNET_OK)
        return err;
    if (!existed && fchmod(state->folder, carnet_state_folder_mode(state)) != 0)
        return carnet_fail_errno(diag, errno, "The folder %s can't be opened for those who check", state->shown);
    err = carnet_file_lock(state->folder, LOCK, LOCK_MODE, true, LOCK_SECONDS, &state->lock, diag);
    if (err != CARNET_OK)
        return err;
    /* Once more: what was there before the lock may be another's half-made state. */
    err = check_version(state, diag);
    if (err == CARNET_OK && !carnet_state_has(state, VERSION)) {
        char text[16];
        int length = snprintf(text, sizeof text, "%u\n", VERSION_HERE);
        err = carnet_file_create(state->folder, VERSION, carnet_state_file_mode(state), text, (size_t)length, diag);
    }
    return err;
}

enum carnet_err carnet_state_open(const char *path, bool write, struct carnet_state **out, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_BUG;
    struct carnet_diag inner = {0};
    struct stat status;
    bool existed = stat(path, &status) == 0;
    struct carnet_state *state = calloc(1, sizeof *state);
    if (state != NULL) {
        state->folder = state->lock = -1;
        state->write = write;
        state->path = strdup(path);
        state->shared = existed ? (status.st_mode & 0055) == 0055 : geteuid() == 0;
        (void)carnet_text_escape(path, strlen(path), state->shown, sizeof state->shown);
    }
    if (state == NULL || state->path == NULL) {
        err = carnet_fail(&inner, CARNET_NO_MEMORY, "", "There is not enough memory to open the state.");
        goto out;
    }
    if (write && (err = carnet_folder_make(path, carnet_state_folder_mode(state), &inner)) != CARNET_OK)
        goto out;
    err = carnet_folder_open(path, &state->folder, &inner);
    if (err == CARNET_NO_INPUT && inner.sys_errno == ENOENT && !write) {
        err = CARNET_OK; /* an empty state */
    } else if (err == CARNET_OK) {
        err = write ? open_for_writing(state, existed, &inner) : check_version(state, &inner);
        if (err == CARNET_OK)
            err = carnet_state_load(state, &inner);
        if (err == CARNET_OK && write)
            carnet_state_sweep(state);
    }
    if (err != CARNET_OK)
        goto out;
    *out = state;
    state = NULL;
out:
    if (err == CARNET_IO && inner.sys_errno == EROFS)
        err = inner.err = CARNET_PERMISSION;
    if (err != CARNET_OK && diag != NULL)
        *diag = inner;
    carnet_state_close(state);
    return err;
}

void carnet_state_close(struct carnet_state *state)
{
    if (state == NULL)
        return;
    if (state->lock >= 0)
        (void)close(state->lock);
    if (state->folder >= 0)
        (void)close(state->folder);
    carnet_state_forget_trust(state);
    free(state->anchors);
    free(state->known);
    free(state->path);
    free(state);
}

const char *carnet_state_path(const struct carnet_state *state)
{
    return state->path;
}

const struct carnet_anchors *carnet_state_anchors(const struct carnet_state *state)
{
    return &state->view;
}

enum carnet_err carnet_state_read_pem(const struct carnet_state *state, const char *name, const char *next,
                                      uint8_t key[CARNET_PUBLIC_KEY_SIZE], struct carnet_diag *diag)
{
    struct carnet_buffer pem = {0};
    enum carnet_err err = carnet_state_read(state, name, 4096, &pem, diag);
    if (err == CARNET_OK && carnet_pem_read(pem.bytes, pem.size, key, NULL) != CARNET_OK)
        err = carnet_state_damaged(state, name, "does not hold a public key", next, diag);
    carnet_buffer_clear(&pem);
    return err;
}

/* Reads one vendor's folder; a folder without a root is one that is not pinned (any more). */
static enum carnet_err load_vendor(struct carnet_state *state, const struct carnet_digest *vendor,
                                   struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE];
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id;

    carnet_state_name(name, vendor, "root.pem");
    enum carnet_err err = carnet_state_read_pem(state, name, NEXT_ROOT, key, diag);
    if (err == CARNET_NOT_FOUND)
        return CARNET_OK;
    if (err != CARNET_OK)
        return err;
    carnet_key_id(key, &id);
    if (!carnet_digest_equal(&id, vendor))
        return carnet_state_damaged(state, name, "holds another key than the vendor's", NEXT_ROOT, diag);
    state->anchors[state->view.count++] = (struct carnet_anchor){.vendor = *vendor, .root = id};
    state->known[state->view.known_count++] = (struct carnet_known_key){.id = id, .role = CARNET_ROLE_ROOT};
    if ((err = carnet_state_load_trust(state, &state->anchors[state->view.count - 1], diag)) != CARNET_OK)
        return err;
    err = carnet_state_machine_id(state, vendor, &id, diag);
    if (err == CARNET_OK)
        state->known[state->view.known_count++] = (struct carnet_known_key){.id = id, .role = CARNET_ROLE_MACHINE};
    /* Not made yet, or half made and mended by the next write. A damaged one is told when it is needed, so that it can
     * still be mended. */
    return err == CARNET_NO_MEMORY ? err : CARNET_OK;
}

enum carnet_err carnet_state_load(struct carnet_state *state, struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    enum carnet_err err = carnet_state_list(state, "vendors", &names, diag);
    if (err != CARNET_OK)
        goto out;
    carnet_state_forget_trust(state);
    free(state->anchors);
    free(state->known);
    state->view = (struct carnet_anchors){0};
    state->anchors = calloc(names.count + 1, sizeof *state->anchors);
    state->known = calloc(2 * names.count + 1, sizeof *state->known);
    state->trust = calloc(names.count + 1, sizeof *state->trust);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the list is one of pointers */
    state->trusts = calloc(names.count + 1, sizeof *state->trusts);
    if (state->anchors == NULL || state->known == NULL || state->trust == NULL || state->trusts == NULL) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the pinned vendors.");
        goto out;
    }
    state->view.list = state->anchors;
    state->view.known = state->known;
    state->view.trust = state->trusts;
    for (size_t i = 0; i < names.count && err == CARNET_OK; i++) {
        struct carnet_digest vendor;
        if (carnet_digest_parse(names.list[i], &vendor) == CARNET_OK)
            err = load_vendor(state, &vendor, diag);
    }
out:
    carnet_state_names_clear(&names);
    return err;
}

/* T-5: a key has one role for life. */
static enum carnet_err refuse_other_role(const struct carnet_state *state, const struct carnet_digest *id,
                                         struct carnet_diag *diag)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    const char *whose = NULL;
    for (size_t i = 0; i < state->view.known_count; i++)
        if (state->known[i].role != CARNET_ROLE_ROOT && carnet_digest_equal(&state->known[i].id, id))
            whose = "this machine's own key";
    enum carnet_err err = carnet_state_grants(state, NULL, &grants, &count, diag);
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        const struct carnet_reading *readings[] = {grants[i].reading, grants[i].receipt};
        for (size_t k = 0; k < 2; k++) {
            const struct carnet_judged *judged = readings[k] == NULL ? NULL : carnet_reading_judged(readings[k]);
            if (judged != NULL && carnet_digest_equal(carnet_judged_signer(judged), id))
                whose = "the administrator's issuer key";
        }
    }
    carnet_state_grants_free(grants, count);
    if (err != CARNET_OK || whose == NULL)
        return err;
    (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-5", "This is %s; a key has one role for life, so it is no root.",
                      whose);
    (void)carnet_fail_next(diag, "Ask the vendor for the root key.");
    return CARNET_UNTRUSTED_KEY;
}

enum carnet_err carnet_state_pin(struct carnet_state *state, const uint8_t public_key[CARNET_PUBLIC_KEY_SIZE],
                                 struct carnet_digest *vendor, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE], pem[CARNET_PEM_SIZE + 1];
    struct carnet_digest id;
    enum carnet_err err = carnet_state_must_write(state, diag);
    if (err != CARNET_OK || (err = carnet_key_gate(public_key, diag)) != CARNET_OK)
        return err;
    carnet_key_id(public_key, &id);
    if ((err = refuse_other_role(state, &id, diag)) != CARNET_OK)
        return err;
    if (carnet_state_must_pinned(state, &id, NULL) != CARNET_OK) {
        carnet_state_name(name, &id, "");
        if ((err = carnet_state_folder(state, name, diag)) != CARNET_OK)
            return err;
        carnet_pem_write(public_key, pem);
        carnet_state_name(name, &id, "root.pem");
        err = carnet_file_create(state->folder, name, carnet_state_file_mode(state), pem, CARNET_PEM_SIZE, diag);
        if (err != CARNET_OK || (err = carnet_state_load(state, diag)) != CARNET_OK)
            return err;
    }
    *vendor = id;
    return CARNET_OK;
}

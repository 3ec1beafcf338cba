/* SPDX-License-Identifier: MIT */
/* Names of the state's files: listed, composed, taken apart. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/private.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void carnet_state_names_clear(struct carnet_state_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct carnet_state_names){0};
}

static bool append(struct carnet_state_names *names, const char *name)
{
    char **grown = realloc(names->list, (names->count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    names->list = grown;
    grown[names->count] = strdup(name);
    return grown[names->count] != NULL && ++names->count > 0;
}

enum carnet_err carnet_state_list(const struct carnet_state *state, const char *name, struct carnet_state_names *out,
                                  struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;
    struct carnet_state_names names = {0};
    DIR *stream = NULL;
    if (state->folder < 0)
        return CARNET_OK;
    int fd = openat(state->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return CARNET_OK;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return carnet_state_damaged(state, name, "is not a folder",
                                    "Move it away, or bring it back from a backup of the state folder.", diag);
    if (fd < 0 || (stream = fdopendir(fd)) == NULL) {
        err = carnet_fail_errno(diag, errno, "The folder %s/%s can't be read", state->shown, name);
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    errno = 0;
    const struct dirent *entry = readdir(stream);
    while (entry != NULL && err == CARNET_OK) {
        if (entry->d_name[0] != '.' && !append(&names, entry->d_name))
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to list %s.", name);
        errno = 0;
        entry = readdir(stream);
    }
    if (err == CARNET_OK && errno != 0)
        err = carnet_fail_errno(diag, errno, "The folder %s/%s can't be read", state->shown, name);
    (void)closedir(stream);
    if (err == CARNET_OK) {
        if (names.count > 0)
            qsort(names.list, names.count, sizeof *names.list, compare);
        *out = names;
        names = (struct carnet_state_names){0};
    }
    carnet_state_names_clear(&names);
    return err;
}

void carnet_state_grant_text(const struct carnet_grant_name *grant, char out[CARNET_STATE_GRANT_SIZE])
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(&grant->fingerprint, hex);
    (void)snprintf(out, CARNET_STATE_GRANT_SIZE, "%s.%s", grant->license, hex);
}

bool carnet_state_grant_parse(const char *text, size_t length, struct carnet_grant_name *out)
{
    struct carnet_grant_name grant = {0};
    char hex[CARNET_HEX_SIZE];
    const size_t tail = CARNET_HEX_SIZE; /* the dot and the digits */
    if (length <= tail || length - tail >= sizeof grant.license || text[length - tail] != '.')
        return false;
    memcpy(grant.license, text, length - tail);
    memcpy(hex, text + length - tail + 1, CARNET_HEX_SIZE - 1);
    hex[CARNET_HEX_SIZE - 1] = '\0';
    if (!carnet_text_is_id(grant.license) || carnet_digest_parse(hex, &grant.fingerprint) != CARNET_OK)
        return false;
    *out = grant;
    return true;
}

bool carnet_sent_parse(const char *file, struct carnet_sent_name *out)
{
    static const char ending[] = ".carnet";
    struct carnet_sent_name name = {0};
    char number[16];
    size_t length = strlen(file), digits = strspn(file, "0123456789");
    if (digits < 8 || digits > 9 || file[digits] != '-' || length < digits + sizeof ending ||
        strcmp(file + length - (sizeof ending - 1), ending) != 0)
        return false;
    const char *kind = file + digits + 1, *end = file + length - (sizeof ending - 1);
    size_t letters = strspn(kind, "abcdefghijklmnopqrstuvwxyz");
    if (letters == 0 || letters > CARNET_KIND_NAME_MOST || (kind + letters != end && kind[letters] != '-'))
        return false;
    memcpy(name.kind, kind, letters);
    name.name = kind + letters == end ? end : kind + letters + 1;
    name.name_length = (size_t)(end - name.name);
    size_t zeros = strspn(file, "0");
    if (zeros >= digits)
        return false;
    memcpy(number, file + zeros, digits - zeros);
    number[digits - zeros] = '\0';
    if (carnet_text_number(number, 1, CARNET_COUNT_MOST, &name.sequence) != CARNET_OK)
        return false;
    *out = name;
    return true;
}

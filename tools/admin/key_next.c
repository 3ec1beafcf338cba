/* SPDX-License-Identifier: MIT */
#include "key_next.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ROLE-8HEX.key. */
static bool is_named_so(const char *name, const char *role)
{
    const size_t length = strlen(role);

    return strlen(name) == length + 13 && strncmp(name, role, length) == 0 && name[length] == '-' &&
           strspn(name + length + 1, "0123456789abcdef") == 8 && strcmp(name + length + 9, ".key") == 0;
}

/* The key files of that role (and id, where it is given) that the ledger does not know: how many, and the last of them.
 */
static enum carnet_err find_unknown(struct cli *cli, const struct home *h, enum carnet_role role,
                                    const struct carnet_digest *id, unsigned *count, struct ledger_key *out)
{
    int fd = openat(h->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    *count = 0;
    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return carnet_fail(cli_diag(cli), CARNET_IO, "", "The folder of the home can't be read.");
    }
    while ((entry = readdir(dir)) != NULL) {
        struct carnet_key_info info;
        char file[LEDGER_KEY_FILE_SIZE];
        if (!is_named_so(entry->d_name, carnet_role_name(role)))
            continue;
        (void)snprintf(file, sizeof file, "%.*s", (int)(strlen(entry->d_name) - 4), entry->d_name);
        if (carnet_key_peek(h->folder, file, &info, NULL) != CARNET_OK || info.role != role || home_own(h, &info.id) ||
            (id && !carnet_digest_equal(&info.id, id)))
            continue;
        *out = (struct ledger_key){.id = info.id, .role = role, .created = info.created, .passphrase = info.passphrase};
        memcpy(out->public_key, info.public_key, sizeof out->public_key);
        memcpy(out->file, file, sizeof out->file);
        ++*count;
    }
    (void)closedir(dir);
    return CARNET_OK;
}

static enum carnet_err make(struct cli *cli, struct home *h, enum carnet_role role, bool passphrase,
                            struct ledger_key *out, struct carnet_key **key)
{
    struct carnet_digest id;
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err = carnet_key_generate(role, carnet_utc_now(), key, cli_diag(cli));

    if (err)
        return err;
    id = carnet_key_info(*key)->id;
    carnet_digest_hex(&id, hex);
    *out = (struct ledger_key){
        .id = id, .role = role, .created = carnet_key_info(*key)->created, .passphrase = passphrase};
    memcpy(out->public_key, carnet_key_info(*key)->public_key, sizeof out->public_key);
    (void)snprintf(out->file, sizeof out->file, "%s-%.8s", carnet_role_name(role), hex);
    err = carnet_key_store(*key, h->folder, out->file, passphrase ? h->passphrase : NULL, cli_diag(cli));
    if (err)
        cli_place(cli, h->path);
    return err;
}

static enum carnet_err refuse_missing(struct cli *cli, const struct home *h, const struct carnet_digest *wanted)
{
    char hex[CARNET_HEX_SIZE];

    carnet_digest_hex(wanted, hex);
    (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "U-9",
                      "The next root that was announced is %s, and its key file, root-%.8s.key, is not in the home.",
                      hex, hex);
    cli_place(cli, h->path);
    return carnet_fail_next(cli_diag(cli),
                            "Put it back from your newest copy: what was announced can't be changed, and no "
                            "machine takes another root after this one.");
}

enum carnet_err key_next_make(struct cli *cli, struct home *h, enum carnet_role role,
                              const struct carnet_digest *wanted, struct ledger_key *out, struct carnet_key **key)
{
    const struct ledger_key *present = role == CARNET_ROLE_ROOT ? &h->root : &h->issuer;
    unsigned count = 0;
    enum carnet_err err;

    if (present->token) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                          "The %s key is on a token, and this version makes no key on a token that could follow it.",
                          carnet_role_name(role));
        return carnet_fail_next(cli_diag(cli),
                                "Nothing was changed; no key is made in a file in place of one on a token.");
    }
    err = find_unknown(cli, h, role, NULL, &count, out);

    if (err)
        return err;
    if (count > 1) {
        (void)carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "",
                          "The home has %u key files of the role %s that its ledger does not know.", count,
                          carnet_role_name(role));
        cli_place(cli, h->path);
        return carnet_fail_next(cli_diag(cli), "Move those away that were never announced; keep copies of all.");
    }
    if (wanted && (count == 0 || !carnet_digest_equal(&out->id, wanted)))
        return refuse_missing(cli, h, wanted);
    if (count == 0)
        return make(cli, h, role, present->passphrase, out, key);
    err = carnet_key_open(h->folder, out->file, role, out->passphrase ? h->passphrase : NULL, key, cli_diag(cli));
    if (err) {
        char file[LEDGER_KEY_FILE_SIZE + 8];
        (void)snprintf(file, sizeof file, "%s.key", out->file);
        cli_place(cli, file);
        return carnet_fail_next(cli_diag(cli),
                                "An earlier command left this key file in the home, and it does not open "
                                "like the key before it: move it away, if it was never announced.");
    }
    cli_note(cli, "The key file %s.key is in the home already, and is taken.\n", out->file);
    return CARNET_OK;
}

enum carnet_err key_next_find(struct cli *cli, const struct home *h, enum carnet_role role,
                              const struct carnet_digest *id, bool *found, struct ledger_key *out)
{
    unsigned count = 0;
    enum carnet_err err = find_unknown(cli, h, role, id, &count, out);

    *found = !err && count > 0;
    return err;
}

/* SPDX-License-Identifier: MIT */
/* The root keys that an auditor trusts (T-1): from files that a person chose. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/pin.h"
#include "inspect/inspect.h"

#define TRUST_FOLDER "/etc/carnet/trust.d"
#define PEM_FILE_MOST 4096u

static enum carnet_err add(struct inspect_trust *trust, const uint8_t key[CARNET_PUBLIC_KEY_SIZE], const char *file)
{
    const size_t count = trust->anchors.count;
    struct carnet_anchor *list = realloc(trust->list, (count + 1) * sizeof *list);
    if (list == NULL)
        return CARNET_NO_MEMORY;
    trust->list = list;
    trust->anchors.list = list;
    char **sources = realloc(trust->sources, (count + 1) * sizeof *sources);
    if (sources == NULL)
        return CARNET_NO_MEMORY;
    trust->sources = sources;
    sources[count] = strdup(file);
    if (sources[count] == NULL)
        return CARNET_NO_MEMORY;
    carnet_key_id(key, &list[count].root);
    list[count].vendor = list[count].root; /* a PEM is a vendor's first root (I-3) */
    trust->anchors.count = count + 1;
    return CARNET_OK;
}

static enum carnet_err load_file(struct cli *cli, const char *file, struct inspect_trust *trust)
{
    struct carnet_buffer pem = {0};
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_diag why = {0};
    enum carnet_err err = cli_file_read(cli, file, PEM_FILE_MOST, &pem);
    if (err == CARNET_OK) {
        err = cli_pin_refuse_private(cli, pem.bytes, pem.size, CARNET_CONFIGURATION);
        if (err != CARNET_OK)
            cli_place(cli, file);
    }
    if (err == CARNET_OK) {
        err = carnet_pem_read(pem.bytes, pem.size, key, &why);
        if (err == CARNET_OK)
            err = carnet_key_gate(key, &why);
    } else if (err == CARNET_MALFORMED) {
        why = *cli_diag(cli);
    }
    if (err == CARNET_MALFORMED) {
        /* Not CARNET_MALFORMED, which would be taken for the outcome of the file to be inspected. */
        err = carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, why.clause, "The file of a key to trust is not one: %s",
                          why.detail);
        (void)carnet_fail_next(cli_diag(cli), "Give the vendor's root key as a PEM file, as 'carnet-admin key export "
                                              "root' or 'openssl pkey -pubout' writes it.");
        cli_place(cli, file);
    }
    if (err == CARNET_OK)
        err = add(trust, key, file);
    carnet_buffer_clear(&pem);
    return err;
}

static int is_pem(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".pem") == 0;
}

static enum carnet_err load_folder(struct cli *cli, const char *folder, struct inspect_trust *trust)
{
    struct dirent **entries = NULL;
    enum carnet_err err = CARNET_OK;
    const int count = scandir(folder, &entries, is_pem, alphasort);
    if (count < 0) {
        cli_place(cli, folder);
        return carnet_fail_errno(cli_diag(cli), errno, "The folder of keys to trust can't be read");
    }
    for (int i = 0; i < count; i++) {
        char *file = NULL;
        if (err == CARNET_OK && asprintf(&file, "%s/%s", folder, entries[i]->d_name) < 0) {
            file = NULL;
            err = CARNET_NO_MEMORY;
        }
        if (err == CARNET_OK)
            err = load_file(cli, file, trust);
        free(file);
        free(entries[i]);
    }
    free(entries);
    return err;
}

static enum carnet_err load_path(struct cli *cli, const char *path, struct inspect_trust *trust)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return load_folder(cli, path, trust);
    return load_file(cli, path, trust);
}

/* What is wrong there is not in the command that was typed, so it is told where it comes from. */
static enum carnet_err load_environment(struct cli *cli, const char *path, struct inspect_trust *trust)
{
    const enum carnet_err err = load_path(cli, path, trust);
    if (err == CARNET_NO_INPUT)
        (void)carnet_fail_next(cli_diag(cli), "The environment variable CARNET_TRUST names it: set it to the folder or "
                                              "the PEM of the keys you trust, or unset it.");
    return err;
}

enum carnet_err inspect_trust_load(struct cli *cli, struct inspect_trust *out)
{
    struct inspect_trust trust = {0};
    struct stat status;
    enum carnet_err err = CARNET_OK;
    const size_t given = cli_values(cli, "trust");
    const char *environment = getenv("CARNET_TRUST");

    for (size_t i = 0; i < given && err == CARNET_OK; i++)
        err = load_path(cli, cli_value_at(cli, "trust", i), &trust);
    if (given == 0 && environment != NULL && environment[0] != '\0')
        err = load_environment(cli, environment, &trust);
    else if (given == 0 && (stat(TRUST_FOLDER, &status) == 0 || errno != ENOENT))
        err = load_folder(cli, TRUST_FOLDER, &trust);
    if (err == CARNET_OK)
        *out = trust;
    else
        inspect_trust_clear(&trust);
    return err;
}

void inspect_trust_clear(struct inspect_trust *trust)
{
    for (size_t i = 0; i < trust->anchors.count; i++)
        free(trust->sources[i]);
    free(trust->sources);
    free(trust->list);
    *trust = (struct inspect_trust){0};
}

const char *inspect_trust_source(const struct inspect_trust *trust, const struct carnet_digest *root)
{
    for (size_t i = 0; i < trust->anchors.count; i++) {
        if (carnet_digest_equal(&trust->list[i].root, root))
            return trust->sources[i];
    }
    return NULL;
}

void inspect_trust_advise(const struct inspect_trust *trust, struct carnet_diag *diag)
{
    if (diag->err != CARNET_UNTRUSTED_KEY)
        return;
    if (trust->anchors.count == 0)
        (void)carnet_fail_next(diag, "Give the vendor's root key with --trust root.pem; get it over another channel "
                                     "than the file.");
    else if (strcmp(diag->clause, "T-2") == 0)
        (void)carnet_fail_next(diag, "If you expected this signer, compare the key's id with the vendor over another "
                                     "channel, then give its PEM with --trust; else do not use the file.");
}

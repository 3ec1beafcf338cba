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

static enum carnet_err add(struct inspect_trust *trust, const struct carnet_digest *vendor, const char *file)
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
    list[count].root = list[count].vendor = *vendor; /* I-3: the id of the first root */
    trust->anchors.count = count + 1;
    return CARNET_OK;
}

/* The vendor id that trust information names: choosing the file is the auditor's word for it (section 10.1). */
static enum carnet_err named_vendor(const struct inspect_information *i, struct carnet_digest *out,
                                    struct carnet_diag *diag)
{
    const struct carnet_unpacked *unpacked = i->reading == NULL ? NULL : carnet_reading_unpacked(i->reading);
    struct carnet_document *document = NULL;
    if (unpacked == NULL)
        return CARNET_MALFORMED;
    enum carnet_err err = carnet_document_read_unverified(unpacked, &document, diag);
    if (err == CARNET_OK)
        *out = *carnet_document_vendor(document);
    carnet_document_free(document);
    return err;
}

static enum carnet_err read_information(struct inspect_information *i, struct carnet_digest *vendor,
                                        struct carnet_diag *diag)
{
    struct carnet_anchor anchor;
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};
    struct carnet_read_options options = {.expected = CARNET_KIND_BIT(CARNET_KIND_TRUST)};
    enum carnet_err err = carnet_reading_open(i->bytes.bytes, i->bytes.size, &options, &i->reading, diag);
    if (err != CARNET_UNTRUSTED_KEY)
        return err;
    if ((err = named_vendor(i, vendor, diag)) != CARNET_OK)
        return err;
    carnet_reading_free(i->reading);
    i->reading = NULL;
    anchor = (struct carnet_anchor){.vendor = *vendor, .root = *vendor};
    options.anchors = &anchors;
    err = carnet_reading_open(i->bytes.bytes, i->bytes.size, &options, &i->reading, diag);
    if (err == CARNET_OK && carnet_document_trust(carnet_reading_document(i->reading))->is_link)
        err = carnet_fail(diag, CARNET_NOT_VOUCHED, "U-7", "It is a link alone.");
    return err;
}

/* Takes the bytes over. */
static enum carnet_err add_information(struct cli *cli, struct carnet_buffer *bytes, const char *file,
                                       struct inspect_trust *trust)
{
    const size_t count = trust->anchors.trust_count;
    struct carnet_diag why = {0};
    struct carnet_digest vendor;
    void *room = realloc(trust->information, (count + 1) * sizeof *trust->information);
    if (room != NULL)
        trust->information = room;
    void *pointers = room == NULL ? NULL : realloc(trust->documents, (count + 1) * sizeof(const struct carnet_trust *));
    if (pointers == NULL)
        return CARNET_NO_MEMORY;
    trust->documents = pointers;
    trust->anchors.trust = trust->documents;
    struct inspect_information *i = &trust->information[count];
    *i = (struct inspect_information){.bytes = *bytes};
    *bytes = (struct carnet_buffer){0};
    enum carnet_err err = read_information(i, &vendor, &why);
    if (err == CARNET_OK) {
        trust->documents[count] = carnet_document_trust(carnet_reading_document(i->reading));
        trust->anchors.trust_count = count + 1;
        return add(trust, &vendor, file);
    }
    carnet_reading_free(i->reading);
    carnet_buffer_clear(&i->bytes);
    if (err == CARNET_NO_MEMORY)
        return err;
    err = carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, why.clause,
                      "The file to trust is no sound trust information: %s", why.detail);
    (void)carnet_fail_next(cli_diag(cli), "Give the vendor's newest trust file, or his first root key as a PEM file.");
    cli_place(cli, file);
    return err;
}

static enum carnet_err load_file(struct cli *cli, const char *file, struct inspect_trust *trust)
{
    struct carnet_buffer pem = {0};
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id;
    struct carnet_diag why = {0};
    enum carnet_err err = cli_file_read(cli, file, CARNET_ARMOUR_MOST, &pem);
    if (err == CARNET_OK && cli_pin_is_bundle(&pem)) {
        err = carnet_crypto_start(cli_diag(cli));
        if (err == CARNET_OK)
            err = add_information(cli, &pem, file, trust);
        carnet_buffer_clear(&pem);
        return err;
    }
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
    if (err == CARNET_OK) {
        carnet_key_id(key, &id);
        err = add(trust, &id, file);
    }
    carnet_buffer_clear(&pem);
    return err;
}

static bool ends(const char *name, const char *with)
{
    const size_t size = strlen(name), end = strlen(with);
    return size > end && strcmp(name + size - end, with) == 0;
}

static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && (ends(entry->d_name, ".pem") || ends(entry->d_name, ".carnet"));
}

static enum carnet_err load_folder(struct cli *cli, const char *folder, struct inspect_trust *trust)
{
    struct dirent **entries = NULL;
    enum carnet_err err = CARNET_OK;
    const int count = scandir(folder, &entries, is_wanted, alphasort);
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
    for (size_t i = 0; i < trust->anchors.trust_count; i++) {
        carnet_reading_free(trust->information[i].reading);
        carnet_buffer_clear(&trust->information[i].bytes);
    }
    free(trust->information);
    free(trust->documents);
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
    for (size_t i = 0; i < trust->anchors.trust_count; i++)
        for (uint32_t k = 0; k < trust->documents[i]->generation; k++)
            if (carnet_digest_equal(&trust->documents[i]->roots[k], root))
                return inspect_trust_source(trust, &trust->documents[i]->vendor);
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

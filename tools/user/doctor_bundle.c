/* SPDX-License-Identifier: MIT */
/* doctor --bundle: an archive for support. No secret goes into it: what does is named here, file by file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "common/io.h"
#include "core/file.h"
#include "doctor.h"

#define FILES_MOST 60u
#define SIZE_MOST ((size_t)900 * 1024) /* what one archive takes, with its headers */

struct packing {
    struct carnet_entry entries[FILES_MOST + 1];
    char names[FILES_MOST + 1][64];
    struct carnet_buffer contents[FILES_MOST + 1];
    size_t count;
};

static void clear(struct packing *p)
{
    for (size_t i = 0; p != NULL && i <= FILES_MOST; i++)
        carnet_buffer_clear(&p->contents[i]);
    free(p);
}

static struct carnet_buffer *add(struct packing *p, const char *name)
{
    snprintf(p->names[p->count], sizeof p->names[0], "%s", name);
    return &p->contents[p->count++];
}

/* A bundle, where there is room for it; those that find none are left out. */
static enum carnet_err add_bundle(struct packing *p, const char *kind, size_t number, const struct carnet_buffer *bytes)
{
    char name[64];
    size_t size = bytes->size;
    for (size_t i = 0; i < p->count; i++)
        size += p->contents[i].size;
    if (bytes->size == 0 || p->count == FILES_MOST || size > SIZE_MOST)
        return CARNET_OK;
    snprintf(name, sizeof name, "%s-%zu.carnet", kind, number);
    return carnet_buffer_append(add(p, name), bytes->bytes, bytes->size);
}

/* The grants' bundles as they crossed the gap. */
static enum carnet_err add_grants(struct doctor *d, struct packing *p)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_grants(d->state, NULL, &grants, &count, cli_diag(d->cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        err = add_bundle(p, "license", i + 1, &grants[i].bytes);
        if (err == CARNET_OK)
            err = add_bundle(p, "receipt", i + 1, &grants[i].receipt_bytes);
    }
    carnet_state_grants_free(grants, count);
    return err;
}

static enum carnet_err collect(struct doctor *d, const json_t *report, struct packing *p)
{
    char *text = json_dumps(report, JSON_INDENT(2));
    enum carnet_err err = text == NULL ? CARNET_NO_MEMORY : CARNET_OK;
    if (err == CARNET_OK)
        err = carnet_buffer_append(add(p, "report.json"), text, strlen(text));
    free(text);
    if (err == CARNET_OK)
        err = carnet_buffer_printf(add(p, "version.txt"), "carnet-user %s\n", CARNET_VERSION);
    if (err == CARNET_OK)
        err = add_grants(d, p);
    const struct carnet_anchors *anchors = carnet_state_anchors(d->state);
    for (size_t i = 0; err == CARNET_OK && i < anchors->count; i++) {
        struct carnet_buffer bytes = {0};
        if (carnet_state_sent_fingerprint(d->state, &anchors->list[i].vendor, &bytes, NULL) == CARNET_OK)
            err = add_bundle(p, "fingerprint", i + 1, &bytes);
        carnet_buffer_clear(&bytes);
    }
    if (err != CARNET_OK)
        return carnet_fail(cli_diag(d->cli), err, "", "The archive could not be put together.");
    for (size_t i = 0; i < p->count; i++)
        p->entries[i] = (struct carnet_entry){p->names[i], p->contents[i].bytes, p->contents[i].size};
    return CARNET_OK;
}

static void list(struct doctor *d, const struct packing *p)
{
    json_t *names = json_array();
    cli_note(d->cli, "The archive holds:\n");
    for (size_t i = 0; i < p->count; i++) {
        cli_note(d->cli, "  %8zu  %s\n", p->entries[i].size, p->entries[i].name);
        (void)json_array_append_new(
            names, json_pack("{s:s,s:I}", "name", p->entries[i].name, "size", (json_int_t)p->entries[i].size));
    }
    cli_note(d->cli, "It holds no private key, no machine secret, and no clear value of this machine. Licenses and "
                     "fingerprints in it say who bought what, and their labels.\n");
    cli_set(d->cli, "contents", names);
}

enum carnet_err doctor_bundle(struct doctor *d, const char *file, const json_t *report)
{
    struct carnet_buffer archive = {0};
    struct packing *p = calloc(1, sizeof *p);
    enum carnet_err err = p == NULL ? carnet_fail(cli_diag(d->cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                                    : collect(d, report, p);
    if (err == CARNET_OK) {
        list(d, p);
        err = carnet_pack(p->entries, p->count, &archive, cli_diag(d->cli));
    }
    if (err == CARNET_OK && !cli_dry_run(d->cli)) {
        err = cli_confirm(d->cli, "The archive is written to %s, for whoever helps you.", file);
        if (err == CARNET_OK)
            err = carnet_file_create(AT_FDCWD, file, 0600, archive.bytes, archive.size, cli_diag(d->cli));
        if (err != CARNET_OK)
            cli_place(d->cli, file);
        else
            cli_data(d->cli, "%s\n", file);
    }
    if (err == CARNET_OK)
        cli_set(d->cli, "bundle", cli_json_text(file));
    carnet_buffer_clear(&archive);
    clear(p);
    return err;
}

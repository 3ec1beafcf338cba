/* SPDX-License-Identifier: MIT */
/* The grants of this machine: what is licensed here, and what has ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "state/private.h"

#define GRANTS "grants"
#define LICENSE ".license"
#define RECEIPT ".receipt"
#define VALID ".valid"

/* A growing list. */
struct grants {
    struct carnet_state_grant *list;
    size_t count;
};

void carnet_state_grants_free(struct carnet_state_grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        carnet_reading_free(grants[i].reading);
        carnet_reading_free(grants[i].receipt);
        carnet_buffer_clear(&grants[i].bytes);
        carnet_buffer_clear(&grants[i].receipt_bytes);
    }
    free(grants);
}

/* The entry of a grant, made when it is not there yet; NULL without memory. */
static struct carnet_state_grant *entry_of(struct grants *grants, const struct carnet_digest *vendor,
                                           const struct carnet_grant_name *name)
{
    for (size_t i = grants->count; i > 0; i--) {
        struct carnet_state_grant *held = &grants->list[i - 1];
        if (strcmp(held->name.license, name->license) == 0 &&
            carnet_digest_equal(&held->name.fingerprint, &name->fingerprint) &&
            carnet_digest_equal(&held->vendor, vendor))
            return held;
    }
    struct carnet_state_grant *grown = realloc(grants->list, (grants->count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    grants->list = grown;
    struct carnet_state_grant *new = &grown[grants->count++];
    memset(new, 0, sizeof *new);
    new->vendor = *vendor;
    new->name = *name;
    return new;
}

/* "LICENSE.FINGERPRINT.license": the grant, and whether it is a receipt; false for other files. */
static bool parse_file(const char *file, struct carnet_grant_name *grant, bool *receipt)
{
    size_t length = strlen(file), end = strlen(LICENSE);
    if (length <= end)
        return false;
    *receipt = strcmp(file + length - end, RECEIPT) == 0;
    return (*receipt || strcmp(file + length - end, LICENSE) == 0) &&
           carnet_state_grant_parse(file, length - end, grant);
}

/* Does the document say what the file's name says? */
static bool is_of(const struct carnet_document *d, const struct carnet_state_grant *entry, bool receipt)
{
    const struct carnet_license *l = carnet_document_license(d);
    const struct carnet_receipt *r = carnet_document_receipt(d);
    const struct carnet_grant *grant = receipt ? (r == NULL ? NULL : &r->grant) : (l == NULL ? NULL : &l->grant);
    return grant != NULL && carnet_digest_equal(carnet_document_vendor(d), &entry->vendor) &&
           strcmp(grant->license, entry->name.license) == 0 &&
           carnet_digest_equal(&grant->fingerprint, &entry->name.fingerprint);
}

/*
 * What was recorded when a license was installed: the digest of its whole bytes, and that of the schema which they
 * hold. Whatever is not exactly that, or is of another schema, makes the schema be held again.
 */
static void valid_text(const struct carnet_digest *whole, char out[2 * CARNET_HEX_SIZE + 2])
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(whole, hex);
    (void)snprintf(out, 2 * CARNET_HEX_SIZE + 2, "%s %s\n", hex, carnet_document_schema());
}

static bool read_valid(const struct carnet_state *state, const char *license, struct carnet_digest *out)
{
    char name[CARNET_STATE_NAME_SIZE], hex[CARNET_HEX_SIZE], text[2 * CARNET_HEX_SIZE + 2];
    struct carnet_buffer bytes = {0};
    struct carnet_digest whole;
    bool valid = false;
    (void)snprintf(name, sizeof name, "%.*s" VALID, (int)(strlen(license) - strlen(LICENSE)), license);
    if (carnet_state_read(state, name, sizeof text, &bytes, NULL) == CARNET_OK && bytes.size >= sizeof hex) {
        memcpy(hex, bytes.bytes, sizeof hex - 1);
        hex[sizeof hex - 1] = '\0';
        if (carnet_digest_parse(hex, &whole) == CARNET_OK) {
            valid_text(&whole, text);
            valid = bytes.size == strlen(text) && memcmp(bytes.bytes, text, bytes.size) == 0;
        }
    }
    carnet_buffer_clear(&bytes);
    if (valid)
        *out = whole;
    return valid;
}

/* Reads and verifies one file. What is wrong with it goes into *found and its diagnosis; only what ends the whole
 * listing is returned. */
static enum carnet_err read_bundle(const struct carnet_state *state, const char *name, bool receipt,
                                   struct carnet_gated_keys *keys, const struct carnet_state_grant *entry,
                                   struct carnet_buffer *bytes, struct carnet_reading **reading, enum carnet_err *found,
                                   struct carnet_diag *found_diag)
{
    static const char next[] = "Move that file away, and activate the license file again.";
    struct carnet_digest valid;
    const struct carnet_read_options options = {
        .anchors = &state->view,
        .expected = CARNET_KIND_BIT(receipt ? CARNET_KIND_RECEIPT : CARNET_KIND_LICENSE),
        .keys = keys,
        .validated = !receipt && read_valid(state, name, &valid) ? &valid : NULL,
    };
    enum carnet_err err = carnet_state_read(state, name, CARNET_BUNDLE_MOST, bytes, found_diag);
    if (err == CARNET_OK)
        err = carnet_reading_open(bytes->bytes, bytes->size, &options, reading, found_diag);
    if (err == CARNET_NO_MEMORY)
        return err;
    if (err == CARNET_OK && !is_of(carnet_reading_document(*reading), entry, receipt)) {
        err = carnet_state_damaged(state, name, "holds another grant than its name says", next, found_diag);
        carnet_reading_free(*reading);
        *reading = NULL;
    } else if (err == CARNET_MALFORMED || err == CARNET_ALTERED || err == CARNET_WRONG_KIND) {
        (void)carnet_fail_next(found_diag, "The file is %s/%s. %s", state->shown, name, next);
    }
    *found = err;
    return CARNET_OK;
}

static enum carnet_err read_file(const struct carnet_state *state, const struct carnet_digest *vendor, const char *file,
                                 struct carnet_gated_keys *keys, struct grants *grants)
{
    char rest[CARNET_STATE_NAME_SIZE], path[CARNET_STATE_NAME_SIZE];
    struct carnet_grant_name grant;
    bool receipt = false;
    if (!parse_file(file, &grant, &receipt))
        return CARNET_OK;
    struct carnet_state_grant *entry = entry_of(grants, vendor, &grant);
    if (entry == NULL)
        return CARNET_NO_MEMORY;
    (void)snprintf(rest, sizeof rest, GRANTS "/%s", file);
    carnet_state_name(path, vendor, rest);
    if (!receipt)
        return read_bundle(state, path, false, keys, entry, &entry->bytes, &entry->reading, &entry->err, &entry->diag);
    /* A receipt that can't be read any more ends the grant all the same: it would not be here otherwise. */
    enum carnet_err found = CARNET_OK;
    struct carnet_diag ignored = {0};
    entry->ended = true;
    enum carnet_err err =
        read_bundle(state, path, true, keys, entry, &entry->receipt_bytes, &entry->receipt, &found, &ignored);
    if (err == CARNET_OK && found != CARNET_OK) {
        carnet_reading_free(entry->receipt);
        entry->receipt = NULL;
        carnet_buffer_clear(&entry->receipt_bytes);
    }
    return err;
}

/* Marks the grants that this machine released. */
static enum carnet_err mark_released(const struct carnet_digest *vendor, const struct carnet_state_names *sent,
                                     struct grants *grants)
{
    for (size_t i = 0; i < sent->count; i++) {
        struct carnet_sent_name name;
        struct carnet_grant_name grant;
        if (!carnet_sent_parse(sent->list[i], &name) ||
            strcmp(name.kind, carnet_kind_get(CARNET_KIND_RELEASE)->name) != 0 ||
            !carnet_state_grant_parse(name.name, name.name_length, &grant))
            continue;
        struct carnet_state_grant *entry = entry_of(grants, vendor, &grant);
        if (entry == NULL)
            return CARNET_NO_MEMORY;
        entry->released = true;
    }
    return CARNET_OK;
}

static enum carnet_err read_vendor(const struct carnet_state *state, const struct carnet_digest *vendor,
                                   struct carnet_gated_keys *keys, struct grants *grants, struct carnet_diag *diag)
{
    char name[CARNET_STATE_NAME_SIZE];
    struct carnet_state_names files = {0}, sent = {0};
    carnet_state_name(name, vendor, GRANTS);
    enum carnet_err err = carnet_state_list(state, name, &files, diag);
    carnet_state_name(name, vendor, "sent");
    if (err == CARNET_OK)
        err = carnet_state_list(state, name, &sent, diag);
    if (err == CARNET_OK) {
        for (size_t i = 0; i < files.count && err == CARNET_OK; i++)
            err = read_file(state, vendor, files.list[i], keys, grants);
        if (err == CARNET_OK)
            err = mark_released(vendor, &sent, grants);
        if (err != CARNET_OK)
            (void)carnet_fail(diag, err, "", "There is not enough memory to read the grants.");
    }
    carnet_state_names_clear(&files);
    carnet_state_names_clear(&sent);
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct carnet_state_grant *left = a, *right = b;
    int order = memcmp(left->vendor.bytes, right->vendor.bytes, CARNET_DIGEST_SIZE);
    if (order == 0)
        order = strcmp(left->name.license, right->name.license);
    if (order == 0)
        order = memcmp(left->name.fingerprint.bytes, right->name.fingerprint.bytes, CARNET_DIGEST_SIZE);
    return order;
}

enum carnet_err carnet_state_grants(const struct carnet_state *state, const struct carnet_digest *vendor,
                                    struct carnet_state_grant **out, size_t *count, struct carnet_diag *diag)
{
    struct grants grants = {0};
    struct carnet_state_names vendors = {0};
    struct carnet_gated_keys *keys = NULL;
    struct carnet_digest id;

    enum carnet_err err = carnet_gated_keys_new(&keys);
    if (err != CARNET_OK) {
        (void)carnet_fail(diag, err, "", "There is not enough memory to read the grants.");
        goto out;
    }
    if (vendor != NULL)
        err = read_vendor(state, vendor, keys, &grants, diag);
    else
        err = carnet_state_list(state, "vendors", &vendors, diag);
    for (size_t i = 0; i < vendors.count && err == CARNET_OK; i++)
        if (carnet_digest_parse(vendors.list[i], &id) == CARNET_OK)
            err = read_vendor(state, &id, keys, &grants, diag);
    if (err != CARNET_OK)
        goto out;
    if (grants.count > 0)
        qsort(grants.list, grants.count, sizeof *grants.list, compare);
    *out = grants.list;
    *count = grants.count;
    grants = (struct grants){0};
out:
    carnet_state_grants_free(grants.list, grants.count);
    carnet_state_names_clear(&vendors);
    carnet_gated_keys_free(keys);
    return err;
}

/* After the license: it fits no other bytes, so that one which is left from before only costs time. */
static enum carnet_err put_valid(const struct carnet_state *state, const struct carnet_digest *vendor,
                                 const char *grant, const uint8_t *bytes, size_t size, struct carnet_diag *diag)
{
    char rest[CARNET_STATE_NAME_SIZE], name[CARNET_STATE_NAME_SIZE], text[2 * CARNET_HEX_SIZE + 2];
    struct carnet_digest whole;
    carnet_sha256(bytes, size, &whole);
    valid_text(&whole, text);
    (void)snprintf(rest, sizeof rest, GRANTS "/%s" VALID, grant);
    carnet_state_name(name, vendor, rest);
    return carnet_file_replace(state->folder, name, carnet_state_file_mode(state), text, strlen(text), diag);
}

enum carnet_err carnet_state_revalidate(struct carnet_state *state, const struct carnet_judged *judged,
                                        const uint8_t *bytes, size_t size, struct carnet_diag *diag)
{
    const struct carnet_document *d = carnet_judged_document(judged);
    const struct carnet_license *l = carnet_document_license(d);
    char text[CARNET_STATE_GRANT_SIZE], rest[CARNET_STATE_NAME_SIZE], name[CARNET_STATE_NAME_SIZE];
    struct carnet_grant_name grant = {0};
    struct carnet_digest recorded, whole;
    if (l == NULL)
        return CARNET_OK;
    memcpy(grant.license, l->grant.license, sizeof grant.license);
    grant.fingerprint = l->grant.fingerprint;
    carnet_state_grant_text(&grant, text);
    (void)snprintf(rest, sizeof rest, GRANTS "/%s" LICENSE, text);
    carnet_state_name(name, carnet_document_vendor(d), rest);
    carnet_sha256(bytes, size, &whole);
    if (read_valid(state, name, &recorded) && carnet_digest_equal(&recorded, &whole))
        return CARNET_OK;
    const enum carnet_err err = carnet_state_must_write(state, diag);
    return err == CARNET_OK ? put_valid(state, carnet_document_vendor(d), text, bytes, size, diag) : err;
}

enum carnet_err carnet_state_put(struct carnet_state *state, const struct carnet_judged *judged, const uint8_t *bytes,
                                 size_t size, struct carnet_diag *diag)
{
    const struct carnet_document *d = carnet_judged_document(judged);
    const struct carnet_digest *vendor = carnet_document_vendor(d);
    const struct carnet_license *l = carnet_document_license(d);
    const struct carnet_receipt *r = carnet_document_receipt(d);
    char text[CARNET_STATE_GRANT_SIZE], rest[CARNET_STATE_NAME_SIZE], name[CARNET_STATE_NAME_SIZE];
    struct carnet_grant_name grant = {0};

    enum carnet_err err = carnet_state_must_write(state, diag);
    if (err == CARNET_OK)
        err = carnet_state_must_pinned(state, vendor, diag);
    if (err != CARNET_OK)
        return err;
    if (l == NULL && r == NULL)
        return carnet_fail(diag, CARNET_BUG, "", "A %s does not belong among the grants.",
                           carnet_document_kind(d)->name);
    const struct carnet_grant *full = l != NULL ? &l->grant : &r->grant;
    memcpy(grant.license, full->license, sizeof grant.license);
    grant.fingerprint = full->fingerprint;
    carnet_state_grant_text(&grant, text);

    carnet_state_name(name, vendor, GRANTS);
    if ((err = carnet_state_folder(state, name, diag)) != CARNET_OK)
        return err;
    (void)snprintf(rest, sizeof rest, GRANTS "/%s%s", text, l != NULL ? LICENSE : RECEIPT);
    carnet_state_name(name, vendor, rest);
    err = carnet_file_replace(state->folder, name, carnet_state_file_mode(state), bytes, size, diag);
    return err == CARNET_OK && l != NULL ? put_valid(state, vendor, text, bytes, size, diag) : err;
}

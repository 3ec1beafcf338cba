/* SPDX-License-Identifier: MIT */
#include "bundle/seal.h"

#include <stdio.h>
#include <string.h>

#define SEAL_EMBEDDED_MOST 32u /* the links of trust information (U-2) */
#define DOCUMENT_NAME_SIZE (CARNET_KIND_NAME_MOST + sizeof ".xml")

enum carnet_err carnet_seal_with(carnet_sign_fn *sign, const struct carnet_key *key, const struct carnet_kind *kind,
                                 const uint8_t *document, size_t size, const struct carnet_embed *embed,
                                 size_t embed_count, struct carnet_buffer *out, struct carnet_digest *id,
                                 struct carnet_diag *diag)
{
    struct carnet_entry entries[CARNET_ENTRY_EMBEDDED + SEAL_EMBEDDED_MOST];
    struct carnet_buffer sums = {0};
    uint8_t signature[CARNET_SIGNATURE_SIZE];
    char document_name[DOCUMENT_NAME_SIZE];
    char embedded_names[SEAL_EMBEDDED_MOST][CARNET_EMBEDDED_NAME_SIZE];
    char pem[CARNET_PEM_SIZE + 1];
    size_t count = CARNET_ENTRY_EMBEDDED;
    enum carnet_err err;

    if (kind->id == CARNET_KIND_TRUST ? embed_count > SEAL_EMBEDDED_MOST
                                      : embed_count != (kind->embeds != CARNET_KIND_NONE))
        return carnet_fail(diag, CARNET_BUG, "R-3", "A bundle of the kind '%s' was to be made %s.", kind->name,
                           embed_count > 0 ? "with an embedded one, and takes none" : "without what it embeds");
    if (size == 0 || size > CARNET_DOCUMENT_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "C-8",
                           "The document '%s.xml' would be empty or larger than 256 KiB.", kind->name);
    carnet_pem_write(carnet_key_info(key)->public_key, pem);
    snprintf(document_name, sizeof document_name, "%s.xml", kind->name);
    entries[CARNET_ENTRY_MIMETYPE] =
        (struct carnet_entry){"mimetype", (const uint8_t *)kind->mimetype, strlen(kind->mimetype)};
    entries[CARNET_ENTRY_SIGNER] = (struct carnet_entry){"signer.pem", (const uint8_t *)pem, CARNET_PEM_SIZE};
    entries[CARNET_ENTRY_DOCUMENT] = (struct carnet_entry){document_name, document, size};
    for (size_t i = 0; i < embed_count; i++) {
        carnet_embedded_name(&embed[i].id, embedded_names[i]);
        entries[count++] = (struct carnet_entry){embedded_names[i], embed[i].bytes, embed[i].size};
    }
    err = carnet_sums_write(entries, count, &sums);
    if (err != CARNET_OK) {
        carnet_fail(diag, err, "", "There is not enough memory to make the bundle.");
        goto out;
    }
    err = sign(key, kind, sums.bytes, sums.size, signature, diag);
    if (err != CARNET_OK)
        goto out;
    entries[CARNET_ENTRY_SUMS] = (struct carnet_entry){"SHA256SUMS", sums.bytes, sums.size};
    entries[CARNET_ENTRY_SIGNATURE] = (struct carnet_entry){"SHA256SUMS.sig", signature, sizeof signature};
    err = carnet_pack(entries, count, out, diag);
    if (err == CARNET_OK)
        carnet_sha256(sums.bytes, sums.size, id);
out:
    carnet_buffer_clear(&sums);
    return err;
}

static enum carnet_err sign_as_machine(const struct carnet_key *key, const struct carnet_kind *kind,
                                       const uint8_t *sums, size_t size, uint8_t signature[CARNET_SIGNATURE_SIZE],
                                       struct carnet_diag *diag)
{
    (void)kind; /* the lines tell it */
    return carnet_machine_sign(key, sums, size, signature, diag);
}

enum carnet_err carnet_machine_seal(const struct carnet_key *key, enum carnet_kind_id kind, const uint8_t *document,
                                    size_t size, const struct carnet_embed *embed, struct carnet_buffer *out,
                                    struct carnet_digest *id, struct carnet_diag *diag)
{
    const struct carnet_kind *row = carnet_kind_get(kind);

    if (row->signer != CARNET_ROLE_MACHINE)
        return carnet_fail(diag, CARNET_BUG, "", "A machine was asked to make a bundle of the kind '%s'.", row->name);
    return carnet_seal_with(sign_as_machine, key, row, document, size, embed, embed == NULL ? 0 : 1, out, id, diag);
}

/* SPDX-License-Identifier: MIT */
/* Each document: the first byte chooses the kind by its row in the table, the rest is the XML. */
#include "bundle/kind.h"
#include "bundle/pack.h"
#include "bundle/unpack.h"
#include "document/document.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t signature[64] = {0};
    const struct carnet_kind *kind;
    struct carnet_buffer bundle = {0};
    struct carnet_unpacked *u = NULL;
    struct carnet_document *document = NULL;
    struct carnet_diag diag = {.detail = ""};
    char name[64];
    enum carnet_err err;

    if (size < 1)
        return 0;
    kind = carnet_kind_get((enum carnet_kind_id)(data[0] % CARNET_KIND_COUNT));
    (void)snprintf(name, sizeof name, "%s.xml", kind->name);
    const struct carnet_entry entries[] = {{"mimetype", (const uint8_t *)kind->mimetype, strlen(kind->mimetype)},
                                           {"SHA256SUMS", (const uint8_t *)"sums", 4},
                                           {"SHA256SUMS.sig", signature, sizeof signature},
                                           {"signer.pem", (const uint8_t *)"key", 3},
                                           {name, data + 1, size - 1}};
    err = carnet_pack(entries, sizeof entries / sizeof *entries, &bundle, &diag);
    if (!err)
        err = carnet_unpack(bundle.bytes, bundle.size, &u, &diag);
    if (!err) {
        diag = (struct carnet_diag){.detail = ""};
        err = carnet_document_read_unverified(u, &document, &diag);
        hold_refused(err, &diag);
        hold((err == CARNET_OK) == (document != NULL), "the result does not go with the outcome");
        if (document)
            hold(carnet_document_kind(document) == kind && carnet_document_vendor(document) != NULL,
                 "the document is of another kind than its bundle");
    }
    carnet_document_free(document);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    return 0;
}

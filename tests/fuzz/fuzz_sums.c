/* SPDX-License-Identifier: MIT */
/*
 * The checksum lines, as if their signature held: this file stands in for the stage before, so that the input need not
 * be signed. Differential: lines that are taken are those that writing gives.
 */
#include "bundle/pack.h"
#include "bundle/signature.h"
#include "bundle/unpack.h"
#include "fuzz.h"

struct carnet_signed {
    const struct carnet_unpacked *u;
};

static const struct carnet_unpacked *unpacked_of(const struct carnet_signed *s)
{
    return s->u;
}

#define carnet_signed_unpacked unpacked_of
#include "bundle/intact.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mimetype[] = "application/vnd.carnet.license;version=1";
    static const uint8_t signature[CARNET_SIGNATURE_SIZE] = {0};
    const struct carnet_entry entries[] = {{"mimetype", (const uint8_t *)mimetype, sizeof mimetype - 1},
                                           {"SHA256SUMS", data, size},
                                           {"SHA256SUMS.sig", signature, sizeof signature},
                                           {"signer.pem", (const uint8_t *)"key", 3},
                                           {"license.xml", (const uint8_t *)"document", 8}};
    const size_t count = sizeof entries / sizeof *entries;
    struct carnet_buffer bundle = {0}, sums = {0};
    struct carnet_unpacked *u = NULL;
    struct carnet_intact *intact = NULL;
    struct carnet_diag diag = {.detail = ""};
    struct carnet_signed s;
    enum carnet_err err;

    if (carnet_pack(entries, count, &bundle, &diag) || carnet_unpack(bundle.bytes, bundle.size, &u, &diag)) {
        carnet_buffer_clear(&bundle);
        return 0;
    }
    s.u = u;
    err = carnet_digests_check(&s, &intact, &diag);
    hold_refused(err, &diag);
    if (!err) {
        hold(carnet_sums_write(entries, count, &sums) == CARNET_OK, "the lines can't be written");
        hold(same(&sums, data, size), "other lines than those that are written were taken");
    }
    carnet_intact_free(intact);
    carnet_unpacked_free(u);
    carnet_buffer_clear(&sums);
    carnet_buffer_clear(&bundle);
    return 0;
}

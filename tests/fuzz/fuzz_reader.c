/* SPDX-License-Identifier: MIT */
/* The whole reader, trusting the samples' vendor. What holds, holds again when its own bytes are read. */
#include "bundle/signature.h"
#include "fuzz.h"
#include "rules/reading.h"

static struct carnet_anchor anchor;

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *hex = getenv("CARNET_FUZZ_ROOT");

    (void)argc;
    (void)argv;
    hold(hex && carnet_digest_parse(hex, &anchor.root) == CARNET_OK, "CARNET_FUZZ_ROOT is not the id of a key");
    anchor.vendor = anchor.root;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};
    const struct carnet_read_options options = {.anchors = &anchors};
    struct carnet_reading *reading = NULL, *again = NULL;
    struct carnet_diag diag = {.detail = ""};
    enum carnet_err err = carnet_reading_open(data, size, &options, &reading, &diag);
    const uint8_t *bytes;
    size_t bundle_size = 0;

    hold_refused(err, &diag);
    hold(reading != NULL, "there is no reading");
    hold((err == CARNET_OK) == (carnet_reading_failed_stage(reading) == CARNET_STAGE_COUNT),
         "the stage does not go with the outcome");
    if (!err) {
        bytes = carnet_reading_bytes(reading, &bundle_size);
        hold(carnet_reading_open(bytes, bundle_size, &options, &again, &diag) == CARNET_OK,
             "its own bytes do not hold again");
    }
    carnet_reading_free(again);
    carnet_reading_free(reading);
    return 0;
}

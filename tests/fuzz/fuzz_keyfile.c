/* SPDX-License-Identifier: MIT */
/* The file of a private key: it has one form only, so that writing gives the same bytes again. */
#include "bundle/key_file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct carnet_key_file file;
    struct carnet_buffer again = {0};
    struct carnet_diag diag = {.detail = ""};
    enum carnet_err err = carnet_key_file_parse(data, size, &file, &diag);

    hold_refused(err, &diag);
    if (!err) {
        hold(carnet_key_file_write(&file, &again) == CARNET_OK, "what was read can't be written");
        hold(same(&again, data, size), "written again, it is another file");
    }
    carnet_buffer_clear(&again);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* The container; differential: what was unpacked and is packed again gives the same bytes (C-8). */
#include "bundle/pack.h"
#include "bundle/unpack.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct carnet_unpacked *u = NULL;
    struct carnet_entry entries[CARNET_ENTRIES_MOST];
    struct carnet_buffer again = {0};
    struct carnet_diag diag = {.detail = ""};
    enum carnet_err err = carnet_unpack(data, size, &u, &diag);

    hold_refused(err, &diag);
    hold((err == CARNET_OK) == (u != NULL), "the result does not go with the outcome");
    if (u) {
        const size_t count = carnet_unpacked_count(u);
        for (size_t i = 0; i < count; i++)
            entries[i] = *carnet_unpacked_entry(u, i);
        hold(carnet_pack(entries, count, &again, &diag) == CARNET_OK, "what was unpacked can't be packed");
        hold(same(&again, data, size), "packed again, it is another file");
    }
    carnet_buffer_clear(&again);
    carnet_unpacked_free(u);
    return 0;
}

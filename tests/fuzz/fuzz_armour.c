/* SPDX-License-Identifier: MIT */
/* The text form; differential: what was read and is written as text reads as the same bytes. */
#include "bundle/armour.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct carnet_buffer bundle = {0}, text = {0}, again = {0};
    struct carnet_armour_notes notes, unused;
    struct carnet_diag diag = {.detail = ""};
    enum carnet_err err = carnet_armour_read(data, size, &bundle, &notes, &diag);

    hold_refused(err, &diag);
    if (!err) {
        hold(carnet_armour_write(notes.kind_name, bundle.bytes, bundle.size, &text) == CARNET_OK,
             "what was read can't be written");
        hold(carnet_armour_read(text.bytes, text.size, &again, &unused, &diag) == CARNET_OK,
             "what was written can't be read");
        hold(same(&again, bundle.bytes, bundle.size) && strcmp(notes.kind_name, unused.kind_name) == 0,
             "written and read, it is another bundle");
    } else {
        hold(bundle.size == 0, "a refusal left bytes behind");
    }
    carnet_buffer_clear(&bundle);
    carnet_buffer_clear(&text);
    carnet_buffer_clear(&again);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* What can be looked at in a file: each bundle of the chain, verified or not. */
#include <string.h>

#include "inspect/inspect.h"

static void fill(struct inspect_layer *layer, const struct carnet_reading *reading)
{
    layer->reading = reading;
    layer->judged = carnet_reading_judged(reading) != NULL;
    layer->document = carnet_reading_document(reading);
    if (layer->document == NULL && carnet_reading_unpacked(reading) != NULL &&
        carnet_document_read_unverified(carnet_reading_unpacked(reading), &layer->own_document, NULL) == CARNET_OK)
        layer->document = layer->own_document;
}

/* Reads the embedded bundle by itself, where the reading of the outer one stopped before it. */
static const struct carnet_reading *read_embedded(const struct carnet_reading *outer,
                                                  const struct carnet_read_options *options,
                                                  struct inspect_layer *layer)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(outer);
    const struct carnet_read_options any = {.anchors = options->anchors, .keys = options->keys};
    if (unpacked == NULL || carnet_unpacked_count(unpacked) != CARNET_ENTRY_EMBEDDED + 1)
        return NULL;
    const struct carnet_entry *entry = carnet_unpacked_entry(unpacked, CARNET_ENTRY_EMBEDDED);
    /* Its outcome is not the file's: whatever it holds is shown as it is. */
    const enum carnet_err err = carnet_reading_open(entry->bytes, entry->size, &any, &layer->own_reading, NULL);
    return err == CARNET_NO_MEMORY || err == CARNET_CONFIGURATION ? NULL : layer->own_reading;
}

void inspect_layers_open(const struct carnet_reading *reading, const struct carnet_read_options *options,
                         struct inspect_layers *out)
{
    *out = (struct inspect_layers){0};
    while (reading != NULL && out->count < INSPECT_LAYERS_MOST) {
        struct inspect_layer *layer = &out->list[out->count++];
        fill(layer, reading);
        const struct carnet_reading *inner = carnet_reading_embedded(reading);
        if (inner == NULL && out->count < INSPECT_LAYERS_MOST)
            inner = read_embedded(reading, options, &out->list[out->count]);
        reading = inner;
    }
}

void inspect_layers_clear(struct inspect_layers *layers)
{
    for (size_t i = 0; i < INSPECT_LAYERS_MOST; i++) {
        carnet_document_free(layers->list[i].own_document);
        carnet_reading_free(layers->list[i].own_reading);
    }
    *layers = (struct inspect_layers){0};
}

const char *inspect_layer_status(const struct inspect_layer *layer)
{
    const struct carnet_kind *kind = carnet_reading_kind(layer->reading);
    if (!layer->judged)
        return "unverified";
    return kind != NULL && kind->self_asserted ? "self-asserted" : "verified";
}

json_t *inspect_stages(const struct carnet_reading *reading, enum carnet_err err, enum carnet_err time)
{
    static const char *const elsewhere[] = {"machine", "user"};
    const enum carnet_stage failed = reading != NULL ? carnet_reading_failed_stage(reading) : CARNET_STAGE_FORMAT;
    json_t *list = json_array();
    int bad = list == NULL;
    for (size_t i = 0; i < CARNET_STAGE_COUNT; i++) {
        const char *outcome = i < failed    ? carnet_outcome_name(CARNET_OK)
                              : i == failed ? carnet_outcome_name(err)
                                            : "not-checked";
        bad |= json_array_append_new(
            list, json_pack("{s:s, s:s}", "stage", carnet_stage_name((enum carnet_stage)i), "outcome", outcome));
    }
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        bad |= json_array_append_new(list, json_pack("{s:s, s:s}", "stage", elsewhere[i], "outcome", "not-checked"));
    bad |= json_array_append_new(list,
                                 json_pack("{s:s, s:s}", "stage", "time", "outcome",
                                           time == CARNET_OUTCOME_COUNT ? "not-checked" : carnet_outcome_name(time)));
    if (bad != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

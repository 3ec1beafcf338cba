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

static int add_stage(json_t *list, const char *stage, enum carnet_err err)
{
    const char *outcome = err == CARNET_OUTCOME_COUNT ? "not-checked" : carnet_outcome_name(err);
    return json_array_append_new(list, json_pack("{s:s, s:s}", "stage", stage, "outcome", outcome));
}

json_t *inspect_stages(enum carnet_stage failed, enum carnet_err err, const struct inspect_later *later)
{
    json_t *list = json_array();
    int bad = list == NULL;
    for (enum carnet_stage i = 0; i < CARNET_STAGE_COUNT; i++)
        bad |= add_stage(list, carnet_stage_name(i), i < failed ? CARNET_OK : i == failed ? err : CARNET_OUTCOME_COUNT);
    bad |= add_stage(list, "machine", later->machine);
    bad |= add_stage(list, "user", later->user);
    bad |= add_stage(list, "time", later->time);
    if (bad != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

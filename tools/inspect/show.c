/* SPDX-License-Identifier: MIT */
/* show FILE: all that a file says, and whether it is proved. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "inspect/cage.h"
#include "inspect/inspect.h"

/* The raw entries with their digests, to be compared with SHA256SUMS by hand. */
static json_t *list_entries(struct cli *cli, const struct carnet_unpacked *unpacked)
{
    json_t *list = json_array();
    int bad = list == NULL;
    cli_data(cli, "\n%sEntries%s\n", cli_style(cli, "bold"), cli_style(cli, "off"));
    for (size_t i = 0; i < carnet_unpacked_count(unpacked); i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(unpacked, i);
        struct carnet_digest digest;
        char hex[CARNET_HEX_SIZE];
        carnet_sha256(entry->bytes, entry->size, &digest);
        carnet_digest_hex(&digest, hex);
        cli_data(cli, "  %7zu  %s  %.16s%s\n", entry->size, hex, entry->name, strlen(entry->name) > 16 ? "..." : "");
        bad |= json_array_append_new(
            list, json_pack("{s:s, s:I, s:s}", "name", entry->name, "size", (json_int_t)entry->size, "sha256", hex));
    }
    if (bad != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static int set_hex(json_t *object, const char *key, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    return json_object_set_new(object, key, json_string(hex));
}

/* One bundle of the chain; `fields` is stolen. */
static json_t *describe_layer(const struct inspect_layer *layer, json_t *fields)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(layer->reading);
    const struct carnet_intact *intact = carnet_reading_intact(layer->reading);
    const struct carnet_signed *signature = carnet_reading_signed(layer->reading);
    json_t *object = json_object();
    int bad = object == NULL;
    if (unpacked != NULL)
        bad |= json_object_set_new(object, "kind", json_string(carnet_unpacked_kind_name(unpacked)));
    bad |= json_object_set_new(object, "status", json_string(inspect_layer_status(layer)));
    if (intact != NULL)
        bad |= set_hex(object, "id", carnet_intact_id(intact));
    if (signature != NULL)
        bad |= set_hex(object, "signer", carnet_signed_signer(signature));
    if (layer->document != NULL)
        bad |= json_object_set_new(object, "document", fields);
    if (bad != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* `time` is a diagnosis of inspect_judge_time, or holds CARNET_OK. */
static void tell_head(struct cli *cli, const char *file, const struct inspect_layer *outer, enum carnet_err err,
                      const struct carnet_diag *time)
{
    char shown[512], sentence[1024];
    const char *status = inspect_layer_status(outer);
    carnet_text_escape(file, strlen(file), shown, sizeof shown);
    if (!outer->judged) {
        cli_data(cli, "%s%sUNVERIFIED%s  %s\n", cli_style(cli, "bold"), cli_style(cli, "bad"), cli_style(cli, "off"),
                 shown);
        cli_data(cli, "%s: %s\nNothing below is proved; anyone may have written it.\n", carnet_outcome_name(err),
                 cli_diag(cli)->detail);
    } else {
        cli_data(cli, "%s%s%s%s  %s\n", cli_style(cli, "bold"), cli_style(cli, "good"), status, cli_style(cli, "off"),
                 shown);
    }
    if (outer->document != NULL) {
        inspect_sentence(outer->document, sentence, sizeof sentence);
        cli_data(cli, "\n%s\n", sentence);
    }
    if (time->err != CARNET_OK)
        cli_data(cli, "%s%s%s: %s\n", cli_style(cli, "warn"), carnet_outcome_name(time->err), cli_style(cli, "off"),
                 time->detail);
}

static void tell_ids(struct cli *cli, const struct inspect_layer *outer)
{
    const struct carnet_intact *intact = carnet_reading_intact(outer->reading);
    const struct carnet_signed *signature = carnet_reading_signed(outer->reading);
    char hex[CARNET_HEX_SIZE];
    if (signature == NULL)
        return;
    cli_data(cli, "\n%sBundle%s\n", cli_style(cli, "bold"), cli_style(cli, "off"));
    if (intact != NULL) {
        carnet_digest_hex(carnet_intact_id(intact), hex);
        cli_data(cli, "  %-22s %s\n", "Id", hex);
        cli_set(cli, "id", json_string(hex));
    }
    carnet_digest_hex(carnet_signed_signer(signature), hex);
    cli_data(cli, "  %-22s %s\n", "Signed by key", hex);
    cli_set(cli, "signer", json_string(hex));
}

/* The outermost document in full; those it rests on in full as JSON, and as headed parts of the text. */
static void tell_layers(struct cli *cli, const struct inspect_layers *layers, int64_t at)
{
    json_t *chain = json_array();
    int bad = chain == NULL;
    for (size_t i = 0; i < layers->count; i++) {
        const struct inspect_layer *layer = &layers->list[i];
        json_t *fields = NULL;
        if (layer->document != NULL) {
            if (i > 0)
                cli_data(cli, "\n%s--- what it rests on: %s (%s) ---%s\n", cli_style(cli, "dim"),
                         carnet_document_kind(layer->document)->name, inspect_layer_status(layer),
                         cli_style(cli, "off"));
            fields = inspect_fields(cli, layer->document, at);
        }
        bad |= json_array_append_new(chain, describe_layer(layer, fields));
    }
    if (bad != 0) {
        json_decref(chain);
        chain = NULL;
    }
    cli_set(cli, "chain", chain);
}

/* ---- --explain ---- */

struct explaining {
    struct cli *cli;
    const char *kind;
    json_t *list;
    int bad;
};

static void explain_field(void *context, const char *element, const char *attribute, const char *value,
                          const char *meaning, bool again)
{
    struct explaining *e = context;
    char shown[4 * CARNET_TEXT_SIZE];
    json_t *object = json_pack("{s:s, s:s}", "kind", e->kind, "element", element);
    if (attribute == NULL) {
        cli_data(e->cli, "\n%s%s%s  %s\n", cli_style(e->cli, "bold"), element, cli_style(e->cli, "off"),
                 again ? "" : meaning);
    } else {
        carnet_text_escape(value, strlen(value), shown, sizeof shown);
        cli_data(e->cli, "  %s=\"%s\"\n", attribute, shown);
        if (!again)
            cli_data(e->cli, "      %s\n", meaning);
        e->bad |= json_object_set_new(object, "attribute", json_string(attribute));
        e->bad |= json_object_set_new(object, "value", cli_json_text(value));
    }
    e->bad |= json_object_set_new(object, "meaning", json_string(meaning));
    e->bad |= json_array_append_new(e->list, object);
}

/* Every field of every document that could be parsed, with what the schema says that it means. */
static void explain_layers(struct cli *cli, const struct inspect_layers *layers)
{
    struct explaining e = {.cli = cli, .list = json_array()};
    e.bad = e.list == NULL;
    for (size_t i = 0; i < layers->count; i++) {
        const struct inspect_layer *layer = &layers->list[i];
        struct carnet_diag diag = {0};
        if (layer->document == NULL)
            continue;
        e.kind = carnet_document_kind(layer->document)->name;
        cli_data(cli, "\n%s--- what the fields mean: %s (%s) ---%s\n", cli_style(cli, "dim"), e.kind,
                 inspect_layer_status(layer), cli_style(cli, "off"));
        if (carnet_document_meanings(carnet_reading_unpacked(layer->reading), explain_field, &e, &diag) != CARNET_OK)
            e.bad = -1; /* it was parsed before, so there is no memory */
    }
    if (e.bad != 0) {
        json_decref(e.list);
        e.list = NULL;
    }
    cli_set(cli, "meanings", e.list);
}

struct showing {
    const char *file;
    int64_t at;
    bool terminal;
    struct inspect_trust trust;
    struct carnet_read_options options;
    struct cli_bundle bundle;
    struct inspect_layers layers;
};

/* All that there is to say. `err` is the outcome of the reading; the time is told, but no refusal: a file may be shown
 * whenever. */
static void tell_all(struct cli *cli, const struct showing *s, enum carnet_err err)
{
    const struct carnet_reading *reading = s->bundle.reading;
    const struct inspect_layer *outer = &s->layers.list[0];
    struct inspect_later later = {CARNET_OUTCOME_COUNT, CARNET_OUTCOME_COUNT, CARNET_OUTCOME_COUNT};
    struct carnet_diag time = {0};
    if (err == CARNET_OK)
        later.time = inspect_judge_time(carnet_reading_judged(reading), s->at, &time);
    tell_head(cli, s->file, outer, err, &time);
    cli_set(cli, "inspected", cli_json_text(s->file));
    cli_set(cli, "status", json_string(inspect_layer_status(outer)));
    cli_set(cli, "kind", json_string(carnet_unpacked_kind_name(carnet_reading_unpacked(reading))));
    inspect_tree(cli, &s->layers, &s->trust);
    tell_ids(cli, outer);
    cli_set(cli, "stages", inspect_stages(carnet_reading_failed_stage(reading), err, &later));
    tell_layers(cli, &s->layers, s->at);
    if (cli_flag(cli, "explain"))
        explain_layers(cli, &s->layers);
    cli_set(cli, "entries", list_entries(cli, carnet_reading_unpacked(reading)));
    if (cli_flag(cli, "bytes"))
        inspect_raw_headers(cli, reading);
}

/* In the cage: reads what was loaded, and tells it. */
static enum carnet_err show(struct cli *cli, struct showing *s)
{
    const char *name = cli_value(cli, "entry");
    enum carnet_err told = CARNET_OK, err;
#ifdef CARNET_TEST_SYSROOT
    cage_try(s->bundle.bytes.bytes, s->bundle.bytes.size);
#endif
    err = cli_bundle_open(cli, s->file, &s->options, &s->bundle);
    inspect_trust_advise(&s->trust, cli_diag(cli));
    if (s->bundle.reading == NULL || carnet_reading_unpacked(s->bundle.reading) == NULL)
        return err; /* nothing to look at: the refusal says why */
    inspect_layers_open(s->bundle.reading, &s->options, &s->layers);
    if (name == NULL || cli_json(cli))
        tell_all(cli, s, err);
    if (name != NULL)
        told = inspect_raw_entry(cli, carnet_reading_unpacked(s->bundle.reading), name, s->terminal);
    return told != CARNET_OK ? told : err;
}

enum carnet_err inspect_show_run(struct cli *cli)
{
    struct showing s = {.file = cli_argument(cli, 0), .terminal = isatty(STDOUT_FILENO) != 0};
    enum carnet_err err = inspect_at(cli, &s.at);
    if (err == CARNET_OK)
        err = inspect_trust_load(cli, &s.trust);
    s.options.anchors = &s.trust.anchors;
    if (err == CARNET_OK)
        err = cli_bundle_load(cli, s.file, &s.bundle);
    if (err == CARNET_OK && !cli_flag(cli, "no-cage")) {
        err = cage_rest(cli_diag(cli));
        cli_place(cli, err != CARNET_OK ? s.file : NULL);
    }
    if (err == CARNET_OK)
        err = show(cli, &s);
    inspect_layers_clear(&s.layers);
    cli_bundle_clear(&s.bundle);
    inspect_trust_clear(&s.trust);
    return err;
}

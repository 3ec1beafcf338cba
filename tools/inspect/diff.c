/* SPDX-License-Identifier: MIT */
/* diff A B: what two bundles say differently, what matters first. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect/cage.h"
#include "inspect/diff.h"
#include "inspect/differences.h"

struct side {
    const char *file;
    struct cli_bundle *bundle;
    struct inspect_layers layers;
    struct carnet_diag why; /* why it is not verified; err is CARNET_OK where it is */
};

/* Reads it as far as it holds. Fails only where there is nothing to be compared. */
static enum carnet_err read_side(struct cli *cli, const struct carnet_read_options *options, struct side *s)
{
    enum carnet_err err = cli_bundle_open(cli, s->file, options, s->bundle);
    if (s->bundle->reading == NULL || carnet_reading_unpacked(s->bundle->reading) == NULL)
        return err;
    if (err != CARNET_OK)
        s->why = *cli_diag(cli);
    inspect_layers_open(s->bundle->reading, options, &s->layers);
    if (s->layers.list[0].document == NULL)
        return err != CARNET_OK ? err : CARNET_BUG;
    cli_place(cli, NULL);
    return CARNET_OK;
}

static const struct carnet_kind *kind_of(const struct side *s)
{
    return carnet_document_kind(s->layers.list[0].document);
}

/* All that it says: its own fields, and those of what it rests on under that one's kind. */
static json_t *all_fields(const struct side *s)
{
    const struct inspect_layers *layers = &s->layers;
    json_t *all = inspect_fields(NULL, layers->list[0].document, 0);
    int bad = all == NULL;
    bad |= json_object_set_new(all, "status", json_string(inspect_layer_status(&layers->list[0])));
    bad |= json_object_set_new(all, "kind", json_string(kind_of(s)->name));
    for (size_t i = 1; i < layers->count; i++) {
        const struct carnet_document *document = layers->list[i].document;
        json_t *fields = document != NULL ? inspect_fields(NULL, document, 0) : json_object();
        const char *key;
        json_t *value;
        json_object_foreach(fields, key, value)
        {
            char path[96];
            (void)snprintf(path, sizeof path, "%s/%s", carnet_document_kind(document)->name, key);
            bad |= json_object_set(all, path, value);
        }
        json_decref(fields);
    }
    if (bad != 0) {
        json_decref(all);
        return NULL;
    }
    return all;
}

static void tell_side(struct cli *cli, const struct side *s)
{
    char shown[512], words[600];
    carnet_text_escape(s->file, strlen(s->file), shown, sizeof shown);
    inspect_summary(s->layers.list[0].document, words, sizeof words);
    cli_data(cli, "%s%s%s  %s  %s\n", cli_style(cli, s->why.err == CARNET_OK ? "good" : "bad"),
             s->why.err == CARNET_OK ? inspect_layer_status(&s->layers.list[0]) : "UNVERIFIED", cli_style(cli, "off"),
             shown, words);
    if (s->why.err != CARNET_OK)
        cli_data(cli, "  %s: %s\n", carnet_outcome_name(s->why.err), s->why.detail);
}

static json_t *side_json(const struct side *s)
{
    char words[600];
    inspect_summary(s->layers.list[0].document, words, sizeof words);
    return json_pack("{s:o, s:s, s:s, s:o, s:s}", "file", cli_json_text(s->file), "status",
                     inspect_layer_status(&s->layers.list[0]), "kind", kind_of(s)->name, "summary",
                     cli_json_text(words), "outcome", carnet_outcome_name(s->why.err));
}

/* One line of many, where there is something to tell. */
static void tell_line(struct cli *cli, const struct side *a, const struct side *b, const char *words,
                      json_t *differences)
{
    char shown[512], summary[600];
    carnet_text_escape(b->file, strlen(b->file), shown, sizeof shown);
    inspect_summary(b->layers.list[0].document, summary, sizeof summary);
    cli_data(cli, "%schanged%s  %s  %s\n", cli_style(cli, "warn"), cli_style(cli, "off"), shown, summary);
    if (words[0] != '\0')
        cli_data(cli, "  %s\n", words);
    else
        inspect_differences_tell(cli, differences);
    cli_json_line(cli,
                  json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:s, s:O}", "outcome", carnet_outcome_name(CARNET_DIFFERS),
                            "exit", carnet_outcome_exit(CARNET_DIFFERS), "message",
                            "The two say different things about the same.", "next", carnet_outcome_next(CARNET_DIFFERS),
                            "from", side_json(a), "to", side_json(b), "words", words, "differences", differences));
}

static enum carnet_err tell(struct cli *cli, const struct side *a, const struct side *b, bool line)
{
    char words[1024];
    json_t *fields_a = all_fields(a), *fields_b = all_fields(b);
    json_t *differences = fields_a != NULL && fields_b != NULL ? inspect_differences(fields_a, fields_b) : NULL;
    const size_t count = json_array_size(differences);
    const bool same_bytes = a->bundle->bytes.size == b->bundle->bytes.size &&
                            memcmp(a->bundle->bytes.bytes, b->bundle->bytes.bytes, a->bundle->bytes.size) == 0;
    json_decref(fields_a);
    json_decref(fields_b);
    if (differences == NULL)
        return CARNET_NO_MEMORY;
    inspect_differences_words(differences, words, sizeof words);
    if (line) {
        if (count > 0)
            tell_line(cli, a, b, words, differences);
        json_decref(differences);
        return count > 0 ? CARNET_DIFFERS : CARNET_OK;
    }
    tell_side(cli, a);
    tell_side(cli, b);
    cli_data(cli, "\n%s%s%s\n", cli_style(cli, "bold"),
             words[0] != '\0' ? words
             : count > 0      ? "the terms are the same"
             : same_bytes     ? "the same, byte for byte"
                              : "they say the same",
             cli_style(cli, "off"));
    inspect_differences_tell(cli, differences);
    cli_set(cli, "from", side_json(a));
    cli_set(cli, "to", side_json(b));
    cli_set(cli, "same-bytes", json_boolean(same_bytes));
    cli_set(cli, "words", json_string(words));
    cli_set(cli, "differences", differences);
    if (count == 0)
        return CARNET_OK;
    return carnet_fail(cli_diag(cli), CARNET_DIFFERS, "", "The two say %zu thing%s differently.", count,
                       count == 1 ? "" : "s");
}

enum carnet_err diff_pair(struct cli *cli, const struct carnet_anchors *anchors, struct diff_pair *pair, bool line)
{
    const struct carnet_read_options options = {.anchors = anchors};
    struct side a = {.file = pair->files[0], .bundle = &pair->bundles[0]};
    struct side b = {.file = pair->files[1], .bundle = &pair->bundles[1]};
    enum carnet_err err = read_side(cli, &options, &a);
    if (err == CARNET_OK)
        err = read_side(cli, &options, &b);
    if (err == CARNET_OK)
        err = tell(cli, &a, &b, line);
    inspect_layers_clear(&a.layers);
    inspect_layers_clear(&b.layers);
    return err;
}

void diff_pair_clear(struct diff_pair *pair)
{
    cli_bundle_clear(&pair->bundles[0]);
    cli_bundle_clear(&pair->bundles[1]);
}

static enum carnet_err diff_files(struct cli *cli, const struct inspect_trust *trust)
{
    struct diff_pair pair = {.files = {cli_argument(cli, 0), cli_argument(cli, 1)}};
    enum carnet_err err = cli_bundle_load(cli, pair.files[0], &pair.bundles[0]);
    if (err == CARNET_OK)
        err = cli_bundle_load(cli, pair.files[1], &pair.bundles[1]);
    if (err == CARNET_OK && !cli_flag(cli, "no-cage"))
        err = cage_rest(cli_diag(cli));
    if (err == CARNET_OK)
        err = diff_pair(cli, &trust->anchors, &pair, false);
    diff_pair_clear(&pair);
    return err;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

enum carnet_err inspect_diff_run(struct cli *cli)
{
    struct inspect_trust trust = {0};
    const bool folders[2] = {is_folder(cli_argument(cli, 0)), is_folder(cli_argument(cli, 1))};
    if (folders[0] != folders[1])
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Name two files, or two folders.");
    enum carnet_err err = inspect_trust_load(cli, &trust);
    if (err == CARNET_OK)
        err = folders[0] ? diff_trees(cli, &trust) : diff_files(cli, &trust);
    inspect_trust_clear(&trust);
    return err;
}

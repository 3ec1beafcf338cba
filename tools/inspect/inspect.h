/* SPDX-License-Identifier: MIT */
/* What the commands of carnet-inspect share. */
#ifndef CARNET_INSPECT_INSPECT_H
#define CARNET_INSPECT_INSPECT_H

#include "common/cli.h"
#include "rules/reading.h"
#include "state/check.h"

/* ---- commands ---- */
enum carnet_err inspect_show_run(struct cli *cli);
enum carnet_err inspect_verify_run(struct cli *cli);
enum carnet_err inspect_diff_run(struct cli *cli);
enum carnet_err inspect_report_run(struct cli *cli);
enum carnet_err inspect_schema_run(struct cli *cli);

/* ---- whom to trust ---- */
/* The roots that were given. Zero-initialised trusts nobody. */
struct inspect_trust {
    struct carnet_anchors anchors;
    struct carnet_anchor *list; /* of anchors */
    char **sources;             /* the file of each */
    /* Trust information that was given: what was read, and its documents, of which the anchors speak. */
    struct inspect_information {
        struct carnet_buffer bytes;
        struct carnet_reading *reading;
    } * information;
    const struct carnet_trust **documents;
};
/* From --trust, else $CARNET_TRUST, else /etc/carnet/trust.d; a folder stands for its *.pem and *.carnet. A file
 * without a sound root key or trust information is CARNET_CONFIGURATION. */
CARNET_MUST_USE enum carnet_err inspect_trust_load(struct cli *cli, struct inspect_trust *out);
void inspect_trust_clear(struct inspect_trust *trust);
/* The file that a root key came from, or NULL. */
const char *inspect_trust_source(const struct inspect_trust *trust, const struct carnet_digest *root);
/* Puts advice that fits an inspector into a diagnosis CARNET_UNTRUSTED_KEY. */
void inspect_trust_advise(const struct inspect_trust *trust, struct carnet_diag *diag);

/* ---- time ---- */
/* --at, else now. */
CARNET_MUST_USE enum carnet_err inspect_at(struct cli *cli, int64_t *at);
/* O-1 and O-2, as far as they can be judged without a machine. */
CARNET_MUST_USE enum carnet_err inspect_judge_time(const struct carnet_judged *judged, int64_t at,
                                                   struct carnet_diag *diag);

/* ---- folders ---- */
/* Does a file in a folder look like a bundle or armour: by its name, or by how it begins? */
bool inspect_is_ours(int folder, const char *name);

/* ---- the machine at hand ---- */
/* --machine: it, as each trusted vendor's licenses see it (in the order of the anchors). *out is freed with free(). */
CARNET_MUST_USE enum carnet_err inspect_surroundings(struct cli *cli, const struct inspect_trust *trust, int64_t at,
                                                     struct carnet_surroundings **out);

/* ---- what a file holds ---- */
/* One bundle, or one embedded in it. The document may be unverified. */
struct inspect_layer {
    const struct carnet_reading *reading;
    const struct carnet_document *document; /* NULL when it can't be parsed */
    bool judged;                            /* every stage held */
    struct carnet_reading *own_reading;     /* where the walk did not come that far */
    struct carnet_document *own_document;
};
#define INSPECT_LAYERS_MOST 3 /* */
/* From the outermost inwards. */
struct inspect_layers {
    size_t count;
    struct inspect_layer list[INSPECT_LAYERS_MOST];
};
void inspect_layers_open(const struct carnet_reading *reading, const struct carnet_read_options *options,
                         struct inspect_layers *out);
void inspect_layers_clear(struct inspect_layers *layers);
/* "verified", "self-asserted" (its signature holds, and nobody vouches for the signer) or "unverified". */
const char *inspect_layer_status(const struct inspect_layer *layer);

/* The outcomes of what is judged after the walk in; CARNET_OUTCOME_COUNT for what was not asked or not come to. */
struct inspect_later {
    enum carnet_err machine, user, time;
};
/* Every check with its outcome, as JSON: the stages of the walk in up to the one that failed (with `err`), then the
 * later ones. NULL when there is no memory. */
json_t *inspect_stages(enum carnet_stage failed, enum carnet_err err, const struct inspect_later *later);

/* ---- how it is told ---- */
/* All fields of a document: text for people as data, and the same as a JSON object. Times are told relative to `at`.
 * With a NULL `cli` the JSON alone is made. */
json_t *inspect_fields(struct cli *cli, const struct carnet_document *document, int64_t at);
/* Who says what to whom: one sentence, escaped. */
void inspect_sentence(const struct carnet_document *document, char *out, size_t room);
/* The same in few words, for a line of a list: "license CAD-1 seat 3 for lab-7 until 2027-01-01". */
void inspect_summary(const struct carnet_document *document, char *out, size_t room);
/* The bytes of the entry of that name: as they are, or on a terminal with its lines escaped. CARNET_NOT_FOUND. */
CARNET_MUST_USE enum carnet_err inspect_raw_entry(struct cli *cli, const struct carnet_unpacked *unpacked,
                                                  const char *name, bool terminal);
/* The headers of the archive, as bytes. */
void inspect_raw_headers(struct cli *cli, const struct carnet_reading *reading);
/* Puts words that fit an inspector into a diagnosis CARNET_WRONG_KIND: the file is of that kind ("" when it is not
 * known), and the option asked for another. */
void inspect_kind_advise(const char *kind, const char *option, struct carnet_diag *diag);
/* Prints the chain of trust as a tree, from the root to the machine. */
void inspect_tree(struct cli *cli, const struct inspect_layers *layers, const struct inspect_trust *trust);

#endif

/* SPDX-License-Identifier: MIT */
/* Everything that an auditor names, looked at by caged workers: what verify and report have in common. */
#ifndef CARNET_INSPECT_SURVEY_H
#define CARNET_INSPECT_SURVEY_H

#include "inspect/pool.h"

/* Told once for each file, in order; `diag` is advice that fits an inspector. `facts` where the terms ask for them. */
typedef enum carnet_err survey_tell_fn(void *context, const char *file, const struct examine_found *found,
                                       const struct carnet_diag *diag, const struct inspect_facts *facts);

/* Zero-initialised is empty. */
struct survey {
    struct cli *cli;
    survey_tell_fn *tell;
    void *context;
    const char *doing; /* "verifying", for the bar */
    struct inspect_trust trust;
    struct examine_terms terms;
    struct worker_setting setting;
    uint32_t jobs;
    struct pool *pool;
    struct carnet_buffer bytes; /* of the file at hand, its memory used again */
    unsigned long files, others, self_asserted;
    unsigned long counts[CARNET_OUTCOME_COUNT];
    enum carnet_err worst;
    struct carnet_diag worst_diag;
    char *worst_file;
};

/* Takes --at, --trust, --jobs and --no-cage. The caller fills what else the terms have, then runs it. */
CARNET_MUST_USE enum carnet_err survey_begin(struct cli *cli, struct survey *s);
/* Every PATH, --files0-from, and the values of the option `also` (NULL for none). */
CARNET_MUST_USE enum carnet_err survey_run(struct survey *s, const char *also);
/* Found out about that file ("" for none) after all were looked at: it counts when it is worse. */
CARNET_MUST_USE enum carnet_err survey_keep_worst(struct survey *s, const char *file, enum carnet_err err,
                                                  const struct carnet_diag *diag);
/* The worst outcome, as the refusal of the run: the one with the highest exit code; of two alike the first. */
CARNET_MUST_USE enum carnet_err survey_settle(struct survey *s);
/* "seccomp and Landlock": the walls around the workers. */
const char *survey_cage(const struct survey *s);
/* How many files had each outcome, as a JSON object; NULL when there is no memory. */
json_t *survey_counts(const struct survey *s);
void survey_end(struct survey *s);

#endif

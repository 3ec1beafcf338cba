/* SPDX-License-Identifier: MIT */
#include "inspect/survey.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/progress.h"
#include "core/file.h"
#include "inspect/tree.h"

enum carnet_err survey_keep_worst(struct survey *s, const char *file, enum carnet_err err,
                                  const struct carnet_diag *diag)
{
    if (carnet_outcome_exit(err) <= carnet_outcome_exit(s->worst))
        return CARNET_OK;
    char *copy = strdup(file);
    if (copy == NULL)
        return CARNET_NO_MEMORY;
    free(s->worst_file);
    s->worst_file = copy;
    s->worst = err;
    s->worst_diag = *diag;
    return CARNET_OK;
}

/* Fails only where the whole run can't go on. */
static enum carnet_err told(void *context, const char *file, const struct examine_found *found,
                            const struct inspect_facts *facts)
{
    struct survey *s = context;
    struct carnet_diag diag = found->diag;
    inspect_trust_advise(&s->trust, &diag);
    if (s->terms.expected != 0)
        inspect_kind_advise(found->kind, "--require-kind", &diag);
    s->files++;
    s->counts[found->err]++;
    cli_progress_add(s->cli, 1);
    s->self_asserted += found->err == CARNET_OK && found->self_asserted;
    const enum carnet_err err = s->tell(s->context, file, found, &diag, facts);
    return err != CARNET_OK ? err : survey_keep_worst(s, file, found->err, &diag);
}

/* ---- files ---- */

/* Hands the bytes that were read to the workers; or why there are none. */
static enum carnet_err hand_over(struct survey *s, const char *path, enum carnet_err err, const struct carnet_diag *why)
{
    if (err == CARNET_OK)
        err = pool_look(s->pool, path, s->bytes.bytes, s->bytes.size, cli_diag(s->cli));
    else
        err = pool_pass(s->pool, path, why, cli_diag(s->cli));
    s->bytes.size = 0; /* its memory is used again */
    return err;
}

static enum carnet_err visit_file(void *context, const char *path, int folder, const char *name, bool named)
{
    struct survey *s = context;
    struct carnet_diag why = {0};
    if (!named && !inspect_is_ours(folder, name)) {
        s->others++;
        cli_progress_add(s->cli, 1);
        return CARNET_OK;
    }
    const enum carnet_err err = carnet_file_read(folder, name, CARNET_ARMOUR_MOST, !named, &s->bytes, &why);
    return hand_over(s, path, err, &why);
}

static enum carnet_err visit_trouble(void *context, const char *path, const struct carnet_diag *why)
{
    return hand_over(context, path, why->err, why);
}

static void visit_other(void *context)
{
    ((struct survey *)context)->others++;
}

static enum carnet_err look_path(struct survey *s, const char *path)
{
    const struct tree_visitor visitor = {visit_file, visit_trouble, visit_other, s};
    struct carnet_diag why = {0};
    if (strcmp(path, "-") != 0)
        return tree_walk(&visitor, path);
    const enum carnet_err err = carnet_armour_read_fd(STDIN_FILENO, &s->bytes, &why);
    return hand_over(s, path, err, &why);
}

/* --files0-from: names that end in NUL, as 'find -print0' writes them. */
static enum carnet_err look_list(struct survey *s, const char *list)
{
    const bool input = strcmp(list, "-") == 0;
    FILE *file = input ? stdin : fopen(list, "re");
    char *name = NULL;
    size_t room = 0;
    enum carnet_err err = CARNET_OK;
    if (file == NULL)
        err = carnet_fail_errno(cli_diag(s->cli), errno, "The list of files can't be read");
    while (err == CARNET_OK && (errno = 0, getdelim(&name, &room, '\0', file)) >= 0) {
        if (input && strcmp(name, "-") == 0)
            err = carnet_fail(cli_diag(s->cli), CARNET_USAGE, "",
                              "The list comes from standard input, so no file in it can.");
        else
            err = look_path(s, name);
    }
    if (err == CARNET_OK && ferror(file) != 0)
        err = carnet_fail_errno(cli_diag(s->cli), errno, "The list of files can't be read to its end");
    if (err != CARNET_OK && cli_diag(s->cli)->err == err)
        cli_place(s->cli, list);
    free(name);
    if (file != NULL && !input)
        (void)fclose(file);
    return err;
}

static uint32_t processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    const unsigned count = (unsigned)CPU_COUNT(&set);
    return count < 1 ? 1 : count > POOL_JOBS_MOST ? POOL_JOBS_MOST : count;
}

static enum carnet_err count_file(void *context, const char *path, int folder, const char *name, bool named)
{
    (void)path, (void)folder, (void)name, (void)named;
    ++*(size_t *)context;
    return CARNET_OK;
}

static enum carnet_err count_nothing(void *context, const char *path, const struct carnet_diag *why)
{
    (void)context, (void)path, (void)why;
    return CARNET_OK;
}

static void pass_over(void *context)
{
    (void)context;
}

/* A bar, where somebody can see it: then all is counted first. A list has no end before it has come to it. */
static enum carnet_err begin_progress(struct survey *s)
{
    size_t total = 0;
    const struct tree_visitor counter = {count_file, count_nothing, pass_over, &total};
    enum carnet_err err = CARNET_OK;
    if (isatty(STDERR_FILENO) == 0 || cli_quiet(s->cli) || cli_json(s->cli) || cli_value(s->cli, "files0-from") != NULL)
        return CARNET_OK;
    for (size_t i = 0; i < cli_count(s->cli) && err == CARNET_OK; i++)
        err = tree_walk(&counter, cli_argument(s->cli, i));
    if (err == CARNET_OK)
        cli_progress_begin(s->cli, s->doing, total, 1);
    return err;
}

/* ---- the whole ---- */

enum carnet_err survey_begin(struct cli *cli, struct survey *s)
{
    s->cli = cli;
    if (cli_count(cli) == 0 && cli_value(cli, "files0-from") == NULL)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Name the files and folders to look at, or --files0-from.");
    enum carnet_err err = cli_number(cli, "jobs", 1, POOL_JOBS_MOST, processors(), &s->jobs);
    if (err == CARNET_OK)
        err = inspect_at(cli, &s->terms.at);
    if (err == CARNET_OK)
        err = inspect_trust_load(cli, &s->trust);
    s->terms.anchors = &s->trust.anchors;
    s->setting = (struct worker_setting){&s->terms, cli_flag(cli, "no-cage")};
    return err;
}

enum carnet_err survey_run(struct survey *s, const char *also)
{
    struct cli *cli = s->cli;
    const char *list = cli_value(cli, "files0-from");
    enum carnet_err err = pool_new(s->jobs, &s->setting, told, s, &s->pool);
    if (err == CARNET_OK)
        err = begin_progress(s);
    for (size_t i = 0; i < cli_count(cli) && err == CARNET_OK; i++)
        err = look_path(s, cli_argument(cli, i));
    for (size_t i = 0; also != NULL && i < cli_values(cli, also) && err == CARNET_OK; i++)
        err = look_path(s, cli_value_at(cli, also, i));
    if (list != NULL && err == CARNET_OK)
        err = look_list(s, list);
    if (err == CARNET_OK)
        err = pool_finish(s->pool, cli_diag(cli));
    cli_progress_end(cli);
    return err;
}

enum carnet_err survey_settle(struct survey *s)
{
    if (s->worst != CARNET_OK) {
        *cli_diag(s->cli) = s->worst_diag;
        cli_place(s->cli, s->worst_file[0] != '\0' ? s->worst_file : NULL);
    } else if (s->files == 0) {
        (void)carnet_fail(cli_diag(s->cli), CARNET_NO_INPUT, "", "There is no carnet file there.");
        return carnet_fail_next(cli_diag(s->cli), "Name the files, or the folder they are in.");
    }
    return s->worst;
}

const char *survey_cage(const struct survey *s)
{
    const struct cage_walls walls = pool_walls(s->pool);
    return !walls.filter ? "none" : walls.landlock ? "seccomp and Landlock" : "seccomp";
}

json_t *survey_counts(const struct survey *s)
{
    json_t *counts = json_object();
    int bad = counts == NULL;
    for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        if (s->counts[i] > 0)
            bad |= json_object_set_new(counts, carnet_outcome_name((enum carnet_err)i),
                                       json_integer((json_int_t)s->counts[i]));
    }
    if (bad != 0) {
        json_decref(counts);
        return NULL;
    }
    return counts;
}

void survey_end(struct survey *s)
{
    pool_free(s->pool);
    carnet_buffer_clear(&s->bytes);
    free(s->worst_file);
    inspect_trust_clear(&s->trust);
    *s = (struct survey){0};
}

/* SPDX-License-Identifier: MIT */
/* verify PATH...: a line a file, a summary, and the worst outcome. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/progress.h"
#include "core/file.h"
#include "inspect/inspect.h"
#include "inspect/pool.h"
#include "inspect/tree.h"

struct run {
    struct cli *cli;
    const struct inspect_trust *trust;
    struct worker_setting setting;
    struct pool *pool;
    struct carnet_buffer bytes; /* of the file at hand, its memory used again */
    unsigned long files, others, self_asserted;
    unsigned long counts[CARNET_OUTCOME_COUNT];
    enum carnet_err worst;
    struct carnet_diag worst_diag;
    char *worst_file;
};

/* The worst outcome is the one with the highest exit code; of two alike the first is told. */
static enum carnet_err keep_worst(struct run *run, const char *file, enum carnet_err err,
                                  const struct carnet_diag *diag)
{
    if (carnet_outcome_exit(err) <= carnet_outcome_exit(run->worst))
        return CARNET_OK;
    char *copy = strdup(file);
    if (copy == NULL)
        return CARNET_NO_MEMORY;
    free(run->worst_file);
    run->worst_file = copy;
    run->worst = err;
    run->worst_diag = *diag;
    return CARNET_OK;
}

/* ---- a line a file ---- */

static void tell_text(struct run *run, const char *file, const struct examine_found *f, const struct carnet_diag *diag)
{
    char shown[1024];
    const bool good = f->err == CARNET_OK;
    carnet_text_escape(file, strlen(file), shown, sizeof shown);
    cli_data(run->cli, "%s%-18s%s  %s  %s", cli_style(run->cli, good ? "good" : "bad"), carnet_outcome_name(f->err),
             cli_style(run->cli, "off"), shown, good ? f->summary : diag->detail);
    if (!good && diag->entry[0] != '\0')
        cli_data(run->cli, " [%s]", diag->entry);
    if (!good && diag->clause[0] != '\0')
        cli_data(run->cli, " (%s)", diag->clause);
    cli_data(run->cli, "\n");
}

static int put(json_t *object, const char *key, const char *text)
{
    return text[0] != '\0' ? json_object_set_new(object, key, cli_json_text(text)) : 0;
}

static int put_digest(json_t *object, const char *key, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    return json_object_set_new(object, key, json_string(hex));
}

static int put_found(json_t *object, const struct examine_found *f)
{
    const char *status = !f->judged ? "unverified" : f->self_asserted ? "self-asserted" : "verified";
    const struct inspect_later later = {f->machine, f->user, f->time};
    int bad = put(object, "status", status);
    bad |= put(object, "kind", f->kind);
    if (f->has_id)
        bad |= put_digest(object, "id", &f->id);
    if (f->has_signer)
        bad |= put_digest(object, "signer", &f->signer);
    bad |= put(object, "summary", f->summary);
    bad |= json_object_set_new(object, "stages", inspect_stages(f->stage, f->err, &later));
    return bad;
}

static void tell_json(struct run *run, const char *file, const struct examine_found *f, const struct carnet_diag *diag)
{
    json_t *object = json_object();
    int bad = put(object, "file", strcmp(file, "-") == 0 ? "standard input" : file);
    bad |= file[0] == '\0' ? json_object_set_new(object, "file", json_string("")) : 0;
    bad |= put(object, "outcome", carnet_outcome_name(f->err));
    bad |= json_object_set_new(object, "exit", json_integer(carnet_outcome_exit(f->err)));
    if (f->err != CARNET_OK) {
        bad |= put(object, "message", diag->detail[0] != '\0' ? diag->detail : carnet_outcome_meaning(f->err));
        bad |= put(object, "next", diag->next[0] != '\0' ? diag->next : carnet_outcome_next(f->err));
        bad |= put(object, "clause", diag->clause);
        bad |= put(object, "entry", diag->entry);
    }
    if (f->looked)
        bad |= put_found(object, f);
    if (bad != 0) {
        json_decref(object);
        object = NULL;
    }
    cli_json_line(run->cli, object);
}

/* Fails only where the whole run can't go on. */
static enum carnet_err tell(void *context, const char *file, const struct examine_found *found)
{
    struct run *run = context;
    struct carnet_diag diag = found->diag;
    inspect_trust_advise(run->trust, &diag);
    run->files++;
    run->counts[found->err]++;
    cli_progress_add(run->cli, 1);
    run->self_asserted += found->err == CARNET_OK && found->self_asserted;
    if (cli_json(run->cli))
        tell_json(run, file, found, &diag);
    else
        tell_text(run, file, found, &diag);
    return keep_worst(run, file, found->err, &diag);
}

/* ---- files ---- */

/* Hands the bytes that were read to the workers; or why there are none. */
static enum carnet_err hand_over(struct run *run, const char *path, enum carnet_err err, const struct carnet_diag *why)
{
    if (err == CARNET_OK)
        err = pool_look(run->pool, path, run->bytes.bytes, run->bytes.size, cli_diag(run->cli));
    else
        err = pool_pass(run->pool, path, why, cli_diag(run->cli));
    carnet_buffer_clear(&run->bytes);
    return err;
}

static enum carnet_err visit_file(void *context, const char *path, int folder, const char *name, bool named)
{
    struct run *run = context;
    struct carnet_diag why = {0};
    if (!named && !inspect_is_ours(folder, name)) {
        run->others++;
        cli_progress_add(run->cli, 1);
        return CARNET_OK;
    }
    const enum carnet_err err = carnet_file_read(folder, name, CARNET_ARMOUR_MOST, !named, &run->bytes, &why);
    return hand_over(run, path, err, &why);
}

static enum carnet_err visit_trouble(void *context, const char *path, const struct carnet_diag *why)
{
    return hand_over(context, path, why->err, why);
}

static void visit_other(void *context)
{
    ((struct run *)context)->others++;
}

static enum carnet_err verify_path(struct run *run, const char *path)
{
    const struct tree_visitor visitor = {visit_file, visit_trouble, visit_other, run};
    struct carnet_diag why = {0};
    if (strcmp(path, "-") != 0)
        return tree_walk(&visitor, path);
    const enum carnet_err err = carnet_armour_read_fd(STDIN_FILENO, &run->bytes, &why);
    return hand_over(run, path, err, &why);
}

/* --files0-from: names that end in NUL, as 'find -print0' writes them. */
static enum carnet_err verify_list(struct run *run, const char *list)
{
    const bool input = strcmp(list, "-") == 0;
    FILE *file = input ? stdin : fopen(list, "re");
    char *name = NULL;
    size_t room = 0;
    enum carnet_err err = CARNET_OK;
    if (file == NULL)
        err = carnet_fail_errno(cli_diag(run->cli), errno, "The list of files can't be read");
    while (err == CARNET_OK && (errno = 0, getdelim(&name, &room, '\0', file)) >= 0) {
        if (input && strcmp(name, "-") == 0)
            err = carnet_fail(cli_diag(run->cli), CARNET_USAGE, "",
                              "The list comes from standard input, so no file in it can.");
        else
            err = verify_path(run, name);
    }
    if (err == CARNET_OK && ferror(file) != 0)
        err = carnet_fail_errno(cli_diag(run->cli), errno, "The list of files can't be read to its end");
    if (err != CARNET_OK && cli_diag(run->cli)->err == err)
        cli_place(run->cli, list);
    free(name);
    if (file != NULL && !input)
        (void)fclose(file);
    return err;
}

/* ---- the summary ---- */

static const char *cage_name(const struct run *run)
{
    const struct cage_walls walls = pool_walls(run->pool);
    return !walls.filter ? "none" : walls.landlock ? "seccomp and Landlock" : "seccomp";
}

static void tell_summary(struct run *run)
{
    json_t *counts = json_object();
    int bad = counts == NULL;
    cli_data(run->cli, "%lu file%s", run->files, run->files == 1 ? "" : "s");
    const char *separator = ": ";
    for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        if (run->counts[i] == 0)
            continue;
        const char *name = carnet_outcome_name((enum carnet_err)i);
        cli_data(run->cli, "%s%lu %s", separator, run->counts[i], name);
        if (i == CARNET_OK && run->self_asserted > 0)
            cli_data(run->cli, " (%lu self-asserted)", run->self_asserted);
        separator = ", ";
        bad |= json_object_set_new(counts, name, json_integer((json_int_t)run->counts[i]));
    }
    cli_data(run->cli, "; %lu other%s not looked into\n", run->others, run->others == 1 ? "" : "s");
    if (bad != 0) {
        json_decref(counts);
        counts = NULL; /* json_pack makes nothing of it then */
    }
    cli_set(run->cli, "summary",
            json_pack("{s:I, s:I, s:I, s:s, s:o}", "files", (json_int_t)run->files, "others", (json_int_t)run->others,
                      "self-asserted", (json_int_t)run->self_asserted, "cage", cage_name(run), "outcomes", counts));
}

/* Tells the worst outcome as the refusal of the run. */
static enum carnet_err settle(struct run *run)
{
    if (run->worst != CARNET_OK) {
        *cli_diag(run->cli) = run->worst_diag;
        cli_place(run->cli, run->worst_file);
    } else if (run->files == 0) {
        (void)carnet_fail(cli_diag(run->cli), CARNET_NO_INPUT, "", "There is no carnet file there.");
        return carnet_fail_next(cli_diag(run->cli), "Name the files, or the folder they are in.");
    }
    return run->worst;
}

/* ---- the command line ---- */

static enum carnet_err take_kinds(struct cli *cli, unsigned *out)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < cli_values(cli, "require-kind"); i++) {
        const char *name = cli_value_at(cli, "require-kind", i);
        const struct carnet_kind *kind = carnet_kind_find(name);
        char shown[80];
        if (kind == NULL)
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "There is no kind '%s'; a license is one, for example.",
                               carnet_text_escape(name, strlen(name), shown, sizeof shown));
        kinds |= CARNET_KIND_BIT(kind->id);
    }
    *out = kinds;
    return CARNET_OK;
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
static enum carnet_err begin_progress(struct run *run)
{
    size_t total = 0;
    const struct tree_visitor counter = {count_file, count_nothing, pass_over, &total};
    enum carnet_err err = CARNET_OK;
    if (isatty(STDERR_FILENO) == 0 || cli_quiet(run->cli) || cli_json(run->cli) ||
        cli_value(run->cli, "files0-from") != NULL)
        return CARNET_OK;
    for (size_t i = 0; i < cli_count(run->cli) && err == CARNET_OK; i++)
        err = tree_walk(&counter, cli_argument(run->cli, i));
    if (err == CARNET_OK)
        cli_progress_begin(run->cli, "verifying", total, 1);
    return err;
}

static enum carnet_err verify_all(struct run *run)
{
    struct cli *cli = run->cli;
    const char *list = cli_value(cli, "files0-from");
    enum carnet_err err = begin_progress(run);
    for (size_t i = 0; i < cli_count(cli) && err == CARNET_OK; i++)
        err = verify_path(run, cli_argument(cli, i));
    if (list != NULL && err == CARNET_OK)
        err = verify_list(run, list);
    if (err == CARNET_OK)
        err = pool_finish(run->pool, cli_diag(cli));
    cli_progress_end(cli);
    if (err != CARNET_OK)
        return err;
    tell_summary(run);
    return settle(run);
}

enum carnet_err inspect_verify_run(struct cli *cli)
{
    struct inspect_trust trust = {0};
    struct examine_terms terms = {.anchors = &trust.anchors, .machine = cli_flag(cli, "machine")};
    const struct carnet_read_options reading = {.anchors = &trust.anchors};
    struct carnet_surroundings *surroundings = NULL;
    struct inspect_journal *journal = NULL;
    uint32_t jobs = 1;
    struct run *run = calloc(1, sizeof *run);
    enum carnet_err err = run == NULL ? CARNET_NO_MEMORY : CARNET_OK;
    if (err == CARNET_OK && cli_count(cli) == 0 && cli_value(cli, "files0-from") == NULL)
        err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Name the files and folders to verify, or --files0-from.");
    if (err == CARNET_OK)
        err = cli_number(cli, "jobs", 1, POOL_JOBS_MOST, processors(), &jobs);
    if (err == CARNET_OK)
        err = take_kinds(cli, &terms.expected);
    if (err == CARNET_OK)
        err = inspect_at(cli, &terms.at);
    if (err == CARNET_OK)
        err = inspect_trust_load(cli, &trust);
    if (err == CARNET_OK && terms.machine)
        err = inspect_surroundings(cli, &trust, terms.at, &surroundings);
    if (err == CARNET_OK)
        err = inspect_journal_load(cli, &reading, &journal);
    if (err != CARNET_OK)
        goto out;
    terms.surroundings = surroundings;
    terms.journal = journal;
    run->cli = cli;
    run->trust = &trust;
    run->setting = (struct worker_setting){&terms, cli_flag(cli, "no-cage")};
    err = pool_new(jobs, &run->setting, tell, run, &run->pool);
    if (err == CARNET_OK)
        err = verify_all(run);
out:
    if (run != NULL) {
        pool_free(run->pool);
        free(run->worst_file);
    }
    free(run);
    inspect_journal_free(journal);
    free(surroundings);
    inspect_trust_clear(&trust);
    return err;
}

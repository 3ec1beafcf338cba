/* SPDX-License-Identifier: MIT */
/* verify PATH...: a line a file, a summary, and the worst outcome. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "core/file.h"
#include "inspect/inspect.h"
#include "inspect/journal.h"

/* Enough of a file's beginning to tell whether it is one of ours. */
#define GLANCE 4096u
#define ARMOUR_BEGIN "-----BEGIN CARNET "

struct run {
    struct cli *cli;
    struct carnet_read_options options;
    const struct inspect_trust *trust;
    struct inspect_journal *journal; /* NULL: none was given */
    int64_t at;
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

/* ---- one file ---- */

static void tell_text(struct run *run, const char *file, enum carnet_err err, const struct carnet_document *document,
                      const struct carnet_diag *diag)
{
    char shown[1024], words[600] = "";
    carnet_text_escape(file, strlen(file), shown, sizeof shown);
    if (err == CARNET_OK)
        inspect_summary(document, words, sizeof words);
    cli_data(run->cli, "%s%-18s%s  %s  %s", cli_style(run->cli, err == CARNET_OK ? "good" : "bad"),
             carnet_outcome_name(err), cli_style(run->cli, "off"), shown, err == CARNET_OK ? words : diag->detail);
    if (err != CARNET_OK && diag->entry[0] != '\0')
        cli_data(run->cli, " [%s]", diag->entry);
    if (err != CARNET_OK && diag->clause[0] != '\0')
        cli_data(run->cli, " (%s)", diag->clause);
    cli_data(run->cli, "\n");
}

static int put(json_t *object, const char *key, const char *text)
{
    return text != NULL && text[0] != '\0' ? json_object_set_new(object, key, cli_json_text(text)) : 0;
}

static int put_digest(json_t *object, const char *key, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    return json_object_set_new(object, key, json_string(hex));
}

static int put_reading(json_t *object, const struct carnet_reading *reading)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(reading);
    const struct carnet_signed *signature = carnet_reading_signed(reading);
    const struct carnet_intact *intact = carnet_reading_intact(reading);
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_kind *kind = carnet_reading_kind(reading);
    const char *status = judged == NULL                        ? "unverified"
                         : kind != NULL && kind->self_asserted ? "self-asserted"
                                                               : "verified";
    int bad = put(object, "status", status);
    if (unpacked != NULL)
        bad |= put(object, "kind", carnet_unpacked_kind_name(unpacked));
    if (intact != NULL)
        bad |= put_digest(object, "id", carnet_intact_id(intact));
    if (signature != NULL)
        bad |= put_digest(object, "signer", carnet_signed_signer(signature));
    if (judged != NULL) {
        char words[600];
        inspect_summary(carnet_judged_document(judged), words, sizeof words);
        bad |= put(object, "summary", words);
    }
    return bad;
}

/* `time` is CARNET_OUTCOME_COUNT where the walk did not come to it. */
static void tell_json(struct run *run, const char *file, enum carnet_err err, enum carnet_err time,
                      const struct carnet_reading *reading, const struct carnet_diag *diag)
{
    json_t *object = json_object();
    int bad = put(object, "file", strcmp(file, "-") == 0 ? "standard input" : file);
    bad |= put(object, "outcome", carnet_outcome_name(err));
    bad |= json_object_set_new(object, "exit", json_integer(carnet_outcome_exit(err)));
    if (err != CARNET_OK) {
        bad |= put(object, "message", diag->detail[0] != '\0' ? diag->detail : carnet_outcome_meaning(err));
        bad |= put(object, "next", diag->next[0] != '\0' ? diag->next : carnet_outcome_next(err));
        bad |= put(object, "clause", diag->clause);
        bad |= put(object, "entry", diag->entry);
    }
    if (reading != NULL) {
        const bool by_time = time != CARNET_OUTCOME_COUNT;
        bad |= put_reading(object, reading);
        bad |= json_object_set_new(object, "stages", inspect_stages(reading, by_time ? CARNET_OK : err, time));
    }
    if (bad != 0) {
        json_decref(object);
        object = NULL;
    }
    cli_json_line(run->cli, object);
}

/* Verifies one file's bytes and tells it. Fails only where the whole run can't go on. */
static enum carnet_err verify_bytes(struct run *run, const char *file, enum carnet_err err,
                                    const struct carnet_buffer *bytes, struct carnet_diag *diag)
{
    struct carnet_reading *reading = NULL;
    const struct carnet_document *document = NULL;
    enum carnet_err time = CARNET_OUTCOME_COUNT;
    if (err == CARNET_OK) {
        err = carnet_reading_open(bytes->bytes, bytes->size, &run->options, &reading, diag);
        inspect_trust_advise(run->trust, diag);
    }
    if (err == CARNET_OK) {
        document = carnet_reading_document(reading);
        time = inspect_judge_time(carnet_reading_judged(reading), run->at, diag);
        err = time == CARNET_OK ? inspect_journal_judge(run->journal, carnet_reading_judged(reading), diag) : time;
        run->self_asserted += err == CARNET_OK && carnet_reading_kind(reading)->self_asserted;
    }
    run->files++;
    run->counts[err]++;
    if (cli_json(run->cli))
        tell_json(run, file, err, time, reading, diag);
    else
        tell_text(run, file, err, document, diag);
    carnet_reading_free(reading);
    const enum carnet_err kept = keep_worst(run, file, err, diag);
    return err == CARNET_NO_MEMORY ? err : kept;
}

static enum carnet_err verify_file(struct run *run, const char *file, bool no_links)
{
    struct carnet_buffer bytes = {0};
    struct carnet_diag diag = {0};
    enum carnet_err err = strcmp(file, "-") == 0
                              ? carnet_armour_read_fd(STDIN_FILENO, &bytes, &diag)
                              : carnet_file_read(AT_FDCWD, file, CARNET_ARMOUR_MOST, no_links, &bytes, &diag);
    err = verify_bytes(run, file, err, &bytes, &diag);
    carnet_buffer_clear(&bytes);
    return err;
}

/* ---- folders ---- */

static bool ends_in_carnet(const char *name)
{
    const size_t size = strlen(name);
    return size > 7 && strcmp(name + size - 7, ".carnet") == 0;
}

/* In a folder only what looks like ours is verified: by its name, or by how it begins. */
static bool is_ours(const char *path, const char *name)
{
    uint8_t start[GLANCE];
    if (ends_in_carnet(name))
        return true;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    const ssize_t size = read(fd, start, sizeof start);
    (void)close(fd);
    if (size <= 0)
        return false;
    return carnet_armour_is_bundle(start, (size_t)size) ||
           memmem(start, (size_t)size, ARMOUR_BEGIN, sizeof ARMOUR_BEGIN - 1) != NULL;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A folder that can't be read is told like a file that can't be. */
static enum carnet_err tell_unreadable(struct run *run, const FTSENT *entry)
{
    static const struct carnet_buffer nothing;
    struct carnet_diag diag = {0};
    const enum carnet_err err = carnet_fail_errno(&diag, entry->fts_errno, "The folder can't be read");
    return verify_bytes(run, entry->fts_path, err, &nothing, &diag);
}

static enum carnet_err visit(struct run *run, const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        if (entry->fts_level == FTS_ROOTLEVEL)
            return verify_file(run, entry->fts_path, false);
        if (is_ours(entry->fts_path, entry->fts_name))
            return verify_file(run, entry->fts_path, true);
        run->others++;
        return CARNET_OK;
    case FTS_NS:
    case FTS_DEFAULT:
        if (entry->fts_level == FTS_ROOTLEVEL) /* given by name: its reading says what is wrong */
            return verify_file(run, entry->fts_path, false);
        run->others++;
        return CARNET_OK;
    case FTS_DNR:
    case FTS_ERR:
        return tell_unreadable(run, entry);
    case FTS_D:
    case FTS_DP:
        return CARNET_OK;
    default: /* links, loops */
        run->others++;
        return CARNET_OK;
    }
}

static enum carnet_err verify_path(struct run *run, const char *path)
{
    char *copy = strdup(path);
    char *roots[] = {copy, NULL};
    enum carnet_err err = CARNET_OK;
    FTSENT *entry;
    FTS *tree;
    if (copy == NULL)
        return CARNET_NO_MEMORY;
    /* An empty name is no path for fts; its reading says so. */
    if (path[0] == '\0' || strcmp(path, "-") == 0) {
        free(copy);
        return verify_file(run, path, false);
    }
    tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (tree == NULL) {
        free(copy);
        return CARNET_NO_MEMORY;
    }
    while (err == CARNET_OK && (entry = fts_read(tree)) != NULL)
        err = visit(run, entry);
    (void)fts_close(tree);
    free(copy);
    return err;
}

/* ---- the summary ---- */

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
            json_pack("{s:I, s:I, s:I, s:o}", "files", (json_int_t)run->files, "others", (json_int_t)run->others,
                      "self-asserted", (json_int_t)run->self_asserted, "outcomes", counts));
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

enum carnet_err inspect_verify_run(struct cli *cli)
{
    struct inspect_trust trust = {0};
    struct carnet_gated_keys *keys = NULL;
    struct run *run = calloc(1, sizeof *run);
    enum carnet_err err = run == NULL ? CARNET_NO_MEMORY : inspect_trust_load(cli, &trust);
    if (err == CARNET_OK)
        err = inspect_at(cli, &run->at);
    if (err == CARNET_OK)
        err = carnet_gated_keys_new(&keys);
    if (err != CARNET_OK)
        goto out;
    run->cli = cli;
    run->trust = &trust;
    run->options = (struct carnet_read_options){.anchors = &trust.anchors, .keys = keys};
    err = inspect_journal_load(cli, &run->options, &run->journal);
    for (size_t i = 0; i < cli_count(cli) && err == CARNET_OK; i++)
        err = verify_path(run, cli_argument(cli, i));
    if (err == CARNET_OK) {
        tell_summary(run);
        err = settle(run);
    }
out:
    carnet_gated_keys_free(keys);
    if (run != NULL) {
        inspect_journal_free(run->journal);
        free(run->worst_file);
    }
    free(run);
    inspect_trust_clear(&trust);
    return err;
}

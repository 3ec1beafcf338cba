/* SPDX-License-Identifier: MIT */
/* diff A B of two folders. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "inspect/cage.h"
#include "inspect/diff.h"
#include "inspect/pool.h"
#include "inspect/tree.h"

#define POINTER_SIZE sizeof(void *) /* of one in the list by subject */

/* A file of one side. */
struct entry {
    char *path, *words;
    struct carnet_digest bytes;   /* SHA-256 of the file */
    struct carnet_digest subject; /* what it is about; of its path below the folder where that can't be said */
    uint64_t order;               /* of several about one thing, the highest counts */
    enum carnet_err err;
};

struct side {
    struct cli *cli;
    const char *folder;
    struct pool *pool;
    struct carnet_buffer bytes;
    size_t count, room, told; /* the pool tells in the order in which files are given to it */
    struct entry *list;
    struct entry **by_subject; /* one for each subject, the one that counts */
    size_t subjects;
};

struct counts {
    unsigned long same, changed, gone, new;
};

static void side_clear(struct side *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].path);
        free(s->list[i].words);
    }
    free(s->list);
    free(s->by_subject);
    pool_free(s->pool);
    carnet_buffer_clear(&s->bytes);
}

/* ---- reading one side ---- */

static enum carnet_err told(void *context, const char *file, const struct examine_found *found,
                            const struct inspect_facts *facts)
{
    (void)facts;
    struct side *s = context;
    struct entry *e = &s->list[s->told++];
    const char *below = file + strlen(s->folder);
    e->err = found->err;
    e->order = found->order;
    e->words = strdup(found->summary[0] != '\0' ? found->summary : found->diag.detail);
    if (found->has_subject)
        e->subject = found->subject;
    else
        carnet_sha256(below, strlen(below), &e->subject);
    return e->words != NULL ? CARNET_OK : CARNET_NO_MEMORY;
}

static enum carnet_err add(struct side *s, const char *path)
{
    if (s->count == s->room) {
        const size_t room = s->room == 0 ? 64 : 2 * s->room;
        struct entry *list = realloc(s->list, room * sizeof *list);
        if (list == NULL)
            return CARNET_NO_MEMORY;
        s->list = list;
        s->room = room;
    }
    struct entry *e = &s->list[s->count];
    *e = (struct entry){.path = strdup(path)};
    if (e->path == NULL)
        return CARNET_NO_MEMORY;
    s->count++;
    carnet_sha256(s->bytes.bytes, s->bytes.size, &e->bytes);
    return CARNET_OK;
}

static enum carnet_err visit_file(void *context, const char *path, int folder, const char *name, bool named)
{
    struct side *s = context;
    struct carnet_diag why = {0};
    (void)named;
    if (!inspect_is_ours(folder, name))
        return CARNET_OK;
    enum carnet_err read = carnet_file_read(folder, name, CARNET_ARMOUR_MOST, true, &s->bytes, &why);
    enum carnet_err err = add(s, path);
    if (err == CARNET_OK && read == CARNET_OK)
        err = pool_look(s->pool, path, s->bytes.bytes, s->bytes.size, cli_diag(s->cli));
    else if (err == CARNET_OK)
        err = pool_pass(s->pool, path, &why, cli_diag(s->cli));
    carnet_buffer_clear(&s->bytes);
    return err;
}

/* What can't be gone into could hold anything: there is no comparing then. */
static enum carnet_err visit_trouble(void *context, const char *path, const struct carnet_diag *why)
{
    struct side *s = context;
    *cli_diag(s->cli) = *why;
    cli_place(s->cli, path);
    return why->err;
}

static void visit_other(void *context)
{
    (void)context;
}

static int by_subject(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    const int order = memcmp(x->subject.bytes, y->subject.bytes, sizeof x->subject.bytes);
    return order != 0 ? order : x->order < y->order ? 1 : x->order > y->order ? -1 : strcmp(x->path, y->path);
}

static int same_subject(const void *key, const void *entry)
{
    const struct carnet_digest *subject = key;
    return memcmp(subject->bytes, (*(struct entry *const *)entry)->subject.bytes, sizeof subject->bytes);
}

/* Keeps of each subject the one that counts, for looking up. */
static enum carnet_err sort(struct side *s)
{
    s->by_subject = calloc(s->count + 1, POINTER_SIZE);
    if (s->by_subject == NULL)
        return CARNET_NO_MEMORY;
    for (size_t i = 0; i < s->count; i++)
        s->by_subject[i] = &s->list[i];
    qsort(s->by_subject, s->count, POINTER_SIZE, by_subject);
    for (size_t i = 0; i < s->count; i++) {
        if (s->subjects == 0 ||
            !carnet_digest_equal(&s->by_subject[s->subjects - 1]->subject, &s->by_subject[i]->subject))
            s->by_subject[s->subjects++] = s->by_subject[i];
    }
    return CARNET_OK;
}

static enum carnet_err read_side(struct cli *cli, const struct worker_setting *setting, const char *folder,
                                 struct side *s)
{
    const struct tree_visitor visitor = {visit_file, visit_trouble, visit_other, s};
    s->cli = cli;
    s->folder = folder;
    enum carnet_err err = pool_new(1, setting, told, s, &s->pool);
    if (err == CARNET_OK)
        err = tree_walk(&visitor, folder);
    if (err == CARNET_OK)
        err = pool_finish(s->pool, cli_diag(cli));
    return err == CARNET_OK ? sort(s) : err;
}

static const struct entry *find(const struct side *s, const struct entry *like)
{
    struct entry **found = bsearch(&like->subject, s->by_subject, s->subjects, POINTER_SIZE, same_subject);
    return found != NULL ? *found : NULL;
}

/* ---- telling ---- */

static void tell_alone(struct cli *cli, const char *what, const char *member, const char *meaning,
                       const struct entry *e)
{
    char shown[512];
    carnet_text_escape(e->path, strlen(e->path), shown, sizeof shown);
    cli_data(cli, "%s%s%s  %s  %s\n", cli_style(cli, "warn"), what, cli_style(cli, "off"), shown, e->words);
    cli_json_line(cli,
                  json_pack("{s:s, s:i, s:s, s:s, s:{s:o, s:o, s:s}}", "outcome", carnet_outcome_name(CARNET_DIFFERS),
                            "exit", carnet_outcome_exit(CARNET_DIFFERS), "message", meaning, "next",
                            carnet_outcome_next(CARNET_DIFFERS), member, "file", cli_json_text(e->path), "summary",
                            cli_json_text(e->words), "outcome", carnet_outcome_name(e->err)));
}

/* Both are read again, and compared in a cage of their own. */
static enum carnet_err tell_changed(struct cli *cli, const struct carnet_anchors *anchors, const struct entry *a,
                                    const struct entry *b, bool *differ)
{
    struct diff_pair pair = {.files = {a->path, b->path}};
    bool child = false;
    int code = 0;
    enum carnet_err err = cli_bundle_load(cli, a->path, &pair.bundles[0]);
    if (err == CARNET_OK)
        err = cli_bundle_load(cli, b->path, &pair.bundles[1]);
    if (err == CARNET_OK)
        err = cage_child(!cli_flag(cli, "no-cage"), &child, &code, cli_diag(cli));
    if (child) {
        code = carnet_outcome_exit(err == CARNET_OK ? diff_pair(cli, anchors, &pair, true) : err);
        (void)fflush(stdout);
        _exit(code);
    }
    diff_pair_clear(&pair);
    if (err == CARNET_OK && code != 0 && code != carnet_outcome_exit(CARNET_DIFFERS))
        tell_alone(cli, "unread ", "unread", "This can't be compared with what the first folder has.", b);
    *differ = code != 0;
    return err;
}

static enum carnet_err tell_all(struct cli *cli, const struct carnet_anchors *anchors, const struct side *a,
                                const struct side *b, struct counts *counts)
{
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < a->count && err == CARNET_OK; i++) {
        const struct entry *from = &a->list[i], *to = find(b, from);
        bool differ = false;
        if (find(a, from) != from)
            continue;
        if (to != NULL && !carnet_digest_equal(&from->bytes, &to->bytes))
            err = tell_changed(cli, anchors, from, to, &differ);
        if (to == NULL)
            tell_alone(cli, "gone   ", "gone", "The second folder has nothing about this.", from);
        counts->gone += to == NULL;
        counts->changed += differ;
        counts->same += to != NULL && !differ;
    }
    for (size_t i = 0; i < b->count && err == CARNET_OK; i++) {
        if (find(b, &b->list[i]) != &b->list[i] || find(a, &b->list[i]) != NULL)
            continue;
        tell_alone(cli, "new    ", "new", "The first folder has nothing about this.", &b->list[i]);
        counts->new ++;
    }
    return err;
}

enum carnet_err diff_trees(struct cli *cli, const struct inspect_trust *trust)
{
    const struct examine_terms terms = {.anchors = &trust->anchors, .at = carnet_utc_now(), .subjects = true};
    const struct worker_setting setting = {&terms, cli_flag(cli, "no-cage")};
    struct side a = {0}, b = {0};
    struct counts counts = {0};
    enum carnet_err err = read_side(cli, &setting, cli_argument(cli, 0), &a);
    if (err == CARNET_OK)
        err = read_side(cli, &setting, cli_argument(cli, 1), &b);
    if (err == CARNET_OK)
        err = tell_all(cli, &trust->anchors, &a, &b, &counts);
    if (err != CARNET_OK)
        goto out;
    cli_data(cli, "%lu the same, %lu changed, %lu gone, %lu new\n", counts.same, counts.changed, counts.gone,
             counts.new);
    cli_set(cli, "summary",
            json_pack("{s:I, s:I, s:I, s:I}", "same", (json_int_t)counts.same, "changed", (json_int_t)counts.changed,
                      "gone", (json_int_t)counts.gone, "new", (json_int_t)counts.new));
    if (counts.changed + counts.gone + counts.new > 0)
        err = carnet_fail(cli_diag(cli), CARNET_DIFFERS, "", "The two folders hold different things.");
out:
    side_clear(&a);
    side_clear(&b);
    return err;
}

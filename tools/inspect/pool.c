/* SPDX-License-Identifier: MIT */
#include "inspect/pool.h"

#include <stdlib.h>
#include <string.h>

struct item {
    char *file;
    bool sent;    /* to a worker; else `found` says already why not */
    bool stopped; /* reading it was, once: by the clock, or from outside */
    size_t at, size;
    struct examine_found found;
};

/* A worker's half. */
struct batch {
    struct worker *worker;
    size_t half, used;
    bool out; /* ordered, and not told yet */
    size_t count;
    struct item items[WORKER_BATCH_MOST];
};

struct pool {
    const struct worker_setting *setting;
    pool_tell_fn *tell;
    void *context;
    unsigned jobs;
    size_t current; /* batch that is being filled; they are used in turn, so that files are told in order */
    struct cage_walls walls;
    struct worker *workers;
    struct batch *batches;       /* two for each worker */
    struct inspect_facts *facts; /* of the file that is told; NULL where they are not asked for */
};

enum carnet_err pool_new(unsigned jobs, const struct worker_setting *setting, pool_tell_fn *tell, void *context,
                         struct pool **out)
{
    struct pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return CARNET_NO_MEMORY;
    *p = (struct pool){.setting = setting, .tell = tell, .context = context, .jobs = jobs};
    p->workers = calloc(jobs, sizeof *p->workers);
    p->batches = calloc(2 * (size_t)jobs, sizeof *p->batches);
    if (setting->terms->facts)
        p->facts = malloc(sizeof *p->facts);
    if (p->workers == NULL || p->batches == NULL || (setting->terms->facts && p->facts == NULL)) {
        pool_free(p);
        return CARNET_NO_MEMORY;
    }
    for (size_t i = 0; i < 2 * (size_t)jobs; i++) {
        p->batches[i].worker = &p->workers[i % jobs];
        p->batches[i].half = i / jobs;
    }
    *out = p;
    return CARNET_OK;
}

static void clear(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->items[i].file);
    b->count = 0;
    b->used = 0;
    b->out = false;
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; p->batches != NULL && i < 2 * (size_t)p->jobs; i++)
        clear(&p->batches[i]);
    for (size_t i = 0; p->workers != NULL && i < p->jobs; i++)
        worker_stop(&p->workers[i]);
    free(p->workers);
    free(p->batches);
    free(p->facts);
    free(p);
}

struct cage_walls pool_walls(const struct pool *p)
{
    return p->walls;
}

/* Orders the files of a batch from the one on. A worker that is dead is found out when its answer is waited for. */
static void order(const struct batch *b, size_t first)
{
    struct worker_order o = {.half = b->half};
    for (size_t i = first; i < b->count; i++) {
        if (!b->items[i].sent)
            continue;
        o.files[o.count].place = i;
        o.files[o.count].at = b->items[i].at;
        o.files[o.count++].size = b->items[i].size;
    }
    if (o.count > 0)
        (void)worker_order(b->worker, &o);
}

static enum carnet_err start(struct pool *p, struct worker *w, struct carnet_diag *diag)
{
    const enum carnet_err err = worker_start(w, p->setting, diag);
    if (err == CARNET_OK)
        p->walls = w->walls;
    return err;
}

/* The other half of its worker. */
static struct batch *twin(const struct pool *p, const struct batch *b)
{
    const size_t place = (size_t)(b - p->batches);
    return &p->batches[place < p->jobs ? place + p->jobs : place - p->jobs];
}

/* The worker died over that file: a new one takes what it had still to do. *answered: that is the file's outcome; else
 * it is looked at once more, since it may be the machine that stood still. */
static enum carnet_err replace(struct pool *p, struct batch *b, size_t dead, bool *answered, struct carnet_diag *diag)
{
    struct item *item = &b->items[dead];
    item->found = (struct examine_found){.err = CARNET_BUG,
                                         .machine = CARNET_OUTCOME_COUNT,
                                         .user = CARNET_OUTCOME_COUNT,
                                         .time = CARNET_OUTCOME_COUNT,
                                         .looked = 1};
    const bool stopped = worker_bury(b->worker, &item->found.diag);
    *answered = !stopped || item->stopped;
    item->stopped = stopped;
    const enum carnet_err err = start(p, b->worker, diag);
    if (err != CARNET_OK)
        return err;
    order(b, *answered ? dead + 1 : dead);
    if (twin(p, b)->out)
        order(twin(p, b), 0);
    return CARNET_OK;
}

/* Waits until it is known what a file of the batch is. */
static enum carnet_err await(struct pool *p, struct batch *b, size_t place, struct carnet_diag *diag)
{
    struct item *item = &b->items[place];
    bool answered = !item->sent;
    enum carnet_err err = CARNET_OK;
    while (!answered && err == CARNET_OK) {
        answered = worker_answer(b->worker, b->half, place, &item->found, p->facts);
        if (!answered)
            err = replace(p, b, place, &answered, diag);
    }
    return err;
}

/* Waits for a batch's answers, and tells them. Batches are collected in the order in which they were dispatched. */
static enum carnet_err collect(struct pool *p, struct batch *b, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_OK;
    if (!b->out)
        return CARNET_OK;
    for (size_t i = 0; i < b->count && err == CARNET_OK; i++) {
        err = await(p, b, i, diag);
        if (err == CARNET_OK)
            err = p->tell(p->context, b->items[i].file, &b->items[i].found,
                          b->items[i].found.has_facts ? p->facts : NULL);
    }
    clear(b);
    return err;
}

/* The current batch goes to its worker, and the one that was dispatched longest ago is filled next. */
static enum carnet_err next(struct pool *p, struct carnet_diag *diag)
{
    order(&p->batches[p->current], 0);
    p->batches[p->current].out = true;
    p->current = (p->current + 1) % (2 * (size_t)p->jobs);
    return collect(p, &p->batches[p->current], diag);
}

/* Room for one more file of that size in the current batch. */
static enum carnet_err make_room(struct pool *p, const char *file, size_t size, struct item **out,
                                 struct carnet_diag *diag)
{
    struct batch *b = &p->batches[p->current];
    if (b->count == WORKER_BATCH_MOST || size > WORKER_HALF_SIZE - b->used) {
        const enum carnet_err err = next(p, diag);
        if (err != CARNET_OK)
            return err;
        b = &p->batches[p->current];
    }
    struct item *item = &b->items[b->count];
    *item = (struct item){.file = strdup(file)};
    if (item->file == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    b->count++;
    *out = item;
    return CARNET_OK;
}

enum carnet_err pool_look(struct pool *p, const char *file, const uint8_t *bytes, size_t size, struct carnet_diag *diag)
{
    struct item *item = NULL;
    enum carnet_err err = make_room(p, file, size, &item, diag);
    if (err != CARNET_OK)
        return err;
    struct batch *b = &p->batches[p->current];
    if (b->worker->pid == 0)
        err = start(p, b->worker, diag); /* its memory comes with it */
    if (err != CARNET_OK)
        return err;
    item->sent = true;
    item->at = b->used;
    item->size = size;
    memcpy(b->worker->area + b->half * WORKER_HALF_SIZE + item->at, bytes, size);
    b->used += size;
    return CARNET_OK;
}

enum carnet_err pool_pass(struct pool *p, const char *file, const struct carnet_diag *why, struct carnet_diag *diag)
{
    struct item *item = NULL;
    const enum carnet_err err = make_room(p, file, 0, &item, diag);
    if (err == CARNET_OK)
        item->found = (struct examine_found){.err = why->err,
                                             .machine = CARNET_OUTCOME_COUNT,
                                             .user = CARNET_OUTCOME_COUNT,
                                             .time = CARNET_OUTCOME_COUNT,
                                             .diag = *why};
    return err;
}

enum carnet_err pool_finish(struct pool *p, struct carnet_diag *diag)
{
    enum carnet_err err = next(p, diag);
    /* From the one after the last dispatched on: the oldest first. */
    for (size_t i = 1; i < 2 * (size_t)p->jobs && err == CARNET_OK; i++)
        err = collect(p, &p->batches[(p->current + i) % (2 * (size_t)p->jobs)], diag);
    return err;
}

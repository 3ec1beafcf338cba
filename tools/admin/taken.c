/* SPDX-License-Identifier: MIT */
#include "taken.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "rules/chains.h"
#include "rules/dates.h"

struct file {
    struct cli_bundle bundle;
    const struct carnet_journal *segment;
};

struct files {
    struct file *list;
    size_t count;
};

/* The events of the license, one after the other. */
struct replay {
    const char *license;
    void *living; /* grants: a tree of digests */
    struct taken *taken;
};

static int by_place(const void *a, const void *b)
{
    const struct carnet_journal *x = ((const struct file *)a)->segment, *y = ((const struct file *)b)->segment;

    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->last < y->last ? -1 : x->last > y->last;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct carnet_digest));
}

static enum carnet_err read_file(struct cli *cli, const struct home *h, const char *file,
                                 const struct carnet_digest *issuer, struct files *f)
{
    struct carnet_read_options options = home_reading(h, CARNET_KIND_BIT(CARNET_KIND_JOURNAL));
    struct file *at = &f->list[f->count];
    enum carnet_err err = cli_bundle_read(cli, file, &options, &at->bundle);
    char named[CARNET_HEX_SIZE], found[CARNET_HEX_SIZE];

    if (!err) {
        at->segment = carnet_document_journal(carnet_reading_document(at->bundle.reading));
        err = carnet_dates_check(carnet_reading_judged(at->bundle.reading), carnet_utc_now(), cli_diag(cli));
    }
    if (!err && !carnet_digest_equal(&at->segment->signer, issuer)) {
        carnet_digest_hex(issuer, named);
        carnet_digest_hex(&at->segment->signer, found);
        err = carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-3",
                          "The journal is of the issuer key %.16s..., and the license is issued by %.16s....", found,
                          named);
        (void)carnet_fail_next(cli_diag(cli), "Ask the administrator of that license for his 'journal export'.");
    }
    if (err)
        cli_place(cli, file);
    f->count++; /* what was read of it is cleared with the others */
    return err;
}

/* A grant begins, unless it is known to live. */
static enum carnet_err begin(struct replay *c, const struct carnet_digest *grant)
{
    struct carnet_digest *kept = malloc(sizeof *kept);
    void *node = kept != NULL ? tsearch(memcpy(kept, grant, sizeof *kept), &c->living, by_digest) : NULL;

    if (node != NULL && *(struct carnet_digest **)node == kept)
        c->taken->out++;
    else
        free(kept);
    return node != NULL ? CARNET_OK : CARNET_NO_MEMORY;
}

static bool end(struct replay *c, const struct carnet_digest *grant)
{
    void *node = tfind(grant, &c->living, by_digest);
    struct carnet_digest *kept = node != NULL ? *(struct carnet_digest **)node : NULL;

    if (kept == NULL)
        return false;
    (void)tdelete(grant, &c->living, by_digest);
    free(kept);
    c->taken->out--;
    return true;
}

/* The words of spec/ledger.md that give seats, take them back, or take a revision. */
static enum carnet_err apply(struct replay *c, const struct carnet_event *e)
{
    static const char *const ends[] = {"free", "replace", "replace-lost", "revoke"};
    struct taken *t = c->taken;

    t->last = e->position;
    t->at = e->at;
    if (strcmp(e->license, c->license) != 0)
        return CARNET_OK;
    if (strcmp(e->what, "import") == 0 && e->revision > t->revision) {
        t->revision = e->revision;
        t->since = e->at;
    }
    if (strcmp(e->what, "assign") == 0 || strcmp(e->what, "relearned") == 0)
        return begin(c, &e->grant);
    if (strcmp(e->what, "unhold") == 0 && t->held > 0)
        t->held--;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(e->what, ends[i]) == 0 && end(c, &e->grant) && e->until != CARNET_EVENT_NO_TIME)
            t->held++;
    }
    return CARNET_OK;
}

/* Segments may overlap: each event counts once. */
static enum carnet_err replay_event(void *context, const struct carnet_event *event, const struct carnet_digest *link)
{
    struct replay *c = context;
    (void)link;
    return event->position > c->taken->last ? apply(c, event) : CARNET_OK;
}

struct digests {
    struct carnet_digest list[CARNET_EVENTS_MOST];
    uint32_t count;
};

static enum carnet_err take_link(void *context, const struct carnet_event *event, const struct carnet_digest *link)
{
    struct digests *d = context;
    (void)event;
    if (d->count == CARNET_EVENTS_MOST)
        return CARNET_MALFORMED;
    d->list[d->count++] = *link;
    return CARNET_OK;
}

static enum carnet_err put_together(const struct files *f, struct carnet_chains *chains)
{
    enum carnet_err err = CARNET_OK;

    for (size_t i = 0; !err && i < f->count; i++) {
        const struct carnet_journal *j = f->list[i].segment;
        struct digests digests = {.count = 0};
        const struct carnet_segment segment = {j->vendor, j->signer, j->previous, j->first, j->last, digests.list};
        err = carnet_journal_walk(j, take_link, &digests);
        if (!err)
            err = carnet_chains_take(chains, &segment);
    }
    carnet_chains_order(chains);
    return err;
}

struct gap {
    uint32_t first, last;
};

static void note_gap(void *context, const struct carnet_digest *signer, uint32_t first, uint32_t last)
{
    struct gap *g = context;
    (void)signer;
    if (g->first == 0)
        *g = (struct gap){first, last};
}

/* W-9: one history, from its first event on. */
static enum carnet_err hold_together(struct cli *cli, const struct carnet_chains *chains)
{
    const uint32_t fork = carnet_chains_fork(chains);
    struct gap gap = {0, 0};

    carnet_chains_gaps(chains, note_gap, &gap);
    if (fork != 0) {
        (void)carnet_fail(cli_diag(cli), CARNET_FORKED, "W-9",
                          "Two of the journals contradict each other at position "
                          "%lu.",
                          (unsigned long)fork);
        return carnet_fail_next(cli_diag(cli), "Ask the administrator how his ledger came to have two histories, and "
                                               "grant nothing that rests on them.");
    }
    if (gap.first == 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_NOT_VOUCHED, "W-9",
                      "The positions %lu to %lu of the journal are in no file that was given.",
                      (unsigned long)gap.first, (unsigned long)gap.last);
    return carnet_fail_next(cli_diag(cli), "Give all segments of the export, from the first on: --journal for each.");
}

/* The files are in the order of their places. */
static enum carnet_err replay_all(struct cli *cli, const struct files *f, struct replay *c)
{
    struct carnet_chains chains = {0};
    enum carnet_err err = put_together(f, &chains);

    if (!err)
        err = hold_together(cli, &chains);
    for (size_t i = 0; !err && i < f->count; i++)
        err = carnet_journal_walk(f->list[i].segment, replay_event, c);
    carnet_chains_clear(&chains);
    if (err == CARNET_NO_MEMORY)
        (void)carnet_fail(cli_diag(cli), err, "", "There is not enough memory to read the journal.");
    return err;
}

enum carnet_err taken_read(struct cli *cli, const struct home *h, const char *license,
                           const struct carnet_digest *issuer, struct taken *out)
{
    const size_t count = cli_values(cli, "journal");
    struct files f = {.list = calloc(count, sizeof *f.list)};
    struct replay c = {.license = license, .taken = out};
    enum carnet_err err =
        f.list != NULL ? CARNET_OK : carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "No memory is left.");

    memset(out, 0, sizeof *out);
    for (size_t i = 0; !err && i < count; i++)
        err = read_file(cli, h, cli_value_at(cli, "journal", i), issuer, &f);
    if (!err) {
        qsort(f.list, f.count, sizeof *f.list, by_place);
        err = replay_all(cli, &f, &c);
    }
    for (size_t i = 0; i < f.count; i++)
        cli_bundle_clear(&f.list[i].bundle);
    tdestroy(c.living, free);
    free(f.list);
    return err;
}

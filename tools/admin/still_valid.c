/* SPDX-License-Identifier: MIT */
#include "still_valid.h"

#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "document/event.h"
#include "ledger/audit.h"

#define LIST_MOST ((size_t)256 * 1024) /* of a file of --valid */

struct pair {
    struct carnet_digest grant, id;
};

struct finding {
    const struct carnet_digest *key;
    enum carnet_role role;
    bool of_key; /* the events at hand are of its chain */
    struct pair *pairs;
    size_t count, room;
    struct carnet_digest *ended; /* grants */
    size_t ended_count, ended_room;
};

static void *grown(void *list, size_t count, size_t *room, size_t size)
{
    void *larger;

    if (count < *room)
        return list;
    larger = reallocarray(list, *room * 2 + 64, size);
    if (larger)
        *room = *room * 2 + 64;
    return larger;
}

static enum carnet_err add(struct finding *f, const struct carnet_digest *grant, const struct carnet_digest *id)
{
    struct pair *pairs = grown(f->pairs, f->count, &f->room, sizeof *pairs);

    if (!pairs)
        return CARNET_NO_MEMORY;
    f->pairs = pairs;
    pairs[f->count++] = (struct pair){.grant = *grant, .id = *id};
    return CARNET_OK;
}

static enum carnet_err add_ended(struct finding *f, const struct carnet_digest *grant)
{
    struct carnet_digest *ended = grown(f->ended, f->ended_count, &f->ended_room, sizeof *ended);

    if (!ended)
        return CARNET_NO_MEMORY;
    f->ended = ended;
    ended[f->ended_count++] = *grant;
    return CARNET_OK;
}

/* A grant may begin under one issuer key and end under the next, so ends count in every chain. */
static enum carnet_err look(struct finding *f, const struct carnet_event *e)
{
    static const char *const ends[] = {"free", "replace", "replace-lost", "revoke"};
    static const struct carnet_digest none;

    /* What was taken here, too: a ledger that was put back may lack what it had entitled. */
    if (f->role == CARNET_ROLE_ROOT)
        return (f->of_key && strcmp(e->what, "entitle") == 0) ||
                       (strcmp(e->what, "import") == 0 && carnet_digest_equal(&e->key, f->key))
                   ? add(f, &none, &e->entitlement)
                   : CARNET_OK;
    if ((f->of_key && strcmp(e->what, "issued") == 0 && strcmp(e->note, "license") == 0) ||
        (strcmp(e->what, "relearned") == 0 && carnet_digest_equal(&e->key, f->key)))
        return add(f, &e->grant, &e->bundle);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(e->what, ends[i]) == 0)
            return add_ended(f, &e->grant);
    return CARNET_OK;
}

static enum carnet_err each(void *context, const struct ledger_entry *entry, struct carnet_diag *diag)
{
    (void)diag;
    return look(context, &entry->event);
}

static enum carnet_err look_at_ledger(struct cli *cli, struct home *h, struct finding *f)
{
    struct ledger_chain *chains = NULL;
    size_t count = 0;
    enum carnet_err err = ledger_chains(h->ledger, &chains, &count, cli_diag(cli));

    for (size_t i = 0; !err && i < count; i++) {
        f->of_key = carnet_digest_equal(&chains[i].signer, f->key);
        err = ledger_events(h->ledger, &chains[i], 0, each, f, cli_diag(cli));
    }
    free(chains);
    return err;
}

static enum carnet_err look_at_journal(struct cli *cli, const struct home *h, const char *file, struct finding *f)
{
    const struct carnet_read_options options = home_reading_kept(h, CARNET_KIND_BIT(CARNET_KIND_JOURNAL));
    struct cli_bundle bundle = {0};
    enum carnet_err err = cli_bundle_read(cli, file, &options, &bundle);

    if (!err) {
        const struct carnet_journal *j = carnet_document_journal(carnet_reading_document(bundle.reading));
        f->of_key = carnet_digest_equal(&j->signer, f->key);
        for (const char *line = j->lines; !err && *line != '\0';) {
            const size_t size = strcspn(line, "\n");
            struct carnet_event event;
            err = carnet_event_parse(line, size, &event);
            if (!err)
                err = look(f, &event);
            line += size + (line[size] == '\n');
        }
    }
    if (err)
        cli_place(cli, file);
    cli_bundle_clear(&bundle);
    return err;
}

static enum carnet_err refuse_list(struct cli *cli, const char *file)
{
    cli_place(cli, file);
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                       "--valid takes the id of a bundle, or a file that has one on each line.");
}

static enum carnet_err look_at_valid(struct cli *cli, const char *text, struct finding *f)
{
    static const struct carnet_digest none;
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    enum carnet_err err;

    if (carnet_digest_parse(text, &id) == CARNET_OK)
        return add(f, &none, &id);
    err = cli_file_read(cli, text, LIST_MOST, &bytes);
    for (size_t at = 0; !err && at < bytes.size;) {
        const char *line = (const char *)bytes.bytes + at;
        char hex[CARNET_HEX_SIZE];
        size_t size = 0;
        while (at + size < bytes.size && line[size] != '\n')
            size++;
        at += size + 1;
        if (size != sizeof hex - 1) {
            err = refuse_list(cli, text);
            break;
        }
        memcpy(hex, line, size);
        hex[size] = '\0';
        err = carnet_digest_parse(hex, &id) == CARNET_OK ? add(f, &none, &id) : refuse_list(cli, text);
    }
    carnet_buffer_clear(&bytes);
    return err;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct carnet_digest));
}

/* What is left when the grants that ended are taken away, each once. */
static enum carnet_err settle(struct finding *f, struct still_valid *out)
{
    size_t kept = 0;

    out->ids = calloc(f->count + 1, sizeof *out->ids);
    if (!out->ids)
        return CARNET_NO_MEMORY;
    if (f->ended_count > 0)
        qsort(f->ended, f->ended_count, sizeof *f->ended, by_bytes);
    for (size_t i = 0; i < f->count; i++)
        if (f->ended_count == 0 || !bsearch(&f->pairs[i].grant, f->ended, f->ended_count, sizeof *f->ended, by_bytes))
            out->ids[out->count++] = f->pairs[i].id;
    qsort(out->ids, out->count, sizeof *out->ids, by_bytes);
    for (size_t i = 0; i < out->count; i++)
        if (kept == 0 || !carnet_digest_equal(&out->ids[i], &out->ids[kept - 1]))
            out->ids[kept++] = out->ids[i];
    out->count = kept;
    return CARNET_OK;
}

enum carnet_err still_valid_find(struct cli *cli, struct home *h, const struct carnet_digest *key,
                                 enum carnet_role role, struct still_valid *out)
{
    struct finding f = {.key = key, .role = role};
    enum carnet_err err = look_at_ledger(cli, h, &f);

    for (size_t i = 0; !err && i < cli_values(cli, "journal"); i++)
        err = look_at_journal(cli, h, cli_value_at(cli, "journal", i), &f);
    for (size_t i = 0; !err && i < cli_values(cli, "valid"); i++)
        err = look_at_valid(cli, cli_value_at(cli, "valid", i), &f);
    if (!err)
        err = settle(&f, out);
    free(f.pairs);
    free(f.ended);
    return err == CARNET_NO_MEMORY ? carnet_fail(cli_diag(cli), err, "", "There is not enough memory.") : err;
}

void still_valid_clear(struct still_valid *s)
{
    free(s->ids);
    *s = (struct still_valid){.count = 0};
}

/* SPDX-License-Identifier: MIT */
/* The report as data: JSON, and a table of the files. */
#include <inttypes.h>
#include <string.h>

#include "inspect/report/model.h"

/* An object that is being made; a member that could not be is remembered. */
struct making {
    json_t *object;
    int bad;
};

static void put(struct making *m, const char *key, const char *text)
{
    if (text[0] != '\0')
        m->bad |= json_object_set_new(m->object, key, cli_json_text(text));
}

static void put_number(struct making *m, const char *key, size_t number)
{
    if (number != 0)
        m->bad |= json_object_set_new(m->object, key, json_integer((json_int_t)number));
}

static void put_place(struct making *m, const char *key, size_t place)
{
    if (place != REPORT_NONE)
        m->bad |= json_object_set_new(m->object, key, json_integer((json_int_t)place));
}

static void put_digest(struct making *m, const char *key, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    if (carnet_digest_is_zero(digest))
        return;
    carnet_digest_hex(digest, hex);
    m->bad |= json_object_set_new(m->object, key, json_string(hex));
}

static void put_time(struct making *m, const char *key, int64_t time)
{
    char text[CARNET_UTC_SIZE];
    put(m, key, report_time(time, text));
}

static struct making begin(void)
{
    struct making m = {.object = json_object()};
    m.bad = m.object == NULL;
    return m;
}

/* A list that is written object by object, so that never more than one of them is in memory. */
struct list {
    json_dump_callback_t put;
    void *context;
    size_t count;
    int bad;
};

static void put_piece(struct list *l, const char *piece)
{
    l->bad |= l->put(piece, strlen(piece), l->context);
}

static int dump(struct list *l, const json_t *value)
{
    return value == NULL ? -1 : json_dump_callback(value, l->put, l->context, JSON_COMPACT | JSON_ENSURE_ASCII);
}

static void begin_list(struct list *l, const char *name)
{
    put_piece(l, "\"");
    put_piece(l, name);
    put_piece(l, "\":[");
    l->count = 0;
}

static void end(struct making *m, struct list *l)
{
    if (l->count++ > 0)
        put_piece(l, ",");
    l->bad |= m->bad != 0 ? -1 : dump(l, m->object);
    json_decref(m->object);
}

static int end_in(struct making *m, json_t *list)
{
    if (m->bad != 0) {
        json_decref(m->object);
        return -1;
    }
    return json_array_append_new(list, m->object);
}

static void add_file(const struct report *r, const struct report_file *f, struct list *list)
{
    struct making m = begin();
    m.bad |= json_object_set_new(m.object, "file", cli_json_text(f->path));
    put(&m, "outcome", carnet_outcome_name(f->err));
    m.bad |= json_object_set_new(m.object, "exit", json_integer(carnet_outcome_exit(f->err)));
    put(&m, "status", report_status(r, f->bundle));
    if (f->err != CARNET_OK) {
        put(&m, "message", report_message(f));
        put(&m, "next", f->why->next[0] != '\0' ? f->why->next : carnet_outcome_next(f->err));
        put(&m, "clause", f->why->clause);
        put(&m, "entry", f->why->entry);
    }
    put_digest(&m, "sha256", &f->digest);
    put_place(&m, "bundle", f->bundle);
    put_number(&m, "anomalies", f->anomalies);
    end(&m, list);
}

static void add_bundle(const struct report *r, const struct report_bundle *b, struct list *list)
{
    const struct facts_values *v = &b->values;
    struct making m = begin();
    put(&m, "kind", v->kind);
    put(&m, "status", report_status(r, b->place));
    put(&m, "summary", b->summary);
    put_digest(&m, "sha256", &v->bytes);
    if (v->has_id)
        put_digest(&m, "id", &v->id);
    if (v->has_signer)
        put_digest(&m, "signer", &v->signer);
    put_digest(&m, "vendor", &v->vendor);
    put(&m, "vendor-name", b->vendor);
    put(&m, "license", v->license);
    put_number(&m, "revision", v->revision);
    put_number(&m, "seats", v->seats);
    put(&m, "licensee", b->licensee);
    put(&m, "product", v->product);
    put(&m, "edition", v->edition);
    put_number(&m, "seat", v->seat);
    put(&m, "label", b->label);
    put_digest(&m, "key", &v->key);
    put_digest(&m, "fingerprint", &v->fingerprint);
    put_number(&m, "epoch", v->epoch);
    put_number(&m, "serial", v->serial);
    put_number(&m, "sequence", v->sequence);
    put(&m, "word", facts_word_name((enum facts_word)v->word));
    put(&m, "note", b->note);
    put_time(&m, "at", v->at);
    put_time(&m, "until", v->until);
    put_number(&m, "position", v->position);
    put_digest(&m, "journal-digest", &v->journal);
    put_digest(&m, "answers", &v->answers);
    put_place(&m, "rests-on", b->inner);
    m.bad |= json_object_set_new(m.object, "copies", json_integer((json_int_t)b->copies));
    end(&m, list);
}

static void add_happening(const struct report_happening *h, struct list *list)
{
    struct making m = begin();
    put_time(&m, "at", h->at);
    put(&m, "source", h->position != 0 ? "journal" : "bundle");
    put(&m, "what", h->position != 0 ? h->journal_word : h->what);
    put(&m, "word", h->position != 0 ? h->note : facts_word_name(h->word));
    put_digest(&m, "vendor", &h->vendor);
    put(&m, "license", h->license);
    put_number(&m, "seat", h->seat);
    put_digest(&m, "fingerprint", &h->grant);
    put_digest(&m, "key", &h->key);
    put_time(&m, "until", h->until);
    put_number(&m, "position", h->position);
    put_place(&m, "bundle", h->bundle);
    end(&m, list);
}

static int add_grant(const struct report_grant *g, json_t *list)
{
    struct making m = begin();
    put_number(&m, "seat", g->seat);
    put(&m, "state", report_state_name(g->state));
    put(&m, "label", g->label);
    put_digest(&m, "key", &g->key);
    put_digest(&m, "fingerprint", &g->id);
    put_time(&m, "since", g->since);
    put_time(&m, "until", g->until);
    put_time(&m, "ended", g->ended);
    put(&m, "end", facts_word_name(g->end));
    if (g->lost)
        m.bad |= json_object_set_new(m.object, "lost", json_true());
    if (g->disputed)
        m.bad |= json_object_set_new(m.object, "disputed", json_true());
    put_place(&m, "bundle", g->bundle);
    return end_in(&m, list);
}

static void add_license(const struct report *r, const struct report_license *l, struct list *list)
{
    struct making m = begin();
    json_t *grants = json_array();
    put(&m, "license", l->id);
    put_digest(&m, "vendor", &l->vendor);
    if (l->entitlement != REPORT_NONE) {
        const struct report_bundle *e = r->bundles.list[l->entitlement];
        put(&m, "vendor-name", e->vendor);
        put(&m, "licensee", e->licensee);
        put(&m, "product", e->values.product);
        put(&m, "edition", e->values.edition);
        put_number(&m, "revision", e->values.revision);
        put_number(&m, "seats", e->values.seats);
        put(&m, "offline", facts_word_name((enum facts_word)e->values.word));
        put_time(&m, "until", e->values.not_after);
        put_place(&m, "bundle", l->entitlement);
    }
    for (size_t i = l->first; i < l->first + l->count; i++)
        m.bad |= add_grant(&r->grants.list[i], grants);
    m.bad |= json_object_set_new(m.object, "grants", grants);
    end(&m, list);
}

static void add_anomaly(const struct report_anomaly *a, struct list *list)
{
    struct making m = begin();
    json_t *files = json_array();
    put(&m, "grade", report_grade_name(a->grade));
    put(&m, "name", a->name);
    put(&m, "license", a->license);
    put_number(&m, "seat", a->seat);
    put(&m, "text", a->text);
    for (size_t i = 0; i < 2; i++) {
        if (a->files[i] != REPORT_NONE && (i == 0 || a->files[0] != a->files[1]))
            m.bad |= json_array_append_new(files, json_integer((json_int_t)a->files[i]));
    }
    m.bad |= json_object_set_new(m.object, "files", files);
    end(&m, list);
}

static void add_roots(const struct report *r, struct list *list)
{
    const struct inspect_trust *trust = &r->survey->trust;
    for (size_t i = 0; i < trust->anchors.count; i++) {
        struct making m = begin();
        put_digest(&m, "id", &trust->list[i].root);
        put(&m, "file", trust->sources[i]);
        end(&m, list);
    }
}

static void add_anomalies(const struct report *r, struct list *list)
{
    for (size_t i = 0; i < r->anomalies.count; i++)
        add_anomaly(&r->anomalies.list[i], list);
}

static void add_licenses(const struct report *r, struct list *list)
{
    for (size_t i = 0; i < r->licenses.count; i++)
        add_license(r, &r->licenses.list[i], list);
}

static void add_timeline(const struct report *r, struct list *list)
{
    for (size_t i = 0; i < r->happenings.count; i++)
        add_happening(&r->happenings.list[i], list);
}

static void add_files(const struct report *r, struct list *list)
{
    for (size_t i = 0; i < r->files.count; i++)
        add_file(r, &r->files.list[i], list);
}

static void add_bundles(const struct report *r, struct list *list)
{
    for (size_t i = 0; i < r->bundles.count; i++)
        add_bundle(r, r->bundles.list[i], list);
}

typedef void add_fn(const struct report *r, struct list *list);
static const struct {
    const char *name;
    add_fn *add;
    bool page; /* what the page's script needs; all else stands in its tables */
} lists[] = {
    {"roots", add_roots, true},        {"anomalies", add_anomalies, false}, {"licenses", add_licenses, false},
    {"timeline", add_timeline, false}, {"files", add_files, true},          {"bundles", add_bundles, true},
};

static void put_head(const struct report *r, struct list *l)
{
    const struct survey *s = r->survey;
    char made[CARNET_UTC_SIZE], at[CARNET_UTC_SIZE];
    json_t *examined =
        json_pack("{s:I, s:I, s:I, s:s, s:o}", "files", (json_int_t)s->files, "others", (json_int_t)s->others,
                  "self-asserted", (json_int_t)s->self_asserted, "cage", survey_cage(s), "outcomes", survey_counts(s));
    put_piece(l, ",\"made\":\"");
    put_piece(l, report_time(r->made, made));
    put_piece(l, "\",\"judged-at\":\"");
    put_piece(l, report_time(r->at, at));
    put_piece(l, "\",\"examined\":");
    l->bad |= dump(l, examined);
    json_decref(examined);
}

static int put_lists(const struct report *r, bool page, struct list *l)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (page && !lists[i].page)
            continue;
        put_piece(l, page && i == 0 ? "" : ",");
        begin_list(l, lists[i].name);
        lists[i].add(r, l);
        put_piece(l, "]");
    }
    return l->bad;
}

int report_json_members(const struct report *r, json_dump_callback_t tell, void *context)
{
    struct list l = {.put = tell, .context = context};
    put_head(r, &l);
    return put_lists(r, false, &l);
}

int report_json_of_page(const struct report *r, json_dump_callback_t tell, void *context)
{
    struct list l = {.put = tell, .context = context};
    put_piece(&l, "{");
    (void)put_lists(r, true, &l);
    put_piece(&l, "}");
    return l.bad;
}

/* ---- CSV ---- */

/* One cell, quoted. Spreadsheets take what begins like a formula for one: an apostrophe makes it text. */
static enum carnet_err cell(struct carnet_buffer *out, const char *text, bool last)
{
    static const char formula[] = "=+-@\t\r";
    enum carnet_err err = carnet_buffer_text(out, text[0] != '\0' && strchr(formula, text[0]) != NULL ? "\"'" : "\"");
    for (const char *at = text; *at != '\0' && err == CARNET_OK; at++) {
        if (*at == '"')
            err = carnet_buffer_text(out, "\"");
        if (err == CARNET_OK)
            err = carnet_buffer_append(out, at, 1);
    }
    return err == CARNET_OK ? carnet_buffer_text(out, last ? "\"\r\n" : "\",") : err;
}

static enum carnet_err cells(struct carnet_buffer *out, const char *const *list, size_t count)
{
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < count && err == CARNET_OK; i++)
        err = cell(out, list[i], i + 1 == count);
    return err;
}

static const char *hex_of(const struct carnet_digest *digest, char out[CARNET_HEX_SIZE])
{
    out[0] = '\0';
    if (digest != NULL && !carnet_digest_is_zero(digest))
        carnet_digest_hex(digest, out);
    return out;
}

static const char *number_of(uint32_t number, char out[16])
{
    out[0] = '\0';
    if (number != 0)
        (void)snprintf(out, 16, "%" PRIu32, number);
    return out;
}

static enum carnet_err file_row(const struct report *r, const struct report_file *f, struct carnet_buffer *out)
{
    static char none[] = "";
    static const struct report_bundle nothing = {
        .values = {.at = FACTS_NO_TIME, .until = FACTS_NO_TIME}, .label = none, .summary = none};
    const struct report_bundle *b = f->bundle == REPORT_NONE ? &nothing : r->bundles.list[f->bundle];
    const struct facts_values *v = &b->values;
    char path[4096], seat[16], epoch[16], serial[16], at[CARNET_UTC_SIZE], until[CARNET_UTC_SIZE];
    char hex[6][CARNET_HEX_SIZE], anomalies[16];
    const char *const row[] = {
        carnet_text_escape(f->path, strlen(f->path), path, sizeof path),
        carnet_outcome_name(f->err),
        report_message(f),
        report_status(r, f->bundle),
        v->kind,
        b->summary,
        v->license,
        number_of(v->seat, seat),
        b->label,
        hex_of(&v->key, hex[0]),
        number_of(v->epoch, epoch),
        number_of(v->serial, serial),
        report_time(v->at, at),
        report_time(v->until, until),
        hex_of(&v->vendor, hex[1]),
        hex_of(v->has_id ? &v->id : NULL, hex[2]),
        hex_of(v->has_signer ? &v->signer : NULL, hex[3]),
        hex_of(&f->digest, hex[4]),
        number_of((uint32_t)f->anomalies, anomalies),
    };
    return cells(out, row, sizeof row / sizeof row[0]);
}

enum carnet_err report_csv(const struct report *r, struct cli *cli)
{
    static const char *const head[] = {"file",   "outcome", "message",     "status", "kind",     "summary", "license",
                                       "seat",   "machine", "machine-key", "epoch",  "serial",   "at",      "until",
                                       "vendor", "id",      "signer",      "sha256", "anomalies"};
    struct carnet_buffer row = {0};
    enum carnet_err err = cells(&row, head, sizeof head / sizeof head[0]);
    for (size_t i = 0; i < r->files.count && err == CARNET_OK; i++) {
        cli_write(cli, row.bytes, row.size);
        row.size = 0; /* its memory is used again */
        err = file_row(r, &r->files.list[i], &row);
    }
    if (err == CARNET_OK)
        cli_write(cli, row.bytes, row.size);
    carnet_buffer_clear(&row);
    return err;
}

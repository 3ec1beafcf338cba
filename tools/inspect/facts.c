/* SPDX-License-Identifier: MIT */
#include "inspect/facts.h"

#include <string.h>

#include "rules/chains.h"

static const char *const words[FACTS_WORD_COUNT] = {
#define FACTS_WORD_NAME(symbol, word) [FACTS_##symbol] = (word),
    FACTS_WORDS(FACTS_WORD_NAME)
#undef FACTS_WORD_NAME
};

const char *facts_word_name(enum facts_word word)
{
    return words[word];
}

#define COPY(to, from) memcpy((to), (from), sizeof(to) < sizeof(from) ? sizeof(to) : sizeof(from))

static void take_grant(const struct carnet_grant *g, struct facts_values *v)
{
    COPY(v->license, g->license);
    v->fingerprint = g->fingerprint;
    v->epoch = g->epoch;
    v->serial = g->serial;
    v->seat = g->seat;
}

static void take_sequence(const struct carnet_sequence *s, struct facts_values *v)
{
    v->at = s->made;
    v->sequence = s->sequence;
    v->previous = s->previous;
}

static void take_position(const struct carnet_journal_position *j, struct facts_values *v)
{
    v->position = j->position;
    v->journal = j->digest;
}

static void take_system(const struct carnet_facts *list, struct facts_values *v)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->list[i].name == CARNET_FACT_SYSTEM_UUID)
            v->system = list->list[i].digest;
    }
}

static void take_entitlement(const struct carnet_entitlement *e, struct facts_values *v, struct facts_texts *t)
{
    COPY(v->license, e->license);
    COPY(v->product, e->product);
    COPY(v->edition, e->edition);
    COPY(t->licensee, e->licensee);
    COPY(t->vendor, e->vendor_name);
    COPY(t->note, e->contact);
    v->key = e->issuer;
    v->revision = e->revision;
    v->seats = e->seats;
    v->lease_days = e->lease_days;
    v->word = e->offline_allowed ? FACTS_ALLOWED : FACTS_DENIED;
    v->at = e->issued;
    v->until = v->not_after = e->not_after;
}

static void take_fingerprint(const struct carnet_fingerprint *f, struct facts_values *v, struct facts_texts *t)
{
    COPY(t->label, f->label);
    if (f->product_count > 0)
        COPY(v->product, f->products[0].id);
    v->word = f->renew ? FACTS_RENEW : FACTS_NEW;
    v->key = v->signer;
    take_sequence(&f->sequence, v);
    take_system(&f->facts, v);
    take_position(&f->journal, v);
}

static void take_license(const struct carnet_license *l, struct facts_values *v, struct facts_texts *t)
{
    take_grant(&l->grant, v);
    COPY(v->product, l->product);
    COPY(v->edition, l->edition);
    COPY(t->licensee, l->licensee);
    COPY(t->label, l->machine_label);
    v->rests_on = l->entitlement;
    v->key = l->machine_key;
    v->revision = l->revision;
    v->at = l->issued;
    v->until = l->lease_until < l->not_after ? l->lease_until : l->not_after;
    v->not_after = l->not_after;
    v->activate_by = l->activate_by;
    take_system(&l->facts, v);
    take_position(&l->journal, v);
}

static void take_receipt(const struct carnet_receipt *r, struct facts_values *v, struct facts_texts *t)
{
    take_grant(&r->grant, v);
    COPY(t->label, r->machine_label);
    COPY(t->note, r->reason);
    v->rests_on = r->entitlement;
    v->key = r->machine_key;
    v->revision = r->revision;
    v->word = r->end == CARNET_END_FREED ? FACTS_FREED : r->end == CARNET_END_REVOKED ? FACTS_REVOKED : FACTS_REPLACED;
    if (r->end == CARNET_END_FREED)
        v->answers = r->release;
    v->at = r->at;
    take_position(&r->journal, v);
}

static void take_clock(const struct carnet_clock *c, struct facts_values *v, struct facts_texts *t)
{
    take_grant(&c->grant, v);
    COPY(t->label, c->machine_label);
    v->rests_on = c->entitlement;
    v->key = c->machine_key;
    v->revision = c->revision;
    v->answers = c->request;
    v->at = c->at;
    take_position(&c->journal, v);
}

/* What machines sign about a license of theirs. */
static void take_machine_signed(const struct carnet_grant *grant, const struct carnet_digest *license,
                                const struct carnet_sequence *sequence, const struct carnet_journal_position *journal,
                                struct facts_values *v)
{
    take_grant(grant, v);
    v->rests_on = *license;
    v->key = v->signer;
    take_sequence(sequence, v);
    take_position(journal, v);
}

static void take_segment(const struct carnet_journal *j, struct facts_values *v)
{
    v->rests_on = j->entitlement;
    v->revision = j->revision;
    v->first = j->first;
    v->position = j->last;
    v->previous = j->previous;
    v->journal = j->digest;
    v->at = j->at;
}

static void take_document(const struct carnet_document *d, struct facts_values *v, struct facts_texts *t)
{
    const struct carnet_activation *a = carnet_document_activation(d);
    const struct carnet_release *r = carnet_document_release(d);
    const struct carnet_clockrequest *q = carnet_document_clockrequest(d);
    v->has_document = 1;
    v->vendor = *carnet_document_vendor(d);
    inspect_summary(d, t->summary, sizeof t->summary);
    if (carnet_document_entitlement(d) != NULL)
        take_entitlement(carnet_document_entitlement(d), v, t);
    else if (carnet_document_fingerprint(d) != NULL)
        take_fingerprint(carnet_document_fingerprint(d), v, t);
    else if (carnet_document_license(d) != NULL)
        take_license(carnet_document_license(d), v, t);
    else if (carnet_document_receipt(d) != NULL)
        take_receipt(carnet_document_receipt(d), v, t);
    else if (carnet_document_clock(d) != NULL)
        take_clock(carnet_document_clock(d), v, t);
    else if (carnet_document_journal(d) != NULL)
        take_segment(carnet_document_journal(d), v);
    else if (a != NULL)
        take_machine_signed(&a->grant, &a->license, &a->sequence, &a->journal, v);
    else if (r != NULL)
        take_machine_signed(&r->grant, &r->license, &r->sequence, &r->journal, v);
    else if (q != NULL)
        take_machine_signed(&q->grant, &q->license, &q->sequence, &q->journal, v);
    if (r != NULL)
        v->word = r->declined ? FACTS_DECLINED : FACTS_RELEASED;
}

static void take_layer(const struct inspect_layer *layer, struct facts_sheet *out)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(layer->reading);
    const struct carnet_signed *signature = carnet_reading_signed(layer->reading);
    const struct carnet_intact *intact = carnet_reading_intact(layer->reading);
    const struct carnet_kind *kind = carnet_reading_kind(layer->reading);
    struct facts_values *v = &out->values;
    size_t size = 0;
    memset(out, 0, sizeof *out);
    v->at = v->until = v->not_after = v->activate_by = FACTS_NO_TIME;
    const uint8_t *bytes = carnet_reading_bytes(layer->reading, &size);
    carnet_sha256(bytes, size, &v->bytes);
    if (unpacked != NULL)
        strncpy(v->kind, carnet_unpacked_kind_name(unpacked), sizeof v->kind - 1);
    v->has_id = intact != NULL;
    if (intact != NULL)
        v->id = *carnet_intact_id(intact);
    v->has_signer = signature != NULL;
    if (signature != NULL)
        v->signer = *carnet_signed_signer(signature);
    v->status = !layer->judged                        ? FACTS_UNVERIFIED
                : kind != NULL && kind->self_asserted ? FACTS_SELF_ASSERTED
                                                      : FACTS_VERIFIED;
    if (layer->document != NULL)
        take_document(layer->document, v, &out->texts);
}

static enum carnet_err take_event(void *context, const struct carnet_event *event, const struct carnet_digest *link)
{
    struct inspect_facts *out = context;
    if (out->events == CARNET_EVENTS_MOST)
        return CARNET_MALFORMED;
    struct facts_event *e = &out->event[out->events++];
    memset(e, 0, sizeof *e);
    e->event = *event;
    e->link = *link;
    return CARNET_OK;
}

void facts_gather(const uint8_t *bytes, size_t size, const struct carnet_reading *reading,
                  const struct carnet_read_options *options, struct inspect_facts *out)
{
    struct inspect_layers layers = {0};
    carnet_sha256(bytes, size, &out->file);
    out->layers = 0;
    out->events = 0;
    if (reading == NULL || carnet_reading_unpacked(reading) == NULL)
        return;
    inspect_layers_open(reading, options, &layers);
    for (size_t i = 0; i < layers.count; i++)
        take_layer(&layers.list[i], &out->layer[i]);
    out->layers = layers.count;
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_journal *journal =
        judged == NULL ? NULL : carnet_document_journal(carnet_judged_document(judged));
    if (journal != NULL && carnet_journal_walk(journal, take_event, out) != CARNET_OK)
        out->events = 0;
    inspect_layers_clear(&layers);
}

/* ---- from the cage ---- */

static void tame_id(char *text, size_t room)
{
    text[room - 1] = '\0';
    if (!carnet_text_is_id(text))
        text[0] = '\0';
}

/* Text of a document is fit to be shown, or is escaped until it is. */
static void tame_text(char *text, size_t room)
{
    char work[CARNET_TEXT_SIZE] = {0};
    text[room - 1] = '\0';
    if (text[0] == '\0' || carnet_text_is_text(text))
        return;
    carnet_text_escape(text, strlen(text), work, room);
    memcpy(text, work, room);
}

static void tame_word(char *text, size_t room)
{
    text[room - 1] = '\0';
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(text))
        text[0] = '\0';
}

void facts_sheet_tame(struct facts_sheet *sheet)
{
    struct facts_values *v = &sheet->values;
    struct facts_texts *t = &sheet->texts;
    tame_word(v->kind, sizeof v->kind);
    tame_id(v->license, sizeof v->license);
    tame_id(v->product, sizeof v->product);
    tame_id(v->edition, sizeof v->edition);
    tame_text(t->licensee, sizeof t->licensee);
    tame_text(t->vendor, sizeof t->vendor);
    tame_text(t->label, sizeof t->label);
    tame_text(t->note, sizeof t->note);
    tame_text(t->summary, sizeof t->summary);
    if (v->status > FACTS_VERIFIED)
        v->status = FACTS_UNVERIFIED;
    if (v->word >= FACTS_WORD_COUNT)
        v->word = FACTS_NONE;
    v->has_id = v->has_id != 0;
    v->has_signer = v->has_signer != 0;
    v->has_document = v->has_document != 0;
    if (v->seat > CARNET_SEATS_MOST)
        v->seat = 0;
    if (v->seats > CARNET_SEATS_MOST)
        v->seats = 0;
}

void facts_event_tame(struct facts_event *event)
{
    struct carnet_event *e = &event->event;
    tame_word(e->what, sizeof e->what);
    tame_word(e->note, sizeof e->note);
    tame_id(e->license, sizeof e->license);
    if (e->seat > CARNET_SEATS_MOST)
        e->seat = 0;
}

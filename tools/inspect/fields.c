/* SPDX-License-Identifier: MIT */
/* Every field of every kind of document, with its label: one walk makes the text and the JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect/inspect.h"
#include "rules/match.h"

#define LABEL_WIDTH 22

struct view {
    struct cli *cli;  /* NULL: only the JSON is made */
    json_t *document; /* the whole */
    json_t *section;  /* borrowed */
    int64_t at;
    int bad; /* a member could not be made */
};

static void member(struct view *v, const char *key, json_t *value)
{
    v->bad |= json_object_set_new(v->section, key, value);
}

static void line(struct view *v, const char *label, const char *text)
{
    if (v->cli == NULL)
        return;
    if (text[0] == '\0')
        cli_data(v->cli, "  %s\n", label);
    else
        cli_data(v->cli, "  %-*s %s\n", LABEL_WIDTH, label, text);
}

static void section(struct view *v, const char *key, const char *heading)
{
    if (v->cli != NULL)
        cli_data(v->cli, "\n%s%s%s\n", cli_style(v->cli, "bold"), heading, cli_style(v->cli, "off"));
    v->section = json_object();
    v->bad |= json_object_set_new(v->document, key, v->section);
}

/* Absent text is not shown. */
static void text(struct view *v, const char *key, const char *label, const char *value)
{
    char shown[CARNET_TEXT_SIZE * 4];
    if (value[0] == '\0')
        return;
    line(v, label, carnet_text_escape(value, strlen(value), shown, sizeof shown));
    member(v, key, cli_json_text(value));
}

static void number(struct view *v, const char *key, const char *label, uint32_t value, const char *unit)
{
    char shown[64];
    (void)snprintf(shown, sizeof shown, "%" PRIu32 "%s%s", value, unit[0] != '\0' ? " " : "", unit);
    line(v, label, shown);
    member(v, key, json_integer(value));
}

static void number_or_none(struct view *v, const char *key, const char *label, uint32_t value, uint32_t none)
{
    if (value != none) {
        number(v, key, label, value, "");
        return;
    }
    line(v, label, "none");
    member(v, key, json_null());
}

static void digest(struct view *v, const char *key, const char *label, const struct carnet_digest *value)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(value, hex);
    line(v, label, hex);
    member(v, key, json_string(hex));
}

/* "2027-01-01T00:00:00Z (in 31 days)" */
static void when(struct view *v, const char *key, const char *label, int64_t time)
{
    char utc[CARNET_UTC_SIZE], shown[96];
    carnet_utc_format(time, utc);
    member(v, key, json_string(utc));
    if (time == CARNET_NEVER) {
        line(v, label, utc);
        return;
    }
    const bool past = time < v->at;
    const int64_t days = (past ? v->at - time : time - v->at) / CARNET_DAY;
    if (days == 0)
        (void)snprintf(shown, sizeof shown, "%s (%s)", utc, past ? "less than a day ago" : "in less than a day");
    else
        (void)snprintf(shown, sizeof shown, "%s (%s%" PRId64 " day%s%s)", utc, past ? "" : "in ", days,
                       days == 1 ? "" : "s", past ? " ago" : "");
    line(v, label, shown);
}

static void choice(struct view *v, const char *key, const char *label, const char *value)
{
    line(v, label, value);
    member(v, key, json_string(value));
}

/* ---- parts that several kinds have ---- */

static void grant(struct view *v, const struct carnet_grant *g)
{
    section(v, "grant", "Grant: one seat given to one machine");
    text(v, "license", "License", g->license);
    number(v, "seat", "Seat", g->seat, "");
    digest(v, "fingerprint", "Asked for by", &g->fingerprint);
    number(v, "epoch", "Ledger epoch", g->epoch, "");
    number(v, "serial", "Serial of the grant", g->serial, "");
}

static void features(struct view *v, const struct carnet_features *list)
{
    json_t *array = json_array();
    section(v, "features", "Features");
    if (list->count == 0)
        line(v, "none", "");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct carnet_feature *f = &list->list[i];
        line(v, f->name, f->value);
        v->bad |= json_array_append_new(array, f->value[0] != '\0'
                                                   ? json_pack("{s:s, s:s}", "name", f->name, "value", f->value)
                                                   : json_pack("{s:s}", "name", f->name));
    }
    v->bad |= json_object_set_new(v->document, "features", array);
}

static void matching(struct view *v, const struct carnet_matching *m)
{
    char shown[32];
    section(v, "matching", "Matching: how much of the machine has to be the same");
    number(v, "threshold", "Threshold", m->threshold, "per cent of the points");
    json_t *points = json_object();
    for (size_t i = 0; i < CARNET_FACT_COUNT; i++) {
        if (m->points[i] == 0)
            continue;
        const char *name = carnet_fact_name((enum carnet_fact_name)i);
        (void)snprintf(shown, sizeof shown, "%u point%s", m->points[i], m->points[i] == 1 ? "" : "s");
        line(v, name, shown);
        v->bad |= json_object_set_new(points, name, json_integer(m->points[i]));
    }
    member(v, "points", points);
}

static void facts(struct view *v, const struct carnet_facts *list)
{
    json_t *array = json_array();
    section(v, "facts", "Facts of the machine, as keyed digests");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct carnet_fact *f = &list->list[i];
        char hex[CARNET_HEX_SIZE], shown[64];
        carnet_digest_hex(&f->digest, hex);
        (void)snprintf(shown, sizeof shown, "%.16s... keyed by %s", hex,
                       carnet_fact_by_vendor(f->name) ? "the vendor id" : "the machine's secret");
        line(v, carnet_fact_name(f->name), shown);
        v->bad |=
            json_array_append_new(array, json_pack("{s:s, s:s}", "name", carnet_fact_name(f->name), "digest", hex));
    }
    v->bad |= json_object_set_new(v->document, "facts", array);
}

static void journal(struct view *v, const struct carnet_journal_position *j)
{
    if (j->position == 0)
        return;
    section(v, "journal", "Administrator's journal");
    number(v, "position", "Position", j->position, "");
    digest(v, "digest", "Digest there", &j->digest);
}

static void sequence(struct view *v, const struct carnet_sequence *s)
{
    when(v, "made", "Made (machine's clock)", s->made);
    number(v, "sequence", "Number by this key", s->sequence, "");
    if (s->sequence > 1)
        digest(v, "previous", "The one before", &s->previous);
}

/* ---- kinds ---- */

static void entitlement(struct view *v, const struct carnet_entitlement *e)
{
    static const char *const container[] = {"accepted", "refused", "pinned"};
    section(v, "vendor", "Vendor");
    text(v, "name", "Name", e->vendor_name);
    text(v, "contact", "Contact", e->contact);
    digest(v, "id", "Vendor id", &e->vendor);
    section(v, "license", "License");
    text(v, "id", "License", e->license);
    number(v, "revision", "Revision", e->revision, "");
    text(v, "licensee", "Licensee", e->licensee);
    text(v, "product", "Product", e->product);
    text(v, "edition", "Edition", e->edition);
    text(v, "newest-version", "Newest version", e->newest_version[0] != '\0' ? e->newest_version : "any");
    number(v, "seats", "Seats", e->seats, "");
    choice(v, "offline", "Offline use", e->offline_allowed ? "allowed" : "denied");
    when(v, "issued", "Issued", e->issued);
    when(v, "not-after", "Ends", e->not_after);
    number_or_none(v, "lease-days", "Lease, in days", e->lease_days, CARNET_NO_LEASE);
    number(v, "activate-within-days", "Activate within", e->activate_within_days, "days");
    features(v, &e->features);
    section(v, "rules", "Rules");
    number_or_none(v, "transfers-per-year", "Transfers a year", e->transfers_per_year, CARNET_NO_CAP);
    number_or_none(v, "losses-per-year", "Losses a year", e->losses_per_year, CARNET_NO_CAP);
    choice(v, "held-after-loss", "Held after a loss", e->held_after_loss ? "lease" : "no");
    number(v, "clock-tolerance-hours", "Clock tolerance", e->clock_tolerance_hours, "hours");
    choice(v, "virtual", "Virtual machines", e->virtual_refused ? "refused" : "accepted");
    choice(v, "container", "Containers", container[e->container]);
    if (e->has_least_trust) {
        char version[32];
        (void)snprintf(version, sizeof version, "%" PRIu32 ".%" PRIu32, e->least_trust_generation,
                       e->least_trust_number);
        choice(v, "least-trust", "Least trust version", version);
    }
    matching(v, &e->matching);
    section(v, "issuer", "Issuer: the administrator who may give out the seats");
    digest(v, "key", "Key id", &e->issuer);
}

static void fingerprint_lists(struct view *v, const struct carnet_fingerprint *f)
{
    json_t *products = json_array(), *renews = json_array();
    if (f->product_count > 0)
        section(v, "products", "Products asked for");
    for (uint32_t i = 0; i < f->product_count; i++) {
        const struct carnet_product_request *p = &f->products[i];
        line(v, p->id, p->version);
        v->bad |= json_array_append_new(products, p->version[0] != '\0'
                                                      ? json_pack("{s:s, s:s}", "id", p->id, "version", p->version)
                                                      : json_pack("{s:s}", "id", p->id));
    }
    v->bad |= json_object_set_new(v->document, "products", products);
    if (f->renew_count > 0)
        section(v, "renews", "Grants to be renewed");
    for (uint32_t i = 0; i < f->renew_count; i++) {
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&f->renews[i].fingerprint, hex);
        line(v, f->renews[i].license, hex);
        v->bad |=
            json_array_append_new(renews, json_pack("{s:s, s:s}", "license", f->renews[i].license, "fingerprint", hex));
    }
    v->bad |= json_object_set_new(v->document, "renews", renews);
}

static void fingerprint(struct view *v, const struct carnet_fingerprint *f)
{
    char nonce[2 * sizeof f->nonce + 1];
    carnet_hex(f->nonce, sizeof f->nonce, nonce);
    section(v, "vendor", "Vendor");
    digest(v, "id", "Vendor id", &f->vendor);
    section(v, "request", "Request");
    choice(v, "purpose", "Purpose", f->renew ? "renew" : "new");
    text(v, "label", "Machine's label", f->label);
    sequence(v, &f->sequence);
    choice(v, "nonce", "Nonce", nonce);
    section(v, "environment", "Environment");
    text(v, "virtual", "Virtual machine", f->virtual_system);
    text(v, "container", "Container", f->container_system);
    if (f->has_user) {
        section(v, "user", "User the license is to be fixed to");
        digest(v, "digest", "Digest", &f->user);
    }
    fingerprint_lists(v, f);
    facts(v, &f->facts);
    journal(v, &f->journal);
}

static void license(struct view *v, const struct carnet_license *l)
{
    grant(v, &l->grant);
    section(v, "license", "License");
    text(v, "licensee", "Licensee", l->licensee);
    text(v, "product", "Product", l->product);
    text(v, "edition", "Edition", l->edition);
    when(v, "issued", "Issued", l->issued);
    when(v, "activate-by", "Activate by", l->activate_by);
    when(v, "lease-until", "Renew before", l->lease_until);
    when(v, "not-after", "Ends", l->not_after);
    section(v, "machine", "Machine it is for");
    text(v, "label", "Label", l->machine_label);
    digest(v, "key", "Key id", &l->machine_key);
    if (l->has_user) {
        section(v, "user", "User it is fixed to");
        digest(v, "digest", "Digest", &l->user);
    }
    features(v, &l->features);
    section(v, "rests-on", "Rests on");
    digest(v, "entitlement", "Entitlement", &l->entitlement);
    number(v, "revision", "Its revision", l->revision, "");
    digest(v, "vendor", "Vendor id", &l->vendor);
    matching(v, &l->matching);
    facts(v, &l->facts);
    journal(v, &l->journal);
}

static void release(struct view *v, const struct carnet_release *r)
{
    grant(v, &r->grant);
    section(v, "declaration", "Declaration of the machine");
    choice(v, "how", "How", r->declined ? "declined" : "released");
    sequence(v, &r->sequence);
    section(v, "rests-on", "Rests on");
    digest(v, "license", "License", &r->license);
    digest(v, "vendor", "Vendor id", &r->vendor);
    journal(v, &r->journal);
}

static void receipt(struct view *v, const struct carnet_receipt *r)
{
    static const char *const how[] = {"freed", "revoked", "replaced"};
    grant(v, &r->grant);
    section(v, "end", "End of the grant");
    choice(v, "how", "How", how[r->end]);
    when(v, "at", "At", r->at);
    text(v, "reason", "Reason", r->reason);
    if (r->end == CARNET_END_FREED)
        digest(v, "release", "Answers the release", &r->release);
    section(v, "machine", "Machine it is for");
    text(v, "label", "Label", r->machine_label);
    digest(v, "key", "Key id", &r->machine_key);
    section(v, "rests-on", "Rests on");
    digest(v, "entitlement", "Entitlement", &r->entitlement);
    number(v, "revision", "Its revision", r->revision, "");
    digest(v, "vendor", "Vendor id", &r->vendor);
    journal(v, &r->journal);
}

/* The lines as they are linked: nothing is left to the reader's belief. */
static void journal_segment(struct view *v, const struct carnet_journal *j)
{
    json_t *array = json_array();
    section(v, "segment", "Segment of the administrator's journal");
    number(v, "first", "First position", j->first, "");
    digest(v, "previous", "Digest before it", &j->previous);
    number(v, "last", "Last position", j->last, "");
    digest(v, "digest", "Digest there", &j->digest);
    when(v, "at", "Last event", j->at);
    digest(v, "signer", "Chain of the key", &j->signer);
    section(v, "rests-on", "Rests on");
    digest(v, "entitlement", "Entitlement", &j->entitlement);
    number(v, "revision", "Its revision", j->revision, "");
    digest(v, "vendor", "Vendor id", &j->vendor);
    section(v, "events", "Events");
    for (const char *at = j->lines; *at != '\0';) {
        const size_t size = strcspn(at, "\n");
        cli_data(v->cli, "  %.*s\n", (int)size, at);
        v->bad |= json_array_append_new(array, json_stringn(at, size));
        at += size + 1;
    }
    v->bad |= json_object_set_new(v->document, "events", array);
}

static void activation(struct view *v, const struct carnet_activation *a)
{
    grant(v, &a->grant);
    section(v, "installed", "Installed by the machine");
    sequence(v, &a->sequence);
    section(v, "match", "How the facts of the license stood then");
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        const char *name = carnet_fact_name((enum carnet_fact_name)i);
        if (a->match[i] != CARNET_FACT_NOT_HELD)
            choice(v, name, name, carnet_fact_verdict_name(a->match[i]));
    }
    section(v, "rests-on", "Rests on");
    digest(v, "license", "License", &a->license);
    digest(v, "vendor", "Vendor id", &a->vendor);
    journal(v, &a->journal);
}

static void nonce(struct view *v, const uint8_t bytes[16])
{
    char hex[33];
    carnet_hex(bytes, 16, hex);
    choice(v, "nonce", "Nonce", hex);
}

static void clockrequest(struct view *v, const struct carnet_clockrequest *c)
{
    grant(v, &c->grant);
    section(v, "request", "Request");
    sequence(v, &c->sequence);
    nonce(v, c->nonce);
    section(v, "floor", "Latest times that the machine has seen");
    when(v, "local", "Of its own clock", c->local_floor);
    if (c->has_signed_floor)
        when(v, "signed", "In signed files", c->signed_floor);
    section(v, "rests-on", "Rests on");
    digest(v, "license", "License", &c->license);
    digest(v, "vendor", "Vendor id", &c->vendor);
    journal(v, &c->journal);
}

static void clock_answer(struct view *v, const struct carnet_clock *c)
{
    grant(v, &c->grant);
    section(v, "answer", "Answer to a clock request");
    digest(v, "request", "Clock request", &c->request);
    nonce(v, c->nonce);
    when(v, "at", "At (issuer's clock)", c->at);
    section(v, "machine", "Machine it is for");
    text(v, "label", "Label", c->machine_label);
    digest(v, "key", "Key id", &c->machine_key);
    section(v, "rests-on", "Rests on");
    digest(v, "entitlement", "Entitlement", &c->entitlement);
    number(v, "revision", "Its revision", c->revision, "");
    digest(v, "vendor", "Vendor id", &c->vendor);
    journal(v, &c->journal);
}

static void keyrequest(struct view *v, const struct carnet_keyrequest *k)
{
    section(v, "administrator", "Administrator, as he calls himself");
    text(v, "name", "Name", k->name);
    text(v, "contact", "Contact", k->contact);
    section(v, "request", "Request");
    when(v, "made", "Made (its own clock)", k->made);
    nonce(v, k->nonce);
    choice(v, "offline", "Offline use", k->offline_wished ? "wished" : "not-wished");
    text(v, "license", "License", k->license);
    if (k->has_replaced)
        digest(v, "replaces", "Follows the key", &k->replaced);
    section(v, "rests-on", "Meant for");
    digest(v, "vendor", "Vendor id", &k->vendor);
}

static void listed(struct view *v, json_t *array, json_t *item)
{
    v->bad |= json_array_append_new(array, item);
}

static void revoked(struct view *v, const struct carnet_trust_lists *lists)
{
    json_t *keys = json_array(), *grants = json_array(), *least = json_array();
    char hex[CARNET_HEX_SIZE], words[160];
    section(v, "revoked", "Revoked");
    for (uint32_t i = 0; i < lists->key_count; i++) {
        const struct carnet_revoked_key *key = &lists->keys[i];
        json_t *valid = json_array();
        carnet_digest_hex(&key->key, hex);
        (void)snprintf(words, sizeof words, "%s, but for %" PRIu32 " files", hex, key->count);
        line(v, "Key", words);
        json_t *item = json_pack("{s:s}", "id", hex);
        for (uint32_t k = 0; k < key->count; k++) {
            carnet_digest_hex(&lists->valid[key->first + k], hex);
            line(v, "  stays valid", hex);
            listed(v, valid, json_string(hex));
        }
        v->bad |= json_object_set_new(item, "valid", valid);
        listed(v, keys, item);
    }
    for (uint32_t i = 0; i < lists->grant_count; i++) {
        carnet_digest_hex(&lists->grants[i].fingerprint, hex);
        (void)snprintf(words, sizeof words, "%s %.16s...", lists->grants[i].license, hex);
        line(v, "Grant", words);
        listed(v, grants, json_pack("{s:s, s:s}", "license", lists->grants[i].license, "fingerprint", hex));
    }
    for (uint32_t i = 0; i < lists->revision_count; i++) {
        (void)snprintf(words, sizeof words, "%s, before %" PRIu32, lists->revisions[i].license,
                       lists->revisions[i].least);
        line(v, "Revisions", words);
        listed(v, least,
               json_pack("{s:s, s:I}", "license", lists->revisions[i].license, "revision",
                         (json_int_t)lists->revisions[i].least));
    }
    member(v, "keys", keys);
    member(v, "grants", grants);
    member(v, "least", least);
}

static void trust(struct view *v, const struct carnet_trust *t)
{
    char label[32], hex[CARNET_HEX_SIZE];
    json_t *roots = json_array();
    section(v, t->is_link ? "link" : "version", t->is_link ? "Link from one root to the next" : "Trust information");
    number(v, "generation", "Root generation", t->generation, "");
    if (!t->is_link) {
        number(v, "number", "Number", t->number, "");
        when(v, "created", "Made (vendor's clock)", t->created);
        when(v, "expires", "Expires", t->expires);
    }
    if (t->has_next)
        digest(v, "next", t->is_link ? "Next root" : "Next root, announced", &t->next);
    section(v, "rests-on", "Of the vendor");
    digest(v, "vendor", "Vendor id", &t->vendor);
    for (uint32_t i = 0; !t->is_link && i < t->generation; i++) {
        (void)snprintf(label, sizeof label, "Root %" PRIu32, i + 1);
        carnet_digest_hex(&t->roots[i], hex);
        line(v, label, hex);
        listed(v, roots, json_string(hex));
    }
    if (t->is_link) {
        json_decref(roots);
        return;
    }
    member(v, "roots", roots);
    revoked(v, t->lists);
}

json_t *inspect_fields(struct cli *cli, const struct carnet_document *document, int64_t at)
{
    struct view v = {.cli = cli, .document = json_object(), .at = at};
    switch (carnet_document_kind(document)->id) {
    case CARNET_KIND_ENTITLEMENT:
        entitlement(&v, carnet_document_entitlement(document));
        break;
    case CARNET_KIND_FINGERPRINT:
        fingerprint(&v, carnet_document_fingerprint(document));
        break;
    case CARNET_KIND_LICENSE:
        license(&v, carnet_document_license(document));
        break;
    case CARNET_KIND_RELEASE:
        release(&v, carnet_document_release(document));
        break;
    case CARNET_KIND_RECEIPT:
        receipt(&v, carnet_document_receipt(document));
        break;
    case CARNET_KIND_JOURNAL:
        journal_segment(&v, carnet_document_journal(document));
        break;
    case CARNET_KIND_ACTIVATION:
        activation(&v, carnet_document_activation(document));
        break;
    case CARNET_KIND_CLOCKREQUEST:
        clockrequest(&v, carnet_document_clockrequest(document));
        break;
    case CARNET_KIND_CLOCK:
        clock_answer(&v, carnet_document_clock(document));
        break;
    case CARNET_KIND_KEYREQUEST:
        keyrequest(&v, carnet_document_keyrequest(document));
        break;
    case CARNET_KIND_TRUST:
        trust(&v, carnet_document_trust(document));
        break;
    case CARNET_KIND_COUNT:
        break;
    }
    if (v.bad != 0) {
        json_decref(v.document);
        return NULL;
    }
    return v.document;
}

/* SPDX-License-Identifier: MIT */
/* Who says what to whom: sentences, short words for a list, and the chain of trust as a tree. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect/inspect.h"
#include "rules/dates.h"

/* A text of a document, escaped; not more than a line can bear. */
struct shown {
    char text[200];
};
static struct shown show(const char *text)
{
    struct shown s;
    carnet_text_escape(text, strlen(text), s.text, sizeof s.text);
    return s;
}

static struct shown machine_words(const char *label)
{
    struct shown s = {"a machine without a label"};
    if (label[0] != '\0')
        (void)snprintf(s.text, sizeof s.text, "the machine \"%.180s\"", show(label).text);
    return s;
}

static void end_words(int64_t end, char out[32])
{
    char utc[CARNET_UTC_SIZE];
    carnet_utc_format(end, utc);
    if (end == CARNET_NEVER)
        (void)snprintf(out, 32, "without an end");
    else
        (void)snprintf(out, 32, "until %.10s", utc);
}

static void license_sentence(const struct carnet_license *l, char *out, size_t room)
{
    char end[32];
    end_words(carnet_license_end(l), end);
    (void)snprintf(out, room, "The administrator says to %s: seat %" PRIu32 " of %s (%s, for %s) is yours, %s.",
                   machine_words(l->machine_label).text, l->grant.seat, l->grant.license, l->product,
                   show(l->licensee).text, end);
}

static void receipt_sentence(const struct carnet_receipt *r, char *out, size_t room)
{
    const struct shown machine = machine_words(r->machine_label);
    const struct shown reason = show(r->reason);
    const char *how = r->end == CARNET_END_FREED     ? "was freed by its release"
                      : r->end == CARNET_END_REVOKED ? "was revoked"
                                                     : "went to another fingerprint";
    (void)snprintf(out, room, "The administrator says to %s: the grant of seat %" PRIu32 " of %s %s%s%s.", machine.text,
                   r->grant.seat, r->grant.license, how, r->reason[0] != '\0' ? ": " : "", reason.text);
}

static void fingerprint_sentence(const struct carnet_fingerprint *f, char *out, size_t room)
{
    char products[128] = "its products";
    if (f->product_count == 1)
        (void)snprintf(products, sizeof products, "%s", f->products[0].id);
    else if (f->product_count > 1)
        (void)snprintf(products, sizeof products, "%s and %" PRIu32 " more", f->products[0].id, f->product_count - 1);
    (void)snprintf(out, room, "%s asks the administrator for %s for %s. It says so itself: nobody vouches for it.",
                   f->label[0] != '\0' ? show(f->label).text : "A machine", f->renew ? "a renewal" : "a seat",
                   products);
}

/* How many of the facts match, and of how many. */
static void match_words(const struct carnet_activation *a, char out[48])
{
    unsigned held = 0, matching = 0;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        held += a->match[i] != CARNET_FACT_NOT_HELD;
        matching += a->match[i] == CARNET_FACT_MATCHES;
    }
    (void)snprintf(out, 48, "%u of %u facts matching", matching, held);
}

/* What came with clocks and activations. False for other kinds. */
static void trust_sentence(const struct carnet_trust *t, char *out, size_t room)
{
    if (t->is_link)
        (void)snprintf(out, room,
                       "The vendor says to all: my root key %" PRIu32 " is followed by the next. No more than that.",
                       t->generation);
    else
        (void)snprintf(out, room,
                       "The vendor says to all: this is whom to trust, version %" PRIu32 ".%" PRIu32 "; %" PRIu32
                       " keys and %" PRIu32 " grants are revoked.",
                       t->generation, t->number, t->lists->key_count, t->lists->grant_count);
}

static bool later_sentence(const struct carnet_document *document, char *out, size_t room)
{
    const struct carnet_trust *t = carnet_document_trust(document);
    const struct carnet_keyrequest *k = carnet_document_keyrequest(document);
    const struct carnet_activation *a = carnet_document_activation(document);
    const struct carnet_clockrequest *q = carnet_document_clockrequest(document);
    const struct carnet_clock *c = carnet_document_clock(document);
    char words[48], from[CARNET_UTC_SIZE], to[CARNET_UTC_SIZE];
    if (a != NULL) {
        match_words(a, words);
        (void)snprintf(out, room,
                       "The machine says to the administrator: the license of seat %" PRIu32 " of %s (serial %" PRIu32
                       ") is installed, %s.",
                       a->grant.seat, a->grant.license, a->grant.serial, words);
    } else if (q != NULL) {
        carnet_utc_format(q->sequence.made, from);
        carnet_utc_format(q->local_floor, to);
        (void)snprintf(out, room,
                       "The machine of seat %" PRIu32 " of %s says to the administrator: my clock says %s, but it had "
                       "said %s before; may it go on?",
                       q->grant.seat, q->grant.license, from, to);
    } else if (c != NULL) {
        carnet_utc_format(c->at, to);
        (void)snprintf(out, room, "The administrator says to %s: it is %s; your clock may go back to that, once.",
                       machine_words(c->machine_label).text, to);
    }
    if (k != NULL)
        (void)snprintf(out, room,
                       "%s asks the vendor to be named as issuer of %s. It says so itself: nobody vouches for it.",
                       show(k->name).text, k->license[0] != '\0' ? k->license : "licenses");
    if (t != NULL)
        trust_sentence(t, out, room);
    return a != NULL || q != NULL || c != NULL || k != NULL || t != NULL;
}

static bool later_summary(const struct carnet_document *document, char *out, size_t room)
{
    const struct carnet_trust *t = carnet_document_trust(document);
    const struct carnet_keyrequest *k = carnet_document_keyrequest(document);
    const struct carnet_activation *a = carnet_document_activation(document);
    const struct carnet_clockrequest *q = carnet_document_clockrequest(document);
    const struct carnet_clock *c = carnet_document_clock(document);
    char words[48], time[CARNET_UTC_SIZE];
    if (a != NULL) {
        match_words(a, words);
        (void)snprintf(out, room, "activation %s seat %" PRIu32 " serial %" PRIu32 ", %s", a->grant.license,
                       a->grant.seat, a->grant.serial, words);
    } else if (q != NULL) {
        carnet_utc_format(q->sequence.made, time);
        (void)snprintf(out, room, "clockrequest %s seat %" PRIu32 ", its clock says %s", q->grant.license,
                       q->grant.seat, time);
    } else if (c != NULL) {
        carnet_utc_format(c->at, time);
        (void)snprintf(out, room, "clock %s seat %" PRIu32 ", back to %s", c->grant.license, c->grant.seat, time);
    } else if (k != NULL) {
        (void)snprintf(out, room, "keyrequest of %s, self-asserted", show(k->name).text);
    } else if (t != NULL && t->is_link) {
        (void)snprintf(out, room, "trust, a link from root %" PRIu32 " to the next", t->generation);
    } else if (t != NULL) {
        (void)snprintf(out, room, "trust %" PRIu32 ".%" PRIu32, t->generation, t->number);
    }
    return a != NULL || q != NULL || c != NULL || k != NULL || t != NULL;
}

void inspect_sentence(const struct carnet_document *document, char *out, size_t room)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(document);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(document);
    const struct carnet_license *l = carnet_document_license(document);
    const struct carnet_release *r = carnet_document_release(document);
    const struct carnet_receipt *receipt = carnet_document_receipt(document);
    const struct carnet_journal *journal = carnet_document_journal(document);
    out[0] = '\0';
    if (later_sentence(document, out, room))
        return;
    if (e != NULL)
        (void)snprintf(out, room,
                       "%s says to the administrator: %s has %" PRIu32 " seat%s of %s (%s, revision %" PRIu32
                       "), offline use %s.",
                       show(e->vendor_name).text, show(e->licensee).text, e->seats, e->seats == 1 ? "" : "s",
                       e->license, e->product, e->revision, e->offline_allowed ? "allowed" : "denied");
    else if (f != NULL)
        fingerprint_sentence(f, out, room);
    else if (l != NULL)
        license_sentence(l, out, room);
    else if (r != NULL)
        (void)snprintf(out, room, "The machine says to the administrator: seat %" PRIu32 " of %s %s.", r->grant.seat,
                       r->grant.license, r->declined ? "was declined, it was never used here" : "is given back");
    else if (receipt != NULL)
        receipt_sentence(receipt, out, room);
    else if (journal != NULL)
        (void)snprintf(out, room,
                       "The administrator says to auditor and vendor: these are the events %" PRIu32 " to %" PRIu32
                       " of my journal.",
                       journal->first, journal->last);
}

void inspect_summary(const struct carnet_document *document, char *out, size_t room)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(document);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(document);
    const struct carnet_license *l = carnet_document_license(document);
    const struct carnet_release *r = carnet_document_release(document);
    const struct carnet_receipt *receipt = carnet_document_receipt(document);
    const struct carnet_journal *journal = carnet_document_journal(document);
    char end[32];
    out[0] = '\0';
    if (later_summary(document, out, room))
        return;
    if (e != NULL)
        (void)snprintf(out, room, "entitlement %s revision %" PRIu32 ", %" PRIu32 " seat%s, offline %s", e->license,
                       e->revision, e->seats, e->seats == 1 ? "" : "s", e->offline_allowed ? "allowed" : "denied");
    else if (f != NULL)
        (void)snprintf(out, room, "fingerprint%s%s, self-asserted", f->label[0] != '\0' ? " of " : "",
                       show(f->label).text);
    else if (l != NULL) {
        end_words(carnet_license_end(l), end);
        (void)snprintf(out, room, "license %s seat %" PRIu32 "%s%s, %s", l->grant.license, l->grant.seat,
                       l->machine_label[0] != '\0' ? " for " : "", show(l->machine_label).text, end);
    } else if (r != NULL)
        (void)snprintf(out, room, "release %s seat %" PRIu32 ", %s", r->grant.license, r->grant.seat,
                       r->declined ? "declined" : "released");
    else if (receipt != NULL)
        (void)snprintf(out, room, "receipt %s seat %" PRIu32 ", %s", receipt->grant.license, receipt->grant.seat,
                       receipt->end == CARNET_END_FREED     ? "freed"
                       : receipt->end == CARNET_END_REVOKED ? "revoked"
                                                            : "replaced");
    else if (journal != NULL)
        (void)snprintf(out, room, "journal, events %" PRIu32 " to %" PRIu32, journal->first, journal->last);
}

/* ---- the tree ---- */

static void branch(struct cli *cli, unsigned depth, const char *what, const char *status)
{
    const char *good = strcmp(status, "unverified") == 0 || strcmp(status, "not trusted") == 0 ? "bad" : "good";
    if (depth > 0)
        cli_data(cli, "  %*s%s ", (int)(3 * (depth - 1)), "", cli_utf8() ? "\u2514\u2500" : "`-");
    else
        cli_data(cli, "  ");
    cli_data(cli, "%s  %s%s%s\n", what, cli_style(cli, good), status, cli_style(cli, "off"));
}

static void key_words(const char *role, const struct carnet_digest *key, char *out, size_t room)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(key, hex);
    (void)snprintf(out, room, "%s %.16s...", role, hex);
}

static void layer_words(const struct inspect_layer *layer, char *out, size_t room)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(layer->reading);
    if (layer->document != NULL)
        inspect_summary(layer->document, out, room);
    else
        (void)snprintf(out, room, "%s", unpacked != NULL ? carnet_unpacked_kind_name(unpacked) : "not a bundle");
}

/* The machine that a license is for stands between the license and what the machine says. */
static unsigned machine_branch(struct cli *cli, const struct inspect_layer *layer, unsigned depth)
{
    const struct carnet_license *l = layer->document != NULL ? carnet_document_license(layer->document) : NULL;
    char words[128];
    if (l == NULL)
        return depth;
    key_words("machine", &l->machine_key, words, sizeof words);
    branch(cli, depth, words, layer->judged ? "named in the license" : "unverified");
    return depth + 1;
}

void inspect_tree(struct cli *cli, const struct inspect_layers *layers, const struct inspect_trust *trust)
{
    char words[512];
    unsigned depth = 0;
    const struct inspect_layer *inner = &layers->list[layers->count - 1];
    const struct carnet_signed *signature = carnet_reading_signed(inner->reading);
    const struct carnet_kind *kind = carnet_reading_kind(inner->reading);

    cli_data(cli, "\n%sChain of trust%s\n", cli_style(cli, "bold"), cli_style(cli, "off"));
    if (signature != NULL && kind != NULL) {
        const struct carnet_digest *signer = carnet_signed_signer(signature);
        const char *source = inspect_trust_source(trust, signer);
        char from[320];
        (void)snprintf(from, sizeof from, "trusted (%s)", source != NULL ? show(source).text : "");
        key_words(kind->signer == CARNET_ROLE_ROOT ? "vendor root" : carnet_role_name(kind->signer), signer, words,
                  sizeof words);
        branch(cli, depth++, words, source != NULL ? from : kind->self_asserted ? "self-asserted" : "not trusted");
    }
    for (size_t i = layers->count; i-- > 0;) {
        layer_words(&layers->list[i], words, sizeof words);
        branch(cli, depth++, words, inspect_layer_status(&layers->list[i]));
        depth = machine_branch(cli, &layers->list[i], depth);
    }
}

void inspect_kind_advise(const char *kind, const char *option, struct carnet_diag *diag)
{
    if (diag->err != CARNET_WRONG_KIND || kind[0] == '\0')
        return;
    (void)carnet_fail(diag, CARNET_WRONG_KIND, "R-4", "The file is of the kind %s, and %s asks for another.", kind,
                      option);
    (void)carnet_fail_next(diag, "Look at it with 'carnet-inspect show', and leave it out or ask for its kind, too.");
}

/* SPDX-License-Identifier: MIT */
#include "inspect/examine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/inspect.h"

struct examiner {
    const struct examine_terms *terms;
    struct carnet_read_options options;
    struct carnet_gated_keys *keys;
    struct carnet_known *known;
    struct carnet_check check;   /* large, so not on the stack */
    struct inspect_facts *facts; /* NULL where they are not asked for */
};

enum carnet_err examiner_new(const struct examine_terms *terms, struct examiner **out)
{
    struct examiner *e = calloc(1, sizeof *e);
    if (e == NULL)
        return CARNET_NO_MEMORY;
    e->terms = terms;
    enum carnet_err err = carnet_gated_keys_new(&e->keys);
    if (err == CARNET_OK)
        err = carnet_known_new(&e->known);
    if (err == CARNET_OK && terms->facts && (e->facts = calloc(1, sizeof *e->facts)) == NULL)
        err = CARNET_NO_MEMORY;
    if (err != CARNET_OK) {
        examiner_free(e);
        return err;
    }
    e->options = (struct carnet_read_options){
        .anchors = terms->anchors, .expected = terms->expected, .keys = e->keys, .known = e->known};
    *out = e;
    return CARNET_OK;
}

void examiner_free(struct examiner *e)
{
    if (e == NULL)
        return;
    carnet_known_free(e->known);
    carnet_gated_keys_free(e->keys);
    free(e->facts);
    free(e);
}

const struct inspect_facts *examiner_facts(const struct examiner *e)
{
    return e->facts;
}

/* M-5 to M-7, for a license: is it for this machine, and for this user? */
static enum carnet_err judge_machine(struct examiner *e, const struct carnet_judged *judged, struct examine_found *out)
{
    static const struct carnet_ask nothing;
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    const struct carnet_surroundings *here = NULL;
    for (size_t i = 0; l != NULL && i < e->terms->anchors->count; i++) {
        if (carnet_digest_equal(&e->terms->anchors->list[i].vendor, &l->vendor))
            here = &e->terms->surroundings[i];
    }
    if (here == NULL)
        return CARNET_OK;
    carnet_check_license(judged, NULL, here, &nothing, &e->check);
    const struct carnet_diag *machine = &e->check.steps[CARNET_CHECK_MACHINE];
    const struct carnet_diag *user = &e->check.steps[CARNET_CHECK_USER];
    out->machine = machine->err;
    out->user = user->err;
    if (machine->err != CARNET_OK || user->err != CARNET_OK)
        out->diag = machine->err != CARNET_OK ? *machine : *user;
    return machine->err != CARNET_OK ? machine->err : user->err;
}

static void about(const struct carnet_document *document, const struct carnet_digest *signer, struct examine_found *out)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(document);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(document);
    const struct carnet_license *l = carnet_document_license(document);
    const struct carnet_release *r = carnet_document_release(document);
    const struct carnet_receipt *t = carnet_document_receipt(document);
    const struct carnet_activation *a = carnet_document_activation(document);
    const struct carnet_grant *grant = l != NULL   ? &l->grant
                                       : r != NULL ? &r->grant
                                       : t != NULL ? &t->grant
                                       : a != NULL ? &a->grant
                                                   : NULL;
    const struct carnet_digest *vendor = e != NULL   ? &e->vendor
                                         : f != NULL ? &f->vendor
                                         : l != NULL ? &l->vendor
                                         : r != NULL ? &r->vendor
                                         : t != NULL ? &t->vendor
                                         : a != NULL ? &a->vendor
                                                     : NULL;
    const struct carnet_digest *whose = grant != NULL ? &grant->fingerprint : f != NULL ? signer : NULL;
    char text[CARNET_KIND_NAME_MOST + CARNET_ID_TEXT_SIZE + 2 * CARNET_HEX_SIZE + 4], hex[CARNET_HEX_SIZE] = "",
                                                                                      of[CARNET_HEX_SIZE] = "";
    if (vendor == NULL)
        return;
    carnet_digest_hex(vendor, hex);
    if (whose != NULL)
        carnet_digest_hex(whose, of);
    (void)snprintf(text, sizeof text, "%s %s %s %s", carnet_document_kind(document)->name, hex,
                   grant != NULL ? grant->license
                   : e != NULL   ? e->license
                                 : "",
                   of);
    carnet_sha256(text, strlen(text), &out->subject);
    out->order = grant != NULL ? (uint64_t)grant->epoch << 32 | grant->serial
                 : e != NULL   ? e->revision
                 : f != NULL   ? f->sequence.sequence
                               : 0;
    out->has_subject = 1;
}

/* What it is about, verified or not. */
static void describe_subject(const struct carnet_reading *reading, struct examine_found *out)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(reading);
    const struct carnet_document *document = carnet_reading_document(reading);
    struct carnet_document *own = NULL;
    if (document == NULL && unpacked != NULL && carnet_document_read_unverified(unpacked, &own, NULL) == CARNET_OK)
        document = own;
    if (document != NULL && out->has_signer) {
        about(document, &out->signer, out);
        inspect_summary(document, out->summary, sizeof out->summary);
    }
    carnet_document_free(own);
}

static void describe(const struct carnet_reading *reading, struct examine_found *out)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(reading);
    const struct carnet_signed *signature = carnet_reading_signed(reading);
    const struct carnet_intact *intact = carnet_reading_intact(reading);
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    out->stage = carnet_reading_failed_stage(reading);
    if (unpacked != NULL)
        strncpy(out->kind, carnet_unpacked_kind_name(unpacked), sizeof out->kind - 1);
    out->has_id = intact != NULL;
    if (intact != NULL)
        out->id = *carnet_intact_id(intact);
    out->has_signer = signature != NULL;
    if (signature != NULL)
        out->signer = *carnet_signed_signer(signature);
    out->judged = judged != NULL;
    if (judged != NULL) {
        out->self_asserted = carnet_reading_kind(reading)->self_asserted;
        inspect_summary(carnet_judged_document(judged), out->summary, sizeof out->summary);
    }
}

void examiner_look(struct examiner *e, const uint8_t *bytes, size_t size, struct examine_found *out)
{
    struct carnet_reading *reading = NULL;
    *out = (struct examine_found){
        .machine = CARNET_OUTCOME_COUNT, .user = CARNET_OUTCOME_COUNT, .time = CARNET_OUTCOME_COUNT};
    out->err = carnet_reading_open(bytes, size, &e->options, &reading, &out->diag);
    out->looked = reading != NULL;
    if (reading != NULL)
        describe(reading, out);
    if (reading != NULL && e->terms->subjects)
        describe_subject(reading, out);
    out->has_facts = e->facts != NULL;
    if (e->facts != NULL)
        facts_gather(bytes, size, reading, &e->options, e->facts);
    if (out->err == CARNET_OK) {
        const struct carnet_judged *judged = carnet_reading_judged(reading);
        struct carnet_diag late = {0};
        if (e->terms->machine)
            out->err = judge_machine(e, judged, out);
        out->time = inspect_judge_time(judged, e->terms->at, &late);
        if (out->err == CARNET_OK && out->time != CARNET_OK) {
            out->err = out->time;
            out->diag = late;
        }
        if (out->err == CARNET_OK)
            out->err = inspect_journal_judge(e->terms->journal, judged, &out->diag);
    }
    carnet_reading_free(reading);
}

/* ---- from the cage ---- */

static void tame_text(char *text, size_t room, char *work)
{
    text[room - 1] = '\0';
    carnet_text_escape(text, strlen(text), work, room);
    memcpy(text, work, room);
}

static enum carnet_err tame_outcome(enum carnet_err err, enum carnet_err otherwise)
{
    return (unsigned)err <= CARNET_OUTCOME_COUNT ? err : otherwise;
}

static bool is_clause(const char *clause)
{
    return clause[0] >= 'A' && clause[0] <= 'Z' && clause[1] == '-' && clause[2] != '\0' &&
           strspn(clause + 2, "0123456789") == strlen(clause + 2);
}

void examine_found_tame(struct examine_found *found)
{
    char work[EXAMINE_SUMMARY_SIZE] = {0};
    found->err = tame_outcome(found->err, CARNET_BUG);
    if (found->err == CARNET_OUTCOME_COUNT)
        found->err = CARNET_BUG;
    found->machine = tame_outcome(found->machine, CARNET_BUG);
    found->user = tame_outcome(found->user, CARNET_BUG);
    found->time = tame_outcome(found->time, CARNET_BUG);
    if ((unsigned)found->stage > CARNET_STAGE_COUNT)
        found->stage = CARNET_STAGE_FORMAT;
    tame_text(found->summary, sizeof found->summary, work);
    tame_text(found->diag.entry, sizeof found->diag.entry, work);
    tame_text(found->diag.detail, sizeof found->diag.detail, work);
    tame_text(found->diag.next, sizeof found->diag.next, work);
    found->diag.err = found->err;
    found->diag.clause[sizeof found->diag.clause - 1] = '\0';
    if (!is_clause(found->diag.clause))
        found->diag.clause[0] = '\0';
    found->looked = found->looked != 0;
    found->judged = found->judged != 0;
    found->self_asserted = found->self_asserted != 0;
    found->has_id = found->has_id != 0;
    found->has_signer = found->has_signer != 0;
    found->has_subject = found->has_subject != 0;
    found->has_facts = found->has_facts != 0;
    found->kind[sizeof found->kind - 1] = '\0';
    if (strspn(found->kind, "abcdefghijklmnopqrstuvwxyz") != strlen(found->kind))
        found->kind[0] = '\0';
}

/* SPDX-License-Identifier: MIT */
/* Composing trust information and links (spec/format.md, section 9.11). That their lists rise is the caller's affair:
 * what is sealed is read again before it leaves. */
#include "issue/compose_parts.h"
#include "issue/issue.h"

static void put_valid(struct carnet_xml_writer *w, const struct carnet_trust_lists *lists,
                      const struct carnet_revoked_key *key)
{
    for (uint32_t i = 0; i < key->count; i++) {
        carnet_xml_open(w, "valid");
        carnet_xml_put_digest(w, "id", &lists->valid[key->first + i]);
        carnet_xml_close(w);
    }
}

static void put_revoked(struct carnet_xml_writer *w, const struct carnet_trust_lists *lists)
{
    carnet_xml_open(w, "revoked");
    for (uint32_t i = 0; lists != NULL && i < lists->key_count; i++) {
        carnet_xml_open(w, "key");
        carnet_xml_put_digest(w, "id", &lists->keys[i].key);
        put_valid(w, lists, &lists->keys[i]);
        carnet_xml_close(w);
    }
    for (uint32_t i = 0; lists != NULL && i < lists->grant_count; i++) {
        carnet_xml_open(w, "grant");
        carnet_xml_put_id(w, "license", lists->grants[i].license);
        carnet_xml_put_digest(w, "fingerprint", &lists->grants[i].fingerprint);
        carnet_xml_close(w);
    }
    for (uint32_t i = 0; lists != NULL && i < lists->revision_count; i++) {
        carnet_xml_open(w, "least");
        carnet_xml_put_id(w, "license", lists->revisions[i].license);
        carnet_xml_put_number(w, "revision", 1, CARNET_COUNT_MOST, lists->revisions[i].least);
        carnet_xml_close(w);
    }
    carnet_xml_close(w);
}

enum carnet_err carnet_issue_compose_trust(const struct carnet_trust *t, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_begin(&w, "trust");
    carnet_xml_vendor(&w, &t->vendor);
    if (t->is_link) {
        carnet_xml_open(&w, "link");
        carnet_xml_put_number(&w, "generation", 1, CARNET_ROOTS_MOST - 1, t->generation);
        carnet_xml_put_digest(&w, "next", &t->next);
        carnet_xml_close(&w);
        return carnet_xml_finish(&w, out);
    }
    carnet_xml_require(&w, t->generation >= 1 && t->generation <= CARNET_ROOTS_MOST);
    carnet_xml_open(&w, "version");
    carnet_xml_put_number(&w, "generation", 1, CARNET_ROOTS_MOST, t->generation);
    carnet_xml_put_number(&w, "number", 1, CARNET_COUNT_MOST, t->number);
    carnet_xml_put_time(&w, "created", t->created);
    carnet_xml_put_time_or_never(&w, "expires", t->expires);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "roots");
    for (uint32_t i = 0; i < t->generation && i < CARNET_ROOTS_MOST; i++) {
        carnet_xml_open(&w, "root");
        carnet_xml_put_number(&w, "generation", 1, CARNET_ROOTS_MOST, i + 1);
        carnet_xml_put_digest(&w, "key", &t->roots[i]);
        carnet_xml_close(&w);
    }
    carnet_xml_close(&w);
    if (t->has_next) {
        carnet_xml_open(&w, "next");
        carnet_xml_put_digest(&w, "key", &t->next);
        carnet_xml_close(&w);
    }
    put_revoked(&w, t->lists);
    return carnet_xml_finish(&w, out);
}

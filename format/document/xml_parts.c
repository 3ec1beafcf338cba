/* SPDX-License-Identifier: MIT */
#include "document/xml_parts.h"

void carnet_xml_vendor(struct carnet_xml_writer *w, const struct carnet_digest *vendor)
{
    carnet_xml_open(w, "vendor");
    carnet_xml_put_digest(w, "id", vendor);
    carnet_xml_close(w);
}

void carnet_xml_grant(struct carnet_xml_writer *w, const struct carnet_grant *grant)
{
    carnet_xml_open(w, "grant");
    carnet_xml_put_id(w, "license", grant->license);
    carnet_xml_put_digest(w, "fingerprint", &grant->fingerprint);
    carnet_xml_put_number(w, "epoch", 1, CARNET_COUNT_MOST, grant->epoch);
    carnet_xml_put_number(w, "serial", 1, CARNET_COUNT_MOST, grant->serial);
    carnet_xml_put_number(w, "seat", 1, CARNET_SEATS_MOST, grant->seat);
    carnet_xml_close(w);
}

void carnet_xml_user(struct carnet_xml_writer *w, bool has_user, const struct carnet_digest *user)
{
    if (!has_user)
        return;
    carnet_xml_open(w, "user");
    carnet_xml_put_digest(w, "digest", user);
    carnet_xml_close(w);
}

/* */
static bool fact_repeats(const struct carnet_facts *facts, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (facts->list[i].name == facts->list[j].name &&
            carnet_digest_equal(&facts->list[i].digest, &facts->list[j].digest))
            return true;
    return false;
}

void carnet_xml_facts(struct carnet_xml_writer *w, const struct carnet_facts *facts)
{
    carnet_xml_require(w, facts->count > 0 && facts->count <= CARNET_FACTS_MOST);
    carnet_xml_open(w, "facts");
    for (uint32_t i = 0; w->err == CARNET_OK && i < facts->count; i++) {
        carnet_xml_require(w, !fact_repeats(facts, i));
        carnet_xml_open(w, "fact");
        carnet_xml_put(w, "name", carnet_fact_name(facts->list[i].name));
        carnet_xml_put_digest(w, "digest", &facts->list[i].digest);
        carnet_xml_close(w);
    }
    carnet_xml_close(w);
}

void carnet_xml_journal(struct carnet_xml_writer *w, const struct carnet_journal_position *journal)
{
    if (journal->position == 0)
        return;
    carnet_xml_open(w, "journal");
    carnet_xml_put_number(w, "position", 1, CARNET_COUNT_MOST, journal->position);
    carnet_xml_put_digest(w, "digest", &journal->digest);
    carnet_xml_close(w);
}

void carnet_xml_sequence(struct carnet_xml_writer *w, const struct carnet_sequence *sequence)
{
    carnet_xml_put_time(w, "made", sequence->made);
    carnet_xml_put_number(w, "sequence", 1, CARNET_COUNT_MOST, sequence->sequence);
    if (sequence->sequence > 1)
        carnet_xml_put_digest(w, "previous", &sequence->previous);
}

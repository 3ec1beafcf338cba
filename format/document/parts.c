/* SPDX-License-Identifier: MIT */
#include "document/parts.h"

void carnet_part_vendor(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *out)
{
    carnet_field_digest(f, carnet_xml_child(root, "vendor"), "id", out);
}

void carnet_part_grant(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_grant *out)
{
    const struct carnet_xml_node *grant = carnet_xml_child(root, "grant");
    carnet_field_text(f, grant, "license", out->license, sizeof(out->license));
    carnet_field_digest(f, grant, "fingerprint", &out->fingerprint);
    carnet_field_number(f, grant, "epoch", 1, CARNET_COUNT_MOST, &out->epoch);
    carnet_field_number(f, grant, "serial", 1, CARNET_COUNT_MOST, &out->serial);
    carnet_field_number(f, grant, "seat", 1, CARNET_SEATS_MOST, &out->seat);
}

void carnet_part_entitlement(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *id,
                             uint32_t *revision)
{
    const struct carnet_xml_node *entitlement = carnet_xml_child(root, "entitlement");
    carnet_field_digest(f, entitlement, "id", id);
    carnet_field_number(f, entitlement, "revision", 1, CARNET_COUNT_MOST, revision);
}

void carnet_part_machine(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *key,
                         char label[CARNET_TEXT_SIZE])
{
    const struct carnet_xml_node *machine = carnet_xml_child(root, "machine");
    carnet_field_digest(f, machine, "key", key);
    carnet_field_optional(f, machine, "label", label, CARNET_TEXT_SIZE);
}

void carnet_part_user(struct carnet_fields *f, const struct carnet_xml_node *root, bool *has_user,
                      struct carnet_digest *user)
{
    const struct carnet_xml_node *node = carnet_xml_child(root, "user");
    *has_user = node != NULL;
    if (node != NULL)
        carnet_field_digest(f, node, "digest", user);
}

void carnet_part_features(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_features *out)
{
    const struct carnet_xml_node *n = carnet_xml_child(carnet_xml_child(root, "features"), "feature");
    for (; n != NULL && out->count < CARNET_FEATURES_MOST; n = carnet_xml_next(n)) {
        struct carnet_feature *feature = &out->list[out->count++];
        carnet_field_text(f, n, "name", feature->name, sizeof(feature->name));
        carnet_field_optional(f, n, "value", feature->value, sizeof(feature->value));
    }
}

enum carnet_fact_name carnet_part_fact_name(struct carnet_fields *f, const struct carnet_xml_node *node,
                                            const char *attribute)
{
    char name[CARNET_ID_TEXT_SIZE] = "";
    enum carnet_fact_name fact = CARNET_FACT_MACHINE_ID;
    carnet_field_text(f, node, attribute, name, sizeof(name));
    if (carnet_fact_find(name, &fact) != CARNET_OK)
        carnet_field_refuse(f, node, "X-9", "The document names a fact that is not known.");
    return fact;
}

void carnet_part_matching(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_matching *out)
{
    const struct carnet_xml_node *matching = carnet_xml_child(root, "matching");
    uint32_t threshold = 0, sum = 0;
    carnet_field_number(f, matching, "threshold", 1, 100, &threshold);
    out->threshold = (uint8_t)threshold;
    for (const struct carnet_xml_node *n = carnet_xml_child(matching, "weight"); n != NULL; n = carnet_xml_next(n)) {
        uint32_t points = 0;
        carnet_field_number(f, n, "points", 0, 100, &points);
        out->points[carnet_part_fact_name(f, n, "fact")] = (uint8_t)points;
        sum += points;
    }
    if (sum == 0)
        carnet_field_refuse(f, matching, "E-1",
                            "No fact has points above 0 in <matching>, so that no machine could ever match.");
}

void carnet_part_facts(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_facts *out)
{
    const struct carnet_xml_node *n = carnet_xml_child(carnet_xml_child(root, "facts"), "fact");
    for (; n != NULL && out->count < CARNET_FACTS_MOST; n = carnet_xml_next(n)) {
        struct carnet_fact *fact = &out->list[out->count++];
        fact->name = carnet_part_fact_name(f, n, "name");
        carnet_field_digest(f, n, "digest", &fact->digest);
    }
}

void carnet_part_journal(struct carnet_fields *f, const struct carnet_xml_node *root,
                         struct carnet_journal_position *out)
{
    const struct carnet_xml_node *journal = carnet_xml_child(root, "journal");
    if (journal == NULL)
        return;
    carnet_field_number(f, journal, "position", 1, CARNET_COUNT_MOST, &out->position);
    carnet_field_digest(f, journal, "digest", &out->digest);
}

void carnet_part_sequence(struct carnet_fields *f, const struct carnet_xml_node *node, struct carnet_sequence *out)
{
    bool has_previous = carnet_xml_attribute(node, "previous") != NULL;
    carnet_field_time(f, node, "made", &out->made);
    carnet_field_number(f, node, "sequence", 1, CARNET_COUNT_MOST, &out->sequence);
    if (has_previous)
        carnet_field_digest(f, node, "previous", &out->previous);
    if (has_previous && out->sequence == 1)
        carnet_field_refuse(f, node, "F-2", "The first bundle of a machine names a previous one.");
    if (!has_previous && out->sequence > 1)
        carnet_field_refuse(f, node, "F-2", "A bundle that is not its machine's first does not name the previous one.");
}

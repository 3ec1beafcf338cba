/* SPDX-License-Identifier: MIT */
#include "issue/compose_parts.h"

#include <string.h>

void carnet_compose_entitlement_reference(struct carnet_xml_writer *w, const struct carnet_digest *id,
                                          uint32_t revision)
{
    carnet_xml_open(w, "entitlement");
    carnet_xml_put_digest(w, "id", id);
    carnet_xml_put_number(w, "revision", 1, CARNET_COUNT_MOST, revision);
    carnet_xml_close(w);
}

void carnet_compose_licensee(struct carnet_xml_writer *w, const char *name)
{
    carnet_xml_open(w, "licensee");
    carnet_xml_put_text(w, "name", name);
    carnet_xml_close(w);
}

void carnet_compose_machine(struct carnet_xml_writer *w, const struct carnet_digest *key, const char *label)
{
    carnet_xml_open(w, "machine");
    carnet_xml_put_digest(w, "key", key);
    carnet_xml_put_optional_text(w, "label", label);
    carnet_xml_close(w);
}

/* */
static bool feature_repeats(const struct carnet_features *features, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (strcmp(features->list[i].name, features->list[j].name) == 0)
            return true;
    return false;
}

void carnet_compose_features(struct carnet_xml_writer *w, const struct carnet_features *features)
{
    carnet_xml_require(w, features->count <= CARNET_FEATURES_MOST);
    carnet_xml_open(w, "features");
    for (uint32_t i = 0; w->err == CARNET_OK && i < features->count; i++) {
        const struct carnet_feature *feature = &features->list[i];
        carnet_xml_require(w, !feature_repeats(features, i));
        carnet_xml_open(w, "feature");
        carnet_xml_put_id(w, "name", feature->name);
        if (feature->value[0] != '\0') {
            carnet_xml_require(w, carnet_text_is_feature_value(feature->value));
            carnet_xml_put(w, "value", feature->value);
        }
        carnet_xml_close(w);
    }
    carnet_xml_close(w);
}

void carnet_compose_matching(struct carnet_xml_writer *w, const struct carnet_matching *matching)
{
    bool any = false;
    carnet_xml_open(w, "matching");
    carnet_xml_put_number(w, "threshold", 1, 100, matching->threshold);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        if (matching->points[i] == 0)
            continue;
        any = true;
        carnet_xml_open(w, "weight");
        carnet_xml_put(w, "fact", carnet_fact_name((enum carnet_fact_name)i));
        carnet_xml_put_number(w, "points", 1, 100, matching->points[i]);
        carnet_xml_close(w);
    }
    carnet_xml_require(w, any); /* E-1 */
    carnet_xml_close(w);
}

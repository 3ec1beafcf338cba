/* SPDX-License-Identifier: MIT */
/* The table of facts (spec/format.md, section 13). */
#include <string.h>

#include "document/document.h"

static const struct {
    const char *name;
    bool by_vendor;
    uint8_t points;
} facts[CARNET_FACT_COUNT] = {
#define FACT_ROW(symbol, name, by_vendor, points) {name, by_vendor, points},
    CARNET_FACTS(FACT_ROW)
#undef FACT_ROW
};

const char *carnet_fact_name(enum carnet_fact_name fact)
{
    return facts[fact].name;
}

bool carnet_fact_by_vendor(enum carnet_fact_name fact)
{
    return facts[fact].by_vendor;
}

uint8_t carnet_fact_default_points(enum carnet_fact_name fact)
{
    return facts[fact].points;
}

enum carnet_err carnet_fact_find(const char *name, enum carnet_fact_name *out)
{
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        if (strcmp(facts[i].name, name) == 0) {
            *out = (enum carnet_fact_name)i;
            return CARNET_OK;
        }
    }
    return CARNET_NOT_FOUND;
}

bool carnet_facts_equal(const struct carnet_facts *a, const struct carnet_facts *b)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++)
            found += a->list[i].name == b->list[k].name && carnet_digest_equal(&a->list[i].digest, &b->list[k].digest);
    return a->count == b->count && found == a->count;
}

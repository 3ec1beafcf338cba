/* SPDX-License-Identifier: MIT */
/* An activation, read and composed (spec/format.md, section 9.7). */
#include "document/parts.h"
#include "document/xml_parts.h"
#include "rules/match.h"

void carnet_activation_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_activation *out)
{
    const struct carnet_xml_node *n = carnet_xml_child(carnet_xml_child(root, "match"), "fact");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_field_digest(f, carnet_xml_child(root, "license"), "id", &out->license);
    carnet_part_sequence(f, carnet_xml_child(root, "installed"), &out->sequence);
    for (; n != NULL; n = carnet_xml_next(n)) {
        enum carnet_fact_verdict verdict = CARNET_FACT_MATCHES;
        enum carnet_fact_name name = carnet_part_fact_name(f, n, "name");
        while (verdict < CARNET_FACT_IS_UNREADABLE && !carnet_field_is(n, "state", carnet_fact_verdict_name(verdict)))
            verdict = (enum carnet_fact_verdict)(verdict + 1);
        out->match[name] = verdict;
    }
    carnet_part_journal(f, root, &out->journal);
}

enum carnet_err carnet_activation_compose(const struct carnet_activation *a, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    unsigned held = 0;
    carnet_xml_begin(&w, "activation");
    carnet_xml_vendor(&w, &a->vendor);
    carnet_xml_grant(&w, &a->grant);
    carnet_xml_open(&w, "license");
    carnet_xml_put_digest(&w, "id", &a->license);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "installed");
    carnet_xml_sequence(&w, &a->sequence);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "match");
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        if (a->match[i] == CARNET_FACT_NOT_HELD)
            continue;
        held++;
        carnet_xml_open(&w, "fact");
        carnet_xml_put(&w, "name", carnet_fact_name((enum carnet_fact_name)i));
        carnet_xml_put(&w, "state", carnet_fact_verdict_name(a->match[i]));
        carnet_xml_close(&w);
    }
    carnet_xml_require(&w, held > 0);
    carnet_xml_close(&w);
    carnet_xml_journal(&w, &a->journal);
    return carnet_xml_finish(&w, out);
}

/* SPDX-License-Identifier: MIT */
/* Reading a clock (spec/format.md, section 9.9). */
#include "document/parts.h"

void carnet_clock_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_clock *out)
{
    const struct carnet_xml_node *answer = carnet_xml_child(root, "answer");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_part_entitlement(f, root, &out->entitlement, &out->revision);
    carnet_part_machine(f, root, &out->machine_key, out->machine_label);
    carnet_field_digest(f, answer, "request", &out->request);
    carnet_field_hex(f, answer, "nonce", out->nonce, sizeof(out->nonce));
    carnet_field_time(f, answer, "at", &out->at);
    carnet_part_journal(f, root, &out->journal);
}

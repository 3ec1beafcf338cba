/* SPDX-License-Identifier: MIT */
/* Reading a receipt (spec/format.md, section 9.5). */
#include "document/parts.h"

void carnet_receipt_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_receipt *out)
{
    const struct carnet_xml_node *end = carnet_xml_child(root, "end"), *release = carnet_xml_child(root, "release");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_part_entitlement(f, root, &out->entitlement, &out->revision);
    carnet_part_machine(f, root, &out->machine_key, out->machine_label);
    out->end = carnet_field_is(end, "how", "freed")     ? CARNET_END_FREED
               : carnet_field_is(end, "how", "revoked") ? CARNET_END_REVOKED
                                                        : CARNET_END_REPLACED;
    carnet_field_time(f, end, "at", &out->at);
    carnet_field_optional(f, end, "reason", out->reason, sizeof(out->reason));
    if (release != NULL)
        carnet_field_digest(f, release, "id", &out->release);
    carnet_part_journal(f, root, &out->journal);
    if (out->end == CARNET_END_FREED && release == NULL)
        carnet_field_refuse(f, end, "P-1", "The receipt says that the seat was freed but not by which release.");
    if (out->end != CARNET_END_FREED && release != NULL)
        carnet_field_refuse(f, release, "P-1", "The receipt names a release although the seat was not freed by one.");
    if (out->end == CARNET_END_REVOKED && out->reason[0] == '\0')
        carnet_field_refuse(f, end, "P-1", "The receipt says that the grant was revoked but not why.");
}

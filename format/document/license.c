/* SPDX-License-Identifier: MIT */
/* Reading a license (spec/format.md, section 9.3). */
#include "document/parts.h"

void carnet_license_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_license *out)
{
    const struct carnet_xml_node *product = carnet_xml_child(root, "product"),
                                 *validity = carnet_xml_child(root, "validity");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_part_entitlement(f, root, &out->entitlement, &out->revision);
    carnet_field_text(f, product, "id", out->product, sizeof(out->product));
    carnet_field_optional(f, product, "edition", out->edition, sizeof(out->edition));
    carnet_field_text(f, carnet_xml_child(root, "licensee"), "name", out->licensee, sizeof(out->licensee));
    carnet_part_machine(f, root, &out->machine_key, out->machine_label);
    carnet_part_user(f, root, &out->has_user, &out->user);
    carnet_part_features(f, root, &out->features);
    carnet_field_time(f, validity, "issued", &out->issued);
    carnet_field_time(f, validity, "activate-by", &out->activate_by);
    carnet_field_time_or_never(f, validity, "lease-until", &out->lease_until);
    carnet_field_time_or_never(f, validity, "not-after", &out->not_after);
    carnet_part_matching(f, root, &out->matching);
    carnet_part_facts(f, root, &out->facts);
    carnet_part_journal(f, root, &out->journal);
}

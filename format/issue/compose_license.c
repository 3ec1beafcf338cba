/* SPDX-License-Identifier: MIT */
/* Composing a license (spec/format.md, section 9.3). */
#include "issue/compose_parts.h"
#include "issue/issue.h"

enum carnet_err carnet_issue_compose_license(const struct carnet_license *l, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_require(&w, l->journal.position > 0);
    carnet_xml_begin(&w, "license");
    carnet_xml_vendor(&w, &l->vendor);
    carnet_xml_grant(&w, &l->grant);
    carnet_compose_entitlement_reference(&w, &l->entitlement, l->revision);
    carnet_xml_open(&w, "product");
    carnet_xml_put_id(&w, "id", l->product);
    carnet_xml_put_optional_id(&w, "edition", l->edition);
    carnet_xml_close(&w);
    carnet_compose_licensee(&w, l->licensee);
    carnet_compose_machine(&w, &l->machine_key, l->machine_label);
    carnet_xml_user(&w, l->has_user, &l->user);
    carnet_compose_features(&w, &l->features);
    carnet_xml_open(&w, "validity");
    carnet_xml_put_time(&w, "issued", l->issued);
    carnet_xml_put_time(&w, "activate-by", l->activate_by);
    carnet_xml_put_time_or_never(&w, "lease-until", l->lease_until);
    carnet_xml_put_time_or_never(&w, "not-after", l->not_after);
    carnet_xml_close(&w);
    carnet_compose_matching(&w, &l->matching);
    carnet_xml_facts(&w, &l->facts);
    carnet_xml_journal(&w, &l->journal);
    return carnet_xml_finish(&w, out);
}

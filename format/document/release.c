/* SPDX-License-Identifier: MIT */
/* A release, read and composed (spec/format.md, section 9.4). */
#include "document/parts.h"
#include "document/xml_parts.h"

void carnet_release_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_release *out)
{
    const struct carnet_xml_node *declaration = carnet_xml_child(root, "declaration");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_field_digest(f, carnet_xml_child(root, "license"), "id", &out->license);
    out->declined = carnet_field_is(declaration, "how", "declined");
    carnet_part_sequence(f, declaration, &out->sequence);
    carnet_part_journal(f, root, &out->journal);
}

enum carnet_err carnet_release_compose(const struct carnet_release *r, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_begin(&w, "release");
    carnet_xml_vendor(&w, &r->vendor);
    carnet_xml_grant(&w, &r->grant);
    carnet_xml_open(&w, "license");
    carnet_xml_put_digest(&w, "id", &r->license);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "declaration");
    carnet_xml_put(&w, "how", r->declined ? "declined" : "released");
    carnet_xml_sequence(&w, &r->sequence);
    carnet_xml_close(&w);
    carnet_xml_journal(&w, &r->journal);
    return carnet_xml_finish(&w, out);
}

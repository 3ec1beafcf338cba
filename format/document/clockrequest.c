/* SPDX-License-Identifier: MIT */
/* A clock request, read and composed (spec/format.md, section 9.8). */
#include "document/parts.h"
#include "document/xml_parts.h"

void carnet_clockrequest_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                              struct carnet_clockrequest *out)
{
    const struct carnet_xml_node *request = carnet_xml_child(root, "request"), *floor = carnet_xml_child(root, "floor");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_grant(f, root, &out->grant);
    carnet_field_digest(f, carnet_xml_child(root, "license"), "id", &out->license);
    carnet_part_sequence(f, request, &out->sequence);
    carnet_field_hex(f, request, "nonce", out->nonce, sizeof(out->nonce));
    carnet_field_time(f, floor, "local", &out->local_floor);
    out->has_signed_floor = carnet_xml_attribute(floor, "signed") != NULL;
    if (out->has_signed_floor)
        carnet_field_time(f, floor, "signed", &out->signed_floor);
    carnet_part_journal(f, root, &out->journal);
    if (out->local_floor <= out->sequence.made)
        carnet_field_refuse(f, floor, "D-1", "No floor stands in the way: the clock is not behind it.");
}

enum carnet_err carnet_clockrequest_compose(const struct carnet_clockrequest *c, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_require(&w, c->local_floor > c->sequence.made); /* D-1 */
    carnet_xml_begin(&w, "clockrequest");
    carnet_xml_vendor(&w, &c->vendor);
    carnet_xml_grant(&w, &c->grant);
    carnet_xml_open(&w, "license");
    carnet_xml_put_digest(&w, "id", &c->license);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "request");
    carnet_xml_sequence(&w, &c->sequence);
    carnet_xml_put_hex(&w, "nonce", c->nonce, sizeof(c->nonce));
    carnet_xml_close(&w);
    carnet_xml_open(&w, "floor");
    carnet_xml_put_time(&w, "local", c->local_floor);
    if (c->has_signed_floor)
        carnet_xml_put_time(&w, "signed", c->signed_floor);
    carnet_xml_close(&w);
    carnet_xml_journal(&w, &c->journal);
    return carnet_xml_finish(&w, out);
}

/* SPDX-License-Identifier: MIT */
/* Reading a key request (spec/format.md, section 9.10). */
#include "document/parts.h"

void carnet_keyrequest_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_keyrequest *out)
{
    const struct carnet_xml_node *administrator = carnet_xml_child(root, "administrator"),
                                 *request = carnet_xml_child(root, "request");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_field_text(f, administrator, "name", out->name, sizeof(out->name));
    carnet_field_optional(f, administrator, "contact", out->contact, sizeof(out->contact));
    carnet_field_time(f, request, "made", &out->made);
    carnet_field_hex(f, request, "nonce", out->nonce, sizeof(out->nonce));
    out->offline_wished = carnet_field_is(request, "offline", "wished");
    carnet_field_optional(f, request, "license", out->license, sizeof(out->license));
    out->has_replaced = carnet_xml_attribute(request, "replaces") != NULL;
    if (out->has_replaced)
        carnet_field_digest(f, request, "replaces", &out->replaced);
}

/* SPDX-License-Identifier: MIT */
/* Composing a key request (spec/format.md, section 9.10). */
#include "issue/compose_parts.h"
#include "issue/issue.h"

enum carnet_err carnet_issue_compose_keyrequest(const struct carnet_keyrequest *k, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_begin(&w, "keyrequest");
    carnet_xml_vendor(&w, &k->vendor);
    carnet_xml_open(&w, "administrator");
    carnet_xml_put_text(&w, "name", k->name);
    carnet_xml_put_optional_text(&w, "contact", k->contact);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "request");
    carnet_xml_put_time(&w, "made", k->made);
    carnet_xml_put_hex(&w, "nonce", k->nonce, sizeof(k->nonce));
    carnet_xml_put(&w, "offline", k->offline_wished ? "wished" : "not-wished");
    carnet_xml_put_optional_id(&w, "license", k->license);
    if (k->has_replaced)
        carnet_xml_put_digest(&w, "replaces", &k->replaced);
    carnet_xml_close(&w);
    return carnet_xml_finish(&w, out);
}

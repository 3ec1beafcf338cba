/* SPDX-License-Identifier: MIT */
/* Composing a clock (spec/format.md, section 9.9). */
#include "issue/compose_parts.h"
#include "issue/issue.h"

enum carnet_err carnet_issue_compose_clock(const struct carnet_clock *c, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_require(&w, c->journal.position > 0);
    carnet_xml_begin(&w, "clock");
    carnet_xml_vendor(&w, &c->vendor);
    carnet_xml_grant(&w, &c->grant);
    carnet_compose_entitlement_reference(&w, &c->entitlement, c->revision);
    carnet_compose_machine(&w, &c->machine_key, c->machine_label);
    carnet_xml_open(&w, "answer");
    carnet_xml_put_digest(&w, "request", &c->request);
    carnet_xml_put_hex(&w, "nonce", c->nonce, sizeof(c->nonce));
    carnet_xml_put_time(&w, "at", c->at);
    carnet_xml_close(&w);
    carnet_xml_journal(&w, &c->journal);
    return carnet_xml_finish(&w, out);
}

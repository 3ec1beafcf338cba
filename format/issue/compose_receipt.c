/* SPDX-License-Identifier: MIT */
/* Composing a receipt (spec/format.md, section 9.5). */
#include "issue/compose_parts.h"
#include "issue/issue.h"

enum carnet_err carnet_issue_compose_receipt(const struct carnet_receipt *r, struct carnet_buffer *out)
{
    static const char *const ends[] = {
        [CARNET_END_FREED] = "freed",
        [CARNET_END_REVOKED] = "revoked",
        [CARNET_END_REPLACED] = "replaced",
    };
    struct carnet_xml_writer w = {0};
    carnet_xml_require(&w, r->journal.position > 0 && (r->end != CARNET_END_REVOKED || r->reason[0] != '\0')); /* P-1 */
    carnet_xml_begin(&w, "receipt");
    carnet_xml_vendor(&w, &r->vendor);
    carnet_xml_grant(&w, &r->grant);
    carnet_compose_entitlement_reference(&w, &r->entitlement, r->revision);
    carnet_compose_machine(&w, &r->machine_key, r->machine_label);
    carnet_xml_open(&w, "end");
    carnet_xml_put(&w, "how", ends[r->end]);
    carnet_xml_put_time(&w, "at", r->at);
    carnet_xml_put_optional_text(&w, "reason", r->reason);
    carnet_xml_close(&w);
    if (r->end == CARNET_END_FREED) {
        carnet_xml_open(&w, "release");
        carnet_xml_put_digest(&w, "id", &r->release);
        carnet_xml_close(&w);
    }
    carnet_xml_journal(&w, &r->journal);
    return carnet_xml_finish(&w, out);
}

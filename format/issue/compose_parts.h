/* SPDX-License-Identifier: MIT */
/* Writing the parts of what root and issuer sign that machines never write. */
#ifndef CARNET_ISSUE_COMPOSE_PARTS_H
#define CARNET_ISSUE_COMPOSE_PARTS_H

#include "document/xml_parts.h"

void carnet_compose_entitlement_reference(struct carnet_xml_writer *w, const struct carnet_digest *id,
                                          uint32_t revision);
void carnet_compose_licensee(struct carnet_xml_writer *w, const char *name);
void carnet_compose_machine(struct carnet_xml_writer *w, const struct carnet_digest *key, const char *label);
void carnet_compose_features(struct carnet_xml_writer *w, const struct carnet_features *features);
/* Facts with 0 points are left out: they have none. */
void carnet_compose_matching(struct carnet_xml_writer *w, const struct carnet_matching *matching);

#endif

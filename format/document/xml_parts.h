/* SPDX-License-Identifier: MIT */
/* Writing the parts that several kinds share; each is a child of the root, but the sequence, which is attributes. */
#ifndef CARNET_DOCUMENT_XML_PARTS_H
#define CARNET_DOCUMENT_XML_PARTS_H

#include "document/document.h"
#include "document/xml_write.h"

void carnet_xml_vendor(struct carnet_xml_writer *w, const struct carnet_digest *vendor);
void carnet_xml_grant(struct carnet_xml_writer *w, const struct carnet_grant *grant);
void carnet_xml_user(struct carnet_xml_writer *w, bool has_user, const struct carnet_digest *user);
void carnet_xml_facts(struct carnet_xml_writer *w, const struct carnet_facts *facts);
/* Nothing for position 0. */
void carnet_xml_journal(struct carnet_xml_writer *w, const struct carnet_journal_position *journal);
void carnet_xml_sequence(struct carnet_xml_writer *w, const struct carnet_sequence *sequence);

#endif

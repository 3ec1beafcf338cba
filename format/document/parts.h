/* SPDX-License-Identifier: MIT */
/* The parts that several kinds share (spec/format.md, section 9). `root` is the document's root element. */
#ifndef CARNET_DOCUMENT_PARTS_H
#define CARNET_DOCUMENT_PARTS_H

#include "document/fields.h"

void carnet_part_vendor(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *out);
void carnet_part_grant(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_grant *out);
void carnet_part_entitlement(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *id,
                             uint32_t *revision);
void carnet_part_machine(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_digest *key,
                         char label[CARNET_TEXT_SIZE]);
void carnet_part_user(struct carnet_fields *f, const struct carnet_xml_node *root, bool *has_user,
                      struct carnet_digest *user);
void carnet_part_features(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_features *out);
/* Holds E-1. */
void carnet_part_matching(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_matching *out);
void carnet_part_facts(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_facts *out);
enum carnet_fact_name carnet_part_fact_name(struct carnet_fields *f, const struct carnet_xml_node *node,
                                            const char *attribute);
/* Position 0 when it is absent. */
void carnet_part_journal(struct carnet_fields *f, const struct carnet_xml_node *root,
                         struct carnet_journal_position *out);
/* Attributes of `node`; holds F-2. */
void carnet_part_sequence(struct carnet_fields *f, const struct carnet_xml_node *node, struct carnet_sequence *out);

/* One function a kind. */
void carnet_entitlement_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                             struct carnet_entitlement *out);
void carnet_fingerprint_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                             struct carnet_fingerprint *out);
void carnet_license_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_license *out);
void carnet_release_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_release *out);
void carnet_receipt_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_receipt *out);
void carnet_journal_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_journal *out);
void carnet_activation_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_activation *out);
void carnet_clockrequest_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                              struct carnet_clockrequest *out);
void carnet_clock_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_clock *out);
void carnet_keyrequest_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_keyrequest *out);
void carnet_trust_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_trust *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Reading an entitlement (spec/format.md, section 9.1). */
#include <string.h>

#include "document/parts.h"

/* G.N, of the form that the schema has judged. */
static void least_trust(struct carnet_fields *f, const struct carnet_xml_node *trust, struct carnet_entitlement *out)
{
    char version[CARNET_VERSION_SIZE] = "";
    carnet_field_text(f, trust, "least-version", version, sizeof(version));
    char *dot = strchr(version, '.');
    if (dot == NULL) {
        carnet_field_refuse(f, trust, "X-9", "The least version of trust is not two numbers joined by a dot.");
        return;
    }
    *dot = '\0';
    if (carnet_text_number(version, 0, CARNET_COUNT_MOST, &out->least_trust_generation) != CARNET_OK ||
        carnet_text_number(dot + 1, 0, CARNET_COUNT_MOST, &out->least_trust_number) != CARNET_OK)
        carnet_field_refuse(f, trust, "X-9", "The least version of trust is not two numbers joined by a dot.");
    out->has_least_trust = true;
}

static void what_was_bought(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_entitlement *out)
{
    const struct carnet_xml_node *vendor = carnet_xml_child(root, "vendor"),
                                 *license = carnet_xml_child(root, "license"),
                                 *product = carnet_xml_child(root, "product"), *seats = carnet_xml_child(root, "seats");
    carnet_part_vendor(f, root, &out->vendor);
    carnet_field_text(f, vendor, "name", out->vendor_name, sizeof(out->vendor_name));
    carnet_field_optional(f, vendor, "contact", out->contact, sizeof(out->contact));
    carnet_field_text(f, license, "id", out->license, sizeof(out->license));
    carnet_field_number(f, license, "revision", 1, CARNET_COUNT_MOST, &out->revision);
    carnet_field_time(f, license, "issued", &out->issued);
    carnet_field_text(f, product, "id", out->product, sizeof(out->product));
    carnet_field_optional(f, product, "edition", out->edition, sizeof(out->edition));
    if (!carnet_field_is(product, "newest-version", "any"))
        carnet_field_text(f, product, "newest-version", out->newest_version, sizeof(out->newest_version));
    carnet_field_text(f, carnet_xml_child(root, "licensee"), "name", out->licensee, sizeof(out->licensee));
    carnet_field_number(f, seats, "count", 1, CARNET_SEATS_MOST, &out->seats);
    out->offline_allowed = carnet_field_is(seats, "offline", "allowed");
    carnet_part_features(f, root, &out->features);
}

static void what_is_ruled(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_entitlement *out)
{
    const struct carnet_xml_node *validity = carnet_xml_child(root, "validity"), *caps = carnet_xml_child(root, "caps"),
                                 *environment = carnet_xml_child(root, "environment");
    carnet_field_time_or_never(f, validity, "not-after", &out->not_after);
    carnet_field_number_or(f, validity, "lease-days", 1, CARNET_DAYS_MOST, "none", CARNET_NO_LEASE, &out->lease_days);
    carnet_field_number(f, validity, "activate-within-days", 1, CARNET_DAYS_MOST, &out->activate_within_days);
    carnet_field_number_or(f, caps, "transfers-per-year", 0, CARNET_COUNT_MOST, "none", CARNET_NO_CAP,
                           &out->transfers_per_year);
    carnet_field_number_or(f, caps, "losses-per-year", 0, CARNET_COUNT_MOST, "none", CARNET_NO_CAP,
                           &out->losses_per_year);
    out->held_after_loss = carnet_field_is(caps, "held-after-loss", "lease");
    carnet_part_matching(f, root, &out->matching);
    carnet_field_number(f, carnet_xml_child(root, "clock"), "tolerance-hours", 0, CARNET_HOURS_MOST,
                        &out->clock_tolerance_hours);
    out->virtual_refused = carnet_field_is(environment, "virtual", "refused");
    out->container = carnet_field_is(environment, "container", "refused")  ? CARNET_CONTAINER_REFUSED
                     : carnet_field_is(environment, "container", "pinned") ? CARNET_CONTAINER_PINNED
                                                                           : CARNET_CONTAINER_ACCEPTED;
    carnet_field_digest(f, carnet_xml_child(root, "issuer"), "key", &out->issuer);
}

void carnet_entitlement_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                             struct carnet_entitlement *out)
{
    const struct carnet_xml_node *trust = carnet_xml_child(root, "trust");
    what_was_bought(f, root, out);
    what_is_ruled(f, root, out);
    if (trust != NULL)
        least_trust(f, trust, out);
}

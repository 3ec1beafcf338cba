/* SPDX-License-Identifier: MIT */
/* Composing an entitlement (spec/format.md, section 9.1). */
#include <stdio.h>

#include "issue/compose_parts.h"
#include "issue/issue.h"

static void number_or_none(struct carnet_xml_writer *w, const char *name, uint32_t most, uint32_t none, uint32_t value)
{
    if (value == none)
        carnet_xml_put(w, name, "none");
    else
        carnet_xml_put_number(w, name, 0, most, value);
}

static void what_was_bought(struct carnet_xml_writer *w, const struct carnet_entitlement *e)
{
    carnet_xml_open(w, "vendor");
    carnet_xml_put_digest(w, "id", &e->vendor);
    carnet_xml_put_text(w, "name", e->vendor_name);
    carnet_xml_put_optional_text(w, "contact", e->contact);
    carnet_xml_close(w);
    carnet_xml_open(w, "license");
    carnet_xml_put_id(w, "id", e->license);
    carnet_xml_put_number(w, "revision", 1, CARNET_COUNT_MOST, e->revision);
    carnet_xml_put_time(w, "issued", e->issued);
    carnet_xml_close(w);
    carnet_xml_open(w, "product");
    carnet_xml_put_id(w, "id", e->product);
    carnet_xml_put_optional_id(w, "edition", e->edition);
    carnet_xml_put_optional_version(w, "newest-version", e->newest_version);
    if (e->newest_version[0] == '\0')
        carnet_xml_put(w, "newest-version", "any");
    carnet_xml_close(w);
    carnet_compose_licensee(w, e->licensee);
    carnet_xml_open(w, "seats");
    carnet_xml_put_number(w, "count", 1, CARNET_SEATS_MOST, e->seats);
    carnet_xml_put(w, "offline", e->offline_allowed ? "allowed" : "denied");
    carnet_xml_close(w);
    carnet_compose_features(w, &e->features);
}

static void what_is_ruled(struct carnet_xml_writer *w, const struct carnet_entitlement *e)
{
    static const char *const containers[] = {
        [CARNET_CONTAINER_ACCEPTED] = "accepted",
        [CARNET_CONTAINER_REFUSED] = "refused",
        [CARNET_CONTAINER_PINNED] = "pinned",
    };
    carnet_xml_open(w, "validity");
    carnet_xml_put_time_or_never(w, "not-after", e->not_after);
    number_or_none(w, "lease-days", CARNET_DAYS_MOST, CARNET_NO_LEASE, e->lease_days);
    carnet_xml_put_number(w, "activate-within-days", 1, CARNET_DAYS_MOST, e->activate_within_days);
    carnet_xml_close(w);
    carnet_xml_open(w, "caps");
    number_or_none(w, "transfers-per-year", CARNET_COUNT_MOST, CARNET_NO_CAP, e->transfers_per_year);
    number_or_none(w, "losses-per-year", CARNET_COUNT_MOST, CARNET_NO_CAP, e->losses_per_year);
    carnet_xml_put(w, "held-after-loss", e->held_after_loss ? "lease" : "no");
    carnet_xml_close(w);
    carnet_compose_matching(w, &e->matching);
    carnet_xml_open(w, "clock");
    carnet_xml_put_number(w, "tolerance-hours", 0, CARNET_HOURS_MOST, e->clock_tolerance_hours);
    carnet_xml_close(w);
    carnet_xml_open(w, "environment");
    carnet_xml_put(w, "virtual", e->virtual_refused ? "refused" : "accepted");
    carnet_xml_put(w, "container", containers[e->container]);
    carnet_xml_close(w);
    carnet_xml_open(w, "issuer");
    carnet_xml_put_digest(w, "key", &e->issuer);
    carnet_xml_close(w);
}

enum carnet_err carnet_issue_compose_entitlement(const struct carnet_entitlement *e, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_begin(&w, "entitlement");
    what_was_bought(&w, e);
    what_is_ruled(&w, e);
    if (e->has_least_trust) {
        char version[CARNET_VERSION_SIZE];
        carnet_xml_require(&w, e->least_trust_generation <= CARNET_COUNT_MOST &&
                                   e->least_trust_number <= CARNET_COUNT_MOST);
        snprintf(version, sizeof(version), "%u.%u", e->least_trust_generation, e->least_trust_number);
        carnet_xml_open(&w, "trust");
        carnet_xml_put(&w, "least-version", version);
        carnet_xml_close(&w);
    }
    return carnet_xml_finish(&w, out);
}

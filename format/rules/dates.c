/* SPDX-License-Identifier: MIT */
#include "rules/dates.h"

#define AHEAD_MOST (48 * CARNET_HOUR)

int64_t carnet_license_end(const struct carnet_license *l)
{
    return l->lease_until < l->not_after ? l->lease_until : l->not_after;
}

enum carnet_err carnet_license_end_check(const struct carnet_license *l, int64_t now, struct carnet_diag *diag)
{
    if (now <= carnet_license_end(l))
        return CARNET_OK;
    char end[CARNET_UTC_SIZE];
    carnet_utc_format(carnet_license_end(l), end);
    return carnet_fail(diag, CARNET_EXPIRED, "O-1", "%s %s ran out on %s.",
                       l->lease_until < l->not_after ? "The lease of" : "The license", l->grant.license, end);
}

/* The date of one document, or INT64_MIN for what a machine signed: its clock is not to be believed. */
static int64_t dated(const struct carnet_document *d)
{
    switch (carnet_document_kind(d)->id) {
    case CARNET_KIND_ENTITLEMENT:
        return carnet_document_entitlement(d)->issued;
    case CARNET_KIND_LICENSE:
        return carnet_document_license(d)->issued;
    case CARNET_KIND_RECEIPT:
        return carnet_document_receipt(d)->at;
    case CARNET_KIND_JOURNAL:
        return carnet_document_journal(d)->at;
    case CARNET_KIND_CLOCK:
        return carnet_document_clock(d)->at;
    case CARNET_KIND_TRUST:
        return carnet_document_trust(d)->is_link ? INT64_MIN : carnet_document_trust(d)->created;
    case CARNET_KIND_FINGERPRINT:
    case CARNET_KIND_RELEASE:
    case CARNET_KIND_ACTIVATION:
    case CARNET_KIND_CLOCKREQUEST:
    case CARNET_KIND_KEYREQUEST:
    case CARNET_KIND_COUNT:
        break;
    }
    return INT64_MIN;
}

int64_t carnet_dates_latest(const struct carnet_judged *j)
{
    int64_t latest = INT64_MIN;
    for (; j != NULL; j = carnet_judged_embedded(j)) {
        int64_t date = dated(carnet_judged_document(j));
        if (date > latest)
            latest = date;
    }
    return latest;
}

enum carnet_err carnet_dates_check(const struct carnet_judged *j, int64_t now, struct carnet_diag *diag)
{
    for (; j != NULL; j = carnet_judged_embedded(j)) {
        const struct carnet_document *d = carnet_judged_document(j);
        if (dated(d) <= now + AHEAD_MOST)
            continue;
        char then[CARNET_UTC_SIZE], here[CARNET_UTC_SIZE];
        carnet_utc_format(dated(d), then);
        carnet_utc_format(now, here);
        return carnet_fail(diag, CARNET_NOT_YET_VALID, "O-2",
                           "The %s is dated %s, more than 48 hours ahead of the clock, which says %s.",
                           carnet_document_kind(d)->name, then, here);
    }
    return CARNET_OK;
}

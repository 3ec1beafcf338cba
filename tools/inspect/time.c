/* SPDX-License-Identifier: MIT */
/* What can be said of times without a machine (spec/format.md, section 14). */
#include <string.h>

#include "inspect/inspect.h"

#define AHEAD_MOST (48 * CARNET_HOUR) /* O-2 */

enum carnet_err inspect_at(struct cli *cli, int64_t *at)
{
    const char *given = cli_value(cli, "at");
    if (given == NULL) {
        *at = carnet_utc_now();
        return CARNET_OK;
    }
    int64_t time = 0;
    if (carnet_utc_parse_date(given, &time) != CARNET_OK || time == CARNET_NEVER)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--at takes a real date, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.");
    *at = time;
    return CARNET_OK;
}

/* When a root or an issuer made it; CARNET_NEVER for what a machine signed. */
static int64_t made_at(const struct carnet_document *document)
{
    const struct carnet_entitlement *e = carnet_document_entitlement(document);
    const struct carnet_license *l = carnet_document_license(document);
    const struct carnet_receipt *r = carnet_document_receipt(document);
    return e != NULL ? e->issued : l != NULL ? l->issued : r != NULL ? r->at : CARNET_NEVER;
}

enum carnet_err inspect_judge_time(const struct carnet_document *document, int64_t at, struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(document);
    const int64_t made = made_at(document);
    char text[CARNET_UTC_SIZE];
    if (made != CARNET_NEVER && made - at > AHEAD_MOST) {
        carnet_utc_format(made, text);
        return carnet_fail(diag, CARNET_NOT_YET_VALID, "O-2", "It is dated %s, more than 48 hours ahead.", text);
    }
    if (l == NULL)
        return CARNET_OK;
    const bool by_lease = l->lease_until < l->not_after;
    const int64_t end = by_lease ? l->lease_until : l->not_after;
    if (at > end) {
        carnet_utc_format(end, text);
        return carnet_fail(diag, CARNET_EXPIRED, "O-1", "The license %s on %s.",
                           by_lease ? "had to be renewed" : "ended", text);
    }
    return CARNET_OK;
}

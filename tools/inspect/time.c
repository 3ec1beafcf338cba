/* SPDX-License-Identifier: MIT */
/* What can be said of times without a machine (spec/format.md, section 14). */
#include "inspect/inspect.h"
#include "rules/dates.h"

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

enum carnet_err inspect_judge_time(const struct carnet_judged *judged, int64_t at, struct carnet_diag *diag)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    enum carnet_err err = carnet_dates_check(judged, at, diag);
    if (err == CARNET_OK && l != NULL)
        err = carnet_license_end_check(l, at, diag);
    return err;
}

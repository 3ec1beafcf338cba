/* SPDX-License-Identifier: MIT */
/* doctor --clock: asks the administrator to let the local floor go back (spec/format.md, D-1 to D-4). */
#include <stdio.h>
#include <stdlib.h>

#include "common/io.h"
#include "doctor.h"
#include "pending.h"
#include "state/sign.h"

#define EARLIEST_DAYS 18262 /* 2020-01-01 */

/* A living license of the vendor that the set-back clock stops. */
static const struct carnet_state_grant *stopped(const struct carnet_state_grant *grants, size_t count,
                                                const struct carnet_surroundings *surroundings,
                                                struct carnet_check *check)
{
    const struct carnet_ask nothing = {0};
    for (size_t i = 0; i < count; i++) {
        if (grants[i].released || grants[i].ended || grants[i].reading == NULL ||
            carnet_reading_judged(grants[i].reading) == NULL)
            continue;
        carnet_check_grant(&grants[i], surroundings, &nothing, check);
        if (check->steps[CARNET_CHECK_TIME].err == CARNET_CLOCK_SET_BACK)
            return &grants[i];
    }
    return NULL;
}

/* One that can't be read any more may be the one that was stopped. */
static enum carnet_err hold_readable(struct cli *cli, const struct carnet_state_grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (grants[i].released || grants[i].ended || grants[i].err == CARNET_OK)
            continue;
        *cli_diag(cli) = grants[i].diag;
        return grants[i].err;
    }
    return CARNET_OK;
}

static enum carnet_err write_request(struct cli *cli, const struct carnet_state *state,
                                     const struct carnet_buffer *bytes, bool again)
{
    if (again)
        cli_note(cli, "The request was made before and is not answered yet; this is the same file again.\n");
    enum carnet_err err = user_hand_out(cli, state, bytes, NULL);
    if (err == CARNET_OK)
        cli_note(cli, "Take that file to your administrator ('carnet-admin clock' answers it), and activate the clock "
                      "file that comes back.\n");
    return err;
}

static enum carnet_err ask(struct doctor *d, struct carnet_state *state, struct carnet_check *check)
{
    struct cli *cli = d->cli;
    struct carnet_surroundings surroundings;
    struct carnet_state_grant *grants = NULL;
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    size_t count = 0;
    bool again = false;
    enum carnet_err err =
        carnet_surroundings_read(state, &d->set_back_vendor, d->machine, d->now, &surroundings, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_grants(state, &d->set_back_vendor, &grants, &count, cli_diag(cli));
    if (err != CARNET_OK)
        return err;
    const struct carnet_state_grant *grant = stopped(grants, count, &surroundings, check);
    if (grant == NULL && (err = hold_readable(cli, grants, count)) == CARNET_OK) {
        cli_data(cli, "No floor stands in the way any more: there is nothing to ask for.\n");
    } else if (grant != NULL) {
        const struct carnet_judged *judged = carnet_reading_judged(grant->reading);
        err = carnet_sign_clockrequest(state, judged, grant->bytes.bytes, grant->bytes.size, d->now, &bytes, &id,
                                       &again, cli_diag(cli));
        if (err == CARNET_OK)
            err = write_request(cli, state, &bytes, again);
    }
    carnet_buffer_clear(&bytes);
    carnet_state_grants_free(grants, count);
    return err;
}

enum carnet_err doctor_clock(struct doctor *d)
{
    struct cli *cli = d->cli;
    struct carnet_state *state = NULL;
    struct carnet_digest vendor;
    if (d->now < EARLIEST_DAYS * CARNET_DAY) {
        carnet_fail(cli_diag(cli), CARNET_CLOCK_SET_BACK, "", "This machine's clock is before 2020.");
        return carnet_fail_next(cli_diag(cli), "Set the clock first, then ask again.");
    }
    if (d->set_back > 1) {
        enum carnet_err err = user_vendor(cli, carnet_state_anchors(d->state), true, NULL, &vendor);
        if (err != CARNET_OK)
            return err;
        d->set_back_vendor = vendor;
    }
    if (d->set_back == 0) {
        cli_data(cli, "No local floor stands in the way of a license: there is nothing to ask for.\n");
        return CARNET_OK;
    }
    enum carnet_err err = cli_output_check(cli);
    if (err != CARNET_OK || cli_dry_run(cli)) {
        if (err == CARNET_OK)
            cli_data(cli, "Would write a clock request.\n");
        return err;
    }
    struct carnet_check *check = malloc(sizeof *check);
    err = check == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                        : user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = ask(d, state, check);
    carnet_state_close(state);
    free(check);
    return err;
}

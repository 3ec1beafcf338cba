/* SPDX-License-Identifier: MIT */
#include "fingerprint_describe.h"

#include <stdlib.h>

#include "fingerprint_show.h"
#include "renewals.h"
#include "user.h"

/* The weights that will count: those of a license that is installed for the vendor, else the usual ones. */
static enum carnet_err find_weights(struct cli *cli, const struct carnet_state *state,
                                    const struct carnet_digest *vendor, struct carnet_matching *matching, bool *usual)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    *usual = true;
    matching->threshold = CARNET_THRESHOLD_DEFAULT;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching->points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    enum carnet_err err = carnet_state_grants(state, vendor, &grants, &count, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && *usual && i < count; i++) {
        const struct carnet_judged *judged =
            grants[i].reading == NULL ? NULL : carnet_reading_judged(grants[i].reading);
        if (judged == NULL || grants[i].released || grants[i].ended)
            continue;
        *matching = carnet_document_license(carnet_judged_document(judged))->matching;
        *usual = false;
    }
    carnet_state_grants_free(grants, count);
    return err;
}

enum carnet_err user_fingerprint_describe(struct cli *cli, const struct carnet_state *state,
                                          const struct carnet_fingerprint_wish *wish,
                                          struct carnet_fingerprint_view *view)
{
    enum carnet_err err = carnet_fingerprint_describe(state, wish, view, cli_diag(cli));
    if (err == CARNET_OK)
        err = renewals_choose(cli, state, &view->fingerprint);
    /* A renewal is fixed to a user as what it renews is. */
    if (err == CARNET_OK && !view->fingerprint.has_user && view->user_fate == CARNET_FATE_LEAVES)
        view->user_fate = CARNET_FATE_OMITTED;
    return err;
}

enum carnet_err user_fingerprint_show(struct cli *cli, const struct carnet_state *state,
                                      const struct carnet_fingerprint_wish *wish, struct carnet_fingerprint_view *view)
{
    struct carnet_matching matching;
    bool usual;
    enum carnet_err err = user_fingerprint_describe(cli, state, wish, view);
    if (err == CARNET_OK)
        err = find_weights(cli, state, &wish->vendor, &matching, &usual);
    if (err == CARNET_OK)
        fingerprint_show(cli, view, &matching, usual);
    return err;
}

enum carnet_err user_fingerprint_key(struct cli *cli, struct carnet_state *state, const struct carnet_digest *vendor,
                                     struct carnet_key **key)
{
    /* A renewal is signed by the key of what it renews, however much has changed: the administrator sees a transfer. */
    if (cli_flag(cli, "renew"))
        return carnet_state_machine_key(state, vendor, true, carnet_utc_now(), key, cli_diag(cli));
    struct carnet_machine *machine = malloc(sizeof(*machine));
    bool set_aside = false;
    enum carnet_err err = machine == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "",
                                                        "There is not enough memory to make a fingerprint.")
                                          : carnet_machine_read(machine, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_own_key(state, vendor, machine, carnet_utc_now(), &set_aside, key, cli_diag(cli));
    if (set_aside)
        cli_warn(cli, "The key that was here was made on another machine, or this one has changed beyond recognition. "
                      "It was set aside with its licenses, and this machine has a new key.");
    free(machine);
    return err;
}

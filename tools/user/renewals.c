/* SPDX-License-Identifier: MIT */
#include "renewals.h"

#include <string.h>

/* Is the product among those of --product, or is there none given? */
static bool is_asked(const struct cli *cli, const char *product)
{
    const size_t count = cli_values(cli, "product");
    for (size_t i = 0; i < count; i++) {
        const char *value = cli_value_at(cli, "product", i), *equals = strchr(value, '=');
        const size_t length = equals == NULL ? strlen(value) : (size_t)(equals - value);
        if (strlen(product) == length && memcmp(product, value, length) == 0)
            return true;
    }
    return count == 0;
}

/* The license of a grant that this machine key and user may have renewed, or NULL. */
static const struct carnet_license *renewable(const struct carnet_state_grant *grant,
                                              const struct carnet_digest *machine_key,
                                              const struct carnet_fingerprint *f)
{
    const struct carnet_judged *judged = grant->reading == NULL ? NULL : carnet_reading_judged(grant->reading);
    if (judged == NULL || grant->released || grant->ended)
        return NULL;
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    if (!carnet_digest_equal(&l->machine_key, machine_key) ||
        (l->has_user && !(f->has_user && carnet_digest_equal(&l->user, &f->user))))
        return NULL;
    return l;
}

static enum carnet_err name_grants(struct cli *cli, const struct carnet_state *state,
                                   const struct carnet_digest *machine_key, struct carnet_fingerprint *f)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    bool fixed = cli_value(cli, "for-user") != NULL;
    enum carnet_err err = carnet_state_grants(state, &f->vendor, &grants, &count, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        const struct carnet_license *l = renewable(&grants[i], machine_key, f);
        if (l == NULL || !is_asked(cli, l->product))
            continue;
        if (f->renew_count == CARNET_RENEWS_MOST) {
            err = carnet_fail(cli_diag(cli), CARNET_USAGE, "X-9", "At most %u licenses can be renewed in one go.",
                              CARNET_RENEWS_MOST);
            (void)carnet_fail_next(cli_diag(cli), "Say which with --product, and make several.");
            break;
        }
        f->renews[f->renew_count++] = grants[i].name;
        fixed = fixed || l->has_user;
    }
    carnet_state_grants_free(grants, count);
    if (err == CARNET_OK && !fixed) {
        f->has_user = false;
        f->user = (struct carnet_digest){0};
    }
    return err;
}

enum carnet_err renewals_choose(struct cli *cli, const struct carnet_state *state, struct carnet_fingerprint *f)
{
    struct carnet_digest machine_key;
    if (!cli_flag(cli, "renew"))
        return CARNET_OK;
    f->renew_count = 0;
    enum carnet_err err = carnet_state_machine_id(state, &f->vendor, &machine_key, cli_diag(cli));
    if (err == CARNET_OK)
        err = name_grants(cli, state, &machine_key, f);
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    f->renew = f->renew_count > 0;
    if (f->renew)
        return CARNET_OK;
    err = carnet_fail(cli_diag(cli), CARNET_NO_LICENSE, "", "There is no license on this machine to be renewed.");
    (void)carnet_fail_next(cli_diag(cli), "Look at 'carnet-user status'; for a new seat, leave --renew out.");
    return err;
}

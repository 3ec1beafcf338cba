/* SPDX-License-Identifier: MIT */
#include "state/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/sign.h"

/* Whose reading of the machine counts: that of the user who will check. */
static enum carnet_err read_machine(const struct carnet_fingerprint_wish *wish, struct carnet_fingerprint_view *view,
                                    struct carnet_diag *diag)
{
    const bool any_user = view->user_fate != CARNET_FATE_LEAVES;
    const char *reader = any_user ? NULL : wish->for_user;
    if (wish->system || geteuid() != 0 || (!any_user && wish->for_user == NULL))
        return carnet_machine_read(&view->machine, diag);
    (void)snprintf(view->checker, sizeof view->checker, "%s", any_user ? "any user" : reader);
    return carnet_machine_read_for(reader, &view->machine, diag);
}

/* The digests of all values, and of the user. */
static enum carnet_err digest_all(const struct carnet_fingerprint_wish *wish, struct carnet_fingerprint_view *view,
                                  const uint8_t secret[CARNET_MACHINE_SECRET_SIZE])
{
    const struct carnet_machine *machine = &view->machine;
    struct carnet_machine_facts facts = {0};
    enum carnet_err err = carnet_machine_facts(machine, &wish->vendor, secret, &facts);
    if (err == CARNET_OK)
        err = carnet_machine_digest("user", view->user, &wish->vendor, secret, &view->fingerprint.user);
    for (uint32_t i = 0; err == CARNET_OK && i < machine->count; i++) {
        enum carnet_fact_name name = machine->values[i].name;
        view->facts[i].has_digest = view->has_secret || carnet_fact_by_vendor(name);
        err = carnet_machine_digest(carnet_fact_name(name), machine->values[i].value, &wish->vendor, secret,
                                    &view->facts[i].digest);
    }
    view->fingerprint.has_user = err == CARNET_OK;
    view->fingerprint.facts = facts.facts;
    return err;
}

/* Leaves out what is wished, then what the site's policy keeps here; notes what became of each value. */
static enum carnet_err leave_out(const struct carnet_fingerprint_wish *wish, struct carnet_fingerprint_view *view,
                                 struct carnet_diag *diag)
{
    struct carnet_fingerprint *f = &view->fingerprint;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < f->facts.count; i++)
        if (!wish->omit[f->facts.list[i].name])
            f->facts.list[kept++] = f->facts.list[i];
    memset(&f->facts.list[kept], 0, (f->facts.count - kept) * sizeof f->facts.list[0]);
    f->facts.count = kept;
    if (kept == 0) {
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "", "No fact of this machine is left to tell it by.");
        (void)carnet_fail_next(diag, "Leave fewer facts out, or run as a user who may read them.");
        return CARNET_CONFIGURATION;
    }
    for (uint32_t i = 0; i < view->machine.count; i++) {
        enum carnet_fact_name name = view->machine.values[i].name;
        view->facts[i].fate = wish->omit[name]                 ? CARNET_FATE_OMITTED
                              : view->policy.fact_leaves[name] ? CARNET_FATE_LEAVES
                                                               : CARNET_FATE_FORBIDDEN;
    }
    f->has_user = view->user_fate == CARNET_FATE_LEAVES;
    if (!f->has_user)
        f->user = (struct carnet_digest){0};
    return carnet_policy_apply(&view->policy, f, diag);
}

enum carnet_err carnet_fingerprint_describe(const struct carnet_state *state,
                                            const struct carnet_fingerprint_wish *wish,
                                            struct carnet_fingerprint_view *out, struct carnet_diag *diag)
{
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0};
    struct carnet_fingerprint *f = &out->fingerprint;
    memset(out, 0, sizeof *out);
    f->vendor = wish->vendor;
    f->product_count = wish->product_count;
    memcpy(f->products, wish->products, sizeof f->products);
    if (wish->label != NULL)
        (void)snprintf(f->label, sizeof f->label, "%s", wish->label);
    enum carnet_err err = carnet_policy_read(&out->policy, diag);
    if (err == CARNET_OK && wish->for_user != NULL && !out->policy.user_leaves) {
        (void)carnet_fail(diag, CARNET_POLICY_FORBIDS, "",
                          "This site's policy does not let the user's digest leave this machine.");
        (void)carnet_fail_next(diag, "Make it without --for-user: the license then works for every user here.");
        err = CARNET_POLICY_FORBIDS;
    }
    if (err != CARNET_OK)
        return err;
    out->user_fate = wish->omit_user           ? CARNET_FATE_OMITTED
                     : out->policy.user_leaves ? CARNET_FATE_LEAVES
                                               : CARNET_FATE_FORBIDDEN;
    err = carnet_machine_user(wish->for_user, out->user, diag);
    if (err == CARNET_OK)
        err = read_machine(wish, out, diag);
    if (err != CARNET_OK)
        return err;
    err = carnet_state_secret(state, &wish->vendor, secret, diag);
    out->has_secret = err == CARNET_OK;
    if (err == CARNET_OK || err == CARNET_NOT_FOUND)
        err = digest_all(wish, out, secret);
    explicit_bzero(secret, sizeof secret);
    if (err != CARNET_OK)
        return err;
    memcpy(f->virtual_system, out->machine.virtual_system, sizeof f->virtual_system);
    memcpy(f->container_system, out->machine.container_system, sizeof f->container_system);
    return leave_out(wish, out, diag);
}

enum carnet_err carnet_fingerprint_make(struct carnet_state *state, const struct carnet_key *key,
                                        struct carnet_fingerprint_view *view, bool new, bool *again,
                                        struct carnet_buffer *bytes, struct carnet_digest *id, struct carnet_diag *diag)
{
    /* The secret's digests alone may leave. */
    if (!view->has_secret)
        return carnet_fail(diag, CARNET_BUG, "", "A fingerprint was to be made before the machine had a secret.");
    enum carnet_err err = carnet_policy_may_make(&view->policy, diag);
    if (err != CARNET_OK)
        return err;
    return carnet_sign_fingerprint(state, key, &view->fingerprint, new, bytes, id, again, diag);
}

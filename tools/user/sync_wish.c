/* SPDX-License-Identifier: MIT */
/* Fingerprints that sync makes by itself, as far as the site's policy lets it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fingerprint_describe.h"
#include "state/pending.h"
#include "sync.h"

#define KIND "fingerprint"

static bool is_pinned(const struct sync *s, const struct carnet_digest *vendor)
{
    const struct carnet_anchors *anchors = carnet_state_anchors(s->state);
    for (size_t i = 0; i < anchors->count; i++)
        if (carnet_digest_equal(&anchors->list[i].vendor, vendor))
            return true;
    return false;
}

static bool is_coming(const struct sync *s, const struct carnet_product *product)
{
    for (size_t i = 0; i < s->coming_count; i++)
        if (carnet_digest_equal(&s->coming[i].vendor, &product->vendor) &&
            strcmp(s->coming[i].product, product->id) == 0)
            return true;
    return false;
}

/* How a product stands here. */
enum standing { WITHOUT, GIVEN_BACK, UNREADABLE, COVERED, DRIFTING };

/* One that has run out covers it, too: it is to be renewed, and needs no other seat. That of another machine does not:
 * the state was copied here with a disk. What was given back or taken away is not asked for again by itself. */
static enum standing standing_by(const struct carnet_state_grant *grant, const struct carnet_surroundings *surroundings,
                                 const char *product, struct carnet_check *check)
{
    const struct carnet_ask nothing = {0};
    const struct carnet_judged *judged = grant->reading == NULL ? NULL : carnet_reading_judged(grant->reading);
    if (judged == NULL && grant->err != CARNET_OK && !grant->released && !grant->ended)
        return UNREADABLE; /* it may be this product's */
    if (judged == NULL ||
        strcmp(carnet_document_license(carnet_reading_document(grant->reading))->product, product) != 0)
        return WITHOUT;
    if (grant->released || grant->ended)
        return GIVEN_BACK;
    carnet_check_grant(grant, surroundings, &nothing, check);
    if (check->err == CARNET_WRONG_MACHINE)
        return WITHOUT;
    return check->has_match && check->match.drifts ? DRIFTING : COVERED;
}

static enum carnet_err look_at_grants(struct sync *s, const struct carnet_product *product, enum standing *out)
{
    struct carnet_state_grant *grants = NULL;
    struct carnet_surroundings surroundings;
    size_t count = 0;
    struct carnet_check *check = malloc(sizeof *check);
    enum carnet_err err =
        check == NULL
            ? carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
            : carnet_surroundings_read(s->state, &product->vendor, s->machine, s->now, &surroundings, cli_diag(s->cli));
    if (err == CARNET_OK)
        err = carnet_state_grants(s->state, &product->vendor, &grants, &count, cli_diag(s->cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        const enum standing one = standing_by(&grants[i], &surroundings, product->id, check);
        *out = one > *out ? one : *out;
    }
    carnet_state_grants_free(grants, count);
    free(check);
    return err;
}

/* The wish for that vendor, begun where there is none yet; NULL without memory. */
static struct carnet_fingerprint_wish *wish_of(struct sync *s, const struct carnet_digest *vendor)
{
    for (size_t i = 0; i < s->wish_count; i++)
        if (carnet_digest_equal(&s->wishes[i].vendor, vendor))
            return &s->wishes[i];
    struct carnet_fingerprint_wish *wishes = realloc(s->wishes, (s->wish_count + 1) * sizeof *wishes);
    if (wishes == NULL)
        return NULL;
    s->wishes = wishes;
    struct carnet_fingerprint_wish *wish = &wishes[s->wish_count++];
    /* Root's license would be root's alone, which nobody means who syncs as root. */
    *wish = (struct carnet_fingerprint_wish){.vendor = *vendor,
                                             .label = cli_value(s->cli, "label"),
                                             .for_user = cli_value(s->cli, "for-user"),
                                             .omit_user = geteuid() == 0 && cli_value(s->cli, "for-user") == NULL};
    return wish;
}

static enum carnet_err add(struct sync *s, const struct carnet_product *product)
{
    struct carnet_fingerprint_wish *wish = wish_of(s, &product->vendor);
    if (wish == NULL)
        return carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.");
    if (wish->product_count == CARNET_PRODUCTS_MOST) {
        stick_plan_keep(s->stick, KIND, product->id, "one fingerprint asks for no more products; sync again later");
        return CARNET_OK;
    }
    struct carnet_product_request *request = &wish->products[wish->product_count++];
    memcpy(request->id, product->id, sizeof request->id);
    memcpy(request->version, product->version, sizeof request->version);
    return CARNET_OK;
}

/* Why none is made where one might be expected; NULL where there is nothing to say. */
static const char *reason(enum standing standing)
{
    switch (standing) {
    case GIVEN_BACK:
        return "its license has ended here: 'carnet-user fingerprint' asks for another";
    case UNREADABLE:
        return "a license here can't be read: 'carnet-user doctor' says why";
    case DRIFTING:
        return "the machine differs from its license: 'carnet-user fingerprint --renew', and sync again";
    case WITHOUT:
    case COVERED:
        break;
    }
    return NULL;
}

static enum carnet_err consider(struct sync *s, const struct carnet_product *product)
{
    enum standing standing = WITHOUT;
    if (!product->wanted || is_coming(s, product))
        return CARNET_OK;
    if (!is_pinned(s, &product->vendor)) {
        stick_plan_keep(s->stick, KIND, product->id,
                        "its vendor is not trusted here yet: 'carnet-user trust add root.pem'");
        return CARNET_OK;
    }
    const enum carnet_err err = look_at_grants(s, product, &standing);
    if (err != CARNET_OK)
        return err;
    if (reason(standing) != NULL)
        stick_plan_keep(s->stick, KIND, product->id, reason(standing));
    return standing == WITHOUT ? add(s, product) : CARNET_OK;
}

/* ---- what is on its way already ---- */

static bool asks_for_all(const struct carnet_fingerprint *f, const struct carnet_fingerprint_wish *wish)
{
    for (uint32_t i = 0; i < wish->product_count; i++)
        if (!carnet_fingerprint_asks_for(f, wish->products[i].id))
            return false;
    return !f->renew;
}

static void take_out(struct sync *s, size_t i)
{
    memmove(&s->wishes[i], &s->wishes[i + 1], (s->wish_count - i - 1) * sizeof *s->wishes);
    s->wish_count--;
}

static enum carnet_err drop_answered(struct sync *s)
{
    struct carnet_pending *list = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_pending(s->state, NULL, s->now, &list, &count, cli_diag(s->cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++)
        for (size_t k = s->wish_count; list[i].fingerprint != NULL && k > 0; k--)
            if (carnet_digest_equal(&list[i].vendor, &s->wishes[k - 1].vendor) &&
                asks_for_all(list[i].fingerprint, &s->wishes[k - 1]))
                take_out(s, k - 1);
    carnet_state_pending_free(list, count);
    return err;
}

/* ---- what the site allows ---- */

static void keep_all(struct sync *s, const char *why)
{
    for (size_t i = 0; i < s->wish_count; i++)
        stick_plan_keep(s->stick, KIND, s->wishes[i].products[0].id, why);
    s->wish_count = 0;
}

static enum carnet_err ask_policy(struct sync *s)
{
    struct carnet_policy policy;
    enum carnet_err err = carnet_policy_read(&policy, cli_diag(s->cli));
    if (err != CARNET_OK)
        return err;
    s->approved = policy.is_set;
    err = carnet_policy_may_sync(&policy, cli_diag(s->cli));
    if (err == CARNET_OK)
        err = carnet_policy_may_make(&policy, cli_diag(s->cli));
    if (err != CARNET_POLICY_FORBIDS)
        return err;
    keep_all(s, cli_diag(s->cli)->detail);
    *cli_diag(s->cli) = (struct carnet_diag){0};
    return CARNET_OK;
}

static void plan(struct sync *s, const struct carnet_fingerprint_wish *wish)
{
    char words[512];
    size_t used = (size_t)snprintf(words, sizeof words, "asks for a license for");
    for (uint32_t i = 0; i < wish->product_count && used < sizeof words; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s %s", i == 0 ? "" : ",", wish->products[i].id);
    stick_plan_write(s->stick, KIND, wish->label != NULL ? wish->label : wish->products[0].id, words);
    s->out_count++;
    s->out_bytes += 16384; /* more than one with all its facts takes */
}

/* Shows each, unless the site has approved it; one of which nothing may leave is kept. */
static enum carnet_err show(struct sync *s)
{
    struct carnet_fingerprint_view *view = malloc(sizeof *view);
    enum carnet_err err =
        view == NULL ? carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.") : CARNET_OK;
    for (size_t i = 0; err == CARNET_OK && i < s->wish_count; i++) {
        err = s->approved ? user_fingerprint_describe(s->cli, s->state, &s->wishes[i], view)
                          : user_fingerprint_show(s->cli, s->state, &s->wishes[i], view);
        if (err == CARNET_OK) {
            plan(s, &s->wishes[i]);
        } else if (err == CARNET_POLICY_FORBIDS) {
            stick_plan_keep(s->stick, KIND, s->wishes[i].products[0].id, cli_diag(s->cli)->detail);
            *cli_diag(s->cli) = (struct carnet_diag){0};
            take_out(s, i--);
            err = CARNET_OK;
        }
    }
    free(view);
    return err;
}

enum carnet_err sync_wish(struct sync *s)
{
    struct carnet_product *products = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_products_read(&products, &count, cli_diag(s->cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++)
        err = consider(s, &products[i]);
    free(products);
    if (err == CARNET_OK && s->wish_count > 0)
        err = drop_answered(s);
    if (err == CARNET_OK)
        err = ask_policy(s);
    return err == CARNET_OK ? show(s) : err;
}

/* ---- making them ---- */

static enum carnet_err make(struct sync *s, const struct carnet_fingerprint_wish *wish,
                            struct carnet_fingerprint_view *view)
{
    struct carnet_key *key = NULL;
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    bool again = false;
    enum carnet_err err = user_fingerprint_key(s->cli, s->state, &wish->vendor, &key);
    if (err == CARNET_OK)
        err = user_fingerprint_describe(s->cli, s->state, wish, view);
    if (err == CARNET_OK)
        err = carnet_fingerprint_make(s->state, key, view, false, &again, &bytes, &id, cli_diag(s->cli));
    carnet_buffer_clear(&bytes);
    carnet_key_free(key);
    return err;
}

enum carnet_err sync_make(struct sync *s)
{
    struct carnet_fingerprint_view *view = malloc(sizeof *view);
    enum carnet_err err =
        view == NULL ? carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.") : CARNET_OK;
    for (size_t i = 0; err == CARNET_OK && i < s->wish_count; i++)
        err = make(s, &s->wishes[i], view);
    free(view);
    return err;
}

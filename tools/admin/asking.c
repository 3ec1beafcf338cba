/* SPDX-License-Identifier: MIT */
#include "asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum carnet_err asking_refuse(struct batch *b, const struct asking *a, const char *license, enum carnet_err outcome,
                              const char *words, const char *next)
{
    struct batch_item *item = batch_item(b, a->source, license);

    if (!item)
        return CARNET_NO_MEMORY;
    item->err = carnet_fail(&item->diag, outcome, "", "%s", words);
    if (next)
        (void)carnet_fail_next(&item->diag, "%s", next);
    return CARNET_OK;
}

enum carnet_err asking_hold_vendor(struct batch *b, const struct asking *a, bool *holds)
{
    char words[200], key[CARNET_HEX_SIZE];

    *holds = home_knows_vendor(b->home, &a->fingerprint->vendor);
    if (*holds)
        return CARNET_OK;
    carnet_digest_hex(&a->fingerprint->vendor, key);
    (void)snprintf(words, sizeof words, "The fingerprint is for the vendor %s, who is not pinned here.", key);
    return asking_refuse(b, a, "", CARNET_WRONG_VENDOR, words,
                         "Look at 'carnet-admin trust list'; the user chooses the vendor with 'fingerprint --vendor'.");
}

/* ---- which license ---- */

/* Of several licenses that would do, the only one that is offline; `count` when there is no such. */
static size_t choose(const struct ledger_license *list, size_t count)
{
    size_t offline = 0, last = 0;

    for (size_t i = 0; i < count; i++) {
        if (list[i].offline) {
            offline++;
            last = i;
        }
    }
    return count == 1 ? 0 : offline == 1 ? last : count;
}

enum carnet_err asking_only_license(struct batch *b, const struct asking *a, const char *product)
{
    struct ledger_license *list = NULL;
    size_t count = 0, chosen = 0;
    char words[300];
    enum carnet_err err =
        ledger_licenses(b->home->ledger, &a->fingerprint->vendor, product, &list, &count, cli_diag(b->cli));

    if (!err && count == 0) {
        (void)snprintf(words, sizeof words, "There is no license of %s here.", product ? product : "that vendor");
        err = asking_refuse(b, a, "", CARNET_NOT_FOUND, words,
                            "Look at 'carnet-admin license list', and 'import' the vendor's entitlement.");
    } else if (!err) {
        chosen = choose(list, count);
        if (chosen == count) {
            (void)snprintf(words, sizeof words, "%zu licenses would do for %s, among them %s and %s.", count,
                           product ? product : "this fingerprint", list[0].id, list[1].id);
            err = asking_refuse(b, a, "", CARNET_USAGE, words, "Say which with --license.");
        } else {
            err = assign_seat(b, a, &list[chosen]);
        }
    }
    free(list);
    return err;
}

/* ---- what the fingerprint has already ---- */

/* The license whose grant was given to the fingerprint for that product (NULL: any), when the entitlement of then named
 * it: a later revision may say otherwise, and the same fingerprint gets the same bytes all the same. */
static enum carnet_err find_given(struct batch *b, const struct asking *a, const struct ledger_license *list,
                                  size_t count, const char *product, const struct ledger_license **out)
{
    const struct carnet_entitlement *e = NULL;
    struct carnet_embed embed;
    struct ledger_grant grant;
    enum carnet_err err = CARNET_OK;

    *out = NULL;
    for (size_t i = 0; !err && !*out && i < count; i++) {
        err = ledger_grant_of_fingerprint(b->home->ledger, list[i].number, &a->id, &grant, cli_diag(b->cli));
        if (!err)
            err = home_entitlement(b->home, &grant.entitlement, &e, &embed, cli_diag(b->cli));
        if (!err && (!product || strcmp(e->product, product) == 0))
            *out = &list[i];
    }
    return err;
}

static enum carnet_err given_or_new(struct batch *b, const struct asking *a, const struct ledger_license *list,
                                    size_t count, const char *product, asking_decide_fn *decide)
{
    const struct ledger_license *given = NULL;
    enum carnet_err err = find_given(b, a, list, count, product, &given);

    if (err)
        return err;
    return given ? assign_seat(b, a, given) : decide(b, a, product);
}

enum carnet_err asking_each(struct batch *b, const struct asking *a, asking_decide_fn *decide)
{
    const struct carnet_fingerprint *f = a->fingerprint;
    struct ledger_license *list = NULL;
    size_t count = 0;
    enum carnet_err err =
        ledger_licenses_of_fingerprint(b->home->ledger, &f->vendor, &a->id, &list, &count, cli_diag(b->cli));

    if (!err && f->product_count == 0)
        err = given_or_new(b, a, list, count, NULL, decide);
    for (uint32_t i = 0; !err && !b->needs_key && i < f->product_count; i++)
        err = given_or_new(b, a, list, count, f->products[i].id, decide);
    free(list);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* free: a release comes back, its grant ends, its seat is free, and the machine gets a receipt. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "came_back.h"
#include "free.h"
#include "sign.h"

struct freeing {
    const struct carnet_release *release;
    const struct carnet_license *held; /* the license that the release embeds */
    struct carnet_digest id, signer;   /* of the release */
    struct ledger_license license;
    struct ledger_grant grant;
};

static enum carnet_err unknown_grant(struct batch_item *item, const char *why)
{
    item->err = carnet_fail(&item->diag, CARNET_NOT_FOUND, "G-5", "%s", why);
    (void)carnet_fail_next(&item->diag, "Free it at the administrator whose ledger gave the seat.");
    return CARNET_OK;
}

static enum carnet_err never_gave(struct batch *b, const struct freeing *f, struct batch_item *item)
{
    const struct came_back_fork fork = {.license = &f->license,
                                        .held = f->held,
                                        .machine = &f->signer,
                                        .bundle = &f->release->license,
                                        .release = &f->id,
                                        .how = LEDGER_FORK_LICENSE};

    item->err = came_back_never_gave("release", &item->diag);
    return came_back_stop(b->home, &fork, b->now, cli_diag(b->cli));
}

/* Was the license that comes back given out by this ledger? In an epoch of before a recovery the journal may lack what
 * was learned again. */
static enum carnet_err hold_history(struct batch *b, const struct freeing *f, struct batch_item *item)
{
    struct carnet_diag *diag = cli_diag(b->cli);
    bool known = false, in_journal = false;
    enum carnet_err err = ledger_bundle_known(b->home->ledger, f->grant.number, &f->release->license, &known, diag);

    if (!err)
        err = ledger_journal_has(b->home->ledger, &f->license.vendor, &f->held->journal, &in_journal, diag);
    if (err)
        return err;
    if (!carnet_digest_equal(&f->signer, &f->grant.machine_key)) {
        item->err = carnet_fail(&item->diag, CARNET_UNTRUSTED_KEY, "T-4",
                                "The release is signed by another machine key than the grant's.");
    } else if (!known || (!in_journal && f->held->grant.epoch == ledger_about(b->home->ledger)->epoch)) {
        err = never_gave(b, f, item);
    }
    return err;
}

static const char *const ends[] = {
    [CARNET_END_FREED] = "freed", [CARNET_END_REVOKED] = "revoked", [CARNET_END_REPLACED] = "replaced"};

/* How the grant had ended, and whose the seat is by now: the seat itself may be out again. */
static enum carnet_err say_ended(struct batch *b, const struct freeing *f, struct batch_item *item)
{
    struct ledger_grant holder;
    char when[CARNET_UTC_SIZE], label[120], whose[120] = "", key[CARNET_HEX_SIZE];
    enum carnet_err err =
        ledger_grant_on_seat(b->home->ledger, f->license.number, f->grant.seat, &holder, cli_diag(b->cli));

    if (err && err != CARNET_NOT_FOUND)
        return err;
    if (!err) {
        carnet_digest_hex(&holder.machine_key, key);
        (void)carnet_text_escape(*holder.label ? holder.label : key, *holder.label ? strlen(holder.label) : 16, whose,
                                 sizeof whose);
    }
    carnet_utc_format(f->grant.ended, when);
    (void)carnet_text_escape(f->grant.label, strlen(f->grant.label), label, sizeof label);
    (void)snprintf(item->words, sizeof item->words,
                   "The grant on seat %lu of %s%s%s%s had been %s on %s%s%s; the same receipt %s given again.",
                   (unsigned long)f->grant.seat, f->license.id, *label ? " (" : "", label, *label ? ")" : "",
                   item->done, when, *whose ? ", and the seat now belongs to " : "", whose, b->dry ? "would be" : "is");
    return CARNET_OK;
}

/* A release that comes once more, or after the grant ended in another way, gets the receipt that there is. */
static enum carnet_err give_again(struct batch *b, const struct freeing *f, struct batch_item *item)
{
    item->again = true;
    item->done = ends[f->grant.how];
    if (f->grant.how == CARNET_END_FREED && (!f->grant.has_release || !carnet_digest_equal(&f->grant.release, &f->id)))
        cli_warn(b->cli,
                 "seat %lu of %s was freed by another release of the same machine: two copies of its state "
                 "may exist.",
                 (unsigned long)f->grant.seat, f->license.id);
    return say_ended(b, f, item);
}

static enum carnet_err end_grant(struct batch *b, void *context)
{
    const struct freeing *f = context;
    const struct ledger_received received = {
        .id = f->id, .machine_key = f->signer, .kind = CARNET_KIND_RELEASE, .sequence = f->release->sequence};
    const struct sign_ending ending = {.what = "free",
                                       .license = &f->license,
                                       .grant = &f->grant,
                                       .how = CARNET_END_FREED,
                                       .release = &f->id,
                                       .until = LEDGER_LIVES,
                                       .now = b->now};
    enum carnet_err err = ledger_received_add(b->home->ledger, &received, b->now, cli_diag(b->cli));

    return err ? err : sign_end(b->home, b->key, &ending, cli_diag(b->cli));
}

enum carnet_err free_release(struct batch *b, const struct batch_source *source)
{
    const struct carnet_judged *judged = carnet_reading_judged(source->bundle.reading);
    const struct carnet_document *document = carnet_judged_document(judged);
    struct freeing f = {.release = carnet_document_release(document),
                        .id = *carnet_judged_id(judged),
                        .signer = *carnet_judged_signer(judged)};
    const struct carnet_grant *name = &f.release->grant;
    struct batch_item *item = batch_item(b, source, name->license);
    enum carnet_err err;

    if (!item)
        return CARNET_NO_MEMORY;
    item->done = ends[CARNET_END_FREED];
    item->out = CARNET_KIND_RECEIPT;
    f.held = carnet_document_license(carnet_judged_document(carnet_judged_embedded(judged)));
    err = ledger_license_get(b->home->ledger, &f.release->vendor, name->license, &f.license, cli_diag(b->cli));
    if (err == CARNET_NOT_FOUND)
        return unknown_grant(item, "The release is of a license that is not in this ledger.");
    if (!err)
        err = ledger_grant_of_fingerprint(b->home->ledger, f.license.number, &name->fingerprint, &f.grant,
                                          cli_diag(b->cli));
    if (err == CARNET_NOT_FOUND && came_back_contradicts(b->home, carnet_judged_embedded(judged)))
        return never_gave(b, &f, item);
    if (err == CARNET_NOT_FOUND)
        return unknown_grant(item, "The release is of a grant that is not in this ledger.");
    if (err)
        return err;
    batch_item_settle(item, &f.grant);
    err = hold_history(b, &f, item);
    if (err || item->err)
        return err;
    if (f.grant.ended != LEDGER_LIVES)
        return give_again(b, &f, item);
    if (!batch_may_sign(b, item))
        return CARNET_OK;
    if (name->serial < f.grant.serial)
        cli_note(b->cli, "The release is of serial %lu and the grant is at %lu; it ends all the same.\n",
                 (unsigned long)name->serial, (unsigned long)f.grant.serial);
    return batch_change(b, item, end_grant, &f);
}

enum carnet_err admin_free(struct cli *cli)
{
    struct home h = {0};
    struct batch b = {.cli = cli,
                      .home = &h,
                      .in = CARNET_KIND_RELEASE,
                      .out = CARNET_KIND_RECEIPT,
                      .done = "freed",
                      .apply = free_release};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_holds_seats(cli, &h);
    if (!err)
        err = batch_run(&b);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/io.h"
#include "state/install.h"
#include "user.h"

/* What is being installed, and how it went. */
struct activation {
    const struct carnet_judged *judged;
    enum carnet_err err;
    const struct carnet_install *install;
};

static void say_license(struct cli *cli, const struct activation *a, int64_t now)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(a->judged));
    const struct carnet_check *check = &a->install->check;
    char words[96];
    if (!a->install->has_check)
        return;
    cli_set(cli, "license", user_license_json(l, check));
    cli_set(cli, "checks", user_checks_json(check));
    cli_set(cli, "match", user_match_json(&check->match, &l->matching));
    if (a->install->for_other_user)
        cli_note(cli, "The license is fixed to another user of this machine; it will work for that user alone.\n");
    if (a->err != CARNET_OK)
        return;
    user_expiry_words(check->expires, now, words, sizeof(words));
    cli_data(cli, "%s: %s, seat %u of %s, %s\n",
             a->install->already ? "Already activated"
             : cli_dry_run(cli)  ? "Would activate"
                                 : "Activated",
             l->product, l->grant.seat, l->grant.license, words);
}

static const char *end_word(enum carnet_end end)
{
    return end == CARNET_END_REVOKED ? "revoked" : end == CARNET_END_REPLACED ? "replaced" : "freed";
}

static void say_receipt(struct cli *cli, const struct activation *a)
{
    const struct carnet_receipt *r = carnet_document_receipt(carnet_judged_document(a->judged));
    char fingerprint[CARNET_HEX_SIZE];
    if (a->err != CARNET_OK)
        return;
    carnet_digest_hex(&r->grant.fingerprint, fingerprint);
    cli_set(cli, "receipt",
            json_pack("{s:s,s:s,s:i,s:s}", "license", r->grant.license, "fingerprint", fingerprint, "seat",
                      (int)r->grant.seat, "end", end_word(r->end)));
    cli_data(cli, "%s: seat %u of %s is %s\n",
             a->install->already ? "Already known"
             : cli_dry_run(cli)  ? "Would note"
                                 : "Noted",
             r->grant.seat, r->grant.license, end_word(r->end));
}

enum carnet_err user_activate(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_gated_keys *keys = NULL;
    struct cli_bundle bundle = {0};
    struct carnet_install *install = malloc(sizeof(*install));
    int64_t now = carnet_utc_now();

    enum carnet_err err = install == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                              : user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = carnet_gated_keys_new(&keys);
    if (err != CARNET_OK)
        goto out;
    struct carnet_read_options options = {
        .anchors = carnet_state_anchors(state),
        .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT),
        .keys = keys,
    };
    err = cli_bundle_read(cli, cli_argument(cli, 0), &options, &bundle);
    if (err != CARNET_OK)
        goto out;
    /* Judged without a lock; the state is opened for writing, and read again, only for what will be taken. */
    if (!cli_dry_run(cli)) {
        carnet_state_close(state);
        state = NULL;
        err = user_state_open(cli, true, &state);
        if (err != CARNET_OK)
            goto out;
    }
    const struct carnet_judged *judged = carnet_reading_judged(bundle.reading);
    err = carnet_install_judge(state, judged, now, install, cli_diag(cli));
    if (err == CARNET_OK && !cli_dry_run(cli))
        err = carnet_install_keep(state, bundle.reading, install, now, cli_diag(cli));
    const struct activation a = {.judged = judged, .err = err, .install = install};
    if (carnet_document_license(carnet_judged_document(judged)) != NULL)
        say_license(cli, &a, now);
    else
        say_receipt(cli, &a);
out:
    cli_bundle_clear(&bundle);
    carnet_gated_keys_free(keys);
    carnet_state_close(state);
    free(install);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "pending.h"
#include "state/sign.h"
#include "user.h"

/* What is to be released: the license's bundle, its judgement, and what the state knows of the grant. */
struct subject {
    const struct carnet_judged *judged;
    const uint8_t *bytes;
    size_t size;
    bool installed, released;
};

static void take_grant(const struct carnet_state_grant *grant, struct subject *out)
{
    *out = (struct subject){
        .judged = carnet_reading_judged(grant->reading),
        .bytes = grant->bytes.bytes,
        .size = grant->bytes.size,
        .installed = true,
        .released = grant->released,
    };
}

/* LICENSE or PRODUCT: the one living license of that id or product, else the one released last (for a retry). */
static enum carnet_err find_installed(struct cli *cli, const struct carnet_state_grant *grants, size_t count,
                                      const char *name, struct subject *out)
{
    size_t living = 0, ended = 0, damaged = 0;
    for (size_t i = 0; i < count; i++) {
        const struct carnet_judged *judged =
            grants[i].reading == NULL ? NULL : carnet_reading_judged(grants[i].reading);
        if (judged == NULL) {
            damaged += strcmp(grants[i].name.license, name) == 0;
            continue;
        }
        const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
        if (strcmp(l->grant.license, name) != 0 && strcmp(l->product, name) != 0)
            continue;
        if (grants[i].ended)
            continue;
        if (grants[i].released) {
            if (living == 0)
                take_grant(&grants[i], out);
            ended++;
        } else {
            take_grant(&grants[i], out);
            living++;
        }
    }
    char shown[128];
    carnet_text_escape(name, strlen(name), shown, sizeof(shown));
    if (living > 1 || (living == 0 && ended > 1)) {
        carnet_fail(cli_diag(cli), CARNET_USAGE, "", "Several licenses on this machine answer to '%s'.", shown);
        return carnet_fail_next(
            cli_diag(cli), "Give the license's id; 'carnet-user status' shows them; --vendor tells vendors apart.");
    }
    if (living + ended == 0 && damaged > 0)
        return carnet_fail(cli_diag(cli), CARNET_STATE_DAMAGED, "", "The license '%s' on this machine can't be read.",
                           shown);
    if (living + ended == 0) {
        carnet_fail(cli_diag(cli), CARNET_NO_LICENSE, "",
                    "There is no license, product or file '%s' to be released here.", shown);
        return carnet_fail_next(cli_diag(cli), "'carnet-user status' shows the licenses of this machine.");
    }
    return CARNET_OK;
}

/* FILE: a license that was never activated is declined; one that was is released. */
static enum carnet_err find_in_file(struct cli *cli, struct carnet_state *state,
                                    const struct carnet_state_grant *grants, size_t count,
                                    const struct cli_bundle *bundle, struct subject *out)
{
    const struct carnet_judged *judged = carnet_reading_judged(bundle->reading);
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(judged));
    struct carnet_digest machine_key;
    enum carnet_err err = carnet_state_machine_id(state, &l->vendor, &machine_key, cli_diag(cli));
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    if (err == CARNET_NOT_FOUND || !carnet_digest_equal(&machine_key, &l->machine_key))
        return carnet_fail(cli_diag(cli), CARNET_WRONG_MACHINE, "M-6",
                           "The license is for another machine; only the machine that it is for can release it.");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(grants[i].name.license, l->grant.license) == 0 && grants[i].reading != NULL &&
            carnet_digest_equal(&grants[i].name.fingerprint, &l->grant.fingerprint) &&
            carnet_reading_judged(grants[i].reading) != NULL) {
            take_grant(&grants[i], out);
            return CARNET_OK;
        }
    }
    struct carnet_buffer sent = {0};
    const struct carnet_grant_name name = {.fingerprint = l->grant.fingerprint};
    struct carnet_grant_name named = name;
    memcpy(named.license, l->grant.license, sizeof(named.license));
    *out = (struct subject){.judged = judged};
    out->bytes = carnet_reading_bytes(bundle->reading, &out->size);
    err = carnet_state_sent_release(state, &l->vendor, &named, &sent, cli_diag(cli));
    out->released = err == CARNET_OK;
    carnet_buffer_clear(&sent);
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

/* Stops the license: under the state's lock, and as the state is then, since somebody may have been here meanwhile. */
static enum carnet_err stop(struct cli *cli, const struct subject *subject, const struct carnet_grant_name *name,
                            struct carnet_buffer *bytes)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(subject->judged));
    struct carnet_state *state = NULL;
    struct carnet_state_grant *grants = NULL;
    struct subject now = *subject;
    size_t count = 0;
    enum carnet_err err = user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = carnet_state_grants(state, &l->vendor, &grants, &count, cli_diag(cli));
    for (size_t i = 0; i < count; i++)
        if (strcmp(grants[i].name.license, name->license) == 0 && grants[i].reading != NULL &&
            carnet_digest_equal(&grants[i].name.fingerprint, &name->fingerprint) &&
            carnet_reading_judged(grants[i].reading) != NULL)
            take_grant(&grants[i], &now);
    if (err == CARNET_OK)
        err = carnet_sign_release(state, now.judged, now.bytes, now.size, !now.installed, bytes, cli_diag(cli));
    carnet_state_grants_free(grants, count);
    carnet_state_close(state);
    return err;
}

static enum carnet_err release(struct cli *cli, const struct carnet_state *state, const struct subject *subject)
{
    const struct carnet_license *l = carnet_document_license(carnet_judged_document(subject->judged));
    struct carnet_buffer bytes = {0};
    struct carnet_grant_name name = {.fingerprint = l->grant.fingerprint};
    memcpy(name.license, l->grant.license, sizeof(name.license));
    cli_set(cli, "license", json_string(l->grant.license));
    cli_set(cli, "seat", json_integer(l->grant.seat));
    enum carnet_err err = CARNET_OK;
    if (subject->released) {
        err = carnet_state_sent_release(state, &l->vendor, &name, &bytes, cli_diag(cli));
        cli_note(cli, "Seat %u of %s was released before; this is the same file again.\n", l->grant.seat,
                 l->grant.license);
    } else if (cli_dry_run(cli)) {
        cli_data(cli, "Would %s seat %u of %s.\n", subject->installed ? "release" : "decline", l->grant.seat,
                 l->grant.license);
        return CARNET_OK;
    } else {
        err = cli_confirm(
            cli,
            "The license of '%s' (seat %u of %s) stops on this machine at once and for good. Its seat is free again "
            "when the administrator has taken the release file.",
            l->product, l->grant.seat, l->grant.license);
        if (err == CARNET_OK)
            err = stop(cli, subject, &name, &bytes);
        if (err == CARNET_OK)
            cli_note(cli, "Stopped: %s, seat %u of %s. Take the release file to your administrator.\n", l->product,
                     l->grant.seat, l->grant.license);
    }
    if (err == CARNET_OK)
        err = user_hand_out(cli, state, &bytes, NULL);
    carnet_buffer_clear(&bytes);
    return err;
}

enum carnet_err user_release(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_state_grant *grants = NULL;
    struct cli_bundle bundle = {0};
    struct subject subject = {0};
    size_t count = 0;
    const char *what = cli_argument(cli, 0);
    bool is_file = strcmp(what, "-") == 0 || strchr(what, '/') != NULL;
    struct carnet_digest vendor;
    const char *given = cli_value(cli, "vendor");

    enum carnet_err err = cli_output_check(cli);
    if (err == CARNET_OK)
        err = user_state_open(cli, false, &state);
    if (err == CARNET_OK && given != NULL)
        err = user_vendor(cli, carnet_state_anchors(state), true, NULL, &vendor);
    if (err == CARNET_OK)
        err = carnet_state_grants(state, given != NULL ? &vendor : NULL, &grants, &count, cli_diag(cli));
    if (err != CARNET_OK)
        goto out;
    if (!is_file) {
        /* What is installed comes first: a product's folder may hold a file named like the product. */
        err = find_installed(cli, grants, count, what, &subject);
        is_file = err == CARNET_NO_LICENSE && access(what, F_OK) == 0;
    }
    if (is_file) {
        struct carnet_read_options options = {
            .anchors = carnet_state_anchors(state),
            .expected = CARNET_KIND_BIT(CARNET_KIND_LICENSE),
        };
        err = cli_bundle_read(cli, what, &options, &bundle);
        if (err == CARNET_OK)
            err = find_in_file(cli, state, grants, count, &bundle, &subject);
    }
    if (err == CARNET_OK)
        err = release(cli, state, &subject);
out:
    cli_bundle_clear(&bundle);
    carnet_state_grants_free(grants, count);
    carnet_state_close(state);
    return err;
}

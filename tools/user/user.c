/* SPDX-License-Identifier: MIT */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum carnet_err user_state_open(struct cli *cli, bool write, struct carnet_state **out)
{
    char *path = NULL;
    enum carnet_err err = carnet_state_default(cli_value(cli, "state"), &path, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_open(path, write, out, cli_diag(cli));
    free(path);
    return err;
}

/* --vendor: a whole id, pinned or not, or the beginning of a pinned one. */
static enum carnet_err vendor_given(struct cli *cli, const struct carnet_anchors *anchors, const char *given,
                                    struct carnet_digest *out)
{
    if (carnet_digest_parse(given, out) == CARNET_OK)
        return CARNET_OK;
    size_t found = 0, length = strlen(given);
    for (size_t i = 0; i < anchors->count && length >= 4; i++) {
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&anchors->list[i].vendor, hex);
        if (strncmp(hex, given, length) == 0) {
            *out = anchors->list[i].vendor;
            found++;
        }
    }
    if (found == 1)
        return CARNET_OK;
    carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                found == 0
                    ? "The value of --vendor is neither a vendor id nor the beginning of one that is pinned here."
                    : "The value of --vendor is the beginning of several vendor ids.");
    return carnet_fail_next(cli_diag(cli),
                            "'carnet-user trust list' shows the vendor ids; the first four digits are the least.");
}

/* The vendor that the manifests name for a product; CARNET_NOT_FOUND when none does. */
static enum carnet_err vendor_of_product(struct cli *cli, const char *product, struct carnet_digest *out)
{
    struct carnet_product *list = NULL;
    size_t count = 0, found = 0;
    enum carnet_err err = carnet_products_read(&list, &count, cli_diag(cli));
    if (err != CARNET_OK)
        return err;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].id, product) == 0) {
            *out = list[i].vendor;
            found++;
        }
    }
    free(list);
    if (found > 1)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The product is installed here from several vendors: say which one with --vendor.");
    return found == 1 ? CARNET_OK : CARNET_NOT_FOUND;
}

enum carnet_err user_vendor(struct cli *cli, const struct carnet_anchors *anchors, bool abbreviated,
                            const char *product, struct carnet_digest *out)
{
    const char *given = cli_value(cli, "vendor");
    if (given != NULL && abbreviated)
        return vendor_given(cli, anchors, given, out);
    /* A script's question takes the whole id: an id with a wanted beginning is made in seconds. */
    if (given != NULL && carnet_digest_parse(given, out) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The value of --vendor is not a whole vendor id: 64 "
                           "hexadecimal digits.");
    if (given != NULL)
        return CARNET_OK;
    if (product != NULL) {
        enum carnet_err err = vendor_of_product(cli, product, out);
        if (err != CARNET_NOT_FOUND)
            return err;
    }
    if (anchors->count == 1) {
        *out = anchors->list[0].vendor;
        return CARNET_OK;
    }
    if (anchors->count == 0) {
        carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No vendor is trusted on this machine yet.");
        return carnet_fail_next(cli_diag(cli),
                                "Get the vendor's root key and its id, then run 'carnet-user trust add root.pem'.");
    }
    return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                       "Several vendors are trusted on this machine: say which one with --vendor.");
}

static json_t *refusal_json(const struct carnet_diag *diag)
{
    json_t *object = json_pack("{s:s}", "outcome", carnet_outcome_name(diag->err));
    if (object != NULL && diag->err != CARNET_OK &&
        (json_object_set_new(object, "message", cli_json_text(diag->detail)) != 0 ||
         (diag->clause[0] != '\0' && json_object_set_new(object, "clause", json_string(diag->clause)) != 0))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *user_checks_json(const struct carnet_check *check)
{
    json_t *array = json_array();
    for (unsigned i = 0; array != NULL && i < CARNET_CHECK_COUNT; i++) {
        if (!check->judged[i])
            continue;
        json_t *line = refusal_json(&check->steps[i]);
        if (line == NULL ||
            json_object_set_new(line, "check", json_string(carnet_check_step_name((enum carnet_check_step)i))) != 0 ||
            json_array_append_new(array, line) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Fact by fact: how it stands, what it counts, and how much may still go before the license fails. */
void user_match_say(struct cli *cli, user_say_fn *say, const char *indent, const struct carnet_check *check,
                    const struct carnet_matching *matching, int64_t since)
{
    const struct carnet_match *match = &check->match;
    char time[CARNET_UTC_SIZE];
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        if (match->verdict[i] == CARNET_FACT_NOT_HELD)
            continue;
        say(cli, "%s%-14s %-10s %3u points\n", indent, carnet_fact_name((enum carnet_fact_name)i),
            carnet_fact_verdict_name(match->verdict[i]), matching->points[i]);
    }
    if (check->pinned) {
        say(cli, "%sThis container is told by its key and its label, not by these facts.\n", indent);
        return;
    }
    say(cli, "%s%u of %u points match (%u %%), %u are needed (%u %%): ", indent, match->matched,
        match->held - match->unreadable, match->percent, match->needed, match->threshold);
    if (match->matches)
        say(cli, "%u may still change\n", match->spare);
    else if (match->image_only && match->matched >= match->needed)
        say(cli, "but no part of the machine itself is the same\n");
    else
        say(cli, "the machine is not recognised\n");
    if (since == CARNET_NO_DRIFT)
        return;
    carnet_utc_format(since, time);
    say(cli, "%sThe machine has been seen to differ from its license since %s.%s\n", indent, time,
        match->matches ? " Take 'carnet-user fingerprint --renew' along on the next trip." : "");
}

json_t *user_match_json(const struct carnet_check *check, const struct carnet_matching *matching, int64_t since)
{
    const struct carnet_match *match = &check->match;
    char time[CARNET_UTC_SIZE];
    json_t *facts = json_array();
    for (unsigned i = 0; facts != NULL && i < CARNET_FACT_COUNT; i++) {
        if (match->verdict[i] == CARNET_FACT_NOT_HELD)
            continue;
        if (json_array_append_new(facts, json_pack("{s:s,s:s,s:i}", "fact", carnet_fact_name((enum carnet_fact_name)i),
                                                   "state", carnet_fact_verdict_name(match->verdict[i]), "points",
                                                   (int)matching->points[i])) != 0) {
            json_decref(facts);
            return NULL;
        }
    }
    if (since != CARNET_NO_DRIFT)
        carnet_utc_format(since, time);
    return json_pack("{s:b,s:b,s:b,s:s*,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:o*}", "matches", match->matches, "drifts",
                     match->drifts, "pinned", check->pinned, "since", since == CARNET_NO_DRIFT ? NULL : time, "needed",
                     (int)match->needed, "spare", (int)match->spare, "held", (int)match->held, "unreadable",
                     (int)match->unreadable, "matched", (int)match->matched, "percent", (int)match->percent,
                     "threshold", (int)match->threshold, "facts", facts);
}

json_t *user_license_json(const struct carnet_license *license, const struct carnet_check *check)
{
    char vendor[CARNET_HEX_SIZE], fingerprint[CARNET_HEX_SIZE], issued[CARNET_UTC_SIZE], expires[CARNET_UTC_SIZE];
    carnet_digest_hex(&license->vendor, vendor);
    carnet_digest_hex(&license->grant.fingerprint, fingerprint);
    carnet_utc_format(license->issued, issued);
    carnet_utc_format(check->expires, expires);
    json_t *features = json_object();
    for (uint32_t i = 0; features != NULL && i < license->features.count; i++) {
        const struct carnet_feature *feature = &license->features.list[i];
        if (json_object_set_new(features, feature->name,
                                feature->value[0] == '\0' ? json_true() : json_string(feature->value)) != 0) {
            json_decref(features);
            features = NULL;
        }
    }
    json_t *object = json_pack(
        "{s:s,s:s,s:s,s:s*,s:s,s:s*,s:i,s:i,s:i,s:s,s:s,s:o*}", "vendor", vendor, "license", license->grant.license,
        "product", license->product, "edition", license->edition[0] == '\0' ? NULL : license->edition, "licensee",
        license->licensee, "label", license->machine_label[0] == '\0' ? NULL : license->machine_label, "seat",
        (int)license->grant.seat, "epoch", (int)license->grant.epoch, "serial", (int)license->grant.serial,
        "fingerprint", fingerprint, "issued", issued, "features", features);
    if (object != NULL && json_object_set_new(object, "expires", json_string(expires)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

long user_days_left(int64_t until, int64_t now)
{
    return (long)((until - now) / CARNET_DAY);
}

void user_expiry_words(int64_t expires, int64_t now, char *out, size_t room)
{
    char text[CARNET_UTC_SIZE];
    if (expires == CARNET_NEVER) {
        snprintf(out, room, "never expires");
        return;
    }
    carnet_utc_format(expires, text);
    if (expires < now)
        snprintf(out, room, "expired %s", text);
    else
        snprintf(out, room, "until %s (%ld days left)", text, user_days_left(expires, now));
}

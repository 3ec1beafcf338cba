/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "pending.h"
#include "user.h"

static void say_grant(struct cli *cli, const struct carnet_state *state, const struct carnet_state_grant *grant,
                      const struct carnet_check *check, int64_t now, json_t *licenses)
{
    char words[96];
    const int64_t since = carnet_drift_since(state, &grant->vendor, &grant->name, check, now);
    const struct carnet_document *document = grant->reading == NULL ? NULL : carnet_reading_document(grant->reading);
    const struct carnet_license *l = document == NULL ? NULL : carnet_document_license(document);
    json_t *object;
    if (l == NULL) {
        cli_data(cli, "  %s: %s%s%s\n", grant->name.license, cli_style(cli, "bad"), carnet_outcome_name(check->err),
                 cli_style(cli, "off"));
        object = json_pack("{s:s}", "license", grant->name.license);
    } else {
        user_expiry_words(check->expires, now, words, sizeof(words));
        cli_data(cli, "  %s  %s, seat %u: %s%s%s, %s\n", l->product, l->grant.license, l->grant.seat,
                 cli_style(cli, check->err == CARNET_OK ? "good" : "bad"), carnet_outcome_name(check->err),
                 cli_style(cli, "off"), words);
        object = user_license_json(l, check);
    }
    if (check->err != CARNET_OK)
        cli_data(cli, "      %s\n", check->steps[check->failed].detail);
    if (check->has_match && l != NULL && !grant->released && !grant->ended)
        user_match_say(cli, cli_data, "      ", check, &l->matching, since);
    if (object != NULL && licenses != NULL) {
        (void)json_object_set_new(object, "outcome", json_string(carnet_outcome_name(check->err)));
        (void)json_object_set_new(object, "checks", user_checks_json(check));
        if (check->has_match && l != NULL)
            (void)json_object_set_new(object, "match", user_match_json(check, &l->matching, since));
        (void)json_array_append(licenses, object);
    }
    json_decref(object);
}

/* What the next trip has to carry. */
static enum carnet_err say_pending(struct cli *cli, const struct carnet_state *state,
                                   const struct carnet_digest *vendor, int64_t now, json_t *array)
{
    struct carnet_pending *list = NULL;
    size_t count = 0;
    char words[512];
    enum carnet_err err = carnet_state_pending(state, vendor, now, &list, &count, cli_diag(cli));
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        if (user_pending_words(state, &list[i], words, sizeof words))
            cli_data(cli, "  %s\n", words);
        else if (list[i].err != CARNET_OK)
            cli_warn(cli, "%s", list[i].diag.detail);
        (void)json_array_append_new(array, user_pending_json(state, &list[i]));
    }
    carnet_state_pending_free(list, count);
    return err;
}

static enum carnet_err say_vendor(struct cli *cli, const struct carnet_state *state, const struct carnet_digest *vendor,
                                  const struct carnet_machine *machine, json_t *licenses, json_t *pending)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    struct carnet_surroundings surroundings;
    struct carnet_check *check = malloc(sizeof(*check));
    const struct carnet_ask nothing = {0};
    char grouped[CLI_GROUPED_SIZE];
    int64_t now = carnet_utc_now();
    enum carnet_err err =
        check == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.") : CARNET_OK;

    cli_id_grouped(vendor, grouped);
    cli_data(cli, "%sVendor%s %s\n", cli_style(cli, "bold"), cli_style(cli, "off"), grouped);
    if (err == CARNET_OK)
        err = carnet_surroundings_read(state, vendor, machine, now, &surroundings, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_state_grants(state, vendor, &grants, &count, cli_diag(cli));
    if (err != CARNET_OK)
        goto out;
    if (count == 0)
        cli_data(cli, "  no license\n");
    for (size_t i = 0; i < count; i++) {
        carnet_check_grant(&grants[i], &surroundings, &nothing, check);
        say_grant(cli, state, &grants[i], check, now, licenses);
    }
    err = say_pending(cli, state, vendor, now, pending);
out:
    carnet_state_grants_free(grants, count);
    free(check);
    return err;
}

enum carnet_err user_status(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_machine *machine = malloc(sizeof(*machine));
    json_t *licenses = json_array(), *pending = json_array();
    enum carnet_err err =
        machine == NULL ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.") : CARNET_OK;

    if (err == CARNET_OK)
        err = user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = carnet_machine_read(machine, cli_diag(cli));
    if (err != CARNET_OK)
        goto out;
    char path[256];
    const char *where = carnet_state_path(state);
    cli_data(cli, "State: %s\n", carnet_text_escape(where, strlen(where), path, sizeof(path)));
    cli_set(cli, "state", cli_json_text(carnet_state_path(state)));
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    if (anchors->count == 0)
        cli_note(cli, "No vendor is trusted yet. Start with 'carnet-user trust add root.pem'.\n");
    for (size_t i = 0; err == CARNET_OK && i < anchors->count; i++)
        err = say_vendor(cli, state, &anchors->list[i].vendor, machine, licenses, pending);
out:
    cli_set(cli, "licenses", licenses);
    cli_set(cli, "pending", pending);
    carnet_state_close(state);
    free(machine);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* explain [OUTCOME]: from the one table of outcomes, by name or by exit code. */
#include "common/explain.h"

#include <stdio.h>
#include <string.h>

#include "common/advice.h"
#include "common/cli_private.h"
#include "core/text.h"

static const char *outcome_at(const void *list, size_t i)
{
    (void)list;
    return i < CARNET_OUTCOME_COUNT ? carnet_outcome_name((enum carnet_err)i) : NULL;
}

static enum carnet_err find(struct cli *cli, const char *typed, enum carnet_err *out)
{
    uint32_t code = 0;
    char shown[80];
    if (carnet_outcome_find(typed, out) == CARNET_OK)
        return CARNET_OK;
    if (carnet_text_number(typed, 0, 255, &code) == CARNET_OK) {
        for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
            if (carnet_outcome_exit((enum carnet_err)i) == (int)code) {
                *out = (enum carnet_err)i;
                return CARNET_OK;
            }
        }
    }
    carnet_text_escape(typed, strlen(typed), shown, sizeof shown);
    (void)carnet_fail(&cli->diag, CARNET_NOT_FOUND, "", "There is no outcome '%s'.", shown);
    const char *near = cli_nearest(typed, outcome_at, NULL);
    if (near != NULL)
        return carnet_fail_next(&cli->diag, "Did you mean '%s'? '%s explain' lists them all.", near,
                                cli->program->name);
    return carnet_fail_next(&cli->diag, "'%s explain' lists them all.", cli->program->name);
}

enum { CAUSES, USER, ADMINISTRATOR, VENDOR, PARTS };
static const struct {
    const char *member, *heading;
} parts[PARTS] = {
    [CAUSES] = {"causes", "Likely causes"},
    [USER] = {"user", "The user can"},
    [ADMINISTRATOR] = {"administrator", "The administrator can"},
    [VENDOR] = {"vendor", "The vendor can"},
};
static const char *const advice[][PARTS] = {
#define ADVICE(symbol, causes, user, administrator, vendor) [CARNET_##symbol] = {causes, user, administrator, vendor},
    CLI_ADVICE(ADVICE)
#undef ADVICE
};
_Static_assert(sizeof advice / sizeof advice[0] == CARNET_OUTCOME_COUNT, "every outcome has its advice");

static json_t *describe(enum carnet_err err)
{
    json_t *one =
        json_pack("{s:s, s:i, s:s, s:s}", "outcome", carnet_outcome_name(err), "exit", carnet_outcome_exit(err),
                  "meaning", carnet_outcome_meaning(err), "next", carnet_outcome_next(err));
    int bad = one == NULL;
    for (size_t i = 0; i < PARTS; i++) {
        if (advice[err][i][0] != '\0')
            bad |= json_object_set_new(one, parts[i].member, json_string(advice[err][i]));
    }
    if (bad == 0)
        return one;
    json_decref(one);
    return NULL;
}

static void explain_one(struct cli *cli, enum carnet_err err)
{
    cli_data(cli, "%s%s%s (exit code %d)\n  %s\nWhat to do\n  %s\n", cli_style(cli, "bold"), carnet_outcome_name(err),
             cli_style(cli, "off"), carnet_outcome_exit(err), carnet_outcome_meaning(err), carnet_outcome_next(err));
    for (size_t i = 0; i < PARTS; i++) {
        if (advice[err][i][0] != '\0')
            cli_data(cli, "%s\n  %s\n", parts[i].heading, advice[err][i]);
    }
    cli_set(cli, "explained", describe(err));
}

static void list_all(struct cli *cli)
{
    json_t *list = json_array();
    for (size_t i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        const enum carnet_err err = (enum carnet_err)i;
        cli_data(cli, "%3d  %-22s  %s\n", carnet_outcome_exit(err), carnet_outcome_name(err),
                 carnet_outcome_meaning(err));
        (void)json_array_append_new(list, describe(err)); /* a NULL among them makes the list shorter, never wrong */
    }
    cli_set(cli, "outcomes", list != NULL && json_array_size(list) == CARNET_OUTCOME_COUNT ? list : NULL);
    if (list != NULL && json_array_size(list) != CARNET_OUTCOME_COUNT)
        json_decref(list);
}

enum carnet_err cli_explain_run(struct cli *cli)
{
    const char *typed = cli_argument(cli, 0);
    enum carnet_err outcome = CARNET_OK;
    if (typed == NULL) {
        list_all(cli);
        return CARNET_OK;
    }
    const enum carnet_err err = find(cli, typed, &outcome);
    if (err == CARNET_OK)
        explain_one(cli, outcome);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* The rule file of 'carnet-admin sync'. */
#include "fuzz.h"
#include "rule_file.h"

static void hold_rule(const struct rule_file *f, const struct rule *rule)
{
    hold(carnet_text_is_id(rule->product) && carnet_text_is_id(rule->license), "a rule has no product or license");
    hold(rule->line > 0 && rule->license_line > rule->line, "a rule stands nowhere");
    hold(rule->most > 0 && rule->out > 0, "a limit is 0");
    hold(rule_label_fits(rule->label, rule->label), "a pattern does not fit itself");
    /* What asks in the words of the rule itself is taken by it, or by an earlier one. */
    const struct rule *found = rule_file_find(f, *rule->vendor ? rule->vendor : "0", rule->product, rule->label);
    hold(found && found <= rule, "a rule is not found by its own words");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rule_file f = {.list = NULL};
    struct carnet_diag diag = {.detail = ""};
    const enum carnet_err err = rule_file_parse(data, size, &f, &diag);

    hold_refused(err, &diag);
    hold(err == CARNET_OK || err == CARNET_CONFIGURATION, "another refusal than configuration");
    hold(err == CARNET_OK || f.list == NULL, "a refusal gave something");
    hold(err == CARNET_OK || *diag.next, "a refusal does not say what to do");
    hold(err != CARNET_OK || (f.count > 0 && f.count <= RULES_MOST), "a rule file without rules");
    for (size_t i = 0; i < f.count; i++)
        hold_rule(&f, &f.list[i]);
    rule_file_clear(&f);
    return 0;
}

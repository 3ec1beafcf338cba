/* SPDX-License-Identifier: MIT */
/* A rule file held against the ledger: nothing is done by one that names what is not there (spec/rules.md, RU-4). */
#ifndef CARNET_ADMIN_RULES_LOAD_H
#define CARNET_ADMIN_RULES_LOAD_H

#include "home.h"
#include "rule_file.h"

/* Reads and checks all of it. CARNET_CONFIGURATION with file and line. The caller clears it (rule_file_clear). */
CARNET_MUST_USE enum carnet_err rules_load(struct cli *cli, struct home *h, const char *file, struct rule_file *out);
/* The license of a rule, for a fingerprint of that vendor (NULL: the first that fits). CARNET_NOT_FOUND; diag is then
 * unchanged. */
CARNET_MUST_USE enum carnet_err rules_license(struct home *h, const struct rule *rule,
                                              const struct carnet_digest *vendor, struct ledger_license *out,
                                              struct carnet_diag *diag);
/* What the file says, a line for each rule; and as JSON: the members "rules", "most", "answer_clocks". */
CARNET_MUST_USE enum carnet_err rules_show(struct cli *cli, struct home *h, const struct rule_file *f);

#endif

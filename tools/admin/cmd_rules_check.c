/* SPDX-License-Identifier: MIT */
/* rules check: how a rule file of 'sync' is understood (spec/rules.md). */
#include "admin.h"
#include "rules_load.h"

enum carnet_err admin_rules_check(struct cli *cli)
{
    struct home h = {0};
    struct rule_file f = {.list = NULL};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = rules_load(cli, &h, cli_argument(cli, 0), &f);
    if (!err)
        err = rules_show(cli, &h, &f);
    rule_file_clear(&f);
    home_close(&h);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* journal erase: a name goes out of the ledger, and the chain of digests holds as before. */
#include <string.h>

#include "admin.h"
#include "home.h"
#include "ledger/audit.h"

enum carnet_err admin_journal_erase(struct cli *cli)
{
    const char *name = cli_argument(cli, 0);
    struct home h = {0};
    char shown[200];
    uint32_t erased = 0;
    enum carnet_err err = home_open(cli, &h);

    (void)carnet_text_escape(name, strlen(name), shown, sizeof shown);
    if (!err)
        err = ledger_begin(h.ledger, cli_diag(cli));
    if (!err)
        err = ledger_name_erase(h.ledger, name, &erased, cli_diag(cli));
    if (!err && erased == 0) {
        err = carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No event and no seat has the name \"%s\".", shown);
        (void)carnet_fail_next(cli_diag(cli), "Look at 'carnet-admin journal show'; the name is taken as a whole.");
    }
    if (!err && !cli_dry_run(cli)) {
        /* Nobody is kept waiting while the question stands. */
        ledger_rollback(h.ledger);
        err = cli_confirm(cli,
                          "The name \"%s\" is erased from the journal and as the label of seats; the events stay, and "
                          "say no longer whom they are about. License files and receipts that hold it stay as they "
                          "were signed. This can't be undone.",
                          shown);
        if (!err)
            err = ledger_begin(h.ledger, cli_diag(cli));
        if (!err)
            err = ledger_name_erase(h.ledger, name, &erased, cli_diag(cli));
        if (!err)
            err = ledger_commit(h.ledger, cli_diag(cli));
        if (!err)
            err = ledger_erase_traces(h.ledger, cli_diag(cli));
    }
    if (!err) {
        cli_data(cli, "\"%s\" %s in %lu place%s.\n", shown, cli_dry_run(cli) ? "would be erased" : "was erased",
                 (unsigned long)erased, erased == 1 ? "" : "s");
        cli_set(cli, "erased", json_integer((json_int_t)erased));
    }
    ledger_rollback(h.ledger);
    home_close(&h);
    return err;
}

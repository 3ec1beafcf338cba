/* SPDX-License-Identifier: MIT */
/* journal verify: does all that the ledger holds agree with itself, and with the journal? */
#include <string.h>

#include "admin.h"
#include "home.h"
#include "ledger/audit.h"

struct verifying {
    struct cli *cli;
    json_t *differences;
};

static void tell(void *context, const char *words)
{
    struct verifying *v = context;
    char shown[1400];

    cli_data(v->cli, "%s\n", carnet_text_escape(words, strlen(words), shown, sizeof shown));
    (void)json_array_append_new(v->differences, cli_json_text(words));
}

enum carnet_err admin_journal_verify(struct cli *cli)
{
    struct home h = {0};
    struct verifying v = {.cli = cli, .differences = json_array()};
    struct carnet_read_options reading;
    struct ledger_audit audit = {.checks = LEDGER_CHECK_ALL, .tell = tell, .context = &v};
    enum carnet_err err = home_open(cli, &h);

    if (!err) {
        reading = home_reading_kept(&h, 0);
        audit.reading = &reading;
        err = ledger_verify(h.ledger, &audit, cli_diag(cli));
    }
    if (!err) {
        cli_set(cli, "differences", json_incref(v.differences));
        cli_set(cli, "chains", json_integer((json_int_t)audit.chains));
        cli_set(cli, "events", json_integer((json_int_t)audit.events));
        cli_set(cli, "grants", json_integer((json_int_t)audit.grants));
        cli_set(cli, "bundles", json_integer((json_int_t)audit.bundles));
        cli_note(cli, "%lu events in %lu chain%s replayed, %lu grants compared, %lu bundles and %lu names verified.\n",
                 (unsigned long)audit.events, (unsigned long)audit.chains, audit.chains == 1 ? "" : "s",
                 (unsigned long)audit.grants, (unsigned long)audit.bundles, (unsigned long)audit.names);
    }
    if (!err && audit.found > 0) {
        err = carnet_fail(cli_diag(cli), CARNET_LEDGER_DAMAGED, "", "%lu thing%s of the ledger do%s not hold.",
                          (unsigned long)audit.found, audit.found == 1 ? "" : "s", audit.found == 1 ? "es" : "");
        (void)carnet_fail_next(cli_diag(cli), "Assign nothing with it; keep a copy of its folder, and restore the last "
                                              "good backup.");
    } else if (!err) {
        cli_data(cli, "The ledger is what its journal says.\n");
    }
    json_decref(v.differences);
    home_close(&h);
    return err;
}

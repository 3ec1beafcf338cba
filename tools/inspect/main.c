/* SPDX-License-Identifier: MIT */
/* carnet-inspect: sees and verifies any file of the exchange, and changes nothing. */
#include <limits.h>

#include "common/explain.h"
#include "inspect/inspect.h"

/* What several commands take. */
#define TRUST \
    { \
        "trust", 0, "FILE", true, "a vendor's root key (PEM) or trust file, or a folder of them" \
    }
#define AT \
    { \
        "at", 0, "TIME", false, "judge times as of TIME (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)" \
    }
/* The last ones of those that look at many files. */
#define MANY_FILES \
    {"files0-from", 0, "FILE", false, "read names from FILE too, each ended by NUL; '-' is standard input"}, \
        {"jobs", 'j', "N", false, "work with N processes (as a rule, as many as there are processors)"}, \
        {"no-cage", 0, NULL, false, "read files outside a cage, where the kernel offers none"}, \
    { \
        NULL, 0, NULL, false, NULL \
    }

static const struct cli_option show_options[] = {
    TRUST,
    AT,
    {"explain", 0, NULL, false, "say what each field means, in the words of the schema"},
    {"entry", 0, "NAME", false, "print one entry of the bundle and nothing else ('license.xml')"},
    {"bytes", 0, NULL, false, "show the headers of the archive, too"},
    {"no-cage", 0, NULL, false, "read the file outside a cage, where the kernel offers none"},
    {NULL, 0, NULL, false, NULL},
};

static const struct cli_option diff_options[] = {
    TRUST,
    {"no-cage", 0, NULL, false, "read the files outside a cage, where the kernel offers none"},
    {NULL, 0, NULL, false, NULL},
};

static const struct cli_option verify_options[] = {
    TRUST,
    AT,
    {"journal", 0, "FILE", true, "a segment of the administrator's journal: licenses and receipts have to be in it"},
    {"require-kind", 0, "KIND", true, "take this kind alone ('license'); may be given more than once"},
    {"machine", 0, NULL, false, "is each license for this machine, and for this user of it?"},
    {"anomalies", 0, NULL, false, "hold the files against each other, too: seats given twice, forks, copied states"},
    MANY_FILES,
};

static const struct cli_option report_options[] = {
    {"output", 'o', "FILE", false, "write the report to FILE, as one HTML page"},
    {"force", 0, NULL, false, "replace FILE when it is there"},
    {"csv", 0, NULL, false, "print a table of the files as CSV"},
    TRUST,
    AT,
    {"journal", 0, "FILE", true, "a segment of the administrator's journal, examined with the others"},
    MANY_FILES,
};

static const char *const show_examples[] = {
    "show license-lab-7-1b2c3d4e.carnet\tsays who says what to whom, and whether it is proved",
    "show --entry license.xml license-lab-7-1b2c3d4e.carnet\tprints the document itself",
    "show --trust root.pem --json -\treads standard input, as a bundle or pasted text",
    NULL,
};
static const char *const verify_examples[] = {
    "verify --trust root.pem /media/stick\tverifies every carnet file on the stick",
    "verify --trust root.pem --at 2030-01-01 a.carnet b.carnet\twill they still be good then?",
    "verify --trust root.pem --anomalies /media/stick\tdo they also agree with each other?",
    "verify --trust root.pem --journal journal-1-300-1a2b3c4d.carnet licenses\tdoes the journal know them?",
    NULL,
};
static const char *const report_examples[] = {
    "report --trust root.pem -o report.html /media/stick\twrites a page that says what all the files say together",
    "report --trust root.pem --csv licenses >licenses.csv\ta line a file, for a spreadsheet",
    "report --trust root.pem --json --journal journal-1-300-1a2b3c4d.carnet licenses\tthe same for a script, with what "
    "the journal knows",
    NULL,
};
static const char *const diff_examples[] = {
    "diff --trust root.pem before.carnet after.carnet\tsays what has changed, what matters first",
    "diff --json a.carnet b.carnet\tthe same, for a script; exit code 1 where they differ",
    NULL,
};
static const char *const schema_examples[] = {
    "schema\tlists the schemas",
    "schema verify.json\tprints the JSON Schema of 'verify --json'",
    "schema carnet-1.xsd\tprints the XML Schema of the documents in bundles",
    NULL,
};
static const char *const explain_examples[] = {
    "explain beyond-entitlement\tsays what an outcome means and what to do",
    "explain 13\tthe same, by exit code",
    NULL,
};

static const struct cli_command commands[] = {
    {
        .name = "show",
        .group = "Look at a file",
        .arguments = "FILE",
        .least = 1,
        .most = 1,
        .summary = "show all that a file says, verified or not",
        .schema = "carnet.show/1",
        .options = show_options,
        .examples = show_examples,
        .run = inspect_show_run,
    },
    {
        .name = "diff",
        .group = "Look at a file",
        .arguments = "A B",
        .least = 2,
        .most = 2,
        .summary = "say what differs between two files, or two folders",
        .schema = "carnet.diff/1",
        .options = diff_options,
        .examples = diff_examples,
        .run = inspect_diff_run,
    },
    {
        .name = "verify",
        .group = "Check many",
        .arguments = "[PATH]...",
        .least = 0,
        .most = UINT_MAX,
        .summary = "verify files, and folders with all that is in them",
        .schema = "carnet.verify/1",
        .options = verify_options,
        .examples = verify_examples,
        .run = inspect_verify_run,
    },
    {
        .name = "report",
        .group = "Check many",
        .arguments = "[PATH]...",
        .least = 0,
        .most = UINT_MAX,
        .summary = "say what many files say together: who has which seat, and what is odd",
        .schema = "carnet.report/1",
        .options = report_options,
        .examples = report_examples,
        .run = inspect_report_run,
    },
    {
        .name = "explain",
        .group = "Understand",
        .arguments = "[OUTCOME]",
        .least = 0,
        .most = 1,
        .summary = "say what an outcome means and what to do",
        .schema = "carnet.explain/1",
        .examples = explain_examples,
        .run = cli_explain_run,
    },
    {
        .name = "schema",
        .group = "Understand",
        .arguments = "[NAME]",
        .least = 0,
        .most = 1,
        .summary = "print the schemas of documents and of JSON outputs",
        .schema = "carnet.schema/1",
        .examples = schema_examples,
        .run = inspect_schema_run,
    },
    {.name = NULL},
};

static const struct cli_program program = {
    .name = "carnet-inspect",
    .summary = "shows and verifies any carnet file, and changes nothing",
    .first = "Begin with 'carnet-inspect show FILE'.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv);
}

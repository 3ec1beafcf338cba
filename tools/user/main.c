/* SPDX-License-Identifier: MIT */
/* carnet-user: the program of the machine without a network. */
#include <stddef.h>

#include "common/explain.h"
#include "common/pin.h"
#include "user.h"

static const struct cli_option program_options[] = {
    {"state", 0, "DIR", false, "where this machine's licenses are kept (else $CARNET_STATE)"},
    {0},
};

static const struct cli_option trust_options[] = {CLI_PIN_OPTION, CLI_PIN_ROOT_OPTION, {0}};

static const struct cli_option fingerprint_options[] = {
    {"preview", 0, NULL, false, "show what would leave this machine; write nothing"},
    {"explain", 0, "FILE", false, "show the values behind the digests of a fingerprint made here"},
    {"renew", 0, NULL, false, "ask to renew the licenses that are here, with the facts of today"},
    {"vendor", 0, "ID", false, "the vendor it is for"},
    {"product", 0, "ID[=VERSION]", true, "a product to ask a seat for"},
    {"omit", 0, "FACT", true, "leave a fact (or 'user') out"},
    {"label", 0, "TEXT", false, "a name for this machine, in the clear"},
    {"for-user", 0, "NAME", false, "fix the license to another user of this machine"},
    {"system", 0, NULL, false, "as root: take facts too that the license's user can't read"},
    {"new", 0, NULL, false, "make a new one even if nothing changed"},
    {"again", 0, NULL, false, "write again the one that waits for its license"},
    {0},
};

static const struct cli_option check_options[] = {
    {"vendor", 0, "ID", false, "the product's vendor"},
    {"feature", 0, "NAME", false, "ask for a feature too"},
    {"edition", 0, "ID", false, "ask for an edition too"},
    {"product-version", 0, "V", false, "ask whether this version is covered"},
    {"explain", 0, NULL, false, "say fact by fact how the machine stands"},
    {"warn", 0, "DAYS", false, "warn when the license ends within so many days (30)"},
    {"monitoring", 0, NULL, false, "one status line with figures; exit with 0 to 3"},
    {0},
};

static const struct cli_option activate_options[] = {
    {"vendor", 0, "ID", false, "with LICENSE: only licenses of this vendor"},
    {0},
};

static const struct cli_option release_options[] = {
    {"vendor", 0, "ID", false, "only licenses of this vendor"},
    {0},
};

static const struct cli_option doctor_options[] = {
    {"vendor", 0, "ID", false, "whose clock floor is meant, where several stand in the way"},
    {"clock", 0, NULL, false, "the clock was wrongly ahead and is right now: write the request to your administrator"},
    {"bundle", 0, "FILE", false, "write an archive for support, without secrets"},
    {0},
};

static const struct cli_option sync_options[] = {
    {"label", 0, "TEXT", false, "a name for this machine in a fingerprint that is made"},
    {"for-user", 0, "LOGIN", false, "the user that a fingerprint asks a license for (root: every user)"},
    {"again", 0, NULL, false, "write also what was carried before: a stick was lost"},
    {"eject", 0, NULL, false, "unmount the stick at the end"},
    {0},
};

static const char *const trust_add_examples[] = {
    "trust add root.pem\tshow the key's id, ask, and trust its vendor",
    "trust add trust-2-1.carnet\ttake the vendor's newest trust information: later roots, what is revoked",
    "trust add root.pem --id 77c6...\tno question: the id must be this one",
    NULL,
};
static const char *const trust_list_examples[] = {
    "trust list\tthe ids of the vendors",
    "trust list --json\tthe same for scripts",
    NULL,
};
static const char *const fingerprint_examples[] = {
    "fingerprint --preview\tsee first what leaves this machine",
    "fingerprint --product cad --to /media/stick\tput it on a stick",
    "fingerprint --product cad --text\tas text, to be pasted into a message",
    "fingerprint --renew --to /media/stick\task to renew before it is too late",
    NULL,
};
static const char *const activate_examples[] = {
    "activate license-hall3-1a2b3c4d.carnet --to /media/stick\tinstall the license, and say so on the stick",
    "activate -\tpaste the text form",
    "activate CAD-2026 --to /media/stick\twrite the activation of an installed license again",
    NULL,
};
static const char *const check_examples[] = {
    "check cad\tyes or no, and why",
    "check cad --feature export --quiet && cad --export\tin a script",
    "check cad --monitoring --warn 60\tas a monitoring plugin",
    NULL,
};
static const char *const status_examples[] = {
    "status\tall licenses of this machine",
    "status --json\tthe same for scripts",
    NULL,
};
static const char *const release_examples[] = {
    "release cad --to /media/stick\tstop the license, write the proof",
    "release license-hall3-1a2b3c4d.carnet\tdecline one that was never activated",
    NULL,
};
static const char *const doctor_examples[] = {
    "doctor\twhat is wrong here, and what to do next",
    "doctor --clock --to /media/stick\task for the clock's floor to be lowered",
    "doctor --bundle support.tar\tan archive for whoever helps you",
    NULL,
};
static const char *const sync_examples[] = {
    "sync\tfind the stick, show the plan, ask, and do it",
    "sync -n\tonly show the plan",
    "sync /media/stick --eject\tthat stick; unmount it at the end",
    NULL,
};
static const char *const explain_examples[] = {
    "explain wrong-machine\twhat it means and what to do",
    "explain 13\tthe same by exit code",
    NULL,
};

static const struct cli_command commands[] = {
    {.name = "trust add",
     .group = "Begin",
     .arguments = "FILE",
     .least = 1,
     .most = 1,
     .summary = "trust a vendor by the root key, or take his trust information",
     .schema = "carnet.trust-add/1",
     .options = trust_options,
     .examples = trust_add_examples,
     .run = user_trust_add},
    {.name = "trust list",
     .group = "Begin",
     .arguments = "",
     .summary = "list the vendors that are trusted",
     .schema = "carnet.trust-list/1",
     .examples = trust_list_examples,
     .run = user_trust_list},
    {.name = "fingerprint",
     .group = "A license comes and goes",
     .arguments = "",
     .output = true,
     .summary = "make the file that asks the administrator for a seat",
     .schema = "carnet.fingerprint/1",
     .options = fingerprint_options,
     .examples = fingerprint_examples,
     .run = user_fingerprint},
    {.name = "activate",
     .group = "A license comes and goes",
     .arguments = "FILE|LICENSE",
     .least = 1,
     .most = 1,
     .output = true,
     .summary = "install a license (or a receipt, or a clock) that came back",
     .schema = "carnet.activate/1",
     .options = activate_options,
     .examples = activate_examples,
     .run = user_activate},
    {.name = "release",
     .group = "A license comes and goes",
     .arguments = "LICENSE|PRODUCT|FILE",
     .least = 1,
     .most = 1,
     .output = true,
     .summary = "stop a license and write the proof for the administrator",
     .schema = "carnet.release/1",
     .options = release_options,
     .examples = release_examples,
     .run = user_release},
    {.name = "sync",
     .group = "A license comes and goes",
     .arguments = "[DIR]",
     .least = 0,
     .most = 1,
     .summary = "exchange all that there is with a stick",
     .schema = "carnet.sync/1",
     .options = sync_options,
     .examples = sync_examples,
     .run = user_sync},
    {.name = "check",
     .group = "Ask",
     .arguments = "PRODUCT",
     .least = 1,
     .most = 1,
     .summary = "is the product licensed here?",
     .schema = "carnet.check/1",
     .options = check_options,
     .examples = check_examples,
     .run = user_check},
    {.name = "status",
     .group = "Ask",
     .arguments = "",
     .summary = "show all licenses of this machine",
     .schema = "carnet.status/1",
     .examples = status_examples,
     .run = user_status},
    {.name = "doctor",
     .group = "Ask",
     .arguments = "",
     .output = true,
     .summary = "say what is wrong here, what changed, and what to do next",
     .schema = "carnet.doctor/1",
     .options = doctor_options,
     .examples = doctor_examples,
     .run = user_doctor},
    {.name = "explain",
     .group = "Ask",
     .arguments = "[OUTCOME]",
     .least = 0,
     .most = 1,
     .summary = "say what an outcome means and what to do",
     .schema = "carnet.explain/1",
     .examples = explain_examples,
     .run = cli_explain_run},
    {0},
};

int main(int argc, char **argv)
{
    static const struct cli_program program = {
        .name = "carnet-user",
        .summary = "keeps the licenses of a machine without a network",
        .first = "First trust your vendor ('carnet-user trust add root.pem'), then make a fingerprint ('carnet-user "
                 "fingerprint'), take it to your administrator, and activate the license that comes back.",
        .options = program_options,
        .commands = commands,
    };
    return cli_main(&program, argc, argv);
}

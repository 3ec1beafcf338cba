/* SPDX-License-Identifier: MIT */
/* carnet-probe: commands that show what tools/common does, so that tests can hold it against its contracts. */
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/key.h"
#include "common/explain.h"
#include "common/io.h"
#include "common/progress.h"

static enum carnet_err run_confirm(struct cli *cli)
{
    const enum carnet_err err = cli_confirm(cli, "The %s will be eaten.", "cake");
    if (err == CARNET_OK)
        cli_data(cli, "eaten\n");
    return err;
}

static enum carnet_err run_ask(struct cli *cli)
{
    char answer[16];
    const enum carnet_err err = cli_ask(cli, "Which cake?", answer, sizeof answer);
    if (err == CARNET_OK)
        cli_data(cli, "answer=%s\n", answer);
    return err;
}

static enum carnet_err run_passphrase(struct cli *cli)
{
    char *passphrase = NULL;
    const enum carnet_err err = cli_passphrase(cli, "the cake", cli_flag(cli, "twice"), &passphrase);
    if (err == CARNET_OK)
        cli_data(cli, "passphrase=%s\n", passphrase);
    carnet_secret_free(passphrase);
    return err;
}

/* Writes the argument's words as if they were a license: the container is not what is tested here. */
static enum carnet_err run_write(struct cli *cli)
{
    const char *content = cli_argument(cli, 0);
    struct cli_output output = {
        .kind = carnet_kind_get(cli_flag(cli, "from-machine") ? CARNET_KIND_FINGERPRINT : CARNET_KIND_LICENSE),
        .label = cli_argument(cli, 1),
        .bytes = (const uint8_t *)content,
        .size = strlen(content),
    };
    memset(output.id.bytes, 0xab, sizeof output.id.bytes);
    enum carnet_err err = cli_output_check(cli);
    if (err == CARNET_OK)
        err = cli_output_write(cli, &output);
    if (err == CARNET_OK && cli_flag(cli, "again"))
        err = cli_output_write(cli, &output);
    return err;
}

static enum carnet_err run_fail(struct cli *cli)
{
    cli_warn(cli, "the oven is hot");
    cli_set(cli, "temperature", json_integer(220));
    cli_place(cli, "cake\033[2J.carnet");
    struct carnet_diag *diag = cli_diag(cli);
    (void)carnet_fail(diag, CARNET_WRONG_MACHINE, "M-5", "Too little of the machine is the same.");
    strcpy(diag->entry, "license.xml");
    diag->line = 7;
    return CARNET_WRONG_MACHINE;
}

/* Returns another outcome than the diagnosis that was left behind. */
static enum carnet_err run_stale(struct cli *cli)
{
    cli_place(cli, "old");
    (void)carnet_fail(cli_diag(cli), CARNET_ALTERED, "H-2", "Something that was got over.");
    return CARNET_NO_SEAT;
}

static enum carnet_err run_number(struct cli *cli)
{
    uint32_t number = 0;
    const enum carnet_err err = cli_number(cli, "count", 1, 10, 5, &number);
    if (err == CARNET_OK)
        cli_data(cli, "count=%u many=%zu\n", (unsigned)number, cli_values(cli, "many"));
    for (size_t i = 0; i < cli_values(cli, "many"); i++)
        cli_data(cli, "many[%zu]=%s\n", i, cli_value_at(cli, "many", i));
    for (size_t i = 0; i < cli_count(cli); i++)
        cli_data(cli, "argument[%zu]=%s\n", i, cli_argument(cli, i));
    return err;
}

static enum carnet_err run_process(struct cli *cli)
{
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    const mode_t mask = umask(0);
    cli_data(cli, "core=%lu dumpable=%d umask=%03o\n", (unsigned long)core.rlim_max, prctl(PR_GET_DUMPABLE),
             (unsigned)mask);
    cli_note(cli, "a note\n");
    cli_warn(cli, "a warning");
    return CARNET_OK;
}

static enum carnet_err run_sleep(struct cli *cli)
{
    const bool hold = cli_flag(cli, "hold");
    if (hold)
        cli_hold_signals();
    cli_note(cli, "ready\n");
    (void)sleep(hold ? 1 : 30);
    cli_data(cli, "made whole\n");
    if (hold)
        cli_free_signals();
    return CARNET_OK;
}

/* So many steps, with a line said at every tenth. */
static enum carnet_err run_progress(struct cli *cli)
{
    uint32_t count = 0;
    const enum carnet_err err = cli_number(cli, "count", 0, 1000, 40, &count);
    cli_progress_begin(cli, "baking", count, 1);
    for (uint32_t i = 1; err == CARNET_OK && i <= count; i++) {
        (void)usleep(5000);
        if (i % 10 == 0)
            cli_data(cli, "cake %u\n", (unsigned)i);
        cli_progress_add(cli, 1);
    }
    if (err == CARNET_OK && cli_flag(cli, "fail"))
        return carnet_fail(cli_diag(cli), CARNET_STICK_FULL, "", "The oven is full.");
    cli_progress_end(cli);
    cli_note(cli, "baked\n");
    return err;
}

static const struct cli_option steps[] = {{"count", 'c', "N", false, "how many"},
                                          {"fail", 0, NULL, false, "ends with a refusal"},
                                          {NULL, 0, NULL, false, NULL}};
static const struct cli_option twice[] = {{"twice", 0, NULL, false, "ask twice"}, {NULL, 0, NULL, false, NULL}};
static const struct cli_option again[] = {{"again", 0, NULL, false, "write it twice"},
                                          {"from-machine", 0, NULL, false, "a kind that machines sign"},
                                          {NULL, 0, NULL, false, NULL}};
static const struct cli_option numbers[] = {{"count", 'c', "N", false, "how many"},
                                            {"many", 'm', "WORD", true, "words"},
                                            {"flag", 'f', NULL, false, "a flag"},
                                            {NULL, 0, NULL, false, NULL}};
static const struct cli_option hold[] = {{"hold", 0, NULL, false, "hold signals"}, {NULL, 0, NULL, false, NULL}};
static const struct cli_option everywhere[] = {{"oven", 0, "DIR", false, "where it is baked"},
                                               {NULL, 0, NULL, false, NULL}};

static const char *const examples[] = {"ask\tasks which cake", "explain 13\tsays what 13 means", NULL};
static const char *const cake_examples[] = {"cake count -c 3\tcounts to three", "cake process\tlooks at itself", NULL};

#define COMMAND(command, words, min, max, function, opts, out, pass, shown) \
    { \
        .name = command, .group = "Cake", .arguments = words, .least = min, .most = max, .output = out, \
        .passphrase = pass, .summary = "does what its name says", .schema = "carnet.probe/1", .options = opts, \
        .examples = shown, .run = function, \
    }

static const struct cli_command commands[] = {
    COMMAND("confirm", "", 0, 0, run_confirm, NULL, false, false, examples),
    COMMAND("ask", "", 0, 0, run_ask, NULL, false, false, examples),
    COMMAND("passphrase", "", 0, 0, run_passphrase, twice, false, true, examples),
    COMMAND("write", "CONTENT LABEL", 2, 2, run_write, again, true, false, examples),
    COMMAND("fail", "", 0, 0, run_fail, NULL, false, false, examples),
    COMMAND("stale", "", 0, 0, run_stale, NULL, false, false, examples),
    COMMAND("cake count", "[WORD]...", 0, UINT_MAX, run_number, numbers, false, false, cake_examples),
    COMMAND("cake process", "", 0, 0, run_process, NULL, false, false, cake_examples),
    COMMAND("progress", "", 0, 0, run_progress, steps, false, false, examples),
    COMMAND("sleep", "", 0, 0, run_sleep, hold, false, false, examples),
    COMMAND("explain", "[OUTCOME]", 0, 1, cli_explain_run, NULL, false, false, examples),
    {.name = NULL},
};

static const struct cli_program program = {
    .name = "carnet-probe",
    .summary = "Shows what all programs have in common.",
    .first = "Begin with 'carnet-probe ask'.",
    .options = everywhere,
    .commands = commands,
};

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * sync: everything that a stick brings is taken, and what it has to carry is left on it. First a plan: all of it in one
 * transaction that is rolled back. Then, after the question, the same in earnest: what is signed is in the ledger
 * before it is on the stick, and what was taken stays where it is until then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "common/progress.h"
#include "sync.h"

/* As many files as one transaction takes, and as are in memory at a time. */
#define CHUNK 64u

#define TAKES \
    (CARNET_KIND_BIT(CARNET_KIND_ENTITLEMENT) | CARNET_KIND_BIT(CARNET_KIND_RELEASE) | \
     CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) | CARNET_KIND_BIT(CARNET_KIND_FINGERPRINT) | \
     CARNET_KIND_BIT(CARNET_KIND_CLOCKREQUEST) | CARNET_KIND_BIT(CARNET_KIND_KEYREQUEST))
/* What a user has taken, and moved to done/. */
#define GAVE \
    (CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT) | CARNET_KIND_BIT(CARNET_KIND_CLOCK))

const struct cli_option admin_sync_options[] = {
    {"license", 0, "L", false, "give seats of this license alone"},
    ADMIN_VENDOR_OPTION,
    {"rules", 0, "FILE", false, "a rule file says which machine gets a seat of which license"},
    {"clocks", 0, NULL, false, "answer clock requests"},
    {"eject", 0, NULL, false, "unmount the stick in the end"},
    {NULL, 0, NULL, false, NULL}};

/* ---- reading ---- */

static const char *label_of(const struct carnet_reading *reading)
{
    const struct carnet_judged *judged = carnet_reading_judged(reading);
    const struct carnet_fingerprint *f = carnet_document_fingerprint(carnet_judged_document(judged));
    const struct carnet_judged *inner = carnet_judged_embedded(judged);
    const struct carnet_license *l = inner ? carnet_document_license(carnet_judged_document(inner)) : NULL;

    return f ? f->label : l ? l->machine_label : "";
}

/* Reads one file of the stick. What can't be read has its fate then, and the source is left out. */
static bool read_one(struct syncing *s, size_t number, struct batch_source *source)
{
    struct carnet_read_options options = home_reading(s->home, TAKES);
    struct stick_file *file = stick_file(s->stick, number);
    struct carnet_diag diag = {.err = CARNET_OK};
    enum carnet_err err;

    memset(source, 0, sizeof *source);
    source->file = file->path;
    source->number = number;
    options.known = s->known;
    err = stick_read(s->stick, file, &source->bundle.bytes, &diag);
    if (!err)
        err = carnet_reading_open(source->bundle.bytes.bytes, source->bundle.bytes.size, &options,
                                  &source->bundle.reading, &diag);
    if (!err) {
        stick_name(s->stick, file, carnet_judged_id(carnet_reading_judged(source->bundle.reading)),
                   label_of(source->bundle.reading));
        return true;
    }
    /* A machine that signs what belongs to another one is no other vendor. */
    if (err == CARNET_UNTRUSTED_KEY && strcmp(diag.clause, "T-4") == 0)
        stick_decide(s->stick, file, STICK_REFUSED, err, "%s", diag.detail);
    else
        stick_refuse(s->stick, file, err, &diag);
    cli_bundle_clear(&source->bundle);
    return false;
}

static bool wanted(const struct syncing *s, size_t number)
{
    const enum stick_fate fate = stick_file(s->stick, number)->fate;

    /* What the plan left alone is not looked at again. */
    return s->batch.dry || fate == STICK_TAKEN || fate == STICK_KNOWN || fate == STICK_LEFT || fate == STICK_REFUSED;
}

/* ---- one pass: the plan, or in earnest ---- */

static enum carnet_err commit(struct syncing *s)
{
    enum carnet_err err;

    if (s->batch.dry)
        return CARNET_OK;
    cli_hold_signals();
    err = ledger_commit(s->home->ledger, cli_diag(s->cli));
    cli_free_signals();
    return err;
}

static enum carnet_err take_chunk(struct syncing *s, const struct batch_source *sources, size_t count)
{
    enum carnet_err err = batch_apply(&s->batch, sources, count);

    for (size_t i = 0; !err && i < count; i++)
        stick_decide(s->stick, stick_file(s->stick, sources[i].number), STICK_UNDECIDED, CARNET_OK, NULL);
    if (!err)
        err = sync_settle(s);
    if (!err)
        err = commit(s);
    if (!err)
        sync_rules_keep(s);
    if (err || !s->batch.dry)
        ledger_rollback(s->home->ledger);
    return err;
}

static enum carnet_err take_all(struct syncing *s, const char *what)
{
    const size_t total = stick_count(s->stick);
    struct batch_source *sources = calloc(CHUNK, sizeof *sources);
    enum carnet_err err =
        sources ? CARNET_OK : carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "No memory is left.");
    size_t number = 0;

    cli_progress_begin(s->cli, what, total, 1);
    while (!err && number < total) {
        size_t count = 0;
        for (; number < total && count < CHUNK; number++) {
            count += wanted(s, number) && read_one(s, number, &sources[count]);
            cli_progress_add(s->cli, 1);
        }
        if (count > 0)
            err = take_chunk(s, sources, count);
        for (size_t i = 0; i < count; i++)
            cli_bundle_clear(&sources[i].bundle);
    }
    cli_progress_end(s->cli);
    free(sources);
    return err;
}

/* Nothing of it is kept, but the fates of the files and how much will go out. */
static enum carnet_err plan(struct syncing *s)
{
    enum carnet_err err;

    s->batch.dry = true;
    err = take_all(s, "reading");
    ledger_rollback(s->home->ledger);
    s->batch.dry = s->batch.dry_began = false;
    if (!err)
        err = sync_out_plan(s);
    if (!err && !cli_dry_run(s->cli))
        err = stick_prepare(s->stick, s->out_count + s->new_count, s->bytes);
    return err;
}

static void begin_again(struct syncing *s)
{
    s->given_before = 0;
    if (s->has_rules)
        memset(s->used_before, 0, s->rules.count * sizeof *s->used_before);
    memset(s->done, 0, sizeof s->done);
    s->out_count = 0;
}

/* ---- tidying up ---- */

static void move_taken(struct syncing *s)
{
    for (size_t i = 0; i < stick_count(s->stick); i++) {
        struct stick_file *file = stick_file(s->stick, i);
        if (file->fate == STICK_TAKEN || file->fate == STICK_KNOWN)
            stick_done(s->stick, file);
    }
    stick_prune(s->stick, GAVE, sync_out_seen, s);
    stick_round(s->stick);
}

/* ---- in words ---- */

static void count_words(char *text, size_t room, uint32_t n, const char *one, const char *many)
{
    const size_t used = strlen(text);

    if (n > 0)
        (void)snprintf(text + used, room - used, "%s%lu %s", used > 0 ? ", " : "", (unsigned long)n,
                       n == 1 ? one : many);
}

static void say_summary(struct syncing *s)
{
    static const struct {
        const char *member, *one, *many;
    } words[SYNC_DONE_COUNT] = {[SYNC_ASSIGNED] = {"assigned", "seat assigned", "seats assigned"},
                                [SYNC_FREED] = {"freed", "seat freed", "seats freed"},
                                [SYNC_RENEWED] = {"renewed", "seat renewed", "seats renewed"},
                                [SYNC_ACTIVATED] = {"activated", "activation noted", "activations noted"},
                                [SYNC_ANSWERED] = {"answered", "clock request answered", "clock requests answered"},
                                [SYNC_IMPORTED] = {"imported", "entitlement taken", "entitlements taken"}};
    const bool dry = cli_dry_run(s->cli);
    const size_t out = s->out_count + (dry ? s->new_count : 0);
    char text[400] = "";

    for (size_t i = 0; i < SYNC_DONE_COUNT; i++) {
        cli_set(s->cli, words[i].member, json_integer((json_int_t)s->done[i]));
        count_words(text, sizeof text, s->done[i], words[i].one, words[i].many);
    }
    count_words(text, sizeof text, (uint32_t)out, "file for machines", "files for machines");
    cli_set(s->cli, "stick", cli_json_text(stick_path(s->stick)));
    cli_set(s->cli, "taken", json_integer((json_int_t)stick_fates(s->stick, STICK_TAKEN)));
    cli_set(s->cli, "written", json_integer((json_int_t)out));
    cli_set(s->cli, "left", json_integer((json_int_t)stick_fates(s->stick, STICK_LEFT)));
    cli_set(s->cli, "refused", json_integer((json_int_t)stick_fates(s->stick, STICK_REFUSED)));
    cli_note(s->cli, "%s%s.\n", dry ? "Would be: " : "", *text ? text : "Nothing had to be done");
    if (out > 0 && !dry)
        cli_note(s->cli, "Take the stick to the machines in carnet/ROUND.TXT, and type 'carnet-user sync' there.\n");
}

/* What was refused is told file by file; what was left by the rules is no failure (RU-9). */
static enum carnet_err outcome(struct syncing *s)
{
    const size_t refused = stick_fates(s->stick, STICK_REFUSED);
    const struct stick_file *worst = NULL;
    enum carnet_err err;

    for (size_t i = 0; i < stick_count(s->stick); i++) {
        const struct stick_file *file = stick_file(s->stick, i);
        if (file->fate == STICK_REFUSED &&
            (!worst || carnet_outcome_exit(file->outcome) > carnet_outcome_exit(worst->outcome)))
            worst = file;
    }
    if (!worst)
        return stick_was_read(s->stick);
    if (stick_fates(s->stick, STICK_TAKEN) + s->out_count > 0)
        err = carnet_fail(cli_diag(s->cli), CARNET_PARTLY_DONE, "", "%zu file%s refused, the rest is done.", refused,
                          refused == 1 ? " is" : "s are");
    else
        err = carnet_fail(cli_diag(s->cli), worst->outcome, "", "%zu file%s refused, the worst with %s.", refused,
                          refused == 1 ? " is" : "s are", carnet_outcome_name(worst->outcome));
    (void)carnet_fail_next(cli_diag(s->cli), "Look at what is said of each; they stay on the stick.");
    return err;
}

/* ---- the whole ---- */

/* What was signed is in the ledger, whatever becomes of the stick. */
static enum carnet_err write_out(struct syncing *s)
{
    enum carnet_err err = sync_out_write(s);

    if (err)
        (void)carnet_fail_next(cli_diag(s->cli),
                               "What was signed is in the ledger, and none of it counts as delivered: "
                               "the next sync, with this or another stick, writes all of it.");
    return err;
}

static enum carnet_err in_earnest(struct syncing *s)
{
    enum carnet_err err = CARNET_OK;
    const bool signs = s->new_count > 0;

    begin_again(s);
    /* Once a run, and before the ledger is held. */
    if (signs)
        err = home_signer(s->cli, s->home, CARNET_ROLE_ISSUER, &s->batch.key);
    if (!err)
        err = take_all(s, "taking");
    if (!err)
        err = write_out(s);
    if (!err)
        move_taken(s);
    if (!err)
        err = stick_leave(s->stick, cli_flag(s->cli, "eject"));
    return err;
}

static bool came_otherwise(const struct syncing *s)
{
    for (size_t i = 0; s->planned && i < stick_count(s->stick); i++) {
        if (s->planned[i] != (unsigned char)stick_file(s->stick, i)->fate)
            return true;
    }
    return false;
}

static enum carnet_err remember_plan(struct syncing *s)
{
    const size_t count = stick_count(s->stick);

    s->planned = calloc(count + 1, 1);
    if (!s->planned)
        return carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.");
    for (size_t i = 0; i < count; i++)
        s->planned[i] = (unsigned char)stick_file(s->stick, i)->fate;
    return CARNET_OK;
}

static enum carnet_err run(struct syncing *s)
{
    enum carnet_err err = stick_look(s->stick, TAKES);

    if (!err)
        err = plan(s);
    if (!err)
        err = remember_plan(s);
    if (err)
        return err;
    stick_plan_show(s->stick);
    if (!cli_dry_run(s->cli) && !stick_plan_empty(s->stick))
        err = cli_confirm(s->cli, "The stick is taken and written as shown.");
    if (!err && !cli_dry_run(s->cli))
        err = in_earnest(s);
    if (err)
        return err;
    /* The plan has said it, unless others were at the ledger or the stick meanwhile. */
    if (cli_json(s->cli) || came_otherwise(s))
        stick_report(s->stick);
    say_summary(s);
    return outcome(s);
}

static enum carnet_err read_options(struct syncing *s)
{
    const char *license = cli_value(s->cli, "license"), *rules = cli_value(s->cli, "rules");
    enum carnet_err err = CARNET_OK;

    if (license && rules)
        return carnet_fail(cli_diag(s->cli), CARNET_USAGE, "", "--license and --rules exclude each other.");
    if (license)
        err =
            ledger_license_named(s->home->ledger, license, cli_value(s->cli, "vendor"), &s->license, cli_diag(s->cli));
    s->has_license = license && !err;
    if (!err && rules)
        err = rules_load(s->cli, s->home, rules, &s->rules);
    s->has_rules = rules && !err;
    s->answers_clocks = cli_flag(s->cli, "clocks") || s->rules.answers_clocks;
    if (s->has_rules) {
        s->used = calloc(s->rules.count, sizeof *s->used);
        s->used_before = calloc(s->rules.count, sizeof *s->used_before);
        if (!s->used || !s->used_before)
            err = CARNET_NO_MEMORY;
    }
    return err ? err : carnet_known_new(&s->known);
}

static void clear(struct syncing *s)
{
    stick_close(s->stick);
    batch_clear(&s->batch);
    carnet_known_free(s->known);
    rule_file_clear(&s->rules);
    free(s->used);
    free(s->used_before);
    free(s->out);
    free(s->planned);
}

enum carnet_err admin_sync(struct cli *cli)
{
    struct home h = {0};
    struct syncing s = {.cli = cli,
                        .home = &h,
                        .batch = {.cli = cli,
                                  .home = &h,
                                  .out = CARNET_KIND_LICENSE,
                                  .done = "assigned",
                                  .apply = sync_take,
                                  .begin = sync_rules_begin,
                                  .context = &s}};
    enum carnet_err err = home_open(cli, &h);

    if (!err)
        err = home_seats_open(cli, &h);
    if (!err)
        err = read_options(&s);
    if (!err)
        err = stick_open(cli, cli_argument(cli, 0), !cli_dry_run(cli), &s.stick);
    if (!err)
        err = run(&s);
    clear(&s);
    home_close(&h);
    return err;
}

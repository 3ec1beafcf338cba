/* SPDX-License-Identifier: MIT */
/* sync: all that this machine has to do with a stick, in one go. */
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "state/pending.h"
#include "sync.h"

/* Opens the state anew, and forgets what was read by the old one's trust. */
static enum carnet_err open_state(struct sync *s, bool write)
{
    carnet_known_free(s->known);
    s->known = NULL;
    carnet_state_close(s->state);
    s->state = NULL;
    return user_state_open(s->cli, write, &s->state);
}

/* Trust comes first, and others are judged by it: all are looked at again. */
static enum carnet_err take_all(struct sync *s, bool keep)
{
    const size_t count = stick_count(s->stick);
    enum carnet_err err = CARNET_OK;
    s->refused = 0;
    cli_progress_begin(s->cli, keep ? "taking" : "reading", count, 1);
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        err = sync_take(s, stick_file(s->stick, i), keep);
        cli_progress_add(s->cli, 1);
    }
    cli_progress_end(s->cli);
    return err;
}

/* A license that is taken now is answered by an activation, which holds it. */
static void plan_activations(struct sync *s)
{
    for (size_t i = 0; i < stick_count(s->stick); i++) {
        const struct stick_file *file = stick_file(s->stick, i);
        if (file->fate != STICK_TAKEN || file->kind->id != CARNET_KIND_LICENSE)
            continue;
        stick_plan_write(s->stick, "activation", file->label, "says that the license arrived");
        s->out_count++;
        s->out_bytes += 65536;
    }
}

static enum carnet_err plan(struct sync *s)
{
    enum carnet_err err = stick_look(s->stick, SYNC_KINDS);
    if (err == CARNET_OK)
        err = take_all(s, false);
    if (err == CARNET_OK)
        err = sync_wish(s);
    if (err == CARNET_OK)
        err = sync_give(s, false);
    if (err == CARNET_OK) {
        plan_activations(s);
        stick_plan_show(s->stick);
    }
    return err;
}

/* A machine's fingerprint leaves only after somebody has seen it, here or when the site's policy was written. */
static enum carnet_err ask(struct sync *s)
{
    if (stick_plan_empty(s->stick) || s->approved)
        return CARNET_OK;
    return cli_confirm(s->cli, "%zu file%s will be taken from the stick, and %zu written to it.",
                       stick_fates(s->stick, STICK_TAKEN), stick_fates(s->stick, STICK_TAKEN) == 1 ? "" : "s",
                       s->out_count);
}

/* First here, then on the stick: what is taken is durable before anything tells of it. */
static enum carnet_err act(struct sync *s)
{
    enum carnet_err err = stick_prepare(s->stick, s->out_count, s->out_bytes);
    if (err == CARNET_OK)
        err = open_state(s, true);
    if (err == CARNET_OK)
        err = take_all(s, true);
    if (err == CARNET_OK)
        err = sync_make(s);
    if (err == CARNET_OK)
        err = open_state(s, false);
    return err == CARNET_OK ? sync_give(s, true) : err;
}

/* The administrator has the fingerprint or release of this machine when something has answered it. */
static bool is_answered(void *context, const struct carnet_kind *kind, const uint8_t *bytes, size_t size)
{
    struct sync *s = context;
    struct carnet_reading *reading = NULL;
    struct carnet_pending *list = NULL;
    struct carnet_digest own;
    size_t count = 0;
    const struct carnet_read_options options = {
        .anchors = carnet_state_anchors(s->state), .expected = CARNET_KIND_BIT(kind->id), .keys = s->keys};
    bool answered = carnet_reading_open(bytes, size, &options, &reading, NULL) == CARNET_OK &&
                    carnet_state_machine_id(s->state, carnet_document_vendor(carnet_reading_document(reading)), &own,
                                            NULL) == CARNET_OK &&
                    carnet_digest_equal(&own, carnet_judged_signer(carnet_reading_judged(reading))) &&
                    carnet_state_pending(s->state, NULL, s->now, &list, &count, NULL) == CARNET_OK;
    for (size_t i = 0; answered && i < count; i++)
        answered = list[i].kind == CARNET_KIND_ACTIVATION ||
                   !carnet_digest_equal(&list[i].id, carnet_judged_id(carnet_reading_judged(reading)));
    carnet_state_pending_free(list, count);
    carnet_reading_free(reading);
    return answered;
}

static void tidy(struct sync *s)
{
    for (size_t i = 0; i < stick_count(s->stick); i++) {
        struct stick_file *file = stick_file(s->stick, i);
        /* Trust is for every machine that the stick goes to. */
        if (file->kind->id != CARNET_KIND_TRUST && (file->fate == STICK_TAKEN || file->fate == STICK_KNOWN))
            stick_done(s->stick, file);
    }
    stick_prune(s->stick,
                CARNET_KIND_BIT(CARNET_KIND_FINGERPRINT) | CARNET_KIND_BIT(CARNET_KIND_RELEASE) |
                    CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) | CARNET_KIND_BIT(CARNET_KIND_CLOCKREQUEST),
                is_answered, s);
    stick_round(s->stick);
}

/* ---- in the user's words ---- */

static void say(struct sync *s)
{
    const size_t taken = stick_fates(s->stick, STICK_TAKEN), elsewhere = stick_fates(s->stick, STICK_ELSEWHERE);
    cli_set(s->cli, "taken", json_integer((json_int_t)taken));
    cli_set(s->cli, "written", json_integer((json_int_t)(cli_dry_run(s->cli) ? s->out_count : s->written)));
    if (cli_dry_run(s->cli))
        return;
    if (taken + s->written == 0)
        cli_data(s->cli, "Nothing was to be done: this machine has all that the stick holds for it, and nothing waits "
                         "to be carried.\n");
    else
        cli_data(s->cli, "Taken from the stick: %zu. Written to it: %zu.\n", taken, s->written);
    if (s->written > 0)
        cli_note(s->cli, "Take the stick to your administrator%s, who plugs it in and types 'carnet-admin sync'.\n",
                 elsewhere > 0 ? ", by way of the other machines that it holds files for" : "");
    else if (elsewhere > 0)
        cli_note(s->cli,
                 "Take the stick to the other machines that it holds files for: carnet/ROUND.TXT names them.\n");
}

/* Everything else went well, and this has to be seen. */
static enum carnet_err judge(struct sync *s)
{
    if (s->refused == 0)
        return s->damaged != CARNET_OK ? carnet_fail(cli_diag(s->cli), s->damaged, "", "%s", s->damaged_diag.detail)
                                       : stick_was_read(s->stick);
    (void)carnet_fail(cli_diag(s->cli), CARNET_PARTLY_DONE, "", "%zu file%s for this machine could not be taken.",
                      s->refused, s->refused == 1 ? "" : "s");
    return carnet_fail_next(cli_diag(s->cli), "Look at the lines that say 'refuse'; 'carnet-user activate FILE' tells "
                                              "more of one.");
}

static enum carnet_err begin(struct sync *s)
{
    enum carnet_err err = s->install == NULL || s->machine == NULL
                              ? carnet_fail(cli_diag(s->cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                              : carnet_gated_keys_new(&s->keys);
    const char *label = cli_value(s->cli, "label");
    if (err == CARNET_OK && label != NULL && !carnet_text_is_text(label))
        err = carnet_fail(cli_diag(s->cli), CARNET_USAGE, "",
                          "The value of --label is not text of 1 to 200 visible characters.");
    if (err == CARNET_OK)
        err = stick_open(s->cli, cli_argument(s->cli, 0), !cli_dry_run(s->cli), &s->stick);
    if (err == CARNET_OK)
        err = open_state(s, false);
    return err == CARNET_OK ? carnet_machine_read(s->machine, cli_diag(s->cli)) : err;
}

static enum carnet_err run(struct sync *s)
{
    enum carnet_err err = begin(s);
    if (err == CARNET_OK) {
        cli_set(s->cli, "stick", cli_json_text(stick_path(s->stick)));
        err = plan(s);
    }
    if (err == CARNET_OK && !cli_dry_run(s->cli)) {
        err = ask(s);
        if (err == CARNET_OK)
            err = act(s);
        if (err == CARNET_OK)
            tidy(s);
    }
    if (err == CARNET_OK || err == CARNET_STICK_FAILED)
        stick_report(s->stick);
    if (err == CARNET_OK) {
        say(s);
        err = stick_leave(s->stick, cli_flag(s->cli, "eject"));
    }
    return err == CARNET_OK ? judge(s) : err;
}

enum carnet_err user_sync(struct cli *cli)
{
    struct sync s = {.cli = cli,
                     .now = carnet_utc_now(),
                     .install = calloc(1, sizeof *s.install),
                     .machine = malloc(sizeof *s.machine)};
    const enum carnet_err err = run(&s);
    stick_close(s.stick);
    carnet_known_free(s.known);
    carnet_gated_keys_free(s.keys);
    carnet_state_close(s.state);
    free(s.coming);
    free(s.wishes);
    free(s.install);
    free(s.machine);
    return err;
}

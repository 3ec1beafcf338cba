/* SPDX-License-Identifier: MIT */
/* From the state onto the stick: what waits for the administrator. */
#include <stdlib.h>
#include <string.h>

#include "state/pending.h"
#include "sync.h"

static void describe(const struct carnet_pending *p, char label[CARNET_SENT_LABEL_SIZE], struct cli_output *out)
{
    label[0] = '\0';
    if (p->reading != NULL)
        carnet_sent_label(p->reading, label);
    *out = (struct cli_output){
        .kind = carnet_kind_get(p->kind), .label = label, .id = p->id, .bytes = p->bytes.bytes, .size = p->bytes.size};
}

/* Nothing answers an activation, so it is carried once. What lies in done/ the administrator has taken from this stick.
 * Both go out again with --again, for the day on which a stick was lost. */
static bool is_due(struct sync *s, const struct carnet_pending *p, const struct cli_output *output)
{
    if (p->err != CARNET_OK)
        return false;
    if (cli_flag(s->cli, "again"))
        return true;
    return !(p->kind == CARNET_KIND_ACTIVATION && p->handed != CARNET_NOT_HANDED) && !stick_was_taken(s->stick, output);
}

static const char *words(enum carnet_kind_id kind)
{
    return kind == CARNET_KIND_FINGERPRINT  ? "asks for a license"
           : kind == CARNET_KIND_RELEASE    ? "gives the license back"
           : kind == CARNET_KIND_ACTIVATION ? "says that the license arrived"
                                            : "asks for the clock to be put right";
}

static enum carnet_err plan(struct sync *s, const struct cli_output *output)
{
    stick_plan_write(s->stick, output->kind->name, output->label, words(output->kind->id));
    s->out_count++;
    s->out_bytes += output->size;
    return CARNET_OK;
}

static enum carnet_err each(struct sync *s, const struct carnet_pending *list, size_t count, bool write)
{
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        char label[CARNET_SENT_LABEL_SIZE];
        struct cli_output output;
        describe(&list[i], label, &output);
        if (list[i].err != CARNET_OK && s->damaged == CARNET_OK) {
            s->damaged = list[i].err;
            s->damaged_diag = list[i].diag;
        }
        if (is_due(s, &list[i], &output))
            err = write ? stick_put(s->stick, &output, NULL) : plan(s, &output);
    }
    return err;
}

/* Only what the stick has confirmed was handed out. */
static void note(struct sync *s, const struct carnet_pending *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char label[CARNET_SENT_LABEL_SIZE];
        struct cli_output output;
        describe(&list[i], label, &output);
        if (!is_due(s, &list[i], &output))
            continue;
        s->written++;
        if (list[i].reading != NULL)
            carnet_state_handed(s->state, list[i].reading, s->now);
    }
}

enum carnet_err sync_give(struct sync *s, bool write)
{
    struct carnet_pending *list = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_pending(s->state, NULL, s->now, &list, &count, cli_diag(s->cli));
    if (err == CARNET_OK)
        err = each(s, list, count, write);
    if (err == CARNET_OK && write)
        err = stick_settle(s->stick);
    if (err == CARNET_OK && write)
        note(s, list, count);
    carnet_state_pending_free(list, count);
    return err;
}

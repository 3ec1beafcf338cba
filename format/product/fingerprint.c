/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "product/private.h"
#include "state/fingerprint.h"

/* What carnet-user fingerprint --product wishes, with nothing left out. */
static enum carnet_err describe(const struct carnet *carnet, const struct carnet_state *state, const char *label,
                                struct carnet_fingerprint_view *view, struct carnet_diag *diag)
{
    struct carnet_fingerprint_wish *wish = calloc(1, sizeof(*wish));
    if (wish == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    wish->vendor = carnet->vendor;
    wish->label = label;
    wish->product_count = 1;
    memcpy(wish->products[0].id, carnet->product, sizeof(carnet->product));
    memcpy(wish->products[0].version, carnet->version, sizeof(carnet->version));
    enum carnet_err err = carnet_fingerprint_describe(state, wish, view, diag);
    free(wish);
    return err;
}

/* Every value that would leave, in the clear, and where it was read. */
static enum carnet_err show(const struct carnet *carnet, const char *label, const struct carnet_fingerprint_view *view,
                            struct carnet_buffer *out)
{
    char vendor[CARNET_HEX_SIZE], clear[2 * CARNET_MACHINE_VALUE_SIZE];
    const char *sep = carnet->version[0] == '\0' ? "" : " ";
    carnet_digest_hex(&carnet->vendor, vendor);
    enum carnet_err err = carnet_buffer_text(out, "As keyed digests:\n");
    for (uint32_t i = 0; err == CARNET_OK && i < view->machine.count; i++) {
        const struct carnet_machine_value *value = &view->machine.values[i];
        if (view->facts[i].fate != CARNET_FATE_LEAVES)
            continue;
        (void)carnet_text_escape(value->value, strlen(value->value), clear, sizeof(clear));
        err = carnet_buffer_printf(out, "  %s: %s (%s)\n", carnet_fact_name(value->name), clear, value->source);
    }
    (void)carnet_text_escape(view->user, strlen(view->user), clear, sizeof(clear));
    if (err == CARNET_OK && view->user_fate == CARNET_FATE_LEAVES)
        err = carnet_buffer_printf(out, "  user: %s\n", clear);
    if (err == CARNET_OK)
        err = carnet_buffer_printf(out, "In the clear:\n  vendor: %s\n  product: %s%s%s\n", vendor, carnet->product,
                                   sep, carnet->version);
    if (err == CARNET_OK && label != NULL)
        err = carnet_buffer_printf(out, "  label: %s\n", label);
    if (err == CARNET_OK)
        err =
            carnet_buffer_printf(out,
                                 "  virtual machine: %s\n  container: %s\n  and the time, a random number, this file's "
                                 "number, the id of the one before, the last journal position seen, the machine's "
                                 "public key\n",
                                 view->machine.virtual_system, view->machine.container_system);
    return err;
}

static enum carnet_err preview(const struct carnet *carnet, const char *label, char *text, size_t room,
                               struct carnet_fingerprint_view *view, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_buffer shown = {0};
    char *path = NULL;
    enum carnet_err err = carnet_state_default(carnet->state, &path, diag);
    if (err == CARNET_OK)
        err = carnet_state_open(path, false, &state, diag);
    if (err == CARNET_OK)
        err = describe(carnet, state, label, view, diag);
    if (err != CARNET_OK)
        goto out;
    err = show(carnet, label, view, &shown);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory to show what leaves.");
    else if (shown.size >= room)
        err = carnet_fail(diag, CARNET_IO, "", "The text is larger than the product has room for.");
    else
        memcpy(text, shown.bytes, shown.size + 1);
out:
    carnet_buffer_clear(&shown);
    carnet_state_close(state);
    free(path);
    return err;
}

/* The site's policy is asked, and the machine read, before anything is made here. */
static enum carnet_err may_make(struct carnet_machine *machine, struct carnet_diag *diag)
{
    struct carnet_policy policy;
    enum carnet_err err = carnet_policy_read(&policy, diag);
    if (err == CARNET_OK)
        err = carnet_policy_may_make(&policy, diag);
    if (err == CARNET_OK)
        err = carnet_machine_read(machine, diag);
    if (err == CARNET_OK && machine->count == 0)
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "There is no fact of this machine to tell it by.");
    return err;
}

static enum carnet_err make(const struct carnet *carnet, const char *label, char *text, size_t room,
                            struct carnet_fingerprint_view *view, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_key *key = NULL;
    struct carnet_buffer bundle = {0};
    struct carnet_digest id;
    bool again = false, set_aside = false;
    enum carnet_err err = may_make(&view->machine, diag);
    if (err == CARNET_OK)
        err = carnet_open_state(carnet, &state, diag);
    if (err == CARNET_OK)
        err = carnet_state_own_key(state, &carnet->vendor, &view->machine, carnet_utc_now(), &set_aside, &key, diag);
    if (err == CARNET_OK)
        err = describe(carnet, state, label, view, diag);
    if (err == CARNET_OK)
        err = carnet_fingerprint_make(state, key, view, false, &again, &bundle, &id, diag);
    if (err == CARNET_OK)
        err = carnet_give_text(CARNET_KIND_FINGERPRINT, &bundle, text, room, diag);
    carnet_buffer_clear(&bundle);
    carnet_key_free(key);
    carnet_state_close(state);
    return err;
}

enum carnet_outcome carnet_fingerprint(const struct carnet *carnet, enum carnet_step step, const char *label,
                                       char *text, size_t room, struct carnet_result *result)
{
    struct carnet_diag diag = {0};
    if (carnet == NULL || text == NULL || room < CARNET_FILE_ROOM || (step != CARNET_PREVIEW && step != CARNET_MAKE) ||
        (label != NULL && !carnet_text_is_text(label)) || (result != NULL && !carnet_result_begin(result)))
        return CARNET_OUTCOME_USAGE;
    struct carnet_fingerprint_view *view = calloc(1, sizeof(*view));
    enum carnet_err err = CARNET_OK;
    if (view == NULL)
        err = carnet_fail(&diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    else
        err = (step == CARNET_PREVIEW ? preview : make)(carnet, label, text, room, view, &diag);
    free(view);
    return carnet_tell(carnet, err, &diag, result);
}

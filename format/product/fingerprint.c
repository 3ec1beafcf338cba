/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "product/private.h"
#include "state/sign.h"

/* A machine, its user, and the fingerprint that tells of them. */
struct description {
    struct carnet_machine machine;
    char user[CARNET_MACHINE_VALUE_SIZE];
    struct carnet_fingerprint fingerprint;
};

static enum carnet_err look(struct description *d, struct carnet_diag *diag)
{
    enum carnet_err err = carnet_machine_read(&d->machine, diag);
    if (err == CARNET_OK)
        err = carnet_machine_user(NULL, d->user, diag);
    if (err == CARNET_OK && d->machine.count == 0)
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "There is no fact of this machine to tell it by.");
    return err;
}

/* What carnet-user fingerprint --product says, with nothing left out. */
static enum carnet_err describe(const struct carnet *carnet, const char *label, const uint8_t *secret,
                                struct description *d)
{
    struct carnet_fingerprint *f = &d->fingerprint;
    struct carnet_machine_facts facts;
    enum carnet_err err = carnet_machine_facts(&d->machine, &carnet->vendor, secret, &facts);
    if (err == CARNET_OK)
        err = carnet_machine_digest("user", d->user, &carnet->vendor, secret, &f->user);
    if (err != CARNET_OK)
        return err;
    f->vendor = carnet->vendor;
    f->has_user = true;
    f->facts = facts.facts;
    memcpy(f->virtual_system, d->machine.virtual_system, sizeof(f->virtual_system));
    memcpy(f->container_system, d->machine.container_system, sizeof(f->container_system));
    if (label != NULL)
        memcpy(f->label, label, strlen(label) + 1);
    f->product_count = 1;
    memcpy(f->products[0].id, carnet->product, sizeof(carnet->product));
    memcpy(f->products[0].version, carnet->version, sizeof(carnet->version));
    return CARNET_OK;
}

/* Every value that would leave, in the clear, and where it was read. */
static enum carnet_err show(const struct carnet *carnet, const char *label, const struct description *d,
                            struct carnet_buffer *out)
{
    char vendor[CARNET_HEX_SIZE], clear[2 * CARNET_MACHINE_VALUE_SIZE];
    const char *sep = carnet->version[0] == '\0' ? "" : " ";
    carnet_digest_hex(&carnet->vendor, vendor);
    enum carnet_err err = carnet_buffer_text(out, "As keyed digests:\n");
    for (uint32_t i = 0; err == CARNET_OK && i < d->machine.count; i++) {
        const struct carnet_machine_value *value = &d->machine.values[i];
        (void)carnet_text_escape(value->value, strlen(value->value), clear, sizeof(clear));
        err = carnet_buffer_printf(out, "  %s: %s (%s)\n", carnet_fact_name(value->name), clear, value->source);
    }
    (void)carnet_text_escape(d->user, strlen(d->user), clear, sizeof(clear));
    if (err == CARNET_OK)
        err = carnet_buffer_printf(out, "  user: %s\nIn the clear:\n  vendor: %s\n  product: %s%s%s\n", clear, vendor,
                                   carnet->product, sep, carnet->version);
    if (err == CARNET_OK && label != NULL)
        err = carnet_buffer_printf(out, "  label: %s\n", label);
    if (err == CARNET_OK)
        err =
            carnet_buffer_printf(out,
                                 "  virtual machine: %s\n  container: %s\n  and the time, a random number, this file's "
                                 "number, the id of the one before, the last journal position seen, the machine's "
                                 "public key\n",
                                 d->machine.virtual_system, d->machine.container_system);
    return err;
}

static enum carnet_err preview(const struct carnet *carnet, const char *label, char *text, size_t room,
                               struct description *d, struct carnet_diag *diag)
{
    struct carnet_buffer shown = {0};
    enum carnet_err err = look(d, diag);
    if (err != CARNET_OK)
        return err;
    err = show(carnet, label, d, &shown);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory to show what leaves.");
    else if (shown.size >= room)
        err = carnet_fail(diag, CARNET_IO, "", "The text is larger than the product has room for.");
    else
        memcpy(text, shown.bytes, shown.size + 1);
    carnet_buffer_clear(&shown);
    return err;
}

static enum carnet_err make(const struct carnet *carnet, const char *label, char *text, size_t room,
                            struct description *d, struct carnet_diag *diag)
{
    struct carnet_state *state = NULL;
    struct carnet_key *key = NULL;
    struct carnet_buffer bundle = {0};
    struct carnet_digest id;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0};
    bool again = false;
    enum carnet_err err = look(d, diag);
    if (err == CARNET_OK)
        err = carnet_open_state(carnet, &state, diag);
    if (err == CARNET_OK)
        err = carnet_state_machine_key(state, &carnet->vendor, true, carnet_utc_now(), &key, diag);
    if (err == CARNET_OK)
        err = carnet_state_secret(state, &carnet->vendor, secret, diag);
    if (err == CARNET_OK)
        err = describe(carnet, label, secret, d);
    if (err == CARNET_OK)
        err = carnet_sign_fingerprint(state, key, &d->fingerprint, false, &bundle, &id, &again, diag);
    if (err == CARNET_OK)
        err = carnet_give_text(CARNET_KIND_FINGERPRINT, &bundle, text, room, diag);
    explicit_bzero(secret, sizeof(secret));
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
    struct description *d = calloc(1, sizeof(*d));
    enum carnet_err err = CARNET_OK;
    if (d == NULL)
        err = carnet_fail(&diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    else
        err = (step == CARNET_PREVIEW ? preview : make)(carnet, label, text, room, d, &diag);
    free(d);
    return carnet_tell(carnet, err, &diag, result);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "fingerprint_show.h"
#include "renewals.h"
#include "state/sign.h"
#include "user.h"

/* A product asked for: "ID" or "ID=VERSION"; without one given, those that the vendor's manifests want. */
static enum carnet_err add_product(struct cli *cli, struct carnet_fingerprint *f, const char *id, const char *version)
{
    if (!carnet_text_is_id(id) || (version[0] != '\0' && !carnet_text_is_version(version)))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The value of --product is not a product id, or ID=VERSION.");
    for (uint32_t i = 0; i < f->product_count; i++)
        if (strcmp(f->products[i].id, id) == 0)
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "X-11", "The product '%s' is asked for twice.", id);
    if (f->product_count == CARNET_PRODUCTS_MOST)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "At most %u products can be asked for in one fingerprint.",
                           CARNET_PRODUCTS_MOST);
    struct carnet_product_request *product = &f->products[f->product_count++];
    memcpy(product->id, id, strlen(id) + 1);
    memcpy(product->version, version, strlen(version) + 1);
    return CARNET_OK;
}

static enum carnet_err choose_products(struct cli *cli, struct carnet_fingerprint *f)
{
    struct carnet_product *list = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_products_read(&list, &count, cli_diag(cli));
    size_t given = cli_values(cli, "product");
    for (size_t i = 0; err == CARNET_OK && i < given; i++) {
        char id[CARNET_ID_TEXT_SIZE + CARNET_VERSION_SIZE];
        const char *value = cli_value_at(cli, "product", i), *version = "";
        if (strlen(value) >= sizeof(id)) {
            err = carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The value of --product is too long for a product id.");
            break;
        }
        memcpy(id, value, strlen(value) + 1);
        char *equals = strchr(id, '=');
        if (equals != NULL) {
            *equals = '\0';
            version = equals + 1;
        }
        for (size_t k = 0; k < count && version[0] == '\0'; k++)
            if (strcmp(list[k].id, id) == 0 && carnet_digest_equal(&list[k].vendor, &f->vendor))
                version = list[k].version;
        err = add_product(cli, f, id, version);
    }
    for (size_t i = 0; err == CARNET_OK && given == 0 && i < count; i++)
        if (list[i].wanted && carnet_digest_equal(&list[i].vendor, &f->vendor))
            err = add_product(cli, f, list[i].id, list[i].version);
    free(list);
    return err;
}

/* --omit FACT: leaves facts (or the user) out. */
static enum carnet_err omit(struct cli *cli, struct carnet_fingerprint *f)
{
    for (size_t i = 0; i < cli_values(cli, "omit"); i++) {
        const char *name = cli_value_at(cli, "omit", i);
        enum carnet_fact_name fact;
        if (strcmp(name, "user") == 0) {
            f->has_user = false;
            f->user = (struct carnet_digest){0};
            continue;
        }
        if (carnet_fact_find(name, &fact) != CARNET_OK) {
            carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The value of --omit is not the name of a fact.");
            return carnet_fail_next(cli_diag(cli),
                                    "'carnet-user fingerprint --preview' lists the facts; 'user' can be left out too.");
        }
        uint32_t kept = 0;
        for (uint32_t k = 0; k < f->facts.count; k++)
            if (f->facts.list[k].name != fact)
                f->facts.list[kept++] = f->facts.list[k];
        memset(&f->facts.list[kept], 0, (f->facts.count - kept) * sizeof(f->facts.list[0]));
        f->facts.count = kept;
    }
    if (f->facts.count == 0) {
        carnet_fail(cli_diag(cli), CARNET_CONFIGURATION, "", "No fact of this machine is left to tell it by.");
        return carnet_fail_next(cli_diag(cli), "Leave fewer facts out, or run as a user who may read them.");
    }
    return CARNET_OK;
}

/* Fills everything but what makes one fingerprint differ from the next of the same machine: number, time, nonce,
 * journal position. */
static enum carnet_err describe(struct cli *cli, const struct carnet_machine *machine,
                                const struct carnet_digest *vendor, const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                struct fingerprint_view *view)
{
    struct carnet_fingerprint *f = view->fingerprint;
    struct carnet_machine_facts facts;
    f->vendor = *vendor;
    memcpy(f->virtual_system, machine->virtual_system, sizeof(f->virtual_system));
    memcpy(f->container_system, machine->container_system, sizeof(f->container_system));
    const char *label = cli_value(cli, "label");
    if (label != NULL) {
        if (!carnet_text_is_text(label))
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                               "The value of --label is not text of 1 to 200 visible characters.");
        memcpy(f->label, label, strlen(label) + 1);
    }
    enum carnet_err err = carnet_machine_facts(machine, vendor, secret, &facts);
    if (err == CARNET_OK)
        err = carnet_machine_user(cli_value(cli, "for-user"), view->user, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_machine_digest("user", view->user, vendor, secret, &f->user);
    for (uint32_t i = 0; err == CARNET_OK && i < machine->count; i++)
        err = carnet_machine_digest(carnet_fact_name(machine->values[i].name), machine->values[i].value, vendor, secret,
                                    &view->digests[i]);
    if (err != CARNET_OK)
        return err;
    f->has_user = true;
    f->facts = facts.facts;
    err = omit(cli, f);
    if (err == CARNET_OK)
        err = choose_products(cli, f);
    return err;
}

/* Everything that needs the machine's key: finds or makes the fingerprint and writes it where OUT says. */
static enum carnet_err make_and_write(struct cli *cli, struct carnet_state *state, const struct carnet_key *key,
                                      struct carnet_fingerprint *f)
{
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    bool again = false;
    enum carnet_err err =
        carnet_sign_fingerprint(state, key, f, cli_flag(cli, "new"), &bytes, &id, &again, cli_diag(cli));
    if (err == CARNET_OK && again)
        cli_note(cli, "This is the fingerprint that was made before; nothing has changed since.\n");
    if (err == CARNET_OK) {
        char hex[CARNET_HEX_SIZE];
        carnet_digest_hex(&id, hex);
        cli_set(cli, "id", json_string(hex));
        const struct cli_output output = {
            .kind = carnet_kind_get(CARNET_KIND_FINGERPRINT),
            .label = f->label[0] != '\0'    ? f->label
                     : f->product_count > 0 ? f->products[0].id
                                            : "machine",
            .id = id,
            .bytes = bytes.bytes,
            .size = bytes.size,
        };
        err = cli_output_write(cli, &output);
    }
    carnet_buffer_clear(&bytes);
    return err;
}

/* The machine secret, or zeros where the machine has no key yet: then there are no digests to be shown. */
static enum carnet_err read_secret(struct cli *cli, const struct carnet_state *state,
                                   const struct carnet_digest *vendor, uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                   bool *has_secret)
{
    enum carnet_err err = carnet_state_secret(state, vendor, secret, cli_diag(cli));
    *has_secret = err == CARNET_OK;
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

/* From here on the state changes: all that can be refused was refused. A machine without a key gets one now. */
static enum carnet_err write_fingerprint(struct cli *cli, struct fingerprint_view *view,
                                         const struct carnet_digest *vendor)
{
    struct carnet_state *state = NULL;
    struct carnet_key *key = NULL;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0};
    enum carnet_err err = user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = carnet_state_machine_key(state, vendor, true, carnet_utc_now(), &key, cli_diag(cli));
    if (err == CARNET_OK)
        err = read_secret(cli, state, vendor, secret, &view->has_digests);
    if (err == CARNET_OK) {
        memset(view->fingerprint, 0, sizeof(*view->fingerprint));
        err = describe(cli, view->machine, vendor, secret, view);
    }
    if (err == CARNET_OK)
        err = renewals_choose(cli, state, view->fingerprint);
    if (err == CARNET_OK)
        err = make_and_write(cli, state, key, view->fingerprint);
    explicit_bzero(secret, sizeof(secret));
    carnet_key_free(key);
    carnet_state_close(state);
    return err;
}

enum carnet_err user_fingerprint(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_machine *machine = calloc(1, sizeof(*machine));
    struct fingerprint_view view = {.machine = machine, .fingerprint = calloc(1, sizeof(*view.fingerprint))};
    struct carnet_digest vendor;
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0};
    bool write = !cli_flag(cli, "preview") && !cli_dry_run(cli);
    enum carnet_err err;

    if (machine == NULL || view.fingerprint == NULL) {
        err = carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to make a fingerprint.");
        goto out;
    }
    err = write ? cli_output_check(cli) : CARNET_OK;
    if (err == CARNET_OK)
        err = user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = user_vendor(cli, carnet_state_anchors(state), true, cli_value_at(cli, "product", 0), &vendor);
    if (err == CARNET_OK)
        err = fingerprint_vendor_pinned(cli, state, &vendor);
    if (err == CARNET_OK)
        err = carnet_machine_read(machine, cli_diag(cli));
    if (err == CARNET_OK)
        err = read_secret(cli, state, &vendor, secret, &view.has_digests);
    if (err == CARNET_OK)
        err = describe(cli, machine, &vendor, secret, &view);
    if (err == CARNET_OK)
        err = renewals_choose(cli, state, view.fingerprint);
    carnet_state_close(state);
    if (err != CARNET_OK)
        goto out;
    fingerprint_show(cli, &view);
    if (write)
        err = write_fingerprint(cli, &view, &vendor);
out:
    explicit_bzero(secret, sizeof(secret));
    free(view.fingerprint);
    free(machine);
    return err;
}

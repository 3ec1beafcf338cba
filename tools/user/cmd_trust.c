/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "common/io.h"
#include "common/pin.h"
#include "core/utc.h"
#include "user.h"

static enum carnet_err add_root(struct cli *cli, const struct carnet_buffer *pem, const char *file)
{
    struct carnet_state *state = NULL;
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    struct carnet_digest id, vendor;
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err = cli_pin_take(cli, file, pem, key, &id);
    if (err == CARNET_OK)
        err = cli_pin_confirm(cli, &id);
    if (err != CARNET_OK)
        return err;
    carnet_digest_hex(&id, hex);
    cli_set(cli, "vendor", json_string(hex));
    if (cli_dry_run(cli)) {
        cli_note(cli, "Would trust the vendor %s.\n", hex);
        return CARNET_OK;
    }
    err = user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = carnet_state_pin(state, key, &vendor, cli_diag(cli));
    if (err == CARNET_OK)
        cli_data(cli, "Trusted: vendor %s\n", hex);
    carnet_state_close(state);
    return err;
}

/* A new machine: no root of this vendor is pinned yet, and the file holds the chain from the first one on. */
static enum carnet_err pin_by_information(struct cli *cli, struct cli_bundle *bundle, const char *file,
                                          struct carnet_state **state)
{
    struct cli_pin_trust pin = {.vendor = {{0}}};
    struct carnet_digest vendor;
    enum carnet_err err = cli_pin_open_trust(cli, file, bundle, &pin);

    if (err == CARNET_OK)
        err = cli_pin_confirm_trust(cli, &pin);
    if (err != CARNET_OK || cli_dry_run(cli))
        return err;
    carnet_state_close(*state);
    *state = NULL;
    err = user_state_open(cli, true, state);
    return err == CARNET_OK ? carnet_state_pin(*state, pin.first, &vendor, cli_diag(cli)) : err;
}

/* Says which version, and what its coming changes. */
static void tell(struct cli *cli, const struct carnet_trust *t, bool same)
{
    char hex[CARNET_HEX_SIZE], version[32];
    carnet_digest_hex(&t->vendor, hex);
    (void)snprintf(version, sizeof version, "%u.%u", t->generation, t->number);
    cli_set(cli, "vendor", json_string(hex));
    cli_set(cli, "version", json_string(version));
    cli_set(cli, "known", json_boolean(same));
    cli_data(cli, "%s trust information %s of the vendor %s\n",
             same               ? "Known already:"
             : cli_dry_run(cli) ? "Would take"
                                : "Taken:",
             version, hex);
    if (!same)
        cli_note(
            cli,
            "%u root key%s; revoked are %u keys and %u grants. The licenses that are not revoked work as before.\n",
            t->generation, t->generation == 1 ? "" : "s", t->lists->key_count, t->lists->grant_count);
}

/* Is it whole, of a vendor of whom nothing is pinned? Otherwise the refusal stands as it is. */
static bool is_unpinned(struct cli *cli, const struct carnet_state *state, struct cli_bundle *bundle, const char *file)
{
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    const struct carnet_diag why = *cli_diag(cli);
    struct cli_pin_trust pin = {.vendor = {{0}}};
    bool unpinned = cli_pin_open_trust(cli, file, bundle, &pin) == CARNET_OK;

    for (size_t i = 0; unpinned && i < anchors->count; i++)
        unpinned = !carnet_digest_equal(&anchors->list[i].vendor, &pin.vendor);
    *cli_diag(cli) = why;
    return unpinned;
}

static enum carnet_err add_information(struct cli *cli, struct cli_bundle *bundle, const char *file)
{
    struct carnet_state *state = NULL;
    bool same = false;
    enum carnet_err err = user_state_open(cli, false, &state);
    if (err != CARNET_OK)
        return err;
    const struct carnet_read_options options = {.anchors = carnet_state_anchors(state),
                                                .expected = CARNET_KIND_BIT(CARNET_KIND_TRUST)};
    err = cli_bundle_open(cli, file, &options, bundle);
    if ((err == CARNET_UNTRUSTED_KEY || err == CARNET_NOT_VOUCHED) && is_unpinned(cli, state, bundle, file)) {
        err = pin_by_information(cli, bundle, file, &state);
        if (err == CARNET_OK && cli_dry_run(cli)) {
            tell(cli, carnet_document_trust(carnet_reading_document(bundle->reading)), false);
            carnet_state_close(state);
            return CARNET_OK;
        }
    }
    /* The state is opened for writing, and read again, only for what will be taken. */
    if (err == CARNET_OK && !cli_dry_run(cli)) {
        carnet_state_close(state);
        state = NULL;
        err = user_state_open(cli, true, &state);
    }
    if (err == CARNET_OK) {
        size_t size = 0;
        const uint8_t *bytes = carnet_reading_bytes(bundle->reading, &size);
        err = carnet_state_trust(state, carnet_reading_judged(bundle->reading), bytes, size, carnet_utc_now(),
                                 !cli_dry_run(cli), &same, cli_diag(cli));
    }
    if (err == CARNET_OK)
        tell(cli, carnet_document_trust(carnet_reading_document(bundle->reading)), same);
    else
        cli_place(cli, file);
    carnet_state_close(state);
    return err;
}

enum carnet_err user_trust_add(struct cli *cli)
{
    const char *file = cli_argument(cli, 0);
    struct cli_bundle bundle = {0};
    enum carnet_err err = cli_bundle_load(cli, file, &bundle);
    if (err == CARNET_OK && cli_pin_is_bundle(&bundle.bytes))
        err = add_information(cli, &bundle, file);
    else if (err == CARNET_OK)
        err = add_root(cli, &bundle.bytes, file);
    cli_bundle_clear(&bundle);
    return err;
}

enum carnet_err user_trust_list(struct cli *cli)
{
    struct carnet_state *state = NULL;
    enum carnet_err err = user_state_open(cli, false, &state);
    if (err != CARNET_OK)
        return err;
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    json_t *vendors = json_array();
    for (size_t i = 0; i < anchors->count; i++) {
        char vendor[CARNET_HEX_SIZE], root[CARNET_HEX_SIZE], grouped[CLI_GROUPED_SIZE];
        carnet_digest_hex(&anchors->list[i].vendor, vendor);
        carnet_digest_hex(&anchors->list[i].root, root);
        cli_id_grouped(&anchors->list[i].vendor, grouped);
        cli_data(cli, "%s\n", grouped);
        if (vendors != NULL)
            (void)json_array_append_new(vendors, json_pack("{s:s,s:s}", "vendor", vendor, "root", root));
    }
    cli_set(cli, "vendors", vendors);
    if (anchors->count == 0)
        cli_note(cli, "No vendor is trusted yet. Add one with 'carnet-user trust add root.pem'.\n");
    carnet_state_close(state);
    return CARNET_OK;
}

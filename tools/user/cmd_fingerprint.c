/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "fingerprint_describe.h"
#include "fingerprint_show.h"
#include "pending.h"
#include "user.h"

/* A product asked for: "ID" or "ID=VERSION"; without one given, those that the vendor's manifests want. */
static enum carnet_err add_product(struct cli *cli, struct carnet_fingerprint_wish *f, const char *id,
                                   const char *version)
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

static enum carnet_err choose_products(struct cli *cli, struct carnet_fingerprint_wish *f)
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
static enum carnet_err omit(struct cli *cli, struct carnet_fingerprint_wish *wish)
{
    for (size_t i = 0; i < cli_values(cli, "omit"); i++) {
        const char *name = cli_value_at(cli, "omit", i);
        enum carnet_fact_name fact;
        if (strcmp(name, "user") == 0) {
            wish->omit_user = true;
        } else if (carnet_fact_find(name, &fact) == CARNET_OK) {
            wish->omit[fact] = true;
        } else {
            carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The value of --omit is not the name of a fact.");
            return carnet_fail_next(cli_diag(cli),
                                    "'carnet-user fingerprint --preview' lists the facts; 'user' can be left out too.");
        }
    }
    if (wish->omit_user && wish->for_user != NULL)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The user can't be both given and left out.");
    return CARNET_OK;
}

static enum carnet_err read_wish(struct cli *cli, const struct carnet_digest *vendor,
                                 struct carnet_fingerprint_wish *wish)
{
    wish->vendor = *vendor;
    wish->label = cli_value(cli, "label");
    wish->for_user = cli_value(cli, "for-user");
    wish->system = cli_flag(cli, "system");
    if (wish->label != NULL && !carnet_text_is_text(wish->label))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The value of --label is not text of 1 to 200 visible characters.");
    enum carnet_err err = omit(cli, wish);
    return err == CARNET_OK ? choose_products(cli, wish) : err;
}

/* From here on the state changes: all that can be refused was refused. A machine without a key gets one now. */
static enum carnet_err write_fingerprint(struct cli *cli, const struct carnet_fingerprint_wish *wish,
                                         struct carnet_fingerprint_view *view)
{
    struct carnet_state *state = NULL;
    struct carnet_key *key = NULL;
    struct carnet_buffer bytes = {0};
    struct carnet_digest id;
    bool again = false;
    enum carnet_err err = user_state_open(cli, true, &state);
    if (err == CARNET_OK)
        err = user_fingerprint_key(cli, state, &wish->vendor, &key);
    if (err == CARNET_OK)
        err = user_fingerprint_show(cli, state, wish, view);
    if (err == CARNET_OK)
        err = carnet_fingerprint_make(state, key, view, cli_flag(cli, "new"), &again, &bytes, &id, cli_diag(cli));
    if (err == CARNET_OK && again)
        cli_note(cli, "This is the fingerprint that was made before; nothing has changed since.\n");
    if (err == CARNET_OK)
        err = user_hand_out(cli, state, &bytes, NULL);
    carnet_buffer_clear(&bytes);
    carnet_key_free(key);
    carnet_state_close(state);
    return err;
}

/* Is it among what --product asks for? Without one, whatever waits is meant. */
static bool is_wanted(const struct cli *cli, const struct carnet_fingerprint *f)
{
    bool found = cli_values(cli, "product") == 0;
    for (size_t i = 0; i < cli_values(cli, "product"); i++)
        for (uint32_t k = 0; k < f->product_count; k++)
            found = found || strcmp(cli_value_at(cli, "product", i), f->products[k].id) == 0;
    return found;
}

/* --again: the newest one that no license has answered, byte for byte. */
static enum carnet_err write_again(struct cli *cli, const struct carnet_state *state,
                                   const struct carnet_digest *vendor)
{
    struct carnet_pending *list = NULL;
    const struct carnet_pending *found = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_pending(state, vendor, carnet_utc_now(), &list, &count, cli_diag(cli));
    for (size_t i = count; err == CARNET_OK && found == NULL && i > 0; i--)
        if (list[i - 1].fingerprint != NULL && is_wanted(cli, list[i - 1].fingerprint))
            found = &list[i - 1];
    if (err == CARNET_OK && found == NULL) {
        err = carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "", "No fingerprint waits for its license here.");
        (void)carnet_fail_next(cli_diag(cli), "Without --again a new one is made.");
    } else if (err == CARNET_OK) {
        err = user_hand_out(cli, state, &found->bytes, NULL);
    }
    carnet_state_pending_free(list, count);
    return err;
}

static enum carnet_err check_again(struct cli *cli)
{
    static const char *const others[] = {"preview", "explain", "renew", "omit", "label", "for-user", "system", "new"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cli_flag(cli, others[i]))
            return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                               "--again writes what was made before; --%s can't change it.", others[i]);
    return CARNET_OK;
}

/* With sudo the license is root's, which is seldom meant. */
static void warn_of_root(struct cli *cli, const struct carnet_fingerprint_view *view)
{
    const char *sudo = getenv("SUDO_USER");
    if (geteuid() == 0 && sudo != NULL && view->user_fate == CARNET_FATE_LEAVES && cli_value(cli, "for-user") == NULL)
        cli_warn(cli, "The license will be fixed to root, who runs this. For the user who works here: --for-user "
                      "LOGIN; for every user: --omit user.");
}

enum carnet_err user_fingerprint(struct cli *cli)
{
    struct carnet_state *state = NULL;
    struct carnet_fingerprint_view *view = malloc(sizeof(*view));
    struct carnet_fingerprint_wish *wish = calloc(1, sizeof(*wish));
    struct carnet_digest vendor;
    const bool preview = cli_flag(cli, "preview"), write = !preview && !cli_dry_run(cli);
    enum carnet_err err = CARNET_OK;

    if (cli_value(cli, "explain") != NULL) {
        err = preview ? carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--preview and --explain can't be used together.")
                      : fingerprint_explain(cli, cli_value(cli, "explain"));
        goto out;
    }
    if (view == NULL || wish == NULL) {
        err = carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory to make a fingerprint.");
        goto out;
    }
    err = cli_flag(cli, "again") ? check_again(cli) : CARNET_OK;
    if (err == CARNET_OK && write)
        err = cli_output_check(cli);
    if (err == CARNET_OK)
        err = user_state_open(cli, false, &state);
    if (err == CARNET_OK)
        err = user_vendor(cli, carnet_state_anchors(state), true, cli_value_at(cli, "product", 0), &vendor);
    if (err == CARNET_OK)
        err = fingerprint_vendor_pinned(cli, state, &vendor);
    if (err == CARNET_OK && cli_flag(cli, "again")) {
        err = write_again(cli, state, &vendor);
        carnet_state_close(state);
        goto out;
    }
    if (err == CARNET_OK)
        err = read_wish(cli, &vendor, wish);
    if (err == CARNET_OK)
        err = write ? user_fingerprint_describe(cli, state, wish, view) : user_fingerprint_show(cli, state, wish, view);
    if (err == CARNET_OK && !preview)
        err = carnet_policy_may_make(&view->policy, cli_diag(cli));
    if (err == CARNET_OK)
        warn_of_root(cli, view);
    carnet_state_close(state);
    if (err == CARNET_OK && write)
        err = write_fingerprint(cli, wish, view);
out:
    free(wish);
    free(view);
    return err;
}

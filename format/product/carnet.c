/* SPDX-License-Identifier: MIT */
/* The handle, and the two questions: is the product licensed, and with which features? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "product/private.h"
#include "state/query.h"

const char *carnet_version(void)
{
    return CARNET_VERSION;
}

/* Copies what was given after looking at it; "" for what was not. */
static enum carnet_err take(const char *value, bool (*is_right)(const char *text), char *out, size_t room,
                            const char *what, struct carnet_diag *diag)
{
    out[0] = '\0';
    if (value == NULL)
        return CARNET_OK;
    if (!is_right(value) || strlen(value) >= room)
        return carnet_fail(diag, CARNET_USAGE, "", "The %s that the product gave is not one.", what);
    memcpy(out, value, strlen(value) + 1);
    return CARNET_OK;
}

static enum carnet_err take_root(const char *pem, struct carnet *c, struct carnet_diag *diag)
{
    struct carnet_digest id;
    if (pem == NULL)
        return CARNET_OK;
    enum carnet_err err = carnet_pem_read((const uint8_t *)pem, strlen(pem), c->root, diag);
    if (err != CARNET_OK)
        return carnet_fail(diag, CARNET_USAGE, "",
                           "The root key that the product gave is not a public key in PEM form.");
    carnet_key_id(c->root, &id);
    if (!carnet_digest_equal(&id, &c->vendor))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "", "The root key that the product gave is not its vendor's.");
    c->has_root = true;
    return CARNET_OK;
}

static enum carnet_err take_all(const struct carnet_setup *setup, struct carnet *c, struct carnet_diag *diag)
{
    if (setup->vendor == NULL || carnet_digest_parse(setup->vendor, &c->vendor) != CARNET_OK)
        return carnet_fail(diag, CARNET_USAGE, "",
                           "The vendor id that the product gave is not one: 64 hexadecimal digits in lower case.");
    if (setup->product == NULL)
        return carnet_fail(diag, CARNET_USAGE, "", "The product gave no product id.");
    enum carnet_err err = take(setup->product, carnet_text_is_id, c->product, sizeof(c->product), "product id", diag);
    if (err == CARNET_OK)
        err = take(setup->version, carnet_text_is_version, c->version, sizeof(c->version), "version", diag);
    if (err == CARNET_OK)
        err = take(setup->edition, carnet_text_is_id, c->edition, sizeof(c->edition), "edition", diag);
    if (err == CARNET_OK)
        err = take_root(setup->root, c, diag);
    if (err == CARNET_OK && setup->state != NULL && (c->state = strdup(setup->state)) == NULL)
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    c->translate = setup->translate;
    c->context = setup->context;
    return err;
}

enum carnet_outcome carnet_open(const struct carnet_setup *setup, struct carnet **out, struct carnet_result *result)
{
    struct carnet_diag diag = {0};
    struct carnet *c = NULL;
    enum carnet_err err = CARNET_OK;
    (void)carnet_result_begin(result);
    if (setup == NULL || out == NULL || setup->size != sizeof(*setup))
        err = carnet_fail(&diag, CARNET_USAGE, "", "The product's call of carnet_open is not what carnet.h asks for.");
    else if ((c = calloc(1, sizeof(*c))) == NULL)
        err = carnet_fail(&diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    else
        err = take_all(setup, c, &diag);
    if (err == CARNET_OK) {
        *out = c;
        return carnet_tell(c, CARNET_OK, NULL, result);
    }
    carnet_close(c);
    return carnet_tell(NULL, err, &diag, result);
}

void carnet_close(struct carnet *carnet)
{
    if (carnet == NULL)
        return;
    free(carnet->state);
    free(carnet);
}

/* Asks, and tells it; with `value` that of the feature. */
static enum carnet_outcome ask(const struct carnet *carnet, const char *feature, char *value, size_t room,
                               struct carnet_result *result)
{
    struct carnet_diag diag = {0};
    struct carnet_query *query = NULL;
    struct carnet_answer *answer = NULL;
    int64_t now = carnet_utc_now();
    const struct carnet_ask question = {
        .vendor = &carnet->vendor,
        .product = carnet->product,
        .feature = feature,
        .edition = carnet->edition[0] == '\0' ? NULL : carnet->edition,
        .version = carnet->version[0] == '\0' ? NULL : carnet->version,
        .brief = result == NULL && value == NULL,
    };
    bool begun = carnet_result_begin(result);
    enum carnet_err err = carnet_query_open(carnet->state, &query, &diag);
    if (err == CARNET_OK && (answer = malloc(sizeof(*answer))) == NULL)
        err = carnet_fail(&diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    if (err == CARNET_OK) {
        err = carnet_query_ask(query, &question, now, answer);
        diag = answer->diag;
        if (err != CARNET_OK && answer->inbox.left > 0)
            (void)carnet_fail_next(&diag, "The file %s in the inbox was not taken: %s", answer->inbox.name,
                                   answer->inbox.diag.detail);
        carnet_result_license(begun ? result : NULL, answer->license, &answer->check, answer->drift, now);
    }
    for (uint32_t i = 0; value != NULL && err == CARNET_OK && i < answer->license->features.count; i++) {
        const struct carnet_feature *held = &answer->license->features.list[i];
        if (strcmp(held->name, feature) != 0)
            continue;
        if (strlen(held->value) >= room)
            err = carnet_fail(&diag, CARNET_USAGE, "", "The product has too little room for the feature's value.");
        else
            memcpy(value, held->value, strlen(held->value) + 1);
    }
    free(answer);
    carnet_query_free(query);
    return carnet_tell(carnet, err, &diag, result);
}

enum carnet_outcome carnet_check(const struct carnet *carnet, const char *feature, struct carnet_result *result)
{
    if (carnet == NULL || (result != NULL && !carnet_result_is_known(result)))
        return CARNET_OUTCOME_USAGE;
    return ask(carnet, feature, NULL, 0, result);
}

enum carnet_outcome carnet_feature(const struct carnet *carnet, const char *feature, char *value, size_t room)
{
    if (carnet == NULL || feature == NULL || value == NULL || room == 0)
        return CARNET_OUTCOME_USAGE;
    return ask(carnet, feature, value, room, NULL);
}

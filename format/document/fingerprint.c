/* SPDX-License-Identifier: MIT */
/* A fingerprint, read and composed (spec/format.md, section 9.2). */
#include <string.h>

#include "document/parts.h"
#include "document/xml_parts.h"

void carnet_fingerprint_read(struct carnet_fields *f, const struct carnet_xml_node *root,
                             struct carnet_fingerprint *out)
{
    const struct carnet_xml_node *request = carnet_xml_child(root, "request"),
                                 *environment = carnet_xml_child(root, "environment"),
                                 *renews = carnet_xml_child(root, "renews"), *n;
    carnet_part_vendor(f, root, &out->vendor);
    out->renew = carnet_field_is(request, "purpose", "renew");
    carnet_part_sequence(f, request, &out->sequence);
    carnet_field_hex(f, request, "nonce", out->nonce, sizeof(out->nonce));
    carnet_field_optional(f, request, "label", out->label, sizeof(out->label));
    carnet_field_text(f, environment, "virtual", out->virtual_system, sizeof(out->virtual_system));
    carnet_field_text(f, environment, "container", out->container_system, sizeof(out->container_system));
    carnet_part_user(f, root, &out->has_user, &out->user);
    n = carnet_xml_child(carnet_xml_child(root, "products"), "product");
    for (; n != NULL && out->product_count < CARNET_PRODUCTS_MOST; n = carnet_xml_next(n)) {
        struct carnet_product_request *product = &out->products[out->product_count++];
        carnet_field_text(f, n, "id", product->id, sizeof(product->id));
        carnet_field_optional(f, n, "version", product->version, sizeof(product->version));
    }
    n = carnet_xml_child(renews, "grant");
    for (; n != NULL && out->renew_count < CARNET_RENEWS_MOST; n = carnet_xml_next(n)) {
        struct carnet_grant_name *grant = &out->renews[out->renew_count++];
        carnet_field_text(f, n, "license", grant->license, sizeof(grant->license));
        carnet_field_digest(f, n, "fingerprint", &grant->fingerprint);
    }
    carnet_part_facts(f, root, &out->facts);
    carnet_part_journal(f, root, &out->journal);
    if (out->renew && renews == NULL)
        carnet_field_refuse(f, request, "F-1", "The fingerprint asks for renewal but does not say of which grants.");
    if (!out->renew && renews != NULL)
        carnet_field_refuse(f, renews, "F-1", "The fingerprint asks for a new grant but names grants to renew.");
}

bool carnet_fingerprint_asks_for(const struct carnet_fingerprint *f, const char *product)
{
    for (uint32_t i = 0; i < f->product_count; i++)
        if (strcmp(f->products[i].id, product) == 0)
            return true;
    return false;
}

/* X-11 for what a fingerprint alone has. */
static bool repeats(const struct carnet_fingerprint *f)
{
    for (uint32_t i = 1; i < f->product_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(f->products[i].id, f->products[j].id) == 0)
                return true;
    for (uint32_t i = 1; i < f->renew_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(f->renews[i].license, f->renews[j].license) == 0 &&
                carnet_digest_equal(&f->renews[i].fingerprint, &f->renews[j].fingerprint))
                return true;
    return false;
}

enum carnet_err carnet_fingerprint_compose(const struct carnet_fingerprint *f, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    carnet_xml_require(&w, f->renew == (f->renew_count > 0) && f->product_count <= CARNET_PRODUCTS_MOST &&
                               f->renew_count <= CARNET_RENEWS_MOST && !repeats(f));
    carnet_xml_begin(&w, "fingerprint");
    carnet_xml_vendor(&w, &f->vendor);
    carnet_xml_open(&w, "request");
    carnet_xml_put(&w, "purpose", f->renew ? "renew" : "new");
    carnet_xml_sequence(&w, &f->sequence);
    carnet_xml_put_hex(&w, "nonce", f->nonce, sizeof(f->nonce));
    carnet_xml_put_optional_text(&w, "label", f->label);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "environment");
    carnet_xml_put_system(&w, "virtual", f->virtual_system);
    carnet_xml_put_system(&w, "container", f->container_system);
    carnet_xml_close(&w);
    carnet_xml_user(&w, f->has_user, &f->user);
    carnet_xml_open(&w, "products");
    for (uint32_t i = 0; w.err == CARNET_OK && i < f->product_count; i++) {
        carnet_xml_open(&w, "product");
        carnet_xml_put_id(&w, "id", f->products[i].id);
        carnet_xml_put_optional_version(&w, "version", f->products[i].version);
        carnet_xml_close(&w);
    }
    carnet_xml_close(&w);
    if (f->renew) {
        carnet_xml_open(&w, "renews");
        for (uint32_t i = 0; w.err == CARNET_OK && i < f->renew_count; i++) {
            carnet_xml_open(&w, "grant");
            carnet_xml_put_id(&w, "license", f->renews[i].license);
            carnet_xml_put_digest(&w, "fingerprint", &f->renews[i].fingerprint);
            carnet_xml_close(&w);
        }
        carnet_xml_close(&w);
    }
    carnet_xml_facts(&w, &f->facts);
    carnet_xml_journal(&w, &f->journal);
    return carnet_xml_finish(&w, out);
}

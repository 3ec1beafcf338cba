/* SPDX-License-Identifier: MIT */
/*
 * Product manifests: /etc/carnet/products.d/NAME.conf, one a product, put there by the product's installer. Lines "key
 * = value"; # begins a comment. Keys: product (id, required), vendor (64 hex digits, required), name (text), version
 * (version), license-wanted (yes or no: sync makes fingerprints for it; default yes). Unknown keys, repeated keys and
 * bad values are CARNET_CONFIGURATION with file and line.
 */
#ifndef CARNET_MACHINE_PRODUCT_H
#define CARNET_MACHINE_PRODUCT_H

#include <stdbool.h>

#include "core/digest.h"
#include "core/text.h"

#define CARNET_PRODUCTS_FOLDER "/etc/carnet/products.d"
#define CARNET_MANIFESTS_MOST 256u

struct carnet_product {
    char id[CARNET_ID_TEXT_SIZE];
    struct carnet_digest vendor;
    char name[CARNET_TEXT_SIZE];
    char version[CARNET_VERSION_SIZE];
    bool wanted;
};

/* Reads all manifests, in the order of their file names, below carnet_machine_root(). *out is an array of *count, freed
 * with free(); NULL and 0 where the folder is absent. Two manifests for one product of one vendor are
 * CARNET_CONFIGURATION. */
CARNET_MUST_USE enum carnet_err carnet_products_read(struct carnet_product **out, size_t *count,
                                                     struct carnet_diag *diag);

#endif

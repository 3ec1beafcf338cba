/* SPDX-License-Identifier: MIT */
#include "machine/product.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/settings.h"
#include "machine/source.h"

#define ENDING ".conf"
#define FILE_NAME_SIZE 256

/* The names of the manifests. */
struct manifests {
    char (*names)[FILE_NAME_SIZE];
    size_t count;
    bool too_many, no_memory;
};

enum key { KEY_PRODUCT, KEY_VENDOR, KEY_NAME, KEY_VERSION, KEY_WANTED, KEY_COUNT };
static const char *const keys[KEY_COUNT] = {"product", "vendor", "name", "version", "license-wanted"};

/* One manifest being read. */
struct manifest {
    const char *path;
    struct carnet_product product;
    bool seen[KEY_COUNT];
};

static bool take_name(void *context, const char *folder, const char *name)
{
    (void)folder;
    struct manifests *manifests = context;
    size_t length = strlen(name), ending = strlen(ENDING);
    if (length <= ending || length >= FILE_NAME_SIZE || strcmp(name + length - ending, ENDING) != 0)
        return true;
    if (manifests->count == CARNET_MANIFESTS_MOST) {
        manifests->too_many = true;
        return false;
    }
    void *grown = realloc(manifests->names, (manifests->count + 1) * sizeof *manifests->names);
    if (grown == NULL) {
        manifests->no_memory = true;
        return false;
    }
    manifests->names = grown;
    memcpy(manifests->names[manifests->count++], name, length + 1);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum carnet_err refuse(struct carnet_diag *diag, const struct manifest *manifest, unsigned long line,
                              const char *key, const char *value, const char *what)
{
    char shown[96];
    return carnet_fail(diag, CARNET_CONFIGURATION, "", "%s, line %lu: '%s' for '%s' is not %s.", manifest->path, line,
                       carnet_text_escape(value, strlen(value), shown, sizeof shown), key, what);
}

static enum carnet_err take_setting(void *context, unsigned long line, const char *key, const char *value,
                                    struct carnet_diag *diag)
{
    struct manifest *manifest = context;
    struct carnet_product *product = &manifest->product;
    unsigned which = 0;
    while (which < KEY_COUNT && strcmp(keys[which], key) != 0)
        which++;
    if (which == KEY_COUNT) {
        char shown[96];
        return carnet_fail(diag, CARNET_CONFIGURATION, "",
                           "%s, line %lu: '%s' is not a key of a product manifest; these are: product, vendor, name, "
                           "version, license-wanted.",
                           manifest->path, line, carnet_text_escape(key, strlen(key), shown, sizeof shown));
    }
    if (manifest->seen[which])
        return carnet_fail(diag, CARNET_CONFIGURATION, "", "%s, line %lu: '%s' is there twice.", manifest->path, line,
                           keys[which]);
    manifest->seen[which] = true;
    switch ((enum key)which) {
    case KEY_PRODUCT:
        if (!carnet_text_is_id(value))
            return refuse(diag, manifest, line, key, value, "a product id (1 to 64 of A-Z a-z 0-9 . _ -)");
        memcpy(product->id, value, strlen(value) + 1);
        break;
    case KEY_VENDOR:
        if (carnet_digest_parse(value, &product->vendor) != CARNET_OK)
            return refuse(diag, manifest, line, key, value, "a vendor id (64 digits 0-9 a-f)");
        break;
    case KEY_NAME:
        if (!carnet_text_is_text(value))
            return refuse(diag, manifest, line, key, value, "a name of 1 to 200 visible characters");
        memcpy(product->name, value, strlen(value) + 1);
        break;
    case KEY_VERSION:
        if (!carnet_text_is_version(value))
            return refuse(diag, manifest, line, key, value, "a version (1 to 4 numbers joined by dots)");
        memcpy(product->version, value, strlen(value) + 1);
        break;
    case KEY_WANTED:
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return refuse(diag, manifest, line, key, value, "yes or no");
        product->wanted = strcmp(value, "yes") == 0;
        break;
    case KEY_COUNT:
        return CARNET_BUG;
    }
    return CARNET_OK;
}

static enum carnet_err read_manifest(const char *path, struct carnet_product *out, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_BUG;
    struct manifest manifest = {.path = path, .product.wanted = true};
    size_t size = 0;
    const size_t room = CARNET_SETTINGS_MOST + 1; /* one more, so that a larger file is seen to be larger */
    uint8_t *text = malloc(room);
    if (text == NULL) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read %s.", path);
        goto out;
    }
    enum carnet_fact_presence presence = carnet_source_read(path, text, room, &size);
    if (presence == CARNET_FACT_UNREADABLE) {
        err = carnet_fail(diag, CARNET_PERMISSION, "", "The product manifest %s can't be read.", path);
        goto out;
    }
    if (presence == CARNET_FACT_MISSING) {
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "%s is not a file that can be read.", path);
        goto out;
    }
    struct carnet_diag inner = {0};
    err = carnet_settings_parse(text, size, take_setting, &manifest, &inner);
    if (err != CARNET_OK) {
        /* The parser knows lines, not files. */
        if (strncmp(inner.detail, path, strlen(path)) != 0)
            err = carnet_fail(diag, err, "", "%s: %s", path, inner.detail);
        else if (diag != NULL)
            *diag = inner;
        if (diag != NULL)
            diag->line = inner.line;
        goto out;
    }
    if (!manifest.seen[KEY_PRODUCT] || !manifest.seen[KEY_VENDOR]) {
        err = carnet_fail(diag, CARNET_CONFIGURATION, "", "%s has no line '%s = ...'.", path,
                          keys[manifest.seen[KEY_PRODUCT] ? KEY_VENDOR : KEY_PRODUCT]);
        goto out;
    }
    *out = manifest.product;
out:
    free(text);
    return err;
}

enum carnet_err carnet_products_read(struct carnet_product **out, size_t *count, struct carnet_diag *diag)
{
    enum carnet_err err = CARNET_BUG;
    struct manifests manifests = {0};
    struct carnet_product *products = NULL;

    enum carnet_fact_presence presence = carnet_source_each(CARNET_PRODUCTS_FOLDER, take_name, &manifests);
    if (presence == CARNET_FACT_UNREADABLE) {
        err = carnet_fail(diag, CARNET_PERMISSION, "", "The folder " CARNET_PRODUCTS_FOLDER " can't be read.");
        goto out;
    }
    if (manifests.too_many) {
        err = carnet_fail(diag, CARNET_CONFIGURATION, "",
                          CARNET_PRODUCTS_FOLDER " holds more than %u product manifests.", CARNET_MANIFESTS_MOST);
        goto out;
    }
    if (manifests.count > 0)
        products = calloc(manifests.count, sizeof *products);
    if (manifests.no_memory || (manifests.count > 0 && products == NULL)) {
        err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the product manifests.");
        goto out;
    }
    if (manifests.count > 0)
        qsort(manifests.names, manifests.count, sizeof *manifests.names, compare_names);
    for (size_t i = 0; i < manifests.count; i++) {
        char path[CARNET_SOURCE_PATH_SIZE];
        if (!carnet_source_join(path, CARNET_PRODUCTS_FOLDER, manifests.names[i]))
            goto out;
        err = read_manifest(path, &products[i], diag);
        if (err != CARNET_OK)
            goto out;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(products[j].id, products[i].id) == 0 &&
                carnet_digest_equal(&products[j].vendor, &products[i].vendor)) {
                err = carnet_fail(diag, CARNET_CONFIGURATION, "",
                                  "%s is a second manifest for the product '%s' of that vendor; the first is %s.", path,
                                  products[i].id, manifests.names[j]);
                goto out;
            }
        }
    }
    *out = products;
    *count = manifests.count;
    products = NULL;
    err = CARNET_OK;
out:
    free(products);
    free(manifests.names);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* The manifest of a product, below a root of its own (CARNET_SYSROOT, which run.sh sets). */
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"
#include "machine/product.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[4096];
    struct carnet_product *products = NULL;
    size_t count = 0;
    struct carnet_diag diag = {.detail = ""};
    const char *root = getenv("CARNET_SYSROOT");
    enum carnet_err err;
    int fd;

    hold(root != NULL, "CARNET_SYSROOT is not set");
    (void)snprintf(path, sizeof path, "%s/etc/carnet/products.d/x.conf", root);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    hold(fd >= 0 && write(fd, data, size) == (ssize_t)size, "the manifest can't be written");
    (void)close(fd);
    err = carnet_products_read(&products, &count, &diag);
    hold_refused(err, &diag);
    hold(err != CARNET_OK || count <= 1, "one file gave several products");
    free(products);
    return 0;
}

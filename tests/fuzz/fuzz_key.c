/* SPDX-License-Identifier: MIT */
/* The PEM of a key (written again, it is the same), the gate, and a signature by that key: never an abort. */
#include "bundle/signature.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t pem_size = size < CARNET_PEM_SIZE ? size : CARNET_PEM_SIZE;
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    char again[CARNET_PEM_SIZE + 1];
    struct carnet_diag diag = {.detail = ""};
    enum carnet_err err = carnet_pem_read(data, pem_size, key, &diag);

    hold_refused(err, &diag);
    if (!err) {
        carnet_pem_write(key, again);
        hold(memcmp(again, data, pem_size) == 0, "written again, the PEM is another");
    } else if (size >= sizeof key) {
        memcpy(key, data, sizeof key); /* any bytes for the gate */
    } else {
        return 0;
    }
    diag = (struct carnet_diag){.detail = ""};
    err = carnet_key_gate(key, &diag);
    hold_refused(err, &diag);
    err = carnet_verify(key, false, data + (size - pem_size), pem_size < 64 ? pem_size : 64, data, size, &diag);
    hold_refused(err, &diag);
    hold(err != CARNET_OK, "a signature that nobody made holds");
    return 0;
}

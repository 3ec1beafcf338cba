/* SPDX-License-Identifier: MIT */
/* "trust add", the part that user and administrator share: a root key becomes trusted by a person's word. */
#ifndef CARNET_TOOLS_PIN_H
#define CARNET_TOOLS_PIN_H

#include "bundle/signature.h"
#include "common/cli.h"

/* Reads a PEM root key from FILE ("-" for standard input) and holds it through the key gate. Outputs change only on
 * CARNET_OK. */
CARNET_MUST_USE enum carnet_err cli_pin_read(struct cli *cli, const char *file,
                                             uint8_t public_key[CARNET_PUBLIC_KEY_SIZE], struct carnet_digest *id);
/* The same of bytes that were read already. */
CARNET_MUST_USE enum carnet_err cli_pin_take(struct cli *cli, const char *file, const struct carnet_buffer *bytes,
                                             uint8_t public_key[CARNET_PUBLIC_KEY_SIZE], struct carnet_digest *id);
/* Do the bytes look like a bundle, or its text form? */
bool cli_pin_is_bundle(const struct carnet_buffer *bytes);
/* Bytes that are a private key where a public one is asked for: `err`, with advice to keep it to oneself; else
 * CARNET_OK. */
CARNET_MUST_USE enum carnet_err cli_pin_refuse_private(struct cli *cli, const uint8_t *bytes, size_t size,
                                                       enum carnet_err err);
/* Has the key's id confirmed: by --id KEYID, by a yes on the terminal after showing it in groups, or by -y, which
 * warns. */
CARNET_MUST_USE enum carnet_err cli_pin_confirm(struct cli *cli, const struct carnet_digest *id);
/* The option --id, for the table. */
#define CLI_PIN_OPTION \
    { \
        "id", 0, "KEYID", false, "the key's id as the vendor told it to you: no question is asked" \
    }

#endif

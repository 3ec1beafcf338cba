/* SPDX-License-Identifier: MIT */
/* "trust add", the part that user and administrator share: a root key becomes trusted by a person's word. */
#ifndef CARNET_TOOLS_PIN_H
#define CARNET_TOOLS_PIN_H

#include "bundle/signature.h"
#include "common/cli.h"
#include "common/io.h"

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
/*
 * Pinning by trust information alone: whose it is, that its chain of roots holds from the vendor's first one on, and
 * which root is the present one. `bundle` was loaded (cli_bundle_load), and is opened here. The refusals of format.md.
 */
struct cli_pin_trust {
    struct carnet_digest vendor, root;
    uint8_t first[CARNET_PUBLIC_KEY_SIZE]; /* the vendor's first root, whose id is the vendor id */
};
CARNET_MUST_USE enum carnet_err cli_pin_open_trust(struct cli *cli, const char *file, struct cli_bundle *bundle,
                                                   struct cli_pin_trust *out);
/* Has vendor id and present root confirmed, both: by --id and --root, by a yes, or by -y, which warns. */
CARNET_MUST_USE enum carnet_err cli_pin_confirm_trust(struct cli *cli, const struct cli_pin_trust *pin);
/* The options --id and --root, for the table. */
#define CLI_PIN_OPTION \
    { \
        "id", 0, "KEYID", false, "the key's id as the vendor told it to you: no question is asked" \
    }
#define CLI_PIN_ROOT_OPTION \
    { \
        "root", 0, "KEYID", false, "of trust information: the id of the present root, while --id gives the vendor id" \
    }

#endif

/* SPDX-License-Identifier: MIT */
#include "common/pin.h"

#include <string.h>

#include "bundle/armour.h"
#include "common/io.h"

#define PEM_FILE_MOST ((size_t)64 * 1024)

/* The id as people give it: groups and upper case are taken, other characters are not. */
static enum carnet_err parse_given(struct cli *cli, const char *given, struct carnet_digest *out)
{
    char hex[CARNET_HEX_SIZE];
    size_t used = 0;
    for (const char *c = given; *c != '\0'; c++) {
        if (*c == ' ' || *c == ':' || *c == '-')
            continue;
        if (used == CARNET_HEX_SIZE - 1) {
            used = 0;
            break;
        }
        hex[used++] = (char)(*c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c);
    }
    hex[used] = '\0';
    if (carnet_digest_parse(hex, out) != CARNET_OK)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "The value of --id is not a key id: 64 hexadecimal digits.");
    return CARNET_OK;
}

enum carnet_err cli_pin_confirm(struct cli *cli, const struct carnet_digest *id)
{
    char grouped[CLI_GROUPED_SIZE];
    cli_id_grouped(id, grouped);
    const char *given = cli_value(cli, "id");
    if (given != NULL) {
        struct carnet_digest expected;
        enum carnet_err err = parse_given(cli, given, &expected);
        if (err != CARNET_OK || carnet_digest_equal(&expected, id))
            return err;
        carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-1", "The key in the file is %s, not the one you gave.",
                    grouped);
        return carnet_fail_next(
            cli_diag(cli), "Do not use this file; get the key again, and its id from the vendor over another channel.");
    }
    if (cli_flag(cli, "yes")) {
        cli_warn(cli, "The key %s is trusted on your word alone; compare it with the vendor over another channel.",
                 grouped);
        return CARNET_OK;
    }
    cli_note(cli, "The key in the file is\n\n    %s\n", grouped);
    return cli_confirm(
        cli, "All licenses of this vendor will be believed on the word of this key. Compare the id above with the "
             "one that the vendor gave you over another channel (telephone, paper, a person).");
}

enum carnet_err cli_pin_refuse_private(struct cli *cli, const uint8_t *bytes, size_t size, enum carnet_err err)
{
    static const char own[] = "urn:carnet:key:", pem[] = "PRIVATE KEY-----";
    if (size == 0 ||
        (memmem(bytes, size, own, sizeof own - 1) == NULL && memmem(bytes, size, pem, sizeof pem - 1) == NULL))
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), err, "", "This is a private key, and a public one is asked for.");
    (void)carnet_fail_next(cli_diag(cli),
                           "Never hand this file on: whoever has it can sign in its owner's name. Use the "
                           "PEM of 'carnet-admin key export root' (or issuer).");
    return err;
}

enum carnet_err cli_pin_read(struct cli *cli, const char *file, uint8_t public_key[CARNET_PUBLIC_KEY_SIZE],
                             struct carnet_digest *id)
{
    struct carnet_buffer bytes = {0};
    enum carnet_err err = cli_file_read(cli, file, PEM_FILE_MOST, &bytes);
    if (err == CARNET_OK)
        err = cli_pin_take(cli, file, &bytes, public_key, id);
    cli_place(cli, err != CARNET_OK ? file : NULL);
    carnet_buffer_clear(&bytes);
    return err;
}

bool cli_pin_is_bundle(const struct carnet_buffer *bytes)
{
    return bytes->size > 0 && (carnet_armour_is_bundle(bytes->bytes, bytes->size) ||
                               memmem(bytes->bytes, bytes->size, "-----BEGIN CARNET ", 18) != NULL);
}

enum carnet_err cli_pin_take(struct cli *cli, const char *file, const struct carnet_buffer *bytes,
                             uint8_t public_key[CARNET_PUBLIC_KEY_SIZE], struct carnet_digest *id)
{
    uint8_t key[CARNET_PUBLIC_KEY_SIZE];
    enum carnet_err err = carnet_crypto_start(cli_diag(cli));
    if (err == CARNET_OK && cli_pin_is_bundle(bytes)) {
        carnet_fail(cli_diag(cli), CARNET_WRONG_KIND, "T-1", "This is a carnet bundle, not a root key.");
        err = carnet_fail_next(cli_diag(cli), "Give the vendor's root key, a file such as root.pem.");
    }
    if (err == CARNET_OK)
        err = cli_pin_refuse_private(cli, bytes->bytes, bytes->size, CARNET_WRONG_KIND);
    if (err == CARNET_OK)
        err = carnet_pem_read(bytes->bytes, bytes->size, key, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_key_gate(key, cli_diag(cli));
    if (err == CARNET_OK) {
        memcpy(public_key, key, sizeof(key));
        carnet_key_id(key, id);
    }
    cli_place(cli, err != CARNET_OK ? file : NULL);
    return err;
}

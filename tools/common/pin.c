/* SPDX-License-Identifier: MIT */
#include "common/pin.h"

#include <string.h>

#include "bundle/armour.h"
#include "common/io.h"

#define PEM_FILE_MOST ((size_t)64 * 1024)

/* The id as people give it: groups and upper case are taken, other characters are not. */
static enum carnet_err parse_given(struct cli *cli, const char *option, const char *given, struct carnet_digest *out)
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
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "The value of --%s is not a key id: 64 hexadecimal digits.",
                           option);
    return CARNET_OK;
}

enum carnet_err cli_pin_confirm(struct cli *cli, const struct carnet_digest *id)
{
    char grouped[CLI_GROUPED_SIZE];
    cli_id_grouped(id, grouped);
    const char *given = cli_value(cli, "id");
    if (given != NULL) {
        struct carnet_digest expected;
        enum carnet_err err = parse_given(cli, "id", given, &expected);
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

/* ---- by trust information alone ---- */

static enum carnet_err open_with(struct cli *cli, struct cli_bundle *bundle, const struct carnet_anchors *anchors)
{
    const struct carnet_read_options options = {.anchors = anchors, .expected = CARNET_KIND_BIT(CARNET_KIND_TRUST)};

    carnet_reading_free(bundle->reading);
    bundle->reading = NULL;
    return carnet_reading_open(bundle->bytes.bytes, bundle->bytes.size, &options, &bundle->reading, cli_diag(cli));
}

/* The chain holds from one of the signers in it on, or from none: nobody signs for another. */
static enum carnet_err try_first(struct cli *cli, struct cli_bundle *bundle, const struct carnet_digest *first)
{
    const struct carnet_anchor anchor = {.vendor = *first, .root = *first};
    const struct carnet_anchors anchors = {.list = &anchor, .count = 1};

    return open_with(cli, bundle, &anchors);
}

static enum carnet_err try_link(struct cli *cli, struct cli_bundle *bundle, const struct carnet_entry *entry,
                                uint8_t key[CARNET_PUBLIC_KEY_SIZE])
{
    const struct carnet_read_options options = {.expected = CARNET_KIND_BIT(CARNET_KIND_TRUST)};
    struct carnet_reading *link = NULL;
    enum carnet_err err = carnet_reading_open(entry->bytes, entry->size, &options, &link, NULL);
    const struct carnet_signed *s = link ? carnet_reading_signed(link) : NULL;

    if (err == CARNET_UNTRUSTED_KEY && s) {
        memcpy(key, carnet_signed_public_key(s), CARNET_PUBLIC_KEY_SIZE);
        const struct carnet_digest first = *carnet_signed_signer(s);
        carnet_reading_free(link);
        return try_first(cli, bundle, &first);
    }
    carnet_reading_free(link);
    return err ? err : CARNET_UNTRUSTED_KEY;
}

static enum carnet_err settle_pin(struct cli *cli, const struct cli_bundle *bundle, struct cli_pin_trust *out)
{
    const struct carnet_trust *t = carnet_document_trust(carnet_reading_document(bundle->reading));

    if (t->is_link) {
        (void)carnet_fail(cli_diag(cli), CARNET_NOT_VOUCHED, "U-7",
                          "This is a link alone, and says nothing of what holds "
                          "now.");
        return carnet_fail_next(cli_diag(cli), "Get the vendor's newest trust file: it holds all links.");
    }
    out->vendor = t->vendor;
    out->root = t->roots[t->generation - 1];
    return CARNET_OK;
}

enum carnet_err cli_pin_open_trust(struct cli *cli, const char *file, struct cli_bundle *bundle,
                                   struct cli_pin_trust *out)
{
    struct carnet_reading *outer = NULL;
    const struct carnet_signed *s;
    const struct carnet_unpacked *u;
    size_t count;
    enum carnet_err err = open_with(cli, bundle, NULL);

    /* Without any anchor it is refused for that, and only then has it come so far as to be looked into. */
    if (err != CARNET_UNTRUSTED_KEY || !bundle->reading) {
        cli_place(cli, file);
        return err;
    }
    outer = carnet_reading_hold(bundle->reading);
    u = carnet_reading_unpacked(outer);
    s = carnet_reading_signed(outer);
    count = carnet_unpacked_count(u);
    if (count == CARNET_ENTRY_EMBEDDED) {
        const struct carnet_digest first = *carnet_signed_signer(s);
        memcpy(out->first, carnet_signed_public_key(s), CARNET_PUBLIC_KEY_SIZE);
        err = try_first(cli, bundle, &first);
    }
    for (size_t i = CARNET_ENTRY_EMBEDDED; err && err != CARNET_NO_MEMORY && i < count; i++)
        err = try_link(cli, bundle, carnet_unpacked_entry(u, i), out->first);
    carnet_reading_free(outer);
    if (!err)
        err = settle_pin(cli, bundle, out);
    cli_place(cli, err ? file : NULL);
    return err;
}

static enum carnet_err refuse_given(struct cli *cli, const char *what, const char *grouped)
{
    (void)carnet_fail(cli_diag(cli), CARNET_UNTRUSTED_KEY, "T-1", "The %s in the file is %s, not the one you gave.",
                      what, grouped);
    return carnet_fail_next(cli_diag(cli),
                            "Do not use this file; get it again, and both ids from the vendor over another channel.");
}

enum carnet_err cli_pin_confirm_trust(struct cli *cli, const struct cli_pin_trust *pin)
{
    const char *id = cli_value(cli, "id"), *root = cli_value(cli, "root");
    char vendor[CLI_GROUPED_SIZE], present[CLI_GROUPED_SIZE];
    struct carnet_digest expected;
    enum carnet_err err = CARNET_OK;

    cli_id_grouped(&pin->vendor, vendor);
    cli_id_grouped(&pin->root, present);
    if (!id != !root)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "Of trust information both are confirmed: the vendor id with --id, the present root with "
                           "--root.");
    if (id) {
        err = parse_given(cli, "id", id, &expected);
        if (!err && !carnet_digest_equal(&expected, &pin->vendor))
            err = refuse_given(cli, "vendor id", vendor);
        if (!err)
            err = parse_given(cli, "root", root, &expected);
        if (!err && !carnet_digest_equal(&expected, &pin->root))
            err = refuse_given(cli, "present root", present);
        return err;
    }
    if (cli_flag(cli, "yes")) {
        cli_warn(cli,
                 "The vendor %s with the root %s is trusted on your word alone; compare both with the vendor over "
                 "another channel.",
                 vendor, present);
        return CARNET_OK;
    }
    cli_note(cli, "The vendor id is\n\n    %s\n\nand the id of the present root\n\n    %s\n", vendor, present);
    return cli_confirm(cli, "All licenses of this vendor will be believed on the word of these keys. Compare both ids "
                            "with those that the vendor gave you over another channel (telephone, paper, a person).");
}

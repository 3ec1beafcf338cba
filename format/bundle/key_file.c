/* SPDX-License-Identifier: MIT */
#include "bundle/key_file.h"

#include <string.h>

#include "core/text.h"
#include "core/utc.h"

#define PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ROOT "<key xmlns=\"urn:carnet:key:"
#define VERSION "1"
#define CIPHER "AES-256-GCM-SIV"
#define VALUE_SIZE CARNET_KEY_URI_SIZE /* the longest value, and NUL */

bool carnet_key_uri_is_one(const char *uri)
{
    static const char scheme[] = "pkcs11:";
    static const char others[] = "-._~:[]@!$()*+,=;%/";

    if (strncmp(uri, scheme, sizeof scheme - 1) != 0 || uri[sizeof scheme - 1] == '\0' ||
        strlen(uri) >= CARNET_KEY_URI_SIZE)
        return false;
    for (const char *c = uri; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(others, *c) != NULL))
            return false;
    return true;
}

/* ---- writing ---- */

enum carnet_err carnet_key_file_header(const struct carnet_key_file *file, struct carnet_buffer *out)
{
    const struct carnet_key_info *info = &file->info;
    struct carnet_buffer text = {0};
    char id[CARNET_HEX_SIZE], public_key[2 * CARNET_PUBLIC_KEY_SIZE + 1], created[CARNET_UTC_SIZE];
    char salt[2 * CARNET_KEY_SALT_SIZE + 1], nonce[2 * CARNET_KEY_NONCE_SIZE + 1];
    enum carnet_err err;

    carnet_digest_hex(&info->id, id);
    carnet_hex(info->public_key, sizeof info->public_key, public_key);
    carnet_utc_format(info->created, created);
    carnet_hex(file->salt, sizeof file->salt, salt);
    carnet_hex(file->nonce, sizeof file->nonce, nonce);
    err = carnet_buffer_printf(&text,
                               PROLOG ROOT VERSION "\"\n"
                                                   "    role=\"%s\"\n"
                                                   "    id=\"%s\"\n"
                                                   "    public=\"%s\"\n"
                                                   "    created=\"%s\">\n",
                               carnet_role_name(info->role), id, public_key, created);
    if (err == CARNET_OK && info->passphrase)
        err = carnet_buffer_printf(&text,
                                   "  <argon2id\n"
                                   "      passes=\"%u\"\n"
                                   "      memory-kib=\"%u\"\n"
                                   "      lanes=\"1\"\n"
                                   "      salt=\"%s\"/>\n",
                                   (unsigned)file->passes, (unsigned)file->memory, salt);
    else if (err == CARNET_OK && info->token)
        err = carnet_buffer_printf(&text,
                                   "  <token\n"
                                   "      uri=\"%s\"/>\n",
                                   file->uri);
    else if (err == CARNET_OK)
        err = carnet_buffer_text(&text, "  <keyfile/>\n");
    if (err == CARNET_OK && !info->token)
        err = carnet_buffer_printf(&text,
                                   "  <sealed\n"
                                   "      cipher=\"" CIPHER "\"\n"
                                   "      nonce=\"%s\"/>\n"
                                   "  ",
                                   nonce);
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, text.bytes, text.size);
    carnet_buffer_clear(&text);
    return err;
}

enum carnet_err carnet_key_file_write(const struct carnet_key_file *file, struct carnet_buffer *out)
{
    struct carnet_buffer text = {0};
    char ciphertext[2 * sizeof file->ciphertext + 1], tag[2 * CARNET_KEY_TAG_SIZE + 1];
    enum carnet_err err = carnet_key_file_header(file, &text);

    carnet_hex(file->ciphertext, sizeof file->ciphertext, ciphertext);
    carnet_hex(file->tag, sizeof file->tag, tag);
    if (err == CARNET_OK && !file->info.token)
        err = carnet_buffer_printf(&text,
                                   "<secret\n"
                                   "      ciphertext=\"%s\"\n"
                                   "      tag=\"%s\"/>\n",
                                   ciphertext, tag);
    if (err == CARNET_OK)
        err = carnet_buffer_text(&text, "</key>\n");
    if (err == CARNET_OK)
        err = carnet_buffer_append(out, text.bytes, text.size);
    carnet_buffer_clear(&text);
    return err;
}

/* ---- reading ---- */

/* A walk through the one form. After the first thing that does not fit, nothing is taken any more. */
struct scan {
    const char *text;
    size_t left;
    unsigned long line;
    bool failed;
};

/* Takes exactly these characters when they are there. */
static bool take(struct scan *s, const char *literal)
{
    size_t length = strlen(literal);

    if (s->failed || s->left < length || memcmp(s->text, literal, length) != 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if (literal[i] == '\n')
            s->line++;
    s->text += length;
    s->left -= length;
    return true;
}

/* The same where nothing else may stand. The line is then that of the first character that differs. */
static void need(struct scan *s, const char *literal)
{
    if (s->failed || take(s, literal))
        return;
    for (size_t i = 0; i < s->left && s->text[i] == literal[i]; i++)
        if (literal[i] == '\n')
            s->line++;
    s->failed = true;
}

/* Takes what stands before the closing quote. */
static void value(struct scan *s, char out[VALUE_SIZE])
{
    const char *end = s->failed ? NULL : memchr(s->text, '"', s->left < VALUE_SIZE ? s->left : VALUE_SIZE);

    out[0] = '\0';
    if (end == NULL) {
        s->failed = true;
        return;
    }
    memcpy(out, s->text, (size_t)(end - s->text));
    out[end - s->text] = '\0';
    s->left -= (size_t)(end - s->text);
    s->text = end;
}

static void hex_value(struct scan *s, const char *before, uint8_t *bytes, size_t size)
{
    char text[VALUE_SIZE];

    need(s, before);
    value(s, text);
    if (s->failed || strlen(text) != 2 * size || carnet_unhex(text, bytes, size) != CARNET_OK)
        s->failed = true;
}

static void number_value(struct scan *s, const char *before, uint32_t *out)
{
    char text[VALUE_SIZE];

    need(s, before);
    value(s, text);
    if (s->failed || carnet_text_number(text, 0, UINT32_MAX, out) != CARNET_OK)
        s->failed = true;
}

static void root_element(struct scan *s, struct carnet_key_info *info)
{
    char text[VALUE_SIZE];
    bool known = false;

    need(s, "\"\n    role=\"");
    value(s, text);
    for (int role = CARNET_ROLE_ROOT; role <= CARNET_ROLE_MACHINE; role++)
        if (strcmp(text, carnet_role_name((enum carnet_role)role)) == 0) {
            info->role = (enum carnet_role)role;
            known = true;
        }
    if (!known)
        s->failed = true;
    hex_value(s, "\"\n    id=\"", info->id.bytes, sizeof info->id.bytes);
    hex_value(s, "\"\n    public=\"", info->public_key, sizeof info->public_key);
    need(s, "\"\n    created=\"");
    value(s, text);
    if (s->failed || carnet_utc_parse(text, &info->created) != CARNET_OK)
        s->failed = true;
    need(s, "\">\n");
}

/* Y-6: strong enough, and no attempt to use up the machine. */
static enum carnet_err check_parameters(const struct carnet_key_file *file, struct carnet_diag *diag)
{
    if (!file->info.passphrase)
        return CARNET_OK;
    if (file->passes < CARNET_KEY_PASSES_LEAST || file->passes > CARNET_KEY_PASSES_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-6", "The key file says %u passes of Argon2id and not %u to %u.",
                           (unsigned)file->passes, CARNET_KEY_PASSES_LEAST, CARNET_KEY_PASSES_MOST);
    if (file->memory < CARNET_KEY_MEMORY_LEAST || file->memory > CARNET_KEY_MEMORY_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-6",
                           "The key file says %u KiB of memory for Argon2id and not %u to %u.", (unsigned)file->memory,
                           CARNET_KEY_MEMORY_LEAST, CARNET_KEY_MEMORY_MOST);
    return CARNET_OK;
}

/* Is this the file of another version? Its number is all that is looked at. */
static bool is_newer(const struct scan *s)
{
    return s->left > 0 && s->text[0] >= '1' && s->text[0] <= '9' &&
           !(s->left > 1 && s->text[0] == VERSION[0] && s->text[1] == '"');
}

enum carnet_err carnet_key_file_parse(const uint8_t *bytes, size_t size, struct carnet_key_file *out,
                                      struct carnet_diag *diag)
{
    struct scan s = {.text = (const char *)bytes, .left = size, .line = 1};
    struct carnet_key_file file = {0};
    struct carnet_buffer again = {0};
    struct carnet_digest id;
    enum carnet_err err;

    if (size > CARNET_KEY_FILE_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-1", "The key file is larger than 4 KiB.");
    need(&s, PROLOG ROOT);
    if (!s.failed && is_newer(&s)) {
        carnet_fail(diag, CARNET_CONFIGURATION, "Y-2", "The key file was made by a newer carnet.");
        return carnet_fail_next(diag, "Use that carnet, or a newer one.");
    }
    need(&s, VERSION);
    root_element(&s, &file.info);
    if (take(&s, "  <argon2id\n      passes=\"")) {
        file.info.passphrase = true;
        number_value(&s, "", &file.passes);
        number_value(&s, "\"\n      memory-kib=\"", &file.memory);
        need(&s, "\"\n      lanes=\"1");
        hex_value(&s, "\"\n      salt=\"", file.salt, sizeof file.salt);
        need(&s, "\"/>\n");
    } else if (take(&s, "  <token\n      uri=\"")) {
        file.info.token = true;
        value(&s, file.uri);
        if (!carnet_key_uri_is_one(file.uri))
            s.failed = true;
    } else {
        need(&s, "  <keyfile/>\n");
    }
    if (!file.info.token) {
        hex_value(&s, "  <sealed\n      cipher=\"" CIPHER "\"\n      nonce=\"", file.nonce, sizeof file.nonce);
        hex_value(&s, "\"/>\n  <secret\n      ciphertext=\"", file.ciphertext, sizeof file.ciphertext);
        hex_value(&s, "\"\n      tag=\"", file.tag, sizeof file.tag);
    }
    need(&s, "\"/>\n</key>\n");
    if (s.failed || s.left > 0) {
        carnet_fail(diag, CARNET_MALFORMED, "Y-3", "The key file is not in its one form, in line %lu.", s.line);
        if (diag != NULL)
            diag->line = s.line;
        return CARNET_MALFORMED;
    }
    /* One form means: writing it again gives the same bytes. */
    err = carnet_key_file_write(&file, &again);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory to read the key file.");
    else if (again.size != size || memcmp(again.bytes, bytes, size) != 0)
        err = carnet_fail(diag, CARNET_MALFORMED, "Y-3", "The key file is not in its one form.");
    carnet_buffer_clear(&again);
    if (err != CARNET_OK)
        return err;
    err = check_parameters(&file, diag);
    if (err != CARNET_OK)
        return err;
    carnet_key_id(file.info.public_key, &id);
    if (!carnet_digest_equal(&id, &file.info.id))
        return carnet_fail(diag, CARNET_MALFORMED, "Y-4", "The id in the key file is not that of its public key.");
    *out = file;
    return CARNET_OK;
}

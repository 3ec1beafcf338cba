/* SPDX-License-Identifier: MIT */
#include "issue/key_text.h"

#include <stdio.h>
#include <string.h>

#include "bundle/key_private.h"
#include "core/utc.h"

#define TITLE "carnet-key "
#define VERSION 1
#define LINE_BYTES ((size_t)15)
#define LINE_DIGITS 24
#define CHECK_DIGITS 4
#define LINES_MOST 9
#define PAYLOAD_MOST (LINES_MOST * LINE_BYTES)
#define SAVED_LINES 9
#define SHARE_LINES 6
#define SAVED 'K'
#define SHARE 'S'
/* What stands before the digest that fills the last line. */
#define SAVED_FIELDS 124
#define SHARE_FIELDS 86

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ---- lines ---- */

/* Y-15: the first 20 bits of a digest over the line's number and bytes. */
static uint32_t line_check(unsigned number, const uint8_t bytes[LINE_BYTES])
{
    static const char domain[] = "carnet-key line";
    uint8_t text[sizeof domain + LINE_BYTES];
    struct carnet_digest digest;

    memcpy(text, domain, sizeof domain - 1);
    text[sizeof domain - 1] = (uint8_t)number;
    memcpy(text + sizeof domain, bytes, LINE_BYTES);
    carnet_sha256(text, sizeof text, &digest);
    explicit_bzero(text, sizeof text);
    return (uint32_t)digest.bytes[0] << 12 | (uint32_t)digest.bytes[1] << 4 | digest.bytes[2] >> 4;
}

/* The digit at that place of a line: 24 for the bytes, then 4 for the check. */
static unsigned digit_of(const uint8_t bytes[LINE_BYTES], uint32_t check, unsigned at)
{
    unsigned bit = at * 5, two;

    if (at >= LINE_DIGITS)
        return check >> (5 * (LINE_DIGITS + CHECK_DIGITS - 1 - at)) & 31U;
    two = (unsigned)bytes[bit / 8] << 8 | (bit / 8 + 1 < LINE_BYTES ? bytes[bit / 8 + 1] : 0U);
    return two >> (11 - bit % 8) & 31U;
}

/* Writes " 1  ABCD ... WXYZ  0123" and the line end; returns how much. */
static size_t write_line(unsigned number, const uint8_t bytes[LINE_BYTES], char *out)
{
    const uint32_t check = line_check(number, bytes);
    size_t size = 0;

    out[size++] = ' ';
    out[size++] = (char)('0' + number);
    for (unsigned at = 0; at < LINE_DIGITS + CHECK_DIGITS; at++) {
        if (at % 4 == 0)
            out[size++] = ' ';
        if (at == 0 || at == LINE_DIGITS)
            out[size++] = ' ';
        out[size++] = alphabet[digit_of(bytes, check, at)];
    }
    out[size++] = '\n';
    return size;
}

/* The last bytes are a digest over those before it; then the lines follow. */
static size_t write_lines(uint8_t *payload, size_t fields, unsigned lines, char *out)
{
    struct carnet_digest digest;
    size_t size = 0;

    carnet_sha256(payload, fields, &digest);
    memcpy(payload + fields, digest.bytes, lines * LINE_BYTES - fields);
    for (unsigned n = 1; n <= lines; n++)
        size += write_line(n, payload + (n - 1) * LINE_BYTES, out + size);
    out[size] = '\0';
    return size;
}

/* ---- reading lines ---- */

struct scan {
    const char *text;
    size_t left;
    unsigned long at; /* the line of the file, from 1 */
    const char *line;
    size_t size;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '-';
}

/* The next line that says something: blank ones and those that begin with # are comments. */
static bool next_line(struct scan *s)
{
    while (s->left > 0) {
        const char *end = memchr(s->text, '\n', s->left);
        size_t whole = end ? (size_t)(end - s->text) : s->left, first = 0;

        s->line = s->text;
        s->size = whole;
        s->at++;
        s->left -= end ? whole + 1 : whole;
        s->text += end ? whole + 1 : whole;
        while (first < whole && is_space(s->line[first]))
            first++;
        if (first < whole && s->line[first] != '#')
            return true;
    }
    return false;
}

static enum carnet_err refuse(struct carnet_diag *diag, unsigned number, const char *what)
{
    (void)carnet_fail(diag, CARNET_MALFORMED, "Y-15", "Line %u %s.", number, what);
    return carnet_fail_next(diag, "Compare line %u with the paper, character by character.", number);
}

static int value_of(char c)
{
    const char *found;

    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    found = c == '\0' ? NULL : strchr(alphabet, c);
    return found ? (int)(found - alphabet) : -1;
}

/* The line's number, which stands before a space; 0 when there is none. */
static unsigned line_number(const struct scan *s, size_t *used)
{
    size_t at = 0;
    unsigned number = 0;

    while (at < s->size && is_space(s->line[at]))
        at++;
    for (; at < s->size && s->line[at] >= '0' && s->line[at] <= '9' && number < 100; at++)
        number = number * 10 + (unsigned)(s->line[at] - '0');
    if (at < s->size && (s->line[at] == '.' || s->line[at] == ':'))
        at++;
    *used = at;
    return at < s->size && is_space(s->line[at]) ? number : 0;
}

static enum carnet_err read_line(const struct scan *s, unsigned wanted, uint8_t out[LINE_BYTES],
                                 struct carnet_diag *diag)
{
    size_t at = 0;
    unsigned bits = 0, digits = 0, number = line_number(s, &at);
    uint32_t held = 0, check = 0;

    if (number != wanted) {
        (void)carnet_fail(diag, CARNET_MALFORMED, "Y-15", "Line %u is missing: where it should stand, there is %s.",
                          wanted, number ? "another" : "none with a number");
        return carnet_fail_next(diag, "Give all lines in their order, each with its number in front.");
    }
    for (; at < s->size; at++) {
        int value = value_of(s->line[at]);

        if (is_space(s->line[at]))
            continue;
        if (value < 0)
            return refuse(diag, wanted, "holds a character that stands in none of the lines");
        if (++digits > LINE_DIGITS + CHECK_DIGITS)
            return refuse(diag, wanted, "is longer than 28 characters");
        if (digits > LINE_DIGITS) {
            check = check << 5 | (uint32_t)value;
            continue;
        }
        held = (held << 5 | (uint32_t)value) & 0xfffU;
        bits += 5;
        if (bits % 8 < 5)
            out[bits / 8 - 1] = (uint8_t)(held >> bits % 8);
    }
    if (digits < LINE_DIGITS + CHECK_DIGITS)
        return refuse(diag, wanted, "is shorter than 28 characters");
    return check == line_check(wanted, out) ? CARNET_OK
                                            : refuse(diag, wanted,
                                                     "has a typing mistake: its last four characters do "
                                                     "not go with the others");
}

static bool begins(const struct scan *s, const char *word)
{
    return s->size >= strlen(word) && memcmp(s->line, word, strlen(word)) == 0;
}

bool carnet_key_text_is_one(const uint8_t *text, size_t size)
{
    struct scan s = {.text = (const char *)text, .left = size};

    return next_line(&s) && begins(&s, TITLE);
}

static enum carnet_err read_title(struct scan *s, char kind, struct carnet_diag *diag)
{
    if (!next_line(s) || !begins(s, TITLE) || s->size < sizeof TITLE)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-14", "The text does not begin with 'carnet-key'.");
    if (!begins(s, TITLE "1 ")) {
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "Y-14", "The text was made by a newer carnet.");
        return carnet_fail_next(diag, "Use that carnet, or a newer one.");
    }
    if (begins(s, kind == SHARE ? TITLE "1 saved" : TITLE "1 share")) {
        (void)carnet_fail(diag, CARNET_WRONG_KIND, "Y-14", "The text is %s.",
                          kind == SHARE ? "a whole key, and no share" : "a share of a key");
        return carnet_fail_next(diag, kind == SHARE ? "Use 'key load' for it." : "Use 'key join' for shares.");
    }
    if (!begins(s, kind == SHARE ? TITLE "1 share" : TITLE "1 saved"))
        return carnet_fail(diag, CARNET_MALFORMED, "Y-14", "The text is neither a saved key nor a share.");
    return CARNET_OK;
}

static enum carnet_err read_lines(const uint8_t *text, size_t size, char kind, size_t fields, unsigned lines,
                                  uint8_t *payload, struct carnet_diag *diag)
{
    struct scan s = {.text = (const char *)text, .left = size};
    struct carnet_digest digest;
    enum carnet_err err;

    if (size > CARNET_KEY_TEXT_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-13", "The text is larger than 8 KiB.");
    err = read_title(&s, kind, diag);
    for (unsigned n = 1; err == CARNET_OK && n <= lines; n++) {
        if (next_line(&s))
            err = read_line(&s, n, payload + (n - 1) * LINE_BYTES, diag);
        else
            err = carnet_fail(diag, CARNET_MALFORMED, "Y-15", "The text ends before line %u of %u.", n, lines);
    }
    if (err == CARNET_OK && next_line(&s))
        err = carnet_fail(diag, CARNET_MALFORMED, "Y-15", "There is more after line %u, which is the last.", lines);
    if (err != CARNET_OK) {
        if (diag != NULL)
            diag->line = s.at;
        return err;
    }
    carnet_sha256(payload, fields, &digest);
    if (memcmp(payload + fields, digest.bytes, lines * LINE_BYTES - fields) != 0 || payload[0] != VERSION ||
        payload[1] != (uint8_t)kind)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-16", "The lines hold one by one, and do not belong together.");
    return CARNET_OK;
}

/* ---- fields ---- */

static void put_number(uint8_t *out, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static uint64_t get_number(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static uint8_t role_number(enum carnet_role role)
{
    return role == CARNET_ROLE_ROOT ? 1 : role == CARNET_ROLE_ISSUER ? 2 : 3;
}

static enum carnet_err get_info(uint8_t role, const uint8_t created[8], const uint8_t *public_key,
                                struct carnet_key_info *out, struct carnet_diag *diag)
{
    static const enum carnet_role roles[] = {CARNET_ROLE_ROOT, CARNET_ROLE_ISSUER, CARNET_ROLE_MACHINE};
    char text[CARNET_UTC_SIZE];
    int64_t again = 0;

    if (role < 1 || role > 3)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-16", "The text gives the key an unknown role.");
    out->role = roles[role - 1];
    out->created = (int64_t)get_number(created, 8);
    /* A time that can be written as one. */
    if (out->created < 0 || out->created > INT64_C(253402300799))
        return carnet_fail(diag, CARNET_MALFORMED, "Y-16", "The text gives the key a time that is none.");
    carnet_utc_format(out->created, text);
    if (carnet_utc_parse(text, &again) != CARNET_OK || again != out->created)
        return carnet_fail(diag, CARNET_MALFORMED, "Y-16", "The text gives the key a time that is none.");
    memcpy(out->public_key, public_key, sizeof out->public_key);
    carnet_key_id(public_key, &out->id);
    return CARNET_OK;
}

/* The lines that people read: which key it is. */
static size_t write_head(const struct carnet_key_info *info, const char *title, char *out, size_t room)
{
    char id[CARNET_HEX_SIZE], created[CARNET_UTC_SIZE];
    int length;

    carnet_digest_hex(&info->id, id);
    carnet_utc_format(info->created, created);
    length = snprintf(out, room, "%s\n# %s key, made %s\n# id %s\n", title, carnet_role_name(info->role), created, id);
    return length < 0 ? 0 : (size_t)length;
}

/* ---- a sealed key ---- */

enum carnet_err carnet_key_text_write(const struct carnet_key_file *file, struct carnet_buffer *out)
{
    uint8_t p[SAVED_LINES * LINE_BYTES] = {VERSION, SAVED, role_number(file->info.role), (uint8_t)file->passes};
    char text[CARNET_KEY_SHARE_TEXT];
    size_t size = write_head(&file->info, TITLE "1 saved", text, sizeof text);

    put_number(p + 4, file->memory, 4);
    put_number(p + 8, (uint64_t)file->info.created, 8);
    memcpy(p + 16, file->info.public_key, CARNET_PUBLIC_KEY_SIZE);
    memcpy(p + 48, file->salt, CARNET_KEY_SALT_SIZE);
    memcpy(p + 64, file->nonce, CARNET_KEY_NONCE_SIZE);
    memcpy(p + 76, file->ciphertext, sizeof file->ciphertext);
    memcpy(p + 108, file->tag, CARNET_KEY_TAG_SIZE);
    size += write_lines(p, SAVED_FIELDS, SAVED_LINES, text + size);
    return carnet_buffer_append(out, text, size);
}

enum carnet_err carnet_key_text_read(const uint8_t *text, size_t size, struct carnet_key_file *out,
                                     struct carnet_diag *diag)
{
    uint8_t p[PAYLOAD_MOST] = {0};
    struct carnet_key_file file = {.info.passphrase = true};
    struct carnet_buffer xml = {0};
    enum carnet_err err = read_lines(text, size, SAVED, SAVED_FIELDS, SAVED_LINES, p, diag);

    if (err == CARNET_OK)
        err = get_info(p[2], p + 8, p + 16, &file.info, diag);
    if (err != CARNET_OK)
        return err;
    file.passes = p[3];
    file.memory = (uint32_t)get_number(p + 4, 4);
    memcpy(file.salt, p + 48, sizeof file.salt);
    memcpy(file.nonce, p + 64, sizeof file.nonce);
    memcpy(file.ciphertext, p + 76, sizeof file.ciphertext);
    memcpy(file.tag, p + 108, sizeof file.tag);
    /* What the key file demands is demanded in one place. */
    err = carnet_key_file_write(&file, &xml);
    if (err == CARNET_OK)
        err = carnet_key_file_parse(xml.bytes, xml.size, out, diag);
    carnet_buffer_clear(&xml);
    return err;
}

/* ---- a share ---- */

size_t carnet_key_share_write(const struct carnet_key_share *share, char out[CARNET_KEY_SHARE_TEXT])
{
    uint8_t p[SHARE_LINES * LINE_BYTES] = {VERSION,          SHARE,        role_number(share->info.role),
                                           share->threshold, share->index, share->shares};
    size_t size = write_head(&share->info, TITLE "1 share", out, CARNET_KEY_SHARE_TEXT);

    size += (size_t)snprintf(out + size, CARNET_KEY_SHARE_TEXT - size,
                             "# share %u of %u; any %u of them give the key back\n", share->index, share->shares,
                             share->threshold);
    put_number(p + 6, (uint64_t)share->info.created, 8);
    memcpy(p + 14, share->set, CARNET_SHARE_SET_SIZE);
    memcpy(p + 22, share->info.public_key, CARNET_PUBLIC_KEY_SIZE);
    memcpy(p + 54, share->value, CARNET_SHAMIR_SIZE);
    size += write_lines(p, SHARE_FIELDS, SHARE_LINES, out + size);
    explicit_bzero(p, sizeof p);
    return size;
}

enum carnet_err carnet_key_share_read(const uint8_t *text, size_t size, struct carnet_key_share *out,
                                      struct carnet_diag *diag)
{
    uint8_t p[PAYLOAD_MOST] = {0};
    struct carnet_key_share share = {0};
    enum carnet_err err = read_lines(text, size, SHARE, SHARE_FIELDS, SHARE_LINES, p, diag);

    if (err == CARNET_OK)
        err = get_info(p[2], p + 6, p + 22, &share.info, diag);
    share.threshold = p[3];
    share.index = p[4];
    share.shares = p[5];
    if (err == CARNET_OK && (share.shares > CARNET_SHARES_MOST || share.threshold < 2 ||
                             share.threshold > share.shares || share.index < 1 || share.index > share.shares))
        err = carnet_fail(diag, CARNET_MALFORMED, "Y-17", "The share says that it is number %u of %u, any %u of them.",
                          share.index, share.shares, share.threshold);
    if (err == CARNET_OK) {
        memcpy(share.set, p + 14, sizeof share.set);
        memcpy(share.value, p + 54, sizeof share.value);
        *out = share;
    }
    explicit_bzero(&share, sizeof share);
    explicit_bzero(p, sizeof p);
    return err;
}

/* ---- splitting and joining ---- */

enum carnet_err carnet_key_split(const struct carnet_key *key, uint8_t shares, uint8_t threshold,
                                 struct carnet_key_share *out, struct carnet_diag *diag)
{
    const size_t degree = (size_t)threshold - 1;
    struct carnet_key_share common = {.info = key->info, .threshold = threshold, .shares = shares};
    uint8_t *coefficients;

    if (shares < 2 || shares > CARNET_SHARES_MOST || threshold < 2 || threshold > shares)
        return carnet_fail(diag, CARNET_USAGE, "Y-17",
                           "A key is split into 2 to %u shares, of which 2 or more, up to all, give it back.",
                           CARNET_SHARES_MOST);
    if (key->seed == NULL)
        return carnet_fail(diag, CARNET_BUG, "", "A key that a device holds was to be split.");
    coefficients = carnet_secret_alloc(degree * CARNET_SHAMIR_SIZE);
    if (coefficients == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to split a key.");
    carnet_random(coefficients, degree * CARNET_SHAMIR_SIZE);
    carnet_random(common.set, sizeof common.set);
    for (uint8_t i = 0; i < shares; i++) {
        out[i] = common;
        out[i].index = (uint8_t)(i + 1);
        carnet_shamir_value(key->seed, coefficients, degree, out[i].index, out[i].value);
    }
    carnet_secret_free(coefficients);
    return CARNET_OK;
}

enum carnet_err carnet_key_share_fits(const struct carnet_key_share *shares, size_t count,
                                      const struct carnet_key_share *share, struct carnet_diag *diag)
{
    if (count > 0 && (!carnet_digest_equal(&shares[0].info.id, &share->info.id) ||
                      shares[0].info.role != share->info.role || shares[0].info.created != share->info.created))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "Y-19", "The share is of another key than the one before it.");
    if (count > 0 && (memcmp(shares[0].set, share->set, sizeof share->set) != 0 ||
                      shares[0].threshold != share->threshold || shares[0].shares != share->shares)) {
        (void)carnet_fail(diag, CARNET_UNTRUSTED_KEY, "Y-19",
                          "The share is of the same key, and was made when it was split another time.");
        return carnet_fail_next(diag, "Give shares of one split alone.");
    }
    for (size_t i = 0; i < count; i++) {
        if (shares[i].index == share->index)
            return carnet_fail(diag, CARNET_USAGE, "Y-19", "Share %u was given twice.", share->index);
    }
    return CARNET_OK;
}

enum carnet_err carnet_key_join(const struct carnet_key_share *shares, size_t count, struct carnet_key **out,
                                struct carnet_diag *diag)
{
    uint8_t places[CARNET_SHARES_MOST];
    const uint8_t *values[CARNET_SHARES_MOST];
    struct carnet_key *key = NULL;
    uint8_t *seed;
    enum carnet_err err;

    if (count == 0 || count < shares[0].threshold) {
        (void)carnet_fail(diag, CARNET_NO_INPUT, "Y-19", "%u shares are needed, and %zu %s given.",
                          count ? shares[0].threshold : 2, count, count == 1 ? "was" : "were");
        return carnet_fail_next(diag, "Give as many different shares of the key as it needs.");
    }
    /* As many as are needed, and no more. */
    for (size_t i = 0; i < shares[0].threshold; i++) {
        places[i] = shares[i].index;
        values[i] = shares[i].value;
    }
    err = carnet_secrets_start(diag);
    if (err != CARNET_OK)
        return err;
    seed = carnet_secret_alloc(CARNET_SEED_SIZE);
    if (seed == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for a key.");
    carnet_shamir_secret(places, values, shares[0].threshold, seed);
    err = carnet_key_from_seed(shares[0].info.role, shares[0].info.created, seed, &key, diag);
    carnet_secret_free(seed);
    if (err == CARNET_OK && !carnet_digest_equal(&key->info.id, &shares[0].info.id)) {
        (void)carnet_fail(diag, CARNET_ALTERED, "Y-19", "What the shares give is not the key that they name.");
        err = carnet_fail_next(diag, "Try other shares: one of these was forged.");
    }
    if (err == CARNET_OK)
        *out = key;
    else
        carnet_key_free(key);
    return err;
}

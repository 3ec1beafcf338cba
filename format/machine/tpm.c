/* SPDX-License-Identifier: MIT */
/*
 * The TPM's endorsement key (spec/format.md, section 13). TPM 1.2 chips show it in sysfs. Later ones are asked through
 * the kernel's resource manager, with one fixed command that reads the public part of the key that makers put at handle
 * 0x81010001; nothing in the chip changes.
 */
#include "machine/tpm.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bundle/signature.h"
#include "core/buffer.h"
#include "machine/collect.h"
#include "machine/source.h"

#define DEVICE "/dev/tpmrm0"
#define KEY_LEAST 64u /* half a kilobit is less than any RSA key of a TPM has */
#define POINT_LEAST 28u
#define POINT_MOST 66u
#define RESPONSE_MOST 4096u
#define WAIT_MILLISECONDS 3000

/* What is left of a response. Reading beyond its end makes it bad, and gives zeros. */
struct rest {
    const uint8_t *at;
    size_t size;
    bool bad;
};

static const uint8_t *take(struct rest *rest, size_t size)
{
    if (rest->bad || rest->size < size) {
        rest->bad = true;
        return NULL;
    }
    const uint8_t *bytes = rest->at;
    rest->at += size;
    rest->size -= size;
    return bytes;
}

static unsigned take16(struct rest *rest)
{
    const uint8_t *bytes = take(rest, 2);
    return bytes == NULL ? 0 : (unsigned)bytes[0] << 8 | bytes[1];
}

/* Bytes with their size before them. */
static struct rest take_sized(struct rest *rest)
{
    size_t size = take16(rest);
    const uint8_t *bytes = take(rest, size);
    return (struct rest){.at = bytes, .size = bytes == NULL ? 0 : size, .bad = bytes == NULL};
}

/* An algorithm's id, and what it brings along where it is one. */
static void skip_scheme(struct rest *rest, size_t more)
{
    if (take16(rest) != 0x0010) /* TPM_ALG_NULL */
        (void)take(rest, more);
}

static bool digest_rsa(struct rest *area, struct carnet_digest *out)
{
    skip_scheme(area, 2);
    (void)take(area, 2 + 4); /* bits, exponent */
    struct rest modulus = take_sized(area);
    if (area->bad || modulus.bad || modulus.size < KEY_LEAST)
        return false;
    carnet_sha256(modulus.at, modulus.size, out);
    return true;
}

static bool digest_ecc(struct rest *area, struct carnet_digest *out)
{
    uint8_t point[(size_t)2 * POINT_MOST];
    skip_scheme(area, 2);
    (void)take(area, 2); /* curve */
    skip_scheme(area, 2);
    struct rest x = take_sized(area), y = take_sized(area);
    if (area->bad || x.bad || y.bad || x.size < POINT_LEAST || x.size > POINT_MOST || y.size < POINT_LEAST ||
        y.size > POINT_MOST)
        return false;
    memcpy(point, x.at, x.size);
    memcpy(point + x.size, y.at, y.size);
    carnet_sha256(point, x.size + y.size, out);
    return true;
}

bool carnet_tpm_parse(const uint8_t *response, size_t size, struct carnet_digest *out)
{
    struct rest rest = {.at = response, .size = size};
    unsigned tag = take16(&rest);
    const uint8_t *head = take(&rest, 8); /* size, response code */
    if (head == NULL || tag != 0x8001 || memcmp(head + 4, "\0\0\0\0", 4) != 0)
        return false;
    struct rest area = take_sized(&rest);
    unsigned type = take16(&area);
    (void)take(&area, 2 + 4); /* name algorithm, attributes */
    (void)take_sized(&area);  /* policy */
    skip_scheme(&area, 4);    /* symmetric: bits, mode */
    if (rest.bad || area.bad)
        return false;
    if (type == 0x0001)
        return digest_rsa(&area, out);
    return type == 0x0023 && digest_ecc(&area, out);
}

bool carnet_tpm_ask(int fd, struct carnet_digest *out)
{
    /* TPM_ST_NO_SESSIONS, 14 bytes, TPM_CC_ReadPublic, the handle */
    static const uint8_t command[] = {0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x73, 0x81, 0x01, 0x00, 0x01};
    uint8_t response[RESPONSE_MOST];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (write(fd, command, sizeof command) != (ssize_t)sizeof command || poll(&wait, 1, WAIT_MILLISECONDS) != 1)
        return false;
    ssize_t got = read(fd, response, sizeof response);
    return got > 0 && carnet_tpm_parse(response, (size_t)got, out);
}

static void add_key(struct carnet_machine *machine, const struct carnet_digest *digest, const char *source)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(digest, hex);
    (void)carnet_machine_add(machine, CARNET_FACT_TPM, hex, source);
}

/* The modulus that sysfs shows, as hex digits after "Modulus:". */
static bool digest_text(const char *text, struct carnet_digest *out)
{
    uint8_t modulus[1024];
    size_t length = 0;
    const char *at = strstr(text, "Modulus:");
    at = at == NULL ? "" : at + strlen("Modulus:");
    while (*at != '\0') {
        char pair[3] = {at[0], '\0', '\0'};
        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        pair[0] = (char)tolower((unsigned char)at[0]);
        pair[1] = (char)tolower((unsigned char)at[1]);
        if (length == sizeof modulus || carnet_unhex(pair, &modulus[length], 1) != CARNET_OK)
            return false;
        length++;
        at += 2;
    }
    if (length < KEY_LEAST)
        return false;
    carnet_sha256(modulus, length, out);
    return true;
}

static void ask_device(struct carnet_machine *machine)
{
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    struct carnet_digest digest;
    int fd = carnet_source_open_device(DEVICE, &presence);
    if (fd >= 0) {
        presence = CARNET_FACT_MISSING; /* a chip without a key at that handle has none for us */
        if (carnet_tpm_ask(fd, &digest))
            add_key(machine, &digest, DEVICE);
        (void)close(fd);
    }
    carnet_machine_lacks(machine, CARNET_FACT_TPM, presence, DEVICE);
}

void carnet_machine_read_tpm(struct carnet_machine *machine)
{
    static const char *const sources[] = {"/sys/class/tpm/tpm0/pubek", "/sys/class/tpm/tpm0/device/pubek"};
    char text[4096 + 1];
    struct carnet_digest digest;
    for (size_t i = 0; i < 2 && machine->presence[CARNET_FACT_TPM] == CARNET_FACT_MISSING; i++) {
        size_t size = 0;
        enum carnet_fact_presence presence = carnet_source_read(sources[i], text, sizeof text - 1, &size);
        carnet_machine_lacks(machine, CARNET_FACT_TPM, presence, sources[i]);
        text[size] = '\0';
        if (presence == CARNET_FACT_PRESENT && digest_text(text, &digest))
            add_key(machine, &digest, sources[i]);
    }
    if (machine->presence[CARNET_FACT_TPM] == CARNET_FACT_MISSING)
        ask_device(machine);
}

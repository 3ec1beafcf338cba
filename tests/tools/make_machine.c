/* SPDX-License-Identifier: MIT */
/*
 * Machines that are numbers: makes the fingerprint or the release of machine N, from a key whose seed is N, so that
 * tests have as many machines as they like.
 *
 *   make-machine fingerprint --vendor HEX -o FILE [OPTION]...       one
 *   make-machine fingerprint --vendor HEX --count N --dir DIR ...   machines N0 to N0 + N - 1, as DIR/NUMBER.carnet
 *   make-machine release LICENSE -o FILE [--machine N] [--declined]
 *
 * Options: --machine N (1), --nonce N (0: another one makes another fingerprint), --product ID (may repeat),
 * --label TEXT, --sequence N (1: its number among all that the machine signed), --user N, --system N (the system UUID
 * is that of number N), --facts N (so are all facts), --virtual NAME,
 * --container NAME, --renew LICENSE, --grant HEX (id of the fingerprint whose grant it renews).
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/seal.h"
#include "core/file.h"
#include "rules/reading.h"

struct wishes {
    struct carnet_digest vendor, grant;
    uint32_t machine, nonce, user, system, facts, count, sequence;
    const char *label, *virtual_system, *container_system, *renew, *out, *folder;
    const char *products[CARNET_PRODUCTS_MOST];
    uint32_t product_count;
    bool declined;
};

static void die(const struct carnet_diag *diag, const char *doing)
{
    (void)fprintf(stderr, "make-machine: %s: %s\n", doing, diag->detail);
    exit(70);
}

static void key_of(uint32_t machine, struct carnet_key **key)
{
    struct carnet_diag diag = {.detail = ""};
    uint8_t *seed;

    if (carnet_secrets_start(&diag))
        die(&diag, "locking memory");
    seed = carnet_secret_alloc(32);
    if (!seed)
        die(&diag, "making a seed");
    (void)snprintf((char *)seed, 32, "test machine %lu", (unsigned long)machine);
    if (carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, key, &diag))
        die(&diag, "making a key");
    carnet_secret_free(seed);
}

static void fact(struct carnet_fingerprint *f, enum carnet_fact_name name, const char *value, uint32_t n)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s %lu", value, (unsigned long)n);
    f->facts.list[f->facts.count].name = name;
    carnet_sha256(text, strlen(text), &f->facts.list[f->facts.count++].digest);
}

static void write_out(const char *path, const struct carnet_buffer *bytes)
{
    struct carnet_diag diag = {.detail = ""};

    (void)unlink(path);
    if (carnet_file_create(AT_FDCWD, path, 0644, bytes->bytes, bytes->size, &diag))
        die(&diag, path);
}

static void make_fingerprint(const struct wishes *w, uint32_t machine, const char *path)
{
    struct carnet_fingerprint *f = calloc(1, sizeof *f);
    const uint32_t facts = w->facts ? w->facts : machine;
    struct carnet_key *key = NULL;
    struct carnet_buffer document = {0}, bundle = {0};
    struct carnet_digest id, nonce;
    struct carnet_diag diag = {.detail = ""};
    char text[64];

    if (!f)
        die(&diag, "memory");
    key_of(machine, &key);
    f->vendor = w->vendor;
    f->sequence.made = carnet_utc_now();
    f->sequence.sequence = w->sequence;
    if (w->sequence > 1) /* what it signed before is not shown */
        carnet_sha256(&w->machine, sizeof w->machine, &f->sequence.previous);
    (void)snprintf(text, sizeof text, "nonce %lu of %lu", (unsigned long)w->nonce, (unsigned long)machine);
    carnet_sha256(text, strlen(text), &nonce);
    memcpy(f->nonce, nonce.bytes, sizeof f->nonce);
    (void)snprintf(f->label, sizeof f->label, "%s", w->label ? w->label : "");
    (void)snprintf(f->virtual_system, sizeof f->virtual_system, "%s", w->virtual_system);
    (void)snprintf(f->container_system, sizeof f->container_system, "%s", w->container_system);
    f->has_user = w->user > 0;
    if (f->has_user) {
        (void)snprintf(text, sizeof text, "user %lu of %lu", (unsigned long)w->user, (unsigned long)machine);
        carnet_sha256(text, strlen(text), &f->user);
    }
    for (; f->product_count < w->product_count; f->product_count++)
        (void)snprintf(f->products[f->product_count].id, sizeof f->products[0].id, "%s", w->products[f->product_count]);
    if (w->renew) {
        f->renew = true;
        f->renew_count = 1;
        (void)snprintf(f->renews[0].license, sizeof f->renews[0].license, "%s", w->renew);
        f->renews[0].fingerprint = w->grant;
    }
    fact(f, CARNET_FACT_MACHINE_ID, "machine-id", facts);
    fact(f, CARNET_FACT_SYSTEM_UUID, "system-uuid", w->system ? w->system : facts);
    fact(f, CARNET_FACT_DISK, "disk", facts);
    fact(f, CARNET_FACT_CPU, "cpu", 1);
    if (carnet_fingerprint_compose(f, &document) ||
        carnet_machine_seal(key, CARNET_KIND_FINGERPRINT, document.bytes, document.size, NULL, &bundle, &id, &diag))
        die(&diag, "sealing the fingerprint");
    write_out(path, &bundle);
    carnet_buffer_clear(&document);
    carnet_buffer_clear(&bundle);
    carnet_key_free(key);
    free(f);
}

static void make_release(const struct wishes *w, const char *license_path)
{
    const struct carnet_read_options nobody = {.anchors = NULL};
    struct carnet_release *r = calloc(1, sizeof *r);
    struct carnet_document *read = NULL;
    struct carnet_reading *reading = NULL;
    struct carnet_buffer license = {0}, document = {0}, bundle = {0};
    struct carnet_key *key = NULL;
    struct carnet_digest id;
    struct carnet_diag diag = {.detail = ""};
    const struct carnet_license *l;
    struct carnet_embed embed;

    if (!r || carnet_file_read(AT_FDCWD, license_path, CARNET_BUNDLE_MOST, false, &license, &diag))
        die(&diag, license_path);
    /* Nobody is trusted here, so the reading stops there; what did hold is enough. */
    if (carnet_reading_open(license.bytes, license.size, &nobody, &reading, NULL) == CARNET_OK || !reading ||
        !carnet_reading_intact(reading) ||
        carnet_document_read_unverified(carnet_reading_unpacked(reading), &read, &diag))
        die(&diag, license_path);
    l = carnet_document_license(read);
    embed = (struct carnet_embed){
        .bytes = license.bytes, .size = license.size, .id = *carnet_intact_id(carnet_reading_intact(reading))};
    r->vendor = l->vendor;
    r->grant = l->grant;
    r->license = embed.id;
    r->declined = w->declined;
    r->sequence.made = carnet_utc_now();
    r->sequence.sequence = 2 + w->nonce;
    r->sequence.previous = l->grant.fingerprint;
    key_of(w->machine, &key);
    if (carnet_release_compose(r, &document) ||
        carnet_machine_seal(key, CARNET_KIND_RELEASE, document.bytes, document.size, &embed, &bundle, &id, &diag))
        die(&diag, "sealing the release");
    write_out(w->out, &bundle);
    carnet_buffer_clear(&document);
    carnet_buffer_clear(&bundle);
    carnet_buffer_clear(&license);
    carnet_document_free(read);
    carnet_reading_free(reading);
    carnet_key_free(key);
    free(r);
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static void take(struct wishes *w, int option, const char *value)
{
    switch (option) {
    case 'v':
        if (carnet_digest_parse(value, &w->vendor))
            exit(64);
        break;
    case 'm':
        w->machine = number(value);
        break;
    case 'n':
        w->nonce = number(value);
        break;
    case 'q':
        w->sequence = number(value);
        break;
    case 'p':
        if (w->product_count < CARNET_PRODUCTS_MOST)
            w->products[w->product_count++] = value;
        break;
    case 'l':
        w->label = value;
        break;
    case 'u':
        w->user = number(value);
        break;
    case 's':
        w->system = number(value);
        break;
    case 'f':
        w->facts = number(value);
        break;
    case 'g':
        if (carnet_digest_parse(value, &w->grant))
            exit(64);
        break;
    case 'V':
        w->virtual_system = value;
        break;
    case 'C':
        w->container_system = value;
        break;
    case 'r':
        w->renew = value;
        break;
    case 'o':
        w->out = value;
        break;
    case 'c':
        w->count = number(value);
        break;
    case 'd':
        w->folder = value;
        break;
    case 'D':
        w->declined = true;
        break;
    default:
        exit(64);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"vendor", required_argument, NULL, 'v'},  {"machine", required_argument, NULL, 'm'},
        {"nonce", required_argument, NULL, 'n'},   {"sequence", required_argument, NULL, 'q'},
        {"product", required_argument, NULL, 'p'}, {"label", required_argument, NULL, 'l'},
        {"user", required_argument, NULL, 'u'},    {"system", required_argument, NULL, 's'},
        {"facts", required_argument, NULL, 'f'},   {"grant", required_argument, NULL, 'g'},
        {"virtual", required_argument, NULL, 'V'}, {"container", required_argument, NULL, 'C'},
        {"renew", required_argument, NULL, 'r'},   {"output", required_argument, NULL, 'o'},
        {"count", required_argument, NULL, 'c'},   {"dir", required_argument, NULL, 'd'},
        {"declined", no_argument, NULL, 'D'},      {NULL, 0, NULL, 0}};
    struct wishes w = {.machine = 1, .sequence = 1, .virtual_system = "none", .container_system = "none"};
    int option;

    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
        take(&w, option, optarg);
    if (optind + 1 == argc && strcmp(argv[optind], "fingerprint") == 0 && w.folder) {
        for (uint32_t i = 0; i < w.count; i++) {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%lu.carnet", w.folder, (unsigned long)(w.machine + i));
            make_fingerprint(&w, w.machine + i, path);
        }
    } else if (optind + 1 == argc && strcmp(argv[optind], "fingerprint") == 0 && w.out) {
        make_fingerprint(&w, w.machine, w.out);
    } else if (optind + 2 == argc && strcmp(argv[optind], "release") == 0 && w.out) {
        make_release(&w, argv[optind + 1]);
    } else {
        (void)fprintf(stderr, "make-machine: see the head of tests/tools/make_machine.c\n");
        return 64;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * bench-licenses make FOLDER COUNT: an issuer's licenses for as many machines, and root.pem beside the folder's files.
 * bench-licenses measure COUNT: verifies one signature so many times, and nothing else: the limit of every verifier.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/key.h"
#include "bundle/pack.h"
#include "bundle/signature.h"
#include "core/buffer.h"
#include "issue/issue.h"

#define ISSUED INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

static void must(enum carnet_err err, const char *what)
{
    if (err != CARNET_OK) {
        (void)fprintf(stderr, "bench-licenses: %s: %s\n", what, carnet_outcome_name(err));
        exit(70);
    }
}

static void put(int folder, const char *name, const void *bytes, size_t size)
{
    const int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) != 0) {
        perror(name);
        exit(74);
    }
}

static struct carnet_key *key_of(enum carnet_role role, uint8_t number)
{
    const uint8_t seed[32] = {number, 'b', 'e', 'n', 'c', 'h'};
    struct carnet_key *key = NULL;
    must(carnet_key_from_seed(role, ISSUED, seed, &key, NULL), "the key");
    return key;
}

static struct carnet_entitlement entitlement_by(const struct carnet_key *root, const struct carnet_key *issuer,
                                                uint32_t seats)
{
    return (struct carnet_entitlement){
        .vendor = carnet_key_info(root)->id,
        .vendor_name = "Acme Tools",
        .contact = "sales@acme.example",
        .license = "CAD-2026",
        .revision = 1,
        .issued = ISSUED,
        .product = "cad",
        .edition = "pro",
        .licensee = "City Hospital",
        .seats = seats,
        .offline_allowed = true,
        .not_after = CARNET_NEVER,
        .lease_days = CARNET_NO_LEASE,
        .activate_within_days = 90,
        .features = {.count = 3, .list = {{.name = "export", .value = "pdf"}, {.name = "mesh"}, {.name = "render"}}},
        .transfers_per_year = CARNET_NO_CAP,
        .losses_per_year = CARNET_NO_CAP,
        .matching = {.threshold = 60, .points = {30, 20, 20, 10, 10, 10}},
        .clock_tolerance_hours = 24,
        .issuer = carnet_key_info(issuer)->id,
    };
}

static void number_digest(uint32_t number, uint8_t salt, struct carnet_digest *out)
{
    const uint32_t text[2] = {number, salt};
    carnet_sha256(text, sizeof text, out);
}

static void fill(struct carnet_license *l, const struct carnet_entitlement *e, uint32_t number)
{
    l->grant.seat = number;
    number_digest(number, 1, &l->grant.fingerprint);
    number_digest(number, 2, &l->machine_key);
    (void)snprintf(l->machine_label, sizeof l->machine_label, "ward-%u", number);
    l->features = e->features;
    l->matching = e->matching;
    l->facts.count = 6;
    for (uint32_t i = 0; i < l->facts.count; i++) {
        l->facts.list[i].name = (enum carnet_fact_name)i;
        number_digest(number, (uint8_t)(10 + i), &l->facts.list[i].digest);
    }
    l->journal.position = number;
    number_digest(number, 3, &l->journal.digest);
}

struct issuer {
    struct carnet_key *root, *issuer;
    struct carnet_entitlement e;
    struct carnet_license l;
    struct carnet_buffer entitled;
};

static void issuer_start(struct issuer *w, uint32_t seats)
{
    struct carnet_buffer document = {0};
    w->root = key_of(CARNET_ROLE_ROOT, 1);
    w->issuer = key_of(CARNET_ROLE_ISSUER, 2);
    w->e = entitlement_by(w->root, w->issuer, seats);
    w->l = (struct carnet_license){.vendor = w->e.vendor,
                                   .grant = {.epoch = 1, .serial = 1},
                                   .revision = 1,
                                   .issued = ISSUED,
                                   .activate_by = ISSUED + 90 * CARNET_DAY,
                                   .lease_until = CARNET_NEVER,
                                   .not_after = CARNET_NEVER};
    memcpy(w->l.grant.license, w->e.license, sizeof w->l.grant.license);
    memcpy(w->l.product, w->e.product, sizeof w->l.product);
    memcpy(w->l.edition, w->e.edition, sizeof w->l.edition);
    memcpy(w->l.licensee, w->e.licensee, sizeof w->l.licensee);
    must(carnet_issue_compose_entitlement(&w->e, &document), "the entitlement");
    must(carnet_issue_seal(w->root, CARNET_KIND_ENTITLEMENT, document.bytes, document.size, NULL, &w->entitled,
                           &w->l.entitlement, NULL),
         "the entitlement");
    carnet_buffer_clear(&document);
}

static void issuer_stop(struct issuer *w)
{
    carnet_buffer_clear(&w->entitled);
    carnet_key_free(w->root);
    carnet_key_free(w->issuer);
}

static void issue(struct issuer *w, uint32_t number, struct carnet_buffer *bundle)
{
    const struct carnet_embed embed = {w->entitled.bytes, w->entitled.size, w->l.entitlement};
    struct carnet_buffer document = {0};
    struct carnet_digest id;
    fill(&w->l, &w->e, number);
    must(carnet_issue_compose_license(&w->l, &document), "a license");
    must(carnet_issue_seal(w->issuer, CARNET_KIND_LICENSE, document.bytes, document.size, &embed, bundle, &id, NULL),
         "a license");
    carnet_buffer_clear(&document);
}

static void make(const char *path, uint32_t count)
{
    struct issuer w = {0};
    char pem[CARNET_PEM_SIZE + 1];
    const int folder = mkdir(path, 0755) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder < 0) {
        perror(path);
        exit(73);
    }
    issuer_start(&w, count);
    carnet_pem_write(carnet_key_info(w.root)->public_key, pem);
    put(folder, "root.pem", pem, CARNET_PEM_SIZE);
    for (uint32_t i = 1; i <= count; i++) {
        struct carnet_buffer bundle = {0};
        char name[64];
        issue(&w, i, &bundle);
        (void)snprintf(name, sizeof name, "license-ward-%06u.carnet", i);
        put(folder, name, bundle.bytes, bundle.size);
        carnet_buffer_clear(&bundle);
    }
    issuer_stop(&w);
}

static void measure(uint32_t count)
{
    struct issuer w = {0};
    struct carnet_buffer bundle = {0};
    struct carnet_unpacked *u = NULL;
    issuer_start(&w, 1);
    issue(&w, 1, &bundle);
    must(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), "the license");
    const struct carnet_entry *sums = carnet_unpacked_entry(u, CARNET_ENTRY_SUMS);
    const struct carnet_entry *signature = carnet_unpacked_entry(u, CARNET_ENTRY_SIGNATURE);
    for (uint32_t i = 0; i < count; i++)
        must(carnet_verify(carnet_key_info(w.issuer)->public_key, true, signature->bytes, signature->size, sums->bytes,
                           sums->size, NULL),
             "the signature");
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    issuer_stop(&w);
}

int main(int argc, char **argv)
{
    uint32_t count = 0;
    if (argc < 3 || carnet_text_number(argv[argc - 1], 1, 1000000, &count) != CARNET_OK) {
        (void)fputs("usage: bench-licenses make FOLDER COUNT | measure COUNT\n", stderr);
        return 64;
    }
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        make(argv[2], count);
    else
        measure(count);
    return 0;
}

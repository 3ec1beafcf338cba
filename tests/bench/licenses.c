/* SPDX-License-Identifier: MIT */
/*
 * bench-licenses make FOLDER COUNT [ENTITLEMENTS]: an issuer's licenses for as many machines, resting in turn on so
 * many entitlements (1), and root.pem beside the folder's files. bench-licenses measure COUNT [libgcrypt]: verifies one
 * signature so many times, and nothing else: the limit of every verifier that uses libsodium, as carnet does, or
 * gcry_pk_verify of libgcrypt.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gcrypt.h>

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
    uint32_t count; /* of the entitlements: CAD-2026, CAD-2026-2 and so on */
    struct carnet_buffer *entitled;
    struct carnet_digest *ids;
};

static void entitle(struct issuer *w, uint32_t i)
{
    struct carnet_buffer document = {0};
    if (i > 0)
        (void)snprintf(w->e.license, sizeof w->e.license, "CAD-2026-%u", i + 1);
    must(carnet_issue_compose_entitlement(&w->e, &document), "the entitlement");
    must(carnet_issue_seal(w->root, CARNET_KIND_ENTITLEMENT, document.bytes, document.size, NULL, &w->entitled[i],
                           &w->ids[i], NULL),
         "the entitlement");
    carnet_buffer_clear(&document);
}

static void issuer_start(struct issuer *w, uint32_t seats, uint32_t entitlements)
{
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
    memcpy(w->l.product, w->e.product, sizeof w->l.product);
    memcpy(w->l.edition, w->e.edition, sizeof w->l.edition);
    memcpy(w->l.licensee, w->e.licensee, sizeof w->l.licensee);
    w->count = entitlements;
    w->entitled = calloc(entitlements, sizeof *w->entitled);
    w->ids = calloc(entitlements, sizeof *w->ids);
    must(w->entitled == NULL || w->ids == NULL ? CARNET_NO_MEMORY : CARNET_OK, "the entitlements");
    for (uint32_t i = 0; i < entitlements; i++)
        entitle(w, i);
}

static void issuer_stop(struct issuer *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        carnet_buffer_clear(&w->entitled[i]);
    free(w->entitled);
    free(w->ids);
    carnet_key_free(w->root);
    carnet_key_free(w->issuer);
}

static void issue(struct issuer *w, uint32_t number, struct carnet_buffer *bundle)
{
    const uint32_t i = (number - 1) % w->count;
    const struct carnet_embed embed = {w->entitled[i].bytes, w->entitled[i].size, w->ids[i]};
    struct carnet_buffer document = {0};
    struct carnet_digest id;
    fill(&w->l, &w->e, number);
    w->l.entitlement = w->ids[i];
    if (i > 0)
        (void)snprintf(w->l.grant.license, sizeof w->l.grant.license, "CAD-2026-%u", i + 1);
    else
        (void)snprintf(w->l.grant.license, sizeof w->l.grant.license, "CAD-2026");
    must(carnet_issue_compose_license(&w->l, &document), "a license");
    must(carnet_issue_seal(w->issuer, CARNET_KIND_LICENSE, document.bytes, document.size, &embed, bundle, &id, NULL),
         "a license");
    carnet_buffer_clear(&document);
}

static void make(const char *path, uint32_t count, uint32_t entitlements)
{
    struct issuer w = {0};
    char pem[CARNET_PEM_SIZE + 1];
    const int folder = mkdir(path, 0755) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder < 0) {
        perror(path);
        exit(73);
    }
    issuer_start(&w, count, entitlements);
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

static gcry_sexp_t sexp(const char *format, int size, const uint8_t *bytes, const uint8_t *more)
{
    gcry_sexp_t made = NULL;
    if (gcry_sexp_build(&made, NULL, format, size, bytes, size, more) != 0)
        must(CARNET_BUG, "libgcrypt");
    return made;
}

/* What libgcrypt needs is made once: the limit is the verification alone. */
static void measure_libgcrypt(const uint8_t *key, const struct carnet_entry *signature, const struct carnet_entry *sums,
                              uint32_t count)
{
    gcry_sexp_t k = sexp("(public-key (ecc (curve Ed25519)(flags eddsa)(q %b)))", 32, key, NULL);
    gcry_sexp_t s = sexp("(sig-val (eddsa (r %b)(s %b)))", 32, signature->bytes, signature->bytes + 32);
    gcry_sexp_t d = sexp("(data (flags eddsa)(hash-algo sha512)(value %b))", (int)sums->size, sums->bytes, NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (gcry_pk_verify(s, d, k) != 0)
            must(CARNET_ALTERED, "the signature");
    }
    gcry_sexp_release(k);
    gcry_sexp_release(s);
    gcry_sexp_release(d);
}

static void measure(uint32_t count, bool libgcrypt)
{
    struct issuer w = {0};
    struct carnet_buffer bundle = {0};
    struct carnet_unpacked *u = NULL;
    issuer_start(&w, 1, 1);
    issue(&w, 1, &bundle);
    must(carnet_unpack(bundle.bytes, bundle.size, &u, NULL), "the license");
    const struct carnet_entry *sums = carnet_unpacked_entry(u, CARNET_ENTRY_SUMS);
    const struct carnet_entry *signature = carnet_unpacked_entry(u, CARNET_ENTRY_SIGNATURE);
    if (libgcrypt)
        measure_libgcrypt(carnet_key_info(w.issuer)->public_key, signature, sums, count);
    for (uint32_t i = 0; i < count && !libgcrypt; i++)
        must(carnet_verify(carnet_key_info(w.issuer)->public_key, true, signature->bytes, signature->size, sums->bytes,
                           sums->size, NULL),
             "the signature");
    carnet_unpacked_free(u);
    carnet_buffer_clear(&bundle);
    issuer_stop(&w);
}

static uint32_t number(const char *text)
{
    uint32_t count = 0;
    must(carnet_text_number(text, 1, 1000000, &count), text);
    return count;
}

int main(int argc, char **argv)
{
    const bool makes = (argc == 4 || argc == 5) && strcmp(argv[1], "make") == 0;
    const bool measures =
        (argc == 3 || (argc == 4 && strcmp(argv[3], "libgcrypt") == 0)) && strcmp(argv[1], "measure") == 0;
    if (!makes && !measures) {
        (void)fputs("usage: bench-licenses make FOLDER COUNT [ENTITLEMENTS] | measure COUNT [libgcrypt]\n", stderr);
        return 64;
    }
    if (makes)
        make(argv[2], number(argv[3]), argc == 5 ? number(argv[4]) : 1);
    else
        measure(number(argv[2]), argc == 4);
    return 0;
}

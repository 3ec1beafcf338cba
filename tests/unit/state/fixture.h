/* SPDX-License-Identifier: MIT */
/* A vendor, an administrator, and what they write, for the tests of the state. */
#ifndef CARNET_TESTS_STATE_FIXTURE_H
#define CARNET_TESTS_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/seal.h"
#include "issue/issue.h"
#include "state/state.h"

#define NOW INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define OK(call) assert_int_equal((call), CARNET_OK)

/* A sealed bundle. */
struct sealed {
    struct carnet_buffer bytes;
    struct carnet_digest id;
};

struct world {
    char folder[64];
    char path[80]; /* the state, in it */
    struct carnet_key *root, *issuer;
    struct carnet_digest vendor;
    struct carnet_entitlement entitlement;
    struct sealed entitled;
};

static inline int world_unlink(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)at;
    if (type == FTW_D || type == FTW_DNR)
        (void)chmod(path, 0700);
    return remove(path);
}

static inline void remove_all(const char *path)
{
    (void)nftw(path, world_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct carnet_key *make_key(enum carnet_role role, uint8_t number)
{
    uint8_t seed[32] = {number, 1, 2, 3};
    struct carnet_key *key = NULL;
    OK(carnet_key_from_seed(role, NOW, seed, &key, NULL));
    return key;
}

static inline void seal_issued(const struct carnet_key *key, enum carnet_kind_id kind,
                               const struct carnet_buffer *document, const struct sealed *embedded, struct sealed *out)
{
    struct carnet_embed embed = {0};
    if (embedded != NULL)
        embed = (struct carnet_embed){embedded->bytes.bytes, embedded->bytes.size, embedded->id};
    OK(carnet_issue_seal(key, kind, document->bytes, document->size, embedded != NULL ? &embed : NULL, &out->bytes,
                         &out->id, NULL));
}

static inline void world_start(struct world *w)
{
    struct carnet_buffer document = {0};
    memset(w, 0, sizeof *w);
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/carnet-state-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_int_equal(chmod(w->folder, 0755), 0);
    (void)snprintf(w->path, sizeof w->path, "%s/state", w->folder);
    w->root = make_key(CARNET_ROLE_ROOT, 1);
    w->issuer = make_key(CARNET_ROLE_ISSUER, 2);
    w->vendor = carnet_key_info(w->root)->id;
    w->entitlement = (struct carnet_entitlement){
        .vendor = w->vendor,
        .vendor_name = "Vendor",
        .license = "L-1",
        .revision = 1,
        .issued = NOW,
        .product = "osci",
        .licensee = "Licensee",
        .seats = 10,
        .offline_allowed = true,
        .not_after = CARNET_NEVER,
        .lease_days = CARNET_NO_LEASE,
        .activate_within_days = 30,
        .transfers_per_year = CARNET_NO_CAP,
        .losses_per_year = CARNET_NO_CAP,
        .matching = {.threshold = 60, .points = {[CARNET_FACT_MACHINE_ID] = 30}},
        .clock_tolerance_hours = 24,
        .issuer = carnet_key_info(w->issuer)->id,
    };
    OK(carnet_issue_compose_entitlement(&w->entitlement, &document));
    seal_issued(w->root, CARNET_KIND_ENTITLEMENT, &document, NULL, &w->entitled);
    carnet_buffer_clear(&document);
}

static inline void world_stop(struct world *w)
{
    carnet_buffer_clear(&w->entitled.bytes);
    carnet_key_free(w->root);
    carnet_key_free(w->issuer);
    remove_all(w->folder);
}

static inline struct carnet_state *open_state(const struct world *w, bool write)
{
    struct carnet_state *state = NULL;
    OK(carnet_state_open(w->path, write, &state, NULL));
    return state;
}

static inline void pin_root(const struct world *w, struct carnet_state *state)
{
    struct carnet_digest vendor;
    OK(carnet_state_pin(state, carnet_key_info(w->root)->public_key, &vendor, NULL));
    assert_true(carnet_digest_equal(&vendor, &w->vendor));
}

/* A path in the vendor's folder. */
static inline const char *in_vendor(const struct world *w, const char *rest, char out[512])
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(&w->vendor, hex);
    (void)snprintf(out, 512, "%s/vendors/%s/%s", w->path, hex, rest);
    return out;
}

static inline struct carnet_grant_name grant_of(const char *license, uint8_t number)
{
    struct carnet_grant_name name = {.fingerprint = {{number, 0xee}}};
    (void)snprintf(name.license, sizeof name.license, "%s", license);
    return name;
}

/* A license of grant `number`, and its receipt. */
static inline void make_license(const struct world *w, uint8_t number, uint32_t serial,
                                const struct carnet_digest *machine, uint32_t journal, struct sealed *out)
{
    struct carnet_buffer document = {0};
    struct carnet_grant_name name = grant_of("L-1", number);
    struct carnet_license l = {
        .vendor = w->vendor,
        .grant = {.license = "L-1", .fingerprint = name.fingerprint, .epoch = 1, .serial = serial, .seat = 1},
        .entitlement = w->entitled.id,
        .revision = 1,
        .product = "osci",
        .licensee = "Licensee",
        .machine_key = *machine,
        .issued = NOW,
        .activate_by = NOW + CARNET_DAY,
        .lease_until = CARNET_NEVER,
        .not_after = CARNET_NEVER,
        .matching = w->entitlement.matching,
        .facts = {.count = 1, .list = {{CARNET_FACT_MACHINE_ID, {{7}}}}},
        .journal = {journal, {{(uint8_t)journal}}},
    };
    OK(carnet_issue_compose_license(&l, &document));
    memset(out, 0, sizeof *out);
    seal_issued(w->issuer, CARNET_KIND_LICENSE, &document, &w->entitled, out);
    carnet_buffer_clear(&document);
}

static inline void make_receipt(const struct world *w, uint8_t number, const struct carnet_digest *machine,
                                uint32_t journal, struct sealed *out)
{
    struct carnet_buffer document = {0};
    struct carnet_grant_name name = grant_of("L-1", number);
    struct carnet_receipt r = {
        .vendor = w->vendor,
        .grant = {.license = "L-1", .fingerprint = name.fingerprint, .epoch = 1, .serial = 1, .seat = 1},
        .entitlement = w->entitled.id,
        .revision = 1,
        .machine_key = *machine,
        .end = CARNET_END_REVOKED,
        .at = NOW,
        .reason = "Lost",
        .journal = {journal, {{(uint8_t)journal}}},
    };
    OK(carnet_issue_compose_receipt(&r, &document));
    memset(out, 0, sizeof *out);
    seal_issued(w->issuer, CARNET_KIND_RECEIPT, &document, &w->entitled, out);
    carnet_buffer_clear(&document);
}

/* A fingerprint of that number. */
static inline void make_fingerprint(const struct world *w, const struct carnet_key *machine,
                                    const struct carnet_sequence *sequence, struct sealed *out)
{
    struct carnet_buffer document = {0};
    struct carnet_fingerprint f = {
        .vendor = w->vendor,
        .sequence = *sequence,
        .virtual_system = "none",
        .container_system = "none",
        .facts = {.count = 1, .list = {{CARNET_FACT_MACHINE_ID, {{7}}}}},
    };
    f.sequence.made = NOW;
    OK(carnet_fingerprint_compose(&f, &document));
    memset(out, 0, sizeof *out);
    OK(carnet_machine_seal(machine, CARNET_KIND_FINGERPRINT, document.bytes, document.size, NULL, &out->bytes, &out->id,
                           NULL));
    carnet_buffer_clear(&document);
}

/* A release of a license. */
static inline void make_release(const struct world *w, const struct carnet_key *machine,
                                const struct carnet_sequence *sequence, uint8_t number, const struct sealed *license,
                                struct sealed *out)
{
    struct carnet_buffer document = {0};
    struct carnet_grant_name name = grant_of("L-1", number);
    struct carnet_release r = {
        .vendor = w->vendor,
        .grant = {.license = "L-1", .fingerprint = name.fingerprint, .epoch = 1, .serial = 1, .seat = 1},
        .license = license->id,
        .sequence = *sequence,
    };
    struct carnet_embed embed = {license->bytes.bytes, license->bytes.size, license->id};
    r.sequence.made = NOW;
    OK(carnet_release_compose(&r, &document));
    memset(out, 0, sizeof *out);
    OK(carnet_machine_seal(machine, CARNET_KIND_RELEASE, document.bytes, document.size, &embed, &out->bytes, &out->id,
                           NULL));
    carnet_buffer_clear(&document);
}

/* Puts a license or a receipt into the state as a command does: read and judged first. */
static inline enum carnet_err put(struct carnet_state *state, const struct sealed *bundle, struct carnet_diag *diag)
{
    const struct carnet_read_options options = {.anchors = carnet_state_anchors(state)};
    struct carnet_reading *reading = NULL;
    OK(carnet_reading_open(bundle->bytes.bytes, bundle->bytes.size, &options, &reading, NULL));
    enum carnet_err err =
        carnet_state_put(state, carnet_reading_judged(reading), bundle->bytes.bytes, bundle->bytes.size, diag);
    carnet_reading_free(reading);
    return err;
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
    (void)unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline unsigned mode_of(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? (unsigned)status.st_mode & 07777u : 0;
}

/* Runs a function as a user without privileges, in a child; gives its result. */
static inline int as_nobody(int (*run)(const struct world *w), const struct world *w)
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit(run(w));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif

/* SPDX-License-Identifier: MIT */
/* A ledger in a folder of its own, with one vendor, one issuer and one license. */
#ifndef CARNET_TESTS_LEDGER_SCRATCH_H
#define CARNET_TESTS_LEDGER_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"

struct scratch {
    char folder[64], file[96];
    struct ledger *l;
    struct carnet_diag diag;
    struct carnet_digest vendor, issuer;
    struct ledger_license license;
};

static inline struct carnet_digest digest_of(uint32_t n)
{
    struct carnet_digest d = {{0}};
    memcpy(d.bytes, &n, sizeof n);
    d.bytes[31] = 1;
    return d;
}

static inline void entitle(struct scratch *s, uint32_t revision, uint32_t seats)
{
    struct carnet_entitlement *e = calloc(1, sizeof *e);
    struct carnet_digest id = digest_of(9000 + revision);

    assert_non_null(e);
    e->vendor = s->vendor;
    e->issuer = s->issuer;
    strcpy(e->license, "L-1");
    strcpy(e->product, "cad");
    strcpy(e->licensee, "City Hospital");
    e->revision = revision;
    e->seats = seats;
    e->offline_allowed = true;
    e->not_after = CARNET_NEVER;
    assert_int_equal(ledger_begin(s->l, &s->diag), CARNET_OK);
    assert_int_equal(ledger_taken_add(s->l, e, &id, (const uint8_t *)"bytes", 5, 1000, &s->diag), CARNET_OK);
    assert_int_equal(ledger_commit(s->l, &s->diag), CARNET_OK);
    assert_int_equal(ledger_license_get(s->l, &s->vendor, "L-1", &s->license, &s->diag), CARNET_OK);
    free(e);
}

static inline void scratch_begin(struct scratch *s, uint32_t seats)
{
    const struct ledger_about about = {.roles = LEDGER_ADMIN, .name = "City Hospital", .epoch = 1, .created = 900};

    memset(s, 0, sizeof *s);
    strcpy(s->folder, "/tmp/carnet-ledger-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->file, sizeof s->file, "%s/%s", s->folder, LEDGER_FILE);
    s->vendor = digest_of(1);
    s->issuer = digest_of(2);
    assert_int_equal(ledger_create(s->file, &about, "name:ada", &s->l, &s->diag), CARNET_OK);
    assert_int_equal(ledger_key_see(s->l, &s->issuer, CARNET_ROLE_ISSUER, 900, &s->diag), CARNET_OK);
    entitle(s, 1, seats);
}

static inline void scratch_end(struct scratch *s)
{
    char command[160];

    ledger_close(s->l);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    assert_int_equal(system(command), 0);
}

/* Gives the machine of that number the lowest free seat; 0 when there is none. */
static inline uint32_t give(struct scratch *s, uint32_t machine, struct ledger_grant *out)
{
    struct carnet_facts facts = {.count = 0};
    struct ledger_grant g = {.license = s->license.number,
                             .fingerprint = digest_of(100000 + machine),
                             .epoch = 1,
                             .serial = 1,
                             .machine_key = digest_of(200000 + machine),
                             .entitlement = s->license.entitlement,
                             .since = 1000,
                             .lease_until = CARNET_NEVER};

    if (ledger_seat_lowest(s->l, s->license.number, &g.seat, &s->diag) == CARNET_NO_SEAT)
        return 0;
    assert_int_equal(ledger_key_see(s->l, &g.machine_key, CARNET_ROLE_MACHINE, 1000, &s->diag), CARNET_OK);
    assert_int_equal(ledger_grant_add(s->l, &g, &facts, &s->diag), CARNET_OK);
    if (out)
        *out = g;
    return g.seat;
}

#endif

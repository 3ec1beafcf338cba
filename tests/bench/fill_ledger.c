/* SPDX-License-Identifier: MIT */
/*
 * bench-fill-ledger LEDGER LICENSE COUNT: gives COUNT seats of an offline license to machines that are only numbers,
 * with all that the ledger keeps of an assignment: the key, the fingerprint's place in its machine's sequence, both
 * events, the grant, its system UUID and a bundle. The bundle is of 64 bytes and is no license: a million real ones
 * would fill some 20 GB, and no assignment reads or moves those of others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

#define AT_ONCE 20000

struct fill {
    struct ledger *ledger;
    struct ledger_license license;
    struct carnet_diag diag;
    int64_t now;
};

static void must(const struct fill *f, enum carnet_err err)
{
    if (err) {
        (void)fprintf(stderr, "bench-fill-ledger: %s: %s\n", carnet_outcome_name(err), f->diag.detail);
        exit(70);
    }
}

/* Digests that rise with n and are spread over all digests, so that filling is quick and a real one falls between. */
static struct carnet_digest spread(uint32_t what, uint32_t n)
{
    struct carnet_digest d;
    const uint32_t high = n * 4200u;
    char text[48];

    (void)snprintf(text, sizeof text, "%lu %lu", (unsigned long)what, (unsigned long)n);
    carnet_sha256(text, strlen(text), &d);
    for (unsigned i = 0; i < 4; i++)
        d.bytes[i] = (uint8_t)(high >> (24 - 8 * i));
    return d;
}

static void give(struct fill *f, uint32_t n)
{
    static const uint8_t bytes[64] = {0};
    const struct carnet_digest bundle = spread(3, n);
    struct carnet_facts facts = {.count = 1};
    struct ledger_grant g = {.license = f->license.number,
                             .fingerprint = spread(1, n),
                             .epoch = 1,
                             .serial = 1,
                             .machine_key = spread(2, n),
                             .entitlement = f->license.entitlement,
                             .since = f->now,
                             .lease_until = CARNET_NEVER};
    const struct ledger_received received = {.id = g.fingerprint,
                                             .machine_key = g.machine_key,
                                             .kind = CARNET_KIND_FINGERPRINT,
                                             .sequence = {.made = f->now, .sequence = 1}};
    struct ledger_event event = {.what = "assign",
                                 .license = f->license.id,
                                 .revision = f->license.revision,
                                 .serial = 1,
                                 .grant = &g.fingerprint,
                                 .entitlement = &g.entitlement,
                                 .machine = &g.machine_key};
    struct ledger_event issued = {.what = "issued",
                                  .license = f->license.id,
                                  .serial = 1,
                                  .grant = &g.fingerprint,
                                  .bundle = &bundle,
                                  .note = "license"};
    struct ledger_bundle b = {.id = bundle,
                              .kind = CARNET_KIND_LICENSE,
                              .license = f->license.number,
                              .serial = 1,
                              .bytes = bytes,
                              .size = sizeof bytes};

    facts.list[0].name = CARNET_FACT_SYSTEM_UUID;
    facts.list[0].digest = spread(4, n);
    must(f, ledger_seat_lowest(f->ledger, f->license.number, &g.seat, &f->diag));
    event.seat = issued.seat = g.seat;
    must(f, ledger_key_see(f->ledger, &g.machine_key, CARNET_ROLE_MACHINE, f->now, &f->diag));
    must(f, ledger_received_add(f->ledger, &received, f->now, &f->diag));
    must(f, ledger_event_add(f->ledger, &f->license.vendor, &f->license.issuer, f->now, &event, NULL, &f->diag));
    must(f, ledger_grant_add(f->ledger, &g, &facts, &f->diag));
    b.grant = g.number;
    must(f, ledger_bundle_add(f->ledger, &b, f->now, &f->diag));
    must(f, ledger_event_add(f->ledger, &f->license.vendor, &f->license.issuer, f->now, &issued, NULL, &f->diag));
}

int main(int argc, char **argv)
{
    struct fill f = {.now = carnet_utc_now()};
    uint32_t count;

    if (argc != 4) {
        (void)fprintf(stderr, "bench-fill-ledger LEDGER LICENSE COUNT\n");
        return 64;
    }
    count = (uint32_t)strtoul(argv[3], NULL, 10);
    must(&f, ledger_open(argv[1], "name:bench", &f.ledger, &f.diag));
    must(&f, ledger_license_named(f.ledger, argv[2], NULL, &f.license, &f.diag));
    for (uint32_t n = 1; n <= count; n++) {
        if (n % AT_ONCE == 1)
            must(&f, ledger_begin(f.ledger, &f.diag));
        give(&f, n);
        if (n % AT_ONCE == 0 || n == count)
            must(&f, ledger_commit(f.ledger, &f.diag));
    }
    ledger_close(f.ledger);
    return 0;
}

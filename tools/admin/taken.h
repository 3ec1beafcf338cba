/* SPDX-License-Identifier: MIT */
/* What an administrator's exported journal says of a license, for the vendor who entitled it. */
#ifndef CARNET_ADMIN_TAKEN_H
#define CARNET_ADMIN_TAKEN_H

#include "home.h"

struct taken {
    uint32_t last;     /* the journal's last position */
    int64_t at;        /* and its time */
    uint32_t revision; /* the newest revision that was taken; 0 for none */
    int64_t since;     /* when */
    uint32_t out;      /* seats that are out */
    uint32_t held;     /* seats of lost machines that are not free yet */
};

/* Reads the files of --journal, which have to be one chain of that issuer from its first event on, in any order and
 * any number of times. CARNET_NOT_VOUCHED where a part is missing, CARNET_FORKED where two parts contradict each other,
 * CARNET_UNTRUSTED_KEY for the journal of another issuer. The times are held against the clock (O-2). */
CARNET_MUST_USE enum carnet_err taken_read(struct cli *cli, const struct home *h, const char *license,
                                           const struct carnet_digest *issuer, struct taken *out);

#endif

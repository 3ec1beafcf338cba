/* SPDX-License-Identifier: MIT */
/* Which license a fingerprint gets a seat of: what it has already it gets again, and of the rest somebody decides. */
#ifndef CARNET_ADMIN_ASKING_H
#define CARNET_ADMIN_ASKING_H

#include "assign.h"

/* An item that refuses it; `next` may be NULL. */
CARNET_MUST_USE enum carnet_err asking_refuse(struct batch *b, const struct asking *a, const char *license,
                                              enum carnet_err outcome, const char *words, const char *next);
/* Is it of a vendor who is pinned here? Else an item says so, and *holds is false. */
CARNET_MUST_USE enum carnet_err asking_hold_vendor(struct batch *b, const struct asking *a, bool *holds);
/* Decides on one product of it that has no grant yet; NULL where it names none, and means any. */
typedef enum carnet_err asking_decide_fn(struct batch *b, const struct asking *a, const char *product);
/* Gives it again what it has, and lets `decide` decide on each of its other products. */
CARNET_MUST_USE enum carnet_err asking_each(struct batch *b, const struct asking *a, asking_decide_fn *decide);
/* Decides by what there is: the only license of the product, or the only one that is offline. */
CARNET_MUST_USE enum carnet_err asking_only_license(struct batch *b, const struct asking *a, const char *product);

#endif

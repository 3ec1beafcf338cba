/* SPDX-License-Identifier: MIT */
/* The kinds of bundles: one row each (spec/format.md, section 7). */
#ifndef CARNET_BUNDLE_KIND_H
#define CARNET_BUNDLE_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define CARNET_FORMAT_MAJOR 1
#define CARNET_KIND_NAME_MOST 32
#define CARNET_MIMETYPE_PREFIX "application/vnd.carnet."

enum carnet_role { CARNET_ROLE_ROOT, CARNET_ROLE_ISSUER, CARNET_ROLE_MACHINE };

enum carnet_kind_id {
    CARNET_KIND_ENTITLEMENT,
    CARNET_KIND_FINGERPRINT,
    CARNET_KIND_LICENSE,
    CARNET_KIND_RELEASE,
    CARNET_KIND_RECEIPT,
    CARNET_KIND_JOURNAL,
    CARNET_KIND_ACTIVATION,
    CARNET_KIND_CLOCKREQUEST,
    CARNET_KIND_CLOCK,
    CARNET_KIND_KEYREQUEST,
    CARNET_KIND_TRUST,
    CARNET_KIND_COUNT
};

#define CARNET_KIND_NONE CARNET_KIND_COUNT /* "embeds nothing" */
/* Sets of kinds, for "expected here". */
#define CARNET_KIND_BIT(id) (1u << (unsigned)(id))
#define CARNET_KIND_ANY (CARNET_KIND_BIT(CARNET_KIND_COUNT) - 1u)

struct carnet_kind {
    enum carnet_kind_id id;
    const char *name;        /* "license": in names, mimetype and root element */
    const char *mimetype;    /* the whole content of the mimetype entry */
    enum carnet_role signer; /* who signs it */
    bool self_asserted;      /* nobody vouches for the signer */
    enum carnet_kind_id
        embeds;               /* the one kind it embeds exactly one of, or CARNET_KIND_NONE (trust embeds links: U-2) */
    const char *user_command; /* the carnet-user command that takes it, or NULL */
    const char *admin_command; /* the carnet-admin command that takes it, or NULL */
};

/* The row of a kind; never NULL for a valid id. */
const struct carnet_kind *carnet_kind_get(enum carnet_kind_id id);
/* The row by name, or NULL. */
const struct carnet_kind *carnet_kind_find(const char *name);
/* "root", "issuer", "machine". */
const char *carnet_role_name(enum carnet_role role);
/* Its holder, for sentences: "the vendor (root)", "the administrator (issuer)", "the machine". */
const char *carnet_role_holder(enum carnet_role role);

#endif

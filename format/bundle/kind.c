/* SPDX-License-Identifier: MIT */
#include "bundle/kind.h"

#include <assert.h>
#include <string.h>

#define MIMETYPE(name) CARNET_MIMETYPE_PREFIX name ";version=1"

static const struct carnet_kind kinds[CARNET_KIND_COUNT] = {
    [CARNET_KIND_ENTITLEMENT] = {.id = CARNET_KIND_ENTITLEMENT,
                                 .name = "entitlement",
                                 .mimetype = MIMETYPE("entitlement"),
                                 .signer = CARNET_ROLE_ROOT,
                                 .embeds = CARNET_KIND_NONE,
                                 .admin_command = "import"},
    [CARNET_KIND_FINGERPRINT] = {.id = CARNET_KIND_FINGERPRINT,
                                 .name = "fingerprint",
                                 .mimetype = MIMETYPE("fingerprint"),
                                 .signer = CARNET_ROLE_MACHINE,
                                 .self_asserted = true,
                                 .embeds = CARNET_KIND_NONE,
                                 .admin_command = "assign"},
    [CARNET_KIND_LICENSE] = {.id = CARNET_KIND_LICENSE,
                             .name = "license",
                             .mimetype = MIMETYPE("license"),
                             .signer = CARNET_ROLE_ISSUER,
                             .embeds = CARNET_KIND_ENTITLEMENT,
                             .user_command = "activate"},
    [CARNET_KIND_RELEASE] = {.id = CARNET_KIND_RELEASE,
                             .name = "release",
                             .mimetype = MIMETYPE("release"),
                             .signer = CARNET_ROLE_MACHINE,
                             .embeds = CARNET_KIND_LICENSE,
                             .admin_command = "free"},
    [CARNET_KIND_RECEIPT] = {.id = CARNET_KIND_RECEIPT,
                             .name = "receipt",
                             .mimetype = MIMETYPE("receipt"),
                             .signer = CARNET_ROLE_ISSUER,
                             .embeds = CARNET_KIND_ENTITLEMENT,
                             .user_command = "activate"},
    [CARNET_KIND_JOURNAL] = {.id = CARNET_KIND_JOURNAL,
                             .name = "journal",
                             .mimetype = MIMETYPE("journal"),
                             .signer = CARNET_ROLE_ISSUER,
                             .embeds = CARNET_KIND_ENTITLEMENT,
                             .admin_command = "entitle --journal"},
    [CARNET_KIND_ACTIVATION] = {.id = CARNET_KIND_ACTIVATION,
                                .name = "activation",
                                .mimetype = MIMETYPE("activation"),
                                .signer = CARNET_ROLE_MACHINE,
                                .embeds = CARNET_KIND_LICENSE,
                                .admin_command = "import"},
    [CARNET_KIND_CLOCKREQUEST] = {.id = CARNET_KIND_CLOCKREQUEST,
                                  .name = "clockrequest",
                                  .mimetype = MIMETYPE("clockrequest"),
                                  .signer = CARNET_ROLE_MACHINE,
                                  .embeds = CARNET_KIND_LICENSE,
                                  .admin_command = "clock"},
    [CARNET_KIND_CLOCK] = {.id = CARNET_KIND_CLOCK,
                           .name = "clock",
                           .mimetype = MIMETYPE("clock"),
                           .signer = CARNET_ROLE_ISSUER,
                           .embeds = CARNET_KIND_ENTITLEMENT,
                           .user_command = "activate"},
    [CARNET_KIND_KEYREQUEST] = {.id = CARNET_KIND_KEYREQUEST,
                                .name = "keyrequest",
                                .mimetype = MIMETYPE("keyrequest"),
                                .signer = CARNET_ROLE_ISSUER,
                                .self_asserted = true,
                                .embeds = CARNET_KIND_NONE,
                                .admin_command = "entitle --issuer"},
    [CARNET_KIND_TRUST] = {.id = CARNET_KIND_TRUST,
                           .name = "trust",
                           .mimetype = MIMETYPE("trust"),
                           .signer = CARNET_ROLE_ROOT,
                           .embeds = CARNET_KIND_NONE,
                           .user_command = "trust add"},
};

const struct carnet_kind *carnet_kind_get(enum carnet_kind_id id)
{
    assert(id < CARNET_KIND_COUNT);
    return &kinds[id];
}

const struct carnet_kind *carnet_kind_find(const char *name)
{
    for (size_t i = 0; i < CARNET_KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

const char *carnet_role_name(enum carnet_role role)
{
    static const char *const names[] = {
        [CARNET_ROLE_ROOT] = "root", [CARNET_ROLE_ISSUER] = "issuer", [CARNET_ROLE_MACHINE] = "machine"};

    assert(role <= CARNET_ROLE_MACHINE);
    return names[role];
}

const char *carnet_role_holder(enum carnet_role role)
{
    static const char *const holders[] = {[CARNET_ROLE_ROOT] = "the vendor (root)",
                                          [CARNET_ROLE_ISSUER] = "the administrator (issuer)",
                                          [CARNET_ROLE_MACHINE] = "the machine"};

    assert(role <= CARNET_ROLE_MACHINE);
    return holders[role];
}

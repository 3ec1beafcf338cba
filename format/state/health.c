/* SPDX-License-Identifier: MIT */
#include "state/health.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "state/private.h"

struct looking {
    const struct carnet_state *state;
    carnet_trouble_fn *tell;
    void *context;
};

const char *carnet_state_forgetful(unsigned long magic)
{
    switch (magic) {
    case TMPFS_MAGIC:
        return "tmpfs";
    case RAMFS_MAGIC:
        return "ramfs";
    case OVERLAYFS_SUPER_MAGIC:
        return "overlayfs";
    default:
        return NULL;
    }
}

static void CARNET_PRINTF(4, 5)
    trouble(const struct looking *l, enum carnet_err err, const char *next, const char *format, ...)
{
    struct carnet_diag diag = {0};
    char text[sizeof diag.detail];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)carnet_fail(&diag, err, "", "%s", text);
    (void)carnet_fail_next(&diag, "%s", next);
    l->tell(l->context, err, &diag);
}

static void look_at_place(const struct looking *l)
{
    struct statfs system;
    struct stat status;
    if (fstatfs(l->state->folder, &system) == 0) {
        const char *name = carnet_state_forgetful((unsigned long)system.f_type);
        if (name != NULL)
            trouble(l, CARNET_OK,
                    "Put it on a disk or a volume that stays, and name that folder with --state or CARNET_STATE.",
                    "The state in %s lies on %s: it may be gone after the next start, and its licenses with it.",
                    l->state->shown, name);
    }
    if (fstat(l->state->folder, &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        trouble(l, CARNET_PERMISSION, "Take that right away: chmod go-w.",
                "Others than its owner may change the state in %s.", l->state->shown);
}

/* Files that nobody else may read; and the secret, that all who check have to. */
static void look_at_rights(const struct looking *l, const struct carnet_digest *vendor)
{
    static const char *const secret[] = {"machine.key", "machine.kek"};
    char name[CARNET_STATE_NAME_SIZE];
    struct stat status;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        carnet_state_name(name, vendor, secret[i]);
        if (fstatat(l->state->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && (status.st_mode & 0077) != 0)
            trouble(l, CARNET_PERMISSION,
                    "chmod 600 it; if others were on this machine, ask for a new seat with a new key.",
                    "%s/%s may be read by others: whoever has it can sign as this machine.", l->state->shown, name);
    }
    carnet_state_name(name, vendor, "facts.secret");
    if (l->state->shared && fstatat(l->state->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        (status.st_mode & 0044) != 0044)
        trouble(l, CARNET_OK, "chmod 644 it.", "%s/%s can't be read by the users who check licenses here.",
                l->state->shown, name);
}

static void tell_damage(const struct looking *l, enum carnet_err err, const struct carnet_diag *diag)
{
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        l->tell(l->context, err, diag);
}

static void look_at_content(const struct looking *l, const struct carnet_digest *vendor)
{
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    struct carnet_digest id, previous = {{0}};
    struct carnet_floors floors;
    struct carnet_sequence sequence = {.previous = previous};
    struct carnet_journal_position journal;
    struct carnet_diag diag = {0};
    bool ignored;
    tell_damage(l, carnet_state_machine_id(l->state, vendor, &id, &diag), &diag);
    diag = (struct carnet_diag){0};
    tell_damage(l, carnet_state_secret(l->state, vendor, secret, &diag), &diag);
    explicit_bzero(secret, sizeof secret);
    diag = (struct carnet_diag){0};
    tell_damage(l, carnet_state_floors(l->state, vendor, &floors, &diag), &diag);
    diag = (struct carnet_diag){0};
    enum carnet_err err = carnet_state_next(l->state, vendor, &sequence, &journal, &diag);
    /* The last file is read for its id; all fingerprints are, where one is looked for that is not there. */
    if (err == CARNET_OK)
        err = carnet_state_sent_has(l->state, vendor, &previous, &ignored, &diag);
    tell_damage(l, err, &diag);
}

enum carnet_err carnet_state_health(const struct carnet_state *state, carnet_trouble_fn *tell, void *context,
                                    struct carnet_diag *diag)
{
    const struct looking l = {.state = state, .tell = tell, .context = context};
    struct carnet_state_names vendors = {0};
    if (state->folder < 0)
        return CARNET_OK;
    look_at_place(&l);
    enum carnet_err err = carnet_state_list(state, "vendors", &vendors, diag);
    for (size_t i = 0; err == CARNET_OK && i < vendors.count; i++) {
        struct carnet_digest vendor;
        if (carnet_digest_parse(vendors.list[i], &vendor) != CARNET_OK)
            continue;
        look_at_rights(&l, &vendor);
        look_at_content(&l, &vendor);
    }
    carnet_state_names_clear(&vendors);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* A machine's key remembers the machine it was made on, so that copies of a disk don't go on with one key
 * (spec/state.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/settings.h"
#include "rules/match.h"
#include "state/check.h"
#include "state/private.h"

#define BORN "born"
#define NEXT_BORN "Delete that file; the next fingerprint writes it again."

/* "FACT = DIGEST", a line each. */
static enum carnet_err take_fact(void *context, unsigned long line, const char *key, const char *value,
                                 struct carnet_diag *diag)
{
    (void)line;
    (void)diag;
    struct carnet_facts *facts = context;
    struct carnet_fact fact;
    if (facts->count == CARNET_FACTS_MOST || carnet_fact_find(key, &fact.name) != CARNET_OK ||
        carnet_digest_parse(value, &fact.digest) != CARNET_OK)
        return CARNET_CONFIGURATION;
    facts->list[facts->count++] = fact;
    return CARNET_OK;
}

/* *id is of the file's bytes. CARNET_NOT_FOUND where it was not noted. */
static enum carnet_err read_born(const struct carnet_state *state, const struct carnet_digest *vendor,
                                 struct carnet_facts *facts, struct carnet_digest *id, struct carnet_diag *diag)
{
    struct carnet_buffer text = {0};
    char name[CARNET_STATE_NAME_SIZE];
    carnet_state_name(name, vendor, BORN);
    enum carnet_err err = carnet_state_read(state, name, 16384, &text, diag);
    if (err == CARNET_OK && carnet_settings_parse(text.bytes, text.size, take_fact, facts, NULL) != CARNET_OK)
        err = carnet_state_damaged(state, name, "does not hold facts", NEXT_BORN, diag);
    if (err == CARNET_OK)
        carnet_sha256(text.bytes, text.size, id);
    carnet_buffer_clear(&text);
    return err;
}

static enum carnet_err write_born(const struct carnet_state *state, const struct carnet_digest *vendor,
                                  const struct carnet_facts *facts, struct carnet_diag *diag)
{
    struct carnet_buffer text = {0};
    char name[CARNET_STATE_NAME_SIZE], line[CARNET_HEX_SIZE + 64], hex[CARNET_HEX_SIZE];
    enum carnet_err err = CARNET_OK;
    for (uint32_t i = 0; err == CARNET_OK && i < facts->count; i++) {
        carnet_digest_hex(&facts->list[i].digest, hex);
        int length = snprintf(line, sizeof line, "%s = %s\n", carnet_fact_name(facts->list[i].name), hex);
        err = carnet_buffer_append(&text, line, (size_t)length);
    }
    carnet_state_name(name, vendor, BORN);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory to note the machine's facts.");
    else
        err = carnet_file_replace(state->folder, name, carnet_state_file_mode(state), text.bytes, text.size, diag);
    carnet_buffer_clear(&text);
    return err;
}

/* Does a license that is installed for the key match the machine? Then the key is its own, however much has changed
 * since it was made. */
static enum carnet_err has_license(const struct carnet_state *state, const struct carnet_digest *vendor,
                                   const struct carnet_machine *machine, const struct carnet_machine_facts *facts,
                                   bool *out, struct carnet_diag *diag)
{
    struct carnet_state_grant *grants = NULL;
    struct carnet_digest key;
    size_t count = 0;
    enum carnet_err err = carnet_state_machine_id(state, vendor, &key, diag);
    if (err == CARNET_OK)
        err = carnet_state_grants(state, vendor, &grants, &count, diag);
    for (size_t i = 0; err == CARNET_OK && i < count; i++) {
        const struct carnet_judged *judged =
            grants[i].reading == NULL ? NULL : carnet_reading_judged(grants[i].reading);
        const struct carnet_license *l =
            judged == NULL ? NULL : carnet_document_license(carnet_judged_document(judged));
        struct carnet_match match;
        if (l == NULL || !carnet_digest_equal(&l->machine_key, &key))
            continue;
        carnet_match(&l->facts, &l->matching, facts, &match);
        const struct carnet_entitlement *e = carnet_judged_entitlement(judged);
        bool is_container = strcmp(machine->container_system, "none") != 0;
        bool labelled = carnet_check_pinned(e, is_container) && carnet_check_label(l, machine->label);
        *out = *out || match.matches || labelled;
    }
    carnet_state_grants_free(grants, count);
    return err == CARNET_NOT_FOUND ? CARNET_OK : err;
}

static bool match_born(const struct carnet_facts *born, const struct carnet_machine_facts *facts)
{
    struct carnet_matching matching = {.threshold = CARNET_THRESHOLD_DEFAULT};
    struct carnet_match match;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        matching.points[i] = carnet_fact_default_points((enum carnet_fact_name)i);
    carnet_match(born, &matching, facts, &match);
    return match.matches;
}

/*
 * Moves away what belongs to another machine. The key first, so that nothing is signed with it any more; the note of
 * its birth, which names the folder, last, so that a run that was killed is completed by the next.
 */
static enum carnet_err set_aside(const struct carnet_state *state, const struct carnet_digest *vendor,
                                 const struct carnet_digest *born, struct carnet_diag *diag)
{
    static const char *const files[] = {"machine.key", "machine.kek",  "sent", "grants",
                                        "machine.pem", "facts.secret", BORN};
    char hex[CARNET_HEX_SIZE], rest[64], folder[CARNET_STATE_NAME_SIZE], from[CARNET_STATE_NAME_SIZE],
        to[CARNET_STATE_NAME_SIZE];
    carnet_digest_hex(born, hex);
    (void)snprintf(rest, sizeof rest, "former-%.8s", hex);
    carnet_state_name(folder, vendor, rest);
    enum carnet_err err = carnet_state_folder(state, folder, diag);
    for (size_t i = 0; err == CARNET_OK && i < sizeof files / sizeof *files; i++) {
        (void)snprintf(rest, sizeof rest, "former-%.8s/%s", hex, files[i]);
        carnet_state_name(from, vendor, files[i]);
        carnet_state_name(to, vendor, rest);
        if (renameat(state->folder, from, state->folder, to) != 0 && errno != ENOENT)
            err = carnet_fail_errno(diag, errno, "%s/%s can't be set aside", state->shown, from);
    }
    carnet_state_name(from, vendor, "");
    int fd = openat(state->folder, from, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (err == CARNET_OK && (fd < 0 || fsync(fd) != 0))
        err = carnet_fail_errno(diag, errno, "The folder %s/%s can't be written", state->shown, from);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

/* What the machine's facts are under the secret at hand; zeros stand for a secret that is not there. */
static enum carnet_err read_facts(const struct carnet_state *state, const struct carnet_digest *vendor,
                                  const struct carnet_machine *machine, bool *has_secret,
                                  struct carnet_machine_facts *facts, struct carnet_diag *diag)
{
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE] = {0};
    enum carnet_err err = carnet_state_secret(state, vendor, secret, diag);
    *has_secret = err == CARNET_OK;
    if (err == CARNET_OK || err == CARNET_NOT_FOUND)
        err = carnet_machine_facts(machine, vendor, secret, facts);
    explicit_bzero(secret, sizeof secret);
    return err;
}

enum carnet_err carnet_state_own_key(struct carnet_state *state, const struct carnet_digest *vendor,
                                     const struct carnet_machine *machine, int64_t now, bool *set_aside_out,
                                     struct carnet_key **out, struct carnet_diag *diag)
{
    struct carnet_facts born = {0};
    struct carnet_machine_facts facts;
    struct carnet_digest id;
    bool has_secret = false, own = false, known = false;
    enum carnet_err err = carnet_state_must_write(state, diag);
    if (err == CARNET_OK)
        err = carnet_state_must_pinned(state, vendor, diag);
    if (err == CARNET_OK)
        err = read_born(state, vendor, &born, &id, diag);
    known = err == CARNET_OK;
    if (err == CARNET_OK || err == CARNET_NOT_FOUND)
        err = read_facts(state, vendor, machine, &has_secret, &facts, diag);
    if (err == CARNET_OK && known && has_secret) {
        own = born.count == 0 || match_born(&born, &facts);
        if (!own)
            err = has_license(state, vendor, machine, &facts, &own, diag);
    }
    bool foreign = err == CARNET_OK && known && !own;
    if (foreign)
        err = set_aside(state, vendor, &id, diag);
    if (err == CARNET_OK)
        err = carnet_state_machine_key(state, vendor, true, now, out, diag);
    if (err != CARNET_OK)
        return err;
    *set_aside_out = foreign;
    if (!known || foreign) {
        err = read_facts(state, vendor, machine, &has_secret, &facts, diag);
        if (err == CARNET_OK)
            err = write_born(state, vendor, &facts.facts, diag);
    }
    if (err != CARNET_OK) {
        carnet_key_free(*out);
        *out = NULL;
    }
    return err;
}

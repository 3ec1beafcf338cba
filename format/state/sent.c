/* SPDX-License-Identifier: MIT */
/* What this machine signed: kept, counted, given again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "state/private.h"

#define SENT "sent"
#define NEXT_SENT \
    "Bring it back from a backup of the state folder. Without one, move the vendor's folder away, pin its root key " \
    "again, and make a new fingerprint: the licenses here end with the old key."

enum carnet_err carnet_sent_list(const struct carnet_state *state, const struct carnet_digest *vendor,
                                 struct carnet_state_names *names, struct carnet_diag *diag)
{
    char folder[CARNET_STATE_NAME_SIZE];
    carnet_state_name(folder, vendor, SENT);
    return carnet_state_list(state, folder, names, diag);
}

/* The file of the highest sequence, of that kind and name (NULL for any); -1 when there is none. */
static ptrdiff_t newest(const struct carnet_state_names *names, const char *kind, const char *name)
{
    ptrdiff_t found = -1;
    uint32_t highest = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct carnet_sent_name sent;
        if (!carnet_sent_parse(names->list[i], &sent) || sent.sequence <= highest ||
            (kind != NULL && strcmp(sent.kind, kind) != 0) ||
            (name != NULL && (strlen(name) != sent.name_length || memcmp(name, sent.name, sent.name_length) != 0)))
            continue;
        highest = sent.sequence;
        found = (ptrdiff_t)i;
    }
    return found;
}

enum carnet_err carnet_sent_read(const struct carnet_state *state, const struct carnet_digest *vendor, const char *file,
                                 struct carnet_digest *id, struct carnet_buffer *out, struct carnet_diag *diag)
{
    char rest[CARNET_STATE_NAME_SIZE], name[CARNET_STATE_NAME_SIZE];
    struct carnet_buffer bytes = {0};
    struct carnet_reading *reading = NULL;
    /* Its own signature and digests are what is asked; whether its license is still trusted is not. */
    const struct carnet_read_options options = {.anchors = &state->view};

    (void)snprintf(rest, sizeof rest, SENT "/%s", file);
    carnet_state_name(name, vendor, rest);
    enum carnet_err err = carnet_state_read(state, name, CARNET_BUNDLE_MOST, &bytes, diag);
    if (err != CARNET_OK)
        goto out;
    err = carnet_reading_open(bytes.bytes, bytes.size, &options, &reading, NULL);
    if (err == CARNET_NO_MEMORY || err == CARNET_CONFIGURATION) {
        err = carnet_fail(diag, err, "", "%s/%s can't be read: %s", state->shown, name, carnet_outcome_meaning(err));
        goto out;
    }
    const struct carnet_intact *intact = reading == NULL ? NULL : carnet_reading_intact(reading);
    if (intact == NULL) {
        err = carnet_state_damaged(state, name, "is damaged", NEXT_SENT, diag);
        goto out;
    }
    err = out == NULL ? CARNET_OK : carnet_buffer_append(out, bytes.bytes, bytes.size);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory to read %s.", name);
    else if (id != NULL)
        *id = *carnet_intact_id(intact);
out:
    carnet_reading_free(reading);
    carnet_buffer_clear(&bytes);
    return err;
}

/* The last journal position in the vendor's licenses and receipts. */
static enum carnet_err last_journal(const struct carnet_state *state, const struct carnet_digest *vendor,
                                    struct carnet_journal_position *out, struct carnet_diag *diag)
{
    struct carnet_state_grant *grants = NULL;
    size_t count = 0;
    enum carnet_err err = carnet_state_grants(state, vendor, &grants, &count, diag);
    if (err != CARNET_OK)
        return err;
    struct carnet_journal_position last = {0};
    for (size_t i = 0; i < count; i++) {
        const struct carnet_document *license = grants[i].reading ? carnet_reading_document(grants[i].reading) : NULL;
        const struct carnet_document *receipt = grants[i].receipt ? carnet_reading_document(grants[i].receipt) : NULL;
        const struct carnet_license *l = license != NULL ? carnet_document_license(license) : NULL;
        const struct carnet_receipt *r = receipt != NULL ? carnet_document_receipt(receipt) : NULL;
        if (l != NULL && l->journal.position > last.position)
            last = l->journal;
        if (r != NULL && r->journal.position > last.position)
            last = r->journal;
    }
    carnet_state_grants_free(grants, count);
    *out = last;
    return CARNET_OK;
}

enum carnet_err carnet_state_next(const struct carnet_state *state, const struct carnet_digest *vendor,
                                  struct carnet_sequence *sequence, struct carnet_journal_position *journal,
                                  struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    struct carnet_digest previous = {{0}};
    struct carnet_journal_position last = {0};
    struct carnet_sent_name sent = {0};

    enum carnet_err err = carnet_sent_list(state, vendor, &names, diag);
    if (err != CARNET_OK)
        goto out;
    ptrdiff_t at = newest(&names, NULL, NULL);
    if (at >= 0 && carnet_sent_parse(names.list[at], &sent))
        err = carnet_sent_read(state, vendor, names.list[at], &previous, NULL, diag);
    if (err == CARNET_OK)
        err = last_journal(state, vendor, &last, diag);
    if (err != CARNET_OK)
        goto out;
    sequence->sequence = sent.sequence + 1;
    sequence->previous = previous;
    *journal = last;
out:
    carnet_state_names_clear(&names);
    return err;
}

enum carnet_err carnet_state_send(struct carnet_state *state, const struct carnet_digest *vendor, uint32_t sequence,
                                  const struct carnet_kind *kind, const char *name, const uint8_t *bytes, size_t size,
                                  struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    struct carnet_buffer held = {0};
    struct carnet_sent_name last = {0};
    char folder[CARNET_STATE_NAME_SIZE], rest[CARNET_STATE_NAME_SIZE], path[CARNET_STATE_NAME_SIZE];

    enum carnet_err err = carnet_state_must_write(state, diag);
    if (err == CARNET_OK)
        err = carnet_state_must_pinned(state, vendor, diag);
    if (err == CARNET_OK)
        err = carnet_sent_list(state, vendor, &names, diag);
    if (err != CARNET_OK)
        goto out;
    (void)snprintf(rest, sizeof rest, SENT "/%08u-%s%s%s.carnet", sequence, kind->name, name[0] == '\0' ? "" : "-",
                   name);
    carnet_state_name(path, vendor, rest);
    if (carnet_state_has(state, path)) {
        /* The same again is done already. */
        err = carnet_state_read(state, path, CARNET_BUNDLE_MOST, &held, diag);
        if (err == CARNET_OK && (held.size != size || memcmp(held.bytes, bytes, size) != 0))
            err =
                carnet_fail(diag, CARNET_EXISTS, "", "%s/%s is there already, with other content.", state->shown, path);
        goto out;
    }
    ptrdiff_t at = newest(&names, NULL, NULL);
    if ((at >= 0 && !carnet_sent_parse(names.list[at], &last)) || sequence != last.sequence + 1) {
        err = carnet_fail(diag, CARNET_BUG, "", "The number %u does not follow %u, the last one this machine signed.",
                          sequence, last.sequence);
        goto out;
    }
    carnet_state_name(folder, vendor, SENT);
    err = carnet_state_folder(state, folder, diag);
    if (err == CARNET_OK)
        err = carnet_file_create(state->folder, path, carnet_state_file_mode(state), bytes, size, diag);
out:
    carnet_buffer_clear(&held);
    carnet_state_names_clear(&names);
    return err;
}

/* The bundle of that kind and id, appended to out (which may be NULL); CARNET_NOT_FOUND when there is none. */
static enum carnet_err find_sent(const struct carnet_state *state, const struct carnet_digest *vendor,
                                 enum carnet_kind_id kind, const struct carnet_digest *wanted,
                                 struct carnet_buffer *out, struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    struct carnet_diag inner = {0};
    const char *kind_name = carnet_kind_get(kind)->name;
    bool found = false;
    enum carnet_err damage = CARNET_OK;
    enum carnet_err err = carnet_sent_list(state, vendor, &names, diag);
    for (size_t i = 0; err == CARNET_OK && !found && i < names.count; i++) {
        struct carnet_sent_name sent;
        struct carnet_buffer bytes = {0};
        struct carnet_digest id;
        if (!carnet_sent_parse(names.list[i], &sent) || strcmp(sent.kind, kind_name) != 0)
            continue;
        enum carnet_err one = carnet_sent_read(state, vendor, names.list[i], &id, &bytes, &inner);
        found = one == CARNET_OK && carnet_digest_equal(&id, wanted);
        if (found && out != NULL)
            err = carnet_buffer_append(out, bytes.bytes, bytes.size);
        if (one != CARNET_OK)
            damage = one;
        carnet_buffer_clear(&bytes);
    }
    carnet_state_names_clear(&names);
    if (err != CARNET_OK || found)
        return err;
    /* A damaged file may be the one that is asked for; where it is found in another, that does not matter. */
    if (damage == CARNET_OK)
        return carnet_fail(diag, CARNET_NOT_FOUND, "", "This machine has made no such %s.", kind_name);
    if (diag != NULL)
        *diag = inner;
    return damage;
}

/* Appends the newest of that kind and name to out. */
static enum carnet_err read_newest(const struct carnet_state *state, const struct carnet_digest *vendor,
                                   enum carnet_kind_id kind, const char *name, struct carnet_buffer *out,
                                   struct carnet_diag *diag)
{
    struct carnet_state_names names = {0};
    const char *kind_name = carnet_kind_get(kind)->name;
    enum carnet_err err = carnet_sent_list(state, vendor, &names, diag);
    if (err == CARNET_OK) {
        ptrdiff_t at = newest(&names, kind_name, name);
        err = at >= 0 ? carnet_sent_read(state, vendor, names.list[at], NULL, out, diag)
                      : carnet_fail(diag, CARNET_NOT_FOUND, "", "This machine has made no such %s.", kind_name);
    }
    carnet_state_names_clear(&names);
    return err;
}

enum carnet_err carnet_state_sent_fingerprint(const struct carnet_state *state, const struct carnet_digest *vendor,
                                              struct carnet_buffer *out, struct carnet_diag *diag)
{
    return read_newest(state, vendor, CARNET_KIND_FINGERPRINT, NULL, out, diag);
}

enum carnet_err carnet_state_sent_release(const struct carnet_state *state, const struct carnet_digest *vendor,
                                          const struct carnet_grant_name *grant, struct carnet_buffer *out,
                                          struct carnet_diag *diag)
{
    char name[CARNET_STATE_GRANT_SIZE];
    carnet_state_grant_text(grant, name);
    return read_newest(state, vendor, CARNET_KIND_RELEASE, name, out, diag);
}

enum carnet_err carnet_state_sent_activation(const struct carnet_state *state, const struct carnet_digest *vendor,
                                             const struct carnet_grant_name *grant, struct carnet_buffer *out,
                                             struct carnet_diag *diag)
{
    char name[CARNET_STATE_GRANT_SIZE];
    carnet_state_grant_text(grant, name);
    return read_newest(state, vendor, CARNET_KIND_ACTIVATION, name, out, diag);
}

enum carnet_err carnet_state_sent_clockrequest(const struct carnet_state *state, const struct carnet_digest *vendor,
                                               struct carnet_buffer *out, struct carnet_diag *diag)
{
    return read_newest(state, vendor, CARNET_KIND_CLOCKREQUEST, NULL, out, diag);
}

enum carnet_err carnet_state_sent_request(const struct carnet_state *state, const struct carnet_digest *vendor,
                                          const struct carnet_digest *id, struct carnet_buffer *out,
                                          struct carnet_diag *diag)
{
    return find_sent(state, vendor, CARNET_KIND_CLOCKREQUEST, id, out, diag);
}

enum carnet_err carnet_state_sent_has(const struct carnet_state *state, const struct carnet_digest *vendor,
                                      const struct carnet_digest *fingerprint, bool *out, struct carnet_diag *diag)
{
    struct carnet_diag inner = {0};
    enum carnet_err err = find_sent(state, vendor, CARNET_KIND_FINGERPRINT, fingerprint, NULL, &inner);
    if (err == CARNET_OK || err == CARNET_NOT_FOUND) {
        *out = err == CARNET_OK;
        return CARNET_OK;
    }
    if (diag != NULL)
        *diag = inner;
    return err;
}

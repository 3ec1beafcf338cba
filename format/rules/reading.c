/* SPDX-License-Identifier: MIT */
#include "rules/reading.h"
#include "rules/links.h"

#include <stdlib.h>
#include <string.h>

struct carnet_reading {
    unsigned holds;       /* one less than it must be freed */
    const uint8_t *bytes; /* the bundle: the input, or `own` */
    size_t size;
    struct carnet_buffer own; /* what the armour held; or a copy, where it is to outlive what it was embedded in */
    bool was_armour;
    bool again; /* the same bytes were read before: schema and keys need not be looked at again */
    struct carnet_armour_notes notes;
    enum carnet_stage failed;
    struct carnet_unpacked *unpacked;
    struct carnet_signed *signature;
    struct carnet_intact *intact;
    const struct carnet_kind *kind;
    struct carnet_reading *embedded;
    struct carnet_reading *links[CARNET_ROOTS_MOST];
    size_t link_count;
    struct carnet_trusted *trusted;
    struct carnet_document *document;
    struct carnet_judged *judged;
};

static const char *const stage_names[CARNET_STAGE_COUNT] = {
#define CARNET_STAGE_NAME(symbol, name) [CARNET_STAGE_##symbol] = (name),
    CARNET_STAGES(CARNET_STAGE_NAME)
#undef CARNET_STAGE_NAME
};

const char *carnet_stage_name(enum carnet_stage stage)
{
    return stage_names[stage];
}

static enum carnet_err walk(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                            struct carnet_diag *diag);
static enum carnet_err walk_to_kind(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                                    struct carnet_diag *diag);
static enum carnet_err walk_from_trust(struct carnet_reading *r, const struct carnet_anchors *anchors,
                                       struct carnet_diag *diag);

/* Says which bundle inside the file a diagnosis speaks of. */
static void name_inner(struct carnet_diag *diag, const char *kind_name)
{
    if (diag == NULL)
        return;
    char inner[sizeof(diag->entry)];
    memcpy(inner, diag->entry, sizeof(inner));
    diag->entry[0] = '\0';
    size_t room = sizeof(diag->entry) - 1;
    strncat(diag->entry, kind_name, room);
    if (inner[0] != '\0') {
        strncat(diag->entry, "/", room - strlen(diag->entry));
        strncat(diag->entry, inner, room - strlen(diag->entry));
    }
}

/* I-4. */
static enum carnet_err check_name(const struct carnet_reading *embedded, const struct carnet_entry *entry,
                                  struct carnet_diag *diag)
{
    char name[CARNET_EMBEDDED_NAME_SIZE];
    carnet_embedded_name(carnet_intact_id(embedded->intact), name);
    if (strcmp(name, entry->name) == 0)
        return CARNET_OK;
    return carnet_fail(diag, CARNET_MALFORMED, "I-4", "The %s inside is named %s, but its id is %.64s.",
                       embedded->kind->name, entry->name, name);
}

/* Walks the one embedded bundle, which is of no known bytes, and remembers it when it holds. */
static enum carnet_err walk_embedded(struct carnet_reading *r, const struct carnet_read_options *options,
                                     unsigned depth, const struct carnet_digest *digest, struct carnet_diag *diag)
{
    const struct carnet_entry *entry = carnet_unpacked_entry(r->unpacked, CARNET_ENTRY_EMBEDDED);
    const struct carnet_kind *kind = carnet_kind_get(r->kind->embeds);
    const bool keep = options->known != NULL && entry->size <= CARNET_KNOWN_BUNDLE_MOST;
    struct carnet_read_options inner = *options;
    inner.expected = CARNET_KIND_BIT(kind->id);
    r->embedded = calloc(1, sizeof(*r->embedded));
    if (r->embedded == NULL ||
        (keep && carnet_buffer_append(&r->embedded->own, entry->bytes, entry->size) != CARNET_OK))
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
    r->embedded->bytes = keep ? r->embedded->own.bytes : entry->bytes;
    r->embedded->size = entry->size;
    r->embedded->again = r->again;
    enum carnet_err err = walk(r->embedded, &inner, depth + 1, diag);
    if (err == CARNET_WRONG_KIND)
        err = carnet_fail(diag, CARNET_MALFORMED, "R-3", "The %s holds a %s; it should hold the %s that it rests on.",
                          r->kind->name, r->embedded->kind == NULL ? "bundle of another kind" : r->embedded->kind->name,
                          kind->name);
    if (err != CARNET_OK)
        name_inner(diag, kind->name);
    else if (keep)
        carnet_known_keep(options->known, digest, r->embedded);
    return err;
}

/* Takes the links as far as that needs no trust: they are in the order of their ids, not of the roots. */
static enum carnet_err open_links(struct carnet_reading *r, const struct carnet_read_options *options, size_t count,
                                  struct carnet_diag *diag)
{
    struct carnet_read_options inner = *options;
    inner.expected = CARNET_KIND_BIT(CARNET_KIND_TRUST);
    for (size_t i = 0; i < count; i++) {
        const struct carnet_entry *entry = carnet_unpacked_entry(r->unpacked, CARNET_ENTRY_EMBEDDED + i);
        struct carnet_reading *link = calloc(1, sizeof(*link));
        if (link == NULL)
            return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
        r->links[r->link_count++] = link;
        link->bytes = entry->bytes;
        link->size = entry->size;
        enum carnet_err err = walk_to_kind(link, &inner, 2, diag);
        if (err == CARNET_WRONG_KIND)
            err = carnet_fail(diag, CARNET_MALFORMED, "R-3", "The trust holds a bundle of another kind than links.");
        if (err == CARNET_OK && carnet_unpacked_count(link->unpacked) > CARNET_ENTRY_EMBEDDED)
            err = carnet_fail(diag, CARNET_MALFORMED, "U-2", "A link embeds nothing.");
        if (err != CARNET_OK) {
            name_inner(diag, "trust");
            return err;
        }
        if ((err = check_name(link, entry, diag)) != CARNET_OK)
            return err;
    }
    return CARNET_OK;
}

/* U-2: from the vendor's first root on, each link once the one before it has named its signer. */
static enum carnet_err read_links(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                                  struct carnet_links *links, struct carnet_diag *diag)
{
    const size_t count = carnet_unpacked_count(r->unpacked) - CARNET_ENTRY_EMBEDDED;
    bool taken[CARNET_ROOTS_MOST] = {false};
    if (depth > 1 || count > CARNET_ROOTS_MOST)
        return carnet_fail(diag, CARNET_MALFORMED, "U-2", "There are more links than there can be roots.");
    enum carnet_err err = open_links(r, options, count, diag);
    for (size_t done = 0; err == CARNET_OK && done < count; done++) {
        size_t i = 0;
        while (i < count && (taken[i] || !carnet_links_awaits(links, carnet_signed_signer(r->links[i]->signature))))
            i++;
        if (i == count) {
            for (i = 0; taken[i];)
                i++;
            return carnet_links_gap(links, carnet_signed_signer(r->links[i]->signature), diag);
        }
        taken[i] = true;
        err = walk_from_trust(r->links[i], &links->anchors, diag);
        if (err == CARNET_OK)
            err = carnet_links_take(links, r->links[i]->judged, diag);
        if (err != CARNET_OK)
            name_inner(diag, "trust");
    }
    return err;
}

static enum carnet_err walk_trust(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                                  struct carnet_diag *diag)
{
    struct carnet_links links = {0};
    enum carnet_err err = carnet_links_begin(options->anchors, &links, diag);
    if (err == CARNET_OK)
        err = read_links(r, options, depth, &links, diag);
    if (err == CARNET_OK) {
        err = walk_from_trust(r, &links.anchors, diag);
        if (err == CARNET_UNTRUSTED_KEY && r->failed == CARNET_STAGE_TRUST)
            err = carnet_links_stranger(&links, carnet_signed_signer(r->signature), diag);
    }
    if (err == CARNET_OK && (err = carnet_links_hold(&links, r->judged, diag)) != CARNET_OK) {
        r->failed = CARNET_STAGE_TRUST;
        carnet_judged_free(r->judged);
        r->judged = NULL;
    }
    carnet_links_clear(&links);
    return err;
}

/* R-3 and I-4: reads the one bundle that the kind demands. The digest of its bytes is the one of its checksum line,
 * which holds (H-2). Kinds nest no deeper than R-7 allows, so what is known needs no count of depth. */
static enum carnet_err read_embedded(struct carnet_reading *r, const struct carnet_read_options *options,
                                     unsigned depth, struct carnet_diag *diag)
{
    size_t count = carnet_unpacked_count(r->unpacked) - CARNET_ENTRY_EMBEDDED;
    size_t demanded = r->kind->embeds == CARNET_KIND_NONE ? 0 : 1;
    enum carnet_err err = CARNET_OK;
    if (count < demanded)
        return carnet_fail(diag, CARNET_NOT_VOUCHED, "R-3", "The %s does not hold the %s that it rests on.",
                           r->kind->name, carnet_kind_get(r->kind->embeds)->name);
    if (count > demanded)
        return carnet_fail(diag, CARNET_MALFORMED, "R-3", "The %s holds %zu other bundles; it should hold %zu.",
                           r->kind->name, count, demanded);
    if (demanded == 0)
        return CARNET_OK;

    const struct carnet_digest *digest = carnet_intact_digest(r->intact, CARNET_ENTRY_EMBEDDED);
    struct carnet_reading *known = options->known == NULL ? NULL : carnet_known_find(options->known, digest);
    if (known != NULL && known->kind->id == r->kind->embeds)
        r->embedded = carnet_reading_hold(known);
    else
        err = walk_embedded(r, options, depth, digest, diag);
    return err != CARNET_OK ? err
                            : check_name(r->embedded, carnet_unpacked_entry(r->unpacked, CARNET_ENTRY_EMBEDDED), diag);
}

/* the armour's label is the bundle's kind. */
static enum carnet_err check_label(const struct carnet_reading *r, struct carnet_diag *diag)
{
    if (!r->was_armour || strcmp(r->notes.kind_name, carnet_unpacked_kind_name(r->unpacked)) == 0)
        return CARNET_OK;
    return carnet_fail(diag, CARNET_MALFORMED, "A-5", "The text says it is a %s, but it holds a %s.",
                       r->notes.kind_name, carnet_unpacked_kind_name(r->unpacked));
}

/* The walk itself: R-1. `failed` is the stage that is being tried. */
static enum carnet_err walk_to_kind(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                                    struct carnet_diag *diag)
{
    enum carnet_err err;
    r->failed = CARNET_STAGE_FORMAT;
    if (depth > CARNET_EMBEDDING_DEPTH)
        return carnet_fail(diag, CARNET_MALFORMED, "R-7", "Bundles are embedded deeper than %u.",
                           CARNET_EMBEDDING_DEPTH);
    if ((err = carnet_unpack(r->bytes, r->size, &r->unpacked, diag)) != CARNET_OK)
        return err;
    if ((err = check_label(r, diag)) != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_SIGNATURE;
    err = r->again ? carnet_signature_check_again(r->unpacked, &r->signature, diag)
                   : carnet_signature_check(r->unpacked, options->keys, &r->signature, diag);
    if (err != CARNET_OK)
        return err;
    if ((err = carnet_digests_check(r->signature, &r->intact, diag)) != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_KIND;
    if ((err = carnet_kind_check(r->intact, CARNET_KIND_ANY, &r->kind, diag)) != CARNET_OK)
        return err;
    if (options->expected != 0 && (err = carnet_kind_check(r->intact, options->expected, &r->kind, diag)) != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_TRUST;
    return CARNET_OK;
}

static enum carnet_err walk_from_trust(struct carnet_reading *r, const struct carnet_anchors *anchors,
                                       struct carnet_diag *diag)
{
    enum carnet_err err;
    const struct carnet_judged *inner = r->embedded == NULL ? NULL : r->embedded->judged;
    if ((err = carnet_trust_decide(r->intact, r->kind, anchors, inner, &r->trusted, diag)) != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_DOCUMENT;
    err = (r->again ? carnet_document_read_again : carnet_document_read)(r->trusted, &r->document, diag);
    if (err != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_ENTITLEMENT;
    if ((err = carnet_judge(r->document, anchors, &r->judged, diag)) != CARNET_OK)
        return err;
    r->failed = CARNET_STAGE_COUNT;
    return CARNET_OK;
}

static enum carnet_err walk(struct carnet_reading *r, const struct carnet_read_options *options, unsigned depth,
                            struct carnet_diag *diag)
{
    enum carnet_err err = walk_to_kind(r, options, depth, diag);
    if (err != CARNET_OK)
        return err;
    if (r->kind->id == CARNET_KIND_TRUST)
        return walk_trust(r, options, depth, diag);
    err = read_embedded(r, options, depth, diag);
    return err != CARNET_OK ? err : walk_from_trust(r, options->anchors, diag);
}

enum carnet_err carnet_reading_open(const uint8_t *bytes, size_t size, const struct carnet_read_options *options,
                                    struct carnet_reading **out, struct carnet_diag *diag)
{
    enum carnet_err err = carnet_crypto_start(diag);
    if (err != CARNET_OK)
        return err;
    struct carnet_reading *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
    r->bytes = bytes;
    r->size = size;
    r->failed = CARNET_STAGE_FORMAT;
    if (!carnet_armour_is_bundle(bytes, size)) {
        err = carnet_armour_read(bytes, size, &r->own, &r->notes, diag);
        r->was_armour = err == CARNET_OK;
        if (r->was_armour) {
            r->bytes = r->own.bytes;
            r->size = r->own.size;
        }
    }
    if (options->validated != NULL) {
        struct carnet_digest whole;
        carnet_sha256(r->bytes, r->size, &whole);
        r->again = carnet_digest_equal(&whole, options->validated);
    }
    if (err == CARNET_OK)
        err = walk(r, options, 1, diag);
    *out = r;
    return err;
}

struct carnet_reading *carnet_reading_hold(struct carnet_reading *r)
{
    r->holds++;
    return r;
}

void carnet_reading_free(struct carnet_reading *r)
{
    if (r == NULL || r->holds-- > 0)
        return;
    carnet_judged_free(r->judged);
    carnet_document_free(r->document);
    carnet_trusted_free(r->trusted);
    carnet_reading_free(r->embedded);
    for (size_t i = 0; i < r->link_count; i++)
        carnet_reading_free(r->links[i]);
    carnet_intact_free(r->intact);
    carnet_signed_free(r->signature);
    carnet_unpacked_free(r->unpacked);
    carnet_buffer_clear(&r->own);
    free(r);
}

enum carnet_stage carnet_reading_failed_stage(const struct carnet_reading *r)
{
    return r->failed;
}

const struct carnet_unpacked *carnet_reading_unpacked(const struct carnet_reading *r)
{
    return r->unpacked;
}

const struct carnet_signed *carnet_reading_signed(const struct carnet_reading *r)
{
    return r->signature;
}

const struct carnet_intact *carnet_reading_intact(const struct carnet_reading *r)
{
    return r->intact;
}

const struct carnet_kind *carnet_reading_kind(const struct carnet_reading *r)
{
    return r->kind;
}

const struct carnet_document *carnet_reading_document(const struct carnet_reading *r)
{
    return r->document;
}

const struct carnet_judged *carnet_reading_judged(const struct carnet_reading *r)
{
    return r->judged;
}

const uint8_t *carnet_reading_bytes(const struct carnet_reading *r, size_t *size)
{
    *size = r->size;
    return r->bytes;
}

const struct carnet_armour_notes *carnet_reading_armour(const struct carnet_reading *r)
{
    return r->was_armour ? &r->notes : NULL;
}

const struct carnet_reading *carnet_reading_embedded(const struct carnet_reading *r)
{
    return r->embedded;
}

/* SPDX-License-Identifier: MIT */
#include "rules/links.h"

#include <stdlib.h>

enum carnet_err carnet_links_begin(const struct carnet_anchors *anchors, struct carnet_links *out,
                                   struct carnet_diag *diag)
{
    const size_t count = anchors == NULL ? 0 : anchors->count;
    *out = (struct carnet_links){0};
    out->list = calloc(2 * count + CARNET_ROOTS_MOST + 1, sizeof(*out->list));
    if (out->list == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the file.");
    if (anchors != NULL)
        out->anchors = *anchors;
    for (size_t i = 0; i < count; i++) {
        out->list[i] = anchors->list[i];
        /* I-3: the vendor id is the id of the first root. */
        out->list[count + i] =
            (struct carnet_anchor){.vendor = anchors->list[i].vendor, .root = anchors->list[i].vendor};
    }
    out->anchors.list = out->list;
    out->anchors.count = 2 * count;
    return CARNET_OK;
}

void carnet_links_clear(struct carnet_links *l)
{
    free(l->list);
    *l = (struct carnet_links){0};
}

bool carnet_links_awaits(const struct carnet_links *l, const struct carnet_digest *signer)
{
    if (l->count > 0)
        return carnet_digest_equal(&l->roots[l->count - 1], signer);
    for (size_t i = 0; i < l->anchors.count; i++)
        if (carnet_digest_equal(&l->anchors.list[i].vendor, signer))
            return true;
    return false;
}

static enum carnet_err malformed(struct carnet_diag *diag, const char *clause, const char *words)
{
    return carnet_fail(diag, CARNET_MALFORMED, clause, "%s", words);
}

enum carnet_err carnet_links_take(struct carnet_links *l, const struct carnet_judged *link, struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_document_trust(carnet_judged_document(link));
    if (!t->is_link)
        return malformed(diag, "U-2", "Trust information embeds links, and no other trust information.");
    if (l->count == 0)
        l->roots[l->count++] = t->vendor;
    if (t->generation != l->count)
        return malformed(diag, "U-3", "A link names another generation than that of the root that signed it.");
    for (size_t i = 0; i < l->count; i++)
        if (carnet_digest_equal(&l->roots[i], &t->next))
            return malformed(diag, "U-4", "A link leads back to a root from before.");
    l->roots[l->count++] = t->next;
    l->list[l->anchors.count++] = (struct carnet_anchor){.vendor = t->vendor, .root = t->next};
    return CARNET_OK;
}

static enum carnet_err two_successors(const struct carnet_digest *root, struct carnet_diag *diag)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(root, hex);
    carnet_fail(diag, CARNET_FORKED, "U-9", "The root %s has two successors; the first one that was announced holds.",
                hex);
    return carnet_fail_next(diag, "Do not use this file, and ask the vendor over another channel: someone else may "
                                  "have his root key.");
}

enum carnet_err carnet_links_gap(const struct carnet_links *l, const struct carnet_digest *signer,
                                 struct carnet_diag *diag)
{
    for (size_t i = 0; i + 1 < l->count; i++)
        if (carnet_digest_equal(&l->roots[i], signer))
            return two_successors(signer, diag);
    if (l->anchors.count == 0)
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "T-2",
                           "The trust information is of a vendor, and no vendor is trusted here yet.");
    if (l->count == 0)
        carnet_fail(diag, CARNET_NOT_VOUCHED, "U-2",
                    "The link from the first root to the second is missing, or the file is another vendor's.");
    else
        carnet_fail(diag, CARNET_NOT_VOUCHED, "U-2", "The link from root %zu to root %zu is missing.", l->count,
                    l->count + 1);
    return carnet_fail_next(diag,
                            "Get the vendor's trust file again, whole: it holds the links from his first root on.");
}

enum carnet_err carnet_links_stranger(const struct carnet_links *l, const struct carnet_digest *signer,
                                      struct carnet_diag *diag)
{
    char hex[CARNET_HEX_SIZE];
    if (l->count == 0)
        return CARNET_UNTRUSTED_KEY;
    carnet_digest_hex(signer, hex);
    carnet_fail(
        diag, CARNET_UNTRUSTED_KEY, "T-2",
        "The trust information is signed by the key %s, and the links in it lead from root 1 to root %zu alone: "
        "the link from there is missing, or the file is a stranger's.",
        hex, l->count);
    return carnet_fail_next(diag, "Get the vendor's newest trust file again, whole.");
}

enum carnet_err carnet_links_hold(const struct carnet_links *l, const struct carnet_judged *judged,
                                  struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_document_trust(carnet_judged_document(judged));
    const size_t reached = l->count == 0 ? 1 : l->count, wanted = t->generation + (t->has_next ? 1u : 0u);
    if (t->is_link)
        return l->count == 0 ? CARNET_OK : malformed(diag, "U-2", "A link embeds nothing.");
    if (reached < wanted)
        return carnet_links_gap(l, &t->roots[t->generation - 1], diag);
    if (reached > wanted)
        return malformed(diag, "U-2", "There are more links than roots that they lead to.");
    for (size_t i = 0; i < l->count; i++)
        if (!carnet_digest_equal(&l->roots[i], i < t->generation ? &t->roots[i] : &t->next))
            return malformed(diag, "U-3", "The roots are not those that the links lead to.");
    if (!carnet_digest_equal(carnet_judged_signer(judged), &t->roots[t->generation - 1]))
        return carnet_fail(diag, CARNET_UNTRUSTED_KEY, "U-3",
                           "The trust information is not signed by the root of its generation.");
    return CARNET_OK;
}

/* The root of that generation as far as it is known or announced; NULL beyond. */
static const struct carnet_digest *root_at(const struct carnet_trust *t, uint32_t index)
{
    return index < t->generation ? &t->roots[index] : index == t->generation && t->has_next ? &t->next : NULL;
}

enum carnet_err carnet_trust_accept(const struct carnet_trust *known, const struct carnet_digest *known_id,
                                    const struct carnet_judged *given, int64_t now, bool *same,
                                    struct carnet_diag *diag)
{
    const struct carnet_trust *t = carnet_document_trust(carnet_judged_document(given));
    *same = false;
    if (t->is_link) {
        carnet_fail(diag, CARNET_NOT_VOUCHED, "U-7",
                    "This is a link alone: it says that root %u is followed by another, and nothing of what holds now.",
                    t->generation);
        return carnet_fail_next(diag, "Get the vendor's newest trust file: it holds all links.");
    }
    if (known != NULL && carnet_digest_equal(known_id, carnet_judged_id(given))) {
        *same = true;
        return CARNET_OK;
    }
    for (uint32_t i = 0; known != NULL && i < CARNET_ROOTS_MOST; i++) {
        const struct carnet_digest *before = root_at(known, i), *after = root_at(t, i);
        if (before != NULL && after != NULL && !carnet_digest_equal(before, after))
            return two_successors(&t->roots[i - 1], diag);
    }
    if (known != NULL &&
        (t->generation < known->generation || (t->generation == known->generation && t->number < known->number))) {
        carnet_fail(diag, CARNET_ROLLED_BACK, "U-8",
                    "The trust information is of version %u.%u, and %u.%u is known here already.", t->generation,
                    t->number, known->generation, known->number);
        return carnet_fail_next(diag, "Nothing has to be done; keep the newer file on the stick.");
    }
    if (known != NULL && t->generation == known->generation &&
        (t->number == known->number || (known->has_next && !t->has_next))) {
        carnet_fail(diag, CARNET_FORKED, "U-9",
                    t->number == known->number ? "Version %u.%u is known here with other content."
                                               : "Version %u.%u takes back the next root that was announced before.",
                    t->generation, t->number);
        return carnet_fail_next(diag, "Do not use this file, and ask the vendor over another channel.");
    }
    if (t->expires < now) {
        char then[CARNET_UTC_SIZE];
        carnet_utc_format(t->expires, then);
        carnet_fail(diag, CARNET_TRUST_EXPIRED, "U-7", "The trust information expired on %s.", then);
        return carnet_fail_next(diag, "Get the vendor's newest trust file. What is installed works as before.");
    }
    return CARNET_OK;
}

/* SPDX-License-Identifier: MIT */
#include "rules/match.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const verdict_names[] = {
    [CARNET_FACT_NOT_HELD] = "not held",  [CARNET_FACT_MATCHES] = "matches",          [CARNET_FACT_CHANGED] = "changed",
    [CARNET_FACT_IS_MISSING] = "missing", [CARNET_FACT_IS_UNREADABLE] = "unreadable",
};

const char *carnet_fact_verdict_name(enum carnet_fact_verdict verdict)
{
    return verdict_names[verdict];
}

/* M-3: is any digest of that name in both lists? *held is set when the first list has the name at all. */
static bool any_equal(const struct carnet_facts *a, const struct carnet_facts *b, enum carnet_fact_name name,
                      bool *held)
{
    *held = false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->list[i].name != name)
            continue;
        *held = true;
        for (uint32_t k = 0; k < b->count; k++)
            if (b->list[k].name == name && carnet_digest_equal(&a->list[i].digest, &b->list[k].digest))
                return true;
    }
    return false;
}

/* M-8: is the fact the machine's own, or does it lie on the disk and go with every copy of it? */
static bool is_of_the_machine(enum carnet_fact_name name, const struct carnet_machine_facts *machine)
{
    switch (name) {
    case CARNET_FACT_SYSTEM_UUID:
    case CARNET_FACT_TPM:
    case CARNET_FACT_BOARD_SERIAL:
    case CARNET_FACT_ADAPTER:
        return true;
    case CARNET_FACT_DISK:
        return !machine->disk_in_image;
    case CARNET_FACT_MACHINE_ID:
    case CARNET_FACT_CPU:
    case CARNET_FACT_HOST:
    case CARNET_FACT_OS:
    case CARNET_FACT_COUNT:
        break;
    }
    return false;
}

/* M-8. */
static bool is_image_only(const struct carnet_match *match, const struct carnet_matching *matching,
                          const struct carnet_machine_facts *machine)
{
    bool asked = false;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        enum carnet_fact_verdict verdict = match->verdict[i];
        if (matching->points[i] == 0 || !is_of_the_machine((enum carnet_fact_name)i, machine))
            continue;
        if (verdict == CARNET_FACT_MATCHES)
            return false;
        asked = asked || verdict == CARNET_FACT_CHANGED || verdict == CARNET_FACT_IS_MISSING;
    }
    return asked;
}

void carnet_match(const struct carnet_facts *held, const struct carnet_matching *matching,
                  const struct carnet_machine_facts *machine, struct carnet_match *out)
{
    *out = (struct carnet_match){.threshold = matching->threshold};
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        enum carnet_fact_name name = (enum carnet_fact_name)i;
        bool is_held;
        bool equal = any_equal(held, &machine->facts, name, &is_held);
        if (!is_held) {
            out->verdict[i] = CARNET_FACT_NOT_HELD;
            continue;
        }
        out->held += matching->points[i];
        switch (machine->presence[i]) {
        case CARNET_FACT_PRESENT:
            out->verdict[i] = equal ? CARNET_FACT_MATCHES : CARNET_FACT_CHANGED;
            if (equal)
                out->matched += matching->points[i];
            break;
        case CARNET_FACT_MISSING:
            out->verdict[i] = CARNET_FACT_IS_MISSING;
            break;
        case CARNET_FACT_UNREADABLE:
            out->verdict[i] = CARNET_FACT_IS_UNREADABLE;
            out->unreadable += matching->points[i];
            break;
        }
    }
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        out->drifts = out->drifts || (matching->points[i] > 0 && (out->verdict[i] == CARNET_FACT_CHANGED ||
                                                                  out->verdict[i] == CARNET_FACT_IS_MISSING));
    uint32_t counted = out->held - out->unreadable;
    out->percent = counted == 0 ? 0 : 100 * out->matched / counted;
    out->needed = (out->threshold * counted + 99) / 100;
    out->image_only = is_image_only(out, matching, machine);
    out->matches = out->matched > 0 && out->matched >= out->needed && 2 * counted >= out->held && !out->image_only;
    out->spare = out->matches ? out->matched - out->needed : 0;
}

void carnet_match_told(const struct carnet_facts *held, const struct carnet_matching *matching,
                       const struct carnet_facts *told, bool same_key, struct carnet_match *out)
{
    struct carnet_machine_facts machine = {.facts = *told};

    for (unsigned i = 0; !same_key && i < CARNET_FACT_COUNT; i++) {
        if (!carnet_fact_by_vendor((enum carnet_fact_name)i))
            machine.presence[i] = CARNET_FACT_UNREADABLE;
    }
    for (uint32_t i = 0; i < told->count; i++) {
        if (same_key || carnet_fact_by_vendor(told->list[i].name))
            machine.presence[told->list[i].name] = CARNET_FACT_PRESENT;
    }
    carnet_match(held, matching, &machine, out);
}

/* Appends to a fixed room; a cut is not possible with the room that callers give, and harmless if it were. */
static void CARNET_PRINTF(3, 4) append(char *out, size_t room, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, room - used, format, args);
    va_end(args);
}

void carnet_match_words(const struct carnet_match *match, const struct carnet_matching *matching, char *out,
                        size_t room)
{
    static const struct {
        enum carnet_fact_verdict verdict;
        const char *word;
    } groups[] = {
        {CARNET_FACT_MATCHES, "matching"},
        {CARNET_FACT_CHANGED, "changed"},
        {CARNET_FACT_IS_MISSING, "missing"},
        {CARNET_FACT_IS_UNREADABLE, "unreadable"},
    };
    out[0] = '\0';
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        bool first = true;
        for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
            if (match->verdict[i] != groups[g].verdict)
                continue;
            if (first)
                append(out, room, "%s%s: ", out[0] == '\0' ? "" : "; ", groups[g].word);
            append(out, room, "%s%s (%u)", first ? "" : ", ", carnet_fact_name((enum carnet_fact_name)i),
                   matching->points[i]);
            first = false;
        }
    }
    append(out, room, "%s%u of %u points, %u %%; %u %% needed", out[0] == '\0' ? "" : "; ", match->matched,
           match->held - match->unreadable, match->percent, match->threshold);
    if (match->image_only && match->matched >= match->needed)
        append(out, room, "; no part of the machine itself is the same");
    else if (match->matches && match->drifts)
        append(out, room, "; %u points more may change", match->spare);
}

/* SPDX-License-Identifier: MIT */
/* Reading a journal segment (spec/format.md, section 9.6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/event.h"
#include "document/parts.h"

/* X-9 has held: what is wrong with a line now is a time that is not real. W-4, W-5. */
static void check_event(struct carnet_fields *f, const struct carnet_xml_node *node, const char *line,
                        const struct carnet_journal *j, struct carnet_event *before)
{
    struct carnet_event e;
    char words[160];
    if (carnet_event_parse(line, strlen(line), &e) != CARNET_OK) {
        carnet_field_refuse(f, node, "X-10",
                            "The line of the event names a time that is not real: there is no such day.");
        return;
    }
    if (e.position != j->first + j->count) {
        (void)snprintf(words, sizeof(words), "The event has the position %u where %u has to be.", e.position,
                       j->first + j->count);
        carnet_field_refuse(f, node, "W-4", words);
    }
    if (e.at < before->at || e.epoch < before->epoch)
        carnet_field_refuse(f, node, "W-5", "The event is earlier, or of an earlier epoch, than the one before it.");
    *before = e;
}

static void check_ends(struct carnet_fields *f, const struct carnet_xml_node *segment, const struct carnet_journal *j,
                       const struct carnet_digest *link)
{
    struct carnet_digest origin;
    carnet_event_origin(&j->vendor, &j->signer, &origin);
    if (j->last != j->first + j->count - 1)
        carnet_field_refuse(f, segment, "W-4", "The segment ends at another position than it says.");
    if (j->first == 1 && !carnet_digest_equal(&j->previous, &origin))
        carnet_field_refuse(f, segment, "W-6", "The chain does not begin with the digest of its vendor and signer.");
    if (!carnet_digest_equal(link, &j->digest))
        carnet_field_refuse(f, segment, "W-7", "The events do not link to the digest that the segment ends with.");
}

void carnet_journal_read(struct carnet_fields *f, const struct carnet_xml_node *root, struct carnet_journal *out)
{
    const struct carnet_xml_node *segment = carnet_xml_child(root, "segment"),
                                 *events = carnet_xml_child(root, "events");
    struct carnet_buffer lines = {0};
    carnet_part_vendor(f, root, &out->vendor);
    carnet_part_entitlement(f, root, &out->entitlement, &out->revision);
    carnet_field_digest(f, segment, "signer", &out->signer);
    carnet_field_number(f, segment, "first", 1, CARNET_COUNT_MOST, &out->first);
    carnet_field_digest(f, segment, "previous", &out->previous);
    carnet_field_number(f, segment, "last", 1, CARNET_COUNT_MOST, &out->last);
    carnet_field_digest(f, segment, "digest", &out->digest);
    struct carnet_digest link = out->previous;
    struct carnet_event before = {.at = INT64_MIN};
    for (const struct carnet_xml_node *n = carnet_xml_child(events, "event"); f->err == CARNET_OK && n != NULL;
         n = carnet_xml_next(n)) {
        char line[CARNET_EVENT_LINE_SIZE];
        carnet_field_text(f, n, "line", line, sizeof(line));
        if (f->err == CARNET_OK)
            check_event(f, n, line, out, &before);
        if (f->err != CARNET_OK)
            break;
        carnet_event_link(&link, line, strlen(line), &link);
        out->count++;
        if (carnet_buffer_printf(&lines, "%s\n", line) != CARNET_OK)
            f->err = carnet_fail(f->diag, CARNET_NO_MEMORY, "", "There is no memory to read the journal.");
    }
    if (f->err == CARNET_OK)
        check_ends(f, segment, out, &link);
    if (f->err == CARNET_OK) {
        out->at = before.at;
        out->lines = (char *)lines.bytes;
    } else {
        carnet_buffer_clear(&lines);
    }
}

/* SPDX-License-Identifier: MIT */
/* Composing a journal segment (spec/format.md, section 9.6). */
#include <string.h>

#include "document/event.h"
#include "issue/compose_parts.h"
#include "issue/issue.h"

/* One event, which has to follow on what stands before; `link` becomes its digest. */
static void event(struct carnet_xml_writer *w, const char *text, size_t size, uint32_t position,
                  struct carnet_event *before, struct carnet_digest *link)
{
    struct carnet_event e = {0};
    char line[CARNET_EVENT_LINE_SIZE];
    const bool good = carnet_event_parse(text, size, &e) == CARNET_OK;
    carnet_xml_require(w, good && e.position == position && e.at >= before->at && e.epoch >= before->epoch);
    if (w->err != CARNET_OK)
        return;
    memcpy(line, text, size);
    line[size] = '\0';
    carnet_xml_open(w, "event");
    carnet_xml_put(w, "line", line);
    carnet_xml_close(w);
    carnet_event_link(link, text, size, link);
    *before = e;
}

enum carnet_err carnet_issue_compose_journal(const struct carnet_journal *j, struct carnet_buffer *out)
{
    struct carnet_xml_writer w = {0};
    struct carnet_digest link = j->previous, origin;
    struct carnet_event before = {.at = INT64_MIN};
    const char *line = j->lines;
    carnet_event_origin(&j->vendor, &j->signer, &origin);
    carnet_xml_require(&w, j->count > 0 && j->count <= CARNET_EVENTS_MOST && j->last == j->first + j->count - 1 &&
                               (j->first > 1 || carnet_digest_equal(&j->previous, &origin)));
    carnet_xml_begin(&w, "journal");
    carnet_xml_vendor(&w, &j->vendor);
    carnet_compose_entitlement_reference(&w, &j->entitlement, j->revision);
    carnet_xml_open(&w, "segment");
    carnet_xml_put_digest(&w, "signer", &j->signer);
    carnet_xml_put_number(&w, "first", 1, CARNET_COUNT_MOST, j->first);
    carnet_xml_put_digest(&w, "previous", &j->previous);
    carnet_xml_put_number(&w, "last", 1, CARNET_COUNT_MOST, j->last);
    carnet_xml_put_digest(&w, "digest", &j->digest);
    carnet_xml_close(&w);
    carnet_xml_open(&w, "events");
    for (uint32_t i = 0; w.err == CARNET_OK && i < j->count; i++) {
        const char *end = strchr(line, '\n');
        carnet_xml_require(&w, end != NULL);
        if (end == NULL)
            break;
        event(&w, line, (size_t)(end - line), j->first + i, &before, &link);
        line = end + 1;
    }
    carnet_xml_close(&w);
    carnet_xml_require(&w, carnet_digest_equal(&link, &j->digest) && before.at == j->at);
    return carnet_xml_finish(&w, out);
}

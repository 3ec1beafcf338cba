/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/utc.h"
#include "ics.h"

#define LINE_MOST 75u

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

/* 3.1: what does not fit goes on in the next line, after a space. */
static enum carnet_err put_folded(struct carnet_buffer *out, const char *line)
{
    size_t left = strlen(line), room = LINE_MOST;
    enum carnet_err err = CARNET_OK;

    while (!err && left > room) {
        size_t take = room;
        while (take > 1 && continues(line[take]))
            take--;
        err = carnet_buffer_append(out, line, take);
        if (!err)
            err = carnet_buffer_text(out, "\r\n ");
        line += take;
        left -= take;
        room = LINE_MOST - 1;
    }
    if (!err)
        err = carnet_buffer_append(out, line, left);
    return err ? err : carnet_buffer_text(out, "\r\n");
}

/* 3.3.11: a text, with its backslashes, semicolons, commas and line ends escaped. */
static enum carnet_err put_text(struct carnet_buffer *out, const char *name, const char *text)
{
    struct carnet_buffer line = {0};
    enum carnet_err err = carnet_buffer_printf(&line, "%s:", name);

    for (; !err && *text; text++) {
        if (*text == '\n')
            err = carnet_buffer_text(&line, "\\n");
        else if (strchr("\\;,", *text))
            err = carnet_buffer_printf(&line, "\\%c", *text);
        else
            err = carnet_buffer_append(&line, text, 1);
    }
    if (!err)
        err = put_folded(out, (const char *)line.bytes);
    carnet_buffer_clear(&line);
    return err;
}

enum carnet_err ics_begin(struct carnet_buffer *out)
{
    return carnet_buffer_text(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//carnet//carnet-admin//EN\r\n"
                                   "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n");
}

enum carnet_err ics_end(struct carnet_buffer *out)
{
    return carnet_buffer_text(out, "END:VCALENDAR\r\n");
}

/* 20270131T100000Z, of which the first eight are the day. */
static void time_words(int64_t time, char out[CARNET_UTC_SIZE])
{
    char text[CARNET_UTC_SIZE];
    size_t used = 0;

    carnet_utc_format(time, text);
    for (const char *c = text; *c; c++) {
        if (*c != '-' && *c != ':')
            out[used++] = *c;
    }
    out[used] = '\0';
}

enum carnet_err ics_add(struct carnet_buffer *out, const struct ics_event *event, int64_t now)
{
    char stamp[CARNET_UTC_SIZE], day[CARNET_UTC_SIZE];
    enum carnet_err err = carnet_buffer_text(out, "BEGIN:VEVENT\r\n");

    time_words(now, stamp);
    time_words(event->day, day);
    if (!err)
        err = put_text(out, "UID", event->uid);
    if (!err)
        err = carnet_buffer_printf(out, "DTSTAMP:%s\r\nDTSTART;VALUE=DATE:%.8s\r\nTRANSP:TRANSPARENT\r\n", stamp, day);
    if (!err)
        err = put_text(out, "SUMMARY", event->summary);
    if (!err)
        err = put_text(out, "DESCRIPTION", event->description);
    return err ? err : carnet_buffer_text(out, "END:VEVENT\r\n");
}

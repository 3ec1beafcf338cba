/* SPDX-License-Identifier: MIT */
/* HTML, made so that nothing of what strangers wrote can be taken for a part of it. */
#ifndef CARNET_INSPECT_REPORT_HTML_H
#define CARNET_INSPECT_REPORT_HTML_H

#include <stdio.h>

#include "inspect/report/model.h"

/* The first failure is kept, and nothing is written after it. */
struct html {
    FILE *out;
    enum carnet_err err;
};
/* As it is: words of this program alone. */
void html_raw(struct html *h, const char *markup);
void html_bytes(struct html *h, const char *markup, size_t size);
/* The same; no argument may be text from a file. */
void html_print(struct html *h, const char *format, ...) CARNET_PRINTF(2, 3);
/* Text of anybody: control, directional and undecodable characters as escapes, then & < > " ' as entities. */
void html_text(struct html *h, const char *text);
/* A piece of JSON in ASCII, for a script: no tag can begin or end in it. A json_dump_callback_t; `html` is one. */
int html_json(const char *piece, size_t size, void *html);

/* ---- drawings ---- */
void html_put_legend(struct html *h, const struct report *r);
/* Every license: its chain of trust, its seats as a map and as a table. */
void html_put_licenses(struct html *h, const struct report *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Writes documents in one form that the prescan accepts: the prolog, two spaces a level, one tag a line, LF at the end.
 * A value that the schema would refuse is its caller's mistake: after it nothing more is written, and carnet_xml_finish
 * gives CARNET_BUG.
 */
#ifndef CARNET_DOCUMENT_XML_WRITE_H
#define CARNET_DOCUMENT_XML_WRITE_H

#include <stdbool.h>

#include "core/buffer.h"
#include "core/digest.h"

#define CARNET_XML_WRITER_DEPTH 4

/* Zero-initialised before carnet_xml_begin. */
struct carnet_xml_writer {
    enum carnet_err err;
    struct carnet_buffer text;
    const char *open[CARNET_XML_WRITER_DEPTH];
    unsigned depth;
    bool in_tag; /* the last start tag has not been ended */
};

/* The prolog and the root element with its namespace and minor version. */
void carnet_xml_begin(struct carnet_xml_writer *w, const char *root);
/* An element of a name that lives as long as the writer; attributes follow, then children, then carnet_xml_close. */
void carnet_xml_open(struct carnet_xml_writer *w, const char *name);
void carnet_xml_close(struct carnet_xml_writer *w);
/* Closes the root, appends the document to out unless something went wrong, and clears the writer. On failure out is
 * unchanged. */
CARNET_MUST_USE enum carnet_err carnet_xml_finish(struct carnet_xml_writer *w, struct carnet_buffer *out);
/* What must hold of the struct being written. */
void carnet_xml_require(struct carnet_xml_writer *w, bool holds);

/* Attributes of the element just opened. */
void carnet_xml_put(struct carnet_xml_writer *w, const char *name, const char *value); /* escaped */
void carnet_xml_put_id(struct carnet_xml_writer *w, const char *name, const char *value);
void carnet_xml_put_text(struct carnet_xml_writer *w, const char *name, const char *value);
void carnet_xml_put_system(struct carnet_xml_writer *w, const char *name, const char *value);
void carnet_xml_put_hex(struct carnet_xml_writer *w, const char *name, const uint8_t *bytes, size_t size);
void carnet_xml_put_digest(struct carnet_xml_writer *w, const char *name, const struct carnet_digest *value);
void carnet_xml_put_number(struct carnet_xml_writer *w, const char *name, uint32_t least, uint32_t most,
                           uint32_t value);
void carnet_xml_put_time(struct carnet_xml_writer *w, const char *name, int64_t value);
void carnet_xml_put_time_or_never(struct carnet_xml_writer *w, const char *name, int64_t value);
/* Nothing is written for "". */
void carnet_xml_put_optional_id(struct carnet_xml_writer *w, const char *name, const char *value);
void carnet_xml_put_optional_text(struct carnet_xml_writer *w, const char *name, const char *value);
void carnet_xml_put_optional_version(struct carnet_xml_writer *w, const char *name, const char *value);

#endif

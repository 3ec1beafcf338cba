/* SPDX-License-Identifier: MIT */
/* Files that are compiled in. */
#ifndef CARNET_INSPECT_COMPILED_H
#define CARNET_INSPECT_COMPILED_H

#include <stddef.h>

struct inspect_file {
    const char *name; /* "carnet-1.xsd", "check.json" */
    const unsigned char *bytes;
    size_t size;
};
/* The schemas of spec/. */
extern const struct inspect_file inspect_schemas[];
extern const size_t inspect_schemas_count;
/* The parts of a report's page. */
extern const struct inspect_file inspect_page[];
extern const size_t inspect_page_count;

#endif

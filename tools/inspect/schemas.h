/* SPDX-License-Identifier: MIT */
/* The schemas of spec/, compiled in. */
#ifndef CARNET_INSPECT_SCHEMAS_H
#define CARNET_INSPECT_SCHEMAS_H

#include <stddef.h>

struct inspect_schema {
    const char *name; /* "carnet-1.xsd", "check.json" */
    const unsigned char *bytes;
    size_t size;
};
extern const struct inspect_schema inspect_schemas[];
extern const size_t inspect_schema_count;

#endif

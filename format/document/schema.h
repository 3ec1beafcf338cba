/* SPDX-License-Identifier: MIT */
/* spec/carnet-1.xsd, compiled in. */
#ifndef CARNET_DOCUMENT_SCHEMA_H
#define CARNET_DOCUMENT_SCHEMA_H

#include <stddef.h>

extern const unsigned char carnet_schema[];
extern const size_t carnet_schema_size;
extern const char carnet_schema_digest[]; /* its SHA-256, 64 hex digits */

#endif

/* SPDX-License-Identifier: MIT */
/* What a document has to be as raw bytes, before any XML parser sees it (spec/format.md, X-1 to X-6). */
#ifndef CARNET_DOCUMENT_PRESCAN_H
#define CARNET_DOCUMENT_PRESCAN_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define CARNET_TAG_MOST 4096u /* */
#define CARNET_DEPTH_MOST 16u /* */
#define CARNET_PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* the size of C-8, and of X-7 that nothing but LF follows the root element. CARNET_MALFORMED with clause
 * and line. */
CARNET_MUST_USE enum carnet_err carnet_prescan(const uint8_t *bytes, size_t size, struct carnet_diag *diag);
/* carnet_fail for a place in a document: CARNET_MALFORMED with the line. */
enum carnet_err carnet_malformed(struct carnet_diag *diag, const char *clause, unsigned long line, const char *format,
                                 ...) CARNET_PRINTF(4, 5);

#endif

/* SPDX-License-Identifier: MIT */
/* Proper names of bundles (spec/format.md, N-1), and how one is found that is free. */
#ifndef CARNET_TOOLS_IO_NAMES_H
#define CARNET_TOOLS_IO_NAMES_H

#include "common/io.h"
#include "core/text.h"

/* The longest: KIND-LABEL-64HEX.carnet */
#define CLI_NAME_SIZE (CARNET_KIND_NAME_MOST + 1 + CARNET_LABEL_SIZE + 1 + CARNET_HEX_SIZE + sizeof ".carnet")

/* The name with that many digits of the id: 8, 16 or 64. */
void cli_proper_name(const struct cli_output *output, int digits, char name[CLI_NAME_SIZE]);

/* Writes a new file, durably or not at all; CARNET_EXISTS where the name is taken. */
typedef enum carnet_err cli_write_fn(int folder, const char *name, const void *bytes, size_t size,
                                     struct carnet_diag *diag);
/* Writes under the first proper name that is free, or finds the same bytes under one. With --dry-run it only finds the
 * name. */
CARNET_MUST_USE enum carnet_err cli_write_named(struct cli *cli, int folder, const struct cli_output *output,
                                                cli_write_fn *write_file, char name[CLI_NAME_SIZE]);
/* Does the file hold exactly these bytes? */
bool cli_file_holds(int folder, const char *name, const uint8_t *bytes, size_t size);

#endif

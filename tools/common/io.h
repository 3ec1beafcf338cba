/* SPDX-License-Identifier: MIT */
/* Files in and out, as every command takes and gives them. */
#ifndef CARNET_TOOLS_IO_H
#define CARNET_TOOLS_IO_H

#include "common/cli.h"
#include "core/buffer.h"
#include "rules/reading.h"

/* A bundle given on the command line: its bytes and its reading. Zero-initialised is empty. */
struct cli_bundle {
    struct carnet_buffer bytes;
    struct carnet_reading *reading;
};
/* Reads FILE ("-" for standard input; bundle or armour) and takes it through all stages, telling what armour ignored.
 * The diagnosis names the file; for CARNET_WRONG_KIND its advice names the right command of `program_is_user` ?
 * carnet-user : carnet-admin. On failure `out` still holds what did hold. */
CARNET_MUST_USE enum carnet_err cli_bundle_read(struct cli *cli, const char *file,
                                                const struct carnet_read_options *options, struct cli_bundle *out);
/* The same in two steps, for who does something between: the bytes alone, and their reading. */
CARNET_MUST_USE enum carnet_err cli_bundle_load(struct cli *cli, const char *file, struct cli_bundle *out);
CARNET_MUST_USE enum carnet_err cli_bundle_open(struct cli *cli, const char *file,
                                                const struct carnet_read_options *options, struct cli_bundle *bundle);
void cli_bundle_clear(struct cli_bundle *bundle);
/* Reads a file's bytes, "-" for standard input, at most `most`. */
CARNET_MUST_USE enum carnet_err cli_file_read(struct cli *cli, const char *file, size_t most,
                                              struct carnet_buffer *out);

/* A bundle to be written. */
struct cli_output {
    const struct carnet_kind *kind;
    const char *label; /* free text, becomes the LABEL of the name */
    struct carnet_digest id;
    const uint8_t *bytes;
    size_t size;
    json_t *told; /* takes the member "file" or "text", in place of the command's document; NULL: the document does */
};
/*
 * Writes a bundle where OUT says: -o FILE, --to DIR (DIR/carnet/to-admin or to-user by the kind's signer, with
 * README.TXT, delivered and read back), --text (armour on standard output), or under its proper name in the current
 * folder. Nothing is overwritten without --force; the same bytes under the same name are already there: done. Prints
 * the path on standard output and sets the JSON member "file". With --dry-run it says what it would write.
 */
CARNET_MUST_USE enum carnet_err cli_output_write(struct cli *cli, const struct cli_output *output);
/* Before anything is changed: can OUT be written? (folder there and writable, FILE not taken unless --force) */
CARNET_MUST_USE enum carnet_err cli_output_check(struct cli *cli);

/* The id in groups of four, for reading aloud: "3126 711e ..."; room 80. */
#define CLI_GROUPED_SIZE 80
void cli_id_grouped(const struct carnet_digest *id, char out[CLI_GROUPED_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/* Files in: every command that takes a file takes a bundle or armour, and "-". */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "common/io.h"
#include "core/file.h"
#include "core/text.h"

enum carnet_err cli_file_read(struct cli *cli, const char *file, size_t most, struct carnet_buffer *out)
{
    const enum carnet_err err = strcmp(file, "-") == 0 ? carnet_file_read_fd(STDIN_FILENO, most, out, &cli->diag)
                                                       : carnet_file_read(AT_FDCWD, file, most, false, out, &cli->diag);
    cli_place(cli, err != CARNET_OK ? file : NULL);
    return err;
}

/* A bundle of a kind that this command does not take: which one does? */
static void advise_command(struct cli *cli, const struct cli_bundle *bundle)
{
    const struct carnet_unpacked *unpacked = carnet_reading_unpacked(bundle->reading);
    const struct carnet_kind *kind = unpacked != NULL ? carnet_kind_find(carnet_unpacked_kind_name(unpacked)) : NULL;
    if (kind == NULL)
        return;
    const bool user_first = strcmp(cli->program->name, "carnet-user") == 0;
    const char *program = user_first ? "carnet-user" : "carnet-admin";
    const char *command = user_first ? kind->user_command : kind->admin_command;
    if (command == NULL) {
        program = user_first ? "carnet-admin" : "carnet-user";
        command = user_first ? kind->admin_command : kind->user_command;
    }
    if (command == NULL)
        return;
    (void)carnet_fail(&cli->diag, CARNET_WRONG_KIND, "R-4", "The file is of the kind '%s', which '%s' does not take.",
                      kind->name, cli->command->name);
    (void)carnet_fail_next(&cli->diag, "Use '%s %s FILE' for it.", program, command);
}

static void tell_ignored(struct cli *cli, const char *file, const struct carnet_reading *reading)
{
    const struct carnet_armour_notes *notes = reading != NULL ? carnet_reading_armour(reading) : NULL;
    char shown[200];
    if (notes == NULL || notes->ignored_before + notes->ignored_after == 0)
        return;
    carnet_text_escape(file, strlen(file), shown, sizeof shown);
    cli_note(cli, "%s: %lu line%s before the block and %lu after it were ignored.\n",
             strcmp(file, "-") == 0 ? "standard input" : shown, notes->ignored_before,
             notes->ignored_before == 1 ? "" : "s", notes->ignored_after);
}

enum carnet_err cli_bundle_load(struct cli *cli, const char *file, struct cli_bundle *out)
{
    if (strcmp(file, "-") != 0)
        return cli_file_read(cli, file, CARNET_ARMOUR_MOST, &out->bytes);
    const enum carnet_err err = carnet_armour_read_fd(STDIN_FILENO, &out->bytes, &cli->diag);
    cli_place(cli, err != CARNET_OK ? file : NULL);
    return err;
}

enum carnet_err cli_bundle_open(struct cli *cli, const char *file, const struct carnet_read_options *options,
                                struct cli_bundle *bundle)
{
    const enum carnet_err err =
        carnet_reading_open(bundle->bytes.bytes, bundle->bytes.size, options, &bundle->reading, &cli->diag);
    tell_ignored(cli, file, bundle->reading);
    if (err == CARNET_WRONG_KIND && bundle->reading != NULL)
        advise_command(cli, bundle);
    cli_place(cli, err != CARNET_OK ? file : NULL);
    return err;
}

enum carnet_err cli_bundle_read(struct cli *cli, const char *file, const struct carnet_read_options *options,
                                struct cli_bundle *out)
{
    const enum carnet_err err = cli_bundle_load(cli, file, out);
    return err != CARNET_OK ? err : cli_bundle_open(cli, file, options, out);
}

void cli_bundle_clear(struct cli_bundle *bundle)
{
    carnet_reading_free(bundle->reading);
    bundle->reading = NULL;
    carnet_buffer_clear(&bundle->bytes);
}

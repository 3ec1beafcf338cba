/* SPDX-License-Identifier: MIT */
#include "common/io_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "core/file.h"

void cli_proper_name(const struct cli_output *output, int digits, char name[CLI_NAME_SIZE])
{
    char label[CARNET_LABEL_SIZE], hex[CARNET_HEX_SIZE];
    carnet_text_label(output->label != NULL ? output->label : "", label);
    carnet_digest_hex(&output->id, hex);
    (void)snprintf(name, CLI_NAME_SIZE, "%s-%s-%.*s.carnet", output->kind->name, label, digits, hex);
}

bool cli_file_holds(int folder, const char *name, const uint8_t *bytes, size_t size)
{
    struct carnet_buffer there = {0};
    const bool same = carnet_file_read(folder, name, size > 0 ? size : 1, true, &there, NULL) == CARNET_OK &&
                      there.size == size && memcmp(there.bytes, bytes, size) == 0;
    carnet_buffer_clear(&there);
    return same;
}

/* Does the name hold only a beginning of these bytes? Then a run that was cut off left it. */
static bool is_torn(int folder, const char *name, const uint8_t *bytes, size_t size)
{
    struct carnet_buffer there = {0};
    const bool torn = carnet_file_read(folder, name, size, true, &there, NULL) == CARNET_OK && there.size < size &&
                      (there.size == 0 || memcmp(there.bytes, bytes, there.size) == 0);
    carnet_buffer_clear(&there);
    return torn;
}

static const int lengths[] = {8, 16, 64}; /* of a proper name's end, in hex digits (N-1) */
#define LENGTHS (sizeof lengths / sizeof lengths[0])

/* Do the same bytes stand under a longer name than the one that is free? A run before found that one torn, wrote the
 * longer one, took the torn one away and was cut off. */
static bool stands_longer(int fd, const struct cli_output *output, size_t than, char name[CLI_NAME_SIZE])
{
    for (size_t i = than + 1; i < LENGTHS; i++) {
        cli_proper_name(output, lengths[i], name);
        if (cli_file_holds(fd, name, output->bytes, output->size))
            return true;
    }
    cli_proper_name(output, lengths[than], name);
    return false;
}

/* Writes under the first proper name that is free, or finds the same bytes under one (N-1). */
enum carnet_err cli_write_named(struct cli *cli, int fd, const struct cli_output *output, cli_write_fn *write_file,
                                char name[CLI_NAME_SIZE])
{
    char torn[LENGTHS][CLI_NAME_SIZE];
    size_t torn_count = 0;
    enum carnet_err err = CARNET_EXISTS;
    for (size_t i = 0; i < LENGTHS && err == CARNET_EXISTS; i++) {
        struct stat status;
        cli_proper_name(output, lengths[i], name);
        if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            err = cli_file_holds(fd, name, output->bytes, output->size) ? CARNET_OK : CARNET_EXISTS;
        else if (stands_longer(fd, output, i, name) || cli_dry_run(cli))
            err = CARNET_OK;
        else
            err = write_file(fd, name, output->bytes, output->size, &cli->diag);
        /* Somebody else may have written the same just now. */
        if (err == CARNET_EXISTS && cli_file_holds(fd, name, output->bytes, output->size))
            err = CARNET_OK;
        if (err == CARNET_EXISTS && is_torn(fd, name, output->bytes, output->size))
            memcpy(torn[torn_count++], name, CLI_NAME_SIZE);
    }
    /* Only once the whole one is durable; nobody is to pick a torn one by its shorter name. */
    for (size_t i = 0; err == CARNET_OK && !cli_dry_run(cli) && i < torn_count; i++) {
        if (unlinkat(fd, torn[i], 0) == 0)
            (void)fsync(fd);
    }
    if (err == CARNET_EXISTS)
        (void)carnet_fail(&cli->diag, err, "N-1", "All names that this bundle may have hold other files.");
    return err;
}

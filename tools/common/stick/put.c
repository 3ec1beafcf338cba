/* SPDX-License-Identifier: MIT */
/* Writing bundles, and making sure that the device has them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/stick/private.h"
#include "core/file.h"

static enum carnet_err remember(struct stick *stick, const struct cli_output *output, const char *name)
{
    struct stick_put *puts = realloc(stick->puts, (stick->put_count + 1) * sizeof *puts);
    if (puts == NULL)
        return carnet_fail(&stick->cli->diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    stick->puts = puts;
    struct stick_put *put = &puts[stick->put_count++];
    *put = (struct stick_put){.folder = stick_folder_of(output->kind), .kind = output->kind, .size = output->size};
    memcpy(put->name, name, strlen(name) + 1);
    carnet_text_label(output->label != NULL ? output->label : "", put->label);
    carnet_sha256(output->bytes, output->size, &put->whole);
    return CARNET_OK;
}

static enum carnet_err tell_name(struct stick *stick, enum stick_folder folder, const char *file, char **name)
{
    const char *below = stick_folder_names[folder];
    if (name == NULL || asprintf(name, "carnet/%s%s%s", below, below[0] == '\0' ? "" : "/", file) >= 0)
        return CARNET_OK;
    *name = NULL;
    return carnet_fail(&stick->cli->diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
}

enum carnet_err stick_put(struct stick *stick, const struct cli_output *output, char **name)
{
    struct cli *cli = stick->cli;
    const enum stick_folder folder = stick_folder_of(output->kind);
    char file[CLI_NAME_SIZE];
    int fd = -1;
    enum carnet_err err = stick_folder(stick, folder, !cli_dry_run(cli), &fd);
    if (err == CARNET_OK && fd < 0)
        cli_proper_name(output, 8, file);
    else if (err == CARNET_OK)
        err = cli_write_named(cli, fd, output, carnet_file_deliver, file);
    if (err != CARNET_OK)
        cli_place(cli, stick->path);
    if (err == CARNET_OK)
        err = tell_name(stick, folder, file, name);
    return err == CARNET_OK ? remember(stick, output, file) : err;
}

static enum carnet_err verify(struct stick *stick, const struct stick_put *put)
{
    struct carnet_diag *diag = &stick->cli->diag;
    struct carnet_buffer bytes = {0};
    struct carnet_digest whole;
    int fd = -1;
    enum carnet_err err = stick_folder(stick, put->folder, false, &fd);
    if (err == CARNET_OK)
        err = fd < 0 ? CARNET_NO_INPUT : carnet_file_read_device(fd, put->name, put->size, &bytes, diag);
    if (err == CARNET_OK)
        carnet_sha256(bytes.bytes, bytes.size, &whole);
    if (err == CARNET_NO_MEMORY)
        return err;
    if (err != CARNET_OK || !carnet_digest_equal(&whole, &put->whole))
        err = carnet_fail(diag, CARNET_STICK_FAILED, "N-5", "%s was written, and the stick does not give it back.",
                          put->name);
    carnet_buffer_clear(&bytes);
    return err;
}

/* A stick of a false size lets the first files go when the last are written. */
enum carnet_err stick_settle(struct stick *stick)
{
    enum carnet_err err = CARNET_OK;
    if (cli_dry_run(stick->cli))
        return CARNET_OK;
    if (stick->put_count > 0 && syncfs(stick->root) != 0)
        err = carnet_fail(&stick->cli->diag, CARNET_STICK_FAILED, "N-5",
                          "The stick does not confirm what was written to it.");
    for (size_t i = 0; err == CARNET_OK && i < stick->put_count; i++)
        err = verify(stick, &stick->puts[i]);
    if (err != CARNET_OK)
        cli_place(stick->cli, stick->path);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* Files out: -o FILE, --to DIR, --text, or the proper name (N-1) in the current folder. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "common/io.h"
#include "common/io_names.h"
#include "common/stick/stick.h"
#include "core/file.h"

void cli_id_grouped(const struct carnet_digest *id, char out[CLI_GROUPED_SIZE])
{
    char hex[CARNET_HEX_SIZE];
    size_t at = 0;
    carnet_digest_hex(id, hex);
    for (size_t i = 0; hex[i] != '\0'; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = ' ';
        out[at++] = hex[i];
    }
    out[at] = '\0';
}

/* Results are for others, as far as the caller's umask lets them. */
static mode_t result_mode(void)
{
    const mode_t mask = umask(0);
    (void)umask(mask);
    return (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) & ~mask;
}

static enum carnet_err write_local(int folder, const char *name, const void *bytes, size_t size,
                                   struct carnet_diag *diag)
{
    return carnet_file_create(folder, name, result_mode(), bytes, size, diag);
}

/* ---- the four ways ---- */

static void set_member(struct cli *cli, const struct cli_output *output, const char *member, json_t *value)
{
    if (output->told == NULL)
        cli_set(cli, member, value);
    else if (json_object_set_new(output->told, member, value) != 0)
        cli->no_memory = true;
}

/* Prints where the bundle is, and sets the member "file". */
static void tell_path(struct cli *cli, const struct cli_output *output, const char *path)
{
    char shown[PATH_MAX];
    carnet_text_escape(path, strlen(path), shown, sizeof shown);
    if (cli_dry_run(cli))
        cli_note(cli, "Would write %s\n", shown);
    else
        cli_data(cli, "%s\n", shown);
    set_member(cli, output, "file", cli_json_text(path));
}

static enum carnet_err tell_joined(struct cli *cli, const struct cli_output *output, const char *folder,
                                   const char *name)
{
    char *path = NULL;
    if (strcmp(folder, ".") == 0) {
        tell_path(cli, output, name);
        return CARNET_OK;
    }
    if (asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name) < 0)
        return CARNET_NO_MEMORY;
    tell_path(cli, output, path);
    free(path);
    return CARNET_OK;
}

/* Splits FILE into the folder it is in (to be freed) and its name. */
static enum carnet_err split(struct cli *cli, const char *file, char **folder, const char **name)
{
    const char *slash = strrchr(file, '/');
    *name = slash != NULL ? slash + 1 : file;
    if ((*name)[0] == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "-o needs the name of a file, not of a folder.");
    if (slash == NULL)
        *folder = strdup(".");
    else
        *folder = strndup(file, slash == file ? 1 : (size_t)(slash - file));
    return *folder == NULL ? CARNET_NO_MEMORY : CARNET_OK;
}

static enum carnet_err taken(struct cli *cli, const char *file)
{
    cli_place(cli, file);
    return carnet_fail(&cli->diag, CARNET_EXISTS, "", "There is a file of that name already.");
}

static enum carnet_err write_file_option(struct cli *cli, const struct cli_output *output, const char *file)
{
    char *folder = NULL;
    const char *name = NULL;
    struct stat status;
    int fd = -1;
    enum carnet_err err;

    if (cli->outputs > 0)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "There is more than one result, and -o takes one.");
    err = split(cli, file, &folder, &name);
    if (err == CARNET_OK)
        err = carnet_folder_open(folder, &fd, &cli->diag);
    if (err != CARNET_OK)
        goto out;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (!cli_dry_run(cli))
            err = carnet_file_create(fd, name, result_mode(), output->bytes, output->size, &cli->diag);
    } else if (!cli_file_holds(fd, name, output->bytes, output->size)) {
        if (!cli_flag(cli, "force"))
            err = taken(cli, file);
        else if (!S_ISREG(status.st_mode))
            err = carnet_fail(&cli->diag, CARNET_EXISTS, "", "What is there is not a file, and is not replaced.");
        else if (!cli_dry_run(cli))
            err = carnet_file_replace(fd, name, result_mode(), output->bytes, output->size, &cli->diag);
    }
    if (err == CARNET_OK)
        tell_path(cli, output, file);
out:
    if (err != CARNET_OK)
        cli_place(cli, file);
    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return err;
}

/* What goes neither to the administrator nor to a user of a stick lies in the folder itself. */
static enum carnet_err write_into_folder(struct cli *cli, const struct cli_output *output, const char *dir)
{
    char name[CLI_NAME_SIZE];
    int fd = -1;
    enum carnet_err err = carnet_folder_open(dir, &fd, &cli->diag);
    if (err == CARNET_OK)
        err = cli_write_named(cli, fd, output, carnet_file_deliver, name);
    if (err == CARNET_OK)
        err = tell_joined(cli, output, dir, name);
    else
        cli_place(cli, dir);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

static enum carnet_err write_to_option(struct cli *cli, const struct cli_output *output, const char *dir)
{
    struct stick *stick = NULL;
    char *name = NULL;
    if (output->kind->id == CARNET_KIND_JOURNAL || output->kind->id == CARNET_KIND_KEYREQUEST ||
        output->kind->id == CARNET_KIND_TRUST)
        return write_into_folder(cli, output, dir);
    enum carnet_err err = stick_open(cli, dir, false, &stick);
    if (err == CARNET_OK)
        err = stick_put(stick, output, &name);
    if (err == CARNET_OK)
        err = tell_joined(cli, output, dir, name);
    free(name);
    stick_close(stick);
    return err;
}

static enum carnet_err write_text_option(struct cli *cli, const struct cli_output *output)
{
    struct carnet_buffer text = {0};
    enum carnet_err err = carnet_armour_write(output->kind->name, output->bytes, output->size, &text);
    if (err == CARNET_OK && cli->json)
        set_member(cli, output, "text", json_stringn((const char *)text.bytes, text.size));
    else if (err == CARNET_OK)
        cli_write(cli, text.bytes, text.size); /* asked for, so --quiet does not silence it */
    carnet_buffer_clear(&text);
    return err;
}

static enum carnet_err write_here(struct cli *cli, const struct cli_output *output)
{
    char name[CLI_NAME_SIZE];
    int fd = -1;
    enum carnet_err err = carnet_folder_open(".", &fd, &cli->diag);
    if (err != CARNET_OK)
        return err;
    err = cli_write_named(cli, fd, output, write_local, name);
    if (err == CARNET_OK)
        tell_path(cli, output, name);
    (void)close(fd);
    return err;
}

enum carnet_err cli_output_write(struct cli *cli, const struct cli_output *output)
{
    const char *file = cli_value(cli, "output");
    const char *dir = cli_value(cli, "to");
    enum carnet_err err;

    cli_hold_signals();
    if (file != NULL)
        err = write_file_option(cli, output, file);
    else if (dir != NULL)
        err = write_to_option(cli, output, dir);
    else if (cli_flag(cli, "text"))
        err = write_text_option(cli, output);
    else
        err = write_here(cli, output);
    cli_free_signals();
    if (err == CARNET_OK)
        cli->outputs++;
    return err;
}

/* ---- before anything is changed ---- */

static enum carnet_err folder_writable(struct cli *cli, const char *folder)
{
    int fd = -1;
    enum carnet_err err = carnet_folder_open(folder, &fd, &cli->diag);
    if (err == CARNET_OK && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
        err = carnet_fail_errno(&cli->diag, errno, "The folder can't be written");
    if (fd >= 0)
        (void)close(fd);
    if (err != CARNET_OK)
        cli_place(cli, folder);
    return err;
}

static enum carnet_err stick_writable(struct cli *cli, const char *dir)
{
    struct stick *stick = NULL;
    const enum carnet_err err = stick_open(cli, dir, true, &stick);
    stick_close(stick);
    return err;
}

enum carnet_err cli_output_check(struct cli *cli)
{
    const char *file = cli_value(cli, "output");
    const char *dir = cli_value(cli, "to");
    char *folder = NULL;
    const char *name = NULL;
    struct stat status;
    enum carnet_err err;

    if (cli_flag(cli, "text"))
        return CARNET_OK;
    if (dir != NULL)
        return stick_writable(cli, dir);
    if (file == NULL)
        return folder_writable(cli, ".");
    err = split(cli, file, &folder, &name);
    if (err == CARNET_OK)
        err = folder_writable(cli, folder);
    if (err == CARNET_OK && !cli_flag(cli, "force") && lstat(file, &status) == 0)
        err = taken(cli, file);
    free(folder);
    return err;
}

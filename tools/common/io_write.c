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
#include "core/file.h"

/* The longest proper name: KIND-LABEL-64HEX.carnet */
#define NAME_SIZE (CARNET_KIND_NAME_MOST + 1 + CARNET_LABEL_SIZE + 1 + CARNET_HEX_SIZE + sizeof ".carnet")

/* In ASCII with CRLF: it is opened on every kind of machine. */
static const char readme[] = "This folder was made by carnet. It carries license files to a machine that has\r\n"
                             "no network, and back.\r\n"
                             "\r\n"
                             "  to-admin   goes to your license administrator: fingerprints and releases\r\n"
                             "  to-user    goes to the machines that use the licenses: licenses and receipts\r\n"
                             "\r\n"
                             "What to do: take this stick to the other side and plug it in there.\r\n"
                             "  The administrator:  carnet-admin assign FILE   or   carnet-admin free FILE\r\n"
                             "  The user:           carnet-user activate FILE\r\n"
                             "\r\n"
                             "The files hold no passwords and no private keys. They are signed, so that a\r\n"
                             "change of a single byte is noticed. Give them to your license administrator or\r\n"
                             "your user, and to nobody else. Anyone may look into them:\r\n"
                             "\r\n"
                             "  carnet-inspect show FILE\r\n"
                             "  tar -tvf FILE\r\n";

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

static void proper_name(const struct cli_output *output, int digits, char name[NAME_SIZE])
{
    char label[CARNET_LABEL_SIZE], hex[CARNET_HEX_SIZE];
    carnet_text_label(output->label != NULL ? output->label : "", label);
    carnet_digest_hex(&output->id, hex);
    (void)snprintf(name, NAME_SIZE, "%s-%s-%.*s.carnet", output->kind->name, label, digits, hex);
}

static bool holds(int folder, const char *name, const uint8_t *bytes, size_t size)
{
    struct carnet_buffer there = {0};
    const bool same = carnet_file_read(folder, name, size > 0 ? size : 1, true, &there, NULL) == CARNET_OK &&
                      there.size == size && memcmp(there.bytes, bytes, size) == 0;
    carnet_buffer_clear(&there);
    return same;
}

typedef enum carnet_err write_fn(int folder, const char *name, const void *bytes, size_t size,
                                 struct carnet_diag *diag);

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
static bool stands_longer(int fd, const struct cli_output *output, size_t than, char name[NAME_SIZE])
{
    for (size_t i = than + 1; i < LENGTHS; i++) {
        proper_name(output, lengths[i], name);
        if (holds(fd, name, output->bytes, output->size))
            return true;
    }
    proper_name(output, lengths[than], name);
    return false;
}

/* Writes under the first proper name that is free, or finds the same bytes under one (N-1). */
static enum carnet_err write_named(struct cli *cli, int fd, const struct cli_output *output, write_fn *write_file,
                                   char name[NAME_SIZE])
{
    char torn[LENGTHS][NAME_SIZE];
    size_t torn_count = 0;
    enum carnet_err err = CARNET_EXISTS;
    for (size_t i = 0; i < LENGTHS && err == CARNET_EXISTS; i++) {
        struct stat status;
        proper_name(output, lengths[i], name);
        if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            err = holds(fd, name, output->bytes, output->size) ? CARNET_OK : CARNET_EXISTS;
        else if (stands_longer(fd, output, i, name) || cli_dry_run(cli))
            err = CARNET_OK;
        else
            err = write_file(fd, name, output->bytes, output->size, &cli->diag);
        /* Somebody else may have written the same just now. */
        if (err == CARNET_EXISTS && holds(fd, name, output->bytes, output->size))
            err = CARNET_OK;
        if (err == CARNET_EXISTS && is_torn(fd, name, output->bytes, output->size))
            memcpy(torn[torn_count++], name, NAME_SIZE);
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
    } else if (!holds(fd, name, output->bytes, output->size)) {
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

/* carnet/README.TXT is written once; another one that is there is left alone. */
static enum carnet_err write_readme(struct cli *cli, int folder)
{
    if (faccessat(folder, "README.TXT", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return CARNET_OK;
    const enum carnet_err err = carnet_file_deliver(folder, "README.TXT", readme, sizeof readme - 1, &cli->diag);
    return err == CARNET_EXISTS ? CARNET_OK : err;
}

/* Opens a folder of the stick, making it when `make` and absent. A link is not followed: it leads off the stick. */
static enum carnet_err open_below(struct cli *cli, int parent, const char *name, bool make, int *fd)
{
    if (make && mkdirat(parent, name, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) == 0) {
        if (fsync(parent) != 0)
            return carnet_fail_errno(&cli->diag, errno, "The folder %s can't be made on the stick", name);
    } else if (make && errno != EEXIST) {
        const int cause = errno;
        const enum carnet_err err =
            carnet_fail_errno(&cli->diag, cause, "The folder %s can't be made on the stick", name);
        cli->diag.err = cause == ENOSPC ? CARNET_STICK_FULL : cause == EROFS ? CARNET_STICK_READ_ONLY : err;
        return cli->diag.err;
    }
    *fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd >= 0 || (errno == ENOENT && !make))
        return CARNET_OK;
    if (errno == ELOOP || errno == ENOTDIR)
        return carnet_fail(&cli->diag, CARNET_EXISTS, "", "%s is there already, and is not a folder of the stick.",
                           name);
    return carnet_fail_errno(&cli->diag, errno, "The folder %s on the stick can't be opened", name);
}

/* What goes neither to the administrator nor to a user of a stick lies in the folder itself. */
static enum carnet_err write_into_folder(struct cli *cli, const struct cli_output *output, const char *dir)
{
    char name[NAME_SIZE];
    int fd = -1;
    enum carnet_err err = carnet_folder_open(dir, &fd, &cli->diag);
    if (err == CARNET_OK)
        err = write_named(cli, fd, output, carnet_file_deliver, name);
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
    char name[NAME_SIZE], folder[PATH_MAX];
    const char *way = output->kind->signer == CARNET_ROLE_ISSUER ? "to-user" : "to-admin";
    const bool make = !cli_dry_run(cli);
    int stick = -1, top = -1, fd = -1;
    enum carnet_err err;
    if (output->kind->id == CARNET_KIND_JOURNAL || output->kind->id == CARNET_KIND_KEYREQUEST ||
        output->kind->id == CARNET_KIND_TRUST)
        return write_into_folder(cli, output, dir);
    err = carnet_folder_open(dir, &stick, &cli->diag);
    if (err == CARNET_OK)
        err = open_below(cli, stick, "carnet", make, &top);
    if (err == CARNET_OK && make)
        err = write_readme(cli, top);
    if (err == CARNET_OK && top >= 0)
        err = open_below(cli, top, way, make, &fd);
    if (err == CARNET_OK && fd < 0)
        proper_name(output, 8, name);
    else if (err == CARNET_OK)
        err = write_named(cli, fd, output, carnet_file_deliver, name);
    if (err == CARNET_OK) {
        (void)snprintf(folder, sizeof folder, "%s/carnet/%s", dir, way);
        err = tell_joined(cli, output, folder, name);
    } else {
        cli_place(cli, dir);
    }
    for (size_t i = 0; i < 3; i++) {
        const int open_one = i == 0 ? fd : i == 1 ? top : stick;
        if (open_one >= 0)
            (void)close(open_one);
    }
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
    char name[NAME_SIZE];
    int fd = -1;
    enum carnet_err err = carnet_folder_open(".", &fd, &cli->diag);
    if (err != CARNET_OK)
        return err;
    err = write_named(cli, fd, output, write_local, name);
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

static enum carnet_err folder_writable(struct cli *cli, const char *folder, bool stick)
{
    int fd = -1;
    enum carnet_err err = carnet_folder_open(folder, &fd, &cli->diag);
    if (err == CARNET_NO_INPUT && stick) {
        err = carnet_fail(&cli->diag, CARNET_NO_STICK, "", "There is no stick or folder there.");
        (void)carnet_fail_next(&cli->diag,
                               "Plug the stick in, see where it is mounted ('findmnt'), and name that folder.");
    }
    if (err == CARNET_OK && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        if (errno == EROFS && stick)
            err = carnet_fail(&cli->diag, CARNET_STICK_READ_ONLY, "", "The stick can't be written.");
        else
            err = carnet_fail_errno(&cli->diag, errno, "The folder can't be written");
    }
    if (fd >= 0)
        (void)close(fd);
    if (err != CARNET_OK)
        cli_place(cli, folder);
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
        return folder_writable(cli, dir, true);
    if (file == NULL)
        return folder_writable(cli, ".", false);
    err = split(cli, file, &folder, &name);
    if (err == CARNET_OK)
        err = folder_writable(cli, folder, false);
    if (err == CARNET_OK && !cli_flag(cli, "force") && lstat(file, &status) == 0)
        err = taken(cli, file);
    free(folder);
    return err;
}

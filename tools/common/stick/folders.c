/* SPDX-License-Identifier: MIT */
/* The layout: carnet/ with its folders and README.TXT, and whether there is room. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/stick/private.h"
#include "core/file.h"

const char *const stick_folder_names[FOLDER_COUNT] = {"", "to-user", "to-admin", "done"};

/* In ASCII with CRLF: it is opened on every kind of machine. */
static const char readme[] = "This folder was made by carnet. It carries license files to machines that have\r\n"
                             "no network, and back.\r\n"
                             "\r\n"
                             "  to-user    goes to the machines that use the licenses: licenses, receipts\r\n"
                             "  to-admin   goes to your license administrator: fingerprints, activations,\r\n"
                             "             releases, clock requests\r\n"
                             "  done       was taken already, and is kept until the other side has seen it\r\n"
                             "  ROUND.TXT  says which machines are done, and which are left to be visited\r\n"
                             "\r\n"
                             "What to do: plug this stick in on the other side, and type there\r\n"
                             "  the administrator:        carnet-admin sync\r\n"
                             "  the user of a machine:    carnet-user sync\r\n"
                             "\r\n"
                             "The files hold no passwords and no private keys. They are signed, so that a\r\n"
                             "change of a single byte is noticed. They do say which machine has which\r\n"
                             "license: give them to your license administrator or to your users, and to\r\n"
                             "nobody else. A stick that was found belongs to the administrator. Anyone may\r\n"
                             "look into the files:\r\n"
                             "\r\n"
                             "  carnet-inspect show FILE\r\n"
                             "  tar -tvf FILE\r\n";

/* Does the file hold only a beginning of the text? Then a run that was cut off left it. */
static bool is_torn(int folder, const char *name, const char *text, size_t size)
{
    struct carnet_buffer there = {0};
    const bool torn = carnet_file_read(folder, name, size, true, &there, NULL) == CARNET_OK && there.size < size &&
                      (there.size == 0 || memcmp(there.bytes, text, there.size) == 0);
    carnet_buffer_clear(&there);
    return torn;
}

/* Written once; another one that is there is left alone. */
static enum carnet_err write_readme(struct cli *cli, int folder)
{
    if (is_torn(folder, "README.TXT", readme, sizeof readme - 1))
        stick_take_away(folder, "README.TXT");
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

enum stick_folder stick_folder_of(const struct carnet_kind *kind)
{
    static const enum stick_folder folders[CARNET_KIND_COUNT] = {
        [CARNET_KIND_LICENSE] = FOLDER_TO_USER,       [CARNET_KIND_RECEIPT] = FOLDER_TO_USER,
        [CARNET_KIND_CLOCK] = FOLDER_TO_USER,         [CARNET_KIND_TRUST] = FOLDER_TO_USER,
        [CARNET_KIND_ENTITLEMENT] = FOLDER_TO_ADMIN,  [CARNET_KIND_FINGERPRINT] = FOLDER_TO_ADMIN,
        [CARNET_KIND_RELEASE] = FOLDER_TO_ADMIN,      [CARNET_KIND_ACTIVATION] = FOLDER_TO_ADMIN,
        [CARNET_KIND_CLOCKREQUEST] = FOLDER_TO_ADMIN, [CARNET_KIND_JOURNAL] = FOLDER_TOP,
        [CARNET_KIND_KEYREQUEST] = FOLDER_TOP,
    };
    return folders[kind->id];
}

static enum carnet_err open_carnet(struct stick *stick, bool make)
{
    int *top = &stick->folders[FOLDER_TOP];
    enum carnet_err err = *top >= 0 ? CARNET_OK : open_below(stick->cli, stick->root, "carnet", make, top);
    /* It may be missing where the folder is there, and was opened to look through it. */
    if (err == CARNET_OK && make && !stick->has_readme) {
        err = write_readme(stick->cli, *top);
        stick->has_readme = err == CARNET_OK;
    }
    return err;
}

enum carnet_err stick_folder(struct stick *stick, enum stick_folder which, bool make, int *fd)
{
    int *top = &stick->folders[FOLDER_TOP], *open_one = &stick->folders[which];
    enum carnet_err err = open_carnet(stick, make);
    if (err == CARNET_OK && *top >= 0 && *open_one < 0)
        err = open_below(stick->cli, *top, stick_folder_names[which], make, open_one);
    *fd = *open_one;
    if (err != CARNET_OK)
        cli_place(stick->cli, stick->path);
    return err;
}

void stick_take_away(int folder, const char *name)
{
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (unlinkat(folder, name, 0) == 0)
        (void)fsync(folder);
    if (fd >= 0)
        (void)close(fd);
}

/* What the folders, README.TXT and ROUND.TXT may take beside the bundles, in blocks of the file system. */
#define BLOCKS_BESIDE 16u

static enum carnet_err check_room(struct stick *stick, size_t count, uint64_t bytes)
{
    struct statvfs status;
    struct carnet_diag *diag = &stick->cli->diag;
    if (fstatvfs(stick->root, &status) != 0)
        return carnet_fail_errno(diag, errno, "How much room the stick has can't be found out");
    const uint64_t block = status.f_frsize > 0 ? status.f_frsize : 512;
    /* Each file ends in a block that it fills in part, and its name takes room in the folder. */
    const uint64_t blocks = bytes / block + 2 * (uint64_t)count + BLOCKS_BESIDE;
    if (count == 0 || (blocks <= status.f_bavail && (status.f_files == 0 || count + 4 <= status.f_favail)))
        return CARNET_OK;
    cli_place(stick->cli, stick->path);
    if (blocks <= status.f_bavail)
        return carnet_fail(diag, CARNET_STICK_FULL, "N-6", "The stick has no room for %zu files more.", count);
    return carnet_fail(diag, CARNET_STICK_FULL, "N-6", "The stick has %llu KiB of room, and %llu KiB are needed.",
                       (unsigned long long)(status.f_bavail * block / 1024),
                       (unsigned long long)((blocks * block + 1023) / 1024));
}

enum carnet_err stick_prepare(struct stick *stick, size_t count, uint64_t bytes)
{
    int fd = -1;
    enum carnet_err err = check_room(stick, count, bytes);
    for (unsigned i = FOLDER_TO_USER; err == CARNET_OK && !cli_dry_run(stick->cli) && i < FOLDER_COUNT; i++)
        err = stick_folder(stick, (enum stick_folder)i, true, &fd);
    return err;
}

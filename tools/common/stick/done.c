/* SPDX-License-Identifier: MIT */
/* carnet/done: what was taken lies there until the other side has seen it. Nothing here decides anything: what fails is
 * left as it is, and the next sync finds it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/stick/private.h"
#include "core/file.h"
#include "core/utc.h"

#define TIDIED_MOST 5000u /* in one sync: each costs two flushes, and the next sync knows the others */
#define AGE_MOST (182 * CARNET_DAY)
#define EARLIEST (18262 * CARNET_DAY) /* 2020-01-01: a file that says it is older says nothing */

/* A copy, and then the file is taken away: a rename would leave two names for the same blocks in a power cut, and
 * whoever takes one of them away frees the blocks of the other. */
static bool copy_into(struct stick *stick, int done, const struct stick_file *file, const struct carnet_buffer *bytes)
{
    char name[CLI_NAME_SIZE];
    struct carnet_diag kept = stick->cli->diag;
    const struct cli_output output = {
        .kind = file->kind, .label = file->label, .id = file->id, .bytes = bytes->bytes, .size = bytes->size};
    const enum carnet_err err = cli_write_named(stick->cli, done, &output, carnet_file_deliver, name);
    stick->cli->diag = kept;
    return err == CARNET_OK;
}

void stick_done(struct stick *stick, struct stick_file *file)
{
    struct carnet_buffer bytes = {0};
    const char *name = NULL;
    int done = -1;
    if (cli_dry_run(stick->cli) || file->stays || stick->tidied == TIDIED_MOST || carnet_digest_is_zero(&file->id) ||
        stick_folder(stick, FOLDER_DONE, true, &done) != CARNET_OK || done < 0)
        return;
    const int folder = stick_open_parent(stick, file->path, &name);
    if (folder >= 0 && stick_read(stick, file, &bytes, NULL) == CARNET_OK && copy_into(stick, done, file, &bytes)) {
        stick_take_away(folder, name);
        file->moved = true;
        stick->tidied++;
    }
    if (folder >= 0)
        (void)close(folder);
    carnet_buffer_clear(&bytes);
}

bool stick_was_taken(struct stick *stick, const struct cli_output *output)
{
    static const int digits[] = {8, 16, 64};
    char name[CLI_NAME_SIZE];
    int done = -1;
    if (stick_folder(stick, FOLDER_DONE, false, &done) != CARNET_OK || done < 0)
        return false;
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        cli_proper_name(output, digits[i], name);
        if (cli_file_holds(done, name, output->bytes, output->size))
            return true;
    }
    return false;
}

/* ---- pruning ---- */

struct prune {
    unsigned kinds;
    stick_seen_fn *seen;
    void *context;
    int64_t now;
};

static bool is_old(int folder, const char *name, int64_t now)
{
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mtime > EARLIEST &&
           status.st_mtime < now && now - status.st_mtime > AGE_MOST;
}

static bool is_seen(const struct prune *prune, int folder, const char *name, const struct carnet_kind *kind)
{
    struct carnet_buffer bytes = {0};
    if (prune->seen == NULL || (prune->kinds & CARNET_KIND_BIT(kind->id)) == 0)
        return false;
    const bool seen = carnet_file_read(folder, name, CARNET_ARMOUR_MOST, true, &bytes, NULL) == CARNET_OK &&
                      prune->seen(prune->context, kind, bytes.bytes, bytes.size);
    carnet_buffer_clear(&bytes);
    return seen;
}

void stick_prune(struct stick *stick, unsigned kinds, stick_seen_fn *seen, void *context)
{
    const struct prune prune = {.kinds = kinds, .seen = seen, .context = context, .now = carnet_utc_now()};
    int done = -1;
    if (cli_dry_run(stick->cli) || stick_folder(stick, FOLDER_DONE, false, &done) != CARNET_OK || done < 0)
        return;
    const int again = openat(done, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    const struct dirent *entry = NULL;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char label[CARNET_LABEL_SIZE];
        /* What is not named as carnet names it was put there by somebody, who may want it. */
        const struct carnet_kind *kind = stick_name_parse(entry->d_name, label);
        if (kind == NULL || (!is_old(done, entry->d_name, prune.now) && !is_seen(&prune, done, entry->d_name, kind)))
            continue;
        stick_take_away(done, entry->d_name);
        stick->pruned++;
    }
    if (stream != NULL)
        (void)closedir(stream);
    else if (again >= 0)
        (void)close(again);
}

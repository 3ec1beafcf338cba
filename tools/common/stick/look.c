/* SPDX-License-Identifier: MIT */
/*
 * What lies on a stick. Everything here is a stranger's: names are bytes, links and devices are never opened, a folder
 * is walked by descriptors, and what is remembered is bounded.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/stick/private.h"
#include "core/file.h"

#define DEPTH_MOST 8u /* folders in each other, below to-user and to-admin */

struct walk {
    struct stick *stick;
    unsigned mine;
    bool by_name; /* only what is named like a bundle is opened */
    bool deep;    /* folders below this one are walked too */
};

const char *stick_fate_name(enum stick_fate fate)
{
    static const char *const names[] = {
#define STICK_FATE_TEXT(symbol, name) [STICK_##symbol] = (name),
        STICK_FATES(STICK_FATE_TEXT)
#undef STICK_FATE_TEXT
    };
    return names[fate];
}

/* ---- fates of what is not listed ---- */

/* `why` is a constant: the reasons are few, however many files there are. */
static void ignore(struct walk *walk, const char *path, enum stick_fate fate, const char *why,
                   const struct carnet_kind *kind)
{
    struct stick *stick = walk->stick;
    size_t i = 0;
    while (i < stick->reasons && (stick->ignored[i].fate != fate || strcmp(stick->ignored[i].why, why) != 0))
        i++;
    if (i == stick->reasons && i < STICK_REASONS_MOST) {
        stick->ignored[i] = (struct stick_ignored){.fate = fate, .why = why, .example = strdup(path)};
        stick->reasons++;
    }
    if (i < stick->reasons)
        stick->ignored[i].count++;
    if (cli_json(stick->cli))
        stick_line_ignored(stick, path, fate, why, kind);
}

/* Not for what it is, but since the stick or this machine fails. */
static void miss(struct walk *walk, const char *path, const char *why)
{
    walk->stick->unread++;
    ignore(walk, path, STICK_IGNORED, why, NULL);
}

enum carnet_err stick_was_read(const struct stick *stick)
{
    size_t unread = stick->unread;
    for (size_t i = 0; i < stick->count; i++)
        unread += stick->files[i].unread;
    if (unread == 0)
        return CARNET_OK;
    (void)carnet_fail(&stick->cli->diag, CARNET_PARTLY_DONE, "",
                      "%zu file%s or folder%s of the stick could not be read.", unread, unread == 1 ? "" : "s",
                      unread == 1 ? "" : "s");
    return carnet_fail_next(&stick->cli->diag, "Run it again; where that does not help, use another stick.");
}

/* ---- what a file is ---- */

/* What systems leave on every stick that they see. */
static bool is_of_system(const char *name)
{
    static const char *const names[] = {"Thumbs.db",    "desktop.ini", "System Volume Information",
                                        "$RECYCLE.BIN", "lost+found",  "autorun.inf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return name[0] == '.'; /* "._x", ".DS_Store", ".Trashes" */
}

/* Beside the stick's own folders only these are opened: "x.carnet", "X.CARNET", "x.carnet.txt", "x.carnet (1)", and
 * what is left of such a name where only eight letters and three fit. */
static bool is_named_so(const char *name)
{
    const size_t size = strlen(name);
    return strcasestr(name, ".carnet") != NULL || (size > 4 && strcasecmp(name + size - 4, ".car") == 0);
}

static enum carnet_err list(struct walk *walk, const char *path, const struct carnet_kind *kind)
{
    struct stick *stick = walk->stick;
    if (stick->count == STICK_FILES_MOST) {
        ignore(walk, path, STICK_LEFT, "too many files for one sync: it waits for the next one", kind);
        return CARNET_OK;
    }
    if (stick->count == stick->room) {
        const size_t room = stick->room == 0 ? 64 : stick->room * 2;
        struct stick_file *files = realloc(stick->files, room * sizeof *files);
        if (files == NULL)
            return CARNET_NO_MEMORY;
        stick->files = files;
        stick->room = room;
    }
    struct stick_file *file = &stick->files[stick->count];
    *file = (struct stick_file){.path = strdup(path), .kind = kind};
    if (file->path == NULL)
        return CARNET_NO_MEMORY;
    stick->count++;
    return CARNET_OK;
}

/* The first bytes; -1 where it can't be read. */
static ssize_t read_head(int folder, const char *name, uint8_t head[STICK_HEAD_SIZE], const char **why)
{
    struct stat status;
    ssize_t got = -1;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *why = NULL;
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        *why = "no file";
    else if ((uint64_t)status.st_size > CARNET_ARMOUR_MOST)
        *why = "too large for a bundle";
    else
        got = pread(fd, head, STICK_HEAD_SIZE, 0);
    (void)close(fd);
    return got;
}

static enum carnet_err take_file(struct walk *walk, int folder, const char *name, const char *path)
{
    uint8_t head[STICK_HEAD_SIZE];
    const char *why = "no bundle";
    if (walk->by_name && !is_named_so(name)) {
        ignore(walk, path, STICK_IGNORED, "not named like a bundle, and not looked into", NULL);
        return CARNET_OK;
    }
    const ssize_t size = read_head(folder, name, head, &why);
    const struct carnet_kind *kind = size <= 0 ? NULL : stick_sniff(head, (size_t)size, &why);
    if (size < 0 && why == NULL)
        miss(walk, path, "it can't be read");
    else if (kind == NULL)
        ignore(walk, path, STICK_IGNORED, size == 0 ? "empty" : why, NULL);
    else if ((walk->mine & CARNET_KIND_BIT(kind->id)) == 0)
        ignore(walk, path, STICK_OTHER_SIDE, "for the other side", kind);
    else
        return list(walk, path, kind);
    return CARNET_OK;
}

/* ---- the walk ---- */

static enum carnet_err walk_folder(struct walk *walk, int folder, const char *above, unsigned depth);

static enum carnet_err enter(struct walk *walk, int folder, const char *name, const char *path, unsigned depth)
{
    if (!walk->deep || depth == DEPTH_MOST) {
        ignore(walk, path, STICK_IGNORED, walk->deep ? "a folder too deep" : "a folder that is not looked into", NULL);
        return CARNET_OK;
    }
    const int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        miss(walk, path, "a folder that can't be opened");
        return CARNET_OK;
    }
    return walk_folder(walk, fd, path, depth + 1);
}

/* The folders and notes of the layout, which are walked by themselves or not at all. */
static bool is_ours(const char *path)
{
    static const char *const ours[] = {"carnet",      "carnet/to-user",    "carnet/to-admin",
                                       "carnet/done", "carnet/README.TXT", "carnet/ROUND.TXT"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(path, ours[i]) == 0)
            return true;
    return false;
}

static enum carnet_err take_entry(struct walk *walk, int folder, const char *name, const char *path, unsigned depth)
{
    struct stat status;
    if (is_ours(path))
        return CARNET_OK;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        miss(walk, path, "it can't be read");
    else if (is_of_system(name))
        ignore(walk, path, STICK_IGNORED, "of the system that the stick was in", NULL);
    else if (S_ISDIR(status.st_mode))
        return enter(walk, folder, name, path, depth);
    else if (S_ISLNK(status.st_mode))
        ignore(walk, path, STICK_IGNORED, "a link, never followed", NULL);
    else if (!S_ISREG(status.st_mode))
        ignore(walk, path, STICK_IGNORED, "a device, pipe or socket, never opened", NULL);
    else
        return take_file(walk, folder, name, path);
    return CARNET_OK;
}

/* Takes the descriptor over. `above` is "" or the folder's path. */
static enum carnet_err walk_folder(struct walk *walk, int folder, const char *above, unsigned depth)
{
    DIR *stream = fdopendir(folder);
    enum carnet_err err = CARNET_OK;
    const struct dirent *entry = NULL;
    if (stream == NULL) {
        (void)close(folder);
        return CARNET_NO_MEMORY;
    }
    errno = 0;
    while (err == CARNET_OK && (entry = readdir(stream)) != NULL) {
        char *path = NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s%s%s", above, above[0] == '\0' ? "" : "/", entry->d_name) < 0) {
            err = CARNET_NO_MEMORY;
            break;
        }
        err = take_entry(walk, dirfd(stream), entry->d_name, path, depth);
        free(path);
        errno = 0;
    }
    if (err == CARNET_OK && errno != 0)
        miss(walk, above, "a folder that can't be read to its end");
    (void)closedir(stream);
    return err;
}

/* Walks a folder that is open already, if it is. */
static enum carnet_err walk_open(struct walk *walk, int fd, const char *path)
{
    const int folder = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0)
        return walk_folder(walk, folder, path, 0);
    if (fd >= 0)
        miss(walk, path, "a folder that can't be opened");
    return CARNET_OK;
}

/* Trust first, since others may rest on it; what ends a grant before what begins one. */
static unsigned turn(const struct carnet_kind *kind)
{
    static const unsigned turns[CARNET_KIND_COUNT] = {
        [CARNET_KIND_TRUST] = 1,   [CARNET_KIND_ENTITLEMENT] = 2, [CARNET_KIND_RELEASE] = 3,
        [CARNET_KIND_RECEIPT] = 3, [CARNET_KIND_ACTIVATION] = 4,
    };
    return turns[kind->id] == 0 ? UINT_MAX : turns[kind->id];
}

static int compare(const void *left, const void *right)
{
    const struct stick_file *a = left, *b = right;
    const unsigned x = turn(a->kind), y = turn(b->kind);
    return x != y ? (x < y ? -1 : 1) : strcmp(a->path, b->path);
}

enum carnet_err stick_look(struct stick *stick, unsigned mine)
{
    struct walk top = {.stick = stick, .mine = mine, .by_name = true},
                own = {.stick = stick, .mine = mine, .deep = true};
    int fd = -1;
    enum carnet_err err = walk_open(&top, stick->root, "");
    for (unsigned i = FOLDER_TOP; err == CARNET_OK && i <= FOLDER_TO_ADMIN; i++) {
        err = stick_folder(stick, (enum stick_folder)i, false, &fd);
        if (err == CARNET_OK && i == FOLDER_TOP)
            err = walk_open(&top, fd, "carnet");
        else if (err == CARNET_OK)
            err = walk_open(&own, fd, i == FOLDER_TO_USER ? "carnet/to-user" : "carnet/to-admin");
    }
    if (err == CARNET_NO_MEMORY)
        err = carnet_fail(&stick->cli->diag, err, "", "There is not enough memory to look through the stick.");
    if (stick->count > 0)
        qsort(stick->files, stick->count, sizeof *stick->files, compare);
    return err;
}

size_t stick_count(const struct stick *stick)
{
    return stick->count;
}

struct stick_file *stick_file(const struct stick *stick, size_t i)
{
    return &stick->files[i];
}

/* ---- a file that may be mine ---- */

int stick_open_parent(const struct stick *stick, const char *path, const char **name)
{
    int folder = openat(stick->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *slash = NULL;
    while (folder >= 0 && (slash = strchr(path, '/')) != NULL) {
        char *part = strndup(path, (size_t)(slash - path));
        const int next = part == NULL ? -1 : openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        free(part);
        (void)close(folder);
        folder = next;
        path = slash + 1;
    }
    *name = path;
    return folder;
}

enum carnet_err stick_read(struct stick *stick, struct stick_file *file, struct carnet_buffer *out,
                           struct carnet_diag *diag)
{
    struct carnet_digest whole;
    const char *name = NULL;
    const int folder = stick_open_parent(stick, file->path, &name);
    file->unread = folder < 0;
    if (folder < 0)
        return carnet_fail_errno(diag, errno, "The file can't be opened");
    enum carnet_err err = carnet_file_read(folder, name, CARNET_ARMOUR_MOST, true, out, diag);
    (void)close(folder);
    file->unread = err != CARNET_OK && err != CARNET_MALFORMED;
    if (err != CARNET_OK)
        return err;
    carnet_sha256(out->bytes, out->size, &whole);
    if (!carnet_digest_is_zero(&file->whole) && !carnet_digest_equal(&file->whole, &whole)) {
        carnet_buffer_clear(out);
        return carnet_fail(diag, CARNET_ALTERED, "N-12", "The file changes while it is read.");
    }
    file->whole = whole;
    return CARNET_OK;
}

const struct stick_file *stick_twin(struct stick *stick, const struct stick_file *file)
{
    const size_t places = 2 * stick->count;
    size_t at;
    if (stick->by_digest == NULL)
        stick->by_digest = calloc(places, sizeof *stick->by_digest);
    if (stick->by_digest == NULL) /* then each is judged by itself */
        return NULL;
    memcpy(&at, file->whole.bytes, sizeof at);
    for (at %= places; stick->by_digest[at] != 0; at = (at + 1) % places) {
        const struct stick_file *other = &stick->files[stick->by_digest[at] - 1];
        if (carnet_digest_equal(&other->whole, &file->whole))
            return other < file ? other : NULL;
    }
    stick->by_digest[at] = (uint32_t)(file - stick->files) + 1;
    return NULL;
}

void stick_decide(struct stick *stick, struct stick_file *file, enum stick_fate fate, enum carnet_err outcome,
                  const char *why, ...)
{
    file->fate = fate;
    file->outcome = outcome;
    free(file->why);
    file->why = NULL;
    if (why != NULL) {
        va_list args;
        va_start(args, why);
        if (vasprintf(&file->why, why, args) < 0) {
            file->why = NULL;
            stick->cli->no_memory = true;
        }
        va_end(args);
    }
}

void stick_name(struct stick *stick, struct stick_file *file, const struct carnet_digest *id, const char *label)
{
    file->id = *id;
    free(file->label);
    file->label = label == NULL ? NULL : strdup(label);
    if (label != NULL && file->label == NULL)
        stick->cli->no_memory = true;
}

/* A trust bundle that does not come from a root that is known here is another vendor's, or a forger's. */
static bool is_strangers(const struct stick_file *file, enum carnet_err err)
{
    return err == CARNET_UNTRUSTED_KEY || (err == CARNET_NOT_VOUCHED && file->kind->id == CARNET_KIND_TRUST);
}

void stick_refuse(struct stick *stick, struct stick_file *file, enum carnet_err err, const struct carnet_diag *diag)
{
    const bool told = diag->err == err && diag->detail[0] != '\0';
    stick_decide(stick, file, is_strangers(file, err) ? STICK_OTHER_VENDOR : STICK_REFUSED, err, "%s",
                 told ? diag->detail : carnet_outcome_meaning(err));
}

size_t stick_fates(const struct stick *stick, enum stick_fate fate)
{
    size_t count = 0;
    for (size_t i = 0; i < stick->count; i++)
        count += stick->files[i].fate == fate;
    for (size_t i = 0; i < stick->reasons; i++)
        if (stick->ignored[i].fate == fate)
            count += stick->ignored[i].count;
    return count;
}

/* SPDX-License-Identifier: MIT */
#include "inspect/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names in one folder: each is a byte of its type (DT_*), the name and NUL, one after the other. A million of them
 * take little more than their letters. */
struct names {
    char *text;
    size_t used, room;
    uint32_t *starts; /* into text */
    size_t count, starts_room;
};

struct walk {
    const struct tree_visitor *visitor;
    char *path; /* of what is visited */
    size_t room;
};

/* The folders that one is in, to notice one that is in itself. */
struct above {
    const struct above *up;
    dev_t device;
    ino_t inode;
    unsigned depth;
};

static void names_clear(struct names *n)
{
    free(n->text);
    free(n->starts);
    *n = (struct names){0};
}

static bool names_add(struct names *n, const char *name, unsigned char type)
{
    const size_t size = strlen(name) + 2;
    if (n->room - n->used < size) {
        const size_t room = n->room == 0 ? 4096 : n->room + n->room / 2;
        char *text = room > UINT32_MAX ? NULL : realloc(n->text, room);
        if (text == NULL)
            return false;
        n->text = text;
        n->room = room;
    }
    if (n->count == n->starts_room) {
        const size_t room = n->starts_room == 0 ? 128 : n->starts_room + n->starts_room / 2;
        uint32_t *starts = realloc(n->starts, room * sizeof *starts);
        if (starts == NULL)
            return false;
        n->starts = starts;
        n->starts_room = room;
    }
    n->starts[n->count++] = (uint32_t)n->used;
    n->text[n->used] = (char)type;
    memcpy(n->text + n->used + 1, name, size - 1);
    n->used += size;
    return true;
}

static int by_name(const void *a, const void *b, void *text)
{
    const char *all = text;
    return strcmp(all + *(const uint32_t *)a + 1, all + *(const uint32_t *)b + 1);
}

/* All names but . and .., sorted. */
static enum carnet_err list(int folder, struct names *out, struct carnet_diag *diag)
{
    const int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    const struct dirent *entry;
    enum carnet_err err = CARNET_OK;
    if (dir == NULL) {
        const int why = errno;
        if (own >= 0)
            (void)close(own);
        return carnet_fail_errno(diag, why, "The folder can't be read");
    }
    while (errno = 0, err == CARNET_OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!names_add(out, entry->d_name, entry->d_type))
            err = carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory for the names in the folder.");
    }
    if (err == CARNET_OK && errno != 0)
        err = carnet_fail_errno(diag, errno, "The folder can't be read to its end");
    (void)closedir(dir);
    if (err == CARNET_OK && out->count > 1)
        qsort_r(out->starts, out->count, sizeof *out->starts, by_name, out->text);
    return err;
}

/* Puts a name behind the first `size` bytes of the path. */
static bool set_path(struct walk *w, size_t size, const char *name)
{
    const size_t need = size + strlen(name) + 2;
    if (need > w->room) {
        char *path = realloc(w->path, need + 256);
        if (path == NULL)
            return false;
        w->path = path;
        w->room = need + 256;
    }
    const bool slash = size > 0 && w->path[size - 1] != '/';
    (void)snprintf(w->path + size, w->room - size, "%s%s", slash ? "/" : "", name);
    return true;
}

static enum carnet_err visit_folder(struct walk *w, int parent, const char *name, bool links, const struct above *up);

static unsigned char type_of(int folder, const char *name, unsigned char told)
{
    struct stat status;
    if (told != DT_UNKNOWN || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return told;
    return S_ISREG(status.st_mode) ? DT_REG : S_ISDIR(status.st_mode) ? DT_DIR : DT_FIFO;
}

static enum carnet_err visit_names(struct walk *w, int folder, const struct names *names, const struct above *above)
{
    const struct tree_visitor *v = w->visitor;
    const size_t size = strlen(w->path);
    enum carnet_err err = CARNET_OK;
    for (size_t i = 0; i < names->count && err == CARNET_OK; i++) {
        const char *entry = names->text + names->starts[i];
        const unsigned char type = type_of(folder, entry + 1, (unsigned char)entry[0]);
        if (!set_path(w, size, entry + 1))
            return CARNET_NO_MEMORY;
        if (type == DT_REG)
            err = v->file(v->context, w->path, folder, entry + 1, false);
        else if (type == DT_DIR)
            err = visit_folder(w, folder, entry + 1, false, above);
        else
            v->other(v->context);
    }
    w->path[size] = '\0';
    return err;
}

static bool is_inside_itself(const struct above *here)
{
    for (const struct above *a = here->up; a != NULL; a = a->up) {
        if (a->device == here->device && a->inode == here->inode)
            return true;
    }
    return false;
}

static enum carnet_err visit_folder(struct walk *w, int parent, const char *name, bool links, const struct above *up)
{
    const struct tree_visitor *v = w->visitor;
    struct above here = {.up = up, .depth = up == NULL ? 1 : up->depth + 1};
    struct names names = {0};
    struct stat status;
    struct carnet_diag diag = {0};
    enum carnet_err err = CARNET_OK;
    const int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (links ? 0 : O_NOFOLLOW));
    if (folder < 0 || fstat(folder, &status) != 0) {
        err = carnet_fail_errno(&diag, errno, "The folder can't be read");
        goto out;
    }
    here.device = status.st_dev;
    here.inode = status.st_ino;
    if (is_inside_itself(&here))
        err = carnet_fail(&diag, CARNET_IO, "", "The folder is inside itself; it is not gone into again.");
    else if (here.depth > TREE_DEPTH_MOST)
        err = carnet_fail(&diag, CARNET_IO, "", "More than %u folders are inside each other here.", TREE_DEPTH_MOST);
    else
        err = list(folder, &names, &diag);
    if (err == CARNET_OK)
        err = visit_names(w, folder, &names, &here);
out:
    if (folder >= 0)
        (void)close(folder);
    names_clear(&names);
    return diag.err == CARNET_OK || err == CARNET_NO_MEMORY ? err : v->trouble(v->context, w->path, &diag);
}

enum carnet_err tree_walk(const struct tree_visitor *visitor, const char *path)
{
    struct walk w = {.visitor = visitor};
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return visitor->file(visitor->context, path, AT_FDCWD, path, true);
    if (!set_path(&w, 0, path))
        return CARNET_NO_MEMORY;
    const enum carnet_err err = visit_folder(&w, AT_FDCWD, path, true, NULL);
    free(w.path);
    return err;
}

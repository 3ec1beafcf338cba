/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "paths.h"

/* The mimetype of a bundle lies in its first two blocks. */
#define HEAD_SIZE 1024u

void paths_clear(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->list[i]);
    free(p->list);
    free(p->from_folder);
}

static enum carnet_err paths_add(struct paths *p, const char *folder, const char *name)
{
    char *path = NULL;

    if (p->count == p->room) {
        const size_t room = p->room ? p->room * 2 : 16;
        char **list = reallocarray(p->list, room, sizeof *list);
        bool *from_folder;
        if (!list)
            return CARNET_NO_MEMORY;
        p->list = list;
        from_folder = reallocarray(p->from_folder, room, sizeof *from_folder);
        if (!from_folder)
            return CARNET_NO_MEMORY;
        p->from_folder = from_folder;
        p->room = room;
    }
    if (asprintf(&path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name) < 0)
        return CARNET_NO_MEMORY;
    p->list[p->count] = path;
    p->from_folder[p->count++] = folder != NULL;
    return CARNET_OK;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Does the file's beginning say that it is of that kind? Only its place in the order hangs on it. */
static bool says(const char *folder, const char *name, const struct carnet_kind *kind)
{
    char head[HEAD_SIZE + 1], type[64], armour[64], *path = NULL;
    FILE *file;
    size_t size;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    file = fopen(path, "re");
    free(path);
    if (!file)
        return false;
    size = fread(head, 1, HEAD_SIZE, file);
    (void)fclose(file);
    head[size] = '\0';
    (void)snprintf(type, sizeof type, "application/vnd.carnet.%s;", kind->name);
    (void)snprintf(armour, sizeof armour, "-----BEGIN CARNET %s-----", kind->name);
    return memmem(head, size, type, strlen(type)) || strcasestr(head, armour);
}

static enum carnet_err add_folder(struct cli *cli, struct paths *p, const char *folder,
                                  const struct carnet_kind *before)
{
    struct dirent **entries = NULL;
    struct stat st;
    char *stick = NULL;
    enum carnet_err err = CARNET_OK;
    int count;

    if (asprintf(&stick, "%s/carnet/to-admin", folder) < 0)
        return CARNET_NO_MEMORY;
    if (stat(stick, &st) == 0 && S_ISDIR(st.st_mode))
        folder = stick;
    count = scandir(folder, &entries, visible, alphasort);
    if (count < 0) {
        err = carnet_fail_errno(cli_diag(cli), errno, "The folder can't be read");
        cli_place(cli, folder);
    }
    for (int i = 0; !err && before && i < count; i++) {
        if (entries[i]->d_type != DT_DIR && says(folder, entries[i]->d_name, before)) {
            err = paths_add(p, folder, entries[i]->d_name);
            entries[i]->d_type = DT_DIR; /* done with */
        }
    }
    for (int i = 0; i < count; i++) {
        if (!err && entries[i]->d_type != DT_DIR)
            err = paths_add(p, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(stick);
    return err;
}

enum carnet_err paths_find(struct cli *cli, size_t first, const struct carnet_kind *before, struct paths *p)
{
    enum carnet_err err = CARNET_OK;

    for (size_t i = first; !err && i < cli_count(cli); i++) {
        const char *argument = cli_argument(cli, i);
        struct stat st;
        if (strcmp(argument, "-") != 0 && stat(argument, &st) == 0 && S_ISDIR(st.st_mode))
            err = add_folder(cli, p, argument, before);
        else
            err = paths_add(p, NULL, argument);
    }
    return err;
}

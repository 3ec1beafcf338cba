/* SPDX-License-Identifier: MIT */
/* Makes made-up machines (README.md) for the tests in C. Included by one file of each test program. */
#ifndef CARNET_TESTS_SYSROOT_H
#define CARNET_TESTS_SYSROOT_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSROOT_MACHINES CARNET_SOURCE_DIR "/tests/machines"

static inline void sysroot_die(const char *what, const char *path)
{
    perror(what);
    fprintf(stderr, "while making %s\n", path);
    abort();
}

static inline int sysroot_unlink(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)at;
    (void)status;
    if (type == FTW_DNR)
        (void)chmod(path, 0700);
    return remove(path);
}

static inline void sysroot_remove(const char *path)
{
    (void)nftw(path, sysroot_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the folders above a path. */
static inline void sysroot_parents(const char *path)
{
    char part[PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *c = strchr(part + 1, '/'); c != NULL; c = strchr(c + 1, '/')) {
        *c = '\0';
        (void)mkdir(part, 0755);
        *c = '/';
    }
}

/* Undoes the escapes, in place; returns the size. */
static inline size_t sysroot_unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] != '\\') {
            *to = *from++;
        } else if (from[1] == '0') {
            char digits[4] = {0};
            size_t count = strspn(from + 2, "01234567");
            count = count > 3 ? 3 : count;
            memcpy(digits, from + 2, count);
            *to = (char)strtoul(digits, NULL, 8);
            from += 2 + count;
        } else {
            *to = from[1] == 'n' ? '\n' : from[1] == 't' ? '\t' : from[1] == 'r' ? '\r' : from[1];
            from += 2;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

static inline void sysroot_write(const char *path, const void *bytes, size_t size)
{
    (void)unlink(path);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        sysroot_die("write", path);
}

static inline void sysroot_apply(const char *root, const char *lines);

static inline void sysroot_make(const char *root, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s.txt", SYSROOT_MACHINES, name);
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (file == NULL || getdelim(&text, &room, '\0', file) < 0)
        sysroot_die("read", path);
    (void)fclose(file);
    sysroot_apply(root, text);
    free(text);
}

/* One line: "KIND PATH TEXT". */
static inline void sysroot_line(const char *root, char *line)
{
    char path[PATH_MAX], *kind = strsep(&line, " "), *name = strsep(&line, " "), *text = line;
    if (name == NULL)
        sysroot_die("incomplete line", kind);
    if (strcmp(kind, "include") == 0) {
        sysroot_make(root, name);
        return;
    }
    static char nothing[1] = "";
    if (text == NULL)
        text = nothing;
    (void)snprintf(path, sizeof path, "%s%s", root, name);
    sysroot_parents(path);
    int result = 0;
    if (strcmp(kind, "file") == 0) {
        size_t size = sysroot_unescape(text);
        sysroot_write(path, text, size);
    } else if (strcmp(kind, "link") == 0) {
        (void)unlink(path);
        result = symlink(text, path);
    } else if (strcmp(kind, "dir") == 0) {
        (void)mkdir(path, 0755);
    } else if (strcmp(kind, "fifo") == 0) {
        (void)unlink(path);
        result = mkfifo(path, 0644);
    } else if (strcmp(kind, "big") == 0) {
        size_t size = strtoul(text, NULL, 10);
        char *bytes = malloc(size);
        if (bytes == NULL)
            sysroot_die("malloc", path);
        memset(bytes, 'A', size);
        sysroot_write(path, bytes, size);
        free(bytes);
    } else if (strcmp(kind, "mode") == 0) {
        result = chmod(path, (mode_t)strtoul(text, NULL, 8));
    } else if (strcmp(kind, "remove") == 0) {
        sysroot_remove(path);
    } else {
        sysroot_die("unknown line", kind);
    }
    if (result != 0)
        sysroot_die(kind, path);
}

static inline void sysroot_apply(const char *root, const char *lines)
{
    char *copy = strdup(lines), *rest = copy;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (line[0] != '\0' && line[0] != '#')
            sysroot_line(root, line);
    free(copy);
}

/* A new empty root, open for all; set as CARNET_SYSROOT. */
static inline void sysroot_new(char root[64])
{
    (void)snprintf(root, 64, "/tmp/carnet-machine-XXXXXX");
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0)
        sysroot_die("mkdtemp", root);
    (void)setenv("CARNET_SYSROOT", root, 1);
}

#endif

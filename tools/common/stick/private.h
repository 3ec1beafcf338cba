/* SPDX-License-Identifier: MIT */
/* What the files of tools/common/stick share among themselves. */
#ifndef CARNET_TOOLS_STICK_PRIVATE_H
#define CARNET_TOOLS_STICK_PRIVATE_H

#include "common/cli_private.h"
#include "common/io_names.h"
#include "common/stick/stick.h"

/* The folders of the layout: FOLDER_TOP is carnet/ itself. */
enum stick_folder { FOLDER_TOP, FOLDER_TO_USER, FOLDER_TO_ADMIN, FOLDER_DONE, FOLDER_COUNT };
extern const char *const stick_folder_names[FOLDER_COUNT]; /* "", "to-user", ... */

/* Files that are no bundles, by the reason: a stranger's stick holds a hundred thousand of them. */
struct stick_ignored {
    enum stick_fate fate;
    const char *why; /* a constant */
    size_t count;
    char *example; /* the path of the first */
};
#define STICK_REASONS_MOST 32u

/* A line of the plan. */
struct stick_row {
    bool keeps;
    char *kind, *label, *words;
};

/* A bundle that was put on the stick. */
struct stick_put {
    enum stick_folder folder;
    char name[CLI_NAME_SIZE];
    char label[CARNET_LABEL_SIZE];
    const struct carnet_kind *kind;
    size_t size;
    struct carnet_digest whole;
};

struct stick {
    struct cli *cli;
    char *path;
    int root;                  /* the stick's top folder */
    int folders[FOLDER_COUNT]; /* -1 where it is not there, or not opened yet */
    bool has_readme;           /* README.TXT was seen to, in this run */
    struct stick_file *files;
    size_t count, room;
    uint32_t *by_digest; /* a table of files that were read: number + 1, twice as many places as files; NULL before */
    struct stick_ignored ignored[STICK_REASONS_MOST];
    size_t reasons;
    struct stick_row *rows;
    size_t row_count;
    struct stick_put *puts;
    size_t put_count;
    size_t pruned, tidied;
    size_t unread; /* files and folders that the system could not read */
};

/* Opens a folder of the layout, making it when `make` and absent; *fd is -1 where it is not there. Borrowed. */
CARNET_MUST_USE enum carnet_err stick_folder(struct stick *stick, enum stick_folder which, bool make, int *fd);
/* Where a kind of bundle lies. */
enum stick_folder stick_folder_of(const struct carnet_kind *kind);
/* Takes a file of a folder away so that a power cut leaves it whole or gone: its blocks are freed only when the folder
 * is on the device without it. */
void stick_take_away(int folder, const char *name);

/* Opens the folder that a path below the stick's is in, following no link; -1 where it can't be. The caller closes.
 * *name points into path. */
int stick_open_parent(const struct stick *stick, const char *path, const char **name);

/* The kind that a file says it is: by the first bytes of a bundle or of armour. NULL where it is neither, with *why a
 * constant: "no bundle", "a bundle that is cut off", "of a kind that is not known here". */
#define STICK_HEAD_SIZE 4096u
const struct carnet_kind *stick_sniff(const uint8_t *head, size_t size, const char **why);

/* The line of JSON for a file that is not listed. */
void stick_line_ignored(struct stick *stick, const char *path, enum stick_fate fate, const char *why,
                        const struct carnet_kind *kind);

/* The name's kind and label, where it is a proper name (N-1). */
const struct carnet_kind *stick_name_parse(const char *name, char label[CARNET_LABEL_SIZE]);

#endif

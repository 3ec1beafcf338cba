/* SPDX-License-Identifier: MIT */
/* ROUND.TXT: which machines are done, and which are left to be visited. It is made of the names on the stick alone, and
 * nothing rests on it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/stick/private.h"
#include "core/file.h"

#define NAME "ROUND.TXT"
#define LISTED_MOST 1000u /* machines named in the text */
#define SIZE_MOST 65536u

/* The labels of the machines in one folder, each once, sorted. */
struct machines {
    char (*list)[CARNET_LABEL_SIZE];
    size_t count, room;
    size_t files;
};

static bool add(struct machines *m, const char *label)
{
    m->files++;
    if (m->count == STICK_FILES_MOST)
        return true;
    if (m->count == m->room) {
        const size_t room = m->room == 0 ? 64 : m->room * 2;
        char(*list)[CARNET_LABEL_SIZE] = realloc(m->list, room * sizeof *list);
        if (list == NULL)
            return false;
        m->list = list;
        m->room = room;
    }
    memcpy(m->list[m->count++], label, CARNET_LABEL_SIZE);
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool has(const struct machines *m, const char *label)
{
    return m->count > 0 && bsearch(label, m->list, m->count, sizeof *m->list, compare) != NULL;
}

static void sort(struct machines *m)
{
    size_t kept = 0;
    if (m->count > 0)
        qsort(m->list, m->count, sizeof *m->list, compare);
    for (size_t i = 0; i < m->count; i++)
        if (kept == 0 || strcmp(m->list[kept - 1], m->list[i]) != 0)
            memmove(m->list[kept++], m->list[i], sizeof *m->list);
    m->count = kept;
}

/* The machines that the folder's files of those kinds are for, or from. */
static bool collect(struct stick *stick, enum stick_folder which, unsigned kinds, struct machines *out)
{
    int fd = -1;
    bool complete = stick_folder(stick, which, false, &fd) == CARNET_OK;
    const int again = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    const struct dirent *entry = NULL;
    while (complete && stream != NULL && (entry = readdir(stream)) != NULL) {
        char label[CARNET_LABEL_SIZE] = "";
        const struct carnet_kind *kind = stick_name_parse(entry->d_name, label);
        if (kind != NULL && (kinds & CARNET_KIND_BIT(kind->id)) != 0)
            complete = add(out, label);
    }
    if (stream != NULL)
        (void)closedir(stream);
    else if (again >= 0)
        (void)close(again);
    sort(out);
    return complete;
}

static enum carnet_err write_list(struct carnet_buffer *text, const char *heading, const struct machines *m,
                                  const struct machines *without)
{
    size_t listed = 0, all = 0;
    enum carnet_err err = carnet_buffer_printf(text, "\r\n%s\r\n", heading);
    for (size_t i = 0; err == CARNET_OK && i < m->count; i++) {
        if (without != NULL && has(without, m->list[i]))
            continue;
        if (all++ < LISTED_MOST) {
            err = carnet_buffer_printf(text, "  %s\r\n", m->list[i]);
            listed++;
        }
    }
    if (err == CARNET_OK && listed < all)
        err = carnet_buffer_printf(text, "  and %zu more\r\n", all - listed);
    return err;
}

static enum carnet_err compose(const struct machines *left, const struct machines *done, const struct machines *back,
                               struct carnet_buffer *text)
{
    size_t finished = 0;
    for (size_t i = 0; i < done->count; i++)
        finished += !has(left, done->list[i]);
    enum carnet_err err = carnet_buffer_printf(text, "carnet: the round of this stick\r\n\r\n");
    if (err == CARNET_OK && left->count + finished > 0)
        err = carnet_buffer_printf(text, "%zu of %zu machines are done.\r\n", finished, left->count + finished);
    if (err == CARNET_OK)
        err = carnet_buffer_printf(text, "%zu file%s for the administrator.\r\n", back->files,
                                   back->files == 1 ? " waits" : "s wait");
    if (err == CARNET_OK && left->count > 0)
        err = write_list(text, "To visit, and to type 'carnet-user sync' there:", left, NULL);
    if (err == CARNET_OK && finished > 0)
        err = write_list(text, "Done:", done, left);
    if (err == CARNET_OK && back->count > 0)
        err = write_list(text, "These have left something for the administrator:", back, NULL);
    return err;
}

/* The old one is taken away and a new one written: whoever pulls the stick meanwhile has the old one, none, or the
 * beginning of the new one, and the next sync writes it anew. */
static void write_round(struct stick *stick, const struct carnet_buffer *text)
{
    int top = -1;
    struct carnet_buffer there = {0};
    if (stick_folder(stick, FOLDER_TOP, false, &top) != CARNET_OK || top < 0)
        return;
    const bool same = carnet_file_read(top, NAME, SIZE_MOST, true, &there, NULL) == CARNET_OK &&
                      there.size == text->size && memcmp(there.bytes, text->bytes, text->size) == 0;
    carnet_buffer_clear(&there);
    if (same)
        return;
    stick_take_away(top, NAME);
    if (carnet_file_deliver(top, NAME, text->bytes, text->size, NULL) != CARNET_OK)
        return;
}

void stick_round(struct stick *stick)
{
    const unsigned out = CARNET_KIND_BIT(CARNET_KIND_LICENSE) | CARNET_KIND_BIT(CARNET_KIND_RECEIPT) |
                         CARNET_KIND_BIT(CARNET_KIND_CLOCK),
                   back_kinds = CARNET_KIND_BIT(CARNET_KIND_FINGERPRINT) | CARNET_KIND_BIT(CARNET_KIND_RELEASE) |
                                CARNET_KIND_BIT(CARNET_KIND_ACTIVATION) | CARNET_KIND_BIT(CARNET_KIND_CLOCKREQUEST);
    struct machines left = {0}, done = {0}, back = {0};
    struct carnet_buffer text = {0};
    if (!cli_dry_run(stick->cli) && collect(stick, FOLDER_TO_USER, out, &left) &&
        collect(stick, FOLDER_DONE, out, &done) && collect(stick, FOLDER_TO_ADMIN, back_kinds, &back) &&
        compose(&left, &done, &back, &text) == CARNET_OK)
        write_round(stick, &text);
    carnet_buffer_clear(&text);
    free(left.list);
    free(done.list);
    free(back.list);
}

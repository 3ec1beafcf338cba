/* SPDX-License-Identifier: MIT */
/* Opening a stick: the one that is named, or the one that is plugged in. */
#include "common/stick/stick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/stick/find.h"
#include "common/stick/private.h"
#include "core/file.h"

static void list_places(struct cli *cli, const struct stick_place *places, size_t count)
{
    char shown[512];
    for (size_t i = 0; i < count; i++)
        cli_note(cli, "  %zu  %s (%s, %s)\n", i + 1,
                 carnet_text_escape(places[i].path, strlen(places[i].path), shown, sizeof shown), places[i].device,
                 places[i].type);
}

static json_t *places_json(const struct stick_place *places, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < count; i++)
        (void)json_array_append_new(list, cli_json_text(places[i].path));
    return list;
}

/* Which of several? Asked on the terminal, and never guessed. */
static enum carnet_err choose(struct cli *cli, const struct stick_place *places, size_t count, size_t *chosen)
{
    char answer[16];
    uint32_t number = 0;
    cli_note(cli, "Several sticks are plugged in:\n");
    list_places(cli, places, count);
    enum carnet_err err = cli_ask(cli, "Which one (its number)?", answer, sizeof answer);
    if (err == CARNET_OK && carnet_text_number(answer, 1, (uint32_t)count, &number) != CARNET_OK)
        err = carnet_fail(&cli->diag, CARNET_USAGE, "", "That is not the number of a stick; nothing was changed.");
    if (err == CARNET_NEEDS_ANSWER) {
        cli_set(cli, "sticks", places_json(places, count));
        err = carnet_fail(&cli->diag, CARNET_SEVERAL_STICKS, "N-8", "%zu sticks are plugged in.", count);
    }
    if (err == CARNET_OK)
        *chosen = number - 1;
    return err;
}

static enum carnet_err find(struct cli *cli, char **path)
{
    struct stick_place *places = NULL;
    size_t count = 0, chosen = 0;
    enum carnet_err err = stick_places(&places, &count, &cli->diag);
    if (err == CARNET_OK && count == 0) {
        err = carnet_fail(&cli->diag, CARNET_NO_STICK, "N-7", "No stick is plugged in and mounted.");
        (void)carnet_fail_next(&cli->diag, "Plug it in and mount it, or name its folder: '%s sync DIR'.",
                               cli->program->name);
    } else if (err == CARNET_OK && count > 1) {
        err = choose(cli, places, count, &chosen);
    }
    if (err == CARNET_OK) {
        *path = places[chosen].path;
        places[chosen].path = NULL;
    }
    stick_places_free(places, count);
    return err;
}

/* Is it there, and can it be written? */
static enum carnet_err check(struct cli *cli, int fd, bool write)
{
    if (!write || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
        return CARNET_OK;
    if (errno == EROFS)
        return carnet_fail(&cli->diag, CARNET_STICK_READ_ONLY, "", "The stick can't be written.");
    return carnet_fail_errno(&cli->diag, errno, "The folder can't be written");
}

static enum carnet_err open_top(struct cli *cli, const char *path, bool write, int *fd)
{
    enum carnet_err err = carnet_folder_open(path, fd, &cli->diag);
    if (err == CARNET_NO_INPUT) {
        err = carnet_fail(&cli->diag, CARNET_NO_STICK, "", "There is no stick or folder there.");
        (void)carnet_fail_next(&cli->diag,
                               "Plug the stick in, see where it is mounted ('findmnt'), and name that folder.");
    }
    if (err == CARNET_OK)
        err = check(cli, *fd, write);
    if (err != CARNET_OK)
        cli_place(cli, path);
    return err;
}

enum carnet_err stick_open(struct cli *cli, const char *dir, bool write, struct stick **out)
{
    struct stick *stick = calloc(1, sizeof *stick);
    if (stick == NULL)
        return carnet_fail(&cli->diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    stick->cli = cli;
    stick->root = -1;
    for (size_t i = 0; i < FOLDER_COUNT; i++)
        stick->folders[i] = -1;
    enum carnet_err err = CARNET_OK;
    if (dir == NULL)
        err = find(cli, &stick->path);
    else if ((stick->path = strdup(dir)) == NULL)
        err = carnet_fail(&cli->diag, CARNET_NO_MEMORY, "", "There is not enough memory.");
    if (err == CARNET_OK)
        err = open_top(cli, stick->path, write, &stick->root);
    if (err == CARNET_OK)
        *out = stick;
    else
        stick_close(stick);
    return err;
}

static void close_folders(struct stick *stick)
{
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (stick->folders[i] >= 0)
            (void)close(stick->folders[i]);
        stick->folders[i] = -1;
    }
    if (stick->root >= 0)
        (void)close(stick->root);
    stick->root = -1;
}

void stick_close(struct stick *stick)
{
    if (stick == NULL)
        return;
    close_folders(stick);
    for (size_t i = 0; i < stick->count; i++) {
        free(stick->files[i].path);
        free(stick->files[i].why);
        free(stick->files[i].label);
    }
    for (size_t i = 0; i < stick->reasons; i++)
        free(stick->ignored[i].example);
    for (size_t i = 0; i < stick->row_count; i++) {
        free(stick->rows[i].kind);
        free(stick->rows[i].label);
        free(stick->rows[i].words);
    }
    free(stick->files);
    free(stick->by_digest);
    free(stick->rows);
    free(stick->puts);
    free(stick->path);
    free(stick);
}

const char *stick_path(const struct stick *stick)
{
    return stick->path;
}

/* SPDX-License-Identifier: MIT */
/* The stick may be pulled. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/stick/find.h"
#include "common/stick/private.h"
#include "machine/machine.h"

#define UDISKSCTL "/usr/bin/udisksctl"

/* The mounted stick that the folder lies on; NULL path where it is none. */
static enum carnet_err find_place(const struct stick *stick, struct stick_place *out)
{
    struct stick_place *places = NULL;
    struct stat here, there;
    size_t count = 0;
    enum carnet_err err = stick_places(&places, &count, &stick->cli->diag);
    if (err == CARNET_OK && fstat(stick->root, &here) != 0)
        err = carnet_fail_errno(&stick->cli->diag, errno, "The stick can't be found any more");
    for (size_t i = 0; err == CARNET_OK && i < count && out->path == NULL; i++) {
        if (stat(places[i].path, &there) != 0 || there.st_dev != here.st_dev)
            continue;
        *out = places[i];
        places[i].path = NULL;
    }
    stick_places_free(places, count);
    return err;
}

/* Runs udisksctl, with nothing of ours open on the stick; its exit code, or -1 where it is not there. */
static int run_udisksctl(const char *verb, const char *device)
{
    char program[4096], node[96];
    char *const environment[] = {NULL};
    char first[] = "udisksctl", option[] = "-b", quiet[] = "--no-user-interaction", words[16];
    (void)snprintf(program, sizeof program, "%s%s", carnet_machine_root(), UDISKSCTL);
    (void)snprintf(node, sizeof node, "/dev/%s", device);
    (void)snprintf(words, sizeof words, "%s", verb);
    char *const arguments[] = {first, words, quiet, option, node, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    /* What it says goes to where notes go: standard output is ours. */
    if (posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO) != 0 ||
        posix_spawn(&child, program, &actions, NULL, arguments, environment) != 0)
        child = -1;
    (void)posix_spawn_file_actions_destroy(&actions);
    if (child < 0)
        return -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Lets go of everything that is open on the stick. */
static void let_go(struct stick *stick)
{
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (stick->folders[i] >= 0)
            (void)close(stick->folders[i]);
        stick->folders[i] = -1;
    }
    (void)close(stick->root);
    stick->root = -1;
    if (chdir("/") != 0) /* a shell that stands on the stick keeps it busy anyway */
        return;
}

static enum carnet_err unmount(struct stick *stick)
{
    struct stick_place place = {0};
    struct carnet_diag *diag = &stick->cli->diag;
    enum carnet_err err = find_place(stick, &place);
    if (err == CARNET_OK && place.path == NULL)
        err = carnet_fail(diag, CARNET_NO_STICK, "", "The folder is on no stick, and nothing can be ejected.");
    if (err == CARNET_OK) {
        let_go(stick);
        const int code = run_udisksctl("unmount", place.device);
        if (code == 0)
            (void)run_udisksctl("power-off", place.device);
        else if (code > 0 || umount2(place.path, UMOUNT_NOFOLLOW) != 0)
            err = carnet_fail(diag, CARNET_IO, "", "The stick can't be unmounted from here.");
    }
    if (err != CARNET_OK && diag->next[0] == '\0')
        (void)carnet_fail_next(diag, "All is written. Unmount the stick as you are used to, then pull it.");
    free(place.path);
    return err;
}

enum carnet_err stick_leave(struct stick *stick, bool eject)
{
    struct cli *cli = stick->cli;
    enum carnet_err err = CARNET_OK;
    if (cli_dry_run(cli))
        return CARNET_OK;
    if (syncfs(stick->root) != 0)
        err = carnet_fail(&cli->diag, CARNET_STICK_FAILED, "N-5", "The stick does not confirm what was written to it.");
    if (err == CARNET_OK && eject)
        err = unmount(stick);
    if (err != CARNET_OK)
        cli_place(cli, stick->path);
    else
        cli_note(cli, "The stick can be pulled now.\n");
    cli_set(cli, "safe-to-pull", json_boolean(err == CARNET_OK));
    return err;
}

/* SPDX-License-Identifier: MIT */
/* The process that a program runs in: what it leaves behind when it dies, and what it says when it is interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cli_private.h"
#include "common/sanitizer.h"

/* A handler can be told nothing, so its words are laid ready here before it is installed. */
static char farewell[768];
static size_t farewell_size;
static int farewell_fd = STDERR_FILENO;

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
#define CAUGHT_COUNT (sizeof caught / sizeof caught[0])

static void die_by(int number)
{
    ssize_t written = write(farewell_fd, farewell, farewell_size);
    (void)written; /* there is nobody left to tell */
    signal(number, SIG_DFL);
    raise(number); /* delivered as soon as the handler returns */
}

void cli_process_start(void)
{
    /* A descriptor that is closed would be taken by the next file opened, and be written to by a message. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            abort();
    }
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none); /* lowering it is always allowed */
#ifndef UNDER_SANITIZER                  /* the leak checker attaches to the process */
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#endif
    (void)umask(umask(S_IRWXG | S_IRWXO) | S_IWGRP | S_IWOTH); /* a stricter one of the caller stays */
    signal(SIGPIPE, SIG_IGN);                                  /* so that a closed pipe is an error like any other */
}

void cli_process_catch(const struct cli *cli)
{
    const char *meaning = carnet_outcome_meaning(CARNET_INTERRUPTED);
    const char *next = carnet_outcome_next(CARNET_INTERRUPTED);
    int size;
    if (cli->json)
        size =
            snprintf(farewell, sizeof farewell,
                     "{\"schema\":\"%s\",\"outcome\":\"interrupted\",\"exit\":%d,\"message\":\"%s\",\"next\":\"%s\"}\n",
                     cli->command != NULL ? cli->command->schema : "carnet.refusal/1",
                     carnet_outcome_exit(CARNET_INTERRUPTED), meaning, next);
    else
        size = snprintf(farewell, sizeof farewell, "\n%s: interrupted: %s\nWhat to do: %s\n", cli->program->name,
                        meaning, next);
    farewell_size = size < 0 ? 0 : (size_t)size < sizeof farewell ? (size_t)size : sizeof farewell - 1;
    farewell_fd = cli->json ? STDOUT_FILENO : STDERR_FILENO;

    struct sigaction action = {.sa_handler = die_by};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        struct sigaction before;
        /* What was ignored when we were started (nohup) stays ignored. */
        if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(caught[i], &action, NULL);
    }
}

static unsigned held; /* how many holds are open */

static void mask(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaddset(&set, caught[i]);
    (void)sigprocmask(how, &set, NULL);
}

void cli_hold_signals(void)
{
    if (held++ == 0)
        mask(SIG_BLOCK);
}

void cli_free_signals(void)
{
    if (--held == 0)
        mask(SIG_UNBLOCK);
}

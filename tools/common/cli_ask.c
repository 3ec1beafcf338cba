/* SPDX-License-Identifier: MIT */
/*
 * Questions. They are asked on the controlling terminal and never on standard input, which may be the file that the
 * command works on.
 */
#include <bsd/readpassphrase.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/key.h"
#include "common/cli_private.h"
#include "core/text.h"

static int open_terminal(struct cli *cli)
{
    cli_progress_hide(cli);
    return cli_flag(cli, "no-input") ? -1 : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* Reads one line without its end; what does not fit is read and dropped. False at the end of input. */
static bool read_line(int fd, char *line, size_t room, bool *cut)
{
    size_t size = 0;
    char c = '\0';
    ssize_t n = 0;
    *cut = false;
    while (c != '\n' && ((n = read(fd, &c, 1)) == 1 || (n < 0 && errno == EINTR))) {
        if (n == 1 && c != '\n') {
            if (size + 1 < room)
                line[size++] = c;
            else
                *cut = true;
        }
    }
    line[size] = '\0';
    return c == '\n' || size > 0;
}

enum carnet_err cli_confirm(struct cli *cli, const char *effect, ...)
{
    char words[400];
    char answer[16] = "";
    bool cut = false;
    va_list args;
    va_start(args, effect);
    (void)vsnprintf(words, sizeof words, effect, args);
    va_end(args);
    if (cli_flag(cli, "yes") || cli_dry_run(cli))
        return CARNET_OK;
    const int fd = open_terminal(cli);
    if (fd < 0) {
        (void)carnet_fail(&cli->diag, CARNET_NEEDS_ANSWER, "", "%s This has to be confirmed, and %s.", words,
                          cli_flag(cli, "no-input") ? "--no-input forbids to ask" : "there is no terminal to ask on");
        return carnet_fail_next(&cli->diag, "Run it on a terminal, or give -y to say yes in advance.");
    }
    (void)fflush(stdout);
    (void)dprintf(fd, "%s\nGo on? [y/N] ", words);
    const bool answered = read_line(fd, answer, sizeof answer, &cut);
    (void)close(fd);
    if (answered && !cut && (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0))
        return CARNET_OK;
    (void)carnet_fail(&cli->diag, CARNET_INTERRUPTED, "", "The answer was no; nothing was changed.");
    return carnet_fail_next(&cli->diag, "Run it again when you want it, and answer y.");
}

enum carnet_err cli_ask(struct cli *cli, const char *question, char *answer, size_t room)
{
    bool cut = false;
    const int fd = open_terminal(cli);
    if (fd < 0) {
        (void)carnet_fail(&cli->diag, CARNET_NEEDS_ANSWER, "", "%s This has to be answered, and %s.", question,
                          cli_flag(cli, "no-input") ? "--no-input forbids to ask" : "there is no terminal to ask on");
        return carnet_fail_next(&cli->diag,
                                "Run it on a terminal, or give the answer as an option: see '%s %s --help'.",
                                cli->program->name, cli->command->name);
    }
    (void)fflush(stdout);
    (void)dprintf(fd, "%s ", question);
    char *line = calloc(1, room);
    const bool answered = line != NULL && read_line(fd, line, room, &cut);
    (void)close(fd);
    enum carnet_err err = CARNET_OK;
    if (line == NULL)
        err = CARNET_NO_MEMORY;
    else if (cut)
        err = carnet_fail(&cli->diag, CARNET_USAGE, "", "The answer is longer than %zu bytes; nothing was changed.",
                          room - 1);
    else if (!answered || line[0] == '\0')
        err = carnet_fail(&cli->diag, CARNET_INTERRUPTED, "", "No answer was given; nothing was changed.");
    else
        memcpy(answer, line, strlen(line) + 1);
    free(line);
    return err;
}

/* ---- passphrases ---- */

/* One byte more than the longest, so that a longer one is noticed, and a NUL. */
#define ROOM (CARNET_PASSPHRASE_MOST + 2)

static enum carnet_err check_passphrase(struct cli *cli, const char *passphrase, size_t size)
{
    if (size == 0)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "The passphrase is empty.");
    if (size > CARNET_PASSPHRASE_MOST)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "The passphrase is longer than %d bytes.",
                           CARNET_PASSPHRASE_MOST);
    if (strlen(passphrase) != size)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "The passphrase holds a NUL byte.");
    return CARNET_OK;
}

/* The first line of fd, byte by byte straight into locked memory: no buffer of stdio ever holds it. */
static enum carnet_err passphrase_from_fd(struct cli *cli, int fd, char *passphrase)
{
    size_t size = 0;
    char c = '\0';
    ssize_t n = 1;
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {
        (void)carnet_fail(&cli->diag, CARNET_USAGE, "", "The descriptor %d is not open for reading.", fd);
        return carnet_fail_next(&cli->diag, "Give the number of a descriptor that the shell has opened: "
                                            "'--passphrase-fd 3 3<FILE'.");
    }
    while (size <= CARNET_PASSPHRASE_MOST && ((n = read(fd, &c, 1)) == 1 || (n < 0 && errno == EINTR))) {
        if (n == 1 && c == '\n')
            break;
        if (n == 1)
            passphrase[size++] = c;
    }
    if (n < 0)
        return carnet_fail_errno(&cli->diag, errno, "The passphrase can't be read");
    if (size > 0 && passphrase[size - 1] == '\r')
        size--;
    passphrase[size] = '\0';
    return check_passphrase(cli, passphrase, size);
}

static enum carnet_err passphrase_from_file(struct cli *cli, const char *file, char *passphrase)
{
    struct stat status;
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        cli_place(cli, file);
        return carnet_fail_errno(&cli->diag, errno, "The passphrase file can't be opened");
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0)
        cli_warn(cli, "other users can read the passphrase file; 'chmod 600' mends it.");
    const enum carnet_err err = passphrase_from_fd(cli, fd, passphrase);
    if (err != CARNET_OK)
        cli_place(cli, file);
    (void)close(fd);
    return err;
}

/* Where a passphrase comes from: the names of its two options. */
struct source {
    const char *file, *fd;
};

static enum carnet_err prompt_once(struct cli *cli, const struct source *s, const char *prompt, char *passphrase)
{
    if (readpassphrase(prompt, passphrase, ROOM, RPP_REQUIRE_TTY | RPP_ECHO_OFF) == NULL) {
        (void)carnet_fail(&cli->diag, CARNET_NEEDS_ANSWER, "", "A passphrase is needed, and there is no terminal.");
        return carnet_fail_next(&cli->diag, "Run it on a terminal, or use --%s or --%s.", s->file, s->fd);
    }
    return check_passphrase(cli, passphrase, strlen(passphrase));
}

static enum carnet_err passphrase_from_terminal(struct cli *cli, const struct source *s, const char *prompt, bool twice,
                                                char *passphrase)
{
    char *again = NULL;
    enum carnet_err err;
    if (cli_flag(cli, "no-input")) {
        (void)carnet_fail(&cli->diag, CARNET_NEEDS_ANSWER, "",
                          "A passphrase is needed, and --no-input forbids to ask.");
        return carnet_fail_next(&cli->diag, "Use --%s or --%s.", s->file, s->fd);
    }
    cli_progress_hide(cli);
    (void)fflush(stdout);
    err = prompt_once(cli, s, prompt, passphrase);
    if (err == CARNET_OK && twice) {
        again = carnet_secret_alloc(ROOM);
        err = again == NULL ? CARNET_NO_MEMORY : prompt_once(cli, s, "The same again: ", again);
        if (err == CARNET_OK && strcmp(again, passphrase) != 0) {
            err = carnet_fail(&cli->diag, CARNET_WRONG_PASSPHRASE, "",
                              "The two passphrases differ; nothing was changed.");
        }
    }
    carnet_secret_free(again);
    return err;
}

static enum carnet_err passphrase_from(struct cli *cli, const struct source *s, const char *prompt, bool twice,
                                       char **out)
{
    const char *file = cli_value(cli, s->file);
    char *passphrase = NULL;
    uint32_t fd = 0;
    enum carnet_err err;

    if (file != NULL && cli_value(cli, s->fd) != NULL)
        return carnet_fail(&cli->diag, CARNET_USAGE, "", "Give --%s or --%s, not both.", s->file, s->fd);
    err = cli_number(cli, s->fd, 0, 1023, UINT32_MAX, &fd);
    if (err == CARNET_OK)
        err = carnet_secrets_start(&cli->diag);
    if (err != CARNET_OK)
        return err;
    passphrase = carnet_secret_alloc(ROOM);
    if (passphrase == NULL)
        return CARNET_NO_MEMORY;
    if (fd != UINT32_MAX)
        err = passphrase_from_fd(cli, (int)fd, passphrase);
    else if (file != NULL)
        err = passphrase_from_file(cli, file, passphrase);
    else
        err = passphrase_from_terminal(cli, s, prompt, twice, passphrase);
    if (err == CARNET_OK)
        *out = passphrase;
    else
        carnet_secret_free(passphrase);
    return err;
}

enum carnet_err cli_passphrase(struct cli *cli, const char *what_for, bool twice, char **out)
{
    char prompt[200];
    (void)snprintf(prompt, sizeof prompt, "Passphrase for %s: ", what_for);
    return passphrase_from(cli, &(const struct source){"passphrase-file", "passphrase-fd"}, prompt, twice, out);
}

enum carnet_err cli_new_passphrase(struct cli *cli, const char *what_for, char **out)
{
    char prompt[200];
    (void)snprintf(prompt, sizeof prompt, "New passphrase for %s: ", what_for);
    return passphrase_from(cli, &(const struct source){"new-passphrase-file", "new-passphrase-fd"}, prompt, true, out);
}

enum carnet_err cli_pin(struct cli *cli, const char *what_for, char **out)
{
    char prompt[200];
    (void)snprintf(prompt, sizeof prompt, "PIN of %s: ", what_for);
    return passphrase_from(cli, &(const struct source){"pin-file", "pin-fd"}, prompt, false, out);
}

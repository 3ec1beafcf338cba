/* SPDX-License-Identifier: MIT */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang_analyzer__
#undef carnet_fail
#undef carnet_fail_errno
#endif

struct outcome {
    const char *name;
    int exit;
    const char *meaning;
    const char *next;
};

static const struct outcome outcomes[CARNET_OUTCOME_COUNT] = {
#define CARNET_OUTCOME_ROW(symbol, name, code, meaning, next) [CARNET_##symbol] = {name, code, meaning, next},
    CARNET_OUTCOMES(CARNET_OUTCOME_ROW)
#undef CARNET_OUTCOME_ROW
};

static const struct outcome *row(enum carnet_err err)
{
    return (unsigned)err < CARNET_OUTCOME_COUNT ? &outcomes[err] : &outcomes[CARNET_BUG];
}

const char *carnet_outcome_name(enum carnet_err err)
{
    return row(err)->name;
}

int carnet_outcome_exit(enum carnet_err err)
{
    return row(err)->exit;
}

const char *carnet_outcome_meaning(enum carnet_err err)
{
    return row(err)->meaning;
}

const char *carnet_outcome_next(enum carnet_err err)
{
    return row(err)->next;
}

enum carnet_err carnet_outcome_find(const char *name, enum carnet_err *out)
{
    for (unsigned i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        if (strcmp(outcomes[i].name, name) == 0) {
            *out = (enum carnet_err)i;
            return CARNET_OK;
        }
    }
    return CARNET_NOT_FOUND;
}

/* Formats into a fixed room, marking a cut with "..." so that no sentence ends unnoticed. */
static void CARNET_PRINTF(3, 0) format_cut(char *out, size_t room, const char *format, va_list args)
{
    int length = vsnprintf(out, room, format, args);
    if (length < 0)
        out[0] = '\0';
    else if ((size_t)length >= room)
        memcpy(out + room - 4, "...", 4);
}

static enum carnet_err CARNET_PRINTF(4, 0)
    fail(struct carnet_diag *diag, enum carnet_err err, const char *clause, const char *format, va_list args)
{
    if (diag != NULL) {
        memset(diag, 0, sizeof(*diag));
        diag->err = err;
        snprintf(diag->clause, sizeof(diag->clause), "%s", clause);
        format_cut(diag->detail, sizeof(diag->detail), format, args);
    }
    return err;
}

enum carnet_err carnet_fail(struct carnet_diag *diag, enum carnet_err err, const char *clause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(diag, err, clause, format, args);
    va_end(args);
    return err;
}

enum carnet_err carnet_fail_errno(struct carnet_diag *diag, int sys_errno, const char *format, ...)
{
    enum carnet_err err = CARNET_IO;
    if (sys_errno == EACCES || sys_errno == EPERM)
        err = CARNET_PERMISSION;
    else if (sys_errno == ENOENT || sys_errno == ENOTDIR)
        err = CARNET_NO_INPUT;
    else if (sys_errno == ENOMEM)
        err = CARNET_NO_MEMORY;
    va_list args;
    va_start(args, format);
    fail(diag, err, "", format, args);
    va_end(args);
    if (diag != NULL) {
        char words[128];
        size_t length = strlen(diag->detail);
        diag->sys_errno = sys_errno;
        /* The GNU strerror_r: thread-safe, and it may return a string of its own. */
        snprintf(diag->detail + length, sizeof(diag->detail) - length, ": %s.",
                 strerror_r(sys_errno, words, sizeof(words)));
    }
    return err;
}

enum carnet_err carnet_fail_next(struct carnet_diag *diag, const char *format, ...)
{
    if (diag == NULL)
        return CARNET_BUG;
    va_list args;
    va_start(args, format);
    format_cut(diag->next, sizeof(diag->next), format, args);
    va_end(args);
    return diag->err;
}

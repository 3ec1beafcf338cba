/* SPDX-License-Identifier: MIT */
#include "inspect/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef CARNET_TEST_SYSROOT
#include <sys/syscall.h>
#endif

#define CHANNEL (STDERR_FILENO + 1) /* the worker's end of it */
/* A worker's own clock counts its computing; this is for one that does none, by the clock on the wall. */
#define PATIENCE_MS (120 * 1000)

struct greeting {
    struct cage_walls walls;
    struct carnet_diag diag;
};

/* ---- in the worker ---- */

static bool say(const void *what, size_t size)
{
    return write(CHANNEL, what, size) == (ssize_t)size;
}

/* Facts go in messages that no channel is too narrow for. */
struct facts_count {
    struct carnet_digest file;
    size_t layers, events;
};
#define EVENTS_A_MESSAGE 16u

static bool say_facts(const struct inspect_facts *facts)
{
    const struct facts_count count = {facts->file, facts->layers, facts->events};
    bool said = say(&count, sizeof count);
    for (size_t i = 0; i < facts->layers && said; i++)
        said = say(&facts->layer[i], sizeof facts->layer[i]);
    for (size_t i = 0, some; i < facts->events && said; i += some) {
        some = facts->events - i < EVENTS_A_MESSAGE ? facts->events - i : EVENTS_A_MESSAGE;
        said = say(&facts->event[i], some * sizeof facts->event[i]);
    }
    return said;
}

static void look(struct examiner *examiner, const uint8_t *area)
{
    struct worker_order order;
    struct examine_found found;
    while (read(CHANNEL, &order, sizeof order) == (ssize_t)sizeof order) {
        for (size_t i = 0; i < order.count; i++) {
            const uint8_t *bytes = area + order.files[i].at;
            cage_clock_start();
#ifdef CARNET_TEST_SYSROOT
            cage_try(bytes, order.files[i].size);
#endif
            examiner_look(examiner, bytes, order.files[i].size, &found);
            if (!say(&found, sizeof found) || (found.has_facts && !say_facts(examiner_facts(examiner))))
                return;
        }
    }
}

/* What a worker says is said through the channel alone. */
static bool settle_descriptors(int fd)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0) /* a root without /dev */
        nowhere = memfd_create("nowhere", MFD_CLOEXEC);
    bool good = nowhere >= 0;
    if (fd != CHANNEL)
        good = good && dup2(fd, CHANNEL) == CHANNEL;
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        good = good && dup2(nowhere, i) == i;
    return good;
}

static _Noreturn void live(int fd, uint8_t *area, const struct worker_setting *setting, pid_t parent)
{
    static const int mine[] = {SIGINT, SIGTERM, SIGHUP}; /* the parent's handler speaks to the user */
    struct greeting greeting = {.diag = {.err = CARNET_OK}};
    struct examiner *examiner = NULL;
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        (void)signal(mine[i], SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    if (getppid() != parent || !settle_descriptors(fd) || mprotect(area, 2 * WORKER_HALF_SIZE, PROT_READ) != 0)
        _exit(1);
    enum carnet_err err = examiner_new(setting->terms, &examiner);
    if (err != CARNET_OK)
        (void)carnet_fail(&greeting.diag, err, "", "There is not enough memory.");
    else if (setting->no_cage)
        cage_bound(CHANNEL);
    else
        err = cage_enter(CHANNEL, &greeting.walls, &greeting.diag);
    if (say(&greeting, sizeof greeting) && err == CARNET_OK)
        look(examiner, area);
    _exit(0);
}

/* ---- in the parent ---- */

static bool hear(const struct worker *w, void *what, size_t size)
{
    struct pollfd channel = {.fd = w->fd, .events = POLLIN};
    int ready;
    do {
        ready = poll(&channel, 1, PATIENCE_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        (void)kill(w->pid, SIGKILL);
        return false;
    }
    return recv(w->fd, what, size, 0) == (ssize_t)size;
}

static enum carnet_err greet(struct worker *w, struct carnet_diag *diag)
{
    struct greeting greeting;
    if (!hear(w, &greeting, sizeof greeting)) {
        worker_bury(w, diag);
        return carnet_fail(diag, CARNET_BUG, "", "A process to read the files in ended as soon as it began.");
    }
    if (greeting.diag.err != CARNET_OK) {
        worker_stop(w);
        if (diag != NULL)
            *diag = greeting.diag;
        return greeting.diag.err;
    }
    w->walls = greeting.walls;
    return CARNET_OK;
}

enum carnet_err worker_start(struct worker *w, const struct worker_setting *setting, struct carnet_diag *diag)
{
    int pair[2];
    const pid_t parent = getpid();
    const enum carnet_err err = cage_prepare(diag); /* the workers get it with the fork */
    if (err != CARNET_OK)
        return err;
    if (w->area == NULL) {
        void *area = mmap(NULL, 2 * WORKER_HALF_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            return carnet_fail_errno(diag, errno, "Memory to read the files into can't be had");
        w->area = area;
    }
    /* Each message is whole or not at all, and the end of one side is seen by the other. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return carnet_fail_errno(diag, errno, "A channel to another process can't be had");
    const pid_t pid = fork();
    if (pid == 0)
        live(pair[1], w->area, setting, parent);
    (void)close(pair[1]);
    if (pid < 0) {
        const int why = errno;
        (void)close(pair[0]);
        return carnet_fail_errno(diag, why, "A process to read the files in can't be started");
    }
    w->pid = pid;
    w->fd = pair[0];
    return greet(w, diag);
}

bool worker_order(const struct worker *w, const struct worker_order *order)
{
    return send(w->fd, order, sizeof *order, MSG_NOSIGNAL) == (ssize_t)sizeof *order;
}

static bool hear_facts(const struct worker *w, struct inspect_facts *facts)
{
    struct facts_count count;
    if (facts == NULL || !hear(w, &count, sizeof count) || count.layers > INSPECT_LAYERS_MOST ||
        count.events > CARNET_EVENTS_MOST)
        return false;
    facts->file = count.file;
    facts->layers = count.layers;
    facts->events = count.events;
    for (size_t i = 0; i < count.layers; i++) {
        if (!hear(w, &facts->layer[i], sizeof facts->layer[i]))
            return false;
        facts_sheet_tame(&facts->layer[i]);
    }
    for (size_t i = 0, some; i < count.events; i += some) {
        some = count.events - i < EVENTS_A_MESSAGE ? count.events - i : EVENTS_A_MESSAGE;
        if (!hear(w, &facts->event[i], some * sizeof facts->event[i]))
            return false;
    }
    for (size_t i = 0; i < count.events; i++)
        facts_event_tame(&facts->event[i]);
    return true;
}

bool worker_answer(const struct worker *w, struct examine_found *out, struct inspect_facts *facts)
{
    struct examine_found found;
    if (!hear(w, &found, sizeof found))
        return false;
    examine_found_tame(&found);
    if (found.has_facts && !hear_facts(w, facts))
        return false;
    *out = found;
    return true;
}

static int end(struct worker *w)
{
    int status = 0;
    (void)close(w->fd);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    w->pid = 0;
    return status;
}

void worker_bury(struct worker *w, struct carnet_diag *diag)
{
    /* It may live on and have said nonsense. */
    const int status = (kill(w->pid, SIGKILL), end(w));
    cage_obituary(status, diag);
}

void worker_stop(struct worker *w)
{
    if (w->pid != 0)
        (void)end(w);
    if (w->area != NULL)
        (void)munmap(w->area, 2 * WORKER_HALF_SIZE);
    *w = (struct worker){0};
}

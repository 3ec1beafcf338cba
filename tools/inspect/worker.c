/* SPDX-License-Identifier: MIT */
#include "inspect/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL (STDERR_FILENO + 1) /* the worker's end of it */
/* A worker's own clock counts its computing; this is for one that does none. It is counted in slices, since the clock
 * on the wall goes on while a machine stands still. */
#define PATIENCE_SLICES 120
#define SLICE_MS 1000
#define DYING_MS 100 /* between two looks at one that is about to end */
#define DYING_LOOKS 50

#define AREA_SIZE (WORKER_HALVES * WORKER_HALF_SIZE)
#define ANSWERS_SIZE (WORKER_HALVES * sizeof(struct worker_answers))

struct greeting {
    struct cage_walls walls;
    struct carnet_diag diag;
};

/* ---- in the worker ---- */

static bool say(const void *what, size_t size)
{
    return write(CHANNEL, what, size) == (ssize_t)size;
}

/* Facts are large, and most of their room is empty. */
static void copy_facts(const struct inspect_facts *from, size_t layers, size_t events, struct inspect_facts *to)
{
    to->file = from->file;
    to->layers = layers;
    to->events = events;
    memcpy(to->layer, from->layer, layers * sizeof to->layer[0]);
    memcpy(to->event, from->event, events * sizeof to->event[0]);
}

static void look_at(struct examiner *examiner, const uint8_t *bytes, size_t size, struct worker_answers *answers,
                    size_t place)
{
    cage_clock_start();
#ifdef CARNET_TEST_SYSROOT
    cage_try(bytes, size);
#endif
    examiner_look(examiner, bytes, size, &answers->found[place]);
    if (answers->found[place].has_facts) {
        const struct inspect_facts *facts = examiner_facts(examiner);
        copy_facts(facts, facts->layers, facts->events, &answers->facts[place]);
    }
    atomic_store_explicit(&answers->given[place], 1, memory_order_release);
}

static void look(struct examiner *examiner, const uint8_t *area, struct worker_answers *answers)
{
    struct worker_order order;
    const char done = 0;
    while (read(CHANNEL, &order, sizeof order) == (ssize_t)sizeof order) {
        for (size_t i = 0; i < order.count; i++)
            look_at(examiner, area + order.half * WORKER_HALF_SIZE + order.files[i].at, order.files[i].size,
                    &answers[order.half], order.files[i].place);
        if (!say(&done, sizeof done))
            return;
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

static _Noreturn void live(int fd, const struct worker *w, const struct worker_setting *setting, pid_t parent)
{
    static const int mine[] = {SIGINT, SIGTERM, SIGHUP}; /* the parent's handler speaks to the user */
    struct greeting greeting = {.diag = {.err = CARNET_OK}};
    struct examiner *examiner = NULL;
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        (void)signal(mine[i], SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    if (getppid() != parent || !settle_descriptors(fd) || mprotect(w->area, AREA_SIZE, PROT_READ) != 0)
        _exit(1);
    enum carnet_err err = examiner_new(setting->terms, &examiner);
    if (err != CARNET_OK)
        (void)carnet_fail(&greeting.diag, err, "", "There is not enough memory.");
    else if (setting->no_cage)
        cage_bound(CHANNEL);
    else
        err = cage_enter(CHANNEL, &greeting.walls, &greeting.diag);
    if (say(&greeting, sizeof greeting) && err == CARNET_OK)
        look(examiner, w->area, w->answers);
    _exit(0);
}

/* ---- in the parent ---- */

#ifdef CARNET_TEST_SYSROOT
/* A test build alone has less patience, where it is told to. */
static int patience(void)
{
    const char *slices = getenv("CARNET_TEST_PATIENCE");
    return slices != NULL ? (int)strtol(slices, NULL, 10) : PATIENCE_SLICES;
}
#else
static int patience(void)
{
    return PATIENCE_SLICES;
}
#endif

static size_t count_given(const struct worker_answers *answers)
{
    size_t count = 0;
    for (size_t i = 0; i < WORKER_BATCH_MOST; i++)
        count += atomic_load_explicit(&answers->given[i], memory_order_acquire) != 0;
    return count;
}

/* The next message. `answers` are looked at for signs of life meanwhile. */
static bool hear(struct worker *w, const struct worker_answers *answers, void *what, size_t size)
{
    struct pollfd channel = {.fd = w->fd, .events = POLLIN};
    size_t before = count_given(answers);
    int ready = 0, left = patience();
    while (ready <= 0 && left > 0) {
        ready = poll(&channel, 1, SLICE_MS);
        if (ready < 0 && errno != EINTR)
            return false;
        const size_t given = count_given(answers);
        if (given != before)
            left = patience();
        else if (ready == 0)
            left--;
        before = given;
    }
    w->silent = ready <= 0;
    return !w->silent && recv(w->fd, what, size, 0) == (ssize_t)size;
}

static enum carnet_err greet(struct worker *w, struct carnet_diag *diag)
{
    struct greeting greeting;
    if (!hear(w, w->answers, &greeting, sizeof greeting)) {
        (void)worker_bury(w, diag);
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

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Who is forked next has this worker's memory, or has it not: one that was conquered reaches no other's. */
static bool hand_down(const struct worker *w, bool it)
{
    const int advice = it ? MADV_DOFORK : MADV_DONTFORK;
    return madvise(w->area, AREA_SIZE, advice) == 0 && madvise(w->answers, ANSWERS_SIZE, advice) == 0;
}

enum carnet_err worker_start(struct worker *w, const struct worker_setting *setting, struct carnet_diag *diag)
{
    int pair[2];
    const pid_t parent = getpid();
    const enum carnet_err err = cage_prepare(diag); /* the workers get it with the fork */
    if (err != CARNET_OK)
        return err;
    if (w->area == NULL)
        w->area = share(AREA_SIZE);
    if (w->answers == NULL)
        w->answers = share(ANSWERS_SIZE);
    if (w->area == NULL || w->answers == NULL)
        return carnet_fail_errno(diag, errno, "Memory to read the files into can't be had");
    /* Each message is whole or not at all, and the end of one side is seen by the other. */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return carnet_fail_errno(diag, errno, "A channel to another process can't be had");
    const bool own = hand_down(w, true);
    const pid_t pid = own ? fork() : -1;
    if (pid == 0)
        live(pair[1], w, setting, parent);
    const int why = errno;
    (void)close(pair[1]);
    if (!hand_down(w, false) || pid < 0) {
        (void)close(pair[0]);
        return carnet_fail_errno(diag, why, "A process to read the files in can't be started");
    }
    w->pid = pid;
    w->fd = pair[0];
    return greet(w, diag);
}

bool worker_order(const struct worker *w, const struct worker_order *order)
{
    for (size_t i = 0; i < order->count; i++)
        atomic_store_explicit(&w->answers[order->half].given[order->files[i].place], 0, memory_order_relaxed);
    return send(w->fd, order, sizeof *order, MSG_NOSIGNAL) == (ssize_t)sizeof *order;
}

/* The worker may still write there: each value is read once. */
static bool take_facts(const volatile size_t *layers, const volatile size_t *events, const struct inspect_facts *told,
                       struct inspect_facts *out)
{
    const size_t layer_count = *layers, event_count = *events;
    if (out == NULL || layer_count > INSPECT_LAYERS_MOST || event_count > CARNET_EVENTS_MOST)
        return false;
    copy_facts(told, layer_count, event_count, out);
    for (size_t i = 0; i < layer_count; i++)
        facts_sheet_tame(&out->layer[i]);
    for (size_t i = 0; i < event_count; i++)
        facts_event_tame(&out->event[i]);
    return true;
}

bool worker_answer(struct worker *w, size_t half, size_t place, struct examine_found *out, struct inspect_facts *facts)
{
    const struct worker_answers *answers = &w->answers[half];
    char done;
    bool alive = true;
    /* What it had answered before it died counts. */
    while (atomic_load_explicit(&answers->given[place], memory_order_acquire) == 0) {
        if (!alive)
            return false;
        alive = hear(w, answers, &done, sizeof done);
    }
    struct examine_found found = answers->found[place];
    const struct inspect_facts *told = &answers->facts[place];
    examine_found_tame(&found);
    if (found.has_facts && !take_facts(&told->layers, &told->events, told, facts))
        return false;
    *out = found;
    return true;
}

/* Waits for its end, and gives its wait status. */
static int end(struct worker *w)
{
    int status = 0;
    (void)close(w->fd);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    w->pid = 0;
    return status;
}

/* One whose channel is closed ends by itself, and what it dies of is then its own. */
static void see_it_end(const struct worker *w)
{
    siginfo_t info = {.si_pid = 0};
    for (int i = 0; i < DYING_LOOKS; i++) {
        if (waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid != 0)
            return;
        (void)poll(NULL, 0, i == 0 ? 1 : DYING_MS);
    }
}

bool worker_bury(struct worker *w, struct carnet_diag *diag)
{
    const bool silent = w->silent;
    if (!silent)
        see_it_end(w);
    (void)kill(w->pid, SIGKILL); /* it may live on and have said nonsense */
    const int status = end(w);
    w->silent = false;
    if (!silent)
        return cage_obituary(status, diag);
    (void)carnet_fail(diag, CARNET_BUG, "", "Reading the file gave no answer for %d seconds, and was stopped.",
                      patience());
    (void)carnet_fail_next(diag, CAGE_ADVICE);
    return true;
}

void worker_stop(struct worker *w)
{
    if (w->pid != 0)
        (void)end(w);
    if (w->area != NULL)
        (void)munmap(w->area, AREA_SIZE);
    if (w->answers != NULL)
        (void)munmap(w->answers, ANSWERS_SIZE);
    *w = (struct worker){0};
}

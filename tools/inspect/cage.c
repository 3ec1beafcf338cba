/* SPDX-License-Identifier: MIT */
#include "inspect/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bundle/signature.h"
#include "common/cli.h"
#include "common/sanitizer.h"
#include "document/document.h"

/* Newer than Debian 12's headers: the attribute as of version 6 of the interface, and what it can take away. */
struct ruleset {
    uint64_t files, network, scopes;
};
#define FILES_1 UINT64_C(0x1fff) /* version 1: all that concerns files */
#define FILES_2 UINT64_C(0x2000) /* 2: refer */
#define FILES_3 UINT64_C(0x4000) /* 3: truncate */
#define FILES_5 UINT64_C(0x8000) /* 5: device control */
#define NETWORK_4 UINT64_C(3)    /* 4: bind and connect */
#define SCOPES_6 UINT64_C(3)     /* 6: abstract sockets and signals of others */

/* Takes everything away that this kernel's Landlock knows, and allows nothing. */
static bool enter_landlock(void)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset rules = {.files = FILES_1};
    size_t size = offsetof(struct ruleset, network);
    if (version < 1)
        return false;
    if (version >= 2)
        rules.files |= FILES_2;
    if (version >= 3)
        rules.files |= FILES_3;
    if (version >= 4) {
        rules.network = NETWORK_4;
        size = offsetof(struct ruleset, scopes);
    }
    if (version >= 5)
        rules.files |= FILES_5;
    if (version >= 6) {
        rules.scopes = SCOPES_6;
        size = sizeof rules;
    }
    const long fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return false;
    const bool entered = syscall(SYS_landlock_restrict_self, (int)fd, 0) == 0;
    (void)close((int)fd);
    return entered;
}

/* What a parser of bytes in memory calls. */
static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(setitimer),
    SCMP_SYS(restart_syscall),
#ifdef UNDER_SANITIZER /* at its end */
    SCMP_SYS(sigaltstack),
#endif
};
/* Memory, as long as it can't be executed. */
static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};

static int add_rules(scmp_filter_ctx filter, int fd)
{
    const int last = fd < 0 ? STDERR_FILENO : fd; /* -1: what is said goes to standard output and standard error */
    int bad = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof mapping / sizeof mapping[0]; i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    for (int i = fd < 0 ? STDOUT_FILENO : fd; i <= last; i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)i, 0));
    if (fd < 0)
        return bad | seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(close), 0);
    return bad | seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0));
}

static bool enter_filter(int fd)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return false;
    const bool entered = add_rules(filter, fd) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return entered;
}

static void bound(int resource, rlim_t most)
{
    const struct rlimit limit = {most, most};
    (void)setrlimit((__rlimit_resource_t)resource, &limit); /* lowering it is always allowed */
}

void cage_bound(int fd)
{
    if (fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)(fd < 0 ? STDERR_FILENO : fd) + 1, ~0U, 0);
#ifndef UNDER_SANITIZER /* its shadow is memory, too */
    bound(RLIMIT_DATA, CAGE_MEMORY_MOST);
#endif
    if (fd >= 0) /* standard output may be a file */
        bound(RLIMIT_FSIZE, 0);
    bound(RLIMIT_NOFILE, 0);
}

#ifdef CARNET_TEST_SYSROOT
/* Stands in for a kernel without a cage; a test build alone has it. */
static bool kernel_has_none(void)
{
    return getenv("CARNET_TEST_NO_CAGE") != NULL;
}
#else
static bool kernel_has_none(void)
{
    return false;
}
#endif

enum carnet_err cage_enter(int fd, struct cage_walls *walls, struct carnet_diag *diag)
{
    struct cage_walls built = {false, false};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 && !kernel_has_none()) {
        built.landlock = enter_landlock();
        cage_bound(fd);
        built.filter = enter_filter(fd);
    }
    if (!built.filter) {
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "",
                          "This kernel offers no cage (seccomp), in which files of strangers would be read.");
        (void)carnet_fail_next(diag, "Use another machine, or add --no-cage where you know where the files are from.");
        return CARNET_CONFIGURATION;
    }
    *walls = built;
    return CARNET_OK;
}

enum carnet_err cage_prepare(struct carnet_diag *diag)
{
    enum carnet_err err = carnet_crypto_start(diag);
    if (err == CARNET_OK)
        err = carnet_document_start();
    tzset(); /* libc reads a file at the first use of a calendar, and of the locale */
    (void)cli_utf8();
    return err;
}

/* The child's buffer, given before the cage: stdio would ask what kind of file the output is. */
static char spoken[65536];

static enum carnet_err live(bool caged, struct carnet_diag *diag)
{
    static const int mine[] = {SIGINT, SIGTERM, SIGHUP}; /* the parent speaks of an interruption */
    struct cage_walls walls;
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        (void)signal(mine[i], SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    (void)setvbuf(stdout, spoken, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof spoken);
    const enum carnet_err err = caged ? cage_enter(-1, &walls, diag) : CARNET_OK;
    cage_clock_start();
    return err;
}

enum carnet_err cage_child(bool caged, bool *child, int *code, struct carnet_diag *diag)
{
    int status = 0;
    const enum carnet_err err = cage_prepare(diag);
    if (err != CARNET_OK)
        return err;
    (void)fflush(stdout);
    const pid_t pid = fork();
    *child = pid == 0;
    if (pid == 0)
        return live(caged, diag);
    if (pid < 0)
        return carnet_fail_errno(diag, errno, "A process to read the file in can't be started");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) {
        *code = WEXITSTATUS(status);
        return CARNET_OK;
    }
    (void)cage_obituary(status, diag);
    return CARNET_BUG;
}

enum carnet_err cage_rest(struct carnet_diag *diag)
{
#ifdef UNDER_SANITIZER
    return cage_prepare(diag);
#else
    bool child = false;
    int code = 0;
    const enum carnet_err err = cage_child(true, &child, &code, diag);
    if (!child && err == CARNET_OK)
        _exit(code);
    return err;
#endif
}

#ifdef CARNET_TEST_SYSROOT
#define TRY "carnet-test-try "
void cage_try(const uint8_t *bytes, size_t size)
{
    char what[16] = "";
    const size_t begin = sizeof TRY - 1;
    if (size <= begin || memcmp(bytes, TRY, begin) != 0)
        return;
    for (size_t i = 0; i + 1 < sizeof what && begin + i < size && bytes[begin + i] > ' '; i++)
        what[i] = (char)bytes[begin + i];
    if (strcmp(what, "open") == 0)
        (void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    else if (strcmp(what, "connect") == 0)
        (void)syscall(SYS_socket, AF_INET, SOCK_STREAM,
                      0); /* no program holds a call of libc that opens a connection */
    else if (strcmp(what, "fork") == 0)
        (void)fork();
    else if (strcmp(what, "exec") == 0)
        (void)execl("/bin/true", "true", (char *)NULL);
    else if (strcmp(what, "code") == 0)
        (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    else if (strcmp(what, "write") == 0)
        (void)!write(STDERR_FILENO, "out", 3);
    else if (strcmp(what, "kill") == 0)
        (void)kill(getppid(), 0);
    else if (strcmp(what, "spin") == 0)
        for (volatile bool forever = true; forever;) {
        }
    else if (strcmp(what, "hang") == 0)
        (void)syscall(SYS_futex, &begin, FUTEX_WAIT, (uint32_t)begin, NULL, NULL, 0);
    else if (strcmp(what, "crash") == 0)
        __builtin_trap();
}
#endif

void cage_clock_start(void)
{
    const struct itimerval time = {.it_value = {.tv_sec = CAGE_SECONDS_MOST}};
    (void)setitimer(ITIMER_PROF, &time, NULL);
}

bool cage_obituary(int status, struct carnet_diag *diag)
{
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGSYS)
        (void)carnet_fail(diag, CARNET_BUG, "", "Reading the file tried what the cage forbids, and was stopped.");
    else if (number == SIGPROF)
        (void)carnet_fail(diag, CARNET_BUG, "", "Reading the file took more than %d seconds, and was stopped.",
                          CAGE_SECONDS_MOST);
    else if (number != 0)
        (void)carnet_fail(diag, CARNET_BUG, "", "Reading the file crashed (signal %d).", number);
    else
        (void)carnet_fail(diag, CARNET_BUG, "", "Reading the file ended before it was done.");
    (void)carnet_fail_next(diag, CAGE_ADVICE);
    return number == SIGPROF || number == SIGKILL;
}

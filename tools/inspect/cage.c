/* SPDX-License-Identifier: MIT */
#include "inspect/cage.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

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
    SCMP_SYS(brk),           SCMP_SYS(munmap),       SCMP_SYS(mremap),    SCMP_SYS(madvise),
    SCMP_SYS(futex),         SCMP_SYS(rt_sigreturn), SCMP_SYS(exit),      SCMP_SYS(exit_group),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(setitimer), SCMP_SYS(restart_syscall),
};
/* Memory, as long as it can't be executed. */
static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};

static int add_rules(scmp_filter_ctx filter, int fd)
{
    int bad = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof mapping / sizeof mapping[0]; i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
    return bad;
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
    (void)close_range((unsigned)fd + 1, ~0U, 0);
#ifndef UNDER_SANITIZER /* its shadow is memory, too */
    bound(RLIMIT_DATA, CAGE_MEMORY_MOST);
#endif
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

void cage_clock_start(void)
{
    const struct itimerval time = {.it_value = {.tv_sec = CAGE_SECONDS_MOST}};
    (void)setitimer(ITIMER_PROF, &time, NULL);
}

void cage_obituary(int status, struct carnet_diag *diag)
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
    (void)carnet_fail_next(diag, "Open the file with nothing else, keep it, and report this.");
}

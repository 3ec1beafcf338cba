/* SPDX-License-Identifier: MIT */
/* Starting libgcrypt: memory that can't be locked, FIPS mode, forks, threads, and nothing said on standard error. Each
 * test is a process of its own, as libgcrypt starts once. */
#include "fixture.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle/locked.h"

#define NEED(condition) \
    do { \
        if (!(condition)) { \
            dprintf(said, "line %d: %s\n", __LINE__, #condition); \
            return; \
        } \
    } while (0)

/* Runs the body in a child; whatever it, or libgcrypt on its standard error, says is a failure. */
static void in_child(void (*body)(int said))
{
    char words[512];
    ssize_t got;
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        body(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    got = read(ends[0], words, sizeof words - 1);
    words[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(words, "");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* As "ulimit -l 0" does it, for root too: the limit binds only those without CAP_IPC_LOCK. */
static bool forbid_locking(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || syscall(SYS_capget, &header, data) != 0)
        return false;
    data[0].effective &= ~(1u << CAP_IPC_LOCK);
    return syscall(SYS_capset, &header, data) == 0;
}

static void not_locked(int said)
{
    struct carnet_key *key = NULL;
    struct carnet_diag diag = {0};
    const uint8_t seed[32] = {1};
    struct carnet_digest digest;

    NEED(forbid_locking());
    NEED(carnet_secrets_start(&diag) == CARNET_MEMORY_NOT_LOCKED);
    NEED(strstr(diag.detail, "can't be kept out of swap: this process may lock 0 KiB, and ") != NULL);
    NEED(strstr(carnet_outcome_next(diag.err), "ulimit -l 1024") != NULL);
    NEED(carnet_secret_alloc(16) == NULL);
    NEED(carnet_key_generate(CARNET_ROLE_MACHINE, 0, &key, &diag) == CARNET_MEMORY_NOT_LOCKED);
    NEED(carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, &key, &diag) == CARNET_MEMORY_NOT_LOCKED);
    NEED(key == NULL);
    /* What needs no secrets goes on. */
    NEED(carnet_crypto_start(&diag) == CARNET_OK);
    carnet_sha256("abc", 3, &digest);
    NEED(digest.bytes[0] == 0xba);
}

static void refuses_without_locked_memory(void **state)
{
    (void)state;
    in_child(not_locked);
}

/* A key is neither stored nor opened there, and nothing is written. */
static void not_stored(int said)
{
    char folder[] = "/tmp/carnet-test-XXXXXX";
    char command[64];
    struct carnet_key *key = NULL, *again = NULL;
    struct carnet_diag diag = {0};
    int dirfd;

    NEED(mkdtemp(folder) != NULL);
    dirfd = open(folder, O_RDONLY | O_DIRECTORY);
    NEED(carnet_key_generate(CARNET_ROLE_MACHINE, 0, &key, NULL) == CARNET_OK);
    NEED(carnet_key_store(key, dirfd, "k", NULL, NULL) == CARNET_OK);
    /* A child holds the memory of its parent, but not its locks. */
    if (fork() == 0) {
        if (forbid_locking()) {
            if (carnet_key_store(key, dirfd, "other", NULL, &diag) != CARNET_MEMORY_NOT_LOCKED ||
                carnet_key_open(dirfd, "k", CARNET_ROLE_MACHINE, NULL, &again, &diag) != CARNET_MEMORY_NOT_LOCKED ||
                faccessat(dirfd, "other.key", F_OK, 0) == 0 || faccessat(dirfd, "other.kek", F_OK, 0) == 0)
                dprintf(said, "the child without locks: %s\n", diag.detail);
        } else {
            dprintf(said, "locking could not be forbidden\n");
        }
        _exit(0);
    }
    wait(NULL);
    if (fork() == 0) {
        if (carnet_key_open(dirfd, "k", CARNET_ROLE_MACHINE, NULL, &again, &diag) != CARNET_OK)
            dprintf(said, "the child that may lock: %s\n", diag.detail);
        carnet_key_free(again);
        _exit(0);
    }
    wait(NULL);
    carnet_key_free(key);
    close(dirfd);
    snprintf(command, sizeof command, "rm -r %s", folder);
    NEED(system(command) == 0);
}

static void follows_forks(void **state)
{
    (void)state;
    in_child(not_stored);
}

static void fips(int said)
{
    static const uint8_t nothing[CARNET_SIGNATURE_SIZE] = {9};
    struct carnet_diag diag = {0};
    struct carnet_key *key = NULL;

    NEED(setenv("LIBGCRYPT_FORCE_FIPS_MODE", "1", 1) == 0);
    NEED(carnet_crypto_start(&diag) == CARNET_CONFIGURATION);
    NEED(strstr(diag.detail, "FIPS mode") != NULL);
    NEED(strstr(diag.next, "without FIPS mode") != NULL);
    NEED(carnet_verify(nothing, true, nothing, sizeof nothing, "x", 1, &diag) == CARNET_CONFIGURATION);
    NEED(carnet_key_gate(nothing, &diag) == CARNET_CONFIGURATION);
    NEED(carnet_secrets_start(&diag) == CARNET_CONFIGURATION);
    NEED(carnet_key_generate(CARNET_ROLE_MACHINE, 0, &key, &diag) == CARNET_CONFIGURATION);
}

static void refuses_fips_mode(void **state)
{
    (void)state;
    in_child(fips);
}

static void *start_and_sign(void *diag)
{
    uint8_t seed[32] = {4};
    struct carnet_key *key = NULL;

    if (carnet_crypto_start(diag) == CARNET_OK &&
        carnet_key_from_seed(CARNET_ROLE_MACHINE, 0, seed, &key, diag) == CARNET_OK)
        carnet_key_free(key);
    return NULL;
}

static void threads(int said)
{
    pthread_t started[8];
    struct carnet_diag diags[8] = {{0}};

    for (size_t i = 0; i < 8; i++)
        NEED(pthread_create(&started[i], NULL, start_and_sign, &diags[i]) == 0);
    for (size_t i = 0; i < 8; i++)
        NEED(pthread_join(started[i], NULL) == 0);
    for (size_t i = 0; i < 8; i++)
        if (diags[i].err != CARNET_OK)
            dprintf(said, "thread %zu: %s\n", i, diags[i].detail);
}

static void starts_from_many_threads(void **state)
{
    (void)state;
    in_child(threads);
}

static void locked_or_not(int said)
{
    void *page = aligned_alloc(4096, 4096);

    /* Ordinary memory is locked on demand, and refused where that is forbidden. */
    memset(page, 1, 4096);
    NEED(forbid_locking());
    NEED(carnet_memory_lock(page, NULL) == CARNET_MEMORY_NOT_LOCKED);
    free(page);
}

static void tells_locked_memory(void **state)
{
    (void)state;
    in_child(locked_or_not);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_without_locked_memory),
        cmocka_unit_test(follows_forks),
        cmocka_unit_test(refuses_fips_mode),
        cmocka_unit_test(starts_from_many_threads),
        cmocka_unit_test(tells_locked_memory),
    };

    return cmocka_run_group_tests_name("locked", tests, NULL, NULL);
}

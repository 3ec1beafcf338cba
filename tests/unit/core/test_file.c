/* SPDX-License-Identifier: MIT */
/* core/file: read whole and bounded, written durably or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"

struct place {
    char path[64];
    int fd;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    strcpy(place->path, "/tmp/carnet-file-XXXXXX");
    if (mkdtemp(place->path) == NULL)
        return -1;
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY);
    *state = place;
    return place->fd < 0 ? -1 : 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    char command[128];
    close(place->fd);
    snprintf(command, sizeof(command), "rm -rf '%s'", place->path);
    int result = system(command);
    free(place);
    return result;
}

/* How many names the folder holds. */
static unsigned names(const struct place *place)
{
    unsigned count = 0;
    DIR *folder = opendir(place->path);
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
        count += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(folder);
    return count;
}

static void assert_content(const struct place *place, const char *name, const char *content)
{
    struct carnet_buffer bytes = {0};
    assert_int_equal(carnet_file_read(place->fd, name, 1000, true, &bytes, NULL), CARNET_OK);
    assert_int_equal(bytes.size, strlen(content));
    assert_memory_equal(bytes.bytes, content, bytes.size);
    carnet_buffer_clear(&bytes);
}

static void what_is_written_comes_back(void **state)
{
    struct place *place = *state;
    struct stat status;
    struct carnet_diag diag;
    assert_int_equal(carnet_file_create(place->fd, "a", 0600, "one", 3, NULL), CARNET_OK);
    assert_content(place, "a", "one");
    assert_int_equal(fstatat(place->fd, "a", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(carnet_file_create(place->fd, "a", 0600, "two", 3, &diag), CARNET_EXISTS);
    assert_string_equal(diag.detail, "a is there already.");
    assert_content(place, "a", "one");
    assert_int_equal(carnet_file_replace(place->fd, "a", 0644, "three", 5, NULL), CARNET_OK);
    assert_content(place, "a", "three");
    assert_int_equal(carnet_file_deliver(place->fd, "b", "stick", 5, NULL), CARNET_OK);
    assert_content(place, "b", "stick");
    assert_int_equal(carnet_file_deliver(place->fd, "b", "other", 5, NULL), CARNET_EXISTS);
    assert_content(place, "b", "stick");
    assert_int_equal(carnet_file_create(place->fd, "empty", 0644, "", 0, NULL), CARNET_OK);
    assert_content(place, "empty", "");
    assert_int_equal(names(place), 3);
}

static void large_files_are_delivered_whole(void **state)
{
    struct place *place = *state;
    static const size_t sizes[] = {4095, 4096, 4097, 8192, 300000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char name[16];
        struct carnet_buffer back = {0};
        uint8_t *bytes = malloc(sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (uint8_t)(k * 7 + k / 256);
        snprintf(name, sizeof(name), "%zu", sizes[i]);
        assert_int_equal(carnet_file_deliver(place->fd, name, bytes, sizes[i], NULL), CARNET_OK);
        assert_int_equal(carnet_file_read(place->fd, name, sizes[i], true, &back, NULL), CARNET_OK);
        assert_int_equal(back.size, sizes[i]);
        assert_memory_equal(back.bytes, bytes, sizes[i]);
        carnet_buffer_clear(&back);
        assert_int_equal(carnet_file_read(place->fd, name, sizes[i] - 1, true, &back, NULL), CARNET_MALFORMED);
        assert_int_equal(back.size, 0);
        free(bytes);
    }
}

static void only_regular_files_are_read(void **state)
{
    struct place *place = *state;
    struct carnet_buffer bytes = {0};
    struct carnet_diag diag;
    assert_int_equal(carnet_file_create(place->fd, "a", 0600, "one", 3, NULL), CARNET_OK);
    assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
    assert_int_equal(mkdirat(place->fd, "folder", 0700), 0);
    assert_int_equal(symlinkat("a", place->fd, "link"), 0);
    assert_int_equal(carnet_file_read(place->fd, "fifo", 10, false, &bytes, &diag), CARNET_NO_INPUT);
    assert_string_equal(diag.detail, "fifo is not a regular file.");
    assert_int_equal(carnet_file_read(place->fd, "folder", 10, false, &bytes, &diag), CARNET_NO_INPUT);
    assert_string_equal(diag.detail, "folder is a folder.");
    assert_int_equal(carnet_file_read(place->fd, "link", 10, true, &bytes, &diag), CARNET_NO_INPUT);
    assert_string_equal(diag.detail, "link is a link.");
    assert_int_equal(carnet_file_read(AT_FDCWD, "/dev/zero", 10, false, &bytes, &diag), CARNET_NO_INPUT);
    assert_int_equal(carnet_file_read(place->fd, "absent", 10, false, &bytes, &diag), CARNET_NO_INPUT);
    assert_string_equal(diag.detail, "absent can't be read: No such file or directory.");
    assert_int_equal(bytes.size, 0);
    assert_int_equal(carnet_file_read(place->fd, "link", 10, false, &bytes, &diag), CARNET_OK);
    assert_int_equal(bytes.size, 3);
    carnet_buffer_clear(&bytes);
    assert_int_equal(names(place), 4);
}

/* A full disk: the limit of a file's size stands in for it, and nothing is left behind. */
static void a_failed_write_leaves_nothing(void **state)
{
    struct place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
        struct carnet_diag diag;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &none) != 0)
            _exit(9);
        if (carnet_file_create(place->fd, "a", 0600, "one", 3, &diag) != CARNET_IO)
            _exit(1);
        if (strcmp(diag.detail, "Writing a failed: File too large.") != 0)
            _exit(2);
        if (carnet_file_deliver(place->fd, "b", "one", 3, &diag) != CARNET_IO)
            _exit(3);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(names(place), 0);
}

static void folders_and_locks(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat status;
    struct carnet_diag diag;
    int lock = -1, other = -1;
    snprintf(path, sizeof(path), "%s/x/y/z", place->path);
    assert_int_equal(carnet_folder_make(path, 0700, NULL), CARNET_OK);
    assert_int_equal(carnet_folder_make(path, 0755, NULL), CARNET_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(carnet_file_create(place->fd, "file", 0600, "", 0, NULL), CARNET_OK);
    snprintf(path, sizeof(path), "%s/file", place->path);
    assert_int_equal(carnet_folder_make(path, 0700, &diag), CARNET_EXISTS);

    assert_int_equal(carnet_file_lock(place->fd, "lock", 0644, true, 0, &lock, NULL), CARNET_OK);
    assert_int_equal(carnet_file_lock(place->fd, "lock", 0644, true, 0, &other, &diag), CARNET_BUSY);
    assert_int_equal(carnet_file_lock(place->fd, "lock", 0644, false, 0, &other, &diag), CARNET_BUSY);
    close(lock);
    assert_int_equal(carnet_file_lock(place->fd, "lock", 0644, false, 0, &lock, NULL), CARNET_OK);
    assert_int_equal(carnet_file_lock(place->fd, "lock", 0644, false, 0, &other, NULL), CARNET_OK);
    close(lock);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_comes_back, open_place, close_place),
        cmocka_unit_test_setup_teardown(large_files_are_delivered_whole, open_place, close_place),
        cmocka_unit_test_setup_teardown(only_regular_files_are_read, open_place, close_place),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_nothing, open_place, close_place),
        cmocka_unit_test_setup_teardown(folders_and_locks, open_place, close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

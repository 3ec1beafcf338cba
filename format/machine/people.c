/* SPDX-License-Identifier: MIT */
#include "machine/people.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/collect.h"
#include "machine/source.h"

#define TABLE_MOST ((size_t)16 * 1024 * 1024)

/* Called with each whole line of a table; true ends the walk. */
typedef bool table_line(void *context, char *line);

static void each_line(const char *path, table_line *take, void *context)
{
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    int fd = carnet_source_open(path, &presence);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    char *line = NULL;
    size_t room = 0, read = 0;
    ssize_t length = 0;
    bool done = false;
    while (!done && read < TABLE_MOST && (length = getline(&line, &room, file)) >= 0) {
        read += (size_t)length + 1;
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        done = take(context, line);
    }
    free(line);
    (void)fclose(file);
}

/* Splits a line of either table; false for what is no entry (comments, NIS marks, damage). */
static bool split(char *line, const char **name, unsigned long *number, char **rest)
{
    char *at = line, *first = strsep(&at, ":"), *end = NULL;
    const char *password = strsep(&at, ":"), *digits = strsep(&at, ":");
    if (password == NULL || digits == NULL || at == NULL || first[0] == '\0' || strchr("+-#", first[0]) != NULL ||
        !isdigit((unsigned char)digits[0]))
        return false;
    *name = first;
    *number = strtoul(digits, &end, 10);
    *rest = at;
    return *end == '\0';
}

struct person_search {
    const char *login; /* NULL: by number */
    struct carnet_person *person;
    bool found;
};

static bool match_person(void *context, char *line)
{
    struct person_search *search = context;
    const char *name = NULL;
    char *rest = NULL;
    unsigned long uid = 0;
    struct carnet_person *person = search->person;
    if (!split(line, &name, &uid, &rest) || strlen(name) >= sizeof person->login ||
        (search->login != NULL ? strcmp(name, search->login) != 0 : uid != person->uid) ||
        !carnet_source_clean(name, strlen(name), person->login, sizeof person->login))
        return false;
    person->uid = uid;
    person->gid = strtoul(rest, NULL, 10);
    search->found = true;
    return true;
}

enum carnet_err carnet_person_find(const char *login, struct carnet_person *out, struct carnet_diag *diag)
{
    struct carnet_person person = {.uid = geteuid(), .gid = getegid()};
    struct person_search search = {.login = login, .person = &person};
    each_line("/etc/passwd", match_person, &search);
    if (!search.found && login != NULL) {
        char shown[128];
        (void)carnet_fail(diag, CARNET_NOT_FOUND, "", "There is no user '%s' in /etc/passwd.",
                          carnet_text_escape(login, strlen(login), shown, sizeof shown));
        (void)carnet_fail_next(diag, "Check the spelling of the user's login name.");
        return CARNET_NOT_FOUND;
    }
    if (!search.found)
        person.login[0] = '\0';
    *out = person;
    return CARNET_OK;
}

struct each_person {
    carnet_person_visit *visit;
    void *context;
};

static bool visit_person(void *context, char *line)
{
    const struct each_person *each = context;
    const char *name = NULL;
    char *rest = NULL;
    unsigned long uid = 0;
    return split(line, &name, &uid, &rest) && each->visit(each->context, name);
}

void carnet_person_each(carnet_person_visit *visit, void *context)
{
    struct each_person each = {visit, context};
    each_line("/etc/passwd", visit_person, &each);
}

/* Is the name among those between the commas? */
static bool lists(const char *members, const char *name)
{
    size_t length = strlen(name);
    while (length > 0 && *members != '\0') {
        size_t member = strcspn(members, ",");
        if (member == length && memcmp(members, name, length) == 0)
            return true;
        members += member + (members[member] == ',');
    }
    return false;
}

struct group_search {
    const struct carnet_person *person;
    const char *wanted; /* a name, or NULL for all */
    unsigned long *groups;
    size_t count;
    bool found;
};

static bool match_group(void *context, char *line)
{
    struct group_search *search = context;
    const char *name = NULL;
    char *members = NULL;
    unsigned long gid = 0;
    if (!split(line, &name, &gid, &members))
        return false;
    bool in = gid == search->person->gid || lists(members, search->person->login);
    if (search->wanted != NULL) {
        search->found = search->found || (in && strcmp(name, search->wanted) == 0);
        return search->found;
    }
    if (in && gid != search->person->gid && search->count < CARNET_GROUPS_MOST)
        search->groups[search->count++] = gid;
    return false;
}

size_t carnet_person_groups(const struct carnet_person *person, unsigned long groups[CARNET_GROUPS_MOST])
{
    struct group_search search = {.person = person, .groups = groups, .count = 1};
    groups[0] = person->gid;
    each_line("/etc/group", match_group, &search);
    return search.count;
}

bool carnet_person_is_in(const struct carnet_person *person, const char *group)
{
    struct group_search search = {.person = person, .wanted = group};
    each_line("/etc/group", match_group, &search);
    return search.found;
}

enum carnet_err carnet_machine_user(const char *login, char out[CARNET_MACHINE_VALUE_SIZE], struct carnet_diag *diag)
{
    struct carnet_person person;
    enum carnet_err err = carnet_person_find(login, &person, diag);
    if (err != CARNET_OK)
        return err;
    const char *where = carnet_machine_in_namespace() ? "ns-" : "";
    if (person.login[0] != '\0')
        (void)snprintf(out, CARNET_MACHINE_VALUE_SIZE, "%sname:%s", where, person.login);
    else
        (void)snprintf(out, CARNET_MACHINE_VALUE_SIZE, "%suid:%lu", where, person.uid);
    return CARNET_OK;
}

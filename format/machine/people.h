/* SPDX-License-Identifier: MIT */
/*
 * Users and groups as /etc/passwd and /etc/group have them, below the machine's root. The files are read here and not
 * through the C library: a static program can't load name services. Who is known to a name service alone has a number
 * and no name.
 */
#ifndef CARNET_MACHINE_PEOPLE_H
#define CARNET_MACHINE_PEOPLE_H

#include "machine/machine.h"

#define CARNET_LOGIN_SIZE 256
#define CARNET_GROUPS_MOST 256u

struct carnet_person {
    char login[CARNET_LOGIN_SIZE]; /* "" where /etc/passwd has no name for the number */
    unsigned long uid, gid;
};

/* The user of that login (CARNET_NOT_FOUND with words when there is none), or with NULL the one that runs this. */
CARNET_MUST_USE enum carnet_err carnet_person_find(const char *login, struct carnet_person *out,
                                                   struct carnet_diag *diag);
/* Calls with each login of /etc/passwd, until one gives true. */
typedef bool carnet_person_visit(void *context, const char *login);
void carnet_person_each(carnet_person_visit *visit, void *context);
/* The numbers of the groups that /etc/group has the user in, the own one first; the first CARNET_GROUPS_MOST. */
size_t carnet_person_groups(const struct carnet_person *person, unsigned long groups[CARNET_GROUPS_MOST]);
/* Is the user in the group of that name? */
bool carnet_person_is_in(const struct carnet_person *person, const char *group);

#endif

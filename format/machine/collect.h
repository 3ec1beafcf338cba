/* SPDX-License-Identifier: MIT */
/* The parts that carnet_machine_read is made of: each reads some facts into the machine. */
#ifndef CARNET_MACHINE_COLLECT_H
#define CARNET_MACHINE_COLLECT_H

#include "machine/machine.h"

/* Adapters and disks beyond these are left out, highest values first. */
#define CARNET_ADAPTERS_MOST 16u
#define CARNET_DISKS_MOST 16u

/* Is this a value that makers put where they had none (M-2)? */
bool carnet_machine_is_placeholder(enum carnet_fact_name fact, const char *value);
/* Adds a value in normal form and its source; false for a placeholder. The same value again is kept once. */
bool carnet_machine_add(struct carnet_machine *machine, enum carnet_fact_name fact, const char *value,
                        const char *source);
/* Says what came of a fact that has no value, and where it was looked for. */
void carnet_machine_lacks(struct carnet_machine *machine, enum carnet_fact_name fact,
                          enum carnet_fact_presence presence, const char *source);

void carnet_machine_read_tpm(struct carnet_machine *machine);
void carnet_machine_read_disk(struct carnet_machine *machine);
void carnet_machine_read_adapters(struct carnet_machine *machine);
/* Does this process run in a user namespace of its own making or a container's? */
bool carnet_machine_in_namespace(void);

#endif

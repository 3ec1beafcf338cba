/* SPDX-License-Identifier: MIT */
/*
 * The machine at hand: its facts, its user, whether it is virtual (spec/format.md, section 13). Everything is read
 * below the machine's root; a test build (CARNET_TEST_SYSROOT) takes another folder from the environment variable
 * CARNET_SYSROOT.
 */
#ifndef CARNET_MACHINE_MACHINE_H
#define CARNET_MACHINE_MACHINE_H

#include "document/document.h"
#include "rules/match.h"

#define CARNET_MACHINE_SECRET_SIZE 32
#define CARNET_MACHINE_VALUE_SIZE 512
#define CARNET_MACHINE_SOURCE_SIZE 160
#define CARNET_MACHINE_LABEL "/etc/carnet/label"

/* One value in the clear, for the user's own screen alone. */
struct carnet_machine_value {
    enum carnet_fact_name name;
    char value[CARNET_MACHINE_VALUE_SIZE];   /* the normal form */
    char source[CARNET_MACHINE_SOURCE_SIZE]; /* where it was read, "/etc/machine-id" */
};

struct carnet_machine {
    enum carnet_fact_presence presence[CARNET_FACT_COUNT];
    char source[CARNET_FACT_COUNT]
               [CARNET_MACHINE_SOURCE_SIZE]; /* where each was looked for, also when missing or unreadable */
    bool disk_in_image; /* the disk's value is a file system's UUID: a copy of the disk has it, too (M-8) */
    uint32_t count; /* in the order of the table, several of one name in byte order: at most 16 adapters, 16 disks */
    struct carnet_machine_value values[CARNET_FACTS_MOST];
    char virtual_system[CARNET_SYSTEM_SIZE];   /* "none", "kvm", "vmware", ... */
    char container_system[CARNET_SYSTEM_SIZE]; /* "none", "docker", "podman", "lxc", ... */
    char label[CARNET_TEXT_SIZE];              /* a container's, from CARNET_MACHINE_LABEL (M-9); "" for none */
};

/* The root that everything is read below: "" for /, without a slash at the end. */
const char *carnet_machine_root(void);

/* Reads the facts of this machine. Never fails for a fact that is absent or unreadable; files are read bounded, devices
 * and FIFOs never. */
CARNET_MUST_USE enum carnet_err carnet_machine_read(struct carnet_machine *out, struct carnet_diag *diag);
/* The same in steps, for who stops as soon as he knows enough to say yes: what costs least and counts most comes first.
 * A fact that is not read yet is missing, and so never helps a match (M-4). Step 0 begins anew; the values come in no
 * order; virtual machine and container are not looked for. */
#define CARNET_MACHINE_STEPS 4u
void carnet_machine_read_step(struct carnet_machine *machine, unsigned step);
/* Virtual machine and container alone. */
void carnet_machine_read_systems(struct carnet_machine *machine);

/* The same as that user would read it, who is to check the license; NULL: any user at all. Root reads with that user's
 * rights, in a process of its own; anybody else can only read what he can read. CARNET_NOT_FOUND for a user whom
 * /etc/passwd does not have, CARNET_PERMISSION when his rights can't be taken. */
CARNET_MUST_USE enum carnet_err carnet_machine_read_for(const char *login, struct carnet_machine *out,
                                                        struct carnet_diag *diag);

/* The value of the user fact: "name:LOGIN", or "uid:N" when /etc/passwd has no name; "ns-" stands before it in a user
 * namespace. `login` NULL: the effective user; otherwise that user, CARNET_NOT_FOUND when /etc/passwd has no such.
 * Reads /etc/passwd itself (a static program can't call getpwuid; other name services give "uid:N"). */
CARNET_MUST_USE enum carnet_err carnet_machine_user(const char *login, char out[CARNET_MACHINE_VALUE_SIZE],
                                                    struct carnet_diag *diag);

/* The digest of one value (section 13): HMAC-SHA-256 keyed with the vendor id or the machine secret. `name` may be
 * "user"; CARNET_BUG for one that is no fact's. */
CARNET_MUST_USE enum carnet_err carnet_machine_digest(const char *name, const char *value,
                                                      const struct carnet_digest *vendor,
                                                      const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                      struct carnet_digest *out);
/* All facts as digests. Facts come in the order of the table, several of one name sorted by digest. */
CARNET_MUST_USE enum carnet_err carnet_machine_facts(const struct carnet_machine *machine,
                                                     const struct carnet_digest *vendor,
                                                     const uint8_t secret[CARNET_MACHINE_SECRET_SIZE],
                                                     struct carnet_machine_facts *out);

#endif

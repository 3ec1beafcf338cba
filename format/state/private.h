/* SPDX-License-Identifier: MIT */
/* What the files of state/ share. */
#ifndef CARNET_STATE_PRIVATE_H
#define CARNET_STATE_PRIVATE_H

#include <sys/types.h>

#include "state/state.h"

/* A name inside the state: "vendors/64 hex digits/sent/00000001-release-LICENSE.64 hex digits.carnet", and room. */
#define CARNET_STATE_NAME_SIZE 384
/* "LICENSE.64 hex digits" and NUL. */
#define CARNET_STATE_GRANT_SIZE (CARNET_ID_TEXT_SIZE + CARNET_HEX_SIZE)

struct carnet_state {
    char *path;
    char shown[320]; /* the path as messages show it */
    bool shared;     /* others may read: a state that root made, or one whose folder was opened to them */
    int folder;      /* -1 for a state that is not there */
    int lock;        /* -1 without */
    bool write;
    struct carnet_anchor *anchors;
    struct carnet_known_key *known; /* each vendor's root, its machine key behind it where there is one */
    struct carnet_anchors view;     /* of both, and of the trust information */
    struct carnet_state_trust {
        struct carnet_buffer bytes;
        struct carnet_reading *reading;
    } * trust; /* of each vendor who has some */
    const struct carnet_trust **trusts;
};

/* The names in a folder, in byte order. */
struct carnet_state_names {
    char **list;
    size_t count;
};

/* "vendors/ID/REST", or "vendors/ID" when rest is "". */
void carnet_state_name(char out[CARNET_STATE_NAME_SIZE], const struct carnet_digest *vendor, const char *rest);
/* Reads a file of the state, appending to out (empty): CARNET_NOT_FOUND when it is not there, CARNET_STATE_DAMAGED when
 * it is no file or larger than `most`. */
CARNET_MUST_USE enum carnet_err carnet_state_read(const struct carnet_state *state, const char *name, size_t most,
                                                  struct carnet_buffer *out, struct carnet_diag *diag);
/* CARNET_STATE_DAMAGED: "PATH/NAME WHAT." and what to do. */
enum carnet_err carnet_state_damaged(const struct carnet_state *state, const char *name, const char *what,
                                     const char *next, struct carnet_diag *diag);
/* The modes of what is written: others read a shared state alone. */
mode_t carnet_state_file_mode(const struct carnet_state *state);
mode_t carnet_state_folder_mode(const struct carnet_state *state);
/* Makes a folder of the state. */
CARNET_MUST_USE enum carnet_err carnet_state_folder(const struct carnet_state *state, const char *name,
                                                    struct carnet_diag *diag);
/* Takes away what runs that were killed left behind while they wrote. Under the lock. */
void carnet_state_sweep(const struct carnet_state *state);
/* The names in a folder but those that begin with a dot; none where it is absent. */
CARNET_MUST_USE enum carnet_err carnet_state_list(const struct carnet_state *state, const char *name,
                                                  struct carnet_state_names *out, struct carnet_diag *diag);
void carnet_state_names_clear(struct carnet_state_names *names);
bool carnet_state_has(const struct carnet_state *state, const char *name);
/* CARNET_BUG when the state was not opened for writing. */
CARNET_MUST_USE enum carnet_err carnet_state_must_write(const struct carnet_state *state, struct carnet_diag *diag);
/* CARNET_NOT_FOUND when no root of the vendor is pinned. */
CARNET_MUST_USE enum carnet_err carnet_state_must_pinned(const struct carnet_state *state,
                                                         const struct carnet_digest *vendor, struct carnet_diag *diag);
/* A note: a file of one line, "KEY = TIME". CARNET_NO_NOTE where it is not there, or damaged. */
#define CARNET_NO_NOTE INT64_MIN
int64_t carnet_state_note(const struct carnet_state *state, const char *name, const char *key);
/* Writes it, or takes it away (CARNET_NO_NOTE). Best effort: nothing that works is stopped by a note that can't be
 * kept, and no lock is waited for. */
void carnet_state_set_note(const struct carnet_state *state, const char *name, const char *key, int64_t at);

/* Reads the anchors and the known keys again. */
CARNET_MUST_USE enum carnet_err carnet_state_load(struct carnet_state *state, struct carnet_diag *diag);

/* Reads the trust information of a vendor, where there is some, into the next place of the state's lists. */
CARNET_MUST_USE enum carnet_err carnet_state_load_trust(struct carnet_state *state, const struct carnet_anchor *anchor,
                                                        struct carnet_diag *diag);
void carnet_state_forget_trust(struct carnet_state *state);

/* Reads a PEM of the state and gives the key. CARNET_NOT_FOUND, CARNET_STATE_DAMAGED. */
CARNET_MUST_USE enum carnet_err carnet_state_read_pem(const struct carnet_state *state, const char *name,
                                                      const char *next, uint8_t key[CARNET_PUBLIC_KEY_SIZE],
                                                      struct carnet_diag *diag);

/* A grant's name in file names: "LICENSE.FINGERPRINT". */
void carnet_state_grant_text(const struct carnet_grant_name *grant, char out[CARNET_STATE_GRANT_SIZE]);
bool carnet_state_grant_parse(const char *text, size_t length, struct carnet_grant_name *out);

/* The names in sent/. */
CARNET_MUST_USE enum carnet_err carnet_sent_list(const struct carnet_state *state, const struct carnet_digest *vendor,
                                                 struct carnet_state_names *names, struct carnet_diag *diag);
/* Reads a file of sent/, appending its bytes to out and giving its id (each may be NULL). CARNET_STATE_DAMAGED where
 * its own signature and digests don't hold; whether its license is still trusted is not asked. */
CARNET_MUST_USE enum carnet_err carnet_sent_read(const struct carnet_state *state, const struct carnet_digest *vendor,
                                                 const char *file, struct carnet_digest *id, struct carnet_buffer *out,
                                                 struct carnet_diag *diag);

/* The name of a file in sent/, taken apart. `name` points into it and is `name_length` long. */
struct carnet_sent_name {
    uint32_t sequence;
    char kind[CARNET_KIND_NAME_MOST + 1];
    const char *name;
    size_t name_length;
};
bool carnet_sent_parse(const char *file, struct carnet_sent_name *out);

#endif

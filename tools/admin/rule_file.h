/* SPDX-License-Identifier: MIT */
/*
 * The rule file of 'sync' (spec/rules.md): which machine gets a seat of which license, and how many. Read whole and
 * checked whole, before anything is done. This module knows the words alone; whether the licenses are there is for who
 * has the ledger.
 */
#ifndef CARNET_ADMIN_RULE_FILE_H
#define CARNET_ADMIN_RULE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/text.h"

#define RULES_MOST 200u
#define RULE_NO_LIMIT UINT32_MAX
#define RULE_VENDOR_SIZE 65

struct rule {
    unsigned long line; /* where it begins, and where its license is named */
    unsigned long license_line, lease_line;
    char product[CARNET_ID_TEXT_SIZE];
    char license[CARNET_ID_TEXT_SIZE];
    char vendor[RULE_VENDOR_SIZE]; /* whose license: what its id begins with, or "" */
    char label[CARNET_TEXT_SIZE];  /* a pattern; "*" where none is given */
    uint32_t most;                 /* seats in one run, or RULE_NO_LIMIT */
    uint32_t out;                  /* seats that are out under it at any time, or RULE_NO_LIMIT */
    uint32_t lease_days;           /* 0: as entitled */
    char note[CARNET_TEXT_SIZE];   /* the administrator's own, or "" */
};

/* Zero-initialised is no file: `list` NULL. */
struct rule_file {
    struct rule *list;
    size_t count;
    uint32_t most; /* seats in one run, over all rules, or RULE_NO_LIMIT */
    bool answers_clocks;
};

/* Parses it. CARNET_CONFIGURATION with the line (diag->line) and what to do. `out` changes only on success; the caller
 * clears it. */
CARNET_MUST_USE enum carnet_err rule_file_parse(const uint8_t *text, size_t size, struct rule_file *out,
                                                struct carnet_diag *diag);
void rule_file_clear(struct rule_file *f);
/* The first rule that is for that vendor (its id in hex), product and label; NULL for none (RU-6). */
const struct rule *rule_file_find(const struct rule_file *f, const char *vendor, const char *product,
                                  const char *label);
/* Does the label fit the pattern (RU-5)? */
bool rule_label_fits(const char *pattern, const char *label);

#endif

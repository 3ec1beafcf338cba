/* SPDX-License-Identifier: MIT */
/* The journal: events that only grow, each chain linked by digests (spec/ledger.md, L-1 to L-6). */
#include <stdio.h>
#include <string.h>

#include "bundle/signature.h"
#include "database.h"
#include "document/event.h"

#define SALT_SIZE 16

struct chain {
    int64_t number; /* 0: not there yet */
    struct carnet_journal_position head;
};

/* L-5: the digest that stands for a name; the same name has the same one until it is erased. */
static enum carnet_err name_digest(struct ledger *l, const char *name, struct carnet_digest *out,
                                   struct carnet_diag *diag)
{
    static const char prefix[] = "carnet:1:name:";
    uint8_t salt[SALT_SIZE];
    const struct carnet_piece pieces[] = {{prefix, sizeof prefix - 1}, {salt, sizeof salt}, {name, strlen(name)}};
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT digest FROM name WHERE text = ?", "t", name);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (!err && row) {
        column_digest(s, 0, out);
        database_done(s);
        return CARNET_OK;
    }
    if (err)
        return err;
    carnet_random(salt, sizeof salt);
    carnet_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, out);
    return database_run(l, diag, "INSERT INTO name VALUES (?, ?, ?)", "dbt", out, (const void *)salt, sizeof salt,
                        name);
}

static enum carnet_err find_chain(struct ledger *l, const struct carnet_digest *vendor,
                                  const struct carnet_digest *signer, struct chain *out, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err =
        database_query(l, &s, diag, "SELECT number, position, digest FROM chain WHERE vendor = ? AND signer = ?", "dd",
                       vendor, signer);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    memset(out, 0, sizeof *out);
    if (!row)
        return CARNET_OK;
    out->number = sqlite3_column_int64(s, 0);
    out->head.position = column_count(s, 1);
    column_digest(s, 2, &out->head.digest);
    database_done(s);
    return CARNET_OK;
}

static enum carnet_err add_digest(struct carnet_buffer *line, const char *key, const struct carnet_digest *d)
{
    char hex[CARNET_HEX_SIZE];

    if (!d)
        return CARNET_OK;
    carnet_digest_hex(d, hex);
    return carnet_buffer_printf(line, " %s=%s", key, hex);
}

static enum carnet_err add_number(struct carnet_buffer *line, const char *key, uint32_t n)
{
    return n ? carnet_buffer_printf(line, " %s=%lu", key, (unsigned long)n) : CARNET_OK;
}

/* L-4: the canonical line. */
static enum carnet_err write_line(struct ledger *l, uint32_t position, int64_t now, const struct ledger_event *e,
                                  struct carnet_buffer *line, struct carnet_diag *diag)
{
    char time[CARNET_UTC_SIZE];
    struct carnet_digest by, name;
    enum carnet_err err = name_digest(l, l->who, &by, diag);

    if (!err && e->name)
        err = name_digest(l, e->name, &name, diag);
    if (err)
        return err;
    carnet_utc_format(now, time);
    err = carnet_buffer_printf(line, "%lu %s %lu %s", (unsigned long)position, time, (unsigned long)l->about.epoch,
                               e->what);
    err = err ? err : add_digest(line, "by", &by);
    if (!err && e->license)
        err = carnet_buffer_printf(line, " license=%s", e->license);
    err = err ? err : add_number(line, "revision", e->revision);
    err = err ? err : add_number(line, "seat", e->seat);
    err = err ? err : add_number(line, "serial", e->serial);
    if (!err && e->until) {
        carnet_utc_format(*e->until, time);
        err = carnet_buffer_printf(line, " until=%s", time);
    }
    err = err ? err : add_digest(line, "grant", e->grant);
    err = err ? err : add_digest(line, "entitlement", e->entitlement);
    err = err ? err : add_digest(line, "machine", e->machine);
    err = err ? err : add_digest(line, "key", e->key);
    err = err ? err : add_digest(line, "release", e->release);
    err = err ? err : add_digest(line, "bundle", e->bundle);
    err = err ? err : add_digest(line, "name", e->name ? &name : NULL);
    if (!err && e->note)
        err = carnet_buffer_printf(line, " note=%s", e->note);
    return err ? carnet_fail(diag, err, "", "There is not enough memory for the journal.") : CARNET_OK;
}

static enum carnet_err append(struct ledger *l, struct chain *c, int64_t now, const struct ledger_event *event,
                              struct carnet_diag *diag)
{
    struct carnet_buffer line = {0};
    struct carnet_journal_position next = {.position = c->head.position + 1};
    enum carnet_err err;

    if (next.position > CARNET_COUNT_MOST)
        return carnet_fail(diag, CARNET_CONFIGURATION, "", "The journal is full.");
    err = write_line(l, next.position, now, event, &line, diag);
    if (!err) {
        carnet_event_link(&c->head.digest, (const char *)line.bytes, line.size, &next.digest);
        err = database_run(l, diag, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", "iidiTt", c->number,
                           (int64_t)next.position, &next.digest, now, event->license, (const char *)line.bytes);
    }
    if (!err)
        err = database_run(l, diag, "UPDATE chain SET position = ?, digest = ?, last = ? WHERE number = ?", "idii",
                           (int64_t)next.position, &next.digest, now, c->number);
    if (!err)
        c->head = next;
    carnet_buffer_clear(&line);
    return err;
}

static enum carnet_err clock_check(struct ledger *l, int64_t now, struct carnet_diag *diag)
{
    int64_t last = 0;
    char here[CARNET_UTC_SIZE], there[CARNET_UTC_SIZE];
    enum carnet_err err = database_number(l, INT64_MIN, &last, diag, "SELECT max(last) FROM chain", "");

    if (err || now >= last)
        return err;
    carnet_utc_format(now, here);
    carnet_utc_format(last, there);
    (void)carnet_fail(diag, CARNET_CONFIGURATION, "L-6",
                      "This machine's clock says %s, but the journal's last event is of %s: nothing is signed or "
                      "changed with a clock that was set back.",
                      here, there);
    (void)carnet_fail_next(diag, "Set the clock right, then run it again.");
    return CARNET_CONFIGURATION;
}

enum carnet_err ledger_event_add(struct ledger *l, const struct carnet_digest *vendor,
                                 const struct carnet_digest *signer, int64_t now, const struct ledger_event *event,
                                 struct carnet_journal_position *at, struct carnet_diag *diag)
{
    struct chain c = {0};
    enum carnet_err err = clock_check(l, now, diag);

    if (!err)
        err = find_chain(l, vendor, signer, &c, diag);
    if (!err && c.number == 0) {
        const struct ledger_event opening = {.what = "open", .key = signer, .name = l->about.name};
        carnet_event_origin(vendor, signer, &c.head.digest);
        err = database_run(l, diag, "INSERT INTO chain (vendor, signer, position, digest, last) VALUES (?, ?, 0, ?, ?)",
                           "dddi", vendor, signer, &c.head.digest, now);
        c.number = sqlite3_last_insert_rowid(l->db);
        if (!err)
            err = append(l, &c, now, &opening, diag);
    }
    if (!err)
        err = append(l, &c, now, event, diag);
    if (!err && at)
        *at = c.head;
    return err;
}

static enum carnet_err each_chain(struct ledger *l, const struct carnet_digest *of, int64_t now,
                                  const struct ledger_event *event, struct carnet_diag *diag)
{
    int64_t last = 0;
    enum carnet_err err = database_number(l, 0, &last, diag, "SELECT max(number) FROM chain", "");

    for (int64_t number = 1; !err && number <= last; number++) {
        struct carnet_digest vendor, signer;
        sqlite3_stmt *s = NULL;
        bool row = false;
        err = database_query(l, &s, diag, "SELECT vendor, signer FROM chain WHERE number = ?", "i", number);
        if (!err)
            err = database_step(l, s, &row, diag);
        if (err || !row)
            continue;
        column_digest(s, 0, &vendor);
        column_digest(s, 1, &signer);
        database_done(s);
        if (!of || carnet_digest_equal(of, &signer))
            err = ledger_event_add(l, &vendor, &signer, now, event, NULL, diag);
    }
    return err;
}

enum carnet_err ledger_event_each_chain(struct ledger *l, int64_t now, const struct ledger_event *event,
                                        struct carnet_diag *diag)
{
    return each_chain(l, NULL, now, event, diag);
}

enum carnet_err ledger_event_each_of(struct ledger *l, const struct carnet_digest *signer, int64_t now,
                                     const struct ledger_event *event, struct carnet_diag *diag)
{
    return each_chain(l, signer, now, event, diag);
}

enum carnet_err ledger_journal_head(struct ledger *l, const struct carnet_digest *vendor,
                                    const struct carnet_digest *signer, struct carnet_journal_position *out,
                                    struct carnet_diag *diag)
{
    struct chain c;
    enum carnet_err err = find_chain(l, vendor, signer, &c, diag);

    if (!err)
        *out = c.head;
    return err;
}

enum carnet_err ledger_journal_has(struct ledger *l, const struct carnet_digest *vendor,
                                   const struct carnet_journal_position *at, bool *out, struct carnet_diag *diag)
{
    int64_t there = 0;
    enum carnet_err err =
        database_number(l, 0, &there, diag,
                        "SELECT 1 FROM event JOIN chain ON chain.number = event.chain WHERE chain.vendor = ?"
                        " AND event.position = ? AND event.digest = ?",
                        "did", vendor, (int64_t)at->position, &at->digest);

    if (!err)
        *out = there != 0;
    return err;
}

static enum carnet_err broken(uint32_t position, struct carnet_diag *diag)
{
    return carnet_fail(diag, CARNET_LEDGER_DAMAGED, "L-3", "The journal does not hold together at position %lu.",
                       (unsigned long)position);
}

/* One chain from `start` (whose predecessor has the digest `previous`) to its end, which must be `head`. */
static enum carnet_err check_chain(struct ledger *l, const struct chain *c, uint32_t start,
                                   struct carnet_digest previous, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    uint32_t position = start;
    bool row = false;
    enum carnet_err err = database_query(
        l, &s, diag, "SELECT position, digest, line FROM event WHERE chain = ? AND position >= ? ORDER BY position",
        "ii", c->number, (int64_t)start);

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        const char *line = (const char *)sqlite3_column_text(s, 2);
        struct carnet_digest kept, made;
        char prefix[16];
        column_digest(s, 1, &kept);
        (void)snprintf(prefix, sizeof prefix, "%lu ", (unsigned long)position);
        if (line)
            carnet_event_link(&previous, line, strlen(line), &made);
        if (!line || column_count(s, 0) != position || strncmp(line, prefix, strlen(prefix)) != 0 ||
            !carnet_digest_equal(&kept, &made)) {
            database_done(s);
            return broken(position, diag);
        }
        previous = made;
        position++;
    }
    if (!err && (position != c->head.position + 1 || !carnet_digest_equal(&previous, &c->head.digest)))
        err = broken(position, diag);
    return err;
}

static enum carnet_err digest_at(struct ledger *l, const struct chain *c, uint32_t position, struct carnet_digest *out,
                                 struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT digest FROM event WHERE chain = ? AND position = ?", "ii",
                                         c->number, (int64_t)position);

    if (!err)
        err = database_step(l, s, &row, diag);
    if (err)
        return err;
    if (!row)
        return broken(position, diag);
    column_digest(s, 0, out);
    database_done(s);
    return CARNET_OK;
}

enum carnet_err ledger_journal_check(struct ledger *l, bool whole, struct carnet_diag *diag)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    enum carnet_err err = database_query(l, &s, diag, "SELECT number, position, digest, vendor, signer FROM chain", "");

    for (err = err ? err : database_step(l, s, &row, diag); !err && row; err = database_step(l, s, &row, diag)) {
        struct chain c = {.number = sqlite3_column_int64(s, 0), .head.position = column_count(s, 1)};
        struct carnet_digest vendor, signer, previous;
        uint32_t start = 1;
        column_digest(s, 2, &c.head.digest);
        column_digest(s, 3, &vendor);
        column_digest(s, 4, &signer);
        if (!whole && c.head.position > 1) {
            start = c.head.position;
            err = digest_at(l, &c, start - 1, &previous, diag);
        } else {
            carnet_event_origin(&vendor, &signer, &previous);
        }
        if (!err)
            err = check_chain(l, &c, start, previous, diag);
        if (err) {
            database_done(s);
            break;
        }
    }
    return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * init: makes a home. All of it is made in a folder of its own inside the home and then moved up, the ledger last: a
 * home is whole when its ledger is there. Keys are made useful by a ledger, so those of an interrupted init were never
 * used as long as its ledger still lies in that folder: only then does the next one take them away. Keys without that
 * proof may be a vendor's only ones and are never touched.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "common/io.h"
#include "core/file.h"
#include "home.h"

const struct cli_option admin_init_options[] = {
    {"role", 0, "ROLE", false, "vendor (holds the root key), admin (holds an issuer key) or both"},
    {"name", 0, "NAME", false, "your name or that of your company, as it stands in entitlements"},
    {"contact", 0, "TEXT", false, "whom to ask, as it stands in entitlements"},
    {"no-passphrase", 0, NULL, false, "protect the keys by the rights of their files alone"},
    {NULL, 0, NULL, false, NULL}};

static const char *const key_files[] = {"root.kek", "root.key", "issuer.kek", "issuer.key"};
#define KEY_FILE_COUNT (sizeof key_files / sizeof *key_files)

struct making {
    struct ledger_about about;
    char path[HOME_PATH_SIZE];
    int folder, inner;
    bool was_there;  /* the folder of the home */
    size_t above;    /* how much of the path was there */
    bool unfinished; /* an earlier init did not come to its end */
    int64_t now;
    char *passphrase;
};

static enum carnet_err read_options(struct cli *cli, struct making *m)
{
    static const struct {
        const char *name;
        unsigned roles;
    } roles[] = {{"vendor", LEDGER_VENDOR}, {"admin", LEDGER_ADMIN}, {"both", LEDGER_VENDOR | LEDGER_ADMIN}};
    const char *role = cli_value(cli, "role"), *name = cli_value(cli, "name"), *contact = cli_value(cli, "contact");

    for (size_t i = 0; role && i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(role, roles[i].name) == 0)
            m->about.roles = roles[i].roles;
    }
    if (!m->about.roles)
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--role says what the home is for: vendor, admin or both.");
    if (!name || !carnet_text_is_text(name))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--name is needed: 1 to 200 printable characters, no space at the ends.");
    if (contact && !carnet_text_is_text(contact))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "--contact takes 1 to 200 printable characters, no space at the ends.");
    if (cli_flag(cli, "no-passphrase") && (cli_value(cli, "passphrase-file") || cli_value(cli, "passphrase-fd")))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "A passphrase was given, and --no-passphrase as well.");
    (void)snprintf(m->about.name, sizeof m->about.name, "%s", name);
    (void)snprintf(m->about.contact, sizeof m->about.contact, "%s", contact ? contact : "");
    m->about.epoch = 1;
    m->about.created = m->now;
    return CARNET_OK;
}

/* Removes all files of the folder that an interrupted init left. */
static void empty_unfinished(int folder)
{
    int fd = openat(folder, HOME_UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}

/* The keys first: as long as the ledger is inside, it is the proof that they may go. */
static void take_away(const struct making *m)
{
    const bool unused = home_is_unfinished(m->folder);

    for (size_t i = 0; unused && i < KEY_FILE_COUNT; i++)
        (void)unlinkat(m->folder, key_files[i], 0);
    (void)fsync(m->folder);
    empty_unfinished(m->folder);
    (void)unlinkat(m->folder, HOME_UNFINISHED, AT_REMOVEDIR);
    (void)fsync(m->folder);
}

static enum carnet_err taken(struct cli *cli, const char *what)
{
    (void)carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "%s; nothing was changed.", what);
    (void)carnet_fail_next(cli_diag(cli), "Use the home that is there, or name another folder with --home.");
    return CARNET_EXISTS;
}

static bool is_key_file(const char *name)
{
    for (size_t i = 0; i < KEY_FILE_COUNT; i++) {
        if (strcmp(name, key_files[i]) == 0)
            return true;
    }
    return false;
}

/* A home may be made in an empty folder, or where an earlier init did not come to its end. */
static enum carnet_err look_around(struct cli *cli, struct making *m)
{
    int fd = dup(m->folder);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool other = false, keys = false, whole = false;

    if (!dir) {
        int saved = errno;
        if (fd >= 0)
            (void)close(fd);
        return carnet_fail_errno(cli_diag(cli), saved, "The folder of the home can't be read");
    }
    rewinddir(dir);
    m->unfinished = false;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, HOME_UNFINISHED) == 0)
            m->unfinished = true;
        else if (strcmp(entry->d_name, LEDGER_FILE) == 0)
            whole = true;
        else if (is_key_file(entry->d_name))
            keys = true;
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            other = true;
    }
    (void)closedir(dir);
    if (whole)
        return taken(cli, "There is a home at this place already");
    if (keys && !home_is_unfinished(m->folder))
        return home_lost_ledger(cli);
    if (other)
        return taken(cli, "The folder is not empty, and is no home");
    return CARNET_OK;
}

static enum carnet_err make_key(struct cli *cli, struct making *m, struct ledger *l, enum carnet_role role,
                                struct ledger_key *out)
{
    struct carnet_key *key = NULL;
    const struct carnet_key_info *info;
    enum carnet_err err = carnet_key_generate(role, m->now, &key, cli_diag(cli));

    if (!err)
        err = carnet_key_store(key, m->inner, carnet_role_name(role), m->passphrase, cli_diag(cli));
    if (!err) {
        info = carnet_key_info(key);
        *out =
            (struct ledger_key){.id = info->id, .role = role, .created = m->now, .passphrase = m->passphrase != NULL};
        memcpy(out->public_key, info->public_key, sizeof out->public_key);
        err = ledger_key_add_own(l, out, cli_diag(cli));
    }
    carnet_key_free(key);
    return err;
}

static enum carnet_err fill(struct cli *cli, struct making *m, struct ledger *l, struct ledger_key *root,
                            struct ledger_key *issuer)
{
    const struct ledger_event made_root = {.what = "key-made", .key = &root->id, .note = "root"};
    const struct ledger_event made_issuer = {.what = "key-made", .key = &issuer->id, .note = "issuer"};
    struct carnet_diag *diag = cli_diag(cli);
    bool known = false;
    enum carnet_err err = ledger_begin(l, diag);

    if (!err && (m->about.roles & LEDGER_VENDOR)) {
        struct ledger_anchor anchor = {.pinned = m->now};
        err = make_key(cli, m, l, CARNET_ROLE_ROOT, root);
        anchor.vendor = anchor.root = root->id;
        if (!err)
            err = ledger_anchor_add(l, &anchor, &known, diag);
        if (!err)
            err = ledger_event_add(l, &root->id, &root->id, m->now, &made_root, NULL, diag);
    }
    if (!err && (m->about.roles & LEDGER_ADMIN))
        err = make_key(cli, m, l, CARNET_ROLE_ISSUER, issuer);
    if (!err && m->about.roles == (LEDGER_VENDOR | LEDGER_ADMIN))
        err = ledger_event_add(l, &root->id, &issuer->id, m->now, &made_issuer, NULL, diag);
    return err ? err : ledger_commit(l, diag);
}

static enum carnet_err make_inside(struct cli *cli, struct making *m, struct ledger_key *root,
                                   struct ledger_key *issuer)
{
    char file[HOME_PATH_SIZE], who[LEDGER_WHO_SIZE];
    struct ledger *l = NULL;
    enum carnet_err err;

    if (mkdirat(m->folder, HOME_UNFINISHED, 0700) < 0)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    m->inner = openat(m->folder, HOME_UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (m->inner < 0)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    home_who(who);
    (void)snprintf(file, sizeof file, "%.*s/" HOME_UNFINISHED "/%s", HOME_PATH_SIZE - 64, m->path, LEDGER_FILE);
    err = ledger_create(file, &m->about, who, &l, cli_diag(cli));
    if (!err)
        err = fill(cli, m, l, root, issuer);
    ledger_close(l);
    return err;
}

static enum carnet_err move_one(struct cli *cli, const struct making *m, const char *file)
{
    if (renameat(m->inner, file, m->folder, file) < 0 && errno != ENOENT)
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be made");
    return CARNET_OK;
}

static enum carnet_err settle_disk(struct cli *cli, int folder)
{
    return fsync(folder) < 0 ? carnet_fail_errno(cli_diag(cli), errno, "The home can't be made") : CARNET_OK;
}

/* The key files first, the ledger last. */
static enum carnet_err move_up(struct cli *cli, const struct making *m)
{
    enum carnet_err err = settle_disk(cli, m->inner);

    for (size_t i = 0; !err && i < KEY_FILE_COUNT; i++)
        err = move_one(cli, m, key_files[i]);
    if (!err)
        err = settle_disk(cli, m->folder);
    if (!err)
        err = move_one(cli, m, LEDGER_FILE);
    if (err)
        return err;
    (void)unlinkat(m->folder, HOME_UNFINISHED, AT_REMOVEDIR);
    return settle_disk(cli, m->folder);
}

static void tell_key(struct cli *cli, const struct ledger_key *key, const char *what)
{
    char hex[CARNET_HEX_SIZE], member[24];

    carnet_digest_hex(&key->id, hex);
    cli_data(cli, "%-10s %s\n", what, hex);
    (void)snprintf(member, sizeof member, "%s", what);
    cli_set(cli, member, json_string(hex));
}

static void tell(struct cli *cli, const struct making *m, const struct ledger_key *root,
                 const struct ledger_key *issuer)
{
    char shown[512];

    (void)carnet_text_escape(m->path, strlen(m->path), shown, sizeof shown);
    cli_data(cli, "%-10s %s\n", "home", shown);
    cli_set(cli, "home", cli_json_text(m->path));
    if (m->about.roles & LEDGER_VENDOR)
        tell_key(cli, root, "root");
    if (m->about.roles & LEDGER_ADMIN)
        tell_key(cli, issuer, "issuer");
    cli_set(cli, "passphrase", json_boolean(m->passphrase != NULL));
    if (!m->passphrase)
        cli_warn(cli, "the keys have no passphrase: whoever can read the files of the home can sign in your name.");
    if (m->about.roles == (LEDGER_VENDOR | LEDGER_ADMIN))
        cli_note(cli, "Your own root is pinned here, and your own issuer is the default of 'entitle'.\n");
    else if (m->about.roles == LEDGER_ADMIN)
        cli_note(cli, "Next: pin the vendor's root with 'carnet-admin trust add FILE', and send the vendor the PEM of "
                      "'carnet-admin key export issuer'.\n");
}

static enum carnet_err make(struct cli *cli, struct making *m, struct ledger_key *root, struct ledger_key *issuer)
{
    struct stat st;
    enum carnet_err err;

    if (m->unfinished) {
        take_away(m);
        cli_note(cli, "An earlier init was interrupted here; what it left was taken away.\n");
    }
    if (m->was_there && (fstat(m->folder, &st) < 0 || fchmod(m->folder, st.st_mode & 0700) < 0))
        return carnet_fail_errno(cli_diag(cli), errno, "The home can't be closed to others");
    err = make_inside(cli, m, root, issuer);
    if (!err)
        err = move_up(cli, m);
    if (err)
        take_away(m);
    return err;
}

/* How much of the path is there already, so that no folder made for nothing stays behind. */
static size_t part_there(const char *path)
{
    char part[HOME_PATH_SIZE];
    struct stat st;
    size_t length = strlen(path);

    memcpy(part, path, length + 1);
    while (length > 0 && (part[length - 1] == '/' || (lstat(part, &st) < 0 && errno == ENOENT)))
        part[--length] = '\0';
    return length;
}

/* Empty ones only: rmdir takes no others. */
static void remove_folders(const struct making *m)
{
    char part[HOME_PATH_SIZE];
    size_t length = strlen(m->path);

    memcpy(part, m->path, length + 1);
    while (length > m->above) {
        if (part[length - 1] != '/' && (part[length] == '\0' || part[length] == '/')) {
            part[length] = '\0';
            if (rmdir(part) < 0)
                return;
        }
        length--;
    }
}

/* Opens the folder, for this init alone, and looks whether it may be used. */
static enum carnet_err occupy(struct cli *cli, struct making *m)
{
    enum carnet_err err = carnet_folder_open(m->path, &m->folder, cli_diag(cli));

    if (!err && flock(m->folder, LOCK_EX | LOCK_NB) < 0)
        err = carnet_fail(cli_diag(cli), CARNET_BUSY, "", "Another init is at work in this folder.");
    return err ? err : look_around(cli, m);
}

static enum carnet_err make_all(struct cli *cli, struct making *m)
{
    struct ledger_key root = {0}, issuer = {0};
    enum carnet_err err = CARNET_OK;

    cli_hold_signals();
    if (!m->was_there)
        err = carnet_folder_make(m->path, 0700, cli_diag(cli));
    if (!err && !m->was_there)
        err = occupy(cli, m);
    if (!err)
        err = make(cli, m, &root, &issuer);
    if (err && !m->was_there)
        remove_folders(m);
    cli_free_signals();
    if (err)
        cli_place(cli, m->path);
    else
        tell(cli, m, &root, &issuer);
    return err;
}

enum carnet_err admin_init(struct cli *cli)
{
    struct making m = {.folder = -1, .inner = -1, .now = carnet_utc_now()};
    enum carnet_err err = read_options(cli, &m);

    if (!err)
        err = home_path(cli, m.path);
    if (!err)
        err = carnet_secrets_start(cli_diag(cli));
    if (err)
        return err;
    m.above = part_there(m.path);
    m.was_there = m.path[m.above] == '\0' || m.path[m.above + strspn(m.path + m.above, "/")] == '\0';
    if (m.was_there) {
        err = occupy(cli, &m);
        cli_place(cli, err ? m.path : NULL);
    }
    if (err)
        goto out;
    if (cli_dry_run(cli)) {
        cli_note(cli, "Would make a home with the keys of its role.\n");
        goto out;
    }
    /* Nothing is made before the question is answered. */
    if (!cli_flag(cli, "no-passphrase"))
        err = cli_passphrase(cli, "the keys of this home", true, &m.passphrase);
    if (!err)
        err = make_all(cli, &m);
out:
    if (m.inner >= 0)
        (void)close(m.inner);
    if (m.folder >= 0)
        (void)close(m.folder);
    carnet_secret_free(m.passphrase);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* report PATH...: what all these files say together, as one page for people, or as data. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "inspect/report/model.h"

static enum carnet_err tell(void *context, const char *file, const struct examine_found *found,
                            const struct carnet_diag *diag, const struct inspect_facts *facts)
{
    return report_take(context, file, found, diag, facts);
}

/* What is to be made: told before any file is read. */
static enum carnet_err check_output(struct cli *cli)
{
    const char *file = cli_value(cli, "output");
    struct stat status;
    if (file == NULL && !cli_flag(cli, "csv") && !cli_json(cli))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "",
                           "Say where the report goes: -o FILE.html, or --csv or --json for standard output.");
    if (cli_flag(cli, "csv") && cli_json(cli))
        return carnet_fail(cli_diag(cli), CARNET_USAGE, "", "--csv and --json do not go together.");
    if (file == NULL || cli_flag(cli, "force") || lstat(file, &status) != 0)
        return CARNET_OK;
    (void)carnet_fail(cli_diag(cli), CARNET_EXISTS, "", "There is something under that name already.");
    cli_place(cli, file);
    return carnet_fail_next(cli_diag(cli), "Give another name, or --force to replace it.");
}

/* The page under a name that nobody else uses, on the disk. */
static enum carnet_err draft(struct cli *cli, const struct report *r, const char *temporary)
{
    const mode_t mask = umask(0);
    (void)umask(mask);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL) {
        const int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return carnet_fail_errno(cli_diag(cli), why, "The report can't be written");
    }
    errno = 0;
    enum carnet_err err = report_page(r, out);
    if (err == CARNET_OK &&
        (fflush(out) != 0 || fchmod(fd, (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) & ~mask) != 0 || fsync(fd) != 0))
        err = CARNET_IO;
    if (err == CARNET_IO)
        err = carnet_fail_errno(cli_diag(cli), errno != 0 ? errno : EIO, "The report can't be written");
    if (fclose(out) != 0 && err == CARNET_OK)
        err = carnet_fail_errno(cli_diag(cli), errno, "The report can't be written");
    if (err != CARNET_OK)
        (void)unlink(temporary);
    return err;
}

/* Piece by piece into a file beside it, which then gets its name: a page is there whole, or not at all. */
static enum carnet_err write_page(struct cli *cli, const struct report *r)
{
    const char *file = cli_value(cli, "output");
    enum carnet_err err = CARNET_OK;
    if (file == NULL)
        return CARNET_OK;
    if (!cli_dry_run(cli)) {
        char *temporary = carnet_file_beside(file);
        if (temporary == NULL)
            return CARNET_NO_MEMORY;
        cli_hold_signals();
        err = draft(cli, r, temporary);
        if (err == CARNET_OK)
            err = carnet_file_settle(AT_FDCWD, temporary, file, cli_flag(cli, "force"), cli_diag(cli));
        cli_free_signals();
        free(temporary);
    }
    if (err != CARNET_OK) {
        if (cli_diag(cli)->err == err)
            cli_place(cli, file);
        return err;
    }
    if (!cli_flag(cli, "csv"))
        cli_data(cli, "%s\n", file);
    cli_set(cli, "page", cli_json_text(file));
    return CARNET_OK;
}

static void tell_in_words(struct cli *cli, const struct report *r)
{
    char counts[REPORT_COUNTS_SIZE];
    cli_note(cli, "%lu file%s, %zu license%s; anomalies: %s.\n", r->survey->files, r->survey->files == 1 ? "" : "s",
             r->licenses.count, r->licenses.count == 1 ? "" : "s", report_counts(r, counts));
}

static int put_out(const char *piece, size_t size, void *out)
{
    return fwrite(piece, 1, size, out) == size ? 0 : -1;
}

static int members(void *context, FILE *out)
{
    return report_json_members(context, put_out, out) != 0 && ferror(out) == 0;
}

static enum carnet_err write_all(struct cli *cli, const struct report *r)
{
    enum carnet_err err = write_page(cli, r);
    if (err == CARNET_OK && cli_flag(cli, "csv"))
        err = report_csv(r, cli);
    return err;
}

enum carnet_err inspect_report_run(struct cli *cli)
{
    struct report r = {.made = carnet_utc_now()};
    struct survey s = {.tell = tell, .context = &r, .doing = "examining", .terms = {.facts = true}};
    enum carnet_err err = check_output(cli);
    if (err == CARNET_OK)
        err = survey_begin(cli, &s);
    r.survey = &s;
    r.at = s.terms.at;
    if (err == CARNET_OK)
        err = survey_run(&s, "journal");
    if (err == CARNET_OK && s.files == 0)
        err = survey_settle(&s);
    if (err == CARNET_OK)
        err = report_order(&r);
    if (err == CARNET_OK)
        err = report_find_anomalies(&r);
    if (err == CARNET_OK)
        err = write_all(cli, &r);
    if (err == CARNET_OK) {
        tell_in_words(cli, &r);
        err = survey_settle(&s);
        cli_json_document(cli, err, members, &r);
    }
    report_clear(&r);
    survey_end(&s);
    return err;
}

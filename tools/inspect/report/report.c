/* SPDX-License-Identifier: MIT */
/* report PATH...: what all these files say together, as one page for people, or as data. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static enum carnet_err write_page(struct cli *cli, const struct report *r, json_t *data)
{
    const char *file = cli_value(cli, "output");
    struct carnet_buffer page = {0};
    if (file == NULL)
        return CARNET_OK;
    enum carnet_err err = report_page(r, data, &page);
    if (err == CARNET_OK && !cli_dry_run(cli)) {
        const mode_t mask = umask(0);
        (void)umask(mask);
        const mode_t mode = (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) & ~mask;
        err = (cli_flag(cli, "force") ? carnet_file_replace : carnet_file_create)(AT_FDCWD, file, mode, page.bytes,
                                                                                  page.size, cli_diag(cli));
    }
    carnet_buffer_clear(&page);
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
    size_t counts[REPORT_SERIOUS + 1] = {0};
    for (size_t i = 0; i < r->anomalies.count; i++)
        counts[r->anomalies.list[i].grade]++;
    cli_note(cli, "%lu file%s, %zu license%s; anomalies: %zu serious, %zu to look at, %zu noted.\n", r->survey->files,
             r->survey->files == 1 ? "" : "s", r->licenses.count, r->licenses.count == 1 ? "" : "s",
             counts[REPORT_SERIOUS], counts[REPORT_LOOK], counts[REPORT_NOTE]);
}

static enum carnet_err write_all(struct cli *cli, const struct report *r)
{
    json_t *data = report_json(r);
    struct carnet_buffer table = {0};
    enum carnet_err err = data == NULL ? CARNET_NO_MEMORY : write_page(cli, r, data);
    if (err == CARNET_OK && cli_flag(cli, "csv"))
        err = report_csv(r, &table);
    if (err == CARNET_OK && table.size > 0)
        cli_write(cli, table.bytes, table.size);
    carnet_buffer_clear(&table);
    if (err == CARNET_OK && cli_json(cli)) {
        const char *key;
        json_t *value;
        json_object_foreach(data, key, value) cli_set(cli, key, json_incref(value));
    }
    json_decref(data);
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
    }
    report_clear(&r);
    survey_end(&s);
    return err;
}

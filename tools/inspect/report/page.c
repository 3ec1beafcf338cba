/* SPDX-License-Identifier: MIT */
/*
 * The report as one page. Whatever strangers wrote goes through text() or json_out() and nowhere else: escaped as HTML,
 * and within JSON so that no tag can begin. The page's policy lets run the two pieces of it whose digests it names, and
 * lets nothing be fetched.
 */
#include <inttypes.h>
#include <string.h>

#include "bundle/base64.h"
#include "inspect/compiled.h"
#include "inspect/report/html.h"
#include "inspect/report/model.h"

#define DIGESTS_LINE 4096

static const char *part(const char *name, size_t *size)
{
    for (size_t i = 0; i < inspect_page_count; i++) {
        if (strcmp(inspect_page[i].name, name) == 0) {
            *size = inspect_page[i].size;
            return (const char *)inspect_page[i].bytes;
        }
    }
    *size = 0;
    return "";
}

/* ---- head ---- */

static void put_hash(struct html *h, const char *name)
{
    struct carnet_digest digest;
    char base64[CARNET_BASE64_SIZE(sizeof digest.bytes) + 1] = "";
    size_t size;
    const char *bytes = part(name, &size);
    carnet_sha256(bytes, size, &digest);
    carnet_base64_encode(digest.bytes, sizeof digest.bytes, base64);
    html_raw(h, "'sha256-");
    html_raw(h, base64);
    html_raw(h, "'");
}

static void put_policy(struct html *h, const struct report *r)
{
    (void)r;
    html_raw(h, "default-src 'none'; style-src ");
    put_hash(h, "page.css");
    html_raw(h, "; script-src ");
    put_hash(h, "page.js");
    html_raw(h, "; base-uri 'none'; form-action 'none'");
}

static void put_style(struct html *h, const struct report *r)
{
    size_t size;
    const char *bytes = part("page.css", &size);
    (void)r;
    html_bytes(h, bytes, size);
}

static void put_script(struct html *h, const struct report *r)
{
    size_t size;
    const char *bytes = part("page.js", &size);
    (void)r;
    html_bytes(h, bytes, size);
}

static void put_version(struct html *h, const struct report *r)
{
    (void)r;
    html_text(h, CARNET_VERSION);
}

static void put_day(struct html *h, const struct report *r)
{
    char day[CARNET_UTC_SIZE];
    html_text(h, report_day(r->made, day));
}

static void put_made(struct html *h, const struct report *r)
{
    char time[CARNET_UTC_SIZE];
    html_text(h, report_time(r->made, time));
}

static size_t count_grade(const struct report *r, enum report_grade grade)
{
    size_t count = 0;
    for (size_t i = 0; i < r->anomalies.count; i++)
        count += r->anomalies.list[i].grade == grade;
    return count;
}

static void put_verdict(struct html *h, const struct report *r)
{
    html_raw(h, r->survey->counts[CARNET_OK] < r->survey->files || count_grade(r, REPORT_SERIOUS) > 0 ? "bad"
                : count_grade(r, REPORT_LOOK) > 0                                                     ? "warn"
                                                                                                      : "good");
}

static void put_lead(struct html *h, const struct report *r)
{
    const unsigned long good = r->survey->counts[CARNET_OK], files = r->survey->files;
    const size_t serious = count_grade(r, REPORT_SERIOUS);
    if (good == files)
        html_print(h, "%lu file%s examined, and %s. ", files, files == 1 ? " was" : "s were",
                   files == 1 ? "it is as it should be" : "each by itself is as it should be");
    else
        html_print(h, "%lu file%s examined; %lu of them %s not as %s should be. ", files,
                   files == 1 ? " was" : "s were", files - good, files - good == 1 ? "is" : "are",
                   files - good == 1 ? "it" : "they");
    if (serious > 0)
        html_print(h, "Together they show %zu serious anomal%s.", serious, serious == 1 ? "y" : "ies");
    else
        html_raw(h, "Together they show nothing that contradicts the rules of the exchange.");
}

/* `class`: how it is coloured; "" for not at all. */
static void fact(struct html *h, const char *what, size_t count, const char *class)
{
    html_print(h, "<div><dt>%s</dt><dd class=\"%s\">%zu</dd></div>", what, class, count);
}

static void put_facts(struct html *h, const struct report *r)
{
    const size_t files = r->survey->files, good = r->survey->counts[CARNET_OK],
                 serious = count_grade(r, REPORT_SERIOUS);
    size_t living = 0;
    for (size_t i = 0; i < r->grants.count; i++)
        living += report_lives(&r->grants.list[i]);
    fact(h, "Files examined", files, "");
    fact(h, "As they should be", good, good == files ? "good" : "");
    fact(h, "Not as they should be", files - good, good < files ? "bad" : "");
    fact(h, "Serious anomalies", serious, serious > 0 ? "bad" : "");
    fact(h, "Licenses", r->licenses.count, "");
    fact(h, "Seats held", living, "");
}

/* How it was found out, in one line. */
static void put_how(struct html *h, const struct report *r)
{
    char time[CARNET_UTC_SIZE];
    html_print(h, "%zu distinct bundles. %lu other file%s not looked into. Times are judged as of %s. Read in a cage: ",
               r->bundles.count, r->survey->others, r->survey->others == 1 ? " was" : "s were",
               report_time(r->at, time));
    html_text(h, survey_cage(r->survey));
    html_raw(h, ".");
}

/* ---- tables ---- */

/* Columns: "Seat#" is of numbers, "Kind?" can be filtered by its values. */
static void begin_table(struct html *h, const char *caption, const char *const *columns)
{
    html_print(h, "<div class=\"scroll\"><table class=\"data\"><caption>%s</caption><thead><tr>", caption);
    for (; *columns != NULL; columns++) {
        const size_t size = strcspn(*columns, "#?");
        html_raw(h, (*columns)[size] == '#'   ? "<th scope=\"col\" class=\"n\">"
                    : (*columns)[size] == '?' ? "<th scope=\"col\" data-filter>"
                                              : "<th scope=\"col\">");
        html_bytes(h, *columns, size);
        html_raw(h, "</th>");
    }
    html_raw(h, "</tr></thead><tbody>\n");
}

static void end_table(struct html *h)
{
    html_raw(h, "</tbody></table></div>\n");
}

static void cell(struct html *h, const char *class, const char *text)
{
    html_print(h, "<td class=\"%s\">", class);
    html_text(h, text);
    html_raw(h, "</td>");
}

static void number_cell(struct html *h, uint32_t number)
{
    if (number == 0)
        html_raw(h, "<td class=\"n\"></td>");
    else
        html_print(h, "<td class=\"n\">%" PRIu32 "</td>", number);
}

static void badge_cell(struct html *h, const char *class, const char *text)
{
    html_print(h, "<td><span class=\"b %s\">", class);
    html_text(h, text);
    html_raw(h, "</span></td>");
}

static void time_cell(struct html *h, int64_t time)
{
    char text[CARNET_UTC_SIZE];
    cell(h, "t", report_time(time, text));
}

static void day_cell(struct html *h, int64_t time)
{
    char text[CARNET_UTC_SIZE];
    cell(h, "t", report_day(time, text));
}

/* The name of a file, as a link to its row. */
static void link_to(struct html *h, const struct report *r, size_t file)
{
    if (file == REPORT_NONE)
        return;
    const char *path = r->files.list[file].path, *name = strrchr(path, '/');
    html_print(h, "<a href=\"#f%zu\">", file);
    html_text(h, name != NULL && name[1] != '\0' ? name + 1 : path);
    html_raw(h, "</a>");
}

static void machine_cell(struct html *h, const char *label, const struct carnet_digest *key)
{
    char hex[CARNET_HEX_SIZE];
    html_raw(h, "<td class=\"w\">");
    html_text(h, label);
    if (!carnet_digest_is_zero(key)) {
        carnet_digest_hex(key, hex);
        html_print(h, "%s<code title=\"key %s\">%.16s</code>", label[0] != '\0' ? " " : "", hex, hex);
    }
    html_raw(h, "</td>");
}

/* ---- anomalies ---- */

static void put_anomalies(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"Grade?", "What?", "License?", "Seat#", "In words", "Files", NULL};
    static const char *const classes[] = {"calm", "warn", "bad"};
    if (r->anomalies.count == 0) {
        html_raw(h, "<p class=\"none\">None was found.</p>");
        return;
    }
    begin_table(h, "Anomalies, the most serious first", columns);
    for (size_t i = 0; i < r->anomalies.count; i++) {
        const struct report_anomaly *a = &r->anomalies.list[i];
        html_raw(h, "<tr>");
        badge_cell(h, classes[a->grade], report_grade_name(a->grade));
        cell(h, "t", a->name);
        cell(h, "l", a->license);
        number_cell(h, a->seat);
        cell(h, "x", a->text);
        html_raw(h, "<td class=\"w\">");
        link_to(h, r, a->files[0]);
        if (a->files[1] != a->files[0] && a->files[1] != REPORT_NONE) {
            html_raw(h, ", ");
            link_to(h, r, a->files[1]);
        }
        html_raw(h, "</td></tr>\n");
    }
    end_table(h);
}

/* ---- timeline ---- */

/* The label that the license of a grant gives its machine. */
static const char *label_of(const struct report *r, const struct report_happening *e)
{
    return e->bundle == REPORT_NONE ? "" : r->bundles.list[e->bundle]->label;
}

static void put_timeline(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"When (UTC)", "What?",   "How",     "License?",
                                          "Seat#",      "Machine", "Told by", NULL};
    if (r->happenings.count == 0) {
        html_raw(h, "<p class=\"none plainly\">No verified file tells of anything.</p>");
        return;
    }
    begin_table(h, "Timeline, the earliest first", columns);
    for (size_t i = 0; i < r->happenings.count; i++) {
        const struct report_happening *e = &r->happenings.list[i];
        html_raw(h, "<tr>");
        time_cell(h, e->at);
        cell(h, "", e->position != 0 ? e->journal_word : e->what);
        cell(h, "", e->position != 0 ? e->note : facts_word_name(e->word));
        cell(h, "l", e->license);
        number_cell(h, e->seat);
        machine_cell(h, label_of(r, e), &e->key);
        html_raw(h, "<td class=\"w\">");
        if (e->position != 0)
            html_print(h, "journal, position %" PRIu32, e->position);
        else
            link_to(h, r, r->bundles.list[e->bundle]->file);
        html_raw(h, "</td></tr>\n");
    }
    end_table(h);
}

/* ---- transfers and losses ---- */

static void put_transfers(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"Ended",   "How?",       "License?",     "Seat#",
                                          "Machine", "Held since", "License file", NULL};
    size_t count = 0;
    for (size_t i = 0; i < r->grants.count; i++) {
        const struct report_grant *g = &r->grants.list[i];
        if (g->state != REPORT_ENDED)
            continue;
        if (count++ == 0)
            begin_table(h, "Grants that have ended", columns);
        html_raw(h, "<tr>");
        day_cell(h, g->ended);
        badge_cell(h, g->lost || g->end == FACTS_REVOKED ? "warn" : "", g->lost ? "lost" : facts_word_name(g->end));
        cell(h, "l", g->license);
        number_cell(h, g->seat);
        machine_cell(h, g->label, &g->key);
        day_cell(h, g->since);
        html_raw(h, "<td class=\"w\">");
        if (g->bundle != REPORT_NONE)
            link_to(h, r, r->bundles.list[g->bundle]->file);
        html_raw(h, "</td></tr>\n");
    }
    if (count > 0)
        end_table(h);
    else
        html_raw(h, "<p class=\"none plainly\">No grant has ended, as far as the files tell.</p>");
}

/* ---- files ---- */

static void file_row(struct html *h, const struct report *r, size_t i)
{
    const struct report_file *f = &r->files.list[i];
    const struct report_bundle *b = f->bundle == REPORT_NONE ? NULL : r->bundles.list[f->bundle];
    const char *status = report_status(r, f->bundle);
    html_print(h, "<tr id=\"f%zu\" data-i=\"%zu\">", i, i);
    html_raw(h, "<td class=\"w file\">");
    html_text(h, f->path);
    html_raw(h, "</td>");
    badge_cell(h, f->err == CARNET_OK ? "good" : "bad", carnet_outcome_name(f->err));
    cell(h, "t", status);
    cell(h, "", b != NULL ? b->values.kind : "");
    html_raw(h, "<td class=\"x\">");
    if (f->err != CARNET_OK)
        html_text(h, report_message(f));
    if (f->err != CARNET_OK && b != NULL && b->summary[0] != '\0')
        html_raw(h, " It claims: ");
    if (b != NULL)
        html_text(h, b->summary);
    html_raw(h, "</td>");
    number_cell(h, (uint32_t)f->anomalies);
    html_raw(h, "</tr>\n");
}

static void put_files(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"File", "Verdict?", "Status?", "Kind?", "In words", "Anomalies#", NULL};
    begin_table(h, "Files that were examined", columns);
    for (size_t i = 0; i < r->files.count; i++)
        file_row(h, r, i);
    end_table(h);
}

/* ---- by hand ---- */

static void put_roots(struct html *h, const struct report *r)
{
    const struct inspect_trust *trust = &r->survey->trust;
    char hex[CARNET_HEX_SIZE];
    if (trust->anchors.count == 0) {
        html_raw(h, "<p class=\"none plainly\">None was given, so nothing could be verified.</p>");
        return;
    }
    html_raw(h, "<ul>");
    for (size_t i = 0; i < trust->anchors.count; i++) {
        carnet_digest_hex(&trust->list[i].root, hex);
        html_print(h, "<li><code>%s</code>, from ", hex);
        html_text(h, trust->sources[i]);
        html_raw(h, "</li>");
    }
    html_raw(h, "</ul>");
}

/* A name that can be written in a line as it is. */
static bool is_plain(const char *path)
{
    char shown[DIGESTS_LINE];
    return path[0] != '\0' && strcmp(carnet_text_escape(path, strlen(path), shown, sizeof shown), path) == 0 &&
           strchr(path, '\\') == NULL && strcmp(path, "standard input") != 0;
}

static void put_digests(struct html *h, const struct report *r)
{
    char hex[CARNET_HEX_SIZE];
    for (size_t i = 0; i < r->files.count; i++) {
        const struct report_file *f = &r->files.list[i];
        if (carnet_digest_is_zero(&f->digest))
            continue;
        carnet_digest_hex(&f->digest, hex);
        html_raw(h, is_plain(f->path) ? "" : "# ");
        html_raw(h, hex);
        html_raw(h, "  ");
        html_text(h, f->path);
        html_raw(h, "\n");
    }
}

/* ---- the whole ---- */

static void put_data(struct html *h, const struct report *r)
{
    if (report_json_of_page(r, html_json, h) != 0 && h->err == CARNET_OK)
        h->err = CARNET_NO_MEMORY;
}

struct slot {
    const char *name;
    void (*put)(struct html *h, const struct report *r);
};
static const struct slot slots[] = {
    {"policy", put_policy},
    {"style", put_style},
    {"script", put_script},
    {"version", put_version},
    {"day", put_day},
    {"made", put_made},
    {"lead", put_lead},
    {"facts", put_facts},
    {"verdict", put_verdict},
    {"how", put_how},
    {"anomalies", put_anomalies},
    {"legend", html_put_legend},
    {"licenses", html_put_licenses},
    {"timeline", put_timeline},
    {"transfers", put_transfers},
    {"files", put_files},
    {"roots", put_roots},
    {"digests", put_digests},
    {"data", put_data},
};

/* "{{name}}" */
static void fill(struct html *h, const struct report *r, const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        if (strlen(slots[i].name) == size && memcmp(slots[i].name, name, size) == 0) {
            slots[i].put(h, r);
            return;
        }
    }
    h->err = CARNET_BUG; /* the template names what there is not */
}

enum carnet_err report_page(const struct report *r, FILE *out)
{
    size_t size;
    const char *at = part("page.html", &size), *end = at + size, *open;
    struct html h = {.out = out};
    while (h.err == CARNET_OK && (open = memmem(at, (size_t)(end - at), "{{", 2)) != NULL) {
        const char *close = memmem(open, (size_t)(end - open), "}}", 2);
        if (close == NULL)
            break;
        html_bytes(&h, at, (size_t)(open - at));
        fill(&h, r, open + 2, (size_t)(close - open - 2));
        at = close + 2;
    }
    html_bytes(&h, at, (size_t)(end - at));
    return h.err;
}

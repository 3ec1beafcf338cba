/* SPDX-License-Identifier: MIT */
/* Chains of trust and seat maps, as SVG; and the tables that say the same in words. */
#include <inttypes.h>
#include <string.h>

#include "inspect/report/html.h"

/* ---- the seat map ---- */

#define CELL 16u
#define PITCH 20u
#define COLUMNS 40u
#define SEATS_DRAWN 2000u

static const char *class_of(const struct report_grant *g)
{
    return g == NULL || g->state == REPORT_ENDED ? "" : g->disputed ? "disputed" : report_state_name(g->state);
}

static void mark(struct html *h, unsigned x, unsigned y, const char *class)
{
    html_print(h, "<rect class=\"s %s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"3\"/>", class, x + 1, y + 1,
               CELL - 2, CELL - 2);
    if (class[0] != '\0')
        html_print(h, "<use class=\"m %s\" href=\"#m-%s\" x=\"%u\" y=\"%u\"/>", class, class, x, y);
}

void html_put_legend(struct html *h, const struct report *r)
{
    static const struct {
        const char *class, *words;
    } marks[] = {{"active", "installed on its machine"},
                 {"assigned", "given out, no activation seen"},
                 {"returned", "given back, not freed yet"},
                 {"expired", "its license has run out"},
                 {"void", "its license is revoked"},
                 {"disputed", "held by two grants at once"},
                 {"", "no grant"}};
    (void)r;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        html_print(h, "<li><svg viewBox=\"0 0 %u %u\" aria-hidden=\"true\">", CELL, CELL);
        mark(h, 0, 0, marks[i].class);
        html_print(h, "</svg>%s</li>", marks[i].words);
    }
}

static void draw_seat(struct html *h, uint32_t seat, const struct report_grant *g)
{
    char day[CARNET_UTC_SIZE];
    html_print(h, "<g><title>Seat %" PRIu32 ": ", seat);
    if (class_of(g)[0] == '\0') {
        html_raw(h, "no grant");
    } else {
        html_print(h, "%s, ", class_of(g));
        html_text(h, g->label[0] != '\0' ? g->label : "a machine without a label");
        html_print(h, ", since %s", report_day(g->since, day));
        html_print(h, ", until %s", report_day(g->until, day));
    }
    html_raw(h, "</title>");
    mark(h, (seat - 1) % COLUMNS * PITCH, (seat - 1) / COLUMNS * PITCH, class_of(g));
    html_raw(h, "</g>");
}

/* The newest grant of the seat, of those that have it; *place moves on to the next seat. Seats ascend. */
static const struct report_grant *grant_of(const struct report *r, const struct report_license *l, uint32_t seat,
                                           size_t *place)
{
    const struct report_grant *best = NULL;
    for (; *place < l->first + l->count && r->grants.list[*place].seat <= seat; ++*place) {
        const struct report_grant *g = &r->grants.list[*place];
        if (g->seat == seat && (best == NULL || g->state != REPORT_ENDED))
            best = g;
    }
    return best;
}

static void put_map(struct html *h, const struct report *r, const struct report_license *l)
{
    const uint32_t entitled = l->entitlement == REPORT_NONE ? 0 : r->bundles.list[l->entitlement]->values.seats;
    const uint32_t highest = l->count > 0 ? r->grants.list[l->first + l->count - 1].seat : 0;
    const uint32_t all = entitled > highest ? entitled : highest, drawn = all > SEATS_DRAWN ? SEATS_DRAWN : all;
    size_t place = l->first;
    if (drawn == 0)
        return;
    const unsigned columns = drawn < COLUMNS ? drawn : COLUMNS, rows = (drawn + COLUMNS - 1) / COLUMNS;
    html_print(
        h,
        "<svg class=\"map\" role=\"img\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" aria-label=\"Seat map: "
        "%zu of %" PRIu32 " seats held; the table below says by whom\">",
        columns * PITCH, rows * PITCH, columns * PITCH, rows * PITCH, l->living, all);
    for (uint32_t seat = 1; seat <= drawn; seat++)
        draw_seat(h, seat, grant_of(r, l, seat, &place));
    html_raw(h, "</svg>\n");
    if (drawn < all)
        html_print(h, "<p>The map shows the first %" PRIu32 " of %" PRIu32 " seats.</p>\n", drawn, all);
}

/* ---- the chain of trust ---- */

#define BOX_WIDTH 196
#define BOX_HEIGHT 66
#define BOX_GAP 36

struct box {
    const char *head, *class, *state;
    char name[32], low[64];
};

static void put_box(struct html *h, int place, const struct box *b)
{
    const int x = place * (BOX_WIDTH + BOX_GAP) + 1;
    if (place > 0)
        html_print(h, "<path class=\"arrow\" d=\"M%d %dh%d\"/>", x - BOX_GAP + 2, BOX_HEIGHT / 2 + 2, BOX_GAP - 7);
    html_print(h, "<g class=\"%s\"><rect x=\"%d\" y=\"2\" width=\"%d\" height=\"%d\" rx=\"8\"/>", b->class, x,
               BOX_WIDTH - 2, BOX_HEIGHT);
    html_print(h, "<text class=\"head\" x=\"%d\" y=\"22\">%s", x + 12, b->head);
    html_text(h, b->name);
    html_print(h, "</text><text class=\"low\" x=\"%d\" y=\"39\">", x + 12);
    html_text(h, b->low);
    html_print(h, "</text><text class=\"low state\" x=\"%d\" y=\"57\">%s</text></g>", x + 12, b->state);
}

static void key_words(const struct carnet_digest *key, char *out, size_t room)
{
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(key, hex);
    (void)snprintf(out, room, "%.16s...", hex);
}

static void put_chain(struct html *h, const struct report *r, const struct report_license *l)
{
    const struct report_bundle *e = l->entitlement == REPORT_NONE ? NULL : r->bundles.list[l->entitlement];
    const bool proved = e != NULL;
    struct box boxes[] = {
        {.head = "Vendor root", .class = proved ? "good" : "bad", .state = proved ? "trusted" : "not examined"},
        {.head = "Entitlement ", .class = proved ? "good" : "bad", .state = proved ? "verified" : "not examined"},
        {.head = "Issuer",
         .class = proved ? "good" : "bad",
         .state = proved ? "named by the entitlement" : "not examined"},
        {.head = "Machines", .class = "calm", .state = "named in licenses"},
    };
    if (proved) {
        key_words(&e->values.signer, boxes[0].low, sizeof boxes[0].low);
        (void)snprintf(boxes[1].name, sizeof boxes[1].name, "%.13s", l->id);
        (void)snprintf(boxes[1].low, sizeof boxes[1].low, "revision %" PRIu32 ", %" PRIu32 " seat%s",
                       e->values.revision, e->values.seats, e->values.seats == 1 ? "" : "s");
        key_words(&e->values.key, boxes[2].low, sizeof boxes[2].low);
    }
    (void)snprintf(boxes[3].low, sizeof boxes[3].low, "%zu hold a seat, %zu did", l->living, l->count - l->living);
    html_print(h,
               "<div class=\"scroll\"><svg class=\"chain\" role=\"img\" viewBox=\"0 0 900 %d\" aria-label=\"Chain of "
               "trust: vendor root, entitlement, issuer, machines\">",
               BOX_HEIGHT + 4);
    for (int i = 0; i < 4; i++)
        put_box(h, i, &boxes[i]);
    html_raw(h, "</svg></div>\n");
}

/* ---- the table of the seats ---- */

static void cell(struct html *h, const char *class, const char *text)
{
    html_print(h, "<td class=\"%s\">", class);
    html_text(h, text);
    html_raw(h, "</td>");
}

static void grant_row(struct html *h, const struct report *r, const struct report_grant *g)
{
    static const char *const classes[REPORT_STATES] = {"calm", "good", "warn", "", "", "bad"};
    char day[CARNET_UTC_SIZE], hex[CARNET_HEX_SIZE];
    carnet_digest_hex(&g->key, hex);
    html_print(h, "<tr><td class=\"n\">%" PRIu32 "</td><td><span class=\"b %s\">%s</span></td><td class=\"w\">",
               g->seat, g->disputed ? "bad" : classes[g->state],
               g->disputed ? "disputed" : report_state_name(g->state));
    html_text(h, g->label);
    html_raw(h, "</td>");
    html_print(h, "<td class=\"t\"><code title=\"%s\">%.16s</code></td>", hex, hex);
    cell(h, "t", report_day(g->since, day));
    cell(h, "t", report_day(g->state == REPORT_ENDED ? g->ended : g->until, day));
    html_print(h, "<td class=\"n\">%" PRIu32 ".%" PRIu32 "</td><td class=\"w\">", g->epoch, g->serial);
    if (g->bundle != REPORT_NONE) {
        const struct report_bundle *b = r->bundles.list[g->bundle];
        html_print(h, "<a href=\"#f%zu\">", b->file);
        html_raw(h, b->copies > 0 ? "license" : "inside another file");
        html_raw(h, "</a>");
    } else {
        html_raw(h, "journal only");
    }
    html_raw(h, "</td></tr>\n");
}

static void put_seats(struct html *h, const struct report *r, const struct report_license *l)
{
    html_raw(h, "<div class=\"scroll\"><table class=\"data\"><caption>Seats of ");
    html_text(h, l->id);
    html_raw(
        h,
        "</caption><thead><tr><th scope=\"col\" class=\"n\">Seat</th><th scope=\"col\" data-filter>State</th><th "
        "scope=\"col\">Machine</th><th scope=\"col\">Key</th><th scope=\"col\">Since</th><th scope=\"col\">Until, or "
        "ended</th><th scope=\"col\" class=\"n\">Epoch.serial</th><th scope=\"col\">Told "
        "by</th></tr></thead><tbody>\n");
    for (size_t i = l->first; i < l->first + l->count; i++)
        grant_row(h, r, &r->grants.list[i]);
    html_raw(h, "</tbody></table></div>\n");
}

static void put_about(struct html *h, const struct report *r, const struct report_license *l)
{
    char hex[CARNET_HEX_SIZE], day[CARNET_UTC_SIZE];
    if (l->entitlement == REPORT_NONE) {
        carnet_digest_hex(&l->vendor, hex);
        html_print(h, "<p>Vendor %.16s. No entitlement was among what was examined.</p>\n", hex);
        return;
    }
    const struct report_bundle *e = r->bundles.list[l->entitlement];
    html_raw(h, "<p>");
    html_text(h, e->vendor);
    html_raw(h, " sold ");
    html_text(h, e->values.product);
    if (e->values.edition[0] != '\0') {
        html_raw(h, " ");
        html_text(h, e->values.edition);
    }
    html_raw(h, " to ");
    html_text(h, e->licensee);
    html_print(h, ": %" PRIu32 " seat%s, offline use %s, ", e->values.seats, e->values.seats == 1 ? "" : "s",
               facts_word_name((enum facts_word)e->values.word));
    if (e->values.not_after == CARNET_NEVER)
        html_raw(h, "without an end");
    else
        html_print(h, "until %s", report_day(e->values.not_after, day));
    html_print(h, " (revision %" PRIu32 ").</p>\n", e->values.revision);
}

void html_put_licenses(struct html *h, const struct report *r)
{
    if (r->licenses.count == 0)
        html_raw(h, "<p class=\"none plainly\">No verified file is about a license.</p>");
    for (size_t i = 0; i < r->licenses.count; i++) {
        const struct report_license *l = &r->licenses.list[i];
        html_raw(h, "<article class=\"card\"><h3>");
        html_text(h, l->id);
        html_raw(h, "</h3>\n");
        put_about(h, r, l);
        put_chain(h, r, l);
        put_map(h, r, l);
        if (l->count > 0)
            put_seats(h, r, l);
        html_raw(h, "</article>\n");
    }
}

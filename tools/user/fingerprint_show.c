/* SPDX-License-Identifier: MIT */
#include "fingerprint_show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VALUE_SHOWN 44

enum carnet_err fingerprint_vendor_pinned(struct cli *cli, const struct carnet_state *state,
                                          const struct carnet_digest *vendor)
{
    const struct carnet_anchors *anchors = carnet_state_anchors(state);
    for (size_t i = 0; i < anchors->count; i++)
        if (carnet_digest_equal(&anchors->list[i].vendor, vendor))
            return CARNET_OK;
    char hex[CARNET_HEX_SIZE];
    carnet_digest_hex(vendor, hex);
    carnet_fail(cli_diag(cli), CARNET_NOT_FOUND, "T-1", "The vendor %s is not trusted on this machine yet.", hex);
    return carnet_fail_next(cli_diag(cli),
                            "Get the vendor's root key and its id, then run 'carnet-user trust add root.pem'.");
}

/* One line of the table: to standard output for --preview, else beside the data. */
static void CARNET_PRINTF(2, 3) line(struct cli *cli, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cli_flag(cli, "preview"))
        cli_data(cli, "%s\n", text);
    else
        cli_note(cli, "%s\n", text);
}

static const char *fate_words(enum carnet_fate fate)
{
    switch (fate) {
    case CARNET_FATE_LEAVES:
        return "";
    case CARNET_FATE_OMITTED:
        return "  (left out)";
    case CARNET_FATE_FORBIDDEN:
        return "  (kept here by the site's policy)";
    }
    return "";
}

static json_t *value_json(const struct carnet_machine_value *value, enum carnet_fate fate,
                          const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    if (digest != NULL)
        carnet_digest_hex(digest, hex);
    return json_pack("{s:s,s:o*,s:o*,s:b,s:s*,s:s*}", "fact", carnet_fact_name(value->name), "value",
                     cli_json_text(value->value), "source", cli_json_text(value->source), "leaves",
                     fate == CARNET_FATE_LEAVES, "kept", fate == CARNET_FATE_FORBIDDEN ? "policy" : NULL, "digest",
                     digest == NULL ? NULL : hex);
}

static void show_digest(struct cli *cli, const struct carnet_digest *digest)
{
    char hex[CARNET_HEX_SIZE];
    if (digest == NULL)
        return;
    carnet_digest_hex(digest, hex);
    line(cli, "  %-13s %s%s%s", "", cli_style(cli, "dim"), hex, cli_style(cli, "off"));
}

static json_t *show_values(struct cli *cli, const struct carnet_fingerprint_view *view)
{
    const struct carnet_machine *m = &view->machine;
    json_t *values = json_array();
    for (uint32_t i = 0; i < m->count; i++) {
        const struct carnet_machine_value *value = &m->values[i];
        const bool leaves = view->facts[i].fate == CARNET_FATE_LEAVES;
        const struct carnet_digest *digest = leaves && view->facts[i].has_digest ? &view->facts[i].digest : NULL;
        char shown[VALUE_SHOWN], source[CARNET_MACHINE_SOURCE_SIZE];
        carnet_text_escape(value->value, strlen(value->value), shown, sizeof(shown));
        carnet_text_escape(value->source, strlen(value->source), source, sizeof(source));
        line(cli, "  %-13s %-*s %s%s", carnet_fact_name(value->name), VALUE_SHOWN - 1, shown, source,
             fate_words(view->facts[i].fate));
        if (leaves)
            show_digest(cli, digest);
        if (values != NULL)
            (void)json_array_append_new(values, value_json(value, view->facts[i].fate, digest));
    }
    return values;
}

static void show_absent(struct cli *cli, const struct carnet_fingerprint_view *view)
{
    const struct carnet_machine *m = &view->machine;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        const char *name = carnet_fact_name((enum carnet_fact_name)i);
        if (m->presence[i] == CARNET_FACT_UNREADABLE && view->checker[0] != '\0')
            line(cli, "  %-13s (not readable for %s, who will check: left out; --system takes it)", name,
                 view->checker);
        else if (m->presence[i] != CARNET_FACT_PRESENT)
            line(cli, "  %-13s %s", name,
                 m->presence[i] == CARNET_FACT_UNREADABLE ? "(not readable as this user: left out)"
                                                          : "(not there: left out)");
    }
}

static json_t *show_user(struct cli *cli, const struct carnet_fingerprint_view *view)
{
    static const char *const words[] = {
        [CARNET_FATE_LEAVES] = "the license will be fixed to this user",
        [CARNET_FATE_OMITTED] = "(left out: the license will work for every user)",
        [CARNET_FATE_FORBIDDEN] = "(kept here by the site's policy: the license will work for every user)",
    };
    const bool leaves = view->user_fate == CARNET_FATE_LEAVES;
    char user[VALUE_SHOWN], hex[CARNET_HEX_SIZE];
    carnet_text_escape(view->user, strlen(view->user), user, sizeof(user));
    line(cli, "  %-13s %-*s %s", "user", VALUE_SHOWN - 1, user, words[view->user_fate]);
    if (leaves)
        show_digest(cli, view->has_secret ? &view->fingerprint.user : NULL);
    carnet_digest_hex(&view->fingerprint.user, hex);
    return json_pack("{s:o*,s:b,s:s*}", "value", cli_json_text(view->user), "leaves", leaves, "digest",
                     leaves && view->has_secret ? hex : NULL);
}

/* What leaving facts out does to matching. */
static json_t *show_matching(struct cli *cli, const struct carnet_fingerprint_view *view,
                             const struct carnet_matching *matching, bool usual)
{
    const char *weights = usual ? "the usual weights" : "the weights of the license installed here";
    uint32_t points = 0, out = 0;
    char names[256] = "";
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++) {
        bool leaves = false;
        for (uint32_t k = 0; k < view->fingerprint.facts.count && !leaves; k++)
            leaves = view->fingerprint.facts.list[k].name == (enum carnet_fact_name)i;
        if (leaves) {
            points += matching->points[i];
        } else if (view->machine.presence[i] == CARNET_FACT_PRESENT) {
            size_t used = strlen(names);
            (void)snprintf(names + used, sizeof(names) - used, "%s%s (%u)", used > 0 ? ", " : "",
                           carnet_fact_name((enum carnet_fact_name)i), matching->points[i]);
            out += matching->points[i];
        }
    }
    const uint32_t spare = points - (matching->threshold * points + 99) / 100;
    const uint32_t whole = points + out - (matching->threshold * (points + out) + 99) / 100;
    line(cli, "%sMatching%s, by %s: %u points; %u of them may change before the license stops.", cli_style(cli, "bold"),
         cli_style(cli, "off"), weights, points, spare);
    if (names[0] != '\0')
        line(cli, "  Without %s: with them it were %u points, and %u might change.", names, points + out, whole);
    return json_pack("{s:s,s:i,s:i,s:i,s:i}", "weights", usual ? "usual" : "license", "threshold",
                     (int)matching->threshold, "points", (int)points, "left-out", (int)out, "spare", (int)spare);
}

static json_t *show_clear(struct cli *cli, const struct carnet_fingerprint *f)
{
    json_t *products = json_array();
    char vendor[CARNET_HEX_SIZE], label[VALUE_SHOWN];
    line(cli, "%sLeaves in the clear:%s", cli_style(cli, "bold"), cli_style(cli, "off"));
    carnet_digest_hex(&f->vendor, vendor);
    line(cli, "  %-13s %s", "vendor", vendor);
    line(cli, "  %-13s %s", "purpose", f->renew ? "renew" : "new");
    for (uint32_t i = 0; i < f->product_count; i++) {
        line(cli, "  %-13s %s %s", "product", f->products[i].id, f->products[i].version);
        if (products != NULL)
            (void)json_array_append_new(products,
                                        json_pack("{s:s,s:s*}", "product", f->products[i].id, "version",
                                                  f->products[i].version[0] == '\0' ? NULL : f->products[i].version));
    }
    for (uint32_t i = 0; i < f->renew_count; i++) {
        char grant[CARNET_HEX_SIZE];
        carnet_digest_hex(&f->renews[i].fingerprint, grant);
        line(cli, "  %-13s %s %s", "renews", f->renews[i].license, grant);
    }
    if (f->label[0] != '\0')
        line(cli, "  %-13s %s", "label", carnet_text_escape(f->label, strlen(f->label), label, sizeof(label)));
    line(cli, "  %-13s %s", "virtual", f->virtual_system);
    line(cli, "  %-13s %s", "container", f->container_system);
    line(cli, "  %-13s %s", "and",
         "the time, a random number, this file's number, the id of the one before, the last journal position seen, the "
         "machine's public key");
    return products;
}

void fingerprint_show(struct cli *cli, const struct carnet_fingerprint_view *view,
                      const struct carnet_matching *matching, bool usual_weights)
{
    const struct carnet_fingerprint *f = &view->fingerprint;
    line(cli, "%sLeaves as keyed digests only%s (the values stay on this screen):", cli_style(cli, "bold"),
         cli_style(cli, "off"));
    json_t *values = show_values(cli, view);
    json_t *user = show_user(cli, view);
    show_absent(cli, view);
    if (!view->has_secret)
        line(cli, "  %-13s %s", "(no digest)",
             "it is made with the machine's secret, which the first fingerprint makes and shows");
    json_t *points = show_matching(cli, view, matching, usual_weights);
    json_t *products = show_clear(cli, f);
    json_t *renews = f->renew ? json_array() : NULL;
    for (uint32_t i = 0; i < f->renew_count; i++)
        (void)json_array_append_new(renews, json_string(f->renews[i].license));
    if (renews != NULL)
        cli_set(cli, "renews", renews);
    cli_set(cli, "preview",
            json_pack("{s:o*,s:o*,s:s*,s:s,s:s,s:s,s:o*,s:o*,s:s*}", "facts", values, "user", user, "label",
                      f->label[0] == '\0' ? NULL : f->label, "purpose", f->renew ? "renew" : "new", "virtual",
                      f->virtual_system, "container", f->container_system, "products", products, "matching", points,
                      "checker", view->checker[0] == '\0' ? NULL : view->checker));
}

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

static bool is_omitted(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli_values(cli, "omit"); i++)
        if (strcmp(cli_value_at(cli, "omit", i), name) == 0)
            return true;
    return false;
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

static json_t *value_json(const struct carnet_machine_value *value, const struct carnet_digest *digest, bool omitted)
{
    char hex[CARNET_HEX_SIZE];
    if (digest != NULL)
        carnet_digest_hex(digest, hex);
    return json_pack("{s:s,s:o*,s:o*,s:b,s:s*}", "fact", carnet_fact_name(value->name), "value",
                     cli_json_text(value->value), "source", cli_json_text(value->source), "leaves", !omitted, "digest",
                     digest == NULL ? NULL : hex);
}

static void show_values(struct cli *cli, const struct fingerprint_view *view, json_t *values)
{
    const struct carnet_machine *m = view->machine;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct carnet_machine_value *value = &m->values[i];
        const char *name = carnet_fact_name(value->name);
        bool omitted = is_omitted(cli, name);
        char shown[VALUE_SHOWN], source[CARNET_MACHINE_SOURCE_SIZE];
        carnet_text_escape(value->value, strlen(value->value), shown, sizeof(shown));
        carnet_text_escape(value->source, strlen(value->source), source, sizeof(source));
        line(cli, "  %-13s %-*s %s%s", name, VALUE_SHOWN - 1, shown, source, omitted ? "  (left out)" : "");
        if (cli_flag(cli, "preview") && view->has_digests && !omitted) {
            char hex[CARNET_HEX_SIZE];
            carnet_digest_hex(&view->digests[i], hex);
            line(cli, "  %-13s %s%s%s", "", cli_style(cli, "dim"), hex, cli_style(cli, "off"));
        }
        if (values != NULL)
            (void)json_array_append_new(
                values, value_json(value, omitted || !view->has_digests ? NULL : &view->digests[i], omitted));
    }
}

static void show_absent(struct cli *cli, const struct carnet_machine *m)
{
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        if (m->presence[i] != CARNET_FACT_PRESENT)
            line(cli, "  %-13s %s", carnet_fact_name((enum carnet_fact_name)i),
                 m->presence[i] == CARNET_FACT_UNREADABLE ? "(not readable as this user: left out)"
                                                          : "(not there: left out)");
}

void fingerprint_show(struct cli *cli, const struct fingerprint_view *view)
{
    const struct carnet_fingerprint *f = view->fingerprint;
    json_t *values = json_array();
    char user[VALUE_SHOWN];
    line(cli, "%sLeaves as keyed digests only%s (the values stay on this screen):", cli_style(cli, "bold"),
         cli_style(cli, "off"));
    show_values(cli, view, values);
    carnet_text_escape(view->user, strlen(view->user), user, sizeof(user));
    line(cli, "  %-13s %-*s %s", "user", VALUE_SHOWN - 1, user,
         f->has_user ? "the license will be fixed to this user" : "(left out: the license will work for every user)");
    show_absent(cli, view->machine);
    line(cli, "%sLeaves in the clear:%s", cli_style(cli, "bold"), cli_style(cli, "off"));
    char vendor[CARNET_HEX_SIZE], label[VALUE_SHOWN];
    carnet_digest_hex(&f->vendor, vendor);
    line(cli, "  %-13s %s", "vendor", vendor);
    for (uint32_t i = 0; i < f->product_count; i++)
        line(cli, "  %-13s %s %s", "product", f->products[i].id, f->products[i].version);
    for (uint32_t i = 0; i < f->renew_count; i++) {
        char fingerprint[CARNET_HEX_SIZE];
        carnet_digest_hex(&f->renews[i].fingerprint, fingerprint);
        line(cli, "  %-13s %s %s", "renews", f->renews[i].license, fingerprint);
    }
    if (f->label[0] != '\0')
        line(cli, "  %-13s %s", "label", carnet_text_escape(f->label, strlen(f->label), label, sizeof(label)));
    line(cli, "  %-13s %s", "virtual", f->virtual_system);
    line(cli, "  %-13s %s", "container", f->container_system);
    line(cli, "  %-13s %s", "and",
         "the time, a random number, this file's number, the id of the one before, the last journal position seen, the "
         "machine's public key");
    cli_set(cli, "preview",
            json_pack("{s:o*,s:{s:s,s:b},s:s*,s:s,s:s}", "facts", values, "user", "value", user, "leaves", f->has_user,
                      "label", f->label[0] == '\0' ? NULL : f->label, "virtual", f->virtual_system, "container",
                      f->container_system));
    json_t *renews = f->renew ? json_array() : NULL;
    for (uint32_t i = 0; i < f->renew_count; i++)
        (void)json_array_append_new(renews, json_string(f->renews[i].license));
    if (renews != NULL)
        cli_set(cli, "renews", renews);
}

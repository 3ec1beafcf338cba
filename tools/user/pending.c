/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include <stdio.h>

#include "common/io.h"

enum carnet_err user_hand_out(struct cli *cli, const struct carnet_state *state, const struct carnet_buffer *bundle,
                              json_t *told)
{
    struct carnet_reading *reading = NULL;
    char label[CARNET_SENT_LABEL_SIZE], hex[CARNET_HEX_SIZE];
    const struct carnet_read_options options = {.anchors = carnet_state_anchors(state)};
    enum carnet_err err = carnet_reading_open(bundle->bytes, bundle->size, &options, &reading, cli_diag(cli));
    if (err == CARNET_OK) {
        carnet_sent_label(reading, label);
        const struct cli_output output = {
            .kind = carnet_reading_kind(reading),
            .label = label,
            .id = *carnet_judged_id(carnet_reading_judged(reading)),
            .bytes = bundle->bytes,
            .size = bundle->size,
            .told = told,
        };
        carnet_digest_hex(&output.id, hex);
        if (told != NULL)
            (void)json_object_set_new(told, "id", json_string(hex));
        else
            cli_set(cli, "id", json_string(hex));
        err = cli_output_write(cli, &output);
        if (err == CARNET_OK && !cli_dry_run(cli))
            carnet_state_handed(state, reading, carnet_utc_now());
    }
    carnet_reading_free(reading);
    return err;
}

/* What writes it again. Several vendors are told apart by the beginning of their ids. */
static void command_of(const struct carnet_state *state, const struct carnet_pending *p, char *out, size_t room)
{
    char hex[CARNET_HEX_SIZE], vendor[32] = "";
    if (carnet_state_anchors(state)->count > 1) {
        carnet_digest_hex(&p->vendor, hex);
        (void)snprintf(vendor, sizeof vendor, " --vendor %.8s", hex);
    }
    if (p->kind == CARNET_KIND_FINGERPRINT)
        (void)snprintf(out, room, "carnet-user fingerprint --again%s", vendor);
    else if (p->kind == CARNET_KIND_CLOCKREQUEST)
        (void)snprintf(out, room, "carnet-user doctor --clock%s", vendor);
    else
        (void)snprintf(out, room, "carnet-user %s %s%s", p->kind == CARNET_KIND_RELEASE ? "release" : "activate",
                       p->grant.license, vendor);
}

/* "the fingerprint for cad", "the release of CAD-1, seat 2". */
static void subject_of(const struct carnet_pending *p, char *out, size_t room)
{
    const struct carnet_fingerprint *f = p->fingerprint;
    const char *about = f == NULL              ? p->grant.license
                        : f->renew             ? f->renews[0].license
                        : f->product_count > 0 ? f->products[0].id
                                               : "";
    const uint32_t more = f == NULL              ? 0
                          : f->renew             ? f->renew_count - 1
                          : f->product_count > 0 ? f->product_count - 1
                                                 : 0;
    int length = snprintf(out, room, "the %s%s%s",
                          p->kind == CARNET_KIND_CLOCKREQUEST ? "clock request" : carnet_kind_get(p->kind)->name,
                          about[0] == '\0' ? ""
                          : f == NULL      ? " of "
                          : f->renew       ? " that renews "
                                           : " for ",
                          about);
    if (more > 0)
        (void)snprintf(out + length, room - (size_t)length, " and %u more", more);
    else if (p->license != NULL)
        (void)snprintf(out + length, room - (size_t)length, ", seat %u", p->license->grant.seat);
}

static const char *answer_of(enum carnet_kind_id kind)
{
    return kind == CARNET_KIND_RELEASE        ? ", and activate the receipt that comes back"
           : kind == CARNET_KIND_CLOCKREQUEST ? ", and activate the clock that comes back"
           : kind == CARNET_KIND_FINGERPRINT  ? ", and activate the license that comes back"
                                              : ": it says that the license arrived";
}

bool user_pending_words(const struct carnet_state *state, const struct carnet_pending *p, char *out, size_t room)
{
    char subject[192], command[192], when[64] = "was not written out yet";
    const bool handed = p->handed != CARNET_NOT_HANDED;
    if (p->err != CARNET_OK || (p->kind == CARNET_KIND_ACTIVATION && handed))
        return false;
    if (handed) {
        char time[CARNET_UTC_SIZE];
        carnet_utc_format(p->handed, time);
        (void)snprintf(when, sizeof when, "written on %.10s", time);
    }
    subject_of(p, subject, sizeof subject);
    command_of(state, p, command, sizeof command);
    (void)snprintf(out, room, "Take %s to your administrator%s (%s; '%s' writes it%s).", subject, answer_of(p->kind),
                   when, command, handed ? " again" : "");
    return true;
}

json_t *user_pending_json(const struct carnet_state *state, const struct carnet_pending *p)
{
    char vendor[CARNET_HEX_SIZE], id[CARNET_HEX_SIZE], handed[CARNET_UTC_SIZE], command[192];
    carnet_digest_hex(&p->vendor, vendor);
    carnet_digest_hex(&p->id, id);
    if (p->handed != CARNET_NOT_HANDED)
        carnet_utc_format(p->handed, handed);
    command_of(state, p, command, sizeof command);
    json_t *object = json_pack("{s:s,s:s,s:i,s:s*,s:s,s:s*,s:s}", "kind", carnet_kind_get(p->kind)->name, "vendor",
                               vendor, "sequence", (int)p->sequence, "id", p->err == CARNET_OK ? id : NULL, "outcome",
                               carnet_outcome_name(p->err), "handed", p->handed != CARNET_NOT_HANDED ? handed : NULL,
                               "command", command);
    if (object == NULL)
        return NULL;
    if (p->license != NULL) {
        (void)json_object_set_new(object, "license", json_string(p->license->grant.license));
        (void)json_object_set_new(object, "seat", json_integer(p->license->grant.seat));
        (void)json_object_set_new(object, "product", json_string(p->license->product));
    } else if (p->grant.license[0] != '\0') {
        (void)json_object_set_new(object, "license", json_string(p->grant.license));
    }
    json_t *products = p->fingerprint == NULL ? NULL : json_array(),
           *renews = p->fingerprint == NULL ? NULL : json_array();
    for (uint32_t i = 0; products != NULL && i < p->fingerprint->product_count; i++)
        (void)json_array_append_new(products, json_string(p->fingerprint->products[i].id));
    for (uint32_t i = 0; renews != NULL && i < p->fingerprint->renew_count; i++)
        (void)json_array_append_new(renews, json_string(p->fingerprint->renews[i].license));
    if (products != NULL)
        (void)json_object_set_new(object, "products", products);
    if (renews != NULL)
        (void)json_object_set_new(object, "renews", renews);
    return object;
}

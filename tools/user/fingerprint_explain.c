/* SPDX-License-Identifier: MIT */
/* fingerprint --explain FILE: what the digests of a fingerprint stand for, on the machine that made it. */
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "fingerprint_show.h"
#include "machine/people.h"

struct explanation {
    struct cli *cli;
    const struct carnet_fingerprint *fingerprint;
    const struct carnet_machine *machine;
    const uint8_t *secret;
    json_t *facts;
};

/* The value of this machine whose digest it is, or NULL. */
static const struct carnet_machine_value *find_value(const struct explanation *x, const struct carnet_fact *fact)
{
    struct carnet_digest digest;
    for (uint32_t i = 0; i < x->machine->count; i++) {
        const struct carnet_machine_value *value = &x->machine->values[i];
        if (value->name == fact->name &&
            carnet_machine_digest(carnet_fact_name(fact->name), value->value, &x->fingerprint->vendor, x->secret,
                                  &digest) == CARNET_OK &&
            carnet_digest_equal(&digest, &fact->digest))
            return value;
    }
    return NULL;
}

static const char *why_not(const struct carnet_machine *machine, enum carnet_fact_name name)
{
    switch (machine->presence[name]) {
    case CARNET_FACT_UNREADABLE:
        return "unreadable";
    case CARNET_FACT_MISSING:
        return "missing";
    case CARNET_FACT_PRESENT:
        break;
    }
    return "changed";
}

static void explain_fact(const struct explanation *x, const struct carnet_fact *fact)
{
    const struct carnet_machine_value *value = find_value(x, fact);
    const char *name = carnet_fact_name(fact->name),
               *state = value != NULL ? "matches" : why_not(x->machine, fact->name);
    char hex[CARNET_HEX_SIZE], shown[CARNET_MACHINE_VALUE_SIZE], source[CARNET_MACHINE_SOURCE_SIZE];
    carnet_digest_hex(&fact->digest, hex);
    if (value != NULL) {
        carnet_text_escape(value->value, strlen(value->value), shown, sizeof(shown));
        carnet_text_escape(value->source, strlen(value->source), source, sizeof(source));
        cli_data(x->cli, "  %-13s %s\n  %-13s %s   %s\n", name, hex, "", shown, source);
    } else {
        cli_data(x->cli, "  %-13s %s\n  %-13s (%s: no value that is read here now has this digest)\n", name, hex, "",
                 state);
    }
    if (x->facts != NULL)
        (void)json_array_append_new(x->facts,
                                    json_pack("{s:s,s:s,s:s,s:o*,s:o*}", "fact", name, "digest", hex, "state", state,
                                              "value", value == NULL ? NULL : cli_json_text(value->value), "source",
                                              value == NULL ? NULL : cli_json_text(value->source)));
}

struct user_search {
    const struct explanation *x;
    char value[CARNET_MACHINE_VALUE_SIZE];
    bool found;
};

static bool is_user(struct user_search *search, const char *login)
{
    const struct carnet_fingerprint *f = search->x->fingerprint;
    struct carnet_digest digest;
    search->found = carnet_machine_user(login, search->value, NULL) == CARNET_OK &&
                    carnet_machine_digest("user", search->value, &f->vendor, search->x->secret, &digest) == CARNET_OK &&
                    carnet_digest_equal(&digest, &f->user);
    return search->found;
}

static bool try_login(void *context, const char *login)
{
    return is_user(context, login);
}

/* Which of this machine's users it is fixed to. */
static json_t *explain_user(const struct explanation *x)
{
    struct user_search search = {.x = x};
    char hex[CARNET_HEX_SIZE], shown[CARNET_MACHINE_VALUE_SIZE];
    if (!x->fingerprint->has_user) {
        cli_data(x->cli, "  %-13s (left out)\n", "user");
        return NULL;
    }
    if (!is_user(&search, NULL))
        carnet_person_each(try_login, &search);
    carnet_digest_hex(&x->fingerprint->user, hex);
    cli_data(x->cli, "  %-13s %s\n  %-13s %s\n", "user", hex, "",
             search.found ? carnet_text_escape(search.value, strlen(search.value), shown, sizeof(shown))
                          : "(no user of /etc/passwd has this digest)");
    return json_pack("{s:s,s:o*}", "digest", hex, "value", search.found ? cli_json_text(search.value) : NULL);
}

/* Only the machine's secret tells what a digest stands for, and it is the one beside the key that signed the file. */
static enum carnet_err must_be_ours(struct cli *cli, const struct carnet_state *state,
                                    const struct carnet_judged *judged, const struct carnet_digest *vendor)
{
    struct carnet_digest key;
    enum carnet_err err = carnet_state_machine_id(state, vendor, &key, cli_diag(cli));
    if (err == CARNET_OK && carnet_digest_equal(&key, carnet_judged_signer(judged)))
        return CARNET_OK;
    if (err != CARNET_OK && err != CARNET_NOT_FOUND)
        return err;
    carnet_fail(cli_diag(cli), CARNET_WRONG_MACHINE, "M-1",
                "This fingerprint was not made with this machine's key: its digests can't be told here.");
    return carnet_fail_next(cli_diag(cli), "Explain it on the machine that made it, as the user who made it "
                                           "('carnet-inspect show' says what is in it in the clear).");
}

static enum carnet_err explain(struct cli *cli, const struct carnet_state *state, const struct carnet_judged *judged,
                               struct carnet_machine *machine)
{
    const struct carnet_fingerprint *f = carnet_document_fingerprint(carnet_judged_document(judged));
    uint8_t secret[CARNET_MACHINE_SECRET_SIZE];
    struct explanation x = {.cli = cli, .fingerprint = f, .machine = machine, .secret = secret};
    char hex[CARNET_HEX_SIZE];
    enum carnet_err err = must_be_ours(cli, state, judged, &f->vendor);
    if (err == CARNET_OK)
        err = carnet_state_secret(state, &f->vendor, secret, cli_diag(cli));
    if (err == CARNET_OK)
        err = carnet_machine_read(machine, cli_diag(cli));
    if (err == CARNET_OK) {
        carnet_digest_hex(carnet_judged_id(judged), hex);
        cli_data(cli, "Fingerprint %s, made by this machine:\n", hex);
        x.facts = json_array();
        for (uint32_t i = 0; i < f->facts.count; i++)
            explain_fact(&x, &f->facts.list[i]);
        json_t *user = explain_user(&x);
        cli_set(cli, "id", json_string(hex));
        cli_set(cli, "explained", json_pack("{s:o*,s:o*}", "facts", x.facts, "user", user));
    }
    explicit_bzero(secret, sizeof(secret));
    return err;
}

enum carnet_err fingerprint_explain(struct cli *cli, const char *file)
{
    struct carnet_state *state = NULL;
    struct carnet_machine *machine = malloc(sizeof(*machine));
    struct cli_bundle bundle = {0};
    enum carnet_err err = machine == NULL
                              ? carnet_fail(cli_diag(cli), CARNET_NO_MEMORY, "", "There is not enough memory.")
                              : user_state_open(cli, false, &state);
    if (err == CARNET_OK) {
        const struct carnet_read_options options = {
            .anchors = carnet_state_anchors(state),
            .expected = CARNET_KIND_BIT(CARNET_KIND_FINGERPRINT),
        };
        err = cli_bundle_read(cli, file, &options, &bundle);
    }
    if (err == CARNET_OK)
        err = explain(cli, state, carnet_reading_judged(bundle.reading), machine);
    cli_bundle_clear(&bundle);
    carnet_state_close(state);
    free(machine);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* Outcomes as a product sees them, and the words for its dialogs. */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "product/private.h"

/* One table is the other: the public numbers are the programs' exit codes. */
#define SAME(symbol, name, code, meaning, next) \
    _Static_assert((int)CARNET_OUTCOME_##symbol == (code), "carnet.h differs from the table of outcomes: " name);
CARNET_OUTCOMES(SAME)
#undef SAME

_Static_assert(CARNET_ID_ROOM >= CARNET_ID_TEXT_SIZE && CARNET_NAME_ROOM >= CARNET_TEXT_SIZE, "room for ids and names");
_Static_assert(CARNET_DETAIL_ROOM >= sizeof(((struct carnet_diag *)0)->detail) &&
                   CARNET_DETAIL_ROOM >= sizeof(((struct carnet_diag *)0)->next),
               "room for sentences");
_Static_assert(CARNET_NEVER_EXPIRES == CARNET_NEVER, "one never");

enum carnet_outcome carnet_outcome_of(enum carnet_err err)
{
    return (enum carnet_outcome)carnet_outcome_exit(err);
}

static bool err_of(enum carnet_outcome outcome, enum carnet_err *out)
{
    for (unsigned i = 0; i < CARNET_OUTCOME_COUNT; i++) {
        if (carnet_outcome_exit((enum carnet_err)i) == (int)outcome) {
            *out = (enum carnet_err)i;
            return true;
        }
    }
    return false;
}

static const char *translated(const struct carnet *carnet, const char *english)
{
    const char *words =
        carnet == NULL || carnet->translate == NULL ? NULL : carnet->translate(carnet->context, english);
    return words == NULL ? english : words;
}

void carnet_explain(const struct carnet *carnet, enum carnet_outcome outcome, struct carnet_explanation *out)
{
    enum carnet_err err;
    if (!err_of(outcome, &err)) {
        out->name = "unknown";
        out->meaning = translated(carnet, "This outcome is not known.");
        out->advice = translated(carnet, "Update carnet on this machine.");
        return;
    }
    out->name = carnet_outcome_name(err);
    out->meaning = translated(carnet, carnet_outcome_meaning(err));
    out->advice = translated(carnet, carnet_outcome_next(err));
}

/* As it was in 0.1.0, before match_since. What was there then never moves. */
#define FIRST_SIZE offsetof(struct carnet_result, match_since)

bool carnet_result_is_known(const struct carnet_result *result)
{
    return result->size == sizeof(*result) || result->size == FIRST_SIZE;
}

bool carnet_result_begin(struct carnet_result *result)
{
    if (result == NULL || !carnet_result_is_known(result))
        return false;
    const size_t size = result->size;
    memset(result, 0, size);
    result->size = size;
    return true;
}

enum carnet_outcome carnet_tell(const struct carnet *carnet, enum carnet_err err, const struct carnet_diag *diag,
                                struct carnet_result *result)
{
    enum carnet_outcome outcome = carnet_outcome_of(err);
    if (result == NULL || !carnet_result_is_known(result))
        return outcome;
    result->outcome = outcome;
    carnet_explain(carnet, outcome, &result->words);
    if (err != CARNET_OK && diag != NULL && diag->err == err) {
        (void)snprintf(result->detail, sizeof(result->detail), "%s", diag->detail);
        (void)snprintf(result->next, sizeof(result->next), "%s", diag->next);
    }
    return outcome;
}

static int32_t days_left(int64_t expires, int64_t now)
{
    if (expires == CARNET_NEVER)
        return INT32_MAX;
    int64_t days = expires >= now ? (expires - now) / CARNET_DAY : -1 - (now - expires) / CARNET_DAY;
    return days > INT32_MAX - 1 ? INT32_MAX - 1 : days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

void carnet_result_license(struct carnet_result *result, const struct carnet_license *license,
                           const struct carnet_check *check, int64_t since, int64_t now)
{
    if (result == NULL || license == NULL)
        return;
    memcpy(result->license, license->grant.license, sizeof(license->grant.license));
    memcpy(result->edition, license->edition, sizeof(license->edition));
    memcpy(result->licensee, license->licensee, sizeof(license->licensee));
    memcpy(result->label, license->machine_label, sizeof(license->machine_label));
    result->seat = license->grant.seat;
    result->issued = license->issued;
    result->expires = check->expires;
    result->days_left = days_left(check->expires, now);
    if (!check->has_match)
        return;
    result->match_percent = check->match.percent;
    result->match_threshold = check->match.threshold;
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        result->match_changed +=
            check->match.verdict[i] == CARNET_FACT_CHANGED || check->match.verdict[i] == CARNET_FACT_IS_MISSING;
    carnet_match_words(&check->match, &license->matching, result->match, sizeof(result->match));
    if (result->size > FIRST_SIZE && since != CARNET_NO_DRIFT)
        result->match_since = since;
}

enum carnet_err carnet_give_text(enum carnet_kind_id kind, const struct carnet_buffer *bundle, char *text, size_t room,
                                 struct carnet_diag *diag)
{
    struct carnet_buffer armour = {0};
    enum carnet_err err = carnet_armour_write(carnet_kind_get(kind)->name, bundle->bytes, bundle->size, &armour);
    if (err != CARNET_OK)
        err = carnet_fail(diag, err, "", "There is not enough memory for the text of the file.");
    else if (armour.size >= room)
        err = carnet_fail(diag, CARNET_IO, "", "The file is larger than the product has room for.");
    else
        memcpy(text, armour.bytes, armour.size + 1);
    carnet_buffer_clear(&armour);
    return err;
}

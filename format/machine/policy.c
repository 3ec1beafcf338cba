/* SPDX-License-Identifier: MIT */
#include "machine/policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/settings.h"
#include "machine/people.h"
#include "machine/source.h"

#define EVERYONE "everyone"
#define NEXT_POLICY "Ask who keeps " CARNET_POLICY_FILE " on this machine (spec/policy.md says what may stand in it)."

enum key { KEY_FACTS, KEY_MAKERS, KEY_SYNC, KEY_COUNT };
static const char *const keys[KEY_COUNT] = {"facts-may-leave", "fingerprints-by", "sync-makes-fingerprints"};

struct policy_file {
    struct carnet_policy policy;
    bool seen[KEY_COUNT];
};

static enum carnet_err refuse(struct carnet_diag *diag, unsigned long line, const char *key, const char *value,
                              const char *what)
{
    char shown[96];
    return carnet_fail(diag, CARNET_CONFIGURATION, "", CARNET_POLICY_FILE ", line %lu: '%s' for '%s' is not %s.", line,
                       carnet_text_escape(value, strlen(value), shown, sizeof shown), key, what);
}

/* Takes the next word of a list with commas, in place; NULL after the last. */
static char *next_word(char **rest)
{
    char *word = strsep(rest, ",");
    if (word == NULL)
        return NULL;
    word += strspn(word, " \t");
    size_t length = strlen(word);
    while (length > 0 && (word[length - 1] == ' ' || word[length - 1] == '\t'))
        word[--length] = '\0';
    return word;
}

/* "all", "none", or names of facts and "user". */
static enum carnet_err take_facts(struct carnet_policy *policy, unsigned long line, const char *value,
                                  struct carnet_diag *diag)
{
    char copy[CARNET_POLICY_WHO_SIZE];
    bool all = strcmp(value, "all") == 0;
    if (strlen(value) >= sizeof copy)
        return refuse(diag, line, keys[KEY_FACTS], value, "a list of facts: it is too long");
    memcpy(copy, value, strlen(value) + 1);
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        policy->fact_leaves[i] = all;
    policy->user_leaves = all;
    if (all || strcmp(value, "none") == 0)
        return CARNET_OK;
    char *rest = copy;
    for (const char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        enum carnet_fact_name fact;
        if (strcmp(word, "user") == 0)
            policy->user_leaves = true;
        else if (carnet_fact_find(word, &fact) == CARNET_OK)
            policy->fact_leaves[fact] = true;
        else
            return refuse(diag, line, keys[KEY_FACTS], word,
                          "the name of a fact, 'user', or alone on the line 'all' or 'none'");
    }
    return CARNET_OK;
}

/* "everyone", "root", or logins and @groups. */
static enum carnet_err take_makers(struct carnet_policy *policy, unsigned long line, const char *value,
                                   struct carnet_diag *diag)
{
    char copy[CARNET_POLICY_WHO_SIZE];
    size_t length = 0;
    if (strlen(value) >= sizeof copy)
        return refuse(diag, line, keys[KEY_MAKERS], value, "a list of users and groups: it is too long");
    memcpy(copy, value, strlen(value) + 1);
    char *rest = copy;
    for (const char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        const char *name = word[0] == '@' ? word + 1 : word;
        if (name[0] == '\0' || strpbrk(name, " \t:@") != NULL)
            return refuse(diag, line, keys[KEY_MAKERS], word, "a login name, a @group, or 'everyone'");
        int added =
            snprintf(policy->makers + length, sizeof policy->makers - length, "%s%s", length > 0 ? "," : "", word);
        length += added > 0 ? (size_t)added : 0;
    }
    return CARNET_OK;
}

static enum carnet_err take_setting(void *context, unsigned long line, const char *key, const char *value,
                                    struct carnet_diag *diag)
{
    struct policy_file *file = context;
    unsigned which = 0;
    while (which < KEY_COUNT && strcmp(keys[which], key) != 0)
        which++;
    if (which == KEY_COUNT) {
        char shown[96];
        return carnet_fail(diag, CARNET_CONFIGURATION, "",
                           CARNET_POLICY_FILE ", line %lu: '%s' is not a key of the policy; these are: %s, %s, %s.",
                           line, carnet_text_escape(key, strlen(key), shown, sizeof shown), keys[0], keys[1], keys[2]);
    }
    if (file->seen[which])
        return carnet_fail(diag, CARNET_CONFIGURATION, "", CARNET_POLICY_FILE ", line %lu: '%s' is there twice.", line,
                           keys[which]);
    file->seen[which] = true;
    switch ((enum key)which) {
    case KEY_FACTS:
        return take_facts(&file->policy, line, value, diag);
    case KEY_MAKERS:
        return take_makers(&file->policy, line, value, diag);
    case KEY_SYNC:
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return refuse(diag, line, key, value, "yes or no");
        file->policy.sync_writes = strcmp(value, "yes") == 0;
        return CARNET_OK;
    case KEY_COUNT:
        break;
    }
    return CARNET_BUG;
}

static void allow_all(struct carnet_policy *policy)
{
    *policy = (struct carnet_policy){.user_leaves = true, .sync_writes = true};
    for (unsigned i = 0; i < CARNET_FACT_COUNT; i++)
        policy->fact_leaves[i] = true;
}

static enum carnet_err parse(const uint8_t *text, size_t size, struct carnet_policy *out, struct carnet_diag *diag)
{
    struct policy_file file = {0};
    struct carnet_diag inner = {0};
    allow_all(&file.policy);
    file.policy.is_set = true;
    enum carnet_err err = carnet_settings_parse(text, size, take_setting, &file, &inner);
    if (err == CARNET_OK) {
        if (file.policy.makers[0] == '\0')
            memcpy(file.policy.makers, EVERYONE, sizeof EVERYONE);
        *out = file.policy;
        return CARNET_OK;
    }
    /* The parser knows lines, not files. */
    if (strncmp(inner.detail, CARNET_POLICY_FILE, strlen(CARNET_POLICY_FILE)) != 0)
        (void)carnet_fail(diag, err, "", CARNET_POLICY_FILE ": %s", inner.detail);
    else if (diag != NULL)
        *diag = inner;
    if (diag != NULL)
        diag->line = inner.line;
    if (err == CARNET_CONFIGURATION)
        (void)carnet_fail_next(diag, NEXT_POLICY);
    return err;
}

enum carnet_err carnet_policy_read(struct carnet_policy *out, struct carnet_diag *diag)
{
    size_t size = 0;
    const size_t room = CARNET_SETTINGS_MOST + 1; /* one more, so that a larger file is seen to be larger */
    enum carnet_err err = CARNET_OK;
    uint8_t *text = malloc(room);
    if (text == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read " CARNET_POLICY_FILE ".");
    enum carnet_fact_presence presence = carnet_source_read(CARNET_POLICY_FILE, text, room, &size);
    if (presence == CARNET_FACT_PRESENT) {
        err = parse(text, size, out, diag);
    } else if (presence == CARNET_FACT_UNREADABLE) {
        (void)carnet_fail(diag, CARNET_PERMISSION, "",
                          "The policy " CARNET_POLICY_FILE " can't be read, so nothing may leave this machine.");
        (void)carnet_fail_next(diag, "Ask who keeps it to make it readable for all (chmod a+r).");
        err = CARNET_PERMISSION;
    } else if (carnet_source_exists(CARNET_POLICY_FILE)) {
        (void)carnet_fail(diag, CARNET_CONFIGURATION, "", CARNET_POLICY_FILE " is not a file that can be read.");
        (void)carnet_fail_next(diag, NEXT_POLICY);
        err = CARNET_CONFIGURATION;
    } else {
        allow_all(out);
        memcpy(out->makers, EVERYONE, sizeof EVERYONE);
    }
    free(text);
    return err;
}

enum carnet_err carnet_policy_may_make(const struct carnet_policy *policy, struct carnet_diag *diag)
{
    struct carnet_person person;
    char copy[CARNET_POLICY_WHO_SIZE];
    if (geteuid() == 0 || strcmp(policy->makers, EVERYONE) == 0)
        return CARNET_OK;
    enum carnet_err err = carnet_person_find(NULL, &person, diag);
    if (err != CARNET_OK)
        return err;
    memcpy(copy, policy->makers, sizeof copy);
    char *rest = copy;
    for (const char *word = next_word(&rest); word != NULL; word = next_word(&rest))
        if (strcmp(word, EVERYONE) == 0 ||
            (word[0] == '@' ? carnet_person_is_in(&person, word + 1)
                            : person.login[0] != '\0' && strcmp(word, person.login) == 0))
            return CARNET_OK;
    (void)carnet_fail(diag, CARNET_POLICY_FORBIDS, "", "This site's policy lets only these make fingerprints: %s.",
                      policy->makers);
    (void)carnet_fail_next(diag, NEXT_POLICY);
    return CARNET_POLICY_FORBIDS;
}

enum carnet_err carnet_policy_may_sync(const struct carnet_policy *policy, struct carnet_diag *diag)
{
    if (policy->sync_writes)
        return CARNET_OK;
    (void)carnet_fail(diag, CARNET_POLICY_FORBIDS, "", "This site's policy does not let sync make fingerprints.");
    (void)carnet_fail_next(diag, "Make it with 'carnet-user fingerprint', which shows what leaves. " NEXT_POLICY);
    return CARNET_POLICY_FORBIDS;
}

enum carnet_err carnet_policy_apply(const struct carnet_policy *policy, struct carnet_fingerprint *f,
                                    struct carnet_diag *diag)
{
    uint32_t kept = 0, had = f->facts.count;
    for (uint32_t i = 0; i < had; i++)
        if (policy->fact_leaves[f->facts.list[i].name])
            f->facts.list[kept++] = f->facts.list[i];
    memset(&f->facts.list[kept], 0, (had - kept) * sizeof f->facts.list[0]);
    f->facts.count = kept;
    if (!policy->user_leaves) {
        f->has_user = false;
        f->user = (struct carnet_digest){0};
    }
    if (kept > 0 || had == 0)
        return CARNET_OK;
    (void)carnet_fail(diag, CARNET_POLICY_FORBIDS, "",
                      "This site's policy lets none of this machine's facts leave it, and one is the least.");
    (void)carnet_fail_next(diag, NEXT_POLICY);
    return CARNET_POLICY_FORBIDS;
}

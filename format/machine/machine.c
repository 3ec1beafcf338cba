/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/signature.h"
#include "core/buffer.h"
#include "machine/collect.h"
#include "machine/source.h"

/* Brings a value into its normal form, in place; false when it is none of this fact. */
typedef bool normal_form(char *value);

static bool lower(char *value)
{
    for (char *c = value; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

static bool as_it_is(char *value) // NOLINT(readability-non-const-parameter): a normal_form, like those that change it
{
    (void)value;
    return true;
}

static bool is_machine_id(char *value)
{
    (void)lower(value);
    return strlen(value) == 32 && strspn(value, "0123456789abcdef") == 32;
}

static bool is_uuid(char *value)
{
    (void)lower(value);
    if (strlen(value) != 36)
        return false;
    for (size_t i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? value[i] != '-' : !isxdigit((unsigned char)value[i]))
            return false;
    return true;
}

/* A fact that is the whole content of a file: the first source that gives a value. */
static void read_value(struct carnet_machine *machine, enum carnet_fact_name fact, const char *const *sources,
                       size_t count, normal_form *normal)
{
    char value[CARNET_MACHINE_VALUE_SIZE];
    for (size_t i = 0; i < count; i++) {
        enum carnet_fact_presence presence = carnet_source_text(sources[i], value, sizeof value);
        if (presence == CARNET_FACT_PRESENT && normal(value) && carnet_machine_add(machine, fact, value, sources[i]))
            return;
        /* A worse source is not taken for a better one that may not be read: others of this machine read it. */
        carnet_machine_lacks(machine, fact, presence == CARNET_FACT_UNREADABLE ? presence : CARNET_FACT_MISSING,
                             sources[i]);
        if (presence == CARNET_FACT_UNREADABLE)
            return;
    }
}

/* The value of the first line "key<blanks>: value" of a text. */
static bool find_field(const char *text, const char *key, char *value, size_t room)
{
    size_t length = strlen(key);
    const char *line = text;
    while (line != NULL && *line != '\0') {
        const char *end = line + strcspn(line, "\n");
        if (strncmp(line, key, length) == 0) {
            const char *colon = line + length + strspn(line + length, " \t");
            if (*colon == ':' && carnet_source_clean(colon + 1, (size_t)(end - colon - 1), value, room))
                return true;
        }
        line = *end == '\0' ? NULL : end + 1;
    }
    return false;
}

/* The first of the keys that the text has; "" when none. */
static void find_first(const char *text, const char *const keys[4], char *value, size_t room)
{
    value[0] = '\0';
    for (size_t i = 0; i < 4 && keys[i] != NULL; i++)
        if (find_field(text, keys[i], value, room))
            return;
    value[0] = '\0';
}

/* Maker, family, model, stepping, name; not how many, how fast or with what microcode. */
static void read_cpu(struct carnet_machine *machine)
{
    static const char source[] = "/proc/cpuinfo";
    static const char *const columns[][4] = {
        {"vendor_id", "CPU implementer", "mvendorid", NULL},
        {"cpu family", "CPU architecture", "marchid", NULL},
        {"model", "CPU part", "mimpid", NULL},
        {"stepping", "CPU revision", "revision", NULL},
        {"model name", "Model Name", "cpu", "uarch"},
    };
    char text[16384 + 1], field[96], value[CARNET_MACHINE_VALUE_SIZE] = "";
    size_t size = 0, length = 0;
    bool any = false;

    enum carnet_fact_presence presence = carnet_source_read(source, text, sizeof text - 1, &size);
    carnet_machine_lacks(machine, CARNET_FACT_CPU, presence, source);
    if (presence != CARNET_FACT_PRESENT)
        return;
    text[size] = '\0';
    /* The first processor stands for all. */
    char *blank = strstr(text, "\n\n");
    if (blank != NULL)
        blank[1] = '\0';
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        find_first(text, columns[i], field, sizeof field);
        any = any || field[0] != '\0';
        int added = snprintf(value + length, sizeof value - length, "%s%s", i > 0 ? "/" : "", field);
        length += added > 0 ? (size_t)added : 0;
        /* ARM writes a stepping in two numbers. */
        if (i == 3 && find_field(text, "CPU variant", field, sizeof field)) {
            added = snprintf(value + length, sizeof value - length, ".%s", field);
            length += added > 0 ? (size_t)added : 0;
        }
    }
    if (any)
        (void)carnet_machine_add(machine, CARNET_FACT_CPU, value, source);
}

/* ID of os-release: the first file that is there counts. */
static void read_os(struct carnet_machine *machine)
{
    static const char *const sources[] = {"/etc/os-release", "/usr/lib/os-release"};
    char text[16384 + 1], value[CARNET_MACHINE_VALUE_SIZE];
    size_t size = 0;
    enum carnet_fact_presence presence = CARNET_FACT_MISSING;
    const char *source = sources[0];
    for (size_t i = 0; i < 2 && presence == CARNET_FACT_MISSING; i++) {
        source = sources[i];
        presence = carnet_source_read(source, text, sizeof text - 1, &size);
    }
    carnet_machine_lacks(machine, CARNET_FACT_OS, presence, presence == CARNET_FACT_MISSING ? sources[0] : source);
    if (presence != CARNET_FACT_PRESENT)
        return;
    text[size] = '\0';
    const char *id = strncmp(text, "ID=", 3) == 0 ? text : strstr(text, "\nID=");
    if (id == NULL)
        return;
    id = strchr(id, '=') + 1;
    size_t length = strcspn(id, "\r\n");
    /* Quoted as a shell would. */
    if (length >= 2 && (id[0] == '"' || id[0] == '\'') && id[length - 1] == id[0]) {
        id++;
        length -= 2;
    }
    if (carnet_source_clean(id, length, value, sizeof value) && lower(value) &&
        strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(value))
        (void)carnet_machine_add(machine, CARNET_FACT_OS, value, source);
}

static int compare_values(const void *a, const void *b)
{
    const struct carnet_machine_value *left = a, *right = b;
    if (left->name != right->name)
        return left->name < right->name ? -1 : 1;
    return strcmp(left->value, right->value);
}

/* One small file each. */
static void read_names(struct carnet_machine *machine)
{
    static const char *const machine_id[] = {"/etc/machine-id"};
    static const char *const uuid[] = {"/sys/class/dmi/id/product_uuid", "/sys/hypervisor/uuid"};
    static const char *const board[] = {"/sys/class/dmi/id/board_serial",
                                        "/sys/firmware/devicetree/base/serial-number"};
    static const char *const host[] = {"/proc/sys/kernel/hostname", "/etc/hostname"};
    read_value(machine, CARNET_FACT_MACHINE_ID, machine_id, 1, is_machine_id);
    read_value(machine, CARNET_FACT_SYSTEM_UUID, uuid, 2, is_uuid);
    read_value(machine, CARNET_FACT_BOARD_SERIAL, board, 2, as_it_is);
    read_value(machine, CARNET_FACT_HOST, host, 2, lower);
    read_os(machine);
}

void carnet_machine_read_step(struct carnet_machine *machine, unsigned step)
{
    switch (step) {
    case 0:
        /* All but the values, of which there are none yet. */
        memset(machine, 0, offsetof(struct carnet_machine, values));
        machine->virtual_system[0] = machine->container_system[0] = machine->label[0] = '\0';
        read_names(machine);
        break;
    case 1:
        carnet_machine_read_adapters(machine);
        break;
    case 2:
        carnet_machine_read_disk(machine);
        break;
    default: /* the list of processors is long where they are many, and the TPM takes its time */
        read_cpu(machine);
        carnet_machine_read_tpm(machine);
        break;
    }
}

enum carnet_err carnet_machine_read(struct carnet_machine *out, struct carnet_diag *diag)
{
    struct carnet_machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL)
        return carnet_fail(diag, CARNET_NO_MEMORY, "", "There is not enough memory to read the machine's facts.");
    for (unsigned step = 0; step < CARNET_MACHINE_STEPS; step++)
        carnet_machine_read_step(machine, step);
    carnet_machine_read_systems(machine);
    qsort(machine->values, machine->count, sizeof *machine->values, compare_values);
    *out = *machine;
    free(machine);
    return CARNET_OK;
}

enum carnet_err carnet_machine_digest(const char *name, const char *value, const struct carnet_digest *vendor,
                                      const uint8_t secret[CARNET_MACHINE_SECRET_SIZE], struct carnet_digest *out)
{
    static const char domain[] = "carnet:1:fact:";
    enum carnet_fact_name fact = CARNET_FACT_COUNT;
    bool by_vendor = false;
    if (carnet_fact_find(name, &fact) == CARNET_OK)
        by_vendor = carnet_fact_by_vendor(fact);
    else if (strcmp(name, "user") != 0)
        return CARNET_BUG;
    const struct carnet_piece pieces[] = {
        {domain, sizeof domain - 1},
        {name, strlen(name) + 1}, /* with the zero byte that ends it */
        {value, strlen(value)},
    };
    _Static_assert(CARNET_DIGEST_SIZE == CARNET_MACHINE_SECRET_SIZE, "either is a key of the same size");
    return carnet_hmac_sha256(by_vendor ? vendor->bytes : secret, CARNET_MACHINE_SECRET_SIZE, pieces, 3, out);
}

static int compare_facts(const void *a, const void *b)
{
    const struct carnet_fact *left = a, *right = b;
    if (left->name != right->name)
        return left->name < right->name ? -1 : 1;
    return memcmp(left->digest.bytes, right->digest.bytes, CARNET_DIGEST_SIZE);
}

enum carnet_err carnet_machine_facts(const struct carnet_machine *machine, const struct carnet_digest *vendor,
                                     const uint8_t secret[CARNET_MACHINE_SECRET_SIZE], struct carnet_machine_facts *out)
{
    struct carnet_machine_facts facts = {0};
    memcpy(facts.presence, machine->presence, sizeof facts.presence);
    facts.disk_in_image = machine->disk_in_image;
    for (uint32_t i = 0; i < machine->count; i++) {
        struct carnet_fact *fact = &facts.facts.list[facts.facts.count];
        fact->name = machine->values[i].name;
        enum carnet_err err = carnet_machine_digest(carnet_fact_name(fact->name), machine->values[i].value, vendor,
                                                    secret, &fact->digest);
        if (err != CARNET_OK)
            return err;
        facts.facts.count++;
    }
    qsort(facts.facts.list, facts.facts.count, sizeof *facts.facts.list, compare_facts);
    *out = facts;
    return CARNET_OK;
}

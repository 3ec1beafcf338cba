/* SPDX-License-Identifier: MIT */
/*
 * A tiny product. At its start it asks whether it is licensed, and says what a dialog would say:
 *
 *   product                       works, or says why not and what to do next
 *   product ask FILE [LABEL]      first start: shows what would leave the machine, then writes the fingerprint
 *   product activate FILE         takes the license (or the receipt) that came back
 *   product release FILE          moves on: stops the license, and writes the proof
 *
 * The vendor's id and root key are compiled in: -DVENDOR_ID='"77c6..."' -DVENDOR_ROOT='"-----BEGIN PUBLIC
 * KEY-----\n..."'.
 */
#include <carnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PRODUCT "cad"
#define WARN_DAYS 30

/* A dialog of a real product would have these parts: what is wrong, the details, what to do. */
static int say_no(const struct carnet_result *result)
{
    fprintf(stderr, "%s\n", result->words.meaning);
    if (result->detail[0] != '\0')
        fprintf(stderr, "  %s\n", result->detail);
    fprintf(stderr, "What to do: %s\n", result->next[0] != '\0' ? result->next : result->words.advice);
    return (int)result->outcome;
}

static int run(const struct carnet *carnet, struct carnet_result *result)
{
    char value[CARNET_ID_ROOM], since[16];
    switch (carnet_check(carnet, NULL, result)) {
    case CARNET_OUTCOME_OK:
        break;
    case CARNET_OUTCOME_NO_LICENSE:
        fprintf(stderr, "Welcome. Start with 'product ask FILE', and take that file to your administrator.\n");
        return say_no(result);
    default:
        return say_no(result);
    }
    printf("Licensed to %s, seat %u of %s.\n", result->licensee, (unsigned)result->seat, result->license);
    if (result->days_left <= WARN_DAYS)
        printf("The license ends in %d days: ask your administrator to renew it.\n", (int)result->days_left);
    if (result->match_changed > 0)
        printf("This machine has changed since the license was made: %s.\n", result->match);
    if (result->match_since != 0 && strftime(since, sizeof(since), "%F", gmtime(&(time_t){result->match_since})) > 0)
        printf("That was first seen on %s: ask your administrator to renew the license.\n", since);
    printf("Export: %s\n", carnet_feature(carnet, "export", value, sizeof(value)) == CARNET_OUTCOME_OK ? "yes" : "no");
    return 0;
}

static int write_text(const char *file, const char *text)
{
    FILE *stream = fopen(file, "wx");
    if (stream == NULL || fputs(text, stream) == EOF) {
        perror(file);
        return 74;
    }
    return fclose(stream) == 0 ? 0 : 74;
}

static int ask(const struct carnet *carnet, const char *file, const char *label, char *text,
               struct carnet_result *result)
{
    if (carnet_fingerprint(carnet, CARNET_PREVIEW, label, text, CARNET_FILE_ROOM, result) != CARNET_OUTCOME_OK)
        return say_no(result);
    printf("This will leave the machine:\n%s", text);
    if (carnet_fingerprint(carnet, CARNET_MAKE, label, text, CARNET_FILE_ROOM, result) != CARNET_OUTCOME_OK)
        return say_no(result);
    return write_text(file, text);
}

static int activate(const struct carnet *carnet, const char *file, struct carnet_result *result)
{
    static char bytes[4 * 1024 * 1024];
    FILE *stream = fopen(file, "rb");
    if (stream == NULL) {
        perror(file);
        return 66;
    }
    size_t size = fread(bytes, 1, sizeof(bytes), stream);
    fclose(stream);
    if (carnet_activate(carnet, bytes, size, result) != CARNET_OUTCOME_OK)
        return say_no(result);
    printf("Activated.\n");
    return 0;
}

static int release(const struct carnet *carnet, const char *file, char *text, struct carnet_result *result)
{
    if (carnet_release(carnet, text, CARNET_FILE_ROOM, result) != CARNET_OUTCOME_OK)
        return say_no(result);
    return write_text(file, text);
}

int main(int argc, char **argv)
{
    const struct carnet_setup setup = {
        .size = sizeof(setup),
        .vendor = VENDOR_ID,
        .product = PRODUCT,
        .version = "12.3",
        .root = VENDOR_ROOT,
    };
    struct carnet_result result = {.size = sizeof(result)};
    struct carnet *carnet = NULL;
    char *text = malloc(CARNET_FILE_ROOM);
    int code = 64;
    if (text == NULL || carnet_open(&setup, &carnet, &result) != CARNET_OUTCOME_OK)
        code = say_no(&result);
    else if (argc == 1)
        code = run(carnet, &result);
    else if (argc >= 3 && strcmp(argv[1], "ask") == 0)
        code = ask(carnet, argv[2], argc > 3 ? argv[3] : NULL, text, &result);
    else if (argc == 3 && strcmp(argv[1], "activate") == 0)
        code = activate(carnet, argv[2], &result);
    else if (argc == 3 && strcmp(argv[1], "release") == 0)
        code = release(carnet, argv[2], text, &result);
    else
        fprintf(stderr, "usage: product [ask FILE [LABEL] | activate FILE | release FILE]\n");
    carnet_close(carnet);
    free(text);
    return code;
}

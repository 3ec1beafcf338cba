/* SPDX-License-Identifier: MIT */
#include "core/utc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_1 INT64_C(-62135596800)        /* 0001-01-01T00:00:00Z */
#define YEAR_9999_END INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

int64_t carnet_utc_now(void)
{
    return (int64_t)time(NULL);
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t leap_year = month <= 2 ? year - 1 : year; /* the last year whose 29 February may lie behind */
    int64_t leaps = leap_year / 4 - leap_year / 100 + leap_year / 400;
    int64_t days = year * 365 + leaps + before[month - 1] + day - 1;
    return days - (1970 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int days_in_month(int64_t year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

void carnet_utc_format(int64_t time, char text[CARNET_UTC_SIZE])
{
    if (time == CARNET_NEVER) {
        snprintf(text, CARNET_UTC_SIZE, "never");
        return;
    }
    if (time < YEAR_1)
        time = YEAR_1;
    if (time > YEAR_9999_END)
        time = YEAR_9999_END;
    struct tm date;
    time_t seconds = (time_t)time;
    gmtime_r(&seconds, &date);
    snprintf(text, CARNET_UTC_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(date.tm_year + 1900) % 10000U,
             (unsigned)(date.tm_mon + 1) % 100U, (unsigned)date.tm_mday % 100U, (unsigned)date.tm_hour % 100U,
             (unsigned)date.tm_min % 100U, (unsigned)date.tm_sec % 100U);
}

/* A number of exactly `digits` decimal digits, or -1. */
static int digits_value(const char *text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static enum carnet_err parse_date(const char *text, int64_t *days)
{
    int year = digits_value(text, 4), month = digits_value(text + 5, 2), day = digits_value(text + 8, 2);
    if (year < 1 || month < 1 || month > 12 || text[4] != '-' || text[7] != '-' || day < 1 ||
        day > days_in_month(year, month))
        return CARNET_MALFORMED;
    *days = days_from_date(year, month, day);
    return CARNET_OK;
}

enum carnet_err carnet_utc_parse(const char *text, int64_t *out)
{
    if (strlen(text) != CARNET_UTC_SIZE - 1 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return CARNET_MALFORMED;
    int hour = digits_value(text + 11, 2), minute = digits_value(text + 14, 2), second = digits_value(text + 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return CARNET_MALFORMED;
    int64_t days;
    if (parse_date(text, &days) != CARNET_OK)
        return CARNET_MALFORMED;
    *out = days * CARNET_DAY + hour * CARNET_HOUR + minute * CARNET_MINUTE + second;
    return CARNET_OK;
}

enum carnet_err carnet_utc_parse_or_never(const char *text, int64_t *out)
{
    if (strcmp(text, "never") == 0) {
        *out = CARNET_NEVER;
        return CARNET_OK;
    }
    return carnet_utc_parse(text, out);
}

enum carnet_err carnet_utc_parse_date(const char *text, int64_t *out)
{
    if (strlen(text) == 10) {
        int64_t days;
        if (parse_date(text, &days) != CARNET_OK)
            return CARNET_USAGE;
        *out = (days + 1) * CARNET_DAY - 1;
        return CARNET_OK;
    }
    return carnet_utc_parse_or_never(text, out) == CARNET_OK ? CARNET_OK : CARNET_USAGE;
}

int64_t carnet_utc_add_days(int64_t time, uint32_t days)
{
    if (time == CARNET_NEVER || time > YEAR_9999_END - (int64_t)days * CARNET_DAY)
        return CARNET_NEVER;
    return time + (int64_t)days * CARNET_DAY;
}

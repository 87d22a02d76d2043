#include "base/dates.h"

#include <stdio.h>

#define DAY_MS 86400000LL

struct civil {
    int64_t year;
    unsigned month, day; /* from 1 */
};

/* Days and dates over 400-year eras of 146097 days that begin on 1 March. */
static int64_t days_from_civil(struct civil c)
{
    int64_t y = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = (c.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + c.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct civil c;
    c.day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    c.month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    c.year = year_of_era + era * 400 + (c.month <= 2);
    return c;
}

/* The day and the milliseconds into it, rounding towards the past. */
static int64_t split_day(int64_t unix_ms, int64_t *ms_of_day)
{
    int64_t days = unix_ms / DAY_MS;
    if (unix_ms % DAY_MS < 0) days--;
    *ms_of_day = unix_ms - days * DAY_MS;
    return days;
}

void date_rfc1123(char out[DATE_SIZE], int64_t unix_ms)
{
    static const char weekdays[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t ms;
    int64_t days = split_day(unix_ms, &ms);
    struct civil c = civil_from_days(days);
    int seconds = (int)(ms / 1000);
    snprintf(out, DATE_SIZE, "%s, %02u %s %04d %02d:%02d:%02d GMT", weekdays[((days % 7) + 7) % 7], c.day,
             months[c.month - 1], (int)c.year, seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void date_iso(char out[DATE_SIZE], int64_t unix_ms)
{
    int64_t ms;
    struct civil c = civil_from_days(split_day(unix_ms, &ms));
    int seconds = (int)(ms / 1000);
    snprintf(out, DATE_SIZE, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", (int)c.year, c.month, c.day, seconds / 3600,
             seconds / 60 % 60, seconds % 60, (int)(ms % 1000));
}

static bool number_at(struct slice text, size_t at, size_t digits, unsigned *out)
{
    uint32_t value;
    if (!slice_to_u32((struct slice){text.at + at, digits}, 9999, &value)) return false;
    *out = value;
    return true;
}

static unsigned month_days(int64_t year, unsigned month)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool date_parse_day(struct slice text, int64_t *unix_ms)
{
    unsigned year, month, day;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-') return false;
    if (!number_at(text, 0, 4, &year) || !number_at(text, 5, 2, &month) || !number_at(text, 8, 2, &day)) return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month)) return false;
    *unix_ms = days_from_civil((struct civil){year, month, day}) * DAY_MS;
    return true;
}

bool date_parse_second(struct slice text, int64_t *unix_ms)
{
    unsigned hour, minute, second;
    int64_t day_ms;
    if (text.len != 19 || text.at[10] != ' ' || text.at[13] != ':' || text.at[16] != ':') return false;
    if (!date_parse_day((struct slice){text.at, 10}, &day_ms)) return false;
    if (!number_at(text, 11, 2, &hour) || !number_at(text, 14, 2, &minute) || !number_at(text, 17, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    *unix_ms = day_ms + (int64_t)(hour * 3600 + minute * 60 + second) * 1000;
    return true;
}

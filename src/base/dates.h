/**
 * @file dates.h  Wall time as the API writes and reads it. Proleptic Gregorian calendar, GMT, no leap seconds.
 *
 * Times are milliseconds since 1970-01-01T00:00:00Z (_unix_ms). No clock is read here.
 * Thread: any.
 */
#ifndef PARLEY_BASE_DATES_H
#define PARLEY_BASE_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { DATE_SIZE = 80 }; /**< ample: what is written is 29 characters at most for years to 9999 */

/** RFC 1123: "Mon, 15 Jun 2009 20:45:30 GMT". */
void date_rfc1123(char out[DATE_SIZE], int64_t unix_ms);

/** RFC 3339 with milliseconds: "2024-10-09T15:05:03.358Z". */
void date_iso(char out[DATE_SIZE], int64_t unix_ms);

/** "YYYY-MM-DD" to the first millisecond of that day; @return false (and *out untouched) where it is no such day */
bool date_parse_day(struct slice text, int64_t *unix_ms);

/** "YYYY-MM-DD hh:mm:ss"; as date_parse_day() */
bool date_parse_second(struct slice text, int64_t *unix_ms);

#endif

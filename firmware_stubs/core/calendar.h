/* Civil UTC time and Unix milliseconds (proleptic Gregorian calendar, no leap seconds). Days by Howard Hinnant's
 * "chrono-compatible low-level date algorithms". */
#ifndef BW_CALENDAR_H
#define BW_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct bw_civil {
    int32_t year;
    int32_t month;  /* 1 to 12 */
    int32_t day;    /* 1 to 31 */
    int32_t ms_of_day;
};

/* False when the date does not exist or the time is outside the day (a leap second counts as the second before). */
bool bw_calendar_to_unix_ms(const struct bw_civil *civil, int64_t *unix_ms);
struct bw_civil bw_calendar_from_unix_ms(int64_t unix_ms);

/* A GNSS receiver whose week counter has wrapped reports a date 1,024 weeks early, once or more: adds what is missing
 * for the time not to be before `not_before_ms`. */
int64_t bw_calendar_unroll_weeks(int64_t unix_ms, int64_t not_before_ms);

#endif

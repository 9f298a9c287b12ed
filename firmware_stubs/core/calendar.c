#include "calendar.h"

#define DAY_MS INT64_C(86400000)
#define ROLLOVER_MS (INT64_C(1024) * 7 * DAY_MS)

/* Days since 1970-01-01; years start in March so that the leap day comes last. */
static int64_t days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = (y >= 0 ? y : y - 399) / 400;
    int32_t year_of_era = y - era * 400;
    int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

static struct bw_civil civil_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int32_t day_of_era = (int32_t)(days - era * 146097);
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t shifted = (5 * day_of_year + 2) / 153;
    int32_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int32_t year = (int32_t)era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    return (struct bw_civil){year, month, day_of_year - (153 * shifted + 2) / 5 + 1, 0};
}

bool bw_calendar_to_unix_ms(const struct bw_civil *civil, int64_t *unix_ms)
{
    if (civil->month < 1 || civil->month > 12 || civil->day < 1 || civil->day > 31 || civil->ms_of_day < 0 ||
        civil->ms_of_day >= DAY_MS) {
        return false;
    }
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    if (civil_from_days(days).day != civil->day) {
        return false;
    }
    *unix_ms = days * DAY_MS + civil->ms_of_day;
    return true;
}

struct bw_civil bw_calendar_from_unix_ms(int64_t unix_ms)
{
    int64_t days = unix_ms / DAY_MS - (unix_ms % DAY_MS < 0 ? 1 : 0);
    struct bw_civil civil = civil_from_days(days);
    civil.ms_of_day = (int32_t)(unix_ms - days * DAY_MS);
    return civil;
}

int64_t bw_calendar_unroll_weeks(int64_t unix_ms, int64_t not_before_ms)
{
    while (unix_ms < not_before_ms) {
        unix_ms += ROLLOVER_MS;
    }
    return unix_ms;
}

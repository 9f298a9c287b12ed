#include "clock.h"

#define STEP_MS 1000
#define LIFE_MS (INT64_C(20) * 365 * 86400000)

void bw_clock_init(struct bw_clock *clock, uint32_t boot_id, int64_t not_before_ms)
{
    *clock = (struct bw_clock){.boot_id = boot_id, .not_before_ms = not_before_ms};
}

static bool plausible(const struct bw_clock *clock, int64_t unix_ms)
{
    return unix_ms >= clock->not_before_ms && unix_ms - clock->not_before_ms <= LIFE_MS;
}

enum bw_clock_change bw_clock_sync(struct bw_clock *clock, enum bw_clock_source source, int64_t unix_ms, int64_t uptime_ms)
{
    if (!plausible(clock, unix_ms) || (clock->by_gnss && source == BW_CLOCK_NETWORK)) {
        return BW_CLOCK_REFUSED;
    }
    int64_t start_ms = unix_ms - uptime_ms;
    int64_t step_ms = start_ms - clock->start_ms;
    clock->by_gnss = source == BW_CLOCK_GNSS;
    if (clock->known && step_ms >= -STEP_MS && step_ms <= STEP_MS) {
        return BW_CLOCK_KEPT;
    }
    clock->start_ms = start_ms;
    if (clock->known) {
        return BW_CLOCK_STEPPED;
    }
    clock->known = true;
    clock->first_start_ms = start_ms;
    return BW_CLOCK_SET;
}

void bw_clock_stamp(const struct bw_clock *clock, int64_t uptime_ms, struct bw_reading *reading)
{
    reading->boot_id = clock->boot_id;
    reading->uptime = !clock->known;
    reading->time_ms = clock->known ? clock->start_ms + uptime_ms : uptime_ms;
}

bool bw_clock_resolve(const struct bw_clock *clock, struct bw_reading *reading)
{
    if (reading->uptime && reading->boot_id == clock->boot_id && clock->known) {
        reading->time_ms += clock->first_start_ms;
        reading->uptime = false;
    }
    return !reading->uptime;
}

struct bw_reading bw_clock_mark(const struct bw_clock *clock)
{
    struct bw_reading mark;
    bw_reading_clear(&mark, BW_TIME_MARK);
    mark.boot_id = clock->boot_id;
    mark.time_ms = clock->first_start_ms;
    return mark;
}

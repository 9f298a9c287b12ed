#include "reporting.h"

#include <string.h>

#include "geodesy.h"

#define STOP_AFTER_MS 30000
#define LEAST_GAP_MS 1000
#define HALF_EPOCH_MS 500 /* reports keep step with the fixes of a second, whose arrival jitters */
#define COURSE_SPEED_CMPS 200 /* below it the course of a receiver is noise */

void bw_reporting_init(struct bw_reporting *reporting)
{
    memset(reporting, 0, sizeof *reporting);
}

static int64_t moved_dm(const struct bw_reporting *reporting, const struct bw_motion *now)
{
    if (!reporting->placed || !now->fresh) {
        return 0;
    }
    return bw_distance_dm(reporting->last.longitude_e7, reporting->last.latitude_e7, now->longitude_e7, now->latitude_e7);
}

static bool fast(const struct bw_motion *now, int32_t limit_cmps)
{
    return now->fresh && now->speed_cmps != BW_MISSING && now->speed_cmps >= limit_cmps;
}

static void update_moving(struct bw_reporting *reporting, const struct bw_motion *now, int64_t moved, const int32_t *setting)
{
    bool go = fast(now, setting[BW_MOVING_SPEED_CMPS]) || moved >= setting[BW_REPORT_DISTANCE_M] * INT64_C(10);
    if (go || fast(now, setting[BW_MOVING_SPEED_CMPS] / 2)) {
        reporting->slow_since_ms = now->uptime_ms;
    }
    bool moving = go || (reporting->moving && now->uptime_ms - reporting->slow_since_ms < STOP_AFTER_MS);
    reporting->motion_changed |= moving != reporting->moving;
    reporting->moving = moving;
}

static int64_t interval_ms(const struct bw_reporting *reporting, const struct bw_motion *now, const int32_t *setting)
{
    enum bw_setting which = reporting->moving ? BW_MOVING_INTERVAL_S : now->parked ? BW_PARKED_INTERVAL_S : BW_IDLE_INTERVAL_S;
    return setting[which] * INT64_C(1000);
}

static bool turned(const struct bw_reporting *reporting, const struct bw_motion *now, const int32_t *setting)
{
    const struct bw_motion *last = &reporting->last;
    return fast(now, COURSE_SPEED_CMPS) && now->course_cdeg != BW_MISSING && last->fresh &&
           last->course_cdeg != BW_MISSING &&
           bw_turn_cdeg(now->course_cdeg, last->course_cdeg) >= setting[BW_REPORT_TURN_DEG] * 100;
}

static bool changed_speed(const struct bw_reporting *reporting, const struct bw_motion *now, const int32_t *setting)
{
    const struct bw_motion *last = &reporting->last;
    if (!now->fresh || !last->fresh || now->speed_cmps == BW_MISSING || last->speed_cmps == BW_MISSING) {
        return false;
    }
    int32_t change = now->speed_cmps - last->speed_cmps;
    return (change < 0 ? -change : change) >= setting[BW_REPORT_SPEED_CHANGE_CMPS];
}

unsigned bw_reporting_decide(struct bw_reporting *reporting, const struct bw_motion *now, const struct bw_config *config)
{
    const int32_t *setting = config->value;
    int64_t moved = moved_dm(reporting, now);
    update_moving(reporting, now, moved, setting);
    unsigned reasons = now->event ? BW_REASON_EVENT : 0u;
    if (!reporting->reported) {
        return reasons | BW_REASON_INTERVAL;
    }
    int64_t since_ms = now->uptime_ms - reporting->last.uptime_ms;
    if (since_ms + HALF_EPOCH_MS < LEAST_GAP_MS) {
        return reasons;
    }
    reasons |= since_ms + (now->fresh ? HALF_EPOCH_MS : 0) >= interval_ms(reporting, now, setting) ? BW_REASON_INTERVAL : 0u;
    reasons |= moved >= setting[BW_REPORT_DISTANCE_M] * INT64_C(10) ? BW_REASON_DISTANCE : 0u;
    reasons |= turned(reporting, now, setting) ? BW_REASON_TURN : 0u;
    reasons |= changed_speed(reporting, now, setting) ? BW_REASON_SPEED : 0u;
    return reasons | (reporting->motion_changed ? BW_REASON_MOTION : 0u);
}

void bw_reporting_done(struct bw_reporting *reporting, const struct bw_motion *now)
{
    struct bw_motion last = *now;
    if (!now->fresh) { /* keep the last known place: distance is measured from there */
        last.longitude_e7 = reporting->last.longitude_e7;
        last.latitude_e7 = reporting->last.latitude_e7;
    }
    reporting->placed = reporting->placed || now->fresh;
    reporting->reported = true;
    reporting->motion_changed = false;
    reporting->last = last;
}

int64_t bw_reporting_due_ms(const struct bw_reporting *reporting, const struct bw_motion *now, const struct bw_config *config)
{
    if (!reporting->reported) {
        return 0;
    }
    int64_t rest_ms = interval_ms(reporting, now, config->value) - (now->uptime_ms - reporting->last.uptime_ms);
    return rest_ms < 0 ? 0 : rest_ms;
}

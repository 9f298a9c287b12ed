#include "tracker_motion.h"

#include "../core/geodesy.h"

#define HARSH_ACCELERATION_CMPS 350 /* a second */
#define HARSH_BRAKING_CMPS 400
#define JITTER_DM 100

struct bw_motion bw_tracker_motion(const struct bw_tracker *tracker, int64_t uptime_ms, int64_t limit_ms)
{
    const struct bw_fix *fix = &tracker->fix;
    return (struct bw_motion){
        .fresh = bw_fix_fresh(fix, uptime_ms, limit_ms),
        .parked = tracker->power.state == BW_PARKED || tracker->power.state == BW_CRITICAL,
        .uptime_ms = uptime_ms,
        .longitude_e7 = fix->longitude_e7,
        .latitude_e7 = fix->latitude_e7,
        .speed_cmps = fix->speed_cmps,
        .course_cdeg = fix->course_cdeg,
    };
}

/* Standing still, the fix wanders: only driving, or more than 10 m, counts. */
static void count_distance(struct bw_tracker *tracker, const struct bw_motion *now)
{
    const struct bw_motion *before = &tracker->before;
    if (!before->fresh) {
        tracker->before = *now;
        return;
    }
    int64_t moved_dm = bw_distance_dm(before->longitude_e7, before->latitude_e7, now->longitude_e7, now->latitude_e7);
    if (tracker->reporting.moving || moved_dm > JITTER_DM) {
        tracker->driven_dm += moved_dm;
        tracker->before.longitude_e7 = now->longitude_e7;
        tracker->before.latitude_e7 = now->latitude_e7;
    }
}

static void watch_speed(struct bw_tracker *tracker, const struct bw_motion *now)
{
    struct bw_motion *before = &tracker->before;
    int64_t passed_ms = now->uptime_ms - before->uptime_ms;
    bool too_fast = now->speed_cmps != BW_MISSING && now->speed_cmps > tracker->device.settings.config.value[BW_OVERSPEED_CMPS];
    tracker->alarms |= too_fast && !tracker->too_fast ? (uint32_t)BW_ALARM_OVERSPEED : 0u;
    tracker->too_fast = too_fast;
    if (now->speed_cmps != BW_MISSING && before->speed_cmps != BW_MISSING && passed_ms > 0 && passed_ms <= 2000) {
        int64_t change_cmps = ((int64_t)now->speed_cmps - before->speed_cmps) * 1000 / passed_ms;
        tracker->alarms |= change_cmps >= HARSH_ACCELERATION_CMPS ? (uint32_t)BW_ALARM_HARSH_ACCELERATION : 0u;
        tracker->alarms |= change_cmps <= -HARSH_BRAKING_CMPS ? (uint32_t)BW_ALARM_HARSH_BRAKING : 0u;
    }
    before->speed_cmps = now->speed_cmps;
    before->uptime_ms = now->uptime_ms;
}

void bw_tracker_epoch(struct bw_tracker *tracker, int64_t uptime_ms)
{
    if (!bw_fix_fresh(&tracker->fix, uptime_ms, 0)) {
        return;
    }
    struct bw_motion now = bw_tracker_motion(tracker, uptime_ms, 0);
    tracker->epoch = true;
    bool moving_before = tracker->reporting.moving;
    bw_device_time(&tracker->device, BW_CLOCK_GNSS, tracker->fix.time_ms, uptime_ms);
    count_distance(tracker, &now);
    watch_speed(tracker, &now);
    (void)bw_reporting_decide(&tracker->reporting, &now, &tracker->device.settings.config);
    if (!moving_before && tracker->reporting.moving && tracker->ignition.level == 0) {
        tracker->alarms |= BW_ALARM_TOW;
    }
}

int64_t bw_tracker_stored_odometer_dm(const struct bw_ring *ring)
{
    struct bw_reading reading;
    if (bw_ring_last(ring, BW_POSITION, &reading) && reading.value[BW_ODOMETER_M] != BW_MISSING) {
        return reading.value[BW_ODOMETER_M] * INT64_C(10);
    }
    return 0;
}

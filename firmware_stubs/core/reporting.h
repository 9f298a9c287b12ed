/* When to report a position: by time, distance, turn, change of speed, and at once on an event.
 *
 * Moving begins at `moving_speed_cmps` or with the displacement of a report distance, and ends after 30 s below half that
 * speed, so that a traffic light is not a stop and GPS jitter is not a trip. Two reports are at least a second apart except
 * on an event.
 */
#ifndef BW_REPORTING_H
#define BW_REPORTING_H

#include "config.h"
#include "reading.h"

enum bw_reason {
    BW_REASON_INTERVAL = 1,
    BW_REASON_DISTANCE = 2,
    BW_REASON_TURN = 4,
    BW_REASON_SPEED = 8,
    BW_REASON_EVENT = 16,
    BW_REASON_MOTION = 32, /* moving began or ended */
};

/* What is known now. Speed and course may be BW_MISSING; place and motion count only when `fresh`. */
struct bw_motion {
    bool fresh;
    bool event;
    bool parked;
    int64_t uptime_ms;
    int32_t longitude_e7, latitude_e7, speed_cmps, course_cdeg;
};

struct bw_reporting {
    bool reported; /* at least once */
    bool placed;   /* `last` holds a place */
    bool moving;
    bool motion_changed; /* since the last report */
    int64_t slow_since_ms;
    struct bw_motion last; /* as reported */
};

void bw_reporting_init(struct bw_reporting *reporting);

/* Reasons to report now (bits of bw_reason), 0 for none. Call it with every fix and at least every second. */
unsigned bw_reporting_decide(struct bw_reporting *reporting, const struct bw_motion *now, const struct bw_config *config);

/* The report was stored. */
void bw_reporting_done(struct bw_reporting *reporting, const struct bw_motion *now);

/* Milliseconds until the interval alone makes the next report due, not below 0. */
int64_t bw_reporting_due_ms(const struct bw_reporting *reporting, const struct bw_motion *now, const struct bw_config *config);

#endif

/* The moving half of the tracker: what each new fix means. For tracker.c. */
#ifndef BW_TRACKER_MOTION_H
#define BW_TRACKER_MOTION_H

#include "tracker.h"

/* The fix as the reporting policy wants it; fresh when not older than `limit_ms`. */
struct bw_motion bw_tracker_motion(const struct bw_tracker *tracker, int64_t uptime_ms, int64_t limit_ms);

/* A new epoch: time, odometer, alarms of driving. */
void bw_tracker_epoch(struct bw_tracker *tracker, int64_t uptime_ms);

/* The odometer as in the newest position that is still in the ring, decimetres; 0 without one. */
int64_t bw_tracker_stored_odometer_dm(const struct bw_ring *ring);

#endif

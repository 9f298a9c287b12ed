/* GPS tracker of a van: position, door, ignition, SOS, cargo weight, fuel, temperatures, supply.
 *
 * A reading is stored when bw_reporting says so; what happens at once (door, ignition, an alarm) is an `event`. Step it at
 * least as often as bw_tracker_step asks, so that no GNSS byte is missed and the door is sampled.
 */
#ifndef BW_TRACKER_H
#define BW_TRACKER_H

#include "../core/debounce.h"
#include "../core/fix.h"
#include "../core/fuel.h"
#include "../core/power.h"
#include "../core/reporting.h"
#include "device.h"

struct bw_tracker {
    struct bw_device device;
    struct bw_nmea nmea;
    struct bw_fix fix;
    struct bw_reporting reporting;
    struct bw_debounce door, ignition, sos;
    struct bw_load_cell cargo;
    struct bw_fuel fuel;
    struct bw_power power;
    int64_t sampled_ms;     /* uptime of the last slow samples */
    uint32_t alarms;        /* raised and not yet reported */
    bool event;             /* something to report at once, alarm or not */
    bool too_fast;
    bool report_now;        /* asked for by a command */
    bool epoch;             /* a fix has come that no report was weighed for */
    bool gnss_on, modem_on;
    int64_t driven_dm;      /* since the odometer's start */
    struct bw_motion before; /* at the last epoch with a fix */
};

/* False when the flash is unusable. */
bool bw_tracker_start(struct bw_tracker *tracker, const struct bw_board *board);

/* Does what there is to do; returns how many milliseconds may pass until the next call. */
int32_t bw_tracker_step(struct bw_tracker *tracker);

#endif

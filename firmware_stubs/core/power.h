/* Power states of a vehicle's tracker, and which supplies each wants.
 *
 * DRIVING: ignition on or moving. STANDING: neither, for less than `park_after_s`. PARKED: longer; GNSS wakes a minute
 * before the next report is due. CRITICAL: on its own battery at or below `critical_battery_mv`, left again 200 mV above
 * it or with external supply; GNSS is off and the modem on for a minute after each report only.
 */
#ifndef BW_POWER_H
#define BW_POWER_H

#include <stdbool.h>

#include "config.h"

enum bw_power_state { BW_DRIVING, BW_STANDING, BW_PARKED, BW_CRITICAL };

struct bw_power_input {
    int64_t uptime_ms;
    int32_t ignition; /* 1, 0 or BW_MISSING */
    bool moving;
    int32_t external_mv; /* BW_MISSING where unknown */
    int32_t battery_mv;
};

struct bw_power {
    enum bw_power_state state;
    int64_t driven_ms; /* uptime of the last sign of driving */
    int32_t external;  /* 1 supplied, 0 not, BW_MISSING unknown */
    bool low;          /* battery below `low_battery_mv` */
    uint32_t alarms;   /* bits of bw_alarm that this update raised */
};

void bw_power_init(struct bw_power *power);
void bw_power_update(struct bw_power *power, const struct bw_power_input *input, const struct bw_config *config);

bool bw_power_gnss(const struct bw_power *power, int64_t report_due_ms);
bool bw_power_modem(const struct bw_power *power, int64_t since_report_ms);

/* How long the program may sleep between two steps. */
int32_t bw_power_pause_ms(const struct bw_power *power);

#endif

#include "power.h"

#include "reading.h"

#define SUPPLIED_MV 6000
#define HYSTERESIS_MV 200
#define MINUTE_MS 60000

void bw_power_init(struct bw_power *power)
{
    *power = (struct bw_power){.state = BW_STANDING, .external = BW_MISSING};
}

static void update_external(struct bw_power *power, int32_t external_mv)
{
    int32_t before = power->external;
    power->external = external_mv == BW_MISSING ? BW_MISSING : external_mv >= SUPPLIED_MV;
    if (before == 1 && power->external == 0) {
        power->alarms |= BW_ALARM_POWER_CUT;
    } else if (before == 0 && power->external == 1) {
        power->alarms |= BW_ALARM_POWER_RESTORED;
    }
}

static void update_low(struct bw_power *power, int32_t battery_mv, int32_t limit_mv)
{
    if (battery_mv == BW_MISSING) {
        return;
    }
    bool low = battery_mv < limit_mv + (power->low ? HYSTERESIS_MV : 0);
    power->alarms |= low && !power->low ? (uint32_t)BW_ALARM_LOW_BATTERY : 0u;
    power->low = low;
}

static bool critical(const struct bw_power *power, int32_t battery_mv, int32_t limit_mv)
{
    if (power->external == 1 || battery_mv == BW_MISSING) {
        return false;
    }
    return battery_mv <= limit_mv || (power->state == BW_CRITICAL && battery_mv < limit_mv + HYSTERESIS_MV);
}

void bw_power_update(struct bw_power *power, const struct bw_power_input *input, const struct bw_config *config)
{
    power->alarms = 0;
    update_external(power, input->external_mv);
    update_low(power, input->battery_mv, config->value[BW_LOW_BATTERY_MV]);
    bool driving = input->ignition == 1 || input->moving;
    power->driven_ms = driving ? input->uptime_ms : power->driven_ms;
    if (critical(power, input->battery_mv, config->value[BW_CRITICAL_BATTERY_MV])) {
        power->state = BW_CRITICAL;
    } else if (driving) {
        power->state = BW_DRIVING;
    } else if (input->uptime_ms - power->driven_ms < config->value[BW_PARK_AFTER_S] * INT64_C(1000)) {
        power->state = BW_STANDING;
    } else {
        power->state = BW_PARKED;
    }
}

bool bw_power_gnss(const struct bw_power *power, int64_t report_due_ms)
{
    return power->state == BW_DRIVING || power->state == BW_STANDING ||
           (power->state == BW_PARKED && report_due_ms <= MINUTE_MS);
}

bool bw_power_modem(const struct bw_power *power, int64_t since_report_ms)
{
    return power->state != BW_CRITICAL || since_report_ms < MINUTE_MS;
}

int32_t bw_power_pause_ms(const struct bw_power *power)
{
    static const int32_t PAUSE_MS[] = {100, 200, 500, 5000};
    return PAUSE_MS[power->state];
}

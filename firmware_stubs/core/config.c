#include "config.h"

#include <string.h>

const struct bw_setting_rule bw_setting_rules[BW_SETTINGS] = {
    [BW_MOVING_INTERVAL_S] = {"moving_interval_s", 1, 3600, 10},
    [BW_IDLE_INTERVAL_S] = {"idle_interval_s", 1, 86400, 60},
    [BW_PARKED_INTERVAL_S] = {"parked_interval_s", 10, 86400, 900},
    [BW_REPORT_DISTANCE_M] = {"report_distance_m", 10, 100000, 250},
    [BW_REPORT_TURN_DEG] = {"report_turn_deg", 5, 180, 30},
    [BW_REPORT_SPEED_CHANGE_CMPS] = {"report_speed_change_cmps", 50, 10000, 600},
    [BW_MOVING_SPEED_CMPS] = {"moving_speed_cmps", 30, 2000, 150},
    [BW_OVERSPEED_CMPS] = {"overspeed_cmps", 100, 20000, 20000},
    [BW_PARK_AFTER_S] = {"park_after_s", 30, 86400, 300},
    [BW_DOOR_SETTLE_MS] = {"door_settle_ms", 10, 10000, 500},
    [BW_SENSOR_INTERVAL_S] = {"sensor_interval_s", 5, 86400, 300},
    [BW_WEIGHT_CHANGE_G] = {"weight_change_g", 1, 10000000, 200},
    [BW_WEIGHT_STABLE_G] = {"weight_stable_g", 1, 1000000, 20},
    [BW_TEMPERATURE_LOW_CC] = {"temperature_low_cc", -6000, 12500, -6000},
    [BW_TEMPERATURE_HIGH_CC] = {"temperature_high_cc", -6000, 12500, 12500},
    [BW_FUEL_EMPTY_MV] = {"fuel_empty_mv", 0, 36000, 500},
    [BW_FUEL_FULL_MV] = {"fuel_full_mv", 0, 36000, 4500},
    [BW_FUEL_TANK_ML] = {"fuel_tank_ml", 1000, 2000000, 60000},
    [BW_FUEL_LEAK_ML] = {"fuel_leak_ml", 100, 2000000, 5000},
    [BW_LOW_BATTERY_MV] = {"low_battery_mv", 0, 60000, 3500},
    [BW_CRITICAL_BATTERY_MV] = {"critical_battery_mv", 0, 60000, 3300},
    [BW_ENCODING] = {"encoding", BW_JSON, BW_CBOR, BW_JSON},
    [BW_WINDOW] = {"window", 1, 8, 4},
    [BW_BATCH] = {"batch", 1, 16, 8},
    [BW_ACK_TIMEOUT_S] = {"ack_timeout_s", 5, 600, 60},
    [BW_TRIAL_S] = {"trial_s", 10, 3600, 300},
};

void bw_config_defaults(struct bw_config *config)
{
    memset(config, 0, sizeof *config);
    memcpy(config->version, "factory", sizeof "factory");
    for (unsigned i = 0; i < BW_SETTINGS; i++) {
        config->value[i] = bw_setting_rules[i].standard;
    }
}

static bool good_version(const char version[BW_VERSION_BYTES])
{
    size_t length = 0;
    while (length < BW_VERSION_BYTES && version[length] > ' ' && version[length] <= '~') {
        length++;
    }
    return length > 0 && length < BW_VERSION_BYTES && version[length] == '\0';
}

/* The second of two settings that contradict each other. */
static const char *contradiction(const int32_t value[BW_SETTINGS])
{
    static const struct {
        uint8_t less, more;
        bool may_be_equal;
    } ORDER[] = {
        {BW_MOVING_INTERVAL_S, BW_IDLE_INTERVAL_S, true},        {BW_IDLE_INTERVAL_S, BW_PARKED_INTERVAL_S, true},
        {BW_TEMPERATURE_LOW_CC, BW_TEMPERATURE_HIGH_CC, false},  {BW_FUEL_EMPTY_MV, BW_FUEL_FULL_MV, false},
        {BW_CRITICAL_BATTERY_MV, BW_LOW_BATTERY_MV, true},
    };
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        int32_t less = value[ORDER[i].less];
        int32_t more = value[ORDER[i].more];
        if (less > more || (less == more && !ORDER[i].may_be_equal)) {
            return bw_setting_rules[ORDER[i].more].name;
        }
    }
    return NULL;
}

const char *bw_config_fault(const struct bw_config *config)
{
    if (!good_version(config->version)) {
        return "version";
    }
    for (unsigned i = 0; i < BW_SETTINGS; i++) {
        if (config->value[i] < bw_setting_rules[i].low || config->value[i] > bw_setting_rules[i].high) {
            return bw_setting_rules[i].name;
        }
    }
    return contradiction(config->value);
}

/* The device's settings: names, ranges, defaults, and the checks a whole configuration must pass.
 *
 * A configuration document is complete: a setting that it does not name has its default, so that a version names exactly
 * one state. Units are in the names. CBOR key of setting i is 64 + i; the version is key 43, as in a status message.
 */
#ifndef BW_CONFIG_H
#define BW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_VERSION_BYTES 16u /* with the final zero */
#define BW_SETTING_KEY 64
#define BW_VERSION_KEY 43

enum bw_setting {
    BW_MOVING_INTERVAL_S,
    BW_IDLE_INTERVAL_S,
    BW_PARKED_INTERVAL_S,
    BW_REPORT_DISTANCE_M,
    BW_REPORT_TURN_DEG,
    BW_REPORT_SPEED_CHANGE_CMPS,
    BW_MOVING_SPEED_CMPS,
    BW_OVERSPEED_CMPS,
    BW_PARK_AFTER_S,
    BW_DOOR_SETTLE_MS,
    BW_SENSOR_INTERVAL_S,
    BW_WEIGHT_CHANGE_G,
    BW_WEIGHT_STABLE_G,
    BW_TEMPERATURE_LOW_CC,
    BW_TEMPERATURE_HIGH_CC,
    BW_FUEL_EMPTY_MV,
    BW_FUEL_FULL_MV,
    BW_FUEL_TANK_ML,
    BW_FUEL_LEAK_ML,
    BW_LOW_BATTERY_MV,
    BW_CRITICAL_BATTERY_MV,
    BW_ENCODING,
    BW_WINDOW,
    BW_BATCH,
    BW_ACK_TIMEOUT_S,
    BW_TRIAL_S,
    BW_SETTINGS
};

enum bw_encoding { BW_JSON = 0, BW_CBOR = 1 };

struct bw_config {
    char version[BW_VERSION_BYTES];
    int32_t value[BW_SETTINGS];
};

struct bw_setting_rule {
    const char *name;
    int32_t low;
    int32_t high;
    int32_t standard;
};

extern const struct bw_setting_rule bw_setting_rules[BW_SETTINGS];

/* The defaults, version "factory". */
void bw_config_defaults(struct bw_config *config);

/* NULL when the configuration may be used, else the name of the first setting that breaks a rule ("version" for an empty
 * or unprintable one). Beyond its own range a setting may contradict another: the less frequent interval must not be the
 * shorter, low must be below high, empty below full. */
const char *bw_config_fault(const struct bw_config *config);

#endif

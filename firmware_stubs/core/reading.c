#include "reading.h"

/* The three probes share one name and key: the encoders write them as one array in a position. */
const struct bw_field_form bw_field_forms[BW_FIELDS] = {
    [BW_LONGITUDE_E7] = {"longitude_deg", 4, 7, false},
    [BW_LATITUDE_E7] = {"latitude_deg", 5, 7, false},
    [BW_SPEED_CMPS] = {"speed_mps", 6, 2, false},
    [BW_COURSE_CDEG] = {"course_deg", 7, 2, false},
    [BW_ALTITUDE_DM] = {"altitude_m", 8, 1, false},
    [BW_ACCURACY_DM] = {"accuracy_m", 9, 1, false},
    [BW_HDOP_CENTI] = {"hdop", 10, 2, false},
    [BW_SATELLITES] = {"satellites", 11, 0, false},
    [BW_FIX_VALID] = {"fix_valid", 12, 0, true},
    [BW_IGNITION] = {"ignition", 13, 0, true},
    [BW_IN_MOTION] = {"in_motion", 14, 0, true},
    [BW_DOOR_OPEN] = {"door_open", 15, 0, true},
    [BW_CARGO_G] = {"cargo_kg", 16, 3, false},
    [BW_FUEL_ML] = {"fuel_l", 17, 3, false},
    [BW_FUEL_PERMILLE] = {"fuel_pct", 18, 1, false},
    [BW_EXTERNAL_MV] = {"external_v", 19, 3, false},
    [BW_BATTERY_MV] = {"battery_v", 20, 3, false},
    [BW_BATTERY_PCT] = {"battery_pct", 21, 0, false},
    [BW_ODOMETER_M] = {"odometer_m", 22, 0, false},
    [BW_TEMPERATURE_CC] = {"temperature_c", 23, 2, false},
    [BW_TEMPERATURE_1_CC] = {"temperature_c", 23, 2, false},
    [BW_TEMPERATURE_2_CC] = {"temperature_c", 23, 2, false},
    [BW_WEIGHT_G] = {"weight_g", 32, 0, false},
    [BW_HUMIDITY_PERMILLE] = {"humidity_pct", 33, 1, false},
    [BW_COUNT] = {"count", 34, 0, false},
};

static const char *const ALARM_NAMES[BW_ALARMS] = {
    "sos",    "tow",       "power_cut",          "power_restored", "low_battery", "tamper",
    "overspeed", "harsh_acceleration", "harsh_braking", "fuel_leak", "door", "gps_antenna_cut",
};

void bw_reading_clear(struct bw_reading *reading, enum bw_kind kind)
{
    reading->kind = (uint8_t)kind;
    reading->uptime = false;
    reading->boot_id = 0;
    reading->seq = 0;
    reading->time_ms = 0;
    reading->alarms = 0;
    for (unsigned field = 0; field < BW_FIELDS; field++) {
        reading->value[field] = BW_MISSING;
    }
}

const char *bw_alarm_name(unsigned bit)
{
    return bit < BW_ALARMS ? ALARM_NAMES[bit] : NULL;
}

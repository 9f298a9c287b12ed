/* One reading of the device and the table of its fields.
 *
 * Every value is an integer in the unit that its name ends with; BW_MISSING stands for "not known" and never travels as 0.
 * `time_ms` is Unix time, or milliseconds since power-on of boot `boot_id` while `uptime` is true. A reading is named by
 * (`boot_id`, `seq`) for ever: it is given once, when the reading is stored, and every delivery carries the same pair.
 */
#ifndef BW_READING_H
#define BW_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_MISSING INT32_MIN

enum bw_kind { BW_POSITION = 1, BW_SENSOR = 2, BW_EVENT = 3, BW_TIME_MARK = 4 };

enum bw_field {
    BW_LONGITUDE_E7,
    BW_LATITUDE_E7,
    BW_SPEED_CMPS,
    BW_COURSE_CDEG,
    BW_ALTITUDE_DM,
    BW_ACCURACY_DM,
    BW_HDOP_CENTI,
    BW_SATELLITES,
    BW_FIX_VALID,
    BW_IGNITION,
    BW_IN_MOTION,
    BW_DOOR_OPEN,
    BW_CARGO_G,
    BW_FUEL_ML,
    BW_FUEL_PERMILLE,
    BW_EXTERNAL_MV,
    BW_BATTERY_MV,
    BW_BATTERY_PCT,
    BW_ODOMETER_M,
    BW_TEMPERATURE_CC, /* probe 0; the next two are probes 1 and 2 */
    BW_TEMPERATURE_1_CC,
    BW_TEMPERATURE_2_CC,
    BW_WEIGHT_G,
    BW_HUMIDITY_PERMILLE,
    BW_COUNT,
    BW_FIELDS
};

enum bw_alarm { /* bits of `alarms`, in the order of their names in alarm_name */
    BW_ALARM_SOS = 1 << 0,
    BW_ALARM_TOW = 1 << 1,
    BW_ALARM_POWER_CUT = 1 << 2,
    BW_ALARM_POWER_RESTORED = 1 << 3,
    BW_ALARM_LOW_BATTERY = 1 << 4,
    BW_ALARM_TAMPER = 1 << 5,
    BW_ALARM_OVERSPEED = 1 << 6,
    BW_ALARM_HARSH_ACCELERATION = 1 << 7,
    BW_ALARM_HARSH_BRAKING = 1 << 8,
    BW_ALARM_FUEL_LEAK = 1 << 9,
    BW_ALARM_DOOR = 1 << 10,
    BW_ALARM_ANTENNA_CUT = 1 << 11,
};
#define BW_ALARMS 12u

struct bw_reading {
    uint8_t kind; /* enum bw_kind */
    bool uptime;
    uint32_t boot_id; /* 24 bits */
    uint32_t seq;
    int64_t time_ms;
    uint32_t alarms;
    int32_t value[BW_FIELDS];
};

/* How a field travels: JSON gives value / 10^decimals under `name`, CBOR the integer itself under `key`. */
struct bw_field_form {
    const char *name;
    uint8_t key;
    uint8_t decimals;
    bool boolean;
};

extern const struct bw_field_form bw_field_forms[BW_FIELDS];

/* All fields missing, no alarms, no time. */
void bw_reading_clear(struct bw_reading *reading, enum bw_kind kind);

/* Canonical name of the alarm with this bit number, NULL from BW_ALARMS on. */
const char *bw_alarm_name(unsigned bit);

#endif

/* Sensors and inputs as the core sees them.
 *
 * Contract: every function returns quickly and never blocks. A value that the board has no sensor for, or that could not be
 * read now, is BW_NO_VALUE: it travels as missing and never as 0. Units: raw load-cell counts (24 bit, signed), centidegrees
 * Celsius, tenths of a percent relative humidity, millivolts, percent. `gnss` gives up to `capacity` received bytes.
 * `wall_clock_ms` is Unix time from the network or a battery-backed clock, 0 when it is not known.
 */
#ifndef BW_HAL_SENSORS_H
#define BW_HAL_SENSORS_H

#include <stddef.h>
#include <stdint.h>

#define BW_NO_VALUE INT32_MIN
#define BW_PROBES 3

enum bw_input { BW_INPUT_DOOR, BW_INPUT_IGNITION, BW_INPUT_SOS, BW_INPUTS };

struct bw_sensors {
    void *context;
    size_t (*gnss)(void *context, uint8_t *into, size_t capacity);
    int32_t (*input)(void *context, enum bw_input input); /* 1 open, on or pressed; 0 not */
    int32_t (*load_raw)(void *context);
    int32_t (*temperature_cc)(void *context, unsigned probe); /* probe < BW_PROBES; probe 0 sits at the load cell of a shelf */
    int32_t (*humidity_permille)(void *context);
    int32_t (*fuel_mv)(void *context);
    int32_t (*external_mv)(void *context);
    int32_t (*battery_mv)(void *context);
    int32_t (*battery_pct)(void *context);
    int32_t (*count)(void *context); /* pulses or items since power-on */
    int64_t (*wall_clock_ms)(void *context);
};

#endif

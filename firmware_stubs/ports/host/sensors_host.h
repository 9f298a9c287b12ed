/* Sensors with values that a script or a track sets, and a receiver that says what it is told to. */
#ifndef BW_SENSORS_HOST_H
#define BW_SENSORS_HOST_H

#include <stdbool.h>

#include "../../hal/sensors.h"

struct sensors_host {
    struct bw_sensors sensors;
    int32_t input[BW_INPUTS];
    int32_t load_raw, temperature_cc[BW_PROBES], humidity_permille, fuel_mv, external_mv, battery_mv, battery_pct, count;
    bool wall_clock; /* the network tells the time */
    char gnss[2048];
    size_t gnss_length;
};

/* Everything missing but the wall clock. */
void sensors_host_init(struct sensors_host *host);

/* Sets the named value ("door", "load_raw", "temperature_cc", ...; "none" is written as NULL). False for an unknown name. */
bool sensors_host_set(struct sensors_host *host, const char *name, const int32_t *value);

struct sensors_fix {
    int64_t unix_ms;
    double longitude_deg, latitude_deg;
    double speed_mps, course_deg; /* NAN = the receiver does not say, as in the next two */
    double hdop, altitude_m;
    int satellites;
    bool valid;
};

/* Puts RMC and GGA of the fix into the receiver's output. What does not fit is lost, as in a full buffer. */
void sensors_host_say(struct sensors_host *host, const struct sensors_fix *fix);

#endif

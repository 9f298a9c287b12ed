/* The state of the position fix: sentences of one second put together, its age, its accuracy.
 *
 * RMC opens an epoch and GGA completes it, or the other way round, by equal time of day; GSA adds its HDOP. A receiver that
 * sends only RMC works too, one epoch late. `accuracy_dm` is HDOP times 5 m, the usual single-frequency range error, and
 * missing without HDOP.
 */
#ifndef BW_FIX_H
#define BW_FIX_H

#include "nmea_sentence.h"

enum bw_fix_state { BW_FIX_NEVER, BW_FIX_NONE, BW_FIX_2D, BW_FIX_3D };

struct bw_fix {
    enum bw_fix_state state;
    int64_t time_ms;   /* Unix, of the newest complete epoch with a date */
    int64_t uptime_ms; /* when that epoch was completed */
    int32_t longitude_e7, latitude_e7, speed_cmps, course_cdeg, altitude_dm, satellites, hdop_centi, accuracy_dm;
    struct bw_nmea_data rmc; /* of the epoch being put together; ms_of_day is BW_MISSING while there is none */
    struct bw_nmea_data gga;
    int32_t mode;
    int32_t gsa_hdop_centi;
};

void bw_fix_init(struct bw_fix *fix);

/* Takes one good sentence (without '$' and checksum). True when an epoch is complete: the fields above are new.
 * `not_before_ms` is the build date, for the week roll-over. */
bool bw_fix_update(struct bw_fix *fix, const char *line, int64_t uptime_ms, int64_t not_before_ms);

/* A fix in two or three dimensions, not older than `limit_ms`. */
bool bw_fix_fresh(const struct bw_fix *fix, int64_t uptime_ms, int64_t limit_ms);

/* Writes the fix into a position; only fix_valid = false where there is none. */
void bw_fix_fill(const struct bw_fix *fix, bool fresh, struct bw_reading *reading);

#endif

/* What time it is: uptime from power-on, Unix time once a source has told.
 *
 * Before that, readings are stamped with uptime and their boot id. As soon as the start of the boot is known in Unix time,
 * every reading of this boot can be dated, and a time mark in the ring lets a later boot date those that were left over.
 * All times in milliseconds.
 */
#ifndef BW_CLOCK_H
#define BW_CLOCK_H

#include "reading.h"

struct bw_clock {
    uint32_t boot_id;
    int64_t not_before_ms; /* when this firmware was built: no true time is earlier */
    bool known;
    bool by_gnss;
    int64_t start_ms; /* Unix time at uptime 0, for new stamps */
    int64_t first_start_ms; /* as first known: what uptime stamps of this boot are dated by, so that a reading sent again
                               after the clock was stepped still has the time that it was sent with before */
};

enum bw_clock_source { BW_CLOCK_NETWORK, BW_CLOCK_GNSS };
enum bw_clock_change { BW_CLOCK_REFUSED, BW_CLOCK_KEPT, BW_CLOCK_STEPPED, BW_CLOCK_SET };

void bw_clock_init(struct bw_clock *clock, uint32_t boot_id, int64_t not_before_ms);

/* A source says that at `uptime_ms` it is `unix_ms`. REFUSED: before the build date or 20 years after it, or the network
 * contradicting satellites. STEPPED: changed by more than a second. SET: the first time of this boot; the caller
 * stores bw_clock_mark before it sends anything. */
enum bw_clock_change bw_clock_sync(struct bw_clock *clock, enum bw_clock_source source, int64_t unix_ms, int64_t uptime_ms);

/* Stamps a new reading with boot id and the best time there is. */
void bw_clock_stamp(const struct bw_clock *clock, int64_t uptime_ms, struct bw_reading *reading);

/* Turns the uptime stamp of a reading of this boot into Unix time. False while that is not possible. */
bool bw_clock_resolve(const struct bw_clock *clock, struct bw_reading *reading);

struct bw_reading bw_clock_mark(const struct bw_clock *clock);

#endif

/* Any bytes from the receiver: no crash, and whatever comes out is within range. */
#include <stdlib.h>

#include "../core/fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_nmea nmea;
    struct bw_fix fix;
    bw_nmea_init(&nmea);
    bw_fix_init(&fix);
    for (size_t i = 0; i < size; i++) {
        bool complete = bw_nmea_feed(&nmea, data[i]);
        struct bw_nmea_data parsed;
        if (!complete && data[i] == '\n' && nmea.length > 6) { /* past the checksum, which chance rarely gets right */
            nmea.line[nmea.length < BW_NMEA_LINE ? nmea.length : BW_NMEA_LINE - 1u] = '\0';
            complete = bw_nmea_parse(nmea.line, &parsed) != BW_SENTENCE_BAD;
        }
        if (complete && bw_fix_update(&fix, nmea.line, (int64_t)i, INT64_C(1767225600000)) && fix.state >= BW_FIX_2D) {
            demand(fix.latitude_e7 >= -900000000 && fix.latitude_e7 <= 900000000);
            demand(fix.longitude_e7 >= -1800000000 && fix.longitude_e7 <= 1800000000);
            demand(fix.time_ms >= INT64_C(1767225600000));
            demand(fix.speed_cmps == BW_MISSING || fix.speed_cmps >= 0);
            demand(fix.course_cdeg == BW_MISSING || (fix.course_cdeg >= 0 && fix.course_cdeg < 36000));
        }
    }
    return 0;
}

/* What RMC, GGA and GSA say, from any talker (GP, GN, GL, GA, GB, ...).
 *
 * Each call fills only what its sentence holds; the rest stays BW_MISSING. A sentence with a field out of its range (a
 * latitude of 91 degrees, an hour of 25) is refused as a whole. Position and speed of an RMC that warns ('V') or a GGA of
 * quality 0 are not taken.
 */
#ifndef BW_NMEA_SENTENCE_H
#define BW_NMEA_SENTENCE_H

#include "nmea.h"
#include "reading.h"

enum bw_sentence { BW_SENTENCE_OTHER, BW_SENTENCE_BAD, BW_SENTENCE_RMC, BW_SENTENCE_GGA, BW_SENTENCE_GSA };

struct bw_nmea_data {
    int32_t ms_of_day;
    int32_t year; /* four digits; with month and day, from RMC */
    int32_t month;
    int32_t day;
    int32_t valid;  /* 1 a fix, 0 none */
    int32_t mode;   /* GSA: 1 none, 2 two-dimensional, 3 three-dimensional */
    int32_t longitude_e7;
    int32_t latitude_e7;
    int32_t speed_cmps;
    int32_t course_cdeg;
    int32_t altitude_dm;
    int32_t satellites;
    int32_t hdop_centi;
};

enum bw_sentence bw_nmea_parse(const char *line, struct bw_nmea_data *data);

#endif

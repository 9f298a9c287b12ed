/* Distance and direction in whole numbers, good to 0.5 % below 100 km away from the poles: enough to decide when to report. */
#ifndef BW_GEODESY_H
#define BW_GEODESY_H

#include <stdint.h>

/* Decimetres between two places in 1e-7 degree, on a sphere of 6,371,009 m (equirectangular projection). */
int64_t bw_distance_dm(int32_t longitude_a_e7, int32_t latitude_a_e7, int32_t longitude_b_e7, int32_t latitude_b_e7);

/* Least angle between two courses in 0.01 degree: 0 to 18000. */
int32_t bw_turn_cdeg(int32_t course_a_cdeg, int32_t course_b_cdeg);

#endif

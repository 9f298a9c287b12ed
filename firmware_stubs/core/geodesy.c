#include "geodesy.h"

#define FULL_TURN_E7 INT64_C(3600000000)
#define DEGREE_E7 10000000

/* 32768 x cosine of 0, 5, ... 90 degrees. */
static const int32_t COSINE_Q15[19] = {32768, 32643, 32270, 31651, 30792, 29698, 28378, 26842, 25102, 23170,
                                       21063, 18795, 16384, 13848, 11207, 8481,  5690,  2856,  0};

static int64_t cosine_q15(int64_t latitude_e7)
{
    int64_t across = latitude_e7 < 0 ? -latitude_e7 : latitude_e7;
    int64_t step = across / (5 * DEGREE_E7);
    if (step >= 18) {
        return 0;
    }
    int64_t rest = across % (5 * DEGREE_E7);
    return COSINE_Q15[step] + (COSINE_Q15[step + 1] - COSINE_Q15[step]) * rest / (5 * DEGREE_E7);
}

static int64_t square_root(int64_t square)
{
    int64_t root = 0;
    for (int64_t bit = INT64_C(1) << 30; bit != 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= square) {
            root += bit;
        }
    }
    return root;
}

int64_t bw_distance_dm(int32_t longitude_a_e7, int32_t latitude_a_e7, int32_t longitude_b_e7, int32_t latitude_b_e7)
{
    int64_t east_e7 = (int64_t)longitude_b_e7 - longitude_a_e7;
    if (east_e7 > FULL_TURN_E7 / 2) {
        east_e7 -= FULL_TURN_E7;
    } else if (east_e7 < -FULL_TURN_E7 / 2) {
        east_e7 += FULL_TURN_E7;
    }
    int64_t north_e7 = (int64_t)latitude_b_e7 - latitude_a_e7;
    int64_t middle_e7 = ((int64_t)latitude_a_e7 + latitude_b_e7) / 2;
    int64_t east_dm = east_e7 * 1111951 / DEGREE_E7 * cosine_q15(middle_e7) / 32768;
    int64_t north_dm = north_e7 * 1111951 / DEGREE_E7;
    return square_root(east_dm * east_dm + north_dm * north_dm);
}

int32_t bw_turn_cdeg(int32_t course_a_cdeg, int32_t course_b_cdeg)
{
    int32_t turn = (course_a_cdeg - course_b_cdeg) % 36000;
    turn = turn < 0 ? -turn : turn;
    return turn > 18000 ? 36000 - turn : turn;
}

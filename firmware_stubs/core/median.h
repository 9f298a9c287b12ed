/* Median and spread of the last nine samples, whatever their unit. */
#ifndef BW_MEDIAN_H
#define BW_MEDIAN_H

#include <stdint.h>

#define BW_MEDIAN_SAMPLES 9u

struct bw_median {
    int32_t sample[BW_MEDIAN_SAMPLES];
    uint8_t count;
    uint8_t next;
};

void bw_median_init(struct bw_median *median);
void bw_median_add(struct bw_median *median, int32_t sample);

/* BW_MISSING before nine samples have come. */
int32_t bw_median_value(const struct bw_median *median);

/* Greatest minus least sample, -1 before nine have come. */
int64_t bw_median_spread(const struct bw_median *median);

#endif

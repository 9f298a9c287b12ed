#include "median.h"

#include <string.h>

#include "reading.h"

void bw_median_init(struct bw_median *median)
{
    memset(median, 0, sizeof *median);
}

void bw_median_add(struct bw_median *median, int32_t sample)
{
    median->sample[median->next] = sample;
    median->next = (uint8_t)((median->next + 1u) % BW_MEDIAN_SAMPLES);
    median->count = (uint8_t)(median->count < BW_MEDIAN_SAMPLES ? median->count + 1u : median->count);
}

static void sort(int32_t sorted[BW_MEDIAN_SAMPLES])
{
    for (unsigned i = 1; i < BW_MEDIAN_SAMPLES; i++) {
        int32_t value = sorted[i];
        unsigned at = i;
        for (; at > 0 && sorted[at - 1u] > value; at--) {
            sorted[at] = sorted[at - 1u];
        }
        sorted[at] = value;
    }
}

int32_t bw_median_value(const struct bw_median *median)
{
    int32_t sorted[BW_MEDIAN_SAMPLES];
    if (median->count < BW_MEDIAN_SAMPLES) {
        return BW_MISSING;
    }
    memcpy(sorted, median->sample, sizeof sorted);
    sort(sorted);
    return sorted[BW_MEDIAN_SAMPLES / 2u];
}

int64_t bw_median_spread(const struct bw_median *median)
{
    int32_t sorted[BW_MEDIAN_SAMPLES];
    if (median->count < BW_MEDIAN_SAMPLES) {
        return -1;
    }
    memcpy(sorted, median->sample, sizeof sorted);
    sort(sorted);
    return (int64_t)sorted[BW_MEDIAN_SAMPLES - 1u] - sorted[0];
}

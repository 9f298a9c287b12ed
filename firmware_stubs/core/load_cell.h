/* Weight from a bridge amplifier of 24 bits: median, stability, tare, span, temperature.
 *
 * weight_g = (raw - zero_raw - zero_drift * dT) * span_g / span_raw / (1 + span_drift * dT), with dT from the temperature at
 * which it was calibrated. A raw value at the converter's rail, or none, is a fault: the window empties and the weight is
 * missing until nine good samples have come. Calibration is kept by the caller in a journal, which guards it with a CRC.
 */
#ifndef BW_LOAD_CELL_H
#define BW_LOAD_CELL_H

#include <stdbool.h>

#include "median.h"

struct bw_load_calibration {
    int32_t zero_raw;
    int32_t span_raw;           /* raw counts of `span_g`; 0 = never calibrated, the weight is missing */
    int32_t span_g;
    int32_t zero_drift_raw_per_c;
    int32_t span_drift_ppm_per_c;
    int32_t reference_cc;
};

struct bw_load_cell {
    struct bw_median window;
    struct bw_load_calibration calibration;
};

void bw_load_cell_init(struct bw_load_cell *cell, const struct bw_load_calibration *calibration);

/* Takes a raw sample, BW_MISSING where there is none. */
void bw_load_cell_add(struct bw_load_cell *cell, int32_t raw);

/* Grams, or BW_MISSING. Without a temperature no compensation is applied. */
int32_t bw_load_cell_weight_g(const struct bw_load_cell *cell, int32_t temperature_cc);

/* All samples of the window within `limit_g` of each other. */
bool bw_load_cell_stable(const struct bw_load_cell *cell, int32_t limit_g);

/* Makes the present load the zero. Refused unless stable. */
bool bw_load_cell_tare(struct bw_load_cell *cell, int32_t temperature_cc, int32_t stable_g);

/* The present load is `mass_g` above zero. Refused unless 500 raw counts apart from zero, and steady within 1 % of that. */
bool bw_load_cell_span(struct bw_load_cell *cell, int32_t temperature_cc, int32_t mass_g);

/* Sets the drift of the zero, raw counts a degree, at most 100,000 either way. */
bool bw_load_cell_drift(struct bw_load_cell *cell, int32_t raw_per_c);

#endif

#include "load_cell.h"

#include "reading.h"

#define RAIL_RAW 8388607
#define LEAST_SPAN_RAW 500
#define COLDEST_CC (-6000)
#define HOTTEST_CC 15000

void bw_load_cell_init(struct bw_load_cell *cell, const struct bw_load_calibration *calibration)
{
    bw_median_init(&cell->window);
    cell->calibration = *calibration;
}

void bw_load_cell_add(struct bw_load_cell *cell, int32_t raw)
{
    if (raw >= RAIL_RAW || raw <= -RAIL_RAW) {
        bw_median_init(&cell->window);
    } else {
        bw_median_add(&cell->window, raw);
    }
}

static int64_t warmer_cc(const struct bw_load_cell *cell, int32_t temperature_cc)
{
    bool known = temperature_cc >= COLDEST_CC && temperature_cc <= HOTTEST_CC;
    return known ? (int64_t)temperature_cc - cell->calibration.reference_cc : 0;
}

static int64_t above_zero_raw(const struct bw_load_cell *cell, int32_t raw, int64_t warmer)
{
    return (int64_t)raw - cell->calibration.zero_raw - cell->calibration.zero_drift_raw_per_c * warmer / 100;
}

static int64_t rounded(int64_t numerator, int64_t denominator)
{
    int64_t half = denominator < 0 ? -denominator / 2 : denominator / 2;
    return (numerator + (numerator < 0 ? -half : half)) / denominator;
}

int32_t bw_load_cell_weight_g(const struct bw_load_cell *cell, int32_t temperature_cc)
{
    int32_t raw = bw_median_value(&cell->window);
    if (raw == BW_MISSING || cell->calibration.span_raw == 0) {
        return BW_MISSING;
    }
    int64_t warmer = warmer_cc(cell, temperature_cc);
    int64_t weight = rounded(above_zero_raw(cell, raw, warmer) * cell->calibration.span_g, cell->calibration.span_raw);
    int64_t gain_ppm = 1000000 + cell->calibration.span_drift_ppm_per_c * warmer / 100;
    if (gain_ppm < 500000 || weight > INT32_MAX / 2 || weight < -INT32_MAX / 2) {
        return BW_MISSING;
    }
    return (int32_t)rounded(weight * 1000000, gain_ppm);
}

bool bw_load_cell_stable(const struct bw_load_cell *cell, int32_t limit_g)
{
    int64_t spread = bw_median_spread(&cell->window);
    int64_t per_span = cell->calibration.span_raw < 0 ? -(int64_t)cell->calibration.span_raw : cell->calibration.span_raw;
    return spread >= 0 && spread * cell->calibration.span_g <= limit_g * per_span;
}

bool bw_load_cell_tare(struct bw_load_cell *cell, int32_t temperature_cc, int32_t stable_g)
{
    if (!bw_load_cell_stable(cell, stable_g)) {
        return false;
    }
    int64_t off = above_zero_raw(cell, bw_median_value(&cell->window), warmer_cc(cell, temperature_cc));
    cell->calibration.zero_raw = (int32_t)(cell->calibration.zero_raw + off);
    return true;
}

bool bw_load_cell_span(struct bw_load_cell *cell, int32_t temperature_cc, int32_t mass_g)
{
    int32_t raw = bw_median_value(&cell->window);
    if (raw == BW_MISSING || mass_g <= 0) {
        return false;
    }
    int64_t span = above_zero_raw(cell, raw, warmer_cc(cell, temperature_cc));
    int64_t size = span < 0 ? -span : span;
    if (size < LEAST_SPAN_RAW || bw_median_spread(&cell->window) * 100 > size || size > INT32_MAX) {
        return false;
    }
    int64_t drift_raw = cell->calibration.zero_drift_raw_per_c * warmer_cc(cell, temperature_cc) / 100;
    cell->calibration.zero_raw = (int32_t)(cell->calibration.zero_raw + drift_raw);
    cell->calibration.reference_cc = temperature_cc == BW_MISSING ? cell->calibration.reference_cc : temperature_cc;
    cell->calibration.span_raw = (int32_t)span;
    cell->calibration.span_g = mass_g;
    return true;
}

bool bw_load_cell_drift(struct bw_load_cell *cell, int32_t raw_per_c)
{
    if (raw_per_c > 100000 || raw_per_c < -100000) {
        return false;
    }
    cell->calibration.zero_drift_raw_per_c = raw_per_c;
    return true;
}

#include "fuel.h"

#include "reading.h"

void bw_fuel_init(struct bw_fuel *fuel)
{
    bw_median_init(&fuel->window);
    fuel->parked_ml = BW_MISSING;
}

void bw_fuel_add(struct bw_fuel *fuel, int32_t millivolts, const struct bw_config *config)
{
    int32_t empty_mv = config->value[BW_FUEL_EMPTY_MV];
    int32_t full_mv = config->value[BW_FUEL_FULL_MV];
    int32_t margin_mv = (full_mv - empty_mv) / 20;
    if (millivolts == BW_MISSING || millivolts < empty_mv - margin_mv || millivolts > full_mv + margin_mv) {
        bw_median_init(&fuel->window);
    } else {
        bw_median_add(&fuel->window, millivolts);
    }
}

int32_t bw_fuel_ml(const struct bw_fuel *fuel, const struct bw_config *config)
{
    int32_t millivolts = bw_median_value(&fuel->window);
    if (millivolts == BW_MISSING) {
        return BW_MISSING;
    }
    int64_t tank_ml = config->value[BW_FUEL_TANK_ML];
    int64_t span_mv = (int64_t)config->value[BW_FUEL_FULL_MV] - config->value[BW_FUEL_EMPTY_MV];
    int64_t level_ml = ((int64_t)millivolts - config->value[BW_FUEL_EMPTY_MV]) * tank_ml / span_mv;
    return (int32_t)(level_ml < 0 ? 0 : level_ml > tank_ml ? tank_ml : level_ml);
}

bool bw_fuel_leaks(struct bw_fuel *fuel, bool parked, const struct bw_config *config)
{
    int32_t level_ml = bw_fuel_ml(fuel, config);
    if (!parked) {
        fuel->parked_ml = BW_MISSING;
        return false;
    }
    if (level_ml == BW_MISSING) {
        return false;
    }
    if (fuel->parked_ml == BW_MISSING || level_ml > fuel->parked_ml) {
        fuel->parked_ml = level_ml;
    }
    if (fuel->parked_ml - level_ml < config->value[BW_FUEL_LEAK_ML]) {
        return false;
    }
    fuel->parked_ml = level_ml;
    return true;
}

/* Fuel level from a resistive sender: median of nine readings against sloshing, a straight line from empty to full, and the
 * fall of the level while the vehicle stands. Millivolts in, millilitres out. */
#ifndef BW_FUEL_H
#define BW_FUEL_H

#include <stdbool.h>

#include "config.h"
#include "median.h"

struct bw_fuel {
    struct bw_median window;
    int32_t parked_ml; /* highest level since it was parked; BW_MISSING while driving */
};

void bw_fuel_init(struct bw_fuel *fuel);

/* Takes a sample; BW_MISSING or one more than 5 % of the span outside empty to full empties the window (wire off). */
void bw_fuel_add(struct bw_fuel *fuel, int32_t millivolts, const struct bw_config *config);

/* Millilitres, 0 to the tank's size, or BW_MISSING. */
int32_t bw_fuel_ml(const struct bw_fuel *fuel, const struct bw_config *config);

/* True once when the level fell by `fuel_leak_ml` since it was parked. */
bool bw_fuel_leaks(struct bw_fuel *fuel, bool parked, const struct bw_config *config);

#endif

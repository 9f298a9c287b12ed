/* Shelf or cooler sensor: weight, temperature, humidity, door, count.
 *
 * It reports every `sensor_interval_s`, and at once when the settled weight has changed by `weight_change_g`, the door has
 * moved, or the temperature has crossed a limit of the configuration. A low battery is told as an event.
 */
#ifndef BW_SHELF_H
#define BW_SHELF_H

#include "../core/debounce.h"
#include "device.h"

struct bw_shelf {
    struct bw_device device;
    struct bw_load_cell load;
    struct bw_debounce door;
    int64_t sampled_ms;
    int64_t reported_ms;
    bool reported;
    bool report_now;
    bool too_warm, too_cold, battery_low;
    int32_t reported_g;
};

/* False when the flash is unusable. */
bool bw_shelf_start(struct bw_shelf *shelf, const struct bw_board *board);

/* Does what there is to do; returns how many milliseconds may pass until the next call. */
int32_t bw_shelf_step(struct bw_shelf *shelf);

#endif

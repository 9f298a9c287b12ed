/* Does the device work: known answers of its own arithmetic, one flash sector written and read, sensors within reason.
 *
 * The result is the set of parts that failed, 0 when all is well. A sensor that the board does not have is not a failure.
 */
#ifndef BW_SELF_TEST_H
#define BW_SELF_TEST_H

#include "../hal/sensors.h"
#include "../hal/system.h"
#include "region.h"

enum bw_self_test_part {
    BW_TEST_ARITHMETIC = 1, /* CRC-32 and SHA-256 */
    BW_TEST_FLASH = 2,
    BW_TEST_SIGNATURE = 4,  /* a signature of zeros was accepted */
    BW_TEST_LOAD_CELL = 8,  /* at the rail of its converter */
    BW_TEST_BATTERY = 16,   /* above 60 V, or 0 */
    BW_TEST_GNSS = 32,      /* no sentence heard */
};

/* Without these an update must not be confirmed. */
#define BW_TEST_VITAL (BW_TEST_ARITHMETIC | BW_TEST_FLASH | BW_TEST_SIGNATURE)

/* `scratch` is one sector that is overwritten. `sentences` counts those heard since power-on, -1 for a board without GNSS. */
uint32_t bw_self_test(const struct bw_region *scratch, const struct bw_sensors *sensors, const struct bw_system *system,
                      int64_t sentences);

#endif

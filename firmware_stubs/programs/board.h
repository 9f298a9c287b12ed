/* Everything a port hands to a program: the hardware, who built the firmware, and where things lie in flash.
 *
 * Sectors of the data flash, in order: 2 boot count, 2 identity, 2 configuration, 2 calibration, 2 choice of the image, 1
 * scratch, then the ring to the end (at least 2). The two image slots may lie in another memory.
 */
#ifndef BW_BOARD_H
#define BW_BOARD_H

#include "../core/region.h"
#include "../hal/link.h"
#include "../hal/sensors.h"
#include "../hal/system.h"

struct bw_board {
    const struct bw_flash *flash;
    const struct bw_link *link;
    const struct bw_system *system;
    const struct bw_sensors *sensors;
    struct bw_region image_slots[2];
    const char *firmware;  /* name and version, for people */
    uint32_t product;      /* this hardware's number: an image for another is refused */
    uint32_t build;        /* rises with every release */
    int64_t built_ms;      /* Unix; no true time is earlier */
};

enum bw_sector { BW_SECTOR_BOOTS = 0, BW_SECTOR_IDENTITY = 2, BW_SECTOR_CONFIG = 4, BW_SECTOR_CALIBRATION = 6, BW_SECTOR_IMAGE = 8, BW_SECTOR_SCRATCH = 10, BW_SECTOR_RING = 11 };
#define BW_SECTORS_LEAST (BW_SECTOR_RING + 2u)

#endif

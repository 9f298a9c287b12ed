/* A run of whole flash sectors that one module owns. Addresses are bytes from the region's start; anything that would leave
 * the region is refused with false, so that one module's mistake cannot reach another's data. */
#ifndef BW_REGION_H
#define BW_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "../hal/flash.h"

struct bw_region {
    const struct bw_flash *flash;
    uint32_t first_sector;
    uint32_t sectors;
};

bool bw_region_read(const struct bw_region *region, uint32_t address, void *into, uint32_t length);
bool bw_region_program(const struct bw_region *region, uint32_t address, const void *from, uint32_t length);
bool bw_region_erase(const struct bw_region *region, uint32_t sector);

/* The whole region reads as erased between the two addresses; false also when it cannot be read. */
bool bw_region_blank(const struct bw_region *region, uint32_t address, uint32_t length);

#endif

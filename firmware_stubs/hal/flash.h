/* NOR flash as the core sees it.
 *
 * Contract: erase sets every byte of one sector to 0xFF; program may only clear bits, takes any length that stays inside the
 * memory and writes bytes in rising order. Each function returns false when the chip did not confirm. A single byte must be
 * programmable again to clear more of its bits (serial NOR is; flash with error-correcting words is not: see PORTING.md).
 * Addresses and lengths are bytes. Calls are never made from two threads at once.
 */
#ifndef BW_HAL_FLASH_H
#define BW_HAL_FLASH_H

#include <stdbool.h>
#include <stdint.h>

struct bw_flash {
    void *context;
    uint32_t sector_bytes; /* smallest erasable unit, a multiple of 64 */
    uint32_t sectors;
    bool (*read)(void *context, uint32_t address, void *into, uint32_t length);
    bool (*program)(void *context, uint32_t address, const void *from, uint32_t length);
    bool (*erase)(void *context, uint32_t address); /* of the sector's first byte */
};

#endif

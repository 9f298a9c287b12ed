#include <zephyr/storage/flash_map.h>

#include "port.h"

static uint32_t sector_size;

static bool area_read(void *context, uint32_t address, void *into, uint32_t length)
{
    return flash_area_read(context, (off_t)address, into, length) == 0;
}

static bool area_program(void *context, uint32_t address, const void *from, uint32_t length)
{
    return flash_area_write(context, (off_t)address, from, length) == 0;
}

static bool area_erase(void *context, uint32_t address)
{
    return flash_area_erase(context, (off_t)address, sector_size) == 0;
}

bool flash_area_init(struct bw_flash *flash, uint8_t area_id, uint32_t sector_bytes)
{
    const struct flash_area *area;
    if (flash_area_open(area_id, &area) != 0 || flash_area_align(area) != 1) {
        return false;
    }
    sector_size = sector_bytes;
    *flash = (struct bw_flash){(void *)area, sector_bytes, (uint32_t)(area->fa_size / sector_bytes), area_read, area_program, area_erase};
    return true;
}

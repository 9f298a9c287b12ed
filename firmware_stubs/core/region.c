#include "region.h"

static bool inside(const struct bw_region *region, uint32_t address, uint32_t length)
{
    uint32_t size = region->sectors * region->flash->sector_bytes;
    return address <= size && length <= size - address;
}

static uint32_t base(const struct bw_region *region)
{
    return region->first_sector * region->flash->sector_bytes;
}

bool bw_region_read(const struct bw_region *region, uint32_t address, void *into, uint32_t length)
{
    return inside(region, address, length) &&
           region->flash->read(region->flash->context, base(region) + address, into, length);
}

bool bw_region_program(const struct bw_region *region, uint32_t address, const void *from, uint32_t length)
{
    return inside(region, address, length) &&
           region->flash->program(region->flash->context, base(region) + address, from, length);
}

bool bw_region_erase(const struct bw_region *region, uint32_t sector)
{
    return sector < region->sectors &&
           region->flash->erase(region->flash->context, base(region) + sector * region->flash->sector_bytes);
}

bool bw_region_blank(const struct bw_region *region, uint32_t address, uint32_t length)
{
    uint8_t part[32];
    while (length > 0) {
        uint32_t count = length < sizeof part ? length : (uint32_t)sizeof part;
        if (!bw_region_read(region, address, part, count)) {
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (part[i] != 0xFFu) {
                return false;
            }
        }
        address += count;
        length -= count;
    }
    return true;
}

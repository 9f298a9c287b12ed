#include "ring_sector.h"

#include "bytes.h"
#include "crc32.h"

#define MAGIC 0x31525742u /* "BWR1" */
#define HEAD_BYTES 20u
#define NOTE_BYTES 8u
#define NOTES 5u

/* Salted: the plain CRC-32 of four erased bytes is four erased bytes. */
static uint32_t note_crc(const uint8_t note[4])
{
    return bw_crc32(bw_crc32(0, "note", 4), note, 4);
}

static uint32_t address_of(const struct bw_region *region, uint32_t generation)
{
    return generation % region->sectors * region->flash->sector_bytes;
}

bool bw_ring_sector_read(const struct bw_region *region, uint32_t sector, struct bw_ring_sector *head)
{
    uint8_t raw[HEAD_BYTES];
    if (!bw_region_read(region, sector * region->flash->sector_bytes, raw, sizeof raw) || bw_get_le(raw, 4) != MAGIC ||
        bw_get_le(raw + 16, 4) != bw_crc32(0, raw, 16)) {
        return false;
    }
    head->generation = (uint32_t)bw_get_le(raw + 4, 4);
    head->next_seq = (uint32_t)bw_get_le(raw + 8, 4);
    head->dropped = (uint32_t)bw_get_le(raw + 12, 4);
    return head->generation % region->sectors == sector;
}

bool bw_ring_sector_open(const struct bw_region *region, const struct bw_ring_sector *head)
{
    uint8_t raw[HEAD_BYTES];
    bw_put_le(raw, 4, MAGIC);
    bw_put_le(raw + 4, 4, head->generation);
    bw_put_le(raw + 8, 4, head->next_seq);
    bw_put_le(raw + 12, 4, head->dropped);
    bw_put_le(raw + 16, 4, bw_crc32(0, raw, 16));
    return bw_region_erase(region, head->generation % region->sectors) &&
           bw_region_program(region, address_of(region, head->generation), raw, sizeof raw);
}

bool bw_ring_sector_note(const struct bw_region *region, uint32_t generation, uint32_t dropped_after)
{
    uint32_t address = address_of(region, generation) + HEAD_BYTES;
    uint8_t raw[NOTE_BYTES];
    bw_put_le(raw, 4, dropped_after);
    bw_put_le(raw + 4, 4, note_crc(raw));
    for (unsigned i = 0; i < NOTES; i++, address += NOTE_BYTES) {
        if (bw_region_blank(region, address, NOTE_BYTES)) {
            return bw_region_program(region, address, raw, sizeof raw);
        }
    }
    return true;
}

bool bw_ring_sector_noted(const struct bw_region *region, uint32_t generation, uint32_t *dropped_after)
{
    uint32_t address = address_of(region, generation) + HEAD_BYTES;
    uint8_t raw[NOTE_BYTES];
    for (unsigned i = 0; i < NOTES; i++, address += NOTE_BYTES) {
        if (bw_region_read(region, address, raw, sizeof raw) && bw_get_le(raw + 4, 4) == note_crc(raw)) {
            *dropped_after = (uint32_t)bw_get_le(raw, 4);
            return true;
        }
    }
    return false;
}

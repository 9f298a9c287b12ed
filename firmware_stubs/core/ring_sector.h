/* The first 64 bytes of each ring sector: which turn of the ring it belongs to, and what must survive its neighbours' erasure.
 *
 * Layout, least significant byte first: magic (4), generation (4), next sequence number (4), readings dropped so far (4),
 * CRC-32 of those 16 bytes (4), then five intent notes of 8 bytes: dropped total after the coming erasure (4), salted
 * CRC-32 of that (4). The sector of generation g is always sector g modulo the number of sectors. A note says "the next sector is
 * about to be erased and this will be the count": after a cut at any later byte the note is found and the erasure done
 * again, so the count is neither lost nor doubled. Five notes, because a cut may tear one.
 */
#ifndef BW_RING_SECTOR_H
#define BW_RING_SECTOR_H

#include "region.h"

struct bw_ring_sector {
    uint32_t generation;
    uint32_t next_seq;
    uint32_t dropped;
};

/* False when the sector's head is torn, foreign or in the wrong place. */
bool bw_ring_sector_read(const struct bw_region *region, uint32_t sector, struct bw_ring_sector *head);

/* Erases the sector that the generation belongs to and writes its head. */
bool bw_ring_sector_open(const struct bw_region *region, const struct bw_ring_sector *head);

/* Leaves an intent note; true as well when all five places are torn, for then there is nothing better to do. */
bool bw_ring_sector_note(const struct bw_region *region, uint32_t generation, uint32_t dropped_after);

/* True when a whole note is there. */
bool bw_ring_sector_noted(const struct bw_region *region, uint32_t generation, uint32_t *dropped_after);

#endif

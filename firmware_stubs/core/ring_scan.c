#include "ring_scan.h"

#include "ring_sector.h"

uint32_t bw_ring_address(const struct bw_ring *ring, uint32_t position)
{
    uint32_t sector = position / ring->slots % ring->region.sectors;
    return sector * ring->region.flash->sector_bytes + (1u + position % ring->slots) * BW_RECORD_BYTES;
}

bool bw_ring_load(const struct bw_ring *ring, uint32_t position, uint8_t record[BW_RECORD_BYTES])
{
    return bw_region_read(&ring->region, bw_ring_address(ring, position), record, BW_RECORD_BYTES);
}

bool bw_ring_waits(const struct bw_ring *ring, uint32_t position)
{
    uint8_t record[BW_RECORD_BYTES];
    return bw_ring_load(ring, position, record) && bw_record_intact(record) && bw_record_waits(record);
}

void bw_ring_settle(struct bw_ring *ring)
{
    while (ring->tail < ring->head && !bw_ring_waits(ring, ring->tail)) {
        ring->tail++;
    }
}

uint32_t bw_ring_oldest(const struct bw_ring *ring, uint32_t generation)
{
    uint32_t others = ring->region.sectors - 1u;
    return generation > others ? (generation - others) * ring->slots : 0;
}

static bool find_newest(const struct bw_region *region, struct bw_ring_sector *newest)
{
    bool found = false;
    for (uint32_t sector = 0; sector < region->sectors; sector++) {
        struct bw_ring_sector head;
        if (bw_ring_sector_read(region, sector, &head) && (!found || head.generation > newest->generation)) {
            *newest = head;
            found = true;
        }
    }
    return found;
}

/* Generations before a gap are remains of a life before the last formatting. */
static uint32_t find_oldest(const struct bw_ring *ring)
{
    uint32_t generation = ring->generation;
    struct bw_ring_sector head;
    while (generation * ring->slots > bw_ring_oldest(ring, ring->generation) &&
           bw_ring_sector_read(&ring->region, (generation - 1u) % ring->region.sectors, &head) &&
           head.generation == generation - 1u) {
        generation--;
    }
    return generation * ring->slots;
}

static void count(struct bw_ring *ring, const uint8_t record[BW_RECORD_BYTES])
{
    struct bw_reading reading;
    if (!bw_record_unpack(record, &reading)) {
        ring->torn++;
        return;
    }
    if (reading.kind != BW_TIME_MARK && reading.seq >= ring->next_seq) {
        ring->next_seq = reading.seq + 1u;
    }
    ring->waiting += bw_record_waits(record) ? 1u : 0u;
}

static bool count_all(struct bw_ring *ring)
{
    uint8_t record[BW_RECORD_BYTES];
    ring->waiting = ring->torn = 0;
    ring->head = ring->generation * ring->slots;
    for (uint32_t at = ring->tail; at < (ring->generation + 1u) * ring->slots; at++) {
        if (!bw_ring_load(ring, at, record)) {
            return false;
        }
        if (!bw_record_erased(record)) {
            count(ring, record);
            ring->head = at + 1u > ring->head ? at + 1u : ring->head;
        }
    }
    bw_ring_settle(ring);
    return true;
}

bool bw_ring_scan(struct bw_ring *ring, bool *found)
{
    struct bw_ring_sector newest = {0, 0, 0};
    uint8_t probe;
    if (!bw_region_read(&ring->region, 0, &probe, 1)) {
        return false;
    }
    *found = find_newest(&ring->region, &newest);
    if (!*found) {
        return true;
    }
    ring->generation = newest.generation;
    ring->next_seq = newest.next_seq;
    ring->dropped = newest.dropped;
    ring->tail = find_oldest(ring);
    bool announced = bw_ring_sector_noted(&ring->region, newest.generation, &ring->dropped);
    uint32_t kept = bw_ring_oldest(ring, ring->generation + 1u);
    ring->tail = announced && ring->tail < kept ? kept : ring->tail;
    return count_all(ring);
}

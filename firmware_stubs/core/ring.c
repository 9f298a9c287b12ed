#include "ring.h"

#include <string.h>

#include "ring_scan.h"
#include "ring_sector.h"

#define WRITE_TRIES 3

static void drop_oldest(struct bw_ring *ring, uint32_t first_kept)
{
    for (; ring->tail < first_kept; ring->tail++) {
        if (bw_ring_waits(ring, ring->tail)) {
            ring->waiting--;
            ring->dropped++;
        }
    }
}

static bool open_sector(struct bw_ring *ring, uint32_t generation)
{
    struct bw_ring_sector head = {generation, ring->next_seq, ring->dropped};
    if (!bw_ring_sector_open(&ring->region, &head)) {
        return false;
    }
    ring->generation = generation;
    ring->head = generation * ring->slots;
    return true;
}

/* The note comes before the erasure, the erasure before the new head: see ring_sector.h. */
static bool open_next_sector(struct bw_ring *ring)
{
    uint32_t noted = 0;
    drop_oldest(ring, bw_ring_oldest(ring, ring->generation + 1u));
    if (!bw_ring_sector_noted(&ring->region, ring->generation, &noted) &&
        !bw_ring_sector_note(&ring->region, ring->generation, ring->dropped)) {
        return false;
    }
    return open_sector(ring, ring->generation + 1u);
}

bool bw_ring_format(struct bw_ring *ring, struct bw_region region)
{
    *ring = (struct bw_ring){.region = region, .slots = region.flash->sector_bytes / BW_RECORD_BYTES - 1u, .next_seq = 1};
    for (uint32_t sector = 1; sector < region.sectors; sector++) {
        if (!bw_region_erase(&region, sector)) {
            return false;
        }
    }
    return open_sector(ring, 0);
}

bool bw_ring_mount(struct bw_ring *ring, struct bw_region region)
{
    bool found = false;
    *ring = (struct bw_ring){.region = region, .slots = region.flash->sector_bytes / BW_RECORD_BYTES - 1u};
    return bw_ring_scan(ring, &found) && (found || bw_ring_format(ring, region));
}

static bool write_record(struct bw_ring *ring, const uint8_t record[BW_RECORD_BYTES])
{
    uint8_t back[BW_RECORD_BYTES];
    for (int i = 0; i < WRITE_TRIES; i++) {
        if (ring->head == (ring->generation + 1u) * ring->slots && !open_next_sector(ring)) {
            return false;
        }
        uint32_t position = ring->head;
        if (!bw_region_program(&ring->region, bw_ring_address(ring, position), record, BW_RECORD_STATE)) {
            return false;
        }
        ring->head++;
        if (bw_ring_load(ring, position, back) && memcmp(back, record, BW_RECORD_BYTES) == 0) {
            return true;
        }
        ring->torn++;
    }
    return false;
}

bool bw_ring_append(struct bw_ring *ring, struct bw_reading *reading)
{
    uint8_t record[BW_RECORD_BYTES];
    bool mark = reading->kind == BW_TIME_MARK;
    reading->seq = mark ? 0 : ring->next_seq;
    if (!bw_record_pack(reading, record)) {
        return false;
    }
    if (!write_record(ring, record)) {
        return false;
    }
    ring->next_seq += mark ? 0u : 1u;
    ring->waiting += mark ? 0u : 1u;
    bw_ring_settle(ring);
    return true;
}

bool bw_ring_read(const struct bw_ring *ring, uint32_t position, struct bw_reading *reading, enum bw_record_state *state)
{
    uint8_t record[BW_RECORD_BYTES];
    if (position < ring->tail || position >= ring->head || !bw_ring_load(ring, position, record) ||
        !bw_record_unpack(record, reading)) {
        return false;
    }
    *state = bw_record_state(record);
    return true;
}

bool bw_ring_mark(struct bw_ring *ring, uint32_t position, enum bw_record_state state)
{
    uint8_t record[BW_RECORD_BYTES];
    if (position < ring->tail || position >= ring->head || !bw_ring_load(ring, position, record) || !bw_record_intact(record) ||
        !bw_record_waits(record) || bw_record_state(record) <= state) {
        return true;
    }
    uint8_t mark = (uint8_t)state;
    if (!bw_region_program(&ring->region, bw_ring_address(ring, position) + BW_RECORD_STATE, &mark, 1)) {
        return false;
    }
    if (state == BW_ACKNOWLEDGED) {
        ring->waiting--;
        bw_ring_settle(ring);
    }
    return true;
}

bool bw_ring_last(const struct bw_ring *ring, enum bw_kind kind, struct bw_reading *reading)
{
    uint8_t record[BW_RECORD_BYTES];
    uint32_t oldest = bw_ring_oldest(ring, ring->generation);
    for (uint32_t position = ring->head; position > oldest; position--) {
        if (bw_ring_load(ring, position - 1u, record) && (record[0] & 7u) == (unsigned)kind && bw_record_unpack(record, reading)) {
            return true;
        }
    }
    return false;
}

bool bw_ring_boot_start(const struct bw_ring *ring, uint32_t position, uint32_t boot_id, int64_t *start_ms)
{
    struct bw_reading mark;
    uint8_t record[BW_RECORD_BYTES];
    for (; position < ring->head; position++) {
        if (bw_ring_load(ring, position, record) && (record[0] & 7u) == BW_TIME_MARK && bw_record_unpack(record, &mark) &&
            mark.boot_id == boot_id) {
            *start_ms = mark.time_ms;
            return true;
        }
    }
    return false;
}

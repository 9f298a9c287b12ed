/* Store-and-forward ring of readings on NOR flash.
 *
 * A reading that bw_ring_append returned true for is kept through any power cut until it is acknowledged, or until the ring
 * has come round: then the oldest sector goes, and `dropped` counts what in it had not been acknowledged. A position counts
 * slots from the first the ring ever wrote; it names the same record for ever and is older than `tail` once that is done
 * with. Sequence numbers rise by one a reading and go on after a restart. There is no index in memory: mounting scans.
 * Needs at least two sectors. Every function that returns bool gives false when the flash refused.
 */
#ifndef BW_RING_H
#define BW_RING_H

#include "reading.h"
#include "record.h"
#include "region.h"

struct bw_ring {
    struct bw_region region;
    uint32_t slots;      /* records in a sector */
    uint32_t generation; /* of the newest sector */
    uint32_t tail;     /* everything before this position is acknowledged, torn or dropped */
    uint32_t head;     /* the next position to be written */
    uint32_t next_seq; /* of the next reading */
    uint32_t waiting;  /* readings stored and not acknowledged */
    uint32_t dropped;  /* readings lost to wrapping since the ring was formatted */
    uint32_t torn;     /* slots found unreadable by the last mount, or when written */
};

/* Finds what is stored; formats a region that holds no ring. An erasure that a power cut interrupted is done again when the
 * room is needed. */
bool bw_ring_mount(struct bw_ring *ring, struct bw_region region);

/* Forgets everything, sequence numbers too. */
bool bw_ring_format(struct bw_ring *ring, struct bw_region region);

/* Stores the reading and writes its sequence number into it. A time mark gets none and is never sent. */
bool bw_ring_append(struct bw_ring *ring, struct bw_reading *reading);

/* The intact record at a position that is not older than `tail` and is before `head`; false for a torn slot. */
bool bw_ring_read(const struct bw_ring *ring, uint32_t position, struct bw_reading *reading, enum bw_record_state *state);

/* BW_IN_FLIGHT or BW_ACKNOWLEDGED; a position that has been dropped or was marked before is left alone. */
bool bw_ring_mark(struct bw_ring *ring, uint32_t position, enum bw_record_state state);

/* The newest intact reading of a kind that is still in the flash, acknowledged or not. */
bool bw_ring_last(const struct bw_ring *ring, enum bw_kind kind, struct bw_reading *reading);

/* When boot `boot_id` began, Unix ms, from the time mark that it left at or after `position`. */
bool bw_ring_boot_start(const struct bw_ring *ring, uint32_t position, uint32_t boot_id, int64_t *start_ms);

#endif

/* What is in the ring's flash: looking, never writing. For ring.c; others use ring.h. */
#ifndef BW_RING_SCAN_H
#define BW_RING_SCAN_H

#include "ring.h"

/* Byte address of the record at a position, from the region's start. */
uint32_t bw_ring_address(const struct bw_ring *ring, uint32_t position);

bool bw_ring_load(const struct bw_ring *ring, uint32_t position, uint8_t record[BW_RECORD_BYTES]);

/* Intact, to be sent, and not acknowledged. */
bool bw_ring_waits(const struct bw_ring *ring, uint32_t position);

/* Moves `tail` over what is done with. */
void bw_ring_settle(struct bw_ring *ring);

/* The first position that is still there once `generation` is the newest. */
uint32_t bw_ring_oldest(const struct bw_ring *ring, uint32_t generation);

/* Sets every count of the ring from its flash. `found` is false where no sector holds a ring. A sector whose erasure the
 * newest one has announced is left out: it may be half gone. False only when the flash cannot be read. */
bool bw_ring_scan(struct bw_ring *ring, bool *found);

#endif

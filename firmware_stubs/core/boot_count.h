/* The boot id: one more with every start, kept in a journal, never 0. */
#ifndef BW_BOOT_COUNT_H
#define BW_BOOT_COUNT_H

#include "region.h"

/* Counts this start. False when the flash refused: `boot_id` is then the next one all the same, but may come again. */
bool bw_boot_count(struct bw_region region, uint32_t *boot_id);

#endif

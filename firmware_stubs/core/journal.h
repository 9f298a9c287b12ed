/* The newest of a row of small values of one size, safe against power cuts, on two flash sectors or more.
 *
 * Values are appended; the newest intact one is current. Revoking blots its head out, so that the one before is current
 * again: that is how a configuration rolls back. A sector is erased only when it does not hold the current value.
 * Each value: generation (4), CRC-32 of generation and value (4), value, one byte that is 0xFF until it is confirmed.
 */
#ifndef BW_JOURNAL_H
#define BW_JOURNAL_H

#include "region.h"

#define BW_JOURNAL_VALUE_MAX 248u

struct bw_journal {
    struct bw_region region;
    uint32_t length;     /* of a value, bytes */
    uint32_t slot_bytes;
    uint32_t current;    /* address of the current value; meaningless when `generation` is 0 */
    uint32_t generation; /* of the current value; 0 = there is none */
    uint32_t next;       /* address where the next value goes */
};

/* False when the flash cannot be read, or `length` is 0, above BW_JOURNAL_VALUE_MAX or too long for a sector. */
bool bw_journal_mount(struct bw_journal *journal, struct bw_region region, uint32_t length);

/* Copies the current value out. False when there is none. */
bool bw_journal_read(const struct bw_journal *journal, void *value);

/* On success the value is current. On failure, or a power cut, the value before it still is. */
bool bw_journal_append(struct bw_journal *journal, const void *value);

/* Gives the current value up for the one before. False when the flash refused or there is nothing to give up. */
bool bw_journal_revoke(struct bw_journal *journal);

bool bw_journal_confirm(struct bw_journal *journal);
bool bw_journal_confirmed(const struct bw_journal *journal);

#endif

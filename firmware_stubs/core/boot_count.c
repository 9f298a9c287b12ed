#include "boot_count.h"

#include "bytes.h"
#include "journal.h"

bool bw_boot_count(struct bw_region region, uint32_t *boot_id)
{
    struct bw_journal journal;
    uint8_t raw[4] = {0, 0, 0, 0};
    if (!bw_journal_mount(&journal, region, sizeof raw)) {
        *boot_id = 1;
        return false;
    }
    (void)bw_journal_read(&journal, raw); /* none: the first start */
    *boot_id = (uint32_t)bw_get_le(raw, 4) % 0xFFFFFFu + 1u; /* a record has 24 bits for it */
    bw_put_le(raw, 4, *boot_id);
    return bw_journal_append(&journal, raw);
}

#include "debounce.h"

#include "reading.h"

void bw_debounce_init(struct bw_debounce *debounce)
{
    *debounce = (struct bw_debounce){BW_MISSING, BW_MISSING, BW_MISSING, 0, 0};
}

bool bw_debounce_update(struct bw_debounce *debounce, int32_t sample, int64_t now_ms, int32_t settle_ms)
{
    if (sample != debounce->candidate) {
        debounce->candidate = sample;
        debounce->since_ms = now_ms;
    }
    if (sample == debounce->level || now_ms - debounce->since_ms < settle_ms) {
        return false;
    }
    debounce->previous = debounce->level;
    debounce->level = sample;
    debounce->changed_ms = debounce->since_ms;
    return true;
}

bool bw_debounce_switched(const struct bw_debounce *debounce)
{
    return debounce->level != BW_MISSING && debounce->previous != BW_MISSING;
}

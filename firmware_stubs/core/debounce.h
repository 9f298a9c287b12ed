/* A contact that bounces: a new level counts once it has held for the settling time. Times in milliseconds of uptime. */
#ifndef BW_DEBOUNCE_H
#define BW_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct bw_debounce {
    int32_t level;       /* settled: 0, 1 or BW_MISSING before anything settled */
    int32_t previous;    /* settled before that */
    int32_t candidate;
    int64_t since_ms;    /* when the candidate was first seen without interruption */
    int64_t changed_ms;  /* when `level` was first seen, not when it settled */
};

void bw_debounce_init(struct bw_debounce *debounce);

/* Takes a sample (BW_MISSING where the input cannot be read). True when another level has settled. */
bool bw_debounce_update(struct bw_debounce *debounce, int32_t sample, int64_t now_ms, int32_t settle_ms);

/* It went from one known level to the other, rather than becoming known. */
bool bw_debounce_switched(const struct bw_debounce *debounce);

#endif

/* SHA-256 (FIPS 180-4). Feed in any portions, finish once. */
#ifndef BW_SHA256_H
#define BW_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define BW_SHA256_BYTES 32u

struct bw_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken */
    uint8_t block[64];
};

void bw_sha256_init(struct bw_sha256 *sha);
void bw_sha256_feed(struct bw_sha256 *sha, const void *data, size_t length);
void bw_sha256_finish(struct bw_sha256 *sha, uint8_t digest[BW_SHA256_BYTES]);

#endif

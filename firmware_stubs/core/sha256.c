#include "sha256.h"

#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t value, unsigned by)
{
    return value >> by | value << (32u - by);
}

void bw_sha256_init(struct bw_sha256 *sha)
{
    static const uint32_t START[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, START, sizeof START);
    sha->length = 0;
}

static void schedule(const uint8_t block[64], uint32_t word[64])
{
    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *at = block + 4u * i;
        word[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = word[i - 15u];
        uint32_t b = word[i - 2u];
        word[i] = word[i - 16u] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + word[i - 7u] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
}

static void compress(uint32_t state[8], const uint8_t block[64])
{
    uint32_t word[64];
    uint32_t v[8]; /* a to h */
    schedule(block, word);
    memcpy(v, state, sizeof v);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t e = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t first = v[7] + e + choice + K[i] + word[i];
        uint32_t a = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7u * sizeof *v);
        v[4] += first;
        v[0] = first + a + majority;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void bw_sha256_feed(struct bw_sha256 *sha, const void *data, size_t length)
{
    const uint8_t *byte = data;
    for (size_t i = 0; i < length; i++) {
        sha->block[sha->length++ % 64u] = byte[i];
        if (sha->length % 64u == 0) {
            compress(sha->state, sha->block);
        }
    }
}

void bw_sha256_finish(struct bw_sha256 *sha, uint8_t digest[BW_SHA256_BYTES])
{
    static const uint8_t END = 0x80;
    static const uint8_t ZERO = 0;
    uint64_t bits = sha->length * 8u;
    bw_sha256_feed(sha, &END, 1);
    while (sha->length % 64u != 56u) {
        bw_sha256_feed(sha, &ZERO, 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)(bits >> (56u - 8u * i));
        bw_sha256_feed(sha, &byte, 1);
    }
    for (unsigned i = 0; i < BW_SHA256_BYTES; i++) {
        digest[i] = (uint8_t)(sha->state[i / 4u] >> (24u - 8u * (i % 4u)));
    }
}

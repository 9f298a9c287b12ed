/* Integers in byte strings, least significant byte first, on any machine. `width` is 1 to 8 bytes. */
#ifndef BW_BYTES_H
#define BW_BYTES_H

#include <stdint.h>

void bw_put_le(uint8_t *at, unsigned width, uint64_t value);
uint64_t bw_get_le(const uint8_t *at, unsigned width);

#endif

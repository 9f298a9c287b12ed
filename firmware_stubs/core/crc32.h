/* CRC-32 (IEEE 802.3, reflected 0xEDB88320), as in zlib: start with 0 and pass the result on to continue. */
#ifndef BW_CRC32_H
#define BW_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t bw_crc32(uint32_t crc, const void *data, size_t length);

#endif

/* Reads what comes on the `ota` topic: a manifest or a chunk, as a CBOR map.
 *
 * Manifest: 50 version (text), 51 build, 52 size, 53 SHA-256 (32 bytes), 54 signature (64 bytes), 57 product. Chunk: 55
 * offset, 56 data (bytes). Either may carry 44, the sender's id.
 */
#ifndef BW_OTA_READ_H
#define BW_OTA_READ_H

#include "ota.h"

enum bw_ota_message { BW_OTA_BROKEN, BW_OTA_MANIFEST, BW_OTA_CHUNK };

struct bw_ota_read {
    char id[40];
    struct bw_ota_manifest manifest;
    uint32_t offset;
    const uint8_t *data; /* inside the payload */
    size_t length;
};

enum bw_ota_message bw_ota_read(const uint8_t *payload, size_t length, struct bw_ota_read *message);

#endif

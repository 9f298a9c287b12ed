#include "ota_read.h"

#include <string.h>

#include "document.h"

enum key { ID = 44, VERSION = 50, BUILD, SIZE, SHA256, SIGNATURE, OFFSET, DATA, PRODUCT };

static bool take_number(const struct bw_item *item, uint32_t *into)
{
    *into = (uint32_t)item->integer;
    return item->type == BW_ITEM_INTEGER && item->integer >= 0 && item->integer <= UINT32_MAX;
}

static bool take_bytes(const struct bw_item *item, uint8_t *into, size_t length)
{
    if (item->type != BW_ITEM_BYTES || item->length != length) {
        return false;
    }
    memcpy(into, item->bytes, length);
    return true;
}

static bool take(const struct bw_item *item, struct bw_ota_read *message)
{
    struct bw_ota_manifest *manifest = &message->manifest;
    switch (item->key) {
    case ID:
        return bw_item_text(item, message->id, sizeof message->id);
    case VERSION:
        return bw_item_text(item, manifest->version, sizeof manifest->version);
    case BUILD:
        return take_number(item, &manifest->build);
    case SIZE:
        return take_number(item, &manifest->size);
    case SHA256:
        return take_bytes(item, manifest->sha256, sizeof manifest->sha256);
    case SIGNATURE:
        return take_bytes(item, manifest->signature, sizeof manifest->signature);
    case OFFSET:
        return take_number(item, &message->offset);
    case DATA:
        message->data = item->bytes;
        message->length = item->length;
        return item->type == BW_ITEM_BYTES && item->length > 0;
    case PRODUCT:
        return take_number(item, &manifest->product);
    default:
        return false;
    }
}

static enum bw_ota_message kind_of(uint32_t keys)
{
    const uint32_t manifest = 1u << (VERSION - ID) | 1u << (BUILD - ID) | 1u << (SIZE - ID) | 1u << (SHA256 - ID) |
                              1u << (SIGNATURE - ID) | 1u << (PRODUCT - ID);
    const uint32_t chunk = 1u << (OFFSET - ID) | 1u << (DATA - ID);
    keys &= ~1u; /* the id is free */
    return keys == manifest ? BW_OTA_MANIFEST : keys == chunk ? BW_OTA_CHUNK : BW_OTA_BROKEN;
}

enum bw_ota_message bw_ota_read(const uint8_t *payload, size_t length, struct bw_ota_read *message)
{
    struct bw_document document;
    struct bw_item item;
    uint32_t keys = 0;
    enum bw_next next = BW_NEXT_BROKEN;
    memset(message, 0, sizeof *message);
    if (!bw_document_open(&document, payload, length)) {
        return BW_OTA_BROKEN;
    }
    while ((next = bw_document_next(&document, &item)) == BW_NEXT_ITEM) {
        if (!take(&item, message)) {
            return BW_OTA_BROKEN;
        }
        keys |= 1u << (item.key - ID);
    }
    return next == BW_NEXT_END ? kind_of(keys) : BW_OTA_BROKEN;
}

#include "document.h"

#include <string.h>

#include "cbor_reader.h"
#include "json_reader.h"

bool bw_document_open(struct bw_document *document, const uint8_t *payload, size_t length)
{
    memset(document, 0, sizeof *document);
    if (payload == NULL || length == 0) {
        return false;
    }
    document->at = payload;
    document->end = payload + length;
    document->cbor = payload[0] >= 0xA0u && payload[0] <= 0xBFu;
    return document->cbor || payload[0] == '{' || payload[0] == ' ' || payload[0] == '\n' || payload[0] == '\r' ||
           payload[0] == '\t';
}

enum bw_next bw_document_next(struct bw_document *document, struct bw_item *item)
{
    *item = (struct bw_item){.key = -1};
    return document->cbor ? bw_cbor_next(document, item) : bw_json_next(document, item);
}

bool bw_item_is(const struct bw_item *item, const char *name, int64_t key)
{
    if (item->name == NULL) {
        return item->key == key;
    }
    return strlen(name) == item->name_length && memcmp(name, item->name, item->name_length) == 0;
}

bool bw_item_text(const struct bw_item *item, char *into, size_t capacity)
{
    if (item->type != BW_ITEM_TEXT || item->length >= capacity || memchr(item->bytes, '\0', item->length) != NULL) {
        return false;
    }
    memcpy(into, item->bytes, item->length);
    into[item->length] = '\0';
    return true;
}

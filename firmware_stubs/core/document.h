/* Flat documents that come down to the device: a JSON object or a CBOR map, told apart by the first byte.
 *
 * Values are whole numbers, booleans, null, text and (CBOR only) byte strings. Nesting, fractions, CBOR tags and floats,
 * broken UTF-8 escapes, text longer than BW_TEXT_MAX in JSON, and anything after the end make the document broken. Texts are not
 * zero-terminated; they live until the next call, byte strings as long as the payload.
 */
#ifndef BW_DOCUMENT_H
#define BW_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_TEXT_MAX 64u
#define BW_NAME_MAX 32u

enum bw_item_type { BW_ITEM_INTEGER, BW_ITEM_BOOLEAN, BW_ITEM_NULL, BW_ITEM_TEXT, BW_ITEM_BYTES };
enum bw_next { BW_NEXT_ITEM, BW_NEXT_END, BW_NEXT_BROKEN };

struct bw_item {
    const char *name; /* NULL when the key is a number */
    size_t name_length;
    int64_t key;      /* -1 when the key is a name */
    enum bw_item_type type;
    int64_t integer; /* of an integer, or 0 and 1 of a boolean */
    const uint8_t *bytes; /* of a text or a byte string */
    size_t length;
};

struct bw_document {
    const uint8_t *at;
    const uint8_t *end;
    bool cbor;
    bool started;
    uint64_t left; /* CBOR pairs to come; UINT64_MAX for a map of unknown length */
    char name[BW_NAME_MAX];
    char text[BW_TEXT_MAX];
};

/* False when the payload cannot be a document at all. */
bool bw_document_open(struct bw_document *document, const uint8_t *payload, size_t length);
enum bw_next bw_document_next(struct bw_document *document, struct bw_item *item);

/* The item's key is this name or this number. */
bool bw_item_is(const struct bw_item *item, const char *name, int64_t key);

/* Copies a text of at most `capacity` - 1 bytes with a final zero; false for any other item. */
bool bw_item_text(const struct bw_item *item, char *into, size_t capacity);

#endif

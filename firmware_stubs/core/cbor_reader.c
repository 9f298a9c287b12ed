#include "cbor_reader.h"

enum major { UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, MAP = 5, SIMPLE = 7 };
enum simple { FALSE = 20, TRUE = 21, NIL = 22 };

#define BREAK 0xFFu

struct head {
    unsigned major;
    unsigned info;
    uint64_t value;
};

/* False for indefinite lengths, reserved forms and the end of the payload. */
static bool take_head(struct bw_document *document, struct head *head)
{
    if (document->at == document->end) {
        return false;
    }
    uint8_t byte = *document->at++;
    head->major = byte >> 5;
    head->info = byte & 31u;
    head->value = head->info;
    if (head->info < 24u) {
        return true;
    }
    unsigned width = 1u << (head->info - 24u);
    if (head->info > 27u || (size_t)(document->end - document->at) < width) {
        return false;
    }
    for (head->value = 0; width > 0; width--) {
        head->value = head->value << 8 | *document->at++;
    }
    return true;
}

static bool integer(const struct head *head, int64_t *value)
{
    if (head->value > INT64_MAX) {
        return false;
    }
    *value = head->major == NEGATIVE ? -1 - (int64_t)head->value : (int64_t)head->value;
    return true;
}

static const uint8_t *string(struct bw_document *document, const struct head *head)
{
    const uint8_t *start = document->at;
    if (head->value > (uint64_t)(document->end - document->at)) {
        return NULL;
    }
    document->at += head->value;
    return start;
}

static bool key(struct bw_document *document, struct bw_item *item)
{
    struct head head;
    if (!take_head(document, &head)) {
        return false;
    }
    if (head.major == TEXT) {
        item->name = (const char *)string(document, &head);
        item->name_length = (size_t)head.value;
        return item->name != NULL;
    }
    return head.major == UNSIGNED && integer(&head, &item->key);
}

static bool simple(const struct head *head, struct bw_item *item)
{
    item->type = head->info == NIL ? BW_ITEM_NULL : BW_ITEM_BOOLEAN;
    item->integer = head->info == TRUE;
    return head->info == TRUE || head->info == FALSE || head->info == NIL;
}

static bool value(struct bw_document *document, struct bw_item *item)
{
    struct head head;
    if (!take_head(document, &head)) {
        return false;
    }
    if (head.major == UNSIGNED || head.major == NEGATIVE) {
        item->type = BW_ITEM_INTEGER;
        return integer(&head, &item->integer);
    }
    if (head.major == TEXT || head.major == BYTES) {
        item->type = head.major == TEXT ? BW_ITEM_TEXT : BW_ITEM_BYTES;
        item->bytes = string(document, &head);
        item->length = (size_t)head.value;
        return item->bytes != NULL;
    }
    return head.major == SIMPLE && simple(&head, item);
}

static bool take_map(struct bw_document *document)
{
    struct head head;
    if (*document->at == ((unsigned)MAP << 5 | 31u)) {
        document->at++;
        document->left = UINT64_MAX;
        return true;
    }
    if (!take_head(document, &head) || head.value == UINT64_MAX) {
        return false;
    }
    document->left = head.value;
    return true;
}

static bool ended(struct bw_document *document)
{
    if (document->left != UINT64_MAX) {
        return document->left == 0;
    }
    if (document->at < document->end && *document->at == BREAK) {
        document->at++;
        return true;
    }
    return false;
}

enum bw_next bw_cbor_next(struct bw_document *document, struct bw_item *item)
{
    if (!document->started && !take_map(document)) {
        return BW_NEXT_BROKEN;
    }
    document->started = true;
    if (ended(document)) {
        return document->at == document->end ? BW_NEXT_END : BW_NEXT_BROKEN;
    }
    if (!key(document, item) || !value(document, item)) {
        return BW_NEXT_BROKEN;
    }
    document->left -= document->left == UINT64_MAX ? 0u : 1u;
    return BW_NEXT_ITEM;
}

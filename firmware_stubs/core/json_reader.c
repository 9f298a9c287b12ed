#include "json_reader.h"

#include <string.h>

static void skip_space(struct bw_document *document)
{
    while (document->at < document->end && (*document->at == ' ' || *document->at == '\t' || *document->at == '\n' ||
                                            *document->at == '\r')) {
        document->at++;
    }
}

/* Takes the byte when it comes next after white space. */
static bool take(struct bw_document *document, char byte)
{
    skip_space(document);
    if (document->at == document->end || *document->at != (uint8_t)byte) {
        return false;
    }
    document->at++;
    return true;
}

static bool take_word(struct bw_document *document, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(document->end - document->at) < length || memcmp(document->at, word, length) != 0) {
        return false;
    }
    document->at += length;
    return true;
}

static int hex_digit(uint8_t c)
{
    static const char DIGITS[] = "0123456789abcdef";
    const char *found = memchr(DIGITS, c | 0x20, sizeof DIGITS - 1);
    return found == NULL || c < '0' ? -1 : (int)(found - DIGITS);
}

/* Four hexadecimal digits as a character of one byte; what firmware understands is ASCII. */
static int unicode_escape(struct bw_document *document)
{
    int code = 0;
    if (document->end - document->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*document->at++);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code > 0 && code < 0x80 ? code : -1;
}

static int escape(struct bw_document *document)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";
    if (document->at == document->end) {
        return -1;
    }
    uint8_t c = *document->at++;
    if (c == 'u') {
        return unicode_escape(document);
    }
    const char *found = memchr(FROM, c, sizeof FROM - 1);
    return found == NULL ? -1 : TO[found - FROM];
}

/* A string into `into`; its length, or -1. */
static int string(struct bw_document *document, char *into, size_t capacity)
{
    size_t length = 0;
    if (!take(document, '"')) {
        return -1;
    }
    while (document->at < document->end) {
        uint8_t c = *document->at++;
        if (c == '"') {
            return (int)length;
        }
        int plain = c == '\\' ? escape(document) : c < 0x20 ? -1 : c;
        if (plain < 0 || length == capacity) {
            return -1;
        }
        into[length++] = (char)plain;
    }
    return -1;
}

static bool number(struct bw_document *document, int64_t *value)
{
    bool negative = take_word(document, "-");
    const uint8_t *first = document->at;
    *value = 0;
    while (document->at < document->end && *document->at >= '0' && *document->at <= '9') {
        if (*value > INT64_C(100000000000000000)) {
            return false;
        }
        *value = *value * 10 + (*document->at++ - '0');
    }
    bool leading_zero = document->at - first > 1 && *first == '0';
    bool fraction = document->at < document->end && (*document->at == '.' || (*document->at | 0x20) == 'e');
    *value = negative ? -*value : *value;
    return document->at > first && !leading_zero && !fraction;
}

static bool value(struct bw_document *document, struct bw_item *item)
{
    skip_space(document);
    if (document->at < document->end && *document->at == '"') {
        int length = string(document, document->text, sizeof document->text);
        item->type = BW_ITEM_TEXT;
        item->bytes = (const uint8_t *)document->text;
        item->length = length < 0 ? 0 : (size_t)length;
        return length >= 0;
    }
    if (take_word(document, "null")) {
        item->type = BW_ITEM_NULL;
        return true;
    }
    bool yes = take_word(document, "true");
    if (yes || take_word(document, "false")) {
        item->type = BW_ITEM_BOOLEAN;
        item->integer = yes;
        return true;
    }
    item->type = BW_ITEM_INTEGER;
    return number(document, &item->integer);
}

static enum bw_next end(struct bw_document *document)
{
    skip_space(document);
    return document->at == document->end ? BW_NEXT_END : BW_NEXT_BROKEN;
}

enum bw_next bw_json_next(struct bw_document *document, struct bw_item *item)
{
    bool first = !document->started;
    document->started = true;
    if (first && !take(document, '{')) {
        return BW_NEXT_BROKEN;
    }
    if (take(document, '}')) {
        return end(document);
    }
    if (!first && !take(document, ',')) {
        return BW_NEXT_BROKEN;
    }
    int length = string(document, document->name, sizeof document->name);
    if (length < 0 || !take(document, ':') || !value(document, item)) {
        return BW_NEXT_BROKEN;
    }
    item->name = document->name;
    item->name_length = (size_t)length;
    return BW_NEXT_ITEM;
}

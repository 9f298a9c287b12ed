#include "cbor_writer.h"

#include <string.h>

enum major { UNSIGNED = 0, NEGATIVE = 1, TEXT = 3, ARRAY = 4, MAP = 5 };

static void head(struct bw_output *out, enum major major, uint64_t value)
{
    unsigned width = value < 24u ? 0u : value <= 0xFFu ? 1u : value <= 0xFFFFu ? 2u : value <= 0xFFFFFFFFu ? 4u : 8u;
    unsigned info = width == 0 ? (unsigned)value : width == 1 ? 24u : width == 2 ? 25u : width == 4 ? 26u : 27u;
    bw_output_byte(out, (uint8_t)((unsigned)major << 5 | info));
    while (width > 0) {
        width--;
        bw_output_byte(out, (uint8_t)(value >> (8u * width)));
    }
}

void bw_cbor_integer(struct bw_output *out, int64_t value)
{
    head(out, value < 0 ? NEGATIVE : UNSIGNED, value < 0 ? ~(uint64_t)value : (uint64_t)value);
}

void bw_cbor_boolean(struct bw_output *out, bool value)
{
    bw_output_byte(out, value ? 0xF5 : 0xF4);
}

void bw_cbor_null(struct bw_output *out)
{
    bw_output_byte(out, 0xF6);
}

void bw_cbor_text(struct bw_output *out, const char *text)
{
    head(out, TEXT, strlen(text));
    bw_output_bytes(out, text, strlen(text));
}

void bw_cbor_map(struct bw_output *out, size_t pairs)
{
    head(out, MAP, pairs);
}

void bw_cbor_array(struct bw_output *out, size_t items)
{
    head(out, ARRAY, items);
}

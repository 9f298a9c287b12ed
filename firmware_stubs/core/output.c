#include "output.h"

#include <string.h>

void bw_output_byte(struct bw_output *out, uint8_t byte)
{
    bw_output_bytes(out, &byte, 1);
}

void bw_output_bytes(struct bw_output *out, const void *bytes, size_t length)
{
    if (out->full || length > out->capacity - out->length) {
        out->full = true;
        return;
    }
    memcpy(out->at + out->length, bytes, length);
    out->length += length;
}

#include "batch.h"

#include "encode.h"

void bw_batch_begin(struct bw_batch *batch, uint8_t *buffer, size_t capacity, enum bw_encoding encoding)
{
    *batch = (struct bw_batch){.out = {buffer, capacity, 1, capacity < 2}, .encoding = encoding};
}

bool bw_batch_add(struct bw_batch *batch, const struct bw_reading *reading, bool buffered)
{
    struct bw_output mark = batch->out;
    if (batch->count == BW_BATCH_MAX || batch->out.full) {
        return false;
    }
    batch->out.capacity--; /* the end of a JSON array must always fit */
    if (batch->encoding == BW_CBOR) {
        bw_encode_cbor(&batch->out, reading, buffered);
    } else {
        if (batch->count > 0) {
            bw_output_byte(&batch->out, ',');
        }
        bw_encode_json(&batch->out, reading, buffered);
    }
    batch->out.capacity++;
    if (batch->out.full) {
        batch->out = mark;
        return false;
    }
    batch->count++;
    return true;
}

const uint8_t *bw_batch_end(struct bw_batch *batch, size_t *length)
{
    uint8_t *start = batch->out.at;
    *length = batch->out.length;
    if (batch->count == 0) {
        return NULL;
    }
    if (batch->count == 1) {
        *length -= 1;
        return start + 1;
    }
    if (batch->encoding == BW_CBOR) {
        start[0] = (uint8_t)(0x80u | batch->count);
    } else {
        start[0] = '[';
        start[(*length)++] = ']';
    }
    return start;
}

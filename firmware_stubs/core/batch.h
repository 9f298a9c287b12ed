/* Readings as one payload: an object for one, an array for several, JSON or CBOR.
 *
 * The wire format is Beatwatch's own: canonical names in JSON, the integer keys of bw_field_forms in CBOR, where 1 is the
 * boot id, 2 the sequence number, 3 the time in Unix ms, 24 the alarms and 25 "buffered". Missing values are left out, in
 * an array of temperatures they are null. A reading whose time is still uptime is written without time.
 */
#ifndef BW_BATCH_H
#define BW_BATCH_H

#include "config.h"
#include "output.h"
#include "reading.h"

#define BW_BATCH_MAX 16u

/* Room enough for any one reading in either encoding. */
#define BW_READING_BYTES_MAX 960u

struct bw_batch {
    struct bw_output out; /* its first byte is kept for the head of an array */
    enum bw_encoding encoding;
    unsigned count;
};

void bw_batch_begin(struct bw_batch *batch, uint8_t *buffer, size_t capacity, enum bw_encoding encoding);

/* False when it does not fit or there are BW_BATCH_MAX already; the batch is then as before. */
bool bw_batch_add(struct bw_batch *batch, const struct bw_reading *reading, bool buffered);

/* The payload: a part of the buffer, `length` bytes; NULL when there is no reading in it. */
const uint8_t *bw_batch_end(struct bw_batch *batch, size_t *length);

#endif

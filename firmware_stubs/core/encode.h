/* One reading in either encoding, appended to a buffer: see batch.h for the format. */
#ifndef BW_ENCODE_H
#define BW_ENCODE_H

#include "output.h"
#include "reading.h"

void bw_encode_json(struct bw_output *out, const struct bw_reading *reading, bool buffered);
void bw_encode_cbor(struct bw_output *out, const struct bw_reading *reading, bool buffered);

#endif

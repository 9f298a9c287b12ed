/* CBOR (RFC 8949) into a fixed buffer, always in the shortest form. */
#ifndef BW_CBOR_WRITER_H
#define BW_CBOR_WRITER_H

#include "output.h"

void bw_cbor_integer(struct bw_output *out, int64_t value);
void bw_cbor_boolean(struct bw_output *out, bool value);
void bw_cbor_null(struct bw_output *out);
void bw_cbor_text(struct bw_output *out, const char *text);
void bw_cbor_map(struct bw_output *out, size_t pairs);
void bw_cbor_array(struct bw_output *out, size_t items);

#endif

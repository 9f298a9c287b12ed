/* The CBOR half of document.h. */
#ifndef BW_CBOR_READER_H
#define BW_CBOR_READER_H

#include "document.h"

enum bw_next bw_cbor_next(struct bw_document *document, struct bw_item *item);

#endif

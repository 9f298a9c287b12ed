/* The JSON half of document.h. */
#ifndef BW_JSON_READER_H
#define BW_JSON_READER_H

#include "document.h"

enum bw_next bw_json_next(struct bw_document *document, struct bw_item *item);

#endif

/* JSON text into a fixed buffer. What does not fit sets `full` and leaves the rest unwritten; nothing is ever overrun. */
#ifndef BW_JSON_WRITER_H
#define BW_JSON_WRITER_H

#include "output.h"

void bw_json_raw(struct bw_output *out, const char *text);

/* "name": with a comma before it unless the text so far ends with '{'. */
void bw_json_name(struct bw_output *out, const char *name);

/* value / 10^decimals without exponent and without trailing zeros. */
void bw_json_decimal(struct bw_output *out, int64_t value, unsigned decimals);
void bw_json_boolean(struct bw_output *out, bool value);

/* Printable ASCII; quote and backslash are escaped, everything else becomes '?'. */
void bw_json_text(struct bw_output *out, const char *text);

/* "2026-11-22T09:24:00.123Z" */
void bw_json_time(struct bw_output *out, int64_t unix_ms);

#endif

/* A byte buffer that refuses to overflow. */
#ifndef BW_OUTPUT_H
#define BW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_output {
    uint8_t *at;
    size_t capacity;
    size_t length;
    bool full; /* something did not fit; the contents are not to be used */
};

void bw_output_byte(struct bw_output *out, uint8_t byte);
void bw_output_bytes(struct bw_output *out, const void *bytes, size_t length);

#endif

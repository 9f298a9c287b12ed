/* NMEA 0183 sentences from a byte stream: framing, checksum, fields.
 *
 * Bytes come in any portions. A sentence begins with '$' and ends with '*', two hexadecimal digits and a line end; whatever
 * does not, is longer than BW_NMEA_LINE, or has the wrong checksum is skipped and counted. A '$' always starts anew.
 */
#ifndef BW_NMEA_H
#define BW_NMEA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_NMEA_LINE 120u

struct bw_nmea {
    char line[BW_NMEA_LINE]; /* after '$', before '*' once complete; zero-terminated */
    uint8_t length;
    bool inside;
    uint32_t accepted;
    uint32_t refused;
};

void bw_nmea_init(struct bw_nmea *nmea);

/* True when this byte completed a good sentence, which stays in `line` until the next call. */
bool bw_nmea_feed(struct bw_nmea *nmea, uint8_t byte);

struct bw_nmea_field {
    const char *text;
    size_t length;
};

/* Field 0 is the address ("GPRMC"). A field that is not there has length 0. */
struct bw_nmea_field bw_nmea_field(const char *line, unsigned number);

/* A decimal number as integer with `decimals` places, rounded half away from zero. False when the field is empty, is no
 * number, or does not fit. */
bool bw_nmea_decimal(struct bw_nmea_field field, unsigned decimals, int32_t *value);

#endif

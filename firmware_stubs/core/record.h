/* A reading as 64 bytes of flash: 59 bytes of body, CRC-32 of the body, one state byte.
 *
 * Body, least significant byte first: kind and flags, boot id (3), seq (4), time (5, milliseconds since 2020-01-01 or since
 * power-on), then the fields of the kind in the order of the tables in record.c, alarms (3), zeros. A value that its width
 * cannot hold is stored as missing: wrong is worse than unknown. The state byte starts erased and only loses bits:
 * 0xFF unsent, 0xFE in flight, 0xFC acknowledged. Bit 1 is cleared by an acknowledgement alone, so that a record with it
 * cleared is acknowledged although a cut may have left bit 0 standing.
 */
#ifndef BW_RECORD_H
#define BW_RECORD_H

#include "reading.h"

#define BW_RECORD_BYTES 64u
#define BW_RECORD_STATE 63u /* offset of the state byte */
#define BW_EPOCH_2020_MS INT64_C(1577836800000)

enum bw_record_state { BW_UNSENT = 0xFF, BW_IN_FLIGHT = 0xFE, BW_ACKNOWLEDGED = 0xFC };

/* False when the reading cannot be kept: unknown kind, or a time outside 2020 to 2054. */
bool bw_record_pack(const struct bw_reading *reading, uint8_t record[BW_RECORD_BYTES]);

/* False when the CRC or the kind is wrong; then `reading` is not touched. */
bool bw_record_unpack(const uint8_t record[BW_RECORD_BYTES], struct bw_reading *reading);

bool bw_record_intact(const uint8_t record[BW_RECORD_BYTES]);
bool bw_record_erased(const uint8_t record[BW_RECORD_BYTES]);
enum bw_record_state bw_record_state(const uint8_t record[BW_RECORD_BYTES]);

/* Of an intact record: it is to be sent and has not been acknowledged. */
bool bw_record_waits(const uint8_t record[BW_RECORD_BYTES]);

#endif

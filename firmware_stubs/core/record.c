#include "record.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

#define BODY_BYTES 59u
#define HEAD_BYTES 13u
#define UPTIME_FLAG 0x08u
#define PERMILLE_FLAG 0x10u
#define TIME_LIMIT (INT64_C(1) << 40)

struct slot {
    uint8_t field;
    uint8_t width; /* bytes; 0 ends the table */
    bool is_signed;
};

static const struct slot POSITION[] = {
    {BW_LONGITUDE_E7, 4, true},   {BW_LATITUDE_E7, 4, true},    {BW_SPEED_CMPS, 2, false},
    {BW_COURSE_CDEG, 2, false},   {BW_ALTITUDE_DM, 3, true},    {BW_ACCURACY_DM, 2, false},
    {BW_HDOP_CENTI, 2, false},    {BW_SATELLITES, 1, false},    {BW_CARGO_G, 4, true},
    {BW_FUEL_ML, 3, false},       {BW_EXTERNAL_MV, 2, false},   {BW_BATTERY_MV, 2, false},
    {BW_BATTERY_PCT, 1, false},   {BW_ODOMETER_M, 4, true},     {BW_TEMPERATURE_CC, 2, true},
    {BW_TEMPERATURE_1_CC, 2, true}, {BW_TEMPERATURE_2_CC, 2, true}, {0, 0, false},
};

static const struct slot SENSOR[] = {
    {BW_WEIGHT_G, 4, true},    {BW_TEMPERATURE_CC, 2, true}, {BW_HUMIDITY_PERMILLE, 2, false}, {BW_COUNT, 4, true},
    {BW_BATTERY_MV, 2, false}, {BW_BATTERY_PCT, 1, false},   {0, 0, false},
};

static const struct slot NOTHING[] = {{0, 0, false}};

static const struct slot *slots_of(unsigned kind)
{
    static const struct slot *const TABLES[] = {NULL, POSITION, SENSOR, POSITION, NOTHING};
    return kind < sizeof TABLES / sizeof *TABLES ? TABLES[kind] : NULL;
}

/* The missing mark is the one pattern no value uses: all ones unsigned, the least value signed. */
static uint64_t missing_mark(const struct slot *slot)
{
    unsigned bits = 8u * slot->width;
    return slot->is_signed ? UINT64_C(1) << (bits - 1u) : (UINT64_C(1) << bits) - 1u;
}

static uint64_t narrow(const struct slot *slot, int32_t value)
{
    unsigned bits = 8u * slot->width;
    int64_t limit = INT64_C(1) << (slot->is_signed ? bits - 1u : bits);
    bool fits = slot->is_signed ? value > -limit && value < limit : value >= 0 && value < limit - 1;
    return value == BW_MISSING || !fits ? missing_mark(slot) : (uint64_t)(int64_t)value;
}

static int32_t widen(const struct slot *slot, uint64_t stored)
{
    if (stored == missing_mark(slot)) {
        return BW_MISSING;
    }
    uint64_t sign = UINT64_C(1) << (8u * slot->width - 1u);
    int64_t value = slot->is_signed && (stored & sign) ? (int64_t)stored - (int64_t)(sign << 1) : (int64_t)stored;
    return (int32_t)value;
}

static const uint8_t TRISTATE[4] = {BW_FIX_VALID, BW_IGNITION, BW_IN_MOTION, BW_DOOR_OPEN};

static uint8_t pack_tristates(const struct bw_reading *reading)
{
    unsigned packed = 0;
    for (unsigned i = 0; i < 4; i++) {
        int32_t value = reading->value[TRISTATE[i]];
        packed |= (value == BW_MISSING ? 3u : value != 0 ? 1u : 0u) << (2u * i);
    }
    return (uint8_t)packed;
}

static void unpack_tristates(uint8_t packed, struct bw_reading *reading)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned two = (unsigned)(packed >> (2u * i)) & 3u;
        reading->value[TRISTATE[i]] = two > 1u ? BW_MISSING : (int32_t)two;
    }
}

static bool pack_head(const struct bw_reading *reading, bool permille, uint8_t *record)
{
    int64_t time = reading->uptime ? reading->time_ms : reading->time_ms - BW_EPOCH_2020_MS;
    if (time < 0 || time >= TIME_LIMIT || slots_of(reading->kind) == NULL) {
        return false;
    }
    unsigned flags = (reading->uptime ? UPTIME_FLAG : 0u) | (permille ? PERMILLE_FLAG : 0u);
    record[0] = (uint8_t)(reading->kind | flags);
    bw_put_le(record + 1, 3, reading->boot_id);
    bw_put_le(record + 4, 4, reading->seq);
    bw_put_le(record + 8, 5, (uint64_t)time);
    return true;
}

bool bw_record_pack(const struct bw_reading *reading, uint8_t record[BW_RECORD_BYTES])
{
    bool permille = reading->value[BW_FUEL_ML] == BW_MISSING && reading->value[BW_FUEL_PERMILLE] != BW_MISSING;
    memset(record, 0, BODY_BYTES);
    if (!pack_head(reading, permille, record)) {
        return false;
    }
    uint8_t *at = record + HEAD_BYTES;
    for (const struct slot *slot = slots_of(reading->kind); slot->width != 0; slot++) {
        unsigned field = permille && slot->field == BW_FUEL_ML ? (unsigned)BW_FUEL_PERMILLE : slot->field;
        bw_put_le(at, slot->width, narrow(slot, reading->value[field]));
        at += slot->width;
    }
    if (reading->kind != BW_TIME_MARK) {
        at[0] = pack_tristates(reading);
        bw_put_le(at + 1, 3, reading->alarms);
    }
    bw_put_le(record + BODY_BYTES, 4, bw_crc32(0, record, BODY_BYTES));
    record[BW_RECORD_STATE] = BW_UNSENT;
    return true;
}

static void unpack_head(const uint8_t *record, struct bw_reading *reading)
{
    bw_reading_clear(reading, (enum bw_kind)(record[0] & 7u));
    reading->uptime = (record[0] & UPTIME_FLAG) != 0;
    reading->boot_id = (uint32_t)bw_get_le(record + 1, 3);
    reading->seq = (uint32_t)bw_get_le(record + 4, 4);
    reading->time_ms = (int64_t)bw_get_le(record + 8, 5) + (reading->uptime ? 0 : BW_EPOCH_2020_MS);
}

bool bw_record_unpack(const uint8_t record[BW_RECORD_BYTES], struct bw_reading *reading)
{
    if (!bw_record_intact(record)) {
        return false;
    }
    unpack_head(record, reading);
    bool permille = (record[0] & PERMILLE_FLAG) != 0;
    const uint8_t *at = record + HEAD_BYTES;
    for (const struct slot *slot = slots_of(reading->kind); slot->width != 0; slot++) {
        unsigned field = permille && slot->field == BW_FUEL_ML ? (unsigned)BW_FUEL_PERMILLE : slot->field;
        reading->value[field] = widen(slot, bw_get_le(at, slot->width));
        at += slot->width;
    }
    if (reading->kind != BW_TIME_MARK) {
        unpack_tristates(at[0], reading);
        reading->alarms = (uint32_t)bw_get_le(at + 1, 3);
    }
    return true;
}

bool bw_record_intact(const uint8_t record[BW_RECORD_BYTES])
{
    return bw_get_le(record + BODY_BYTES, 4) == bw_crc32(0, record, BODY_BYTES) && slots_of(record[0] & 7u) != NULL;
}

bool bw_record_erased(const uint8_t record[BW_RECORD_BYTES])
{
    for (unsigned i = 0; i < BW_RECORD_BYTES; i++) {
        if (record[i] != 0xFFu) {
            return false;
        }
    }
    return true;
}

enum bw_record_state bw_record_state(const uint8_t record[BW_RECORD_BYTES])
{
    uint8_t state = record[BW_RECORD_STATE];
    if ((state & 2u) == 0) {
        return BW_ACKNOWLEDGED;
    }
    return (state & 1u) == 0 ? BW_IN_FLIGHT : BW_UNSENT;
}

bool bw_record_waits(const uint8_t record[BW_RECORD_BYTES])
{
    return (record[0] & 7u) != BW_TIME_MARK && bw_record_state(record) != BW_ACKNOWLEDGED;
}

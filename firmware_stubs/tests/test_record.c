#include "harness.h"

#include <string.h>

#include "../core/bytes.h"
#include "../core/crc32.h"
#include "../core/record.h"

static struct bw_reading full_position(void)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, BW_POSITION);
    reading.boot_id = 0xABCDEF;
    reading.seq = 0xFFFFFFFF;
    reading.time_ms = BW_EPOCH_2020_MS + 217000000123;
    reading.alarms = BW_ALARM_SOS | BW_ALARM_DOOR;
    reading.value[BW_LONGITUDE_E7] = -1799999999;
    reading.value[BW_LATITUDE_E7] = 899999999;
    reading.value[BW_SPEED_CMPS] = 65534;
    reading.value[BW_COURSE_CDEG] = 35999;
    reading.value[BW_ALTITUDE_DM] = -4300;
    reading.value[BW_ACCURACY_DM] = 45;
    reading.value[BW_HDOP_CENTI] = 90;
    reading.value[BW_SATELLITES] = 12;
    reading.value[BW_FIX_VALID] = 1;
    reading.value[BW_IGNITION] = 0;
    reading.value[BW_DOOR_OPEN] = 1;
    reading.value[BW_CARGO_G] = -5;
    reading.value[BW_FUEL_ML] = 60000;
    reading.value[BW_EXTERNAL_MV] = 12600;
    reading.value[BW_BATTERY_MV] = 4100;
    reading.value[BW_BATTERY_PCT] = 0;
    reading.value[BW_ODOMETER_M] = 123456789;
    reading.value[BW_TEMPERATURE_CC] = -1850;
    reading.value[BW_TEMPERATURE_2_CC] = 400;
    return reading;
}

static void assert_same(const struct bw_reading *a, const struct bw_reading *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->uptime, b->uptime);
    assert_int_equal(a->boot_id, b->boot_id);
    assert_true(a->seq == b->seq && a->time_ms == b->time_ms && a->alarms == b->alarms);
    assert_memory_equal(a->value, b->value, sizeof a->value);
}

static void keeps_every_field(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading back, reading = full_position();
    for (unsigned kind = BW_POSITION; kind <= BW_EVENT; kind += 2) {
        reading.kind = (uint8_t)kind;
        assert_true(bw_record_pack(&reading, record));
        assert_true(bw_record_unpack(record, &back));
        assert_same(&reading, &back);
    }
    bw_reading_clear(&reading, BW_SENSOR);
    reading.uptime = true;
    reading.time_ms = 12345;
    reading.value[BW_WEIGHT_G] = -70000;
    reading.value[BW_TEMPERATURE_CC] = 425;
    reading.value[BW_HUMIDITY_PERMILLE] = 1000;
    reading.value[BW_COUNT] = 2147483647;
    reading.value[BW_DOOR_OPEN] = 0;
    assert_true(bw_record_pack(&reading, record));
    assert_true(bw_record_unpack(record, &back));
    assert_same(&reading, &back);
}

static void keeps_fuel_in_either_unit(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading back, reading = full_position();
    reading.value[BW_FUEL_ML] = BW_MISSING;
    reading.value[BW_FUEL_PERMILLE] = 755;
    assert_true(bw_record_pack(&reading, record));
    assert_true(bw_record_unpack(record, &back));
    assert_same(&reading, &back);
}

static void stores_what_does_not_fit_as_missing(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading back, reading = full_position();
    reading.value[BW_SPEED_CMPS] = 65535;
    reading.value[BW_SATELLITES] = -1;
    reading.value[BW_ALTITUDE_DM] = 8388608;
    reading.value[BW_TEMPERATURE_CC] = -32768;
    assert_true(bw_record_pack(&reading, record));
    assert_true(bw_record_unpack(record, &back));
    assert_int_equal(back.value[BW_SPEED_CMPS], BW_MISSING);
    assert_int_equal(back.value[BW_SATELLITES], BW_MISSING);
    assert_int_equal(back.value[BW_ALTITUDE_DM], BW_MISSING);
    assert_int_equal(back.value[BW_TEMPERATURE_CC], BW_MISSING);
    assert_int_equal(back.value[BW_COURSE_CDEG], 35999);
}

static void refuses_what_it_cannot_date_or_name(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading reading = full_position();
    reading.time_ms = BW_EPOCH_2020_MS - 1;
    assert_false(bw_record_pack(&reading, record));
    reading.time_ms = BW_EPOCH_2020_MS + (INT64_C(1) << 40);
    assert_false(bw_record_pack(&reading, record));
    reading = full_position();
    reading.kind = 0;
    assert_false(bw_record_pack(&reading, record));
    reading.kind = 7;
    assert_false(bw_record_pack(&reading, record));
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading back, reading = full_position();
    assert_true(bw_record_pack(&reading, record));
    for (unsigned bit = 0; bit < 8u * BW_RECORD_STATE; bit++) {
        record[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_false(bw_record_unpack(record, &back));
        record[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    assert_true(bw_record_intact(record));
}

static void an_intact_record_of_an_unknown_kind_is_refused(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading reading = full_position();
    assert_true(bw_record_pack(&reading, record));
    record[0] = 6;
    bw_put_le(record + 59, 4, bw_crc32(0, record, 59));
    assert_false(bw_record_intact(record));
}

static void state_only_moves_forward(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    struct bw_reading reading = full_position();
    assert_true(bw_record_pack(&reading, record));
    assert_int_equal(bw_record_state(record), BW_UNSENT);
    record[BW_RECORD_STATE] = 0xFD; /* a torn acknowledgement of a record that was never marked as in flight */
    assert_int_equal(bw_record_state(record), BW_ACKNOWLEDGED);
    record[BW_RECORD_STATE] = 0xFE;
    assert_int_equal(bw_record_state(record), BW_IN_FLIGHT);
    assert_true(bw_record_waits(record));
    record[BW_RECORD_STATE] = 0xFC;
    assert_int_equal(bw_record_state(record), BW_ACKNOWLEDGED);
    assert_false(bw_record_waits(record));
}

static void erased_is_neither_intact_nor_anything_else(void **state)
{
    (void)state;
    uint8_t record[BW_RECORD_BYTES];
    memset(record, 0xFF, sizeof record);
    assert_true(bw_record_erased(record));
    assert_false(bw_record_intact(record));
    record[63] = 0xFE;
    assert_false(bw_record_erased(record));
}

static void crc_is_the_usual_one(void **state)
{
    (void)state;
    assert_int_equal(bw_crc32(0, "123456789", 9), 0xCBF43926u);
    assert_int_equal(bw_crc32(bw_crc32(0, "1234", 4), "56789", 5), 0xCBF43926u);
    assert_null(bw_alarm_name(BW_ALARMS));
    assert_string_equal(bw_alarm_name(11), "gps_antenna_cut");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_field),
        cmocka_unit_test(keeps_fuel_in_either_unit),
        cmocka_unit_test(stores_what_does_not_fit_as_missing),
        cmocka_unit_test(refuses_what_it_cannot_date_or_name),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(an_intact_record_of_an_unknown_kind_is_refused),
        cmocka_unit_test(state_only_moves_forward),
        cmocka_unit_test(erased_is_neither_intact_nor_anything_else),
        cmocka_unit_test(crc_is_the_usual_one),
    };
    return RUN(tests);
}

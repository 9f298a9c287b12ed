/* Writes the golden payloads: what the encoders make of a fixed set of readings, into the folder that is named.
 *
 * NAME.json and NAME.cbor are the payloads; the folder's README.md says what is in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/batch.h"
#include "../../core/status.h"

#define NOON_MS INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

static const char *folder;

static void write_file(const char *name, enum bw_encoding encoding, const void *bytes, size_t length)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, encoding == BW_CBOR ? "cbor" : "json");
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_batch(const char *name, const struct bw_reading *readings, size_t count, bool buffered)
{
    static uint8_t buffer[BW_BATCH_MAX * BW_READING_BYTES_MAX];
    for (unsigned encoding = BW_JSON; encoding <= BW_CBOR; encoding++) {
        struct bw_batch batch;
        size_t length = 0;
        bw_batch_begin(&batch, buffer, sizeof buffer, (enum bw_encoding)encoding);
        for (size_t i = 0; i < count; i++) {
            if (!bw_batch_add(&batch, &readings[i], buffered)) {
                fprintf(stderr, "error: %s does not fit\n", name);
                exit(1);
            }
        }
        const uint8_t *payload = bw_batch_end(&batch, &length);
        write_file(name, (enum bw_encoding)encoding, payload, length);
    }
}

static struct bw_reading reading_of(enum bw_kind kind, uint32_t seq, int64_t time_ms)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, kind);
    reading.boot_id = 3;
    reading.seq = seq;
    reading.time_ms = time_ms;
    return reading;
}

static struct bw_reading full_position(enum bw_kind kind, uint32_t seq)
{
    static const int32_t VALUES[] = {
        [BW_LONGITUDE_E7] = 775945627,  [BW_LATITUDE_E7] = 129715987, [BW_SPEED_CMPS] = 1234,   [BW_COURSE_CDEG] = 27055,
        [BW_ALTITUDE_DM] = 9205,        [BW_ACCURACY_DM] = 45,        [BW_HDOP_CENTI] = 90,     [BW_SATELLITES] = 9,
        [BW_FIX_VALID] = 1,             [BW_IGNITION] = 1,            [BW_IN_MOTION] = 1,       [BW_DOOR_OPEN] = 0,
        [BW_CARGO_G] = 1250500,         [BW_FUEL_ML] = 41275,         [BW_FUEL_PERMILLE] = 688, [BW_EXTERNAL_MV] = 13850,
        [BW_BATTERY_MV] = 4100,         [BW_BATTERY_PCT] = 97,        [BW_ODOMETER_M] = 123456, [BW_TEMPERATURE_CC] = -1825,
        [BW_TEMPERATURE_1_CC] = BW_MISSING, [BW_TEMPERATURE_2_CC] = 400,
    };
    struct bw_reading reading = reading_of(kind, seq, NOON_MS + 123);
    memcpy(reading.value, VALUES, sizeof VALUES);
    return reading;
}

static void write_positions(void)
{
    struct bw_reading full = full_position(BW_POSITION, 42);
    write_batch("position_full", &full, 1, false);

    struct bw_reading no_fix = reading_of(BW_POSITION, 43, NOON_MS + 10000);
    no_fix.value[BW_FIX_VALID] = 0;
    no_fix.value[BW_EXTERNAL_MV] = 0;
    write_batch("position_no_fix", &no_fix, 1, false);

    struct bw_reading south_west = reading_of(BW_POSITION, 4294967295u, NOON_MS);
    south_west.value[BW_LONGITUDE_E7] = -1799999999;
    south_west.value[BW_LATITUDE_E7] = -899999999;
    south_west.value[BW_SPEED_CMPS] = 0;
    south_west.value[BW_COURSE_CDEG] = 0;
    south_west.value[BW_ALTITUDE_DM] = -4305;
    south_west.value[BW_CARGO_G] = -5;
    write_batch("position_extremes", &south_west, 1, false);

    struct bw_reading backlog[BW_BATCH_MAX];
    for (uint32_t i = 0; i < BW_BATCH_MAX; i++) {
        backlog[i] = full_position(BW_POSITION, 100 + i);
        backlog[i].time_ms = NOON_MS + i * INT64_C(10000);
        backlog[i].value[BW_LATITUDE_E7] += (int32_t)i * 1000;
    }
    write_batch("position_backlog", backlog, BW_BATCH_MAX, true);

    struct bw_reading event = full_position(BW_EVENT, 44);
    event.alarms = (1u << BW_ALARMS) - 1u;
    write_batch("event_every_alarm", &event, 1, false);
}

static void write_sensors(void)
{
    struct bw_reading full = reading_of(BW_SENSOR, 7, NOON_MS + 999);
    full.value[BW_WEIGHT_G] = 48210;
    full.value[BW_TEMPERATURE_CC] = 425;
    full.value[BW_HUMIDITY_PERMILLE] = 655;
    full.value[BW_DOOR_OPEN] = 1;
    full.value[BW_COUNT] = 17;
    full.value[BW_BATTERY_MV] = 3605;
    full.value[BW_BATTERY_PCT] = 88;
    write_batch("sensor_full", &full, 1, false);
    struct bw_reading two[2] = {reading_of(BW_SENSOR, 8, NOON_MS), reading_of(BW_SENSOR, 9, 5000)};
    two[0].value[BW_WEIGHT_G] = 0;
    two[1].uptime = true; /* the clock was never known: no time */
    two[1].value[BW_TEMPERATURE_CC] = -1;
    write_batch("sensor_batch_undated", two, 2, true);
}

static void write_status(const char *name, const struct bw_status *status)
{
    uint8_t buffer[256];
    for (unsigned encoding = BW_JSON; encoding <= BW_CBOR; encoding++) {
        struct bw_output out = {buffer, sizeof buffer, 0, false};
        bw_status_encode(&out, status, (enum bw_encoding)encoding);
        write_file(name, (enum bw_encoding)encoding, buffer, out.length);
    }
}

static void write_ack(const char *name, const struct bw_ack *ack)
{
    uint8_t buffer[256];
    for (unsigned encoding = BW_JSON; encoding <= BW_CBOR; encoding++) {
        struct bw_output out = {buffer, sizeof buffer, 0, false};
        bw_ack_encode(&out, ack, 3, NOON_MS, (enum bw_encoding)encoding);
        write_file(name, (enum bw_encoding)encoding, buffer, out.length);
    }
}

int main(int count, char **arguments)
{
    static const struct bw_status OFFLINE = {.online = false};
    static const struct bw_status ONLINE = {
        .online = true, .boot_id = 3, .time_ms = NOON_MS, .firmware = "beatwatch-tracker 1.0.0", .configuration_version = "7",
        .signal_dbm = -71, .battery_mv = 4100, .battery_pct = 97, .waiting = 12, .dropped = 0, .self_test = 0};
    static const struct bw_ack REFUSED = {.id = "c-1", .regarding = "cfg", .reason = "invalid: window", .version = "8", .offset = -1};
    static const struct bw_ack CHUNK = {.regarding = "ota", .accepted = true, .offset = 512};
    if (count != 2) {
        fprintf(stderr, "usage: golden FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    write_positions();
    write_sensors();
    write_status("status_will", &OFFLINE);
    write_status("status_online", &ONLINE);
    write_ack("ack_configuration_refused", &REFUSED);
    write_ack("ack_image_chunk", &CHUNK);
    return 0;
}

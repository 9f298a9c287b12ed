#include "encode.h"

#include "cbor_writer.h"
#include "json_writer.h"

enum { KEY_BOOT = 1, KEY_SEQ = 2, KEY_TIME = 3, KEY_ALARMS = 24, KEY_BUFFERED = 25, PROBES = 3 };

static bool is_probe(unsigned field)
{
    return field >= BW_TEMPERATURE_CC && field < BW_TEMPERATURE_CC + PROBES;
}

/* Probes up to the last one that has a value; in a sensor reading there is only the first. */
static unsigned probes(const struct bw_reading *reading)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PROBES; i++) {
        count = reading->value[BW_TEMPERATURE_CC + i] == BW_MISSING ? count : i + 1u;
    }
    return count;
}

/* The field stands for itself, not as part of the array of temperatures. */
static bool is_single(const struct bw_reading *reading, unsigned field)
{
    return reading->value[field] != BW_MISSING && (!is_probe(field) || (reading->kind == BW_SENSOR && field == BW_TEMPERATURE_CC));
}

static bool has_array(const struct bw_reading *reading)
{
    return reading->kind != BW_SENSOR && probes(reading) > 0;
}

static void json_alarms(struct bw_output *out, uint32_t alarms)
{
    const char *comma = "";
    bw_json_name(out, "alarms");
    bw_output_byte(out, '[');
    for (unsigned bit = 0; bit < BW_ALARMS; bit++) {
        if (alarms & (1u << bit)) {
            bw_json_raw(out, comma);
            bw_json_text(out, bw_alarm_name(bit));
            comma = ",";
        }
    }
    bw_output_byte(out, ']');
}

static void json_temperatures(struct bw_output *out, const struct bw_reading *reading)
{
    bw_json_name(out, "temperature_c");
    bw_output_byte(out, '[');
    for (unsigned i = 0; i < probes(reading); i++) {
        int32_t value = reading->value[BW_TEMPERATURE_CC + i];
        bw_json_raw(out, i == 0 ? "" : ",");
        if (value == BW_MISSING) {
            bw_json_raw(out, "null");
        } else {
            bw_json_decimal(out, value, 2);
        }
    }
    bw_output_byte(out, ']');
}

static void json_field(struct bw_output *out, const struct bw_reading *reading, unsigned field)
{
    const struct bw_field_form *form = &bw_field_forms[field];
    bw_json_name(out, form->name);
    if (form->boolean) {
        bw_json_boolean(out, reading->value[field] != 0);
    } else {
        bw_json_decimal(out, reading->value[field], form->decimals);
    }
}

void bw_encode_json(struct bw_output *out, const struct bw_reading *reading, bool buffered)
{
    bw_json_raw(out, "{\"boot_id\":");
    bw_json_decimal(out, reading->boot_id, 0);
    bw_json_name(out, "seq");
    bw_json_decimal(out, reading->seq, 0);
    if (!reading->uptime) {
        bw_json_name(out, reading->kind == BW_SENSOR ? "measured_at" : "fix_time");
        bw_json_time(out, reading->time_ms);
    }
    for (unsigned field = 0; field < BW_FIELDS; field++) {
        if (is_single(reading, field)) {
            json_field(out, reading, field);
        }
    }
    if (has_array(reading)) {
        json_temperatures(out, reading);
    }
    if (reading->alarms != 0) {
        json_alarms(out, reading->alarms);
    }
    if (buffered) {
        bw_json_name(out, "buffered");
        bw_json_boolean(out, true);
    }
    bw_output_byte(out, '}');
}

static size_t pairs_in(const struct bw_reading *reading, bool buffered)
{
    size_t pairs = 2u + (reading->uptime ? 0u : 1u) + (has_array(reading) ? 1u : 0u) + (reading->alarms != 0 ? 1u : 0u);
    for (unsigned field = 0; field < BW_FIELDS; field++) {
        pairs += is_single(reading, field) ? 1u : 0u;
    }
    return pairs + (buffered ? 1u : 0u);
}

static void cbor_field(struct bw_output *out, const struct bw_reading *reading, unsigned field)
{
    bw_cbor_integer(out, bw_field_forms[field].key);
    if (bw_field_forms[field].boolean) {
        bw_cbor_boolean(out, reading->value[field] != 0);
    } else {
        bw_cbor_integer(out, reading->value[field]);
    }
}

static void cbor_temperatures(struct bw_output *out, const struct bw_reading *reading)
{
    bw_cbor_integer(out, bw_field_forms[BW_TEMPERATURE_CC].key);
    bw_cbor_array(out, probes(reading));
    for (unsigned i = 0; i < probes(reading); i++) {
        int32_t value = reading->value[BW_TEMPERATURE_CC + i];
        if (value == BW_MISSING) {
            bw_cbor_null(out);
        } else {
            bw_cbor_integer(out, value);
        }
    }
}

static void cbor_alarms(struct bw_output *out, uint32_t alarms)
{
    size_t count = 0;
    for (unsigned bit = 0; bit < BW_ALARMS; bit++) {
        count += alarms >> bit & 1u;
    }
    bw_cbor_integer(out, KEY_ALARMS);
    bw_cbor_array(out, count);
    for (unsigned bit = 0; bit < BW_ALARMS; bit++) {
        if (alarms & (1u << bit)) {
            bw_cbor_text(out, bw_alarm_name(bit));
        }
    }
}

void bw_encode_cbor(struct bw_output *out, const struct bw_reading *reading, bool buffered)
{
    bw_cbor_map(out, pairs_in(reading, buffered));
    bw_cbor_integer(out, KEY_BOOT);
    bw_cbor_integer(out, reading->boot_id);
    bw_cbor_integer(out, KEY_SEQ);
    bw_cbor_integer(out, reading->seq);
    if (!reading->uptime) {
        bw_cbor_integer(out, KEY_TIME);
        bw_cbor_integer(out, reading->time_ms);
    }
    for (unsigned field = 0; field < BW_FIELDS; field++) {
        if (is_single(reading, field)) {
            cbor_field(out, reading, field);
        }
    }
    if (has_array(reading)) {
        cbor_temperatures(out, reading);
    }
    if (reading->alarms != 0) {
        cbor_alarms(out, reading->alarms);
    }
    if (buffered) {
        bw_cbor_integer(out, KEY_BUFFERED);
        bw_cbor_boolean(out, true);
    }
}

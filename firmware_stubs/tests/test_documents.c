/* What goes up is written right, what comes down is read right or refused. */
#include "harness.h"

#include <string.h>

#include "../core/batch.h"
#include "../core/cbor_writer.h"
#include "../core/command.h"
#include "../core/config_read.h"
#include "../core/document.h"
#include "../core/json_writer.h"
#include "../core/ota_read.h"
#include "../core/provisioning.h"

static void written_json(void (*write)(struct bw_output *out), const char *expected)
{
    uint8_t buffer[128];
    struct bw_output out = {buffer, sizeof buffer, 0, false};
    write(&out);
    assert_false(out.full);
    assert_int_equal(out.length, strlen(expected));
    assert_memory_equal(buffer, expected, out.length);
}

static void write_numbers(struct bw_output *out)
{
    bw_json_decimal(out, -5, 3);
    bw_json_raw(out, " ");
    bw_json_decimal(out, 1250500, 3);
    bw_json_raw(out, " ");
    bw_json_decimal(out, 0, 7);
    bw_json_raw(out, " ");
    bw_json_decimal(out, -1799999999, 7);
    bw_json_raw(out, " ");
    bw_json_decimal(out, INT64_MIN, 0);
}

static void write_texts(struct bw_output *out)
{
    bw_json_raw(out, "{");
    bw_json_name(out, "a");
    bw_json_text(out, "q\"b\\s\x01\x80");
    bw_json_name(out, "b");
    bw_json_boolean(out, false);
}

static void write_time(struct bw_output *out)
{
    bw_json_time(out, INT64_C(1795348800007));
}

static void json_is_written_by_the_book(void **state)
{
    (void)state;
    written_json(write_numbers, "-0.005 1250.5 0 -179.9999999 -9223372036854775808");
    written_json(write_texts, "{\"a\":\"q\\\"b\\\\s??\",\"b\":false");
    written_json(write_time, "\"2026-11-22T12:00:00.007Z\"");
}

static void cbor_is_written_by_the_book(void **state)
{
    (void)state;
    /* From RFC 8949, appendix A. */
    static const struct {
        int64_t value;
        const char *bytes;
        size_t length;
    } KNOWN[] = {
        {0, "\x00", 1},
        {23, "\x17", 1},
        {24, "\x18\x18", 2},
        {1000, "\x19\x03\xe8", 3},
        {1000000, "\x1a\x00\x0f\x42\x40", 5},
        {INT64_C(1000000000000), "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9},
        {-1, "\x20", 1},
        {-1000, "\x39\x03\xe7", 3},
        {INT64_MIN, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        uint8_t buffer[16];
        struct bw_output out = {buffer, sizeof buffer, 0, false};
        bw_cbor_integer(&out, KNOWN[i].value);
        assert_int_equal(out.length, KNOWN[i].length);
        assert_memory_equal(buffer, KNOWN[i].bytes, out.length);
    }
}

static struct bw_reading widest(enum bw_kind kind)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, kind);
    reading.boot_id = 0xFFFFFF;
    reading.seq = UINT32_MAX;
    reading.time_ms = INT64_C(2524607999999);
    reading.alarms = (1u << BW_ALARMS) - 1u;
    for (unsigned field = 0; field < BW_FIELDS; field++) {
        reading.value[field] = INT32_MIN + 1;
    }
    return reading;
}

static void any_reading_fits_into_its_room(void **state)
{
    (void)state;
    uint8_t buffer[BW_READING_BYTES_MAX];
    size_t length = 0, largest = 0;
    for (unsigned encoding = BW_JSON; encoding <= BW_CBOR; encoding++) {
        for (unsigned kind = BW_POSITION; kind <= BW_EVENT; kind++) {
            struct bw_batch batch;
            struct bw_reading reading = widest((enum bw_kind)kind);
            bw_batch_begin(&batch, buffer, sizeof buffer, (enum bw_encoding)encoding);
            assert_true(bw_batch_add(&batch, &reading, true));
            assert_non_null(bw_batch_end(&batch, &length));
            largest = length > largest ? length : largest;
        }
    }
    print_message("largest reading %u bytes\n", (unsigned)largest);
}

static void a_batch_takes_what_fits_and_stays_whole(void **state)
{
    (void)state;
    uint8_t buffer[2000];
    size_t length = 0;
    struct bw_reading reading;
    bw_reading_clear(&reading, BW_SENSOR);
    reading.time_ms = INT64_C(1795348800000);
    reading.value[BW_COUNT] = 1;
    for (unsigned encoding = BW_JSON; encoding <= BW_CBOR; encoding++) {
        for (size_t capacity = 0; capacity < sizeof buffer; capacity++) {
            struct bw_batch batch;
            unsigned taken = 0;
            bw_batch_begin(&batch, buffer, capacity, (enum bw_encoding)encoding);
            while (bw_batch_add(&batch, &reading, false)) {
                taken++;
            }
            assert_true(taken <= BW_BATCH_MAX);
            const uint8_t *payload = bw_batch_end(&batch, &length);
            assert_true((payload == NULL) == (taken == 0));
            assert_true(payload == NULL || (payload >= buffer && payload + length <= buffer + capacity));
            if (payload != NULL && encoding == BW_JSON) {
                assert_int_equal(payload[0], taken > 1 ? '[' : '{');
                assert_int_equal(payload[length - 1u], taken > 1 ? ']' : '}');
            } else if (payload != NULL) {
                assert_int_equal(payload[0], taken > 1 ? 0x80u | taken : 0xA4u);
            }
        }
    }
}

static bool sound(const char *text, size_t length)
{
    struct bw_document document;
    struct bw_item item;
    if (!bw_document_open(&document, (const uint8_t *)text, length)) {
        return false;
    }
    for (;;) {
        enum bw_next next = bw_document_next(&document, &item);
        if (next != BW_NEXT_ITEM) {
            return next == BW_NEXT_END;
        }
    }
}

#define SOUND(text) assert_true(sound(text, sizeof(text) - 1))
#define BROKEN(text) assert_false(sound(text, sizeof(text) - 1))

static void flat_json_is_read_and_all_else_is_broken(void **state)
{
    (void)state;
    SOUND("{}");
    SOUND(" \t\r\n{ \"a\" : 1 , \"b\":true,\"c\":false, \"d\":null,\"e\":\"x\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"} \n");
    SOUND("{\"a\":-0}");
    SOUND("{\"a\":900000000000000000}");
    BROKEN("");
    BROKEN("[1]");
    BROKEN("{");
    BROKEN("{\"a\"");
    BROKEN("{\"a\":");
    BROKEN("{\"a\":1");
    BROKEN("{\"a\":1,}");
    BROKEN("{,\"a\":1}");
    BROKEN("{\"a\" 1}");
    BROKEN("{\"a\":1 \"b\":2}");
    BROKEN("{\"a\":01}");
    BROKEN("{\"a\":1.5}");
    BROKEN("{\"a\":1e5}");
    BROKEN("{\"a\":-}");
    BROKEN("{\"a\":9999999999999999999}");
    BROKEN("{\"a\":[]}");
    BROKEN("{\"a\":{}}");
    BROKEN("{\"a\":tru}");
    BROKEN("{\"a\":\"x}");
    BROKEN("{\"a\":\"\\x\"}");
    BROKEN("{\"a\":\"\\");
    BROKEN("{\"a\":\"\\u00\"}");
    BROKEN("{\"a\":\"\\u00zz\"}");
    BROKEN("{\"a\":\"\\u0000\"}");
    BROKEN("{\"a\":\"\\u00e9\"}");
    BROKEN("{\"a\":\"\n\"}");
    BROKEN("{\"a\":1}x");
    BROKEN("  ");
    BROKEN("{\"a name of more than thirty-two bytes\":1}");
    BROKEN("{\"a\":\"a text of more than sixty-four bytes, which is as much as there is room for here\"}");
}

static void flat_cbor_is_read_and_all_else_is_broken(void **state)
{
    (void)state;
    SOUND("\xa0");
    SOUND("\xbf\xff");
    SOUND("\xa3\x01\x20\x61\x61\xf5\x18\x40\x42\x01\x02");
    SOUND("\xbf\x01\xf6\x02\xf4\xff");
    SOUND("\xb9\x00\x01\x01\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00");
    BROKEN("\xa1");
    BROKEN("\xa1\x01");
    BROKEN("\xa1\x01\x1a\x00");
    BROKEN("\xa0\x00");
    BROKEN("\xbf\x01\x02");
    BROKEN("\xbf\xff\x00");
    BROKEN("\xa1\x20\x01");                                 /* negative key */
    BROKEN("\xa1\x41\x61\x01");                             /* bytes for a key */
    BROKEN("\xa1\x01\x1b\xff\xff\xff\xff\xff\xff\xff\xff"); /* beyond 63 bits */
    BROKEN("\xa1\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    BROKEN("\xa1\x01\x65hi");
    BROKEN("\xa1\x65hi");
    BROKEN("\xa1\x01\x80");
    BROKEN("\xa1\x01\xa0");
    BROKEN("\xa1\x01\xc0\x01");
    BROKEN("\xa1\x01\xf9\x00\x00");
    BROKEN("\xa1\x01\xf7");
    BROKEN("\xa1\x01\x5f");
    BROKEN("\xa1\x01\x1c");
    BROKEN("\xbb\xff\xff\xff\xff\xff\xff\xff\xff");
    BROKEN("\xbc");
}

static const char *refused(const char *text, size_t length)
{
    static char reason[BW_REASON_BYTES];
    struct bw_config_message message;
    return bw_config_read((const uint8_t *)text, length, &message, reason) ? "" : reason;
}

static void configurations_are_refused_by_name(void **state)
{
    (void)state;
#define REFUSED(text, why) assert_string_equal(refused(text, sizeof(text) - 1), why)
    REFUSED("{\"version\":\"1\"}", "");
    REFUSED("{\"version\":\"1\",\"id\":\"x\",\"window\":8}", "");
    REFUSED("{\"version\":\"1\",\"id\":7}", "invalid: id");
    REFUSED("{\"version\":\"a b\"}", "invalid: version");
    REFUSED("{\"version\":\"\"}", "missing_version");
    REFUSED("{\"version\":\"1\",\"window\":9}", "invalid: window");
    REFUSED("{\"version\":\"1\",\"window\":\"4\"}", "invalid: window");
    REFUSED("{\"version\":\"1\",\"window\":4,\"window\":4}", "duplicate: window");
    REFUSED("{\"version\":\"1\",\"not a\\nsetting\":4}", "unknown: not?a?setting");
    REFUSED("{\"version\":\"1\",\"setting_of_a_name_that_is_long\":4}", "unknown: setting_of_a_name_that_is_long");
    REFUSED("{\"version\":\"1\",\"fuel_full_mv\":500}", "invalid: fuel_full_mv");
    REFUSED("{\"version\":\"1\",\"low_battery_mv\":3299}", "invalid: low_battery_mv");
    REFUSED("{\"version\":\"1\",\"low_battery_mv\":3300}", "");
    REFUSED("\xa2\x18\x2b\x61\x31\x18\x63\x01", "unknown: number");
    REFUSED("nothing", "not_a_document");
}

static const char *commanded(const char *text, struct bw_command *command)
{
    return bw_command_read((const uint8_t *)text, strlen(text), command);
}

static void commands_are_read_or_refused(void **state)
{
    (void)state;
    struct bw_command command;
    assert_null(commanded("{\"id\":\"7\",\"command\":\"span\",\"value\":5000}", &command));
    assert_int_equal(command.kind, BW_COMMAND_SPAN);
    assert_int_equal(command.value, 5000);
    assert_string_equal(command.id, "7");
    assert_null(commanded("\xa1\x18\x2d\x66report", &command));
    assert_int_equal(command.kind, BW_COMMAND_REPORT);
    assert_string_equal(commanded("{}", &command), "missing_command");
    assert_string_equal(commanded("{\"command\":\"dance\"}", &command), "unknown_command");
    assert_string_equal(commanded("{\"command\":7}", &command), "unknown_command");
    assert_string_equal(commanded("{\"id\":7}", &command), "id");
    assert_string_equal(commanded("{\"value\":3000000000}", &command), "value");
    assert_string_equal(commanded("{\"value\":\"1\"}", &command), "value");
    assert_string_equal(commanded("{\"other\":1}", &command), "value");
    assert_string_equal(commanded("", &command), "not_a_document");
}

static const char *provisioned(const char *text, struct bw_identity *identity)
{
    return bw_provisioning_read((const uint8_t *)text, strlen(text), identity);
}

#define WHOLE "\"tenant\":\"demo\",\"device\":\"van-1\",\"host\":\"h\",\"user\":\"u\""

static void identities_are_complete_or_refused(void **state)
{
    (void)state;
    struct bw_identity identity;
    char topic[BW_TOPIC_BYTES];
    assert_null(provisioned("{" WHOLE ",\"password\":\"p\",\"port\":8883}", &identity));
    assert_int_equal(identity.port, 8883);
    assert_true(bw_topic(&identity, "pos", topic, sizeof topic));
    assert_string_equal(topic, "bw/1/demo/van-1/pos");
    assert_string_equal(bw_topic_leaf(&identity, topic), "pos");
    assert_null(bw_topic_leaf(&identity, "bw/1/demo/van-2/cfg"));
    assert_false(bw_topic(&identity, "pos", topic, 19));
    assert_true(bw_topic(&identity, "pos", topic, 20));
    assert_string_equal(provisioned("{" WHOLE ",\"password\":\"p\"}", &identity), "port");
    assert_string_equal(provisioned("{" WHOLE ",\"password\":\"p\",\"port\":0}", &identity), "port");
    assert_string_equal(provisioned("{" WHOLE ",\"password\":\"p\",\"port\":65536}", &identity), "port");
    assert_string_equal(provisioned("{" WHOLE ",\"password\":\"\",\"port\":1}", &identity), "password");
    assert_string_equal(provisioned("{" WHOLE ",\"password\":\"p p\",\"port\":1}", &identity), "password");
    assert_string_equal(provisioned("{" WHOLE ",\"password\":1}", &identity), "password");
    assert_string_equal(provisioned("{" WHOLE ",\"colour\":1}", &identity), "unknown");
    assert_string_equal(provisioned("\xa1\x01\x01", &identity), "unknown");
    assert_string_equal(provisioned("{\"tenant\":\"a/b\"}", &identity), "tenant");
    assert_string_equal(provisioned("{\"tenant\":\"a\",\"device\":\"v+\"}", &identity), "device");
    assert_string_equal(provisioned("", &identity), "document");
}

static void image_messages_are_read_or_broken(void **state)
{
    (void)state;
    struct bw_ota_read message;
#define IMAGE(text) bw_ota_read((const uint8_t *)(text), sizeof(text) - 1, &message)
    assert_int_equal(IMAGE("\xa3\x18\x2c\x61u\x18\x37\x05\x18\x38\x42hi"), BW_OTA_CHUNK);
    assert_string_equal(message.id, "u");
    assert_int_equal(message.offset, 5);
    assert_memory_equal(message.data, "hi", message.length);
    assert_int_equal(IMAGE("\xa1\x18\x37\x05"), BW_OTA_BROKEN);
    assert_int_equal(IMAGE("\xa2\x18\x37\x05\x18\x38\x62hi"), BW_OTA_BROKEN);     /* text for bytes */
    assert_int_equal(IMAGE("\xa2\x18\x37\x20\x18\x38\x42hi"), BW_OTA_BROKEN);     /* offset -1 */
    assert_int_equal(IMAGE("\xa3\x18\x37\x05\x18\x38\x42hi\x18\x39\x01"), BW_OTA_BROKEN); /* both of both */
    assert_int_equal(IMAGE("\xa1\x18\x35\x42hi"), BW_OTA_BROKEN);                 /* a hash of two bytes */
    assert_int_equal(IMAGE("\xa1\x18\x36\x42hi"), BW_OTA_BROKEN);
    assert_int_equal(IMAGE("\xa1\x18\x63\x01"), BW_OTA_BROKEN);
    assert_int_equal(IMAGE("{\"offset\":5}"), BW_OTA_BROKEN);
    assert_int_equal(IMAGE("\xa2\x18\x37\x05\x18\x38"), BW_OTA_BROKEN);
    assert_int_equal(IMAGE(""), BW_OTA_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_written_by_the_book),
        cmocka_unit_test(cbor_is_written_by_the_book),
        cmocka_unit_test(any_reading_fits_into_its_room),
        cmocka_unit_test(a_batch_takes_what_fits_and_stays_whole),
        cmocka_unit_test(flat_json_is_read_and_all_else_is_broken),
        cmocka_unit_test(flat_cbor_is_read_and_all_else_is_broken),
        cmocka_unit_test(configurations_are_refused_by_name),
        cmocka_unit_test(commands_are_read_or_refused),
        cmocka_unit_test(identities_are_complete_or_refused),
        cmocka_unit_test(image_messages_are_read_or_broken),
    };
    return RUN(tests);
}

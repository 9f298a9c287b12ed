#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/uploader.h"
#include "rig.h"

static struct rig rig;
static struct bw_ring ring;
static struct bw_clock clock;
static struct bw_identity identity;
static struct bw_config config;
static struct bw_uploader uploader;

static int fresh(void **state)
{
    (void)state;
    rig_init(&rig);
    bw_config_defaults(&config);
    assert_null(bw_provisioning_read((const uint8_t *)rig_identity, strlen(rig_identity), &identity));
    assert_true(bw_ring_mount(&ring, (struct bw_region){&rig.image.flash, 0, 20}));
    bw_clock_init(&clock, 1, RIG_BUILT_MS);
    bw_uploader_init(&uploader, &ring, &rig.link, &clock, &identity, &config);
    return 0;
}

static void store_kind(enum bw_kind kind)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, kind);
    bw_clock_stamp(&clock, rig.uptime_ms, &reading);
    reading.value[BW_BATTERY_MV] = 4000;
    assert_true(bw_ring_append(&ring, &reading));
}

static void know_the_time(void)
{
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, RIG_BUILT_MS + rig.uptime_ms, rig.uptime_ms), BW_CLOCK_SET);
    struct bw_reading mark = bw_clock_mark(&clock);
    assert_true(bw_ring_append(&ring, &mark));
}

/* Sequence numbers in the order in which they were sent. */
static unsigned sent_seqs(unsigned first_message, unsigned *seqs)
{
    unsigned count = 0;
    for (unsigned i = first_message; i < rig.sent_count; i++) {
        for (const char *at = (const char *)rig.sent[i].payload; (at = strstr(at, "\"seq\":")) != NULL; at++) {
            seqs[count++] = (unsigned)strtoul(at + 6, NULL, 10);
        }
    }
    return count;
}

/* Pumps and acknowledges until nothing is in flight any more. */
static void drain(void)
{
    do {
        assert_true(bw_uploader_pump(&uploader, rig.uptime_ms));
        for (unsigned i = 0; i < BW_WINDOW_MAX; i++) {
            if (uploader.flight[i].packet != 0) {
                assert_true(bw_uploader_published(&uploader, uploader.flight[i].packet));
            }
        }
        assert_true(bw_uploader_pump(&uploader, rig.uptime_ms));
    } while (bw_uploader_in_flight(&uploader) > 0);
}

static void live_readings_go_before_the_backlog(void **state)
{
    (void)state;
    unsigned seqs[200];
    know_the_time();
    config.value[BW_BATCH] = 2;
    for (int i = 0; i < 20; i++) {
        store_kind(BW_POSITION);
    }
    bw_uploader_connected(&uploader);
    assert_true(bw_uploader_pump(&uploader, 0));
    assert_int_equal(bw_uploader_in_flight(&uploader), 4);
    assert_true(bw_uploader_published(&uploader, 1));
    store_kind(BW_POSITION); /* 21: comes while the backlog is going out, and overtakes it */
    drain();
    unsigned count = sent_seqs(0, seqs);
    assert_int_equal(count, 21);
    assert_int_equal(seqs[0], 20);
    assert_int_equal(seqs[1], 1);
    unsigned overtaken = 0;
    for (unsigned i = 0; i < count && seqs[i] != 21; i++) {
        overtaken++;
    }
    assert_true(overtaken < 20);
    assert_int_equal(ring.waiting, 0);
    assert_null(strstr((const char *)rig.sent[0].payload, "buffered"));
    assert_non_null(strstr((const char *)rig.sent[1].payload, "\"buffered\":true"));
}

static void nothing_is_deleted_before_it_is_acknowledged(void **state)
{
    (void)state;
    know_the_time();
    store_kind(BW_POSITION);
    store_kind(BW_POSITION);
    bw_uploader_connected(&uploader);
    assert_true(bw_uploader_pump(&uploader, 0));
    assert_int_equal(ring.waiting, 2);
    bw_uploader_disconnected(&uploader);
    assert_false(bw_uploader_published(&uploader, 1)); /* too late: of a connection that is gone */
    assert_false(bw_uploader_published(&uploader, 0));
    assert_int_equal(ring.waiting, 2);
    unsigned before = rig.sent_count;
    bw_uploader_connected(&uploader);
    drain();
    unsigned seqs[10];
    assert_int_equal(sent_seqs(before, seqs), 2);
    assert_int_equal(ring.waiting, 0);
}

static void the_window_bounds_what_is_in_flight(void **state)
{
    (void)state;
    know_the_time();
    config.value[BW_WINDOW] = 2;
    config.value[BW_BATCH] = 1;
    for (int i = 0; i < 9; i++) {
        store_kind(BW_POSITION);
    }
    bw_uploader_connected(&uploader);
    for (int i = 0; i < 5; i++) {
        assert_true(bw_uploader_pump(&uploader, 0));
    }
    assert_int_equal(bw_uploader_in_flight(&uploader), 2);
    assert_int_equal(rig.sent_count, 2);
    drain();
    assert_int_equal(rig.sent_count, 9);
}

static void kinds_go_to_their_own_topics(void **state)
{
    (void)state;
    know_the_time();
    store_kind(BW_POSITION);
    store_kind(BW_SENSOR);
    store_kind(BW_EVENT);
    store_kind(BW_EVENT);
    bw_uploader_connected(&uploader);
    drain();
    assert_int_equal(rig_count(&rig, "pos"), 1);
    assert_int_equal(rig_count(&rig, "sensor"), 1);
    assert_int_equal(rig_count(&rig, "event"), 2);
    assert_string_equal(rig.sent[0].topic, "bw/1/demo/van-1/event");
}

static void an_overdue_acknowledgement_ends_the_connection(void **state)
{
    (void)state;
    know_the_time();
    store_kind(BW_POSITION);
    bw_uploader_connected(&uploader);
    assert_true(bw_uploader_pump(&uploader, 1000));
    assert_true(bw_uploader_pump(&uploader, 61000));
    assert_false(bw_uploader_pump(&uploader, 61001));
    bw_uploader_disconnected(&uploader);
    assert_true(bw_uploader_pump(&uploader, 61001));
}

static void a_link_that_takes_nothing_loses_nothing(void **state)
{
    (void)state;
    know_the_time();
    store_kind(BW_POSITION);
    store_kind(BW_POSITION);
    bw_uploader_connected(&uploader);
    rig.refuse_publish = true;
    assert_true(bw_uploader_pump(&uploader, 0));
    assert_int_equal(bw_uploader_in_flight(&uploader), 0);
    rig.refuse_publish = false;
    drain();
    assert_int_equal(ring.waiting, 0);
}

static void undated_readings_wait_for_the_clock_and_hold_nothing_else_up(void **state)
{
    (void)state;
    store_kind(BW_SENSOR); /* before the time is known */
    bw_uploader_connected(&uploader);
    drain();
    assert_int_equal(rig.sent_count, 0);
    rig.uptime_ms = 5000;
    know_the_time();
    store_kind(BW_SENSOR);
    drain();
    assert_int_equal(ring.waiting, 0);
    assert_true(rig_says(&rig.sent[0], "\"measured_at\":\"2026-01-01T00:00:00.000Z\""));
}

static void readings_of_earlier_boots_are_dated_by_their_mark_or_sent_without_time(void **state)
{
    (void)state;
    store_kind(BW_SENSOR); /* boot 1, which learns the time */
    rig.uptime_ms = 7000;
    know_the_time();
    bw_clock_init(&clock, 2, RIG_BUILT_MS);
    store_kind(BW_SENSOR); /* boot 2, which never does */
    bw_clock_init(&clock, 3, RIG_BUILT_MS);
    config.value[BW_BATCH] = 1;
    bw_uploader_connected(&uploader);
    drain();
    assert_int_equal(rig.sent_count, 2);
    assert_false(rig_says(&rig.sent[0], "measured_at"));
    assert_true(rig_says(&rig.sent[0], "\"boot_id\":2"));
    assert_true(rig_says(&rig.sent[1], "\"measured_at\":\"2026-01-01T00:00:00.000Z\""));
}

static void a_wrapping_ring_takes_the_cursors_along(void **state)
{
    (void)state;
    know_the_time();
    config.value[BW_WINDOW] = 1;
    for (int i = 0; i < 100; i++) {
        store_kind(BW_POSITION);
    }
    bw_uploader_connected(&uploader);
    assert_true(bw_uploader_pump(&uploader, 0));
    for (int i = 0; i < 600; i++) {
        store_kind(BW_POSITION);
    }
    assert_true(ring.dropped > 0);
    assert_true(bw_uploader_published(&uploader, 1)); /* of what is gone by now */
    drain();
    assert_int_equal(ring.waiting, 0);
}

static void cbor_is_sent_where_it_is_configured(void **state)
{
    (void)state;
    know_the_time();
    config.value[BW_ENCODING] = BW_CBOR;
    store_kind(BW_POSITION);
    store_kind(BW_POSITION);
    store_kind(BW_POSITION);
    bw_uploader_connected(&uploader);
    drain();
    assert_int_equal(rig.sent[0].payload[0] & 0xE0u, 0xA0u);
    assert_int_equal(rig.sent[1].payload[0], 0x82u);
}

static void a_message_spans_at_most_thirty_two_slots(void **state)
{
    (void)state;
    know_the_time();
    for (int i = 0; i < 60; i++) {
        store_kind(BW_POSITION);
    }
    uint32_t tail = ring.tail;
    for (uint32_t at = tail + 1u; at < tail + 50u; at++) { /* acknowledged out of order: a hole of 49 */
        assert_true(bw_ring_mark(&ring, at, BW_ACKNOWLEDGED));
    }
    bw_uploader_connected(&uploader);
    drain();
    assert_int_equal(ring.waiting, 0);
}

#define uploader_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        uploader_test(live_readings_go_before_the_backlog),
        uploader_test(nothing_is_deleted_before_it_is_acknowledged),
        uploader_test(the_window_bounds_what_is_in_flight),
        uploader_test(kinds_go_to_their_own_topics),
        uploader_test(an_overdue_acknowledgement_ends_the_connection),
        uploader_test(a_link_that_takes_nothing_loses_nothing),
        uploader_test(undated_readings_wait_for_the_clock_and_hold_nothing_else_up),
        uploader_test(readings_of_earlier_boots_are_dated_by_their_mark_or_sent_without_time),
        uploader_test(a_wrapping_ring_takes_the_cursors_along),
        uploader_test(cbor_is_sent_where_it_is_configured),
        uploader_test(a_message_spans_at_most_thirty_two_slots),
    };
    return RUN(tests);
}

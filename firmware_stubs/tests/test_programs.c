/* Tracker and shelf sensor as a whole, on the board of rig.h. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "../programs/shelf.h"
#include "../programs/tracker.h"
#include "rig.h"

#define NOON (12 * 3600)

static struct rig rig;
static struct bw_tracker tracker;
static struct bw_shelf shelf;

static int fresh(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static void start_tracker(void)
{
    assert_true(bw_tracker_start(&tracker, &rig.board));
    assert_null(bw_device_provision(&tracker.device, (const uint8_t *)rig_identity, strlen(rig_identity)));
}

static void start_shelf(void)
{
    assert_true(bw_shelf_start(&shelf, &rig.board));
    assert_null(bw_device_provision(&shelf.device, (const uint8_t *)rig_identity, strlen(rig_identity)));
}

/* The port's side: completes connections and acknowledges everything. */
static void serve(struct bw_device *device)
{
    static uint32_t acknowledged;
    acknowledged = acknowledged > rig.next_packet ? 0 : acknowledged;
    if (device->session.state == BW_CONNECTING) {
        bw_device_connected(device);
    }
    while (acknowledged < rig.next_packet) {
        bw_device_published(device, ++acknowledged);
    }
}

static void run_tracker(int64_t milliseconds, bool served)
{
    for (int64_t until = rig.uptime_ms + milliseconds; rig.uptime_ms < until;) {
        rig.uptime_ms += bw_tracker_step(&tracker);
        if (served) {
            serve(&tracker.device);
        }
    }
}

static void run_shelf(int64_t milliseconds)
{
    for (int64_t until = rig.uptime_ms + milliseconds; rig.uptime_ms < until;) {
        rig.uptime_ms += bw_shelf_step(&shelf);
        serve(&shelf.device);
    }
}

/* Drives north from `second` on; one fix a second. */
static void drive(int32_t second, int32_t seconds, int32_t speed_cmps, bool served)
{
    for (int32_t i = 0; i < seconds; i++) {
        rig_fix(&rig, NOON + second + i, 775945627, 129715987 + (second + i) * speed_cmps * 9 / 10, speed_cmps, 0);
        run_tracker(1000, served);
    }
}

static void a_tracker_reports_where_it_is(void **state)
{
    (void)state;
    rig.input[BW_INPUT_IGNITION] = 1;
    rig.input[BW_INPUT_DOOR] = 0;
    rig.external_mv = 13800;
    rig.battery_mv = 4100;
    rig.battery_pct = 98;
    rig.fuel_mv = 2500;
    rig.temperature_cc[1] = 450;
    start_tracker();
    drive(0, 60, 1000, true);
    const struct rig_message *position = rig_last(&rig, "pos");
    assert_true(rig_says(position, "\"fix_valid\":true"));
    assert_true(rig_says(position, "\"in_motion\":true"));
    assert_true(rig_says(position, "\"ignition\":true"));
    assert_true(rig_says(position, "\"door_open\":false"));
    assert_true(rig_says(position, "\"fuel_l\":30"));
    assert_true(rig_says(position, "\"temperature_c\":[null,4.5]"));
    assert_true(rig_says(position, "\"fix_time\":\"2026-11-22T12:00:"));
    assert_in_range(rig_count(&rig, "pos"), 6, 8);
    assert_int_equal(tracker.device.ring.waiting, 0);
    assert_in_range(tracker.driven_dm, 5500, 6100);
    assert_true(rig_says(rig_last(&rig, "status"), "\"online\":true"));
    assert_true(rig_last(&rig, "status")->retain);
    assert_string_equal(rig.subscribed[0], "bw/1/demo/van-1/cmd");
    assert_string_equal(rig.will_topic, "bw/1/demo/van-1/status");
    assert_memory_equal(rig.will, "{\"online\":false}", rig.will_length);
}

static void readings_before_the_first_fix_are_dated_afterwards(void **state)
{
    (void)state;
    start_tracker();
    run_tracker(5000, true);
    assert_int_equal(rig_count(&rig, "pos"), 0); /* stored, and held until the time is known */
    assert_int_equal(tracker.device.ring.waiting, 1);
    drive(0, 3, 0, true);
    assert_int_equal(tracker.device.ring.waiting, 0);
    bool found = false;
    for (unsigned i = 0; i < rig.sent_count; i++) {
        found |= rig_says(&rig.sent[i], "\"fix_time\":\"2026-11-22T11:59:55") && rig_says(&rig.sent[i], "\"seq\":1,");
    }
    assert_true(found);
}

static void door_ignition_and_alarms_are_events_at_once(void **state)
{
    (void)state;
    rig.input[BW_INPUT_IGNITION] = 0;
    rig.input[BW_INPUT_DOOR] = 0;
    rig.input[BW_INPUT_SOS] = 0;
    rig.external_mv = 12800;
    rig.battery_mv = 4000;
    start_tracker();
    drive(0, 5, 0, true);
    assert_int_equal(rig_count(&rig, "event"), 0);
    rig.input[BW_INPUT_DOOR] = 1;
    drive(5, 2, 0, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"door_open\":true"));
    assert_false(rig_says(rig_last(&rig, "event"), "alarms"));
    rig.input[BW_INPUT_SOS] = 1;
    drive(7, 2, 0, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"alarms\":[\"sos\"]"));
    rig.external_mv = 0;
    drive(9, 3, 0, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"power_cut\""));
    drive(12, 3, 1000, true); /* moves without ignition */
    assert_true(rig_says(rig_last(&rig, "event"), "\"tow\""));
    unsigned before = rig_count(&rig, "event");
    rig.input[BW_INPUT_IGNITION] = 1;
    drive(15, 2, 1000, true);
    assert_true(rig_count(&rig, "event") > before);
}

static void driving_alarms_come_from_the_speed(void **state)
{
    (void)state;
    rig.input[BW_INPUT_IGNITION] = 1;
    rig.input[BW_INPUT_DOOR] = 0;
    start_tracker();
    tracker.device.settings.config.value[BW_OVERSPEED_CMPS] = 2000;
    drive(0, 5, 1000, true);
    drive(5, 2, 1400, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"harsh_acceleration\""));
    drive(7, 2, 1000, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"harsh_braking\""));
    drive(9, 3, 2100, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"overspeed\""));
    unsigned events = rig_count(&rig, "event");
    drive(12, 5, 2100, true); /* told once */
    assert_int_equal(rig_count(&rig, "event"), events);
    rig.input[BW_INPUT_DOOR] = 1;
    drive(17, 3, 2100, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"door\""));
}

static void a_parked_tracker_saves_power_and_tells_a_leak(void **state)
{
    (void)state;
    rig.input[BW_INPUT_IGNITION] = 0;
    rig.fuel_mv = 4000;
    rig.supply[BW_SUPPLY_GNSS] = true;
    start_tracker();
    drive(0, 3, 0, true);
    run_tracker(400000, true);
    assert_int_equal(tracker.power.state, BW_PARKED);
    assert_false(rig.supply[BW_SUPPLY_GNSS]);
    rig.fuel_mv = 3000;
    run_tracker(20000, true);
    assert_true(rig_says(rig_last(&rig, "event"), "\"fuel_leak\""));
    run_tracker(860000, true);
    assert_true(rig.supply[BW_SUPPLY_GNSS]); /* the next report is near */
}

static void a_critical_battery_switches_the_modem_off_with_a_goodbye(void **state)
{
    (void)state;
    rig.supply[BW_SUPPLY_MODEM] = true;
    rig.battery_mv = 4000;
    rig.external_mv = 0;
    start_tracker();
    drive(0, 3, 0, true);
    rig.battery_mv = 3200;
    run_tracker(80000, true);
    assert_int_equal(tracker.power.state, BW_CRITICAL);
    assert_false(rig.supply[BW_SUPPLY_MODEM]);
    assert_string_equal((const char *)rig_last(&rig, "status")->payload, "{\"online\":false}");
    rig.battery_mv = 4000;
    run_tracker(20000, true);
    assert_true(rig.supply[BW_SUPPLY_MODEM]);
    assert_true(rig_says(rig_last(&rig, "status"), "\"online\":true"));
}

static void an_hour_without_network_goes_out_once_and_live_first(void **state)
{
    (void)state;
    rig.refuse_connect = true;
    start_tracker();
    tracker.device.settings.config.value[BW_REPORT_SPEED_CHANGE_CMPS] = 10000;
    drive(0, 800, 1000, false); /* as many as the rig's small flash holds */
    uint32_t stored = tracker.device.ring.next_seq - 1u;
    assert_in_range(stored, 80, 83);
    assert_int_equal(rig.sent_count, 0);
    rig.refuse_connect = false;
    bw_device_network(&tracker.device);
    drive(800, 20, 1000, true);
    assert_int_equal(tracker.device.ring.waiting, 0);
    assert_int_equal(tracker.device.ring.dropped, 0);
    assert_string_equal(rig.sent[0].topic, "bw/1/demo/van-1/status");
    assert_false(rig_says(&rig.sent[1], "buffered"));
    assert_true(rig_says(&rig.sent[2], "\"seq\":1,"));
}

static void the_odometer_goes_on_after_a_restart(void **state)
{
    (void)state;
    start_tracker();
    drive(0, 60, 1000, true);
    int64_t driven_dm = tracker.driven_dm;
    assert_true(bw_tracker_start(&tracker, &rig.board));
    assert_true(tracker.driven_dm > driven_dm - 1100 && tracker.driven_dm <= driven_dm);
    assert_int_equal(tracker.device.clock.boot_id, 2);
    assert_true(tracker.device.provisioned);
}

static void say_to(struct bw_device *device, const char *topic, const char *payload)
{
    bw_device_message(device, topic, (const uint8_t *)payload, strlen(payload));
}

static void commands_reach_the_programs(void **state)
{
    (void)state;
    start_tracker();
    start_tracker();
    rig.load_raw = 20000;
    drive(0, 15, 0, true);
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"id\":\"1\",\"command\":\"tare\"}");
    run_tracker(200, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"id\":\"1\",\"regarding\":\"cmd\",\"accepted\":true"));
    rig.load_raw = 30000;
    drive(15, 15, 0, true);
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"span\",\"value\":1000}");
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"zero_drift\",\"value\":5}");
    unsigned positions = rig_count(&rig, "pos");
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"report\"}");
    run_tracker(400, true);
    assert_int_equal(rig_count(&rig, "pos"), positions + 1u);
    assert_true(rig_says(rig_last(&rig, "pos"), "\"cargo_kg\":1,"));
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"zero_drift\",\"value\":500000}");
    run_tracker(200, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"accepted\":false,\"reason\":\"unstable\""));
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"self_test\"}");
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"rollback\"}");
    run_tracker(200, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"nothing_before\""));
    say_to(&tracker.device, "bw/1/demo/van-1/cmd", "{\"command\":\"restart\"}");
    run_tracker(6000, true);
    assert_int_equal(rig.restarts, 1);
    assert_true(bw_tracker_start(&tracker, &rig.board));
    assert_int_equal(tracker.cargo.calibration.span_g, 1000); /* the calibration was kept */
    assert_int_equal(tracker.cargo.calibration.zero_drift_raw_per_c, 5);
}

static void messages_for_others_and_unknown_topics_are_ignored(void **state)
{
    (void)state;
    start_tracker();
    drive(0, 2, 0, true);
    say_to(&tracker.device, "bw/1/demo/van-2/cmd", "{\"command\":\"restart\"}");
    say_to(&tracker.device, "bw/1/demo/van-1/other", "{}");
    say_to(&tracker.device, "bw/1/demo/van-1/cfg", "");
    run_tracker(6000, true);
    assert_int_equal(rig.restarts, 0);
    assert_int_equal(rig_count(&rig, "ack"), 0);
}

static void a_configuration_is_confirmed_by_its_delivered_answer(void **state)
{
    (void)state;
    start_tracker();
    drive(0, 3, 0, true);
    say_to(&tracker.device, "bw/1/demo/van-1/cfg", "{\"version\":\"5\",\"moving_interval_s\":2}");
    assert_true(tracker.device.settings.trial);
    run_tracker(500, true);
    assert_false(tracker.device.settings.trial);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"accepted\":true,\"version\":\"5\""));
    say_to(&tracker.device, "bw/1/demo/van-1/cfg", "{\"version\":\"6\",\"trial_s\":10}");
    run_tracker(200, false);
    bw_device_disconnected(&tracker.device); /* before the broker had the answer */
    rig.refuse_connect = true;
    run_tracker(11000, false);
    assert_string_equal(tracker.device.settings.config.version, "5");
    rig.refuse_connect = false;
    run_tracker(60000, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"reason\":\"rolled_back: unconfirmed\",\"version\":\"5\""));
    say_to(&tracker.device, "bw/1/demo/van-1/cfg", "{\"version\":\"7\"}");
    start_tracker(); /* a restart during the trial */
    assert_string_equal(tracker.device.settings.config.version, "5");
    rig_fix(&rig, NOON + 100, 0, 0, 0, 0);
    run_tracker(10000, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"reason\":\"rolled_back: restart\""));
}

static void a_configuration_that_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    start_tracker();
    drive(0, 3, 0, true);
    rig.image.dead = true;
    say_to(&tracker.device, "bw/1/demo/van-1/cfg", "{\"version\":\"5\"}");
    assert_string_equal(bw_device_provision(&tracker.device, (const uint8_t *)rig_identity, strlen(rig_identity)), "flash");
    assert_string_equal(bw_device_provision(&tracker.device, (const uint8_t *)"{}", 2), "tenant");
    run_tracker(300, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"accepted\":false,\"reason\":\"flash\",\"version\":\"5\""));
    assert_false(bw_device_calibrate(&tracker.device, &tracker.device.calibration));
    assert_false(bw_tracker_start(&tracker, &rig.board));
}

static void unsent_answers_are_kept_and_the_oldest_gives_way(void **state)
{
    (void)state;
    start_tracker();
    for (int i = 0; i < 6; i++) {
        char command[64];
        snprintf(command, sizeof command, "{\"id\":\"%d\",\"command\":\"report\"}", i);
        say_to(&tracker.device, "bw/1/demo/van-1/cmd", command);
    }
    rig.refuse_publish = true;
    run_tracker(500, true);
    rig.refuse_publish = false;
    run_tracker(400000, true);
    assert_int_equal(rig_count(&rig, "ack"), 4);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"id\":\"5\""));
}

static size_t manifest(uint8_t *into, size_t size, uint32_t build, bool good)
{
    static const uint8_t HEAD[] = {0xa6, 0x18, 50, 0x61, '2', 0x18, 51};
    size_t at = sizeof HEAD;
    memcpy(into, HEAD, at);
    into[at++] = (uint8_t)build; /* below 24: one byte */
    into[at++] = 0x18;
    into[at++] = 52;
    into[at++] = (uint8_t)size;
    into[at++] = 0x18;
    into[at++] = 53;
    into[at++] = 0x58;
    into[at++] = 32;
    struct bw_sha256 sha;
    bw_sha256_init(&sha);
    bw_sha256_feed(&sha, "0123456789", size);
    bw_sha256_finish(&sha, into + at);
    at += 32;
    into[at++] = 0x18;
    into[at++] = 54;
    into[at++] = 0x58;
    into[at++] = 64;
    memset(into + at, good ? 0x51 : 0, 64);
    at += 64;
    into[at++] = 0x18;
    into[at++] = 57;
    into[at++] = 1;
    return at;
}

static void give_image(struct bw_device *device)
{
    uint8_t message[200];
    size_t length = manifest(message, 10, 11, true);
    bw_device_message(device, "bw/1/demo/van-1/ota", message, length);
    bw_device_message(device, "bw/1/demo/van-1/ota", (const uint8_t *)"\xa2\x18\x37\x00\x18\x38\x4a" "0123456789", 17);
}

static void an_update_is_tried_and_confirmed_by_what_gets_through(void **state)
{
    (void)state;
    uint8_t message[200];
    rig.signature_good = true;
    start_tracker();
    drive(0, 3, 0, true);
    bw_device_message(&tracker.device, "bw/1/demo/van-1/ota", message, manifest(message, 10, 11, false));
    run_tracker(200, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"reason\":\"refused\""));
    say_to(&tracker.device, "bw/1/demo/van-1/ota", "garbage");
    run_tracker(200, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"reason\":\"not_a_document\""));
    give_image(&tracker.device);
    run_tracker(300, true);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"accepted\":true,\"reason\":\"ready\""));
    run_tracker(6000, true);
    assert_int_equal(rig.restarts, 1);
    start_tracker();
    assert_true(bw_ota_on_trial(&tracker.device.ota));
    drive(20, 15, 0, true);
    assert_false(bw_ota_on_trial(&tracker.device.ota));
    assert_int_equal(tracker.device.ota.choice.slot, 1);
}

static void an_update_that_reaches_nobody_is_given_up(void **state)
{
    (void)state;
    rig.signature_good = true;
    start_tracker();
    drive(0, 3, 0, true);
    give_image(&tracker.device);
    run_tracker(6000, true);
    start_tracker();
    rig.refuse_connect = true;
    run_tracker(301000, false);
    assert_int_equal(tracker.device.ota.choice.slot, 0);
    assert_int_equal(rig.restarts, 2);
}

static void the_link_is_retried_with_growing_pauses(void **state)
{
    (void)state;
    rig.refuse_connect = true;
    start_tracker();
    run_tracker(60000, false);
    unsigned first = rig.connects;
    assert_in_range(first, 5, 8); /* 1 + 2 + 4 + 8 + 16 + 32 s, spread */
    run_tracker(600000, false);
    assert_in_range(rig.connects - first, 2, 5);
    rig.refuse_connect = false;
    rig.refuse_subscribe = true;
    run_tracker(400000, true);
    assert_int_equal(rig.sent_count, 0);
    rig.refuse_subscribe = false;
    run_tracker(400000, true);
    assert_int_not_equal(rig.sent_count, 0);
}

static void an_attempt_that_never_ends_is_given_up_and_so_is_a_silent_broker(void **state)
{
    (void)state;
    start_tracker();
    run_tracker(29000, false);
    assert_int_equal(tracker.device.session.state, BW_CONNECTING);
    run_tracker(2000, false);
    assert_int_equal(rig.disconnects, 1);
    drive(31, 10, 0, true);
    assert_int_equal(tracker.device.session.state, BW_ONLINE);
    drive(41, 130, 1000, false); /* nothing is acknowledged any more */
    assert_true(rig.disconnects > 1);
    bw_device_disconnected(&tracker.device);
    bw_device_disconnected(&tracker.device);
    bw_device_network(&tracker.device);
    drive(171, 30, 1000, true);
    assert_int_equal(tracker.device.ring.waiting, 0);
}

static void a_board_with_too_little_flash_is_refused(void **state)
{
    (void)state;
    rig.image.flash.sectors = BW_SECTORS_LEAST - 1u;
    assert_false(bw_tracker_start(&tracker, &rig.board));
    assert_false(bw_shelf_start(&shelf, &rig.board));
}

static void a_shelf_reports_its_weight_when_it_has_settled(void **state)
{
    (void)state;
    rig.wall_ms = INT64_C(1795348800000);
    rig.load_raw = 50000;
    rig.temperature_cc[0] = 400;
    rig.humidity_permille = 655;
    rig.input[BW_INPUT_DOOR] = 0;
    rig.count = 3;
    rig.battery_mv = 3600;
    start_shelf();
    run_shelf(15000);
    say_to(&shelf.device, "bw/1/demo/van-1/cmd", "{\"command\":\"tare\"}");
    rig.load_raw = 250000;
    run_shelf(15000);
    say_to(&shelf.device, "bw/1/demo/van-1/cmd", "{\"command\":\"span\",\"value\":20000}");
    run_shelf(15000);
    assert_true(rig_says(rig_last(&rig, "sensor"), "\"weight_g\":20000"));
    assert_true(rig_says(rig_last(&rig, "sensor"), "\"humidity_pct\":65.5"));
    assert_true(rig_says(rig_last(&rig, "sensor"), "\"temperature_c\":4,"));
    unsigned reports = rig_count(&rig, "sensor");
    rig.load_raw = 251900; /* 190 g: less than weight_change_g */
    run_shelf(20000);
    assert_int_equal(rig_count(&rig, "sensor"), reports);
    rig.load_raw = 240000; /* somebody took a bottle */
    run_shelf(20000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 1u);
    assert_true(rig_says(rig_last(&rig, "sensor"), "\"weight_g\":19000"));
    run_shelf(300000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 2u);
}

static void a_cooler_reports_door_temperature_and_battery(void **state)
{
    (void)state;
    rig.wall_ms = INT64_C(1795348800000);
    rig.temperature_cc[0] = 400;
    rig.input[BW_INPUT_DOOR] = 0;
    rig.battery_mv = 3600;
    start_shelf();
    shelf.device.settings.config.value[BW_TEMPERATURE_HIGH_CC] = 800;
    shelf.device.settings.config.value[BW_TEMPERATURE_LOW_CC] = 0;
    run_shelf(5000);
    unsigned reports = rig_count(&rig, "sensor");
    rig.input[BW_INPUT_DOOR] = 1;
    run_shelf(2000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 1u);
    assert_true(rig_says(rig_last(&rig, "sensor"), "\"door_open\":true"));
    rig.temperature_cc[0] = 801;
    run_shelf(2000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 2u);
    rig.temperature_cc[0] = 770; /* within the margin: still too warm */
    run_shelf(2000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 2u);
    rig.temperature_cc[0] = -1;
    run_shelf(2000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 3u);
    assert_int_equal(rig_count(&rig, "event"), 0);
    rig.battery_mv = 3499;
    run_shelf(5000);
    assert_int_equal(rig_count(&rig, "event"), 1);
    assert_true(rig_says(rig_last(&rig, "event"), "\"alarms\":[\"low_battery\"]"));
    say_to(&shelf.device, "bw/1/demo/van-1/cmd", "{\"command\":\"report\"}");
    say_to(&shelf.device, "bw/1/demo/van-1/cmd", "{\"command\":\"zero_drift\",\"value\":999999}");
    run_shelf(1000);
    assert_int_equal(rig_count(&rig, "sensor"), reports + 4u);
    assert_true(rig_says(rig_last(&rig, "ack"), "\"unstable\""));
}

#define program_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        program_test(a_tracker_reports_where_it_is),
        program_test(readings_before_the_first_fix_are_dated_afterwards),
        program_test(door_ignition_and_alarms_are_events_at_once),
        program_test(driving_alarms_come_from_the_speed),
        program_test(a_parked_tracker_saves_power_and_tells_a_leak),
        program_test(a_critical_battery_switches_the_modem_off_with_a_goodbye),
        program_test(an_hour_without_network_goes_out_once_and_live_first),
        program_test(the_odometer_goes_on_after_a_restart),
        program_test(commands_reach_the_programs),
        program_test(messages_for_others_and_unknown_topics_are_ignored),
        program_test(a_configuration_is_confirmed_by_its_delivered_answer),
        program_test(a_configuration_that_cannot_be_kept_is_refused),
        program_test(unsent_answers_are_kept_and_the_oldest_gives_way),
        program_test(an_update_is_tried_and_confirmed_by_what_gets_through),
        program_test(an_update_that_reaches_nobody_is_given_up),
        program_test(the_link_is_retried_with_growing_pauses),
        program_test(an_attempt_that_never_ends_is_given_up_and_so_is_a_silent_broker),
        program_test(a_board_with_too_little_flash_is_refused),
        program_test(a_shelf_reports_its_weight_when_it_has_settled),
        program_test(a_cooler_reports_door_temperature_and_battery),
    };
    return RUN(tests);
}

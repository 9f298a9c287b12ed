#include "harness.h"

#include "../core/reporting.h"

static struct bw_config config;
static struct bw_reporting reporting;

static int fresh(void **state)
{
    (void)state;
    bw_config_defaults(&config);
    bw_reporting_init(&reporting);
    return 0;
}

static struct bw_motion at(int64_t second, int32_t speed_cmps, int32_t course_cdeg, int32_t north_m)
{
    return (struct bw_motion){
        .fresh = true,
        .uptime_ms = second * 1000,
        .longitude_e7 = 775945627,
        .latitude_e7 = 129715987 + north_m * 90,
        .speed_cmps = speed_cmps,
        .course_cdeg = course_cdeg,
    };
}

static unsigned weigh(struct bw_motion now)
{
    unsigned reasons = bw_reporting_decide(&reporting, &now, &config);
    if (reasons != 0) {
        bw_reporting_done(&reporting, &now);
    }
    return reasons;
}

static void the_first_is_always_reported(void **state)
{
    (void)state;
    struct bw_motion nowhere = {.uptime_ms = 5};
    assert_true(bw_reporting_due_ms(&reporting, &nowhere, &config) == 0);
    assert_int_equal(weigh(nowhere), BW_REASON_INTERVAL);
}

static void driving_straight_reports_every_ten_seconds_and_standing_every_minute(void **state)
{
    (void)state;
    unsigned driving = 0, standing = 0;
    for (int32_t second = 0; second < 600; second++) {
        driving += weigh(at(second, 1000, 0, second * 10)) != 0 ? 1u : 0u;
    }
    for (int32_t second = 600; second < 1200; second++) {
        standing += weigh(at(second, 0, 0, 6000)) != 0 ? 1u : 0u;
    }
    assert_in_range(driving, 60, 61); /* one more as moving begins */
    assert_in_range(standing, 12, 14); /* slowing down, the stop after half a minute, then each minute */
    assert_false(reporting.moving);
}

static void a_parked_vehicle_reports_rarely(void **state)
{
    (void)state;
    struct bw_motion now = at(0, 0, 0, 0);
    now.parked = true;
    assert_int_not_equal(weigh(now), 0);
    now.uptime_ms = 899000;
    assert_int_equal(weigh(now), 0);
    assert_true(bw_reporting_due_ms(&reporting, &now, &config) == 1000);
    now.uptime_ms = 901000;
    assert_true(bw_reporting_due_ms(&reporting, &now, &config) == 0);
    assert_int_equal(weigh(now), BW_REASON_INTERVAL);
}

static void distance_turn_and_speed_are_reasons(void **state)
{
    (void)state;
    weigh(at(0, 1000, 0, 0));
    weigh(at(1, 1000, 0, 10));
    assert_int_equal(weigh(at(3, 1000, 2900, 30)), 0);
    assert_int_equal(weigh(at(4, 1000, 3000, 40)), BW_REASON_TURN);
    assert_int_equal(weigh(at(5, 1000, 35900, 50)), BW_REASON_TURN); /* through north */
    assert_int_equal(weigh(at(6, 1599, 35900, 60)), 0);
    assert_int_equal(weigh(at(7, 1600, 35900, 70)), BW_REASON_SPEED);
    assert_int_equal(weigh(at(8, 1000, 35900, 80)), BW_REASON_SPEED);
    assert_int_equal(weigh(at(12, 1000, 35900, 340)), BW_REASON_DISTANCE);
}

static void the_course_of_a_standing_receiver_means_nothing(void **state)
{
    (void)state;
    weigh(at(0, 50, 0, 0));
    assert_int_equal(weigh(at(2, 50, 18000, 0)), 0);
    assert_int_equal(weigh(at(3, BW_MISSING, BW_MISSING, 0)), 0);
}

static void two_reports_are_a_second_apart_but_for_events(void **state)
{
    (void)state;
    weigh(at(0, 1000, 0, 0));
    struct bw_motion now = at(0, 1000, 9000, 0);
    now.uptime_ms = 400;
    assert_int_equal(weigh(now), 0);
    now.event = true;
    assert_int_equal(weigh(now), BW_REASON_EVENT);
}

static void a_traffic_light_is_not_a_stop(void **state)
{
    (void)state;
    weigh(at(0, 1000, 0, 0));
    for (int32_t second = 1; second < 29; second++) {
        weigh(at(second, 0, 0, 0));
    }
    assert_true(reporting.moving);
    weigh(at(31, 0, 0, 0));
    assert_false(reporting.moving);
}

static void without_a_fix_distance_counts_from_the_last_known_place(void **state)
{
    (void)state;
    weigh(at(0, 0, 0, 0));
    struct bw_motion tunnel = {.uptime_ms = 60000};
    assert_int_equal(weigh(tunnel), BW_REASON_INTERVAL);
    unsigned reasons = weigh(at(70, BW_MISSING, BW_MISSING, 400));
    assert_int_equal(reasons & BW_REASON_DISTANCE, BW_REASON_DISTANCE);
    assert_true(reporting.moving);
}

#define reporting_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        reporting_test(the_first_is_always_reported),
        reporting_test(driving_straight_reports_every_ten_seconds_and_standing_every_minute),
        reporting_test(a_parked_vehicle_reports_rarely),
        reporting_test(distance_turn_and_speed_are_reasons),
        reporting_test(the_course_of_a_standing_receiver_means_nothing),
        reporting_test(two_reports_are_a_second_apart_but_for_events),
        reporting_test(a_traffic_light_is_not_a_stop),
        reporting_test(without_a_fix_distance_counts_from_the_last_known_place),
    };
    return RUN(tests);
}

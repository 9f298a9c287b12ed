#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "../core/calendar.h"
#include "../core/clock.h"
#include "../core/fix.h"
#include "../core/geodesy.h"

#define BUILT_MS INT64_C(1767225600000) /* 2026-01-01 */

static void dates_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        struct bw_civil civil;
        int64_t unix_ms;
    } KNOWN[] = {
        {{1970, 1, 1, 0}, 0},
        {{2000, 2, 29, 1}, INT64_C(951782400001)},
        {{2026, 11, 22, 43200000}, INT64_C(1795348800000)},
        {{2100, 3, 1, 0}, INT64_C(4107542400000)},
        {{1969, 12, 31, 86399999}, -1},
        {{1600, 1, 1, 0}, INT64_C(-11676096000000)},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        int64_t unix_ms = 0;
        assert_true(bw_calendar_to_unix_ms(&KNOWN[i].civil, &unix_ms));
        assert_true(unix_ms == KNOWN[i].unix_ms);
        struct bw_civil back = bw_calendar_from_unix_ms(unix_ms);
        assert_memory_equal(&back, &KNOWN[i].civil, sizeof back);
    }
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const struct bw_civil NONE[] = {{2026, 2, 29, 0}, {2100, 2, 29, 0}, {2026, 4, 31, 0}, {2026, 13, 1, 0},
                                           {2026, 0, 1, 0},  {2026, 1, 0, 0},  {2026, 1, 1, 86400000}, {2026, 1, 1, -1}, {2026, 1, 32, 0}};
    int64_t unix_ms = 0;
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
        assert_false(bw_calendar_to_unix_ms(&NONE[i], &unix_ms));
    }
}

static void week_rollovers_are_undone(void **state)
{
    (void)state;
    int64_t week_ms = INT64_C(7) * 86400000;
    assert_true(bw_calendar_unroll_weeks(BUILT_MS + 5, BUILT_MS) == BUILT_MS + 5);
    assert_true(bw_calendar_unroll_weeks(BUILT_MS + 5 - 1024 * week_ms, BUILT_MS) == BUILT_MS + 5);
    assert_true(bw_calendar_unroll_weeks(BUILT_MS + 5 - 2048 * week_ms, BUILT_MS) == BUILT_MS + 5);
}

static void readings_before_the_time_is_known_are_dated_afterwards(void **state)
{
    (void)state;
    struct bw_clock clock;
    struct bw_reading early, late;
    bw_clock_init(&clock, 5, BUILT_MS);
    bw_reading_clear(&early, BW_SENSOR);
    bw_reading_clear(&late, BW_SENSOR);
    bw_clock_stamp(&clock, 2000, &early);
    assert_true(early.uptime && early.time_ms == 2000 && early.boot_id == 5);
    assert_false(bw_clock_resolve(&clock, &early));

    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_NETWORK, BUILT_MS + 10000, 10000), BW_CLOCK_SET);
    bw_clock_stamp(&clock, 11000, &late);
    assert_true(!late.uptime && late.time_ms == BUILT_MS + 11000);
    assert_true(bw_clock_resolve(&clock, &late));
    struct bw_reading mark = bw_clock_mark(&clock);
    assert_true(mark.kind == BW_TIME_MARK && mark.time_ms == BUILT_MS && mark.boot_id == 5);

    /* A later step does not change how the early ones are dated: they may have been sent already. */
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, BUILT_MS + 25000, 20000), BW_CLOCK_STEPPED);
    assert_true(bw_clock_resolve(&clock, &early));
    assert_true(early.time_ms == BUILT_MS + 2000);
    bw_clock_stamp(&clock, 21000, &late);
    assert_true(late.time_ms == BUILT_MS + 26000);
}

static void readings_of_another_boot_are_not_dated_by_this_ones_clock(void **state)
{
    (void)state;
    struct bw_clock clock;
    struct bw_reading other;
    bw_clock_init(&clock, 5, BUILT_MS);
    bw_clock_sync(&clock, BW_CLOCK_NETWORK, BUILT_MS + 1, 0);
    bw_reading_clear(&other, BW_SENSOR);
    other.boot_id = 4;
    other.uptime = true;
    assert_false(bw_clock_resolve(&clock, &other));
}

static void implausible_times_are_refused(void **state)
{
    (void)state;
    struct bw_clock clock;
    bw_clock_init(&clock, 1, BUILT_MS);
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, BUILT_MS - 1, 0), BW_CLOCK_REFUSED);
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, BUILT_MS + INT64_C(21) * 365 * 86400000, 0), BW_CLOCK_REFUSED);
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, BUILT_MS + 50, 0), BW_CLOCK_SET);
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_GNSS, BUILT_MS + 1040, 1000), BW_CLOCK_KEPT);
    assert_int_equal(bw_clock_sync(&clock, BW_CLOCK_NETWORK, BUILT_MS + 999999, 1000), BW_CLOCK_REFUSED);
}

#define RMC(clock, status, place) "GNRMC," clock "," status "," place ",10.0,90.0,221126,,,A"
#define PLACE "1258.29592,N,07735.67376,E"
#define GGA(clock) "GNGGA," clock "," PLACE ",1,09,0.90,920.5,M,-86.0,M,,"

static void sentences_of_one_second_make_one_fix(void **state)
{
    (void)state;
    struct bw_fix fix;
    bw_fix_init(&fix);
    assert_false(bw_fix_fresh(&fix, 0, 1000));
    assert_false(bw_fix_update(&fix, "GNGSA,A,3,01,02,03,,,,,,,,,,1.9,1.0,1.6", 900, BUILT_MS));
    assert_false(bw_fix_update(&fix, RMC("120000.00", "A", PLACE), 1000, BUILT_MS));
    assert_true(bw_fix_update(&fix, GGA("120000.00"), 1010, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_3D);
    assert_true(fix.time_ms == INT64_C(1795348800000));
    assert_int_equal(fix.latitude_e7, 129715987);
    assert_int_equal(fix.longitude_e7, 775945627);
    assert_int_equal(fix.satellites, 9);
    assert_int_equal(fix.hdop_centi, 90);
    assert_int_equal(fix.accuracy_dm, 45);
    assert_true(bw_fix_fresh(&fix, 4010, 3000));
    assert_false(bw_fix_fresh(&fix, 4011, 3000));
    assert_false(bw_fix_update(&fix, GGA("120001.00"), 2000, BUILT_MS)); /* the other way round */
    assert_true(bw_fix_update(&fix, RMC("120001.00", "A", PLACE), 2010, BUILT_MS));
}

static void a_receiver_without_gga_works_one_epoch_late(void **state)
{
    (void)state;
    struct bw_fix fix;
    bw_fix_init(&fix);
    assert_false(bw_fix_update(&fix, RMC("120000.00", "A", PLACE), 1000, BUILT_MS));
    assert_true(bw_fix_update(&fix, RMC("120001.00", "A", PLACE), 2000, BUILT_MS));
    assert_true(fix.time_ms == INT64_C(1795348800000));
    assert_int_equal(fix.satellites, BW_MISSING);
    assert_int_equal(fix.accuracy_dm, BW_MISSING);
}

static void losing_the_fix_is_known_at_once(void **state)
{
    (void)state;
    struct bw_fix fix;
    struct bw_reading reading;
    bw_fix_init(&fix);
    bw_fix_update(&fix, RMC("120000.00", "A", PLACE), 1000, BUILT_MS);
    bw_fix_update(&fix, GGA("120000.00"), 1000, BUILT_MS);
    assert_false(bw_fix_update(&fix, "GNRMC,,V,,,,,,,,,,N", 2000, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_NONE);
    bw_fix_update(&fix, "GNGGA,120003.00,,,,,0,00,,,M,,M,,", 3000, BUILT_MS);
    assert_true(bw_fix_update(&fix, RMC("120003.00", "V", ",,,"), 3000, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_NONE);
    bw_reading_clear(&reading, BW_POSITION);
    bw_fix_fill(&fix, false, &reading);
    assert_int_equal(reading.value[BW_FIX_VALID], 0);
    assert_int_equal(reading.value[BW_LONGITUDE_E7], BW_MISSING);
}

static void two_dimensions_no_mode_and_impossible_dates(void **state)
{
    (void)state;
    struct bw_fix fix;
    bw_fix_init(&fix);
    bw_fix_update(&fix, "GNGSA,A,2,01,02,03,,,,,,,,,,1.9,1.3,1.6", 0, BUILT_MS);
    bw_fix_update(&fix, RMC("120000.00", "A", PLACE), 1000, BUILT_MS);
    assert_true(bw_fix_update(&fix, GGA("120000.00"), 1000, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_2D);
    bw_fix_update(&fix, "GNGSA,A,1,,,,,,,,,,,,,,,", 0, BUILT_MS);
    bw_fix_update(&fix, RMC("120001.00", "A", PLACE), 2000, BUILT_MS);
    assert_true(bw_fix_update(&fix, GGA("120001.00"), 2000, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_NONE);
    bw_fix_update(&fix, "GNGSA,A,3,,,,,,,,,,,,,,,", 0, BUILT_MS);
    bw_fix_update(&fix, "GNRMC,120002.00,A," PLACE ",10.0,90.0,310226,,,A", 3000, BUILT_MS);
    assert_true(bw_fix_update(&fix, GGA("120002.00"), 3000, BUILT_MS));
    assert_int_equal(fix.state, BW_FIX_NONE);
    assert_false(bw_fix_update(&fix, "GNVTG,1,2", 3000, BUILT_MS));
}

/* Against the haversine formula, worked out with 64-bit floats elsewhere: metres x 10. */
static void distances_are_right_to_half_a_percent(void **state)
{
    (void)state;
    static const struct {
        int32_t longitude_a, latitude_a, longitude_b, latitude_b;
        int64_t dm;
    } KNOWN[] = {
        {0, 0, 10000000, 0, 1111950},
        {775945627, 129715987, 775945627, 129815987, 11120},
        {775945627, 129715987, 776045627, 129715987, 10836},
        {-30000000, 534000000, -29000000, 534500000, 86494},
        {1799999000, 100000000, -1799999000, 100000000, 219},
        {100000000, 690000000, 110000000, 690000000, 398483},
        {0, 899000000, 0, 900000000, 111195},
        {5, 900000000, 10000000, 900000000, 0},
        {1, 1, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        int64_t dm = bw_distance_dm(KNOWN[i].longitude_a, KNOWN[i].latitude_a, KNOWN[i].longitude_b, KNOWN[i].latitude_b);
        int64_t off = dm - KNOWN[i].dm;
        assert_true((off < 0 ? -off : off) <= 2 + KNOWN[i].dm / 200);
        assert_true(bw_distance_dm(KNOWN[i].longitude_b, KNOWN[i].latitude_b, KNOWN[i].longitude_a, KNOWN[i].latitude_a) == dm);
    }
}

static void turns_are_the_lesser_angle(void **state)
{
    (void)state;
    assert_int_equal(bw_turn_cdeg(35900, 100), 200);
    assert_int_equal(bw_turn_cdeg(100, 35900), 200);
    assert_int_equal(bw_turn_cdeg(0, 18000), 18000);
    assert_int_equal(bw_turn_cdeg(9000, 9000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_go_both_ways),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(week_rollovers_are_undone),
        cmocka_unit_test(readings_before_the_time_is_known_are_dated_afterwards),
        cmocka_unit_test(readings_of_another_boot_are_not_dated_by_this_ones_clock),
        cmocka_unit_test(implausible_times_are_refused),
        cmocka_unit_test(sentences_of_one_second_make_one_fix),
        cmocka_unit_test(a_receiver_without_gga_works_one_epoch_late),
        cmocka_unit_test(losing_the_fix_is_known_at_once),
        cmocka_unit_test(two_dimensions_no_mode_and_impossible_dates),
        cmocka_unit_test(distances_are_right_to_half_a_percent),
        cmocka_unit_test(turns_are_the_lesser_angle),
    };
    return RUN(tests);
}

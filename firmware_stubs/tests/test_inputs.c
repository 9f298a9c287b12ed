#include "harness.h"

#include <string.h>

#include "../core/debounce.h"
#include "../core/fuel.h"
#include "../core/load_cell.h"
#include "../core/power.h"
#include "../core/reading.h"

static void a_bouncing_contact_settles_once(void **state)
{
    (void)state;
    struct bw_debounce door;
    unsigned changes = 0;
    bw_debounce_init(&door);
    for (int64_t now = 0; now <= 600; now += 50) {
        changes += bw_debounce_update(&door, 0, now, 500) ? 1u : 0u;
    }
    assert_int_equal(changes, 1);
    assert_false(bw_debounce_switched(&door)); /* it only became known */
    for (int64_t now = 650; now < 1650; now += 50) { /* bounces for a second */
        assert_false(bw_debounce_update(&door, (int32_t)(now / 50 % 2), now, 500));
    }
    for (int64_t now = 1650; now <= 2150; now += 50) {
        changes += bw_debounce_update(&door, 1, now, 500) ? 1u : 0u;
    }
    assert_int_equal(changes, 2);
    assert_int_equal(door.level, 1);
    assert_true(door.changed_ms == 1650);
    assert_true(bw_debounce_switched(&door));
}

static void an_input_that_cannot_be_read_becomes_missing(void **state)
{
    (void)state;
    struct bw_debounce door;
    bw_debounce_init(&door);
    assert_true(!bw_debounce_update(&door, 1, 0, 100) && bw_debounce_update(&door, 1, 100, 100));
    assert_true(!bw_debounce_update(&door, BW_MISSING, 200, 100) && bw_debounce_update(&door, BW_MISSING, 300, 100));
    assert_int_equal(door.level, BW_MISSING);
    assert_false(bw_debounce_switched(&door));
}

static void the_median_ignores_outliers(void **state)
{
    (void)state;
    struct bw_median median;
    bw_median_init(&median);
    for (int32_t i = 0; i < 8; i++) {
        bw_median_add(&median, i % 2 == 0 ? 100 : 101);
        assert_int_equal(bw_median_value(&median), BW_MISSING);
        assert_true(bw_median_spread(&median) == -1);
    }
    bw_median_add(&median, -2000000000);
    assert_int_equal(bw_median_value(&median), 100);
    assert_true(bw_median_spread(&median) == 2000000101);
    for (int32_t i = 0; i < 9; i++) {
        bw_median_add(&median, 9 - i);
    }
    assert_int_equal(bw_median_value(&median), 5);
    assert_true(bw_median_spread(&median) == 8);
}

static void fill(struct bw_load_cell *cell, int32_t raw)
{
    for (unsigned i = 0; i < BW_MEDIAN_SAMPLES; i++) {
        bw_load_cell_add(cell, raw);
    }
}

static void a_load_cell_is_tared_spanned_and_weighs(void **state)
{
    (void)state;
    static const struct bw_load_calibration NONE = {0, 0, 0, 0, 0, 2500};
    struct bw_load_cell cell;
    bw_load_cell_init(&cell, &NONE);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), BW_MISSING);
    assert_false(bw_load_cell_tare(&cell, 2500, 20));
    assert_false(bw_load_cell_span(&cell, 2500, 1000));
    fill(&cell, 84000);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), BW_MISSING); /* never calibrated */
    assert_true(bw_load_cell_tare(&cell, 2500, 20));
    fill(&cell, 84100);
    assert_false(bw_load_cell_span(&cell, 2500, 1000)); /* too little to divide by */
    fill(&cell, 84000 + 210000);
    assert_false(bw_load_cell_span(&cell, 2500, 0));
    assert_true(bw_load_cell_span(&cell, 2500, 10000));
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), 10000);
    fill(&cell, 84000 + 21);
    assert_int_equal(bw_load_cell_weight_g(&cell, BW_MISSING), 1);
    fill(&cell, 84000 - 2100);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), -100);
    assert_true(bw_load_cell_tare(&cell, 2500, 20));
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), 0);
}

static void a_cell_wired_the_other_way_round_works_too(void **state)
{
    (void)state;
    static const struct bw_load_calibration NONE = {1000, 0, 0, 0, 0, 2500};
    struct bw_load_cell cell;
    bw_load_cell_init(&cell, &NONE);
    fill(&cell, 1000 - 50000);
    assert_true(bw_load_cell_span(&cell, 2500, 5000));
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), 5000);
    assert_true(bw_load_cell_stable(&cell, 1));
}

static void temperature_is_compensated(void **state)
{
    (void)state;
    struct bw_load_calibration calibration = {0, 100000, 10000, 20, 200, 2500};
    struct bw_load_cell cell;
    bw_load_cell_init(&cell, &calibration);
    fill(&cell, 100000 + 20 * 10);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), 10020);
    assert_int_equal(bw_load_cell_weight_g(&cell, 3500), 9980); /* the zero's drift taken off, then 2,000 ppm of gain */
    assert_int_equal(bw_load_cell_weight_g(&cell, 99999), 10020); /* no temperature: no compensation */
    assert_true(bw_load_cell_drift(&cell, 0));
    assert_int_equal(bw_load_cell_weight_g(&cell, 3500), 10000);
    assert_false(bw_load_cell_drift(&cell, 100001));
    assert_false(bw_load_cell_drift(&cell, -100001));
    cell.calibration.span_drift_ppm_per_c = -60000;
    assert_int_equal(bw_load_cell_weight_g(&cell, 3500), BW_MISSING); /* a gain below a half is a broken calibration */
}

static void unsteady_loads_and_faults_are_not_calibrated(void **state)
{
    (void)state;
    static const struct bw_load_calibration CALIBRATION = {0, 10000, 1000, 0, 0, 2500};
    struct bw_load_cell cell;
    bw_load_cell_init(&cell, &CALIBRATION);
    for (int32_t i = 0; i < 9; i++) {
        bw_load_cell_add(&cell, 50000 + i * 100);
    }
    assert_false(bw_load_cell_stable(&cell, 79));
    assert_true(bw_load_cell_stable(&cell, 80));
    assert_false(bw_load_cell_tare(&cell, 2500, 20));
    assert_false(bw_load_cell_span(&cell, 2500, 5000));
    bw_load_cell_add(&cell, 8388607);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), BW_MISSING);
    fill(&cell, 50000);
    bw_load_cell_add(&cell, BW_MISSING);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), BW_MISSING);
    cell.calibration.span_raw = 1;
    cell.calibration.span_g = INT32_MAX;
    fill(&cell, 8000000);
    assert_int_equal(bw_load_cell_weight_g(&cell, 2500), BW_MISSING); /* beyond what an integer holds */
}

static void fuel_is_a_line_between_empty_and_full(void **state)
{
    (void)state;
    struct bw_config config;
    struct bw_fuel fuel;
    bw_config_defaults(&config);
    bw_fuel_init(&fuel);
    assert_int_equal(bw_fuel_ml(&fuel, &config), BW_MISSING);
    static const struct {
        int32_t millivolts, ml;
    } KNOWN[] = {{2500, 30000}, {500, 0}, {4500, 60000}, {4650, 60000}, {350, 0}, {200, BW_MISSING}, {4900, BW_MISSING}, {BW_MISSING, BW_MISSING}};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        for (unsigned sample = 0; sample < 9; sample++) {
            bw_fuel_add(&fuel, KNOWN[i].millivolts, &config);
        }
        assert_int_equal(bw_fuel_ml(&fuel, &config), KNOWN[i].ml);
    }
}

static void level(struct bw_fuel *fuel, int32_t millivolts, const struct bw_config *config)
{
    for (unsigned sample = 0; sample < 9; sample++) {
        bw_fuel_add(fuel, millivolts, config);
    }
}

static void a_leak_is_told_once_and_only_while_parked(void **state)
{
    (void)state;
    struct bw_config config;
    struct bw_fuel fuel;
    bw_config_defaults(&config);
    bw_fuel_init(&fuel);
    assert_false(bw_fuel_leaks(&fuel, true, &config));
    level(&fuel, 4000, &config);
    assert_false(bw_fuel_leaks(&fuel, false, &config));
    assert_false(bw_fuel_leaks(&fuel, true, &config));
    level(&fuel, 4200, &config); /* filled up while parked */
    assert_false(bw_fuel_leaks(&fuel, true, &config));
    level(&fuel, 3900, &config); /* 4.5 l: not yet */
    assert_false(bw_fuel_leaks(&fuel, true, &config));
    level(&fuel, 3800, &config);
    assert_true(bw_fuel_leaks(&fuel, true, &config));
    assert_false(bw_fuel_leaks(&fuel, true, &config));
    level(&fuel, 2000, &config);
    assert_false(bw_fuel_leaks(&fuel, false, &config));
}

static struct bw_power_input supplied(int64_t uptime_ms)
{
    return (struct bw_power_input){uptime_ms, 0, false, 12800, 4000};
}

static void power_follows_driving_and_parking(void **state)
{
    (void)state;
    struct bw_config config;
    struct bw_power power;
    bw_config_defaults(&config);
    bw_power_init(&power);
    struct bw_power_input input = supplied(0);
    input.ignition = 1;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_DRIVING);
    assert_int_equal(bw_power_pause_ms(&power), 100);
    input = supplied(299999);
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_STANDING);
    assert_true(bw_power_gnss(&power, 1000000));
    input.uptime_ms = 300000;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_PARKED);
    assert_false(bw_power_gnss(&power, 60001));
    assert_true(bw_power_gnss(&power, 60000));
    assert_true(bw_power_modem(&power, 1000000));
    input.moving = true; /* towed */
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_DRIVING);
}

static void losing_the_supply_and_a_low_battery_are_alarms_once(void **state)
{
    (void)state;
    struct bw_config config;
    struct bw_power power;
    bw_config_defaults(&config);
    bw_power_init(&power);
    struct bw_power_input input = supplied(0);
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, 0);
    input.external_mv = 100;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, BW_ALARM_POWER_CUT);
    input.battery_mv = 3499;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, BW_ALARM_LOW_BATTERY);
    input.battery_mv = 3600; /* within the margin: not told again */
    bw_power_update(&power, &input, &config);
    input.battery_mv = 3499;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, 0);
    input.battery_mv = BW_MISSING;
    input.external_mv = 12800;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, BW_ALARM_POWER_RESTORED);
    input.external_mv = BW_MISSING;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.alarms, 0);
}

static void a_critical_battery_saves_itself(void **state)
{
    (void)state;
    struct bw_config config;
    struct bw_power power;
    bw_config_defaults(&config);
    bw_power_init(&power);
    struct bw_power_input input = {0, 1, true, 0, 3300};
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_CRITICAL);
    assert_false(bw_power_gnss(&power, 0));
    assert_true(bw_power_modem(&power, 59999));
    assert_false(bw_power_modem(&power, 60000));
    input.battery_mv = 3499;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_CRITICAL);
    input.battery_mv = 3500;
    bw_power_update(&power, &input, &config);
    assert_int_equal(power.state, BW_DRIVING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bouncing_contact_settles_once),
        cmocka_unit_test(an_input_that_cannot_be_read_becomes_missing),
        cmocka_unit_test(the_median_ignores_outliers),
        cmocka_unit_test(a_load_cell_is_tared_spanned_and_weighs),
        cmocka_unit_test(a_cell_wired_the_other_way_round_works_too),
        cmocka_unit_test(temperature_is_compensated),
        cmocka_unit_test(unsteady_loads_and_faults_are_not_calibrated),
        cmocka_unit_test(fuel_is_a_line_between_empty_and_full),
        cmocka_unit_test(a_leak_is_told_once_and_only_while_parked),
        cmocka_unit_test(power_follows_driving_and_parking),
        cmocka_unit_test(losing_the_supply_and_a_low_battery_are_alarms_once),
        cmocka_unit_test(a_critical_battery_saves_itself),
    };
    return RUN(tests);
}

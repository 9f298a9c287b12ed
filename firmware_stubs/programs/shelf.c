#include "shelf.h"

#include <string.h>

#define SAMPLE_MS 1000
#define PAUSE_MS 200
#define TEMPERATURE_MARGIN_CC 50 /* crossed back only this far inside the limit */
#define BATTERY_MARGIN_MV 200

static const int32_t *settings(const struct bw_shelf *shelf)
{
    return shelf->device.settings.config.value;
}

static int32_t temperature_cc(const struct bw_shelf *shelf)
{
    const struct bw_sensors *sensors = shelf->device.board->sensors;
    return sensors->temperature_cc(sensors->context, 0);
}

static bool on_command(void *program, const struct bw_command *command, struct bw_ack *ack)
{
    struct bw_shelf *shelf = program;
    bool done = false;
    switch (command->kind) {
    case BW_COMMAND_REPORT:
        shelf->report_now = true;
        return true;
    case BW_COMMAND_TARE:
        done = bw_load_cell_tare(&shelf->load, temperature_cc(shelf), settings(shelf)[BW_WEIGHT_STABLE_G]);
        break;
    case BW_COMMAND_SPAN:
        done = bw_load_cell_span(&shelf->load, temperature_cc(shelf), command->value);
        break;
    default:
        done = bw_load_cell_drift(&shelf->load, command->value);
    }
    done = done && bw_device_calibrate(&shelf->device, &shelf->load.calibration);
    memcpy(ack->reason, "unstable", done ? 0 : sizeof "unstable");
    return done;
}

bool bw_shelf_start(struct bw_shelf *shelf, const struct bw_board *board)
{
    memset(shelf, 0, sizeof *shelf);
    bool good = bw_device_start(&shelf->device, board);
    shelf->device.command = on_command;
    shelf->device.program = shelf;
    shelf->reported_g = BW_MISSING;
    bw_load_cell_init(&shelf->load, &shelf->device.calibration);
    bw_debounce_init(&shelf->door);
    return good;
}

/* A limit with a margin against flutter; true when it was crossed either way. */
static bool crossed(bool *beyond, int32_t excess_cc)
{
    bool now = excess_cc > (*beyond ? -TEMPERATURE_MARGIN_CC : 0);
    bool changed = now != *beyond;
    *beyond = now;
    return changed;
}

static void watch_temperature(struct bw_shelf *shelf)
{
    int32_t now_cc = temperature_cc(shelf);
    if (now_cc != BW_NO_VALUE) {
        bool warm = crossed(&shelf->too_warm, now_cc - settings(shelf)[BW_TEMPERATURE_HIGH_CC]);
        bool cold = crossed(&shelf->too_cold, settings(shelf)[BW_TEMPERATURE_LOW_CC] - now_cc);
        shelf->report_now |= warm || cold;
    }
}

static void watch_weight(struct bw_shelf *shelf)
{
    const struct bw_sensors *sensors = shelf->device.board->sensors;
    bw_load_cell_add(&shelf->load, sensors->load_raw(sensors->context));
    int32_t weight_g = bw_load_cell_weight_g(&shelf->load, temperature_cc(shelf));
    if (weight_g == BW_MISSING || !bw_load_cell_stable(&shelf->load, settings(shelf)[BW_WEIGHT_STABLE_G])) {
        return;
    }
    int64_t change_g = shelf->reported_g == BW_MISSING ? INT32_MAX : (int64_t)weight_g - shelf->reported_g;
    shelf->report_now |= (change_g < 0 ? -change_g : change_g) >= settings(shelf)[BW_WEIGHT_CHANGE_G];
}

static void tell_low_battery(struct bw_shelf *shelf)
{
    const struct bw_sensors *sensors = shelf->device.board->sensors;
    int32_t battery_mv = sensors->battery_mv(sensors->context);
    if (battery_mv == BW_NO_VALUE) {
        return;
    }
    bool low = battery_mv < settings(shelf)[BW_LOW_BATTERY_MV] + (shelf->battery_low ? BATTERY_MARGIN_MV : 0);
    struct bw_reading event;
    bw_reading_clear(&event, BW_EVENT);
    event.alarms = BW_ALARM_LOW_BATTERY;
    event.value[BW_BATTERY_MV] = battery_mv;
    if (!low || shelf->battery_low || bw_device_store(&shelf->device, &event, false)) {
        shelf->battery_low = low;
    }
}

static void report(struct bw_shelf *shelf, int64_t uptime_ms)
{
    const struct bw_sensors *sensors = shelf->device.board->sensors;
    bool due = !shelf->reported || uptime_ms - shelf->reported_ms >= settings(shelf)[BW_SENSOR_INTERVAL_S] * INT64_C(1000);
    if (!due && !shelf->report_now) {
        return;
    }
    struct bw_reading reading;
    bw_reading_clear(&reading, BW_SENSOR);
    reading.value[BW_WEIGHT_G] = bw_load_cell_weight_g(&shelf->load, temperature_cc(shelf));
    reading.value[BW_TEMPERATURE_CC] = temperature_cc(shelf);
    reading.value[BW_HUMIDITY_PERMILLE] = sensors->humidity_permille(sensors->context);
    reading.value[BW_DOOR_OPEN] = shelf->door.level;
    reading.value[BW_COUNT] = sensors->count(sensors->context);
    reading.value[BW_BATTERY_MV] = sensors->battery_mv(sensors->context);
    reading.value[BW_BATTERY_PCT] = sensors->battery_pct(sensors->context);
    if (bw_device_store(&shelf->device, &reading, false)) {
        shelf->reported = true;
        shelf->report_now = false;
        shelf->reported_ms = uptime_ms;
        shelf->reported_g = reading.value[BW_WEIGHT_G];
    }
}

int32_t bw_shelf_step(struct bw_shelf *shelf)
{
    const struct bw_sensors *sensors = shelf->device.board->sensors;
    int64_t uptime_ms = bw_device_uptime_ms(&shelf->device);
    int32_t contact = sensors->input(sensors->context, BW_INPUT_DOOR);
    if (bw_debounce_update(&shelf->door, contact, uptime_ms, settings(shelf)[BW_DOOR_SETTLE_MS])) {
        shelf->report_now |= bw_debounce_switched(&shelf->door);
    }
    if (uptime_ms - shelf->sampled_ms >= SAMPLE_MS) {
        shelf->sampled_ms = uptime_ms;
        watch_weight(shelf);
        watch_temperature(shelf);
        tell_low_battery(shelf);
    }
    report(shelf, uptime_ms);
    bw_device_step(&shelf->device);
    return PAUSE_MS;
}

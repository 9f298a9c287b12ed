#include "tracker.h"

#include <string.h>

#include "../core/geodesy.h"
#include "tracker_motion.h"

#define FIX_AGE_MS 3000
#define SAMPLE_MS 1000
#define CONTACT_MS 50 /* a switch or a button that is pressed */

static const int32_t *settings(const struct bw_tracker *tracker)
{
    return tracker->device.settings.config.value;
}

static bool on_command(void *program, const struct bw_command *command, struct bw_ack *ack)
{
    struct bw_tracker *tracker = program;
    int32_t temperature_cc = tracker->device.board->sensors->temperature_cc(tracker->device.board->sensors->context, 0);
    bool done = false;
    switch (command->kind) {
    case BW_COMMAND_REPORT:
        tracker->report_now = true;
        return true;
    case BW_COMMAND_TARE:
        done = bw_load_cell_tare(&tracker->cargo, temperature_cc, settings(tracker)[BW_WEIGHT_STABLE_G]);
        break;
    case BW_COMMAND_SPAN:
        done = bw_load_cell_span(&tracker->cargo, temperature_cc, command->value);
        break;
    default:
        done = bw_load_cell_drift(&tracker->cargo, command->value);
    }
    done = done && bw_device_calibrate(&tracker->device, &tracker->cargo.calibration);
    memcpy(ack->reason, "unstable", done ? 0 : sizeof "unstable");
    return done;
}

bool bw_tracker_start(struct bw_tracker *tracker, const struct bw_board *board)
{
    memset(tracker, 0, sizeof *tracker);
    bool good = bw_device_start(&tracker->device, board);
    tracker->device.command = on_command;
    tracker->device.program = tracker;
    tracker->device.sentences = 0;
    tracker->gnss_on = tracker->modem_on = true;
    bw_nmea_init(&tracker->nmea);
    bw_fix_init(&tracker->fix);
    bw_reporting_init(&tracker->reporting);
    bw_debounce_init(&tracker->door);
    bw_debounce_init(&tracker->ignition);
    bw_debounce_init(&tracker->sos);
    bw_load_cell_init(&tracker->cargo, &tracker->device.calibration);
    bw_fuel_init(&tracker->fuel);
    bw_power_init(&tracker->power);
    tracker->driven_dm = good ? bw_tracker_stored_odometer_dm(&tracker->device.ring) : 0;
    return good;
}

static void listen(struct bw_tracker *tracker, int64_t uptime_ms)
{
    const struct bw_board *board = tracker->device.board;
    uint8_t bytes[64];
    size_t count;
    while ((count = board->sensors->gnss(board->sensors->context, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (bw_nmea_feed(&tracker->nmea, bytes[i]) &&
                bw_fix_update(&tracker->fix, tracker->nmea.line, uptime_ms, board->built_ms)) {
                bw_tracker_epoch(tracker, uptime_ms);
            }
        }
    }
    tracker->device.sentences = tracker->nmea.accepted;
}

static int32_t input(const struct bw_tracker *tracker, enum bw_input which)
{
    const struct bw_sensors *sensors = tracker->device.board->sensors;
    return sensors->input(sensors->context, which);
}

static void sample_contacts(struct bw_tracker *tracker, int64_t uptime_ms)
{
    int32_t settle_ms = settings(tracker)[BW_DOOR_SETTLE_MS];
    if (bw_debounce_update(&tracker->door, input(tracker, BW_INPUT_DOOR), uptime_ms, settle_ms)) {
        tracker->event |= bw_debounce_switched(&tracker->door);
        tracker->alarms |= tracker->door.level == 1 && tracker->reporting.moving ? (uint32_t)BW_ALARM_DOOR : 0u;
    }
    if (bw_debounce_update(&tracker->ignition, input(tracker, BW_INPUT_IGNITION), uptime_ms, CONTACT_MS)) {
        tracker->event |= bw_debounce_switched(&tracker->ignition);
    }
    if (bw_debounce_update(&tracker->sos, input(tracker, BW_INPUT_SOS), uptime_ms, CONTACT_MS) && tracker->sos.level == 1) {
        tracker->alarms |= BW_ALARM_SOS;
    }
}

static void sample_levels(struct bw_tracker *tracker, int64_t uptime_ms)
{
    const struct bw_sensors *sensors = tracker->device.board->sensors;
    const struct bw_config *config = &tracker->device.settings.config;
    if (uptime_ms - tracker->sampled_ms < SAMPLE_MS) {
        return;
    }
    tracker->sampled_ms = uptime_ms;
    bw_load_cell_add(&tracker->cargo, sensors->load_raw(sensors->context));
    bw_fuel_add(&tracker->fuel, sensors->fuel_mv(sensors->context), config);
    struct bw_power_input power = {
        .uptime_ms = uptime_ms,
        .ignition = tracker->ignition.level,
        .moving = tracker->reporting.moving,
        .external_mv = sensors->external_mv(sensors->context),
        .battery_mv = sensors->battery_mv(sensors->context),
    };
    bw_power_update(&tracker->power, &power, config);
    tracker->alarms |= tracker->power.alarms;
    if (bw_fuel_leaks(&tracker->fuel, tracker->power.state == BW_PARKED, config)) {
        tracker->alarms |= BW_ALARM_FUEL_LEAK;
    }
}

static void fill(const struct bw_tracker *tracker, struct bw_reading *reading)
{
    const struct bw_sensors *sensors = tracker->device.board->sensors;
    void *context = sensors->context;
    reading->value[BW_IGNITION] = tracker->ignition.level;
    reading->value[BW_IN_MOTION] = tracker->reporting.moving;
    reading->value[BW_DOOR_OPEN] = tracker->door.level;
    reading->value[BW_CARGO_G] = bw_load_cell_weight_g(&tracker->cargo, sensors->temperature_cc(context, 0));
    reading->value[BW_FUEL_ML] = bw_fuel_ml(&tracker->fuel, &tracker->device.settings.config);
    reading->value[BW_EXTERNAL_MV] = sensors->external_mv(context);
    reading->value[BW_BATTERY_MV] = sensors->battery_mv(context);
    reading->value[BW_BATTERY_PCT] = sensors->battery_pct(context);
    reading->value[BW_ODOMETER_M] = (int32_t)(tracker->driven_dm / 10);
    for (unsigned probe = 0; probe < BW_PROBES; probe++) {
        reading->value[BW_TEMPERATURE_CC + probe] = sensors->temperature_cc(context, probe);
    }
    reading->alarms = tracker->alarms;
}

static void report(struct bw_tracker *tracker, int64_t uptime_ms)
{
    bool event = tracker->event || tracker->alarms != 0 || tracker->report_now;
    struct bw_motion now = bw_tracker_motion(tracker, uptime_ms, FIX_AGE_MS);
    now.event = event;
    if (now.fresh && !tracker->epoch && !event) { /* nothing new: positions keep step with fixes */
        return;
    }
    tracker->epoch = false;
    if (bw_reporting_decide(&tracker->reporting, &now, &tracker->device.settings.config) == 0) {
        return;
    }
    struct bw_reading reading;
    bw_reading_clear(&reading, tracker->event || tracker->alarms != 0 ? BW_EVENT : BW_POSITION);
    bw_fix_fill(&tracker->fix, now.fresh, &reading);
    fill(tracker, &reading);
    bool at_fix = now.fresh && !event; /* an event happened now, not at the last fix */
    reading.time_ms = tracker->fix.time_ms;
    if (bw_device_store(&tracker->device, &reading, at_fix)) {
        bw_reporting_done(&tracker->reporting, &now);
        tracker->alarms = 0;
        tracker->event = tracker->report_now = false;
    }
}

static void switch_supplies(struct bw_tracker *tracker, int64_t uptime_ms)
{
    const struct bw_system *system = tracker->device.board->system;
    struct bw_motion now = bw_tracker_motion(tracker, uptime_ms, FIX_AGE_MS);
    int64_t due_ms = bw_reporting_due_ms(&tracker->reporting, &now, &tracker->device.settings.config);
    bool gnss = bw_power_gnss(&tracker->power, due_ms);
    bool modem = bw_power_modem(&tracker->power, uptime_ms - tracker->reporting.last.uptime_ms);
    if (gnss != tracker->gnss_on) {
        system->set_power(system->context, BW_SUPPLY_GNSS, gnss);
        tracker->gnss_on = gnss;
    }
    tracker->device.modem_wanted = modem;
    if (modem && !tracker->modem_on) {
        system->set_power(system->context, BW_SUPPLY_MODEM, true);
        tracker->modem_on = true;
    }
}

int32_t bw_tracker_step(struct bw_tracker *tracker)
{
    const struct bw_system *system = tracker->device.board->system;
    int64_t uptime_ms = bw_device_uptime_ms(&tracker->device);
    listen(tracker, uptime_ms);
    sample_contacts(tracker, uptime_ms);
    sample_levels(tracker, uptime_ms);
    report(tracker, uptime_ms);
    switch_supplies(tracker, uptime_ms);
    bw_device_step(&tracker->device);
    if (!tracker->device.modem_wanted && tracker->modem_on) { /* the step above has said goodbye */
        system->set_power(system->context, BW_SUPPLY_MODEM, false);
        tracker->modem_on = false;
    }
    return bw_power_pause_ms(&tracker->power);
}

#define _XOPEN_SOURCE 700
#include "stage.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define METRES_PER_DEGREE 111195.0

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void lose_power(void)
{
    fputs("power cut\n", stderr);
    _exit(3);
}

static void init_flash(struct stage *stage)
{
    static uint8_t memory[STAGE_SECTOR_BYTES * (STAGE_SECTORS + 2u * STAGE_SLOT_SECTORS)];
    uint32_t sectors = STAGE_SECTORS + 2u * STAGE_SLOT_SECTORS;
    memset(memory, 0xFF, sizeof memory);
    if (stage->options.flash_file == NULL) {
        flash_image_init(&stage->flash, memory, STAGE_SECTOR_BYTES, sectors);
    } else if (!flash_image_open(&stage->flash, stage->options.flash_file, STAGE_SECTOR_BYTES, sectors)) {
        exit(2);
    }
    stage->flash.on_cut = lose_power;
    if (stage->options.power_cut_after >= 0) {
        flash_image_cut_after(&stage->flash, stage->options.power_cut_after, TEAR_SCRAMBLED, (uint32_t)getpid());
    }
}

static void start_drive(struct stage *stage, const char *value, int64_t at_ms)
{
    stage->driving = sscanf(value, "%lf %lf %lf %lf", &stage->longitude_deg, &stage->latitude_deg, &stage->speed_mps,
                            &stage->course_deg) == 4;
    stage->driven_ms = at_ms;
}

/* Something to see where nothing was asked for: a van on its way, or a cooler on the mains. */
static void stand_in(struct stage *stage)
{
    static const struct {
        const char *name;
        int32_t value;
    } VALUES[] = {
        {"ignition", 1},         {"door", 0},         {"sos", 0},           {"external_mv", 13800}, {"battery_mv", 4100},
        {"battery_pct", 97},     {"fuel_mv", 3100},   {"load_raw", 250000}, {"temperature_cc", 425}, {"humidity_permille", 655},
        {"count", 0},
    };
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        (void)sensors_host_set(&stage->sensors, VALUES[i].name, &VALUES[i].value);
    }
    stage->sensors.wall_clock = true;
    start_drive(stage, "77.5946 12.9716 8.5 70", 0);
}

void stage_init(struct stage *stage, const struct options *options, struct bw_device *device, const char *firmware)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memset(stage, 0, sizeof *stage);
    stage->options = *options;
    stage->start_unix_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 - options->begin_ago_s * 1000;
    init_flash(stage);
    mosquitto_lib_init();
    system_host_init(&stage->system, options->speed, options->has_public_key ? stage->options.public_key : NULL);
    sensors_host_init(&stage->sensors);
    link_mosquitto_init(&stage->link, device);
    stage->link.ca_file = options->tls ? (options->ca_file != NULL ? options->ca_file : "/etc/ssl/certs/ca-certificates.crt") : NULL;
    stage->link.certificate = options->certificate;
    stage->link.key = options->key;
    if (options->script == NULL && options->track == NULL) {
        stand_in(stage);
    }
    if (!script_open(&stage->script, options->script) ||
        !track_open(&stage->track, options->track, options->track_device, stage->start_unix_ms)) {
        exit(2);
    }
    static struct bw_flash data; /* the image's first part: the slots behind it are no business of the ring's */
    data = stage->flash.flash;
    data.sectors = STAGE_SECTORS;
    stage->board = (struct bw_board){
        .flash = &data,
        .link = &stage->link.link,
        .system = &stage->system.system,
        .sensors = &stage->sensors.sensors,
        .image_slots = {{&stage->flash.flash, STAGE_SECTORS, STAGE_SLOT_SECTORS},
                        {&stage->flash.flash, STAGE_SECTORS + STAGE_SLOT_SECTORS, STAGE_SLOT_SECTORS}},
        .firmware = firmware,
        .product = 1,
        .build = 1,
        .built_ms = INT64_C(1767225600000), /* 2026-01-01 */
    };
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
}

void stage_provision(struct stage *stage, struct bw_device *device)
{
    const char *document = stage->options.identity;
    const char *fault = bw_device_provision(device, (const uint8_t *)document, strlen(document));
    if (fault != NULL) {
        fprintf(stderr, "error: the identity has no usable %s: %s\n", fault, document);
        exit(2);
    }
    if (stage->options.configuration != NULL) {
        static uint8_t payload[4096];
        char topic[BW_TOPIC_BYTES];
        FILE *file = fopen(stage->options.configuration, "rb");
        size_t length = file != NULL ? fread(payload, 1, sizeof payload, file) : 0;
        if (file == NULL || length == 0 || !bw_topic(&device->identity, "cfg", topic, sizeof topic)) {
            fprintf(stderr, "error: no configuration in %s\n", stage->options.configuration);
            exit(2);
        }
        fclose(file);
        bw_device_message(device, topic, payload, length);
    }
}

static int64_t uptime_of(const struct stage *stage)
{
    return stage->system.system.uptime_ms(stage->system.system.context);
}

static void play(struct stage *stage, const struct script_line *line)
{
    bool on = strcmp(line->value, "on") == 0;
    int32_t number = (int32_t)strtol(line->value, NULL, 10);
    if (strcmp(line->name, "network") == 0) {
        link_mosquitto_network(&stage->link, on);
    } else if (strcmp(line->name, "wall_clock") == 0) {
        stage->sensors.wall_clock = on;
    } else if (strcmp(line->name, "speed") == 0) {
        system_host_set_speed(&stage->system, strcmp(line->value, "max") == 0 ? 0 : strtod(line->value, NULL));
    } else if (strcmp(line->name, "drive") == 0) {
        start_drive(stage, line->value, line->at_ms);
    } else if (!sensors_host_set(&stage->sensors, line->name, strcmp(line->value, "none") == 0 ? NULL : &number)) {
        fprintf(stderr, "error: the script names an unknown sensor: %s\n", line->name);
        exit(2);
    }
}

/* One fix a second on a straight line. */
static void drive(struct stage *stage, int64_t uptime_ms)
{
    const double turn = 3.14159265358979323846 / 180;
    while (stage->driving && stage->driven_ms + 1000 <= uptime_ms) {
        stage->driven_ms += 1000;
        stage->latitude_deg += stage->speed_mps * cos(stage->course_deg * turn) / METRES_PER_DEGREE;
        stage->longitude_deg +=
            stage->speed_mps * sin(stage->course_deg * turn) / METRES_PER_DEGREE / cos(stage->latitude_deg * turn);
        struct sensors_fix fix = {
            .unix_ms = stage->start_unix_ms + stage->driven_ms,
            .longitude_deg = stage->longitude_deg,
            .latitude_deg = stage->latitude_deg,
            .speed_mps = stage->speed_mps,
            .course_deg = stage->course_deg,
            .hdop = 0.9,
            .altitude_m = 920,
            .satellites = 9,
            .valid = true,
        };
        sensors_host_say(&stage->sensors, &fix);
    }
}

static void set_from_track(struct stage *stage, const char *name, double value, double scale)
{
    int32_t number = isnan(value) ? 0 : (int32_t)lround(value * scale);
    if (!isnan(value)) {
        (void)sensors_host_set(&stage->sensors, name, &number);
    }
}

void stage_advance(struct stage *stage)
{
    int64_t uptime_ms = uptime_of(stage);
    const struct script_line *line;
    const struct track_row *row;
    while ((line = script_due(&stage->script, uptime_ms)) != NULL) {
        play(stage, line);
    }
    drive(stage, uptime_ms);
    if ((row = track_due(&stage->track, stage->start_unix_ms + uptime_ms)) != NULL) {
        set_from_track(stage, "ignition", row->ignition, 1);
        set_from_track(stage, "door", row->door_open, 1);
        set_from_track(stage, "load_raw", row->cargo_kg, 1000); /* one count a gram, once the span is set so */
        sensors_host_say(&stage->sensors, &row->fix);
    }
}

static bool over(const struct stage *stage)
{
    return stopped || stage->system.restart_wanted ||
           (stage->options.duration_s > 0 && uptime_of(stage) >= stage->options.duration_s * 1000);
}

int stage_run(struct stage *stage, int32_t (*step)(void *program), void *program, const struct bw_device *device)
{
    while (!over(stage)) {
        stage_advance(stage);
        int32_t pause_ms = step(program);
        system_host_tick(&stage->system, pause_ms);
        link_mosquitto_loop(&stage->link, stage->system.speed == 0 ? 0 : (int)(pause_ms / stage->system.speed));
    }
    printf("{\"stored_seq\": %u, \"waiting\": %u, \"dropped\": %u, \"torn\": %u, \"restart\": %s}\n", device->ring.next_seq - 1u,
           device->ring.waiting, device->ring.dropped, device->ring.torn, stage->system.restart_wanted ? "true" : "false");
    if (stage->link.client != NULL) {
        mosquitto_disconnect(stage->link.client);
        mosquitto_destroy(stage->link.client);
    }
    mosquitto_lib_cleanup();
    return stage->system.restart_wanted ? 4 : 0;
}

#define _POSIX_C_SOURCE 200809L
#include "sensors_host.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static size_t gnss(void *context, uint8_t *into, size_t capacity)
{
    struct sensors_host *host = context;
    size_t count = host->gnss_length < capacity ? host->gnss_length : capacity;
    memcpy(into, host->gnss, count);
    host->gnss_length -= count;
    memmove(host->gnss, host->gnss + count, host->gnss_length);
    return count;
}

static int32_t input(void *context, enum bw_input which) { return ((struct sensors_host *)context)->input[which]; }
static int32_t load_raw(void *context) { return ((struct sensors_host *)context)->load_raw; }
static int32_t temperature(void *context, unsigned probe) { return ((struct sensors_host *)context)->temperature_cc[probe]; }
static int32_t humidity(void *context) { return ((struct sensors_host *)context)->humidity_permille; }
static int32_t fuel(void *context) { return ((struct sensors_host *)context)->fuel_mv; }
static int32_t external(void *context) { return ((struct sensors_host *)context)->external_mv; }
static int32_t battery(void *context) { return ((struct sensors_host *)context)->battery_mv; }
static int32_t battery_percent(void *context) { return ((struct sensors_host *)context)->battery_pct; }
static int32_t count(void *context) { return ((struct sensors_host *)context)->count; }

static int64_t wall_clock(void *context)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((struct sensors_host *)context)->wall_clock ? now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 : 0;
}

void sensors_host_init(struct sensors_host *host)
{
    static const char *const NAMES[] = {"door", "ignition", "sos", "load_raw", "temperature_cc", "temperature_1_cc", "temperature_2_cc",
                                        "humidity_permille", "fuel_mv", "external_mv", "battery_mv", "battery_pct", "count"};
    memset(host, 0, sizeof *host);
    host->sensors = (struct bw_sensors){host,     gnss,    input,           load_raw, temperature, humidity, fuel,
                                        external, battery, battery_percent, count,    wall_clock};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        (void)sensors_host_set(host, NAMES[i], NULL);
    }
}

bool sensors_host_set(struct sensors_host *host, const char *name, const int32_t *value)
{
    const struct {
        const char *name;
        int32_t *at;
    } places[] = {
        {"door", &host->input[BW_INPUT_DOOR]},
        {"ignition", &host->input[BW_INPUT_IGNITION]},
        {"sos", &host->input[BW_INPUT_SOS]},
        {"load_raw", &host->load_raw},
        {"temperature_cc", &host->temperature_cc[0]},
        {"temperature_1_cc", &host->temperature_cc[1]},
        {"temperature_2_cc", &host->temperature_cc[2]},
        {"humidity_permille", &host->humidity_permille},
        {"fuel_mv", &host->fuel_mv},
        {"external_mv", &host->external_mv},
        {"battery_mv", &host->battery_mv},
        {"battery_pct", &host->battery_pct},
        {"count", &host->count},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(places[i].name, name) == 0) {
            *places[i].at = value != NULL ? *value : BW_NO_VALUE;
            return true;
        }
    }
    return false;
}

static void say(struct sensors_host *host, const char *sentence)
{
    unsigned sum = 0;
    for (const char *c = sentence; *c != '\0'; c++) {
        sum ^= (unsigned char)*c;
    }
    size_t room = sizeof host->gnss - host->gnss_length;
    int length = snprintf(host->gnss + host->gnss_length, room, "$%s*%02X\r\n", sentence, sum);
    host->gnss_length += length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static void write_angle(char *into, size_t capacity, double angle_deg, int width, char positive, char negative)
{
    long minutes_e6 = lround(fabs(angle_deg) * 60e6);
    snprintf(into, capacity, "%0*ld%02ld.%06ld,%c", width, minutes_e6 / 60000000, minutes_e6 / 1000000 % 60, minutes_e6 % 1000000,
             angle_deg < 0 ? negative : positive);
}

static const char *optional(char *into, size_t capacity, double value, int decimals)
{
    into[0] = '\0';
    if (!isnan(value)) {
        snprintf(into, capacity, "%.*f", decimals, value);
    }
    return into;
}

void sensors_host_say(struct sensors_host *host, const struct sensors_fix *fix)
{
    char latitude[64], longitude[64], speed[64], course[64], hdop[64], altitude[64], clock[32], date[32], line[512];
    time_t seconds = (time_t)(fix->unix_ms / 1000);
    struct tm civil;
    gmtime_r(&seconds, &civil);
    snprintf(clock, sizeof clock, "%02d%02d%02d.%03d", civil.tm_hour, civil.tm_min, civil.tm_sec, (int)(fix->unix_ms % 1000));
    snprintf(date, sizeof date, "%02d%02d%02d", civil.tm_mday, civil.tm_mon + 1, civil.tm_year % 100);
    write_angle(latitude, sizeof latitude, fix->latitude_deg, 2, 'N', 'S');
    write_angle(longitude, sizeof longitude, fix->longitude_deg, 3, 'E', 'W');
    snprintf(line, sizeof line, "GNRMC,%s,%c,%s,%s,%s,%s,%s,,,A", clock, fix->valid ? 'A' : 'V', fix->valid ? latitude : ",",
             fix->valid ? longitude : ",", optional(speed, sizeof speed, fix->speed_mps / 0.514444, 3),
             optional(course, sizeof course, fix->course_deg, 2), date);
    say(host, line);
    snprintf(line, sizeof line, "GNGGA,%s,%s,%s,%d,%02d,%s,%s,M,,M,,", clock, latitude, longitude, fix->valid ? 1 : 0, fix->satellites,
             optional(hdop, sizeof hdop, fix->hdop, 2), optional(altitude, sizeof altitude, fix->altitude_m, 1));
    say(host, line);
}

#include "rig.h"

#include <stdio.h>
#include <string.h>

const char rig_identity[] = "{\"tenant\":\"demo\",\"device\":\"van-1\",\"host\":\"broker\",\"port\":8883,\"user\":\"van-1\","
                            "\"password\":\"secret\"}";

static int64_t uptime_ms(void *context) { return ((struct rig *)context)->uptime_ms; }
static uint32_t random_number(void *context) { return ((struct rig *)context)->random++; }
static void restart(void *context) { ((struct rig *)context)->restarts++; }
static void set_power(void *context, enum bw_supply part, bool on) { ((struct rig *)context)->supply[part] = on; }

static bool verify(void *context, const uint8_t *message, size_t length, const uint8_t signature[64])
{
    (void)message;
    return ((struct rig *)context)->signature_good && length == 76 && signature[0] == 0x51;
}

static size_t gnss(void *context, uint8_t *into, size_t capacity)
{
    struct rig *rig = context;
    size_t count = rig->gnss_length < capacity ? rig->gnss_length : capacity;
    memcpy(into, rig->gnss, count);
    memmove(rig->gnss, rig->gnss + count, rig->gnss_length - count);
    rig->gnss_length -= count;
    return count;
}

static int32_t input(void *context, enum bw_input which) { return ((struct rig *)context)->input[which]; }
static int32_t load_raw(void *context) { return ((struct rig *)context)->load_raw; }
static int32_t temperature(void *context, unsigned probe) { return ((struct rig *)context)->temperature_cc[probe]; }
static int32_t humidity(void *context) { return ((struct rig *)context)->humidity_permille; }
static int32_t fuel(void *context) { return ((struct rig *)context)->fuel_mv; }
static int32_t external(void *context) { return ((struct rig *)context)->external_mv; }
static int32_t battery(void *context) { return ((struct rig *)context)->battery_mv; }
static int32_t battery_percent(void *context) { return ((struct rig *)context)->battery_pct; }
static int32_t count(void *context) { return ((struct rig *)context)->count; }
static int64_t wall_clock(void *context) { return ((struct rig *)context)->wall_ms; }
static int32_t signal_dbm(void *context) { return ((struct rig *)context)->signal_dbm; }

static bool link_connect(void *context, const struct bw_will *will)
{
    struct rig *rig = context;
    rig->connects++;
    snprintf(rig->will_topic, sizeof rig->will_topic, "%s", will->topic);
    memcpy(rig->will, will->payload, will->length);
    rig->will_length = will->length;
    return !rig->refuse_connect;
}

static void link_disconnect(void *context) { ((struct rig *)context)->disconnects++; }

static bool link_subscribe(void *context, const char *topic)
{
    struct rig *rig = context;
    snprintf(rig->subscribed[rig->subscriptions++ % 3u], sizeof rig->subscribed[0], "%s", topic);
    return !rig->refuse_subscribe;
}

static uint32_t link_publish(void *context, const char *topic, const uint8_t *payload, size_t length, bool retain)
{
    struct rig *rig = context;
    struct rig_message *message = &rig->sent[rig->sent_count % RIG_MESSAGES];
    if (rig->refuse_publish || length >= sizeof message->payload) {
        return 0;
    }
    snprintf(message->topic, sizeof message->topic, "%s", topic);
    memcpy(message->payload, payload, length);
    message->payload[length] = '\0';
    message->length = length;
    message->retain = retain;
    message->packet = ++rig->next_packet;
    rig->sent_count++;
    return message->packet;
}

static void connect_functions(struct rig *rig)
{
    rig->link = (struct bw_link){rig, link_connect, link_disconnect, link_subscribe, link_publish, signal_dbm};
    rig->system = (struct bw_system){rig, uptime_ms, random_number, restart, set_power, verify};
    rig->sensors = (struct bw_sensors){rig,      gnss,    input,           load_raw, temperature, humidity, fuel,
                                       external, battery, battery_percent, count,    wall_clock};
}

static void disconnect_sensors(struct rig *rig)
{
    for (unsigned i = 0; i < BW_INPUTS; i++) {
        rig->input[i] = BW_NO_VALUE;
    }
    for (unsigned i = 0; i < BW_PROBES; i++) {
        rig->temperature_cc[i] = BW_NO_VALUE;
    }
    rig->load_raw = rig->humidity_permille = rig->fuel_mv = rig->external_mv = rig->battery_mv = BW_NO_VALUE;
    rig->battery_pct = rig->count = rig->signal_dbm = BW_NO_VALUE;
}

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    memset(rig->bytes, 0xFF, sizeof rig->bytes);
    memset(rig->slot_bytes, 0xFF, sizeof rig->slot_bytes);
    flash_image_init(&rig->image, rig->bytes, RIG_SECTOR_BYTES, RIG_SECTORS);
    flash_image_init(&rig->slots, rig->slot_bytes, RIG_SECTOR_BYTES, 4);
    connect_functions(rig);
    disconnect_sensors(rig);
    rig->board = (struct bw_board){
        .flash = &rig->image.flash,
        .link = &rig->link,
        .system = &rig->system,
        .sensors = &rig->sensors,
        .image_slots = {{&rig->slots.flash, 0, 2}, {&rig->slots.flash, 2, 2}},
        .firmware = "beatwatch 1.0.0",
        .product = 1,
        .build = 10,
        .built_ms = RIG_BUILT_MS,
    };
}

void rig_say(struct rig *rig, const char *sentence)
{
    unsigned sum = 0;
    for (const char *c = sentence; *c != '\0'; c++) {
        sum ^= (unsigned char)*c;
    }
    rig->gnss_length += (size_t)snprintf(rig->gnss + rig->gnss_length, sizeof rig->gnss - rig->gnss_length,
                                         "$%s*%02X\r\n", sentence, sum);
}

static void say_angle(char *into, size_t capacity, int32_t angle_e7, int width, const char *sides)
{
    int64_t size = angle_e7 < 0 ? -(int64_t)angle_e7 : angle_e7;
    int64_t minutes_e5 = (size % 10000000) * 60 / 100;
    snprintf(into, capacity, "%0*d%02d.%05d,%c", width, (int)(size / 10000000), (int)(minutes_e5 / 100000),
             (int)(minutes_e5 % 100000), sides[angle_e7 < 0]);
}

void rig_fix(struct rig *rig, int32_t second_of_day, int32_t longitude_e7, int32_t latitude_e7, int32_t speed_cmps,
             int32_t course_cdeg)
{
    char time[40], latitude[40], longitude[40], line[200];
    snprintf(time, sizeof time, "%02d%02d%02d.00", second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    say_angle(latitude, sizeof latitude, latitude_e7, 2, "NS");
    say_angle(longitude, sizeof longitude, longitude_e7, 3, "EW");
    snprintf(line, sizeof line, "GNRMC,%s,A,%s,%s,%.3f,%.2f,221126,,,A", time, latitude, longitude, speed_cmps / 51.4444,
             course_cdeg / 100.0);
    rig_say(rig, line);
    snprintf(line, sizeof line, "GNGGA,%s,%s,%s,1,09,0.90,920.5,M,-86.0,M,,", time, latitude, longitude);
    rig_say(rig, line);
}

static bool ends_with(const char *topic, const char *leaf)
{
    size_t whole = strlen(topic);
    size_t part = strlen(leaf);
    return whole > part && topic[whole - part - 1u] == '/' && strcmp(topic + whole - part, leaf) == 0;
}

const struct rig_message *rig_last(const struct rig *rig, const char *leaf)
{
    for (unsigned i = rig->sent_count; i > 0 && rig->sent_count - i < RIG_MESSAGES; i--) {
        if (ends_with(rig->sent[(i - 1u) % RIG_MESSAGES].topic, leaf)) {
            return &rig->sent[(i - 1u) % RIG_MESSAGES];
        }
    }
    return NULL;
}

unsigned rig_count(const struct rig *rig, const char *leaf)
{
    unsigned count = 0;
    for (unsigned i = 0; i < rig->sent_count && i < RIG_MESSAGES; i++) {
        count += ends_with(rig->sent[i].topic, leaf) ? 1u : 0u;
    }
    return count;
}

bool rig_says(const struct rig_message *message, const char *part)
{
    return message != NULL && strstr((const char *)message->payload, part) != NULL;
}

/* A board for tests: flash in memory, time, sensors and a link that the test moves by hand. */
#ifndef BW_TEST_RIG_H
#define BW_TEST_RIG_H

#include "../core/reading.h"
#include "../ports/host/flash_image.h"
#include "../programs/board.h"

#define RIG_SECTOR_BYTES 1024u
#define RIG_SECTORS 24u
#define RIG_MESSAGES 512u
#define RIG_BUILT_MS INT64_C(1767225600000) /* 2026-01-01 */

struct rig_message {
    char topic[96];
    uint8_t payload[1100];
    size_t length;
    bool retain;
    uint32_t packet;
};

struct rig {
    struct bw_board board;
    struct bw_link link;
    struct bw_system system;
    struct bw_sensors sensors;
    struct flash_image image;
    struct flash_image slots;
    uint8_t bytes[RIG_SECTOR_BYTES * RIG_SECTORS];
    uint8_t slot_bytes[RIG_SECTOR_BYTES * 4u];

    int64_t uptime_ms;
    int64_t wall_ms; /* 0 = unknown */
    uint32_t random;
    unsigned restarts;
    bool supply[2];
    bool signature_good;

    char gnss[4096]; /* bytes still to be heard */
    size_t gnss_length;
    int32_t input[BW_INPUTS];
    int32_t load_raw, temperature_cc[BW_PROBES], humidity_permille, fuel_mv, external_mv, battery_mv, battery_pct, count;

    bool refuse_connect, refuse_subscribe, refuse_publish;
    unsigned connects, disconnects;
    char subscribed[3][96];
    unsigned subscriptions;
    char will_topic[96];
    uint8_t will[64];
    size_t will_length;
    struct rig_message sent[RIG_MESSAGES];
    unsigned sent_count;
    uint32_t next_packet;
    int32_t signal_dbm;
};

/* Erased flash, no sensor connected, a working link, uptime 0. */
void rig_init(struct rig *rig);

/* Appends a sentence to what the receiver says, with '$', checksum and line end. */
void rig_say(struct rig *rig, const char *sentence);

/* One second of a receiver: RMC and GGA at a time of day on 2026-11-22, degrees in 1e-7. */
void rig_fix(struct rig *rig, int32_t second_of_day, int32_t longitude_e7, int32_t latitude_e7, int32_t speed_cmps,
             int32_t course_cdeg);

/* The last message on a topic that ends with `leaf`, NULL when there is none. Its payload is zero-terminated. */
const struct rig_message *rig_last(const struct rig *rig, const char *leaf);
unsigned rig_count(const struct rig *rig, const char *leaf);
bool rig_says(const struct rig_message *message, const char *part);

extern const char rig_identity[];

#endif

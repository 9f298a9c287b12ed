#include "device.h"

#include <string.h>

#include "../core/boot_count.h"
#include "downlink.h"

#define RESTART_DELAY_MS 5000

static struct bw_region region_of(const struct bw_board *board, uint32_t first, uint32_t sectors)
{
    return (struct bw_region){board->flash, first, sectors};
}

int64_t bw_device_uptime_ms(const struct bw_device *device)
{
    return device->board->system->uptime_ms(device->board->system->context);
}

static enum bw_encoding encoding(const struct bw_device *device)
{
    return (enum bw_encoding)device->settings.config.value[BW_ENCODING];
}

static bool mount_journals(struct bw_device *device)
{
    const struct bw_board *board = device->board;
    bool identities = bw_journal_mount(&device->identities, region_of(board, BW_SECTOR_IDENTITY, 2), sizeof device->identity);
    bool calibrations =
        bw_journal_mount(&device->calibrations, region_of(board, BW_SECTOR_CALIBRATION, 2), sizeof device->calibration);
    device->provisioned = identities && bw_journal_read(&device->identities, &device->identity);
    if (!calibrations || !bw_journal_read(&device->calibrations, &device->calibration)) {
        memset(&device->calibration, 0, sizeof device->calibration);
    }
    return identities && calibrations;
}

static bool load_settings(struct bw_device *device)
{
    bool rolled_back = false;
    bool good = bw_settings_load(&device->settings, region_of(device->board, BW_SECTOR_CONFIG, 2), &rolled_back);
    if (rolled_back) {
        struct bw_ack ack = {.regarding = "cfg", .reason = "rolled_back: restart", .offset = -1};
        memcpy(ack.version, device->settings.config.version, sizeof ack.version);
        bw_ack_queue_add(&device->acks, &ack);
    }
    return good;
}

static bool start_ota(struct bw_device *device)
{
    const struct bw_board *board = device->board;
    bool good = bw_ota_init(&device->ota, board->image_slots, region_of(board, BW_SECTOR_IMAGE, 2), board->system, board->build);
    (void)bw_ota_boot(&device->ota);
    device->ota_trial_until_ms = bw_device_uptime_ms(device) + device->settings.config.value[BW_TRIAL_S] * INT64_C(1000);
    return good;
}

void bw_device_test(struct bw_device *device)
{
    struct bw_region scratch = region_of(device->board, BW_SECTOR_SCRATCH, 1);
    device->self_test = bw_self_test(&scratch, device->board->sensors, device->board->system, device->sentences);
}

bool bw_device_start(struct bw_device *device, const struct bw_board *board)
{
    uint32_t boot_id = 0;
    memset(device, 0, sizeof *device);
    device->board = board;
    device->sentences = -1;
    device->modem_wanted = true;
    if (board->flash->sectors < BW_SECTORS_LEAST) {
        return false;
    }
    bool good = bw_boot_count(region_of(board, BW_SECTOR_BOOTS, 2), &boot_id);
    good = mount_journals(device) && good;
    good = load_settings(device) && good;
    good = start_ota(device) && good;
    good = bw_ring_mount(&device->ring, region_of(board, BW_SECTOR_RING, board->flash->sectors - BW_SECTOR_RING)) && good;
    bw_clock_init(&device->clock, boot_id, board->built_ms);
    bw_session_init(&device->session, board->link, board->system, &device->identity);
    bw_uploader_init(&device->uploader, &device->ring, board->link, &device->clock, &device->identity, &device->settings.config);
    bw_device_test(device);
    return good;
}

bool bw_device_store(struct bw_device *device, struct bw_reading *reading, bool dated)
{
    if (!dated) {
        bw_clock_stamp(&device->clock, bw_device_uptime_ms(device), reading);
    }
    reading->boot_id = device->clock.boot_id;
    return bw_ring_append(&device->ring, reading);
}

void bw_device_time(struct bw_device *device, enum bw_clock_source source, int64_t unix_ms, int64_t uptime_ms)
{
    if (bw_clock_sync(&device->clock, source, unix_ms, uptime_ms) == BW_CLOCK_SET) {
        struct bw_reading mark = bw_clock_mark(&device->clock);
        (void)bw_ring_append(&device->ring, &mark); /* without it only readings left over from this boot stay undated */
    }
}

static void forget_packets(struct bw_device *device)
{
    bw_uploader_disconnected(&device->uploader);
    bw_ack_queue_disconnected(&device->acks);
}

static void drop_link(struct bw_device *device, const struct bw_status *status)
{
    forget_packets(device);
    bw_session_drop(&device->session, status, encoding(device), bw_device_uptime_ms(device));
}

const char *bw_device_provision(struct bw_device *device, const uint8_t *payload, size_t length)
{
    struct bw_identity identity;
    const char *fault = bw_provisioning_read(payload, length, &identity);
    if (fault != NULL) {
        return fault;
    }
    if (!bw_journal_append(&device->identities, &identity)) {
        return "flash";
    }
    drop_link(device, NULL);
    device->identity = identity;
    device->provisioned = true;
    device->session.next_ms = 0;
    return NULL;
}

bool bw_device_calibrate(struct bw_device *device, const struct bw_load_calibration *calibration)
{
    if (!bw_journal_append(&device->calibrations, calibration)) {
        return false;
    }
    device->calibration = *calibration;
    return true;
}

struct bw_status bw_device_status(const struct bw_device *device)
{
    const struct bw_board *board = device->board;
    const struct bw_clock *clock = &device->clock;
    return (struct bw_status){
        .online = true,
        .boot_id = clock->boot_id,
        .time_ms = clock->known ? clock->start_ms + bw_device_uptime_ms(device) : 0,
        .firmware = board->firmware,
        .configuration_version = device->settings.config.version,
        .signal_dbm = board->link->signal_dbm(board->link->context),
        .battery_mv = board->sensors->battery_mv(board->sensors->context),
        .battery_pct = board->sensors->battery_pct(board->sensors->context),
        .waiting = device->ring.waiting,
        .dropped = device->ring.dropped,
        .self_test = device->self_test,
    };
}

void bw_device_restart_soon(struct bw_device *device)
{
    device->restart_at_ms = bw_device_uptime_ms(device) + RESTART_DELAY_MS;
}

void bw_device_connected(struct bw_device *device)
{
    struct bw_status status = bw_device_status(device);
    if (bw_session_connected(&device->session, &status, encoding(device), bw_device_uptime_ms(device))) {
        bw_uploader_connected(&device->uploader);
    }
}

void bw_device_disconnected(struct bw_device *device)
{
    forget_packets(device);
    bw_session_disconnected(&device->session, bw_device_uptime_ms(device));
}

void bw_device_network(struct bw_device *device)
{
    bw_session_hurry(&device->session, bw_device_uptime_ms(device));
}

void bw_device_published(struct bw_device *device, uint32_t packet)
{
    struct bw_ack ack;
    if (bw_ack_queue_published(&device->acks, packet, &ack)) {
        if (ack.accepted && strcmp(ack.version, device->settings.config.version) == 0) {
            bw_settings_confirm(&device->settings);
        }
    } else if (bw_uploader_published(&device->uploader, packet) && bw_ota_on_trial(&device->ota) &&
               (device->self_test & BW_TEST_VITAL) == 0) {
        (void)bw_ota_confirm(&device->ota); /* readings get through and the board is sound: unwritten, the next one tries */
    }
}

static bool send_ack(struct bw_device *device, const struct bw_ack *ack)
{
    uint8_t payload[256];
    char topic[BW_TOPIC_BYTES];
    struct bw_output out = {payload, sizeof payload, 0, false};
    struct bw_status status = bw_device_status(device);
    const struct bw_link *link = device->board->link;
    bw_ack_encode(&out, ack, status.boot_id, status.time_ms, encoding(device));
    uint32_t packet = bw_topic(&device->identity, "ack", topic, sizeof topic)
                          ? link->publish(link->context, topic, payload, out.length, false)
                          : 0;
    if (packet != 0) {
        bw_ack_queue_sent(&device->acks, packet);
    }
    return packet != 0;
}

static void send_acks(struct bw_device *device)
{
    const struct bw_ack *ack = NULL;
    while (device->session.state == BW_ONLINE && (ack = bw_ack_queue_next(&device->acks)) != NULL &&
           send_ack(device, ack)) {
    }
}

static void step_link(struct bw_device *device, int64_t uptime_ms)
{
    static const struct bw_status OFFLINE = {.online = false};
    if (!device->modem_wanted || !device->provisioned) {
        drop_link(device, &OFFLINE);
        return;
    }
    bw_session_step(&device->session, uptime_ms, encoding(device));
    send_acks(device);
    if (!bw_uploader_pump(&device->uploader, uptime_ms)) {
        drop_link(device, NULL);
    }
}

static void step_trials(struct bw_device *device, int64_t uptime_ms)
{
    if (bw_settings_expired(&device->settings, uptime_ms) && bw_settings_rollback(&device->settings)) {
        struct bw_ack ack = {.regarding = "cfg", .reason = "rolled_back: unconfirmed", .offset = -1};
        memcpy(ack.version, device->settings.config.version, sizeof ack.version);
        bw_ack_queue_add(&device->acks, &ack);
    }
    if (bw_ota_on_trial(&device->ota) && uptime_ms >= device->ota_trial_until_ms && bw_ota_revert(&device->ota)) {
        device->restart_at_ms = uptime_ms;
    }
}

void bw_device_step(struct bw_device *device)
{
    const struct bw_board *board = device->board;
    int64_t uptime_ms = bw_device_uptime_ms(device);
    int64_t wall_ms = board->sensors->wall_clock_ms(board->sensors->context);
    if (wall_ms > 0) {
        bw_device_time(device, BW_CLOCK_NETWORK, wall_ms, uptime_ms);
    }
    step_trials(device, uptime_ms);
    step_link(device, uptime_ms);
    if (device->restart_at_ms != 0 && uptime_ms >= device->restart_at_ms) {
        device->restart_at_ms = 0;
        drop_link(device, NULL);
        board->system->restart(board->system->context);
    }
}
